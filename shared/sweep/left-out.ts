/** What runs left out after a failure: checked again by the next watch, and told to the operators once a day. */
import type { LeftOut, SweepRow } from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { first } from '../lib/iterables.ts';
import { addHours } from '../lib/time.ts';
import type { DatabaseRef } from './run.ts';

/** Operators are notified once in this time of one thing that is left out again and again. */
const remindHours = 24;

/** Texts that begin alike are one failure: behind that stands what AWS said this time. */
const comparedLength = 100;

/** The daily sweep before is not older than this. */
const lookBackHours = 26;

/** The rows of the runs before this one; absent where there is none, or where it cannot be read. */
export interface LastRuns {
  readonly watch?: SweepRow;
  readonly sweep?: SweepRow;
}

export async function lastRuns(ledger: Ledger, now: Date): Promise<LastRuns> {
  const lists = ledger.leavingOut(() => {});
  const [watch, sweep] = await Promise.all([
    lists.lastWatch(),
    first(lists.sweeps({ from: addHours(now, -lookBackHours) })),
  ]);
  return { ...(watch && { watch }), ...(sweep && { sweep }) };
}

export interface LeftOutBefore {
  /** Databases that no watch has checked again yet. */
  readonly databases: readonly DatabaseRef[];
  /** What operators were notified of within the last day, by `keyOfLeftOut`, and when. */
  readonly notifiedOf: ReadonlyMap<string, Date>;
}

/** What the last watch and the last sweep left out. Without their rows all is checked and told again: rather twice than never. */
export function leftOutBefore({ watch, sweep }: LastRuns, now: Date): LeftOutBefore {
  const sinceWatch = watch === undefined || (sweep?.finished !== undefined && sweep.finished > watch.started);
  const open = [...(watch?.leftOut ?? []), ...(sinceWatch ? (sweep?.leftOut ?? []) : [])];
  const since = addHours(now, -remindHours);
  const notified = [...(sweep?.notifiedOf ?? []), ...(watch?.notifiedOf ?? [])]
    .filter(({ at }) => at > since)
    .sort((one, other) => one.at.getTime() - other.at.getTime());
  return {
    databases: open.flatMap(({ database }) => database ?? []),
    notifiedOf: new Map(notified.map(({ of, at }) => [of, at])),
  };
}

/** What makes two failures the same: the database, or else what is said. */
export function keyOfLeftOut({ database, text }: LeftOut): string {
  return database?.key ?? text.slice(0, comparedLength);
}
