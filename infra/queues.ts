import { Duration, Validations } from 'aws-cdk-lib';
import { Queue, QueueEncryption, type QueueProps } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { type Alarms, type AlarmText, Threshold } from './alarms.ts';

/** The longest that SQS keeps a message: a long weekend, and a holiday behind it. */
const retention = Duration.days(14);

/** A queue with SQS's own encryption (a customer key would need its rights at every sender) that refuses plain HTTP. */
export function privateQueue(scope: Construct, id: string, props: QueueProps = {}): Queue {
  return new Queue(scope, id, {
    encryption: QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: retention,
    ...props,
  });
}

/** A queue for messages that nobody could handle. */
export function deadLetterQueue(scope: Construct, id: string, props: QueueProps = {}): Queue {
  const queue = privateQueue(scope, id, props);
  Validations.of(queue).acknowledge({
    id: 'AwsSolutions-SQS3',
    reason: 'It is a dead-letter queue itself: of a schedule, a rule, a stream or a function.',
  });
  return queue;
}

export interface DeadLettersProps {
  readonly alarms: Alarms;
  /** Name and impact of the alarm that rings while anything lies in the queue. Default: none does. */
  readonly alarm?: AlarmText;
}

/** Where messages end that nobody could handle: a queue, and an alarm that says so while it is not empty. */
export class DeadLetters extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: DeadLettersProps) {
    super(scope, id);
    this.queue = deadLetterQueue(this, 'Queue');
    if (props.alarm === undefined) return;
    props.alarms.add(this, props.alarm, {
      metric: this.queue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(5),
        statistic: 'Maximum',
      }),
      threshold: Threshold.atLeast(1),
    });
  }
}
