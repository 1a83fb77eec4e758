import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { type ExportOutcome, exportFailure } from '../../../local/rds/exports.ts';
import { contentsOf, shortcomings, skippedInList, warningsIn } from '../../../shared/copies/verify.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
import { MemoryS3, s3Error } from './memory-s3.ts';
import { sharedBucket as bucket, type CopyWorldOptions, copyWorld, exporting, exportRole, stackKey } from './world.ts';

/** One backup whose export runs; it takes 20 minutes, and goes as planned. */
async function given(plan: ExportOutcome = { kind: 'complete' }, options: Partial<CopyWorldOptions> = {}) {
  const config = exporting({ acme: ['orders'] }, { copies: { maxAttempts: 3, stuckHours: 24 } });
  const world = copyWorld({ config, ...options });
  const database = world.rds.createInstance({ id: 'orders', dataGb: 100 });
  const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
  const snapshot = world.rds.takeBackup(database, { kind: 'automated', at });
  world.rds.planExport(snapshot.id, plan);
  const backup = await world.record(snapshot.id);
  const started = world.rds.now;
  await world.pass();
  return { ...world, backup, started, copy: () => world.copyOf(backup), reason: () => world.reasonOf(backup) };
}

describe('an export that ends', () => {
  it('is complete, with its objects and bytes as they lie in the bucket', async () => {
    const world = await given();
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass({ exportsEnded: [world.backup.arn] });
    const keys = world.s3.keys(bucket);
    const bytes = keys.reduce((sum, key) => sum + (world.s3.object(bucket, key)?.bytes ?? 0), 0);
    expect(await world.copy()).toMatchObject({
      state: 'complete',
      startedAt: world.started,
      endedAt: new Date(world.started.getTime() + 20 * minuteMs),
      percent: 100,
      objects: keys.length,
      bytes,
    });
    expect(world.notified).toEqual([]);
  });

  it('is seen by a periodic pass where its event is lost', async () => {
    const world = await given();
    await world.rds.advanceBy({ hours: 2 });
    await world.pass();
    expect((await world.copy()).state).toBe('complete');
  });

  it('is believed once, however often its event comes', async () => {
    const world = await given();
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass({ exportsEnded: [world.backup.arn] });
    const copy = await world.copy();
    await world.pass({ exportsEnded: [world.backup.arn] });
    expect(await world.copy()).toEqual(copy);
  });

  it('is followed by its event though the index does not show it as running yet', async () => {
    const world = await given();
    await world.rds.advanceBy({ minutes: 30 });
    world.ledger.copies = async function* () {};
    await world.pass({ exportsEnded: [world.backup.arn] });
    expect((await world.copy()).state).toBe('complete');
  });

  it('is followed by its event though the run that started it died before it had noted that', async () => {
    const world = await given();
    await world.changeCopy(world.backup, ({ startedAt: _, ...copy }) => ({ ...copy, state: 'starting' }));
    await world.rds.advanceBy({ minutes: 30 });
    const { followed } = await world.pass({ exportsEnded: [world.backup.arn, world.backup.arn] });
    const [task] = world.rds.exportTasks();
    expect(followed.ended).toMatchObject([{ copy: { state: 'complete', startedAt: task?.TaskStartTime } }]);
  });

  it('is verified in the bucket that it went to, whatever the configuration names by now', async () => {
    const world = await given();
    const bucket = { type: 'existing', name: 'elsewhere', owner: '999999999999' };
    const orders = { id: 'orders', kind: 'instance', copy: { mode: 'export' }, bucket };
    world.configure({ ...exporting({}), tenants: [{ id: 'acme', databases: [orders] }] });
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass();
    expect((await world.copy()).state).toBe('complete');
  });

  it('shows its progress on the way', async () => {
    const world = await given();
    await world.rds.advanceBy({ minutes: 10 });
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'running', percent: 50 });
  });

  it('is incomplete, not complete, when RDS skipped tables', async () => {
    const world = await given({ kind: 'warn', skipTables: 1 });
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass();
    expect(await world.copy()).toMatchObject({
      state: 'incomplete',
      notifiedAt: world.rds.now,
      cause: {
        code: 'export-incomplete',
        facts: {
          skipped: 1,
          skippedTables: [{ table: 'orders.public.customers', reason: 'FAILED_TO_EXTRACT_TABLE' }],
          warnings: [],
        },
      },
    });
    expect(await world.reason()).toContain('1 table skipped: ');
    expect(world.notified).toHaveLength(1);
  });

  it('is cancelled when somebody cancelled it', async () => {
    const world = await given();
    world.rds.call('CancelExportTask', { ExportTaskIdentifier: (await world.copy()).taskId });
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'cancelled', cause: { code: 'export-cancelled' } });
    expect(world.notified).toEqual([]);
  });

  it('is tried again when RDS says COMPLETE and nothing lies there', async () => {
    const world = await given({ kind: 'complete' }, { simulator: { objectSink: { put: async () => undefined } } });
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'queued', attempt: 2 });
    expect(await world.reason()).toMatch(/^attempt 1 failed: RDS says the export is complete, but nothing lies in s3:/);
  });

  it('is incomplete when S3 does not let it be verified, and the missing right is named', async () => {
    const world = await given();
    world.s3.onCall = () => {
      throw s3Error('AccessDenied', 403);
    };
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass();
    expect((await world.copy()).state).toBe('incomplete');
    expect(await world.reason()).toContain('s3:ListBucket');
  });

  it('has failed for good when its bucket is gone', async () => {
    const world = await given();
    await world.rds.advanceBy({ minutes: 30 });
    world.s3.deleteBucket(bucket);
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'failed', permanent: true });
  });

  it('is not believed in a bucket that belongs to somebody else', async () => {
    const world = await given();
    world.s3.createBucket(bucket, '999999999999');
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass();
    expect((await world.copy()).state).toBe('incomplete');
  });

  it('stays running while S3 has trouble, and the error climbs', async () => {
    const world = await given();
    world.s3.onCall = () => {
      throw s3Error('SlowDown', 503);
    };
    await world.rds.advanceBy({ minutes: 30 });
    await expect(world.pass()).rejects.toThrow('could not be followed');
    expect((await world.copy()).state).toBe('running');
    world.s3.onCall = undefined;
    await world.pass();
    expect((await world.copy()).state).toBe('complete');
  });
});

describe('an export that fails', () => {
  it('is tried again with growing pauses, a set number of times, and then reported', async () => {
    const world = await given({ kind: 'fail', cause: exportFailure.internal() });
    world.rds.planExport('*', { kind: 'fail', cause: exportFailure.internal() }, 10);
    const pauses: (number | undefined)[] = [];
    const ids = new Set<string | undefined>();
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      ids.add((await world.copy()).taskId);
      await world.rds.advanceBy({ minutes: 30 });
      await world.pass();
      const { notBefore } = await world.copy();
      pauses.push(notBefore && (notBefore.getTime() - world.rds.now.getTime()) / minuteMs);
      if (notBefore) await world.rds.advanceTo(notBefore);
      await world.pass();
    }
    expect(pauses).toEqual([15, 60, undefined]);
    expect(ids.size).toBe(3);
    const copy = await world.copy();
    expect(copy).toMatchObject({ state: 'failed', attempt: 3 });
    expect(copy.permanent).toBeUndefined();
    expect(await world.reason()).toBe(
      'failed after 3 attempts: the export failed (RDS says: An unknown internal error occurred.)',
    );
    expect(world.notified).toHaveLength(1);
  });

  it.each([
    ['role', exportFailure.role(exportRole), 'sts:AssumeRole'],
    ['key', exportFailure.key(bucket, exportRole, stackKey), stackKey],
    ['bucket', exportFailure.bucket(bucket, exportRole, 's3:PutObject'), `grant s3:PutObject on bucket ${bucket}`],
    ['KMS check', 'KMS key check failed. Check the credentials on your KMS key and try again.', 'kms:'],
    [
      'S3 check',
      'S3 credential check failed. Check the permissions on your S3 bucket and IAM policy.',
      's3:PutObject*',
    ],
    [
      'Region',
      `The S3 bucket ${bucket} isn't located in the current AWS Region. Review your S3 bucket name and retry the export.`,
      'is not in eu-west-1',
    ],
  ])(
    'for its %s waits for a person: people are notified of what is missing once it comes again',
    async (_, cause, advice) => {
      const world = await given({ kind: 'fail', cause });
      await world.rds.advanceBy({ minutes: 30 });
      await world.pass();
      expect(await world.copy()).toMatchObject({
        state: 'queued',
        attempt: 2,
        setupFailures: 1,
        cause: { facts: { said: cause } },
      });
      expect(await world.reason()).toContain(advice);
      expect(world.notified).toEqual([]);
      world.rds.planExport('*', { kind: 'fail', cause });
      await world.rds.advanceBy({ hours: 1 });
      await world.pass();
      await world.rds.advanceBy({ minutes: 30 });
      await world.pass();
      expect(await world.copy()).toMatchObject({ attempt: 3, setupFailures: 2 });
      expect(world.notified).toMatchObject([{ tenant: 'acme', copies: [{ copy: { state: 'queued' } }] }]);
    },
  );
});

it('a failure names what its task was to write with, and where', async () => {
  const world = await given({ kind: 'fail', cause: exportFailure.key(bucket, exportRole, stackKey) });
  await world.rds.advanceBy({ minutes: 30 });
  await world.pass();
  expect((await world.copy()).cause).toMatchObject({
    code: 'bucket-denied',
    facts: { bucket, role: exportRole, key: stackKey },
  });
});

it('a pass says what became of the exports that it followed', async () => {
  const databases = ['done', 'fails', 'hangs', 'hangs-too'];
  const world = copyWorld({ config: exporting({ acme: databases }, { copies: { stuckHours: 2 } }) });
  const plans: Record<string, ExportOutcome> = {
    fails: { kind: 'fail', cause: exportFailure.internal() },
    hangs: { kind: 'hang', atPercent: 40 },
    'hangs-too': { kind: 'hang', atPercent: 40 },
  };
  for (const id of databases) {
    const database = world.rds.createInstance({ id, dataGb: 100 });
    const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
    const snapshot = world.rds.takeBackup(database, { kind: 'automated', at });
    world.rds.planExport(snapshot.id, plans[id] ?? { kind: 'complete' });
    await world.record(snapshot.id);
  }
  await world.pass();
  const followed = async () => {
    const { ended, retried, running, stuck } = (await world.pass()).followed;
    return { ended: ended.map(({ databaseId }) => databaseId), retried, running, stuck };
  };
  await world.rds.advanceBy({ minutes: 30 });
  expect(await followed()).toEqual({ ended: ['done'], retried: 1, running: 2, stuck: 0 });
  expect(await followed()).toEqual({ ended: [], retried: 0, running: 2, stuck: 0 });
  await world.rds.advanceBy({ minutes: 91 });
  expect(await followed()).toMatchObject({ running: 2, stuck: 2 });
  // That pass started the one that had failed anew.
  expect(await followed()).toEqual({ ended: [], retried: 0, running: 3, stuck: 0 });
});

describe('an export that hangs', () => {
  it('is reported once as stuck', async () => {
    const world = await given({ kind: 'hang', atPercent: 40 });
    await world.rds.advanceBy({ hours: 23 });
    await world.pass();
    expect(world.notified).toEqual([]);
    await world.rds.advanceBy({ hours: 2 });
    await world.pass();
    await world.rds.advanceBy({ hours: 5 });
    await world.pass();
    expect(world.notified.map(({ copies }) => copies[0]?.copy.state)).toEqual(['running']);
    // The text is as of now, whenever it was noted.
    expect(await world.reason()).toContain('stuck: running for 30 h');
  });
});

it.each([
  ['KMS.DisabledException', 400, 'incomplete'],
  ['AccessDenied', 403, 'incomplete'],
  ['KMS.ThrottlingException', 400, 'running'],
  ['RequestTimeout', 400, 'running'],
  ['InternalError', 500, 'running'],
])('a verification that S3 answers with %s (%i) leaves the copy %s', async (name, status, state) => {
  const world = await given();
  await world.rds.advanceBy({ minutes: 30 });
  world.s3.onCall = () => {
    throw s3Error(name, status);
  };
  await world.pass().catch(() => undefined);
  expect((await world.copy()).state).toBe(state);
  await world.rds.advanceBy({ hours: 25 });
  await world.pass().catch(() => undefined);
  expect(await world.copy()).toMatchObject({ state: 'incomplete', cause: { code: 'not-verifiable' } });
});

it('verifying what has ended leaves half of the time to start what waits', async () => {
  const ids = Array.from({ length: 10 }, (_, n) => `db-${n}`);
  const world = copyWorld({ config: exporting({ acme: ids }) });
  for (const id of ids) {
    world.rds.createInstance({ id, dataGb: 100 });
    const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
    await world.record(world.rds.takeBackup(id, { kind: 'automated', at }).id);
  }
  await world.pass();
  await world.rds.advanceBy({ hours: 1 });
  const send = world.s3.client.send.bind(world.s3.client);
  // The bucket takes its time: the first listings, side by side, use up half of the run's.
  world.s3.client.send = (async (command: never) => {
    world.run.remainingMs = 250_000;
    return send(command);
  }) as never;
  const { followed, run } = await world.pass();
  expect([followed.ended.length, followed.running, run.started]).toEqual([4, 1, 5]);
  world.run.remainingMs = 600_000;
  world.s3.client.send = send;
  expect((await world.pass()).followed.ended).toHaveLength(1);
});

describe('a task that RDS does not show', () => {
  it('that RDS no longer lists is complete where its record in the bucket says so', async () => {
    const world = await given();
    await world.rds.advanceBy({ hours: 2 });
    const call = world.rds.call.bind(world.rds);
    world.rds.call = (action, input) => (action === 'DescribeExportTasks' ? { ExportTasks: [] } : call(action, input));
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'complete', attempt: 1, objects: world.s3.keys(bucket).length });
    expect(world.rds.calls('StartExportTask')).toBe(1);
  });

  it.each([
    ['is not complete', '{"status":"IN_PROGRESS"}'],
    ['cannot be read', 'not JSON'],
  ])('that RDS no longer lists is made again where its record %s', async (_, record) => {
    const world = await given({ kind: 'hang' });
    const { prefix, taskId } = await world.copy();
    world.s3.put(bucket, `${prefix}/${taskId}/export_info_${taskId}.json`, record);
    await world.rds.advanceBy({ hours: 2 });
    const call = world.rds.call.bind(world.rds);
    world.rds.call = (action, input) => (action === 'DescribeExportTasks' ? { ExportTasks: [] } : call(action, input));
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'queued', attempt: 2, cause: { code: 'task-unknown' } });
  });

  it('is waited for in its first hour, and tried again after it', async () => {
    const world = await given();
    await world.changeCopy(world.backup, (copy) => ({ ...copy, taskId: 'copy-unknown' }));
    await world.rds.advanceBy({ minutes: 30 });
    await world.pass();
    expect((await world.copy()).state).toBe('running');
    await world.rds.advanceBy({ minutes: 31 });
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'queued', attempt: 2 });
  });
});

describe('the warning of a completed task', () => {
  it('is nothing where its lists are empty', () => {
    const warnings = warningsIn('{"skippedTables":[],"skippedObjects":[],"general":[]}');
    expect(shortcomings(warnings)).toBeUndefined();
    expect(shortcomings(warningsIn(undefined))).toBeUndefined();
    expect(shortcomings(warningsIn(' '))).toBeUndefined();
    expect(shortcomings(warningsIn('{"general":[null,"",{},[]],"more":null}'))).toBeUndefined();
  });

  it('is kept in another shape, or if it is no JSON', () => {
    const warned = (...warnings: string[]) => ({ skippedTables: [], skipped: 0, warnings });
    expect(shortcomings(warningsIn('tables were skipped'))).toEqual(warned('tables were skipped'));
    expect(shortcomings(warningsIn('{"general":["odd"],"count":2}'))).toEqual(warned('odd', 'count: 2'));
    expect(shortcomings(warningsIn('{"general":[{"rows":3}]}'))).toEqual(warned('general: {"rows":3}'));
    for (const text of ['null', '7', '"odd"']) expect(shortcomings(warningsIn(text))).toEqual(warned(text));
  });

  it('names a table without a reason by the list that it is in', () => {
    const facts = shortcomings(warningsIn('{"skippedTables":[{"tableName":"shop.a"}]}'));
    expect(facts?.skippedTables).toEqual([{ table: 'shop.a', reason: 'skippedTables' }]);
  });

  it('is cut to ten warnings, each to a length', () => {
    const general = Array.from({ length: 12 }, (_, index) => `${index} ${'W'.repeat(2_000)}`);
    const { warnings = [] } = shortcomings(warningsIn(JSON.stringify({ general }))) ?? {};
    expect(warnings.map((warning) => [Number.parseInt(warning, 10), warning.length <= 1_000])).toEqual(
      Array.from({ length: 10 }, (_, index) => [index, true]),
    );
  });

  it('names ten tables, cut to a length, and counts the others', () => {
    const skippedTables = Array.from({ length: 12 }, (_, index) => ({
      tableName: `t${index}`,
      reason: 'R'.repeat(300),
    }));
    const facts = shortcomings(warningsIn(JSON.stringify({ skippedTables })));
    expect(facts).toMatchObject({ skipped: 12, warnings: [] });
    expect(facts?.skippedTables.map(({ table, reason }) => `${table} ${reason.length <= 200}`)).toEqual(
      Array.from({ length: 10 }, (_, index) => `t${index} true`),
    );
  });

  it('is read whatever its size and depth, and kept in a few lines', () => {
    const deep = `{"general":${'['.repeat(200_000)}${']'.repeat(200_000)}}`;
    expect(shortcomings(warningsIn(deep))?.warnings).toEqual(['general: nested too deeply to be shown']);
    const skippedTables = Array.from({ length: 100_000 }, (_, index) => ({ tableName: `${index}${'x'.repeat(300)}` }));
    const facts = shortcomings(warningsIn(JSON.stringify({ skippedTables, general: ['y'.repeat(1_000_000)] })), {
      count: 100_000,
      named: [],
    });
    expect(facts?.skipped).toBe(200_000);
    expect(JSON.stringify(facts).length).toBeLessThan(10_000);
  });

  it('comes first, and the export’s own lists in the bucket complete it', () => {
    const warnings = warningsIn('{"skippedTables":[{"tableName":"shop.a","reason":"no rights"}]}');
    const named = Array.from({ length: 10 }, (_, index) => ({ table: `shop.t${index}`, reason: 'FAILED' }));
    const facts = shortcomings(warnings, { count: 400, named });
    expect(facts?.skipped).toBe(401);
    expect(facts?.skippedTables).toEqual([{ table: 'shop.a', reason: 'no rights' }, ...named.slice(0, 9)]);
  });
});

describe('a list of tables in the bucket', () => {
  const bytesOf = (text: string, length = 7) => {
    const bytes = new TextEncoder().encode(text);
    return Readable.from(
      Array.from({ length: Math.ceil(bytes.length / length) }, (_, at) =>
        bytes.subarray(at * length, (at + 1) * length),
      ),
    );
  };
  const none = { count: 0, named: [] };
  const perTableStatus = [
    { target: 'shop.a', status: 'COMPLETE' },
    { target: 'shop.a2', status: 'complete', failureReason: null },
    { target: 'shop.b', status: 'FAILED', warningMessage: null },
    { target: 'shop.ç', status: 'SKIPPED', warningMessage: 'no rights' },
    { target: 'shop.d', status: 'FAILED', warningMessage: 'slow', failureReason: 'gave up' },
  ];
  const list = JSON.stringify({ exportTaskIdentifier: 't', perTableStatus, more: { perTableStatus } });

  it.each([1, 2, 7, 100_000])('says which are not complete, in pieces of %i bytes', async (length) => {
    expect(await skippedInList(bytesOf(list, length))).toEqual({
      count: 3,
      named: [
        { table: 'shop.b', reason: 'FAILED' },
        { table: 'shop.ç', reason: 'no rights' },
        { table: 'shop.d', reason: 'gave up' },
      ],
    });
  });

  it('is read with a byte order mark and with line breaks', async () => {
    expect((await skippedInList(bytesOf(`\ufeff${JSON.stringify({ perTableStatus }, null, 2)}\r\n`))).count).toBe(3);
  });

  it('does not count what the warning names already', async () => {
    const { skipped } = warningsIn('{"skippedTables":[{"tableName":"shop.b"},{"tableName":"shop.z"}]}');
    expect((await skippedInList(bytesOf(list), skipped)).named.map(({ table }) => table)).toEqual(['shop.ç', 'shop.d']);
  });

  it('loses no table to an entry of another shape', async () => {
    const odd = [null, 7, 'shop.x', [], { target: 'shop.y' }, { target: 1, status: 'FAILED' }, ...perTableStatus];
    expect((await skippedInList(bytesOf(JSON.stringify({ perTableStatus: odd })))).count).toBe(3);
  });

  it.each([
    ['no JSON', 'not JSON'],
    ['nothing', ''],
    ['cut off', list.slice(0, -1)],
    ['followed by something', `${list}x`],
    ['broken behind the tables', `${list.slice(0, -1)},}`],
    ['an object instead of a list', '{"perTableStatus":{"a":{"target":"shop.a","status":"FAILED"}}}'],
    ['another one', '{"tables":[{"target":"shop.a","status":"FAILED"}]}'],
    ['a list of lists', JSON.stringify([{ perTableStatus }])],
    ['nested too deeply', '['.repeat(100_000)],
  ])('says nothing where it is %s', async (_, text) => {
    expect(await skippedInList(bytesOf(text, 1_000))).toEqual(none);
    expect(await skippedInList(bytesOf(text))).toEqual(none);
  });

  it('names ten tables, cut to a length, and counts the others', async () => {
    const tables = Array.from({ length: 20_000 }, (_, index) => ({ target: `t${index}`, status: 'R'.repeat(300) }));
    const { count, named } = await skippedInList(bytesOf(JSON.stringify({ perTableStatus: tables }), 65_536));
    expect({ count, named: named.map(({ table, reason }) => `${table} ${reason.length <= 200}`) }).toEqual({
      count: 20_000,
      named: Array.from({ length: 10 }, (_, index) => `t${index} true`),
    });
  });
});

it('the contents of an export are counted page by page, with the lists of tables that lie beside them', async () => {
  const s3 = new MemoryS3();
  s3.createBucket(bucket, '123456789012');
  const list = (target: string) => JSON.stringify({ perTableStatus: [{ target, status: 'FAILED' }] });
  s3.put(bucket, 'acme/t/export_info_t.json', list('no list of tables'));
  s3.put(bucket, 'acme/t/export_tables_info_t_from_1_to_2.json', list('shop.a'));
  s3.put(bucket, 'acme/t/export_tables_info_t_from_3_to_4.json', list('shop.b'));
  s3.put(bucket, 'acme/t/export_tables_info_t.json.tmp', list('half a list'));
  s3.put(bucket, 'acme/t/shop/export_tables_info_1.json', list('a table of that name'));
  s3.put(bucket, 'acme/t/shop/part-0.parquet', 'data', { bytes: 1_000_000 });
  s3.put(bucket, 'acme/other/part-0.parquet', 'of another export');
  const found = await contentsOf(s3.client, { bucket, folder: 'acme/t/' });
  expect(found.objects).toBe(6);
  expect(found.bytes).toBeGreaterThan(1_000_000);
  expect(found.skipped).toEqual({
    count: 2,
    named: ['shop.a', 'shop.b'].map((table) => ({ table, reason: 'FAILED' })),
  });
});

it.each(['ListObjectsV2', 'GetObject'])(
  'the contents of an export are given up where %s takes too long',
  async (name) => {
    const s3 = new MemoryS3();
    s3.createBucket(bucket, '123456789012');
    s3.put(bucket, 'acme/t/export_tables_info_t_from_1_to_2.json', '{"perTableStatus":[]}');
    const controller = new AbortController();
    s3.onCall = (call) => {
      if (call.name === name) controller.abort();
    };
    const reading = contentsOf(s3.client, { bucket, folder: 'acme/t/' }, {}, controller.signal);
    await expect(reading).rejects.toThrow(`verifying s3://${bucket}/acme/t/ took too long`);
  },
);
