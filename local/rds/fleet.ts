import type { EventNumber } from './events.ts';
import { invalidParameterCombination } from './faults.ts';
import {
  awsBackupType,
  type Database,
  type DatabaseKind,
  type Deployment,
  isAurora,
  type Snapshot,
  sourceOf,
} from './model.ts';
import type { ExportTable } from './parquet.ts';
import { between, resourceId, uuid } from './randomness.ts';
import { Shelf } from './shelf.ts';
import { acceptedTags } from './tags.ts';
import { nextWindow, parseWindow } from './windows.ts';
import { World, type WorldOptions } from './world.ts';

export interface FleetOptions extends WorldOptions {
  /** Shortest and longest duration of an automated backup. */
  backupMinutes?: readonly [number, number];
}

export interface DatabaseSpec {
  id: string;
  engine?: string;
  engineVersion?: string;
  /** Days; 0 switches automated backups off. */
  retention?: number;
  /** `hh:mm-hh:mm` in UTC. */
  window?: string;
  status?: string;
  storageType?: string;
  allocatedGb?: number;
  dataGb?: number;
  created?: Date;
  tags?: Readonly<Record<string, string>>;
  replicaOf?: string;
  /** How long its automated backups take. */
  backupMinutes?: number;
  recoveryPoint?: string;
  encrypted?: boolean;
  kmsKeyId?: string;
  databaseName?: string;
  tables?: readonly ExportTable[];
  /** Makes it one of Oracle's multi-tenant configuration. */
  tenantDatabases?: readonly string[];
}

export interface BackupSpec {
  kind?: 'manual' | 'automated' | 'awsbackup';
  id?: string;
  /** Now, or a moment before (history) or after it. */
  at?: Date;
  durationMinutes?: number;
  createTimeWhileCreating?: boolean;
  /** A snapshot does not take over its database's tags unless that was asked for. */
  tags?: Readonly<Record<string, string>>;
  /** AWS Backup announces some of its snapshots as the copy of a recent one. */
  announcedAs?: 'created' | 'copied';
  /** Whether events are sent; without it, those of the past are not. */
  announce?: boolean;
}

/** What RDS announces of an instance that gets a status. */
const statusEvents: Readonly<Record<string, readonly EventNumber[]>> = {
  'storage-full': ['0007', '0221'],
  failed: ['0031'],
  'incompatible-parameters': ['0035'],
  'incompatible-network': ['0036'],
  'inaccessible-encryption-credentials-recoverable': ['0418', '0419'],
};

const day = 24 * 60 * 60 * 1000;
const minute = 60 * 1000;

/** The databases and snapshots of one account and Region, and what happens to them by themselves as time passes. */
export class Fleet extends World {
  protected readonly shelves = {
    instances: new Shelf<Database>(),
    clusters: new Shelf<Database>(),
    instanceSnapshots: new Shelf<Snapshot>(),
    clusterSnapshots: new Shelf<Snapshot>(),
    deployments: new Shelf<Deployment>(),
  };
  readonly #databasesByArn = new Map<string, Database>();
  readonly #snapshotsByArn = new Map<string, Snapshot>();
  readonly #snapshotsOf = new Map<string, Set<Snapshot>>();
  readonly #nightPlans = new Map<Database, number>();
  readonly #backupMinutes: readonly [number, number];

  constructor(options: FleetOptions) {
    super(options);
    this.#backupMinutes = options.backupMinutes ?? [5, 25];
  }

  createInstance(spec: DatabaseSpec): Database {
    return this.#create('instance', spec, undefined);
  }

  /** Members are their number, or their names. */
  createCluster(spec: DatabaseSpec & { members?: number | readonly string[] }): Database {
    const { members = 1, ...rest } = spec;
    const cluster = this.#create('cluster', { engine: 'aurora-postgresql', ...rest }, undefined);
    const names = typeof members === 'number' ? numbered(cluster.id, members) : members;
    for (const id of names) this.#create('instance', { ...memberSpec(cluster), id }, cluster);
    return cluster;
  }

  databases(): Database[] {
    return [...this.shelves.instances.rows(), ...this.shelves.clusters.rows()];
  }

  find(database: string | Database): Database {
    if (typeof database !== 'string') return database;
    const arns = [this.#databaseArn('instance', database), this.#databaseArn('cluster', database)];
    const [only, another] = arns.flatMap((arn) => this.#databasesByArn.get(arn) ?? []);
    if (only === undefined) throw new Error(`there is no database ${database}`);
    if (another !== undefined)
      throw new Error(`an instance and a cluster are named ${database}: pass the object itself`);
    return only;
  }

  snapshots(database?: string | Database): Snapshot[] {
    if (database !== undefined) return [...(this.#snapshotsOf.get(this.find(database).resourceId) ?? [])];
    return [...this.shelves.instanceSnapshots.rows(), ...this.shelves.clusterSnapshots.rows()];
  }

  snapshot(snapshot: string | Snapshot): Snapshot {
    if (typeof snapshot !== 'string') return snapshot;
    const arns = [this.#snapshotArn('instance', snapshot), this.#snapshotArn('cluster', snapshot)];
    const found = arns.map((arn) => this.#snapshotsByArn.get(arn)).find((row) => row !== undefined);
    if (found === undefined) throw new Error(`there is no snapshot ${snapshot}`);
    return found;
  }

  snapshotByArn(arn: string): Snapshot | undefined {
    return this.#snapshotsByArn.get(arn);
  }

  rename(database: string | Database, newId: string): void {
    const row = this.find(database);
    const oldId = row.id;
    this.#refuseTakenName(row.kind, newId);
    this.#databasesByArn.delete(row.arn);
    row.id = newId.toLowerCase();
    row.arn = this.#databaseArn(row.kind, row.id);
    this.#databasesByArn.set(row.arn, row);
    if (row.kind === 'cluster') this.emit('0172', row, { named: `${oldId} to ${row.id}` });
  }

  /** Automated backups go with the database unless they are kept; manual ones and AWS Backup's stay. */
  delete(database: string | Database, options: { keepAutomated?: boolean; finalSnapshot?: string } = {}): void {
    const row = this.find(database);
    if (options.finalSnapshot !== undefined) this.takeBackup(row, { id: options.finalSnapshot, durationMinutes: 0 });
    for (const member of this.shelves.instances.rows()) if (member.memberOf === row) this.#remove(member, '0003');
    this.#remove(row, row.kind === 'instance' ? '0003' : '0171');
    for (const snapshot of this.snapshots(row).filter(({ type }) => type === 'automated')) {
      if (!options.keepAutomated || snapshot.status !== 'available') this.expire(snapshot);
      else this.plan(new Date(snapshot.startedAt.getTime() + row.retention * day), () => this.expire(snapshot));
    }
  }

  /** RDS starts it again after seven days, since nobody shall miss its maintenance. */
  stop(database: string | Database): void {
    const row = this.find(database);
    row.status = 'stopped';
    const restartsAt = new Date(this.now.getTime() + 7 * day);
    row.restartsAt = restartsAt;
    if (row.latestRestorable === 'fresh') row.latestRestorable = this.now;
    this.#members(row).forEach((member) => {
      member.status = 'stopped';
    });
    this.emit(row.kind === 'instance' ? '0087' : '0150', row);
    this.plan(restartsAt, () => {
      if (row.deleted || row.restartsAt !== restartsAt) return;
      this.#run(row);
      this.emit(row.kind === 'instance' ? '0154' : '0153', row);
    });
  }

  start(database: string | Database): void {
    const row = this.find(database);
    this.#run(row);
    this.emit(row.kind === 'instance' ? '0088' : '0151', row);
  }

  /** Of some statuses events tell: of a cluster those of its members. */
  setStatus(database: string | Database, status: string): void {
    const row = this.find(database);
    const keyIsBack = row.status.startsWith('inaccessible-encryption-credentials') && status === 'available';
    row.status = status;
    const instances = row.kind === 'instance' ? [row] : this.#members(row);
    const numbers = keyIsBack ? (['0420'] as const) : (statusEvents[status] ?? []);
    for (const number of numbers) for (const one of instances) this.emit(number, one);
  }

  /**
   * The switchover of a blue/green deployment: the green database takes the blue one's name, and that gets another. RDS announces
   * it by events about the deployment alone.
   */
  switchOver(blue: string | Database, green: string | Database): Deployment {
    const [old, next] = [this.find(blue), this.find(green)];
    const name = old.id;
    const id = `bgd-${uuid(this.random).replaceAll('-', '').slice(0, 16)}`;
    const deployment: Deployment = { id, arn: this.arn(`deployment:${id}`), blue: old, green: next };
    this.shelves.deployments.add(deployment, id);
    const from = `${name} to ${next.id}`;
    this.rename(old, `${name}-old1`);
    this.rename(next, name);
    this.emit('0251', deployment, { named: from });
    this.emit('0248', deployment);
    return deployment;
  }

  /** Retention 0 switches automated backups off, and RDS deletes those that there are. Aurora refuses it. */
  setRetention(database: string | Database, days: number): void {
    const row = this.find(database);
    if (row.kind === 'cluster' && days === 0) {
      throw invalidParameterCombination(`Backup retention of DB cluster ${row.id} must be 1 to 35 days, got 0`);
    }
    const before = row.retention;
    row.retention = days;
    row.pendingRetention = undefined;
    if (days === 0) {
      for (const snapshot of this.snapshots(row)) if (snapshot.type === 'automated') this.expire(snapshot);
    }
    if (before > 0 !== days > 0) this.emit(days === 0 ? '0028' : '0032', row);
  }

  /** A change of the retention that waits for the maintenance window at a moment; one that is made before takes its place. */
  planRetention(database: string | Database, days: number, at: Date): void {
    const row = this.find(database);
    row.pendingRetention = days;
    this.plan(at, () => {
      if (!row.deleted && row.pendingRetention === days) this.setRetention(row, days);
    });
  }

  setWindow(database: string | Database, window: string): void {
    const row = this.find(database);
    parseWindow(window);
    row.window = window;
    this.#planNight(row, this.now);
  }

  /** What exports of snapshots from now on write. */
  setTables(database: string | Database, tables: readonly ExportTable[]): void {
    this.find(database).tables = tables;
  }

  /** An RdsFault for tags that RDS refuses. */
  setTags(database: string | Database, tags: Readonly<Record<string, string>>): void {
    this.find(database).tags = acceptedTags(tags);
  }

  /** What CreateTenantDatabase and DeleteTenantDatabase make of a multi-tenant instance; snapshots keep what there was. */
  setTenantDatabases(database: string | Database, names: readonly string[]): void {
    const row = this.find(database);
    if (row.tenantDatabases === undefined) throw new Error(`${row.id} is not in the multi-tenant configuration`);
    row.tenantDatabases = names;
  }

  setRecoveryPoint(database: string | Database, arn: string | undefined): void {
    this.find(database).recoveryPoint = arn;
  }

  setLatestRestorable(database: string | Database, time: 'fresh' | Date): void {
    this.find(database).latestRestorable = time;
  }

  /** The next automated backups do not happen, as under heavy load; no event says so. */
  skipBackups(database: string | Database, nights: number): void {
    this.find(database).nightsToSkip = nights;
  }

  /** RDS Custom: automation is paused until a moment, automated backups included. */
  pauseAutomation(database: string | Database, until: Date): void {
    const row = this.find(database);
    row.automationPausedUntil = until;
    this.plan(until, () => {
      if (row.automationPausedUntil === until) row.automationPausedUntil = undefined;
    });
  }

  takeBackup(database: string | Database, spec: BackupSpec = {}): Snapshot {
    const row = this.find(database);
    if (row.memberOf !== undefined) throw new Error(`${row.id} is a member of a cluster: back up ${row.memberOf.id}`);
    const kind = spec.kind ?? 'manual';
    const startedAt = spec.at ?? this.now;
    const id = (spec.id ?? this.#newSnapshotId(row, kind, startedAt)).toLowerCase();
    const snapshot: Snapshot = {
      kind: row.kind,
      id,
      arn: this.#snapshotArn(row.kind, id),
      type: kind === 'awsbackup' ? awsBackupType(row.kind, row.engine) : kind,
      source: sourceOf(row),
      startedAt,
      availableAt: new Date(startedAt.getTime() + (spec.durationMinutes ?? 10) * minute),
      showsTimeWhileCreating: spec.createTimeWhileCreating ?? false,
      originalTime: undefined,
      databaseTime: row.lastTransaction === 'now' || row.lastTransaction > startedAt ? startedAt : row.lastTransaction,
      copyOf: undefined,
      sourceRegion: undefined,
      tags: acceptedTags(spec.tags ?? {}),
      status: 'creating',
    };
    this.#begin(snapshot, announcement(snapshot, spec.announcedAs === 'copied'), row, spec.announce);
    return snapshot;
  }

  /** A copy is a manual snapshot with a creation time of its own. From another Region it keeps that Region's ARN. */
  copySnapshot(
    original: string | Snapshot,
    spec: { id: string; durationMinutes?: number; fromRegion?: string; announce?: boolean },
  ): Snapshot {
    const from = this.snapshot(original);
    const startedAt = this.now;
    const id = spec.id.toLowerCase();
    const fromRegion = spec.fromRegion ?? this.region;
    const copy: Snapshot = {
      ...from,
      id,
      arn: this.#snapshotArn(from.kind, id),
      type: 'manual',
      startedAt,
      availableAt: new Date(startedAt.getTime() + (spec.durationMinutes ?? 10) * minute),
      originalTime: from.kind === 'instance' ? (from.originalTime ?? from.startedAt) : undefined,
      copyOf: from.arn.replace(`:${this.region}:`, `:${fromRegion}:`),
      sourceRegion: fromRegion === this.region ? undefined : fromRegion,
      status: 'creating',
    };
    const events = copyAnnouncement(copy);
    this.#begin(copy, { ...events, named: from.id }, undefined, spec.announce);
    return copy;
  }

  /**
   * A copy of a snapshot of a database that was never here: from another account or Region, or made by AWS Backup's copy job, which
   * names no source. It keeps the name of where it came from.
   */
  receiveCopy(spec: {
    id: string;
    of: { name: string; kind?: DatabaseKind };
    taken: Date;
    fromAccount?: string;
    fromRegion?: string;
    /** Another one than that of any database here, by default. */
    resourceId?: string;
  }): Snapshot {
    const { name, kind = 'instance' } = spec.of;
    const engine = kind === 'instance' ? 'postgres' : 'aurora-postgresql';
    const { fromAccount = this.account, fromRegion = this.region } = spec;
    const id = spec.id.toLowerCase();
    const isJob = id.startsWith('awsbackup:');
    const from = this.#snapshotArn(kind, `rds:${name}`)
      .replace(this.region, fromRegion)
      .replace(this.account, fromAccount);
    const snapshot: Snapshot = {
      kind,
      id,
      arn: this.#snapshotArn(kind, id),
      type: isJob ? awsBackupType(kind, engine) : 'manual',
      source: {
        id: name,
        resourceId: spec.resourceId ?? resourceId(this.random, kind),
        engine,
        engineVersion: defaultVersion(engine),
        created: spec.taken,
        storageType: kind === 'instance' ? 'gp3' : 'aurora',
        allocatedGb: 20,
        dataGb: 10,
        encrypted: true,
        kmsKeyId: undefined,
        retention: 7,
        window: '03:00-04:00',
        databaseName: name.replaceAll('-', '_'),
        tables: [],
        tenantDatabases: undefined,
      },
      startedAt: this.now,
      availableAt: this.now,
      showsTimeWhileCreating: false,
      originalTime: kind === 'instance' ? spec.taken : undefined,
      databaseTime: spec.taken,
      copyOf: isJob ? undefined : from,
      sourceRegion: isJob || fromRegion === this.region ? undefined : fromRegion,
      tags: {},
      status: 'creating',
    };
    this.#begin(snapshot, announcement(snapshot, true), undefined, true);
    return snapshot;
  }

  /** The replication of a replica fails: what is written to its source from now on does not reach it. */
  failReplication(replica: string | Database, message: string): void {
    const row = this.find(replica);
    row.replicationError = message;
    row.lastTransaction = this.now;
  }

  /** From now on nobody writes. */
  becomeIdle(database: string | Database): void {
    this.find(database).lastTransaction = this.now;
  }

  /** RDS announces the deletion of an instance's snapshot, never that of a cluster's. */
  deleteSnapshot(snapshot: string | Snapshot): void {
    const row = this.snapshot(snapshot);
    if (row.type === 'automated') throw new Error(`${row.id} is automated: it can expire, but not be deleted by hand`);
    this.expire(row);
    if (row.kind === 'instance') this.emit('0041', row);
  }

  /** The snapshot goes without a word, as automated ones do at the end of their retention. */
  expire(snapshot: string | Snapshot): void {
    const row = this.snapshot(snapshot);
    row.status = 'deleted';
    this.#snapshotShelf(row.kind).remove(row);
    this.#snapshotsByArn.delete(row.arn);
    this.#snapshotsOf.get(row.source.resourceId)?.delete(row);
  }

  #create(kind: DatabaseKind, spec: DatabaseSpec, memberOf: Database | undefined): Database {
    this.#refuseTakenName(kind, spec.id);
    const id = spec.id.toLowerCase();
    const engine = spec.engine ?? 'postgres';
    const window = spec.window ?? '03:00-04:00';
    parseWindow(window);
    const allocatedGb = spec.allocatedGb ?? 20;
    const database: Database = {
      kind,
      id,
      arn: this.#databaseArn(kind, id),
      resourceId: resourceId(this.random, kind),
      engine,
      engineVersion: spec.engineVersion ?? defaultVersion(engine),
      created: spec.created ?? this.now,
      storageType: spec.storageType ?? (isAurora(engine) ? 'aurora' : 'gp3'),
      allocatedGb,
      dataGb: spec.dataGb ?? allocatedGb / 2,
      encrypted: spec.encrypted ?? true,
      kmsKeyId: spec.kmsKeyId,
      memberOf,
      replicaOf: spec.replicaOf,
      databaseName: spec.databaseName ?? id.replaceAll('-', '_'),
      tables: spec.tables ?? [
        { name: 'public.customers', rows: 20 },
        { name: 'public.orders', rows: 50 },
      ],
      status: spec.status ?? 'available',
      retention: spec.retention ?? 7,
      pendingRetention: undefined,
      window,
      tags: acceptedTags(spec.tags ?? {}),
      recoveryPoint: spec.recoveryPoint,
      restartsAt: undefined,
      automationPausedUntil: undefined,
      latestRestorable: 'fresh',
      lastTransaction: 'now',
      replicationError: undefined,
      nightsToSkip: 0,
      backupMinutes: spec.backupMinutes,
      tenantDatabases: spec.tenantDatabases,
      deleted: false,
    };
    this.#databaseShelf(kind).add(database, database.resourceId);
    this.#databasesByArn.set(database.arn, database);
    this.#snapshotsOf.set(database.resourceId, new Set());
    this.#planNight(database, this.now);
    return database;
  }

  #refuseTakenName(kind: DatabaseKind, id: string): void {
    if (this.#databasesByArn.has(this.#databaseArn(kind, id))) throw new Error(`there is a DB ${kind} ${id} already`);
  }

  #remove(database: Database, event: '0003' | '0171'): void {
    database.deleted = true;
    database.status = 'deleted';
    this.#databaseShelf(database.kind).remove(database);
    this.#databasesByArn.delete(database.arn);
    this.#nightPlans.delete(database);
    this.emit(event, database);
  }

  #run(database: Database): void {
    database.status = 'available';
    database.restartsAt = undefined;
    database.latestRestorable = 'fresh';
    for (const member of this.#members(database)) member.status = 'available';
  }

  #members(cluster: Database): Database[] {
    return this.shelves.instances.rows().filter((row) => row.memberOf === cluster);
  }

  /** Each night has its own moment inside the window, so backups are rarely 24 hours apart. */
  #planNight(database: Database, after: Date): void {
    if (database.memberOf !== undefined) return;
    const { start, length } = nextWindow(database.window, after);
    const plan = (this.#nightPlans.get(database) ?? 0) + 1;
    this.#nightPlans.set(database, plan);
    const at = new Date(Math.floor(start.getTime() + this.random() * length));
    this.plan(at, () => {
      if (this.#nightPlans.get(database) !== plan) return;
      this.#night(database, new Date(start.getTime() + length));
      this.#planNight(database, start);
    });
  }

  #night(database: Database, windowEnd: Date): void {
    this.#expireOldBackups(database);
    if (database.retention === 0 || database.automationPausedUntil !== undefined) return;
    if (database.nightsToSkip > 0) {
      database.nightsToSkip -= 1;
      return;
    }
    if (database.status === 'backing-up') {
      this.#waitForRunningBackup(database, windowEnd);
      return;
    }
    if (database.status !== 'available' || this.#isBeingCopied(database)) return;
    const [shortest, longest] = this.#backupMinutes;
    const durationMinutes = database.backupMinutes ?? between(this.random, shortest, longest);
    this.takeBackup(database, { kind: 'automated', durationMinutes });
  }

  #waitForRunningBackup(database: Database, windowEnd: Date): void {
    const later = new Date(this.now.getTime() + 5 * minute);
    if (later >= windowEnd) return;
    this.plan(later, () => {
      if (!database.deleted) this.#night(database, windowEnd);
    });
  }

  /** While a snapshot of the same database is being copied, RDS takes no automated backup of it. */
  #isBeingCopied(database: Database): boolean {
    return this.snapshots(database).some(({ copyOf, status }) => copyOf !== undefined && status === 'creating');
  }

  /** RDS counts no stopped time, so a stopped database keeps what it has. */
  #expireOldBackups(database: Database): void {
    if (database.status === 'stopped') return;
    const oldest = this.now.getTime() - database.retention * day;
    for (const snapshot of this.snapshots(database)) {
      const expired = snapshot.type === 'automated' && snapshot.startedAt.getTime() < oldest;
      if (expired && snapshot.status === 'available') this.expire(snapshot);
    }
  }

  #begin(
    snapshot: Snapshot,
    events: Announcement,
    database: Database | undefined,
    announce: boolean | undefined,
  ): void {
    const step = (at: Date, run: (options: { at: Date; announced: boolean; named?: string | undefined }) => void) => {
      const announced = announce ?? at >= this.now;
      if (at > this.now) this.plan(at, () => run({ at, announced, named: events.named }));
      else run({ at, announced, named: events.named });
    };
    const backsUpInstance = database?.kind === 'instance';
    step(snapshot.startedAt, (options) => {
      if (this.snapshotByArn(snapshot.arn)) throw new Error(`there is a snapshot ${snapshot.id} already`);
      this.#snapshotShelf(snapshot.kind).add(snapshot, snapshot.arn);
      this.#snapshotsByArn.set(snapshot.arn, snapshot);
      this.#shelfOf(snapshot).add(snapshot);
      if (backsUpInstance && database.status === 'available') database.status = 'backing-up';
      if (backsUpInstance) this.emit('0001', database, options);
      this.emit(events.begun, snapshot, options);
    });
    step(snapshot.availableAt, (options) => {
      if (backsUpInstance && database.status === 'backing-up') database.status = 'available';
      if (snapshot.status !== 'creating') return;
      snapshot.status = 'available';
      this.emit(events.finished, snapshot, options);
      if (backsUpInstance) this.emit('0002', database, options);
    });
  }

  #shelfOf(snapshot: Snapshot): Set<Snapshot> {
    const { resourceId: id } = snapshot.source;
    const known = this.#snapshotsOf.get(id) ?? new Set<Snapshot>();
    this.#snapshotsOf.set(id, known);
    return known;
  }

  #newSnapshotId(database: Database, kind: 'manual' | 'automated' | 'awsbackup', at: Date): string {
    if (kind === 'awsbackup') return `awsbackup:job-${uuid(this.random)}`;
    const stamp = at.toISOString().slice(0, 16).replace(/[T:]/g, '-');
    return kind === 'automated' ? `rds:${database.id}-${stamp}` : `${database.id}-${stamp}-${uuid(this.random)}`;
  }

  #databaseShelf(kind: DatabaseKind): Shelf<Database> {
    return kind === 'instance' ? this.shelves.instances : this.shelves.clusters;
  }

  #snapshotShelf(kind: DatabaseKind): Shelf<Snapshot> {
    return kind === 'instance' ? this.shelves.instanceSnapshots : this.shelves.clusterSnapshots;
  }

  #databaseArn(kind: DatabaseKind, id: string): string {
    return this.arn(`${kind === 'instance' ? 'db' : 'cluster'}:${id.toLowerCase()}`);
  }

  #snapshotArn(kind: DatabaseKind, id: string): string {
    return this.arn(`${kind === 'instance' ? 'snapshot' : 'cluster-snapshot'}:${id.toLowerCase()}`);
  }
}

interface Announcement {
  begun: '0040' | '0059' | '0074' | '0090' | '0168' | '0196';
  finished: '0042' | '0060' | '0075' | '0091' | '0169' | '0197';
  named?: string;
}

function announcement(snapshot: Snapshot, asCopy: boolean): Announcement {
  const automated = snapshot.type === 'automated';
  if (snapshot.kind === 'cluster') {
    return automated ? { begun: '0168', finished: '0169' } : { begun: '0074', finished: '0075' };
  }
  if (asCopy) return { begun: '0196', finished: '0197' };
  return automated ? { begun: '0090', finished: '0091' } : { begun: '0040', finished: '0042' };
}

function copyAnnouncement(copy: Snapshot): Announcement {
  if (copy.kind === 'cluster') return { begun: '0074', finished: '0075' };
  return copy.sourceRegion === undefined ? { begun: '0196', finished: '0197' } : { begun: '0059', finished: '0060' };
}

function numbered(id: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${id}-${index + 1}`);
}

/** A member shows its cluster's settings. */
function memberSpec(cluster: Database): Omit<DatabaseSpec, 'id'> {
  const { engine, engineVersion, retention, window, storageType, allocatedGb, created, encrypted, tags } = cluster;
  return { engine, engineVersion, retention, window, storageType, allocatedGb, created, encrypted, tags };
}

function defaultVersion(engine: string): string {
  const [, version] =
    [
      ['aurora-mysql', '8.0.mysql_aurora.3.08.0'],
      ['mysql', '8.0.42'],
      ['mariadb', '11.4.5'],
      ['oracle', '19.0.0.0'],
      ['sqlserver', '16.00.4175.1'],
      ['db2', '11.5.9.0'],
      ['neptune', '1.4.5.0'],
      ['docdb', '5.0.0'],
    ].find(([name = '']) => engine.startsWith(name)) ?? [];
  return version ?? '17.5';
}
