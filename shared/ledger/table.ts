/**
 * The ledger's table: its keys, its indexes, and the ranges that answer questions. The stack builds the table from this file,
 * the ledger reads and writes by it, `docs/querying.md` describes it. What stands here is pinned by tests: deployed stacks
 * upgrade in place.
 */

/** The attributes that a table or an index is keyed by. All keys are strings. */
export interface KeyNames {
  readonly partitionKey: string;
  readonly sortKey: string;
}

export const tableKeys = { partitionKey: 'pk', sortKey: 'sk' } as const satisfies KeyNames;

/** The version of the format, on every row as attribute `format`. It changes when a key or an index does. */
export const formatVersion = 1;

/**
 * Epoch seconds after which DynamoDB removes the row, some days later at the latest. Only what is over has it: a backup whose
 * snapshot is gone, a day, a sweep, a resolved alert.
 */
export const timeToLiveAttribute = 'expiresAt';

export interface IndexDefinition extends KeyNames {
  /** What it holds of a row besides keys; nothing means `KEYS_ONLY`. */
  readonly projected: readonly string[];
}

/**
 * The indexes, sparse all of them. Each costs a write for every write that changes what it holds of a row, so they hold keys
 * only: rows are then read by key, strongly consistent, and every reader sees the same. Days are written once and read
 * by the thousand, so two indexes hold their facts.
 *
 * - `byIdentity`: backups by their snapshot's ARN, databases by their name, alerts by their database.
 * - `byTenant`: databases, backups, alerts and days of one tenant, each kind a range of the sort key.
 * - `byDay`: backups and days of one UTC date.
 * - `byState`: copies while they are active, or failed with their snapshot still there; alerts while they are open;
 *   databases by when they are to be checked.
 *
 * A partition takes 1,000 write units a second (Amazon DynamoDB Developer Guide, "Partitions and data distribution"), so
 * days, open alerts, copies and databases are spread over `shards` partitions of their index.
 */
export const indexes = {
  byIdentity: { partitionKey: 'identityKey', sortKey: 'sk', projected: [] },
  byTenant: { partitionKey: 'tenantKey', sortKey: 'listSort', projected: ['dayFacts', 'format'] },
  byDay: { partitionKey: 'dayKey', sortKey: 'listSort', projected: ['dayFacts', 'format'] },
  byState: { partitionKey: 'stateKey', sortKey: 'stateSort', projected: [] },
} as const satisfies Record<string, IndexDefinition>;

/**
 * Local indexes share the table's partition key, and are strongly consistent. `live`: the backups of a database that are not
 * closed, by when they were recorded.
 */
export const localIndexes = {
  live: { partitionKey: 'pk', sortKey: 'liveSort', projected: [] },
} as const satisfies Record<string, IndexDefinition>;

export type LocalIndexName = keyof typeof localIndexes;
export type IndexName = keyof typeof indexes | LocalIndexName;

/** Partitions that days, open alerts, copies and databases are spread over in each index. Never changed: rows stand where they stand. */
export const shards = 8;

/** The shard of what belongs to a database: FNV-1a, 32 bits, over its key. */
export function shardOf(database: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(database, 'utf8')) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % shards;
}

export interface PrimaryKey {
  readonly pk: string;
  readonly sk: string;
}

/** A row's own key and its place in each index it is in. */
export interface Keys extends PrimaryKey {
  readonly identityKey?: string;
  readonly tenantKey?: string;
  readonly dayKey?: string;
  /** Its place among a tenant's rows, and among a day's. */
  readonly listSort?: string;
  readonly stateKey?: string;
  readonly stateSort?: string;
  readonly liveSort?: string;
}

export const keyAttributes = [
  'pk',
  'sk',
  'identityKey',
  'tenantKey',
  'dayKey',
  'listSort',
  'stateKey',
  'stateSort',
  'liveSort',
] as const satisfies readonly (keyof Keys)[];

export type Item = Readonly<Record<string, unknown>> & PrimaryKey;

/**
 * A question that one partition answers, of the table or of an index: the rows whose sort key lies between two bounds (both
 * inclusive). Nothing that is read is thrown away.
 */
export interface Range {
  readonly index?: IndexName;
  readonly partition: string;
  readonly between?: readonly [from: string, to: string];
  readonly newestFirst?: boolean;
}

/** The attribute that a range is sorted by. */
export function sortKeyOf({ index }: Pick<Range, 'index'>): string {
  if (index === undefined) return tableKeys.sortKey;
  return index === 'live' ? localIndexes.live.sortKey : indexes[index].sortKey;
}

/** What must hold of the row that is there for a write to be done; each says why in `ledger.ts`. */
export type Condition =
  /** Nobody wrote the row since this version was read; without a version, there is none. */
  | { readonly is: 'unchanged'; readonly version?: number }
  /** There is none, or one whose backup's row has expired. */
  | { readonly is: 'absent or expired'; readonly now: Date }
  /** The lease is free: nobody's, this holder's, or out of time. */
  | { readonly is: 'free'; readonly holder: string; readonly now: Date }
  | { readonly is: 'held by'; readonly holder: string }
  /** There is none, or one with an earlier time. */
  | { readonly is: 'earlier'; readonly at: Date };

export interface Write {
  readonly item: Item;
  readonly condition?: Condition;
}

export type Written = 'written' | 'conflict';

/** The few calls that the ledger makes of its table. DynamoDB is one; tests of months use one in memory. */
export interface Table {
  /** Rows by key, strongly consistent, in no order; what is not there is left out. */
  read(keys: readonly PrimaryKey[]): Promise<Item[]>;
  /** The rows of a range in its order, as the table or the index holds them, page by page as they are asked for. */
  query(range: Range): AsyncIterable<Item>;
  /** Replaces a row, if the condition holds. */
  put(write: Write): Promise<Written>;
  /** Replaces some rows together: all of them, or none where one condition does not hold. */
  putTogether(writes: readonly Write[]): Promise<Written>;
  /** Replaces rows without condition. */
  putAll(items: readonly Item[]): Promise<void>;
}
