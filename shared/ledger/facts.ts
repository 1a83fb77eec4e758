/**
 * How the model is written into a row's `facts` and read back: times as ISO 8601 in UTC, everything else as it is.
 * A row was written by some version of this code, perhaps not this one: so it is parsed like any other outside data.
 */
import { z } from 'zod';
import type { Alert, Backup, DatabaseRow, Day, SweepRow } from '../model.ts';

/** A moment, stored as ISO 8601 in UTC. */
export const time = z.codec(z.iso.datetime(), z.date(), {
  decode: (text) => new Date(text),
  encode: (date) => date.toISOString(),
});

const text = z.string();
const count = z.number().int().min(0);
const step = z.enum(['open', 'remind', 'rise', 'resolve']);
const databaseKind = z.enum(['instance', 'cluster']);
const severity = z.enum(['critical', 'warning', 'info']);
const verdict = z.enum([
  'protected',
  'due',
  'overdue',
  'never',
  'new',
  'disabled',
  'missing',
  'deleted',
  'unknown',
  'excluded',
]);
const newestBackup = z.object({ arn: text, id: text, time });

/** Each attribute of the model must have its line here: one that is forgotten would silently not be stored. */
type Attributes<Model> = Record<keyof Model, z.ZodType>;

const copy = z.object({
  mode: z.enum(['export', 'object', 'none']),
  state: z.enum(['none', 'queued', 'starting', 'running', 'complete', 'incomplete', 'failed', 'skipped', 'cancelled']),
  attempt: count,
  queuedAt: time.exactOptional(),
  notBefore: time.exactOptional(),
  startedAt: time.exactOptional(),
  endedAt: time.exactOptional(),
  taskId: text.exactOptional(),
  bucket: text.exactOptional(),
  prefix: text.exactOptional(),
  percent: z.number().exactOptional(),
  bytes: count.exactOptional(),
  objects: count.exactOptional(),
  reason: text.exactOptional(),
  permanent: z.boolean().exactOptional(),
  toldAt: time.exactOptional(),
} satisfies Attributes<Backup['copy']>);

export type BackupFacts = Omit<Backup, 'version'>;

export const backupFacts = z.object({
  arn: text,
  id: text,
  database: text,
  databaseId: text,
  databaseKind,
  tenant: text.exactOptional(),
  kind: z.enum(['automated', 'manual', 'awsbackup', 'copy']),
  engine: text,
  storageType: text.exactOptional(),
  sizeGiB: z.number().exactOptional(),
  encrypted: z.boolean(),
  createdAt: time,
  backupTime: time.exactOptional(),
  recordedAt: time,
  learnedFrom: z.enum(['event', 'sweep']),
  eventMissed: z.boolean().exactOptional(),
  event: z.object({ id: text, time }).exactOptional(),
  copy,
  closed: z.object({ at: time, reason: text, expiresAt: time }).exactOptional(),
} satisfies Attributes<BackupFacts>) satisfies z.ZodType<BackupFacts>;

/** Who did something to an alert, and what they had to say. */
const note = z.object({ by: text, at: time, note: text.exactOptional() });

export const alertFacts = z.object({
  database: text,
  databaseId: text,
  databaseKind,
  tenant: text,
  opened: time,
  verdict,
  severity,
  reason: text,
  newestBackup: newestBackup.exactOptional(),
  deadline: time.exactOptional(),
  status: text.exactOptional(),
  notified: z.array(z.object({ at: time, step, to: z.enum(['all', 'tenant', 'operators']) })).readonly(),
  intent: z.object({ step, at: time, tries: count }).exactOptional(),
  acknowledged: note.exactOptional(),
  snoozedUntil: time.exactOptional(),
  snoozed: note.exactOptional(),
  resolved: time.exactOptional(),
  resolution: text.exactOptional(),
  outcome: verdict.exactOptional(),
  expiresAt: time.exactOptional(),
} satisfies Attributes<Alert>) satisfies z.ZodType<Alert>;

/** What the indexes show of a database: its live backups are an attribute of their own, so that they are not projected. */
export type DatabaseFacts = Omit<DatabaseRow, 'version' | 'liveBackups'>;

export const databaseFacts = z.object({
  key: text,
  id: text,
  kind: databaseKind,
  tenant: text.exactOptional(),
  enrolledBy: z.literal('tag').exactOptional(),
  engine: text.exactOptional(),
  window: text.exactOptional(),
  retentionDays: count.exactOptional(),
  enrolledAt: time,
  newestBackup: newestBackup.exactOptional(),
  deadline: time.exactOptional(),
  verdict: verdict.exactOptional(),
  severity: severity.exactOptional(),
  reason: text.exactOptional(),
  judgedAt: time.exactOptional(),
  checkAt: time.exactOptional(),
  since: time.exactOptional(),
  inProgress: z.object({ id: text, since: time }).exactOptional(),
  exclusion: text.exactOptional(),
  alert: alertFacts.exactOptional(),
} satisfies Attributes<DatabaseFacts>) satisfies z.ZodType<DatabaseFacts>;

export const dayFacts = z.object({
  database: text,
  databaseId: text,
  databaseKind,
  tenant: text.exactOptional(),
  date: z.iso.date(),
  verdict,
  severity,
  reason: text,
  judgedAt: time,
  newestBackup: newestBackup.exactOptional(),
  deadline: time.exactOptional(),
  maxAgeHours: z.number(),
  graceHours: z.number(),
  exclusion: text.exactOptional(),
  expiresAt: time.exactOptional(),
} satisfies Attributes<Day>) satisfies z.ZodType<Day>;

export const sweepFacts = z.object({
  mode: z.enum(['sweep', 'watch']),
  started: time,
  finished: time.exactOptional(),
  at: time,
  complete: z.boolean(),
  databases: count,
  counts: z.partialRecord(verdict, count),
  eventsMissed: count,
  missed: z.array(z.object({ snapshotId: text, databaseId: text, backupTime: time.exactOptional() })).readonly(),
  recorded: count,
  closed: count,
  unconfigured: z.array(text).readonly(),
  unconfiguredCount: count.exactOptional(),
  alerts: z.object({ opened: count, reminded: count, resolved: count }),
  apiCalls: z.record(text, count),
  errors: z.array(text).readonly(),
  configHash: text,
  stoppedAfter: text.exactOptional(),
  expiresAt: time.exactOptional(),
} satisfies Attributes<SweepRow>) satisfies z.ZodType<SweepRow>;
