/** What AWS Backup shows. Nothing here knows AWS's shapes: those are parsed at the edge (`shared/aws-backup`). */

/** A backup job of AWS Backup. */
export interface BackupJob {
  readonly id: string;
  /** ARN of the instance or cluster that it backs up. */
  readonly resourceArn: string;
  /** `CREATED`, `RUNNING`, `COMPLETED`, `FAILED`, `EXPIRED`, `ABORTED`, ... A free string. */
  readonly state: string;
  readonly message?: string;
  readonly createdAt: Date;
  /** The end of its start window: a job that has not begun by then expires. */
  readonly startBy?: Date;
  readonly endedAt?: Date;
  /** ARN of an RDS snapshot; of a recovery point of AWS Backup's own where its vault holds no snapshot. */
  readonly recoveryPointArn?: string;
}

/** All jobs that AWS Backup shows, by the ARN of what they back up, in lower case. */
export type BackupJobs = ReadonlyMap<string, readonly BackupJob[]>;
