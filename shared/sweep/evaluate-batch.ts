import { groupBy } from 'es-toolkit/array';
import pMap from 'p-map';
import type { ConfiguredDatabase } from '../config/index.ts';
import {
  type Alert,
  type AvailableSnapshot,
  backupIdOf,
  type DatabaseKey,
  type DatabaseRow,
  type Day,
  environmentOf,
  environmentsAtOnce,
  formatEnvironment,
  parseDatabaseKey,
  type Snapshot,
} from '../domain/index.ts';
import {
  backupTimeOf,
  clockSkewMs,
  type DatabaseEvaluation,
  type EvaluationTarget,
  evaluateDatabase,
  type KnownDatabase,
  needsRunChanges,
  type ObservedSnapshots,
  sharesOf,
} from '../evaluation/index.ts';
import { closeBackup, type Ledger, reopenBackup, type UnreadableRow } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import { ownerAt } from '../ownership.ts';
import type { RdsInventory, RunChange } from '../rds/index.ts';
import { backupFrom } from '../recording/index.ts';
import { type Checked, type CheckOptions, notEvaluated, nothing, type OnFailure } from './check.ts';
import { checkShares } from './check-shares.ts';
import { type NamesInSnapshots, type ObservedDatabase, observeDatabase } from './observe.ts';
import { settle } from './settle.ts';

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
  const tenantDatabases = await tenantDatabasesOf(subjects, options);
  const check = async (subject: EvaluationTarget): Promise<Checked[]> => {
    const why = unreadable.get(subject.key);
    const its = { ...subject, runChanges: changes.get(subject.key) ?? [] };
    const known = { row: rowOf.get(subject.key), alert: alertOf.get(subject.key) };
    const failures = new Set<string>();
    const odd = (row: UnreadableRow) => why ?? failures.add(`has a row that is left out: ${errorText(row)}`);
    const seen = await observeDatabase(ledger.leavingOut(odd), its, known.row, inventory, {
      ...options,
      namesIn: tenantDatabases.get(subject.key),
    });
    const shares = sharesOf(subject, options.knownShares(subject.key));
    // What is known of all shares decides what operators are notified of, in one message.
    const { checked = [], held } =
      shares.length === 0 ? {} : await checkShares(ledger, its, shares, seen, known, options);
    // Once its row says that it was evaluated, a tenant that has no row is one that came later.
    const isFirst = known.row?.evaluatedAt === undefined && why === undefined;
    if (isFirst && checked.some((one) => one.failures.length > 0)) {
      return [...checked, notEvaluated(subject, 'the rows of its tenants could not all be written')];
    }
    const placed = { ...seen.placed, ...(held && { held }) };
    const itsSeen = { ...seen, placed };
    return [
      ...checked,
      why
        ? checkUnreadable(its, itsSeen, why, options)
        : await checkOne(ledger, its, itsSeen, known, options, failures),
    ];
  };
  const checked = await pMap(
    subjects,
    (subject) => check(subject).catch((error: unknown) => [notEvaluated(subject, error)]),
    { concurrency: parallel },
  );
  return checked.flat();
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

/**
 * The names of tenant databases by the id of a snapshot, for shared databases in Oracle's multi-tenant configuration; a listing
 * an environment.
 */
async function tenantDatabasesOf(
  subjects: readonly EvaluationTarget[],
  { tenantDatabases }: CheckOptions,
): Promise<ReadonlyMap<DatabaseKey, NamesInSnapshots>> {
  const wanted = subjects.flatMap(({ key, configured, found }) => {
    const { resourceId } = parseDatabaseKey(key);
    if (configured?.tenants === undefined || found.is !== 'database' || resourceId === undefined) return [];
    return found.database.multiTenant ? [{ key, resourceId }] : [];
  });
  const byKey = new Map<DatabaseKey, NamesInSnapshots>();
  const read = async (some: typeof wanted) => {
    const [one] = some;
    if (one === undefined) return;
    const ids = some.map(({ resourceId }) => resourceId);
    const names = await tenantDatabases(environmentOf(one.key), ids);
    for (const { key, resourceId } of some) {
      const its = names?.get(resourceId);
      if (its) byKey.set(key, its);
    }
  };
  const groups = Object.values(groupBy(wanted, ({ key }) => formatEnvironment(environmentOf(key))));
  await pMap(groups, read, { concurrency: environmentsAtOnce });
  return byKey;
}

/** Evaluates a database whose rows cannot be read by what RDS shows alone; nothing is written, and no alert can open. */
function checkUnreadable(
  subject: EvaluationTarget,
  { placed, observed }: ObservedDatabase,
  why: UnreadableRow,
  { at, until }: CheckOptions,
): Checked {
  const { evaluation } = evaluateDatabase(placed, observed, { live: [] }, at, until);
  const seen = evaluation ? `is ${evaluation.verdict} by what RDS shows, and no alert can open: ` : 'is not followed: ';
  return { ...nothing, subject, ...(evaluation && { evaluation }), failures: [`${seen}${why.message}`] };
}

async function checkOne(
  ledger: Ledger,
  subject: EvaluationTarget,
  { placed, observed }: ObservedDatabase,
  { row, alert }: { readonly row: DatabaseRow | undefined; readonly alert: Alert | undefined },
  options: CheckOptions,
  failures: Set<string>,
): Promise<Checked> {
  const { at, until } = options;
  const failed: OnFailure = (what, error) => failures.add(`${what}: ${errorText(error)}`);
  const lists = ledger.leavingOut((odd) => failed('has a row that is left out', odd));
  let recorded = 0;
  const missed: Snapshot[] = [];
  const settled = await settle<KnownDatabase>(ledger, subject, {
    known: { ...(row && { row }), ...(alert && { alert }), live: row ? await lists.liveBackups(subject.key) : [] },
    read: () => readKnown(ledger, lists, subject.key),
    evaluate: (known) => evaluateDatabase(placed, observed, known, at, until),
    onDryRun: ({ unrecorded }) => {
      recorded = unrecorded.length;
      missed.push(...unrecorded.flatMap(({ snapshot, eventMissed }) => (eventMissed ? [snapshot] : [])));
    },
    beforeWriting: async (decision, known) => {
      const back = await recordAll(lists, placed.configured, decision, known, observed, at, failed);
      recorded += back.recorded;
      missed.push(...back.missed);
      await closeAll(lists, decision, options, failed);
    },
    options,
    failures,
  });
  return { ...settled, recorded, missed };
}

/** What the ledger knows of a database, strongly consistent; throws where its row or its alert cannot be read. */
async function readKnown(ledger: Ledger, lists: Ledger, key: DatabaseKey): Promise<KnownDatabase> {
  const [[row], live] = await Promise.all([ledger.databases([key]), lists.liveBackups(key)]);
  const [alert] = row?.alert ? await ledger.alerts([{ database: key, ...row.alert }]) : [];
  return { ...(row && { row }), ...(alert && { alert }), live };
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
