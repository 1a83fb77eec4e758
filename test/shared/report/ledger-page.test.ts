/** From the ledger to the page: what the rows say is what is read there. */
import { expect, test } from 'vitest';
import { reportPage } from '../../../shared/report/page.ts';
import { readReportFacts } from '../../../shared/report/read-report.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { aDatabase, aDay, anAlert, aSweep, at } from '../ledger/rows.ts';

const now = at('2026-11-23T12:30:00.000Z');
const where = { ledger: 'Ledger', account: '123456789012', region: 'eu-west-1' };

const skipped = { code: 'snapshot-skipped', facts: { restorableUntil: '2026-11-23T12:25:00.000Z' } } as const;

function named(time: string) {
  return { id: `rds:orders-${time.slice(0, 10)}`, createdAt: at(time), time: at(time) };
}

test('an overdue database is named with its time, its gap with its reason', async () => {
  const ledger = new MemoryLedger(() => now);
  const alert = anAlert({
    opened: at('2026-11-23T06:31:00.000Z'),
    notified: [{ at: at('2026-11-23T06:32:00.000Z'), step: 'open', to: 'all' }],
  });
  const row = aDatabase({
    newestBackup: named('2026-11-22T04:10:00.000Z'),
    deadline: at('2026-11-23T06:30:00.000Z'),
    verdict: 'overdue',
    severity: 'critical',
    cause: skipped,
    notes: [],
    evaluatedAt: at('2026-11-23T12:00:00.000Z'),
    alert: { tenant: alert.tenant, opened: alert.opened },
  });
  await ledger.putDatabaseWithAlert(row, alert);
  await ledger.putDays([
    aDay({
      date: '2026-11-22',
      newestBackup: named('2026-11-22T04:10:00.000Z'),
      deadline: at('2026-11-23T06:30:00.000Z'),
    }),
    aDay({
      date: '2026-11-23',
      verdict: 'overdue',
      severity: 'critical',
      cause: skipped,
      newestBackup: named('2026-11-22T04:10:00.000Z'),
      deadline: at('2026-11-23T06:30:00.000Z'),
    }),
  ]);
  await ledger.putSweep(aSweep());
  const page = reportPage(await readReportFacts(ledger, where, 3, now));
  expect(page).toContain('The one database is not protected.');
  expect(page).toContain('Longest: <b>orders</b> of acme, for 6 h.');
  const gap =
    'missing: The newest backup is from 2026-11-22 04:10 UTC, 31 h 50 min old; the deadline was 2026-11-23 06:30 UTC. RDS took no snapshot of it';
  expect(
    [...page.matchAll(/class="d-\w" aria-label="([^"]*)"/g)].map(([, label]) => label?.slice(0, gap.length)),
  ).toEqual(['not watched', 'in time', gap]);
  expect(page).toContain('Alert since 2026-11-23 06:31 UTC, last message handed to SNS 2026-11-23 06:32 UTC.');
});

test('an empty ledger is no reason for calm', async () => {
  const page = reportPage(await readReportFacts(new MemoryLedger(() => now), where, 35, now));
  expect(page).toContain('No database is watched yet.');
  expect(page).toContain('Last sweep: <b>none yet</b>');
  expect(page).not.toContain('All 0');
});
