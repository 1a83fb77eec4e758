/** Names of snapshots and databases are used again and change: what was recorded stays what, and whose, it is. */
import { describe, expect, it } from 'vitest';
import type { RdsEvent } from '../../../local/rds/events.ts';
import { collect, makeWorld, rowOf, type World, where } from '../../support/world.ts';

const copied = { copy: { mode: 'export', schedule: 'every', kinds: ['automated', 'manual'] } };
const orders = { id: 'orders', kind: 'instance', ...copied };
const ledger = { id: 'ledger', kind: 'cluster', ...copied };
const owned = (owners: Readonly<Record<string, readonly object[]>>) => ({
  operators: [{ email: 'operators@example.com' }],
  tenants: Object.entries(owners).map(([id, databases]) => ({ id, databases })),
});
const created = new Date('2026-10-01T00:00:00Z');

/** A world whose events are kept until a test delivers them, where `held` says so. */
function given(owners: Parameters<typeof owned>[0], held = false) {
  const events: RdsEvent[] = [];
  const world = makeWorld({
    now: '2026-11-20T12:00:00Z',
    config: owned(owners),
    ...(held && { simulator: { eventSink: async (event: RdsEvent) => void events.push(event) } }),
  });
  return { ...world, deliverHeld: () => world.deliver(...events.splice(0).map((event) => JSON.stringify(event))) };
}

async function open(world: Pick<World, 'ledger'>, resourceId: string) {
  const all = await collect(world.ledger.backupsOfDatabase(`${where.account}/${where.region}/${resourceId}`));
  return all.filter(({ closed }) => closed === undefined);
}

describe('a snapshot’s name that is used again every day', () => {
  const nights = async (kind: 'instance' | 'cluster', delivered: 'events' | 'no events') => {
    const world = given({ acme: [{ id: 'orders', kind }] });
    const database =
      kind === 'cluster'
        ? world.rds.createCluster({ id: 'orders', created })
        : world.rds.createInstance({ id: 'orders', created, retention: 0 });
    if (delivered === 'no events') world.rds.loseEvents(() => true);
    for (let night = 0; night < 8; night += 1) {
      if (night > 0) world.rds.deleteSnapshot('nightly');
      world.rds.takeBackup('orders', { id: 'nightly', kind: 'manual', durationMinutes: 10 });
      await world.rds.advanceBy({ hours: 3 });
      await world.sweep();
      await world.rds.advanceBy({ hours: 21 });
    }
    return { ...world, database };
  };

  it.each([
    ['instance', 'events'],
    ['instance', 'no events'],
    ['cluster', 'events'],
    ['cluster', 'no events'],
  ] as const)('leaves no phantom: %s, %s', async (kind, delivered) => {
    const world = await nights(kind, delivered);
    await world.sweep();
    const has = world.rds
      .snapshots(world.database)
      .map(({ id, startedAt }) => ({ id, createdAt: startedAt }))
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime());
    const live = await open(world, world.database.resourceId);
    expect(live.map(({ id, createdAt }) => ({ id, createdAt }))).toEqual(has);
    expect(has.filter(({ id }) => id === 'nightly')).toHaveLength(1);
  });

  it.each(['instance', 'cluster'] as const)('and fails one night, protects nobody: %s', async (kind) => {
    const world = await nights(kind, 'no events');
    for (const snapshot of world.rds.snapshots(world.database)) {
      if (snapshot.id === 'nightly') world.rds.deleteSnapshot(snapshot);
      else world.rds.expire(snapshot);
    }
    // Tonight's hangs; RDS shows no creation time of it.
    world.rds.takeBackup('orders', { id: 'nightly', kind: 'manual', durationMinutes: 10_000 });
    await world.rds.advanceBy({ minutes: 20 });
    const { report } = await world.sweep();
    expect(report.databases).toMatchObject([{ database: 'orders', newestBackup: null }]);
    expect(report.databases[0]?.verdict).not.toBe('protected');
    expect(await open(world, world.database.resourceId)).toEqual([]);
  });

  it('closes the row of the snapshot that was deleted, whatever is delivered late, and no other', async () => {
    const world = given({ acme: [orders] }, true);
    const { resourceId } = world.rds.createInstance({ id: 'orders', created });
    for (let night = 0; night < 3; night += 1) {
      if (night > 0) world.rds.deleteSnapshot('nightly');
      world.rds.takeBackup('orders', { id: 'nightly', durationMinutes: 0 });
      await world.rds.settle();
      await world.rds.advanceBy({ hours: 24 });
    }
    // All at once: creations and deletions of three snapshots of one name.
    await world.deliverHeld();
    const nightly = (await open(world, resourceId)).filter(({ id }) => id === 'nightly');
    expect(nightly).toMatchObject([{ createdAt: world.rds.snapshot('nightly').startedAt }]);
  });

  it('on another database is that database’s', async () => {
    const world = given({ acme: [orders], globex: [{ ...orders, id: 'shop' }] });
    const first = world.rds.createInstance({ id: 'orders', created });
    const second = world.rds.createInstance({ id: 'shop', created });
    world.rds.takeBackup('orders', { id: 'nightly', durationMinutes: 0 });
    await world.rds.settle();
    world.rds.loseEvents(({ detail }) => detail.EventID === 'RDS-EVENT-0041');
    world.rds.deleteSnapshot('nightly');
    await world.rds.advanceBy({ hours: 1 });
    world.rds.takeBackup('shop', { id: 'nightly', durationMinutes: 0 });
    await world.rds.settle();
    expect(await open(world, first.resourceId)).toEqual([]);
    expect(await rowOf(world, 'orders')).not.toHaveProperty('newestBackup');
    expect(await open(world, second.resourceId)).toMatchObject([{ id: 'nightly', tenant: 'globex' }]);
  });
});

describe('a database’s name that passes on to another tenant', () => {
  const passedOn = async () => {
    const world = given({ acme: [orders, ledger] }, true);
    const first = world.rds.createInstance({ id: 'orders', created });
    world.rds.takeBackup('orders', { id: 'acme-first', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliverHeld();
    await world.rds.advanceBy({ hours: 1 });
    await world.sweep();
    world.rds.takeBackup('orders', { id: 'acme-last', durationMinutes: 0 });
    await world.rds.settle();
    world.rds.delete('orders', { keepAutomated: true });
    await world.rds.advanceBy({ minutes: 5 });
    const second = world.rds.createInstance({ id: 'orders', created: world.rds.now });
    world.configure(owned({ acme: [ledger], globex: [orders] }));
    return { ...world, first, second };
  };

  it('leaves a late event of the first to its tenant, and copies it to nobody else’s place', async () => {
    const world = await passedOn();
    await world.deliverHeld();
    expect(await open(world, world.first.resourceId)).toMatchObject([
      {
        id: 'acme-last',
        tenant: 'acme',
        copy: { state: 'skipped', cause: { code: 'owner-changed', facts: { tenant: 'globex' } } },
      },
      { id: 'acme-first', tenant: 'acme', copy: { state: 'queued' } },
    ]);
  });

  it('leaves what only a sweep finds to its tenant, too', async () => {
    const world = await passedOn();
    await world.sweep();
    expect((await open(world, world.first.resourceId)).map(({ id, tenant }) => [id, tenant])).toEqual([
      ['acme-last', 'acme'],
      ['acme-first', 'acme'],
    ]);
  });

  it('gives the second its backups from the first event on, before any sweep has seen it', async () => {
    const world = await passedOn();
    await world.deliverHeld();
    world.rds.takeBackup('orders', { id: 'globex-first', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliverHeld();
    expect(await open(world, world.second.resourceId)).toMatchObject([
      { id: 'globex-first', tenant: 'globex', copy: { state: 'queued' } },
    ]);
    await world.sweep();
    const row = await world.ledger.databases([`${where.account}/${where.region}/${world.first.resourceId}`]);
    expect(row).toMatchObject([{ formerOwners: [{ tenant: 'acme', until: world.rds.now }] }]);
    expect(row[0]).not.toHaveProperty('tenant');
  });

  it('is nobody’s where a stranger’s snapshot bears it', async () => {
    const world = await passedOn();
    await world.deliverHeld();
    await world.sweep();
    // A third database had the name for an hour, and is gone before anybody looked.
    world.rds.delete('orders');
    const third = world.rds.createInstance({ id: 'orders', created: world.rds.now });
    world.rds.takeBackup('orders', { id: 'of-third', durationMinutes: 0 });
    await world.rds.settle();
    world.rds.delete('orders');
    await world.rds.settle();
    await world.deliverHeld();
    const [backup] = await open(world, third.resourceId);
    expect(backup).toMatchObject({ id: 'of-third', copy: { state: 'none' } });
    expect(backup).not.toHaveProperty('tenant');
  });
});

describe('a database that moves to another tenant', () => {
  it('keeps what was made before for the first, and what is made after for the second', async () => {
    const world = given({ acme: [orders], globex: [ledger] });
    const { resourceId } = world.rds.createInstance({ id: 'orders', created });
    world.rds.takeBackup('orders', { id: 'before', durationMinutes: 0 });
    await world.rds.advanceBy({ hours: 1 });
    await world.sweep();
    world.configure(owned({ acme: [], globex: [orders, ledger] }));
    await world.sweep();
    await world.rds.advanceBy({ hours: 1 });
    world.rds.takeBackup('orders', { id: 'after', durationMinutes: 0 });
    await world.rds.settle();
    expect((await open(world, resourceId)).map(({ id, tenant, copy }) => [id, tenant, copy.state])).toEqual([
      ['after', 'globex', 'queued'],
      ['before', 'acme', 'queued'],
    ]);
    expect(await rowOf(world, 'orders')).toMatchObject({ tenant: 'globex', formerOwners: [{ tenant: 'acme' }] });
  });
});

describe('a database whose former owner’s backups are announced late', () => {
  it('leaves them to the former owner, and itself to the owner of today', async () => {
    const world = given({ acme: [orders], globex: [ledger] }, true);
    const { resourceId } = world.rds.createInstance({ id: 'orders', created });
    await world.sweep();
    world.rds.takeBackup('orders', { id: 'of-acme', durationMinutes: 90 });
    await world.rds.advanceBy({ hours: 1 });
    world.configure(owned({ acme: [], globex: [orders, ledger] }));
    await world.sweep();
    await world.rds.advanceBy({ hours: 1 });
    await world.deliverHeld();
    expect(await open(world, resourceId)).toMatchObject([
      { id: 'of-acme', tenant: 'acme', copy: { state: 'skipped', cause: { code: 'owner-changed' } } },
    ]);
    expect(await rowOf(world, 'orders')).toMatchObject({ tenant: 'globex', formerOwners: [{ tenant: 'acme' }] });
  });

  it('stays without an owner until a sweep gives it one, though the configuration names one already', async () => {
    const world = given({ acme: [orders], globex: [ledger] }, true);
    const { resourceId } = world.rds.createInstance({ id: 'orders', created });
    await world.sweep();
    world.rds.takeBackup('orders', { id: 'of-acme', durationMinutes: 90 });
    await world.rds.advanceBy({ hours: 1 });
    world.configure(owned({ acme: [], globex: [ledger] }));
    await world.sweep();
    await world.rds.advanceBy({ hours: 1 });
    world.configure(owned({ acme: [], globex: [orders, ledger] }));
    await world.deliverHeld();
    expect(await open(world, resourceId)).toMatchObject([{ id: 'of-acme', tenant: 'acme' }]);
    expect(await rowOf(world, 'orders')).not.toHaveProperty('tenant');
  });
});

describe('a database that nobody owned', () => {
  it('is its tenant’s from the first event after it was configured', async () => {
    const world = given({ acme: [ledger] });
    const { resourceId } = world.rds.createInstance({ id: 'orders', created });
    const take = async (id: string) => {
      world.rds.takeBackup('orders', { id, durationMinutes: 0 });
      await world.rds.advanceBy({ hours: 1 });
    };
    await take('unowned');
    expect(await rowOf(world, 'orders')).not.toHaveProperty('tenant');
    world.configure(owned({ acme: [orders, ledger] }));
    await take('owned');
    expect((await open(world, resourceId)).map(({ id, tenant }) => [id, tenant])).toEqual([
      ['owned', 'acme'],
      ['unowned', undefined],
    ]);
    expect(await rowOf(world, 'orders')).toMatchObject({ tenant: 'acme', configuredAs: 'orders' });
  });

  it('and whose name another one has now is not that one’s tenant’s', async () => {
    const world = given({ acme: [orders] }, true);
    const first = world.rds.createInstance({ id: 'orders', created });
    world.rds.takeBackup('orders', { id: 'of-first', durationMinutes: 0 });
    await world.rds.settle();
    world.rds.delete('orders');
    const second = world.rds.createInstance({ id: 'orders', created: world.rds.now });
    world.rds.takeBackup('orders', { id: 'of-second', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliverHeld();
    const [ofFirst] = await open(world, first.resourceId);
    expect(ofFirst).toMatchObject({ id: 'of-first', copy: { state: 'none' } });
    expect(ofFirst).not.toHaveProperty('tenant');
    expect(await open(world, second.resourceId)).toMatchObject([{ id: 'of-second', tenant: 'acme' }]);
  });

  it('takes the name from nobody: the next one of it, gone before its event, is its tenant’s', async () => {
    const world = given({ acme: [ledger] }, true);
    world.rds.createInstance({ id: 'orders', created });
    world.rds.takeBackup('orders', { id: 'unowned', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliverHeld();
    world.rds.delete('orders');
    world.configure(owned({ acme: [orders, ledger] }));
    const second = world.rds.createInstance({ id: 'orders', created: world.rds.now });
    world.rds.takeBackup('orders', { id: 'last', durationMinutes: 0 });
    await world.rds.settle();
    world.rds.delete('orders');
    await world.rds.settle();
    await world.deliverHeld();
    expect(await open(world, second.resourceId)).toMatchObject([{ id: 'last', tenant: 'acme' }]);
  });
});

describe('a database that left the configuration before its last backup was announced', () => {
  const discovery = {
    defaults: { copy: { mode: 'export', kinds: ['manual'] }, bucket: { type: 'shared' } },
    discovery: {},
  };

  it.each([
    ['without discovery', [orders], {}, {}],
    ['with discovery', [orders], discovery, discovery],
    ['that had enrolled itself, and cannot any more', [], discovery, {}],
  ])('leaves it to its tenant, and has it copied nowhere: %s', async (_what, listed, before, after) => {
    const world = given({ acme: [ledger] }, true);
    world.configure({ ...owned({ acme: [...listed, ledger] }), ...before });
    const tags = listed.length > 0 ? {} : { 'backup-tenant': 'acme' };
    const { resourceId } = world.rds.createInstance({ id: 'orders', created, tags });
    await world.sweep();
    world.rds.takeBackup('orders', { id: 'last', durationMinutes: 0 });
    await world.rds.settle();
    world.configure({ ...owned({ acme: [ledger] }), ...after });
    await world.deliverHeld();
    expect(await open(world, resourceId)).toMatchObject([
      { id: 'last', tenant: 'acme', copy: { state: 'none', cause: { code: 'not-configured' } } },
    ]);
  });
});

describe('a database that is renamed', () => {
  it('is copied by the entry of its new name, where the old name is another tenant’s by now', async () => {
    const world = given({ acme: [orders], globex: [ledger] });
    const { resourceId } = world.rds.createInstance({ id: 'orders', created });
    await world.sweep();
    world.rds.rename('orders', 'orders-old');
    world.configure(owned({ acme: [{ ...orders, id: 'orders-old' }], globex: [orders, ledger] }));
    world.rds.takeBackup('orders-old', { id: 'after', durationMinutes: 0 });
    await world.rds.settle();
    expect(await open(world, resourceId)).toMatchObject([{ id: 'after', tenant: 'acme', copy: { state: 'queued' } }]);
  });

  it.each(['instance', 'cluster'] as const)(
    'keeps its tenant and its copies until the configuration follows, and after: %s',
    async (kind) => {
      const entry = { id: 'orders', kind, ...copied };
      const world = given({ acme: [entry] });
      const made =
        kind === 'cluster'
          ? world.rds.createCluster({ id: 'orders', created })
          : world.rds.createInstance({ id: 'orders', created });
      await world.sweep();
      await world.rds.advanceBy({ hours: 1 });
      world.rds.rename('orders', 'orders-v2');
      const take = async (id: string) => {
        world.rds.takeBackup('orders-v2', { id, durationMinutes: 0 });
        await world.rds.advanceBy({ hours: 1 });
      };
      await take('before-sweep');
      await world.sweep();
      await take('after-sweep');
      world.configure(owned({ acme: [{ ...entry, id: 'orders-v2' }] }));
      await take('configured');
      await world.sweep();
      await take('swept');
      const all = await open(world, made.resourceId);
      expect(all.map(({ id, tenant, databaseId, copy }) => [id, tenant, databaseId, copy.state])).toEqual([
        ['swept', 'acme', 'orders-v2', 'queued'],
        ['configured', 'acme', 'orders-v2', 'queued'],
        ['after-sweep', 'acme', 'orders-v2', 'queued'],
        ['before-sweep', 'acme', 'orders-v2', 'queued'],
      ]);
    },
  );
});

describe('databases that enrolled themselves by tag', () => {
  const tagged = (tenant: string) => ({ created, tags: { 'backup-tenant': tenant } });
  const enrolling = (tenants: Parameters<typeof owned>[0] = {}) => {
    const world = given(tenants, true);
    world.configure({
      ...owned(tenants),
      defaults: { copy: { mode: 'export', kinds: ['manual'] }, bucket: { type: 'shared' } },
      discovery: {},
    });
    return world;
  };

  it('are each their own tenant’s, in one batch and under one name of both kinds', async () => {
    const world = enrolling();
    const instance = world.rds.createInstance({ id: 'orders', ...tagged('acme') });
    const cluster = world.rds.createCluster({ id: 'orders', ...tagged('globex') });
    const untagged = world.rds.createInstance({ id: 'shop', created });
    world.rds.takeBackup(instance, { id: 'of-instance', durationMinutes: 0 });
    world.rds.takeBackup(cluster, { id: 'of-cluster', durationMinutes: 0 });
    world.rds.takeBackup(untagged, { id: 'of-nobody', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliverHeld();
    const tenants = async (resourceId: string) => (await open(world, resourceId)).map(({ id, tenant }) => [id, tenant]);
    expect(await tenants(instance.resourceId)).toEqual([['of-instance', 'acme']]);
    expect(await tenants(cluster.resourceId)).toEqual([['of-cluster', 'globex']]);
    expect(await tenants(untagged.resourceId)).toEqual([['of-nobody', undefined]]);
  });

  it('leave their last backup to their tenant, which is copied though their tags are gone with them', async () => {
    const world = enrolling();
    const { resourceId } = world.rds.createInstance({ id: 'orders', ...tagged('acme') });
    await world.rds.advanceBy({ hours: 1 });
    await world.sweep();
    world.rds.takeBackup('orders', { id: 'last', durationMinutes: 0 });
    await world.rds.settle();
    world.rds.delete('orders');
    await world.rds.settle();
    await world.deliverHeld();
    expect(await open(world, resourceId)).toMatchObject([{ id: 'last', tenant: 'acme', copy: { state: 'queued' } }]);
  });

  it('are nobody’s once nothing enrols them and the configuration does not know them', async () => {
    const world = enrolling();
    const { resourceId } = world.rds.createInstance({ id: 'orders', created });
    await world.rds.advanceBy({ hours: 1 });
    world.rds.takeBackup('orders', { id: 'last', durationMinutes: 0 });
    await world.rds.settle();
    world.rds.delete('orders');
    await world.rds.settle();
    await world.deliverHeld();
    const [backup] = await open(world, resourceId);
    expect(backup).toMatchObject({ id: 'last', copy: { state: 'none' } });
    expect(backup).not.toHaveProperty('tenant');
  });
});

describe('a configured database that RDS no longer shows when its first event comes', () => {
  const goneBefore = async (...others: string[]) => {
    const world = given({ acme: [orders] }, true);
    const first = world.rds.createInstance({ id: 'orders', created });
    for (const id of others) world.rds.takeBackup('orders', { id, durationMinutes: 0 });
    await world.rds.settle();
    if (others.length > 0) await world.deliverHeld();
    world.rds.takeBackup('orders', { id: 'last', durationMinutes: 0 });
    await world.rds.settle();
    world.rds.delete('orders');
    await world.rds.settle();
    await world.deliverHeld();
    return open(world, first.resourceId);
  };

  it('is its tenant’s, since nobody else had the name', async () => {
    expect(await goneBefore()).toMatchObject([{ id: 'last', tenant: 'acme', copy: { state: 'queued' } }]);
  });

  it('stays its tenant’s where the ledger knew it', async () => {
    expect((await goneBefore('first')).map(({ tenant }) => tenant)).toEqual(['acme', 'acme']);
  });
});
