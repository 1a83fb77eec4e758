/** Which object is the native dump of a backup: the one that was made for it, and no other's. */
import { describe, expect, it, test } from 'vitest';
import { retried } from '../../../shared/copies/transitions.ts';
import type { Backup } from '../../../shared/domain/index.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
import { s3Error } from './memory-s3.ts';
import { sharedBucket as bucket, copyWorld, exporting } from './world.ts';

const owner = '222222222222';

interface Options {
  readonly key: string;
  readonly staging?: object;
  readonly copy?: object;
  readonly tenants?: Record<string, readonly string[]>;
}

/** Nights of a SQL Server, whose dumps somebody puts into a staging bucket. */
function given({ key, staging = {}, copy = {}, tenants = { acme: ['erp'] } }: Options) {
  const place = { bucket: 'dumps', owner, key, waitHours: 6, ...staging };
  const world = copyWorld({
    now: '2026-11-20T12:00:00Z',
    config: exporting(tenants, {}, { mode: 'object', staging: place, ...copy }),
  });
  const create = () => world.rds.createInstance({ id: 'erp', engine: 'sqlserver-se', retention: 0 });
  const until = (time: string) => world.rds.advanceBy({ minutes: (Date.parse(time) - +world.rds.now) / minuteMs });
  return {
    ...world,
    erp: create(),
    create,
    until,
    dump: async (time: string, name: string, text = `made ${time}`) => {
      await until(time);
      world.s3.put('dumps', name, text);
    },
    backup: async (time: string, database = 'erp', id?: string) => {
      await until(time);
      const made = { kind: id === undefined ? 'automated' : 'manual', at: world.rds.now, ...(id && { id }) } as const;
      const snapshot = world.rds.takeBackup(database, { ...made, durationMinutes: 1 });
      await world.rds.advanceBy({ minutes: 2 });
      return world.record(snapshot.id);
    },
    /** Passes for some hours, one every quarter. */
    passes: async (hours: number) => {
      for (let quarter = 0; quarter <= hours * 4; quarter += 1) {
        await world.pass();
        if (quarter < hours * 4) await world.rds.advanceBy({ minutes: 15 });
      }
    },
    copied: (taskId: string | undefined) => {
      const key = world.s3.keys(bucket).find((name) => name.includes(`/${taskId}/`));
      return key && new TextDecoder().decode(world.s3.object(bucket, key)?.body);
    },
    outcome: async (backup: Backup) => {
      const { state, cause } = await world.copyOf(backup);
      return cause === undefined ? state : `${state} ${cause.code}`;
    },
  };
}

describe('a dump of a fixed name', () => {
  it('that is written once is not the dump of four nights', async () => {
    const world = given({ key: '{databaseId}/latest.bak' });
    await world.dump('2026-11-20T23:00:00Z', 'erp/latest.bak');
    const outcomes = [];
    for (const day of [21, 22, 23, 24]) {
      const backup = await world.backup(`2026-11-${day}T04:00:00Z`);
      await world.pass();
      outcomes.push(await world.outcome(backup));
      await world.passes(6);
      outcomes.push(await world.outcome(backup));
    }
    const stale = ['queued dump-awaited', 'failed dump-stale'];
    expect(outcomes).toEqual(['complete', 'complete', ...stale, ...stale, ...stale]);
    expect(world.notified).toHaveLength(3);
    expect(world.s3.keys(bucket)).toHaveLength(1);
  });

  it('that was not made says how old it is, and what has used it', async () => {
    const world = given({ key: '{databaseId}/latest.bak', staging: { maxDumpAgeHours: 48, waitHours: 1 } });
    await world.dump('2026-11-20T23:00:00Z', 'erp/latest.bak');
    const first = await world.backup('2026-11-21T04:00:00Z');
    await world.pass();
    const second = await world.backup('2026-11-22T04:00:00Z');
    await world.passes(2);
    expect(await world.reasonOf(second)).toBe(
      `s3://dumps/erp/latest.bak is not of this backup: it is from 2026-11-20 23:00 UTC, 29 h before the backup, and the copy of ${first.id} has used it or a newer one; no other came within 48 h of the backup in the 1 h of waiting; find out why no new dump was made`,
    );
  });

  it('that is written every night is each night’s own', async () => {
    const world = given({ key: '{databaseId}/latest.bak' });
    for (const day of [21, 22, 23]) {
      await world.dump(`2026-11-${day}T03:00:00Z`, 'erp/latest.bak');
      const backup = await world.backup(`2026-11-${day}T04:00:00Z`);
      await world.pass();
      const { state, source, taskId } = await world.copyOf(backup);
      expect({ state, copied: world.copied(taskId), source }).toEqual({
        state: 'complete',
        copied: `made 2026-11-${day}T03:00:00Z`,
        source: {
          object: 's3://dumps/erp/latest.bak',
          modified: new Date(`2026-11-${day}T03:00:00Z`),
          etag: expect.any(String),
        },
      });
    }
  });

  it('that is written after the backup is waited for', async () => {
    const world = given({ key: '{databaseId}/latest.bak' });
    await world.dump('2026-11-20T12:00:00Z', 'erp/latest.bak');
    const first = await world.backup('2026-11-21T04:00:00Z');
    await world.pass();
    const second = await world.backup('2026-11-22T04:00:00Z');
    await world.pass();
    expect([await world.outcome(first), await world.outcome(second)]).toEqual(['complete', 'queued dump-awaited']);
    await world.dump('2026-11-22T05:00:00Z', 'erp/latest.bak');
    await world.pass();
    expect(world.copied((await world.copyOf(second)).taskId)).toBe('made 2026-11-22T05:00:00Z');
  });

  it('serves one of two backups', async () => {
    const world = given({ key: '{databaseId}/latest.bak', copy: { schedule: 'every' } });
    await world.dump('2026-11-21T03:00:00Z', 'erp/latest.bak');
    const first = await world.backup('2026-11-21T04:00:00Z');
    const second = await world.backup('2026-11-21T05:00:00Z');
    await world.passes(7);
    expect([await world.outcome(first), await world.outcome(second)]).toEqual(['complete', 'failed dump-stale']);
  });

  it('that the next night’s copy has used is not that of the night before', async () => {
    const world = given({ key: '{databaseId}/latest.bak', staging: { waitHours: 1 } });
    const first = await world.backup('2026-11-21T04:00:00Z');
    await world.passes(2);
    const second = await world.backup('2026-11-22T02:00:00Z');
    await world.dump('2026-11-22T03:00:00Z', 'erp/latest.bak');
    await world.pass();
    await world.changeCopy(first, (copy) => retried(copy, 'object', world.rds.now) ?? copy);
    await world.passes(2);
    expect([await world.outcome(first), await world.outcome(second)]).toEqual(['failed dump-stale', 'complete']);
  });

  it('counts from what the previous copy used, not from the previous backup', async () => {
    const world = given({ key: '{databaseId}/latest.bak' });
    await world.dump('2026-11-21T03:00:00Z', 'erp/latest.bak');
    await world.backup('2026-11-21T04:00:00Z');
    await world.pass();
    await world.dump('2026-11-22T03:00:00Z', 'erp/latest.bak');
    await world.backup('2026-11-22T03:30:00Z', 'erp', 'by-hand');
    const second = await world.backup('2026-11-22T04:00:00Z');
    await world.pass();
    expect(await world.outcome(second)).toBe('complete');
  });

  test.each([
    ['25 h before its backup', '2026-11-21T03:00:00Z', 24, 'failed dump-stale'],
    ['24 h before it', '2026-11-21T04:00:00Z', 24, 'complete'],
    ['25 h before it, where that is allowed', '2026-11-21T03:00:00Z', 25, 'complete'],
  ])('made %s', async (_, made, maxDumpAgeHours, outcome) => {
    const world = given({ key: '{databaseId}/latest.bak', staging: { maxDumpAgeHours } });
    await world.dump(made, 'erp/latest.bak');
    const backup = await world.backup('2026-11-22T04:00:00Z');
    await world.passes(7);
    expect(await world.outcome(backup)).toBe(outcome);
  });

  it('of a database that had the name before is not taken for the new one’s', async () => {
    const world = given({ key: '{databaseId}/latest.bak' });
    await world.dump('2026-11-21T03:00:00Z', 'erp/latest.bak');
    await world.backup('2026-11-21T04:00:00Z');
    await world.pass();
    world.rds.delete(world.erp, { keepAutomated: true });
    const next = world.create();
    const backup = await world.backup('2026-11-21T06:00:00Z', next.id);
    expect(backup.database).not.toBe(world.erp.resourceId);
    await world.passes(1);
    expect(await world.outcome(backup)).toBe('queued dump-awaited');
    await world.dump('2026-11-21T08:00:00Z', 'erp/latest.bak');
    await world.pass();
    expect(world.copied((await world.copyOf(backup)).taskId)).toBe('made 2026-11-21T08:00:00Z');
  });

  it('of a snapshot is not taken for another database’s, whose snapshot has its name now', async () => {
    const tenants = { acme: ['erp'], globex: ['crm'] };
    const world = given({ key: '{snapshotId}.bak', copy: { kinds: ['manual'], schedule: 'every' }, tenants });
    world.rds.createInstance({ id: 'crm', engine: 'sqlserver-se', retention: 0 });
    await world.dump('2026-11-21T03:00:00Z', 'nightly.bak', 'of erp');
    await world.backup('2026-11-21T04:00:00Z', 'erp', 'nightly');
    await world.pass();
    world.rds.deleteSnapshot('nightly');
    const backup = await world.backup('2026-11-21T06:00:00Z', 'crm', 'nightly');
    await world.passes(7);
    expect(await world.outcome(backup)).toBe('failed dump-stale');
    expect(world.s3.keys(bucket)).toHaveLength(1);
  });

  it('from the time of another tenant is not taken', async () => {
    const world = given({ key: '{databaseId}/latest.bak' });
    await world.until('2026-11-21T04:00:00Z');
    await world.sweep();
    await world.dump('2026-11-22T03:00:00Z', 'erp/latest.bak');
    world.configure(
      exporting(
        { globex: ['erp'] },
        {},
        {
          mode: 'object',
          staging: { bucket: 'dumps', owner, key: '{databaseId}/latest.bak' },
        },
      ),
    );
    await world.until('2026-11-22T03:30:00Z');
    await world.sweep();
    const backup = await world.backup('2026-11-22T04:00:00Z');
    await world.pass();
    expect([backup.tenant, await world.outcome(backup)]).toEqual(['globex', 'queued dump-awaited']);
  });
});

describe('dumps named by their date', () => {
  it('are those of the night, where the dump is made before midnight and the backup after it', async () => {
    for (const [key, hour, name] of [
      ['{databaseId}/{date-1}.bak', 23, (day: number) => `erp/2026-11-${day}.bak`],
      ['{databaseId}/{date:America/New_York}.bak', 23, (day: number) => `erp/2026-11-${day}.bak`],
      ['{databaseId}/{date-1:Europe/London}.bak', 23, (day: number) => `erp/2026-11-${day}.bak`],
      ['{databaseId}/{date:Asia/Tokyo}.bak', 23, (day: number) => `erp/2026-11-${day + 1}.bak`],
      ['{databaseId}/', 23, (day: number) => `erp/2026-11-${day}.bak`],
    ] as const) {
      const world = given({ key });
      for (const day of [20, 21, 22]) {
        await world.dump(`2026-11-${day}T${hour}:30:00Z`, name(day));
        const backup = await world.backup(`2026-11-${day + 1}T00:10:00Z`);
        await world.pass();
        expect([key, world.copied((await world.copyOf(backup)).taskId)]).toEqual([
          key,
          `made 2026-11-${day}T23:30:00Z`,
        ]);
      }
    }
  });

  it('are not to be found under the day of the backup: what is missing says what the key can say instead', async () => {
    const world = given({ key: '{databaseId}/{date}.bak' });
    await world.dump('2026-11-20T23:30:00Z', 'erp/2026-11-20.bak');
    const backup = await world.backup('2026-11-21T00:10:00Z');
    await world.passes(7);
    expect(await world.reasonOf(backup)).toMatch(/^s3:\/\/dumps\/erp\/2026-11-21.bak is not there 6 h.*\{date-1\}/);
  });
});

describe('a key that ends in a slash', () => {
  it('stands for the newest object under it that is of the backup', async () => {
    const world = given({ key: 'dumps/{databaseId}/' });
    await world.dump('2026-11-20T13:00:00Z', 'dumps/erp/', '');
    await world.dump('2026-11-20T14:00:00Z', 'dumps/erp/z.bak');
    await world.dump('2026-11-20T15:00:00Z', 'dumps/erp/eu/a.bak');
    await world.dump('2026-11-20T15:30:00Z', 'dumps/erp/b.bak');
    await world.dump('2026-11-20T16:00:00Z', 'dumps/erp-eu/c.bak');
    await world.dump('2026-11-20T16:30:00Z', 'dumps/erp/folder/', '');
    const backup = await world.backup('2026-11-20T17:00:00Z');
    await world.pass();
    const { state, source, taskId } = await world.copyOf(backup);
    expect([state, source?.object, world.copied(taskId)]).toEqual([
      'complete',
      's3://dumps/dumps/erp/b.bak',
      'made 2026-11-20T15:30:00Z',
    ]);
    expect(world.s3.keys(bucket)[0]).toMatch(/\/b\.bak$/);
  });

  it('is waited for while nothing new lies under it', async () => {
    const world = given({ key: 'dumps/{databaseId}/' });
    await world.dump('2026-11-20T23:00:00Z', 'dumps/erp/1.bak');
    await world.dump('2026-11-21T03:00:00Z', 'dumps/erp/2.bak');
    await world.backup('2026-11-21T04:00:00Z');
    await world.pass();
    const second = await world.backup('2026-11-22T02:00:00Z');
    await world.passes(1);
    // The other dump of the first night is in time, but older than what its copy used.
    expect(await world.outcome(second)).toBe('queued dump-awaited');
    await world.passes(6);
    expect(await world.reasonOf(second)).toMatch(
      /^s3:\/\/dumps\/dumps\/erp\/2.bak is not of this backup.* 23 h before/,
    );
  });

  it('under which nothing lies is a missing dump', async () => {
    const world = given({ key: 'dumps/{databaseId}/', staging: { waitHours: 0 } });
    const backup = await world.backup('2026-11-21T04:00:00Z');
    await world.pass();
    expect(await world.copyOf(backup)).toMatchObject({
      state: 'failed',
      cause: { code: 'dump-missing', facts: { object: 's3://dumps/dumps/erp/' } },
    });
  });

  it('whose listing S3 refuses waits for a person, with S3’s own cause', async () => {
    const world = given({ key: 'dumps/{databaseId}/' });
    const backup = await world.backup('2026-11-21T04:00:00Z');
    world.s3.onCall = ({ name }) => {
      if (name === 'ListObjectsV2') throw s3Error('AccessDenied', 403);
    };
    await world.pass();
    expect(await world.outcome(backup)).toBe('queued s3-denied');
  });

  it('whose newest object is deleted in between is waited for', async () => {
    const world = given({ key: 'dumps/{databaseId}/' });
    await world.dump('2026-11-21T03:00:00Z', 'dumps/erp/1.bak');
    const backup = await world.backup('2026-11-21T04:00:00Z');
    world.s3.onCall = ({ name }) => {
      if (name === 'HeadObject') world.s3.delete('dumps', 'dumps/erp/1.bak');
    };
    await world.pass();
    expect(await world.outcome(backup)).toBe('queued dump-awaited');
  });
});
