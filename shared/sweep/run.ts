/** One run of a sweep or a watch: what it was asked, what it gathers on its way, and what it leaves behind. */

import { type ConfiguredDatabase, enrol, type Fleet } from '../config/index.ts';
import {
  type AlertStep,
  type Cause,
  type Counts,
  type DatabaseKey,
  type DatabaseRow,
  type Day,
  environmentOf,
  formatName,
  type Severity,
  type SweepRow,
  type Unrecognized,
  type VerdictName,
} from '../domain/index.ts';
import { clockSkewMs, type EvaluationTarget, nameText, targetsOf, withEnrolledBefore } from '../evaluation/index.ts';
import { expiryOf, type Ledger, type UnreadableRow } from '../ledger/index.ts';
import { chunks, collect } from '../lib/iterables.ts';
import type { Log } from '../lib/log.ts';
import { hourMs } from '../lib/time.ts';
import type { AlertNotification, NotifiedCounts } from '../notifications/index.ts';
import { inventoryOf, type RdsInventory, type RdsReader } from '../rds/index.ts';
import { reasonOf } from '../reasons/index.ts';
import { type Checked, type CheckOptions, checkDatabases, dayOf } from './evaluate-batch.ts';

export interface SweepDeps {
  readonly ledger: Ledger;
  readonly rds: RdsReader;
  readonly fleet: Fleet;
  /** SHA-256 of the configuration's bytes, in hex. */
  readonly configHash: string;
  readonly notify: (notifications: readonly AlertNotification[], at: Date) => Promise<Pick<NotifiedCounts, 'errors'>>;
  /** Triggers the function that starts and follows copies: an event that should have triggered it may be lost. */
  readonly triggerCopies: () => Promise<void>;
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
    readonly account: string;
    readonly region: string;
    readonly verdict: VerdictName;
    readonly cause: Cause | null;
    readonly notes: readonly Cause[];
    readonly severity: Severity;
    /** As of now, for operators. */
    readonly reason: string;
    readonly newestBackup: { readonly id: string; readonly time: string } | null;
    readonly ageHours: number | null;
    readonly deadline: string | null;
  }[];
  readonly unconfigured: readonly string[];
  readonly counts: Counts;
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
export type DatabaseRef = Pick<DatabaseRow, 'key' | 'kind' | 'id'>;

export class Run {
  readonly #deps: Omit<SweepDeps, 'triggerCopies'>;
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

  constructor(deps: Omit<SweepDeps, 'triggerCopies'>, request: SweepRequest, stopped?: SweepRow) {
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
    this.errors.push(`not evaluated: ${row.message}`);
    this.#deps.log.error('row cannot be read', { error: row });
  };

  /** Whether every database that it got to was judged. */
  get evaluatedAll(): boolean {
    return this.#unreadable.size === 0;
  }

  readonly timeIsUp = (): boolean => this.#deps.remainingMs() < marginMs;

  readonly halfTimeIsUp = (): boolean => this.#deps.remainingMs() < Math.max(marginMs, this.#budgetMs / 2);

  async check(subjects: readonly EvaluationTarget[], view: RdsInventory, { mayOpen }: Pick<CheckOptions, 'mayOpen'>) {
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
    const done = checked.filter(({ postponed }) => !postponed);
    this.#checked.push(...done);
    if (!dryRun) {
      // Between sweeps only what is notified is evidence: the day's evaluation is the sweep's.
      const evidence = done.filter(({ notification }) => mode === 'sweep' || notification !== undefined);
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
  async look(rows: readonly DatabaseRef[], listed?: RdsInventory): Promise<void> {
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
    const view = await inventoryOf(rds, wanted, listed);
    this.errors.push(...[...view.unread].map(([listing, why]) => `${listing} could not be read: ${why}`));
    if (view.unread.size > 0) this.lookFailed = true;
    const candidates = withEnrolledBefore(fleet, enrol(fleet, [...view.databases]).databases, view, known);
    const shown = new Set([...rows, ...view.databases].map(nameText));
    const entries = candidates.filter((entry) => shown.has(formatName(entry)));
    const keys = new Set(rows.map(({ key }) => key));
    const names = new Set(rows.map(nameText));
    // A member's cluster is shown too; it is judged in its own turn.
    const subjects = targetsOf(entries, view, known).filter(
      (subject) => keys.has(subject.key) || names.has(nameText(subject)),
    );
    await this.check(subjects, view, { mayOpen: true });
  }

  /** Tells, and writes the run's row: the sweep's last step, so that its absence shows that it did not get there. */
  async finish(end: End, triggerCopies: () => Promise<void>): Promise<SweepResult> {
    const result = await this.result(end);
    if (this.#request.dryRun) return result;
    await triggerCopies();
    await this.#deps.ledger.putSweep(result.row);
    return result;
  }

  async result({ complete, unconfigured, before, stoppedAfter }: End): Promise<SweepResult> {
    const { notify, rds, fleet, configHash, now } = this.#deps;
    const { dryRun, mode } = this.#request;
    const steps = this.#checked.flatMap(({ notification }) => notification ?? []);
    if (!dryRun && steps.length > 0) this.errors.push(...(await notify(steps, this.at)).errors);
    const count = (...names: AlertStep[]) => steps.filter(({ step }) => names.some((name) => name === step)).length;
    const missed = this.#checked.flatMap((one) => one.missed);
    const verdicts = new Map(this.#evaluated().map(({ subject, evaluation }) => [subject.key, evaluation.verdict]));
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
  #evaluated() {
    const evaluated = this.#checked.flatMap(({ subject, evaluation }) =>
      subject.configured && evaluation ? [{ subject, tenant: subject.configured.tenant, evaluation }] : [],
    );
    return [...new Map(evaluated.map((one) => [one.subject.key, one])).values()];
  }

  #report(row: SweepRow): SweepReport {
    const evaluated = this.#evaluated();
    const shown =
      evaluated.length > fullAnswer
        ? evaluated.filter(({ evaluation }) => evaluation.verdict !== 'protected')
        : evaluated;
    const reader = { now: row.at, audience: 'operators' } as const;
    return {
      mode: row.mode,
      at: row.at.toISOString(),
      complete: row.complete,
      databases: shown.map(({ subject, tenant, evaluation }) => {
        const { verdict, severity, cause, notes, newestBackup, deadline } = evaluation;
        const age = newestBackup && (row.at.getTime() - newestBackup.time.getTime()) / hourMs;
        return {
          tenant,
          database: subject.id,
          ...environmentOf(subject.key),
          verdict,
          cause,
          notes,
          severity,
          reason: reasonOf(evaluation, { id: subject.id, kind: subject.kind }, reader),
          newestBackup: newestBackup ? { id: newestBackup.id, time: newestBackup.time.toISOString() } : null,
          ageHours: age === undefined ? null : Math.round(age * 100) / 100,
          deadline: deadline?.toISOString() ?? null,
        };
      }),
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
  readonly before?: ReadonlyMap<DatabaseKey, VerdictName | Unrecognized>;
  readonly stoppedAfter?: DatabaseKey;
}

/** One row of a sweep that took several runs, under the start of the first; it replaces the rows of the parts before. */
function together(
  stopped: SweepRow,
  part: SweepRow,
  verdicts: ReadonlyMap<DatabaseKey, VerdictName | Unrecognized>,
): SweepRow {
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

function countsOf(verdicts: ReadonlyMap<DatabaseKey, VerdictName | Unrecognized>): Counts {
  const counts: { -readonly [Name in keyof Counts]: Counts[Name] } = {};
  for (const name of verdicts.values()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Pieces of as many as one call of the ledger reads; between them the time left is looked at. */
export function chunksOf<T>(items: readonly T[]): T[][] {
  return chunks(items, chunkSize);
}
