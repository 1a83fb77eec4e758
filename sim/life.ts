/** Plays a story: AWS around the functions on one simulated clock, the faults of each moment, and the checks along the way. */
import { setImmediate as drained } from 'node:timers/promises';
import type { BackupStateEvent } from '../local/rds/backup-jobs.ts';
import type { RdsEvent } from '../local/rds/events.ts';
import { RdsFault } from '../local/rds/faults.ts';
import type { Database } from '../local/rds/model.ts';
import { between, type Random, seededRandom } from '../local/rds/randomness.ts';
import { RdsSimulator } from '../local/rds/simulator.ts';
import { Timeline } from '../local/rds/timeline.ts';
import { jobEventPatterns } from '../shared/aws-backup/index.ts';
import { type Fleet, parseConfig } from '../shared/config/index.ts';
import type { CopyTrigger } from '../shared/copies/index.ts';
import { backupOfKey, copyTriggers, type Item } from '../shared/ledger/index.ts';
import type { OutgoingMessage } from '../shared/notifications/index.ts';
import { eventMeanings } from '../shared/rds/index.ts';
import type { SweepReport, SweepRequest } from '../shared/sweep/index.ts';
import { MemoryS3 } from '../test/shared/copies/memory-s3.ts';
import { Fleets } from './fleets.ts';
import { type Cloud, copyFunction, personFunction, recordFunction, sweepFunction } from './functions.ts';
import { Gate, type Run } from './gate.ts';
import { Oracle, type Problem } from './oracle.ts';
import {
  type Fault,
  type FunctionName,
  type Happening,
  type Service,
  type Story,
  storyStart,
  tenants,
} from './story.ts';
import { type Change, SimulatedTable } from './table.ts';

export const environment = { account: '123456789012', region: 'eu-west-1' } as const;

const second = 1_000;
const minute = 60 * second;
const day = 1440 * minute;

/** What Lambda gives each function, as `infra/` has it. */
const budgets: Readonly<Record<FunctionName, number>> = {
  sweep: 15 * minute,
  watch: 15 * minute,
  record: minute,
  copy: 15 * minute,
  person: minute,
};

/** Milliseconds of a call on a usual day: at least, and at most. */
const usualLatency: Readonly<Record<Service, readonly [number, number]>> = {
  dynamo: [3, 12],
  rds: [60, 400],
  sns: [20, 80],
  s3: [20, 90],
  lambda: [20, 60],
};

const exportEnds = new Set(['0159', '0160', '0161', '0162', '0163', '0164'].map((number) => `RDS-EVENT-${number}`));

/** SQS hands a message out this often before it is a dead letter. */
const mostReceives = 5;
const visibilityMs = 6 * minute;
/** Record runs at a time. */
const mostRecordRuns = 5;
/** Tries of a batch of the stream. */
const mostStreamTries = 6;
/** Pauses of Lambda before it tries an event anew. */
const asyncPauses = [minute, 2 * minute];

interface Message {
  readonly messageId: string;
  readonly body: string;
  receives: number;
  visibleAt: number;
  taken: boolean;
}

export interface Totals {
  /** Days of a database on which a backup was due. */
  dueDays: number;
  databaseDays: number;
  runs: Record<string, number>;
  calls: Record<string, number>;
  faults: Record<string, number>;
  doubles: Record<string, number>;
  messages: Record<string, number>;
  deadLetters: Record<string, number>;
  exports: number;
  /** Messages to tenants. */
  toTenants: number;
  /** Weeks of the tenants. */
  tenantWeeks: number;
  picked: number;
}

export interface Outcome {
  readonly problem: Problem | undefined;
  readonly totals: Totals;
  readonly digest: string;
  /** What happened, line by line, where a trace was wanted. */
  readonly lines: readonly string[];
}

export interface LifeOptions {
  readonly trace?: boolean;
}

export function live(story: Story, options: LifeOptions = {}): Promise<Outcome> {
  return new Life(story, options).run();
}

class Life {
  readonly #story: Story;
  readonly #random: Random;
  readonly #timeline = new Timeline();
  readonly #lines: string[] = [];
  readonly #trace: boolean;
  readonly #gate: Gate;
  readonly #rds: RdsSimulator;
  readonly #table: SimulatedTable;
  readonly #s3 = new MemoryS3();
  readonly #fleets: Fleets;
  readonly #oracle: Oracle;
  readonly #cloud: Cloud;
  readonly #queue = new Map<string, Message>();
  readonly #stream: Change[] = [];
  readonly #windows: (Fault & { readonly minutes: number })[] = [];
  readonly #armed: Fault[] = [];
  readonly #deadLetters: Record<string, number> = {};
  readonly #runs: Record<string, number> = {};
  readonly #unwritable = new Set<string>();
  /** What rows that cannot be read now held before. */
  readonly #readable = new Map<string, Item>();
  #fleet: Fleet;
  #now = storyStart;
  #sent = 0;
  #recordRuns = 0;
  #streamIsBusy = false;
  #dueDays = 0;
  #databaseDays = 0;

  constructor(story: Story, { trace = false }: LifeOptions) {
    this.#story = story;
    this.#trace = trace;
    this.#random = seededRandom(story.seed * 40_503 + 1);
    this.#gate = new Gate(story.seed, this.#random, {
      now: () => this.#now,
      pass: (ms) => this.#passUntil(this.#now + ms),
      latency: (service) => this.#latency(service),
      meet: (service) => this.#meet(service),
      met: (call) => {
        if (call.startsWith('rds ')) this.#oracle.rdsTrouble();
        if (call.startsWith('sns ')) this.#oracle.recipients.refused(this.#now);
      },
      trace: (line) => this.#tell(line),
    });
    this.#rds = new RdsSimulator({
      now: new Date(storyStart),
      ...environment,
      seed: story.seed,
      eventSink: (event) => this.#announced(event),
      delivery: (_event, random) => this.#deliveries(random),
      backupEventSink: (event) => this.#announcedByAwsBackup(event),
      objectSink: { put: async (bucket, key, body) => this.#s3.put(bucket, key, body) },
    });
    this.#table = new SimulatedTable({
      now: () => this.#now,
      lagMs: () => this.#lagMs(),
      conflicts: (run) => this.#conflicts(run),
      unwritable: ({ pk }) =>
        this.#unwritable.has(pk) ? 'Item size has exceeded the maximum allowed size' : undefined,
      onChange: (change, by) => this.#changed(change, by),
    });
    this.#fleets = new Fleets(story, this.#rds, (database) => this.#oracle.changed(database));
    this.#fleet = this.#configured();
    this.#oracle = new Oracle({
      story,
      rds: this.#rds,
      fleets: this.#fleets,
      table: this.#table,
      now: () => this.#now,
      activeSince: () => Math.min(this.#now, ...[...this.#gate.active].map(({ started }) => started)),
      moments: () => this.#moments(),
    });
    this.#cloud = {
      gate: this.#gate,
      rds: this.#rds,
      table: this.#table,
      s3: this.#s3,
      now: () => this.#now,
      fleet: () => this.#fleet,
      publish: (run, message) => this.#published(run, message),
      invokeCopy: () => this.#invokeCopy({}),
      refusedExport: (run) => this.#refusedExport(run),
      refusedJobs: () => this.#refusedJobs(),
      report: () => story.report && this.#random() < 0.3,
    };
  }

  async run(): Promise<Outcome> {
    const { days, happenings, faults } = this.#story;
    const end = storyStart + (days + 1) * day;
    for (const happening of happenings) this.#plan(storyStart + happening.at * minute, () => this.#act(happening));
    for (const fault of faults) this.#plan(storyStart + fault.at * minute, () => this.#begin(fault));
    this.#plan(storyStart + days * day, () => {
      this.#armed.length = 0;
    });
    this.#every(15 * minute, 0, end, () => this.#invokeSweep('watch'));
    this.#every(day, 12 * 60 * minute, end, () => this.#invokeSweep('sweep'));
    this.#every(6 * 60 * minute, 0, end, () => this.#fleets.cancelExports());
    this.#every(day, 23 * 60 * minute, end, () => this.#countDay());
    this.#fleets.onAwsBackup((database, at) => this.#plan(at, () => this.#backUpByAws(database)));
    this.#oracle.sample();
    while (this.#oracle.problem === undefined) {
      const next = this.#nextAt();
      if (next > end) break;
      await this.#passUntil(next);
      await this.#gate.settle(() => this.#oracle.problem !== undefined);
    }
    if (this.#oracle.problem === undefined) {
      await this.#passUntil(end);
      await this.#gate.settle(() => this.#oracle.problem !== undefined);
      this.#oracle.atTheEnd();
    }
    // What was killed is let go before the next life begins.
    await drained();
    return {
      problem: this.#oracle.problem,
      totals: {
        dueDays: this.#dueDays,
        databaseDays: this.#databaseDays,
        runs: this.#runs,
        calls: this.#gate.callsBy,
        faults: this.#gate.faultsBy,
        doubles: this.#oracle.recipients.doublesBy,
        messages: this.#oracle.recipients.countsBy,
        toTenants: this.#oracle.recipients.toTenants,
        tenantWeeks: (tenants.length * this.#story.days) / 7,
        deadLetters: this.#deadLetters,
        exports: this.#rds.exportTasks().filter(({ Status }) => Status === 'COMPLETE').length,
        picked: this.#gate.picked,
      },
      digest: this.#gate.digest(),
      lines: this.#lines,
    };
  }

  // Time ----------------------------------------------------------------------------------------------------------------

  #plan(at: number, run: () => void | Promise<void>): void {
    this.#timeline.plan(new Date(at), run);
  }

  #every(ms: number, first: number, end: number, run: () => void): void {
    const at = (time: number) => {
      if (time >= end) return;
      this.#plan(time, () => {
        run();
        at(time + ms);
      });
    };
    at(storyStart + first);
  }

  #nextAt(): number {
    return Math.min(
      this.#timeline.nextAt?.getTime() ?? Number.POSITIVE_INFINITY,
      this.#rds.nextAt?.getTime() ?? Number.POSITIVE_INFINITY,
    );
  }

  async #passUntil(to: number): Promise<void> {
    for (let next = this.#nextAt(); next <= to; next = this.#nextAt()) {
      if (next > this.#now) this.#now = next;
      await this.#rds.advanceTo(new Date(next));
      const due = this.#timeline.takeDue(new Date(next));
      await due?.run();
    }
    if (to > this.#now) this.#now = to;
    await this.#rds.advanceTo(new Date(this.#now));
  }

  #tell(line: string): void {
    if (this.#trace) this.#lines.push(`${new Date(this.#now).toISOString().slice(0, 19)}Z ${line}`);
  }

  // Faults --------------------------------------------------------------------------------------------------------------

  #begin(fault: Fault): void | Promise<void> {
    if ('minutes' in fault) {
      this.#windows.push(fault);
      if (fault.kind === 'jobs unread') this.#fleets.jobsUnread = true;
      this.#plan(this.#now + fault.minutes * minute, () => {
        this.#windows.splice(this.#windows.indexOf(fault), 1);
        this.#fleets.jobsUnread = this.#of('jobs unread').length > 0;
        this.#oracle.changed();
      });
    }
    switch (fault.kind) {
      case 'kill':
      case 'fail':
      case 'short':
        this.#armed.push(fault);
        return;
      case 'twice':
        this.#count('twice');
        if (fault.fn === 'copy') this.#invokeCopy({});
        else this.#invokeSweep(fault.fn === 'sweep' ? 'sweep' : 'watch');
        if (fault.fn === 'copy') return this.#invokeCopy({});
        return this.#invokeSweep(fault.fn === 'sweep' ? 'sweep' : 'watch');
      case 'later version':
        return this.#writeAsLaterVersion(fault.pick, fault.words);
      case 'unreadable':
        return this.#spoil(fault.pick, fault.minutes);
      case 'unwritable':
        return this.#block(fault.pick, fault.minutes);
      case 'restore':
        return this.#restore(fault.backMinutes);
      default:
        this.#tell(`${JSON.stringify(fault)} begins`);
    }
  }

  #count(fault: string): void {
    this.#gate.faultsBy[fault] = (this.#gate.faultsBy[fault] ?? 0) + 1;
    this.#tell(fault);
  }

  #of<Kind extends Fault['kind']>(kind: Kind): Extract<Fault, { kind: Kind }>[] {
    return this.#windows.filter((fault) => fault.kind === kind) as unknown as Extract<Fault, { kind: Kind }>[];
  }

  #latency(service: Service): number {
    const [low, high] = usualLatency[service];
    const slow = this.#windows.length === 0 ? [] : this.#of('slow').filter((fault) => fault.service === service);
    return Math.floor(between(this.#random, low, high) + slow.reduce((sum, { seconds }) => sum + seconds * second, 0));
  }

  #meet(service: Service) {
    if (this.#windows.length === 0) return undefined;
    const refused = this.#of('refuse').find((fault) => fault.service === service);
    if (refused === undefined || this.#random() >= refused.share) return undefined;
    return { fault: `${service} refused`, when: this.#random() < 0.8 ? ('before' as const) : ('after' as const) };
  }

  #lagMs(): number {
    return this.#windows.length === 0 ? 200 : Math.max(200, ...this.#of('lag').map(({ seconds }) => seconds * second));
  }

  #conflicts(run: Run): boolean {
    const fault = this.#windows.length === 0 ? undefined : this.#of('conflicts')[0];
    if (fault === undefined || this.#random() >= fault.share) return false;
    this.#gate.hit(run, 'transaction conflict');
    return true;
  }

  #refusedExport(run: Run): RdsFault | undefined {
    if (this.#windows.length === 0 || this.#of('export role gone').length === 0) return undefined;
    this.#gate.hit(run, 'export role gone');
    return new RdsFault('IamRoleNotFound', 404, 'The IAM role was not found.');
  }

  #refusedJobs(): Error | undefined {
    const [fault] = this.#windows.length === 0 ? [] : this.#of('jobs unread');
    if (fault === undefined) return undefined;
    this.#count('jobs unread');
    const [name, httpStatusCode] = fault.denied ? ['AccessDeniedException', 403] : ['ThrottlingException', 400];
    return Object.assign(new Error(`AWS Backup answered ${name}`), { name, $metadata: { httpStatusCode } });
  }

  /** Seconds that the slowest service takes for a call now. */
  #slowest(): number {
    return Math.max(0, ...this.#of('slow').map(({ seconds }) => seconds));
  }

  /** The moments that a run's clock may show now. */
  #moments(): readonly number[] {
    const offsets =
      this.#windows.length === 0 ? [] : this.#of('clock').map(({ offsetMinutes }) => offsetMinutes * minute);
    const activeOffsets = [...this.#gate.active].map(({ clockOffset }) => clockOffset);
    const [least, most] = [Math.min(0, ...offsets, ...activeOffsets), Math.max(0, ...offsets, ...activeOffsets)];
    return least === 0 && most === 0 ? [this.#now] : [this.#now + least, this.#now, this.#now + most];
  }

  #pick(number: number, kinds: RegExp) {
    const items = this.#table.items
      .filter(({ pk, sk }) => kinds.test(`${pk} ${sk}`))
      .sort((a, b) => (`${a.pk} ${a.sk}` < `${b.pk} ${b.sk}` ? -1 : 1));
    return items[number % Math.max(1, items.length)];
  }

  /** A function of a later version wrote a row: fields of its own, and perhaps words. */
  async #writeAsLaterVersion(number: number, words: boolean): Promise<void> {
    const item = this.#pick(number, /^(DB#\S+ (DATABASE|BACKUP)|ALERT)/);
    if (item === undefined) return;
    const facts = Object.keys(item).find((name) => name.endsWith('Facts'));
    // Nobody writes a row that cannot be read.
    if (facts === undefined || typeof item[facts] !== 'object') return;
    const known = item[facts] as Record<string, unknown>;
    const said =
      words && 'verdict' in known ? { verdict: 'dormant', cause: { code: 'moon-in-the-way', facts: {} } } : {};
    const copy = 'copy' in known ? { copy: { ...(known.copy as object), laterField: 'kept' } } : {};
    this.#count(words ? 'words of a later version' : 'fields of a later version');
    this.#tell(`a later version writes ${item.pk} ${item.sk}`);
    const later = { ...known, ...said, ...copy, laterField: { kept: true } };
    const version = typeof item.version === 'number' ? { version: item.version + 1 } : {};
    await this.#table.overwrite({ ...item, ...version, [facts]: later, laterAttribute: 'kept' });
    this.#oracle.wroteLater(item);
  }

  /** A row that nobody can read, until somebody puts it right. */
  async #spoil(number: number, minutes: number): Promise<void> {
    const item = this.#pick(number, /^DB#\S+ DATABASE/);
    // One that is spoiled already is mended by whoever spoiled it.
    if (item === undefined || typeof item.databaseFacts !== 'object') return;
    this.#count('a row that cannot be read');
    this.#tell(`${item.pk} cannot be read`);
    this.#oracle.spoiled(item.pk);
    this.#readable.set(item.pk, item);
    await this.#table.overwrite({ ...item, databaseFacts: 'spoiled' });
    this.#plan(this.#now + minutes * minute, async () => {
      this.#readable.delete(item.pk);
      const there = this.#table.find(item);
      // A restore may have put it right already.
      if (typeof there?.databaseFacts !== 'object')
        await this.#table.overwrite({ ...item, version: Number(there?.version ?? item.version) + 1 });
      this.#oracle.mended(item.pk);
    });
  }

  async #block(number: number, minutes: number): Promise<void> {
    const item = this.#pick(number, /^DB#\S+ DATABASE/);
    if (item === undefined) return;
    this.#count('a row that cannot be written');
    this.#tell(`${item.pk} cannot be written`);
    this.#oracle.spoiled(item.pk);
    this.#unwritable.add(item.pk);
    this.#plan(this.#now + minutes * minute, () => {
      this.#unwritable.delete(item.pk);
      this.#oracle.mended(item.pk);
    });
  }

  /**
   * The table is restored from what it held some time before: it is copied now, and brought back then. A row that nobody can
   * read now is restored as it was before, for nobody would put it right.
   */
  #restore(backMinutes: number): void {
    const items = this.#table.items.map((item) =>
      structuredClone(item.sk === 'DATABASE' ? (this.#readable.get(item.pk) ?? item) : item),
    );
    this.#plan(this.#now + backMinutes * minute, async () => {
      this.#count('table restored');
      this.#tell(`the table is restored as it was ${backMinutes} minutes ago`);
      await this.#table.restore(items);
      this.#oracle.restored();
    });
  }

  // What people and RDS do ----------------------------------------------------------------------------------------------

  #configured(): Fleet {
    const fleet = parseConfig(JSON.stringify(this.#fleets.configuration()), environment);
    for (const { target } of fleet.databases)
      if (!this.#s3.has(target.bucket)) this.#s3.createBucket(target.bucket, target.owner);
    return fleet;
  }

  #act(happening: Happening): void {
    const { what } = happening;
    const database = this.#fleets.at(happening.database);
    if (what === 'sweep by hand') return void this.#invokeSweep('sweep');
    if (what === 'sweep dry') return void this.#invokeSweep('sweep', true);
    if (what === 'acknowledge the alert' || what === 'snooze the alert') {
      if (database === undefined) return;
      const key = this.#fleets.keyOf(database);
      this.#oracle.recipients.silence(key);
      this.#tell(`somebody wants to ${what} of ${database.id}`);
      this.#start('person', (run) =>
        personFunction(this.#cloud, run, what === 'snooze the alert' ? 'snooze' : 'acknowledge', key),
      );
      return;
    }
    const done = this.#fleets.act(happening);
    if (done === undefined) return;
    this.#tell(`${what}: ${done.name}`);
    if (done.configured) this.#fleet = this.#configured();
    for (const one of done.databases) this.#oracle.changed(one, done.isSilent);
    this.#oracle.sample();
  }

  #backUpByAws(database: Database): void {
    if (this.#fleets.backUpByAws(database)) this.#plan(this.#now + day, () => this.#backUpByAws(database));
  }

  #countDay(): void {
    const { due, watched } = this.#oracle.daysNow();
    this.#dueDays += due;
    this.#databaseDays += watched;
  }

  // The bus and the queue -----------------------------------------------------------------------------------------------

  #deliveries(random: Random): readonly number[] {
    const delay = (late: number) => (random() < late ? between(random, 0, 180 * 60) : between(random, 0, 20));
    const [fault] = this.#windows.length === 0 ? [] : this.#of('bus');
    if (fault === undefined) return [delay(0)];
    if (random() < fault.lost) {
      this.#count('event lost');
      return [];
    }
    if (random() >= fault.doubled) return [delay(fault.late)];
    this.#count('event doubled');
    return [delay(fault.late), delay(fault.late)];
  }

  #announced(event: RdsEvent): void {
    const { EventID, SourceArn } = event.detail;
    if (exportEnds.has(EventID)) this.#invokeCopy({ exportsEnded: [SourceArn] });
    // The rule's part: it matches on exact ids.
    if (EventID in eventMeanings) this.#queueUp(event);
  }

  /** AWS Backup sends its events by best effort, too. */
  #announcedByAwsBackup(event: BackupStateEvent): void {
    const { state, backupJobId } = event.detail;
    if (!jobEventPatterns.BackupJobs.detail.state.some((one) => one === state)) return;
    for (const seconds of this.#deliveries(this.#random)) {
      this.#plan(this.#now + seconds * second, () => {
        this.#queueUp(event);
        this.#plan(this.#now + 5 * minute, () => this.#fleets.hearOfJob(String(backupJobId)));
      });
    }
  }

  #queueUp(event: RdsEvent | BackupStateEvent): void {
    this.#sent += 1;
    const messageId = `m${this.#sent}`;
    this.#queue.set(messageId, {
      messageId,
      body: JSON.stringify(event),
      receives: 0,
      visibleAt: this.#now,
      taken: false,
    });
    this.#plan(this.#now + between(this.#random, 0.2, 5) * second, () => this.#poll());
  }

  #poll(): void {
    const visible = [...this.#queue.values()].filter(({ taken, visibleAt }) => !taken && visibleAt <= this.#now);
    if (visible.length === 0) return;
    if (this.#recordRuns >= mostRecordRuns) {
      this.#plan(this.#now + second, () => this.#poll());
      return;
    }
    // A standard queue keeps no order.
    const batch = visible.sort(() => this.#random() - 0.5).slice(0, this.#story.batchSize);
    for (const message of batch) {
      message.receives += 1;
      message.visibleAt = this.#now + visibilityMs;
      message.taken = true;
    }
    this.#recordRuns += 1;
    let failed: readonly string[] | undefined;
    const body = async (run: Run) => {
      failed = await recordFunction(this.#cloud, run, batch);
    };
    this.#start('record', body, ({ state }) => {
      this.#recordRuns -= 1;
      const isLeft = ({ messageId }: Message) => state !== 'ended' || failed?.includes(messageId);
      for (const message of batch) {
        message.taken = false;
        if (!isLeft(message)) this.#queue.delete(message.messageId);
        else if (message.receives >= mostReceives) this.#die('record', message);
      }
      this.#plan(this.#now + visibilityMs, () => this.#poll());
    });
    if (visible.length > batch.length) this.#poll();
  }

  #die(queue: string, message?: Message): void {
    if (message) this.#queue.delete(message.messageId);
    this.#deadLetters[queue] = (this.#deadLetters[queue] ?? 0) + 1;
    this.#tell(`a dead letter of ${queue}`);
  }

  // The table's stream --------------------------------------------------------------------------------------------------

  #changed(change: Change, by: Run | undefined): void {
    this.#oracle.wrote(change, by);
    if (!triggers(change)) return;
    if (this.#windows.length > 0 && this.#of('stream lost').length > 0) {
      this.#count('stream record lost');
      return;
    }
    this.#stream.push(change);
    this.#plan(this.#now + between(this.#random, 0.3, 6) * second, () => this.#pollStream());
  }

  #pollStream(): void {
    if (this.#streamIsBusy || this.#stream.length === 0) return;
    this.#handOver(this.#stream.splice(0, 100), 1, () => {
      this.#streamIsBusy = false;
      this.#pollStream();
    });
  }

  /** One batch at a time; what fails is halved, and given up after some tries. */
  #handOver(batch: readonly Change[], tries: number, then: () => void): void {
    this.#streamIsBusy = true;
    const backups = batch.flatMap(({ after }) => backupOfKey(after) ?? []);
    this.#start(
      'copy',
      (run) => copyFunction(this.#cloud, run, { backups }),
      ({ state }) => {
        if (state === 'ended') return then();
        if (tries >= mostStreamTries) {
          this.#die('stream');
          return then();
        }
        this.#plan(this.#now + 2 * second, () => {
          if (batch.length === 1) return this.#handOver(batch, tries + 1, then);
          const half = Math.ceil(batch.length / 2);
          this.#handOver(batch.slice(0, half), tries + 1, () => this.#handOver(batch.slice(half), tries + 1, then));
        });
      },
    );
  }

  // Functions -----------------------------------------------------------------------------------------------------------

  #start(fn: FunctionName, body: (run: Run) => Promise<unknown>, onEnd: (run: Run) => void = () => {}): Run {
    this.#runs[fn] = (this.#runs[fn] ?? 0) + 1;
    if (fn === 'sweep' || fn === 'watch') this.#oracle.sample();
    const prepare = (run: Run) => {
      for (const fault of this.#armed.filter((one) => 'fn' in one && one.fn === fn)) {
        this.#armed.splice(this.#armed.indexOf(fault), 1);
        if (fault.kind === 'kill' || fault.kind === 'fail') run.armed.push(fault);
      }
      const [clock] = this.#windows.length === 0 ? [] : this.#of('clock');
      if (clock === undefined) return;
      run.clockOffset = clock.offsetMinutes * minute;
      this.#gate.hit(run, 'clock off');
    };
    const short = this.#armed.find((fault) => fault.kind === 'short' && fault.fn === fn);
    const budget = short?.kind === 'short' && fn !== 'record' ? short.seconds * second : budgets[fn];
    const run = this.#gate.start(fn, budget, prepare, body, (ended) => {
      if (fn === 'copy') this.#oracle.copied(ended);
      onEnd(ended);
    });
    if (budget < budgets[fn]) this.#gate.hit(run, 'short of time');
    return run;
  }

  #invokeSweep(mode: 'sweep' | 'watch', dryRun = false, tries = 0): void {
    const request: SweepRequest = { mode, dryRun };
    let report: SweepReport | undefined;
    const slowest = this.#slowest();
    const body = async (run: Run) => {
      this.#oracle.began(run);
      if (dryRun) this.#oracle.isDry(run);
      report = await sweepFunction(this.#cloud, run, request);
    };
    this.#start(mode, body, (run) => {
      this.#oracle.ended(run, mode, dryRun, report);
      this.#oracle.stoppedInTime(run, slowest);
      const pause = asyncPauses[tries];
      if (run.state !== 'ended' && pause !== undefined && !dryRun) {
        this.#plan(this.#now + pause, () => this.#invokeSweep(mode, dryRun, tries + 1));
      }
    });
  }

  #invokeCopy(trigger: CopyTrigger, tries = 0): void {
    this.#plan(this.#now + between(this.#random, 0.05, 1) * second, () => {
      this.#start(
        'copy',
        (run) => copyFunction(this.#cloud, run, trigger),
        ({ state }) => {
          const pause = asyncPauses[tries];
          if (state === 'ended') return;
          if (pause === undefined) return this.#die('copy');
          this.#plan(this.#now + pause, () => this.#invokeCopy(trigger, tries + 1));
        },
      );
    });
  }

  #published(run: Run, message: OutgoingMessage): void {
    this.#gate.note(`${JSON.stringify(message)}\n`);
    this.#tell(
      `${run.name} publishes to ${message.attributes.audience} of ${message.attributes.tenant}: ${message.subject}`,
    );
    this.#oracle.published({ at: this.#now, run, call: run.calls, message });
  }
}

/** Whether the filter of the event source lets a change of the table pass. */
function triggers({ before, after }: Change): boolean {
  if (typeof after.backupFacts !== 'object') return false;
  return copyTriggers.some(({ eventName, dynamodb }) => {
    if (!eventName.includes(before === undefined ? 'INSERT' : 'MODIFY')) return false;
    return Object.entries(dynamodb).every(([image, pattern]) =>
      matches(pattern, image === 'OldImage' ? before : after),
    );
  });
}

/** A filter's pattern of DynamoDB's JSON, on a plain item. */
function matches(pattern: object, value: unknown): boolean {
  return Object.entries(pattern).every(([name, wanted]: [string, unknown]) => {
    if (name === 'S') return (wanted as unknown[]).includes(value);
    if (name === 'M') return typeof value === 'object' && value !== null && matches(wanted as object, value);
    return matches(wanted as object, (value as Record<string, unknown> | undefined)?.[name]);
  });
}
