import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type CfnBucket,
  type IBucket,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Fleet } from '../shared/config/index.ts';

/** Buckets that an earlier stack left behind. */
export interface KeptBuckets {
  /** Those that the configuration asks for. */
  readonly names: readonly string[];
  /** Where their access logs go. Absent: nowhere, or the bucket is gone. */
  readonly accessLogs?: string;
}

export interface BucketsProps {
  readonly fleet: Fleet;
  readonly key: IKey;
  /** Default: none. */
  readonly kept?: KeptBuckets;
}

/**
 * The buckets that a stack makes for copies: one a database, or a shared one. All are private, encrypted with the stack's key,
 * versioned, logged, and kept when the stack goes. The creation of a stack, or of a bucket, that is rolled back deletes them: one
 * that stayed would refuse the next try, which asks for its name. Source: AWS CloudFormation Template Reference, "DeletionPolicy
 * attribute", RetainExceptOnCreate.
 */
export class CopyBuckets extends Construct {
  protected readonly rules: BucketProps;
  readonly #accessLogs: Bucket | IBucket;
  readonly #key: IKey;

  constructor(scope: Construct, id: string, props: BucketsProps) {
    super(scope, id);
    const { stackBuckets, lifecycle } = props.fleet;
    const { names, accessLogs } = props.kept ?? { names: [] };
    this.#key = props.key;
    this.#accessLogs =
      accessLogs === undefined ? accessLogBucket(this) : Bucket.fromBucketName(this, 'AccessLogs', accessLogs);
    this.rules = {
      lifecycleRules: [
        {
          id: 'copies-end',
          expiration: Duration.days(lifecycle.copyDays),
          noncurrentVersionExpiration: Duration.days(lifecycle.oldVersionDays),
          abortIncompleteMultipartUploadAfter: Duration.days(lifecycle.unfinishedUploadDays),
        },
      ],
    };
    // Kept ones are there, as they were: copies go to them by name.
    const missing = stackBuckets.filter((name) => !names.includes(name));
    for (const bucketName of missing) this.bucket(bucketName, { ...this.rules, bucketName });
  }

  protected bucket(id: string, props: BucketProps = {}): Bucket {
    const bucket = new Bucket(this, id, {
      ...privateBucket,
      encryption: BucketEncryption.KMS,
      encryptionKey: this.#key,
      // One request to KMS a bucket and while, not one an object: an export has thousands of objects.
      bucketKeyEnabled: true,
      versioned: true,
      ...props,
    });
    // Set by hand: CDK would add a statement a bucket to the log bucket's policy, which has room for 20 KB.
    (bucket.node.defaultChild as CfnBucket).loggingConfiguration = {
      destinationBucketName: this.#accessLogs.bucketName,
      logFilePrefix: `${id}/`,
    };
    bucket.node.addDependency(this.#accessLogs);
    return withKeptPolicy(bucket, props.removalPolicy);
  }
}

/** The buckets of the hub: those for copies in its own environment, one for reports, one for configurations. */
export class Buckets extends CopyBuckets {
  readonly reports = this.bucket('Reports', this.rules);
  /** Each configuration that was deployed. Nothing in it ends: it is small, and says what was promised when. */
  readonly configurations = this.bucket('Configurations', {
    // A creation that is rolled back keeps it: the deployment itself writes into it, and S3 deletes no bucket with objects.
    removalPolicy: RemovalPolicy.RETAIN,
  });
}

const privateBucket = {
  blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
  enforceSSL: true,
  removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
} satisfies BucketProps;

/** What a bucket's policy refuses and allows holds for as long as the bucket is there. */
function withKeptPolicy(bucket: Bucket, removalPolicy: RemovalPolicy = privateBucket.removalPolicy): Bucket {
  bucket.policy?.applyRemovalPolicy(removalPolicy);
  return bucket;
}

/** Who read the copies of customers' data, and when. S3 delivers access logs only to buckets without a customer key. */
function accessLogBucket(scope: Construct): Bucket {
  const bucket = new Bucket(scope, 'AccessLogs', {
    ...privateBucket,
    encryption: BucketEncryption.S3_MANAGED,
    lifecycleRules: [{ id: 'logs-end', expiration: Duration.days(400) }],
  });
  bucket.addToResourcePolicy(
    new PolicyStatement({
      principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
      actions: ['s3:PutObject'],
      resources: [bucket.arnForObjects('*')],
      conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account } },
    }),
  );
  return withKeptPolicy(bucket);
}
