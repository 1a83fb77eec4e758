import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toJson, unwatchedTenantSchema } from '../../../shared/domain/index.ts';
import type { PageData } from '../../../shared/report/data.ts';
import type { ReportDatabase, ReportFacts } from '../../../shared/report/facts.ts';
import { reportPage } from '../../../shared/report/page.ts';
import { pageScript } from '../../../shared/report/page-script.ts';
import { unwatchedTenant } from '../notifications/given.ts';
import { givenFacts } from './given.ts';

const nasty = '</script><img src=x onerror="alert(1)">';

function heading(facts: ReportFacts): string {
  return /<h1[\s\S]*?<span>([^<]*)<\/span><\/h1>/.exec(reportPage(facts))?.[1] ?? '';
}

function embedded(page: string): PageData {
  const json = /<script type="application\/json" id="facts">([\s\S]*?)<\/script>/.exec(page)?.[1];
  return JSON.parse(json ?? '');
}

describe('the answer', () => {
  test('all protected', () => {
    expect(heading(givenFacts({ databases: 5, troubleEvery: 0 }))).toBe('All 5 databases are protected.');
    expect(heading(givenFacts({ databases: 1, troubleEvery: 0 }))).toBe('The one database is protected.');
  });

  test('some are not protected: how many, who for longest, and since when', () => {
    const facts = givenFacts({ databases: 5, troubleEvery: 4 });
    expect(heading(facts)).toBe('1 of 5 databases is not protected.');
    expect(reportPage(facts)).toContain('Longest: <b>delta-orders</b> of delta, for 5 h 48 min.');
  });

  test('a tenant without a watched database, and that it is not protected once that is critical', () => {
    const tenant = (severity: 'warning' | 'critical') => ({
      ...toJson(unwatchedTenantSchema, unwatchedTenant({ tenant: nasty, severity })),
      reason: 'It has no database.',
    });
    const facts = givenFacts({ databases: 5, troubleEvery: 0 });
    const warned = { ...facts, unwatchedTenants: [tenant('warning')] };
    expect(heading(warned)).toBe('All 5 databases are protected.');
    expect(reportPage(warned)).toContain('Tenants without a watched database');
    expect(reportPage(warned)).toContain('It has no database.');
    expect(reportPage(warned)).not.toContain(nasty);
    expect(heading({ ...facts, unwatchedTenants: [tenant('critical')] })).toBe('1 tenant has no watched database.');
    expect(reportPage(facts)).not.toContain('without a watched database');
  });

  test('it does not say protected of what is not known', () => {
    const unknown = (database: ReportDatabase, index: number) =>
      index === 0 ? { ...database, verdict: 'unknown' as const, severity: 'warning' as const } : database;
    expect(heading(givenFacts({ databases: 5, troubleEvery: 0, change: unknown }))).toBe(
      'It is not known whether 1 database is protected.',
    );
  });

  test('a verdict of a later version is shown as it is, and is not known to be protected', () => {
    const later = (database: ReportDatabase, index: number) =>
      index === 0
        ? {
            ...database,
            verdict: 'half-copied' as ReportDatabase['verdict'],
            severity: 'grave' as ReportDatabase['severity'],
          }
        : database;
    const facts = givenFacts({ databases: 5, troubleEvery: 0, change: later });
    expect(heading(facts)).toBe('It is not known whether 1 database is protected.');
    const page = reportPage(facts);
    expect(page).toContain('<span class="badge b-unknown">');
    expect(page).toContain('value="half-copied"');
    expect(page).toContain('title="a verdict of a later version"');
  });

  test('it does not say protected while the sweep is in doubt, and says why', () => {
    const facts = { ...givenFacts({ databases: 5, troubleEvery: 0 }), doubts: ['The last sweep is 3 d old.'] };
    expect(heading(facts)).toBe('It is not known whether everything is protected.');
    expect(reportPage(facts)).toContain('<p>The last sweep is 3 d old.</p>');
  });

  test('nothing is watched yet, or nothing has a promise yet', () => {
    expect(heading({ ...givenFacts({ databases: 0 }), sweep: null, watch: null })).toBe('No database is watched yet.');
    const excluded = (database: ReportDatabase) => ({ ...database, verdict: 'excluded' as const });
    expect(heading(givenFacts({ databases: 2, troubleEvery: 0, change: excluded }))).toBe(
      'No database has a promise that could be kept or broken yet.',
    );
  });

  test('a protected database that will not be backed up again is named, one that is merely due is not', () => {
    const named = (change: (database: ReportDatabase) => ReportDatabase) =>
      reportPage(givenFacts({ databases: 1, troubleEvery: 0, change })).includes('Needs attention, worst first');
    expect(named((database) => ({ ...database, severity: 'warning' }))).toBe(true);
    expect(named((database) => ({ ...database, verdict: 'due' }))).toBe(false);
  });

  test('of many, the first ten are named, and a link filters for them', () => {
    const page = reportPage(givenFacts({ databases: 400, troubleEvery: 10 }));
    expect(page).toContain('The worst 10 of 40 that need attention');
    expect(page).toContain('href="#verdict=never,overdue,disabled,unknown"');
  });
});

describe('text from outside', () => {
  const facts: ReportFacts = {
    ...givenFacts({
      databases: 3,
      troubleEvery: 2,
      change: (database) => ({ ...database, id: nasty, tenant: `${nasty}'&`, engine: nasty, reason: nasty }),
    }),
    ledger: nasty,
    account: nasty,
    region: nasty,
    unconfigured: [nasty],
    doubts: [nasty],
    gaps: [
      { database: 0, date: '2026-11-23', state: 'missing', reason: nasty, alertOpened: null, alertResolved: null },
    ],
  };
  const withTenants = { ...facts, tenants: facts.tenants.map((tenant) => ({ ...tenant, tenant: `${nasty}'&` })) };
  const page = reportPage(withTenants);

  test('never becomes markup', () => {
    expect(page).not.toContain('<img');
    expect(page.match(/<\/script/g)).toHaveLength(2);
  });

  test('arrives unchanged in the data', () => {
    expect(embedded(page).databases[0]?.id).toBe(nasty);
  });

  test('cannot turn the reading direction or hide in characters without a shape', () => {
    const turned = reportPage(
      givenFacts({
        databases: 1,
        troubleEvery: 0,
        change: (database) => ({ ...database, id: 'a\u202eb\u200bc\u0000d' }),
      }),
    );
    expect(['\u202e', '\u200b', '\u0000'].filter((character) => turned.includes(character))).toEqual([]);
    expect(turned).toContain('a b c d');
  });
});

describe('the file', () => {
  const page = reportPage(givenFacts({ databases: 40, troubleEvery: 5 }));

  test('asks nobody for anything', () => {
    const targets = [...page.matchAll(/(?:src|href|action|url)\s*[=(]\s*["']?([^"')\s>]*)/gi)].map(
      (match) => match[1] ?? '',
    );
    expect(targets.length).toBeGreaterThan(0);
    expect(targets.filter((target) => !target.startsWith('#') && target !== 'data:,')).toEqual([]);
  });

  test('allows its own script and no other', () => {
    const hash = createHash('sha256').update(pageScript).digest('base64');
    expect(page).toContain(`content="default-src &#39;none&#39;; script-src &#39;sha256-${hash}&#39;`);
    expect(page).toContain(`<script>${pageScript}</script>`);
  });

  test('carries a small script: no schema library, no ledger', () => {
    expect(pageScript.length).toBeLessThan(20_000);
  });

  test('is the same for the same facts', () => {
    expect(reportPage(givenFacts({ databases: 40, troubleEvery: 5 })) === page).toBe(true);
  });

  test('stays under 5 MB with 2,000 databases whose texts are long and whose days are bad', () => {
    const facts = givenFacts({
      databases: 2000,
      change: (database, index) => ({
        ...database,
        id: `${'x'.repeat(58)}${String(index).padStart(5, '0')}`,
        reason: 'Point-in-time restore is stale, too. '.repeat(12),
        days: 'm'.repeat(35),
      }),
    });
    // The facts name at most 3,000 gaps.
    const bytes = Buffer.byteLength(reportPage({ ...facts, gaps: facts.gaps.slice(0, 3000) }));
    expect(bytes).toBeLessThan(5_000_000);
    expect(bytes).toBeGreaterThan(1_000_000);
  });

  test('has charts with their numbers as tables', () => {
    const copies = page.slice(page.indexOf('id="copies-title"'), page.indexOf('id="attainment-title"'));
    expect(copies.match(/<svg aria-hidden="true"/g)).toHaveLength(4);
    expect(copies).toContain('<th scope="row">2026-11-23</th>');
  });

  test('says so where no copy was wanted', () => {
    const facts = givenFacts({ databases: 2, troubleEvery: 0 });
    const none = {
      queued: 0,
      started: 0,
      complete: 0,
      incomplete: 0,
      failed: 0,
      skipped: 0,
      cancelled: 0,
      bytes: 0,
      mostWaiting: 0,
      longestWaitHours: null,
    };
    const quiet = reportPage({ ...facts, copies: facts.dates.map((date) => ({ date, ...none })) });
    expect(quiet).toContain('No copy was wanted in these days.');
  });
});
