/**
 * Months of shared databases: tenants come with and without a `since`, leave and move, nights are skipped, snapshots expire, hosts are
 * deleted, and calls, runs, events and messages fail. Each tenant has to know of its own backups, and of nobody else.
 */
import { RdsFault } from '../local/rds/faults.ts';
import { oneOf, seededRandom } from '../local/rds/randomness.ts';
import { hourMs } from '../shared/lib/time.ts';
import type { OutgoingMessage } from '../shared/notifications/index.ts';
import { eventMeanings } from '../shared/rds/index.ts';
import { between as around, makeWorld, type World, where } from '../test/support/world.ts';
import { type Host, Hosts, type Tenancy } from './hosts.ts';

const start = Date.parse('2026-11-02T00:00:00Z');

/** By which a backup window and its grace, and a backup that is being made, may move a deadline past the promise, in hours. */
const movedHours = 4;

/** A watch comes each hour here; an alerted share is checked every six hours at the latest. */
const checkedHours = 7;

/** After the last fault, in hours: what could not be sent, written or read is tried again by then. */
const settledHours = 13;

export interface SharedProblem {
  readonly hour: number;
  readonly text: string;
}

export interface SharedOutcome {
  readonly problem?: SharedProblem;
  /** What happened until then. */
  readonly lines: readonly string[];
  readonly hosts: number;
  readonly tenants: number;
  readonly days: number;
  readonly happenings: Readonly<Record<string, number>>;
  /** Messages to tenants, each of which was searched for others. */
  readonly toTenants: number;
  readonly toOperators: number;
}

export interface SharedStory {
  readonly seed: number;
  readonly hosts: number;
  readonly days: number;
}

const faultKinds = [
  'ledger fails',
  'run killed',
  'SNS refuses',
  'SNS does not answer',
  'RDS fails',
  'runs twice',
] as const;

interface Fault {
  readonly kind: (typeof faultKinds)[number];
  readonly untilHour: number;
}

/** Plays a story to its end, or to the first hour in which something does not hold. */
export async function playShared({ seed, hosts: count, days }: SharedStory): Promise<SharedOutcome> {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1));
  const happenings: Record<string, number> = {};
  const lines: string[] = [];
  const note = (what: string) => {
    happenings[what] = (happenings[what] ?? 0) + 1;
  };
  let fault: Fault | undefined;
  let callsLeft = Number.POSITIVE_INFINITY;
  const failsNow = (kind: Fault['kind'], share: number) => fault?.kind === kind && random() < share;
  const world: World = makeWorld({
    now: new Date(start).toISOString(),
    config: { tenants: [] },
    simulator: {
      seed,
      eventSink: async (event) => {
        if (!(event.detail.EventID in eventMeanings) || random() < 0.1) return;
        // What cannot be recorded comes again, and ends as a dead letter: the sweep finds it.
        await world.deliver(JSON.stringify(event)).catch(() => {});
      },
    },
    between: (ledger) =>
      around(ledger, () => {
        callsLeft -= 1;
        if (callsLeft < 0 || failsNow('ledger fails', 0.05)) throw new Error('the ledger does not answer');
      }),
  });
  const fleet = new Hosts(random, world.rds, count);
  const oracle = new SharedOracle(fleet);
  world.rds.onCall(() => (failsNow('RDS fails', 0.5) ? rdsDown : undefined));
  world.state.publish = async (message) => {
    if (failsNow('SNS refuses', 0.4)) throw new Error('SNS refuses');
    oracle.heard.push(message);
    if (failsNow('SNS does not answer', 0.4)) throw new Error('SNS does not answer');
  };
  const configure = () => world.configure(fleet.configuration());
  configure();
  const run = async (mode: 'sweep' | 'watch') => {
    const report = await world[mode]().then(
      (one) => one.report,
      () => undefined,
    );
    if (mode === 'sweep' && report?.complete && report.errors.length === 0) fleet.swept(world.rds.now.getTime());
  };
  await run('sweep');
  for (let hour = 1; hour <= days * 24; hour += 1) {
    if (fault && hour >= fault.untilHour) fault = undefined;
    if (fault === undefined && random() < 0.02) {
      fault = { kind: oneOf(random, faultKinds), untilHour: hour + 1 + Math.floor(random() * 4) };
      note(fault.kind);
      lines.push(`hour ${hour}: ${fault.kind}, until hour ${fault.untilHour}`);
    }
    await world.rds.advanceTo(new Date(start + hour * hourMs));
    const done = random() < 0.25 ? fleet.act() : undefined;
    if (done !== undefined) {
      note(done.what);
      lines.push(`hour ${hour}: ${done.what}: ${done.of}`);
      configure();
    }
    oracle.begins(hour, fault !== undefined);
    if (fault?.kind === 'run killed') callsLeft = Math.floor(random() * 200);
    const mode = hour % 24 === 12 ? 'sweep' : 'watch';
    await Promise.all(fault?.kind === 'runs twice' ? [run(mode), run(mode)] : [run(mode)]);
    callsLeft = Number.POSITIVE_INFINITY;
    const text = oracle.check(hour, fault?.kind === 'runs twice');
    if (text !== undefined) return outcome({ hour, text });
  }
  return outcome();

  function outcome(problem?: SharedProblem): SharedOutcome {
    const { toTenants, toOperators } = oracle;
    const tenants = fleet.ages.size;
    return { ...(problem && { problem }), lines, hosts: count, tenants, days, happenings, toTenants, toOperators };
  }
}

const rdsDown = new RdsFault('ServiceUnavailable', 503, 'RDS does not answer.');

/** What a message says of a database. */
interface Said {
  readonly key: string;
  readonly tenant: string;
  readonly verdict: string;
  readonly step: string;
  readonly resolved: string | null;
}

class SharedOracle {
  readonly #fleet: Hosts;
  /** Messages of the hour. */
  readonly heard: OutgoingMessage[] = [];
  /** Keys of which tenants, and operators, know that something is wrong. */
  readonly #open = new Set<string>();
  readonly #since = new Map<string, number>();
  #hour = 0;
  #troubledAt = 0;
  toTenants = 0;
  toOperators = 0;

  constructor(fleet: Hosts) {
    this.#fleet = fleet;
  }

  /** The runs of an hour are about to begin. */
  begins(hour: number, isTroubled: boolean): void {
    this.#hour = hour;
    if (isTroubled) this.#troubledAt = hour;
  }

  get #now(): number {
    return start + this.#hour * hourMs;
  }

  /** What does not hold after the runs of an hour. */
  check(hour: number, mayRepeat: boolean): string | undefined {
    const entries: string[] = [];
    for (const message of this.heard.splice(0)) {
      const text = message.attributes.audience === 'operators' ? this.#toOperators(message) : this.#toTenant(message);
      if (text !== undefined) return text;
      if (message.attributes.audience === 'operators') entries.push(...saidIn(message).map(({ key }) => key));
    }
    const twice = entries.find((key, n) => entries.indexOf(key) !== n);
    if (twice !== undefined && !mayRepeat) return `operators have two messages of ${twice} in hour ${hour}`;
    for (const host of this.#fleet.hosts) {
      const text = this.#whatIs(host);
      if (text !== undefined) return text;
    }
    return undefined;
  }

  #toOperators(message: OutgoingMessage): string | undefined {
    this.toOperators += 1;
    for (const said of saidIn(message)) {
      if (said.key.split('/').length !== 3) return `operators have a message of the share ${said.key}`;
      this.#note(said);
    }
    return undefined;
  }

  /** A message to a tenant is about it alone, and true. */
  #toTenant(message: OutgoingMessage): string | undefined {
    this.toTenants += 1;
    const { tenant, audience } = message.attributes;
    if (audience !== 'tenant') return `a message to ${audience} of ${tenant}: ${message.subject}`;
    const foreign = foreignIn(tenant, message);
    if (foreign !== undefined) return `a message to ${tenant} says ${foreign}`;
    for (const said of saidIn(message)) {
      const [, , , owner] = said.key.split('/');
      if (owner !== tenant) return `a message to ${tenant} is about ${said.key}`;
      const text = this.#isTrue(said);
      if (text !== undefined) return text;
      this.#note(said);
    }
    return undefined;
  }

  #note({ key, step, resolved }: Said): void {
    if (step !== 'resolve' && resolved === null) this.#open.add(key);
    else this.#open.delete(key);
  }

  #isTrue({ key, tenant, verdict, step }: Said): string | undefined {
    if (step === 'resolve') return undefined;
    const host = this.#fleet.hostOf(key);
    const problem = (why: string) => `${tenant} is notified that ${host?.id} is ${verdict}: ${why}`;
    if (host === undefined) return problem('there is no such database');
    if (verdict === 'deleted' || verdict === 'missing')
      return host.database.deleted ? undefined : problem('it is there');
    const one = this.#fleet.of(tenant, host).at(-1);
    if (one === undefined || one.until !== undefined) return problem('it is not there');
    // What RDS does not show stays as it was.
    if (this.#troubledAt === this.#hour) return undefined;
    const { strict } = this.#fleet.newestOf(one);
    if (strict === undefined && this.#fleet.isBereft(one)) return undefined;
    const hours = (this.#now - (strict ?? this.#bornOf(one)[0])) / hourMs;
    const promise = this.#fleet.promiseOf(one);
    return hours < promise - 0.1
      ? problem(`its data of ${hours.toFixed(1)} h ago can be restored, and ${promise} are promised`)
      : undefined;
  }

  /** Since when a tenant without a backup waits for one: at least and at most. */
  #bornOf(one: Tenancy): readonly [number, number] {
    const [least, most] = this.#fleet.sinceOf(one);
    const created = one.host.database.created.getTime();
    const [before] = one.former ? this.#bornOf(one.former) : [least];
    return [Math.max(Math.min(before, least), created), Math.max(most, created)];
  }

  /** Who lacks a backup knows in time, and who has one again is not left to believe otherwise; so do operators of each host. */
  #whatIs(host: Host): string | undefined {
    const hostKey = this.#keyOf(host);
    const isSettled = this.#hour - this.#troubledAt >= settledHours;
    const isWatched = !host.database.deleted && !this.#fleet.mayComeNow(host);
    let someLate = false;
    let allWell = true;
    const tenants = new Set([...this.#fleet.current(host)].map(({ tenant }) => tenant));
    for (const one of this.#fleet.current(host)) {
      const key = `${hostKey}/${one.tenant}`;
      const { strict, lenient } = this.#fleet.newestOf(one);
      const promise = this.#fleet.promiseOf(one);
      const hours = (time: number) => (this.#now - time) / hourMs;
      const isLate = isWatched && hours(lenient ?? this.#bornOf(one)[1]) > promise + movedHours;
      const isWell = strict !== undefined && hours(strict) < promise - checkedHours;
      const lateFor = this.#lasts(`late ${key}`, isLate && isSettled && this.#isSeen(one));
      const wellFor = this.#lasts(`well ${key}`, isWell && isSettled && this.#isSeen(one));
      if (lateFor > 1 && !this.#open.has(key))
        return `${one.tenant} has no backup of ${promise} h in ${host.id}, and does not know`;
      if (wellFor > checkedHours && this.#open.has(key))
        return `${one.tenant} believes that it has no backup in ${host.id}`;
      someLate ||= lateFor > 1;
      allWell &&= wellFor > checkedHours;
    }
    const newest = this.#fleet.newestOfHost(host);
    const isHostLate =
      isWatched && newest !== undefined && this.#now - newest > (host.maxAgeHours + movedHours) * hourMs;
    const late = this.#lasts(
      `late ${hostKey}`,
      someLate || (isHostLate && isSettled && this.#isSwept(host) && tenants.size > 0),
    );
    if (late > 1 && !this.#open.has(hostKey)) return `${host.id} is late, or a tenant of it, and operators do not know`;
    const isHostWell = newest !== undefined && this.#now - newest < (host.maxAgeHours - checkedHours) * hourMs;
    const well = this.#lasts(`well ${hostKey}`, allWell && isHostWell && isSettled && this.#isSwept(host));
    if (well > checkedHours && this.#open.has(hostKey)) return `operators believe that ${host.id} is late`;
    for (const key of this.#open) {
      const [, , resource, tenant] = key.split('/');
      if (resource !== host.database.resourceId || tenant === undefined || tenants.has(tenant)) continue;
      if (isSettled && this.#isSwept(host)) return `${tenant} believes that it is in ${host.id} still`;
    }
    return undefined;
  }

  /** For how many hours something is so by now. */
  #lasts(what: string, isSo: boolean): number {
    if (!isSo) this.#since.delete(what);
    else if (!this.#since.has(what)) this.#since.set(what, this.#hour);
    return this.#hour - (this.#since.get(what) ?? this.#hour);
  }

  #keyOf({ database }: Host): string {
    return `${where.account}/${where.region}/${database.resourceId}`;
  }

  /** Whether a sweep has come since something changed there that no event need announce. */
  #isSwept({ changedAt }: Host): boolean {
    return this.#fleet.sweptAt > changedAt;
  }

  /** Whether it has wherever the tenant was. */
  #isSeen(one: Tenancy): boolean {
    return (
      this.#isSwept(one.host) &&
      (one.former === undefined || this.#isSeen(one.former)) &&
      !this.#fleet.isBeingBackedUp(one.host)
    );
  }
}

function saidIn({ texts }: OutgoingMessage): readonly Said[] {
  return (texts.body as { readonly databases?: readonly Said[] }).databases ?? [];
}

/** What a message to a tenant says of others: their ids, how many there are, or that the database is shared. */
export function foreignIn(tenant: string, { subject, texts, attributes }: OutgoingMessage): string | undefined {
  const text = JSON.stringify({ subject, texts, attributes });
  const ids = text.match(/\bcust-\d{4}\b/g) ?? [];
  return ids.find((id) => id !== tenant) ?? /shared:|\b\d+ (other )?tenants\b/.exec(text)?.[0];
}
