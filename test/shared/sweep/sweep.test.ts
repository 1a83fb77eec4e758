import { describe, expect, it } from 'vitest';
import { internalFailure } from '../../../local/rds/faults.ts';
import {
  alertOf,
  between,
  collect,
  counting,
  liveOf,
  makeWorld,
  rowOf,
  type World,
  where,
} from '../../support/world.ts';

const acme = (...databases: object[]) => ({
  operators: [{ email: 'operators@example.com' }],
  tenants: [{ id: 'acme', databases }],
});
const orders = { id: 'orders', kind: 'instance' };
const ledgerCluster = { id: 'ledger', kind: 'cluster' };
const config = acme(orders, ledgerCluster);
const created = new Date('2026-10-01T00:00:00Z');
const noon = '2026-11-20T12:00:00Z';

function given(options: Partial<Parameters<typeof makeWorld>[0]> = {}) {
  const world = makeWorld({ now: noon, config, ...options });
  world.rds.createInstance({ id: 'orders', created });
  world.rds.createCluster({ id: 'ledger', created });
  return world;
}

/** The same, after a night of backups and a sweep: everything is protected, and nothing is new. */
async function settled(options: Partial<Parameters<typeof makeWorld>[0]> = {}) {
  const world = given(options);
  for (const database of ['orders', 'ledger']) {
    world.rds.takeBackup(database, { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
  }
  await world.sweep();
  await world.rds.runNight('12:00');
  await world.sweep();
  world.news();
  return world;
}

const said = ({ report }: Awaited<ReturnType<World['sweep']>>) =>
  report.databases.map(({ database, verdict, severity }) => `${database} ${verdict} ${severity}`).sort();

async function backups(world: World, id: string, kind: 'instance' | 'cluster' = 'instance') {
  return collect(world.ledger.backupsOfDatabase((await rowOf(world, id, kind)).key));
}

describe('an ordinary day', () => {
  it('finds every database protected, and answers with the report that others rely on', async () => {
    const world = await settled();
    await world.rds.runNight('12:00');
    const { report, row } = await world.sweep();
    const [{ backupTime: ofOrders = noon } = {}] = await backups(world, 'orders');
    const time = new Date(ofOrders);
    expect(report).toMatchObject({
      mode: 'sweep',
      at: '2026-11-22T12:00:00.000Z',
      complete: true,
      unconfigured: [],
      counts: { protected: 2 },
      eventsMissed: 0,
      alerts: { opened: 0, reminded: 0, resolved: 0 },
      errors: [],
    });
    expect(report.databases.find(({ database }) => database === 'orders')).toEqual({
      tenant: 'acme',
      database: 'orders',
      ...where,
      verdict: 'protected',
      cause: null,
      notes: [],
      severity: 'info',
      reason: expect.stringContaining('The newest backup is from 2026-11-22 03:'),
      newestBackup: {
        id: `rds:orders-${time.toISOString().slice(0, 16).replace(/[T:]/g, '-')}`,
        time: time.toISOString(),
      },
      ageHours: Math.round((world.rds.now.getTime() - time.getTime()) / 36_000) / 100,
      deadline: '2026-11-23T06:00:00.000Z',
    });
    expect(row).toMatchObject({
      complete: true,
      databases: 2,
      recorded: 0,
      closed: 0,
      configHash: world.state.configHash,
    });
    expect(row).not.toHaveProperty('stoppedAfter');
    expect(await collect(world.ledger.sweeps())).toHaveLength(3);
  });

  it('writes the day’s evaluation of each configured database, with the policy in force', async () => {
    const world = await settled();
    const days = await collect(world.ledger.daysOfDate('2026-11-21'));
    expect(
      days.map(({ databaseId, verdict, maxAgeHours, graceHours, tenant }) => ({
        databaseId,
        verdict,
        maxAgeHours,
        graceHours,
        tenant,
      })),
    ).toEqual(
      expect.arrayContaining([
        { databaseId: 'orders', verdict: 'protected', maxAgeHours: 24, graceHours: 2, tenant: 'acme' },
        { databaseId: 'ledger', verdict: 'protected', maxAgeHours: 24, graceHours: 2, tenant: 'acme' },
      ]),
    );
  });

  it('writes when it evaluated a database, though nothing else is new; of one that nobody configured, nothing', async () => {
    const world = await settled();
    world.rds.createInstance({ id: 'stray', created });
    await world.sweep();
    const before = [await rowOf(world, 'orders'), await rowOf(world, 'stray')] as const;
    await world.rds.advanceBy({ minutes: 10 });
    await world.sweep();
    const { version = 0 } = before[0];
    expect(await rowOf(world, 'orders')).toEqual({ ...before[0], evaluatedAt: world.rds.now, version: version + 1 });
    expect(await rowOf(world, 'stray')).toEqual(before[1]);
  });

  it('names the databases that RDS has and the configuration lacks, and records their backups', async () => {
    const world = await settled();
    world.rds.createInstance({ id: 'stray', created });
    world.rds.takeBackup('stray', { id: 'of-stray', at: created });
    const { report } = await world.sweep();
    expect(report.unconfigured).toEqual(['stray']);
    expect(report.databases.map(({ database }) => database)).not.toContain('stray');
    expect(await backups(world, 'stray')).toMatchObject([{ id: 'of-stray', copy: { state: 'none' } }]);
    expect(world.news()).toEqual([]);
  });
});

describe('what events missed', () => {
  it('is recorded and counted by name once it had two hours to come', async () => {
    const world = await settled();
    world.rds.loseEvents(() => true);
    const snapshot = world.rds.takeBackup('orders', { id: 'silent', durationMinutes: 1 });
    await world.rds.advanceBy({ hours: 2, minutes: 1 });
    const { report, row } = await world.sweep();
    expect(report.eventsMissed).toBe(1);
    expect(row).toMatchObject({
      recorded: 1,
      missed: [{ snapshotId: 'silent', databaseId: 'orders', backupTime: new Date('2026-11-21T12:00:00Z') }],
    });
    expect(await world.ledger.backupsByArn(snapshot.arn)).toMatchObject([{ learnedFrom: 'sweep', eventMissed: true }]);
    expect(report.databases.find(({ database }) => database === 'orders')?.notes).toContainEqual({
      code: 'event-lost',
      facts: {},
    });
    expect((await world.sweep()).report.eventsMissed).toBe(0);
  });

  it('is recorded but not counted while its event may still come', async () => {
    const world = await settled();
    world.rds.loseEvents(() => true);
    world.rds.takeBackup('orders', { id: 'young', durationMinutes: 1 });
    await world.rds.advanceBy({ hours: 1, minutes: 59 });
    const { row } = await world.sweep();
    expect(row).toMatchObject({ recorded: 1, eventsMissed: 0 });
    expect((await backups(world, 'orders'))[0]).not.toHaveProperty('eventMissed');
  });

  it('is not counted of a backup that was seen in progress, until it must long have been there', async () => {
    const counted = async (hours: number) => {
      const world = await settled();
      world.rds.loseEvents(({ detail }) => detail.EventID === 'RDS-EVENT-0042');
      world.rds.takeBackup('orders', { id: 'slow', durationMinutes: 240 });
      await world.rds.advanceBy({ hours });
      return (await world.sweep()).report.eventsMissed;
    };
    expect(await counted(5)).toBe(0);
    expect(await counted(8)).toBe(1);
  });

  it('is neither counted nor copied of what was there before the first sweep', async () => {
    const world = given({ config: acme({ ...orders, copy: { mode: 'export' } }) });
    world.rds.takeBackup('orders', { kind: 'automated', id: 'before', at: new Date('2026-11-19T12:00:00Z') });
    const { row } = await world.sweep();
    expect(row).toMatchObject({ recorded: 1, eventsMissed: 0 });
    expect(await backups(world, 'orders')).toMatchObject([
      { id: 'before', learnedFrom: 'sweep', copy: { state: 'none', cause: { code: 'before-enrolment', facts: {} } } },
    ]);
  });

  it('is copied if it came after enrolment', async () => {
    const world = given({ config: acme({ ...orders, copy: { mode: 'export' } }) });
    world.rds.takeBackup('orders', { kind: 'automated', id: 'before', at: new Date('2026-11-20T02:00:00Z') });
    await world.sweep();
    world.rds.loseEvents(() => true);
    world.rds.takeBackup('orders', { kind: 'automated', id: 'silent', durationMinutes: 1 });
    await world.rds.advanceBy({ hours: 3 });
    await world.sweep();
    expect((await backups(world, 'orders'))[0]).toMatchObject({ id: 'silent', copy: { state: 'queued' } });
  });

  it('is recorded with the time of its source if it is the copy of a cluster’s snapshot', async () => {
    const world = await settled();
    world.rds.loseEvents(() => true);
    const original = world.rds.takeBackup('ledger', { id: 'original', durationMinutes: 1 });
    await world.rds.advanceBy({ minutes: 30 });
    world.rds.copySnapshot(original, { id: 'copied', durationMinutes: 1 });
    await world.rds.advanceBy({ hours: 3 });
    await world.sweep();
    const [copy] = await backups(world, 'ledger', 'cluster');
    expect(copy).toMatchObject({ id: 'copied', backupTime: new Date('2026-11-21T12:00:00Z') });
    expect((await rowOf(world, 'ledger', 'cluster')).newestBackup?.time).toEqual(new Date('2026-11-21T12:00:00Z'));
  });
});

describe('a copied cluster snapshot that is not the newest', () => {
  it('is recorded with the time of a source that the index does not find yet', async () => {
    const world = given({
      between: (ledger) =>
        new Proxy(ledger, {
          get: (target, name) => (name === 'backupsByArn' ? async () => [] : Reflect.get(target, name).bind(target)),
        }),
    });
    world.rds.loseEvents(() => true);
    const original = world.rds.takeBackup('ledger', { id: 'original', durationMinutes: 1 });
    await world.rds.advanceBy({ minutes: 30 });
    world.rds.copySnapshot(original, { id: 'copied', durationMinutes: 1 });
    await world.rds.advanceBy({ minutes: 30 });
    world.rds.takeBackup('ledger', { id: 'youngest', durationMinutes: 1 });
    await world.rds.advanceBy({ minutes: 30 });
    await world.sweep();
    const times = (await backups(world, 'ledger', 'cluster')).map(({ id, backupTime }) => [id, backupTime]);
    expect(times).toContainEqual(['copied', new Date(noon)]);
  });
});

describe('what a deleted database left behind', () => {
  const leaving = (world: World, id: string) => {
    world.rds.createInstance({ id, created });
    world.rds.takeBackup(id, { id: `last-of-${id}`, at: new Date('2026-11-01T04:00:00Z') });
    world.rds.delete(id);
  };

  it('is recorded though the ledger never met the database, and is nobody’s', async () => {
    const world = given();
    leaving(world, 'retired');
    const { report } = await world.sweep();
    expect(await backups(world, 'retired')).toMatchObject([
      { id: 'last-of-retired', learnedFrom: 'sweep', copy: { state: 'none' } },
    ]);
    expect(await rowOf(world, 'retired')).not.toHaveProperty('verdict');
    expect(report.unconfigured).toEqual([]);
    expect(report.databases.map(({ database }) => database)).not.toContain('retired');
    world.rds.deleteSnapshot('last-of-retired');
    world.rds.loseEvents(() => true);
    // What was recorded a moment ago, a listing may not show yet.
    await world.rds.advanceBy({ minutes: 10 });
    await world.sweep();
    expect((await backups(world, 'retired'))[0]).toHaveProperty('closed');
  });

  it('is not taken for a database of its own while the listing of databases is cut short', async () => {
    const world = given();
    world.rds.failPage('DescribeDBInstances', 1, internalFailure);
    world.rds.createInstance({ id: 'stray', created });
    for (const id of ['stray', 'orders'])
      world.rds.takeBackup(id, { id: `of-${id}`, at: new Date('2026-11-20T04:00:00Z') });
    await world.sweep();
    expect(await world.ledger.databasesByName({ ...where, kind: 'instance', id: 'stray' })).toEqual([]);
    expect((await rowOf(world, 'orders')).key).toBe('123456789012/eu-west-1/instance:orders');
  });

  it('proves that a configured one was there: it was deleted, and its newest backup is named', async () => {
    const world = given({ config: acme(orders, ledgerCluster, { id: 'retired', kind: 'instance' }) });
    leaving(world, 'retired');
    for (const { report } of [await world.sweep(), await world.sweep()]) {
      expect(report.databases.find(({ database }) => database === 'retired')).toMatchObject({
        verdict: 'deleted',
        newestBackup: { id: 'last-of-retired' },
      });
    }
    expect(world.news().filter((line) => line.includes('retired'))).toEqual(['open retired deleted warning']);
  });
});

describe('rows whose snapshot is gone', () => {
  it('are closed: RDS sends no event when an automated snapshot expires', async () => {
    const world = await settled();
    const [, oldest] = (await backups(world, 'orders')).toReversed();
    world.rds.expire(oldest?.id ?? '');
    const { row } = await world.sweep();
    expect(row.closed).toBe(1);
    const closed = (await backups(world, 'orders')).filter((backup) => backup.closed !== undefined);
    expect(closed).toMatchObject([
      { id: oldest?.id, closed: { at: world.rds.now, cause: { code: 'not-in-rds', facts: {} } } },
    ]);
    expect(await liveOf(world, 'orders')).toHaveLength(1);
  });

  it('expire after their retention, but no sooner than in seven days', async () => {
    const expiry = async (retentionDays: number) => {
      const world = await settled({ config: { ...config, ledger: { retentionDays } } });
      const [newest] = await backups(world, 'orders');
      world.rds.expire(newest?.id ?? '');
      await world.sweep();
      const [backup] = await backups(world, 'orders');
      return {
        days: ((backup?.closed?.expiresAt.getTime() ?? 0) - (backup?.createdAt.getTime() ?? 0)) / 86_400_000,
        backup,
      };
    };
    expect((await expiry(400)).days).toBe(400);
    const { backup } = await expiry(7);
    expect(backup?.closed?.expiresAt).toEqual(new Date('2026-11-28T12:00:00Z'));
  });

  it('expire like days, sweeps and resolved alerts, each counted from its own beginning', async () => {
    const world = await settled({ config: { ...config, ledger: { retentionDays: 30 } } });
    world.rds.skipBackups('orders', 1);
    await world.rds.runNight('12:00');
    await world.sweep();
    const [open] = await collect(world.ledger.openAlerts());
    expect(open).not.toHaveProperty('expiresAt');
    await world.rds.runNight('12:00');
    const { row } = await world.sweep();
    expect(row.expiresAt).toEqual(new Date('2026-12-23T12:00:00Z'));
    const [resolved] = await collect(world.ledger.alertsOfTenant('acme'));
    expect(resolved).toMatchObject({ resolved: row.at, expiresAt: new Date('2026-12-22T12:00:00Z') });
    const days = await collect(world.ledger.daysOfDate('2026-11-23'));
    expect(days.map(({ expiresAt }) => expiresAt)).toEqual([row.expiresAt, row.expiresAt]);
    expect((await world.watch()).row).not.toHaveProperty('expiresAt');
  });

  it('are closed of a deleted cluster, too, which takes its automated snapshots along without a word', async () => {
    const world = await settled();
    world.rds.delete('ledger');
    await world.rds.settle();
    await world.sweep();
    expect((await backups(world, 'ledger', 'cluster')).every(({ closed }) => closed !== undefined)).toBe(true);
    expect(await liveOf(world, 'ledger', 'cluster')).toEqual([]);
  });

  it('are closed on the very day an alert opens', async () => {
    const world = await settled();
    for (const { id } of await backups(world, 'orders')) world.rds.expire(id);
    const { row } = await world.sweep();
    expect(world.news()).toEqual(['open orders overdue critical']);
    expect(row.closed).toBe(2);
    expect(await liveOf(world, 'orders')).toEqual([]);
  });

  it('stay open where an event records a backup while RDS is being listed', async () => {
    const world = await settled();
    world.rds.takeBackup('orders', { id: 'overtaking', at: new Date('2026-11-21T11:30:00Z'), announce: false });
    const snapshot = world.rds.snapshot('overtaking');
    await world.deliver(makeEvent(world, 'overtaking'));
    // The page with it was read before it was available.
    snapshot.status = 'creating';
    const { row } = await world.sweep();
    expect(row.closed).toBe(0);
    expect(await liveOf(world, 'orders')).toContain('2026-11-21T11:30:00.000Z#overtaking');
    expect((await rowOf(world, 'orders')).newestBackup?.id).toBe('overtaking');
  });

  it('are opened again if RDS shows the snapshot after all', async () => {
    const world = await settled();
    const [newest] = await backups(world, 'orders');
    if (newest?.backupTime === undefined) throw new Error('it is recorded');
    await world.ledger.updateBackup({
      ...newest,
      closed: {
        at: world.rds.now,
        cause: { code: 'deleted-by-user', facts: {} },
        expiresAt: new Date('2027-12-01T00:00:00Z'),
      },
    });
    await world.rds.advanceBy({ hours: 1 });
    await world.sweep();
    expect((await backups(world, 'orders'))[0]).not.toHaveProperty('closed');
  });
});

function makeEvent(world: World, id: string): string {
  const { arn } = world.rds.snapshot(id);
  const detail = { EventID: 'RDS-EVENT-0042', SourceArn: arn, Date: world.rds.now.toISOString(), Message: '' };
  return JSON.stringify({ source: 'aws.rds', time: world.rds.now.toISOString(), detail });
}

describe('half a listing', () => {
  it('makes unknown what it did not reach, but only if a second look fails as well', async () => {
    const world = await settled();
    world.rds.delete('orders');
    await world.rds.settle();
    world.rds.createInstance({ id: 'orders', created });
    const heal = world.rds.failPage('DescribeDBInstances', 1, internalFailure);
    const result = await world.sweep();
    expect(said(result)).toEqual(['ledger protected info', 'orders unknown warning']);
    expect(result.report.complete).toBe(false);
    expect(result.report.errors.join()).toContain('instances could not be listed to the end');
    expect(result.row.closed).toBe(0);
    heal();
  });

  it('of databases proves nothing deleted or missing', async () => {
    const world = await settled({ config: acme(orders, ledgerCluster, { id: 'never-was', kind: 'instance' }) });
    world.rds.failPage('DescribeDBInstances', 1, internalFailure);
    const result = await world.sweep();
    // `never-was` was reported as missing, and stays so.
    expect(said(result)).toEqual(['ledger protected info', 'never-was unknown warning', 'orders unknown warning']);
    expect(world.news()).toEqual(['open orders unknown warning']);
    expect(await alertOf(world, 'never-was')).toMatchObject({ verdict: 'missing', severity: 'critical' });
  });

  it('of databases takes nobody for gone whose new name it did not reach', async () => {
    const world = await settled();
    world.rds.skipBackups('orders', 1);
    await world.rds.runNight('12:00');
    await world.sweep();
    expect(world.news()).toEqual(['open orders overdue warning']);
    world.rds.rename('orders', 'orders-v2');
    world.configure(acme({ id: 'orders-v2', kind: 'instance' }, ledgerCluster));
    const heal = world.rds.failPage('DescribeDBInstances', 1, internalFailure);
    await world.sweep();
    expect(world.news().filter((line) => line.startsWith('resolve'))).toEqual([]);
    heal();
    await world.sweep();
    expect(world.news()).toEqual(['resolve orders-v2 unknown warning']);
    expect((await collect(world.ledger.openAlerts())).map(({ databaseId }) => databaseId)).toEqual(['orders-v2']);
  });

  it('of snapshots closes nothing, and makes unknown what it does not prove protected', async () => {
    const world = await settled();
    const live = await liveOf(world, 'orders');
    for (const { id } of await backups(world, 'orders')) world.rds.expire(id);
    world.rds.failPage('DescribeDBSnapshots', 1, internalFailure);
    const result = await world.sweep();
    expect(said(result)).toEqual(['ledger protected info', 'orders unknown warning']);
    expect(result.row.closed).toBe(0);
    expect(await liveOf(world, 'orders')).toEqual(live);
    expect(await rowOf(world, 'orders')).toMatchObject({ verdict: 'unknown' });
    expect((await rowOf(world, 'orders')).newestBackup).toBeDefined();
  });

  it('is made up for by a look at those it did not reach', async () => {
    const world = await settled();
    let pages = 0;
    world.rds.onCall(({ action }) => {
      pages += action === 'DescribeDBSnapshots' ? 1 : 0;
      return action === 'DescribeDBSnapshots' && pages <= 6 ? internalFailure : undefined;
    });
    const result = await world.sweep();
    expect(said(result)).toEqual(['ledger protected info', 'orders protected info']);
    expect(result.report.complete).toBe(false);
    expect(world.news()).toEqual([]);
  });

  it('of AWS Backup’s snapshots, failing for ever, never hides that a database is protected, nor that one is not', async () => {
    const world = await settled();
    world.rds.onCall(({ input }) => (input.SnapshotType === 'awsbackup' ? internalFailure : undefined));
    expect(said(await world.sweep())).toEqual(['ledger protected info', 'orders protected info']);
    world.rds.skipBackups('orders', 1);
    world.rds.loseEvents(() => true);
    await world.rds.runNight('12:00');
    const result = await world.sweep();
    expect(said(result)).toEqual(['ledger protected info', 'orders unknown warning']);
    expect(result.report.complete).toBe(false);
    await world.rds.advanceBy({ hours: 24 });
    await world.watch();
    expect(await rowOf(world, 'orders')).toMatchObject({ verdict: 'unknown' });
    expect(await alertOf(world, 'orders')).toMatchObject({ severity: 'critical' });
  });

  it('is rechecked by the watch, and what turns out is notified', async () => {
    const world = await settled();
    const heal = world.rds.failPage('DescribeDBInstances', 1, internalFailure);
    await world.sweep();
    expect(world.news()).toEqual(['open orders unknown warning']);
    heal();
    await world.rds.advanceBy({ hours: 1 });
    expect(said(await world.watch())).toEqual(['orders protected info']);
    expect(world.news()).toEqual(['resolve orders unknown warning']);
  });
});

describe('RDS away', () => {
  const tenants = Array.from({ length: 5 }, (_, n) => ({
    id: `tenant-${n}`,
    databases: [
      { id: `orders-${n}`, kind: 'instance' },
      { id: `ledger-${n}`, kind: 'cluster' },
    ],
  }));

  it('is one message to operators, tenants are notified once it lasts a day, and both of its end, once', async () => {
    const world = makeWorld({ now: noon, config: { operators: config.operators, tenants } });
    for (const n of tenants.keys()) {
      world.rds.createInstance({ id: `orders-${n}`, created });
      world.rds.createCluster({ id: `ledger-${n}`, created });
    }
    await world.rds.runNight('12:00');
    await world.sweep();
    world.rds.loseEvents(() => true);
    const heal = world.rds.onCall(() => internalFailure);
    const take = () =>
      world.published.splice(0).map(({ subject, attributes: { tenant, kind, audience } }) => ({
        subject,
        to: `${tenant} ${kind} ${audience}`,
      }));

    expect(take()).toEqual([]);
    await world.sweep();
    expect(world.published[0]?.texts.email).toContain(
      'RDS did not respond: InternalFailure: An internal error occurred. Whether it is',
    );
    expect(take()).toEqual([
      { subject: 'WARNING 5 tenants: 10 databases of unknown state', to: '* backup-missing operators' },
    ]);
    for (let quarter = 1; quarter < 96; quarter += 1) {
      await world.rds.advanceBy({ minutes: 15 });
      await world.watch();
    }
    expect(take()).toEqual([]);
    await world.rds.advanceBy({ minutes: 15 });
    await world.watch();
    const critical = take().sort((a, b) => (a.to < b.to ? -1 : 1));
    expect(critical.filter(({ to }) => to.startsWith('*'))).toEqual([
      { subject: 'NOW CRITICAL 5 tenants: 10 databases of unknown state', to: '* backup-missing operators' },
    ]);
    expect(critical.map(({ to }) => to).filter((to) => !to.startsWith('*'))).toEqual(
      tenants.map(({ id }) => `${id} backup-missing tenant`),
    );
    heal();
    await world.rds.advanceBy({ hours: 1 });
    await world.watch();
    const over = take().map(({ to }) => to);
    expect(over.sort()).toEqual([
      '* backup-restored operators',
      ...tenants.map(({ id }) => `${id} backup-restored tenant`),
    ]);
    await world.sweep();
    expect(take()).toEqual([]);
  });
});

describe('a long listing', () => {
  it('has what would be alerted looked at anew before anybody is woken', async () => {
    const world = await settled();
    world.rds.skipBackups('orders', 1);
    await world.rds.runNight('12:00');
    let listed = false;
    world.rds.onCall(({ action }) => {
      if (action === 'DescribeDBClusterSnapshots' && !listed) {
        listed = true;
        // Somebody takes one just behind the listing, and its event is late.
        world.rds.loseEvents(() => true);
        world.rds.takeBackup('orders', {
          id: 'just-in-time',
          at: new Date('2026-11-22T11:55:00Z'),
          durationMinutes: 1,
          announce: false,
        });
      }
      return undefined;
    });
    await world.sweep();
    expect(listed).toBe(true);
    expect(world.news()).toEqual([]);
    expect((await rowOf(world, 'orders')).verdict).toBe('protected');
  });

  it('counts snapshots whose creation is a few minutes ahead of our clock', async () => {
    const world = await settled();
    world.rds.skipBackups('orders', 1);
    await world.rds.runNight('12:00');
    world.rds.takeBackup('orders', { id: 'ahead', durationMinutes: 0 });
    world.state.clockBehindMs = 4 * 60_000;
    expect(said(await world.sweep())).toContain('orders protected info');
  });
});

describe('as of a moment', () => {
  it('nothing younger exists, and nothing is written', async () => {
    const world = await settled();
    const before = [await rowOf(world, 'orders'), await collect(world.ledger.sweeps())];
    const result = await world.sweep({ at: new Date('2026-11-21T02:00:00Z'), dryRun: true });
    expect(result.report.at).toBe('2026-11-21T02:00:00.000Z');
    expect(result.report.databases.find(({ database }) => database === 'orders')).toMatchObject({
      verdict: 'protected',
      newestBackup: { time: '2026-11-20T03:30:00.000Z' },
      ageHours: 22.5,
    });
    expect([await rowOf(world, 'orders'), await collect(world.ledger.sweeps())]).toEqual(before);
    expect(world.news()).toEqual([]);
  });

  it('even one created in that very minute does not exist if it is a second younger', async () => {
    const world = await settled();
    world.rds.takeBackup('orders', { id: 'exact', at: new Date('2026-11-21T11:00:00Z') });
    const newest = async (at: string) =>
      (await world.sweep({ at: new Date(at), dryRun: true })).report.databases.find(
        ({ database }) => database === 'orders',
      )?.newestBackup?.id;
    expect(await newest('2026-11-21T11:00:00Z')).toBe('exact');
    expect(await newest('2026-11-21T10:59:59Z')).not.toBe('exact');
  });

  it('says what it would tell without telling it', async () => {
    const world = await settled();
    const { report } = await world.sweep({ at: new Date('2026-11-23T12:00:00Z'), dryRun: true });
    expect(report.counts).toEqual({ overdue: 2 });
    expect(report.alerts.opened).toBe(2);
    expect(world.published).toEqual([]);
    expect((await rowOf(world, 'orders')).verdict).toBe('protected');
  });

  it('writes and tells if it is asked to, as of that moment', async () => {
    const world = await settled();
    const at = new Date('2026-11-23T12:00:00Z');
    const { report } = await world.sweep({ at, dryRun: false });
    expect(report.alerts.opened).toBe(2);
    expect(await rowOf(world, 'orders')).toMatchObject({ verdict: 'overdue', alert: { opened: at } });
    expect(await alertOf(world, 'orders')).toMatchObject({ opened: at, notified: [{ at }] });
    expect((await collect(world.ledger.daysOfDate('2026-11-23'))).map(({ verdict }) => verdict)).toEqual([
      'overdue',
      'overdue',
    ]);
  });

  it('closes no row of a backup that RDS still has, though it be younger', async () => {
    const world = await settled();
    await world.sweep({ at: new Date('2026-11-20T12:00:00Z'), dryRun: false });
    expect((await backups(world, 'orders')).filter(({ closed }) => closed)).toEqual([]);
    expect(await liveOf(world, 'orders')).toHaveLength(2);
  });
});

describe('who is evaluated under which name', () => {
  it('one that moved to another tenant resolves for the old and opens for the new', async () => {
    const world = await settled();
    world.rds.skipBackups('orders', 2);
    await world.rds.runNight('12:00');
    await world.sweep();
    expect(world.news()).toEqual(['open orders overdue warning']);
    const { tenants: _, ...rest } = config;
    world.configure({
      ...rest,
      tenants: [
        { id: 'acme', databases: [ledgerCluster] },
        { id: 'globex', databases: [orders] },
      ],
    });
    await world.sweep();
    expect(world.notified.map(({ alert, step }) => `${step} ${alert.tenant}`)).toEqual(['resolve acme']);
    world.news();
    await world.watch();
    expect(world.notified.map(({ alert, step }) => `${step} ${alert.tenant}`)).toEqual(['open globex']);
  });

  it('one that left the configuration resolves its alert with that reason, and is evaluated no more', async () => {
    const world = await settled();
    world.rds.skipBackups('orders', 1);
    await world.rds.runNight('12:00');
    await world.sweep();
    world.news();
    world.configure(acme(ledgerCluster));
    const { report } = await world.sweep();
    expect(world.notified).toMatchObject([
      { step: 'resolve', alert: { resolution: { code: 'left-configuration', facts: {} } } },
    ]);
    expect(report.unconfigured).toEqual(['orders']);
    const row = await rowOf(world, 'orders');
    for (const field of ['tenant', 'verdict', 'alert', 'nextCheckAt']) expect(row).not.toHaveProperty(field);
  });

  it('one that was deleted is notified once, and never again', async () => {
    const world = await settled({ recording: false });
    world.rds.delete('orders');
    await world.rds.advanceBy({ hours: 24 });
    expect(said(await world.sweep())).toContain('orders deleted warning');
    expect(world.news()).toContain('open orders deleted warning');
    await world.rds.advanceBy({ hours: 24 });
    await world.sweep();
    expect(world.news().filter((line) => line.includes('orders'))).toEqual([]);
  });

  it('one that was deleted is not notified again when the row of its alert has expired', async () => {
    const world = await settled({ config: { ...config, ledger: { retentionDays: 7 } } });
    world.rds.delete('orders');
    await world.rds.settle();
    expect(world.news()).toEqual(['open orders deleted warning']);
    await world.rds.advanceBy({ days: 30 });
    await world.sweep();
    expect(await alertOf(world, 'orders')).toBeUndefined();
    expect(world.news().filter((line) => line.includes('orders'))).toEqual([]);
    await world.sweep();
    expect(world.news().filter((line) => line.includes('orders'))).toEqual([]);
  });

  it('one that RDS never had is missing, until it is there', async () => {
    const world = await settled({ config: acme(orders, ledgerCluster, { id: 'wrong', kind: 'instance' }) });
    expect((await rowOf(world, 'wrong')).verdict).toBe('missing');
    world.rds.createInstance({ id: 'wrong' });
    expect(said(await world.sweep())).toContain('wrong new info');
    expect(world.notified).toMatchObject([
      { step: 'resolve', alert: { resolution: { code: 'found-in-rds', facts: {} } } },
    ]);
  });

  it('one that was renamed is still evaluated, and its reason says what to change', async () => {
    const world = await settled();
    world.rds.rename('orders', 'orders-v2');
    const { report } = await world.sweep();
    expect(report.databases.find(({ database }) => database === 'orders')).toMatchObject({
      verdict: 'protected',
      reason: expect.stringContaining('change orders to orders-v2 in the configuration'),
    });
    expect(report.unconfigured).toEqual([]);
    world.configure(acme({ id: 'orders-v2', kind: 'instance' }, ledgerCluster));
    expect(said(await world.sweep())).toEqual(['ledger protected info', 'orders-v2 protected info']);
    expect(world.news()).toEqual([]);
    expect(await liveOf(world, 'orders-v2')).toHaveLength(2);
  });

  it('the old name of one that was renamed is nobody’s where the new one is configured beside it', async () => {
    const world = await settled();
    world.rds.rename('orders', 'orders-v2');
    world.configure(acme(orders, { id: 'orders-v2', kind: 'instance' }, ledgerCluster));
    const expected = ['ledger protected info', 'orders deleted warning', 'orders-v2 protected info'];
    expect(said(await world.sweep())).toEqual(expected);
    expect(said(await world.sweep())).toEqual(expected);
    expect(world.news()).toEqual(['open orders deleted warning']);
  });

  it('a renamed cluster keeps the backups from before, also where the watch looks', async () => {
    const world = await settled();
    world.rds.rename('ledger', 'ledger-v2');
    world.configure(acme(orders, { id: 'ledger-v2', kind: 'cluster' }));
    await world.sweep();
    world.rds.stop('ledger-v2');
    await world.rds.settle();
    expect(world.news()).toEqual([]);
    expect(await rowOf(world, 'ledger-v2', 'cluster')).toMatchObject({
      verdict: 'protected',
      newestBackup: { id: expect.stringContaining('rds:ledger-') },
      stops: [{ from: world.rds.now }],
    });
  });

  it('a renamed cluster whose newest backup is gone still has those before, under its former name', async () => {
    const world = await settled();
    world.rds.rename('ledger', 'ledger-v2');
    world.configure(acme(orders, { id: 'ledger-v2', kind: 'cluster' }));
    await world.sweep();
    world.news();
    const [newest] = (await backups(world, 'ledger-v2', 'cluster')).map(({ id }) => id);
    world.rds.expire(newest ?? '');
    world.rds.skipBackups('ledger-v2', 1);
    await world.rds.runNight('12:00');
    const { report } = await world.sweep();
    expect(report.databases.find(({ database }) => database === 'ledger-v2')).toMatchObject({
      verdict: 'overdue',
      newestBackup: { id: expect.stringContaining('rds:ledger-') },
    });
    expect(world.news()).toEqual(['open ledger-v2 overdue warning', 'rise ledger-v2 overdue critical']);
  });

  it('one restored under the same name is another: the backups of the first do not count', async () => {
    const world = await settled();
    world.rds.delete('orders', { keepAutomated: true });
    world.rds.createInstance({ id: 'orders', created: world.rds.now });
    await world.sweep();
    const { report } = await world.sweep();
    const shown = report.databases.filter(({ database }) => database === 'orders');
    expect(shown).toMatchObject([
      { verdict: 'new', newestBackup: null, reason: expect.stringContaining('Another database had this name before') },
    ]);
  });

  it('a member of a cluster that is configured as an instance is evaluated by its cluster', async () => {
    const world = await settled({ config: acme(orders, ledgerCluster, { id: 'ledger-1', kind: 'instance' }) });
    const { report } = await world.sweep();
    expect(report.databases.find(({ database }) => database === 'ledger-1')).toMatchObject({
      verdict: 'protected',
      reason: expect.stringContaining('It is a member of the cluster ledger'),
    });
    world.rds.skipBackups('ledger', 1);
    await world.rds.runNight('12:00');
    const result = await world.sweep();
    expect(said(result)).toEqual(['ledger overdue warning', 'ledger-1 overdue warning', 'orders protected info']);
    expect(world.news()).toEqual(['open ledger overdue warning', 'open ledger-1 overdue warning']);
  });

  it('one excluded stays excluded, with its reason, whatever happens to it', async () => {
    const world = await settled({ config: acme({ ...orders, excluded: 'rebuilt nightly' }, ledgerCluster) });
    world.rds.skipBackups('orders', 9);
    await world.rds.advanceBy({ days: 3 });
    expect(said(await world.sweep())).toContain('orders excluded info');
    expect(world.news().filter((line) => line.includes('orders'))).toEqual([]);
  });
});

describe('databases that enrol themselves by tag', () => {
  const tagged = { ...config, defaults: { bucket: { type: 'shared' } }, discovery: { allowExclusion: true } };
  const discovered = async () => {
    const world = await settled({ config: tagged });
    const database = world.rds.createInstance({ id: 'self', created, tags: { 'backup-tenant': 'globex' } });
    world.rds.takeBackup('self', { kind: 'automated', at: new Date('2026-11-21T10:00:00Z') });
    await world.sweep();
    return { ...world, database };
  };

  it('are evaluated for the tenant that the tag names', async () => {
    const { report } = await (await discovered()).sweep();
    expect(report.databases.find(({ database }) => database === 'self')).toMatchObject({
      tenant: 'globex',
      verdict: 'protected',
    });
    expect(report.unconfigured).toEqual([]);
  });

  it('leave when the tag is removed, which resolves their alert', async () => {
    const world = await discovered();
    world.rds.skipBackups('self', 1);
    await world.rds.runNight('12:00');
    await world.sweep();
    expect(world.news()).toEqual(['open self overdue warning']);
    world.rds.setTags('self', {});
    const { report } = await world.sweep();
    expect(world.news()).toEqual(['resolve self overdue warning']);
    expect(report.unconfigured).toEqual(['self']);
  });

  it('are unknown, not forgotten, while RDS does not answer', async () => {
    const world = await discovered();
    world.rds.failPage('DescribeDBInstances', 1, internalFailure);
    expect(said(await world.sweep())).toContain('self unknown warning');
    expect(world.news()).toContain('open self unknown warning');
  });

  it('are notified once when they are deleted, and are nobody’s then', async () => {
    const world = await discovered();
    world.rds.delete('self');
    await world.rds.settle();
    expect(world.news()).toEqual(['open self deleted warning']);
    await world.rds.advanceBy({ hours: 1 });
    const { report } = await world.sweep();
    expect(report.databases.map(({ database }) => database)).not.toContain('self');
    await world.sweep();
    expect(world.news()).toEqual([]);
  });
});

describe('a fleet of thousands', () => {
  const fleet = (count: number) =>
    acme(...Array.from({ length: count }, (_, n) => ({ id: `db-${n}`, kind: 'instance' })));

  async function large(databases: number, snapshots: number) {
    const calls: Record<string, number> = {};
    const world = makeWorld({
      now: noon,
      config: fleet(databases),
      between: (ledger) => counting(ledger, calls),
    });
    for (let n = 0; n < databases; n += 1) {
      world.rds.createInstance({ id: `db-${n}`, created });
      for (let r = 1; r <= snapshots; r += 1) {
        const at = new Date(Date.parse('2026-11-20T03:30:00Z') - (r - 1) * 86_400_000);
        world.rds.takeBackup(`db-${n}`, { kind: 'automated', at });
      }
    }
    return { ...world, count: calls };
  }

  it('costs N/100 calls for databases, N·R/100 for snapshots, N/100 reads of rows, and one write for all days', async () => {
    const world = await large(1000, 8);
    await world.sweep();
    await world.rds.advanceBy({ minutes: 1 });
    world.rds.resetCalls();
    for (const name of Object.keys(world.count)) delete world.count[name];
    const { report } = await world.sweep();
    expect(report.counts).toEqual({ protected: 1000 });
    // An empty listing of clusters, of their snapshots and of AWS Backup's snapshots is one call each.
    expect(report.apiCalls).toEqual({
      DescribeDBInstances: 10,
      DescribeDBSnapshots: 80 + 1,
      DescribeDBClusters: 1,
      DescribeDBClusterSnapshots: 1,
    });
    expect(world.rds.calls()).toBe(93);
    // The live backups of a database are in its own partition, and its row says when it was evaluated.
    expect(world.count).toEqual({
      allDatabases: 1,
      databases: 10,
      environments: 1,
      alerts: 10,
      liveBackups: 1000,
      putDatabase: 1000,
      putDays: 10,
      putSweep: 1,
      lastWatch: 1,
      sweeps: 1,
    });
  });

  it('looks at a hundred overdue databases anew in a few calls', async () => {
    const world = await large(200, 1);
    await world.rds.advanceTo(new Date('2026-11-20T12:00:00Z'));
    const { report } = await world.sweep({ at: new Date('2026-11-22T12:00:00Z'), dryRun: true });
    expect(report.counts).toEqual({ overdue: 200 });
    // Per 100: two filters of 50 by name and two by resource id; snapshots two by resource id, of each type.
    expect(report.apiCalls).toEqual({
      DescribeDBInstances: 2 + 2 * 4,
      DescribeDBSnapshots: 2 + 1 + 2 * 4,
      DescribeDBClusters: 1,
      DescribeDBClusterSnapshots: 1,
    });
  });

  it('writes a row of bounded size, whatever nobody configured and whatever went wrong; the answer has it whole', async () => {
    const world = makeWorld({ now: noon, config: { ...fleet(1), discovery: {} } });
    for (let n = 0; n < 2001; n += 1) {
      const tags = n < 150 ? { 'backup-tenant': 'no-tenant/', 'backup-max-age-hours': 'x'.repeat(200) } : {};
      world.rds.createInstance({ id: `stray-${n}`, created, tags });
    }
    const { report, row } = await world.sweep();
    expect(report.unconfigured).toHaveLength(2001);
    expect(report.errors).toHaveLength(150);
    expect(row.unconfigured).toHaveLength(2000);
    expect(row.unconfiguredCount).toBe(2001);
    expect(row.errors).toHaveLength(100);
    expect(row.errors.at(-1)).toBe('and 51 more errors, in the log');
    expect(await collect(world.ledger.sweeps())).toEqual([row]);
  });

  it('of more than 2,000 databases answers only with those that are not protected', async () => {
    const world = await large(2001, 1);
    world.rds.expire(world.rds.snapshots('db-1234')[0] ?? '');
    const { report } = await world.sweep();
    expect(report.counts).toEqual({ protected: 2000, never: 1 });
    expect(report.databases.map(({ database }) => database)).toEqual(['db-1234']);
    expect(await collect(world.ledger.daysOfDate('2026-11-20'))).toHaveLength(2001);
  });
});

describe('two runs at once', () => {
  it('open an alert once', async () => {
    const world = await settled();
    world.rds.skipBackups('orders', 1);
    await world.rds.runNight('12:00');
    await Promise.all([world.sweep(), world.sweep(), world.watch()]);
    expect(world.news()).toEqual(['open orders overdue warning']);
    expect(await collect(world.ledger.openAlerts())).toHaveLength(1);
  });

  it('do not alert in spite of a backup that is recorded in between', async () => {
    let meanwhile: (() => Promise<unknown>) | undefined;
    const world = await settled({
      between: (ledger) =>
        between(ledger, async (call) => {
          if (call !== 'putDatabaseWithAlert' || meanwhile === undefined) return;
          const act = meanwhile;
          meanwhile = undefined;
          await act();
        }),
    });
    world.rds.skipBackups('orders', 1);
    await world.rds.runNight('12:00');
    meanwhile = async () => {
      world.rds.takeBackup('orders', { id: 'saved', durationMinutes: 0 });
      await world.deliver(makeEvent(world, 'saved'));
    };
    expect(said(await world.sweep())).toContain('orders protected info');
    expect(meanwhile).toBeUndefined();
    expect(world.news()).toEqual([]);
    expect(await liveOf(world, 'orders')).toContain('2026-11-22T12:00:00.000Z#saved');
  });
});
