import { describe, expect, it } from 'vitest';
import type { Alert, Day } from '../../../shared/domain/index.ts';
import { collect } from '../../../shared/lib/iterables.ts';
import { attainment, evidenceOf, readEvidence } from '../../../shared/read-model/evidence.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { aDatabase, aDay, anAlert, aSweep, at, ordersKey } from '../ledger/rows.ts';

const date = '2026-11-23';
/** The day's deadline is 06:00; the sweep evaluates at noon. */
const broken = (changes: Partial<Alert> = {}) =>
  anAlert({ opened: at('2026-11-23T06:15:00.000Z'), deadline: at('2026-11-23T06:00:00.000Z'), ...changes });
/** What a backup ends an alert with. */
const backedUp = { verdict: 'protected', severity: 'info', cause: null, notes: [] } as const;
const stateOf = (day: Partial<Day>, alerts: readonly Alert[] = []) => evidenceOf(aDay({ date, ...day }), alerts).state;

describe('the evidence of a day', () => {
  it('is in time where the day was evaluated as protected, or within its grace', () => {
    expect(stateOf({ verdict: 'protected' })).toBe('in time');
    expect(stateOf({ verdict: 'due' })).toBe('in time');
  });

  it.each(['overdue', 'never', 'disabled', 'missing'] as const)('is missing where the day ended %s', (verdict) => {
    expect(stateOf({ verdict }, [broken()])).toBe('missing');
  });

  it.each(['new', 'excluded', 'deleted'] as const)('knows no promise to a database that is %s', (verdict) => {
    expect(stateOf({ verdict })).toBe('no promise');
  });

  it('is unknown where RDS did not respond, and where a later version gave the verdict', () => {
    expect(stateOf({ verdict: 'unknown' })).toBe('unknown');
    expect(stateOf({ verdict: 'half-copied' as Day['verdict'] })).toBe('unknown');
  });

  it('is late where the deadline was broken before the sweep found a backup', () => {
    const alert = broken({ resolved: at('2026-11-23T09:00:00.000Z'), outcome: backedUp });
    expect(stateOf({ verdict: 'protected' }, [alert])).toBe('late');
  });

  it('is late where a backup came after the sweep, on the same day', () => {
    const alert = broken({ resolved: at('2026-11-23T20:00:00.000Z'), outcome: backedUp });
    expect(stateOf({ verdict: 'overdue' }, [alert])).toBe('late');
  });

  it('stays missing where the alert was resolved for another reason than a backup', () => {
    const alert = broken({
      resolved: at('2026-11-23T20:00:00.000Z'),
      resolution: { code: 'left-configuration', facts: {} },
    });
    expect(stateOf({ verdict: 'overdue' }, [alert])).toBe('missing');
  });

  it("is in time again on the day after a missed one, if the backup came by that day's own deadline", () => {
    const opened = at('2026-11-22T06:15:00.000Z');
    const deadline = at('2026-11-22T06:00:00.000Z');
    const early = broken({ opened, deadline, resolved: at('2026-11-23T04:20:00.000Z'), outcome: backedUp });
    const late = broken({ opened, deadline, resolved: at('2026-11-23T06:00:00.001Z'), outcome: backedUp });
    expect(stateOf({ verdict: 'protected' }, [early])).toBe('in time');
    expect(stateOf({ verdict: 'protected' }, [late])).toBe('late');
  });

  it('is not touched by an alert of another day, nor by one that no promise was broken for', () => {
    const tomorrow = broken({ opened: at('2026-11-24T06:15:00.000Z'), deadline: at('2026-11-24T06:00:00.000Z') });
    expect(stateOf({ verdict: 'protected' }, [tomorrow])).toBe('in time');
    const stopped = broken({ verdict: 'protected', severity: 'warning' });
    expect(stateOf({ verdict: 'protected' }, [stopped])).toBe('in time');
  });

  it('carries the policy of its own day and the alert of its gap', () => {
    const row = evidenceOf(aDay({ date, verdict: 'overdue', maxAgeHours: 48, graceHours: 0 }), [broken()]);
    expect(row).toMatchObject({
      account: '123456789012',
      region: 'eu-west-1',
      maxAgeHours: 48,
      graceHours: 0,
      alert: { opened: '2026-11-23T06:15:00.000Z', resolved: null, notified: 0 },
    });
  });

  it('says its reason as of that day, however late it is read', () => {
    const newest = at('2026-11-22T04:00:00.000Z');
    const newestBackup = { id: 'b', createdAt: newest, time: newest };
    const overdue = aDay({
      date,
      verdict: 'overdue',
      cause: { code: 'no-known-cause', facts: {} },
      newestBackup,
      evaluatedAt: at('2026-11-23T12:00:00.000Z'),
    });
    expect(evidenceOf(overdue, [broken()])).toMatchObject({
      state: 'missing',
      cause: { code: 'no-known-cause', facts: {} },
      notes: [],
      reason: expect.stringContaining('The newest backup is from 2026-11-22 04:00 UTC, 32 h old'),
    });
    const resolved = at('2026-11-23T09:00:00.000Z');
    const late = evidenceOf(aDay({ date }), [broken({ newestBackup, resolved, outcome: backedUp })]);
    expect(late).toMatchObject({
      state: 'late',
      cause: { code: 'no-known-cause', facts: {} },
      reason: expect.stringContaining('The newest backup is from 2026-11-22 04:00 UTC, 29 h old'),
    });
    expect(evidenceOf(aDay({ date }), []).reason).toBeNull();
  });
});

describe('attainment', () => {
  it('is cut, not rounded: one miss in a hundred thousand days is not everything', () => {
    expect(attainment({ inTime: 99_999, late: 1, missing: 0, unknown: 0 })).toBe(99.99);
  });

  it('counts late, missing and unknown days as promises that were not kept', () => {
    expect(attainment({ inTime: 1, late: 1, missing: 1, unknown: 1 })).toBe(25);
  });

  it('is nothing where nothing was promised', () => {
    expect(attainment({ inTime: 0, late: 0, missing: 0, unknown: 0 })).toBeNull();
  });
});

describe('evidence of a span', () => {
  const now = at('2026-11-24T18:00:00.000Z');
  const given = async (evaluated: readonly string[], swept: readonly string[] = evaluated) => {
    const ledger = new MemoryLedger(() => now);
    await ledger.putDays(evaluated.map((day) => aDay({ date: day })));
    for (const day of swept) {
      const noon = at(`${day}T12:00:00.000Z`);
      await ledger.putSweep(aSweep({ started: noon, at: noon }));
    }
    return ledger;
  };
  const read = async (ledger: MemoryLedger, from: string, to: string, tenant?: string) =>
    (await collect(readEvidence(ledger, { from, to, ...(tenant && { tenant }) }, now))).map(
      (row) => `${row.date} ${row.database} ${row.state}`,
    );

  it('has a row a day, both ends included', async () => {
    const ledger = await given(['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23']);
    expect(await read(ledger, '2026-11-21', '2026-11-22')).toEqual([
      '2026-11-21 orders in time',
      '2026-11-22 orders in time',
    ]);
  });

  it('says unknown of days on which no sweep came to its end', async () => {
    const ledger = await given(['2026-11-20', '2026-11-23']);
    expect(await read(ledger, '2026-11-20', '2026-11-23')).toEqual([
      '2026-11-20 orders in time',
      '2026-11-21 orders unknown',
      '2026-11-22 orders unknown',
      '2026-11-23 orders in time',
    ]);
  });

  it('says nothing of days on which sweeps ran and did not know the database', async () => {
    const ledger = await given(['2026-11-20', '2026-11-23'], ['2026-11-20', '2026-11-21', '2026-11-22', '2026-11-23']);
    expect(await read(ledger, '2026-11-20', '2026-11-23')).toEqual([
      '2026-11-20 orders in time',
      '2026-11-23 orders in time',
    ]);
  });

  it('says unknown where sweeps have stopped, but not of today, whose sweep may still come', async () => {
    const ledger = await given(['2026-11-21']);
    expect(await read(ledger, '2026-11-21', '2026-11-30')).toEqual([
      '2026-11-21 orders in time',
      '2026-11-22 orders unknown',
      '2026-11-23 orders unknown',
    ]);
  });

  it('ends with the last evaluation of a database that left the configuration', async () => {
    const ledger = await given(['2026-11-21'], ['2026-11-21', '2026-11-22']);
    expect(await read(ledger, '2026-11-21', '2026-11-23')).toEqual(['2026-11-21 orders in time']);
  });

  it('gives the same for a tenant as for everybody', async () => {
    const ledger = await given(['2026-11-20', '2026-11-23']);
    await ledger.putDays([aDay({ database: '1/r/db-SHOP', databaseId: 'shop', tenant: 'globex', date: '2026-11-23' })]);
    expect(await read(ledger, '2026-11-20', '2026-11-23', 'globex')).toEqual(['2026-11-23 shop in time']);
    const all = await read(ledger, '2026-11-20', '2026-11-23');
    expect(all.filter((row) => row.includes('orders'))).toEqual(await read(ledger, '2026-11-20', '2026-11-23', 'acme'));
  });

  it('goes with each tenant where a database passes from one to another', async () => {
    const ledger = await given(['2026-11-20', '2026-11-23'], ['2026-11-20', '2026-11-22', '2026-11-23']);
    await ledger.putDays([aDay({ tenant: 'globex', date: '2026-11-22' })]);
    const rows = await collect(readEvidence(ledger, { from: '2026-11-20', to: '2026-11-23' }, now));
    expect(rows.map((row) => `${row.date} ${row.tenant} ${row.state}`)).toEqual([
      '2026-11-20 acme in time',
      '2026-11-22 globex in time',
      '2026-11-21 acme unknown',
      '2026-11-23 acme in time',
    ]);
  });

  it('does not change when the configuration does', async () => {
    const ledger = await given(['2026-11-22']);
    const before = await read(ledger, '2026-11-22', '2026-11-22');
    await ledger.putDatabase(aDatabase({ key: ordersKey, tenant: 'other', verdict: 'overdue' }));
    expect(await read(ledger, '2026-11-22', '2026-11-22')).toEqual(before);
  });
});
