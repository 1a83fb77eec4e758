import { DescribeTableCommand, type DynamoDBClient, type TableDescription } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, type S3Client } from '@aws-sdk/client-s3';
import pMap from 'p-map';
import type { Fleet } from '../shared/config/fleet.ts';
import { indexes } from '../shared/ledger/items.ts';
import type { KeptTable } from './ledger-table.ts';
import { SynthError } from './synth-error.ts';

/**
 * Looks up the table that the configuration adopts: its stream's ARN has the time of its making in it, so the name alone
 * does not tell it. Throws `SynthError` where the table is not there or does not fit.
 */
export async function findKeptTable(
  dynamo: DynamoDBClient,
  { tableName, tableKeyArn }: NonNullable<Fleet['adopt']>,
): Promise<KeptTable> {
  const table = await describe(dynamo, tableName);
  const { TableArn: tableArn, LatestStreamArn: streamArn } = table;
  if (!tableArn || !streamArn || table.StreamSpecification?.StreamViewType !== 'NEW_AND_OLD_IMAGES') {
    throw new SynthError(
      `adopt.tableName: table ${tableName} has no stream of new and old images. Is it a ledger? If so: aws dynamodb update-table --table-name ${tableName} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`,
    );
  }
  const present = table.GlobalSecondaryIndexes?.map(({ IndexName }) => IndexName) ?? [];
  const lacking = Object.keys(indexes).filter((name) => !present.includes(name));
  if (lacking.length > 0) {
    throw new SynthError(
      `adopt.tableName: table ${tableName} lacks the indexes ${lacking.join(', ')}. Is it a ledger of an older version? Then deploy the version that it is from.`,
    );
  }
  const key = table.SSEDescription?.KMSMasterKeyArn;
  if (key !== undefined && key !== tableKeyArn) {
    throw new SynthError(`adopt.tableKeyArn: table ${tableName} is encrypted with ${key}, got ${tableKeyArn}.`);
  }
  return { tableName, tableArn, streamArn };
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
