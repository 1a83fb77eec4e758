/** What all sentences are made with. */

import { type CauseTable, openFacts, type VisibleIn } from '../domain/index.ts';
import { oneLine } from '../lib/safe-text.ts';
import { formatAge, formatUtc } from '../lib/time.ts';
import type { Reader } from './reader.ts';

/** Sentences side by side, without the empty ones. */
export function sentences(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' ');
}

/** Text from outside, on one line. */
export function onLine(text: string): string {
  return text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
}

/** Text from outside as a part of a sentence: one line, and without full stops at its end. */
export function clause(text: string): string {
  const line = onLine(text);
  let end = line.length;
  while (end > 0 && '. '.includes(line.charAt(end - 1))) end -= 1;
  return line.slice(0, end);
}

/** A part that only operators can act on, or may see. */
export function forOperators({ audience }: Pick<Reader, 'audience'>, text: string): string {
  return audience === 'operators' ? text : '';
}

/** The facts of a cause that its reader may see. */
export function visibleFacts<T extends CauseTable, Code extends keyof T & string>(
  table: T,
  cause: { readonly code: Code; readonly facts: object },
  { audience }: Pick<Reader, 'audience'>,
): VisibleIn<T, Code> {
  return (audience === 'operators' ? cause.facts : openFacts(table, cause)) as VisibleIn<T, Code>;
}

/** How long ago a moment is for the reader; causes have moments as ISO 8601. */
export function age(moment: Date | string, { now }: Pick<Reader, 'now'>): string {
  return formatAge(now.getTime() - new Date(moment).getTime());
}

/** A moment of a cause, to the minute. */
export function utc(moment: string): string {
  return formatUtc(new Date(moment));
}

/** The facts of a cause that this version cannot read are shown up to this length. */
const longestFacts = 1_000;

/**
 * A cause of a later version, or with facts that this one cannot read: shown as it is. Its facts may name anything, so only
 * operators see them.
 */
export function codeOf(
  { code, facts }: { readonly code: string; readonly facts: object },
  reader: Pick<Reader, 'audience'>,
): string {
  const shown = Object.keys(facts).length === 0 ? '' : ` ${clause(oneLine(JSON.stringify(facts), longestFacts))}`;
  return `Cause: ${clause(code)}${forOperators(reader, shown)}.`;
}
