import { describe, expect, it } from 'vitest';
import { sweep } from '../../cli/commands/sweep.ts';
import { type Backup, backupIdOf } from '../../shared/domain/index.ts';
import type { SweepReport } from '../../shared/sweep/report.ts';
import { aBackup, aDatabase, anAlert, at } from '../shared/ledger/rows.ts';
import { account, given, named, region } from './support.ts';

const now = '2026-11-23T12:00:00.000Z';
const withAlert = async () => {
  const seen = given({ now });
  const alert = anAlert();
  const row = aDatabase({ ...named(alert), nextCheckAt: at('2026-11-23T12:15:00.000Z') });
  await seen.ledger.putDatabaseWithAlert(row, alert);
  return seen;
};
const alertNow = async ({ ledger }: ReturnType<typeof given>) => (await ledger.alerts([anAlert()]))[0];
const rowOf = async ({ ledger }: Pick<ReturnType<typeof given>, 'ledger'>, backup: Backup) =>
  (await ledger.backups([backupIdOf(backup)]))[0];

describe('alert ack', () => {
  it('writes who acknowledged it, with a note', async () => {
    const seen = await withAlert();
    const { text, exitCode } = await seen.run('alert ack orders --note "ticket 4711"');
    expect(exitCode).toBe(0);
    expect(text).toContain('acknowledged  by ann since 2026-11-23 12:00 UTC (just now): ticket 4711');
    expect((await alertNow(seen))?.acknowledged).toEqual({ by: 'ann', at: at(now), note: 'ticket 4711' });
  });

  it('takes another name than the one of the terminal', async () => {
    const seen = await withAlert();
    expect((await seen.facts('alert ack orders --by bob')).acknowledged).toEqual({ by: 'bob', at: now, note: null });
  });

  it('says so where nothing is open', async () => {
    const { ledger, run } = given({ now });
    await ledger.putDatabase(aDatabase());
    expect(await run('alert ack orders')).toMatchObject({ error: '"orders" has no open alert.\n', exitCode: 2 });
  });

  it('asks which is meant where an instance and a cluster have the name', async () => {
    const seen = await withAlert();
    await seen.ledger.putDatabase(aDatabase({ key: '123456789012/eu-west-1/cluster-X', kind: 'cluster' }));
    expect((await seen.run('alert ack orders')).error).toContain('choose one with --kind instance or --kind cluster');
    expect((await seen.run('alert ack orders --kind instance')).exitCode).toBe(0);
  });
});

describe('alert snooze', () => {
  it.each([
    ['', '2026-11-23T20:00:00.000Z'],
    ['--until 2d', '2026-11-25T12:00:00.000Z'],
    ['--until 2026-11-24T08:00+01:00', '2026-11-24T07:00:00.000Z'],
  ])('keeps it quiet: %s', async (option, until) => {
    const seen = await withAlert();
    expect((await seen.facts(`alert snooze orders ${option}`)).snoozedUntil).toBe(until);
    expect((await alertNow(seen))?.snoozedUntil).toEqual(at(until));
  });

  it('says who wanted it quiet, and why', async () => {
    const { text } = await (await withAlert()).run('alert snooze orders --until 3h --note "patch night"');
    expect(text).toContain('silent until  2026-11-23 15:00 UTC (in 3 h), by ann: patch night\n');
  });

  it('refuses a moment that has passed', async () => {
    const seen = await withAlert();
    expect(await seen.run('alert snooze orders --until 2026-11-22')).toMatchObject({
      error: '--until must be ahead, got "2026-11-22".\n',
      exitCode: 2,
    });
  });
});

describe('copy retry', () => {
  const gone = { code: 'role-not-found', facts: { role: 'r' } } as const;
  const failed = { mode: 'export', state: 'failed', attempt: 3, cause: gone } as const;

  it('queues a failed copy as its next attempt', async () => {
    const { ledger, run } = given({ now });
    const backup = aBackup({ copy: failed });
    await ledger.recordBackup(backup);
    const { text } = await run(`copy retry ${backup.id}`);
    expect(text).toContain('Queued: the copy of rds:orders-2026-11-23-04-08 (orders), attempt 4.');
    expect((await rowOf({ ledger }, backup))?.copy).toEqual({
      mode: 'export',
      state: 'queued',
      attempt: 4,
      queuedAt: at(now),
    });
  });

  it("finds a cluster's snapshot by its id, and any by its ARN", async () => {
    const { ledger, run } = given({ now });
    const arn = 'arn:aws:rds:eu-west-1:123456789012:cluster-snapshot:rds:billing-1';
    await ledger.recordBackup(aBackup({ arn, id: 'rds:billing-1', engine: 'aurora-mysql', copy: failed }));
    expect((await run('copy retry rds:billing-1')).exitCode).toBe(0);
    expect((await run(`copy retry ${arn}`)).error).toContain('is queued: it is queued or under way already');
  });

  it('makes a copy that was never wanted as the configuration would', async () => {
    const { ledger, facts } = given({ now });
    const backup = aBackup();
    await ledger.recordBackup(backup);
    expect((await facts(`copy retry ${backup.id}`)).copy).toMatchObject({
      mode: 'export',
      state: 'queued',
      attempt: 1,
    });
  });

  it.each([
    [
      'RDS no longer has it',
      aBackup({
        copy: failed,
        closed: { at: at(now), cause: { code: 'not-in-rds', facts: {} }, expiresAt: at('2027-12-01') },
      }),
      'RDS no longer has',
    ],
    [
      'RDS cannot export its engine',
      aBackup({ copy: failed, engine: 'oracle-ee' }),
      'cannot be copied: RDS cannot export snapshots of engine oracle-ee',
    ],
    ['it runs', aBackup({ copy: { ...failed, state: 'running' } }), 'is running: it is queued or under way already'],
  ])('refuses where %s', async (_, backup, message) => {
    const { ledger, run } = given({ now });
    await ledger.recordBackup(backup);
    const { error, exitCode } = await run(`copy retry ${backup.id}`);
    expect(error).toContain(message);
    expect(exitCode).toBe(2);
    expect((await rowOf({ ledger }, backup))?.copy).toEqual(backup.copy);
  });

  it('says so where the ledger does not know the backup', async () => {
    expect((await given({ now }).run('copy retry nothing')).error).toMatch(/^The ledger knows no backup "nothing"/);
  });
});

describe('copy cancel', () => {
  it('takes a copy out of the queue, and says who did it', async () => {
    const { ledger, run } = given({ now });
    const backup = aBackup({
      copy: { mode: 'export', state: 'queued', attempt: 1, queuedAt: at('2026-11-23T05:00:00.000Z') },
    });
    await ledger.recordBackup(backup);
    expect((await run(`copy cancel ${backup.id}`)).text).toMatch(/^Cancelled: the copy of rds:orders-/);
    expect((await rowOf({ ledger }, backup))?.copy).toMatchObject({
      state: 'cancelled',
      endedAt: at(now),
      cause: { code: 'cancelled-by-person', facts: { by: 'ann' } },
    });
  });

  it('asks RDS to end an export that runs, and leaves its end to the ledger', async () => {
    const cancelled: string[] = [];
    const { ledger, run } = given({
      now,
      cloud: {
        cancelExport: async (taskId) => {
          cancelled.push(taskId);
        },
      },
    });
    const backup = aBackup({ copy: { mode: 'export', state: 'running', attempt: 1, taskId: 'copy-orders-1' } });
    await ledger.recordBackup(backup);
    const { exitCode } = await run(`copy cancel ${backup.id}`);
    expect({ exitCode, cancelled }).toEqual({ exitCode: 0, cancelled: ['copy-orders-1'] });
    expect((await rowOf({ ledger }, backup))?.copy.state).toBe('running');
  });

  it.each([
    ['complete', { mode: 'export', state: 'complete', attempt: 1 }, 'there is nothing to cancel'],
    ['not copied', { mode: 'none', state: 'none', attempt: 0 }, '"rds:orders-2026-11-23-04-08" is not copied'],
    ['a running object copy', { mode: 'object', state: 'running', attempt: 1 }, 'which cannot be stopped'],
  ] as const)('refuses what is %s', async (_, copy, message) => {
    const { ledger, run } = given({ now });
    const backup = aBackup({ copy });
    await ledger.recordBackup(backup);
    expect((await run(`copy cancel ${backup.id}`)).error).toContain(message);
  });
});

describe('sweep', () => {
  const report = (changes: Partial<SweepReport> = {}): SweepReport => ({
    mode: 'sweep',
    at: now,
    complete: true,
    databases: [
      {
        tenant: 'globex',
        database: 'shop',
        account,
        region,
        verdict: 'excluded',
        severity: 'info',
        cause: { code: 'excluded-by-configuration', facts: { reason: 'a sandbox' } },
        notes: [],
        reason: 'Excluded: a sandbox.',
        newestBackup: null,
        ageHours: null,
        deadline: null,
      },
      {
        tenant: 'acme',
        database: 'orders',
        account,
        region,
        verdict: 'overdue',
        severity: 'critical',
        cause: { code: 'no-known-cause', facts: {} },
        notes: [],
        reason: 'The newest backup is 26 h old.',
        newestBackup: { id: 'rds:orders-1', time: '2026-11-22T10:00:00.000Z' },
        ageHours: 26,
        deadline: '2026-11-23T06:00:00.000Z',
      },
    ],
    unconfigured: ['trial'],
    restoreTests: [],
    unwatchedTenants: [],
    counts: { overdue: 1, excluded: 1 },
    eventsMissed: 2,
    alerts: { opened: 1, reminded: 0, resolved: 0 },
    apiCalls: { DescribeDBInstances: 1, DescribeDBSnapshots: 2 },
    errors: [],
    ...changes,
  });
  const asked: unknown[] = [];
  const sweeping = (answer: SweepReport) =>
    given({
      now,
      cloud: {
        sweep: async (request) => {
          asked.push(request);
          return answer;
        },
      },
    });

  it('prints the report, worst first', async () => {
    const { text, exitCode } = await sweeping(report()).run('sweep');
    expect(exitCode).toBe(0);
    expect(text).toContain('alerts         1 opened, 0 reminded, 0 resolved\n');
    expect(text).toContain('calls to RDS   3\n');
    expect(text.indexOf('acme / orders')).toBeLessThan(text.indexOf('globex / shop'));
  });

  it('prints the very report as JSON, whose fields are documented', async () => {
    expect(await sweeping(report()).facts('sweep')).toEqual(report());
    expect(Object.keys(sweep.json.fields)).toEqual(Object.keys(report()));
    for (const field of Object.keys(report().databases[0] ?? {})) {
      expect(sweep.json.fields.databases).toContain(`\`${field}\``);
    }
  });

  it.each([
    ['sweep', {}],
    ['sweep --dry-run', { dryRun: true }],
    ['sweep --watch', { mode: 'watch' }],
    ['sweep --at 2026-11-22T12:00Z', { at: '2026-11-22T12:00:00.000Z', dryRun: true }],
  ])('%s asks for just that', async (line, request) => {
    asked.length = 0;
    await sweeping(report()).run(line);
    expect(asked).toEqual([request]);
  });

  it('does not run for somebody whose time zone is mistyped', async () => {
    asked.length = 0;
    const { error, exitCode } = await sweeping(report()).run('sweep --json --tz Mars');
    expect({ error, exitCode, asked }).toEqual({
      error: '--tz must be an IANA time zone, e.g. Europe/Berlin, got "Mars".\n',
      exitCode: 2,
      asked: [],
    });
  });

  it('has exit code 2 where the sweep did not finish', async () => {
    const { text, exitCode } = await sweeping(report({ complete: false, errors: ['RDS is silent'] })).run('sweep');
    expect(exitCode).toBe(2);
    expect(text).toContain('It did not finish.');
    expect(text).toContain('RDS is silent');
  });
});
