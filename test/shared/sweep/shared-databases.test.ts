/** Shared databases: RDS is asked once, each tenant has a verdict, an alert and messages of its own, and operators have one. */
import { beforeEach, describe, expect, it } from 'vitest';
import { accessDenied } from '../../../local/rds/faults.ts';
import { type DatabaseRow, type Finding, shareKey } from '../../../shared/domain/index.ts';
import { findingOf, reasonOf } from '../../../shared/reasons/index.ts';
import { MemoryTable } from '../../support/memory-ledger.ts';
import { alertOf, between, collect, makeWorld, rowOf, type World } from '../../support/world.ts';

const operators = [{ email: 'operators@example.com' }];
const pool = { id: 'pool-1', kind: 'instance' };
const recipients = (id: string) => [{ email: `${id}@example.com` }];
const tenant = (id: string, shared: readonly unknown[], more: object = {}) => ({
  id,
  recipients: recipients(id),
  sharedDatabases: shared,
  ...more,
});
const configOf = (tenants: readonly object[], more: object = {}) => ({
  operators,
  sharedDatabases: [pool],
  tenants,
  ...more,
});
const three = [tenant('acme', ['pool-1']), tenant('globex', ['pool-1']), tenant('initech', ['pool-1'])];

/** `pool-1` was backed up at 03:30, as every night; it is noon. */
function given(config: object, databases: readonly string[] = ['pool-1']): World {
  const world = makeWorld({ now: '2026-11-23T12:00:00Z', config });
  for (const id of databases) {
    world.rds.createInstance({
      id,
      created: new Date('2026-10-01T00:00:00Z'),
      window: '03:00-03:30',
    });
    world.rds.takeBackup(id, { kind: 'automated', at: new Date('2026-11-23T03:30:00Z') });
  }
  return world;
}

async function shareOf(world: World, tenant: string, database = 'pool-1') {
  const { key } = await rowOf(world, database);
  const [row] = await world.ledger.databases([shareKey(key, tenant)]);
  return row;
}

/** `<audience> <tenant> <subject>` of each message since the last call. */
function said(world: World): string[] {
  return world.published
    .splice(0)
    .map(({ attributes: { audience, tenant }, subject }) => `${audience} ${tenant} ${subject}`)
    .sort();
}

/** Verdicts by tenant, as a sweep answers them. */
async function verdicts(world: World): Promise<Record<string, string>> {
  const { report } = await world.sweep();
  return Object.fromEntries(report.databases.map(({ tenant, verdict }) => [tenant, verdict]));
}

/** No automated backup is taken for some nights, nor is anything else to restore from. */
function skip(world: World, nights: number, databases: readonly string[] = ['pool-1']): void {
  for (const id of databases) {
    world.rds.skipBackups(id, nights);
    world.rds.setLatestRestorable(id, new Date('2026-11-23T03:30:00Z'));
  }
}

const later = (world: World, hours: number) => world.rds.advanceBy({ hours });

describe('a shared database', () => {
  let world: World;
  beforeEach(() => {
    world = given(configOf(three));
  });

  it('has one verdict, which each of its tenants has, and costs the RDS calls of one database', async () => {
    const alone = given({ operators, tenants: [{ id: 'acme', databases: [pool] }] });
    const { report: ofOne } = await alone.sweep();
    const { report } = await world.sweep();
    expect(report.databases.map(({ tenant, verdict, database }) => [tenant, verdict, database])).toEqual([
      ['acme', 'protected', 'pool-1'],
      ['globex', 'protected', 'pool-1'],
      ['initech', 'protected', 'pool-1'],
      ['shared:pool-1', 'protected', 'pool-1'],
    ]);
    // The shared database counts by its tenants.
    expect(report.counts).toEqual({ protected: 3 });
    expect(report.apiCalls).toEqual(ofOne.apiCalls);
    expect(report.unwatchedTenants).toEqual([]);
    expect((await rowOf(world, 'pool-1')).notes).toEqual([
      { code: 'holds-tenants', facts: { tenants: ['acme', 'globex', 'initech'], count: 3 } },
    ]);
    expect((await shareOf(world, 'acme'))?.notes).toEqual([]);
  });

  it('notifies each tenant of its own alert, and operators once; resolves likewise', async () => {
    await world.sweep();
    skip(world, 2);
    await later(world, 24);
    await world.sweep();
    expect(said(world)).toEqual([
      'operators * CRITICAL shared:pool-1: 1 database overdue (pool-1)',
      'tenant acme CRITICAL acme: 1 database overdue (pool-1)',
      'tenant globex CRITICAL globex: 1 database overdue (pool-1)',
      'tenant initech CRITICAL initech: 1 database overdue (pool-1)',
    ]);
    world.rds.takeBackup('pool-1', { kind: 'manual', id: 'by-hand' });
    await later(world, 1);
    await world.watch();
    expect(said(world)).toEqual([
      'operators * RESOLVED shared:pool-1: 1 database protected again (pool-1)',
      'tenant acme RESOLVED acme: 1 database protected again (pool-1)',
      'tenant globex RESOLVED globex: 1 database protected again (pool-1)',
      'tenant initech RESOLVED initech: 1 database protected again (pool-1)',
    ]);
    expect((await shareOf(world, 'globex'))?.newestBackup?.id).toBe('by-hand');
  });

  it('says nothing of other tenants, nor how many there are, to a tenant', async () => {
    await world.sweep();
    skip(world, 1);
    await later(world, 24);
    await world.sweep();
    const toAcme = world.published.filter(({ attributes }) => attributes.tenant === 'acme');
    expect(toAcme).toHaveLength(1);
    expect(JSON.stringify(toAcme)).not.toMatch(/globex|initech|shared:|3 tenants/);
  });

  it('keeps a day of each tenant as evidence', async () => {
    await world.sweep();
    const { key } = await rowOf(world, 'pool-1');
    const days = await Promise.all(
      ['acme', 'globex', 'shared:pool-1'].map((name) =>
        collect(world.ledger.daysOfTenant(name, '2026-11-23', '2026-11-23')),
      ),
    );
    expect(days.flat().map(({ tenant, database, verdict }) => [tenant, database, verdict])).toEqual([
      ['acme', shareKey(key, 'acme'), 'protected'],
      ['globex', shareKey(key, 'globex'), 'protected'],
      ['shared:pool-1', key, 'protected'],
    ]);
  });

  it('evaluates as of a moment, or dry, without writing anything', async () => {
    const { report } = await world.sweep({ dryRun: true });
    expect(report.databases).toHaveLength(4);
    expect(await collect(world.ledger.allDatabases())).toEqual([]);
  });

  it('ends the alert of a tenant that leaves, and evaluates it no more', async () => {
    await world.sweep();
    skip(world, 1);
    await later(world, 24);
    await world.sweep();
    said(world);
    world.configure(configOf(three.slice(1)));
    expect(Object.keys(await verdicts(world))).toEqual(['globex', 'initech', 'shared:pool-1']);
    expect(said(world)).toEqual(['tenant acme CLOSED acme: 1 database no longer alerted (pool-1)']);
    const row = await shareOf(world, 'acme');
    expect(row).toMatchObject({ tenant: 'acme', share: { until: world.rds.now } });
    expect(row).not.toHaveProperty('verdict');
  });

  it('is new to a tenant that comes back', async () => {
    await world.sweep();
    world.configure(configOf(three.slice(1)));
    await world.sweep();
    await later(world, 2);
    world.configure(configOf(three));
    expect(await verdicts(world)).toMatchObject({ acme: 'new', globex: 'protected' });
    expect((await shareOf(world, 'acme'))?.share).toEqual({
      since: world.rds.now,
      earlier: [{ until: new Date('2026-11-23T12:00:00Z') }],
    });
    await later(world, 24);
    expect(await verdicts(world)).toMatchObject({ acme: 'protected' });
  });

  it('is checked once by a watch, whatever the number of its tenants that are due', async () => {
    await world.sweep();
    skip(world, 3);
    await later(world, 24);
    await world.sweep();
    await later(world, 6);
    world.rds.resetCalls();
    const { report } = await world.watch();
    expect(report.databases).toHaveLength(4);
    expect(report.apiCalls).toEqual({ DescribeDBInstances: 2, DescribeDBSnapshots: 2 });
  });

  it.each([
    ['stopped half-way', (writes: number) => writes > 2],
    ['failed for one tenant', (writes: number) => writes === 1],
  ])('is whole again where writing %s', async (_, fails) => {
    const config = configOf(three);
    const table = new MemoryTable();
    const broken = makeWorld({
      now: '2026-11-23T12:00:00Z',
      config,
      table,
      between: (ledger) =>
        between(ledger, (call) => {
          if (call !== 'putDatabase') return;
          writes += 1;
          if (fails(writes)) throw new Error('throttled');
        }),
    });
    let writes = 0;
    broken.rds.createInstance({ id: 'pool-1', created: new Date('2026-10-01T00:00:00Z') });
    broken.rds.takeBackup('pool-1', { kind: 'automated', at: new Date('2026-11-23T03:30:00Z') });
    const { report } = await broken.sweep();
    expect(report.errors).toHaveLength(2);
    expect(report.errors.join()).toContain('instance pool-1 (shared:pool-1) was not evaluated');
    writes = -100;
    await broken.watch();
    expect(await verdicts(broken)).toEqual({
      acme: 'protected',
      globex: 'protected',
      initech: 'protected',
      'shared:pool-1': 'protected',
    });
    for (const { id } of three) expect((await shareOf(broken, id))?.share).toEqual({});
  });
});

describe("a tenant's own clock", () => {
  const young = { id: 'pool-1', since: '2026-11-23T10:00Z' };

  it('is new though the database is protected, until the next backup holds it', async () => {
    const world = given(configOf([tenant('acme', ['pool-1']), tenant('initech', [young])]));
    expect(await verdicts(world)).toEqual({ acme: 'protected', initech: 'new', 'shared:pool-1': 'protected' });
    const row = await shareOf(world, 'initech');
    expect(row).toMatchObject({
      cause: {
        code: 'tenant-after-backup',
        facts: { since: '2026-11-23T10:00:00.000Z', backup: '2026-11-23T03:30:00.000Z' },
      },
      deadline: new Date('2026-11-24T12:00:00Z'),
    });
    expect(row).not.toHaveProperty('newestBackup');
    await later(world, 24);
    expect(await verdicts(world)).toEqual({ acme: 'protected', initech: 'protected', 'shared:pool-1': 'protected' });
    expect(said(world)).toEqual([]);
  });

  it('is overdue after that, at the watch, for the tenant and for operators, who have one message', async () => {
    const strict = given(configOf([tenant('acme', ['pool-1']), tenant('initech', [young], { maxAgeHours: 6 })]));
    await strict.sweep();
    expect((await shareOf(strict, 'initech'))?.deadline).toEqual(new Date('2026-11-23T18:00:00Z'));
    await later(strict, 6.5);
    await strict.watch();
    expect(said(strict)).toEqual([
      'operators * CRITICAL shared:pool-1: 1 database with tenants unprotected (pool-1)',
      'tenant initech CRITICAL initech: 1 database overdue (pool-1)',
    ]);
    expect(await rowOf(strict, 'pool-1')).toMatchObject({
      verdict: 'protected',
      severity: 'critical',
      cause: { code: 'tenants-unprotected', facts: { tenants: ['initech'], count: 1 } },
    });
    expect((await alertOf(strict, 'pool-1'))?.tenant).toBe('shared:pool-1');
    await later(strict, 9.5);
    await strict.watch();
    expect(said(strict)).toEqual([
      'operators * RESOLVED shared:pool-1: 1 database protected again (pool-1)',
      'tenant initech RESOLVED initech: 1 database protected again (pool-1)',
    ]);
  });

  it('may begin in the future', async () => {
    const world = given(configOf([tenant('acme', [{ id: 'pool-1', since: '2026-11-25T10:00Z' }])]));
    await world.sweep();
    const row = await shareOf(world, 'acme');
    expect(row).toMatchObject({ verdict: 'new', deadline: new Date('2026-11-26T12:00:00Z') });
    const said = reasonOf(
      findingOf(row as DatabaseRow) as Finding,
      { id: 'pool-1', kind: 'instance' },
      {
        now: world.rds.now,
        audience: 'tenant',
      },
    );
    expect(said).toMatch(/^The data comes at 2026-11-25 10:00 UTC/);
  });

  it('starts when the ledger first sees a tenant that comes later, where nobody says since when', async () => {
    const world = given(configOf(three.slice(0, 2)));
    await world.sweep();
    world.configure(configOf(three));
    expect(await verdicts(world)).toEqual({
      acme: 'protected',
      globex: 'protected',
      initech: 'new',
      'shared:pool-1': 'protected',
    });
    expect((await shareOf(world, 'initech'))?.share).toEqual({ since: world.rds.now });
  });

  it('starts anew for the tenants of a database that was one tenant alone before', async () => {
    const world = given({ operators, tenants: [{ id: 'pool', databases: [pool] }] });
    await world.sweep();
    world.configure(configOf(three));
    expect(await verdicts(world)).toMatchObject({ acme: 'new', globex: 'new', 'shared:pool-1': 'protected' });
  });

  it('has the strictest promise of the tenant and the database', async () => {
    const world = given(
      configOf([tenant('acme', ['pool-1'], { maxAgeHours: 6 }), tenant('globex', ['pool-1'], { maxAgeHours: 48 })], {
        sharedDatabases: [{ ...pool, maxAgeHours: 36 }],
      }),
    );
    expect(await verdicts(world)).toEqual({ acme: 'overdue', globex: 'protected', 'shared:pool-1': 'protected' });
    expect((await shareOf(world, 'globex'))?.deadline).toEqual(new Date('2026-11-24T15:30:00Z'));
    expect(said(world)).toEqual([
      'operators * WARNING shared:pool-1: 1 database with tenants unprotected (pool-1)',
      'tenant acme WARNING acme: 1 database overdue (pool-1)',
    ]);
  });
});

describe('a tenant that moves between shared databases', () => {
  const pools = { sharedDatabases: [pool, { id: 'pool-2', kind: 'instance' }] };
  const on = (id: string, more: object = {}) =>
    configOf([tenant('acme', [{ id, ...more }]), tenant('globex', ['pool-1', 'pool-2'])], pools);

  it('has its clock go on from the newest backup in the one that it left', async () => {
    const world = given(on('pool-1'), ['pool-1', 'pool-2']);
    await world.sweep();
    world.configure(on('pool-2'));
    const { report } = await world.sweep();
    const acme = report.databases.find(({ tenant }) => tenant === 'acme');
    expect(acme).toMatchObject({
      database: 'pool-2',
      verdict: 'protected',
      newestBackup: { time: '2026-11-23T03:30:00.000Z' },
    });
    expect((await shareOf(world, 'acme', 'pool-2'))?.share).toMatchObject({
      since: world.rds.now,
      carried: { time: new Date('2026-11-23T03:30:00Z') },
    });
    await later(world, 24);
    await world.sweep();
    const row = await shareOf(world, 'acme', 'pool-2');
    expect(row?.verdict).toBe('protected');
    expect(row?.newestBackup?.time.toISOString()).toMatch(/^2026-11-24T03:/);
    expect(row?.share).not.toHaveProperty('carried');
    expect(said(world)).toEqual([]);
  });

  it('hides no gap by the move', async () => {
    const world = given(on('pool-1'), ['pool-1', 'pool-2']);
    await world.sweep();
    skip(world, 3, ['pool-1', 'pool-2']);
    await later(world, 17);
    // Five hours past the promise on pool-1, it is moved.
    world.configure(on('pool-2', { since: '2026-11-24T04:30Z' }));
    await world.sweep();
    said(world);
    await later(world, 2);
    await world.sweep();
    expect((await shareOf(world, 'acme', 'pool-2'))?.verdict).toBe('overdue');
  });

  it('has two clocks where it is in both', async () => {
    const world = given(on('pool-1'), ['pool-1', 'pool-2']);
    await world.sweep();
    for (const id of ['pool-1', 'pool-2']) expect((await shareOf(world, 'globex', id))?.verdict).toBe('protected');
    world.configure(configOf([tenant('acme', ['pool-1', 'pool-2'])], pools));
    await world.sweep();
    expect((await shareOf(world, 'acme', 'pool-2'))?.verdict).toBe('new');
  });
});

describe('a tenant that was there before', () => {
  const pools = { sharedDatabases: [pool, { id: 'pool-2', kind: 'instance' }] };
  const on = (...ids: readonly unknown[]) =>
    configOf([tenant('acme', ids), tenant('globex', ['pool-1', 'pool-2'])], pools);
  let world: World;
  beforeEach(async () => {
    world = given(on('pool-1'), ['pool-1', 'pool-2']);
    await world.sweep();
  });
  /** Hours later, the configuration is another one, and a sweep has met it. */
  const reconfigure = async (hours: number, config: object) => {
    await later(world, hours);
    world.configure(config);
    await world.sweep();
  };

  it('is held by a backup of where it was in between', async () => {
    await reconfigure(1, on('pool-2'));
    world.rds.takeBackup('pool-2', { kind: 'manual', id: 'by-hand', durationMinutes: 1 });
    await reconfigure(1, on('pool-1'));
    for (let n = 0; n < 3; n += 1) {
      expect(await shareOf(world, 'acme')).toMatchObject({ verdict: 'protected', newestBackup: { id: 'by-hand' } });
      await world.sweep();
    }
    expect(said(world)).toEqual([]);
  });

  it('is not held by what was made while it was elsewhere', async () => {
    await reconfigure(0, on('pool-2', { id: 'pool-1', since: '2026-11-23T11:00Z' }));
    await reconfigure(0, on('pool-2'));
    await later(world, 10);
    world.rds.takeBackup('pool-1', { kind: 'manual', id: 'by-hand', durationMinutes: 1 });
    await reconfigure(1, on('pool-2', { id: 'pool-1', since: '2026-11-23T22:30Z' }));
    const row = await shareOf(world, 'acme');
    expect(row?.cause?.code).not.toBe('backups-gone');
    expect(row?.newestBackup?.id).not.toBe('by-hand');
    expect(row).not.toHaveProperty('lastBackup');
  });

  it('is not held by a backup of where it was once that is gone', async () => {
    await reconfigure(1, on('pool-2'));
    expect((await shareOf(world, 'acme', 'pool-2'))?.verdict).toBe('protected');
    for (const snapshot of world.rds.snapshots('pool-1')) world.rds.expire(snapshot);
    await world.sweep();
    await world.sweep();
    const row = await shareOf(world, 'acme', 'pool-2');
    expect(row).toMatchObject({ verdict: 'overdue', cause: { code: 'backups-gone' } });
    expect(row?.share).not.toHaveProperty('carried');
  });

  it('takes over nothing of before a `since` that is corrected, and says of nothing that it is gone', async () => {
    await reconfigure(1, on({ id: 'pool-1', since: '2026-11-23T10:00Z' }));
    const row = await shareOf(world, 'acme');
    expect(row).toMatchObject({ verdict: 'new', cause: { code: 'tenant-after-backup' } });
    expect(row).not.toHaveProperty('newestBackup');
    expect(row).not.toHaveProperty('lastBackup');
    expect(said(world)).toEqual([]);
  });
});

it('meets tenants together with their database where an event came before the first sweep', async () => {
  const world = given(configOf(three));
  world.rds.takeBackup('pool-1', { kind: 'manual', id: 'by-hand', durationMinutes: 5 });
  await later(world, 1);
  expect(await verdicts(world)).toMatchObject({ acme: 'protected', globex: 'protected', initech: 'protected' });
  expect(await shareOf(world, 'acme')).toMatchObject({ share: {}, newestBackup: { id: 'by-hand' } });
  expect((await shareOf(world, 'acme'))?.share).not.toHaveProperty('since');
});

describe('a recovery point outside RDS', () => {
  it('of before the tenant came does not hold it', async () => {
    const world = given(
      configOf([tenant('acme', ['pool-1']), tenant('initech', [{ id: 'pool-1', since: '2026-11-25T08:00Z' }])]),
    );
    skip(world, 5);
    await later(world, 36);
    world.rds.startBackupJob('pool-1', { vault: 'air-gapped', durationMinutes: 10 });
    await later(world, 12);
    await world.sweep();
    expect((await shareOf(world, 'acme'))?.verdict).toBe('protected');
    expect((await shareOf(world, 'initech'))?.newestBackup).toBeUndefined();
  });
});

describe("Oracle's multi-tenant databases", () => {
  const on = (...ids: readonly (readonly [string, string?])[]) =>
    configOf(ids.map(([id, database]) => tenant(id, [database === undefined ? 'pool-1' : { id: 'pool-1', database }])));
  /** As of noon; the snapshot of the night holds ACME and GLOBEX. */
  const oracle = (config: object, tenantDatabases: readonly string[] | null = ['ACME', 'GLOBEX']) => {
    const world = makeWorld({ now: '2026-11-23T12:00:00Z', config });
    world.rds.createInstance({
      id: 'pool-1',
      engine: 'oracle-ee-cdb',
      created: new Date('2026-10-01T00:00:00Z'),
      window: '03:00-03:30',
      ...(tenantDatabases && { tenantDatabases }),
    });
    world.rds.takeBackup('pool-1', { kind: 'automated', at: new Date('2026-11-23T03:30:00Z') });
    return world;
  };
  const asked = (world: World) => world.rds.calls('DescribeDBSnapshotTenantDatabases');

  it('tell which tenants a snapshot holds: one that is missing there is notified, and nobody else of its tenants', async () => {
    const world = oracle(on(['acme', 'acme'], ['globex', 'GLOBEX'], ['initech', 'initech']));
    expect(await verdicts(world)).toEqual({
      acme: 'protected',
      globex: 'protected',
      initech: 'overdue',
      'shared:pool-1': 'protected',
    });
    expect(said(world)).toEqual([
      'operators * CRITICAL shared:pool-1: 1 database with tenants unprotected (pool-1)',
      'tenant initech CRITICAL initech: 1 database overdue (pool-1)',
    ]);
    expect((await shareOf(world, 'initech'))?.notes).toEqual([
      { code: 'tenant-not-in-snapshot', facts: { name: 'initech', snapshot: 'rds:pool-1-2026-11-23-03-30' } },
    ]);
    world.rds.setTenantDatabases('pool-1', ['ACME', 'INITECH']);
    await later(world, 24);
    expect(await verdicts(world)).toMatchObject({ acme: 'protected', globex: 'overdue', initech: 'protected' });
    // The newest snapshot lacks it, and the one before is more than a day old.
    expect(await shareOf(world, 'globex')).toMatchObject({
      newestBackup: { time: new Date('2026-11-23T03:30:00Z') },
    });
  });

  it('take one listing of either type for all tenants and snapshots', async () => {
    const names = Array.from({ length: 60 }, (_, n) => `T${n}`);
    const world = oracle(on(...names.map((name): [string, string] => [name.toLowerCase(), name])), names);
    await world.sweep();
    // One page of the night's snapshot, and one of AWS Backup's.
    expect(asked(world)).toBe(2);
    world.rds.takeBackup('pool-1', { kind: 'manual', id: 'by-hand', durationMinutes: 1 });
    world.rds.takeBackup('pool-1', { kind: 'awsbackup', durationMinutes: 1 });
    await later(world, 1);
    world.rds.resetCalls();
    const { report } = await world.sweep();
    expect(report.apiCalls).toMatchObject({ DescribeDBSnapshotTenantDatabases: 3 });
    expect(report.counts).toEqual({ protected: 60 });
  });

  it('are not asked for where the database is not shared, or not in that configuration', async () => {
    for (const world of [
      oracle({ operators, tenants: [{ id: 'acme', databases: [pool] }] }),
      oracle(on(['acme', 'acme']), null),
      given(configOf(three)),
    ]) {
      const { report } = await world.sweep();
      await world.watch();
      expect(asked(world)).toBe(0);
      expect(report.apiCalls).not.toHaveProperty('DescribeDBSnapshotTenantDatabases');
      expect(Object.keys(report.counts)).toEqual(['protected']);
    }
  });

  it('prove nothing where they cannot be read, whole or in part; the run says so once', async () => {
    const names = Array.from({ length: 120 }, (_, n) => `T${n}`);
    for (const page of [1, 2]) {
      const world = oracle(on(['initech', 'initech'], ['acme', 'T0']), names);
      const heal = world.rds.failPage(
        'DescribeDBSnapshotTenantDatabases',
        page,
        accessDenied('DescribeDBSnapshotTenantDatabases'),
      );
      const { report } = await world.sweep();
      expect(report.counts).toEqual({ protected: 2 });
      expect(report.errors).toEqual([
        expect.stringMatching(
          /^tenant databases could not be read, so which of them snapshots hold is not known: .*rds:DescribeDB/,
        ),
      ]);
      expect(said(world)).toEqual([]);
      heal();
      expect(await verdicts(world)).toMatchObject({ acme: 'protected', initech: 'overdue' });
    }
  });

  it('are believed at once, of a backup that its event has just recorded, too', async () => {
    const world = oracle(on(['acme', 'ACME'], ['globex', 'GLOBEX']));
    await world.sweep();
    world.rds.setTenantDatabases('pool-1', ['ACME']);
    world.rds.takeBackup('pool-1', { kind: 'manual', id: 'by-hand', durationMinutes: 5 });
    await later(world, 5 / 60);
    await world.sweep();
    expect((await shareOf(world, 'acme'))?.newestBackup?.id).toBe('by-hand');
    expect(await shareOf(world, 'globex')).toMatchObject({
      newestBackup: { time: new Date('2026-11-23T03:30:00Z') },
      severity: 'warning',
      cause: { code: 'tenant-not-in-snapshot', facts: { snapshot: 'by-hand', name: 'GLOBEX' } },
    });
    expect(said(world)).toEqual([
      'operators * WARNING shared:pool-1: 1 database with tenants unprotected (pool-1)',
      'tenant globex WARNING globex: 1 database missing in its newest snapshot (pool-1)',
    ]);
  });

  it('are read where a tag names the tenants, by what an event looks at, too', async () => {
    const world = oracle({ operators, discovery: {}, tenants: [] });
    world.rds.setTags('pool-1', { 'backup-tenant': 'acme globex' });
    world.rds.takeBackup('pool-1', { durationMinutes: 0 });
    world.rds.stop('pool-1');
    await later(world, 1);
    expect(asked(world)).toBeGreaterThan(0);
    const { key } = await rowOf(world, 'pool-1');
    expect((await world.ledger.databases([shareKey(key, 'acme')]))[0]?.verdict).toBe('protected');
  });

  it('prove nothing by a snapshot of before that configuration', async () => {
    const world = oracle(on(['acme', 'acme']), []);
    expect(await verdicts(world)).toEqual({ acme: 'protected', 'shared:pool-1': 'protected' });
    expect(asked(world)).toBeGreaterThan(0);
  });
});

describe('a tag that names several tenants', () => {
  const byTag = (discovery: object = {}) => ({
    operators,
    defaults: { copy: { mode: 'none' } },
    discovery,
    tenants: [],
  });
  const tagged = (config: object, value: string) => {
    const world = given(config);
    world.rds.setTags('pool-1', { 'backup-tenant': value });
    return world;
  };

  it('enrols them all, each for itself', async () => {
    const world = tagged(byTag(), 'acme globex');
    expect(await verdicts(world)).toEqual({ acme: 'protected', globex: 'protected', 'shared:pool-1': 'protected' });
    world.rds.setTags('pool-1', { 'backup-tenant': 'acme  globex initech' });
    expect(await verdicts(world)).toMatchObject({ acme: 'protected', initech: 'new' });
    world.rds.setTags('pool-1', { 'backup-tenant': 'acme initech' });
    expect(await verdicts(world)).toEqual({ acme: 'protected', initech: 'new', 'shared:pool-1': 'protected' });
    expect((await shareOf(world, 'globex'))?.share?.until).toEqual(world.rds.now);
  });

  it('lets no tenant leave by a name that nobody can read, nor where removal is off', async () => {
    const world = tagged(byTag(), 'acme globex');
    await world.sweep();
    world.rds.setTags('pool-1', { 'backup-tenant': 'acme glo/bex' });
    expect(await verdicts(world)).toMatchObject({ acme: 'protected', globex: 'protected' });
    const strict = tagged(byTag({ allowRemoval: false }), 'acme globex');
    await strict.sweep();
    strict.rds.setTags('pool-1', { 'backup-tenant': 'acme' });
    expect(await verdicts(strict)).toMatchObject({ acme: 'protected', globex: 'protected' });
    const { report } = await strict.sweep();
    expect(report.errors).toEqual([
      'instance pool-1: tag backup-tenant no longer names globex; discovery.allowRemoval is off. The database is watched on for them',
    ]);
  });

  it('notifies operators once of a tenant that it names no longer', async () => {
    const world = tagged(byTag(), 'acme globex');
    await world.sweep();
    world.rds.setTags('pool-1', { 'backup-tenant': 'acme' });
    await world.sweep();
    await world.sweep();
    expect(await verdicts(world)).toEqual({ acme: 'protected', 'shared:pool-1': 'protected' });
  });

  it('keeps them while RDS does not show the database', async () => {
    const world = tagged(byTag(), 'acme globex');
    await world.sweep();
    world.rds.delete('pool-1');
    expect(await verdicts(world)).toEqual({ acme: 'deleted', globex: 'deleted', 'shared:pool-1': 'deleted' });
  });
});
