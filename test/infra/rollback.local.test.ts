/** A deployment that fails half-way is rolled back, and the next one works. What stays is what `docs/deploying.md` lists. */
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { ListBucketsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ListTopicsCommand, SNSClient } from '@aws-sdk/client-sns';
import { ListQueuesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { CfnResource, CfnWaitCondition, CfnWaitConditionHandle } from 'aws-cdk-lib';
import { CfnGlobalTable } from 'aws-cdk-lib/aws-dynamodb';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { dryRunApp } from '../../infra/dry-run.ts';
import { bootstrap, deploy } from '../../local/aws/deploy.ts';
import { clientConfig, type LocalAws, startLocalAws } from '../../local/aws/local-aws.ts';
import { configured, stackOf } from './synthesized.ts';

// A deployment takes ten seconds, on a busy machine half a minute, and the first one bundles the functions.
vi.setConfig({ testTimeout: 180_000 });

const ownBucket = (id: string) => `rds-backup-ledger-${id}-123456789012-eu-west-1`;
let aws: LocalAws;
/** One for all, so that the functions are bundled once. */
let outdir: string;
let before: ReadonlySet<string>;
/** The kinds of what stayed after failures. */
const stayed = new Set<string>();

beforeAll(async () => {
  aws = await startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:1' });
  await bootstrap(aws);
  outdir = await mkdtemp(join(aws.folder, 'cdk.out-'));
  before = new Set(await everything());
});
afterAll(() => aws?.stop());

/** Where a deployment fails: once there are buckets but no table, or once everything else is there. */
type Failure = 'before the table' | 'after everything';

/** Deploys the stack of some databases, with a resource that CloudFormation gives up on after some seconds. */
async function deployed(databases: readonly object[], failure?: Failure): Promise<void> {
  const app = dryRunApp({ outdir, context: { 'aws:cdk:bundling-stacks': ['**'] } });
  const stack = stackOf(app, configured(databases));
  const resources = stack.node.findAll().filter(CfnResource.isCfnResource);
  if (failure) {
    const handle = new CfnWaitConditionHandle(stack, 'Handle');
    const failing = new CfnWaitCondition(stack, 'Failing', { handle: handle.ref, timeout: '3' });
    for (const resource of resources) {
      if (resource instanceof CfnBucket || failure === 'after everything') failing.addResourceDependency(resource);
      else if (resource instanceof CfnGlobalTable) resource.addResourceDependency(failing);
    }
  }
  app.synth();
  await deploy(aws, { app: outdir });
}

const own = (id: string) => ({ id, kind: 'instance', bucket: { type: 'own' } });
async function status(): Promise<string | undefined> {
  const { Stacks = [] } = await new CloudFormationClient(clientConfig(aws)).send(
    new DescribeStacksCommand({ StackName: 'RdsBackupLedger' }),
  );
  return Stacks[0]?.StackStatus;
}

/** Names of what costs money, or would stand in the way of the next deployment; keys with their state. */
async function everything(): Promise<string[]> {
  const client = clientConfig(aws);
  const kms = new KMSClient(client);
  const { Keys = [] } = await kms.send(new ListKeysCommand({}));
  const keys = Keys.map(async ({ KeyId }) => {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    return `key ${KeyMetadata?.KeyState} ${KeyId}`;
  });
  const [tables, buckets, queues, topics, functions, roles, alarms, rules] = await Promise.all([
    new DynamoDBClient(client).send(new ListTablesCommand({})),
    new S3Client({ ...client, forcePathStyle: true }).send(new ListBucketsCommand({})),
    new SQSClient(client).send(new ListQueuesCommand({})),
    new SNSClient(client).send(new ListTopicsCommand({})),
    new LambdaClient(client).send(new ListFunctionsCommand({})),
    new IAMClient(client).send(new ListRolesCommand({})),
    new CloudWatchClient(client).send(new DescribeAlarmsCommand({})),
    new EventBridgeClient(client).send(new ListRulesCommand({})),
  ]);
  return [
    ...(await Promise.all(keys)),
    ...(tables.TableNames ?? []).map((name) => `table ${name}`),
    ...(buckets.Buckets ?? []).map(({ Name }) => `bucket ${Name}`),
    ...(queues.QueueUrls ?? []).map((url) => `queue ${url}`),
    ...(topics.Topics ?? []).map(({ TopicArn }) => `topic ${TopicArn}`),
    ...(functions.Functions ?? []).map(({ FunctionName }) => `function ${FunctionName}`),
    ...(roles.Roles ?? []).map(({ RoleName }) => `role ${RoleName}`),
    ...(alarms.MetricAlarms ?? []).map(({ AlarmName }) => `alarm ${AlarmName}`),
    ...(rules.Rules ?? []).map(({ Name }) => `rule ${Name}`),
  ];
}

/** What there is now and was not when this was called last; generated parts of names are left out. */
async function added(): Promise<string[]> {
  const now = await everything();
  const more = now.filter((name) => !before.has(name));
  before = new Set(now);
  const generated =
    /(?<=^key \w+) .*|(?<=^bucket rdsbackupledger-buckets(reports|configurations|accesslogs)).*|(?<=-LedgerTable).*/;
  return more.map((name) => name.replace(generated, '')).sort();
}

/** What a failed deployment left. */
async function left(): Promise<string[]> {
  const names = await added();
  for (const name of names) stayed.add(name.split(' ')[0] ?? '');
  return names;
}

/** Waits until a bucket is there whose name begins so, and puts an object into it. */
async function fill(nameBegins: string): Promise<void> {
  const s3 = new S3Client({ ...clientConfig(aws), forcePathStyle: true });
  for (;;) {
    const { Buckets = [] } = await s3.send(new ListBucketsCommand({}));
    const found = Buckets.find(({ Name }) => Name?.startsWith(nameBegins) && !before.has(`bucket ${Name}`));
    if (found) {
      await s3.send(new PutObjectCommand({ Bucket: found.Name, Key: 'report.html', Body: 'a' }));
      return;
    }
    await sleep(100);
  }
}

it('a creation that fails before the table leaves a key that is going to be deleted, and the bucket of configurations', async () => {
  await expect(deployed([own('orders')], 'before the table')).rejects.toThrow('Failing');
  expect(await status()).toBe('ROLLBACK_COMPLETE');
  expect(await left()).toEqual(['bucket rdsbackupledger-bucketsconfigurations', 'key PendingDeletion']);
});

it('one that fails after it leaves the protected table, too', async () => {
  await expect(deployed([own('orders')], 'after everything')).rejects.toThrow('Failing');
  expect(await status()).toBe('ROLLBACK_COMPLETE');
  expect(await left()).toEqual([
    'bucket rdsbackupledger-bucketsconfigurations',
    'key PendingDeletion',
    'table RdsBackupLedger-LedgerTable',
  ]);
});

it('one after whose failure a bucket is not empty leaves that bucket', async () => {
  const failed = expect(deployed([own('orders')], 'after everything')).rejects.toThrow('Failing');
  await fill('rdsbackupledger-bucketsreports');
  await failed;
  expect(await status()).toBe('ROLLBACK_FAILED');
  // On AWS the key stays, too, since the bucket depends on it, and each table has a name of its own.
  expect(await left()).toContain('bucket rdsbackupledger-bucketsreports');
});

it('then the stack is created', async () => {
  await deployed([own('orders')]);
  expect(await status()).toBe('CREATE_COMPLETE');
  expect(await added()).toEqual(expect.arrayContaining([`bucket ${ownBucket('orders')}`, 'key Enabled']));
});

it('an update that adds a bucket and fails leaves nothing, and works the next time', async () => {
  await expect(deployed([own('orders'), own('crm')], 'after everything')).rejects.toThrow('Failing');
  expect(await status()).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await left()).toEqual([]);
  await deployed([own('orders'), own('crm')]);
  expect(await status()).toBe('UPDATE_COMPLETE');
  expect(await added()).toEqual([`bucket ${ownBucket('crm')}`]);
});

it('one after whose failure its bucket is not empty leaves it, to be named as an existing one', async () => {
  const databases = [own('orders'), own('crm')];
  const failed = expect(deployed([...databases, own('lab')], 'after everything')).rejects.toThrow('Failing');
  await fill(ownBucket('lab'));
  await failed;
  expect(await status()).toBe('UPDATE_ROLLBACK_COMPLETE');
  expect(await left()).toEqual([`bucket ${ownBucket('lab')}`]);
  await expect(deployed([...databases, own('lab')])).rejects.toThrow(/already exists|Validation failed/);
  await deployed([...databases, { ...own('lab'), bucket: { type: 'existing', name: ownBucket('lab') } }]);
  expect(await status()).toBe('UPDATE_COMPLETE');
});

it('what stayed is what docs/deploying.md lists', async () => {
  const page = await readFile(new URL('../../docs/deploying.md', import.meta.url), 'utf8');
  const section = page.split('## When a deployment fails')[1]?.split('\n#')[0] ?? '';
  const listed = [...section.matchAll(/^\| (\w+) \|/gm)].flatMap(([, what]) => what ?? []);
  expect([...new Set(listed.filter((what) => what !== 'what'))].sort()).toEqual([...stayed].sort());
});
