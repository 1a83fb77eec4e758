/**
 * AWS Backup's events as EventBridge delivers them: best effort, so they only say where to look.
 * Source: AWS Backup Developer Guide, "Monitoring AWS Backup events using EventBridge".
 */
import { z } from 'zod';

/**
 * Jobs that have ended. Copy jobs say nothing of a backup, and events of jobs that have not ended nothing that a look could
 * find; the guide's sample of CREATED does not even name the resource.
 */
export const backupJobEventPattern = {
  source: ['aws.backup'],
  detailType: ['Backup Job State Change'],
  detail: { state: ['COMPLETED', 'FAILED', 'EXPIRED', 'ABORTED'] },
};

/** The end of a backup job. */
export interface BackupJobEvent {
  readonly jobId: string;
  readonly state: string;
  /** ARN of what it backed up, of any service; some events have none. */
  readonly resourceArn?: string;
}

const envelope = z.object({
  source: z.literal('aws.backup'),
  detail: z.object({
    backupJobId: z.string(),
    state: z.string(),
    resourceArn: z.string().optional(),
  }),
});

/** Reads an event of AWS Backup; undefined where the message is none, and an `Error` that says what is wrong with one. */
export function parseBackupJobEvent(body: string): BackupJobEvent | undefined {
  const event = jsonOf(body);
  if (typeof event !== 'object' || event === null || !('source' in event) || event.source !== 'aws.backup') {
    return undefined;
  }
  const parsed = envelope.safeParse(event);
  if (!parsed.success) {
    throw new Error(`not an event of a backup job: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  }
  const { backupJobId: jobId, state, resourceArn } = parsed.data.detail;
  return { jobId, state, ...(resourceArn !== undefined && { resourceArn }) };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
