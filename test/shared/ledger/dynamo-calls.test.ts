/** What the local AWS does not do: throttle, leave a batch half done, cancel a transaction for reasons of its own. */
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers/promises';
import { DynamoDBClient, TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { DynamoTable } from '../../../shared/ledger/dynamo.ts';
import { itemOfBackup, itemOfDatabase, itemOfDay, rowKey } from '../../../shared/ledger/items.ts';
import type { UnreadableRow } from '../../../shared/ledger/ledger.ts';
import { shards } from '../../../shared/ledger/table.ts';
import { TableLedger } from '../../../shared/ledger/table-ledger.ts';
import { collect, first } from '../../../shared/lib/iterables.ts';
import { mockClient } from '../../support/mock-client.ts';
import { here } from './contract/given.ts';
import { aBackup, aDatabase, aDay, anAlert, at, ordersKey } from './rows.ts';

// The pauses between tries are DynamoDB's time, not the test's. What is imported by name is replaced only by the second call.
vi.spyOn(timers, 'setTimeout').mockResolvedValue(undefined);
syncBuiltinESMExports();
afterAll(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

const dynamo = mockClient(DynamoDBDocumentClient);
const client = DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' }));
const ledger = new TableLedger(new DynamoTable(client, 'ledger'), () => at('2026-11-23T12:00:00.000Z'));

beforeEach(() => dynamo.reset());

const metadata = { $metadata: {}, message: 'from the test' };
const keys = { a: '1/r/db-a', b: '1/r/db-b', c: '1/r/db-c' };
const itemsOf = (some: readonly string[]) => ({ ledger: some.map((key) => itemOfDatabase(aDatabase({ key }))) });
const asked = (call: number) => dynamo.commandCalls(BatchGetCommand)[call]?.args[0].input.RequestItems?.ledger;

describe('a batch that DynamoDB reads in part', () => {
  it('is asked for what was left over, until all is there', async () => {
    dynamo
      .on(BatchGetCommand)
      .resolvesOnce({
        Responses: itemsOf([keys.a]),
        UnprocessedKeys: { ledger: { Keys: [{ ...rowKey(keys.b) }, { ...rowKey(keys.c) }] } },
      })
      .resolvesOnce({ Responses: itemsOf([keys.c]), UnprocessedKeys: { ledger: { Keys: [{ ...rowKey(keys.b) }] } } })
      .resolvesOnce({ Responses: itemsOf([keys.b]) });
    expect((await ledger.databases(Object.values(keys))).map(({ key }) => key)).toEqual([keys.a, keys.c, keys.b]);
    expect([0, 1, 2].map((call) => asked(call)?.Keys?.length)).toEqual([3, 2, 1]);
    expect([0, 1, 2].map((call) => asked(call)?.ConsistentRead)).toEqual([true, true, true]);
  });

  it('is an error that says what to look at, when it stays that way', async () => {
    dynamo.on(BatchGetCommand).resolves({ UnprocessedKeys: { ledger: { Keys: [{ ...rowKey(keys.b) }] } } });
    await expect(ledger.databases([keys.a, keys.b])).rejects.toThrow(
      /left 1 of 2 rows not read after 10 tries; it is throttling/,
    );
    expect(dynamo.commandCalls(BatchGetCommand)).toHaveLength(10);
  });

  it('asks for at most 100 rows a call', async () => {
    dynamo.on(BatchGetCommand).resolves({});
    await ledger.databases(Array.from({ length: 250 }, (_, n) => `1/r/db-${n}`));
    expect([0, 1, 2].map((call) => asked(call)?.Keys?.length)).toEqual([100, 100, 50]);
  });
});

describe('a batch that DynamoDB writes in part', () => {
  const days = ['2026-11-21', '2026-11-22', '2026-11-23'].map((date) => aDay({ date }));

  it('is sent again with what was left over', async () => {
    dynamo
      .on(BatchWriteCommand)
      .resolvesOnce({ UnprocessedItems: { ledger: [{ PutRequest: { Item: itemOfDay(aDay()) } }] } })
      .resolvesOnce({});
    await ledger.putDays(days);
    const [first, second] = dynamo.commandCalls(BatchWriteCommand).map((call) => call.args[0].input.RequestItems);
    expect(first?.ledger).toHaveLength(3);
    expect(second?.ledger).toEqual([{ PutRequest: { Item: itemOfDay(aDay()) } }]);
  });

  it('is an error when it stays that way', async () => {
    dynamo
      .on(BatchWriteCommand)
      .resolves({ UnprocessedItems: { ledger: [{ PutRequest: { Item: itemOfDay(aDay()) } }] } });
    await expect(ledger.putDays(days)).rejects.toThrow(/left 1 of 3 rows not written after 10 tries/);
  });

  it('writes at most 25 rows a call', async () => {
    dynamo.on(BatchWriteCommand).resolves({});
    await ledger.putDays(Array.from({ length: 60 }, (_, n) => aDay({ database: `1/r/db-${n}` })));
    const sizes = dynamo.commandCalls(BatchWriteCommand).map((call) => call.args[0].input.RequestItems?.ledger?.length);
    expect(sizes).toEqual([25, 25, 10]);
  });
});

describe('a cancelled transaction', () => {
  const cancelled = (...codes: string[]) =>
    new TransactionCanceledException({ ...metadata, CancellationReasons: codes.map((Code) => ({ Code })) });
  const put = () => ledger.putDatabaseWithAlert(aDatabase({ version: 4 }), anAlert());

  it.each([
    ['the row was changed', ['ConditionalCheckFailed', 'None']],
    ['another transaction has the row', ['TransactionConflict', 'None']],
    ['another transaction has the alert', ['None', 'TransactionConflict']],
    ['the row was changed, whatever was throttled beside it', ['ConditionalCheckFailed', 'ThrottlingError']],
  ])('is a conflict where %s', async (_, codes) => {
    dynamo.on(TransactWriteCommand).rejects(cancelled(...codes));
    expect(await put()).toBe('conflict');
  });

  it.each([
    ['ThrottlingError', 'None'],
    ['None', 'ProvisionedThroughputExceeded'],
    ['RequestLimitExceeded', 'ThrottlingError'],
    ['TransactionConflict', 'ThrottlingError'],
  ])('is sent again where a part of it was throttled: %s, %s', async (...codes) => {
    dynamo
      .on(TransactWriteCommand)
      .rejectsOnce(cancelled(...codes))
      .rejectsOnce(cancelled(...codes))
      .resolves({});
    expect(await put()).toBe('written');
    expect(dynamo.commandCalls(TransactWriteCommand)).toHaveLength(3);
  });

  it('climbs once it was throttled ten times', async () => {
    dynamo.on(TransactWriteCommand).rejects(cancelled('ThrottlingError', 'None'));
    await expect(put()).rejects.toThrow(TransactionCanceledException);
    expect(dynamo.commandCalls(TransactWriteCommand)).toHaveLength(10);
  });

  it.each([
    ['ValidationError', 'None'],
    ['ValidationError', 'ThrottlingError'],
    ['None', 'None'],
  ])('climbs for any other reason: %s, %s', async (...codes) => {
    dynamo.on(TransactWriteCommand).rejects(cancelled(...codes));
    await expect(put()).rejects.toThrow(TransactionCanceledException);
  });

  it('climbs where no reason is given', async () => {
    dynamo.on(TransactWriteCommand).rejects(new TransactionCanceledException(metadata));
    await expect(put()).rejects.toThrow(TransactionCanceledException);
  });
});

describe('a refused write', () => {
  it('is a conflict where a transaction has the row at that moment', async () => {
    dynamo.on(PutCommand).rejects(new TransactionConflictException(metadata));
    expect(await ledger.putDatabase(aDatabase({ version: 1 }))).toBe('conflict');
  });

  it('climbs where it is not about the condition', async () => {
    dynamo.on(PutCommand).rejects(new Error('AccessDeniedException'));
    await expect(ledger.recordBackup(aBackup())).rejects.toThrow('AccessDeniedException');
    await expect(ledger.updateBackup(aBackup({ version: 1 }))).rejects.toThrow('AccessDeniedException');
    await expect(ledger.releaseLease(here, 'one')).rejects.toThrow('AccessDeniedException');
  });
});

describe('a query', () => {
  it('reads a small first page, and no more where the reader stops', async () => {
    dynamo.on(QueryCommand).resolves({
      Items: [itemOfBackup(aBackup()), itemOfBackup(aBackup({ id: 'b' }))],
      LastEvaluatedKey: { pk: 'x', sk: 'y' },
    });
    expect((await first(ledger.backupsOfDatabase(ordersKey)))?.id).toBe(aBackup().id);
    const calls = dynamo.commandCalls(QueryCommand).map((call) => call.args[0].input);
    expect(calls.map(({ Limit, ScanIndexForward }) => ({ Limit, ScanIndexForward }))).toEqual([
      { Limit: 50, ScanIndexForward: false },
    ]);
  });

  it('reads on with whole pages, from where the page before ended', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [itemOfBackup(aBackup())], LastEvaluatedKey: { pk: 'x', sk: 'y' } })
      .resolvesOnce({ Items: [], LastEvaluatedKey: { pk: 'x', sk: 'z' } })
      .resolvesOnce({ Items: [itemOfBackup(aBackup({ id: 'last' }))] });
    const ids = (await collect(ledger.backupsOfDatabase(ordersKey))).map(({ id }) => id);
    expect(ids).toEqual([aBackup().id, 'last']);
    const calls = dynamo.commandCalls(QueryCommand).map((call) => call.args[0].input);
    expect(calls.map(({ Limit, ExclusiveStartKey }) => [Limit, ExclusiveStartKey?.sk])).toEqual([
      [50, undefined],
      [undefined, 'y'],
      [undefined, 'z'],
    ]);
  });

  it('is strongly consistent on the table and its local index, which a global one cannot be', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [] });
    await collect(ledger.backupsOfDatabase(ordersKey));
    await ledger.liveBackups(ordersKey);
    await collect(ledger.backupsOfTenant('acme'));
    const calls = dynamo.commandCalls(QueryCommand).map((call) => call.args[0].input);
    expect(calls.map(({ IndexName, ConsistentRead }) => [IndexName, ConsistentRead])).toEqual([
      [undefined, true],
      ['live', true],
      ['byTenant', undefined],
    ]);
  });

  it('is not sent for a span that ends before it begins, which DynamoDB calls an error', async () => {
    dynamo.on(QueryCommand).rejects(new Error('ValidationException'));
    const span = { from: at('2026-11-23'), to: at('2026-11-22') };
    expect(await collect(ledger.backupsOfTenant('acme', span))).toEqual([]);
    expect(dynamo.commandCalls(QueryCommand)).toHaveLength(0);
  });
});

describe('a list that is spread over shards', () => {
  it('asks all of them for a small first page', async () => {
    const page = [aBackup(), aBackup({ id: 'b' })].map(itemOfBackup);
    dynamo.on(QueryCommand).resolves({ Items: page, LastEvaluatedKey: { pk: 'x', sk: 'y' } });
    dynamo.on(BatchGetCommand).resolves({ Responses: { ledger: page } });
    await first(ledger.copies(here, 'queued'));
    const calls = dynamo.commandCalls(QueryCommand).map((call) => call.args[0].input);
    const firstPages = calls.slice(0, shards);
    const partitions = firstPages.map(({ ExpressionAttributeValues }) => ExpressionAttributeValues?.[':partition']);
    expect(new Set(partitions).size).toBe(shards);
    expect(firstPages.map(({ Limit }) => Limit)).toEqual(Array(shards).fill(50));
  });
});

describe('a row that cannot be read', () => {
  it('is an error that names the row and the attribute', async () => {
    const item = itemOfDatabase(aDatabase());
    const broken = { ...item, databaseFacts: { ...(item.databaseFacts as object), enrolledAt: 'yesterday' } };
    dynamo.on(BatchGetCommand).resolves({ Responses: { ledger: [broken] } });
    const error = await ledger.databases([ordersKey]).catch((thrown: Error) => thrown);
    for (const part of [`pk=${item.pk} sk=${item.sk}`, 'enrolledAt', 'Invalid ISO datetime']) {
      expect(String(error)).toContain(part);
    }
    expect((error as UnreadableRow).database).toBe(ordersKey);
  });
});
