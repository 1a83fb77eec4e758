/** Use case: judges databases against what RDS shows of them, and brings ledger and alerts up to date with the judgement. */
import { isDeepStrictEqual } from 'node:util';
import type { Told } from './alerting.ts';
import { backupFrom, isAvailable, sourceTimeOf } from './backup.ts';
import type { ConfiguredDatabase } from './config/fleet.ts';
import { clockSkewMs, isNews, type Judgement, judge, newestAmong, type Seen, type Subject } from './judge.ts';
import { closeBackup, reopenBackup, withExpiry } from './ledger/close.ts';
import type { Ledger, OnUnreadable } from './ledger/ledger.ts';
import type { DatabaseKey, DatabaseRow, Day, Snapshot, Verdict } from './model.ts';
import { backupTimeOf } from './rules/backup-time.ts';
import type { View } from './view.ts';

export interface CheckOptions {
  /** The moment of judgement. */
  readonly at: Date;
  /** What was made after this moment does not exist. */
  readonly until: Date;
  /** Judge, and write nothing. */
  readonly dryRun: boolean;
  readonly retentionDays: number;
  /** Takes the rows that cannot be read; their databases are left out. */
  readonly onUnreadable: OnUnreadable;
  /** Whether an alert may open now; else its database is to be looked at anew first, and is left as it was. */
  readonly mayOpen: boolean;
}

/** One database as it was judged, and what is to be told of it. */
export interface Checked {
  readonly subject: Subject;
  readonly verdict?: Verdict;
  readonly told?: Told;
  readonly recorded: number;
  readonly missed: readonly Snapshot[];
  readonly closed: number;
  /** Left as it was: an alert would open, and the database is to be looked at anew before. */
  readonly postponed: boolean;
  readonly newlyExcluded: boolean;
}

/** Databases whose rows are written side by side. */
const parallel = 10;

/** Checks up to 100 databases, for whose rows one call is made. */
export async function checkDatabases(
  ledger: Ledger,
  subjects: readonly Subject[],
  view: View,
  options: CheckOptions,
): Promise<Checked[]> {
  const unreadable = new Set<DatabaseKey | undefined>();
  const keys = subjects.map((subject) => subject.key);
  const found = await ledger.databases(keys, (row) => {
    unreadable.add(row.database);
    options.onUnreadable(row);
  });
  const rows = new Map(found.map((row) => [row.key, row]));
  const readable = subjects.filter(({ key }) => !unreadable.has(key));
  const checked: Checked[] = [];
  for (let start = 0; start < readable.length; start += parallel) {
    const some = readable.slice(start, start + parallel);
    checked.push(
      ...(await Promise.all(some.map((subject) => checkOne(ledger, subject, rows.get(subject.key), view, options)))),
    );
  }
  return checked;
}

/** Somebody else may write the row in between; then the database is judged again on what is there now. */
const maxConflicts = 5;

async function checkOne(
  ledger: Ledger,
  subject: Subject,
  row: DatabaseRow | undefined,
  view: View,
  options: CheckOptions,
): Promise<Checked> {
  const { at, until } = options;
  const seen = await seenOf(ledger, subject, view, until);
  const placed = await placeMember(ledger, subject, view, options);
  let known = row;
  let recorded = 0;
  const missed: Snapshot[] = [];
  for (let conflicts = 0; conflicts < maxConflicts; conflicts += 1) {
    const judgement = judge(placed, seen, known, at, until);
    const { newlyExcluded } = judgement;
    const base = { subject, newlyExcluded, ...(judgement.verdict && { verdict: judgement.verdict }) };
    if (judgement.tell?.step === 'open' && !options.mayOpen) {
      return { ...base, recorded, missed, closed: 0, postponed: true };
    }
    const result = (written: DatabaseRow): Checked => ({
      ...base,
      ...(judgement.tell && { told: { ...judgement.tell, row: written } }),
      recorded,
      missed,
      closed: judgement.gone.length,
      postponed: false,
    });
    if (options.dryRun) {
      recorded = judgement.unrecorded.length;
      missed.push(...judgement.unrecorded.flatMap(({ snapshot, eventMissed }) => (eventMissed ? [snapshot] : [])));
      return result(judgement.row);
    }
    const back = await recordAll(ledger, placed.configured, judgement, known, seen, at);
    recorded += back.recorded;
    missed.push(...back.missed);
    await closeAll(ledger, judgement, options);
    const judged = withExpiry(judgement.row, options.retentionDays);
    if (!isNews(judged, known)) return result(judged);
    const { alert } = judged;
    const written =
      alert !== undefined && !isDeepStrictEqual(alert, known?.alert)
        ? await ledger.putDatabaseWithAlert(judged, alert)
        : await ledger.putDatabase(judged);
    if (written === 'written') return result({ ...judged, version: (judged.version ?? 0) + 1 });
    [known] = await ledger.databases([subject.key]);
  }
  throw new Error(`the row of database ${subject.key} was changed by others ${maxConflicts} times in a row`);
}

/** What the view shows of a database's snapshots, with the times of copied ones where they could be the newest. */
async function seenOf(ledger: Ledger, subject: Subject, view: View, until: Date): Promise<Seen> {
  const snapshots = view.snapshots(subject.key);
  const kind = subject.found.is === 'member' ? 'cluster' : subject.kind;
  const unread = view.snapshotsUnread(kind);
  const { listed } = view;
  return {
    snapshots,
    ...(unread !== undefined && { unread }),
    whole: view.whole || (listed?.whole === true && listed.snapshotsUnread(kind) === undefined),
    ...(listed && { listed: listed.snapshots(subject.key) }),
    copyTimes: await copyTimesOf(ledger, snapshots, until),
  };
}

/**
 * When the data of copied cluster snapshots is from: RDS does not say, so their sources are looked up, but only of those
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
      (await ledger.backupByArn(copy.arn))?.backupTime;
    if (time !== undefined) times.set(copy.arn, time);
  }
  return times;
}

/** A member that is configured as an instance is judged by its cluster. */
async function placeMember(
  ledger: Ledger,
  subject: Subject,
  view: View,
  { at, until }: Pick<CheckOptions, 'at' | 'until'>,
): Promise<Subject> {
  const { found, cluster, configured } = subject;
  if (found.is !== 'member' || cluster === undefined || configured === undefined) return subject;
  const asCluster: ConfiguredDatabase = { ...configured, kind: 'cluster', id: cluster.id };
  const seen = await seenOf(ledger, { ...subject, key: cluster.key }, view, until);
  const { verdict } = judge(
    {
      key: cluster.key,
      kind: 'cluster',
      id: cluster.id,
      configured: asCluster,
      found: { is: 'database', database: cluster },
    },
    seen,
    undefined,
    at,
    until,
  );
  return verdict === undefined ? subject : { ...subject, found: { ...found, cluster: verdict } };
}

/** Records what events missed, oldest first, so that the first of a day is the one that is copied. */
async function recordAll(
  ledger: Ledger,
  configured: ConfiguredDatabase | undefined,
  { unrecorded }: Judgement,
  row: DatabaseRow | undefined,
  { copyTimes, snapshots }: Seen,
  now: Date,
): Promise<{ recorded: number; missed: Snapshot[] }> {
  let recorded = 0;
  const missed: Snapshot[] = [];
  const oldestFirst = unrecorded.toSorted((a, b) => a.snapshot.createdAt.getTime() - b.snapshot.createdAt.getTime());
  for (const { snapshot, eventMissed } of oldestFirst) {
    // Its source may just have been recorded, and the index that finds it by its ARN lags behind.
    const source = snapshots.find(({ arn }) => arn === snapshot.sourceArn);
    const sourceTime = copyTimes.get(snapshot.arn) ?? (source && backupTimeOf(source));
    const of = { ...(configured && { configured }), ...(row && { row }), ...(sourceTime && { sourceTime }) };
    const backup = await backupFrom(ledger, snapshot, of, { from: 'sweep', eventMissed }, now);
    if ((await ledger.recordBackup(backup)) === 'duplicate') {
      // Closed by a deletion's event that was about an earlier snapshot of that name, perhaps: RDS has it.
      await reopenBackup(ledger, backup, new Date(now.getTime() - clockSkewMs));
      continue;
    }
    recorded += 1;
    if (eventMissed) missed.push(snapshot);
  }
  return { recorded, missed };
}

async function closeAll(ledger: Ledger, { row, gone }: Judgement, { at, retentionDays }: CheckOptions): Promise<void> {
  if (gone.length === 0) return;
  const backups = await ledger.backups(gone.map((liveBackup) => ({ database: row.key, liveBackup })));
  for (const backup of backups) {
    await closeBackup(ledger, backup, { reason: 'RDS does not have the snapshot any more', retentionDays }, at);
  }
}

/** The day's judgement of a configured database: the evidence, with the policy that was in force. */
export function dayOf({ subject, verdict }: Checked, at: Date, expiresAt: Date): Day | undefined {
  const { configured } = subject;
  if (configured === undefined || verdict === undefined) return undefined;
  return {
    database: subject.key,
    databaseId: subject.id,
    databaseKind: subject.kind,
    tenant: configured.tenant,
    date: at.toISOString().slice(0, 10),
    verdict: verdict.name,
    severity: verdict.severity,
    reason: verdict.reason,
    judgedAt: at,
    ...(verdict.newestBackup && { newestBackup: verdict.newestBackup }),
    ...(verdict.deadline && { deadline: verdict.deadline }),
    maxAgeHours: configured.policy.maxAgeHours,
    graceHours: configured.policy.graceHours,
    ...(configured.excluded !== undefined && { exclusion: configured.excluded }),
    expiresAt,
  };
}
