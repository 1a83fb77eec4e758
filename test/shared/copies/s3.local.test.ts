import { CreateBucketCommand, DeleteObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { describe } from 'vitest';
import { localAws } from '../../support/local-aws.ts';
import { s3Contract } from './s3-contract.ts';

describe('S3 of the local AWS', () => {
  s3Contract(async () => {
    // Of an upload in parts it knows no checksum over the whole object, so its objects have none: see docs/unproven.md.
    const client = new S3Client({
      ...(await localAws()).clientConfig,
      forcePathStyle: true,
      requestChecksumCalculation: 'WHEN_REQUIRED',
    });
    return {
      client,
      now: () => new Date(),
      createBucket: async (Bucket) => {
        await client.send(new CreateBucketCommand({ Bucket }));
      },
      put: async (Bucket, Key, Body, Metadata) => {
        await client.send(new PutObjectCommand({ Bucket, Key, Body, ...(Metadata && { Metadata }) }));
      },
      remove: async (Bucket, Key) => {
        await client.send(new DeleteObjectCommand({ Bucket, Key }));
      },
    };
  });
});
