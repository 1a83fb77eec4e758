import { Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { Fleet } from '../shared/config/index.ts';
import { constructIds } from '../shared/contract.ts';
import type { FilterPolicy, Subscriber } from '../shared/notifications/index.ts';
import { subscribers } from './subscribers.ts';

/**
 * Who is notified: the alert topic, whose messages are filtered by tenant, and the alarm topic for the operators alone.
 * Alarms need a topic of their own because CloudWatch puts no attributes on its messages, and no filter policy matches a
 * message without any.
 */
export class Alerts extends Construct {
  readonly topic: ITopic;
  readonly alarmTopic: ITopic;

  constructor(scope: Construct, id: string, props: { readonly fleet: Fleet; readonly key: IKey }) {
    super(scope, id);
    this.topic = new Topic(this, 'Topic', { displayName: 'Backup alerts', masterKey: props.key, enforceSSL: true });
    const alarms = new Topic(this, constructIds.alarmTopic, {
      displayName: 'Backup ledger alarms',
      masterKey: props.key,
      enforceSSL: true,
    });
    alarms.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [alarms.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    this.alarmTopic = alarms;

    for (const subscriber of subscribers(props.fleet)) {
      subscribe(this, this.topic, 'alerts', subscriber, subscriber.filter);
      if (subscriber.operator) subscribe(this, this.alarmTopic, 'alarms', subscriber);
    }
    if (props.fleet.operators.length === 0) {
      Validations.of(this).addWarning(
        'no-operators',
        'Nobody is notified when this stack itself fails, nor of digests: "operators" is empty. Add a recipient, e.g. "operators": [{ "email": "oncall@example.com" }]',
      );
    }
  }
}

function subscribe(scope: Construct, topic: ITopic, what: string, subscriber: Subscriber, filterPolicy?: FilterPolicy) {
  const { protocol, endpoint } = subscriber;
  new CfnSubscription(scope, `${what} to ${protocol} ${endpoint}`, {
    topicArn: topic.topicArn,
    protocol,
    endpoint,
    ...(filterPolicy && { filterPolicy }),
  });
}
