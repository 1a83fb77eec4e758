import type { MessageFacts } from '../../channels/index.ts';
import type { Fleet } from '../../config/index.ts';
import {
  type DatabaseKey,
  type Environment,
  environmentName,
  environmentOf,
  type NamedEnvironment,
  namedEnvironment,
  sameEnvironment,
} from '../../domain/index.ts';
import { oneLine } from '../../lib/safe-text.ts';
import type { Reader } from '../../reasons/index.ts';

export interface MessageContext {
  /** Of the ledger. */
  readonly account: string;
  readonly region: string;
  /** Those of the configuration. Where there are several, account and Region stand beside each database. */
  readonly environments: readonly NamedEnvironment[];
  readonly runbookUrl: string;
  readonly now: Date;
  /** Where the full list lies, if the message cannot hold it. */
  readonly fullList?: string;
}

/** A context with its readers, for whom prose is made. */
export type Rendering = MessageContext & Reader;

/** What messages need of the configuration. */
export type MessageFleet = Pick<Fleet, 'account' | 'region' | 'alerts'> & Pick<MessageContext, 'environments'>;

export function messageContext({ account, region, environments, alerts }: MessageFleet, now: Date): MessageContext {
  return { account, region, environments, runbookUrl: alerts.runbookUrl, now };
}

/**
 * What stands beside a database of this environment where several are configured: `Acme production, us-east-1`. A tenant's
 * recipients read the Region, as in its link, and nothing of the operators' accounts.
 */
export function placeOf(
  environment: Environment,
  { environments, audience }: Pick<Rendering, 'environments' | 'audience'>,
): string | undefined {
  if (environments.length < 2) return undefined;
  const named = namedEnvironment(environment, environments);
  return oneLine(audience === 'operators' ? environmentName(named) : named.region, limits.place);
}

/** The same as columns of a table: the account's name, else its id, and the Region. */
export function placeColumns({ environments, audience }: Rendering): {
  readonly titles: readonly string[];
  readonly cells: (database: DatabaseKey) => readonly string[];
} {
  if (environments.length < 2) return { titles: [], cells: () => [] };
  const placeOfKey = (database: DatabaseKey) => namedEnvironment(environmentOf(database), environments);
  const regionOf = (database: DatabaseKey) => oneLine(placeOfKey(database).region, limits.word);
  if (audience === 'tenant') return { titles: ['Region'], cells: (database) => [regionOf(database)] };
  const cells = (database: DatabaseKey) => {
    const { account, accountName = account } = placeOfKey(database);
    return [oneLine(accountName, limits.tenant), regionOf(database)];
  };
  return { titles: ['account', 'Region'], cells };
}

/** `orders`, or `orders (Acme production, us-east-1)`. */
export function withPlace(name: string, environment: Environment, rendering: Rendering): string {
  const place = placeOf(environment, rendering);
  return place === undefined ? name : `${name} (${place})`;
}

/**
 * The header's account and Region: those of the databases, where all are in one environment, else those of the ledger. A
 * tenant's recipients get those of their worst database at any rate.
 */
export function originOf(
  databases: readonly DatabaseKey[],
  { account, region, audience }: Rendering,
): Pick<MessageFacts, 'account' | 'region' | 'ledger'> {
  const [first, ...others] = databases.map(environmentOf);
  const ledger = { account, region };
  if (first === undefined) return { ...ledger, ledger };
  if (audience === 'tenant') return { ...first, ledger: first };
  const isShared = others.every((one) => sameEnvironment(one, first));
  return { ...(isShared ? first : ledger), ledger };
}

/** A message lists so many databases or copies at most; more make a message that nobody reads. */
export const mostListed = 25;

/** Longest texts from outside: names (RDS's own limit is 63), words of a later version, engines, reasons. */
export const limits = {
  name: 63,
  tenant: 64,
  word: 40,
  engine: 40,
  place: 90,
  reason: 700,
  id: 255,
  subject: 99,
} as const;

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
