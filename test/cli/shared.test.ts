/** Shared databases as people see them: operators the database with its tenants, whoever reads one tenant's answers that tenant alone. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { checkConfiguration } from '../../cli/doctor/configuration.ts';
import { configHash } from '../../shared/config/index.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { backupIdOf, shareKey } from '../../shared/domain/index.ts';
import { updateBackup } from '../../shared/ledger/index.ts';
import { copyWorld } from '../shared/copies/world.ts';
import { makeWorld, rowOf, type World } from '../support/world.ts';
import { given } from './support.ts';

const pools = [
  { id: 'pool-1', kind: 'instance' },
  { id: 'pool-2', kind: 'instance' },
];
const tenant = (id: string, shared: readonly unknown[], more: object = {}) => ({
  id,
  recipients: [{ email: `${id}@example.com` }],
  sharedDatabases: shared,
  ...more,
});
const young = { id: 'pool-1', since: '2026-11-23T10:00Z', database: 'initech_db' };
const configOf = (...tenants: readonly object[]) => ({
  operators: [{ email: 'operators@example.com' }],
  sharedDatabases: pools,
  tenants,
});
const acme = tenant('acme', ['pool-1']);
const globex = tenant('globex', ['pool-1', 'pool-2']);
const initech = tenant('initech', [young]);

/** Each pool was backed up at 03:30 for three nights; it is noon of 23 November. */
function worldOf(config: object): World {
  const world = makeWorld({ now: '2026-11-23T12:00:00Z', config });
  for (const { id } of pools) {
    world.rds.createInstance({ id, created: new Date('2026-10-01T00:00:00Z'), window: '03:00-03:30' });
    for (const day of ['21', '22', '23']) {
      world.rds.takeBackup(id, { kind: 'automated', at: new Date(`2026-11-${day}T03:30:00Z`) });
    }
  }
  return world;
}

const skip = (world: World, id = 'pool-1', nights = 1) => {
  world.rds.skipBackups(id, nights);
  world.rds.setLatestRestorable(id, new Date('2026-11-23T03:30:00Z'));
};

const commandLine = (world: World) =>
  given({
    now: () => world.rds.now,
    ledger: world.ledger,
    cloud: { configuration: async () => ({ fleet: world.state.fleet, hash: 'hash' }) },
  });

describe('a shared database with three tenants', () => {
  let world: World;
  let cli: ReturnType<typeof given>;
  beforeEach(async () => {
    world = worldOf(configOf(acme, globex, initech));
    cli = commandLine(world);
    await world.sweep();
  });

  it('counts once for each tenant, and not besides', async () => {
    const status = await cli.facts('status');
    expect(status.counts).toEqual({ new: 1, protected: 3 });
    expect(status.sweep.databases).toBe(4);
    expect((await cli.facts('status --region eu-west-1')).counts).toEqual({ new: 1, protected: 3 });
    const report = await cli.facts('report');
    expect(report.databases.map((one: { id: string; tenant: string }) => `${one.id} ${one.tenant}`)).toEqual([
      'pool-1 initech',
      'pool-1 acme',
      'pool-1 globex',
      'pool-2 globex',
    ]);
    expect(report.sharedDatabases).toMatchObject([
      { id: 'pool-1', tenant: 'shared:pool-1', verdict: 'protected', days: expect.stringMatching(/t$/) },
      { id: 'pool-2', tenants: [{ tenant: 'globex', verdict: 'protected' }] },
    ]);
    expect(
      report.sharedDatabases[0].tenants.map(
        (one: { tenant: string; verdict: string }) => `${one.tenant} ${one.verdict}`,
      ),
    ).toEqual(['acme protected', 'globex protected', 'initech new']);
    expect(report.counts).toEqual({ new: 1, protected: 3 });
    expect(report.tenants.map((one: { tenant: string }) => one.tenant)).toEqual(['acme', 'globex', 'initech']);
    const { totals, tenants, sharedDatabases } = await cli.facts('evidence --from 2026-11-23 --to 2026-11-23');
    expect(tenants.map((one: { tenant: string }) => one.tenant)).toEqual(['acme', 'globex', 'initech']);
    expect(totals).toMatchObject({ inTime: 3, noPromise: 1 });
    expect(sharedDatabases).toMatchObject([
      { tenant: 'shared:pool-1', inTime: 1 },
      { tenant: 'shared:pool-2', inTime: 1 },
    ]);
  });

  it('has failed copies tried again for each tenant whose data they would hold', async () => {
    const { key } = await rowOf(world, 'pool-1');
    for await (const backup of world.ledger.backupsOfDatabase(key)) {
      const failed = {
        mode: 'export',
        state: 'failed',
        attempt: 1,
        cause: { code: 'export-cancelled', facts: {} },
      } as const;
      await updateBackup(world.ledger, backupIdOf(backup), (row) => row && { ...row, copy: failed });
    }
    const selected = async (selection: string) => (await cli.facts(`copy retry ${selection} --yes`)).selected;
    // Its data is there since today, after the last backup.
    expect(await selected('--tenant initech')).toBe(0);
    expect(await selected('--tenant acme --cause bucket-denied')).toBe(0);
    expect((await cli.facts('copy retry --tenant acme --yes')).queued).toHaveLength(3);
  });

  it('shows operators its tenants, each with its own verdict, since when and newest backup', async () => {
    const { tenants, tenant: owner } = await cli.facts('database pool-1');
    const { key } = await rowOf(world, 'pool-1');
    expect(owner).toBe('shared:pool-1');
    expect(tenants).toMatchObject([
      { tenant: 'acme', key: shareKey(key, 'acme'), verdict: 'protected', since: null, until: null, alert: null },
      { tenant: 'globex', verdict: 'protected', newestBackup: { time: '2026-11-23T03:30:00.000Z' } },
      {
        tenant: 'initech',
        verdict: 'new',
        since: '2026-11-23T10:00:00.000Z',
        database: 'initech_db',
        newestBackup: null,
        deadline: '2026-11-24T12:00:00.000Z',
      },
    ]);
    const { text } = await cli.run('database pool-1');
    expect(text).toContain('shared (3 tenants)');
    expect(text).toContain('Tenants: 3');
    expect(text).toMatch(/initech +new +2026-11-23 10:00/);
    expect(text).not.toContain('shared:pool-1');
  });

  it('shows a tenant its part, and the history of that', async () => {
    expect(await cli.facts('tenant initech')).toMatchObject([
      { database: 'pool-1', verdict: 'new', share: { since: '2026-11-23T10:00:00.000Z', database: 'initech_db' } },
    ]);
    const { text } = await cli.run('tenant initech');
    expect(text).toMatch(/pool-1 +new/);
    expect(text).toContain('shared initech_db since 2026-11-23 10:00');
    const history = await cli.facts('database pool-1 --tenant initech');
    expect(history).toMatchObject({ tenant: 'initech', verdict: 'new', tenants: null, backups: [] });
    expect(history.days).toMatchObject([{ date: '2026-11-23', tenant: 'initech', verdict: 'new' }]);
    expect((await cli.run('database pool-1 --tenant initech')).text).toContain('there since');
    expect((await cli.run('database pool-1 --tenant acmee')).error).toContain(
      '"pool-1" has no tenant "acmee". Did you mean "acme"?',
    );
  });

  it('lists the backups that were made while a tenant was there, as the tenant has them', async () => {
    const ofTenant = async (id: string, more = '') =>
      (await cli.facts(`backups --tenant ${id} --from 2026-11-01 ${more}`)).map(
        (one: { tenant: string; time: string; database: string }) =>
          `${one.tenant} ${one.database} ${one.time.slice(0, 10)}`,
      );
    expect(await ofTenant('acme')).toEqual([
      'acme pool-1 2026-11-23',
      'acme pool-1 2026-11-22',
      'acme pool-1 2026-11-21',
    ]);
    expect(await ofTenant('initech')).toEqual([]);
    expect(await ofTenant('globex')).toHaveLength(6);
    expect(await ofTenant('globex', '--database pool-2')).toEqual([
      'globex pool-2 2026-11-23',
      'globex pool-2 2026-11-22',
      'globex pool-2 2026-11-21',
    ]);
    await world.rds.advanceBy({ hours: 24 });
    await world.sweep();
    expect(await ofTenant('initech')).toEqual(['initech pool-1 2026-11-24']);
    const all = await cli.facts('backups --from 2026-11-01 --database pool-1');
    expect(new Set(all.map((one: { tenant: string }) => one.tenant))).toEqual(new Set(['shared:pool-1']));
    expect((await cli.run('backups --from 2026-11-01')).text).not.toContain('shared:');
  });

  it("says in one tenant's answers nothing of another", async () => {
    skip(world);
    await world.rds.advanceBy({ hours: 24 });
    await world.sweep();
    const lines = [
      'tenant acme',
      'backups --tenant acme --from 2026-11-01',
      'alerts --tenant acme',
      'evidence --tenant acme --from 2026-11-20 --to 2026-11-24',
      'database pool-1 --tenant acme',
    ];
    for (const line of lines) {
      const printed = [await cli.run(line), await cli.run(`${line} --json`)].map(({ text }) => text);
      for (const text of printed) {
        expect(text).toContain('pool-1');
        expect(text).not.toMatch(/globex|initech|shared:|\d tenants/);
      }
    }
    const { text: csv } = await cli.run('evidence --tenant acme --from 2026-11-20 --to 2026-11-24 --csv');
    expect(csv).toContain('day,2026-11-24,acme');
    expect(csv).not.toMatch(/globex|initech|shared:/);
  });

  it('has alerts that are acknowledged and snoozed each for itself', async () => {
    skip(world);
    await world.rds.advanceBy({ hours: 24 });
    await world.sweep();
    const acknowledged = async () =>
      (await cli.facts('alerts --open'))
        .filter((one: { acknowledged: unknown }) => one.acknowledged !== null)
        .map((one: { tenant: string }) => one.tenant);
    expect(await acknowledged()).toEqual([]);
    expect(await cli.facts('alert ack pool-1 --tenant globex')).toMatchObject({ tenant: 'globex', database: 'pool-1' });
    expect(await acknowledged()).toEqual(['globex']);
    expect(await cli.facts('alert ack pool-1')).toMatchObject({ tenant: 'shared:pool-1' });
    expect((await acknowledged()).sort()).toEqual(['globex', 'shared:pool-1']);
    expect(await cli.facts('alert snooze pool-1 --tenant acme --until 2d')).toMatchObject({ tenant: 'acme' });
    expect((await cli.run('alert ack pool-2 --tenant globex')).error).toContain(
      '"pool-2" of globex has no open alert.',
    );
    expect((await cli.run('alert ack pool-2 --tenant acme')).error).toContain('"pool-2" has no tenant "acme".');
  });

  it("has its tenants' alerts beside its own", async () => {
    skip(world);
    await world.rds.advanceBy({ hours: 24.5 });
    await world.sweep();
    const owners = async (line: string) => (await cli.facts(line)).map((one: { tenant: string }) => one.tenant).sort();
    const all = ['acme', 'globex', 'initech', 'shared:pool-1'];
    expect(await owners('alerts --open --database pool-1')).toEqual(all);
    expect(await owners('alerts --database pool-1')).toEqual(all);
    expect(await owners('alerts --database pool-1 --tenant acme')).toEqual(['acme']);
    expect(await owners('alerts')).toEqual(all);
    expect(await owners('alerts --tenant shared:pool-1')).toEqual(['shared:pool-1']);
    const { text } = await cli.run('status');
    expect(text).toMatch(/^UNPROTECTED {2}1 database with an open alert\./);
    expect(text).toContain('shared (3 tenants) / pool-1');
    expect(text).toContain('With the alerts of 3 tenants of it.');
  });

  it('links from the messages to the database, and names commands that find their alerts', async () => {
    skip(world);
    await world.rds.advanceBy({ hours: 24.5 });
    await world.sweep();
    const textTo = (tenant: string, audience: string) =>
      JSON.stringify(
        world.published.filter(({ attributes }) => attributes.tenant === tenant && attributes.audience === audience),
      );
    expect(textTo('acme', 'tenant')).toContain('#database:id=pool-1;is-cluster=false');
    expect(textTo('acme', 'tenant')).not.toMatch(/npm run|globex|initech|shared:/);
    const toOperators = textTo('*', 'operators');
    expect(toOperators).toContain('#database:id=pool-1;is-cluster=false');
    expect(toOperators).toContain('alert ack pool-1 --note');
    expect((await cli.run('alert ack pool-1 --note checked')).text).toContain('shared (3 tenants) / pool-1');
  });

  it('has a page with each share, and a section on the shared databases', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'shared-page-'));
    const file = join(folder, 'page.html');
    await cli.run(`report --out ${file}`);
    const page = await readFile(file, 'utf8');
    await rm(folder, { recursive: true });
    expect(page).toContain('1 other has no promise now');
    expect(page).toContain('initech · shared since 2026-11-23 10:00 UTC');
    const [, section = ''] = /aria-labelledby="shared-title">([\s\S]*?)<\/section>/.exec(page) ?? [];
    expect(section).toContain('<span class="db">pool-1</span>');
    expect(section).toContain('3 tenants');
    expect(section).toContain('It is shared by 1 tenant: globex.');
    const [, tenants = ''] = /<select id="tenant"[^>]*>([\s\S]*?)<\/select>/.exec(page) ?? [];
    expect([...tenants.matchAll(/value="([^"]+)"/g)].map(([, name]) => name)).toEqual(['acme', 'globex', 'initech']);
  });

  it('shows the tenants that left, whose history stays', async () => {
    world.configure(configOf(globex, initech));
    await world.rds.advanceBy({ hours: 12 });
    await world.sweep();
    await world.rds.advanceBy({ hours: 12 });
    await world.sweep();
    const { tenants } = await cli.facts('database pool-1');
    expect(tenants[0]).toMatchObject({ tenant: 'acme', verdict: null, until: '2026-11-24T00:00:00.000Z' });
    const { text } = await cli.run('database pool-1');
    expect(text).toContain('Tenants: 2, and 1 that left');
    expect(text).toContain('left 2026-11-24 00:00');
    expect((await cli.run('tenant acme')).text).toMatch(/pool-1 +left/);
    expect(await cli.facts('backups --tenant acme --from 2026-11-01')).toHaveLength(3);
  });
});

describe('a tenant that moves between shared databases', () => {
  const movingTo = (id: string) => configOf(tenant('acme', [id]), globex);

  it('has a history without a gap that is none', async () => {
    const world = worldOf(movingTo('pool-1'));
    const cli = commandLine(world);
    await world.sweep();
    await world.rds.advanceBy({ hours: 24 });
    world.configure(movingTo('pool-2'));
    await world.sweep();
    const row = (await cli.facts('tenant acme')).find((one: { database: string }) => one.database === 'pool-2');
    expect(row).toMatchObject({ verdict: 'protected', copy: { mode: 'export' } });
    await world.rds.advanceBy({ hours: 24 });
    await world.sweep();
    const backups = await cli.facts('backups --tenant acme --from 2026-11-01');
    expect(
      backups.map((one: { database: string; time: string }) => `${one.database} ${one.time.slice(0, 10)}`),
    ).toEqual([
      'pool-2 2026-11-25',
      'pool-1 2026-11-24',
      'pool-1 2026-11-23',
      'pool-1 2026-11-22',
      'pool-1 2026-11-21',
    ]);
    const { days, totals } = await cli.facts('evidence --tenant acme --from 2026-11-23 --to 2026-11-25');
    expect(
      days.map((one: { database: string; date: string; state: string }) => [one.date, one.database, one.state]),
    ).toEqual([
      ['2026-11-23', 'pool-1', 'in time'],
      ['2026-11-24', 'pool-2', 'in time'],
      ['2026-11-25', 'pool-2', 'in time'],
    ]);
    expect(totals.attainment).toBe(100);
  });

  it('has the backups of each time that it was in one', async () => {
    const world = worldOf(movingTo('pool-1'));
    const cli = commandLine(world);
    for (const id of ['pool-1', 'pool-2', 'pool-1']) {
      world.configure(movingTo(id));
      await world.sweep();
      await world.rds.advanceBy({ hours: 24 });
    }
    const backups = await cli.facts('backups --tenant acme --from 2026-11-01');
    expect(
      backups.map((one: { database: string; time: string }) => `${one.database} ${one.time.slice(8, 10)}`),
    ).toEqual(['pool-1 26', 'pool-2 25', 'pool-1 24', 'pool-1 23', 'pool-1 22', 'pool-1 21']);
    const [row] = await cli.facts('tenant acme');
    expect(row.share).toMatchObject({
      since: '2026-11-25T12:00:00.000Z',
      until: null,
      earlier: [{ since: null, until: '2026-11-24T12:00:00.000Z' }],
    });
  });

  it('hides no gap by the move', async () => {
    const world = worldOf(movingTo('pool-1'));
    const cli = commandLine(world);
    await world.sweep();
    for (const { id } of pools) skip(world, id, 3);
    await world.rds.advanceBy({ hours: 24 });
    await world.sweep();
    world.configure(movingTo('pool-2'));
    await world.rds.advanceBy({ hours: 1 });
    await world.sweep();
    await world.rds.advanceBy({ hours: 23 });
    await world.sweep();
    const { days } = await cli.facts('evidence --tenant acme --from 2026-11-23 --to 2026-11-25');
    expect(
      days.map((one: { database: string; date: string; state: string }) => [one.date, one.database, one.state]),
    ).toEqual([
      ['2026-11-23', 'pool-1', 'in time'],
      // By key.
      ['2026-11-24', 'pool-2', 'missing'],
      ['2026-11-24', 'pool-1', 'missing'],
      ['2026-11-25', 'pool-2', 'missing'],
    ]);
  });
});

describe('the configuration', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'shared-config-'));
    return () => rm(folder, { recursive: true });
  });
  const write = async (config: object) => {
    const file = join(folder, 'ledger.json');
    await writeFile(file, JSON.stringify({ defaults: { copy: { mode: 'none' } }, ...config }));
    return file;
  };
  const where = '--account 123456789012 --region eu-west-1';
  const unused = 'no tenant refers to the shared database "pool-2": operators alone are notified of it';

  it('says which databases are shared by how many tenants, and which by none', async () => {
    const file = await write(configOf(acme, initech));
    const { facts, run } = given({ now: '2026-11-23T12:00:00.000Z' });
    const plan = await facts(`config plan ${file} ${where}`);
    expect(plan).toMatchObject({
      tenants: 2,
      databases: 2,
      sharedDatabases: [
        { database: 'pool-1', account: '123456789012', region: 'eu-west-1', tenants: 2 },
        { database: 'pool-2', tenants: 0 },
      ],
      environments: [{ tenants: 2, databases: 2 }],
      warnings: [unused],
    });
    expect((await run(`config plan ${file} ${where}`)).text).toContain('pool-1 by 2 tenants');
    expect((await facts(`config check ${file} ${where}`)).warnings).toEqual([unused]);
    expect((await run(`config check ${file} ${where}`, { columns: 300 })).text).toContain(
      '2 tenants, 2 databases, 2 of them shared.',
    );
  });

  it('is shown by doctor with what may not be meant', () => {
    const excluded = [{ ...pools[0], excluded: 'moved away' }, pools[1]];
    const text = JSON.stringify({ ...configOf(acme, globex), sharedDatabases: excluded });
    const fleet = parseConfig(text, { account: '123456789012', region: 'eu-west-1' });
    const deployed = { fleet, hash: configHash(text) };
    const [found, ...warnings] = checkConfiguration(deployed, { text, name: 'ledger.json' });
    expect(found).toMatchObject({
      kind: 'ok',
      found: expect.stringContaining('2 tenants, 2 databases, 2 of them shared'),
    });
    expect(warnings).toMatchObject([
      { kind: 'warning', found: expect.stringContaining('tenant "acme" excludes its database') },
    ]);
  });
});
describe('the copy of a shared database', () => {
  const here = (id: string) => tenant(id, [{ id: 'pool-1', database: id }]);

  it('shows each tenant the folder of its part, verified to be there or not, and no other', async () => {
    const world = copyWorld({
      now: '2026-11-22T12:00:00Z',
      config: {
        ...configOf(here('acme'), here('globex'), tenant('initech', ['pool-1'])),
        defaults: { copy: { mode: 'export' }, bucket: { type: 'shared' } },
      },
    });
    const tables = ['acme', 'initech'].map((database) => ({ database, name: 'public.orders', rows: 2 }));
    world.rds.createInstance({ id: 'pool-1', window: '03:00-03:30', tables });
    await world.sweep();
    await world.rds.advanceBy({ hours: 24 });
    await world.sweepAndCopy('sweep');
    await world.rds.advanceBy({ hours: 2 });
    await world.settled();
    const cli = given({ now: () => world.rds.now, ledger: world.ledger });
    const copyOf = async (id: string) => (await cli.facts(`tenant ${id}`))[0].copy;
    const folder = /^s3:\/\/rds-backup-ledger--shared-[^/]+\/_shared\/pool-1\/copy-[^/]+\/(acme|globex)\/$/;
    expect(await copyOf('acme')).toMatchObject({
      state: 'complete',
      cause: null,
      folders: { found: ['acme'], missing: [] },
      folder: expect.stringMatching(folder),
      folderFound: true,
    });
    expect(await copyOf('globex')).toMatchObject({ state: 'incomplete', folder: null, folderFound: false });
    expect(await copyOf('initech')).toMatchObject({ state: 'complete', folder: null, folderFound: null });
    for (const line of ['tenant acme', 'backups --tenant acme', 'database pool-1 --tenant acme']) {
      const printed = `${(await cli.run(line, { columns: 300 })).text}${(await cli.run(`${line} --json`)).text}`;
      expect(printed).toMatch(/copy-[^/]+\/acme\//);
      expect(printed).not.toMatch(/globex|initech|shared:/);
    }
    const [own] = (await cli.facts('database pool-1')).backups;
    expect(own.copy).toMatchObject({
      cause: { code: 'tenant-folder-missing', facts: { tenants: ['globex'] } },
      folders: { missing: ['globex'] },
      folder: null,
    });
  });
});
