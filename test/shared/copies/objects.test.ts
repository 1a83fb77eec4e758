import { describe, expect, it } from 'vitest';
import { byteRanges, copyObject, GiB, MiB, sourceObject } from '../../../shared/copies/copy-object.ts';
import { largestObject, stagingKey } from '../../../shared/copies/object-queue.ts';
import { backupIdOf } from '../../../shared/domain/index.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
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
    expect(await world.copy()).toMatchObject({ state: 'failed', permanent: true });
    expect(await world.reason()).toContain(`which must belong to account ${owner}`);
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
    expect(await world.copy()).toMatchObject({ state: 'failed' });
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

  it('whose copying broke off with its run is copied anew', async () => {
    const world = await given();
    world.s3.put('dumps', world.key, 'a dump');
    await world.changeCopy(world.backup, (copy) => ({ ...copy, state: 'running', startedAt: world.rds.now }));
    await world.rds.advanceBy({ minutes: 10 });
    await world.pass();
    expect((await world.copy()).state).toBe('running');
    await world.rds.advanceBy({ minutes: 11 });
    await world.pass();
    expect(await world.copy()).toMatchObject({ state: 'queued', attempt: 2 });
    await world.rds.advanceBy({ minutes: 15 });
    await world.pass();
    expect((await world.copy()).state).toBe('complete');
  });
});

describe('a large dump', () => {
  const from = { bucket: 'dumps', key: 'a b+ü/dump.bak', owner };
  const to = { bucket: 'copies', key: 'dump.bak', owner: '123456789012' };
  const sizes = { singleUpTo: 10, least: 4 };

  async function large(remainingMs = () => 60_000) {
    const s3 = new MemoryS3();
    s3.createBucket(from.bucket, from.owner);
    s3.createBucket(to.bucket, to.owner);
    s3.put(from.bucket, from.key, 'a dump of some size', { metadata: { made: 'tonight' }, contentType: 'text/x-dump' });
    const source = await sourceObject(s3.client, from);
    if (!source) throw new Error('no source');
    return { s3, copy: () => copyObject(s3.client, source, { from, to, keyArn: stackKey, remainingMs }, sizes) };
  }

  it('is copied in parts, whole, with its metadata and encryption', async () => {
    const { s3, copy } = await large();
    await copy();
    expect(s3.called('UploadPartCopy')).toHaveLength(5);
    const copied = s3.object(to.bucket, to.key);
    expect(new TextDecoder().decode(copied?.body)).toBe('a dump of some size');
    expect(copied).toMatchObject({ metadata: { made: 'tonight' }, contentType: 'text/x-dump', keyArn: stackKey });
    expect(s3.called('CompleteMultipartUpload')[0]?.input.ChecksumCRC64NVME).toBe(copied?.checksum);
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
    const { s3, copy } = await large(() => 0);
    await expect(copy()).rejects.toThrow('no time left');
    expect(s3.keys(to.bucket)).toEqual([]);
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
    await expect(copy()).rejects.toThrow('checksum');
  });
});

describe('the parts of a copy', () => {
  it('cover every byte once', () => {
    expect(byteRanges(10, 4)).toEqual(['bytes=0-3', 'bytes=4-7', 'bytes=8-9']);
    expect(byteRanges(8, 4)).toEqual(['bytes=0-3', 'bytes=4-7']);
  });

  it('are at most 10,000, however large the object', () => {
    expect(byteRanges(5 * 1024 * GiB, 256 * MiB).length).toBeLessThanOrEqual(10_000);
  });
});

it('the key of a dump is made of the snapshot’s id, the database’s id and the day of the data', () => {
  const backup = {
    id: 'rds:erp-2026-11-23-04-08',
    databaseId: 'erp',
    createdAt: new Date('2026-11-24T01:00:00Z'),
    backupTime: new Date('2026-11-23T04:08:00Z'),
  };
  expect(stagingKey('{databaseId}/{date}/{snapshotId}.{other}', backup)).toBe(
    'erp/2026-11-23/rds:erp-2026-11-23-04-08.{other}',
  );
});
