/** Reads AWS Backup's jobs in bulk, page by page: never one call a database. */
import type { BackupClient, BackupServiceException, BackupJob as Row } from '@aws-sdk/client-backup';
import { groupBy } from 'es-toolkit/array';
import type { BackupJob, BackupJobs } from '../domain/index.ts';
import type { AwsCalls } from '../lib/aws-calls.ts';

/** AWS Backup's largest page (API reference of ListBackupJobs and ListRestoreJobs). */
const pageSize = 1000;

/** What it calls RDS's databases; a listing takes one of them. Multi-AZ clusters are `RDS`. */
const resourceTypes = ['RDS', 'Aurora'] as const;

export class AwsBackupReader {
  readonly #connect: () => Promise<BackupClient>;
  #restored: Promise<ReadonlySet<string>> | undefined;
  /** How many calls were made, by action. */
  readonly calls: Record<string, number> = {};

  /** Most runs depend on no jobs, so AWS Backup's client is loaded and made when the first of them are read. */
  constructor(connect: () => Promise<BackupClient>) {
    this.#connect = connect;
  }

  /**
   * All jobs of RDS databases. AWS Backup shows those of the last 30 days (API reference of ListBackupJobs). Throws where
   * they cannot be read to the end, `timeIsUp` included: half of them prove nothing.
   */
  async jobs(timeIsUp: () => boolean): Promise<BackupJobs> {
    const rows: Row[] = [];
    const { paginateListBackupJobs, client } = await this.#pages();
    for (const ByResourceType of resourceTypes) {
      for await (const page of paginateListBackupJobs({ client, pageSize }, { ByResourceType })) {
        this.calls.ListBackupJobs = (this.calls.ListBackupJobs ?? 0) + 1;
        rows.push(...(page.BackupJobs ?? []));
        if (timeIsUp()) throw new Error('it took too long');
      }
    }
    const jobs = rows.flatMap((row) => toJob(row) ?? []);
    return new Map(Object.entries(groupBy(jobs, ({ resourceArn }) => resourceArn.toLowerCase())));
  }

  /**
   * What restore testing plans have restored since a moment: ARNs of databases, in lower case (API reference of ListRestoreJobs:
   * `CreatedBy`, `CreatedResourceArn`). Read once a reader, however many chunks ask. Throws where that cannot be read.
   */
  restoredForTests(since: Date): Promise<ReadonlySet<string>> {
    this.#restored ??= this.#readRestored(since);
    return this.#restored;
  }

  async #readRestored(since: Date): Promise<ReadonlySet<string>> {
    const restored = new Set<string>();
    const { paginateListRestoreJobs, client } = await this.#pages();
    for (const ByResourceType of resourceTypes) {
      const input = { ByResourceType, ByCreatedAfter: since };
      for await (const page of paginateListRestoreJobs({ client, pageSize }, input)) {
        this.calls.ListRestoreJobs = (this.calls.ListRestoreJobs ?? 0) + 1;
        for (const { CreatedBy, CreatedResourceArn } of page.RestoreJobs ?? []) {
          if (CreatedBy?.RestoreTestingPlanArn === undefined || CreatedResourceArn === undefined) continue;
          restored.add(CreatedResourceArn.toLowerCase());
        }
      }
    }
    return restored;
  }

  async #pages() {
    return { ...(await import('./pages.ts')), client: await this.#connect() };
  }
}

/** The calls that the reader makes, and the rights to them. Source: Service Authorization Reference, AWS Backup. */
export const awsBackupCalls = {
  ListBackupJobs: { account: ['backup:ListBackupJobs'] },
  ListRestoreJobs: { account: ['backup:ListRestoreJobs'] },
} as const satisfies AwsCalls<'account'>;

/** Whether AWS refused a call for want of a right. */
export function isDenied(error: unknown): boolean {
  if (!(error instanceof Error && '$metadata' in error)) return false;
  const { $metadata, name } = error as BackupServiceException;
  return $metadata.httpStatusCode === 403 || name === 'AccessDeniedException';
}

/** Undefined for a row that names no resource, state or time: it says nothing of any database. */
function toJob(row: Row): BackupJob | undefined {
  const { BackupJobId: id, ResourceArn: resourceArn, State: state, CreationDate: createdAt } = row;
  if (id === undefined || resourceArn === undefined || state === undefined || createdAt === undefined) return undefined;
  return {
    id,
    resourceArn,
    state,
    createdAt,
    ...(row.StatusMessage && { message: row.StatusMessage }),
    ...(row.StartBy && { startBy: row.StartBy }),
    ...(row.CompletionDate && { endedAt: row.CompletionDate }),
    ...(row.RecoveryPointArn && { recoveryPointArn: row.RecoveryPointArn }),
  };
}
