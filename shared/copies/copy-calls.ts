import type { AwsCalls } from '../lib/aws-calls.ts';

/**
 * What the calls act on: a snapshot; the account, where RDS judges by no resource; role and key of an export; buckets that
 * copies go to or dumps come from (`bucket`), the objects in them that are read, those that are written, and the buckets that have these.
 */
type Resource =
  | 'account'
  | 'snapshot'
  | 'exportRole'
  | 'exportKey'
  | 'bucket'
  | 'readObject'
  | 'writtenObject'
  | 'writtenBucket';

/**
 * The calls that copies make, and the rights they need. Sources: Service Authorization Reference, Amazon RDS; Amazon S3 User
 * Guide, "Required permissions for Amazon S3 API operations". Snapshots are read by `RdsReader`, which declares its own.
 */
export const copyCalls: AwsCalls<Resource> = {
  // RDS passes the role on to its export service, and makes itself a grant on the key.
  StartExportTask: { snapshot: ['rds:StartExportTask'], exportRole: ['iam:PassRole'], exportKey: ['kms:CreateGrant'] },
  DescribeExportTasks: { account: ['rds:DescribeExportTasks'] },
  ListObjectsV2: { bucket: ['s3:ListBucket'] },
  GetObject: { readObject: ['s3:GetObject'] },
  // Without the right to list, S3 answers 403 where an object is missing.
  HeadObject: { bucket: ['s3:ListBucket'], readObject: ['s3:GetObject'] },
  CopyObject: { readObject: ['s3:GetObject'], writtenObject: ['s3:PutObject'] },
  CreateMultipartUpload: { writtenObject: ['s3:PutObject'] },
  UploadPartCopy: { readObject: ['s3:GetObject'], writtenObject: ['s3:PutObject'] },
  CompleteMultipartUpload: { writtenObject: ['s3:PutObject'] },
  // What a crash left is taken up; without the rights the copy begins anew.
  ListMultipartUploads: { writtenBucket: ['s3:ListBucketMultipartUploads'] },
  ListParts: { writtenObject: ['s3:ListMultipartUploadParts'] },
  AbortMultipartUpload: { writtenObject: ['s3:AbortMultipartUpload'] },
};
