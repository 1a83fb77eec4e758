import { Metrics } from '@aws-lambda-powertools/metrics';
import { minBy } from 'es-toolkit/array';
import { sumBy } from 'es-toolkit/math';
import { copiesAnything, type Fleet } from '../shared/config/index.ts';
import { type FunctionName, type MetricOf, metrics } from '../shared/contract.ts';
import type { EnvironmentPass, WorkReport } from '../shared/copies/index.ts';
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
 * What alarms and dashboards read of a sweep; a watch has no metrics. The heartbeat comes only from one that reached its end, and
 * so does the number of unprotected databases: what could not be read in another environment is not the stack's own health, and
 * operators are notified of it. Missed events are each run's own, since they are summed up.
 */
export function publishSweepMetrics({
  row,
  report,
  reachedEnd,
}: Pick<SweepRun, 'row' | 'report' | 'reachedEnd'>): void {
  const unprotected = sumBy(verdictNames.filter(isUnprotected), (name) => row.counts[name] ?? 0);
  publish<'sweep'>({
    SweepHeartbeat: reachedEnd ? 1 : undefined,
    UnprotectedDatabases: row.stoppedAfter === undefined ? unprotected : undefined,
    EventsMissed: report.eventsMissed,
  });
}

function hoursSince(since: Date, now: Date): number {
  return (now.getTime() - since.getTime()) / hourMs;
}

/**
 * What alarms and dashboards read of copies, over all environments. Failed are those that people are notified of: failed for good,
 * incomplete, and gone before their turn. Every pass measures the queues that it works on, also where they are empty; but metrics
 * cost money, so where nothing is copied, there are none.
 */
export function publishCopyMetrics({ environments, ended, periodic }: WorkReport, fleet: Fleet, now: Date): void {
  // A queue that could not be read was not measured.
  const measured = environments.filter(({ run }) => run.waiting !== undefined);
  const waiting = sumBy(measured, ({ run }) => run.waiting ?? 0);
  if (ended.length === 0 && waiting === 0 && !copiesAnything(fleet)) return;
  // A pass over some of several environments says nothing of the queues of the others.
  const isWhole = measured.length > 0 && (periodic || fleet.environments.length === 1);
  const oldest = minBy(
    measured.flatMap(({ run }) => run.oldestQueuedAt ?? []),
    (since) => since.getTime(),
  );
  publish<'copy'>({
    CopiesEnded: ended.length,
    CopiesFailed: ended.filter(({ copy }) => copy.pendingSince).length,
    CopiesQueued: isWhole ? waiting : undefined,
    CopiesStalled: isWhole ? Number(measured.some((pass) => isStalled(pass, fleet.copies.stuckHours, now))) : undefined,
    OldestQueuedCopyHours: isWhole ? hoursSince(oldest ?? now, now) : undefined,
  });
}

/** Whether a queue does not move: copies wait, none ended or was started, and none runs that is not stuck. */
function isStalled({ run, followed, ended }: EnvironmentPass, stuckHours: number, now: Date): boolean {
  if (!run.waiting || ended.length > 0 || run.started > 0) return false;
  return !followed.met.some(
    ({ copy }) => copy.state === 'running' && hoursSince(copy.startedAt ?? now, now) <= stuckHours,
  );
}
