import type { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type AlarmedMetric, metricsDimensions, metricsNamespace } from '../shared/contract.ts';

/** A metric that the functions write into their logs. */
export function productMetric(metricName: AlarmedMetric, statistic: string, period: Duration): Metric {
  return new Metric({
    namespace: metricsNamespace,
    metricName,
    dimensionsMap: metricsDimensions,
    statistic,
    period,
  });
}
