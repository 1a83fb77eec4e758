/**
 * The native dump of a backup: the object under its key, or the newest under its prefix, if it is of this backup. A file of a fixed
 * name lies there every night; only when it was modified tells whether it is tonight's.
 */
import { paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { type ConfiguredDatabase, type CopyPolicy, isPrefix, namesSnapshot } from '../config/index.ts';
import { type Backup, backupIdOf, type Copy, type DatabaseKey, type DatabaseRow, sameBackup } from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { dayMs, hourMs } from '../lib/time.ts';
import { ownerAt } from '../ownership.ts';
import { addressOf, type ObjectPlace, type SourceObject, sourceObject } from './copy-object.ts';

type Staging = NonNullable<CopyPolicy['staging']>;

/** An object that may be the dump of a backup. */
export interface Candidate {
  readonly from: ObjectPlace;
  readonly modified: Date;
  /** Absent where only a listing has shown it. */
  readonly object?: SourceObject;
}

/** The dump of a backup, or the newest of those that are not. `usedBy`: the snapshot whose copy has used it, or a newer one. */
export type ChosenDump =
  | { readonly is: 'dump'; readonly dump: Candidate }
  | { readonly is: 'stale'; readonly newest: Candidate; readonly usedBy?: string };

export interface DumpSearch {
  readonly backup: Backup;
  readonly configured: ConfiguredDatabase;
  readonly staging: Staging;
  /** The row of the backup's database. */
  readonly row: DatabaseRow | undefined;
}

/** What lies under the key of a dump, or under its prefix, newest first. S3's answers climb. */
export function dumpsAt(s3: S3Client, place: ObjectPlace): Promise<Candidate[]> {
  return isPrefix(place.key) ? newestUnder(s3, place) : objectAt(s3, place);
}

/**
 * A dump is of a backup if it was made within `maxDumpAgeHours` of it, while the database was its tenant's, and after what the
 * database's previous copy used. Undefined: there are no candidates.
 */
export async function chooseDump(
  ledger: Ledger,
  search: DumpSearch,
  candidates: readonly Candidate[],
): Promise<ChosenDump | undefined> {
  const { backup, staging, row } = search;
  const [newest] = candidates;
  if (newest === undefined) return undefined;
  const time = timeOf(backup).getTime();
  const inTime = candidates.filter(
    ({ modified }) =>
      Math.abs(modified.getTime() - time) <= staging.maxDumpAgeHours * hourMs &&
      (row === undefined || (ownerAt(row, modified) ?? backup.tenant) === backup.tenant),
  );
  const uses = inTime.length > 0 ? await usesOf(ledger, search) : [];
  const useOf = (candidate: Candidate) => uses.find((use) => isUsed(candidate, use, search));
  const unused = inTime.filter((candidate) => useOf(candidate) === undefined);
  // What an earlier try began to copy is copied on, though a newer one lies there now: two copies of one backup are one too many.
  const dump = unused.find(({ from }) => addressOf(from) === backup.copy.source?.object) ?? unused[0];
  if (dump) return { is: 'dump', dump };
  const usedBy = inTime.includes(newest) ? useOf(newest)?.snapshotId : undefined;
  return { is: 'stale', newest, ...(usedBy !== undefined && { usedBy }) };
}

async function objectAt(s3: S3Client, from: ObjectPlace): Promise<Candidate[]> {
  const object = await sourceObject(s3, from);
  return object ? [{ from, modified: object.modified, object }] : [];
}

/** The objects under a prefix. What consoles make to show a folder, an empty object whose key ends in a slash, is none. */
async function newestUnder(s3: S3Client, { bucket, key: Prefix, owner }: ObjectPlace): Promise<Candidate[]> {
  const found: Candidate[] = [];
  const request = { Bucket: bucket, Prefix, ExpectedBucketOwner: owner };
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, request)) {
    for (const { Key: key, LastModified: modified } of Contents) {
      if (key !== undefined && modified && !key.endsWith('/')) found.push({ from: { bucket, key, owner }, modified });
    }
  }
  return found.sort((a, b) => b.modified.getTime() - a.modified.getTime());
}

/** An object that the copy of another backup used. */
interface Use {
  readonly snapshotId: string;
  readonly database: DatabaseKey;
  readonly time: Date;
  readonly source: NonNullable<Copy['source']>;
}

/**
 * Whether a dump is one that another backup's copy used, or an older one. A later backup of the same database only takes its very
 * dump; a key that names the snapshot is compared with itself alone, since dumps under other keys are others by their names.
 */
function isUsed(
  { from, modified }: Candidate,
  { source, database, time }: Use,
  { backup, staging }: DumpSearch,
): boolean {
  const isSameKey = source.object === addressOf(from);
  if (!isSameKey && namesSnapshot(staging.key) && !isPrefix(staging.key)) return false;
  if (database === backup.database && time > timeOf(backup)) return isSameKey && modified >= source.modified;
  return modified <= source.modified;
}

/**
 * What copies of other backups of this database used, of those that had its name before it, and of those whose snapshot had this
 * one's. A dump that is in time was used by a backup that is not much older or younger.
 */
async function usesOf(ledger: Ledger, { backup, configured, staging }: DumpSearch): Promise<Use[]> {
  const span = 2 * staging.maxDumpAgeHours * hourMs + dayMs;
  const time = timeOf(backup).getTime();
  const between = { from: new Date(time - span), to: new Date(time + span) };
  const namesakes = await ledger.databasesByName(configured);
  const others: Backup[] = [...(await ledger.backupsByArn(backup.arn))];
  for (const key of new Set([backup.database, ...namesakes.map((row) => row.key)])) {
    for await (const other of ledger.backupsOfDatabase(key, between)) others.push(other);
  }
  return others.flatMap((other) => {
    const { source, state } = other.copy;
    if (!source || state === 'failed' || state === 'skipped' || sameBackup(backupIdOf(other), backupIdOf(backup))) {
      return [];
    }
    return [{ snapshotId: other.id, database: other.database, time: timeOf(other), source }];
  });
}

function timeOf({ backupTime, createdAt }: Pick<Backup, 'backupTime' | 'createdAt'>): Date {
  return backupTime ?? createdAt;
}
