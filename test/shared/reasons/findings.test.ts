import { describe, expect, it } from 'vitest';
import type { Alert, Cause, DatabaseRow, Finding, NewestBackup } from '../../../shared/domain/index.ts';
import { causeOf, findingOf, type Reader, reasonOf, resolutionOf, sentenceOf } from '../../../shared/reasons/index.ts';
import { t } from '../../scenarios/scenario.ts';

const evaluatedAt = t('23 Nov 05:00');
const subject = { id: 'orders', kind: 'instance', evaluatedAt } as const;

const operators = (now: string): Reader => ({ now: t(now), audience: 'operators' });
const tenant = (now: string): Reader => ({ now: t(now), audience: 'tenant' });

function backup(created: string, id = `rds:orders-${created}`): NewestBackup {
  return { id, createdAt: t(created), time: t(created) };
}

const skipped: Cause = { code: 'snapshot-skipped', facts: { restorableUntil: '2026-11-23T04:55:00.000Z' } };
const expected: Cause = { code: 'backup-expected', facts: { window: '04:00-04:30', graceHours: 2 } };
const stopped: Cause = { code: 'stopped', facts: { restartsAt: '2026-11-29T18:00:00.000Z' } };
const keyLost: Cause = {
  code: 'encryption-key-inaccessible',
  facts: { status: 'inaccessible-encryption-credentials' },
};
const tonight: Cause = {
  code: 'backup-in-progress',
  facts: { snapshot: 'rds:tonight', since: '2026-11-23T04:20:00.000Z' },
};

const due = {
  verdict: 'due',
  severity: 'info',
  cause: expected,
  notes: [],
  newestBackup: backup('22 Nov 04:10'),
  deadline: t('23 Nov 06:30'),
} as const satisfies Finding;

const overdue = {
  verdict: 'overdue',
  severity: 'warning',
  cause: skipped,
  notes: [],
  newestBackup: backup('21 Nov 04:10'),
  deadline: t('22 Nov 06:30'),
} as const satisfies Finding;

describe('a finding that is shown later', () => {
  it('has the ages of the moment at which it is shown', () => {
    expect(reasonOf(overdue, subject, operators('23 Nov 05:00'))).toContain('48 h 50 min old');
    expect(reasonOf(overdue, subject, operators('24 Nov 05:00'))).toContain('72 h 50 min old');
  });

  it.each([
    [
      '23 Nov 04:20',
      'Its backup window 04:00-04:30 UTC is open: overdue after 2026-11-23 06:30 UTC, 2 h 10 min from now.',
    ],
    [
      '23 Nov 05:30',
      'Its backup window 04:00-04:30 UTC closed 1 h ago: overdue after 2026-11-23 06:30 UTC, 1 h from now.',
    ],
    [
      '23 Nov 07:00',
      'Its backup window 04:00-04:30 UTC closed 2 h 30 min ago. The deadline was 2026-11-23 06:30 UTC: the next watch evaluates the database again.',
    ],
  ])('says at %s what is left of window and grace', (now, text) => {
    expect(causeOf(due, { ...subject, evaluatedAt: t('23 Nov 04:15') }, operators(now))).toBe(text);
  });

  it('says that a restart has not come', () => {
    expect(sentenceOf(stopped, subject, operators('28 Nov 12:00'))).toContain('RDS starts it again at 2026-11-29');
    expect(sentenceOf(stopped, subject, operators('30 Nov 12:00'))).toContain(
      'RDS was to start it again at 2026-11-29',
    );
  });

  it('says that the deadline of a protected one has passed', () => {
    const stale: Finding = { ...due, verdict: 'protected', cause: null };
    expect(reasonOf(stale, subject, tenant('23 Nov 07:00'))).toBe(
      'The newest backup is from 2026-11-22 04:10 UTC, 26 h 50 min old. The deadline was 2026-11-23 06:30 UTC: the database will be evaluated again within minutes.',
    );
  });

  it('says that the backup it rests on is gone', () => {
    const { newestBackup: _, ...gone } = { ...due, verdict: 'protected', cause: null } as const;
    expect(reasonOf(gone, subject, operators('23 Nov 05:10'))).toBe(
      'Its newest backup is gone: the next watch evaluates the database again.',
    );
  });
});

describe('a finding with a newer backup than its evaluation saw', () => {
  const since =
    'A newer backup was recorded since the evaluation at 2026-11-23 05:00 UTC: the next watch evaluates the database again.';
  const moved = { newestBackup: backup('23 Nov 04:50'), deadline: t('24 Nov 06:30') };
  const created: Cause = { code: 'first-backup-expected', facts: { createdAt: '2026-11-21T09:00:00.000Z' } };

  it.each<[what: string, finding: Finding]>([
    ['overdue, by a backup that began later', { ...overdue, newestBackup: backup('23 Nov 05:10') }],
    ['overdue, by a backup that began before and ended later', { ...overdue, ...moved }],
    ['never', { ...overdue, ...moved, verdict: 'never', notes: [created] }],
    ['new', { ...overdue, ...moved, verdict: 'new', severity: 'info', cause: created }],
    ['due, by a backup that began before and ended later', { ...due, ...moved }],
    ['due, by the backup in progress', { ...due, cause: tonight, newestBackup: backup('23 Nov 04:20', 'rds:tonight') }],
    ['disabled', { ...overdue, ...moved, verdict: 'disabled', cause: { code: 'no-known-cause', facts: {} } }],
  ])('does not contradict itself: %s', (_, finding) => {
    const { time } = finding.newestBackup as NewestBackup;
    const reason = reasonOf(finding, subject, operators('23 Nov 05:20'));
    const age = `${(t('23 Nov 05:20').getTime() - time.getTime()) / 60_000} min old`;
    expect(reason).toBe(
      `The newest backup is from ${time.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${age.replace('60 min', '1 h')}. ${since}`,
    );
    expect(causeOf(finding, subject, operators('23 Nov 05:20'))).toBe(since);
  });

  it('still says what lasts, now as what keeps the next one from coming', () => {
    const disabled: Finding = {
      ...overdue,
      ...moved,
      verdict: 'disabled',
      cause: { code: 'backups-disabled', facts: {} },
      notes: [stopped],
    };
    expect(causeOf(disabled, subject, operators('23 Nov 05:20'))).toBe(
      `${since} Automated backups are off (retention is 0) and AWS Backup does not manage it, so none will follow by itself: set a retention of 1 day or more, or take a manual snapshot before 2026-11-24 06:30 UTC.`,
    );
    expect(reasonOf(disabled, subject, operators('23 Nov 05:20'))).toContain(
      'no automated backups of a stopped database; its data does not change meanwhile.',
    );
  });

  it('needs no word where it was protected, but for what is no longer so', () => {
    const finding: Finding = {
      ...due,
      verdict: 'protected',
      cause: null,
      notes: [tonight, { code: 'event-lost', facts: {} }],
      newestBackup: backup('23 Nov 05:10'),
      deadline: t('24 Nov 06:30'),
    };
    expect(reasonOf(finding, subject, tenant('23 Nov 05:40'))).toBe(
      'The newest backup is from 2026-11-23 05:10 UTC, 30 min old. No event announced an earlier backup.',
    );
  });

  it.each<[what: string, finding: Finding]>([
    ['overdue', overdue],
    ['due', due],
    [
      'due, with a window across midnight',
      {
        ...due,
        cause: { code: 'backup-expected', facts: { window: '23:45-04:15', graceHours: 2 } },
        deadline: t('23 Nov 06:15'),
      },
    ],
    ['due, waiting for a backup in progress', { ...due, cause: tonight, deadline: t('23 Nov 12:30') }],
    ['inaccessible, though its newest backup is fresh', { ...due, verdict: 'inaccessible', cause: keyLost }],
    ['inaccessible, and its newest backup was late already', { ...overdue, verdict: 'inaccessible', cause: keyLost }],
  ])('is not seen where there is none: %s', (_, finding) => {
    for (const now of ['23 Nov 05:00', '23 Nov 06:00', '24 Nov 12:00']) {
      expect(reasonOf(finding, subject, operators(now))).not.toContain('A newer backup');
    }
  });
});

describe('the cause alone', () => {
  it('leaves out the newest backup and the notes', () => {
    const finding: Finding = { ...overdue, notes: [{ code: 'replica-of', facts: { source: 'orders-primary' } }] };
    expect(causeOf(finding, subject, tenant('23 Nov 05:00'))).toBe(
      'RDS took no snapshot of it and gives no reason; point-in-time restore works up to 2026-11-23 04:55 UTC: take a manual snapshot.',
    );
  });

  it('is empty where nothing needs a cause', () => {
    expect(causeOf({ ...due, verdict: 'protected', cause: null }, subject, tenant('23 Nov 05:00'))).toBe('');
  });
});

describe('words of a later version', () => {
  const later = (cause: object, notes: readonly object[] = []) => ({ ...overdue, cause, notes }) as unknown as Finding;
  const newest =
    'The newest backup is from 2026-11-21 04:10 UTC, 48 h 50 min old; the deadline was 2026-11-22 06:30 UTC.';

  it('a cause and a note are shown as they are, with their facts to operators only', () => {
    const finding = later({ code: 'key-lost', facts: { key: 'arn:of-globex' } }, [{ code: 'vault-locked', facts: {} }]);
    expect(reasonOf(finding, subject, operators('23 Nov 05:00'))).toBe(
      `${newest} Cause: key-lost {"key":"arn:of-globex"}. Cause: vault-locked.`,
    );
    expect(reasonOf(finding, subject, tenant('23 Nov 05:00'))).toBe(`${newest} Cause: key-lost. Cause: vault-locked.`);
  });

  it.each([
    { code: 'stopped', facts: { since: 'a while ago' } },
    { code: 'status-prevents-backups', facts: {} },
    { code: 'backup-expected', facts: { graceHours: 'two' } },
    { code: 'toString', facts: {} },
  ])('facts that cannot be read are no failure: $code', (cause) => {
    const text = reasonOf(later(cause, [cause]), subject, operators('23 Nov 05:00'));
    expect(text).toContain(`Cause: ${cause.code}`);
    expect(reasonOf({ ...later(cause), verdict: 'missing' }, subject, tenant('23 Nov 05:00'))).toBe(
      `It is missing: configured, but RDS does not have it. Cause: ${cause.code}.`,
    );
  });

  it('a verdict is shown as it is, with the newest backup', () => {
    const finding = { ...overdue, verdict: 'quarantined', severity: 'catastrophic' } as unknown as Finding;
    expect(reasonOf(finding, subject, tenant('23 Nov 05:00'))).toMatch(
      /^The verdict is quarantined, which a later version gave\. The newest backup is from 2026-11-21 04:10 UTC, 48 h 50 min old\. RDS took no snapshot/,
    );
  });
});

it('text from outside stays one line, and ends where the sentence ends', () => {
  const error = `AccessDenied:\r\n  not authorized\u001b[2J to perform${'.'.repeat(3)} . `;
  const finding: Finding = {
    verdict: 'unknown',
    severity: 'warning',
    cause: { code: 'rds-not-answering', facts: { error, since: '2026-11-23T05:00:00.000Z' } },
    notes: [],
  };
  expect(reasonOf(finding, subject, operators('23 Nov 05:00'))).toBe(
    'RDS did not respond: AccessDenied: not authorized [2J to perform. Whether it is protected is not known; no backup of it is known: check RDS and the permissions of the sweep.',
  );
});

describe('the finding of a row', () => {
  const row: DatabaseRow = {
    key: '123456789012/eu-west-1/db-A',
    id: 'orders',
    kind: 'instance',
    enrolledAt: t('1 Nov 00:00'),
  };

  it('is what the last evaluation said', () => {
    expect(findingOf({ ...row, ...overdue, status: 'stopped', evaluatedAt, nextCheckAt: t('23 Nov 11:00') })).toEqual({
      ...overdue,
      status: 'stopped',
    });
  });

  it('is none where nobody configured it', () => {
    expect(findingOf(row)).toBeUndefined();
  });
});

describe('the end of an alert', () => {
  const alert: Alert = {
    ...overdue,
    database: '123456789012/eu-west-1/db-A',
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    opened: t('23 Nov 06:45'),
    notified: [],
  };

  it('has no reason while it is open', () => {
    expect(resolutionOf(alert, tenant('23 Nov 12:00'))).toBeUndefined();
  });

  it('by a verdict has the ages of the end', () => {
    const outcome: Finding = {
      ...due,
      verdict: 'protected',
      cause: null,
      newestBackup: backup('23 Nov 11:00'),
      deadline: t('24 Nov 11:00'),
    };
    expect(resolutionOf({ ...alert, resolved: t('23 Nov 12:00'), outcome }, { audience: 'tenant' })).toBe(
      'The newest backup is from 2026-11-23 11:00 UTC, 1 h old.',
    );
  });

  it('without a verdict names another tenant to operators only', () => {
    const resolved = t('23 Nov 12:00');
    const resolution = { code: 'moved-to-tenant', facts: { tenant: 'globex' } } as const;
    expect(resolutionOf({ ...alert, resolved, resolution }, { audience: 'operators' })).toBe(
      'The database belongs to tenant globex now.',
    );
    expect(resolutionOf({ ...alert, resolved, resolution }, { audience: 'tenant' })).toBe(
      'The database belongs to another tenant now.',
    );
  });

  it('for a reason of a later version is shown as it is', () => {
    const resolution = { code: 'archived', facts: { by: 'globex' } } as unknown as NonNullable<Alert['resolution']>;
    expect(resolutionOf({ ...alert, resolved: t('23 Nov 12:00'), resolution }, { audience: 'tenant' })).toBe(
      'Cause: archived.',
    );
    expect(resolutionOf({ ...alert, resolved: t('23 Nov 12:00') }, { audience: 'tenant' })).toBe(
      'The alert has ended.',
    );
  });
});
