/** The ledger's table with what DynamoDB does to it: indexes that lag behind, conflicts, writes of a later version, a restore. */
import { type Item, indexes, type KeyNames, type PrimaryKey, type TableLedger } from '../shared/ledger/index.ts';
import { MemoryTable } from '../test/support/memory-ledger.ts';
import type { Gate, Run } from './gate.ts';

type Table = ConstructorParameters<typeof TableLedger>[0];
type Range = Parameters<Table['query']>[0];
type Write = Parameters<Table['put']>[0];
type Written = Awaited<ReturnType<Table['put']>>;

/** A row that was written, as the table's stream has it. */
export interface Change {
  readonly before: Item | undefined;
  readonly after: Item;
}

/** A row that was just written, as it was before. */
interface Recent {
  readonly at: number;
  readonly id: string;
  readonly before: Item | undefined;
}

/** What the table meets now. */
export interface TableTrouble {
  readonly now: () => number;
  /** Milliseconds that global indexes are behind. */
  readonly lagMs: () => number;
  /** Whether a write finds that another transaction has its row. */
  readonly conflicts: (run: Run) => boolean;
  /** Why a row cannot be written, e.g. since it would be too large. */
  readonly unwritable: (key: PrimaryKey) => string | undefined;
  readonly onChange: (change: Change, by: Run | undefined) => void;
}

/** No index is behind by more than this. */
const longestLagMs = 60_000;
const idOf = ({ pk, sk }: PrimaryKey) => `${pk}\n${sk}`;

export class SimulatedTable {
  #rows = new MemoryTable();
  /** The same rows, for whoever looks on without a call. */
  #current = new Map<string, Item>();
  /** Rows as they were before what the global indexes may not show yet, oldest first. */
  #recent: Recent[] = [];
  readonly #trouble: TableTrouble;

  constructor(trouble: TableTrouble) {
    this.#trouble = trouble;
  }

  get items(): readonly Item[] {
    return [...this.#current.values()];
  }

  find(key: PrimaryKey): Item | undefined {
    return this.#current.get(idOf(key));
  }

  /** Writes a row past every condition, as somebody with the console would. */
  async overwrite(item: Item): Promise<void> {
    const before = this.find(item);
    await this.#rows.put({ item });
    this.#wrote(before, item, undefined);
  }

  /** All rows as they were in a backup of the table. */
  async restore(items: readonly Item[]): Promise<void> {
    this.#rows = new MemoryTable();
    this.#recent = [];
    this.#current = new Map(items.map((item) => [idOf(item), item]));
    await this.#rows.putAll(items);
  }

  /** The table as the calls of one run reach it. */
  asSeenBy(run: Run, gate: Gate): Table {
    const call = <T>(action: string, effect: () => Promise<T>) => gate.call(run, 'dynamo', action, effect);
    const query = (range: Range) => this.#query(range);
    return {
      read: (keys) => (keys.length === 0 ? Promise.resolve([]) : call('read', () => this.#rows.read(keys))),
      async *query(range) {
        yield* await call('query', () => query(range));
      },
      put: (write) => call('put', () => this.#put(run, [write])),
      putTogether: (writes) => call('transact', () => this.#put(run, writes)),
      putAll: async (items) => {
        // Batches of 25, each a call of its own: one that fails leaves the others written.
        for (let start = 0; start < items.length; start += 25) {
          await call('batch write', () => this.#putAll(run, items.slice(start, start + 25)));
        }
      },
    };
  }

  async #query(range: Range): Promise<Item[]> {
    const found: Item[] = [];
    for await (const item of this.#rows.query(range)) found.push(item);
    if (range.index === undefined || range.index === 'live') return found;
    const behind = this.#notYetShown();
    return behind.size === 0 ? found : asBefore(found, behind, range, indexes[range.index as keyof typeof indexes]);
  }

  /** Rows that global indexes show as they were, by id; `undefined`: not at all. */
  #notYetShown(): ReadonlyMap<string, Item | undefined> {
    const since = this.#trouble.now() - this.#trouble.lagMs();
    const behind = new Map<string, Item | undefined>();
    for (let index = this.#recent.length - 1; index >= 0; index -= 1) {
      const { at, id, before } = this.#recent[index] as Recent;
      if (at <= since) break;
      behind.set(id, before);
    }
    return behind;
  }

  async #put(run: Run, writes: readonly Write[]): Promise<Written> {
    for (const { item } of writes) {
      const why = this.#trouble.unwritable(item);
      if (why !== undefined) throw Object.assign(new Error(why), { name: 'ValidationException' });
    }
    if (this.#trouble.conflicts(run)) return 'conflict';
    const befores = writes.map(({ item }) => this.find(item));
    const written = await this.#rows.putTogether(writes);
    if (written === 'written') for (const [n, { item }] of writes.entries()) this.#wrote(befores[n], item, run);
    return written;
  }

  async #putAll(run: Run, items: readonly Item[]): Promise<void> {
    await this.#rows.putAll(items);
    for (const item of items) this.#wrote(undefined, item, run);
  }

  #wrote(before: Item | undefined, given: Item, by: Run | undefined): void {
    const item = structuredClone(given);
    this.#current.set(idOf(item), item);
    const at = this.#trouble.now();
    this.#recent.push({ at, id: idOf(item), before });
    if (this.#recent.length > 2_000) this.#recent = this.#recent.filter((one) => one.at > at - longestLagMs);
    this.#trouble.onChange({ before, after: item }, by);
  }
}

/** What an index holds while it does not show some rows as they are. */
function asBefore(
  found: readonly Item[],
  behind: ReadonlyMap<string, Item | undefined>,
  { partition, between, newestFirst = false }: Range,
  { partitionKey, sortKey }: KeyNames,
): Item[] {
  const sortOf = (item: Item) => String(item[sortKey]);
  const isIn = (item: Item | undefined) =>
    item !== undefined &&
    item[partitionKey] === partition &&
    item[sortKey] !== undefined &&
    (between === undefined || (sortOf(item) >= between[0] && sortOf(item) <= between[1]));
  const shown = [...found.filter((item) => !behind.has(idOf(item))), ...[...behind.values()].filter(isIn)] as Item[];
  const order = newestFirst ? -1 : 1;
  return shown.sort((a, b) => (sortOf(a) < sortOf(b) ? -order : sortOf(a) > sortOf(b) ? order : 0));
}
