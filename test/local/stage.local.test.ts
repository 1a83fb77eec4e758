/** A stage with spokes: each account and Region has an RDS, a default bus and buckets of its own. */
import { BackupClient, ListBackupJobsCommand } from '@aws-sdk/client-backup';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  DescribeDBInstancesCommand,
  DescribeExportTasksCommand,
  RDSClient,
  StartExportTaskCommand,
} from '@aws-sdk/client-rds';
import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openStage, type Stage, type StageEnvironment } from '../../local/stage.ts';
import type { Environment } from '../../shared/domain/index.ts';

const spokes: Environment[] = [
  { account: '111122223333', region: 'eu-central-1' },
  { account: '123456789012', region: 'us-east-1' },
];

let stage: Stage;
beforeAll(async () => {
  const simulator = { backupEventMinutes: 0 };
  stage = await openStage({ from: new Date('2026-11-20T03:00:00Z'), spokes, simulator });
  stage.announcing = true;
});
afterAll(() => stage?.close());

type Heard = Environment & { source: string };

/** A queue for what comes to the default bus. */
async function listen({ account, region, client }: StageEnvironment): Promise<() => Promise<Heard[]>> {
  const sqs = new SQSClient(client);
  const bus = new EventBridgeClient(client);
  const statement = { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' };
  const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'heard', Attributes: { Policy } }));
  await bus.send(new PutRuleCommand({ Name: 'all', EventPattern: JSON.stringify({ source: [{ prefix: 'aws.' }] }) }));
  const Targets = [{ Id: 'it', Arn: `arn:aws:sqs:${region}:${account}:heard` }];
  await bus.send(new PutTargetsCommand({ Rule: 'all', Targets }));
  return async () => {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    return Messages.map(({ Body = '' }) => JSON.parse(Body) as Heard);
  };
}

it('each RDS answers for its own account and Region, and sends its events to the default bus there', async () => {
  const all = [stage, ...stage.spokes];
  const heard = await Promise.all(all.map(listen));
  for (const { rds, region } of all) rds.createInstance({ id: `orders-${region}`, retention: 0 });
  const [first] = stage.spokes;
  first?.rds.startBackupJob('orders-eu-central-1');
  await first?.rds.advanceBy({ minutes: 30 });
  for (const [index, { account, region, client }] of all.entries()) {
    const { DBInstances } = await new RDSClient(client).send(new DescribeDBInstancesCommand({}));
    expect(DBInstances?.map(({ DBInstanceArn }) => DBInstanceArn)).toEqual([
      `arn:aws:rds:${region}:${account}:db:orders-${region}`,
    ]);
    const { BackupJobs } = await new BackupClient(client).send(new ListBackupJobsCommand({}));
    expect(BackupJobs?.map(({ AccountId }) => AccountId)).toEqual(index === 1 ? [account] : []);
    const events = (await heard[index]?.()) ?? [];
    const sources = new Set(events.map((event) => `${event.source} ${event.account} ${event.region}`));
    expect([...sources].sort()).toEqual(
      index === 1 ? [`aws.backup ${account} ${region}`, `aws.rds ${account} ${region}`] : [],
    );
  }
});

it('an export is written by its role to a bucket of its own account and Region, and to no bucket of another', async () => {
  const [spoke] = stage.spokes;
  if (spoke === undefined) throw new Error('the stage has no spoke');
  const { rds, client, account, region } = spoke;
  const buckets = [
    [client, 'archive-of-the-spoke'],
    [stage.client, 'archive-of-the-hub'],
  ] as const;
  for (const [of, Bucket] of buckets) {
    const LocationConstraint = of.region as 'eu-west-1';
    const create = new CreateBucketCommand({ Bucket, CreateBucketConfiguration: { LocationConstraint } });
    await new S3Client({ ...of, forcePathStyle: true }).send(create);
  }
  const iam = new IAMClient(client);
  const trusts = { Effect: 'Allow', Principal: { Service: 'export.rds.amazonaws.com' }, Action: 'sts:AssumeRole' };
  const allows = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
  for (const RoleName of ['export', 'export-nothing']) {
    await iam.send(
      new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify({ Statement: [trusts] }) }),
    );
  }
  const PolicyDocument = JSON.stringify({ Statement: [allows] });
  await iam.send(new PutRolePolicyCommand({ RoleName: 'export', PolicyName: 'writes', PolicyDocument }));
  const database = rds.createInstance({ id: 'exported', retention: 0 });
  const api = new RDSClient(client);
  const exports = [
    ['complete', 'archive-of-the-spoke', 'export'],
    ['by-a-role-without-rights', 'archive-of-the-spoke', 'export-nothing'],
    ['by-no-role', 'archive-of-the-spoke', 'none'],
    ['to-the-hub', 'archive-of-the-hub', 'export'],
  ] as const;
  for (const [ExportTaskIdentifier, S3BucketName, role] of exports) {
    const { arn } = rds.takeBackup(database, { at: rds.now });
    await rds.advanceBy({ hours: 1 });
    await api.send(
      new StartExportTaskCommand({
        ExportTaskIdentifier,
        SourceArn: arn,
        S3BucketName,
        IamRoleArn: `arn:aws:iam::${account}:role/${role}`,
        KmsKeyId: `arn:aws:kms:${region}:${account}:alias/rds-backup-ledger`,
      }),
    );
  }
  await rds.advanceBy({ days: 1 });
  const { ExportTasks = [] } = await api.send(new DescribeExportTasksCommand({}));
  const ended = ExportTasks.map(({ ExportTaskIdentifier, Status, FailureCause }) => [
    ExportTaskIdentifier,
    [Status, FailureCause],
  ]);
  const refusing = (bucket: string) => [
    'FAILED',
    expect.stringContaining(`isn't authorized to call s3:PutObject on the S3 bucket ${bucket}`),
  ];
  expect(Object.fromEntries(ended)).toEqual({
    complete: ['COMPLETE', undefined],
    'by-a-role-without-rights': refusing('archive-of-the-spoke'),
    'by-no-role': refusing('archive-of-the-spoke'),
    'to-the-hub': refusing('archive-of-the-hub'),
  });
  const listed = await new S3Client({ ...client, forcePathStyle: true }).send(
    new ListObjectsV2Command({ Bucket: 'archive-of-the-spoke' }),
  );
  expect(listed.KeyCount).toBeGreaterThan(0);
});
