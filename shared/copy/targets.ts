import { noSharedBucket } from '../config/enrol.ts';
import type { ConfiguredDatabase, CopyPolicy, CopyTarget, Fleet } from '../config/fleet.ts';
import { databasePrefix } from '../config/names.ts';
import type { Backup } from '../model.ts';

/** Where a backup's copy goes, by the configuration as it is now. How it is made stands in the backup's own row. */
export type Destination =
  | {
      readonly target: CopyTarget;
      readonly schedule: CopyPolicy['schedule'];
      /** Where its native dump lies, should the copy be of mode `object`. */
      readonly staging?: NonNullable<CopyPolicy['staging']>;
    }
  /** Why there is none. */
  | { readonly nowhere: string };

/** Looks up the destination of a backup's copy. */
export type Destinations = (backup: Pick<Backup, 'databaseKind' | 'databaseId' | 'tenant'>) => Destination;

/** Databases of the configuration by name; those that enrolled themselves by tag go to the shared bucket. */
export function destinationsOf(fleet: Fleet): Destinations {
  const byName = new Map<string, ConfiguredDatabase>();
  for (const database of fleet.databases) byName.set(`${database.kind}/${database.id}`, database);
  return ({ databaseKind, databaseId, tenant }) => {
    const configured = byName.get(`${databaseKind}/${databaseId.toLowerCase()}`);
    if (configured) return to(configured.target, configured.copy);
    if (!fleet.discovery || tenant === undefined) {
      return { nowhere: 'its database is no longer configured; nothing says where to copy it' };
    }
    if (!fleet.sharedTarget) return { nowhere: noSharedBucket };
    const { bucket, owner, prefix: base } = fleet.sharedTarget;
    const prefix = databasePrefix(base, tenant, { kind: databaseKind, id: databaseId });
    return to({ bucket, owner, prefix }, fleet.defaults.copy);
  };
}

function to(target: CopyTarget, { schedule, staging }: CopyPolicy): Destination {
  return { target, schedule, ...(staging && { staging }) };
}
