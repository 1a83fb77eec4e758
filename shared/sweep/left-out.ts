/** What runs left out after a failure: checked again by the next watch, and told to the operators once a day. */
import type { LeftOut } from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { first } from '../lib/iterables.ts';
import { addHours } from '../lib/time.ts';
import type { DatabaseRef } from './run.ts';

/** Operators are notified once in this time of one thing that is left out again and again. */
const remindHours = 24;

/** A row keeps no longer texts. */
const comparedLength = 200;

/** The daily sweep before is not older than this. */
const lookBackHours = 26;

export interface LeftOutBefore {
  /** Databases that no watch has checked again yet. */
  readonly databases: readonly DatabaseRef[];
  /** When operators were last notified of it; undefined: never, or not of late. */
  readonly notifiedAt: (left: LeftOut) => Date | undefined;
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
  const all = [...(sweep?.leftOut ?? []), ...(watch?.leftOut ?? [])];
  const since = addHours(now, -remindHours);
  const times = new Map<string, Date>();
  for (const left of all) {
    const known = times.get(keyOf(left));
    const { notifiedAt } = left;
    if (notifiedAt !== undefined && notifiedAt > (known ?? since)) times.set(keyOf(left), notifiedAt);
  }
  return {
    databases: open.flatMap(({ database }) => database ?? []),
    notifiedAt: (left) => times.get(keyOf(left)),
  };
}

/** What makes two failures the same: the database, or else what is said. */
function keyOf({ database, text }: LeftOut): string {
  return database?.key ?? text.slice(0, comparedLength);
}
