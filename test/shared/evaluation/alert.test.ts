import { describe, expect, it } from 'vitest';
import type { Alert, Evaluation, Finding, Severity, VerdictName } from '../../../shared/domain/index.ts';
import {
  type AlertOutcome,
  acknowledge,
  confirm,
  type Evaluated,
  nextAlert,
  openAlert,
  resolveAlert,
  retryPending,
  snooze,
  staysOnRow,
} from '../../../shared/evaluation/alert-lifecycle.ts';

const noon = new Date('2026-11-23T12:00:00Z');
const hours = (count: number, from = noon) => new Date(from.getTime() + count * 3_600_000);
const minutes = (count: number, from = noon) => hours(count / 60, from);

const critical = { verdict: 'overdue', severity: 'critical' } as const;
const warning = { verdict: 'overdue', severity: 'warning' } as const;
const fine = { verdict: 'protected', severity: 'info' } as const;

function evaluated(evaluation: Partial<Evaluation>, rest: Partial<Evaluated> = {}): Evaluated {
  return {
    database: '123456789012/eu-west-1/db-A',
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    policy: {
      maxAgeHours: 24,
      graceHours: 2,
      awsBackupGraceHours: 8,
      reminderHours: 24,
      whileStopped: 'warn' as const,
    },
    evaluation: {
      verdict: 'overdue',
      severity: 'critical',
      cause: { code: 'no-known-cause', facts: {} },
      notes: [{ code: 'replica-of', facts: { source: 'orders-primary' } }],
      ...evaluation,
    },
    ...rest,
  };
}

/** An alert that was opened at noon for this evaluation, with its message out. */
function opened(evaluation: Partial<Evaluation> = critical): Alert {
  return confirm(given(nextAlert(undefined, evaluated(evaluation), noon)), 'all', noon);
}

function given({ alert }: AlertOutcome): Alert {
  if (!alert) throw new Error('expected an alert');
  return alert;
}

describe('opening', () => {
  const names: VerdictName[] = ['overdue', 'never', 'disabled', 'missing', 'unknown', 'protected', 'excluded'];
  it.each(
    names.flatMap((verdict) => (['critical', 'warning'] as Severity[]).map((severity) => ({ verdict, severity }))),
  )('opens for $verdict where it is $severity', ({ verdict, severity }) => {
    const { alert, step } = nextAlert(undefined, evaluated({ verdict, severity }), noon);
    expect(step).toBe('open');
    expect(alert).toEqual({
      database: '123456789012/eu-west-1/db-A',
      databaseId: 'orders',
      databaseKind: 'instance',
      tenant: 'acme',
      opened: noon,
      verdict,
      severity,
      cause: { code: 'no-known-cause', facts: {} },
      notes: [{ code: 'replica-of', facts: { source: 'orders-primary' } }],
      notified: [],
      pending: { step: 'open', at: noon, tries: 0 },
    });
  });

  it.each(['protected', 'due', 'new', 'excluded'] as VerdictName[])('never opens for %s as information', (verdict) => {
    const nextCheckAt = hours(3);
    expect(nextAlert(undefined, evaluated({ verdict, severity: 'info', nextCheckAt }), noon)).toEqual({ nextCheckAt });
  });

  it('notifies of a deletion once, as a warning that is over at once', () => {
    const gone = evaluated({ verdict: 'deleted', severity: 'warning', once: true });
    const first = nextAlert(undefined, gone, noon);
    const { verdict, severity, cause, notes } = gone.evaluation;
    expect(first).toMatchObject({
      step: 'open',
      alert: { severity: 'warning', resolved: noon, outcome: { verdict, severity, cause, notes } },
    });
    expect(first.alert).not.toHaveProperty('resolution');
    const notified = confirm(given(first), 'all', noon);
    expect(staysOnRow(notified)).toBe(true);
    expect(openAlert(notified)).toBeUndefined();
    for (const day of [1, 2, 30]) expect(nextAlert(notified, gone, hours(24 * day))).toEqual({ alert: notified });
  });
});

describe('while it is open', () => {
  // From an alert that opened with a message at noon, for `before`; evaluated as `then` some hours later.
  const cases: {
    name: string;
    before?: Partial<Evaluation>;
    next: Partial<Evaluation>;
    after: number;
    step?: string;
  }[] = [
    { name: 'is silent before its reminder', next: critical, after: 23.9 },
    { name: 'reminds after reminderHours', next: critical, after: 24, step: 'remind' },
    {
      name: 'does not remind where one message is enough',
      before: { ...warning, once: true },
      next: { ...warning, once: true },
      after: 200,
    },
    { name: 'notifies of a rise at once', before: warning, next: critical, after: 0.25, step: 'rise' },
    { name: 'is silent when the severity falls', next: warning, after: 1 },
    {
      name: 'neither resolves nor reminds while a backup is due',
      next: { verdict: 'due', severity: 'info' },
      after: 48,
    },
    { name: 'resolves when protected', next: fine, after: 1, step: 'resolve' },
    { name: 'resolves when excluded', next: { verdict: 'excluded', severity: 'info' }, after: 1, step: 'resolve' },
    { name: 'resolves when new again', next: { verdict: 'new', severity: 'info' }, after: 1, step: 'resolve' },
    { name: 'resolves when deleted', next: { verdict: 'deleted', severity: 'warning' }, after: 1, step: 'resolve' },
    {
      name: 'resolves when protected with a warning',
      next: { verdict: 'protected', severity: 'warning' },
      after: 1,
      step: 'resolve',
    },
    {
      name: 'stays while that warning stays',
      before: { verdict: 'protected', severity: 'warning' },
      next: { verdict: 'protected', severity: 'warning' },
      after: 1,
    },
    { name: 'is silent while RDS does not respond', next: { verdict: 'unknown', severity: 'warning' }, after: 1 },
    {
      name: 'still reminds while RDS does not respond',
      next: { verdict: 'unknown', severity: 'warning' },
      after: 24,
      step: 'remind',
    },
    {
      name: 'rises when RDS does not respond for a day',
      before: warning,
      next: { verdict: 'unknown', severity: 'critical' },
      after: 2,
      step: 'rise',
    },
    {
      name: 'notifies of what turned out after unknown',
      before: { verdict: 'unknown', severity: 'warning' },
      next: warning,
      after: 1,
      step: 'rise',
    },
  ];
  it.each(cases)('$name', ({ before = critical, next, after, step }) => {
    expect(nextAlert(opened(before), evaluated(next), hours(after)).step).toBe(step);
  });

  it('keeps the severity that people know of, but takes on the present cause and notes', () => {
    const cause = { code: 'stopped', facts: {} } as const;
    const { alert } = nextAlert(opened(critical), evaluated({ ...warning, cause, notes: [] }), hours(1));
    expect(alert).toMatchObject({ severity: 'critical', cause, notes: [] });
  });

  it('says in which status RDS refuses snapshots, for as long as it does', () => {
    const stopped = opened({ ...warning, status: 'stopped' });
    expect(stopped.status).toBe('stopped');
    expect(given(nextAlert(stopped, evaluated(warning), hours(1)))).not.toHaveProperty('status');
  });

  it('stays what it was while RDS does not respond', () => {
    const before = opened(critical);
    expect(nextAlert(before, evaluated({ verdict: 'unknown', severity: 'warning' }), hours(1)).alert).toEqual(before);
  });

  it('is silent when the severity goes back and forth', () => {
    const fallen = given(nextAlert(opened(critical), evaluated(warning), hours(1)));
    expect(nextAlert(fallen, evaluated(critical), hours(2)).step).toBeUndefined();
  });

  it('follows a renamed database', () => {
    const { alert, step } = nextAlert(opened(), evaluated(critical, { databaseId: 'orders-2' }), hours(1));
    expect([alert?.databaseId, step]).toEqual(['orders-2', undefined]);
  });

  it('resolves for the old tenant when the database moves, then opens for the new one', () => {
    const moved = evaluated(critical, { tenant: 'zeta' });
    const first = nextAlert(opened(), moved, hours(1));
    expect(first).toMatchObject({ step: 'resolve', alert: { tenant: 'acme' }, nextCheckOnceNotified: hours(1) });
    expect(first.alert).toMatchObject({ resolution: { code: 'moved-to-tenant', facts: { tenant: 'zeta' } } });
    expect(first.alert).not.toHaveProperty('outcome');
    expect(staysOnRow(confirm(given(first), 'all', hours(1)))).toBe(false);
    expect(nextAlert(undefined, moved, hours(1))).toMatchObject({ step: 'open', alert: { tenant: 'zeta' } });
  });

  it('keeps the evaluation that ended it apart from its own, and warns anew of what remains', () => {
    const before = { id: 'old', createdAt: hours(-30), time: hours(-30) };
    const newestBackup = { id: 'snap', createdAt: hours(1), time: hours(1) };
    const none = { code: 'backups-disabled', facts: {} } as const;
    const then = { verdict: 'protected', severity: 'warning', cause: none, newestBackup, deadline: hours(27) } as const;
    const current = opened({ ...critical, newestBackup: before, deadline: noon });
    const { alert, ...outcome } = nextAlert(
      current,
      evaluated({ ...then, notes: [], nextCheckAt: hours(27) }),
      hours(2),
    );
    expect(alert).toEqual({
      ...current,
      resolved: hours(2),
      outcome: { ...then, notes: [] } satisfies Finding,
      pending: { step: 'resolve', at: hours(2), tries: 0 },
    });
    expect(outcome).toEqual({
      step: 'resolve',
      nextCheckAt: minutes(14, hours(2)),
      nextCheckOnceNotified: hours(2),
    });
  });

  it('resolves without a verdict when its database leaves the configuration, once', () => {
    const left = { code: 'left-configuration', facts: {} } as const;
    const { alert, step } = resolveAlert(opened(), left, hours(1));
    expect([step, alert?.resolution, alert?.resolved]).toEqual(['resolve', left, hours(1)]);
    expect(resolveAlert(alert, left, hours(1)).step).toBeUndefined();
    expect(resolveAlert(undefined, left, hours(1))).toEqual({});
  });
});

describe('acknowledging and snoozing', () => {
  const acknowledged = (alert: Alert) => acknowledge(alert, { by: 'ann', note: 'on it' }, hours(1));
  const snoozed = (alert: Alert, until = hours(30)) => snooze(alert, { until, by: 'ann' }, hours(1));

  it('an acknowledged alert is not reminded of, however long', () => {
    for (const after of [24, 48, 1000])
      expect(nextAlert(acknowledged(opened()), evaluated(critical), hours(after)).step).toBeUndefined();
  });

  it('a snoozed alert is silent until its end and is then reminded of, then daily again', () => {
    const quiet = snoozed(opened());
    expect(nextAlert(quiet, evaluated(critical), hours(29)).step).toBeUndefined();
    const end = nextAlert(quiet, evaluated(critical), hours(30));
    expect(end.step).toBe('remind');
    const reminded = confirm(given(end), 'all', hours(30));
    expect(nextAlert(reminded, evaluated(critical), hours(53)).step).toBeUndefined();
    expect(nextAlert(reminded, evaluated(critical), hours(54)).step).toBe('remind');
  });

  it('a short snooze reminds at its end, earlier than the daily reminder', () => {
    expect(nextAlert(snoozed(opened(), hours(3)), evaluated(critical), hours(3)).step).toBe('remind');
  });

  it.each([
    ['acknowledged', acknowledged],
    ['snoozed', snoozed],
  ] as const)('a rise in severity breaks through while %s, and ends it', (_, quiet) => {
    const { alert, step } = nextAlert(quiet(opened(warning)), evaluated(critical), hours(2));
    expect(step).toBe('rise');
    expect(alert).not.toHaveProperty('acknowledged');
    expect(alert).not.toHaveProperty('snoozedUntil');
    expect(alert).not.toHaveProperty('snoozed');
  });

  it.each([
    ['acknowledged', acknowledged],
    ['snoozed', snoozed],
  ] as const)('people are notified of the end while %s', (_, quiet) => {
    expect(nextAlert(quiet(opened()), evaluated(fine), hours(2)).step).toBe('resolve');
  });
});

describe('a pending message that was not confirmed', () => {
  it('is sent again after growing pauses, six hours at most', () => {
    let alert = given(nextAlert(undefined, evaluated(critical), noon));
    const pauses: number[] = [];
    let last = noon;
    for (let minute = 1; pauses.length < 8; minute += 1) {
      const now = minutes(minute);
      const outcome = nextAlert(alert, evaluated(critical), now);
      if (outcome.step !== undefined) {
        expect(outcome.step).toBe('open');
        pauses.push((now.getTime() - last.getTime()) / 60_000);
        last = now;
      }
      alert = given(outcome);
    }
    expect(pauses).toEqual([14, 29, 59, 119, 239, 359, 360, 360]);
  });

  it('waits for its pause', () => {
    const { alert } = nextAlert(undefined, evaluated(critical), noon);
    expect(retryPending(given({ ...(alert && { alert }) }), minutes(13))).toBeUndefined();
    expect(retryPending(opened(), hours(48))).toBeUndefined();
  });

  it('stays an opening when the severity rises before it was sent', () => {
    const unsent = given(nextAlert(undefined, evaluated(warning), noon));
    expect(nextAlert(unsent, evaluated(critical), minutes(5))).toMatchObject({
      step: 'open',
      alert: { severity: 'critical' },
    });
  });

  it('gives way to the resolution, which is sent though the opening perhaps was not', () => {
    const unsent = given(nextAlert(undefined, evaluated(critical), noon));
    expect(nextAlert(unsent, evaluated(fine), minutes(5))).toMatchObject({
      step: 'resolve',
      alert: { resolved: minutes(5) },
    });
  });

  it('of a resolution is sent again while the database is fine, due, or RDS does not respond', () => {
    const unsent = given(nextAlert(opened(), evaluated(fine), noon));
    for (const then of [
      fine,
      { verdict: 'due', severity: 'info' },
      { verdict: 'unknown', severity: 'warning' },
    ] as const) {
      expect(nextAlert(unsent, evaluated(then), minutes(10)).step).toBeUndefined();
      expect(nextAlert(unsent, evaluated(then), minutes(15)).step).toBe('resolve');
    }
  });

  it('of a resolution is taken back when the database is unprotected again', () => {
    const quiet = acknowledge(opened(), { by: 'ann' }, noon);
    const unsent = { ...given(nextAlert(quiet, evaluated(fine), hours(1))), expiresAt: hours(9600) };
    const { alert, step } = nextAlert(unsent, evaluated(critical), hours(2));
    expect(step).toBe('open');
    expect(alert?.opened).toEqual(noon);
    for (const gone of ['resolved', 'resolution', 'outcome', 'acknowledged', 'expiresAt']) {
      expect(alert).not.toHaveProperty(gone);
    }
  });
});

describe('the moment of the next check', () => {
  const nextCheckAt = (current: Alert | undefined, by: Evaluated, now: Date) => nextAlert(current, by, now).nextCheckAt;

  it('is soon while a message is pending, and then at most six hours away', () => {
    const { nextCheckAt: soon, nextCheckOnceNotified } = nextAlert(undefined, evaluated(critical), noon);
    expect([soon, nextCheckOnceNotified]).toEqual([minutes(14), hours(6)]);
  });

  it('is the reminder, the end of a snooze or the moment of the evaluation, if that is earlier', () => {
    expect(nextCheckAt(opened(), evaluated(critical), hours(20))).toEqual(hours(24));
    expect(nextCheckAt(snooze(opened(), { until: hours(3), by: 'ann' }, noon), evaluated(critical), hours(1))).toEqual(
      hours(3),
    );
    expect(nextCheckAt(opened(), evaluated({ ...critical, nextCheckAt: hours(2) }), hours(1))).toEqual(hours(2));
  });

  it('is now where that is the moment of the evaluation, e.g. its deadline to the millisecond', () => {
    const stillHolds = { verdict: 'protected', severity: 'warning', nextCheckAt: hours(1) } as const;
    const warned = opened(stillHolds);
    const pending = { step: 'open', at: minutes(59), tries: 0 } as const;
    expect(nextCheckAt(warned, evaluated(stillHolds), hours(1))).toEqual(hours(1));
    expect(nextAlert({ ...warned, pending }, evaluated(stillHolds), hours(1)).nextCheckOnceNotified).toEqual(hours(1));
    expect(nextCheckAt(opened(), evaluated({ ...fine, nextCheckAt: hours(1) }), hours(1))).toEqual(hours(1));
    const waits = { ...critical, mayEndBy: hours(1), nextCheckAt: hours(1) };
    expect(nextCheckAt(opened(), evaluated(waits), hours(1))).toEqual(hours(1));
  });

  it.each([0, 1, 2, 3, 4, 5, 9])('is not hidden by a resolution that has been sent %d times in vain', (tries) => {
    const later = hours(20);
    const deadline = hours(2, later);
    const ending = nextAlert(opened(), evaluated({ ...fine, nextCheckAt: deadline }), hours(1)).alert;
    const pending = { step: 'resolve', at: later, tries } as const;
    const current = { ...given({ ...(ending && { alert: ending }) }), pending };
    const { nextCheckAt: next } = nextAlert(current, evaluated({ ...fine, nextCheckAt: deadline }), later);
    expect(next?.getTime()).toBeLessThanOrEqual(deadline.getTime());
    expect(next?.getTime()).toBeGreaterThan(later.getTime());
  });

  it('is not lost when a message gets out at its second try', () => {
    const first = nextAlert(undefined, evaluated(critical), noon);
    const second = nextAlert(first.alert, evaluated(critical), hours(1));
    expect(second).toMatchObject({ step: 'open', nextCheckOnceNotified: hours(7) });
  });

  it('is that of the evaluation once all is well', () => {
    expect(nextAlert(opened(), evaluated({ ...fine, nextCheckAt: hours(26) }), hours(1))).toMatchObject({
      nextCheckAt: minutes(14, hours(1)),
      nextCheckOnceNotified: hours(26),
    });
  });
});

describe('an alert that a later version wrote', () => {
  // As the codec reads it: unknown words as their text, unknown fields as they are.
  const later = (changes: object): Alert =>
    ({ ...opened(), escalated: { to: 'duty' }, later: { paged: true }, ...changes }) as unknown as Alert;
  const kept = { escalated: { to: 'duty' }, later: { paged: true } };

  it.each<[step: string, next: (alert: Alert) => Alert | undefined]>([
    ['a reminder', (alert) => nextAlert(alert, evaluated(critical), hours(24)).alert],
    ['a rise', (alert) => nextAlert({ ...alert, severity: 'warning' }, evaluated(critical), hours(1)).alert],
    [
      'a check while a backup is due',
      (alert) => nextAlert(alert, evaluated({ verdict: 'due', severity: 'info' }), hours(1)).alert,
    ],
    [
      'a check while RDS does not respond',
      (alert) => nextAlert(alert, evaluated({ verdict: 'unknown', severity: 'warning' }), hours(1)).alert,
    ],
    ['a resolution', (alert) => nextAlert(alert, evaluated(fine), hours(1)).alert],
    [
      'an end without a verdict',
      (alert) => resolveAlert(alert, { code: 'left-configuration', facts: {} }, hours(1)).alert,
    ],
    [
      'a resolution taken back',
      (alert) => nextAlert(given(nextAlert(alert, evaluated(fine), hours(1))), evaluated(critical), hours(2)).alert,
    ],
    ['a confirmation', (alert) => confirm(given(nextAlert(alert, evaluated(fine), hours(1))), 'all', hours(1))],
    ['an acknowledgement', (alert) => acknowledge(alert, { by: 'ann' }, noon)],
    ['a snooze', (alert) => snooze(alert, { until: hours(3), by: 'ann' }, noon)],
  ])('keeps its unknown fields through %s', (_, next) => {
    expect(next(later({}))).toMatchObject(kept);
  });

  it.each([
    ['verdict', { verdict: 'quarantined' }],
    ['severity', { severity: 'catastrophic' }],
    ['verdict and severity', { verdict: 'quarantined', severity: 'catastrophic' }],
  ])('has an unknown %s replaced by the evaluation, in silence', (_, changes) => {
    for (const then of [warning, critical, { verdict: 'unknown', severity: 'warning' }] as const) {
      const { alert, step } = nextAlert(later(changes), evaluated(then), hours(1));
      const { severity } = 'severity' in changes ? then : critical;
      expect([step, alert?.verdict, alert?.severity]).toEqual([undefined, then.verdict, severity]);
    }
    expect(nextAlert(later(changes), evaluated(fine), hours(1)).step).toBe('resolve');
  });

  it('has an unknown pending step tried again as such, with growing pauses, and confirmed as such', () => {
    const pending = { step: 'escalate', at: noon, tries: 0 };
    const current = later({ pending });
    expect(nextAlert(current, evaluated(critical), minutes(13))).toMatchObject({ alert: { pending } });
    const again = nextAlert(current, evaluated(critical), minutes(14));
    expect(again).toMatchObject({ step: 'escalate', alert: { pending: { ...pending, at: minutes(14), tries: 1 } } });
    expect(retryPending(given(again), minutes(28))).toBeUndefined();
    expect(confirm(given(again), 'all', minutes(14)).notified.at(-1)).toEqual({
      at: minutes(14),
      step: 'escalate',
      to: 'all',
    });
  });

  it('with an unknown outcome leaves its row once people were notified', () => {
    const outcome = { verdict: 'archived', severity: 'info', cause: null, notes: [] };
    expect(staysOnRow(later({ resolved: hours(1), outcome }))).toBe(false);
  });
});

describe('what an alert says of the backups', () => {
  const old = { id: 'old', createdAt: hours(-30), time: hours(-30) };
  const newest = { id: 'newest', createdAt: hours(-26), time: hours(-26) };

  it('is the newest backup and the deadline, from its opening on', () => {
    const { alert } = nextAlert(undefined, evaluated({ ...critical, newestBackup: old, deadline: hours(-1) }), noon);
    expect(alert).toMatchObject({ newestBackup: old, deadline: hours(-1) });
  });

  it('is what is known by now', () => {
    const before = opened({ ...critical, newestBackup: old, deadline: hours(-5) });
    const now = evaluated({ ...critical, newestBackup: newest, deadline: hours(-1) });
    expect(nextAlert(before, now, hours(1)).alert).toMatchObject({ newestBackup: newest, deadline: hours(-1) });
  });

  it('is nothing once nothing is known', () => {
    const alert = given(
      nextAlert(opened({ ...critical, newestBackup: old, deadline: hours(-5) }), evaluated(critical), hours(1)),
    );
    expect(alert).not.toHaveProperty('newestBackup');
    expect(alert).not.toHaveProperty('deadline');
  });
});

describe('an alert on its database’s row', () => {
  const gone = evaluated({ verdict: 'deleted', severity: 'warning', once: true });
  const resolved = given(nextAlert(opened(), evaluated(fine), hours(1)));

  it('stays while it is open, and not once people were notified of its end', () => {
    expect(staysOnRow(opened())).toBe(true);
    expect(staysOnRow(confirm(resolved, 'all', hours(1)))).toBe(false);
  });

  it('is open until it is resolved', () => {
    expect(openAlert(undefined)).toBeUndefined();
    expect(openAlert(opened())).toEqual(opened());
    expect(openAlert(resolved)).toBeUndefined();
  });

  it('of a deletion gives way to another where a database of that identity is unprotected again', () => {
    const deleted = confirm(given(nextAlert(undefined, gone, noon)), 'all', noon);
    expect(nextAlert(deleted, evaluated(critical), hours(1))).toMatchObject({
      step: 'open',
      alert: { opened: hours(1), verdict: 'overdue' },
    });
  });

  it('that ended otherwise gives way to one of the deletion', () => {
    const over = confirm(resolved, 'all', hours(1));
    expect(nextAlert(over, gone, hours(2))).toMatchObject({
      step: 'open',
      alert: { opened: hours(2), resolved: hours(2) },
    });
  });

  it('whose resolution for another tenant is pending is not taken back', () => {
    const moved = given(nextAlert(opened(), evaluated(critical, { tenant: 'zeta' }), hours(1)));
    expect(nextAlert(moved, evaluated(critical, { tenant: 'zeta' }), hours(2))).toMatchObject({
      step: 'resolve',
      alert: { tenant: 'acme', resolved: hours(1) },
      nextCheckOnceNotified: hours(2),
    });
  });

  it('of a deletion has no check but that of its message', () => {
    expect(nextAlert(undefined, gone, noon)).toMatchObject({ nextCheckAt: minutes(14) });
    expect(nextAlert(undefined, gone, noon)).not.toHaveProperty('nextCheckOnceNotified');
    expect(nextAlert(opened(), gone, hours(1))).not.toHaveProperty('nextCheckOnceNotified');
  });
});

describe('what an alert remembers', () => {
  it('is who looks after it, and who asked for silence, and when', () => {
    const who = { by: 'sam', note: 'on it' };
    expect(acknowledge(opened(), who, hours(1)).acknowledged).toEqual({ ...who, at: hours(1) });
    const silent = snooze(opened(), { until: hours(5), ...who }, hours(1));
    expect([silent.snoozedUntil, silent.snoozed]).toEqual([hours(5), { ...who, at: hours(1) }]);
  });

  it('is its last 50 messages; the next reminder counts from the last of them', () => {
    let alert = opened();
    for (let day = 1; day <= 60; day += 1) {
      const next = nextAlert(alert, evaluated(critical), hours(24 * day));
      expect(next.step).toBe('remind');
      alert = confirm(given(next), 'all', hours(24 * day));
      expect(nextAlert(alert, evaluated(critical), hours(24 * day + 23)).step).toBeUndefined();
    }
    expect(alert.notified).toHaveLength(50);
    expect(alert.notified.at(-1)).toEqual({ at: hours(24 * 60), step: 'remind', to: 'all' });
  });

  it('is nothing of a message that is not pending', () => {
    expect(confirm(opened(), 'all', hours(1))).toEqual(opened());
  });
});
