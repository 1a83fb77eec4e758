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
import type { Fleet } from '../shared/config/fleet.ts';
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

/**
 * The ledger: paid by request, restorable to any second of 35 days, and never deleted with the stack. All its indexes
 * exist from the first deploy on, since CloudFormation changes one an update.
 */
export class LedgerTable extends Construct {
  readonly table: TableV2;
  readonly key: IKey;

  constructor(scope: Construct, id: string, props: { readonly fleet: Fleet; readonly key: IKey }) {
    super(scope, id);
    this.key = props.key;
    this.table = new TableV2(this, 'Table', {
      // A kept table is imported by its name (`cdk deploy --import-existing-resources`); a new one gets its own.
      ...(props.fleet.adopt && { tableName: props.fleet.adopt.tableName }),
      partitionKey: string(tableKeys.partitionKey),
      sortKey: string(tableKeys.sortKey),
      globalSecondaryIndexes: Object.entries(indexes).map(([name, index]) => globalIndex(name, index)),
      timeToLiveAttribute,
      billing: Billing.onDemand(),
      dynamoStream: StreamViewType.NEW_AND_OLD_IMAGES,
      encryption: TableEncryptionV2.customerManagedKey(props.key),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
  }

  get streamArn(): string {
    const { tableStreamArn } = this.table;
    if (tableStreamArn === undefined) throw new Error('the ledger has no stream');
    return tableStreamArn;
  }

  /** Lets a function use the ledger: the rows and questions it names, and the key they are encrypted with. */
  allow(fn: LedgerFunction, rights: LedgerRights): void {
    const { tableArn } = this.table;
    allow(fn.role, { actions: rights.rows.map((action) => `dynamodb:${action}`), resources: [tableArn] });
    allow(fn.role, {
      actions: ['dynamodb:Query'],
      resources: [tableArn, ...rights.indexes.map((name) => `${tableArn}/index/${name}`)],
    });
    allowKeyUse(fn.role, [this.key.keyArn]);
  }
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
