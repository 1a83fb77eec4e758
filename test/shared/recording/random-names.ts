/**
 * Random names: snapshots whose names are used again, databases that are deleted, restored under the old name, renamed, and
 * passed on to another tenant, while events get lost. The oracle is the simulator's own state.
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Database } from '../../../local/rds/model.ts';
import { type Backup, backupIdOf, formatBackupOfDatabase } from '../../../shared/domain/index.ts';
import type { Table } from '../../../shared/ledger/table.ts';
import { copiedBy } from '../../../shared/ownership.ts';
import { collect, makeWorld, where } from '../../support/world.ts';

const names = ['one', 'two'] as const;
const tenants = ['acme', 'globex'] as const;
const kinds = ['instance', 'cluster'] as const;

export interface Step {
  readonly act: 'backup' | 'delete backup' | 'delete' | 'restore' | 'rename' | 'pass on' | 'sweep';
  readonly kind: (typeof kinds)[number];
  readonly name: (typeof names)[number];
  readonly snapshot: 'nightly' | 'weekly';
  readonly tenant: (typeof tenants)[number];
  readonly lost: boolean;
  readonly hours: number;
}

export const step: fc.Arbitrary<Step> = fc.record({
  act: fc.constantFrom(
    'backup',
    'backup',
    'backup',
    'delete backup',
    'delete',
    'restore',
    'rename',
    'pass on',
    'sweep',
  ),
  kind: fc.constantFrom(...kinds),
  name: fc.constantFrom(...names),
  snapshot: fc.constantFrom('nightly', 'weekly'),
  tenant: fc.constantFrom(...tenants),
  lost: fc.boolean(),
  hours: fc.integer({ min: 1, max: 30 }),
});

type Owners = Record<string, (typeof tenants)[number]>;

function configOf(owners: Owners) {
  const databases = kinds.flatMap((kind) =>
    names.map((id) => ({ id, kind, copy: { mode: 'export', schedule: 'every', kinds: ['automated', 'manual'] } })),
  );
  return {
    operators: [{ email: 'operators@example.com' }],
    tenants: tenants.map((id) => ({
      id,
      databases: databases.filter((database) => owners[`${database.kind} ${database.id}`] === id),
    })),
  };
}

/** Plays a story; after each sweep the ledger equals RDS, and each backup is whose it was when it was made. */
export async function play(steps: readonly Step[], table?: Table): Promise<void> {
  const owners: Owners = Object.fromEntries(kinds.flatMap((kind) => names.map((id) => [`${kind} ${id}`, 'acme'])));
  const world = makeWorld({ now: '2026-11-02T12:00:00Z', config: configOf(owners), ...(table && { table }) });
  const { rds, ledger } = world;
  /** Whose a database was at the last sweep, by resource id. */
  const ownerOf = new Map<string, string>();
  const madeFor = new Map<string, string>();
  const named = (kind: string, id: string): Database | undefined =>
    rds.databases().find((one) => one.kind === kind && one.id === id && !one.deleted && one.memberOf === undefined);
  const create = ({ kind, name }: Pick<Step, 'kind' | 'name'>) => {
    const spec = { id: name, created: rds.now, retention: 7 };
    return kind === 'cluster' ? rds.createCluster(spec) : rds.createInstance(spec);
  };
  const idOf = ({ resourceId }: Database, createdAt: Date, id: string) =>
    `${resourceId} ${formatBackupOfDatabase({ createdAt, snapshotId: id })}`;

  const sweep = async () => {
    await rds.advanceBy({ minutes: 10 });
    const { report } = await world.sweep();
    expect(report.errors).toEqual([]);
    for (const { kind, id, resourceId } of rds.databases()) {
      const owner = owners[`${kind} ${id}`];
      if (named(kind, id)?.resourceId === resourceId && owner) ownerOf.set(resourceId, owner);
    }
    for (const database of rds.databases().filter(({ memberOf }) => memberOf === undefined)) {
      const key = `${where.account}/${where.region}/${database.resourceId}`;
      const has = rds
        .snapshots()
        .filter(({ source, status }) => source.resourceId === database.resourceId && status === 'available')
        .map(({ id, startedAt }) => formatBackupOfDatabase({ createdAt: startedAt, snapshotId: id }))
        .sort();
      const all = await collect(ledger.backupsOfDatabase(key));
      const open = all.filter(({ closed }) => closed === undefined);
      expect(open.map((one) => formatBackupOfDatabase(backupIdOf(one))).sort()).toEqual(has);
      expect((await ledger.liveBackups(key)).map(formatBackupOfDatabase).sort()).toEqual(has);
      const [row] = await ledger.databases([key]);
      if (!database.deleted && row !== undefined) {
        const newest = has.at(-1);
        const known = row.newestBackup;
        expect(known && formatBackupOfDatabase({ createdAt: known.createdAt, snapshotId: known.id })).toBe(newest);
      }
      for (const backup of all) isWhose(database, backup);
      await goesWhere(open);
    }
  };
  const isWhose = (database: Database, backup: Backup) => {
    const expected = madeFor.get(idOf(database, backup.createdAt, backup.id));
    if (expected !== undefined)
      expect(`${backup.id} of ${database.id}: ${backup.tenant}`).toBe(`${backup.id} of ${database.id}: ${expected}`);
  };
  const goesWhere = async (backups: readonly Backup[]) => {
    for (const backup of backups) {
      const [row] = await ledger.databases([backup.database]);
      const destination = copiedBy(world.state.fleet, backup, row);
      if ('configured' in destination) expect(destination.configured.tenant).toBe(backup.tenant);
    }
  };

  for (const kind of kinds) for (const name of names) create({ kind, name });
  await sweep();
  for (const { act, kind, name, snapshot, tenant, lost, hours } of steps) {
    await rds.advanceBy({ hours });
    const heal = lost ? rds.loseEvents(() => true) : () => {};
    const database = named(kind, name);
    const id = `${kind}-${snapshot}`;
    if (act === 'backup' && database) {
      if (rds.snapshots().some((one) => one.id === id)) rds.deleteSnapshot(id);
      const made = rds.takeBackup(database, { id, kind: 'manual', durationMinutes: 1 });
      const owner = ownerOf.get(database.resourceId);
      if (owner !== undefined) madeFor.set(idOf(database, made.startedAt, id), owner);
      await rds.advanceBy({ minutes: 5 });
    } else if (act === 'delete backup' && rds.snapshots().some((one) => one.id === id)) {
      rds.deleteSnapshot(id);
      await rds.settle();
    } else if (act === 'delete' && database) {
      rds.delete(database);
      await rds.settle();
      await sweep();
    } else if (act === 'restore' && !database) {
      create({ kind, name });
      await sweep();
    } else if (act === 'rename' && database) {
      const other = names.find((one) => one !== name) ?? name;
      if (!named(kind, other)) rds.rename(database, other);
      await rds.settle();
      await sweep();
    } else if (act === 'pass on') {
      owners[`${kind} ${name}`] = tenant;
      world.configure(configOf(owners));
      await sweep();
    } else if (act === 'sweep') await sweep();
    heal();
  }
  await sweep();
}
