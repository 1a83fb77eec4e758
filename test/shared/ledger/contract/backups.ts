import { describe, expect, it } from 'vitest';
import { type Backup, backupIdOf } from '../../../../shared/domain/index.ts';
import type { Ledger } from '../../../../shared/ledger/ledger.ts';
import { collect } from '../../../../shared/lib/iterables.ts';
import { aBackup, aDatabase, aDay, anAlert, at, ordersKey } from '../rows.ts';
import { here, keysInAllShards, type MakeLedger, start } from './given.ts';

const deleted = { code: 'deleted-by-user', facts: {} } as const;
const closed = { at: start, cause: deleted, expiresAt: at('2027-12-01') };

export function backupsContract(make: MakeLedger): void {
  const given = async () => (await make(() => start)).ledger;

  describe('recording', () => {
    it('gives back every attribute of a backup as it was recorded', async () => {
      const ledger = await given();
      const full = aBackup({
        storageType: 'gp3',
        sizeGiB: 20,
        eventMissed: true,
        event: { id: 'RDS-EVENT-0091', time: at('2026-11-23T04:32:04.000Z') },
        copy: {
          mode: 'export',
          state: 'incomplete',
          attempt: 2,
          queuedAt: at('2026-11-23T04:33:00.000Z'),
          notBefore: at('2026-11-23T04:34:00.000Z'),
          startedAt: at('2026-11-23T04:35:00.000Z'),
          endedAt: at('2026-11-23T04:36:00.000Z'),
          taskId: 'acme-orders-2',
          bucket: 'copies',
          prefix: 'acme/orders',
          percent: 99.5,
          bytes: 21_474_836_480,
          objects: 7,
          cause: {
            code: 'export-incomplete',
            facts: { skippedTables: [{ table: 'public.blobs', reason: 'too large' }], skipped: 1, warnings: [] },
          },
          permanent: false,
          notifiedAt: at('2026-11-23T04:37:00.000Z'),
        },
        closed,
      });
      await ledger.recordBackup(full);
      const recorded = [{ ...full, version: 1 }];
      expect(await ledger.backupsByArn(full.arn)).toEqual(recorded);
      expect(await ledger.backups([backupIdOf(full)])).toEqual(recorded);
      expect(await collect(ledger.backupsOfTenant('acme'))).toEqual(recorded);
    });

    it('keeps what is absent absent', async () => {
      const ledger = await given();
      const { tenant: _, backupTime: __, ...bare } = aBackup();
      await ledger.recordBackup(bare);
      expect(Object.keys(await only(ledger)).sort()).toEqual([...Object.keys(bare), 'version'].sort());
    });

    it('lets the first record of a backup win', async () => {
      const ledger = await given();
      expect(await ledger.recordBackup(aBackup())).toBe('recorded');
      expect(await ledger.recordBackup(aBackup({ learnedFrom: 'sweep' }))).toBe('duplicate');
      expect((await only(ledger)).learnedFrom).toBe('event');
    });

    it('lets one of many records at once win', async () => {
      const ledger = await given();
      const records = await Promise.all(Array.from({ length: 8 }, () => ledger.recordBackup(aBackup())));
      expect(records.filter((record) => record === 'recorded')).toHaveLength(1);
    });

    it('distinguishes backups of one moment by their ids, and of one id by their databases', async () => {
      const ledger = await given();
      const backups = [aBackup({ id: 'a' }), aBackup({ id: 'b' }), aBackup({ id: 'a', of: '1/r/db-OTHER' })];
      for (const backup of backups) expect(await ledger.recordBackup(backup)).toBe('recorded');
      expect(idsOf(await collect(ledger.backupsOfDatabase(ordersKey)))).toEqual(['b', 'a']);
      expect(idsOf(await collect(ledger.backupsOfDatabase('1/r/db-OTHER')))).toEqual(['a']);
    });

    it('does not know the ARN of what was never recorded', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      expect(await ledger.backupsByArn(`${aBackup().arn}x`)).toEqual([]);
    });

    it.each(['rds:orders-2026-11-23-04-08', 'awsbackup:job-5c0f1d0e-0000-4000-8000-000000000000', 'nightly'])(
      'keeps snapshot ids as they are: %s',
      async (id) => {
        const ledger = await given();
        const backup = aBackup({ id });
        await ledger.recordBackup(backup);
        expect(idsOf(await ledger.backupsByArn(backup.arn))).toEqual([id]);
        expect(idsOf(await ledger.backups([backupIdOf(backup)]))).toEqual([id]);
        expect(await ledger.liveBackups(ordersKey)).toEqual([{ ...backupIdOf(backup), recordedAt: backup.recordedAt }]);
        expect(idsOf(await collect(ledger.backupsOfDatabase(ordersKey)))).toEqual([id]);
      },
    );

    it('keeps names in any script', async () => {
      const ledger = await given();
      const tenant = 'Bäckerei Øst 東京 🥐';
      await ledger.recordBackup(aBackup({ tenant }));
      expect((await collect(ledger.backupsOfTenant(tenant))).map((backup) => backup.tenant)).toEqual([tenant]);
    });

    it('reads over 100 rows by id, each once, and leaves out what is not there', async () => {
      const ledger = await given();
      const backups = Array.from({ length: 130 }, (_, n) => aBackup({ id: `b${n}` }));
      await Promise.all(backups.map((backup) => ledger.recordBackup(backup)));
      const asked = [...backups, ...backups.slice(0, 5), aBackup({ id: 'never' })].map(backupIdOf);
      expect(idsOf(await ledger.backups(asked)).sort()).toEqual(idsOf(backups).sort());
    });

    it('reads nothing where nothing is asked for', async () => {
      const ledger = await given();
      expect(await ledger.backups([])).toEqual([]);
      expect(await ledger.databases([])).toEqual([]);
      expect(await ledger.alerts([])).toEqual([]);
    });
  });

  describe('a name that is used again', () => {
    const nightly = (day: string, changes: Partial<Backup> & { of?: string } = {}) =>
      aBackup({ id: 'nightly', kind: 'manual', createdAt: at(`${day}T01:00:00.000Z`), ...changes });
    const days = ['2026-11-21', '2026-11-22', '2026-11-23'];
    async function usedDaily(): Promise<Ledger> {
      const ledger = await given();
      for (const day of ['2026-11-22', '2026-11-23', '2026-11-21']) {
        expect(await ledger.recordBackup(nightly(day))).toBe('recorded');
      }
      return ledger;
    }
    const daysOf = (backups: readonly { createdAt: Date }[]) =>
      backups.map(({ createdAt }) => createdAt.toISOString().slice(0, 10));

    it('has a row for each use, newest first', async () => {
      const ledger = await usedDaily();
      expect(daysOf(await ledger.backupsByArn(nightly('2026-11-23').arn))).toEqual(days.toReversed());
      expect(daysOf(await collect(ledger.backupsOfDatabase(ordersKey)))).toEqual(days.toReversed());
    });

    it('closes the one that is meant, and no other', async () => {
      const ledger = await usedDaily();
      const [row] = await ledger.backups([backupIdOf(nightly('2026-11-22'))]);
      await ledger.updateBackup({ ...(row as Backup), closed });
      expect(daysOf(await ledger.liveBackups(ordersKey))).toEqual(['2026-11-21', '2026-11-23']);
      expect((await ledger.backupsByArn(nightly('2026-11-23').arn)).map((backup) => backup.closed)).toEqual([
        undefined,
        closed,
        undefined,
      ]);
    });

    it('lets each use be recorded once', async () => {
      const ledger = await usedDaily();
      expect(await ledger.recordBackup(nightly('2026-11-22'))).toBe('duplicate');
    });

    it('is found by its ARN for each database that had a snapshot of that name', async () => {
      const ledger = await usedDaily();
      await ledger.recordBackup(nightly('2026-11-24', { of: '123456789012/eu-west-1/db-SUCCESSOR' }));
      expect(daysOf(await ledger.backupsByArn(nightly('2026-11-24').arn))).toEqual(
        [...days, '2026-11-24'].toReversed(),
      );
    });
  });

  describe('live backups', () => {
    const recorded = (id: string, minute: number, changes: Partial<Backup> & { of?: string } = {}) =>
      aBackup({ id, recordedAt: new Date(start.getTime() + minute * 60_000), ...changes });

    it('are those that are not closed, in the order in which they were recorded', async () => {
      const ledger = await given();
      for (const backup of [recorded('third', 3), recorded('first', 1), recorded('second', 2)]) {
        await ledger.recordBackup(backup);
      }
      await ledger.recordBackup(recorded('gone', 0, { closed }));
      const second = (await ledger.backups([backupIdOf(recorded('second', 2))]))[0] as Backup;
      expect(await ledger.liveBackups(ordersKey)).toEqual(
        [recorded('first', 1), recorded('second', 2), recorded('third', 3)].map((backup) => ({
          ...backupIdOf(backup),
          recordedAt: backup.recordedAt,
        })),
      );
      await ledger.updateBackup({ ...second, closed });
      expect((await ledger.liveBackups(ordersKey)).map(({ snapshotId }) => snapshotId)).toEqual(['first', 'third']);
    });

    it('are again those that were closed and opened again, where they stood', async () => {
      const ledger = await given();
      await ledger.recordBackup(recorded('opened', 1, { closed }));
      await ledger.recordBackup(recorded('other', 2));
      const { closed: _, ...open } = (await ledger.backups([backupIdOf(recorded('opened', 1))]))[0] as Backup;
      await ledger.updateBackup(open);
      expect((await ledger.liveBackups(ordersKey)).map(({ snapshotId }) => snapshotId)).toEqual(['opened', 'other']);
    });

    it('are the database’s own, and none of its other rows', async () => {
      const ledger = await given();
      await ledger.recordBackup(recorded('theirs', 1, { of: '1/r/db-OTHER' }));
      await ledger.putDatabaseWithAlert(aDatabase(), anAlert());
      await ledger.putDays([aDay()]);
      expect(await ledger.liveBackups(ordersKey)).toEqual([]);
    });

    it('are all of them, also of a database with a year of backups and more', async () => {
      const ledger = await given();
      const year = Array.from({ length: 400 }, (_, n) => recorded(`b${n}`, n));
      await Promise.all(year.map((backup) => ledger.recordBackup(backup)));
      expect((await ledger.liveBackups(ordersKey)).map(({ snapshotId }) => snapshotId)).toEqual(idsOf(year));
    });
  });

  describe('changing', () => {
    it('writes a row that nobody changed since it was read, and counts its version up', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      const read = await only(ledger);
      expect(await ledger.updateBackup({ ...read, sizeGiB: 40 })).toBe('written');
      expect(await only(ledger)).toEqual({ ...read, sizeGiB: 40, version: 2 });
    });

    it('refuses a row that somebody else changed in between, and leaves theirs', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      const read = await only(ledger);
      await ledger.updateBackup({ ...read, sizeGiB: 40 });
      expect(await ledger.updateBackup({ ...read, sizeGiB: 50 })).toBe('conflict');
      expect((await only(ledger)).sizeGiB).toBe(40);
    });

    it('lets one of several writers of one version through', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      const read = await only(ledger);
      const writes = await Promise.all([1, 2, 3, 4].map((sizeGiB) => ledger.updateBackup({ ...read, sizeGiB })));
      expect(writes.filter((written) => written === 'written')).toHaveLength(1);
    });

    it('refuses a row that was never recorded, or never read', async () => {
      const ledger = await given();
      expect(await ledger.updateBackup(aBackup({ version: 1 }))).toBe('conflict');
      await ledger.recordBackup(aBackup());
      expect(await ledger.updateBackup(aBackup())).toBe('conflict');
    });

    it('moves the row to where its new tenant looks for it', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      await ledger.updateBackup({ ...(await only(ledger)), tenant: 'globex' });
      expect(await collect(ledger.backupsOfTenant('acme'))).toEqual([]);
      expect(await collect(ledger.backupsOfTenant('globex'))).toHaveLength(1);
    });
  });

  describe('listing', () => {
    const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23'];
    async function withDailyBackups(): Promise<Ledger> {
      const ledger = await given();
      for (const day of ['2026-11-22', '2026-11-20', '2026-11-23', '2026-11-21']) {
        await ledger.recordBackup(aBackup({ id: day, createdAt: at(`${day}T04:00:00.000Z`) }));
      }
      return ledger;
    }

    it('gives a database’s backups newest first', async () => {
      const ledger = await withDailyBackups();
      expect(idsOf(await collect(ledger.backupsOfDatabase(ordersKey)))).toEqual(days.toReversed());
    });

    it('gives a tenant’s backups newest first, over its databases, and nobody else’s', async () => {
      const ledger = await withDailyBackups();
      const createdAt = at('2026-11-21T09:00:00.000Z');
      await ledger.recordBackup(aBackup({ id: 'other', of: '1/r/db-OTHER', createdAt }));
      await ledger.recordBackup(aBackup({ id: 'theirs', of: '1/r/db-THEIRS', createdAt, tenant: 'acme2' }));
      expect(idsOf(await collect(ledger.backupsOfTenant('acme')))).toEqual([
        '2026-11-23',
        '2026-11-22',
        'other',
        '2026-11-21',
        '2026-11-20',
      ]);
    });

    it.each([
      ['from is inclusive', { from: at('2026-11-22T04:00:00.000Z') }, ['2026-11-23', '2026-11-22']],
      ['to is exclusive', { to: at('2026-11-22T04:00:00.000Z') }, ['2026-11-21', '2026-11-20']],
      ['a millisecond later it is in', { to: at('2026-11-21T04:00:00.001Z') }, ['2026-11-21', '2026-11-20']],
      ['both', { from: at('2026-11-21T04:00:00.000Z'), to: at('2026-11-22T04:00:00.000Z') }, ['2026-11-21']],
      ['an empty span', { from: at('2026-11-21T04:00:00.000Z'), to: at('2026-11-21T04:00:00.000Z') }, []],
      ['a span that ends before it begins', { from: at('2026-11-22'), to: at('2026-11-21') }, []],
    ])('bounds a span: %s', async (_, span, expected) => {
      const ledger = await withDailyBackups();
      expect(idsOf(await collect(ledger.backupsOfDatabase(ordersKey, span)))).toEqual(expected);
      expect(idsOf(await collect(ledger.backupsOfTenant('acme', span)))).toEqual(expected);
    });

    it('places copies of snapshots, among a tenant’s and a day’s, at the moment their data is from', async () => {
      const ledger = await given();
      const createdAt = at('2026-11-23T04:00:00.000Z');
      const copied = aBackup({ id: 'copied', kind: 'copy', createdAt, backupTime: at('2026-11-13T23:59:59.999Z') });
      await ledger.recordBackup(copied);
      expect(idsOf(await collect(ledger.backupsOfDay('2026-11-13')))).toEqual(['copied']);
      expect(await collect(ledger.backupsOfDay('2026-11-14'))).toEqual([]);
      expect(idsOf(await collect(ledger.backupsOfTenant('acme', { to: at('2026-11-14') })))).toEqual(['copied']);
      expect(idsOf(await collect(ledger.backupsOfDatabase(ordersKey, { from: createdAt })))).toEqual(['copied']);
    });

    it('places a backup of unknown time where it was created', async () => {
      const ledger = await given();
      const { backupTime: _, ...unknown } = aBackup({ id: 'unknown', kind: 'copy' });
      await ledger.recordBackup(unknown);
      expect(idsOf(await collect(ledger.backupsOfDay('2026-11-23')))).toEqual(['unknown']);
      expect(idsOf(await collect(ledger.backupsOfTenant('acme', { from: at('2026-11-23') })))).toEqual(['unknown']);
    });

    it('gives a day’s backups of all tenants newest first, those of nobody too', async () => {
      const ledger = await withDailyBackups();
      const createdAt = at('2026-11-22T05:00:00Z');
      const { tenant: _, ...nobodys } = aBackup({ id: 'nobody', of: '1/r/db-X', createdAt });
      await ledger.recordBackup(nobodys);
      expect(idsOf(await collect(ledger.backupsOfDay('2026-11-22')))).toEqual(['nobody', '2026-11-22']);
    });

    it('gives a day’s backups whole and newest first, however many databases they are spread over', async () => {
      const ledger = await given();
      const backups = keysInAllShards.map((of, n) =>
        aBackup({ of, id: `b${n}`, createdAt: new Date(at('2026-11-23').getTime() + n * 60_000) }),
      );
      await Promise.all(backups.map((backup) => ledger.recordBackup(backup)));
      expect(idsOf(await collect(ledger.backupsOfDay('2026-11-23')))).toEqual(idsOf(backups).toReversed());
    });

    it('does not mix the rows of a database, a tenant or a day', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      await ledger.putDatabaseWithAlert(aDatabase(), anAlert());
      await ledger.putDays([aDay()]);
      const [from, to] = ['2026-01-01', '2026-12-31'] as const;
      expect(await collect(ledger.backupsOfDatabase(ordersKey))).toHaveLength(1);
      expect(await collect(ledger.alertsOfDatabase(ordersKey))).toHaveLength(1);
      expect(await collect(ledger.daysOfDatabase(ordersKey, from, to))).toHaveLength(1);
      expect(await collect(ledger.backupsOfTenant('acme'))).toHaveLength(1);
      expect(await collect(ledger.databasesOfTenant('acme'))).toHaveLength(1);
      expect(await collect(ledger.alertsOfTenant('acme'))).toHaveLength(1);
      expect(await collect(ledger.daysOfTenant('acme', from, to))).toHaveLength(1);
      expect(await collect(ledger.backupsOfDay('2026-11-23'))).toHaveLength(1);
      expect(await collect(ledger.daysOfDate('2026-11-23'))).toHaveLength(1);
    });
  });

  describe('expiry', () => {
    const closed = { at: at('2026-11-20'), cause: deleted, expiresAt: at('2026-11-27T12:00:00.500Z') };
    async function closedAt(now: { time: Date }): Promise<Ledger> {
      const { ledger } = await make(() => now.time);
      const copy = { mode: 'export', state: 'queued', attempt: 1, queuedAt: at('2026-11-20') } as const;
      await ledger.recordBackup(aBackup({ closed, copy }));
      return ledger;
    }
    const seen = async (ledger: Ledger) => ({
      byArn: await ledger.backupsByArn(aBackup().arn),
      byId: await ledger.backups([backupIdOf(aBackup())]),
      ofDatabase: await collect(ledger.backupsOfDatabase(ordersKey)),
      ofTenant: await collect(ledger.backupsOfTenant('acme')),
      ofDay: await collect(ledger.backupsOfDay('2026-11-23')),
      copies: await collect(ledger.copies(here, 'queued')),
    });
    const everywhere = (rows: unknown[]) => {
      return { byArn: rows, byId: rows, ofDatabase: rows, ofTenant: rows, ofDay: rows, copies: rows };
    };

    it('shows a closed row until it expires', async () => {
      const now = { time: start };
      const ledger = await closedAt(now);
      now.time = new Date(closed.expiresAt.getTime() - 1);
      expect(await seen(ledger)).toEqual(everywhere([expect.objectContaining({ closed })]));
      expect(await ledger.recordBackup(aBackup())).toBe('duplicate');
    });

    it('does not show it from then on, although it may not be removed yet', async () => {
      const now = { time: start };
      const ledger = await closedAt(now);
      now.time = closed.expiresAt;
      expect(await seen(ledger)).toEqual(everywhere([]));
    });

    it('records a backup anew over a row that has expired', async () => {
      const now = { time: start };
      const ledger = await closedAt(now);
      now.time = closed.expiresAt;
      expect(await ledger.recordBackup(aBackup())).toBe('recorded');
      expect(await only(ledger)).toEqual(aBackup({ version: 1 }));
    });
  });
}

const idsOf = (backups: readonly Backup[]) => backups.map((backup) => backup.id);

/** The one row of the one backup. */
async function only(ledger: Ledger): Promise<Backup> {
  const [backup, ...others] = await ledger.backupsByArn(aBackup().arn);
  if (backup === undefined || others.length > 0) throw new Error(`not one backup but ${others.length + 1}`);
  return backup;
}
