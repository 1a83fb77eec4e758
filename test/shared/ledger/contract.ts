import { describe, expect, it } from 'vitest';
import { type Ledger, liveBackupId } from '../../../shared/ledger/ledger.ts';
import type { Backup, Copy, DatabaseRow } from '../../../shared/model.ts';
import { aBackup, aDatabase, aDay, anAlert, aSweep, at, ordersKey } from './rows.ts';

const start = at('2026-11-23T12:00:00.000Z');

/** The promises of `ledger.ts`. `make` gives an empty ledger on the given clock. */
export function ledgerContract(make: (now: () => Date) => Promise<Ledger>): void {
  const given = () => make(() => start);

  describe('backups', () => {
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
          reason: 'One table was skipped.',
          permanent: false,
          toldAt: at('2026-11-23T04:37:00.000Z'),
        },
        closed: { at: start, reason: 'deleted', expiresAt: at('2027-12-01') },
      });
      await ledger.recordBackup(full);
      expect(await ledger.backupByArn(full.arn)).toEqual({ ...full, version: 1 });
      expect(await all(ledger.backupsOfTenant('acme'))).toEqual([{ ...full, version: 1 }]);
    });

    it('keeps what is absent absent', async () => {
      const ledger = await given();
      const { tenant: _, backupTime: __, ...bare } = aBackup();
      await ledger.recordBackup(bare);
      const read = await ledger.backupByArn(bare.arn);
      expect(Object.keys(read ?? {}).sort()).toEqual([...Object.keys(bare), 'version'].sort());
    });

    it('lets the first record of a backup win', async () => {
      const ledger = await given();
      expect(await ledger.recordBackup(aBackup())).toBe('recorded');
      expect(await ledger.recordBackup(aBackup({ learnedFrom: 'sweep' }))).toBe('duplicate');
      expect((await ledger.backupByArn(aBackup().arn))?.learnedFrom).toBe('event');
    });

    it('lets one of many records at once win', async () => {
      const ledger = await given();
      const records = await Promise.all(Array.from({ length: 8 }, () => ledger.recordBackup(aBackup())));
      expect(records.filter((record) => record === 'recorded')).toHaveLength(1);
    });

    it('tells backups of one moment apart by their ids, and of one id by their databases', async () => {
      const ledger = await given();
      const backups = [aBackup({ id: 'a' }), aBackup({ id: 'b' }), aBackup({ id: 'c', of: '1/r/db-OTHER' })];
      for (const backup of backups) expect(await ledger.recordBackup(backup)).toBe('recorded');
      expect(ids(await all(ledger.backupsOfDatabase(ordersKey)))).toEqual(['b', 'a']);
      expect(ids(await all(ledger.backupsOfDatabase('1/r/db-OTHER')))).toEqual(['c']);
    });

    it('does not know the ARN of what was never recorded', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      expect(await ledger.backupByArn(`${aBackup().arn}x`)).toBeUndefined();
    });

    it.each(['rds:orders-2026-11-23-04-08', 'awsbackup:job-5c0f1d0e-0000-4000-8000-000000000000', 'a:b#c:d$e'])(
      'keeps snapshot ids with separators in them: %s',
      async (id) => {
        const ledger = await given();
        const backup = aBackup({ id });
        await ledger.recordBackup(backup);
        expect((await ledger.backupByArn(backup.arn))?.id).toBe(id);
        expect(ids(await ledger.backups([{ database: backup.database, liveBackup: liveBackupId(backup) }]))).toEqual([
          id,
        ]);
        expect(ids(await all(ledger.backupsOfDatabase(ordersKey)))).toEqual([id]);
      },
    );

    it('keeps names in any script', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup({ tenant: 'Bäckerei Øst 東京 🥐', engine: 'postgres' }));
      const [backup] = await all(ledger.backupsOfTenant('Bäckerei Øst 東京 🥐'));
      expect(backup?.tenant).toBe('Bäckerei Øst 東京 🥐');
    });

    it('finds the rows of live backups, over 100 of them, twice named, and leaves out what is not there', async () => {
      const ledger = await given();
      const backups = Array.from({ length: 130 }, (_, n) => aBackup({ id: `b${n}` }));
      await Promise.all(backups.map((backup) => ledger.recordBackup(backup)));
      const asked = [...backups, ...backups.slice(0, 5)].map((backup) => ({
        database: backup.database,
        liveBackup: liveBackupId(backup),
      }));
      const found = await ledger.backups([
        ...asked,
        { database: ordersKey, liveBackup: '2020-01-01T00:00:00.000Z#no' },
      ]);
      expect(ids(found).sort()).toEqual(ids(backups).sort());
    });

    it('has no rows for nothing asked', async () => {
      const ledger = await given();
      expect(await ledger.backups([])).toEqual([]);
      expect(await ledger.databases([])).toEqual([]);
    });
  });

  describe('changing a backup', () => {
    it('writes a row that nobody changed since it was read, and counts its version up', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      const read = await theBackup(ledger);
      expect(await ledger.updateBackup({ ...read, sizeGiB: 40 })).toBe('written');
      expect(await theBackup(ledger)).toEqual({ ...read, sizeGiB: 40, version: 2 });
    });

    it('refuses a row that somebody else changed in between, and leaves theirs', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      const read = await theBackup(ledger);
      await ledger.updateBackup({ ...read, sizeGiB: 40 });
      expect(await ledger.updateBackup({ ...read, sizeGiB: 50 })).toBe('conflict');
      expect((await theBackup(ledger)).sizeGiB).toBe(40);
    });

    it('lets one of several writers of one version through', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      const read = await theBackup(ledger);
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
      await ledger.updateBackup({ ...(await theBackup(ledger)), tenant: 'globex' });
      expect(await all(ledger.backupsOfTenant('acme'))).toEqual([]);
      expect(await all(ledger.backupsOfTenant('globex'))).toHaveLength(1);
    });
  });

  describe('listing backups', () => {
    const days = ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23'];
    async function withDailyBackups(): Promise<Ledger> {
      const ledger = await given();
      for (const day of ['2026-11-22', '2026-11-20', '2026-11-23', '2026-11-21']) {
        await ledger.recordBackup(aBackup({ id: day, createdAt: at(`${day}T04:00:00.000Z`) }));
      }
      return ledger;
    }

    it('lists a database’s backups newest first', async () => {
      const ledger = await withDailyBackups();
      expect(ids(await all(ledger.backupsOfDatabase(ordersKey)))).toEqual(days.toReversed());
    });

    it('lists a tenant’s backups newest first, over its databases, and nobody else’s', async () => {
      const ledger = await withDailyBackups();
      const createdAt = at('2026-11-21T09:00:00.000Z');
      await ledger.recordBackup(aBackup({ id: 'other', of: '1/r/db-OTHER', createdAt }));
      await ledger.recordBackup(aBackup({ id: 'theirs', of: '1/r/db-THEIRS', createdAt, tenant: 'acme2' }));
      expect(ids(await all(ledger.backupsOfTenant('acme')))).toEqual([
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
      expect(ids(await all(ledger.backupsOfDatabase(ordersKey, span)))).toEqual(expected);
      expect(ids(await all(ledger.backupsOfTenant('acme', span)))).toEqual(expected);
    });

    it('lists a tenant’s and a day’s copies of snapshots by the moment their data is from', async () => {
      const ledger = await given();
      const createdAt = at('2026-11-23T04:00:00.000Z');
      const copied = aBackup({ id: 'copied', kind: 'copy', createdAt, backupTime: at('2026-11-13T23:59:59.999Z') });
      await ledger.recordBackup(copied);
      expect(ids(await all(ledger.backupsOfDay('2026-11-13')))).toEqual(['copied']);
      expect(await all(ledger.backupsOfDay('2026-11-14'))).toEqual([]);
      expect(ids(await all(ledger.backupsOfTenant('acme', { to: at('2026-11-14') })))).toEqual(['copied']);
      expect(ids(await all(ledger.backupsOfDatabase(ordersKey, { from: createdAt })))).toEqual(['copied']);
    });

    it('lists a backup of unknown time where it was created', async () => {
      const ledger = await given();
      const { backupTime: _, ...unknown } = aBackup({ id: 'unknown', kind: 'copy' });
      await ledger.recordBackup(unknown);
      expect(ids(await all(ledger.backupsOfDay('2026-11-23')))).toEqual(['unknown']);
      expect(ids(await all(ledger.backupsOfTenant('acme', { from: at('2026-11-23') })))).toEqual(['unknown']);
    });

    it('lists a day’s backups of all tenants newest first, those of nobody too', async () => {
      const ledger = await withDailyBackups();
      const { tenant: _, ...nobodys } = aBackup({
        id: 'nobody',
        of: '1/r/db-X',
        createdAt: at('2026-11-22T05:00:00Z'),
      });
      await ledger.recordBackup(nobodys);
      expect(ids(await all(ledger.backupsOfDay('2026-11-22')))).toEqual(['nobody', '2026-11-22']);
    });

    it('does not mix a database’s backups with its other rows', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup());
      await ledger.putDatabaseWithAlert(aDatabase(), anAlert());
      await ledger.putDays([aDay()]);
      expect(await all(ledger.backupsOfDatabase(ordersKey))).toHaveLength(1);
      expect(await all(ledger.alertsOfDatabase(ordersKey))).toHaveLength(1);
      expect(await all(ledger.daysOfDatabase(ordersKey, '2026-01-01', '2026-12-31'))).toHaveLength(1);
      expect(await all(ledger.backupsOfTenant('acme'))).toHaveLength(1);
      expect(await all(ledger.databasesOfTenant('acme'))).toHaveLength(1);
      expect(await all(ledger.alertsOfTenant('acme'))).toHaveLength(1);
      expect(await all(ledger.daysOfTenant('acme', '2026-01-01', '2026-12-31'))).toHaveLength(1);
      expect(await all(ledger.backupsOfDay('2026-11-23'))).toHaveLength(1);
      expect(await all(ledger.daysOfDate('2026-11-23'))).toHaveLength(1);
    });
  });

  describe('expiry', () => {
    const closed = { at: at('2026-11-20'), reason: 'deleted', expiresAt: at('2026-11-27T12:00:00.500Z') };
    async function closedAt(now: { time: Date }): Promise<Ledger> {
      const ledger = await make(() => now.time);
      await ledger.recordBackup(
        aBackup({ closed, copy: { mode: 'export', state: 'queued', attempt: 1, queuedAt: at('2026-11-20') } }),
      );
      return ledger;
    }
    const seen = async (ledger: Ledger) => ({
      byArn: await ledger.backupByArn(aBackup().arn),
      byId: await ledger.backups([{ database: ordersKey, liveBackup: liveBackupId(aBackup()) }]),
      ofDatabase: await all(ledger.backupsOfDatabase(ordersKey)),
      ofTenant: await all(ledger.backupsOfTenant('acme')),
      ofDay: await all(ledger.backupsOfDay('2026-11-23')),
      copies: await all(ledger.copies('queued')),
    });

    it('shows a closed row until it expires', async () => {
      const now = { time: start };
      const ledger = await closedAt(now);
      now.time = new Date(closed.expiresAt.getTime() - 1);
      const row = expect.objectContaining({ closed });
      expect(await seen(ledger)).toEqual({
        byArn: row,
        byId: [row],
        ofDatabase: [row],
        ofTenant: [row],
        ofDay: [row],
        copies: [row],
      });
      expect(await ledger.recordBackup(aBackup())).toBe('duplicate');
    });

    it('does not show it from then on, although it may not be removed yet', async () => {
      const now = { time: start };
      const ledger = await closedAt(now);
      now.time = closed.expiresAt;
      expect(await seen(ledger)).toEqual({
        byArn: undefined,
        byId: [],
        ofDatabase: [],
        ofTenant: [],
        ofDay: [],
        copies: [],
      });
    });

    it('records a backup anew over a row that has expired', async () => {
      const now = { time: start };
      const ledger = await closedAt(now);
      now.time = closed.expiresAt;
      expect(await ledger.recordBackup(aBackup())).toBe('recorded');
      expect(await ledger.backupByArn(aBackup().arn)).toEqual(aBackup({ version: 1 }));
    });
  });

  describe('expiry of what is over', () => {
    const expiresAt = at('2026-11-27T12:00:00.500Z');
    const seen = async (ledger: Ledger) => ({
      daysOfDatabase: (await all(ledger.daysOfDatabase(ordersKey, '2026-11-01', '2026-11-30'))).length,
      daysOfTenant: (await all(ledger.daysOfTenant('acme', '2026-11-01', '2026-11-30'))).length,
      daysOfDate: (await all(ledger.daysOfDate('2026-11-23'))).length,
      alertsOfDatabase: (await all(ledger.alertsOfDatabase(ordersKey))).length,
      alertsOfTenant: (await all(ledger.alertsOfTenant('acme'))).length,
      sweeps: (await all(ledger.sweeps())).length,
    });

    it('shows days, resolved alerts and sweeps until they expire, and no longer', async () => {
      const now = { time: start };
      const ledger = await make(() => now.time);
      await ledger.putDays([aDay({ expiresAt })]);
      await ledger.putDatabaseWithAlert(aDatabase(), anAlert({ resolved: start, expiresAt }));
      await ledger.putSweep(aSweep({ expiresAt }));
      now.time = new Date(expiresAt.getTime() - 1);
      const counts = Object.entries(await seen(ledger));
      expect(counts.every(([, count]) => count === 1)).toBe(true);
      now.time = expiresAt;
      expect(await seen(ledger)).toEqual(Object.fromEntries(counts.map(([name]) => [name, 0])));
    });
  });

  describe('copies', () => {
    const copyIn = (state: Copy['state'], queuedAt?: Date): Copy => ({
      mode: 'export',
      state,
      attempt: 1,
      ...(queuedAt && { queuedAt }),
    });

    it('lists the copies of each active state, those queued first first', async () => {
      const ledger = await given();
      for (const state of ['queued', 'starting', 'running'] as const) {
        await ledger.recordBackup(aBackup({ id: `${state}-late`, copy: copyIn(state, at('2026-11-23T05:00:00Z')) }));
        await ledger.recordBackup(aBackup({ id: `${state}-early`, copy: copyIn(state, at('2026-11-23T04:59:59Z')) }));
      }
      for (const state of ['queued', 'starting', 'running'] as const) {
        expect(ids(await all(ledger.copies(state)))).toEqual([`${state}-early`, `${state}-late`]);
      }
    });

    it('keeps copies of one moment apart', async () => {
      const ledger = await given();
      const copy = copyIn('queued', at('2026-11-23T05:00:00Z'));
      await ledger.recordBackup(aBackup({ id: 'same', copy }));
      await ledger.recordBackup(aBackup({ id: 'other', copy }));
      await ledger.recordBackup(aBackup({ id: 'third', of: '1/r/db-OTHER', copy }));
      expect(ids(await all(ledger.copies('queued'))).sort()).toEqual(['other', 'same', 'third']);
    });

    it('lists a copy that has no time of queueing by its recording', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup({ id: 'b', recordedAt: at('2026-11-23T05:00:00Z'), copy: copyIn('queued') }));
      await ledger.recordBackup(aBackup({ id: 'a', copy: copyIn('queued', at('2026-11-23T05:00:01Z')) }));
      expect(ids(await all(ledger.copies('queued')))).toEqual(['b', 'a']);
    });

    it('lists failed copies while RDS has the snapshot, since they can be tried again', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup({ id: 'failed', copy: copyIn('failed', at('2026-11-23T05:00:00Z')) }));
      expect(ids(await all(ledger.copies('failed')))).toEqual(['failed']);
      const [failed] = await all(ledger.copies('failed'));
      const closed = { at: at('2026-11-23T06:00:00Z'), reason: 'gone', expiresAt: at('2027-12-01') };
      await ledger.updateBackup({ ...(failed as Backup), closed });
      expect(await all(ledger.copies('failed'))).toEqual([]);
    });

    it.each(['none', 'complete', 'incomplete', 'failed', 'skipped', 'cancelled'] as const)(
      'lists no copy that is %s among the active ones',
      async (state) => {
        const ledger = await given();
        await ledger.recordBackup(aBackup({ copy: copyIn('queued') }));
        const [queued] = await all(ledger.copies('queued'));
        await ledger.updateBackup({ ...(queued as Backup), copy: copyIn(state) });
        for (const active of ['queued', 'starting', 'running'] as const) {
          expect(await all(ledger.copies(active))).toEqual([]);
        }
      },
    );

    it('gives rows that can be written back, so that one of two runs claims a copy', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup({ copy: copyIn('queued') }));
      const [row] = await all(ledger.copies('queued'));
      const claim = { ...(row as Backup), copy: copyIn('starting') };
      expect(await ledger.updateBackup(claim)).toBe('written');
      expect(await ledger.updateBackup(claim)).toBe('conflict');
      expect(await all(ledger.copies('queued'))).toEqual([]);
      expect(await all(ledger.copies('starting'))).toHaveLength(1);
    });
  });

  describe('the lease', () => {
    const minute = (n: number) => at(`2026-11-23T12:${String(n).padStart(2, '0')}:00.000Z`);

    it('is held by one holder until it runs out', async () => {
      const ledger = await given();
      expect(await ledger.takeLease('one', minute(0), minute(5))).toBe('taken');
      expect(await ledger.takeLease('two', minute(4), minute(9))).toBe('held');
      expect(await ledger.takeLease('two', minute(5), minute(10))).toBe('taken');
      expect(await ledger.takeLease('one', minute(6), minute(11))).toBe('held');
    });

    it('can be taken again by its holder, to hold it longer', async () => {
      const ledger = await given();
      await ledger.takeLease('one', minute(0), minute(5));
      expect(await ledger.takeLease('one', minute(3), minute(8))).toBe('taken');
      expect(await ledger.takeLease('two', minute(6), minute(11))).toBe('held');
    });

    it('is free once its holder gives it back', async () => {
      const ledger = await given();
      await ledger.takeLease('one', minute(0), minute(5));
      await ledger.releaseLease('one');
      expect(await ledger.takeLease('two', minute(1), minute(6))).toBe('taken');
    });

    it('is not given back by anybody else', async () => {
      const ledger = await given();
      await ledger.releaseLease('two');
      await ledger.takeLease('one', minute(0), minute(5));
      await ledger.releaseLease('two');
      expect(await ledger.takeLease('two', minute(1), minute(6))).toBe('held');
    });

    it('goes to one of many that want it at once', async () => {
      const ledger = await given();
      const wants = ['a', 'b', 'c', 'd', 'e'].map((holder) => ledger.takeLease(holder, minute(0), minute(5)));
      expect((await Promise.all(wants)).filter((answer) => answer === 'taken')).toHaveLength(1);
    });
  });

  describe('tenants served', () => {
    it('knows when each tenant was last served', async () => {
      const ledger = await given();
      expect(await ledger.tenantsServed()).toEqual(new Map());
      await ledger.noteTenantServed('acme', at('2026-11-23T05:00:00Z'));
      await ledger.noteTenantServed('globex', at('2026-11-23T04:00:00Z'));
      await ledger.noteTenantServed('acme', at('2026-11-23T06:00:00Z'));
      expect(await ledger.tenantsServed()).toEqual(
        new Map([
          ['acme', at('2026-11-23T06:00:00Z')],
          ['globex', at('2026-11-23T04:00:00Z')],
        ]),
      );
    });

    it('never moves a tenant’s time back', async () => {
      const ledger = await given();
      await ledger.noteTenantServed('acme', at('2026-11-23T06:00:00Z'));
      await ledger.noteTenantServed('acme', at('2026-11-23T05:00:00Z'));
      expect((await ledger.tenantsServed()).get('acme')).toEqual(at('2026-11-23T06:00:00Z'));
    });
  });

  describe('databases', () => {
    const full = aDatabase({
      engine: 'postgres',
      window: '04:00-04:30',
      retentionDays: 7,
      newestBackup: { arn: 'arn:x', id: 'x', time: at('2026-11-23T04:00:00Z') },
      deadline: at('2026-11-24T06:30:00Z'),
      verdict: 'protected',
      severity: 'info',
      reason: 'Backed up 8 h ago.',
      judgedAt: start,
      checkAt: at('2026-11-24T06:30:00Z'),
      since: at('2026-11-22'),
      liveBackups: ['2026-11-23T04:00:00.000Z#x', '2026-11-22T04:00:00.000Z#w'],
      inProgress: { id: 'y', since: start },
      exclusion: 'test system',
      alert: anAlert({
        newestBackup: { arn: 'arn:x', id: 'x', time: at('2026-11-23T04:00:00Z') },
        deadline: at('2026-11-23T06:00:00Z'),
        notified: [{ at: at('2026-11-23T06:31:00Z'), step: 'open', to: 'all' }],
        intent: { step: 'remind', at: start, tries: 2 },
        acknowledged: { by: 'kim', at: start, note: 'looking' },
        snoozedUntil: at('2026-11-24'),
        snoozed: { by: 'kim', at: start, note: 'known' },
        resolved: start,
        resolution: 'A new backup is there.',
      }),
    });

    it('gives back every attribute of a database as it was written', async () => {
      const ledger = await given();
      expect(await ledger.putDatabase(full)).toBe('written');
      expect(await ledger.databases([full.key])).toEqual([{ ...full, version: 1 }]);
    });

    it('shows in its lists all but the ids of its live backups and its version', async () => {
      const ledger = await given();
      await ledger.putDatabase(full);
      const { liveBackups: _, ...shown } = full;
      expect(await all(ledger.databasesOfTenant('acme'))).toEqual([shown]);
      expect(await all(ledger.allDatabases())).toEqual([shown]);
    });

    it('refuses a row that somebody else wrote in between', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase());
      const [read] = await ledger.databases([ordersKey]);
      expect(await ledger.putDatabase({ ...(read as DatabaseRow), engine: 'mysql' })).toBe('written');
      expect(await ledger.putDatabase({ ...(read as DatabaseRow), engine: 'oracle-ee' })).toBe('conflict');
      expect((await ledger.databases([ordersKey]))[0]).toEqual(aDatabase({ engine: 'mysql', version: 2 }));
    });

    it('refuses a new row where there is one, and a changed row where there is none', async () => {
      const ledger = await given();
      expect(await ledger.putDatabase(aDatabase({ version: 3 }))).toBe('conflict');
      await ledger.putDatabase(aDatabase());
      expect(await ledger.putDatabase(aDatabase())).toBe('conflict');
    });

    it('reads hundreds of rows in one ask, each once, and leaves out what is not there', async () => {
      const ledger = await given();
      const keys = Array.from({ length: 230 }, (_, n) => `1/r/db-${n}`);
      await Promise.all(keys.map((key) => ledger.putDatabase(aDatabase({ key, id: key.slice(4) }))));
      const rows = await ledger.databases([...keys, ...keys.slice(0, 30), '1/r/db-unknown']);
      expect(rows.map((row) => row.key).sort()).toEqual(keys.toSorted());
    });

    it('finds by name also earlier holders of it, whatever its case, and no other kind’s', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase({ key: '1/r/db-OLD', liveBackups: ['x'] }));
      await ledger.putDatabase(aDatabase({ key: '1/r/db-NEW' }));
      await ledger.putDatabase(aDatabase({ key: '1/r/cluster-NEW', kind: 'cluster' }));
      await ledger.putDatabase(aDatabase({ key: '1/r/db-2', id: 'orders2' }));
      const found = await ledger.databasesByName('instance', 'Orders');
      expect(found.map((row) => row.key).sort()).toEqual(['1/r/db-NEW', '1/r/db-OLD']);
      expect(found.flatMap((row) => row.liveBackups)).toEqual(['x']);
      expect((await ledger.databasesByName('cluster', 'orders')).map((row) => row.key)).toEqual(['1/r/cluster-NEW']);
      expect(await ledger.databasesByName('cluster', 'orders2')).toEqual([]);
    });

    it('finds a renamed database by its new name only', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase());
      await ledger.putDatabase(aDatabase({ id: 'orders-v2', version: 1 }));
      expect(await ledger.databasesByName('instance', 'orders')).toEqual([]);
      expect(await ledger.databasesByName('instance', 'orders-v2')).toHaveLength(1);
    });

    it('lists a tenant’s databases by name, and those of nobody only among all', async () => {
      const ledger = await given();
      const { tenant: _, ...nobodys } = aDatabase({ key: '1/r/db-N', id: 'nobody' });
      for (const id of ['c', 'a', 'b']) await ledger.putDatabase(aDatabase({ key: `1/r/db-${id}`, id }));
      await ledger.putDatabase(nobodys);
      expect((await all(ledger.databasesOfTenant('acme'))).map((row) => row.id)).toEqual(['a', 'b', 'c']);
      expect((await all(ledger.allDatabases())).map((row) => row.id).sort()).toEqual(['a', 'b', 'c', 'nobody']);
    });

    it('moves a database to its new tenant', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase());
      await ledger.putDatabase(aDatabase({ tenant: 'globex', version: 1 }));
      expect(await all(ledger.databasesOfTenant('acme'))).toEqual([]);
      expect(await all(ledger.databasesOfTenant('globex'))).toHaveLength(1);
    });

    it('names the databases to be checked by now, earliest first', async () => {
      const ledger = await given();
      const check = (key: string, checkAt?: Date) =>
        ledger.putDatabase(aDatabase({ key, id: key, ...(checkAt && { checkAt }) }));
      await check('late', at('2026-11-23T11:00:00Z'));
      await check('early', at('2026-11-20T11:00:00Z'));
      await check('now', start);
      await check('next', new Date(start.getTime() + 1));
      await check('never');
      expect(await all(ledger.databasesToCheck(start))).toEqual(['early', 'late', 'now']);
      expect((await all(ledger.allDatabases())).map((row) => row.key)).toEqual([
        'early',
        'late',
        'now',
        'next',
        'never',
      ]);
    });

    it('no longer names a database that was put off', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase({ checkAt: start }));
      await ledger.putDatabase(aDatabase({ checkAt: at('2026-11-24'), version: 1 }));
      expect(await all(ledger.databasesToCheck(start))).toEqual([]);
    });
  });

  describe('alerts', () => {
    it('writes the alert with its database’s row', async () => {
      const ledger = await given();
      const alert = anAlert({
        notified: [{ at: start, step: 'open', to: 'all' }],
        intent: { step: 'open', at: start, tries: 0 },
      });
      expect(await ledger.putDatabaseWithAlert(aDatabase({ alert }), alert)).toBe('written');
      expect(await ledger.databases([ordersKey])).toEqual([aDatabase({ alert, version: 1 })]);
      expect(await all(ledger.alertsOfDatabase(ordersKey))).toEqual([alert]);
      expect(await all(ledger.openAlerts())).toEqual([alert]);
    });

    it('writes neither where the row was changed since it was judged', async () => {
      const ledger = await given();
      await ledger.putDatabase(aDatabase());
      await ledger.putDatabase(aDatabase({ engine: 'mysql', version: 1 }));
      expect(await ledger.putDatabaseWithAlert(aDatabase({ alert: anAlert(), version: 1 }), anAlert())).toBe(
        'conflict',
      );
      expect(await ledger.databases([ordersKey])).toEqual([aDatabase({ engine: 'mysql', version: 2 })]);
      expect(await all(ledger.alertsOfDatabase(ordersKey))).toEqual([]);
    });

    it('lists an alert as open until it is resolved, and as history after', async () => {
      const ledger = await given();
      await ledger.putDatabaseWithAlert(aDatabase(), anAlert());
      const resolved = anAlert({ resolved: start, resolution: 'A new backup is there.' });
      await ledger.putDatabaseWithAlert(aDatabase({ version: 1 }), resolved);
      expect(await all(ledger.openAlerts())).toEqual([]);
      expect(await all(ledger.alertsOfDatabase(ordersKey))).toEqual([resolved]);
      expect(await all(ledger.alertsOfTenant('acme'))).toEqual([resolved]);
    });

    it('lists open alerts oldest first, of all tenants', async () => {
      const ledger = await given();
      const opened = { a: at('2026-11-23T03:00:00Z'), b: at('2026-11-23T01:00:00Z'), c: at('2026-11-23T02:00:00Z') };
      for (const [key, time] of Object.entries(opened)) {
        await ledger.putDatabaseWithAlert(
          aDatabase({ key, id: key, tenant: key }),
          anAlert({ database: key, databaseId: key, tenant: key, opened: time }),
        );
      }
      expect((await all(ledger.openAlerts())).map((alert) => alert.database)).toEqual(['b', 'c', 'a']);
    });

    it('lists a database’s and a tenant’s alerts newest first, within a span of their opening', async () => {
      const ledger = await given();
      const times = [at('2026-11-21'), at('2026-11-22'), at('2026-11-23')];
      for (const [version, opened] of times.entries()) {
        await ledger.putDatabaseWithAlert(
          version === 0 ? aDatabase() : aDatabase({ version }),
          anAlert({ opened, resolved: new Date(opened.getTime() + 1) }),
        );
      }
      const openedOf = (alerts: { opened: Date }[]) => alerts.map((alert) => alert.opened);
      expect(openedOf(await all(ledger.alertsOfDatabase(ordersKey)))).toEqual(times.toReversed());
      expect(openedOf(await all(ledger.alertsOfTenant('acme')))).toEqual(times.toReversed());
      const span = { from: at('2026-11-22'), to: at('2026-11-23') };
      expect(openedOf(await all(ledger.alertsOfTenant('acme', span)))).toEqual([at('2026-11-22')]);
    });
  });

  describe('days', () => {
    it('gives back every attribute of a day', async () => {
      const ledger = await given();
      const full = aDay({
        newestBackup: { arn: 'arn:x', id: 'x', time: at('2026-11-23T04:00:00Z') },
        deadline: at('2026-11-24T06:30:00Z'),
        maxAgeHours: 26.5,
        exclusion: 'test system',
      });
      await ledger.putDays([full]);
      expect(await all(ledger.daysOfDatabase(ordersKey, '2026-11-23', '2026-11-23'))).toEqual([full]);
      expect(await all(ledger.daysOfTenant('acme', '2026-11-23', '2026-11-23'))).toEqual([full]);
      expect(await all(ledger.daysOfDate('2026-11-23'))).toEqual([full]);
    });

    it('replaces a day’s judgement by a later one', async () => {
      const ledger = await given();
      await ledger.putDays([aDay()]);
      await ledger.putDays([aDay({ verdict: 'overdue' }), aDay({ verdict: 'due' })]);
      expect(await all(ledger.daysOfDate('2026-11-23'))).toEqual([aDay({ verdict: 'due' })]);
    });

    it('lists days oldest first, both dates inclusive', async () => {
      const ledger = await given();
      const dates = ['2026-10-31', '2026-11-01', '2026-11-02', '2026-11-03'];
      await ledger.putDays(dates.toReversed().map((date) => aDay({ date })));
      const datesOf = (days: { date: string }[]) => days.map((day) => day.date);
      const [from, to] = ['2026-11-01', '2026-11-02'] as const;
      expect(datesOf(await all(ledger.daysOfDatabase(ordersKey, from, to)))).toEqual([from, to]);
      expect(datesOf(await all(ledger.daysOfTenant('acme', from, to)))).toEqual([from, to]);
      expect(await all(ledger.daysOfDatabase(ordersKey, to, from))).toEqual([]);
    });

    it('writes nothing for no days', async () => {
      const ledger = await given();
      await ledger.putDays([]);
      expect(await all(ledger.daysOfDate('2026-11-23'))).toEqual([]);
    });

    it('lists more rows than a page of a megabyte holds, each once and in order', async () => {
      const ledger = await given();
      const reason = 'x'.repeat(1_500);
      const days = Array.from({ length: 1_100 }, (_, n) => aDay({ database: `1/r/db-${10_000 + n}`, reason }));
      await ledger.putDays(days);
      const listed = await all(ledger.daysOfDate('2026-11-23'));
      expect(listed.map((day) => day.database)).toEqual(days.map((day) => day.database));
      expect(await all(ledger.daysOfTenant('acme', '2026-11-23', '2026-11-23'))).toHaveLength(1_100);
    });
  });

  describe('sweeps', () => {
    it('gives back every attribute of a sweep', async () => {
      const ledger = await given();
      const full = aSweep({
        finished: at('2026-11-23T12:00:09Z'),
        complete: false,
        missed: [
          { snapshotId: 'rds:orders', databaseId: 'orders', backupTime: at('2026-11-23T04:00:00Z') },
          { snapshotId: 'copy', databaseId: 'orders' },
        ],
        unconfigured: ['stray'],
        errors: ['DescribeDBClusters: Rate exceeded'],
        stoppedAfter: ordersKey,
      });
      await ledger.putSweep(full);
      expect(await all(ledger.sweeps())).toEqual([full]);
    });

    it('lists sweeps newest first, from inclusive, to exclusive', async () => {
      const ledger = await given();
      const times = [at('2026-11-22T12:00:00Z'), at('2026-11-23T12:00:00Z'), at('2026-11-21T12:00:00Z')];
      for (const started of times) await ledger.putSweep(aSweep({ started }));
      const startsOf = (rows: { started: Date }[]) => rows.map((row) => row.started.toISOString().slice(8, 10));
      expect(startsOf(await all(ledger.sweeps()))).toEqual(['23', '22', '21']);
      expect(startsOf(await all(ledger.sweeps({ from: at('2026-11-22T12:00:00Z') })))).toEqual(['23', '22']);
      expect(startsOf(await all(ledger.sweeps({ to: at('2026-11-22T12:00:00Z') })))).toEqual(['21']);
      expect(startsOf(await all(ledger.sweeps({ to: at('2026-11-22T12:00:00.001Z') })))).toEqual(['22', '21']);
    });

    it('replaces a sweep’s row when it is carried on', async () => {
      const ledger = await given();
      await ledger.putSweep(aSweep({ complete: false, stoppedAfter: ordersKey }));
      await ledger.putSweep(aSweep());
      expect(await all(ledger.sweeps())).toEqual([aSweep()]);
    });

    it('keeps of the watch only the last run, apart from the sweeps', async () => {
      const ledger = await given();
      expect(await ledger.lastWatch()).toBeUndefined();
      await ledger.putSweep(aSweep());
      expect(await ledger.lastWatch()).toBeUndefined();
      await ledger.putSweep(aSweep({ mode: 'watch', started: at('2026-11-23T12:15:00Z') }));
      await ledger.putSweep(aSweep({ mode: 'watch', started: at('2026-11-23T12:30:00Z') }));
      expect((await ledger.lastWatch())?.started).toEqual(at('2026-11-23T12:30:00Z'));
      expect(await all(ledger.sweeps())).toEqual([aSweep()]);
    });
  });
}

async function all<Row>(rows: AsyncIterable<Row>): Promise<Row[]> {
  const collected: Row[] = [];
  for await (const row of rows) collected.push(row);
  return collected;
}

const ids = (backups: readonly Backup[]) => backups.map((backup) => backup.id);

async function theBackup(ledger: Ledger): Promise<Backup> {
  const backup = await ledger.backupByArn(aBackup().arn);
  if (backup === undefined) throw new Error('the backup is not there');
  return backup;
}
