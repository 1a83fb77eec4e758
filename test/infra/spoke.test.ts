import { Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { describe, expect, it } from 'vitest';
import { dryRunApp } from '../../infra/dry-run.ts';
import { addStacks } from '../../infra/stacks.ts';
import {
  eventRules,
  exportKeyAlias,
  forwardRuleName,
  functionNames,
  hubBusName,
  hubRoleName,
  spokeDeadLetterQueueName,
  spokeRoleName,
  spokeRoles,
  spokeStackName,
} from '../../shared/contract.ts';
import { roleArn } from '../../shared/domain/index.ts';
import {
  configured,
  plain,
  type Statement,
  synthesize,
  synthesizeSpoke,
  synthesizeSpokeTemplate,
  withoutHashes,
} from './synthesized.ts';

const hub = { account: '123456789012', region: 'eu-west-1' };
const busArn = `arn:aws:events:${hub.region}:${hub.account}:event-bus/${hubBusName}`;
const us = { account: '222222222222', region: 'us-east-1' };
const quiet = { account: '333333333333', region: 'ap-east-2' };
const environments = [
  { account: us.account, regions: [us.region, 'eu-west-1'] },
  { account: quiet.account, regions: [quiet.region], events: false },
];
const fleet = configured(
  [
    { id: 'orders', kind: 'instance' },
    { id: 'orders', kind: 'instance', ...us },
    { id: 'crm', kind: 'instance', ...quiet, copy: { mode: 'none' } },
  ],
  { environments },
);
const spoke = synthesizeSpoke(fleet, us);
const silent = synthesizeSpoke(fleet, quiet);
const template = synthesizeSpokeTemplate();

const typesOf = (one: typeof spoke) => [...new Set(Object.values(one.template.Resources).map(({ Type }) => Type))];
const rights = (role: string, of = spoke) => of.rights(role).map(withoutHashes);
const trustOf = (role: string, of = spoke) =>
  of.one('AWS::IAM::Role', role).Properties.AssumeRolePolicyDocument.Statement as Statement[];
const hubFunctions = (...names: (typeof functionNames)[number][]) => [
  {
    Effect: 'Allow',
    Action: 'sts:AssumeRole',
    Principal: { AWS: `arn:aws:iam::${hub.account}:root` },
    Condition: { ArnEquals: { 'aws:PrincipalArn': names.map((name) => roleArn(hub, hubRoleName(name, hub.region))) } },
  },
];

const where = `${us.region}:${us.account}`;
const reading = [
  'backup:ListBackupJobs on *',
  'backup:ListRestoreJobs on *',
  'rds:DescribeBlueGreenDeployments on *',
  `rds:DescribeDBClusterSnapshots on arn:aws:rds:${where}:cluster-snapshot:*`,
  `rds:DescribeDBClusterSnapshots on arn:aws:rds:${where}:cluster:*`,
  `rds:DescribeDBClusters on arn:aws:rds:${where}:cluster:*`,
  `rds:DescribeDBInstances on arn:aws:rds:${where}:db:*`,
  `rds:DescribeDBSnapshotTenantDatabases on arn:aws:rds:${where}:db:*`,
  `rds:DescribeDBSnapshotTenantDatabases on arn:aws:rds:${where}:snapshot-tenant-database:*`,
  `rds:DescribeDBSnapshotTenantDatabases on arn:aws:rds:${where}:snapshot:*`,
  `rds:DescribeDBSnapshots on arn:aws:rds:${where}:db:*`,
  `rds:DescribeDBSnapshots on arn:aws:rds:${where}:snapshot:*`,
  'rds:DescribeEvents on *',
  `sqs:GetQueueAttributes on arn:aws:sqs:${where}:${spokeDeadLetterQueueName}`,
  `sqs:GetQueueUrl on arn:aws:sqs:${where}:${spokeDeadLetterQueueName}`,
].sort();

describe('a spoke', () => {
  it('runs no code and has no assets: it is roles, rules, a queue, and what copies take', () => {
    expect(typesOf(spoke).sort()).toEqual([
      'AWS::Events::Rule',
      'AWS::IAM::Policy',
      'AWS::IAM::Role',
      'AWS::KMS::Alias',
      'AWS::KMS::Key',
      'AWS::S3::Bucket',
      'AWS::S3::BucketPolicy',
      'AWS::SQS::Queue',
      'AWS::SQS::QueuePolicy',
    ]);
    expect(JSON.stringify(spoke.template)).not.toContain('cdk-hnb659fds-assets');
  });

  it('with the others passes the checks of cdk-nag, each exception acknowledged with its reason', () => {
    const app = dryRunApp();
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    addStacks(app, { fleet, configurationPath: 'config/example.json' });
    expect(() => app.synth()).not.toThrow();
  }, 60_000);

  it('is deployed after the hub, whose bus must let it in', () => {
    const app = dryRunApp();
    addStacks(app, { fleet, configurationPath: 'config/example.json' });
    const { stacks } = app.synth();
    expect(stacks.map(({ stackName }) => stackName)[0]).toBe('RdsBackupLedger');
    const spokes = stacks.slice(1);
    expect(spokes.map(({ stackName }) => stackName).sort()).toEqual(
      [{ ...us, region: 'eu-west-1' }, us, quiet].map(spokeStackName).sort(),
    );
    for (const { dependencies, environment } of spokes) {
      expect(dependencies.map(({ id }) => id)).toContain('RdsBackupLedger');
      expect(environment.account).not.toBe(hub.account);
    }
  });

  it('keeps its key and its buckets when it goes, and nothing else', () => {
    const kept = Object.entries(spoke.template.Resources).filter(([, { DeletionPolicy }]) =>
      DeletionPolicy?.startsWith('Retain'),
    );
    const types = ['AWS::KMS::Key', 'AWS::S3::Bucket', 'AWS::S3::BucketPolicy'];
    expect(kept.map(([id]) => id).sort()).toEqual(types.flatMap((type) => spoke.all(type).map(([id]) => id)).sort());
    for (const [, { DeletionPolicy, UpdateReplacePolicy }] of kept) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['RetainExceptOnCreate', 'Retain']);
    }
  });

  it('makes the buckets of its own databases, encrypted with its own key', () => {
    const named = spoke
      .all('AWS::S3::Bucket')
      .flatMap(([, { Properties }]) => (Properties.BucketName ? Properties : []));
    expect(named.map(({ BucketName }) => BucketName)).toEqual(['rds-backup-ledger-orders-222222222222-us-east-1']);
    const [{ ServerSideEncryptionByDefault: encryption }] = named[0].BucketEncryption.ServerSideEncryptionConfiguration;
    expect(encryption.SSEAlgorithm).toBe('aws:kms');
    expect(withoutHashes(plain(encryption.KMSMasterKeyID))).toBe('CopiesKey.Arn');
    expect(spoke.one('AWS::KMS::Alias').Properties.AliasName).toBe(exportKeyAlias);
    expect(spoke.one('AWS::KMS::Key').Properties.EnableKeyRotation).toBe(true);
  });

  it('has neither key, buckets nor roles of copies where none are wanted', () => {
    expect(typesOf(silent).filter((type) => /KMS|S3/.test(type))).toEqual([]);
    const names = silent.all('AWS::IAM::Role').map(([, { Properties }]) => Properties.RoleName);
    expect(names).toEqual(['RdsBackupLedger-reader-ap-east-2']);
  });

  it('has a role to read with alone where events are not forwarded', () => {
    expect(typesOf(silent).sort()).toEqual(['AWS::IAM::Policy', 'AWS::IAM::Role']);
  });
});

describe('names of roles', () => {
  const names = spoke.all('AWS::IAM::Role').map(([, { Properties }]) => Properties.RoleName as string);

  it('are those that the hub looks for, with the Region: IAM is global', () => {
    expect(names.sort()).toEqual(spokeRoles.map((role) => spokeRoleName(role, us.region)).sort());
    for (const name of names) expect(name).toMatch(/-us-east-1$/);
  });

  it('are none of a hub in the same account and Region', () => {
    const ofHub: readonly string[] = functionNames.map((name) => hubRoleName(name, us.region));
    expect(names.filter((name) => ofHub.includes(name))).toEqual([]);
  });

  it('fit into what IAM takes in the Region with the longest name', () => {
    for (const role of spokeRoles) expect(spokeRoleName(role, 'ap-southeast-1').length).toBeLessThanOrEqual(64);
  });
});

describe('what a role of a spoke may do, and who may assume it', () => {
  it('reader: lists databases, backups and jobs, and reads whether events are forwarded; for the functions that read', () => {
    expect(rights('ReaderRole')).toEqual(reading);
    expect(trustOf('ReaderRole')).toEqual(hubFunctions('record', 'sweep'));
  });

  it('copier: what the copy function may do in the hub; for that function alone', () => {
    const own = synthesize(configured([{ id: 'orders', kind: 'instance' }]))
      .rights('CopyBackupsCopyRole')
      .filter((right) => /^(rds|s3|iam|kms):/.test(right) && !right.includes('BucketsConfigurations'))
      .map(withoutHashes);
    expect(own.length).toBeGreaterThan(10);
    const asSpoke = (right: string) =>
      right
        .replaceAll('eu-west-1:123456789012', where)
        .replaceAll('123456789012-eu-west-1', '222222222222-us-east-1')
        .replaceAll('123456789012', us.account)
        .replaceAll('CopyBackupsExportRole', 'CopiesExportRole')
        .replaceAll(' Key.Arn', ' CopiesKey.Arn');
    expect(rights('CopiesCopierRole')).toEqual(own.map(asSpoke).sort());
    expect(trustOf('CopiesCopierRole')).toEqual(hubFunctions('copy'));
  });

  it('export: writes with the key into the buckets of its account; for RDS alone', () => {
    const bucket = 'arn:aws:s3:::rds-backup-ledger-*-222222222222-us-east-1';
    const ours = ' if {"StringEquals":{"aws:ResourceAccount":["222222222222"]}}';
    expect(rights('CopiesExportRole')).toEqual(
      [
        ...['Decrypt', 'DescribeKey', 'GenerateDataKey*'].map((action) => `kms:${action} on CopiesKey.Arn`),
        ...['DeleteObject*', 'GetObject*', 'PutObject*'].map((action) => `s3:${action} on ${bucket}/*${ours}`),
        ...['GetBucketLocation', 'ListBucket'].map((action) => `s3:${action} on ${bucket}${ours}`),
      ].sort(),
    );
    expect(trustOf('CopiesExportRole')).toEqual([
      { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'export.rds.amazonaws.com' } },
    ]);
  });

  it('forward: puts events on the bus of the hub; for rules of its own account', () => {
    expect(rights('ForwardingRole')).toEqual([`events:PutEvents on ${busArn}`]);
    expect(trustOf('ForwardingRole')).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { Service: 'events.amazonaws.com' },
        Condition: { StringEquals: { 'aws:SourceAccount': us.account } },
      },
    ]);
  });
});

describe('the rules of a spoke', () => {
  const rules = spoke.all('AWS::Events::Rule').map(([, { Properties }]) => Properties);

  it('forward what the rules of the hub match, of its own account, under names that the hub knows', () => {
    const own = synthesize(configured([{ id: 'orders', kind: 'instance' }]))
      .all('AWS::Events::Rule')
      .map(([, { Properties }]) => ({ ...Properties.EventPattern, account: [us.account] }));
    const inOrder = (patterns: readonly object[]) => patterns.map((one) => JSON.stringify(sorted(one))).sort();
    expect(inOrder(rules.map(({ EventPattern }) => EventPattern))).toEqual(inOrder(own));
    expect(rules.map(({ Name }) => Name).sort()).toEqual(eventRules.map(forwardRuleName).sort());
  });

  it('have one target each, with a role and a queue for what could not be forwarded', () => {
    for (const { Targets } of rules) {
      expect(Targets.map((target: object) => JSON.parse(withoutHashes(JSON.stringify(target))))).toEqual([
        {
          Id: 'Target0',
          Arn: busArn,
          RoleArn: { 'Fn::GetAtt': [expect.stringMatching(/^ForwardingRole/), 'Arn'] },
          DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^ForwardingDeadLetters/), 'Arn'] } },
        },
      ]);
    }
  });

  it('alone send to that queue, which is encrypted and refuses plain HTTP', () => {
    const { QueueName, SqsManagedSseEnabled, MessageRetentionPeriod } = spoke.one('AWS::SQS::Queue').Properties;
    expect([QueueName, SqsManagedSseEnabled]).toEqual([spokeDeadLetterQueueName, true]);
    expect(MessageRetentionPeriod).toBe(14 * 24 * 60 * 60);
    const statements = spoke.one('AWS::SQS::QueuePolicy').Properties.PolicyDocument.Statement as Statement[];
    expect(statements.map(({ Effect, Action }) => [Effect, Action])).toEqual([
      ['Deny', 'sqs:*'],
      ['Allow', 'sqs:SendMessage'],
    ]);
    const arns = spoke.all('AWS::Events::Rule').map(([id]) => ({ 'Fn::GetAtt': [id, 'Arn'] }));
    expect(statements[1]).toMatchObject({
      Principal: { Service: 'events.amazonaws.com' },
      Condition: { ArnEquals: { 'aws:SourceArn': arns } },
    });
  });
});

describe('the template for StackSets', () => {
  it('is that of a spoke without copies, with parameters for what the configuration says', () => {
    const elsewhere = { ...us, region: 'eu-west-1' };
    const values: Readonly<Record<string, string>> = {
      'AWS::AccountId': elsewhere.account,
      'AWS::Region': elsewhere.region,
      'AWS::Partition': 'aws',
      HubAccount: hub.account,
      HubRegion: hub.region,
    };
    expect(filled(template.template.Resources, values)).toEqual(
      filled(synthesizeSpoke(fleet, elsewhere).template.Resources, values),
    );
  });

  it('asks for no bootstrapped account, and has neither assets nor names of anybody', () => {
    const text = JSON.stringify(template.template);
    expect(text).not.toMatch(/\d{12}|bootstrap|hnb659fds|eu-west-1|us-east-1/i);
    const { Parameters } = template.template as unknown as { readonly Parameters: object };
    expect(Object.keys(Parameters)).toEqual(['HubAccount', 'HubRegion', 'ForwardEvents']);
  });

  it('forwards nothing where it is configured so, and is read nevertheless', () => {
    const conditional = Object.entries(template.template.Resources).map(([id, resource]) => [
      withoutHashes(id),
      (resource as { readonly Condition?: string }).Condition,
    ]);
    for (const [id, condition] of conditional) {
      expect([id, condition]).toEqual([id, id?.startsWith('Forwarding') ? 'ForwardsEvents' : undefined]);
    }
    expect(conditional.some(([id]) => id?.startsWith('ReaderRole'))).toBe(true);
    // What may not be there is referred to by name alone.
    expect(JSON.stringify(template.statements('ReaderRole'))).not.toContain('Fn::GetAtt');
  });
});

/** Resources with references to parameters replaced, texts joined, conditions left out and statements in one order. */
function filled(value: unknown, values: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((one) => filled(one, values)).sort(byJson);
  if (typeof value !== 'object' || value === null) return value;
  if ('Ref' in value && values[String(value.Ref)] !== undefined) return values[String(value.Ref)];
  if ('Fn::Join' in value) {
    const parts = (value['Fn::Join'] as [string, unknown[]])[1].map((one) => filled(one, values));
    if (parts.every((part) => typeof part === 'string')) return parts.join('');
  }
  const fields = Object.entries(value).filter(([name, one]) => !(name === 'Condition' && typeof one === 'string'));
  return Object.fromEntries(fields.map(([name, one]) => [name, filled(one, values)]));
}

function sorted(value: object): object {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
}

function byJson(a: unknown, b: unknown): number {
  return JSON.stringify(a).localeCompare(JSON.stringify(b));
}
