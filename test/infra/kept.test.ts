import { DescribeTableCommand, DynamoDBClient, ResourceNotFoundException } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { findKeptBuckets, findKeptTable } from '../../infra/kept.ts';
import { indexes } from '../../shared/ledger/items.ts';

const dynamo = mockClient(DynamoDBClient);
beforeEach(() => dynamo.reset());

const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
const adopt = { tableName: 'kept', tableKeyArn: keyArn, buckets: true };
const tableArn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/kept';
const kept = {
  TableArn: tableArn,
  LatestStreamArn: `${tableArn}/stream/2026-01-01T00:00:00.000`,
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const },
  GlobalSecondaryIndexes: Object.keys(indexes).map((IndexName) => ({ IndexName })),
  SSEDescription: { KMSMasterKeyArn: keyArn },
};
const find = () => findKeptTable(new DynamoDBClient({ region: 'eu-west-1' }), adopt);

describe('a kept table', () => {
  it('is found by its name, with its stream', async () => {
    dynamo.on(DescribeTableCommand, { TableName: 'kept' }).resolves({ Table: kept });
    await expect(find()).resolves.toEqual({ tableName: 'kept', tableArn, streamArn: kept.LatestStreamArn });
  });

  it('that is not there is told with what to check', async () => {
    dynamo.on(DescribeTableCommand).rejects(new ResourceNotFoundException({ message: 'not found', $metadata: {} }));
    await expect(find()).rejects.toThrow('adopt.tableName: table kept cannot be described (not found). Check its name');
  });

  it('without a stream of both images is told with the command that makes one', async () => {
    const { StreamSpecification: _, ...without } = kept;
    dynamo.on(DescribeTableCommand).resolves({ Table: without });
    await expect(find()).rejects.toThrow('has no stream of new and old images');
  });

  it('that lacks an index is refused', async () => {
    const [, ...others] = kept.GlobalSecondaryIndexes;
    dynamo.on(DescribeTableCommand).resolves({ Table: { ...kept, GlobalSecondaryIndexes: others } });
    await expect(find()).rejects.toThrow(`table kept lacks the indexes ${Object.keys(indexes)[0]}. Is it a ledger`);
  });

  it('that is encrypted with another key than the one named is refused', async () => {
    const other = keyArn.replace('0a1b', 'ffff');
    dynamo.on(DescribeTableCommand).resolves({ Table: { ...kept, SSEDescription: { KMSMasterKeyArn: other } } });
    await expect(find()).rejects.toThrow(`adopt.tableKeyArn: table kept is encrypted with ${other}, got ${keyArn}`);
  });
});

describe('kept buckets', () => {
  const s3 = mockClient(S3Client);
  const ask = () => findKeptBuckets(new S3Client({}), { account: '123456789012', stackBuckets: ['here', 'gone'] });
  const answers = (httpStatusCode: number) => Object.assign(new Error('Unknown'), { $metadata: { httpStatusCode } });

  it('are those that are there and belong to the account; the others are to be made', async () => {
    s3.on(HeadBucketCommand).rejects(answers(404));
    s3.on(HeadBucketCommand, { Bucket: 'here', ExpectedBucketOwner: '123456789012' }).resolves({});
    await expect(ask()).resolves.toEqual(['here']);
  });

  it('that are somebody else’s are told', async () => {
    s3.reset();
    s3.on(HeadBucketCommand).rejects(answers(403));
    await expect(ask()).rejects.toThrow(
      'adopt.buckets: bucket here cannot be looked at (403). Check that account 123456789012 owns it',
    );
  });
});
