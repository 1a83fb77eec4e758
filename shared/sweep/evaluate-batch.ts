/** Use case: evaluates databases against what RDS shows of them, and brings ledger and alerts up to date. */
import { isDeepStrictEqual } from 'node:util';
import { groupBy } from 'es-toolkit/array';
import pMap from 'p-map';
import type { ConfiguredDatabase } from '../config/index.ts';
import {
  type Alert,
  type AvailableSnapshot,
  type BackupJob,
  type BackupJobs,
  backupIdOf,
  type DatabaseKey,
  type DatabaseKind,
  type DatabaseRow,
  type Day,
  type Environment,
  type Evaluation,
  environmentOf,
  environmentsAtOnce,
  formatEnvironment,
  isAvailable,
  type Snapshot,
} from '../domain/index.ts';
import {
  backupTimeOf,
  clockSkewMs,
  type DatabaseEvaluation,
  dependsOnAwsBackup,
  type EvaluationTarget,
  evaluateDatabase,
  isOpenJob,
  jobsOf,
  type KnownDatabase,
  needsRunChanges,
  newestAmong,
  type ObservedSnapshots,
  type TagNotice,
} from '../evaluation/index.ts';
import { closeBackup, type Ledger, reopenBackup, type UnreadableRow, update, withExpiry } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import { collect, take } from '../lib/iterables.ts';
import type { AlertNotification } from '../notifications/index.ts';
import { ownerAt } from '../ownership.ts';
import type { RdsInventory, RunChange } from '../rds/index.ts';
import { backupFrom, sourceTimeOf } from '../recording/index.ts';
import { mostDurations, usualDurations } from './durations.ts';

export interface CheckOptions {
  /** The moment of evaluation. */
  readonly at: Date;
  /** What was made after this moment does not exist. */
  readonly until: Date;
  /** Evaluate, and write nothing. */
  readonly dryRun: boolean;
  readonly retentionDays: number;
  /** When databases of an environment were stopped and started since a moment, by name; undefined where RDS does not answer. */
  readonly runChanges: (
    environment: Environment,
    kind: DatabaseKind,
    ids: readonly string[],
    since: Date,
  ) => Promise<RunChanges | undefined>;
  /** Whether an alert may open now; else its database is to be checked anew first, and is left as it was. */
  readonly mayOpen: boolean;
  /** AWS Backup's jobs in an environment; undefined where they cannot be read. They are read when this is first called. */
  readonly backupJobs: (environment: Environment) => Promise<BackupJobs | undefined>;
  /** Whether they are read whatever is known of a database. */
  readonly readsJobs: boolean;
}

type RunChanges = ReadonlyMap<string, readonly RunChange[]>;

/** One database as it was evaluated, and what is to be notified of it. */
export interface Checked {
  readonly subject: EvaluationTarget;
  readonly evaluation?: Evaluation;
  readonly notification?: AlertNotification;
  readonly recorded: number;
  readonly missed: readonly Snapshot[];
  readonly closed: number;
  /** Left as it was: an alert would open, and the database is to be checked anew before. */
  readonly postponed: boolean;
  readonly tagNotice?: TagNotice;
  /** What could not be done for it, as sentences about it; empty otherwise. */
  readonly failures: readonly string[];
}

/** Databases whose rows are written side by side. */
const parallel = 10;

/**
 * Checks up to 100 databases, for whose rows one call is made. What fails for one of them, or for one of its backups, is
 * among its failures and stops nothing else; only an error of that call is thrown.
 */
export async function checkDatabases(
  ledger: Ledger,
  subjects: readonly EvaluationTarget[],
  inventory: RdsInventory,
  options: CheckOptions,
): Promise<Checked[]> {
  const unreadable = new Map<DatabaseKey | undefined, UnreadableRow>();
  const lists = ledger.leavingOut((row) => unreadable.set(row.database, row));
  const rows = await lists.databases(subjects.map((subject) => subject.key));
  const rowOf = new Map(rows.map((row) => [row.key, row]));
  const ids = rows.flatMap(({ key, alert }) => (alert ? [{ database: key, ...alert }] : []));
  const alertOf = new Map((await lists.alerts(ids)).map((alert) => [alert.database, alert]));
  const changes = await runChangesOf(subjects, rowOf, options);
  const check = (subject: EvaluationTarget) => {
    const why = unreadable.get(subject.key);
    if (why) return checkUnreadable(ledger, subject, why, inventory, options);
    const its = { ...subject, runChanges: changes.get(subject.key) ?? [] };
    return checkOne(ledger, its, rowOf.get(subject.key), alertOf.get(subject.key), inventory, options);
  };
  return pMap(subjects, (subject) => check(subject).catch((error: unknown) => notEvaluated(subject, error)), {
    concurrency: parallel,
  });
}

/** When databases were stopped and started, for those whose rows do not say it; a call an environment and kind, or a few. */
async function runChangesOf(
  subjects: readonly EvaluationTarget[],
  rowOf: ReadonlyMap<DatabaseKey, DatabaseRow>,
  { at, runChanges }: CheckOptions,
): Promise<ReadonlyMap<DatabaseKey, NonNullable<EvaluationTarget['runChanges']>>> {
  const wanted = subjects.flatMap(({ key, found }) => {
    const row = rowOf.get(key);
    if (found.is !== 'database' || !needsRunChanges(row, found.database, at)) return [];
    // Without a backup as far back as RDS keeps events.
    return [{ key, database: found.database, since: row?.newestBackup?.time ?? new Date(0) }];
  });
  const changes = new Map<DatabaseKey, readonly RunChange[] | 'unknown'>();
  const groups = Object.values(
    groupBy(wanted, ({ key, database }) => `${formatEnvironment(environmentOf(key))} ${database.kind}`),
  );
  const read = async (some: typeof wanted) => {
    const [one] = some;
    if (one === undefined) return;
    const since = new Date(Math.min(...some.map((each) => each.since.getTime())));
    const ids = some.map(({ database }) => database.id);
    const byId = await runChanges(environmentOf(one.key), one.database.kind, ids, since);
    for (const { key, database } of some) changes.set(key, byId ? (byId.get(database.id) ?? []) : 'unknown');
  };
  await pMap(groups, read, { concurrency: environmentsAtOnce });
  return changes;
}

/** A database about which nothing is known after this run. */
export function notEvaluated(subject: EvaluationTarget, error: unknown): Checked {
  return { ...nothing, subject, failures: [`was not evaluated: ${errorText(error)}`] };
}

const nothing = { recorded: 0, missed: [], closed: 0, postponed: false } as const;

/** Evaluates a database whose rows cannot be read by what RDS shows alone; nothing is written, and no alert can open. */
async function checkUnreadable(
  ledger: Ledger,
  subject: EvaluationTarget,
  why: UnreadableRow,
  inventory: RdsInventory,
  options: CheckOptions,
): Promise<Checked> {
  const lists = ledger.leavingOut(() => {});
  const observed = await observedOf(lists, subject, undefined, inventory, options);
  const placed = await placeMember(lists, subject, inventory, options);
  const { evaluation } = evaluateDatabase(placed, observed, { live: [] }, options.at, options.until);
  const seen = evaluation ? `is ${evaluation.verdict} by what RDS shows, and no alert can open: ` : 'is not followed: ';
  return { ...nothing, subject, ...(evaluation && { evaluation }), failures: [`${seen}${why.message}`] };
}

async function checkOne(
  ledger: Ledger,
  subject: EvaluationTarget,
  row: DatabaseRow | undefined,
  alert: Alert | undefined,
  inventory: RdsInventory,
  options: CheckOptions,
): Promise<Checked> {
  const { at, until, dryRun, retentionDays } = options;
  const failures = new Set<string>();
  const failed: OnFailure = (what, error) => failures.add(`${what}: ${errorText(error)}`);
  const lists = ledger.leavingOut((odd) => failed('has a row that is left out', odd));
  const observed = await observedOf(lists, subject, row, inventory, options);
  const placed = await placeMember(lists, subject, inventory, options);
  // What the last decision came to; where somebody else writes the row in between, it is decided again.
  const last: { decision?: DatabaseEvaluation; postponed: boolean } = { postponed: false };
  let recorded = 0;
  const missed: Snapshot[] = [];
  const written = await update<KnownDatabase, { readonly row: DatabaseRow; readonly alert?: Alert }>({
    what: `the row of database ${subject.key}`,
    known: {
      ...(row && { row }),
      ...(alert && { alert }),
      live: row ? await lists.liveBackups(subject.key) : [],
    },
    read: () => readKnown(ledger, lists, subject.key),
    decide: async (known) => {
      const decision = evaluateDatabase(placed, observed, known, at, until);
      last.decision = decision;
      last.postponed = decision.notification?.step === 'open' && !options.mayOpen;
      if (last.postponed) return undefined;
      if (dryRun) {
        recorded = decision.unrecorded.length;
        missed.push(...decision.unrecorded.flatMap(({ snapshot, eventMissed }) => (eventMissed ? [snapshot] : [])));
        return undefined;
      }
      const back = await recordAll(lists, placed.configured, decision, known, observed, at, failed);
      recorded += back.recorded;
      missed.push(...back.missed);
      await closeAll(lists, decision, options, failed);
      const changed = decision.alert && withExpiry(decision.alert, retentionDays);
      if (changed && !isDeepStrictEqual(changed, known.alert)) return { row: decision.row, alert: changed };
      return isDeepStrictEqual(decision.row, known.row) ? undefined : { row: decision.row };
    },
    write: ({ row: changed, alert: changedAlert }) =>
      changedAlert ? ledger.putDatabaseWithAlert(changed, changedAlert) : ledger.putDatabase(changed),
  }).catch((error: unknown) => {
    if (last.decision === undefined) throw error;
    // People are notified of what is written alone: the alert would open anew with every run.
    const verdict = last.decision.evaluation?.verdict;
    failed(`${verdict === undefined ? '' : `is ${verdict}, but `}could not be written`, error);
    return 'failed' as const;
  });
  const { decision, postponed } = last;
  if (decision === undefined) throw new Error('no decision was made');
  const { evaluation, notification, tagNotice } = decision;
  const isWritten = written !== 'failed';
  return {
    subject,
    ...(evaluation && { evaluation }),
    ...(tagNotice && isWritten && { tagNotice }),
    ...(notification &&
      isWritten &&
      !postponed && {
        notification: { ...notification, alert: written?.alert ?? notification.alert, row: decision.row },
      }),
    recorded,
    missed,
    closed: postponed ? 0 : decision.gone.length,
    postponed,
    failures: [...failures],
  };
}

/** Takes what could not be done, as a sentence about the database. */
type OnFailure = (what: string, error: unknown) => void;

/** What the ledger knows of a database, strongly consistent; throws where its row or its alert cannot be read. */
async function readKnown(ledger: Ledger, lists: Ledger, key: DatabaseKey): Promise<KnownDatabase> {
  const [[row], live] = await Promise.all([ledger.databases([key]), lists.liveBackups(key)]);
  const [alert] = row?.alert ? await ledger.alerts([{ database: key, ...row.alert }]) : [];
  return { ...(row && { row }), ...(alert && { alert }), live };
}

/** What the inventory shows of a database's snapshots, with the times of copied ones where they could be the newest. */
async function observedOf(
  ledger: Ledger,
  subject: EvaluationTarget,
  row: DatabaseRow | undefined,
  inventory: RdsInventory,
  options: CheckOptions,
): Promise<ObservedSnapshots> {
  const snapshots = inventory.snapshots(subject.key);
  const { found } = subject;
  const kind = found.is === 'member' ? 'cluster' : subject.kind;
  const names = [
    found.is === 'member' ? found.of : subject.id,
    ...(found.is === 'database' ? [found.database.id] : []),
  ];
  const environment = environmentOf(subject.key);
  const unread = inventory.snapshotsUnread(environment, kind, ...names);
  const { listed } = inventory;
  const backupJobs = await backupJobsOf(subject, snapshots, row, options);
  return {
    snapshots,
    ...(unread !== undefined && { unread }),
    whole:
      inventory.whole || (listed?.whole === true && listed.snapshotsUnread(environment, kind, ...names) === undefined),
    ...(listed && { listed: listed.snapshots(subject.key) }),
    copyTimes: await copyTimesOf(ledger, snapshots, options.until),
    ...((snapshots.some(({ status }) => status === 'creating') || backupJobs?.some(isOpenJob)) && {
      usualMs: usualDurations(await collect(take(ledger.backupsOfDatabase(subject.key), mostDurations))),
    }),
    ...(backupJobs && { backupJobs }),
  };
}

/** AWS Backup's jobs of a database that depends on them. */
async function backupJobsOf(
  { configured, found, cluster }: EvaluationTarget,
  snapshots: readonly Snapshot[],
  row: DatabaseRow | undefined,
  { backupJobs, readsJobs, until }: CheckOptions,
): Promise<readonly BackupJob[] | undefined> {
  const database = found.is === 'database' ? found.database : cluster;
  if (configured === undefined || database === undefined) return undefined;
  if (!readsJobs && !dependsOnAwsBackup(database, snapshots, row)) return undefined;
  const jobs = await backupJobs(environmentOf(database.key));
  return jobs && jobsOf(jobs, database, until);
}

/**
 * When the data of copied cluster snapshots is from: RDS does not say, so their sources are read, but only of those
 * that were made after the newest backup whose time is known.
 */
async function copyTimesOf(ledger: Ledger, snapshots: readonly Snapshot[], until: Date): Promise<Map<string, Date>> {
  const times = new Map<string, Date>();
  const available = snapshots.filter(isAvailable).filter((snapshot) => snapshot.createdAt <= until);
  const newest = newestAmong(available, times);
  for (const copy of available) {
    if (backupTimeOf(copy) !== undefined || (newest !== undefined && copy.createdAt <= newest.time)) continue;
    const source = snapshots.find((snapshot) => snapshot.arn === copy.sourceArn);
    const time =
      (source && backupTimeOf(source)) ??
      (await sourceTimeOf(ledger, copy)) ??
      (await ledger.backups([backupIdOf(copy)]))[0]?.backupTime;
    if (time !== undefined) times.set(copy.arn, time);
  }
  return times;
}

/** A member that is configured as an instance is evaluated by its cluster. */
async function placeMember(
  ledger: Ledger,
  subject: EvaluationTarget,
  inventory: RdsInventory,
  options: CheckOptions,
): Promise<EvaluationTarget> {
  const { at, until } = options;
  const { found, cluster, configured } = subject;
  if (found.is !== 'member' || cluster === undefined || configured === undefined) return subject;
  const asCluster: ConfiguredDatabase = { ...configured, kind: 'cluster', id: cluster.id };
  // When it was stopped, and what AWS Backup made.
  const [row] = await ledger.databases([cluster.key]);
  const observed = await observedOf(ledger, { ...subject, key: cluster.key }, row, inventory, options);
  const { evaluation } = evaluateDatabase(
    {
      key: cluster.key,
      kind: 'cluster',
      id: cluster.id,
      configured: asCluster,
      found: { is: 'database', database: cluster },
    },
    observed,
    { ...(row && { row }), live: [] },
    at,
    until,
  );
  return evaluation === undefined ? subject : { ...subject, found: { ...found, cluster: evaluation } };
}

/** Records what events missed, oldest first, so that the first of a day is the one that is copied. */
async function recordAll(
  ledger: Ledger,
  configured: ConfiguredDatabase | undefined,
  { unrecorded, row: evaluated }: DatabaseEvaluation,
  { row }: KnownDatabase,
  { copyTimes, snapshots }: ObservedSnapshots,
  now: Date,
  failed: OnFailure,
): Promise<{ recorded: number; missed: Snapshot[] }> {
  let recorded = 0;
  const missed: Snapshot[] = [];
  const oldestFirst = unrecorded.toSorted((a, b) => a.snapshot.createdAt.getTime() - b.snapshot.createdAt.getTime());
  const record = async (snapshot: AvailableSnapshot, eventMissed: boolean) => {
    // Its source may just have been recorded, and the index that finds it by its ARN lags behind.
    const source = snapshots.find(({ arn }) => arn === snapshot.sourceArn);
    const sourceTime = copyTimes.get(snapshot.arn) ?? (source && backupTimeOf(source));
    const isOfReplica = evaluated.replicaOf !== undefined;
    const tenant = ownerAt(evaluated, snapshot.createdAt);
    const owner = {
      ...(tenant !== undefined && { tenant }),
      ...(configured && { configured }),
      ...(row && { row }),
      ...(sourceTime && { sourceTime }),
      isOfReplica,
    };
    const backup = await backupFrom(ledger, snapshot, owner, { from: 'sweep', eventMissed }, now);
    if ((await ledger.recordBackup(backup)) === 'duplicate') {
      // Closed by mistake, perhaps: RDS has it.
      await reopenBackup(ledger, backupIdOf(backup), new Date(now.getTime() - clockSkewMs));
      return;
    }
    recorded += 1;
    if (eventMissed) missed.push(snapshot);
  };
  for (const { snapshot, eventMissed } of oldestFirst) {
    await record(snapshot, eventMissed).catch((error: unknown) =>
      failed(`has a backup that was not recorded, ${snapshot.id}`, error),
    );
  }
  return { recorded, missed };
}

async function closeAll(
  ledger: Ledger,
  { gone }: DatabaseEvaluation,
  { at, retentionDays }: CheckOptions,
  failed: OnFailure,
): Promise<void> {
  if (gone.length === 0) return;
  const notClosed = (error: unknown) => failed('has a backup that was not closed', error);
  for (const backup of await ledger.backups(gone)) {
    await closeBackup(ledger, backup, { cause: { code: 'not-in-rds', facts: {} }, retentionDays }, at).catch(notClosed);
  }
}

/** The day's evaluation of a configured database: the evidence, with the policy that was in force. */
export function dayOf({ subject, evaluation }: Checked, at: Date, expiresAt: Date): Day | undefined {
  const { configured } = subject;
  if (configured === undefined || evaluation === undefined) return undefined;
  const { nextCheckAt: _, once: __, since: ___, quiet: ____, ...finding } = evaluation;
  return {
    ...finding,
    database: subject.key,
    databaseId: subject.id,
    databaseKind: subject.kind,
    tenant: configured.tenant,
    date: at.toISOString().slice(0, 10),
    evaluatedAt: at,
    maxAgeHours: configured.policy.maxAgeHours,
    graceHours: configured.policy.graceHours,
    ...(configured.excluded !== undefined && { exclusion: configured.excluded }),
    expiresAt,
  };
}
