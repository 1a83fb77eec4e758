import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../shared/config/load.ts';
import { capacityOf, capacityWarnings, observe } from '../../../shared/copies/capacity.ts';
import type { Backup } from '../../../shared/domain/index.ts';
import { where } from '../../support/world.ts';
import { exporting } from './world.ts';

const named = (count: number) => Array.from({ length: count }, (_, index) => `db-${index}`);
const fleet = (count: number, copy: object = {}, assumedHours = 1) =>
  parseConfig(JSON.stringify(exporting({ acme: named(count) }, { copies: { assumedHours } }, copy)), where);

describe('capacity', () => {
  it('is five slots of a day at the assumed duration', () => {
    expect(capacityOf(fleet(60))).toMatchObject({ exportsADay: 60, slotsCarryADay: 120, load: 0.5, measured: false });
  });

  it('counts a week’s or a month’s first backup by its share of a day, and other modes not at all', () => {
    expect(capacityOf(fleet(70, { schedule: 'weekly' })).exportsADay).toBeCloseTo(10);
    expect(capacityOf(fleet(70, { schedule: 'monthly' })).exportsAMonth).toBeCloseTo(70);
    expect(capacityOf(fleet(70, { mode: 'none' })).exportsADay).toBe(0);
    expect(capacityOf(fleet(70, { kinds: ['manual'] })).exportsADay).toBe(0);
    for (const kind of ['automated', 'awsbackup']) {
      expect(capacityOf(fleet(70, { kinds: [kind] })).exportsADay).toBe(70);
    }
  });

  it('goes by the durations and sizes that the ledger has seen, once there are some', () => {
    const ended = (hours: number, sizeGiB: number, state: 'complete' | 'incomplete' | 'failed' = 'complete') =>
      ({
        sizeGiB,
        copy: {
          mode: 'export',
          state,
          attempt: 1,
          startedAt: new Date('2026-11-01T00:00:00Z'),
          endedAt: new Date(Date.UTC(2026, 10, 1, hours)),
        },
      }) satisfies Pick<Backup, 'copy' | 'sizeGiB'>;
    const { sizeGiB: _, ...ofAurora } = ended(3, 0);
    const unfinished = { ...ended(9, 900), copy: { mode: 'export', state: 'complete', attempt: 1 } } as const;
    const dump = { ...ended(9, 900), copy: { ...ended(9, 900).copy, mode: 'object' } } as const;
    expect(observe([ofAurora])).toEqual({ exports: 1, hours: 3 });
    expect(observe([ended(2, 100), ofAurora, ended(4, 300, 'incomplete'), unfinished, dump])).toEqual({
      exports: 3,
      hours: 3,
      gib: 200,
    });
    const observed = observe([ended(2, 100), ended(4, 300), ended(20, 900, 'failed')]);
    expect(observed).toEqual({ exports: 2, hours: 3, gib: 200 });
    const capacity = capacityOf(fleet(10), observed);
    expect(capacity).toMatchObject({ hoursEach: 3, slotsCarryADay: 40, measured: true });
    // 10 exports a day of 200 GiB at $0.01: 304 exports a month.
    expect(capacity.monthlyUsd).toBeCloseTo(609, 0);
    expect(observe([])).toBeUndefined();
  });
});

describe('the warning', () => {
  it('comes before it hurts: when the queue must grow without end, or nearly', () => {
    expect(capacityWarnings(capacityOf(fleet(90)))).toEqual([]);
    expect(capacityWarnings(capacityOf(fleet(96))).join()).toContain('taken for 80 % of the time');
    expect(capacityWarnings(capacityOf(fleet(110))).join()).toContain('taken for 92 % of the time');
    expect(capacityWarnings(capacityOf(fleet(120))).join()).toContain('taken for 100 % of the time');
    const [warning] = capacityWarnings(capacityOf(fleet(200)));
    expect(warning).toContain('200 exports a day are wanted');
    expect(warning).toContain('carry 120 a day at 1 h each (assumed: copies.assumedHours)');
    expect(warning).toContain('grows without end');
  });

  it('names figures as people do: a decimal below ten, none above', () => {
    const [warning] = capacityWarnings(capacityOf(fleet(9, {}, 17.14)));
    expect(warning).toContain('9 exports a day are wanted');
    expect(warning).toContain('carry 7 a day at 17 h each');
    expect(capacityWarnings(capacityOf(fleet(200, {}, 1.26))).join()).toContain('carry 95 a day at 1.3 h each');
  });
});
