/** A tenant's databases, each with the copy of its newest backup. */
import {
  type Alert,
  type Backup,
  type BackupId,
  type DatabaseKey,
  type DatabaseRow,
  type Environment,
  environmentOf,
  fields,
} from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { collect, filter, inChunks } from '../lib/iterables.ts';
import { backupFacts, copyFactsSchema, databaseFacts, databaseFactsSchema, type FactsOf } from './row-facts.ts';

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
 * By name; nothing for a tenant that the ledger does not know. Reads a row a database, a row a newest backup and a row an
 * alert.
 */
export async function* readTenant(ledger: Ledger, tenant: string, now: Date): AsyncIterable<TenantDatabaseFacts> {
  for await (const rows of inChunks(ledger.databasesOfTenant(tenant), rowsAtOnce)) {
    const [backups, alerts] = await Promise.all([newestBackups(ledger, rows), alertsOfRows(ledger, rows)]);
    yield* rows.map((row) => factsOf(row, backups.get(row.key), alerts.get(row.key), now));
  }
}

function factsOf(
  row: DatabaseRow,
  newest: Backup | undefined,
  alert: Alert | undefined,
  now: Date,
): TenantDatabaseFacts {
  return { ...databaseFacts(row, alert, now), copy: newest ? backupFacts(newest, now).copy : null };
}

/** The rows of the databases' newest backups, 100 a call. */
async function newestBackups(ledger: Ledger, rows: readonly DatabaseRow[]): Promise<Map<DatabaseKey, Backup>> {
  const ids = rows.flatMap(({ key, newestBackup }): BackupId[] =>
    newestBackup ? [{ database: key, createdAt: newestBackup.createdAt, snapshotId: newestBackup.id }] : [],
  );
  return new Map((await ledger.backups(ids)).map((backup) => [backup.database, backup]));
}

/** The alerts that rows name, 100 a call, by database. */
export async function alertsOfRows(ledger: Ledger, rows: readonly DatabaseRow[]): Promise<Map<DatabaseKey, Alert>> {
  const ids = rows.flatMap(({ key, alert }) => (alert ? [{ database: key, ...alert }] : []));
  return new Map((await ledger.alerts(ids)).map((alert) => [alert.database, alert]));
}

/** Every tenant that the ledger knows, by name. Reads a row a database. */
export async function tenantNames(ledger: Ledger): Promise<string[]> {
  const names = new Set<string>();
  for await (const { tenant } of ledger.allDatabases()) if (tenant !== undefined) names.add(tenant);
  return [...names].sort();
}

/** Names of all databases that the ledger knows in some environments. Reads a row a database. */
export async function databaseNames(
  ledger: Ledger,
  includes: (environment: Environment) => boolean,
): Promise<string[]> {
  const rows = await collect(filter(ledger.allDatabases(), ({ key }) => includes(environmentOf(key))));
  return [...new Set(rows.map(({ id }) => id))].sort();
}
