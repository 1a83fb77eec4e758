/** One item's failure stays its own: whatever happens to one database, all others are checked and told of. */
import { describe, expect, it } from 'vitest';
import type { DatabaseKey } from '../../../shared/domain/index.ts';
import { alertKey, rowKey } from '../../../shared/ledger/items.ts';
import type { Item, Written } from '../../../shared/ledger/table.ts';
import { MemoryTable, refuse, spoil } from '../../support/memory-ledger.ts';
import { alertOf, collect, makeWorld, rowOf, type World } from '../../support/world.ts';

const ids = ['orders', 'billing', 'crm'] as const;
const config = {
  operators: [{ email: 'operators@example.com' }],
  tenants: ids.map((id) => ({ id: `tenant-of-${id}`, databases: [{ id, kind: 'instance' }] })),
};

/** Three tenants' databases after a night without backups; nobody knows yet. */
async function afterTheNight(table = new MemoryTable()) {
  const world = makeWorld({ now: '2026-11-20T12:00:00Z', config, table });
  for (const id of ids) {
    const database = world.rds.createInstance({ id, created: new Date('2026-10-01T00:00:00Z') });
    world.rds.takeBackup(database, { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
  }
  await world.sweep();
  for (const id of ids) world.rds.skipBackups(id, 3);
  world.rds.loseEvents(() => true);
  await world.rds.runNight('09:00');
  world.published.splice(0);
  const key = (await rowOf(world, 'orders')).key;
  return { world, table, key };
}

type Night = Awaited<ReturnType<typeof afterTheNight>>;

const isOf = (key: DatabaseKey) => (item: Item) => item.pk.includes(key);

function failing(name: string, message: string) {
  return ({ table, key }: Night) => {
    const { put, putTogether } = table;
    const check = (items: readonly Item[]) => {
      if (items.some(isOf(key))) throw Object.assign(new Error(message), { name });
    };
    Object.assign(table, {
      put: async (write: { item: Item }) => {
        check([write.item]);
        return put.call(table, write);
      },
      putTogether: async (writes: { item: Item }[]) => {
        check(writes.map(({ item }) => item));
        return putTogether.call(table, writes);
      },
    });
  };
}

/** Each fault of the row of `orders`, and what is said of it. */
const faults: readonly (readonly [string, (night: Night) => void | Promise<void>, RegExp])[] = [
  ['cannot be read', ({ table, key }) => spoil(table, rowKey(key)), /cannot be read/],
  [
    'has a value of a later version that this one cannot read',
    async ({ table, key }) => {
      const [item] = await table.read([rowKey(key)]);
      const facts = { ...(item?.databaseFacts as object), newestBackup: 7 };
      await table.put({ item: { ...(item as Item), databaseFacts: facts } });
    },
    /cannot be read/,
  ],
  ['is too large to be written', ({ table, key }) => refuse(table, isOf(key)), /could not be written: .*Item size/],
  [
    'is throttled',
    failing('ProvisionedThroughputExceededException', 'Rate exceeded'),
    /could not be written: ProvisionedThroughputExceededException: Rate exceeded/,
  ],
  [
    'is changed by others again and again',
    ({ table, key }) => {
      const { put, putTogether } = table;
      const conflict = async (): Promise<Written> => 'conflict';
      Object.assign(table, {
        put: (write: { item: Item }) => (isOf(key)(write.item) ? conflict() : put.call(table, write)),
        putTogether: (writes: { item: Item }[]) =>
          writes.some(({ item }) => isOf(key)(item)) ? conflict() : putTogether.call(table, writes),
      });
    },
    /could not be written: .*changed by others 10 times/,
  ],
];

const runs: readonly (readonly [string, (world: World) => ReturnType<World['sweep']>])[] = [
  ['sweep', (world) => world.sweep()],
  ['watch', (world) => world.watch()],
];

/** Of the messages since the last look; a tenant's and the operators' one have the same subject. */
const subjects = (world: World) => [...new Set(world.published.map(({ subject }) => subject))].sort();

describe.each(runs)('a %s', (_, run) => {
  describe.each(faults)('whose row of one database %s', (_, spoilIt, said) => {
    it('alerts for all others, names what it left out, and tells the operators once a day', async () => {
      const night = await afterTheNight();
      const { world } = night;
      await spoilIt(night);
      const { report, row } = await run(world);
      expect(report.complete).toBe(false);
      expect(report.errors).toEqual([expect.stringMatching(said)]);
      expect(row.leftOut).toMatchObject([{ text: expect.stringMatching(said) }]);
      expect(row.notifiedOf).toEqual([{ of: expect.any(String), at: world.rds.now }]);
      expect(subjects(world)).toEqual([
        'CRITICAL a check of the databases left out 1 item',
        'WARNING tenant-of-billing: 1 database overdue (billing)',
        'WARNING tenant-of-crm: 1 database overdue (crm)',
      ]);
      const left = world.published.find(({ attributes }) => attributes.kind === 'run-incomplete');
      expect(left?.attributes).toMatchObject({ audience: 'operators', tenant: '*', severity: 'critical' });
      expect(left?.texts.email.replaceAll(/\s+/g, ' ')).toMatch(said);

      world.published.splice(0);
      for (let quarters = 0; quarters < 8; quarters += 1) {
        await world.rds.advanceBy({ minutes: 15 });
        await world.watch();
      }
      expect(subjects(world)).toEqual([]);
      await world.rds.advanceBy({ hours: 23 });
      await world.watch();
      expect(subjects(world)).toContain('CRITICAL a check of the databases left out 1 item');
    });
  });

  it('alerts for the database that it left out once its row can be written again', async () => {
    const night = await afterTheNight();
    const { world, table, key } = night;
    const { put, putTogether, putAll } = table;
    refuse(table, isOf(key));
    await run(world);
    expect((await rowOf(world, 'orders')).verdict).toBe('protected');
    Object.assign(table, { put, putTogether, putAll });
    world.published.splice(0);
    await world.rds.advanceBy({ minutes: 15 });
    const { report } = await world.watch();
    expect(report).toMatchObject({ complete: true, errors: [] });
    expect(subjects(world)).toEqual(['WARNING tenant-of-orders: 1 database overdue (orders)']);
    await world.rds.advanceBy({ minutes: 15 });
    expect((await world.watch()).report.databases).toEqual([]);
  });

  it('notifies and closes although copies cannot be triggered', async () => {
    const { world } = await afterTheNight();
    world.state.triggerCopies = async () => {
      throw new Error('Lambda throttles');
    };
    const { report, row } = await run(world);
    expect(report.errors).toEqual(['copies were not triggered: Error: Lambda throttles']);
    expect(row).not.toHaveProperty('leftOut');
    // The next watch triggers them: nobody is woken for that.
    expect(subjects(world)).toHaveLength(3);
  });

  it('tells the operators once a day of what fails now and then', async () => {
    const night = await afterTheNight();
    const { world, table, key } = night;
    const { put, putTogether, putAll } = table;
    for (let quarter = 0; quarter < 12; quarter += 1) {
      if (quarter % 3 === 0) refuse(table, isOf(key));
      else Object.assign(table, { put, putTogether, putAll });
      await world.rds.advanceBy({ minutes: 15 });
      await run(world);
    }
    const kinds = world.published.map(({ attributes }) => attributes.kind);
    expect(kinds.filter((kind) => kind === 'run-incomplete')).toHaveLength(1);
  });
});

it('a database that is met for the first time and cannot be written is checked again by the next watch', async () => {
  const night = await afterTheNight();
  const { world, table } = night;
  const { put, putTogether, putAll } = table;
  const created = world.rds.createInstance({
    id: 'invoices',
    created: new Date('2026-10-01T00:00:00Z'),
    retention: 0,
  });
  world.configure({
    ...config,
    tenants: [...config.tenants, { id: 'initech', databases: [{ id: 'invoices', kind: 'instance' }] }],
  });
  refuse(table, isOf(`123456789012/eu-west-1/${created.resourceId}`));
  const { report } = await world.sweep();
  expect(report.errors).toEqual([
    expect.stringMatching(/^instance invoices \(initech\) is disabled, but could not be written: /),
  ]);
  Object.assign(table, { put, putTogether, putAll });
  world.published.splice(0);
  await world.rds.advanceBy({ minutes: 15 });
  await world.watch();
  expect(subjects(world)).toContain('CRITICAL initech: 1 database with backups disabled (invoices)');
});

it.each([
  ['before a sweep saw its new name', async () => undefined],
  ['after it', async (world: World) => void (await world.sweep())],
])('a renamed database whose row cannot be read %s is not told as missing', async (_, inBetween) => {
  const { world, table, key } = await afterTheNight();
  world.rds.rename('orders', 'orders-v2');
  await inBetween(world);
  await spoil(table, rowKey(key));
  world.published.splice(0);
  const { report } = await world.sweep();
  expect(report.databases.map(({ database, verdict }) => `${database} ${verdict}`).sort()).toEqual([
    'billing overdue',
    'crm overdue',
    'orders overdue',
  ]);
  expect(report.errors).toEqual([
    expect.stringMatching(
      /^instance orders \(tenant-of-orders\) is overdue by what RDS shows, and no alert can open: /,
    ),
  ]);
  expect(subjects(world).join()).not.toContain('not found');
});

it('a row that cannot be read, and whose keys name nothing, costs its database alone', async () => {
  const { world, table, key } = await afterTheNight();
  const [item] = await table.read([rowKey(key)]);
  await table.put({ item: { ...(item as Item), identityKey: 'orders', databaseFacts: 'spoiled' } });
  const { report } = await world.sweep();
  expect(report.errors).toEqual([expect.stringMatching(/^instance orders .* is overdue by what RDS shows/)]);
});

it('an alert that cannot be read keeps no other from opening, and its database is named', async () => {
  const night = await afterTheNight();
  const { world, table } = night;
  await world.sweep();
  const alert = await alertOf(world, 'orders');
  if (alert === undefined) throw new Error('no alert');
  await spoil(table, alertKey(alert));
  world.published.splice(0);
  await world.rds.advanceBy({ hours: 30 });
  const { report } = await world.watch();
  expect(report.errors).toEqual([
    expect.stringMatching(/^instance orders \(tenant-of-orders\) is overdue by what RDS shows/),
  ]);
  expect(subjects(world)).toEqual([
    'CRITICAL a check of the databases left out 1 item',
    expect.stringContaining('tenant-of-billing'),
    expect.stringContaining('tenant-of-crm'),
  ]);
});

it('a backup that cannot be recorded keeps no other from it, and its database is checked', async () => {
  const { world, table } = await afterTheNight();
  for (const id of ids) {
    world.rds.takeBackup(id, {
      id: `${id}-by-hand`,
      at: new Date(world.rds.now.getTime() - 60_000),
      durationMinutes: 0,
    });
  }
  refuse(table, ({ sk }) => sk.startsWith('BACKUP#') && sk.endsWith('orders-by-hand'));
  const { report } = await world.sweep();
  expect(report.counts).toEqual({ protected: 3 });
  expect(report.errors).toEqual([
    expect.stringMatching(/^instance orders \(tenant-of-orders\) has a backup that was not recorded, orders-by-hand: /),
  ]);
});

it('a run says so where evidence could not be written, and notifies all the same', async () => {
  const { world, table, key } = await afterTheNight();
  refuse(table, ({ pk, sk }) => pk.includes(key) && sk.startsWith('DAY#'));
  const { report } = await world.sweep();
  expect(report.errors).toEqual([
    expect.stringMatching(/^instance orders \(tenant-of-orders\) has no evidence of 2026-11-21: /),
  ]);
  const days = await collect(world.ledger.daysOfDate('2026-11-21'));
  expect(days.map(({ databaseId }) => databaseId).sort()).toEqual(['billing', 'crm']);
  expect(subjects(world)).toHaveLength(4);
});

describe('an odd row of RDS', () => {
  it.each(
    [
      ['a database', 'DbiResourceId'],
      ['a database', 'DBInstanceArn'],
      ['a database', 'Engine'],
      ['a snapshot', 'DBSnapshotArn'],
      ['a snapshot', 'DbiResourceId'],
    ].flatMap(([row, field]) => runs.map(([mode, run]) => [row, field, mode, run] as const)),
  )('of %s without %s makes its database unknown and no other, in a %s', async (row, field = '', mode, run) => {
    const { world } = await afterTheNight();
    const { rds } = world;
    for (const { arn } of row === 'a database' ? [rds.find('orders')] : rds.snapshots('orders'))
      rds.leaveOut(arn, field);
    const { report } = await run(world);
    const verdicts = report.databases.map(({ database, verdict }) => `${database} ${verdict}`).sort();
    expect(verdicts).toEqual(['billing overdue', 'crm overdue', 'orders unknown']);
    expect(report.errors).toContainEqual(expect.stringMatching(/^RDS answered oddly about instance orders: /));
    expect(report.complete).toBe(mode === 'watch');
  });

  it.each(runs)('of one that was renamed makes it unknown, not deleted, in a %s', async (_, run) => {
    const { world } = await afterTheNight();
    const { rds } = world;
    rds.rename('orders', 'orders-new');
    await world.sweep();
    rds.leaveOut(rds.find('orders-new').arn, 'DbiResourceId');
    for (let runs = 0; runs < 3; runs += 1) {
      await rds.advanceBy({ hours: 6, minutes: 15 });
      const { report } = await run(world);
      expect(report.databases.find(({ database }) => database === 'orders')?.verdict).toBe('unknown');
    }
  });
});
