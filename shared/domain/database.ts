/** The ledger's row of one database: what RDS last showed, who owns it, and what the last evaluation said. */
import * as z from 'zod';
import type { Stored } from './backup.ts';
import { type Cause, causeSchema } from './causes.ts';
import type { CopyMode } from './copy-states.ts';
import type { DatabaseKind } from './identity.ts';
import { count, fields, flag, kindOf, number, type Of, text, time, word } from './schema.ts';
import { type Severity, type VerdictName, verdictNames } from './verdicts.ts';

export const databaseKinds = ['instance', 'cluster'] as const;

/** A backup that counts, and the moment its data is from. */
export const newestBackupSchema = fields({
  /** A recovery point of AWS Backup that is no RDS snapshot has an ARN. */
  id: text.describe("the snapshot's id, or the ARN of AWS Backup's recovery point that is none"),
  createdAt: time.describe('when the snapshot was created'),
  time: time.describe('the moment its data is from'),
});

export type NewestBackup = Of<typeof newestBackupSchema>;

const lastBackupSchema = fields({
  ...newestBackupSchema.shape,
  /** A code of `closings`. */
  gone: text.describe('how it went: `deleted-by-user`, or `not-in-rds` where it expired or was deleted'),
});

/** The last backup of a database that has none left. */
export type LastBackup = Of<typeof lastBackupSchema>;

/** What an evaluation says of one database. Data only: `shared/reasons` makes the prose when it is shown. */
export const findingFields = {
  verdict: word<VerdictName>().describe(verdictNames.map((name) => `\`${name}\``).join(', ')),
  severity: word<Severity>().describe('`critical`, `warning` or `info`'),
  cause: causeSchema<Cause>().nullable().describe('why: `code` and `facts`; null where nothing needs a cause'),
  notes: z.array(causeSchema<Cause>()).readonly().describe('what else a person should know: `code` and `facts` each'),
  newestBackup: newestBackupSchema.describe('its newest backup that counts').exactOptional(),
  deadline: time.describe('when it becomes, or became, overdue; or null where no deadline applies').exactOptional(),
  /** Stopped, storage-full and the like. */
  status: text.describe('its status, where RDS refuses even a manual snapshot in it').exactOptional(),
} as const;

const findingSchema = fields(findingFields);

export type Finding = Of<typeof findingSchema>;

/** The finding within a row or an evaluation, without what else that holds. */
export function findingWithin<Level extends Finding['severity']>({
  verdict,
  severity,
  cause,
  notes,
  newestBackup,
  deadline,
  status,
}: Finding & { readonly severity: Level }): Finding & { readonly severity: Level } {
  return {
    verdict,
    severity,
    cause,
    notes,
    ...(newestBackup && { newestBackup }),
    ...(deadline && { deadline }),
    ...(status !== undefined && { status }),
  };
}

const ownerSchema = fields({
  tenant: text.describe("the tenant's id"),
  since: time.describe('since when it was theirs'),
  until: time.describe('when it stopped being theirs'),
});

/** Tenants that a database had before, whose backups are theirs still. */
export type FormerOwner = Of<typeof ownerSchema>;

export const shareSchema = fields({
  /** A backup of before does not hold it. */
  since: time
    .describe("since when the tenant's data is there; absent where it was before the ledger looked")
    .exactOptional(),
  until: time.describe('when the tenant left').exactOptional(),
  /** Backups of those times are the tenant's still. */
  earlier: z
    .array(
      fields({
        since: time.describe('since when; absent where it was before the ledger looked').exactOptional(),
        until: time.describe('when it left'),
      }),
    )
    .readonly()
    .describe('when the tenant was there before, oldest first')
    .exactOptional(),
  database: text.describe("the name of the tenant's database in it").exactOptional(),
  schema: text.describe("the name of the tenant's schema in it").exactOptional(),
  /** In a copy that was verified before, its part was looked for under other names, or not at all. */
  statedAt: time
    .describe('when the ledger first knew of these names and of `since`; absent where there are no names')
    .exactOptional(),
  /** Counts while there is none here. */
  carried: newestBackupSchema
    .describe('the newest backup of the tenant in the shared database that it came from')
    .exactOptional(),
});

/** A tenant's share of a shared database. */
export type Share = Of<typeof shareSchema>;

/** What is as the configuration has it is left out. */
export const knownTagsSchema = fields({
  tenant: text
    .describe('whose it was, as far as operators know, where its tags have changed that since')
    .exactOptional(),
  maxAgeHours: number.describe('the age that a tag asks for instead of the default').exactOptional(),
  copyMode: kindOf<CopyMode>().describe('the copy mode that a tag asks for instead of the default').exactOptional(),
  restoreTest: flag.describe('whether they are notified that it is a restore test').exactOptional(),
  refused: z.array(text).readonly().describe('what tags ask for and do not get').exactOptional(),
});

export type KnownTags = Of<typeof knownTagsSchema>;

const { verdict, severity, cause, notes, ...known } = findingFields;

export const databaseSchema = fields({
  key: text.describe('`<account>/<region>/<resource id>`: what the database is'),
  id: text.describe('its identifier in RDS'),
  kind: kindOf<DatabaseKind>().describe('`instance` or `cluster`'),
  tenant: text.describe('whose it is; or null where nobody configured it').exactOptional(),
  /** Backups from before are its former owner's, unless this is the first one. */
  ownedSince: time.describe('since when it is theirs').exactOptional(),
  /** Differs from `id` once it was renamed: it is watched on until the configuration follows. */
  configuredAs: text.describe('the identifier that the configuration names it by').exactOptional(),
  share: shareSchema.describe("set on the row of a tenant's share of a shared database").exactOptional(),
  formerOwners: z
    .array(ownerSchema)
    .readonly()
    .describe('tenants that it belonged to before, oldest first')
    .exactOptional(),
  /** When RDS shows it no longer, its tags are gone with it. */
  enrolledBy: kindOf<'tag'>().describe('`tag` where its tags enrolled it').exactOptional(),
  /** An event of AWS Backup said so: it is no tenant's for its first 8 days. */
  restoreTestingPlan: text.describe('ARN of the restore testing plan that restored it').exactOptional(),
  engine: text.describe("RDS's name of the engine").exactOptional(),
  window: text.describe('its backup window, `hh:mm-hh:mm` UTC').exactOptional(),
  /** Until a backup is newer. */
  formerWindow: fields({
    window: text.describe('the window, `hh:mm-hh:mm` UTC'),
    until: time.describe('when another one was first seen'),
  })
    .describe('its window before it was moved')
    .exactOptional(),
  /** Its snapshot may be gone: a monthly plan makes the next one a month later. */
  lastAwsBackup: time.describe('when AWS Backup made its last backup of it').exactOptional(),
  retentionDays: count.describe('days that RDS keeps its automated backups').exactOptional(),
  /** Backups from before are recorded, but neither copied nor counted as missed events. */
  enrolledAt: time.describe('when the ledger first met it'),
  replicaOf: text.describe('the database that it replicates').exactOptional(),
  /** Its name is none of here. */
  foreign: flag
    .describe('whether only copies of its snapshots are here, from another account or Region')
    .exactOptional(),
  verdict: verdict.exactOptional(),
  severity: severity.exactOptional(),
  cause: cause.exactOptional(),
  notes: notes.exactOptional(),
  ...known,
  /** It is not one that never had a backup. */
  lastBackup: lastBackupSchema.describe('the last backup it had, where none is left').exactOptional(),
  evaluatedAt: time.describe('when it was last evaluated').exactOptional(),
  nextCheckAt: time.describe('when the watch checks it next').exactOptional(),
  /** E.g. since when RDS has not responded, or the database has been stopped. */
  since: time.describe('the start of a status that lasts').exactOptional(),
  /** Once the newest backup is deleted an older one counts, and what it was stopped since that. */
  stops: z
    .array(
      fields({
        from: time.describe('when it was stopped'),
        until: time.describe('when it was started again; absent while it is stopped').exactOptional(),
      }),
    )
    .readonly()
    .describe('when it was stopped since a week before its newest backup, oldest first')
    .exactOptional(),
  inProgress: fields({
    id: text.describe("the snapshot's id"),
    since: time.describe('since when it is being created'),
  })
    .describe('the backup that is being created')
    .exactOptional(),
  /** Exclusions by tag are notified once. */
  exclusion: text.describe("the exclusion's reason that operators were last notified of").exactOptional(),
  /** So is what tags change otherwise. */
  knownTags: knownTagsSchema.describe('what operators know of its tags').exactOptional(),
  /** An open one, a resolved one until that was notified, or for good that of a deleted database. */
  alert: fields({ tenant: text.describe('whose alert it is'), opened: time.describe('when it opened') })
    .describe('the alert that concerns it now')
    .exactOptional(),
});

export type DatabaseRow = Of<typeof databaseSchema> & Stored;

/** Names that its JSON has for its fields. */
export const databaseJsonNames = { id: 'database' } as const;
