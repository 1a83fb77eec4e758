/** Names of snapshots and databases are used again, and databases are renamed: a copy is of its backup and of its tenant. */
import { describe, expect, it } from 'vitest';
import type { Database } from '../../../local/rds/model.ts';
import { seededRandom } from '../../../local/rds/randomness.ts';
import { exportTaskId } from '../../../shared/copies/naming.ts';
import { retried } from '../../../shared/copies/transitions.ts';
import type { Backup } from '../../../shared/domain/index.ts';
import { closeBackup } from '../../../shared/ledger/close.ts';
import { dayMs, minuteMs } from '../../../shared/lib/time.ts';
import { collect, where } from '../../support/world.ts';
import { Mortal } from './crash.ts';
import { type CopyWorldOptions, copyWorld, exporting, sharedBucket } from './world.ts';

type World = ReturnType<typeof copyWorld>;
type Kind = 'instance' | 'cluster';

const manual = { kinds: ['manual'], schedule: 'every' };
const later = (date: Date, ms: number) => new Date(date.getTime() + ms);

function create(world: World, kind: Kind, id: string): Database {
  return kind === 'instance' ? world.rds.createInstance({ id, retention: 0 }) : world.rds.createCluster({ id });
}

/** Takes all free slots, for as long as they are not given back. */
function takeSlots(world: World, round = 0): () => void {
  const free =
    5 - world.rds.exportTasks().filter(({ Status }) => Status === 'STARTING' || Status === 'IN_PROGRESS').length;
  const ids = Array.from({ length: free }, (_, index) => `theirs-${round}-${index}`);
  for (const id of ids) {
    const other = world.rds.createInstance({ id });
    const { id: snapshot, arn } = world.rds.takeBackup(other, { at: later(world.rds.now, -60 * minuteMs) });
    world.rds.planExport(snapshot, { kind: 'hang' });
    world.rds.call('StartExportTask', {
      ExportTaskIdentifier: id,
      SourceArn: arn,
      S3BucketName: 'theirs',
      IamRoleArn: 'theirs',
      KmsKeyId: 'theirs',
    });
  }
  return () => {
    for (const id of ids) world.rds.call('CancelExportTask', { ExportTaskIdentifier: id });
  };
}

/** Each of our tasks that read another snapshot than the backup that it is named after. */
function misnamed(world: World, backups: readonly Backup[]) {
  const createdAt = new Map(
    backups.flatMap((backup) => [1, 2, 3].map((attempt) => [exportTaskId(backup, attempt), +backup.createdAt])),
  );
  return world.rds
    .exportTasks()
    .filter(({ ExportTaskIdentifier: id }) => id?.startsWith('copy-'))
    .filter(({ ExportTaskIdentifier: id, SnapshotTime }) => createdAt.get(id ?? '') !== SnapshotTime?.getTime());
}

describe.each(['instance', 'cluster'] as const)('a snapshot (%s) whose name is used again', (kind) => {
  const config = exporting({ acme: [kind === 'cluster' ? 'cluster:orders' : 'orders'] }, {}, manual);

  /** `nightly` was taken, recorded and deleted for some days; none of its copies could start. */
  async function waitingFor(days: number, options: Partial<CopyWorldOptions> = {}) {
    const world = copyWorld({ config, ...options });
    const database = create(world, kind, 'orders');
    const giveBack = takeSlots(world);
    const backups: Backup[] = [];
    for (let day = 0; day < days; day += 1) {
      if (day > 0) world.rds.deleteSnapshot('nightly');
      world.rds.takeBackup(database, { id: 'nightly', durationMinutes: 10 });
      await world.rds.advanceBy({ hours: 1 });
      backups.push(await world.record('nightly'));
      await world.pass();
      await world.rds.advanceBy({ hours: 23 });
    }
    giveBack();
    await world.rds.advanceBy({ minutes: 5 });
    const codes = async () =>
      Promise.all(backups.map(world.copyOf)).then((copies) => copies.map(({ state, cause }) => [state, cause?.code]));
    return { ...world, database, backups, codes };
  }

  it('is exported as the day that RDS has, and no other day is', async () => {
    const world = await waitingFor(3);
    expect(await world.copies('queued')).toHaveLength(3);
    await world.pass();
    expect(await world.codes()).toEqual([
      ['skipped', 'snapshot-replaced'],
      ['skipped', 'snapshot-replaced'],
      ['running', undefined],
    ]);
    expect(misnamed(world, world.backups)).toEqual([]);
    expect(world.notified.map(({ tenant, copies }) => [tenant, copies.length])).toEqual([['acme', 2]]);
  });

  it('is not exported while tonight’s is being created, with or without a time', async () => {
    for (const createTimeWhileCreating of [true, false]) {
      const world = await waitingFor(1);
      world.rds.deleteSnapshot('nightly');
      world.rds.takeBackup(world.database, { id: 'nightly', createTimeWhileCreating });
      await world.pass();
      expect(await world.codes()).toEqual([['skipped', 'snapshot-replaced']]);
    }
  });

  it('is expired where there is none of that name, and says so too where its row was closed for it', async () => {
    const world = await waitingFor(2);
    world.rds.deleteSnapshot('nightly');
    const why = { cause: { code: 'name-used-again', facts: {} }, retentionDays: 400 } as const;
    await closeBackup(world.ledger, world.backups[0] as Backup, why, world.rds.now);
    await world.pass();
    expect(await world.codes()).toEqual([
      ['skipped', 'snapshot-replaced'],
      ['skipped', 'snapshot-expired'],
    ]);
    expect(misnamed(world, world.backups)).toEqual([]);
  });

  it('that takes its place in the moment before the start is not taken for it', async () => {
    const world = await waitingFor(1);
    const off = world.rds.onCall(({ action }) => {
      if (action !== 'StartExportTask') return undefined;
      off();
      world.rds.deleteSnapshot('nightly');
      world.rds.takeBackup(world.database, { id: 'nightly', durationMinutes: 0 });
      return undefined;
    });
    await world.pass();
    world.backups.push(await world.record('nightly'));
    await world.rds.advanceBy({ hours: 2 });
    await world.pass();
    expect(await world.codes()).toEqual([
      ['failed', 'snapshot-replaced'],
      ['running', undefined],
    ]);
  });

  it('has a task of its own for each day, and an event that names the ARN ends the right ones', async () => {
    const world = await waitingFor(1, { simulator: { exportMinutes: () => 60 } });
    await world.pass();
    world.rds.deleteSnapshot('nightly');
    world.rds.takeBackup(world.database, { id: 'nightly', durationMinutes: 10 });
    await world.rds.advanceBy({ minutes: 30 });
    const tonight = await world.record('nightly');
    // Two rows of one ARN are under way; neither index shows them yet.
    await world.changeCopy(tonight, (copy) => ({
      ...copy,
      state: 'running',
      startedAt: world.rds.now,
      taskId: 'copy-x',
    }));
    await world.rds.advanceBy({ minutes: 40 });
    world.ledger.copies = async function* () {};
    await world.pass({ exportsEnded: [tonight.arn] });
    expect(await world.codes()).toEqual([['complete', undefined]]);
    expect((await world.copyOf(tonight)).state).toBe('running');
  });

  // Too slow for mutation testing, which runs it once for each change.
  const inWeeks = it.skipIf(process.env.MUTATION_TESTS !== undefined);
  inWeeks(
    'never mixes days, in weeks of full slots, dying runs and events that nobody heard',
    async () => {
      const seen = new Set<string>();
      for (let seed = 1; seed <= 6; seed += 1) {
        const random = seededRandom(seed);
        const exportMinutes = () => 30 + random() * 20 * 60;
        const world = copyWorld({ config, simulator: { seed, exportMinutes } });
        const database = create(world, kind, 'orders');
        world.run.life = () => (random() < 0.2 ? new Mortal(1 + Math.floor(random() * 15), 'after') : new Mortal());
        let giveBack: (() => void) | undefined;
        const backups: Backup[] = [];
        for (let night = 0; night < 10; night += 1) {
          if (giveBack) giveBack();
          giveBack = random() < 0.6 ? takeSlots(world, night) : undefined;
          const known = world.rds.snapshots(database).find(({ id }) => id === 'nightly');
          if (known) world.rds.deleteSnapshot(known);
          const tonight = world.rds.takeBackup(database, {
            id: 'nightly',
            durationMinutes: 5 + Math.floor(random() * 90),
          });
          for (let hour = 0; hour < 24; hour += 1) {
            await world.rds.advanceBy({ hours: 1 });
            const recorded = backups.some(({ createdAt }) => +createdAt === +tonight.startedAt);
            if (!recorded && tonight.status === 'available' && random() < 0.5)
              backups.push(await world.record('nightly'));
            await world.pass().catch(() => undefined);
          }
        }
        giveBack?.();
        world.run.life = () => new Mortal();
        for (let half = 0; half < 6; half += 1) {
          await world.rds.advanceBy({ hours: 12 });
          await world.pass();
        }
        expect(misnamed(world, backups)).toEqual([]);
        const copies = await Promise.all(backups.map(world.copyOf));
        for (const { state, cause } of copies) seen.add(`${state} ${cause?.code ?? ''}`.trim());
      }
      expect([...seen].sort()).toEqual(['complete', 'skipped snapshot-replaced']);
    },
    60_000,
  );
});

describe('a database whose name passes on to another tenant', () => {
  const staging = { bucket: 'dumps', owner: '222222222222', key: '{snapshotId}' };
  const owned = (tenants: Record<string, readonly string[]>, copy: object, more: object = {}) =>
    exporting(tenants, more, { ...manual, ...copy });

  /** A waiting snapshot of acme's `orders`, which was deleted; a new `orders` is globex's. */
  async function passedOn(
    copy: object,
    more: object = {},
    before?: (world: World, backup: Backup) => Promise<unknown>,
  ) {
    const world = copyWorld({ config: owned({ acme: ['orders', 'crm'], globex: ['shop'] }, copy, more) });
    const old = world.rds.createInstance({ id: 'orders' });
    world.rds.takeBackup(old, { id: 'last', at: later(world.rds.now, -60 * minuteMs) });
    const backup = await world.record('last');
    world.s3.createBucket('dumps', staging.owner);
    world.s3.put('dumps', 'last', 'a dump');
    await before?.(world, backup);
    world.rds.delete(old);
    world.rds.createInstance({ id: 'orders' });
    world.configure(owned({ acme: ['crm'], globex: ['shop', 'orders'] }, copy, more));
    return { ...world, backup };
  }

  const own = { defaults: { copy: { mode: 'export', ...manual }, bucket: { type: 'own' } } };

  it.each<[string, object, object, ((world: World, backup: Backup) => Promise<unknown>)?]>([
    ['waits for its first export', {}, {}],
    ['waits to be exported into a bucket of its own', {}, own],
    ['waits for its dump', { mode: 'object', staging }, {}],
    [
      'was left behind at the start by a crash',
      {},
      {},
      (world, backup) => world.changeCopy(backup, (copy) => ({ ...copy, state: 'starting', taskId: 'copy-lost' })),
    ],
    [
      'waits for its next attempt',
      {},
      {},
      (world, backup) =>
        world.changeCopy(backup, (copy) => ({
          ...copy,
          attempt: 2,
          cause: { code: 'export-failed', facts: { said: 'trouble' } },
        })),
    ],
    [
      'is tried again by a person',
      {},
      {},
      (world, backup) =>
        world.changeCopy(backup, (copy) => retried({ ...copy, state: 'failed' }, 'export', world.rds.now) ?? copy),
    ],
  ])('keeps its new owner’s place clear of a backup that %s', async (_, copy, more, before) => {
    const world = await passedOn(copy, more, before);
    await world.pass();
    await world.pass();
    expect(await world.copyOf(world.backup)).toMatchObject({
      state: 'skipped',
      cause: { code: 'owner-changed', facts: { tenant: 'globex' } },
    });
    expect(world.rds.exportTasks()).toEqual([]);
    expect(world.s3.calls.filter(({ name }) => /^(Copy|Create|Put)/.test(name))).toEqual([]);
    expect(await world.reasonOf(world.backup)).toContain('belongs to tenant globex now');
    expect(world.notified).toEqual([]);
  });

  it('lets an export end that was under way, in the place that it was started for', async () => {
    const world = await passedOn({}, {}, (world) => world.pass());
    await world.rds.advanceBy({ hours: 1 });
    await world.pass();
    expect(await world.copyOf(world.backup)).toMatchObject({ state: 'complete', prefix: 'acme/orders' });
    expect(world.s3.keys(sharedBucket).every((key) => key.startsWith('acme/orders/'))).toBe(true);
  });

  it('goes on to be copied for the owner of each backup, where both have entries', async () => {
    const world = await passedOn({});
    world.rds.takeBackup('orders', { id: 'first', at: later(world.rds.now, -30 * minuteMs) });
    const first = await world.record('first');
    expect(first.tenant).toBe('globex');
    await world.pass();
    expect(await world.copyOf(first)).toMatchObject({ state: 'running', prefix: 'globex/orders' });
    expect((await world.copyOf(world.backup)).state).toBe('skipped');
  });
});

describe('a database that was renamed', () => {
  it.each([
    ['shared', 'acme/orders', 'acme/orders-v2'],
    ['own', 'orders', 'orders-v2'],
  ])('is copied on under the configuration’s name for it, in a bucket of type %s', async (type, before, after) => {
    const named = (id: string) =>
      exporting({ acme: [id] }, { defaults: { copy: { mode: 'export', ...manual }, bucket: { type } } });
    const world = copyWorld({ config: named('orders') });
    const database = world.rds.createInstance({ id: 'orders' });
    const take = async (id: string) => {
      world.rds.takeBackup(database, { id, at: later(world.rds.now, -60 * minuteMs) });
      return world.record(id);
    };
    const first = await take('first');
    world.rds.rename('orders', 'orders-v2');
    const second = await take('second');
    expect(second).toMatchObject({ databaseId: 'orders-v2', tenant: 'acme' });
    await world.pass();
    expect(await world.copyOf(first)).toMatchObject({ state: 'running', prefix: before });
    expect(await world.copyOf(second)).toMatchObject({ state: 'running', prefix: before });

    world.configure(named('orders-v2'));
    const third = await take('third');
    await world.pass();
    expect(await world.copyOf(third)).toMatchObject({ state: 'running', prefix: after });
  });
});

it('a run asks ledger and RDS about twenty copies at once, in one call each', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `db-${index}`);
  const clusters = Array.from({ length: 8 }, (_, index) => `cl-${index}`);
  const world = copyWorld({
    config: exporting({ acme: [...ids, ...clusters.map((id) => `cluster:${id}`)] }, {}, manual),
  });
  for (const id of ids)
    world.rds.takeBackup(create(world, 'instance', id), { id: `s-${id}`, at: later(world.rds.now, -dayMs) });
  for (const id of clusters)
    world.rds.takeBackup(create(world, 'cluster', id), { id: `s-${id}`, at: later(world.rds.now, -dayMs) });
  for (const id of [...ids, ...clusters]) await world.record(`s-${id}`);
  world.rds.resetCalls();
  let asked = 0;
  const databases = world.ledger.databases.bind(world.ledger);
  world.ledger.databases = (...args) => {
    asked += 1;
    return databases(...args);
  };
  expect((await world.pass()).run).toMatchObject({ started: 5, waiting: 15 });
  // Instances' snapshots are listed twice: AWS Backup's apart.
  expect({
    asked,
    instances: world.rds.calls('DescribeDBSnapshots'),
    clusters: world.rds.calls('DescribeDBClusterSnapshots'),
    tasks: world.rds.calls('DescribeExportTasks'),
  }).toEqual({ asked: 1, instances: 2, clusters: 1, tasks: 1 });
  expect(await collect(world.ledger.copies(where, 'running'))).toHaveLength(5);
});
