/** What a configuration has in each of its environments, for `config check` and `config plan`. */
import { groupBy } from 'es-toolkit/array';
import { type ConfiguredDatabase, type Fleet, tenantsDatabases } from '../shared/config/index.ts';
import { formatEnvironment } from '../shared/domain/index.ts';
import { plural, type Screen } from './screen.ts';

/** What JSON says of `environments`. */
export const environmentCountsMeaning =
  'each account and Region, that of the stack first: `account`, `accountName` (or null), `region`, `events` (whether they are forwarded), and how many `tenants`, `databases`, `copied` databases and `buckets` that its stack creates it has; databases that tags enrol are not counted';

export interface EnvironmentCounts {
  readonly account: string;
  readonly accountName: string | null;
  readonly region: string;
  readonly events: boolean;
  readonly tenants: number;
  readonly databases: number;
  /** Databases whose backups are copied. */
  readonly copied: number;
  readonly buckets: number;
}

export function environmentCounts({ environments, databases }: Fleet): EnvironmentCounts[] {
  const byEnvironment = groupBy(databases, formatEnvironment);
  return environments.map((environment) => {
    const { account, accountName = null, region, events, stackBuckets } = environment;
    const its = byEnvironment[formatEnvironment(environment)] ?? [];
    return {
      account,
      accountName,
      region,
      events,
      tenants: new Set(tenantsDatabases(its).map(({ tenant }) => tenant)).size,
      databases: its.length,
      copied: its.filter(({ copy, copySkipped }) => copy.mode !== 'none' && copySkipped === undefined).length,
      buckets: stackBuckets.length,
    };
  });
}

/** `12 databases, 2 of them shared`: as RDS has them, whatever the number of tenants. */
export function databasesText(databases: readonly ConfiguredDatabase[]): string {
  const shared = databases.filter(({ tenants }) => tenants !== undefined).length;
  return `${plural(databases.length, 'database')}${shared > 0 ? `, ${shared} of them shared` : ''}`;
}

/** A table of them, where there are several. */
export function printEnvironments(screen: Screen, environments: readonly EnvironmentCounts[]): void {
  if (environments.length < 2) return;
  screen.line();
  screen.table(
    [
      { title: 'ACCOUNT' },
      { title: 'REGION' },
      ...['TENANTS', 'DATABASES', 'COPIED', 'BUCKETS'].map((title) => ({ title, align: 'right' as const })),
      { title: 'EVENTS' },
    ],
    environments.map(({ account, accountName, region, events, ...counts }) => [
      accountName === null ? account : screen.both(accountName, account),
      region,
      ...[counts.tenants, counts.databases, counts.copied, counts.buckets].map(String),
      events ? 'forwarded' : 'none: swept alone',
    ]),
  );
}
