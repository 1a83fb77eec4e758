import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  type PointInTimeRecoveryDescription,
  type Projection,
  type TableDescription,
  type TimeToLiveDescription,
} from '@aws-sdk/client-dynamodb';
import { DescribeKeyCommand, type KeyState, type KMSClient } from '@aws-sdk/client-kms';
import { GetBucketLoggingCommand, HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import pMap from 'p-map';
import type { Fleet } from '../shared/config/index.ts';
import {
  type IndexDefinition,
  indexes,
  type KeyNames,
  localIndexes,
  tableKeys,
  timeToLiveAttribute,
} from '../shared/ledger/index.ts';
import { errorText } from '../shared/lib/errors.ts';
import { addHours } from '../shared/lib/time.ts';
import type { KeptBuckets } from './buckets.ts';
import type { KeptTable } from './ledger-table.ts';
import { SynthError } from './synth-error.ts';

type Adopt = NonNullable<Fleet['adopt']>;

/**
 * Looks up the table that the configuration adopts: its stream's ARN contains the time when the stream was enabled, so it does
 * not follow from the name. Throws `SynthError` where the table is not there, does not fit, or lacks a setting that the ledger
 * relies on, with the command that cures it: one that was restored has its source's keys, indexes and encryption, and nothing else.
 */
export async function findKeptTable(
  dynamo: DynamoDBClient,
  { tableName, tableKeyArn }: Pick<Adopt, 'tableName' | 'tableKeyArn'>,
): Promise<KeptTable> {
  const described = await describe(dynamo, tableName);
  const { table } = described;
  if (table.TableStatus !== 'ACTIVE') {
    throw new SynthError(
      `adopt.tableName: table ${tableName} is ${table.TableStatus}. Wait until it is ACTIVE: ${waitFor(tableName)}`,
    );
  }
  const building = table.GlobalSecondaryIndexes?.find(({ IndexStatus }) => IndexStatus === 'CREATING');
  if (building !== undefined) {
    throw new SynthError(`adopt.tableName: index ${building.IndexName} of table ${tableName} is still being built.`);
  }
  const difference = differenceOf(table);
  if (difference !== undefined) {
    throw new SynthError(
      `adopt.tableName: table ${tableName} does not have this version's format (${difference}), and a table's keys and local indexes cannot be changed: remove "adopt", so that the stack creates a new table.`,
    );
  }
  const key = table.SSEDescription?.KMSMasterKeyArn;
  if (key !== undefined && key !== tableKeyArn) {
    throw new SynthError(`adopt.tableKeyArn: table ${tableName} is encrypted with ${key}, got ${tableKeyArn}.`);
  }
  const lacking = lackingIn(described, { tableName, tableKeyArn });
  const { TableArn: tableArn, LatestStreamArn: streamArn } = table;
  if (lacking.length > 0 || !tableArn || !streamArn) {
    const lines = lacking.map(({ what, cure }) => `\n  ${what}: ${cure}`);
    throw new SynthError(
      `adopt.tableName: table ${tableName} lacks what the ledger relies on. Run these commands in this order, then deploy again:${lines.join('')}`,
    );
  }
  return { tableName, tableArn, streamArn };
}

const waitFor = (tableName: string) => `aws dynamodb wait table-exists --table-name ${tableName}`;

/** The settings that a table lacks, each with the command that switches it on. */
function lackingIn(
  { table, timeToLive, recovery }: DescribedTable,
  { tableName, tableKeyArn }: Pick<Adopt, 'tableName' | 'tableKeyArn'>,
): { readonly what: string; readonly cure: string }[] {
  const call = (name: string, options: string) => `aws dynamodb ${name} --table-name ${tableName} ${options}`;
  // DynamoDB takes the next change of a table once it is active again.
  const update = (options: string) => `${call('update-table', options)} && ${waitFor(tableName)}`;
  const stream = table.StreamSpecification;
  const enableStream = update('--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES');
  const missing = Object.entries(indexes).filter(
    ([name]) => !table.GlobalSecondaryIndexes?.some(({ IndexName }) => IndexName === name),
  );
  const forgets = ['ENABLED', 'ENABLING'].includes(timeToLive?.TimeToLiveStatus ?? '');
  const ttlOf = (name: string, enabled: boolean) =>
    call('update-time-to-live', `--time-to-live-specification AttributeName=${name},Enabled=${enabled}`);
  const settings: [is: boolean, what: string, cure: string][] = [
    ...missing.map(([name, index]): [boolean, string, string] => [
      false,
      `the global index ${name}`,
      update(creationOf(name, index)),
    ]),
    [
      table.SSEDescription?.KMSMasterKeyArn !== undefined,
      'encryption with the key',
      update(`--sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId=${tableKeyArn}`),
    ],
    [
      stream?.StreamViewType === 'NEW_AND_OLD_IMAGES' && table.LatestStreamArn !== undefined,
      'a stream of new and old images',
      stream?.StreamEnabled
        ? `${update('--stream-specification StreamEnabled=false')} && ${enableStream}`
        : enableStream,
    ],
    [table.DeletionProtectionEnabled === true, 'deletion protection', update('--deletion-protection-enabled')],
    [
      forgets && timeToLive?.AttributeName === timeToLiveAttribute,
      `time to live by ${timeToLiveAttribute}`,
      forgets
        ? `${ttlOf(timeToLive?.AttributeName ?? '', false)}, and an hour later ${ttlOf(timeToLiveAttribute, true)}`
        : ttlOf(timeToLiveAttribute, true),
    ],
    [
      recovery?.PointInTimeRecoveryStatus === 'ENABLED',
      'point-in-time recovery',
      call('update-continuous-backups', '--point-in-time-recovery-specification PointInTimeRecoveryEnabled=true'),
    ],
  ];
  return settings.filter(([is]) => !is).map(([, what, cure]) => ({ what, cure }));
}

/** The options that create a global index. */
function creationOf(IndexName: string, { partitionKey, sortKey, projected }: IndexDefinition): string {
  const attributes = [partitionKey, sortKey];
  const KeySchema = attributes.map((AttributeName, at) => ({ AttributeName, KeyType: at === 0 ? 'HASH' : 'RANGE' }));
  const Projection =
    projected.length === 0
      ? { ProjectionType: 'KEYS_ONLY' }
      : { ProjectionType: 'INCLUDE', NonKeyAttributes: [...projected] };
  const creation = JSON.stringify([{ Create: { IndexName, KeySchema, Projection } }]);
  const definitions = attributes.map((name) => `AttributeName=${name},AttributeType=S`).join(' ');
  return `--attribute-definitions ${definitions} --global-secondary-index-updates '${creation}'`;
}

/** Throws `SynthError` where people would not be notified for longer than a day. */
export function checkNotifyFrom({ notifyFrom }: Pick<Adopt, 'notifyFrom'>, now: Date): void {
  if (notifyFrom === undefined || new Date(notifyFrom) <= addHours(now, 24)) return;
  throw new SynthError(
    `adopt.notifyFrom: ${notifyFrom} is more than a day ahead, and nobody is notified until then. Choose an hour or two after the deployment.`,
  );
}

/** Checks that the key of an adopted table can be used. Throws `SynthError` otherwise, with the cure. */
export async function checkKeptKey(kms: KMSClient, { tableKeyArn }: Pick<Adopt, 'tableKeyArn'>): Promise<void> {
  const state = await keyState(kms, tableKeyArn);
  if (state === 'Enabled') return;
  const cures = [
    ...(state === 'PendingDeletion' ? [`aws kms cancel-key-deletion --key-id ${tableKeyArn}`] : []),
    `aws kms enable-key --key-id ${tableKeyArn}`,
  ];
  throw new SynthError(
    `adopt.tableKeyArn: key ${tableKeyArn} is ${state}, and what it encrypts cannot be read. Enable it: ${cures.join(' && ')}`,
  );
}

function keyState(kms: KMSClient, KeyId: string): Promise<KeyState | undefined> {
  return orSynthError(
    `adopt.tableKeyArn: key ${KeyId} cannot be described`,
    'Check its ARN, and that you may call kms:DescribeKey on it.',
    async () => (await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata?.KeyState,
  );
}

/**
 * What of a table's format cannot be changed, or not without loss, in a few words. It may have more indexes: those of a later
 * version. It may lack a global one, which can be added.
 */
function differenceOf(table: TableDescription): string | undefined {
  if (keysIn(table.KeySchema) !== keysOf(tableKeys)) {
    return `its keys are ${keysIn(table.KeySchema)}, not ${keysOf(tableKeys)}`;
  }
  return (
    indexDifference('local', table.LocalSecondaryIndexes, localIndexes) ??
    indexDifference('global', table.GlobalSecondaryIndexes, indexes)
  );
}

interface DescribedIndex {
  readonly IndexName?: string | undefined;
  readonly KeySchema?: readonly KeySchemaElement[] | undefined;
  readonly Projection?: Projection | undefined;
}

function indexDifference(
  type: 'local' | 'global',
  described: readonly DescribedIndex[] | undefined,
  wanted: Readonly<Record<string, IndexDefinition>>,
): string | undefined {
  for (const [name, definition] of Object.entries(wanted)) {
    const found = described?.find(({ IndexName }) => IndexName === name);
    if (found === undefined && type === 'global') continue;
    if (found === undefined) return `it has no ${type} index "${name}"`;
    const [keys, projected] = [keysIn(found.KeySchema), projectionIn(found.Projection)];
    if (keys !== keysOf(definition)) return `the keys of its index "${name}" are ${keys}, not ${keysOf(definition)}`;
    if (projected !== projectionOf(definition)) {
      return `its index "${name}" holds ${projected}, not ${projectionOf(definition)}`;
    }
  }
  return undefined;
}

const keysOf = ({ partitionKey, sortKey }: KeyNames) => `${partitionKey} and ${sortKey}`;

function keysIn(schema: readonly KeySchemaElement[] = []): string {
  return schema.map(({ AttributeName }) => AttributeName).join(' and ');
}

const projectionOf = ({ projected }: IndexDefinition) =>
  projected.length === 0 ? 'keys only' : [...projected].sort().join(', ');

function projectionIn({ ProjectionType, NonKeyAttributes = [] }: Projection = {}): string {
  switch (ProjectionType) {
    case 'KEYS_ONLY':
      return 'keys only';
    case 'INCLUDE':
      return [...NonKeyAttributes].sort().join(', ');
    default:
      return 'all attributes';
  }
}

interface DescribedTable {
  readonly table: TableDescription;
  readonly timeToLive: TimeToLiveDescription | undefined;
  readonly recovery: PointInTimeRecoveryDescription | undefined;
}

function describe(dynamo: DynamoDBClient, tableName: string): Promise<DescribedTable> {
  const named = { TableName: tableName };
  return orSynthError(
    `adopt.tableName: table ${tableName} cannot be described`,
    'Check its name, and that AWS_PROFILE or other credentials of its account are in the environment.',
    async () => {
      const [{ Table }, { TimeToLiveDescription: timeToLive }, { ContinuousBackupsDescription }] = await Promise.all([
        dynamo.send(new DescribeTableCommand(named)),
        dynamo.send(new DescribeTimeToLiveCommand(named)),
        dynamo.send(new DescribeContinuousBackupsCommand(named)),
      ]);
      return { table: Table ?? {}, timeToLive, recovery: ContinuousBackupsDescription?.PointInTimeRecoveryDescription };
    },
  );
}

/** What AWS refuses is the user's to put right: a `SynthError` that says what could not be done, why, and what to check. */
async function orSynthError<T>(what: string, check: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    throw new SynthError(`${what} (${errorText(error)}). ${check}`);
  }
}

/**
 * Which of the buckets that the configuration asks for are there already, and where their access logs go. They are used as they
 * are; the others, of databases that came since, are made, and log to the same place. Throws `SynthError` where a bucket cannot be
 * looked at, for example one of another account.
 */
export async function findKeptBuckets(
  s3: S3Client,
  { account, stackBuckets }: Pick<Fleet, 'account' | 'stackBuckets'>,
): Promise<KeptBuckets> {
  const there = await pMap(stackBuckets, (name) => isThere(s3, name, account), { concurrency: 10 });
  const names = stackBuckets.filter((_, at) => there[at]);
  const accessLogs = await accessLogsOf(s3, names, account);
  return { names, ...(accessLogs !== undefined && { accessLogs }) };
}

/** The first bucket that one of these logs to and that is still there. */
async function accessLogsOf(s3: S3Client, names: readonly string[], account: string): Promise<string | undefined> {
  const gone = new Set<string>();
  for (const name of names) {
    const target = await logsOf(s3, name, account);
    if (target === undefined || gone.has(target)) continue;
    if (await isThere(s3, target, account)) return target;
    gone.add(target);
  }
  return undefined;
}

function logsOf(s3: S3Client, Bucket: string, ExpectedBucketOwner: string): Promise<string | undefined> {
  return orSynthError(
    `adopt.buckets: where the access logs of bucket ${Bucket} go cannot be read`,
    'Check that you may call s3:GetBucketLogging on it.',
    async () =>
      (await s3.send(new GetBucketLoggingCommand({ Bucket, ExpectedBucketOwner }))).LoggingEnabled?.TargetBucket,
  );
}

async function isThere(s3: S3Client, Bucket: string, ExpectedBucketOwner: string): Promise<boolean> {
  try {
    await s3.send(new HeadBucketCommand({ Bucket, ExpectedBucketOwner }));
    return true;
  } catch (error) {
    // S3 answers a HEAD without a body: the status is all there is.
    const status = (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode;
    if (status === 404) return false;
    throw new SynthError(
      `adopt.buckets: bucket ${Bucket} cannot be looked at (${status ?? errorText(error)}). Check that account ${ExpectedBucketOwner} owns it and that you may list it.`,
    );
  }
}
