/** A restorable snapshot, as the ledger records it once, with its copy in S3. */
import * as z from 'zod';
import { type Closing, type CopyCause, causeSchema, copyCauses } from './causes.ts';
import { type CopyMode, type CopyState, copyStates } from './copy-states.ts';
import type { BackupId, DatabaseKind } from './identity.ts';
import type { BackupKind } from './rds.ts';
import { count, fields, flag, kindOf, number, type Of, text, time, word } from './schema.ts';

const copyCodes = Object.keys(copyCauses).length;

/** What lies in a finished export of each tenant of a shared database of whom the database or the schema is stated. */
const foldersSchema = fields({
  checkedAt: time.describe('when they were looked for'),
  found: z.array(text).readonly().describe('tenants of whom something is there, at most 1,000'),
  partial: z.array(text).readonly().describe('those of them of whom RDS skipped tables'),
  missing: z.array(text).readonly().describe('tenants of whom nothing is there, at most 1,000'),
  more: count.describe('how many more are missing').exactOptional(),
});

export type TenantFolders = Of<typeof foldersSchema>;

/** The S3 copy of one backup. An export is Parquet for analytics and archive: RDS cannot restore it. */
export const copySchema = fields({
  mode: word<CopyMode>().describe('`export`, `object` or `none`'),
  state: word<CopyState>().describe(copyStates.map((state) => `\`${state}\``).join(', ')),
  /** With the snapshot it makes the export's task id. */
  attempt: count.describe('counts the tries, 1 for the first'),
  queuedAt: time.describe('when it entered the queue').exactOptional(),
  /** The pause after a failure, or the wait for a staged object. */
  notBefore: time.describe('not to be started before this moment').exactOptional(),
  startedAt: time.describe('when it was started').exactOptional(),
  endedAt: time.describe('when it came to its end').exactOptional(),
  taskId: text.describe("the export task's id, or the folder of a copied object").exactOptional(),
  bucket: text.describe('the bucket it goes to').exactOptional(),
  prefix: text.describe('the folder in the bucket above the task').exactOptional(),
  /** Another backup's copy does not use it again. */
  source: fields({
    object: text.describe('where it lies: `s3://<bucket>/<key>`'),
    modified: time.describe('when S3 says that it was last modified'),
    etag: text.describe("S3's entity tag of it"),
  })
    .describe('the native dump that is copied')
    .exactOptional(),
  percent: number.describe('how far RDS says it is').exactOptional(),
  folders: foldersSchema.describe("what is there of a shared database's tenants").exactOptional(),
  bytes: count.describe('bytes that lie in the bucket').exactOptional(),
  objects: count.describe('objects that lie in the bucket').exactOptional(),
  cause: causeSchema<CopyCause>()
    .describe(`why it waits, was not made, failed or is incomplete: \`code\` and \`facts\` (one of ${copyCodes} codes)`)
    .exactOptional(),
  permanent: flag.describe('whether trying again cannot heal its failure').exactOptional(),
  setupFailures: count
    .describe('how many of its tries failed by a fault of set-up, which no number of tries heals')
    .exactOptional(),
  /** Absent once they were. */
  pendingSince: time.describe('since when people are to be notified of it').exactOptional(),
  /** Of this copy's failure, or of its being stuck. */
  notifiedAt: time.describe('when a message about it was handed to SNS').exactOptional(),
});

export type Copy = Of<typeof copySchema>;

/** Why a row is history: its snapshot is gone. DynamoDB removes the row some time after `expiresAt`. */
const closedSchema = fields({
  at: time.describe('since when the ledger knows that RDS no longer has the snapshot'),
  cause: causeSchema<Closing>().describe('why: `code` and `facts`'),
  expiresAt: time.describe('when the row may go'),
});

export type Closed = Of<typeof closedSchema>;

/** What AWS Backup's copy jobs made of a snapshot, or did not: recorded, never judged. */
const copyJobSchema = fields({
  id: text.describe("the copy job's id"),
  state: text.describe('`COMPLETED` or `FAILED`, as AWS Backup has it'),
  to: text
    .describe('ARN of the recovery point that it made, or else of the vault that it was to go to')
    .exactOptional(),
  endedAt: time.describe('when it ended'),
  message: text.describe('what AWS Backup says of it').exactOptional(),
});

export type CopyJob = Of<typeof copyJobSchema>;

export const backupSchema = fields({
  id: text.describe("the snapshot's id"),
  arn: text.describe('its ARN, which may name another snapshot later'),
  /** At the moment its data is from; absent for a database that nobody configured. */
  tenant: text.describe('whose it is').exactOptional(),
  database: text.describe("the database's key"),
  databaseId: text.describe('the name of the database at that time'),
  databaseKind: kindOf<DatabaseKind>().describe('`instance` or `cluster`'),
  kind: kindOf<BackupKind>().describe('`automated`, `manual`, `awsbackup` or `copy`'),
  engine: text.describe("RDS's name of the engine"),
  storageType: text.describe('the storage type of its database').exactOptional(),
  sizeGiB: number.describe("the snapshot's size as RDS says it, in GiB").exactOptional(),
  encrypted: flag.describe('whether it is encrypted'),
  createdAt: time.describe('when the snapshot was created'),
  /** A cluster copy of an unknown source has none, and never counts. */
  backupTime: time.describe('the moment its data is from, or null where that cannot be known').exactOptional(),
  recordedAt: time.describe('when the ledger learned of it'),
  learnedFrom: kindOf<'event' | 'sweep'>().describe('`event` or `sweep`'),
  eventMissed: flag.describe('whether an event should have announced it and did not').exactOptional(),
  event: fields({ id: text.describe('event id'), time: time.describe('when RDS says it happened') })
    .describe('the event that announced it')
    .exactOptional(),
  copy: copySchema.describe('its copy in S3'),
  copyJobs: z
    .array(copyJobSchema)
    .readonly()
    .describe(
      "AWS Backup's copies of it to other vaults, accounts or Regions, newest first: as their events say, at most 10",
    )
    .exactOptional(),
  closed: closedSchema.describe('set once RDS no longer has the snapshot').exactOptional(),
});

/** `version` changes with every write; a writer names the version it read. Absent on a row that was never written. */
export type Backup = Of<typeof backupSchema> & Stored;

/** What every row of the ledger carries beside its fields. */
export interface Stored {
  readonly version?: number;
  /** Attributes of a later version, which are written back as they were read. */
  readonly later?: Readonly<Record<string, unknown>>;
}

/** A backup that is not closed. */
export interface LiveBackup extends BackupId {
  readonly recordedAt: Date;
}

/** Names that its JSON has for its fields. */
export const backupJsonNames = { database: 'key', databaseId: 'database', backupTime: 'time' } as const;
