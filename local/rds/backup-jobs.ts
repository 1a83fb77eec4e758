/** AWS Backup's jobs on the simulated databases: start windows, ends of every kind, events, and their listing. */
import type {
  BackupJob,
  ListBackupJobsInput,
  ListBackupJobsOutput,
  ListRestoreJobsInput,
  ListRestoreJobsOutput,
} from '@aws-sdk/client-backup';
import { RdsFault } from './faults.ts';
import type { Fleet } from './fleet.ts';
import { type Database, isAurora, type Snapshot } from './model.ts';
import { between, uuid } from './randomness.ts';

export type BackupJobState = 'CREATED' | 'RUNNING' | 'COMPLETED' | 'FAILED' | 'EXPIRED' | 'ABORTED';

export interface BackupJobSpec {
  /** AWS Backup's default is 8 hours. */
  startWindowMinutes?: number;
  /** When it begins, after its creation. Default: at once. One that would begin after its window expires. */
  startsAfterMinutes?: number;
  durationMinutes?: number;
  /** How it ends once it has begun. */
  ends?: 'COMPLETED' | 'FAILED' | 'ABORTED';
  message?: string;
  /** An air-gapped vault keeps the recovery point itself; the snapshot is a temporary one. */
  vault?: 'default' | 'air-gapped';
}

/** A backup job, as AWS Backup holds it. */
export interface SimulatedBackupJob {
  readonly id: string;
  readonly resourceArn: string;
  readonly resourceType: 'RDS' | 'Aurora';
  readonly vault: string;
  readonly createdAt: Date;
  readonly startBy: Date;
  state: BackupJobState;
  message: string | undefined;
  endedAt: Date | undefined;
  recoveryPointArn: string | undefined;
}

/** An event of AWS Backup as EventBridge hands it to its targets. */
export interface BackupStateEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': `${'Backup' | 'Copy' | 'Restore'} Job State Change`;
  readonly source: 'aws.backup';
  readonly account: string;
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, string | object>>;
}

export interface BackupJobsOptions {
  /** Takes each event at the simulated moment of its delivery. */
  backupEventSink?: (event: BackupStateEvent) => void | Promise<void>;
  /** Its events come at most this much later. Default: 5, since AWS Backup sends them every five minutes. */
  backupEventMinutes?: number;
  /** Whether an event of AWS Backup is lost: it sends them by best effort. */
  losesBackupEvent?: (event: BackupStateEvent) => boolean;
}

const minute = 60_000;
const listedDays = 30;

/** AWS Backup tries again this often while it cannot begin. */
const retryMinutes = 10;

const messages: Readonly<Partial<Record<BackupJobState, string>>> = {
  FAILED: 'The backup job failed: the DB instance is not in a state in which a snapshot can be taken.',
  EXPIRED: 'Backup job failed because there was a running job for the same resource.',
  ABORTED: 'Backup job stopped by user.',
};

export class BackupJobs {
  readonly #fleet: Fleet;
  readonly #options: BackupJobsOptions;
  #jobs: SimulatedBackupJob[] = [];

  constructor(fleet: Fleet, options: BackupJobsOptions) {
    this.#fleet = fleet;
    this.#options = options;
  }

  /** A plan's rule, or somebody, creates a job now. */
  start(of: string | Database, spec: BackupJobSpec = {}): SimulatedBackupJob {
    const fleet = this.#fleet;
    const database = fleet.find(of);
    const { startWindowMinutes = 480, startsAfterMinutes = 0 } = spec;
    const createdAt = fleet.now;
    const startBy = new Date(createdAt.getTime() + startWindowMinutes * minute);
    const job: SimulatedBackupJob = {
      id: uuid(fleet.random),
      resourceArn: database.arn,
      resourceType: isAurora(database.engine) ? 'Aurora' : 'RDS',
      vault: spec.vault ?? 'default',
      createdAt,
      startBy,
      state: 'CREATED',
      message: undefined,
      endedAt: undefined,
      recoveryPointArn: undefined,
    };
    this.#jobs.push(job);
    this.#announce(job);
    this.#begin(job, database, spec, new Date(createdAt.getTime() + startsAfterMinutes * minute));
    return job;
  }

  /** Somebody stops a job that has not ended. */
  stop(job: SimulatedBackupJob): void {
    this.#end(job, 'ABORTED', messages.ABORTED);
  }

  /** One page of ListBackupJobs. */
  list({ MaxResults = 1000, NextToken = '0', ...by }: ListBackupJobsInput): ListBackupJobsOutput {
    const size = Number(MaxResults);
    const next = Number(NextToken) + size;
    if (!(size >= 1 && size <= 1000)) throw new RdsFault('InvalidParameterValueException', 400, `maxResults: ${size}`);
    const { now } = this.#fleet;
    const oldest = now.getTime() - listedDays * 24 * 60 * minute;
    this.#jobs = this.#jobs.filter(({ createdAt }) => createdAt.getTime() >= oldest);
    const rows = this.#jobs.filter(
      ({ resourceType, resourceArn, state }) =>
        resourceType === (by.ByResourceType ?? resourceType) &&
        resourceArn === (by.ByResourceArn ?? resourceArn) &&
        state === (by.ByState ?? state),
    );
    return {
      BackupJobs: rows.slice(next - size, next).map((job) => this.#row(job)),
      ...(next < rows.length && { NextToken: String(next) }),
    };
  }

  #row(job: SimulatedBackupJob): BackupJob {
    return {
      AccountId: this.#fleet.account,
      BackupJobId: job.id,
      BackupVaultName: job.vault,
      ResourceArn: job.resourceArn,
      ResourceType: job.resourceType,
      State: job.state,
      CreationDate: job.createdAt,
      StartBy: job.startBy,
      StatusMessage: job.message,
      CompletionDate: job.endedAt,
      RecoveryPointArn: job.recoveryPointArn,
    };
  }

  #begin(job: SimulatedBackupJob, database: Database, spec: BackupJobSpec, at: Date): void {
    if (at > job.startBy) {
      this.#fleet.plan(job.startBy, () => this.#end(job, 'EXPIRED', spec.message ?? messages.EXPIRED));
      return;
    }
    this.#fleet.plan(at, () => {
      if (job.state !== 'CREATED') return;
      if (this.#cannotBegin(job, database)) {
        this.#begin(job, database, spec, new Date(at.getTime() + retryMinutes * minute));
        return;
      }
      this.#run(job, database, spec);
    });
  }

  #cannotBegin(job: SimulatedBackupJob, database: Database): boolean {
    const busy = this.#jobs.some(
      (other) => other !== job && other.resourceArn === job.resourceArn && other.state === 'RUNNING',
    );
    return busy || database.deleted || database.status !== 'available';
  }

  #run(
    job: SimulatedBackupJob,
    database: Database,
    { durationMinutes = 20, ends, message, vault }: BackupJobSpec,
  ): void {
    const fleet = this.#fleet;
    const state = ends ?? 'COMPLETED';
    job.state = 'RUNNING';
    this.#announce(job);
    const snapshot =
      state === 'COMPLETED'
        ? fleet.takeBackup(database, { kind: 'awsbackup', id: `awsbackup:job-${job.id}`, durationMinutes })
        : undefined;
    fleet.plan(new Date(fleet.now.getTime() + durationMinutes * minute), () => {
      if (job.endedAt !== undefined) {
        if (snapshot) fleet.expire(snapshot);
        return;
      }
      if (snapshot) this.#keep(job, snapshot, vault ?? 'default');
      this.#end(job, state, message ?? messages[state]);
    });
  }

  #keep(job: SimulatedBackupJob, snapshot: Snapshot, vault: NonNullable<BackupJobSpec['vault']>): void {
    if (vault === 'default') {
      job.recoveryPointArn = snapshot.arn;
      return;
    }
    this.#fleet.expire(snapshot);
    const { account, region } = this.#fleet;
    job.recoveryPointArn = `arn:aws:backup:${region}:${account}:recovery-point:${job.id}`;
  }

  #end(job: SimulatedBackupJob, state: BackupJobState, message: string | undefined): void {
    if (job.endedAt !== undefined) return;
    job.state = state;
    job.message = message;
    job.endedAt = this.#fleet.now;
    this.#announce(job);
  }

  #announce(job: SimulatedBackupJob): void {
    announceJob(
      this.#fleet,
      this.#options,
      'Backup',
      job.recoveryPointArn === undefined ? [] : [job.recoveryPointArn],
      {
        backupJobId: job.id,
        state: job.state,
        creationDate: job.createdAt.toISOString(),
        // AWS's sample of CREATED names no resource.
        ...(job.state !== 'CREATED' && { resourceArn: job.resourceArn, resourceType: job.resourceType }),
        ...(job.message !== undefined && { statusMessage: job.message }),
      },
    );
  }
}

/** Sends an event of AWS Backup, some minutes late. */
export function announceJob(
  fleet: Fleet,
  { backupEventSink: sink, backupEventMinutes = 5, losesBackupEvent }: BackupJobsOptions,
  job: 'Backup' | 'Copy' | 'Restore',
  resources: readonly string[],
  detail: BackupStateEvent['detail'],
): void {
  if (sink === undefined) return;
  const { now, account, region, random } = fleet;
  const event: BackupStateEvent = {
    version: '0',
    id: uuid(random),
    'detail-type': `${job} Job State Change`,
    source: 'aws.backup',
    account,
    time: `${now.toISOString().slice(0, 19)}Z`,
    region,
    resources,
    detail,
  };
  if (losesBackupEvent?.(event)) return;
  fleet.plan(new Date(now.getTime() + between(random, 0, backupEventMinutes) * minute), () => sink(event));
}

/** What answers the listings of jobs. */
interface JobLists {
  listBackupJobs(input: ListBackupJobsInput): ListBackupJobsOutput;
  listRestoreJobs(input: ListRestoreJobsInput): ListRestoreJobsOutput;
}

/** Whether a path is one of those that `answerJobs` answers. */
export function isJobsPath(path: string): boolean {
  return /^\/(backup|restore)-jobs\/?$/.test(path);
}

/** Answers a GET of `/backup-jobs` or `/restore-jobs`, in AWS Backup's own protocol: times are seconds. */
export function answerJobs(
  lists: JobLists,
  path: string,
  query: URLSearchParams,
): { statusCode: number; headers: Readonly<Record<string, string>>; body: string } {
  const reply = (statusCode: number, body: object, errorType?: string) => ({
    statusCode,
    headers: { 'content-type': 'application/json', ...(errorType !== undefined && { 'x-amzn-errortype': errorType }) },
    body: JSON.stringify(body),
  });
  try {
    const input = Object.fromEntries([...query].map(([name, value]) => [inputNames[name] ?? name, value]));
    if (path.startsWith('/restore-jobs')) {
      const { RestoreJobs = [], NextToken } = lists.listRestoreJobs(input);
      return reply(200, { RestoreJobs: RestoreJobs.map(inSeconds), NextToken });
    }
    const { BackupJobs = [], NextToken } = lists.listBackupJobs(input);
    return reply(200, { BackupJobs: BackupJobs.map(inSeconds), NextToken });
  } catch (error) {
    if (error instanceof RdsFault) return reply(error.status, { message: error.message }, error.code);
    console.error(error);
    return reply(500, { message: 'An internal error occurred.' }, 'ServiceUnavailableException');
  }
}

const inputNames: Readonly<Record<string, string>> = {
  maxResults: 'MaxResults',
  nextToken: 'NextToken',
  resourceType: 'ByResourceType',
  resourceArn: 'ByResourceArn',
  state: 'ByState',
  createdAfter: 'ByCreatedAfter',
};

function inSeconds(row: object): object {
  const fields = Object.entries(row).map(([name, value]) => [
    name,
    value instanceof Date ? value.getTime() / 1000 : value,
  ]);
  return Object.fromEntries(fields);
}
