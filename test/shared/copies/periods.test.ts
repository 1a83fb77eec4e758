/** A period gets its copy: where the chosen backup's comes to nothing, the next one's is made instead. */
import { describe, expect, it } from 'vitest';
import { exportFailure } from '../../../local/rds/exports.ts';
import type { Backup } from '../../../shared/domain/index.ts';
import { hourMs } from '../../../shared/lib/time.ts';
import { copyWorld, exporting } from './world.ts';

/** Three backups of one day at 12:00, the first of them queued, the others not wanted beside it. */
async function given(schedule = 'daily') {
  const world = copyWorld({
    now: '2026-11-20T12:00:00Z',
    config: exporting(
      { acme: ['orders'] },
      { copies: { maxAttempts: 1 } },
      { schedule, kinds: ['automated', 'manual'] },
    ),
  });
  world.rds.createInstance({ id: 'orders', dataGb: 100 });
  const backups: Backup[] = [];
  for (const [index, kind] of (['automated', 'manual', 'manual'] as const).entries()) {
    const at = new Date(world.rds.now.getTime() - (3 - index) * hourMs);
    const { id } = world.rds.takeBackup('orders', { kind, at, ...(kind === 'manual' && { id: `by-hand-${index}` }) });
    backups.push(await world.record(id));
  }
  const states = async () => (await Promise.all(backups.map(world.copyOf))).map(({ state }) => state);
  const passes = async (hours: number) => {
    for (let hour = 0; hour < hours; hour += 1) {
      await world.settled();
      await world.rds.advanceBy({ hours: 1 });
    }
  };
  expect(await states()).toEqual(['queued', 'none', 'none']);
  return { ...world, backups, states, passes };
}

describe('the next backup of the period is copied', () => {
  it('where the first one’s export fails for good', async () => {
    const world = await given();
    world.rds.planExport(world.backups[0]?.id ?? '', { kind: 'fail', cause: exportFailure.internal() });
    await world.passes(3);
    expect(await world.states()).toEqual(['failed', 'complete', 'none']);
  });

  it('where the first one’s snapshot is deleted before its turn', async () => {
    const world = await given('weekly');
    for (const snapshot of world.rds.snapshots('orders')) if (snapshot.type === 'automated') world.rds.expire(snapshot);
    await world.passes(3);
    expect(await world.states()).toEqual(['skipped', 'complete', 'none']);
  });

  it('and the one after, where that fails as well', async () => {
    const world = await given();
    for (const { id } of world.backups.slice(0, 2)) {
      world.rds.planExport(id, { kind: 'fail', cause: exportFailure.internal() });
    }
    await world.passes(4);
    expect(await world.states()).toEqual(['failed', 'failed', 'complete']);
  });

  it('but not where another serves it already', async () => {
    const world = await given();
    const [, second] = world.backups;
    world.rds.planExport(world.backups[0]?.id ?? '', { kind: 'fail', cause: exportFailure.internal() });
    await world.settled();
    if (second) await world.changeCopy(second, (copy) => ({ ...copy, state: 'complete' }));
    await world.passes(3);
    expect(await world.states()).toEqual(['failed', 'complete', 'none']);
  });

  it('nor where a person cancelled the first', async () => {
    const world = await given();
    await world.settled();
    world.rds.call('CancelExportTask', {
      ExportTaskIdentifier: world.rds.exportTasks()[0]?.ExportTaskIdentifier ?? '',
    });
    await world.passes(3);
    expect(await world.states()).toEqual(['cancelled', 'none', 'none']);
  });
});
