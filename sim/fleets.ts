/** The fleet in RDS and the configuration that names it: what people do to both. */
import type { BackupJobSpec, SimulatedBackupJob } from '../local/rds/backup-jobs.ts';
import type { Database } from '../local/rds/model.ts';
import type { RdsSimulator } from '../local/rds/simulator.ts';
import { type DatabaseStory, type Happening, planDays, type Story, storyStart, tenants } from './story.ts';
import { type Entry, type History, type Job, listedMs, type Owned, type Stop } from './truth.ts';

const minute = 60_000;
const hour = 60 * minute;

/** What a happening did. */
export interface Done {
  readonly name: string;
  readonly databases: readonly Database[];
  /** Whether no event tells the ledger, so that only a sweep finds it. */
  readonly isSilent: boolean;
  readonly configured?: boolean;
}

const renamed = (name: string) => `${name}r`;
const firstName = (name: string) => name.replace(/r$/, '');

const keyLost = 'inaccessible-encryption-credentials-recoverable';

/** From a change of the retention to the maintenance window that makes it. */
const maintenanceHours = 30;

/** The policy of what enrols itself by tag. */
const tagged = { maxAgeHours: 24, graceHours: 2, copy: 'daily' } as const;
export const tenantTag = 'backup-tenant';

export class Fleets {
  /** Takes what changes by itself, which no event need tell. */
  readonly #onChange: (database: Database) => void;
  readonly #story: Story;
  readonly #rds: RdsSimulator;
  /** By the number of the story's database: the database that bears its part now. */
  readonly #now: (Database | undefined)[];
  /** All that ever were. */
  readonly all: Database[] = [];
  readonly #entries: (Entry | undefined)[];
  #byName: ReadonlyMap<string, Entry> = new Map();
  #there: ReadonlySet<string> = new Set();
  /** Names that were used, each with the tenants that had a database of it. */
  readonly #stops = new Map<string, readonly Stop[]>();
  readonly #lastByAws = new Map<string, number>();
  /** When the window of each was moved last. */
  readonly #movedAt = new Map<string, number>();
  /** The jobs of each that AWS Backup may list. */
  readonly #jobs = new Map<string, readonly { readonly job: SimulatedBackupJob; readonly minutes: number }[]>();
  /** Ids of jobs of which an event has said how they ended. */
  readonly #heard = new Set<string>();
  /** Whether AWS Backup does not list its jobs now. */
  jobsUnread = false;
  /** The jobs of each that made, or are to make, a recovery point outside RDS. */
  readonly #airGapped = new Map<string, SimulatedBackupJob[]>();
  /** When the last clean sweep began. */
  #sweptAt = Number.NEGATIVE_INFINITY;
  /** Databases of which RDS leaves a field out of a row: the ARN of their own or of a snapshot of theirs, and until when. */
  readonly #odd = new Map<string, { readonly arn: string; readonly until: number }>();
  /** Databases whose exports all fail. */
  readonly #failing = new Set<string>();
  readonly #tenantsOf = new Map<string, Set<string>>();
  /** The configured name of databases that a sweep has met under it. */
  readonly #metAs = new Map<string, string>();
  /** Databases whose copies are to come as on any day: nothing happened to their name, their tenant or their exports. */
  readonly unsettled = new Set<string>();

  constructor(story: Story, rds: RdsSimulator, onChange: (database: Database) => void) {
    this.#onChange = onChange;
    this.#story = story;
    this.#rds = rds;
    this.#now = story.databases.map((one) =>
      one.enrolled === 'missing' ? undefined : this.#create(one, one.ageHours),
    );
    this.#entries = story.databases.map((one) => this.#entryOf(one));
    this.#noteOwners();
    rds.onCall(({ action, input }) => {
      if (action === 'StartExportTask') this.#planFailure(String(input.SourceArn));
      return undefined;
    });
  }

  /** The configuration, as its file has it. */
  configuration(): object {
    const { digestAbove, dailyDigest, reminderHours } = this.#story;
    const entries = this.entries;
    return {
      defaults: { reminderHours, bucket: { type: 'shared' }, copy: { mode: 'export', schedule: 'daily' } },
      operators: [{ email: 'operators@example.com' }],
      alerts: { digestAbove, dailyDigest },
      discovery: {},
      tenants: tenants.map((id) => ({
        id,
        databases: entries
          .filter(({ tenant }) => tenant === id)
          .map(({ tenant: _, copy, ...entry }) => ({
            ...entry,
            copy: copy === 'none' ? { mode: 'none' } : { mode: 'export', schedule: copy },
          })),
      })),
    };
  }

  get entries(): readonly Entry[] {
    return this.#entries.filter((entry) => entry !== undefined);
  }

  at(n: number): Database | undefined {
    return this.#now[n];
  }

  keyOf({ resourceId }: Database): string {
    return `${this.#rds.account}/${this.#rds.region}/${resourceId}`;
  }

  byKey(key: string): Database | undefined {
    return this.all.find((database) => this.keyOf(database) === key);
  }

  /** Whether RDS has a database of a configured name. */
  isThere({ id, kind }: Pick<Entry, 'id' | 'kind'>): boolean {
    return this.#there.has(`${kind} ${id}`);
  }

  /** Keeps what is looked up by name; after each change. */
  #index(): void {
    this.#byName = new Map(this.entries.map((entry) => [`${entry.kind} ${entry.id}`, entry]));
    this.#there = new Set(this.all.filter(({ deleted }) => !deleted).map(({ kind, id }) => `${kind} ${id}`));
  }

  /** Whose a database is now, and by which promise. */
  ownedBy(database: Database): Owned | undefined {
    const entry = this.entryFor(database);
    if (entry) return { ...entry, excluded: entry.excluded !== undefined };
    const tenant = database.tags[tenantTag];
    if (tenant === undefined) return undefined;
    return { tenant, ...tagged, excluded: false };
  }

  /** The entry that names it; one that was renamed is meant by its old name until somebody else bears that. */
  entryFor(database: Database): Entry | undefined {
    const named = (id: string | undefined) => this.#byName.get(`${database.kind} ${id}`);
    const own = named(database.id);
    if (own && !database.deleted) return own;
    if (own && !this.isThere(own)) return own;
    const before = named(this.#metAs.get(database.resourceId));
    return before && !this.isThere(before) ? before : undefined;
  }

  /** The ledger has met a database, under the name that it has now. */
  met(key: string): void {
    const database = this.byKey(key);
    if (database === undefined || database.deleted) return;
    if (this.#byName.has(`${database.kind} ${database.id}`)) this.#metAs.set(database.resourceId, database.id);
  }

  hadDatabase(tenant: string, name: string): boolean {
    return this.#tenantsOf.get(firstName(name))?.has(tenant) ?? false;
  }

  /** What became of a database so far. */
  historyOf(database: Database): History {
    const jobs = this.#jobsOf(database);
    const made = jobs.flatMap(({ state, endedAt }) =>
      state === 'COMPLETED' && endedAt !== undefined ? [endedAt] : [],
    );
    const before = this.#lastByAws.get(database.resourceId) ?? Number.NEGATIVE_INFINITY;
    const { arn = '', until = 0 } = this.#odd.get(database.resourceId) ?? {};
    // Under another name its row is whole.
    const isShown = arn === database.arn || this.#rds.snapshotByArn(arn) !== undefined;
    const outside = (this.#airGapped.get(database.resourceId) ?? [])
      .filter(({ state }) => state === 'COMPLETED')
      .sort((a, b) => +a.createdAt - +b.createdAt);
    return {
      stops: this.#stopsOf(database),
      jobs,
      outside: outside.map(({ createdAt }) => createdAt.getTime()),
      renamedSince: outside.length > 0 && outside.at(-1)?.resourceArn !== database.arn,
      jobsUnread: this.jobsUnread,
      lastByAws: Math.max(before, ...made),
      windowMoved: this.#isWindowNew(database),
      ...(isShown && until > this.#rds.now.getTime() && { odd: arn === database.arn ? 'database' : 'snapshot' }),
    };
  }

  /** Until when RDS shows something of a database oddly, or last did. */
  oddUntil(resourceId: string): number {
    return this.#odd.get(resourceId)?.until ?? Number.NEGATIVE_INFINITY;
  }

  /** Whether a row of RDS is odd, or was a moment ago. */
  hadOdd(since: number): boolean {
    return [...this.#odd.values()].some(({ until }) => until >= since);
  }

  #isWindowNew(database: Database): boolean {
    const movedAt = this.#movedAt.get(database.resourceId);
    if (movedAt === undefined) return false;
    return this.#rds
      .snapshots(database)
      .every(({ status, startedAt }) => status !== 'available' || +startedAt <= movedAt);
  }

  #stopsOf({ resourceId }: Database): readonly Stop[] {
    return this.#stops.get(resourceId) ?? [];
  }

  /** The jobs that AWS Backup lists under the name that a database has now. */
  #jobsOf({ resourceId, arn }: Database): readonly Job[] {
    const oldest = this.#rds.now.getTime() - listedMs;
    const listed = (this.#jobs.get(resourceId) ?? []).filter(
      ({ job }) => job.resourceArn === arn && job.createdAt.getTime() >= oldest,
    );
    return listed.map(({ job: { id, state, createdAt, startBy, endedAt }, minutes }) => ({
      state,
      createdAt: createdAt.getTime(),
      startBy: startBy.getTime(),
      ...(endedAt && { endedAt: endedAt.getTime() }),
      takes: minutes * minute,
      isHeard: this.#heard.has(id) || (endedAt !== undefined && endedAt.getTime() < this.#sweptAt),
    }));
  }

  /** An event has said how a job of AWS Backup ended. */
  hearOfJob(id: string): void {
    if (!this.jobsUnread) this.#heard.add(id);
  }

  /** A clean sweep has read AWS Backup's jobs. */
  hearOfJobs(at: number): void {
    if (!this.jobsUnread) this.#sweptAt = Math.max(this.#sweptAt, at);
  }

  names(): readonly string[] {
    return [...this.#tenantsOf.keys()].flatMap((name) => [name, renamed(name)]);
  }

  #noteOwners(): void {
    this.#index();
    const note = (name: string, tenant: string | undefined) => {
      const known = this.#tenantsOf.get(firstName(name)) ?? new Set();
      this.#tenantsOf.set(firstName(name), known);
      if (tenant !== undefined) known.add(tenant);
    };
    for (const { id, tenant } of this.entries) note(id, tenant);
    for (const database of this.all) note(database.id, this.ownedBy(database)?.tenant);
  }

  onAwsBackup(plan: (database: Database, at: number) => void): void {
    for (const [n, { awsBackup, plan: jobs }] of this.#story.databases.entries()) {
      const database = this.#now[n];
      if (awsBackup && jobs === undefined && database) plan(database, storyStart + (2 + (n % 5)) * hour);
    }
  }

  /** AWS Backup takes its daily backup; false once the database is gone. */
  backUpByAws(database: Database): boolean {
    if (database.deleted) return false;
    if (database.status === 'available') this.#takeByAws(database);
    return true;
  }

  #takeByAws(database: Database): void {
    this.#rds.takeBackup(database, { kind: 'awsbackup' });
    this.#noteBackupByAws(database, this.#rds.now);
  }

  #noteBackupByAws({ resourceId }: Database, at: Date): void {
    const before = this.#lastByAws.get(resourceId) ?? Number.NEGATIVE_INFINITY;
    this.#lastByAws.set(resourceId, Math.max(before, at.getTime()));
  }

  #startJob(database: Database, spec: BackupJobSpec): void {
    const { resourceId } = database;
    const job = this.#rds.startBackupJob(database, spec);
    if (spec.vault === 'air-gapped') {
      this.#airGapped.set(resourceId, [...(this.#airGapped.get(resourceId) ?? []), job]);
    }
    const oldest = this.#rds.now.getTime() - listedMs;
    const before = this.#jobs.get(resourceId) ?? [];
    for (const { job: old } of before) if (old.state === 'COMPLETED') this.#noteBackupByAws(database, old.createdAt);
    const listed = before.filter((one) => one.job.createdAt.getTime() >= oldest);
    this.#jobs.set(resourceId, [...listed, { job, minutes: spec.durationMinutes ?? 0 }]);
  }

  /** Somebody cancels what has run for six hours. */
  cancelExports(): void {
    for (const { ExportTaskIdentifier, Status, TaskStartTime } of this.#rds.exportTasks()) {
      const since = TaskStartTime?.getTime() ?? Number.POSITIVE_INFINITY;
      if (Status !== 'IN_PROGRESS' || this.#rds.now.getTime() - since < 6 * hour) continue;
      this.#rds.call('CancelExportTask', { ExportTaskIdentifier });
    }
  }

  /** Does what happens; undefined where it cannot happen now. */
  act({ database: n, what, job }: Happening): Done | undefined {
    const story = this.#story.databases[n];
    const database = this.#now[n];
    if (story === undefined) return undefined;
    const done =
      this.#configure(n, story, what) ?? (database ? this.#change(n, story, database, what, job) : undefined);
    if (done) this.#noteOwners();
    return done;
  }

  #configure(n: number, story: DatabaseStory, what: Happening['what']): Done | undefined {
    const entry = this.#entries[n];
    const database = this.#now[n];
    const set = (changed: Entry | undefined): Done => {
      this.#entries[n] = changed;
      if (database) this.unsettled.add(database.resourceId);
      return { name: story.name, databases: database ? [database] : [], isSilent: true, configured: true };
    };
    switch (what) {
      case 'create anew under the name':
        return database ? undefined : this.#recreate(n, story);
      case 'receive a copy from elsewhere':
        this.#receiveCopy(n, story);
        return { name: story.name, databases: [], isSilent: false };
      case 'exclude in the configuration':
        return entry && set({ ...entry, excluded: 'nobody needs it' });
      case 'include in the configuration': {
        if (!entry) return undefined;
        const { excluded: _, ...included } = entry;
        return set(included);
      }
      case 'move to the next tenant': {
        const next = (tenant: string) =>
          tenants[(tenants.indexOf(tenant as (typeof tenants)[number]) + 1) % tenants.length] as string;
        if (entry) return set({ ...entry, tenant: next(entry.tenant) });
        const owner = database?.tags[tenantTag];
        if (database === undefined || owner === undefined) return undefined;
        this.#rds.setTags(database, { [tenantTag]: next(owner) });
        this.unsettled.add(database.resourceId);
        return { name: story.name, databases: [database], isSilent: true };
      }
      case 'take out of the configuration':
        return entry && set(undefined);
      case 'change the maximum age':
        return entry && set({ ...entry, maxAgeHours: entry.maxAgeHours === 24 ? 30 : 24 });
      default:
        return undefined;
    }
  }

  /** It bears the name of a database of elsewhere, which may be that of one here. */
  #receiveCopy(n: number, { name, kind }: DatabaseStory): void {
    const { now } = this.#rds;
    const from = n % 2 === 0 ? { fromRegion: 'us-east-1' } : { fromAccount: '210987654321' };
    const taken = new Date(now.getTime() - 12 * hour);
    this.#rds.receiveCopy({ id: `from-elsewhere-${now.getTime()}`, of: { name, kind }, taken, ...from });
  }

  /** Another database takes its name, with the next backup still to come; the former one stays for a day. */
  #replace(n: number, story: DatabaseStory, database: Database, isSwitchover: boolean): Done | undefined {
    const rds = this.#rds;
    const { name, kind } = story;
    const former = `${name}-old1`;
    const isUsual = database.id === name && database.status === 'available';
    if (!isUsual || this.isThere({ id: former, kind })) return undefined;
    if (!isSwitchover) rds.rename(database, former);
    const next = this.#create({ ...story, name: isSwitchover ? `${name}-green-${rds.now.getTime()}` : name }, 0);
    if (isSwitchover) rds.switchOver(database, next);
    this.#now[n] = next;
    for (const one of [database, next]) this.unsettled.add(one.resourceId);
    this.#deleteAfter(24 * hour, database);
    return { name, databases: [database, next], isSilent: true };
  }

  #deleteAfter(ms: number, database: Database): void {
    this.#rds.plan(new Date(this.#rds.now.getTime() + ms), () => {
      this.#rds.delete(database);
      this.#index();
    });
  }

  /** Nobody need start it: RDS does after some days. */
  #stop(database: Database): void {
    this.#rds.stop(database);
    this.#stops.set(database.resourceId, [...this.#stopsOf(database), { from: this.#rds.now.getTime() }]);
    const { restartsAt } = database;
    if (restartsAt === undefined) return;
    this.#rds.plan(restartsAt, () => {
      const isOpen = this.#stopsOf(database).some(({ until }) => until === undefined);
      if (database.deleted || database.status === 'stopped' || !isOpen) return;
      this.#noteStart(database);
      this.#onChange(database);
    });
  }

  #noteStart(database: Database): void {
    const until = this.#rds.now.getTime();
    this.#stops.set(
      database.resourceId,
      this.#stopsOf(database).map((stop) => ({ until, ...stop })),
    );
  }

  #planRetention(database: Database, days: number): void {
    const at = new Date(this.#rds.now.getTime() + maintenanceHours * hour);
    this.#rds.planRetention(database, days, at);
    this.#rds.plan(at, () => this.#onChange(database));
  }

  /** A week later RDS gives it up. */
  #loseKey(database: Database): void {
    this.#rds.setStatus(database, keyLost);
    this.#rds.plan(new Date(this.#rds.now.getTime() + 7 * 24 * hour), () => {
      if (database.status === keyLost) this.#rds.setStatus(database, 'inaccessible-encryption-credentials');
    });
  }

  /** For some hours, a row of RDS lacks a field that says which database it is of. */
  #makeOdd(database: Database, arn: string): void {
    const { resourceId, kind } = database;
    const heal = this.#rds.leaveOut(arn, kind === 'instance' ? 'DbiResourceId' : 'DbClusterResourceId');
    const until = new Date(this.#rds.now.getTime() + 10 * hour);
    this.#odd.set(resourceId, { arn, until: until.getTime() });
    this.#rds.plan(until, heal);
  }

  #recreate(n: number, story: DatabaseStory): Done | undefined {
    if (this.isThere({ id: story.name, kind: story.kind })) return undefined;
    const created = this.#create(story, 0);
    this.#now[n] = created;
    return { name: created.id, databases: [created], isSilent: true };
  }

  #change(
    n: number,
    story: DatabaseStory,
    database: Database,
    what: Happening['what'],
    job: Happening['job'],
  ): Done | undefined {
    const rds = this.#rds;
    const isSilent = (silently: boolean): Done => ({ name: database.id, databases: [database], isSilent: silently });
    const unsettled = () => this.unsettled.add(database.resourceId);
    const available = rds.snapshots(database).filter(({ status }) => status === 'available');
    const newest = available.sort((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0];
    switch (what) {
      case 'skip a backup':
        rds.skipBackups(database, 1);
        return isSilent(false);
      case 'stop':
        if (database.status !== 'available') return undefined;
        this.#stop(database);
        return isSilent(true);
      case 'start':
        if (database.status !== 'stopped') return undefined;
        rds.start(database);
        this.#noteStart(database);
        return isSilent(true);
      case 'switch backups off':
        if (database.kind === 'cluster' || database.retention === 0) return undefined;
        rds.setRetention(database, 0);
        unsettled();
        return isSilent(true);
      case 'switch backups on':
        if (database.retention > 0) return undefined;
        rds.setRetention(database, 3);
        return isSilent(true);
      case 'plan to switch backups off':
        if (database.kind === 'cluster' || database.retention === 0) return undefined;
        this.#planRetention(database, 0);
        unsettled();
        return isSilent(true);
      case 'plan to switch backups on':
        if (database.retention > 0) return undefined;
        this.#planRetention(database, 3);
        return isSilent(true);
      case 'lose the key':
        if (database.status !== 'available') return undefined;
        this.#loseKey(database);
        return isSilent(true);
      case 'find the key':
        if (database.status !== keyLost) return undefined;
        rds.setStatus(database, 'available');
        return isSilent(true);
      case 'take a manual backup':
        if (database.status !== 'available') return undefined;
        rds.takeBackup(database);
        return isSilent(false);
      case 'take a backup by AWS Backup':
        if (database.status !== 'available' || database.kind === 'cluster') return undefined;
        this.#takeByAws(database);
        return isSilent(true);
      case 'start a backup job':
        this.#startJob(database, job ?? {});
        return isSilent(false);
      case 'switch over to a green one':
        return this.#replace(n, story, database, true);
      case 'restore under the name':
        return this.#replace(n, story, database, false);
      case 'restore beside it': {
        const name = `${database.id}-restored`;
        if (this.isThere({ id: name, kind: database.kind })) return undefined;
        this.#deleteAfter(72 * hour, this.#create({ ...story, name }, 0));
        return { name, databases: [], isSilent: false };
      }
      case 'lose a field of its row':
        if (this.oddUntil(database.resourceId) > rds.now.getTime()) return undefined;
        this.#makeOdd(database, database.arn);
        return isSilent(true);
      case "lose a field of its newest snapshot's row":
        if (newest === undefined || this.oddUntil(database.resourceId) > rds.now.getTime()) return undefined;
        this.#makeOdd(database, newest.arn);
        return isSilent(true);
      case 'copy the newest snapshot':
        if (newest === undefined) return undefined;
        rds.copySnapshot(newest, { id: `copy-of-${database.id}-${rds.now.getTime()}` });
        // RDS takes no automated snapshot while one of the database is being copied.
        rds.skipBackups(database, 1);
        return isSilent(true);
      case 'expire the newest snapshot':
        if (newest === undefined) return undefined;
        rds.expire(newest);
        unsettled();
        return isSilent(true);
      case 'delete the newest manual snapshot': {
        const manual = available.find(({ type }) => type !== 'automated');
        if (manual === undefined) return undefined;
        rds.deleteSnapshot(manual);
        return isSilent(true);
      }
      case 'delete':
      case 'delete and keep the backups':
        rds.delete(database, { keepAutomated: what !== 'delete' });
        this.#now[n] = undefined;
        unsettled();
        return isSilent(true);
      case 'rename':
      case 'name back': {
        const name = what === 'rename' ? renamed(story.name) : story.name;
        if (database.id === name || this.isThere({ id: name, kind: database.kind })) return undefined;
        rds.rename(database, name);
        unsettled();
        return isSilent(true);
      }
      case 'move the window':
        this.#movedAt.set(database.resourceId, rds.now.getTime());
        rds.setWindow(database, story.window === database.window ? '09:00-09:30' : story.window);
        return isSilent(true);
      case 'storage full':
        if (database.status !== 'available') return undefined;
        rds.setStatus(database, 'storage-full');
        return isSilent(true);
      case 'available again':
        if (database.status !== 'storage-full') return undefined;
        rds.setStatus(database, 'available');
        return isSilent(true);
      case 'let its next export fail':
      case 'let its next export hang':
      case 'let its next export skip a table':
      case 'let all its exports fail':
        if (newest === undefined) return undefined;
        return this.#planExport(database, newest.id, what);
      default:
        return undefined;
    }
  }

  #planExport(database: Database, snapshot: string, what: Happening['what']): Done {
    this.unsettled.add(database.resourceId);
    const name = database.id;
    if (what === 'let its next export fail') {
      this.#rds.planExport('*', { kind: 'fail', cause: 'An unknown internal error occurred.' });
    } else if (what === 'let all its exports fail') {
      this.#failing.add(database.resourceId);
    } else if (what === 'let its next export skip a table') {
      this.#rds.planExport(snapshot, { kind: 'warn', skipTables: 1 });
    } else {
      this.#rds.planExport(snapshot, { kind: 'hang' });
    }
    return { name, databases: [database], isSilent: false };
  }

  /** The export that is about to start, where all those of its database fail. */
  #planFailure(snapshotArn: string): void {
    const snapshot = this.#rds.snapshotByArn(snapshotArn);
    if (snapshot === undefined || !this.#failing.has(snapshot.source.resourceId)) return;
    this.#rds.planExport(snapshot.id, { kind: 'fail', cause: 'An unknown internal error occurred.' });
  }

  #create(story: DatabaseStory, ageHours: number): Database {
    const { name, kind, enrolled, tenant, window, retention, replica } = story;
    const spec = {
      id: name,
      window,
      retention: kind === 'cluster' ? Math.max(2, retention) : retention,
      created: new Date(this.#rds.now.getTime() - ageHours * hour),
      tags: enrolled === 'tagged' ? { [tenantTag]: tenant } : {},
      // Parquet takes time to write: few have a table.
      tables: name.endsWith('0') ? [{ name: 'public.orders', rows: 1 }] : [],
      dataGb: 10,
      ...(replica && { replicaOf: 'source' }),
      ...(story.backupMinutes !== undefined && { backupMinutes: story.backupMinutes }),
    };
    // The members of one that had the name before may still have theirs.
    const isTaken = this.#rds.databases().some(({ id }) => id === `${name}-1`);
    const members = isTaken ? [`${name}-${this.all.length}`] : 1;
    const made = kind === 'cluster' ? this.#rds.createCluster({ ...spec, members }) : this.#rds.createInstance(spec);
    const { lastBackupHours = 10, plan = 'daily' } = story;
    for (let age = lastBackupHours; age < ageHours; age += 24 * planDays[plan]) {
      const at = new Date(this.#rds.now.getTime() - age * hour);
      if (story.awsBackup) {
        this.#rds.takeBackup(made, { kind: 'awsbackup', at });
        this.#noteBackupByAws(made, at);
      }
      if (!story.awsBackup && made.retention > 0) this.#rds.takeBackup(made, { kind: 'automated', at });
    }
    this.all.push(made);
    return made;
  }

  #entryOf({ name, kind, enrolled, tenant, maxAgeHours, graceHours, copy }: DatabaseStory): Entry | undefined {
    if (enrolled === 'tagged' || enrolled === 'stray') return undefined;
    const entry = { id: name, kind, tenant, maxAgeHours, graceHours, copy };
    return enrolled === 'excluded' ? { ...entry, excluded: 'nobody needs it' } : entry;
  }
}
