import { describe, expect, it } from 'vitest';
import { noSharedBucket } from '../../../shared/config/enrol.ts';
import { pauseBeforeAttempt } from '../../../shared/copy/causes.ts';
import { changeCopy, ended, retried } from '../../../shared/copy/change.ts';
import { fairly } from '../../../shared/copy/fair.ts';
import { sideBySide } from '../../../shared/copy/side-by-side.ts';
import { destinationsOf } from '../../../shared/copy/targets.ts';
import { MemoryLedger } from '../../../shared/ledger/memory.ts';
import type { Backup, Copy } from '../../../shared/model.ts';
import { minuteMs } from '../../../shared/text.ts';
import { copyWorld, exporting } from './world.ts';

const now = new Date('2026-11-23T12:00:00Z');

function backup(id: string, tenant: string, minutesOld: number, copy: Partial<Copy> = {}): Backup {
  return {
    arn: `arn:aws:rds:eu-west-1:123456789012:snapshot:${id}`,
    id,
    database: '123456789012/eu-west-1/db-A',
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant,
    kind: 'automated',
    engine: 'postgres',
    encrypted: true,
    createdAt: new Date(now.getTime() - minutesOld * minuteMs),
    recordedAt: now,
    learnedFrom: 'event',
    copy: { mode: 'export', state: 'queued', attempt: 1, queuedAt: now, ...copy },
  };
}

const order = (waiting: Backup[], served: [string, Date][] = []) =>
  [...fairly(waiting, new Map(served))].map(({ id }) => id);

describe('the order in which tenants are served', () => {
  it('gives each tenant its turn, oldest copy first', () => {
    const waiting = [backup('a2', 'a', 20), backup('a1', 'a', 30), backup('a3', 'a', 10), backup('b1', 'b', 5)];
    expect(order(waiting)).toEqual(['a1', 'b1', 'a2', 'a3']);
  });

  it('begins with the tenant that was never served, then the one served longest ago', () => {
    const waiting = [backup('a1', 'a', 30), backup('b1', 'b', 20), backup('c1', 'c', 10)];
    const served: [string, Date][] = [
      ['a', new Date(now.getTime() - minuteMs)],
      ['b', new Date(now.getTime() - 5 * minuteMs)],
    ];
    expect(order(waiting, served)).toEqual(['c1', 'b1', 'a1']);
  });
});

describe('a change of a copy', () => {
  it('is decided again on the row that somebody else wrote in between', async () => {
    const ledger = new MemoryLedger(() => now);
    await ledger.recordBackup(backup('a', 'a', 1));
    let meddle = true;
    const changed = await changeCopy(ledger, backup('a', 'a', 1), (copy, row) => {
      if (meddle) {
        meddle = false;
        void ledger.updateBackup({ ...row, copy: { ...copy, percent: 7 } });
      }
      return { ...copy, state: 'starting' };
    });
    expect(changed?.copy).toMatchObject({ state: 'starting', percent: 7 });
  });

  it('is given up where the row changes for ever', async () => {
    const ledger = new MemoryLedger(() => now);
    await ledger.recordBackup(backup('a', 'a', 1));
    ledger.updateBackup = async () => 'conflict';
    await expect(changeCopy(ledger, backup('a', 'a', 1), (copy) => copy)).rejects.toThrow('10 times in a row');
  });

  it('to its end leaves behind what was said of its being stuck', () => {
    const running: Copy = { mode: 'export', state: 'running', attempt: 1, toldAt: now, reason: 'stuck' };
    expect(ended(running, 'complete', now, { bytes: 1 })).toEqual({
      mode: 'export',
      state: 'complete',
      attempt: 1,
      endedAt: now,
      bytes: 1,
    });
  });

  it('by a person’s wish is a new attempt, unless it is under way', () => {
    const failed: Copy = { mode: 'export', state: 'failed', attempt: 3, reason: 'no right', permanent: true };
    expect(retried(failed, 'export', now)).toEqual({ mode: 'export', state: 'queued', attempt: 4, queuedAt: now });
    expect(retried({ ...failed, state: 'running' }, 'export', now)).toBeUndefined();
  });
});

it('pauses between attempts grow to a day', () => {
  const minutes = [2, 3, 4, 5, 6, 7].map((attempt) => pauseBeforeAttempt(attempt) / minuteMs);
  expect(minutes).toEqual([15, 60, 240, 960, 1440, 1440]);
});

describe('work side by side', () => {
  it('is never more than asked for at once, and its results stand in order', async () => {
    let active = 0;
    let most = 0;
    const results = await sideBySide([3, 1, 2, 0, 1], 2, async (turns) => {
      active += 1;
      most = Math.max(most, active);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      active -= 1;
      return turns;
    });
    expect({ results, most }).toEqual({ results: [3, 1, 2, 0, 1], most: 2 });
  });

  it('begins nothing new after a failure, and throws it', async () => {
    const begun: number[] = [];
    const work = sideBySide([1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      if (item === 2) throw new Error('second');
    });
    await expect(work).rejects.toThrow('second');
    expect(begun).toEqual([1, 2]);
  });
});

describe('the destination of a copy', () => {
  const tagged = { databaseKind: 'instance', databaseId: 'found', tenant: 'globex' } as const;
  const destinations = (more: object) => {
    return destinationsOf(copyWorld({ config: exporting({ acme: ['orders'] }, more) }).state.fleet);
  };

  it('is the shared bucket, under tenant and name, for a database that enrolled itself by tag', () => {
    const of = destinations({ discovery: { tenantTag: 'tenant' } });
    expect(of(tagged)).toMatchObject({ target: { prefix: 'globex/found', owner: '123456789012' }, schedule: 'daily' });
    expect(of({ ...tagged, databaseId: 'orders', tenant: 'acme' })).toMatchObject({
      target: { prefix: 'acme/orders' },
    });
    expect(of({ databaseKind: 'instance', databaseId: 'found' })).toEqual({
      nowhere: expect.stringContaining('no longer configured'),
    });
  });

  it('says what is missing where a tag enrolled a database and there is no shared bucket', () => {
    const of = destinations({ defaults: { bucket: { type: 'own' } }, discovery: { tenantTag: 'tenant' } });
    expect(of(tagged)).toEqual({ nowhere: noSharedBucket });
  });
});
