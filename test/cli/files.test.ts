import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { formatUsd, type MonthlyCost, pricesAsOf } from '../../shared/cost/index.ts';
import type { Cause } from '../../shared/domain/index.ts';
import { aBackup, aDatabase, aDay, aSweep, at } from '../shared/ledger/rows.ts';
import { config, given } from './support.ts';

const now = '2026-11-23T12:00:00.000Z';
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ledger-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

describe('evidence', () => {
  const world = async () => {
    const seen = given({ now });
    const days = ['2026-11-20', '2026-11-21', '2026-11-22'];
    const shop = '=SUM(1)/eu-west-1/db-SHOP';
    const evil = { code: '@evil', facts: {} } as unknown as Cause;
    for (const day of days) await seen.ledger.putSweep(aSweep({ started: at(day), at: at(day) }));
    await seen.ledger.putDatabase(aDatabase());
    await seen.ledger.putDays([
      ...days.map((date) => aDay({ date })),
      aDay({ date: '2026-11-21', verdict: 'overdue', severity: 'critical', cause: evil }),
      ...days.map((date) => aDay({ date, database: shop, databaseId: 'shop', tenant: 'globex' })),
    ]);
    return seen;
  };
  const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

  it('sums up attainment of each tenant and lists the gaps', async () => {
    const { run } = await world();
    const { text, exitCode } = await run('evidence --from 2026-11-20');
    expect(exitCode).toBe(0);
    expect(text).toMatch(/acme\s+66\.66 %\s+2\s+0\s+1\s+0\s+0\n/);
    expect(text).toMatch(/globex\s+100\.00 %\s+3\s+0\s+0\s+0\s+0\n/);
    expect(text).toMatch(/all\s+83\.33 %\s+5\s+0\s+1\s+0\s+0\n/);
    expect(text).toContain('missing  acme / orders  2026-11-21');
    expect(text).toContain('From the ledger ledger in 123456789012/eu-west-1, read 2026-11-23T12:00:00.000Z.');
  });

  it('gives JSON with days, totals, the time of the query and the ledger', async () => {
    const { facts } = await world();
    const all = await facts('evidence --from 2026-11-20');
    expect(all).toMatchObject({
      ledger: 'ledger',
      account: '123456789012',
      queriedAt: now,
      from: '2026-11-20',
      to: '2026-11-22',
      tenant: null,
      totals: { inTime: 5, late: 0, missing: 1, unknown: 0, noPromise: 0, attainment: 83.33 },
      tenants: [
        { tenant: 'acme', attainment: 66.66 },
        { tenant: 'globex', attainment: 100 },
      ],
    });
    expect(all.days).toHaveLength(6);
  });

  it('is of one tenant where that is asked for', async () => {
    const { facts } = await world();
    const { tenant, days, totals } = await facts('evidence --from 2026-11-20 --tenant globex');
    expect([tenant, days.length, totals.attainment]).toEqual(['globex', 3, 100]);
  });

  it('writes CSV with the totals in it, defuses formulas, and says the SHA-256 of the very file', async () => {
    const { run } = await world();
    const file = join(folder, 'evidence.csv');
    const { text } = await run(`evidence --from 2026-11-20 --out ${file}`, { columns: 200 });
    const written = await readFile(file, 'utf8');
    expect(text).toContain(`${sha256(written)}  ${file}\n`);
    const rows = written.split('\r\n');
    expect(rows.filter((row) => row.startsWith('day,'))).toHaveLength(6);
    expect(rows[0]).toBe(
      'record,date,tenant,account,region,database,databaseKind,key,state,verdict,newestBackup,newestBackupTime,deadline,maxAgeHours,graceHours,evaluatedAt,alertOpened,alertResolved,alertMessages,causeCode,reason,value',
    );
    expect(written).toContain(`query${','.repeat(8)}ledger${','.repeat(13)}ledger\r\n`);
    expect(written).toContain(`attainment,,*${','.repeat(6)}percent${','.repeat(13)}83.33\r\n`);
    expect(written).toContain(
      'day,2026-11-20,acme,123456789012,eu-west-1,orders,instance,123456789012/eu-west-1/db-ORDERS,in time,protected,',
    );
    expect(written).toContain(",'=SUM(1),eu-west-1,shop,");
    expect(written).toContain(",'@evil,");
    expect(new Set(rows.filter((row) => row !== '' && !row.includes('"')).map((row) => row.split(',').length))).toEqual(
      new Set([22]),
    );
  });

  it('writes JSON, and the same hash again for the same question', async () => {
    const { facts } = await world();
    const file = join(folder, 'evidence.json');
    const first = await facts(`evidence --from 2026-11-20 --out ${file}`);
    expect(first).toMatchObject({ file, sha256: sha256(await readFile(file, 'utf8')), totals: { attainment: 83.33 } });
    expect(JSON.parse(await readFile(file, 'utf8')).days).toHaveLength(6);
    expect((await facts(`evidence --from 2026-11-20 --out ${file}`)).sha256).toBe(first.sha256);
  });

  it('prints CSV to the standard output, and its hash beside it', async () => {
    const { run } = await world();
    const { text, error } = await run('evidence --from 2026-11-20 --csv');
    expect(error).toBe(`SHA-256 ${sha256(text)}\n`);
  });

  it.each([
    ['--out evidence.xlsx', '--out must end with .csv or .json, got "evidence.xlsx".'],
    ['--out /nowhere/at/all.csv', '"/nowhere/at/all.csv" cannot be written: there is no such file.'],
    ['--from 2026-11-22 --to 2026-11-20', '--from must not be after --to, got 2026-11-22 and 2026-11-20.'],
    ['--tenant acmee', 'The ledger knows no tenant "acmee". Did you mean "acme"?'],
  ])('refuses %s', async (options, message) => {
    const { run } = await world();
    expect(await run(`evidence ${options}`)).toMatchObject({ error: `${message}\n`, exitCode: 2 });
  });
});

describe('report', () => {
  const world = async (cloud = {}) => {
    const seen = given({ now, cloud });
    await seen.ledger.putDatabase(aDatabase({ verdict: 'protected', severity: 'info', cause: null, notes: [] }));
    await seen.ledger.putSweep(aSweep());
    return seen;
  };

  it('writes the page and says where, and opens it where asked to', async () => {
    const { run, opened } = await world();
    const file = join(folder, 'report.html');
    const { text } = await run(`report --out ${file} --open`);
    expect(text).toContain(file);
    expect(await readFile(file, 'utf8')).toMatch(/^<!doctype html>[\s\S]*orders/);
    expect(opened).toEqual([file]);
  });

  it('fetches the page that the last sweep wrote', async () => {
    const { run } = await world({ report: async (key: string) => `the page at ${key}` });
    const file = join(folder, 'last.html');
    await run(`report --last --out ${file}`);
    expect(await readFile(file, 'utf8')).toBe('the page at report.html');
  });

  it('says so where no sweep has written one', async () => {
    const { run } = await world({ report: async () => undefined });
    expect((await run('report --last')).error).toMatch(/^No sweep has written a report yet/);
  });

  it('gives its facts as JSON without writing a file', async () => {
    const { facts } = await world();
    expect(await facts('report --days 3')).toMatchObject({ dates: ['2026-11-21', '2026-11-22', '2026-11-23'] });
  });
});

describe('config check', () => {
  const instance = { id: 'orders', kind: 'instance' };
  const write = async (name: string, content: unknown) => {
    const file = join(folder, name);
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return file;
  };

  it('counts what is there, with exit code 0', async () => {
    const file = await write('good.json', config);
    const { text, exitCode } = await given({ now }).run(`config check ${file}`, { columns: 200 });
    expect({ text, exitCode }).toEqual({ text: `OK  ${file}: 2 tenants, 2 databases.\n`, exitCode: 0 });
  });

  it.each([
    ['lists none', [], {}, 'tenant "acme" lists no database: operators are notified of it, critical after 12 h'],
    ['excludes its one', [{ ...instance, excluded: 'a lab' }], {}, 'tenant "acme" excludes its database: '],
    [
      'leaves them to discovery',
      [],
      { discovery: {} },
      'tenant "acme" lists no database: operators are notified of it, critical after 12 h, unless one enrols by the tag backup-tenant',
    ],
  ])('warns of a tenant that %s, with exit code 0', async (_, databases, more, warning) => {
    const tenants = [{ id: 'acme', maxAgeHours: 12, databases }, ...config.tenants.slice(1)];
    const file = await write('warned.json', { ...config, ...more, tenants });
    const { facts, run } = given({ now });
    expect(await facts(`config check ${file}`)).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining(warning)],
    });
    const { text, exitCode } = await run(`config check ${file}`, { columns: 300 });
    expect(text).toContain(`WARNING  ${warning}`);
    expect(exitCode).toBe(0);
  });

  it.each([
    ['eu-south-2', {}, ['copies of 1 database are skipped, unless they are of Aurora;']],
    ['us-gov-west-1', {}, ['copies of 1 database are skipped;']],
    ['eu-south-2', { discovery: {} }, ['copies of 1 database and those that enrol by tag are skipped, unless']],
    ['me-central-1', { copies: { regionsWithExports: ['me-central-1'] } }, []],
    ['eu-west-1', { discovery: {} }, []],
    [
      'mx-central-1',
      { defaults: { copy: { mode: 'object', staging: { bucket: 'dumps', owner: '123456789012' } } }, discovery: {} },
      [],
    ],
  ])('warns of copies that %s does not export', async (region, more, warnings) => {
    const file = await write('region.json', { ...config, ...more });
    const { facts } = given({ now });
    const where = `--account 123456789012 --region ${region}`;
    const expected = warnings.map((warning) =>
      expect.stringContaining(`AWS documents no exports of snapshots in ${region}: ${warning}`),
    );
    expect(await facts(`config check ${file} ${where}`)).toMatchObject({ ok: true, warnings: expected });
    const plan = await facts(`config plan ${file} ${where}`);
    expect(plan.warnings).toEqual(expected);
    expect(plan.copies.exportsADay).toBe(warnings.length > 0 || region === 'mx-central-1' ? 0 : 1);
  });

  it('lists all mistakes with their paths, with exit code 1', async () => {
    const bad = {
      operators: config.operators,
      tenants: [{ id: 'acme', databases: [{ id: 'x', kind: 'table' }, { id: 'y' }] }],
    };
    const file = await write('bad.json', bad);
    const { facts, run } = given({ now });
    expect((await run(`config check ${file}`)).exitCode).toBe(1);
    const { ok, mistakes } = await facts(`config check ${file}`);
    expect(ok).toBe(false);
    expect(mistakes.map((mistake: string) => mistake.split(': ')[0])).toEqual([
      'tenants[0].databases[0].kind',
      'tenants[0].databases[1].kind',
    ]);
  });

  it('refuses what AWS would not take, as `cdk synth` does', async () => {
    const databases = Array.from({ length: 300 }, (_, at) => ({ id: `db-${at}`, kind: 'instance' }));
    const file = await write('many.json', { ...config, tenants: [{ id: 'acme', databases }] });
    const { ok, mistakes } = await given({ now }).facts(`config check ${file}`);
    expect({ ok, mistakes }).toEqual({
      ok: false,
      mistakes: [expect.stringMatching(/^The stack: \d+ resources, AWS takes at most 500\. Let databases share/)],
    });
  });

  it('says so where there is no such file', async () => {
    expect(await given({ now }).run('config check nowhere.json')).toMatchObject({
      error: '"nowhere.json" cannot be read: there is no such file.\n',
      exitCode: 2,
    });
  });

  it('refuses an account without 12 digits', async () => {
    expect((await given({ now }).run('config check --account 12')).error).toBe(
      '--account must have 12 digits, got "12".\n',
    );
  });
});

describe('config plan', () => {
  it('says what is made, notified, copied and how full the slots are', async () => {
    const file = join(folder, 'plan.json');
    await writeFile(file, JSON.stringify(config));
    expect(await given({ now }).facts(`config plan ${file} --account 123456789012 --region eu-west-1`)).toMatchObject({
      tenants: 2,
      databases: 2,
      recipients: { operators: 1, tenants: 0 },
      copies: { exportsADay: 1, measured: false, slotsCarryADay: 120 },
      copiesByMode: { export: 1, object: 0, none: 1 },
      warnings: [],
    });
  });

  it('says what a month costs, by item and in total', async () => {
    const file = join(folder, 'plan.json');
    await writeFile(file, JSON.stringify(config));
    const line = `config plan ${file} --account 123456789012 --region eu-west-1`;
    const { cost } = (await given({ now }).facts(line)) as { cost: MonthlyCost };
    expect(cost).toMatchObject({ pricesAsOf, monthlyUsd: expect.any(Number), notIncluded: expect.any(Array) });
    expect(cost.items[0]).toEqual({ item: 'key', label: 'customer key (KMS)', quantity: 1, unit: 'key', usd: 1 });
    const { text } = await given({ now }).run(line, { columns: 100 });
    expect(text).toContain(`About ${formatUsd(cost.monthlyUsd)} US dollars a month\n`);
    expect(text).toMatch(/^customer key \(KMS\) +1 +key +1\.00$/m);
    expect(text).toMatch(/^ledger: writes +[\d,]+ +write units +< 0\.01$/m);
    expect(text).toMatch(new RegExp(`^later +${formatUsd(cost.monthlyUsd + 2)}$`, 'm'));
    expect(text.replaceAll('\n', ' ')).toContain('exports, at about 0.01 dollars a GB of snapshot');
  });
});

it('config plan shows how full the slots of each account and Region are', async () => {
  const file = join(folder, 'plan.json');
  const database = { id: 'orders', kind: 'instance' };
  const away = { id: 'orders', kind: 'instance', account: '222222222222', region: 'us-east-1' };
  await writeFile(
    file,
    JSON.stringify({
      environments: [{ account: '222222222222', name: 'Acme production', regions: ['us-east-1'] }],
      defaults: { copy: { mode: 'export' }, bucket: { type: 'shared' } },
      operators: [{ email: 'operators@example.com' }],
      tenants: [{ id: 'acme', databases: [database, away] }],
    }),
  );
  const line = `config plan ${file} --account 123456789012 --region eu-west-1`;
  const { text } = await given({ now }).run(line);
  expect(text).toMatch(/slots +account 123456789012, eu-west-1: 1 of 120 a day, taken for 1 % of the time/);
  expect(text).toContain('Acme production (222222222222), us-east-1: 1 of 120 a day');
});

describe('config plan --observed', () => {
  const planned = async (...sizes: readonly (number | undefined)[]) => {
    const file = join(folder, 'plan.json');
    await writeFile(file, JSON.stringify(config));
    const { ledger, run } = given({ now });
    const startedAt = at('2026-11-22T00:00:00.000Z');
    const copy = {
      mode: 'export',
      state: 'failed',
      attempt: 2,
      startedAt,
      endedAt: at('2026-11-22T08:00:00.000Z'),
    } as const;
    for (const [index, sizeGiB] of sizes.entries()) {
      await ledger.recordBackup(
        aBackup({ id: `b${index}`, createdAt: startedAt, copy, ...(sizeGiB !== undefined && { sizeGiB }) }),
      );
    }
    const { text } = await run(`config plan ${file} --observed --account 123456789012 --region eu-west-1`, {
      columns: 400,
    });
    return text;
  };

  it('counts failed attempts, and prices what it knows the size of', async () => {
    const text = await planned(100, 300);
    expect(text).toContain('1 a day, 30.4 a month, 8 h and 2 attempts each (as measured in the last week, failed ones');
    expect(text).toMatch(/price of exports +about 122 US dollars a month \(0\.01 a GB of snapshot\)\n/);
    expect(text).toMatch(/^exports \(about\) +12,175 +GB of snapshots +121\.75$/m);
  });

  it('says what it does not know the price of', async () => {
    expect(await planned(100, undefined)).toMatch(
      /price of exports +about 30 US dollars a month \(0\.01 a GB of snapshot\), without 15 exports a month of unknown size/,
    );
    expect(await planned(undefined)).toMatch(
      /price of exports +unknown: 30 exports a month of unknown size \(RDS states/,
    );
    expect(await planned()).toMatch(/price of exports +about 0\.01 US dollars a GB of snapshot; --observed estimates/);
  });
});

describe('spoke-template', () => {
  it('prints the template for StackSets, or writes it into a file, without AWS', async () => {
    const file = join(folder, 'spoke.json');
    const { run, facts } = given({ now });
    const { text } = await run('spoke-template');
    expect(Object.keys(JSON.parse(text).Parameters)).toEqual(['HubAccount', 'HubRegion', 'ForwardEvents']);
    expect((await run(`spoke-template --out ${file}`)).text).toBe(`Written: ${file}\n`);
    expect(await readFile(file, 'utf8')).toBe(text);
    expect(await facts('spoke-template')).toEqual({ template: JSON.parse(text), file: null });
  });
});

describe('config from-env', () => {
  const environment = { DB_INSTANCE_IDENTIFIER_1: 'orders', S3_BUCKET_NAME_1: 'orders-backups' };

  it('prints a configuration, and what could not be carried over beside it', async () => {
    const { text, error } = await given({ now, environment }).run('config from-env');
    expect(JSON.parse(text).tenants).toMatchObject([{ id: 'orders', databases: [{ id: 'orders' }] }]);
    expect(error).toContain('- SNS_TOPIC_ARN is not set');
  });

  it('reads a .env file, and never overwrites a configuration', async () => {
    const env = join(folder, 'tutorial.env');
    await writeFile(env, 'DB_INSTANCE_IDENTIFIER_1="shop"\nS3_BUCKET_NAME_1=shop-backups\n');
    const file = join(folder, 'made.json');
    const { run } = given({ now });
    expect((await run(`config from-env ${env} --out ${file}`)).exitCode).toBe(0);
    expect(JSON.parse(await readFile(file, 'utf8')).tenants).toMatchObject([{ id: 'shop' }]);
    expect((await run(`config from-env ${env} --out ${file}`)).error).toContain('exists already');
  });
});
