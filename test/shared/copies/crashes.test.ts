import { describe, expect, it } from 'vitest';
import { flakyDelivery } from '../../../local/rds/events.ts';
import { RdsFault, throttling } from '../../../local/rds/faults.ts';
import { seededRandom } from '../../../local/rds/randomness.ts';
import { GiB } from '../../../shared/copies/copy-object.ts';
import { databaseKey } from '../../../shared/domain/index.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
import { where } from '../../support/world.ts';
import { Crash, Mortal } from './crash.ts';
import { copyWorld, exporting, sharedBucket } from './world.ts';

/** Three backups of two tenants, one of which fails its first export; passes until nothing moves, one of which may die. */
async function story(life: Mortal, dies: number) {
  const world = copyWorld({ config: exporting({ acme: ['orders', 'billing'], globex: ['shop'] }) });
  for (const id of ['orders', 'billing', 'shop']) {
    const database = world.rds.createInstance({ id, dataGb: 10 });
    const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
    const snapshot = world.rds.takeBackup(database, { kind: 'automated', at });
    if (id === 'billing')
      world.rds.planExport(snapshot.id, { kind: 'fail', cause: 'An unknown internal error occurred.' });
    await world.record(snapshot.id);
  }
  for (let pass = 1; pass <= 8; pass += 1) {
    try {
      await world.pass({}, pass === dies ? life : new Mortal());
    } catch (error) {
      if (pass !== dies || !life.died) throw error;
      // Lambda's retry comes at once.
      await world.pass();
    }
    await world.rds.advanceBy({ minutes: 15 });
  }
  const rows = await Promise.all(['acme', 'globex'].map((tenant) => world.ledger.backupsOfTenant(tenant)));
  const copies = [];
  for (const list of rows) for await (const row of list) copies.push(row);
  return { world, copies };
}

describe('a run that dies', () => {
  // Passes 1 to 3 start, follow a failure, and start its second attempt.
  for (const dies of [1, 2, 3]) {
    for (const when of ['before', 'after'] as const) {
      it(`${when} any call of pass ${dies} loses no copy and makes none twice`, async () => {
        const whole = new Mortal();
        await story(whole, dies);
        expect(whole.calls).toBeGreaterThan(5);
        for (let call = 1; call <= whole.calls; call += 1) {
          const life = new Mortal(call, when);
          const { world, copies } = await story(life, dies);
          expect({ call, died: life.died }).toEqual({ call, died: true });
          expect(copies.map(({ copy }) => copy.state)).toEqual(['complete', 'complete', 'complete']);
          const completed = world.completedTasks();
          expect(completed.map(({ SourceArn }) => SourceArn).sort()).toEqual(copies.map(({ arn }) => arn).sort());
          expect(completed.map(({ ExportTaskIdentifier }) => ExportTaskIdentifier).sort()).toEqual(
            copies.map(({ copy }) => copy.taskId).sort(),
          );
          // The failed export and its second attempt, and nothing else besides.
          expect(world.rds.exportTasks()).toHaveLength(4);
        }
      });
    }
  }
});

/** Passes until nothing moves, the first of which dies at the given call. */
async function passes(world: ReturnType<typeof copyWorld>, life: Mortal) {
  for (let pass = 1; pass <= 4; pass += 1) {
    await world.pass({}, pass === 1 ? life : new Mortal()).catch((error: unknown) => {
      if (pass > 1 || !life.died) throw error;
    });
    await world.rds.advanceBy({ minutes: 15 });
  }
}

it('people are notified of a failure, rather twice than never, whatever call the run that meets it dies at', async () => {
  for (const when of ['before', 'after'] as const) {
    let died = true;
    for (let call = 1; died; call += 1) {
      const world = copyWorld({ config: exporting({ acme: ['orders'] }) });
      const database = world.rds.createInstance({ id: 'orders' });
      const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
      const backup = await world.record(world.rds.takeBackup(database, { kind: 'automated', at }).id);
      world.rds.failNext('StartExportTask', 10, new RdsFault('DBSnapshotNotFound', 404, 'gone'));
      const life = new Mortal(call, when);
      await passes(world, life);
      died = life.died;
      expect(await world.copyOf(backup)).toMatchObject({ state: 'skipped', notifiedAt: expect.any(Date) });
      expect(world.notified.length).toBeGreaterThanOrEqual(1);
      expect(world.notified.length).toBeLessThanOrEqual(2);
    }
  }
});

describe('a dump is copied once, at its first attempt, whatever call the run that copies it dies at', () => {
  const staging = { bucket: 'dumps', owner: '222222222222', waitHours: 24 };

  async function nightWith(key: string, bytes: number, life: Mortal) {
    const config = exporting({ acme: ['erp'] }, {}, { mode: 'object', staging: { ...staging, key } });
    const world = copyWorld({ config });
    const database = world.rds.createInstance({ id: 'erp', engine: 'sqlserver-se' });
    const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
    const backup = await world.record(world.rds.takeBackup(database, { kind: 'automated', at }).id);
    world.s3.put('dumps', key.replace('{snapshotId}', backup.id).replace('{databaseId}/', 'erp/one.bak'), 'a dump', {
      bytes,
    });
    await passes(world, life);
    // Past the time that a run can live.
    await world.rds.advanceBy({ minutes: 30 });
    // Meanwhile a later dump has come under the same prefix.
    if (key.endsWith('/')) world.s3.put('dumps', 'erp/two.bak', 'another dump');
    await world.pass();
    await world.rds.advanceBy({ hours: 1 });
    await world.pass();
    return { ...world, copy: await world.copyOf(backup) };
  }

  it.each([
    ['in one piece', '{snapshotId}', 6],
    ['in parts', '{snapshotId}', 5 * GiB + 1],
    ['the newest under a prefix', '{databaseId}/', 6],
    ['the newest under a prefix, in parts', '{databaseId}/', 5 * GiB + 1],
  ])('%s', async (_, key, bytes) => {
    const whole = new Mortal();
    const calls = await nightWith(key, bytes, whole).then(() => whole.calls);
    for (const when of ['before', 'after'] as const) {
      for (let call = 1; call <= calls; call += 1) {
        const life = new Mortal(call, when);
        const { copy, s3, notified } = await nightWith(key, bytes, life);
        const name = key.endsWith('/') ? 'one.bak' : copy.source?.object.split('/').at(-1);
        expect({ call, when, died: life.died, ...copy }).toMatchObject({
          died: true,
          state: 'complete',
          attempt: 1,
          bytes,
        });
        expect(s3.keys(sharedBucket)).toEqual([`${copy.prefix}/${copy.taskId}/${name}`]);
        expect(s3.called('CompleteMultipartUpload').length + s3.called('CopyObject').length).toBeLessThanOrEqual(2);
        expect([...s3.uploads]).toEqual([]);
        expect(notified).toEqual([]);
      }
    }
  });

  it('and whatever calls the runs after it die at', async () => {
    const random = seededRandom(7);
    for (let round = 0; round < 40; round += 1) {
      const config = exporting(
        { acme: ['erp'] },
        {},
        { mode: 'object', staging: { ...staging, key: '{databaseId}/' } },
      );
      const world = copyWorld({ config });
      const database = world.rds.createInstance({ id: 'erp', engine: 'sqlserver-se' });
      const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
      const backup = await world.record(world.rds.takeBackup(database, { kind: 'automated', at }).id);
      world.s3.put('dumps', 'erp/one.bak', 'a dump', { bytes: 5 * GiB + 1 });
      for (let run = 0; run < 5; run += 1) {
        const life = new Mortal(1 + Math.floor(random() * 40), random() < 0.5 ? 'before' : 'after');
        await world.pass({}, life).catch(() => undefined);
        await world.rds.advanceBy({ minutes: 25 });
      }
      await world.pass();
      const copy = await world.copyOf(backup);
      expect({ round, ...copy }).toMatchObject({ state: 'complete', attempt: 1, bytes: 5 * GiB + 1 });
      expect(world.s3.keys(sharedBucket)).toHaveLength(1);
      expect([...world.s3.uploads]).toEqual([]);
    }
  });

  it('and no part is copied again that is there', async () => {
    const whole = new Mortal();
    const { s3 } = await nightWith('{snapshotId}', 5 * GiB + 1, whole);
    const parts = s3.called('UploadPartCopy').length;
    expect(parts).toBe(21);
    let died = true;
    for (let call = 1; died; call += 1) {
      const life = new Mortal(call, 'after');
      const night = await nightWith('{snapshotId}', 5 * GiB + 1, life);
      died = life.died;
      // What is under way at the moment of death is not known, and is copied again.
      expect(night.s3.called('UploadPartCopy').length).toBeLessThanOrEqual(parts + 16);
    }
  });
});

it('500 snapshots of one night reach their buckets once each, whatever is lost, doubled, late, throttled, or dies', async () => {
  const random = seededRandom(7);
  const tenants: Record<string, string[]> = {};
  for (let index = 0; index < 500; index += 1) {
    const tenant = `tenant${index < 250 ? 0 : index % 20}`;
    tenants[tenant] = [...(tenants[tenant] ?? []), `database-${index}`];
  }
  const world = copyWorld({
    automatic: true,
    config: exporting(tenants),
    simulator: {
      seed: 7,
      delivery: flakyDelivery({ lost: 0.1, doubled: 0.1, late: 0.2, lateMinutes: 90, jitterSeconds: 60 }),
      // Five slots carry the night's 500 before the next night.
      exportMinutes: () => 5 + random() * 6,
    },
  });
  for (const id of Object.values(tenants).flat()) {
    world.rds.createInstance({ id, window: '03:00-05:00', tables: [{ name: 'public.orders', rows: 1 }] });
  }
  await world.sweepAndCopy('sweep');
  let deaths = 0;
  world.run.life = () => {
    const life =
      random() < 0.2 ? new Mortal(1 + Math.floor(random() * 12), random() < 0.5 ? 'before' : 'after') : new Mortal();
    const call = life.call.bind(life);
    life.call = async (work) => {
      try {
        return await call(work);
      } catch (error) {
        if (error instanceof Crash && error.message.startsWith('died')) deaths += 1;
        throw error;
      }
    };
    return life;
  };
  world.rds.onCall(({ action }) => (action === 'StartExportTask' && random() < 0.05 ? throttling : undefined));
  const wanted = async () => {
    const copies = [];
    for (const database of world.rds.databases()) {
      copies.push(...(await world.backupsOf(databaseKey(where, database.resourceId))));
    }
    return copies;
  };
  await world.rds.runNight('06:00');
  await world.sweepAndCopy('sweep');
  for (let passes = 0; passes < 70; passes += 1) {
    const active = [
      ...(await world.copies('queued')),
      ...(await world.copies('starting')),
      ...(await world.copies('running')),
    ];
    if (active.length === 0) break;
    await world.rds.advanceBy({ minutes: 15 });
    await world.settled();
  }
  const copies = await wanted();
  expect(deaths).toBeGreaterThan(50);
  expect(new Set(copies.map(({ arn }) => arn)).size).toBeGreaterThanOrEqual(500);
  const started = copies.filter(({ copy }) => copy.state !== 'none');
  expect(started.filter(({ copy }) => copy.state !== 'complete')).toEqual([]);
  expect(new Set(started.map(({ database }) => database)).size).toBe(500);
  const completed = world.completedTasks();
  expect(completed).toHaveLength(started.length);
  expect(completed.map(({ ExportTaskIdentifier }) => ExportTaskIdentifier).sort()).toEqual(
    started.map(({ copy }) => copy.taskId).sort(),
  );
  for (const { copy } of started) expect(copy.objects).toBe(3);
}, 120_000);
