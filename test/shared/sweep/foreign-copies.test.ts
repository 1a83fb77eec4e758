/** Copies from another account or Region bear the name of a database of there, and say nothing of that name here. */
import { describe, expect, it } from 'vitest';
import { makeWorld, rowOf, type World, where } from '../../support/world.ts';

const config = {
  operators: [{ email: 'operators@example.com' }],
  tenants: [
    {
      id: 'acme',
      databases: [
        { id: 'orders', kind: 'instance' },
        { id: 'ledger', kind: 'cluster' },
      ],
    },
  ],
};
const taken = new Date('2026-11-18T03:30:00Z');

const copies = [
  ['of another Region', { id: 'from-virginia', fromRegion: 'us-east-1' }],
  ['of another account', { id: 'from-production', fromAccount: '210987654321' }],
  ['by a copy job of AWS Backup', { id: 'awsbackup:copyjob-1a2b3c4d' }],
] as const;
const kinds = [
  ['instance', 'orders'],
  ['cluster', 'ledger'],
] as const;
const cases = copies.flatMap(([which, copy]) => kinds.map(([kind, name]) => [which, kind, name, copy] as const));

const given = (recording = true) => makeWorld({ now: '2026-11-20T12:00:00Z', config, recording });

const verdictOf = async (world: World, id: string, kind: 'instance' | 'cluster') => {
  const { report } = await world.sweep();
  const found = report.databases.find(({ database }) => database === id);
  return [found?.verdict, found?.cause?.code, (found?.notes ?? []).map(({ code }) => code), kind][0];
};

describe.each(cases)('a copy %s, of a %s of the name of %s', (_, kind, name, copy) => {
  it.each([
    ['an event', true],
    ['the sweep alone', false],
  ])('heard of by %s: leaves a database that was never here missing', async (_, recording) => {
    const world = given(recording);
    world.rds.receiveCopy({ ...copy, of: { name, kind }, taken });
    await world.rds.settle();
    expect(await verdictOf(world, name, kind)).toBe('missing');
    await world.rds.advanceBy({ hours: 24 });
    expect(await verdictOf(world, name, kind)).toBe('missing');
    await world.rds.advanceBy({ hours: 7 });
    await world.watch();
    expect(world.news().filter((one) => one.includes(' deleted '))).toEqual([]);
  });

  it('is of no other database that had the name before', async () => {
    const world = given();
    world.rds.receiveCopy({ ...copy, of: { name, kind }, taken });
    await world.rds.settle();
    await world.sweep();
    const spec = { id: name, created: new Date('2026-11-20T11:00:00Z') };
    if (kind === 'instance') world.rds.createInstance(spec);
    else world.rds.createCluster(spec);
    const { report } = await world.sweep();
    const found = report.databases.find(({ database }) => database === name);
    expect(found).toMatchObject({ verdict: 'new', tenant: 'acme' });
    expect(JSON.stringify([found?.cause, found?.notes])).not.toContain('name-used-before');
  });

  it('belongs to nobody, and is recorded as what it is', async () => {
    const world = given();
    const snapshot = world.rds.receiveCopy({ ...copy, of: { name, kind }, taken });
    await world.rds.settle();
    await world.sweep();
    const [backup] = await world.ledger.backupsByArn(snapshot.arn);
    expect(backup).toMatchObject({ databaseId: name });
    expect(backup?.tenant).toBeUndefined();
    expect(backup?.copy.state).not.toBe('queued');
  });
});

describe('a copy of a database that was here', () => {
  it.each(copies)('%s, brought back, is of the database that was deleted', async (_, copy) => {
    const world = given();
    const orders = world.rds.createInstance({ id: 'orders', created: new Date('2026-10-01T00:00:00Z') });
    world.rds.takeBackup(orders, { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
    world.rds.createCluster({ id: 'ledger', created: new Date('2026-10-01T00:00:00Z') });
    await world.sweep();
    world.rds.receiveCopy({ ...copy, of: { name: 'orders' }, taken, resourceId: orders.resourceId });
    await world.rds.settle();
    world.rds.delete('orders');
    await world.rds.settle();
    world.news();
    await world.sweep();
    expect((await rowOf(world, 'orders')).verdict).toBe('deleted');
    const [row] = await world.ledger.databasesByName({ ...where, kind: 'instance', id: 'orders' });
    expect(row).not.toHaveProperty('foreign');
  });
});
