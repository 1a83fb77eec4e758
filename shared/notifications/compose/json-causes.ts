/** Causes as data in the JSON body of a message: bounded, and without facts that its readers must not see. */
import type { CauseTable } from '../../domain/index.ts';
import { oneLine } from '../../lib/safe-text.ts';
import { type Reader, visibleFacts } from '../../reasons/index.ts';

export interface JsonCause {
  readonly code: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** Facts that take more of JSON together are left out, the last ones first. */
const maxFactsLength = 1_000;
const mostItems = 10;
const deepest = 4;
const maxText = 300;

/** A cause of one of the tables as its code and facts. */
export function jsonCause(table: CauseTable, cause: JsonCause, reader: Pick<Reader, 'audience'>): JsonCause {
  const facts: [name: string, value: unknown][] = [];
  let length = 0;
  for (const [name, value] of Object.entries(visibleFacts(table, cause, reader))) {
    const fact: (typeof facts)[number] = [oneLine(name, 64), bounded(value)];
    length += JSON.stringify(fact).length;
    if (length > maxFactsLength) break;
    facts.push(fact);
  }
  return { code: oneLine(cause.code, 64), facts: Object.fromEntries(facts) };
}

/** Plain JSON with its texts on one line, and its texts, lists, objects and depth cut. */
function bounded(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return oneLine(value, maxText);
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= deepest) return '...';
  if (Array.isArray(value)) return value.slice(0, mostItems).map((item) => bounded(item, depth + 1));
  const some = Object.entries(value).slice(0, mostItems);
  return Object.fromEntries(some.map(([name, item]) => [oneLine(name, 64), bounded(item, depth + 1)]));
}
