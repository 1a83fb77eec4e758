import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { WorkReport } from '../shared/copies/index.ts';
import { hourMs } from '../shared/lib/time.ts';

const metrics = new Metrics();

/**
 * What alarms and dashboards read of copies. Failed are those that people are notified of: failed for good, incomplete, and
 * gone before their turn. Every pass measures the queue, also where it is empty.
 */
export function publishCopyMetrics({ ended, run }: WorkReport, now: Date): void {
  const oldest = run.oldestQueuedAt ? (now.getTime() - run.oldestQueuedAt.getTime()) / hourMs : 0;
  metrics.addMetric('CopiesEnded', MetricUnit.Count, ended.length);
  metrics.addMetric('CopiesFailed', MetricUnit.Count, ended.filter(({ copy }) => copy.notifiedAt).length);
  metrics.addMetric('CopiesQueued', MetricUnit.Count, run.waiting);
  // Its minimum over hours tells whether anything ended while something waited.
  metrics.addMetric('CopiesStalled', MetricUnit.Count, run.waiting > 0 && ended.length === 0 ? 1 : 0);
  metrics.addMetric('OldestQueuedCopyHours', MetricUnit.Count, oldest);
  metrics.publishStoredMetrics();
}
