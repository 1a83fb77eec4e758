/** One run of a sweep, a watch or a recheck: it evaluates databases, and notifies nobody. */

import { chunk } from 'es-toolkit/array';
import { sumBy } from 'es-toolkit/math';
import { type ConfiguredDatabase, enrol, type Fleet } from '../config/index.ts';
import {
  alertStepOf,
  type DatabaseKey,
  type DatabaseRow,
  type Day,
  formatName,
  type SweepRow,
} from '../domain/index.ts';
import { clockSkewMs, type EvaluationTarget, nameText, targetsOf, withEnrolledBefore } from '../evaluation/index.ts';
import { expiryOf, type Ledger, type UnreadableRow } from '../ledger/index.ts';
import type { Log } from '../lib/log.ts';
import type { AlertNotification } from '../notifications/index.ts';
import { inventoryOf, type RdsInventory, type RdsReader } from '../rds/index.ts';
import { type Checked, type CheckOptions, checkDatabases, dayOf } from './evaluate-batch.ts';
import { type EvaluatedDatabase, reportOf, type SweepReport } from './report.ts';
import { joined, type Verdicts, verdictCounts } from './row.ts';

export interface SweepDeps {
  readonly ledger: Ledger;
  readonly rds: RdsReader;
  readonly fleet: Fleet;
  /** SHA-256 of the configuration's bytes, in hex. */
  readonly configHash: string;
  readonly log: Log;
  readonly now: () => Date;
  /** Milliseconds until the run is ended from outside. */
  readonly remainingMs: () => number;
}

/** What the sweep function is invoked with, parsed. */
export interface SweepRequest {
  readonly mode: 'sweep' | 'watch';
  /** Evaluate as of this moment; backups younger than it do not exist. Absent: now. */
  readonly at?: Date;
  /** Evaluate without writing, notifying or measuring. */
  readonly dryRun: boolean;
}

/** What a run found and did. Nobody has been notified yet, and its row is not written: see `closeRun`. */
export interface SweepRun {
  readonly at: Date;
  readonly dryRun: boolean;
  /** The alerts whose step is pending in the ledger, or would be if the run were not dry. */
  readonly notifications: readonly AlertNotification[];
  readonly report: SweepReport;
  readonly row: SweepRow;
  /** Databases that a tag excludes for a reason that operators have not been notified of. */
  readonly newlyExcluded: readonly (ConfiguredDatabase & { readonly key: DatabaseKey })[];
}

/** How a run ended. */
export interface End {
  readonly complete: boolean;
  readonly unconfigured: readonly string[];
  /** The verdicts of the parts before, where a sweep was carried on. */
  readonly before?: Verdicts;
  readonly stoppedAfter?: DatabaseKey;
}

/** A database as it is looked up. */
export type DatabaseRef = Pick<DatabaseRow, 'key' | 'kind' | 'id'>;

/** A run stops in good order when less time than this is left: people have to be notified, and its row written. */
const marginMs = 60_000;

/** Rows that a ledger call reads; also how often the time left is checked. */
const chunkSize = 100;

export class Run {
  readonly #deps: SweepDeps;
  readonly #request: SweepRequest;
  /** The sweep that this run carries on. */
  readonly #stopped: SweepRow | undefined;
  readonly #started: Date;
  readonly #budgetMs: number;
  readonly #checked: Checked[] = [];
  readonly #unreadable = new Set<string>();
  readonly at: Date;
  readonly errors: string[] = [];
  /** Whether RDS did not respond when some databases were rechecked. */
  recheckFailed = false;

  constructor(deps: SweepDeps, request: SweepRequest, stopped?: SweepRow) {
    this.#deps = deps;
    this.#request = request;
    this.#stopped = stopped;
    this.#started = deps.now();
    this.#budgetMs = deps.remainingMs();
    this.at = request.at ?? this.#started;
  }

  /** One row that cannot be read does not keep the others from being evaluated. */
  readonly onUnreadable = (row: UnreadableRow): void => {
    if (this.#unreadable.has(row.message)) return;
    this.#unreadable.add(row.message);
    this.errors.push(`not evaluated: ${row.message}`);
    this.#deps.log.error('row cannot be read', { error: row });
  };

  /** Whether every database that it got to was evaluated. */
  get evaluatedAll(): boolean {
    return this.#unreadable.size === 0;
  }

  readonly timeIsUp = (): boolean => this.#deps.remainingMs() < marginMs;

  readonly halfTimeIsUp = (): boolean => this.#deps.remainingMs() < Math.max(marginMs, this.#budgetMs / 2);

  /** Evaluates databases by what an inventory shows, and brings the ledger up to date. */
  async check(
    subjects: readonly EvaluationTarget[],
    inventory: RdsInventory,
    { mayOpen }: Pick<CheckOptions, 'mayOpen'>,
  ): Promise<Checked[]> {
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
    const checked = await checkDatabases(ledger, subjects, inventory, options);
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

  /**
   * Evaluates databases by an inventory of their own, made by name and resource id; alerts may open on what it shows.
   * `listed` is the inventory that a sweep made before.
   */
  async recheck(rows: readonly DatabaseRef[], listed?: RdsInventory): Promise<void> {
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
    const inventory = await inventoryOf(rds, wanted, listed);
    this.errors.push(...[...inventory.unread].map(([listing, why]) => `${listing} could not be read: ${why}`));
    if (inventory.unread.size > 0) this.recheckFailed = true;
    const candidates = withEnrolledBefore(fleet, enrol(fleet, [...inventory.databases]).databases, inventory, known);
    const shown = new Set([...rows, ...inventory.databases].map(nameText));
    const entries = candidates.filter((entry) => shown.has(formatName(entry)));
    const keys = new Set(rows.map(({ key }) => key));
    const names = new Set(rows.map(nameText));
    // A member's cluster is shown too; it is evaluated in its own turn.
    const subjects = targetsOf(entries, inventory, known).filter(
      (subject) => keys.has(subject.key) || names.has(nameText(subject)),
    );
    await this.check(subjects, inventory, { mayOpen: true });
  }

  /** Ends the run, and says what it found and did. */
  end({ complete, unconfigured, before, stoppedAfter }: End): SweepRun {
    const { rds, fleet, configHash, now } = this.#deps;
    const { dryRun, mode } = this.#request;
    const notifications = this.#checked.flatMap(({ notification }) => notification ?? []);
    const count = (as: 'opened' | 'reminded' | 'resolved') =>
      notifications.filter(({ step }) => alertStepOf(step)?.countedAs === as).length;
    const missed = this.#checked.flatMap((one) => one.missed);
    const evaluated = this.#evaluated();
    const verdicts: Verdicts = new Map(evaluated.map(({ subject, evaluation }) => [subject.key, evaluation.verdict]));
    const part: SweepRow = {
      mode,
      started: this.#started,
      finished: now(),
      at: this.at,
      complete,
      databases: verdicts.size,
      counts: verdictCounts(verdicts),
      eventsMissed: missed.length,
      missed: missed.map((snapshot) => ({
        snapshotId: snapshot.id,
        databaseId: snapshot.databaseId,
        ...(snapshot.createdAt && { backupTime: snapshot.originalCreatedAt ?? snapshot.createdAt }),
      })),
      recorded: sumBy(this.#checked, ({ recorded }) => recorded),
      closed: sumBy(this.#checked, ({ closed }) => closed),
      unconfigured,
      alerts: { opened: count('opened'), reminded: count('reminded'), resolved: count('resolved') },
      apiCalls: { ...rds.calls },
      errors: [...this.errors],
      configHash,
      ...(stoppedAfter !== undefined && { stoppedAfter }),
      ...(mode === 'sweep' &&
        stoppedAfter === undefined && { expiresAt: expiryOf(this.at, fleet.ledger.retentionDays, now()) }),
    };
    const stopped = this.#stopped;
    return {
      at: this.at,
      dryRun,
      notifications,
      report: reportOf(part, evaluated),
      row: stopped ? joined(stopped, part, new Map([...(before ?? []), ...verdicts])) : part,
      newlyExcluded: this.#checked.flatMap(({ newlyExcluded: isNew, subject: { key, configured } }) =>
        isNew && configured ? [{ ...configured, key }] : [],
      ),
    };
  }

  /** The configured databases that were evaluated, each once: one that was rechecked counts as it was seen last. */
  #evaluated(): EvaluatedDatabase[] {
    const evaluated = this.#checked.flatMap(({ subject, evaluation }): EvaluatedDatabase[] =>
      subject.configured && evaluation ? [{ subject: { ...subject, configured: subject.configured }, evaluation }] : [],
    );
    return [...new Map(evaluated.map((one) => [one.subject.key, one])).values()];
  }
}

/** Pieces of as many as one call of the ledger reads; between them the time left is checked. */
export function chunksOf<T>(items: readonly T[]): T[][] {
  return chunk(items, chunkSize);
}
