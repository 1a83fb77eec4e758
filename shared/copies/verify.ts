/** What an export left in its bucket. RDS's `COMPLETE` alone proves neither that the objects are there nor that all tables are. */
import { GetObjectCommand, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import pMap from 'p-map';
import { z } from 'zod';
import type { copyCauses, FactsIn } from '../domain/index.ts';
import { bounded } from './failures.ts';

export interface Contents {
  readonly objects: number;
  readonly bytes: number;
  /** Tables that the export's own lists in the bucket do not call complete, with the reason given there. */
  readonly skipped: ReadonlyMap<string, string>;
}

export interface Folder {
  readonly bucket: string;
  /** Ends with a slash. */
  readonly folder: string;
  /** The account that must own the bucket; a name that nobody owns can be taken by a stranger. */
  readonly owner?: string;
}

/** Lists the folder of a finished export and reads the table lists in it. S3's errors climb. */
export async function contentsOf(s3: S3Client, { bucket, folder, owner }: Folder): Promise<Contents> {
  let objects = 0;
  let bytes = 0;
  const lists: string[] = [];
  const of = { Bucket: bucket, ...(owner && { ExpectedBucketOwner: owner }) };
  for await (const page of paginateListObjectsV2({ client: s3 }, { ...of, Prefix: folder })) {
    for (const { Key = '', Size = 0 } of page.Contents ?? []) {
      objects += 1;
      bytes += Size;
      if (/^export_tables_info_.*\.json$/.test(Key.slice(folder.length))) lists.push(Key);
    }
  }
  const read = async (Key: string) => {
    const { Body } = await s3.send(new GetObjectCommand({ ...of, Key }));
    return skippedInList((await Body?.transformToString()) ?? '');
  };
  const skipped = await pMap(lists, read, { concurrency: 4 });
  return { objects, bytes, skipped: new Map(skipped.flatMap((tables) => [...tables])) };
}

/** The list of tables as RDS writes it; AWS documents its name, and its fields only by example. */
const tableList = z.object({
  perTableStatus: z.array(
    z.looseObject({
      target: z.string(),
      status: z.string(),
      failureReason: z.string().optional(),
      warningMessage: z.string().optional(),
    }),
  ),
});

/** Tables that a list does not call complete. A list of another shape says nothing. */
export function skippedInList(text: string): Map<string, string> {
  const parsed = tableList.safeParse(jsonOrUndefined(text));
  const tables = parsed.success ? parsed.data.perTableStatus : [];
  return new Map(
    tables
      .filter(({ status }) => status.toUpperCase() !== 'COMPLETE')
      .map(({ target, status, failureReason, warningMessage }) => [target, failureReason ?? warningMessage ?? status]),
  );
}

export interface Warnings {
  readonly skipped: ReadonlyMap<string, string>;
  readonly others: readonly string[];
}

/**
 * Takes apart the `WarningMessage` of a completed task: a JSON string whose lists may be empty, in which case there was
 * nothing to warn of. What it says in another shape is kept as it is.
 */
export function warningsIn(message: string | undefined): Warnings {
  const text = message?.trim() ?? '';
  if (text === '') return { skipped: new Map(), others: [] };
  const json = jsonOrUndefined(text);
  if (typeof json !== 'object' || json === null) return { skipped: new Map(), others: [text] };
  const skipped = new Map<string, string>();
  const others: string[] = [];
  for (const [name, value] of Object.entries(json)) {
    for (const entry of Array.isArray(value) ? value : [value]) {
      const table = skippedTable.safeParse(entry);
      if (table.success) skipped.set(table.data.tableName, table.data.reason ?? name);
      else if (!isEmpty(entry)) others.push(typeof entry === 'string' ? entry : `${name}: ${jsonOf(entry)}`);
    }
  }
  return { skipped, others };
}

const skippedTable = z.looseObject({ tableName: z.string(), reason: z.string().optional() });

/** Tables and warnings that are named; beyond them tables are counted. */
const mostNamed = 10;
const longestName = 200;

/** What a finished export lacks; undefined where it is whole. */
export function shortcomings(
  warnings: Warnings,
  listed: ReadonlyMap<string, string>,
): FactsIn<typeof copyCauses, 'export-incomplete'> | undefined {
  const skipped = new Map([...listed, ...warnings.skipped]);
  if (skipped.size === 0 && warnings.others.length === 0) return undefined;
  const named = [...skipped].slice(0, mostNamed).map(([table, reason]) => ({
    table: bounded(table, longestName),
    reason: bounded(reason, longestName),
  }));
  return {
    skippedTables: named,
    skipped: skipped.size,
    warnings: warnings.others.slice(0, mostNamed).map((warning) => bounded(warning)),
  };
}

function isEmpty(value: unknown): boolean {
  return value === null || value === '' || (typeof value === 'object' && Object.keys(value).length === 0);
}

/** As JSON; what nests too deeply for that is not a warning that anybody reads. */
function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) return 'nested too deeply to be shown';
    throw error;
  }
}

function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
