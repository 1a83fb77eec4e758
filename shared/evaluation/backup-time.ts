import type { Snapshot } from '../domain/index.ts';

/**
 * The moment a snapshot's data is from: its original creation time, for a copy made today of a ten-day-old snapshot is
 * ten days old. A cluster snapshot has no original time; where it was copied, the source's time counts, if the ledger
 * knows it (`sourceTime`). Undefined: the time cannot be known, and the snapshot does not count as a backup.
 */
export function backupTimeOf(snapshot: Snapshot, sourceTime?: Date): Date | undefined {
  if (snapshot.originalCreatedAt !== undefined) return snapshot.originalCreatedAt;
  const isClusterCopy =
    snapshot.databaseKind === 'cluster' && (snapshot.kind === 'copy' || snapshot.sourceArn !== undefined);
  return isClusterCopy ? sourceTime : snapshot.createdAt;
}
