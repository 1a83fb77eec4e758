import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  S3Client,
  S3ServiceException,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';

interface StoredObject {
  readonly bytes: number;
  readonly body: Uint8Array;
  readonly checksum: string;
  readonly checksumType: 'FULL_OBJECT' | 'COMPOSITE';
  readonly metadata: Record<string, string>;
  readonly contentType: string;
  readonly keyArn?: string;
  readonly modified: Date;
  /** Archived ones have to be restored before they can be read. */
  readonly storageClass?: 'GLACIER' | 'DEEP_ARCHIVE';
  /** What became of the key that it is encrypted with. */
  readonly key?: 'disabled' | 'pending deletion' | 'gone' | 'of its writer';
}

interface Upload {
  readonly bucket: string;
  readonly key: string;
  readonly input: CreateMultipartUploadCommand['input'];
  readonly initiated: Date;
  readonly parts: Map<number, { readonly range: string; readonly source: StoredObject }>;
}

export type S3Call = { readonly name: string; readonly input: Record<string, unknown> };

/** S3 in memory behind the SDK's own client: what copies need of it, with owners, checksums, and uploads in parts. */
export class MemoryS3 {
  readonly client: S3Client;
  readonly calls: S3Call[] = [];
  readonly uploads = new Map<string, Upload>();
  #begun = 0;
  readonly #now: () => Date;
  readonly #owners = new Map<string, string>();
  readonly #objects = new Map<string, StoredObject>();
  /** Called before each command; what it throws is S3's answer. */
  onCall: ((call: S3Call) => void | Promise<void>) | undefined;

  /** `now` is the time of S3: an object's `LastModified`, to the second, is when it was put. */
  constructor(now = () => new Date('2026-11-20T00:00:00Z')) {
    this.#now = now;
    this.client = new S3Client({ region: 'eu-west-1', credentials: { accessKeyId: 'a', secretAccessKey: 's' } });
    this.client.send = ((command: { input: Record<string, unknown> }) => this.#answer(command)) as S3Client['send'];
  }

  createBucket(name: string, owner: string): void {
    this.#owners.set(name, owner);
  }

  has(name: string): boolean {
    return this.#owners.has(name);
  }

  deleteBucket(name: string): void {
    this.#owners.delete(name);
  }

  /** `bytes` stands for the size where a test wants one larger than its content. */
  put(bucket: string, key: string, body: Uint8Array | string, options: Partial<StoredObject> = {}): void {
    const content = typeof body === 'string' ? new TextEncoder().encode(body) : body;
    this.#objects.set(`${bucket}/${key}`, {
      bytes: content.length,
      body: content,
      checksum: createHash('sha256').update(content).digest('base64'),
      checksumType: 'FULL_OBJECT',
      metadata: {},
      contentType: 'application/octet-stream',
      modified: new Date(Math.floor(this.#now().getTime() / 1000) * 1000),
      ...options,
    });
  }

  delete(bucket: string, key: string): void {
    this.#objects.delete(`${bucket}/${key}`);
  }

  object(bucket: string, key: string): StoredObject | undefined {
    return this.#objects.get(`${bucket}/${key}`);
  }

  keys(bucket: string): string[] {
    const start = `${bucket}/`;
    return [...this.#objects.keys()]
      .filter((key) => key.startsWith(start))
      .map((key) => key.slice(start.length))
      .sort();
  }

  called(name: string): S3Call[] {
    return this.calls.filter((call) => call.name === name);
  }

  async #answer(command: { input: Record<string, unknown> }): Promise<unknown> {
    const call = { name: command.constructor.name.replace(/Command$/, ''), input: command.input };
    this.calls.push(call);
    await this.onCall?.(call);
    if (command instanceof ListObjectsV2Command) return this.#list(command.input);
    if (command instanceof GetObjectCommand) return this.#get(command.input);
    if (command instanceof HeadObjectCommand) return this.#head(command.input);
    if (command instanceof CopyObjectCommand) return this.#copy(command.input);
    if (command instanceof CreateMultipartUploadCommand) return this.#create(command.input);
    if (command instanceof UploadPartCopyCommand) return this.#part(command.input);
    if (command instanceof CompleteMultipartUploadCommand) return this.#complete(command.input);
    if (command instanceof ListMultipartUploadsCommand) return this.#uploads(command.input);
    if (command instanceof ListPartsCommand) return this.#parts(command.input);
    if (command instanceof AbortMultipartUploadCommand) return this.#abort(command.input);
    throw new Error(`MemoryS3 does not know ${call.name}`);
  }

  #bucket(name: string | undefined, expectedOwner: string | undefined): string {
    const owner = this.#owners.get(name ?? '');
    if (name === undefined || owner === undefined) throw s3Error('NoSuchBucket', 404);
    if (expectedOwner !== undefined && expectedOwner !== owner) throw s3Error('AccessDenied', 403);
    return name;
  }

  #list({ Bucket, Prefix = '', ExpectedBucketOwner, ContinuationToken }: ListObjectsV2Command['input']) {
    const bucket = this.#bucket(Bucket, ExpectedBucketOwner);
    const keys = this.keys(bucket).filter((key) => key.startsWith(Prefix));
    const from = Number(ContinuationToken ?? 0);
    const page = keys.slice(from, from + 2);
    const more = from + 2 < keys.length;
    return {
      Contents: page.flatMap((Key) => {
        const found = this.object(bucket, Key);
        return found ? [{ Key, Size: found.bytes, LastModified: found.modified }] : [];
      }),
      IsTruncated: more,
      ...(more && { NextContinuationToken: String(from + 2) }),
    };
  }

  #get({ Bucket, Key = '', ExpectedBucketOwner }: GetObjectCommand['input']) {
    const found = this.object(this.#bucket(Bucket, ExpectedBucketOwner), Key);
    if (!found) throw s3Error('NoSuchKey', 404);
    refuseUnreadable(found);
    return { Body: Readable.from(inChunks(found.body)) };
  }

  #head({ Bucket = '', Key = '', ExpectedBucketOwner }: HeadObjectCommand['input']) {
    const bucketOwner = this.#owners.get(Bucket);
    const found = bucketOwner === undefined ? undefined : this.object(Bucket, Key);
    // Its answer has no body, and so no code.
    if (ExpectedBucketOwner !== undefined && bucketOwner !== undefined && ExpectedBucketOwner !== bucketOwner) {
      throw s3Error('UnknownError', 403);
    }
    if (!found) throw s3Error('NotFound', 404);
    if (found.key !== undefined) throw s3Error('UnknownError', 400);
    return {
      ContentLength: found.bytes,
      LastModified: found.modified,
      ETag: `"${found.checksum}"`,
      ChecksumCRC64NVME: found.checksum,
      ChecksumType: found.checksumType,
      Metadata: found.metadata,
      ContentType: found.contentType,
      $metadata: {},
    };
  }

  #source(input: CopyObjectCommand['input'] | UploadPartCopyCommand['input']): StoredObject {
    const [bucket = '', ...rest] = (input.CopySource ?? '').split('/');
    this.#bucket(bucket, input.ExpectedSourceBucketOwner);
    const found = this.object(bucket, rest.map(decodeURIComponent).join('/'));
    if (!found) throw s3Error('NoSuchKey', 404);
    refuseUnreadable(found);
    if (input.CopySourceIfMatch !== `"${found.checksum}"`) throw s3Error('PreconditionFailed', 412);
    return found;
  }

  #copy(input: CopyObjectCommand['input']) {
    const source = this.#source(input);
    const bucket = this.#bucket(input.Bucket, input.ExpectedBucketOwner);
    if (source.bytes > 5 * 2 ** 30) throw s3Error('InvalidRequest', 400);
    const { modified: _, ...rest } = source;
    this.put(bucket, input.Key ?? '', source.body, {
      ...rest,
      ...(input.SSEKMSKeyId && { keyArn: input.SSEKMSKeyId }),
    });
    return {};
  }

  #create(input: CreateMultipartUploadCommand['input']) {
    const bucket = this.#bucket(input.Bucket, input.ExpectedBucketOwner);
    this.#begun += 1;
    const UploadId = `upload-${this.#begun}`;
    this.uploads.set(UploadId, { bucket, key: input.Key ?? '', input, initiated: this.#now(), parts: new Map() });
    return { UploadId };
  }

  #part(input: UploadPartCopyCommand['input']) {
    const upload = this.#upload(input.UploadId);
    upload.parts.set(input.PartNumber ?? 0, { range: input.CopySourceRange ?? '', source: this.#source(input) });
    return { CopyPartResult: { ETag: `part-${input.PartNumber}` } };
  }

  /** Puts the parts together in the order of their numbers, and refuses another checksum than the stated one. */
  #complete(input: CompleteMultipartUploadCommand['input']) {
    const upload = this.#upload(input.UploadId);
    const numbers = (input.MultipartUpload?.Parts ?? []).map(({ PartNumber = 0 }) => PartNumber);
    const body: Uint8Array[] = [];
    let bytes = 0;
    for (const number of numbers) {
      const part = upload.parts.get(number);
      const [, first, last] = /^bytes=(\d+)-(\d+)$/.exec(part?.range ?? '') ?? [];
      if (!part || first === undefined || last === undefined) throw s3Error('InvalidPart', 400);
      body.push(part.source.body.subarray(Number(first), Number(last) + 1));
      bytes += Number(last) + 1 - Number(first);
    }
    const content = new Uint8Array(Buffer.concat(body));
    const small = [...upload.parts.values()].every(({ source }) => source.bytes === source.body.length);
    const checksum = small
      ? createHash('sha256').update(content).digest('base64')
      : ([...upload.parts.values()][0]?.source.checksum ?? '');
    if (input.ChecksumCRC64NVME !== undefined && input.ChecksumCRC64NVME !== checksum) throw s3Error('BadDigest', 400);
    const { Metadata, ContentType, SSEKMSKeyId } = upload.input;
    this.put(upload.bucket, upload.key, content, {
      bytes,
      checksum,
      ...(Metadata && { metadata: Metadata }),
      ...(ContentType && { contentType: ContentType }),
      ...(SSEKMSKeyId && { keyArn: SSEKMSKeyId }),
    });
    this.uploads.delete(input.UploadId ?? '');
    return {};
  }

  #uploads({ Bucket, Prefix = '', ExpectedBucketOwner }: ListMultipartUploadsCommand['input']) {
    const bucket = this.#bucket(Bucket, ExpectedBucketOwner);
    const Uploads = [...this.uploads].flatMap(([UploadId, upload]) =>
      upload.bucket === bucket && upload.key.startsWith(Prefix)
        ? [{ UploadId, Key: upload.key, Initiated: upload.initiated }]
        : [],
    );
    return Uploads.length > 0 ? { Uploads } : {};
  }

  /** In pages of two. */
  #parts({ UploadId, PartNumberMarker = '0' }: ListPartsCommand['input']) {
    const parts = [...this.#upload(UploadId).parts].sort(([one], [other]) => one - other);
    const rest = parts.filter(([number]) => number > Number(PartNumberMarker));
    const page = rest.slice(0, 2);
    return {
      Parts: page.map(([PartNumber, { range }]) => {
        const [first = 0, last = 0] = range.slice('bytes='.length).split('-').map(Number);
        return { PartNumber, ETag: `part-${PartNumber}`, Size: last + 1 - first };
      }),
      IsTruncated: rest.length > 2,
      ...(rest.length > 2 && { NextPartNumberMarker: String(page[1]?.[0]) }),
    };
  }

  #abort(input: AbortMultipartUploadCommand['input']) {
    this.#upload(input.UploadId);
    this.uploads.delete(input.UploadId ?? '');
    return {};
  }

  #upload(id: string | undefined): Upload {
    const upload = this.uploads.get(id ?? '');
    if (!upload) throw s3Error('NoSuchUpload', 404);
    return upload;
  }
}

/** What S3 answers to a read of what cannot be read (Amazon S3 API Reference, "List of error codes"). */
function refuseUnreadable({ storageClass, key }: StoredObject): void {
  if (storageClass !== undefined) throw s3Error('InvalidObjectState', 403);
  switch (key) {
    case 'disabled':
      throw s3Error('KMS.DisabledException', 400);
    case 'pending deletion':
      throw s3Error('KMS.KMSInvalidStateException', 400);
    case 'gone':
      throw s3Error('KMS.NotFoundException', 400);
    case 'of its writer':
      throw Object.assign(s3Error('InvalidRequest', 400), {
        message: 'The object was stored using a form of Server Side Encryption.',
      });
  }
}

/** In pieces that break characters apart, as the network may. */
function* inChunks(body: Uint8Array): Generator<Uint8Array> {
  for (let from = 0; from < body.length; from += 61) yield body.subarray(from, from + 61);
}

export function s3Error(name: string, httpStatusCode: number): S3ServiceException {
  return new S3ServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode } });
}
