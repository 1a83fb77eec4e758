/** One sweep, of one run or of several that carried it on; or the watch's last run. */
import * as z from 'zod';
import type { Stored } from './backup.ts';
import type { DatabaseKind } from './identity.ts';
import type { Unrecognized } from './schema.ts';
import { count, fields, flag, kindOf, type Of, text, time, word } from './schema.ts';
import type { Severity, VerdictName } from './verdicts.ts';

/** Databases by verdict. */
export type Counts = Readonly<Partial<Record<VerdictName | Unrecognized, number>>>;

const countsSchema = z.record(text, count) as unknown as z.ZodType<Counts, Record<string, number>>;

const leftOutSchema = fields({
  text: text.describe('what it left out, and why'),
  database: fields({
    key: text.describe('its key'),
    kind: kindOf<DatabaseKind>().describe('`instance` or `cluster`'),
    id: text.describe('its name'),
  })
    .describe('the database, which the next watch checks again')
    .exactOptional(),
});

/** Something that a run could not do, and that stopped nothing else. */
export type LeftOut = Of<typeof leftOutSchema>;

export const unwatchedTenantSchema = fields({
  tenant: text.describe("the tenant's id"),
  since: time.describe('when that was first seen'),
  databases: z
    .array(fields({ id: text.describe('the name'), verdict: word<VerdictName>().describe('`excluded` or `deleted`') }))
    .readonly()
    .describe('some of its databases, at most 10; none where it has none'),
  databaseCount: count.describe('how many databases it has'),
  severity: word<Severity>().describe('`warning`, or `critical` once it lasts for longer than its `maxAgeHours`'),
  /** Absent until a message is out: one that failed is sent again. */
  notified: word<Severity>().describe('the severity that operators were last notified of').exactOptional(),
  /** Until a message of it is out. */
  ended: kindOf<'watched' | 'left'>()
    .describe('that it is over: it has a watched database (`watched`), or left the configuration (`left`)')
    .exactOptional(),
});

/** A tenant that has a promise and no database for which it is kept: none at all, or only excluded and deleted ones. */
export type UnwatchedTenant = Of<typeof unwatchedTenantSchema>;

export const sweepSchema = fields({
  mode: kindOf<'sweep' | 'watch'>().describe('`sweep` or `watch`'),
  started: time.describe('when its first run started'),
  finished: time.describe('when its last run ended').exactOptional(),
  at: time.describe('the moment that it evaluated as of'),
  complete: flag.describe('whether it got to its end'),
  databases: count.describe('how many databases it evaluated'),
  counts: countsSchema.describe('databases by verdict; a shared one counts once for each tenant that it holds'),
  eventsMissed: count.describe('backups that no event announced'),
  missed: z
    .array(
      fields({
        snapshotId: text.describe("the snapshot's id"),
        databaseId: text.describe('the name of the database'),
        backupTime: time.describe('the moment its data is from').exactOptional(),
      }),
    )
    .readonly()
    .describe('some of them, at most 100'),
  recorded: count.describe('backups that it recorded'),
  closed: count.describe('backups that it closed'),
  unconfigured: z
    .array(text)
    .readonly()
    .describe('names of databases that RDS has and nobody configured, at most 2,000'),
  unconfiguredCount: count.describe('how many those are, where there are more than are named').exactOptional(),
  restoreTests: z
    .array(text)
    .readonly()
    .describe('names of databases that were passed over as restore tests, at most 100')
    .exactOptional(),
  alerts: fields({
    opened: count.describe('opened'),
    reminded: count.describe('reminded of, or risen'),
    resolved: count.describe('resolved'),
  }).describe('alerts by step: `opened`, `reminded`, `resolved`'),
  apiCalls: z.record(text, count).describe('calls of RDS and AWS Backup by action'),
  errors: z.array(text).readonly().describe('what it could not do, at most 100 lines'),
  leftOut: z.array(leftOutSchema).readonly().describe('what it left out after a failure, at most 200').exactOptional(),
  /** Carried on from run to run, so that what fails now and then is not told each time. */
  notifiedOf: z
    .array(
      fields({
        of: text.describe('the key of the database, or the beginning of the text'),
        at: time.describe('when'),
      }),
    )
    .readonly()
    .describe('what was left out that operators were notified of within the last day')
    .exactOptional(),
  /** Carried on from run to run. */
  unwatchedTenants: z
    .array(unwatchedTenantSchema)
    .readonly()
    .describe('tenants without a database that is watched, at most 500')
    .exactOptional(),
  /** They are read only where a database depends on them. */
  jobsUnread: text.describe("why AWS Backup's jobs could not be read").exactOptional(),
  configHash: text.describe('SHA-256 of the configuration that it evaluated by'),
  /** The last database key that was evaluated, where it stopped half-way. */
  stoppedAfter: text.describe('where it stopped half-way').exactOptional(),
  /** Of a sweep that is over: DynamoDB removes its row some time after this. */
  expiresAt: time.describe('when its row may go').exactOptional(),
});

export type SweepRow = Of<typeof sweepSchema> & Pick<Stored, 'later'>;
