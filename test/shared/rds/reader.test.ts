import {
  type DBSnapshot,
  DescribeBlueGreenDeploymentsCommand,
  DescribeDBClusterSnapshotsCommand,
  DescribeDBClustersCommand,
  DescribeDBInstancesCommand,
  DescribeDBSnapshotsCommand,
  DescribeEventsCommand,
  RDSClient,
} from '@aws-sdk/client-rds';
import { beforeEach, describe, expect, it } from 'vitest';
import { throttling } from '../../../local/rds/faults.ts';
import { inProcessClient } from '../../../local/rds/in-process.ts';
import { RdsSimulator, type SimulatorOptions } from '../../../local/rds/simulator.ts';
import { RdsReader } from '../../../shared/rds/rds-reader.ts';
import { mockClient } from '../../support/mock-client.ts';
import { collect, where } from '../../support/world.ts';

const created = new Date('2026-10-01T00:00:00Z');

function given(options: Partial<SimulatorOptions> = {}) {
  const rds = new RdsSimulator({ now: new Date('2026-11-20T12:00:00Z'), ...where, ...options });
  return { rds, reader: new RdsReader(inProcessClient(rds)) };
}

const flat = async <T>(pages: AsyncIterable<readonly T[]>) => (await collect(pages)).flat();
const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id).sort();

/** A reader whose snapshots are exactly these rows, for what the simulator never answers. */
function answering(rows: DBSnapshot[]): RdsReader {
  const client = mockClient(RDSClient);
  client.on(DescribeDBSnapshotsCommand).resolves({ DBSnapshots: rows });
  return new RdsReader(new RDSClient({ region: 'eu-west-1' }));
}

const awsRow: DBSnapshot = {
  DBSnapshotArn: 'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-2026-11-23-04-08',
  DBSnapshotIdentifier: 'rds:orders-2026-11-23-04-08',
  DBInstanceIdentifier: 'Orders',
  DbiResourceId: 'db-ORDERS',
  SnapshotType: 'automated',
  Status: 'available',
  Engine: 'postgres',
};

describe('databases', () => {
  it('reads all pages, 100 rows each', async () => {
    const { rds, reader } = given();
    for (let n = 0; n < 250; n += 1) rds.createInstance({ id: `db-${n}`, created });
    const pages = await collect(reader.instances());
    expect(pages.map(({ databases }) => databases.length)).toEqual([100, 100, 50]);
    expect(new Set(pages.flatMap(({ databases }) => ids(databases))).size).toBe(250);
    expect(reader.calls).toEqual({ DescribeDBInstances: 3 });
    expect(rds.calls()).toBe(3);
  });

  it('gives an instance its key by resource id, and what its backups depend on', async () => {
    const { rds, reader } = given();
    const { resourceId, arn } = rds.createInstance({
      id: 'orders',
      created,
      retention: 5,
      window: '23:30-00:30',
      tags: { 'backup-tenant': 'acme' },
      recoveryPoint: 'arn:aws:backup:eu-west-1:123456789012:recovery-point:1',
      replicaOf: 'orders-main',
    });
    rds.stop('orders');
    const { databases } = await reader.instancesNamed({ ids: ['orders'] });
    expect(databases).toEqual([
      {
        key: `123456789012/eu-west-1/${resourceId}`,
        arn,
        id: 'orders',
        kind: 'instance',
        engine: 'postgres',
        status: 'stopped',
        createdAt: created,
        retentionDays: 5,
        window: '23:30-00:30',
        latestRestorableTime: new Date('2026-11-20T12:00:00Z'),
        automaticRestartTime: new Date('2026-11-27T12:00:00Z'),
        replicaOf: 'orders-main',
        awsBackupRecoveryPointArn: 'arn:aws:backup:eu-west-1:123456789012:recovery-point:1',
        tags: { 'backup-tenant': 'acme' },
      },
    ]);
  });

  it('says until when the automation of RDS Custom is paused, and RDS takes no backup until then', async () => {
    const { rds, reader } = given();
    const orders = rds.createInstance({ id: 'orders', created, window: '02:00-02:30' });
    const until = new Date(rds.now.getTime() + 24 * 3_600_000);
    rds.pauseAutomation('orders', until);
    const [paused] = (await reader.instancesNamed({ ids: ['orders'] })).databases;
    expect(paused?.automationPaused).toEqual({ until });
    const before = rds.snapshots(orders).length;
    await rds.advanceTo(until);
    expect(rds.snapshots(orders)).toHaveLength(before);
    const [resumed] = (await reader.instancesNamed({ ids: ['orders'] })).databases;
    expect(resumed).not.toHaveProperty('automationPaused');
    await rds.advanceTo(new Date(until.getTime() + 24 * 3_600_000));
    expect(rds.snapshots(orders)).toHaveLength(before + 1);
  });

  it('gives a cluster its key by resource id', async () => {
    const { rds, reader } = given();
    const { resourceId } = rds.createCluster({ id: 'ledger', created, window: '02:00-02:30' });
    const [cluster] = await reader.clustersNamed({ resourceIds: [resourceId] });
    expect(cluster).toMatchObject({
      key: `123456789012/eu-west-1/${resourceId}`,
      id: 'ledger',
      kind: 'cluster',
      engine: 'aurora-postgresql',
      status: 'available',
      createdAt: created,
      retentionDays: 7,
      window: '02:00-02:30',
    });
  });

  it('keeps members of clusters apart: their cluster is what is backed up', async () => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', created });
    rds.createCluster({ id: 'ledger', members: ['ledger-a', 'ledger-b'], created });
    const [page] = await collect(reader.instances());
    expect(ids(page?.databases ?? [])).toEqual(['orders']);
    expect(page?.members.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { ...where, id: 'ledger-a', clusterId: 'ledger' },
      { ...where, id: 'ledger-b', clusterId: 'ledger' },
    ]);
  });

  it('leaves Neptune and DocumentDB out, which share the calls', async () => {
    const { rds, reader } = given();
    for (const engine of ['neptune', 'docdb', 'aurora-mysql']) {
      const cluster = rds.createCluster({ id: engine, engine, created });
      rds.takeBackup(cluster, { id: `${engine}-snapshot`, at: created });
    }
    const [instances] = await collect(reader.instances());
    expect(ids(instances?.members ?? [])).toEqual(['aurora-mysql-1']);
    expect(ids(await flat(reader.clusters()))).toEqual(['aurora-mysql']);
    expect(ids(await flat(reader.clusterSnapshots()))).toEqual(['aurora-mysql-snapshot']);
  });

  it('looks up by resource id and by name, 50 values a filter, and leaves out what is not there', async () => {
    const { rds, reader } = given();
    const made = Array.from({ length: 120 }, (_, n) => rds.createInstance({ id: `db-${n}`, created }));
    const resourceIds = made.map(({ resourceId }) => resourceId);
    expect((await reader.instancesNamed({ resourceIds: [...resourceIds, 'db-GONE'] })).databases).toHaveLength(120);
    expect(reader.calls).toEqual({ DescribeDBInstances: 3 });
    expect((await reader.instancesNamed({ ids: ['db-7', 'db-7', 'no-such'] })).databases).toHaveLength(1);
    expect(reader.calls).toEqual({ DescribeDBInstances: 4 });
  });

  it('makes no call for no names', async () => {
    const { rds, reader } = given();
    await reader.instancesNamed({ ids: [], resourceIds: [] });
    await reader.clustersNamed({});
    await reader.snapshotsOfInstances([]);
    await reader.instanceSnapshotsNamed([]);
    expect(rds.calls()).toBe(0);
  });

  it('tries again where RDS throttles, and lets climb what goes on', async () => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', created });
    rds.failNext('DescribeDBInstances', 2);
    expect((await reader.instancesNamed({ ids: ['orders'] })).databases).toHaveLength(1);
    rds.failNext('DescribeDBInstances', 3, throttling);
    await expect(reader.instancesNamed({ ids: ['orders'] })).rejects.toThrow('Rate exceeded');
  });
});

describe('snapshots', () => {
  it('reads all pages and types: automated, manual, and AWS Backup’s, which are asked for apart', async () => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', created });
    for (let n = 0; n < 150; n += 1) rds.takeBackup('orders', { id: `manual-${n}`, at: created });
    rds.takeBackup('orders', { kind: 'automated', at: created });
    const theirs = rds.takeBackup('orders', { kind: 'awsbackup', at: created });
    expect(await flat(reader.instanceSnapshots())).toHaveLength(151);
    expect(ids(await flat(reader.instanceSnapshots('awsbackup')))).toEqual([theirs.id]);
    expect(reader.calls).toEqual({ DescribeDBSnapshots: 3 });
  });

  it.each([true, false])('names each snapshot once, whether AWS Backup’s come unasked (%s) or not', async (unasked) => {
    const { rds, reader } = given({ awsBackupRowsWithoutType: unasked });
    const { resourceId } = rds.createInstance({ id: 'orders', created });
    const theirs = rds.takeBackup('orders', { kind: 'awsbackup', at: created });
    const manual = rds.takeBackup('orders', { id: 'manual', at: created });
    const expected = [theirs.id, manual.id].sort();
    expect(ids(await reader.snapshotsOfInstances([resourceId]))).toEqual(expected);
    expect(ids(await reader.instanceSnapshotsNamed(expected))).toEqual(expected);
  });

  it('finds snapshots by ids that contain colons', async () => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', created });
    const automated = rds.takeBackup('orders', { kind: 'automated', at: new Date('2026-11-20T04:08:00Z') });
    expect(automated.id).toBe('rds:orders-2026-11-20-04-08');
    const [found] = await reader.instanceSnapshotsNamed([automated.id, 'rds:gone-2026-11-20-04-08']);
    expect(found).toMatchObject({ id: automated.id, kind: 'automated', databaseId: 'orders' });
  });

  it('splits more than 50 names', async () => {
    const { rds, reader } = given();
    rds.createCluster({ id: 'ledger', created });
    const names = Array.from({ length: 51 }, (_, n) => `manual-${n}`);
    for (const id of names) rds.takeBackup('ledger', { id, at: created });
    expect(ids(await reader.clusterSnapshotsNamed(names))).toEqual(names.sort());
    expect(reader.calls).toEqual({ DescribeDBClusterSnapshots: 2 });
  });

  it('keeps the original time of a copy, which gets a fresh creation time', async () => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', created });
    const tenDaysAgo = new Date('2026-11-10T04:00:00Z');
    const original = rds.takeBackup('orders', { id: 'original', at: tenDaysAgo });
    rds.copySnapshot(original, { id: 'copied', durationMinutes: 0 });
    const [copy] = await reader.instanceSnapshotsNamed(['copied']);
    expect(copy).toMatchObject({
      kind: 'copy',
      createdAt: rds.now,
      originalCreatedAt: tenDaysAgo,
      sourceArn: original.arn,
    });
  });

  it('marks the copy of a cluster’s snapshot by its source, since it has no original time', async () => {
    const { rds, reader } = given();
    rds.createCluster({ id: 'ledger', created });
    const original = rds.takeBackup('ledger', { id: 'original', at: new Date('2026-11-10T04:00:00Z') });
    rds.copySnapshot(original, { id: 'copied', durationMinutes: 0 });
    const [copy] = await reader.clusterSnapshotsNamed(['copied']);
    expect(copy).toMatchObject({ kind: 'copy', createdAt: rds.now, sourceArn: original.arn });
    expect(copy).not.toHaveProperty('originalCreatedAt');
  });

  it('shows a snapshot without a creation time while it is being created', async () => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', created });
    rds.takeBackup('orders', { id: 'now' });
    const [snapshot] = await reader.instanceSnapshotsNamed(['now']);
    expect(snapshot?.status).toBe('creating');
    expect(snapshot).not.toHaveProperty('createdAt');
  });

  it.each([true, false])('reads whether it is encrypted (%s) from the field of its kind', async (encrypted) => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', encrypted, created });
    rds.createCluster({ id: 'ledger', encrypted, created });
    rds.takeBackup('orders', { id: 'of-instance', at: created });
    rds.takeBackup('ledger', { id: 'of-cluster', at: created });
    const snapshots = [...(await flat(reader.instanceSnapshots())), ...(await flat(reader.clusterSnapshots()))];
    expect(snapshots.map((snapshot) => snapshot.encrypted)).toEqual([encrypted, encrypted]);
  });

  it('holds a moment that two fields have in common once: a sweep holds the snapshots of the whole fleet', async () => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', created });
    rds.takeBackup('orders', { id: 'a', at: created });
    const [snapshot] = await flat(reader.instanceSnapshots());
    expect(snapshot?.databaseTime).toEqual(created);
    expect(snapshot?.databaseTime).toBe(snapshot?.createdAt);
  });

  it('gives sizes, but not Aurora’s, whose allocated storage means nothing', async () => {
    const { rds, reader } = given();
    rds.createInstance({ id: 'orders', allocatedGb: 200, created });
    rds.createCluster({ id: 'ledger', created });
    rds.createCluster({ id: 'multi-az', engine: 'postgres', allocatedGb: 300, created });
    rds.takeBackup('orders', { id: 'a', at: created });
    rds.takeBackup('ledger', { id: 'b', at: created });
    rds.takeBackup('multi-az', { id: 'c', at: created });
    const snapshots = [...(await flat(reader.instanceSnapshots())), ...(await flat(reader.clusterSnapshots()))];
    expect(new Map(snapshots.map(({ id, sizeGiB }) => [id, sizeGiB]))).toEqual(
      new Map([
        ['a', 200],
        ['b', undefined],
        ['c', 300],
      ]),
    );
  });

  it('knows AWS Backup’s snapshots of Aurora, of type manual, by their id', async () => {
    const { rds, reader } = given();
    rds.createCluster({ id: 'ledger', created });
    const theirs = rds.takeBackup('ledger', { kind: 'awsbackup', at: created });
    expect(theirs.type).toBe('manual');
    const [snapshot] = await reader.clusterSnapshotsNamed([theirs.id]);
    expect(snapshot?.kind).toBe('awsbackup');
  });

  it('compares names of databases in lower case, and bears what RDS leaves out', async () => {
    const [snapshot] = await answering([awsRow]).instanceSnapshotsNamed([awsRow.DBSnapshotIdentifier ?? '']);
    expect(snapshot).toEqual({
      arn: awsRow.DBSnapshotArn,
      id: 'rds:orders-2026-11-23-04-08',
      database: '123456789012/eu-west-1/db-ORDERS',
      databaseId: 'orders',
      databaseKind: 'instance',
      kind: 'automated',
      status: 'available',
      engine: 'postgres',
      encrypted: false,
    });
  });

  it('puts aside a row that lacks a field that RDS promises, and says which', async () => {
    const { DbiResourceId: _, ...row } = awsRow;
    const reader = answering([row, awsRow]);
    expect(await reader.instanceSnapshotsNamed(['x'])).toHaveLength(1);
    const [odd] = reader.takeOdd();
    expect(odd).toMatchObject({ kind: 'instance', id: awsRow.DBInstanceIdentifier?.toLowerCase() });
    expect(odd?.message).toContain('no DbiResourceId, which its API promises');
    expect(reader.takeOdd()).toEqual([]);
  });
});

describe('blue/green deployments', () => {
  const arn = (rest: string) => `arn:aws:rds:eu-west-1:123456789012:${rest}`;

  it('have databases on both sides, each once; what is no ARN of one is skipped', async () => {
    const client = mockClient(RDSClient);
    client.on(DescribeBlueGreenDeploymentsCommand).resolves({
      BlueGreenDeployments: [
        {
          BlueGreenDeploymentIdentifier: 'bgd-1',
          Source: arn('cluster:Crm-old1'),
          Target: arn('cluster:crm'),
          SwitchoverDetails: [
            { SourceMember: arn('cluster:crm-old1'), TargetMember: arn('cluster:crm') },
            { SourceMember: arn('db:crm-1-old1'), TargetMember: 'gone' },
          ],
        },
        {},
      ],
    });
    const reader = new RdsReader(new RDSClient({ region: 'eu-west-1' }));
    expect((await reader.deploymentMembers(['bgd-1'])).get('bgd-1')).toEqual([
      { ...where, kind: 'cluster', id: 'crm-old1' },
      { ...where, kind: 'cluster', id: 'crm' },
      { ...where, kind: 'instance', id: 'crm-1-old1' },
    ]);
  });

  it('are not asked for where there is none', async () => {
    const { reader, rds } = given();
    expect((await reader.deploymentMembers([])).size).toBe(0);
    expect(rds.calls()).toBe(0);
  });
});

describe('names', () => {
  const arn = (resource: string) => `arn:aws:rds:eu-west-1:123456789012:${resource}`;
  const engine = { Engine: 'aurora-mysql', Status: 'available' };

  it('are in lower case, as the configuration and the ledger have them', async () => {
    const client = mockClient(RDSClient);
    client.on(DescribeDBInstancesCommand).resolves({
      DBInstances: [
        { DBInstanceIdentifier: 'Orders', DbiResourceId: 'db-A', DBInstanceArn: arn('db:orders'), ...engine },
        { DBInstanceIdentifier: 'Shop-1', DBClusterIdentifier: 'Shop', DBInstanceArn: arn('db:shop-1'), ...engine },
      ],
    });
    client.on(DescribeDBClustersCommand).resolves({
      DBClusters: [
        { DBClusterIdentifier: 'Shop', DbClusterResourceId: 'cluster-A', DBClusterArn: arn('cluster:shop'), ...engine },
      ],
    });
    client.on(DescribeDBClusterSnapshotsCommand).resolves({
      DBClusterSnapshots: [
        {
          DBClusterSnapshotIdentifier: 'nightly',
          DBClusterSnapshotArn: arn('cluster-snapshot:nightly'),
          DBClusterIdentifier: 'Shop',
          DbClusterResourceId: 'cluster-A',
          SnapshotType: 'manual',
          ...engine,
        },
      ],
    });
    const reader = new RdsReader(new RDSClient({ region: 'eu-west-1' }));
    const [page] = await collect(reader.instances());
    const [clusters] = await collect(reader.clusters());
    const [snapshot] = await reader.clusterSnapshotsNamed(['nightly']);
    expect(page?.databases.map(({ id }) => id)).toEqual(['orders']);
    expect(page?.members).toMatchObject([{ id: 'shop-1', clusterId: 'shop' }]);
    expect(clusters?.map(({ id }) => id)).toEqual(['shop']);
    expect(snapshot?.databaseId).toBe('shop');
  });
});

describe('when databases were stopped and started', () => {
  const start = new Date('2026-11-20T12:00:00Z');
  // What a test before has mocked.
  beforeEach(() => mockClient(RDSClient).restore());

  async function stopsAndStarts(count: number) {
    const { rds, reader } = given();
    const names = Array.from({ length: count }, (_, n) => `Db-${n}`);
    for (const id of names) rds.createInstance({ id, created });
    rds.createCluster({ id: 'ledger', created });
    for (const id of names) rds.stop(id);
    rds.stop('ledger');
    await rds.advanceBy({ hours: 12 });
    for (const id of names) rds.start(id);
    await rds.advanceBy({ hours: 1 });
    return { rds, reader, names: names.map((name) => name.toLowerCase()) };
  }

  it('is told by the messages of RDS, by name, whatever else happened', async () => {
    const { rds, reader } = await stopsAndStarts(2);
    rds.skipBackups('db-0', 1);
    const changes = await reader.runChanges('instance', ['db-0'], start, rds.now);
    expect(changes).toEqual(
      new Map([
        [
          'db-0',
          [
            { at: start, runs: false },
            { at: new Date('2026-11-21T00:00:00Z'), runs: true },
          ],
        ],
      ]),
    );
    expect(await reader.runChanges('cluster', ['ledger'], start, rds.now)).toEqual(
      new Map([['ledger', [{ at: start, runs: false }]]]),
    );
  });

  it('knows that RDS started one itself, after seven days', async () => {
    const { rds, reader } = await stopsAndStarts(1);
    await rds.advanceBy({ hours: 7 * 24 });
    const changes = await reader.runChanges('cluster', ['ledger'], start, rds.now);
    expect(changes.get('ledger')?.at(-1)).toEqual({ at: new Date('2026-11-27T12:00:00Z'), runs: true });
  });

  it('takes a call for each of five, and one a page for more', async () => {
    const { rds, reader, names } = await stopsAndStarts(60);
    await reader.runChanges('instance', names.slice(0, 5), start, rds.now);
    expect(reader.calls).toEqual({ DescribeEvents: 5 });
    const all = await reader.runChanges('instance', names, start, rds.now);
    expect(all.size).toBe(60);
    expect(reader.calls).toEqual({ DescribeEvents: 7 });
  });

  it('reaches back for 14 days and no further', async () => {
    const { rds, reader } = await stopsAndStarts(1);
    await rds.advanceBy({ hours: 14 * 24 - 5 });
    const changes = await reader.runChanges('instance', ['db-0'], created, rds.now);
    expect(changes.get('db-0')).toEqual([{ at: new Date('2026-11-21T00:00:00Z'), runs: true }]);
  });

  it.each([
    ['DB instance restarted', undefined],
    ['DB instance stopped', false],
    ['The DB cluster has been started.', true],
    ['DB instance is being started due to it exceeding the maximum allowed time being stopped.', true],
    ['Finished applying modification to instance class', undefined],
    [undefined, undefined],
  ])('reads "%s" as it is', async (Message, runs) => {
    const client = mockClient(RDSClient);
    client.on(DescribeEventsCommand).resolves({ Events: [{ SourceIdentifier: 'Orders', Message, Date: start }] });
    const reader = new RdsReader(new RDSClient({ region: 'eu-west-1' }));
    const changes = await reader.runChanges('instance', ['orders'], start, start);
    expect(changes.get('orders')).toEqual(runs === undefined ? undefined : [{ at: start, runs }]);
  });
});
