import { describe, expect, it } from 'vitest';
import { exportFailure } from '../../../local/rds/exports.ts';
import { RdsFault } from '../../../local/rds/faults.ts';
import { workOnCopies } from '../../../shared/copies/work.ts';
import type { Backup } from '../../../shared/domain/index.ts';
import { hourMs } from '../../../shared/lib/time.ts';
import { Mortal } from './crash.ts';
import { copyWorld, exporting, exportRole } from './world.ts';

const databases = Array.from({ length: 50 }, (_, index) => `db-${String(index).padStart(2, '0')}`);

/** Fifty databases of one tenant and one of another, each with a bucket of its own and a waiting backup. */
async function given() {
  const world = copyWorld({
    config: exporting(
      { acme: databases, globex: ['shop'] },
      { defaults: { copy: { mode: 'export', kinds: ['manual'], schedule: 'every' }, bucket: { type: 'own' } } },
    ),
  });
  const all = [...databases, 'shop'];
  for (const id of all) world.rds.createInstance({ id, retention: 0 });
  const backUp = async (round: number) => {
    const backups: Backup[] = [];
    for (const id of all) {
      world.rds.takeBackup(id, { id: `${id}-${round}`, at: new Date(world.rds.now.getTime() - hourMs) });
      backups.push(await world.record(`${id}-${round}`));
    }
    return backups;
  };
  const messages = () => world.notified.splice(0).map(({ tenant, copies }) => [tenant, copies.length]);
  return { ...world, backUp, messages, backups: await backUp(1) };
}

describe('one missing right on fifty buckets', () => {
  it('is one message a tenant and day, with each copy’s own bucket, where RDS refuses the start', async () => {
    const world = await given();
    world.rds.failNext('StartExportTask', 1000, new RdsFault('IamRoleMissingPermissions', 403, 'refused'));
    /** A run tries 50 copies at most. */
    const triedAll = async () => {
      for (let run = 0; run < 4; run += 1) await world.pass();
    };
    await triedAll();
    expect(world.messages()).toEqual([]);
    await world.rds.advanceBy({ hours: 1 });
    await triedAll();
    const [copies] = world.notified.filter(({ tenant }) => tenant === 'acme').map(({ copies: some }) => some);
    const buckets = copies?.flatMap(({ copy: { cause } }) => (cause?.code === 'bucket-denied' ? [cause.facts] : []));
    const distinct = new Set(buckets?.map((facts) => (facts as { bucket: string }).bucket));
    expect(distinct.size).toBeGreaterThanOrEqual(49);
    expect(tenantsIn(world.messages())).toEqual(['acme', 'globex']);

    await world.rds.advanceBy({ hours: 9 });
    const again = await world.backUp(2);
    await triedAll();
    await world.rds.advanceBy({ hours: 1 });
    await triedAll();
    const copied = await Promise.all([...world.backups, ...again].map(world.copyOf));
    expect(copied.map(({ state, setupFailures = 0 }) => `${state} ${setupFailures > 1}`)).toEqual(
      Array(102).fill('queued true'),
    );
    expect(world.messages()).toEqual([]);

    await world.rds.advanceBy({ hours: 15 });
    await world.backUp(3);
    await triedAll();
    await world.rds.advanceBy({ hours: 1 });
    await triedAll();
    expect(tenantsIn(world.messages())).toEqual(['acme', 'globex']);
    // Each bucket is one database's: none is paused.
    expect(world.paused).toEqual([]);
  });

  it('is one message a tenant where RDS finds out late, five exports at a time', async () => {
    const world = await given();
    for (const { id, copy, databaseId } of world.backups) {
      const bucket = `rds-backup-ledger-${databaseId}-123456789012-eu-west-1`;
      world.rds.planExport(id, { kind: 'fail', cause: exportFailure.bucket(bucket, exportRole) }, 2);
      expect(copy.state).toBe('queued');
    }
    for (let round = 0; round < 40; round += 1) {
      await world.pass();
      await world.rds.advanceBy({ hours: 1 });
    }
    const copies = await Promise.all(world.backups.map(world.copyOf));
    expect(copies.map(({ state, attempt }) => `${state} ${attempt}`)).toEqual(Array(51).fill('complete 3'));
    // Those that came again a day after the first message are in another.
    expect(tenantsIn(world.messages())).toEqual(['acme', 'acme', 'globex']);
    expect(world.paused).toEqual([]);
  });
});

const tenantsIn = (messages: readonly (readonly unknown[])[]) => messages.map(([tenant]) => tenant).sort();

it('exports that end together are one message, however many runs their ends trigger', async () => {
  const ids = ['a', 'b', 'c', 'd', 'e'];
  const world = copyWorld({ config: exporting({ acme: ids }) });
  for (const id of ids) {
    world.rds.createInstance({ id, dataGb: 100 });
    const at = new Date(world.rds.now.getTime() - hourMs);
    const { id: snapshot } = world.rds.takeBackup(id, { kind: 'automated', at });
    world.rds.planExport(snapshot, { kind: 'warn', skipTables: 1 });
    await world.record(snapshot);
  }
  await world.pass();
  await world.rds.advanceBy({ hours: 1 });
  const tasks = world.rds.exportTasks();
  let asleep = 0;
  // Each run waits for the others to have written what they found.
  const pause = async () => {
    asleep += 1;
    for (let turn = 0; turn < 1000 && asleep < 5; turn += 1) await new Promise(setImmediate);
  };
  await Promise.all(
    tasks.map(({ SourceArn = '' }) =>
      workOnCopies({ ...world.deps(new Mortal()), pause }, world.rds.now, { exportsEnded: [SourceArn] }),
    ),
  );
  expect(world.notified.map(({ tenant, copies }) => [tenant, copies.length])).toEqual([['acme', 5]]);
  const told = await Promise.all(tasks.map(({ SourceArn = '' }) => world.ledger.backupsByArn(SourceArn)));
  expect(told.flat().map(({ copy }) => [copy.state, copy.pendingSince, copy.notifiedAt])).toEqual(
    Array(5).fill(['incomplete', undefined, world.rds.now]),
  );
});
