import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert, Evaluation, Severity, VerdictName } from '../../../shared/domain/index.ts';
import {
  confirm,
  nextAlert,
  openAlert,
  type PendingStep,
  staysOnRow,
} from '../../../shared/evaluation/alert-lifecycle.ts';

const start = new Date('2026-11-23T00:00:00Z').getTime();
const minute = 60_000;

const unprotected = fc.record({
  verdict: fc.constantFrom<VerdictName>('overdue', 'never', 'disabled', 'missing', 'unknown', 'protected'),
  severity: fc.constantFrom<Severity>('critical', 'warning'),
});
const fine = fc.record({
  verdict: fc.constantFrom<VerdictName>('protected', 'due', 'new', 'excluded'),
  severity: fc.constant<Severity>('info'),
});
const evaluations: fc.Arbitrary<Evaluation> = fc
  .record({ what: fc.oneof(unprotected, fine), once: fc.boolean() })
  .map(({ what, once }) => ({ ...what, cause: null, notes: [], ...(once && { once }) }));

/** What became of a message: published and confirmed, published but the run crashed, or crashed before. */
const fates = fc.constantFrom('confirmed', 'crashed after', 'crashed before');

interface Check {
  readonly pauseMinutes: number;
  readonly evaluation: Evaluation;
  readonly fate: string;
}

const checks = (fate = fates): fc.Arbitrary<Check[]> =>
  fc.array(fc.record({ pauseMinutes: fc.integer({ min: 1, max: 3_000 }), evaluation: evaluations, fate }), {
    maxLength: 40,
  });

interface Message {
  readonly step: PendingStep;
  readonly at: number;
  readonly evaluation: Evaluation;
}

/** Plays checks one after another, as sweep and watch do with the row, and returns what was sent and what is left. */
function play(all: readonly Check[]): { sent: Message[]; onRow: Alert | undefined; now: number } {
  const sent: Message[] = [];
  let onRow: Alert | undefined;
  let now = start;
  for (const { pauseMinutes, evaluation, fate } of all) {
    now += pauseMinutes * minute;
    const at = new Date(now);
    const { alert, step } = nextAlert(onRow, evaluated(evaluation), at);
    onRow = alert;
    if (!alert || !step) continue;
    if (fate !== 'crashed before') sent.push({ step, at: now, evaluation });
    if (fate !== 'confirmed') continue;
    const confirmed = confirm(alert, 'all', at);
    onRow = staysOnRow(confirmed) ? confirmed : undefined;
  }
  return { sent, onRow, now };
}

function evaluated(evaluation: Evaluation) {
  return {
    database: 'a/r/db',
    databaseId: 'orders',
    databaseKind: 'instance' as const,
    tenant: 'acme',
    evaluation,
    policy: {
      maxAgeHours: 24,
      graceHours: 2,
      awsBackupGraceHours: 8,
      reminderHours: 24,
      whileStopped: 'warn' as const,
    },
  };
}

describe('whatever happens to a database', () => {
  it('opened and resolved alternate while nothing crashes', () => {
    fc.assert(
      fc.property(checks(fc.constant('confirmed')), (all) => {
        const ends = play(all)
          .sent.map(({ step }) => step)
          .filter((step) => step === 'open' || step === 'resolve');
        expect(ends).toEqual(ends.map((_, index) => (index % 2 === 0 ? 'open' : 'resolve')));
      }),
    );
  });

  it('what is information neither opens, reminds nor rises', () => {
    fc.assert(
      fc.property(checks(), (all) => {
        for (const { step, evaluation } of play(all).sent) {
          if (evaluation.severity === 'info') expect(step).toBe('resolve');
        }
      }),
    );
  });

  it('nothing is sent while nothing changes and no reminder is due', () => {
    fc.assert(
      fc.property(
        checks(fc.constant('confirmed')),
        evaluations,
        fc.integer({ min: 1, max: 24 * 60 - 1 }),
        (all, last, wait) => {
          // Twice, since what remains after a resolution opens with the next check.
          const steady = { evaluation: last, fate: 'confirmed', pauseMinutes: 1 };
          const { onRow, now } = play([...all, steady, { ...steady }]);
          const since = onRow?.notified.at(-1)?.at.getTime() ?? now;
          const check = new Date(Math.max(now, since + wait * minute));
          const reminder = onRow && check.getTime() - since >= 24 * 60 * minute;
          if (!reminder) expect(nextAlert(onRow, evaluated(last), check).step).toBeUndefined();
        },
      ),
    );
  });

  it('a crash at any point loses nothing: quiet days afterwards, people were notified of what is so', () => {
    fc.assert(
      fc.property(checks(), evaluations, (all, last) => {
        fc.pre(last.verdict !== 'due');
        // Checks every 15 minutes for a day; nothing crashes any more, and every step goes out.
        const steady = { evaluation: last, fate: 'confirmed', pauseMinutes: 15 };
        const { sent, onRow } = play([...all, ...Array.from({ length: 96 }, () => steady)]);
        expect(onRow?.pending).toBeUndefined();
        const before = play(all);
        const end = sent.at(-1);
        if (last.severity === 'info') {
          expect(openAlert(onRow)).toBeUndefined();
          if (before.sent.length > 0 || before.onRow) expect(end?.step).toBe('resolve');
        } else {
          expect(openAlert(onRow)).toBeDefined();
          expect(end?.step).not.toBe('resolve');
        }
      }),
    );
  });

  it('a publisher that never works is tried a bounded number of times a day', () => {
    fc.assert(
      fc.property(evaluations, (evaluation) => {
        fc.pre(evaluation.severity !== 'info');
        const checksOfFourDays = Array.from({ length: 4 * 96 }, () => ({
          evaluation,
          fate: 'crashed after',
          pauseMinutes: 15,
        }));
        const { sent } = play(checksOfFourDays);
        expect(sent.length).toBeGreaterThan(8);
        expect(sent.length).toBeLessThan(25);
      }),
    );
  });
});
