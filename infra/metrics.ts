import type { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
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

/**
 * What must happen in each period, as 1 or more where it did, and 0 where it did not: with missing data alone CloudWatch looks further
 * back than the periods of the alarm, and rings hours late. A period in which none of `alive` reported counts as 1: the stack
 * was not there yet. Source: Amazon CloudWatch User Guide, "Configuring how CloudWatch alarms treat missing data", "Metric math".
 */
export function mustHappen(metric: Metric, ...alive: readonly [Metric, ...Metric[]]): MathExpression {
  const names = alive.map((_, at) => `alive${at}`);
  const reported = names.map((name) => `FILL(${name}, 0)`).join(' + ');
  return new MathExpression({
    expression: `IF(${reported} > 0, FILL(happened, 0), 1)`,
    usingMetrics: { happened: metric, ...Object.fromEntries(names.map((name, at) => [name, alive[at] as Metric])) },
    ...(metric.period && { period: metric.period }),
  });
}
