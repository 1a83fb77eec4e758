import { Stack } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import { type AlarmName, alarmAnchor, deployedAlarmName } from '../shared/contract.ts';
import { runbookLink } from '../shared/notifications/index.ts';

/** What a person who is woken by an alarm reads. */
export interface AlarmText {
  /** In words, e.g. `record failing`; also the heading of its section in the runbook. */
  readonly name: AlarmName;
  /** What breaks while it rings, as one sentence. */
  readonly impact: string;
}

/** When a datapoint breaches. */
export interface Threshold {
  readonly value: number;
  readonly comparison: ComparisonOperator;
}

export const Threshold = {
  atLeast: (value: number): Threshold => ({
    value,
    comparison: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
  }),
  above: (value: number): Threshold => ({ value, comparison: ComparisonOperator.GREATER_THAN_THRESHOLD }),
  below: (value: number): Threshold => ({ value, comparison: ComparisonOperator.LESS_THAN_THRESHOLD }),
};

export interface AlarmRule {
  readonly metric: IMetric;
  readonly threshold: Threshold;
  /** Periods that are looked at. Default: 1. */
  readonly periods?: number;
  /** How many of them must breach. Default: all. */
  readonly breaching?: number;
  /** What periods without data count as. Default: as fine; where silence is the failure, the metric says so (`mustHappen`). */
  readonly missing?: TreatMissingData;
}

/** Every alarm goes to the operators, says its impact, and links to its section of the runbook. */
export class Alarms {
  readonly #topic: ITopic;
  readonly #runbookUrl: string;

  constructor(topic: ITopic, runbookUrl: string) {
    this.#topic = topic;
    this.#runbookUrl = runbookUrl;
  }

  add(scope: Construct, text: AlarmText, rule: AlarmRule): Alarm {
    const alarm = new Alarm(scope, `${text.name} alarm`, {
      // A name of its own: it stands in the message's subject, and the command line finds all alarms by the stack's name.
      alarmName: deployedAlarmName(Stack.of(scope).stackName, text.name),
      alarmDescription: `Impact: ${text.impact} Runbook: ${runbookLink(this.#runbookUrl, alarmAnchor(text.name))}`,
      metric: rule.metric,
      threshold: rule.threshold.value,
      comparisonOperator: rule.threshold.comparison,
      evaluationPeriods: rule.periods ?? 1,
      datapointsToAlarm: rule.breaching ?? rule.periods ?? 1,
      treatMissingData: rule.missing ?? TreatMissingData.NOT_BREACHING,
    });
    const action = new SnsAction(this.#topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return alarm;
  }
}
