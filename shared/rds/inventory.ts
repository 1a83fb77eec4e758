/** What RDS shows at one moment, gathered from listings: of everything (a sweep) or of some databases (the watch). */

import { groupBy } from 'es-toolkit/array';
import pMap from 'p-map';
import {
  type BackupId,
  type ByEnvironment,
  backupIdOf,
  type ClusterMember,
  type DatabaseKey,
  type DatabaseKind,
  type DatabaseName,
  type DatabaseRow,
  type Environment,
  environmentOf,
  environmentsAtOnce,
  environmentText,
  formatEnvironment,
  formatName,
  type NamedEnvironment,
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

/** The four listings that an inventory of an environment is made of. */
const listings = ['instances', 'clusters', 'instanceSnapshots', 'clusterSnapshots'] as const;
export type Listing = (typeof listings)[number];

/** Why something that RDS does not show may be there all the same. */
export interface Unread {
  readonly why: string;
  /** Set where that is so of all databases of one environment among several. */
  readonly environment?: Environment;
}

/** Reads RDS, in each environment by a reader of its own. */
export type RdsReaders = ByEnvironment<RdsReader>;

export class RdsInventory {
  /** Whether this is a complete listing. Absence proves deletion only in a complete listing. */
  readonly whole: boolean;
  /** The whole inventory that a sweep made before this recheck of some databases. */
  readonly listed?: RdsInventory;

  readonly #databases = new Map<DatabaseKey, RdsDatabase>();
  readonly #byName = new Map<string, RdsDatabase>();
  readonly #members = new Map<string, DatabaseName>();
  readonly #snapshots = new Map<DatabaseKey, Map<string, Snapshot>>();
  /**
   * By environment, the listings that were not read to their end, with the reason. Half a listing proves nothing about what it
   * lacks.
   */
  readonly #unread = new Map<string, Map<Listing, string>>();
  /** By environment, rows that proved nothing: of these databases nobody knows what RDS has. */
  readonly #odd = new Map<string, OddRow[]>();
  readonly #foreign = new Map<string, string>();
  /** The environments of the fleet, of which this may show some. */
  readonly #environments: readonly NamedEnvironment[];
  readonly #names: ReadonlySet<string>;
  /** Whether one was not because it took too long. */
  ranOut = false;

  constructor({
    whole,
    environments,
    listed,
  }: {
    readonly whole: boolean;
    readonly environments: readonly NamedEnvironment[];
    readonly listed?: RdsInventory;
  }) {
    this.whole = whole;
    this.#environments = environments;
    this.#names = new Set(environments.map(formatEnvironment));
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
    return this.#environments.flatMap((environment) => {
      const problems = this.problemsIn(environment);
      return this.#isOfMany ? problems.map((problem) => `${environmentText(environment)}: ${problem}`) : problems;
    });
  }

  /** The same of one environment. */
  problemsIn(environment: Environment): string[] {
    const name = formatEnvironment(environment);
    const unread = [...(this.#unread.get(name) ?? [])];
    const [first] = unread;
    const odd = (this.#odd.get(name) ?? []).map(({ message }) => message);
    // A role that is refused, or a Region that is off, is one failure.
    if (first && unread.length === listings.length && unread.every(([, why]) => why === first[1])) {
      return [`nothing could be listed to the end: ${first[1]}`, ...odd];
    }
    return [...unread.map(([listing, why]) => `${listing} could not be listed to the end: ${why}`), ...odd];
  }

  /** Why listings of an environment were not read to their end; absent if they were. */
  unreadIn(environment: Environment): string | undefined {
    return this.#unread.get(formatEnvironment(environment))?.values().next().value;
  }

  /** A listing of an environment was not read to its end. */
  addUnread(environment: Environment, listing: Listing, why: string): void {
    const name = formatEnvironment(environment);
    const known = this.#unread.get(name) ?? new Map<Listing, string>();
    known.set(listing, why);
    this.#unread.set(name, known);
  }

  /**
   * Why it proves nothing that a database is missing; absent if the listing of its kind was read to its end, and had no odd row that
   * could be of it.
   */
  databasesUnread(name: DatabaseName): Unread | undefined {
    return this.#unreadOf(name, name.kind === 'instance' ? 'instances' : 'clusters', [name.id]);
  }

  /** The same of snapshots of a database, under each of the names that it has. */
  snapshotsUnread(environment: Environment, kind: DatabaseKind, ...ids: readonly string[]): Unread | undefined {
    return this.#unreadOf(
      { ...environment, kind },
      kind === 'instance' ? 'instanceSnapshots' : 'clusterSnapshots',
      ids,
    );
  }

  #unreadOf(
    { account, region, kind }: Environment & { readonly kind: DatabaseKind },
    listing: Listing,
    ids: readonly string[],
  ): Unread | undefined {
    const environment = { account, region };
    if (!this.isRead(environment)) return { why: 'its account and Region are not configured' };
    const name = formatEnvironment(environment);
    const why = this.#unread.get(name)?.get(listing);
    if (why !== undefined) return { why, ...(this.#isOfMany && { environment }) };
    const odd = this.#odd.get(name)?.find((row) => row.kind === kind && (row.id === undefined || ids.includes(row.id)));
    return odd && { why: odd.message };
  }

  /** Whether all databases of all environments are listed, and no row was odd. */
  get listsAllDatabases(): boolean {
    return this.#environments.every((environment) => {
      const unread = this.#unread.get(formatEnvironment(environment));
      const odd = this.#odd.get(formatEnvironment(environment)) ?? [];
      return !unread?.has('instances') && !unread?.has('clusters') && odd.length === 0;
    });
  }

  /** Whether RDS is read in an environment: it is one of the fleet's. */
  isRead(environment: Environment): boolean {
    return this.#names.has(formatEnvironment(environment));
  }

  get #isOfMany(): boolean {
    return this.#environments.length > 1;
  }

  /** The engine of another service's database of that name. */
  foreignEngine(name: DatabaseName): string | undefined {
    return this.#foreign.get(formatName(name));
  }

  /** What the reader's answers had besides: odd rows, and databases of other services. */
  addRest(environment: Environment, reader: RdsReader): void {
    const name = formatEnvironment(environment);
    const odd = reader.takeOdd();
    if (odd.length > 0) this.#odd.set(name, [...(this.#odd.get(name) ?? []), ...odd]);
    for (const { kind, id, engine } of reader.takeForeign()) {
      this.#foreign.set(formatName({ ...environment, kind, id }), engine);
    }
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
 * Lists all databases and snapshots of all environments, the kinds side by side, page by page: a page names the next one, so one
 * listing cannot be read faster. A listing that fails leaves what it read, and its reason; one that runs out of time does too.
 *
 * In whatever order they are read, a fleet changes meanwhile: a snapshot may show up without its database, or a database
 * without its newest snapshot. So no alert opens before the database is rechecked, and what the ledger recorded since the
 * listings began is not taken for gone.
 */
export async function wholeInventory(
  readers: RdsReaders,
  environments: readonly NamedEnvironment[],
  timeIsUp: () => boolean,
): Promise<RdsInventory> {
  const inventory = new RdsInventory({ whole: true, environments });
  const takeSnapshots = (page: readonly Snapshot[]) => inventory.addSnapshots(page);
  const list = async (environment: Environment) => {
    const reader = readers.in(environment);
    const read = listingInto(inventory, environment, timeIsUp);
    await Promise.all([
      ...databasesInto(inventory, reader, read),
      read('instanceSnapshots', reader.instanceSnapshots(), takeSnapshots),
      read('instanceSnapshots', reader.instanceSnapshots('awsbackup'), takeSnapshots),
      read('clusterSnapshots', reader.clusterSnapshots(), takeSnapshots),
    ]);
    inventory.addRest(environment, reader);
  };
  await pMap(environments, list, { concurrency: environmentsAtOnce });
  return inventory;
}

/** Lists all databases without their snapshots: names and tags, for rechecks of some of them at a time. */
export async function databaseInventory(
  readers: RdsReaders,
  environments: readonly NamedEnvironment[],
  timeIsUp: () => boolean,
): Promise<RdsInventory> {
  const inventory = new RdsInventory({ whole: false, environments });
  const list = async (environment: Environment) => {
    const reader = readers.in(environment);
    await Promise.all(databasesInto(inventory, reader, listingInto(inventory, environment, timeIsUp)));
    inventory.addRest(environment, reader);
  };
  await pMap(environments, list, { concurrency: environmentsAtOnce });
  return inventory;
}

type ReadListing = <T>(listing: Listing, pages: AsyncIterable<T>, take: (page: T) => void) => Promise<void>;

function listingInto(inventory: RdsInventory, environment: Environment, timeIsUp: () => boolean): ReadListing {
  return async (listing, pages, take) => {
    try {
      for await (const page of pages) {
        take(page);
        if (timeIsUp()) {
          inventory.ranOut = true;
          inventory.addUnread(environment, listing, 'it took too long');
          return;
        }
      }
    } catch (error) {
      inventory.addUnread(environment, listing, errorText(error));
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
  readers: RdsReaders,
  environments: readonly NamedEnvironment[],
  wanted: readonly WantedDatabase[],
  liveBackups: LiveBackups,
  listed?: RdsInventory,
): Promise<RdsInventory> {
  const inventory = new RdsInventory({ whole: false, environments, ...(listed && { listed }) });
  const byEnvironment = groupBy(wanted, ({ key }) => formatEnvironment(environmentOf(key)));
  const readThere = environments.flatMap((environment) => {
    const its = byEnvironment[formatEnvironment(environment)];
    return its ? [{ environment, its }] : [];
  });
  await pMap(
    readThere,
    ({ environment, its }) => readInto(inventory, environment, readers.in(environment), its, liveBackups),
    { concurrency: environmentsAtOnce },
  );
  await addSources(inventory, readers, environments);
  return inventory;
}

type LiveBackups = (key: DatabaseKey) => Promise<readonly Pick<BackupId, 'snapshotId'>[]>;

async function readInto(
  inventory: RdsInventory,
  environment: Environment,
  reader: RdsReader,
  wanted: readonly WantedDatabase[],
  liveBackups: LiveBackups,
): Promise<void> {
  const read = async (listings: readonly Listing[], list: () => Promise<void>) => {
    try {
      await list();
    } catch (error) {
      for (const listing of listings) inventory.addUnread(environment, listing, errorText(error));
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
  inventory.addRest(environment, reader);
}

/** Sources of replicas are looked up so many times: a source may be a replica itself (PostgreSQL's chains end after three). */
const longestChain = 3;

/** Adds the sources of replicas that rely on them, in whatever environment of the fleet, without their snapshots. */
async function addSources(
  inventory: RdsInventory,
  readers: RdsReaders,
  environments: readonly NamedEnvironment[],
): Promise<void> {
  for (let length = 0; length < longestChain; length += 1) {
    const sources = [...inventory.databases]
      .filter(reliesOnSource)
      .map(sourceNames)
      .filter((names) => names.every((name) => inventory.databaseNamed(name) === undefined));
    const byEnvironment = groupBy(sources.flat(), formatEnvironment);
    const wanted = environments.flatMap((environment) => {
      const names = byEnvironment[formatEnvironment(environment)];
      return names && inventory.unreadIn(environment) === undefined ? [{ environment, names }] : [];
    });
    if (wanted.length === 0) return;
    await pMap(wanted, ({ environment, names }) => addNamed(inventory, environment, readers.in(environment), names), {
      concurrency: environmentsAtOnce,
    });
  }
}

async function addNamed(
  inventory: RdsInventory,
  environment: Environment,
  reader: RdsReader,
  names: readonly DatabaseName[],
): Promise<void> {
  const of = (kind: DatabaseKind) => names.filter((name) => name.kind === kind).map(({ id }) => id);
  try {
    const found = await reader.instancesNamed({ ids: of('instance') });
    inventory.addDatabases(found.databases);
    inventory.addMembers(found.members);
    const clusters = [...of('cluster'), ...found.members.map(({ clusterId }) => clusterId)];
    inventory.addDatabases(await reader.clustersNamed({ ids: clusters }));
  } catch (error) {
    for (const listing of ['instances', 'clusters'] as const)
      inventory.addUnread(environment, listing, errorText(error));
  }
  inventory.addRest(environment, reader);
}

/** The resource id in a key, unless the key is a placeholder. */
function resourceIdOf(key: DatabaseKey): string | undefined {
  return parseDatabaseKey(key).resourceId;
}
