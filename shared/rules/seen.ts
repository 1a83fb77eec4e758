import type { NewestBackup, Snapshot } from '../model.ts';
import { backupTimeOf } from './backup-time.ts';

/** What a database's snapshots come to, one at a time and in any order: RDS promises none. */
export interface Seen {
  readonly newest?: NewestBackup;
  readonly awsBackupSeen?: Date;
  readonly creating?: { readonly id: string; readonly since: Date };
}

export interface Seeing {
  /** Judging as of this moment: what is younger does not exist. Absent: everything counts, also by a clock ahead of ours. */
  readonly asOf?: Date;
  /** The backup time of the snapshot with this ARN, where the ledger knows it. */
  readonly timeOf?: (arn: string) => Date | undefined;
  /** When a snapshot without a creation time (it can be absent while `creating`) was first seen. */
  readonly firstSeen: Date;
}

/**
 * A backup is a snapshot in status `available`, as old as its data. One in status `creating` is noted, and does not count;
 * any other status is neither.
 */
export function see(seen: Seen, snapshot: Snapshot, { asOf, timeOf, firstSeen }: Seeing): Seen {
  const exists = (time: Date | undefined): time is Date =>
    time !== undefined && (asOf === undefined || time.getTime() <= asOf.getTime());

  if (snapshot.status === 'creating') {
    const since = snapshot.createdAt ?? firstSeen;
    return exists(since) && isLater(since, seen.creating?.since)
      ? { ...seen, creating: { id: snapshot.id, since } }
      : seen;
  }
  // A copy that is younger than the judged moment did not exist then, though its data did.
  if (snapshot.status !== 'available' || !exists(snapshot.createdAt)) return seen;

  const source = snapshot.sourceArn === undefined ? undefined : timeOf?.(snapshot.sourceArn);
  const time = backupTimeOf(snapshot, source);
  const byAwsBackup = snapshot.kind === 'awsbackup' && isLater(snapshot.createdAt, seen.awsBackupSeen);
  return {
    ...seen,
    ...(exists(time) && isLater(time, seen.newest?.time)
      ? { newest: { arn: snapshot.arn, id: snapshot.id, time } }
      : {}),
    ...(byAwsBackup ? { awsBackupSeen: snapshot.createdAt } : {}),
  };
}

function isLater(time: Date, than: Date | undefined): boolean {
  return than === undefined || time.getTime() > than.getTime();
}
