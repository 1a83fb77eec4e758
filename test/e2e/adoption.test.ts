/** A stack that is removed and comes back goes on with what was kept: its ledger, its key, its buckets. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  DescribeStacksCommand,
} from '@aws-sdk/client-cloudformation';
import {
  DynamoDBClient,
  RestoreTableToPointInTimeCommand,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { GetBucketLoggingCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bootstrap, deploy, destroy, diff, synth } from '../../local/aws/deploy.ts';
import { openStage, type Stage } from '../../local/stage.ts';
import { carriedFile, parseCarried } from '../../shared/config/index.ts';
import type { Backup } from '../../shared/domain/index.ts';
import { dynamoLedger } from '../../shared/ledger/dynamo.ts';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import { eventually } from './deployed.ts';

const nightBefore = new Date(Date.now() - 24 * 3_600_000);
const folder = mkdtempSync(join(tmpdir(), 'rds-backup-ledger-adoption-'));
const ownBucket = (id: string) => `rds-backup-ledger-${id}-123456789012-eu-west-1`;
let stage: Stage;
let kept: { readonly tableName: string; readonly tableKeyArn: string; readonly earlier: Backup };

beforeAll(async () => {
  stage = await openStage({ from: nightBefore, simulator: { exportMinutes: () => 0.05 } });
  await stage.rds.advanceTo(new Date());
});

afterAll(async () => {
  await stage?.close();
  rmSync(folder, { recursive: true });
});

async function configuration(databases: readonly string[], more: object = {}): Promise<{ config: string }> {
  const path = join(folder, 'config.json');
  const listed = databases.map((id) => ({ id, kind: 'instance', bucket: { type: 'own' } }));
  const operators = [{ email: 'operators@example.com' }];
  const defaults = { copy: { schedule: 'every' } };
  await writeFile(path, JSON.stringify({ defaults, operators, tenants: [{ id: 'acme', databases: listed }], ...more }));
  return { config: path };
}

function ledgerOf(tableName: string): Ledger {
  return dynamoLedger(new DynamoDBClient(stage.client), tableName, () => new Date());
}

/** Takes a snapshot and waits until the ledger has it, its copy complete. */
async function backUp(ledger: Ledger, database: string): Promise<Backup> {
  const id = `rds:${database}-${Date.now()}`;
  const snapshot = stage.rds.takeBackup(database, { kind: 'automated', id, durationMinutes: 0 });
  return eventually(`the copy of ${snapshot.id}`, async () => {
    await stage.rds.advanceTo(new Date());
    const row = (await ledger.backupsByArn(snapshot.arn))[0];
    return row?.copy.state === 'complete' && row;
  });
}

/** The functions' code as it is deployed, with the databases that it carries. A minified file has few lines, each of them long. */
async function bundlesIn(app: string) {
  const assets = (await readdir(app)).map((name) => join(app, name));
  const withCode = assets.filter((path) => existsSync(join(path, 'index.mjs')));
  return Promise.all(
    withCode.map(async (path) => {
      const code = await readFile(join(path, 'index.mjs'), 'utf8');
      const files = (await readdir(path)).filter((name) => name.startsWith('index')).sort();
      const { fleet } = parseCarried(await readFile(join(path, carriedFile), 'utf8'));
      const databases = fleet.databases.map(({ id }) => id);
      return { files, databases, minified: code.length / code.split('\n').length > 1000 };
    }),
  );
}

it('after cdk destroy a new stack adopts the kept table and buckets, and makes what is missing', async () => {
  for (const id of ['orders', 'crm']) stage.rds.createInstance({ id, retention: 0 });
  stage.announcing = true;
  const context = await configuration(['orders']);
  await bootstrap(stage.aws);
  // Bundled once for deploy and destroy; diff bundles anew, and must come to the same.
  const app = await synth(stage.aws, { context });
  expect(await bundlesIn(app)).toEqual(
    Array(3).fill({ files: ['index.mjs', 'index.mjs.map'], databases: ['orders'], minified: true }),
  );
  const { LedgerTableName: tableName = '' } = await deploy(stage.aws, { app });
  const earlier = await backUp(ledgerOf(tableName), 'orders');
  expect(await diff(stage.aws, { context, outdir: join(stage.aws.folder, 'cdk.out-again') })).toContain(
    'There were no differences',
  );

  const StackName = 'RdsBackupLedger';
  const stacks = new CloudFormationClient(stage.client);
  const { StackResources = [] } = await stacks.send(new DescribeStackResourcesCommand({ StackName }));
  const key = StackResources.find(({ ResourceType }) => ResourceType === 'AWS::KMS::Key')?.PhysicalResourceId;
  const tableKeyArn = `arn:aws:kms:eu-west-1:123456789012:key/${key}`;
  await destroy(stage.aws, { app });
  await expect(stacks.send(new DescribeStacksCommand({ StackName }))).rejects.toThrow('does not exist');
  const s3 = new S3Client({ ...stage.client, forcePathStyle: true });
  await s3.send(new HeadBucketCommand({ Bucket: ownBucket('orders') }));

  const adopting = await configuration(['orders', 'crm'], { adopt: { tableName, tableKeyArn } });
  expect(await deploy(stage.aws, { context: adopting })).toMatchObject({ LedgerTableName: tableName });
  const ledger = ledgerOf(tableName);
  expect(await ledger.backupsByArn(earlier.arn)).toEqual([earlier]);
  expect((await backUp(ledger, 'orders')).copy.bucket).toBe(ownBucket('orders'));
  expect((await backUp(ledger, 'crm')).copy.bucket).toBe(ownBucket('crm'));
  const logsOf = async (id: string) =>
    (await s3.send(new GetBucketLoggingCommand({ Bucket: ownBucket(id) }))).LoggingEnabled?.TargetBucket;
  expect(await logsOf('orders')).toMatch(/accesslogs/);
  expect(await logsOf('crm')).toBe(await logsOf('orders'));
  kept = { tableName, tableKeyArn, earlier };
});

it('a table that was restored from a point in time is adopted once it has what a restore leaves out', async () => {
  const { tableName, tableKeyArn, earlier } = kept;
  const dynamo = new DynamoDBClient(stage.client);
  const TableName = 'RdsBackupLedger-restored';
  await dynamo.send(new RestoreTableToPointInTimeCommand({ SourceTableName: tableName, TargetTableName: TableName }));
  const restored = await configuration(['orders', 'crm'], { adopt: { tableName: TableName, tableKeyArn } });
  await expect(deploy(stage.aws, { context: restored })).rejects.toThrow(
    `adopt.tableName: table ${TableName} lacks what the ledger relies on.`,
  );
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const;
  const SSESpecification = { Enabled: true, SSEType: 'KMS', KMSMasterKeyId: tableKeyArn } as const;
  await dynamo.send(new UpdateTableCommand({ TableName, SSESpecification }));
  await dynamo.send(new UpdateTableCommand({ TableName, StreamSpecification }));
  await dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
  const TimeToLiveSpecification = { AttributeName: 'expiresAt', Enabled: true };
  await dynamo.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
  await dynamo.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
  expect(await deploy(stage.aws, { context: restored })).toMatchObject({ LedgerTableName: TableName });
  expect((await backUp(ledgerOf(TableName), 'orders')).copy.bucket).toBe(ownBucket('orders'));
  expect(await ledgerOf(TableName).backupsByArn(earlier.arn)).toEqual([earlier]);
});
