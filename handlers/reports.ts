import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { once } from 'es-toolkit/function';
import { objectLink } from '../shared/notifications/index.ts';
import type { Settings } from './settings.ts';

const s3 = once(() => new S3Client());

/** Stores a report, and returns its link, which people follow with their own rights. Imported with the first. */
export async function putReport({ reportBucket, region }: Settings, name: string, body: string): Promise<string> {
  const type = name.endsWith('.html') ? 'text/html' : 'text/plain';
  const put = { Bucket: reportBucket, Key: name, Body: body, ContentType: `${type}; charset=utf-8` };
  await s3().send(new PutObjectCommand(put));
  return objectLink(region, reportBucket, name);
}
