import type { Alert, Backup, UnwatchedTenant } from '../../../shared/domain/index.ts';
import type { EnvironmentNotice } from '../../../shared/evaluation/index.ts';
import type { AlertEntry } from '../../../shared/notifications/compose/alert-entry.ts';
import type { MessageContext } from '../../../shared/notifications/compose/context.ts';
import type { TagChangeEntry } from '../../../shared/notifications/compose/tag-facts.ts';
import { aBackup, anAlert, at } from '../ledger/rows.ts';

export const now = at('2026-11-23T06:00:00Z');

export const context: MessageContext = {
  account: '123456789012',
  region: 'eu-west-1',
  environments: [{ account: '123456789012', region: 'eu-west-1' }],
  runbookUrl: 'https://example.com/runbook.md',
  now,
};

/** The newest backup of a time, as an alert names it. */
export function newestBackup(time: string, id = 'rds:orders-2026-11-22-03-12') {
  return { id, createdAt: at(time), time: at(time) };
}

/** An alert of acme's overdue database `orders`, unless `changes` say otherwise. */
export function alert(changes: Partial<Alert> = {}): Alert {
  return anAlert({
    opened: at('2026-11-23T05:31:00Z'),
    cause: { code: 'restore-point-stale', facts: { restorableUntil: '2026-11-22T03:12:00.000Z' } },
    newestBackup: newestBackup('2026-11-22T03:12:00Z'),
    deadline: at('2026-11-23T05:30:00Z'),
    ...changes,
  });
}

export function entry(
  changes: Partial<Alert> = {},
  step: AlertEntry['step'] = 'open',
  engine = 'postgres',
): AlertEntry {
  return { alert: alert(changes), step, engine };
}

/** What ends an alert whose database was backed up by hand. */
export const restored = {
  resolved: now,
  outcome: {
    verdict: 'protected',
    severity: 'info',
    cause: null,
    notes: [],
    newestBackup: newestBackup('2026-11-23T05:50:00Z', 'orders-by-hand'),
    deadline: at('2026-11-24T05:50:00Z'),
  },
} as const satisfies Partial<Alert>;

/** A failed export of `orders`. */
export function failedCopy(changes: Partial<Backup> = {}): Backup {
  return aBackup({
    createdAt: at('2026-11-22T03:12:00Z'),
    recordedAt: at('2026-11-22T03:40:00Z'),
    copy: {
      mode: 'export',
      state: 'failed',
      attempt: 3,
      startedAt: at('2026-11-22T04:00:00Z'),
      endedAt: at('2026-11-22T05:20:00Z'),
      taskId: 'orders-20261122-3',
      bucket: 'acme-orders-backups',
      prefix: 'orders',
      cause: {
        code: 'bucket-denied',
        facts: {
          bucket: 'acme-orders-backups',
          role: 'arn:aws:iam::123456789012:role/export',
          action: 's3:PutObject',
        },
      },
      permanent: true,
    },
    ...changes,
  });
}

/** What a tag changed of a database. */
export function tagChange(databaseId: string, change: TagChangeEntry['change'], tenant = 'acme'): TagChangeEntry {
  const database = `123456789012/eu-west-1/db-${databaseId.toUpperCase()}`;
  return { database, databaseId, tenant, change, toOperatorsAlone: false };
}

/** A tenant whose two databases do not count. */
export function unwatchedTenant(changes: Partial<UnwatchedTenant> = {}): UnwatchedTenant {
  return {
    tenant: 'globex',
    since: at('2026-11-22T12:00:00Z'),
    databases: [
      { id: 'lab', verdict: 'excluded' },
      { id: 'crm', verdict: 'deleted' },
    ],
    databaseCount: 2,
    severity: 'warning',
    ...changes,
  };
}

export function environmentNotice(changes: Partial<EnvironmentNotice['trouble']> = {}): EnvironmentNotice {
  return {
    step: 'open',
    environment: { account: '222222222222', region: 'us-east-1', accountName: 'Acme production' },
    trouble: {
      code: 'unread',
      since: at('2026-11-23T05:45:00Z'),
      severity: 'warning',
      error:
        'nothing could be listed to the end: User: arn:aws:sts::123456789012:assumed-role/RdsBackupLedger-sweep-eu-west-1/sweep is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::222222222222:role/RdsBackupLedger-reader-us-east-1',
      ...changes,
    },
  };
}
