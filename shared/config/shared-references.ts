/** Which tenants a shared database holds: they refer to it, and what is wrong with a reference only shows beside the others. */
import { closestMatch } from 'leven';
import type { FileConfig, ShareConfig, TenantConfig } from './file-schema.ts';
import type { ConfiguredDatabase, SharedTenant } from './fleet.ts';
import { type Problem, pathText, quoted, repeats } from './problems.ts';

/** An entry of the file for a shared database. */
interface SharedEntry {
  readonly path: readonly PropertyKey[];
  readonly resolved: ConfiguredDatabase;
}

/** A tenant's reference to a shared database, with those that it may mean. */
export interface Reference {
  readonly path: readonly PropertyKey[];
  readonly tenant: TenantConfig;
  readonly written: ShareConfig;
  readonly meant: readonly SharedEntry[];
}

export function referencesOf(file: FileConfig, shared: readonly SharedEntry[]): Reference[] {
  return file.tenants.flatMap((tenant, t) =>
    (tenant?.sharedDatabases ?? []).flatMap((written, s) => {
      if (tenant === null || written === null) return [];
      const { kind, account, region } = written;
      const meant = shared.filter(
        ({ resolved }) =>
          resolved.id === written.id.toLowerCase() &&
          resolved.kind === (kind ?? resolved.kind) &&
          resolved.account === (account ?? resolved.account) &&
          resolved.region === (region ?? resolved.region),
      );
      return [{ path: ['tenants', t, 'sharedDatabases', s], tenant, written, meant }];
    }),
  );
}

/** The entry of a shared database with the tenants that refer to it. */
export function withTenants<Entry extends SharedEntry>(entry: Entry, references: readonly Reference[]): Entry {
  const { policy } = entry.resolved;
  const its = references.filter(({ meant: [only, ...others] }) => only === entry && others.length === 0);
  const tenants = its.map(({ tenant, written: { since, database, schema } }): SharedTenant => {
    const { maxAgeHours = policy.maxAgeHours, reminderHours = policy.reminderHours } = tenant;
    return {
      tenant: tenant.id,
      policy: { ...policy, maxAgeHours: Math.min(maxAgeHours, policy.maxAgeHours), reminderHours },
      ...(since !== undefined && { since: new Date(since) }),
      ...(database !== undefined && { database }),
      ...(schema !== undefined && { schema }),
      enrolledBy: 'configuration',
    };
  });
  return { ...entry, resolved: { ...entry.resolved, tenants } };
}

/** References to what is not stated, or to several; a tenant twice in one database; and two tenants in one place there. */
export function shareProblems(
  file: FileConfig,
  shared: readonly SharedEntry[],
  references: readonly Reference[],
): Problem[] {
  // One that cannot be read may be the one that is meant.
  const unknown = file.sharedDatabases.includes(null) ? [] : references.filter(({ meant }) => meant.length === 0);
  const unclear = references.filter(({ meant }) => meant.length > 1);
  const clear = references.filter(({ meant }) => meant.length === 1);
  const twice = repeats(clear, ({ tenant, meant }) => `${pathText(meant[0]?.path ?? [])} ${tenant.id.toLowerCase()}`);
  return [
    ...unknown.map(({ path, written }) => ({ path, message: unknownShare(written, shared) })),
    ...unclear.map(({ path, written, meant }) => {
      const places = meant.map(({ resolved: { kind, account, region } }) => `${kind} in ${account}, ${region}`);
      const message = `${meant.length} shared databases are called ${quoted(written.id)} (${places.join('; ')}): state "kind", "account" or "region" as well`;
      return { path, message };
    }),
    ...twice.map(({ item, first }) => ({
      path: item.path,
      message: `is the same shared database as ${pathText(first.path)}; remove one of the two`,
    })),
    ...shared.flatMap((entry) => clear.filter(({ meant }) => meant[0] === entry).flatMap(overlaps)),
  ];
}

function unknownShare({ id }: ShareConfig, shared: readonly SharedEntry[]): string {
  const ids = [...new Set(shared.map(({ resolved }) => resolved.id))];
  const near = closestMatch(id.toLowerCase(), ids, { maxDistance: 2 });
  const meant = near && near !== id.toLowerCase() ? `; did you mean ${quoted(near)}?` : '';
  const elsewhere = ids.includes(id.toLowerCase()) ? ' of that kind, account and Region' : '';
  return `no shared database ${quoted(id)}${elsewhere} is stated${meant || '; add it to "sharedDatabases" at the top of the file'}`;
}

/** Two tenants of one shared database whose places there would be one, or one within the other: each would see the other's data. */
function overlaps(reference: Reference, at: number, all: readonly Reference[]): Problem[] {
  const { path, written, tenant } = reference;
  const first = all.slice(0, at).find((other) => other.tenant !== tenant && isWithin(other.written, written));
  if (first === undefined) return [];
  const place =
    written.schema === undefined ? `database ${quoted(written.database ?? '')}` : `schema ${quoted(written.schema)}`;
  const message = `${place} holds data of tenant ${quoted(first.tenant.id)} too (${pathText(first.path)}); give each tenant a database or a schema of its own`;
  return [{ path, message }];
}

function isWithin(one: ShareConfig, other: ShareConfig): boolean {
  const namesPlace = ({ database, schema }: ShareConfig) => database !== undefined || schema !== undefined;
  if (!namesPlace(one) || !namesPlace(other) || one.database !== other.database) return false;
  return one.schema === undefined || other.schema === undefined || one.schema === other.schema;
}
