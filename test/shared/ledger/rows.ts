/** Rows for tests: whole and plausible, changed where a test says so. */
import type {
  Alert,
  Backup,
  CopyPause,
  DatabaseRow,
  Day,
  EnvironmentRow,
  SweepRow,
} from '../../../shared/domain/index.ts';

export const at = (text: string) => new Date(text.length === 10 ? `${text}T00:00:00.000Z` : text);

export const ordersKey = '123456789012/eu-west-1/db-ORDERS';

export function aBackup(changes: Partial<Backup> & { of?: string } = {}): Backup {
  const { of = ordersKey, ...rest } = changes;
  const createdAt = rest.createdAt ?? at('2026-11-23T04:08:53.123Z');
  const id = rest.id ?? `rds:orders-${createdAt.toISOString().slice(0, 16).replace(/[T:]/g, '-')}`;
  return {
    arn: `arn:aws:rds:eu-west-1:123456789012:snapshot:${id}`,
    id,
    database: of,
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    kind: 'automated',
    engine: 'postgres',
    encrypted: true,
    createdAt,
    backupTime: createdAt,
    recordedAt: new Date(createdAt.getTime() + 24 * 60_000),
    learnedFrom: 'event',
    copy: { mode: 'none', state: 'none', attempt: 0 },
    ...rest,
  };
}

export function aDatabase(changes: Partial<DatabaseRow> = {}): DatabaseRow {
  return {
    key: ordersKey,
    id: 'orders',
    kind: 'instance',
    tenant: 'acme',
    ownedSince: at('2026-11-01'),
    configuredAs: 'orders',
    enrolledAt: at('2026-11-01'),
    ...changes,
  };
}

export function anAlert(changes: Partial<Alert> = {}): Alert {
  return {
    database: ordersKey,
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    opened: at('2026-11-23T06:30:00.000Z'),
    verdict: 'overdue',
    severity: 'critical',
    cause: { code: 'no-known-cause', facts: {} },
    notes: [],
    notified: [],
    ...changes,
  };
}

export function aDay(changes: Partial<Day> = {}): Day {
  return {
    database: ordersKey,
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    date: '2026-11-23',
    verdict: 'protected',
    severity: 'info',
    cause: null,
    notes: [],
    evaluatedAt: at('2026-11-23T12:00:05.000Z'),
    maxAgeHours: 24,
    graceHours: 2,
    ...changes,
  };
}

export function aPause(changes: Partial<CopyPause> = {}): CopyPause {
  return {
    environment: '123456789012/eu-west-1',
    kind: 'bucket',
    name: 'archive',
    cause: { code: 'bucket-missing', facts: { bucket: 'archive', region: 'eu-west-1' } },
    failures: [{ database: ordersKey, at: at('2026-11-23T05:00:00Z') }],
    ...changes,
  };
}

export function anEnvironment(changes: Partial<EnvironmentRow> = {}): EnvironmentRow {
  return {
    account: '123456789012',
    region: 'eu-west-1',
    lastEventAt: at('2026-11-23T04:40:00Z'),
    sweptAt: at('2026-11-22T12:00:00Z'),
    trouble: {
      code: 'unread',
      since: at('2026-11-23T05:00:00Z'),
      severity: 'warning',
      error: 'AccessDenied',
    },
    ...changes,
  };
}

export function aSweep(changes: Partial<SweepRow> = {}): SweepRow {
  return {
    mode: 'sweep',
    started: at('2026-11-23T12:00:00.000Z'),
    at: at('2026-11-23T12:00:00.000Z'),
    complete: true,
    databases: 5,
    counts: { protected: 4, overdue: 1 },
    eventsMissed: 0,
    missed: [],
    recorded: 0,
    closed: 0,
    unconfigured: [],
    alerts: { opened: 1, reminded: 0, resolved: 0 },
    apiCalls: { DescribeDBInstances: 1 },
    errors: [],
    configHash: 'a3f5',
    ...changes,
  };
}
