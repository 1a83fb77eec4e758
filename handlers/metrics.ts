import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { SweepRow } from '../shared/model.ts';

const metrics = new Metrics();

/** What alarms and dashboards read of a run. The heartbeat comes only from a sweep that reached its end. */
export function publishSweepMetrics(row: SweepRow): void {
  if (row.mode === 'watch') return;
  if (row.complete) metrics.addMetric('SweepHeartbeat', MetricUnit.Count, 1);
  const { overdue = 0, never = 0, disabled = 0, missing = 0 } = row.counts;
  metrics.addMetric('UnprotectedDatabases', MetricUnit.Count, overdue + never + disabled + missing);
  metrics.addMetric('EventsMissed', MetricUnit.Count, row.eventsMissed);
  metrics.publishStoredMetrics();
}
