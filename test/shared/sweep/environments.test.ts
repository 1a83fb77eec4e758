/** Sweeps and watches over several accounts and Regions: what fails in one of them concerns its own databases. */
import { describe, expect, it } from 'vitest';
import { accessDenied } from '../../../local/rds/faults.ts';
import { RdsSimulator } from '../../../local/rds/simulator.ts';
import { type Environment, formatEnvironment, nameOf } from '../../../shared/domain/index.ts';
import { eventMeanings } from '../../../shared/rds/events.ts';
import { collect, where as hub, makeWorld } from '../../support/world.ts';

const spoke = { account: '222222222222', region: 'us-east-1' };
const other = { account: '333333333333', region: 'eu-west-1' };
const created = new Date('2026-10-01T00:00:00Z');

const refused = Object.assign(
  new Error('User: arn:aws:sts::123456789012:assumed-role/x is not authorized to perform: sts:AssumeRole'),
  { name: 'AccessDenied' },
);

const environments: readonly object[] = [
  { account: spoke.account, name: 'Acme production', regions: [spoke.region] },
  { account: other.account, regions: [other.region] },
];

/** A tenant an environment, each with a database `orders`. */
function configOf(listed: readonly object[], places: readonly Environment[] = [spoke, other]) {
  return {
    operators: [{ email: 'operators@example.com' }],
    defaults: { copy: { mode: 'none' } },
    environments: listed,
    tenants: [hub, ...places].map((place) => ({
      id: `of-${place.account}`,
      recipients: [{ email: `${place.account}@example.com` }],
      databases: [{ id: 'orders', kind: 'instance', ...place }],
    })),
  };
}

/** A hub and two spokes, whose databases were backed up in the night before noon, and were swept then. */
async function given({ events = true, listed = environments } = {}) {
  const now = new Date('2026-11-20T12:00:00Z');
  const world = makeWorld({ now: now.toISOString(), config: configOf(listed) });
  const simulators = [spoke, other].map(
    (place) =>
      new RdsSimulator({
        now,
        ...place,
        seed: 2,
        eventSink: async (event) => {
          if (!events || !(event.detail.EventID in eventMeanings)) return;
          // A batch that cannot be recorded comes again, and ends as dead letters.
          await world.deliver(JSON.stringify(event)).catch(() => {});
        },
      }),
  );
  for (const rds of [world.rds, ...simulators]) {
    rds.createInstance({ id: 'orders', created });
    rds.takeBackup('orders', { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
  }
  const back = () => {
    for (const rds of simulators) world.state.spokes.set(formatEnvironment(rds), rds);
  };
  back();
  await world.sweep();
  return {
    ...world,
    simulators,
    back,
    refuse: (place: Environment, error = refused) => world.state.spokes.set(formatEnvironment(place), error),
    advanceTo: async (time: string) => {
      for (const rds of [world.rds, ...simulators]) await rds.advanceTo(new Date(time));
    },
  };
}

type Given = Awaited<ReturnType<typeof given>>;

/** What operators were sent about accounts and Regions since the last call, and to how many others something was sent. */
function sent({ published }: Given) {
  const messages = published.splice(0);
  const isTrouble = (one: (typeof messages)[number]) => one.attributes.kind === 'environment-trouble';
  return {
    environments: messages.filter(isTrouble).map(({ subject }) => subject),
    tenants: messages.flatMap(({ attributes }) => (attributes.audience === 'tenant' ? [attributes.tenant] : [])).sort(),
    others: messages.filter((one) => !isTrouble(one) && one.attributes.audience !== 'tenant').map((one) => one.subject),
  };
}

const nothing = { environments: [], tenants: [], others: [] };

const verdicts = ({ report }: Awaited<ReturnType<Given['sweep']>>) =>
  Object.fromEntries(report.databases.map(({ account, verdict }) => [account, verdict]));

describe('a sweep over several accounts and Regions', () => {
  it('evaluates databases of one name by what RDS shows in each', async () => {
    const world = await given();
    world.simulators[0]?.skipBackups('orders', 3);
    await world.advanceTo('2026-11-21T12:00:00Z');
    const { report } = await world.sweep();
    expect(report.databases.map(({ account, region, verdict }) => [account, region, verdict]).sort()).toEqual([
      [hub.account, hub.region, 'protected'],
      [spoke.account, spoke.region, 'overdue'],
      [other.account, other.region, 'protected'],
    ]);
    expect(report.environments).toEqual(
      [hub, spoke, other].map((place) => ({ ...place, complete: true, error: null })),
    );
    expect(sent(world)).toMatchObject({ environments: [], tenants: ['of-222222222222'] });
  });

  it('makes the calls of one in each, and counts them together', async () => {
    const world = await given();
    const { report } = await world.sweep();
    expect(report.apiCalls).toMatchObject({ DescribeDBInstances: 3, DescribeDBClusters: 3, DescribeDBSnapshots: 6 });
    expect(world.simulators.map((rds) => rds.calls('DescribeDBInstances'))).toEqual([2, 2]);
  });
});

describe('an environment that cannot be read', () => {
  it('harms no other, and is one message to the operators', async () => {
    const world = await given();
    await world.advanceTo('2026-11-21T12:00:00Z');
    world.refuse(spoke);
    const run = await world.sweep();
    expect(verdicts(run)).toEqual({
      [hub.account]: 'protected',
      [spoke.account]: 'unknown',
      [other.account]: 'protected',
    });
    expect(run.report).toMatchObject({
      complete: false,
      environments: [
        { ...hub, complete: true, error: null },
        { ...spoke, complete: false, error: `nothing could be listed to the end: AccessDenied: ${refused.message}` },
        { ...other, complete: true, error: null },
      ],
    });
    // What another account refuses is not the stack's own health.
    expect(run.reachedEnd).toBe(true);
    expect(sent(world)).toEqual({
      ...nothing,
      environments: ['WARNING Acme production (222222222222), us-east-1: cannot be read'],
    });
  });

  it('notifies each affected tenant once it lasts a day, once; and operators that it is critical', async () => {
    const world = await given();
    world.refuse(spoke);
    await world.advanceTo('2026-11-20T13:00:00Z');
    await world.sweep();
    expect(sent(world).tenants).toEqual([]);
    for (let hour = 14; hour < 24; hour += 1) {
      await world.advanceTo(`2026-11-20T${hour}:00:00Z`);
      await world.watch();
    }
    expect(sent(world)).toEqual(nothing);
    await world.advanceTo('2026-11-21T13:00:00Z');
    await world.sweep();
    await world.watch();
    expect(sent(world)).toEqual({
      environments: ['NOW CRITICAL Acme production (222222222222), us-east-1: cannot be read'],
      tenants: ['of-222222222222'],
      others: [],
    });
    for (const day of ['22', '23', '24']) {
      await world.advanceTo(`2026-11-${day}T13:00:00Z`);
      await world.sweep();
    }
    expect(sent(world)).toEqual(nothing);
  });

  it('is over with the next check that reads it: operators are notified, and tenants that were', async () => {
    const world = await given();
    world.refuse(spoke);
    await world.advanceTo('2026-11-20T13:00:00Z');
    await world.sweep();
    sent(world);
    world.back();
    await world.advanceTo('2026-11-20T14:01:00Z');
    expect((await world.watch()).report.environments).toEqual([{ ...spoke, complete: true, error: null }]);
    expect(sent(world)).toEqual({
      ...nothing,
      environments: ['RESOLVED Acme production (222222222222), us-east-1: can be read again'],
    });
    await world.sweep();
    expect(sent(world)).toEqual(nothing);
  });

  it('leaves an open alert as it is, and sends no reminder of what is not known', async () => {
    const world = await given();
    world.simulators[0]?.skipBackups('orders', 3);
    await world.advanceTo('2026-11-21T12:00:00Z');
    await world.sweep();
    expect(sent(world).tenants).toEqual(['of-222222222222']);
    world.refuse(spoke);
    for (const time of ['2026-11-21T14:00:00Z', '2026-11-22T12:30:00Z']) {
      await world.advanceTo(time);
      await world.sweep();
      expect(sent(world)).toMatchObject({ tenants: [], others: [] });
    }
    expect(await collect(world.ledger.openAlerts())).toHaveLength(1);
  });

  it.each([
    ['the hub itself', hub],
    ['a spoke', other],
  ])('may be one of which a single listing fails: %s', async (_, place) => {
    const world = await given();
    await world.advanceTo('2026-11-21T12:00:00Z');
    const rds = formatEnvironment(place) === formatEnvironment(hub) ? world.rds : world.simulators[1];
    rds?.failNext('DescribeDBInstances', 1, accessDenied('DescribeDBInstances'));
    const run = await world.sweep();
    expect(verdicts(run)).toEqual({
      [hub.account]: 'protected',
      [spoke.account]: 'protected',
      [other.account]: 'protected',
      [place.account]: 'unknown',
    });
    expect(run.report.environments.filter(({ complete }) => !complete).map(({ account }) => account)).toEqual([
      place.account,
    ]);
    expect(run.reachedEnd).toBe(place === other);
    expect(sent(world).environments).toHaveLength(1);
  });

  it('is sent again where the message did not get out', async () => {
    const world = await given();
    world.refuse(spoke);
    const { publish } = world.state;
    world.state.publish = async () => {
      throw new Error('SNS is down');
    };
    await world.advanceTo('2026-11-20T13:00:00Z');
    await world.sweep();
    world.state.publish = publish;
    await world.watch();
    expect(sent(world).environments).toEqual(['WARNING Acme production (222222222222), us-east-1: cannot be read']);
    await world.watch();
    expect(sent(world)).toEqual(nothing);
  });

  it('is one message with others that fail at once', async () => {
    const world = await given();
    world.refuse(spoke);
    world.refuse(other);
    await world.advanceTo('2026-11-20T13:00:00Z');
    await world.sweep();
    expect(sent(world).environments).toEqual(['WARNING 2 accounts and Regions: cannot be read']);
  });

  it('changes nothing in a dry run', async () => {
    const world = await given();
    world.refuse(spoke);
    await world.sweep({ dryRun: true });
    expect(sent(world)).toEqual(nothing);
    expect((await world.ledger.environments()).flatMap(({ trouble }) => trouble ?? [])).toEqual([]);
  });
});

describe('an environment that leaves the configuration', () => {
  it('resolves the alerts of its databases with that reason, and keeps its backups', async () => {
    const world = await given();
    world.simulators[0]?.skipBackups('orders', 3);
    await world.advanceTo('2026-11-21T12:00:00Z');
    await world.sweep();
    world.notified.splice(0);
    const [row] = await world.ledger.databasesByName({ ...spoke, kind: 'instance', id: 'orders' });
    const live = row && (await world.ledger.liveBackups(row.key));
    expect(live).toHaveLength(1);
    world.configure(configOf(environments.slice(1), [other]));
    await world.sweep();
    expect(world.notified.map(({ step, alert }) => [step, alert.tenant, alert.resolution])).toEqual([
      ['resolve', 'of-222222222222', { code: 'environment-left', facts: spoke }],
    ]);
    // Whether they are still there nobody knows.
    expect(row && (await world.ledger.liveBackups(row.key))).toEqual(live);
  });

  it('ends what operators were notified of it', async () => {
    const world = await given();
    world.refuse(spoke);
    await world.advanceTo('2026-11-20T13:00:00Z');
    await world.sweep();
    sent(world);
    world.configure(configOf([], []));
    await world.sweep();
    expect(sent(world).environments).toEqual(['RESOLVED account 222222222222, us-east-1: no longer configured']);
  });
});

describe('a database that moves to another account', () => {
  it('is another database there; the alert of the first ends', async () => {
    const world = await given();
    world.simulators[0]?.skipBackups('orders', 9);
    await world.advanceTo('2026-11-21T12:00:00Z');
    await world.sweep();
    world.notified.splice(0);
    world.simulators[1]?.createInstance({ id: 'moved', created: new Date('2026-11-21T11:00:00Z') });
    const config = configOf(environments);
    const tenants = config.tenants.map((tenant) =>
      tenant.id === 'of-222222222222'
        ? { ...tenant, databases: [{ id: 'moved', kind: 'instance', ...other }] }
        : tenant,
    );
    world.configure({ ...config, tenants });
    const { report } = await world.sweep();
    expect(report.databases.find(({ database }) => database === 'moved')).toMatchObject({ ...other, verdict: 'new' });
    expect(
      world.notified.map(({ step, alert }) => [
        step,
        nameOf({ key: alert.database, kind: 'instance', id: '' }).account,
        alert.resolution?.code,
      ]),
    ).toEqual([['resolve', spoke.account, 'left-configuration']]);
  });
});

describe('events of an environment', () => {
  it('are noted once an hour, and a sweep says when it read all', async () => {
    const world = await given();
    await world.advanceTo('2026-11-21T12:00:00Z');
    await world.sweep();
    const rows = await world.ledger.environments();
    expect(rows.map(({ account, sweptAt }) => [account, sweptAt])).toEqual([
      [hub.account, new Date('2026-11-21T12:00:00Z')],
      [spoke.account, new Date('2026-11-21T12:00:00Z')],
      [other.account, new Date('2026-11-21T12:00:00Z')],
    ]);
    for (const { lastEventAt } of rows)
      expect(lastEventAt?.getTime()).toBeGreaterThan(Date.parse('2026-11-20T12:00:00Z'));
  });

  it('that stopped while sweeps find new backups are reported as exactly that, and their return too', async () => {
    const world = await given({ events: false });
    for (const day of ['21', '22']) {
      await world.advanceTo(`2026-11-${day}T12:00:00Z`);
      await world.sweep();
    }
    expect(sent(world).environments).toEqual([
      'WARNING 2 accounts and Regions: no events arrive, and the sweep found a new backup',
    ]);
    const [rds] = world.simulators;
    const snapshot = rds?.takeBackup('orders', { kind: 'manual' });
    await world.deliver(
      JSON.stringify({
        source: 'aws.rds',
        ...spoke,
        time: rds?.now.toISOString(),
        detail: { EventID: 'RDS-EVENT-0042', SourceArn: snapshot?.arn },
      }),
    );
    await world.advanceTo('2026-11-22T12:15:00Z');
    await world.watch();
    expect(sent(world).environments).toEqual([
      'RESOLVED Acme production (222222222222), us-east-1: events arrive again',
    ]);
  });

  it('are not missed where none are forwarded', async () => {
    const listed = environments.map((one) => ({ ...one, events: false }));
    const world = await given({ events: false, listed });
    for (const day of ['21', '22', '23']) {
      await world.advanceTo(`2026-11-${day}T12:00:00Z`);
      expect(verdicts(await world.sweep())).toMatchObject({ [spoke.account]: 'protected' });
    }
    expect(sent(world)).toEqual(nothing);
  });

  it('that a spoke could not forward are reported', async () => {
    const world = await given();
    world.state.undelivered.set(formatEnvironment(spoke), 3);
    await world.advanceTo('2026-11-21T12:00:00Z');
    await world.sweep();
    expect(sent(world).environments).toEqual([
      'WARNING Acme production (222222222222), us-east-1: 3 events could not be forwarded',
    ]);
    world.state.undelivered.clear();
    await world.watch();
    expect(sent(world)).toEqual(nothing);
    await world.sweep();
    expect(sent(world).environments).toEqual([
      'RESOLVED Acme production (222222222222), us-east-1: no event is left that could not be forwarded',
    ]);
  });

  const eventOf = (place: Environment, of: Environment, id = 'RDS-EVENT-0042') =>
    JSON.stringify({
      source: 'aws.rds',
      ...place,
      time: '2026-11-20T12:00:00Z',
      detail: { EventID: id, SourceArn: `arn:aws:rds:${of.region}:${of.account}:snapshot:orders-1` },
    });

  it('whose account or Region is not that of its ARN are refused', async () => {
    const world = await given();
    expect(
      await world.deliver(
        eventOf(spoke, hub),
        eventOf(hub, spoke),
        eventOf(spoke, { ...spoke, region: 'eu-west-1' }),
        eventOf(spoke, spoke),
      ),
    ).toEqual(['m0', 'm1', 'm2']);
    const job = (resourceArn: string) =>
      JSON.stringify({
        source: 'aws.backup',
        ...spoke,
        'detail-type': 'Backup Job State Change',
        detail: { backupJobId: 'a', state: 'FAILED', resourceArn },
      });
    expect(
      await world.deliver(
        job(`arn:aws:rds:${hub.region}:${hub.account}:db:orders`),
        job(`arn:aws:rds:${spoke.region}:${spoke.account}:db:orders`),
      ),
    ).toEqual(['m0']);
  });

  it('of one that is not configured are counted, and named once', async () => {
    const world = await given();
    const stranger = { account: '444444444444', region: 'eu-west-1' };
    expect(await world.deliver(eventOf(stranger, stranger), eventOf(stranger, stranger))).toEqual([]);
    await world.deliver(eventOf(stranger, stranger));
    await world.watch();
    await world.deliver(eventOf(stranger, stranger));
    await world.watch();
    expect(sent(world).environments).toEqual([
      'WARNING account 444444444444, eu-west-1: 3 events arrived from there, and it is not configured',
    ]);
    expect(
      (await world.ledger.environments()).find(({ account }) => account === stranger.account)?.trouble?.events,
    ).toBe(4);
    await world.advanceTo('2026-11-22T12:00:00Z');
    await world.watch();
    expect(sent(world).environments).toEqual([
      'RESOLVED account 444444444444, eu-west-1: no more events arrive from there, or it is configured now',
    ]);
  });

  it('are recorded in one batch though those of another environment cannot be', async () => {
    const world = await given();
    const at = new Date('2026-11-20T11:00:00Z');
    const taken = world.simulators[1]?.takeBackup('orders', { kind: 'manual', at });
    world.refuse(spoke);
    const events = [
      eventOf(spoke, spoke),
      JSON.stringify({
        source: 'aws.rds',
        ...other,
        time: '2026-11-20T12:00:00Z',
        detail: { EventID: 'RDS-EVENT-0042', SourceArn: taken?.arn },
      }),
    ];
    expect(await world.deliver(...events)).toEqual(['m0']);
    expect(await world.ledger.backupsByArn(taken?.arn ?? '')).toHaveLength(1);
    await expect(world.deliver(eventOf(spoke, spoke))).rejects.toThrow('not authorized');
  });

  it('are recorded though another environment does not answer before the time is up', async () => {
    const world = await given();
    const at = new Date('2026-11-20T11:00:00Z');
    const taken = world.simulators[1]?.takeBackup('orders', { kind: 'manual', at });
    world.state.spokes.set(formatEnvironment(spoke), 'silent');
    world.state.remainingMs = () => 1_000;
    const event = { source: 'aws.rds', ...other, time: '2026-11-20T12:00:00Z' };
    const detail = { EventID: 'RDS-EVENT-0042', SourceArn: taken?.arn };
    expect(await world.deliver(eventOf(spoke, spoke), JSON.stringify({ ...event, detail }))).toEqual(['m0']);
    expect(await world.ledger.backupsByArn(taken?.arn ?? '')).toHaveLength(1);
  });
});
