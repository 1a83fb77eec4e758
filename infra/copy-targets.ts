import { uniqBy } from 'es-toolkit/array';
import { type CopyPolicy, type Fleet, ownBucketNames } from '../shared/config/index.ts';

/** A bucket of an account. */
export interface OwnedBucket {
  /** Its name; of the buckets that the stack makes for single databases the pattern that all their names fit. */
  readonly bucket: string;
  /** The account that owns it: whoever takes the name of a bucket that is gone gets nothing. */
  readonly owner: string;
}

/** A bucket that copies go to, and how far down all of them lie in it. */
export interface TargetBucket extends OwnedBucket {
  /** Key pattern of all its copies: `*`, or `<folder>/*` where they share a folder. */
  readonly objects: string;
  /** Whether the copy function itself writes there (`object` mode). */
  readonly writtenByFunction: boolean;
}

/**
 * The buckets of all copies that the configuration wants, each once. Those that the stack makes for single databases are one
 * pattern, however many they are: a policy's size is limited.
 */
export function targetBuckets(fleet: Fleet): TargetBucket[] {
  const own = new Set(fleet.stackBuckets.filter((name) => name !== fleet.sharedTarget?.bucket));
  const found = new Map<string, OwnedBucket & { readonly prefixes: string[]; written: boolean }>();
  const add = (target: OwnedBucket & { readonly prefix?: string }, writtenByFunction: boolean) => {
    const { owner, prefix = '' } = target;
    const bucket = own.has(target.bucket) ? ownBucketNames(fleet) : target.bucket;
    const of = `${owner}/${bucket}`;
    const known = found.get(of) ?? { bucket, owner, prefixes: [], written: false };
    known.prefixes.push(prefix);
    known.written ||= writtenByFunction;
    found.set(of, known);
  };
  for (const { target, copy } of fleet.databases) {
    if (copy.mode !== 'none') add(target, copy.mode === 'object');
  }
  // Databases that enrol themselves by tag are not known now: they may lie anywhere in the shared bucket.
  if (fleet.discovery && fleet.sharedTarget) add(fleet.sharedTarget, fleet.defaults.copy.staging !== undefined);
  return [...found.values()].map(({ bucket, owner, prefixes, written }) => {
    const folder = commonFolder(prefixes);
    return { bucket, owner, objects: folder === '' ? '*' : `${folder}/*`, writtenByFunction: written };
  });
}

/** The deepest folder that holds all prefixes; empty where that is the bucket itself. */
export function commonFolder(prefixes: readonly string[]): string {
  const [first = [], ...others] = prefixes.map((prefix) => (prefix === '' ? [] : prefix.split('/')));
  const differs = first.findIndex((part, at) => others.some((other) => other[at] !== part));
  return first.slice(0, differs === -1 ? first.length : differs).join('/');
}

/** Where native dumps are copied from; a tag may ask for dumps wherever the defaults say where they lie. */
function stagings(fleet: Fleet): readonly NonNullable<CopyPolicy['staging']>[] {
  const stated = fleet.databases.flatMap(({ copy }) => (copy.mode === 'object' && copy.staging ? [copy.staging] : []));
  const byTag = fleet.discovery && fleet.sharedTarget && fleet.defaults.copy.staging;
  return [...stated, ...(byTag ? [byTag] : [])];
}

export function stagingBuckets(fleet: Fleet): OwnedBucket[] {
  return uniqBy(
    stagings(fleet).map(({ bucket, owner }) => ({ bucket, owner })),
    ({ bucket, owner }) => `${owner}/${bucket}`,
  );
}

/** Keys that native dumps are encrypted with, as far as the configuration names them. */
export function stagingKeys(fleet: Fleet): string[] {
  return [...new Set(stagings(fleet).flatMap(({ keyArn }) => keyArn ?? []))];
}

/** Keys of others that exports are encrypted with. */
export function foreignKeys(fleet: Fleet): string[] {
  return [
    ...new Set(
      fleet.databases.flatMap(({ copy, target }) => (copy.mode !== 'none' && target.keyArn ? [target.keyArn] : [])),
    ),
  ];
}
