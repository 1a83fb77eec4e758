/** A small life with every kind of row: backups with copies, alerts that are open, over and acknowledged, days and sweeps. */
import { acknowledgeAlert } from '../../shared/notifications/index.ts';
import { copyWorld, exporting } from '../shared/copies/world.ts';
import type { MemoryTable } from '../support/memory-ledger.ts';
import { rowOf } from '../support/world.ts';

const created = new Date('2026-10-01T00:00:00Z');

/** Four days and nights in November 2026, the same in each run; ends at noon. */
export async function life(table: MemoryTable) {
  const config = exporting({ acme: ['orders', 'billing'], globex: ['cluster:shop'] });
  const world = copyWorld({ now: '2026-11-19T12:00:00Z', config, table, automatic: true });
  for (const id of ['orders', 'billing']) world.rds.createInstance({ id, created });
  world.rds.createCluster({ id: 'shop', created });
  const night = async (...skipped: string[]) => {
    for (const id of skipped) world.rds.skipBackups(id, 1);
    await world.rds.runNight('12:00');
    await world.sweepAndCopy('sweep');
    await world.sweepAndCopy('watch');
  };
  await world.sweepAndCopy('sweep');
  await night();
  world.rds.takeBackup('orders', { id: 'orders-by-hand' });
  await night('shop');
  await night('billing');
  await night('billing', 'orders');
  const { key } = await rowOf(world, 'billing');
  await acknowledgeAlert(world.ledger, key, { by: 'kim', note: 'on it' }, world.rds.now);
  return { world, night };
}
