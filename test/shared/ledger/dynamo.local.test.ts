import { type AttributeValue, GetItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { backupIdOf, type CopyState } from '../../../shared/domain/index.ts';
import { type LedgerCall, ledgerCalls } from '../../../shared/ledger/dynamo.ts';
import {
  copyTriggers,
  keysOfAlert,
  keysOfBackup,
  keysOfDatabase,
  keysOfDay,
  keysOfSweep,
} from '../../../shared/ledger/items.ts';
import type { LedgerMethod } from '../../../shared/ledger/ledger.ts';
import { type IndexName, indexes, localIndexes, type PrimaryKey, shardOf } from '../../../shared/ledger/table.ts';
import { collect } from '../../../shared/lib/iterables.ts';
import { newLedgerTable } from '../../support/ledger-table.ts';
import { type AwsForTests, localAws } from '../../support/local-aws.ts';
import { here, ordersName, start } from './contract/given.ts';
import { ledgerContract } from './contract/index.ts';
import { aBackup, aDatabase, aDay, anAlert, anEnvironment, aPause, aSweep, at, ordersKey } from './rows.ts';

let aws: AwsForTests;
beforeAll(async () => {
  aws = await localAws();
}, 120_000);

async function onNewTable() {
  const table = await newLedgerTable(aws.clientConfig);
  const itemOf = async ({ pk, sk }: PrimaryKey): Promise<Record<string, AttributeValue>> => {
    const Key = { pk: { S: pk }, sk: { S: sk } };
    return (await table.client.send(new GetItemCommand({ TableName: table.tableName, Key }))).Item ?? {};
  };
  return { ...table, ledger: table.ledgerAt(() => start), itemOf };
}

describe('the ledger in MiniStack’s DynamoDB', () => {
  ledgerContract(async (now) => {
    const { table, ledgerAt } = await newLedgerTable(aws.clientConfig);
    return { ledger: ledgerAt(now), table };
  });
});

/** What a client sends from here on, and what it gets. */
function watch(client: DynamoDBDocumentClient) {
  const calls: { command: string; index?: string; scanned?: number }[] = [];
  client.middlewareStack.add(
    (next, context) => async (args) => {
      const { IndexName: index } = args.input as { IndexName?: string };
      const result = await next(args);
      const { ScannedCount: scanned } = result.output as { ScannedCount?: number };
      calls.push({
        command: context.commandName ?? '',
        ...(index !== undefined && { index }),
        ...(scanned !== undefined && { scanned }),
      });
      return result;
    },
    { step: 'initialize' },
  );
  return calls;
}

describe('the rights that the ledger needs', () => {
  it('are, method by method, those of the calls it makes', async () => {
    const { ledger, documents } = await onNewTable();
    const calls = watch(documents);
    const uses: Record<LedgerMethod, () => Promise<unknown> | AsyncIterable<unknown>> = {
      recordBackup: () => ledger.recordBackup(aBackup()),
      updateBackup: () => ledger.updateBackup(aBackup({ version: 1 })),
      backupsByArn: () => ledger.backupsByArn(aBackup().arn),
      backups: () => ledger.backups([backupIdOf(aBackup())]),
      liveBackups: () => ledger.liveBackups(ordersKey),
      backupsOfDatabase: () => ledger.backupsOfDatabase(ordersKey),
      backupsOfTenant: () => ledger.backupsOfTenant('acme'),
      backupsOfDay: () => ledger.backupsOfDay('2026-11-23'),
      copies: async () => {
        const copy = { mode: 'export', state: 'queued', attempt: 1 } as const;
        await ledger.updateBackup(aBackup({ version: 2, copy }));
        calls.length = 0;
        return collect(ledger.copies(here, 'queued'));
      },
      takeLease: () => ledger.takeLease(here, 'one', start, start),
      releaseLease: () => ledger.releaseLease(here, 'one'),
      copyPauses: () => ledger.copyPauses(here),
      putCopyPause: () => ledger.putCopyPause(aPause()),
      environments: () => ledger.environments(),
      putEnvironment: () => ledger.putEnvironment(anEnvironment()),
      tenantsServed: () => ledger.tenantsServed(here),
      noteTenantServed: () => ledger.noteTenantServed(here, 'acme', start),
      putDatabase: () => ledger.putDatabase(aDatabase()),
      databases: () => ledger.databases([ordersKey]),
      databasesByName: () => ledger.databasesByName(ordersName),
      databasesOfTenant: () => ledger.databasesOfTenant('acme'),
      allDatabases: () => ledger.allDatabases(),
      databasesToCheck: () => ledger.databasesToCheck(start),
      putDatabaseWithAlert: () => ledger.putDatabaseWithAlert(aDatabase({ version: 1 }), anAlert()),
      alerts: () => ledger.alerts([anAlert()]),
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
    const made: Record<string, LedgerCall> = {};
    for (const [method, use] of Object.entries(uses)) {
      calls.length = 0;
      const used = use();
      await (Symbol.asyncIterator in used ? collect(used) : used);
      const index = calls.find((call) => call.index !== undefined)?.index as IndexName | undefined;
      const table = calls.filter((call) => call.index === undefined).map(({ command }) => actionOf(command));
      made[method] = { table: [...new Set(table)], ...(index && { index }) };
    }
    expect(made).toEqual(ledgerCalls);
  });
});

/** A transaction has no action of its own: each of its puts needs `PutItem`. */
function actionOf(commandName: string): LedgerCall['table'][number] {
  const call = commandName.replace('Command', '');
  return (call === 'TransactWriteItems' ? 'PutItem' : call) as LedgerCall['table'][number];
}

describe('what the indexes hold', () => {
  const definitions = { ...indexes, ...localIndexes };
  const held = async ({ client, tableName }: Awaited<ReturnType<typeof onNewTable>>, index: IndexName, key: string) => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: tableName,
        IndexName: index,
        KeyConditionExpression: '#key = :key',
        ExpressionAttributeNames: { '#key': definitions[index].partitionKey },
        ExpressionAttributeValues: { ':key': { S: key } },
      }),
    );
    return Items.map((item) => Object.keys(item).sort());
  };

  it('is keys only, but for days, which are read from them', async () => {
    const table = await onNewTable();
    await table.ledger.putDatabaseWithAlert(aDatabase(), anAlert());
    await table.ledger.recordBackup(aBackup({ copy: { mode: 'export', state: 'queued', attempt: 1 } }));
    await table.ledger.putDays([aDay()]);
    const shard = shardOf(ordersKey);
    const database = ['pk', 'sk', 'stateKey', 'stateSort'];
    expect({
      byName: await held(table, 'byIdentity', '123456789012/eu-west-1/instance/orders'),
      byArn: await held(table, 'byIdentity', aBackup().arn),
      alertsOfDatabase: await held(table, 'byIdentity', `ALERTS#${ordersKey}`),
      byTenant: await held(table, 'byTenant', 'acme'),
      byDay: await held(table, 'byDay', `2026-11-23#${shard}`),
      databases: await held(table, 'byState', `DATABASE#${shard}`),
      queued: await held(table, 'byState', `COPY#123456789012/eu-west-1#queued#${shard}`),
      openAlerts: await held(table, 'byState', `ALERT#${shard}`),
      live: await held(table, 'live', `DB#${ordersKey}`),
    }).toEqual({
      byName: [['identityKey', 'pk', 'sk']],
      byArn: [['identityKey', 'pk', 'sk']],
      alertsOfDatabase: [['identityKey', 'pk', 'sk']],
      // An alert, a backup, the database, and a day; a row's format is small enough to stand beside its keys.
      byTenant: [
        ['format', 'listSort', 'pk', 'sk', 'tenantKey'],
        ['format', 'listSort', 'pk', 'sk', 'tenantKey'],
        ['format', 'listSort', 'pk', 'sk', 'tenantKey'],
        ['dayFacts', 'format', 'listSort', 'pk', 'sk', 'tenantKey'],
      ],
      byDay: [
        ['dayKey', 'format', 'listSort', 'pk', 'sk'],
        ['dayFacts', 'dayKey', 'format', 'listSort', 'pk', 'sk'],
      ],
      databases: [database],
      queued: [database],
      openAlerts: [database],
      live: [['liveSort', 'pk', 'sk']],
    });
  });

  it('lets the watch read only what is to be checked', async () => {
    const { ledger, documents } = await onNewTable();
    for (const row of [
      aDatabase({ key: 'a/b/due', nextCheckAt: start }),
      aDatabase({ key: 'a/b/later', nextCheckAt: at('2026-11-24') }),
      aDatabase({ key: 'a/b/never' }),
    ]) {
      await ledger.putDatabase(row);
    }
    const calls = watch(documents);
    expect(await collect(ledger.databasesToCheck(start))).toEqual(['a/b/due']);
    expect(calls.map(({ scanned = 0 }) => scanned).reduce((sum, scanned) => sum + scanned)).toBe(1);
  });
});

describe('time to live', () => {
  it('is set, in whole seconds and never too early, once a row is closed', async () => {
    const { ledger, itemOf } = await onNewTable();
    await ledger.recordBackup(aBackup());
    expect(await itemOf(keysOfBackup(aBackup()))).not.toHaveProperty('expiresAt');
    const cause = { code: 'deleted-by-user', facts: {} } as const;
    const closed = { at: start, cause, expiresAt: at('2027-12-28T04:08:53.123Z') };
    await ledger.updateBackup(aBackup({ version: 1, closed }));
    const seconds = at('2027-12-28T04:08:54.000Z').getTime() / 1000;
    expect((await itemOf(keysOfBackup(aBackup()))).expiresAt).toEqual({ N: String(seconds) });
  });

  it('is on no row of a database', async () => {
    const { ledger, itemOf } = await onNewTable();
    await ledger.putDatabase(aDatabase());
    expect(await itemOf(keysOfDatabase(aDatabase()))).not.toHaveProperty('expiresAt');
  });

  it('is on the rows of days, sweeps and alerts that are over', async () => {
    const { ledger, itemOf } = await onNewTable();
    const over = { expiresAt: at('2027-12-28T00:00:00.000Z') };
    await ledger.putDays([aDay(over), aDay({ date: '2026-11-24' })]);
    await ledger.putSweep(aSweep(over));
    await ledger.putDatabaseWithAlert(aDatabase(), anAlert());
    await ledger.putDatabaseWithAlert(aDatabase({ version: 1 }), anAlert({ opened: start, resolved: start, ...over }));
    const seconds = { N: String(over.expiresAt.getTime() / 1000) };
    for (const keys of [keysOfDay(aDay()), keysOfSweep(aSweep()), keysOfAlert(anAlert({ opened: start }))]) {
      expect((await itemOf(keys)).expiresAt).toEqual(seconds);
    }
    for (const keys of [keysOfDay(aDay({ date: '2026-11-24' })), keysOfAlert(anAlert())]) {
      expect(await itemOf(keys)).not.toHaveProperty('expiresAt');
    }
  });
});

describe('what triggers copy', () => {
  /** A record of the stream about a backup's row before and after a write, read as the table holds them. */
  async function written(before: CopyState | undefined, after: CopyState) {
    const { ledger, itemOf } = await onNewTable();
    const inState = (state: CopyState) => aBackup({ copy: { mode: 'export', state, attempt: 1 } });
    const image = () => itemOf(keysOfBackup(aBackup()));
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
  ])('%s to %s: %s', async (before, after, triggers) => {
    const record = await written(before, after);
    expect(copyTriggers.some((pattern) => matches(pattern, record))).toBe(triggers);
  });

  it('is no row but a backup’s', async () => {
    const { ledger, itemOf } = await onNewTable();
    await ledger.putDatabase(aDatabase());
    const record = { eventName: 'INSERT', dynamodb: { NewImage: await itemOf(keysOfDatabase(aDatabase())) } };
    expect(copyTriggers.some((pattern) => matches(pattern, record))).toBe(false);
  });
});

/** Lambda's event filter as far as we use it: a list names the allowed values, everything in the pattern has to match. */
function matches(pattern: unknown, value: unknown): boolean {
  if (Array.isArray(pattern)) return pattern.includes(value);
  return Object.entries(pattern as Record<string, unknown>).every(([name, part]) =>
    matches(part, (value as Record<string, unknown> | undefined)?.[name]),
  );
}
