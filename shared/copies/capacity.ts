/** Whether the export slots of each environment can carry what the configuration wants, and what that costs: known before it hurts. */
import { groupBy } from 'es-toolkit/array';
import { mean, sumBy } from 'es-toolkit/math';
import type { ConfiguredDatabase, CopySchedule, Fleet } from '../config/index.ts';
import { type Backup, environmentText, formatEnvironment, isEnded, type NamedEnvironment } from '../domain/index.ts';
import { hourMs } from '../lib/time.ts';
import { exportSlots } from './export-tasks.ts';

/** About, in US dollars a GB of snapshot; seen in public reports, not promised by AWS, and different between Regions. */
export const usdPerGiB = 0.01;

/** From this share of the slots' time on, a night's burst takes most of the day to work off. */
const tightLoad = 0.8;

/**
 * What past exports took of slots and money: those that failed or were cancelled took both, too. A row keeps the times of
 * its last attempt alone, so the earlier ones are taken to have lasted as long. Not seen are copies that wait for their
 * next attempt, and exports that others make in the account.
 */
export interface Observed {
  /** Copies whose last export came to an end, well or not. */
  readonly exports: number;
  /** Of one attempt, from its start to its end; the mean. */
  readonly hours: number;
  /** Attempts a copy; the mean, at least 1. */
  readonly attempts: number;
  /** Of one snapshot, where RDS states its size; the mean. */
  readonly gib?: number;
  /** From 0 to 1: the exports whose snapshot's size nobody knows. RDS states none for Aurora, and bills by it. */
  readonly unsized: number;
}

export interface Capacity {
  /** Exports that the configured databases want; discovered ones, and manual backups, cannot be foreseen. */
  readonly exportsADay: number;
  readonly exportsAMonth: number;
  /** Of one attempt: as seen in the ledger, or as assumed in the configuration. */
  readonly hoursEach: number;
  /** Attempts an export takes: as seen in the ledger, or 1. */
  readonly attemptsEach: number;
  readonly measured: boolean;
  /** Exports that the slots carry at that duration and with so many attempts, if nobody else exports: of all environments that export. */
  readonly slotsCarryADay: number;
  /** Wanted by carried, of the environment where that is most: above 1 its queue grows without end. */
  readonly load: number;
  /** All environments of the fleet, in its order. */
  readonly environments: readonly EnvironmentCapacity[];
  /** About, failed attempts included, without `unpricedAMonth`; absent until the ledger knows sizes. */
  readonly monthlyUsd?: number;
  /** Exports a month whose price is not known, since RDS does not state the size of their snapshots; absent until measured. */
  readonly unpricedAMonth?: number;
}

/** The capacity of one environment, which has a queue and slots of its own. */
export interface EnvironmentCapacity extends NamedEnvironment {
  readonly exportsADay: number;
  readonly slotsCarryADay: number;
  readonly load: number;
}

/** What the ledger's ended exports took; undefined while there is none. */
export function observe(backups: Iterable<Pick<Backup, 'copy' | 'sizeGiB'>>): Observed | undefined {
  let exports = 0;
  let attempts = 0;
  let ms = 0;
  const sizes: number[] = [];
  for (const { copy, sizeGiB } of backups) {
    // One that RDS refused to start has no start, and took no slot.
    if (copy.mode !== 'export' || !isEnded(copy.state) || !copy.startedAt || !copy.endedAt) continue;
    const tries = Math.max(1, copy.attempt);
    exports += 1;
    attempts += tries;
    ms += tries * (copy.endedAt.getTime() - copy.startedAt.getTime());
    if (sizeGiB !== undefined) sizes.push(sizeGiB);
  }
  if (exports === 0) return undefined;
  return {
    exports,
    hours: ms / attempts / hourMs,
    attempts: attempts / exports,
    unsized: 1 - sizes.length / exports,
    ...(sizes.length > 0 && { gib: mean(sizes) }),
  };
}

/** From the configuration, and from what past exports took where there were some. */
export function capacityOf(fleet: Fleet, observed?: Observed): Capacity {
  const hoursEach = observed?.hours ?? fleet.copies.assumedHours;
  const attemptsEach = observed?.attempts ?? 1;
  const slotsCarryADay = (exportSlots * 24) / (hoursEach * attemptsEach);
  const databasesIn = groupBy(fleet.databases, formatEnvironment);
  const environments = fleet.environments.map(({ account, region, accountName }) => {
    const exportsADay = sumBy(databasesIn[formatEnvironment({ account, region })] ?? [], exportsADayOf);
    const named = { account, region, ...(accountName !== undefined && { accountName }) };
    return { ...named, exportsADay, slotsCarryADay, load: exportsADay / slotsCarryADay };
  });
  const exporting = environments.filter((environment) => environment.exportsADay > 0).length;
  const exportsADay = sumBy(environments, (environment) => environment.exportsADay);
  const exportsAMonth = exportsADay * daysAMonth;
  const unpricedAMonth = exportsAMonth * (observed?.unsized ?? 1);
  return {
    exportsADay,
    exportsAMonth,
    hoursEach,
    attemptsEach,
    measured: observed !== undefined,
    slotsCarryADay: slotsCarryADay * Math.max(1, exporting),
    load: Math.max(...environments.map(({ load }) => load)),
    environments,
    ...(observed?.gib !== undefined && {
      monthlyUsd: (exportsAMonth - unpricedAMonth) * attemptsEach * observed.gib * usdPerGiB,
    }),
    ...(observed && { unpricedAMonth }),
  };
}

/** What somebody has to decide before a queue of copies decides it; nothing where the slots carry what is wanted. */
export function capacityWarnings(capacity: Capacity): string[] {
  const { environments, measured } = capacity;
  const attempts = capacity.attemptsEach > 1 ? ` and ${rounded(capacity.attemptsEach)} attempts` : '';
  const each = `at ${rounded(capacity.hoursEach)} h${attempts} each (${measured ? 'as seen so far' : 'assumed: copies.assumedHours'})`;
  const advice =
    'copy less often (copy.schedule "weekly" or "monthly"), or set copy.mode "none" where nobody reads the copies';
  return environments
    .filter(({ load }) => load >= tightLoad)
    .map((environment) => {
      const { exportsADay, slotsCarryADay, load } = environment;
      const where = environments.length > 1 ? `${environmentText(environment)}: ` : '';
      const wanted = `${where}${rounded(exportsADay)} exports a day are wanted`;
      const carried = `the account's ${exportSlots} export slots carry ${rounded(slotsCarryADay)} a day ${each}`;
      return load > 1
        ? `${wanted}, ${carried}: the queue grows without end, and snapshots expire before their turn; ${advice}`
        : `${wanted}, ${carried}: the slots are taken for ${Math.round(load * 100)} % of the time; ${advice}`;
    });
}

export const daysAMonth = 365.25 / 12;

/** RDS takes one automated backup a day, and a plan of AWS Backup usually one as well, in its place. */
const backupsADay = 1;

const timesADay: Record<CopySchedule, number> = {
  every: backupsADay,
  daily: 1,
  weekly: 1 / 7,
  monthly: 1 / daysAMonth,
};

function exportsADayOf(database: ConfiguredDatabase): number {
  return database.copy.mode === 'export' ? copiesADay(database) : 0;
}

/** Copies that a database wants a day. In a Region that exports Aurora's snapshots alone, a cluster counts: it may be one. */
export function copiesADay({ copy, kind, notExported }: ConfiguredDatabase): number {
  if (copy.mode === 'none') return 0;
  const isExported = notExported === undefined || (notExported === 'all but Aurora' && kind === 'cluster');
  if (copy.mode === 'export' && !isExported) return 0;
  return copy.kinds.includes('automated') || copy.kinds.includes('awsbackup') ? timesADay[copy.schedule] : 0;
}

function rounded(value: number): string {
  return value >= 10 ? String(Math.round(value)) : String(Math.round(value * 10) / 10);
}
