import { describe, expect, it } from 'vitest';
import { exportFailure } from '../../../local/rds/exports.ts';
import { RdsFault } from '../../../local/rds/faults.ts';
import type { Backup } from '../../../shared/domain/index.ts';
import { hourMs } from '../../../shared/lib/time.ts';
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
    await world.pass();
    await world.pass();
    const [copies] = world.notified.filter(({ tenant }) => tenant === 'acme').map(({ copies: some }) => some);
    const buckets = copies?.flatMap(({ copy: { cause } }) => (cause?.code === 'bucket-denied' ? [cause.facts] : []));
    const distinct = new Set(buckets?.map((facts) => (facts as { bucket: string }).bucket));
    expect(distinct.size).toBeGreaterThanOrEqual(49);
    expect(
      world
        .messages()
        .map(([tenant]) => tenant)
        .sort(),
    ).toEqual(['acme', 'globex']);

    await world.rds.advanceBy({ hours: 10 });
    const again = await world.backUp(2);
    await world.pass();
    await world.pass();
    const failed = await Promise.all([...world.backups, ...again].map(world.copyOf));
    expect(failed.map(({ state, permanent }) => `${state} ${permanent}`)).toEqual(Array(102).fill('failed true'));
    expect(world.messages()).toEqual([]);

    await world.rds.advanceBy({ hours: 15 });
    await world.backUp(3);
    await world.pass();
    await world.pass();
    expect(
      world
        .messages()
        .map(([tenant]) => tenant)
        .sort(),
    ).toEqual(['acme', 'globex']);
  });

  it('is one message a tenant where RDS finds out late, five exports at a time', async () => {
    const world = await given();
    for (const { id, copy, databaseId } of world.backups) {
      const bucket = `rds-backup-ledger-${databaseId}-123456789012-eu-west-1`;
      world.rds.planExport(id, { kind: 'fail', cause: exportFailure.bucket(bucket, exportRole) });
      expect(copy.state).toBe('queued');
    }
    for (let round = 0; round < 12; round += 1) {
      await world.pass();
      await world.rds.advanceBy({ hours: 1 });
    }
    const copies = await Promise.all(world.backups.map(world.copyOf));
    expect(copies.map(({ state }) => state)).toEqual(Array(51).fill('failed'));
    expect(
      world
        .messages()
        .map(([tenant]) => tenant)
        .sort(),
    ).toEqual(['acme', 'globex']);
  });

  it('is not another cause’s message: each is reported', async () => {
    const world = await given();
    world.backups.forEach(({ id }, index) => {
      const cause = index % 2 === 0 ? exportFailure.bucket('b', exportRole) : exportFailure.role(exportRole);
      world.rds.planExport(id, { kind: 'fail', cause });
    });
    for (let round = 0; round < 12; round += 1) {
      await world.pass();
      await world.rds.advanceBy({ hours: 1 });
    }
    const codes = world.notified
      .filter(({ tenant }) => tenant === 'acme')
      .map(({ copies }) => new Set(copies.map(({ copy }) => copy.cause?.code)));
    // Both at once, or one after the other.
    expect(codes.flatMap((some) => [...some]).sort()).toEqual(['bucket-denied', 'role-not-trusted']);
  });
});
