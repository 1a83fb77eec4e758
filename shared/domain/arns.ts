/** ARNs that follow from an environment and a name. Source: Service Authorization Reference, "Resource types". */
import type { Environment } from './identity.ts';
import { partitionOf } from './partition.ts';

export function roleArn({ account, region }: Environment, name: string): string {
  return `arn:${partitionOf(region)}:iam::${account}:role/${name}`;
}

/** ARN of a key's alias; `alias` begins with `alias/`. */
export function keyAliasArn({ account, region }: Environment, alias: string): string {
  return `arn:${partitionOf(region)}:kms:${region}:${account}:${alias}`;
}
