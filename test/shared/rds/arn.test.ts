import { describe, expect, it } from 'vitest';
import { parseRdsArn, snapshotKindOf } from '../../../shared/rds/arn.ts';

const prefix = 'arn:aws:rds:eu-west-1:123456789012';

describe('parseRdsArn', () => {
  it.each([
    ['a manual snapshot', 'snapshot', 'before-upgrade'],
    ['an automated snapshot, whose id contains a colon', 'snapshot', 'rds:orders-2026-11-23-04-08'],
    [
      "AWS Backup's snapshot, whose id contains a colon",
      'snapshot',
      'awsbackup:job-1f0c4f3e-86a2-4a4b-9a1c-5f6f7a8b9c0d',
    ],
    ["a cluster's snapshot", 'cluster-snapshot', 'rds:ledger-2026-11-23-04-08'],
    ['an instance', 'db', 'orders'],
    ['a cluster', 'cluster', 'ledger'],
  ])('takes the ARN of %s apart', (_what, type, id) => {
    expect(parseRdsArn(`${prefix}:${type}:${id}`)).toEqual({
      region: 'eu-west-1',
      account: '123456789012',
      type,
      id,
    });
  });

  it('knows the other partitions of AWS', () => {
    expect(parseRdsArn('arn:aws-cn:rds:cn-north-1:123456789012:db:orders').region).toBe('cn-north-1');
  });

  it.each(['', 'orders', 'arn:aws:s3:::bucket', 'arn:aws:rds:eu-west-1:123456789012:db', `${prefix}:db:`])(
    'refuses %j and names it',
    (arn) => {
      expect(() => parseRdsArn(arn)).toThrow(`not the ARN of an RDS resource: ${JSON.stringify(arn)}`);
    },
  );
});

describe('snapshotKindOf', () => {
  it('tells snapshots of instances and of clusters apart by the type in the ARN, whatever the id says', () => {
    expect(snapshotKindOf(`${prefix}:snapshot:cluster-snapshot`)).toBe('instance');
    expect(snapshotKindOf(`${prefix}:cluster-snapshot:rds:ledger-2026-11-23-04-08`)).toBe('cluster');
  });
});
