/**
 * What one seed stands for, as plain data: a fleet, what happens to it, and the faults that calls and runs meet. Data can be
 * made smaller while it still fails, and be printed.
 */
import type { BackupJobSpec } from '../local/rds/backup-jobs.ts';
import { between, oneOf, type Random, seededRandom } from '../local/rds/randomness.ts';

/** Every story begins at this moment. */
export const storyStart = Date.parse('2026-11-02T00:00:00Z');

export const tenants = ['acme', 'globex', 'initech', 'umbrella'] as const;

/** The functions that run. */
export const functionNames = ['sweep', 'watch', 'record', 'copy', 'person'] as const;
export type FunctionName = (typeof functionNames)[number];

/** What calls go to. */
export const services = ['dynamo', 'rds', 'sns', 's3', 'lambda'] as const;
export type Service = (typeof services)[number];

export interface DatabaseStory {
  readonly name: string;
  readonly kind: 'instance' | 'cluster';
  /** `missing` is configured and not in RDS; `stray` is in RDS and not configured. */
  readonly enrolled: 'listed' | 'tagged' | 'excluded' | 'stray' | 'missing';
  readonly tenant: string;
  readonly window: string;
  /** Days; 0 with `awsBackup`, or where backups are off. */
  readonly retention: number;
  readonly awsBackup: boolean;
  /** The plan of AWS Backup, where its jobs are among the happenings; else it takes a backup each day. */
  readonly plan?: BackupPlan;
  readonly replica: boolean;
  readonly maxAgeHours: number;
  readonly graceHours: number;
  readonly copy: 'none' | 'daily' | 'every';
  /** Hours since its creation when the story begins; it was backed up each day. */
  readonly ageHours: number;
  /** Hours since its newest backup when the story begins; 10 by default. */
  readonly lastBackupHours?: number;
  /** How long its backups take; by default a few minutes. */
  readonly backupMinutes?: number;
  /** Its plan keeps its backups in an air-gapped vault, which leaves no snapshot in RDS. */
  readonly airGapped?: boolean;
}

/** The days between the backups of a plan. */
export const planDays = { daily: 1, weekly: 7, monthly: 30 } as const;
export type BackupPlan = keyof typeof planDays;

/** What a seed's story draws from. */
const happeningsDrawn = [
  'skip a backup',
  'stop',
  'start',
  'switch backups off',
  'switch backups on',
  'take a manual backup',
  'take a backup by AWS Backup',
  'copy the newest snapshot',
  'expire the newest snapshot',
  'delete the newest manual snapshot',
  'delete',
  'delete and keep the backups',
  'create anew under the name',
  'rename',
  'name back',
  'move the window',
  'storage full',
  'available again',
  'let its next export fail',
  'let its next export hang',
  'let its next export skip a table',
  'let all its exports fail',
  'exclude in the configuration',
  'include in the configuration',
  'move to the next tenant',
  'take out of the configuration',
  'change the maximum age',
  'acknowledge the alert',
  'snooze the alert',
  'sweep by hand',
  'sweep dry',
] as const;

/** What happens in quarters alone. */
const happeningsOfQuarters = [
  'start a backup job',
  'plan to switch backups off',
  'plan to switch backups on',
  'lose the key',
  'find the key',
  'receive a copy from elsewhere',
  'switch over to a green one',
  'restore under the name',
  'restore beside it',
  'lose a field of its row',
  "lose a field of its newest snapshot's row",
] as const;

export type HappeningName = (typeof happeningsDrawn)[number] | (typeof happeningsOfQuarters)[number];

/** Something that people or RDS do. `at`: minutes since the start. */
export interface Happening {
  readonly at: number;
  readonly database: number;
  readonly what: HappeningName;
  /** What becomes of the backup job. */
  readonly job?: BackupJobSpec;
}

/** Something that goes wrong; `at` and `minutes` say when and for how long. */
export type Fault = { readonly at: number } & (
  | {
      readonly kind: 'kill' | 'fail';
      readonly fn: FunctionName;
      readonly call: number;
      readonly when: 'before' | 'after';
    }
  | { readonly kind: 'refuse'; readonly service: Service; readonly minutes: number; readonly share: number }
  | { readonly kind: 'slow'; readonly service: Service; readonly minutes: number; readonly seconds: number }
  | { readonly kind: 'short'; readonly fn: FunctionName; readonly seconds: number }
  | { readonly kind: 'clock'; readonly minutes: number; readonly offsetMinutes: number }
  | { readonly kind: 'lag'; readonly minutes: number; readonly seconds: number }
  | { readonly kind: 'conflicts'; readonly minutes: number; readonly share: number }
  | {
      readonly kind: 'bus';
      readonly minutes: number;
      readonly lost: number;
      readonly doubled: number;
      readonly late: number;
    }
  | { readonly kind: 'stream lost' | 'export role gone'; readonly minutes: number }
  /** AWS Backup does not list its jobs: it throttles, or the right to them is gone. */
  | { readonly kind: 'jobs unread'; readonly minutes: number; readonly denied: boolean }
  | { readonly kind: 'twice'; readonly fn: FunctionName }
  | { readonly kind: 'later version'; readonly pick: number; readonly words: boolean }
  | { readonly kind: 'unreadable'; readonly pick: number; readonly minutes: number }
  | { readonly kind: 'unwritable'; readonly pick: number; readonly minutes: number }
  | { readonly kind: 'restore'; readonly backMinutes: number }
);

export type FaultKind = Fault['kind'];

export interface Story {
  readonly seed: number;
  /** Days with faults; a quiet one follows. */
  readonly days: number;
  readonly digestAbove: number;
  readonly dailyDigest: boolean;
  /** Whether the report is written after each sweep; its charts take more time than all the rest. */
  readonly report: boolean;
  readonly reminderHours: number;
  readonly batchSize: number;
  readonly databases: readonly DatabaseStory[];
  readonly happenings: readonly Happening[];
  readonly faults: readonly Fault[];
}

export interface StoryOptions {
  readonly days?: number;
}

/** The story of a seed; the same seed tells the same. */
export function storyOf(seed: number, options: StoryOptions = {}): Story {
  const random = seededRandom(Math.imul(seed, 0x9e3779b1));
  const whole = (low: number, high: number) => Math.floor(between(random, low, high + 1));
  const days = options.days ?? whole(3, 6);
  // The share of databases whose backups are exported, which takes most runs.
  const copied = oneOf(random, [0.05, 0.2, 0.7]);
  const databases = Array.from({ length: oneOf(random, [3, 10, 30, 60, 90]) }, (_, n) =>
    databaseStory(random, whole, n, copied),
  );
  // Some seeds are calm, so that long runs without a fault are among them.
  const storm = oneOf(random, [0, 0.3, 1, 1, 2]);
  const eventful = oneOf(random, [0.1, 0.5, 1]);
  return {
    seed,
    days,
    digestAbove: oneOf(random, [1, 2, 100]),
    dailyDigest: random() < 0.3,
    report: random() < 0.15,
    reminderHours: oneOf(random, [12, 24, 24]),
    batchSize: oneOf(random, [1, 5, 25]),
    databases,
    happenings: times(days * Math.min(databases.length, 30) * 0.6 * eventful, () => ({
      at: whole(0, days * 1440),
      database: whole(0, databases.length - 1),
      what: oneOf(random, happeningsDrawn),
    })),
    faults: [
      ...times(days * 10 * storm, () => endingWith(days, faultOf(random, whole, days))),
      ...(random() < 0.1 * storm ? [restoreOf(whole, days)] : []),
    ].sort((a, b) => a.at - b.at),
  };
}

type Whole = (low: number, high: number) => number;

function times<T>(count: number, make: () => T & { readonly at: number }): T[] {
  return Array.from({ length: Math.round(count) }, make).sort((a, b) => a.at - b.at);
}

function databaseStory(random: Random, whole: Whole, n: number, copied: number): DatabaseStory {
  const kind = random() < 0.3 ? 'cluster' : 'instance';
  const starts = whole(0, 1439);
  const awsBackup = kind === 'instance' && random() < 0.1;
  return {
    name: `db${String(n).padStart(2, '0')}`,
    kind,
    enrolled: oneOf(random, enrolments),
    tenant: oneOf(random, tenants),
    window: `${clock(starts)}-${clock(starts + whole(30, 180))}`,
    retention: awsBackup ? 0 : kind === 'instance' && random() < 0.05 ? 0 : whole(2, 7),
    awsBackup,
    replica: kind === 'instance' && random() < 0.07,
    maxAgeHours: oneOf(random, [24, 24, 24, 30]),
    graceHours: oneOf(random, [0, 1, 2, 2]),
    copy: random() < copied ? oneOf(random, ['daily', 'daily', 'every']) : 'none',
    ageHours: whole(0, 90),
  };
}

/** Most databases are listed in the configuration. */
const enrolments: readonly [DatabaseStory['enrolled'], ...DatabaseStory['enrolled'][]] = [
  ...(['listed', 'listed', 'listed', 'listed', 'listed', 'listed', 'listed', 'listed'] as const),
  ...(['tagged', 'tagged', 'excluded', 'stray', 'missing'] as const),
];

export function clock(minute: number): string {
  return `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}

function faultOf(random: Random, whole: Whole, days: number): Fault {
  const at = whole(0, days * 1440 - 60);
  const fn = oneOf(random, ['sweep', 'watch', 'watch', 'record', 'copy'] as const);
  const when = random() < 0.5 ? 'before' : 'after';
  switch (oneOf(random, kindsDrawn)) {
    case 'kill':
      return { at, kind: 'kill', fn, call: whole(1, random() < 0.5 ? 12 : 60), when };
    case 'fail':
      return { at, kind: 'fail', fn, call: whole(1, random() < 0.5 ? 12 : 60), when };
    case 'refuse':
      return {
        at,
        kind: 'refuse',
        service: oneOf(random, ['dynamo', 'rds', 'rds', 'sns', 'sns', 's3', 'lambda'] as const),
        minutes: oneOf(random, [5, 30, 120, 400]),
        share: oneOf(random, [0.05, 0.3, 1]),
      };
    case 'slow':
      return {
        at,
        kind: 'slow',
        service: oneOf(random, services),
        minutes: whole(5, 90),
        seconds: oneOf(random, [1, 10, 45]),
      };
    case 'short':
      return { at, kind: 'short', fn, seconds: whole(61, 120) };
    case 'clock':
      return { at, kind: 'clock', minutes: whole(5, 240), offsetMinutes: whole(-10, 10) };
    case 'lag':
      return { at, kind: 'lag', minutes: whole(5, 240), seconds: whole(1, 30) };
    case 'conflicts':
      return { at, kind: 'conflicts', minutes: whole(5, 60), share: oneOf(random, [0.05, 0.3]) };
    case 'bus':
      return {
        at,
        kind: 'bus',
        minutes: whole(60, 1440),
        lost: oneOf(random, [0, 0.2, 0.5]),
        doubled: oneOf(random, [0, 0.3]),
        late: oneOf(random, [0, 0.3]),
      };
    case 'stream lost':
      return { at, kind: 'stream lost', minutes: whole(10, 240) };
    case 'export role gone':
      return { at, kind: 'export role gone', minutes: whole(10, 120) };
    case 'twice':
      return { at, kind: 'twice', fn: oneOf(random, ['sweep', 'watch', 'copy'] as const) };
    case 'later version':
      return { at, kind: 'later version', pick: whole(0, 9_999), words: random() < 0.4 };
    case 'unreadable':
      return { at, kind: 'unreadable', pick: whole(0, 9_999), minutes: whole(10, 900) };
    case 'unwritable':
      return { at, kind: 'unwritable', pick: whole(0, 9_999), minutes: whole(10, 900) };
  }
}

function restoreOf(whole: Whole, days: number): Fault {
  return { at: whole(1440, days * 1440 - 600), kind: 'restore', backMinutes: whole(10, 600) };
}

/** Nothing goes wrong on the quiet day at the end. */
function endingWith(days: number, fault: Fault): Fault {
  return 'minutes' in fault ? { ...fault, minutes: Math.min(fault.minutes, days * 1440 - fault.at) } : fault;
}

const kindsDrawn = [
  ...(['kill', 'kill', 'kill', 'kill', 'fail', 'fail', 'fail', 'refuse', 'refuse', 'refuse'] as const),
  ...(['slow', 'short', 'clock', 'lag', 'conflicts', 'bus', 'bus', 'stream lost', 'twice', 'twice'] as const),
  ...(['later version', 'later version', 'unreadable', 'unwritable', 'export role gone'] as const),
] as [FaultDrawn, ...FaultDrawn[]];

type FaultDrawn = Exclude<FaultKind, 'restore' | 'jobs unread'>;
