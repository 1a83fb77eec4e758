import { describe, expect, it } from 'vitest';
import type { Ledger } from '../../shared/ledger/ledger.ts';
import { aBackup, aDatabase, anAlert, aSweep, at, ordersKey } from '../shared/ledger/rows.ts';
import { unwatchedTenant } from '../shared/notifications/given.ts';
import { given, named } from './support.ts';

const now = '2026-11-23T12:00:00.000Z';
const sweptAt = (time: string, changes = {}) =>
  aSweep({ started: at(time), finished: at(time), at: at(time), ...changes });
const protectedOrders = () => {
  const newest = aBackup({ copy: { mode: 'export', state: 'running', attempt: 1, percent: 40 } });
  const row = aDatabase({
    verdict: 'protected',
    severity: 'info',
    cause: null,
    notes: [],
    evaluatedAt: at('2026-11-23T06:00:00.000Z'),
    newestBackup: { id: newest.id, createdAt: newest.createdAt, time: newest.createdAt },
    deadline: at('2026-11-24T06:00:00.000Z'),
  });
  return { newest, row };
};
const watched = sweptAt('2026-11-23T11:50:00.000Z', { mode: 'watch' });
const overdueOrders = () => {
  const time = at('2026-11-22T10:00:00.000Z');
  const newestBackup = { id: 'rds:orders-1', createdAt: time, time };
  const notified = [{ at: at('2026-11-23T06:31:00.000Z'), step: 'open', to: 'all' }] as const;
  const alert = anAlert({ newestBackup, notified });
  const { verdict, severity, cause, notes } = alert;
  return { row: aDatabase({ verdict, severity, cause, notes, newestBackup, ...named(alert) }), alert };
};
const withBackups = async (ledger: Ledger, count: number) => {
  for (let day = 1; day <= count; day += 1) {
    await ledger.recordBackup(aBackup({ createdAt: at(`2026-11-${String(day).padStart(2, '0')}T04:00:00.000Z`) }));
  }
};

describe('status', () => {
  it('says that all is well with exit code 0 after a fresh sweep without alerts', async () => {
    const { ledger, run } = given({ now });
    await ledger.putSweep(watched);
    await ledger.putSweep(sweptAt('2026-11-23T11:00:00.000Z', { counts: { protected: 5 } }));
    const { text, exitCode } = await run('status');
    expect(exitCode).toBe(0);
    expect(text).toMatch(/^OK {2}Every database that is watched has a fresh backup\./);
    expect(text).toContain('5 protected');
    expect(text).toContain('last sweep  2026-11-23 11:00 UTC (1 h ago), no events missed');
  });

  it.each([
    ['warning', 0, /^OK /],
    ['critical', 1, /^UNPROTECTED {2}1 tenant without a watched database\./],
  ] as const)('lists tenants without a watched database; a %s has exit code %i', async (severity, code, start) => {
    const { ledger, run, facts } = given({ now });
    await ledger.putSweep(sweptAt('2026-11-23T11:00:00.000Z', { unwatchedTenants: [] }));
    const ended = unwatchedTenant({ tenant: 'initech', ended: 'watched' });
    await ledger.putSweep({ ...watched, unwatchedTenants: [unwatchedTenant({ severity }), ended] });
    const { text, exitCode } = await run('status');
    expect(exitCode).toBe(code);
    expect(text).toMatch(start);
    expect(text).toContain('Tenants without a watched database: 1');
    expect(text).toContain('None of its 2 databases counts: lab (excluded), crm (deleted).');
    expect(await facts('status')).toMatchObject({ unwatchedTenants: [{ tenant: 'globex', severity }] });
  });

  it('names who is unprotected since when, with exit code 1', async () => {
    const { ledger, run, facts } = given({ now });
    const { row, alert } = overdueOrders();
    await ledger.putDatabaseWithAlert(row, alert);
    await ledger.putSweep(watched);
    await ledger.putSweep(sweptAt('2026-11-23T11:00:00.000Z'));
    const { text, exitCode } = await run('status');
    expect(exitCode).toBe(1);
    expect(text).toMatch(/^UNPROTECTED {2}1 database with an open alert\./);
    expect(text).toContain('overdue  acme / orders  since 2026-11-23 06:30 UTC (5 h 30 min ago)');
    expect(await facts('status')).toMatchObject({ standing: 'unprotected', openAlerts: [{ database: 'orders' }] });
  });

  it.each([
    ['no sweep has run yet', undefined, 'No sweep has run yet'],
    ['the last sweep is 26 hours old', sweptAt('2026-11-22T10:00:00.000Z'), 'The last sweep ended 26 h ago'],
    [
      'the last sweep did not get to its end',
      sweptAt('2026-11-23T11:00:00.000Z', { complete: false, errors: ['instances could not be listed'] }),
      'did not get to its end: instances could not be listed',
    ],
  ])('cannot tell where %s, with exit code 2', async (_, sweep, doubt) => {
    const { ledger, run } = given({ now });
    if (sweep) await ledger.putSweep(sweep);
    const { text, exitCode } = await run('status');
    expect(exitCode).toBe(2);
    expect(text).toMatch(/^UNKNOWN {2}It is not known/);
    expect(text).toContain(doubt);
  });

  it('cannot tell where the watch has never run since the sweep', async () => {
    const { ledger, run } = given({ now });
    await ledger.putSweep(sweptAt('2026-11-23T11:00:00.000Z'));
    const { text, exitCode } = await run('status');
    expect(exitCode).toBe(2);
    expect(text).toContain('No watch has run yet, and one is due every 15 minutes');
  });

  it('believes a sweep of 25 hours 59 minutes', async () => {
    const { ledger, run } = given({ now });
    await ledger.putSweep(watched);
    await ledger.putSweep(sweptAt('2026-11-22T10:01:00.000Z', { counts: { protected: 5 } }));
    expect((await run('status')).exitCode).toBe(0);
  });

  it('cannot tell while RDS does not respond, even if somebody else is overdue', async () => {
    const { ledger, run } = given({ now });
    const { row, alert } = overdueOrders();
    await ledger.putDatabaseWithAlert(row, alert);
    const other = anAlert({ database: '1/r/db-OTHER', databaseId: 'other', verdict: 'unknown', severity: 'warning' });
    await ledger.putDatabaseWithAlert(aDatabase({ key: '1/r/db-OTHER', id: 'other', ...named(other) }), other);
    await ledger.putSweep(sweptAt('2026-11-23T11:00:00.000Z'));
    const { text, exitCode } = await run('status');
    expect(exitCode).toBe(2);
    expect(text).toContain('It is not known whether a database is protected (RDS did not respond)');
  });

  it('shows alarms that ring, and says so where CloudWatch does not answer', async () => {
    const description = 'Impact: nobody is notified.';
    const alarm = { name: 'RdsBackupLedger-sweep-failing', description, since: '2026-11-23T09:00:00.000Z' };
    const ringing = given({ now, cloud: { ringing: async () => [alarm] } });
    await ringing.ledger.putSweep(watched);
    await ringing.ledger.putSweep(sweptAt('2026-11-23T11:00:00.000Z'));
    const { text } = await ringing.run('status');
    expect(text).toContain('RdsBackupLedger-sweep-failing since 2026-11-23 09:00 UTC (3 h ago)');
    expect(text).toContain(description);

    const silent = given({
      now,
      cloud: {
        ringing: async () => {
          throw new Error('no right to describe alarms');
        },
      },
    });
    await silent.ledger.putSweep(watched);
    await silent.ledger.putSweep(sweptAt('2026-11-23T11:00:00.000Z'));
    const answer = await silent.run('status');
    expect(answer.text).toContain('not known: no right to describe alarms');
    expect(answer.exitCode).toBe(0);
  });

  it('counts copies that wait, run and failed, these by cause', async () => {
    const { ledger, run, facts } = given({ now });
    const states = ['queued', 'queued', 'running', 'failed', 'failed', 'failed', 'complete'] as const;
    for (const [index, state] of states.entries()) {
      const queuedAt = at(`2026-11-23T0${index}:00:00.000Z`);
      const bucket = `bucket-${index}`;
      const denied = { code: 'bucket-denied', facts: { bucket, role: 'r' } } as const;
      const cause = index === 3 ? ({ code: 'export-failed', facts: {} } as const) : denied;
      const failed = state === 'failed' && { cause };
      await ledger.recordBackup(
        aBackup({ id: `b${index}`, copy: { mode: 'export', state, attempt: 1, queuedAt, ...failed } }),
      );
    }
    expect((await facts('status')).copies).toEqual({
      queued: 2,
      oldestQueuedAt: '2026-11-23T00:00:00.000Z',
      starting: 0,
      running: 1,
      failed: 3,
      failedByCause: { 'bucket-denied': 2, 'export-failed': 1 },
    });
    const { text } = await run('status');
    expect(text).toContain('2 waiting, the oldest for 12 h; 1 running; 3 failed (2 bucket-denied, 1 export-failed)');
  });
});

describe('tenant', () => {
  it('shows each database with newest backup, age, deadline, verdict and copy', async () => {
    const { ledger, run, facts } = given({ now });
    const { newest, row } = protectedOrders();
    await ledger.recordBackup(newest);
    await ledger.putDatabase(row);
    const { text, exitCode } = await run('tenant acme', { columns: 120 });
    expect(exitCode).toBe(0);
    expect(text).toMatch(
      /orders\s+protected\s+2026-11-23 04:08 {2}7 h 51 min ago\s+2026-11-24 06:00 {2}in 18 h\s+running\n/,
    );
    expect(await facts('tenant acme')).toMatchObject([
      { database: 'orders', verdict: 'protected', ageHours: 7.85, copy: { state: 'running', percent: 40 } },
    ]);
  });

  it('gives the reason of what is not protected, and its alert', async () => {
    const { ledger, run } = given({ now });
    const { row, alert } = overdueOrders();
    await ledger.putDatabaseWithAlert(row, alert);
    const { text } = await run('tenant acme');
    expect(text).toContain('The newest backup is from 2026-11-22 10:00 UTC, 26 h old.');
    expect(text).toContain('Alert open since 2026-11-23 06:30 UTC (5 h 30 min ago).');
  });

  it('finds the copy of a newest backup that is a copied snapshot, whose row is keyed by its own creation', async () => {
    const { ledger, facts } = given({ now });
    const copied = aBackup({
      kind: 'copy',
      backupTime: at('2026-11-22T04:00:00.000Z'),
      copy: { mode: 'export', state: 'complete', attempt: 1 },
    });
    await ledger.recordBackup(copied);
    const { id, createdAt } = copied;
    const newestBackup = { id, createdAt, time: at('2026-11-22T04:00:00.000Z') };
    await ledger.putDatabase(aDatabase({ newestBackup }));
    expect((await facts('tenant acme'))[0].copy.state).toBe('complete');
  });

  it('names the nearest tenant where there is none of that name', async () => {
    const { ledger, run } = given({ now });
    await ledger.putDatabase(aDatabase());
    const { error, text, exitCode } = await run('tenant acne');
    expect({ error, text, exitCode }).toEqual({
      error: 'The ledger knows no tenant "acne". Did you mean "acme"?\n',
      text: '',
      exitCode: 2,
    });
    expect((await run('tenant something-else')).error).toBe('The ledger knows no tenant "something-else".\n');
  });

  it.each(['tenant globex', 'backups --tenant globex'])(
    'says of a tenant without a watched database why: %s',
    async (line) => {
      const { ledger, run } = given({ now });
      await ledger.putSweep({ ...watched, unwatchedTenants: [unwatchedTenant({})] });
      const { error, exitCode } = await run(line);
      expect(exitCode).toBe(2);
      expect(error).toBe(
        'The ledger has no database of the tenant "globex". None of its 2 databases counts: lab (excluded), crm (deleted).\n',
      );
    },
  );

  it('shows times in another zone, and names the zone', async () => {
    const { ledger, run } = given({ now });
    await ledger.putDatabase(protectedOrders().row);
    const { text } = await run('tenant acme --tz Europe/Berlin', { columns: 120 });
    expect(text).toContain('NEWEST BACKUP (Europe/Berlin)');
    expect(text).toContain('2026-11-23 05:08');
    expect((await run('tenant acme --tz Mars')).error).toBe(
      '--tz must be an IANA time zone, e.g. Europe/Berlin, got "Mars".\n',
    );
  });
});

describe('database', () => {
  it('shows backups, alerts and what sweeps said', async () => {
    const { ledger, run, facts } = given({ now });
    const { row, alert } = overdueOrders();
    await ledger.putDatabaseWithAlert(row, alert);
    await ledger.recordBackup(aBackup({ createdAt: at('2026-11-22T04:00:00.000Z'), eventMissed: true }));
    const { text } = await run('database orders');
    expect(text).toContain('rds:orders-2026-11-22-04-00');
    expect(text).toContain('event missed');
    expect(text).toContain('overdue  opened 2026-11-23 06:30 UTC (5 h 30 min ago), open, 1 message handed to SNS');
    expect(await facts('database orders')).toMatchObject({
      database: 'orders',
      backups: [{ id: 'rds:orders-2026-11-22-04-00', eventMissed: true }],
      alerts: [{ verdict: 'overdue', resolved: null }],
      others: [],
    });
  });

  it('shows as many backups as asked for, the newest', async () => {
    const { ledger, facts } = given({ now });
    await ledger.putDatabase(aDatabase());
    await withBackups(ledger, 5);
    const { backups } = await facts('database orders --limit 2');
    expect(backups.map(({ createdAt }: { createdAt: string }) => createdAt.slice(0, 10))).toEqual([
      '2026-11-05',
      '2026-11-04',
    ]);
  });

  it('takes the one in use where a name was used again, and names the other', async () => {
    const { ledger, facts } = given({ now });
    const key = '123456789012/eu-west-1/db-FORMER';
    const { tenant: _, ...former } = aDatabase({ key, evaluatedAt: at('2026-11-23T11:00:00.000Z') });
    await ledger.putDatabase(former);
    await ledger.putDatabase(aDatabase({ evaluatedAt: at('2026-11-20') }));
    expect(await facts('database orders')).toMatchObject({ key: ordersKey, others: [key] });
  });

  it("is one of the stack's account and Region, not its namesake elsewhere", async () => {
    const { ledger, run, facts } = given({ now });
    await ledger.putDatabase(aDatabase({ key: '999999999999/eu-west-1/db-ELSEWHERE' }));
    expect((await run('database orders')).error).toBe('The ledger knows no database "orders".\n');
    await ledger.putDatabase(aDatabase());
    expect(await facts('database orders')).toMatchObject({ key: ordersKey, others: [] });
  });

  it('names the nearest database where there is none of that name', async () => {
    const { ledger, run } = given({ now });
    await ledger.putDatabase(aDatabase());
    expect(await run('database oders')).toMatchObject({
      error: 'The ledger knows no database "oders". Did you mean "orders"?\n',
      exitCode: 2,
    });
  });
});

describe('backups', () => {
  const shown = (rows: { time: string }[]) => rows.map(({ time }) => time.slice(0, 10));

  it('lists a slice, newest first, with an inclusive start and an exclusive end', async () => {
    const { ledger, facts } = given({ now });
    await ledger.putDatabase(aDatabase());
    await withBackups(ledger, 9);
    const span = '--from 2026-11-03T04:00Z --to 2026-11-06T04:00Z';
    const expected = ['2026-11-05', '2026-11-04', '2026-11-03'];
    expect(shown(await facts(`backups ${span}`))).toEqual(expected);
    expect(shown(await facts(`backups --tenant acme ${span}`))).toEqual(expected);
    expect(shown(await facts(`backups --database orders ${span}`))).toEqual(expected);
  });

  it('keeps only the kinds and copy states that are asked for', async () => {
    const { ledger, facts } = given({ now });
    const failed = { mode: 'export', state: 'failed', attempt: 3 } as const;
    await ledger.recordBackup(aBackup({ id: 'a', kind: 'manual', copy: failed }));
    await ledger.recordBackup(aBackup({ id: 'b', kind: 'manual' }));
    await ledger.recordBackup(aBackup({ id: 'c', copy: failed }));
    const ids = async (line: string) => (await facts(line)).map(({ id }: { id: string }) => id).sort();
    expect(await ids('backups --kind manual')).toEqual(['a', 'b']);
    expect(await ids('backups --copy-state failed,running')).toEqual(['a', 'c']);
    expect(await ids('backups --kind manual --copy-state failed')).toEqual(['a']);
  });

  it('lists a copy of an older snapshot by its data, so that pages of a database together are the whole', async () => {
    const { ledger, run, facts } = given({ now });
    await ledger.putDatabase(aDatabase());
    await withBackups(ledger, 5);
    const backupTime = at('2026-11-02T12:00:00.000Z');
    await ledger.recordBackup(aBackup({ id: 'copy', createdAt: at('2026-11-05T00:00:00.000Z'), backupTime }));
    const line = 'backups --database orders --from 2026-11-01';
    const whole = shown(await facts(line));
    expect(whole).toEqual(['2026-11-05', '2026-11-04', '2026-11-03', '2026-11-02', '2026-11-02', '2026-11-01']);
    const { text } = await run(`${line} --limit 2`);
    const next = /--to (\S+)/.exec(text)?.[1];
    expect(shown(await facts(`${line} --to ${next}`))).toEqual(whole.slice(2));
  });

  it('ends a full page with where the next one begins, so that the pages together are the whole', async () => {
    const { ledger, run, facts } = given({ now });
    await withBackups(ledger, 5);
    // Two of one moment stay on one page.
    await ledger.recordBackup(aBackup({ id: 'twin', createdAt: at('2026-11-04T04:00:00.000Z') }));
    const first = await run('backups --from 2026-11-01 --limit 2');
    const next = /--to (\S+)/.exec(first.text)?.[1];
    expect(next).toBe('2026-11-04T04:00:00.000Z');
    const page = async (line: string) => shown(await facts(line));
    expect([
      ...(await page('backups --from 2026-11-01 --limit 2')),
      ...(await page(`backups --from 2026-11-01 --to ${next}`)),
    ]).toEqual(['2026-11-05', '2026-11-04', '2026-11-04', '2026-11-03', '2026-11-02', '2026-11-01']);
    expect((await run('backups --from 2026-11-01 --all')).text).not.toContain('--to');
  });

  it('prints an empty JSON list where there is nothing, and says so to people', async () => {
    const { run } = given({ now });
    expect((await run('backups --json')).text).toBe('[]\n');
    expect((await run('backups')).text).toBe('No backup in this slice.\n');
  });

  it('prints one element of JSON a line', async () => {
    const { ledger, run } = given({ now });
    await withBackups(ledger, 3);
    const lines = (await run('backups --from 2026-11-01 --json')).text.trimEnd().split('\n');
    expect([lines[0], lines.at(-1), lines.length]).toEqual(['[', ']', 5]);
  });

  it.each([
    ['--kind foo', '--kind must be of automated, manual, awsbackup, copy, got "foo".'],
    ['--limit 0', '--limit must be a whole number from 1 to 100000, got "0".'],
    ['--from yesterday', '--from must be a date (2026-11-23), a moment with its offset'],
    ['--from 2026-02-30', '--from must be a date'],
    ['--from 2026-11-23T04:00', '--from must be a date'],
    ['--from 1d --to 2d', '--from must be before --to, got'],
  ])('refuses %s in one sentence', async (options, message) => {
    const { run } = given({ now });
    const { error, exitCode } = await run(`backups ${options}`);
    expect(error).toContain(message);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
    expect(exitCode).toBe(2);
  });
});

describe('alerts', () => {
  const world = async () => {
    const seen = given({ now });
    const left = { code: 'left-configuration', facts: {} } as const;
    const past = anAlert({ opened: at('2026-11-10'), resolved: at('2026-11-11'), resolution: left });
    const { alert, row } = overdueOrders();
    await seen.ledger.putDatabaseWithAlert(aDatabase(), past);
    await seen.ledger.putDatabaseWithAlert({ ...row, version: 1 }, alert);
    const key = '123456789012/eu-west-1/db-SHOP';
    const other = anAlert({ database: key, databaseId: 'shop', tenant: 'globex', opened: at('2026-11-20') });
    await seen.ledger.putDatabaseWithAlert(aDatabase({ key, id: 'shop', tenant: 'globex', ...named(other) }), other);
    return seen;
  };
  const opened = (rows: { opened: string }[]) => rows.map((row) => row.opened.slice(0, 10));

  it('lists those of everybody newest first, and open ones oldest first', async () => {
    const { facts } = await world();
    expect(opened(await facts('alerts'))).toEqual(['2026-11-23', '2026-11-20', '2026-11-10']);
    expect(opened(await facts('alerts --open'))).toEqual(['2026-11-20', '2026-11-23']);
  });

  it('lists those of a tenant, of a database, of a span', async () => {
    const { facts } = await world();
    expect(opened(await facts('alerts --tenant acme'))).toEqual(['2026-11-23', '2026-11-10']);
    expect(opened(await facts('alerts --database shop'))).toEqual(['2026-11-20']);
    expect(opened(await facts('alerts --open --tenant acme'))).toEqual(['2026-11-23']);
    expect(opened(await facts('alerts --from 2026-11-15 --to 2026-11-21'))).toEqual(['2026-11-20']);
  });

  it('says who was notified when, and why it was resolved', async () => {
    const { run } = await world();
    const { text } = await run('alerts --tenant acme');
    expect(text).toContain('messages  1 handed to SNS, the last 2026-11-23 06:31 UTC (5 h 29 min ago)');
    expect(text).toContain('resolved  2026-11-11 00:00 UTC (12 d 12 h ago): The database is no longer configured.');
  });
});

describe('copies', () => {
  it("are those of the stack's account and Region", async () => {
    const { ledger, facts } = given({ now });
    const copy = { mode: 'export', state: 'queued', attempt: 1, queuedAt: at(now) } as const;
    await ledger.recordBackup(aBackup({ id: 'here', copy }));
    await ledger.recordBackup(aBackup({ id: 'elsewhere', of: '999999999999/eu-west-1/db-X', copy }));
    expect((await facts('copies')).map(({ id }: { id: string }) => id)).toEqual(['here']);
    expect((await facts('status')).copies.queued).toBe(1);
  });

  it('says one cause once, however many copies and buckets it is of', async () => {
    const { ledger, run } = given({ now });
    for (let index = 0; index < 8; index += 1) {
      const cause = { code: 'bucket-denied', facts: { bucket: `bucket-${index}`, role: 'the-role' } } as const;
      const copy = { mode: 'export', state: 'failed', attempt: 1, cause } as const;
      await ledger.recordBackup(aBackup({ id: `b${index}`, copy }));
    }
    const { text } = await run('copies --state failed', { columns: 200 });
    expect(text).toContain('\nfailed bucket-denied  8 copies: b0, b1, b2, b3, b4 and 3 more\n  grant ');
    expect(text.match(/grant /g)).toHaveLength(1);
  });
});

describe('events missed', () => {
  it('adds up the sweeps of a day, newest day first', async () => {
    const { ledger, run, facts } = given({ now });
    const missed = [{ snapshotId: 's1', databaseId: 'orders', backupTime: at('2026-11-22T04:00:00.000Z') }];
    await ledger.putSweep(sweptAt('2026-11-21T12:00:00.000Z'));
    await ledger.putSweep(sweptAt('2026-11-22T12:00:00.000Z', { eventsMissed: 1, missed }));
    await ledger.putSweep(sweptAt('2026-11-22T13:00:00.000Z', { eventsMissed: 120, missed: [] }));
    expect(await facts('events missed')).toMatchObject([
      { date: '2026-11-22', missed: 121, sweeps: 2, backups: [{ id: 's1', database: 'orders' }] },
      { date: '2026-11-21', missed: 0, sweeps: 1, backups: [] },
    ]);
    const { text } = await run('events missed');
    expect(text).toMatch(/2026-11-22\s+121\s+orders\s+s1/);
    expect(text).toContain('and 120 more');
    expect(text).toContain('121 events missed on 2 swept days.');
  });
});

describe('the last sweep', () => {
  it('is found however long ago it was', async () => {
    const { ledger, run } = given({ now });
    await ledger.putSweep(sweptAt('2026-10-01T12:00:00.000Z'));
    await ledger.putSweep(sweptAt('2026-09-30T12:00:00.000Z'));
    expect((await run('status')).text).toContain('The last sweep ended 53 d ago');
  });
});
