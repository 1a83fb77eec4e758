import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { SweepResult } from '../shared/sweep/index.ts';

const metrics = new Metrics();

/**
 * What alarms and dashboards read of a run. The heartbeat comes only from a sweep that reached its end, and so does the
 * number of unprotected databases; missed events are each run's own, since they are summed up.
 */
export function publishSweepMetrics({ row, report }: Pick<SweepResult, 'row' | 'report'>): void {
  if (row.mode === 'watch') return;
  if (row.complete) metrics.addMetric('SweepHeartbeat', MetricUnit.Count, 1);
  if (row.stoppedAfter === undefined) {
    const { overdue = 0, never = 0, disabled = 0, missing = 0 } = row.counts;
    metrics.addMetric('UnprotectedDatabases', MetricUnit.Count, overdue + never + disabled + missing);
  }
  metrics.addMetric('EventsMissed', MetricUnit.Count, report.eventsMissed);
  metrics.publishStoredMetrics();
}
