/** The age is the data's: of a replica that of the last transaction that reached it, whoever records its backups. */
import { describe, expect, it } from 'vitest';
import { makeWorld, rowOf } from '../../support/world.ts';

const config = {
  operators: [{ email: 'operators@example.com' }],
  tenants: [{ id: 'acme', databases: ['primary', 'replica'].map((id) => ({ id, kind: 'instance' })) }],
};

async function given(recording: boolean) {
  const world = makeWorld({ now: '2026-11-20T00:00:00Z', config, recording });
  const created = new Date('2026-10-01T00:00:00Z');
  world.rds.createInstance({ id: 'primary', created });
  world.rds.createInstance({ id: 'replica', created, replicaOf: 'primary' });
  await world.rds.runNight('12:00');
  await world.sweep();
  world.news();
  return world;
}

describe.each([
  ['events', true],
  ['the sweep alone', false],
])('backups that %s record', (_, recording) => {
  it('are as old as the data of a replica whose replication has failed, and people are told of it', async () => {
    const world = await given(recording);
    world.rds.failReplication('replica', 'Duplicate entry');
    const failedAt = world.rds.now;
    await world.sweep();
    expect(world.news()).toEqual(['open replica protected warning']);
    await world.rds.runNight('09:00');
    await world.watch();
    if (!recording) await world.sweep();
    const { newestBackup, cause } = await rowOf(world, 'replica');
    expect(newestBackup?.time).toEqual(failedAt);
    expect(newestBackup?.createdAt.getTime()).toBeGreaterThan(failedAt.getTime());
    expect(cause?.code).toBe('replication-failed');
    await world.rds.runNight('09:00');
    await world.sweep();
    expect(world.news()).toEqual(['rise replica overdue critical']);
    expect((await rowOf(world, 'primary')).verdict).toBe('protected');
    const live = await world.ledger.liveBackups((await rowOf(world, 'replica')).key);
    const backups = await world.ledger.backups(live);
    expect(backups.filter(({ backupTime }) => backupTime?.getTime() === failedAt.getTime())).toHaveLength(2);
  });

  it('are as old as the snapshot of a primary that is idle', async () => {
    const world = await given(recording);
    world.rds.becomeIdle('primary');
    for (let night = 0; night < 3; night += 1) {
      await world.rds.runNight('09:00');
      await world.sweep();
    }
    expect(await rowOf(world, 'primary')).toMatchObject({ verdict: 'protected', severity: 'info' });
    expect(world.news()).toEqual([]);
  });
});
