/** What CloudFormation does to a stack's table and buckets, as far as our own launcher adds it. */
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  DescribeStackEventsCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  UpdateTableCommand,
} from '@aws-sdk/client-dynamodb';
import { DeleteObjectCommand, GetBucketLoggingCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, expect, it } from 'vitest';
import { type AwsForTests, localAws } from '../support/local-aws.ts';

const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
let aws: AwsForTests;
let stacks: CloudFormationClient;
beforeAll(async () => {
  aws = await localAws();
  stacks = new CloudFormationClient(aws.clientConfig);
});

async function create(StackName: string, resource: object): Promise<void> {
  const TemplateBody = JSON.stringify({ Resources: { It: resource } });
  await stacks.send(new CreateStackCommand({ StackName, TemplateBody }));
  await waitUntilStackCreateComplete({ client: stacks, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { StackName });
}

/** Deletes a stack; answers with how that ended: its status, or why its resource was not deleted. */
async function remove(StackName: string): Promise<string | undefined> {
  await stacks.send(new DeleteStackCommand({ StackName }));
  const waiting = { client: stacks, maxWaitTime: 30, minDelay: 1, maxDelay: 1 };
  const gone = await waitUntilStackDeleteComplete(waiting, { StackName }).catch(() => undefined);
  if (gone) return 'DELETE_COMPLETE';
  const { StackEvents = [] } = await stacks.send(new DescribeStackEventsCommand({ StackName }));
  const failed = StackEvents.find(
    ({ LogicalResourceId, ResourceStatus }) => LogicalResourceId === 'It' && ResourceStatus === 'DELETE_FAILED',
  );
  return failed?.ResourceStatusReason;
}

const keys = {
  KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
  AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
  BillingMode: 'PAY_PER_REQUEST',
};
const globalTable = {
  ...keys,
  TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
  Replicas: [
    {
      Region: 'eu-west-1',
      DeletionProtectionEnabled: true,
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      SSESpecification: { KMSMasterKeyId: keyArn },
    },
  ],
};
const protectedTables: [string, object][] = [
  ['AWS::DynamoDB::GlobalTable', globalTable],
  ['AWS::DynamoDB::Table', { ...keys, DeletionProtectionEnabled: true }],
];

it.each(protectedTables)(
  'a protected %s is not deleted with its stack until the protection is off',
  async (Type, own) => {
    const dynamo = new DynamoDBClient(aws.clientConfig);
    const [StackName, TableName] = [Type.replaceAll('::', '-'), Type.replaceAll('::', '.')];
    await create(StackName, { Type, Properties: { TableName, ...own } });
    expect(await remove(StackName)).toContain('protected against deletion');
    await dynamo.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: false }));
    expect(await remove(StackName)).toBe('DELETE_COMPLETE');
    await expect(dynamo.send(new DescribeTableCommand({ TableName }))).rejects.toThrow('not found');
  },
);

it('a global table has the settings of its replica, and its time to live', async () => {
  const dynamo = new DynamoDBClient(aws.clientConfig);
  const TableName = 'settings';
  await create('Settings', { Type: 'AWS::DynamoDB::GlobalTable', Properties: { TableName, ...globalTable } });
  const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
  const { ContinuousBackupsDescription } = await dynamo.send(new DescribeContinuousBackupsCommand({ TableName }));
  const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
  expect(Table).toMatchObject({ DeletionProtectionEnabled: true, SSEDescription: { KMSMasterKeyArn: keyArn } });
  expect(ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe('ENABLED');
  expect(TimeToLiveDescription).toEqual({ AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' });
});

it('a bucket says where its access logs go', async () => {
  const s3 = new S3Client({ ...aws.clientConfig, forcePathStyle: true });
  const LoggingConfiguration = { DestinationBucketName: 'logs', LogFilePrefix: 'logged/' };
  await create('Logged', { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'logged', LoggingConfiguration } });
  const { LoggingEnabled } = await s3.send(new GetBucketLoggingCommand({ Bucket: 'logged' }));
  expect(LoggingEnabled).toEqual({ TargetBucket: 'logs', TargetPrefix: 'logged/' });
});

it('a bucket with objects, or with versions alone, is not deleted with its stack', async () => {
  const s3 = new S3Client({ ...aws.clientConfig, forcePathStyle: true });
  const Bucket = 'filled';
  await create('Filled', {
    Type: 'AWS::S3::Bucket',
    Properties: { BucketName: Bucket, VersioningConfiguration: { Status: 'Enabled' } },
  });
  const { VersionId } = await s3.send(new PutObjectCommand({ Bucket, Key: 'a', Body: 'a' }));
  expect(await remove('Filled')).toContain('not empty');
  const { VersionId: marker } = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a' }));
  expect(await remove('Filled')).toContain('not empty');
  for (const id of [VersionId, marker]) await s3.send(new DeleteObjectCommand({ Bucket, Key: 'a', VersionId: id }));
  expect(await remove('Filled')).toBe('DELETE_COMPLETE');
});
