import { type ARN, parse, validate } from '@aws-sdk/util-arn-parser';
import type { DatabaseKind } from '../domain/index.ts';

/** An ARN of RDS: `arn:<partition>:rds:<region>:<account>:<type>:<id>`. */
export interface RdsArn {
  readonly region: string;
  readonly account: string;
  /** `db`, `cluster`, `snapshot`, `cluster-snapshot`, ... */
  readonly type: string;
  /** Everything after the type: snapshot ids contain colons themselves (`rds:orders-2026-11-23-04-08`). */
  readonly id: string;
}

/** Parses an RDS ARN; throws an `Error` that names the value if it is none. */
export function parseRdsArn(arn: string): RdsArn {
  const { service, region, accountId: account, resource } = validate(arn) ? parse(arn) : notAnArn;
  const [, type, id] = /^([^:]+):(.+)$/.exec(resource) ?? [];
  if (service !== 'rds' || region === '' || !/^\d{12}$/.test(account) || type === undefined || id === undefined) {
    throw new Error(`not the ARN of an RDS resource: ${JSON.stringify(arn)}`);
  }
  return { region, account, type, id };
}

const notAnArn: ARN = { partition: '', service: '', region: '', accountId: '', resource: '' };

/** Whether an ARN, of any service, is that of an instance or a cluster of RDS. */
export function isDatabaseArn(arn: string): boolean {
  return /^arn:[^:]+:rds:[^:]+:\d{12}:(db|cluster):.+$/.test(arn);
}

/** Whether a snapshot's ARN is that of a cluster's snapshot. */
export function snapshotKindOf(arn: string): DatabaseKind {
  return parseRdsArn(arn).type === 'cluster-snapshot' ? 'cluster' : 'instance';
}
