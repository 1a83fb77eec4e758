import { Validations } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Fact, FactName } from 'aws-cdk-lib/region-info';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { readExportSettings } from '../../handlers/export-settings.ts';
import { readCopyFunctionName, readSettings } from '../../handlers/settings.ts';
import { parseRequest } from '../../handlers/sweep.ts';
import { dryRunApp } from '../../infra/dry-run.ts';
import { parseConfig } from '../../shared/config/index.ts';
import { outputNames } from '../../shared/contract.ts';
import { copyTriggers } from '../../shared/ledger/items.ts';
import { type IndexDefinition, indexes, localIndexes } from '../../shared/ledger/table.ts';
import {
  configured,
  exampleFleet,
  list,
  messagesOf,
  plain,
  type Statement,
  stackOf,
  synthesize,
  withoutHashes,
} from './synthesized.ts';

const stack = synthesize();
const { template } = stack;
/** Without that of the CDK, which copies the configuration. */
const ownFunctions = stack.all('AWS::Lambda::Function').filter(([id]) => !id.startsWith('AWS679f'));

const policyOf = (type: string, property: string, id: string): Statement[] =>
  stack
    .all(type)
    .filter(([, { Properties }]) => list(Properties[property]).some((named) => plain(named) === id))
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[]);

const refusesPlainHttp = (statements: readonly Statement[]) =>
  statements.some(
    ({ Effect, Condition }) =>
      Effect === 'Deny' && JSON.stringify(Condition) === '{"Bool":{"aws:SecureTransport":"false"}}',
  );

describe('the stack', () => {
  it('passes the checks of cdk-nag, each exception acknowledged with its reason', () => {
    const app = dryRunApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    stackOf(app);
    expect(() => app.synth()).not.toThrow();
  }, 60_000);

  it('has exactly the outputs that are relied on', () => {
    expect(Object.keys(template.Outputs).sort()).toEqual([...outputNames].sort());
    expect(withoutHashes(plain(template.Outputs.RecordDeadLetterQueueUrl?.Value))).toBe('RecordEventsDeadLettersQueue');
  });

  it("needs one function of the CDK's to be deployed, which copies the configuration to where it is kept", () => {
    expect(stack.all('AWS::Lambda::Function').map(([id]) => withoutHashes(id))).toHaveLength(4);
    const custom = Object.values(template.Resources).filter(({ Type }) => Type.startsWith('Custom::'));
    expect(custom.map(({ Type }) => Type)).toEqual(['Custom::DeployedConfiguration']);
    const [{ Properties } = { Properties: {} }] = custom;
    const call = JSON.parse(plain(Properties.Update).replaceAll('"\\n"', '')) as { parameters: Record<string, string> };
    const owners = { ExpectedBucketOwner: '123456789012', ExpectedSourceBucketOwner: '123456789012' };
    expect(call.parameters).toMatchObject(owners);
    // A rollback goes back to the one before, so it is not deleted.
    expect(Properties.Delete).toBeUndefined();
    for (const [, { Properties: fn }] of ownFunctions) {
      const { CONFIG_BUCKET, CONFIG_KEY } = fn.Environment.Variables;
      expect([plain(CONFIG_BUCKET), CONFIG_KEY]).toEqual([call.parameters.Bucket, call.parameters.Key]);
    }
  });

  it('keeps each configuration that was deployed, for as long as anybody asks', () => {
    const { Properties } = stack.one('AWS::S3::Bucket', 'BucketsConfigurations');
    expect(Properties.LifecycleConfiguration).toBeUndefined();
    expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
  });

  it('keeps the table, its key and the buckets with their policies when it goes', () => {
    const kept = Object.entries(template.Resources).filter(([, { DeletionPolicy }]) =>
      DeletionPolicy?.startsWith('Retain'),
    );
    const types = ['AWS::DynamoDB::GlobalTable', 'AWS::KMS::Key', 'AWS::S3::Bucket', 'AWS::S3::BucketPolicy'];
    expect(kept.map(([id]) => id).sort()).toEqual(types.flatMap((type) => stack.all(type).map(([id]) => id)).sort());
    for (const [id, { UpdateReplacePolicy }] of kept) expect([id, UpdateReplacePolicy]).toEqual([id, 'Retain']);
  });

  it('keeps of a creation that is rolled back what AWS would not delete, and nothing with a name: that would refuse the next try', () => {
    const orphaned = Object.entries(template.Resources).filter(([, { DeletionPolicy }]) => DeletionPolicy === 'Retain');
    expect(orphaned.map(([id]) => withoutHashes(id)).sort()).toEqual([
      'BucketsConfigurations',
      'BucketsConfigurationsPolicy',
      'LedgerTable',
    ]);
    for (const [, { Type, Properties }] of orphaned) {
      if (Type === 'AWS::S3::Bucket') expect(Properties.BucketName).toBeUndefined();
    }
  });

  it('starts nothing before everything else is there', () => {
    const starts = ['AWS::Lambda::EventSourceMapping', 'AWS::Scheduler::Schedule'].flatMap((type) => stack.all(type));
    const dependencies = new Map(
      Object.entries(template.Resources).map(([id, { DependsOn }]) => [id, list(DependsOn)]),
    );
    const [first = ''] = starts.map(([id]) => id).filter((id) => (dependencies.get(id)?.length ?? 0) > starts.length);
    const others = [...dependencies.keys()].filter((id) => !starts.some(([start]) => start === id));
    expect(dependencies.get(first)?.toSorted()).toEqual(others.sort());
    for (const [id] of starts) expect(id === first || dependencies.get(id)?.includes(first)).toBe(true);
  });
});

describe('the ledger', () => {
  const { Properties } = stack.one('AWS::DynamoDB::GlobalTable');
  const [replica] = Properties.Replicas;

  it('is paid by request, restorable, protected, encrypted with the customer key, and forgets by expiresAt', () => {
    expect(Properties.BillingMode).toBe('PAY_PER_REQUEST');
    expect(Properties.TimeToLiveSpecification).toEqual({ AttributeName: 'expiresAt', Enabled: true });
    expect(Properties.StreamSpecification).toEqual({ StreamViewType: 'NEW_AND_OLD_IMAGES' });
    expect(replica.PointInTimeRecoverySpecification).toEqual({ PointInTimeRecoveryEnabled: true });
    expect(replica.DeletionProtectionEnabled).toBe(true);
    expect(withoutHashes(plain(replica.SSESpecification.KMSMasterKeyId))).toBe('Key.Arn');
  });

  it('has every index of the ledger from the first deployment on', () => {
    const described = ([IndexName, { partitionKey, sortKey, projected }]: [string, IndexDefinition]) => ({
      IndexName,
      KeySchema: [
        { AttributeName: partitionKey, KeyType: 'HASH' },
        { AttributeName: sortKey, KeyType: 'RANGE' },
      ],
      Projection:
        projected.length === 0
          ? { ProjectionType: 'KEYS_ONLY' }
          : { ProjectionType: 'INCLUDE', NonKeyAttributes: [...projected] },
    });
    expect(Properties.GlobalSecondaryIndexes).toEqual(Object.entries(indexes).map(described));
    expect(Properties.LocalSecondaryIndexes).toEqual(Object.entries(localIndexes).map(described));
  });

  it('takes a kept table and kept buckets by their names instead of making them, and makes the others', () => {
    const adopt = {
      tableName: 'kept',
      tableKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789',
      buckets: true,
    };
    const [first = '', ...others] = exampleFleet.stackBuckets;
    const kept = synthesize(
      { ...exampleFleet, adopt },
      {
        keptBuckets: { names: others, accessLogs: 'kept-logs' },
        keptTable: {
          tableName: 'kept',
          tableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/kept',
          streamArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/kept/stream/2026-01-01T00:00:00.000',
        },
      },
    );
    expect(kept.all('AWS::DynamoDB::GlobalTable')).toEqual([]);
    expect(kept.all('AWS::KMS::Key')).toEqual([]);
    const made = kept.all('AWS::S3::Bucket').map(([, { Properties }]) => Properties);
    expect(made.map(({ BucketName }) => BucketName)).toEqual([first, undefined, undefined]);
    for (const { LoggingConfiguration } of made) expect(LoggingConfiguration.DestinationBucketName).toBe('kept-logs');
    expect(kept.template.Outputs.LedgerTableName?.Value).toBe('kept');
    expect(kept.rights('RecordEventsRecord')).toContain(
      'kms:Decrypt on arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789',
    );
    expect(kept.rights('CopyBackupsCopyRole')).toContain(
      'dynamodb:GetRecords on arn:aws:dynamodb:eu-west-1:123456789012:table/kept/stream/2026-01-01T00:00:00.000',
    );
  });
});

describe('every function of ours', () => {
  const functions = ownFunctions;

  it('runs on Node 24 and ARM64, and says what it is for', () => {
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        Description: expect.stringMatching(/\w{3}/),
      });
    }
  });

  it('runs in every Region that the CDK knows, as far as its facts go', () => {
    const latest = Fact.regions.map((region) => Fact.find(region, FactName.LATEST_NODE_RUNTIME));
    expect(new Set(latest)).toEqual(new Set(['nodejs24.x']));
  });

  it('runs on what is chosen where a Region lacks these, and on nothing else', () => {
    const on = (context: Record<string, string>) => {
      const made = stackOf(dryRunApp({ context }));
      const functions = Template.fromStack(made).findResources('AWS::Lambda::Function');
      return Object.entries(functions)
        .filter(([id]) => !id.startsWith('AWS679f'))
        .map(([, { Properties }]) => [Properties.Runtime, ...Properties.Architectures]);
    };
    const three = (...values: string[]) => [values, values, values];
    expect(on({ runtime: 'nodejs22.x', architecture: 'x86_64' })).toEqual(three('nodejs22.x', 'x86_64'));
    expect(() => on({ architecture: 'arm' })).toThrow('Context architecture: must be one of arm64, x86_64, got "arm".');
    expect(() => on({ runtime: 'toString' })).toThrow('must be one of nodejs24.x, nodejs22.x, got "toString"');
  });

  it('logs into a group of its own whose logs end', () => {
    const groups = functions.map(([, { Properties }]) => plain(Properties.LoggingConfig.LogGroup));
    expect(new Set(groups).size).toBe(functions.length);
    for (const group of groups) expect(template.Resources[group]?.Properties.RetentionInDays).toBe(90);
  });

  it('has a role of its own, without managed policies', () => {
    const roles = functions.map(([, { Properties }]) => plain(Properties.Role).replace('.Arn', ''));
    expect(new Set(roles).size).toBe(functions.length);
    for (const role of roles) expect(template.Resources[role]?.Properties.ManagedPolicyArns).toBeUndefined();
  });

  it('is told by its environment all that its settings ask for', () => {
    for (const [id, { Properties }] of functions) {
      const variables = Properties.Environment.Variables as Record<string, unknown>;
      // References become what they stand for: ARNs where the name says so.
      const told = Object.entries(variables).map(([name, value]) => [
        name,
        typeof value === 'string' ? value : `${name.endsWith('_ARN') ? 'arn:' : ''}${plain(value)}`,
      ]);
      const ofLambda = { AWS_REGION: 'eu-west-1', LAMBDA_TASK_ROOT: '/var/task' };
      const environment = { ...Object.fromEntries(told), ...ofLambda };
      expect(() => readSettings(environment)).not.toThrow();
      if (id.startsWith('CopyBackups')) expect(() => readExportSettings(environment)).not.toThrow();
      if (id.startsWith('SweepDatabases')) expect(() => readCopyFunctionName(environment)).not.toThrow();
    }
  });
});

describe('every queue', () => {
  const queues = stack.all('AWS::SQS::Queue');

  it("has SQS's own encryption, refuses plain HTTP, and keeps messages for 14 days", () => {
    for (const [id, { Properties }] of queues) {
      expect(Properties).toMatchObject({ SqsManagedSseEnabled: true, MessageRetentionPeriod: 14 * 24 * 3600 });
      expect(refusesPlainHttp(policyOf('AWS::SQS::QueuePolicy', 'Queues', id))).toBe(true);
    }
  });

  it('has a dead-letter queue, or is one with an alarm while it is not empty', () => {
    const watched = stack
      .all('AWS::CloudWatch::Alarm')
      .filter(([, { Properties }]) => Properties.MetricName === 'ApproximateNumberOfMessagesVisible')
      .map(([, { Properties }]) => plain(Properties.Dimensions[0].Value).replace('.QueueName', ''));
    const [withOne, others] = [
      queues.filter(([, { Properties }]) => Properties.RedrivePolicy),
      queues.filter(([, { Properties }]) => !Properties.RedrivePolicy),
    ];
    expect(withOne).toHaveLength(1);
    expect(others.map(([id]) => id).sort()).toEqual(watched.sort());
  });
});

describe('every bucket', () => {
  const buckets = stack.all('AWS::S3::Bucket');

  it('is private and refuses plain HTTP', () => {
    for (const [id, { Properties }] of buckets) {
      expect(Properties.PublicAccessBlockConfiguration).toEqual({
        BlockPublicAcls: true,
        BlockPublicPolicy: true,
        IgnorePublicAcls: true,
        RestrictPublicBuckets: true,
      });
      expect(refusesPlainHttp(policyOf('AWS::S3::BucketPolicy', 'Bucket', id))).toBe(true);
    }
  });

  it('is versioned, encrypted with the customer key and logged, but for the one that holds the logs', () => {
    const others = buckets.filter(([id]) => !id.startsWith('BucketsAccessLogs'));
    expect(others).toHaveLength(buckets.length - 1);
    for (const [, { Properties }] of others) {
      expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
      expect(Properties.LoggingConfiguration.LogFilePrefix).toMatch(/.\/$/);
      const [encryption] = Properties.BucketEncryption.ServerSideEncryptionConfiguration;
      expect(encryption.BucketKeyEnabled).toBe(true);
      expect(withoutHashes(plain(encryption.ServerSideEncryptionByDefault.KMSMasterKeyID))).toBe('Key.Arn');
    }
  });

  it('forgets copies after 90 days, old versions and unfinished uploads after 7, unless told otherwise', () => {
    const { Properties } = stack.one('AWS::S3::Bucket', 'Bucketsrdsbackupledgershared');
    expect(Properties.LifecycleConfiguration.Rules).toEqual([
      {
        Id: 'copies-end',
        Status: 'Enabled',
        ExpirationInDays: 90,
        NoncurrentVersionExpiration: { NoncurrentDays: 7 },
        AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
      },
    ]);
  });
});

describe('record', () => {
  it('hears exactly the events that the ledger knows, by id, of its own account', () => {
    const { Properties } = stack.one('AWS::Events::Rule', 'RecordEventsRule');
    expect(Properties.EventPattern).toEqual({
      source: ['aws.rds'],
      account: ['123456789012'],
      detail: { EventID: expect.any(Array) },
    });
    const ids = (Properties.EventPattern.detail.EventID as string[]).map((id) => id.replace('RDS-EVENT-', ''));
    expect(ids.sort()).toEqual(
      [
        ...['0091', '0042', '0060', '0197', '0169', '0075'], // available
        ...['0090', '0040', '0168', '0074'], // being created
        '0041', // deleted
        ...['0028', '0032', '0003', '0171', '0172'], // backups disabled, enabled; database deleted, renamed
        ...['0087', '0088', '0154', '0150', '0151', '0152', '0153'], // stopped and started, or not stopped
        ...['0007', '0221', '0031', '0035', '0036'], // storage, failed, incompatible
        ...['0418', '0419', '0420'], // key lost and found
        '0285', // no final snapshot
        ...['0248', '0251'], // blue/green switchover
      ].sort(),
    );
  });

  it('hears the ends of AWS Backup’s jobs, through the same queue', () => {
    const { Properties: ofRds } = stack.one('AWS::Events::Rule', 'RecordEventsRuleD');
    const rules = ['RecordEventsBackupJobsRule', 'RecordEventsRestoreJobsRule'].map(
      (rule) => stack.one('AWS::Events::Rule', rule).Properties,
    );
    const common = { source: ['aws.backup'], account: ['123456789012'] };
    expect(rules.map(({ EventPattern }) => EventPattern)).toEqual([
      {
        ...common,
        'detail-type': ['Backup Job State Change', 'Copy Job State Change'],
        detail: { state: ['COMPLETED', 'FAILED', 'EXPIRED', 'ABORTED'] },
      },
      // Restore jobs have a status.
      { ...common, 'detail-type': ['Restore Job State Change'], detail: { status: ['COMPLETED'] } },
    ]);
    for (const { Targets } of rules) {
      const [target] = Targets as { Arn: unknown; DeadLetterConfig: unknown }[];
      expect([target?.Arn, target?.DeadLetterConfig]).toEqual([
        ofRds.Targets[0].Arn,
        ofRds.Targets[0].DeadLetterConfig,
      ]);
    }
  });

  it('gives an event five tries, each longer than the function may take, then the dead-letter queue', () => {
    const queue = stack.all('AWS::SQS::Queue').find(([, { Properties }]) => Properties.RedrivePolicy)?.[1].Properties;
    const fn = stack.one('AWS::Lambda::Function', 'RecordEvents').Properties;
    expect(queue.VisibilityTimeout).toBeGreaterThanOrEqual(6 * fn.Timeout);
    expect(queue.RedrivePolicy.maxReceiveCount).toBe(5);
    expect(withoutHashes(plain(queue.RedrivePolicy.deadLetterTargetArn))).toBe('RecordEventsDeadLettersQueue.Arn');
    const [target] = stack.one('AWS::Events::Rule', 'RecordEventsRule').Properties.Targets;
    expect(withoutHashes(plain(target.DeadLetterConfig.Arn))).toBe('RecordEventsDeadLettersQueue.Arn');
  });

  it('takes batches with partial failures and a bounded concurrency', () => {
    expect(stack.one('AWS::Lambda::EventSourceMapping', 'RecordEvents').Properties).toMatchObject({
      BatchSize: 25,
      MaximumBatchingWindowInSeconds: 5,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    });
  });
});

describe('sweep', () => {
  it('is scheduled daily as configured, and the watch every 15 minutes, with retries and a dead-letter queue', () => {
    const other = synthesize({ ...exampleFleet, sweep: { cron: '30 6 * * ? *', timeZone: 'Europe/London' } });
    expect(other.one('AWS::Scheduler::Schedule', 'SweepDatabasesDaily').Properties).toMatchObject({
      ScheduleExpression: 'cron(30 6 * * ? *)',
      ScheduleExpressionTimezone: 'Europe/London',
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Input: '{}' },
    });
    expect(stack.one('AWS::Scheduler::Schedule', 'SweepDatabasesDaily').Properties).toMatchObject({
      ScheduleExpression: 'cron(0 12 * * ? *)',
      ScheduleExpressionTimezone: 'UTC',
    });
    expect(stack.one('AWS::Scheduler::Schedule', 'SweepDatabasesWatch').Properties).toMatchObject({
      ScheduleExpression: 'rate(15 minutes)',
      Target: { Input: '{"mode":"watch"}' },
    });
    const inputs = stack
      .all('AWS::Scheduler::Schedule')
      .map(([, { Properties }]) => JSON.parse(Properties.Target.Input));
    expect(inputs.map((input) => parseRequest(input).mode).sort()).toEqual(['sweep', 'watch']);
    for (const [, { Properties }] of stack.all('AWS::Scheduler::Schedule')) {
      expect(Properties.Target.RetryPolicy.MaximumRetryAttempts).toBeGreaterThan(0);
      expect(withoutHashes(plain(Properties.Target.DeadLetterConfig.Arn))).toBe('SweepDatabasesDeadLettersQueue.Arn');
    }
  });

  it('is tried three times, and a failure of its last try is a dead letter too', () => {
    expect(stack.one('AWS::Lambda::EventInvokeConfig', 'SweepDatabases').Properties).toMatchObject({
      MaximumRetryAttempts: 2,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^SweepDatabasesDeadLetters/), 'Arn'] } },
      },
    });
  });
});

describe('copy', () => {
  it("is woken by the stream on the ledger's own patterns, with retries, bisecting and a place for failures", () => {
    const { Properties } = stack.one('AWS::Lambda::EventSourceMapping', 'CopyBackups');
    expect(Properties).toMatchObject({
      MaximumRetryAttempts: 5,
      BisectBatchOnFunctionError: true,
      MaximumRecordAgeInSeconds: 3600,
      DestinationConfig: {
        OnFailure: { Destination: { 'Fn::GetAtt': [expect.stringMatching(/^CopyBackupsDeadLetters/), 'Arn'] } },
      },
    });
    const filters = (Properties.FilterCriteria.Filters as { Pattern: string }[]).map(
      ({ Pattern }) => JSON.parse(Pattern) as unknown,
    );
    expect(filters).toEqual(copyTriggers);
  });

  it("is woken by the ends of snapshots' exports, and not by those of live clusters", () => {
    const { Properties } = stack.one('AWS::Events::Rule', 'CopyBackupsExportEnds');
    expect(Properties.EventPattern).toEqual({
      source: ['aws.rds'],
      account: ['123456789012'],
      detail: { EventID: ['0159', '0160', '0161', '0162', '0163', '0164'].map((id) => `RDS-EVENT-${id}`) },
    });
    expect(withoutHashes(plain(Properties.Targets[0].DeadLetterConfig.Arn))).toBe('CopyBackupsDeadLettersQueue.Arn');
  });

  it('is said at synth to be more than the slots carry, and not where they carry it', () => {
    const wanted = (count: number) =>
      configured(
        Array.from({ length: count }, (_, number) => ({ id: `db-${number}`, kind: 'instance' })),
        { defaults: { bucket: { type: 'shared' } } },
      );
    expect(messagesOf(wanted(300))).toEqual([
      expect.stringMatching(/^warning: 300 exports a day are wanted.*grows without end/),
    ]);
    expect(messagesOf(wanted(30))).toEqual([]);
  });

  it('is said at synth to be skipped in a Region without exports', () => {
    const spain = { account: '123456789012', region: 'eu-south-2' };
    const content = {
      operators: [{ email: 'oncall@example.com' }],
      tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] }],
    };
    expect(messagesOf(parseConfig(JSON.stringify(content), spain), { env: spain })).toEqual([
      expect.stringMatching(/^warning: AWS documents no exports of snapshots in eu-south-2: copies of 1 database are/),
    ]);
  });

  it('exports with a role that only RDS exports may take', () => {
    const { Properties } = stack.one('AWS::IAM::Role', 'CopyBackupsExportRole');
    expect(Properties.AssumeRolePolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'export.rds.amazonaws.com' } },
    ]);
  });
});
