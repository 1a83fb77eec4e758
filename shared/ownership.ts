/**
 * Whose a database is, and by which entry of the configuration: the one answer for recording, evaluating and copying.
 *
 * The configuration finds a database by name; whose it is, is kept on its row by resource id, with since when. A name that
 * passes on to another database takes nothing along: what was recorded stays its tenant's, and is copied to no other.
 */
import { type ConfiguredDatabase, enrolledWithoutTags, type Fleet, fleetEnvironment } from './config/index.ts';
import {
  type Backup,
  type CopyCause,
  type DatabaseRow,
  environmentOf,
  type FormerOwner,
  formatName,
} from './domain/index.ts';

/** Former owners that a row remembers. */
const formerOwnersKept = 20;

export type Ownership = Pick<DatabaseRow, 'tenant' | 'ownedSince' | 'configuredAs' | 'formerOwners' | 'enrolledBy'>;

/** The ownership of a database that is evaluated under an entry of the configuration (absent: under none) at a moment. */
export function ownershipAfter(
  known: DatabaseRow | undefined,
  configured: Pick<ConfiguredDatabase, 'tenant' | 'id' | 'enrolledBy'> | undefined,
  at: Date,
): Ownership {
  const stays = known?.tenant !== undefined && known.tenant === configured?.tenant;
  const left = known === undefined || stays ? [] : currentOwner(known).map((owner) => ({ ...owner, until: at }));
  const formerOwners = [...(known?.formerOwners ?? []), ...left].slice(-formerOwnersKept);
  return {
    ...(configured && {
      tenant: configured.tenant,
      ownedSince: stays ? (known.ownedSince ?? known.enrolledAt) : at,
      configuredAs: configured.id,
      ...(configured.enrolledBy === 'tag' && { enrolledBy: configured.enrolledBy }),
    }),
    ...(formerOwners.length > 0 && { formerOwners }),
  };
}

/** The tenant that a database belonged to at a moment; the first owner has all that is older. */
export function ownerAt(row: DatabaseRow, moment: Date): string | undefined {
  const owners: (Omit<FormerOwner, 'until'> & { readonly until?: Date })[] = [
    ...(row.formerOwners ?? []),
    ...currentOwner(row),
  ];
  const [first] = owners;
  if (first !== undefined && moment < first.since) return first.tenant;
  return owners.find(({ since, until }) => since <= moment && (until === undefined || moment < until))?.tenant;
}

function currentOwner({ tenant, ownedSince, enrolledAt }: DatabaseRow) {
  return tenant === undefined ? [] : [{ tenant, since: ownedSince ?? enrolledAt }];
}

/**
 * The entry of the configuration by which a backup is copied, or why there is none. `row` is that of its database. An entry
 * of another tenant is none: its target is another tenant's place.
 */
export function copiedBy(
  fleet: Fleet,
  backup: Pick<Backup, 'database' | 'databaseId' | 'databaseKind' | 'tenant'>,
  row: Pick<DatabaseRow, 'id' | 'configuredAs'> | undefined,
): { readonly configured: ConfiguredDatabase } | { readonly cause: CopyCause } {
  const { tenant, databaseId, databaseKind: kind } = backup;
  if (tenant === undefined) return { cause: { code: 'not-configured', facts: {} } };
  const environment = environmentOf(backup.database);
  const byName = configuredByName(fleet);
  // By the name that the configuration had for it; by its name of today, where the configuration has followed a renaming.
  const names = [row?.configuredAs, row?.id, databaseId].filter((id) => id !== undefined);
  const entries = names.flatMap((id) => byName.get(formatName({ ...environment, kind, id })) ?? []);
  const own = entries.find((entry) => entry.tenant === tenant);
  if (own) return { configured: own };
  const [other] = entries;
  if (other) return { cause: { code: 'owner-changed', facts: { tenant: other.tenant } } };
  if (!fleet.discovery || !fleetEnvironment(fleet, environment))
    return { cause: { code: 'not-configured', facts: {} } };
  return { configured: enrolledWithoutTags(fleet, { ...environment, kind, id: row?.id ?? databaseId }, tenant) };
}

const indexOf = new WeakMap<readonly ConfiguredDatabase[], ReadonlyMap<string, ConfiguredDatabase>>();

/** The listed databases by their formatted names. */
export function configuredByName({ databases }: Pick<Fleet, 'databases'>): ReadonlyMap<string, ConfiguredDatabase> {
  const known = indexOf.get(databases);
  if (known) return known;
  const byName = new Map(databases.map((database) => [formatName(database), database]));
  indexOf.set(databases, byName);
  return byName;
}
