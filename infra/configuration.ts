import { readFileSync } from 'node:fs';
import { RemovalPolicy, Stack, Validations } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources';
import { Construct } from 'constructs';
import { configHash } from '../shared/config/index.ts';
import { bucketArn } from './rights.ts';

export interface DeployedConfigurationProps {
  /** The file as it is written. */
  readonly path: string;
  /** Keeps each configuration that was ever deployed; the CDK's staging bucket may be cleaned up by its organisation. */
  readonly bucket: Bucket;
  /** What the bucket is encrypted with. */
  readonly key: IKey;
}

/** Each configuration that was ever deployed, in the stack's own bucket and named by its content: what people and commands read. */
export class DeployedConfiguration extends Construct {
  readonly bucket: Bucket;
  readonly objectKey: string;
  /** SHA-256 of the file, as sweeps record it. */
  readonly hash: string;

  constructor(scope: Construct, id: string, { path, bucket, key }: DeployedConfigurationProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    const { s3BucketName, s3ObjectKey } = new Asset(this, 'File', { path });
    this.bucket = bucket;
    this.hash = configHash(readFileSync(path, 'utf8'));
    this.objectKey = `${this.hash}.json`;
    const copied = new AwsCustomResource(this, 'Copied', {
      resourceType: 'Custom::DeployedConfiguration',
      onUpdate: {
        service: 'S3',
        action: 'CopyObject',
        parameters: {
          Bucket: bucket.bucketName,
          Key: this.objectKey,
          CopySource: `${s3BucketName}/${s3ObjectKey}`,
          ExpectedBucketOwner: account,
          ExpectedSourceBucketOwner: account,
        },
        physicalResourceId: PhysicalResourceId.of(this.objectKey),
        outputPaths: ['CopyObjectResult.ETag'],
      },
      // Lambda's own is good enough for one call, and installing another takes a minute of each deployment.
      installLatestAwsSdk: false,
      logGroup: new LogGroup(this, 'Logs', {
        retention: RetentionDays.THREE_MONTHS,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({
          actions: ['s3:GetObject'],
          resources: [`${bucketArn(this, s3BucketName)}/${s3ObjectKey}`],
        }),
        new PolicyStatement({ actions: ['s3:PutObject'], resources: [bucket.arnForObjects(this.objectKey)] }),
        new PolicyStatement({ actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [key.keyArn] }),
      ]),
    });
    copied.node.addDependency(bucket);
    // The CDK makes one function a stack for all such calls, and chooses its role and runtime.
    const singleton = `AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll('-', '')}`;
    const reason = 'It is the function of the CDK that makes the one call, as the CDK has tested it.';
    const findings = [
      'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]',
      'AwsSolutions-L1',
    ];
    for (const finding of findings) {
      Validations.of(Stack.of(this).node.findChild(singleton)).acknowledge({ id: finding, reason });
    }
  }
}
