import type {
  ListBackupJobsInput,
  ListBackupJobsOutput,
  ListRestoreJobsInput,
  ListRestoreJobsOutput,
} from '@aws-sdk/client-backup';
import {
  CancelExportTask$,
  DescribeBlueGreenDeployments$,
  DescribeDBClusterSnapshots$,
  DescribeDBClusters$,
  DescribeDBInstances$,
  DescribeDBSnapshots$,
  DescribeDBSnapshotTenantDatabases$,
  DescribeEvents$,
  DescribeExportTasks$,
  type ExportTask,
  StartExportTask$,
} from '@aws-sdk/client-rds';
import type { StaticOperationSchema } from '@smithy/types';
import { type BackupJobSpec, BackupJobs, type BackupJobsOptions, type SimulatedBackupJob } from './backup-jobs.ts';
import {
  describeClusterSnapshots,
  describeClusters,
  describeDeployments,
  describeEvents,
  describeInstanceSnapshots,
  describeInstances,
  describeSnapshotTenants,
} from './describe.ts';
import { type ExportOptions, type ExportOutcome, Exports } from './exports.ts';
import { RdsFault as Fault, type RdsFault } from './faults.ts';
import { Fleet, type FleetOptions } from './fleet.ts';
import type { Database, Snapshot } from './model.ts';
import { type CopyJobSpec, RestoreJobs } from './restore-jobs.ts';
import { type CallHook, Trouble } from './trouble.ts';
import { nextTimeOfDay } from './windows.ts';

export interface SimulatorOptions extends FleetOptions, ExportOptions, BackupJobsOptions {
  awsBackupRowsWithoutType?: boolean;
}

type Input = Record<string, unknown>;

interface Operation {
  readonly schema: StaticOperationSchema;
  readonly run: (input: Input) => unknown;
}

/** RDS of one account and Region: its fleet, its export tasks, AWS Backup's jobs, and its API with the trouble that callers have with it. */
export class RdsSimulator extends Fleet {
  readonly #exports: Exports;
  readonly #backupJobs: BackupJobs;
  readonly #restoreJobs: RestoreJobs;
  readonly #trouble = new Trouble(() => this.now);
  readonly #operations: Readonly<Record<string, Operation>>;

  constructor(options: SimulatorOptions) {
    super(options);
    this.#exports = new Exports(this, (arn) => this.snapshotByArn(arn), options);
    this.#backupJobs = new BackupJobs(this, options);
    this.#restoreJobs = new RestoreJobs(this, options);
    this.#operations = this.#apiOf(options.awsBackupRowsWithoutType ?? false);
  }

  /** The model of an operation, or a fault for one that is not simulated. */
  operation(action: string): StaticOperationSchema {
    return this.#operationNamed(action).schema;
  }

  /** Answers one API call, or throws an RdsFault. */
  call(action: string, input: Input): unknown {
    const { run } = this.#operationNamed(action);
    this.#trouble.meet(action, input);
    return this.#trouble.answered(run(input));
  }

  /** AWS Backup creates a job now. */
  startBackupJob(database: string | Database, spec: BackupJobSpec = {}): SimulatedBackupJob {
    return this.#backupJobs.start(database, spec);
  }

  stopBackupJob(job: SimulatedBackupJob): void {
    this.#backupJobs.stop(job);
  }

  /** AWS Backup's ListBackupJobs; it meets the same trouble as the calls of RDS. */
  listBackupJobs(input: ListBackupJobsInput): ListBackupJobsOutput {
    this.#trouble.meet('ListBackupJobs', { ...input });
    return this.#backupJobs.list(input);
  }

  /** AWS Backup has restored a database, as the test of a plan where there is one. */
  endRestoreJob(database: Database, testingPlan?: string): void {
    this.#restoreJobs.restored(database, testingPlan);
  }

  /** AWS Backup has copied a snapshot, or failed to. */
  endCopyJob(snapshot: Snapshot, spec: CopyJobSpec): void {
    this.#restoreJobs.copied(snapshot, spec);
  }

  /** AWS Backup's ListRestoreJobs, likewise. */
  listRestoreJobs(input: ListRestoreJobsInput): ListRestoreJobsOutput {
    this.#trouble.meet('ListRestoreJobs', { ...input });
    return this.#restoreJobs.list(input);
  }

  /** To the next moment at which it is `untilUtc` (`hh:mm`). */
  runNight(untilUtc: string): Promise<void> {
    return this.advanceTo(nextTimeOfDay(untilUtc, this.now));
  }

  planExport(snapshotId: string, outcome: ExportOutcome, times = 1): void {
    this.#exports.plan(snapshotId, outcome, times);
  }

  exportTasks(): ExportTask[] {
    return this.#exports.tasks();
  }

  calls(action?: string): number {
    return this.#trouble.calls(action);
  }

  resetCalls(): void {
    this.#trouble.resetCalls();
  }

  onCall(hook: CallHook): () => void {
    return this.#trouble.onCall(hook);
  }

  failNext(action: string, times: number, fault?: RdsFault): void {
    this.#trouble.failNext(action, times, fault);
  }

  failPage(action: string, page: number, fault?: RdsFault): () => void {
    return this.#trouble.failPage(action, page, fault);
  }

  leaveOut(arn: string, field: string): () => void {
    return this.#trouble.leaveOut(arn, field);
  }

  throttle(bucket: { capacity: number; perSecond: number }): () => void {
    return this.#trouble.throttle(bucket);
  }

  #operationNamed(action: string): Operation {
    const operation = Object.hasOwn(this.#operations, action) ? this.#operations[action] : undefined;
    if (operation === undefined) throw new Fault('InvalidAction', 400, `Could not find operation ${action}`);
    return operation;
  }

  #apiOf(awsBackupRowsWithoutType: boolean): Readonly<Record<string, Operation>> {
    const { shelves } = this;
    const listing = () => ({ now: this.now, awsBackupRowsWithoutType });
    return {
      DescribeDBInstances: {
        schema: DescribeDBInstances$,
        run: (input) => describeInstances(shelves.instances, input, this.now),
      },
      DescribeDBClusters: {
        schema: DescribeDBClusters$,
        run: (input) => describeClusters(shelves, input, this.now),
      },
      DescribeDBSnapshots: {
        schema: DescribeDBSnapshots$,
        run: (input) => describeInstanceSnapshots(shelves.instanceSnapshots, input, listing()),
      },
      DescribeDBClusterSnapshots: {
        schema: DescribeDBClusterSnapshots$,
        run: (input) => describeClusterSnapshots(shelves.clusterSnapshots, input, listing()),
      },
      DescribeDBSnapshotTenantDatabases: {
        schema: DescribeDBSnapshotTenantDatabases$,
        run: (input) => describeSnapshotTenants(shelves.instanceSnapshots, input, listing()),
      },
      DescribeBlueGreenDeployments: {
        schema: DescribeBlueGreenDeployments$,
        run: (input) => describeDeployments(shelves.deployments, input),
      },
      DescribeEvents: {
        schema: DescribeEvents$,
        run: (input) => describeEvents(this.history(), input, this.now),
      },
      DescribeExportTasks: { schema: DescribeExportTasks$, run: (input) => this.#exports.describe(input) },
      StartExportTask: { schema: StartExportTask$, run: (input) => this.#exports.start(input) },
      CancelExportTask: { schema: CancelExportTask$, run: (input) => this.#exports.cancel(input) },
    };
  }
}
