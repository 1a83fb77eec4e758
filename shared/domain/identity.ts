/**
 * Who a database and who a backup is. RDS re-uses and renames the names of databases and snapshots, so a name only finds:
 * a database is its resource id, a backup is its database, creation time and snapshot id.
 */

/** What RDS backs up: an instance that stands alone, or a cluster (Aurora, Multi-AZ) as a whole. */
export type DatabaseKind = 'instance' | 'cluster';

/** An AWS account and Region: the CDK's word. */
export interface Environment {
  readonly account: string;
  readonly region: string;
}

/** An environment with what people call its account. */
export interface NamedEnvironment extends Environment {
  readonly accountName?: string;
}

/** Finds a database. Over time several databases may bear one name. */
export interface DatabaseName extends Environment {
  readonly kind: DatabaseKind;
  /** The identifier, in lower case, as RDS compares it. */
  readonly id: string;
}

/**
 * A database itself: `<account>/<region>/<resource id>`. A configured database that RDS never had has no resource id; its
 * key is `<account>/<region>/<kind>:<id>`, and no resource id contains a colon. Behind that of a shared database `/<tenant>`
 * makes the key of a tenant's share of it.
 */
export type DatabaseKey = string;

/** A backup itself. A snapshot's ARN is none: it may name several over time. */
export interface BackupId {
  readonly database: DatabaseKey;
  /** RDS's `SnapshotCreateTime`. */
  readonly createdAt: Date;
  readonly snapshotId: string;
}

/** An environment as text: `<account>/<region>`. */
export function formatEnvironment({ account, region }: Environment): string {
  return `${account}/${region}`;
}

export function sameEnvironment(a: Environment, b: Environment): boolean {
  return a.account === b.account && a.region === b.region;
}

/** Reads what `formatEnvironment` wrote; throws an `Error` that names a text that is none. */
export function environmentFrom(text: string): Environment {
  const [account, region, ...rest] = text.split('/');
  if (!account || !region || rest.length > 0) {
    throw new Error(`not an account and Region (<account>/<region>): ${JSON.stringify(text)}`);
  }
  return { account, region };
}

/** An environment as people read it: `Acme production (222222222222), us-east-1`. */
export function environmentText({ account, region, accountName }: NamedEnvironment): string {
  return `${accountName === undefined ? `account ${account}` : `${accountName} (${account})`}, ${region}`;
}

/** An environment in short, as it stands beside the name of a database: `Acme production, us-east-1`. */
export function environmentName({ account, region, accountName }: NamedEnvironment): string {
  return `${accountName ?? account}, ${region}`;
}

/** An environment with what people call its account, if one of `known` says it. */
export function namedEnvironment(
  { account, region }: Environment,
  known: readonly NamedEnvironment[],
): NamedEnvironment {
  const accountName = known.find((one) => one.account === account && one.accountName !== undefined)?.accountName;
  return { account, region, ...(accountName !== undefined && { accountName }) };
}

/** A name as text: `<account>/<region>/<kind>/<id>`. */
export function formatName({ account, region, kind, id }: DatabaseName): string {
  return `${account}/${region}/${kind}/${id.toLowerCase()}`;
}

/** Reads what `formatName` wrote; throws an `Error` that names the text where it is no name. */
export function parseName(text: string): DatabaseName {
  const [account, region, kind, id, ...rest] = text.split('/');
  if (!account || !region || (kind !== 'instance' && kind !== 'cluster') || !id || rest.length > 0) {
    throw new Error(`not the name of a database (<account>/<region>/<kind>/<id>): ${JSON.stringify(text)}`);
  }
  return { account, region, kind, id };
}

/** The key of a database by its resource id (`DbiResourceId` or `DbClusterResourceId`). */
export function databaseKey({ account, region }: Environment, resourceId: string): DatabaseKey {
  return `${account}/${region}/${resourceId}`;
}

/** The key of a configured database that RDS never had. */
export function placeholderKey({ account, region, kind, id }: DatabaseName): DatabaseKey {
  return `${account}/${region}/${kind}:${id.toLowerCase()}`;
}

/**
 * Takes a key apart; `resourceId` is absent for a placeholder, `tenant` unless it is a share's. Throws an `Error` that names a
 * text that is no key.
 */
export function parseDatabaseKey(
  key: DatabaseKey,
): Environment & { readonly resourceId?: string; readonly tenant?: string } {
  const [account, region, resource, tenant, ...rest] = key.split('/');
  if (!account || !region || !resource || tenant === '' || rest.length > 0) {
    throw new Error(`not the key of a database (<account>/<region>/<resource id>): ${JSON.stringify(key)}`);
  }
  return {
    account,
    region,
    ...(!resource.includes(':') && { resourceId: resource }),
    ...(tenant !== undefined && { tenant }),
  };
}

export function isPlaceholder(key: DatabaseKey): boolean {
  return parseDatabaseKey(key).resourceId === undefined;
}

/** The account and Region that a database is in. */
export function environmentOf(key: DatabaseKey): Environment {
  const { account, region } = parseDatabaseKey(key);
  return { account, region };
}

/** The name of what has a key, a kind and an id, as a row of the ledger and a database of RDS have. */
export function nameOf({
  key,
  kind,
  id,
}: {
  readonly key: DatabaseKey;
  readonly kind: DatabaseKind;
  readonly id: string;
}): DatabaseName {
  return { ...environmentOf(key), kind, id };
}

/** The identity of what has a database, a creation time and a snapshot's id, as a backup and an available snapshot have. */
export function backupIdOf({
  database,
  createdAt,
  id,
}: {
  readonly database: DatabaseKey;
  readonly createdAt: Date;
  readonly id: string;
}): BackupId {
  return { database, createdAt, snapshotId: id };
}

/** A backup within its database: `<createdAt ISO>#<snapshot id>`. Sorts by creation. */
export function formatBackupOfDatabase({ createdAt, snapshotId }: Omit<BackupId, 'database'>): string {
  return `${createdAt.toISOString()}#${snapshotId}`;
}

/** A backup as text: `<account>/<region>/<resource id>#<createdAt ISO>#<snapshot id>`. */
export function formatBackupId(id: BackupId): string {
  return `${id.database}#${formatBackupOfDatabase(id)}`;
}

/** Reads what `formatBackupId` wrote; throws an `Error` that names the text where it is no id of a backup. */
export function parseBackupId(text: string): BackupId {
  // Snapshot ids contain colons, and no `#`; neither do keys and times.
  const [database, created, snapshotId, ...rest] = text.split('#');
  const createdAt = new Date(created ?? '');
  if (!database || !snapshotId || rest.length > 0 || Number.isNaN(createdAt.getTime())) {
    throw new Error(`not the id of a backup (<database>#<time>#<snapshot id>): ${JSON.stringify(text)}`);
  }
  return { database, createdAt, snapshotId };
}

export function sameBackup(a: BackupId, b: BackupId): boolean {
  return formatBackupId(a) === formatBackupId(b);
}
