import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../shared/config/load.ts';
import { capacityOf, capacityWarnings, observe } from '../../../shared/copies/capacity.ts';
import type { Backup } from '../../../shared/domain/index.ts';
import { where } from '../../support/world.ts';
import { exporting } from './world.ts';

const named = (count: number) => Array.from({ length: count }, (_, index) => `db-${index}`);
const fleet = (count: number, copy: object = {}, assumedHours = 1) =>
  parseConfig(JSON.stringify(exporting({ acme: named(count) }, { copies: { assumedHours } }, copy)), where);

describe('capacity over several environments', () => {
  const abroad = { account: '222222222222', region: 'us-east-1' };
  const several = (here: number, there: number) => {
    const databases = (count: number, environment: object) =>
      named(count).map((id) => ({ id, kind: 'instance', ...environment }));
    return parseConfig(
      JSON.stringify({
        environments: [{ account: abroad.account, name: 'Acme production', regions: ['us-east-1', 'eu-west-1'] }],
        defaults: { copy: { mode: 'export' }, bucket: { type: 'shared' } },
        operators: [{ email: 'operators@example.com' }],
        tenants: [{ id: 'acme', databases: [...databases(here, {}), ...databases(there, abroad)] }],
      }),
      where,
    );
  };

  it('is five slots in each', () => {
    const capacity = capacityOf(several(60, 180));
    expect(capacity).toMatchObject({ exportsADay: 240, slotsCarryADay: 240, load: 1.5 });
    const accountName = 'Acme production';
    expect(capacity.environments).toEqual([
      { ...where, exportsADay: 60, slotsCarryADay: 120, load: 0.5 },
      { ...abroad, accountName, exportsADay: 180, slotsCarryADay: 120, load: 1.5 },
      { ...abroad, region: 'eu-west-1', accountName, exportsADay: 0, slotsCarryADay: 120, load: 0 },
    ]);
  });

  it('is warned of by environment', () => {
    expect(capacityWarnings(capacityOf(several(60, 60)))).toEqual([]);
    const warnings = capacityWarnings(capacityOf(several(110, 180)));
    expect(warnings.map((warning) => warning.slice(0, 75))).toEqual([
      expect.stringMatching(/^account 123456789012, eu-west-1: 110 exports a day are wanted/),
      expect.stringMatching(/^Acme production \(222222222222\), us-east-1: 180 exports a day/),
    ]);
  });
});

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

  it('counts a shared database once, however many tenants it holds', () => {
    const tenants = named(9).map((id) => ({ id, sharedDatabases: ['pool-1'] }));
    const pool = { sharedDatabases: [{ id: 'pool-1', kind: 'instance' }], tenants };
    expect(capacityOf(parseConfig(JSON.stringify(exporting({}, pool)), where)).exportsADay).toBe(1);
  });

  type Exported = Pick<Backup, 'copy' | 'sizeGiB'>;
  const ended = (hours: number, sizeGiB?: number, copy: Partial<Backup['copy']> = {}): Exported => ({
    ...(sizeGiB !== undefined && { sizeGiB }),
    copy: {
      mode: 'export',
      state: 'complete',
      attempt: 1,
      startedAt: new Date('2026-11-01T00:00:00Z'),
      endedAt: new Date(Date.UTC(2026, 10, 1, hours)),
      ...copy,
    },
  });
  const nine = (row: Exported) => Array.from({ length: 9 }, () => row);

  it('goes by the durations and sizes that the ledger has seen, once there are some', () => {
    const dump = ended(9, 900, { mode: 'object' });
    const later = { ...ended(9, 900), copy: { ...ended(9).copy, state: 'paused' } } as unknown as Exported;
    const observed = observe([ended(2, 100), ended(4, 300, { state: 'incomplete' }), dump, later]);
    expect(observed).toEqual({ exports: 2, hours: 3, attempts: 1, gib: 200, unsized: 0 });
    const capacity = capacityOf(fleet(10), observed);
    expect(capacity).toMatchObject({ hoursEach: 3, slotsCarryADay: 40, measured: true, unpricedAMonth: 0 });
    // 10 exports a day of 200 GiB at $0.01: 304 exports a month.
    expect(capacity.monthlyUsd).toBeCloseTo(609, 0);
    expect(observe([])).toBeUndefined();
  });

  it.each(['failed', 'cancelled'] as const)('counts exports that %s: they took slots and money, too', (state) => {
    const observed = observe([...nine(ended(1, 100)), ...nine(ended(8, 100, { state }))]);
    expect(observed).toMatchObject({ exports: 18, hours: 4.5, gib: 100 });
    const capacity = capacityOf(fleet(18), observed);
    expect(capacity.load).toBeCloseTo((9 * 1 + 9 * 8) / (5 * 24));
    expect(capacity.monthlyUsd).toBeCloseTo((18 * 365.25) / 12);
  });

  it('takes the earlier attempts of a copy to have lasted as long as its last one', () => {
    const observed = observe([...nine(ended(1, 100)), ...nine(ended(8, 100, { state: 'failed', attempt: 3 }))]);
    expect(observed?.attempts).toBe(2);
    const capacity = capacityOf(fleet(18), observed);
    expect(capacity.load).toBeCloseTo((9 * 1 + 9 * 3 * 8) / (5 * 24));
    expect(capacity.monthlyUsd).toBeCloseTo((2 * 18 * 365.25) / 12);
    expect(capacityWarnings(capacity).join()).toMatch(
      /carry 9\.6 a day at 6\.3 h and 2 attempts each \(as seen so far\)/,
    );
  });

  it('leaves out what took no slot: starts that RDS refused, and what ended before its turn', () => {
    const { startedAt: _, ...refused } = ended(8, 100, { state: 'failed', attempt: 3 }).copy;
    const gone = { ...refused, state: 'skipped' } as const;
    const running = ended(9, 100, { state: 'running' });
    expect(observe([ended(1), { copy: refused }, { copy: gone }, running])).toMatchObject({ exports: 1, hours: 1 });
    expect(observe([{ copy: refused }, { copy: gone }])).toBeUndefined();
  });

  it('says that the price of snapshots without a size is unknown, and makes it up from no others', () => {
    const observed = observe([ended(2, 100), ended(2, 300), ended(2), ended(2)]);
    expect(observed).toMatchObject({ unsized: 0.5, gib: 200 });
    const capacity = capacityOf(fleet(12), observed);
    expect(capacity.unpricedAMonth).toBeCloseTo((6 * 365.25) / 12);
    expect(capacity.monthlyUsd).toBeCloseTo((6 * 200 * 0.01 * 365.25) / 12);
    const ofAurora = capacityOf(fleet(12), observe([ended(3), ended(5)]));
    expect(ofAurora.unpricedAMonth).toBeCloseTo(365.25);
    expect(ofAurora).not.toHaveProperty('monthlyUsd');
    expect(capacityOf(fleet(12))).not.toHaveProperty('unpricedAMonth');
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
