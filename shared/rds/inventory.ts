/** What RDS shows at one moment, gathered from listings: of everything (a sweep) or of some databases (the watch). */

import pMap from 'p-map';
import {
  type BackupId,
  backupIdOf,
  type ClusterMember,
  type DatabaseKey,
  type DatabaseKind,
  type DatabaseName,
  type DatabaseRow,
  environmentOf,
  formatEnvironment,
  formatName,
  nameOf,
  parseDatabaseKey,
  type RdsDatabase,
  reliesOnSource,
  type Snapshot,
  sameBackup,
  sourceNames,
} from '../domain/index.ts';
import { errorText } from '../lib/errors.ts';
import type { OddRow, RdsReader } from './rds-reader.ts';

/** The four listings that a inventory is made of. */
export type Listing = 'instances' | 'clusters' | 'instanceSnapshots' | 'clusterSnapshots';

export class RdsInventory {
  /** Whether this is a complete listing. Absence proves deletion only in a complete listing. */
  readonly whole: boolean;
  /** The whole inventory that a sweep made before this recheck of some databases. */
  readonly listed?: RdsInventory;

  readonly #databases = new Map<DatabaseKey, RdsDatabase>();
  readonly #byName = new Map<string, RdsDatabase>();
  readonly #members = new Map<string, DatabaseName>();
  readonly #snapshots = new Map<DatabaseKey, Map<string, Snapshot>>();
  /** Listings that were not read to their end, with the reason. Half a listing proves nothing about what it lacks. */
  readonly unread = new Map<Listing, string>();
  /** Rows that proved nothing: of these databases nobody knows what RDS has. */
  readonly #odd: OddRow[] = [];
  readonly #foreign = new Map<string, string>();
  /** Whether one was not because it took too long. */
  ranOut = false;

  constructor({ whole, listed }: { readonly whole: boolean; readonly listed?: RdsInventory }) {
    this.whole = whole;
    if (listed !== undefined) this.listed = listed;
  }

  get databases(): Iterable<RdsDatabase> {
    return this.#databases.values();
  }

  database(key: DatabaseKey): RdsDatabase | undefined {
    return this.#databases.get(key);
  }

  databaseNamed(name: DatabaseName): RdsDatabase | undefined {
    return this.#byName.get(formatName(name));
  }

  /** The cluster of which an instance is a member. */
  clusterOf(instance: DatabaseName): DatabaseName | undefined {
    return this.#members.get(formatName(instance));
  }

  /** A database's snapshots of any status, in no order. */
  snapshots(key: DatabaseKey): readonly Snapshot[] {
    return [...(this.#snapshots.get(key)?.values() ?? [])];
  }

  /** The snapshots of databases that are not shown themselves, by database. */
  get leftBehind(): readonly (readonly Snapshot[])[] {
    return [...this.#snapshots].flatMap(([key, snapshots]) =>
      this.#databases.has(key) ? [] : [[...snapshots.values()]],
    );
  }

  /** Whether a backup's snapshot is shown, in whatever status. */
  shows(backup: BackupId): boolean {
    return this.snapshots(backup.database).some(
      ({ createdAt, ...snapshot }) => createdAt && sameBackup(backupIdOf({ ...snapshot, createdAt }), backup),
    );
  }

  /** What was not read, as sentences: listings that ended early, and odd rows. */
  get problems(): string[] {
    const unread = [...this.unread].map(([listing, why]) => `${listing} could not be listed to the end: ${why}`);
    return [...unread, ...this.#odd.map(({ message }) => message)];
  }

  /**
   * Why it proves nothing that databases of this kind are missing, or that this one of them is; absent if the listing was
   * read to its end, and had no odd row that could be of it.
   */
  databasesUnread(kind: DatabaseKind, id?: string): string | undefined {
    return this.unread.get(kind === 'instance' ? 'instances' : 'clusters') ?? this.#oddRowOf(kind, id);
  }

  /** The same of snapshots of databases of a kind, or of one under each of the names that it has. */
  snapshotsUnread(kind: DatabaseKind, ...ids: readonly string[]): string | undefined {
    const listing = this.unread.get(kind === 'instance' ? 'instanceSnapshots' : 'clusterSnapshots');
    return listing ?? ids.map((id) => this.#oddRowOf(kind, id)).find((why) => why !== undefined);
  }

  /** Why a row could be of a database; without an `id`, whether one could be of any. */
  #oddRowOf(kind: DatabaseKind, id: string | undefined): string | undefined {
    return this.#odd.find((row) => row.kind === kind && (row.id === undefined || row.id === id))?.message;
  }

  /** The engine of another service's database of that kind and name. */
  foreignEngine({ kind, id }: Pick<DatabaseName, 'kind' | 'id'>): string | undefined {
    return this.#foreign.get(`${kind} ${id}`);
  }

  /** What the reader's answers had besides: odd rows, and databases of other services. */
  addRest(reader: RdsReader): void {
    this.#odd.push(...reader.takeOdd());
    for (const { kind, id, engine } of reader.takeForeign()) this.#foreign.set(`${kind} ${id}`, engine);
  }

  addDatabases(databases: readonly RdsDatabase[]): void {
    for (const database of databases) {
      this.#databases.set(database.key, database);
      this.#byName.set(formatName(nameOf(database)), database);
    }
  }

  addMembers(members: readonly ClusterMember[]): void {
    for (const { account, region, id, clusterId } of members) {
      const cluster = { account, region, kind: 'cluster', id: clusterId } as const;
      this.#members.set(formatName({ account, region, kind: 'instance', id }), cluster);
    }
  }

  addSnapshots(snapshots: readonly Snapshot[]): void {
    for (const snapshot of snapshots) {
      const ofDatabase = this.#snapshots.get(snapshot.database) ?? new Map<string, Snapshot>();
      ofDatabase.set(snapshot.arn, snapshot);
      this.#snapshots.set(snapshot.database, ofDatabase);
    }
  }
}

/**
 * Lists all databases and snapshots, the kinds side by side, page by page: a page names the next one, so one listing cannot
 * be read faster. A listing that fails leaves what it read, and its reason in `unread`; one that runs out of time does too.
 *
 * In whatever order they are read, a fleet changes meanwhile: a snapshot may show up without its database, or a database
 * without its newest snapshot. So no alert opens before the database is rechecked, and what the ledger recorded since the
 * listings began is not taken for gone.
 */
export async function wholeInventory(reader: RdsReader, timeIsUp: () => boolean): Promise<RdsInventory> {
  const inventory = new RdsInventory({ whole: true });
  const read = listingInto(inventory, timeIsUp);
  const takeSnapshots = (page: readonly Snapshot[]) => inventory.addSnapshots(page);
  await Promise.all([
    ...databasesInto(inventory, reader, read),
    read('instanceSnapshots', reader.instanceSnapshots(), takeSnapshots),
    read('instanceSnapshots', reader.instanceSnapshots('awsbackup'), takeSnapshots),
    read('clusterSnapshots', reader.clusterSnapshots(), takeSnapshots),
  ]);
  inventory.addRest(reader);
  return inventory;
}

/** Lists all databases without their snapshots: names and tags, for rechecks of some of them at a time. */
export async function databaseInventory(reader: RdsReader, timeIsUp: () => boolean): Promise<RdsInventory> {
  const inventory = new RdsInventory({ whole: false });
  await Promise.all(databasesInto(inventory, reader, listingInto(inventory, timeIsUp)));
  inventory.addRest(reader);
  return inventory;
}

type ReadListing = <T>(listing: Listing, pages: AsyncIterable<T>, take: (page: T) => void) => Promise<void>;

function listingInto(inventory: RdsInventory, timeIsUp: () => boolean): ReadListing {
  return async (listing, pages, take) => {
    try {
      for await (const page of pages) {
        take(page);
        if (timeIsUp()) {
          inventory.ranOut = true;
          inventory.unread.set(listing, 'it took too long');
          return;
        }
      }
    } catch (error) {
      inventory.unread.set(listing, errorText(error));
    }
  };
}

function databasesInto(inventory: RdsInventory, reader: RdsReader, read: ReadListing): Promise<void>[] {
  return [
    read('instances', reader.instances(), (page) => {
      inventory.addDatabases(page.databases);
      inventory.addMembers(page.members);
    }),
    read('clusters', reader.clusters(), (page) => inventory.addDatabases(page)),
  ];
}

/** A name under which a database is to be looked up, its key, and its newest backup where the ledger knows one. */
export type WantedDatabase = Pick<DatabaseRow, 'id' | 'kind' | 'key' | 'newestBackup'>;

/**
 * Reads some databases and their snapshots, in bulk: the whole inventory of them, and of nothing else. `liveBackups` are those
 * of a database that the ledger knows.
 */
export async function inventoryOf(
  reader: RdsReader,
  wanted: readonly WantedDatabase[],
  liveBackups: (key: DatabaseKey) => Promise<readonly Pick<BackupId, 'snapshotId'>[]>,
  listed?: RdsInventory,
): Promise<RdsInventory> {
  const inventory = new RdsInventory({ whole: false, ...(listed && { listed }) });
  const read = async (listings: readonly Listing[], list: () => Promise<void>) => {
    try {
      await list();
    } catch (error) {
      for (const listing of listings) inventory.unread.set(listing, errorText(error));
    }
  };
  const memberClusters: string[] = [];
  const of = (kind: DatabaseKind) => {
    const rows = wanted.filter((row) => row.kind === kind);
    return {
      ids: rows.map((row) => row.id),
      resourceIds: rows.flatMap((row) => resourceIdOf(row.key) ?? []),
    };
  };
  await read(['instances', 'instanceSnapshots'], async () => {
    const { ids, resourceIds } = of('instance');
    // By name as well as by resource id: a restored database has the old name and another resource id.
    const found = await reader.instancesNamed({ ids, resourceIds });
    inventory.addDatabases(found.databases);
    inventory.addMembers(found.members);
    memberClusters.push(...found.members.map((member) => member.clusterId));
    const present = found.databases.flatMap((row) => resourceIdOf(row.key) ?? []);
    inventory.addSnapshots(await reader.snapshotsOfInstances([...resourceIds, ...present]));
  });
  await read(['clusters', 'clusterSnapshots'], async () => {
    const { ids, resourceIds } = of('cluster');
    const found = await reader.clustersNamed({ ids: [...ids, ...memberClusters], resourceIds });
    inventory.addDatabases(found);
    inventory.addSnapshots(await reader.snapshotsOfClusters([...ids, ...found.map((row) => row.id)]));
    // A cluster that was renamed may have its backups from before, under a name that nobody asked for.
    const unseen = wanted.flatMap(({ kind, key, newestBackup }) =>
      kind === 'cluster' && newestBackup && !inventory.shows(backupIdOf({ database: key, ...newestBackup }))
        ? [key]
        : [],
    );
    const live = await pMap(unseen, liveBackups, { concurrency: 10 });
    inventory.addSnapshots(await reader.clusterSnapshotsNamed(live.flat().map(({ snapshotId }) => snapshotId)));
  });
  await read(['instances', 'clusters'], () => addSources(inventory, reader));
  inventory.addRest(reader);
  return inventory;
}

/** Sources of replicas are looked up so many times: a source may be a replica itself (PostgreSQL's chains end after three). */
const longestChain = 3;

/** Adds the sources of replicas that rely on them, without their snapshots. */
async function addSources(inventory: RdsInventory, reader: RdsReader): Promise<void> {
  for (let length = 0; length < longestChain; length += 1) {
    const names = [...inventory.databases]
      .filter(reliesOnSource)
      .map((replica) => ({ replica: environmentOf(replica.key), names: sourceNames(replica) }))
      .filter(({ names }) => names.every((name) => inventory.databaseNamed(name) === undefined))
      .flatMap(({ replica, names }) => names.filter((name) => formatEnvironment(name) === formatEnvironment(replica)));
    const of = (kind: DatabaseKind) => names.filter((name) => name.kind === kind).map(({ id }) => id);
    if (names.length === 0) return;
    const found = await reader.instancesNamed({ ids: of('instance') });
    inventory.addDatabases(found.databases);
    inventory.addMembers(found.members);
    const clusters = [...of('cluster'), ...found.members.map(({ clusterId }) => clusterId)];
    inventory.addDatabases(await reader.clustersNamed({ ids: clusters }));
  }
}

/** The resource id in a key, unless the key is a placeholder. */
function resourceIdOf(key: DatabaseKey): string | undefined {
  return parseDatabaseKey(key).resourceId;
}
