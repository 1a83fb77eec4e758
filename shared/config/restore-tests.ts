/**
 * Restore tests are nobody's tenant: a database that was restored for a test has the tags of its source, and would enrol as that
 * one's tenant's.
 */
import type { RdsDatabase } from '../domain/index.ts';
import { dayMs } from '../lib/time.ts';

/** Whoever tests restores by other means tags them with this. */
export const restoreTestTag = 'backup-restore-test';

/** AWS Backup's name and tag of what it restores for a test (AWS Backup Developer Guide, "Restore testing"). */
const awsName = /^awsbackup-restore-test-/;
const awsTag = 'awsbackup-restore-test';

/** AWS Backup keeps what it restored for a test for 168 hours at most; with a day for making and deleting it. */
const longestTestDays = 8;

/** Whether a database is as young as a restore test may be; RDS shows no creation time while it is still being created. */
export function isYoungAsRestoreTest({ createdAt }: RdsDatabase, now: Date): boolean {
  return createdAt === undefined || createdAt > restoreTestsSince(now);
}

/** Databases that are created before this moment are none. */
export function restoreTestsSince(now: Date): Date {
  return new Date(now.getTime() - longestTestDays * dayMs);
}

/** Whether AWS Backup restored a database for a test: its name alone, or its tag alone, proves nothing. */
export function isAwsRestoreTest({ id, tags }: RdsDatabase): boolean {
  return awsName.test(id) && tags[awsTag] !== undefined;
}
