/** Which backups of a database are a tenant's: those of a shared database that were made while the tenant was there. */
import {
  type Backup,
  copyOfShare,
  type DatabaseKey,
  type DatabaseRow,
  databaseOfShare,
  folderUrl,
  holdsShare,
  isShare,
  isSharedOwner,
  shareKey,
  tenantFolder,
} from '../domain/index.ts';
import type { Ledger, Span } from '../ledger/index.ts';
import { collect, filter } from '../lib/iterables.ts';

/** Where a backup stands in lists by time. */
export function listedAt(backup: Pick<Backup, 'backupTime' | 'createdAt'>): Date {
  return backup.backupTime ?? backup.createdAt;
}

/** A backup as it is listed: one of a shared database says where the tenant's part of its copy lies, as far as that is known. */
export type ListedBackup = Backup & { readonly folder?: string; readonly folderFound?: boolean };

/** A tenant's row of a shared database. */
export type ShareRow = DatabaseRow & Required<Pick<DatabaseRow, 'tenant'>>;

export function isShareRow(row: DatabaseRow): row is ShareRow {
  return isShare(row.key) && row.tenant !== undefined;
}

/**
 * The backups of a row's database, newest first by creation. A share has those whose data is of the time in which the tenant was there,
 * as the tenant's; what was one tenant's alone, before the database was shared, stays that one's.
 */
export async function* backupsOfRow(ledger: Ledger, row: DatabaseRow, span: Span = {}): AsyncIterable<ListedBackup> {
  const backups = ledger.backupsOfDatabase(databaseOfShare(row.key), span);
  if (!isShareRow(row)) yield* backups;
  else for await (const backup of backups) if (isOfShare(row, backup)) yield ofTenant(row, backup);
}

/** A shared database's backup as one of its tenants has it: nothing in it is of another. */
export function ofTenant({ tenant, share = {} }: ShareRow, backup: Backup): ListedBackup {
  const folder = tenantFolder(backup.copy, tenant, share);
  return {
    ...backup,
    tenant,
    copy: copyOfShare(backup.copy, tenant, share),
    ...(folder && folder.found !== false && { folder: folderUrl(folder) }),
    ...(folder?.found !== undefined && { folderFound: folder.found }),
  };
}

/** Whether a backup of its database is the tenant's as well. */
export function isOfShare(row: ShareRow, backup: Backup): boolean {
  return (backup.tenant === undefined || isSharedOwner(backup.tenant)) && holdsShare(backup, row);
}

/** A tenant's shares, those that it left among them. Reads a row for each of its databases. */
export function sharesOfTenant(ledger: Ledger, tenant: string): Promise<ShareRow[]> {
  return collect(filter(ledger.databasesOfTenant(tenant), isShareRow) as AsyncIterable<ShareRow>);
}

/** A tenant's share of each of some databases that it is, or was, in. */
export async function sharesIn(ledger: Ledger, databases: readonly DatabaseKey[], tenant: string): Promise<ShareRow[]> {
  return (await ledger.databases(databases.map((key) => shareKey(key, tenant)))).filter(isShareRow);
}

/**
 * Every share of some databases, by tenant, those of tenants that left among them. Where one is or was shared, reads a row for each
 * database of the ledger.
 */
export async function sharesOfDatabases(ledger: Ledger, rows: readonly DatabaseRow[]): Promise<ShareRow[]> {
  const wanted = new Set(rows.filter(wasShared).map(({ key }) => key));
  if (wanted.size === 0) return [];
  const all = await collect(filter(ledger.allDatabases(), (row) => wanted.has(databaseOfShare(row.key))));
  return all.filter(isShareRow).sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
}

function wasShared({ tenant, formerOwners = [] }: DatabaseRow): boolean {
  return [tenant, ...formerOwners.map((owner) => owner.tenant)].some(
    (owner) => owner !== undefined && isSharedOwner(owner),
  );
}
