/** One run of a sweep, a watch or a recheck: it evaluates databases, and notifies nobody. */

import { chunk, countBy, uniqBy } from 'es-toolkit/array';
import { sumBy } from 'es-toolkit/math';
import pMap from 'p-map';
import { type AwsBackupReader, isDenied, restoreTestsAmong } from '../aws-backup/index.ts';
import { type ConfiguredDatabase, enrol, type Fleet, type Tenant } from '../config/index.ts';
import type { ByEnvironment } from '../domain/index.ts';
import {
  alertStepOf,
  type BackupJobs,
  type DatabaseKey,
  type DatabaseRow,
  type Day,
  databaseOfShare,
  type Environment,
  environmentOf,
  formatEnvironment,
  formatName,
  isShare,
  type LeftOut,
  nameOf,
  reliesOnSource,
  type SweepRow,
  sameEnvironment,
  sourceNames,
} from '../domain/index.ts';
import {
  clockSkewMs,
  type EnvironmentSeen,
  type EvaluationTarget,
  nameText,
  sharesOf,
  type TagNotice,
  type TenantsSeen,
  targetOfShare,
  targetsOf,
  tenantsSeen,
  withEnrolledBefore,
} from '../evaluation/index.ts';
import { expiryOf, type Ledger, type OnUnreadable } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { AlertNotification } from '../notifications/index.ts';
import { inventoryOf, type RdsInventory, type RdsReaders } from '../rds/index.ts';
import { type Checked, type CheckOptions, notEvaluated } from './check.ts';
import { checkDatabases, dayOf } from './evaluate-batch.ts';
import { type EvaluatedDatabase, type ReadEnvironment, reportOf, type SweepReport } from './report.ts';
import { countsOfRun, joined, type Verdicts } from './row.ts';

export interface SweepDeps {
  readonly ledger: Ledger;
  readonly rds: RdsReaders;
  readonly awsBackup: ByEnvironment<AwsBackupReader>;
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
  /** Whether everything was done, but for what environments other than the hub's did not let it read. */
  readonly reachedEnd: boolean;
  /** What it saw of each environment that it read. */
  readonly environments: ReadonlyMap<string, EnvironmentSeen>;
  /** What tags changed towards less watching or another recipient, and operators have not been notified of. */
  readonly tagNotices: readonly TagNotice[];
  readonly tenants: TenantsSeen;
}

/** How a run ended. */
export interface End {
  /** Whether everything was done, but for what environments did not let it read. */
  readonly reachedEnd: boolean;
  readonly unconfigured: readonly string[];
  readonly restoreTests?: readonly string[];
  /** All tenants that have a promise, and all databases of theirs; absent where not all are known. */
  readonly promised?: { readonly tenants: readonly Tenant[]; readonly databases: readonly EvaluationTarget[] };
  /** The verdicts of the parts before, where a sweep was carried on. */
  readonly before?: Verdicts;
  readonly stoppedAfter?: DatabaseKey;
}

/** A database as it is looked up. */
export type DatabaseRef = Pick<DatabaseRow, 'key' | 'kind' | 'id'>;

/** A database that is checked anew; without a name, under that of its row. */
export type ToRecheck = Pick<DatabaseRef, 'key'> & Partial<DatabaseRef>;

/** A run stops in good order when less time than this is left: people have to be notified, and its row written. */
const marginMs = 60_000;

/** Days that are written side by side where they could not be written together. */
const daysAtOnce = 10;

/** Rows that a ledger call reads; also how often the time left is checked. */
const chunkSize = 100;

export class Run {
  readonly #deps: SweepDeps;
  readonly #request: SweepRequest;
  /** The sweep that this run carries on. */
  readonly #stopped: SweepRow | undefined;
  readonly #started: Date;
  readonly #budgetMs: number;
  /** Whether AWS Backup's jobs are read whatever is known of a database: it has sent an event. */
  readonly #readsJobs: boolean;
  readonly #checked: Checked[] = [];
  /** By the database, or else by their text. */
  readonly #leftOut = new Map<string, LeftOut>();
  readonly #unreadable = new Map<DatabaseKey, DatabaseRef>();
  /** The keys of shares that the ledger is known to have, by their database. */
  readonly #shares = new Map<DatabaseKey, Set<DatabaseKey>>();
  readonly at: Date;
  readonly errors: string[] = [];
  /** What could not be read in each environment that was asked, by the environment; empty where all could be. */
  readonly #environments = new Map<string, { readonly problems: Set<string>; unread?: string }>();
  readonly #backupJobs = new Map<string, Promise<BackupJobs | undefined>>();
  /** Why AWS Backup's jobs could not be read. */
  #jobsUnread: string | undefined;

  constructor(deps: SweepDeps, request: SweepRequest, stopped?: SweepRow, readsJobs = false) {
    this.#readsJobs = readsJobs;
    this.#deps = deps;
    this.#request = request;
    this.#stopped = stopped;
    this.#started = deps.now();
    this.#budgetMs = deps.remainingMs();
    this.at = request.at ?? this.#started;
  }

  /** Takes what could not be done, so that the rest is. */
  leaveOut(left: LeftOut): void {
    const key = left.database?.key ?? left.text;
    // The first that is said of a database is what the rest follows from.
    if (this.#leftOut.get(key)?.database === undefined) this.#leftOut.set(key, left);
    this.#deps.log.error(left.text);
  }

  readonly onUnreadable: OnUnreadable = (row) => {
    if (row.ref) this.#unreadable.set(row.ref.key, row.ref);
    // A database that is checked says more of itself.
    if (!this.#leftOut.has(row.database ?? '')) this.#leftOut.set(row.database ?? row.message, { text: row.message });
  };

  /** Rows that could not be read, by what their keys say: a name that RDS does not show may be that of a renamed database. */
  get unreadable(): readonly DatabaseRow[] {
    const databases = [...this.#unreadable.values()].filter(({ key }) => !isShare(key));
    return databases.map((ref) => ({ ...ref, enrolledAt: new Date(0) }));
  }

  /** Takes what an inventory says of environments: those whose databases it was made of. */
  noteEnvironments(environments: Iterable<Environment>, inventory: RdsInventory): void {
    for (const environment of environments) {
      const name = formatEnvironment(environment);
      const known = this.#environments.get(name) ?? { problems: new Set<string>() };
      for (const problem of inventory.problemsIn(environment)) known.problems.add(problem);
      const unread = inventory.unreadIn(environment);
      if (unread !== undefined) known.unread = unread;
      this.#environments.set(name, known);
    }
  }

  /** Whether everything was done that it got to. */
  get leftNothingOut(): boolean {
    return this.#leftOut.size === 0;
  }

  /**
   * AWS Backup's jobs in an environment, which are read once a run, and not before a database there depends on them; undefined where
   * they cannot be.
   */
  readonly #jobs = (environment: Environment): Promise<BackupJobs | undefined> => {
    const name = formatEnvironment(environment);
    const reading = this.#backupJobs.get(name) ?? this.#readJobs(environment);
    this.#backupJobs.set(name, reading);
    return reading;
  };

  #readJobs(environment: Environment): Promise<BackupJobs | undefined> {
    // Of what evaluates a few databases in a minute, less than the margin of a sweep is left at once.
    const timeIsUp = () => this.#deps.remainingMs() < this.#budgetMs / 2;
    return this.#deps.awsBackup
      .in(environment)
      .jobs(timeIsUp)
      .catch((error: unknown) => {
        this.#jobsUnread = `AWS Backup's jobs could not be read: ${errorText(error)}`;
        // The right to them is optional: who does without it is not notified of that by every run.
        if (!isDenied(error)) this.errors.push(this.#jobsUnread);
        this.#deps.log.warn(this.#jobsUnread, { ...environment });
        return undefined;
      });
  }

  readonly timeIsUp = (): boolean => this.#deps.remainingMs() < marginMs;

  readonly halfTimeIsUp = (): boolean => this.#deps.remainingMs() < Math.max(marginMs, this.#budgetMs / 2);

  /** Takes the keys of shares that the ledger has, so that those are evaluated that the configuration has no longer. */
  noteShares(keys: Iterable<DatabaseKey>): void {
    for (const key of keys) {
      const database = databaseOfShare(key);
      const known = this.#shares.get(database) ?? new Set();
      this.#shares.set(database, known.add(key));
    }
  }

  /** Evaluates databases by what an inventory shows, with the shares of shared ones, and brings the ledger up to date. */
  async check(
    subjects: readonly EvaluationTarget[],
    inventory: RdsInventory,
    { mayOpen, isHeld }: Pick<CheckOptions, 'mayOpen' | 'isHeld'>,
  ): Promise<Checked[]> {
    const { ledger, fleet } = this.#deps;
    const { dryRun, mode } = this.#request;
    // As of a moment, nothing younger exists. As of now all does that RDS shows, though its clock be a little ahead.
    const until = this.#request.at ?? new Date(this.#deps.now().getTime() + clockSkewMs);
    const options: CheckOptions = {
      at: this.at,
      until,
      dryRun,
      retentionDays: fleet.ledger.retentionDays,
      runChanges: this.#runChanges,
      tenantDatabases: this.#tenantDatabases,
      mayOpen,
      backupJobs: this.#jobs,
      readsJobs: this.#readsJobs,
      knownShares: (database) => [...(this.#shares.get(database) ?? [])],
      isHeld,
    };
    const checked = await checkDatabases(ledger, subjects, inventory, options).catch((error: unknown) =>
      subjects.map((subject) => notEvaluated(subject, error)),
    );
    for (const { subject, failures } of checked) {
      if (failures.length > 0) this.leaveOut(leftOutOf(subject, failures));
    }
    const done = checked.filter(({ postponed }) => !postponed);
    this.#checked.push(...done);
    if (!dryRun) {
      // Between sweeps only what is notified is evidence: the day's evaluation is the sweep's.
      const evidence = done.filter(({ notification }) => mode === 'sweep' || notification !== undefined);
      const expiresAt = expiryOf(this.at, fleet.ledger.retentionDays, this.#deps.now());
      await this.#putDays(evidence.flatMap((one): Day | Day[] => dayOf(one, this.at, expiresAt) ?? []));
    }
    return checked;
  }

  readonly #runChanges: CheckOptions['runChanges'] = async (environment, kind, ids, since) => {
    try {
      return await this.#deps.rds.in(environment).runChanges(kind, ids, since, this.#deps.now());
    } catch (error) {
      this.errors.push(`events could not be read, so when databases were stopped is not known: ${errorText(error)}`);
      return undefined;
    }
  };

  readonly #tenantDatabases: CheckOptions['tenantDatabases'] = async (environment, resourceIds) => {
    try {
      return await this.#deps.rds.in(environment).tenantDatabases(resourceIds);
    } catch (error) {
      const text = `tenant databases could not be read, so which of them snapshots hold is not known: ${errorText(error)}`;
      // A run may ask several times; where the right to it is missing, it is refused each time.
      if (!this.errors.includes(text)) this.errors.push(text);
      return undefined;
    }
  };

  /** A day that cannot be written keeps back no other. */
  async #putDays(days: readonly Day[]): Promise<void> {
    const { ledger } = this.#deps;
    const putAlone = async (day: Day) => {
      const { database: key, databaseKind: kind, databaseId: id, tenant, date } = day;
      try {
        await ledger.putDays([day]);
      } catch (error) {
        this.leaveOut({
          text: `${kind} ${id} (${tenant}) has no evidence of ${date}: ${errorText(error)}`,
          database: { key, kind, id },
        });
      }
    };
    await ledger.putDays(days).catch(() => pMap(days, putAlone, { concurrency: daysAtOnce }));
  }

  /**
   * Evaluates databases by an inventory of their own, made by name and resource id; alerts may open on what it shows. One
   * without a name is looked up under that of its row. `listed` is the inventory that a sweep made before.
   */
  async recheck(databases: readonly ToRecheck[], listed?: RdsInventory): Promise<void> {
    try {
      await this.#recheck(databases, listed);
    } catch (error) {
      for (const database of databases) this.leaveOut(leftOutOf(database, [`was not evaluated: ${errorText(error)}`]));
    }
  }

  /** Shares among them are noted: each is checked with its database, and the other shares of that. */
  databasesOf(some: readonly ToRecheck[]): ToRecheck[] {
    this.noteShares(some.map(({ key }) => key).filter(isShare));
    return uniqBy(
      some.map((one) => ({ ...one, key: databaseOfShare(one.key) })),
      ({ key }) => key,
    );
  }

  async #recheck(databases: readonly ToRecheck[], listed: RdsInventory | undefined): Promise<void> {
    const { rds, fleet, ledger } = this.#deps;
    const lists = ledger.leavingOut(this.onUnreadable);
    const rows = await lists.databases(databases.map(({ key }) => key));
    const inLedger = new Map(rows.map((row) => [row.key, row]));
    // Under the names that they had when the run began: it may have written another since.
    const wanted = databases.flatMap(({ key, kind, id }) => {
      const row = inLedger.get(key);
      const ref = kind !== undefined && id !== undefined ? { key, kind, id } : row;
      return ref ? [{ ...row, key, kind: ref.kind, id: ref.id }] : [];
    });
    const unreadable = new Map(this.unreadable.map((row) => [row.key, row]));
    const known = wanted.flatMap(({ key, id }) => {
      const row = inLedger.get(key) ?? unreadable.get(key);
      return row ? [{ ...row, id }] : [];
    });
    const inventory = await inventoryOf(rds, fleet.environments, wanted, (key) => lists.liveBackups(key), listed);
    this.errors.push(...inventory.problems);
    // What a sweep has listed before says what it could read.
    if (listed === undefined || !listed.whole) {
      const read = uniqBy(
        wanted.map(({ key }) => environmentOf(key)).filter((one) => inventory.isRead(one)),
        formatEnvironment,
      );
      this.noteEnvironments(read, inventory);
    }
    const met = await this.#ownersOf(inventory, wanted);
    const shownNow = [...inventory.databases];
    const itsShares = await this.#sharesOf(databases, lists);
    const owners = [...inLedger.values(), ...met, ...itsShares];
    const tests = await restoreTestsAmong(this.#deps, shownNow, owners, this.at);
    const enrolment = enrol(fleet, shownNow, owners, tests);
    const candidates = withEnrolledBefore(fleet, enrolment.databases, inventory, [...known, ...itsShares]);
    const shown = new Set([...wanted, ...inventory.databases].map(nameText));
    const entries = candidates.filter((entry) => shown.has(formatName(entry)));
    const keys = new Set(wanted.map(({ key }) => key));
    const names = new Set(wanted.map(nameText));
    // A member's cluster is shown too; it is evaluated in its own turn.
    const others = { entries: candidates, rows: met };
    const subjects = targetsOf(entries, inventory, known, enrolment.tags, others).filter(
      (subject) => keys.has(subject.key) || names.has(nameText(subject)),
    );
    await this.check(subjects, inventory, { mayOpen: true, isHeld: heldBy(candidates, inventory) });
  }

  /** The rows of shares that say whom tags named before. */
  async #sharesOf(databases: readonly ToRecheck[], lists: Ledger): Promise<readonly DatabaseRow[]> {
    if (this.#deps.fleet.discovery === undefined) return [];
    return lists.databases(databases.flatMap(({ key }) => [...(this.#shares.get(key) ?? [])]));
  }

  /**
   * The rows of databases that are shown and were not read: of those that have one of these names now, since tags may be held to
   * their owners, and of the sources of replicas.
   */
  async #ownersOf(inventory: RdsInventory, wanted: readonly DatabaseRef[]): Promise<readonly DatabaseRow[]> {
    const names = new Set(wanted.map(nameText));
    const read = new Set(wanted.map(({ key }) => key));
    const sources = new Set([...inventory.databases].filter(reliesOnSource).flatMap(sourceNames).map(formatName));
    const isOwner = this.#deps.fleet.discovery === undefined ? () => false : (name: string) => names.has(name);
    const met = [...inventory.databases].filter((one) => {
      const name = nameText(one);
      return (isOwner(name) || sources.has(name)) && !read.has(one.key);
    });
    if (met.length === 0) return [];
    return this.#deps.ledger.leavingOut(this.onUnreadable).databases(met.map(({ key }) => key));
  }

  /** Ends the run, and says what it found and did. */
  end({ reachedEnd, unconfigured, restoreTests = [], promised, before, stoppedAfter }: End): SweepRun {
    const { rds, awsBackup, fleet, configHash, now } = this.#deps;
    const { dryRun, mode } = this.#request;
    const notifications = this.#checked.flatMap(({ notification }) => notification ?? []);
    const count = (as: 'opened' | 'reminded' | 'resolved') =>
      notifications.filter(({ step }) => alertStepOf(step)?.countedAs === as).length;
    const missed = this.#checked.flatMap((one) => one.missed);
    const evaluated = this.#evaluated();
    const environments = fleet.environments.flatMap((environment): ReadEnvironment[] => {
      const read = this.#environments.get(formatEnvironment(environment));
      if (read === undefined) return [];
      const { account, region } = environment;
      // An odd row concerns its database alone; a sweep was to see all of them.
      const isWhole = mode === 'watch' ? read.unread === undefined : read.problems.size === 0;
      const error = isWhole ? null : [...read.problems].join('; ');
      return [{ account, region, complete: error === null, error }];
    });
    const complete = reachedEnd && environments.every((one) => one.complete);
    const leftOut = [...this.#leftOut.values()];
    const verdicts: Verdicts = new Map(evaluated.map(({ subject, evaluation }) => [subject.key, evaluation.verdict]));
    const part: SweepRow = {
      mode,
      started: this.#started,
      finished: now(),
      at: this.at,
      complete,
      ...countsOfRun(verdicts),
      eventsMissed: missed.length,
      missed: missed.map((snapshot) => ({
        snapshotId: snapshot.id,
        databaseId: snapshot.databaseId,
        ...(snapshot.createdAt && { backupTime: snapshot.originalCreatedAt ?? snapshot.createdAt }),
      })),
      recorded: sumBy(this.#checked, ({ recorded }) => recorded),
      closed: sumBy(this.#checked, ({ closed }) => closed),
      unconfigured,
      ...(restoreTests.length > 0 && { restoreTests }),
      alerts: { opened: count('opened'), reminded: count('reminded'), resolved: count('resolved') },
      apiCalls: { ...rds.calls, ...awsBackup.calls },
      errors: [...this.errors, ...leftOut.map(({ text }) => text)],
      ...(leftOut.length > 0 && { leftOut }),
      ...(this.#jobsUnread !== undefined && { jobsUnread: this.#jobsUnread }),
      configHash,
      ...(stoppedAfter !== undefined && { stoppedAfter }),
      ...(mode === 'sweep' &&
        stoppedAfter === undefined && { expiresAt: expiryOf(this.at, fleet.ledger.retentionDays, now()) }),
    };
    const stopped = this.#stopped;
    const all: Verdicts = new Map([...(before ?? []), ...verdicts]);
    const databases = promised?.databases.flatMap((one) => [
      one,
      ...sharesOf(one).map((share) => targetOfShare(one, share)),
    ]);
    const tenants = tenantsSeen(
      (databases ?? evaluated.map(({ subject }) => subject)).flatMap(({ key, id, configured }) => {
        const verdict = all.get(key);
        return configured ? [{ tenant: configured.tenant, id, ...(verdict !== undefined && { verdict }) }] : [];
      }),
      promised?.tenants,
    );
    return {
      at: this.at,
      dryRun,
      notifications,
      report: reportOf(part, evaluated, [...tenants.unwatched.keys()], environments),
      reachedEnd: reachedEnd && environments.every((one) => one.complete || !sameEnvironment(one, fleet)),
      environments: this.#seen(mode === 'sweep' && stoppedAfter === undefined && stopped === undefined),
      row: stopped ? joined(stopped, part, all) : part,
      tenants,
      tagNotices: this.#tagNotices(),
    };
  }

  #seen(swept: boolean): ReadonlyMap<string, EnvironmentSeen> {
    const missed = countBy(
      this.#checked.flatMap((one) => one.missed),
      ({ database }) => formatEnvironment(environmentOf(database)),
    );
    return new Map(
      [...this.#environments].map(([name, { unread }]) => [
        name,
        { ...(unread !== undefined && { unread }), swept, missed: swept ? (missed[name] ?? 0) : 0 },
      ]),
    );
  }

  /** One a database: as it was seen last. */
  #tagNotices(): TagNotice[] {
    const last = new Map(this.#checked.map(({ subject, tagNotice }) => [subject.key, tagNotice]));
    return [...last.values()].filter((notice) => notice !== undefined);
  }

  /** The configured databases that were evaluated, each once: one that was rechecked counts as it was seen last. */
  #evaluated(): EvaluatedDatabase[] {
    const evaluated = this.#checked.flatMap(({ subject, evaluation }): EvaluatedDatabase[] =>
      subject.configured && evaluation ? [{ subject: { ...subject, configured: subject.configured }, evaluation }] : [],
    );
    return [...new Map(evaluated.map((one) => [one.subject.key, one])).values()];
  }
}

/**
 * Whether the configuration has a share that is in the ledger. Of a database that enrolled itself and is not shown now nobody can say
 * whether its tag names the tenant still.
 */
export function heldBy(
  entries: readonly ConfiguredDatabase[],
  inventory: RdsInventory,
): (share: DatabaseRow) => boolean {
  const byName = new Map(entries.map((entry) => [formatName(entry), entry]));
  return (row) => {
    if (row.share?.until !== undefined) return false;
    const shown = inventory.database(databaseOfShare(row.key));
    const names = [row.configuredAs ?? row.id, row.id, ...(shown ? [shown.id] : [])];
    const its = names.flatMap((id) => byName.get(formatName({ ...nameOf(row), id })) ?? []);
    if (its.length === 0) return row.enrolledBy === 'tag' && !inventory.whole;
    return its.some(({ tenants }) => tenants?.some(({ tenant }) => tenant === row.tenant));
  };
}

function leftOutOf(
  { key, kind, id, configured }: ToRecheck & Pick<EvaluationTarget, 'configured'>,
  failures: readonly string[],
): LeftOut {
  const whose = configured ? ` (${configured.tenant})` : '';
  const named = kind !== undefined && id !== undefined;
  return {
    text: `${named ? `${kind} ${id}` : key}${whose} ${failures.join('; it ')}`,
    ...(named && { database: { key, kind, id } }),
  };
}

/** Pieces of as many as one call of the ledger reads; between them the time left is checked. */
export function chunksOf<T>(items: readonly T[]): T[][] {
  return chunk(items, chunkSize);
}
