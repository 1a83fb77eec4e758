/**
 * A month of a fleet in many accounts and Regions: roles are refused, Regions are out, events of a spoke stop, databases move to another
 * account, backups fail. What happens in one environment must concern nobody else.
 */
import { between, oneOf, type Random, seededRandom } from '../local/rds/randomness.ts';
import { RdsSimulator } from '../local/rds/simulator.ts';
import { type Environment, formatEnvironment, formatName, sameEnvironment } from '../shared/domain/index.ts';
import { hourMs } from '../shared/lib/time.ts';
import { eventMeanings } from '../shared/rds/index.ts';
import { where as hub, makeWorld, type World } from '../test/support/world.ts';

const start = Date.parse('2026-11-02T00:00:00Z');
const regions = ['eu-west-1', 'us-east-1', 'ap-southeast-2'] as const;

/** Hours of the age that is promised, and those within which the deadline may be moved past it by a backup window. */
const maxAgeHours = 24;
const surelyOverdueHours = 34;

/** A watch comes each hour here; an unprotected database is checked every six at the latest. */
const longestHours = 7;

interface Place extends Environment {
  readonly rds: RdsSimulator;
}

interface Entry {
  readonly id: string;
  readonly tenant: string;
  readonly place: Place;
  readonly since: number;
}

/** From an hour of the story to another. */
interface Span {
  readonly from: number;
  readonly to: number;
}

type Happening = Span &
  (
    | { readonly what: 'role refused'; readonly place: Place }
    | { readonly what: 'Region out'; readonly region: string }
    | { readonly what: 'events stopped'; readonly place: Place }
  );

/** What does not hold. */
export interface AccountsProblem {
  readonly hour: number;
  readonly text: string;
}

export interface AccountsOutcome {
  readonly problem?: AccountsProblem;
  readonly environments: number;
  readonly databases: number;
  readonly days: number;
  readonly happenings: Readonly<Record<string, number>>;
  /** Messages by kind. */
  readonly messages: Readonly<Record<string, number>>;
}

export interface AccountsStory {
  readonly seed: number;
  readonly environments: number;
  readonly days: number;
}

/** Plays a story to its end, or to the first hour in which something does not hold. */
export async function playAccounts({ seed, environments, days }: AccountsStory): Promise<AccountsOutcome> {
  const random = seededRandom(seed);
  const fleet = new AccountsFleet(random, environments);
  const happenings = plan(random, fleet.places, days);
  const counts: Record<string, number> = {};
  const note = (what: string) => {
    counts[what] = (counts[what] ?? 0) + 1;
  };
  for (const { what } of happenings) note(what);
  const oracle = new Oracle(fleet, happenings);
  const outcome = (problem?: AccountsProblem): AccountsOutcome => ({
    ...(problem && { problem }),
    environments,
    databases: fleet.entries.length,
    days,
    happenings: counts,
    messages: oracle.messages,
  });
  const { world } = fleet;
  for (const place of fleet.places) world.state.spokes.set(formatEnvironment(place), place.rds);
  await world.sweep();
  world.published.splice(0);
  for (let hour = 1; hour <= days * 24; hour += 1) {
    for (const place of fleet.places) {
      const isRead = !happenings.some((one) => concerns(one, place) && hour >= one.from && hour < one.to);
      world.state.spokes.set(formatEnvironment(place), isRead ? place.rds : refusal(place));
    }
    fleet.silent = new Set(
      happenings.flatMap((one) =>
        one.what === 'events stopped' && hour >= one.from && hour < one.to ? [formatEnvironment(one.place)] : [],
      ),
    );
    await fleet.advanceTo(start + hour * hourMs);
    if (random() < 0.02) note(fleet.failBackups(random));
    if (random() < 0.01) note(fleet.move(random, hour));
    await (hour % 24 === 12 ? world.sweep() : world.watch());
    const problem = oracle.check(hour);
    if (problem !== undefined) return outcome({ hour, text: problem });
  }
  return outcome();
}

function refusal({ account, region }: Environment): Error {
  const role = `arn:aws:iam::${account}:role/RdsBackupLedger-reader-${region}`;
  return Object.assign(new Error(`not authorized to perform: sts:AssumeRole on resource: ${role}`), {
    name: 'AccessDenied',
  });
}

/** Whether a happening keeps an environment from being read. */
function concerns(one: Happening, place: Environment): boolean {
  if (one.what === 'events stopped') return false;
  return one.what === 'Region out' ? one.region === place.region : sameEnvironment(one.place, place);
}

function plan(random: Random, places: readonly Place[], days: number): Happening[] {
  const span = (shortest: number, longest: number): Span => {
    const from = Math.floor(between(random, 13, days * 24 - 60));
    return { from, to: from + Math.floor(between(random, shortest, longest)) };
  };
  const [, ...spokes] = places;
  const some = (count: number, make: () => Happening) => Array.from({ length: count }, make);
  const place = () => oneOf(random, spokes as [Place, ...Place[]]);
  const planned = [
    ...some(Math.ceil(days / 3), () => ({ what: 'role refused', place: place(), ...span(3, 50) }) as const),
    ...some(
      Math.ceil(days / 15),
      () => ({ what: 'Region out', region: oneOf(random, ['us-east-1', 'ap-southeast-2']), ...span(2, 30) }) as const,
    ),
    ...some(Math.ceil(days / 10), () => ({ what: 'events stopped', place: place(), ...span(50, 80) }) as const),
  ];
  // Two at once in one place would be one trouble with two causes.
  return planned.filter((one, n) =>
    planned.slice(0, n).every((other) => one.to + 30 < other.from || other.to + 30 < one.from || !meet(one, other)),
  );
}

function meet(one: Happening, other: Happening): boolean {
  const regionOf = (happening: Happening) => ('region' in happening ? happening.region : happening.place.region);
  const nameOf = (happening: Happening) => ('place' in happening ? formatEnvironment(happening.place) : undefined);
  if (regionOf(one) !== regionOf(other)) return false;
  return nameOf(one) === undefined || nameOf(other) === undefined || nameOf(one) === nameOf(other);
}

class AccountsFleet {
  readonly world: World;
  readonly places: readonly Place[];
  entries: Entry[];
  /** Environments whose events do not arrive. */
  silent: ReadonlySet<string> = new Set();
  #moves = 0;

  constructor(random: Random, environments: number) {
    const spokes = Array.from({ length: environments - 1 }, (_, n) => ({
      account: String(200_000_000_000 + Math.floor(n / regions.length)),
      region: regions[n % regions.length] ?? hub.region,
    }));
    this.world = makeWorld({ now: new Date(start).toISOString(), config: { tenants: [] } });
    const now = new Date(start);
    const simulators = spokes.map((place, n) => {
      const rds = new RdsSimulator({
        now,
        ...place,
        seed: n + 1,
        eventSink: async (event) => {
          if (this.silent.has(formatEnvironment(place)) || !(event.detail.EventID in eventMeanings)) return;
          // What cannot be recorded comes again, and ends as a dead letter: the sweep finds it.
          await this.world.deliver(JSON.stringify(event)).catch(() => {});
        },
      });
      return { ...place, rds };
    });
    this.places = [{ ...hub, rds: this.world.rds }, ...simulators];
    this.entries = this.places.flatMap((place) =>
      Array.from({ length: 1 + Math.floor(random() * 3) }, (_, n) => ({
        // The same names in each environment.
        id: ['orders', 'billing', 'crm'][n] ?? 'other',
        tenant: `tenant-${Math.floor(random() * environments)}`,
        place,
        since: -100,
      })),
    );
    for (const { place, id } of this.entries) {
      const hour = Math.floor(random() * 23);
      const window = `${String(hour).padStart(2, '0')}:00-${String(hour).padStart(2, '0')}:30`;
      place.rds.createInstance({ id, created: new Date(start - 100 * 24 * hourMs), window });
      const age = (24 - hour) % 24;
      place.rds.takeBackup(id, { kind: 'automated', at: new Date(start - (age === 0 ? 24 : age) * hourMs + 60_000) });
    }
    this.#configure();
  }

  async advanceTo(time: number): Promise<void> {
    for (const { rds } of this.places) await rds.advanceTo(new Date(time));
  }

  /** Two or three nights of one database without a backup. */
  failBackups(random: Random): string {
    const { place, id } = oneOf(random, this.entries as [Entry, ...Entry[]]);
    place.rds.skipBackups(id, 2 + Math.floor(random() * 2));
    return 'backups failed';
  }

  /** A database goes to another account: a new one there, which the configuration names from now on. */
  move(random: Random, hour: number): string {
    const from = oneOf(random, this.entries as [Entry, ...Entry[]]);
    const place = oneOf(random, this.places.filter((one) => one !== from.place) as [Place, ...Place[]]);
    this.#moves += 1;
    const id = `${from.id}-${this.#moves}`;
    place.rds.createInstance({ id });
    this.entries = [...this.entries.filter((one) => one !== from), { id, tenant: from.tenant, place, since: hour }];
    this.#configure();
    return 'database moved';
  }

  #configure(): void {
    const tenants = [...new Set(this.entries.map(({ tenant }) => tenant))];
    this.world.configure({
      operators: [{ email: 'operators@example.com' }],
      defaults: { copy: { mode: 'none' } },
      alerts: { digestAbove: 1000 },
      environments: this.places.map(({ account, region }) => ({ account, regions: [region] })),
      tenants: tenants.map((tenant) => ({
        id: tenant,
        recipients: [{ email: `${tenant}@example.com` }],
        databases: this.entries
          .filter((entry) => entry.tenant === tenant)
          .map(({ id, place: { account, region } }) => ({ id, kind: 'instance', account, region })),
      })),
    });
  }
}

/** What people were sent, as far as this is judged. */
interface Body {
  readonly kind: string;
  readonly databases?: readonly { readonly key: string; readonly database: string; readonly verdict: string }[];
  readonly environments?: readonly {
    readonly account: string;
    readonly region: string;
    readonly step: string;
    readonly trouble: string;
  }[];
}

class Oracle {
  readonly #fleet: AccountsFleet;
  readonly #happenings: readonly Happening[];
  /** Troubles that operators know of, by environment. */
  readonly #open = new Map<string, string>();
  /** Since when each database lacks what is promised, and since when it has it, in hours. */
  readonly #lateSince = new Map<string, number>();
  readonly #wellSince = new Map<string, number>();
  /** Databases that people know to be in trouble, by name. */
  readonly #alerted = new Map<string, string>();
  readonly messages: Record<string, number> = {};

  constructor(fleet: AccountsFleet, happenings: readonly Happening[]) {
    this.#fleet = fleet;
    this.#happenings = happenings;
  }

  /** What does not hold after the run of an hour. */
  check(hour: number): string | undefined {
    return this.#read(hour) ?? this.#databases(hour) ?? this.#environments(hour);
  }

  /** Reads what was sent in this hour. */
  #read(hour: number): string | undefined {
    for (const { attributes, texts } of this.#fleet.world.published.splice(0)) {
      this.messages[attributes.kind] = (this.messages[attributes.kind] ?? 0) + 1;
      const body = texts.body as Body;
      for (const { account, region, step, trouble } of body.environments ?? []) {
        const name = formatEnvironment({ account, region });
        if (step === 'resolve') {
          if (!this.#open.delete(name)) return `the end of what nobody was notified of in ${name}`;
        } else if (step === 'open') {
          if (this.#open.has(name)) return `a second message that ${name} is ${trouble}`;
          this.#open.set(name, trouble);
        }
        if (step !== 'resolve' && !this.#isTroubled(name, trouble, hour))
          return `${name} is called ${trouble}, and is not`;
      }
      if (attributes.audience !== 'tenant') continue;
      for (const { key, database, verdict } of body.databases ?? []) {
        const [account = '', region = ''] = key.split('/');
        const name = formatName({ account, region, kind: 'instance', id: database });
        if (attributes.kind === 'backup-restored') {
          this.#alerted.delete(name);
          continue;
        }
        const entry = this.#fleet.entries.find((one) => nameOf(one) === name);
        if (entry === undefined) return `a message about ${name}, which is not configured`;
        if (verdict === 'unknown') {
          const unread = this.#unreadHours(entry.place, hour);
          if (unread < 24) return `${entry.tenant} is notified that ${name} is unknown after ${unread} hours`;
        } else if (this.#ageOf(entry, hour) < maxAgeHours && this.#unreadHours(entry.place, hour) < 24) {
          return `${entry.tenant} is notified that ${name} is ${verdict}, and its backup is ${this.#ageOf(entry, hour)} h old`;
        }
        this.#alerted.set(name, verdict);
      }
    }
    return undefined;
  }

  /** Who lacks a backup is alerted in time, wherever RDS can be read; who has one again is not for long. */
  #databases(hour: number): string | undefined {
    const names = new Set(this.#fleet.entries.map(nameOf));
    for (const name of this.#alerted.keys()) if (!names.has(name)) this.#alerted.delete(name);
    for (const entry of this.#fleet.entries) {
      const name = nameOf(entry);
      const isRead = this.#unreadHours(entry.place, hour) === 0;
      const age = this.#ageOf(entry, hour);
      const note = (since: Map<string, number>, holds: boolean) => {
        if (!holds) since.delete(name);
        else if (!since.has(name)) since.set(name, hour);
        return hour - (since.get(name) ?? hour);
      };
      const late = note(this.#lateSince, isRead && age > surelyOverdueHours);
      const well = note(this.#wellSince, isRead && age < maxAgeHours - longestHours);
      if (late > 1 && !this.#alerted.has(name))
        return `${name} has a backup of ${age} h, and nobody of ${entry.tenant} knows`;
      if (well > longestHours && this.#alerted.has(name)) {
        return `${entry.tenant} is not notified that ${name} has a backup again (${this.#alerted.get(name)})`;
      }
    }
    return undefined;
  }

  /** Operators know of each environment that cannot be read once a sweep has met it, and that it is over. */
  #environments(hour: number): string | undefined {
    for (const place of this.#fleet.places) {
      const name = formatEnvironment(place);
      const unread = this.#unreadHours(place, hour);
      const isSwept = unread > 0 && Array.from({ length: unread }, (_, n) => (hour - n) % 24).includes(12);
      if (isSwept && this.#open.get(name) !== 'unread') return `${name} cannot be read, and operators do not know`;
      const readAgain = this.#happenings.some((one) => concerns(one, place) && hour - one.to === 24);
      if (readAgain && unread === 0 && this.#open.get(name) === 'unread')
        return `operators believe that ${name} cannot be read`;
    }
    return undefined;
  }

  #isTroubled(name: string, trouble: string, hour: number): boolean {
    const place = this.#fleet.places.find((one) => formatEnvironment(one) === name);
    if (place === undefined) return false;
    if (trouble === 'unread') return this.#unreadHours(place, hour) > 0;
    // Events are lost as well while the function cannot read where they come from.
    return this.#happenings.some(
      (one) =>
        (concerns(one, place) || (one.what === 'events stopped' && one.place === place)) &&
        hour >= one.from &&
        hour < one.to + 30,
    );
  }

  /** For how many hours an environment has not been read by now. */
  #unreadHours(place: Environment, hour: number): number {
    const spans = this.#happenings.filter((one) => concerns(one, place) && hour >= one.from && hour < one.to);
    return Math.max(0, ...spans.map(({ from }) => hour - from + 1));
  }

  /** Hours since its newest backup, or since it came here. */
  #ageOf({ place, id, since }: Entry, hour: number): number {
    const times = place.rds
      .snapshots(id)
      .filter(({ status }) => status === 'available')
      .map(({ startedAt }) => startedAt.getTime());
    const newest = times.length > 0 ? Math.max(...times) : start + Math.max(since, 0) * hourMs;
    return Math.round(((start + hour * hourMs - newest) / hourMs) * 10) / 10;
  }
}

function nameOf({ place: { account, region }, id }: Entry): string {
  return formatName({ account, region, kind: 'instance', id });
}
