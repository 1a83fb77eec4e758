import { describe, expect, it } from 'vitest';
import type { Alert, Severity, Verdict, VerdictName } from '../../../shared/model.ts';
import {
  type AlertOutcome,
  acknowledge,
  confirm,
  type Judged,
  nextAlert,
  openAlert,
  resolveAlert,
  retryIntent,
  snooze,
  staysOnRow,
} from '../../../shared/rules/alert.ts';

const noon = new Date('2026-11-23T12:00:00Z');
const hours = (count: number, from = noon) => new Date(from.getTime() + count * 3_600_000);
const minutes = (count: number, from = noon) => hours(count / 60, from);

const critical = { name: 'overdue', severity: 'critical' } as const;
const warning = { name: 'overdue', severity: 'warning' } as const;
const fine = { name: 'protected', severity: 'info' } as const;

function judged(verdict: Partial<Verdict>, rest: Partial<Judged> = {}): Judged {
  return {
    database: '123456789012/eu-west-1/db-A',
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant: 'acme',
    policy: { maxAgeHours: 24, graceHours: 2, reminderHours: 24 },
    verdict: { name: 'overdue', severity: 'critical', reason: `${verdict.name} for a reason`, ...verdict },
    ...rest,
  };
}

/** An alert that was opened at noon for this verdict, and told. */
function opened(verdict: Partial<Verdict> = critical): Alert {
  return confirm(given(nextAlert(undefined, judged(verdict), noon)), 'all', noon);
}

function given({ alert }: AlertOutcome): Alert {
  if (!alert) throw new Error('expected an alert');
  return alert;
}

describe('opening', () => {
  const names: VerdictName[] = ['overdue', 'never', 'disabled', 'missing', 'unknown', 'protected', 'excluded'];
  it.each(names.flatMap((name) => (['critical', 'warning'] as Severity[]).map((severity) => ({ name, severity }))))(
    'opens for $name where it is $severity',
    (verdict) => {
      const { alert, step } = nextAlert(undefined, judged(verdict), noon);
      expect(step).toBe('open');
      expect(alert).toEqual({
        database: '123456789012/eu-west-1/db-A',
        databaseId: 'orders',
        databaseKind: 'instance',
        tenant: 'acme',
        opened: noon,
        verdict: verdict.name,
        severity: verdict.severity,
        reason: `${verdict.name} for a reason`,
        notified: [],
        intent: { step: 'open', at: noon, tries: 0 },
      });
    },
  );

  it.each(['protected', 'due', 'new', 'excluded'] as VerdictName[])('never opens for %s as information', (name) => {
    const checkAt = hours(3);
    expect(nextAlert(undefined, judged({ name, severity: 'info', checkAt }), noon)).toEqual({ checkAt });
  });

  it('tells a deletion once, as a warning that is over at once', () => {
    const gone = judged({ name: 'deleted', severity: 'warning', once: true });
    const first = nextAlert(undefined, gone, noon);
    expect(first).toMatchObject({ step: 'open', alert: { severity: 'warning', resolved: noon, outcome: 'deleted' } });
    const told = confirm(given(first), 'all', noon);
    expect(staysOnRow(told)).toBe(true);
    expect(openAlert(told)).toBeUndefined();
    for (const day of [1, 2, 30]) expect(nextAlert(told, gone, hours(24 * day))).toEqual({ alert: told });
  });
});

describe('while it is open', () => {
  // From an alert that was opened and told at noon, for `before`; judged as `verdict` some hours later.
  const cases: { name: string; before?: Partial<Verdict>; verdict: Partial<Verdict>; after: number; step?: string }[] =
    [
      { name: 'is silent before its reminder', verdict: critical, after: 23.9 },
      { name: 'reminds after reminderHours', verdict: critical, after: 24, step: 'remind' },
      {
        name: 'does not remind of what is told once',
        before: { ...warning, once: true },
        verdict: { ...warning, once: true },
        after: 200,
      },
      { name: 'tells a rise at once', before: warning, verdict: critical, after: 0.25, step: 'rise' },
      { name: 'is silent when the severity falls', verdict: warning, after: 1 },
      {
        name: 'neither resolves nor reminds while a backup is due',
        verdict: { name: 'due', severity: 'info' },
        after: 48,
      },
      { name: 'resolves when protected', verdict: fine, after: 1, step: 'resolve' },
      { name: 'resolves when excluded', verdict: { name: 'excluded', severity: 'info' }, after: 1, step: 'resolve' },
      { name: 'resolves when new again', verdict: { name: 'new', severity: 'info' }, after: 1, step: 'resolve' },
      { name: 'resolves when deleted', verdict: { name: 'deleted', severity: 'warning' }, after: 1, step: 'resolve' },
      {
        name: 'resolves when protected with a warning',
        verdict: { name: 'protected', severity: 'warning' },
        after: 1,
        step: 'resolve',
      },
      {
        name: 'stays while that warning stays',
        before: { name: 'protected', severity: 'warning' },
        verdict: { name: 'protected', severity: 'warning' },
        after: 1,
      },
      { name: 'is silent while RDS cannot be asked', verdict: { name: 'unknown', severity: 'warning' }, after: 1 },
      {
        name: 'still reminds while RDS cannot be asked',
        verdict: { name: 'unknown', severity: 'warning' },
        after: 24,
        step: 'remind',
      },
      {
        name: 'rises when RDS cannot be asked for a day',
        before: warning,
        verdict: { name: 'unknown', severity: 'critical' },
        after: 2,
        step: 'rise',
      },
      {
        name: 'tells what turned out after unknown',
        before: { name: 'unknown', severity: 'warning' },
        verdict: warning,
        after: 1,
        step: 'rise',
      },
    ];
  it.each(cases)('$name', ({ before = critical, verdict, after, step }) => {
    expect(nextAlert(opened(before), judged(verdict), hours(after)).step).toBe(step);
  });

  it('keeps the severity that was told, but takes on the present reason', () => {
    const { alert } = nextAlert(opened(critical), judged({ ...warning, reason: 'stopped' }), hours(1));
    expect(alert).toMatchObject({ severity: 'critical', reason: 'stopped' });
  });

  it('says in which status RDS refuses snapshots, for as long as it does', () => {
    const stopped = opened({ ...warning, status: 'stopped' });
    expect(stopped.status).toBe('stopped');
    expect(given(nextAlert(stopped, judged(warning), hours(1)))).not.toHaveProperty('status');
  });

  it('stays what it was while RDS cannot be asked', () => {
    const before = opened(critical);
    expect(nextAlert(before, judged({ name: 'unknown', severity: 'warning' }), hours(1)).alert).toEqual(before);
  });

  it('is not told again when the severity goes back and forth', () => {
    const fallen = given(nextAlert(opened(critical), judged(warning), hours(1)));
    expect(nextAlert(fallen, judged(critical), hours(2)).step).toBeUndefined();
  });

  it('follows a renamed database', () => {
    const { alert, step } = nextAlert(opened(), judged(critical, { databaseId: 'orders-2' }), hours(1));
    expect([alert?.databaseId, step]).toEqual(['orders-2', undefined]);
  });

  it('resolves for the old tenant when the database moves, then opens for the new one', () => {
    const moved = judged(critical, { tenant: 'zeta' });
    const first = nextAlert(opened(), moved, hours(1));
    expect(first).toMatchObject({ step: 'resolve', alert: { tenant: 'acme' }, checkAtOnceTold: hours(1) });
    expect(first.alert?.resolution).toContain('zeta');
    expect(staysOnRow(confirm(given(first), 'all', hours(1)))).toBe(false);
    expect(nextAlert(undefined, moved, hours(1))).toMatchObject({ step: 'open', alert: { tenant: 'zeta' } });
  });

  it('names the backup that ended it, and warns anew of what remains', () => {
    const newestBackup = { arn: 'arn', id: 'snap', time: hours(1) };
    const verdict = { name: 'protected', severity: 'warning', reason: 'none will follow', newestBackup } as const;
    const outcome = nextAlert(opened(), judged(verdict), hours(2));
    expect(outcome.alert).toMatchObject({ resolution: 'none will follow', outcome: 'protected', newestBackup });
    expect(outcome.checkAtOnceTold).toEqual(hours(2));
  });

  it('resolves with a given reason when its database leaves the configuration, once', () => {
    const { alert, step } = resolveAlert(opened(), 'no longer configured', hours(1));
    expect([step, alert?.resolution, alert?.resolved]).toEqual(['resolve', 'no longer configured', hours(1)]);
    expect(resolveAlert(alert, 'no longer configured', hours(1)).step).toBeUndefined();
    expect(resolveAlert(undefined, 'no longer configured', hours(1))).toEqual({});
  });
});

describe('acknowledging and snoozing', () => {
  const acknowledged = (alert: Alert) => acknowledge(alert, { by: 'ann', note: 'on it' }, hours(1));
  const snoozed = (alert: Alert, until = hours(30)) => snooze(alert, { until, by: 'ann' }, hours(1));

  it('an acknowledged alert is not reminded of, however long', () => {
    for (const after of [24, 48, 1000])
      expect(nextAlert(acknowledged(opened()), judged(critical), hours(after)).step).toBeUndefined();
  });

  it('a snoozed alert is silent until its end and is then reminded of, then daily again', () => {
    const quiet = snoozed(opened());
    expect(nextAlert(quiet, judged(critical), hours(29)).step).toBeUndefined();
    const end = nextAlert(quiet, judged(critical), hours(30));
    expect(end.step).toBe('remind');
    const told = confirm(given(end), 'all', hours(30));
    expect(nextAlert(told, judged(critical), hours(53)).step).toBeUndefined();
    expect(nextAlert(told, judged(critical), hours(54)).step).toBe('remind');
  });

  it('a short snooze reminds at its end, earlier than the daily reminder', () => {
    expect(nextAlert(snoozed(opened(), hours(3)), judged(critical), hours(3)).step).toBe('remind');
  });

  it.each([
    ['acknowledged', acknowledged],
    ['snoozed', snoozed],
  ] as const)('a rise in severity breaks through while %s, and ends it', (_, quiet) => {
    const { alert, step } = nextAlert(quiet(opened(warning)), judged(critical), hours(2));
    expect(step).toBe('rise');
    expect(alert).not.toHaveProperty('acknowledged');
    expect(alert).not.toHaveProperty('snoozedUntil');
    expect(alert).not.toHaveProperty('snoozed');
  });

  it.each([
    ['acknowledged', acknowledged],
    ['snoozed', snoozed],
  ] as const)('the resolution is told while %s', (_, quiet) => {
    expect(nextAlert(quiet(opened()), judged(fine), hours(2)).step).toBe('resolve');
  });
});

describe('an intent that was not confirmed', () => {
  it('is told again after growing pauses, six hours at most', () => {
    let alert = given(nextAlert(undefined, judged(critical), noon));
    const pauses: number[] = [];
    let last = noon;
    for (let minute = 1; pauses.length < 8; minute += 1) {
      const now = minutes(minute);
      const outcome = nextAlert(alert, judged(critical), now);
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
    const { alert } = nextAlert(undefined, judged(critical), noon);
    expect(retryIntent(given({ ...(alert && { alert }) }), minutes(13))).toBeUndefined();
    expect(retryIntent(opened(), hours(48))).toBeUndefined();
  });

  it('stays an opening when the severity rises before it was told', () => {
    const untold = given(nextAlert(undefined, judged(warning), noon));
    expect(nextAlert(untold, judged(critical), minutes(5))).toMatchObject({
      step: 'open',
      alert: { severity: 'critical' },
    });
  });

  it('gives way to the resolution, which is told though the opening perhaps was not', () => {
    const untold = given(nextAlert(undefined, judged(critical), noon));
    expect(nextAlert(untold, judged(fine), minutes(5))).toMatchObject({
      step: 'resolve',
      alert: { resolved: minutes(5) },
    });
  });

  it('of a resolution is told again while the database is fine, due, or cannot be asked', () => {
    const untold = given(nextAlert(opened(), judged(fine), noon));
    for (const verdict of [
      fine,
      { name: 'due', severity: 'info' },
      { name: 'unknown', severity: 'warning' },
    ] as const) {
      expect(nextAlert(untold, judged(verdict), minutes(10)).step).toBeUndefined();
      expect(nextAlert(untold, judged(verdict), minutes(15)).step).toBe('resolve');
    }
  });

  it('of a resolution is taken back when the database is unprotected again', () => {
    const quiet = acknowledge(opened(), { by: 'ann' }, noon);
    const untold = { ...given(nextAlert(quiet, judged(fine), hours(1))), expiresAt: hours(9600) };
    const { alert, step } = nextAlert(untold, judged(critical), hours(2));
    expect(step).toBe('open');
    expect(alert?.opened).toEqual(noon);
    for (const gone of ['resolved', 'resolution', 'outcome', 'acknowledged', 'expiresAt']) {
      expect(alert).not.toHaveProperty(gone);
    }
  });
});

describe('the moment to look again', () => {
  const checkAt = (current: Alert | undefined, judgement: Judged, now: Date) =>
    nextAlert(current, judgement, now).checkAt;

  it('is soon while something is untold, and then at most six hours away', () => {
    const { checkAt: soon, checkAtOnceTold } = nextAlert(undefined, judged(critical), noon);
    expect([soon, checkAtOnceTold]).toEqual([minutes(14), hours(6)]);
  });

  it('is the reminder, the end of a snooze or the moment of the verdict, if that is earlier', () => {
    expect(checkAt(opened(), judged(critical), hours(20))).toEqual(hours(24));
    expect(checkAt(snooze(opened(), { until: hours(3), by: 'ann' }, noon), judged(critical), hours(1))).toEqual(
      hours(3),
    );
    expect(checkAt(opened(), judged({ ...critical, checkAt: hours(2) }), hours(1))).toEqual(hours(2));
  });

  it('is that of the verdict once all is well', () => {
    expect(nextAlert(opened(), judged({ ...fine, checkAt: hours(26) }), hours(1))).toMatchObject({
      checkAt: minutes(14, hours(1)),
      checkAtOnceTold: hours(26),
    });
  });
});
