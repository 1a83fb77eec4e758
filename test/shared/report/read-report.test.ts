import { describe, expect, it } from 'vitest';
import type { Copy } from '../../../shared/domain/index.ts';
import { readReportFacts } from '../../../shared/report/read-report.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at } from '../ledger/rows.ts';

const now = at('2026-11-23T13:00:00.000Z');
const where = { ledger: 'table', account: '123456789012', region: 'eu-west-1' };
const noCause = { code: 'no-known-cause', facts: {} } as const;
const evaluated = { verdict: 'protected', severity: 'info', cause: null, notes: [] } as const;

const given = () => new MemoryLedger(() => now);

describe('the facts of the report', () => {
  it('have a letter a day and database, and attainment of what was promised', async () => {
    const ledger = given();
    await ledger.putDatabase(aDatabase({ ...evaluated }));
    await ledger.putSweep(aSweep());
    await ledger.putSweep(aSweep({ mode: 'watch', finished: at('2026-11-23T12:45:00.000Z') }));
    await ledger.putDays([
      aDay({ date: '2026-11-20', verdict: 'new' }),
      aDay({ date: '2026-11-21', verdict: 'protected' }),
      aDay({ date: '2026-11-22', verdict: 'overdue', severity: 'critical', cause: noCause }),
      aDay({ date: '2026-11-23', verdict: 'protected' }),
    ]);
    const facts = await readReportFacts(ledger, where, 5, now);
    expect(facts.dates).toEqual(['2026-11-19', '2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23']);
    expect(facts.databases).toMatchObject([{ id: 'orders', days: '.ntmt', attainment: 66.66 }]);
    expect(facts.tenants).toEqual([
      {
        tenant: 'acme',
        databases: 1,
        unprotected: 0,
        inTime: 2,
        late: 0,
        missing: 1,
        unknown: 0,
        noPromise: 1,
        attainment: 66.66,
      },
    ]);
    expect(facts.gaps).toMatchObject([
      {
        database: 0,
        date: '2026-11-22',
        state: 'missing',
        reason: expect.stringContaining('There is no backup at all'),
      },
    ]);
    expect(facts.doubts).toEqual([]);
  });

  it('list the worst first, and say since when', async () => {
    const ledger = given();
    const key = (id: string) => `${where.account}/${where.region}/db-${id}`;
    await ledger.putDatabase(aDatabase({ ...evaluated, key: key('a'), id: 'a' }));
    const deadline = at('2026-11-23T02:00:00.000Z');
    const overdue = { verdict: 'overdue', severity: 'critical', cause: noCause, notes: [] } as const;
    const alert = anAlert({ database: key('b'), acknowledged: { by: 'ann', at: now } });
    const { tenant, opened } = alert;
    await ledger.putDatabaseWithAlert(
      aDatabase({ ...overdue, key: key('b'), id: 'b', deadline, alert: { tenant, opened } }),
      alert,
    );
    await ledger.putDatabase(aDatabase({ ...overdue, severity: 'warning', key: key('c'), id: 'c' }));
    const facts = await readReportFacts(ledger, where, 1, now);
    expect(facts.databases.map(({ id, unprotectedSince, alert: its }) => [id, unprotectedSince, its])).toEqual([
      [
        'b',
        deadline.toISOString(),
        { opened: opened.toISOString(), lastNotified: null, acknowledgedBy: 'ann', snoozedUntil: null },
      ],
      ['c', null, null],
      ['a', null, null],
    ]);
    expect(facts.counts).toEqual({ overdue: 2, protected: 1 });
  });

  it('leave out what a database was under a former tenant', async () => {
    const ledger = given();
    await ledger.putDatabase(aDatabase({ ...evaluated, tenant: 'globex' }));
    await ledger.putDays([
      aDay({ date: '2026-11-22', tenant: 'acme', verdict: 'overdue', severity: 'critical', cause: noCause }),
      aDay({ date: '2026-11-23', tenant: 'globex' }),
    ]);
    const facts = await readReportFacts(ledger, where, 2, now);
    expect(facts.databases.map(({ days }) => days)).toEqual(['.t']);
    expect(facts.tenants.map(({ tenant, attainment }) => [tenant, attainment])).toEqual([['globex', 100]]);
    expect(facts.gaps).toEqual([]);
  });

  it('leave out databases that nobody configured', async () => {
    const ledger = given();
    const { tenant: _, ...row } = aDatabase();
    await ledger.putDatabase(row);
    expect((await readReportFacts(ledger, where, 1, now)).databases).toEqual([]);
  });

  it('doubt themselves where no sweep has run', async () => {
    expect((await readReportFacts(given(), where, 1, now)).doubts[0]).toMatch(/^No sweep has run yet/);
  });

  it('count copies by the day of each step, and the longest the queue was', async () => {
    const ledger = given();
    const time = (text: string) => at(`2026-11-${text}:00.000Z`);
    const copy = (changes: Partial<Copy>): Copy => ({ mode: 'export', state: 'complete', attempt: 1, ...changes });
    const copies = [
      copy({ queuedAt: time('22T23:00'), startedAt: time('22T23:30'), endedAt: time('23T01:00'), bytes: 100 }),
      copy({ queuedAt: time('22T23:10'), startedAt: time('23T02:40'), endedAt: time('23T03:00'), bytes: 50 }),
      copy({ queuedAt: time('22T23:20'), endedAt: time('23T04:00'), state: 'skipped' }),
      copy({ queuedAt: time('23T05:00'), state: 'queued' }),
    ];
    for (const [index, one] of copies.entries()) {
      await ledger.recordBackup(aBackup({ id: `b${index}`, createdAt: time('22T22:00'), copy: one }));
    }
    const facts = await readReportFacts(ledger, where, 2, now);
    expect(facts.copies).toEqual([
      {
        date: '2026-11-22',
        queued: 3,
        started: 1,
        complete: 0,
        incomplete: 0,
        failed: 0,
        skipped: 0,
        cancelled: 0,
        bytes: 0,
        mostWaiting: 3,
        longestWaitHours: 0.5,
      },
      {
        date: '2026-11-23',
        queued: 1,
        started: 1,
        complete: 2,
        incomplete: 0,
        failed: 0,
        skipped: 1,
        cancelled: 0,
        bytes: 150,
        mostWaiting: 2,
        longestWaitHours: 3.5,
      },
    ]);
    expect(facts.copiesNow).toEqual({ queued: 1, running: 0, oldestQueuedAt: '2026-11-23T05:00:00.000Z' });
  });

  it('bound the list of gaps, keep the newest and count the others', async () => {
    const ledger = given();
    for (let index = 0; index < 800; index += 1) {
      const key = `${where.account}/${where.region}/db-${String(index).padStart(3, '0')}`;
      await ledger.putDatabase(aDatabase({ ...evaluated, key, id: `db-${index}` }));
      await ledger.putDays(
        ['19', '20', '21', '22', '23'].map((day) =>
          aDay({ database: key, date: `2026-11-${day}`, verdict: 'overdue' }),
        ),
      );
    }
    const facts = await readReportFacts(ledger, where, 5, now);
    expect([facts.gaps.length, facts.gapsLeftOut]).toEqual([3000, 1000]);
    expect(new Set(facts.gaps.map(({ date }) => date))).toEqual(
      new Set(['2026-11-23', '2026-11-22', '2026-11-21', '2026-11-20']),
    );
  });
});
