import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verdictNames } from '../../../shared/domain/verdicts.ts';
import {
  type Filter,
  formatFilter,
  isFiltering,
  noFilter,
  parseFilter,
  select,
  sortings,
  type Verdict,
  verdictsOf,
} from '../../../shared/report/filter.ts';
import { givenFacts } from './given.ts';

const { databases } = givenFacts({ databases: 120, troubleEvery: 10 });

function shown(filter: Partial<Filter>) {
  return select(databases, { ...noFilter, ...filter }).map((position) => databases[position]);
}

test('every filter comes back from the hash it was written to', () => {
  const filters = fc.record({
    tenant: fc.string({ unit: 'grapheme' }),
    account: fc.string({ unit: 'grapheme' }),
    region: fc.string({ unit: 'grapheme' }),
    verdicts: fc.subarray([...verdictNames]),
    search: fc.string({ unit: 'grapheme' }),
    sort: fc.constantFrom(...(Object.keys(sortings) as (keyof typeof sortings)[])),
  });
  fc.assert(
    fc.property(filters, (filter) => {
      expect(parseFilter(`#${formatFilter(filter)}`, verdictNames)).toEqual(filter);
    }),
  );
});

test('the hash reads well, and is empty without a filter', () => {
  expect(formatFilter(noFilter)).toBe('');
  const verdicts = ['overdue', 'never'] as const;
  expect(formatFilter({ ...noFilter, tenant: 'acme', verdicts, search: 'or der', sort: 'name' })).toBe(
    'tenant=acme&verdict=overdue,never&search=or+der&sort=name',
  );
  expect(formatFilter({ ...noFilter, account: '222222222222', region: 'us-east-1' })).toBe(
    'account=222222222222&region=us-east-1',
  );
});

test('a hash from elsewhere filters only by what is known', () => {
  expect(parseFilter('#verdict=overdue,late,__proto__&sort=toString&page=2', verdictNames)).toEqual({
    ...noFilter,
    verdicts: ['overdue'],
  });
});

test('verdicts are offered worst first, one of a later version beside those that nobody knows', () => {
  const named = ['protected', 'shared-loss', 'overdue', 'unknown', 'protected'] as Verdict[];
  const verdicts = verdictsOf(named.map((verdict) => ({ verdict })));
  expect(verdicts).toEqual(['overdue', 'shared-loss', 'unknown', 'protected']);
  expect(parseFilter('#verdict=shared-loss', verdicts).verdicts).toEqual(['shared-loss']);
});

test('without a filter all databases are shown, in the order of the facts', () => {
  expect(shown({})).toEqual(databases);
  expect(isFiltering(noFilter)).toBe(false);
  expect(isFiltering({ ...noFilter, sort: 'name' })).toBe(false);
  expect(isFiltering({ ...noFilter, search: ' ' })).toBe(false);
});

test('tenant, verdicts and words narrow down together', () => {
  const tenant = databases[0]?.tenant ?? '';
  const both = shown({ tenant, verdicts: ['overdue', 'protected'] });
  expect(both.length).toBeGreaterThan(0);
  expect(both).toEqual(
    databases.filter((row) => row.tenant === tenant && (row.verdict === 'overdue' || row.verdict === 'protected')),
  );
  expect(shown({ search: 'SKIPPED  juniper-0' }).length).toBeGreaterThan(0);
  expect(shown({ search: 'skipped nobody' })).toEqual([]);
});

test('a tenant filter is the whole name, not a part of it', () => {
  expect(shown({ tenant: 'acm' })).toEqual([]);
});

test('the oldest backup comes first, before it what was never backed up', () => {
  const times = shown({ sort: 'oldest' }).map((row) => row?.newestBackup ?? '');
  expect(times).toEqual([...times].sort());
  expect(times[0]).toBe('');
  expect(times.at(-1)).not.toBe('');
});

test('sorted by tenant, a tenant stands together, by name within it', () => {
  const names = shown({ sort: 'tenant' }).map((row) => `${row?.tenant}\n${row?.id}`);
  expect(names).toEqual([...names].sort());
});
