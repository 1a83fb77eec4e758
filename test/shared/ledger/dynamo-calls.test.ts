/** What the local AWS does not do: throttle, leave a batch half done, cancel a transaction for reasons of its own. */
import { DynamoDBClient, TransactionCanceledException, TransactionConflictException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { DynamoLedger } from '../../../shared/ledger/dynamo.ts';
import { databaseKey, itemOfBackup, itemOfDatabase, itemOfDay, parseKey } from '../../../shared/ledger/items.ts';
import type { UnreadableRow } from '../../../shared/ledger/ledger.ts';
import { aBackup, aDatabase, aDay, anAlert, at, ordersKey } from './rows.ts';

// The pauses between tries are DynamoDB's time, not the test's.
vi.mock('node:timers/promises', () => ({ setTimeout: async () => undefined }));

const dynamo = mockClient(DynamoDBDocumentClient);
const ledger = new DynamoLedger(
  DynamoDBDocumentClient.from(new DynamoDBClient({ region: 'eu-west-1' })),
  'ledger',
  () => at('2026-11-23T12:00:00.000Z'),
);

beforeEach(() => dynamo.reset());

const metadata = { $metadata: {}, message: 'from the test' };
const row = (key: string) => aDatabase({ key });
const itemsOf = (keys: readonly string[]) => ({ ledger: keys.map((key) => itemOfDatabase(row(key), 1)) });
const asked = (call: number) => dynamo.commandCalls(BatchGetCommand)[call]?.args[0].input.RequestItems?.ledger;

describe('a batch that DynamoDB reads in part', () => {
  it('is asked for what was left over, until all is there', async () => {
    dynamo
      .on(BatchGetCommand)
      .resolvesOnce({
        Responses: itemsOf(['a']),
        UnprocessedKeys: { ledger: { Keys: [databaseKey('b'), databaseKey('c')] } },
      })
      .resolvesOnce({ Responses: itemsOf(['c']), UnprocessedKeys: { ledger: { Keys: [databaseKey('b')] } } })
      .resolvesOnce({ Responses: itemsOf(['b']) });
    expect((await ledger.databases(['a', 'b', 'c'])).map(({ key }) => key)).toEqual(['a', 'c', 'b']);
    expect([0, 1, 2].map((call) => asked(call)?.Keys?.length)).toEqual([3, 2, 1]);
    expect([0, 1, 2].map((call) => asked(call)?.ConsistentRead)).toEqual([true, true, true]);
  });

  it('is an error that says what to look at, when it stays that way', async () => {
    dynamo.on(BatchGetCommand).resolves({ UnprocessedKeys: { ledger: { Keys: [databaseKey('b')] } } });
    await expect(ledger.databases(['a', 'b'])).rejects.toThrow(
      /left 1 of 2 rows not read after 10 tries; it is throttling/,
    );
    expect(dynamo.commandCalls(BatchGetCommand)).toHaveLength(10);
  });

  it('asks for at most 100 rows a call', async () => {
    dynamo.on(BatchGetCommand).resolves({});
    await ledger.databases(Array.from({ length: 250 }, (_, n) => `db-${n}`));
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
    await ledger.putDays(Array.from({ length: 60 }, (_, n) => aDay({ database: `db-${n}` })));
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
  ])('is a conflict where %s', async (_, codes) => {
    dynamo.on(TransactWriteCommand).rejects(cancelled(...codes));
    expect(await put()).toBe('conflict');
  });

  it.each([
    ['ValidationError', 'None'],
    ['ThrottlingError', 'None'],
    ['ConditionalCheckFailed', 'ProvisionedThroughputExceeded'],
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
    await expect(ledger.releaseLease('one')).rejects.toThrow('AccessDeniedException');
  });
});

describe('a query', () => {
  it('reads a small first page, and no more where the reader stops', async () => {
    dynamo.on(QueryCommand).resolves({
      Items: [itemOfBackup(aBackup(), 1), itemOfBackup(aBackup({ id: 'b' }), 1)],
      LastEvaluatedKey: { pk: 'x', sk: 'y' },
    });
    for await (const newest of ledger.backupsOfDatabase(ordersKey)) {
      expect(newest.id).toBe(aBackup().id);
      break;
    }
    const calls = dynamo.commandCalls(QueryCommand).map((call) => call.args[0].input);
    expect(calls.map(({ Limit, ScanIndexForward }) => ({ Limit, ScanIndexForward }))).toEqual([
      { Limit: 50, ScanIndexForward: false },
    ]);
  });

  it('reads on with whole pages, from where the page before ended', async () => {
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [itemOfBackup(aBackup(), 1)], LastEvaluatedKey: { pk: 'x', sk: 'y' } })
      .resolvesOnce({ Items: [], LastEvaluatedKey: { pk: 'x', sk: 'z' } })
      .resolvesOnce({ Items: [itemOfBackup(aBackup({ id: 'last' }), 1)] });
    const ids: string[] = [];
    for await (const backup of ledger.backupsOfDatabase(ordersKey)) ids.push(backup.id);
    expect(ids).toEqual([aBackup().id, 'last']);
    const calls = dynamo.commandCalls(QueryCommand).map((call) => call.args[0].input);
    expect(calls.map(({ Limit, ExclusiveStartKey }) => [Limit, ExclusiveStartKey?.sk])).toEqual([
      [50, undefined],
      [undefined, 'y'],
      [undefined, 'z'],
    ]);
  });

  it('is strongly consistent on the table, which an index cannot be', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [] });
    for await (const _ of ledger.backupsOfDatabase(ordersKey));
    for await (const _ of ledger.backupsOfTenant('acme'));
    const calls = dynamo.commandCalls(QueryCommand).map((call) => call.args[0].input);
    expect(calls.map(({ IndexName, ConsistentRead }) => [IndexName, ConsistentRead])).toEqual([
      [undefined, true],
      ['byTenant', undefined],
    ]);
  });

  it('is not sent for a span that ends before it begins, which DynamoDB calls an error', async () => {
    dynamo.on(QueryCommand).rejects(new Error('ValidationException'));
    const span = { from: at('2026-11-23'), to: at('2026-11-22') };
    for await (const backup of ledger.backupsOfTenant('acme', span)) expect(backup).toBeUndefined();
    expect(dynamo.commandCalls(QueryCommand)).toHaveLength(0);
  });
});

describe('a row that does not parse', () => {
  it('is an error that names the row, the attribute and a way out', async () => {
    const item = itemOfDatabase(aDatabase(), 1);
    const broken = { ...item, facts: { ...(item.facts as object), enrolledAt: 'yesterday' } };
    dynamo.on(BatchGetCommand).resolves({ Responses: { ledger: [broken] } });
    const error = await ledger.databases([ordersKey]).catch((thrown: Error) => thrown);
    const { pk, sk } = parseKey(item);
    for (const part of [`pk=${pk} sk=${sk}`, 'facts.enrolledAt', 'Invalid ISO datetime', 'by a newer release']) {
      expect(String(error)).toContain(part);
    }
  });

  it('is handed over where somebody takes it, and the others are read on', async () => {
    const item = itemOfDatabase(aDatabase(), 1);
    const broken = { ...item, facts: 'by hand' };
    const others = itemsOf(['a', 'b']).ledger;
    dynamo.on(BatchGetCommand).resolves({ Responses: { ledger: [broken, ...others] } });
    dynamo.on(QueryCommand).resolves({ Items: [broken, ...others] });
    const unreadable: (string | undefined)[] = [];
    const take = ({ database }: UnreadableRow) => void unreadable.push(database);
    const rows = await ledger.databases([ordersKey, 'a', 'b'], take);
    for await (const row of ledger.allDatabases(take)) rows.push({ ...row, liveBackups: [] });
    expect(rows.map(({ key }) => key)).toEqual(['a', 'b', 'a', 'b']);
    expect(unreadable).toEqual([ordersKey, ordersKey]);
  });
});
