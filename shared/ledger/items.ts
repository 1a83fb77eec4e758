/**
 * The ledger's rows as items of its table. An item has its keys, the `format` of the table, the row's facts in one map, and
 * where the row is changed by several writers its `version`; what is over also has `expiresAt`. What the keys say (whose row it
 * is, of when) is not said again in the facts.
 */
import * as z from 'zod';
import {
  type Alert,
  type AlertId,
  activeCopyStates,
  alertSchema,
  type Backup,
  type BackupId,
  backupIdOf,
  backupSchema,
  type Copy,
  type CopyPause,
  copyPauseSchema,
  copyStates,
  type DatabaseKey,
  type DatabaseName,
  type DatabaseRow,
  type Day,
  databaseSchema,
  daySchema,
  type Environment,
  type EnvironmentRow,
  endedCopyStates,
  environmentOf,
  environmentSchema,
  formatBackupOfDatabase,
  formatEnvironment,
  formatName,
  isActive,
  isOneOf,
  isShare,
  type LiveBackup,
  nameOf,
  parseBackupId,
  parseName,
  type SweepRow,
  sweepSchema,
  time,
} from '../domain/index.ts';
import { type LeaseOn, type ListedCopyState, type Span, UnreadableRow } from './ledger.ts';
import {
  formatVersion,
  type Item,
  type Keys,
  keyAttributes,
  type PrimaryKey,
  type Range,
  shardOf,
  shards,
  timeToLiveAttribute,
} from './table.ts';

// Keys ----------------------------------------------------------------------------------------------------------------

const iso = (time: Date) => time.toISOString();
const pkOf = (database: DatabaseKey) => `DB#${database}`;

/** Where a backup stands in lists by time: at the moment its data is from; if that is unknown, at its creation. */
const listedAt = (backup: Backup) => backup.backupTime ?? backup.createdAt;

export function backupKey(id: BackupId): PrimaryKey {
  return { pk: pkOf(id.database), sk: `BACKUP#${formatBackupOfDatabase(id)}` };
}

export function rowKey(database: DatabaseKey): PrimaryKey {
  return { pk: pkOf(database), sk: 'DATABASE' };
}

/** A partition a database and tenant: a shared database may alert all its tenants at once. */
export function alertKey({ database, tenant, opened }: AlertId): PrimaryKey {
  return { pk: `ALERT#${database}#${tenant}`, sk: iso(opened) };
}

/** Whoever holds an environment's lease may start copies there, or notify people of them. */
export function leaseKey(environment: Environment, on: LeaseOn): PrimaryKey {
  return { pk: `LEASE#${formatEnvironment(environment)}`, sk: on };
}

export function copyPauseKey({
  environment,
  kind,
  name,
}: Pick<CopyPause, 'environment' | 'kind' | 'name'>): PrimaryKey {
  return { pk: `PAUSE#${environment}`, sk: `${kind}#${name}` };
}

export function environmentKey(environment: Environment): PrimaryKey {
  return { pk: 'ENVIRONMENT', sk: formatEnvironment(environment) };
}

export function turnKey(environment: Environment, tenant: string): PrimaryKey {
  return { pk: `TURN#${formatEnvironment(environment)}`, sk: tenant };
}

export function keysOfBackup(backup: Backup): Keys {
  const { queuedAt } = backup.copy;
  return {
    ...backupKey(backupIdOf(backup)),
    identityKey: backup.arn,
    ...(backup.tenant !== undefined && { tenantKey: backup.tenant }),
    dayKey: `${iso(listedAt(backup)).slice(0, 10)}#${shardOf(backup.database)}`,
    listSort: `BACKUP#${iso(listedAt(backup))}#${backup.id}`,
    ...(isListed(backup) && {
      stateKey: copiesKey(environmentOf(backup.database), listedAs(backup.copy), shardOf(backup.database)),
      stateSort: iso(queuedAt ?? backup.recordedAt),
    }),
    ...(backup.closed === undefined && { liveSort: iso(backup.recordedAt) }),
  };
}

/**
 * A copy that still moves, that people are to be notified of, or that failed and can be tried again: without its snapshot that
 * is history. One in a state of a later version stays listed under it, for that version to find.
 */
function isListed({ copy: { state, pendingSince }, closed }: Backup): boolean {
  return (
    isActive(state) ||
    pendingSince !== undefined ||
    (state === 'failed' && closed === undefined) ||
    !isOneOf(copyStates, state)
  );
}

function listedAs({ state, pendingSince }: Copy): Copy['state'] | 'pending' {
  return pendingSince === undefined || isActive(state) ? state : 'pending';
}

function copiesKey(environment: Environment, listed: Copy['state'] | 'pending', shard: number): string {
  return `COPY#${formatEnvironment(environment)}#${listed}#${shard}`;
}

export function keysOfDatabase(row: DatabaseRow): Keys {
  return {
    ...rowKey(row.key),
    // By its name, a shared database is found, and no tenant's share of it.
    ...(!isShare(row.key) && { identityKey: formatName(nameOf(row)) }),
    ...(row.tenant !== undefined && { tenantKey: row.tenant, listSort: `DATABASE#${row.id}#${row.key}` }),
    stateKey: `DATABASE#${shardOf(row.key)}`,
    // A word sorts behind all times, so one range holds exactly what is to be checked by a time.
    stateSort: row.nextCheckAt ? iso(row.nextCheckAt) : 'unscheduled',
  };
}

export function keysOfAlert(alert: Alert): Keys {
  return {
    ...alertKey(alert),
    identityKey: `ALERTS#${alert.database}`,
    tenantKey: alert.tenant,
    listSort: `ALERT#${iso(alert.opened)}#${alert.database}`,
    ...(alert.resolved === undefined && {
      stateKey: `ALERT#${shardOf(alert.database)}`,
      stateSort: `${iso(alert.opened)}#${alert.database}`,
    }),
  };
}

export function keysOfDay(day: Day): Keys {
  return {
    pk: pkOf(day.database),
    sk: `DAY#${day.date}#${day.tenant}`,
    tenantKey: day.tenant,
    dayKey: `${day.date}#${shardOf(day.database)}`,
    listSort: `DAY#${day.date}#${day.database}`,
  };
}

export function keysOfSweep(row: Pick<SweepRow, 'mode' | 'started'>): Keys {
  return row.mode === 'sweep' ? { pk: 'SWEEP', sk: iso(row.started) } : { pk: 'WATCH', sk: 'LAST' };
}

// Questions -----------------------------------------------------------------------------------------------------------

/** `#` ends each part of a sort key and `$` follows it in ASCII: `BACKUP$` is behind every key that begins with `BACKUP#`. */
const all = (kind: string) => [`${kind}#`, `${kind}$`] as const;

/** A key goes on with `#` behind its time, so the bound without it is just before that time's first row. */
const inSpan = (kind: string, { from, to }: Span = {}) =>
  [`${kind}#${from ? iso(from) : ''}`, to ? `${kind}#${iso(to)}` : `${kind}$`] as const;

/** Dates, both inclusive. */
const inDays = (from: string, to: string) => [`DAY#${from}`, `DAY#${to}$`] as const;

const allShards = Array.from({ length: shards }, (_, shard) => shard);

/** Each question with the ranges that answer it together: one, or one a shard. */
export const ranges = {
  backupsByArn: (arn: string): Range[] => [{ index: 'byIdentity', partition: arn, newestFirst: true }],
  databasesByName: (name: DatabaseName): Range[] => [{ index: 'byIdentity', partition: formatName(name) }],

  liveBackups: (database: DatabaseKey): Range[] => [{ index: 'live', partition: pkOf(database) }],
  backupsOfDatabase: (database: DatabaseKey, span?: Span): Range[] => [
    { partition: pkOf(database), between: inSpan('BACKUP', span), newestFirst: true },
  ],
  backupsOfTenant: (tenant: string, span?: Span): Range[] => [
    { index: 'byTenant', partition: tenant, between: inSpan('BACKUP', span), newestFirst: true },
  ],
  backupsOfDay: (day: string): Range[] =>
    allShards.map((shard) => ({
      index: 'byDay',
      partition: `${day}#${shard}`,
      between: all('BACKUP'),
      newestFirst: true,
    })),
  copies: (environment: Environment, state: ListedCopyState): Range[] =>
    allShards.map((shard) => ({ index: 'byState', partition: copiesKey(environment, state, shard) })),
  turns: (environment: Environment): Range[] => [{ partition: `TURN#${formatEnvironment(environment)}` }],

  databasesOfTenant: (tenant: string): Range[] => [{ index: 'byTenant', partition: tenant, between: all('DATABASE') }],
  allDatabases: (): Range[] => allShards.map((shard) => ({ index: 'byState', partition: `DATABASE#${shard}` })),
  databasesToCheck: (now: Date): Range[] =>
    allShards.map((shard) => ({ index: 'byState', partition: `DATABASE#${shard}`, between: ['0', iso(now)] })),

  openAlerts: (): Range[] => allShards.map((shard) => ({ index: 'byState', partition: `ALERT#${shard}` })),
  alertsOfDatabase: (database: DatabaseKey): Range[] => [
    { index: 'byIdentity', partition: `ALERTS#${database}`, newestFirst: true },
  ],
  alertsOfTenant: (tenant: string, span?: Span): Range[] => [
    { index: 'byTenant', partition: tenant, between: inSpan('ALERT', span), newestFirst: true },
  ],

  daysOfDatabase: (database: DatabaseKey, from: string, to: string): Range[] => [
    { partition: pkOf(database), between: inDays(from, to) },
  ],
  daysOfTenant: (tenant: string, from: string, to: string): Range[] => [
    { index: 'byTenant', partition: tenant, between: inDays(from, to) },
  ],
  daysOfDate: (date: string): Range[] =>
    allShards.map((shard) => ({ index: 'byDay', partition: `${date}#${shard}`, between: all('DAY') })),

  environments: (): Range[] => [{ partition: 'ENVIRONMENT' }],

  copyPauses: (environment: Environment): Range[] => [{ partition: `PAUSE#${formatEnvironment(environment)}` }],

  sweeps: ({ from, to }: Span = {}): Range[] => [
    {
      partition: 'SWEEP',
      // A sweep's sort key is its time, to the millisecond; `~` is behind all times.
      between: [from ? iso(from) : '0', to ? iso(new Date(to.getTime() - 1)) : '~'],
      newestFirst: true,
    },
  ],
  lastWatch: (): Range[] => [{ partition: 'WATCH' }],
} as const;

// Items ---------------------------------------------------------------------------------------------------------------

type Fields = Record<string, unknown>;

/** How rows of one kind stand in items. */
interface Kind<Row> {
  readonly schema: z.ZodObject;
  /** The attribute with the facts. */
  readonly facts: string;
  readonly keysOf: (row: Row) => Keys;
  /** The fields that the keys say, encoded. */
  readonly fromKeys: (item: Item) => Fields;
  /** Whether writers name the version that they read. */
  readonly versioned: boolean;
  readonly expiryOf?: (row: Row) => Date | undefined;
}

const backupKind: Kind<Backup> = {
  schema: backupSchema,
  facts: 'backupFacts',
  keysOf: keysOfBackup,
  fromKeys: (item) => {
    const { database, createdAt, snapshotId } = requireBackupId(item);
    return { database, createdAt: iso(createdAt), id: snapshotId, arn: item.identityKey, ...tenantIn(item) };
  },
  versioned: true,
  expiryOf: ({ closed }) => closed?.expiresAt,
};

const databaseKind: Kind<DatabaseRow> = {
  schema: databaseSchema,
  facts: 'databaseFacts',
  keysOf: keysOfDatabase,
  fromKeys: (item) => ({ key: databaseOfKey(item), ...tenantIn(item) }),
  versioned: true,
};

const alertKind: Kind<Alert> = {
  schema: alertSchema,
  facts: 'alertFacts',
  keysOf: keysOfAlert,
  fromKeys: (item) => {
    const [, database, tenant] = item.pk.split('#');
    return { database, tenant, opened: item.sk };
  },
  versioned: false,
  expiryOf: ({ expiresAt }) => expiresAt,
};

const copyPauseKind: Kind<CopyPause> = {
  schema: copyPauseSchema,
  facts: 'copyPauseFacts',
  keysOf: copyPauseKey,
  fromKeys: ({ pk, sk }) => {
    const [, kind, name] = /^([^#]*)#(.*)$/.exec(sk) ?? [];
    return { environment: pk.slice('PAUSE#'.length), kind, name };
  },
  versioned: true,
};

const environmentKind: Kind<EnvironmentRow> = {
  schema: environmentSchema,
  facts: 'environmentFacts',
  keysOf: environmentKey,
  fromKeys: ({ sk }) => {
    const [account, region] = sk.split('/');
    return { account, region };
  },
  versioned: true,
};

const dayKind: Kind<Day> = {
  schema: daySchema,
  facts: 'dayFacts',
  keysOf: keysOfDay,
  fromKeys: (item) => {
    const [, date, tenant] = item.sk.split('#');
    return { database: databaseOfKey(item), date, tenant };
  },
  versioned: false,
  expiryOf: ({ expiresAt }) => expiresAt,
};

const sweepKind: Kind<SweepRow> = {
  schema: sweepSchema,
  facts: 'sweepFacts',
  keysOf: keysOfSweep,
  fromKeys: () => ({}),
  versioned: false,
  expiryOf: ({ expiresAt }) => expiresAt,
};

function tenantIn({ tenantKey }: Item): Fields {
  return tenantKey === undefined ? {} : { tenant: tenantKey };
}

const ownAttributes = new Set<string>([...keyAttributes, 'format', 'version', timeToLiveAttribute]);

function encode<Row extends object>(
  kind: Kind<Row>,
  row: Row & { readonly later?: Readonly<Fields>; readonly version?: number },
): Item {
  const { later, version: read, ...rest } = row;
  const keys = kind.keysOf(row);
  const facts = { ...(z.encode(kind.schema, rest as never) as Fields) };
  const item = { ...keys, format: formatVersion };
  for (const said of Object.keys(kind.fromKeys(item as Item))) delete facts[said];
  const expiresAt = kind.expiryOf?.(row);
  return {
    ...later,
    ...item,
    [kind.facts]: facts,
    ...(kind.versioned && { version: (read ?? 0) + 1 }),
    // Epoch seconds, rounded up: no row goes before its time.
    ...(expiresAt && { [timeToLiveAttribute]: Math.ceil(expiresAt.getTime() / 1000) }),
  };
}

function decode<Row>(kind: Kind<Row>, item: Item): Row {
  const facts = item[kind.facts];
  if (item.format === undefined || typeof facts !== 'object' || facts === null) {
    throw unreadable(item, `it has no ${item.format === undefined ? 'format' : kind.facts}`);
  }
  const parsed = kind.schema.safeDecode({ ...facts, ...kind.fromKeys(item) } as never);
  if (!parsed.success) throw unreadable(item, z.prettifyError(parsed.error));
  const later = Object.entries(item).filter(([name]) => !ownAttributes.has(name) && name !== kind.facts);
  return {
    ...parsed.data,
    ...(kind.versioned && { version: versionOf(item) }),
    ...(later.length > 0 && { later: Object.fromEntries(later) }),
  } as Row;
}

function versionOf(item: Item): number {
  const { version } = item;
  if (typeof version !== 'number') throw unreadable(item, 'it has no version');
  return version;
}

function unreadable(item: Item, why: string): UnreadableRow {
  return new UnreadableRow(
    `The ledger's row pk=${item.pk} sk=${item.sk} cannot be read; was it written by hand?\n${why}`,
    databaseOfKey(item),
    databaseRefOf(item),
  );
}

function databaseRefOf({ pk, sk, identityKey }: Item): UnreadableRow['ref'] {
  const key = databaseOfKey({ pk, sk });
  if (key === undefined || sk !== 'DATABASE' || typeof identityKey !== 'string') return undefined;
  try {
    const { kind, id } = parseName(identityKey);
    return { key, kind, id };
  } catch {
    // Written by hand, as the row.
    return undefined;
  }
}

/** The first version of a row that was never written is 1; each further write adds 1. */
export const itemOfBackup = (backup: Backup) => encode(backupKind, backup);
export const itemOfDatabase = (row: DatabaseRow) => encode(databaseKind, row);
export const itemOfAlert = (alert: Alert) => encode(alertKind, alert);
export const itemOfCopyPause = (pause: CopyPause) => encode(copyPauseKind, pause);
export const itemOfEnvironment = (row: EnvironmentRow) => encode(environmentKind, row);
export const itemOfDay = (day: Day) => encode(dayKind, day);
export const itemOfSweep = (row: SweepRow) => encode(sweepKind, row);

export const parseBackup = (item: Item) => decode(backupKind, item);
export const parseDatabase = (item: Item) => decode(databaseKind, item);
export const parseAlert = (item: Item) => decode(alertKind, item);
export const parseCopyPause = (item: Item) => decode(copyPauseKind, item);
export const parseEnvironment = (item: Item) => decode(environmentKind, item);
export const parseDay = (item: Item) => decode(dayKind, item);
export const parseSweep = (item: Item) => decode(sweepKind, item);

export function itemOfLease(environment: Environment, on: LeaseOn, holder: string, until?: Date): Item {
  const held = until && { holder, leasedUntil: iso(until) };
  return { ...leaseKey(environment, on), format: formatVersion, ...held };
}

export function itemOfTurn(environment: Environment, tenant: string, at: Date): Item {
  return { ...turnKey(environment, tenant), format: formatVersion, servedAt: iso(at) };
}

const turnSchema = z.looseObject({ sk: z.string(), servedAt: time });

export function parseTurn(item: Item): { readonly tenant: string; readonly servedAt: Date } {
  const parsed = turnSchema.safeDecode(item as never);
  if (!parsed.success) throw unreadable(item, z.prettifyError(parsed.error));
  return { tenant: parsed.data.sk, servedAt: parsed.data.servedAt };
}

/** A live backup, as its index shows it. */
export function parseLive(item: Item): LiveBackup {
  const recordedAt = time.safeDecode(item.liveSort as never);
  if (!recordedAt.success) throw unreadable(item, z.prettifyError(recordedAt.error));
  return { ...requireBackupId(item), recordedAt: recordedAt.data };
}

/** Whether a row has not expired: DynamoDB removes it only some days later. */
export function isPresent({ expiresAt }: { readonly expiresAt?: Date }, now: Date): boolean {
  return expiresAt === undefined || expiresAt > now;
}

/** The database that a row belongs to; undefined for rows of none. */
export function databaseOfKey({ pk }: PrimaryKey): DatabaseKey | undefined {
  const [kind, database] = pk.split('#');
  return kind === 'DB' || kind === 'ALERT' ? database : undefined;
}

/** Which backup's row a key is of, e.g. of a record of the table's stream; undefined for other rows. */
export function backupOfKey({ pk, sk }: PrimaryKey): BackupId | undefined {
  if (!pk.startsWith('DB#') || !sk.startsWith('BACKUP#')) return undefined;
  try {
    return parseBackupId(`${pk.slice('DB#'.length)}#${sk.slice('BACKUP#'.length)}`);
  } catch {
    // Written by hand: whoever reads the row says so.
    return undefined;
  }
}

function requireBackupId(item: Item): BackupId {
  const id = backupOfKey(item);
  if (id === undefined) throw unreadable(item, 'its key is not that of a backup');
  return id;
}

// The stream ----------------------------------------------------------------------------------------------------------

const copyState = (states: readonly string[]) => ({
  [backupKind.facts]: { M: { copy: { M: { state: { S: states } } } } },
});

/**
 * Filter patterns (one has to match) of the table's stream for what triggers `copy`: a copy that enters `queued` from outside,
 * and one that ends and frees its slot. Its own step back from `starting` or `running` to `queued` is not among them:
 * Lambda does not recognise a loop through a stream.
 */
export const copyTriggers = [
  { eventName: ['INSERT'], dynamodb: { NewImage: copyState(['queued']) } },
  {
    eventName: ['MODIFY'],
    dynamodb: { OldImage: copyState(['none', ...endedCopyStates]), NewImage: copyState(['queued']) },
  },
  {
    eventName: ['MODIFY'],
    dynamodb: { OldImage: copyState(activeCopyStates), NewImage: copyState(endedCopyStates) },
  },
];
