/** What RDS did and no event announced, by day, as the sweeps found it. */
import * as z from 'zod';
import { count, fields, text, time } from '../domain/index.ts';
import type { Ledger, Span } from '../ledger/index.ts';
import { dateOf } from '../lib/dates.ts';
import { type FactsOf, iso, isoOrNull } from './row-facts.ts';

export const missedDaySchema = fields({
  date: text.describe('UTC date of the sweeps that found them, newest first'),
  missed: count.describe('how many'),
  sweeps: count.describe('sweeps of that day'),
  backups: z
    .array(
      fields({
        id: text.describe("the snapshot's id"),
        database: text.describe('the name of the database'),
        time: time.nullable().describe('the moment its data is from'),
        foundAt: time.describe('when the sweep started that found it'),
      }),
    )
    .readonly()
    .describe('their names; a sweep keeps at most 100'),
});

export type MissedDay = FactsOf<typeof missedDaySchema>;

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
