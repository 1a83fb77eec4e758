import { type Scenario, snapshot, t } from './scenario.ts';

const since = t('23 Nov 10:00');
const last = { id: 'rds:pool-1-2026-11-23', createdAt: t('23 Nov 04:10'), time: t('23 Nov 04:10') };
const tonight = snapshot('23 Nov 04:10');
const stale = { latestRestorableTime: t('21 Nov 10:00') };

export const shared: readonly Scenario[] = [
  {
    title: 'A tenant that was always there has the verdict of the shared database',
    at: '23 Nov 12:00',
    share: {},
    snapshots: [tonight],
    expect: {
      verdict: 'protected',
      severity: 'info',
      cause: null,
      reason: '7 h 50 min old',
      alert: 'none',
      deadline: '24 Nov 06:30',
    },
  },
  {
    title: "A tenant that came after last night's snapshot, which does not hold it",
    at: '23 Nov 12:00',
    share: { since },
    snapshots: [tonight],
    expect: {
      verdict: 'new',
      severity: 'info',
      cause: 'tenant-after-backup',
      reason:
        'The data is there since 2026-11-23 10:00 UTC, and the newest backup of the shared database is from 2026-11-23 04:10 UTC: it does not hold that data; the next backup is expected by 2026-11-24 12:00 UTC.',
      alert: 'none',
      deadline: '24 Nov 12:00',
    },
  },
  {
    title: 'The next night took none: the tenant is overdue',
    at: '24 Nov 12:01',
    rds: stale,
    share: { since },
    snapshots: [tonight],
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      cause: 'restore-point-stale',
      reason: 'No backup holds the data yet, 26 h 1 min after it came.',
      alert: 'open critical',
      notes: ['tenant-after-backup'],
    },
  },
  {
    title: 'The first snapshot that holds it',
    at: '24 Nov 12:00',
    share: { since },
    snapshots: [tonight, snapshot('24 Nov 04:10')],
    expect: { verdict: 'protected', severity: 'info', cause: null, reason: '7 h 50 min old', alert: 'none' },
  },
  {
    title: 'A snapshot that was begun before it came and is being created does not hold it',
    at: '23 Nov 10:30',
    share: { since: t('23 Nov 10:20') },
    snapshots: [snapshot('23 Nov 10:15', { status: 'creating' })],
    expect: {
      verdict: 'new',
      severity: 'info',
      cause: 'first-backup-expected',
      reason: 'not backed up yet',
      alert: 'none',
      notes: [],
    },
  },
  {
    title: 'A database that never had a backup has none for its tenant either',
    at: '24 Nov 13:00',
    rds: { ...stale, latestRestorableTime: undefined },
    share: { since },
    expect: {
      verdict: 'never',
      severity: 'critical',
      cause: 'no-known-cause',
      reason: 'There is no backup at all, 27 h after its creation.',
      alert: 'open critical',
    },
  },
  {
    title: 'Moved here: the clock goes on from the newest backup in the shared database that it left',
    at: '23 Nov 12:00',
    share: { since, carried: last },
    snapshots: [snapshot('23 Nov 04:20')],
    expect: {
      verdict: 'protected',
      severity: 'info',
      cause: null,
      reason: 'The newest backup is from 2026-11-23 04:10 UTC',
      alert: 'none',
      deadline: '24 Nov 06:30',
    },
  },
  {
    title: 'Moved here a day after its last backup: the move ends no gap',
    at: '24 Nov 11:00',
    rds: stale,
    share: { since: t('24 Nov 09:00'), carried: last },
    snapshots: [snapshot('24 Nov 04:20')],
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      cause: 'restore-point-stale',
      reason: 'the deadline was 2026-11-24 06:30 UTC',
      alert: 'open critical',
    },
  },
  {
    title: "RDS shows that last night's snapshot lacks the tenant's database, and the one before holds it",
    at: '23 Nov 03:00',
    share: { database: 'ACME' },
    snapshots: [snapshot('22 Nov 04:10'), snapshot('22 Nov 20:10', { id: 'evening' })],
    tenantDatabases: {
      'arn:aws:rds:eu-west-1:123456789012:snapshot:evening': ['GLOBEX'],
      'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-22-Nov-04-10': ['acme', 'GLOBEX'],
    },
    expect: {
      verdict: 'protected',
      severity: 'warning',
      cause: 'tenant-not-in-snapshot',
      reason: 'The newest snapshot, evening, does not hold tenant database ACME, as RDS shows',
      alert: 'open warning',
    },
  },
  {
    title: "No snapshot holds the tenant's database",
    at: '23 Nov 12:00',
    share: { database: 'ACME' },
    snapshots: [snapshot('22 Nov 04:10')],
    tenantDatabases: { 'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-22-Nov-04-10': ['GLOBEX'] },
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      cause: 'snapshot-skipped',
      reason: 'does not hold tenant database ACME',
      alert: 'open critical',
    },
  },
  {
    title: 'The shared database itself, for operators',
    at: '23 Nov 12:00',
    snapshots: [tonight],
    held: { tenants: ['acme', 'globex'], alerted: [] },
    expect: {
      verdict: 'protected',
      severity: 'info',
      cause: null,
      notes: ['holds-tenants'],
      reason: 'It is shared by 2 tenants: acme, globex.',
      alert: 'none',
    },
  },
  {
    title: 'The shared database is protected, and two tenants of it are not',
    at: '23 Nov 12:00',
    snapshots: [tonight],
    held: {
      tenants: ['acme', 'globex', 'initech'],
      alerted: [
        { tenant: 'globex', severity: 'warning' },
        { tenant: 'initech', severity: 'critical' },
      ],
    },
    expect: {
      verdict: 'protected',
      severity: 'critical',
      cause: 'tenants-unprotected',
      notes: ['holds-tenants'],
      reason: 'Of its tenants, 2 have no fresh backup: globex, initech.',
      alert: 'open critical',
    },
  },
];
