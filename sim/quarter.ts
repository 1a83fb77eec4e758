/**
 * A quarter of a mixed fleet as it is in the field: databases that run all the time, in office hours or on weekdays alone, slow
 * backups, one day's retention, replicas, plans of AWS Backup. Few things go wrong in it, so that each message has its cause.
 */
import type { BackupJobSpec } from '../local/rds/backup-jobs.ts';
import { between, oneOf, type Random, seededRandom } from '../local/rds/randomness.ts';
import {
  type BackupPlan,
  clock,
  type DatabaseStory,
  type Fault,
  type Happening,
  type HappeningName,
  planDays,
  type Story,
  tenants,
} from './story.ts';

const days = 90;
const hour = 60;
const dayLength = 24 * hour;

/** The seeds that `npm test` plays. */
export const fixedQuarters: readonly number[] = [1, 2, 3];

/** How a database of the fleet is used and backed up. */
const roles = [
  ...(['steady', 'steady', 'steady', 'steady', 'office hours', 'office hours', 'weekdays'] as const),
  ...(['daily plan', 'slow', 'one day kept', 'replica', 'cluster', 'weekly plan', 'monthly plan'] as const),
] as const;
type Role = (typeof roles)[number];

/** The plans of AWS Backup, which alone backs up what it has in them. */
const plans: Readonly<Partial<Record<Role, BackupPlan>>> = {
  'daily plan': 'daily',
  'weekly plan': 'weekly',
  'monthly plan': 'monthly',
};

/** Within which age a plan promises a backup, and which of its jobs make none. */
const promises = {
  daily: { maxAgeHours: 24, failing: 0.06 },
  weekly: { maxAgeHours: 8 * 24, failing: 0.15 },
  monthly: { maxAgeHours: 32 * 24, failing: 0.25 },
} as const satisfies Readonly<Record<BackupPlan, object>>;

/** What happens now and then to any of them. */
const rare = [
  ...(['skip a backup', 'skip a backup', 'skip a backup', 'take a manual backup', 'copy the newest snapshot'] as const),
  ...(['rename', 'name back', 'switch backups off', 'switch backups on', 'switch backups on'] as const),
  ...(['storage full', 'available again', 'available again', 'move the window'] as const),
  ...(['move to the next tenant', 'expire the newest snapshot', 'delete', 'create anew under the name'] as const),
  ...(['receive a copy from elsewhere', 'switch over to a green one', 'restore under the name'] as const),
  ...([
    'plan to switch backups off',
    'plan to switch backups on',
    'lose the key',
    'find the key',
    'find the key',
  ] as const),
  ...(['restore beside it', 'lose a field of its row', "lose a field of its newest snapshot's row"] as const),
] as const satisfies readonly HappeningName[];

/** The quarter of a seed; the first day is a Monday. */
export function quarterOf(seed: number, count = 30): Story {
  const random = seededRandom(Math.imul(seed, 0x85ebca6b));
  const cast = Array.from({ length: count }, (_, n) => roles[n % roles.length] as Role);
  const databases = cast.map((role, n) => databaseOf(role, n, random));
  const seldom = Array.from({ length: count * 3 }, () => ({
    at: Math.floor(between(random, dayLength, (days - 1) * dayLength)),
    database: Math.floor(between(random, 0, count)),
    what: oneOf(random, rare),
  }));
  return {
    seed,
    days,
    digestAbove: 100,
    dailyDigest: false,
    report: false,
    reminderHours: 24,
    batchSize: 25,
    databases,
    happenings: [
      ...cast.flatMap((role, n) => stopsOf(role, n)),
      ...databases.flatMap((database, n) => jobsOf(database, n, random)),
      ...onceEach(cast),
      ...seldom,
    ].sort((a, b) => a.at - b.at),
    faults: [
      ...Array.from({ length: 12 }, () => lostEvents(random)),
      ...Array.from({ length: 4 }, () => jobsUnread(random)),
    ].sort((a, b) => a.at - b.at),
  };
}

function databaseOf(role: Role, n: number, random: Random): DatabaseStory {
  const isByDay = role === 'office hours' || role === 'weekdays';
  const plan = plans[role];
  const starts = Math.floor(isByDay ? between(random, 10 * hour, 16 * hour) : between(random, 0, dayLength - 1));
  return {
    name: `db${String(n).padStart(3, '0')}`,
    kind: role === 'cluster' ? 'cluster' : 'instance',
    enrolled: 'listed',
    tenant: oneOf(random, tenants),
    window: `${clock(starts)}-${clock(starts + 30)}`,
    retention: plan ? 0 : role === 'one day kept' ? 1 : 7,
    awsBackup: plan !== undefined,
    replica: role === 'replica',
    maxAgeHours: plan ? promises[plan].maxAgeHours : 24,
    graceHours: 2,
    copy: 'none',
    ageHours: plan ? 80 + 24 * planDays[plan] : 80,
    ...((plan === 'weekly' || (plan === 'daily' && n >= roles.length)) && { airGapped: true }),
    ...(plan && { plan, lastBackupHours: Math.floor(between(random, 1, 24 * planDays[plan])) }),
    ...(role === 'slow' && { backupMinutes: 10 * hour }),
  };
}

/** When it is stopped and started: in office hours from 07:00 to 20:00 UTC, and on weekdays from Monday 06:00 to Friday 20:00. */
function stopsOf(role: Role, database: number): Happening[] {
  if (role !== 'office hours' && role !== 'weekdays') return [];
  const happenings: Happening[] = [];
  for (let day = 0; day < days; day += 1) {
    const weekday = day % 7;
    const at = day * dayLength;
    if (weekday > 4) continue;
    const starts = role === 'office hours' ? day > 0 : weekday === 0 && day > 0;
    const stops = role === 'office hours' || weekday === 4;
    if (starts) happenings.push({ at: at + 7 * hour, database, what: 'start' });
    if (stops) happenings.push({ at: at + 20 * hour, database, what: 'stop' });
  }
  return happenings;
}

/**
 * The jobs of a plan, at the same time of the day. Each begins somewhere in its start window; some fail, are stopped, or expire before
 * they begin. Nobody waits a week for the next one: somebody starts another a day or two later.
 */
function jobsOf(
  { plan, lastBackupHours = 0, airGapped = false }: DatabaseStory,
  database: number,
  random: Random,
): Happening[] {
  if (plan === undefined) return [];
  const every = planDays[plan] * dayLength;
  const happenings: Happening[] = [];
  const startWindowMinutes = oneOf(random, [hour, 8 * hour, 8 * hour]);
  const usual = between(random, 20, 60);
  const vault = airGapped ? ({ vault: 'air-gapped' } as const) : {};
  const start = (at: number, job: BackupJobSpec) =>
    happenings.push({ at, database, what: 'start a backup job', job: { startWindowMinutes, ...vault, ...job } });
  for (let at = every - lastBackupHours * hour; at < days * dayLength; at += every) {
    // A rule of its own for each seventh day finds the daily job at work until its start window is over.
    const overlaps = plan === 'daily' && happenings.length % 7 === 6;
    const durationMinutes = overlaps ? 2 * hour : Math.round(usual * between(random, 0.8, 1.2));
    const startsAfterMinutes = Math.floor(between(random, 0, startWindowMinutes));
    if (random() >= promises[plan].failing) {
      start(at, { startsAfterMinutes, durationMinutes });
      if (overlaps) start(at + startsAfterMinutes + 5, { startWindowMinutes: hour });
      continue;
    }
    const ends = oneOf(random, ['FAILED', 'ABORTED', 'EXPIRED'] as const);
    if (ends === 'EXPIRED') start(at, { startsAfterMinutes: startWindowMinutes + 1 });
    else start(at, { startsAfterMinutes, durationMinutes, ends });
    if (plan !== 'daily') start(at + Math.floor(between(random, dayLength, 2 * dayLength)), { durationMinutes });
  }
  return happenings;
}

/**
 * What each quarter has, beside what is drawn: a key that is found again and one that is lost for good, each of a database that runs
 * all the time; backups that a maintenance window switches off, and another one on again; and two nights in a row without a backup.
 */
function onceEach(cast: readonly Role[]): Happening[] {
  const steady = cast.flatMap((role, n) => (role === 'steady' ? [n] : []));
  const on = (day: number, database: number | undefined, what: HappeningName): Happening[] =>
    database === undefined ? [] : [{ at: Math.round(day * dayLength), database, what }];
  return [
    ...on(10.1, steady[0], 'lose the key'),
    ...on(10.9, steady[0], 'find the key'),
    ...on(30.6, steady[1], 'lose the key'),
    ...on(39.2, steady[1], 'delete'),
    ...on(39.3, steady[1], 'create anew under the name'),
    ...on(50.1, steady[3], 'skip a backup'),
    ...on(51.1, steady[3], 'skip a backup'),
    ...on(20.4, steady[2], 'plan to switch backups off'),
    ...on(23.4, steady[2], 'plan to switch backups on'),
  ];
}

/** The sweep at noon cannot read them either. */
function jobsUnread(random: Random): Fault {
  const at = Math.floor(between(random, 0, days - 2)) * dayLength;
  return {
    at: at + Math.floor(between(random, 6 * hour, 11 * hour)),
    kind: 'jobs unread',
    minutes: Math.floor(between(random, 7 * hour, 12 * hour)),
    denied: random() < 0.5,
  };
}

function lostEvents(random: Random): Fault {
  return {
    at: Math.floor(between(random, 0, (days - 2) * dayLength)),
    kind: 'bus',
    minutes: dayLength,
    lost: 0.3,
    doubled: 0.1,
    late: 0.3,
  };
}
