/**
 * Shared databases and their tenants: what people do to both, and what is so of each tenant by the simulator's state alone; nothing
 * here asks the product.
 */
import type { Database, Snapshot } from '../local/rds/model.ts';
import { between, oneOf, type Random } from '../local/rds/randomness.ts';
import type { RdsSimulator } from '../local/rds/simulator.ts';
import { hourMs } from '../shared/lib/time.ts';
import { tenantTag } from './fleets.ts';

/** One tenant in one shared database, from a moment to another, in milliseconds. */
export interface Tenancy {
  readonly tenant: string;
  readonly host: Host;
  /** Whether it was there before the ledger was: each backup holds it. */
  readonly isFirst: boolean;
  readonly from: number;
  /** Whether the configuration says since when; else it is when the ledger first sees the tenant there. */
  readonly isStated: boolean;
  /** When a sweep has seen it for certain; absent until then. */
  seenBy?: number;
  until?: number;
  /** When a sweep has seen for certain that it left. */
  leftBy?: number;
  /** Where its data came from. */
  readonly former?: Tenancy;
}

export interface Host {
  readonly id: string;
  readonly kind: 'instance' | 'cluster';
  /** Its tenants stand in its tag instead of the configuration. */
  readonly isTagged: boolean;
  readonly maxAgeHours: number;
  readonly database: Database;
  /** When something last changed here that no event need announce. */
  changedAt: number;
}

/** The newest time of a tenant's data that can be restored: by the strictest reading, and by the most lenient one. */
export interface Newest {
  readonly strict: number | undefined;
  readonly lenient: number | undefined;
}

const dayMs = 24 * hourMs;
const defaultAge = 24;
/** Values of tags have 256 characters. */
const mostTagged = 20;
/** A clock that is a little apart, and the minutes within an hour. */
const minuteMs = 60_000;

interface Removed {
  readonly snapshot: Snapshot;
  readonly at: number;
}

export class Hosts {
  readonly #random: Random;
  readonly #rds: RdsSimulator;
  readonly #start: number;
  readonly hosts: readonly Host[];
  /** Hours that a tenant is promised. */
  readonly ages = new Map<string, number>();
  readonly #all: Tenancy[] = [];
  readonly #removed: Removed[] = [];
  /** When the last clean sweep began. */
  sweptAt: number;
  #named = 0;

  constructor(random: Random, rds: RdsSimulator, hosts: number) {
    this.#random = random;
    this.#rds = rds;
    this.#start = rds.now.getTime();
    this.sweptAt = this.#start;
    this.hosts = Array.from({ length: hosts }, (_, n) => this.#createHost(n, n >= hosts * 0.75));
    for (const host of this.hosts) {
      const most = host.isTagged ? mostTagged : 40;
      const count = Math.floor(between(random, 2, most + 1));
      for (let n = 0; n < count; n += 1) {
        // Some tenants are in two.
        const other = random() < 0.1 ? this.current()[Math.floor(random() * this.current().length)] : undefined;
        const tenant = other && other.host !== host ? other.tenant : this.#newTenant();
        if (!this.#isIn(tenant, host))
          this.#all.push({ tenant, host, isFirst: true, from: this.#start, isStated: false });
      }
      this.#tag(host);
    }
  }

  #createHost(n: number, isTagged: boolean): Host {
    const kind = n % 3 === 1 ? 'cluster' : 'instance';
    const hour = Math.floor(this.#random() * 23);
    const window = `${String(hour).padStart(2, '0')}:00-${String(hour).padStart(2, '0')}:30`;
    const spec = { id: `pool-${n + 1}`, created: new Date(this.#start - 100 * dayMs), window };
    const database = kind === 'cluster' ? this.#rds.createCluster(spec) : this.#rds.createInstance(spec);
    const age = (24 - hour) % 24 || 24;
    this.#rds.takeBackup(database, { kind: 'automated', at: new Date(this.#start - age * hourMs + minuteMs) });
    const maxAgeHours = isTagged ? defaultAge : oneOf(this.#random, [24, 24, 36]);
    return { id: spec.id, kind, isTagged, maxAgeHours, database, changedAt: this.#start };
  }

  #newTenant(): string {
    this.#named += 1;
    const tenant = `cust-${String(this.#named).padStart(4, '0')}`;
    this.ages.set(tenant, oneOf(this.#random, [24, 24, 24, 30, 48, 20]));
    return tenant;
  }

  get #now(): number {
    return this.#rds.now.getTime();
  }

  /** Tenancies that last. */
  current(host?: Host): readonly Tenancy[] {
    return this.#all.filter((one) => one.until === undefined && (host === undefined || one.host === host));
  }

  /** All that ever were of a tenant in a host. */
  of(tenant: string, host: Host): readonly Tenancy[] {
    return this.#all.filter((one) => one.tenant === tenant && one.host === host);
  }

  #isIn(tenant: string, host: Host): boolean {
    return this.current(host).some((one) => one.tenant === tenant);
  }

  hostOf(key: string): Host | undefined {
    return this.hosts.find(({ database }) => key.split('/')[2] === database.resourceId);
  }

  /** What a tenant is promised of a host, in hours: the strictest of both; what is the default is no promise of its own. */
  promiseOf({ tenant, host }: Tenancy): number {
    const own = this.ages.get(tenant) ?? defaultAge;
    return own === defaultAge ? host.maxAgeHours : Math.min(own, host.maxAgeHours);
  }

  configuration(): object {
    const listed = this.hosts.filter(({ isTagged }) => !isTagged);
    return {
      operators: [{ email: 'operators@example.com' }],
      defaults: { copy: { mode: 'none' } },
      alerts: { digestAbove: 1000 },
      discovery: {},
      sharedDatabases: listed.map(({ id, kind, maxAgeHours }) => ({ id, kind, maxAgeHours })),
      tenants: [...this.ages].map(([id, maxAgeHours]) => ({
        id,
        ...(maxAgeHours !== defaultAge && { maxAgeHours }),
        recipients: [{ email: `${id}@example.com` }],
        sharedDatabases: this.current()
          .filter(({ tenant, host }) => tenant === id && !host.isTagged)
          .map(({ host, isStated, from }) =>
            isStated ? { id: host.id, since: new Date(from).toISOString() } : host.id,
          ),
      })),
    };
  }

  #tag(host: Host): void {
    if (!host.isTagged || host.database.deleted) return;
    const names = this.current(host).map(({ tenant }) => tenant);
    this.#rds.setTags(host.database, names.length === 0 ? {} : { [tenantTag]: names.join(' ') });
  }

  /** A sweep that began at a moment has seen everything. */
  swept(at: number): void {
    this.sweptAt = at;
    for (const one of this.#all) {
      if (one.from <= at) one.seenBy ??= at;
      if (one.until !== undefined && one.until <= at) one.leftBy ??= at;
    }
  }

  // What people and RDS do ----------------------------------------------------------------------------------------------

  /** Does something; answers what and of whom, or nothing where it cannot be done. */
  act(): { readonly what: string; readonly of: string } | undefined {
    const what = oneOf(this.#random, happenings);
    const host = oneOf(this.#random, this.hosts as [Host, ...Host[]]);
    const done = host.database.deleted ? this.#abandon(host) : this.#do(what, host);
    if (done === undefined) return undefined;
    this.#tag(host);
    const last = this.#all.at(-1);
    return {
      what: done,
      of: done.startsWith('tenant') ? `${last?.tenant} ${host.id} -> ${last?.host.id} ${last?.isStated}` : host.id,
    };
  }

  #do(what: Happening, host: Host): string | undefined {
    const { database } = host;
    switch (what) {
      case 'nights skipped':
        this.#rds.skipBackups(database, 1 + Math.floor(this.#random() * 2));
        return what;
      case 'backup by hand':
        if (database.status !== 'available') return undefined;
        this.#rds.takeBackup(database);
        return what;
      case 'newest copied': {
        const newest = this.#available(host).at(-1);
        if (host.kind === 'cluster' || newest === undefined) return undefined;
        this.#rds.copySnapshot(newest, { id: `copy-${database.id}-${this.#now}` });
        return what;
      }
      case 'newest expired': {
        const newest = this.#available(host).at(-1);
        if (newest === undefined) return undefined;
        this.#remove(newest);
        host.changedAt = this.#now;
        return what;
      }
      case 'host deleted': {
        // Few are, so that there are some to the end.
        if (this.#random() < 0.8 || this.hosts.filter((one) => !one.database.deleted).length < 4) return undefined;
        for (const snapshot of this.#available(host)) this.#removed.push({ snapshot, at: this.#now });
        this.#rds.delete(database);
        host.changedAt = this.#now;
        return what;
      }
      case 'tenant comes':
        return this.#enter(this.#newTenant(), host, undefined) ? what : undefined;
      case 'tenant leaves': {
        const one = this.#some(host);
        if (one === undefined || this.current(host).length < 3) return undefined;
        this.#leave(one);
        return what;
      }
      case 'tenant moves': {
        const one = this.#some(host);
        return one && this.#move(one) ? what : undefined;
      }
    }
  }

  /** The tenants of a host that is gone go elsewhere. */
  #abandon(host: Host): string | undefined {
    const one = this.#some(host);
    return one && this.#move(one) ? 'tenant moves from a deleted host' : undefined;
  }

  #some(host: Host): Tenancy | undefined {
    const all = this.current(host);
    return all[Math.floor(this.#random() * all.length)];
  }

  #move(one: Tenancy): boolean {
    const to = oneOf(this.#random, this.hosts as [Host, ...Host[]]);
    if (this.current(one.host).length < 3 && !one.host.database.deleted) return false;
    if (!this.#enter(one.tenant, to, one)) return false;
    this.#leave(one);
    this.#tag(one.host);
    this.#tag(to);
    return true;
  }

  #enter(tenant: string, host: Host, former: Tenancy | undefined): boolean {
    if (host.database.deleted || this.#isIn(tenant, host)) return false;
    if (host.isTagged && this.current(host).length >= mostTagged) return false;
    const isStated = !host.isTagged && this.#random() < 0.5;
    this.#all.push({ tenant, host, isFirst: false, from: this.#now, isStated, ...(former && { former }) });
    host.changedAt = this.#now;
    return true;
  }

  #leave(one: Tenancy): void {
    one.until = this.#now;
    one.host.changedAt = this.#now;
  }

  #remove(snapshot: Snapshot): void {
    this.#removed.push({ snapshot, at: this.#now });
    this.#rds.expire(snapshot);
  }

  // What is so ----------------------------------------------------------------------------------------------------------

  /** Available snapshots of a host, oldest first. */
  #available({ database }: Host): readonly Snapshot[] {
    return this.#rds
      .snapshots(database)
      .filter(({ status }) => status === 'available')
      .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
  }

  /** Whether a snapshot of a host is being created. */
  isBeingBackedUp({ database }: Host): boolean {
    return this.#rds.snapshots(database).some(({ status }) => status === 'creating');
  }

  /** Since when the ledger takes a tenant for being there: at least and at most. */
  sinceOf(one: Tenancy): readonly [number, number] {
    if (one.isFirst) return [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY];
    return [one.from, one.isStated ? one.from : (one.seenBy ?? this.#now)];
  }

  newestOf(one: Tenancy): Newest {
    const now = this.#now;
    return { strict: this.#newest(one, 'strict', now), lenient: this.#newest(one, 'lenient', now) };
  }

  /**
   * `strict` counts what certainly holds the tenant, is certainly known and there; `lenient` what may be taken for that until the next
   * sweep. Either counts what was made where the tenant was before, while it was there.
   */
  #newest(one: Tenancy, how: 'strict' | 'lenient', to: number, now = one): number | undefined {
    const [least, most] = this.sinceOf(one);
    const since = how === 'strict' ? most : least;
    const removed = how === 'lenient' ? this.#removed.filter(({ at }) => at > this.sweptAt) : [];
    const gone = removed.map(({ snapshot }) => snapshot).filter((snapshot) => isOf(snapshot, one.host));
    // A tenant that comes back begins anew there.
    const counts = one === now || one.host !== now.host;
    const shown = counts ? [...this.#available(one.host), ...gone] : [];
    const own = shown.map(dataTime).filter((time) => time >= since && time <= to);
    const { former } = one;
    const before = former && this.#newest(former, how, Math.min(to, this.#knownUntil(former, how, least, most)), now);
    const times = [...own, ...(before === undefined ? [] : [before])];
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /**
   * Until when backups of a host that a tenant has left are counted: of one that no event announced only a sweep knows, and until a
   * sweep the tenant may be taken for being there still.
   */
  #knownUntil(former: Tenancy, how: 'strict' | 'lenient', least: number, most: number): number {
    return how === 'strict' ? Math.min(least, this.sweptAt) : Math.max(most, former.leftBy ?? this.#now);
  }

  /** Whether a tenant had a backup, wherever it was, that is gone: people are notified of that at once. */
  isBereft(one: Tenancy): boolean {
    const [since] = this.sinceOf(one);
    const had = this.#removed.some(({ snapshot }) => isOf(snapshot, one.host) && dataTime(snapshot) >= since);
    return had || (one.former !== undefined && this.isBereft(one.former));
  }

  /** Whether the next backup may come now, in its window and the grace: nobody need be notified before that is over. */
  mayComeNow({ database: { window } }: Host): boolean {
    const opens = Number(window.slice(0, 2));
    const hour = (this.#now / hourMs) % 24;
    return (hour - opens + 24) % 24 <= 3;
  }

  /** The newest backup of a host. */
  newestOfHost(host: Host): number | undefined {
    const times = this.#available(host).map(dataTime);
    return times.length === 0 ? undefined : Math.max(...times);
  }
}

const happenings = [
  ...([
    'nights skipped',
    'nights skipped',
    'nights skipped',
    'backup by hand',
    'newest copied',
    'newest expired',
  ] as const),
  ...(['tenant comes', 'tenant comes', 'tenant leaves', 'tenant moves', 'tenant moves', 'host deleted'] as const),
] as const satisfies readonly [string, ...string[]];

type Happening = (typeof happenings)[number];

function isOf({ source }: Snapshot, { database }: Host): boolean {
  return source.resourceId === database.resourceId;
}

/** A copy is as old as what it was made of. */
function dataTime({ originalTime, startedAt }: Snapshot): number {
  return (originalTime ?? startedAt).getTime();
}
