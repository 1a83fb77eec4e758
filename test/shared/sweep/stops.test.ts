/** A fortnight of databases that run in office hours only: nobody is woken because they are stopped. */
import { describe, expect, it } from 'vitest';
import { accessDenied } from '../../../local/rds/faults.ts';
import { makeWorld, rowOf, type World } from '../../support/world.ts';

/** A Monday. */
const monday = '2026-11-16T00:00:00Z';
const day = 24 * 60 * 60_000;

interface Hours {
  readonly window: string;
  readonly from: number;
  readonly to: number;
  readonly weekends?: boolean;
}

function given(hours: Hours, policy: object = {}, eventsLost = false) {
  const config = {
    operators: [{ email: 'operators@example.com' }],
    tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance', copy: { mode: 'none' }, ...policy }] }],
  };
  const world = makeWorld({ now: monday, config });
  world.rds.createInstance({ id: 'orders', created: new Date('2026-10-01T00:00:00Z'), window: hours.window });
  world.rds.takeBackup('orders', { kind: 'automated', at: new Date('2026-11-15T12:10:00Z') });
  if (eventsLost) world.rds.loseEvents(() => true);
  return world;
}

/** Lets days pass, with a watch each quarter of an hour and a sweep at noon, and says what people were told, and when. */
async function live(world: World, hours: Hours, days: number): Promise<string[]> {
  const said: string[] = [];
  let runs = true;
  const start = world.rds.now.getTime();
  for (let quarter = 0; quarter < days * 96; quarter += 1) {
    const now = new Date(start + quarter * 15 * 60_000);
    const isWeekend = [0, 6].includes(now.getUTCDay());
    const hour = now.getUTCHours() + now.getUTCMinutes() / 60;
    const shallRun = hour >= hours.from && hour < hours.to && (hours.weekends || !isWeekend);
    if (runs && !shallRun) world.rds.stop('orders');
    if (!runs && shallRun) world.rds.start('orders');
    runs = shallRun;
    await world.rds.advanceBy({ minutes: 5 });
    await (now.getUTCHours() === 12 && now.getUTCMinutes() === 0 ? world.sweep() : world.watch());
    for (const { alert, step } of world.notified.splice(0)) {
      said.push(`${now.toISOString().slice(0, 16)} ${step} ${alert.verdict} ${alert.severity} ${alert.cause?.code}`);
    }
    await world.rds.advanceTo(new Date(start + (quarter + 1) * 15 * 60_000));
  }
  return said;
}

const office: Hours = { window: '12:00-12:30', from: 8, to: 20 };

describe.each([
  ['events arrive', false],
  ['all events are lost', true],
])('office hours, while %s', (_, eventsLost) => {
  it('are one warning a weekend, and its end on Monday', async () => {
    const world = given(office, {}, eventsLost);
    expect(await live(world, office, 15)).toEqual([
      expect.stringMatching(/^2026-11-21T14:\d\d open overdue warning stopped$/),
      expect.stringMatching(/^2026-11-23T1[2-4]:\d\d resolve overdue warning stopped$/),
      expect.stringMatching(/^2026-11-28T14:\d\d open overdue warning stopped$/),
      expect.stringMatching(/^2026-11-30T1[2-4]:\d\d resolve overdue warning stopped$/),
    ]);
  });

  it('are nothing where nobody wants to hear of it', async () => {
    const world = given(office, { whileStopped: 'quiet' }, eventsLost);
    expect(await live(world, office, 15)).toEqual([]);
  });

  it('are told where a window passes on a day that it ran', async () => {
    const world = given(office, { whileStopped: 'quiet' }, eventsLost);
    await live(world, office, 2);
    world.rds.skipBackups('orders', 1);
    const [opened] = await live(world, office, 1);
    expect(opened).toMatch(/^2026-11-18T14:\d\d open overdue warning snapshot-skipped$/);
  });

  it('with the window at night are late once it has run for its age and grace', async () => {
    const night: Hours = { window: '01:00-01:30', from: 6, to: 22, weekends: true };
    const world = given(night, {}, eventsLost);
    const said = await live(world, night, 4);
    // It ran until midnight, for 11 h 50 min, and has 14 h 10 min left when it starts at six.
    expect(said[0]).toMatch(/^2026-11-16T20:15 open overdue warning window-while-stopped$/);
    expect(said.at(-1)).not.toContain('resolve');
  });
});

it('a start whose moment RDS does not tell is asked for again', async () => {
  const world = given(office, {}, true);
  await live(world, office, 5);
  world.rds.stop('orders');
  await world.sweep();
  const { stops } = await rowOf(world, 'orders');
  await world.rds.advanceBy({ hours: 56 });
  world.rds.start('orders');
  await world.rds.advanceBy({ minutes: 90 });
  world.rds.failNext('DescribeEvents', 10, accessDenied('rds:DescribeEvents'));
  const { report } = await world.sweep();
  expect(report.errors).toEqual([
    expect.stringMatching(/^events could not be read, so when databases were stopped is not known: /),
  ]);
  expect((await rowOf(world, 'orders')).stops).toEqual(stops);
  world.rds.failNext('DescribeEvents', 0);
  await world.rds.advanceBy({ minutes: 15 });
  await world.sweep();
  const [stop] = (await rowOf(world, 'orders')).stops ?? [];
  expect((stop?.until?.getTime() ?? 0) - (stop?.from.getTime() ?? 0)).toBeLessThan(2.5 * day);
});

it('a database that is met stopped, and was never backed up, is known to be stopped since RDS says so', async () => {
  const world = given(office);
  const created = world.rds.createInstance({
    id: 'idle',
    created: new Date('2026-11-15T00:00:00Z'),
    window: '12:00-12:30',
  });
  world.rds.stop('idle');
  const from = world.rds.now;
  created.restartsAt = undefined;
  await world.rds.advanceBy({ hours: 3 });
  await world.sweep();
  expect((await rowOf(world, 'idle')).stops).toEqual([{ from }]);
});

it('the hours before the newest backup count once that is gone without a word', async () => {
  const world = given(office);
  world.rds.plan(new Date('2026-11-17T11:00:00Z'), () => {
    world.rds.takeBackup('orders', { id: 'by-hand' });
    world.rds.skipBackups('orders', 1);
  });
  world.rds.plan(new Date('2026-11-18T02:00:00Z'), () => world.rds.expire('by-hand'));
  expect(await live(world, office, 2.5)).toEqual([]);
  await world.sweep();
  expect(await rowOf(world, 'orders')).toMatchObject({ verdict: 'due', cause: { code: 'just-started' } });
});
