/**
 * Our event patterns and stream filters, by the answers of AWS's own event-ruler, which `npx tsx scripts/event-ruler.ts` writes
 * into a table.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { configured, synthesize, synthesizeSpoke } from '../infra/synthesized.ts';
import { eventCases } from './event-cases.ts';
import { patternsOf } from './patterns.ts';

const table = JSON.parse(readFileSync(new URL('event-ruler.json', import.meta.url), 'utf8')) as {
  readonly patterns: Readonly<Record<string, object>>;
  readonly answers: readonly { readonly event: object; readonly matches: readonly string[] }[];
};
const renew = 'the answers are of other patterns or events; renew them: npx tsx scripts/event-ruler.ts';

describe("event-ruler's answers", () => {
  it('are about the patterns that the stack has', () => {
    expect(table.patterns, renew).toEqual(patternsOf(synthesize().template));
  });

  it('are about the events of these tests', () => {
    expect(
      table.answers.map(({ event }) => event),
      renew,
    ).toEqual(eventCases.map(({ event }) => event));
  });
});

describe('what spokes forward', () => {
  const us = { account: '210987654321', region: 'us-east-1' };
  const fleet = configured([], { environments: [{ account: us.account, regions: [us.region] }] });
  const asked = new Set(Object.entries(table.patterns).flatMap(([, one]) => ('account' in one ? [sorted(one)] : [])));
  const rulesOf = (patterns: Readonly<Record<string, object>>) =>
    Object.entries(patterns).flatMap(([name, one]) => ('source' in one ? [{ name, pattern: one }] : []));

  it('is what the ruler was asked about, but for the account', () => {
    const patterns = rulesOf(patternsOf(synthesizeSpoke(fleet, us).template));
    const asHub = patterns.map(({ pattern }) => sorted({ ...pattern, account: ['123456789012'] }));
    expect(new Set(asHub), renew).toEqual(asked);
    for (const { pattern } of patterns) expect(pattern).toMatchObject({ account: [us.account] });
  });

  it('is taken from the bus of the hub by the same patterns, of any account', () => {
    const forwarded = rulesOf(patternsOf(synthesize(fleet).template)).filter(({ name }) => /Forwarded/.test(name));
    const asHub = forwarded.map(({ pattern }) => sorted({ ...pattern, account: ['123456789012'] }));
    expect(new Set(asHub), renew).toEqual(asked);
    for (const { pattern } of forwarded) expect(pattern).not.toHaveProperty('account');
  });

  function sorted(pattern: object): string {
    return JSON.stringify(Object.fromEntries(Object.entries(pattern).sort(([a], [b]) => a.localeCompare(b))));
  }
});

describe('what our patterns match', () => {
  it.each(eventCases)('$what: $to', ({ event, to }) => {
    const answer = table.answers.find((one) => JSON.stringify(one.event) === JSON.stringify(event));
    expect(answer?.matches, renew).toEqual(to);
  });

  it('is something for each of them', () => {
    expect(new Set(eventCases.flatMap(({ to }) => to))).toEqual(new Set(Object.keys(table.patterns)));
  });
});
