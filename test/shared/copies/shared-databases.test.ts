/** Copies of shared databases: one export a snapshot, and what it holds of each tenant. */
import { describe, expect, it } from 'vitest';
import type { ExportOutcome } from '../../../local/rds/exports.ts';
import { workOnCopies } from '../../../shared/copies/work.ts';
import { type Backup, folderUrl, shareKey, tenantFolder } from '../../../shared/domain/index.ts';
import { collect } from '../../support/world.ts';
import { Mortal } from './crash.ts';
import { copyWorld, sharedBucket } from './world.ts';

type Sharing = Record<string, object>;

const operators = [{ email: 'operators@example.com' }];
const defaults = { copy: { mode: 'export' }, bucket: { type: 'shared' } };

function configOf(sharing: Sharing, more: object = {}): object {
  return {
    operators,
    defaults,
    sharedDatabases: [{ id: 'pool-1', kind: 'instance' }],
    tenants: Object.entries(sharing).map(([id, share]) => ({ id, sharedDatabases: [{ id: 'pool-1', ...share }] })),
    ...more,
  };
}

const tableIn = (database: string, schema = 'public') => ({ database, name: `${schema}.orders`, rows: 2 });
const three = { acme: { database: 'acme' }, globex: { database: 'globex' }, initech: { database: 'initech' } };

/** A shared database with a database in it for each of three tenants, and a sweep behind it. */
async function given(sharing: Sharing = three, tables = Object.keys(three).map((name) => tableIn(name)), options = {}) {
  const world = copyWorld({
    now: '2026-11-22T12:00:00Z',
    config: configOf(sharing, options),
  });
  world.rds.createInstance({ id: 'pool-1', window: '03:00-03:30', tables });
  await world.sweep();
  return world;
}

type World = Awaited<ReturnType<typeof given>>;

/** The next night's backup with its copy, which was followed to its end. */
async function nextNight(world: World, plan?: ExportOutcome): Promise<Backup> {
  if (plan) world.rds.planExport('*', plan);
  await world.rds.advanceBy({ hours: 24 });
  await world.sweepAndCopy('sweep');
  await world.rds.advanceBy({ hours: 2 });
  await world.settled();
  const [newest] = await collect(world.ledger.backupsOfTenant('shared:pool-1'));
  if (newest === undefined) throw new Error('there is no backup');
  return newest;
}

async function folderOf(world: World, { database, copy }: Backup, tenant: string) {
  const [row] = await world.ledger.databases([shareKey(database, tenant)]);
  return row?.share && tenantFolder(copy, tenant, row.share);
}

/** `<tenant or shared database> <state> <cause>` of each copy that somebody was notified of since the last call. */
function said(world: World): string[] {
  return world.notified
    .splice(0)
    .flatMap(({ tenant, copies }) => copies.map(({ copy }) => `${tenant} ${copy.state} ${copy.cause?.code}`))
    .sort();
}

describe('a snapshot of a shared database', () => {
  it('is exported once, whole, by its own entry, in its own turn', async () => {
    const world = await given();
    const backup = await nextNight(world);
    expect(backup).toMatchObject({ tenant: 'shared:pool-1', copy: { state: 'complete', prefix: '_shared/pool-1' } });
    expect(world.rds.exportTasks().map(({ SourceArn, ExportOnly }) => [SourceArn, ExportOnly])).toEqual([
      [backup.arn, undefined],
    ]);
    expect([...(await world.ledger.tenantsServed(world.state.fleet))].map(([tenant]) => tenant)).toEqual([
      'shared:pool-1',
    ]);
    expect(said(world)).toEqual([]);
  });

  it('is copied as its event records it', async () => {
    const world = copyWorld({
      now: '2026-11-22T12:00:00Z',
      config: configOf(three),
      automatic: true,
    });
    world.rds.createInstance({ id: 'pool-1', window: '03:00-03:30' });
    await world.rds.advanceBy({ hours: 24 });
    const backups = await collect(world.ledger.backupsOfTenant('shared:pool-1'));
    expect(backups.map(({ learnedFrom, copy: { state } }) => [learnedFrom, state])).toEqual([['event', 'complete']]);
  });

  it('is copied as its event records it where tags enrolled the database', async () => {
    const discovery = { tenantTag: 'tenant' };
    const config = { operators, defaults, discovery, tenants: [] };
    const world = copyWorld({ now: '2026-11-22T12:00:00Z', config, automatic: true });
    world.s3.createBucket(sharedBucket, '123456789012');
    world.rds.createInstance({ id: 'pool-1', window: '03:00-03:30', tags: { tenant: 'acme globex' } });
    await world.sweep();
    await world.rds.advanceBy({ hours: 24 });
    const backups = await collect(world.ledger.backupsOfTenant('shared:pool-1'));
    expect(backups.map(({ learnedFrom, copy: { state, prefix } }) => [learnedFrom, state, prefix])).toEqual([
      ['event', 'complete', '_shared/pool-1'],
    ]);
  });

  it('of the time before it was shared goes to no place of several tenants', async () => {
    const alone = { tenants: [{ id: 'acme', databases: [{ id: 'pool-1', kind: 'instance' }] }], sharedDatabases: [] };
    const world = copyWorld({ now: '2026-11-22T12:00:00Z', config: configOf({}, alone) });
    world.rds.createInstance({ id: 'pool-1', window: '03:00-03:30' });
    await world.sweep();
    await world.rds.advanceBy({ hours: 24 });
    await world.sweep();
    world.configure(configOf(three));
    await world.sweep();
    await world.settled();
    const [backup] = await collect(world.ledger.backupsOfTenant('acme'));
    expect(backup?.copy).toMatchObject({ state: 'skipped', cause: { code: 'owner-changed' } });
    expect(backup && (await world.reasonOf(backup))).toContain('holds several tenants now');
    expect(world.rds.exportTasks()).toEqual([]);
  });

  it('waits for its turn as one tenant, however many it holds', async () => {
    const world = copyWorld({
      now: '2026-11-22T12:00:00Z',
      config: configOf(three, {
        tenants: [
          ...['acme', 'globex'].map((id) => ({ id, sharedDatabases: ['pool-1'] })),
          { id: 'hooli', databases: [{ id: 'crm', kind: 'instance' }] },
        ],
        defaults: { ...defaults, copy: { mode: 'export', kinds: ['manual'], schedule: 'every' } },
      }),
    });
    for (const id of ['pool-1', 'crm']) world.rds.createInstance({ id, retention: 0 });
    for (const n of [1, 2, 3, 4, 5, 6]) world.rds.takeBackup('pool-1', { id: `pool-${n}` });
    world.rds.takeBackup('crm', { id: 'crm-1' });
    await world.rds.advanceBy({ hours: 1 });
    for (const n of [1, 2, 3, 4, 5, 6]) await world.record(`pool-${n}`);
    await world.record('crm-1');
    await world.pass();
    const started = world.rds.exportTasks().map(({ SourceArn }) => SourceArn?.replace(/^.*:/, ''));
    expect(started.sort()).toEqual(['crm-1', 'pool-1', 'pool-2', 'pool-3', 'pool-4']);
  });

  it('is copied where tags enrolled the database, by the defaults', async () => {
    const discovery = { tenantTag: 'tenant' };
    const world = copyWorld({
      now: '2026-11-22T12:00:00Z',
      config: { operators, defaults, discovery, tenants: [] },
    });
    world.rds.createInstance({ id: 'pool-1', window: '03:00-03:30', tags: { tenant: 'acme globex' } });
    world.s3.createBucket(sharedBucket, '123456789012');
    await world.sweep();
    const backup = await nextNight(world);
    expect(backup).toMatchObject({ tenant: 'shared:pool-1', copy: { state: 'complete', prefix: '_shared/pool-1' } });
    expect(backup.copy.folders).toBeUndefined();
    world.s3.deleteBucket(sharedBucket);
    await nextNight(world);
    await world.rds.advanceBy({ hours: 2 });
    await world.settled();
    const codes = said(world);
    expect(codes).toEqual(['acme', 'globex', 'shared:pool-1'].map((owner) => `${owner} queued bucket-missing`));
  });
});

describe('what an export holds of a tenant', () => {
  it('is the folder of its database, which is seen to be there', async () => {
    const world = await given();
    const backup = await nextNight(world);
    const folder = await folderOf(world, backup, 'globex');
    expect(folder).toEqual({
      bucket: sharedBucket,
      prefix: `_shared/pool-1/${backup.copy.taskId}/globex/`,
      found: true,
    });
    const keys = world.s3.keys(sharedBucket).map((key) => `s3://${sharedBucket}/${key}`);
    expect(keys.filter((key) => folder && key.startsWith(folderUrl(folder)))).toHaveLength(1);
    expect(backup.copy.folders).toEqual({
      checkedAt: world.rds.now,
      found: ['acme', 'globex', 'initech'],
      partial: [],
      missing: [],
    });
  });

  it('is told where it is missing: the tenant of its own, operators once of all', async () => {
    const world = await given(three, [tableIn('acme')]);
    const backup = await nextNight(world);
    expect(backup.copy).toMatchObject({
      state: 'complete',
      folders: { missing: ['globex', 'initech'] },
      cause: { code: 'tenant-folder-missing', facts: { tenants: ['globex', 'initech'], count: 2 } },
    });
    expect((await folderOf(world, backup, 'globex'))?.found).toBe(false);
    expect((await folderOf(world, backup, 'acme'))?.found).toBe(true);
    for (const { tenant, copies } of world.notified) {
      const others = Object.keys(three).filter((one) => one !== tenant && tenant !== 'shared:pool-1');
      for (const other of others) expect(JSON.stringify(copies)).not.toContain(other);
    }
    expect(said(world)).toEqual([
      'globex incomplete tenant-folder-missing',
      'initech incomplete tenant-folder-missing',
      'shared:pool-1 complete tenant-folder-missing',
    ]);
    await world.settled();
    expect(said(world)).toEqual([]);
  });

  it('are the folders of its schema, in the database that was stated or in any', async () => {
    const sharing = {
      acme: { database: 'app', schema: 'acme' },
      globex: { schema: 'globex' },
      initech: { database: 'other', schema: 'initech' },
      hooli: { schema: 'hoo' },
    };
    const tables = ['acme', 'globex', 'initech', 'hooli'].map((schema) => tableIn('app', schema));
    const world = await given(sharing, tables);
    const backup = await nextNight(world);
    expect(backup.copy.folders?.missing).toEqual(['hooli', 'initech']);
    expect((await folderOf(world, backup, 'acme'))?.prefix).toMatch(/\/app\/acme\.$/);
    expect((await folderOf(world, backup, 'globex'))?.prefix).toMatch(/\/\*\/globex\.$/);
  });

  it('is compared letter by letter, also where one name begins as another', async () => {
    const sharing = {
      acme: { database: 'Acme' },
      globex: { database: 'glob' },
      initech: { database: 'app', schema: 'init' },
      hooli: { database: 'app', schema: 'init.ech' },
    };
    const world = await given(sharing, [tableIn('acme'), tableIn('globex'), tableIn('app', 'init.ech')]);
    expect((await nextNight(world)).copy.folders?.missing).toEqual(['acme', 'globex', 'initech']);
  });

  it('is not looked for where nobody stated its name, nor in a backup from before its data came', async () => {
    const world = await given({ acme: {}, globex: { database: 'globex', since: '2026-11-23T10:00Z' } }, [tableIn('x')]);
    const backup = await nextNight(world);
    expect(backup.copy).not.toHaveProperty('folders');
    expect(await folderOf(world, backup, 'acme')).toBeUndefined();
    expect((await folderOf(world, backup, 'globex'))?.found).toBeUndefined();
    expect(said(world)).toEqual([]);
    world.rds.setTables('pool-1', [tableIn('globex')]);
    expect((await folderOf(world, await nextNight(world), 'globex'))?.found).toBe(true);
  });

  it('is not claimed of names that were stated after the export was verified', async () => {
    const world = await given();
    const backup = await nextNight(world);
    world.configure(configOf({ ...three, acme: { database: 'acme2' }, hooli: { database: 'hooli' } }));
    await world.rds.advanceBy({ minutes: 5 });
    await world.sweep();
    expect((await folderOf(world, backup, 'acme'))?.found).toBeUndefined();
    expect((await folderOf(world, backup, 'hooli'))?.found).toBeUndefined();
    expect((await folderOf(world, backup, 'globex'))?.found).toBe(true);
  });

  it('is not claimed of a backup that was thought to be from before its data came', async () => {
    const late = { database: 'globex', since: '2026-11-23T10:00Z' };
    const world = await given({ ...three, globex: late }, [tableIn('acme'), tableIn('initech')]);
    const backup = await nextNight(world);
    world.configure(configOf({ ...three, globex: { ...late, since: '2026-11-20T10:00Z' } }));
    await world.rds.advanceBy({ minutes: 5 });
    await world.sweep();
    expect((await folderOf(world, backup, 'globex'))?.found).toBeUndefined();
    expect((await folderOf(world, backup, 'acme'))?.found).toBe(true);
  });

  it('is incomplete for those of whose tables RDS skipped one, and for those of whom nobody knows that', async () => {
    const world = await given(
      { ...three, hooli: {} },
      ['acme', 'acme', 'globex', 'initech'].map((name, at) => ({ ...tableIn(name), name: `public.t${at}` })),
    );
    const backup = await nextNight(world, { kind: 'warn', skipTables: 1 });
    expect(backup.copy).toMatchObject({ state: 'incomplete', folders: { missing: [], partial: ['acme'] } });
    expect(said(world)).toEqual([
      'acme incomplete export-incomplete',
      'hooli incomplete export-incomplete',
      'shared:pool-1 incomplete export-incomplete',
    ]);
  });

  it('is missing where RDS skipped all of its tables, which operators read with the rest', async () => {
    const world = await given();
    const backup = await nextNight(world, { kind: 'warn', skipTables: 1 });
    expect(backup.copy).toMatchObject({ state: 'incomplete', folders: { missing: ['acme'], partial: [] } });
    expect(await world.reasonOf(backup)).toMatch(
      /1 table skipped: acme\.public\.orders .*; besides, .* nothing of 1 tenant /,
    );
    expect(said(world)).toEqual([
      'acme incomplete tenant-folder-missing',
      'shared:pool-1 incomplete export-incomplete',
    ]);
  });

  it('fails with the export: each tenant that the backup holds is told', async () => {
    const world = await given({ ...three, globex: { database: 'globex', since: '2026-11-23T10:00Z' } }, undefined, {
      copies: { maxAttempts: 1 },
    });
    await nextNight(world, { kind: 'fail', cause: 'An unknown internal error occurred.' });
    expect(said(world)).toEqual(['acme', 'initech', 'shared:pool-1'].map((owner) => `${owner} failed export-failed`));
  });

  it('is told again to all where one message could not be sent, and holds up no other', async () => {
    const world = await given(three, [tableIn('acme')]);
    await world.rds.advanceBy({ hours: 24 });
    await world.sweepAndCopy('sweep');
    await world.rds.advanceBy({ hours: 2 });
    const told: string[] = [];
    const pass = (isDown: boolean) =>
      workOnCopies(
        {
          ...world.deps(new Mortal()),
          notify: async (tenant) => {
            if (isDown && tenant === 'globex') throw new Error('SNS is down');
            told.push(tenant ?? '');
          },
        },
        world.rds.now,
      );
    expect((await pass(true)).errors).toHaveLength(1);
    expect(told.splice(0).sort()).toEqual(['initech', 'shared:pool-1']);
    expect((await pass(false)).errors).toEqual([]);
    expect(told.splice(0).sort()).toEqual(['globex', 'initech', 'shared:pool-1']);
    await pass(false);
    expect(told).toEqual([]);
  });

  it('costs no call of its own, whatever the number of tenants', async () => {
    const calls = async (count: number) => {
      const names = Array.from({ length: count }, (_, n) => `tenant-${String(n).padStart(3, '0')}`);
      const sharing = Object.fromEntries(names.map((name) => [name, { database: name }]));
      const world = await given(
        sharing,
        names.slice(0, 3).map((name) => tableIn(name)),
      );
      let made = 0;
      world.s3.onCall = () => {
        made += 1;
      };
      const backup = await nextNight(world);
      expect(backup.copy.folders?.missing).toEqual(names.slice(3));
      expect(said(world)).toHaveLength(count === 3 ? 0 : 1 + count - 3);
      return made;
    };
    expect(await calls(300)).toBe(await calls(3));
  });
});
