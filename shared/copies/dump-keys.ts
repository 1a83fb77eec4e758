/** Whose a native dump is: the key that it lies under has to be one database's alone. */
import { type ConfiguredDatabase, enrolledWithoutTags, sharesKeyWith } from '../config/index.ts';
import { type Backup, type DatabaseRow, formatName, isShare, nameOf } from '../domain/index.ts';
import { configuredByName } from '../ownership.ts';
import type { CopyDeps } from './run-queue.ts';

/** The other database whose dump could lie under the key of a backup's dump; undefined: there is none. */
export type OtherOfKey = (
  configured: ConfiguredDatabase,
  backup: Pick<Backup, 'kind'>,
) => Promise<ConfiguredDatabase | undefined>;

/**
 * Answers for one run. The configuration was checked before it was deployed, but not with the databases that have enrolled
 * themselves since, nor with what a person asks for besides (copies of other kinds of backups, or in a former mode).
 */
export function otherOfKey(deps: Pick<CopyDeps, 'ledger' | 'fleet'>): OtherOfKey {
  let known: Promise<readonly ConfiguredDatabase[]> | undefined;
  return async (configured, { kind }) => {
    known ??= databasesWithDumps(deps);
    const name = formatName(configured);
    const others = (await known).filter((other) => formatName(other) !== name);
    const { copy } = configured;
    return sharesKeyWith({ ...configured, copy: { ...copy, kinds: [...new Set([...copy.kinds, kind])] } }, others);
  };
}

/** The listed databases in `object` mode, and those that enrolled themselves, by what the ledger knows of their tags. */
async function databasesWithDumps({
  ledger,
  fleet,
}: Pick<CopyDeps, 'ledger' | 'fleet'>): Promise<readonly ConfiguredDatabase[]> {
  const listed = fleet.databases.filter(({ copy }) => copy.mode === 'object');
  if (!fleet.discovery || !fleet.defaults.copy.staging) return listed;
  const byName = configuredByName(fleet);
  const enrolled: ConfiguredDatabase[] = [];
  for await (const row of ledger.allDatabases()) {
    const { tenant, verdict } = row;
    if (isShare(row.key)) continue;
    if (row.enrolledBy !== 'tag' || tenant === undefined || verdict === 'deleted') continue;
    if (copyModeOf(row, fleet.defaults.copy.mode) !== 'object' || byName.has(formatName(nameOf(row)))) continue;
    enrolled.push(enrolledWithoutTags(fleet, nameOf(row), tenant));
  }
  return [...listed, ...enrolled];
}

function copyModeOf({ knownTags }: DatabaseRow, standard: string): string {
  return knownTags?.copyMode ?? standard;
}
