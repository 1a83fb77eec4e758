import { describe, expect, it } from 'vitest';
import { type Backup, type Copy, parseBackupId } from '../../../shared/domain/index.ts';
import { expectedStarts, readCopies } from '../../../shared/read-model/copy-queue.ts';
import { MemoryLedger } from '../../support/memory-ledger.ts';
import { aBackup, at } from '../ledger/rows.ts';

const now = at('2026-11-23T06:00:00.000Z');
const environment = { account: '123456789012', region: 'eu-west-1' };
const row = (id: string, tenant: string, copy: Partial<Copy>): Backup =>
  aBackup({ id, tenant, copy: { mode: 'export', state: 'queued', attempt: 1, ...copy } });
const running = (count: number, startedAt = at('2026-11-23T05:30:00.000Z')) =>
  Array.from({ length: count }, (_, index) => row(`running-${index}`, 'acme', { state: 'running', startedAt }));
const starts = (underWay: Backup[], waiting: Backup[], served: [string, Date][] = []) =>
  [...expectedStarts(underWay, waiting, new Map(served), 1, now)].map(
    ([id, { position, start }]) => `${position} ${parseBackupId(id).snapshotId} ${start.toISOString().slice(11, 16)}`,
  );

describe('expected starts', () => {
  it('are now while slots are free', () => {
    expect(starts(running(4), [row('a', 'acme', {})])).toEqual(['1 a 06:00']);
  });

  it('are when those under way should have ended, once five slots are taken', () => {
    const waiting = [row('a', 'acme', {}), row('b', 'globex', {}), row('c', 'initech', {})];
    const underWay = [...running(4), ...running(1, at('2026-11-23T05:10:00.000Z'))];
    expect(starts(underWay, waiting)).toEqual(['1 a 06:10', '2 b 06:30', '3 c 06:30']);
  });

  it('are in the turn of tenants: who was served longest ago is next', () => {
    const waiting = [row('a1', 'acme', {}), row('a2', 'acme', {}), row('g1', 'globex', {})];
    expect(
      starts(running(5), waiting, [['acme', at('2026-11-23T05:00:00.000Z')]]).map((line) => line.slice(0, 4)),
    ).toEqual(['1 g1', '2 a1', '3 a2']);
  });

  it('are not before the pause after a failure is over', () => {
    expect(starts([], [row('a', 'acme', { notBefore: at('2026-11-23T07:00:00.000Z') })])).toEqual(['1 a 07:00']);
  });

  it('are now where something runs longer than expected', () => {
    expect(starts(running(5, at('2026-11-22T00:00:00.000Z')), [row('a', 'acme', {})])).toEqual(['1 a 06:00']);
  });

  it('leave object copies out, which need no slot', () => {
    expect(starts([], [row('a', 'acme', { mode: 'object' })])).toEqual([]);
  });
});

describe('the list of copies', () => {
  const given = async (rows: readonly Backup[]) => {
    const ledger = new MemoryLedger(() => now);
    for (const one of rows) await ledger.recordBackup(one);
    return ledger;
  };

  it('has what runs first, then the queue in its turn, then what failed', async () => {
    const ledger = await given([
      row('failed', 'acme', { state: 'failed' }),
      row('second', 'acme', { queuedAt: at('2026-11-23T05:00:00.000Z') }),
      row('first', 'globex', { queuedAt: at('2026-11-23T05:10:00.000Z') }),
      row('running', 'acme', { state: 'running', startedAt: now }),
      row('done', 'acme', { state: 'complete' }),
    ]);
    await ledger.noteTenantServed(environment, 'acme', at('2026-11-23T05:00:00.000Z'));
    const { copies } = await readCopies(ledger, environment, 1, now);
    expect(copies.map(({ id, position }) => [id, position])).toEqual([
      ['running', null],
      ['first', 1],
      ['second', 2],
      ['failed', null],
    ]);
  });

  it('expects of the next exports what past ones took, else what the configuration assumes', async () => {
    const assumed = await readCopies(await given([row('waits', 'acme', {})]), environment, 3, now);
    expect([assumed.hoursEach, assumed.measured]).toEqual([3, false]);
    const took2Hours = { startedAt: at('2026-11-23T02:00:00.000Z'), endedAt: at('2026-11-23T04:00:00.000Z') };
    const ledger = await given([row('waits', 'acme', {}), row('done', 'acme', { state: 'complete', ...took2Hours })]);
    const seen = await readCopies(ledger, environment, 3, now);
    expect([seen.hoursEach, seen.measured]).toEqual([2, true]);
  });
});
