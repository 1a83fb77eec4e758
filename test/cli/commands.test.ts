import { describe, expect, it } from 'vitest';
import { commands } from '../../cli/commands/index.ts';
import metadata from '../../package.json' with { type: 'json' };
import { shareKey } from '../../shared/domain/index.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at, ordersKey } from '../shared/ledger/rows.ts';
import { given, named } from './support.ts';

const now = '2026-11-23T12:00:00.000Z';

describe.each(commands)('$name', ({ name, load }) => {
  it('has help with an example of itself, and takes --json, --tz and --stack', async () => {
    const { text, exitCode } = await given({ now }).run(`${name} --help`);
    expect(exitCode).toBe(0);
    expect(text).toMatch(new RegExp(`[$] npm run (--silent )?ledger -- ${name}`));
    for (const option of ['--json', '--tz <zone>', '--stack <name>']) expect(text).toContain(option);
  });

  it('documents the fields of its JSON', async () => {
    expect(Object.keys((await load()).json.fields)).not.toEqual([]);
  });
});

describe('the program', () => {
  it('prints the version of the package', async () => {
    const { text, exitCode } = await given({ now }).run('--version');
    expect({ text, exitCode }).toEqual({ text: `${metadata.version}\n`, exitCode: 0 });
  });

  it('names command lines that work in the clone, without what npm prints where another program reads them', async () => {
    const texts = await Promise.all(
      ['', ...commands.map(({ name }) => name)].map(async (name) => (await given({ now }).run(`${name} --help`)).text),
    );
    const lines = texts.flatMap((text) => [...text.matchAll(/^ {2}[$] (.*)$/gm)].map(([, line = '']) => line));
    expect(lines.length).toBeGreaterThan(commands.length);
    for (const line of lines) {
      const isRead = / --(json|csv)\b/.test(line);
      expect(line.startsWith(isRead ? 'npm run --silent ledger -- ' : 'npm run ledger -- ')).toBe(true);
    }
    expect(texts.join('')).not.toMatch(/npx|rds-backup-ledger /);
  });
});

describe('the documented fields', () => {
  /** A ledger whose rows have everything that a row can have. */
  const world = async () => {
    const seen = given({
      now,
      cloud: { ringing: async () => [{ name: 'alarm', description: 'Impact: none.', since: null }] },
    });
    const { ledger } = seen;
    const createdAt = at('2026-11-22T04:08:53.123Z');
    const backup = aBackup({
      createdAt,
      event: { id: 'RDS-EVENT-0091', time: createdAt },
      copyJobs: [{ id: 'C-1', state: 'FAILED', to: 'arn:vault', endedAt: createdAt, message: 'denied' }],
      copy: {
        mode: 'export',
        state: 'queued',
        attempt: 1,
        queuedAt: createdAt,
        source: { object: 's3://dumps/orders.bak', modified: createdAt, etag: '"1"' },
        cause: { code: 'snapshot-busy', facts: {} },
        folders: { checkedAt: createdAt, found: ['acme'], partial: [], missing: ['globex'], more: 1 },
      },
    });
    await ledger.recordBackup(backup);
    await ledger.recordBackup(
      aBackup({
        createdAt: at('2026-11-21T04:00:00.000Z'),
        closed: { at: at('2026-11-22'), cause: { code: 'not-in-rds', facts: {} }, expiresAt: at('2027-12-01') },
      }),
    );
    const newestBackup = { id: backup.id, createdAt, time: createdAt };
    const who = { by: 'ann', at: at('2026-11-23T07:00:00.000Z'), note: 'ticket 4711' };
    const alert = anAlert({
      newestBackup,
      notified: [{ at: at('2026-11-23T06:31:00.000Z'), step: 'open', to: 'all' }],
      pending: { step: 'remind', at: at(now), tries: 0 },
      acknowledged: who,
      snoozed: who,
      snoozedUntil: at('2026-11-24'),
    });
    const past = anAlert({
      opened: at('2026-11-20'),
      resolved: at('2026-11-20T06:00:00.000Z'),
      outcome: { verdict: 'protected', severity: 'info', cause: null, notes: [], newestBackup },
    });
    await ledger.putDatabaseWithAlert(aDatabase(), past);
    await ledger.putDatabaseWithAlert(
      aDatabase({
        version: 1,
        verdict: 'overdue',
        severity: 'critical',
        cause: { code: 'no-known-cause', facts: {} },
        notes: [{ code: 'event-lost', facts: {} }],
        newestBackup,
        deadline: at('2026-11-23T06:00:00.000Z'),
        inProgress: { id: 'rds:orders-now', since: at(now) },
        formerOwners: [{ tenant: 'globex', since: at('2026-10-01'), until: at('2026-11-01') }],
        knownTags: { maxAgeHours: 48 },
        lastBackup: { ...newestBackup, gone: 'not-in-rds' },
        formerWindow: { window: '22:00-22:30', until: createdAt },
        stops: [{ from: createdAt, until: at(now) }],
        ...named(alert),
      }),
      alert,
    );
    await ledger.putDatabase(
      aDatabase({
        key: shareKey('123456789012/eu-west-1/db-POOL', 'acme'),
        id: 'pool-1',
        verdict: 'protected',
        severity: 'info',
        cause: null,
        notes: [],
        share: {
          since: createdAt,
          until: at(now),
          earlier: [{ since: at('2026-10-01'), until: createdAt }],
          database: 'acme',
          schema: 'public',
          carried: newestBackup,
        },
      }),
    );
    const pool = { key: '123456789012/eu-west-1/db-POOL', id: 'pool-1', tenant: 'shared:pool-1' };
    const holds = { code: 'holds-tenants', facts: { tenants: ['acme'], count: 1 } } as const;
    const finding = { verdict: 'protected', severity: 'critical', cause: null, notes: [holds] } as const;
    const ofPool = anAlert({
      ...finding,
      database: pool.key,
      databaseId: pool.id,
      tenant: pool.tenant,
      notified: alert.notified,
    });
    await ledger.putDatabaseWithAlert(aDatabase({ ...pool, ...finding, newestBackup, ...named(ofPool) }), ofPool);
    await ledger.putDays([
      aDay({ date: '2026-11-22', newestBackup }),
      aDay({ database: '123456789012/eu-west-1/db-POOL', databaseId: 'pool-1', tenant: 'shared:pool-1' }),
      aDay({ verdict: 'overdue', severity: 'critical', cause: { code: 'no-known-cause', facts: {} } }),
    ]);
    const missed = [{ snapshotId: backup.id, databaseId: 'orders', backupTime: createdAt }];
    const database = { key: ordersKey, kind: 'instance', id: 'orders' } as const;
    const leftOut = [{ text: 'instance orders could not be written', database }];
    const notifiedOf = [{ of: ordersKey, at: createdAt }];
    const unwatchedTenants = [
      {
        tenant: 'globex',
        since: createdAt,
        databases: [{ id: 'lab', verdict: 'excluded' } as const],
        databaseCount: 1,
        severity: 'critical',
        notified: 'warning',
      } as const,
    ];
    const facts = { missed, eventsMissed: 1, leftOut, notifiedOf, unwatchedTenants };
    await ledger.putSweep(aSweep({ started: at('2026-11-23T06:00:00.000Z'), ...facts }));
    await ledger.putSweep(aSweep({ mode: 'watch' }));
    return seen;
  };
  const documented = async (name: string) => {
    const entry = commands.find((one) => one.name === name);
    return Object.keys((await entry?.load())?.json.fields ?? {}).filter((field) => !field.startsWith('('));
  };
  /** The paths of all fields of JSON that the documentation goes into: those of objects whose fields it names. */
  const pathsIn = (json: unknown, fields: readonly string[], prefix = ''): string[] => {
    if (Array.isArray(json)) return json.flatMap((item) => pathsIn(item, fields, prefix));
    if (typeof json !== 'object' || json === null) return [];
    return Object.entries(json).flatMap(([name, value]) => {
      const path = `${prefix}${name}`;
      const inner = `${path}${Array.isArray(value) ? '[]' : ''}.`;
      return [path, ...(fields.some((field) => field.startsWith(inner)) ? pathsIn(value, fields, inner) : [])];
    });
  };
  const sorted = (paths: readonly string[]) => [...new Set(paths)].sort();

  it.each([
    ['status', 'status'],
    ['tenant', 'tenant acme'],
    ['backups', 'backups'],
    ['alerts', 'alerts'],
    ['events missed', 'events missed'],
    ['report', 'report'],
    ['config plan', 'config plan'],
    ['config check', 'config check'],
    ['config from-env', 'config from-env'],
    ['evidence', 'evidence --from 2026-11-22 --to 2026-11-23'],
  ])('of %s are those that it prints, down to the last', async (name, line) => {
    const fields = await documented(name);
    const { facts } = await world();
    expect(sorted(pathsIn(await facts(line), fields))).toEqual(sorted(fields));
  });

  it.each([
    ['database', 'database orders', 'tenant', ['copy']],
    ['copies', 'copies', 'backups', []],
    ['alert ack', 'alert ack orders', 'alerts', []],
    ['alert snooze', 'alert snooze orders', 'alerts', []],
    ['copy cancel', 'copy cancel rds:orders-2026-11-22-04-08', 'backups', []],
  ] as const)('of %s are its own and those of another command', async (name, line, other, without) => {
    const { facts } = await world();
    const printed = await facts(line);
    const own = await documented(name);
    const others = (await documented(other)).filter((field) => !(without as readonly string[]).includes(field));
    const top = [...own, ...others].filter((field) => !field.includes('.'));
    expect(Object.keys(Array.isArray(printed) ? printed[0] : printed).sort()).toEqual(top.sort());
  });

  it('say of each database, alert and day where it is, and its cause and notes beside its reason', async () => {
    const { facts } = await world();
    const history = await facts('database orders');
    const report = await facts('report --days 2');
    const evidence = await facts('evidence --from 2026-11-22 --to 2026-11-23');
    const said = [
      history,
      history.alert,
      ...history.alerts,
      ...history.days,
      ...(await facts('tenant acme')),
      ...(await facts('alerts')),
      ...(await facts('status')).openAlerts,
      ...report.databases,
      ...evidence.days,
    ];
    expect(said.length).toBeGreaterThan(10);
    for (const one of said) {
      const key = expect.stringMatching(/^123456789012\/eu-west-1\/db-(ORDERS|POOL(\/acme)?)$/);
      expect(one).toMatchObject({ key, account: '123456789012', region: 'eu-west-1' });
      expect(Object.keys(one)).toEqual(expect.arrayContaining(['cause', 'notes', 'reason']));
    }
  });
});
