import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backupWindow, deadlineOf, lastWindow } from '../../../shared/evaluation/deadline.ts';
import { hourMs, minuteMs } from '../../../shared/lib/time.ts';
import { t } from '../../scenarios/scenario.ts';
import { moments, policies, windows } from './arbitraries.ts';

const policy = {
  maxAgeHours: 24,
  graceHours: 2,
  awsBackupGraceHours: 8,
  reminderHours: 24,
  whileStopped: 'warn' as const,
};

describe('a backup window', () => {
  it('is a daily span in UTC', () => {
    expect(backupWindow('04:00-04:30')).toEqual({ startMinute: 240, lengthMinutes: 30 });
  });

  it('may cross midnight', () => {
    expect(backupWindow('23:45-00:15')).toEqual({ startMinute: 1425, lengthMinutes: 30 });
  });

  it.each([undefined, '', 'sun:04:00-sun:04:30', '4:00-4:30', '24:00-24:30', '04:00-04:60', '04:00-04:00'])(
    'cannot be read from %j',
    (text) => {
      expect(backupWindow(text)).toBeUndefined();
    },
  );

  it('opened last today or yesterday, also before 1970', () => {
    const window = { startMinute: 240, lengthMinutes: 30 };
    expect(lastWindow(window, t('23 Nov 04:00'))).toEqual({ start: t('23 Nov 04:00'), end: t('23 Nov 04:30') });
    expect(lastWindow(window, t('23 Nov 03:59'))).toEqual({ start: t('22 Nov 04:00'), end: t('22 Nov 04:30') });
    expect(lastWindow(window, new Date('1969-12-31T05:00:00Z')).start).toEqual(new Date('1969-12-31T04:00:00Z'));
  });
});

describe('a deadline', () => {
  const database = { window: '04:00-04:30', retentionDays: 7 };

  it.each([
    ['inside the window', '22 Nov 04:10', '23 Nov 06:30'],
    ['as the window opens', '22 Nov 04:00', '23 Nov 06:30'],
    ['in the grace after the window', '22 Nov 06:29', '23 Nov 06:30'],
    ['a minute before the window opens', '22 Nov 03:59', '23 Nov 03:59'],
    ['a minute after the grace', '22 Nov 06:31', '23 Nov 06:31'],
  ])('whose 24 hours end %s', (_, newest, deadline) => {
    expect(deadlineOf(t(newest), database, policy).deadline).toEqual(t(deadline));
  });

  it('has the grace added where there are no automated backups, whatever the window', () => {
    const found = deadlineOf(t('22 Nov 04:10'), { window: '04:00-04:30', retentionDays: 0 }, policy);
    expect(found).toEqual({ due: t('23 Nov 04:10'), deadline: t('23 Nov 06:10') });
  });

  it('is 24 hours and nothing more where the window is unknown', () => {
    const found = deadlineOf(t('22 Nov 04:10'), { retentionDays: 7 }, policy);
    expect(found).toEqual({ due: t('23 Nov 04:10'), deadline: t('23 Nov 04:10') });
  });

  it('waits for the latest window where the grace is longer than a day', () => {
    const found = deadlineOf(t('22 Nov 04:10'), database, { ...policy, graceHours: 30 });
    expect(found.deadline).toEqual(t('24 Nov 10:30'));
  });

  it('is never before the maximum age, nor further after it than the window and the grace are long', () => {
    fc.assert(
      fc.property(
        moments,
        windows,
        fc.integer({ min: 0, max: 35 }),
        policies,
        (newest, window, retentionDays, rules) => {
          const { due, deadline } = deadlineOf(newest, { ...(window && { window }), retentionDays }, rules);
          expect(due.getTime() - newest.getTime()).toBe(rules.maxAgeHours * hourMs);
          const added = deadline.getTime() - due.getTime();
          const longest = (backupWindow(window)?.lengthMinutes ?? 0) * minuteMs + rules.graceHours * hourMs;
          expect(added).toBeGreaterThanOrEqual(0);
          expect(added).toBeLessThanOrEqual(longest);
        },
      ),
    );
  });

  it('never comes earlier for a younger backup', () => {
    fc.assert(
      fc.property(
        moments,
        moments,
        windows,
        fc.integer({ min: 0, max: 1 }),
        policies,
        (a, b, window, retention, rules) => {
          const [older, younger] = a.getTime() <= b.getTime() ? [a, b] : [b, a];
          const of = (newest: Date) =>
            deadlineOf(newest, { ...(window && { window }), retentionDays: retention }, rules).deadline.getTime();
          expect(of(older)).toBeLessThanOrEqual(of(younger));
        },
      ),
    );
  });
});
