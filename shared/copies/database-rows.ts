/** The ledger's rows of the databases whose backups are copied: they say whose a database is. */
import { chunk } from 'es-toolkit/array';
import type { DatabaseKey, DatabaseRow } from '../domain/index.ts';
import type { Ledger, UnreadableRow } from '../ledger/index.ts';

const rowsACall = 100;

export interface Databases {
  readonly rows: ReadonlyMap<DatabaseKey, DatabaseRow>;
  /** Rows that cannot be read: nobody knows whose these databases are, so their copies wait. */
  readonly unreadable: ReadonlyMap<DatabaseKey, UnreadableRow>;
}

/** Rows by key, in as few calls as possible. */
export async function databasesOf(ledger: Ledger, databases: readonly DatabaseKey[]): Promise<Databases> {
  const rows = new Map<DatabaseKey, DatabaseRow>();
  const unreadable = new Map<DatabaseKey, UnreadableRow>();
  for (const keys of chunk([...new Set(databases)], rowsACall)) {
    const lists = ledger.leavingOut((row) => {
      if (row.database !== undefined) unreadable.set(row.database, row);
    });
    for (const row of await lists.databases(keys)) rows.set(row.key, row);
  }
  return { rows, unreadable };
}
