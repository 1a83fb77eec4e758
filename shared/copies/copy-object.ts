/**
 * Copies one object from bucket to bucket, inside S3: the bytes never pass through here.
 * The SDK's own helpers (lib-storage) only upload, so the parts of a large copy are driven here.
 */
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListMultipartUploadsCommand,
  type Part,
  paginateListParts,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { bounded, type CopyFailure, errorMessage, errorName, passesByItself, statusOf } from './failures.ts';
import { sideBySide } from './side-by-side.ts';

export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
  /** The account that must own the bucket: a bucket name that nobody owns can be taken by a stranger. */
  readonly owner: string;
}

export interface ObjectCopy {
  readonly from: ObjectPlace;
  readonly to: ObjectPlace;
  /** The KMS key that the copy is encrypted with. */
  readonly keyArn: string;
  /** How long this run may still work; 0 or less: it is to end. */
  readonly remainingMs: () => number;
  /** What an earlier run began to copy there: this very object, or another. Absent: nothing. */
  readonly begun?: 'this' | 'another';
}

export interface SourceObject {
  readonly bytes: number;
  readonly modified: Date;
  readonly head: HeadObjectCommandOutput;
}

export interface PartSizes {
  /** Larger objects are copied in parts; S3's CopyObject takes up to 5 GiB. */
  readonly singleUpTo: number;
  readonly least: number;
}

export const MiB = 2 ** 20;
export const GiB = 2 ** 30;

/** S3's limits: CopyObject up to 5 GiB, parts of up to 5 GiB, 10,000 of them (Amazon S3 User Guide, "Multipart upload limits"). */
const partSizes: PartSizes = { singleUpTo: 5 * GiB, least: 256 * MiB };
const mostParts = 10_000;
const partsAtOnce = 16;

/** S3 ran out of this run's time. An upload in parts shows nothing until it is completed; the next attempt takes it up. */
class OutOfTimeError extends Error {
  override name = 'OutOfTimeError';
}

/** What lies in the bucket is not what was copied. */
class DifferentCopyError extends Error {
  override name = 'DifferentCopyError';
  /** Where their sizes differ; else their checksums do. */
  readonly sizes: { readonly originalBytes?: number; readonly bytes?: number };

  constructor(message: string, sizes: DifferentCopyError['sizes'] = {}) {
    super(message);
    this.sizes = sizes;
  }
}

/** The object to be copied, or undefined if it is not there. Other answers of S3 climb. */
export async function sourceObject(s3: S3Client, place: ObjectPlace): Promise<SourceObject | undefined> {
  const head = await headOf(s3, place);
  return head && { head, bytes: head.ContentLength ?? 0, modified: head.LastModified ?? new Date(0) };
}

/**
 * Copies an object with its metadata and compares size and checksum. One that already lies there whole (the run that copied it
 * crashed before saying so) is not copied again, and an upload in parts that such a run left is taken up. Throws what S3 answers,
 * `OutOfTimeError`, `DifferentCopyError`.
 */
export async function copyObject(
  s3: S3Client,
  source: SourceObject,
  copy: ObjectCopy,
  sizes: PartSizes = partSizes,
): Promise<void> {
  const there = await headOf(s3, copy.to);
  if (there && isCopy(there, source, copy)) return;
  if (source.bytes <= sizes.singleUpTo) await copyWhole(s3, source, copy);
  else await copyInParts(s3, source, copy, sizes);
  const copied = await headOf(s3, copy.to);
  const bytes = copied?.ContentLength;
  if (bytes !== source.bytes) {
    const sizes = { originalBytes: source.bytes, ...(bytes !== undefined && { bytes }) };
    throw new DifferentCopyError('the copy and the original differ in size', sizes);
  }
  if (copied && sameChecksum(source.head, copied) === false) {
    throw new DifferentCopyError('the checksum of the copy is not that of the original');
  }
}

/** Whether what lies there is a whole copy. S3 shows an object when it is whole, so without checksums one that was begun proves it. */
function isCopy(
  there: HeadObjectCommandOutput,
  { head, bytes, modified }: SourceObject,
  { begun }: ObjectCopy,
): boolean {
  if (there.ContentLength !== bytes) return false;
  const same = sameChecksum(head, there);
  return same ?? (begun === 'this' && there.LastModified !== undefined && there.LastModified >= modified);
}

/** The KMS key that S3 names in a sentence. */
function keyIn(text: string): string | undefined {
  return /\barn:[\w-]+:kms:[\w-]+:\d{12}:key\/[\w-]+/.exec(text)?.[0];
}

/** A HEAD's answer has no body, and so no error code: a read of one byte says what is wrong. */
async function withCode(s3: S3Client, { bucket, key, owner }: ObjectPlace, error: unknown): Promise<unknown> {
  if (![301, 400, 403, 404].includes(statusOf(error) ?? 0)) return error;
  const read = new GetObjectCommand({ Bucket: bucket, Key: key, ExpectedBucketOwner: owner, Range: 'bytes=0-0' });
  return s3.send(read).then(
    () => error,
    (why: unknown) => (statusOf(why) === undefined ? error : why),
  );
}

async function headOf(s3: S3Client, { bucket, key, owner }: ObjectPlace): Promise<HeadObjectCommandOutput | undefined> {
  try {
    return await s3.send(
      new HeadObjectCommand({ Bucket: bucket, Key: key, ExpectedBucketOwner: owner, ChecksumMode: 'ENABLED' }),
    );
  } catch (error) {
    const why = await withCode(s3, { bucket, key, owner }, error);
    // A missing bucket has the same status; only the name of the error differs.
    if (statusOf(why) === 404 && errorName(why) !== 'NoSuchBucket') return undefined;
    throw why;
  }
}

async function copyWhole(s3: S3Client, source: SourceObject, { from, to, keyArn }: ObjectCopy): Promise<void> {
  await s3.send(
    new CopyObjectCommand({
      ...destination(to),
      ...sourceOf(from, source),
      ...encryption(keyArn),
      MetadataDirective: 'COPY',
      // Tags belong to the bucket they were made for, and would need rights of their own.
      TaggingDirective: 'REPLACE',
    }),
  );
}

async function copyInParts(s3: S3Client, source: SourceObject, copy: ObjectCopy, sizes: PartSizes): Promise<void> {
  const { from, to, remainingMs } = copy;
  const checksum = fullChecksum(source.head);
  const { UploadId, parts } = (await takenUp(s3, copy)) ?? (await newUpload(s3, source, copy));
  const upload = { ...destination(to), UploadId };
  try {
    const Parts = await sideBySide(partsOf(source.bytes, sizes.least), partsAtOnce, async ({ range, bytes }, index) => {
      const PartNumber = index + 1;
      const known = parts.get(PartNumber);
      if (known?.Size === bytes) return completed(PartNumber, known);
      if (remainingMs() <= 0) throw new OutOfTimeError('this run has no time left');
      const { CopyPartResult: part } = await s3.send(
        new UploadPartCopyCommand({ ...upload, ...sourceOf(from, source), PartNumber, CopySourceRange: range }),
      );
      return completed(PartNumber, part ?? {});
    });
    await s3.send(
      new CompleteMultipartUploadCommand({
        ...upload,
        MultipartUpload: { Parts },
        MpuObjectSize: source.bytes,
        ChecksumType: 'FULL_OBJECT',
        // S3 itself refuses to complete a copy with another checksum than the original's.
        ...(checksum && { [`Checksum${checksum.algorithm}`]: checksum.value }),
      }),
    );
  } catch (error) {
    if (!(error instanceof OutOfTimeError)) await abort(s3, upload);
    throw error;
  }
}

interface Upload {
  readonly UploadId: string | undefined;
  /** Those that are there already, by their numbers. */
  readonly parts: ReadonlyMap<number, Part>;
}

async function newUpload(s3: S3Client, { head }: SourceObject, { to, keyArn }: ObjectCopy): Promise<Upload> {
  const { UploadId } = await s3.send(
    new CreateMultipartUploadCommand({
      ...destination(to),
      ...encryption(keyArn),
      ...metadataOf(head),
      ChecksumAlgorithm: fullChecksum(head)?.algorithm ?? 'CRC64NVME',
      ChecksumType: 'FULL_OBJECT',
    }),
  );
  return { UploadId, parts: new Map() };
}

/**
 * The upload that an earlier run left: nobody else writes under this key. One of another object, and all but the newest, are aborted.
 * Undefined where there is none, or where the bucket's owner does not let uploads be listed.
 */
async function takenUp(s3: S3Client, { to, begun }: ObjectCopy): Promise<Upload | undefined> {
  if (begun === undefined) return undefined;
  try {
    const { Bucket, Key, ExpectedBucketOwner } = destination(to);
    const { Uploads = [] } = await s3.send(
      new ListMultipartUploadsCommand({ Bucket, ExpectedBucketOwner, Prefix: Key }),
    );
    const left = Uploads.filter((upload) => upload.Key === Key);
    left.sort((a, b) => (b.Initiated?.getTime() ?? 0) - (a.Initiated?.getTime() ?? 0));
    const kept = begun === 'this' ? left.shift() : undefined;
    for (const { UploadId } of left) await abort(s3, { Bucket, Key, ExpectedBucketOwner, UploadId });
    if (!kept) return undefined;
    const { UploadId } = kept;
    const parts = new Map<number, Part>();
    for await (const page of paginateListParts({ client: s3 }, { Bucket, Key, ExpectedBucketOwner, UploadId })) {
      for (const part of page.Parts ?? []) if (part.PartNumber !== undefined) parts.set(part.PartNumber, part);
    }
    return { UploadId, parts };
  } catch (error) {
    if (statusOf(error) === 403 || errorName(error) === 'NoSuchUpload') return undefined;
    throw error;
  }
}

/** Parts cost money until they are removed. What cannot be removed now, the bucket's lifecycle removes: the first error counts. */
async function abort(
  s3: S3Client,
  upload: ConstructorParameters<typeof AbortMultipartUploadCommand>[0],
): Promise<void> {
  await s3.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
}

function completed(PartNumber: number, { ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME }: Part) {
  return { PartNumber, ETag, ChecksumCRC32, ChecksumCRC32C, ChecksumCRC64NVME };
}

function destination({ bucket, key, owner }: ObjectPlace) {
  return { Bucket: bucket, Key: key, ExpectedBucketOwner: owner };
}

/** The original, and no other that took its place since it was found. */
function sourceOf({ bucket, key, owner }: ObjectPlace, { head }: SourceObject) {
  return {
    CopySource: `${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`,
    CopySourceIfMatch: head.ETag,
    ExpectedSourceBucketOwner: owner,
  };
}

function encryption(keyArn: string) {
  return { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: keyArn, BucketKeyEnabled: true } as const;
}

function metadataOf(head: HeadObjectCommandOutput) {
  const { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType, Metadata } = head;
  return { CacheControl, ContentDisposition, ContentEncoding, ContentLanguage, ContentType, Metadata };
}

/** The range of each part, as `bytes=<first>-<last>`, and its size. */
export function partsOf(bytes: number, least: number): { readonly range: string; readonly bytes: number }[] {
  const needed = Math.ceil(bytes / mostParts);
  const size = needed <= least ? least : Math.ceil(needed / MiB) * MiB;
  const parts = Math.ceil(bytes / size);
  return Array.from({ length: parts }, (_, part) => {
    const [first, end] = [part * size, Math.min(bytes, (part + 1) * size)];
    return { range: `bytes=${first}-${end - 1}`, bytes: end - first };
  });
}

const fullObjectAlgorithms = ['CRC64NVME', 'CRC32C', 'CRC32'] as const;
const algorithms = [...fullObjectAlgorithms, 'SHA256', 'SHA1'] as const;

/** A checksum over the whole object that an upload in parts can have as well. */
function fullChecksum(head: HeadObjectCommandOutput) {
  if (head.ChecksumType === 'COMPOSITE') return undefined;
  for (const algorithm of fullObjectAlgorithms) {
    const value = head[`Checksum${algorithm}`];
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}

/** Whether two objects have the same checksum; undefined where they have none of the same kind (a composite one has parts in it). */
function sameChecksum(one: HeadObjectCommandOutput, other: HeadObjectCommandOutput): boolean | undefined {
  if (one.ChecksumType === 'COMPOSITE' || other.ChecksumType === 'COMPOSITE') return undefined;
  const shared = algorithms.filter((name) => one[`Checksum${name}`] && other[`Checksum${name}`]);
  if (shared.length === 0) return undefined;
  return shared.every((name) => one[`Checksum${name}`] === other[`Checksum${name}`]);
}

/** `s3://<bucket>/<key>`. */
export function addressOf({ bucket, key }: Pick<ObjectPlace, 'bucket' | 'key'>): string {
  return `s3://${bucket}/${key}`;
}

/** What S3's answer means for the copy, and whether somebody has to change something. */
export function objectFailure(
  error: unknown,
  { from, to, keyArn }: Pick<ObjectCopy, 'from' | 'to' | 'keyArn'>,
): CopyFailure {
  const object = addressOf(from);
  if (error instanceof OutOfTimeError) return { cause: { code: 'copy-out-of-time', facts: { object } }, heals: true };
  if (error instanceof DifferentCopyError) {
    return { cause: { code: 'copy-different', facts: { object, ...error.sizes } }, heals: true };
  }
  const name = errorName(error);
  const status = statusOf(error);
  const text = errorMessage(error);
  const said = bounded(`${text} (${name})`);
  const buckets = { from: from.bucket, to: to.bucket, said };
  if (name === 'NoSuchBucket') return { cause: { code: 's3-bucket-missing', facts: buckets }, heals: false };
  if (name === 'InvalidObjectState') return { cause: { code: 's3-archived', facts: { object, said } }, heals: false };
  if ((name.startsWith('KMS.') && !passesByItself(name)) || (status === 403 && /\bkms:\w+/.test(text))) {
    const key = keyIn(text) ?? keyArn;
    return { cause: { code: 's3-key-not-usable', facts: { ...buckets, key } }, heals: false };
  }
  if (status === 301 || /^(PermanentRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraint)/.test(name)) {
    return { cause: { code: 's3-other-region', facts: buckets }, heals: false };
  }
  if (name === 'InvalidRequest' && /form of server side encryption|customer.*(key|algorithm)|SSE-C/i.test(text)) {
    return { cause: { code: 's3-customer-key', facts: { object, said } }, heals: false };
  }
  if (name === 'InvalidRequest' && /Object Lock|Content-MD5|x-amz-checksum/i.test(text)) {
    return { cause: { code: 's3-checksum-missing', facts: buckets }, heals: false };
  }
  if (status === 403) {
    const facts = { ...buckets, fromOwner: from.owner, toOwner: to.owner };
    return { cause: { code: 's3-denied', facts }, heals: false };
  }
  return { cause: { code: 's3-failed', facts: buckets }, heals: true };
}
