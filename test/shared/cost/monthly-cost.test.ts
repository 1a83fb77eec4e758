import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../shared/config/index.ts';
import { capacityOf, type Observed, usdPerGiB } from '../../../shared/copies/capacity.ts';
import { monthlyCost } from '../../../shared/cost/index.ts';
import { where } from '../../support/world.ts';

interface Asked {
  readonly count?: number;
  readonly copy?: object;
  readonly more?: object;
  readonly observed?: Observed;
}

function costOf({ count = 1, copy = { mode: 'none' }, more = {}, observed }: Asked) {
  const databases = Array.from({ length: count }, (_, n) => ({ id: `db-${n}`, kind: 'instance' }));
  const config = {
    operators: [{ email: 'oncall@example.com' }],
    defaults: { copy, bucket: { type: 'shared' } },
    tenants: [{ id: 'acme', databases }],
    ...more,
  };
  const fleet = parseConfig(JSON.stringify(config), { ...where, region: 'us-east-1' });
  return monthlyCost(fleet, capacityOf(fleet, observed));
}

function usdOf(asked: Asked, wanted: string): number {
  return costOf(asked).items.find(({ item }) => item === wanted)?.usd ?? 0;
}

const exporting = { mode: 'export', schedule: 'daily' };

describe('a month in the first year', () => {
  it('costs less than 3 dollars for one database without copies', () => {
    expect(costOf({}).monthlyUsd).toBeLessThan(3);
  });

  it('costs less than 5 dollars for one database with a daily export, without the export itself', () => {
    expect(costOf({ copy: exporting }).monthlyUsd).toBeLessThan(5);
  });

  it('is the sum of its items, each of which costs something', () => {
    const { items, monthlyUsd } = costOf({ copy: exporting });
    expect(items.filter(({ usd }) => usd <= 0)).toEqual([]);
    expect(monthlyUsd).toBeCloseTo(
      items.reduce((sum, { usd }) => sum + usd, 0),
      10,
    );
  });

  it('has what does not depend on databases, as list prices say', () => {
    const { items } = costOf({});
    const usd = Object.fromEntries(items.map((one) => [one.item, Math.round(one.usd * 1000) / 1000]));
    expect(usd).toMatchObject({
      key: 1,
      keyRequests: 0.079,
      alarms: 1.3,
      // Three metrics of the sweep, in one hour a day.
      customMetrics: 0.038,
      queue: 0.263,
      schedules: 0.003,
    });
  });
});

it('the first two rotations of the key add a dollar each, later ones nothing', () => {
  const { monthlyUsd, secondYearMonthlyUsd, laterMonthlyUsd } = costOf({});
  expect(secondYearMonthlyUsd - monthlyUsd).toBeCloseTo(1);
  expect(laterMonthlyUsd - monthlyUsd).toBeCloseTo(2);
});

describe('metrics and alarms of copies', () => {
  it.each([
    ['where nothing is copied', {}, [1.3, 0.0375]],
    ['with an export', { copy: exporting }, [1.8, 1.5375]],
    ['where a tag may ask for a copy', { more: { discovery: { tenantTag: 'tenant' } } }, [1.8, 1.5375]],
  ] as const)('%s', (_, asked, expected) => {
    const found = [usdOf(asked, 'alarms'), usdOf(asked, 'customMetrics')];
    expect(found.map((usd) => Math.round(usd * 10_000) / 10_000)).toEqual(expected);
  });
});

describe('the ledger', () => {
  it('writes 15 units a database and day, and 23 more with an export', () => {
    const writes = (asked: Asked) =>
      costOf(asked).items.find(({ item }) => item === 'ledgerWrites')?.quantity ?? Number.NaN;
    const perDay = (asked: Asked) =>
      (writes({ ...asked, count: 100 }) - writes({ ...asked, count: 99 })) / (365.25 / 12);
    expect(perDay({})).toBeCloseTo(15);
    expect(perDay({ copy: exporting })).toBeCloseTo(38);
    expect(perDay({ copy: { mode: 'export', schedule: 'weekly' } })).toBeCloseTo(15 + 23 / 7);
  });

  it('is read alike for each native dump, since none waits for a slot', () => {
    const staging = { bucket: 'dumps', owner: '222222222222', key: '{databaseId}.bak' };
    const copy = { mode: 'object', schedule: 'daily', staging };
    const reads = (count: number) => usdOf({ count, copy }, 'ledgerReads') - usdOf({ count }, 'ledgerReads');
    expect(reads(1000) / reads(1)).toBeCloseTo(1000);
  });

  it('stores what retention keeps: twice the days, almost twice the bytes', () => {
    const usd = (retentionDays: number) => usdOf({ count: 1000, more: { ledger: { retentionDays } } }, 'ledgerStorage');
    expect(usd(800) / usd(400)).toBeGreaterThan(1.9);
    expect(usd(800) / usd(400)).toBeLessThan(2);
  });

  it('restores less than it stores: global indexes are made anew', () => {
    const bytes = costOf({ count: 1000 }).items.filter(({ item }) => /Storage|Recovery/.test(item));
    const [storage, recovery] = bytes.map(({ quantity }) => quantity);
    expect(recovery).toBeLessThan(storage ?? 0);
  });

  it('is read more for exports of one night than for the same ones over a week, since all that waits is read', () => {
    const reads = (copy: object) => usdOf({ count: 100, copy }, 'ledgerReads') - usdOf({ count: 100 }, 'ledgerReads');
    expect(reads(exporting) / reads({ mode: 'export', schedule: 'weekly' })).toBeCloseTo(7);
    const few = usdOf({ count: 10, copy: exporting }, 'ledgerReads') - usdOf({ count: 10 }, 'ledgerReads');
    expect(reads(exporting)).toBeGreaterThan(10 * few);
  });
});

describe('exports', () => {
  const observed: Observed = { exports: 7, hours: 1, attempts: 1, gib: 100, unsized: 0 };

  it('have a price where their sizes were observed', () => {
    expect(usdOf({ copy: exporting, observed }, 'exports')).toBeCloseTo((365.25 / 12) * 100 * usdPerGiB);
    expect(costOf({ copy: exporting, observed }).notIncluded.join()).not.toContain('export');
  });

  it('are said not to be included otherwise', () => {
    const { items, notIncluded } = costOf({ copy: exporting });
    expect(items.map(({ item }) => item)).not.toContain('exports');
    expect(notIncluded.join()).toContain('exports, at about 0.01 dollars a GB of snapshot');
    const some = costOf({ copy: exporting, observed: { ...observed, unsized: 0.5 } });
    expect(some.notIncluded).toContain('exports of snapshots whose size RDS does not state');
  });

  it('that the slots do not carry are said to make the queue grow', () => {
    const queue = /queue that grows by them/;
    expect(costOf({ count: 100, copy: exporting }).notIncluded.join()).not.toMatch(queue);
    expect(costOf({ count: 1000, copy: exporting }).notIncluded.join()).toMatch(queue);
  });
});

it('databases that enrol by tag are said not to be included', () => {
  expect(costOf({ more: { discovery: { tenantTag: 'tenant' } } }).notIncluded).toContain('databases that enrol by tag');
});
