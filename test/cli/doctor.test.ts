import { CloudFormationClient, ListStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import {
  GetSMSAttributesCommand,
  GetSMSSandboxAccountStatusCommand,
  GetSubscriptionAttributesCommand,
  ListSubscriptionsByTopicCommand,
  SNSClient,
} from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Deployment } from '../../cli/dependencies.ts';
import { examine } from '../../cli/doctor/examine.ts';
import type { DoctorFinding } from '../../cli/doctor/finding.ts';
import { UserError } from '../../cli/user-error.ts';
import { configHash } from '../../shared/config/load.ts';
import type { CopyCause } from '../../shared/domain/index.ts';
import { aBackup, aPause, aSweep, at } from '../shared/ledger/rows.ts';
import { MemoryLedger } from '../support/memory-ledger.ts';
import { mockClient } from '../support/mock-client.ts';

const now = at('2026-11-23T12:30:00.000Z');
const topic = 'arn:aws:sns:eu-west-1:123456789012:alerts';
const alarmTopic = 'arn:aws:sns:eu-west-1:123456789012:alarms';
const config = JSON.stringify({
  operators: [{ email: 'ops@example.com' }],
  tenants: [{ id: 'acme', recipients: [{ sms: '+441632960961' }], databases: [{ id: 'orders', kind: 'instance' }] }],
});
const deployment: Deployment = {
  stack: 'RdsBackupLedger',
  status: 'UPDATE_COMPLETE',
  account: '123456789012',
  region: 'eu-west-1',
  partition: 'aws',
  outputs: {
    LedgerTableName: 'ledger',
    AlertTopicArn: topic,
    RecordFunctionName: 'record',
    CopyFunctionName: 'copy',
    SweepFunctionName: 'sweep',
  },
};

const [sts, cloudFormation, lambda, s3] = [
  mockClient(STSClient),
  mockClient(CloudFormationClient),
  mockClient(LambdaClient),
  mockClient(S3Client),
];
const [sns, cloudWatch, sqs, kms, iam] = [
  mockClient(SNSClient),
  mockClient(CloudWatchClient),
  mockClient(SQSClient),
  mockClient(KMSClient),
  mockClient(IAMClient),
];

const email = { Protocol: 'email', Endpoint: 'ops@example.com', SubscriptionArn: `${topic}:1` };
const sms = { Protocol: 'sms', Endpoint: '+441632960961', SubscriptionArn: `${topic}:2` };
const alarmEmail = { ...email, SubscriptionArn: `${alarmTopic}:1` };
const environment = {
  LEDGER_TABLE: 'ledger',
  ALERT_TOPIC_ARN: topic,
  CONFIG_BUCKET: 'bucket',
  CONFIG_KEY: 'key',
  EXPORT_ROLE_ARN: 'arn:aws:iam::1:role/export',
};
const resources = [
  { LogicalResourceId: 'Key961B73FD', ResourceType: 'AWS::KMS::Key', PhysicalResourceId: 'key-1' },
  {
    LogicalResourceId: 'SweepDeadLettersQueue',
    ResourceType: 'AWS::SQS::Queue',
    PhysicalResourceId: 'https://sqs/1/dead',
  },
  {
    LogicalResourceId: 'AlertsDeadLettersQueue',
    ResourceType: 'AWS::SQS::Queue',
    PhysicalResourceId: 'https://sqs/1/undelivered',
  },
  { LogicalResourceId: 'AlertsTopic', ResourceType: 'AWS::SNS::Topic', PhysicalResourceId: topic },
  { LogicalResourceId: 'AlertsAlarmTopic', ResourceType: 'AWS::SNS::Topic', PhysicalResourceId: alarmTopic },
  { LogicalResourceId: 'RecordEvents', ResourceType: 'AWS::SQS::Queue', PhysicalResourceId: 'https://sqs/1/events' },
].map((one) => ({ ...one, LastUpdatedTimestamp: now, ResourceStatus: 'CREATE_COMPLETE' as const }));
const trusting = (service: string) =>
  encodeURIComponent(JSON.stringify({ Statement: [{ Principal: { Service: service }, Effect: 'Allow' }] }));
const role = (RoleName: string, service: string) => ({
  Role: { RoleName, Path: '/', RoleId: 'r', Arn: 'a', CreateDate: now, AssumeRolePolicyDocument: trusting(service) },
});

/** A deployment without a fault; each test breaks one thing. */
beforeEach(() => {
  for (const mock of [sts, cloudFormation, lambda, s3, sns, cloudWatch, sqs, kms, iam]) mock.reset();
  sts.on(GetCallerIdentityCommand).resolves({ Arn: 'arn:aws:iam::123456789012:user/ann', Account: '123456789012' });
  cloudFormation.on(ListStackResourcesCommand).resolves({ StackResourceSummaries: resources });
  lambda.on(GetFunctionConfigurationCommand).resolves({
    State: 'Active',
    Role: 'arn:aws:iam::1:role/copy',
    Environment: { Variables: environment },
  });
  const body = { transformToString: async () => config };
  s3.on(GetObjectCommand).callsFake(() => ({ Body: body }));
  sns.on(ListSubscriptionsByTopicCommand, { TopicArn: topic }).resolves({ Subscriptions: [email, sms] });
  sns.on(ListSubscriptionsByTopicCommand, { TopicArn: alarmTopic }).resolves({ Subscriptions: [alarmEmail] });
  sns
    .on(GetSubscriptionAttributesCommand, { SubscriptionArn: alarmEmail.SubscriptionArn })
    .resolves({ Attributes: {} });
  const filterOf = (SubscriptionArn: string, filter: object) =>
    sns
      .on(GetSubscriptionAttributesCommand, { SubscriptionArn })
      .resolves({ Attributes: { FilterPolicy: JSON.stringify(filter) } });
  filterOf(email.SubscriptionArn, { audience: ['all', 'operators'] });
  filterOf(sms.SubscriptionArn, { tenant: ['acme'] });
  sns.on(GetSMSSandboxAccountStatusCommand).resolves({ IsInSandbox: false });
  sns.on(GetSMSAttributesCommand).resolves({ attributes: { MonthlySpendLimit: '50' } });
  cloudWatch.on(GetMetricStatisticsCommand).resolves({ Datapoints: [] });
  cloudWatch.on(DescribeAlarmsCommand).resolves({ MetricAlarms: [] });
  sqs.on(GetQueueAttributesCommand).resolves({ Attributes: { ApproximateNumberOfMessages: '0' } });
  kms.on(DescribeKeyCommand).resolves({ KeyMetadata: { KeyId: 'key-1', KeyState: 'Enabled' } });
  iam.on(GetRoleCommand, { RoleName: 'export' }).resolves(role('export', 'export.rds.amazonaws.com'));
  iam.on(GetRoleCommand, { RoleName: 'copy' }).resolves(role('copy', 'lambda.amazonaws.com'));
});

const deployed = (ledger: MemoryLedger) => ({ ledger, table: 'ledger', account: '123456789012', region: 'eu-west-1' });

async function findings(changes: Partial<Parameters<typeof examine>[0]> = {}): Promise<DoctorFinding[]> {
  const ledger = new MemoryLedger(() => now);
  await ledger.putSweep(aSweep({ finished: at('2026-11-23T12:01:00.000Z'), configHash: configHash(config) }));
  const found: DoctorFinding[] = [];
  for await (const finding of examine({
    stack: 'RdsBackupLedger',
    deployment: async () => deployment,
    ledger: async () => deployed(ledger),
    now: () => now,
    local: { text: config, name: 'config/production.json' },
    ...changes,
  })) {
    found.push(finding);
  }
  return found;
}

async function faults(changes: Partial<Parameters<typeof examine>[0]> = {}) {
  return (await findings(changes)).filter(({ kind }) => kind !== 'ok');
}

describe('doctor', () => {
  it('finds nothing wrong where nothing is, and names everything it looked at', async () => {
    const found = await findings();
    expect(found.filter(({ kind }) => kind !== 'ok')).toEqual([]);
    expect(found.map(({ check }) => check)).toEqual([
      'credentials',
      'stack',
      'configuration',
      'sweeps',
      'copies',
      'subscriptions',
      'alarm topic',
      'sms',
      'functions',
      'dead letters',
      'key',
      'roles',
      'alarms',
    ]);
  });

  it('stops at credentials that do not work, and at a stack that is not there', async () => {
    sts.on(GetCallerIdentityCommand).rejects(Object.assign(new Error('no'), { name: 'ExpiredToken' }));
    expect(await findings()).toEqual([
      {
        check: 'credentials',
        kind: 'problem',
        found: 'The AWS credentials have expired',
        cure: 'Sign in again, e.g. with "aws sso login".',
      },
    ]);
    sts.on(GetCallerIdentityCommand).resolves({ Arn: 'a', Account: '1' });
    const broken = { ...deployment, status: 'ROLLBACK_COMPLETE' };
    expect((await findings({ deployment: async () => broken })).map(({ check, kind }) => `${check} ${kind}`)).toEqual([
      'credentials ok',
      'stack problem',
    ]);
  });

  it('takes a stack that is not there for wrong, and one that it may not see for not known', async () => {
    const withStack = (error: Error) => findings({ deployment: () => Promise.reject(error) });
    expect((await withStack(new UserError('There is no stack "X" here', 'deploy it.'))).at(-1)).toEqual({
      check: 'stack',
      kind: 'problem',
      found: 'There is no stack "X" here',
      cure: 'Deploy it.',
    });
    const refused = Object.assign(
      new Error('User: ann is not authorized to perform: cloudformation:DescribeStacks on resource: stack'),
      { name: 'AccessDenied' },
    );
    expect((await withStack(refused)).at(-1)).toMatchObject({ check: 'stack', kind: 'unread' });
  });

  it('says that AWS Backup’s jobs cannot be read for want of a right, and what that means', async () => {
    const jobsUnread = "AWS Backup's jobs could not be read: AccessDeniedException: not authorized";
    const ledger = new MemoryLedger(() => now);
    const finished = at('2026-11-23T12:01:00.000Z');
    await ledger.putSweep(aSweep({ finished, configHash: configHash(config), jobsUnread }));
    expect(await faults({ ledger: async () => deployed(ledger) })).toEqual([
      {
        check: 'sweeps',
        kind: 'warning',
        found: `${jobsUnread}. Nobody is notified of jobs that fail, and awsBackupGraceHours stands for their start windows`,
        cure: expect.stringContaining('backup:ListBackupJobs'),
      },
    ]);
  });

  it('goes on behind a check that could not be made', async () => {
    iam.on(GetRoleCommand).rejects(
      Object.assign(
        new Error('User: arn:aws:iam::1:user/ann is not authorized to perform: iam:GetRole on resource: role export'),
        {
          name: 'AccessDenied',
        },
      ),
    );
    expect(await faults()).toEqual([
      {
        check: 'roles',
        kind: 'unread',
        found: 'could not be read: The right iam:GetRole on role is missing for arn:aws:iam::1:user/ann',
        cure: 'Ask for it, or choose another profile.',
      },
    ]);
  });

  it.each<[string, () => unknown, string, string]>([
    [
      'a subscription that waits for its confirmation',
      () =>
        sns
          .on(ListSubscriptionsByTopicCommand, { TopicArn: topic })
          .resolves({ Subscriptions: [{ ...email, SubscriptionArn: 'PendingConfirmation' }, sms] }),
      'email ops@example.com has not confirmed, and is not notified',
      'Open the link',
    ],
    [
      'a recipient that is not subscribed',
      () => sns.on(ListSubscriptionsByTopicCommand, { TopicArn: topic }).resolves({ Subscriptions: [email] }),
      'sms +441632960961 is in the configuration and not subscribed',
      'Deploy the stack again',
    ],
    [
      'a subscription that nobody configured',
      () =>
        sns
          .on(ListSubscriptionsByTopicCommand, { TopicArn: topic })
          .resolves({ Subscriptions: [email, sms, { ...email, Endpoint: 'eve@example.com' }] }),
      'email eve@example.com is subscribed and not in the configuration',
      'aws sns unsubscribe',
    ],
    [
      'a filter that somebody changed',
      () =>
        sns
          .on(GetSubscriptionAttributesCommand, { SubscriptionArn: sms.SubscriptionArn })
          .resolves({ Attributes: { FilterPolicy: '{"tenant":["globex"]}' } }),
      'the filter of sms +441632960961 differs from the configuration',
      'somebody edited it by hand',
    ],
    [
      'a topic that nobody is subscribed to',
      () => sns.on(ListSubscriptionsByTopicCommand, { TopicArn: topic }).resolves({ Subscriptions: [] }),
      'the alert topic has no recipient: nobody is notified of anything',
      'Deploy the stack again',
    ],
    [
      'an operator who has not confirmed the alarms',
      () =>
        sns
          .on(ListSubscriptionsByTopicCommand, { TopicArn: alarmTopic })
          .resolves({ Subscriptions: [{ ...alarmEmail, SubscriptionArn: 'PendingConfirmation' }] }),
      'email ops@example.com has not confirmed, and is not notified',
      'Open the link',
    ],
    [
      'an alarm topic that nobody is subscribed to',
      () => sns.on(ListSubscriptionsByTopicCommand, { TopicArn: alarmTopic }).resolves({ Subscriptions: [] }),
      'the alarm topic has no recipient',
      'Deploy the stack again',
    ],
    [
      'the SMS sandbox',
      () => sns.on(GetSMSSandboxAccountStatusCommand).resolves({ IsInSandbox: true }),
      'the account is in the SMS sandbox: only numbers that were verified get text messages (1 configured)',
      'SMS sandbox',
    ],
    [
      'the spend limit of a new account',
      () => sns.on(GetSMSAttributesCommand).resolves({ attributes: {} }),
      'text messages may cost 1 US dollars a month; when that is spent, no more are sent',
      'higher "account spend limit"',
    ],
    [
      'a function that fails',
      () =>
        cloudWatch
          .on(GetMetricStatisticsCommand, { Dimensions: [{ Name: 'FunctionName', Value: 'sweep' }] })
          .resolves({ Datapoints: [{ Sum: 2 }, { Sum: 1 }] }),
      'sweep failed 3 times in 24 hours',
      'aws logs tail /aws/lambda/sweep',
    ],
    [
      'a function that was pointed at another table',
      () =>
        lambda.on(GetFunctionConfigurationCommand, { FunctionName: 'record' }).resolves({
          State: 'Active',
          Environment: { Variables: { ...environment, LEDGER_TABLE: 'elsewhere' } },
        }),
      'record works with LEDGER_TABLE=elsewhere, and the stack has ledger',
      '--revert-drift',
    ],
    [
      'a function that cannot run',
      () =>
        lambda.on(GetFunctionConfigurationCommand, { FunctionName: 'record' }).resolves({
          State: 'Failed',
          StateReason: 'its key is disabled',
        }),
      'record cannot run: its key is disabled',
      'Deploy the stack again',
    ],
    [
      'dead letters',
      () =>
        sqs
          .on(GetQueueAttributesCommand, { QueueUrl: 'https://sqs/1/dead' }, false)
          .resolves({ Attributes: { ApproximateNumberOfMessages: '4', QueueArn: 'arn:aws:sqs:x:1:dead' } }),
      '4 in dead',
      'aws sqs start-message-move-task --source-arn arn:aws:sqs:x:1:dead',
    ],
    [
      'a message that SNS could not deliver',
      () =>
        sqs
          .on(GetQueueAttributesCommand, { QueueUrl: 'https://sqs/1/undelivered' }, false)
          .resolves({ Attributes: { ApproximateNumberOfMessages: '1', QueueArn: 'arn:aws:sqs:x:1:undelivered' } }),
      '1 in undelivered',
      'SNS could not deliver these messages',
    ],
    [
      'a key that is about to be deleted',
      () =>
        kms
          .on(DescribeKeyCommand)
          .resolves({ KeyMetadata: { KeyId: 'key-1', KeyState: 'PendingDeletion', DeletionDate: now } }),
      'the key key-1 is PendingDeletion on 2026-11-23T12:30:00.000Z',
      'aws kms cancel-key-deletion --key-id key-1',
    ],
    [
      'a role that is gone',
      () =>
        iam
          .on(GetRoleCommand, { RoleName: 'export' })
          .rejects(Object.assign(new Error('gone'), { name: 'NoSuchEntityException' })),
      'the role export is gone',
      'Deploy the stack again',
    ],
    [
      'a role that RDS cannot take on',
      () => iam.on(GetRoleCommand, { RoleName: 'export' }).resolves(role('export', 'ec2.amazonaws.com')),
      'the role export does not trust export.rds.amazonaws.com',
      'Deploy the stack again',
    ],
    [
      'an alarm that rings',
      () =>
        cloudWatch.on(DescribeAlarmsCommand).resolves({
          MetricAlarms: [
            { AlarmName: 'RdsBackupLedger-sweep-failing', AlarmDescription: 'Impact: …', StateValue: 'ALARM' },
          ],
        }),
      'RdsBackupLedger-sweep-failing rings',
      'Impact: …',
    ],
  ])('finds %s, with its cure', async (_, breakIt, found, cure) => {
    breakIt();
    const [fault, ...others] = await faults();
    expect(others).toEqual([]);
    expect(fault).toMatchObject({ found: expect.stringContaining(found), cure: expect.stringContaining(cure) });
  });

  it('looks at an adopted key, which is none of the stack’s resources', async () => {
    const tableKeyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
    const adopted = JSON.stringify({ ...JSON.parse(config), adopt: { tableName: 'ledger', tableKeyArn } });
    s3.on(GetObjectCommand).callsFake(() => ({ Body: { transformToString: async () => adopted } }));
    const KeyMetadata = { KeyId: tableKeyArn, KeyState: 'Disabled' as const };
    kms.on(DescribeKeyCommand, { KeyId: tableKeyArn }).resolves({ KeyMetadata });
    expect((await faults()).find(({ check }) => check === 'key')).toMatchObject({
      found: expect.stringContaining(`the key ${tableKeyArn} is Disabled`),
      cure: `aws kms enable-key --key-id ${tableKeyArn}`,
    });
  });

  it.each([
    ['2026-11-23T13:00:00Z', ['nobody is notified before 2026-11-23T13:00:00Z (adopt.notifyFrom)']],
    ['2026-11-23T12:30:00Z', []],
  ])('says whether messages are held back until %s', async (notifyFrom, expected) => {
    const tableKeyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
    const adopted = JSON.stringify({ ...JSON.parse(config), adopt: { tableName: 'ledger', tableKeyArn, notifyFrom } });
    s3.on(GetObjectCommand).callsFake(() => ({ Body: { transformToString: async () => adopted } }));
    const held = (await faults()).filter(({ check }) => check === 'notifications');
    expect(held.map(({ found }) => found)).toEqual(expected);
  });

  it('finds a configuration that is not the deployed one', async () => {
    const [fault] = await faults({ local: { text: `${config} `, name: 'config/production.json' } });
    expect(fault).toMatchObject({
      check: 'configuration',
      kind: 'problem',
      cure: expect.stringContaining('npx cdk deploy -c config=config/production.json'),
    });
  });

  it('finds that no sweep has run', async () => {
    const ledger = new MemoryLedger(() => now);
    const [fault] = await faults({ ledger: async () => deployed(ledger) });
    expect(fault).toMatchObject({
      check: 'sweeps',
      kind: 'problem',
      found: expect.stringContaining('No sweep has run yet'),
    });
  });

  it('finds that the last sweep evaluated by an earlier configuration', async () => {
    const ledger = new MemoryLedger(() => now);
    await ledger.putSweep(aSweep({ finished: at('2026-11-23T12:01:00.000Z'), configHash: 'earlier0' }));
    const [fault] = await faults({ ledger: async () => deployed(ledger) });
    expect(fault).toMatchObject({ check: 'sweeps', kind: 'warning', found: expect.stringContaining('(earlier0)') });
  });

  it('finds failed copies, one finding a cause, however many buckets it is of', async () => {
    const ledger = new MemoryLedger(() => now);
    await ledger.putSweep(aSweep({ finished: at('2026-11-23T12:01:00.000Z'), configHash: configHash(config) }));
    const denied = (bucket: string) =>
      ({ code: 'bucket-denied', facts: { bucket, role: 'arn:aws:iam::1:role/export' } }) as const;
    const causes = [denied('one'), denied('two'), { code: 'moon-eclipsed', facts: {} } as unknown as CopyCause];
    for (const [index, cause] of causes.entries()) {
      const copy = { mode: 'export', state: 'failed', attempt: 3, permanent: true, cause } as const;
      await ledger.recordBackup(aBackup({ id: `b${index}`, copy }));
    }
    const found = await faults({ ledger: async () => deployed(ledger) });
    expect(found).toEqual([
      {
        check: 'copies',
        kind: 'problem',
        found: 'bucket-denied stopped 2 copies. The export role may not use the bucket.',
        cure: expect.stringMatching(
          /^Of b[01]: grant .* on bucket (one|two) .*"copy retry --cause bucket-denied" queues them again\.$/,
        ),
      },
      {
        check: 'copies',
        kind: 'problem',
        found: 'moon-eclipsed stopped 1 copy. A later version knows that cause.',
        cure: 'Of b2: moon-eclipsed. Once that is fixed, "copy retry --cause moon-eclipsed" queues them again.',
      },
    ]);
  });

  it('finds what is paused, by the fault of its set-up', async () => {
    const ledger = new MemoryLedger(() => now);
    await ledger.putSweep(aSweep({ finished: at('2026-11-23T12:01:00.000Z'), configHash: configHash(config) }));
    await ledger.putCopyPause(aPause({ pausedAt: at('2026-11-23T05:00:00Z') }));
    await ledger.putCopyPause(aPause({ name: 'healed' }));
    expect(await faults({ ledger: async () => deployed(ledger) })).toEqual([
      {
        check: 'copies',
        kind: 'problem',
        found:
          'copies of bucket archive are paused since 2026-11-23 05:00 UTC: bucket archive does not exist: create it in eu-west-1, or name another one in the configuration',
        cure: 'Put that right. One copy an hour is tried; all go on by themselves once one succeeds.',
      },
    ]);
  });

  it('says what is wrong and what to do apart, where both have colons', async () => {
    const failure = new UserError('The role arn:aws:iam::1:role/x is gone: truly', 'deploy it: "npx cdk deploy".');
    expect((await findings({ deployment: () => Promise.reject(failure) })).at(-1)).toEqual({
      check: 'stack',
      kind: 'problem',
      found: 'The role arn:aws:iam::1:role/x is gone: truly',
      cure: 'Deploy it: "npx cdk deploy".',
    });
  });
});
