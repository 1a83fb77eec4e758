import { Metrics } from '@aws-lambda-powertools/metrics';
import { sumBy } from 'es-toolkit/math';
import { copiesAnything, type Fleet } from '../shared/config/index.ts';
import { type FunctionName, type MetricOf, metrics } from '../shared/contract.ts';
import type { WorkReport } from '../shared/copies/index.ts';
import { isUnprotected, verdictNames } from '../shared/domain/index.ts';
import { hourMs } from '../shared/lib/time.ts';
import type { SweepRun } from '../shared/sweep/index.ts';

/** Namespace and service come from the environment. */
const powertools = new Metrics();

/** Writes the metrics of a function into its log, from where CloudWatch takes them; `undefined` was not measured. */
function publish<Emitter extends FunctionName>(values: Readonly<Record<MetricOf<Emitter>, number | undefined>>): void {
  for (const [name, value] of Object.entries<number | undefined>(values)) {
    if (value !== undefined) powertools.addMetric(name, metrics[name as MetricOf<Emitter>].unit, value);
  }
  powertools.publishStoredMetrics();
}

/**
 * What alarms and dashboards read of a run. The heartbeat comes only from a sweep that reached its end, and so does the
 * number of unprotected databases; what could not be read in another environment
 * is not the stack's own health, and operators are notified of it. Missed events are each run's own, since they are summed up.
 */
export function publishSweepMetrics({
  row,
  report,
  reachedEnd,
}: Pick<SweepRun, 'row' | 'report' | 'reachedEnd'>): void {
  if (row.mode === 'watch') return;
  const unprotected = sumBy(verdictNames.filter(isUnprotected), (name) => row.counts[name] ?? 0);
  publish<'sweep'>({
    SweepHeartbeat: row.complete || reachedEnd ? 1 : undefined,
    UnprotectedDatabases: row.stoppedAfter === undefined ? unprotected : undefined,
    EventsMissed: report.eventsMissed,
  });
}

function hoursSince(since: Date, now: Date): number {
  return (now.getTime() - since.getTime()) / hourMs;
}

/**
 * What alarms and dashboards read of copies. Failed are those that people are notified of: failed for good, incomplete, and
 * gone before their turn. Every pass measures the queue, also where it is empty; but metrics cost money, so where nothing is
 * copied, there are none.
 */
export function publishCopyMetrics({ ended, run }: WorkReport, fleet: Fleet, now: Date): void {
  if (ended.length === 0 && !run.waiting && !copiesAnything(fleet)) return;
  publish<'copy'>({
    CopiesEnded: ended.length,
    CopiesFailed: ended.filter(({ copy }) => copy.pendingSince).length,
    CopiesQueued: run.waiting,
    // Its minimum over hours tells whether anything ended while something waited.
    CopiesStalled: run.waiting === undefined ? undefined : run.waiting > 0 && ended.length === 0 ? 1 : 0,
    OldestQueuedCopyHours: run.waiting === undefined ? undefined : hoursSince(run.oldestQueuedAt ?? now, now),
  });
}
