/** AWS Backup's restore and copy jobs, as far as anybody hears of them. */
import type { ListRestoreJobsInput, ListRestoreJobsOutput, RestoreJobsListMember } from '@aws-sdk/client-backup';
import { announceJob, type BackupJobsOptions } from './backup-jobs.ts';
import type { Fleet } from './fleet.ts';
import { type Database, isAurora, type Snapshot } from './model.ts';
import { uuid } from './randomness.ts';

export interface CopyJobSpec {
  /** ARN of the vault that the copy goes to. */
  readonly vault: string;
  readonly state?: 'COMPLETED' | 'FAILED';
  readonly message?: string;
}

export class RestoreJobs {
  readonly #fleet: Fleet;
  readonly #options: BackupJobsOptions;
  readonly #jobs: RestoreJobsListMember[] = [];

  constructor(fleet: Fleet, options: BackupJobsOptions) {
    this.#fleet = fleet;
    this.#options = options;
  }

  /** A restore of AWS Backup has made a database just now; `testingPlan` is the ARN of its restore testing plan, if it has one. */
  restored(database: Database, testingPlan: string | undefined): void {
    const fleet = this.#fleet;
    const job = {
      AccountId: fleet.account,
      RestoreJobId: uuid(fleet.random),
      ResourceType: isAurora(database.engine) ? 'Aurora' : 'RDS',
      Status: 'COMPLETED',
      CreationDate: fleet.now,
      CompletionDate: fleet.now,
      CreatedResourceArn: database.arn,
      ...(testingPlan !== undefined && { CreatedBy: { RestoreTestingPlanArn: testingPlan } }),
    } as const satisfies RestoreJobsListMember;
    this.#jobs.push(job);
    announceJob(fleet, this.#options, 'Restore', [], {
      restoreJobId: job.RestoreJobId,
      status: job.Status,
      resourceType: job.ResourceType,
      creationDate: job.CreationDate.toISOString(),
      createdResourceArn: job.CreatedResourceArn,
      ...(testingPlan !== undefined && { restoreTestingPlanArn: testingPlan }),
    });
  }

  /** AWS Backup has copied a snapshot to a vault, or failed to. */
  copied(snapshot: Snapshot, { vault, state = 'COMPLETED', message }: CopyJobSpec): void {
    const fleet = this.#fleet;
    const id = uuid(fleet.random);
    announceJob(fleet, this.#options, 'Copy', [snapshot.arn], {
      copyJobId: id,
      state,
      creationDate: fleet.now.toISOString(),
      completionDate: fleet.now.toISOString(),
      destinationBackupVaultArn: vault,
      // AWS's sample of FAILED has an empty object here.
      destinationRecoveryPointArn:
        state === 'COMPLETED' ? snapshot.arn.replace(/snapshot:.*$/, `snapshot:awsbackup:copyjob-${id}`) : {},
      ...(message !== undefined && { statusMessage: message }),
    });
  }

  /** All in one page of ListRestoreJobs. */
  list({ ByResourceType, ByCreatedAfter }: ListRestoreJobsInput): ListRestoreJobsOutput {
    const since = ByCreatedAfter && new Date(ByCreatedAfter);
    const RestoreJobs = this.#jobs.filter(
      ({ ResourceType, CreationDate }) =>
        ResourceType === (ByResourceType ?? ResourceType) && (since === undefined || (CreationDate ?? since) > since),
    );
    return { RestoreJobs };
  }
}
