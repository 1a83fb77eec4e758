/** Which databases are shown, in which order; the URL's hash keeps it, so that a filtered page can be passed on as a link. */
import { byVerdict } from '../domain/verdicts.ts';
import type { PageDatabase } from './data.ts';

export type Verdict = PageDatabase['verdict'];

export const sortings = {
  worst: 'Worst first',
  oldest: 'Oldest backup first',
  name: 'By name',
  tenant: 'By tenant',
} as const;

export type Sorting = keyof typeof sortings;

export interface Filter {
  /** Empty: all tenants. */
  readonly tenant: string;
  /** An account's id. Empty: all accounts. */
  readonly account: string;
  /** Empty: all Regions. */
  readonly region: string;
  /** Empty: all verdicts. */
  readonly verdicts: readonly Verdict[];
  /** Words that all must occur in tenant, name, account, Region, engine, verdict or reason. */
  readonly search: string;
  readonly sort: Sorting;
}

export const noFilter: Filter = { tenant: '', account: '', region: '', verdicts: [], search: '', sort: 'worst' };

/** Verdicts that occur, worst first: those that are offered as filters. */
export function verdictsOf(databases: readonly Pick<PageDatabase, 'verdict'>[]): Verdict[] {
  return [...new Set(databases.map(({ verdict }) => verdict))].sort((a, b) => byVerdict(a, b) || (a < b ? -1 : 1));
}

/**
 * Reads `#tenant=acme&verdict=overdue,never&search=orders&sort=name`; what it does not know is left out. `known` are the
 * verdicts that occur.
 */
export function parseFilter(hash: string, known: readonly Verdict[]): Filter {
  const fields = new URLSearchParams(hash.replace(/^#/, ''));
  const verdicts = (fields.get('verdict') ?? '').split(',');
  const sort = fields.get('sort') ?? '';
  return {
    tenant: fields.get('tenant') ?? '',
    account: fields.get('account') ?? '',
    region: fields.get('region') ?? '',
    verdicts: known.filter((name) => verdicts.includes(name)),
    search: fields.get('search') ?? '',
    sort: Object.hasOwn(sortings, sort) ? (sort as Sorting) : 'worst',
  };
}

/** The hash without `#`; empty for `noFilter`. */
export function formatFilter(filter: Filter): string {
  const fields = new URLSearchParams();
  if (filter.tenant) fields.set('tenant', filter.tenant);
  if (filter.account) fields.set('account', filter.account);
  if (filter.region) fields.set('region', filter.region);
  if (filter.verdicts.length > 0) fields.set('verdict', filter.verdicts.join(','));
  if (filter.search) fields.set('search', filter.search);
  if (filter.sort !== 'worst') fields.set('sort', filter.sort);
  return fields.toString().replaceAll('%2C', ',');
}

export function isFiltering(filter: Filter): boolean {
  const { tenant, account, region } = filter;
  return (
    [tenant, account, region].some((one) => one !== '') || filter.verdicts.length > 0 || filter.search.trim() !== ''
  );
}

/** Positions of the databases that a filter shows, in its order; `databases` are worst first. */
export function select(databases: readonly PageDatabase[], filter: Filter): number[] {
  const words = filter.search.toLowerCase().split(/\s+/).filter(Boolean);
  const positions = [...databases.keys()].filter((position) => {
    const database = databases[position];
    if (!database) return false;
    if (filter.tenant && database.tenant !== filter.tenant) return false;
    if (filter.account && database.place?.account !== filter.account) return false;
    if (filter.region && database.place?.region !== filter.region) return false;
    if (filter.verdicts.length > 0 && !filter.verdicts.includes(database.verdict)) return false;
    if (words.length === 0) return true;
    const { tenant, id, engine, verdict, reason, place } = database;
    const where = place ? `${place.accountName} ${place.account} ${place.region}` : '';
    const text = `${tenant} ${id} ${engine ?? ''} ${verdict} ${reason} ${where}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const key = sortKey[filter.sort];
  if (!key) return positions;
  const keys = databases.map(key);
  return positions.sort((a, b) => compare(keys[a] ?? '', keys[b] ?? '') || a - b);
}

const sortKey: Readonly<Record<Sorting, ((database: PageDatabase) => string) | undefined>> = {
  worst: undefined,
  // Without any backup sorts before all times.
  oldest: (database) => database.newestBackup ?? '',
  name: (database) => `${database.id}\n${database.tenant}`,
  tenant: (database) => `${database.tenant}\n${database.id}`,
};

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
