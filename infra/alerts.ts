import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { Fleet } from '../shared/config/index.ts';
import { constructIds } from '../shared/contract.ts';
import type { FilterPolicy, Subscriber } from '../shared/notifications/index.ts';
import { Alarms, Threshold } from './alarms.ts';
import { DeadLetters } from './queues.ts';
import { subscribers } from './subscribers.ts';

/**
 * Who is notified: the alert topic, whose messages are filtered by tenant, and the alarm topic for the operators alone.
 * Alarms need a topic of their own because CloudWatch puts no attributes on its messages, and no filter policy matches a
 * message without any. SNS discards what it cannot deliver, unless the subscription has a dead-letter queue.
 */
export class Alerts extends Construct {
  readonly topic: ITopic;
  readonly alarms: Alarms;

  constructor(scope: Construct, id: string, props: { readonly fleet: Fleet; readonly key: IKey }) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Backup alerts', masterKey: props.key, enforceSSL: true });
    const alarmTopic = new Topic(this, constructIds.alarmTopic, {
      displayName: 'Backup ledger alarms',
      masterKey: props.key,
      enforceSSL: true,
    });
    alarmTopic.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [alarmTopic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.alarms = new Alarms(alarmTopic, props.fleet.alerts.runbookUrl);
    const deadLetters = this.#deadLetters(this.topic, alarmTopic);

    for (const subscriber of subscribers(props.fleet)) {
      subscribe(this, this.topic, deadLetters, 'alerts', subscriber, subscriber.filter);
      if (subscriber.operator) subscribe(this, alarmTopic, deadLetters, 'alarms', subscriber);
    }
    if (props.fleet.operators.length === 0) {
      Validations.of(this).addWarning(
        'no-operators',
        'Nobody is notified when this stack itself fails, nor of digests: "operators" is empty. Add a recipient, e.g. "operators": [{ "email": "oncall@example.com" }]',
      );
    }
  }

  /** One queue for what the subscriptions of all topics could not be sent, and alarms on each topic's failed deliveries. */
  #deadLetters(alerts: ITopic, alarms: ITopic): IQueue {
    const { queue } = new DeadLetters(this, constructIds.deadLetters, {
      alarms: this.alarms,
      alarm: {
        name: 'notification dead letters',
        impact: 'Recipients did not get a message: SNS could not deliver it, and has given up.',
      },
    });
    queue.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': [alerts.topicArn, alarms.topicArn] } },
      }),
    );
    const impact = (what: string) =>
      `SNS could not deliver ${what} to a recipient; it may also have failed to keep them as dead letters.`;
    const rule = (topic: ITopic) => ({
      metric: topic.metricNumberOfNotificationsFailed({ period: Duration.minutes(15), statistic: Stats.SUM }),
      threshold: Threshold.atLeast(1),
    });
    this.alarms.add(this, { name: 'alerts not delivered', impact: impact('alerts') }, rule(alerts));
    this.alarms.add(this, { name: 'alarms not delivered', impact: impact('alarms') }, rule(alarms));
    return queue;
  }
}

function subscribe(
  scope: Construct,
  topic: ITopic,
  deadLetters: IQueue,
  what: string,
  subscriber: Subscriber,
  filterPolicy?: FilterPolicy,
) {
  const { protocol, endpoint } = subscriber;
  new CfnSubscription(scope, `${what} to ${protocol} ${endpoint}`, {
    topicArn: topic.topicArn,
    protocol,
    endpoint,
    redrivePolicy: { deadLetterTargetArn: deadLetters.queueArn },
    ...(filterPolicy && { filterPolicy }),
  });
}
