import {
  DBClusterSnapshotNotFoundFault,
  DBSnapshotNotFoundFault,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  type DescribeDBSnapshotsCommandInput,
  DescribeEventsCommand,
  paginateDescribeDBInstances,
  type RDSClient,
} from '@aws-sdk/client-rds';
import { describe, expect, test } from 'vitest';
import { errorName, simulated, utc } from './support.ts';

async function snapshotIds(client: RDSClient, input: DescribeDBSnapshotsCommandInput): Promise<(string | undefined)[]> {
  const { DBSnapshots = [] } = await client.send(new DescribeDBSnapshotsCommand(input));
  return DBSnapshots.map(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier).sort();
}

async function instanceIds(client: RDSClient, name: string, ...values: string[]) {
  const { DBInstances = [] } = await client.send(
    new DescribeDBInstancesCommand({ Filters: [{ Name: name, Values: values }] }),
  );
  return DBInstances.map(({ DBInstanceIdentifier }) => DBInstanceIdentifier).sort();
}

describe('paging', () => {
  test('a listing comes in pages of 100 unless asked otherwise, and each row once', async () => {
    const { rds, client } = simulated();
    for (let index = 0; index < 250; index++) rds.createInstance({ id: `db${index}` });
    const sizes: number[] = [];
    const seen = new Set<string | undefined>();
    for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, {})) {
      sizes.push(DBInstances.length);
      for (const { DBInstanceIdentifier } of DBInstances) seen.add(DBInstanceIdentifier);
    }
    expect(sizes).toEqual([100, 100, 50]);
    expect(seen.size).toBe(250);
  });

  test.each([19, 101, 0])('a page of %i rows is refused', async (MaxRecords) => {
    const { client } = simulated();
    expect(await errorName(client.send(new DescribeDBInstancesCommand({ MaxRecords })))).toBe('InvalidParameterValue');
  });

  test('an exactly full last page has no marker', async () => {
    const { rds, client } = simulated();
    for (let index = 0; index < 20; index++) rds.createInstance({ id: `db${index}` });
    const { Marker } = await client.send(new DescribeDBInstancesCommand({ MaxRecords: 20 }));
    expect(Marker).toBeUndefined();
  });

  test('a made-up marker is refused', async () => {
    const { client } = simulated();
    const call = client.send(new DescribeDBInstancesCommand({ Marker: 'next' }));
    expect(await errorName(call)).toBe('InvalidParameterValue');
  });

  test('a row that goes between two pages makes no other row be left out', async () => {
    const { rds, client } = simulated();
    for (let index = 0; index < 40; index++) rds.createInstance({ id: `db${index}` });
    const first = await client.send(new DescribeDBInstancesCommand({ MaxRecords: 20 }));
    const gone = first.DBInstances?.[0]?.DBInstanceIdentifier ?? '';
    rds.delete(gone);
    const second = await client.send(new DescribeDBInstancesCommand({ MaxRecords: 20, Marker: first.Marker }));
    expect(second.DBInstances).toHaveLength(20);
  });

  test('snapshots come neither by time nor by name, and in the same order each time', async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1' });
    for (let index = 10; index < 40; index++) {
      rds.takeBackup('db1', { id: `s${index}`, at: utc(`2026-10-01T01:${index}:00`) });
    }
    const list = async () =>
      (await client.send(new DescribeDBSnapshotsCommand({}))).DBSnapshots?.map((row) => row.DBSnapshotIdentifier) ?? [];
    const order = await list();
    expect(order).toHaveLength(30);
    expect(order).not.toEqual([...order].sort());
    expect(await list()).toEqual(order);
  });
});

describe('filters', () => {
  test('instances by name, ARN, resource id, engine and cluster; values are alternatives, filters are not', async () => {
    const { rds, client } = simulated();
    const one = rds.createInstance({ id: 'one', engine: 'mysql' });
    const two = rds.createInstance({ id: 'two', engine: 'postgres' });
    rds.createCluster({ id: 'sea', members: ['crab', 'eel'] });
    expect(await instanceIds(client, 'db-instance-id', 'ONE', two.arn, 'nobody')).toEqual(['one', 'two']);
    expect(await instanceIds(client, 'dbi-resource-id', one.resourceId)).toEqual(['one']);
    expect(await instanceIds(client, 'engine', 'mysql', 'postgres')).toEqual(['one', 'two']);
    expect(await instanceIds(client, 'db-cluster-id', 'sea')).toEqual(['crab', 'eel']);
    const both = [
      { Name: 'engine', Values: ['mysql'] },
      { Name: 'db-instance-id', Values: ['two'] },
    ];
    const { DBInstances } = await client.send(new DescribeDBInstancesCommand({ Filters: both }));
    expect(DBInstances).toEqual([]);
  });

  test('clusters by name, resource id and engine', async () => {
    const { rds, client } = simulated();
    const sea = rds.createCluster({ id: 'sea', engine: 'aurora-mysql' });
    rds.createCluster({ id: 'lake', engine: 'neptune' });
    for (const [Name, value] of [
      ['db-cluster-id', 'sea'],
      ['db-cluster-resource-id', sea.resourceId],
      ['engine', 'aurora-mysql'],
    ] as const) {
      const { DBClusters } = await client.send(new DescribeDBClustersCommand({ Filters: [{ Name, Values: [value] }] }));
      expect(DBClusters?.map(({ DBClusterIdentifier }) => DBClusterIdentifier)).toEqual(['sea']);
    }
  });

  test('snapshots by database, by id, resource id, type and engine', async () => {
    const { rds, client } = simulated();
    const db = rds.createInstance({ id: 'db1', engine: 'mysql' });
    rds.createInstance({ id: 'db2' });
    rds.takeBackup('db1', { id: 'm1' });
    rds.takeBackup('db1', { kind: 'automated' });
    rds.takeBackup('db2', { id: 'm2' });
    const automated = 'rds:db1-2026-11-01-00-00';
    const by = (Name: string, ...Values: string[]) => snapshotIds(client, { Filters: [{ Name, Values }] });
    expect(await by('db-instance-id', 'db1')).toEqual(['m1', automated]);
    expect(await by('db-instance-id', db.arn)).toEqual(['m1', automated]);
    expect(await by('db-snapshot-id', automated, 'm2', 'gone')).toEqual(['m2', automated]);
    expect(await by('dbi-resource-id', db.resourceId)).toEqual(['m1', automated]);
    expect(await by('snapshot-type', 'automated')).toEqual([automated]);
    expect(await by('engine', 'mysql')).toEqual(['m1', automated]);
  });

  test('cluster snapshots by cluster, id, type and engine', async () => {
    const { rds, client } = simulated();
    const { arn } = rds.createCluster({ id: 'sea' });
    rds.takeBackup('sea', { id: 'm1' });
    rds.createCluster({ id: 'lake', engine: 'docdb' });
    rds.takeBackup('lake', { kind: 'automated' });
    for (const [Name, value] of [
      ['db-cluster-id', 'sea'],
      ['db-cluster-id', arn],
      ['db-cluster-snapshot-id', 'm1'],
      ['snapshot-type', 'manual'],
      ['engine', 'aurora-postgresql'],
    ] as const) {
      const { DBClusterSnapshots } = await client.send(
        new DescribeDBClusterSnapshotsCommand({ Filters: [{ Name, Values: [value] }] }),
      );
      expect(DBClusterSnapshots?.map((row) => row.DBClusterSnapshotIdentifier)).toEqual(['m1']);
    }
  });

  test('an unknown filter is refused', async () => {
    const { client } = simulated();
    const Filters = [{ Name: 'status', Values: ['available'] }];
    expect(await errorName(client.send(new DescribeDBSnapshotsCommand({ Filters })))).toBe('InvalidParameterValue');
    expect(await errorName(client.send(new DescribeDBInstancesCommand({ Filters })))).toBe('InvalidParameterValue');
  });
});

describe('types of snapshots', () => {
  test("without a type there are automated and manual ones; AWS Backup's have to be asked for", async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1' });
    rds.takeBackup('db1', { id: 'm1' });
    rds.takeBackup('db1', { kind: 'automated' });
    const byAwsBackup = rds.takeBackup('db1', { kind: 'awsbackup' });
    expect(byAwsBackup.id).toMatch(/^awsbackup:job-[0-9a-f-]{36}$/);
    const automated = 'rds:db1-2026-11-01-00-00';
    expect(await snapshotIds(client, {})).toEqual(['m1', automated]);
    expect(await snapshotIds(client, { SnapshotType: 'awsbackup' })).toEqual([byAwsBackup.id]);
    expect(await snapshotIds(client, { SnapshotType: 'manual' })).toEqual(['m1']);
    expect(await snapshotIds(client, { SnapshotType: 'automated' })).toEqual([automated]);
    expect(await snapshotIds(client, { SnapshotType: 'shared' })).toEqual([]);
    const nightly = client.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'nightly' }));
    expect(await errorName(nightly)).toBe('InvalidParameterValue');
  });

  test("AWS Backup's rows come without a type too where the simulator is set so", async () => {
    const { rds, client } = simulated({ awsBackupRowsWithoutType: true });
    rds.createInstance({ id: 'db1' });
    const { id } = rds.takeBackup('db1', { kind: 'awsbackup' });
    expect(await snapshotIds(client, {})).toEqual([id]);
  });

  test("AWS Backup's snapshots of Aurora are manual, those of a Multi-AZ cluster are not", async () => {
    const { rds } = simulated();
    rds.createCluster({ id: 'aurora', engine: 'aurora-mysql' });
    rds.createCluster({ id: 'multi-az', engine: 'postgres' });
    expect(rds.takeBackup('aurora', { kind: 'awsbackup' }).type).toBe('manual');
    expect(rds.takeBackup('multi-az', { kind: 'awsbackup' }).type).toBe('awsbackup');
  });

  test('an automated snapshot is described by its identifier only together with its type', async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1' });
    const { id } = rds.takeBackup('db1', { kind: 'automated' });
    const byId = client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: id }));
    expect(await errorName(byId)).toBe('InvalidParameterCombination');
    expect(await snapshotIds(client, { DBSnapshotIdentifier: id, SnapshotType: 'automated' })).toEqual([id]);
    expect(await snapshotIds(client, { Filters: [{ Name: 'db-snapshot-id', Values: [id] }] })).toEqual([id]);
  });

  test('an automated cluster snapshot is described by its identifier only together with its type', async () => {
    const { rds, client } = simulated();
    rds.createCluster({ id: 'sea' });
    const { id } = rds.takeBackup('sea', { kind: 'automated' });
    const byId = client.send(new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: id }));
    expect(await errorName(byId)).toBe('InvalidParameterCombination');
    const both = new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: id, DBClusterIdentifier: 'sea' });
    expect(await errorName(client.send(both))).toBe('InvalidParameterCombination');
  });
});

describe('what is not there', () => {
  test('a missing database or snapshot by identifier has the error that the SDK knows', async () => {
    const { client } = simulated();
    const failure = (call: Promise<unknown>) => call.catch((error: unknown) => error);
    expect(await errorName(client.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'x' })))).toBe(
      'DBInstanceNotFoundFault',
    );
    expect(await errorName(client.send(new DescribeDBClustersCommand({ DBClusterIdentifier: 'x' })))).toBe(
      'DBClusterNotFoundFault',
    );
    expect(await failure(client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'x' })))).toBeInstanceOf(
      DBSnapshotNotFoundFault,
    );
    expect(
      await failure(client.send(new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: 'x' }))),
    ).toBeInstanceOf(DBClusterSnapshotNotFoundFault);
  });

  test('a filter that nothing matches gives an empty list', async () => {
    const { client } = simulated();
    expect(await snapshotIds(client, { Filters: [{ Name: 'db-snapshot-id', Values: ['x'] }] })).toEqual([]);
  });
});

describe('rows', () => {
  test('a snapshot that is being created has no creation time yet, unless RDS chooses to show it', async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1' });
    rds.takeBackup('db1', { id: 'silent', durationMinutes: 20 });
    rds.takeBackup('db1', { id: 'open', durationMinutes: 20, createTimeWhileCreating: true });
    await rds.advanceBy({ minutes: 5 });
    const { DBSnapshots = [] } = await client.send(new DescribeDBSnapshotsCommand({}));
    const row = (id: string) => DBSnapshots.find(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier === id);
    expect(row('silent')).toMatchObject({ Status: 'creating', PercentProgress: 25 });
    expect(row('silent')?.SnapshotCreateTime).toBeUndefined();
    expect(row('open')?.SnapshotCreateTime).toEqual(utc('2026-11-01T00:00:00'));
    await rds.advanceBy({ minutes: 15 });
    const after = await client.send(new DescribeDBSnapshotsCommand({ DBSnapshotIdentifier: 'silent' }));
    expect(after.DBSnapshots?.[0]).toMatchObject({
      Status: 'available',
      PercentProgress: 100,
      SnapshotCreateTime: utc('2026-11-01T00:00:00'),
    });
  });

  test('a copy has a creation time of its own, and remembers the original one', async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1' });
    const original = rds.takeBackup('db1', { id: 'old', at: utc('2026-10-22T03:00:00') });
    rds.copySnapshot(original, { id: 'copy', durationMinutes: 30 });
    rds.copySnapshot(original, { id: 'travelled', durationMinutes: 30, fromRegion: 'eu-central-1' });
    await rds.advanceBy({ hours: 1 });
    const { DBSnapshots = [] } = await client.send(new DescribeDBSnapshotsCommand({}));
    const row = (id: string) => DBSnapshots.find(({ DBSnapshotIdentifier }) => DBSnapshotIdentifier === id);
    expect(row('copy')).toMatchObject({
      SnapshotType: 'manual',
      SnapshotCreateTime: utc('2026-11-01T00:00:00'),
      OriginalSnapshotCreateTime: utc('2026-10-22T03:00:00'),
      SourceDBSnapshotIdentifier: original.arn,
    });
    expect(row('travelled')).toMatchObject({
      SourceRegion: 'eu-central-1',
      SourceDBSnapshotIdentifier: 'arn:aws:rds:eu-central-1:000000000000:snapshot:old',
    });
  });

  test('a copy of a copy keeps the time of the first', async () => {
    const { rds } = simulated();
    rds.createInstance({ id: 'db1' });
    const first = rds.takeBackup('db1', { id: 'old', at: utc('2026-10-22T03:00:00') });
    const copy = rds.copySnapshot(first, { id: 'copy', durationMinutes: 0 });
    await rds.advanceBy({ days: 1 });
    expect(rds.copySnapshot(copy, { id: 'copy-of-copy' }).originalTime).toEqual(utc('2026-10-22T03:00:00'));
  });

  test('a copied cluster snapshot names its source and has no original time', async () => {
    const { rds, client } = simulated();
    rds.createCluster({ id: 'sea', encrypted: true });
    const original = rds.takeBackup('sea', { id: 'old', at: utc('2026-10-22T03:00:00') });
    rds.copySnapshot(original, { id: 'copy', durationMinutes: 0 });
    const { DBClusterSnapshots = [] } = await client.send(
      new DescribeDBClusterSnapshotsCommand({ DBClusterSnapshotIdentifier: 'copy' }),
    );
    expect(DBClusterSnapshots[0]).toMatchObject({
      SnapshotCreateTime: utc('2026-11-01T00:00:00'),
      SourceDBClusterSnapshotArn: original.arn,
      StorageEncrypted: true,
    });
    expect(DBClusterSnapshots[0]).not.toHaveProperty('OriginalSnapshotCreateTime');
    expect(DBClusterSnapshots[0]).not.toHaveProperty('Encrypted');
  });

  test('Neptune and DocumentDB stand among the clusters and instances', async () => {
    const { rds, client } = simulated();
    rds.createCluster({ id: 'graph', engine: 'neptune' });
    rds.createCluster({ id: 'papers', engine: 'docdb' });
    const { DBClusters = [] } = await client.send(new DescribeDBClustersCommand({}));
    const { DBInstances = [] } = await client.send(new DescribeDBInstancesCommand({}));
    expect(DBClusters.map(({ Engine }) => Engine).sort()).toEqual(['docdb', 'neptune']);
    expect(DBInstances.map(({ Engine }) => Engine).sort()).toEqual(['docdb', 'neptune']);
  });

  test('tags arrive whole, in letters of any language', async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1', tags: { 'backup-tenant': 'Müller + Söhne 株式会社' } });
    const { DBInstances } = await client.send(new DescribeDBInstancesCommand({}));
    expect(DBInstances?.[0]?.TagList).toEqual([{ Key: 'backup-tenant', Value: 'Müller + Söhne 株式会社' }]);
  });

  test('a resource id outlives a rename, and is new for a database of the same name', async () => {
    const { rds } = simulated();
    const first = rds.createInstance({ id: 'db1' });
    const { resourceId } = first;
    rds.rename('db1', 'db2');
    expect(rds.find('db2')).toMatchObject({ resourceId, arn: 'arn:aws:rds:eu-west-1:000000000000:db:db2' });
    rds.delete('db2');
    expect(rds.createInstance({ id: 'db1' }).resourceId).not.toBe(resourceId);
  });

  test('the latest restorable time is fresh, stands still while stopped or set so, and is absent without backups', async () => {
    const { rds, client } = simulated();
    for (const id of ['fresh', 'stopped', 'stale']) rds.createInstance({ id, created: utc('2026-01-01T00:00:00') });
    rds.createInstance({ id: 'off', retention: 0, created: utc('2026-01-01T00:00:00') });
    rds.createInstance({ id: 'brand-new' });
    rds.stop('stopped');
    rds.setLatestRestorable('stale', utc('2026-10-31T12:00:00'));
    const times = async () => {
      const { DBInstances = [] } = await client.send(new DescribeDBInstancesCommand({}));
      return Object.fromEntries(DBInstances.map((row) => [row.DBInstanceIdentifier, row.LatestRestorableTime]));
    };
    expect((await times())['brand-new']).toBeUndefined();
    await rds.advanceTo(utc('2026-11-01T02:03:00'));
    expect(await times()).toEqual({
      fresh: utc('2026-11-01T02:00:00'),
      stopped: utc('2026-11-01T00:00:00'),
      stale: utc('2026-10-31T12:00:00'),
      off: undefined,
      'brand-new': utc('2026-11-01T02:00:00'),
    });
  });
});

describe('events of the last days', () => {
  test('DescribeEvents spells source types its own way, shows no event id, and goes back one hour by default', async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1', retention: 0 });
    rds.takeBackup('db1', { id: 'm1', durationMinutes: 10 });
    await rds.advanceBy({ minutes: 30 });
    const { Events = [] } = await client.send(new DescribeEventsCommand({ SourceType: 'db-snapshot' }));
    expect(Events.map(({ SourceIdentifier, EventCategories }) => [SourceIdentifier, EventCategories])).toEqual([
      ['m1', ['creation']],
      ['m1', ['creation']],
    ]);
    expect(Events[0]).not.toHaveProperty('EventID');
    await rds.advanceBy({ hours: 2 });
    expect((await client.send(new DescribeEventsCommand({}))).Events).toEqual([]);
    const day = await client.send(new DescribeEventsCommand({ Duration: 1440 }));
    expect(day.Events).toHaveLength(4);
  });

  test('what is older than 14 days is gone, and pages hold 20 to 100 rows', async () => {
    const { rds, client } = simulated();
    rds.createInstance({ id: 'db1', retention: 0 });
    rds.takeBackup('db1', { id: 'm1' });
    await rds.advanceBy({ days: 15 });
    for (let index = 0; index < 30; index++) rds.takeBackup('db1', { id: `s${index}`, durationMinutes: 0 });
    const StartTime = utc('2026-10-01T00:00:00');
    const first = await client.send(
      new DescribeEventsCommand({ StartTime, SourceType: 'db-snapshot', MaxRecords: 50 }),
    );
    const rest = await client.send(
      new DescribeEventsCommand({ StartTime, SourceType: 'db-snapshot', MaxRecords: 50, Marker: first.Marker }),
    );
    expect([first.Events?.length, rest.Events?.length, rest.Marker]).toEqual([50, 10, undefined]);
  });
});
