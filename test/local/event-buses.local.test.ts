/** Events between accounts and Regions, on AWS's terms: the plain emulator drops some in silence, and refuses nothing. */
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  UpdateStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  CreateEventBusCommand,
  DescribeEventBusCommand,
  EventBridgeClient,
  PutEventsCommand,
  PutPermissionCommand,
  PutRuleCommand,
  PutTargetsCommand,
  type Target,
} from '@aws-sdk/client-eventbridge';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateQueueCommand, paginateListQueues, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { clientConfig, type LocalAws, localEnvironment, startLocalAws } from '../../local/aws/local-aws.ts';
import { readTrail } from '../../local/aws/trail.ts';
import type { Environment } from '../../shared/domain/index.ts';

const hub = localEnvironment;
const spoke: Environment = { account: '111122223333', region: 'eu-central-1' };
const beside: Environment = { account: spoke.account, region: hub.region };
const stranger: Environment = { account: '444455556666', region: hub.region };
const organization = { id: 'o-a1b2c3d4e5', accounts: [hub.account, spoke.account] };

let aws: LocalAws;
beforeAll(async () => {
  aws = await startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:9', organization });
});
afterAll(() => aws?.stop());

/** Each test has names of its own. */
let test = 0;
let name: string;
beforeEach(() => {
  name = `test-${++test}`;
});

const busIn = ({ account, region }: Environment) => `arn:aws:events:${region}:${account}:event-bus/${name}`;
const queueIn = ({ account, region }: Environment) => `arn:aws:sqs:${region}:${account}:${name}`;
const roleIn = ({ account }: Environment) => `arn:aws:iam::${account}:role/forward/${name}`;
const events = (of: Environment) => new EventBridgeClient(clientConfig(aws, of));
const policy = (...Statement: object[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** A queue that anybody may send to, unless its policy is given. */
async function makeQueue(of: Environment, suffix = '', Policy = policy(anybodySends)): Promise<void> {
  const sqs = new SQSClient(clientConfig(aws, of));
  await sqs.send(new CreateQueueCommand({ QueueName: `${name}${suffix}`, Attributes: { Policy } }));
}

const anybodySends = { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' };

async function received(of: Environment, suffix = ''): Promise<object[]> {
  const sqs = new SQSClient(clientConfig(aws, of));
  for await (const { QueueUrls = [] } of paginateListQueues({ client: sqs }, { QueueNamePrefix: name })) {
    const QueueUrl = QueueUrls.find((url) => url.endsWith(`/${name}${suffix}`));
    if (QueueUrl === undefined) continue;
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    return Messages.map(({ Body = '' }) => JSON.parse(Body));
  }
  throw new Error(`no queue ${name}${suffix}`);
}

async function makeRole(
  of: Environment,
  { trusts = { Service: 'events.amazonaws.com' }, rights }: { trusts?: object; rights: object[] },
): Promise<void> {
  const iam = new IAMClient(clientConfig(aws, of));
  const AssumeRolePolicyDocument = policy({ Effect: 'Allow', Principal: trusts, Action: 'sts:AssumeRole' });
  await iam.send(new CreateRoleCommand({ RoleName: name, Path: '/forward/', AssumeRolePolicyDocument }));
  for (const [index, right] of rights.entries()) {
    const PolicyDocument = policy({ Effect: 'Allow', ...right });
    await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: `p${index}`, PolicyDocument }));
  }
}

/** A rule for the test's source on a bus, with one target. */
async function makeRule(of: Environment, bus: string, target: Omit<Target, 'Id'>): Promise<void> {
  const rule = { Name: name, EventBusName: bus, EventPattern: JSON.stringify({ 'detail-type': [name] }) };
  await events(of).send(new PutRuleCommand(rule));
  const Targets = [{ Id: 'it', ...target }] as Target[];
  await events(of).send(new PutTargetsCommand({ Rule: name, EventBusName: bus, Targets }));
}

/** A bus whose events go to a queue beside it. */
async function makeBus(of: Environment, busPolicy?: string): Promise<void> {
  await events(of).send(new CreateEventBusCommand({ Name: name }));
  if (busPolicy) await events(of).send(new PutPermissionCommand({ EventBusName: name, Policy: busPolicy }));
  await makeQueue(of);
  await makeRule(of, name, { Arn: queueIn(of) });
}

const entry = (EventBusName = 'default', Source = 'aws.rds') => {
  return { EventBusName, Source, DetailType: name, Detail: '{"a":1}', Resources: ['arn:of:it'] };
};

describe('a rule’s target beside it', () => {
  it('gets the event where its policy lets EventBridge for that rule', async () => {
    const { account, region } = hub;
    const rule = `arn:aws:events:${region}:${account}:rule/${name}`;
    const Condition = { ArnEquals: { 'aws:SourceArn': rule } };
    await makeQueue(hub, '', policy({ ...anybodySends, Principal: { Service: 'events.amazonaws.com' }, Condition }));
    await makeRule(hub, 'default', { Arn: queueIn(hub) });
    await events(hub).send(new PutEventsCommand({ Entries: [entry()] }));
    expect(await received(hub)).toMatchObject([hub]);
  });

  it.each([
    ['other services', { Principal: { Service: 'sns.amazonaws.com' } }],
    [
      'other rules',
      { Condition: { ArnEquals: { 'aws:SourceArn': 'arn:aws:events:eu-west-1:123456789012:rule/other' } } },
    ],
    ['other accounts', { Condition: { StringEquals: { 'aws:SourceAccount': stranger.account } } }],
    ['a role alone', { Principal: { AWS: `arn:aws:iam::${hub.account}:role/forward` } }],
  ])('gets nothing where its policy lets %s', async (_who, changes) => {
    await makeQueue(hub, '', policy({ ...anybodySends, Principal: { Service: 'events.amazonaws.com' }, ...changes }));
    await makeQueue(hub, '-dead');
    await makeRule(hub, 'default', { Arn: queueIn(hub), DeadLetterConfig: { Arn: `${queueIn(hub)}-dead` } });
    await events(hub).send(new PutEventsCommand({ Entries: [entry()] }));
    expect(await received(hub)).toEqual([]);
    expect(await received(hub, '-dead')).toMatchObject([hub]);
  });
});

describe('a rule’s target in another account and Region', () => {
  interface Crossing {
    readonly trusts?: object;
    readonly rights?: object[];
    /** Of the statement in the bus's policy; undefined: the bus has no policy. */
    readonly admits?: object | undefined;
    readonly RoleArn?: string | undefined;
    readonly Source?: string;
  }

  /** What the hub's design asks of a forwarding role. */
  const forwarding = () => ({
    StringEquals: { 'aws:PrincipalOrgID': organization.id, 'events:source': ['aws.rds', 'aws.backup'] },
    ArnEquals: { 'aws:PrincipalArn': `arn:aws:iam::\${aws:PrincipalAccount}:role/forward/${name}` },
  });

  /** Sends an event from the spoke's default bus to a bus of the hub: what arrived, and what was kept as a dead letter. */
  async function cross(options: Crossing = {}) {
    const statement = { Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: busIn(hub) };
    const admits = 'admits' in options ? options.admits : { Condition: forwarding() };
    await makeBus(hub, admits && policy({ ...statement, ...admits }));
    await makeRole(spoke, { rights: [{ Action: 'events:PutEvents', Resource: busIn(hub) }], ...options });
    await makeQueue(spoke, '-dead');
    const RoleArn = 'RoleArn' in options ? options.RoleArn : roleIn(spoke);
    const DeadLetterConfig = { Arn: `${queueIn(spoke)}-dead` };
    await makeRule(spoke, 'default', { Arn: busIn(hub), DeadLetterConfig, ...(RoleArn && { RoleArn }) });
    const put = new PutEventsCommand({ Entries: [entry('default', options.Source)] });
    expect((await events(spoke).send(put)).FailedEntryCount).toBe(0);
    return { arrived: await received(hub), dead: await received(spoke, '-dead') };
  }

  it('gets the event as it was, by a role that its bus admits', async () => {
    const { arrived, dead } = await cross();
    expect({ arrived, dead }).toMatchObject({ arrived: [{ ...spoke, source: 'aws.rds', detail: { a: 1 } }], dead: [] });
    const decisions = (await readTrail(aws)).filter(({ role }) => role === name);
    expect(decisions).toMatchObject([{ account: spoke.account, action: 'events:PutEvents', resource: busIn(hub) }]);
  });

  it.each<[string, () => Crossing]>([
    ['its bus has no policy', () => ({ admits: undefined })],
    ['the bus admits another account only', () => ({ admits: { Principal: { AWS: stranger.account } } })],
    ['the bus admits other sources', () => ({ Source: 'own' })],
    [
      'the bus admits another role',
      () => ({ admits: { Condition: { ArnEquals: { 'aws:PrincipalArn': `${roleIn(spoke)}-other` } } } }),
    ],
    [
      'the bus admits another account’s principals',
      () => ({ admits: { Condition: { StringEquals: { 'aws:PrincipalAccount': stranger.account } } } }),
    ],
    [
      'the bus admits another organization',
      () => ({ admits: { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-other' } } } }),
    ],
    ['the role may not', () => ({ rights: [] })],
    ['the role may put on another bus only', () => ({ rights: [{ Action: '*', Resource: `${busIn(hub)}-other` }] })],
    ['EventBridge may not assume the role', () => ({ trusts: { Service: 'lambda.amazonaws.com' } })],
    ['there is no such role', () => ({ RoleArn: `${roleIn(spoke)}-none` })],
    ['the role is of another account', () => ({ RoleArn: roleIn(hub) })],
  ])('gets nothing where %s; the event is a dead letter', async (_, options) => {
    expect(await cross(options())).toMatchObject({ arrived: [], dead: [{ 'detail-type': name }] });
  });

  it('a bus in another Region of the same account needs the role, and no policy', async () => {
    await makeBus(spoke);
    await makeRole(spoke, { rights: [{ Action: 'events:PutEvents', Resource: busIn(spoke) }] });
    await makeRule(beside, 'default', { Arn: busIn(spoke), RoleArn: roleIn(spoke) });
    await events(beside).send(new PutEventsCommand({ Entries: [entry()] }));
    expect(await received(spoke)).toMatchObject([beside]);
  });

  it('a queue is reached in another account, and in no other Region', async () => {
    await makeQueue(hub);
    await makeRole(spoke, { rights: [{ Action: 'sqs:SendMessage', Resource: queueIn(hub) }] });
    for (const of of [beside, spoke]) {
      await makeRule(of, 'default', { Arn: queueIn(hub), RoleArn: roleIn(spoke) });
      await events(of).send(new PutEventsCommand({ Entries: [entry()] }));
    }
    expect(await received(hub)).toMatchObject([beside]);
  });

  it('a queue of another account whose policy does not admit the role gets nothing', async () => {
    await makeQueue(hub, '', policy({ ...anybodySends, Principal: { AWS: stranger.account } }));
    await makeRole(spoke, { rights: [{ Action: 'sqs:SendMessage', Resource: queueIn(hub) }] });
    await makeRule(beside, 'default', { Arn: queueIn(hub), RoleArn: roleIn(spoke) });
    await events(beside).send(new PutEventsCommand({ Entries: [entry()] }));
    expect(await received(hub)).toEqual([]);
  });

  it('a third bus gets nothing', async () => {
    const anybodyPuts = { Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: '*' };
    await makeBus(hub, policy(anybodyPuts));
    await makeBus(spoke, policy(anybodyPuts));
    const rights = [{ Action: 'events:PutEvents', Resource: '*' }];
    for (const of of [stranger, hub]) await makeRole(of, { rights });
    await makeRule(stranger, 'default', { Arn: busIn(hub), RoleArn: roleIn(stranger) });
    await makeRule(hub, name, { Arn: busIn(spoke), RoleArn: roleIn(hub) });
    await events(stranger).send(new PutEventsCommand({ Entries: [entry()] }));
    expect(await received(spoke)).toEqual([]);
    await events(hub).send(new PutEventsCommand({ Entries: [entry(name)] }));
    expect(await received(spoke)).toMatchObject([hub]);
  });
});

describe('PutEvents on a bus of another account', () => {
  async function asRole(of: Environment, rights: object[]) {
    await makeRole(of, { trusts: { AWS: of.account }, rights });
    const assume = new AssumeRoleCommand({ RoleArn: roleIn(of), RoleSessionName: 'session' });
    const { Credentials: made } = await new STSClient(clientConfig(aws, of)).send(assume);
    const credentials = {
      accessKeyId: made?.AccessKeyId ?? '',
      secretAccessKey: made?.SecretAccessKey ?? '',
      sessionToken: made?.SessionToken ?? '',
    };
    return new EventBridgeClient({ ...clientConfig(aws, of), credentials });
  }

  const admits = (Condition: object) =>
    policy({ Effect: 'Allow', Principal: '*', Action: 'events:PutEvents', Resource: busIn(hub), Condition });
  const toHub = (Source?: string) => new PutEventsCommand({ Entries: [entry(busIn(hub), Source)] });
  const refused = /not authorized to perform: events:PutEvents on resource: .*no resource-based policy/;

  it('is taken where the bus admits the role and the source, with the sender’s account', async () => {
    await makeBus(
      hub,
      admits({ ArnEquals: { 'aws:PrincipalArn': roleIn(stranger) }, StringEquals: { 'events:source': 'aws.rds' } }),
    );
    const client = await asRole(stranger, [{ Action: 'events:PutEvents', Resource: busIn(hub) }]);
    expect(await client.send(toHub())).toMatchObject({
      FailedEntryCount: 0,
      Entries: [{ EventId: expect.any(String) }],
    });
    expect(await received(hub)).toMatchObject([stranger]);
    await expect(client.send(toHub('own'))).rejects.toThrow(refused);
    await expect(events(stranger).send(toHub())).rejects.toThrow(refused);
    expect(await received(hub)).toEqual([]);
  });

  it('is refused where the bus has no policy, or does not exist', async () => {
    await expect(events(stranger).send(toHub())).rejects.toThrow(refused);
    await makeBus(hub);
    await expect(events(stranger).send(toHub())).rejects.toThrow(refused);
    expect(await received(hub)).toEqual([]);
  });

  it('is refused where the role itself may not', async () => {
    await makeBus(hub, admits({ StringEquals: { 'aws:PrincipalAccount': stranger.account } }));
    const client = await asRole(stranger, []);
    await expect(client.send(toHub())).rejects.toThrow(/not authorized to perform: events:PutEvents/);
    await events(stranger).send(toHub());
    expect(await received(hub)).toHaveLength(1);
  });

  it('takes no source of other AWS services', async () => {
    await makeBus(hub, admits({ StringEquals: { 'aws:PrincipalAccount': stranger.account } }));
    const answer = await events(stranger).send(toHub('aws.ec2'));
    expect(answer).toMatchObject({ FailedEntryCount: 1, Entries: [{ ErrorCode: 'NotAuthorizedForSourceException' }] });
    expect(await received(hub)).toEqual([]);
  });
});

describe('the policy of a bus', () => {
  const puts = (Source: string) => new PutEventsCommand({ Entries: [entry(busIn(hub), Source)] });

  it('takes an account, or an organization, as PutPermission writes them', async () => {
    await makeBus(hub);
    const permission = { EventBusName: name, Action: 'events:PutEvents' };
    const ofOrganization = { Type: 'StringEquals', Key: 'aws:PrincipalOrgID', Value: organization.id };
    await events(hub).send(
      new PutPermissionCommand({ ...permission, StatementId: 'ours', Principal: '*', Condition: ofOrganization }),
    );
    await events(beside).send(puts('aws.rds'));
    await expect(events(stranger).send(puts('aws.rds'))).rejects.toThrow('not authorized');
    await events(hub).send(
      new PutPermissionCommand({ ...permission, StatementId: 'theirs', Principal: stranger.account }),
    );
    await events(stranger).send(puts('aws.rds'));
    expect(await received(hub)).toMatchObject([beside, stranger]);
  });

  it('is not put on a bus that does not exist', async () => {
    const put = new PutPermissionCommand({ EventBusName: name, Policy: policy(anybodySends) });
    await expect(events(hub).send(put)).rejects.toThrow('does not exist');
  });

  it('is created, updated and deleted by CloudFormation', async () => {
    await makeBus(hub);
    const stacks = new CloudFormationClient(clientConfig(aws, hub));
    const waiting = { client: stacks, maxWaitTime: 30, minDelay: 1, maxDelay: 1 };
    const template = (source: string) => ({
      StackName: name,
      TemplateBody: JSON.stringify({
        Resources: {
          It: {
            Type: 'AWS::Events::EventBusPolicy',
            Properties: {
              EventBusName: name,
              StatementId: 'sources',
              Statement: {
                Effect: 'Allow',
                Principal: '*',
                Action: 'events:PutEvents',
                Resource: busIn(hub),
                Condition: { StringEquals: { 'events:source': source } },
              },
            },
          },
        },
      }),
    });
    await stacks.send(new CreateStackCommand(template('aws.rds')));
    await waitUntilStackCreateComplete(waiting, { StackName: name });
    await events(stranger).send(puts('aws.rds'));
    await expect(events(stranger).send(puts('aws.backup'))).rejects.toThrow('not authorized');
    await stacks.send(new UpdateStackCommand(template('aws.backup')));
    await waitUntilStackUpdateComplete(waiting, { StackName: name });
    await events(stranger).send(puts('aws.backup'));
    await expect(events(stranger).send(puts('aws.rds'))).rejects.toThrow('not authorized');
    await stacks.send(new DeleteStackCommand({ StackName: name }));
    await waitUntilStackDeleteComplete(waiting, { StackName: name });
    await expect(events(stranger).send(puts('aws.backup'))).rejects.toThrow('not authorized');
    expect((await events(hub).send(new DescribeEventBusCommand({ Name: name }))).Policy).toBeUndefined();
    expect(await received(hub)).toMatchObject([{ source: 'aws.rds' }, { source: 'aws.backup' }]);
  });
});
