/**
 * DynamoDB below the SDK: a request handler of the real client, so that the SDK's own retries run. It keeps the ledger's table
 * in memory, and throttles as DynamoDB does. Sources: Amazon DynamoDB Developer Guide, "Partitions and data distribution"
 * (1,000 write and 3,000 read units a second for a partition) and "DynamoDB on-demand capacity mode" (4,000 write and 12,000
 * read units a second for a new table, and for each global index). A second's capacity can be spent at once; what DynamoDB
 * lends beyond that (burst capacity, growth with the traffic) is not promised, so there is none.
 */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type AttributeValue,
  type BatchGetItemInput,
  type BatchWriteItemInput,
  DynamoDBClient,
  type DynamoDBClientConfig,
  type PutItemInput,
  type QueryInput,
  type TransactWriteItemsInput,
  type WriteRequest,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { HttpResponse } from '@smithy/core/protocols';
import type { HttpRequest } from '@smithy/types';
import { type IndexName, type Item, indexes, localIndexes } from '../../shared/ledger/index.ts';
import { MemoryTable } from './memory-ledger.ts';
import { itemBytes, unitsOf } from './metered-table.ts';

type Write = Parameters<MemoryTable['put']>[0];
type StoredWrite = Pick<PutItemInput, 'Item' | 'ConditionExpression' | 'ExpressionAttributeValues'>;
type Stored = Record<string, AttributeValue>;

/** Units a second. */
export interface Limits {
  /** Of each partition key of the table, and of each global index. */
  readonly partition: { readonly write: number; readonly read: number };
  /** Of the table, and of each global index. */
  readonly table: { readonly write: number; readonly read: number };
}

const documented: Limits = { partition: { write: 1_000, read: 3_000 }, table: { write: 4_000, read: 12_000 } };

/** DynamoDB answers in single-digit milliseconds. */
const latencyMs = 5;
const pageBytes = 1_000_000;

/** Units that a call takes, by what they are taken of. */
interface Need {
  readonly from: string;
  readonly units: number;
  readonly perSecond: number;
}

/** Token buckets that fill within a second. */
class Capacity {
  readonly #buckets = new Map<string, { readonly left: number; readonly at: number }>();

  /** Takes all that is needed, or nothing. */
  take(needs: readonly Need[]): boolean {
    const at = Date.now();
    const after = new Map<string, { readonly left: number; readonly at: number }>();
    for (const { from, units, perSecond } of needs) {
      const { left, at: then } = after.get(from) ?? this.#buckets.get(from) ?? { left: perSecond, at };
      after.set(from, { left: Math.min(perSecond, left + ((at - then) / 1000) * perSecond) - units, at });
    }
    if ([...after.values()].some(({ left }) => left < 0)) return false;
    for (const [from, bucket] of after) this.#buckets.set(from, bucket);
    return true;
  }
}

interface Options {
  readonly limits?: Limits;
  /** The partition of an index that a key lies in; by default each key has its own. */
  readonly partitionOf?: (key: string) => string;
}

export class ThrottledDynamoDb {
  readonly #table = new MemoryTable();
  readonly #capacity = new Capacity();
  readonly #limits: Limits;
  readonly #partitionOf: (key: string) => string;
  /** Whether calls take time and are throttled; not while a ledger is filled. */
  limited = false;
  /** Calls that were throttled, or done in part. */
  throttledCalls = 0;

  constructor({ limits = documented, partitionOf = (key) => key }: Options = {}) {
    this.#limits = limits;
    this.#partitionOf = partitionOf;
  }

  /** The SDK's own client on this table. */
  client(config: DynamoDBClientConfig = {}): DynamoDBClient {
    const handle = async ({ headers, body }: HttpRequest) => {
      if (this.limited) await pause(latencyMs);
      const action = headers['x-amz-target']?.split('.')[1] ?? '';
      const answer = await this.#answer(action, JSON.parse(new TextDecoder().decode(body)));
      const bytes = new TextEncoder().encode(JSON.stringify(answer));
      const statusCode = '__type' in answer ? 400 : 200;
      return { response: new HttpResponse({ statusCode, headers: {}, body: bytes }) };
    };
    return new DynamoDBClient({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'simulated', secretAccessKey: 'simulated' },
      endpoint: 'http://dynamodb.invalid',
      requestHandler: { handle, updateHttpClientConfig: () => undefined, httpHandlerConfigs: () => ({}) },
      ...config,
    });
  }

  #answer(action: string, input: object): Promise<object> {
    switch (action) {
      case 'PutItem':
        return this.#put(input as PutItemInput);
      case 'TransactWriteItems':
        return this.#transact(input as TransactWriteItemsInput);
      case 'BatchWriteItem':
        return this.#batchWrite(input as BatchWriteItemInput);
      case 'BatchGetItem':
        return this.#batchGet(input as BatchGetItemInput);
      case 'Query':
        return this.#query(input as QueryInput);
      default:
        throw new Error(`the throttled DynamoDB has no ${action}`);
    }
  }

  async #put(put: PutItemInput): Promise<object> {
    const write = writeOf(put);
    if (!(await this.#takeWrite(write.item))) return this.#throttle();
    return (await this.#table.put(write)) === 'written' ? {} : fault('ConditionalCheckFailedException');
  }

  async #transact({ TransactItems = [] }: TransactWriteItemsInput): Promise<object> {
    const writes = TransactItems.map(({ Put }) => {
      if (Put === undefined) throw new Error('the ledger puts, and nothing else, in a transaction');
      return writeOf(Put);
    });
    const cancelled = (Code: string) => {
      // Which part it was decides nothing.
      const CancellationReasons = writes.map((_, n) => ({ Code: n === 0 ? Code : 'None' }));
      return { ...fault('TransactionCanceledException'), CancellationReasons };
    };
    const needs = await Promise.all(writes.map(({ item }) => this.#needsOfWrite(item, true)));
    if (!this.#take(needs.flat())) {
      this.throttledCalls += 1;
      return cancelled('ThrottlingError');
    }
    return (await this.#table.putTogether(writes)) === 'written' ? {} : cancelled('ConditionalCheckFailed');
  }

  async #batchWrite({ RequestItems = {} }: BatchWriteItemInput): Promise<object> {
    const [[table, requests] = ['', []]] = Object.entries(RequestItems);
    const left: WriteRequest[] = [];
    for (const request of requests) {
      const item = itemOf(request.PutRequest?.Item);
      if (await this.#takeWrite(item)) await this.#table.put({ item });
      else left.push(request);
    }
    if (left.length === requests.length) return this.#throttle();
    if (left.length > 0) this.throttledCalls += 1;
    return { UnprocessedItems: left.length > 0 ? { [table]: left } : {} };
  }

  async #batchGet({ RequestItems = {} }: BatchGetItemInput): Promise<object> {
    const [[table, { Keys = [] }] = ['', {}]] = Object.entries(RequestItems);
    const found: Stored[] = [];
    const left: Stored[] = [];
    for (const stored of Keys) {
      const key = itemOf(stored);
      const [item] = await this.#table.read([key]);
      if (!this.#takeRead(undefined, key.pk, readUnits(itemBytes(item ?? {}), true))) left.push(stored);
      else if (item !== undefined) found.push(marshall(item));
    }
    if (left.length === Keys.length) return this.#throttle();
    if (left.length > 0) this.throttledCalls += 1;
    return { Responses: { [table]: found }, UnprocessedKeys: left.length > 0 ? { [table]: { Keys: left } } : {} };
  }

  async #query(input: QueryInput): Promise<object> {
    const values = unmarshall(input.ExpressionAttributeValues ?? {});
    const index = input.IndexName as IndexName | undefined;
    const partition: string = values[':partition'];
    const range = {
      ...(index !== undefined && { index }),
      partition,
      ...(':from' in values && { between: [values[':from'], values[':to']] as const }),
      newestFirst: input.ScanIndexForward === false,
    };
    const start = input.ExclusiveStartKey && itemOf(input.ExclusiveStartKey);
    let isBehindStart = start === undefined;
    const page: Item[] = [];
    let bytes = 0;
    let more = false;
    for await (const item of this.#table.query(range)) {
      if (isBehindStart) {
        more = page.length === input.Limit || bytes >= pageBytes;
        if (more) break;
        page.push(item);
        bytes += itemBytes(item);
      } else isBehindStart = item.pk === start?.pk && item.sk === start.sk;
    }
    if (!this.#takeRead(index, partition, readUnits(bytes, input.ConsistentRead === true))) return this.#throttle();
    const last = page.at(-1);
    return { Items: page.map((item) => marshall(item)), ...(more && last && { LastEvaluatedKey: marshall(last) }) };
  }

  async #takeWrite(item: Item): Promise<boolean> {
    return this.#take(await this.#needsOfWrite(item, false));
  }

  /** What a write takes of the table, and of each index whose entry it changes. */
  async #needsOfWrite(item: Item, transaction: boolean): Promise<Need[]> {
    const [before] = await this.#table.read([item]);
    return Object.entries(unitsOf(before, item, { transaction })).flatMap(([name, units]) => {
      // A local index lies in the table's partition.
      if (name === 'table' || name in localIndexes) return this.#needs('write', 'table', item.pk, units);
      const { partitionKey } = indexes[name as keyof typeof indexes];
      return this.#needs('write', name, String(item[partitionKey] ?? before?.[partitionKey]), units);
    });
  }

  #takeRead(index: IndexName | undefined, key: string, units: number): boolean {
    const of = index === undefined || index in localIndexes ? 'table' : index;
    return this.#take(this.#needs('read', of, key, units));
  }

  #needs(what: 'read' | 'write', of: string, key: string, units: number): Need[] {
    const partition = of === 'table' ? key : this.#partitionOf(key);
    return [
      { from: `${what} ${of}`, units, perSecond: this.#limits.table[what] },
      { from: `${what} ${of} ${partition}`, units, perSecond: this.#limits.partition[what] },
    ];
  }

  #take(needs: readonly Need[]): boolean {
    return !this.limited || this.#capacity.take(needs);
  }

  #throttle(): object {
    this.throttledCalls += 1;
    return fault('ThrottlingException');
  }
}

function fault(type: string): object {
  return { __type: `com.amazonaws.dynamodb.v20120810#${type}`, message: 'capacity or condition' };
}

function itemOf(stored: Stored | undefined): Item {
  return unmarshall(stored ?? {}) as Item;
}

/** A unit reads 4 KB, and eventually consistent twice as much. */
function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);
}

/** What the ledger asks for in a run; a condition that is not known here is an error, not a write without one. */
function writeOf({ Item, ConditionExpression, ExpressionAttributeValues = {} }: StoredWrite): Write {
  const item = itemOf(Item);
  const values = unmarshall(ExpressionAttributeValues);
  switch (ConditionExpression) {
    case undefined:
      return { item };
    case 'attribute_not_exists(pk)':
      return { item, condition: { is: 'unchanged' } };
    case 'version = :version':
      return { item, condition: { is: 'unchanged', version: values[':version'] } };
    case 'attribute_not_exists(pk) OR backupFacts.closed.expiresAt <= :now':
      return { item, condition: { is: 'absent or expired', now: new Date(values[':now']) } };
    default:
      throw new Error(`the throttled DynamoDB does not know the condition ${ConditionExpression}`);
  }
}
