import type { ConfiguredDatabase } from '../config/fleet.ts';
import type { DatabaseSummary } from '../ledger/ledger.ts';
import type { DatabaseRow, NewestBackup, RdsDatabase, Verdict } from '../model.ts';
import { addHours, dayMs } from '../text.ts';
import { type Facts, factsOf, stoppedSince } from './facts.ts';
import {
  deletedReason,
  disabledReason,
  dueReason,
  excludedReason,
  memberReason,
  missingReason,
  neverReason,
  newReason,
  overdueReason,
  protectedReason,
  replicaReason,
  unknownReason,
} from './reason.ts';

/** What is overdue or missing is looked at again at its next step, but at least this often (and not 96 times a day). */
const lookAgainHours = 6;

/** A database that RDS did not answer for is asked about again this soon. */
const askAgainHours = 1;

/** While a late backup is being created, each watch looks whether it has become available, or is gone. */
const creatingLookHours = 0.25;

/** What a look into RDS showed under a configured database's name. */
export type Found =
  | { readonly is: 'database'; readonly database: RdsDatabase }
  /** An instance that belongs to the cluster `of`; `cluster` is that cluster's verdict, under the member's policy. */
  | { readonly is: 'member'; readonly of: string; readonly cluster?: Verdict }
  /** A listing of that kind was read to its end, and the name was not in it. */
  | { readonly is: 'absent' }
  /** RDS could not be asked, or its listing not be read to the end. */
  | { readonly is: 'unknown'; readonly why: string };

/** Everything a verdict depends on, besides the clock. */
export interface Situation {
  readonly configured: ConfiguredDatabase;
  readonly found: Found;
  /** The newest backup that counts, from RDS and the ledger together, as of the moment of judgement. */
  readonly newest?: NewestBackup;
  /** Creation time of its newest AWS Backup snapshot. */
  readonly awsBackupSeen?: Date;
  /** A snapshot of it in status `creating`; `since` is its creation time, or when it was first seen. */
  readonly creating?: { readonly id: string; readonly since: Date };
  /** What the ledger knew of it; of an absent database, the row that was last seen under its name. */
  readonly row?: DatabaseRow;
  /**
   * Another database (another resource id) that was known under this name: it was replaced, restored or renamed. Of an
   * absent one, who had the name last, perhaps known only by the snapshots that are left.
   */
  readonly earlier?: DatabaseSummary;
  /** Its newest backup was learned by looking, although an event should have announced it. */
  readonly eventsLost?: boolean;
}

/**
 * Says of one database whether it has a fresh backup, why not, how bad that is, and when to look again. Never throws:
 * what cannot be known is said so. The first rule that applies decides, in the order of the code.
 */
export function assess(situation: Situation, now: Date): Verdict {
  const { configured, found } = situation;
  if (configured.excluded !== undefined) {
    return { name: 'excluded', severity: 'info', reason: excludedReason(configured), ...known(situation) };
  }
  switch (found.is) {
    case 'unknown':
      return unanswered(situation, found.why, now);
    case 'absent':
      return absent(situation, now);
    case 'member':
      if (found.cluster === undefined) return unanswered(situation, `its cluster ${found.of} could not be judged`, now);
      return { ...found.cluster, reason: memberReason(found.of, found.cluster.reason) };
    case 'database':
      return judge(factsOf(situation, found.database, now));
  }
}

/** RDS could not be asked: never read as protected. A warning, critical once it lasts a day. */
function unanswered(situation: Situation, why: string, now: Date): Verdict {
  const { row } = situation;
  const before = row?.verdict === 'unknown' ? (row.since ?? row.judgedAt) : undefined;
  const since = before !== undefined && before.getTime() < now.getTime() ? before : now;
  const risesAt = new Date(since.getTime() + dayMs);
  // A moment that is now is being looked at: it must not stand for the next look.
  const ahead = [risesAt, row?.deadline].filter((moment) => moment !== undefined && moment > now);
  return {
    name: 'unknown',
    severity: now.getTime() >= risesAt.getTime() ? 'critical' : 'warning',
    reason: unknownReason(why, since, known(situation).newestBackup, now),
    ...known(situation),
    ...(row?.deadline === undefined ? {} : { deadline: row.deadline }),
    checkAt: nextOf(now, addHours(now, askAgainHours), ...ahead),
    since,
  };
}

/** A full listing lacks it: deleted if it was ever there (told once), else the configuration names what never was. */
function absent(situation: Situation, now: Date): Verdict {
  const last = [situation.row, situation.earlier].find((row) => row !== undefined && wasThere(row));
  if (last === undefined) {
    return {
      name: 'missing',
      severity: 'critical',
      reason: missingReason(situation.configured),
      checkAt: addHours(now, lookAgainHours),
    };
  }
  const newest = situation.newest ?? last.newestBackup;
  return {
    name: 'deleted',
    severity: 'warning',
    reason: deletedReason(last, newest, now),
    ...(newest === undefined ? {} : { newestBackup: newest }),
    once: true,
  };
}

/** Whether RDS ever showed the database of this row: only RDS tells an engine or a backup. */
function wasThere(row: DatabaseSummary): boolean {
  return row.engine !== undefined || row.newestBackup !== undefined || row.verdict === 'deleted';
}

function judge(facts: Facts): Verdict {
  const { now, newest, isReplica, takesBackups } = facts;
  const fresh = newest !== undefined && now.getTime() <= newest.due.getTime();
  const inTime = now.getTime() <= facts.deadline.getTime();
  const basis = {
    ...(newest === undefined ? {} : { newestBackup: newest.backup }),
    deadline: facts.deadline,
    ...(facts.refusing === undefined ? {} : { status: facts.refusing }),
  };

  if (fresh) {
    // Of a replica that takes no backups itself the source is what counts, so nobody needs to see to its next one.
    const noneWillFollow = takesBackups ? facts.stopped : !isReplica;
    return {
      ...basis,
      name: 'protected',
      severity: noneWillFollow ? 'warning' : 'info',
      reason: protectedReason(facts, newest),
      checkAt: facts.deadline,
      ...(noneWillFollow ? { once: true } : {}),
      ...stopped(facts),
    };
  }
  if (isReplica && !takesBackups && !(newest !== undefined && inTime)) {
    return {
      name: 'excluded',
      severity: 'info',
      reason: replicaReason(facts),
      ...(newest === undefined ? {} : { newestBackup: newest.backup }),
    };
  }
  if (inTime) {
    const checkAt = facts.held
      ? nextOf(now, addHours(now, creatingLookHours), facts.deadline)
      : nextOf(now, facts.deadline);
    return newest === undefined
      ? { ...basis, name: 'new', severity: 'info', reason: newReason(facts), checkAt, ...stopped(facts) }
      : { ...basis, name: 'due', severity: 'info', reason: dueReason(facts, newest), checkAt, ...stopped(facts) };
  }
  const lookAgain = addHours(now, lookAgainHours);
  if (!takesBackups) {
    const reason = disabledReason(facts);
    return { ...basis, name: 'disabled', severity: 'critical', reason, checkAt: lookAgain, ...stopped(facts) };
  }
  if (newest === undefined) {
    const reason = neverReason(facts);
    return { ...basis, name: 'never', severity: 'critical', reason, checkAt: lookAgain, ...stopped(facts) };
  }
  const overdue = { ...basis, name: 'overdue', reason: overdueReason(facts, newest) } as const;
  if (facts.stopped) {
    // Its data does not change while it is stopped, so it is told once.
    return { ...overdue, severity: 'warning', once: true, checkAt: lookAgain, ...stopped(facts) };
  }
  if (facts.restorable === 'fresh' && now.getTime() < newest.twiceMaxAge.getTime()) {
    return { ...overdue, severity: 'warning', checkAt: nextOf(now, lookAgain, newest.twiceMaxAge) };
  }
  return { ...overdue, severity: 'critical', checkAt: lookAgain };
}

/** A stopped database carries since when, so that the row keeps what RDS may not show the next time. */
function stopped(facts: Facts): { readonly since?: Date } {
  return facts.stopped ? { since: stoppedSince(facts) ?? facts.now } : {};
}

function known(situation: Situation): { readonly newestBackup?: NewestBackup } {
  const newest = situation.newest ?? situation.row?.newestBackup;
  return newest === undefined ? {} : { newestBackup: newest };
}

/** The earliest of these moments that is not past. */
function nextOf(now: Date, ...moments: readonly (Date | undefined)[]): Date {
  const times = moments.flatMap((moment) => (moment === undefined ? [] : [moment.getTime()]));
  return new Date(Math.min(...times.filter((time) => time >= now.getTime())));
}
