/** Text from outside that a terminal, a spreadsheet or a reader of JSON would obey, wherever rows can hold it. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Cloud } from '../../cli/dependencies.ts';
import type { DoctorFinding } from '../../cli/doctor/finding.ts';
import type { CopyCause } from '../../shared/domain/index.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at } from '../shared/ledger/rows.ts';
import { given, named } from './support.ts';

const now = '2026-11-23T12:30:00.000Z';

/** Clears the screen, prints a green OK, sets the title, and the same by C1; then turns, hides, returns, breaks and tabs. */
const hostile =
  'x\u001b[2J\u001b[H\u001b[32mOK\u001b[0m\u001b]0;title\u0007\u001b]8;;https://evil.example\u001b\\\u009b2J\u009d0;t\u009c\u202e\u2066\u200b\ufeff\u0000\u007f\r\n\u2028\u0085FAKE\tROW\nalone\rback';

const said = `AccessDenied ${hostile}`;
const cause = { code: 'excluded-by-tag', facts: { reason: hostile } } as const;
const incomplete: CopyCause = {
  code: 'export-incomplete',
  facts: { skippedTables: [{ table: hostile, reason: hostile }], skipped: 1, warnings: [hostile] },
};

const findings: DoctorFinding[] = [{ check: hostile, kind: 'problem', found: hostile, cure: hostile }];

const world = async () => {
  const cloud: Partial<Cloud> = {
    ringing: async () => [{ name: hostile, description: hostile, since: now, reason: hostile }] as never,
    examine: async function* () {
      yield* findings;
    },
    sweep: () => Promise.reject(Object.assign(new Error(said), { name: 'AccessDeniedException' })),
  };
  const seen = given({ now, cloud });
  const { ledger } = seen;
  const copy = { mode: 'export', state: 'incomplete', attempt: 1, cause: incomplete } as const;
  const denied: CopyCause = { code: 'bucket-denied', facts: { bucket: hostile, role: hostile, action: hostile, said } };
  await ledger.recordBackup(aBackup({ engine: hostile, copy }));
  await ledger.recordBackup(aBackup({ id: hostile, arn: hostile, copy: { ...copy, state: 'failed', cause: denied } }));
  const finding = { verdict: 'overdue', severity: 'critical', cause, notes: [cause] } as const;
  const alert = anAlert({
    ...finding,
    databaseId: hostile,
    acknowledged: { by: hostile, at: at(now), note: hostile },
    snoozed: { by: hostile, at: at(now), note: hostile },
    snoozedUntil: at('2026-11-24'),
    newestBackup: { id: hostile, createdAt: at('2026-11-22'), time: at('2026-11-22') },
  });
  await ledger.putDatabaseWithAlert(aDatabase({ ...finding, engine: hostile, ...named(alert) }), alert);
  await ledger.putDays([
    aDay({ date: '2026-11-22', ...finding, databaseId: hostile }),
    aDay({ date: '2026-11-23', ...finding, databaseId: `\t=SUM(1)${hostile}` }),
  ]);
  await ledger.putSweep(
    aSweep({
      errors: [hostile],
      unconfigured: [hostile],
      missed: [{ databaseId: hostile, snapshotId: hostile }],
      eventsMissed: 1,
    }),
  );
  return seen;
};

let seen: Awaited<ReturnType<typeof world>>;
beforeEach(async () => {
  seen = await world();
});

/** Whatever a terminal obeys instead of showing it, but for line feeds. */
const obeyed = /[^\P{Cc}\n]|\p{Cf}|\p{Zl}|\p{Zp}/u;
/** The codes of picocolors. */
const esc = '\\u001b';
const colours = new RegExp(`${esc}\\[(1|2|22|3[1-6]|39)m`, 'g');

const lines = [
  'status',
  'tenant acme',
  'database orders',
  'backups',
  'alerts',
  'alerts --open',
  'copies --state failed,incomplete',
  'events missed',
  'evidence --from 2026-11-22 --to 2026-11-23',
  'doctor',
  'sweep',
  'alert ack orders',
  `copy retry "${hostile}"`,
  'copy retry --all-failed --yes',
  `copy retry --cause "${hostile}"`,
  `copy retry --bucket "${hostile}"`,
  `tenant "${hostile}"`,
  `evidence --from "${hostile}"`,
  `"${hostile}"`,
  `status "--${hostile}"`,
  `config check "${hostile}"`,
];

describe('the terminal', () => {
  it.each(lines)('obeys nothing that comes from outside: %j', async (line) => {
    for (const columns of [40, 100, 400]) {
      const { text, error } = await seen.run(line, { columns });
      expect(text + error).not.toBe('');
      expect((text + error).match(obeyed)?.[0]).toBeUndefined();
      expect(text).not.toMatch(/^(FAKE|alone|back)/m);
    }
  });

  it('shows colours of the screen alone', async () => {
    for (const line of ['tenant acme', 'copies --state failed,incomplete', 'alerts', 'doctor']) {
      const { text } = await seen.run(line, { columns: 400, coloured: true });
      expect(text).toMatch(colours);
      expect(text.replace(colours, '').match(obeyed)?.[0]).toBeUndefined();
      expect(text).not.toContain('\u001b[32mOK');
    }
  });
});

describe('JSON', () => {
  it.each(lines.slice(0, 10))('is exact, and obeyed by no terminal either: %s', async (line) => {
    const { text, error } = await seen.run(`${line} --json`);
    expect((text + error).match(obeyed)?.[0]).toBeUndefined();
    const strings: string[] = [];
    JSON.parse(text, (_, value) => (typeof value === 'string' ? strings.push(value) : value));
    if (line !== 'events missed') expect(strings.some((one) => one.includes(hostile))).toBe(true);
  });
});

describe('CSV', () => {
  it('has a row a line and no formula', async () => {
    const { text } = await seen.run('evidence --from 2026-11-22 --to 2026-11-23 --csv');
    expect(text.replaceAll('\r\n', '\n').match(obeyed)?.[0]).toBeUndefined();
    const rows = text.trimEnd().split('\r\n');
    expect(rows.filter((row) => row.startsWith('day,'))).toHaveLength(2);
    for (const row of rows) expect(row).toMatch(/^(record|query|day|total|attainment),/);
    expect(text).toContain(",'=SUM(1)x [2J");
  });
});
