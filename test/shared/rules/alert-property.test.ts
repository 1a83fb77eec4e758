import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Alert, AlertStep, Severity, Verdict, VerdictName } from '../../../shared/model.ts';
import { confirm, nextAlert, openAlert, staysOnRow } from '../../../shared/rules/alert.ts';

const start = new Date('2026-11-23T00:00:00Z').getTime();
const minute = 60_000;

const unprotected = fc.record({
  name: fc.constantFrom<VerdictName>('overdue', 'never', 'disabled', 'missing', 'unknown', 'protected'),
  severity: fc.constantFrom<Severity>('critical', 'warning'),
});
const fine = fc.record({
  name: fc.constantFrom<VerdictName>('protected', 'due', 'new', 'excluded'),
  severity: fc.constant<Severity>('info'),
});
const verdicts: fc.Arbitrary<Verdict> = fc
  .record({ what: fc.oneof(unprotected, fine), once: fc.boolean() })
  .map(({ what, once }) => ({ ...what, reason: what.name, ...(once && { once }) }));

/** What became of a published message: told and confirmed, told but the run crashed, or crashed before. */
const fates = fc.constantFrom('confirmed', 'crashed after', 'crashed before');

interface Look {
  readonly pauseMinutes: number;
  readonly verdict: Verdict;
  readonly fate: string;
}

const looks = (fate = fates): fc.Arbitrary<Look[]> =>
  fc.array(fc.record({ pauseMinutes: fc.integer({ min: 1, max: 3_000 }), verdict: verdicts, fate }), { maxLength: 40 });

interface Told {
  readonly step: AlertStep;
  readonly at: number;
  readonly verdict: Verdict;
  readonly alert: Alert;
}

/** Plays looks after one another, as sweep and watch do with the row, and returns what people were told and what is left. */
function play(all: readonly Look[]): { told: Told[]; onRow: Alert | undefined; now: number } {
  const told: Told[] = [];
  let onRow: Alert | undefined;
  let now = start;
  for (const { pauseMinutes, verdict, fate } of all) {
    now += pauseMinutes * minute;
    const at = new Date(now);
    const { alert, step } = nextAlert(onRow, judged(verdict), at);
    onRow = alert;
    if (!alert || !step) continue;
    if (fate !== 'crashed before') told.push({ step, at: now, verdict, alert });
    if (fate !== 'confirmed') continue;
    const confirmed = confirm(alert, 'all', at);
    onRow = staysOnRow(confirmed) ? confirmed : undefined;
  }
  return { told, onRow, now };
}

function judged(verdict: Verdict) {
  return {
    database: 'a/r/db',
    databaseId: 'orders',
    databaseKind: 'instance' as const,
    tenant: 'acme',
    verdict,
    policy: { maxAgeHours: 24, graceHours: 2, reminderHours: 24 },
  };
}

describe('whatever happens to a database', () => {
  it('opened and resolved alternate while nothing crashes', () => {
    fc.assert(
      fc.property(looks(fc.constant('confirmed')), (all) => {
        const ends = play(all)
          .told.map(({ step }) => step)
          .filter((step) => step === 'open' || step === 'resolve');
        expect(ends).toEqual(ends.map((_, index) => (index % 2 === 0 ? 'open' : 'resolve')));
      }),
    );
  });

  it('what is information neither opens, reminds nor rises', () => {
    fc.assert(
      fc.property(looks(), (all) => {
        for (const { step, verdict } of play(all).told) {
          if (verdict.severity === 'info') expect(step).toBe('resolve');
        }
      }),
    );
  });

  it('nothing is told while nothing changes and no reminder is due', () => {
    fc.assert(
      fc.property(
        looks(fc.constant('confirmed')),
        verdicts,
        fc.integer({ min: 1, max: 24 * 60 - 1 }),
        (all, last, wait) => {
          // Twice, since what remains after a resolution opens with the next look.
          const steady = { verdict: last, fate: 'confirmed', pauseMinutes: 1 };
          const { onRow, now } = play([...all, steady, { ...steady }]);
          const since = onRow?.notified.at(-1)?.at.getTime() ?? now;
          const look = new Date(Math.max(now, since + wait * minute));
          const reminder = onRow && look.getTime() - since >= 24 * 60 * minute;
          if (!reminder) expect(nextAlert(onRow, judged(last), look).step).toBeUndefined();
        },
      ),
    );
  });

  it('a crash at any point loses nothing: quiet days afterwards, what is so was told', () => {
    fc.assert(
      fc.property(looks(), verdicts, (all, last) => {
        fc.pre(last.name !== 'due');
        // Looks every 15 minutes for a day; nothing crashes any more, and every step goes out.
        const steady = { verdict: last, fate: 'confirmed', pauseMinutes: 15 };
        const { told, onRow } = play([...all, ...Array.from({ length: 96 }, () => steady)]);
        expect(onRow?.intent).toBeUndefined();
        const before = play(all);
        const end = told.at(-1);
        if (last.severity === 'info') {
          expect(openAlert(onRow)).toBeUndefined();
          if (before.told.length > 0 || before.onRow) expect(end?.step).toBe('resolve');
        } else {
          expect(openAlert(onRow)).toBeDefined();
          expect(end?.step).not.toBe('resolve');
        }
      }),
    );
  });

  it('a publisher that never works is tried a bounded number of times a day', () => {
    fc.assert(
      fc.property(verdicts, (verdict) => {
        fc.pre(verdict.severity !== 'info');
        const looksOfFourDays = Array.from({ length: 4 * 96 }, () => ({
          verdict,
          fate: 'crashed after',
          pauseMinutes: 15,
        }));
        const { told } = play(looksOfFourDays);
        expect(told.length).toBeGreaterThan(8);
        expect(told.length).toBeLessThan(25);
      }),
    );
  });
});
