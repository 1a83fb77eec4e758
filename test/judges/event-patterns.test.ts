/**
 * Our event patterns and stream filters, by the answers of AWS's own event-ruler, which `npx tsx scripts/event-ruler.ts` writes
 * into a table.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { synthesize } from '../infra/synthesized.ts';
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

describe('what our patterns match', () => {
  it.each(eventCases)('$what: $to', ({ event, to }) => {
    const answer = table.answers.find((one) => JSON.stringify(one.event) === JSON.stringify(event));
    expect(answer?.matches, renew).toEqual(to);
  });

  it('is something for each of them', () => {
    expect(new Set(eventCases.flatMap(({ to }) => to))).toEqual(new Set(Object.keys(table.patterns)));
  });
});
