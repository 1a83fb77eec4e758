import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { concernsEnvironment } from '../lib/environment-failures.ts';
import { bounded, type CopyFailure, errorMessage, errorName, isRefusal, passesByItself } from './failures.ts';

export interface ExportTarget {
  readonly bucket: string;
  /** Where in it RDS would write, without a slash behind it. */
  readonly prefix: string;
  /** The account that must own the bucket. */
  readonly owner: string;
  readonly region: string;
}

/**
 * Why nothing should be exported to a bucket: it is not there, belongs to another account (names of S3 are of all accounts, and
 * whoever takes one that is gone would get the data), or does not let the copy be verified. It lists instead of a HeadBucket:
 * S3 answers a HEAD without a code, and a bucket policy may open one prefix alone. Throws what may pass by itself.
 */
export async function bucketProblem(
  s3: S3Client,
  { bucket, prefix, owner, region }: ExportTarget,
): Promise<CopyFailure | undefined> {
  try {
    await s3.send(
      new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/`, MaxKeys: 1, ExpectedBucketOwner: owner }),
    );
    return undefined;
  } catch (error) {
    if (concernsEnvironment(error)) throw error;
    const facts = { bucket, said: bounded(errorMessage(error)) };
    switch (errorName(error)) {
      case 'NoSuchBucket':
        return { cause: { code: 'bucket-missing', facts: { ...facts, region } }, heals: false };
      case 'PermanentRedirect':
      case 'AuthorizationHeaderMalformed':
        return { cause: { code: 'bucket-invalid', facts: { ...facts, region } }, heals: false };
      default:
        if (!isRefusal(error) || passesByItself(errorName(error))) throw error;
        return { cause: { code: 'bucket-closed', facts: { ...facts, owner } }, heals: false };
    }
  }
}
