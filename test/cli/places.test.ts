/** The command line on a fleet in several accounts and Regions. */
import { describe, expect, it } from 'vitest';
import type { Cloud } from '../../cli/dependencies.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { databaseKey } from '../../shared/domain/index.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at } from '../shared/ledger/rows.ts';
import { account, config, given, named, region } from './support.ts';

const now = '2026-11-23T12:00:00.000Z';
const production = { account: '222222222222', region: 'us-east-1' };
const sandbox = { account: '333333333333', region: 'eu-central-1' };
const hub = { account, region };

const file = {
  ...config,
  environments: [
    { account: production.account, name: 'Acme production', regions: [production.region] },
    { account: sandbox.account, regions: [sandbox.region] },
  ],
};

const configured: Partial<Cloud> = {
  configuration: async () => ({ fleet: parseConfig(JSON.stringify(file), hub), hash: 'hash' }),
};
const unread: Partial<Cloud> = {
  configuration: async () => {
    throw new Error('not allowed');
  },
};

const keyIn = (environment: typeof hub, id: string) => databaseKey(environment, `db-${id.toUpperCase()}`);

/** `orders` in the hub and in production, `shop` in the sandbox alone, each overdue with a failed copy of its backup. */
async function fleet(cloud: Partial<Cloud> = configured) {
  const world = given({ now, cloud });
  for (const [environment, id, tenant] of [
    [hub, 'orders', 'acme'],
    [production, 'orders', 'acme'],
    [sandbox, 'shop', 'globex'],
  ] as const) {
    const key = keyIn(environment, id);
    const alert = anAlert({ database: key, databaseId: id, tenant });
    const { verdict, severity, cause, notes } = alert;
    const { account: owner, region: place } = environment;
    await world.ledger.putDatabaseWithAlert(
      aDatabase({ key, id, tenant, verdict, severity, cause, notes, ...named(alert) }),
      alert,
    );
    await world.ledger.recordBackup(
      aBackup({
        of: key,
        databaseId: id,
        tenant,
        id: 'nightly',
        arn: `arn:aws:rds:${place}:${owner}:snapshot:nightly`,
        copy: { mode: 'export', state: 'failed', attempt: 3, permanent: true },
      }),
    );
    await world.ledger.putDays([
      aDay({ database: key, databaseId: id, tenant, date: '2026-11-22', verdict, severity, cause }),
    ]);
  }
  const sweep = aSweep({ started: at('2026-11-23T11:50:00.000Z'), finished: at('2026-11-23T11:50:00.000Z') });
  await world.ledger.putSweep(sweep);
  await world.ledger.putSweep({ ...sweep, mode: 'watch' });
  return world;
}

const wide = { columns: 180 };

describe('with several environments', () => {
  it.each([
    ['status', 'acme / orders  Acme production, us-east-1  since'],
    ['alerts --open', 'acme / orders  Acme production, us-east-1  open'],
    ['evidence --from 2026-11-22', 'acme / orders  Acme production, us-east-1  2026-11-22'],
  ])('%s names account and Region beside each database', async (line, expected) => {
    const { run } = await fleet();
    const { text } = await run(line, wide);
    expect(text).toContain(expected);
    expect(text).toContain('acme / orders  123456789012, eu-west-1  ');
  });

  it.each(['backups', 'copies', 'tenant acme'])('%s has both in columns, stacked where it is narrow', async (line) => {
    const { run } = await fleet();
    const { text } = await run(line, wide);
    expect(text).toMatch(/ ACCOUNT +REGION /);
    expect(text).toMatch(/Acme production +us-east-1/);
    const narrow = (await run(line, { columns: 90 })).text;
    expect(narrow).not.toContain('ACCOUNT');
    expect(narrow.replace(/\s+/g, ' ')).toMatch(/Acme production,? .*us-east-1/);
  });

  it.each([
    ['status', (facts: { openAlerts: object[] }) => facts.openAlerts],
    ['alerts --open', (facts: object[]) => facts],
    ['backups', (facts: object[]) => facts],
    ['copies', (facts: object[]) => facts],
    ['evidence --from 2026-11-22', (facts: { days: object[] }) => facts.days],
  ] as const)('%s filters by account, by its name, and by Region', async (line, pick) => {
    const { facts } = await fleet();
    const places = async (options: string) => {
      const rows = (pick as (facts: unknown) => { account: string; region: string }[])(
        await facts(`${line} ${options}`),
      );
      return rows.map((row) => `${row.account}/${row.region}`).sort();
    };
    const inProduction = ['222222222222/us-east-1'];
    expect(await places('')).toHaveLength(3);
    expect(await places('--account 222222222222')).toEqual(inProduction);
    expect(await places('--account "acme PRODUCTION"')).toEqual(inProduction);
    expect(await places('--region eu-central-1')).toEqual(['333333333333/eu-central-1']);
    expect(await places('--account 222222222222 --region us-east-1')).toEqual(inProduction);
  });

  it('status counts the databases that a filter leaves', async () => {
    const { run, facts } = await fleet();
    expect(await facts('status --region eu-central-1')).toMatchObject({
      counts: { overdue: 1 },
      copies: { failed: 1 },
    });
    const { text, exitCode } = await run('status --region eu-central-1');
    expect(text).toContain('In eu-central-1: 1 database');
    expect(exitCode).toBe(1);
    expect(await facts('status')).toMatchObject({ copies: { failed: 3 } });
  });

  it.each([
    ['--account 444444444444', 'The ledger knows no account 444444444444.'],
    [
      '--account "Acme prodution"',
      'The configuration has no account "Acme prodution". Did you mean "Acme production"?',
    ],
    ['--region us-est-1', 'The ledger knows no Region us-est-1. Did you mean "us-east-1"?'],
    ['--account 333333333333 --region us-east-1', 'The ledger knows no Region us-east-1 of account 333333333333.'],
  ])('a mistyped filter is refused, since it would show nothing: %s', async (options, error) => {
    const { run } = await fleet();
    expect(await run(`alerts --open ${options}`)).toMatchObject({ exitCode: 2, error: `${error}\n` });
  });

  it('an account that has left the configuration can be asked for by its id', async () => {
    const { ledger, facts } = await fleet();
    const key = keyIn({ account: '555555555555', region: 'us-east-2' }, 'old');
    const alert = anAlert({ database: key, databaseId: 'old' });
    await ledger.putDatabaseWithAlert(aDatabase({ key, id: 'old', ...named(alert) }), alert);
    expect(await facts('alerts --open --account 555555555555')).toMatchObject([{ database: 'old' }]);
    expect(await facts('database old --account 555555555555')).toMatchObject({ key });
  });
});

describe('a database is found', () => {
  it('by its name alone, where one environment has it', async () => {
    const { run, facts } = await fleet();
    expect(await facts('database shop')).toMatchObject({ key: keyIn(sandbox, 'shop') });
    expect((await run('database shop')).text).toContain('account        account 333333333333, eu-central-1');
  });

  it.each(['database orders', 'alert ack orders', 'alert snooze orders --until 8h'])(
    'by account and Region, where several have it: %s',
    async (line) => {
      const { run, facts } = await fleet();
      expect(await run(line)).toMatchObject({
        exitCode: 2,
        error:
          '"orders" is a database in 2 environments (Acme production (222222222222), us-east-1; account 123456789012, eu-west-1): choose one with --account and --region.\n',
      });
      expect(await facts(`${line} --account "Acme production"`)).toMatchObject({ key: keyIn(production, 'orders') });
      expect(await facts(`${line} --region eu-west-1`)).toMatchObject({ key: keyIn(hub, 'orders') });
    },
  );

  it('by its name, where another environment has one that nobody configured', async () => {
    const { ledger, facts } = await fleet();
    const { tenant: _, ...nobodys } = aDatabase({ key: keyIn(hub, 'shop'), id: 'shop' });
    await ledger.putDatabase(nobodys);
    expect(await facts('database shop')).toMatchObject({ key: keyIn(sandbox, 'shop'), others: [] });
  });
});

describe('a backup is found', () => {
  it('by its ARN, where several environments have its id', async () => {
    const { run } = await fleet();
    const { error } = await run('copy cancel nightly');
    expect(error).toContain(
      '"nightly" is a backup in several environments: give one by its ARN, arn:aws:rds:eu-central-1:',
    );
    const arn = 'arn:aws:rds:us-east-1:222222222222:snapshot:nightly';
    expect((await run(`copy cancel ${arn}`)).error).toContain('The copy of "nightly" is failed');
  });

  it('and an export of another account is ended there', async () => {
    const { ledger, run } = await fleet();
    const arn = 'arn:aws:rds:us-east-1:222222222222:snapshot:running';
    const copy = { mode: 'export', state: 'running', attempt: 1, taskId: 'orders-1' } as const;
    await ledger.recordBackup(aBackup({ of: keyIn(production, 'orders'), id: 'running', arn, copy }));
    expect((await run('copy cancel running')).error).toContain(
      'aws rds cancel-export-task --region us-east-1 --profile "<profile for account 222222222222>" --export-task-identifier orders-1',
    );
  });

  it('wherever copies failed, when they are tried again', async () => {
    const { run } = await fleet();
    const { text } = await run('copy retry --all-failed --yes', wide);
    expect(text).toMatch(/ACCOUNT +REGION/);
    expect(text).toMatch(/Acme production +us-east-1/);
  });
});

describe('without a right to read the configuration', () => {
  it('accounts are shown by their ids, and are known by the ledger’s rows', async () => {
    const { run, facts } = await fleet(unread);
    expect((await run('alerts --open')).text).toContain('acme / orders  222222222222, us-east-1  open');
    expect(await facts('alerts --open --account 222222222222')).toHaveLength(1);
    expect((await run('alerts --account "Acme production"')).error).toContain('give its id of 12 digits.');
  });

  it('one environment stays as it is', async () => {
    const { ledger, run } = given({ now, cloud: unread });
    const alert = anAlert();
    await ledger.putDatabaseWithAlert(aDatabase(named(alert)), alert);
    expect((await run('alerts --open')).text).toContain('acme / orders  open');
  });
});

it('evidence says in its head what a filter left, in CSV only then', async () => {
  const { run, facts } = await fleet();
  expect(await facts('evidence --from 2026-11-22 --region us-east-1')).toMatchObject({
    onlyAccount: null,
    onlyRegion: 'us-east-1',
  });
  const csv = async (options: string) => (await run(`evidence --from 2026-11-22 --csv ${options}`)).text;
  expect(await csv('')).not.toContain('only');
  expect(await csv('--account 222222222222')).toMatch(/^query,.*,onlyAccount,.*,222222222222\r$/m);
});
