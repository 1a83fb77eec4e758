import type { ConfiguredDatabase, CopyPolicy, CopyTarget, Fleet } from '../config/fleet.ts';
import { databasePrefix } from '../config/names.ts';
import type { Backup } from '../model.ts';

/** Where a backup's copy goes and how, by the configuration as it is now. */
export interface Destination {
  readonly target: CopyTarget;
  readonly copy: CopyPolicy;
}

/** Looks up the destination of a backup's copy; undefined once its database has left the configuration. */
export type Destinations = (backup: Pick<Backup, 'databaseKind' | 'databaseId' | 'tenant'>) => Destination | undefined;

/** Databases of the configuration by name; those that enrolled themselves by tag go to the shared bucket. */
export function destinationsOf(fleet: Fleet): Destinations {
  const byName = new Map<string, ConfiguredDatabase>();
  for (const database of fleet.databases) byName.set(`${database.kind}/${database.id}`, database);
  return ({ databaseKind, databaseId, tenant }) => {
    const configured = byName.get(`${databaseKind}/${databaseId.toLowerCase()}`);
    if (configured) return configured;
    if (!fleet.discovery || !fleet.sharedTarget || tenant === undefined) return undefined;
    const { bucket, owner, prefix: base } = fleet.sharedTarget;
    const prefix = databasePrefix(base, tenant, { kind: databaseKind, id: databaseId });
    return { target: { bucket, owner, prefix }, copy: fleet.defaults.copy };
  };
}
