/** From what RDS shows of one database to its row in the ledger, its verdict and its alert. Pure: nothing is read or written. */
import { isDeepStrictEqual } from 'node:util';
import type { Told } from './alerting.ts';
import { type AvailableSnapshot, isAvailable, newer, newestOf } from './backup.ts';
import type { ConfiguredDatabase } from './config/fleet.ts';
import { type DatabaseSummary, liveBackupId } from './ledger/ledger.ts';
import type { DatabaseKey, DatabaseKind, DatabaseRow, NewestBackup, RdsDatabase, Snapshot, Verdict } from './model.ts';
import { nextAlert, resolveAlert } from './rules/alert.ts';
import { backupTimeOf } from './rules/backup-time.ts';
import { assess, type Found } from './rules/verdict.ts';
import { addHours } from './text.ts';

/** A snapshot this young may still be announced by its event, so that its absence from the ledger proves no loss. */
const eventPatienceHours = 2;

/** One database to be judged: configured, or only seen in RDS, or only known to the ledger. */
export interface Subject {
  readonly key: DatabaseKey;
  readonly kind: DatabaseKind;
  readonly id: string;
  readonly configured?: ConfiguredDatabase;
  readonly found: Found;
  /** The cluster that a configured member belongs to. */
  readonly cluster?: RdsDatabase;
  /** Another database that the ledger knew under this name. */
  readonly earlier?: DatabaseSummary;
  /** Why its alert ends where it is not configured. */
  readonly gone?: string;
}

/** A database's snapshots as RDS showed them. */
export interface Seen {
  readonly snapshots: readonly Snapshot[];
  /** Set if the listing was not read to its end. */
  readonly unread?: string;
  /** Whether what is absent from it is gone: only a whole listing proves that. */
  readonly whole: boolean;
  /** The times of cluster snapshots that were copied, by ARN, where the ledger knows their sources. */
  readonly copyTimes: ReadonlyMap<string, Date>;
}

export interface Judgement {
  readonly row: DatabaseRow;
  /** Absent for a database that nobody configured. */
  readonly verdict?: Verdict;
  /** What is to be told of the row's alert once the row is written. */
  readonly tell?: Omit<Told, 'row'>;
  /** Available snapshots that the ledger does not have. */
  readonly unrecorded: readonly { readonly snapshot: AvailableSnapshot; readonly eventMissed: boolean }[];
  /** Live backups whose snapshots are gone. */
  readonly gone: readonly string[];
}

/** Judges a database as of `at`: what was made later does not exist for it. */
export function judge(subject: Subject, seen: Seen, known: DatabaseRow | undefined, at: Date): Judgement {
  const { configured, found } = subject;
  const existing = seen.snapshots.filter((snapshot) => (snapshot.createdAt ?? at) <= at);
  const available = existing.filter(isAvailable);
  const recorded = new Set(known?.liveBackups);
  const unrecorded = available
    .filter((snapshot) => !recorded.has(liveBackupId(snapshot)))
    .map((snapshot) => ({ snapshot, eventMissed: wasMissed(snapshot, known, at) }));
  const live = new Set(available.map(liveBackupId));
  const absent = [...recorded].filter((id) => !live.has(id));
  // A live backup younger than `at` belongs to a future that does not exist yet; it is not gone.
  const gone = seen.whole && seen.unread === undefined ? absent.filter((id) => id < `${at.toISOString()}#`) : [];
  const newest = newestAmong(available, seen.copyTimes);
  const creating = creatingAmong(existing, known, at);
  const database = found.is === 'database' ? found.database : undefined;
  const verdict =
    configured &&
    judged(
      {
        configured,
        found,
        ...(newest && { newest }),
        ...awsBackupSeen(existing),
        ...(creating && { creating }),
        ...(known && { row: known }),
        ...(subject.earlier && { earlier: subject.earlier }),
        ...(unrecorded.some(({ snapshot, eventMissed }) => eventMissed && snapshot.arn === newest?.arn) && {
          eventsLost: true,
        }),
      },
      seen,
      at,
    );
  const outcome =
    configured && verdict
      ? nextAlert(
          known?.alert,
          {
            database: subject.key,
            databaseId: subject.id,
            databaseKind: subject.kind,
            tenant: configured.tenant,
            verdict,
            policy: configured.policy,
          },
          at,
        )
      : resolveAlert(known?.alert, subject.gone ?? 'The database is not configured any more.', at);
  const engine = database?.engine ?? known?.engine;
  const window = database?.window ?? known?.window;
  const retentionDays = database?.retentionDays ?? known?.retentionDays;
  const newestKnown = seen.unread === undefined || newest ? newest : known?.newestBackup;
  const row: DatabaseRow = {
    key: subject.key,
    id: subject.id,
    kind: subject.kind,
    ...(configured && { tenant: configured.tenant }),
    ...(engine !== undefined && { engine }),
    ...(window !== undefined && { window }),
    ...(retentionDays !== undefined && { retentionDays }),
    enrolledAt: known?.enrolledAt ?? at,
    ...(newestKnown && { newestBackup: newestKnown }),
    ...(verdict?.deadline && { deadline: verdict.deadline }),
    ...(verdict && { verdict: verdict.name, severity: verdict.severity, reason: verdict.reason, judgedAt: at }),
    ...(outcome.checkAt && { checkAt: outcome.checkAt }),
    ...(verdict?.since && { since: verdict.since }),
    liveBackups: [...new Set([...recorded, ...live])].filter((id) => !gone.includes(id)).sort(),
    ...(creating && { inProgress: creating }),
    ...(configured?.excluded !== undefined && { exclusion: configured.excluded }),
    ...(outcome.alert && { alert: outcome.alert }),
    ...(known?.version !== undefined && { version: known.version }),
  };
  return {
    row,
    ...(verdict && { verdict }),
    ...(outcome.alert &&
      outcome.step && {
        tell: {
          alert: outcome.alert,
          step: outcome.step,
          ...(outcome.checkAtOnceTold && { checkAtOnceTold: outcome.checkAtOnceTold }),
        },
      }),
    unrecorded,
    gone,
  };
}

/** Half a listing may prove that a database is protected, but nothing else. */
function judged(situation: Parameters<typeof assess>[0], seen: Seen, at: Date): Verdict {
  const verdict = assess(situation, at);
  if (seen.unread === undefined || ['protected', 'due', 'excluded', 'unknown'].includes(verdict.name)) return verdict;
  return assess({ ...situation, found: { is: 'unknown', why: seen.unread } }, at);
}

/**
 * An event should have announced it: the database was enrolled before, and the event has had time to come. What was there
 * at enrolment is the baseline.
 */
function wasMissed(snapshot: AvailableSnapshot, known: DatabaseRow | undefined, at: Date): boolean {
  if (known === undefined || snapshot.createdAt < known.enrolledAt) return false;
  // A snapshot that was seen in progress became available later than it was created.
  return known.inProgress?.id !== snapshot.id && addHours(snapshot.createdAt, eventPatienceHours) <= at;
}

/** The newest of a database's snapshots that count. */
export function newestAmong(
  available: readonly AvailableSnapshot[],
  copyTimes: ReadonlyMap<string, Date>,
): NewestBackup | undefined {
  return available
    .map((snapshot) => {
      const time = backupTimeOf(snapshot, copyTimes.get(snapshot.arn));
      return newestOf({ arn: snapshot.arn, id: snapshot.id, ...(time && { backupTime: time }) });
    })
    .reduce(newer, undefined);
}

export function creatingAmong(
  snapshots: readonly Snapshot[],
  known: DatabaseRow | undefined,
  at: Date,
): { readonly id: string; readonly since: Date } | undefined {
  const creating = snapshots.find((snapshot) => snapshot.status === 'creating');
  if (creating === undefined) return undefined;
  const seenSince = known?.inProgress?.id === creating.id ? known.inProgress.since : at;
  return { id: creating.id, since: creating.createdAt ?? seenSince };
}

export function awsBackupSeen(snapshots: readonly Snapshot[]): { awsBackupSeen?: Date } {
  const times = snapshots.flatMap((snapshot) =>
    snapshot.kind === 'awsbackup' && snapshot.createdAt ? [snapshot.createdAt.getTime()] : [],
  );
  return times.length === 0 ? {} : { awsBackupSeen: new Date(Math.max(...times)) };
}

/** Whether writing the row would tell the ledger anything new; a protected database's age in words is not news. */
export function isNews(row: DatabaseRow, known: DatabaseRow | undefined): boolean {
  if (known === undefined) return true;
  const telling = ({ judgedAt: _, reason, ...rest }: DatabaseRow) => ({
    ...rest,
    reason: rest.severity === 'info' ? undefined : reason,
  });
  return !isDeepStrictEqual(telling(row), telling(known));
}
