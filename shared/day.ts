/** Use case: what follows a run, so that silence is never the only sign of health: the report's page, and the digest. */
import type { Lists, Publisher } from './alerting.ts';
import type { Fleet } from './config/fleet.ts';
import { changeDatabase } from './ledger/change.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Entry } from './messages/alerts.ts';
import { composeDailyDigest, type DailyFacts } from './messages/digest.ts';
import type { DatabaseKey } from './model.ts';
import { collect, first } from './query/collect.ts';
import { type ReportFacts, readReportFacts } from './query/report-facts.ts';
import type { SweepResult } from './run.ts';
import { hourMs } from './text.ts';
import { reasonOf } from './view.ts';

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
  readonly lists: Lists;
}

/**
 * After a sweep the page is written anew, and the digest published where it is switched on. New exclusions by tag are told
 * after any run, digest or not. Returns what could not be done: the sweep itself is over, and is not to be run again for it.
 */
export async function closeRun(deps: DayDeps, result: SweepResult): Promise<string[]> {
  const { row, newlyExcluded } = result;
  // One that stopped half-way is not over: the page and the digest follow the run that ends it.
  const swept = row.mode === 'sweep' && row.stoppedAfter === undefined;
  if (!swept && newlyExcluded.length === 0) return [];
  const errors: string[] = [];
  try {
    const { account, region, alerts } = deps.fleet;
    const facts = await readReportFacts(deps.ledger, { ledger: deps.ledgerName, account, region }, reportDays, row.at);
    const reportUrl = swept ? await writePage(deps, facts, errors) : undefined;
    if (alerts.dailyDigest || newlyExcluded.length > 0) {
      const digest = await digestOf(deps.ledger, result, facts, errors);
      const context = { account, region, runbookUrl: alerts.runbookUrl, now: row.at };
      await deps.publisher.publish(composeDailyDigest({ ...digest, ...(reportUrl && { reportUrl }) }, context));
      for (const { key, excluded } of newlyExcluded) await noteTold(deps.ledger, key, excluded);
    }
  } catch (error) {
    errors.push(`the report or the digest is missing: ${reasonOf(error)}`);
  }
  return errors;
}

/** Notes that an exclusion by tag was told: what stops before is told again by the next look, rather twice than never. */
async function noteTold(ledger: Ledger, key: DatabaseKey, exclusion: string | undefined): Promise<void> {
  const [row] = await ledger.databases([key]);
  if (row === undefined || exclusion === undefined) return;
  await changeDatabase(
    ledger,
    key,
    () => row,
    (known) => ({ ...known, exclusion }),
  );
}

async function writePage({ lists }: DayDeps, facts: ReportFacts, errors: string[]): Promise<string | undefined> {
  try {
    // With its charts it is large, and the watch, which runs a hundred times as often, never needs it.
    const { renderReport } = await import('./report/page.ts');
    return await lists.put(reportKey, renderReport(facts));
  } catch (error) {
    errors.push(`the report was not written: ${reasonOf(error)}`);
    return undefined;
  }
}

async function digestOf(
  ledger: Ledger,
  { row, newlyExcluded }: SweepResult,
  facts: ReportFacts,
  errors: readonly string[],
): Promise<DailyFacts> {
  // A watch judges few databases; the digest speaks of all, as the last sweep saw them.
  const swept = row.mode === 'sweep' ? row : await first(ledger.sweeps());
  const engines = new Map(facts.databases.map(({ key, engine }) => [key, engine]));
  const alerts = (await collect(ledger.openAlerts())).map((alert): Entry => {
    const engine = engines.get(alert.database);
    return { alert, step: 'remind', ...(engine && { engine }) };
  });
  // Since the same time yesterday, roughly: today's and yesterday's.
  const recent = facts.copies.slice(-2);
  const count = (of: (day: ReportFacts['copies'][number]) => number) => recent.reduce((sum, day) => sum + of(day), 0);
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
      complete: count(({ complete }) => complete),
      failed: count(({ failed }) => failed),
      queued,
      running,
      ...(oldestQueuedAt && { oldestQueuedHours: (row.at.getTime() - Date.parse(oldestQueuedAt)) / hourMs }),
    },
    errors: [...row.errors, ...errors],
  };
}
