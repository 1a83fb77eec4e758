/** What one database's newest backup, verdict and reason are, is the same everywhere, at every moment. */
import { describe, expect, it } from 'vitest';
import type { Alert, DatabaseRow } from '../../shared/domain/index.ts';
import { pageData } from '../../shared/report/data.ts';
import { readReportFacts } from '../../shared/report/read-report.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at } from '../shared/ledger/rows.ts';
import { makeWorld } from '../support/world.ts';
import { account, given, named, region } from './support.ts';

const newest = (time: string) => {
  const { id, createdAt } = aBackup({ createdAt: at(time) });
  return { id, createdAt, time: createdAt };
};

const noCause = { code: 'no-known-cause', facts: {} } as const;
const yesterday = newest('2026-11-22T04:08:00.000Z');
const today = newest('2026-11-23T04:08:00.000Z');
const late = newest('2026-11-23T08:02:00.000Z');

const overdue = {
  verdict: 'overdue',
  severity: 'critical',
  cause: noCause,
  notes: [],
  deadline: at('2026-11-23T06:00:00.000Z'),
  evaluatedAt: at('2026-11-23T06:15:00.000Z'),
} as const;
const { evaluatedAt: _, ...overdueFinding } = overdue;
const opened = anAlert({ ...overdueFinding, newestBackup: yesterday, opened: at('2026-11-23T06:15:00.000Z') });
const fine = { verdict: 'protected', severity: 'info', cause: null, notes: [] } as const;

interface Moment {
  readonly now: string;
  readonly row: Partial<DatabaseRow>;
  readonly alert?: Alert;
  /** When the last sweep ran that got to its end. */
  readonly swept: string;
  readonly expected: { readonly newest: string; readonly verdict: string; readonly reason: string };
}

/** A sweep leaves the row of a database as it was where it has nothing new to say; an event moves the newest backup on. */
const moments: Record<string, Moment> = {
  'when its alert has just opened': {
    now: '2026-11-23T06:16:00.000Z',
    row: { ...overdue, newestBackup: yesterday, ...named(opened) },
    alert: opened,
    swept: '2026-11-22T06:00:00.000Z',
    expected: {
      newest: yesterday.id,
      verdict: 'overdue',
      reason:
        "The newest backup is from 2026-11-22 04:08 UTC, 26 h 8 min old; the deadline was 2026-11-23 06:00 UTC. RDS shows no cause: take a manual snapshot now and check the database's events.",
    },
  },
  'hours after its alert opened': {
    now: '2026-11-23T07:59:00.000Z',
    row: { ...overdue, newestBackup: yesterday, ...named(opened) },
    alert: opened,
    swept: '2026-11-22T06:00:00.000Z',
    expected: {
      newest: yesterday.id,
      verdict: 'overdue',
      reason:
        "The newest backup is from 2026-11-22 04:08 UTC, 27 h 51 min old; the deadline was 2026-11-23 06:00 UTC. RDS shows no cause: take a manual snapshot now and check the database's events.",
    },
  },
  'when an event has recorded a newer backup, and the watch is still to come': {
    now: '2026-11-23T08:05:00.000Z',
    row: { ...overdue, newestBackup: late, deadline: at('2026-11-24T10:02:00.000Z'), ...named(opened) },
    alert: opened,
    swept: '2026-11-22T06:00:00.000Z',
    expected: {
      newest: late.id,
      verdict: 'overdue',
      reason:
        'The newest backup is from 2026-11-23 08:02 UTC, 3 min old. A newer backup was recorded since the evaluation at 2026-11-23 06:15 UTC: the next watch evaluates the database again.',
    },
  },
  'when the watch has seen that backup': {
    now: '2026-11-23T08:20:00.000Z',
    row: { ...fine, newestBackup: late, evaluatedAt: at('2026-11-23T08:15:00.000Z') },
    alert: {
      ...opened,
      resolved: at('2026-11-23T08:15:00.000Z'),
      outcome: { ...fine, newestBackup: late },
    },
    swept: '2026-11-22T06:00:00.000Z',
    expected: {
      newest: late.id,
      verdict: 'protected',
      reason: 'The newest backup is from 2026-11-23 08:02 UTC, 18 min old.',
    },
  },
  "after a sweep that had nothing new to write, since an event had recorded today's backup": {
    now: '2026-11-23T06:12:00.000Z',
    row: { ...fine, newestBackup: today, evaluatedAt: at('2026-11-22T04:10:00.000Z') },
    swept: '2026-11-23T06:00:00.000Z',
    expected: {
      newest: today.id,
      verdict: 'protected',
      reason: 'The newest backup is from 2026-11-23 04:08 UTC, 2 h 4 min old.',
    },
  },
  'hours after that sweep': {
    now: '2026-11-23T21:00:00.000Z',
    row: { ...fine, newestBackup: today, evaluatedAt: at('2026-11-22T04:10:00.000Z') },
    swept: '2026-11-23T06:00:00.000Z',
    expected: {
      newest: today.id,
      verdict: 'protected',
      reason: 'The newest backup is from 2026-11-23 04:08 UTC, 16 h 52 min old.',
    },
  },
};

const worldOf = async ({ now, row, alert, swept }: Moment) => {
  const seen = given({ now });
  const whole = aDatabase(row);
  if (alert) await seen.ledger.putDatabaseWithAlert(whole, alert);
  else await seen.ledger.putDatabase(whole);
  for (const backup of [yesterday, today, late].filter(
    ({ createdAt }) => createdAt <= (whole.newestBackup?.createdAt ?? 0),
  ))
    await seen.ledger.recordBackup(aBackup({ id: backup.id, createdAt: backup.createdAt }));
  await seen.ledger.putDays([aDay({ date: '2026-11-22', newestBackup: yesterday })]);
  await seen.ledger.putSweep(aSweep({ started: at(swept), at: at(swept) }));
  return seen;
};

describe.each(Object.entries(moments))('%s', (_, moment) => {
  const isOpen = moment.alert !== undefined && moment.alert.resolved === undefined;

  it('every JSON says the same', async () => {
    const { facts, ledger } = await worldOf(moment);
    const history = await facts('database orders');
    const now = at(moment.now);
    const report = await readReportFacts(ledger, { ledger: 'ledger', account, region }, 2, now);
    const said = [
      ...(await facts('tenant acme')),
      history,
      ...(await facts('status')).openAlerts,
      ...(await facts('alerts --open')),
      ...(isOpen ? [history.alert, history.alerts[0]] : []),
    ].map(({ newestBackup: { id, time }, verdict, reason }) => ({ newest: id, time, verdict, reason }));
    const { newest: id, ...same } = moment.expected;
    const time = moment.row.newestBackup?.time.toISOString();
    expect(said).toHaveLength(isOpen ? 6 : 2);
    expect(new Set(said.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ newest: id, time, ...same })]),
    );
    const page = [...report.databases, ...pageData(report).databases, ...(await facts('report --days 2')).databases];
    for (const one of page) expect(one).toMatchObject({ newestBackup: time, ...same });
    expect(page).toHaveLength(3);
  });

  it('every screen says the same', async () => {
    const { run } = await worldOf(moment);
    const { reason, verdict, newest: id } = moment.expected;
    const text = async (line: string) => (await run(line, { columns: 1000 })).text;
    expect(await text('database orders')).toContain(`orders  ${verdict}\n  ${reason}\n`);
    expect(await text('database orders')).toMatch(new RegExp(`newest backup .*  ${id}\n`));
    const lines = isOpen ? ['status', 'alerts --open', 'tenant acme'] : [];
    for (const line of lines) expect(await text(line)).toContain(`${reason}\n`);
  });
});

describe('when it was evaluated', () => {
  const evaluated = async (moment: Moment | undefined) => {
    const { facts } = await worldOf(moment as Moment);
    const { evaluatedAt } = await facts('database orders');
    expect((await facts('tenant acme'))[0].evaluatedAt).toBe(evaluatedAt);
    return evaluatedAt;
  };

  it('is what the row says', async () => {
    expect(await evaluated(moments['when its alert has just opened'])).toBe('2026-11-23T06:15:00.000Z');
  });

  it('is never for a database that nobody configured', async () => {
    const { tenant: __, ...row } = aDatabase();
    const { ledger, facts } = given({ now: '2026-11-23T12:30:00.000Z' });
    await ledger.putDatabase(row);
    await ledger.putSweep(aSweep());
    expect(await facts('database orders')).toMatchObject({
      tenant: null,
      verdict: null,
      reason: null,
      evaluatedAt: null,
    });
  });
});

describe('through events, watches and sweeps', () => {
  const config = {
    operators: [{ email: 'ops@example.com' }],
    tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] }],
  };
  /** A database that was backed up at 03:30, and a sweep at noon. */
  const begun = async () => {
    const world = makeWorld({ now: '2026-11-20T12:00:00Z', config });
    world.rds.createInstance({ id: 'orders', created: at('2026-10-01') });
    world.rds.takeBackup('orders', { kind: 'automated', at: at('2026-11-20T03:30:00.000Z') });
    await world.sweep();
    const { facts, run } = given({ now: () => world.rds.now, ledger: world.ledger });
    /** What everybody says now, which must be one thing. */
    const said = async () => {
      const history = await facts('database orders');
      const report = await facts('report --days 2');
      const all = [
        history,
        ...(await facts('tenant acme')),
        ...(await facts('alerts --open')),
        ...(await facts('status')).openAlerts,
        ...(history.alert ? [history.alert] : []),
      ].map(({ newestBackup, verdict, reason }) => ({ newest: newestBackup?.time, verdict, reason }));
      all.push(
        ...report.databases.map(({ newestBackup: newest, verdict, reason }: Record<string, unknown>) => ({
          newest,
          verdict,
          reason,
        })),
      );
      const [one] = all;
      expect(all).toEqual(all.map(() => one));
      const { text } = await run('database orders', { columns: 1000 });
      expect(text).toContain(`  ${one?.reason}\n`);
      return { ...one, evaluatedAt: history.evaluatedAt, said: all.length, newestRow: history.backups[0]?.time };
    };
    return { world, said };
  };

  it("a day's backup is the newest everywhere from its event on, before and after the sweep that finds nothing new", async () => {
    const { world, said } = await begun();
    await world.rds.advanceTo(at('2026-11-21T11:59:00.000Z'));
    const before = await said();
    expect(before).toMatchObject({ verdict: 'protected', evaluatedAt: '2026-11-20T12:00:00.000Z' });
    expect(before.newest?.slice(0, 10)).toBe('2026-11-21');
    expect(before.newestRow).toBe(before.newest);
    await world.rds.advanceTo(at('2026-11-21T12:00:00.000Z'));
    const { report } = await world.sweep();
    const after = await said();
    expect(after).toMatchObject({ newest: before.newest, evaluatedAt: '2026-11-21T12:00:00.000Z' });
    expect(report.databases).toMatchObject([
      { verdict: after.verdict, newestBackup: { time: after.newest }, reason: after.reason },
    ]);
    await world.rds.advanceBy({ hours: 6 });
    expect(await said()).toMatchObject({ newest: before.newest, evaluatedAt: '2026-11-21T12:00:00.000Z' });
  });

  it('a missing backup, its alert and the snapshot that ends it are one thing everywhere', async () => {
    const { world, said } = await begun();
    world.rds.skipBackups('orders', 1);
    await world.rds.advanceTo(at('2026-11-21T06:30:00.000Z'));
    await world.watch();
    const [open] = world.published.splice(0);
    const overdue = await said();
    expect(overdue).toMatchObject({ verdict: 'overdue', newest: '2026-11-20T03:30:00.000Z', said: 6 });
    expect(open?.texts.body).toMatchObject({
      databases: [{ verdict: 'overdue', newestBackup: { time: overdue.newest } }],
    });
    await world.rds.advanceBy({ hours: 2 });
    expect(await said()).toMatchObject({ verdict: 'overdue', newest: overdue.newest });

    world.rds.takeBackup('orders', { kind: 'manual', durationMinutes: 1 });
    await world.rds.advanceBy({ minutes: 2 });
    // Its event has come, and the watch is still to come.
    const recorded = await said();
    expect(recorded.newest?.slice(0, 10)).toBe('2026-11-21');
    expect(recorded).toMatchObject({ verdict: 'overdue', newestRow: recorded.newest, said: 6 });
    await world.rds.advanceBy({ minutes: 15 });
    await world.watch();
    const healed = await said();
    expect(healed).toMatchObject({ verdict: 'protected', newest: recorded.newest, said: 3 });
    expect(world.published.at(-1)?.texts.body).toMatchObject({
      databases: [{ newestBackup: { time: healed.newest } }],
    });
    await world.rds.advanceTo(at('2026-11-21T12:00:00.000Z'));
    await world.sweep();
    expect(await said()).toMatchObject({ newest: healed.newest, evaluatedAt: '2026-11-21T12:00:00.000Z' });
  });
});
