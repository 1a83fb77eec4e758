import { CfnCondition, CfnParameter, CfnResource, Fn, Stack, type StackProps } from 'aws-cdk-lib';
import { AccountPrincipal, type IPrincipal, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { handlerCalls } from '../handlers/calls.ts';
import { copiesAnything, type Fleet } from '../shared/config/index.ts';
import {
  eventRules,
  type FunctionName,
  forwardRuleName,
  hubBusName,
  hubRoleName,
  spokeDeadLetterQueueName,
  spokeRoleName,
} from '../shared/contract.ts';
import type { Environment } from '../shared/domain/index.ts';
import { actionsOn } from '../shared/lib/aws-calls.ts';
import { CopyBuckets } from './buckets.ts';
import { allowCopies, newExportRole, warnOfCopies } from './copy-rights.ts';
import { ownEventsRule } from './event-rules.ts';
import { allowKeyUse, exportKey } from './key.ts';
import { deadLetterQueue } from './queues.ts';
import { rdsUses } from './rds-uses.ts';
import { allow, allowAwsBackupReads, allowRdsReads } from './rights.ts';

export interface SpokeStackProps extends StackProps {
  /** Where the ledger and its functions are. */
  readonly hub: Environment;
  /** The fleet as the spoke's environment has it (`fleetIn`). */
  readonly fleet: Fleet;
}

/**
 * What the hub needs in another environment: events forwarded, a role to read with and, where copies are wanted, what they take.
 * It runs no code, and holds nothing but copies.
 */
export class SpokeStack extends Stack {
  constructor(scope: Construct, id: string, { hub, fleet, ...props }: SpokeStackProps) {
    const description = `Forwards RDS backup events to the ledger of ${hub.account}/${hub.region}, and lets it read and copy backups`;
    super(scope, id, { description, ...props });
    if (fleet.events) new Forwarding(this, 'Forwarding', hub);
    addReader(this, hub);
    if (copiesAnything(fleet)) new SpokeCopies(this, 'Copies', { hub, fleet });
  }
}

/** A spoke without copies for any account and Region, as StackSets roll it out. */
export class SpokeTemplate extends Stack {
  constructor(scope: Construct, id: string, props: StackProps) {
    super(scope, id, { description: 'Forwards RDS backup events to a ledger elsewhere, and lets it read', ...props });
    const account = new CfnParameter(this, 'HubAccount', {
      description: 'Account of the ledger',
      allowedPattern: '^\\d{12}$',
    });
    const region = new CfnParameter(this, 'HubRegion', {
      description: 'Region of the ledger',
      allowedPattern: '^[a-z]+(-[a-z]+)+-\\d+$',
    });
    const forward = new CfnParameter(this, 'ForwardEvents', {
      description: 'Whether events are forwarded; "no" where EventBridge does not forward between the two Regions',
      allowedValues: ['yes', 'no'],
      default: 'yes',
    });
    const hub = { account: account.valueAsString, region: region.valueAsString };
    const condition = new CfnCondition(this, 'ForwardsEvents', { expression: Fn.conditionEquals(forward, 'yes') });
    for (const part of new Forwarding(this, 'Forwarding', hub).node.findAll()) {
      if (CfnResource.isCfnResource(part)) part.cfnOptions.condition = condition;
    }
    addReader(this, hub);
  }
}

/** Rules that forward what matters to the bus of the hub, and the queue of what they could not. */
class Forwarding extends Construct {
  constructor(scope: Construct, id: string, hub: Environment) {
    super(scope, id);
    const { account, partition, region } = Stack.of(this);
    const bus = `arn:${partition}:events:${hub.region}:${hub.account}:event-bus/${hubBusName}`;
    const role = new Role(this, 'Role', {
      // The policy of the hub's bus knows it by this name.
      roleName: spokeRoleName('forward', region),
      description: "Forwards events to the ledger's bus",
      assumedBy: new ServicePrincipal('events.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    });
    allow(role, { actions: ['events:PutEvents'], resources: [bus] });
    const deadLetters = deadLetterQueue(this, 'DeadLetters', { queueName: spokeDeadLetterQueueName });
    const target = { bind: () => ({ arn: bus, role, deadLetterConfig: { arn: deadLetters.queueArn } }) };
    const rules = eventRules.map((event) =>
      ownEventsRule(this, event, event, { target, ruleName: forwardRuleName(event) }),
    );
    for (const rule of rules) rule.node.addDependency(role);
    deadLetters.addToResourcePolicy(
      new PolicyStatement({
        principals: [new ServicePrincipal('events.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [deadLetters.queueArn],
        conditions: { ArnEquals: { 'aws:SourceArn': rules.map(({ ruleArn }) => ruleArn) } },
      }),
    );
  }
}

/** The functions that read; the one that copies does all with the copier role. */
const readers = ['record', 'sweep'] as const satisfies readonly FunctionName[];

/** The role that the functions read databases, backups and jobs with, and what could not be forwarded. */
function addReader(stack: Stack, hub: Environment): void {
  const { account, partition, region } = stack;
  const role = new Role(stack, 'ReaderRole', {
    roleName: spokeRoleName('reader', region),
    description: 'What the ledger reads RDS and AWS Backup with',
    assumedBy: functionsOf(hub, partition, readers),
  });
  allowRdsReads(
    role,
    readers.flatMap((name) => rdsUses[name]),
  );
  allowAwsBackupReads(role);
  allow(role, {
    actions: actionsOn(handlerCalls.undelivered, 'queue'),
    resources: [`arn:${partition}:sqs:${region}:${account}:${spokeDeadLetterQueueName}`],
  });
}

/** What copies take in their own account and Region: roles, since none is passed across accounts, a key and buckets. */
class SpokeCopies extends Construct {
  constructor(scope: Construct, id: string, { hub, fleet }: Pick<SpokeStackProps, 'hub' | 'fleet'>) {
    super(scope, id);
    const { partition, region } = Stack.of(this);
    const key = exportKey(this, 'Key');
    if (fleet.stackBuckets.length > 0) new CopyBuckets(this, 'Buckets', { fleet, key });
    const { keyArn } = key;
    const exportRole = newExportRole(this, 'ExportRole', fleet, { keyArn, roleName: spokeRoleName('export', region) });
    const copier = new Role(this, 'CopierRole', {
      roleName: spokeRoleName('copier', region),
      description: 'What the ledger starts, follows and verifies copies of backups with',
      assumedBy: functionsOf(hub, partition, ['copy']),
    });
    allowCopies(copier, fleet, { exportRoleArn: exportRole.roleArn, keyArn });
    allowKeyUse(copier, [keyArn]);
    warnOfCopies(this, fleet);
  }
}

/** Functions of the hub by the names of their roles; those need not exist yet, and may be made anew. */
function functionsOf(hub: Environment, partition: string, names: readonly FunctionName[]): IPrincipal {
  const roles = names.map((name) => `arn:${partition}:iam::${hub.account}:role/${hubRoleName(name, hub.region)}`);
  return new AccountPrincipal(hub.account).withConditions({ ArnEquals: { 'aws:PrincipalArn': roles } });
}
