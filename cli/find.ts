/** Finds things by the names people use; suggests the nearest name if there is none. */
import { type Backup, type DatabaseKind, type DatabaseRow, databaseKinds } from '../shared/domain/index.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { first } from '../shared/lib/iterables.ts';
import {
  databaseNames,
  databasesNamed,
  lastSweep,
  tenantNames,
  unwatchedTenantFacts,
} from '../shared/read-model/index.ts';
import type { Args } from './args.ts';
import type { Dependencies, DeployedLedger } from './dependencies.ts';
import { didYouMean } from './nearest.ts';
import { UserError } from './user-error.ts';

/** Every database of the name, the one in use first. */
export async function findDatabases(deployed: DeployedLedger, id: string, kind?: DatabaseKind): Promise<DatabaseRow[]> {
  const { ledger } = deployed;
  const named = await databasesNamed(ledger, deployed, id.toLowerCase(), kind);
  if (named.length > 0) return named;
  throw new UserError(
    `The ledger knows no ${kind ?? 'database'} "${id}".${didYouMean(id.toLowerCase(), await databaseNames(ledger, deployed))}`,
  );
}

/** The one database of the name that is in use; if an instance and a cluster share it, `--kind` is required. */
export async function findDatabase(
  deployed: DeployedLedger,
  args: Args<'database' | 'kind', never>,
): Promise<DatabaseRow> {
  const [kind] = args.choices('kind', databaseKinds) ?? [];
  const [inUse, ...others] = await findDatabases(deployed, args.text('database'), kind);
  if (inUse === undefined) throw new UserError(`The ledger knows no database "${args.text('database')}".`);
  if (others.some((other) => other.kind !== inUse.kind)) {
    throw new UserError(
      `"${inUse.id}" is an instance and a cluster: choose one with --kind instance or --kind cluster.`,
    );
  }
  return inUse;
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

/** The row of a snapshot by ARN or id: the one that RDS has, else the newest of that name. */
export async function findBackup(deps: Dependencies, ledger: Ledger, name: string): Promise<Backup> {
  for (const arn of name.startsWith('arn:') ? [name] : await arnsOf(deps, name)) {
    const named = await ledger.backupsByArn(arn);
    const backup = named.find(({ closed }) => closed === undefined) ?? named[0];
    if (backup) return backup;
  }
  throw new UserError(
    `The ledger knows no backup "${name}": give the snapshot's id or ARN, as "backups" and "database" show it.`,
  );
}

async function arnsOf({ cloud }: Dependencies, id: string): Promise<string[]> {
  const { account, region, partition } = await (await cloud()).deployment();
  return ['snapshot', 'cluster-snapshot'].map((type) => `arn:${partition}:rds:${region}:${account}:${type}:${id}`);
}
