import {
  DescribeTableCommand,
  DynamoDBClient,
  ResourceNotFoundException,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it } from 'vitest';
import { findKeptBuckets, findKeptTable } from '../../infra/kept.ts';
import { type IndexDefinition, indexes, type KeyNames, localIndexes } from '../../shared/ledger/table.ts';

const dynamo = mockClient(DynamoDBClient);
beforeEach(() => dynamo.reset());

const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
const adopt = { tableName: 'kept', tableKeyArn: keyArn, buckets: true };
const tableArn = 'arn:aws:dynamodb:eu-west-1:123456789012:table/kept';
const keySchema = ({ partitionKey, sortKey }: KeyNames) => [
  { AttributeName: partitionKey, KeyType: 'HASH' as const },
  { AttributeName: sortKey, KeyType: 'RANGE' as const },
];
const described = ([IndexName, index]: [string, IndexDefinition]) => ({
  IndexName,
  KeySchema: keySchema(index),
  Projection:
    index.projected.length === 0
      ? { ProjectionType: 'KEYS_ONLY' as const }
      : // In whatever order DynamoDB gives them back.
        { ProjectionType: 'INCLUDE' as const, NonKeyAttributes: index.projected.toReversed() },
});
const kept: TableDescription = {
  TableArn: tableArn,
  KeySchema: keySchema({ partitionKey: 'pk', sortKey: 'sk' }),
  LatestStreamArn: `${tableArn}/stream/2026-01-01T00:00:00.000`,
  StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' as const },
  GlobalSecondaryIndexes: Object.entries(indexes).map(described),
  LocalSecondaryIndexes: Object.entries(localIndexes).map(described),
  SSEDescription: { KMSMasterKeyArn: keyArn },
};
const find = () => findKeptTable(new DynamoDBClient({ region: 'eu-west-1' }), adopt);

describe('a kept table', () => {
  it('is found by its name, with its stream', async () => {
    dynamo.on(DescribeTableCommand, { TableName: 'kept' }).resolves({ Table: kept });
    await expect(find()).resolves.toEqual({ tableName: 'kept', tableArn, streamArn: kept.LatestStreamArn });
  });

  it('that is not there is an error that says what to check', async () => {
    dynamo.on(DescribeTableCommand).rejects(new ResourceNotFoundException({ message: 'not found', $metadata: {} }));
    await expect(find()).rejects.toThrow('adopt.tableName: table kept cannot be described (not found). Check its name');
  });

  it('without a stream of both images is an error with the command that enables one', async () => {
    const { StreamSpecification: _, ...without } = kept;
    dynamo.on(DescribeTableCommand).resolves({ Table: without });
    await expect(find()).rejects.toThrow('has no stream of new and old images');
  });

  const globals = kept.GlobalSecondaryIndexes ?? [];
  const others = globals.filter(({ IndexName }) => IndexName !== 'byState');
  const wholeRows = { Projection: { ProjectionType: 'ALL' as const } };
  const today = globals.map((index) => (index.IndexName === 'byDay' ? { ...index, ...wholeRows } : index));
  const refused: [string, Partial<TableDescription>, string][] = [
    [
      'has other keys',
      { KeySchema: keySchema({ partitionKey: 'id', sortKey: 'at' }) },
      'its keys are id and at, not pk and sk',
    ],
    [
      'lacks the local index, as those of older versions do',
      { LocalSecondaryIndexes: [] },
      'it has no local index "live"',
    ],
    [
      'has a local index of another key',
      { LocalSecondaryIndexes: [described(['live', { partitionKey: 'pk', sortKey: 'createdAt', projected: [] }])] },
      'the keys of its index "live" are pk and createdAt, not pk and liveSort',
    ],
    ['lacks a global index', { GlobalSecondaryIndexes: others }, 'it has no global index "byState"'],
    [
      'has a global index of another key',
      {
        GlobalSecondaryIndexes: [
          ...others,
          described(['byState', { partitionKey: 'stateKey', sortKey: 'sk', projected: [] }]),
        ],
      },
      'the keys of its index "byState" are stateKey and sk, not stateKey and stateSort',
    ],
    [
      'has an index that holds more',
      { GlobalSecondaryIndexes: today },
      'its index "byDay" holds all attributes, not dayFacts, format',
    ],
    [
      'has an index that holds less',
      {
        GlobalSecondaryIndexes: globals.map((index) => ({ ...index, Projection: { ProjectionType: 'KEYS_ONLY' } })),
      },
      'its index "byTenant" holds keys only, not dayFacts, format',
    ],
  ];

  it.each(refused)('that %s is refused in one sentence', async (_, differs, difference) => {
    dynamo.on(DescribeTableCommand).resolves({ Table: { ...kept, ...differs } });
    await expect(find()).rejects.toThrow(
      `adopt.tableName: table kept does not have this version's format (${difference}), and a table's keys and local indexes cannot be changed: remove "adopt", so that the stack creates a new table.`,
    );
  });

  it('may have further indexes, of a later version', async () => {
    const more = described(['byEngine', { partitionKey: 'engineKey', sortKey: 'sk', projected: [] }]);
    dynamo.on(DescribeTableCommand).resolves({ Table: { ...kept, GlobalSecondaryIndexes: [...globals, more] } });
    await expect(find()).resolves.toMatchObject({ tableName: 'kept' });
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
