/** A CDK app of two accounts: what happens on the default bus of one reaches a queue of the other. */
import { App, Stack } from 'aws-cdk-lib';
import { EventBus, Rule } from 'aws-cdk-lib/aws-events';
import { EventBus as BusTarget, SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { ArnPrincipal, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Queue } from 'aws-cdk-lib/aws-sqs';

const app = new App();
const hub = new Stack(app, 'Hub', { env: { account: '123456789012', region: 'eu-west-1' } });
const spoke = new Stack(app, 'Spoke', { env: { account: '111122223333', region: 'eu-central-1' } });
spoke.addStackDependency(hub);
const eventPattern = { source: ['aws.rds'] };

const bus = new EventBus(hub, 'Bus', { eventBusName: 'of-all' });
bus.addToResourcePolicy(
  new PolicyStatement({
    sid: 'spokes',
    principals: [new ArnPrincipal('*')],
    actions: ['events:PutEvents'],
    resources: [bus.eventBusArn],
    conditions: {
      StringEquals: { 'aws:PrincipalAccount': spoke.account, 'events:source': 'aws.rds' },
      ArnLike: { 'aws:PrincipalArn': 'arn:aws:iam::*:role/forward-*' },
    },
  }),
);
const arrived = new Queue(hub, 'Arrived', { queueName: 'arrived' });
new Rule(hub, 'Rule', { eventBus: bus, eventPattern, targets: [new SqsQueue(arrived)] });

const forward = new Role(spoke, 'Forward', {
  roleName: `forward-${spoke.region}`,
  assumedBy: new ServicePrincipal('events.amazonaws.com'),
});
const target = EventBus.fromEventBusArn(spoke, 'Bus', `arn:aws:events:${hub.region}:${hub.account}:event-bus/of-all`);
const deadLetterQueue = new Queue(spoke, 'DeadLetters', { queueName: 'dead-letters' });
new Rule(spoke, 'Rule', { eventPattern, targets: [new BusTarget(target, { role: forward, deadLetterQueue })] });
