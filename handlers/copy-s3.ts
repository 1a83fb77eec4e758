import { S3Client } from '@aws-sdk/client-s3';
import type { ClientPlace } from './environment-clients.ts';

export function s3Client(place: ClientPlace): S3Client {
  return new S3Client({ ...place, maxAttempts: 6 });
}
