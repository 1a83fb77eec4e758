/** Rows of a later version: what this one does not know it leaves as it is. */
import { describe, expect, it } from 'vitest';
import { type Backup, backupIdOf, type Copy } from '../../../shared/domain/index.ts';
import { backupKey, rowKey } from '../../../shared/ledger/items.ts';
import { updateBackup } from '../../../shared/ledger/update.ts';
import { hourMs } from '../../../shared/lib/time.ts';
import { MemoryTable, refuse, spoil } from '../../support/memory-ledger.ts';
import { copyWorld, exporting } from './world.ts';

const ids = ['orders', 'billing', 'crm'] as const;

async function given(table = new MemoryTable(), copy: object = {}) {
  const config = exporting({ acme: ids }, {}, { kinds: ['manual'], schedule: 'every', ...copy });
  const world = copyWorld({ config, table });
  const backups: Backup[] = [];
  for (const id of ids) {
    const database = world.rds.createInstance({ id });
    world.rds.takeBackup(database, { id: `${id}-1`, at: new Date(world.rds.now.getTime() - hourMs) });
    backups.push(await world.record(`${id}-1`));
  }
  const [orders, billing, crm] = backups as [Backup, Backup, Backup];
  /** Everything that a run of copies does, for a day. */
  const aDay = async () => {
    for (let hour = 0; hour < 24; hour += 1) {
      await world.pass({ backups: backups.map(backupIdOf), exportsEnded: backups.map(({ arn }) => arn) });
      await world.rds.advanceBy({ hours: 1 });
    }
  };
  return { ...world, orders, billing, crm, aDay };
}

describe('a row of a later version', () => {
  it.each([
    ['waits in a mode that this one does not know', { mode: 'mirror', state: 'queued' }],
    ['starts in a mode that this one does not know', { mode: 'mirror', state: 'starting', taskId: 'mirror-1' }],
    ['runs in a mode that this one does not know', { mode: 'mirror', state: 'running', taskId: 'mirror-1' }],
    ['is in a state that this one does not know', { state: 'archiving' }],
  ])('%s: it is left alone by every run, and holds up no other', async (_, later) => {
    const world = await given();
    await world.changeCopy(world.orders, (copy) => ({ ...copy, ...later }) as unknown as Copy);
    const before = await world.row(world.orders);
    const { run } = await world.pass();
    expect(run).toMatchObject({ started: 2, waiting: 0 });
    await world.aDay();
    expect(await world.row(world.orders)).toEqual(before);
    expect([(await world.copyOf(world.billing)).state, (await world.copyOf(world.crm)).state]).toEqual([
      'complete',
      'complete',
    ]);
    expect(world.rds.exportTasks()).toHaveLength(2);
    expect(world.notified).toEqual([]);
  });

  it('keeps its unknown fields through the queue, a failed attempt, and its end', async () => {
    const world = await given();
    const later = { checksum: { of: 'tomorrow' } };
    await updateBackup(world.ledger, backupIdOf(world.orders), (row) => ({
      ...row,
      ...({ origin: 'moon' } as object),
      copy: { ...row.copy, ...later },
      later: { sealed: true },
    }));
    world.rds.planExport(world.orders.id, { kind: 'fail', cause: 'An unknown internal error occurred.' });
    await world.aDay();
    expect(await world.row(world.orders)).toMatchObject({
      origin: 'moon',
      later: { sealed: true },
      copy: { ...later, state: 'complete', attempt: 2 },
    });
  });

  it('with a cause that this one does not know is started as any other', async () => {
    const world = await given();
    await world.changeCopy(world.orders, (copy) => ({
      ...copy,
      cause: { code: 'moon-phase', facts: { phase: 'new' } } as unknown as NonNullable<Copy['cause']>,
    }));
    expect(await world.reasonOf(world.orders)).toBe('moon-phase');
    await world.aDay();
    expect((await world.copyOf(world.orders)).state).toBe('complete');
  });
});

it('a copy whose database’s row cannot be read waits, the others go on, and the run fails in the end', async () => {
  const table = new MemoryTable();
  const world = await given(table);
  await spoil(table, rowKey(world.orders.database));
  await expect(world.pass()).rejects.toThrow(/^1 copy could not be followed or started: The ledger's row .*DATABASE/);
  expect((await world.copyOf(world.orders)).state).toBe('queued');
  expect([(await world.copyOf(world.billing)).state, (await world.copyOf(world.crm)).state]).toEqual([
    'running',
    'running',
  ]);
});

it('a dump waits likewise while its database’s row cannot be read', async () => {
  const table = new MemoryTable();
  const staging = { bucket: 'dumps', owner: '222222222222', key: '{databaseId}.bak', waitHours: 24 };
  const world = await given(table, { mode: 'object', staging });
  for (const id of ids) world.s3.put('dumps', `${id}.bak`, 'a dump');
  await spoil(table, rowKey(world.orders.database));
  await expect(world.pass()).rejects.toThrow(/^1 copy could not be followed or started: The ledger's row .*DATABASE/);
  const states = await Promise.all([world.orders, world.billing, world.crm].map(world.copyOf));
  expect(states.map(({ state }) => state)).toEqual(['queued', 'complete', 'complete']);
});

it('a dump whose row cannot be written is left out, and the others are copied', async () => {
  const table = new MemoryTable();
  const staging = { bucket: 'dumps', owner: '222222222222', key: '{databaseId}.bak', waitHours: 24 };
  const world = await given(table, { mode: 'object', staging });
  for (const id of ids) world.s3.put('dumps', `${id}.bak`, 'a dump');
  refuse(table, ({ pk }) => pk.includes(world.orders.database));
  await expect(world.pass()).rejects.toThrow(/^1 copy could not be followed or started: Item size/);
  const states = await Promise.all([world.orders, world.billing, world.crm].map(world.copyOf));
  expect(states.map(({ state }) => state)).toEqual(['queued', 'complete', 'complete']);
});

it('a copy that cannot be read is left out, the others go on, and the run fails in the end', async () => {
  const table = new MemoryTable();
  const world = await given(table);
  await spoil(table, backupKey(backupIdOf(world.orders)));
  await expect(world.pass()).rejects.toThrow(/^1 copy could not be followed or started: The ledger's row .*BACKUP#/);
  expect([(await world.copyOf(world.billing)).state, (await world.copyOf(world.crm)).state]).toEqual([
    'running',
    'running',
  ]);
});

it('a copy whose row cannot be written is left out, the others go on, and the run fails in the end', async () => {
  const table = new MemoryTable();
  const world = await given(table);
  refuse(table, ({ pk }) => pk.includes(world.orders.database));
  await expect(world.pass()).rejects.toThrow(/^1 copy could not be followed or started: Item size/);
  expect((await world.copyOf(world.orders)).state).toBe('queued');
  expect([(await world.copyOf(world.billing)).state, (await world.copyOf(world.crm)).state]).toEqual([
    'running',
    'running',
  ]);
});
