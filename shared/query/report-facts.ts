/** Everything the report's page shows, as plain JSON: times are ISO 8601 UTC, dates `YYYY-MM-DD` UTC. */
import type { Severity, VerdictName } from '../model.ts';
import type { RunFacts } from './facts.ts';

/**
 * How a day went for one database: a letter, since a page of 2,000 databases and 90 days has 180,000 of them.
 * `t` in time, `l` late, `m` missing, `n` no promise (new, excluded, deleted), `u` unknown (RDS could not be asked, or no
 * sweep judged it), `.` not watched on that day.
 */
export type DayLetter = 't' | 'l' | 'm' | 'n' | 'u' | '.';

export interface ReportFacts {
  /** When the facts were read. */
  readonly generated: string;
  /** The ledger's table. */
  readonly ledger: string;
  readonly account: string;
  readonly region: string;
  /** The days shown, oldest first; the last one is the day of `generated`. */
  readonly dates: readonly string[];
  readonly sweep: RunFacts | null;
  readonly watch: RunFacts | null;
  /** Whether the last sweep is complete and young enough (26 h) for the verdicts to be believed. */
  readonly current: boolean;
  /** Configured databases by verdict. */
  readonly counts: Readonly<Partial<Record<VerdictName, number>>>;
  /** Names of databases that RDS has and nobody configured. */
  readonly unconfigured: readonly string[];
  /** Worst first (severity, then verdict), then by tenant and name. */
  readonly databases: readonly ReportDatabase[];
  /** By name. */
  readonly tenants: readonly ReportTenant[];
  /** One entry a date of `dates`, in their order. */
  readonly copies: readonly ReportCopyDay[];
  /** Copies that wait, run or ended badly now. */
  readonly copiesNow: {
    readonly queued: number;
    readonly running: number;
    /** Since when the oldest of the queue waits. */
    readonly oldestQueuedAt: string | null;
  };
  /** Late, missing and unknown days, newest first, at most `mostGaps` of them. */
  readonly gaps: readonly ReportGap[];
  /** How many more there were. */
  readonly gapsLeftOut: number;
}

export interface ReportDatabase {
  readonly key: string;
  readonly id: string;
  readonly kind: 'instance' | 'cluster';
  readonly tenant: string;
  readonly engine: string | null;
  readonly verdict: VerdictName;
  readonly severity: Severity;
  /** A sentence a person can act on. */
  readonly reason: string;
  readonly newestBackup: string | null;
  readonly deadline: string | null;
  /** Since when it is unprotected: the broken deadline, else the opening of its alert; null while it is protected. */
  readonly unprotectedSince: string | null;
  readonly alert: {
    readonly opened: string;
    /** When the last message about it went out. */
    readonly lastTold: string | null;
    readonly acknowledgedBy: string | null;
    readonly snoozedUntil: string | null;
  } | null;
  /** One letter a date of `dates`, in their order. */
  readonly days: string;
  /** Percent of its promised days that were in time; null where nothing was promised. */
  readonly attainment: number | null;
}

export interface ReportTenant {
  readonly tenant: string;
  readonly databases: number;
  /** How many of them are critical or a warning now. */
  readonly unprotected: number;
  /** Database days by how they went. */
  readonly inTime: number;
  readonly late: number;
  readonly missing: number;
  readonly unknown: number;
  readonly noPromise: number;
  /** Percent of promised days that were in time, cut (not rounded) to two decimals; null where nothing was promised. */
  readonly attainment: number | null;
}

export interface ReportCopyDay {
  readonly date: string;
  readonly queued: number;
  readonly started: number;
  /** Ends of that day, by how they ended. */
  readonly complete: number;
  readonly incomplete: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly bytes: number;
  /** The most copies that waited at one moment of that day. */
  readonly mostWaiting: number;
  /** Of those that started on that day, the longest wait in the queue; null where none started. */
  readonly longestWaitHours: number | null;
}

export interface ReportGap {
  /** Position in `databases`. */
  readonly database: number;
  readonly date: string;
  readonly state: 'late' | 'missing' | 'unknown';
  readonly reason: string;
  readonly alertOpened: string | null;
  readonly alertResolved: string | null;
}
