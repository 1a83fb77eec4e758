/** What the end of a job of AWS Backup leaves in the ledger, and whose check it asks for. */
import type { JobEvent } from '../aws-backup/index.ts';
import type { Fleet } from '../config/index.ts';
import { backupIdOf, type CopyJob, type RdsDatabase } from '../domain/index.ts';
import { type Ledger, updateBackup, updateDatabase } from '../ledger/index.ts';
import type { Log } from '../lib/log.ts';
import { isDatabaseArn, parseRdsArn, type RdsReader } from '../rds/index.ts';

/** Copy jobs that a backup's row keeps. */
const copyJobsKept = 10;

interface Deps {
  readonly ledger: Ledger;
  readonly rds: RdsReader;
  readonly fleet: Fleet;
  readonly log: Log;
  readonly now: () => Date;
}

type Ended<Job extends JobEvent['job']> = Extract<JobEvent, { readonly job: Job }>;

/** ARN of the database that is to be checked; undefined where there is none, or where nothing of it depends on the job. */
export async function databaseAfterJob(deps: Deps, event: JobEvent): Promise<string | undefined> {
  if (event.job === 'copy') {
    await recordCopyJob(deps, event);
    return undefined;
  }
  const arn = event.job === 'backup' ? event.resourceArn : event.createdArn;
  if (arn === undefined || !isDatabaseArn(arn)) {
    deps.log.info(`${event.job} job is of no database`, { job: event.id, state: event.state, resource: arn });
    return undefined;
  }
  if (event.job === 'restore') await recordRestoreTest(deps, event, arn);
  return arn;
}

/** Notes what a restore testing plan has restored, so that its database enrols nowhere, whatever else can be read. */
async function recordRestoreTest(
  { ledger, rds, fleet, now: clock }: Deps,
  { testingPlan: restoreTestingPlan }: Ended<'restore'>,
  arn: string,
): Promise<void> {
  if (restoreTestingPlan === undefined || fleet.discovery === undefined) return;
  const { type, id } = parseRdsArn(arn);
  const found: readonly RdsDatabase[] =
    type === 'cluster' ? await rds.clustersNamed({ ids: [id] }) : (await rds.instancesNamed({ ids: [id] })).databases;
  const [odd] = rds.takeOdd();
  if (odd) throw odd;
  const now = clock();
  for (const { key, kind, id, engine } of found) {
    await updateDatabase(ledger, key, (row) => ({
      ...(row ?? { key, id, kind, engine, enrolledAt: now }),
      restoreTestingPlan,
    }));
  }
}

/** Writes a copy job onto the backup that it copied. */
async function recordCopyJob(
  { ledger, log }: Deps,
  { id, state, from, to, endedAt, message }: Ended<'copy'>,
): Promise<void> {
  const job: CopyJob = {
    id,
    state,
    endedAt,
    ...(to !== undefined && { to }),
    ...(message !== undefined && { message }),
  };
  // The newest of those that the ARN has named is the one that was there to be copied.
  const [backup] = from === undefined ? [] : await ledger.backupsByArn(from);
  if (backup === undefined) {
    log.info('copy job is of no recorded backup', { job: id, state, recoveryPoint: from });
    return;
  }
  await updateBackup(ledger, backupIdOf(backup), (row) => {
    const others = (row.copyJobs ?? []).filter((other) => other.id !== id);
    return { ...row, copyJobs: [job, ...others].slice(0, copyJobsKept) };
  });
}
