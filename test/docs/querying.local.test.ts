/** Every command of `docs/querying.md` finds the rows it names, and the program there runs as printed. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { json } from 'node:stream/consumers';
import { parseArgs, promisify } from 'node:util';
import { type AttributeValue, BatchGetItemCommand, DynamoDBClient, QueryCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childEnvironment } from '../../local/aws/environment.ts';
import { shareKey } from '../../shared/domain/index.ts';
import { dynamoLedger } from '../../shared/ledger/dynamo.ts';
import {
  copyPauseKey,
  environmentKey,
  keysOfAlert,
  keysOfBackup,
  keysOfDatabase,
  keysOfDay,
  keysOfSweep,
  type ranges,
  turnKey,
} from '../../shared/ledger/items.ts';
import type { PrimaryKey } from '../../shared/ledger/table.ts';
import {
  aBackup,
  aDatabase,
  aDay,
  anAlert,
  anEnvironment,
  aPause,
  aSweep,
  at,
  ordersKey,
} from '../shared/ledger/rows.ts';
import { createLedgerTable } from '../support/ledger-table.ts';
import { localAws } from '../support/local-aws.ts';

const repository = join(import.meta.dirname, '../..');
const page = await readFile(join(repository, 'docs/querying.md'), 'utf8');
const table = `ledger-querying-${process.pid}`;
let client: DynamoDBClient;

// The rows -----------------------------------------------------------------------------------------------------------

const environment = { account: '123456789012', region: 'eu-west-1' };
const shop = '123456789012/eu-west-1/db-SHOP';
/** A database that acme and globex share. */
const pool = '123456789012/eu-west-1/db-POOL';
const share = { id: 'pool-1', configuredAs: 'pool-1', share: { since: at('2026-11-01') } };
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
  replaced: aBackup({
    ...orders,
    id: 'rds:acme-orders-2026-11-23-04-08',
    createdAt: at('2026-11-20T00:00:00Z'),
    closed: {
      at: at('2026-11-23T05:00:00Z'),
      cause: { code: 'name-used-again', facts: {} },
      expiresAt: at('2027-12-01'),
    },
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
  pools: aBackup({
    of: pool,
    databaseId: 'pool-1',
    tenant: 'shared:pool-1',
    id: 'pools',
    createdAt: at('2026-11-23T02:00:00Z'),
  }),
};
const databases = {
  orders: aDatabase({ key: ordersKey, id: 'acme-orders', nextCheckAt: at('2026-11-24T06:30:00.000Z') }),
  earlier: aDatabase({ key: '123456789012/eu-west-1/db-EARLIER', id: 'acme-orders' }),
  shop: aDatabase({
    key: shop,
    id: 'globex-shop',
    tenant: 'globex',
    configuredAs: 'globex-shop',
    nextCheckAt: at('2026-11-24T06:30:00.001Z'),
  }),
  pool: aDatabase({ key: pool, id: 'pool-1', tenant: 'shared:pool-1', configuredAs: 'pool-1' }),
  acmesPool: aDatabase({ ...share, key: shareKey(pool, 'acme') }),
  globexsPool: aDatabase({ ...share, key: shareKey(pool, 'globex'), tenant: 'globex' }),
};
const alerts = {
  october: anAlert({ opened: at('2026-10-31T06:00:00Z'), resolved: at('2026-10-31T07:00:00Z') }),
  past: anAlert({ opened: at('2026-11-10T06:00:00Z'), resolved: at('2026-11-10T07:00:00Z') }),
  open: anAlert({ opened: at('2026-11-23T06:30:00Z') }),
  shops: anAlert({ database: shop, tenant: 'globex', opened: at('2026-11-22T06:30:00Z') }),
  acmesPool: anAlert({
    database: shareKey(pool, 'acme'),
    databaseId: 'pool-1',
    opened: at('2026-11-12T06:00:00Z'),
    resolved: at('2026-11-12T07:00:00Z'),
  }),
};
const day = (date: string) => aDay({ date });
const days = {
  october: day('2026-10-31'),
  first: day('2026-11-01'),
  today: day('2026-11-23'),
  last: day('2026-11-30'),
  december: day('2026-12-01'),
  shops: aDay({ database: shop, tenant: 'globex' }),
  acmesPool: aDay({ database: shareKey(pool, 'acme'), databaseId: 'pool-1' }),
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
  databasesOfTenant: [d('earlier'), d('orders'), d('acmesPool')],
  databasesByName: [d('earlier'), d('orders')],
  databases: [d('orders')],
  allDatabases: [d('orders'), d('shop'), d('earlier'), d('pool'), d('acmesPool'), d('globexsPool')],
  databasesToCheck: [d('orders')],
  backupsOfDatabase: [b('december'), b('today'), b('replaced'), b('first'), b('october')],
  liveBackups: [b('october'), b('first'), b('today'), b('december')],
  backupsOfTenant: [b('today'), b('replaced'), b('first')],
  backupsOfDay: [b('today'), b('shops'), b('pools')],
  backupsByArn: [b('today'), b('replaced')],
  copies: [b('shops'), b('today')],
  environments: [environmentKey(anEnvironment())],
  copyPauses: [copyPauseKey(aPause())],
  turns: [turnKey(environment, 'acme')],
  openAlerts: [a('shops'), a('open')],
  alertsOfDatabase: [a('open'), a('past'), a('october')],
  alertsOfTenant: [a('open'), a('acmesPool'), a('past')],
  daysOfDatabase: [y('first'), y('today'), y('last')],
  daysOfTenant: [y('first'), y('today'), y('acmesPool'), y('last')],
  daysOfDate: [y('today'), y('shops'), y('acmesPool')],
  sweeps: sweeps.slice(1).reverse().map(keysOfSweep),
  lastWatch: [keysOfSweep(watch)],
};

/** Lists in an order of each shard, or in none. */
const unordered = [
  'databasesByName',
  'allDatabases',
  'databasesToCheck',
  'backupsOfDay',
  'copies',
  'openAlerts',
  'daysOfDate',
];

let folder: string;
let server: Server;

beforeAll(async () => {
  client = new DynamoDBClient((await localAws()).clientConfig);
  await createLedgerTable(client, table);
  const ledger = dynamoLedger(client, table, () => at('2026-12-02'));
  for (const backup of Object.values(backups)) await ledger.recordBackup(backup);
  for (const row of Object.values(databases)) await ledger.putDatabase(row);
  for (const alert of Object.values(alerts)) {
    const [row = aDatabase()] = await ledger.databases([alert.database]);
    await ledger.putDatabaseWithAlert(row, alert);
  }
  await ledger.putDays(Object.values(days));
  for (const row of [...sweeps, watch]) await ledger.putSweep(row);
  await ledger.putEnvironment(anEnvironment());
  await ledger.putCopyPause(aPause());
  await ledger.noteTenantServed(environment, 'acme', at('2026-11-23T05:00:00Z'));
  folder = await mkdtemp(join(tmpdir(), 'querying-'));
  server = createServer(async (request, response) => {
    try {
      response.end(await answer((await json(request)) as string[]));
    } catch (error) {
      response.writeHead(400).end(String(error));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await writeFile(join(folder, 'aws'), awsOf((server.address() as AddressInfo).port));
  await chmod(join(folder, 'aws'), 0o755);
}, 120_000);

afterAll(async () => {
  server?.close();
  if (folder) await rm(folder, { recursive: true });
});

// The commands -------------------------------------------------------------------------------------------------------

/** Name and text of each command: a block whose first line is a comment with the name of its question. */
const blocks = [...page.matchAll(/```sh\n# (\w+)\n([^`]+)```/g)].map(([, name, command]) => ({
  name: name ?? '',
  command: command ?? '',
}));
/** The function that the others read rows with. */
const rows = blocks.find(({ name }) => name === 'rows')?.command ?? '';
const commands = blocks.filter(({ name }) => name !== 'rows');

/** A program in the place of AWS's, which the test answers: it passes its arguments on, and prints what comes back. */
const awsOf = (port: number) => `#!${process.execPath}
const request = require('node:http').request({ host: '127.0.0.1', port: ${port}, method: 'POST' }, (response) => {
  if (response.statusCode !== 200) process.exitCode = 1;
  response.pipe(response.statusCode === 200 ? process.stdout : process.stderr);
});
request.end(JSON.stringify(process.argv.slice(2)));
`;

/** What the commands of one block found: by a query that prints it, or by the keys that a query listed. */
let found: PrimaryKey[] = [];

type Row = Readonly<Record<string, AttributeValue>>;

/** Does one command, and gives back what it prints where another one reads that: keys. */
async function answer([service, operation, ...args]: string[]): Promise<string> {
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
      'request-items': { type: 'string' },
      // These two say what the command line prints of what it got.
      query: { type: 'string' },
      output: { type: 'string' },
    },
  });
  if (service === 'dynamodb' && operation === 'batch-get-item') {
    const RequestItems = JSON.parse(values['request-items'] ?? '');
    const { Responses = {} } = await client.send(new BatchGetItemCommand({ RequestItems }));
    const got = Object.values(Responses).flat().map(keyOf);
    // DynamoDB answers in no order: that of the keys stands for it.
    const asked = (RequestItems[table].Keys as Row[]).map(keyOf);
    found.push(...asked.filter((key) => got.some(({ pk, sk }) => pk === key.pk && sk === key.sk)));
    return '';
  }
  expect([service, operation]).toEqual(['dynamodb', 'query']);
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
  if (values.query === 'Items[].{pk: pk, sk: sk}') return JSON.stringify(Items.map(({ pk, sk }) => ({ pk, sk })));
  found.push(...Items.map(keyOf));
  return '';
}

function keyOf({ pk, sk }: Row): PrimaryKey {
  return { pk: pk?.S ?? '', sk: sk?.S ?? '' };
}

/** Runs a block as it is printed. */
async function run(command: string): Promise<PrimaryKey[]> {
  found = [];
  const env = childEnvironment({ PATH: `${folder}:${process.env.PATH}`, TABLE: table });
  const { stderr } = await promisify(execFile)('bash', ['--norc', '-euc', `${rows}\n${command}`], { env });
  expect(stderr).toBe('');
  return found;
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
    const got = await run(command);
    const sorted = (list: PrimaryKey[]) =>
      list.toSorted((one, other) => (one.pk + one.sk < other.pk + other.sk ? -1 : 1));
    if (unordered.includes(name)) expect(sorted(got)).toEqual(sorted(keys));
    else expect(got).toEqual(keys);
  });

  it('has a program that runs as printed', async () => {
    const program = /```ts\n([^`]+)```/.exec(page)?.[1] ?? '';
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--import', 'tsx', '--input-type=module', '--eval', program],
      { cwd: repository, env: childEnvironment({ ...(await localAws()).env, TABLE: table }) },
    );
    expect(stdout.trim().split('\n')).toEqual([
      'acme-orders undefined undefined',
      'acme-orders undefined undefined',
      'pool-1 undefined undefined',
      'acme-orders rds:acme-orders-2026-11-23-04-08 2026-11-23T04:08:53.123Z queued',
      'acme-orders rds:acme-orders-2026-11-23-04-08 2026-11-20T00:00:00.000Z none',
      'acme-orders first 2026-11-01T00:00:00.000Z none',
    ]);
  }, 60_000);
});
