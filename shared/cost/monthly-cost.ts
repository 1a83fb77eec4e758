/** What a month costs in AWS, by item, before anything is deployed. */
import { groupBy } from 'es-toolkit/array';
import { sumBy } from 'es-toolkit/math';
import { copiesAnything, type Fleet } from '../config/index.ts';
import { metrics } from '../contract.ts';
import { type Capacity, copiesADay, daysAMonth, usdPerGiB } from '../copies/index.ts';
import { formatEnvironment } from '../domain/index.ts';
import { prices, rotationUsd } from './prices.ts';
import {
  alarmedMetrics,
  assumed,
  eventsADay,
  keyRequestsADay,
  liveBackups,
  memoryGb,
  pollsADay,
  readUnits,
  requestsAnEvent,
  rowBytes,
  watchesADay,
  writeUnits,
} from './usage.ts';

export interface CostItem {
  /** What is paid for; `exports` is there only where their sizes were observed. */
  readonly item: keyof typeof prices | 'exports';
  readonly label: string;
  /** A month's, in `unit`. */
  readonly quantity: number;
  readonly unit: string;
  /** A month's, in US dollars. */
  readonly usd: number;
}

/** US dollars a month, by list prices of us-east-1. Of the ledger, it is what is stored once `ledger.retentionDays` have passed. */
export interface MonthlyCost {
  readonly items: readonly CostItem[];
  /** In the first year. */
  readonly monthlyUsd: number;
  /** The key's yearly rotations add to it. */
  readonly secondYearMonthlyUsd: number;
  readonly laterMonthlyUsd: number;
  /** What is paid besides, as phrases. */
  readonly notIncluded: readonly string[];
}

/** What the configured databases cost; those that enrol by tag cannot be foreseen. */
export function monthlyCost(fleet: Fleet, capacity: Capacity): MonthlyCost {
  const copying = copiesAnything(fleet);
  const databases = fleet.databases.length;
  const shares = sumBy(fleet.databases, ({ tenants }) => tenants?.length ?? 0);
  const { copies, reads: copyReads } = copiesOf(fleet, capacity);
  const calls = {
    watch: watchesADay,
    sweep: 1,
    record: databases * eventsADay,
    // The watch and the sweep trigger a pass each.
    copyPass: watchesADay + 1,
    copy: copies * assumed.callsACopy,
  };
  const callsADay = sumBy(Object.values(calls), (count) => count);
  const { seconds } = assumed;
  const sweepSeconds = calls.watch * seconds.watch + seconds.sweep + (databases + shares) * seconds.sweepOfDatabase;
  const copySeconds = calls.copyPass * seconds.copyPass + calls.copy * seconds.copy;
  const gbSecondsADay =
    sweepSeconds * memoryGb.sweep + calls.record * seconds.record * memoryGb.record + copySeconds * memoryGb.copy;
  const stored = storedBytes(fleet, shares, copies);
  const customMetrics = Object.values(metrics);
  const ofSweep = customMetrics.filter(({ emittedBy }) => emittedBy === 'sweep').length;
  const ofCopy = copying ? customMetrics.filter(({ emittedBy }) => emittedBy === 'copy').length : 0;

  const quantities: Record<keyof typeof prices, number> = {
    key: 1,
    keyRequests: keyRequestsADay * daysAMonth,
    alarms: alarmedMetrics.always + (copying ? alarmedMetrics.whereCopying : 0),
    // A metric is paid for in the hours in which it is sent: those of a sweep in one hour a day.
    customMetrics: ofSweep / 24 + ofCopy,
    logs: toGb(callsADay * assumed.logBytes) * daysAMonth,
    ledgerWrites:
      daysAMonth *
      (writeUnits.watch * watchesADay +
        writeUnits.sweep +
        writeUnits.databaseDay * databases +
        writeUnits.shareDay * shares +
        writeUnits.copy * copies),
    ledgerReads:
      daysAMonth *
      (readUnits.watch * watchesADay +
        readUnits.copyPass * calls.copyPass +
        readUnits.sweep +
        readUnits.databaseDay * databases +
        readUnits.shareDay * shares +
        copyReads),
    ledgerStorage: toGb(stored.table + stored.globalIndexes),
    // Global indexes are made anew from the table.
    ledgerRecovery: toGb(stored.table),
    functionTime: gbSecondsADay * daysAMonth,
    functionRequests: callsADay * daysAMonth,
    queue: (pollsADay + calls.record * requestsAnEvent) * daysAMonth,
    schedules: (watchesADay + 1) * daysAMonth,
  };
  const items: CostItem[] = (Object.keys(prices) as (keyof typeof prices)[]).map((item) => {
    const { label, unit, usd, per } = prices[item];
    return { item, label, quantity: quantities[item], unit, usd: (quantities[item] * usd) / per };
  });
  const { monthlyUsd: exportsUsd } = capacity;
  if (exportsUsd !== undefined) {
    const quantity = exportsUsd / usdPerGiB;
    items.push({ item: 'exports', label: 'exports (about)', quantity, unit: 'GB of snapshots', usd: exportsUsd });
  }
  const monthlyUsd = sumBy(items, ({ usd }) => usd);
  return {
    items,
    monthlyUsd,
    secondYearMonthlyUsd: monthlyUsd + rotationUsd,
    laterMonthlyUsd: monthlyUsd + 2 * rotationUsd,
    notIncluded: notIncluded(fleet, capacity),
  };
}

/**
 * Copies that are made a day, and the read units that they cost. Exports of one schedule and environment wait for slots in the same
 * night; a native dump that is there is copied at once.
 */
function copiesOf({ databases }: Fleet, { environments }: Capacity): { copies: number; reads: number } {
  const loads = new Map(environments.map((environment) => [formatEnvironment(environment), environment.load]));
  const bursts = Object.values(
    groupBy(
      databases.filter(isCopied),
      (database) => `${formatEnvironment(database)} ${database.copy.mode} ${database.copy.schedule}`,
    ),
  );
  const all = bursts.map(([first, ...others]) => {
    const timesADay = first ? copiesADay(first) : 0;
    const waits = first?.copy.mode === 'export';
    const load = (waits && loads.get(formatEnvironment(first))) || 0;
    // What the slots do not carry is not made, as `notIncluded` says.
    const made = (1 + others.length) / Math.max(1, load);
    const readsOfOne = readUnits.copy + (waits ? readUnits.otherExport * Math.max(0, made - 1) : 0);
    return { copies: timesADay * made, reads: timesADay * made * readsOfOne };
  });
  return { copies: sumBy(all, ({ copies }) => copies), reads: sumBy(all, ({ reads }) => reads) };
}

function isCopied(database: Fleet['databases'][number]): boolean {
  return copiesADay(database) > 0;
}

/** Bytes of the ledger once the first rows have expired. */
function storedBytes(
  { databases, ledger }: Fleet,
  shares: number,
  copiesADay: number,
): { table: number; globalIndexes: number } {
  const of = (part: 'table' | 'globalIndexes') => {
    const { database, share, liveBackup, closedBackup, copied, day } = rowBytes;
    const each = database[part] + liveBackups * liveBackup[part];
    const kept = ledger.retentionDays * (closedBackup[part] + day[part]);
    const ofShares = shares * (share[part] + ledger.retentionDays * day[part]);
    const ofCopies = copiesADay * (liveBackups + ledger.retentionDays) * copied[part];
    return databases.length * (each + kept) + ofShares + ofCopies;
  };
  return { table: of('table'), globalIndexes: of('globalIndexes') };
}

/** DynamoDB and CloudWatch bill by 2^30 bytes. */
function toGb(bytes: number): number {
  return bytes / 1024 ** 3;
}

function notIncluded({ discovery, databases }: Fleet, { load, monthlyUsd, unpricedAMonth }: Capacity): string[] {
  const exporting = databases.some(({ copy }) => copy.mode === 'export');
  return [
    'storage in S3 (copies, report, access logs)',
    'messages (SNS takes 2 dollars for 100,000 e-mails, and SMS by country)',
    'data transfer',
    'AWS Backup',
    ...(exporting && monthlyUsd === undefined ? [`exports, at about ${usdPerGiB} dollars a GB of snapshot`] : []),
    ...(monthlyUsd !== undefined && unpricedAMonth ? ['exports of snapshots whose size RDS does not state'] : []),
    ...(discovery ? ['databases that enrol by tag'] : []),
    ...(load > 1 ? ['exports that the slots do not carry, and reading the queue that grows by them'] : []),
  ];
}
