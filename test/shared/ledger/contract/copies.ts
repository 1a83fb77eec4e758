import { describe, expect, it } from 'vitest';
import type { Backup, Copy } from '../../../../shared/domain/index.ts';
import { collect } from '../../../../shared/lib/iterables.ts';
import { aBackup, anEnvironment, aPause, at } from '../rows.ts';
import { elsewhere, here, keysInAllShards, type MakeLedger, start } from './given.ts';

const minute = (n: number) => new Date(start.getTime() + n * 60_000);

export function copiesContract(make: MakeLedger): void {
  const given = async () => (await make(() => start)).ledger;

  const copyIn = (state: Copy['state'], queuedAt?: Date): Copy => ({
    mode: 'export',
    state,
    attempt: 1,
    ...(queuedAt && { queuedAt }),
  });

  describe('listing', () => {
    it('gives the copies of each active state, those queued first first', async () => {
      const ledger = await given();
      for (const state of ['queued', 'starting', 'running'] as const) {
        await ledger.recordBackup(aBackup({ id: `${state}-late`, copy: copyIn(state, at('2026-11-23T05:00:00Z')) }));
        await ledger.recordBackup(aBackup({ id: `${state}-early`, copy: copyIn(state, at('2026-11-23T04:59:59Z')) }));
      }
      for (const state of ['queued', 'starting', 'running'] as const) {
        expect(idsOf(await collect(ledger.copies(here, state)))).toEqual([`${state}-early`, `${state}-late`]);
      }
    });

    it('gives what people are to be notified of by itself, until they were', async () => {
      const ledger = await given();
      const pendingSince = minute(1);
      const copies: Record<string, Copy> = {
        failed: { ...copyIn('failed'), pendingSince },
        incomplete: { ...copyIn('incomplete'), pendingSince },
        running: { ...copyIn('running'), pendingSince },
        told: copyIn('failed'),
      };
      for (const [id, copy] of Object.entries(copies)) await ledger.recordBackup(aBackup({ id, copy }));
      const listed = async (state: 'pending' | 'failed' | 'running') =>
        idsOf(await collect(ledger.copies(here, state))).sort();
      expect([await listed('pending'), await listed('failed'), await listed('running')]).toEqual([
        ['failed', 'incomplete'],
        ['told'],
        ['running'],
      ]);
      for (const row of await collect(ledger.copies(here, 'pending'))) {
        const { pendingSince: _, ...copy } = row.copy;
        await ledger.updateBackup({ ...row, copy: { ...copy, notifiedAt: minute(2) } });
      }
      expect([await listed('pending'), await listed('failed')]).toEqual([[], ['failed', 'told']]);
    });

    it('keeps copies of one moment apart', async () => {
      const ledger = await given();
      const copy = copyIn('queued', at('2026-11-23T05:00:00Z'));
      await ledger.recordBackup(aBackup({ id: 'same', copy }));
      await ledger.recordBackup(aBackup({ id: 'other', copy }));
      await ledger.recordBackup(aBackup({ id: 'third', of: '123456789012/eu-west-1/db-OTHER', copy }));
      expect(idsOf(await collect(ledger.copies(here, 'queued'))).sort()).toEqual(['other', 'same', 'third']);
    });

    it('gives a copy that has no time of queueing by its recording', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup({ id: 'b', recordedAt: at('2026-11-23T05:00:00Z'), copy: copyIn('queued') }));
      await ledger.recordBackup(aBackup({ id: 'a', copy: copyIn('queued', at('2026-11-23T05:00:01Z')) }));
      expect(idsOf(await collect(ledger.copies(here, 'queued')))).toEqual(['b', 'a']);
    });

    it('gives failed copies while RDS has the snapshot, since they can be tried again', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup({ id: 'failed', copy: copyIn('failed', at('2026-11-23T05:00:00Z')) }));
      const [failed] = await collect(ledger.copies(here, 'failed'));
      expect(failed?.id).toBe('failed');
      const closed = {
        at: at('2026-11-23T06:00:00Z'),
        cause: { code: 'not-in-rds', facts: {} },
        expiresAt: at('2027-12-01'),
      } as const;
      await ledger.updateBackup({ ...(failed as Backup), closed });
      expect(await collect(ledger.copies(here, 'failed'))).toEqual([]);
    });

    it.each(['none', 'complete', 'incomplete', 'failed', 'skipped', 'cancelled'] as const)(
      'gives no copy that is %s among the active ones',
      async (state) => {
        const ledger = await given();
        await ledger.recordBackup(aBackup({ copy: copyIn('queued') }));
        const [queued] = await collect(ledger.copies(here, 'queued'));
        await ledger.updateBackup({ ...(queued as Backup), copy: copyIn(state) });
        for (const active of ['queued', 'starting', 'running'] as const) {
          expect(await collect(ledger.copies(here, active))).toEqual([]);
        }
      },
    );

    it('gives rows that can be written back, so that one of two runs claims a copy', async () => {
      const ledger = await given();
      await ledger.recordBackup(aBackup({ copy: copyIn('queued') }));
      const [row] = await collect(ledger.copies(here, 'queued'));
      const claim = { ...(row as Backup), copy: copyIn('starting') };
      expect(await ledger.updateBackup(claim)).toBe('written');
      expect(await ledger.updateBackup(claim)).toBe('conflict');
      expect(await collect(ledger.copies(here, 'queued'))).toEqual([]);
      expect(await collect(ledger.copies(here, 'starting'))).toHaveLength(1);
    });

    it('gives the whole queue in its order, however many databases it is spread over', async () => {
      const ledger = await given();
      const queue = keysInAllShards.map((of, n) =>
        aBackup({ of, id: `b${n}`, copy: copyIn('queued', new Date(start.getTime() + n)) }),
      );
      await Promise.all(queue.map((backup) => ledger.recordBackup(backup)));
      expect(idsOf(await collect(ledger.copies(here, 'queued')))).toEqual(idsOf(queue));
    });
  });

  describe('environments', () => {
    it('have queues of their own', async () => {
      const ledger = await given();
      for (const { account, region } of [here, ...elsewhere]) {
        const of = `${account}/${region}/db-ORDERS`;
        await ledger.recordBackup(aBackup({ of, copy: copyIn('queued', start) }));
      }
      for (const environment of [here, ...elsewhere]) {
        const { account, region } = environment;
        const queue = await collect(ledger.copies(environment, 'queued'));
        expect(queue.map(({ database }) => database)).toEqual([`${account}/${region}/db-ORDERS`]);
      }
    });

    it('have leases of their own', async () => {
      const ledger = await given();
      for (const environment of [here, ...elsewhere]) {
        expect(await ledger.takeLease(environment, 'one', minute(0), minute(5))).toBe('taken');
      }
      await ledger.releaseLease(elsewhere[0], 'one');
      expect(await ledger.takeLease(here, 'two', minute(1), minute(6))).toBe('held');
      expect(await ledger.takeLease(elsewhere[0], 'two', minute(1), minute(6))).toBe('taken');
      expect(await ledger.takeLease(elsewhere[1], 'two', minute(1), minute(6))).toBe('held');
    });

    it('have turns of their own', async () => {
      const ledger = await given();
      await ledger.noteTenantServed(here, 'acme', minute(2));
      await ledger.noteTenantServed(elsewhere[0], 'acme', minute(1));
      expect(await ledger.tenantsServed(here)).toEqual(new Map([['acme', minute(2)]]));
      expect(await ledger.tenantsServed(elsewhere[0])).toEqual(new Map([['acme', minute(1)]]));
      expect(await ledger.tenantsServed(elsewhere[1])).toEqual(new Map());
    });
  });

  describe('the lease', () => {
    it('is held by one holder until it runs out', async () => {
      const ledger = await given();
      expect(await ledger.takeLease(here, 'one', minute(0), minute(5))).toBe('taken');
      expect(await ledger.takeLease(here, 'two', minute(4), minute(9))).toBe('held');
      expect(await ledger.takeLease(here, 'two', minute(5), minute(10))).toBe('taken');
      expect(await ledger.takeLease(here, 'one', minute(6), minute(11))).toBe('held');
    });

    it('can be taken again by its holder, to hold it longer', async () => {
      const ledger = await given();
      await ledger.takeLease(here, 'one', minute(0), minute(5));
      expect(await ledger.takeLease(here, 'one', minute(3), minute(8))).toBe('taken');
      expect(await ledger.takeLease(here, 'two', minute(6), minute(11))).toBe('held');
    });

    it('is free once its holder gives it back', async () => {
      const ledger = await given();
      await ledger.takeLease(here, 'one', minute(0), minute(5));
      await ledger.releaseLease(here, 'one');
      expect(await ledger.takeLease(here, 'two', minute(1), minute(6))).toBe('taken');
    });

    it('is not given back by anybody else', async () => {
      const ledger = await given();
      await ledger.releaseLease(here, 'two');
      await ledger.takeLease(here, 'one', minute(0), minute(5));
      await ledger.releaseLease(here, 'two');
      expect(await ledger.takeLease(here, 'two', minute(1), minute(6))).toBe('held');
    });

    it('goes to one of many that want it at once', async () => {
      const ledger = await given();
      const wants = ['a', 'b', 'c', 'd', 'e'].map((holder) => ledger.takeLease(here, holder, minute(0), minute(5)));
      expect((await Promise.all(wants)).filter((answer) => answer === 'taken')).toHaveLength(1);
    });
  });

  describe('the lease on messages', () => {
    it('is another one', async () => {
      const ledger = await given();
      await ledger.takeLease(here, 'one', minute(0), minute(5));
      expect(await ledger.takeLease(here, 'two', minute(1), minute(6), 'NOTICE')).toBe('taken');
      expect(await ledger.takeLease(here, 'one', minute(1), minute(6), 'NOTICE')).toBe('held');
      await ledger.releaseLease(here, 'two', 'NOTICE');
      expect(await ledger.takeLease(here, 'one', minute(2), minute(6), 'NOTICE')).toBe('taken');
    });

    it('may be taken again by its holder, for longer', async () => {
      const ledger = await given();
      await ledger.takeLease(here, 'one', minute(0), minute(2));
      expect(await ledger.takeLease(here, 'one', minute(1), minute(9))).toBe('taken');
      expect(await ledger.takeLease(here, 'two', minute(3), minute(9))).toBe('held');
    });
  });

  describe('faults of set-up', () => {
    it('are kept by environment, kind and name, whatever the name', async () => {
      const ledger = await given();
      const pauses = [aPause(), aPause({ kind: 'role', name: 'arn:aws:iam::123456789012:role/a#b' })];
      for (const pause of pauses) expect(await ledger.putCopyPause(pause)).toBe('written');
      expect(await ledger.copyPauses(here)).toEqual(pauses.map((pause) => ({ ...pause, version: 1 })));
      expect(await ledger.copyPauses(elsewhere[0])).toEqual([]);
    });

    it('are written by whoever read them last', async () => {
      const ledger = await given();
      await ledger.putCopyPause(aPause());
      expect(await ledger.putCopyPause(aPause())).toBe('conflict');
      const pausedAt = minute(1);
      expect(await ledger.putCopyPause(aPause({ pausedAt, version: 1 }))).toBe('written');
      expect(await ledger.copyPauses(here)).toEqual([{ ...aPause({ pausedAt }), version: 2 }]);
    });
  });

  describe('environments', () => {
    it('have a row each', async () => {
      const ledger = await given();
      expect(await ledger.environments()).toEqual([]);
      const rows = [anEnvironment({ account: '111111111111' }), anEnvironment({ region: 'us-east-1' })];
      for (const row of rows) expect(await ledger.putEnvironment(row)).toBe('written');
      expect(await ledger.environments()).toEqual(rows.map((row) => ({ ...row, version: 1 })));
    });

    it('are written by whoever read them last', async () => {
      const ledger = await given();
      await ledger.putEnvironment(anEnvironment());
      expect(await ledger.putEnvironment(anEnvironment())).toBe('conflict');
      const { trouble: _, ...over } = anEnvironment();
      expect(await ledger.putEnvironment({ ...over, version: 1 })).toBe('written');
      expect(await ledger.environments()).toEqual([{ ...over, version: 2 }]);
    });
  });

  describe('turns', () => {
    it('say when each tenant was last served', async () => {
      const ledger = await given();
      expect(await ledger.tenantsServed(here)).toEqual(new Map());
      await ledger.noteTenantServed(here, 'acme', at('2026-11-23T05:00:00Z'));
      await ledger.noteTenantServed(here, 'globex', at('2026-11-23T04:00:00Z'));
      await ledger.noteTenantServed(here, 'acme', at('2026-11-23T06:00:00Z'));
      expect(await ledger.tenantsServed(here)).toEqual(
        new Map([
          ['acme', at('2026-11-23T06:00:00Z')],
          ['globex', at('2026-11-23T04:00:00Z')],
        ]),
      );
    });

    it('never move a tenant’s time back', async () => {
      const ledger = await given();
      await ledger.noteTenantServed(here, 'acme', at('2026-11-23T06:00:00Z'));
      await ledger.noteTenantServed(here, 'acme', at('2026-11-23T05:00:00Z'));
      expect((await ledger.tenantsServed(here)).get('acme')).toEqual(at('2026-11-23T06:00:00Z'));
    });
  });
}

const idsOf = (backups: readonly Backup[]) => backups.map(({ id }) => id);
