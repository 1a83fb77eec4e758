import {
  DescribeTableCommand,
  type DynamoDBClient,
  type KeySchemaElement,
  type Projection,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import pMap from 'p-map';
import type { Fleet } from '../shared/config/index.ts';
import { type IndexDefinition, indexes, type KeyNames, localIndexes, tableKeys } from '../shared/ledger/index.ts';
import type { KeptTable } from './ledger-table.ts';
import { SynthError } from './synth-error.ts';

/**
 * Looks up the table that the configuration adopts: its stream's ARN contains the time when the stream was enabled, so it does
 * not follow from the name. Throws `SynthError` where the table is not there or does not fit.
 */
export async function findKeptTable(
  dynamo: DynamoDBClient,
  { tableName, tableKeyArn }: NonNullable<Fleet['adopt']>,
): Promise<KeptTable> {
  const table = await describe(dynamo, tableName);
  const difference = differenceOf(table);
  if (difference !== undefined) {
    throw new SynthError(
      `adopt.tableName: table ${tableName} does not have this version's format (${difference}), and a table's keys and local indexes cannot be changed: remove "adopt", so that the stack creates a new table.`,
    );
  }
  const { TableArn: tableArn, LatestStreamArn: streamArn } = table;
  if (!tableArn || !streamArn || table.StreamSpecification?.StreamViewType !== 'NEW_AND_OLD_IMAGES') {
    throw new SynthError(
      `adopt.tableName: table ${tableName} has no stream of new and old images. Turn it on: aws dynamodb update-table --table-name ${tableName} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`,
    );
  }
  const key = table.SSEDescription?.KMSMasterKeyArn;
  if (key !== undefined && key !== tableKeyArn) {
    throw new SynthError(`adopt.tableKeyArn: table ${tableName} is encrypted with ${key}, got ${tableKeyArn}.`);
  }
  return { tableName, tableArn, streamArn };
}

/** How a table differs from the ledger's, in a few words. It may have more indexes: those of a later version. */
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

async function describe(dynamo: DynamoDBClient, tableName: string): Promise<TableDescription> {
  try {
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName: tableName }));
    return Table ?? {};
  } catch (error) {
    throw new SynthError(
      `adopt.tableName: table ${tableName} cannot be described (${error instanceof Error ? error.message : String(error)}). Check its name, and that AWS_PROFILE or other credentials of its account are in the environment.`,
    );
  }
}

/**
 * Which of the buckets that the configuration asks for are there already. They are used as they are; the others, of databases
 * that came since, are made. Throws `SynthError` where a bucket cannot be looked at, for example one of another account.
 */
export async function findKeptBuckets(
  s3: S3Client,
  { account, stackBuckets }: Pick<Fleet, 'account' | 'stackBuckets'>,
): Promise<string[]> {
  const there = await pMap(stackBuckets, (name) => isThere(s3, name, account), { concurrency: 10 });
  return stackBuckets.filter((_, at) => there[at]);
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
      `adopt.buckets: bucket ${Bucket} cannot be looked at (${status ?? (error instanceof Error ? error.message : String(error))}). Check that account ${ExpectedBucketOwner} owns it and that you may list it.`,
    );
  }
}
