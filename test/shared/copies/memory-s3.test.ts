import { describe } from 'vitest';
import { MemoryS3 } from './memory-s3.ts';
import { s3Contract } from './s3-contract.ts';

describe('the S3 in memory', () => {
  s3Contract(async () => {
    const now = () => new Date('2026-11-20T00:00:00.789Z');
    const s3 = new MemoryS3(now);
    return {
      client: s3.client,
      now,
      createBucket: async (name) => s3.createBucket(name, '123456789012'),
      put: async (bucket, key, body, metadata = {}) => s3.put(bucket, key, body, { metadata }),
      remove: async (bucket, key) => s3.delete(bucket, key),
    };
  });
});
