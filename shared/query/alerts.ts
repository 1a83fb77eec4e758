/** Who was told what, when. */
import type { Ledger, Span } from '../ledger/ledger.ts';
import type { Alert, DatabaseKey } from '../model.ts';
import { filter, merged } from './collect.ts';
import { tenantNames } from './tenant.ts';

export interface AlertSlice {
  /** Only those that are open: oldest first, whenever they opened. */
  readonly open: boolean;
  readonly tenant?: string;
  readonly databases?: readonly DatabaseKey[];
  /** When they opened. */
  readonly span: Span;
}

/** Open ones oldest first; all of them newest first, by the partition of each database or tenant. */
export async function* readAlerts(ledger: Ledger, { open, tenant, databases, span }: AlertSlice): AsyncIterable<Alert> {
  if (open) {
    yield* filter(
      ledger.openAlerts(),
      (alert) =>
        (tenant === undefined || alert.tenant === tenant) &&
        (databases === undefined || databases.includes(alert.database)),
    );
    return;
  }
  const lists = databases
    ? databases.map((key) => filter(ledger.alertsOfDatabase(key), ({ opened }) => within(opened, span)))
    : (tenant !== undefined ? [tenant] : await tenantNames(ledger)).map((one) => ledger.alertsOfTenant(one, span));
  yield* filter(
    merged(lists, ({ opened }) => opened.getTime()),
    (alert) => tenant === undefined || alert.tenant === tenant,
  );
}

function within(time: Date, { from, to }: Span): boolean {
  return (from === undefined || time >= from) && (to === undefined || time < to);
}
