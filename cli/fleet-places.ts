/** The environments of the deployed fleet: what stands beside a database, and what --account and --region leave. */
import { uniqBy } from 'es-toolkit/array';
import {
  type DatabaseKey,
  type Environment,
  environmentName,
  environmentOf,
  environmentText,
  formatEnvironment,
  type NamedEnvironment,
  namedEnvironment,
} from '../shared/domain/index.ts';
import type { Args } from './args.ts';
import type { Dependencies, DeployedLedger } from './dependencies.ts';
import { didYouMean } from './nearest.ts';
import type { Screen } from './screen.ts';
import type { Column } from './table.ts';
import { UserError } from './user-error.ts';

/** What --account and --region ask for. */
export interface PlaceFilter {
  readonly account?: string;
  readonly region?: string;
}

/** The environments of a fleet, and those of them that a command line asks for. */
export class FleetPlaces {
  readonly filter: PlaceFilter;
  /** Whether account and Region stand beside each database: where there is more than one environment. */
  readonly several: boolean;
  readonly #all: readonly NamedEnvironment[];

  constructor(all: readonly NamedEnvironment[], filter: PlaceFilter) {
    this.filter = filter;
    this.several = all.length > 1;
    this.#all = all;
  }

  get isFiltering(): boolean {
    return this.filter.account !== undefined || this.filter.region !== undefined;
  }

  /** Those asked for, the ledger's own first. */
  get chosen(): readonly NamedEnvironment[] {
    return this.#all.filter((one) => this.includes(one));
  }

  /** Whether it is asked for. */
  includes({ account, region }: Environment): boolean {
    const { filter } = this;
    return (
      (filter.account === undefined || filter.account === account) &&
      (filter.region === undefined || filter.region === region)
    );
  }

  /** Whether a database of this key is asked for. */
  has(database: DatabaseKey): boolean {
    return this.includes(environmentOf(database));
  }

  /** `Acme production (222222222222), us-east-1`. */
  text(environment: Environment): string {
    return environmentText(namedEnvironment(environment, this.#all));
  }

  /** `  Acme production, us-east-1`, to follow a name in a line; nothing where there is one environment. */
  beside(environment: Environment): string {
    return this.several ? `  ${environmentName(namedEnvironment(environment, this.#all))}` : '';
  }

  /** Columns of a wide table; none where there is one environment. */
  get columns(): readonly Column[] {
    return this.several ? [{ title: 'ACCOUNT' }, { title: 'REGION' }] : [];
  }

  cells(environment: Environment): readonly string[] {
    if (!this.several) return [];
    const { account, accountName = account, region } = namedEnvironment(environment, this.#all);
    return [accountName, region];
  }

  /** A cell of a narrow table, and below it account and Region. */
  stacked(screen: Screen, cell: string, environment: Environment): string {
    return this.several ? screen.stacked(cell, screen.colours.dim(this.beside(environment).trim())) : cell;
  }
}

/**
 * The places of the deployed fleet, of which `args` ask for some. Where the configuration cannot be read, they are those that the
 * ledger has databases in, and accounts have no names.
 */
export async function fleetPlacesOf(
  deps: Dependencies,
  deployed: DeployedLedger,
  args?: Args<'account' | 'region', never>,
): Promise<FleetPlaces> {
  const { environments, isConfigured } = await environmentsOf(deps, deployed);
  const account = args?.optional('account');
  const region = args?.optional('region')?.toLowerCase();
  if (account === undefined && region === undefined) return new FleetPlaces(environments, {});
  // What has left the configuration has rows still.
  const isListed = (is: (one: NamedEnvironment) => boolean) => environments.some(is);
  const id = account === undefined ? undefined : accountId(account, environments, isConfigured);
  const all =
    isListed((one) => (id === undefined || one.account === id) && (region === undefined || one.region === region)) ||
    !isConfigured
      ? environments
      : [...environments, ...(await environmentsWithRows(deployed))];
  if (id !== undefined && !all.some((one) => one.account === id)) {
    throw new UserError(
      `The ledger knows no account ${id}.${didYouMean(id, [...new Set(all.map((one) => one.account))])}`,
    );
  }
  if (region !== undefined && !all.some((one) => one.region === region && (id === undefined || one.account === id))) {
    const regions = all.filter((one) => id === undefined || one.account === id).map((one) => one.region);
    throw new UserError(
      `The ledger knows no Region ${region}${id === undefined ? '' : ` of account ${id}`}.${didYouMean(region, regions)}`,
    );
  }
  return new FleetPlaces(uniqBy(all, formatEnvironment), {
    ...(id !== undefined && { account: id }),
    ...(region !== undefined && { region }),
  });
}

/** The 12 digits of an account that is given by them, or by its name. */
function accountId(account: string, environments: readonly NamedEnvironment[], isConfigured: boolean): string {
  if (/^\d{12}$/.test(account)) return account;
  const named = (one: NamedEnvironment) => one.accountName?.toLowerCase() === account.toLowerCase();
  const ids = [...new Set(environments.filter(named).map((one) => one.account))];
  const [id, ...others] = ids;
  if (id !== undefined && others.length === 0) return id;
  if (id !== undefined) {
    throw new UserError(`"${account}" is the name of several accounts: give one by its id, ${ids.join(' or ')}.`);
  }
  if (!isConfigured) {
    throw new UserError(
      `No account is known by the name "${account}", since the deployed configuration could not be read: give its id of 12 digits.`,
    );
  }
  const names = environments.flatMap(({ accountName }) => accountName ?? []);
  throw new UserError(`The configuration has no account "${account}".${didYouMean(account, names)}`);
}

async function environmentsOf({ cloud }: Dependencies, deployed: DeployedLedger) {
  try {
    const { fleet } = await (await cloud()).configuration();
    return { environments: fleet.environments, isConfigured: true };
  } catch {
    // Whoever may read the ledger alone sees ids.
    return { environments: await environmentsWithRows(deployed), isConfigured: false };
  }
}

/** The ledger's own environment, and all others that it has configured databases in. Reads a row a database. */
async function environmentsWithRows({ ledger, account, region }: DeployedLedger): Promise<readonly Environment[]> {
  const found: Environment[] = [{ account, region }];
  for await (const { key, tenant } of ledger.allDatabases()) {
    if (tenant !== undefined) found.push(environmentOf(key));
  }
  return uniqBy(found, formatEnvironment);
}
