/** What the report's page shows, as plain JSON: times are ISO 8601 UTC, dates `YYYY-MM-DD` UTC. */
import * as z from 'zod';
import {
  count,
  databaseSchema,
  type EndedCopyState,
  endedCopyStates,
  fields,
  number,
  text,
  time,
} from '../domain/index.ts';
import {
  countsSchema,
  databaseFactsSchema,
  type FactsOf,
  type RunFacts,
  unwatchedTenantFactsSchema,
} from '../read-model/index.ts';

/**
 * How a day went for one database: a letter, since a page of 2,000 databases and 90 days has 180,000 of them.
 * `t` in time, `l` late, `m` missing, `n` no promise (new, excluded, deleted), `u` unknown (RDS did not respond, or no sweep
 * evaluated it), `.` not watched on that day.
 */
export type DayLetter = 't' | 'l' | 'm' | 'n' | 'u' | '.';

/** Fields of a database that the report leaves out. It has every other one: a column of the page only has to show it. */
const leftOut = {
  database: true,
  ownedSince: true,
  configuredAs: true,
  formerOwners: true,
  enrolledBy: true,
  restoreTestingPlan: true,
  window: true,
  retentionDays: true,
  replicaOf: true,
  foreign: true,
  enrolledAt: true,
  status: true,
  evaluatedAt: true,
  nextCheckAt: true,
  since: true,
  stops: true,
  inProgress: true,
  lastBackup: true,
  formerWindow: true,
  lastAwsBackup: true,
  exclusion: true,
  knownTags: true,
  ageHours: true,
} as const;

type DatabaseFacts = FactsOf<typeof databaseFactsSchema>;

export function withoutLeftOut(facts: DatabaseFacts): Omit<DatabaseFacts, keyof typeof leftOut> {
  const kept = Object.entries(facts).filter(([name]) => !Object.hasOwn(leftOut, name));
  return Object.fromEntries(kept) as Omit<DatabaseFacts, keyof typeof leftOut>;
}

const attainment = number
  .nullable()
  .describe(
    'percent of promised days that were in time, cut (not rounded) to two decimals; null where nothing was promised',
  );

const databaseOfReport = fields({
  id: databaseSchema.shape.id,
  ...databaseFactsSchema.omit(leftOut).shape,
  tenant: text.describe('whose it is'),
  verdict: databaseSchema.shape.verdict.unwrap(),
  severity: databaseSchema.shape.severity.unwrap(),
  reason: text.describe('`verdict`, `cause` and `notes` as sentences, with what to do'),
  newestBackup: time.nullable().describe('the moment that the data of its newest backup is from'),
  unprotectedSince: time
    .nullable()
    .describe('since when: the broken deadline, else the opening of its alert; null while it is protected'),
  alert: fields({
    opened: time.describe('when it opened'),
    lastNotified: time.nullable().describe('when the last message about it was handed to SNS'),
    acknowledgedBy: text.nullable().describe('who looks after it'),
    snoozedUntil: time.nullable().describe('until when it is silent'),
  })
    .nullable()
    .describe('its open alert'),
  days: text.describe(
    'a letter a date of `dates`: `t` in time, `l` late, `m` missing, `n` no promise, `u` unknown, `.` not watched',
  ),
  attainment,
});

const sharedDatabaseOfReport = fields({
  ...databaseOfReport.omit({ share: true }).shape,
  tenant: text.describe('`shared:<id>`'),
  tenants: z
    .array(
      fields({
        tenant: text.describe("the tenant's id"),
        verdict: databaseOfReport.shape.verdict,
        severity: databaseOfReport.shape.severity,
      }),
    )
    .readonly()
    .describe('those that it holds, by name, each with the verdict of its own part'),
});

const tenantOfReport = fields({
  tenant: text.describe("the tenant's id"),
  databases: count.describe('its databases, shared ones among them'),
  unprotected: count.describe('how many of them are unprotected now'),
  inTime: count.describe('days of databases that were in time'),
  late: count.describe('late days'),
  missing: count.describe('days without a backup'),
  unknown: count.describe('days that are not known'),
  noPromise: count.describe('days without a promise'),
  attainment,
});

const endings = Object.fromEntries(
  endedCopyStates.map((state) => [state, count.describe(`copies that ended ${state}`)]),
) as Record<EndedCopyState, typeof count>;

const copyDayOfReport = fields({
  date: text.describe('UTC date'),
  queued: count.describe('copies that were queued'),
  started: count.describe('copies that started'),
  ...endings,
  bytes: count.describe('bytes that they wrote'),
  mostWaiting: count.describe('the most copies that waited at one moment'),
  longestWaitHours: number.nullable().describe('of those that started, the longest wait in the queue, in hours'),
});

const gapOfReport = fields({
  database: count.describe('position in `databases`'),
  date: text.describe('UTC date'),
  state: z.custom<'late' | 'missing' | 'unknown'>().describe('`late`, `missing` or `unknown`'),
  reason: text.describe('why, as a sentence as of that day'),
  alertOpened: time.nullable().describe('when its alert opened'),
  alertResolved: time.nullable().describe('when its alert ended'),
});

export const reportSchema = fields({
  generated: time.describe('when the facts were read'),
  ledger: text.describe("the table's name"),
  account: text.describe('the AWS account of the stack'),
  region: text.describe('its AWS Region'),
  environments: z
    .array(
      fields({
        account: text.describe('the AWS account'),
        accountName: text.nullable().describe('what the configuration calls it'),
        region: text.describe('the AWS Region'),
      }),
    )
    .readonly()
    .describe("the accounts and Regions of the fleet, the stack's own first"),
  dates: z.array(text).readonly().describe('the days shown, oldest first; the last one is the day of `generated`'),
  sweep: z.custom<RunFacts>().nullable().describe('the last sweep, as in `status --json`; or null'),
  watch: z.custom<RunFacts>().nullable().describe('the last watch; or null'),
  doubts: z.array(text).readonly().describe('why the verdicts cannot be believed, as sentences; empty otherwise'),
  counts: countsSchema.describe('`databases` by verdict'),
  unconfigured: z.array(text).readonly().describe('names of databases that RDS has and nobody configured'),
  unwatchedTenants: z
    .array(unwatchedTenantFactsSchema)
    .readonly()
    .describe('tenants without a database that is watched, the critical ones first'),
  databases: z
    .array(databaseOfReport)
    .readonly()
    .describe(
      'worst first (severity, then verdict), then by tenant and name; a shared one stands here once for each tenant that it holds',
    ),
  sharedDatabases: z
    .array(sharedDatabaseOfReport)
    .readonly()
    .describe('the shared databases themselves, in the same order'),
  tenants: z.array(tenantOfReport).readonly().describe('by name'),
  copies: z.array(copyDayOfReport).readonly().describe('one entry a date of `dates`, in their order'),
  copiesNow: fields({
    queued: count.describe('copies that wait'),
    running: count.describe('copies that run'),
    oldestQueuedAt: time.nullable().describe('since when the oldest of the queue waits'),
  }).describe('copies that move now'),
  gaps: z.array(gapOfReport).readonly().describe('late, missing and unknown days, newest first, at most 3,000 of them'),
  gapsLeftOut: count.describe('how many more there were'),
});

export type ReportFacts = FactsOf<typeof reportSchema>;
export type ReportDatabase = FactsOf<typeof databaseOfReport>;
export type ReportSharedDatabase = FactsOf<typeof sharedDatabaseOfReport>;
export type ReportTenant = FactsOf<typeof tenantOfReport>;
export type ReportCopyDay = FactsOf<typeof copyDayOfReport>;
export type ReportGap = FactsOf<typeof gapOfReport>;
