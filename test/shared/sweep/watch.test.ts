import { describe, expect, it } from 'vitest';
import { internalFailure } from '../../../local/rds/faults.ts';
import {
  alertOf,
  between,
  collect,
  counting,
  liveOf,
  makeWorld,
  rowOf,
  type World,
  where,
} from '../../support/world.ts';

const acme = (...databases: object[]) => ({
  operators: [{ email: 'operators@example.com' }],
  tenants: [{ id: 'acme', databases }],
});
const created = new Date('2026-10-01T00:00:00Z');
const names = (count: number) => Array.from({ length: count }, (_, n) => `db-${String(n).padStart(3, '0')}`);

/** Databases that were backed up in the night before noon. */
function given(count: number, options: Partial<Parameters<typeof makeWorld>[0]> = {}) {
  const ids = names(count);
  const config = acme(...ids.map((id) => ({ id, kind: 'instance' })));
  const world = makeWorld({ now: '2026-11-20T12:00:00Z', config, ...options });
  for (const id of ids) {
    world.rds.createInstance({ id, created });
    world.rds.takeBackup(id, { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
  }
  return world;
}

/** Messages for tenants' own recipients; operators get their own. */
const toTenants = (world: World) => world.published.filter(({ attributes }) => attributes.audience === 'tenant');

const verdicts = ({ report }: Awaited<ReturnType<World['watch']>>) =>
  report.databases.map(({ database, verdict }) => `${database} ${verdict}`).sort();

describe('the watch', () => {
  it('with nothing due makes no call to RDS, and few to the ledger', async () => {
    const calls: Record<string, number> = {};
    const world = given(3, { between: (ledger) => counting(ledger, calls) });
    await world.sweep();
    await world.rds.advanceBy({ minutes: 15 });
    world.rds.resetCalls();
    for (const name of Object.keys(calls)) delete calls[name];
    const { report } = await world.watch();
    expect(report).toMatchObject({ mode: 'watch', complete: true, databases: [], apiCalls: {} });
    expect(world.rds.calls()).toBe(0);
    // The index, what the runs before left out and told, whether a sweep is owed; and its own row is written.
    expect(calls).toEqual({ databasesToCheck: 1, sweeps: 3, lastWatch: 2, putSweep: 1 });
  });

  it('tells of a missing backup at its deadline, not at the next sweep', async () => {
    const world = given(2);
    await world.sweep();
    world.rds.skipBackups('db-000', 1);
    await world.rds.advanceTo(new Date('2026-11-21T06:00:00Z'));
    await world.watch();
    expect(world.news()).toEqual([]);
    await world.rds.advanceBy({ minutes: 15 });
    expect(verdicts(await world.watch())).toEqual(['db-000 overdue']);
    expect(world.news()).toEqual(['open db-000 overdue warning']);
    expect(await collect(world.ledger.daysOfDate('2026-11-21'))).toMatchObject([{ databaseId: 'db-000' }]);
  });

  it('leaves the day’s evaluation to the sweep where nobody is to be notified', async () => {
    const world = given(1);
    const { row } = await world.sweep();
    await world.rds.advanceBy({ hours: 1 });
    expect(verdicts(await world.recheck({ ...where, kind: 'instance', id: 'db-000' }))).toEqual(['db-000 protected']);
    expect(await collect(world.ledger.daysOfDate('2026-11-20'))).toMatchObject([{ evaluatedAt: row.at }]);
  });

  it('is silent after that, and does not look 96 times a day', async () => {
    const world = given(1);
    await world.sweep();
    world.rds.loseEvents(() => true);
    world.rds.skipBackups('db-000', 9);
    await world.rds.advanceTo(new Date('2026-11-21T06:15:00Z'));
    let looks = 0;
    const news: string[] = [];
    for (let quarter = 0; quarter < 96; quarter += 1) {
      if (quarter === 24) await world.sweep();
      looks += (await world.watch()).report.databases.length;
      news.push(...world.news());
      await world.rds.advanceBy({ minutes: 15 });
    }
    // Skipped is a warning until twice the maximum age has passed.
    expect(news).toEqual(['open db-000 overdue warning', 'rise db-000 overdue critical']);
    expect(looks).toBeLessThanOrEqual(6);
    await world.watch();
    expect((await alertOf(world, 'db-000'))?.notified).toHaveLength(2);
  });

  it('resolves within a quarter of an hour of the backup’s event', async () => {
    const world = given(1);
    await world.sweep();
    world.rds.skipBackups('db-000', 1);
    await world.rds.advanceTo(new Date('2026-11-21T06:15:00Z'));
    await world.watch();
    world.rds.takeBackup('db-000', { durationMinutes: 5 });
    await world.rds.advanceBy({ minutes: 15 });
    await world.watch();
    expect(world.news()).toEqual(['open db-000 overdue warning', 'resolve db-000 overdue warning']);
    expect((await rowOf(world, 'db-000')).alert).toBeUndefined();
  });

  it('runs the first sweep where none has run yet', async () => {
    const world = given(3);
    const { report } = await world.watch();
    expect(report).toMatchObject({ mode: 'sweep', complete: true, counts: { protected: 3 }, eventsMissed: 0 });
    expect((await world.watch()).report.mode).toBe('watch');
  });

  it('runs the daily sweep that did not run', async () => {
    const world = given(1);
    await world.sweep();
    await world.rds.advanceBy({ hours: 26, minutes: -1 });
    expect((await world.watch()).report.mode).toBe('watch');
    await world.rds.advanceBy({ minutes: 15 });
    expect((await world.watch()).report).toMatchObject({ mode: 'sweep', complete: true });
    expect((await world.watch()).report.mode).toBe('watch');
  });

  it('tells what is due though the sweep that it carries on fails', async () => {
    const world = given(1, {
      between: (ledger) =>
        between(ledger, (call) => {
          if (call === 'allDatabases' && world.rds.now > new Date('2026-11-21')) throw new Error('DynamoDB is away');
        }),
    });
    await world.sweep();
    world.rds.skipBackups('db-000', 1);
    await world.rds.advanceBy({ hours: 27 });
    await expect(world.watch()).rejects.toThrow('DynamoDB is away');
    expect(toTenants(world)).toHaveLength(1);
  });

  it('makes unknown what RDS does not answer for, and asks again', async () => {
    const world = given(1);
    await world.sweep();
    world.rds.skipBackups('db-000', 1);
    await world.rds.advanceTo(new Date('2026-11-21T06:15:00Z'));
    const heal = world.rds.onCall(() => internalFailure);
    expect(verdicts(await world.watch())).toEqual(['db-000 unknown']);
    heal();
    await world.rds.advanceBy({ hours: 1 });
    expect(verdicts(await world.watch())).toEqual(['db-000 overdue']);
    expect(world.news()).toEqual(['open db-000 unknown warning', 'rise db-000 overdue warning']);
  });
});

describe('a run whose time is up', () => {
  it('says what it has and what it lacks, and that it is not complete', async () => {
    const world = given(300);
    const [first] = await stopAfterChunks(world, 1, 1);
    expect(first?.report.complete).toBe(false);
    expect(first?.report.errors.join()).toMatch(
      /the time limit was near: evaluated up to .+; the next watch carries on/,
    );
    expect(first?.row.stoppedAfter).toBeDefined();
    expect(first?.row.databases).toBe(100);
    expect(await collect(world.ledger.daysOfDate('2026-11-20'))).toHaveLength(100);
  });

  /** A sweep that gets as far as some chunks of 100; then watches until nothing is left, each with as much time. */
  async function stopAfterChunks(world: World, chunks: number, runsAtMost = 10, begin: 'sweep' | 'watch' = 'sweep') {
    const runs: Awaited<ReturnType<World['sweep']>>[] = [];
    for (let n = 0; n < runsAtMost; n += 1) {
      let done = 0;
      const days = world.ledger.putDays.bind(world.ledger);
      world.ledger.putDays = async (rows) => {
        done += 1;
        await days(rows);
      };
      world.state.remainingMs = () => (done >= chunks ? 0 : 900_000);
      runs.push(n === 0 && begin === 'sweep' ? await world.sweep() : await world.watch());
      world.ledger.putDays = days;
      if (runs.at(-1)?.row.stoppedAfter === undefined) break;
    }
    world.state.remainingMs = () => 900_000;
    return runs;
  }

  it('is carried on by the watch from where it stopped, without listing all snapshots again', async () => {
    const world = given(250);
    const runs = await stopAfterChunks(world, 1);
    expect(runs.map(({ row }) => [row.mode, row.databases, row.complete])).toEqual([
      ['sweep', 100, false],
      ['sweep', 200, false],
      ['sweep', 250, true],
    ]);
    expect(runs.map(({ report }) => report.counts)).toEqual([
      { protected: 100 },
      { protected: 100 },
      { protected: 50 },
    ]);
    expect(await collect(world.ledger.daysOfDate('2026-11-20'))).toHaveLength(250);
    expect((await world.watch()).report.mode).toBe('watch');
  });

  it('leaves one row of the whole sweep, whatever the number of its runs', async () => {
    const world = given(250);
    await world.sweep();
    await world.rds.advanceBy({ minutes: 1 });
    world.rds.loseEvents(() => true);
    for (const id of names(250)) world.rds.takeBackup(id, { id: `silent-${id}`, durationMinutes: 1 });
    await world.rds.advanceBy({ hours: 3 });
    const runs = await stopAfterChunks(world, 1);
    const [row, ...earlier] = await collect(world.ledger.sweeps());
    expect(earlier).toHaveLength(1);
    expect(row).toMatchObject({
      started: runs[0]?.row.started,
      complete: true,
      databases: 250,
      counts: { protected: 250 },
      eventsMissed: 250,
      recorded: 250,
    });
    expect(row?.missed).toHaveLength(100);
    expect(row).not.toHaveProperty('stoppedAfter');
    expect(row?.apiCalls.DescribeDBInstances).toBe(
      runs.reduce((calls, { report }) => calls + (report.apiCalls.DescribeDBInstances ?? 0), 0),
    );
    expect(runs.map(({ report }) => report.eventsMissed)).toEqual([100, 100, 50]);
  });

  it('in the midst of listing gets on all the same, on the next watch and the next', async () => {
    const world = given(250);
    world.state.remainingMs = () => (world.rds.calls() > 2 ? 59_000 : 900_000);
    const first = await world.sweep();
    expect(first.report).toMatchObject({ complete: false, databases: [] });
    expect(first.row.stoppedAfter).toBe('');
    const runs = await stopAfterChunks(world, 1, 10, 'watch');
    expect(runs.at(-1)?.row.complete).toBe(true);
    expect(await collect(world.ledger.daysOfDate('2026-11-20'))).toHaveLength(250);
  });

  it('with half of its time gone by listing spends the other half on looks by name', async () => {
    const world = given(250);
    let asked = 0;
    world.state.remainingMs = () => {
      asked += 1;
      return asked < 3 ? 900_000 : 300_000;
    };
    const { report } = await world.sweep();
    expect(report).toMatchObject({ complete: true, counts: { protected: 250 } });
    expect(report.errors.join()).toContain('could be listed to the end: it took too long');
  });

  it('leaves no alert behind that it had no time to look into: the watch opens it', async () => {
    const world = given(150);
    for (const id of names(150)) world.rds.expire(world.rds.snapshots(id)[0] ?? '');
    const runs = await stopAfterChunks(world, 1);
    expect(runs.at(-1)?.row.complete).toBe(true);
    const opened = world.news().filter((line) => line.startsWith('open'));
    expect(new Set(opened).size).toBe(150);
    expect(opened).toHaveLength(150);
  });

  it('in the watch leaves the rest to the next', async () => {
    const world = given(150);
    await world.sweep();
    for (const id of names(150)) world.rds.skipBackups(id, 1);
    await world.rds.advanceTo(new Date('2026-11-21T06:15:00Z'));
    let asked = 0;
    world.state.remainingMs = () => {
      asked += 1;
      return asked < 3 ? 900_000 : 0;
    };
    const first = await world.watch();
    expect(first.report).toMatchObject({ complete: false, counts: { overdue: 100 } });
    world.state.remainingMs = () => 900_000;
    expect((await world.watch()).report.counts).toEqual({ overdue: 50 });
    expect(world.news()).toHaveLength(150);
  });
});

describe('a crash', () => {
  /** A night without backups of `db-000`, where the run dies at its n-th call to the ledger (or the topic refuses). */
  async function crashAt(n: number, crash: 'ledger' | 'topic') {
    let left = Number.POSITIVE_INFINITY;
    const world = given(2, {
      between: (ledger) =>
        between(ledger, () => {
          left -= 1;
          if (crash === 'ledger' && left < 0) throw new Error('the function was killed');
        }),
    });
    await world.sweep();
    world.rds.skipBackups('db-000', 1);
    await world.rds.advanceTo(new Date('2026-11-21T06:15:00Z'));
    left = n;
    const publish = world.state.publish;
    if (crash === 'topic') world.state.publish = () => Promise.reject(new Error('the topic says no'));
    const died = await world.watch().then(
      () => false,
      () => true,
    );
    left = Number.POSITIVE_INFINITY;
    world.state.publish = publish;
    const sentBefore = toTenants(world).length;
    for (let quarter = 0; quarter < 4; quarter += 1) {
      await world.rds.advanceBy({ minutes: 15 });
      await world.watch();
    }
    return { world, died, sent: toTenants(world).length, sentBefore };
  }

  it('at any call to the ledger loses no alert, and at most doubles it', async () => {
    let n = 0;
    let doubled = 0;
    for (; ; n += 1) {
      const { world, sent, died } = await crashAt(n, 'ledger');
      expect(sent, `after a crash at call ${n}`).toBeGreaterThanOrEqual(1);
      expect(sent, `after a crash at call ${n}`).toBeLessThanOrEqual(2);
      const alert = await alertOf(world, 'db-000');
      expect(alert, `after a crash at call ${n}`).toMatchObject({ verdict: 'overdue' });
      expect(alert, `after a crash at call ${n}`).not.toHaveProperty('pending');
      expect(await collect(world.ledger.openAlerts())).toHaveLength(1);
      doubled += sent - 1;
      // A run that lived to its end was never hit.
      if (!died && n > 20) break;
    }
    expect(n).toBeGreaterThan(5);
    expect(doubled).toBeGreaterThanOrEqual(1);
  });

  it('of the topic is made up for by the next watch', async () => {
    const { sentBefore, sent, world } = await crashAt(0, 'topic');
    expect([sentBefore, sent]).toEqual([0, 1]);
    expect((await alertOf(world, 'db-000'))?.notified).toHaveLength(1);
  });

  it('in a sweep, at any call to the ledger, leaves what the next sweep makes whole', async () => {
    for (let n = 0; ; n += 1) {
      let left = Number.POSITIVE_INFINITY;
      const world = given(2, {
        between: (ledger) =>
          between(ledger, () => {
            left -= 1;
            if (left < 0) throw new Error('the function was killed');
          }),
      });
      await world.sweep();
      world.rds.loseEvents(() => true);
      world.rds.expire(world.rds.snapshots('db-000')[0] ?? '');
      world.rds.takeBackup('db-001', { id: 'silent', durationMinutes: 1 });
      await world.rds.advanceBy({ hours: 3 });
      left = n;
      const died = await world.sweep().then(
        () => false,
        () => true,
      );
      left = Number.POSITIVE_INFINITY;
      await world.rds.advanceBy({ minutes: 15 });
      await world.watch();
      await world.sweep();
      for (const id of names(2)) {
        const row = await rowOf(world, id);
        const live = world.rds.snapshots(id).map((snapshot) => `${snapshot.startedAt.toISOString()}#${snapshot.id}`);
        expect(await liveOf(world, id), `${id} after a crash at call ${n}`).toEqual(live.sort());
        const open = (await collect(world.ledger.backupsOfDatabase(row.key))).filter(({ closed }) => !closed);
        expect(open).toHaveLength(live.length);
      }
      expect(toTenants(world).length, `messages after a crash at call ${n}`).toBeGreaterThanOrEqual(1);
      expect(toTenants(world).length, `messages after a crash at call ${n}`).toBeLessThanOrEqual(2);
      expect(await world.ledger.backupsByArn(world.rds.snapshot('silent').arn)).toMatchObject([{ eventMissed: true }]);
      if (!died) {
        expect(n).toBeGreaterThan(8);
        break;
      }
    }
  });
});
