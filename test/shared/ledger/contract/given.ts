import { type DatabaseName, environmentOf } from '../../../../shared/domain/index.ts';
import type { Ledger } from '../../../../shared/ledger/ledger.ts';
import type { Table } from '../../../../shared/ledger/table.ts';
import { at, ordersKey } from '../rows.ts';

/** A ledger, and the table that it is on. */
export interface OnTable {
  readonly ledger: Ledger;
  readonly table: Table;
}

/** An empty ledger on the given clock. */
export type MakeLedger = (now: () => Date) => Promise<OnTable>;

/** The moment that tests play at, unless they say otherwise. */
export const start = at('2026-11-23T12:00:00.000Z');

/** The environment of the rows. */
export const here = environmentOf(ordersKey);
/** Another account, and another Region. */
export const elsewhere = [
  { ...here, account: '210987654321' },
  { ...here, region: 'us-east-1' },
] as const;

export const ordersName: DatabaseName = { ...here, kind: 'instance', id: 'orders' };

/** Keys of databases that lie in all shards, of which there are 8. */
export const keysInAllShards = Array.from({ length: 40 }, (_, n) => `123456789012/eu-west-1/db-${100 + n}`);
