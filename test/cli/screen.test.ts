import pc from 'picocolors';
import { describe, expect, it, vi } from 'vitest';
import { Args } from '../../cli/args.ts';
import { Screen } from '../../cli/screen.ts';
import { columnWidths, renderTable } from '../../cli/table.ts';
import { given } from './support.ts';

const now = new Date('2026-11-23T12:00:00.000Z');
const screenOf = (width: number, colours = false) => {
  const written: string[] = [];
  const options = { width, timeZone: 'UTC', now, colours: pc.createColors(colours) };
  return { screen: new Screen({ ...options, write: (text) => void written.push(text) }), text: () => written.join('') };
};

describe('a table', () => {
  const columns = [
    { title: 'NAME', holds: 'names' as const },
    { title: 'COUNT', align: 'right' as const },
    { title: 'WHY', holds: 'words' as const },
  ];
  const rows = [['a-rather-long-name', '12', 'because it is so']];

  it('is as wide as what is in it', () => {
    const widths = columnWidths(columns, rows, 100);
    expect(widths).toEqual([18, 5, 16]);
    expect(renderTable(columns, rows, widths)).toBe(
      'NAME                COUNT  WHY\na-rather-long-name     12  because it is so',
    );
  });

  it('wraps words first where there is less room, and cuts nothing off', () => {
    const widths = columnWidths(columns, rows, 40);
    expect(widths).toEqual([18, 5, 13]);
    expect(renderTable(columns, rows, widths)).toBe(
      'NAME                COUNT  WHY\na-rather-long-name     12  because it is\n                           so',
    );
    const narrow = renderTable(columns, rows, columnWidths(columns, rows, 20));
    expect(narrow.replaceAll(/\s/g, '')).toContain('because');
    expect(
      narrow
        .split('\n')
        .map((line) => line.slice(0, 9).trim())
        .join(''),
    ).toContain('a-rather-long-name');
  });

  it('of a long list prints its titles once and keeps its columns', async () => {
    const { screen, text } = screenOf(80);
    const many = async function* () {
      for (let row = 0; row < 450; row += 1) yield row;
    };
    const count = await screen.tableOf(
      [{ title: 'ROW' }, { title: 'TEXT' }],
      many(),
      (row) => [String(row), 'x'],
      'None.',
    );
    const lines = text().trimEnd().split('\n');
    expect([count, lines.length, lines.filter((line) => line.startsWith('ROW')).length]).toEqual([450, 451, 1]);
    expect(new Set(lines.map((line) => line.indexOf('x')).filter((at) => at >= 0))).toEqual(new Set([5]));
  });
});

describe('a long list', () => {
  it('is read no further than its reader has taken it', async () => {
    let read = 0;
    let written = 0;
    const taken: (() => void)[] = [];
    const write = () => {
      written += 1;
      return new Promise<void>((resolve) => taken.push(resolve));
    };
    const screen = new Screen({ write, width: 80, timeZone: 'UTC', now, colours: pc.createColors(false) });
    const many = async function* () {
      for (; read < 450; read += 1) yield read;
    };
    const done = screen.tableOf([{ title: 'ROW' }], many(), (row) => [String(row)], 'None.');
    await vi.waitFor(() => expect(written).toBe(1));
    await new Promise((resolve) => setImmediate(resolve));
    expect({ read, written }).toEqual({ read: 199, written: 1 });
    for (let part = 1; part <= 3; part += 1) {
      await vi.waitFor(() => expect(taken.length).toBe(part));
      taken[part - 1]?.();
    }
    expect(await done).toBe(450);
  });
});

describe('the screen', () => {
  it('says times with their zone and how long ago, or how far ahead', () => {
    const { screen } = screenOf(80);
    expect(screen.moment('2026-11-23T04:08:53.000Z')).toBe('2026-11-23 04:08 UTC (7 h 51 min ago)');
    expect(screen.moment('2026-11-24T06:00:00.000Z')).toBe('2026-11-24 06:00 UTC (in 18 h)');
    expect(screen.moment('2026-11-23T11:59:30.000Z')).toBe('2026-11-23 11:59 UTC (just now)');
    expect(screen.moment(null)).toBe('never');
  });

  it('colours only where it is told to', () => {
    expect(screenOf(80).screen.verdict('overdue', 'critical')).toBe('overdue');
    expect(screenOf(80, true).screen.verdict('overdue', 'critical')).toContain('\u001b[31m');
  });

  it('wraps text behind its indent', () => {
    const { screen, text } = screenOf(30);
    screen.line('one two three four five six seven', '    ');
    expect(text()).toBe('    one two three four five\n    six seven\n');
  });
});

describe('times as they are typed', () => {
  const typed = (text: string) => new Args({ from: text }, now).time('from')?.toISOString();

  it.each([
    ['2026-11-01', '2026-11-01T00:00:00.000Z'],
    ['2026-11-01T04:00Z', '2026-11-01T04:00:00.000Z'],
    ['2026-11-01T04:00:30.500+02:00', '2026-11-01T02:00:30.500Z'],
    ['36h', '2026-11-22T00:00:00.000Z'],
    ['1.5h', '2026-11-23T10:30:00.000Z'],
    ['90m', '2026-11-23T10:30:00.000Z'],
    ['2w', '2026-11-09T12:00:00.000Z'],
  ])('%s is %s', (text, time) => {
    expect(typed(text)).toBe(time);
  });
});

describe('what is typed and beyond all bounds', () => {
  it.each(['9999999999999w', `${'9'.repeat(400)}d`, '1e9d', '275761-01-01'])(
    '%s is a mistake, and no crash',
    async (time) => {
      const { error, exitCode } = await given({ now: now.toISOString() }).run(`backups --from ${time}`);
      expect(error).toMatch(/^--from must be a date .*, got "[^"]*"\.\n$/);
      expect(exitCode).toBe(2);
    },
  );

  it('a name of any length is compared with no other', async () => {
    const { error } = await given({ now: now.toISOString() }).run(`tenant ${'x'.repeat(100_000)}`);
    expect(error).toMatch(/^The ledger knows no tenant "x+"\.\n$/);
  });
});

describe('what is typed and empty', () => {
  it.each([
    ['tenant ""', 'tenant must not be empty.\n'],
    ['backups --tenant ""', 'tenant must not be empty.\n'],
    ['evidence --tenant " "', 'tenant must not be empty.\n'],
  ])('%s asks for nothing, and is not answered with everything', async (line, message) => {
    expect(await given({ now: now.toISOString() }).run(line)).toMatchObject({ error: message, exitCode: 2 });
  });
});

describe('a span the wrong way round', () => {
  it.each(['backups', 'alerts', 'copies', 'events missed'])('is a mistake of %s', async (name) => {
    expect(await given({ now: now.toISOString() }).run(`${name} --from 1d --to 2d`)).toMatchObject({
      error: '--from must be before --to, got 2026-11-22T12:00:00.000Z and 2026-11-21T12:00:00.000Z.\n',
      exitCode: 2,
    });
  });
});

describe('help', () => {
  it('lists all commands, and is no error', async () => {
    const { text, exitCode } = await given({ now: now.toISOString() }).run('--help');
    expect(exitCode).toBe(0);
    for (const name of ['status', 'tenant', 'evidence', 'doctor'])
      expect(text).toMatch(new RegExp(`^ {2}${name} `, 'm'));
  });

  it('names the nearest command', async () => {
    const { error, exitCode } = await given({ now: now.toISOString() }).run('statsu');
    expect(error).toContain('Did you mean status?');
    expect(exitCode).toBe(2);
  });

  it('says which argument is missing', async () => {
    const { error, exitCode } = await given({ now: now.toISOString() }).run('tenant');
    expect(error).toBe("error: missing required argument 'tenant'\n");
    expect(exitCode).toBe(2);
  });
});
