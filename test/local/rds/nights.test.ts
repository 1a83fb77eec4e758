import type { DescribeDBInstancesCommandOutput } from '@aws-sdk/client-rds';
import { describe, expect, test } from 'vitest';
import { flakyDelivery } from '../../../local/rds/events.ts';
import { simulated, utc } from './support.ts';

describe('a night', () => {
  test('an automated backup begins at another moment of the window each night, and takes time', async () => {
    const { rds } = simulated({ backupMinutes: [5, 25] });
    rds.createInstance({ id: 'db1', window: '03:00-04:00' });
    await rds.advanceBy({ days: 7 });
    const backups = rds.snapshots('db1');
    expect(backups).toHaveLength(7);
    const begins = backups.map(({ startedAt }) => startedAt.toISOString().slice(11));
    expect(new Set(begins).size).toBe(7);
    for (const begin of begins) expect(begin >= '03:00' && begin < '04:00').toBe(true);
    for (const { startedAt, availableAt } of backups) {
      const minutes = (availableAt.getTime() - startedAt.getTime()) / 60_000;
      expect(minutes).toBeGreaterThanOrEqual(5);
      expect(minutes).toBeLessThanOrEqual(25);
    }
  });

  test('a window may cross midnight', async () => {
    const { rds } = simulated();
    rds.createInstance({ id: 'db1', window: '23:40-00:20' });
    await rds.runNight('12:00');
    await rds.runNight('12:00');
    const [only, ...others] = rds.snapshots('db1');
    expect(others).toEqual([]);
    expect(only && only.startedAt >= utc('2026-11-01T23:40:00') && only.startedAt < utc('2026-11-02T00:20:00')).toBe(
      true,
    );
  });

  test('RDS announces an instance backup by 0001, 0090, 0091, 0002, a cluster backup by 0168 and 0169', async () => {
    const { rds, events, numbers } = simulated();
    rds.createInstance({ id: 'db1', window: '01:00-01:30' });
    rds.createCluster({ id: 'sea', window: '05:00-05:30' });
    await rds.runNight('12:00');
    expect(numbers()).toEqual(['0001', '0090', '0091', '0002', '0168', '0169']);
    const [instanceBackup] = rds.snapshots('db1');
    expect(events[2]).toMatchObject({
      version: '0',
      'detail-type': 'RDS DB Snapshot Event',
      source: 'aws.rds',
      account: '000000000000',
      region: 'eu-west-1',
      resources: [instanceBackup?.arn],
      detail: {
        EventCategories: ['creation'],
        SourceType: 'SNAPSHOT',
        SourceArn: instanceBackup?.arn,
        SourceIdentifier: instanceBackup?.id,
        Date: instanceBackup?.availableAt.toISOString(),
        EventID: 'RDS-EVENT-0091',
      },
    });
    expect(instanceBackup?.id).toMatch(/^rds:db1-2026-11-01-01-\d\d$/);
    expect(events[2]?.time).toMatch(/^2026-11-01T\d\d:\d\d:\d\dZ$/);
    expect(events[5]).toMatchObject({
      'detail-type': 'RDS DB Cluster Snapshot Event',
      detail: { EventCategories: ['backup'], SourceType: 'CLUSTER_SNAPSHOT' },
    });
  });

  test('one event comes in several wordings', async () => {
    const { rds, events } = simulated();
    rds.createInstance({ id: 'db1' });
    await rds.advanceBy({ days: 20 });
    const messages = events
      .filter(({ detail }) => detail.EventID === 'RDS-EVENT-0091')
      .map(({ detail }) => detail.Message);
    expect(new Set(messages).size).toBeGreaterThan(1);
  });

  test('automated backups expire by retention without a word', async () => {
    const { rds, numbers } = simulated();
    rds.createInstance({ id: 'db1', retention: 2 });
    rds.takeBackup('db1', { id: 'by-hand', at: utc('2026-10-01T00:00:00') });
    await rds.advanceBy({ days: 10 });
    const left = rds.snapshots('db1');
    const automated = left.filter(({ type }) => type === 'automated');
    expect(automated.length).toBeGreaterThanOrEqual(2);
    expect(automated.length).toBeLessThanOrEqual(3);
    expect(left.some(({ id }) => id === 'by-hand')).toBe(true);
    expect(numbers()).not.toContain('0041');
  });

  test.each([
    ['retention is 0', { retention: 0 }],
    ['storage is full', { status: 'storage-full' }],
  ])('there is none while %s', async (_reason, spec) => {
    const { rds, events } = simulated();
    rds.createInstance({ id: 'db1', ...spec });
    await rds.advanceBy({ days: 3 });
    expect(rds.snapshots('db1')).toEqual([]);
    expect(events).toEqual([]);
  });

  test('a skipped night leaves no trace, and the next one is as ever', async () => {
    const { rds, events } = simulated();
    rds.createInstance({ id: 'db1' });
    rds.skipBackups('db1', 2);
    await rds.advanceBy({ days: 2 });
    expect([rds.snapshots('db1'), events]).toEqual([[], []]);
    await rds.advanceBy({ days: 1 });
    expect(rds.snapshots('db1')).toHaveLength(1);
  });

  test('there is none while a snapshot of the same database is being copied', async () => {
    const { rds } = simulated();
    rds.createInstance({ id: 'db1' });
    const old = rds.takeBackup('db1', { id: 'old', at: utc('2026-10-22T03:00:00') });
    rds.copySnapshot(old, { id: 'copy', durationMinutes: 12 * 60 });
    await rds.advanceBy({ days: 1 });
    expect(rds.snapshots('db1').filter(({ type }) => type === 'automated')).toEqual([]);
    await rds.advanceBy({ days: 1 });
    expect(rds.snapshots('db1').filter(({ type }) => type === 'automated')).toHaveLength(1);
  });

  test('an instance says backing-up meanwhile, and the nightly backup waits for one by hand', async () => {
    const { rds } = simulated({ now: utc('2026-11-01T02:50:00'), random: () => 0 });
    const db = rds.createInstance({ id: 'db1', window: '03:00-04:00' });
    rds.takeBackup('db1', { id: 'by-hand', durationMinutes: 33 });
    await rds.advanceTo(utc('2026-11-01T03:22:00'));
    expect([db.status, rds.snapshots('db1').length]).toEqual(['backing-up', 1]);
    await rds.advanceTo(utc('2026-11-01T06:00:00'));
    expect(db.status).toBe('available');
    expect(rds.snapshots('db1').map(({ startedAt }) => startedAt)).toEqual([
      utc('2026-11-01T02:50:00'),
      utc('2026-11-01T03:25:00'),
    ]);
  });

  test('members of a cluster have no backups of their own', async () => {
    const { rds } = simulated();
    rds.createCluster({ id: 'sea', members: ['crab'] });
    await rds.advanceBy({ days: 2 });
    expect(rds.snapshots('crab')).toEqual([]);
    expect(rds.snapshots('sea')).toHaveLength(2);
    expect(() => rds.takeBackup('crab')).toThrow('crab is a member of a cluster: back up sea');
  });

  test('the same seed gives the same month', async () => {
    const month = async (seed: number) => {
      const { rds, events } = simulated({ seed });
      rds.createInstance({ id: 'db1' });
      await rds.advanceBy({ days: 30 });
      return events;
    };
    expect(await month(7)).toEqual(await month(7));
    expect(await month(7)).not.toEqual(await month(8));
  });
});

describe('what happens to a database', () => {
  test('a stopped one is not backed up, keeps its backups, and is started again after seven days', async () => {
    const { rds, numbers } = simulated();
    const db = rds.createInstance({ id: 'db1', retention: 1 });
    await rds.advanceBy({ days: 1 });
    rds.stop('db1');
    expect(db.restartsAt).toEqual(utc('2026-11-09T00:00:00'));
    await rds.advanceTo(utc('2026-11-08T23:59:00'));
    expect([db.status, rds.snapshots('db1').length]).toEqual(['stopped', 1]);
    await rds.advanceTo(utc('2026-11-09T12:00:00'));
    expect([db.status, db.restartsAt]).toEqual(['available', undefined]);
    expect(numbers().slice(4)).toEqual(['0087', '0154', '0001', '0090', '0091', '0002']);
  });

  test('one that was started by hand is not started once more', async () => {
    const { rds, numbers } = simulated();
    rds.createCluster({ id: 'sea', members: ['crab'] });
    rds.stop('sea');
    expect(rds.find('crab').status).toBe('stopped');
    rds.start('sea');
    expect(rds.find('crab').status).toBe('available');
    await rds.advanceBy({ days: 8 });
    expect(numbers().filter((number) => number.startsWith('015'))).toEqual(['0150', '0151']);
  });

  test('a cluster that stays stopped is restarted with 0153', async () => {
    const { rds, numbers } = simulated();
    rds.createCluster({ id: 'sea' });
    rds.stop('sea');
    await rds.advanceBy({ days: 7 });
    expect(numbers()).toEqual(['0150', '0153']);
  });

  test('retention 0 removes automated backups and is announced by 0028, its end by 0032', async () => {
    const { rds, numbers } = simulated();
    rds.createInstance({ id: 'db1' });
    rds.takeBackup('db1', { kind: 'automated', at: utc('2026-10-31T03:00:00') });
    rds.takeBackup('db1', { id: 'by-hand', at: utc('2026-10-31T04:00:00') });
    rds.setRetention('db1', 0);
    rds.setRetention('db1', 7);
    rds.setRetention('db1', 14);
    await rds.settle();
    expect(rds.snapshots('db1').map(({ id }) => id)).toEqual(['by-hand']);
    expect(numbers()).toEqual(['0028', '0032']);
  });

  test('a retention that waits for the maintenance window is pending until then, or until another one comes', async () => {
    const { rds } = simulated();
    rds.createInstance({ id: 'db1' });
    rds.planRetention('db1', 0, utc('2026-11-03T00:00:00'));
    const shown = () => (rds.call('DescribeDBInstances', {}) as DescribeDBInstancesCommandOutput).DBInstances?.[0];
    expect(shown()).toMatchObject({ BackupRetentionPeriod: 7, PendingModifiedValues: { BackupRetentionPeriod: 0 } });
    await rds.advanceTo(utc('2026-11-03T00:00:00'));
    expect(shown()).toMatchObject({ BackupRetentionPeriod: 0, PendingModifiedValues: undefined });
    rds.planRetention('db1', 3, utc('2026-11-05T00:00:00'));
    rds.setRetention('db1', 5);
    await rds.advanceTo(utc('2026-11-06T00:00:00'));
    expect(shown()).toMatchObject({ BackupRetentionPeriod: 5, PendingModifiedValues: undefined });
  });

  test("a cluster's automated backups cannot be disabled", () => {
    const { rds } = simulated();
    rds.createCluster({ id: 'sea' });
    expect(() => rds.setRetention('sea', 0)).toThrow('must be 1 to 35 days, got 0');
  });

  test('deleting an instance removes its automated backups and keeps the manual ones', async () => {
    const { rds, numbers } = simulated();
    const db = rds.createInstance({ id: 'db1' });
    rds.takeBackup('db1', { kind: 'automated', at: utc('2026-10-31T03:00:00') });
    rds.takeBackup('db1', { id: 'by-hand', at: utc('2026-10-31T04:00:00') });
    rds.delete('db1', { finalSnapshot: 'farewell' });
    await rds.settle();
    expect(rds.snapshots(db).map(({ id }) => id)).toEqual(['by-hand', 'farewell']);
    expect(numbers()).toEqual(['0001', '0040', '0042', '0002', '0003']);
    await rds.advanceBy({ days: 2 });
    expect(rds.snapshots(db)).toHaveLength(2);
  });

  test('automated backups that are kept on deletion expire in their time', async () => {
    const { rds } = simulated();
    const db = rds.createInstance({ id: 'db1', retention: 7 });
    rds.takeBackup('db1', { kind: 'automated', at: utc('2026-10-31T03:00:00') });
    rds.delete('db1', { keepAutomated: true });
    await rds.advanceTo(utc('2026-11-07T02:59:00'));
    expect(rds.snapshots(db)).toHaveLength(1);
    await rds.advanceTo(utc('2026-11-07T03:00:00'));
    expect(rds.snapshots(db)).toEqual([]);
  });

  test('deleting a cluster takes its members with it and is announced by 0171, renaming it by 0172', async () => {
    const { rds, numbers } = simulated();
    rds.createCluster({ id: 'sea', members: 2 });
    rds.rename('sea', 'ocean');
    rds.delete('ocean');
    await rds.settle();
    expect(rds.databases()).toEqual([]);
    expect(numbers()).toEqual(['0172', '0003', '0003', '0171']);
  });
});

describe('snapshots by hand', () => {
  test.each([
    ['a manual one', { kind: 'manual' as const }, ['0001', '0040', '0042', '0002']],
    ["AWS Backup's", { kind: 'awsbackup' as const }, ['0001', '0040', '0042', '0002']],
    [
      "AWS Backup's, as a copy",
      { kind: 'awsbackup' as const, announcedAs: 'copied' as const },
      ['0001', '0196', '0197', '0002'],
    ],
  ])('%s of an instance is announced', async (_what, spec, expected) => {
    const { rds, numbers } = simulated();
    rds.createInstance({ id: 'db1', retention: 0 });
    rds.takeBackup('db1', spec);
    await rds.advanceBy({ hours: 1 });
    expect(numbers()).toEqual(expected);
  });

  test('copies are announced as such, those of clusters as manual ones', async () => {
    const { rds, numbers } = simulated();
    rds.createInstance({ id: 'db1', retention: 0 });
    rds.createCluster({ id: 'sea' });
    const ofInstance = rds.takeBackup('db1', { id: 'a', at: utc('2026-10-22T03:00:00') });
    const ofCluster = rds.takeBackup('sea', { id: 'b', at: utc('2026-10-22T03:00:00') });
    rds.copySnapshot(ofInstance, { id: 'a-here', durationMinutes: 0 });
    rds.copySnapshot(ofInstance, { id: 'a-there', durationMinutes: 0, fromRegion: 'eu-central-1' });
    rds.copySnapshot(ofCluster, { id: 'b-here', durationMinutes: 0 });
    await rds.settle();
    expect(numbers()).toEqual(['0196', '0197', '0059', '0060', '0074', '0075']);
  });

  test('a deletion is announced for the snapshot of an instance, never for that of a cluster', async () => {
    const { rds, numbers } = simulated();
    rds.createInstance({ id: 'db1', retention: 0 });
    rds.createCluster({ id: 'sea' });
    rds.takeBackup('db1', { id: 'a', at: utc('2026-10-22T03:00:00') });
    rds.takeBackup('sea', { id: 'b', at: utc('2026-10-22T03:00:00') });
    rds.deleteSnapshot('a');
    rds.deleteSnapshot('b');
    await rds.settle();
    expect(numbers()).toEqual(['0041']);
    expect(rds.snapshots()).toEqual([]);
  });

  test('an automated one cannot be deleted by hand', () => {
    const { rds } = simulated();
    rds.createInstance({ id: 'db1' });
    const automated = rds.takeBackup('db1', { kind: 'automated' });
    expect(() => rds.deleteSnapshot(automated)).toThrow('it can expire, but not be deleted by hand');
  });

  test('one of the past is there at once and is not announced; one of the future comes when its time does', async () => {
    const { rds, numbers } = simulated();
    rds.createInstance({ id: 'db1', retention: 0 });
    expect(rds.takeBackup('db1', { at: utc('2026-10-31T20:00:00') }).status).toBe('available');
    rds.takeBackup('db1', { id: 'planned', at: utc('2026-11-01T06:00:00') });
    expect(rds.snapshots('db1')).toHaveLength(1);
    await rds.advanceTo(utc('2026-11-01T06:05:00'));
    expect(rds.snapshot('planned').status).toBe('creating');
    expect(numbers()).toEqual(['0001', '0040']);
  });
});

describe('delivery', () => {
  async function nightOf(delivery: Parameters<typeof flakyDelivery>[0]) {
    const { rds, events } = simulated({ delivery: flakyDelivery(delivery) });
    for (let index = 0; index < 50; index++) rds.createInstance({ id: `db${index}` });
    await rds.advanceBy({ days: 1 });
    return { sent: rds.history(), arrived: events };
  }

  test('events get lost', async () => {
    const { sent, arrived } = await nightOf({ lost: 0.3 });
    expect(sent).toHaveLength(200);
    expect(arrived.length).toBeGreaterThan(100);
    expect(arrived.length).toBeLessThan(180);
  });

  test('events arrive twice, under one id', async () => {
    const { sent, arrived } = await nightOf({ doubled: 1 });
    expect(arrived).toHaveLength(400);
    expect(new Set(arrived.map(({ id }) => id)).size).toBe(sent.length);
  });

  test('events arrive late and out of order', async () => {
    const { sent, arrived } = await nightOf({ late: 0.5, lateMinutes: 90 });
    expect(arrived).toHaveLength(sent.length);
    const times = arrived.map(({ detail }) => detail.Date);
    expect(times).not.toEqual([...times].sort());
  });

  test('chosen events are lost until that is healed', async () => {
    const { rds, numbers } = simulated();
    rds.createInstance({ id: 'db1' });
    const heal = rds.loseEvents(({ detail }) => detail.EventID === 'RDS-EVENT-0091');
    await rds.advanceBy({ days: 1 });
    expect(numbers()).toEqual(['0001', '0090', '0002']);
    heal();
    await rds.advanceBy({ days: 1 });
    expect(numbers()).toEqual(['0001', '0090', '0002', '0001', '0090', '0091', '0002']);
  });

  test('a sink sees the simulated moment of delivery, and what fails in it climbs', async () => {
    const seen: Date[] = [];
    const { rds } = simulated({
      delivery: () => [90],
      eventSink: () => {
        seen.push(rds.now);
        if (seen.length === 2) throw new Error('the sink is full');
      },
    });
    rds.createInstance({ id: 'db1', retention: 0 });
    rds.takeBackup('db1');
    await expect(rds.advanceBy({ minutes: 5 })).rejects.toThrow('the sink is full');
    expect(seen).toEqual([utc('2026-11-01T00:01:30'), utc('2026-11-01T00:01:30')]);
    await rds.advanceBy({ hours: 1 });
    expect(seen).toHaveLength(4);
  });
});
