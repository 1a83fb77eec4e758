import type { DescribeExportTasksMessage, ExportTask, StartExportTaskMessage } from '@aws-sdk/client-rds';
import type { EventNumber } from './events.ts';
import {
  clusterSnapshotNotFound,
  crossAccountPassRole,
  exportTaskAlreadyExists,
  exportTaskLimitReached,
  exportTaskNotFound,
  invalidExportOnly,
  invalidExportSourceState,
  invalidExportTaskState,
  invalidParameterValue,
  kmsKeyNotAccessible,
  missingParameter,
  snapshotNotFound,
} from './faults.ts';
import { type Filterable, matchFilters, pageOf } from './listing.ts';
import type { Snapshot } from './model.ts';
import { type ExportTable, tableAsParquet } from './parquet.ts';
import { type Random, uuid } from './randomness.ts';
import { Shelf } from './shelf.ts';
import type { World } from './world.ts';

/** Where exports are written, such as S3, in the name of a role. An error becomes the task's FailureCause. */
export interface ObjectSink {
  put(bucket: string, key: string, body: Uint8Array, roleArn: string): Promise<void>;
}

/** How an export goes. `loseEvent` keeps its end from being announced. */
export type ExportOutcome = { loseEvent?: boolean } & (
  | { kind: 'complete' }
  | { kind: 'warn'; skipTables: number }
  | { kind: 'fail'; cause: string; atPercent?: number }
  | { kind: 'hang'; atPercent?: number }
);

export interface ExportOptions {
  /** Simulated minutes of an export of so many GB. */
  exportMinutes?: (sizeGb: number) => number;
  /** How exports go that `planExport` says nothing of; `now`: when they start. */
  exportOutcome?: (snapshot: Snapshot, random: Random, now: Date) => ExportOutcome;
  objectSink?: ObjectSink;
}

/** Causes as RDS words them when a task failed because of its set-up. The call itself had succeeded. */
export const exportFailure = {
  internal: () => 'An unknown internal error occurred.',
  role: (roleArn: string) =>
    `The RDS export failed to write the export task's metadata because it can't assume the IAM role ${roleArn}.`,
  key: (bucket: string, roleArn: string, keyId: string) =>
    `The RDS export failed to write the export task's metadata to the S3 bucket ${bucket} using the IAM role ${roleArn} with the KMS key ${keyId}. Error code: AccessDenied`,
  bucket: (bucket: string, roleArn: string, action = 's3:PutObject') =>
    `The IAM role ${roleArn} isn't authorized to call ${action} on the S3 bucket ${bucket}. Review your permissions and retry the export.`,
};

type Status = 'STARTING' | 'IN_PROGRESS' | 'COMPLETE' | 'CANCELING' | 'CANCELED' | 'FAILED';

interface Task {
  readonly id: string;
  readonly snapshot: Snapshot;
  readonly bucket: string;
  readonly prefix: string;
  readonly roleArn: string;
  readonly keyId: string;
  readonly exportOnly: readonly string[] | undefined;
  readonly tables: readonly ExportTable[];
  readonly outcome: ExportOutcome;
  readonly requestedAt: Date;
  readonly endsAt: Date;
  status: Status;
  startedAt: Date | undefined;
  endedAt: Date | undefined;
  failureCause: string | undefined;
  warningMessage: string | undefined;
}

const minute = 60 * 1000;
const slots = 5;
const exportableEngines = ['mysql', 'mariadb', 'postgres', 'aurora-mysql', 'aurora-postgresql'];
const statuses = ['canceled', 'canceling', 'complete', 'failed', 'in_progress', 'starting'];

const filterable: Filterable<Task> = {
  'export-task-identifier': ({ id }) => [id],
  's3-bucket': ({ bucket }) => [bucket],
  'source-arn': ({ snapshot }) => [snapshot.arn],
  status: ({ status }) => [status.toLowerCase()],
};

/** Export tasks: five at a time in an account, never two of one snapshot, each with a story of its own. */
export class Exports {
  readonly #world: World;
  readonly #snapshotByArn: (arn: string) => Snapshot | undefined;
  readonly #minutes: (sizeGb: number) => number;
  readonly #outcome: NonNullable<ExportOptions['exportOutcome']>;
  readonly #sink: ObjectSink | undefined;
  readonly #tasks = new Shelf<Task>();
  readonly #planned: { snapshot: string; outcome: ExportOutcome; left: number }[] = [];

  constructor(world: World, snapshotByArn: (arn: string) => Snapshot | undefined, options: ExportOptions) {
    this.#world = world;
    this.#snapshotByArn = snapshotByArn;
    this.#minutes = options.exportMinutes ?? ((sizeGb) => 10 + sizeGb / 10);
    this.#outcome = options.exportOutcome ?? (() => ({ kind: 'complete' }));
    this.#sink = options.objectSink;
  }

  /** The next exports of a snapshot (by id, or `*` for any) go so. */
  plan(snapshot: string, outcome: ExportOutcome, times: number): void {
    this.#planned.push({ snapshot, outcome, left: times });
  }

  tasks(): ExportTask[] {
    return this.#tasks.rows().map((task) => this.#row(task));
  }

  start(input: Partial<StartExportTaskMessage>): ExportTask {
    const id = required(input, 'ExportTaskIdentifier');
    const sourceArn = required(input, 'SourceArn');
    const bucket = required(input, 'S3BucketName');
    const roleArn = required(input, 'IamRoleArn');
    const keyId = required(input, 'KmsKeyId');
    checkIdentifier(id);
    checkPrefix(input.S3Prefix);
    checkKey(keyId, this.#world);
    checkRole(roleArn, this.#world);
    if (this.#tasks.find((task) => task.id === id)) {
      throw exportTaskAlreadyExists(`An export task with the identifier ${id} already exists.`);
    }
    const snapshot = this.#exportable(sourceArn);
    const tables = wantedTables(snapshot, input.ExportOnly);
    const running = this.#tasks.rows().filter(({ status }) => status === 'STARTING' || status === 'IN_PROGRESS');
    const same = running.find((task) => task.snapshot.arn === sourceArn);
    if (same) throw exportTaskAlreadyExists(`The export task ${same.id} of ${sourceArn} is running already.`);
    if (running.length >= slots) throw exportTaskLimitReached(slots);
    return this.#begin({
      id,
      snapshot,
      bucket,
      prefix: input.S3Prefix ?? '',
      roleArn,
      keyId,
      exportOnly: input.ExportOnly,
      tables,
      outcome: this.#outcomeFor(snapshot),
      requestedAt: this.#world.now,
      endsAt: new Date(this.#world.now.getTime() + this.#minutes(snapshot.source.dataGb) * minute),
      status: 'STARTING',
      startedAt: undefined,
      endedAt: undefined,
      failureCause: undefined,
      warningMessage: undefined,
    });
  }

  cancel(input: { ExportTaskIdentifier?: string | undefined }): ExportTask {
    const id = required(input, 'ExportTaskIdentifier');
    const task = this.#tasks.find((row) => row.id === id);
    if (task === undefined) throw exportTaskNotFound(id);
    if (task.status !== 'STARTING' && task.status !== 'IN_PROGRESS') throw invalidExportTaskState(id, task.status);
    task.status = 'CANCELING';
    this.#world.plan(new Date(this.#world.now.getTime() + minute), () => this.#end(task, 'CANCELED'));
    return this.#row(task);
  }

  describe(input: DescribeExportTasksMessage): { ExportTasks: ExportTask[]; Marker: string | undefined } {
    for (const value of input.Filters?.find(({ Name }) => Name === 'status')?.Values ?? []) {
      if (!statuses.includes(value)) throw invalidParameterValue(`Unrecognized status ${value}: use lower case`);
    }
    const filter = matchFilters(input.Filters, filterable);
    const { ExportTaskIdentifier: id, SourceArn: arn } = input;
    if (id !== undefined && !this.#tasks.find((task) => task.id === id)) throw exportTaskNotFound(id);
    const asked = (task: Task) =>
      (id === undefined || task.id === id) &&
      (arn === undefined || task.snapshot.arn === arn) &&
      (input.SourceType === undefined || input.SourceType === 'SNAPSHOT');
    const { rows, Marker } = pageOf(this.#tasks, input, (task) => asked(task) && filter(task));
    return { ExportTasks: rows.map((task) => this.#row(task)), Marker };
  }

  #exportable(sourceArn: string): Snapshot {
    const snapshot = this.#snapshotByArn(sourceArn);
    if (snapshot === undefined) {
      if (sourceArn.includes(':cluster-snapshot:')) throw clusterSnapshotNotFound(sourceArn);
      if (sourceArn.includes(':snapshot:')) throw snapshotNotFound(sourceArn);
      throw invalidParameterValue(`SourceArn must be that of a snapshot or cluster snapshot, got ${sourceArn}`);
    }
    const { engine, storageType } = snapshot.source;
    if (!exportableEngines.includes(engine)) {
      throw invalidParameterValue(`Exporting snapshots of engine ${engine} is not supported`);
    }
    if (storageType === 'standard') {
      throw invalidParameterValue('Exporting snapshots of databases on magnetic storage is not supported');
    }
    if (snapshot.status !== 'available') {
      throw invalidExportSourceState(`The snapshot ${snapshot.id} is ${snapshot.status}, it must be available`);
    }
    return snapshot;
  }

  #outcomeFor(snapshot: Snapshot): ExportOutcome {
    const planned = this.#planned.find((plan) => plan.left > 0 && ['*', snapshot.id].includes(plan.snapshot));
    if (planned === undefined) return this.#outcome(snapshot, this.#world.random, this.#world.now);
    planned.left -= 1;
    return planned.outcome;
  }

  #begin(task: Task): ExportTask {
    this.#tasks.add(task, task.id);
    const duration = task.endsAt.getTime() - task.requestedAt.getTime();
    const at = (share: number) => new Date(task.requestedAt.getTime() + duration * share);
    this.#world.plan(at(startingShare), () => {
      if (task.status !== 'STARTING') return;
      task.status = 'IN_PROGRESS';
      task.startedAt = this.#world.now;
    });
    const { outcome } = task;
    if (outcome.kind === 'fail') {
      this.#world.plan(at(Math.max(startingShare, (outcome.atPercent ?? 50) / 100)), () =>
        this.#fail(task, outcome.cause),
      );
    } else if (outcome.kind !== 'hang') {
      this.#world.plan(task.endsAt, () => this.#complete(task));
    }
    return this.#row(task);
  }

  #fail(task: Task, cause: string): void {
    if (task.status !== 'IN_PROGRESS') return;
    task.failureCause = cause;
    this.#end(task, 'FAILED');
  }

  async #complete(task: Task): Promise<void> {
    if (task.status !== 'IN_PROGRESS') return;
    const { tables } = task;
    const skipped = task.outcome.kind === 'warn' ? tables.slice(0, task.outcome.skipTables) : [];
    const failure = await this.#write(task, tables, skipped);
    if (failure !== undefined) return this.#fail(task, failure);
    if (skipped.length > 0) task.warningMessage = warningMessage(task, skipped);
    for (const { name } of skipped) {
      const number: EventNumber = task.snapshot.kind === 'instance' ? '0484' : '0489';
      this.#world.emit(number, task.snapshot, { named: name, announced: task.outcome.loseEvent !== true });
    }
    this.#end(task, 'COMPLETE');
  }

  #end(task: Task, status: 'COMPLETE' | 'FAILED' | 'CANCELED'): void {
    task.status = status;
    task.endedAt = this.#world.now;
    const numbers: Record<typeof status, readonly [EventNumber, EventNumber]> = {
      FAILED: ['0159', '0162'],
      CANCELED: ['0160', '0163'],
      COMPLETE: ['0161', '0164'],
    };
    const [ofInstance, ofCluster] = numbers[status];
    const number = task.snapshot.kind === 'instance' ? ofInstance : ofCluster;
    this.#world.emit(number, task.snapshot, { announced: task.outcome.loseEvent !== true });
  }

  /** Writes the tree that RDS leaves behind, and answers with the cause of failure if the bucket refuses. */
  async #write(
    task: Task,
    tables: readonly ExportTable[],
    skipped: readonly ExportTable[],
  ): Promise<string | undefined> {
    if (this.#sink === undefined) return undefined;
    const sink = this.#sink;
    const put = (key: string, body: Uint8Array) => sink.put(task.bucket, key, body, task.roleArn);
    const root = task.prefix === '' ? task.id : `${task.prefix}/${task.id}`;
    const now = this.#world.now;
    try {
      for (const table of tables.filter((candidate) => !skipped.includes(candidate))) {
        const folder = `${root}/${databaseOf(task.snapshot, table)}/${table.name}/1`;
        const name = `part-00000-${uuid(this.#world.random)}-c000.gz.parquet`;
        await put(`${folder}/${name}`, tableAsParquet(table, now));
      }
      const info = { ...this.#row(task), Status: 'COMPLETE', PercentProgress: 100, TaskEndTime: now };
      await put(`${root}/export_info_${task.id}.json`, json(lowerCamelKeys(info)));
      const list = `${root}/export_tables_info_${task.id}_from_1_to_${tables.length}.json`;
      await put(list, json(tableList(task, tables, skipped)));
      return undefined;
    } catch (error) {
      // RDS names a refusing bucket in the task's cause; the sink's own words help whoever runs the simulator.
      return `${exportFailure.bucket(task.bucket, task.roleArn)} (${error instanceof Error ? error.message : String(error)})`;
    }
  }

  #row(task: Task): ExportTask {
    const percent = this.#percent(task);
    const ended = task.status === 'COMPLETE' ? 100 : percent;
    return {
      ExportTaskIdentifier: task.id,
      SourceArn: task.snapshot.arn,
      SourceType: 'SNAPSHOT',
      SnapshotTime: task.snapshot.startedAt,
      TaskStartTime: task.startedAt,
      TaskEndTime: task.endedAt,
      S3Bucket: task.bucket,
      S3Prefix: task.prefix,
      IamRoleArn: task.roleArn,
      KmsKeyId: task.keyId,
      ExportOnly: task.exportOnly === undefined ? undefined : [...task.exportOnly],
      Status: task.status,
      PercentProgress: ended,
      TotalExtractedDataInGB: Math.floor((task.snapshot.source.dataGb * ended) / 100),
      FailureCause: task.failureCause,
      WarningMessage: task.warningMessage,
    };
  }

  #percent(task: Task): number {
    const duration = task.endsAt.getTime() - task.requestedAt.getTime();
    const until = task.endedAt ?? this.#world.now;
    const share = Math.floor((100 * (until.getTime() - task.requestedAt.getTime())) / Math.max(1, duration));
    const stuckAt = task.outcome.kind === 'hang' ? (task.outcome.atPercent ?? 30) : 99;
    return task.startedAt === undefined ? 0 : Math.max(0, Math.min(stuckAt, share));
  }
}

/** Of its time, a task is STARTING for this share. */
const startingShare = 0.1;

function required<T extends object>(input: T, name: string & keyof T): string {
  const value = input[name];
  if (typeof value !== 'string' || value === '') throw missingParameter(name);
  return value;
}

function checkIdentifier(id: string): void {
  if (id.length > 60 || !/^[A-Za-z](-?[A-Za-z0-9])*$/.test(id)) {
    throw invalidParameterValue(
      `ExportTaskIdentifier must begin with a letter, hold letters, digits and single hyphens, not end with a hyphen, and have at most 60 characters, got ${id}`,
    );
  }
}

function checkPrefix(prefix: string | undefined): void {
  if (prefix === undefined) return;
  if (prefix.includes(':') || prefix.endsWith('/') || prefix.length >= 60) {
    throw invalidParameterValue(
      `S3Prefix must have under 60 characters, no colon and no slash at its end, got ${prefix}`,
    );
  }
}

/**
 * A key's ARN or id, an alias' ARN or name; an ARN must be of the task's Region.
 * https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_StartExportTask.html
 */
function checkKey(keyId: string, { region }: World): void {
  if (!keyId.startsWith('arn:')) return;
  const [, , service, place, , resource = ''] = keyId.split(':');
  if (service !== 'kms' || place !== region || !/^(key|alias)\/./.test(resource)) throw kmsKeyNotAccessible(keyId);
}

/** `iam:PassRole` does not cross accounts. */
function checkRole(roleArn: string, { account }: World): void {
  const [, , service, , owner] = roleArn.split(':');
  if (service === 'iam' && owner !== account) throw crossAccountPassRole();
}

function wantedTables(snapshot: Snapshot, only: readonly string[] | undefined): readonly ExportTable[] {
  const { id, tables } = snapshot.source;
  if (only === undefined || only.length === 0) return tables;
  const wanted = tables.filter((table) => only.some((part) => `${fullName(snapshot, table)}.`.startsWith(`${part}.`)));
  if (wanted.length === 0) throw invalidExportOnly(`ExportOnly ${only.join(', ')} names nothing in ${id}`);
  return wanted;
}

function databaseOf({ source }: Snapshot, table: ExportTable): string {
  return table.database ?? source.databaseName;
}

function fullName(snapshot: Snapshot, table: ExportTable): string {
  return `${databaseOf(snapshot, table)}.${table.name}`;
}

const skipReason = 'FAILED_TO_EXTRACT_TABLE';

function warningMessage(task: Task, skipped: readonly ExportTable[]): string {
  const skippedTables = skipped.map((table) => ({ tableName: fullName(task.snapshot, table), reason: skipReason }));
  return JSON.stringify({ skippedTables, skippedObjects: [], general: [] });
}

function tableList(task: Task, tables: readonly ExportTable[], skipped: readonly ExportTable[]) {
  return {
    perTableStatus: tables.map((table) => ({
      target: fullName(task.snapshot, table),
      status: skipped.includes(table) ? 'FAILED' : 'COMPLETE',
      sizeGB: skipped.includes(table) ? 0 : task.snapshot.source.dataGb / tables.length,
      ...(skipped.includes(table) ? { failureReason: skipReason } : {}),
    })),
  };
}

function lowerCamelKeys(record: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(record).map(([key, value]) => [`${key[0]?.toLowerCase()}${key.slice(1)}`, value]),
  );
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(value, null, 2));
}
