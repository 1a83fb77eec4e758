/** What RDS shows now under the ARNs of backups: the name of a snapshot may be used again. */
import type { RDSClient } from '@aws-sdk/client-rds';
import type { Backup, Snapshot } from '../domain/index.ts';
import { RdsReader } from '../rds/index.ts';

/** The snapshots by ARN, in one listing a kind; what is gone is left out. */
export async function snapshotsShown(
  rds: RDSClient,
  backups: readonly Pick<Backup, 'id' | 'databaseKind'>[],
): Promise<ReadonlyMap<string, Snapshot>> {
  const reader = new RdsReader(rds);
  const idsOf = (kind: Backup['databaseKind']) =>
    backups.filter(({ databaseKind }) => databaseKind === kind).map(({ id }) => id);
  const shown = [
    ...(await reader.instanceSnapshotsNamed(idsOf('instance'))),
    ...(await reader.clusterSnapshotsNamed(idsOf('cluster'))),
  ];
  return new Map(shown.map((snapshot) => [snapshot.arn, snapshot]));
}

/** What RDS shows in place of a backup's snapshot: `there` it can be exported. */
export function standingOf(
  backup: Pick<Backup, 'createdAt'>,
  shown: Snapshot | undefined,
): 'there' | 'busy' | 'gone' | 'replaced' {
  if (shown === undefined) return 'gone';
  // A recorded backup has its creation time; RDS leaves it out of a snapshot that it is still creating.
  if (shown.createdAt?.getTime() !== backup.createdAt.getTime()) return 'replaced';
  return shown.status === 'available' ? 'there' : 'busy';
}
