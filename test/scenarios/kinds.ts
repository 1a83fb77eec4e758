import { type Scenario, snapshot, t } from './scenario.ts';

const off = { retentionDays: 0, latestRestorableTime: undefined };
const recoveryPoint = { awsBackupRecoveryPointArn: 'arn:aws:backup:eu-west-1:123456789012:recovery-point:1' };
const byAwsBackup = { kind: 'awsbackup', id: 'awsbackup:job-1' } as const;
const replica = { replicaOf: 'orders-primary' };
const aurora = { kind: 'cluster', engine: 'aurora-mysql' } as const;
const ofCluster = { databaseKind: 'cluster' } as const;

/** Backed up by others: AWS Backup, the source of a replica, the cluster of a member. */
export const kinds: readonly Scenario[] = [
  {
    title: 'Managed by AWS Backup (recovery point), retention 0, fresh',
    at: '23 Nov 12:00',
    rds: { ...off, ...recoveryPoint },
    snapshots: [snapshot('23 Nov 05:00', byAwsBackup)],
    expect: { verdict: 'protected', severity: 'info', reason: '7 h old', alert: 'none', deadline: '24 Nov 07:00' },
  },
  {
    title: 'Managed by AWS Backup, retention 0, past 24 h, inside the grace',
    at: '23 Nov 06:30',
    rds: { ...off, ...recoveryPoint },
    snapshots: [snapshot('22 Nov 05:00', byAwsBackup)],
    expect: { verdict: 'due', severity: 'info', reason: '2 h of grace', alert: 'none', deadline: '23 Nov 07:00' },
  },
  {
    title: 'AWS Backup made one six days ago and none since: its plan is broken, not switched off',
    at: '23 Nov 12:00',
    rds: off,
    snapshots: [snapshot('17 Nov 05:00', byAwsBackup)],
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      reason: 'AWS Backup manages it and made no backup since 2026-11-17 05:00 UTC: look at the backup plan',
      alert: 'open critical',
    },
  },
  {
    title: 'The last AWS Backup snapshot is nine days old: it is managed no more',
    at: '23 Nov 12:00',
    rds: off,
    snapshots: [snapshot('14 Nov 05:00', byAwsBackup)],
    expect: {
      verdict: 'disabled',
      severity: 'critical',
      reason: 'AWS Backup does not manage it',
      alert: 'open critical',
    },
  },
  {
    title: 'Managed by AWS Backup, and no backup ever came',
    at: '23 Nov 12:00',
    rds: { ...off, ...recoveryPoint },
    expect: {
      verdict: 'never',
      severity: 'critical',
      reason: 'AWS Backup manages it and made no',
      alert: 'open critical',
    },
  },
  {
    title: "Peers' bug: read replicas alarm. Without backups of its own, the source counts",
    at: '23 Nov 12:00',
    rds: { ...off, ...replica },
    expect: { verdict: 'excluded', severity: 'info', reason: 'Read replica of orders-primary', alert: 'none' },
  },
  {
    title: 'A replica without automated backups, once backed up by hand',
    at: '23 Nov 12:00',
    rds: { ...off, ...replica },
    snapshots: [snapshot('13 Nov 12:00', { kind: 'manual', id: 'once' })],
    expect: { verdict: 'excluded', severity: 'info', reason: 'its last snapshot is 10 d old', alert: 'none' },
  },
  {
    title: 'A replica without automated backups, backed up by hand today',
    at: '23 Nov 12:00',
    rds: { ...off, ...replica },
    snapshots: [snapshot('23 Nov 09:00', { kind: 'manual', id: 'today' })],
    expect: { verdict: 'protected', severity: 'info', reason: 'read replica of orders-primary', alert: 'none' },
  },
  {
    title: 'A stopped replica without backups of its own',
    at: '23 Nov 12:00',
    rds: { ...off, ...replica, status: 'stopped' },
    expect: { verdict: 'excluded', severity: 'info', reason: 'its source is what counts', alert: 'none' },
  },
  {
    title: 'A replica with backups of its own, fresh',
    at: '23 Nov 12:00',
    rds: replica,
    snapshots: [snapshot('23 Nov 04:10')],
    expect: { verdict: 'protected', severity: 'info', reason: 'read replica of orders-primary', alert: 'none' },
  },
  {
    title: 'A replica with backups of its own, too old',
    at: '23 Nov 12:00',
    rds: { ...replica, latestRestorableTime: undefined },
    snapshots: [snapshot('22 Nov 04:10')],
    expect: { verdict: 'overdue', severity: 'critical', reason: '31 h 50 min old', alert: 'open critical' },
  },
  {
    title: 'An Aurora cluster, fresh',
    at: '23 Nov 12:00',
    configured: { kind: 'cluster' },
    rds: aurora,
    snapshots: [snapshot('23 Nov 04:10', ofCluster)],
    expect: { verdict: 'protected', severity: 'info', reason: '7 h 50 min old', alert: 'none' },
  },
  {
    title: 'An Aurora cluster whose daily snapshot was skipped; its backups are continuous besides',
    at: '23 Nov 07:00',
    configured: { kind: 'cluster' },
    rds: aurora,
    snapshots: [snapshot('22 Nov 04:10', ofCluster)],
    expect: { verdict: 'overdue', severity: 'warning', reason: 'point-in-time restore works', alert: 'open warning' },
  },
  {
    title: 'A secondary cluster of a global database, with backups of its own',
    at: '23 Nov 12:00',
    configured: { kind: 'cluster' },
    rds: { ...aurora, replicaOf: 'arn:aws:rds:us-east-1:123456789012:cluster:orders' },
    snapshots: [snapshot('23 Nov 04:10', ofCluster)],
    expect: { verdict: 'protected', severity: 'info', reason: 'read replica of arn:aws:rds:us-east-1', alert: 'none' },
  },
  {
    title: "Peers' bug: members of a cluster alarm. Configured as an instance, judged by its cluster: protected",
    at: '23 Nov 12:00',
    rds: {
      is: 'member',
      of: 'orders-cluster',
      cluster: {
        name: 'protected',
        severity: 'info',
        reason: 'The newest backup is from 2026-11-23 04:10 UTC, 7 h 50 min old.',
        deadline: t('24 Nov 06:30'),
        checkAt: t('24 Nov 06:30'),
      },
    },
    expect: {
      verdict: 'protected',
      severity: 'info',
      reason: 'member of the cluster orders-cluster, which RDS backs up as a whole',
      alert: 'none',
      deadline: '24 Nov 06:30',
    },
  },
  {
    title: 'A member of a cluster that is overdue',
    at: '23 Nov 12:00',
    rds: {
      is: 'member',
      of: 'orders-cluster',
      cluster: { name: 'overdue', severity: 'critical', reason: 'The newest backup is too old.' },
    },
    expect: {
      verdict: 'overdue',
      severity: 'critical',
      reason: 'Configure the cluster instead',
      alert: 'open critical',
    },
  },
  {
    title: 'A member of a cluster that could not be judged',
    at: '23 Nov 12:00',
    rds: { is: 'member', of: 'orders-cluster' },
    expect: {
      verdict: 'unknown',
      severity: 'warning',
      reason: 'its cluster orders-cluster could not be judged',
      alert: 'open warning',
    },
  },
];
