/** Use case: what follows a run, so that silence is never the only sign of health: the report's page, and the digest. */

import { sumBy } from 'es-toolkit/math';
import type { Fleet } from '../config/index.ts';
import { type Ledger, updateDatabase } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import { collect, first } from '../lib/iterables.ts';
import { hourMs } from '../lib/time.ts';
import {
  type AlertEntry,
  composeDailyDigest,
  type DailyFacts,
  type Publisher,
  type ReportStore,
} from '../notifications/index.ts';
import { type ReportFacts, readReportFacts, renderReport } from '../report/index.ts';
import type { SweepRun } from './run.ts';

/** Where the newest page lies in the report bucket, whose versions keep the earlier ones. */
export const reportKey = 'report.html';

/** Days that the page shows. */
const reportDays = 35;

export interface DayDeps {
  readonly ledger: Ledger;
  /** The ledger's table. */
  readonly ledgerName: string;
  readonly fleet: Fleet;
  readonly publisher: Publisher;
  readonly reports: ReportStore;
}

/**
 * After a sweep the page is written anew, and the digest published where it is switched on. Operators are notified of new
 * exclusions by tag after any run, digest or not. Returns what could not be done: the sweep itself is over, and is not to be
 * run again for it.
 */
export async function publishDay(deps: DayDeps, run: SweepRun): Promise<string[]> {
  const { row, newlyExcluded } = run;
  // One that stopped half-way is not over: the page and the digest follow the run that ends it.
  const swept = row.mode === 'sweep' && row.stoppedAfter === undefined;
  if (!swept && newlyExcluded.length === 0) return [];
  const errors: string[] = [];
  try {
    const { account, region, alerts } = deps.fleet;
    const lists = deps.ledger.leavingOut((row) => errors.push(`left out of the report: ${row.message}`));
    const facts = await readReportFacts(lists, { ledger: deps.ledgerName, account, region }, reportDays, row.at);
    const reportUrl = swept ? await writePage(deps, facts, errors) : undefined;
    if (alerts.dailyDigest || newlyExcluded.length > 0) {
      const digest = await digestOf(lists, run, facts, errors);
      const context = { account, region, runbookUrl: alerts.runbookUrl, now: row.at };
      await deps.publisher.publish(composeDailyDigest({ ...digest, ...(reportUrl && { reportUrl }) }, context));
      for (const database of newlyExcluded) await noteExclusion(deps.ledger, database, errors);
    }
  } catch (error) {
    errors.push(`the report or the digest is missing: ${errorText(error)}`);
  }
  return errors;
}

/** Notes that operators were notified. What stops before is in the next sweep's digest again: rather twice than never. */
async function noteExclusion(
  ledger: Ledger,
  { key, id, excluded }: SweepRun['newlyExcluded'][number],
  errors: string[],
): Promise<void> {
  try {
    await updateDatabase(ledger, key, (row) =>
      row && excluded !== undefined ? { ...row, exclusion: excluded } : undefined,
    );
  } catch (error) {
    errors.push(`notified of an exclusion but not noted, so notified again later: ${id}: ${errorText(error)}`);
  }
}

async function writePage({ reports }: DayDeps, facts: ReportFacts, errors: string[]): Promise<string | undefined> {
  try {
    return await reports.put(reportKey, await renderReport(facts));
  } catch (error) {
    errors.push(`the report was not written: ${errorText(error)}`);
    return undefined;
  }
}

async function digestOf(
  ledger: Ledger,
  { row, newlyExcluded }: SweepRun,
  facts: ReportFacts,
  errors: string[],
): Promise<DailyFacts> {
  // A watch evaluates few databases; the digest covers all, as the last sweep saw them.
  const swept = row.mode === 'sweep' ? row : await first(ledger.sweeps());
  const engines = new Map(facts.databases.map(({ key, engine }) => [key, engine]));
  const alerts = (await collect(ledger.openAlerts())).map((alert): AlertEntry => {
    const engine = engines.get(alert.database);
    return { alert, step: 'remind', ...(engine && { engine }) };
  });
  // Since the same time yesterday, roughly: today's and yesterday's.
  const recent = facts.copies.slice(-2);
  const { oldestQueuedAt, queued, running } = facts.copiesNow;
  return {
    counts: swept?.counts ?? {},
    alerts,
    unconfigured: swept?.unconfigured ?? [],
    ...(swept?.unconfiguredCount !== undefined && { unconfiguredCount: swept.unconfiguredCount }),
    newExclusions: newlyExcluded.map(({ tenant, id, excluded }) => ({
      tenant,
      databaseId: id,
      reason: excluded ?? '',
    })),
    eventsMissed: swept?.eventsMissed ?? 0,
    missed: swept?.missed ?? [],
    copies: {
      complete: sumBy(recent, ({ complete }) => complete),
      failed: sumBy(recent, ({ failed }) => failed),
      queued,
      running,
      ...(oldestQueuedAt && { oldestQueuedHours: (row.at.getTime() - Date.parse(oldestQueuedAt)) / hourMs }),
    },
    errors: [...row.errors, ...errors],
  };
}
