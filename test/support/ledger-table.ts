import {
  type AttributeDefinition,
  CreateTableCommand,
  type DynamoDBClient,
  type GlobalSecondaryIndex,
  type KeySchemaElement,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { indexes, tableKeys, timeToLiveAttribute } from '../../shared/ledger/items.ts';

interface KeyNames {
  readonly partitionKey: string;
  readonly sortKey?: string;
}

/** Creates the ledger's table as the stack does: from the data in `items.ts`. */
export async function createLedgerTable(client: DynamoDBClient, tableName: string): Promise<void> {
  const names = Object.values<KeyNames>({ table: tableKeys, ...indexes }).flatMap(({ partitionKey, sortKey }) =>
    sortKey === undefined ? [partitionKey] : [partitionKey, sortKey],
  );
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      BillingMode: 'PAY_PER_REQUEST',
      KeySchema: keySchema(tableKeys),
      AttributeDefinitions: names.map((name): AttributeDefinition => ({ AttributeName: name, AttributeType: 'S' })),
      GlobalSecondaryIndexes: Object.entries(indexes).map(
        ([name, index]): GlobalSecondaryIndex => ({
          IndexName: name,
          KeySchema: keySchema(index),
          Projection:
            index.projected.length === 0
              ? { ProjectionType: 'KEYS_ONLY' }
              : { ProjectionType: 'INCLUDE', NonKeyAttributes: [...index.projected] },
        }),
      ),
    }),
  );
  await client.send(
    new UpdateTimeToLiveCommand({
      TableName: tableName,
      TimeToLiveSpecification: { AttributeName: timeToLiveAttribute, Enabled: true },
    }),
  );
}

function keySchema({ partitionKey, sortKey }: KeyNames): KeySchemaElement[] {
  return [
    { AttributeName: partitionKey, KeyType: 'HASH' },
    ...(sortKey === undefined ? [] : [{ AttributeName: sortKey, KeyType: 'RANGE' } as const]),
  ];
}
