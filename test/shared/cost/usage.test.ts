/** The reads, writes and bytes that cost is made of, counted on a day of the whole product with 35 days behind it. */
import { sumBy } from 'es-toolkit/math';
import { describe, expect, it } from 'vitest';
import { liveBackups, readUnits, rowBytes, watchesADay, writeUnits } from '../../../shared/cost/usage.ts';
import { publishDay } from '../../../shared/sweep/publish-day.ts';
import { MemoryTable } from '../../support/memory-ledger.ts';
import { MeteredTable, storedBytes } from '../../support/metered-table.ts';
import { copyWorld } from '../copies/world.ts';

type Mode = 'none' | 'export' | 'object';

const staging = { bucket: 'dumps', owner: '222222222222', key: 'nightly/{databaseId}.bak' };

interface Units {
  readonly reads: number;
  readonly writes: number;
}

/** One day of databases of one tenant, with its watches, its sweep and its page; after `daysBefore` like it. */
async function playDay(mode: Mode, count: number, daysBefore: number, shares: number) {
  const memory = new MemoryTable();
  const table = new MeteredTable(memory);
  const ids = Array.from({ length: count }, (_, n) => `acme-production-shop-${n}`);
  const world = copyWorld({
    now: '2026-10-01T00:00:00Z',
    config: {
      defaults: { copy: { mode, ...(mode === 'object' && { staging }) }, bucket: { type: 'shared' } },
      operators: [{ email: 'operators@example.com' }],
      ...(shares === 0
        ? { tenants: [{ id: 'acme-industries', databases: ids.map((id) => ({ id, kind: 'instance' })) }] }
        : {
            sharedDatabases: ids.map((id) => ({ id, kind: 'instance' })),
            tenants: Array.from({ length: shares }, (_, n) => ({ id: `acme-industries-${n}`, sharedDatabases: ids })),
          }),
    },
    simulator: { backupMinutes: [10, 10], exportMinutes: () => 75 },
    automatic: true,
    table,
  });
  const { rds, s3 } = world;
  for (const id of ids) rds.createInstance({ id, retention: liveBackups, window: '04:00-04:30', dataGb: 400 });
  const dump = () => {
    if (mode === 'object') for (const id of ids) s3.put('dumps', `nightly/${id}.bak`, `a dump of ${rds.now}`);
  };
  const sweep = async () => {
    const run = await world.sweep();
    const deps = { ledger: world.ledger, ledgerName: 'the-ledger', fleet: world.state.fleet };
    const page = { publisher: { publish: async () => {} }, reports: { put: async (name: string) => name } };
    expect(await publishDay({ ...deps, ...page }, run)).toEqual([]);
  };
  for (let day = 0; day <= daysBefore; day += 1) {
    dump();
    await rds.advanceBy({ hours: 12 });
    await sweep();
    await world.settled();
    await rds.advanceBy({ hours: 12 });
  }
  const units = async (act: () => Promise<unknown>): Promise<Units> => {
    table.readUnits = 0;
    table.writes.length = 0;
    await act();
    return { reads: table.readUnits, writes: table.total };
  };
  const ofRuns = () =>
    sumBy(
      table.writes.filter(({ pk }) => pk === 'SWEEP' || pk === 'WATCH'),
      ({ total }) => total,
    );
  const watch = await units(() => world.watch());
  const copyPass = await units(() => world.settled());
  const day = await units(async () => {
    dump();
    for (let n = 1; n <= watchesADay; n += 1) {
      await rds.advanceBy({ minutes: 15 });
      await world.sweepAndCopy('watch');
      if (n !== watchesADay / 2) continue;
      await sweep();
      await world.settled();
    }
  });
  return { watch, copyPass, day, writesOfRuns: ofRuns(), items: memory.items };
}

const played = new Map<string, ReturnType<typeof playDay>>();

/** Played once. */
function dayOf(mode: Mode, count: number, daysBefore = liveBackups, shares = 0): ReturnType<typeof playDay> {
  const key = `${mode} ${count} ${daysBefore} ${shares}`;
  const known = played.get(key) ?? playDay(mode, count, daysBefore, shares);
  played.set(key, known);
  return known;
}

/** The read units that each database adds to a day, and what is left without any. */
async function readsOfDay() {
  const several = 5;
  const [one, many] = [(await dayOf('none', 1)).day.reads, (await dayOf('none', several)).day.reads];
  const each = (many - one) / (several - 1);
  return { each, fixed: one - each };
}

/** A figure may promise a little more than is used, and nothing less. */
function expectCovered(used: number, figure: number, slack = 0.1): void {
  expect(used).toBeLessThanOrEqual(figure);
  expect(used).toBeGreaterThanOrEqual(figure * (1 - slack));
}

describe('without copies', () => {
  it('a watch that finds nothing due, and the pass that it triggers, cost what is said', async () => {
    const { watch, copyPass } = await dayOf('none', 1);
    expect({ watch, copyPass }).toEqual({
      watch: { reads: readUnits.watch, writes: writeUnits.watch },
      copyPass: { reads: readUnits.copyPass, writes: 0 },
    });
  });

  it('a database and day cost what is said', async () => {
    expectCovered((await readsOfDay()).each, readUnits.databaseDay);
  });

  it('a sweep with its page costs what is said besides', async () => {
    const { fixed } = await readsOfDay();
    const passes = (watchesADay + 1) * readUnits.copyPass;
    expectCovered(fixed - watchesADay * readUnits.watch - passes, readUnits.sweep);
    expect((await dayOf('none', 1)).writesOfRuns).toBe(watchesADay * writeUnits.watch + writeUnits.sweep);
  });
});

describe('shared databases', () => {
  it('a share and day cost what is said, and its row stores what is said', async () => {
    const [few, many] = [await dayOf('none', 1, 35, 1), await dayOf('none', 1, 35, 5)];
    expectCovered((many.day.reads - few.day.reads) / 4, readUnits.shareDay);
    expectCovered((many.day.writes - few.day.writes) / 4, writeUnits.shareDay);
    const rows = many.items.filter(({ pk, sk }) => sk === 'DATABASE' && pk.endsWith('/acme-industries-3'));
    const stored = rows.map(storedBytes);
    expect(stored).toHaveLength(1);
    expectCovered(stored[0]?.table ?? 0, rowBytes.share.table);
    expectCovered(stored[0]?.globalIndexes ?? 0, rowBytes.share.globalIndexes);
  });
});

describe('copies', () => {
  it('an export costs what is said', async () => {
    const [copied, not] = [(await dayOf('export', 1)).day, (await dayOf('none', 1)).day];
    expectCovered(copied.reads - not.reads, readUnits.copy);
  });

  it('exports of one night cost what is said, since passes read all that waits', async () => {
    const [count, daysBefore] = [20, 2];
    const [copied, not] = [
      (await dayOf('export', count, daysBefore)).day,
      (await dayOf('none', count, daysBefore)).day,
    ];
    const figure = count * (readUnits.copy + readUnits.otherExport * (count - 1));
    expectCovered(copied.reads - not.reads, figure, 0.15);
  });

  it.each([1, 20])('native dumps that are there cost no more than exports that wait for none: %s', async (count) => {
    const daysBefore = 2;
    const [copied, not] = [
      (await dayOf('object', count, daysBefore)).day,
      (await dayOf('none', count, daysBefore)).day,
    ];
    expect(copied.reads - not.reads).toBeGreaterThan(0);
    expect(copied.reads - not.reads).toBeLessThanOrEqual(count * readUnits.copy);
    expect(copied.writes - not.writes).toBeGreaterThan(0);
    expect(copied.writes - not.writes).toBeLessThanOrEqual(count * writeUnits.copy);
  });
});

describe('a row', () => {
  const added = (one: object, other: object) =>
    Object.fromEntries(
      Object.entries(one).map(([name, bytes]) => [name, bytes + (other as Record<string, number>)[name]]),
    );

  it.each([
    ['database', 'none', (sk: string) => sk === 'DATABASE', rowBytes.database],
    ['day', 'none', (sk: string) => sk.startsWith('DAY#'), rowBytes.day],
    ['live backup', 'none', isBackup('live'), rowBytes.liveBackup],
    ['closed backup', 'none', isBackup('closed'), rowBytes.closedBackup],
    ['live backup, copied', 'export', isBackup('live'), added(rowBytes.liveBackup, rowBytes.copied)],
    ['closed backup, copied', 'export', isBackup('closed'), added(rowBytes.closedBackup, rowBytes.copied)],
  ] as const)('takes what is said: %s, %s', async (_, mode, is, figure) => {
    const { items } = await dayOf(mode, 1);
    const found = items.filter((item) => is(item.sk, item)).map(storedBytes);
    expect(found.length).toBeGreaterThan(0);
    for (const part of ['table', 'globalIndexes'] as const) {
      expectCovered(
        Math.max(...found.map((bytes) => bytes[part])),
        (figure as Record<string, number>)[part] ?? 0,
        0.02,
      );
    }
  });
});

function isBackup(state: 'live' | 'closed') {
  return (sk: string, item?: object) =>
    sk.startsWith('BACKUP#') && item !== undefined && 'liveSort' in item === (state === 'live');
}
