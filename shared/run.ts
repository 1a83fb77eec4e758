/** One run of a sweep or a watch: what it was asked, what it gathers on its way, and what it leaves behind. */
import type { Tally, Told } from './alerting.ts';
import { type Checked, type CheckOptions, checkDatabases, dayOf } from './check.ts';
import { enrol } from './config/enrol.ts';
import type { ConfiguredDatabase, Fleet } from './config/fleet.ts';
import { clockSkewMs, type Subject } from './judge.ts';
import { expiryOf } from './ledger/close.ts';
import type { Ledger, UnreadableRow } from './ledger/ledger.ts';
import type { Log } from './log.ts';
import type { AlertStep, DatabaseKey, DatabaseRow, Day, Severity, SweepRow, VerdictName } from './model.ts';
import { collect } from './query/collect.ts';
import type { RdsReader } from './rds/reader.ts';
import { nameOf, subjectsOf, withEnrolledBefore } from './subjects.ts';
import { hourMs } from './text.ts';
import { type View, viewOf } from './view.ts';

export interface SweepDeps {
  readonly ledger: Ledger;
  readonly rds: RdsReader;
  readonly fleet: Fleet;
  /** SHA-256 of the configuration's bytes, in hex. */
  readonly configHash: string;
  readonly tell: (told: readonly Told[], at: Date) => Promise<Pick<Tally, 'errors'>>;
  /** Wakes the function that starts and follows copies: an event that should have woken it may be lost. */
  readonly wakeCopies: () => Promise<void>;
  readonly log: Log;
  readonly now: () => Date;
  /** Milliseconds until the run is ended from outside. */
  readonly remainingMs: () => number;
}

/** What the sweep function is invoked with, parsed. */
export interface SweepRequest {
  readonly mode: 'sweep' | 'watch';
  /** Judge as of this moment; backups younger than it do not exist. Absent: now. */
  readonly at?: Date;
  /** Judge without writing, sending or measuring. */
  readonly dryRun: boolean;
}

/** The answer of a run, as JSON (times as ISO 8601). */
export interface SweepReport {
  readonly mode: 'sweep' | 'watch';
  readonly at: string;
  readonly complete: boolean;
  readonly databases: readonly {
    readonly tenant: string;
    readonly database: string;
    readonly verdict: VerdictName;
    readonly severity: Severity;
    readonly reason: string;
    readonly newestBackup: { readonly id: string; readonly time: string } | null;
    readonly ageHours: number | null;
    readonly deadline: string | null;
  }[];
  readonly unconfigured: readonly string[];
  readonly counts: Readonly<Partial<Record<VerdictName, number>>>;
  readonly eventsMissed: number;
  readonly alerts: { readonly opened: number; readonly reminded: number; readonly resolved: number };
  readonly apiCalls: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

/** What a run found, beside its answer: for the digest and the metrics. */
export interface SweepResult {
  readonly report: SweepReport;
  readonly row: SweepRow;
  /** Databases that a tag excludes for a reason that nobody was told of yet. */
  readonly newlyExcluded: readonly (ConfiguredDatabase & { readonly key: DatabaseKey })[];
}

/** A run stops in good order when less time than this is left: it still has to tell and to write its row. */
const marginMs = 60_000;

/** Rows a ledger call reads; also how often the time left is looked at. */
const chunkSize = 100;

/** Above this many databases the answer holds only those that are not protected: Lambda answers at most 6 MB. */
const fullAnswer = 2000;

// What a sweep's row keeps, so that it stays far below DynamoDB's 400 KB whatever the fleet. The answer has it whole.
const missedKept = 100;
const unconfiguredKept = 2000;
const errorsKept = 100;
const errorLength = 1000;

/** A database as it is looked up. */
export type Looked = Pick<DatabaseRow, 'key' | 'kind' | 'id'>;

export class Run {
  readonly #deps: Omit<SweepDeps, 'wakeCopies'>;
  readonly #request: SweepRequest;
  /** The sweep that this run carries on. */
  readonly #stopped: SweepRow | undefined;
  readonly #started: Date;
  readonly #budgetMs: number;
  readonly #checked: Checked[] = [];
  readonly #unreadable = new Set<string>();
  readonly at: Date;
  readonly errors: string[] = [];
  /** Whether RDS did not answer a look at some databases. */
  lookFailed = false;

  constructor(deps: Omit<SweepDeps, 'wakeCopies'>, request: SweepRequest, stopped?: SweepRow) {
    this.#deps = deps;
    this.#request = request;
    this.#stopped = stopped;
    this.#started = deps.now();
    this.#budgetMs = deps.remainingMs();
    this.at = request.at ?? this.#started;
  }

  /** One row that cannot be read keeps nobody from hearing of the other databases. */
  readonly onUnreadable = (row: UnreadableRow): void => {
    if (this.#unreadable.has(row.message)) return;
    this.#unreadable.add(row.message);
    this.errors.push(`not judged: ${row.message}`);
    this.#deps.log.error('row cannot be read', { error: row });
  };

  /** Whether every database that it got to was judged. */
  get judgedAll(): boolean {
    return this.#unreadable.size === 0;
  }

  readonly timeIsUp = (): boolean => this.#deps.remainingMs() < marginMs;

  readonly halfTimeIsUp = (): boolean => this.#deps.remainingMs() < Math.max(marginMs, this.#budgetMs / 2);

  async check(subjects: readonly Subject[], view: View, { mayOpen }: Pick<CheckOptions, 'mayOpen'>) {
    const { ledger, fleet } = this.#deps;
    const { dryRun, mode } = this.#request;
    // As of a moment, nothing younger exists. As of now all does that RDS shows, though its clock be a little ahead.
    const until = this.#request.at ?? new Date(this.#deps.now().getTime() + clockSkewMs);
    const options = {
      at: this.at,
      until,
      dryRun,
      retentionDays: fleet.ledger.retentionDays,
      mayOpen,
      onUnreadable: this.onUnreadable,
    };
    const checked = await checkDatabases(ledger, subjects, view, options);
    const settled = checked.filter(({ postponed }) => !postponed);
    this.#checked.push(...settled);
    if (!dryRun) {
      // Between sweeps only what is told is evidence: the day's judgement is the sweep's.
      const evidence = settled.filter(({ told }) => mode === 'sweep' || told !== undefined);
      const expiresAt = expiryOf(this.at, fleet.ledger.retentionDays, this.#deps.now());
      await ledger.putDays(evidence.flatMap((one): Day | Day[] => dayOf(one, this.at, expiresAt) ?? []));
    }
    return checked;
  }

  /** Looks at the databases whose moment has come; whether it got to the end of them. */
  async lookAtDue(): Promise<boolean> {
    const { ledger } = this.#deps;
    for (const chunk of chunksOf(await collect(ledger.databasesToCheck(this.at)))) {
      if (this.timeIsUp()) {
        this.errors.push('the time limit was near: what is left is looked at by the next watch');
        return false;
      }
      await this.look(await ledger.databases(chunk, this.onUnreadable));
    }
    return true;
  }

  /**
   * Looks at databases anew, by name and resource id, and judges them; alerts may open on what this shows. `listed` is
   * what a sweep has seen before.
   */
  async look(rows: readonly Looked[], listed?: View): Promise<void> {
    const { rds, fleet, ledger } = this.#deps;
    const inLedger = new Map(
      (
        await ledger.databases(
          rows.map(({ key }) => key),
          this.onUnreadable,
        )
      ).map((row) => [row.key, row]),
    );
    // Under the names that they had when the run began: it may have written another since.
    const wanted = rows.map(({ key, kind, id }) => ({ ...inLedger.get(key), key, kind, id }));
    const known = rows.flatMap(({ key, id }) => {
      const row = inLedger.get(key);
      return row ? [{ ...row, id }] : [];
    });
    const view = await viewOf(rds, wanted, listed);
    this.errors.push(...[...view.unread].map(([listing, why]) => `${listing} could not be looked up: ${why}`));
    if (view.unread.size > 0) this.lookFailed = true;
    const candidates = withEnrolledBefore(fleet, enrol(fleet, [...view.databases]).databases, view, known);
    const shown = new Set([...rows, ...view.databases].map(nameOf));
    const entries = candidates.filter((entry) => shown.has(nameOf(entry)));
    const keys = new Set(rows.map(({ key }) => key));
    const names = new Set(rows.map(nameOf));
    // A member's cluster is shown too; it is judged in its own turn.
    const subjects = subjectsOf(fleet, entries, view, known).filter(
      (subject) => keys.has(subject.key) || names.has(nameOf(subject)),
    );
    await this.check(subjects, view, { mayOpen: true });
  }

  /** Tells, and writes the run's row: the sweep's last step, so that its absence shows that it did not get there. */
  async finish(end: End, wakeCopies: () => Promise<void>): Promise<SweepResult> {
    const result = await this.result(end);
    if (this.#request.dryRun) return result;
    await wakeCopies();
    await this.#deps.ledger.putSweep(result.row);
    return result;
  }

  async result({ complete, unconfigured, before, stoppedAfter }: End): Promise<SweepResult> {
    const { tell, rds, fleet, configHash, now } = this.#deps;
    const { dryRun, mode } = this.#request;
    const steps = this.#checked.flatMap(({ told }) => told ?? []);
    if (!dryRun && steps.length > 0) this.errors.push(...(await tell(steps, this.at)).errors);
    const count = (...names: AlertStep[]) => steps.filter(({ step }) => names.includes(step)).length;
    const missed = this.#checked.flatMap((one) => one.missed);
    const verdicts = new Map(this.#judged().map(({ subject, verdict }) => [subject.key, verdict.name]));
    const part: SweepRow = {
      mode,
      started: this.#started,
      finished: now(),
      at: this.at,
      complete,
      databases: verdicts.size,
      counts: countsOf(verdicts),
      eventsMissed: missed.length,
      missed: missed.map((snapshot) => ({
        snapshotId: snapshot.id,
        databaseId: snapshot.databaseId,
        ...(snapshot.createdAt && { backupTime: snapshot.originalCreatedAt ?? snapshot.createdAt }),
      })),
      recorded: sum(this.#checked.map(({ recorded }) => recorded)),
      closed: sum(this.#checked.map(({ closed }) => closed)),
      unconfigured,
      alerts: { opened: count('open'), reminded: count('remind', 'rise'), resolved: count('resolve') },
      apiCalls: { ...rds.calls },
      errors: [...this.errors],
      configHash,
      ...(stoppedAfter !== undefined && { stoppedAfter }),
      ...(mode === 'sweep' &&
        stoppedAfter === undefined && { expiresAt: expiryOf(this.at, fleet.ledger.retentionDays, now()) }),
    };
    const newlyExcluded = this.#checked.flatMap(({ newlyExcluded: isNew, subject: { key, configured } }) =>
      isNew && configured ? [{ ...configured, key }] : [],
    );
    const stopped = this.#stopped;
    const whole = stopped ? together(stopped, part, new Map([...(before ?? []), ...verdicts])) : part;
    return { row: bounded(whole), report: this.#report(part), newlyExcluded };
  }

  /** The configured databases with their verdicts, each once: who was looked at twice counts as it was seen last. */
  #judged() {
    const judged = this.#checked.flatMap(({ subject, verdict }) =>
      subject.configured && verdict ? [{ subject, tenant: subject.configured.tenant, verdict }] : [],
    );
    return [...new Map(judged.map((one) => [one.subject.key, one])).values()];
  }

  #report(row: SweepRow): SweepReport {
    const judged = this.#judged();
    const shown = judged.length > fullAnswer ? judged.filter(({ verdict }) => verdict.name !== 'protected') : judged;
    return {
      mode: row.mode,
      at: row.at.toISOString(),
      complete: row.complete,
      databases: shown.map(({ subject, tenant, verdict }) => ({
        tenant,
        database: subject.id,
        verdict: verdict.name,
        severity: verdict.severity,
        reason: verdict.reason,
        newestBackup: verdict.newestBackup
          ? { id: verdict.newestBackup.id, time: verdict.newestBackup.time.toISOString() }
          : null,
        ageHours: verdict.newestBackup
          ? Math.round(((row.at.getTime() - verdict.newestBackup.time.getTime()) / hourMs) * 100) / 100
          : null,
        deadline: verdict.deadline?.toISOString() ?? null,
      })),
      unconfigured: row.unconfigured,
      counts: row.counts,
      eventsMissed: row.eventsMissed,
      alerts: row.alerts,
      apiCalls: row.apiCalls,
      errors: row.errors,
    };
  }
}

/** How a run ended. */
export interface End {
  readonly complete: boolean;
  readonly unconfigured: readonly string[];
  /** The verdicts of the parts before, where a sweep was carried on. */
  readonly before?: ReadonlyMap<DatabaseKey, VerdictName>;
  readonly stoppedAfter?: DatabaseKey;
}

/** One row of a sweep that took several runs, under the start of the first; it replaces the rows of the parts before. */
function together(stopped: SweepRow, part: SweepRow, verdicts: ReadonlyMap<DatabaseKey, VerdictName>): SweepRow {
  const actions = new Set([...Object.keys(stopped.apiCalls), ...Object.keys(part.apiCalls)]);
  return {
    ...part,
    started: stopped.started,
    databases: verdicts.size,
    counts: countsOf(verdicts),
    eventsMissed: stopped.eventsMissed + part.eventsMissed,
    missed: [...stopped.missed, ...part.missed],
    recorded: stopped.recorded + part.recorded,
    closed: stopped.closed + part.closed,
    alerts: {
      opened: stopped.alerts.opened + part.alerts.opened,
      reminded: stopped.alerts.reminded + part.alerts.reminded,
      resolved: stopped.alerts.resolved + part.alerts.resolved,
    },
    apiCalls: Object.fromEntries(
      [...actions].map((action) => [action, (stopped.apiCalls[action] ?? 0) + (part.apiCalls[action] ?? 0)]),
    ),
    errors: [...stopped.errors, ...part.errors],
  };
}

/** The row as it is kept. */
function bounded(row: SweepRow): SweepRow {
  const { missed, unconfigured, errors } = row;
  const more = errors.length - errorsKept;
  const lines = more > 0 ? [...errors.slice(0, errorsKept - 1), `and ${more + 1} more errors, in the log`] : errors;
  return {
    ...row,
    missed: missed.slice(0, missedKept),
    unconfigured: unconfigured.slice(0, unconfiguredKept),
    ...(unconfigured.length > unconfiguredKept && { unconfiguredCount: unconfigured.length }),
    errors: lines.map((line) => line.slice(0, errorLength)),
  };
}

function countsOf(verdicts: ReadonlyMap<DatabaseKey, VerdictName>): Partial<Record<VerdictName, number>> {
  const counts: Partial<Record<VerdictName, number>> = {};
  for (const name of verdicts.values()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Pieces of as many as one call of the ledger reads; between them the time left is looked at. */
export function chunksOf<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / chunkSize) }, (_, chunk) =>
    items.slice(chunk * chunkSize, (chunk + 1) * chunkSize),
  );
}
