import { describe, expect, it } from 'vitest';
import type { RdsEvent } from '../../../local/rds/events.ts';
import { accessDenied, invalidParameterValue } from '../../../local/rds/faults.ts';
import { rowKey } from '../../../shared/ledger/items.ts';
import { MemoryTable, refuse, spoil } from '../../support/memory-ledger.ts';
import { alertOf, between, collect, liveOf, makeWorld, rowOf, type World, where } from '../../support/world.ts';

const config = {
  operators: [{ email: 'operators@example.com' }],
  tenants: [
    {
      id: 'acme',
      databases: [
        { id: 'orders', kind: 'instance', copy: { mode: 'export' } },
        { id: 'ledger', kind: 'cluster' },
      ],
    },
  ],
};

/** A world whose events are kept, so that a test delivers them as it likes. */
function given(options: Partial<Parameters<typeof makeWorld>[0]> = {}) {
  const events: RdsEvent[] = [];
  const eventSink = async (event: RdsEvent) => {
    events.push(event);
  };
  const world = makeWorld({ now: '2026-11-20T12:00:00Z', config, simulator: { eventSink }, ...options });
  const created = new Date('2026-10-01T00:00:00Z');
  world.rds.createInstance({ id: 'orders', created });
  world.rds.createCluster({ id: 'ledger', created });
  const deliver = (...some: RdsEvent[]) => world.deliver(...some.map((event) => JSON.stringify(event)));
  /** The events with this number since the last time this was asked. */
  const take = (number: string) => {
    const taken = events.filter(({ detail }) => detail.EventID === `RDS-EVENT-${number}`);
    events.length = 0;
    return taken;
  };
  return { ...world, events, deliver, deliverBodies: world.deliver, take };
}

async function backups(world: Pick<World, 'ledger'>, id: string, kind: 'instance' | 'cluster' = 'instance') {
  return collect(world.ledger.backupsOfDatabase((await rowOf(world, id, kind)).key));
}

describe('a backup that an event announces', () => {
  it('is written with what RDS shows of it, its tenant, the event, and the moment', async () => {
    const world = given();
    const snapshot = world.rds.takeBackup('orders', { kind: 'automated', durationMinutes: 20 });
    await world.rds.advanceBy({ minutes: 30 });
    expect(await world.deliver(...world.take('0091'))).toEqual([]);
    const orders = world.rds.find('orders');
    expect(await backups(world, 'orders')).toEqual([
      {
        arn: snapshot.arn,
        id: 'rds:orders-2026-11-20-12-00',
        database: `123456789012/eu-west-1/${orders.resourceId}`,
        databaseId: 'orders',
        databaseKind: 'instance',
        tenant: 'acme',
        kind: 'automated',
        engine: 'postgres',
        storageType: 'gp3',
        sizeGiB: 20,
        encrypted: true,
        createdAt: new Date('2026-11-20T12:00:00Z'),
        backupTime: new Date('2026-11-20T12:00:00Z'),
        recordedAt: new Date('2026-11-20T12:30:00Z'),
        learnedFrom: 'event',
        event: { id: 'RDS-EVENT-0091', time: new Date('2026-11-20T12:20:00Z') },
        copy: { mode: 'export', state: 'queued', attempt: 1, queuedAt: new Date('2026-11-20T12:30:00Z') },
        version: 1,
      },
    ]);
  });

  it('moves the deadline of its database, and with it the watch’s next look', async () => {
    const world = given();
    world.rds.takeBackup('orders', { kind: 'automated' });
    await world.rds.advanceBy({ hours: 1 });
    await world.deliver(...world.take('0091'));
    expect(await rowOf(world, 'orders')).toMatchObject({
      tenant: 'acme',
      newestBackup: { id: 'rds:orders-2026-11-20-12-00', time: new Date('2026-11-20T12:00:00Z') },
      deadline: new Date('2026-11-21T12:00:00Z'),
      nextCheckAt: new Date('2026-11-21T12:00:00Z'),
    });
    expect(await liveOf(world, 'orders')).toEqual(['2026-11-20T12:00:00.000Z#rds:orders-2026-11-20-12-00']);
  });

  it.each([
    ['an automated one', 'orders', { kind: 'automated' }, '0091', 'automated'],
    ['a manual one', 'orders', { kind: 'manual' }, '0042', 'manual'],
    ['one of AWS Backup, announced as a manual one', 'orders', { kind: 'awsbackup' }, '0042', 'awsbackup'],
    [
      'one of AWS Backup, announced as a copy',
      'orders',
      { kind: 'awsbackup', announcedAs: 'copied' },
      '0197',
      'awsbackup',
    ],
    ['an automated one of a cluster', 'ledger', { kind: 'automated' }, '0169', 'automated'],
    ['a manual one of a cluster', 'ledger', { kind: 'manual' }, '0075', 'manual'],
    ['one of AWS Backup of a cluster', 'ledger', { kind: 'awsbackup' }, '0075', 'awsbackup'],
  ] as const)('is recorded whatever made it: %s', async (_what, database, spec, number, kind) => {
    const world = given();
    const snapshot = world.rds.takeBackup(database, spec);
    await world.rds.advanceBy({ hours: 1 });
    const announced = world.take(number);
    expect(announced).toHaveLength(1);
    await world.deliver(...announced);
    expect(await backups(world, database, world.rds.find(database).kind)).toMatchObject([
      { id: snapshot.id, kind, tenant: 'acme', event: { id: `RDS-EVENT-${number}` } },
    ]);
  });

  it.each([
    ['the same Region', undefined, '0197'],
    ['another Region', 'eu-central-1', '0060'],
  ])('has the age of its source if it is a copy from %s', async (_where, fromRegion, number) => {
    const world = given();
    const tenDaysAgo = new Date('2026-11-10T12:00:00Z');
    const original = world.rds.takeBackup('orders', { id: 'original', at: tenDaysAgo });
    world.rds.copySnapshot(original, { id: 'copied', ...(fromRegion !== undefined && { fromRegion }) });
    await world.rds.advanceBy({ hours: 1 });
    await world.deliver(...world.take(number));
    expect(await backups(world, 'orders')).toMatchObject([
      { id: 'copied', kind: 'copy', createdAt: new Date('2026-11-20T12:00:00Z'), backupTime: tenDaysAgo },
    ]);
    expect((await rowOf(world, 'orders')).newestBackup?.time).toEqual(tenDaysAgo);
  });

  it('has its source’s age if it is a copy of a cluster’s snapshot that the ledger knows', async () => {
    const world = given();
    const original = world.rds.takeBackup('ledger', { id: 'original' });
    await world.rds.advanceBy({ days: 5 });
    await world.deliver(...world.events.filter(({ detail }) => detail.SourceArn === original.arn));
    world.rds.copySnapshot(original, { id: 'copied', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.events.filter(({ detail }) => detail.SourceIdentifier === 'copied'));
    const [copy] = await backups(world, 'ledger', 'cluster');
    expect(copy).toMatchObject({ id: 'copied', backupTime: new Date('2026-11-20T12:00:00Z') });
  });

  it('never counts if it is a copy of a cluster’s snapshot from who knows when', async () => {
    const world = given();
    const original = world.rds.takeBackup('ledger', { id: 'original', at: new Date('2026-11-10T12:00:00Z') });
    world.rds.copySnapshot(original, { id: 'copied', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.events);
    const [copy] = await backups(world, 'ledger', 'cluster');
    expect(copy?.id).toBe('copied');
    expect(copy).not.toHaveProperty('backupTime');
    expect(await rowOf(world, 'ledger', 'cluster')).not.toHaveProperty('newestBackup');
  });

  it('is recorded of a database that nobody configured, without a tenant and without a copy', async () => {
    const world = given();
    world.rds.createInstance({ id: 'stray' });
    world.rds.takeBackup('stray', { id: 'of-stray', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.events);
    const [backup] = await backups(world, 'stray');
    expect(backup).toMatchObject({
      id: 'of-stray',
      copy: { state: 'none', cause: { code: 'not-configured', facts: {} } },
    });
    expect(backup).not.toHaveProperty('tenant');
    expect(await rowOf(world, 'stray')).not.toHaveProperty('nextCheckAt');
  });

  it('is its tenant’s where the database enrolled itself by tag, looked up once a batch', async () => {
    const world = given({ config: { ...config, defaults: { bucket: { type: 'shared' } }, discovery: {} } });
    for (const id of ['tagged-a', 'tagged-b']) {
      world.rds.createInstance({ id, tags: { 'backup-tenant': 'globex' } });
      world.rds.takeBackup(id, { id: `of-${id}`, durationMinutes: 0 });
    }
    await world.rds.settle();
    world.rds.resetCalls();
    await world.deliver(...world.take('0042'));
    expect((await backups(world, 'tagged-a'))[0]?.tenant).toBe('globex');
    expect((await backups(world, 'tagged-b'))[0]?.tenant).toBe('globex');
    expect(world.rds.calls('DescribeDBInstances')).toBe(1);
  });

  it('gives an excluded database no deadline', async () => {
    const databases = [{ id: 'orders', kind: 'instance', excluded: 'rebuilt nightly' }];
    const world = given({ config: { ...config, tenants: [{ id: 'acme', databases }] } });
    world.rds.takeBackup('orders', { durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.take('0042'));
    const row = await rowOf(world, 'orders');
    expect(row.newestBackup).toBeDefined();
    expect(row).not.toHaveProperty('nextCheckAt');
    expect(row).not.toHaveProperty('deadline');
  });

  it('of Neptune or DocumentDB is none of ours', async () => {
    const world = given();
    world.rds.createCluster({ id: 'graph', engine: 'neptune' });
    world.rds.takeBackup('graph', { durationMinutes: 0 });
    await world.rds.settle();
    expect(await world.deliver(...world.events)).toEqual([]);
    expect(await world.ledger.databasesByName({ ...where, kind: 'cluster', id: 'graph' })).toEqual([]);
  });

  it('has the watch look at once where an alert is open or the verdict was not protected', async () => {
    const world = given();
    world.rds.setRetention('orders', 0);
    await world.rds.advanceBy({ hours: 1 });
    await world.sweep();
    expect(await rowOf(world, 'orders')).toMatchObject({ verdict: 'disabled' });
    expect(await alertOf(world, 'orders')).toMatchObject({ verdict: 'disabled' });
    world.take('');
    world.rds.takeBackup('orders', { durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.take('0042'));
    expect((await rowOf(world, 'orders')).nextCheckAt).toEqual(world.rds.now);
  });
});

describe('events that come as they like', () => {
  const taken = async () => {
    const world = given();
    const snapshot = world.rds.takeBackup('orders', { kind: 'manual', id: 'before-upgrade' });
    await world.rds.advanceBy({ hours: 1 });
    const [creating] = world.events.filter(({ detail }) => detail.EventID === 'RDS-EVENT-0040') as [RdsEvent];
    const [created] = world.take('0042') as [RdsEvent];
    return { ...world, snapshot, creating, created };
  };

  it('twice, in one batch or two, write one row', async () => {
    const world = await taken();
    expect(await world.deliver(world.created, world.created)).toEqual([]);
    const first = await rowOf(world, 'orders');
    expect(await world.deliver(world.created)).toEqual([]);
    expect(await backups(world, 'orders')).toHaveLength(1);
    expect(await rowOf(world, 'orders')).toEqual(first);
  });

  it('late, when the copy of the backup has moved on, leave it as it is', async () => {
    const world = await taken();
    await world.deliver(world.created);
    const [backup] = await backups(world, 'orders');
    if (backup === undefined) throw new Error('it was recorded');
    await world.ledger.updateBackup({ ...backup, copy: { ...backup.copy, state: 'running' } });
    await world.deliver(world.created);
    expect((await backups(world, 'orders'))[0]?.copy.state).toBe('running');
  });

  it('of an older backup after those of a younger one do not move the deadline back', async () => {
    const world = await taken();
    world.rds.takeBackup('orders', { id: 'younger', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.take('0042'));
    const { deadline } = await rowOf(world, 'orders');
    await world.deliver(world.created);
    const row = await rowOf(world, 'orders');
    expect(row.deadline).toEqual(deadline);
    expect(row.newestBackup?.id).toBe('younger');
    expect(await liveOf(world, 'orders')).toHaveLength(2);
  });

  it('that it is being created, after it was created, record it all the same and only once', async () => {
    const world = await taken();
    await world.deliver(world.creating);
    await world.deliver(world.created);
    expect(await backups(world, 'orders')).toMatchObject([{ event: { id: 'RDS-EVENT-0040' } }]);
    expect(await rowOf(world, 'orders')).not.toHaveProperty('inProgress');
  });

  it('that it was deleted, before that it was created, leave nothing behind', async () => {
    const world = await taken();
    world.rds.deleteSnapshot('before-upgrade');
    await world.rds.settle();
    expect(await world.deliver(...world.take('0041'))).toEqual([]);
    expect(await world.deliver(world.created)).toEqual([]);
    expect(await world.ledger.backupsByArn(world.snapshot.arn)).toEqual([]);
  });

  it('of a snapshot that is gone by now are a case, not a failure', async () => {
    const world = await taken();
    world.rds.expire('before-upgrade');
    expect(await world.deliver(world.created)).toEqual([]);
    expect(world.logged).toContainEqual(
      expect.objectContaining({ level: 'info', message: 'snapshot is not there any more' }),
    );
  });

  it('that one is being created note it, until it is there', async () => {
    const world = given();
    world.rds.takeBackup('orders', { id: 'slow', durationMinutes: 50 });
    await world.rds.settle();
    await world.deliver(...world.take('0040'));
    expect(await rowOf(world, 'orders')).toMatchObject({
      inProgress: { id: 'slow', since: new Date('2026-11-20T12:00:00Z') },
    });
    expect(await rowOf(world, 'orders')).not.toHaveProperty('nextCheckAt');
    expect(await liveOf(world, 'orders')).toEqual([]);
    await world.rds.advanceBy({ hours: 1 });
    await world.deliver(...world.take('0042'));
    expect(await rowOf(world, 'orders')).not.toHaveProperty('inProgress');
    expect(await liveOf(world, 'orders')).toEqual(['2026-11-20T12:00:00.000Z#slow']);
  });

  it('that one was created, ahead of RDS itself, have the watch look soon, which records it', async () => {
    const world = given();
    await world.sweep();
    world.rds.takeBackup('orders', { id: 'slow', durationMinutes: 50 });
    await world.rds.settle();
    const [creating] = world.take('0040') as [RdsEvent];
    const ahead = { ...creating, detail: { ...creating.detail, EventID: 'RDS-EVENT-0042' } };
    expect(await world.deliver(ahead)).toEqual([]);
    expect(await backups(world, 'orders')).toEqual([]);
    expect((await rowOf(world, 'orders')).nextCheckAt).toEqual(world.rds.now);
    await world.rds.advanceBy({ hours: 1 });
    const { row } = await world.watch();
    expect(row).toMatchObject({ recorded: 1, eventsMissed: 0 });
    expect(await backups(world, 'orders')).toMatchObject([{ id: 'slow', learnedFrom: 'sweep' }]);
  });

  it.each([
    ['in their order', (events: RdsEvent[]) => events],
    ['the younger one first', (events: RdsEvent[]) => events.reverse()],
  ])('of several in progress note the youngest: %s', async (_order, inOrder) => {
    const world = given();
    world.rds.takeBackup('orders', { id: 'first', durationMinutes: 200 });
    await world.rds.advanceBy({ minutes: 30 });
    world.rds.takeBackup('orders', { id: 'second', durationMinutes: 200 });
    await world.rds.settle();
    await world.deliver(...inOrder(world.take('0040')));
    expect((await rowOf(world, 'orders')).inProgress?.id).toBe('second');
  });

  it('that one is being created, which has failed by now, note nothing in progress', async () => {
    const world = given();
    const snapshot = world.rds.takeBackup('orders', { durationMinutes: 50 });
    await world.rds.settle();
    snapshot.status = 'failed';
    await world.deliver(...world.take('0040'));
    expect(await rowOf(world, 'orders')).not.toHaveProperty('inProgress');
  });
});

describe('a deletion', () => {
  const recorded = async () => {
    const world = given();
    world.rds.takeBackup('orders', { id: 'older', at: new Date('2026-11-19T12:00:00Z'), announce: true });
    world.rds.takeBackup('orders', { id: 'newer', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.take('0042'));
    return world;
  };

  it('closes the row, which expires with its retention, and lets the one before count', async () => {
    const world = await recorded();
    await world.rds.advanceBy({ hours: 2 });
    world.rds.deleteSnapshot('newer');
    await world.rds.settle();
    await world.deliver(...world.take('0041'));
    const [newer] = await backups(world, 'orders');
    expect(newer).toMatchObject({
      id: 'newer',
      closed: {
        at: world.rds.now,
        cause: { code: 'deleted-by-user', facts: {} },
        expiresAt: new Date('2027-12-25T12:00:00Z'),
      },
    });
    expect(await rowOf(world, 'orders')).toMatchObject({
      newestBackup: { id: 'older' },
      nextCheckAt: world.rds.now,
    });
    expect(await liveOf(world, 'orders')).toEqual(['2026-11-19T12:00:00.000Z#older']);
  });

  it('that is delivered twice changes nothing more', async () => {
    const world = await recorded();
    world.rds.deleteSnapshot('newer');
    await world.rds.settle();
    const events = world.take('0041');
    await world.deliver(...events);
    expect(await liveOf(world, 'orders')).toEqual(['2026-11-19T12:00:00.000Z#older']);
    const before = [await rowOf(world, 'orders'), await backups(world, 'orders')];
    await world.rds.advanceBy({ hours: 1 });
    await world.deliver(...events, ...events);
    expect([await rowOf(world, 'orders'), await backups(world, 'orders')]).toEqual(before);
  });

  it('of an earlier snapshot does not close a later one of the same name', async () => {
    const world = await recorded();
    world.rds.deleteSnapshot('newer');
    await world.rds.advanceBy({ hours: 1 });
    const deletion = world.take('0041');
    world.rds.takeBackup('orders', { id: 'newer', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.take('0042'));
    await world.deliver(...deletion);
    expect(await liveOf(world, 'orders')).toContain('2026-11-20T13:00:00.000Z#newer');
    expect((await backups(world, 'orders'))[0]).not.toHaveProperty('closed');
    // Nor once RDS does not show the later one: only a listing can say why.
    world.rds.expire('newer');
    await world.deliver(...deletion);
    expect(await liveOf(world, 'orders')).toContain('2026-11-20T13:00:00.000Z#newer');
  });

  it('keeps its cause where the name is used again', async () => {
    const world = await recorded();
    world.rds.deleteSnapshot('newer');
    await world.rds.advanceBy({ hours: 1 });
    await world.deliver(...world.take('0041'));
    world.rds.takeBackup('orders', { id: 'newer', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.take('0042'));
    const [later, former] = await backups(world, 'orders');
    expect(later).not.toHaveProperty('closed');
    expect(former).toMatchObject({ id: 'newer', closed: { cause: { code: 'deleted-by-user' } } });
  });
});

describe('the log', () => {
  it('says what became of each event, with what one would search for', async () => {
    const world = given();
    const { arn } = world.rds.takeBackup('orders', { id: 'nightly', durationMinutes: 50 });
    await world.rds.settle();
    const [creating] = world.take('0040') as [RdsEvent];
    await world.deliver(creating);
    await world.rds.advanceBy({ hours: 1 });
    const [created] = world.take('0042') as [RdsEvent];
    await world.deliver(created);
    world.rds.deleteSnapshot('nightly');
    await world.rds.settle();
    const [deleted] = world.take('0041') as [RdsEvent];
    await world.deliver(deleted);
    await world.deliver(deleted);
    await world.deliver(created);
    const fields = { eventId: 'RDS-EVENT-0042', snapshot: arn };
    expect(world.logged.map(({ message, fields }) => [message, fields])).toEqual([
      ['snapshot is not available yet', { ...fields, eventId: 'RDS-EVENT-0040', status: 'creating' }],
      ['backup recorded', { ...fields, database: 'orders', tenant: 'acme' }],
      ['backup closed', { snapshot: arn }],
      ['deletion of a snapshot that is not recorded, or is there', { snapshot: arn }],
      ['snapshot is not there any more', fields],
    ]);
  });

  it('says which snapshot could not be recorded, and whose deletion could not', async () => {
    let fails = '';
    const world = given({
      between: (ledger) =>
        between(ledger, (call) => {
          if (call === fails) throw new Error('the ledger does not respond');
        }),
    });
    const { arn } = world.rds.takeBackup('orders', { id: 'nightly', durationMinutes: 0 });
    await world.rds.settle();
    const created = world.take('0042');
    fails = 'recordBackup';
    expect(await world.deliver(...created)).toEqual(['m0']);
    fails = '';
    await world.deliver(...created);
    world.rds.deleteSnapshot('nightly');
    await world.rds.settle();
    fails = 'backupsByArn';
    expect(await world.deliver(...world.take('0041'))).toEqual(['m0']);
    const fields = { messageId: 'm0', snapshot: arn, error: new Error('the ledger does not respond') };
    expect(world.logged.filter(({ level }) => level === 'error')).toEqual([
      {
        level: 'error',
        message: 'snapshot could not be recorded',
        fields: { ...fields, eventId: 'RDS-EVENT-0042' },
      },
      { level: 'error', message: 'deletion could not be recorded', fields },
    ]);
  });
});

describe('a batch', () => {
  it('is described in one call a kind and type', async () => {
    const world = given();
    for (let n = 0; n < 10; n += 1) {
      world.rds.takeBackup('orders', { id: `i-${n}`, durationMinutes: 0 });
      world.rds.takeBackup('ledger', { id: `c-${n}`, durationMinutes: 0 });
    }
    await world.rds.settle();
    const batch = world.events.filter(({ detail }) => /0042|0075/.test(detail.EventID));
    world.rds.resetCalls();
    await world.deliver(...batch);
    expect(await backups(world, 'orders')).toHaveLength(10);
    expect(await backups(world, 'ledger', 'cluster')).toHaveLength(10);
    // Instances' snapshots are asked for twice: AWS Backup's may not come unasked.
    expect(world.rds.calls('DescribeDBSnapshots')).toBe(2);
    // The databases are met for the first time, so RDS is asked who bears their names: once a kind.
    expect(world.rds.calls()).toBe(5);
    world.rds.resetCalls();
    await world.deliver(...batch);
    expect(world.rds.calls()).toBe(3);
  });

  it('asks RDS only what its events are about', async () => {
    const world = given();
    world.rds.createInstance({ id: 'stray' });
    world.rds.takeBackup('stray', { durationMinutes: 0 });
    await world.rds.settle();
    const ofStray = world.take('0042');
    world.rds.takeBackup('orders', { durationMinutes: 0 });
    await world.rds.settle();
    world.rds.resetCalls();
    // Nobody configured it, and databases do not enrol themselves: nothing to look up.
    await world.deliver(...ofStray);
    expect([world.rds.calls('DescribeDBSnapshots'), world.rds.calls()]).toEqual([2, 2]);
    world.rds.resetCalls();
    await world.deliver(...world.take('0042'));
    expect([world.rds.calls('DescribeDBSnapshots'), world.rds.calls('DescribeDBInstances')]).toEqual([2, 1]);
    expect(world.rds.calls()).toBe(3);
  });

  it('with a malformed message fails that one alone, with a log line that says what is wrong', async () => {
    const world = given();
    world.rds.takeBackup('orders', { durationMinutes: 0 });
    await world.rds.settle();
    const [good] = world.take('0042') as [RdsEvent];
    const unknown = { ...good, detail: { ...good.detail, EventID: 'RDS-EVENT-0086' } };
    const failed = await world.deliverBodies('not JSON', JSON.stringify(good), JSON.stringify(unknown));
    expect(failed).toEqual(['m0', 'm2']);
    expect(await backups(world, 'orders')).toHaveLength(1);
    const line = (messageId: string, message: RegExp) => ({
      level: 'error',
      message: 'event cannot be read',
      fields: { messageId, error: expect.objectContaining({ message: expect.stringMatching(message) }) },
    });
    expect(world.logged.filter(({ level }) => level === 'error')).toEqual([
      line('m0', /the message is not JSON/),
      line('m2', /RDS-EVENT-0086 is not an event the ledger knows/),
    ]);
  });

  it('with a snapshot that RDS refuses to look up fails that one alone', async () => {
    const world = given();
    for (const id of ['first', 'odd', 'last']) world.rds.takeBackup('orders', { id, durationMinutes: 0 });
    await world.rds.settle();
    world.rds.onCall(({ input }) =>
      JSON.stringify(input).includes('odd') ? invalidParameterValue('The parameter is not valid.') : undefined,
    );
    expect(await world.deliver(...world.take('0042'))).toEqual(['m1']);
    expect((await backups(world, 'orders')).map(({ id }) => id).sort()).toEqual(['first', 'last']);
    expect(world.logged.filter(({ level }) => level === 'error')).toMatchObject([
      { message: 'snapshot could not be recorded', fields: { messageId: 'm1' } },
    ]);
  });

  it('with the backup of a database whose row cannot be read fails that one alone', async () => {
    const table = new MemoryTable();
    const world = given({ table });
    world.rds.takeBackup('orders', { id: 'before', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.take('0042'));
    await spoil(table, rowKey((await rowOf(world, 'orders')).key));
    world.rds.takeBackup('orders', { id: 'i', durationMinutes: 0 });
    world.rds.takeBackup('ledger', { id: 'c', durationMinutes: 0 });
    await world.rds.settle();
    expect(await world.deliver(...world.events.filter(({ detail }) => /0042|0075/.test(detail.EventID)))).toEqual([
      'm0',
    ]);
    expect(await backups(world, 'ledger', 'cluster')).toHaveLength(1);
  });

  it('with events about databases checks all of them, and fails those that cannot be written alone', async () => {
    const table = new MemoryTable();
    const world = given({ table });
    await world.sweep();
    const { key } = await rowOf(world, 'orders');
    for (const id of ['orders', 'ledger']) world.rds.stop(id);
    await world.rds.settle();
    const events = world.events.filter(({ detail }) => /0087|0150/.test(detail.EventID));
    expect(events).toHaveLength(2);
    refuse(table, ({ pk }) => pk.includes(key));
    expect(await world.deliver(...events)).toEqual(['m0']);
    expect((await rowOf(world, 'ledger', 'cluster')).status).toBe('stopped');
  });

  it('comes again as a whole where RDS does not answer', async () => {
    const world = given();
    world.rds.takeBackup('orders', { durationMinutes: 0 });
    await world.rds.settle();
    world.rds.failNext('DescribeDBSnapshots', 1, accessDenied('rds:DescribeDBSnapshots'));
    await expect(world.deliver(...world.take('0042'))).rejects.toThrow(/not authorized|AccessDenied/i);
  });

  it('that died between its two writes is repaired when it comes again', async () => {
    let crash = true;
    const world = given({
      between: (ledger) =>
        between(ledger, (call) => {
          if (crash && call === 'putDatabase') throw new Error('the function was killed');
        }),
    });
    world.rds.takeBackup('orders', { id: 'once', durationMinutes: 0 });
    await world.rds.settle();
    const events = world.take('0042');
    expect(await world.deliver(...events)).toEqual(['m0']);
    expect(await world.ledger.databasesByName({ ...where, kind: 'instance', id: 'orders' })).toEqual([]);
    crash = false;
    expect(await world.deliver(...events)).toEqual([]);
    expect(await backups(world, 'orders')).toHaveLength(1);
    expect(await rowOf(world, 'orders')).toMatchObject({ newestBackup: { id: 'once' } });
    expect(await liveOf(world, 'orders')).toEqual(['2026-11-20T12:00:00.000Z#once']);
  });
});

describe('an event about a database', () => {
  const swept = async () => {
    const world = given();
    for (const database of ['orders', 'ledger']) world.rds.takeBackup(database, { durationMinutes: 0 });
    await world.rds.settle();
    await world.sweep();
    world.events.length = 0;
    world.news();
    return world;
  };

  it('warns at once that its automated backups were disabled, and resolves when they are enabled', async () => {
    const world = await swept();
    world.rds.setRetention('orders', 0);
    await world.rds.settle();
    await world.deliver(...world.take('0028'));
    expect(world.news()).toEqual(['open orders protected warning']);
    world.rds.setRetention('orders', 7);
    await world.rds.settle();
    await world.deliver(...world.take('0032'));
    expect(world.news()).toEqual(['resolve orders protected warning']);
  });

  it.each([
    ['a name that nobody had', false],
    ['the name of one that was deleted', true],
  ])('is heard where it was renamed to %s, and the configuration has the former one', async (_, isUsed) => {
    const world = await swept();
    if (isUsed) {
      world.rds.createInstance({ id: 'renamed' });
      await world.sweep();
      world.rds.delete('renamed');
    }
    world.rds.rename('orders', 'renamed');
    await world.sweep();
    world.rds.setRetention('renamed', 0);
    await world.rds.settle();
    expect(await world.deliver(...world.take('0028'))).toEqual([]);
    expect(world.news()).toEqual(['open orders protected warning']);
  });

  it('keeps when it was stopped, instance or cluster, and warns once the promised age passes meanwhile', async () => {
    const world = await swept();
    world.rds.stop('orders');
    world.rds.stop('ledger');
    const from = world.rds.now;
    await world.rds.settle();
    await world.deliver(...world.events);
    expect(world.news()).toEqual([]);
    for (const [id, kind] of [
      ['orders', 'instance'],
      ['ledger', 'cluster'],
    ] as const) {
      expect(await rowOf(world, id, kind)).toMatchObject({ verdict: 'protected', severity: 'info', stops: [{ from }] });
    }
    await world.rds.advanceBy({ hours: 48 });
    await world.watch();
    expect(world.news()).toEqual(['open ledger overdue warning', 'open orders overdue warning']);
    const [email = ''] = world.published.map(({ texts }) => texts.email);
    expect(email).toContain('aws rds start-db-instance --region eu-west-1 --db-instance-identifier orders');
    expect(email).toContain('aws rds start-db-cluster --region eu-west-1 --db-cluster-identifier ledger');
    expect(email).not.toContain('create-db');
  });

  it('tells once that it was deleted', async () => {
    const world = await swept();
    world.rds.delete('orders');
    await world.rds.settle();
    const events = world.take('0003');
    await world.deliver(...events);
    expect(world.news()).toEqual(['open orders deleted warning']);
    await world.deliver(...events);
    expect(world.news()).toEqual([]);
  });

  it('is followed up in bulk: ten databases are looked at as one is', async () => {
    const databases = Array.from({ length: 10 }, (_, n) => ({ id: `db-${n}`, kind: 'instance' }));
    const world = given({ config: { ...config, tenants: [{ id: 'acme', databases }] } });
    for (const { id } of databases) world.rds.createInstance({ id });
    await world.sweep();
    for (const { id } of databases) world.rds.stop(id);
    await world.rds.settle();
    const events = world.take('0087');
    world.rds.resetCalls();
    await world.deliver(...events.slice(0, 1));
    const forOne = world.rds.calls();
    world.rds.resetCalls();
    await world.deliver(...events);
    expect(world.rds.calls()).toBe(forOne);
  });

  it.each([
    ['storage-full', ['0007', '0221']],
    ['failed', ['0031']],
    ['incompatible-parameters', ['0035']],
    ['incompatible-network', ['0036']],
    ['inaccessible-encryption-credentials-recoverable', ['0418', '0419']],
  ])('is looked at once its status is %s', async (status, numbers) => {
    const world = await swept();
    world.rds.setStatus('orders', status);
    await world.rds.settle();
    const events = numbers.map((number) => world.events.find(({ detail }) => detail.EventID.endsWith(number)));
    for (const event of events) {
      const { evaluatedAt } = await rowOf(world, 'orders');
      await world.rds.advanceBy({ minutes: 1 });
      expect(await world.deliver(event as RdsEvent)).toEqual([]);
      expect((await rowOf(world, 'orders')).evaluatedAt?.getTime()).toBeGreaterThan(evaluatedAt?.getTime() ?? 0);
    }
    const { nextCheckAt } = await rowOf(world, 'orders');
    expect(nextCheckAt?.getTime()).toBeLessThanOrEqual(world.rds.now.getTime() + 6 * 3_600_000);
  });

  it('is told at once that the key of its cluster is lost, though events name members alone', async () => {
    const world = await swept();
    world.rds.setStatus('ledger', 'inaccessible-encryption-credentials-recoverable');
    await world.rds.settle();
    expect(await world.deliver(...world.take('0419'))).toEqual([]);
    expect(world.news()).toEqual(['open ledger inaccessible critical']);
    world.rds.setStatus('ledger', 'available');
    await world.rds.settle();
    expect(await world.deliver(...world.take('0420'))).toEqual([]);
    expect(world.news()).toEqual(['resolve ledger inaccessible critical']);
  });

  it('fails only the events about instances where RDS does not say of which cluster they are', async () => {
    const world = await swept();
    world.rds.setStatus('ledger', 'inaccessible-encryption-credentials-recoverable');
    world.rds.setRetention('orders', 0);
    await world.rds.settle();
    const [lost, ...others] = world.events.filter(({ detail }) => /0419|0028/.test(detail.EventID)) as RdsEvent[];
    world.rds.failNext('DescribeDBInstances', 1, accessDenied('rds:DescribeDBInstances'));
    expect(await world.deliver(lost as RdsEvent, ...others)).toEqual(['m0']);
    expect(world.news()).toEqual(['open orders protected warning']);
  });

  it.each(['0248', '0251'])(
    'passed its name to another one in a switchover (%s): both are looked at',
    async (number) => {
      const world = await swept();
      const green = world.rds.createInstance({ id: 'orders-green-abc123', created: new Date('2026-11-20T11:00:00Z') });
      const blue = world.rds.find('orders');
      await world.rds.advanceBy({ minutes: 5 });
      await world.sweep();
      world.news();
      await world.rds.advanceBy({ minutes: 5 });
      world.rds.switchOver('orders', 'orders-green-abc123');
      await world.rds.settle();
      expect(await world.deliver(...world.take(number))).toEqual([]);
      const [orders] = await world.ledger.databasesByName({ ...where, kind: 'instance', id: 'orders' });
      expect(orders?.key).toContain(green.resourceId);
      expect(orders).toMatchObject({ tenant: 'acme', evaluatedAt: world.rds.now, verdict: 'new' });
      const [old] = await world.ledger.databasesByName({ ...where, kind: 'instance', id: 'orders-old1' });
      expect(old?.key).toContain(blue.resourceId);
      expect(old?.tenant).toBeUndefined();
    },
  );

  it('fails only the switchover where RDS does not say which databases it was of', async () => {
    const world = await swept();
    world.rds.createInstance({ id: 'orders-green-abc123' });
    world.rds.switchOver('orders', 'orders-green-abc123');
    world.rds.delete('ledger');
    await world.rds.settle();
    const events = world.events.filter(({ detail }) => /0248|0171/.test(detail.EventID));
    world.rds.failNext('DescribeBlueGreenDeployments', 1, accessDenied('rds:DescribeBlueGreenDeployments'));
    expect(await world.deliver(...events)).toEqual([
      `m${events.findIndex(({ detail }) => /0248/.test(detail.EventID))}`,
    ]);
    expect(world.news()).toEqual(['open ledger deleted warning']);
    expect(await world.deliver(...events)).toEqual([]);
  });

  it('that the ledger does not know asks RDS for its name, and no more', async () => {
    const world = await swept();
    world.rds.createInstance({ id: 'stray' });
    world.rds.stop('stray');
    await world.rds.settle();
    world.rds.resetCalls();
    expect(await world.deliver(...world.take('0087'))).toEqual([]);
    expect(world.rds.calls()).toBe(1);
  });
});

describe('an event whose spelling or moment is not what the ledger has', () => {
  it('is about the database of that name, in whatever case it is spelled', async () => {
    const world = given();
    world.rds.takeBackup('orders', { durationMinutes: 0 });
    await world.rds.settle();
    await world.sweep();
    world.news();
    world.rds.stop('orders');
    await world.rds.settle();
    const [stopped] = world.take('0087') as [RdsEvent];
    const SourceArn = stopped.detail.SourceArn.replace(/orders$/, 'Orders');
    await world.deliver({ ...stopped, detail: { ...stopped.detail, SourceArn } });
    expect((await rowOf(world, 'orders')).stops).toHaveLength(1);
  });

  it('comes again, in whatever case it is spelled, where its database could not be checked', async () => {
    let broken = false;
    const world = given({
      between: (ledger) =>
        between(ledger, (call) => {
          if (broken && call.startsWith('putDatabase')) throw new Error('the row is too large');
        }),
    });
    world.rds.takeBackup('orders', { durationMinutes: 0 });
    await world.rds.settle();
    await world.sweep();
    world.rds.stop('orders');
    await world.rds.settle();
    const [stopped] = world.take('0087') as [RdsEvent];
    const SourceArn = stopped.detail.SourceArn.replace(/orders$/, 'Orders');
    const event = { ...stopped, detail: { ...stopped.detail, SourceArn } };
    broken = true;
    expect(await world.deliver(event)).toEqual(['m0']);
    expect(world.logged).toContainEqual({
      level: 'error',
      message: 'database could not be checked',
      fields: { messageId: 'm0', database: SourceArn, error: expect.any(Error) },
    });
    broken = false;
    expect(await world.deliver(event)).toEqual([]);
  });

  it('of a deletion does not close the row of a snapshot that RDS still has', async () => {
    const world = given();
    world.rds.takeBackup('orders', { id: 'kept', durationMinutes: 0 });
    await world.rds.settle();
    const [created] = world.take('0042') as [RdsEvent];
    await world.deliver(created);
    await world.rds.advanceBy({ hours: 1 });
    const time = world.rds.now.toISOString();
    const ahead = { ...created, time, detail: { ...created.detail, EventID: 'RDS-EVENT-0041', Date: time } };
    expect(await world.deliver(ahead)).toEqual([]);
    expect((await backups(world, 'orders'))[0]).not.toHaveProperty('closed');
    expect(await liveOf(world, 'orders')).toEqual(['2026-11-20T12:00:00.000Z#kept']);
  });

  it('of a deletion closes the row of a snapshot that RDS is deleting', async () => {
    const world = given();
    world.rds.takeBackup('orders', { id: 'gone', durationMinutes: 0 });
    await world.rds.settle();
    await world.deliver(...world.take('0042'));
    await world.rds.advanceBy({ hours: 1 });
    world.rds.deleteSnapshot('gone');
    await world.rds.settle();
    await world.deliver(...world.take('0041'));
    expect(await liveOf(world, 'orders')).toEqual([]);
    expect(await rowOf(world, 'orders')).not.toHaveProperty('newestBackup');
    expect((await rowOf(world, 'orders')).nextCheckAt).toEqual(world.rds.now);
  });
});
