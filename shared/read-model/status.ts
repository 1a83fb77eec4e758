/** One screen's facts: is everybody protected, and is the watcher itself alive. */

import { countBy, minBy } from 'es-toolkit/array';
import pMap from 'p-map';
import * as z from 'zod';
import {
  type Alert,
  type Backup,
  bySeverity,
  count,
  countedDatabases,
  type DatabaseKey,
  databaseOfShare,
  type Environment,
  environmentOf,
  environmentsAtOnce,
  fields,
  isUnprotected,
  isVerdict,
  text,
  time,
  verdictNames,
  verdictOf,
} from '../domain/index.ts';
import type { Ledger, ListedCopyState } from '../ledger/index.ts';
import { collect, filter } from '../lib/iterables.ts';
import { formatAge, hourMs } from '../lib/time.ts';
import { factsOfAlerts } from './alert-list.ts';
import { byCause } from './copy-queue.ts';
import { lastSweep } from './last-sweep.ts';
import {
  type AlertFacts,
  countsOf,
  countsSchema,
  type FactsOf,
  iso,
  isoOrNull,
  type RunFacts,
  runFacts,
  runFactsSchema,
  unwatchedTenantFacts,
  unwatchedTenantFactsSchema,
} from './row-facts.ts';

/** An alarm of the stack that rings. */
export interface RingingAlarm {
  readonly name: string;
  /** What breaks, and where the runbook speaks of it. */
  readonly description: string;
  readonly since: string | null;
}

/** `ok`: everybody is protected. `unprotected`: somebody is not. `unknown`: nothing shows it. */
export type Standing = 'ok' | 'unprotected' | 'unknown';

export const statusSchema = fields({
  now: time.describe('when this was read'),
  ledger: text.describe("the table's name"),
  account: text.describe('the AWS account of the stack'),
  region: text.describe('its AWS Region'),
  standing: z.custom<Standing>().describe('`ok`, `unprotected` or `unknown`: what the exit code says'),
  doubts: z.array(text).readonly().describe('why it is not known, as sentences; empty otherwise'),
  counts: countsSchema.describe(
    'databases by verdict (a shared one counts once for each tenant that it holds), as of the last sweep; with --account or --region those left, as of their last evaluation',
  ),
  sweep: runFactsSchema.nullable().describe('the last sweep'),
  watch: z.custom<RunFacts>().nullable().describe('the last watch, with the same fields; or null'),
  openAlerts: z
    .custom<readonly AlertFacts[]>()
    .describe('open alerts as `alerts --json` shows them, worst first, then oldest first'),
  unwatchedTenants: z
    .array(unwatchedTenantFactsSchema)
    .readonly()
    .describe('tenants without a database that is watched, the critical ones first'),
  copies: fields({
    queued: count.describe('copies that wait'),
    oldestQueuedAt: time.nullable().describe('since when the oldest of them waits'),
    starting: count.describe('copies that start'),
    running: count.describe('copies that run'),
    failed: count.describe('failed ones that can be tried again'),
    failedByCause: z.record(text, count).describe('those by the code of their cause'),
  }).describe('copies by state'),
  alarms: z
    .array(
      fields({
        name: text.describe('its name'),
        description: text.describe('what breaks, and where the runbook speaks of it'),
        since: text.nullable().describe('since when'),
      }),
    )
    .readonly()
    .nullable()
    .describe('alarms of the stack that ring; null if CloudWatch did not respond'),
  alarmsUnread: text.nullable().describe('why CloudWatch did not respond'),
});

export type StatusFacts = FactsOf<typeof statusSchema>;

/** A sweep older than this is no answer: it runs daily, and may take up to two hours with its retries. */
export const sweepBelievedHours = 26;
/** The watch runs every 15 minutes. */
export const watchBelievedHours = 1;

interface StatusWhere extends Environment {
  readonly table: string;
  readonly alarms: () => Promise<readonly RingingAlarm[]>;
  /** Those whose copies are counted; the ledger's own by default. */
  readonly environments?: readonly Environment[];
  /** Leaves only alerts and databases in these; all by default. Reads a row a database then, to count them. */
  readonly only?: (environment: Environment) => boolean;
}

/** Reads the last sweeps, the last watch, open alerts with their databases, and listed copies. */
export async function readStatus(ledger: Ledger, where: StatusWhere, now: Date): Promise<StatusFacts> {
  const { environments = [where], only } = where;
  const list = async (state: ListedCopyState) => {
    const lists = await pMap(environments, (environment) => collect(ledger.copies(environment, state)), {
      concurrency: environmentsAtOnce,
    });
    return lists.flat();
  };
  const [sweep, watch, alerts, queued, starting, running, failed, alarms] = await Promise.all([
    lastSweep(ledger, now),
    ledger.lastWatch(),
    collect(filter(ledger.openAlerts(), ({ database }) => only?.(environmentOf(database)) ?? true)),
    list('queued'),
    list('starting'),
    list('running'),
    list('failed'),
    where.alarms().then(
      (ringing) => ({ ringing }),
      (error: unknown) => ({ unread: error instanceof Error ? error.message : String(error) }),
    ),
  ]);
  const openAlerts = await factsOfAlerts(ledger, alerts.toSorted(worstFirst), now);
  const runs = { sweep: sweep && runFacts(sweep), watch: watch && runFacts(watch) };
  const doubts = doubtsOf({ ...runs, alerts: openAlerts }, now);
  // A tenant without a database has none in any of these.
  const unwatchedTenants = only ? [] : unwatchedTenantFacts(sweep, watch);
  const unprotected =
    openAlerts.some(({ verdict }) => isUnprotected(verdict)) ||
    unwatchedTenants.some(({ severity }) => severity === 'critical');
  const oldest = minBy(queued, queuedSince);
  return {
    now: iso(now),
    ledger: where.table,
    account: where.account,
    region: where.region,
    standing: doubts.length > 0 ? 'unknown' : unprotected ? 'unprotected' : 'ok',
    doubts,
    counts: only ? await countsIn(ledger, only) : countsOf(sweep),
    sweep: runs.sweep ?? null,
    watch: runs.watch ?? null,
    openAlerts,
    unwatchedTenants,
    copies: {
      queued: queued.length,
      oldestQueuedAt: isoOrNull(oldest && new Date(queuedSince(oldest))),
      starting: starting.length,
      running: running.length,
      failed: failed.length,
      failedByCause: Object.fromEntries(byCause(failed).map(({ code, copies }) => [code ?? 'unknown', copies.length])),
    },
    alarms: 'ringing' in alarms ? alarms.ringing : null,
    alarmsUnread: 'unread' in alarms ? alarms.unread : null,
  };
}

function queuedSince({ copy, recordedAt }: Backup): number {
  return (copy.queuedAt ?? recordedAt).getTime();
}

/** Configured databases in some environments, by the verdict of their last evaluation. */
async function countsIn(ledger: Ledger, only: (environment: Environment) => boolean): Promise<Record<string, number>> {
  const verdicts = new Map<DatabaseKey, string>();
  for await (const { key, tenant, verdict } of ledger.allDatabases()) {
    if (tenant !== undefined && verdict !== undefined && only(environmentOf(key))) verdicts.set(key, verdict);
  }
  const counted = countedDatabases(verdicts.keys());
  return countBy([...counted], (key) => verdicts.get(key) ?? '');
}

/** Everything that forbids to say that all is well, or who is not. */
export function doubtsOf(
  seen: {
    readonly sweep: RunFacts | undefined;
    readonly watch: RunFacts | undefined;
    readonly alerts: readonly Pick<AlertFacts, 'key' | 'verdict'>[];
  },
  now: Date,
): string[] {
  const { sweep, watch, alerts } = seen;
  if (sweep === undefined) {
    return ['No sweep has run yet: the first one comes with the next watch; run "sweep" to have it now.'];
  }
  const age = (run: RunFacts) => now.getTime() - Date.parse(run.finished ?? run.started);
  const notKnown = verdictNames
    .filter((name) => verdictOf(name).protection === 'unknown')
    .map((name) => ({ name, count: databasesOf(alerts.filter(({ verdict }) => verdict === name)).size }))
    .filter(({ count }) => count > 0);
  const later = [...new Set([...Object.keys(sweep.counts), ...alerts.map(({ verdict }) => verdict)])].filter(
    (name) => !isVerdict(name),
  );
  return [
    ...(age(sweep) >= sweepBelievedHours * hourMs
      ? [`The last sweep ended ${formatAge(age(sweep))} ago, and one is due every day: check the sweep function.`]
      : []),
    ...(sweep.complete
      ? []
      : [`The last sweep did not get to its end: ${sweep.errors[0] ?? 'the next watch carries it on'}`]),
    ...(watch === undefined && age(sweep) >= watchBelievedHours * hourMs
      ? ['No watch has run yet, and one is due every 15 minutes: check its schedule.']
      : []),
    ...(watch && age(watch) >= watchBelievedHours * hourMs && age(sweep) >= watchBelievedHours * hourMs
      ? [`The last watch ended ${formatAge(age(watch))} ago, and one is due every 15 minutes: check its schedule.`]
      : []),
    ...notKnown.map(
      ({ name, count }) =>
        `It is not known whether ${count === 1 ? 'a database is' : `${count} databases are`} protected (${verdictOf(name).meaning}): see the alerts.`,
    ),
    ...(later.length > 0
      ? [`Verdicts of a later version (${later.join(', ')}) mean nothing to this one: update the command line.`]
      : []),
  ];
}

/** The databases of alerts: those of the tenants of a shared database are of one. */
function databasesOf(alerts: readonly Pick<AlertFacts, 'key'>[]): ReadonlySet<DatabaseKey> {
  return new Set(alerts.map(({ key }) => databaseOfShare(key)));
}

/** 0: all well. 1: somebody is unprotected. 2: it is not known. */
export const exitCodes: Readonly<Record<Standing, number>> = { ok: 0, unprotected: 1, unknown: 2 };

function worstFirst(a: Alert, b: Alert): number {
  return bySeverity(a.severity, b.severity) || a.opened.getTime() - b.opened.getTime();
}
