import { describe, expect, it } from 'vitest';
import { ledgerUses } from '../../infra/ledger-uses.ts';
import { type LedgerCall, ledgerCalls } from '../../shared/ledger/dynamo.ts';
import { configured, list, plain, type Statement, synthesize, withoutHashes } from './synthesized.ts';

const stack = synthesize(configured([{ id: 'orders', kind: 'instance' }]));
const bucket = 'rds-backup-ledger-*-123456789012-eu-west-1';
const ownedBy = (account: string) => ` if {"StringEquals":{"aws:ResourceAccount":["${account}"]}}`;
const ours = ownedBy('123456789012');
const forAws = ' if {"Bool":{"kms:GrantIsForAWSResource":"true"}}';

/** Rights of a role, with the name of the configuration's asset cut short. */
function rights(roleIdBegins: string, of = stack): string[] {
  return of
    .rights(roleIdBegins)
    .map((right) => withoutHashes(right).replace(/BucketsConfigurations\.Arn\/\S+\.json/, 'the configuration'))
    .sort();
}

const logsOf = (id: string) => [`logs:CreateLogStream on ${id}.Arn`, `logs:PutLogEvents on ${id}.Arn`];
const keyUse = ['kms:Decrypt on Key.Arn', 'kms:DescribeKey on Key.Arn', 'kms:GenerateDataKey* on Key.Arn'];
const rdsReads = [
  'rds:DescribeDBClusterSnapshots on arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:*',
  'rds:DescribeDBClusterSnapshots on arn:aws:rds:eu-west-1:123456789012:cluster:*',
  'rds:DescribeDBClusters on arn:aws:rds:eu-west-1:123456789012:cluster:*',
  'rds:DescribeDBInstances on arn:aws:rds:eu-west-1:123456789012:db:*',
  'rds:DescribeDBSnapshotTenantDatabases on arn:aws:rds:eu-west-1:123456789012:db:*',
  'rds:DescribeDBSnapshotTenantDatabases on arn:aws:rds:eu-west-1:123456789012:snapshot-tenant-database:*',
  'rds:DescribeDBSnapshotTenantDatabases on arn:aws:rds:eu-west-1:123456789012:snapshot:*',
  'rds:DescribeDBSnapshots on arn:aws:rds:eu-west-1:123456789012:db:*',
  'rds:DescribeDBSnapshots on arn:aws:rds:eu-west-1:123456789012:snapshot:*',
  'rds:DescribeEvents on *',
];
const snapshotReads = rdsReads.filter((right) => /^rds:DescribeDB(Cluster)?Snapshots /.test(right));
const ledgerUse = [
  'dynamodb:BatchGetItem on LedgerTable.Arn',
  'dynamodb:PutItem on LedgerTable.Arn',
  'dynamodb:Query on LedgerTable.Arn',
  'dynamodb:Query on LedgerTable.Arn/index/byIdentity',
  'dynamodb:Query on LedgerTable.Arn/index/byState',
];
const shared = ['sns:Publish on AlertsTopic', ...ledgerUse, ...keyUse];

describe('a role may do exactly what its function does', () => {
  it('record: reads its queue and RDS, writes ledger, alerts and lists', () => {
    expect(rights('RecordEventsRecordRole')).toEqual(
      [
        ...shared,
        ...rdsReads,
        'rds:DescribeBlueGreenDeployments on *',
        ...logsOf('RecordEventsRecordLogs'),
        'dynamodb:Query on LedgerTable.Arn/index/byTenant',
        'backup:ListBackupJobs on *',
        'backup:ListRestoreJobs on *',
        'dynamodb:BatchWriteItem on LedgerTable.Arn',
        'dynamodb:Query on LedgerTable.Arn/index/live',
        's3:PutObject on BucketsReports.Arn/*',
        'sqs:DeleteMessage on RecordEvents.Arn',
        'sqs:GetQueueAttributes on RecordEvents.Arn',
        'sqs:ReceiveMessage on RecordEvents.Arn',
      ].sort(),
    );
  });

  it('sweep: reads RDS, writes ledger, alerts and reports, triggers copy', () => {
    expect(rights('SweepDatabasesSweepRole')).toEqual(
      [
        ...shared,
        ...rdsReads,
        ...logsOf('SweepDatabasesSweepLogs'),
        'backup:ListBackupJobs on *',
        'backup:ListRestoreJobs on *',
        'dynamodb:BatchWriteItem on LedgerTable.Arn',
        'dynamodb:Query on LedgerTable.Arn/index/byDay',
        'dynamodb:Query on LedgerTable.Arn/index/byTenant',
        'dynamodb:Query on LedgerTable.Arn/index/live',
        'lambda:InvokeFunction on CopyBackupsCopyFunction.Arn',
        's3:PutObject on BucketsReports.Arn/*',
        'sqs:SendMessage on SweepDatabasesDeadLettersQueue.Arn',
      ].sort(),
    );
  });

  it('copy: checks snapshots, starts exports of them with the one role and key, and verifies what they wrote', () => {
    expect(rights('CopyBackupsCopyRole')).toEqual(
      [
        ...shared,
        ...snapshotReads,
        ...logsOf('CopyBackupsCopyLogs'),
        'dynamodb:DescribeStream on LedgerTable.StreamArn',
        'dynamodb:GetRecords on LedgerTable.StreamArn',
        'dynamodb:GetShardIterator on LedgerTable.StreamArn',
        'dynamodb:ListStreams on *',
        'dynamodb:Query on LedgerTable.Arn/index/byTenant',
        'iam:PassRole on CopyBackupsExportRole.Arn if {"StringEquals":{"iam:PassedToService":"export.rds.amazonaws.com"}}',
        `kms:CreateGrant on Key.Arn${forAws}`,
        'rds:DescribeExportTasks on *',
        'rds:StartExportTask on arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:*',
        'rds:StartExportTask on arn:aws:rds:eu-west-1:123456789012:snapshot:*',
        `s3:GetObject on arn:aws:s3:::${bucket}/*${ours}`,
        `s3:ListBucket on arn:aws:s3:::${bucket}${ours}`,
        'sqs:SendMessage on CopyBackupsDeadLettersQueue.Arn',
      ].sort(),
    );
  });

  it('an export: writes into the configured bucket with the key', () => {
    expect(rights('CopyBackupsExportRole')).toEqual(
      [
        ...keyUse,
        `s3:DeleteObject* on arn:aws:s3:::${bucket}/*${ours}`,
        `s3:GetBucketLocation on arn:aws:s3:::${bucket}${ours}`,
        `s3:GetObject* on arn:aws:s3:::${bucket}/*${ours}`,
        `s3:ListBucket on arn:aws:s3:::${bucket}${ours}`,
        `s3:PutObject* on arn:aws:s3:::${bucket}/*${ours}`,
      ].sort(),
    );
  });

  it('the schedules: call sweep, and leave what they could not deliver', () => {
    expect(rights('SweepDatabasesSchedulerRole')).toEqual([
      'lambda:InvokeFunction on SweepDatabasesSweepFunction.Arn',
      'sqs:SendMessage on SweepDatabasesDeadLettersQueue.Arn',
    ]);
  });

  it('with the ledger it may do what its function calls, and nothing else', () => {
    const roles = { record: 'RecordEventsRecordRole', sweep: 'SweepDatabasesSweepRole', copy: 'CopyBackupsCopyRole' };
    for (const [name, uses] of Object.entries(ledgerUses)) {
      const calls = uses.map((method): LedgerCall => ledgerCalls[method]);
      const needed = calls.flatMap(({ table, index }) => [
        ...table.map((action) => `dynamodb:${action} on LedgerTable.Arn`),
        ...(index ? [`dynamodb:Query on LedgerTable.Arn/index/${index}`] : []),
      ]);
      const given = rights(roles[name as keyof typeof roles]).filter((right) => / on LedgerTable\.Arn/.test(right));
      expect(given).toEqual([...new Set(needed)].sort());
    }
  });
});

describe('copies elsewhere', () => {
  const dumps = { bucket: 'dumps', owner: '210987654321', key: 'sql/{snapshotId}.bak' };
  const keyArn = 'arn:aws:kms:eu-west-1:210987654321:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
  const elsewhere = synthesize(
    configured([
      {
        id: 'crm',
        kind: 'instance',
        copy: { mode: 'object', staging: dumps },
        bucket: { type: 'existing', name: 'archive', prefix: 'crm' },
      },
      { id: 'shop', kind: 'instance', bucket: { type: 'existing', name: 'theirs', owner: '210987654321', keyArn } },
      { id: 'lab', kind: 'instance', copy: { mode: 'none' }, bucket: { type: 'existing', name: 'untouched' } },
    ]),
  );

  it('in object mode copy reads the staging bucket and writes below the prefix alone', () => {
    expect(rights('CopyBackupsCopyRole', elsewhere).filter((right) => /archive|dumps/.test(right))).toEqual([
      `s3:AbortMultipartUpload on arn:aws:s3:::archive/crm/*${ours}`,
      `s3:GetObject on arn:aws:s3:::archive/crm/*${ours}`,
      `s3:GetObject on arn:aws:s3:::dumps/*${ownedBy('210987654321')}`,
      `s3:ListBucket on arn:aws:s3:::archive${ours}`,
      `s3:ListBucket on arn:aws:s3:::dumps${ownedBy('210987654321')}`,
      `s3:ListBucketMultipartUploads on arn:aws:s3:::archive${ours}`,
      `s3:ListMultipartUploadParts on arn:aws:s3:::archive/crm/*${ours}`,
      `s3:PutObject on arn:aws:s3:::archive/crm/*${ours}`,
    ]);
  });

  it('a staging bucket with a key lets the copy function decrypt with it, and nothing else', () => {
    const encrypted = synthesize(
      configured([
        {
          id: 'crm',
          kind: 'instance',
          copy: { mode: 'object', staging: { ...dumps, keyArn } },
          bucket: { type: 'existing', name: 'archive', prefix: 'crm' },
        },
      ]),
    );
    const onKey = (role: string) => rights(role, encrypted).filter((right) => right.endsWith(keyArn));
    expect(onKey('CopyBackupsCopyRole')).toEqual([`kms:Decrypt on ${keyArn}`]);
    expect(onKey('CopyBackupsExportRole')).toEqual([]);
  });

  it("an export into another account's bucket uses that account's key", () => {
    const onTheirKey = (role: string) => rights(role, elsewhere).filter((right) => right.includes(keyArn));
    // As RDS documents them for a key of another account, for caller and export role alike.
    const documented = [...['Decrypt', 'DescribeKey', 'Encrypt', 'GenerateDataKey*', 'ReEncrypt*', 'RetireGrant']].map(
      (action) => `kms:${action} on ${keyArn}`,
    );
    const granted = [`kms:CreateGrant on ${keyArn}${forAws}`, ...documented];
    expect(onTheirKey('CopyBackupsCopyRole')).toEqual(granted);
    expect(onTheirKey('CopyBackupsExportRole')).toEqual(granted);
  });

  it('reaches no bucket whose databases are not copied', () => {
    expect(JSON.stringify(elsewhere.template)).not.toContain('untouched');
  });
});

describe('everywhere', () => {
  it('only actions that are judged by no resource stand on every resource', () => {
    const roles = stack.all('AWS::IAM::Role').map(([id]) => id);
    const onAll = roles.flatMap((role) => stack.rights(role)).filter((right) => / on \*/.test(right));
    expect([...new Set(onAll)].sort()).toEqual([
      'backup:ListBackupJobs on *',
      'backup:ListRestoreJobs on *',
      'dynamodb:ListStreams on *',
      'rds:DescribeBlueGreenDeployments on *',
      'rds:DescribeEvents on *',
      'rds:DescribeExportTasks on *',
    ]);
  });

  it('the customer key lets alarms of this account publish, and leaves the rest to IAM', () => {
    const { Statement } = stack.one('AWS::KMS::Key').Properties.KeyPolicy as { Statement: readonly unknown[] };
    expect(Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'kms:*',
        Resource: '*',
        Principal: { AWS: expect.anything() },
      },
      {
        Effect: 'Allow',
        Action: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        Resource: '*',
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
      },
    ]);
    expect(stack.one('AWS::KMS::Key').Properties.EnableKeyRotation).toBe(true);
  });

  it('the topics use the key; only alarms of this account publish to theirs in the name of a service', () => {
    for (const [id, { Properties }] of stack.all('AWS::SNS::Topic')) {
      expect(withoutHashes(plain(Properties.KmsMasterKeyId))).toMatch(/^Key\.(Arn|KeyId)$|^Key$/);
      const statements = stack
        .all('AWS::SNS::TopicPolicy')
        .filter(([, policy]) => list(policy.Properties.Topics).some((topic) => plain(topic) === id))
        .flatMap(([, policy]) => policy.Properties.PolicyDocument.Statement as Statement[]);
      expect(statements.some(({ Effect }) => Effect === 'Deny')).toBe(true);
      const alarms = {
        Principal: { Service: 'cloudwatch.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': '123456789012' } },
      };
      expect(statements.filter(({ Effect }) => Effect === 'Allow')).toEqual(
        id.startsWith('AlertsAlarmTopic') ? [expect.objectContaining(alarms)] : [],
      );
    }
  });
});
