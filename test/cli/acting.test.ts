import { describe, expect, it } from 'vitest';
import { sweep } from '../../cli/commands/sweep.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { type Backup, backupIdOf, type Copy, type CopyCause } from '../../shared/domain/index.ts';
import { collect } from '../../shared/lib/iterables.ts';
import type { SweepReport } from '../../shared/sweep/report.ts';
import { aBackup, aDatabase, anAlert, at } from '../shared/ledger/rows.ts';
import { MemoryLedger, MemoryTable } from '../support/memory-ledger.ts';
import { account, config, given, named, region } from './support.ts';

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

describe('copy retry of many', () => {
  const failedBy = (cause: CopyCause, bucket?: string): Copy => ({
    mode: 'export',
    state: 'failed',
    attempt: 2,
    cause,
    ...(bucket !== undefined && { bucket }),
  });
  const roleGone: CopyCause = { code: 'role-not-found', facts: { role: 'r' } };
  const denied = (bucket: string): CopyCause => ({ code: 'bucket-denied', facts: { bucket, role: 'r' } });
  const failedInS3: CopyCause = { code: 's3-failed', facts: { from: 'staging', to: 'acme-dumps' } };
  const ofAcme = aBackup({ id: 'acme-1', copy: failedBy(denied('acme-exports'), 'acme-exports') });
  const older = aBackup({ id: 'acme-0', createdAt: at('2026-11-20'), copy: failedBy(roleGone) });
  const dump = aBackup({ id: 'acme-dump', createdAt: at('2026-11-21'), copy: failedBy(failedInS3) });
  const ofGlobex = aBackup({
    id: 'globex-1',
    of: '123456789012/eu-west-1/db-SHOP',
    databaseId: 'shop',
    tenant: 'globex',
    createdAt: at('2026-11-22'),
    copy: failedBy(denied('globex-exports'), 'globex-exports'),
  });
  const running = aBackup({
    id: 'runs',
    copy: { ...failedBy(denied('acme-exports'), 'acme-exports'), state: 'running' },
  });
  const gone = aBackup({
    id: 'gone',
    createdAt: at('2026-11-19'),
    copy: failedBy(roleGone),
    closed: { at: at(now), cause: { code: 'not-in-rds', facts: {} }, expiresAt: at('2027-12-01') },
  });
  const oracle = aBackup({ id: 'oracle', createdAt: at('2026-11-18'), engine: 'oracle-ee', copy: failedBy(roleGone) });

  const world = async (changes: Partial<Parameters<typeof given>[0]> = {}) => {
    const seen = given({ now, ...changes });
    for (const backup of [ofAcme, older, dump, ofGlobex, running, gone, oracle]) await seen.ledger.recordBackup(backup);
    await seen.ledger.putDatabase(aDatabase());
    await seen.ledger.putDatabase(
      aDatabase({ key: ofGlobex.database, id: 'shop', tenant: 'globex', configuredAs: 'shop' }),
    );
    const queued = async () => {
      const rows = await collect(seen.ledger.copies({ account, region }, 'queued'));
      return rows.map(({ id, copy: { attempt } }) => `${id} ${attempt}`).sort();
    };
    return { ...seen, queued };
  };

  it('selects in all accounts and Regions that are configured, and refuses what is in no other', async () => {
    const away = { account: '222222222222', region: 'us-east-1' };
    const fleet = parseConfig(
      JSON.stringify({
        environments: [{ account: away.account, regions: [away.region] }],
        defaults: { copy: { mode: 'export' }, bucket: { type: 'shared' } },
        discovery: {},
        operators: [{ email: 'ops@example.com' }],
        tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance', ...away }] }],
      }),
      { account, region },
    );
    const { ledger, run } = given({ now, cloud: { configuration: async () => ({ fleet, hash: 'hash' }) } });
    const there = aBackup({ id: 'there', of: '222222222222/us-east-1/db-A', copy: failedBy(roleGone) });
    const left = aBackup({ id: 'left', of: '333333333333/us-east-1/db-B', copy: failedBy(roleGone) });
    for (const backup of [there, left]) await ledger.recordBackup(backup);
    expect((await run('copy retry --all-failed --yes')).text).toContain('Queued: 1 copy.');
    expect((await collect(ledger.copies(away, 'queued'))).map(({ id }) => id)).toEqual(['there']);
    expect((await run('copy retry left')).error).toContain('its database is no longer configured');
  });

  it.each([
    ['--all-failed', ['acme-0 3', 'acme-1 3', 'acme-dump 3', 'globex-1 3']],
    ['--cause bucket-denied', ['acme-1 3', 'globex-1 3']],
    ['--tenant acme', ['acme-0 3', 'acme-1 3', 'acme-dump 3']],
    ['--bucket acme-exports', ['acme-1 3']],
    ['--bucket acme-dumps', ['acme-dump 3']],
    ['--bucket nobody-s', []],
    ['--all-failed --tenant globex', ['globex-1 3']],
    ['--all-failed --cause role-not-found --tenant acme', ['acme-0 3']],
    ['--cause bucket-denied --tenant acme --bucket globex-exports', []],
    ['--cause stuck', []],
  ])('queues what is selected: %s', async (options, expected) => {
    const { run, queued } = await world();
    const { exitCode, error } = await run(`copy retry ${options} --yes`);
    expect({ exitCode, error, queued: await queued() }).toEqual({ exitCode: 0, error: '', queued: expected });
  });

  it('selects a copy that never started by the bucket that the configuration gives it', async () => {
    const { ledger, queued, run } = await world();
    const bucket = parseConfig(JSON.stringify(config), { account, region }).databases[0]?.target.bucket;
    await run(`copy retry --bucket ${bucket} --cause role-not-found --yes`);
    expect(await queued()).toEqual(['acme-0 3']);
    expect((await rowOf({ ledger }, gone))?.copy).toEqual(gone.copy);
  });

  it('shows what it would do, names what cannot be copied, and asks', async () => {
    const asked: string[] = [];
    const confirm = async (question: string) => {
      asked.push(question);
      return true;
    };
    const { run, queued } = await world({ confirm });
    const { text } = await run('copy retry --all-failed');
    expect(asked).toEqual(['Queue 4 copies again?']);
    expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
      'DATABASE  TENANT  BACKUP     CAUSE',
      'orders    acme    acme-0     role-not-found',
      'orders    acme    acme-dump  s3-failed',
      'shop      globex  globex-1   bucket-denied',
      'orders    acme    acme-1     bucket-denied',
      '',
      '4 copies to queue again.',
      '',
      'CANNOT BE COPIED  TENANT  WHY',
      expect.stringMatching(/^oracle +acme +RDS cannot export snapshots of engine oracle-ee;/),
      expect.any(String),
      '',
      'Queued: 4 copies. "copies" shows when they may start.',
      '',
    ]);
    expect(await queued()).toHaveLength(4);
  });

  it('lets those go on that wait for a fault of set-up to be put right, and no others that wait', async () => {
    const { run, ledger } = await world();
    const waits = { ...failedBy(denied('acme-exports')), state: 'queued', notBefore: at('2026-12-24') } as const;
    await ledger.recordBackup(aBackup({ id: 'held', copy: { ...waits, setupFailures: 1 } }));
    await ledger.recordBackup(aBackup({ id: 'busy', copy: waits }));
    const { text } = await run('copy retry --cause bucket-denied --tenant acme --yes');
    expect(text).toContain('2 copies to queue again.');
    const copyOf = async (id: string) => {
      const [row] = await ledger.backups([backupIdOf(aBackup({ id }))]);
      return row?.copy;
    };
    expect(await copyOf('held')).toEqual({ mode: 'export', state: 'queued', attempt: 2 });
    expect(await copyOf('busy')).toMatchObject({ notBefore: at('2026-12-24') });
    await ledger.recordBackup(aBackup({ id: 'held-too', copy: { ...waits, setupFailures: 3 } }));
    expect((await run('copy retry held-too')).text).toContain('Queued: the copy of held-too');
  });

  it('queues nothing where the answer is no', async () => {
    const { run, queued } = await world({ confirm: async () => false });
    const { text, exitCode } = await run('copy retry --all-failed');
    expect(text).toMatch(/Nothing was queued\.\n$/);
    expect({ exitCode, queued: await queued() }).toEqual({ exitCode: 0, queued: [] });
  });

  it('refuses without a terminal and without --yes, after it has shown what it would do', async () => {
    const { run, queued } = await world();
    const { text, error, exitCode } = await run('copy retry --all-failed');
    expect(text).toContain('4 copies to queue again.');
    expect(error).toBe('Nothing was queued: there is no terminal to ask on. Add --yes to queue them without asking.\n');
    expect({ exitCode, queued: await queued() }).toEqual({ exitCode: 2, queued: [] });
  });

  it('asks nothing where nothing can be queued', async () => {
    const { run } = await world();
    expect(await run('copy retry --cause stuck')).toMatchObject({
      text: 'No copy is selected that failed, or waits for a fault of set-up to be put right.\n',
      error: '',
      exitCode: 0,
    });
  });

  it('prints the facts as JSON, for which --yes is needed', async () => {
    const { facts, run, queued } = await world({ confirm: async () => true });
    expect((await run('copy retry --all-failed --json')).error).toContain('add --yes');
    expect(await queued()).toEqual([]);
    const { selected, queued: rows, refused } = await facts('copy retry --cause role-not-found --yes');
    expect(selected).toBe(2);
    expect(rows).toMatchObject([{ id: 'acme-0', tenant: 'acme', copy: { state: 'queued', attempt: 3 } }]);
    expect(refused).toMatchObject([
      { id: 'oracle', copy: { state: 'failed' }, why: expect.stringContaining('engine oracle-ee') },
    ]);
  });

  it('leaves alone what changed while it asked, and names it', async () => {
    const ledger = new MemoryLedger(() => at(now));
    const confirm = async () => {
      const row = await rowOf({ ledger }, ofAcme);
      await ledger.updateBackup({ ...(row ?? ofAcme), copy: { ...ofAcme.copy, state: 'complete' } });
      return true;
    };
    const { run, queued } = await world({ ledger, confirm });
    const { text, exitCode } = await run('copy retry --cause bucket-denied');
    expect(text).toContain('Queued: 1 copy.');
    expect(text).toMatch(/acme-1 +acme +somebody else changed it meanwhile/);
    expect({ exitCode, queued: await queued() }).toEqual({ exitCode: 0, queued: ['globex-1 3'] });
  });

  it('queues the rest where one row cannot be written, names that one, and fails', async () => {
    const table = new MemoryTable();
    const { run, queued } = await world({ ledger: new MemoryLedger(() => at(now), table) });
    const put = table.put.bind(table);
    table.put = async (write) => {
      if (JSON.stringify(write.item).includes(ofAcme.id)) throw new Error('throttled');
      return put(write);
    };
    const { text, exitCode } = await run('copy retry --all-failed --yes');
    expect(text).toMatch(/NOT QUEUED .*\nacme-1 +acme +Error: throttled/);
    expect({ exitCode, queued: await queued() }).toEqual({
      exitCode: 2,
      queued: ['acme-0 3', 'acme-dump 3', 'globex-1 3'],
    });
  });

  it.each([
    ['copy retry', "Give a snapshot's id or ARN, or --all-failed, --cause, --tenant or --bucket."],
    ['copy retry acme-1 --all-failed', 'Give a backup or a selection, not both: "acme-1".'],
    ['copy retry --cause bucket-deneid --yes', 'No copy can fail with "bucket-deneid". Did you mean "bucket-denied"?'],
    ['copy retry --tenant acmee --yes', 'The ledger knows no tenant "acmee". Did you mean "acme"?'],
    ['copy retry --bucket "" --yes', 'bucket must not be empty.'],
  ])('refuses %s', async (line, error) => {
    const { run, queued } = await world();
    expect(await run(line)).toMatchObject({ error: `${error}\n`, exitCode: 2 });
    expect(await queued()).toEqual([]);
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
        cancelExport: async (taskId, inRegion) => {
          cancelled.push(`${taskId} in ${inRegion}`);
        },
      },
    });
    const backup = aBackup({ copy: { mode: 'export', state: 'running', attempt: 1, taskId: 'copy-orders-1' } });
    await ledger.recordBackup(backup);
    const { exitCode } = await run(`copy cancel ${backup.id}`);
    expect({ exitCode, cancelled }).toEqual({ exitCode: 0, cancelled: ['copy-orders-1 in eu-west-1'] });
    expect((await rowOf({ ledger }, backup))?.copy.state).toBe('running');
  });

  it('asks RDS in the Region of the database, and in no other account', async () => {
    const cancelled: string[] = [];
    const { ledger, run } = given({
      now,
      cloud: {
        cancelExport: async (taskId, inRegion) => {
          cancelled.push(`${taskId} in ${inRegion}`);
        },
      },
    });
    const copy = { mode: 'export', state: 'running', attempt: 1, taskId: 'copy-1' } as const;
    await ledger.recordBackup(aBackup({ id: 'beside', of: '123456789012/us-east-1/db-A', copy }));
    await ledger.recordBackup(aBackup({ id: 'abroad', of: '222222222222/us-east-1/db-B', copy }));
    expect((await run('copy cancel beside')).exitCode).toBe(0);
    expect(await run('copy cancel abroad')).toMatchObject({
      exitCode: 2,
      error:
        'The export copy-1 runs in account 222222222222, us-east-1, where this command has no rights: end it there: aws rds cancel-export-task --region us-east-1 --profile "<profile for account 222222222222>" --export-task-identifier copy-1\n',
    });
    expect(cancelled).toEqual(['copy-1 in us-east-1']);
  });

  it('takes a copy of another account out of the queue', async () => {
    const { ledger, run } = given({ now });
    const copy = { mode: 'export', state: 'queued', attempt: 1, queuedAt: at('2026-11-23T05:00:00.000Z') } as const;
    const backup = aBackup({ of: '222222222222/us-east-1/db-B', copy });
    await ledger.recordBackup(backup);
    expect((await run(`copy cancel ${backup.id}`)).exitCode).toBe(0);
    expect((await rowOf({ ledger }, backup))?.copy.state).toBe('cancelled');
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
    environments: [{ account, region, complete: true, error: null }],
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
