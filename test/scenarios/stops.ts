import { type Scenario, snapshot, t } from './scenario.ts';

/** Office hours: it runs from 08:00 to 20:00 UTC on working days; RDS backs it up at noon. 20 November 2026 is a Friday. */
const office = { window: '12:00-12:30' } as const;
const overWeekend = {
  ...office,
  status: 'stopped',
  automaticRestartTime: t('27 Nov 20:00'),
  latestRestorableTime: t('20 Nov 19:58'),
} as const;
const weekend = { from: t('20 Nov 20:00'), until: t('23 Nov 08:00') };
const friday = [snapshot('20 Nov 12:10')];
/** Stopped each night from 22:00 to 06:00, and backed up at 01:00: never by itself. */
const nightly = { window: '01:00-01:30' } as const;
const night = { from: t('21 Nov 22:00'), until: t('22 Nov 06:00') };
const nextNight = { from: t('22 Nov 22:00'), until: t('23 Nov 06:00') };
const byHand = [snapshot('21 Nov 10:00', { id: 'by-hand', kind: 'manual' })];
const warned = { severity: 'warning', cause: { code: 'stopped', facts: {} }, opened: t('21 Nov 14:31') } as const;

/** Databases that are stopped and started. */
export const stops: readonly Scenario[] = [
  {
    title: 'Office hours, in the evening: stopped, and in time',
    at: '20 Nov 23:00',
    rds: overWeekend,
    snapshots: friday,
    expect: {
      verdict: 'protected',
      severity: 'info',
      cause: null,
      notes: ['stopped'],
      reason: 'It has been stopped since 2026-11-20 20:00 UTC (RDS starts it again at 2026-11-27 20:00 UTC)',
      alert: 'none',
      nextCheckAt: '21 Nov 14:30',
    },
  },
  {
    title: 'Office hours, a weekend: the promised age passes while it is stopped',
    at: '21 Nov 14:31',
    rds: overWeekend,
    snapshots: friday,
    expect: {
      verdict: 'overdue',
      severity: 'warning',
      cause: 'stopped',
      reason: 'its data does not change',
      alert: 'open warning',
    },
  },
  {
    title: 'Office hours, two days later: one warning a stop is enough',
    at: '23 Nov 07:00',
    rds: overWeekend,
    alert: warned,
    snapshots: friday,
    expect: { verdict: 'overdue', severity: 'warning', cause: 'stopped', reason: 'start it', alert: 'silent' },
  },
  {
    title: 'Office hours, a weekend, and nobody wants to hear of it (`whileStopped`: `quiet`)',
    at: '22 Nov 14:31',
    policy: { whileStopped: 'quiet' },
    rds: overWeekend,
    snapshots: friday,
    expect: {
      verdict: 'protected',
      severity: 'info',
      cause: null,
      notes: ['stopped'],
      reason: 'its data does not change meanwhile',
      alert: 'none',
    },
  },
  {
    title: 'Office hours, on Monday morning: the first window after the start is waited for',
    at: '23 Nov 09:00',
    rds: office,
    row: { stops: [weekend] },
    alert: warned,
    snapshots: friday,
    expect: {
      verdict: 'due',
      severity: 'info',
      cause: 'just-started',
      reason: 'runs again since 2026-11-23 08:00 UTC; its next backup is expected in its window 12:00-12:30 UTC',
      alert: 'silent',
      deadline: '23 Nov 14:30',
      nextCheckAt: '23 Nov 14:30',
    },
  },
  {
    title: 'Office hours, on Monday: the events of stop and start were lost, and RDS lists them',
    at: '23 Nov 09:00',
    rds: office,
    runChanges: [
      { at: t('20 Nov 20:00'), runs: false },
      { at: t('23 Nov 08:00'), runs: true },
    ],
    snapshots: friday,
    expect: {
      verdict: 'due',
      severity: 'info',
      cause: 'just-started',
      reason: 'since 2026-11-23 08:00 UTC',
      alert: 'none',
      deadline: '23 Nov 14:30',
    },
  },
  {
    title: 'Office hours of a cluster, on Monday morning',
    at: '23 Nov 09:00',
    configured: { kind: 'cluster' },
    rds: { ...office, kind: 'cluster', engine: 'aurora-postgresql' },
    row: { kind: 'cluster', stops: [weekend] },
    snapshots: [snapshot('20 Nov 12:10', { databaseKind: 'cluster', engine: 'aurora-postgresql' })],
    expect: {
      verdict: 'due',
      severity: 'info',
      cause: 'just-started',
      reason: 'runs again since 2026-11-23 08:00 UTC',
      alert: 'none',
      deadline: '23 Nov 14:30',
    },
  },
  {
    title: 'Office hours, on Monday afternoon: the window passed without a backup',
    at: '23 Nov 14:31',
    rds: office,
    row: { stops: [weekend] },
    alert: warned,
    snapshots: friday,
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      cause: 'snapshot-skipped',
      reason: 'RDS took no snapshot of it in its window 12:00-12:30 UTC',
      alert: 'rise critical',
    },
  },
  {
    title: 'Its window lies in the hours in which it is stopped, and it has not run for its age and grace yet',
    at: '22 Nov 19:59',
    rds: nightly,
    row: { stops: [night] },
    snapshots: byHand,
    expect: {
      verdict: 'due',
      severity: 'info',
      cause: 'just-started',
      reason: 'It was stopped and runs again since 2026-11-22 06:00 UTC',
      alert: 'none',
      deadline: '22 Nov 20:00',
    },
  },
  {
    title: 'Its window lies in the hours in which it is stopped, and it has run for longer',
    at: '22 Nov 20:01',
    rds: nightly,
    row: { stops: [night] },
    snapshots: byHand,
    expect: {
      verdict: 'overdue',
      severity: 'warning',
      cause: 'window-while-stopped',
      reason: 'Its backup window 01:00-01:30 UTC lies in the hours in which it is stopped',
      alert: 'open warning',
    },
  },
  {
    title: 'Its window lies in the hours in which it is stopped, another night later',
    at: '23 Nov 12:00',
    rds: nightly,
    row: { stops: [night, nextNight] },
    alert: { severity: 'warning', opened: t('22 Nov 20:01') },
    snapshots: byHand,
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      cause: 'window-while-stopped',
      reason: 'move the window to hours in which it runs',
      alert: 'rise critical',
    },
  },
  {
    title: 'Late before it was stopped: its alert stays as it was',
    at: '23 Nov 12:00',
    rds: {
      status: 'stopped',
      automaticRestartTime: t('29 Nov 18:00'),
      latestRestorableTime: t('21 Nov 10:00'),
    },
    alert: { opened: t('22 Nov 06:45'), notified: [{ at: t('23 Nov 06:45'), step: 'remind', to: 'all' }] },
    snapshots: [snapshot('21 Nov 04:10')],
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      cause: 'restore-point-stale',
      notes: ['stopped'],
      reason: 'It has been stopped since 2026-11-22 18:00 UTC',
      alert: 'silent',
    },
  },
  {
    title: 'No snapshot for days, but point-in-time restore reached up to the stop',
    at: '23 Nov 12:00',
    rds: {
      status: 'stopped',
      automaticRestartTime: t('29 Nov 18:00'),
      latestRestorableTime: t('22 Nov 17:57'),
    },
    alert: { severity: 'warning', opened: t('22 Nov 06:45') },
    snapshots: [snapshot('21 Nov 04:10')],
    expect: { verdict: 'overdue', severity: 'warning', cause: 'stopped', reason: 'does not change', alert: 'silent' },
  },
];
