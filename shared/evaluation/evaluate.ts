import type { ConfiguredDatabase } from '../config/index.ts';
import {
  type BackupJob,
  type Cause,
  causes,
  type DatabaseRow,
  type Evaluation,
  isKnownIn,
  type LastBackup,
  type NewestBackup,
  type RdsDatabase,
} from '../domain/index.ts';
import { addHours, dayMs } from '../lib/time.ts';
import type { Unread } from '../rds/index.ts';
import { creatingHoldsUntil, type Facts, factsOf } from './conditions.ts';
import { deadlineOf, lastWindow, windowOf } from './deadline.ts';
import {
  awsBackupJobFailed,
  disabled,
  dueCause,
  firstBackup,
  hindranceBesidesStop,
  hindranceOf,
  lateCause,
  notesOf,
  notHeld,
  renamingOf,
  replicationFailed,
  unwatchedSource,
} from './explanation.ts';
import type { UnwatchedSource } from './replica-source.ts';
import type { Stop } from './stops.ts';

/** What is overdue or missing is checked again at its next step, but at least this often (and not 96 times a day). */
const recheckHours = 6;

/** A database that RDS did not answer for is checked again this soon. */
const unansweredRecheckHours = 1;

/** A status that may heal by itself is looked at again this soon. */
const confirmHours = 0.25;

/** While a late backup is being created, each watch checks whether it has become available, or is gone. */
const creatingRecheckHours = 0.25;

/** A job of AWS Backup that runs is looked at again this soon: its event may be lost. */
const openJobRecheckHours = 1;

/** What RDS showed under a configured database's name. */
export type LookupResult =
  | { readonly is: 'database'; readonly database: RdsDatabase }
  /** An instance that belongs to the cluster `of`; `cluster` is that cluster's evaluation, under the member's policy. */
  | { readonly is: 'member'; readonly of: string; readonly cluster?: Evaluation }
  /**
   * A listing of that kind was read to its end, and the name was not in it; or it is that of a database of another service,
   * of this engine.
   */
  | { readonly is: 'absent'; readonly foreignEngine?: string }
  /** RDS did not respond, or its listing was not read to the end. */
  | ({ readonly is: 'unknown' } & Unread);

/** Everything an evaluation depends on, besides the clock. */
export interface Situation {
  readonly configured: ConfiguredDatabase;
  readonly found: LookupResult;
  /** The newest backup that counts, from RDS and the ledger together, as of the moment of evaluation. */
  readonly newest?: NewestBackup;
  /** The newest of its backups that is encrypted with another key than the database, or with none. */
  readonly otherKeyBackup?: NewestBackup;
  /** Its backup window when the newest backup was taken, where it was moved since. */
  readonly windowBefore?: string;
  /** The last backup that it had, where none is left. */
  readonly last?: LastBackup;
  /** Creation time of its newest AWS Backup snapshot, of any status, or what its row knows of earlier ones. */
  readonly awsBackupSeen?: Date;
  /** When AWS Backup made its last backup of it. */
  readonly lastAwsBackup?: Date;
  /** AWS Backup's jobs of the last 30 days that are of it; absent where they could not be read. */
  readonly backupJobs?: readonly BackupJob[];
  /** How long AWS Backup's backups of it usually take, in milliseconds, where a job is open and the ledger knows. */
  readonly usualAwsBackupMs?: number;
  /**
   * A snapshot of it in status `creating`; `since` is its creation time, or when it was first seen, and `usualMs` how long its
   * backups of that kind usually take, in milliseconds.
   */
  readonly creating?: { readonly id: string; readonly since: Date; readonly usualMs?: number };
  /** What the ledger knew of it; of an absent database, the row that was last seen under its name. */
  readonly row?: DatabaseRow;
  /**
   * Another database (another resource id) that was known under this name: it was replaced, restored or renamed. Of an
   * absent one, who had the name last, perhaps known only by the snapshots that are left.
   */
  readonly earlier?: DatabaseRow;
  /** When it was stopped since its newest backup, oldest first. */
  readonly stops?: readonly Stop[];
  /** Why the source of a replica is not watched, on which it relies; absent where it is. */
  readonly unwatchedSource?: UnwatchedSource;
  /** Its newest backup was found in a listing, although an event should have announced it. */
  readonly eventsLost?: boolean;
  /** Of a tenant's share of a shared database: what is so of the tenant alone. */
  readonly share?: ShareSituation;
}

export interface ShareSituation {
  /** The newest backup of the shared database, where it does not hold the tenant's data. */
  readonly older?: NewestBackup;
  /** Its newest snapshot, and the name of the tenant's database, which RDS does not show in it. */
  readonly missingIn?: { readonly snapshot: string; readonly name: string };
}

/**
 * Says of one database whether it has a fresh backup, why not, how bad that is, and when to check again. Never throws:
 * what cannot be known is said so. The first rule that applies decides, in the order of the code.
 */
export function evaluate(situation: Situation, now: Date): Evaluation {
  const { configured, found } = situation;
  if (configured.excluded !== undefined) {
    const code = configured.enrolledBy === 'tag' ? 'excluded-by-tag' : 'excluded-by-configuration';
    return {
      verdict: 'excluded',
      severity: 'info',
      cause: { code, facts: { reason: configured.excluded } },
      notes: [],
      ...known(situation),
    };
  }
  switch (found.is) {
    case 'unknown':
      return unanswered(situation, found, now);
    case 'absent':
      return absent(situation, found.foreignEngine, now);
    case 'member':
      return ofMember(situation, found.of, found.cluster, now);
    case 'database':
      return ofDatabase(factsOf(situation, found.database, now));
  }
}

/**
 * RDS did not respond: never read as protected. A warning, critical once it lasts a day. Where that is so of all databases of an
 * environment among several, operators are notified of the environment, and nobody of its databases before that day is over.
 */
function unanswered(situation: Situation, { why: error, environment }: Unread, now: Date): Evaluation {
  const { row } = situation;
  const before = row?.verdict === 'unknown' ? (row.since ?? row.evaluatedAt) : undefined;
  const since = before !== undefined && before.getTime() < now.getTime() ? before : now;
  const risesAt = new Date(since.getTime() + dayMs);
  const isLong = now.getTime() >= risesAt.getTime();
  // Exclude `now`: this run already handles it.
  const ahead = [risesAt, row?.deadline].filter((moment) => moment !== undefined && moment > now);
  return {
    verdict: 'unknown',
    severity: isLong ? 'critical' : 'warning',
    cause: environment
      ? { code: 'environment-unread', facts: { ...environment, error, since: since.toISOString() } }
      : { code: 'rds-not-answering', facts: { error, since: since.toISOString() } },
    ...(environment && (isLong ? { once: true } : { quiet: true })),
    // By its new name it is recognized.
    notes: row ? renamingOf(row) : [],
    ...known(situation),
    ...(row?.deadline === undefined ? {} : { deadline: row.deadline }),
    nextCheckAt: nextOf(now, addHours(now, unansweredRecheckHours), ...ahead),
    since,
  };
}

/** A full listing lacks it: deleted if it was ever there (notified once), else the configuration names what never was. */
function absent(situation: Situation, foreignEngine: string | undefined, now: Date): Evaluation {
  const last = [situation.row, situation.earlier].find((row) => row !== undefined && wasThere(row));
  if (last === undefined) {
    return {
      verdict: 'missing',
      severity: 'critical',
      cause:
        foreignEngine === undefined
          ? { code: 'not-in-rds', facts: {} }
          : { code: 'not-rds', facts: { engine: foreignEngine } },
      notes: [],
      nextCheckAt: addHours(now, recheckHours),
    };
  }
  const newest = situation.newest ?? last.newestBackup;
  const lastSeen = lastSeenOf(last);
  return {
    verdict: 'deleted',
    severity: 'warning',
    cause: { code: 'deleted-or-renamed', facts: lastSeen === undefined ? {} : { lastSeen } },
    notes: [],
    ...(newest === undefined ? {} : { newestBackup: newest }),
    once: true,
  };
}

/** Whether RDS ever showed the database of this row: an engine or a backup comes from RDS alone. */
function wasThere(row: DatabaseRow): boolean {
  return row.engine !== undefined || row.newestBackup !== undefined || row.verdict === 'deleted';
}

/** When RDS last showed the database of this row; each evaluation after its deletion repeats what the first one said. */
function lastSeenOf({ verdict, cause, evaluatedAt }: DatabaseRow): string | undefined {
  if (verdict === 'unknown') return undefined;
  if (verdict !== 'deleted') return evaluatedAt?.toISOString();
  if (!cause || !isKnownIn(causes, cause) || cause.code !== 'deleted-or-renamed') return undefined;
  return cause.facts.lastSeen;
}

/** RDS backs up the cluster as a whole, so its evaluation is the member's. */
function ofMember(situation: Situation, cluster: string, its: Evaluation | undefined, now: Date): Evaluation {
  const evaluation = its ?? unanswered(situation, { why: `its cluster ${cluster} could not be evaluated` }, now);
  const note: Cause = { code: 'member-of-cluster', facts: { cluster } };
  return { ...evaluation, notes: [note, ...evaluation.notes] };
}

function ofDatabase(facts: Facts): Evaluation {
  const { now, newest, isReplica, situation, takesBackups, byAwsBackup } = facts;
  const failed = replicationFailed(facts.database);
  const unwatched = takesBackups ? undefined : unwatchedSource(facts);
  const fresh = newest !== undefined && now.getTime() <= newest.due.getTime();
  const inTime = now.getTime() <= facts.deadline.getTime();
  const basis = {
    ...(newest === undefined ? {} : { newestBackup: newest.backup }),
    deadline: facts.deadline,
    ...(facts.refusing === undefined ? {} : { status: facts.refusing }),
  };

  if (facts.keyLost !== undefined) return withoutKey(facts, basis);
  if (fresh) {
    // Of a replica that takes no backups itself the source is what counts, so nobody needs to see to its next one.
    const isEnding = facts.pendingRetention === 0 && !byAwsBackup;
    // A stopped database loses nothing: it is back before the promise ends, or one warning then says that it is not.
    const noneWillFollow = takesBackups ? isEnding : !isReplica || unwatched !== undefined;
    const { bad } = facts;
    const absent = notHeld(situation.share);
    const isWarning =
      noneWillFollow ||
      bad?.confirmed === true ||
      failed !== undefined ||
      facts.failedJob !== undefined ||
      absent !== undefined;
    return {
      ...basis,
      verdict: 'protected',
      severity: isWarning ? 'warning' : 'info',
      // That it is stopped is no reason to warn before the promised age has passed.
      ...explained(facts, isWarning ? (hindranceBesidesStop(facts) ?? absent ?? null) : null),
      nextCheckAt: nextOf(
        now,
        bad && !bad.confirmed ? addHours(now, confirmHours) : undefined,
        facts.deadline,
        jobCheckOf(facts),
      ),
      ...(noneWillFollow || facts.failedJob !== undefined ? { once: true } : {}),
      ...lastsSince(facts),
    };
  }
  if (facts.database.replicaOf !== undefined && !takesBackups && !(newest !== undefined && inTime)) {
    if (unwatched !== undefined) {
      return { ...basis, verdict: 'disabled', severity: 'warning', ...explained(facts, unwatched), once: true };
    }
    return {
      verdict: 'excluded',
      severity: 'info',
      cause: { code: 'replica-without-backups', facts: { source: facts.database.replicaOf } },
      notes: failed ? [failed] : [],
      ...(newest === undefined ? {} : { newestBackup: newest.backup }),
    };
  }
  if (situation.last !== undefined) return bereft(facts, situation.last, basis);
  if (inTime) {
    const [verdict, cause] =
      newest === undefined ? (['new', firstBackup(facts)] as const) : (['due', dueCause(facts)] as const);
    const heldCheck = facts.held ? addHours(now, creatingRecheckHours) : undefined;
    const nextCheckAt = nextOf(now, heldCheck, facts.deadline, jobCheckOf(facts));
    const jobFailed = awsBackupJobFailed(facts);
    return {
      ...basis,
      verdict,
      severity: jobFailed ? 'warning' : 'info',
      ...explained(facts, jobFailed ?? cause),
      nextCheckAt,
      ...lastsSince(facts),
    };
  }
  const recheckAt = addHours(now, recheckHours);
  const late = {
    ...basis,
    ...explained(facts, takesBackups ? lateCause(facts) : disabled(facts)),
    nextCheckAt: recheckAt,
    ...lastsSince(facts),
  };
  if (!takesBackups) return { ...late, verdict: 'disabled', severity: 'critical' };
  // A shared database that had backups is late for a tenant whom they do not hold.
  if (newest === undefined) {
    return { ...late, verdict: situation.share?.older ? 'overdue' : 'never', severity: 'critical' };
  }
  // The data of a stopped database does not change, so one notification is enough, or none.
  if (facts.stopped && facts.reachesStop) {
    if (facts.policy.whileStopped === 'warn') return { ...late, verdict: 'overdue', severity: 'warning', once: true };
    const { deadline: _, ...withoutDeadline } = late;
    return { ...withoutDeadline, verdict: 'protected', severity: 'info', ...explained(facts, null) };
  }
  const { mayEndBy, bad } = facts;
  // Where point-in-time restore is behind, or replication has failed, more is wrong than the age.
  const isAgeAlone = bad === undefined && failed === undefined && facts.restorable !== 'stale';
  const waits = isAgeAlone && mayEndBy !== undefined ? { mayEndBy } : {};
  // What turns critical only by its age is not told to have while the backup that ends it may still come.
  const risesAt = latestOf(newest.twiceMaxAge, waits.mayEndBy);
  // Point-in-time restore of a replica reaches as far as its replication.
  if (facts.restorable === 'fresh' && bad === undefined && failed === undefined && now < risesAt) {
    const nextCheckAt = nextOf(now, recheckAt, risesAt, mayEndBy);
    return { ...late, ...waits, verdict: 'overdue', severity: 'warning', nextCheckAt };
  }
  const nextCheckAt = nextOf(now, recheckAt, mayEndBy);
  return { ...late, ...waits, verdict: 'overdue', severity: 'critical', nextCheckAt };
}

/**
 * RDS cannot use the key, and restoring a backup needs it, too: nothing protects it but a backup within the maximum age that
 * another key encrypts.
 */
function withoutKey(facts: Facts, basis: Pick<Evaluation, 'deadline' | 'newestBackup' | 'status'>): Evaluation {
  const { now, situation, database, policy } = facts;
  const { otherKeyBackup: other } = situation;
  const cause = hindranceOf(facts) ?? null;
  const due = other && deadlineOf(other.time, database, policy).due;
  if (other !== undefined && due !== undefined && now <= due) {
    return {
      ...basis,
      verdict: 'protected',
      severity: 'warning',
      newestBackup: other,
      deadline: due,
      ...explained(facts, cause),
      nextCheckAt: nextOf(now, due, addHours(now, recheckHours)),
    };
  }
  return {
    ...basis,
    verdict: 'inaccessible',
    severity: 'critical',
    ...explained(facts, cause),
    nextCheckAt: addHours(now, recheckHours),
  };
}

/**
 * No backup is left: it is overdue at once, whatever the age of the last one. Where RDS let it expire, as it does every night
 * with a retention of a day, the next one is waited for while its window is open or it is being created.
 */
function bereft(facts: Facts, last: LastBackup, basis: Pick<Evaluation, 'status'>): Evaluation {
  const { now, database, policy, creating } = facts;
  const lastBackup = last.time.toISOString();
  const { status } = basis;
  const shown = status === undefined ? {} : { status };
  const window = windowOf(database);
  const span = window && lastWindow(window, now);
  const until = creating ? creatingHoldsUntil(creating) : span && addHours(span.end, policy.graceHours);
  if (last.gone !== 'deleted-by-user' && facts.takesBackups && until !== undefined && now <= until) {
    return {
      ...shown,
      verdict: 'due',
      severity: 'info',
      ...explained(facts, { code: 'last-backup-expired', facts: { lastBackup } }),
      deadline: until,
      nextCheckAt: nextOf(now, addHours(now, creatingRecheckHours), until),
    };
  }
  return {
    ...shown,
    verdict: facts.takesBackups ? 'overdue' : 'disabled',
    severity: 'critical',
    ...explained(facts, { code: 'backups-gone', facts: { lastBackup, gone: last.gone } }),
    nextCheckAt: addHours(now, recheckHours),
    ...lastsSince(facts),
  };
}

/** While a job of AWS Backup is open: at the end of its start window, by which it may have expired, and hourly once it runs. */
function jobCheckOf({ openJob, now }: Facts): Date | undefined {
  if (openJob === undefined) return undefined;
  const { state, startBy } = openJob;
  return state !== 'RUNNING' && startBy !== undefined && startBy > now ? startBy : addHours(now, openJobRecheckHours);
}

function explained(facts: Facts, cause: Cause | null): Pick<Evaluation, 'cause' | 'notes'> {
  return { cause, notes: notesOf(facts, cause) };
}

/** What is stopped, or in a bad status, carries since when: the row keeps what RDS may not show the next time. */
function lastsSince(facts: Facts): { readonly since?: Date } {
  if (facts.bad) return { since: facts.bad.since };
  return facts.stopped ? { since: facts.stoppedSince ?? facts.now } : {};
}

function known(situation: Situation): { readonly newestBackup?: NewestBackup } {
  const newest = situation.newest ?? situation.row?.newestBackup;
  return newest === undefined ? {} : { newestBackup: newest };
}

function latestOf(moment: Date, other: Date | undefined): Date {
  return other !== undefined && other > moment ? other : moment;
}

/** The earliest of these moments that is not past. */
function nextOf(now: Date, ...moments: readonly (Date | undefined)[]): Date {
  const times = moments.flatMap((moment) => (moment === undefined ? [] : [moment.getTime()]));
  return new Date(Math.min(...times.filter((time) => time >= now.getTime())));
}
