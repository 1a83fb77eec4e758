/** A tenant's databases, each with the copy of its newest backup. */
import type { DatabaseSummary, Ledger } from '../ledger/ledger.ts';
import { liveBackupId } from '../ledger/ledger.ts';
import type { Backup, DatabaseKey } from '../model.ts';
import { collect } from './collect.ts';
import { backupFacts, type CopyFacts, type DatabaseFacts, databaseFacts } from './facts.ts';

export interface TenantDatabaseFacts extends DatabaseFacts {
  /** The copy of its newest backup; null where there is no backup, or the ledger has no row of it. */
  readonly copy: CopyFacts | null;
}

/** Nothing for a tenant that the ledger does not know. Reads a row a database, and a row a newest backup. */
export async function* readTenant(ledger: Ledger, tenant: string, now: Date): AsyncIterable<TenantDatabaseFacts> {
  let some: DatabaseSummary[] = [];
  for await (const row of ledger.databasesOfTenant(tenant)) {
    some.push(row);
    if (some.length < 100) continue;
    yield* withCopies(ledger, some, now);
    some = [];
  }
  yield* withCopies(ledger, some, now);
}

async function* withCopies(ledger: Ledger, rows: readonly DatabaseSummary[], now: Date) {
  const newest = await newestBackups(ledger, rows);
  for (const row of rows) {
    const backup = newest.get(row.key);
    yield { ...databaseFacts(row, now), copy: backup ? backupFacts(backup, now).copy : null };
  }
}

/** The rows of the databases' newest backups, 100 a call. */
async function newestBackups(ledger: Ledger, rows: readonly DatabaseSummary[]): Promise<Map<DatabaseKey, Backup>> {
  const found = new Map<DatabaseKey, Backup>();
  const asked = rows.flatMap(({ key, newestBackup }) => (newestBackup ? [{ key, ...newestBackup }] : []));
  if (asked.length === 0) return found;
  // A backup's row is keyed by its creation, which is its time unless it was copied from another snapshot.
  const ids = asked.map(({ key, id, time }) => ({ database: key, liveBackup: liveBackupId({ id, createdAt: time }) }));
  for (const backup of await ledger.backups(ids)) found.set(backup.database, backup);
  for (const { key, arn } of asked) {
    if (found.has(key)) continue;
    const copied = await ledger.backupByArn(arn);
    if (copied) found.set(key, copied);
  }
  return found;
}

/** Every tenant that the ledger knows, by name. Reads a row a database. */
export async function tenantNames(ledger: Ledger): Promise<string[]> {
  const names = new Set<string>();
  for await (const { tenant } of ledger.allDatabases()) if (tenant !== undefined) names.add(tenant);
  return [...names].sort();
}

/** Names of all databases that the ledger knows. Reads a row a database. */
export async function databaseNames(ledger: Ledger): Promise<string[]> {
  const rows = await collect(ledger.allDatabases());
  return [...new Set(rows.map(({ id }) => id))].sort();
}
