import { describe, expect, it } from 'vitest';
import type { Evaluation } from '../../../shared/domain/index.ts';
import { play, type Scenario, snapshot, t } from '../../scenarios/scenario.ts';

/** The evaluation of a database whose backups are due by 24 hours, and whose window is 04:00-04:30. */
function evaluate(scenario: Omit<Scenario, 'title' | 'expect'>): Evaluation {
  const expected = { verdict: 'unknown', severity: 'info', cause: null, reason: '', alert: 'none' } as const;
  return play({ title: '', expect: expected, ...scenario }).evaluation;
}

const nightly = [snapshot('22 Nov 04:10')];

describe('the status of a database', () => {
  it.each(['available', 'backing-up'])('%s says nothing against its next backup', (status) => {
    const evaluation = evaluate({ at: '22 Nov 12:00', rds: { status }, snapshots: nightly });
    expect(evaluation).toMatchObject({ verdict: 'protected', severity: 'info', cause: null, notes: [] });
    // RDS refuses a manual snapshot while it takes another.
    expect(evaluation.status).toBe(status === 'available' ? undefined : status);
  });

  it('is named where RDS takes manual snapshots in it and no automated ones', () => {
    const evaluation = evaluate({ at: '22 Nov 12:00', rds: { status: 'storage-optimization' }, snapshots: nightly });
    expect(evaluation.notes).toEqual([{ code: 'status-prevents-backups', facts: { status: 'storage-optimization' } }]);
    expect(evaluation).not.toHaveProperty('status');
  });

  it('is kept where RDS refuses even a manual snapshot in it', () => {
    const evaluation = evaluate({ at: '23 Nov 12:00', rds: { status: 'storage-full' }, snapshots: nightly });
    expect(evaluation).toMatchObject({ verdict: 'overdue', status: 'storage-full' });
  });

  it.each(['stopped', 'stopping'])('%s: it is protected while its newest backup is fresh', (status) => {
    const evaluation = evaluate({ at: '22 Nov 12:00', rds: { status }, snapshots: nightly });
    expect(evaluation).toMatchObject({ verdict: 'protected', severity: 'info', since: t('22 Nov 12:00') });
    expect(evaluation.notes.map(({ code }) => code)).toEqual(['stopped']);
  });
});

describe('since when it is stopped', () => {
  const stopped = { status: 'stopped' };

  it('is seven days before RDS starts it again, whatever the ledger kept', () => {
    const { since } = evaluate({
      at: '22 Nov 12:00',
      rds: { ...stopped, automaticRestartTime: t('28 Nov 09:00') },
      snapshots: nightly,
      row: { verdict: 'protected', since: t('20 Nov 09:00') },
    });
    expect(since).toEqual(t('21 Nov 09:00'));
  });

  it('is what the ledger kept where RDS does not show it', () => {
    const row = { verdict: 'protected', since: t('20 Nov 09:00') } as const;
    const { since, notes } = evaluate({ at: '22 Nov 12:00', rds: stopped, snapshots: nightly, row });
    expect(since).toEqual(t('20 Nov 09:00'));
    expect(notes).toEqual([{ code: 'stopped', facts: { since: '2026-11-20T09:00:00.000Z' } }]);
  });

  it('is now where the ledger only kept since when RDS did not respond', () => {
    const row = { verdict: 'unknown', since: t('20 Nov 09:00') } as const;
    const { since, notes } = evaluate({ at: '22 Nov 12:00', rds: stopped, snapshots: nightly, row });
    expect(since).toEqual(t('22 Nov 12:00'));
    expect(notes).toEqual([{ code: 'stopped', facts: {} }]);
  });

  it('is carried on once it is overdue', () => {
    const row = { verdict: 'protected', since: t('20 Nov 09:00') } as const;
    const evaluation = evaluate({ at: '23 Nov 12:00', rds: stopped, snapshots: nightly, row });
    expect(evaluation).toMatchObject({ verdict: 'overdue', severity: 'warning', since: t('20 Nov 09:00'), once: true });
  });
});

describe('a moment that is exactly', () => {
  it('24 hours after the newest backup: it is still protected; a minute later it is due', () => {
    expect(evaluate({ at: '23 Nov 04:10', snapshots: nightly }).verdict).toBe('protected');
    expect(evaluate({ at: '23 Nov 04:11', snapshots: nightly }).verdict).toBe('due');
  });

  it('the deadline: it is still due; a minute later it is overdue', () => {
    expect(evaluate({ at: '23 Nov 06:30', snapshots: nightly })).toMatchObject({
      verdict: 'due',
      nextCheckAt: t('23 Nov 06:30'),
    });
    expect(evaluate({ at: '23 Nov 06:31', snapshots: nightly }).verdict).toBe('overdue');
  });

  it('six hours after the deadline: a backup in creation still holds it open; a minute later it does not', () => {
    const creating = snapshot('23 Nov 04:15', { status: 'creating' });
    const at = (time: string) => evaluate({ at: time, snapshots: [...nightly, creating] }).verdict;
    expect([at('23 Nov 12:30'), at('23 Nov 12:31')]).toEqual(['due', 'overdue']);
  });

  it('an hour after the latest restorable time: restoring to a moment still counts; a minute later it does not', () => {
    const at = (latestRestorableTime: Date) =>
      evaluate({ at: '23 Nov 12:00', rds: { latestRestorableTime }, snapshots: nightly });
    expect(at(t('23 Nov 11:00'))).toMatchObject({ severity: 'warning', cause: { code: 'snapshot-skipped' } });
    expect(at(t('23 Nov 10:59'))).toMatchObject({ severity: 'critical', cause: { code: 'restore-point-stale' } });
  });

  it('twice the maximum age: a skipped backup is critical; a minute earlier it is a warning, and checked then', () => {
    const snapshots = [snapshot('22 Nov 10:00', { kind: 'manual', id: 'by-hand' })];
    expect(evaluate({ at: '24 Nov 10:00', snapshots }).severity).toBe('critical');
    expect(evaluate({ at: '24 Nov 09:59', snapshots })).toMatchObject({
      severity: 'warning',
      nextCheckAt: t('24 Nov 10:00'),
    });
  });

  it('62 days after the last backup of AWS Backup, twice a monthly plan: it is managed by it; a minute later it is not', () => {
    const snapshots = [snapshot('22 Sep 12:00', { kind: 'awsbackup' })];
    const at = (time: string) =>
      evaluate({ at: time, rds: { retentionDays: 0, latestRestorableTime: undefined }, snapshots });
    expect(at('23 Nov 12:00')).toMatchObject({
      verdict: 'overdue',
      cause: { code: 'aws-backup-made-none', facts: { lastBackup: '2026-09-22T12:00:00.000Z' } },
    });
    expect(at('23 Nov 12:01')).toMatchObject({ verdict: 'disabled', cause: { code: 'backups-disabled' } });
  });

  it('a day after RDS stopped responding: it is critical; a minute earlier it is a warning, and checked then', () => {
    const row = { verdict: 'unknown', since: t('22 Nov 12:00') } as const;
    const at = (time: string) => evaluate({ at: time, rds: { is: 'unknown', why: 'Rate exceeded' }, row });
    expect(at('23 Nov 12:00')).toMatchObject({ severity: 'critical', nextCheckAt: t('23 Nov 13:00') });
    expect(at('23 Nov 11:59')).toMatchObject({
      severity: 'warning',
      since: t('22 Nov 12:00'),
      nextCheckAt: t('23 Nov 12:00'),
    });
  });
});

describe('a database that RDS does not show', () => {
  it('keeps the newest backup and the deadline of the ledger while RDS does not respond', () => {
    const newestBackup = { id: 'nightly', createdAt: t('22 Nov 04:10'), time: t('22 Nov 04:10') };
    const row = { newestBackup, deadline: t('23 Nov 06:30') };
    expect(evaluate({ at: '23 Nov 06:00', rds: { is: 'unknown', why: 'Rate exceeded' }, row })).toMatchObject({
      verdict: 'unknown',
      newestBackup,
      deadline: t('23 Nov 06:30'),
      nextCheckAt: t('23 Nov 06:30'),
      since: t('23 Nov 06:00'),
    });
  });

  it('is missing where RDS never showed it, and checked again in six hours', () => {
    const row = { engine: undefined };
    expect(evaluate({ at: '23 Nov 12:00', rds: { is: 'absent' }, row })).toEqual({
      verdict: 'missing',
      severity: 'critical',
      cause: { code: 'not-in-rds', facts: {} },
      notes: [],
      nextCheckAt: t('23 Nov 18:00'),
    });
  });

  it.each<[string, NonNullable<Scenario['row']>, string | undefined]>([
    ['when it was last evaluated', { verdict: 'protected' }, '2026-11-22T12:00:00.000Z'],
    ['nothing where RDS did not respond then', { verdict: 'unknown' }, undefined],
    [
      'what its first evaluation after the deletion said',
      { verdict: 'deleted', cause: { code: 'deleted-or-renamed', facts: { lastSeen: '2026-11-20T12:00:00.000Z' } } },
      '2026-11-20T12:00:00.000Z',
    ],
  ])('is deleted, and says %s', (_, row, lastSeen) => {
    const { verdict, severity, cause, once, nextCheckAt } = evaluate({
      at: '23 Nov 12:00',
      rds: { is: 'absent' },
      row,
    });
    expect({ verdict, severity, cause, once, nextCheckAt }).toEqual({
      verdict: 'deleted',
      severity: 'warning',
      cause: { code: 'deleted-or-renamed', facts: lastSeen === undefined ? {} : { lastSeen } },
      once: true,
      nextCheckAt: undefined,
    });
  });
});

describe('a database without any backup', () => {
  it('is new until its maximum age and its grace are over, counted from its creation', () => {
    const at = (time: string) => evaluate({ at: time, rds: { createdAt: t('22 Nov 09:00') } });
    expect(at('23 Nov 11:00')).toMatchObject({
      verdict: 'new',
      severity: 'info',
      cause: { code: 'first-backup-expected', facts: { createdAt: '2026-11-22T09:00:00.000Z' } },
      deadline: t('23 Nov 11:00'),
    });
    expect(at('23 Nov 11:01')).toMatchObject({
      verdict: 'never',
      severity: 'critical',
      nextCheckAt: t('23 Nov 17:01'),
    });
  });

  it('counts from when the ledger met it where RDS does not show its creation', () => {
    const row = { enrolledAt: t('22 Nov 09:00') };
    const at = (time: string) => evaluate({ at: time, rds: { createdAt: undefined }, row }).verdict;
    expect([at('23 Nov 11:00'), at('23 Nov 11:01')]).toEqual(['new', 'never']);
  });
});
