import { describe, expect, it } from 'vitest';
import { verdictsPage } from '../../scripts/generate/verdicts.ts';
import { outOfDate } from '../../scripts/generate.ts';
import { themes } from './index.ts';
import { play, t } from './scenario.ts';

describe.each(themes)('$name', ({ scenarios }) => {
  it.each(scenarios)('$title', (scenario) => {
    const { verdict, alert } = play(scenario);
    const expected = scenario.expect;

    expect({ verdict: verdict.name, severity: verdict.severity, alert }).toEqual({
      verdict: expected.verdict,
      severity: expected.severity,
      alert: expected.alert,
    });
    expect(verdict.reason).toContain(expected.reason);
    if (expected.deadline !== undefined) expect(verdict.deadline).toEqual(t(expected.deadline));
    if (expected.checkAt !== undefined) expect(verdict.checkAt).toEqual(t(expected.checkAt));
  });
});

describe('the table', () => {
  const all = themes.flatMap((theme) => theme.scenarios);

  it('holds at least 60 cases, each told apart by its title', () => {
    expect(new Set(all.map((scenario) => scenario.title)).size).toBe(all.length);
    expect(all.length).toBeGreaterThanOrEqual(60);
  });

  it('is what docs/verdicts.md shows: npm run generate', async () => {
    expect(await outOfDate([verdictsPage], false)).toEqual([]);
  });

  it('gives each reason as one line that ends a sentence', () => {
    for (const scenario of all) {
      // An exclusion's reason is the words of whoever configured it.
      if (scenario.configured?.excluded !== undefined) continue;
      expect(play(scenario).verdict.reason).toMatch(/^[\x20-\x7e]+\.$/);
    }
  });
});
