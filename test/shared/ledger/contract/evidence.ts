import { describe, expect, it } from 'vitest';
import type { Day } from '../../../../shared/domain/index.ts';
import type { Ledger } from '../../../../shared/ledger/ledger.ts';
import { collect } from '../../../../shared/lib/iterables.ts';
import { aDatabase, aDay, anAlert, aSweep, at, ordersKey } from '../rows.ts';
import { keysInAllShards, type MakeLedger, start } from './given.ts';

const today = '2026-11-23';

export function evidenceContract(make: MakeLedger): void {
  const given = async () => (await make(() => start)).ledger;

  describe('days', () => {
    it('give back every attribute', async () => {
      const ledger = await given();
      const full = aDay({
        verdict: 'excluded',
        severity: 'info',
        cause: { code: 'excluded-by-tag', facts: { reason: 'test system' } },
        notes: [{ code: 'renamed-from', facts: { id: 'orders-old' } }],
        newestBackup: { id: 'x', createdAt: at('2026-11-23T04:00:00Z'), time: at('2026-11-23T03:59:00Z') },
        deadline: at('2026-11-24T06:30:00Z'),
        status: 'stopped',
        maxAgeHours: 26.5,
        graceHours: 0.25,
        exclusion: 'test system',
        expiresAt: at('2027-12-01'),
      });
      await ledger.putDays([full]);
      expect(await collect(ledger.daysOfDatabase(ordersKey, today, today))).toEqual([full]);
      expect(await collect(ledger.daysOfTenant('acme', today, today))).toEqual([full]);
      expect(await collect(ledger.daysOfDate(today))).toEqual([full]);
    });

    it('keep the latest evaluation of a day', async () => {
      const ledger = await given();
      await ledger.putDays([aDay()]);
      await ledger.putDays([aDay({ verdict: 'overdue' }), aDay({ verdict: 'due' })]);
      expect(await collect(ledger.daysOfDate(today))).toEqual([aDay({ verdict: 'due' })]);
    });

    it('of two tenants of one database stand side by side, each listed for its tenant', async () => {
      const ledger = await given();
      const [acme, globex] = [aDay({ tenant: 'acme' }), aDay({ tenant: 'globex', verdict: 'overdue' })];
      await ledger.putDays([globex, acme]);
      expect(await collect(ledger.daysOfDatabase(ordersKey, today, today))).toEqual([acme, globex]);
      expect((await collect(ledger.daysOfDate(today))).sort(byTenant)).toEqual([acme, globex]);
      expect(await collect(ledger.daysOfTenant('acme', today, today))).toEqual([acme]);
      expect(await collect(ledger.daysOfTenant('globex', today, today))).toEqual([globex]);
    });

    it('are listed oldest first, both dates inclusive', async () => {
      const ledger = await given();
      const dates = ['2026-10-31', '2026-11-01', '2026-11-02', '2026-11-03'];
      await ledger.putDays(dates.toReversed().map((date) => aDay({ date })));
      const datesOf = (days: readonly Day[]) => days.map((day) => day.date);
      const [from, to] = ['2026-11-01', '2026-11-02'] as const;
      expect(datesOf(await collect(ledger.daysOfDatabase(ordersKey, from, to)))).toEqual([from, to]);
      expect(datesOf(await collect(ledger.daysOfTenant('acme', from, to)))).toEqual([from, to]);
      expect(await collect(ledger.daysOfDatabase(ordersKey, to, from))).toEqual([]);
    });

    it('of one date are listed by database, however many those are', async () => {
      const ledger = await given();
      await ledger.putDays(keysInAllShards.toReversed().map((database) => aDay({ database })));
      const listed = await collect(ledger.daysOfDate(today));
      expect(listed.map(({ database }) => database)).toEqual(keysInAllShards);
    });

    it('are not written where there are none', async () => {
      const ledger = await given();
      await ledger.putDays([]);
      expect(await collect(ledger.daysOfDate(today))).toEqual([]);
    });

    it('are listed each once and in order where they fill more than a page of a megabyte', async () => {
      const ledger = await given();
      const exclusion = 'x'.repeat(1_500);
      const days = Array.from({ length: 1_100 }, (_, n) => aDay({ database: `1/r/db-${10_000 + n}`, exclusion }));
      await ledger.putDays(days);
      const keysOf = (listed: readonly Day[]) => listed.map(({ database }) => database);
      expect(keysOf(await collect(ledger.daysOfTenant('acme', today, today)))).toEqual(keysOf(days));
      expect(keysOf(await collect(ledger.daysOfDate(today)))).toEqual(keysOf(days));
    });
  });

  describe('sweeps', () => {
    it('give back every attribute', async () => {
      const ledger = await given();
      const full = aSweep({
        finished: at('2026-11-23T12:00:09Z'),
        complete: false,
        missed: [
          { snapshotId: 'rds:orders', databaseId: 'orders', backupTime: at('2026-11-23T04:00:00Z') },
          { snapshotId: 'copy', databaseId: 'orders' },
        ],
        unconfigured: ['stray'],
        unconfiguredCount: 2_001,
        errors: ['DescribeDBClusters: Rate exceeded'],
        stoppedAfter: ordersKey,
        expiresAt: at('2027-12-01'),
      });
      await ledger.putSweep(full);
      expect(await collect(ledger.sweeps())).toEqual([full]);
    });

    it('are listed newest first, from inclusive, to exclusive', async () => {
      const ledger = await given();
      const times = [at('2026-11-22T12:00:00Z'), at('2026-11-23T12:00:00Z'), at('2026-11-21T12:00:00Z')];
      for (const started of times) await ledger.putSweep(aSweep({ started }));
      const startsOf = (rows: { started: Date }[]) => rows.map((row) => row.started.toISOString().slice(8, 10));
      expect(startsOf(await collect(ledger.sweeps()))).toEqual(['23', '22', '21']);
      expect(startsOf(await collect(ledger.sweeps({ from: at('2026-11-22T12:00:00Z') })))).toEqual(['23', '22']);
      expect(startsOf(await collect(ledger.sweeps({ to: at('2026-11-22T12:00:00Z') })))).toEqual(['21']);
      expect(startsOf(await collect(ledger.sweeps({ to: at('2026-11-22T12:00:00.001Z') })))).toEqual(['22', '21']);
    });

    it('have one row each, which is replaced when one is carried on', async () => {
      const ledger = await given();
      await ledger.putSweep(aSweep({ complete: false, stoppedAfter: ordersKey }));
      await ledger.putSweep(aSweep());
      expect(await collect(ledger.sweeps())).toEqual([aSweep()]);
    });

    it('stand apart from the watch, of which only the last run is kept', async () => {
      const ledger = await given();
      expect(await ledger.lastWatch()).toBeUndefined();
      await ledger.putSweep(aSweep());
      expect(await ledger.lastWatch()).toBeUndefined();
      await ledger.putSweep(aSweep({ mode: 'watch', started: at('2026-11-23T12:15:00Z') }));
      await ledger.putSweep(aSweep({ mode: 'watch', started: at('2026-11-23T12:30:00Z') }));
      expect((await ledger.lastWatch())?.started).toEqual(at('2026-11-23T12:30:00Z'));
      expect(await collect(ledger.sweeps())).toEqual([aSweep()]);
    });
  });

  describe('expiry of what is over', () => {
    const expiresAt = at('2026-11-27T12:00:00.500Z');
    const alert = anAlert({ resolved: start, expiresAt });
    const seen = async (ledger: Ledger) => ({
      daysOfDatabase: (await collect(ledger.daysOfDatabase(ordersKey, '2026-11-01', '2026-11-30'))).length,
      daysOfTenant: (await collect(ledger.daysOfTenant('acme', '2026-11-01', '2026-11-30'))).length,
      daysOfDate: (await collect(ledger.daysOfDate(today))).length,
      alerts: (await ledger.alerts([alert])).length,
      alertsOfDatabase: (await collect(ledger.alertsOfDatabase(ordersKey))).length,
      alertsOfTenant: (await collect(ledger.alertsOfTenant('acme'))).length,
      sweeps: (await collect(ledger.sweeps())).length,
    });

    it('shows days, resolved alerts and sweeps until they expire, and no longer', async () => {
      const now = { time: start };
      const { ledger } = await make(() => now.time);
      await ledger.putDays([aDay({ expiresAt })]);
      await ledger.putDatabaseWithAlert(aDatabase(), alert);
      await ledger.putSweep(aSweep({ expiresAt }));
      now.time = new Date(expiresAt.getTime() - 1);
      const counts = Object.entries(await seen(ledger));
      expect(counts.every(([, count]) => count === 1)).toBe(true);
      now.time = expiresAt;
      expect(await seen(ledger)).toEqual(Object.fromEntries(counts.map(([name]) => [name, 0])));
    });
  });
}

const byTenant = (a: Day, b: Day) => a.tenant.localeCompare(b.tenant);
