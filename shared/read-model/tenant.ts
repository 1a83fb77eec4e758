/** A tenant's databases and shares of shared ones, each with the copy of its newest backup. */
import { uniqBy } from 'es-toolkit/array';
import {
  type Alert,
  type BackupId,
  backupIdOf,
  type DatabaseKey,
  type DatabaseRow,
  databaseOfShare,
  type Environment,
  environmentOf,
  fields,
  formatBackupId,
  isSharedOwner,
} from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { collect, filter, inChunks } from '../lib/iterables.ts';
import { backupFacts, copyFactsSchema, databaseFacts, databaseFactsSchema, type FactsOf } from './row-facts.ts';
import { isShareRow, type ListedBackup, ofTenant } from './whose-backups.ts';

export const tenantDatabaseSchema = fields({
  ...databaseFactsSchema.shape,
  copy: copyFactsSchema
    .nullable()
    .describe('the copy of its newest backup; null where there is none, or the ledger has no row of it'),
});

export type TenantDatabaseFacts = FactsOf<typeof tenantDatabaseSchema>;

/** Rows whose newest backups and alerts are read in one call each. */
const rowsAtOnce = 100;

/**
 * By name, those that it left among them; nothing for a tenant that the ledger does not know. Reads a row a database, a row a
 * newest backup and a row an alert.
 */
export async function* readTenant(ledger: Ledger, tenant: string, now: Date): AsyncIterable<TenantDatabaseFacts> {
  for await (const rows of inChunks(ledger.databasesOfTenant(tenant), rowsAtOnce)) {
    const [backups, alerts] = await Promise.all([newestBackups(ledger, rows), alertsOfRows(ledger, rows)]);
    yield* rows.map((row) => factsOf(row, backups.get(row.key), alerts.get(row.key), now));
  }
}

function factsOf(
  row: DatabaseRow,
  newest: ListedBackup | undefined,
  alert: Alert | undefined,
  now: Date,
): TenantDatabaseFacts {
  return { ...databaseFacts(row, alert, now), copy: newest ? backupFacts(newest, now).copy : null };
}

/** The databases' newest backups as each row's owner has them, 100 rows a call. */
async function newestBackups(ledger: Ledger, rows: readonly DatabaseRow[]): Promise<Map<DatabaseKey, ListedBackup>> {
  const places = rows.flatMap((row) => newestOf(row, rows).map((place) => ({ key: row.key, ...place })));
  const ids = uniqBy(
    places.map(({ id }) => id),
    formatBackupId,
  );
  const found = new Map((await ledger.backups(ids)).map((backup) => [formatBackupId(backupIdOf(backup)), backup]));
  return new Map(
    places.flatMap(({ key, id, of }) => {
      const backup = found.get(formatBackupId(id));
      return backup ? [[key, isShareRow(of) ? ofTenant(of, backup) : backup] as const] : [];
    }),
  );
}

/** Where the newest backup of a row may be recorded: one that was carried along is of another share. */
function newestOf(
  row: DatabaseRow,
  rows: readonly DatabaseRow[],
): { readonly id: BackupId; readonly of: DatabaseRow }[] {
  const { newestBackup, share } = row;
  if (newestBackup === undefined) return [];
  const { id: snapshotId, createdAt } = newestBackup;
  const isCarried = share?.carried?.id === snapshotId;
  return (isCarried ? rows.filter(isShareRow) : [row]).map((of) => ({
    id: { database: databaseOfShare(of.key), createdAt, snapshotId },
    of,
  }));
}

/** The alerts that rows name, 100 a call, by database. */
export async function alertsOfRows(ledger: Ledger, rows: readonly DatabaseRow[]): Promise<Map<DatabaseKey, Alert>> {
  const ids = rows.flatMap(({ key, alert }) => (alert ? [{ database: key, ...alert }] : []));
  return new Map((await ledger.alerts(ids)).map((alert) => [alert.database, alert]));
}

/** Every tenant and every shared database that owns something in the ledger, by name. Reads a row a database. */
export async function owners(ledger: Ledger): Promise<string[]> {
  const names = new Set<string>();
  for await (const { tenant } of ledger.allDatabases()) if (tenant !== undefined) names.add(tenant);
  return [...names].sort();
}

/** Every tenant that the ledger knows, by name. Reads a row a database. */
export async function tenantNames(ledger: Ledger): Promise<string[]> {
  return (await owners(ledger)).filter((owner) => !isSharedOwner(owner));
}

/** Names of all databases that the ledger knows in some environments. Reads a row a database. */
export async function databaseNames(
  ledger: Ledger,
  includes: (environment: Environment) => boolean,
): Promise<string[]> {
  const rows = await collect(filter(ledger.allDatabases(), ({ key }) => includes(environmentOf(key))));
  return [...new Set(rows.map(({ id }) => id))].sort();
}
