/** What must hold, whatever happens: checked along the way against the simulator's state, the messages, and the rows as stored. */
import type { Database } from '../local/rds/model.ts';
import type { RdsSimulator } from '../local/rds/simulator.ts';
import type { Item, PrimaryKey } from '../shared/ledger/index.ts';
import type { SweepReport } from '../shared/sweep/index.ts';
import { copyProblems } from './copies.ts';
import type { Fleets } from './fleets.ts';
import type { Run } from './gate.ts';
import { Recipients, type SaidOf, type Sent } from './messages.ts';
import { type Story, storyStart, tenants } from './story.ts';
import type { Change, SimulatedTable } from './table.ts';
import { type Truth, truthOf } from './truth.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** Something that does not hold. */
export interface Problem {
  readonly at: number;
  /** The database that it is about, where it is about one. */
  readonly database: string;
  readonly expected: string;
  readonly seen: string;
}

interface Sample {
  readonly at: number;
  readonly truths: ReadonlyMap<string, Truth>;
  /** Configured names that RDS does not have. */
  readonly absent: ReadonlySet<string>;
}

export interface OracleParts {
  readonly story: Story;
  readonly rds: RdsSimulator;
  readonly fleets: Fleets;
  readonly table: SimulatedTable;
  readonly now: () => number;
  /** Since when the oldest run is under way. */
  readonly activeSince: () => number;
  /** The moments that clocks of functions may show now. */
  readonly moments: () => readonly number[];
}

/** Pauses before an unsent message is tried again, in minutes: they grow to six hours. */
const retryPauses = [15, 30, 60, 120, 240, 360];

/** Verdicts that this version knows; others are those of a later one. */
const knownVerdicts = new Set([
  'missing',
  'never',
  'overdue',
  'disabled',
  'unknown',
  'deleted',
  'due',
  'new',
  'protected',
  'excluded',
  'inaccessible',
]);

/** Two looks a quarter of an hour apart, and a run. */
const twoLooksMs = 31 * minute;

/** What a run may ask of AWS, at most, for a fleet of this size. */
const mostRdsCalls = (databases: number) => 14 + databases;
/** The report of a day reads each of its 35 days. */
const mostCalls = (databases: number, publishesDay: boolean) => (publishesDay ? 760 : 120) + 40 * databases;

export class Oracle {
  readonly #parts: OracleParts;
  readonly recipients: Recipients;
  problem: Problem | undefined;
  #samples: Sample[] = [];
  /** When something last changed that no event need announce; of everything, or of a database. */
  #allChangedAt = storyStart;
  readonly #changedAt = new Map<string, number>();
  /** Since when a database is past its deadline. */
  readonly #lateSince = new Map<string, number>();
  /** Since when what people have to know of a database is critical. */
  readonly #criticalSince = new Map<string, number>();
  /** What RDS had as a run of sweep or watch began. */
  readonly #shownAtStart = new WeakMap<Run, ReadonlySet<string>>();
  /** What RDS had as the last clean sweep began, or as it ended. */
  #shownAtSweep: ReadonlySet<string> = new Set();
  #cleanSweepAt = Number.NEGATIVE_INFINITY;
  #rdsTroubleAt = Number.NEGATIVE_INFINITY;
  readonly #dry = new Set<Run>();
  readonly #later = new Map<string, PrimaryKey>();
  readonly #spoiled = new Set<string>();
  /** When an alert could last say a verdict of a database. */
  readonly #lastTrue = new Map<string, number>();

  constructor(parts: OracleParts) {
    this.#parts = parts;
    const { fleets, story } = parts;
    this.recipients = new Recipients({
      problem: (database, expected, seen) => this.#fail(database, expected, seen),
      wasTrue: (said, run) => this.#wasTrue(said, run),
      wasAsSevere: (said, run) => this.#wasAsSevere(said, run),
      hadCause: (said, code, run) => this.#hadCause(said, code, run),
      lasts: (said, code, run) => this.#lasts(said, code, run),
      hadDatabase: (tenant, name) => fleets.hadDatabase(tenant, name),
      names: () => fleets.names(),
      tenants,
      reminderHours: story.reminderHours,
    });
  }

  #fail(database: string, expected: string, seen: string): void {
    this.problem ??= { at: this.#parts.now(), database, expected, seen };
  }

  // What is so ----------------------------------------------------------------------------------------------------------

  /** Takes down what is so now; whoever changes something, begins a run or sends a message calls it. */
  sample(): void {
    const { rds, fleets, now, moments, activeSince } = this.#parts;
    const at = now();
    const truths = new Map<string, Truth>();
    const clocks = moments();
    for (const database of fleets.all) {
      const truth = truthOf(rds, database, fleets.ownedBy(database), fleets.historyOf(database), clocks);
      truths.set(database.resourceId, truth);
      for (const cause of truth.causes) this.#lastTrue.set(`${database.resourceId} ${cause}`, at);
      for (const said of truth.may) {
        this.#lastTrue.set(`${database.resourceId} ${said} ${truth.tenant}`, at);
        const [, severity] = said.split(' ');
        if (severity !== undefined) this.#lastTrue.set(`${database.resourceId} ${severity}`, at);
      }
      noteSince(this.#lateSince, database.resourceId, truth.must, at);
      noteSince(this.#criticalSince, database.resourceId, truth.mustBeCritical, at);
    }
    const absent = new Set(fleets.entries.filter((entry) => !fleets.isThere(entry)).map(({ id }) => id));
    for (const id of absent) this.#lastTrue.set(`${id} missing`, at);
    this.#samples.push({ at, truths, absent });
    if (this.#samples.length < 200) return;
    // The last one before the oldest run is still of use.
    const oldest = activeSince() - hour;
    const first = this.#samples.findIndex((one) => one.at >= oldest);
    this.#samples = this.#samples.slice(Math.max(0, first - 1));
  }

  get #latest(): Sample {
    return this.#samples.at(-1) as Sample;
  }

  /** The databases for which this is a day on which a backup is due, and those that are watched at all. */
  daysNow(): { readonly due: number; readonly watched: number } {
    this.sample();
    const watched = [...this.#latest.truths.values()].filter(
      ({ exists, tenant, excluded }) => exists && tenant !== undefined && !excluded,
    );
    return { due: watched.filter(({ isDueDaily }) => isDueDaily).length, watched: watched.length };
  }

  changed(database?: Database, isSilent = true): void {
    if (!isSilent) return;
    if (database) this.#changedAt.set(database.resourceId, this.#parts.now());
    else this.#allChangedAt = this.#parts.now();
  }

  rdsTrouble(): void {
    this.#rdsTroubleAt = this.#parts.now();
  }

  /** A run of sweep or watch begins. */
  began(run: Run): void {
    this.#shownAtStart.set(run, this.#shownNow());
  }

  isDry(run: Run): void {
    this.#dry.add(run);
  }

  wroteLater({ pk, sk }: PrimaryKey): void {
    this.#later.set(`${pk} ${sk}`, { pk, sk });
  }

  spoiled(pk: string): void {
    this.#spoiled.add(pk);
  }

  mended(pk: string): void {
    this.#spoiled.delete(pk);
    this.#allChangedAt = this.#parts.now();
  }

  restored(): void {
    this.#allChangedAt = this.#parts.now();
    this.#later.clear();
    this.recipients.forget();
    this.#restoredAt = this.#parts.now();
  }

  #restoredAt: number | undefined;

  // Messages ------------------------------------------------------------------------------------------------------------

  published(sent: Sent): void {
    this.sample();
    if (this.#dry.has(sent.run)) this.#fail('', 'a dry run sends nothing', sent.message.subject);
    this.recipients.hear(sent);
  }

  /** What was so while a run was under way. */
  #during(run: Run): readonly Sample[] {
    const before = this.#samples.findLastIndex(({ at }) => at <= run.started);
    return this.#samples.slice(Math.max(0, before));
  }

  #wasTrue({ key, database, tenant, verdict }: SaidOf, run: Run): boolean {
    if (!knownVerdicts.has(verdict)) return true;
    if (verdict === 'unknown' && (this.#hadTrouble(run) || run.hits.length > 0)) return true;
    const during = this.#during(run);
    const resource = key.split('/')[2] ?? '';
    // What RDS did not answer about, or oddly, stays as it was.
    const stays = (what: string) =>
      Math.max(this.#rdsTroubleAt, this.#parts.fleets.oddUntil(resource)) >= run.started &&
      (this.#lastTrue.get(what) ?? 0) > run.started - 2 * day;
    if (verdict === 'missing') return stays(`${database} missing`) || during.some(({ absent }) => absent.has(database));
    if (stays(`${resource} ${verdict} ${tenant}`)) return true;
    // Of a deletion the tenant hears whose database it was, once: also after the entry became another's.
    if (verdict === 'deleted' && this.#lastTrue.has(`${resource} deleted ${tenant}`)) return true;
    if (resource.includes(':')) return during.some(({ absent }) => absent.has(database));
    return during.some(({ truths }) => {
      const truth = truths.get(resource);
      if (!truth?.may.has(verdict)) return false;
      // Of a tag that moved it to another tenant since the last sweep nobody heard.
      const movedUnseen = this.#cleanSweepAt <= (this.#changedAt.get(resource) ?? storyStart);
      return truth.tenant === tenant || (movedUnseen && this.#parts.fleets.hadDatabase(tenant, database));
    });
  }

  /** Whether RDS did not answer on the day before a run, or in it. */
  #hadTrouble(run: Run): boolean {
    return this.#rdsTroubleAt >= run.started - 26 * hour;
  }

  /** Whether a message may be about what was so before: RDS did not answer, or oddly, or it waited for its next try. */
  #mayBeOld(resource: string, run: Run): boolean {
    return this.#hadTrouble(run) || run.hits.length > 0 || this.#parts.fleets.oddUntil(resource) >= run.started;
  }

  #wasAsSevere({ key, tenant, verdict, severity, step, opened }: SaidOf, run: Run): boolean {
    const resource = key.split('/')[2] ?? '';
    if (!knownVerdicts.has(verdict) || this.#mayBeOld(resource, run)) return true;
    if (resource.includes(':')) return severity === (verdict === 'missing' ? 'critical' : 'warning');
    if (verdict === 'deleted') return severity === 'warning';
    const isNow = this.#during(run).some(({ truths }) => truths.get(resource)?.may.has(`${verdict} ${severity}`));
    if (isNow) return true;
    // What it has risen to it stays, and who gets a tag's alerts hears of it as it was.
    if (step !== 'open') return (this.#lastTrue.get(`${resource} ${severity}`) ?? 0) >= Date.parse(opened) - minute;
    return (this.#lastTrue.get(`${resource} ${verdict} ${severity} ${tenant}`) ?? 0) >= run.started - minute;
  }

  #hadCause({ key, verdict }: SaidOf, code: string, run: Run): boolean {
    const resource = key.split('/')[2] ?? '';
    if (!knownVerdicts.has(verdict)) return true;
    // Of a name that RDS does not have there is nothing else to say.
    if (resource.includes(':')) return ['not-in-rds', 'deleted-or-renamed', 'rds-not-answering'].includes(code);
    const last = this.#lastTrue.get(`${resource} ${code}`);
    const mayBeOld = this.#mayBeOld(resource, run);
    if (last === undefined) return mayBeOld && code === 'rds-not-answering';
    return last >= run.started - minute || mayBeOld;
  }

  /** That AWS Backup's jobs cannot be read answers no failed one. */
  #lasts({ key, verdict, tenant }: SaidOf, code: string | undefined, run: Run): boolean {
    const resource = key.split('/')[2] ?? '';
    if (code !== 'aws-backup-job-failed' || verdict !== 'protected' || this.#mayBeOld(resource, run)) return false;
    return this.#during(run).every(({ truths }) => {
      const truth = truths.get(resource);
      return truth?.hasFailedJob && truth.tenant === tenant && truth.may.has('protected warning');
    });
  }

  // The ledger ----------------------------------------------------------------------------------------------------------

  wrote({ before, after }: Change, by: Run | undefined): void {
    if (by && before) this.#copyMoves(before, after, by);
    if (by && this.#dry.has(by)) this.#fail('', 'a dry run writes nothing', `${by.name} wrote ${after.pk} ${after.sk}`);
    if (after.sk === 'DATABASE') this.#parts.fleets.met(databaseKeyOf(after));
    if (by === undefined || !this.#later.has(`${after.pk} ${after.sk}`)) return;
    const facts = Object.entries(after).find(([name]) => name.endsWith('Facts'))?.[1] as
      | Record<string, unknown>
      | undefined;
    const copy = facts?.copy as Record<string, unknown> | undefined;
    const isWhole =
      after.laterAttribute === 'kept' &&
      facts?.laterField !== undefined &&
      (copy === undefined || copy.laterField === 'kept');
    if (!isWhole) {
      this.#fail(
        databaseOf(after),
        'what a later version wrote is kept',
        `${by.name} lost it from ${after.pk} ${after.sk}: ${JSON.stringify(after).slice(0, 600)}`,
      );
    }
  }

  /** A copy that ended has ended, and one that waits keeps its place in the queue. */
  #copyMoves(before: Item, after: Item, by: Run): void {
    type Facts = { readonly copy: { readonly state: string; readonly queuedAt?: string } };
    const [was, is] = [before.backupFacts, after.backupFacts].map((facts) => (facts as Facts | undefined)?.copy);
    if (was === undefined || is === undefined) return;
    const moved = `${by.name} moved ${after.sk} from ${was.state}, queued ${was.queuedAt}, to ${is.state}, queued ${is.queuedAt}`;
    if (['complete', 'failed', 'skipped', 'cancelled', 'incomplete'].includes(was.state) && is.state !== was.state) {
      this.#fail(databaseOf(after), 'a copy that ended to stay so', moved);
    }
    if (is.state === 'queued' && was.queuedAt !== is.queuedAt) {
      this.#fail(databaseOf(after), 'a copy to keep its place in the queue', moved);
    }
  }

  /** A run of copy is over: what the account refused to one copy is not tried with the next. */
  copied(run: Run): void {
    const refused = run.hits.filter(({ fault }) => fault === 'export role gone').length;
    if (refused > 1) this.#fail('', 'one start that is refused, and then none', `${run.name} tried ${refused}`);
  }

  /** A run that has little time, on a day on which calls take a second at most, ends before it is ended. */
  stoppedInTime(run: Run, slowestSeconds: number): void {
    const meant = new Set(['short of time', 'timed out']);
    if (run.state !== 'killed' || slowestSeconds > 1 || this.#parts.story.report) return;
    if (run.hits.every(({ fault }) => meant.has(fault))) {
      this.#fail(
        '',
        'a run that stops in good order as its time runs out',
        `${run.name} was ended after ${run.budgetMs / 1000} s`,
      );
    }
  }

  /** A run of sweep or watch is over. */
  ended(run: Run, mode: 'sweep' | 'watch', dryRun: boolean, report: SweepReport | undefined): void {
    const isClean =
      run.hits.length === 0 && (run.state === 'ended' || (run.state === 'failed' && this.#spoiled.size > 0));
    if (run.state === 'failed' && run.hits.length === 0 && this.#spoiled.size === 0) {
      this.#fail(
        '',
        'a run that meets nothing comes to its end',
        `${run.name}: ${String(run.error)} ${(run.error as Error)?.stack ?? ''}`.slice(0, 900),
      );
    }
    if (!isClean || dryRun) return;
    this.#withinBounds(run, report);
    // A watch may have had a sweep to run.
    if (
      report?.mode === 'sweep' &&
      (report.complete || this.#spoiled.size > 0 || this.#parts.fleets.hadOdd(run.started))
    ) {
      this.#cleanSweepAt = Math.max(this.#cleanSweepAt, run.started);
      this.#parts.fleets.hearOfJobs(run.started);
      this.#shownAtSweep = new Set([...(this.#shownAtStart.get(run) ?? []), ...this.#shownNow()]);
    }
    if (mode === 'watch') this.#everybodyKnows(run);
  }

  #withinBounds(run: Run, report: SweepReport | undefined): void {
    const databases = this.#parts.fleets.all.length;
    const asked = Object.values(report?.apiCalls ?? {}).reduce((sum, count) => sum + count, 0);
    if (asked > mostRdsCalls(databases))
      this.#fail(
        '',
        `at most ${mostRdsCalls(databases)} calls of RDS`,
        `${run.name} made ${asked}: ${JSON.stringify(report?.apiCalls)}`,
      );
    // A watch publishes the day that a sweep could not.
    const most = mostCalls(databases, report?.mode !== 'watch' || this.#parts.story.report);
    if (run.calls > most) this.#fail('', `at most ${most} calls of a run`, `${run.name} made ${run.calls}`);
  }

  /** After a clean watch everybody knows of what was late when it began, and could be known of. */
  #everybodyKnows(run: Run): void {
    const { rds, fleets, moments } = this.#parts;
    if (run.started < this.#rdsTroubleAt + 75 * minute) return;
    for (const [resource, since] of this.#lateSince) {
      if (since > run.started - minute) continue;
      const changedAt = Math.max(this.#allChangedAt, this.#changedAt.get(resource) ?? storyStart);
      if (this.#cleanSweepAt <= changedAt) continue;
      const oddUntil = fleets.oddUntil(resource);
      // What was odd is looked at again within the hour.
      if (oddUntil <= run.started && run.started < oddUntil + 75 * minute) continue;
      const database = fleets.all.find(({ resourceId }) => resourceId === resource);
      const { tenant, isOdd, isBad } = this.#latest.truths.get(resource) ?? {};
      if (database === undefined || tenant === undefined) continue;
      // A status that may heal by itself is told once two looks agree.
      if (isBad && run.started < Math.max(since, this.#cleanSweepAt) + twoLooksMs) continue;
      const key = fleets.keyOf(database);
      if (this.#spoiled.has(`DB#${key}`)) continue;
      // What is left to warn of once an alert is over opens one of its own with the next watch.
      const concerned = isOdd ? (['operators'] as const) : (['operators', 'tenant'] as const);
      const unaware = concerned.filter(
        (who) =>
          this.recipients.knows(who, key, tenant, since) === false &&
          !this.recipients.hasHeardOfItsEnd(who, key, tenant, run.started - minute),
      );
      const criticalSince = this.#criticalSince.get(resource) ?? Number.POSITIVE_INFINITY;
      const tooMild =
        criticalSince > run.started - minute
          ? []
          : concerned.filter((who) => this.recipients.severityOf(who, key, tenant) === 'warning');
      if (unaware.length + tooMild.length === 0 || this.#isTriedLater(key, run.started)) continue;
      // It may have been backed up, or change, while the watch ran.
      const truth = truthOf(rds, database, fleets.ownedBy(database), fleets.historyOf(database), moments());
      if (!truth.must || truth.tenant !== tenant) continue;
      for (const who of unaware) {
        this.#fail(
          database.id,
          `${who} of ${tenant} notified by the clean ${run.name}`,
          `nobody was, though ${database.id} is ${[...truth.may].join(' or ')} since ${new Date(since).toISOString()}`,
        );
      }
      if (!truth.mustBeCritical) continue;
      for (const who of tooMild) {
        this.#fail(
          database.id,
          `${who} of ${tenant} notified by the clean ${run.name} that it is critical`,
          `they know of a warning, though it is ${[...truth.may].join(' or ')} since ${new Date(criticalSince).toISOString()}`,
        );
      }
    }
  }

  /** Whether a message could not be sent, and its next try is still to come. */
  #isTriedLater(key: string, at: number): boolean {
    const pending = this.#alertOf(key)?.pending as { readonly at: string; readonly tries: number } | undefined;
    if (pending === undefined) return false;
    const pause = retryPauses[pending.tries] ?? 360;
    return Date.parse(pending.at) + pause * minute > at;
  }

  #alertOf(key: string): Readonly<Record<string, unknown>> | undefined {
    const row = this.#parts.table.find({ pk: `DB#${key}`, sk: 'DATABASE' })?.databaseFacts as
      | { readonly alert?: { readonly tenant: string; readonly opened: string } }
      | undefined;
    if (row?.alert === undefined) return undefined;
    const { tenant, opened } = row.alert;
    return this.#parts.table.find({ pk: `ALERT#${key}#${tenant}`, sk: opened })?.alertFacts as
      | Readonly<Record<string, unknown>>
      | undefined;
  }

  // The end -------------------------------------------------------------------------------------------------------------

  /** After a quiet day nothing is left to do, and all agree. */
  atTheEnd(): void {
    this.sample();
    this.#nothingPending();
    this.#ledgerEqualsRds();
    this.#recipientsKnowWhatIs();
    for (const { database, expected, seen } of copyProblems(this.#parts)) this.#fail(database, expected, seen);
    for (const { pk, sk } of this.#later.values()) this.#laterIsKept({ pk, sk });
  }

  #laterIsKept(key: PrimaryKey): void {
    const item = this.#parts.table.find(key);
    if (item) this.wrote({ before: undefined, after: item }, { name: 'somebody' } as Run);
  }

  #rowsOf(kind: RegExp): Item[] {
    return this.#parts.table.items.filter(({ pk, sk }) => kind.test(`${pk} ${sk}`));
  }

  #nothingPending(): void {
    for (const item of this.#rowsOf(/^ALERT#/)) {
      const facts = item.alertFacts as { readonly pending?: { readonly at: string; readonly step: string } };
      // One that no row names any more was superseded by a restore.
      const named = this.#alertOf(databaseKeyOf(item)) === facts || this.#restoredAt === undefined;
      if (facts.pending && named) {
        this.#fail(
          databaseOf(item),
          'no message that waits',
          `${item.pk} ${item.sk}: "${facts.pending.step}" since ${facts.pending.at}`,
        );
      }
    }
  }

  #ledgerEqualsRds(): void {
    const { fleets } = this.#parts;
    const shown = this.#shownNow();
    const live = new Set<string>();
    for (const item of this.#rowsOf(/^DB#\S+ BACKUP#/)) {
      const facts = item.backupFacts as { readonly closed?: object };
      const resource = item.pk.split('/').at(-1);
      if (facts.closed === undefined) live.add(`${resource} ${item.sk.slice('BACKUP#'.length)}`);
    }
    // What came after the last sweep is known by its event.
    const missing = [...shown].filter((one) => !live.has(one));
    const extra = [...live].filter((one) => !shown.has(one));
    const lastSweep = Math.floor((this.#parts.now() - 12 * hour - 1) / day) * day + 12 * hour;
    const old = missing.filter((one) => Date.parse(one.split(' ')[1]?.split('#')[0] ?? '') < lastSweep);
    // What RDS removed since the last sweep is still in the ledger.
    const gone = extra.filter((one) => !this.#shownAtSweep.has(one));
    const nameOf = (line: string) => fleets.all.find(({ resourceId }) => line.startsWith(resourceId))?.id ?? '';
    if (old[0])
      this.#fail(nameOf(old[0]), 'each snapshot of RDS in the ledger', `${old.length} are not, e.g. ${old[0]}`);
    if (gone[0])
      this.#fail(
        nameOf(gone[0]),
        'no backup in the ledger that RDS does not have',
        `${gone.length} are, e.g. ${gone[0]}`,
      );
  }

  /** The snapshots of RDS that can be restored now. */
  #shownNow(): Set<string> {
    const available = this.#parts.rds.snapshots().filter(({ status }) => status === 'available');
    return new Set(available.map((one) => `${one.source.resourceId} ${one.startedAt.toISOString()}#${one.id}`));
  }

  /** Whether an alert of a database was true not long ago, so that its end is still to be noticed. */
  #wasSoWithin(milliseconds: number, resource: string, tenant: string): boolean {
    const since = this.#parts.now() - milliseconds;
    return [...knownVerdicts].some((one) => (this.#lastTrue.get(`${resource} ${one} ${tenant}`) ?? 0) >= since);
  }

  #recipientsKnowWhatIs(): void {
    const { fleets } = this.#parts;
    const { truths, absent } = this.#latest;
    for (const { who, key, tenant } of this.recipients.open()) {
      const database = fleets.byKey(key);
      const truth = database && truths.get(database.resourceId);
      const isTrue = truth
        ? truth.tenant === tenant && (truth.isDue || this.#wasSoWithin(30 * minute, database.resourceId, tenant))
        : [...absent].some((id) => key.endsWith(`:${id}`));
      if (!isTrue)
        this.#fail(
          database?.id ?? key,
          `${who} of ${tenant} told that it is over`,
          `they take ${database?.id ?? key} for open`,
        );
    }
    for (const database of fleets.all) {
      const truth = truths.get(database.resourceId);
      const since = this.#lateSince.get(database.resourceId) ?? Number.POSITIVE_INFINITY;
      if (!truth?.must || truth.tenant === undefined || since > this.#parts.now() - hour) continue;
      for (const who of ['operators', 'tenant'] as const) {
        if (this.recipients.knows(who, fleets.keyOf(database), truth.tenant, since) === false) {
          this.#fail(
            database.id,
            `${who} of ${truth.tenant} notified`,
            `nobody was, though it is past its deadline since ${new Date(since).toISOString()}`,
          );
        }
      }
    }
  }
}

/** Keeps since when something is so of a database. */
function noteSince(since: Map<string, number>, resource: string, isSo: boolean, at: number): void {
  if (!isSo) since.delete(resource);
  else if (!since.has(resource)) since.set(resource, at);
}

function databaseKeyOf({ pk }: PrimaryKey): string {
  return pk.split('#')[1] ?? '';
}

function databaseOf(item: Item): string {
  const facts = Object.entries(item).find(([name]) => name.endsWith('Facts'))?.[1] as
    | { readonly databaseId?: string; readonly id?: string }
    | undefined;
  return facts?.databaseId ?? facts?.id ?? '';
}
