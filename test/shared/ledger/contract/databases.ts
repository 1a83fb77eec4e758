import { describe, expect, it } from 'vitest';
import type { DatabaseRow } from '../../../../shared/domain/index.ts';
import { rowKey } from '../../../../shared/ledger/items.ts';
import type { UnreadableRow } from '../../../../shared/ledger/ledger.ts';
import { collect } from '../../../../shared/lib/iterables.ts';
import { aDatabase, at, ordersKey } from '../rows.ts';
import { elsewhere, here, keysInAllShards, type MakeLedger, ordersName, start } from './given.ts';

const inHere = (resourceId: string) => `${here.account}/${here.region}/${resourceId}`;

export function databasesContract(make: MakeLedger): void {
  const given = async () => (await make(() => start)).ledger;

  const full = aDatabase({
    formerOwners: [{ tenant: 'globex', since: at('2026-10-01'), until: at('2026-11-01') }],
    enrolledBy: 'tag',
    engine: 'postgres',
    window: '04:00-04:30',
    retentionDays: 7,
    verdict: 'overdue',
    severity: 'critical',
    cause: { code: 'snapshot-skipped', facts: { restorableUntil: '2026-11-23T11:55:00.000Z' } },
    notes: [{ code: 'renamed-from', facts: { id: 'orders-old' } }],
    newestBackup: { id: 'x', createdAt: at('2026-11-23T04:00:00Z'), time: at('2026-11-23T04:00:00Z') },
    deadline: at('2026-11-24T06:30:00Z'),
    status: 'storage-full',
    evaluatedAt: start,
    nextCheckAt: at('2026-11-24T06:30:00Z'),
    since: at('2026-11-22'),
    inProgress: { id: 'y', since: start },
    exclusion: 'test system',
    knownTags: { tenant: 'globex', maxAgeHours: 48, copyMode: 'none', refused: ['tag backup-copy is "glacier"'] },
    alert: { tenant: 'acme', opened: at('2026-11-23T06:30:00Z') },
  });

  describe('rows', () => {
    it('give back every attribute as it was written, also in lists', async () => {
      const ledger = await given();
      expect(await ledger.putDatabase(full)).toBe('written');
      const written = [{ ...full, version: 1 }];
      expect(await ledger.databases([full.key])).toEqual(written);
      expect(await ledger.databasesByName(ordersName)).toEqual(written);
      expect(await collect(ledger.databasesOfTenant('acme'))).toEqual(written);
      expect(await collect(ledger.allDatabases())).toEqual(written);
    });

    it('are refused where somebody else wrote in between', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase());
      const [read] = await ledger.databases([ordersKey]);
      expect(await ledger.putDatabase({ ...(read as DatabaseRow), engine: 'mysql' })).toBe('written');
      expect(await ledger.putDatabase({ ...(read as DatabaseRow), engine: 'oracle-ee' })).toBe('conflict');
      expect((await ledger.databases([ordersKey]))[0]).toEqual(aDatabase({ engine: 'mysql', version: 2 }));
    });

    it('are refused as new where there is one, and as changed where there is none', async () => {
      const ledger = await given();
      expect(await ledger.putDatabase(aDatabase({ version: 3 }))).toBe('conflict');
      await ledger.putDatabase(aDatabase());
      expect(await ledger.putDatabase(aDatabase())).toBe('conflict');
    });

    it('are read by the hundred, each once, and left out where they are not there', async () => {
      const ledger = await given();
      const keys = Array.from({ length: 230 }, (_, n) => `1/r/db-${n}`);
      await Promise.all(keys.map((key) => ledger.putDatabase(aDatabase({ key, id: key.slice(4) }))));
      const rows = await ledger.databases([...keys, ...keys.slice(0, 30), '1/r/db-unknown']);
      expect(rows.map((row) => row.key).sort()).toEqual(keys.toSorted());
    });

    it('that cannot be read are handed over where somebody takes them, and the others are read on', async () => {
      const { ledger, table } = await make(() => start);
      const [broken, ...others] = keysInAllShards.slice(0, 4) as [string, ...string[]];
      for (const key of [broken, ...others]) await ledger.putDatabase(aDatabase({ key }));
      const [item] = await table.read([rowKey(broken)]);
      await table.put({ item: { ...item, ...rowKey(broken), databaseFacts: 'by hand' } });
      const unreadable: (string | undefined)[] = [];
      const take = ({ database }: UnreadableRow) => void unreadable.push(database);
      const read = await ledger.leavingOut(take).databases([broken, ...others]);
      const listed = await collect(ledger.leavingOut(take).allDatabases());
      expect(unreadable).toEqual([broken, broken]);
      for (const rows of [read, listed]) expect(rows.map(({ key }) => key).sort()).toEqual(others.toSorted());
      await expect(collect(ledger.allDatabases())).rejects.toThrow('cannot be read');
    });
  });

  describe('names', () => {
    it('find also earlier holders, whatever their case, and no other kind’s', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase({ key: inHere('db-OLD') }));
      await ledger.putDatabase(aDatabase({ key: inHere('db-NEW') }));
      await ledger.putDatabase(aDatabase({ key: inHere('cluster-NEW'), kind: 'cluster' }));
      await ledger.putDatabase(aDatabase({ key: inHere('db-2'), id: 'orders2' }));
      const found = await ledger.databasesByName({ ...ordersName, id: 'Orders' });
      expect(found.map((row) => row.key).sort()).toEqual([inHere('db-NEW'), inHere('db-OLD')]);
      const clusters = await ledger.databasesByName({ ...ordersName, kind: 'cluster' });
      expect(clusters.map((row) => row.key)).toEqual([inHere('cluster-NEW')]);
      expect(await ledger.databasesByName({ ...ordersName, kind: 'cluster', id: 'orders2' })).toEqual([]);
    });

    it('find the database of their own environment', async () => {
      const ledger = await given();
      for (const { account, region } of [here, ...elsewhere]) {
        await ledger.putDatabase(aDatabase({ key: `${account}/${region}/db-ORDERS` }));
      }
      for (const environment of [here, ...elsewhere]) {
        const found = await ledger.databasesByName({ ...ordersName, ...environment });
        expect(found.map((row) => row.key)).toEqual([`${environment.account}/${environment.region}/db-ORDERS`]);
      }
    });

    it('find a renamed database by the new one only', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase());
      await ledger.putDatabase(aDatabase({ id: 'orders-v2', version: 1 }));
      expect(await ledger.databasesByName(ordersName)).toEqual([]);
      expect(await ledger.databasesByName({ ...ordersName, id: 'orders-v2' })).toHaveLength(1);
    });
  });

  describe('lists', () => {
    it('give a tenant’s databases by name, and those of nobody only among all', async () => {
      const ledger = await given();
      const { tenant: _, ...nobodys } = aDatabase({ key: '1/r/db-N', id: 'nobody' });
      for (const id of ['c', 'a', 'b']) await ledger.putDatabase(aDatabase({ key: `1/r/db-${id}`, id }));
      await ledger.putDatabase(nobodys);
      expect((await collect(ledger.databasesOfTenant('acme'))).map((row) => row.id)).toEqual(['a', 'b', 'c']);
      expect((await collect(ledger.allDatabases())).map((row) => row.id).sort()).toEqual(['a', 'b', 'c', 'nobody']);
    });

    it('give every database once, however many they are', async () => {
      const ledger = await given();
      const keys = Array.from({ length: 260 }, (_, n) => `1/r/db-${n}`);
      await Promise.all(keys.map((key) => ledger.putDatabase(aDatabase({ key }))));
      expect((await collect(ledger.allDatabases())).map((row) => row.key).sort()).toEqual(keys.toSorted());
    });

    it('give a database to its new tenant', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase());
      await ledger.putDatabase(aDatabase({ tenant: 'globex', version: 1 }));
      expect(await collect(ledger.databasesOfTenant('acme'))).toEqual([]);
      expect(await collect(ledger.databasesOfTenant('globex'))).toHaveLength(1);
    });
  });

  describe('the next check', () => {
    it('names the databases to be checked by now, earliest first, over all shards', async () => {
      const ledger = await given();
      const moments = keysInAllShards.map((_, n) => new Date(start.getTime() - n * 60_000));
      for (const [n, key] of keysInAllShards.entries()) {
        await ledger.putDatabase(aDatabase({ key, nextCheckAt: moments[n] as Date }));
      }
      await ledger.putDatabase(aDatabase({ key: inHere('next'), nextCheckAt: new Date(start.getTime() + 1) }));
      await ledger.putDatabase(aDatabase({ key: inHere('never') }));
      expect(await collect(ledger.databasesToCheck(start))).toEqual(keysInAllShards.toReversed());
      expect(await collect(ledger.allDatabases())).toHaveLength(keysInAllShards.length + 2);
    });

    it('no longer names a database that was put off', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase({ nextCheckAt: start }));
      await ledger.putDatabase(aDatabase({ nextCheckAt: at('2026-11-24'), version: 1 }));
      expect(await collect(ledger.databasesToCheck(start))).toEqual([]);
    });
  });
}
