import { describe, expect, test } from 'vitest';
import { addHours } from '../../../shared/lib/time.ts';
import { pageData } from '../../../shared/report/data.ts';
import type { ReportDatabase } from '../../../shared/report/facts.ts';
import type { Verdict } from '../../../shared/report/filter.ts';
import { ageRow, calendarRow, rangeText, signOf, tenantsByAttainment } from '../../../shared/report/rows.ts';
import { givenFacts, reportedAt } from './given.ts';

type Severity = ReportDatabase['severity'];

/** The row of ages of one database whose backup is so old, with a deadline so many hours after it. */
function aged(ageHours: number, promisedHours: number): string {
  const newest = addHours(reportedAt, -ageHours);
  const facts = givenFacts({
    databases: 1,
    troubleEvery: 0,
    change: (database) => ({
      ...database,
      newestBackup: newest.toISOString(),
      deadline: addHours(newest, promisedHours).toISOString(),
    }),
  });
  return ageRow(pageData(facts), 0).markup;
}

describe('the bar of ages', () => {
  test('is filled up to the share of the time that is used', () => {
    expect(aged(13, 26)).toContain('class="used" y="2" width="35"');
    expect(aged(13, 26)).not.toContain('class="past"');
    expect(aged(13, 26)).toContain('13 h left');
  });

  test('goes beyond the tick once the deadline has passed', () => {
    expect(aged(39, 26)).toContain('class="used" y="2" width="70"');
    expect(aged(39, 26)).toContain('class="past" x="70" y="2" width="15"');
    expect(aged(39, 26)).toContain('<span class="is-past">13 h past</span>');
  });

  test('ends at twice the promised time, and at nothing for a backup from a faster clock', () => {
    expect(aged(1000, 26)).toContain('class="past" x="70" y="2" width="30"');
    expect(aged(-0.1, 26)).toContain('class="used" y="2" width="0"');
  });
});

test('a cell of the calendar says its day in words, with the reason of a gap', () => {
  const facts = givenFacts({
    databases: 1,
    days: 7,
    troubleEvery: 0,
    change: (database) => ({ ...database, days: 'tlmnu.t' }),
  });
  const cells = [...calendarRow(pageData(facts), 0).markup.matchAll(/<td [^>]*class="([^"]*)" aria-label="([^"]*)">/g)];
  const reason = 'RDS skipped its snapshot, as it does under heavy load.';
  expect(cells.map(([, name, label]) => [name, label])).toEqual([
    ['d-t', 'in time'],
    ['d-l', `late: ${reason}`],
    ['d-m', `missing: ${reason}`],
    ['d-n', 'no promise yet'],
    ['d-u', `not known: ${reason}`],
    ['d-x', 'not watched'],
    ['d-t', 'in time'],
  ]);
});

test('a warning never has the sign of what is well', () => {
  expect(signOf('protected', 'info')).toBe('good');
  expect(signOf('protected', 'warning')).toBe('warn');
  expect(signOf('overdue', 'warning')).toBe('warn');
  expect(signOf('overdue', 'critical')).toBe('bad');
  expect(signOf('due', 'info')).toBe('warn');
  expect(signOf('unknown', 'critical')).toBe('unknown');
  expect(signOf('excluded', 'info')).toBe('none');
  expect(signOf('protected', 'grave' as Severity)).toBe('bad');
  expect(signOf('half-copied' as Verdict, 'info')).toBe('unknown');
});

test('the lowest attainment comes first, no promise last', () => {
  const [first] = givenFacts({ databases: 1 }).tenants;
  if (!first) throw new Error('the facts have no tenant');
  const tenants = [100, null, 97.5, 0].map((attainment) => ({ ...first, attainment }));
  expect(tenantsByAttainment(tenants).map(({ attainment }) => attainment)).toEqual([0, 97.5, 100, null]);
});

test('a page of a table says which rows it shows', () => {
  expect(rangeText(0, 25, 2000, 'database')).toBe('1–25 of 2,000 databases');
  expect(rangeText(1975, 25, 2000, 'database')).toBe('1,976–2,000 of 2,000 databases');
  expect(rangeText(0, 1, 1, 'tenant')).toBe('1 tenant');
  expect(rangeText(0, 0, 0, 'tenant')).toBe('No tenant matches');
});
