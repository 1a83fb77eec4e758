/** Random clocks, windows and policies for the properties of the rules. */
import fc from 'fast-check';

/** Minutes of three weeks around the scenarios, so that backups, windows and clocks often meet. */
export const moments = fc
  .integer({ min: 0, max: 21 * 24 * 60 })
  .map((minutes) => new Date(Date.UTC(2026, 10, 10) + minutes * 60_000));

const twoDigits = (max: number) => fc.integer({ min: 0, max }).map((value) => String(value).padStart(2, '0'));

const readable = fc
  .tuple(twoDigits(23), twoDigits(59), twoDigits(23), twoDigits(59))
  .map(([startHour, startMinute, endHour, endMinute]) => `${startHour}:${startMinute}-${endHour}:${endMinute}`);

/** Mostly windows as RDS shows them; sometimes none, or one that cannot be read. */
export const windows = fc.oneof(
  { weight: 8, arbitrary: readable },
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.string() },
);

export const policies = fc.record({
  maxAgeHours: fc.integer({ min: 1, max: 72 }),
  graceHours: fc.integer({ min: 0, max: 48 }),
  awsBackupGraceHours: fc.integer({ min: 0, max: 48 }),
  reminderHours: fc.constant(24),
  whileStopped: fc.constantFrom('warn' as const, 'quiet' as const),
});
