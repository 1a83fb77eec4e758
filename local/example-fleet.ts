/** The databases of `config/example.json`, a shared one, and two in other accounts, as simulated RDS; and what happens to them. */
import { readFile } from 'node:fs/promises';
import type { Environment } from '../shared/domain/index.ts';
import { hourMs } from '../shared/lib/time.ts';
import type { ExportTable } from './rds/parquet.ts';
import type { RdsSimulator } from './rds/simulator.ts';

/** Beside the account and Region of the stack: another account, and one in another Region. */
export const exampleSpokes: readonly [Environment, Environment] = [
  { account: '222222222222', region: 'eu-west-1' },
  { account: '333333333333', region: 'us-east-1' },
];

/** A database that holds three tenants. */
export const sharedExample = 'pool-1';

/** The configuration of the story: the example's, with a shared database, and with the spokes and a tenant in each. */
export async function exampleConfiguration({ lastTenant }: Moments): Promise<object> {
  const example = JSON.parse(await readFile(new URL('../config/example.json', import.meta.url), 'utf8'));
  const [stark, wayne] = exampleSpokes;
  const tenant = (id: string, environment: Environment, more: object) => ({
    id,
    recipients: [{ email: `dba@${id}.example.com` }],
    ...environment,
    databases: [{ id: `${id}-orders`, kind: 'instance', ...more }],
  });
  const sharing = (id: string, more: object = {}) => ({
    id,
    recipients: [{ email: `admin@${id}.example.com` }],
    sharedDatabases: [{ id: sharedExample, database: id, ...more }],
  });
  const { $schema: _, ...rest } = example;
  return {
    ...rest,
    environments: [
      { account: stark.account, name: 'Stark', regions: [stark.region] },
      { account: wayne.account, name: 'Wayne', regions: [wayne.region] },
    ],
    sharedDatabases: [{ id: sharedExample, kind: 'instance' }],
    tenants: [
      ...example.tenants,
      sharing('cyberdyne'),
      sharing('soylent'),
      // Created this morning: no backup holds it yet.
      sharing('tyrell', { since: lastTenant.toISOString() }),
      tenant('stark', stark, { copy: { mode: 'none' } }),
      tenant('wayne', wayne, { bucket: { type: 'own' } }),
    ],
  };
}

/** Moments of the story, all before the present one, so that the night's backups are real to functions on the real clock. */
export interface Moments {
  /** Six days ago: RDS's own backups start, and nobody writes them down. */
  readonly start: Date;
  /** The ledger is deployed and sees the fleet for the first time. */
  readonly firstSweep: Date;
  /** Backup windows open at this time of day. */
  readonly night: Date;
  /** A tenant is added to the shared database, after the night's snapshot. */
  readonly lastTenant: Date;
  readonly now: Date;
}

export function momentsBefore(now: Date): Moments {
  const ago = (hours: number) => new Date(now.getTime() - hours * hourMs);
  return { start: ago(6 * 24), firstSweep: ago(26), night: ago(9), lastTenant: ago(3), now };
}

/** What a shared database holds of tenants that have a database each. */
function tablesOf(...databases: readonly string[]): ExportTable[] {
  return databases.flatMap((database) => [
    { database, name: 'public.customers', rows: 20 },
    { database, name: 'public.orders', rows: 50 },
  ]);
}

/** Lets the fleet live until the first sweep. Nothing of this is announced: the ledger is not there yet. */
export async function growExampleFleet(
  rds: RdsSimulator,
  [stark, wayne]: readonly RdsSimulator[],
  { start, firstSweep, night }: Moments,
): Promise<void> {
  const window = `${clockTime(night)}-${clockTime(new Date(night.getTime() + hourMs))}`;
  const created = new Date(start.getTime() - 90 * 24 * hourMs);
  const of = (id: string, engine: string, more = {}) => ({ id, engine, window, created, encrypted: true, ...more });
  stark?.createInstance(of('stark-orders', 'mysql'));
  wayne?.createInstance(of('wayne-orders', 'postgres'));
  rds.createInstance(of('acme-orders', 'postgres'));
  rds.createCluster(of('acme-billing', 'aurora-postgresql', { members: 2 }));
  rds.createInstance(of('globex-shop', 'mysql'));
  rds.createInstance(of('globex-archive', 'mariadb'));
  rds.createInstance(of('initech-crm', 'sqlserver-se'));
  rds.createInstance(of('initech-reports', 'oracle-ee'));
  rds.createInstance(of('initech-sandbox', 'mysql'));
  rds.createInstance(of('umbrella-lab', 'postgres'));
  rds.createInstance(of(sharedExample, 'postgres', { tables: tablesOf('cyberdyne', 'soylent') }));
  // RDS has it, and nobody configured it.
  rds.createInstance(of('hooli-trial', 'mysql'));

  await rds.advanceTo(new Date(start.getTime() + 48 * hourMs));
  // Somebody switched automated backups off; RDS deletes those that there were. One manual snapshot is left.
  rds.takeBackup('umbrella-lab', { id: 'umbrella-lab-before-migration' });
  await rds.advanceBy({ hours: 1 });
  rds.setRetention('umbrella-lab', 0);

  await rds.advanceTo(new Date(firstSweep.getTime() - 24 * hourMs));
  // Stopped for two days by now: no backups while it is stopped.
  rds.stop('globex-archive');
  for (const one of [rds, stark, wayne]) await one?.advanceTo(firstSweep);
}

/** The night to come: one event gets lost, and one backup is skipped in silence. */
export async function liveThroughTheNight(
  rds: RdsSimulator,
  elsewhere: readonly RdsSimulator[],
  { now }: Moments,
): Promise<void> {
  const heal = rds.loseEvents(({ detail }) => detail.SourceArn.includes(':snapshot:rds:globex-shop-'));
  rds.skipBackups('initech-crm', 1);
  rds.setLatestRestorable('initech-crm', new Date(now.getTime() - 20 * hourMs));
  for (const one of [rds, ...elsewhere]) await one.advanceTo(now);
  rds.setTables(sharedExample, tablesOf('cyberdyne', 'soylent', 'tyrell'));
  heal();
}

/** `hh:mm` in UTC. */
function clockTime(time: Date): string {
  return time.toISOString().slice(11, 16);
}
