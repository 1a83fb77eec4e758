import { type AttributeValue, DynamoDBClient, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { DynamoLedger, ledgerActions } from '../../../shared/ledger/dynamo.ts';
import {
  copyWakeUps,
  type IndexName,
  indexes,
  keysOfAlert,
  keysOfBackup,
  keysOfDatabase,
  keysOfDay,
  keysOfSweep,
} from '../../../shared/ledger/items.ts';
import { type Ledger, liveBackupId } from '../../../shared/ledger/ledger.ts';
import type { CopyState } from '../../../shared/model.ts';
import { createLedgerTable } from '../../support/ledger-table.ts';
import { localAws } from '../../support/local-aws.ts';
import { ledgerContract } from './contract.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at, ordersKey } from './rows.ts';

const start = at('2026-11-23T12:00:00.000Z');
let raw: DynamoDBClient;
let client: DynamoDBDocumentClient;
let tables = 0;

async function newTable(): Promise<string> {
  tables += 1;
  const name = `ledger-contract-${process.pid}-${tables}`;
  await createLedgerTable(raw, name);
  return name;
}

beforeAll(async () => {
  raw = new DynamoDBClient((await localAws()).clientConfig);
  client = DynamoDBDocumentClient.from(raw);
}, 120_000);

describe('the ledger in DynamoDB', () => {
  ledgerContract(async (now) => new DynamoLedger(client, await newTable(), now));
});

describe('the rights that the ledger needs', () => {
  it('are, method by method, those of the calls it makes', async () => {
    const calls = new Set<string>();
    const watched = DynamoDBDocumentClient.from(new DynamoDBClient((await localAws()).clientConfig));
    watched.middlewareStack.add(
      (next, context) => (args) => {
        calls.add(context.commandName ?? '');
        return next(args);
      },
      { step: 'initialize' },
    );
    const ledger = new DynamoLedger(watched, await newTable(), () => start);
    const uses: Record<keyof Ledger, () => Promise<unknown> | AsyncIterable<unknown>> = {
      recordBackup: () => ledger.recordBackup(aBackup()),
      updateBackup: () => ledger.updateBackup(aBackup({ version: 1 })),
      backupByArn: () => ledger.backupByArn(aBackup().arn),
      backups: () => ledger.backups([{ database: ordersKey, liveBackup: liveBackupId(aBackup()) }]),
      backupsOfDatabase: () => ledger.backupsOfDatabase(ordersKey),
      backupsOfTenant: () => ledger.backupsOfTenant('acme'),
      backupsOfDay: () => ledger.backupsOfDay('2026-11-23'),
      copies: () => ledger.copies('queued'),
      takeLease: () => ledger.takeLease('one', start, start),
      releaseLease: () => ledger.releaseLease('one'),
      tenantsServed: () => ledger.tenantsServed(),
      noteTenantServed: () => ledger.noteTenantServed('acme', start),
      putDatabase: () => ledger.putDatabase(aDatabase()),
      databases: () => ledger.databases([ordersKey]),
      databasesByName: () => ledger.databasesByName('instance', 'orders'),
      databasesOfTenant: () => ledger.databasesOfTenant('acme'),
      allDatabases: () => ledger.allDatabases(),
      databasesToCheck: () => ledger.databasesToCheck(start),
      putDatabaseWithAlert: () => ledger.putDatabaseWithAlert(aDatabase({ version: 1 }), anAlert()),
      openAlerts: () => ledger.openAlerts(),
      alertsOfDatabase: () => ledger.alertsOfDatabase(ordersKey),
      alertsOfTenant: () => ledger.alertsOfTenant('acme'),
      putDays: () => ledger.putDays([aDay()]),
      daysOfDatabase: () => ledger.daysOfDatabase(ordersKey, '2026-11-01', '2026-11-30'),
      daysOfTenant: () => ledger.daysOfTenant('acme', '2026-11-01', '2026-11-30'),
      daysOfDate: () => ledger.daysOfDate('2026-11-23'),
      putSweep: () => ledger.putSweep(aSweep()),
      sweeps: () => ledger.sweeps(),
      lastWatch: () => ledger.lastWatch(),
    };
    const needed: Record<string, string[]> = {};
    for (const [method, use] of Object.entries(uses)) {
      calls.clear();
      const used = use();
      if (Symbol.asyncIterator in used) {
        for await (const _ of used);
      } else await used;
      needed[method] = [...calls].map(actionOf).sort();
    }
    expect(needed).toEqual(
      Object.fromEntries(Object.entries(ledgerActions).map(([method, actions]) => [method, [...actions].sort()])),
    );
  });
});

/** A transaction has no action of its own: each of its puts needs `PutItem`. */
function actionOf(commandName: string): string {
  const call = commandName.replace('Command', '');
  return `dynamodb:${call === 'TransactWriteItems' ? 'PutItem' : call}`;
}

describe('what the indexes hold', () => {
  const held = async (table: string, index: IndexName, partition: string) => {
    const { Items, ScannedCount } = await raw.send(
      new QueryCommand({
        TableName: table,
        IndexName: index,
        KeyConditionExpression: `${indexes[index].partitionKey} = :partition`,
        ExpressionAttributeValues: { ':partition': { S: partition } },
      }),
    );
    return { attributes: (Items ?? []).map((item) => Object.keys(item).sort()), scanned: ScannedCount };
  };

  it('is what is printed, and never the ids of live backups', async () => {
    const table = await newTable();
    const row = aDatabase({ liveBackups: ['x'] });
    await new DynamoLedger(client, table, () => start).putDatabase(row);
    const keys = ['pk', 'sk'];
    const shown = ['facts', 'version'];
    expect(await held(table, 'byIdentity', 'instance/orders')).toMatchObject({
      attributes: [['identityKey', ...keys].sort()],
    });
    expect(await held(table, 'byTenant', 'acme')).toMatchObject({
      attributes: [[...keys, ...shown, 'tenantKey', 'tenantSort'].sort()],
    });
    expect(await held(table, 'byState', 'DATABASE')).toMatchObject({
      attributes: [[...keys, ...shown, 'stateKey', 'stateSort'].sort()],
    });
    expect(await held(table, 'byDay', '2026-11-23')).toMatchObject({ attributes: [] });
  });

  it('projects no more attributes than DynamoDB allows over all indexes', () => {
    const projected = Object.values(indexes).flatMap((index) => [...index.projected]);
    expect(projected.length).toBeLessThanOrEqual(100);
  });

  it('lets the watch read only what is to be checked', async () => {
    const table = await newTable();
    const ledger = new DynamoLedger(client, table, () => start);
    const due = aDatabase({ key: 'due', checkAt: start });
    for (const row of [due, aDatabase({ key: 'later', checkAt: at('2026-11-24') }), aDatabase({ key: 'never' })]) {
      await ledger.putDatabase(row);
    }
    const scanned: number[] = [];
    const counting = DynamoDBDocumentClient.from(new DynamoDBClient((await localAws()).clientConfig));
    counting.middlewareStack.add(
      (next) => async (args) => {
        const result = await next(args);
        scanned.push((result.output as { ScannedCount?: number }).ScannedCount ?? 0);
        return result;
      },
      { step: 'initialize' },
    );
    const found: string[] = [];
    for await (const key of new DynamoLedger(counting, table, () => start).databasesToCheck(start)) found.push(key);
    expect({ found, scanned }).toEqual({ found: ['due'], scanned: [1] });
  });
});

describe('time to live', () => {
  const itemOf = async (table: string, key: { pk: string; sk: string }) => {
    const { Item } = await raw.send(
      new GetItemCommand({ TableName: table, Key: { pk: { S: key.pk }, sk: { S: key.sk } }, ConsistentRead: true }),
    );
    return Item ?? {};
  };

  it('is set, in whole seconds and never too early, once a row is closed', async () => {
    const table = await newTable();
    const ledger = new DynamoLedger(client, table, () => start);
    await ledger.recordBackup(aBackup());
    expect(await itemOf(table, keysOfBackup(aBackup()))).not.toHaveProperty('expiresAt');
    const closed = { at: start, reason: 'deleted', expiresAt: at('2027-12-28T04:08:53.123Z') };
    await ledger.updateBackup(aBackup({ version: 1, closed }));
    const seconds = at('2027-12-28T04:08:54.000Z').getTime() / 1000;
    expect((await itemOf(table, keysOfBackup(aBackup()))).expiresAt).toEqual({ N: String(seconds) });
  });

  it('is on no row of a database', async () => {
    const table = await newTable();
    await new DynamoLedger(client, table, () => start).putDatabase(aDatabase());
    expect(await itemOf(table, keysOfDatabase(aDatabase()))).not.toHaveProperty('expiresAt');
  });

  it('is on the rows of days, sweeps and alerts that are over', async () => {
    const table = await newTable();
    const ledger = new DynamoLedger(client, table, () => start);
    const over = { expiresAt: at('2027-12-28T00:00:00.000Z') };
    await ledger.putDays([aDay(over), aDay({ date: '2026-11-24' })]);
    await ledger.putSweep(aSweep(over));
    await ledger.putDatabaseWithAlert(aDatabase(), anAlert());
    await ledger.putDatabaseWithAlert(aDatabase({ version: 1 }), anAlert({ opened: start, resolved: start, ...over }));
    const seconds = { N: String(over.expiresAt.getTime() / 1000) };
    for (const keys of [keysOfDay(aDay()), keysOfSweep(aSweep()), keysOfAlert(anAlert({ opened: start }))]) {
      expect((await itemOf(table, keys)).expiresAt).toEqual(seconds);
    }
    for (const keys of [keysOfDay(aDay({ date: '2026-11-24' })), keysOfAlert(anAlert())]) {
      expect(await itemOf(table, keys)).not.toHaveProperty('expiresAt');
    }
  });
});

describe('what wakes copy', () => {
  type Image = Record<string, AttributeValue>;
  /** The stream's images of a backup's row before and after a write, read as the table holds them. */
  async function written(before: CopyState | undefined, after: CopyState) {
    const table = await newTable();
    const ledger = new DynamoLedger(client, table, () => start);
    const inState = (state: CopyState) => aBackup({ copy: { mode: 'export', state, attempt: 1 } });
    const { pk, sk } = keysOfBackup(aBackup());
    const image = async (): Promise<Image> => {
      const key = { pk: { S: pk }, sk: { S: sk } };
      return (await raw.send(new GetItemCommand({ TableName: table, Key: key }))).Item ?? {};
    };
    await ledger.recordBackup(inState(before ?? after));
    if (before === undefined) return { eventName: 'INSERT', dynamodb: { NewImage: await image() } };
    const OldImage = await image();
    await ledger.updateBackup({ ...inState(after), version: 1 });
    return { eventName: 'MODIFY', dynamodb: { OldImage, NewImage: await image() } };
  }

  it.each<[CopyState | undefined, CopyState, boolean]>([
    [undefined, 'queued', true],
    [undefined, 'none', false],
    [undefined, 'skipped', false],
    ['none', 'queued', true],
    ['failed', 'queued', true],
    ['cancelled', 'queued', true],
    ['queued', 'starting', false],
    ['starting', 'running', false],
    ['starting', 'queued', false],
    ['running', 'queued', false],
    ['queued', 'queued', false],
    ['queued', 'skipped', true],
    ['starting', 'skipped', true],
    ['starting', 'failed', true],
    ['running', 'complete', true],
    ['running', 'incomplete', true],
    ['running', 'failed', true],
    ['running', 'cancelled', true],
    ['complete', 'complete', false],
    ['failed', 'failed', false],
  ])('%s to %s: %s', async (before, after, wakes) => {
    const record = await written(before, after);
    expect(copyWakeUps.some((pattern) => matches(pattern, record))).toBe(wakes);
  });

  it('is no row but a backup’s', async () => {
    const table = await newTable();
    await new DynamoLedger(client, table, () => start).putDatabase(aDatabase());
    const { pk, sk } = keysOfDatabase(aDatabase());
    const { Item } = await raw.send(new GetItemCommand({ TableName: table, Key: { pk: { S: pk }, sk: { S: sk } } }));
    const record = { eventName: 'INSERT', dynamodb: { NewImage: Item } };
    expect(copyWakeUps.some((pattern) => matches(pattern, record))).toBe(false);
  });
});

/** Lambda's event filter as far as we use it: a list names the allowed values, everything in the pattern has to match. */
function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.includes(value);
  return Object.entries(pattern as Record<string, unknown>).every(([name, part]) =>
    matches(part, (value as Record<string, unknown> | undefined)?.[name]),
  );
}
