import {
  type Fleet,
  type KnownOwner,
  mayBeRestoreTests,
  type RestoreTests,
  restoreTestsSince,
} from '../config/index.ts';
import type { RdsDatabase } from '../domain/index.ts';
import { errorText } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { AwsBackupReader } from './backup-jobs-reader.ts';

/**
 * What tells the restore tests among some databases. AWS Backup is asked only where its answer may matter; where it cannot be
 * (the right is optional), its events, its names and its tags tell.
 */
export async function restoreTestsAmong(
  { awsBackup, fleet, log }: { readonly awsBackup: AwsBackupReader; readonly fleet: Fleet; readonly log: Log },
  databases: readonly RdsDatabase[],
  known: readonly KnownOwner[],
  now: Date,
): Promise<RestoreTests> {
  if (!mayBeRestoreTests(fleet, databases, known, now)) return { now, restored: new Set() };
  const restored = await awsBackup.restoredForTests(restoreTestsSince(now)).catch((error: unknown) => {
    log.warn(`AWS Backup's restore jobs could not be read: ${errorText(error)}`);
    return new Set<string>();
  });
  return { now, restored };
}
