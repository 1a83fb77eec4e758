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

/** Takes an RDS ARN apart; throws an `Error` that names the value where it is none. */
export function parseRdsArn(arn: string): RdsArn {
  const match = /^arn:[^:]+:rds:(?<region>[^:]+):(?<account>\d{12}):(?<type>[^:]+):(?<id>.+)$/.exec(arn);
  if (match?.groups === undefined) {
    throw new Error(`not the ARN of an RDS resource: ${JSON.stringify(arn)}`);
  }
  const { region, account, type, id } = match.groups as unknown as RdsArn;
  return { region, account, type, id };
}

/** Whether a snapshot's ARN is that of a cluster's snapshot. */
export function snapshotKindOf(arn: string): DatabaseKind {
  return parseRdsArn(arn).type === 'cluster-snapshot' ? 'cluster' : 'instance';
}
