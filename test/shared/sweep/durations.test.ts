/** How long backups usually take: learned from the ledger, and waited for. */
import { describe, expect, it } from 'vitest';
import type { Backup } from '../../../shared/domain/index.ts';
import { addHours, hourMs } from '../../../shared/lib/time.ts';
import { usualDurations } from '../../../shared/sweep/durations.ts';
import { aBackup } from '../../shared/ledger/rows.ts';
import { makeWorld, rowOf } from '../../support/world.ts';

const createdAt = new Date('2026-11-20T03:00:00Z');
const taking = (hours: number, fields: Partial<Backup> = {}): Backup =>
  aBackup({
    createdAt,
    kind: 'automated',
    learnedFrom: 'event',
    event: { id: 'RDS-EVENT-0091', time: addHours(createdAt, hours) },
    ...fields,
  });

describe('how long backups usually take', () => {
  it('is the median of three or more of a kind', () => {
    expect(usualDurations([taking(1), taking(2), taking(12)])).toEqual(new Map([['automated', 2 * hourMs]]));
    expect(usualDurations([taking(1), taking(2)])).toEqual(new Map());
  });

  it('is of each kind its own', () => {
    const manual = [5, 6, 7].map((hours) =>
      taking(hours, { kind: 'manual', event: { id: 'RDS-EVENT-0042', time: addHours(createdAt, hours) } }),
    );
    expect(usualDurations([taking(1), taking(1), taking(1), ...manual])).toEqual(
      new Map([
        ['automated', hourMs],
        ['manual', 6 * hourMs],
      ]),
    );
  });

  it.each<[string, Partial<Backup>]>([
    ['that a sweep noticed', { learnedFrom: 'sweep' }],
    ['whose event says that it began', { event: { id: 'RDS-EVENT-0090', time: createdAt } }],
    ['whose event is from before it', { event: { id: 'RDS-EVENT-0091', time: addHours(createdAt, -1) } }],
  ])('is not learned from one %s', (_, fields) => {
    expect(usualDurations([taking(1), taking(1), taking(1, fields)])).toEqual(new Map());
  });
});

it('a database of ten-hour snapshots is waited for as long as it usually takes, and then told of', async () => {
  const config = {
    operators: [{ email: 'operators@example.com' }],
    tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance', copy: { mode: 'none' } }] }],
  };
  const world = makeWorld({ now: '2026-11-16T00:00:00Z', config });
  const created = new Date('2026-10-01T00:00:00Z');
  world.rds.createInstance({ id: 'orders', created, window: '03:00-03:30', retention: 7 });
  world.rds.skipBackups('orders', 9);
  const night = async (durationMinutes: number) => {
    world.rds.takeBackup('orders', { kind: 'automated', durationMinutes });
    for (let quarter = 0; quarter < 96; quarter += 1) {
      await world.rds.advanceBy({ minutes: 15 });
      await world.watch();
    }
  };
  await world.rds.advanceTo(new Date('2026-11-16T03:00:00Z'));
  for (let day = 0; day < 4; day += 1) await night(600);
  world.notified.splice(0);
  world.rds.takeBackup('orders', { kind: 'automated', durationMinutes: 1_200 });
  await world.rds.advanceBy({ hours: 14 });
  await world.watch();
  expect(await rowOf(world, 'orders')).toMatchObject({
    verdict: 'due',
    cause: { code: 'backup-in-progress', facts: { usualMinutes: 600 } },
  });
  await world.rds.advanceBy({ minutes: 75 });
  await world.watch();
  expect(world.news()).toEqual(['open orders overdue warning']);
});
