/** Causes as data in the JSON body of a message: bounded, and without facts that its readers must not see. */
import type { causes, copyCauses, FactsIn, resolutions } from '../../domain/index.ts';
import { oneLine } from '../../lib/safe-text.ts';
import type { Reader } from '../../reasons/index.ts';

type Table = typeof causes | typeof resolutions | typeof copyCauses;

export interface JsonCause {
  readonly code: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

type Facts = {
  [Code in keyof typeof causes]: keyof FactsIn<typeof causes, Code>;
} & { [Code in keyof typeof resolutions]: keyof FactsIn<typeof resolutions, Code> } & {
  [Code in keyof typeof copyCauses]: keyof FactsIn<typeof copyCauses, Code>;
};

/** Facts that only operators may see: they name another tenant or another database, or quote an error of the account. */
const forOperators: { readonly [Code in keyof Facts]?: readonly Facts[Code][] } = {
  'moved-to-tenant': ['tenant'],
  'name-used-before': ['resourceId', 'lastBackup'],
  'rds-not-answering': ['error'],
  'owner-changed': ['tenant'],
  'cancelled-by-person': ['by', 'note'],
};

/** Facts that take more of JSON together are left out, the last ones first. */
const maxFactsLength = 1_000;
const mostItems = 10;
const maxText = 300;

/** A cause of one of the tables as its code and facts. */
export function jsonCause(table: Table, cause: JsonCause, { audience }: Pick<Reader, 'audience'>): JsonCause {
  const mayShow = audience === 'operators' ? () => true : showsTenants(table, cause.code);
  const facts: [name: string, value: unknown][] = [];
  let length = 0;
  for (const [name, value] of Object.entries(cause.facts)) {
    if (!mayShow(name)) continue;
    const fact: (typeof facts)[number] = [oneLine(name, 64), bounded(value)];
    length += JSON.stringify(fact).length;
    if (length > maxFactsLength) break;
    facts.push(fact);
  }
  return { code: oneLine(cause.code, 64), facts: Object.fromEntries(facts) };
}

/** Which facts of a code tenants see: those that the table knows, since those of a later version may name anything. */
function showsTenants(table: Table, code: string): (fact: string) => boolean {
  const entries: Readonly<Record<string, { readonly facts: { readonly shape: object } }>> = table;
  const hidden: Readonly<Record<string, readonly string[] | undefined>> = forOperators;
  if (!Object.hasOwn(entries, code)) return () => false;
  const { shape } = entries[code]?.facts ?? {};
  return (fact) => shape !== undefined && Object.hasOwn(shape, fact) && !hidden[code]?.includes(fact);
}

/** Plain JSON with its texts on one line, and its texts and lists cut. */
function bounded(value: unknown): unknown {
  if (typeof value === 'string') return oneLine(value, maxText);
  if (Array.isArray(value)) return value.slice(0, mostItems).map(bounded);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [oneLine(name, 64), bounded(item)]));
}
