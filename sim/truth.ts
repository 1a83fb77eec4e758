/**
 * What is so, by the promises of the design and the simulator's own state: nothing here asks the product. It says of a database
 * which verdicts an alert may state at a moment, and whether somebody has to be notified.
 */
import type { BackupJobState } from '../local/rds/backup-jobs.ts';
import type { Database, Snapshot } from '../local/rds/model.ts';
import type { RdsSimulator } from '../local/rds/simulator.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** AWS Backup lists its jobs for so long. */
export const listedMs = 30 * day;

/** An entry of the configuration. */
export interface Entry {
  readonly id: string;
  readonly kind: 'instance' | 'cluster';
  readonly tenant: string;
  readonly maxAgeHours: number;
  readonly graceHours: number;
  readonly excluded?: string;
  readonly copy: 'none' | 'daily' | 'every';
}

/** What an alert of a database may say at some moment. */
export interface Truth {
  /** Undefined: nobody's. */
  readonly tenant: string | undefined;
  readonly excluded: boolean;
  readonly exists: boolean;
  /** Verdicts that an alert may state, and each with its severity: `overdue`, `overdue warning`. */
  readonly may: ReadonlySet<string>;
  /** Codes of causes that an alert may state. */
  readonly causes: ReadonlySet<string>;
  /** Past its deadline, or something else that people have to be notified of, held open by nothing. */
  readonly must: boolean;
  /** What they have to be notified of is critical. */
  readonly mustBeCritical: boolean;
  /** It is in a status that people are notified of once it lasts. */
  readonly isBad: boolean;
  /** A job of AWS Backup has failed, and nothing answers it. */
  readonly hasFailedJob: boolean;
  /** What RDS shows of it is odd: tenants hear of that once it lasts. */
  readonly isOdd: boolean;
  /** Its backup is due, which ends no alert. */
  readonly isDue: boolean;
  /** A backup is due on each day: it is watched, runs, and somebody takes backups of it. */
  readonly isDueDaily: boolean;
}

/** A time for which a database was stopped, in milliseconds of the simulated clock; without an end it still is. */
export interface Stop {
  readonly from: number;
  readonly until?: number;
}

/** A job of AWS Backup that it lists of a database, in milliseconds of the simulated clock. */
export interface Job {
  readonly state: BackupJobState;
  readonly createdAt: number;
  readonly startBy: number;
  readonly endedAt?: number;
  readonly takes: number;
  /** Whether the ledger can know how it ended: an event has said so, or a sweep came since. */
  readonly isHeard: boolean;
}

/** What became of a database so far, oldest first. */
export interface History {
  readonly stops: readonly Stop[];
  readonly jobs: readonly Job[];
  /** When AWS Backup last took a backup of it, which may be gone since. */
  readonly lastByAws: number;
  /** When the jobs were created that made its last backups outside RDS, which AWS Backup may not list any more. */
  readonly outside: readonly number[];
  /** Whether it was renamed since the last of these: AWS Backup lists that under the former name. */
  readonly renamedSince: boolean;
  /** Whether AWS Backup does not list its jobs now. */
  readonly jobsUnread: boolean;
  /** Whether its window was moved since its newest backup. */
  readonly windowMoved: boolean;
  /** What RDS shows oddly of it now: its own row, or that of a snapshot. */
  readonly odd?: 'database' | 'snapshot';
}

/** The tenant of a database, and its policy: what the configuration says of its name, else what its tag says. */
export interface Owned {
  readonly tenant: string;
  readonly maxAgeHours: number;
  readonly graceHours: number;
  readonly excluded: boolean;
}

export function truthOf(
  rds: RdsSimulator,
  database: Database,
  owned: Owned | undefined,
  history: History,
  moments: readonly number[],
): Truth {
  const base = { tenant: owned?.tenant, excluded: owned?.excluded ?? false, exists: !database.deleted };
  const silent = {
    ...base,
    may: new Set<string>(),
    causes: new Set<string>(),
    must: false,
    mustBeCritical: false,
    isBad: false,
    hasFailedJob: false,
    isOdd: false,
    isDue: false,
    isDueDaily: false,
  };
  if (owned === undefined || owned.excluded) return silent;
  if (database.deleted)
    return { ...silent, may: mayOf([['deleted', 'warning']]), causes: new Set(['deleted-or-renamed']) };
  const said = moments.flatMap((at) => statesOf(rds, database, owned, history, at));
  const [at = 0] = moments;
  const takesBackups = takesAny(rds, database, history, at);
  return {
    ...base,
    may: mayOf([...said.flatMap(({ says }) => says), ...(history.odd ? bothSeverities('unknown') : [])]),
    causes: causesOf(rds, database, owned, history, at),
    must: history.odd === 'database' || said.every(({ must }) => must),
    mustBeCritical:
      history.odd === undefined &&
      said.every(({ must, says }) => must && says.length > 0 && says.every(([, level]) => level === 'critical')),
    isBad: isBad(database),
    hasFailedJob: history.jobs.some((job) => job.isHeard && isUnanswered(job, history.jobs, rds.snapshots(database))),
    isOdd: history.odd !== undefined,
    isDue: said.some(({ isDue }) => isDue),
    isDueDaily: takesBackups && !isStopped(database),
  };
}

/** What an alert says: verdict and severity. */
type Says = readonly (readonly [verdict: string, severity: 'warning' | 'critical'])[];

const mayOf = (says: Says) => new Set(says.flatMap(([verdict, severity]) => [verdict, `${verdict} ${severity}`]));
const bothSeverities = (verdict: string): Says => [
  [verdict, 'warning'],
  [verdict, 'critical'],
];

/** The codes of causes that an alert may have; each other one, known to the product or not, is none that the simulator has. */
function causesOf(
  rds: RdsSimulator,
  database: Database,
  { maxAgeHours }: Owned,
  { stops, jobs, lastByAws, outside, windowMoved, odd }: History,
  at: number,
): ReadonlySet<string> {
  const takesItself = database.retention > 0;
  const snapshots = rds.snapshots(database);
  const available = snapshots.filter(({ status }) => status === 'available');
  const times = available.filter((one) => !isClusterCopy(one)).map((one) => dataTime(rds, one));
  const newest = Math.max(...times, ...outside, database.created.getTime());
  const { opens, length } = windowBefore(at, database);
  const lastWindow = opens + length <= at ? opens : opens - day;
  const pending = database.pendingRetention;
  const isStale = database.latestRestorable !== 'fresh';
  const held: Record<string, boolean> = {
    // A stop is no cause of anything before the promise has passed.
    stopped: isStopped(database) && at > newest + maxAgeHours * hour,
    'backups-disabled': !takesItself && pending === undefined,
    'backups-about-to-be-enabled': !takesItself && pending !== undefined,
    'backups-about-to-be-disabled': takesItself && pending === 0,
    'encryption-key-inaccessible': isKeyLost(database),
    'status-prevents-backups': isBad(database),
    'window-while-stopped': takesItself && stops.length > 0,
    'just-started': stops.length > 0 && !isStopped(database),
    'aws-backup-made-none': !takesItself && at - lastByAws <= mostManagedMs,
    'aws-backup-job-failed': jobs.some(hasFailed),
    'aws-backup-expected': jobs.some(isOpen),
    'backup-in-progress': snapshots.some(({ status }) => status === 'creating'),
    // No whole window has passed since its newest backup.
    'backup-expected': takesItself && newest >= lastWindow,
    // A whole window has passed since.
    'snapshot-skipped': takesItself && !isStopped(database) && !isBad(database) && newest < lastWindow && !windowMoved,
    'window-moved': windowMoved,
    'restore-point-stale': isStale,
    'backups-gone': available.length === 0,
    'replica-source-unwatched': database.replicaOf !== undefined,
    'rds-not-answering': odd !== undefined,
    // RDS shows no moment to restore to of what is young.
    'no-known-cause': takesItself && at - database.created.getTime() < hour,
  };
  return new Set(Object.keys(held).filter((code) => held[code]));
}

interface State {
  readonly says: Says;
  readonly must: boolean;
  readonly isDue?: boolean;
}

/**
 * More than one where something may or may not be known: the age of a copied cluster snapshot, which RDS does not say, and the
 * ledger does if it has the source; that AWS Backup took a backup that is gone; how long its backups usually take; that a job
 * has failed; and all that its jobs say while they cannot be read.
 */
function statesOf(rds: RdsSimulator, database: Database, owned: Owned, history: History, at: number): State[] {
  const snapshots = rds.snapshots(database).filter(({ startedAt }) => startedAt.getTime() <= at + 10 * minute);
  const available = snapshots.filter(({ status }) => status === 'available');
  const sure = available.filter((one) => !isClusterCopy(one));
  const readings = sure.length === available.length ? [available] : [available, sure];
  const takes = takesAny(rds, database, history, at);
  const { jobs, outside, jobsUnread } = history;
  const isRecent = at - history.lastByAws <= mostManagedMs;
  const isUnsure = takes ? jobsUnread && database.retention === 0 && !isRecent : isRecent;
  const mayTake = isUnsure ? [false, true] : [takes];
  const known = jobs.some(isUnheard) ? [jobs, jobs.map((job) => (isUnheard(job) ? unended(job) : job))] : [jobs];
  // What was made outside RDS since the jobs could be read last is not known.
  const heard: Partial<History>[] = known.map((shown) => ({ jobs: shown, jobsUnread: false }));
  if (jobsUnread) heard.push({ jobs: [] }, { jobs: [], outside: outside.slice(0, -1) });
  if (history.renamedSince) heard.push({ outside: outside.slice(0, -1) });
  const waits = jobs.length === 0 ? [0] : [0, Math.max(...jobs.map(({ takes }) => takes * 1.5))];
  return readings.flatMap((counted) =>
    mayTake.flatMap((one) =>
      heard.flatMap((shown) =>
        waits.map((wait) => stateOf(rds, database, owned, { ...history, ...shown }, snapshots, counted, at, one, wait)),
      ),
    ),
  );
}

function stateOf(
  rds: RdsSimulator,
  database: Database,
  { maxAgeHours, graceHours }: Owned,
  { stops, jobs, outside, jobsUnread, lastByAws }: History,
  snapshots: readonly Snapshot[],
  counted: readonly Snapshot[],
  at: number,
  takes: boolean,
  /** How long the backup of a job that begins at the end of its start window is waited for, if that is longer than the grace. */
  jobWait: number,
): State {
  if (isKeyLost(database)) return { says: [['inaccessible', 'critical']], must: true };
  const newest = Math.max(...counted.map((one) => dataTime(rds, one)), ...outside);
  const has = counted.length + outside.length > 0;
  const due = newest + maxAgeHours * hour;
  const mayRun = (maxAgeHours + graceHours) * hour;
  const usual = has ? deadlineAfter(due, database, graceHours) : database.created.getTime() + mayRun;
  const since = has ? newest : database.created.getTime();
  const isUnread = jobsUnread && database.retention === 0 && takes;
  const bare = Math.max(
    isUnread ? (has ? due : since + maxAgeHours * hour) + Math.max(graceHours, unreadGraceHours) * hour : usual,
    afterStart(stops, since, mayRun, database, graceHours),
    jobsUnread ? 0 : afterJobs(jobs, usual, database, Math.max(graceHours * hour, jobWait)),
  );
  const failed = jobs.some((job) => isUnanswered(job, jobs, rds.snapshots(database)));
  const isReplica = database.replicaOf !== undefined;
  // AWS Backup goes on where RDS is about to stop.
  const byAws = jobs.length > 0 || at - lastByAws <= mostManagedMs;
  const noneFollows = !takes || (database.pendingRetention === 0 && !byAws);
  if (has && at <= due) {
    // The source of each replica is a database that nobody watches.
    const warns = noneFollows || isBad(database) || failed;
    return { says: warns ? [['protected', 'warning']] : [], must: warns };
  }
  if (isReplica && !takes) return { says: [['disabled', 'warning']], must: false };
  const creating = snapshots.filter(({ status }) => status === 'creating');
  const isInWindow = database.retention > 0 && at <= closesAfter(at, database, graceHours);
  if (!has) {
    // Whether it never had one or has none left: the latter is told at once, but where the next may come now.
    const mayCome = takes && (isInWindow || creating.length > 0);
    const late: Says = takes
      ? [
          ['overdue', 'critical'],
          ['never', 'critical'],
        ]
      : [['disabled', 'critical']];
    return {
      says: failed ? [...late, ['new', 'warning']] : late,
      must: (at > bare && !mayCome) || (failed && at <= bare),
    };
  }
  if (at <= bare) return { says: failed ? [['due', 'warning']] : [], must: failed, isDue: true };
  // Nobody is told of its age while the backup that ends it may come: in its window, in the grace, or while it is being created.
  const waits =
    (takes && !isStopped(database) && isInWindow) ||
    (creating.length > 0 && at <= bare + mostCreatingHours(database) * hour) ||
    creating.some(({ startedAt }) => endsIt(startedAt.getTime(), at, database, graceHours));
  const says: Says = takes
    ? severityOf(database, stops, bare, newest + 2 * maxAgeHours * hour, at, waits)
    : [['disabled', 'critical']];
  return { says, must: !waits };
}

/**
 * Of what is overdue: a warning once a stop where the backups were in time when it began, and while point-in-time restore works, until
 * twice the age. What turns critical by its age alone is not told while the next backup may come.
 */
function severityOf(
  database: Database,
  stops: readonly Stop[],
  bare: number,
  twice: number,
  at: number,
  waits: boolean,
): Says {
  const stop = stops.find(({ until }) => until === undefined);
  const { latestRestorable, retention } = database;
  if (isStopped(database) && stop) {
    // The stopping time is where point-in-time restore ends.
    return [['overdue', retention > 0 || stop.from <= bare ? 'warning' : 'critical']];
  }
  const isYoung = at - database.created.getTime() < hour;
  if (retention > 0 && isYoung) return bothSeverities('overdue');
  if (retention === 0 || latestRestorable !== 'fresh' || isBad(database)) return [['overdue', 'critical']];
  if (at < twice) return [['overdue', 'warning']];
  return waits ? bothSeverities('overdue') : [['overdue', 'critical']];
}

/** What is being created is waited for as long as such backups took before, which need not be known. */
const mostCreatingHours = ({ backupMinutes = 0 }: Database) => (backupMinutes > 6 * 60 ? 24 : 6);

/** Whether a backup began in its window, or in the grace after it, and may still be complete in time. */
function endsIt(since: number, at: number, database: Database, graceHours: number): boolean {
  if (database.retention === 0 || since > closesAfter(since, database, graceHours)) return false;
  return at <= since + mostCreatingHours(database) * hour;
}

/** RDS cannot use its key, and its backups need that, too. */
const isKeyLost = ({ status }: Database) => status.startsWith('inaccessible-encryption-credentials');

/** The grace where nobody knows of AWS Backup's jobs: its default start window. */
const unreadGraceHours = 8;

/** It does not leave this status by itself: told although its newest backup is fresh. */
const isBad = ({ status }: Database) =>
  ['failed', 'storage-full', 'restore-error', 'insufficient-capacity'].includes(status) ||
  status.startsWith('incompatible-');

/**
 * The deadline: where the end of the promise falls between the start of the backup window and the grace after its end, it moves
 * to that end plus grace; where there is no window, the grace is added.
 */
function deadlineAfter(due: number, database: Database, graceHours: number): number {
  if (database.retention === 0) return due + graceHours * hour;
  return Math.max(due, closesAfter(due, database, graceHours));
}

/** When the window that opened last before a moment closes, and the grace after it ends. */
function closesAfter(at: number, database: Database, graceHours: number): number {
  const { opens, length } = windowBefore(at, database);
  return opens + length + graceHours * hour;
}

/**
 * Where backups can only come from AWS Backup, a job that it created in time may begin until the end of its start window, and its
 * backup then takes a while; 0 where there is none.
 */
function afterJobs(jobs: readonly Job[], usual: number, { retention }: Database, wait: number): number {
  if (retention > 0) return 0;
  const inTime = jobs.filter((job) => isOpen(job) && job.createdAt <= usual);
  return Math.max(0, ...inTime.map(({ startBy }) => startBy + wait));
}

/** After a start the next window is waited for, unless it has run for too long before; 0 where it was never started. */
function afterStart(
  stops: readonly Stop[],
  newest: number,
  mayRun: number,
  database: Database,
  graceHours: number,
): number {
  const [last, ...before] = stops.filter(({ until }) => until !== undefined && until > newest).reverse();
  if (last?.until === undefined || database.retention === 0) return 0;
  const { opens, length } = windowBefore(last.until, database);
  const closes = (opens < last.until ? opens + day : opens) + length + graceHours * hour;
  const stood = [last, ...before].map(({ from, until = from }) => until - Math.max(from, newest));
  const ranBefore = last.until - newest - stood.reduce((sum, one) => sum + one, 0);
  return Math.min(closes, last.until + Math.max(0, mayRun - ranBefore));
}

/** The last opening of its backup window that is not after a moment. */
function windowBefore(at: number, { window }: Database): { readonly opens: number; readonly length: number } {
  const [from = 0, to = 0] = window.split('-').map((time) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return (hours * 60 + minutes) * minute;
  });
  const midnight = Math.floor(at / day) * day;
  return { opens: midnight + from <= at ? midnight + from : midnight + from - day, length: (to - from + day) % day };
}

/** The moment that a snapshot's data is from: that of what it is a copy of. */
function dataTime(rds: RdsSimulator, snapshot: Snapshot): number {
  if (snapshot.originalTime) return snapshot.originalTime.getTime();
  const source = snapshot.copyOf === undefined ? undefined : rds.snapshotByArn(snapshot.copyOf);
  return source ? dataTime(rds, source) : snapshot.startedAt.getTime();
}

const isClusterCopy = ({ kind, copyOf }: Snapshot) => kind === 'cluster' && copyOf !== undefined;
const isStopped = ({ status }: Database) => status === 'stopped';

const isOpen = ({ state }: Job) => state === 'CREATED' || state === 'RUNNING';
const hasFailed = ({ state }: Job) => ['FAILED', 'EXPIRED', 'ABORTED'].includes(state);
const isUnheard = (job: Job) => hasFailed(job) && !job.isHeard;
const unended = ({ endedAt: _, ...job }: Job): Job => ({ ...job, state: 'RUNNING' });

/** Whether a job has failed, and no other one was running then, or has made a backup since. */
function isUnanswered(failed: Job, jobs: readonly Job[], snapshots: readonly Snapshot[]): boolean {
  if (!hasFailed(failed)) return false;
  const { endedAt: at = 0 } = failed;
  const others = jobs.filter((job) => job !== failed && job.state !== 'CREATED' && job.state !== 'EXPIRED');
  const wasRunning = others.some(({ createdAt, endedAt }) => createdAt <= at && (endedAt ?? at + 1) > at);
  const hasMade = others.some(({ state, endedAt = 0 }) => state === 'COMPLETED' && endedAt >= at);
  return !wasRunning && !hasMade && !snapshots.some((one) => isByAws(one) && one.startedAt.getTime() > at);
}

/** AWS Backup manages what has a backup of it that is at most two months old. */
const mostManagedMs = 62 * day;

const isByAws = ({ type, status }: Snapshot) => type === 'awsbackup' && status === 'available';

/** Whether RDS or AWS Backup takes backups of it: the latter manages also what it has a job of. */
function takesAny(rds: RdsSimulator, database: Database, { jobs }: History, at: number): boolean {
  const isManaged = ({ type, startedAt }: Snapshot) =>
    type === 'awsbackup' && at - startedAt.getTime() <= mostManagedMs;
  return database.retention > 0 || jobs.length > 0 || rds.snapshots(database).some(isManaged);
}
