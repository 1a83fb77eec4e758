import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Deployment } from '../dependencies.ts';
import { output } from './deployment.ts';

/** An object of the report bucket as text; undefined where there is none of that key. */
export async function fetchReport(deployment: Deployment, key: string): Promise<string | undefined> {
  try {
    const { Body } = await new S3Client().send(
      new GetObjectCommand({ Bucket: output(deployment, 'ReportBucketName'), Key: key }),
    );
    return await Body?.transformToString();
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchKey') return undefined;
    throw error;
  }
}
