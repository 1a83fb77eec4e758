/** When a database was stopped: from its row, RDS's events and its status, and for how long it ran. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatabaseRow, RdsDatabase } from '../../../shared/domain/index.ts';
import {
  needsRunChanges,
  ranFor,
  type Stop,
  stoppedMs,
  stopsOf,
  windowsBetween,
} from '../../../shared/evaluation/stops.ts';
import { addHours, hourMs } from '../../../shared/lib/time.ts';
import type { RunChange } from '../../../shared/rds/index.ts';
import { t } from '../../scenarios/scenario.ts';

const key = '123456789012/eu-west-1/db-ORDERS';
const newest = { id: 'n', createdAt: t('20 Nov 12:10'), time: t('20 Nov 12:10') };
const row = (fields: Partial<DatabaseRow> = {}): DatabaseRow => ({
  key,
  id: 'orders',
  kind: 'instance',
  enrolledAt: t('1 Nov 00:00'),
  newestBackup: newest,
  ...fields,
});
const shown = (fields: Partial<RdsDatabase> = {}): RdsDatabase => ({
  key,
  arn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
  id: 'orders',
  kind: 'instance',
  engine: 'postgres',
  status: 'available',
  retentionDays: 7,
  tags: {},
  ...fields,
});
const stopped = (at: string): RunChange => ({ at: t(at), runs: false });
const started = (at: string): RunChange => ({ at: t(at), runs: true });
const weekend: Stop = { from: t('20 Nov 20:00'), until: t('23 Nov 08:00') };
const monday = t('23 Nov 09:00');

describe('the stops of a database', () => {
  const stops = (known: Partial<DatabaseRow>, rds: Partial<RdsDatabase>, changes: readonly RunChange[] = []) =>
    stopsOf(row(known), shown(rds), changes, newest.time, monday);

  it('are those of its row', () => {
    expect(stops({ stops: [weekend] }, {})).toEqual([weekend]);
  });

  it('begin seven days before RDS starts it again', () => {
    expect(stops({}, { status: 'stopped', automaticRestartTime: t('27 Nov 20:00') })).toEqual([{ from: weekend.from }]);
    expect(stops({}, { status: 'stopping', automaticRestartTime: t('27 Nov 20:00') })).toEqual([
      { from: weekend.from },
    ]);
  });

  it('end when an event says so, and else now', () => {
    const known = { stops: [{ from: weekend.from }] };
    expect(stops(known, {}, [started('23 Nov 08:00')])).toEqual([weekend]);
    expect(stops(known, {})).toEqual([{ from: weekend.from, until: monday }]);
    expect(stops(known, { status: 'starting' })).toEqual([{ from: weekend.from, until: monday }]);
  });

  it('are those of the events where the row knows none', () => {
    expect(stops({}, {}, [stopped('20 Nov 20:00'), started('23 Nov 08:00')])).toEqual([weekend]);
  });

  it('are one where the row and the events say the same', () => {
    const changes = [stopped('20 Nov 20:02'), started('23 Nov 07:58')];
    expect(stops({ stops: [weekend] }, {}, changes)).toEqual([{ from: weekend.from, until: t('23 Nov 07:58') }]);
  });

  it('are two where it ran in between, and nobody saw since when', () => {
    const known = { stops: [{ from: weekend.from }], evaluatedAt: t('21 Nov 12:00') };
    const again = { status: 'stopped', automaticRestartTime: t('29 Nov 22:00') };
    expect(stops(known, again)).toEqual([
      { from: weekend.from, until: t('21 Nov 12:00') },
      { from: t('22 Nov 22:00') },
    ]);
  });

  it('are kept for a week once a backup is newer: that may be deleted, and an older one then counts', () => {
    const keptWith = (backup: string) => stopsOf(row({ stops: [weekend] }), shown(), [], t(backup), t('30 Nov 12:00'));
    expect(keptWith('23 Nov 08:00')).toEqual([weekend]);
    expect(keptWith('30 Nov 07:00')).toEqual([weekend]);
    expect(keptWith('30 Nov 08:00')).toEqual([]);
  });

  it('are not those of the database that had its name before', () => {
    const changes = [stopped('20 Nov 20:00'), started('23 Nov 08:00')];
    expect(stops({}, { createdAt: t('23 Nov 08:30') }, changes)).toEqual([]);
  });

  it('have no beginning that nobody knows', () => {
    expect(stops({}, { status: 'stopped' })).toEqual([]);
    expect(stops({}, { status: 'stopped' }, [stopped('20 Nov 20:00')])).toEqual([{ from: weekend.from }]);
  });

  it('are 30 at most', () => {
    const known = Array.from({ length: 40 }, (_, n) => ({
      from: addHours(newest.time, n),
      until: addHours(newest.time, n + 0.5),
    }));
    expect(stopsOf(row({ stops: known }), shown(), [], newest.time, monday)).toEqual(known.slice(-30));
  });
});

describe("RDS's events are asked", () => {
  const late = { deadline: t('23 Nov 08:59') };
  it.each<[string, boolean, Partial<DatabaseRow>, Partial<RdsDatabase>]>([
    ['where it is late, and nobody was notified', true, late, {}],
    ['not once somebody was', false, { ...late, alert: { tenant: 'acme', opened: t('23 Nov 09:00') } }, {}],
    ['not while it is in time', false, { deadline: t('23 Nov 09:01') }, {}],
    ['where it was stopped, and runs now', true, { stops: [{ from: weekend.from }] }, {}],
    ['not where its start is known', false, { stops: [weekend] }, {}],
    ['where it is stopped, and nothing says since when', true, {}, { status: 'stopped' }],
    ['not where RDS does', false, {}, { status: 'stopped', automaticRestartTime: t('27 Nov 20:00') }],
    ['nor where its row does', false, { stops: [{ from: weekend.from }] }, { status: 'stopped' }],
  ])('%s', (_, expected, known, rds) => {
    expect(needsRunChanges(row(known), shown(rds), monday)).toBe(expected);
  });

  it('of one that is met stopped', () => {
    expect(needsRunChanges(undefined, shown({ status: 'stopped' }), monday)).toBe(true);
    expect(needsRunChanges(undefined, shown(), monday)).toBe(false);
  });
});

/** Stops of whole hours, one after the other. */
const someStops = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })), { maxLength: 6 })
  .map((spans) => {
    const stops: Stop[] = [];
    let at = newest.time;
    for (const [runs, stands] of spans) {
      const from = addHours(at, runs);
      at = addHours(from, stands);
      stops.push({ from, until: at });
    }
    return stops;
  });

describe('the time for which it ran', () => {
  it('is over when all but the stops makes it up', () => {
    fc.assert(
      fc.property(someStops, fc.integer({ min: 1, max: 100 }), (stops, hours) => {
        const at = ranFor(hours * hourMs, newest.time, stops);
        expect(at.getTime() - newest.time.getTime() - stoppedMs(stops, newest.time, at)).toBe(hours * hourMs);
        expect(stops.some(({ from, until }) => from < at && at <= (until ?? at))).toBe(false);
      }),
    );
  });

  it('goes on where it has no stops', () => {
    expect(ranFor(26 * hourMs, newest.time, [])).toEqual(t('21 Nov 14:10'));
    expect(stoppedMs([], newest.time, monday)).toBe(0);
  });

  it('counts a stop only between the two moments', () => {
    expect(stoppedMs([weekend], t('20 Nov 21:00'), t('20 Nov 23:00'))).toBe(2 * hourMs);
    expect(stoppedMs([weekend], t('20 Nov 18:00'), t('20 Nov 19:00'))).toBe(0);
    expect(stoppedMs([weekend], t('23 Nov 09:00'), t('23 Nov 10:00'))).toBe(0);
    expect(stoppedMs([{ from: weekend.from }], t('20 Nov 18:00'), t('20 Nov 22:00'))).toBe(2 * hourMs);
  });
});

describe('the windows since a moment', () => {
  const window = { startMinute: 23 * 60 + 45, lengthMinutes: 30 };
  it('are those that began after it and have closed', () => {
    expect(windowsBetween(window, t('20 Nov 23:45'), t('22 Nov 00:14'), [])).toEqual([]);
    const seen = windowsBetween(window, t('20 Nov 23:44'), t('22 Nov 00:15'), [{ from: t('21 Nov 23:50') }]);
    expect(seen).toEqual([
      { start: t('20 Nov 23:45'), end: t('21 Nov 00:15'), ran: true },
      { start: t('21 Nov 23:45'), end: t('22 Nov 00:15'), ran: false },
    ]);
  });
});
