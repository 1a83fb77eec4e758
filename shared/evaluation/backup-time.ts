import type { Snapshot } from '../domain/index.ts';

/**
 * The moment a snapshot's data is from: its original creation time, for a copy made today of a ten-day-old snapshot is
 * ten days old. A cluster snapshot has no original time; where it was copied, the source's time counts, if the ledger
 * knows it (`sourceTime`). Undefined: the time cannot be known, and the snapshot does not count as a backup.
 *
 * Of a replica it is the time of the last transaction, which may have come late, or not at all. (Of others that means nothing:
 * an idle database's may be old while its snapshot is complete.)
 */
export function backupTimeOf(
  snapshot: Snapshot,
  { sourceTime, isOfReplica = false }: { readonly sourceTime?: Date | undefined; readonly isOfReplica?: boolean } = {},
): Date | undefined {
  const time = takenAt(snapshot, sourceTime);
  const { databaseTime } = snapshot;
  return isOfReplica && time !== undefined && databaseTime !== undefined && databaseTime < time ? databaseTime : time;
}

function takenAt(snapshot: Snapshot, sourceTime: Date | undefined): Date | undefined {
  if (snapshot.originalCreatedAt !== undefined) return snapshot.originalCreatedAt;
  const isClusterCopy =
    snapshot.databaseKind === 'cluster' && (snapshot.kind === 'copy' || snapshot.sourceArn !== undefined);
  return isClusterCopy ? sourceTime : snapshot.createdAt;
}
