/**
 * A shared database holds several tenants. RDS knows one database: it has one row, and one verdict for operators. Each of its
 * tenants has a share of it: a row, an alert and days of its own, under a key behind that of the database.
 *
 * The database itself is no tenant's. Where rows name an owner, it is `shared:<id>`, which no tenant can be called.
 */
import type { Finding, Share } from './database.ts';
import { type DatabaseKey, parseDatabaseKey } from './identity.ts';

const ownerPrefix = 'shared:';

/** Who owns a shared database of this id, in place of a tenant. */
export function sharedOwner(id: string): string {
  return `${ownerPrefix}${id.toLowerCase()}`;
}

/** Whether an owner is a shared database instead of a tenant. */
export function isSharedOwner(owner: string): boolean {
  return owner.startsWith(ownerPrefix);
}

/** The key of a tenant's share of a shared database. */
export function shareKey(database: DatabaseKey, tenant: string): DatabaseKey {
  return `${database}/${tenant}`;
}

/** Whether a key is that of a tenant's share. */
export function isShare(key: DatabaseKey): boolean {
  return parseDatabaseKey(key).tenant !== undefined;
}

/** The key of the database in RDS: of a share that of the shared database, else the key itself. */
export function databaseOfShare(key: DatabaseKey): DatabaseKey {
  const { tenant } = parseDatabaseKey(key);
  return tenant === undefined ? key : key.slice(0, -(tenant.length + 1));
}

/** Whether a stay in a shared database, of which an absent bound is open, was going on at a moment. */
export function isWithinStay({ since, until }: Pick<Share, 'since' | 'until'>, time: Date): boolean {
  return (since === undefined || time >= since) && (until === undefined || time < until);
}

/**
 * What counts where databases are counted: a shared database counts once for each tenant that it holds, by the tenant's share of it, and
 * not besides; one that holds none counts itself.
 */
export function countedDatabases(keys: Iterable<DatabaseKey>): ReadonlySet<DatabaseKey> {
  const all = [...keys];
  const hosts = new Set(all.filter(isShare).map(databaseOfShare));
  return new Set(all.filter((key) => !hosts.has(key)));
}

/** An owner as operators read it: a tenant's id, or `shared (3 tenants)` where a finding's notes say how many a shared database holds. */
export function ownerText(owner: string, notes: Finding['notes'] | null = null): string {
  if (!isSharedOwner(owner)) return owner;
  const holds = notes?.find(({ code }) => code === 'holds-tenants')?.facts as { readonly count?: number } | undefined;
  if (holds?.count === undefined) return 'shared';
  return holds.count === 1 ? 'shared (1 tenant)' : `shared (${holds.count} tenants)`;
}
