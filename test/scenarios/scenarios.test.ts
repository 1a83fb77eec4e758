import { describe, expect, it } from 'vitest';
import { verdictsPage } from '../../scripts/generate/verdicts.ts';
import { outOfDate } from '../../scripts/generate.ts';
import { type CauseCode, causes } from '../../shared/domain/index.ts';
import { themes } from './index.ts';
import { playRun } from './run-scenario.ts';
import { runThemes } from './runs.ts';
import { play, t } from './scenario.ts';

describe.each(themes)('$name', ({ scenarios }) => {
  it.each(scenarios)('$title', (scenario) => {
    const { evaluation, alert, reason, nextCheckAt } = play(scenario);
    const expected = scenario.expect;

    expect({
      verdict: evaluation.verdict,
      severity: evaluation.severity,
      cause: evaluation.cause?.code ?? null,
      alert,
    }).toEqual({
      verdict: expected.verdict,
      severity: expected.severity,
      cause: expected.cause,
      alert: expected.alert,
    });
    expect(reason).toContain(expected.reason);
    if (expected.notes !== undefined) expect(evaluation.notes.map(({ code }) => code)).toEqual(expected.notes);
    if (expected.deadline !== undefined) expect(evaluation.deadline).toEqual(t(expected.deadline));
    if (expected.nextCheckAt !== undefined) expect(nextCheckAt).toEqual(t(expected.nextCheckAt));
  });
});

describe.each(runThemes)('$name', ({ scenarios }) => {
  it.each(scenarios)('$title', async (scenario) => {
    const { verdict, severity, cause, alert, notes, reason } = await playRun(scenario);
    const { notes: expectedNotes = notes, reason: part, ...said } = scenario.expect;
    expect({ verdict, severity, cause, alert }).toEqual(said);
    expect(notes).toEqual(expectedNotes);
    expect(reason).toContain(part);
    expect(reason).toMatch(/^[\x20-\x7e]+\.$/);
  });
});

describe('the table', () => {
  const all = themes.flatMap((theme) => theme.scenarios);

  it('holds at least 60 cases, each with a title of its own', () => {
    const titles = [...themes, ...runThemes].flatMap(({ scenarios }) => scenarios.map(({ title }) => title));
    expect(new Set(titles).size).toBe(titles.length);
    expect(all.length).toBeGreaterThanOrEqual(60);
  });

  it('has an example for each code of causes', () => {
    const codes = all
      .map((scenario) => play(scenario))
      .flatMap(({ evaluation: { cause, notes } }) => [cause?.code, ...notes.map(({ code }) => code)]);
    expect(Object.keys(causes).filter((code) => !codes.includes(code as CauseCode))).toEqual([]);
  });

  it('has codes and facts stored, never a sentence or an age', () => {
    for (const scenario of all) {
      const { cause, notes } = play(scenario).evaluation;
      expect(JSON.stringify([cause, notes])).not.toMatch(/\d (min|h|d)\b|\. |\.\\?"/);
    }
  });

  it('is what docs/verdicts.md shows: npm run generate', async () => {
    expect(await outOfDate([verdictsPage], false)).toEqual([]);
  });

  it('gives each reason as one line of sentences, for operators and for tenants', () => {
    for (const scenario of all) {
      expect(play(scenario, 'operators').reason).toMatch(/^[\x20-\x7e]+\.$/);
      expect(play(scenario, 'tenant').reason).toMatch(/^[\x20-\x7e]+\.$/);
    }
  });
});
