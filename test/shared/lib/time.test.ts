import { expect, it } from 'vitest';
import { addHours, formatAge, formatUtc, hourMs, minuteMs } from '../../../shared/lib/time.ts';

it.each([
  [0, '0 min'],
  [59_999, '0 min'],
  [45 * minuteMs, '45 min'],
  [24 * hourMs, '24 h'],
  [26 * hourMs + 10 * minuteMs, '26 h 10 min'],
  [96 * hourMs - 1, '95 h 59 min'],
  [96 * hourMs, '4 d'],
  [122 * hourMs + 10 * minuteMs, '5 d 2 h 10 min'],
])('an age of %i ms reads as %s', (ms, text) => {
  expect(formatAge(ms)).toBe(text);
});

it('an age that is negative, for clocks are apart, reads as none', () => {
  expect(formatAge(-3 * minuteMs)).toBe('0 min');
});

it('a moment is given to the minute, with its zone', () => {
  const moment = new Date('2026-11-23T04:08:53.900Z');
  expect(formatUtc(moment)).toBe('2026-11-23 04:08 UTC');
});

it('hours are added, also parts of them', () => {
  expect(addHours(new Date('2026-11-23T23:45:00Z'), 1.5)).toEqual(new Date('2026-11-24T01:15:00Z'));
});
