/**
 * The ledger is restored to what it was six hours ago, while RDS and S3 are as they are: what the next sweep repairs, what is
 * sent, and what is exported. `docs/deploying.md` has the steps of a person.
 */
import { expect, it } from 'vitest';
import { exportFailure } from '../../../local/rds/exports.ts';
import { notifyingFrom } from '../../../shared/notifications/notify-from.ts';
import { MemoryTable } from '../../support/memory-ledger.ts';
import { alertOf, collect, type World } from '../../support/world.ts';
import { copyWorld, exporting } from '../copies/world.ts';

const databases = ['orders', 'billing', 'crm', 'lab', 'shop'];

/** A table whose rows can be taken back. */
function restorable() {
  let current = new MemoryTable();
  const table = new Proxy(current, {
    get(_, name) {
      const member: unknown = Reflect.get(current, name, current);
      return typeof member === 'function' ? member.bind(current) : member;
    },
  });
  return {
    table,
    restore: async (items: MemoryTable['items']) => {
      current = new MemoryTable();
      await current.putAll(items);
    },
  };
}

/**
 * At 12:00 `crm` and `lab` are known to be overdue, and the export of `billing` runs. By 18:00 `lab` has its backup, exported at the
 * second attempt, `shop` is overdue as well, `orders` has a backup more, and all exports have ended. People were notified of all
 * of it; the ledger is that of 12:00.
 */
async function givenRestored() {
  const { table, restore } = restorable();
  const world = copyWorld({
    now: '2026-11-20T00:00:00Z',
    config: exporting({ acme: ['orders', 'billing', 'crm'], globex: ['lab', 'shop'] }, {}, { schedule: 'every' }),
    automatic: true,
    table,
  });
  const { rds } = world;
  const windows = ['02:00-02:30', '11:20-11:50', '03:00-03:30', '03:30-04:00', '14:00-14:30'];
  for (const [at, id] of databases.entries()) {
    rds.createInstance({ id, dataGb: 100, retention: 7 });
    rds.setWindow(id, windows[at] ?? '');
  }
  const until = async (time: string) => {
    const end = new Date(time);
    while (rds.now < end) {
      await rds.advanceBy({ minutes: 15 });
      await world.sweepAndCopy('watch');
    }
  };
  await world.sweepAndCopy('sweep');
  await until('2026-11-20T22:00:00Z');
  for (const id of ['crm', 'lab', 'shop']) {
    rds.skipBackups(id, id === 'lab' ? 1 : 2);
    rds.setLatestRestorable(id, new Date('2026-11-20T15:00:00Z'));
  }
  await until('2026-11-21T12:00:00Z');
  const before = { news: world.news(), running: (await world.copies('running')).map(({ databaseId }) => databaseId) };
  const items = table.items.map((item) => structuredClone(item));
  await until('2026-11-21T14:00:00Z');
  for (const id of ['orders', 'lab']) rds.takeBackup(id, { kind: 'automated', durationMinutes: 0 });
  for (const { id } of rds.snapshots('lab').slice(-1))
    rds.planExport(id, { kind: 'fail', cause: exportFailure.internal() });
  await until('2026-11-21T18:00:00Z');
  const since = { news: world.news(), complete: await completeCopies(world) };
  await restore(items);
  const tasks = rds.exportTasks().length;
  const sent = world.published.splice(0).length;
  return { ...world, until, before, since, tasks, sent };
}

async function completeCopies({ ledger }: Pick<World, 'ledger'>): Promise<string[]> {
  const backups = await Promise.all(['acme', 'globex'].map((tenant) => collect(ledger.backupsOfTenant(tenant))));
  return backups
    .flat()
    .flatMap(({ id, copy }) => (copy.state === 'complete' ? [`${id} ${copy.taskId}`] : []))
    .sort();
}

it('a restored ledger does not know what happened since', async () => {
  const { before, since, sent, ...world } = await givenRestored();
  const known = await completeCopies(world);
  expect(before).toEqual({ news: ['open crm overdue critical', 'open lab overdue critical'], running: ['billing'] });
  expect(since.news).toEqual(['open shop overdue critical', 'resolve lab overdue critical']);
  expect(sent).toBe(8);
  const unknown = since.complete.filter((copy) => !known.includes(copy));
  const attempts = unknown.map((copy) => copy.replace(/-.*-/, ', attempt '));
  expect(attempts).toEqual(['rds:billing, attempt 1', 'rds:lab, attempt 2', 'rds:orders, attempt 1']);
});

it('the next sweep records the backups of the time between, and finds their exports; none is made twice', async () => {
  const { since, tasks, ...world } = await givenRestored();
  const { report } = await world.sweep();
  expect(report.eventsMissed).toBe(2);
  await world.settled();
  await world.until('2026-11-21T20:00:00Z');
  expect(await completeCopies(world)).toEqual(since.complete);
  expect(world.rds.exportTasks()).toHaveLength(tasks);
  expect(world.notified).toEqual([]);
});

it('what people were notified of before stays so; of what happened since they are notified again', async () => {
  const world = await givenRestored();
  await world.sweepAndCopy('sweep');
  expect(world.news()).toEqual(['open shop overdue critical', 'resolve lab overdue critical']);
  // One for operators and one for the tenant, each.
  expect(world.published).toHaveLength(4);
  await world.until('2026-11-21T22:00:00Z');
  expect(world.published).toHaveLength(4);
});

it('unless it knows from when on people are to be notified: then nobody is notified twice, and of what is new as always', async () => {
  const world = await givenRestored();
  const held: string[] = [];
  const log = {
    info: () => {},
    error: () => {},
    warn: (_: string, { subject }: Record<string, unknown> = {}) => void held.push(String(subject)),
  };
  const topic = { publish: async (message: (typeof world.published)[number]) => void world.published.push(message) };
  const publisher = notifyingFrom(topic, new Date('2026-11-21T19:00:00Z'), { now: () => world.rds.now, log });
  world.state.publish = (message) => publisher.publish(message);
  await world.sweepAndCopy('sweep');
  await world.until('2026-11-21T22:00:00Z');
  expect(world.published).toEqual([]);
  expect(held).toHaveLength(4);
  expect(await alertOf(world, 'lab')).toBeUndefined();
  expect(await alertOf(world, 'shop')).toMatchObject({ verdict: 'overdue', notified: [{ step: 'open', to: 'all' }] });

  world.news();
  world.rds.skipBackups('billing', 1);
  world.rds.setLatestRestorable('billing', new Date('2026-11-21T15:00:00Z'));
  await world.until('2026-11-22T14:15:00Z');
  expect(world.news()).toEqual(['open billing overdue critical', 'remind crm overdue critical']);
});
