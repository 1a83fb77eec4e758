/** What runs left out after a failure: checked again by the next watch, and told to the operators once a day. */
import type { LeftOut } from '../domain/index.ts';
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

export interface LeftOutBefore {
  /** Databases that no watch has checked again yet. */
  readonly databases: readonly DatabaseRef[];
  /** What operators were notified of within the last day, by `keyOfLeftOut`, and when. */
  readonly notifiedOf: ReadonlyMap<string, Date>;
}

/** What the last watch and the last sweep left out. */
export async function leftOutBefore(ledger: Ledger, now: Date): Promise<LeftOutBefore> {
  // Without these rows all is checked and told again: rather twice than never.
  const lists = ledger.leavingOut(() => {});
  const [watch, sweep] = await Promise.all([
    lists.lastWatch(),
    first(lists.sweeps({ from: addHours(now, -lookBackHours) })),
  ]);
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
