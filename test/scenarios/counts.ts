import { type Scenario, snapshot, t } from './scenario.ts';

const cluster = { kind: 'cluster', engine: 'aurora-postgresql' } as const;
const asCluster = { configured: { kind: 'cluster' }, rds: cluster } as const;
const stale = { latestRestorableTime: t('21 Nov 10:00') };
const sourceArn = 'arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:rds:orders-2026-11-13-04-05';
const clusterCopy = { databaseKind: 'cluster', kind: 'copy', id: 'kept', sourceArn } as const;

/** What counts as a backup, and as which. */
export const counts: readonly Scenario[] = [
  {
    title: 'A manual snapshot counts',
    at: '23 Nov 12:00',
    snapshots: [snapshot('21 Nov 04:10'), snapshot('23 Nov 09:00', { kind: 'manual', id: 'by-hand' })],
    expect: { verdict: 'protected', severity: 'info', reason: '3 h old', alert: 'none', deadline: '24 Nov 09:00' },
  },
  {
    title: 'An AWS Backup snapshot counts',
    at: '23 Nov 12:00',
    snapshots: [snapshot('23 Nov 05:00', { kind: 'awsbackup', id: 'awsbackup:job-1' })],
    expect: { verdict: 'protected', severity: 'info', reason: '7 h old', alert: 'none' },
  },
  {
    title: "Peers' bug: the last row, or the last name, is taken for the newest",
    at: '23 Nov 12:00',
    snapshots: [
      snapshot('23 Nov 04:10', { id: 'a-newest' }),
      snapshot('20 Nov 04:10', { id: 'z-oldest' }),
      snapshot('21 Nov 04:10', { id: 'm-middle' }),
    ],
    expect: { verdict: 'protected', severity: 'info', reason: '7 h 50 min old', alert: 'none' },
  },
  {
    title: 'Copied today, ten days old: a copy has the age of its source',
    at: '23 Nov 12:00',
    rds: stale,
    snapshots: [snapshot('23 Nov 10:00', { kind: 'copy', id: 'kept', originalCreatedAt: t('13 Nov 04:05') })],
    expect: { verdict: 'overdue', severity: 'critical', reason: '10 d 7 h 55 min old', alert: 'open critical' },
  },
  {
    title: 'A copied cluster snapshot whose source the ledger does not know',
    at: '23 Nov 12:00',
    ...asCluster,
    snapshots: [snapshot('23 Nov 10:00', clusterCopy)],
    expect: { verdict: 'never', severity: 'critical', reason: 'There is no backup at all', alert: 'open critical' },
  },
  {
    title: 'A copied cluster snapshot whose source the ledger knows: as old as the source',
    at: '23 Nov 12:00',
    configured: { kind: 'cluster' },
    rds: { ...cluster, ...stale },
    snapshots: [snapshot('23 Nov 10:00', clusterCopy)],
    copyTimes: { 'arn:aws:rds:eu-west-1:123456789012:snapshot:kept': t('13 Nov 04:05') },
    expect: { verdict: 'overdue', severity: 'critical', reason: '10 d 7 h 55 min old', alert: 'open critical' },
  },
  {
    title: 'A failed snapshot does not count',
    at: '23 Nov 12:00',
    rds: stale,
    snapshots: [snapshot('22 Nov 04:10'), snapshot('23 Nov 04:10', { status: 'failed' })],
    expect: { verdict: 'overdue', severity: 'critical', reason: '31 h 50 min old', alert: 'open critical' },
  },
  {
    title: 'A snapshot without a creation time does not count',
    at: '23 Nov 12:00',
    snapshots: [snapshot(undefined)],
    expect: { verdict: 'never', severity: 'critical', reason: 'There is no backup at all', alert: 'open critical' },
  },
  {
    title: 'A backup is being created, the last one is fresh',
    at: '23 Nov 04:12',
    snapshots: [snapshot('22 Nov 04:15'), snapshot('23 Nov 04:10', { status: 'creating', id: 'rds:tonight' })],
    expect: {
      verdict: 'protected',
      severity: 'info',
      reason: 'A backup is being created right now (rds:tonight, since 2026-11-23 04:10 UTC)',
      alert: 'none',
      checkAt: '23 Nov 06:30',
    },
  },
  {
    title: 'Past the deadline, a backup that began before it is being created: waited for',
    at: '23 Nov 08:00',
    rds: stale,
    snapshots: [snapshot('22 Nov 04:10'), snapshot('23 Nov 04:20', { status: 'creating', id: 'rds:tonight' })],
    expect: {
      verdict: 'due',
      severity: 'info',
      reason:
        'rds:tonight, is being created since 2026-11-23 04:20 UTC and is waited for: overdue after 2026-11-23 12:30',
      alert: 'none',
      deadline: '23 Nov 12:30',
      checkAt: '23 Nov 08:15',
    },
  },
  {
    title: 'It is still being created 6 h after the deadline: waited for no longer',
    at: '23 Nov 12:31',
    rds: stale,
    snapshots: [snapshot('22 Nov 04:10'), snapshot('23 Nov 04:20', { status: 'creating', id: 'rds:tonight' })],
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      reason: 'being created right now (rds:tonight, since 2026-11-23 04:20 UTC, 8 h 11 min)',
      alert: 'open critical',
      deadline: '23 Nov 06:30',
    },
  },
  {
    title: 'A backup is being created that began after the deadline: told, and named',
    at: '23 Nov 07:10',
    rds: stale,
    snapshots: [snapshot('22 Nov 04:10'), snapshot('23 Nov 07:00', { status: 'creating' })],
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      reason: 'A backup is being created right now',
      alert: 'open critical',
    },
  },
  {
    title: 'One is being created and has no creation time yet; the ledger noted it before the deadline',
    at: '23 Nov 08:00',
    rds: stale,
    row: { inProgress: { id: 'rds:tonight', since: t('23 Nov 04:21') } },
    snapshots: [snapshot('22 Nov 04:10'), snapshot(undefined, { status: 'creating', id: 'rds:tonight' })],
    expect: { verdict: 'due', severity: 'info', reason: 'since 2026-11-23 04:21 UTC', alert: 'none' },
  },
  {
    title: 'One is being created and has no creation time, first seen now, past the deadline',
    at: '23 Nov 08:00',
    rds: stale,
    snapshots: [snapshot('22 Nov 04:10'), snapshot(undefined, { status: 'creating', id: 'rds:tonight' })],
    expect: { verdict: 'overdue', severity: 'critical', reason: 'rds:tonight', alert: 'open critical' },
  },
  {
    title: 'One that hangs in creation since before the newest backup holds nothing open',
    at: '23 Nov 08:00',
    rds: stale,
    snapshots: [snapshot('22 Nov 04:10'), snapshot('21 Nov 04:10', { status: 'creating', id: 'rds:hangs' })],
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      reason: 'Point-in-time restore is stale',
      alert: 'open critical',
    },
  },
  {
    title: 'Judged as of last Sunday: the backups since then do not exist',
    at: '22 Nov 12:00',
    rds: stale,
    snapshots: [snapshot('21 Nov 04:10'), snapshot('23 Nov 04:10'), snapshot('22 Nov 12:30', { status: 'creating' })],
    expect: { verdict: 'overdue', severity: 'critical', reason: '31 h 50 min old', alert: 'open critical' },
  },
  {
    title: 'The listing of snapshots was not read to its end, but a fresh backup was in it',
    at: '23 Nov 12:00',
    snapshotsUnread: 'the time limit was near',
    snapshots: [snapshot('23 Nov 04:10')],
    expect: { verdict: 'protected', severity: 'info', reason: '7 h 50 min old', alert: 'none' },
  },
  {
    title: 'The listing of snapshots was not read to its end, and no fresh backup was in it: proves nothing',
    at: '23 Nov 12:00',
    snapshotsUnread: 'the time limit was near',
    snapshots: [snapshot('21 Nov 04:10')],
    expect: { verdict: 'unknown', severity: 'warning', reason: 'the time limit was near', alert: 'open warning' },
  },
  {
    title: 'The event of the newest backup was lost, the sweep found the backup',
    at: '23 Nov 12:00',
    row: { liveBackups: [] },
    snapshots: [snapshot('23 Nov 04:10')],
    expect: { verdict: 'protected', severity: 'info', reason: 'events were lost', alert: 'none' },
  },
];
