import {
  type AttributeDefinition,
  CreateTableCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  type KeySchemaElement,
  type Projection,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { DynamoTable } from '../../shared/ledger/dynamo.ts';
import {
  type IndexDefinition,
  indexes,
  type KeyNames,
  localIndexes,
  tableKeys,
  timeToLiveAttribute,
} from '../../shared/ledger/table.ts';
import { TableLedger } from '../../shared/ledger/table-ledger.ts';

let tables = 0;

/** A new, empty table on an engine that speaks DynamoDB. */
export async function newLedgerTable(config: DynamoDBClientConfig) {
  tables += 1;
  const tableName = `ledger-${process.pid}-${tables}`;
  const client = new DynamoDBClient(config);
  await createLedgerTable(client, tableName);
  const documents = DynamoDBDocumentClient.from(client);
  const table = new DynamoTable(documents, tableName);
  /** The table's ledger on a clock. */
  const ledgerAt = (now: () => Date) => new TableLedger(table, now);
  return { tableName, client, documents, table, ledgerAt };
}

/** Creates the ledger's table as the stack does: from the data in `table.ts`. */
export async function createLedgerTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keySchema(tableKeys),
      AttributeDefinitions: attributesOf([tableKeys, ...Object.values(indexes), ...Object.values(localIndexes)]),
      GlobalSecondaryIndexes: Object.entries(indexes).map(indexOf),
      LocalSecondaryIndexes: Object.entries(localIndexes).map(indexOf),
    }),
  );
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: tableName,
      TimeToLiveSpecification: { AttributeName: timeToLiveAttribute, Enabled: true },
    }),
  );
}

/** DynamoDB refuses an attribute that is defined twice; keys of indexes share some. */
function attributesOf(keys: readonly KeyNames[]): AttributeDefinition[] {
  const names = new Set(keys.flatMap(({ partitionKey, sortKey }) => [partitionKey, sortKey]));
  return [...names].map((AttributeName) => ({ AttributeName, AttributeType: 'S' }));
}

function indexOf([IndexName, index]: [string, IndexDefinition]) {
  return { IndexName, KeySchema: keySchema(index), Projection: projectionOf(index) };
}

function keySchema({ partitionKey, sortKey }: KeyNames): KeySchemaElement[] {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' },
    { AttributeName: sortKey, KeyType: 'RANGE' },
  ];
}

function projectionOf({ projected }: IndexDefinition): Projection {
  return projected.length === 0
    ? { ProjectionType: 'KEYS_ONLY' }
    : { ProjectionType: 'INCLUDE', NonKeyAttributes: [...projected] };
}
