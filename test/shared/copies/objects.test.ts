import { describe, expect, it } from 'vitest';
import {
  copyObject,
  GiB,
  MiB,
  type ObjectCopy,
  objectFailure,
  partsOf,
  sourceObject,
} from '../../../shared/copies/copy-object.ts';
import { largestObject } from '../../../shared/copies/object-queue.ts';
import { type Backup, backupIdOf, type Copy, databaseKey } from '../../../shared/domain/index.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
import { copyReasonOf } from '../../../shared/reasons/copies.ts';
import { where } from '../../support/world.ts';
import { MemoryS3, s3Error } from './memory-s3.ts';
import { sharedBucket as bucket, copyWorld, exporting, stackKey } from './world.ts';

const owner = '222222222222';
const staging = { bucket: 'dumps', owner, key: 'nightly/{snapshotId}.bak', waitHours: 24 };

/** A SQL Server whose nightly dump is awaited in a staging bucket of another account. */
async function given() {
  const config = exporting({ acme: ['erp'] }, {}, { mode: 'object', staging });
  const world = copyWorld({ config });
  const database = world.rds.createInstance({ id: 'erp', engine: 'sqlserver-se' });
  const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
  const snapshot = world.rds.takeBackup(database, { kind: 'automated', at });
  const backup = await world.record(snapshot.id);
  const key = `nightly/${snapshot.id}.bak`;
  return { ...world, backup, key, copy: () => world.copyOf(backup), reason: () => world.reasonOf(backup) };
}

describe('a native dump', () => {
  it('is copied beside the exports, encrypted, with its metadata, and measured', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump', { metadata: { made: 'tonight' } });
    const { run } = await world.pass();
    const copy = await world.copy();
    expect(copy).toMatchObject({ mode: 'object', state: 'complete', objects: 1, bytes: 6, bucket });
    expect(run).toMatchObject({ waiting: 0 });
    expect(world.s3.object(bucket, `${copy.prefix}/${copy.taskId}/${world.backup.id}.bak`)).toMatchObject({
      metadata: { made: 'tonight' },
      keyArn: stackKey,
    });
  });

  it('takes no export slot', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump');
    await world.pass();
    expect(world.rds.calls('StartExportTask')).toBe(0);
  });

  it('is copied in the run that starts exports, each by its own queue', async () => {
    const world = await given();
    const ofErp = { id: 'erp', kind: 'instance', copy: { mode: 'object', staging } };
    const orders = { id: 'orders', kind: 'instance', copy: { mode: 'export' } };
    world.configure({ ...exporting({}), tenants: [{ id: 'acme', databases: [ofErp, orders] }] });
    const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
    const database = world.rds.createInstance({ id: 'orders' });
    const exported = await world.record(world.rds.takeBackup(database, { kind: 'automated', at }).id);
    world.s3.put('dumps', world.key, 'a dump');
    expect((await world.pass()).run).toMatchObject({ lease: 'taken', started: 1, waiting: 0 });
    expect([(await world.copyOf(exported)).state, (await world.copy()).state]).toEqual(['running', 'complete']);
  });

  it('is not copied where another backup of its day has been, both queued in the same moment', async () => {
    const world = await given();
    const at = new Date(world.rds.now.getTime() - 90 * minuteMs);
    const older = world.rds.takeBackup('erp', { kind: 'awsbackup', at });
    await world.changeCopy(world.backup, (copy) => ({ ...copy, state: 'none' }));
    const twin = await world.record(older.id);
    await world.changeCopy(world.backup, () => world.backup.copy);
    for (const { id } of [twin, world.backup]) world.s3.put('dumps', `nightly/${id}.bak`, 'a dump');
    await world.pass();
    expect((await world.copyOf(twin)).state).toBe('complete');
    expect(await world.copy()).toMatchObject({ state: 'none', cause: { code: 'period-served' } });
    expect(world.s3.called('CopyObject')).toHaveLength(1);
  });

  it('is asked for with the account that must own its bucket, on both sides', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump');
    await world.pass();
    const owners = world.s3.called('HeadObject').map(({ input }) => [input.Bucket, input.ExpectedBucketOwner]);
    expect(owners).toContainEqual(['dumps', owner]);
    expect(owners).toContainEqual([bucket, '123456789012']);
    expect(world.s3.called('CopyObject')[0]?.input).toMatchObject({
      ExpectedBucketOwner: '123456789012',
      ExpectedSourceBucketOwner: owner,
    });
  });

  it('is not taken from a stranger who owns the staging bucket', async () => {
    const world = await given();
    world.s3.createBucket('dumps', '999999999999');
    world.s3.put('dumps', world.key, 'a trap');
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'queued', setupFailures: 1 });
    expect(await world.reason()).toContain(`which must belong to account ${owner}`);
    expect(world.notified).toEqual([]);
    await world.rds.advanceBy({ hours: 1 });
    await world.pass();
    expect(world.notified).toHaveLength(1);
    expect(world.s3.keys(bucket)).toEqual([]);
  });

  it('that is not there yet is waited for, then reported', async () => {
    const world = await given();
    await world.pass();
    expect(await world.copy()).toMatchObject({
      state: 'queued',
      cause: { code: 'dump-awaited', facts: { object: `s3://dumps/${world.key}` } },
      notBefore: new Date(world.rds.now.getTime() + 15 * minuteMs),
    });
    await world.rds.advanceBy({ hours: 23 });
    await world.pass();
    expect(world.notified).toEqual([]);
    await world.rds.advanceBy({ hours: 1, minutes: 15 });
    await world.pass();
    expect(await world.copy()).toMatchObject({
      state: 'failed',
      cause: { code: 'dump-missing', facts: { object: `s3://dumps/${world.key}`, waitHours: 24 } },
    });
    expect(world.notified).toHaveLength(1);
  });

  it('that comes late is copied', async () => {
    const world = await given();
    await world.pass();
    world.s3.put('dumps', world.key, 'a dump');
    await world.rds.advanceBy({ minutes: 15 });
    await world.pass();
    expect((await world.copy()).state).toBe('complete');
  });

  it('that one run cannot carry is refused with its size', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'huge', { bytes: largestObject + GiB });
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'failed', permanent: true });
    expect(await world.reason()).toContain('141.6 GiB, one run copies at most 140 GiB');
    expect(world.s3.called('CreateMultipartUpload')).toEqual([]);
    expect(world.notified).toHaveLength(1);
  });

  it('is taken by a run that copies nothing else, however little time that has', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'large', { bytes: 100 * GiB });
    world.run.remainingMs = 60_000;
    await world.pass();
    expect((await world.copy()).state).toBe('complete');
  });

  it.each([
    ['its database left the configuration', exporting({ acme: [] }), 'not-configured'],
    ['its database has no staging bucket any more', exporting({ acme: ['erp'] }), 'staging-not-configured'],
    ['nothing but its tags names its database', exporting({}, { discovery: {}, defaults: {} }), 'no-shared-bucket'],
    ['its name is another tenant’s', exporting({ globex: ['erp'] }, {}, { mode: 'object', staging }), 'owner-changed'],
  ])('is skipped where %s', async (_what, config, code) => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump');
    world.configure(config);
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'skipped', cause: { code } });
    expect(world.notified).toEqual([]);
  });

  it('that a person cancels while another is being copied is not copied', async () => {
    const world = await given();
    const at = new Date(world.rds.now.getTime() - 90 * minuteMs);
    const older = world.rds.takeBackup('erp', { kind: 'automated', at });
    const other = await world.record(older.id);
    await world.changeCopy(other, () => ({ ...world.backup.copy, queuedAt: world.rds.now }));
    world.s3.put('dumps', `nightly/${older.id}.bak`, 'a dump');
    world.s3.put('dumps', world.key, 'a dump');
    world.s3.onCall = async ({ name }) => {
      if (name === 'CopyObject') await world.changeCopy(world.backup, (copy) => ({ ...copy, state: 'cancelled' }));
    };
    await world.pass();
    expect([(await world.copyOf(other)).state, (await world.copy()).state]).toEqual(['complete', 'cancelled']);
    expect(world.s3.called('CopyObject')).toHaveLength(1);
  });

  it('whose copy takes long is left by a run that the stream triggered, and taken by the next', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'large', { bytes: 20 * GiB });
    const { run } = await world.pass({ backups: [backupIdOf(world.backup)] });
    expect(run).toMatchObject({ waiting: 1 });
    expect((await world.copy()).state).toBe('queued');
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'complete', bytes: 20 * GiB });
  });

  it('that this run has no time for, behind another, is left to the next', async () => {
    const world = await given();
    const older = world.rds.takeBackup('erp', {
      kind: 'awsbackup',
      at: new Date(world.rds.now.getTime() - 90 * 60_000),
    });
    await world.changeCopy(world.backup, (copy) => ({ ...copy, state: 'none' }));
    const other = await world.record(older.id);
    const now = new Date(world.rds.now.getTime() + minuteMs);
    await world.changeCopy(world.backup, () => ({ ...world.backup.copy, queuedAt: now }));
    world.s3.put('dumps', `nightly/${older.id}.bak`, 'small');
    world.s3.put('dumps', world.key, 'large', { bytes: 100 * GiB });
    world.run.remainingMs = 60_000;
    expect((await world.pass()).run).toMatchObject({ waiting: 1 });
    expect([(await world.copyOf(other)).state, (await world.copy()).state]).toEqual(['complete', 'queued']);
  });

  it('is left to the next run where this one’s time is up', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump');
    world.run.remainingMs = 0;
    expect((await world.pass()).run).toMatchObject({ waiting: 1 });
    expect(world.s3.calls).toEqual([]);
    expect((await world.copy()).state).toBe('queued');
  });

  it('is copied whole up to 5 GiB, S3’s limit, and in parts above it', async () => {
    for (const [bytes, call] of [
      [5 * GiB, 'CopyObject'],
      [5 * GiB + 1, 'CreateMultipartUpload'],
    ] as const) {
      const world = await given();
      world.s3.put('dumps', world.key, 'a dump', { bytes });
      await world.pass();
      const made = world.s3.calls.map(({ name }) => name).filter((name) => /^(CopyObject|Create)/.test(name));
      expect({ made, ...(await world.copy()) }).toMatchObject({ made: [call], state: 'complete', bytes });
    }
  });

  it('whose copy is short is copied by the run that the stream triggered', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'small', { bytes: GiB });
    await world.pass({ backups: [backupIdOf(world.backup)] });
    expect((await world.copy()).state).toBe('complete');
  });

  it('is tried again after trouble of S3', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump');
    world.s3.onCall = ({ name }) => {
      if (name === 'CopyObject') throw s3Error('InternalError', 500);
    };
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'queued', attempt: 2 });
  });

  it('whose copying broke off with its run is copied on, at the same attempt', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump');
    await world.changeCopy(world.backup, (copy) => ({ ...copy, state: 'running', startedAt: world.rds.now }));
    await world.rds.advanceBy({ minutes: 10 });
    await world.pass();
    expect((await world.copy()).state).toBe('running');
    await world.rds.advanceBy({ minutes: 11 });
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'complete', attempt: 1 });
    expect(world.notified).toEqual([]);
  });
});

describe('a dump whose key can be that of another database', () => {
  const dumps = (key: string) => ({ mode: 'object', staging: { ...staging, key } });

  /** Backups of databases that are there, some of them enrolled by tag; each dump as its key has it. */
  async function nightOf(
    config: object,
    databases: readonly (readonly [string, string?, 'cluster'?])[],
    keys: string[],
  ) {
    const world = copyWorld({ config, automatic: true });
    for (const name of ['dumps', bucket])
      if (!world.s3.has(name)) world.s3.createBucket(name, name === bucket ? '123456789012' : owner);
    const rows = databases.map(([id, tenant, kind]) => {
      const spec = { id, ...(tenant && { tags: { 'backup-tenant': tenant } }) };
      return kind === 'cluster' ? world.rds.createCluster(spec) : world.rds.createInstance(spec);
    });
    await world.sweep();
    for (const key of keys) world.s3.put('dumps', key, `dump at ${key}`);
    for (const row of rows) world.rds.takeBackup(row, { kind: 'automated', durationMinutes: 1 });
    await world.rds.advanceBy({ minutes: 30 });
    const copies = [];
    for (const row of rows) copies.push(...(await world.backupsOf(databaseKey(where, row.resourceId))));
    return {
      ...world,
      states: copies.map(({ databaseId, databaseKind, copy }) =>
        `${databaseKind} ${databaseId} ${copy.state} ${copy.cause?.code ?? ''}`.trim(),
      ),
      copied: world.s3.keys(bucket).map((key) => key.split('/').at(-1)),
    };
  }

  it('is copied to nobody, where both enrolled themselves after the deployment', async () => {
    const config = exporting({}, { discovery: {} }, dumps('{tenant}-{databaseId}.bak'));
    const databases = [
      ['b-c', 'a'],
      ['c', 'a-b'],
      ['crm', 'a'],
    ] as const;
    const night = await nightOf(config, databases, ['a-b-c.bak', 'a-crm.bak']);
    expect(night.states).toEqual([
      'instance b-c failed dump-shared',
      'instance c failed dump-shared',
      'instance crm complete',
    ]);
    expect(night.copied).toEqual(['a-crm.bak']);
    expect(night.notified.map(({ tenant }) => tenant).sort()).toEqual(['a', 'a-b']);
  });

  it('is copied to nobody, where one is listed and the other enrolled itself', async () => {
    const config = exporting({ acme: ['orders', 'billing'] }, { discovery: {} }, dumps('{databaseId}.bak'));
    const databases = [['orders'], ['orders', 'globex', 'cluster'], ['billing']] as const;
    const night = await nightOf(config, databases, ['orders.bak', 'billing.bak']);
    expect(night.states).toEqual([
      'instance orders failed dump-shared',
      'cluster orders failed dump-shared',
      'instance billing complete',
    ]);
    expect(night.copied).toEqual(['billing.bak']);
    const [first] = night.notified.flatMap(({ copies }) => copies);
    expect(copyReasonOf(first?.copy as Copy, { now: night.rds.now, audience: 'operators' })).toContain(
      'cluster orders of tenant globex',
    );
    expect(copyReasonOf(first?.copy as Copy, { now: night.rds.now, audience: 'tenant' })).not.toMatch(/globex|s3:/);
  });

  it('is copied where the other one is exported', async () => {
    const config = exporting({ acme: ['orders'] }, { discovery: {} }, dumps('{databaseId}.bak'));
    const world = copyWorld({ config, automatic: true });
    const tags = { 'backup-tenant': 'globex' };
    world.rds.createCluster({ id: 'orders', tags: { ...tags, 'backup-copy': 'export' } });
    await world.sweep();
    world.s3.put('dumps', 'orders.bak', 'a dump');
    world.rds.takeBackup(world.rds.createInstance({ id: 'orders' }), { kind: 'automated', durationMinutes: 1 });
    await world.rds.advanceBy({ minutes: 30 });
    expect(world.s3.keys(bucket)).toHaveLength(1);
  });

  it('is not copied where it was queued before another database got the key', async () => {
    const database = (id: string, mode: string) => ({ id, kind: 'instance', copy: { mode } });
    const by = (...databases: object[]) =>
      exporting({}, { tenants: [{ id: 'acme', databases }] }, dumps('dumps/{date}.bak'));
    const world = copyWorld({ config: by(database('orders', 'object'), database('billing', 'export')) });
    const at = new Date(world.rds.now.getTime() - 60 * minuteMs);
    const { id } = world.rds.takeBackup(world.rds.createInstance({ id: 'orders' }), { kind: 'automated', at });
    const backup = await world.record(id);
    world.s3.put('dumps', 'dumps/2026-11-19.bak', 'of billing');
    world.configure(by(database('orders', 'export'), database('billing', 'object')));
    await world.pass();
    expect(await world.copyOf(backup)).toMatchObject({ state: 'failed', cause: { code: 'dump-shared' } });
    expect(world.s3.keys(bucket)).toEqual([]);
  });
});

describe('a large dump', () => {
  const from = { bucket: 'dumps', key: 'a b+ü/dump.bak', owner };
  const to = { bucket: 'copies', key: 'dump.bak', owner: '123456789012' };
  const plan = { from, to, keyArn: stackKey };
  const sizes = { singleUpTo: 10, least: 4 };

  async function large(remainingMs = () => 60_000) {
    const s3 = new MemoryS3();
    s3.createBucket(from.bucket, from.owner);
    s3.createBucket(to.bucket, to.owner);
    s3.put(from.bucket, from.key, 'a dump of some size', { metadata: { made: 'tonight' }, contentType: 'text/x-dump' });
    const source = await sourceObject(s3.client, from);
    if (!source) throw new Error('no source');
    const copy = (begun?: ObjectCopy['begun']) =>
      copyObject(s3.client, source, { ...plan, remainingMs, ...(begun && { begun }) }, sizes);
    return { s3, copy, source };
  }

  /** An upload that a run left, which died at its n-th part. */
  async function brokenOff(at: number) {
    const world = await large();
    let dead = false;
    world.s3.onCall = ({ name, input }) => {
      dead ||= name === 'UploadPartCopy' && input.PartNumber === at;
      if (dead) throw new Error('died');
    };
    await expect(world.copy()).rejects.toThrow('died');
    world.s3.onCall = undefined;
    expect(world.s3.uploads.size).toBe(1);
    return world;
  }

  it('of which an earlier run left some parts is copied on', async () => {
    const { s3, copy } = await brokenOff(4);
    const before = s3.called('UploadPartCopy').filter(({ input }) => Number(input.PartNumber) < 4).length;
    expect(before).toBe(3);
    s3.calls.length = 0;
    await copy('this');
    expect(s3.called('UploadPartCopy').map(({ input }) => input.PartNumber)).toEqual([4, 5]);
    expect(s3.called('CreateMultipartUpload')).toEqual([]);
    expect(new TextDecoder().decode(s3.object(to.bucket, to.key)?.body)).toBe('a dump of some size');
    expect(s3.uploads.size).toBe(0);
  });

  it('of which an earlier run left parts of another object is copied anew, and those are removed', async () => {
    const { s3, copy } = await brokenOff(4);
    s3.calls.length = 0;
    await copy('another');
    expect(s3.called('UploadPartCopy')).toHaveLength(5);
    expect(new TextDecoder().decode(s3.object(to.bucket, to.key)?.body)).toBe('a dump of some size');
    expect(s3.uploads.size).toBe(0);
  });

  it('is copied anew where its bucket does not let uploads be listed', async () => {
    const { s3, copy } = await brokenOff(4);
    s3.onCall = ({ name }) => {
      if (name === 'ListMultipartUploads') throw s3Error('AccessDenied', 403);
    };
    await copy('this');
    expect(new TextDecoder().decode(s3.object(to.bucket, to.key)?.body)).toBe('a dump of some size');
  });

  it('without a checksum that was copied whole before its run died is not copied again', async () => {
    const { s3, copy, source } = await large();
    await copy();
    s3.put(from.bucket, from.key, 'a dump of some size', { checksumType: 'COMPOSITE' });
    const head = { ...source.head, ChecksumType: 'COMPOSITE' } as const;
    const again = { ...plan, remainingMs: () => 60_000 };
    await copyObject(s3.client, { ...source, head }, { ...again, begun: 'this' }, sizes);
    expect(s3.called('CompleteMultipartUpload')).toHaveLength(1);
    await copyObject(s3.client, { ...source, head }, { ...again, begun: 'another' }, sizes);
    expect(s3.called('CompleteMultipartUpload')).toHaveLength(2);
  });

  it.each([
    ['KMS.DisabledException', 400, 's3-key-not-usable'],
    ['InternalError', 500, 's3-failed'],
  ])('whose parts fail with %s says so, though the clean-up is denied', async (name, status, code) => {
    const { s3, copy } = await large();
    s3.onCall = (call) => {
      if (call.name === 'UploadPartCopy') throw s3Error(name, status);
      if (call.name === 'AbortMultipartUpload') throw s3Error('AccessDenied', 403);
    };
    const error = await copy().catch((thrown: unknown) => thrown);
    expect(objectFailure(error, plan).cause.code).toBe(code);
  });

  it('is copied in parts, whole, with its metadata and encryption', async () => {
    const { s3, copy } = await large();
    await copy();
    expect(s3.called('UploadPartCopy')).toHaveLength(5);
    const copied = s3.object(to.bucket, to.key);
    expect(new TextDecoder().decode(copied?.body)).toBe('a dump of some size');
    expect(copied).toMatchObject({ metadata: { made: 'tonight' }, contentType: 'text/x-dump', keyArn: stackKey });
    const { input } = s3.called('CompleteMultipartUpload')[0] ?? {};
    expect(input?.ChecksumCRC64NVME).toBe(copied?.checksum);
    expect(input?.MultipartUpload).toMatchObject({
      Parts: [1, 2, 3, 4, 5].map((PartNumber) => ({ PartNumber, ETag: `part-${PartNumber}` })),
    });
  });

  it('leaves no half object and no parts when a part fails', async () => {
    const { s3, copy } = await large();
    s3.onCall = ({ name, input }) => {
      if (name === 'UploadPartCopy' && input.PartNumber === 3) throw s3Error('InternalError', 500);
    };
    await expect(copy()).rejects.toThrow('InternalError');
    expect(s3.keys(to.bucket)).toEqual([]);
    expect(s3.uploads.size).toBe(0);
  });

  it('is given up when the run has no time left', async () => {
    const { s3, copy, source } = await large(() => 0);
    const error = await copy().catch((thrown: unknown) => thrown);
    expect(objectFailure(error, plan)).toEqual({
      cause: { code: 'copy-out-of-time', facts: { object: 's3://dumps/a b+ü/dump.bak' } },
      heals: true,
    });
    expect(s3.keys(to.bucket)).toEqual([]);
    // Its parts stay: the next attempt goes on with them.
    expect(s3.uploads.size).toBe(1);
    await copyObject(s3.client, source, { ...plan, remainingMs: () => 60_000, begun: 'this' }, sizes);
    expect(s3.called('CreateMultipartUpload')).toHaveLength(1);
  });

  it('that was replaced while it was being copied is not mixed with its successor', async () => {
    const { s3, copy } = await large();
    s3.onCall = ({ name, input }) => {
      if (name === 'UploadPartCopy' && input.PartNumber === 3) s3.put(from.bucket, from.key, 'another dump of size');
    };
    await expect(copy()).rejects.toThrow('PreconditionFailed');
    expect(s3.keys(to.bucket)).toEqual([]);
  });

  it('that lies there whole already is not copied again', async () => {
    const { s3, copy } = await large();
    await copy();
    await copy();
    expect(s3.called('CompleteMultipartUpload')).toHaveLength(1);
  });

  it('of which a copy with another checksum lies there is copied again', async () => {
    const { s3, copy } = await large();
    s3.put(to.bucket, to.key, 'a dump of same size');
    await copy();
    expect(new TextDecoder().decode(s3.object(to.bucket, to.key)?.body)).toBe('a dump of some size');
  });

  it('whose copy is not what was copied is not called complete', async () => {
    const { s3, copy } = await large();
    s3.onCall = ({ name, input }) => {
      if (name === 'HeadObject' && input.Bucket === to.bucket && s3.called('CompleteMultipartUpload').length > 0) {
        s3.put(to.bucket, to.key, 'a dump of SOME size');
      }
    };
    const error = await copy().catch((thrown: unknown) => thrown);
    expect(objectFailure(error, plan)).toEqual({
      cause: { code: 'copy-different', facts: { object: 's3://dumps/a b+ü/dump.bak' } },
      heals: true,
    });
  });

  it.each([
    ['shorter', 'a dump', { originalBytes: 19, bytes: 6 }],
    ['gone', undefined, { originalBytes: 19 }],
  ])('whose copy is %s is not called complete, and the sizes are named', async (_what, found, facts) => {
    const { s3, copy } = await large();
    s3.onCall = ({ name, input }) => {
      if (name !== 'HeadObject' || input.Bucket !== to.bucket) return;
      if (s3.called('CompleteMultipartUpload').length === 0) return;
      if (found === undefined) throw s3Error('NotFound', 404);
      s3.put(to.bucket, to.key, found);
    };
    const error = await copy().catch((thrown: unknown) => thrown);
    expect(objectFailure(error, plan)).toMatchObject({ cause: { code: 'copy-different', facts }, heals: true });
  });

  it('is compared by its size alone where a checksum is one of parts', async () => {
    const { s3, copy } = await large();
    s3.put(to.bucket, to.key, 'a dump of some size', { checksumType: 'COMPOSITE' });
    // The checksums of parts that happen to be equal prove nothing: it is copied anew.
    await copy();
    expect(s3.called('CompleteMultipartUpload')).toHaveLength(1);
    s3.put(from.bucket, from.key, 'a dump of that size', { checksumType: 'COMPOSITE', checksum: 'of parts-2' });
    const source = await sourceObject(s3.client, from);
    if (!source) throw new Error('no source');
    await copyObject(s3.client, source, { ...plan, remainingMs: () => 60_000 }, sizes);
    expect(s3.called('CompleteMultipartUpload')[1]?.input).not.toHaveProperty('ChecksumCRC64NVME');
    expect(new TextDecoder().decode(s3.object(to.bucket, to.key)?.body)).toBe('a dump of that size');
  });
});

describe('what S3 refuses', () => {
  const from = { bucket: 'dumps', key: 'dump.bak', owner };
  const to = { bucket: 'copies', key: 'dump.bak', owner: '123456789012' };

  it.each([
    ['NoSuchBucket', 404, { code: 's3-bucket-missing' }, false],
    ['KMS.DisabledException', 400, { code: 's3-key-not-usable', facts: { key: stackKey } }, false],
    ['PermanentRedirect', 400, { code: 's3-other-region' }, false],
    ['Moved', 301, { code: 's3-other-region' }, false],
    ['AccessDenied', 403, { code: 's3-denied', facts: { fromOwner: owner, toOwner: '123456789012' } }, false],
    ['KMS.NotFoundException', 400, { code: 's3-key-not-usable' }, false],
    ['KMS.KMSInvalidStateException', 400, { code: 's3-key-not-usable' }, false],
    ['KMS.ThrottlingException', 400, { code: 's3-failed' }, true],
    ['AuthorizationHeaderMalformed', 400, { code: 's3-other-region' }, false],
    ['SlowDown', 503, { code: 's3-failed' }, true],
  ])('as %s (%i) has its cause, with both buckets and S3’s own words', (name, status, cause, heals) => {
    const failure = objectFailure(s3Error(name, status), { from, to, keyArn: stackKey });
    expect(failure).toMatchObject({ cause, heals });
    expect(failure.cause.facts).toMatchObject({ from: 'dumps', to: 'copies', said: `${name} (${name})` });
  });

  it.each([
    [
      'InvalidObjectState',
      403,
      'The operation is not valid for the object’s storage class',
      { code: 's3-archived', facts: { object: 's3://dumps/dump.bak' } },
    ],
    [
      'InvalidRequest',
      400,
      'The object was stored using a form of Server Side Encryption. The correct parameters must be provided.',
      { code: 's3-customer-key', facts: { object: 's3://dumps/dump.bak' } },
    ],
    [
      'InvalidRequest',
      400,
      'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
      { code: 's3-checksum-missing', facts: { to: 'copies' } },
    ],
    [
      'AccessDenied',
      403,
      'User: f is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:eu-west-1:222222222222:key/theirs',
      { code: 's3-key-not-usable', facts: { key: 'arn:aws:kms:eu-west-1:222222222222:key/theirs' } },
    ],
  ])('by its words: %s (%i) %s', (name, status, message, cause) => {
    const error = Object.assign(s3Error(name, status), { message });
    expect(objectFailure(error, { from, to, keyArn: stackKey })).toMatchObject({ cause, heals: false });
  });

  it.each([400, 403, 301])('of a HEAD (%i), which has no code, is read from a GET', async (status) => {
    const world = await given();
    world.s3.put('dumps', world.backup.id, 'a dump');
    world.s3.onCall = ({ name, input }) => {
      if (input.Bucket !== 'dumps') return;
      if (name === 'HeadObject') throw s3Error('UnknownError', status);
      if (name === 'GetObject') throw s3Error('KMS.DisabledException', 400);
    };
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'queued', cause: { code: 's3-key-not-usable' } });
  });

  it.each([
    [{ storageClass: 'GLACIER' }, 'failed s3-archived', 'restore it first'],
    [{ storageClass: 'DEEP_ARCHIVE' }, 'failed s3-archived', 'restore it first'],
    [{ key: 'disabled' }, 'queued s3-key-not-usable', 'cannot be used'],
    [{ key: 'pending deletion' }, 'queued s3-key-not-usable', 'cannot be used'],
    [{ key: 'gone' }, 'queued s3-key-not-usable', 'cannot be used'],
    [{ key: 'of its writer' }, 'failed s3-customer-key', 'SSE-C'],
  ] as const)('of a dump that cannot be read is told by what it is: %j', async (options, outcome, advice) => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump', options);
    await world.pass();
    const { state, cause } = await world.copy();
    expect(`${state} ${cause?.code}`).toBe(outcome);
    expect(await world.reason()).toContain(advice);
  });

  it('of all dumps in a bucket pauses it, and all go on by themselves', async () => {
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const staging = { bucket: 'dumps', owner, key: '{databaseId}/{date}.bak' };
    const world = copyWorld({ config: exporting({ acme: ids }, {}, { mode: 'object', staging }) });
    const backups: Backup[] = [];
    for (const id of ids) {
      world.rds.createInstance({ id, engine: 'sqlserver-se' });
      const at = new Date(world.rds.now.getTime() - 60 * 60_000);
      backups.push(await world.record(world.rds.takeBackup(id, { kind: 'automated', at }).id));
      world.s3.put('dumps', `${id}/${at.toISOString().slice(0, 10)}.bak`, 'a dump');
    }
    const passes = async (hours: number) => {
      for (let quarter = 0; quarter < hours * 4; quarter += 1) {
        await world.pass();
        await world.rds.advanceBy({ minutes: 15 });
      }
    };
    const states = async () => (await Promise.all(backups.map(world.copyOf))).map(({ state }) => state);
    world.s3.onCall = ({ name, input }) => {
      if (name === 'HeadObject' && input.Bucket === 'dumps') throw s3Error('AccessDenied', 403);
      if (name === 'GetObject' && input.Bucket === 'dumps') throw s3Error('AccessDenied', 403);
    };
    await passes(6);
    expect(new Set(await states())).toEqual(new Set(['queued']));
    expect(world.paused.map(({ pause }) => [pause.kind, pause.name, pause.cause.code])).toEqual([
      ['bucket', 'dumps', 's3-denied'],
    ]);
    world.s3.onCall = undefined;
    // What failed as a probe waits longest.
    await passes(13);
    expect(await states()).toEqual(ids.map(() => 'complete'));
    expect(world.notified).toEqual([]);
  });

  it('where the bucket of the dump is gone is a missing bucket, not a dump to wait for', async () => {
    const world = await given();
    world.s3.deleteBucket('dumps');
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'queued', cause: { code: 's3-bucket-missing' } });
  });
});

describe('the parts of a copy', () => {
  const ranges = (bytes: number, least: number) => partsOf(bytes, least).map(({ range }) => range);

  it('cover every byte once', () => {
    expect(ranges(10, 4)).toEqual(['bytes=0-3', 'bytes=4-7', 'bytes=8-9']);
    expect(ranges(8, 4)).toEqual(['bytes=0-3', 'bytes=4-7']);
    expect(partsOf(10, 4).map(({ bytes }) => bytes)).toEqual([4, 4, 2]);
  });

  it('are at most 10,000, however large the object', () => {
    expect(ranges(5 * 1024 * GiB, 256 * MiB).length).toBeLessThanOrEqual(10_000);
    expect(ranges(5 * 1024 * GiB, 256 * MiB).length).toBeGreaterThan(9_900);
    expect(ranges(40_000, 4)).toHaveLength(10_000);
  });
});
