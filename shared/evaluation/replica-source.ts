/** Whether the source of a read replica is watched: a replica without backups of its own is as protected as that is. Pure. */
import type { ConfiguredDatabase } from '../config/index.ts';
import {
  type DatabaseName,
  type DatabaseRow,
  environmentOf,
  formatEnvironment,
  formatName,
  type RdsDatabase,
  reliesOnSource,
  sourceNames,
} from '../domain/index.ts';
import type { RdsInventory } from '../rds/index.ts';

/** Why the source of a replica is not watched. */
export type UnwatchedSource = 'elsewhere' | 'excluded' | 'not-configured';

/** Where the source of a replica is looked up. */
export interface Sources {
  readonly entries: readonly ConfiguredDatabase[];
  readonly rows: readonly DatabaseRow[];
  readonly inventory: RdsInventory;
}

/** Answers why the source of a replica is not watched; undefined where it is, or where nobody can say. */
export function unwatchedSources({
  entries,
  rows,
  inventory,
}: Sources): (replica: RdsDatabase) => UnwatchedSource | undefined {
  const entryOf = new Map(entries.map((entry) => [formatName(entry), entry]));
  const rowOf = new Map(rows.map((row) => [row.key, row]));
  const found = (name: DatabaseName): ConfiguredDatabase | undefined => {
    const shown = inventory.databaseNamed(name);
    const before = shown && rowOf.get(shown.key)?.configuredAs;
    // One that was renamed has the entry of its former name until the configuration follows.
    return (
      entryOf.get(formatName(name)) ??
      (before === undefined ? undefined : entryOf.get(formatName({ ...name, id: before })))
    );
  };
  const why = (replica: RdsDatabase, before: ReadonlySet<string>): UnwatchedSource | undefined => {
    const here = formatEnvironment(environmentOf(replica.key));
    const names = sourceNames(replica).map((name) => inventory.clusterOf(name) ?? name);
    if (names.every((name) => formatEnvironment(name) !== here && !inventory.isRead(name))) return 'elsewhere';
    const name = names.find((one) => found(one) !== undefined);
    if (name === undefined) {
      const isUnread = names.some((one) => inventory.databasesUnread(one) !== undefined);
      return isUnread ? undefined : 'not-configured';
    }
    if (found(name)?.excluded !== undefined) return 'excluded';
    const source = inventory.databaseNamed(name);
    if (source === undefined || !reliesOnSource(source) || before.has(source.key)) return undefined;
    return why(source, new Set([...before, source.key]));
  };
  return (replica) => why(replica, new Set([replica.key]));
}
