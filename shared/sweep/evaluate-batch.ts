/** Use case: evaluates databases against what RDS shows of them, and brings ledger and alerts up to date. */
import { isDeepStrictEqual } from 'node:util';
import type { ConfiguredDatabase } from '../config/index.ts';
import {
  type Alert,
  backupIdOf,
  type DatabaseKey,
  type DatabaseRow,
  type Day,
  type Evaluation,
  isAvailable,
  type Snapshot,
} from '../domain/index.ts';
import {
  backupTimeOf,
  clockSkewMs,
  type DatabaseEvaluation,
  type EvaluationTarget,
  evaluateDatabase,
  type KnownDatabase,
  newestAmong,
  type ObservedSnapshots,
} from '../evaluation/index.ts';
import { closeBackup, type Ledger, type OnUnreadable, reopenBackup, update, withExpiry } from '../ledger/index.ts';
import type { AlertNotification } from '../notifications/index.ts';
import { ownerAt } from '../ownership.ts';
import type { RdsInventory } from '../rds/index.ts';
import { backupFrom, sourceTimeOf } from '../recording/index.ts';

export interface CheckOptions {
  /** The moment of evaluation. */
  readonly at: Date;
  /** What was made after this moment does not exist. */
  readonly until: Date;
  /** Evaluate, and write nothing. */
  readonly dryRun: boolean;
  readonly retentionDays: number;
  /** Takes the rows that cannot be read; their databases are left out. */
  readonly onUnreadable: OnUnreadable;
  /** Whether an alert may open now; else its database is to be checked anew first, and is left as it was. */
  readonly mayOpen: boolean;
}

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
  readonly newlyExcluded: boolean;
}

/** Databases whose rows are written side by side. */
const parallel = 10;

/** Checks up to 100 databases, for whose rows one call is made. */
export async function checkDatabases(
  ledger: Ledger,
  subjects: readonly EvaluationTarget[],
  inventory: RdsInventory,
  options: CheckOptions,
): Promise<Checked[]> {
  const unreadable = new Set<DatabaseKey | undefined>();
  const keys = subjects.map((subject) => subject.key);
  const takeUnreadable: OnUnreadable = (row) => {
    unreadable.add(row.database);
    options.onUnreadable(row);
  };
  const rows = await ledger.databases(keys, takeUnreadable);
  const rowOf = new Map(rows.map((row) => [row.key, row]));
  const ids = rows.flatMap(({ key, alert }) => (alert ? [{ database: key, ...alert }] : []));
  const alerts = await ledger.alerts(ids, takeUnreadable);
  const alertOf = new Map(alerts.map((alert) => [alert.database, alert]));
  const readable = subjects.filter(({ key }) => !unreadable.has(key));
  const checked: Checked[] = [];
  for (let start = 0; start < readable.length; start += parallel) {
    const some = readable.slice(start, start + parallel);
    checked.push(
      ...(await Promise.all(
        some.map((subject) =>
          checkOne(ledger, subject, rowOf.get(subject.key), alertOf.get(subject.key), inventory, options),
        ),
      )),
    );
  }
  return checked;
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
  const observed = await observedOf(ledger, subject, inventory, until);
  const placed = await placeMember(ledger, subject, inventory, options);
  // What the last decision came to; where somebody else writes the row in between, it is decided again.
  const last: { decision?: DatabaseEvaluation; postponed: boolean } = { postponed: false };
  let recorded = 0;
  const missed: Snapshot[] = [];
  const written = await update<KnownDatabase, { readonly row: DatabaseRow; readonly alert?: Alert }>({
    what: `the row of database ${subject.key}`,
    known: { ...(row && { row }), ...(alert && { alert }), live: row ? await ledger.liveBackups(subject.key) : [] },
    read: () => readKnown(ledger, subject.key),
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
      const back = await recordAll(ledger, placed.configured, decision, known, observed, at);
      recorded += back.recorded;
      missed.push(...back.missed);
      await closeAll(ledger, decision, options);
      const changed = decision.alert && withExpiry(decision.alert, retentionDays);
      if (changed && !isDeepStrictEqual(changed, known.alert)) return { row: decision.row, alert: changed };
      return isDeepStrictEqual(decision.row, known.row) ? undefined : { row: decision.row };
    },
    write: ({ row: changed, alert: changedAlert }) =>
      changedAlert ? ledger.putDatabaseWithAlert(changed, changedAlert) : ledger.putDatabase(changed),
  });
  const { decision, postponed } = last;
  if (decision === undefined) throw new Error(`database ${subject.key} was not evaluated`);
  const { evaluation, notification, newlyExcluded } = decision;
  return {
    subject,
    newlyExcluded,
    ...(evaluation && { evaluation }),
    ...(notification &&
      !postponed && {
        notification: { ...notification, alert: written?.alert ?? notification.alert, row: decision.row },
      }),
    recorded,
    missed,
    closed: postponed ? 0 : decision.gone.length,
    postponed,
  };
}

/** What the ledger knows of a database, strongly consistent. */
async function readKnown(ledger: Ledger, key: DatabaseKey): Promise<KnownDatabase> {
  const [[row], live] = await Promise.all([ledger.databases([key]), ledger.liveBackups(key)]);
  const [alert] = row?.alert ? await ledger.alerts([{ database: key, ...row.alert }]) : [];
  return { ...(row && { row }), ...(alert && { alert }), live };
}

/** What the inventory shows of a database's snapshots, with the times of copied ones where they could be the newest. */
async function observedOf(
  ledger: Ledger,
  subject: EvaluationTarget,
  inventory: RdsInventory,
  until: Date,
): Promise<ObservedSnapshots> {
  const snapshots = inventory.snapshots(subject.key);
  const kind = subject.found.is === 'member' ? 'cluster' : subject.kind;
  const unread = inventory.snapshotsUnread(kind);
  const { listed } = inventory;
  return {
    snapshots,
    ...(unread !== undefined && { unread }),
    whole: inventory.whole || (listed?.whole === true && listed.snapshotsUnread(kind) === undefined),
    ...(listed && { listed: listed.snapshots(subject.key) }),
    copyTimes: await copyTimesOf(ledger, snapshots, until),
  };
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
  { at, until }: Pick<CheckOptions, 'at' | 'until'>,
): Promise<EvaluationTarget> {
  const { found, cluster, configured } = subject;
  if (found.is !== 'member' || cluster === undefined || configured === undefined) return subject;
  const asCluster: ConfiguredDatabase = { ...configured, kind: 'cluster', id: cluster.id };
  const observed = await observedOf(ledger, { ...subject, key: cluster.key }, inventory, until);
  const { evaluation } = evaluateDatabase(
    {
      key: cluster.key,
      kind: 'cluster',
      id: cluster.id,
      configured: asCluster,
      found: { is: 'database', database: cluster },
    },
    observed,
    { live: [] },
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
): Promise<{ recorded: number; missed: Snapshot[] }> {
  let recorded = 0;
  const missed: Snapshot[] = [];
  const oldestFirst = unrecorded.toSorted((a, b) => a.snapshot.createdAt.getTime() - b.snapshot.createdAt.getTime());
  for (const { snapshot, eventMissed } of oldestFirst) {
    // Its source may just have been recorded, and the index that finds it by its ARN lags behind.
    const source = snapshots.find(({ arn }) => arn === snapshot.sourceArn);
    const sourceTime = copyTimes.get(snapshot.arn) ?? (source && backupTimeOf(source));
    const tenant = ownerAt(evaluated, snapshot.createdAt);
    const owner = {
      ...(tenant !== undefined && { tenant }),
      ...(configured && { configured }),
      ...(row && { row }),
      ...(sourceTime && { sourceTime }),
    };
    const backup = await backupFrom(ledger, snapshot, owner, { from: 'sweep', eventMissed }, now);
    if ((await ledger.recordBackup(backup)) === 'duplicate') {
      // Closed by mistake, perhaps: RDS has it.
      await reopenBackup(ledger, backupIdOf(backup), new Date(now.getTime() - clockSkewMs));
      continue;
    }
    recorded += 1;
    if (eventMissed) missed.push(snapshot);
  }
  return { recorded, missed };
}

async function closeAll(
  ledger: Ledger,
  { gone }: DatabaseEvaluation,
  { at, retentionDays }: CheckOptions,
): Promise<void> {
  if (gone.length === 0) return;
  for (const backup of await ledger.backups(gone)) {
    await closeBackup(ledger, backup, { cause: { code: 'not-in-rds', facts: {} }, retentionDays }, at);
  }
}

/** The day's evaluation of a configured database: the evidence, with the policy that was in force. */
export function dayOf({ subject, evaluation }: Checked, at: Date, expiresAt: Date): Day | undefined {
  const { configured } = subject;
  if (configured === undefined || evaluation === undefined) return undefined;
  const { nextCheckAt: _, once: __, since: ___, ...finding } = evaluation;
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
