/** Any slice of backups, newest first, by the shortest way the table knows. */

import {
  type Backup,
  type BackupKind,
  type CopyState,
  type DatabaseKey,
  type DatabaseRow,
  isOneOf,
} from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { dateAfter, dateOf } from '../lib/dates.ts';
import { merged } from '../lib/iterables.ts';
import { backupsOfRow, type ListedBackup, listedAt, sharesIn, sharesOfTenant } from './whose-backups.ts';

export interface Slice {
  readonly tenant?: string;
  /** Keys of the databases; more than one where a name was used again. */
  readonly databases?: readonly DatabaseKey[];
  /** By the moment their data is from (where that is unknown, by creation); from inclusive, to exclusive. */
  readonly from: Date;
  readonly to: Date;
  readonly kinds?: readonly BackupKind[];
  readonly copyStates?: readonly CopyState[];
}

/**
 * Reads the partition of a database, of a tenant, or of each day, whichever is asked for; the rest is sorted out here. A tenant has those
 * of shared databases, too, as long as it was there.
 */
export async function* readBackups(ledger: Ledger, slice: Slice): AsyncIterable<ListedBackup> {
  for await (const backup of source(ledger, slice)) if (belongs(backup, slice)) yield backup;
}

async function* source(ledger: Ledger, { databases, tenant, from, to }: Slice): AsyncIterable<ListedBackup> {
  // By creation, which a copied snapshot's data is older than: its row comes before its time, so the end stays open.
  const ofRows = (rows: readonly DatabaseRow[]) => rows.map((row) => byListedTime(backupsOfRow(ledger, row, { from })));
  if (databases !== undefined) {
    const shares = tenant === undefined ? [] : await sharesIn(ledger, databases, tenant);
    const whole = databases.map((key) => byListedTime(ledger.backupsOfDatabase(key, { from })));
    yield* merged([...whole, ...ofRows(shares)], newestFirst);
  } else if (tenant !== undefined) {
    const shares = await sharesOfTenant(ledger, tenant);
    yield* merged([ledger.backupsOfTenant(tenant, { from, to }), ...ofRows(shares)], newestFirst);
  } else {
    const first = dateOf(from);
    for (let date = dateOf(new Date(to.getTime() - 1)); date >= first; date = dateAfter(date, -1)) {
      yield* ledger.backupsOfDay(date);
    }
  }
}

function newestFirst(a: Backup, b: Backup): number {
  return listedAt(b).getTime() - listedAt(a).getTime();
}

/**
 * By the time they are listed by, newest first, of backups that come by their creation. Data is never younger than its
 * snapshot, so a copy of an older one waits until all that could stand before it has passed.
 */
async function* byListedTime(backups: AsyncIterable<ListedBackup>): AsyncIterable<ListedBackup> {
  const waiting: Backup[] = [];
  for await (const backup of backups) {
    while (waiting[0] && listedAt(waiting[0]) >= backup.createdAt) yield* waiting.splice(0, 1);
    const place = waiting.findIndex((other) => listedAt(other) < listedAt(backup));
    waiting.splice(place < 0 ? waiting.length : place, 0, backup);
  }
  yield* waiting;
}

function belongs(backup: Backup, { tenant, from, to, kinds, copyStates }: Slice): boolean {
  const time = listedAt(backup);
  return (
    time >= from &&
    time < to &&
    (tenant === undefined || backup.tenant === tenant) &&
    (kinds === undefined || kinds.includes(backup.kind)) &&
    (copyStates === undefined || isOneOf(copyStates, backup.copy.state))
  );
}
