/** Writes the report's page, and publishes the digest: what `publishDay` imports where there is something to say. */
import { isDeepStrictEqual } from 'node:util';
import { sumBy } from 'es-toolkit/math';
import pMap from 'p-map';
import { problemText } from '../config/index.ts';
import { isShare } from '../domain/index.ts';
import { type TagNotice, tagStateOf } from '../evaluation/index.ts';
import { type Ledger, updateDatabase } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import { collect, first } from '../lib/iterables.ts';
import { hourMs } from '../lib/time.ts';
import {
  type AlertEntry,
  composeDailyDigest,
  type DailyFacts,
  messageContext,
  tagChangeList,
} from '../notifications/index.ts';
import { type ReportFacts, readReportFacts, renderReport } from '../report/index.ts';
import { type DayDeps, reportKey } from './publish-day.ts';
import type { SweepRun } from './run.ts';

/** Rows that are noted side by side. */
const atOnce = 10;

/** Days that the page shows. */
const reportDays = 35;

/** Returns what could not be done. The page is written after a sweep that is over; see `publishDay`. */
export async function writeDay(deps: DayDeps, run: SweepRun, swept: boolean): Promise<string[]> {
  const { row, tagNotices } = run;
  const errors: string[] = [];
  try {
    const { account, region, environments, alerts } = deps.fleet;
    const where = { ledger: deps.ledgerName, account, region, environments };
    const lists = deps.ledger.leavingOut((row) => errors.push(`left out of the report: ${row.message}`));
    const facts = await readReportFacts(lists, where, reportDays, row.at);
    const reportUrl = swept ? await writePage(deps, facts, errors) : undefined;
    if (alerts.dailyDigest || tagNotices.length > 0) {
      const digest = await digestOf({ ...deps, ledger: lists }, run, facts, errors);
      const context = messageContext(deps.fleet, row.at);
      await deps.publisher.publish(composeDailyDigest({ ...digest, ...(reportUrl && { reportUrl }) }, context));
      await pMap(tagNotices, (notice) => noteTags(deps.ledger, notice, errors), { concurrency: atOnce });
    }
  } catch (error) {
    errors.push(`the report or the digest is missing: ${errorText(error)}`);
  }
  return errors;
}

/** Notes that operators were notified. What stops before is in the next sweep's digest again: rather twice than never. */
async function noteTags(ledger: Ledger, { key, id, pending, notified }: TagNotice, errors: string[]): Promise<void> {
  try {
    await updateDatabase(ledger, key, (row) => {
      // What another run has made of its tags since is compared anew.
      if (row === undefined || !isDeepStrictEqual(tagStateOf(row), pending)) return undefined;
      const { exclusion: _, knownTags: __, ...rest } = row;
      return { ...rest, ...notified };
    });
  } catch (error) {
    errors.push(`notified of its tags but not noted, so notified again later: ${id}: ${errorText(error)}`);
  }
}

/** The errors of the run that a notice says as well. */
function refusalsOf({ kind, id, changes }: TagNotice): string[] {
  return changes.flatMap((change) => (change.code === 'refused' ? [`${kind} ${id}: ${problemText(change)}`] : []));
}

/** The changes as the digest lists them, and a file with all of them: a message has no room for hundreds. */
async function tagFacts({ fleet, reports }: DayDeps, { row, tagNotices }: SweepRun, errors: string[]) {
  const listed = new Set(fleet.tenants.map(({ id }) => id));
  const tagChanges = tagNotices.flatMap(({ key, id, tenant, changes }) =>
    changes.map((change) => ({
      database: key,
      databaseId: id,
      ...(tenant !== undefined && { tenant }),
      change,
      toOperatorsAlone: change.code === 'tenant-changed' && !listed.has(change.after),
    })),
  );
  if (tagChanges.length === 0) return { tagChanges };
  try {
    const name = `tags/${row.at.toISOString().replaceAll(':', '')}.txt`;
    return { tagChanges, tagChangesUrl: await reports.put(name, tagChangeList(tagChanges, fleet)) };
  } catch (error) {
    errors.push(`the list of tag changes was not stored: ${errorText(error)}`);
    return { tagChanges };
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

async function digestOf(deps: DayDeps, run: SweepRun, facts: ReportFacts, errors: string[]): Promise<DailyFacts> {
  const { ledger } = deps;
  const { row } = run;
  // What is among the tags to be reviewed is no error besides.
  const reviewed = new Set(run.tagNotices.flatMap(refusalsOf));
  // A watch evaluates few databases; the digest covers all, as the last sweep saw them.
  const swept = row.mode === 'sweep' ? row : await first(ledger.sweeps());
  const engines = new Map([...facts.databases, ...facts.sharedDatabases].map(({ key, engine }) => [key, engine]));
  // Of a shared database operators know by its own alert.
  const forOperators = (await collect(ledger.openAlerts())).filter(({ database }) => !isShare(database));
  const alerts = forOperators.map((alert): AlertEntry => {
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
    unwatchedTenants: (row.unwatchedTenants ?? []).filter(({ ended }) => ended === undefined),
    ...(await tagFacts(deps, run, errors)),
    eventsMissed: swept?.eventsMissed ?? 0,
    missed: swept?.missed ?? [],
    copies: {
      complete: sumBy(recent, ({ complete }) => complete),
      failed: sumBy(recent, ({ failed }) => failed),
      queued,
      running,
      ...(oldestQueuedAt && { oldestQueuedHours: (row.at.getTime() - Date.parse(oldestQueuedAt)) / hourMs }),
    },
    errors: [...row.errors.filter((error) => !reviewed.has(error)), ...errors],
  };
}
