/**
 * Use case: the daily sweep. It lists everything in bulk, holds the configured databases, the ledger and RDS against each
 * other, records what events missed, judges, alerts, and writes the day's evidence. Its calls grow with pages, never with
 * databases: N/100 for databases, N·R/100 for snapshots, N/100 for the ledger's rows.
 */
import type { Tally, Told } from './alerting.ts';
import { type Checked, type CheckOptions, checkDatabases, dayOf } from './check.ts';
import { enrol } from './config/enrol.ts';
import type { ConfiguredDatabase, Fleet } from './config/fleet.ts';
import type { Subject } from './judge.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Log } from './log.ts';
import type { AlertStep, DatabaseKey, DatabaseRow, Day, Severity, SweepRow, VerdictName } from './model.ts';
import type { RdsReader } from './rds/reader.ts';
import { subjectsOf } from './subjects.ts';
import { hourMs } from './text.ts';
import { type View, viewAll, viewOf } from './view.ts';

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
}

/** A run stops in good order when less time than this is left: it still has to tell and to write its row. */
const marginMs = 60_000;

/** Rows a ledger call reads; also how often the time left is looked at. */
const chunkSize = 100;

/** Above this many databases the answer holds only those that are not protected: Lambda answers at most 6 MB. */
const fullAnswer = 2000;

/** Names of missed backups that a sweep's row keeps. */
const missedKept = 100;

/** The whole fleet, or what comes after `after` where an earlier sweep stopped there. */
export async function sweep(deps: SweepDeps, request: SweepRequest, after?: DatabaseKey): Promise<SweepResult> {
  const run = new Run(deps, request);
  const view = await viewAll(deps.rds, run.timeIsUp);
  run.errors.push(...[...view.unread].map(([listing, why]) => `${listing} could not be listed to the end: ${why}`));
  const enrolment = enrol(deps.fleet, [...view.databases]);
  run.errors.push(...enrolment.problems);
  const known = await collect(deps.ledger.allDatabases());
  const subjects = subjectsOf(deps.fleet, enrolment.databases, view, known).filter(
    ({ key }) => after === undefined || key > after,
  );
  let judgedUpTo: DatabaseKey | undefined = after;
  const postponed: Subject[] = [];
  for (const chunk of chunksOf(subjects)) {
    if (run.timeIsUp()) break;
    const checked = await run.check(chunk, view, { mayOpen: false });
    postponed.push(...checked.filter((one) => one.postponed).map(({ subject }) => subject));
    judgedUpTo = chunk.at(-1)?.key;
  }
  // A listing of thousands takes minutes: what would be alerted is looked at anew, in bulk, before anybody is woken.
  for (const chunk of chunksOf(postponed)) {
    await run.look(chunk, enrolment.databases);
  }
  const done = judgedUpTo === subjects.at(-1)?.key || subjects.length === 0;
  if (!done) {
    run.errors.push(
      `the time limit was near: judged up to ${judgedUpTo ?? 'none'}; the next watch carries on from there`,
    );
  }
  const end = {
    complete: done && view.unread.size === 0,
    unconfigured: enrolment.unconfigured,
    ...(!done && { stoppedAfter: judgedUpTo ?? '' }),
  };
  return run.finish(end, deps.wakeCopies);
}

/**
 * The small check between sweeps: only databases whose moment has come, by the ledger's index; nothing due means no RDS
 * call at all. It carries on a sweep that stopped half-way, and runs the first one where none has run yet.
 */
export async function watch(deps: SweepDeps, request: SweepRequest): Promise<SweepResult> {
  const last = await first(deps.ledger.sweeps());
  if (last === undefined || last.stoppedAfter !== undefined) {
    deps.log.info(last ? 'carrying on a sweep that stopped half-way' : 'no sweep has run yet');
    const carriedOn = await sweep(deps, { ...request, mode: 'sweep' }, last?.stoppedAfter || undefined);
    return carriedOn;
  }
  const run = new Run(deps, request);
  const due = await collect(deps.ledger.databasesToCheck(run.at));
  let complete = true;
  for (const chunk of chunksOf(due)) {
    if (run.timeIsUp()) {
      complete = false;
      run.errors.push('the time limit was near: what is left is looked at by the next watch');
      break;
    }
    await run.look(await deps.ledger.databases(chunk));
  }
  return run.finish({ complete, unconfigured: [] }, deps.wakeCopies);
}

/** Looks at some databases by name at once, and judges them: for events that say that no backup may follow. */
export async function lookAt(
  deps: Omit<SweepDeps, 'wakeCopies'>,
  databases: readonly Pick<DatabaseRow, 'kind' | 'id'>[],
): Promise<SweepResult> {
  const run = new Run(deps, { mode: 'watch', dryRun: false });
  const known = await Promise.all(databases.map(({ kind, id }) => deps.ledger.databasesByName(kind, id)));
  // What the ledger does not know yet is met by the next sweep: an event about it is no reason to alert.
  for (const chunk of chunksOf(known.flat())) await run.look(chunk);
  return run.result({ complete: true, unconfigured: [] });
}

/** One run with what it gathers. */
class Run {
  readonly #deps: Omit<SweepDeps, 'wakeCopies'>;
  readonly #request: SweepRequest;
  readonly #started: Date;
  readonly #checked: Checked[] = [];
  readonly at: Date;
  readonly errors: string[] = [];

  constructor(deps: Omit<SweepDeps, 'wakeCopies'>, request: SweepRequest) {
    this.#deps = deps;
    this.#request = request;
    this.#started = deps.now();
    this.at = request.at ?? this.#started;
  }

  readonly timeIsUp = (): boolean => this.#deps.remainingMs() < marginMs;

  async check(subjects: readonly Subject[], view: View, { mayOpen }: Pick<CheckOptions, 'mayOpen'>) {
    const { ledger, fleet } = this.#deps;
    const { dryRun, mode } = this.#request;
    const options = { at: this.at, dryRun, retentionDays: fleet.ledger.retentionDays, mayOpen };
    const checked = await checkDatabases(ledger, subjects, view, options);
    const settled = checked.filter(({ postponed }) => !postponed);
    this.#checked.push(...settled);
    if (!dryRun) {
      // Between sweeps only what is told is evidence: the day's judgement is the sweep's.
      const evidence = settled.filter(({ told }) => mode === 'sweep' || told !== undefined);
      await ledger.putDays(evidence.flatMap((one): Day | Day[] => dayOf(one, this.at) ?? []));
    }
    return checked;
  }

  /** Looks at databases anew, by name and resource id, and judges them; alerts may open on what this shows. */
  async look(
    rows: readonly Pick<DatabaseRow, 'key' | 'kind' | 'id'>[],
    configured?: readonly ConfiguredDatabase[],
  ): Promise<void> {
    const { rds, fleet, ledger } = this.#deps;
    const view = await viewOf(rds, rows);
    this.errors.push(...[...view.unread].map(([listing, why]) => `${listing} could not be looked up: ${why}`));
    const names = new Set([...rows, ...view.databases].map(({ kind, id }) => `${kind}/${id}`));
    const entries = (configured ?? enrol(fleet, [...view.databases]).databases).filter(({ kind, id }) =>
      names.has(`${kind}/${id}`),
    );
    const known = await ledger.databases(rows.map(({ key }) => key));
    await this.check(subjectsOf(fleet, entries, view, known), view, { mayOpen: true });
  }

  /** Tells, and writes the run's row: the sweep's last step, so that its absence shows that it did not get there. */
  async finish(end: End, wakeCopies: () => Promise<void>): Promise<SweepResult> {
    const result = await this.result(end);
    if (this.#request.dryRun) return result;
    await wakeCopies();
    await this.#deps.ledger.putSweep(result.row);
    return result;
  }

  async result({ complete, unconfigured, stoppedAfter }: End): Promise<SweepResult> {
    const { tell, rds, configHash, now } = this.#deps;
    const { dryRun, mode } = this.#request;
    const steps = this.#checked.flatMap(({ told }) => told ?? []);
    if (!dryRun && steps.length > 0) this.errors.push(...(await tell(steps, this.at)).errors);
    const count = (...names: AlertStep[]) => steps.filter(({ step }) => names.includes(step)).length;
    const missed = this.#checked.flatMap((one) => one.missed);
    const counts: Partial<Record<VerdictName, number>> = {};
    for (const { verdict } of this.#checked) if (verdict) counts[verdict.name] = (counts[verdict.name] ?? 0) + 1;
    const row: SweepRow = {
      mode,
      started: this.#started,
      finished: now(),
      at: this.at,
      complete,
      databases: this.#checked.filter(({ verdict }) => verdict).length,
      counts,
      eventsMissed: missed.length,
      missed: missed.slice(0, missedKept).map((snapshot) => ({
        snapshotId: snapshot.id,
        databaseId: snapshot.databaseId,
        ...(snapshot.createdAt && { backupTime: snapshot.originalCreatedAt ?? snapshot.createdAt }),
      })),
      recorded: sum(this.#checked.map(({ recorded }) => recorded)),
      closed: sum(this.#checked.map(({ closed }) => closed)),
      unconfigured,
      alerts: { opened: count('open'), reminded: count('remind', 'rise'), resolved: count('resolve') },
      apiCalls: { ...rds.calls },
      errors: this.errors,
      configHash,
      ...(stoppedAfter !== undefined && { stoppedAfter }),
    };
    return { row, report: this.#report(row) };
  }

  #report(row: SweepRow): SweepReport {
    const judged = this.#checked.flatMap(({ subject, verdict }) =>
      subject.configured && verdict ? [{ subject, tenant: subject.configured.tenant, verdict }] : [],
    );
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

interface End {
  readonly complete: boolean;
  readonly unconfigured: readonly string[];
  readonly stoppedAfter?: DatabaseKey;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function chunksOf<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / chunkSize) }, (_, chunk) =>
    items.slice(chunk * chunkSize, (chunk + 1) * chunkSize),
  );
}

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}
