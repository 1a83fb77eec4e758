/** The promise is to tenants: operators hear of one that has no database for which it is kept. */
import { describe, expect, it } from 'vitest';
import { first } from '../../../shared/lib/iterables.ts';
import { MemoryTable } from '../../support/memory-ledger.ts';
import { makeWorld, type World } from '../../support/world.ts';

const operators = [{ email: 'operators@example.com' }];
const orders = { id: 'orders', kind: 'instance' };
const excluded = { ...orders, excluded: 'nobody needs it' };
const configOf = (databases: object[], more: object = {}) => ({
  operators,
  tenants: [
    { id: 'acme', databases },
    { id: 'globex', databases: [{ id: 'crm', kind: 'instance' }] },
  ],
  ...more,
});

/** Each message about tenants since the last call: its subject. */
function said(world: World): string[] {
  return world.published
    .splice(0)
    .filter(({ attributes }) => attributes.kind === 'tenant-unwatched')
    .map(({ subject }) => subject);
}

function given(config: object, table = new MemoryTable()): World {
  const world = makeWorld({ now: '2026-11-20T12:00:00Z', config, table });
  for (const id of ['orders', 'crm']) {
    const database = world.rds.createInstance({ id, created: new Date('2026-10-01T00:00:00Z') });
    world.rds.takeBackup(database, { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
  }
  return world;
}

const later = (world: World, hours: number) => world.rds.advanceBy({ hours });
const lastSweep = async (world: World) => await first(world.ledger.sweeps());

describe('a tenant without a database that is watched', () => {
  it('is told to operators alone at the next sweep, and stands in its answer and its row', async () => {
    const world = given(configOf([]));
    const { report, row } = await world.sweep();
    const [message, ...others] = world.published.filter(({ attributes }) => attributes.kind === 'tenant-unwatched');
    expect(others).toEqual([]);
    expect(message).toMatchObject({
      subject: 'WARNING acme: no database is watched',
      attributes: { tenant: '*', severity: 'warning', kind: 'tenant-unwatched', audience: 'operators' },
    });
    expect(report.unwatchedTenants).toEqual(['acme']);
    expect(row.unwatchedTenants).toMatchObject([{ tenant: 'acme', severity: 'warning', notified: 'warning' }]);
  });

  it('is told once, again as critical after its own maximum age, by the watch, and then no more', async () => {
    const config = { operators, tenants: [{ id: 'acme', maxAgeHours: 6, databases: [] }] };
    const world = given(config);
    await world.sweep();
    expect(said(world)).toEqual(['WARNING acme: no database is watched']);
    await later(world, 5.9);
    await world.watch();
    expect(said(world)).toEqual([]);
    await later(world, 0.2);
    await world.watch();
    expect(said(world)).toEqual(['NOW CRITICAL acme: no database is watched']);
    await later(world, 17.9);
    await world.watch();
    await world.sweep();
    await world.watch();
    expect(said(world)).toEqual([]);
  });

  it('is over once a database of it is watched, and may begin anew', async () => {
    const world = given(configOf([excluded]));
    await world.sweep();
    said(world);
    world.configure(configOf([orders]));
    await world.watch();
    expect(said(world)).toEqual([]);
    await later(world, 1);
    const { row } = await world.sweep();
    expect(said(world)).toEqual(['RESOLVED acme: a database is watched again']);
    expect(row.unwatchedTenants).toEqual([]);
    world.configure(configOf([]));
    await world.sweep();
    expect(said(world)).toEqual(['WARNING acme: no database is watched']);
  });

  it('is over once the tenant leaves the configuration', async () => {
    const world = given(configOf([]));
    await world.sweep();
    said(world);
    world.configure({ operators, tenants: [{ id: 'globex', databases: [{ id: 'crm', kind: 'instance' }] }] });
    await world.sweep();
    expect(said(world)).toEqual(['CLOSED acme: no longer configured']);
  });

  it('is over when one enrols itself by tag', async () => {
    const world = given(configOf([], { discovery: {} }));
    await world.sweep();
    said(world);
    world.rds.setTags('orders', { 'backup-tenant': 'acme' });
    await world.sweep();
    expect(said(world)).toEqual(['RESOLVED acme: a database is watched again']);
  });

  it('is not a tenant that only tags named, once its database is deleted: of that people were notified', async () => {
    const world = given(configOf([orders], { discovery: {} }));
    world.rds.createInstance({ id: 'lab', tags: { 'backup-tenant': 'initech' } });
    await world.sweep();
    world.rds.delete('lab');
    await world.sweep();
    await world.sweep();
    expect(said(world)).toEqual([]);
  });

  it('is not one whose database is missing or unknown: these have alerts of their own', async () => {
    const world = given(configOf([{ id: 'ordres', kind: 'instance' }]));
    await world.sweep();
    expect(said(world)).toEqual([]);
    world.configure(configOf([orders]));
    world.rds.failNext('DescribeDBInstances', 20);
    const { report } = await world.sweep();
    expect(report.unwatchedTenants).toEqual([]);
    expect(said(world)).toEqual([]);
  });

  it('changes nothing while RDS cannot be listed: who is told of stays so, and nobody is told of anew', async () => {
    const world = given(configOf([], { discovery: {} }));
    await world.sweep();
    said(world);
    world.rds.failNext('DescribeDBInstances', 20);
    world.configure({
      ...configOf([]),
      discovery: {},
      tenants: [
        { id: 'acme', databases: [] },
        { id: 'hooli', databases: [] },
      ],
    });
    const { row } = await world.sweep();
    expect(said(world)).toEqual([]);
    expect(row.unwatchedTenants).toMatchObject([{ tenant: 'acme' }]);
  });

  it('is told again by the next watch where the message failed, in each of its steps', async () => {
    const world = given(configOf([]));
    const refuses = async () => {
      throw new Error('SNS is down');
    };
    const works = world.state.publish;
    world.state.publish = refuses;
    const { report } = await world.sweep();
    expect(report.errors).toEqual([expect.stringContaining('SNS is down'), expect.any(String)]);
    world.state.publish = works;
    await world.watch();
    await world.watch();
    expect(said(world)).toEqual(['WARNING acme: no database is watched']);

    await later(world, 24);
    world.state.publish = refuses;
    await world.watch();
    world.state.publish = works;
    await world.watch();
    await world.watch();
    expect(said(world)).toEqual(['NOW CRITICAL acme: no database is watched']);

    await later(world, 1);
    world.configure(configOf([orders]));
    world.state.publish = refuses;
    await world.sweep();
    world.state.publish = works;
    await world.watch();
    await world.watch();
    expect(said(world)).toEqual(['RESOLVED acme: a database is watched again']);
  });

  it('is told as critical at once where nobody was notified before', async () => {
    const world = given(configOf([]));
    const works = world.state.publish;
    world.state.publish = async () => {
      throw new Error('SNS is down');
    };
    await world.sweep();
    await later(world, 24);
    await world.watch();
    world.state.publish = works;
    await world.watch();
    expect(said(world)).toEqual(['CRITICAL acme: no database is watched']);
  });

  it('is told in one message where there are more of them than alerts.digestAbove', async () => {
    const ids = ['acme', 'globex', 'initech'];
    const world = given({
      operators,
      alerts: { digestAbove: 2 },
      tenants: ids.map((id) => ({ id, databases: [] })),
    });
    await world.sweep();
    expect(said(world)).toEqual(['WARNING 3 tenants: no database is watched']);
  });

  it('is shown by a dry sweep, which notifies nobody', async () => {
    const world = given(configOf([]));
    const { report } = await world.sweep({ dryRun: true });
    expect(report.unwatchedTenants).toEqual(['acme']);
    expect(world.published).toEqual([]);
    expect(await lastSweep(world)).toBeUndefined();
  });

  it('is found by a sweep that is carried on', async () => {
    const world = given(configOf([excluded]));
    let left = 0;
    world.state.remainingMs = () => (left++ < 3 ? 900_000 : 1);
    const { row } = await world.sweep();
    expect(row.stoppedAfter).toBeDefined();
    expect(said(world)).toEqual([]);
    world.state.remainingMs = () => 900_000;
    await world.watch();
    expect(said(world)).toEqual(['WARNING acme: no database is watched']);
  });
});
