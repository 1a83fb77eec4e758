/** A replica without backups of its own is excluded only while its source is watched. */
import { describe, expect, it } from 'vitest';
import { makeWorld, rowOf, type World } from '../../support/world.ts';

const operators = [{ email: 'operators@example.com' }];
const instance = (id: string, more: object = {}) => ({ id, kind: 'instance', ...more });

/** A source, `primary`, and a replica of it without backups. `configured` are the tenant's databases. */
function given(configured: object[], { more = {}, replicaOf = 'primary', tags = {} } = {}): World {
  const config = { operators, tenants: [{ id: 'acme', databases: configured }], ...more };
  const world = makeWorld({ now: '2026-11-20T12:00:00Z', config });
  const created = new Date('2026-10-01T00:00:00Z');
  const primary = world.rds.createInstance({ id: 'primary', created, tags });
  world.rds.takeBackup(primary, { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
  world.rds.createInstance({ id: 'replica', created, retention: 0, replicaOf });
  return world;
}

const verdictOf = async (world: World, id = 'replica') => {
  const { verdict, severity, cause } = await rowOf(world, id);
  return [verdict, severity, cause?.code, cause?.facts];
};
const excluded = ['excluded', 'info', 'replica-without-backups', expect.anything()];
const unwatched = (why: string) => [
  'disabled',
  'warning',
  'replica-source-unwatched',
  expect.objectContaining({ why }),
];

describe('a replica without backups', () => {
  it.each([
    ['configured', given([instance('replica'), instance('primary')])],
    [
      'named by its ARN',
      given([instance('replica'), instance('primary')], { replicaOf: 'arn:aws:rds:eu-west-1:123456789012:db:primary' }),
    ],
    [
      "another tenant's",
      given([instance('replica')], {
        more: {
          tenants: [
            { id: 'acme', databases: [instance('replica')] },
            { id: 'globex', databases: [instance('primary')] },
          ],
        },
      }),
    ],
    [
      'enrolled by its tag',
      given([instance('replica')], { more: { discovery: {} }, tags: { 'backup-tenant': 'acme' } }),
    ],
  ])('is excluded while its source is %s', async (_, world) => {
    await world.sweep();
    expect(await verdictOf(world)).toEqual(excluded);
    expect(world.news()).toEqual([]);
  });

  it.each([
    ['not configured', 'not-configured', given([instance('replica')])],
    ['excluded', 'excluded', given([instance('replica'), instance('primary', { excluded: 'a lab' })])],
    [
      'excluded by its tag',
      'excluded',
      given([instance('replica')], {
        more: { discovery: { allowExclusion: true } },
        tags: { 'backup-tenant': 'acme', 'backup-exclude': 'a lab' },
      }),
    ],
    [
      'in another Region',
      'elsewhere',
      given([instance('replica'), instance('primary')], { replicaOf: 'arn:aws:rds:us-east-1:123456789012:db:primary' }),
    ],
    [
      'in another account',
      'elsewhere',
      given([instance('replica'), instance('primary')], { replicaOf: 'arn:aws:rds:eu-west-1:210987654321:db:primary' }),
    ],
  ])('is a warning where its source is %s, told once', async (_, why, world) => {
    await world.sweep();
    expect(await verdictOf(world)).toEqual(unwatched(why));
    expect(world.news()).toEqual(['open replica disabled warning']);
    for (const hours of [8, 17, 24]) {
      await world.rds.advanceBy({ hours });
      await world.watch();
      expect((await verdictOf(world))[2]).toBe('replica-source-unwatched');
    }
    expect(world.news().filter((one) => one.includes('replica'))).toEqual([]);
  });

  it('is excluded by the watch while its source, known to the ledger alone, is watched', async () => {
    const world = given([instance('replica')], { more: { discovery: {} } });
    await world.sweep();
    expect(world.news()).toEqual(['open replica disabled warning']);
    world.rds.setTags('primary', { 'backup-tenant': 'acme' });
    await world.sweep();
    expect(await verdictOf(world)).toEqual(excluded);
    expect(world.news()).toEqual(['resolve replica disabled warning']);
    await world.recheck({ account: '123456789012', region: 'eu-west-1', kind: 'instance', id: 'replica' });
    expect(await verdictOf(world)).toEqual(excluded);
  });

  it('follows a source that was renamed, before the configuration does', async () => {
    const world = given([instance('replica'), instance('primary')]);
    await world.sweep();
    world.rds.rename('primary', 'main');
    world.rds.find('replica').replicaOf = 'main';
    await world.sweep();
    expect(await verdictOf(world)).toEqual(excluded);
    await world.recheck({ account: '123456789012', region: 'eu-west-1', kind: 'instance', id: 'replica' });
    expect(await verdictOf(world)).toEqual(excluded);
    expect(world.news().filter((one) => one.includes('replica'))).toEqual([]);
  });

  it('of a replica is as watched as the end of the chain', async () => {
    const world = given([instance('replica'), instance('second'), instance('primary')]);
    world.rds.createInstance({ id: 'second', retention: 0, replicaOf: 'replica' });
    await world.sweep();
    expect([await verdictOf(world), await verdictOf(world, 'second')]).toEqual([excluded, excluded]);
    world.configure({
      operators,
      tenants: [{ id: 'acme', databases: [instance('replica'), instance('second')] }],
    });
    await world.sweep();
    expect(await verdictOf(world, 'second')).toEqual(unwatched('not-configured'));
  });

  it('is not warned of while RDS cannot be listed, nor for ever in a circle', async () => {
    const world = given([instance('replica')], { more: { discovery: {} } });
    world.rds.failNext('DescribeDBClusters', 20);
    await world.sweep();
    // A cluster may be its source.
    expect(await verdictOf(world)).toEqual(excluded);

    const circle = given([instance('replica'), instance('second')], { replicaOf: 'second' });
    circle.rds.createInstance({ id: 'second', retention: 0, replicaOf: 'replica' });
    await circle.sweep();
    expect(await verdictOf(circle)).toEqual(excluded);
  });
});
