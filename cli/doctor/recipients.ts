import type { StackResourceSummary } from '@aws-sdk/client-cloudformation';
import {
  GetSMSAttributesCommand,
  GetSMSSandboxAccountStatusCommand,
  GetSubscriptionAttributesCommand,
  paginateListSubscriptionsByTopic,
  SNSClient,
  type Subscription,
} from '@aws-sdk/client-sns';
import pMap from 'p-map';
import type { Fleet } from '../../shared/config/index.ts';
import { constructIds } from '../../shared/contract.ts';
import { endpointName, type FilterPolicy, subscribersOf } from '../../shared/notifications/index.ts';
import { output } from '../aws/deployment.ts';
import type { Deployment } from '../dependencies.ts';
import type { DoctorFinding } from './finding.ts';

/** Who should get what from a topic. */
interface Audience {
  readonly check: string;
  readonly TopicArn: string;
  /** Filters by endpoint. */
  readonly expected: ReadonlyMap<string, FilterPolicy>;
  /** The problem if nobody is subscribed. */
  readonly silence: string;
}

/** Whether everybody in the configuration is subscribed to alerts and has confirmed it, and nobody else is. */
export function checkSubscriptions(deployment: Deployment, fleet: Fleet): Promise<DoctorFinding[]> {
  return checkAudience({
    check: 'subscriptions',
    TopicArn: output(deployment, 'AlertTopicArn'),
    expected: new Map(subscribersOf(fleet).map((subscriber) => [endpointName(subscriber), subscriber.filter])),
    silence: 'the alert topic has no recipient: nobody is notified of anything',
  });
}

/** The same for the stack's own alarms, which have a topic for the operators alone and a confirmation of their own. */
export async function checkAlarmSubscriptions(
  resources: readonly StackResourceSummary[],
  fleet: Fleet,
): Promise<DoctorFinding[]> {
  const operators = subscribersOf(fleet).filter(({ operator }) => operator);
  const topic = resources.find(
    ({ ResourceType, LogicalResourceId }) =>
      ResourceType === 'AWS::SNS::Topic' && LogicalResourceId?.includes(constructIds.alarmTopic),
  );
  if (operators.length === 0 || topic?.PhysicalResourceId === undefined) return [];
  return checkAudience({
    check: 'alarm topic',
    TopicArn: topic.PhysicalResourceId,
    expected: new Map(operators.map((operator) => [endpointName(operator), {}])),
    silence: 'the alarm topic has no recipient: nobody is notified when the stack itself fails',
  });
}

async function checkAudience({ check, TopicArn, expected, silence }: Audience): Promise<DoctorFinding[]> {
  const sns = new SNSClient();
  const there: Subscription[] = [];
  for await (const page of paginateListSubscriptionsByTopic({ client: sns }, { TopicArn })) {
    there.push(...(page.Subscriptions ?? []));
  }
  if (there.length === 0) {
    const cure =
      expected.size === 0
        ? 'Add recipients to the configuration ("operators", and "recipients" of tenants), and deploy it.'
        : 'Deploy the stack again: the configuration has recipients.';
    return [{ check, kind: 'problem', found: silence, cure }];
  }
  const names = new Set(there.map(subscriptionName));
  const findings: DoctorFinding[] = [];
  for (const name of expected.keys()) {
    if (names.has(name)) continue;
    const cure =
      'Deploy the stack again, with --revert-drift if only the subscription is gone; whoever unsubscribed has to confirm anew.';
    findings.push({ check, kind: 'problem', found: `${name} is in the configuration and not subscribed`, cure });
  }
  for (const name of names) {
    if (expected.has(name)) continue;
    const cure =
      'Put it into the configuration, or remove it with "aws sns unsubscribe": it gets whatever its own filter passes.';
    findings.push({ check, kind: 'warning', found: `${name} is subscribed and not in the configuration`, cure });
  }
  const pending = there.filter(({ SubscriptionArn }) => !SubscriptionArn?.startsWith('arn:'));
  for (const one of pending) {
    const cure =
      'Open the link in the confirmation that AWS sent there (it lasts three days); to have another sent: "aws sns subscribe" with the same endpoint.';
    findings.push({
      check,
      kind: 'problem',
      found: `${subscriptionName(one)} has not confirmed, and is not notified`,
      cure,
    });
  }
  const confirmed = there.filter((one) => !pending.includes(one));
  const filters = await pMap(confirmed, (one) => filterOf(sns, one), { concurrency: 5 });
  for (const [index, one] of confirmed.entries()) {
    const filter = expected.get(subscriptionName(one));
    if (filter === undefined || sameFilter(filter, filters[index])) continue;
    const cure =
      'Deploy the stack again; if nothing changes then, remove the subscription first: somebody edited it by hand.';
    findings.push({
      check,
      kind: 'problem',
      found: `the filter of ${subscriptionName(one)} differs from the configuration`,
      cure,
    });
  }
  if (findings.length > 0) return findings;
  return [{ check, kind: 'ok', found: `${confirmed.length} confirmed, as the configuration has them`, cure: null }];
}

function subscriptionName({ Protocol = '', Endpoint = '' }: Subscription): string {
  return endpointName({ protocol: Protocol, endpoint: Endpoint });
}

async function filterOf(sns: SNSClient, { SubscriptionArn }: Subscription): Promise<string | undefined> {
  const { Attributes } = await sns.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }));
  return Attributes?.FilterPolicy;
}

function sameFilter(filter: FilterPolicy, policy: string | undefined): boolean {
  const sorted = (one: object) =>
    JSON.stringify(
      Object.entries(one).map(([key, values]) => [key, Array.isArray(values) ? [...values].sort() : values]),
    );
  const found: unknown = policy ? JSON.parse(policy) : {};
  return typeof found === 'object' && found !== null && sorted(found) === sorted(filter);
}

/** Alarms and digests go to operators alone. */
export async function checkOperators({ operators }: Fleet): Promise<DoctorFinding[]> {
  if (operators.length > 0) return [];
  const cure = 'Add somebody to "operators" in the configuration, and deploy it.';
  return [
    {
      check: 'operators',
      kind: 'problem',
      found: 'nobody is notified of failures of the stack, and nobody gets digests',
      cure,
    },
  ];
}

/** Text messages are bounded by the account: verified numbers only in the sandbox, and a monthly sum. */
export async function checkSms(fleet: Fleet): Promise<DoctorFinding[]> {
  const numbers = subscribersOf(fleet).filter(({ protocol }) => protocol === 'sms').length;
  if (numbers === 0) return [];
  const sns = new SNSClient();
  const { IsInSandbox } = await sns.send(new GetSMSSandboxAccountStatusCommand());
  const { attributes } = await sns.send(new GetSMSAttributesCommand({ attributes: ['MonthlySpendLimit'] }));
  // An account that never set it has AWS's own: 1 US dollar a month.
  const limit = Number(attributes?.MonthlySpendLimit ?? 1);
  const findings: DoctorFinding[] = [];
  if (IsInSandbox) {
    findings.push({
      check: 'sms',
      kind: 'problem',
      found: `the account is in the SMS sandbox: only numbers that were verified get text messages (${numbers} configured)`,
      cure: 'Ask AWS to move the account out of the SMS sandbox (SNS console, Text messaging), or verify each number there.',
    });
  }
  if (limit <= 1) {
    findings.push({
      check: 'sms',
      kind: 'warning',
      found: `text messages may cost ${limit} US dollars a month; when that is spent, no more are sent`,
      cure: 'Ask AWS for a higher "account spend limit" for SMS, and set MonthlySpendLimit in SNS.',
    });
  }
  if (findings.length > 0) return findings;
  return [
    {
      check: 'sms',
      kind: 'ok',
      found: `${numbers} numbers, out of the sandbox, ${limit} US dollars a month`,
      cure: null,
    },
  ];
}
