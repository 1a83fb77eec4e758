/** Roles that act in another account: whom a policy of the local AWS sees, and what it refuses. */
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeEventBusCommand,
  DescribeRuleCommand,
  EventBridgeClient,
  ListTargetsByRuleCommand,
} from '@aws-sdk/client-eventbridge';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { DescribeDBInstancesCommand, RDSClient, StartExportTaskCommand } from '@aws-sdk/client-rds';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, GetQueueUrlCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ClientConfig,
  clientConfig,
  type LocalAws,
  localEnvironment,
  startLocalAws,
} from '../../local/aws/local-aws.ts';
import { type RdsServer, startRdsServer } from '../../local/rds/server.ts';
import { RdsSimulator } from '../../local/rds/simulator.ts';
import type { Environment } from '../../shared/domain/index.ts';

const hub = localEnvironment;
const spoke: Environment = { account: '111122223333', region: 'eu-central-1' };
const stranger: Environment = { account: '444455556666', region: hub.region };
const organization = { id: 'o-a1b2c3d4e5', accounts: [hub.account, spoke.account] };

const arnOf = (service: string, resource: string) => `arn:aws:${service}:${spoke.region}:${spoke.account}:${resource}`;
const roleArn = ({ account }: Environment, name: string) => `arn:aws:iam::${account}:role/${name}`;
const allow = (Action: string | string[], Resource: unknown, Condition?: object) => {
  return { Effect: 'Allow', Action, Resource, ...(Condition && { Condition }) };
};
const trust = (AWS: string, Condition?: object) => {
  return { Effect: 'Allow', Principal: { AWS }, Action: 'sts:AssumeRole', ...(Condition && { Condition }) };
};
const role = (RoleName: string, trusted: object, ...Statement: object[]) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName,
    AssumeRolePolicyDocument: { Statement: [trusted] },
    ...(Statement.length > 0 && { Policies: [{ PolicyName: 'its', PolicyDocument: { Statement } }] }),
  },
});

/** Roles of functions: they may assume any role whose trust policy lets them, and read the hub's buckets. */
const functionRoles = (of: Environment) => ({
  Sweep: role('sweep', trust(of.account), allow('sts:AssumeRole', '*'), allow('s3:*', '*')),
  Other: role('other', trust(of.account), allow('sts:AssumeRole', '*'), allow('s3:*', '*')),
});

const spokeResources = {
  Queue: { Type: 'AWS::SQS::Queue', Properties: { QueueName: 'dead-letters' } },
  Rule: {
    Type: 'AWS::Events::Rule',
    Properties: {
      Name: 'forward',
      EventPattern: { source: ['aws.rds'] },
      Targets: [{ Id: 'it', Arn: arnOf('sqs', 'dead-letters') }],
    },
  },
  Bus: { Type: 'AWS::Events::EventBus', Properties: { Name: 'own' } },
  Key: {
    Type: 'AWS::KMS::Key',
    Properties: {
      KeyPolicy: {
        Statement: [{ ...allow('kms:*', '*'), Principal: { AWS: `arn:aws:iam::${spoke.account}:root` } }],
      },
    },
  },
  Alias: {
    Type: 'AWS::KMS::Alias',
    Properties: { AliasName: 'alias/exports', TargetKeyId: { 'Fn::GetAtt': ['Key', 'Arn'] } },
  },
  Bucket: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'exports-of-the-spoke' } },
  Bucket2: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'exports-of-others' } },
  Reader: role(
    'reader',
    trust(hub.account, { ArnEquals: { 'aws:PrincipalArn': roleArn(hub, 'sweep') } }),
    allow('sqs:GetQueueAttributes', arnOf('sqs', 'dead-letters')),
    allow(['events:DescribeRule', 'events:ListTargetsByRule'], arnOf('events', 'rule/forward')),
    allow('kms:DescribeKey', { 'Fn::GetAtt': ['Key', 'Arn'] }),
    allow('s3:ListBucket', `arn:aws:s3:::exports-of-the-spoke`),
    allow('rds:DescribeDBInstances', arnOf('rds', 'db:*')),
  ),
  Copier: role(
    'copier',
    trust(hub.account),
    allow('rds:StartExportTask', '*'),
    allow('iam:PassRole', roleArn(spoke, 'export'), {
      StringEquals: { 'iam:PassedToService': 'export.rds.amazonaws.com' },
    }),
  ),
  Idle: role('idle', trust(hub.account, { ArnEquals: { 'aws:PrincipalArn': roleArn(hub, 'sweep') } })),
  AliasOnly: role(
    'alias-only',
    trust(hub.account),
    allow('kms:DescribeKey', arnOf('kms', 'alias/exports')),
    allow('events:*', arnOf('events', 'rule/own/forward')),
  ),
  OfOrganization: role(
    'of-organization',
    trust('*', {
      StringEquals: { 'aws:PrincipalOrgID': organization.id },
      ArnLike: { 'aws:PrincipalArn': `arn:aws:iam::\${aws:PrincipalAccount}:role/sweep` },
    }),
    allow('s3:ListBucket', `arn:aws:s3:::exports-of-\${aws:PrincipalTag/team, 'the-spoke'}`),
  ),
};

const bucket = (name: string, Principal: object) => ({
  [name.replaceAll('-', '')]: { Type: 'AWS::S3::Bucket', Properties: { BucketName: name } },
  [`PolicyOf${name.replaceAll('-', '')}`]: {
    Type: 'AWS::S3::BucketPolicy',
    DependsOn: name.replaceAll('-', ''),
    Properties: {
      Bucket: name,
      PolicyDocument: {
        Statement: [
          {
            ...allow(['s3:GetObject', 's3:ListBucket'], [`arn:aws:s3:::${name}`, `arn:aws:s3:::${name}/*`]),
            Principal,
          },
        ],
      },
    },
  },
});

let aws: LocalAws;
let server: RdsServer;
beforeAll(async () => {
  const now = new Date('2026-11-20T05:00:00Z');
  const simulators = [hub, spoke].map((environment) => new RdsSimulator({ now, ...environment }));
  for (const rds of simulators) rds.createInstance({ id: `of-${rds.account}` });
  server = await startRdsServer(simulators as [RdsSimulator, ...RdsSimulator[]]);
  aws = await startLocalAws({ rdsSimulatorUrl: server.url, organization });
  const buckets = {
    ...bucket('for-a-role', { AWS: roleArn(spoke, 'sweep') }),
    ...bucket('for-an-account', { AWS: spoke.account }),
    Own: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'for-nobody' } },
  };
  await deploy(hub, {
    ...functionRoles(hub),
    ...buckets,
    // Its right on buckets ends at those of its own account.
    Bound: role(
      'bound',
      trust(hub.account),
      allow('s3:*', '*', { StringEquals: { 'aws:ResourceAccount': `\${aws:PrincipalAccount}` } }),
    ),
  });
  await deploy(stranger, functionRoles(stranger));
  await deploy(spoke, {
    ...functionRoles(spoke),
    ...spokeResources,
    ...bucket('of-the-spoke-for-all', { AWS: '*' }),
  });
});
afterAll(async () => {
  await aws?.stop();
  await server?.close();
});

async function deploy(of: Environment, Resources: object): Promise<void> {
  const client = new CloudFormationClient(clientConfig(aws, of));
  const StackName = 'roles';
  await client.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify({ Resources }),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    }),
  );
  await waitUntilStackCreateComplete({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StackName });
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
  expect(Stacks?.[0]?.StackStatus).toBe('CREATE_COMPLETE');
}

/** Settings with which a session of a role acts, in the account's Region. */
async function session(of: Environment, name: string, by: ClientConfig = clientConfig(aws, of)): Promise<ClientConfig> {
  const assume = new AssumeRoleCommand({ RoleArn: roleArn(of, name), RoleSessionName: 'session' });
  const { Credentials: made } = await new STSClient(by).send(assume);
  return {
    ...clientConfig(aws, of),
    credentials: {
      accessKeyId: made?.AccessKeyId ?? '',
      secretAccessKey: made?.SecretAccessKey ?? '',
      sessionToken: made?.SessionToken ?? '',
    },
  };
}

describe('a role of another account', () => {
  it('is assumed by the role that its trust policy names, and by no other', async () => {
    const inSpoke = await session(spoke, 'reader', await session(hub, 'sweep'));
    const { Account, Arn } = await new STSClient(inSpoke).send(new GetCallerIdentityCommand({}));
    expect({ Account, Arn }).toEqual({
      Account: spoke.account,
      Arn: `arn:aws:sts::${spoke.account}:assumed-role/reader/session`,
    });
    const refused = /not authorized to perform: sts:AssumeRole/;
    for (const [of, name] of [
      [hub, 'other'],
      [stranger, 'sweep'],
      [spoke, 'sweep'],
    ] as const) {
      await expect(session(spoke, 'reader', await session(of, name))).rejects.toThrow(refused);
    }
    await expect(session(spoke, 'reader', clientConfig(aws, hub))).rejects.toThrow(refused);
  });

  it('is assumed by roles of that name in the organization', async () => {
    await session(spoke, 'of-organization', await session(hub, 'sweep'));
    await session(spoke, 'of-organization', await session(spoke, 'sweep'));
    for (const [of, name] of [
      [hub, 'other'],
      [stranger, 'sweep'],
    ] as const) {
      await expect(session(spoke, 'of-organization', await session(of, name))).rejects.toThrow('not authorized');
    }
  });

  /** Each call with its own arguments, on clients of a role. */
  const calls: Record<string, (as: ClientConfig) => Promise<unknown>> = {
    'sqs:GetQueueAttributes': async (as) => {
      const { QueueUrl } = await new SQSClient(clientConfig(aws, spoke)).send(
        new GetQueueUrlCommand({ QueueName: 'dead-letters' }),
      );
      const AttributeNames = ['ApproximateNumberOfMessages' as const];
      const { Attributes } = await new SQSClient(as).send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
      return Attributes;
    },
    'events:DescribeRule': async (as) =>
      (await new EventBridgeClient(as).send(new DescribeRuleCommand({ Name: 'forward' }))).Arn,
    'events:ListTargetsByRule': async (as) =>
      (await new EventBridgeClient(as).send(new ListTargetsByRuleCommand({ Rule: 'forward' }))).Targets,
    'kms:DescribeKey': async (as) => {
      const KeyId = arnOf('kms', 'alias/exports');
      return (await new KMSClient(as).send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState;
    },
    's3:ListBucket': async (as) => {
      const s3 = new S3Client({ ...as, forcePathStyle: true });
      return (await s3.send(new ListObjectsV2Command({ Bucket: 'exports-of-the-spoke' }))).KeyCount;
    },
    'rds:DescribeDBInstances': async (as) =>
      (await new RDSClient(as).send(new DescribeDBInstancesCommand({}))).DBInstances?.map(
        ({ DBInstanceArn }) => DBInstanceArn,
      ),
  };

  it.each<[string, unknown]>([
    ['sqs:GetQueueAttributes', { ApproximateNumberOfMessages: '0' }],
    ['events:DescribeRule', arnOf('events', 'rule/forward')],
    ['events:ListTargetsByRule', [{ Id: 'it', Arn: arnOf('sqs', 'dead-letters') }]],
    ['kms:DescribeKey', 'Enabled'],
    ['s3:ListBucket', 0],
    ['rds:DescribeDBInstances', [arnOf('rds', `db:of-${spoke.account}`)]],
  ])('answers %s in its own account and Region, and is refused without a right', async (action, answer) => {
    const sweep = await session(hub, 'sweep');
    expect(await calls[action]?.(await session(spoke, 'reader', sweep))).toEqual(answer);
    await expect(calls[action]?.(await session(spoke, 'idle', sweep))).rejects.toThrow(
      /not authorized|Access ?Denied/i,
    );
  });

  it('starts an export with the role alone that it may pass to RDS', async () => {
    const as = await session(spoke, 'copier', await session(hub, 'sweep'));
    const start = (name: string) =>
      new RDSClient(as).send(
        new StartExportTaskCommand({
          ExportTaskIdentifier: 'task',
          SourceArn: arnOf('rds', 'snapshot:none'),
          S3BucketName: 'exports-of-the-spoke',
          IamRoleArn: roleArn(spoke, name),
          KmsKeyId: arnOf('kms', 'alias/exports'),
        }),
      );
    await expect(start('export')).rejects.toThrow(
      'DBSnapshot arn:aws:rds:eu-central-1:111122223333:snapshot:none not found',
    );
    await expect(start('reader')).rejects.toThrow('copier/session is not authorized to perform: iam:PassRole');
  });

  it('needs a right on the key that an alias stands for, and on the rule of its own bus', async () => {
    const as = await session(spoke, 'alias-only', await session(hub, 'sweep'));
    for (const action of ['kms:DescribeKey', 'events:DescribeRule', 'events:ListTargetsByRule']) {
      await expect(calls[action]?.(as)).rejects.toThrow('not authorized');
    }
    const busOf = new DescribeEventBusCommand({ Name: 'own' });
    await expect(new EventBridgeClient(as).send(busOf)).rejects.toThrow('not authorized');
  });

  it('has the value of a variable in its rights, and the default where there is none', async () => {
    const as = await session(spoke, 'of-organization', await session(hub, 'sweep'));
    expect(await calls['s3:ListBucket']?.(as)).toBe(0);
    const s3 = new S3Client({ ...as, forcePathStyle: true });
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'exports-of-others' }))).rejects.toThrow('not authorized');
  });
});

describe('a bucket of another account', () => {
  const list = async (as: ClientConfig, Bucket: string) => {
    const s3 = new S3Client({ ...as, region: hub.region, forcePathStyle: true });
    return (await s3.send(new ListObjectsV2Command({ Bucket }))).Name;
  };
  const denied = /Access Denied|not authorized/;

  it('is open to the role that its policy names, for what it names', async () => {
    const as = await session(spoke, 'sweep');
    const s3 = new S3Client({ ...as, region: hub.region, forcePathStyle: true });
    expect(await list(as, 'for-a-role')).toBe('for-a-role');
    await expect(s3.send(new GetObjectCommand({ Bucket: 'for-a-role', Key: 'none' }))).rejects.toThrow(
      'does not exist',
    );
    await expect(s3.send(new PutObjectCommand({ Bucket: 'for-a-role', Key: 'a', Body: 'a' }))).rejects.toThrow(denied);
  });

  it('is open to no other role, nor to its account', async () => {
    await expect(list(await session(spoke, 'other'), 'for-a-role')).rejects.toThrow(denied);
    await expect(list(clientConfig(aws, spoke), 'for-a-role')).rejects.toThrow(denied);
    await expect(list(await session(stranger, 'sweep'), 'for-a-role')).rejects.toThrow(denied);
  });

  it('is open to all roles of an account that its policy names, if their own policies let them', async () => {
    expect(await list(await session(spoke, 'other'), 'for-an-account')).toBe('for-an-account');
    const idle = await session(spoke, 'idle', await session(hub, 'sweep'));
    await expect(list(idle, 'for-an-account')).rejects.toThrow(denied);
  });

  it('without a policy is open to nobody', async () => {
    await expect(list(await session(spoke, 'sweep'), 'for-nobody')).rejects.toThrow(denied);
  });

  it('is not of the caller’s account, whatever its policy says', async () => {
    const as = await session(hub, 'bound');
    expect(await list(as, 'for-nobody')).toBe('for-nobody');
    const s3 = new S3Client({ ...as, region: spoke.region, forcePathStyle: true });
    await expect(s3.send(new ListObjectsV2Command({ Bucket: 'of-the-spoke-for-all' }))).rejects.toThrow(
      'not authorized',
    );
  });
});
