/** Who was notified of what, and when. */
import { type Alert, type DatabaseKey, databaseOfShare } from '../domain/index.ts';
import type { Ledger, Span } from '../ledger/index.ts';
import { filter, inChunks, merged } from '../lib/iterables.ts';
import { type AlertFacts, alertFacts } from './row-facts.ts';
import { owners } from './tenant.ts';
import { sharesIn, sharesOfDatabases } from './whose-backups.ts';

export interface AlertSlice {
  /** Only those that are open: oldest first, whenever they opened. */
  readonly open: boolean;
  readonly tenant?: string;
  /** Of shared ones, their tenants' alerts too. */
  readonly databases?: readonly DatabaseKey[];
  /** When they opened. */
  readonly span: Span;
}

/** Alerts whose databases' rows are read in one call. */
const alertsAtOnce = 100;

/** Open ones oldest first; all of them newest first, by the partition of each database or tenant. */
export async function* readAlerts(ledger: Ledger, slice: AlertSlice, now: Date): AsyncIterable<AlertFacts> {
  for await (const some of inChunks(alertsOf(ledger, slice), alertsAtOnce)) {
    yield* await factsOfAlerts(ledger, some, now);
  }
}

async function* alertsOf(ledger: Ledger, { open, tenant, databases, span }: AlertSlice): AsyncIterable<Alert> {
  if (open) {
    yield* filter(
      ledger.openAlerts(),
      (alert) =>
        (tenant === undefined || alert.tenant === tenant) &&
        (databases === undefined || databases.includes(databaseOfShare(alert.database))),
    );
    return;
  }
  const lists = databases
    ? (await withShares(ledger, databases, tenant)).map((key) =>
        filter(ledger.alertsOfDatabase(key), ({ opened }) => within(opened, span)),
      )
    : (tenant !== undefined ? [tenant] : await owners(ledger)).map((one) => ledger.alertsOfTenant(one, span));
  yield* filter(
    merged(lists, (a, b) => b.opened.getTime() - a.opened.getTime()),
    (alert) => tenant === undefined || alert.tenant === tenant,
  );
}

/** Keys of databases, and of the shares of them: of one tenant, or all. */
async function withShares(ledger: Ledger, databases: readonly DatabaseKey[], tenant?: string): Promise<DatabaseKey[]> {
  const shares =
    tenant === undefined
      ? await sharesOfDatabases(ledger, await ledger.databases(databases))
      : await sharesIn(ledger, databases, tenant);
  return [...databases, ...shares.map(({ key }) => key)];
}

/** The facts of alerts, of open ones with the rows of their databases, 100 a call. */
export async function factsOfAlerts(ledger: Ledger, alerts: readonly Alert[], now: Date): Promise<AlertFacts[]> {
  const open = new Set(alerts.flatMap(({ resolved, database }) => (resolved ? [] : [database])));
  const rows = new Map((await ledger.databases([...open])).map((row) => [row.key, row]));
  return alerts.map((alert) => alertFacts(alert, rows.get(alert.database), now));
}

function within(time: Date, { from, to }: Span): boolean {
  return (from === undefined || time >= from) && (to === undefined || time < to);
}
