/** RDS's export tasks, as far as copies need them. */
import { type ExportTask, paginateDescribeExportTasks, type RDSClient } from '@aws-sdk/client-rds';

/** Export tasks that an account may have under way (Amazon RDS User Guide, "Exporting DB snapshot data"). */
export const exportSlots = 5;

/** Values put into one filter; AWS documents no limit. */
const idsAFilter = 50;

/**
 * Slots that are taken, by anyone in the account: a task takes one from `STARTING` on. `CANCELING` is not counted: should
 * it still hold its slot, RDS says so at the start, and the copy waits.
 */
export async function takenSlots(rds: RDSClient): Promise<number> {
  let taken = 0;
  // The filter wants lower case, the answer is in upper case.
  const filter = { Name: 'status', Values: ['starting', 'in_progress'] };
  for await (const page of paginateDescribeExportTasks({ client: rds, pageSize: 100 }, { Filters: [filter] })) {
    taken += page.ExportTasks?.length ?? 0;
  }
  return taken;
}

/** Export tasks by id; what RDS does not know is left out. */
export async function tasksById(rds: RDSClient, ids: readonly string[]): Promise<Map<string, ExportTask>> {
  const tasks = new Map<string, ExportTask>();
  const distinct = [...new Set(ids)];
  for (let from = 0; from < distinct.length; from += idsAFilter) {
    const filter = { Name: 'export-task-identifier', Values: distinct.slice(from, from + idsAFilter) };
    for await (const page of paginateDescribeExportTasks({ client: rds, pageSize: 100 }, { Filters: [filter] })) {
      for (const task of page.ExportTasks ?? []) {
        if (task.ExportTaskIdentifier !== undefined) tasks.set(task.ExportTaskIdentifier, task);
      }
    }
  }
  return tasks;
}
