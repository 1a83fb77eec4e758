import { CancelExportTaskCommand, RDSClient } from '@aws-sdk/client-rds';
import { UserError } from '../user-error.ts';

/** Asks RDS to end an export task of a Region; its end is an event like any other. */
export async function cancelExport(taskId: string, region: string): Promise<void> {
  try {
    await new RDSClient({ region }).send(new CancelExportTaskCommand({ ExportTaskIdentifier: taskId }));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/^ExportTaskNotFound/.test(error.name))
      throw new UserError(`RDS knows no export task ${taskId}: it may not have started yet; try again in a moment.`);
    if (/^InvalidExportTaskState/.test(error.name))
      throw new UserError(`RDS can no longer cancel the export task ${taskId}: it has ended.`);
    throw error;
  }
}
