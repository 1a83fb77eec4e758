/** What an export left in its bucket. RDS's `COMPLETE` alone proves neither that the objects are there nor that all tables are. */
import { addAbortSignal, Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { GetObjectCommand, type GetObjectCommandInput, paginateListObjectsV2, type S3Client } from '@aws-sdk/client-s3';
import { JSONParser } from '@streamparser/json';
import { sumBy } from 'es-toolkit/math';
import pMap from 'p-map';
import * as z from 'zod';
import type { copyCauses, FactsIn } from '../domain/index.ts';
import { concernsEnvironment } from '../lib/environment-failures.ts';
import { minuteMs } from '../lib/time.ts';
import { bounded, isRefusal } from './failures.ts';
import { TenantParts } from './tenant-parts.ts';

export interface Contents {
  readonly objects: number;
  readonly bytes: number;
  readonly skipped: SkippedTables;
}

/** Tables that the export's own lists in the bucket do not call complete. An export may have 100,000: a few are named. */
export interface SkippedTables {
  readonly count: number;
  /** The first `mostNamed`, cut to a length, with the reason given in the list. */
  readonly named: readonly { readonly table: string; readonly reason: string }[];
}

export interface Folder {
  readonly bucket: string;
  /** Ends with a slash. */
  readonly folder: string;
  /** The account that must own the bucket; a name that nobody owns can be taken by a stranger. */
  readonly owner?: string;
}

/** S3 lists some 10,000 objects a second; what takes this long hangs, and would keep other copies waiting. */
const longestMs = 3 * minuteMs;

/** What is known of an export before its folder is read. */
export interface Expected {
  /** Tables that RDS's warning names already: they are not counted again. */
  readonly warned?: Warnings['skipped'];
  /** Takes the objects, and the tables that are skipped. */
  readonly parts?: TenantParts;
}

/**
 * Lists the folder of a finished export and reads the table lists in it, in memory that does not grow with them. S3's errors
 * climb, and an error that names the folder once `signal` aborts: after three minutes unless given.
 */
export async function contentsOf(
  s3: S3Client,
  folder: Folder,
  expected: Expected = {},
  signal: AbortSignal = AbortSignal.timeout(longestMs),
): Promise<Contents> {
  try {
    return await readContents(s3, folder, expected, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new Error(`verifying s3://${folder.bucket}/${folder.folder} took too long`, { cause: error });
  }
}

async function readContents(
  s3: S3Client,
  { bucket, folder, owner }: Folder,
  { warned = new Map(), parts = new TenantParts([]) }: Expected,
  abortSignal: AbortSignal,
): Promise<Contents> {
  let objects = 0;
  let bytes = 0;
  const lists: string[] = [];
  const of = { Bucket: bucket, ...(owner && { ExpectedBucketOwner: owner }) };
  for await (const page of paginateListObjectsV2({ client: s3 }, { ...of, Prefix: folder }, { abortSignal })) {
    for (const { Key = '', Size = 0 } of page.Contents ?? []) {
      objects += 1;
      bytes += Size;
      const path = Key.slice(folder.length);
      if (/^export_tables_info_.*\.json$/.test(path)) lists.push(Key);
      parts.add(path);
    }
    abortSignal.throwIfAborted();
  }
  for (const table of warned.keys()) parts.addSkipped(table);
  const read = async (Key: string) => {
    const body = await bodyOf(s3, { ...of, Key }, { abortSignal });
    return skippedInList(addAbortSignal(abortSignal, body), warned, (table) => parts.addSkipped(table));
  };
  const skipped = await pMap(lists, read, { concurrency: 4 });
  return {
    objects,
    bytes,
    skipped: {
      count: sumBy(skipped, ({ count }) => count),
      named: skipped.flatMap(({ named }) => named).slice(0, mostNamed),
    },
  };
}

async function bodyOf(
  s3: S3Client,
  object: GetObjectCommandInput,
  options: { readonly abortSignal?: AbortSignal } = {},
): Promise<Readable> {
  const { Body } = await s3.send(new GetObjectCommand(object), options);
  if (!(Body instanceof Readable)) throw new TypeError('S3 answers with a stream of Node where it is called by Node');
  return Body;
}

/** What RDS writes beside the data of a task at its end; AWS documents it by example. */
const taskInfo = z.looseObject({ status: z.string(), warningMessage: z.string().nullish() });

/**
 * The warnings of a task, possibly none, where its own record in the bucket says that it is complete; undefined where there is
 * no such record, or S3 refuses it.
 */
export async function completedIn(
  s3: S3Client,
  { bucket, folder, owner }: Folder,
  taskId: string,
): Promise<string | undefined> {
  const Key = `${folder}export_info_${taskId}.json`;
  try {
    const body = await bodyOf(s3, { Bucket: bucket, Key, ...(owner && { ExpectedBucketOwner: owner }) });
    const info = taskInfo.safeParse(jsonOrUndefined(await textOf(body)));
    return info.success && info.data.status === 'COMPLETE' ? (info.data.warningMessage ?? '') : undefined;
  } catch (error) {
    if (isRefusal(error) && !concernsEnvironment(error)) return undefined;
    throw error;
  }
}

const noneSkipped: SkippedTables = { count: 0, named: [] };

/** One entry of the list as RDS writes it; AWS documents the list's name, and its fields only by example. */
const listedTable = z.looseObject({
  target: z.string(),
  status: z.string(),
  failureReason: z.string().nullish(),
  warningMessage: z.string().nullish(),
});

/**
 * Tables that a list (the bytes of its JSON) does not call complete, but for those that were `warned` of; `take` gets each. A list
 * that is broken, or has another shape, says nothing; errors of the stream climb.
 */
export async function skippedInList(
  list: AsyncIterable<Uint8Array>,
  warned: Warnings['skipped'] = new Map(),
  take: (table: string) => void = () => {},
): Promise<SkippedTables> {
  let count = 0;
  const named: SkippedTables['named'][number][] = [];
  let isBroken = false;
  const parser = new JSONParser({ paths: ['$.perTableStatus.*'], keepStack: false });
  parser.onError = () => {
    isBroken = true;
  };
  parser.onValue = ({ value, key }) => {
    const entry = listedTable.safeParse(value);
    if (typeof key !== 'number' || !entry.success) return;
    const { target, status, failureReason, warningMessage } = entry.data;
    if (status.toUpperCase() === 'COMPLETE' || warned.has(target)) return;
    count += 1;
    take(target);
    if (named.length < mostNamed) named.push(nameOf(target, failureReason ?? warningMessage ?? status));
  };
  for await (const chunk of list) {
    parser.write(chunk);
    if (isBroken) return noneSkipped;
  }
  return parser.isEnded ? { count, named } : noneSkipped;
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

/** What a finished export lacks; undefined where it is whole. `listed` does not count what `warnings` name. */
export function shortcomings(
  warnings: Warnings,
  listed: SkippedTables = noneSkipped,
): FactsIn<typeof copyCauses, 'export-incomplete'> | undefined {
  const skipped = warnings.skipped.size + listed.count;
  if (skipped === 0 && warnings.others.length === 0) return undefined;
  const warned = [...warnings.skipped].slice(0, mostNamed).map(([table, reason]) => nameOf(table, reason));
  return {
    skippedTables: [...warned, ...listed.named].slice(0, mostNamed),
    skipped,
    warnings: warnings.others.slice(0, mostNamed).map((warning) => bounded(warning)),
  };
}

function nameOf(table: string, reason: string): SkippedTables['named'][number] {
  return { table: bounded(table, longestName), reason: bounded(reason, longestName) };
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
