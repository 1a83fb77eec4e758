import type { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';

/** Namespace and dimension of the metrics that the functions write into their logs. */
export const metricsNamespace = 'RdsBackupLedger';
export const metricsService = 'rds-backup-ledger';

/** A metric that the functions write into their logs. */
export function productMetric(metricName: string, statistic: string, period: Duration): Metric {
  return new Metric({
    namespace: metricsNamespace,
    metricName,
    dimensionsMap: { service: metricsService },
    statistic,
    period,
  });
}
