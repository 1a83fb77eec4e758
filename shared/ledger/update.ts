/** The one optimistic loop: read, decide, write; and again where somebody else wrote in between. */
import {
  type Alert,
  type Backup,
  type BackupId,
  type CopyPause,
  type CopyScope,
  type DatabaseKey,
  type DatabaseRow,
  type Environment,
  type EnvironmentRow,
  formatEnvironment,
} from '../domain/index.ts';
import type { Ledger, UnreadableRow, Written } from './ledger.ts';

/** Writers of one row meet rarely; as many in a row as this means that something is wrong. */
const maxConflicts = 10;

export interface Update<Row, Change> {
  /** The row as it is named in an error. */
  readonly what: string;
  /** The row as it is now, strongly consistent. */
  readonly read: () => Promise<Row>;
  /** What to write; undefined: nothing. */
  readonly decide: (row: Row) => Change | undefined | Promise<Change | undefined>;
  readonly write: (change: Change) => Promise<Written>;
  /** The row where it was read already. */
  readonly known?: Row;
}

/**
 * Returns what was written; undefined where there was nothing to write. Throws after ten conflicts in a row, and whatever
 * reading and writing throw.
 */
export async function update<Row, Change>(of: Update<Row, Change>): Promise<Change | undefined> {
  let row = 'known' in of ? (of.known as Row) : await of.read();
  for (let conflicts = 0; conflicts < maxConflicts; conflicts += 1) {
    if (conflicts > 0) row = await of.read();
    const change = await of.decide(row);
    if (change === undefined) return undefined;
    if ((await of.write(change)) === 'written') return change;
  }
  throw new Error(`${of.what} was changed by others ${maxConflicts} times in a row`);
}

/** Who changes a row must have read it: one that cannot be read is not absent. */
function strict(ledger: Ledger): Ledger {
  return ledger.leavingOut((row: UnreadableRow) => {
    throw row;
  });
}

/** Changes a database's row; `change` gets undefined where there is none, and gives back undefined, or the row it got, to leave it. */
export function updateDatabase(
  ledger: Ledger,
  key: DatabaseKey,
  change: (row: DatabaseRow | undefined) => DatabaseRow | undefined,
): Promise<DatabaseRow | undefined> {
  return update<DatabaseRow | undefined, DatabaseRow>({
    what: `the row of database ${key}`,
    read: async () => (await strict(ledger).databases([key]))[0],
    decide: (row) => {
      const changed = change(row);
      return changed === row ? undefined : changed;
    },
    write: (row) => ledger.putDatabase(row),
  });
}

/**
 * Changes a backup's row; `known` is the row where it was read already. Returns it as written; undefined where it is gone, or
 * `change` answered undefined.
 */
export async function updateBackup(
  ledger: Ledger,
  id: BackupId,
  change: (row: Backup) => Backup | undefined,
  known?: Backup,
): Promise<Backup | undefined> {
  const written = await update<Backup | undefined, Backup>({
    ...(known && { known }),
    what: `the row of backup ${id.snapshotId}`,
    read: async () => (await strict(ledger).backups([id]))[0],
    decide: (row) => row && change(row),
    write: (row) => ledger.updateBackup(row),
  });
  return written && { ...written, version: (written.version ?? 0) + 1 };
}

/** A database's row with the alert that concerns it now. */
export interface RowWithAlert {
  readonly row: DatabaseRow;
  readonly alert: Alert;
}

/**
 * Changes the alert that concerns a database now, and its row with it. Returns both as written; undefined where there is no
 * such alert, or `change` answered undefined. `known` is both where they were read already.
 */
export function updateAlert(
  ledger: Ledger,
  key: DatabaseKey,
  change: (current: RowWithAlert) => RowWithAlert | undefined,
  known?: RowWithAlert,
): Promise<RowWithAlert | undefined> {
  return update<RowWithAlert | undefined, RowWithAlert>({
    what: `the row of database ${key}`,
    read: async () => {
      const [row] = await strict(ledger).databases([key]);
      if (row?.alert === undefined) return undefined;
      const [alert] = await strict(ledger).alerts([{ database: key, ...row.alert }]);
      return alert && { row, alert };
    },
    decide: (current) => current && change(current),
    write: ({ row, alert }) => ledger.putDatabaseWithAlert(row, alert),
    ...(known && { known }),
  });
}

/**
 * Changes the row of an environment; `change` gets undefined where there is none, and gives back undefined to leave it. `read` is the
 * row where it was read already.
 */
export function updateEnvironment(
  ledger: Ledger,
  environment: Environment,
  change: (row: EnvironmentRow | undefined) => EnvironmentRow | undefined,
  read?: { readonly row: EnvironmentRow | undefined },
): Promise<EnvironmentRow | undefined> {
  const name = formatEnvironment(environment);
  return update<EnvironmentRow | undefined, EnvironmentRow>({
    what: `the row of ${name}`,
    read: async () => (await strict(ledger).environments()).find((row) => formatEnvironment(row) === name),
    decide: change,
    write: (row) => ledger.putEnvironment(row),
    ...(read && { known: read.row }),
  });
}

/** Changes the row of a fault of set-up; `change` gets undefined where there is none, and gives back undefined to leave it. */
export function updateCopyPause(
  ledger: Ledger,
  environment: Environment,
  scope: CopyScope,
  change: (pause: CopyPause | undefined) => CopyPause | undefined,
): Promise<CopyPause | undefined> {
  return update<CopyPause | undefined, CopyPause>({
    what: `the pause of ${scope.kind} ${scope.name}`,
    read: async () =>
      (await strict(ledger).copyPauses(environment)).find(
        ({ kind, name }) => kind === scope.kind && name === scope.name,
      ),
    decide: change,
    write: (pause) => ledger.putCopyPause(pause),
  });
}
