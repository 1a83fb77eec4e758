/**
 * Facts: what the ledger's rows say, as plain JSON. Times are ISO 8601 UTC; what does not apply is null, never left out. Each
 * is described by a schema: that of its row, and what follows from the row beside it.
 */
import * as z from 'zod';
import {
  type Alert,
  alertJsonNames,
  alertSchema,
  backupJsonNames,
  backupSchema,
  bySeverity,
  copySchema,
  count,
  type DatabaseRow,
  type Day,
  databaseJsonNames,
  databaseSchema,
  dayJsonNames,
  daySchema,
  environmentOf,
  fields,
  flag,
  type Json,
  number,
  type Of,
  type Renamed,
  type Renames,
  type SweepRow,
  sweepSchema,
  text,
  toJson,
  unwatchedTenantSchema,
} from '../domain/index.ts';
import { unwatchedBefore } from '../evaluation/index.ts';
import { hourMs } from '../lib/time.ts';
import {
  closedReasonOf,
  copyReasonOf,
  findingOf,
  type Reader,
  type ReasonSubject,
  reasonOf,
  resolutionOf,
  whyUnwatched,
} from '../reasons/index.ts';
import type { ListedBackup } from './whose-backups.ts';

/** The JSON that a schema of facts describes. */
export type FactsOf<Schema extends z.ZodType> = Json<Of<Schema>>;

/** The fields of a row's schema under the names that its JSON has for them. */
function named<Shape extends z.ZodRawShape, const Names extends Renames>(shape: Shape, names: Names) {
  const entries = Object.entries(shape).map(([name, field]) => [names[name] ?? name, field]);
  return Object.fromEntries(entries) as {
    -readonly [Name in keyof Renamed<Shape, Names>]: Renamed<Shape, Names>[Name];
  };
}

const place = {
  account: text.describe('the AWS account that the database is in'),
  region: text.describe('its AWS Region'),
};

function operators(now: Date): Reader {
  return { now, audience: 'operators' };
}

// Runs ------------------------------------------------------------------------------------------------------------------

/** Only verdicts that occur are in it. */
export const countsSchema = z
  .record(text, count)
  .describe('databases by verdict; a shared one counts once for each tenant that it holds');

export const runFactsSchema = fields({ ...sweepSchema.shape, counts: countsSchema });

export type RunFacts = FactsOf<typeof runFactsSchema>;

export function runFacts(row: SweepRow): RunFacts {
  return { ...toJson(sweepSchema, row), counts: countsOf(row) };
}

export function countsOf(row: SweepRow | undefined): Readonly<Record<string, number>> {
  return (row?.counts ?? {}) as Readonly<Record<string, number>>;
}

// Tenants ---------------------------------------------------------------------------------------------------------------

const { ended: ___, ...unwatchedFields } = unwatchedTenantSchema.shape;
const shownUnwatchedSchema = fields(unwatchedFields);

export const unwatchedTenantFactsSchema = fields({
  ...unwatchedFields,
  reason: text.describe('why none is watched, as a sentence'),
});

export type UnwatchedTenantFacts = FactsOf<typeof unwatchedTenantFactsSchema>;

/** The tenants without a watched database as of the last run that knew, the critical ones first, then by name. */
export function unwatchedTenantFacts(...runs: readonly (SweepRow | undefined)[]): UnwatchedTenantFacts[] {
  const facts = unwatchedBefore(...runs)
    .filter(({ ended }) => ended === undefined)
    .map((one) => ({ ...toJson(shownUnwatchedSchema, one), reason: whyUnwatched(one) }));
  return facts.sort((a, b) => bySeverity(a.severity, b.severity) || (a.tenant < b.tenant ? -1 : 1));
}

// Backups ---------------------------------------------------------------------------------------------------------------

const closedFields = backupSchema.shape.closed.unwrap().shape;

export const copyFactsSchema = fields({
  ...copySchema.shape,
  location: text.nullable().describe('where it goes: `s3://<bucket>/<prefix>`'),
  folder: text
    .nullable()
    .describe("where the tenant's part of a shared database's copy lies; null where it is not known, or not there"),
  folderFound: flag
    .nullable()
    .describe('whether S3 showed objects there once the export had ended; null where nobody looked'),
  reason: text.nullable().describe('its `cause` as a sentence, and what to do'),
});

export type CopyFacts = FactsOf<typeof copyFactsSchema>;

export const backupFactsSchema = fields({
  ...place,
  ...named(backupSchema.shape, backupJsonNames),
  eventMissed: flag.describe('whether an event should have announced it and did not'),
  ageHours: number.nullable().describe('how old its data is now, in hours'),
  copy: copyFactsSchema.describe('its copy in S3'),
  closed: fields({ ...closedFields, reason: text.describe('its `cause` as a sentence') })
    .nullable()
    .describe('set once RDS no longer has the snapshot'),
});

export type BackupFacts = FactsOf<typeof backupFactsSchema>;

export function backupFacts(backup: ListedBackup, now: Date): BackupFacts {
  const { copy, closed } = backup;
  const json = toJson(backupSchema, backup, backupJsonNames);
  return {
    ...environmentOf(backup.database),
    ...json,
    eventMissed: backup.eventMissed ?? false,
    ageHours: ageHours(backup.backupTime, now),
    copy: {
      ...json.copy,
      location: copy.bucket === undefined ? null : `s3://${copy.bucket}/${copy.prefix ?? ''}`,
      folder: backup.folder ?? null,
      folderFound: backup.folderFound ?? null,
      reason: copyReasonOf(copy, operators(now)) ?? null,
    },
    closed: json.closed && closed ? { ...json.closed, reason: closedReasonOf(closed) } : null,
  };
}

// Alerts ----------------------------------------------------------------------------------------------------------------

export const alertFactsSchema = fields({
  ...place,
  ...named(alertSchema.shape, alertJsonNames),
  reason: text.describe('`verdict`, `cause` and `notes` as sentences, with what to do'),
  resolvedReason: text.nullable().describe('why it ended, as a sentence'),
});

export type AlertFacts = FactsOf<typeof alertFactsSchema>;

/**
 * An open alert says how its database (`row`) is now, with the severity that people were notified of; one that is over says
 * how it was when it ended.
 */
export function alertFacts(alert: Alert, row: DatabaseRow | undefined, now: Date): AlertFacts {
  const current = alert.resolved === undefined && row ? findingOf(row) : undefined;
  const { newestBackup: _, deadline: __, status: ___, ...whole } = alert;
  const shown: Alert = current ? { ...whole, ...current, severity: alert.severity } : alert;
  return {
    ...environmentOf(alert.database),
    ...toJson(alertSchema, shown, alertJsonNames),
    reason:
      current && row
        ? reasonOf(current, subjectOf(row), operators(now))
        : reasonOf(alert, { id: alert.databaseId, kind: alert.databaseKind }, operators(alert.resolved ?? now)),
    resolvedReason: resolutionOf(alert, { audience: 'operators' }) ?? null,
  };
}

// Databases -------------------------------------------------------------------------------------------------------------

export const databaseFactsSchema = fields({
  ...place,
  ...named(databaseSchema.shape, databaseJsonNames),
  reason: text.nullable().describe('`verdict`, `cause` and `notes` as sentences, with what to do'),
  ageHours: number.nullable().describe('how old its newest backup is now, in hours'),
  alert: z.custom<AlertFacts>().nullable().describe('its open alert as `alerts --json` shows it'),
});

export type DatabaseFacts = FactsOf<typeof databaseFactsSchema>;

/** `alert` is the one that the row names. */
export function databaseFacts(row: DatabaseRow, alert: Alert | undefined, now: Date): DatabaseFacts {
  const finding = findingOf(row);
  return {
    ...environmentOf(row.key),
    ...toJson(databaseSchema, row, databaseJsonNames),
    reason: finding ? reasonOf(finding, subjectOf(row), operators(now)) : null,
    ageHours: ageHours(row.newestBackup?.time, now),
    alert: alert && alert.resolved === undefined ? alertFacts(alert, row, now) : null,
  };
}

function subjectOf({ id, kind, evaluatedAt }: DatabaseRow): ReasonSubject {
  return { id, kind, ...(evaluatedAt && { evaluatedAt }) };
}

// Days ------------------------------------------------------------------------------------------------------------------

const { expiresAt: _, ...dayFields } = daySchema.shape;
const shownDaySchema = fields(dayFields);

export const dayFactsSchema = fields({
  ...place,
  ...named(dayFields, dayJsonNames),
  reason: text.describe('`verdict`, `cause` and `notes` as sentences, as of the evaluation'),
});

export type DayFacts = FactsOf<typeof dayFactsSchema>;

export function dayFacts(day: Day): DayFacts {
  const { databaseId: id, databaseKind: kind, evaluatedAt } = day;
  return {
    ...environmentOf(day.database),
    ...toJson(shownDaySchema, day, dayJsonNames),
    reason: reasonOf(day, { id, kind, evaluatedAt }, operators(evaluatedAt)),
  };
}

// ---------------------------------------------------------------------------------------------------------------------

export function iso(time: Date): string {
  return time.toISOString();
}

export function isoOrNull(time: Date | undefined): string | null {
  return time?.toISOString() ?? null;
}

function ageHours(time: Date | undefined, now: Date): number | null {
  return time === undefined ? null : Math.round(((now.getTime() - time.getTime()) / hourMs) * 100) / 100;
}
