/** What copies need of S3, for the one in memory as for the local AWS: what the tests of copies rest on is held to both. */
import {
  AbortMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { expect, it } from 'vitest';
import { copyObject, MiB, sourceObject } from '../../../shared/copies/copy-object.ts';
import { errorName, statusOf } from '../../../shared/copies/failures.ts';
import { contentsOf } from '../../../shared/copies/verify.ts';

const owner = '123456789012';
const keyArn = `arn:aws:kms:eu-west-1:${owner}:key/stack`;

export interface ForS3 {
  readonly client: S3Client;
  readonly now: () => Date;
  readonly createBucket: (name: string) => Promise<void>;
  readonly put: (
    bucket: string,
    key: string,
    body: Uint8Array | string,
    metadata?: Record<string, string>,
  ) => Promise<void>;
  readonly remove: (bucket: string, key: string) => Promise<void>;
}

let made = 0;

/** `make` gives an S3 without the buckets that a test creates. */
export function s3Contract(make: () => Promise<ForS3>): void {
  /** Two buckets; `place` is an object in the first. */
  const given = async () => {
    const s3 = await make();
    made += 1;
    const [dumps, copies] = [`dumps-${process.pid}-${made}`, `copies-${process.pid}-${made}`];
    for (const bucket of [dumps, copies]) await s3.createBucket(bucket);
    const place = (key: string, bucket = dumps) => ({ bucket, key, owner });
    const failed = (command: unknown) =>
      s3.client.send(command as never).then(
        () => 'succeeded',
        (error: unknown) => `${statusOf(error)} ${errorName(error)}`,
      );
    const read = async (bucket: string, key: string) => {
      const { Body } = await s3.client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
      const chunks: Uint8Array[] = [];
      for await (const chunk of Body as AsyncIterable<Uint8Array>) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    return { ...s3, dumps, copies, place, failed, read };
  };

  it('an object has its size, and the second in which it was put; without one there is none', async () => {
    const { client, put, remove, dumps, place, now } = await given();
    expect(await sourceObject(client, place('a.bak'))).toBeUndefined();
    await put(dumps, 'a.bak', 'a dump');
    const found = await sourceObject(client, place('a.bak'));
    expect(found?.bytes).toBe(6);
    expect(Math.abs((found?.modified.getTime() ?? 0) - now().getTime())).toBeLessThan(60_000);
    expect(found?.modified.getMilliseconds()).toBe(0);
    await remove(dumps, 'a.bak');
    expect(await sourceObject(client, place('a.bak'))).toBeUndefined();
  });

  it('a HEAD has a status and no code; a GET says what is missing', async () => {
    const { failed, dumps } = await given();
    const nowhere = { Bucket: `no-bucket-${process.pid}`, Key: 'a' };
    expect(await failed(new HeadObjectCommand(nowhere))).toBe('404 NotFound');
    expect(await failed(new GetObjectCommand(nowhere))).toBe('404 NoSuchBucket');
    expect(await failed(new HeadObjectCommand({ Bucket: dumps, Key: 'a' }))).toBe('404 NotFound');
    expect(await failed(new GetObjectCommand({ Bucket: dumps, Key: 'a' }))).toBe('404 NoSuchKey');
  });

  it('a bucket that is gone is not a dump to wait for', async () => {
    const { client, place } = await given();
    const lost = sourceObject(client, place('a.bak', `no-bucket-${process.pid}`));
    await expect(lost).rejects.toMatchObject({ name: 'NoSuchBucket' });
  });

  it('a folder is listed to its end, by its prefix alone', async () => {
    const { client, put, dumps } = await given();
    for (const key of ['x/1', 'x/2', 'x/3', 'y/1']) await put(dumps, key, key);
    expect(await contentsOf(client, { bucket: dumps, folder: 'x/', owner })).toMatchObject({ objects: 3, bytes: 9 });
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: dumps, Prefix: 'y/' }));
    expect(Contents.map(({ Key, Size }) => [Key, Size])).toEqual([['y/1', 3]]);
  });

  it('an object is copied whole, with its metadata, whatever its key', async () => {
    const { client, put, read, dumps, copies, place } = await given();
    const key = 'a b+ü/rds:orders (1).bak';
    await put(dumps, key, 'a dump', { made: 'tonight' });
    const source = await sourceObject(client, place(key));
    if (!source) throw new Error('no source');
    await copyObject(client, source, { from: place(key), to: place(key, copies), keyArn, remainingMs: () => 60_000 });
    expect((await read(copies, key)).toString()).toBe('a dump');
    const head = await client.send(new HeadObjectCommand({ Bucket: copies, Key: key }));
    expect(head.Metadata).toEqual({ made: 'tonight' });
  });

  it('an object that was replaced since is not copied for it', async () => {
    const { put, failed, dumps, copies, client, place } = await given();
    await put(dumps, 'a', 'first');
    const source = await sourceObject(client, place('a'));
    await put(dumps, 'a', 'second');
    const copy = { Bucket: copies, Key: 'a', CopySource: `${dumps}/a`, CopySourceIfMatch: source?.head.ETag };
    expect(await failed(new CopyObjectCommand(copy))).toBe('412 PreconditionFailed');
  });

  it('a large object is copied in parts, byte for byte', async () => {
    const { client, put, read, dumps, copies, place } = await given();
    const body = Uint8Array.from({ length: 11 * MiB }, (_, n) => (n * 7) % 251);
    await put(dumps, 'large', body);
    const source = await sourceObject(client, place('large'));
    if (!source) throw new Error('no source');
    const plan = { from: place('large'), to: place('large', copies), keyArn, remainingMs: () => 60_000 };
    await copyObject(client, source, plan, { singleUpTo: 6 * MiB, least: 5 * MiB });
    expect(Buffer.compare(await read(copies, 'large'), body)).toBe(0);
  });

  it('an unfinished upload is listed by its key until it is aborted', async () => {
    const { client, copies } = await given();
    const keys = async () => {
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: copies, Prefix: 'a' }));
      return Uploads.map(({ Key }) => Key);
    };
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: copies, Key: 'a' }));
    expect(await keys()).toEqual(['a']);
    await client.send(new AbortMultipartUploadCommand({ Bucket: copies, Key: 'a', UploadId }));
    expect(await keys()).toEqual([]);
  });
}
