/** One screen's facts: is everybody protected, and is the watcher itself alive. */
import type { Ledger } from '../ledger/ledger.ts';
import type { Alert, SweepRow, VerdictName } from '../model.ts';
import { bySeverity } from '../rules/alert.ts';
import { dayMs, formatAge, hourMs } from '../text.ts';
import { collect, first } from './collect.ts';
import { type AlertFacts, alertFacts, iso, isoOrNull, type RunFacts, runFacts } from './facts.ts';

/** An alarm of the stack that rings. */
export interface RingingAlarm {
  readonly name: string;
  /** What breaks, and where the runbook speaks of it. */
  readonly description: string;
  readonly since: string | null;
}

/** `ok`: everybody is protected. `unprotected`: somebody is not. `unknown`: nobody can tell. */
export type Standing = 'ok' | 'unprotected' | 'unknown';

export interface StatusFacts {
  readonly now: string;
  readonly ledger: string;
  readonly standing: Standing;
  /** Why nobody can tell; empty otherwise. */
  readonly doubts: readonly string[];
  /** Databases by verdict as of the last sweep. */
  readonly counts: Readonly<Partial<Record<VerdictName, number>>>;
  readonly sweep: RunFacts | null;
  readonly watch: RunFacts | null;
  /** Open alerts, worst first, then oldest first. */
  readonly openAlerts: readonly AlertFacts[];
  readonly copies: {
    readonly queued: number;
    readonly oldestQueuedAt: string | null;
    readonly starting: number;
    readonly running: number;
    /** Failed for good, while RDS still has their snapshots. */
    readonly failed: number;
  };
  /** Null: CloudWatch could not be asked, and `alarmsUnread` says why. */
  readonly alarms: readonly RingingAlarm[] | null;
  readonly alarmsUnread: string | null;
}

/** A sweep older than this is no answer: it runs daily, and may take up to two hours with its retries. */
export const sweepBelievedHours = 26;
/** The watch runs every 15 minutes. */
export const watchBelievedHours = 1;

/** Verdicts under which a promise is broken now. */
const broken: ReadonlySet<VerdictName> = new Set(['overdue', 'never', 'disabled', 'missing']);

/** Reads the last sweep, the last watch, open alerts and listed copies, and nothing else. */
export async function readStatus(
  ledger: Ledger,
  where: { readonly table: string; readonly alarms: () => Promise<readonly RingingAlarm[]> },
  now: Date,
): Promise<StatusFacts> {
  const [sweep, watch, alerts, queue, starting, running, failed, alarms] = await Promise.all([
    lastSweep(ledger, now),
    ledger.lastWatch(),
    collect(ledger.openAlerts()),
    summarize(ledger, 'queued'),
    summarize(ledger, 'starting'),
    summarize(ledger, 'running'),
    summarize(ledger, 'failed'),
    where.alarms().then(
      (ringing) => ({ ringing }),
      (error: unknown) => ({ unread: error instanceof Error ? error.message : String(error) }),
    ),
  ]);
  const doubts = doubtsOf({ sweep: sweep && runFacts(sweep), watch: watch && runFacts(watch), alerts }, now);
  const unprotected = alerts.some(({ verdict }) => broken.has(verdict));
  return {
    now: iso(now),
    ledger: where.table,
    standing: doubts.length > 0 ? 'unknown' : unprotected ? 'unprotected' : 'ok',
    doubts,
    counts: sweep?.counts ?? {},
    sweep: sweep ? runFacts(sweep) : null,
    watch: watch ? runFacts(watch) : null,
    openAlerts: alerts.toSorted(worstFirst).map(alertFacts),
    copies: {
      queued: queue.count,
      oldestQueuedAt: isoOrNull(queue.oldest),
      starting: starting.count,
      running: running.count,
      failed: failed.count,
    },
    alarms: 'ringing' in alarms ? alarms.ringing : null,
    alarmsUnread: 'unread' in alarms ? alarms.unread : null,
  };
}

/** The last sweep. One is due each day, so that the last days' rows mostly do, and a page of all of them is not read. */
export async function lastSweep(ledger: Ledger, now: Date): Promise<SweepRow | undefined> {
  const from = new Date(now.getTime() - 2 * dayMs);
  return (await first(ledger.sweeps({ from }))) ?? (await first(ledger.sweeps()));
}

/** Everything that forbids to say that all is well, or who is not. */
export function doubtsOf(
  seen: {
    readonly sweep: RunFacts | undefined;
    readonly watch: RunFacts | undefined;
    readonly alerts: readonly Pick<Alert, 'verdict'>[];
  },
  now: Date,
): string[] {
  const { sweep, watch, alerts } = seen;
  if (sweep === undefined) {
    return ['No sweep has run yet: the first one comes with the next watch; run "sweep" to have it now.'];
  }
  const age = (run: RunFacts) => now.getTime() - Date.parse(run.finished ?? run.started);
  const unknown = alerts.filter(({ verdict }) => verdict === 'unknown').length;
  return [
    ...(age(sweep) >= sweepBelievedHours * hourMs
      ? [`The last sweep ended ${formatAge(age(sweep))} ago, and one is due every day: look at the sweep function.`]
      : []),
    ...(sweep.complete
      ? []
      : [`The last sweep did not get to its end: ${sweep.errors[0] ?? 'the next watch carries it on'}`]),
    ...(watch === undefined && age(sweep) >= watchBelievedHours * hourMs
      ? ['No watch has run yet, and one is due every 15 minutes: look at its schedule.']
      : []),
    ...(watch && age(watch) >= watchBelievedHours * hourMs && age(sweep) >= watchBelievedHours * hourMs
      ? [`The last watch ended ${formatAge(age(watch))} ago, and one is due every 15 minutes: look at its schedule.`]
      : []),
    ...(unknown > 0
      ? [`RDS could not be asked about ${unknown === 1 ? 'a database' : `${unknown} databases`}: see the alerts.`]
      : []),
  ];
}

/** 0: all well. 1: somebody is unprotected. 2: nobody can tell. */
export const exitCodes: Readonly<Record<Standing, number>> = { ok: 0, unprotected: 1, unknown: 2 };

async function summarize(ledger: Ledger, state: Parameters<Ledger['copies']>[0]) {
  let count = 0;
  let oldest: Date | undefined;
  for await (const { copy, recordedAt } of ledger.copies(state)) {
    count += 1;
    // Queued first first, so the first one is the oldest.
    oldest ??= copy.queuedAt ?? recordedAt;
  }
  return { count, oldest };
}

function worstFirst(a: Alert, b: Alert): number {
  return bySeverity(a.severity, b.severity) || a.opened.getTime() - b.opened.getTime();
}
