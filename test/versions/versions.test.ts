/**
 * Versions live together: what the released version wrote, and what a later one may write, passes through every function and
 * every command, without loss or stack trace. `format-1.json` is what the first version with this format wrote at the end of
 * `life`; it is never written anew.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Item } from '../../shared/ledger/table.ts';
import { publishDay } from '../../shared/sweep/index.ts';
import { given } from '../cli/support.ts';
import { MemoryTable } from '../support/memory-ledger.ts';
import { life } from './life.ts';

const released = JSON.parse(readFileSync(new URL('format-1.json', import.meta.url), 'utf8')) as Item[];

/** Another field in each map, at any depth; maps by a word of their own have no fields. */
function extended(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((one) => extended(one));
  if (typeof value !== 'object' || value === null || ['counts', 'apiCalls', 'facts'].includes(name)) return value;
  const fields = Object.entries(value).map(([field, its]) => [field, extended(its, field)]);
  return { ...Object.fromEntries(fields), laterField: { since: '2027-01-01', list: [1, 'two'] } };
}

const factsOf = (item: Item) => Object.keys(item).find((name) => name.endsWith('Facts'));

/** As a later version may have written it: other fields, another format, and its own words in `facts`. */
function later(item: Item, words: object = {}): Item {
  const facts = factsOf(item);
  if (facts === undefined) return item;
  const its = { ...(extended(item[facts]) as object), ...words };
  return { ...item, [facts]: its, format: 7, laterAttribute: { list: [1, null] } };
}

const cause = { code: 'moon-eclipsed', facts: { phase: 3 }, blame: 'moon' };
const finding = { verdict: 'half-copied', severity: 'grave', cause, notes: [cause] };

/** With words that this version does not know, wherever a row has words. */
function inOtherWords(item: Item): Item {
  if (item.sk === 'DATABASE' || item.sk.startsWith('DAY#')) return later(item, finding);
  if (item.pk.startsWith('ALERT#')) {
    const { notified = [] } = item.alertFacts as { notified?: object[] };
    return later(item, { ...finding, notified: [...notified, { at: item.sk, step: 'shout', to: 'everyone' }] });
  }
  if (item.pk === 'SWEEP') return later(item, { counts: { protected: 1, 'half-copied': 2 } });
  if (!item.sk.startsWith('BACKUP#')) return later(item);
  const copy = { mode: 'stream', state: 'paused', attempt: 1, cause, tide: 'low' };
  return later(item, { kind: 'hologram', copy });
}

const versions: readonly (readonly [string, readonly Item[]])[] = [
  ['the released version', released],
  ['a later version, with other fields', released.map((item) => later(item))],
  ['a later version, in other words', released.map(inOtherWords)],
];

const commands = [
  'status',
  'tenant acme',
  'database orders',
  'database shop',
  'backups --tenant acme',
  'backups --from 2026-11-20 --to 2026-11-23',
  'alerts',
  'alerts --open',
  'copies',
  'copies --state none,failed,complete',
  'events missed',
  'evidence --from 2026-11-19 --to 2026-11-24',
  'report --json',
];

describe.each(versions)('rows of %s', (_, items) => {
  it('pass through every function and every command, and lose nothing', async () => {
    const table = new MemoryTable();
    const { world, night } = await life(table);
    await table.putAll(items);
    const run = async (line: string) => given({ now: () => world.rds.now, ledger: world.ledger }).run(line);
    for (let nights = 0; nights < 2; nights += 1) {
      for (const line of commands) {
        for (const form of line.includes('--json') ? [''] : ['', ' --json']) {
          const { text, error, exitCode } = await run(`${line}${form}`);
          expect(error, line).toMatch(/^(SHA-256 [0-9a-f]{64}\n)?$/);
          expect(text, line).not.toBe('');
          expect(exitCode, line).toBeLessThanOrEqual(line.startsWith('status') ? 2 : 1);
        }
      }
      await night();
      const { report } = await world.sweep();
      expect(report.errors).toEqual([]);
      expect(report.complete).toBe(true);
      expect(report.counts).toEqual({ protected: 3 });
    }
    const published: string[] = [];
    const last = await world.sweep();
    const errors = await publishDay(
      {
        ledger: world.ledger,
        ledgerName: 'ledger',
        fleet: { ...world.state.fleet, alerts: { ...world.state.fleet.alerts, dailyDigest: true } },
        publisher: { publish: async ({ subject }) => void published.push(subject) },
        reports: { put: async (name) => `https://reports.example/${name}` },
      },
      last,
    );
    expect(errors).toEqual([]);
    expect(published).toHaveLength(1);
    expect(world.logged.filter(({ level }) => level === 'error')).toEqual([]);
    const after = new Map(table.items.map((item) => [`${item.pk} ${item.sk}`, item]));
    for (const item of items) {
      const facts = factsOf(item);
      // Of the watch the last run's row is kept.
      if (facts === undefined || item.pk === 'WATCH') continue;
      const now = after.get(`${item.pk} ${item.sk}`);
      expect(now, `${item.pk} ${item.sk}`).toBeDefined();
      expect(now?.laterAttribute).toEqual(item.laterAttribute);
      expect(now?.[facts]).toMatchObject(onlyLater(item[facts] as object));
    }
  });
});

/** The field that only a later version has, where a row has it. */
function onlyLater(facts: object): object {
  return 'laterField' in facts ? { laterField: facts.laterField } : {};
}
