import { Stack } from 'aws-cdk-lib';
import { EventBus } from 'aws-cdk-lib/aws-events';
import { AnyPrincipal, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { uniq } from 'es-toolkit/array';
import type { Fleet } from '../shared/config/index.ts';
import { hubBusName, spokeRoleName } from '../shared/contract.ts';
import { eventSources } from './event-rules.ts';

/**
 * The bus that spokes forward their events to: no other target of a rule is reached across Regions. Undefined where none forwards.
 * It takes events of RDS and AWS Backup from the forwarding roles of the configured accounts, or of the organization's, and nothing
 * else. Source: Amazon EventBridge User Guide, "Sending and receiving events between AWS accounts", "Using IAM policy conditions".
 */
export function hubBus(scope: Construct, { environments, organization }: Fleet): EventBus | undefined {
  const [, ...spokes] = environments;
  const accounts = uniq(spokes.filter(({ events }) => events).map(({ account }) => account));
  if (accounts.length === 0) return undefined;
  const bus = new EventBus(scope, 'Bus', {
    eventBusName: hubBusName,
    description: 'Events of RDS and AWS Backup that spokes forward',
  });
  bus.addToResourcePolicy(
    new PolicyStatement({
      sid: 'Spokes',
      principals: [new AnyPrincipal()],
      actions: ['events:PutEvents'],
      resources: [bus.eventBusArn],
      conditions: {
        StringEquals:
          organization === undefined ? { 'aws:PrincipalAccount': accounts } : { 'aws:PrincipalOrgID': organization },
        ArnLike: {
          'aws:PrincipalArn': `arn:${Stack.of(scope).partition}:iam::*:role/${spokeRoleName('forward', '*')}`,
        },
        // Of several values all must be these, and there must be one.
        'ForAllValues:StringEquals': { 'events:source': eventSources },
        Null: { 'events:source': 'false' },
      },
    }),
  );
  return bus;
}
