/** Everything the ledger knows of one database. */
import pMap from 'p-map';
import * as z from 'zod';
import {
  type Alert,
  type DatabaseKind,
  type DatabaseRow,
  databaseKinds,
  databaseSchema,
  type Environment,
  environmentsAtOnce,
  fields,
  isSharedOwner,
  text,
  time,
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
import { backupsOfRow, type ShareRow, sharesOfDatabases } from './whose-backups.ts';

const tenantOfDatabase = fields({
  tenant: text.describe("the tenant's id"),
  key: databaseFactsSchema.shape.key,
  since: time.nullable().describe('since when its data is there; null where it was before the ledger looked'),
  until: time.nullable().describe('when it left; null while it is there'),
  database: text.nullable().describe('the name of its database, where the configuration says it'),
  schema: text.nullable().describe('the name of its schema, where the configuration says it'),
  verdict: databaseSchema.shape.verdict.unwrap().nullable().describe('its own verdict; null once it has left'),
  severity: databaseSchema.shape.severity.unwrap().nullable().describe('`critical`, `warning` or `info`'),
  newestBackup: databaseSchema.shape.newestBackup.unwrap().nullable().describe('the newest backup that holds it'),
  deadline: time.nullable().describe('when it becomes, or became, overdue'),
  alert: z.custom<AlertFacts>().nullable().describe('its open alert as `alerts --json` shows it'),
});

/** A tenant of a shared database. */
export type TenantOfDatabase = FactsOf<typeof tenantOfDatabase>;

/** What is said of a database beside its row. */
export const historyFields = {
  tenants: z
    .array(tenantOfDatabase)
    .readonly()
    .nullable()
    .describe('tenants of a shared database, by name, those that left among them; null of any other'),
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

/**
 * The history of the first of the databases of a name, or of a tenant's share of it; undefined where there is none. Of a shared database,
 * reads a row for each database of the ledger.
 */
export async function readDatabase(
  ledger: Ledger,
  named: readonly DatabaseRow[],
  { limit, days }: HistoryOptions,
  now: Date,
): Promise<DatabaseHistory | undefined> {
  const [row, ...others] = named;
  if (row === undefined) return undefined;
  const today = dateOf(now);
  const [current, backups, alerts, evaluated, shares] = await Promise.all([
    alertsOfRows(ledger, [row]),
    collect(take(backupsOfRow(ledger, row), limit)),
    collect(take(ledger.alertsOfDatabase(row.key), limit)),
    collect(ledger.daysOfDatabase(row.key, dateAfter(today, 1 - days), today)),
    sharesOfDatabases(ledger, [row]),
  ]);
  const theirs = await alertsOfRows(ledger, shares);
  const isShared = shares.length > 0 || (row.tenant !== undefined && isSharedOwner(row.tenant));
  return {
    ...databaseFacts(row, current.get(row.key), now),
    tenants: isShared ? shares.map((share) => tenantIn(share, theirs.get(share.key), now)) : null,
    backups: backups.map((backup) => backupFacts(backup, now)),
    alerts: alerts.map((alert) => alertFacts(alert, row, now)),
    days: evaluated.reverse().map(dayFacts),
    others: others.map(({ key }) => key),
  };
}

function tenantIn(row: ShareRow, alert: Alert | undefined, now: Date): TenantOfDatabase {
  const { key, share, verdict, severity, newestBackup, deadline, alert: open } = databaseFacts(row, alert, now);
  const { since = null, until = null, database = null, schema = null } = share ?? {};
  const finding = { verdict, severity, newestBackup, deadline, alert: open };
  return { tenant: row.tenant, key, since, until, database, schema, ...finding };
}
