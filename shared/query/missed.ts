/** What RDS did and EventBridge never told, by day, as the sweeps found it. */
import type { Ledger, Span } from '../ledger/ledger.ts';
import { dateOf } from './collect.ts';
import { iso, isoOrNull } from './facts.ts';

export interface MissedDay {
  /** UTC date of the sweeps that found them. */
  readonly date: string;
  readonly missed: number;
  readonly sweeps: number;
  /** A sweep's row keeps the names of at most 100. */
  readonly backups: readonly {
    readonly id: string;
    readonly database: string;
    readonly time: string | null;
    readonly foundAt: string;
  }[];
}

/** Newest first, one entry a day on which a sweep ran. */
export async function* readMissed(ledger: Ledger, span: Span): AsyncIterable<MissedDay> {
  let day: { date: string; missed: number; sweeps: number; backups: MissedDay['backups'][number][] } | undefined;
  for await (const sweep of ledger.sweeps(span)) {
    const date = dateOf(sweep.started);
    if (day !== undefined && day.date !== date) yield day;
    if (day?.date !== date) day = { date, missed: 0, sweeps: 0, backups: [] };
    day.missed += sweep.eventsMissed;
    day.sweeps += 1;
    day.backups.push(
      ...sweep.missed.map(({ snapshotId, databaseId, backupTime }) => ({
        id: snapshotId,
        database: databaseId,
        time: isoOrNull(backupTime),
        foundAt: iso(sweep.started),
      })),
    );
  }
  if (day !== undefined) yield day;
}
