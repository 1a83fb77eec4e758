import { describe, expect, test } from 'vitest';
import { cronMistake } from '../../../shared/config/cron.ts';

describe('a cron expression of EventBridge Scheduler', () => {
  test.each([
    '0 12 * * ? *',
    '0/15 * * * ? *',
    '*/15 8-18 ? * MON-FRI *',
    '0 12 ? * 2#1 *',
    '0 12 ? * FRIL *',
    '0 12 ? * L *',
    '0 12 L * ? *',
    '0 12 LW * ? *',
    '0 12 15W * ? *',
    '0,30 6,18 1,15 JAN,jul ? 2026-2030',
    '0 12 1-7/2 1/3 ? 2026/2',
    // cron-validate counts the spaces.
    '  0  12 * * ? * ',
  ])('%s is accepted', (expression) => {
    expect(cronMistake(expression)).toBeUndefined();
  });

  test.each([
    ['60 12 * * ? *', 'minutes must be 0-59, got "60"'],
    ['0 24 * * ? *', 'hours must be 0-23, got "24"'],
    ['0 12 0 * ? *', 'day of month must be 1-31, or ?, L (last day), 15W (weekday nearest the 15th), got "0"'],
    ['0 12 32W * ? *', 'day of month must be 1-31, or ?, L (last day), 15W (weekday nearest the 15th), got "32W"'],
    ['0 12 * 13 ? *', 'month must be 1-12 or JAN-DEC, got "13"'],
    [
      '0 12 ? * 8 *',
      'day of week must be 1-7 (1 is Sunday) or SUN-SAT, or ?, 6L (last Friday), 2#1 (first Monday), got "8"',
    ],
    [
      '0 12 ? * 2#6 *',
      'day of week must be 1-7 (1 is Sunday) or SUN-SAT, or ?, 6L (last Friday), 2#1 (first Monday), got "2#6"',
    ],
    ['0 12 * * ? 2300', 'year must be 1970-2199, got "2300"'],
    ['5-1 12 * * ? *', 'minutes must be 0-59, got "5-1"'],
    ['*/0 12 * * ? *', 'minutes must be 0-59, got "*/0"'],
    ['1.5 12 * * ? *', 'minutes must be 0-59, got "1.5"'],
    ['0, 12 * * ? *', 'minutes must be 0-59, got "0,"'],
    ['61 25 * * ? *', 'minutes must be 0-59, got "61"; hours must be 0-23, got "25"'],
    ['0 12 * * * *', 'exactly one of day of month and day of week must be ?, e.g. 0 12 * * ? *'],
    ['0 12 ? * ? *', 'exactly one of day of month and day of week must be ?, e.g. 0 12 * * ? *'],
    // cron-validate 1.5.3 with its preset aws-cloud-watch accepts these.
    ['+5 12 * * ? *', 'minutes must be 0-59, got "+5"'],
    ['0x5 12 * * ? *', 'minutes must be 0-59, got "0x5"'],
    ['0 1e1 * * ? *', 'hours must be 0-23, got "1e1"'],
    ['0 12 L-3 * ? *', 'day of month must be 1-31, or ?, L (last day), 15W (weekday nearest the 15th), got "L-3"'],
    [
      '0 12 ? * 2#0 *',
      'day of week must be 1-7 (1 is Sunday) or SUN-SAT, or ?, 6L (last Friday), 2#1 (first Monday), got "2#0"',
    ],
    [
      '0 12 ? * FRI-MON *',
      'day of week must be 1-7 (1 is Sunday) or SUN-SAT, or ?, 6L (last Friday), 2#1 (first Monday), got "FRI-MON"',
    ],
  ])('%s is refused', (expression, mistake) => {
    expect(cronMistake(expression)).toBe(mistake);
  });

  test('a crontab of five fields is answered with the form of six', () => {
    expect(cronMistake('0 12 * * *')).toBe(
      "has 5 fields; Scheduler's cron has six fields: minutes, hours, day of month, month, day of week, year, e.g. 0 12 * * ? * for 12:00 every day",
    );
  });

  test('the cron() around it belongs to the deployment, not to the file', () => {
    expect(cronMistake('cron(0 12 * * ? *)')).toMatch(/^leave out "cron\(" and "\)"/);
  });
});
