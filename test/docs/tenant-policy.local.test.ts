/** The documented policy on a bucket of the local AWS: what an auditor reads there, whose role has no policies of its own. */
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  clientConfig,
  type LocalAws,
  localAccount,
  localEnvironment,
  startLocalAws,
} from '../../local/aws/local-aws.ts';
import { exportTaskId } from '../../shared/copies/naming.ts';
import { auditorsPolicy, auditorsPolicyForSchema } from './documented-policy.ts';

const createdAt = new Date('2026-11-23T03:12:00Z');
const backup = { id: 'night', database: 'a/b/db-POOL', databaseId: 'pool-1', createdAt };
const root = `_shared/pool-1/${exportTaskId(backup, 1)}`;
const objects = [
  'acme/public.orders',
  'acme2/public.orders',
  'globex/public.orders',
  'app/acme.orders',
  'app/globex.orders',
];
const keyOf = (folder: string) => `${root}/${folder}/1/part-0.gz.parquet`;

let aws: LocalAws;
beforeAll(async () => {
  aws = await startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:9' });
});
afterAll(() => aws?.stop());

/** A bucket with an export, and the client of an auditor who has the policy: the bucket's, or the role's own. */
async function given(name: string, policy: string, on: 'bucket' | 'role'): Promise<S3Client> {
  const config = clientConfig(aws, localEnvironment);
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  await s3.send(new CreateBucketCommand({ Bucket: name }));
  for (const folder of objects) await s3.send(new PutObjectCommand({ Bucket: name, Key: keyOf(folder), Body: 'PAR1' }));
  const iam = new IAMClient(config);
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${localAccount}:root` } };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [trust] });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: name, AssumeRolePolicyDocument }));
  const filled = policy
    .replaceAll('<bucket>', name)
    .replaceAll("<auditor's account>", localAccount)
    .replaceAll("<auditor's role>", name);
  if (on === 'bucket') await s3.send(new PutBucketPolicyCommand({ Bucket: name, Policy: filled }));
  else {
    const { Statement, ...rest } = JSON.parse(filled);
    const without = Statement.map(({ Principal: _, ...statement }: { Principal: object }) => statement);
    const PolicyDocument = JSON.stringify({ ...rest, Statement: without });
    await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'own-part', PolicyDocument }));
  }
  const assume = new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'auditor' });
  const { Credentials } = await new STSClient(config).send(assume);
  const credentials = {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
  return new S3Client({ ...config, credentials, forcePathStyle: true });
}

const answer = (call: Promise<unknown>) =>
  call.then(
    () => 'allowed',
    (error: Error) => error.name,
  );

describe.each([
  ['bucket', 'database', auditorsPolicy, 'acme/public.orders', `${root}/acme/`],
  ['bucket', 'schema', auditorsPolicyForSchema, 'app/acme.orders', `${root}/app/acme.`],
  ['role', 'database', auditorsPolicy, 'acme/public.orders', `${root}/acme/`],
] as const)("an auditor by the %s's policy, of a tenant with a %s", (on, what, policy, own, folder) => {
  it('reads and lists the part of the tenant, and nothing else', async () => {
    const Bucket = `audited-${on}-${what}`;
    const auditor = await given(Bucket, policy, on);
    const read = objects.map(async (one) => [
      one,
      await answer(auditor.send(new GetObjectCommand({ Bucket, Key: keyOf(one) }))),
    ]);
    expect(Object.fromEntries(await Promise.all(read))).toEqual(
      Object.fromEntries(objects.map((one) => [one, one === own ? 'allowed' : 'AccessDenied'])),
    );
    const { Contents } = await auditor.send(new ListObjectsV2Command({ Bucket, Prefix: folder }));
    expect(Contents?.map(({ Key }) => Key)).toEqual([keyOf(own)]);
    const { CommonPrefixes } = await auditor.send(
      new ListObjectsV2Command({ Bucket, Prefix: '_shared/pool-1/', Delimiter: '/' }),
    );
    expect(CommonPrefixes).toEqual([{ Prefix: `${root}/` }]);
    for (const Prefix of ['', '_shared/pool-1/', `${root}/`, `${root}/globex/`, `${root}/acme`, `${root}/app/`]) {
      expect(await answer(auditor.send(new ListObjectsV2Command({ Bucket, Prefix }))), Prefix).toBe('AccessDenied');
    }
  });
});
