/**
 * AWS Backup's events as EventBridge delivers them: best effort, so they only say where to look.
 * Source: AWS Backup Developer Guide, "Monitoring AWS Backup events using EventBridge".
 */
import * as z from 'zod';

const source = ['aws.backup'];

/**
 * Jobs that have ended: nothing can be found of one that has not; the guide's sample of CREATED does not even name the resource.
 * Events of restore jobs have `status` where the others have `state`.
 */
export const jobEventPatterns = {
  BackupJobs: {
    source,
    detailType: ['Backup Job State Change', 'Copy Job State Change'],
    detail: { state: ['COMPLETED', 'FAILED', 'EXPIRED', 'ABORTED'] },
  },
  RestoreJobs: { source, detailType: ['Restore Job State Change'], detail: { status: ['COMPLETED'] } },
} as const;

/** The end of a job. What its event does not say is undefined. */
export type JobEvent =
  | {
      readonly job: 'backup';
      readonly id: string;
      readonly state: string;
      /** ARN of what it backed up, of any service. */
      readonly resourceArn: string | undefined;
    }
  | {
      readonly job: 'copy';
      readonly id: string;
      readonly state: string;
      /** ARN of the recovery point that it copied. */
      readonly from: string | undefined;
      /** ARN of the recovery point that it made, or else of the vault that it was to make it in. */
      readonly to: string | undefined;
      readonly endedAt: Date;
      readonly message: string | undefined;
    }
  | {
      readonly job: 'restore';
      readonly id: string;
      readonly state: string;
      /** ARN of what it made, of any service. */
      readonly createdArn: string | undefined;
      /** ARN of the restore testing plan that it belongs to. */
      readonly testingPlan: string | undefined;
    };

/** The guide's sample of a failed copy has `{}` for the ARN of what it did not make. */
const maybe = z.string().min(1).optional().catch(undefined);

const backupJob = z
  .object({ detail: z.object({ backupJobId: z.string(), state: z.string(), resourceArn: maybe }) })
  .transform(({ detail: { backupJobId: id, state, resourceArn } }): JobEvent => {
    return { job: 'backup', id, state, resourceArn };
  });

const copyJob = z
  .object({
    time: z.coerce.date(),
    resources: z.array(z.string()).catch([]),
    detail: z.object({
      copyJobId: z.string(),
      state: z.string(),
      statusMessage: maybe,
      completionDate: z.coerce.date().optional(),
      destinationRecoveryPointArn: maybe,
      destinationBackupVaultArn: maybe,
    }),
  })
  .transform(({ time, resources: [from], detail }): JobEvent => {
    const { copyJobId: id, state, statusMessage: message, completionDate: endedAt = time } = detail;
    const to = detail.destinationRecoveryPointArn ?? detail.destinationBackupVaultArn;
    return { job: 'copy', id, state, from, to, endedAt, message };
  });

const restoreJob = z
  .object({
    detail: z.object({
      restoreJobId: z.string(),
      status: z.string(),
      createdResourceArn: maybe,
      restoreTestingPlanArn: maybe,
    }),
  })
  .transform(({ detail }): JobEvent => {
    const {
      restoreJobId: id,
      status: state,
      createdResourceArn: createdArn,
      restoreTestingPlanArn: testingPlan,
    } = detail;
    return { job: 'restore', id, state, createdArn, testingPlan };
  });

/** Reads an event of AWS Backup; undefined where the message is none, and an `Error` that says what is wrong with one. */
export function parseJobEvent(body: string): JobEvent | undefined {
  const event = jsonOf(body);
  if (typeof event !== 'object' || event === null || !('source' in event) || event.source !== 'aws.backup') {
    return undefined;
  }
  const type = 'detail-type' in event ? event['detail-type'] : undefined;
  const schema =
    type === 'Copy Job State Change' ? copyJob : type === 'Restore Job State Change' ? restoreJob : backupJob;
  const parsed = schema.safeParse(event);
  if (!parsed.success) {
    throw new Error(`not an event of a job of AWS Backup: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  }
  return parsed.data;
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
