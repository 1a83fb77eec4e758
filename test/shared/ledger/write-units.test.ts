/**
 * What the ledger's writes cost, computed from its items: the figures of docs/decisions/0006-one-ledger-format.md. A change that
 * makes them worse fails here.
 */
import { describe, expect, it } from 'vitest';
import { writeUnits } from '../../../shared/cost/usage.ts';
import { MemoryTable } from '../../support/memory-ledger.ts';
import { MeteredTable, type MeteredWrite } from '../../support/metered-table.ts';
import { copyWorld } from '../copies/world.ts';

const database = 'acme-production-orders';
const retention = 35;

/** Rows that a run writes once, whatever the number of databases. */
const ofRuns = /^(SWEEP|WATCH)$/;

/** A database with `live` snapshots in RDS and ledger, at midnight, and what writes from then on cost. */
async function given(mode: 'none' | 'export', live: number) {
  const table = new MeteredTable(new MemoryTable());
  const world = copyWorld({
    now: '2026-11-01T00:00:00Z',
    config: {
      defaults: { copy: { mode }, bucket: { type: 'shared' } },
      operators: [{ email: 'operators@example.com' }],
      tenants: [{ id: 'acme-industries', databases: [{ id: database, kind: 'instance' }] }],
    },
    simulator: { backupMinutes: [10, 10], exportMinutes: () => 75 },
    automatic: true,
    table,
  });
  const { rds } = world;
  rds.createInstance({ id: database, retention, window: '04:00-04:30', dataGb: 400 });
  for (let n = retention; n < live; n += 1) {
    rds.takeBackup(database, { id: `${database}-before-release-${n}`, kind: 'manual', durationMinutes: 0 });
  }
  const noon = async () => {
    await rds.advanceBy({ hours: 12 });
    await world.sweepAndCopy('sweep');
    await rds.advanceBy({ hours: 12 });
  };
  for (let day = 1; day <= retention + 1; day += 1) await noon();

  /** What an act writes of the database's own, by row. */
  const spent = async (act: () => Promise<unknown>): Promise<MeteredWrite[]> => {
    table.writes.length = 0;
    await act();
    return table.writes.filter(({ pk }) => !ofRuns.test(pk));
  };
  /** Goes on to the next minute that writes something. */
  const nextWrites = async () => {
    for (let minute = 0; minute < 24 * 60; minute += 1) {
      const writes = await spent(() => rds.advanceBy({ minutes: 1 }));
      if (writes.length > 0) return writes;
    }
    throw new Error('nothing was written for a day');
  };
  const pass = (run: 'watch' | 'sweep') => spent(() => world.sweepAndCopy(run));
  return { rds, pass, nextWrites };
}

type Steps = Readonly<Record<'creating' | 'recorded' | 'progress' | 'ended' | 'evaluated', readonly MeteredWrite[]>>;

const days = new Map<string, Promise<Steps>>();

/** A day of backup, evaluation and copy on which one snapshot expired, step by step; played once. */
function dayOf(mode: 'none' | 'export', live: number): Promise<Steps> {
  const known = days.get(`${mode} ${live}`) ?? playDay(mode, live);
  days.set(`${mode} ${live}`, known);
  return known;
}

async function playDay(mode: 'none' | 'export', live: number): Promise<Steps> {
  const { rds, pass, nextWrites } = await given(mode, live);
  // Backups begin at any moment of the window, so of two nights one may let two expire and the other none.
  for (let night = 1; night <= 10; night += 1) {
    const creating = await nextWrites();
    const recorded = await nextWrites();
    const progress: MeteredWrite[][] = [];
    for (let step = 0; step < 4 && mode === 'export'; step += 1) {
      await rds.advanceBy({ minutes: 14 });
      progress.push(await pass('watch'));
    }
    const ended = mode === 'export' ? await nextWrites() : [];
    await rds.runNight('12:00');
    const evaluated = await pass('sweep');
    const closings = evaluated.filter(({ sk }) => sk.startsWith('BACKUP'));
    if (closings.length === 1) return { creating, recorded, progress: progress.flat(), ended, evaluated };
  }
  throw new Error('on no day exactly one snapshot expired');
}

const total = (writes: readonly MeteredWrite[]) => writes.reduce((sum, write) => sum + write.total, 0);
const ofDay = (day: Steps) => total(Object.values(day).flat());

/** `<row> <units>`, in the order of the writes; rows by the beginning of their key. */
function listed(writes: readonly MeteredWrite[]): string[] {
  return writes.map(({ pk, sk, total }) => {
    const [kind = ''] = (pk.startsWith('DB#') ? sk : pk).split('#');
    return `${kind} ${total}`;
  });
}

describe('a database and day', () => {
  it('without copy costs 15 write units, and at most 18', async () => {
    const day = await dayOf('none', retention);
    expect(Object.fromEntries(Object.entries(day).map(([step, writes]) => [step, listed(writes)]))).toEqual({
      creating: ['DATABASE 1'],
      // The row, its place in four indexes; then the database, whose next check moves.
      recorded: ['BACKUP 5', 'DATABASE 3'],
      progress: [],
      ended: [],
      // The oldest is closed and leaves the live ones; then the evaluation, and the day in two indexes.
      evaluated: ['BACKUP 2', 'DATABASE 1', 'DAY 3'],
    });
    expect(ofDay(day)).toBe(writeUnits.databaseDay);
    expect(ofDay(day)).toBeLessThanOrEqual(18);
  });

  it('with an export costs 38 write units, and at most 48', async () => {
    const day = await dayOf('export', retention);
    expect(Object.fromEntries(Object.entries(day).map(([step, writes]) => [step, listed(writes)]))).toEqual({
      creating: ['DATABASE 1'],
      // Recorded as queued; then a pass under the lease claims and starts the export, and notes the tenant's turn.
      recorded: ['BACKUP 6', 'DATABASE 3', 'LEASE 1', 'BACKUP 3', 'BACKUP 4', 'TURN 1', 'LEASE 1'],
      progress: ['BACKUP 2', 'BACKUP 2', 'BACKUP 2', 'BACKUP 2'],
      // The pass that the end triggers finds nothing that waits, and asks for no lease.
      ended: ['BACKUP 3'],
      evaluated: ['BACKUP 3', 'DATABASE 1', 'DAY 3'],
    });
    expect(ofDay(day)).toBe(writeUnits.databaseDay + writeUnits.copy);
    expect(ofDay(day)).toBeLessThanOrEqual(48);
  });

  it.each(['none', 'export'] as const)('costs no more with 365 live snapshots than with 35: %s', async (mode) => {
    expect(ofDay(await dayOf(mode, 365))).toBe(ofDay(await dayOf(mode, retention)));
  });

  it('has rows of less than a kilobyte, and a little more once its backup is copied', async () => {
    const { creating, recorded, ended, evaluated } = await dayOf('export', retention);
    const bytes = (writes: readonly MeteredWrite[], sk: string) =>
      writes.find((write) => write.sk.startsWith(sk))?.bytes;
    const sizes = {
      databaseInProgress: bytes(creating, 'DATABASE'),
      database: bytes(evaluated, 'DATABASE'),
      backup: bytes(recorded, 'BACKUP'),
      copied: bytes(ended, 'BACKUP'),
      closed: bytes(evaluated, 'BACKUP'),
      day: bytes(evaluated, 'DAY'),
    };
    const limits = { databaseInProgress: 1024, database: 1024, backup: 1024, copied: 1200, closed: 1200, day: 1024 };
    for (const [row, limit] of Object.entries(limits)) {
      expect(sizes[row as keyof typeof sizes], row).toBeLessThanOrEqual(limit);
    }
  });
});

describe('a database without a fresh backup', () => {
  it('costs 18 write units to alert for, and 20 to end that once its backup is there', async () => {
    const { rds, pass, nextWrites } = await given('none', retention);
    rds.skipBackups(database, 1);
    rds.setLatestRestorable(database, rds.now);
    await rds.runNight('06:45');
    const opened = await pass('watch');
    await rds.runNight('12:00');
    await pass('sweep');
    await nextWrites();
    await nextWrites();
    const resolved = await pass('watch');
    expect({ opened: listed(opened), resolved: listed(resolved) }).toEqual({
      // With its row in a transaction, and again once people were notified; the day between.
      opened: ['DATABASE 4', 'ALERT 5', 'DAY 3', 'DATABASE 4', 'ALERT 2'],
      resolved: ['DATABASE 4', 'ALERT 5', 'DAY 3', 'DATABASE 4', 'ALERT 4'],
    });
  });
});
