import { type Scenario, snapshot, t } from './scenario.ts';

const stale = { latestRestorableTime: t('21 Nov 10:00') };
const old = [snapshot('22 Nov 04:10')];

/** The life of an alert on an overdue database that opened at 23 Nov 06:45. */
export const alerts: readonly Scenario[] = [
  {
    title: 'Overdue, told this morning: silence',
    at: '23 Nov 18:00',
    rds: stale,
    snapshots: old,
    alert: {},
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      reason: '37 h 50 min old',
      alert: 'silent',
      checkAt: '24 Nov 00:00',
    },
  },
  {
    title: 'Overdue, told 24 h ago: a reminder',
    at: '24 Nov 06:45',
    rds: stale,
    snapshots: old,
    alert: {},
    expect: { verdict: 'overdue', severity: 'critical', reason: '50 h 35 min old', alert: 'remind critical' },
  },
  {
    title: 'Overdue, reminders every 6 h',
    at: '23 Nov 12:45',
    policy: { reminderHours: 6 },
    rds: stale,
    snapshots: old,
    alert: {},
    expect: { verdict: 'overdue', severity: 'critical', reason: '32 h 35 min old', alert: 'remind critical' },
  },
  {
    title: 'Backed up again: resolved',
    at: '23 Nov 12:00',
    snapshots: [snapshot('23 Nov 11:00', { kind: 'manual', id: 'by-hand' })],
    alert: {},
    expect: { verdict: 'protected', severity: 'info', reason: '1 h old', alert: 'resolve critical' },
  },
  {
    title: 'Overdue, and RDS stops answering: the alert stays as it is',
    at: '23 Nov 12:00',
    rds: { is: 'unknown', why: 'Rate exceeded' },
    row: { verdict: 'overdue' },
    alert: {},
    expect: { verdict: 'unknown', severity: 'warning', reason: 'Rate exceeded', alert: 'silent' },
  },
  {
    title: 'Overdue by a skipped snapshot, then its storage is full: told at once',
    at: '23 Nov 12:00',
    rds: { status: 'storage-full', ...stale },
    snapshots: old,
    alert: { severity: 'warning' },
    expect: { verdict: 'overdue', severity: 'critical', reason: 'storage-full', alert: 'rise critical' },
  },
  {
    title: 'Overdue, a backup that began too late is being created: no resolution before it is available',
    at: '23 Nov 12:00',
    rds: stale,
    snapshots: [...old, snapshot('23 Nov 11:30', { status: 'creating' })],
    alert: {},
    expect: { verdict: 'overdue', severity: 'critical', reason: 'being created right now', alert: 'silent' },
  },
  {
    title: 'Overdue and snoozed until tomorrow noon: no reminder',
    at: '24 Nov 08:00',
    rds: stale,
    snapshots: old,
    alert: { snoozedUntil: t('24 Nov 12:00') },
    expect: { verdict: 'overdue', severity: 'critical', reason: '51 h 50 min old', alert: 'silent' },
  },
  {
    title: 'The snooze has ended, and it is still overdue: reminded',
    at: '24 Nov 12:00',
    rds: stale,
    snapshots: old,
    alert: { snoozedUntil: t('24 Nov 12:00') },
    expect: { verdict: 'overdue', severity: 'critical', reason: '55 h 50 min old', alert: 'remind critical' },
  },
  {
    title: 'Overdue and acknowledged: no reminder',
    at: '25 Nov 12:00',
    rds: stale,
    snapshots: old,
    alert: { acknowledged: { by: 'kim', at: t('23 Nov 07:00') } },
    expect: { verdict: 'overdue', severity: 'critical', reason: '79 h 50 min old', alert: 'silent' },
  },
  {
    title: 'Overdue, and moved to another tenant: resolved for the one who was told',
    at: '23 Nov 12:00',
    configured: { tenant: 'globex' },
    rds: stale,
    snapshots: old,
    alert: { tenant: 'acme' },
    expect: { verdict: 'overdue', severity: 'critical', reason: '31 h 50 min old', alert: 'resolve critical' },
  },
];
