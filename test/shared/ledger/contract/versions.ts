import { describe, expect, it } from 'vitest';
import { type Backup, backupIdOf, type DatabaseRow, type Unrecognized } from '../../../../shared/domain/index.ts';
import { itemOfAlert, itemOfBackup, itemOfDatabase, itemOfDay, itemOfSweep } from '../../../../shared/ledger/items.ts';
import { type Ledger, UnreadableRow } from '../../../../shared/ledger/ledger.ts';
import { type Item, shardOf } from '../../../../shared/ledger/table.ts';
import { collect } from '../../../../shared/lib/iterables.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at, ordersKey } from '../rows.ts';
import { type MakeLedger, start } from './given.ts';

/** A word that only a later version knows. */
const later = (word: string) => word as Unrecognized;
const laterCause = { code: later('moon-in-the-way'), facts: { phase: 'full', since: '2026-11-23' } };
const newestBackup = { id: 'x', createdAt: at('2026-11-23T04:00:00Z'), time: at('2026-11-23T04:00:00Z') };
const finding = {
  verdict: later('wobbly'),
  severity: later('grave'),
  cause: laterCause,
  notes: [laterCause],
  newestBackup,
} as const;

const backup = aBackup({
  // A kind is only compared and shown: its type does not admit that a later version has others.
  kind: 'archive' as never,
  learnedFrom: 'stream' as never,
  event: { id: 'RDS-EVENT-0091', time: start },
  copy: { mode: later('clone'), state: later('verifying'), attempt: 1, queuedAt: start, cause: laterCause },
});
const closedBackup = aBackup({
  id: 'closed',
  copy: { mode: 'export', state: 'failed', attempt: 1, cause: laterCause },
  closed: { at: start, cause: laterCause, expiresAt: at('2027-12-01') },
});
const database = aDatabase({
  kind: 'proxy' as never,
  ...finding,
  formerOwners: [{ tenant: 'globex', since: start, until: start }],
  inProgress: { id: 'y', since: start },
  alert: { tenant: 'acme', opened: start },
});
const alert = anAlert({
  ...finding,
  notified: [{ at: start, step: later('whisper'), to: later('neighbours') }],
  pending: { step: later('whisper'), at: start, tries: 0 },
  acknowledged: { by: 'kim', at: start },
  resolved: start,
  outcome: finding,
  resolution: laterCause,
});
const day = aDay(finding);
const sweep = aSweep({
  counts: { protected: 1, [later('wobbly')]: 2 },
  missed: [{ snapshotId: 'rds:orders', databaseId: 'orders' }],
});

/** Each kind of row: as an item, how it is read by the ledger, and how it is written back. */
const kinds = {
  backup: {
    item: itemOfBackup(backup),
    row: { ...backup, version: 1 },
    read: (ledger: Ledger) => ledger.backups([backupIdOf(backup)]),
    write: (ledger: Ledger, row: unknown) => ledger.updateBackup(row as Backup),
  },
  'closed backup': {
    item: itemOfBackup(closedBackup),
    row: { ...closedBackup, version: 1 },
    read: (ledger: Ledger) => ledger.backups([backupIdOf(closedBackup)]),
    write: (ledger: Ledger, row: unknown) => ledger.updateBackup(row as Backup),
  },
  database: {
    item: itemOfDatabase(database),
    row: { ...database, version: 1 },
    read: (ledger: Ledger) => ledger.databases([ordersKey]),
    write: (ledger: Ledger, row: unknown) => ledger.putDatabase(row as DatabaseRow),
  },
  alert: {
    item: itemOfAlert(alert),
    row: alert,
    read: (ledger: Ledger) => ledger.alerts([alert]),
    write: (ledger: Ledger, row: unknown) => ledger.putDatabaseWithAlert(aDatabase(), row as typeof alert),
  },
  day: {
    item: itemOfDay(day),
    row: day,
    read: (ledger: Ledger) => collect(ledger.daysOfDatabase(ordersKey, day.date, day.date)),
    write: (ledger: Ledger, row: unknown) => ledger.putDays([row as typeof day]),
  },
  sweep: {
    item: itemOfSweep(sweep),
    row: sweep,
    read: (ledger: Ledger) => collect(ledger.sweeps()),
    write: (ledger: Ledger, row: unknown) => ledger.putSweep(row as typeof sweep),
  },
};

type Kind = (typeof kinds)[keyof typeof kinds];
const named = Object.entries<Kind>(kinds);

export function versionsContract(make: MakeLedger): void {
  describe.each(named)('a %s of a later version', (_, { item, row, read, write }) => {
    const laterItem = { ...withLaterFields(item), laterAttribute: { list: [1, 'two', true, null] } } as Item;

    it('is read, with its words as they are', async () => {
      const { ledger, table } = await make(() => start);
      await table.put({ item });
      expect(await read(ledger)).toEqual([row]);
    });

    it('keeps what this version does not know when it is written back', async () => {
      const { ledger, table } = await make(() => start);
      await table.put({ item: laterItem });
      for (let version = 2; version <= 3; version += 1) {
        const [known] = await read(ledger);
        await write(ledger, known);
        expect(await table.read([item])).toEqual([{ ...laterItem, ...('version' in item && { version }) }]);
      }
    });

    it('gets the format of whoever wrote it last', async () => {
      const { ledger, table } = await make(() => start);
      await table.put({ item: { ...laterItem, format: 7 } });
      await write(ledger, (await read(ledger))[0]);
      expect(await table.read([item])).toMatchObject([{ format: item.format }]);
    });

    it('cannot be read without a format, which the error says with the row’s key', async () => {
      const { ledger, table } = await make(() => start);
      const { format: _, ...without } = item;
      await table.put({ item: without as Item });
      const error = await read(ledger).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(UnreadableRow);
      expect(String(error)).toContain(`pk=${item.pk} sk=${item.sk} cannot be read`);
      expect(String(error)).toContain('it has no format');
    });
  });

  it('a copy in a state of a later version stays listed under that state, and under no other', async () => {
    const { ledger, table } = await make(() => start);
    await ledger.recordBackup(backup);
    const partition = `COPY#123456789012/eu-west-1#verifying#${shardOf(ordersKey)}`;
    expect(await collect(table.query({ index: 'byState', partition }))).toHaveLength(1);
    for (const state of ['queued', 'starting', 'running', 'failed'] as const) {
      expect(await collect(ledger.copies({ account: '123456789012', region: 'eu-west-1' }, state))).toEqual([]);
    }
  });

  it('a backup whose key was written by hand cannot be read, which the error says', async () => {
    const { ledger, table } = await make(() => start);
    await table.put({ item: { ...itemOfBackup(aBackup()), sk: 'BACKUP#yesterday' } });
    await expect(collect(ledger.backupsOfDatabase(ordersKey))).rejects.toThrow(UnreadableRow);
  });
}

/** An item with another field in each of its maps, at any depth. */
function withLaterFields(item: Item): Item {
  const facts = Object.keys(item).find((name) => name.endsWith('Facts')) ?? '';
  return { ...item, [facts]: extended(item[facts]) };
}

function extended(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(extended);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    name === 'counts' || name === 'apiCalls' ? field : extended(field),
  ]);
  return { ...Object.fromEntries(fields), laterField: { since: '2027-01-01', list: [1] } };
}
