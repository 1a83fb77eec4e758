import type { DatabaseKey, DatabaseRow } from '../model.ts';
import type { Ledger } from './ledger.ts';

/** Writers of one row meet rarely; as many in a row as this means that something is wrong. */
const maxConflicts = 10;

/**
 * Changes a database's row: reads it (or takes `fresh` where there is none), applies `change`, writes; and does so again
 * where somebody else wrote in between. A change that gives back the row it got writes nothing.
 */
export async function changeDatabase(
  ledger: Ledger,
  key: DatabaseKey,
  fresh: () => DatabaseRow,
  change: (row: DatabaseRow) => DatabaseRow,
): Promise<void> {
  for (let conflicts = 0; conflicts < maxConflicts; conflicts += 1) {
    const [known] = await ledger.databases([key]);
    const row = known ?? fresh();
    const changed = change(row);
    if (changed === row && known !== undefined) return;
    if ((await ledger.putDatabase(changed)) === 'written') return;
  }
  throw new Error(`the row of database ${key} was changed by others ${maxConflicts} times in a row`);
}
