/** People at the command line, with the rights that the documentation says they need. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CloudFormationClient, paginateListStackResources } from '@aws-sdk/client-cloudformation';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { localAccount, localRegion } from '../../local/aws/local-aws.ts';
import type { Stage } from '../../local/stage.ts';
import { commandLine } from './command-line.ts';

interface Policy {
  readonly Statement: readonly { readonly Action: string | readonly string[] }[];
}

/** The policies of `docs/operating.md`, as they are printed there: to read, to act, to examine. */
export const documentedPolicies: readonly string[] = (() => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/operating.md'), 'utf8');
  const section = page.slice(page.indexOf('## Rights of people'));
  return [...section.matchAll(/```json\n(.*?)```/gs)].map(([, policy = '']) => policy);
})();

/** Every action that a policy allows. */
export function actionsOf(policy: string): string[] {
  return (JSON.parse(policy) as Policy).Statement.flatMap(({ Action }) => Action);
}

/** The command line of somebody who has just these policies, filled in for the deployed stack. */
export async function personWith(stage: Stage, name: string, policies: readonly string[]) {
  const iam = new IAMClient(stage.client);
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${localAccount}:root` } };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  const key = await keyId(stage);
  for (const [index, policy] of policies.entries()) {
    const PolicyDocument = policy
      .replaceAll('<account>', localAccount)
      .replaceAll('<Region>', localRegion)
      .replaceAll('<key id>', key);
    await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: `part-${index + 1}`, PolicyDocument }));
  }
  const assume = new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'ann' });
  const { Credentials } = await new STSClient(stage.client).send(assume);
  const env = {
    ...stage.aws.env,
    AWS_ACCESS_KEY_ID: Credentials?.AccessKeyId ?? '',
    AWS_SECRET_ACCESS_KEY: Credentials?.SecretAccessKey ?? '',
    AWS_SESSION_TOKEN: Credentials?.SessionToken ?? '',
  };
  return (line: string) => commandLine({ aws: { env } }, ...line.split(' '));
}

async function keyId({ client }: Stage): Promise<string> {
  const pages = paginateListStackResources(
    { client: new CloudFormationClient(client) },
    { StackName: 'RdsBackupLedger' },
  );
  for await (const { StackResourceSummaries = [] } of pages) {
    const key = StackResourceSummaries.find(({ ResourceType }) => ResourceType === 'AWS::KMS::Key');
    if (key?.PhysicalResourceId) return key.PhysicalResourceId;
  }
  throw new Error('the deployed stack has no key');
}
