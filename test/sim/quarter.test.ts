import { expect, it } from 'vitest';
import { live } from '../../sim/life.ts';
import { quarterOf } from '../../sim/quarter.ts';

it('office hours and weekends cost one warning a stop that outlasts the age, and its end', async () => {
  const quarter = quarterOf(1, 12);
  const days = 14;
  const happenings = quarter.happenings.filter(
    ({ at, what }) => (what === 'stop' || what === 'start') && at < days * 1440,
  );
  const { problem, lines } = await live({ ...quarter, days, happenings, faults: [] }, { trace: true });
  expect(problem).toBeUndefined();
  const steady = /\(db00[0-3]\)/;
  // The first day begins with backups of other hours.
  const told = lines.filter((line) => line.includes('publishes to tenant') && line > '2026-11-06');
  const weekend = told.filter((line) => line.includes('WARNING'));
  const ends = told.filter((line) => line.includes('RESOLVED'));
  expect(weekend.every((line) => /^2026-11-(07|08|14|15)T/.test(line))).toBe(true);
  expect(ends.every((line) => /^2026-11-(09|16)T/.test(line))).toBe(true);
  expect(weekend.filter((line) => line.startsWith('2026-11-07'))).toHaveLength(3);
  expect(told.filter((line) => steady.test(line) || line.includes('CRITICAL'))).toEqual([]);
}, 120_000);
