/** Everything the ledger knows of one database. */
import type { DatabaseSummary, Ledger } from '../ledger/ledger.ts';
import type { DatabaseKind, Day } from '../model.ts';
import { collect, dateAfter, dateOf, take } from './collect.ts';
import {
  type AlertFacts,
  alertFacts,
  type BackupFacts,
  backupFacts,
  type DatabaseFacts,
  databaseFacts,
  iso,
  isoOrNull,
} from './facts.ts';

export interface DayFacts {
  readonly date: string;
  readonly verdict: Day['verdict'];
  readonly severity: Day['severity'];
  readonly reason: string;
  readonly judgedAt: string;
  readonly newestBackup: string | null;
  readonly deadline: string | null;
  readonly maxAgeHours: number;
  readonly graceHours: number;
}

export interface DatabaseHistory extends DatabaseFacts {
  /** Newest first, at most as many as were asked for. */
  readonly backups: readonly BackupFacts[];
  /** Newest first, at most as many as were asked for. */
  readonly alerts: readonly AlertFacts[];
  /** The judgements of the last days, newest first. */
  readonly days: readonly DayFacts[];
  /** Other databases that had this name, by their keys. */
  readonly others: readonly string[];
}

export interface HistoryOptions {
  /** Backups and alerts shown. */
  readonly limit: number;
  /** Days of judgements shown, today included. */
  readonly days: number;
}

/** Databases of a name, of either kind unless one is given, the one judged last first. */
export async function databasesNamed(ledger: Ledger, id: string, kind?: DatabaseKind): Promise<DatabaseSummary[]> {
  const kinds: readonly DatabaseKind[] = kind ? [kind] : ['instance', 'cluster'];
  const found = await Promise.all(kinds.map((one) => ledger.databasesByName(one, id)));
  const lastSeen = (row: DatabaseSummary) => (row.judgedAt ?? row.enrolledAt).getTime();
  return found
    .flat()
    .sort((a, b) => Number(b.tenant !== undefined) - Number(a.tenant !== undefined) || lastSeen(b) - lastSeen(a));
}

/** The history of the first of the databases of a name; undefined where there is none. */
export async function readDatabase(
  ledger: Ledger,
  named: readonly DatabaseSummary[],
  { limit, days }: HistoryOptions,
  now: Date,
): Promise<DatabaseHistory | undefined> {
  const [row, ...others] = named;
  if (row === undefined) return undefined;
  const today = dateOf(now);
  const [backups, alerts, judged] = await Promise.all([
    collect(take(ledger.backupsOfDatabase(row.key), limit)),
    collect(take(ledger.alertsOfDatabase(row.key), limit)),
    collect(ledger.daysOfDatabase(row.key, dateAfter(today, 1 - days), today)),
  ]);
  return {
    ...databaseFacts(row, now),
    backups: backups.map((backup) => backupFacts(backup, now)),
    alerts: alerts.map(alertFacts),
    days: judged.reverse().map(dayFacts),
    others: others.map(({ key }) => key),
  };
}

function dayFacts(day: Day): DayFacts {
  const { date, verdict, severity, reason, maxAgeHours, graceHours } = day;
  return {
    date,
    verdict,
    severity,
    reason,
    judgedAt: iso(day.judgedAt),
    newestBackup: isoOrNull(day.newestBackup?.time),
    deadline: isoOrNull(day.deadline),
    maxAgeHours,
    graceHours,
  };
}
