/** Everything that shows, counts or sends a verdict, run over every entry of the table. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Metrics } from '@aws-lambda-powertools/metrics';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { publishSweepMetrics } from '../../../handlers/metrics.ts';
import {
  byVerdict,
  databaseSchema,
  isUnprotected,
  listVerdicts,
  type Protection,
  type Severity,
  type Unrecognized,
  type VerdictEntry,
  type VerdictName,
  verdictNames,
  verdictOf,
  verdicts,
} from '../../../shared/domain/index.ts';
import { composeAlerts, composeDailyDigest } from '../../../shared/notifications/index.ts';
import { evidenceOf } from '../../../shared/read-model/evidence.ts';
import { exitCodes, type Standing } from '../../../shared/read-model/status.ts';
import { verdictsOf } from '../../../shared/report/filter.ts';
import { reportPage } from '../../../shared/report/page.ts';
import { type Sign, signOf } from '../../../shared/report/rows.ts';
import { renderVerdicts } from '../../../test/scenarios/render.ts';
import { given, named } from '../../cli/support.ts';
import { aDatabase, aDay, anAlert, aSweep, at } from '../ledger/rows.ts';
import { context, entry } from '../notifications/given.ts';
import { givenFacts } from '../report/given.ts';

const now = '2026-11-23T12:00:00.000Z';

/** The severity that a database of this protection has at least. */
const severityOf: Readonly<Record<Protection, Severity>> = {
  unprotected: 'critical',
  unknown: 'warning',
  protected: 'info',
  'no promise': 'info',
};

describe('the table of verdicts', () => {
  it('takes no entry that lacks a field', () => {
    const complete: VerdictEntry = { ...verdicts.overdue };
    const { protection: _, ...withoutProtection } = complete;
    const { phrase: __, ...withoutPhrase } = complete;
    const { meaning: ___, ...withoutMeaning } = complete;
    const { runbook: ____, ...withoutRunbook } = complete;
    const { needsSnapshot: _____, ...withoutSnapshot } = complete;
    const { advice: ______, ...withoutAdvice } = complete;
    const lacking: readonly object[] = [
      // @ts-expect-error
      withoutProtection satisfies VerdictEntry,
      // @ts-expect-error
      withoutPhrase satisfies VerdictEntry,
      // @ts-expect-error
      withoutMeaning satisfies VerdictEntry,
      // @ts-expect-error
      withoutRunbook satisfies VerdictEntry,
      // @ts-expect-error
      withoutSnapshot satisfies VerdictEntry,
      // @ts-expect-error
      withoutAdvice satisfies VerdictEntry,
    ];
    expect(lacking.length).toBe(Object.keys(complete).length);
  });

  it('orders the worst first: what is unprotected, then what is not known', () => {
    const protections = verdictNames.map((name) => verdicts[name].protection);
    expect(protections.lastIndexOf('unprotected')).toBeLessThan(protections.indexOf('unknown'));
    expect(protections.lastIndexOf('unknown')).toBeLessThan(protections.indexOf('protected'));
  });

  it('lists the verdicts of a protection as a sentence does', () => {
    expect(listVerdicts('no promise')).toBe('deleted, new or excluded');
    const alone = verdictNames.filter((name) => verdicts[name].protection === 'unknown');
    expect(listVerdicts('unknown')).toBe(alone.join());
  });

  it('says of a verdict of a later version that its protection is unknown, in that version’s word', () => {
    const later = 'quarantined' as Unrecognized;
    expect(verdictOf(later)).toEqual({
      ...verdicts.unknown,
      phrase: 'quarantined',
      meaning: 'a verdict of a later version',
      needsSnapshot: false,
      advice: verdictOf('excluded').advice,
    });
    expect(isUnprotected(later)).toBe(false);
    expect([byVerdict(later, 'unknown'), Math.sign(byVerdict(later, 'protected'))]).toEqual([0, -1]);
  });
});

describe.each(verdictNames)('%s', (verdict) => {
  const { protection, phrase, runbook, advice } = verdicts[verdict];
  const severity = severityOf[protection];

  /** One database of the verdict, as a sweep leaves it: with an open alert, if it is not fine. */
  const world = async () => {
    const seen = given({ now });
    const alert = anAlert({ verdict, severity, cause: null });
    const row = aDatabase({ verdict, severity, cause: null, notes: [], evaluatedAt: at(now) });
    if (severity === 'info') await seen.ledger.putDatabase(row);
    else await seen.ledger.putDatabaseWithAlert({ ...row, ...named(alert) }, alert);
    await seen.ledger.putSweep(aSweep({ databases: 1, counts: { [verdict]: 1 } }));
    await seen.ledger.putSweep(aSweep({ mode: 'watch', counts: {} }));
    return seen;
  };

  it('decides the standing and the exit code of `status`', async () => {
    const { run, facts } = await world();
    const standings: Readonly<Record<Protection, Standing>> = {
      unprotected: 'unprotected',
      unknown: 'unknown',
      protected: 'ok',
      'no promise': 'ok',
    };
    const standing = standings[protection];
    expect((await facts('status')).standing).toBe(standing);
    const { text, exitCode } = await run('status');
    expect(exitCode).toBe(exitCodes[standing]);
    expect(text).toContain(`1 ${verdict}`);
  });

  it('stands in the tables of the command line', async () => {
    const { run } = await world();
    for (const line of ['tenant acme', 'database orders']) expect((await run(line)).text).toContain(verdict);
  });

  it('is a state of the evidence', () => {
    const states: Readonly<Record<Protection, string>> = {
      unprotected: 'missing',
      unknown: 'unknown',
      protected: 'in time',
      'no promise': 'no promise',
    };
    expect(evidenceOf(aDay({ verdict, severity }), []).state).toBe(states[protection]);
  });

  it('is shown and offered as a filter by the page, never more calmly than it is', () => {
    const facts = givenFacts({
      databases: 1,
      troubleEvery: 0,
      change: (database) => ({ ...database, verdict, severity }),
    });
    expect(reportPage(facts)).toContain(`value="${verdict}"`);
    expect(verdictsOf(facts.databases)).toEqual([verdict]);
    const signs: Readonly<Record<Protection, readonly Sign[]>> = {
      unprotected: ['bad'],
      unknown: ['unknown'],
      protected: ['good', 'warn'],
      'no promise': ['none'],
    };
    for (const each of ['critical', 'info'] as const) {
      const shown = signOf(verdict, each);
      expect(signs[protection].includes(shown) || (each === 'critical' && shown === 'bad')).toBe(true);
    }
    expect(signOf(verdict, 'warning')).toBe(protection === 'unknown' ? 'unknown' : 'warn');
  });

  it('counts in the metric of unprotected databases only if it is unprotected', () => {
    const add = vi.spyOn(Metrics.prototype, 'addMetric').mockReturnThis();
    const publish = vi.spyOn(Metrics.prototype, 'publishStoredMetrics').mockReturnThis();
    onTestFinished(() => {
      add.mockRestore();
      publish.mockRestore();
    });
    const row = aSweep({ counts: { [verdict]: 3 } });
    publishSweepMetrics({ row, report: { eventsMissed: 0 } } as Parameters<typeof publishSweepMetrics>[0]);
    const expected = protection === 'unprotected' ? 3 : 0;
    expect(add).toHaveBeenCalledWith('UnprotectedDatabases', expect.anything(), expected);
  });

  it('decides the subject of the daily digest', () => {
    const { subject, texts } = composeDailyDigest(
      {
        counts: { [verdict]: 3, protected: verdict === 'protected' ? 3 : 1 },
        alerts: [],
        unconfigured: [],
        unwatchedTenants: [],
        tagChanges: [],
        eventsMissed: 0,
        missed: [],
        copies: { complete: 0, queued: 0, running: 0, failed: 0 },
        errors: [],
      },
      context,
    );
    const isDoubtful = protection === 'unprotected' || protection === 'unknown';
    expect(/3 of 4 databases not protected/.test(subject)).toBe(isDoubtful);
    expect(texts.email).toContain(verdict);
  });

  it('has messages in its own words, with its section of the runbook', () => {
    const { subject, texts } = composeAlerts(
      [entry({ verdict, severity: 'warning', cause: null })],
      'operators',
      context,
    );
    expect(subject.toLowerCase()).toContain(phrase.toLowerCase());
    expect(JSON.stringify(texts.body)).toContain(`"verdict":"${verdict}"`);
    expect(texts.email).toContain(`runbook.md#${runbook}`);
    expect(texts.email.replaceAll(/\s+/g, ' ')).toContain(advice.replace(/:$/, ''));
  });

  it('has its section in the runbook, and its place in the documentation', async () => {
    const headings = [...documentation('runbook.md').matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title.toLowerCase().replaceAll(' ', '-'),
    );
    expect(headings).toContain(runbook);
    expect(databaseSchema.shape.verdict.unwrap().description).toContain(`\`${verdict}\``);
    expect(await renderVerdicts()).toContain(verdict);
  });

  it('is sorted by the table', () => {
    const others = verdictNames.filter((name) => name !== verdict);
    const rank = (name: VerdictName) => verdictNames.indexOf(name);
    for (const other of others)
      expect(Math.sign(byVerdict(verdict, other))).toBe(Math.sign(rank(verdict) - rank(other)));
    expect(listVerdicts(protection)).toContain(verdict);
  });
});

function documentation(file: string): string {
  return readFileSync(fileURLToPath(new URL(`../../../docs/${file}`, import.meta.url)), 'utf8');
}
