import { Stack } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { bucketArn } from './rights.ts';

export interface DeployedConfigurationProps {
  /** The file as it is written: the functions read it with the same reader as the stack. */
  readonly path: string;
  /** Keeps each configuration that was ever deployed: the CDK's own staging bucket may be cleaned up by its organisation. */
  readonly bucket: Bucket;
  /** What the bucket is encrypted with. */
  readonly key: IKey;
}

/** The configuration in the stack's own bucket, named by its content, so that a rollback finds the one before. */
export class DeployedConfiguration extends Construct {
  readonly bucket: Bucket;
  readonly key: string;

  constructor(scope: Construct, id: string, { path, bucket, key }: DeployedConfigurationProps) {
    super(scope, id);
    this.bucket = bucket;
    const { assetHash, s3BucketName, s3ObjectKey } = new Asset(this, 'File', { path });
    this.key = `${assetHash}.json`;
    const copied = new AwsCustomResource(this, 'Copied', {
      resourceType: 'Custom::DeployedConfiguration',
      onUpdate: {
        service: 'S3',
        action: 'CopyObject',
        parameters: {
          Bucket: bucket.bucketName,
          Key: this.key,
          CopySource: `${s3BucketName}/${s3ObjectKey}`,
          ExpectedBucketOwner: Stack.of(this).account,
          ExpectedSourceBucketOwner: Stack.of(this).account,
        },
        physicalResourceId: PhysicalResourceId.of(this.key),
        outputPaths: ['CopyObjectResult.ETag'],
      },
      installLatestAwsSdk: false,
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({
          actions: ['s3:GetObject'],
          resources: [`${bucketArn(this, s3BucketName)}/${s3ObjectKey}`],
        }),
        new PolicyStatement({ actions: ['s3:PutObject'], resources: [bucket.arnForObjects(this.key)] }),
        new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [key.keyArn] }),
      ]),
    });
    copied.node.addDependency(bucket);
  }
}
