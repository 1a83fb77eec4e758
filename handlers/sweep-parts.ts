import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { type Lists, tell } from '../shared/alerting.ts';
import type { Ledger } from '../shared/ledger/ledger.ts';
import { objectLink } from '../shared/messages/links.ts';
import { SnsPublisher } from '../shared/messages/sns-publisher.ts';
import type { SweepDeps } from '../shared/sweep.ts';
import { type LoadedConfig, log, now, rdsReader } from './parts.ts';
import type { Settings } from './settings.ts';

/** What judging and alerting need, for each run anew: it counts its own calls, and has its own time left. */
export function sweepDepsOf(
  settings: Settings,
  ledger: Ledger,
  config: () => Promise<LoadedConfig>,
): (remainingMs: () => number) => Promise<Omit<SweepDeps, 'wakeCopies'>> {
  const publisher = new SnsPublisher(new SNSClient(), settings.alertTopicArn);
  const lists = s3Lists(new S3Client(), settings);
  return async (remainingMs) => {
    const { fleet, hash } = await config();
    return {
      ledger,
      rds: rdsReader(),
      fleet,
      configHash: hash,
      tell: (told, at) => tell({ ledger, publisher, lists, fleet }, told, at),
      log,
      now,
      remainingMs,
    };
  };
}

/** Keeps long lists in the report bucket; people follow the link with their own rights. */
function s3Lists(s3: S3Client, { reportBucket, region }: Settings): Lists {
  return {
    put: async (name, body) => {
      const put = { Bucket: reportBucket, Key: name, Body: body, ContentType: 'text/plain; charset=utf-8' };
      await s3.send(new PutObjectCommand(put));
      return objectLink(region, reportBucket, name);
    },
  };
}
