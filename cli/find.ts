/** Finds things by the names people use; suggests the nearest name if there is none. */
import { uniqBy } from 'es-toolkit/array';
import pMap from 'p-map';
import {
  type Backup,
  type DatabaseKind,
  type DatabaseRow,
  databaseKinds,
  databaseOfShare,
  environmentOf,
  formatEnvironment,
  isSharedOwner,
} from '../shared/domain/index.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { first } from '../shared/lib/iterables.ts';
import {
  databaseNames,
  databasesNamed,
  lastSweep,
  sharesIn,
  sharesOfDatabases,
  tenantNames,
  unwatchedTenantFacts,
} from '../shared/read-model/index.ts';
import type { Args } from './args.ts';
import type { Dependencies, DeployedLedger } from './dependencies.ts';
import { type FleetPlaces, fleetPlacesOf } from './fleet-places.ts';
import { didYouMean } from './nearest.ts';
import { UserError } from './user-error.ts';

/** Every database of the name in the places asked for, the one in use first. */
export async function findDatabases(
  { ledger }: DeployedLedger,
  places: FleetPlaces,
  id: string,
  kind?: DatabaseKind,
): Promise<DatabaseRow[]> {
  const named = await databasesNamed(ledger, places.chosen, id.toLowerCase(), kind);
  if (named.length > 0) return named;
  const chosen = new Set(places.chosen.map(formatEnvironment));
  const others = await databaseNames(ledger, (environment) => chosen.has(formatEnvironment(environment)));
  throw new UserError(`The ledger knows no ${kind ?? 'database'} "${id}".${didYouMean(id.toLowerCase(), others)}`);
}

/**
 * Every database that had the name in one environment, the one in use first. Where several environments have a database of it,
 * `--account` and `--region` are required.
 */
export async function findNamesakes(
  deployed: DeployedLedger,
  places: FleetPlaces,
  args: Args<'database' | 'kind', never>,
): Promise<DatabaseRow[]> {
  const [kind] = args.choices('kind', databaseKinds) ?? [];
  const named = await findDatabases(deployed, places, args.text('database'), kind);
  const inUse = named.filter(({ tenant }) => tenant !== undefined);
  const environments = uniqBy(
    (inUse.length > 0 ? inUse : named).map(({ key }) => environmentOf(key)),
    formatEnvironment,
  );
  if (environments.length > 1) {
    const candidates = environments.map((environment) => places.text(environment)).sort();
    throw new UserError(
      `"${args.text('database')}" is a database in ${environments.length} environments (${candidates.join('; ')}): choose one with --account and --region.`,
    );
  }
  const where = environments.map(formatEnvironment);
  return named.filter(({ key }) => where.includes(formatEnvironment(environmentOf(key))));
}

/**
 * The one database of the name that is in use, or a tenant's share of it; if an instance and a cluster share the name, `--kind` is
 * required. Without `--tenant` a shared database is its operators' own.
 */
export async function findDatabase(
  deployed: DeployedLedger,
  places: FleetPlaces,
  args: Args<'database' | 'kind' | 'tenant', never>,
): Promise<DatabaseRow> {
  const [inUse, ...others] = await withTenant(deployed, await findNamesakes(deployed, places, args), args);
  if (inUse === undefined) throw new UserError(`The ledger knows no database "${args.text('database')}".`);
  if (others.some((other) => other.kind !== inUse.kind)) {
    throw new UserError(
      `"${inUse.id}" is an instance and a cluster: choose one with --kind instance or --kind cluster.`,
    );
  }
  return inUse;
}

/** Of databases of one name the shares of the tenant asked for, and those that are the tenant's alone; all, if none is. */
export async function withTenant(
  { ledger }: DeployedLedger,
  named: readonly DatabaseRow[],
  args: Args<'tenant', never>,
): Promise<readonly DatabaseRow[]> {
  const tenant = args.optional('tenant');
  if (tenant === undefined) return named;
  const shares = await sharesIn(
    ledger,
    named.map(({ key }) => key),
    tenant,
  );
  const its = named.flatMap((row) => {
    const share = shares.find(({ key }) => databaseOfShare(key) === row.key);
    return share ?? (row.tenant === tenant ? row : []);
  });
  if (its.length > 0) return its;
  const held = (await sharesOfDatabases(ledger, named)).filter(({ share }) => share?.until === undefined);
  const owners = [...held, ...named].flatMap((row) => row.tenant ?? []).filter((owner) => !isSharedOwner(owner));
  throw new UserError(`"${named[0]?.id}" has no tenant "${tenant}".${didYouMean(tenant, [...new Set(owners)])}`);
}

/** Why nothing is known of a tenant: none of its databases was ever watched, or nobody has heard of it. */
export async function unknownTenant(ledger: Ledger, tenant: string, now: Date): Promise<UserError> {
  const unwatched = unwatchedTenantFacts(await lastSweep(ledger, now), await ledger.lastWatch());
  const its = unwatched.find((one) => one.tenant === tenant);
  if (its) return new UserError(`The ledger has no database of the tenant "${tenant}". ${its.reason}`);
  return new UserError(`The ledger knows no tenant "${tenant}".${didYouMean(tenant, await tenantNames(ledger))}`);
}

/** Rejects a tenant without a database in the ledger; accepts none at all. */
export async function requireTenant(ledger: Ledger, tenant: string | undefined, now: Date): Promise<void> {
  if (tenant === undefined || (await first(ledger.databasesOfTenant(tenant))) !== undefined) return;
  throw await unknownTenant(ledger, tenant, now);
}

/**
 * The row of a snapshot by ARN or id: the one that RDS has, else the newest of that name. An id that several environments have
 * is refused.
 */
export async function findBackup(deps: Dependencies, deployed: DeployedLedger, name: string): Promise<Backup> {
  const arns = name.startsWith('arn:') ? [name] : await arnsOf(deps, deployed, name);
  const found = await pMap(
    arns,
    async (arn) => {
      const named = await deployed.ledger.backupsByArn(arn);
      return named.find(({ closed }) => closed === undefined) ?? named[0] ?? [];
    },
    { concurrency: 10 },
  );
  const [backup, ...others] = found.flat();
  const environments = new Set(found.flat().map(({ database }) => formatEnvironment(environmentOf(database))));
  if (backup && environments.size > 1) {
    const candidates = [backup, ...others].map(({ arn }) => arn).sort();
    throw new UserError(
      `"${name}" is a backup in several environments: give one by its ARN, ${candidates.join(' or ')}.`,
    );
  }
  if (backup) return backup;
  throw new UserError(
    `The ledger knows no backup "${name}": give the snapshot's id or ARN, as "backups" and "database" show it.`,
  );
}

async function arnsOf(deps: Dependencies, deployed: DeployedLedger, id: string): Promise<string[]> {
  const { partition } = await (await deps.cloud()).deployment();
  const { chosen } = await fleetPlacesOf(deps, deployed);
  return chosen.flatMap(({ account, region }) =>
    ['snapshot', 'cluster-snapshot'].map((type) => `arn:${partition}:rds:${region}:${account}:${type}:${id}`),
  );
}
