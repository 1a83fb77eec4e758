/**
 * What reads and writes of the ledger cost in DynamoDB, and what its items take of storage, computed from them. Sources: Amazon
 * DynamoDB Developer Guide, "DynamoDB item sizes and formats", "DynamoDB read and write operations" and "Provisioned throughput
 * considerations for global secondary indexes" (local ones cost alike).
 */
import { isDeepStrictEqual } from 'node:util';
import {
  type IndexDefinition,
  type IndexName,
  type Item,
  indexes,
  localIndexes,
  type PrimaryKey,
  type Range,
  type Table,
  type Write,
  type Written,
} from '../../shared/ledger/table.ts';

/** Bytes of a value: text is UTF-8, a number takes a byte for two digits and one more, lists and maps have overheads. */
function bytesOf(value: unknown): number {
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (typeof value === 'number') return Math.ceil(significantDigits(value) / 2) + 1;
  if (typeof value === 'boolean' || value === null) return 1;
  if (Array.isArray(value)) return 3 + value.reduce<number>((sum, element) => sum + 1 + bytesOf(element), 0);
  if (typeof value === 'object') return 3 + Object.keys(value).length + fieldBytes(value);
  throw new Error(`DynamoDB stores no ${typeof value}`);
}

function fieldBytes(fields: object): number {
  return Object.entries(fields).reduce((sum, [name, value]) => sum + Buffer.byteLength(name) + bytesOf(value), 0);
}

/** Leading and trailing zeros are trimmed. */
function significantDigits(value: number): number {
  return value.toString().replace(/e.*$/, '').replace(/[-.]/g, '').replace(/^0+/, '').replace(/0+$/, '').length;
}

/** Bytes of an item, or of an index's entry. */
export function itemBytes(item: object): number {
  return fieldBytes(item);
}

/** Write units by where they are spent. */
export type Units = Readonly<Partial<Record<'table' | IndexName, number>>>;

type Definitions = Readonly<Record<string, IndexDefinition>>;

const kilobytes = (bytes: number) => Math.max(1, Math.ceil(bytes / 1024));

/** An item as an index holds it; undefined where it lacks one of the index's keys. */
function entryOf(item: Item | undefined, { partitionKey, sortKey, projected }: IndexDefinition): object | undefined {
  if (item?.[partitionKey] === undefined || item[sortKey] === undefined) return undefined;
  const held = new Set<string>(['pk', 'sk', partitionKey, sortKey, ...projected]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => held.has(name)));
}

function indexUnits(before: Item | undefined, after: Item, index: IndexDefinition): number {
  const [old, now] = [entryOf(before, index), entryOf(after, index)];
  if (isDeepStrictEqual(old, now)) return 0;
  const [oldUnits, nowUnits] = [old, now].map((entry) => (entry ? kilobytes(itemBytes(entry)) : 0)) as [number, number];
  const moved = [index.partitionKey, index.sortKey].some((key) => before?.[key] !== after[key]);
  // A changed key is a deletion and a put.
  return old && now && !moved ? Math.max(oldUnits, nowUnits) : oldUnits + nowUnits;
}

/** What it costs that one item replaces another, or none. */
export function unitsOf(
  before: Item | undefined,
  after: Item,
  { transaction = false, definitions = { ...indexes, ...localIndexes } as Definitions } = {},
): Units {
  // The larger of both counts; a transaction prepares and commits.
  const table = kilobytes(Math.max(itemBytes(before ?? {}), itemBytes(after))) * (transaction ? 2 : 1);
  const units = Object.entries(definitions).map(([name, index]) => [name, indexUnits(before, after, index)] as const);
  return { table, ...Object.fromEntries(units.filter(([, count]) => count > 0)) };
}

export function totalOf(units: Units): number {
  return Object.values(units).reduce((sum, count) => sum + count, 0);
}

export interface MeteredWrite extends PrimaryKey {
  readonly units: Units;
  readonly total: number;
  /** Size of the item that was to be written. */
  readonly bytes: number;
}

/** Bytes that DynamoDB stores for an item: in the table and local indexes, and in global indexes. 100 bytes each are its own. */
export function storedBytes(item: Item): { readonly table: number; readonly globalIndexes: number } {
  const inIndexes = (definitions: Definitions) =>
    Object.values(definitions).reduce((sum, index) => {
      const entry = entryOf(item, index);
      return sum + (entry ? itemBytes(entry) + overheadBytes : 0);
    }, 0);
  return {
    table: itemBytes(item) + overheadBytes + inIndexes(localIndexes),
    globalIndexes: inIndexes(indexes),
  };
}

/** Source: Amazon DynamoDB pricing, "Data storage"; Developer Guide, "Storage considerations for global secondary indexes". */
const overheadBytes = 100;

/** Read units of some bytes that are read together; global indexes are read eventually consistent, at half the price. */
function readUnitsOf(bytes: number, index?: IndexName): number {
  return Math.max(1, Math.ceil(bytes / 4096)) * (index !== undefined && index in indexes ? 0.5 : 1);
}

/** Items of a Query's first page, and bytes of each later one. */
const firstPage = 50;
const pageBytes = 1024 ** 2;

/** A table that notes what each read and write costs. */
export class MeteredTable implements Table {
  readonly writes: MeteredWrite[] = [];
  /** Read units since it was last set to 0. */
  readUnits = 0;
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  get total(): number {
    return this.writes.reduce((sum, { total }) => sum + total, 0);
  }

  async read(keys: readonly PrimaryKey[]): Promise<Item[]> {
    const items = await this.#table.read(keys);
    const asked = new Set(keys.map(({ pk, sk }) => `${pk}\n${sk}`)).size;
    // What is not there costs a unit as well.
    this.readUnits += asked - items.length;
    for (const item of items) this.readUnits += readUnitsOf(itemBytes(item));
    return items;
  }

  /** A page is paid for once its first item is asked for. */
  async *query(range: Range): AsyncIterable<Item> {
    let page: Item[] = [];
    let bytes = 0;
    let isFirst = true;
    for await (const item of this.#table.query(range)) {
      page.push(item);
      bytes += itemBytes(item);
      if (isFirst ? page.length < firstPage : bytes < pageBytes) continue;
      this.readUnits += readUnitsOf(bytes, range.index);
      yield* page;
      [page, bytes, isFirst] = [[], 0, false];
    }
    this.readUnits += readUnitsOf(bytes, range.index);
    yield* page;
  }

  put(write: Write): Promise<Written> {
    return this.#metered([write.item], false, () => this.#table.put(write));
  }

  putTogether(writes: readonly Write[]): Promise<Written> {
    const items = writes.map(({ item }) => item);
    return this.#metered(items, true, () => this.#table.putTogether(writes));
  }

  async putAll(items: readonly Item[]): Promise<void> {
    await this.#metered(items, false, async () => {
      await this.#table.putAll(items);
      return 'written';
    });
  }

  async #metered(items: readonly Item[], transaction: boolean, write: () => Promise<Written>): Promise<Written> {
    const known = await this.#table.read(items);
    const written = await write();
    for (const item of items) {
      const before = known.find(({ pk, sk }) => pk === item.pk && sk === item.sk);
      // A write whose condition does not hold costs as much as the item that is there.
      const units =
        written === 'written'
          ? unitsOf(before, item, { transaction })
          : unitsOf(before, before ?? item, { transaction });
      this.writes.push({ pk: item.pk, sk: item.sk, units, total: totalOf(units), bytes: itemBytes(item) });
    }
    return written;
  }
}
