import type { Context, Entry } from '../../../shared/messages/alerts.ts';
import type { Alert, Backup } from '../../../shared/model.ts';

export const now = new Date('2026-11-23T06:00:00Z');

export const context: Context = {
  account: '123456789012',
  region: 'eu-west-1',
  runbookUrl: 'https://example.com/runbook.md',
  now,
};

/** An alert of acme's overdue database `orders`, unless told otherwise. */
export function alert(changes: Partial<Alert> = {}): Alert {
  return {
    database: '123456789012/eu-west-1/db-ORDERS',
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    opened: new Date('2026-11-23T05:31:00Z'),
    verdict: 'overdue',
    severity: 'critical',
    reason:
      "The newest backup is from 2026-11-22 03:12 UTC, 26 h 48 min old; the deadline was 2026-11-23 05:30 UTC. Point-in-time restore is stale, too: it ends at 2026-11-22 03:12 UTC, 26 h 48 min ago; take a manual snapshot now and look at the database's events.",
    newestBackup: {
      arn: 'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-2026-11-22-03-12',
      id: 'rds:orders-2026-11-22-03-12',
      time: new Date('2026-11-22T03:12:00Z'),
    },
    deadline: new Date('2026-11-23T05:30:00Z'),
    notified: [],
    ...changes,
  };
}

export function entry(changes: Partial<Alert> = {}, step: Entry['step'] = 'open', engine = 'postgres'): Entry {
  return { alert: alert(changes), step, engine };
}

/** A failed export of `orders`. */
export function failedCopy(changes: Partial<Backup> = {}): Backup {
  return {
    arn: 'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-2026-11-22-03-12',
    id: 'rds:orders-2026-11-22-03-12',
    database: '123456789012/eu-west-1/db-ORDERS',
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    kind: 'automated',
    engine: 'postgres',
    encrypted: true,
    createdAt: new Date('2026-11-22T03:12:00Z'),
    backupTime: new Date('2026-11-22T03:12:00Z'),
    recordedAt: new Date('2026-11-22T03:40:00Z'),
    learnedFrom: 'event',
    copy: {
      mode: 'export',
      state: 'failed',
      attempt: 3,
      startedAt: new Date('2026-11-22T04:00:00Z'),
      endedAt: new Date('2026-11-22T05:20:00Z'),
      taskId: 'orders-20261122-3',
      bucket: 'acme-orders-backups',
      prefix: 'orders',
      reason: 'The export role may not write the bucket: give it s3:PutObject*.',
    },
    ...changes,
  };
}
