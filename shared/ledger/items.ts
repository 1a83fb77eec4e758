/**
 * The ledger's table: its keys, its indexes, its items, and every question it answers. The stack builds the table from
 * this file, both ledgers read and write by it, `docs/querying.md` describes it.
 *
 * A row is: `pk`, `sk`; the keys of the indexes it is in; `facts`, a map with everything that is shown; `version`; on a
 * database's row also `liveBackups`; on the row of what is over also `expiresAt`. One map holds the facts because an index projects
 * named top-level attributes, for ever: what is added to the map later is in the indexes at once.
 */
import { z } from 'zod';
import type { Alert, Backup, DatabaseKey, DatabaseKind, DatabaseRow, Day, SweepRow } from '../model.ts';
import { activeCopyStates } from '../model.ts';
import { alertFacts, backupFacts, databaseFacts, dayFacts, sweepFacts, time } from './facts.ts';
import { type DatabaseSummary, type ListedCopyState, liveBackupId, type Span, UnreadableRow } from './ledger.ts';

// The table -----------------------------------------------------------------------------------------------------------

/** All keys are strings. */
export const tableKeys = { partitionKey: 'pk', sortKey: 'sk' } as const;

/**
 * Epoch seconds after which DynamoDB removes the row, some days later at the latest. Only what is over has it: a backup whose
 * snapshot is gone, a day, a sweep, a resolved alert.
 */
export const timeToLiveAttribute = 'expiresAt';

/** What an index holds of a row besides keys; nothing means `KEYS_ONLY`. `version` lets a reader write back. */
const shown = ['facts', 'version'] as const;

/**
 * The indexes, sparse all of them. Each costs a write for every write of a row that is in it.
 *
 * - `byIdentity`: a backup by its snapshot's ARN, databases by their name.
 * - `byTenant`: databases, backups, alerts and days of one tenant, each kind a range of the sort key.
 * - `byDay`: backups and judgements of one UTC day.
 * - `byState`: copies while they are active, or failed with their snapshot still there; alerts while they are open; databases
 *   by when they are to be checked. All databases share one partition, which takes about 1,000 writes a second: a sweep of
 *   10,000 is done in seconds.
 */
export const indexes = {
  byIdentity: { partitionKey: 'identityKey', projected: [] },
  byTenant: { partitionKey: 'tenantKey', sortKey: 'tenantSort', projected: shown },
  byDay: { partitionKey: 'dayKey', sortKey: 'daySort', projected: shown },
  byState: { partitionKey: 'stateKey', sortKey: 'stateSort', projected: shown },
} as const satisfies Record<string, { partitionKey: string; sortKey?: string; projected: readonly string[] }>;

export type IndexName = keyof typeof indexes;

// Keys ----------------------------------------------------------------------------------------------------------------

export interface PrimaryKey {
  readonly pk: string;
  readonly sk: string;
}

/** A row's own key and its place in each index it is in. */
export interface Keys extends PrimaryKey {
  readonly identityKey?: string;
  readonly tenantKey?: string;
  readonly tenantSort?: string;
  readonly dayKey?: string;
  readonly daySort?: string;
  readonly stateKey?: string;
  readonly stateSort?: string;
}

const iso = (time: Date) => time.toISOString();
const isoDay = (time: Date) => iso(time).slice(0, 10);
const pkOf = (database: DatabaseKey) => `DB#${database}`;
const nameOf = (kind: DatabaseKind, id: string) => `${kind}/${id.toLowerCase()}`;

/** Where a backup stands in lists by time: at the moment its data is from; if that is unknown, at its creation. */
const listedAt = (backup: Backup) => backup.backupTime ?? backup.createdAt;

export function backupKey(database: DatabaseKey, liveBackup: string): PrimaryKey {
  return { pk: pkOf(database), sk: `BACKUP#${liveBackup}` };
}

export function databaseKey(database: DatabaseKey): PrimaryKey {
  return { pk: pkOf(database), sk: 'DATABASE' };
}

/** The one lease: whoever holds it may start copies. */
export const leaseKey: PrimaryKey = { pk: 'LEASE', sk: 'COPY' };

export function servedKey(tenant: string): PrimaryKey {
  return { pk: 'SERVED', sk: tenant };
}

export function keysOfBackup(backup: Backup): Keys {
  const listed = `BACKUP#${iso(listedAt(backup))}#${backup.id}`;
  const { state, queuedAt } = backup.copy;
  return {
    ...backupKey(backup.database, liveBackupId(backup)),
    identityKey: backup.arn,
    ...(backup.tenant !== undefined && { tenantKey: backup.tenant, tenantSort: listed }),
    dayKey: isoDay(listedAt(backup)),
    daySort: listed,
    ...(isListed(backup) && {
      stateKey: `COPY#${state}`,
      stateSort: `${iso(queuedAt ?? backup.recordedAt)}#${backup.arn}`,
    }),
  };
}

/** A copy that still moves, or that failed and can be tried again: without its snapshot that is history. */
function isListed({ copy, closed }: Backup): boolean {
  const active = (activeCopyStates as readonly string[]).includes(copy.state);
  return active || (copy.state === 'failed' && closed === undefined);
}

export function keysOfDatabase(row: DatabaseRow): Keys {
  return {
    ...databaseKey(row.key),
    identityKey: nameOf(row.kind, row.id),
    ...(row.tenant !== undefined && { tenantKey: row.tenant, tenantSort: `DATABASE#${row.id}#${row.key}` }),
    stateKey: 'DATABASE',
    // A word sorts behind all times, so one range holds exactly what is to be checked by a time.
    stateSort: `${row.checkAt ? iso(row.checkAt) : 'unscheduled'}#${row.key}`,
  };
}

export function keysOfAlert(alert: Alert): Keys {
  return {
    pk: pkOf(alert.database),
    sk: `ALERT#${iso(alert.opened)}`,
    tenantKey: alert.tenant,
    tenantSort: `ALERT#${iso(alert.opened)}#${alert.database}`,
    ...(alert.resolved === undefined && { stateKey: 'ALERT', stateSort: `${iso(alert.opened)}#${alert.database}` }),
  };
}

export function keysOfDay(day: Day): Keys {
  return {
    pk: pkOf(day.database),
    sk: `DAY#${day.date}`,
    ...(day.tenant !== undefined && { tenantKey: day.tenant, tenantSort: `DAY#${day.date}#${day.database}` }),
    dayKey: day.date,
    daySort: `DAY#${day.database}`,
  };
}

export function keysOfSweep(row: SweepRow): Keys {
  return row.mode === 'sweep' ? { pk: 'SWEEP', sk: iso(row.started) } : { pk: 'WATCH', sk: 'LAST' };
}

// Questions -----------------------------------------------------------------------------------------------------------

/**
 * A question the table answers: the rows of one partition, of the table or of an index, whose sort key lies between two
 * bounds (both inclusive). Nothing that is read is thrown away.
 */
export interface Range {
  readonly index?: IndexName;
  readonly partition: string;
  readonly between?: readonly [from: string, to: string];
  readonly newestFirst?: boolean;
}

/** `#` ends each part of a sort key and `$` follows it in ASCII: `BACKUP$` is behind every key that begins with `BACKUP#`. */
const all = (kind: string) => [`${kind}#`, `${kind}$`] as const;

/** A key goes on with `#` behind its time, so the bound without it is just before that time's first row. */
const inSpan = (kind: string, { from, to }: Span = {}) =>
  [`${kind}#${from ? iso(from) : ''}`, to ? `${kind}#${iso(to)}` : `${kind}$`] as const;

/** Dates, both inclusive. */
const inDays = (from: string, to: string) => [`DAY#${from}`, `DAY#${to}$`] as const;

export const ranges = {
  backupByArn: (arn: string): Range => ({ index: 'byIdentity', partition: arn }),
  databasesByName: (kind: DatabaseKind, id: string): Range => ({ index: 'byIdentity', partition: nameOf(kind, id) }),

  backupsOfDatabase: (database: DatabaseKey, span?: Span): Range => ({
    partition: pkOf(database),
    between: inSpan('BACKUP', span),
    newestFirst: true,
  }),
  backupsOfTenant: (tenant: string, span?: Span): Range => ({
    index: 'byTenant',
    partition: tenant,
    between: inSpan('BACKUP', span),
    newestFirst: true,
  }),
  backupsOfDay: (day: string): Range => ({
    index: 'byDay',
    partition: day,
    between: all('BACKUP'),
    newestFirst: true,
  }),
  copies: (state: ListedCopyState): Range => ({ index: 'byState', partition: `COPY#${state}` }),
  tenantsServed: (): Range => ({ partition: 'SERVED' }),

  databasesOfTenant: (tenant: string): Range => ({ index: 'byTenant', partition: tenant, between: all('DATABASE') }),
  allDatabases: (): Range => ({ index: 'byState', partition: 'DATABASE' }),
  databasesToCheck: (now: Date): Range => ({
    index: 'byState',
    partition: 'DATABASE',
    between: ['0', `${iso(now)}$`],
  }),

  openAlerts: (): Range => ({ index: 'byState', partition: 'ALERT' }),
  alertsOfDatabase: (database: DatabaseKey): Range => ({
    partition: pkOf(database),
    between: all('ALERT'),
    newestFirst: true,
  }),
  alertsOfTenant: (tenant: string, span?: Span): Range => ({
    index: 'byTenant',
    partition: tenant,
    between: inSpan('ALERT', span),
    newestFirst: true,
  }),

  daysOfDatabase: (database: DatabaseKey, from: string, to: string): Range => ({
    partition: pkOf(database),
    between: inDays(from, to),
  }),
  daysOfTenant: (tenant: string, from: string, to: string): Range => ({
    index: 'byTenant',
    partition: tenant,
    between: inDays(from, to),
  }),
  daysOfDate: (date: string): Range => ({ index: 'byDay', partition: date, between: all('DAY') }),

  sweeps: ({ from, to }: Span = {}): Range => ({
    partition: 'SWEEP',
    // A sweep's sort key is its time, to the millisecond; `~` is behind all times.
    between: [from ? iso(from) : '0', to ? iso(new Date(to.getTime() - 1)) : '~'],
    newestFirst: true,
  }),
  lastWatch: (): Range => ({ partition: 'WATCH' }),
} as const;

// Items ---------------------------------------------------------------------------------------------------------------

export type Item = Readonly<Record<string, unknown>>;

export function itemOfBackup(backup: Backup, version: number): Item {
  return {
    ...keysOfBackup(backup),
    facts: z.encode(backupFacts, backup),
    version,
    ...timeToLive(backup.closed ?? {}),
  };
}

export function itemOfDatabase(row: DatabaseRow, version: number): Item {
  return {
    ...keysOfDatabase(row),
    facts: z.encode(databaseFacts, row),
    version,
    liveBackups: row.liveBackups,
  };
}

export function itemOfAlert(alert: Alert): Item {
  return { ...keysOfAlert(alert), facts: z.encode(alertFacts, alert), ...timeToLive(alert) };
}

export function itemOfDay(day: Day): Item {
  return { ...keysOfDay(day), facts: z.encode(dayFacts, day), ...timeToLive(day) };
}

export function itemOfSweep(row: SweepRow): Item {
  return { ...keysOfSweep(row), facts: z.encode(sweepFacts, row), ...timeToLive(row) };
}

export function itemOfLease(holder: string, until: Date): Item {
  return { ...leaseKey, holder, leasedUntil: iso(until) };
}

export function itemOfServed(tenant: string, at: Date): Item {
  return { ...servedKey(tenant), tenant, servedAt: iso(at) };
}

/** Epoch seconds, rounded up: no row goes before its time. */
function timeToLive({ expiresAt }: { readonly expiresAt?: Date }): { [timeToLiveAttribute]?: number } {
  return expiresAt === undefined ? {} : { [timeToLiveAttribute]: Math.ceil(expiresAt.getTime() / 1000) };
}

/** Whether a row has not expired: DynamoDB removes it only some days later. */
export function isPresent({ expiresAt }: { readonly expiresAt?: Date }, now: Date): boolean {
  return expiresAt === undefined || expiresAt > now;
}

const version = z.number().int().min(1);
const backupRow = z.object({ facts: backupFacts, version });
const databaseRow = z.object({ facts: databaseFacts, version, liveBackups: z.array(z.string()) });
const databaseSummary = z.object({ facts: databaseFacts });
const alertRow = z.object({ facts: alertFacts });
const dayRow = z.object({ facts: dayFacts });
const sweepRow = z.object({ facts: sweepFacts });
const servedRow = z.object({ tenant: z.string(), servedAt: time });
const keyRow = z.object({ pk: z.string(), sk: z.string() });

export function parseBackup(item: Item): Backup {
  const row = parse(backupRow, item);
  return { ...row.facts, version: row.version };
}

export function parseDatabase(item: Item): DatabaseRow {
  const row = parse(databaseRow, item);
  return { ...row.facts, version: row.version, liveBackups: row.liveBackups };
}

export const parseDatabaseSummary = (item: Item): DatabaseSummary => parse(databaseSummary, item).facts;
export const parseAlert = (item: Item): Alert => parse(alertRow, item).facts;
export const parseDay = (item: Item): Day => parse(dayRow, item).facts;
export const parseSweep = (item: Item): SweepRow => parse(sweepRow, item).facts;
export const parseServed = (item: Item): { readonly tenant: string; readonly servedAt: Date } => parse(servedRow, item);

/** A row's own key, as every index projects it. */
export const parseKey = (item: Item): PrimaryKey => parse(keyRow, item);

/** The database whose row, or one of whose rows, has this key; undefined for rows of no database. */
export function databaseOfKey({ pk }: PrimaryKey): DatabaseKey | undefined {
  return pk.startsWith('DB#') ? pk.slice('DB#'.length) : undefined;
}

/** Which backup's row a key is of, e.g. of a record of the table's stream; undefined for other rows. */
export function backupOfKey(key: PrimaryKey): { database: DatabaseKey; liveBackup: string } | undefined {
  const database = databaseOfKey(key);
  return database !== undefined && key.sk.startsWith('BACKUP#')
    ? { database, liveBackup: key.sk.slice('BACKUP#'.length) }
    : undefined;
}

function parse<Row>(schema: z.ZodType<Row>, item: Item): Row {
  const parsed = schema.safeParse(item);
  if (parsed.success) return parsed.data;
  const key = keyRow.safeParse(item).data;
  throw new UnreadableRow(
    `The ledger's row pk=${item.pk} sk=${item.sk} does not parse; was it written by hand or by a newer release?\n${z.prettifyError(parsed.error)}`,
    key && databaseOfKey(key),
  );
}

// The stream ----------------------------------------------------------------------------------------------------------

const ended = ['complete', 'incomplete', 'failed', 'skipped', 'cancelled'] as const;
const copyState = (states: readonly string[]) => ({
  facts: { M: { copy: { M: { state: { S: states } } } } },
});

/**
 * Filter patterns (one has to match) of the table's stream for what wakes `copy`: a copy that enters `queued` from outside,
 * and one that ends and frees its slot. Its own step back from `starting` or `running` to `queued` is not among them:
 * Lambda does not recognise a loop through a stream.
 */
export const copyWakeUps = [
  { eventName: ['INSERT'], dynamodb: { NewImage: copyState(['queued']) } },
  {
    eventName: ['MODIFY'],
    dynamodb: { OldImage: copyState(['none', ...ended]), NewImage: copyState(['queued']) },
  },
  {
    eventName: ['MODIFY'],
    dynamodb: { OldImage: copyState(activeCopyStates), NewImage: copyState(ended) },
  },
] as const;
