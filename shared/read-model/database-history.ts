/** Everything the ledger knows of one database. */
import pMap from 'p-map';
import * as z from 'zod';
import {
  type DatabaseKind,
  type DatabaseRow,
  databaseKinds,
  type Environment,
  environmentsAtOnce,
  fields,
  text,
} from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { dateAfter, dateOf } from '../lib/dates.ts';
import { collect, take } from '../lib/iterables.ts';
import {
  type AlertFacts,
  alertFacts,
  type BackupFacts,
  backupFacts,
  databaseFacts,
  databaseFactsSchema,
  dayFacts,
  dayFactsSchema,
  type FactsOf,
} from './row-facts.ts';
import { alertsOfRows } from './tenant.ts';

/** What is said of a database beside its row. */
export const historyFields = {
  backups: z
    .custom<readonly BackupFacts[]>()
    .describe('its backups as `backups --json` shows them, newest first, at most as many as were asked for'),
  alerts: z
    .custom<readonly AlertFacts[]>()
    .describe('its alerts as `alerts --json` shows them, newest first, at most as many as were asked for'),
  days: z.array(dayFactsSchema).readonly().describe('the evaluations of the last days, newest first'),
  others: z.array(text).readonly().describe('keys of other databases that had this name'),
};

export const databaseHistorySchema = fields({ ...databaseFactsSchema.shape, ...historyFields });

export type DatabaseHistory = FactsOf<typeof databaseHistorySchema>;

export interface HistoryOptions {
  /** Backups and alerts shown. */
  readonly limit: number;
  /** Days of evaluations shown, today included. */
  readonly days: number;
}

/**
 * Databases of a name in any of the environments, of either kind unless one is given: those that are configured first, the one
 * seen last first. Makes a call an environment and kind.
 */
export async function databasesNamed(
  ledger: Ledger,
  environments: readonly Environment[],
  id: string,
  kind?: DatabaseKind,
): Promise<DatabaseRow[]> {
  const kinds = kind ? [kind] : databaseKinds;
  const names = environments.flatMap(({ account, region }) => kinds.map((one) => ({ account, region, kind: one, id })));
  const found = await pMap(names, (name) => ledger.databasesByName(name), { concurrency: environmentsAtOnce });
  const lastSeen = (row: DatabaseRow) => (row.evaluatedAt ?? row.enrolledAt).getTime();
  return found
    .flat()
    .sort((a, b) => Number(b.tenant !== undefined) - Number(a.tenant !== undefined) || lastSeen(b) - lastSeen(a));
}

/** The history of the first of the databases of a name; undefined where there is none. */
export async function readDatabase(
  ledger: Ledger,
  named: readonly DatabaseRow[],
  { limit, days }: HistoryOptions,
  now: Date,
): Promise<DatabaseHistory | undefined> {
  const [row, ...others] = named;
  if (row === undefined) return undefined;
  const today = dateOf(now);
  const [current, backups, alerts, evaluated] = await Promise.all([
    alertsOfRows(ledger, [row]),
    collect(take(ledger.backupsOfDatabase(row.key), limit)),
    collect(take(ledger.alertsOfDatabase(row.key), limit)),
    collect(ledger.daysOfDatabase(row.key, dateAfter(today, 1 - days), today)),
  ]);
  return {
    ...databaseFacts(row, current.get(row.key), now),
    backups: backups.map((backup) => backupFacts(backup, now)),
    alerts: alerts.map((alert) => alertFacts(alert, row, now)),
    days: evaluated.reverse().map(dayFacts),
    others: others.map(({ key }) => key),
  };
}
