import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type PointInTimeRecoveryStatus,
  ResourceNotFoundException,
  type TableDescription,
  type TimeToLiveDescription,
} from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, type KeyState, KMSClient } from '@aws-sdk/client-kms';
import { GetBucketLoggingCommand, HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkKeptKey, checkNotifyFrom, findKeptBuckets, findKeptTable } from '../../infra/kept.ts';
import { type IndexDefinition, indexes, type KeyNames, localIndexes } from '../../shared/ledger/table.ts';
import { mockClient } from '../support/mock-client.ts';

const dynamo = mockClient(DynamoDBClient);
beforeEach(() => {
  dynamo.reset();
  givenSettings();
});

/** What DynamoDB says of a table besides its description. */
function givenSettings({
  timeToLive = { AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLED' },
  recovery = 'ENABLED',
}: {
  readonly timeToLive?: TimeToLiveDescription;
  readonly recovery?: PointInTimeRecoveryStatus;
} = {}): void {
  dynamo.on(DescribeTimeToLiveCommand, { TableName: 'kept' }).resolves({ TimeToLiveDescription: timeToLive });
  dynamo.on(DescribeContinuousBackupsCommand, { TableName: 'kept' }).resolves({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: recovery },
    },
  });
}

const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
const adopt = { tableName: 'kept', tableKeyArn: keyArn };
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
  TableStatus: 'ACTIVE',
  DeletionProtectionEnabled: true,
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
    await expect(find()).rejects.toThrow(
      'adopt.tableName: table kept cannot be described (ResourceNotFoundException: not found). Check its name',
    );
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

describe('a kept table that lacks a setting is refused with the command that cures it', () => {
  const call = (name: string, options: string) => `aws dynamodb ${name} --table-name kept ${options}`;
  const update = (options: string) =>
    `${call('update-table', options)} && aws dynamodb wait table-exists --table-name kept`;
  const enableStream = update('--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES');
  const enableTimeToLive = call(
    'update-time-to-live',
    '--time-to-live-specification AttributeName=expiresAt,Enabled=true',
  );
  const enableRecovery = call(
    'update-continuous-backups',
    '--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true',
  );
  const protect = update('--deletion-protection-enabled');
  const lines = async () => {
    const refusal = await find().then(
      () => 'adopted',
      (error: Error) => error.message,
    );
    const [first, ...cures] = refusal.split('\n  ');
    expect(first).toBe(
      'adopt.tableName: table kept lacks what the ledger relies on. Run these commands in this order, then deploy again:',
    );
    return cures;
  };
  const without = (...names: (keyof TableDescription)[]) =>
    Object.fromEntries(Object.entries(kept).filter(([name]) => !names.some((left) => left === name)));

  it('everything that a restore leaves out', async () => {
    dynamo
      .on(DescribeTableCommand)
      .resolves({ Table: without('StreamSpecification', 'LatestStreamArn', 'DeletionProtectionEnabled') });
    givenSettings({ timeToLive: { TimeToLiveStatus: 'DISABLED' }, recovery: 'DISABLED' });
    expect(await lines()).toEqual([
      `a stream of new and old images: ${enableStream}`,
      `deletion protection: ${protect}`,
      `time to live by expiresAt: ${enableTimeToLive}`,
      `point-in-time recovery: ${enableRecovery}`,
    ]);
  });

  const created = (IndexName: 'byState' | 'byTenant', Projection: object) => {
    const { partitionKey, sortKey } = indexes[IndexName];
    const attributes = [partitionKey, sortKey].map((name) => `AttributeName=${name},AttributeType=S`).join(' ');
    const creation = JSON.stringify([{ Create: { IndexName, KeySchema: keySchema(indexes[IndexName]), Projection } }]);
    return update(`--attribute-definitions ${attributes} --global-secondary-index-updates '${creation}'`);
  };
  const lacking: [string, Partial<TableDescription>, string][] = [
    [
      'a key of ours',
      { SSEDescription: undefined },
      `encryption with the key: ${update(`--sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId=${keyArn}`)}`,
    ],
    [
      'the old images of its stream',
      { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } },
      `a stream of new and old images: ${update('--stream-specification StreamEnabled=false')} && ${enableStream}`,
    ],
    [
      'a stream since it was switched off',
      { StreamSpecification: undefined },
      `a stream of new and old images: ${enableStream}`,
    ],
    ['deletion protection', { DeletionProtectionEnabled: false }, `deletion protection: ${protect}`],
    [
      'a global index',
      {
        GlobalSecondaryIndexes: (kept.GlobalSecondaryIndexes ?? []).filter(({ IndexName }) => IndexName !== 'byState'),
      },
      `the global index byState: ${created('byState', { ProjectionType: 'KEYS_ONLY' })}`,
    ],
    [
      'a global index that holds attributes',
      {
        GlobalSecondaryIndexes: (kept.GlobalSecondaryIndexes ?? []).filter(({ IndexName }) => IndexName !== 'byTenant'),
      },
      `the global index byTenant: ${created('byTenant', { ProjectionType: 'INCLUDE', NonKeyAttributes: ['dayFacts', 'format'] })}`,
    ],
  ];

  it.each(lacking)('%s', async (_, differs, cure) => {
    dynamo.on(DescribeTableCommand).resolves({ Table: { ...kept, ...differs } });
    expect(await lines()).toEqual([cure]);
  });

  it('time to live by another attribute', async () => {
    dynamo.on(DescribeTableCommand).resolves({ Table: kept });
    givenSettings({ timeToLive: { AttributeName: 'ttl', TimeToLiveStatus: 'ENABLED' } });
    const disable = call('update-time-to-live', '--time-to-live-specification AttributeName=ttl,Enabled=false');
    expect(await lines()).toEqual([`time to live by expiresAt: ${disable}, and an hour later ${enableTimeToLive}`]);
  });

  it('but one whose time to live is being enabled is taken', async () => {
    dynamo.on(DescribeTableCommand).resolves({ Table: kept });
    givenSettings({ timeToLive: { AttributeName: 'expiresAt', TimeToLiveStatus: 'ENABLING' } });
    await expect(find()).resolves.toMatchObject({ tableName: 'kept' });
  });
});

describe('a kept table that is not ready is waited for', () => {
  it('while it is being restored', async () => {
    dynamo.on(DescribeTableCommand).resolves({ Table: { ...kept, TableStatus: 'CREATING' } });
    await expect(find()).rejects.toThrow(
      'table kept is CREATING. Wait until it is ACTIVE: aws dynamodb wait table-exists --table-name kept',
    );
  });

  it('while one of its indexes is being built', async () => {
    const [first, ...others] = kept.GlobalSecondaryIndexes ?? [];
    const GlobalSecondaryIndexes = [{ ...first, IndexStatus: 'CREATING' as const }, ...others];
    dynamo.on(DescribeTableCommand).resolves({ Table: { ...kept, GlobalSecondaryIndexes } });
    await expect(find()).rejects.toThrow(`index ${first?.IndexName} of table kept is still being built`);
  });
});

describe('the moment from which people are notified', () => {
  const now = new Date('2026-11-27T12:00:00Z');

  it.each([undefined, '2026-11-20T12:00:00Z', '2026-11-27T14:00:00Z', '2026-11-28T13:00:00+01:00'])(
    'may be %s',
    (notifyFrom) => {
      expect(() => checkNotifyFrom({ ...(notifyFrom && { notifyFrom }) }, now)).not.toThrow();
    },
  );

  it('is not more than a day ahead', () => {
    expect(() => checkNotifyFrom({ notifyFrom: '2026-11-28T12:00:01Z' }, now)).toThrow(
      'adopt.notifyFrom: 2026-11-28T12:00:01Z is more than a day ahead, and nobody is notified until then.',
    );
  });
});

describe('a kept key', () => {
  const kms = mockClient(KMSClient);
  const check = (KeyState: KeyState) => {
    kms.reset();
    kms.on(DescribeKeyCommand, { KeyId: keyArn }).resolves({ KeyMetadata: { KeyId: keyArn, KeyState } });
    return checkKeptKey(new KMSClient({}), adopt);
  };
  const enable = `aws kms enable-key --key-id ${keyArn}`;

  it('that is enabled is used', () => expect(check('Enabled')).resolves.toBeUndefined());

  it.each<[KeyState, string]>([
    ['Disabled', enable],
    ['PendingDeletion', `aws kms cancel-key-deletion --key-id ${keyArn} && ${enable}`],
  ])('that is %s is refused with the cure', async (state, cure) => {
    await expect(check(state)).rejects.toThrow(
      `adopt.tableKeyArn: key ${keyArn} is ${state}, and what it encrypts cannot be read. Enable it: ${cure}`,
    );
  });

  it('that is not there is an error that says what to check', async () => {
    kms.reset();
    kms.on(DescribeKeyCommand).rejects(new Error('no such key'));
    await expect(checkKeptKey(new KMSClient({}), adopt)).rejects.toThrow('cannot be described (Error: no such key)');
  });
});

describe('kept buckets', () => {
  const s3 = mockClient(S3Client);
  const account = '123456789012';
  const ask = () => findKeptBuckets(new S3Client({}), { account, stackBuckets: ['here', 'there', 'gone'] });
  const answers = (httpStatusCode: number) => Object.assign(new Error('Unknown'), { $metadata: { httpStatusCode } });
  const given = (there: readonly string[], logs: Readonly<Record<string, string>> = {}) => {
    s3.reset();
    s3.on(HeadBucketCommand).rejects(answers(404));
    s3.on(GetBucketLoggingCommand).resolves({});
    for (const Bucket of there) s3.on(HeadBucketCommand, { Bucket, ExpectedBucketOwner: account }).resolves({});
    for (const [Bucket, TargetBucket] of Object.entries(logs)) {
      const LoggingEnabled = { TargetBucket, TargetPrefix: `${Bucket}/` };
      s3.on(GetBucketLoggingCommand, { Bucket, ExpectedBucketOwner: account }).resolves({ LoggingEnabled });
    }
  };

  it('are those that are there and belong to the account; the others are to be made', async () => {
    given(['here', 'there']);
    await expect(ask()).resolves.toEqual({ names: ['here', 'there'] });
  });

  it('have a bucket for their access logs, which goes on being one', async () => {
    given(['here', 'there', 'logs'], { there: 'logs' });
    await expect(ask()).resolves.toEqual({ names: ['here', 'there'], accessLogs: 'logs' });
  });

  it('get a new one where it is gone', async () => {
    given(['here', 'there'], { here: 'logs', there: 'logs' });
    await expect(ask()).resolves.toEqual({ names: ['here', 'there'] });
    expect(s3.commandCalls(HeadBucketCommand, { Bucket: 'logs' })).toHaveLength(1);
  });

  it('whose logging may not be read are an error that names the right', async () => {
    given(['here']);
    s3.on(GetBucketLoggingCommand).rejects(new Error('Access Denied'));
    await expect(ask()).rejects.toThrow(
      'where the access logs of bucket here go cannot be read (Error: Access Denied). Check that you may call s3:GetBucketLogging',
    );
  });

  it('that are somebody else’s are told', async () => {
    s3.reset();
    s3.on(HeadBucketCommand).rejects(answers(403));
    await expect(ask()).rejects.toThrow(
      'adopt.buckets: bucket here cannot be looked at (403). Check that account 123456789012 owns it',
    );
  });
});
