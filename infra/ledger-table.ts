import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import {
  type IndexDefinition,
  indexes,
  type LedgerCall,
  type LedgerMethod,
  ledgerCalls,
  localIndexes,
  tableKeys,
  timeToLiveAttribute,
} from '../shared/ledger/index.ts';
import type { LedgerFunction } from './functions.ts';
import { allowKeyUse } from './key.ts';
import { allow } from './rights.ts';

/** A table that an earlier stack left behind. */
export interface KeptTable {
  readonly tableName: string;
  readonly tableArn: string;
  readonly streamArn: string;
}

export interface LedgerTableProps {
  readonly key: IKey;
  /** A table to go on with. Default: a new one is made. */
  readonly kept?: KeptTable;
}

/** Where the ledger is, and who may use it. */
export class LedgerTable extends Construct {
  readonly tableName: string;
  readonly tableArn: string;
  readonly streamArn: string;
  readonly key: IKey;

  constructor(scope: Construct, id: string, { key, kept }: LedgerTableProps) {
    super(scope, id);
    const { tableName, tableArn, streamArn } = kept ?? newTable(this, key);
    this.tableName = tableName;
    this.tableArn = tableArn;
    this.streamArn = streamArn;
    this.key = key;
  }

  /** Lets a function use these methods of the ledger, and the key that its rows are encrypted with. */
  allow(fn: LedgerFunction, uses: readonly LedgerMethod[]): void {
    const { tableArn } = this;
    const calls: readonly LedgerCall[] = uses.map((method) => ledgerCalls[method]);
    const onTable = new Set(calls.flatMap(({ table }) => table));
    const asked = new Set(calls.flatMap(({ index }) => index ?? []));
    allow(fn.role, { actions: [...onTable].map((action) => `dynamodb:${action}`), resources: [tableArn] });
    allow(fn.role, {
      actions: ['dynamodb:Query'],
      resources: [...asked].map((index) => `${tableArn}/index/${index}`),
    });
    allowKeyUse(fn.role, [this.key.keyArn]);
  }
}

/**
 * A new ledger: paid by request, restorable to any second of 35 days, and never deleted with the stack. All its indexes
 * exist from the first deploy on: CloudFormation changes one global index an update, and DynamoDB no local one ever.
 */
function newTable(scope: Construct, key: IKey): KeptTable {
  const table = new TableV2(scope, 'Table', {
    partitionKey: string(tableKeys.partitionKey),
    sortKey: string(tableKeys.sortKey),
    globalSecondaryIndexes: Object.entries(indexes).map(([indexName, index]) => ({
      indexName,
      partitionKey: string(index.partitionKey),
      sortKey: string(index.sortKey),
      ...projectionOf(index),
    })),
    localSecondaryIndexes: Object.entries(localIndexes).map(([indexName, index]) => ({
      indexName,
      sortKey: string(index.sortKey),
      ...projectionOf(index),
    })),
    timeToLiveAttribute,
    billing: Billing.onDemand(),
    dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    encryption: TableEncryptionV2.customerManagedKey(key),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    // Kept by a creation that is rolled back, too: DynamoDB refuses to delete a protected table, and the stack would get stuck.
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const { tableName, tableArn, tableStreamArn: streamArn } = table;
  if (streamArn === undefined) throw new Error('CDK made the ledger without a stream');
  return { tableName, tableArn, streamArn };
}

function string(name: string) {
  return { name, type: AttributeType.STRING };
}

function projectionOf({ projected }: IndexDefinition) {
  return projected.length > 0
    ? { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...projected] }
    : { projectionType: ProjectionType.KEYS_ONLY };
}
