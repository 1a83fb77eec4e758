/**
 * The ledger's table in memory, for tests of months and of thousands of databases. It stores the items that DynamoDB would,
 * by the same keys and ranges, and `test/shared/ledger/contract.ts` holds it to the same promises.
 */
import type { Written } from '../../shared/ledger/ledger.ts';
import {
  type Condition,
  type IndexName,
  type Item,
  indexes,
  localIndexes,
  type PrimaryKey,
  type Range,
  type Table,
  type Write,
} from '../../shared/ledger/table.ts';
import { TableLedger } from '../../shared/ledger/table-ledger.ts';

export class MemoryLedger extends TableLedger {
  readonly table: MemoryTable;

  /** `now` decides which rows have expired. */
  constructor(now: () => Date, table = new MemoryTable()) {
    super(table, now);
    this.table = table;
  }
}

export class MemoryTable implements Table {
  readonly #items = new Map<string, Item>();
  readonly #partitions = new Map<string, Partition>();

  /** All items, in no order. */
  get items(): readonly Item[] {
    return [...this.#items.values()];
  }

  async read(keys: readonly PrimaryKey[]): Promise<Item[]> {
    return [...new Set(keys.map(idOf))].flatMap((id) => this.#items.get(id) ?? []);
  }

  async *query({ index, partition, between, newestFirst = false }: Range): AsyncIterable<Item> {
    const entries = this.#partitions.get(placeOf(index, partition))?.sorted() ?? [];
    const inRange = between
      ? entries.slice(firstFrom(entries, between[0]), firstBeyond(entries, between[1]))
      : [...entries];
    const items = inRange.map(({ item }) => item);
    yield* newestFirst ? items.reverse() : items;
  }

  async put(write: Write): Promise<Written> {
    return this.putTogether([write]);
  }

  async putTogether(writes: readonly Write[]): Promise<Written> {
    const hold = writes.every(({ item, condition }) => holds(condition, this.#items.get(idOf(item))));
    if (!hold) return 'conflict';
    for (const { item } of writes) this.#replace(item);
    return 'written';
  }

  async putAll(items: readonly Item[]): Promise<void> {
    for (const item of items) this.#replace(item);
  }

  #replace(given: Item): void {
    // What is stored is what JSON keeps of it, as DynamoDB keeps no dates and no undefined. Whoever reads it cannot change it.
    const item = JSON.parse(JSON.stringify(given), (_, value: unknown) => Object.freeze(value)) as Item;
    const id = idOf(item);
    const known = this.#items.get(id);
    if (known !== undefined) for (const { place } of placesOf(known)) this.#partitions.get(place)?.remove(id);
    this.#items.set(id, item);
    for (const { place, sort, index } of placesOf(item)) {
      const partition = this.#partitions.get(place) ?? new Partition();
      this.#partitions.set(place, partition);
      partition.add({ id, sort, item: projected(item, index) });
    }
  }
}

/** Leaves a row's keys, and makes its facts what no version reads. */
export async function spoil(table: Table, key: PrimaryKey): Promise<void> {
  const [item] = await table.read([key]);
  if (item === undefined) throw new Error(`no row ${key.pk} ${key.sk}`);
  const facts = Object.keys(item).filter((name) => name.endsWith('Facts'));
  await table.put({ item: { ...item, ...Object.fromEntries(facts.map((name) => [name, 'by hand'])) } });
}

/** Refuses to write some rows, as DynamoDB does where an item is too large. */
export function refuse(table: Table, refused: (item: Item) => boolean): void {
  const { put, putTogether, putAll } = table;
  const check = (items: readonly Item[]) => {
    if (!items.some(refused)) return;
    throw Object.assign(new Error('Item size has exceeded the maximum allowed size'), { name: 'ValidationException' });
  };
  Object.assign(table, {
    put: async (write: Write) => {
      check([write.item]);
      return put.call(table, write);
    },
    putTogether: async (writes: readonly Write[]) => {
      check(writes.map(({ item }) => item));
      return putTogether.call(table, writes);
    },
    putAll: async (items: readonly Item[]) => {
      check(items);
      return putAll.call(table, items);
    },
  });
}

function holds(condition: Condition | undefined, known: Item | undefined): boolean {
  switch (condition?.is) {
    case undefined:
      return true;
    case 'unchanged':
      return known?.version === condition.version;
    case 'absent or expired': {
      const facts = known?.backupFacts as { closed?: { expiresAt: string } } | undefined;
      return known === undefined || (facts?.closed?.expiresAt ?? '~') <= condition.now.toISOString();
    }
    case 'free':
      return (
        known?.holder === undefined ||
        known.holder === condition.holder ||
        String(known.leasedUntil) <= condition.now.toISOString()
      );
    case 'held by':
      return known?.holder === condition.holder;
    case 'earlier':
      return known === undefined || String(known.servedAt) < condition.at.toISOString();
  }
}

const definitions = { ...indexes, ...localIndexes };

/** What an index holds of an item: its keys, and the attributes that it projects. */
function projected(item: Item, index: IndexName | undefined): Item {
  if (index === undefined) return item;
  const { partitionKey, sortKey, projected: attributes } = definitions[index];
  const held = new Set<string>(['pk', 'sk', partitionKey, sortKey, ...attributes]);
  // The format is not projected; whoever reads rows from an index reads those that the index holds whole.
  return Object.freeze(Object.fromEntries(Object.entries(item).filter(([name]) => held.has(name)))) as Item;
}

interface Entry {
  readonly id: string;
  readonly sort: string;
  readonly item: Item;
}

/** The items that share a partition key, sorted when they are asked for after a change. */
class Partition {
  readonly #entries = new Map<string, Entry>();
  #sorted: readonly Entry[] | undefined;

  add(entry: Entry): void {
    this.#entries.set(entry.id, entry);
    this.#sorted = undefined;
  }

  remove(id: string): void {
    this.#entries.delete(id);
    this.#sorted = undefined;
  }

  sorted(): readonly Entry[] {
    this.#sorted ??= [...this.#entries.values()].sort(bySort);
    return this.#sorted;
  }
}

const bySort = (a: Entry, b: Entry) => (a.sort < b.sort ? -1 : a.sort > b.sort ? 1 : 0);
const idOf = ({ pk, sk }: PrimaryKey) => `${pk}\n${sk}`;
const placeOf = (index: IndexName | undefined, partition: string) => `${index ?? ''}\n${partition}`;

interface Place {
  readonly index: IndexName | undefined;
  readonly place: string;
  readonly sort: string;
}

/** Where an item stands: in the table, and in each index both of whose keys it has. */
function placesOf(item: Item): Place[] {
  const places: Place[] = [{ index: undefined, place: placeOf(undefined, item.pk), sort: item.sk }];
  for (const [name, { partitionKey, sortKey }] of Object.entries(definitions)) {
    const [partition, sort] = [item[partitionKey], item[sortKey]];
    if (typeof partition === 'string' && typeof sort === 'string') {
      places.push({ index: name as IndexName, place: placeOf(name as IndexName, partition), sort });
    }
  }
  return places;
}

/** The position of the first entry for which `isBehind` holds, by bisection. */
function firstWhere(entries: readonly Entry[], isBehind: (sort: string) => boolean): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBehind((entries[middle] as Entry).sort)) high = middle;
    else low = middle + 1;
  }
  return low;
}

const firstFrom = (entries: readonly Entry[], from: string) => firstWhere(entries, (sort) => sort >= from);
const firstBeyond = (entries: readonly Entry[], to: string) => firstWhere(entries, (sort) => sort > to);
