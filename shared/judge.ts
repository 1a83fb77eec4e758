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
import { addHours, minuteMs } from './text.ts';

/** A snapshot this young may still be announced by its event, so that its absence from the ledger proves no loss. */
const eventPatienceHours = 2;

/** One that was seen in progress became available later than it was created: by this much at most, as the rules wait. */
const inProgressHours = 6;

/** Clocks of RDS and of this code may be apart by this much. */
export const clockSkewMs = 5 * minuteMs;

/** One database to be judged: configured, or only seen in RDS, or only known to the ledger. */
export interface Subject {
  readonly key: DatabaseKey;
  readonly kind: DatabaseKind;
  readonly id: string;
  readonly configured?: ConfiguredDatabase;
  readonly found: Found;
  /** The cluster that a configured member belongs to. */
  readonly cluster?: RdsDatabase;
  /** Another database that was known under this name; of one that is absent, the one that had it last. */
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
  /** What a whole listing showed before this look, which itself is none: only what neither shows is gone. */
  readonly listed?: readonly Snapshot[];
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
  /** Excluded by a tag, for a reason that nobody was told of yet: whoever may tag could silence alerts. */
  readonly newlyExcluded: boolean;
}

/**
 * Judges a database as of `at`. What was made after `until` does not exist for it: that is `at` itself where somebody asks
 * about a moment, and a little later in a run as of now, since clocks are apart and listings take their time.
 */
export function judge(subject: Subject, seen: Seen, known: DatabaseRow | undefined, at: Date, until = at): Judgement {
  const { configured, found } = subject;
  const existing = seen.snapshots.filter((snapshot) => (snapshot.createdAt ?? at) <= until);
  const available = existing.filter(isAvailable);
  const recorded = new Set(known?.liveBackups);
  const unrecorded = available
    .filter((snapshot) => !recorded.has(liveBackupId(snapshot)))
    .map((snapshot) => ({ snapshot, eventMissed: wasMissed(snapshot, known, at) }));
  const live = new Set(available.map(liveBackupId));
  const absent = [...recorded].filter((id) => !live.has(id));
  const notShown = absent.filter((id) => mustBeShown(id, seen, at));
  const gone = seen.whole && seen.unread === undefined ? notShown : [];
  // An event may have recorded a backup since RDS was listed. It counts, or an alert would open in spite of it.
  const notYetShown = seen.unread === undefined ? absent.filter((id) => !notShown.includes(id)) : [];
  const newest = newer(newestAmong(available, seen.copyTimes), newestOnRow(known, notYetShown, until));
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
  // Half a listing may lack the newest. A member has no backups of its own, but its cluster's.
  const newestKnown =
    seen.unread === undefined
      ? (newest ?? (found.is === 'member' ? verdict?.newestBackup : undefined))
      : newer(newest, known?.newestBackup);
  const newlyExcluded =
    configured?.enrolledBy === 'tag' && configured.excluded !== undefined && configured.excluded !== known?.exclusion;
  // Written once it was told, or a message that does not get out would never be made up for.
  const exclusion = newlyExcluded ? known?.exclusion : configured?.excluded;
  const row: DatabaseRow = {
    key: subject.key,
    id: subject.id,
    kind: subject.kind,
    ...(configured && { tenant: configured.tenant }),
    ...(configured?.enrolledBy === 'tag' && { enrolledBy: 'tag' as const }),
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
    ...(exclusion !== undefined && { exclusion }),
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
    newlyExcluded,
  };
}

/** Half a listing may prove that a database is protected, or still in time, but nothing else. */
function judged(situation: Parameters<typeof assess>[0], seen: Seen, at: Date): Verdict {
  const verdict = assess(situation, at);
  if (seen.unread === undefined || ['protected', 'due', 'new', 'excluded', 'unknown'].includes(verdict.name))
    return verdict;
  return assess({ ...situation, found: { is: 'unknown', why: seen.unread } }, at);
}

/**
 * An event should have announced it: the database was enrolled before, and the event has had time to come. What was there
 * at enrolment is the baseline.
 */
function wasMissed(snapshot: AvailableSnapshot, known: DatabaseRow | undefined, at: Date): boolean {
  if (known === undefined || snapshot.createdAt < known.enrolledAt) return false;
  const hours = known.inProgress?.id === snapshot.id ? inProgressHours + eventPatienceHours : eventPatienceHours;
  return addHours(snapshot.createdAt, hours) <= at;
}

/**
 * Whether a live backup that is not among the available snapshots would be, if RDS still had it: it is older than the
 * run, and not shown in another status either (one that RDS was still creating when its page was read was perhaps
 * recorded by its event since).
 */
function mustBeShown(liveBackup: string, { snapshots, listed = [] }: Seen, at: Date): boolean {
  const before = new Date(at.getTime() - clockSkewMs);
  return (
    liveBackup < `${before.toISOString()}#` &&
    ![...snapshots, ...listed].some(({ id }) => liveBackup.endsWith(`#${id}`))
  );
}

/** The newest backup that the row knows, if it is one of these live backups and exists by `until`. */
function newestOnRow(
  known: DatabaseRow | undefined,
  liveBackups: readonly string[],
  until: Date,
): NewestBackup | undefined {
  const newest = known?.newestBackup;
  const counts = newest && liveBackups.some((id) => id.endsWith(`#${newest.id}`) && id < `${until.toISOString()}$`);
  return counts ? newest : undefined;
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

/** The youngest snapshot that RDS is creating: an older one may hang. RDS may show its creation time only later. */
export function creatingAmong(
  snapshots: readonly Snapshot[],
  known: DatabaseRow | undefined,
  at: Date,
): { readonly id: string; readonly since: Date } | undefined {
  const { inProgress } = known ?? {};
  return snapshots
    .filter((snapshot) => snapshot.status === 'creating')
    .map(({ id, createdAt }) => ({ id, since: createdAt ?? (inProgress?.id === id ? inProgress.since : at) }))
    .reduce<{ id: string; since: Date } | undefined>(
      (youngest, one) => (youngest === undefined || one.since > youngest.since ? one : youngest),
      undefined,
    );
}

function awsBackupSeen(snapshots: readonly Snapshot[]): { awsBackupSeen?: Date } {
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
