import type { Reader } from '../../reasons/index.ts';

export interface MessageContext {
  /** Of the ledger. */
  readonly account: string;
  readonly region: string;
  readonly runbookUrl: string;
  readonly now: Date;
  /** Where the full list lies, if the message cannot hold it. */
  readonly fullList?: string;
}

/** A context with its readers, for whom prose is made. */
export type Rendering = MessageContext & Reader;

/** A message lists so many databases or copies at most; more make a message that nobody reads. */
export const mostListed = 25;

/** Longest texts from outside: names (RDS's own limit is 63), words of a later version, engines, reasons. */
export const limits = { name: 63, tenant: 64, word: 40, engine: 40, reason: 700, id: 255, subject: 99 } as const;

/**
 * A command of ours, for operators alone: it runs in a clone, where the name is that of the clone's own script. (`npx` and
 * the name of the package would fetch whatever somebody publishes under it.)
 */
export function ledgerCommand(what: string): string {
  return `npm run ledger -- ${what}`;
}

/** Which command lists everything, for those who have it. */
export function listCommand(what: string, { audience }: Reader): { readonly listCommand?: string } {
  return audience === 'operators' ? { listCommand: ledgerCommand(what) } : {};
}

/** How often each word occurs, the most frequent first. */
export function wordCounts(words: readonly string[]): [word: string, count: number][] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
}
