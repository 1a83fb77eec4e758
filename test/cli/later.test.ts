/** Rows of a later version are shown as they are, by every command that reads: no stack trace, nothing taken for something else. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  type Alert,
  type Backup,
  backupIdOf,
  type DatabaseRow,
  type Day,
  type SweepRow,
} from '../../shared/domain/index.ts';
import { alertKey, backupKey, rowKey } from '../../shared/ledger/items.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at, ordersKey } from '../shared/ledger/rows.ts';
import { MemoryLedger, MemoryTable, spoil } from '../support/memory-ledger.ts';
import { given, named } from './support.ts';

const now = '2026-11-23T12:30:00.000Z';
const createdAt = at('2026-11-23T04:08:00.000Z');
const eclipse = { code: 'moon-eclipsed', facts: { phase: 3 }, blame: 'moon' };

/** Words and fields that nobody knows yet. */
const later = {
  backup: {
    kind: 'hologram',
    colour: 'mauve',
    copy: { mode: 'stream', state: 'paused', attempt: 1, tide: 'low', cause: { code: 'tide-too-low', facts: {} } },
  },
  failed: { copy: { mode: 'stream', state: 'failed', attempt: 1, cause: { code: 'tide-too-low', facts: {} } } },
  closed: { closed: { at: createdAt, cause: { code: 'eaten', facts: {} }, expiresAt: at('2027-12-01') } },
  finding: { verdict: 'half-copied', severity: 'grave', cause: eclipse, notes: [eclipse] },
  alert: {
    mood: 'gloomy',
    notified: [{ at: createdAt, step: 'shout', to: 'everyone', volume: 11 }],
    pending: { step: 'shout', at: createdAt, tries: 0 },
  },
  sweep: { mode: 'sweep', counts: { protected: 4, 'half-copied': 1 }, weather: 'fair' },
};

const world = async (known?: MemoryLedger) => {
  const seen = given({ now, ...(known && { ledger: known }) });
  const { ledger } = seen;
  const backup = aBackup({ createdAt, ...(later.backup as unknown as Partial<Backup>) });
  await ledger.recordBackup(backup);
  await ledger.recordBackup(aBackup({ id: 'failed', ...(later.failed as unknown as Partial<Backup>) }));
  await ledger.recordBackup(aBackup({ id: 'closed', ...(later.closed as unknown as Partial<Backup>) }));
  const newestBackup = { id: backup.id, createdAt, time: createdAt };
  const finding = later.finding as unknown as Pick<DatabaseRow, 'cause' | 'notes'> &
    Pick<Alert, 'verdict' | 'severity'>;
  const open = anAlert({ ...(later as unknown as { alert: Partial<Alert> }).alert, ...finding, newestBackup } as Alert);
  const past = anAlert({
    opened: at('2026-11-20'),
    resolved: at('2026-11-21'),
    resolution: { code: 'forgiven', facts: {} } as unknown as NonNullable<Alert['resolution']>,
  });
  await ledger.putDatabaseWithAlert(aDatabase(), past);
  const row = { version: 1, orbit: 'low', newestBackup, ...finding, ...named(open) } as Partial<DatabaseRow>;
  await ledger.putDatabaseWithAlert(aDatabase(row), open);
  await ledger.putDays([
    aDay({ date: '2026-11-22', ...(finding as unknown as Partial<Day>), newestBackup }),
    aDay({ date: '2026-11-23', ...(finding as unknown as Partial<Day>), newestBackup }),
  ]);
  await ledger.putSweep(aSweep(later.sweep as unknown as Partial<SweepRow>));
  await ledger.putSweep(aSweep({ mode: 'watch', started: at('2026-11-23T12:15:00.000Z') }));
  return seen;
};

let seen: Awaited<ReturnType<typeof world>>;
beforeEach(async () => {
  seen = await world();
});

describe('rows of a later version', () => {
  it.each([
    [
      'status',
      ['half-copied', 'tide-too-low', 'moon-eclipsed', 'UNKNOWN', 'Verdicts of a later version (half-copied)'],
    ],
    ['tenant acme', ['half-copied', 'moon-eclipsed', 'paused']],
    ['database orders', ['half-copied', 'moon-eclipsed', 'paused', 'hologram', 'tide-too-low', 'forgiven']],
    ['backups', ['hologram', 'paused', 'failed']],
    ['alerts', ['half-copied', 'moon-eclipsed', 'shout', 'forgiven']],
    ['alerts --open', ['half-copied', 'moon-eclipsed']],
    ['copies', ['failed', 'tide-too-low']],
    ['copies --state none,failed', ['failed', 'tide-too-low']],
    ['events missed', ['No event was missed']],
    ['evidence --from 2026-11-22 --to 2026-11-23', ['unknown', 'moon-eclipsed']],
    ['evidence --from 2026-11-22 --to 2026-11-23 --csv', ['half-copied', 'moon-eclipsed']],
    ['alert ack orders', ['half-copied', 'acknowledged']],
    ['alert snooze orders', ['half-copied', 'silent until']],
  ] as const)('are shown by %s', async (line, words) => {
    const { text, error } = await seen.run(line, { columns: 400 });
    expect(error).toMatch(/^(SHA-256 [0-9a-f]{64}\n)?$/);
    for (const word of words) expect(text).toContain(word);
  });

  it.each([
    'status',
    'tenant acme',
    'database orders',
    'backups',
    'alerts',
    'copies',
    'report',
    'events missed',
    'evidence --from 2026-11-22 --to 2026-11-23',
  ])('are whole in the JSON of %s', async (line) => {
    const { error, text } = await seen.run(`${line} --json`);
    expect(error).toMatch(/^(SHA-256 [0-9a-f]{64}\n)?$/);
    expect(() => JSON.parse(text)).not.toThrow();
  });

  it('are facts as they are', async () => {
    const cause = { code: 'moon-eclipsed', facts: { phase: 3 } };
    const [database] = await seen.facts('tenant acme');
    expect(database).toMatchObject({
      verdict: 'half-copied',
      severity: 'grave',
      cause,
      notes: [cause],
      copy: { mode: 'stream', state: 'paused', cause: { code: 'tide-too-low', facts: {} }, reason: 'tide-too-low' },
      alert: { verdict: 'half-copied', pending: { step: 'shout' }, notified: [{ step: 'shout', to: 'everyone' }] },
    });
    expect(database.reason).toContain('half-copied');
    expect(
      (await seen.facts('backups')).map(({ closed }: { closed: { reason: string } | null }) => closed?.reason),
    ).toEqual(expect.arrayContaining(['eaten']));
    const report = await seen.facts('report --days 2');
    expect(report).toMatchObject({
      counts: { 'half-copied': 1 },
      databases: [{ verdict: 'half-copied', severity: 'grave', days: 'uu', attainment: 0 }],
    });
    expect(report.doubts).toContain(
      'Verdicts of a later version (half-copied) mean nothing to this one: update the command line.',
    );
  });

  it('are left alone by who would act on them', async () => {
    const { id } = aBackup({ createdAt });
    expect(await seen.run(`copy cancel ${id}`)).toMatchObject({
      error: `The copy of "${id}" is paused: there is nothing to cancel.\n`,
      exitCode: 2,
    });
    expect(await seen.run(`copy retry ${id}`)).toMatchObject({
      error: `The copy of "${id}" is paused: only a later version knows what that is.\n`,
      exitCode: 2,
    });
  });

  it('keep what this version does not know, when a person acknowledges their alert', async () => {
    await seen.run('alert ack orders');
    const [row] = await seen.ledger.databases([ordersKey]);
    const [alert] = await seen.ledger.alerts([anAlert()]);
    expect(row).toMatchObject({ orbit: 'low', cause: eclipse, verdict: 'half-copied' });
    expect(alert).toMatchObject({ mood: 'gloomy', notified: [{ volume: 11 }], acknowledged: { by: 'ann' } });
  });
});

describe('a row that cannot be read', () => {
  it.each(['tenant acme', 'database orders', 'backups', 'alerts', 'status --json', 'report --json'])(
    'is left out by %s, which shows the rest, names it, and fails',
    async (line) => {
      const table = new MemoryTable();
      const ledger = new MemoryLedger(() => new Date(now), table);
      await world(ledger);
      await ledger.putDatabase(aDatabase({ key: `${ordersKey}2`, id: 'billing', tenant: 'acme' }));
      const broken = backupKey(backupIdOf(aBackup({ createdAt })));
      for (const key of [broken, alertKey(anAlert()), rowKey(`${ordersKey}2`)]) await spoil(table, key);
      const { text, error, exitCode } = await given({ now, ledger }).run(line);
      expect(text).not.toBe('');
      expect(error).toMatch(/^This is incomplete: [123] rows? left out\.\n- The ledger's row pk=/);
      expect(error).not.toMatch(/^ +at /m);
      expect(exitCode).toBe(2);
    },
  );
});
