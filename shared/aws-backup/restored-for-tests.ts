import { groupBy } from 'es-toolkit/array';
import pMap from 'p-map';
import {
  type Fleet,
  type KnownOwner,
  mayBeRestoreTests,
  type RestoreTests,
  restoreTestsSince,
} from '../config/index.ts';
import {
  type ByEnvironment,
  environmentOf,
  environmentsAtOnce,
  formatEnvironment,
  type RdsDatabase,
} from '../domain/index.ts';
import { errorText } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import type { AwsBackupReader } from './backup-jobs-reader.ts';

/**
 * What tells the restore tests among some databases. AWS Backup is asked only where its answer may matter; where it cannot be
 * (the right is optional), its events, its names and its tags tell.
 */
export async function restoreTestsAmong(
  {
    awsBackup,
    fleet,
    log,
  }: { readonly awsBackup: ByEnvironment<AwsBackupReader>; readonly fleet: Fleet; readonly log: Log },
  databases: readonly RdsDatabase[],
  known: readonly KnownOwner[],
  now: Date,
): Promise<RestoreTests> {
  const byEnvironment = Object.values(groupBy(databases, ({ key }) => formatEnvironment(environmentOf(key))));
  const asked = byEnvironment.filter((some) => mayBeRestoreTests(fleet, some, known, now));
  const restored = await pMap(
    asked.flatMap(([one]) => (one ? [environmentOf(one.key)] : [])),
    (environment) =>
      awsBackup
        .in(environment)
        .restoredForTests(restoreTestsSince(now))
        .catch((error: unknown) => {
          log.warn(`AWS Backup's restore jobs could not be read: ${errorText(error)}`, { ...environment });
          return new Set<string>();
        }),
    { concurrency: environmentsAtOnce },
  );
  return { now, restored: new Set(restored.flatMap((some) => [...some])) };
}
