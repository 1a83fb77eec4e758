import { describe, expect, it } from 'vitest';
import {
  type Closed,
  type Closing,
  type Copy,
  type CopyCause,
  type CopyCauseCode,
  closings,
  copyCauses,
  type FactsIn,
  isKnownIn,
} from '../../../shared/domain/index.ts';
import { closedReasonOf, copyReasonOf, copySentenceOf } from '../../../shared/reasons/copies.ts';

const now = new Date('2026-11-23T12:00:00Z');
const operators = { now, audience: 'operators' } as const;
const tenant = { now, audience: 'tenant' } as const;

const role = 'arn:aws:iam::123456789012:role/export';
const key = 'arn:aws:kms:eu-west-1:123456789012:key/stack';
const object = 's3://dumps/orders.bak';
const buckets = { from: 'dumps', to: 'copies', said: 'no (Code)' };

/** Each code with facts, and what people read; a code without a text does not compile. */
const texts: { readonly [Code in CopyCauseCode]: readonly [FactsIn<typeof copyCauses, Code>, string] } = {
  'not-configured': [{}, 'its database is no longer configured; nothing says where to copy it'],
  'owner-changed': [
    { tenant: 'globex' },
    'the database, or its name, belongs to tenant globex now, whose place this backup is not copied to',
  ],
  'kind-not-copied': [{ kind: 'manual', copied: [] }, 'manual backups are not copied (copied kinds: none)'],
  'before-enrolment': [{}, 'from before the database was enrolled'],
  'snapshot-gone': [{}, 'the snapshot was gone before it was recorded'],
  'no-shared-bucket': [
    {},
    'no shared bucket for discovered databases: set defaults.bucket to { "type": "shared" } in the configuration',
  ],
  'engine-not-exportable': [
    { engine: 'custom-oracle-ee' },
    'RDS cannot export snapshots of RDS Custom (custom-oracle-ee); use mode "object" with native dumps, or "none"',
  ],
  'storage-not-exportable': [
    {},
    'RDS cannot export snapshots from magnetic storage ("standard"); move the database to gp3 storage',
  ],
  'region-without-exports': [
    { region: 'eu-south-2', engine: 'mysql' },
    'RDS exports no snapshots of engine mysql in eu-south-2, as AWS documented it; use mode "object" with native dumps, or "none", or name the Region in copies.regionsWithExports if it has exports by now',
  ],
  'period-served': [{ schedule: 'weekly' }, 'another backup of the same week is copied'],
  'snapshot-busy': [{}, 'RDS says that the snapshot is busy'],
  'exported-elsewhere': [{}, 'somebody else is exporting this snapshot; RDS allows one export at a time'],
  'snapshot-expired': [
    {},
    'expired: RDS no longer has the snapshot, it was gone before its copy could start; keep automated backups longer, or copy fewer of them',
  ],
  'snapshot-replaced': [
    {},
    'replaced: RDS has another snapshot of the same name, this one was gone before its copy could start; give each snapshot a name of its own, or copy fewer of them',
  ],
  'environment-refused': [
    { account: '210987654321', region: 'us-east-1', said: 'AccessDenied: not authorized' },
    'the copy function may do nothing in account 210987654321, us-east-1: deploy the stack RdsBackupLedgerSpoke-210987654321-us-east-1 (again), see that no policy of the organization denies it, and that the Region is turned on in the account (AWS says: AccessDenied: not authorized)',
  ],
  'role-not-found': [
    { role, said: 'no such role' },
    `the export role ${role} does not exist; deploy the stack again (RDS says: no such role)`,
  ],
  'role-not-trusted': [{ role }, `let the role ${role} trust export.rds.amazonaws.com (sts:AssumeRole)`],
  'bucket-closed': [
    { bucket: 'copies', owner: '210987654321', said: 'Access Denied' },
    'bucket copies does not belong to account 210987654321, or denies s3:ListBucket to the copy function. Find out with the rights of that account: aws s3api head-bucket --bucket copies --expected-bucket-owner 210987654321. If another account has it, grant nothing on it and name another bucket; else grant s3:ListBucket and s3:GetObject on it to the copy function (S3 says: Access Denied)',
  ],
  'bucket-denied': [
    { bucket: 'copies', owner: '210987654321', role, action: 's3:PutObject', said: 'denied' },
    `grant s3:PutObject on bucket copies (which must belong to account 210987654321) to the role ${role}, in its policy and in the bucket's own (RDS says: denied)`,
  ],
  'bucket-invalid': [
    { bucket: 'copies', region: 'eu-west-1' },
    "bucket copies does not exist, is not in eu-west-1, or is closed to the export role; exports need a bucket in the snapshot's Region",
  ],
  'bucket-missing': [
    { bucket: 'copies', region: 'eu-west-1', said: 'Error code: NoSuchBucket' },
    'bucket copies does not exist: create it in eu-west-1, or name another one in the configuration (RDS says: Error code: NoSuchBucket)',
  ],
  'bucket-refused': [
    { bucket: 'copies', error: 'InvalidRequest', said: 'Error code: InvalidRequest' },
    'S3 refuses what RDS writes to bucket copies (InvalidRequest): look for a default retention of Object Lock, and for a bucket policy or default encryption that exports do not meet (RDS says: Error code: InvalidRequest)',
  ],
  'source-key-not-usable': [
    { key, role },
    `the snapshot's own key ${key} cannot be used: enable it, and grant kms:Decrypt, kms:DescribeKey and kms:CreateGrant on it to the copy function and to the role ${role}`,
  ],
  'key-not-usable': [
    { key, role },
    `the key ${key} cannot be used: enable it, and grant kms:CreateGrant, kms:DescribeKey, kms:Encrypt, kms:Decrypt and kms:GenerateDataKey* on it to the role ${role} and to the copy function`,
  ],
  'start-denied': [
    { role, key, said: 'not authorized' },
    `RDS denied rds:StartExportTask: not authorized; the copy function needs rds:StartExportTask, iam:PassRole on ${role}, and kms:CreateGrant and kms:DescribeKey on ${key}`,
  ],
  'start-refused': [
    { error: 'InvalidParameterValue', said: 'The prefix is odd' },
    'RDS refused to start the export: The prefix is odd (InvalidParameterValue)',
  ],
  'export-failed': [{}, 'the export failed (RDS gave no cause)'],
  'export-cancelled': [{}, 'somebody cancelled the export task'],
  'export-incomplete': [
    {
      skippedTables: [{ table: 'shop.orders', reason: 'PERMISSIONS_DO_NOT_EXIST' }],
      skipped: 12,
      warnings: ['odd', 'count: 2'],
    },
    'the export is not whole: 12 tables skipped: shop.orders (PERMISSIONS_DO_NOT_EXIST) and 11 more; grant the master user of the database its rights on these tables; RDS warns: odd; count: 2',
  ],
  'tenant-folder-missing': [
    { tenants: ['acme', 'globex'], count: 3 },
    'the export is complete, but holds nothing of 3 tenants where their data should be: acme, globex and 1 more; compare the names of "database" and "schema" in the configuration with those in the export, letter by letter (a part without tables may have no folder)',
  ],
  'objects-missing': [
    { bucket: 'copies', folder: 'orders/task/' },
    'RDS says the export is complete, but nothing lies in s3://copies/orders/task/; find out who removes objects there',
  ],
  'bucket-gone': [{ bucket: 'copies' }, 'bucket copies is gone, and with it the copy; create it again'],
  'not-verifiable': [
    { bucket: 'copies', said: 'Access Denied', skippedTables: [{ table: 'a', reason: 'R' }], skipped: 1, warnings: [] },
    'RDS says the export is complete, but S3 does not let this be verified (Access Denied): grant the copy function s3:ListBucket and s3:GetObject on bucket copies, and kms:Decrypt on its key; besides, 1 table skipped: a (R)',
  ],
  'task-unknown': [{ task: 'copy-1' }, 'RDS no longer knows the export task copy-1'],
  stuck: [
    { task: 'copy-1', since: '2026-11-22T11:00:00.000Z', percent: 40 },
    'stuck: running for 25 h (since 2026-11-22 11:00 UTC), at 40 %; look at export task copy-1 in RDS, and cancel it there if it hangs',
  ],
  'staging-not-configured': [{}, 'its database has no staging bucket in the configuration'],
  'dump-awaited': [{ object }, 'waiting for s3://dumps/orders.bak'],
  'dump-missing': [
    { object, waitHours: 24 },
    's3://dumps/orders.bak is not there 24 h after the backup; find out why the dump was not made, or correct the key in the configuration',
  ],
  'dump-stale': [
    {
      object: 's3://dumps/orders/latest.bak',
      modified: '2026-11-19T23:30:00.000Z',
      backupTime: '2026-11-23T04:00:00.000Z',
      maxDumpAgeHours: 24,
      waitHours: 6,
      usedBy: 'rds:orders-2026-11-20-04-00',
    },
    's3://dumps/orders/latest.bak is not of this backup: it is from 2026-11-19 23:30 UTC, 76 h 30 min before the backup, and the copy of rds:orders-2026-11-20-04-00 has used it or a newer one; no other came within 24 h of the backup in the 6 h of waiting; find out why no new dump was made',
  ],
  'dump-shared': [
    { object: 's3://dumps/orders.bak', other: 'cluster orders', tenant: 'globex' },
    's3://dumps/orders.bak is not copied: its key can be that of another database too, so nobody knows whose dump it is; cluster orders of tenant globex has it as well: tell them apart in copy.staging.key, with {databaseId}, {kind} or {tenant}',
  ],
  'dump-too-large': [
    { object, bytes: 152 * 2 ** 30, limit: 140.6 * 2 ** 30 },
    's3://dumps/orders.bak has 152.0 GiB, one run copies at most 140 GiB; split the dump, or replicate the staging bucket with S3',
  ],
  'run-broke-off': [
    {},
    'the run that copied the object broke off (time or memory ran out); the next one goes on with it',
  ],
  'copy-different': [
    { object, originalBytes: 6, bytes: 3 },
    'copying s3://dumps/orders.bak failed: the copy has 3 bytes, the original 6',
  ],
  'copy-out-of-time': [{ object }, 'copying s3://dumps/orders.bak failed: the run had no time left'],
  's3-bucket-missing': [buckets, 'bucket dumps or copies does not exist (S3 says: no (Code))'],
  's3-key-not-usable': [
    { ...buckets, key },
    `the key ${key}, or that of bucket dumps, cannot be used (S3 says: no (Code))`,
  ],
  's3-other-region': [buckets, 'bucket dumps or copies is in another Region (S3 says: no (Code))'],
  's3-archived': [
    { object: 's3://dumps/a.bak', said: 'no' },
    's3://dumps/a.bak is archived: restore it first, then "copy retry"; or copy dumps before a lifecycle rule archives them (S3 says: no)',
  ],
  's3-customer-key': [
    { object: 's3://dumps/a.bak' },
    's3://dumps/a.bak is encrypted with a key that only its writer has (SSE-C): write dumps with SSE-KMS or SSE-S3 instead',
  ],
  's3-checksum-missing': [
    { from: 'dumps', to: 'copies' },
    'bucket copies demands a checksum with each object, as one with a default retention of Object Lock does: write the dumps in dumps with one (CRC64NVME, CRC32 or CRC32C), or take the default retention from copies',
  ],
  's3-denied': [
    { ...buckets, fromOwner: '111122223333', toOwner: '123456789012' },
    'S3 denies the copy from bucket dumps (which must belong to account 111122223333) to bucket copies (account 123456789012): grant the copy function s3:GetObject and s3:ListBucket on the first, s3:PutObject and s3:AbortMultipartUpload on the second, and its rights on their keys (S3 says: no (Code))',
  ],
  's3-failed': [buckets, 'copying from bucket dumps to bucket copies failed (S3 says: no (Code))'],
  'cancelled-by-person': [{ by: 'kim', note: 'moved to globex' }, 'cancelled by kim: moved to globex'],
};

const cases = Object.entries(texts).map(([code, [facts, text]]) => ({ cause: { code, facts } as CopyCause, text }));

const copy = (changes: Partial<Copy>): Copy => ({ mode: 'export', state: 'failed', attempt: 1, ...changes });

describe('the reason of a copy', () => {
  it.each(cases)('$cause.code: says why, and what to do', ({ cause, text }) => {
    expect(isKnownIn(copyCauses, cause)).toBe(true);
    expect(copySentenceOf(cause, operators)).toBe(text);
  });

  it('is undefined where there is nothing to say', () => {
    expect(copyReasonOf(copy({ state: 'complete' }), operators)).toBeUndefined();
  });

  it('is as of now while a copy hangs', () => {
    const cause = { code: 'stuck', facts: texts.stuck[0] } as const;
    const later = { ...operators, now: new Date('2026-11-23T15:00:00Z') };
    expect(copyReasonOf(copy({ state: 'running', percent: 41, cause }), later)).toBe(
      'stuck: running for 28 h (since 2026-11-22 11:00 UTC), at 41 %; look at export task copy-1 in RDS, and cancel it there if it hangs',
    );
  });

  it('counts the tries of what could have healed', () => {
    const failed = { code: 'export-failed', facts: { said: 'trouble' } } as const;
    const awaited = { code: 'dump-awaited', facts: { object } } as const;
    const denied = { code: 'bucket-denied', facts: { bucket: 'b', role } } as const;
    const reason = (changes: Partial<Copy>) => copyReasonOf(copy(changes), operators);
    expect(reason({ state: 'queued', attempt: 3, cause: failed })).toMatch(/^attempt 2 failed: the export failed/);
    expect(reason({ attempt: 3, cause: failed })).toMatch(/^failed after 3 attempts: the export failed/);
    expect(reason({ attempt: 1, cause: failed })).toMatch(/^the export failed/);
    expect(reason({ state: 'queued', attempt: 3, cause: awaited })).toBe(texts['dump-awaited'][1]);
    expect(reason({ attempt: 3, cause: denied, permanent: true })).toMatch(/^grant /);
  });

  it('names to a tenant neither another tenant nor who of the operators did what', () => {
    for (const { cause } of cases) expect(copySentenceOf(cause, tenant)).not.toMatch(/globex|kim/);
    expect(copySentenceOf({ code: 'owner-changed', facts: { tenant: 'globex' } }, tenant)).toBe(
      'the database, or its name, belongs to another tenant now, whose place this backup is not copied to',
    );
  });

  it('of a later version is its code, whatever its facts', () => {
    for (const cause of [
      { code: 'moon-phase', facts: { phase: 'new' } },
      { code: 'stuck', facts: { since: 'yesterday' } },
      { code: 'constructor', facts: {} },
    ] as unknown as CopyCause[]) {
      for (const state of ['queued', 'failed'] as const) {
        expect(copyReasonOf(copy({ state, attempt: 2, cause }), tenant)).toBe(cause.code);
      }
    }
  });
});

it('the reason of a closed backup says why its snapshot is gone; one of a later version is its code', () => {
  const closed = (code: string): Closed => ({
    at: now,
    expiresAt: now,
    cause: { code, facts: {} } as unknown as Closing,
  });
  expect([...Object.keys(closings), 'melted'].map((code) => closedReasonOf(closed(code)))).toEqual([
    'deleted by a user',
    'RDS does not have the snapshot any more',
    'the name of the snapshot was used again for a newer one',
    'melted',
  ]);
});
