import { RemovalPolicy } from 'aws-cdk-lib';
import {
  AttributeType,
  Billing,
  type GlobalSecondaryIndexPropsV2,
  ProjectionType,
  StreamViewType,
  TableEncryptionV2,
  TableV2,
} from 'aws-cdk-lib/aws-dynamodb';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';
import { type IndexName, indexes, tableKeys, timeToLiveAttribute } from '../shared/ledger/items.ts';
import type { LedgerFunction } from './functions.ts';
import { allowKeyUse } from './key.ts';
import { allow } from './rights.ts';

/** What a function may do with the ledger, besides asking for ranges of the table itself, which all of them do. */
export interface LedgerRights {
  /** Actions on rows, e.g. `PutItem`; `ledgerActions` of the ledger's adapter says what each question needs. */
  readonly rows: readonly string[];
  /** The indexes it asks for ranges of. */
  readonly indexes: readonly IndexName[];
}

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

  /** Lets a function use the ledger: the rows and questions it names, and the key they are encrypted with. */
  allow(fn: LedgerFunction, rights: LedgerRights): void {
    const { tableArn } = this;
    allow(fn.role, { actions: rights.rows.map((action) => `dynamodb:${action}`), resources: [tableArn] });
    allow(fn.role, {
      actions: ['dynamodb:Query'],
      resources: [tableArn, ...rights.indexes.map((name) => `${tableArn}/index/${name}`)],
    });
    allowKeyUse(fn.role, [this.key.keyArn]);
  }
}

/**
 * A new ledger: paid by request, restorable to any second of 35 days, and never deleted with the stack. All its indexes
 * exist from the first deploy on, since CloudFormation changes one an update.
 */
function newTable(scope: Construct, key: IKey): KeptTable {
  const table = new TableV2(scope, 'Table', {
    partitionKey: string(tableKeys.partitionKey),
    sortKey: string(tableKeys.sortKey),
    globalSecondaryIndexes: Object.entries(indexes).map(([name, index]) => globalIndex(name, index)),
    timeToLiveAttribute,
    billing: Billing.onDemand(),
    dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
    encryption: TableEncryptionV2.customerManagedKey(key),
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    deletionProtection: true,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  const { tableName, tableArn, tableStreamArn: streamArn } = table;
  if (streamArn === undefined) throw new Error('CDK made the ledger without a stream');
  return { tableName, tableArn, streamArn };
}

function string(name: string) {
  return { name, type: AttributeType.STRING };
}

function globalIndex(
  indexName: string,
  index: { readonly partitionKey: string; readonly sortKey?: string; readonly projected: readonly string[] },
): GlobalSecondaryIndexPropsV2 {
  return {
    indexName,
    partitionKey: string(index.partitionKey),
    ...(index.sortKey !== undefined && { sortKey: string(index.sortKey) }),
    ...(index.projected.length > 0
      ? { projectionType: ProjectionType.INCLUDE, nonKeyAttributes: [...index.projected] }
      : { projectionType: ProjectionType.KEYS_ONLY }),
  };
}
