import type { CopyPolicy, Fleet } from '../shared/config/index.ts';

/** A bucket that copies go to, and how far down all of them lie in it. */
export interface TargetBucket {
  readonly bucket: string;
  /** Key pattern of all its copies: `*`, or `<folder>/*` where they share a folder. */
  readonly objects: string;
  /** Whether the copy function itself writes there (`object` mode). */
  readonly writtenByFunction: boolean;
}

/** The buckets of all copies that the configuration wants, each once. */
export function targetBuckets(fleet: Fleet): TargetBucket[] {
  const prefixes = new Map<string, { all: string[]; written: boolean }>();
  const add = (bucket: string, prefix: string, written: boolean) => {
    const known = prefixes.get(bucket) ?? { all: [], written: false };
    prefixes.set(bucket, { all: [...known.all, prefix], written: known.written || written });
  };
  for (const { target, copy } of fleet.databases) {
    if (copy.mode !== 'none') add(target.bucket, target.prefix, copy.mode === 'object');
  }
  // Databases that enrol themselves by tag are not known now: they may lie anywhere in the shared bucket.
  if (fleet.discovery && fleet.sharedTarget) {
    add(fleet.sharedTarget.bucket, fleet.sharedTarget.prefix ?? '', fleet.defaults.copy.staging !== undefined);
  }
  return [...prefixes].map(([bucket, { all, written }]) => {
    const folder = commonFolder(all);
    return { bucket, objects: folder === '' ? '*' : `${folder}/*`, writtenByFunction: written };
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

export function stagingBuckets(fleet: Fleet): string[] {
  return [...new Set(stagings(fleet).map(({ bucket }) => bucket))];
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
