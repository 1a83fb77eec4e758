/** Every command of `docs/querying.md` finds the rows it names, and the program there runs as printed. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from 'vitest';
import { DynamoLedger } from '../../shared/ledger/dynamo.ts';
import {
  keysOfAlert,
  keysOfBackup,
  keysOfDatabase,
  keysOfDay,
  keysOfSweep,
  type PrimaryKey,
  type ranges,
  servedKey,
} from '../../shared/ledger/items.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at, ordersKey } from '../shared/ledger/rows.ts';
import { createLedgerTable } from '../support/ledger-table.ts';
import { localAws } from '../support/local-aws.ts';

const repository = join(import.meta.dirname, '../..');
const page = await readFile(join(repository, 'docs/querying.md'), 'utf8');
const table = `ledger-querying-${process.pid}`;
let client: DynamoDBClient;

// The rows -----------------------------------------------------------------------------------------------------------

const shop = '123456789012/eu-west-1/db-SHOP';
const orders = { of: ordersKey, databaseId: 'acme-orders' };
const queued = (queuedAt: string) => ({ mode: 'export', state: 'queued', attempt: 1, queuedAt: at(queuedAt) }) as const;

const backups = {
  october: aBackup({ ...orders, id: 'october', createdAt: at('2026-10-31T04:08:00Z') }),
  first: aBackup({ ...orders, id: 'first', createdAt: at('2026-11-01T00:00:00Z') }),
  today: aBackup({
    ...orders,
    id: 'rds:acme-orders-2026-11-23-04-08',
    createdAt: at('2026-11-23T04:08:53.123Z'),
    copy: queued('2026-11-23T05:00:00Z'),
  }),
  december: aBackup({ ...orders, id: 'december', createdAt: at('2026-12-01T00:00:00Z') }),
  shops: aBackup({
    of: shop,
    databaseId: 'globex-shop',
    tenant: 'globex',
    id: 'shops',
    createdAt: at('2026-11-23T03:00:00Z'),
    copy: queued('2026-11-23T04:00:00Z'),
  }),
};
const databases = {
  orders: aDatabase({ key: ordersKey, id: 'acme-orders', checkAt: at('2026-11-24T06:30:00.000Z') }),
  earlier: aDatabase({ key: '123456789012/eu-west-1/db-EARLIER', id: 'acme-orders' }),
  shop: aDatabase({ key: shop, id: 'globex-shop', tenant: 'globex', checkAt: at('2026-11-24T06:30:00.001Z') }),
};
const alerts = {
  october: anAlert({ opened: at('2026-10-31T06:00:00Z'), resolved: at('2026-10-31T07:00:00Z') }),
  past: anAlert({ opened: at('2026-11-10T06:00:00Z'), resolved: at('2026-11-10T07:00:00Z') }),
  open: anAlert({ opened: at('2026-11-23T06:30:00Z') }),
  shops: anAlert({ database: shop, tenant: 'globex', opened: at('2026-11-22T06:30:00Z') }),
};
const day = (date: string) => aDay({ date });
const days = {
  october: day('2026-10-31'),
  first: day('2026-11-01'),
  today: day('2026-11-23'),
  last: day('2026-11-30'),
  december: day('2026-12-01'),
  shops: aDay({ database: shop, tenant: 'globex' }),
};
const sweeps = ['15', '17', '18', '19', '20', '21', '22', '23'].map((date) =>
  aSweep({ started: at(`2026-11-${date}T12:00:00Z`) }),
);
const watch = aSweep({ mode: 'watch', started: at('2026-11-23T12:15:00Z') });

const b = (name: keyof typeof backups) => keysOfBackup(backups[name]);
const d = (name: keyof typeof databases) => keysOfDatabase(databases[name]);
const a = (name: keyof typeof alerts) => keysOfAlert(alerts[name]);
const y = (name: keyof typeof days) => keysOfDay(days[name]);

/** What each command finds, in this order. */
const expected: Record<keyof typeof ranges | 'databases', readonly PrimaryKey[]> = {
  databasesOfTenant: [d('earlier'), d('orders')],
  databasesByName: [d('earlier'), d('orders')],
  databases: [d('orders')],
  allDatabases: [d('orders'), d('shop'), d('earlier')],
  databasesToCheck: [d('orders')],
  backupsOfDatabase: [b('december'), b('today'), b('first'), b('october')],
  backupsOfTenant: [b('today'), b('first')],
  backupsOfDay: [b('today'), b('shops')],
  backupByArn: [b('today')],
  copies: [b('shops'), b('today')],
  tenantsServed: [servedKey('acme')],
  openAlerts: [a('shops'), a('open')],
  alertsOfDatabase: [a('open'), a('past'), a('october')],
  alertsOfTenant: [a('open'), a('past')],
  daysOfDatabase: [y('first'), y('today'), y('last')],
  daysOfTenant: [y('first'), y('today'), y('last')],
  daysOfDate: [y('today'), y('shops')],
  sweeps: sweeps.slice(1).reverse().map(keysOfSweep),
  lastWatch: [keysOfSweep(watch)],
};

beforeAll(async () => {
  client = new DynamoDBClient((await localAws()).clientConfig);
  await createLedgerTable(client, table);
  const ledger = new DynamoLedger(DynamoDBDocumentClient.from(client), table, () => at('2026-12-02'));
  for (const backup of Object.values(backups)) await ledger.recordBackup(backup);
  for (const row of Object.values(databases)) await ledger.putDatabase(row);
  for (const alert of Object.values(alerts)) {
    const [row = aDatabase()] = await ledger.databases([alert.database]);
    await ledger.putDatabaseWithAlert(row, alert);
  }
  await ledger.putDays(Object.values(days));
  for (const row of [...sweeps, watch]) await ledger.putSweep(row);
  await ledger.noteTenantServed('acme', at('2026-11-23T05:00:00Z'));
}, 120_000);

// The commands -------------------------------------------------------------------------------------------------------

/** Name and text of each command: a block whose first line is a comment with the name of its question. */
const commands = [...page.matchAll(/```sh\n# (\w+)\n([^`]+)```/g)].map(([, name, command]) => ({
  name: name ?? '',
  command: command ?? '',
}));

/** Splits a command as a shell does, as far as this page needs it: single and double quotes, continued lines. */
function words(command: string): string[] {
  const unbroken = command.replaceAll('\\\n', ' ').replaceAll('$TABLE', table);
  return [...unbroken.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, single, double, bare]) =>
    String(single ?? double ?? bare),
  );
}

async function run(command: string): Promise<PrimaryKey[]> {
  const [aws, service, operation, ...args] = words(command);
  expect([aws, service, operation]).toEqual(['aws', 'dynamodb', 'query']);
  const { values } = parseArgs({
    args,
    options: {
      'table-name': { type: 'string' },
      'index-name': { type: 'string' },
      'key-condition-expression': { type: 'string' },
      'expression-attribute-values': { type: 'string' },
      'no-scan-index-forward': { type: 'boolean' },
      'consistent-read': { type: 'boolean' },
      'max-items': { type: 'string' },
      // These two say what the command line prints of what it got.
      query: { type: 'string' },
      output: { type: 'string' },
    },
  });
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: values['table-name'],
      IndexName: values['index-name'],
      KeyConditionExpression: values['key-condition-expression'],
      ExpressionAttributeValues: JSON.parse(values['expression-attribute-values'] ?? '{}'),
      ScanIndexForward: !values['no-scan-index-forward'],
      ConsistentRead: values['consistent-read'],
      ...(values['max-items'] && { Limit: Number(values['max-items']) }),
    }),
  );
  return Items.map(({ pk, sk }) => ({ pk: pk?.S ?? '', sk: sk?.S ?? '' }));
}

describe('docs/querying.md', () => {
  it('has one command for each question that the ledger answers', () => {
    expect(commands.map(({ name }) => name).sort()).toEqual(Object.keys(expected).sort());
  });

  it('names no command that reads a whole table', () => {
    expect(page).not.toMatch(/aws dynamodb scan/);
  });

  it.each(commands)('finds with the command of $name the rows it names', async ({ name, command }) => {
    const keys = (expected[name as keyof typeof expected] ?? []).map(({ pk, sk }) => ({ pk, sk }));
    const found = await run(command);
    // A lookup by identity has no order.
    if (name === 'databasesByName') found.sort((one, other) => (one.pk < other.pk ? -1 : 1));
    expect(found).toEqual(keys);
  });

  it('has a program that runs as printed', async () => {
    const program = /```ts\n([^`]+)```/.exec(page)?.[1] ?? '';
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { cwd: repository, env: { ...process.env, ...(await localAws()).env, TABLE: table } },
    );
    expect(stdout.trim().split('\n')).toEqual([
      'acme-orders undefined undefined',
      'acme-orders undefined undefined',
      'acme-orders rds:acme-orders-2026-11-23-04-08 2026-11-23T04:08:53.123Z queued',
      'acme-orders first 2026-11-01T00:00:00.000Z none',
    ]);
  }, 60_000);
});
