import {
  CopyDBClusterSnapshotCommand,
  CopyDBSnapshotCommand,
  CreateDBClusterCommand,
  CreateDBClusterSnapshotCommand,
  CreateDBInstanceCommand,
  CreateDBSnapshotCommand,
  DescribeDBClusterSnapshotsCommand,
  type DescribeDBClusterSnapshotsCommandInput,
  DescribeDBClustersCommand,
  type DescribeDBClustersCommandInput,
  DescribeDBInstancesCommand,
  type DescribeDBInstancesCommandInput,
  DescribeDBSnapshotsCommand,
  type DescribeDBSnapshotsCommandInput,
  DescribeExportTasksCommand,
  paginateDescribeDBClusterSnapshots,
  paginateDescribeDBClusters,
  paginateDescribeDBInstances,
  paginateDescribeDBSnapshots,
  RDSClient,
  StartExportTaskCommand,
  StopDBInstanceCommand,
} from '@aws-sdk/client-rds';
import { beforeAll, describe, expect, test } from 'vitest';
import { inProcessClient } from '../../../local/rds/in-process.ts';
import { RdsSimulator } from '../../../local/rds/simulator.ts';
import { startMoto } from '../../support/moto.ts';
import { errorName } from './support.ts';

/**
 * The simulator beside moto, which was written by others from the same API: the same fleet is made in both, the same
 * questions are put to both, and the answers are held against each other. Not asked is what moto 5.2 answers otherwise than
 * the API model says: it hands out all rows in one page whatever MaxRecords is, describes an automated snapshot by its
 * identifier without a type, knows no ARN in the cluster filter of cluster snapshots, and has no filters on export tasks.
 */

const account = '000000000000';
const region = 'eu-west-1';
const keyId = `arn:aws:kms:${region}:${account}:key/11111111-2222-3333-4444-555555555555`;

let moto: RDSClient;
let ours: RDSClient;

beforeAll(async () => {
  moto = new RDSClient(await startMoto(account));
  await fillMoto(moto);
  ours = await fillSimulator(moto);
}, 300_000);

const instances = [
  { id: 'shop', engine: 'postgres', engineVersion: '17.5', databaseName: 'shop' },
  { id: 'books', engine: 'mysql', engineVersion: '8.0.42', databaseName: 'books' },
  { id: 'asleep', engine: 'postgres', engineVersion: '17.5', databaseName: 'asleep' },
];
const settings = { retention: 7, window: '03:00-04:00', allocatedGb: 40, storageType: 'gp3', kmsKeyId: keyId };
const tags = { 'backup-tenant': 'acme + sons' };
const aurora = { engine: 'aurora-postgresql', engineVersion: '16.8' };
/** More than a page of any size that RDS allows. */
const manualSnapshots = Array.from({ length: 105 }, (_, index) => `shop-${index}`);
const exportRequest = {
  ExportTaskIdentifier: 'first',
  SourceArn: `arn:aws:rds:${region}:${account}:snapshot:shop-0`,
  S3BucketName: 'archive',
  IamRoleArn: `arn:aws:iam::${account}:role/export`,
  KmsKeyId: keyId,
};

async function fillMoto(client: RDSClient): Promise<void> {
  const master = { MasterUsername: 'root', MasterUserPassword: 'not-a-secret' };
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  for (const { id, engine, engineVersion, databaseName } of instances) {
    const command = new CreateDBInstanceCommand({
      DBInstanceIdentifier: id,
      DBInstanceClass: 'db.t4g.medium',
      Engine: engine,
      EngineVersion: engineVersion,
      DBName: databaseName,
      AllocatedStorage: settings.allocatedGb,
      StorageType: settings.storageType,
      StorageEncrypted: true,
      KmsKeyId: keyId,
      BackupRetentionPeriod: settings.retention,
      PreferredBackupWindow: settings.window,
      Tags,
      ...master,
    });
    await client.send(command);
  }
  await client.send(new StopDBInstanceCommand({ DBInstanceIdentifier: 'asleep' }));
  const cluster = { Engine: aurora.engine, EngineVersion: aurora.engineVersion, DBClusterIdentifier: 'sea' };
  const clusterSettings = { BackupRetentionPeriod: settings.retention, PreferredBackupWindow: settings.window };
  await client.send(new CreateDBClusterCommand({ ...cluster, ...clusterSettings, ...master, KmsKeyId: keyId, Tags }));
  for (const id of ['crab', 'eel']) {
    const member = { ...cluster, DBInstanceIdentifier: id, DBInstanceClass: 'db.t4g.medium', Tags };
    await client.send(new CreateDBInstanceCommand(member));
  }
  for (const DBSnapshotIdentifier of manualSnapshots) {
    await client.send(new CreateDBSnapshotCommand({ DBInstanceIdentifier: 'shop', DBSnapshotIdentifier }));
  }
  await client.send(
    new CreateDBClusterSnapshotCommand({ DBClusterIdentifier: 'sea', DBClusterSnapshotIdentifier: 'tide' }),
  );
  const copy = { SourceDBSnapshotIdentifier: 'shop-0', TargetDBSnapshotIdentifier: 'shop-copy' };
  await client.send(new CopyDBSnapshotCommand(copy));
  const clusterCopy = { SourceDBClusterSnapshotIdentifier: 'tide', TargetDBClusterSnapshotIdentifier: 'tide-copy' };
  await client.send(new CopyDBClusterSnapshotCommand(clusterCopy));
  await client.send(new StartExportTaskCommand(exportRequest));
}

async function fillSimulator(other: RDSClient): Promise<RDSClient> {
  const rds = new RdsSimulator({ now: new Date(), account, region });
  const client = inProcessClient(rds);
  const created = new Date(rds.now.getTime() - 3_600_000);
  for (const spec of instances) rds.createInstance({ ...spec, ...settings, tags, created });
  rds.createCluster({
    id: 'sea',
    members: ['crab', 'eel'],
    ...aurora,
    ...settings,
    storageType: 'aurora',
    tags,
    created,
    encrypted: false,
  });
  for (const id of [...(await automated(other)), ...manualSnapshots, 'tide']) {
    const [, database = id === 'tide' ? 'sea' : 'shop'] = /^rds:(\w+)-/.exec(id) ?? [];
    rds.takeBackup(database, {
      id,
      kind: id.startsWith('rds:') ? 'automated' : 'manual',
      at: rds.now,
      durationMinutes: 0,
    });
  }
  rds.copySnapshot('shop-0', { id: 'shop-copy', durationMinutes: 0 });
  rds.copySnapshot('tide', { id: 'tide-copy', durationMinutes: 0 });
  rds.stop('asleep');
  await client.send(new StartExportTaskCommand(exportRequest));
  await rds.advanceBy({ hours: 1 });
  return client;
}

/** moto takes the first automated snapshot as it makes a database, and names it by the minute. */
async function automated(client: RDSClient): Promise<string[]> {
  const { DBSnapshots = [] } = await client.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'automated' }));
  const { DBClusterSnapshots = [] } = await client.send(
    new DescribeDBClusterSnapshotsCommand({ SnapshotType: 'automated' }),
  );
  const ids = [
    ...DBSnapshots.map((row) => row.DBSnapshotIdentifier ?? ''),
    ...DBClusterSnapshots.map((row) => row.DBClusterSnapshotIdentifier ?? ''),
  ];
  return ids.filter((id) => !isOfMember(id));
}

/** moto also gives a cluster's members automated snapshots of their own, which RDS never does. */
const isOfMember = (id: string) => /^rds:(crab|eel)-/.test(id);

type Row = Record<string, unknown>;

const fieldsOf = (row: object): Row => ({ ...row });

const listings = {
  instances: async (client: RDSClient, input: DescribeDBInstancesCommandInput) => {
    const rows: Row[] = [];
    for await (const page of paginateDescribeDBInstances({ client }, input))
      rows.push(...(page.DBInstances ?? []).map(fieldsOf));
    return byId(rows, 'DBInstanceIdentifier');
  },
  clusters: async (client: RDSClient, input: DescribeDBClustersCommandInput) => {
    const rows: Row[] = [];
    for await (const page of paginateDescribeDBClusters({ client }, input))
      rows.push(...(page.DBClusters ?? []).map(fieldsOf));
    return byId(rows, 'DBClusterIdentifier');
  },
  snapshots: async (client: RDSClient, input: DescribeDBSnapshotsCommandInput) => {
    const rows: Row[] = [];
    for await (const page of paginateDescribeDBSnapshots({ client }, input))
      rows.push(...(page.DBSnapshots ?? []).map(fieldsOf));
    return byId(rows, 'DBSnapshotIdentifier');
  },
  clusterSnapshots: async (client: RDSClient, input: DescribeDBClusterSnapshotsCommandInput) => {
    const rows: Row[] = [];
    for await (const page of paginateDescribeDBClusterSnapshots({ client }, input))
      rows.push(...(page.DBClusterSnapshots ?? []).map(fieldsOf));
    return byId(rows, 'DBClusterSnapshotIdentifier');
  },
};

function byId(rows: Row[], name: string): Map<string, Row> {
  const sorted = rows.map((row) => [String(row[name]), row] as const).filter(([id]) => !isOfMember(id));
  return new Map(sorted.sort(([a], [b]) => a.localeCompare(b)));
}

/** What moto leaves out of its answers. That it does is checked, so that this list stays true. */
const notModelled: Record<keyof typeof listings, readonly string[]> = {
  instances: ['AutomaticRestartTime'],
  clusters: [],
  snapshots: [
    'PercentProgress',
    'StorageType',
    'BackupRetentionPeriod',
    'PreferredBackupWindow',
    'SnapshotTarget',
    'SourceDBSnapshotIdentifier',
    'SnapshotDatabaseTime',
  ],
  clusterSnapshots: [
    'StorageType',
    'BackupRetentionPeriod',
    'PreferredBackupWindow',
    'SourceDBClusterSnapshotArn',
    'DbClusterResourceId',
  ],
};

/** Where moto answers otherwise than RDS, by the reason. */
const different: Record<keyof typeof listings, Record<string, string>> = {
  instances: {
    LatestRestorableTime: 'in moto the present moment, even for members and stopped ones',
    DBName: "in moto absent from members, whose cluster's database the simulator names",
    KmsKeyId: "in moto a fixed text for members, which the simulator leaves out where it isn't given one",
  },
  clusters: {
    StorageType: 'in moto gp2, which Aurora never has',
    DatabaseName: 'in moto absent unless given, in the simulator always there',
    DBClusterMembers: 'compared on their own: in moto with more fields',
  },
  snapshots: {},
  clusterSnapshots: {},
};

/** Times and resource ids cannot be the same in both, only of the same kind. */
function comparable(value: unknown): unknown {
  if (value instanceof Date) return 'a time';
  if (typeof value === 'string' && /^(db|cluster)-[A-Z0-9]{26}$/.test(value)) return 'a resource id';
  return value;
}

function facts(row: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.map((name) => [name, comparable(row[name])]));
}

describe.each(Object.keys(listings) as (keyof typeof listings)[])('all %s', (kind) => {
  test('are the same, field by field', async () => {
    const expected = await listings[kind](moto, {});
    const actual = await listings[kind](ours, {});
    expect([...actual.keys()]).toEqual([...expected.keys()]);
    expect(actual.size).toBeGreaterThan(0);
    const left = [...notModelled[kind], ...Object.keys(different[kind])];
    for (const [id, row] of actual) {
      const names = Object.keys(row).filter((name) => !left.includes(name));
      expect(names.length).toBeGreaterThan(8);
      expect({ id, ...facts(row, names) }).toEqual({ id, ...facts(expected.get(id) ?? {}, names) });
    }
  });

  test('have the fields that moto lacks, and moto lacks them', async () => {
    const expected = [...(await listings[kind](moto, {})).values()];
    const actual = [...(await listings[kind](ours, {})).values()];
    for (const name of notModelled[kind]) {
      expect({ name, inMoto: expected.some((row) => row[name] !== undefined) }).toEqual({ name, inMoto: false });
      expect({ name, inOurs: actual.some((row) => row[name] !== undefined) }).toEqual({ name, inOurs: true });
    }
  });
});

test('a cluster names the same members, the same one as its writer', async () => {
  const members = async (client: RDSClient) => {
    const { DBClusters = [] } = await client.send(new DescribeDBClustersCommand({}));
    const rows = DBClusters.flatMap(({ DBClusterMembers = [] }) => DBClusterMembers);
    return rows.map(({ DBInstanceIdentifier, IsClusterWriter }) => [DBInstanceIdentifier, IsClusterWriter]);
  };
  expect(await members(ours)).toEqual(await members(moto));
});

const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
const arn = (resource: string) => `arn:aws:rds:${region}:${account}:${resource}`;

describe('the same rows are found', () => {
  async function expectSame<I>(
    list: (client: RDSClient, input: I) => Promise<Map<string, Row>>,
    input: I,
  ): Promise<void> {
    const expected = [...(await list(moto, input)).keys()];
    expect([...(await list(ours, input)).keys()]).toEqual(expected);
  }

  test.each<DescribeDBInstancesCommandInput>([
    { DBInstanceIdentifier: 'shop' },
    { DBInstanceIdentifier: 'SHOP' },
    { DBInstanceIdentifier: arn('db:shop') },
    filter('db-instance-id', 'shop', 'books', 'nobody'),
    filter('db-instance-id', arn('db:books')),
    filter('db-cluster-id', 'sea'),
    filter('engine', 'mysql', 'aurora-postgresql'),
    { Filters: [...filter('engine', 'postgres').Filters, ...filter('db-instance-id', 'shop', 'books').Filters] },
    filter('engine', 'oracle-ee'),
    { MaxRecords: 20 },
  ])('instances by %j', (input) => expectSame(listings.instances, input));

  test.each<DescribeDBClustersCommandInput>([
    { DBClusterIdentifier: 'sea' },
    { DBClusterIdentifier: arn('cluster:sea') },
    filter('db-cluster-id', 'SEA', 'lake'),
    filter('engine', 'aurora-postgresql'),
    filter('engine', 'neptune'),
  ])('clusters by %j', (input) => expectSame(listings.clusters, input));

  test.each<DescribeDBSnapshotsCommandInput>([
    { DBInstanceIdentifier: 'shop' },
    { DBSnapshotIdentifier: 'shop-7' },
    { SnapshotType: 'automated' },
    { SnapshotType: 'manual' },
    { SnapshotType: 'awsbackup' },
    { SnapshotType: 'shared' },
    { SnapshotType: 'automated', DBInstanceIdentifier: 'books' },
    filter('db-snapshot-id', 'shop-3', 'shop-copy', 'gone'),
    filter('db-instance-id', 'books', 'asleep'),
    filter('db-instance-id', arn('db:books')),
    filter('snapshot-type', 'automated'),
    filter('engine', 'mysql'),
    { MaxRecords: 20 },
    { MaxRecords: 100 },
  ])('snapshots by %j', (input) => expectSame(listings.snapshots, input));

  test.each<DescribeDBClusterSnapshotsCommandInput>([
    { DBClusterIdentifier: 'sea' },
    { DBClusterSnapshotIdentifier: 'tide' },
    { SnapshotType: 'automated' },
    { SnapshotType: 'manual' },
    filter('db-cluster-snapshot-id', 'tide-copy', 'gone'),
    filter('db-cluster-id', 'sea'),
    filter('snapshot-type', 'manual'),
    filter('engine', 'aurora-mysql'),
  ])('cluster snapshots by %j', (input) => expectSame(listings.clusterSnapshots, input));
});

describe('the same errors are given', () => {
  test.each<[string, (client: RDSClient) => Promise<unknown>]>([
    ['a missing instance', (client) => client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'x' }))],
    ['a missing cluster', (client) => client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: 'x' }))],
    ['a missing snapshot', (client) => client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'x' }))],
    [
      'a missing cluster snapshot',
      (client) => client.send(new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: 'x' })),
    ],
    ['a missing export', (client) => client.send(new DescribeExportTasksCommand({ ExportTaskIdentifier: 'x' }))],
    ['an unknown filter of instances', (client) => client.send(new DescribeDBInstancesCommand(filter('x', 'y')))],
    ['an unknown filter of clusters', (client) => client.send(new DescribeDBClustersCommand(filter('x', 'y')))],
    ['an unknown filter of snapshots', (client) => client.send(new DescribeDBSnapshotsCommand(filter('x', 'y')))],
    [
      'an unknown filter of cluster snapshots',
      (client) => client.send(new DescribeDBClusterSnapshotsCommand(filter('x', 'y'))),
    ],
    ['a task identifier used before', (client) => client.send(new StartExportTaskCommand(exportRequest))],
    [
      'an export of a snapshot that is gone',
      (client) =>
        client.send(
          new StartExportTaskCommand({ ...exportRequest, ExportTaskIdentifier: 'x', SourceArn: arn('snapshot:x') }),
        ),
    ],
    [
      'an export of a cluster snapshot that is gone',
      (client) =>
        client.send(
          new StartExportTaskCommand({
            ...exportRequest,
            ExportTaskIdentifier: 'x',
            SourceArn: arn('cluster-snapshot:x'),
          }),
        ),
    ],
  ])('for %s', async (_what, call) => {
    expect(await errorName(call(ours))).toBe(await errorName(call(moto)));
  });
});

test('an export task is the same, but for what moto has no time for', async () => {
  const task = async (client: RDSClient) => {
    const { ExportTasks = [] } = await client.send(new DescribeExportTasksCommand({}));
    return ExportTasks.map((row) => ({
      id: row.ExportTaskIdentifier,
      source: row.SourceArn,
      type: row.SourceType,
      bucket: row.S3Bucket,
      prefix: row.S3Prefix,
      role: row.IamRoleArn,
      key: row.KmsKeyId,
      // moto spells states in lower case, where the API model's samples have capitals.
      status: row.Status?.toUpperCase(),
    }));
  };
  expect(await task(ours)).toEqual(await task(moto));
});
