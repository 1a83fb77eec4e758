/** What the page carries for its own script: the facts that are filtered and sorted, with text from outside made harmless. */
import { ownerText } from '../domain/index.ts';
import { oneLine } from '../lib/safe-text.ts';
import { formatUtc } from '../lib/time.ts';
import type { ReportDatabase, ReportFacts, ReportTenant } from './facts.ts';

/** Its reason says what its cause and notes are. */
export type PageDatabase = Omit<ReportDatabase, 'cause' | 'notes' | 'account' | 'region' | 'share'> & {
  /** Of a tenant's part of a shared database: `shared`, and since when, where that is known. */
  readonly shared?: string;
  /** Where the fleet has several environments: what stands beside the name, and what is filtered by. */
  readonly place?: { readonly account: string; readonly accountName: string; readonly region: string };
};

export interface PageData {
  /** ISO 8601 UTC. */
  readonly generated: string;
  readonly dates: readonly string[];
  readonly databases: readonly PageDatabase[];
  readonly tenants: readonly ReportTenant[];
  /** Reasons of days that were not in time: `<position in databases> <date>`. */
  readonly gaps: Readonly<Record<string, string>>;
}

export function pageData(facts: ReportFacts): PageData {
  const hasSeveral = facts.environments.length > 1;
  const accountNames = accountNamesOf(facts);
  return {
    generated: facts.generated,
    dates: facts.dates,
    databases: facts.databases.map(
      ({ cause: _, notes, account, region, share, reason, days, ...database }): PageDatabase => ({
        ...nameLines({
          ...database,
          tenant: ownerText(database.tenant, notes),
          ...(share && {
            shared: share.since === null ? 'shared' : `shared since ${formatUtc(new Date(share.since))}`,
          }),
          ...(hasSeveral && { place: { account, accountName: accountNames.get(account) ?? account, region } }),
        }),
        days,
        reason: oneLine(reason, 600),
      }),
    ),
    tenants: facts.tenants.map(nameLines),
    gaps: Object.fromEntries(facts.gaps.map((gap) => [`${gap.database} ${gap.date}`, oneLine(gap.reason, 300)])),
  };
}

/** What people call each account: its name, else its id. */
export function accountNamesOf({ environments }: ReportFacts): ReadonlyMap<string, string> {
  return new Map(environments.map(({ account, accountName }) => [account, nameLine(accountName ?? account)]));
}

/** Longer than any name that RDS or the configuration allows. */
export function nameLine(name: string): string {
  return oneLine(name, 128);
}

/**
 * An object whose texts are shortened as `nameLine` does: here, once, since a filter is kept in the URL by tenant, and must
 * find it by the same name.
 */
function nameLines<T extends object>(value: T): T {
  const entries = Object.entries(value).map(([name, field]) => [name, harmless(field)]);
  return Object.fromEntries(entries) as T;
}

function harmless(field: unknown): unknown {
  if (typeof field === 'string') return nameLine(field);
  return typeof field === 'object' && field !== null && !Array.isArray(field) ? nameLines(field) : field;
}
