import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../shared/config/load.ts';
import {
  exportFailure,
  leftOutError,
  pauseAfterSetupFailure,
  pauseBeforeAttempt,
  startProblem,
} from '../../../shared/copies/failures.ts';
import { fairly } from '../../../shared/copies/fair.ts';
import { scopeOf } from '../../../shared/copies/pauses.ts';
import { sideBySide } from '../../../shared/copies/side-by-side.ts';
import { ended, queued, retried, retryMode } from '../../../shared/copies/transitions.ts';
import {
  type Backup,
  type Copy,
  type CopyCause,
  type CopyState,
  copyCauses,
  isKnownIn,
} from '../../../shared/domain/index.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
import { where } from '../../support/world.ts';
import { s3Error } from './memory-s3.ts';
import { exporting } from './world.ts';

const now = new Date('2026-11-23T12:00:00Z');

function backup(id: string, tenant: string, minutesOld: number, copy: Partial<Copy> = {}): Backup {
  return {
    arn: `arn:aws:rds:eu-west-1:123456789012:snapshot:${id}`,
    id,
    database: '123456789012/eu-west-1/db-A',
    databaseId: 'orders',
    databaseKind: 'instance',
    tenant,
    kind: 'automated',
    engine: 'postgres',
    encrypted: true,
    createdAt: new Date(now.getTime() - minutesOld * minuteMs),
    recordedAt: now,
    learnedFrom: 'event',
    copy: { mode: 'export', state: 'queued', attempt: 1, queuedAt: now, ...copy },
  };
}

const order = (waiting: Backup[], served: [string, Date][] = []) =>
  [...fairly(waiting, new Map(served))].map(({ id }) => id);

describe('the order in which tenants are served', () => {
  it('gives each tenant its turn, oldest copy first', () => {
    const waiting = [backup('a2', 'a', 20), backup('a1', 'a', 30), backup('a3', 'a', 10), backup('b1', 'b', 5)];
    expect(order(waiting)).toEqual(['a1', 'b1', 'a2', 'a3']);
  });

  it('is the same whatever order the copies come in, also of one moment', () => {
    const waiting = [backup('a1', 'a', 10), backup('a2', 'a', 10), backup('a3', 'a', 10)];
    const [first, second, third] = waiting as [Backup, Backup, Backup];
    expect(order([second, third, first])).toEqual(['a1', 'a2', 'a3']);
    expect(order([third, second, first])).toEqual(['a1', 'a2', 'a3']);
  });

  it('begins with the oldest copy among tenants that were never served', () => {
    expect(order([backup('b1', 'b', 10), backup('a1', 'a', 30), backup('c1', 'c', 20)])).toEqual(['a1', 'c1', 'b1']);
  });

  it('begins with the tenant that was never served, then the one served longest ago', () => {
    const waiting = [backup('a1', 'a', 30), backup('b1', 'b', 20), backup('c1', 'c', 10)];
    const served: [string, Date][] = [
      ['a', new Date(now.getTime() - minuteMs)],
      ['b', new Date(now.getTime() - 5 * minuteMs)],
    ];
    expect(order(waiting, served)).toEqual(['c1', 'b1', 'a1']);
  });
});

describe('a step of a copy', () => {
  const later = { mood: 'a field of a later version' };

  it('to its end leaves behind what was said of its being stuck', () => {
    const cause = { code: 'stuck', facts: { task: 't', since: now.toISOString(), percent: 3 } } as const;
    const running: Copy = { mode: 'export', state: 'running', attempt: 1, notifiedAt: now, cause, ...later };
    expect(ended(running, 'complete', now, { bytes: 1 })).toEqual({
      mode: 'export',
      state: 'complete',
      attempt: 1,
      endedAt: now,
      bytes: 1,
      ...later,
    });
  });

  it('back into the queue drops what its try left behind, and nothing of a later version', () => {
    const starting: Copy = { mode: 'export', state: 'starting', attempt: 2, queuedAt: now, taskId: 't', ...later };
    expect(queued(starting)).toEqual({ mode: 'export', state: 'queued', attempt: 2, queuedAt: now, ...later });
  });

  it('by a person’s wish is a new attempt, unless it is under way or in a state of a later version', () => {
    const failed: Copy = { mode: 'export', state: 'failed', attempt: 3, permanent: true, ...later };
    expect(retried(failed, 'export', now)).toEqual({
      mode: 'export',
      state: 'queued',
      attempt: 4,
      queuedAt: now,
      ...later,
    });
    expect(retried({ ...failed, state: 'none' }, 'object', now)).toMatchObject({ mode: 'object', state: 'queued' });
    for (const state of ['queued', 'starting', 'running', 'archived'] as CopyState[]) {
      expect(retried({ ...failed, state }, 'export', now)).toBeUndefined();
    }
  });
});

describe('a copy that a person asks for', () => {
  const staging = { bucket: 'dumps', owner: '123456789012', key: '{snapshotId}' };
  const fleet = (config: object) => parseConfig(JSON.stringify(config), where);
  const exports = fleet(exporting({ acme: ['orders'], globex: ['shop'] }));
  const failed = backup('a', 'acme', 1, { state: 'failed' });

  it('is made as it was tried before, else as the configuration has it', () => {
    expect(retryMode(exports, failed, undefined)).toEqual({ mode: 'export' });
    const never = { ...failed, copy: { mode: 'none', state: 'none', attempt: 0 } } as const;
    expect(retryMode(exports, never, undefined)).toEqual({ mode: 'export' });
    const dumps = fleet(exporting({ acme: ['orders'] }, {}, { mode: 'object', staging }));
    expect(retryMode(dumps, { ...never, engine: 'sqlserver-se' }, undefined)).toEqual({ mode: 'object' });
  });

  it('is refused in a Region without exports, until the configuration says that there are some', () => {
    const spain = { account: '123456789012', region: 'eu-south-2' };
    const of = { ...failed, database: failed.database.replace('eu-west-1', 'eu-south-2') };
    const asked = (more: object) =>
      retryMode(parseConfig(JSON.stringify(exporting({ acme: ['orders'] }, more)), spain), of, undefined);
    const facts = { region: 'eu-south-2', engine: failed.engine };
    expect(asked({})).toEqual({ cause: { code: 'region-without-exports', facts } });
    expect(asked({ copies: { regionsWithExports: ['eu-south-2'] } })).toEqual({ mode: 'export' });
  });

  it('is refused for the cause for which it would be skipped', () => {
    const { databaseId: _, ...rest } = failed;
    const cases = [
      [{ ...failed, tenant: 'globex' }, 'owner-changed'],
      [{ ...rest, databaseId: 'shop' }, 'owner-changed'],
      [{ ...rest, databaseId: 'gone' }, 'not-configured'],
      [{ ...failed, engine: 'oracle-ee' }, 'engine-not-exportable'],
      [{ ...failed, storageType: 'standard' }, 'storage-not-exportable'],
      [{ ...failed, copy: { ...failed.copy, mode: 'object' } }, 'staging-not-configured'],
    ] as const;
    expect(cases.map(([row]) => retryMode(exports, row, undefined))).toMatchObject(
      cases.map(([, code]) => ({ cause: { code } })),
    );
    const tagged = fleet(exporting({}, { discovery: {}, defaults: { copy: { mode: 'export' } } }));
    expect(retryMode(tagged, failed, undefined)).toMatchObject({ cause: { code: 'no-shared-bucket' } });
  });
});

const setup = { bucket: 'b', roleArn: 'r', keyArn: 'k', region: 'eu-west-1' };

describe('why RDS gave an export up', () => {
  it.each([
    ["it can't assume the IAM role r", 'role-not-trusted', undefined],
    ['it cant assume the IAM role r', 'role-not-trusted', undefined],
    ['Unable to assume the role r', 'role-not-trusted', undefined],
    ["The IAM role r isn't authorized to call s3:PutObject* on the S3 bucket b.", 'bucket-denied', 's3:PutObject*'],
    ['The role r isnt authorized to call s3:ListBucket on bucket b', 'bucket-denied', 's3:ListBucket'],
    ['User: r is not authorized to perform: s3:GetBucketLocation', 'bucket-denied', 's3:GetBucketLocation'],
    ['r is not authorized to call ListObjectsV2 on b', 'bucket-denied', 's3:ListObjectsV2'],
    ['AccessDenied for r', 'bucket-denied', undefined],
    ['r is not authorized to perform: kms:GenerateDataKey* on k', 'key-not-usable', 'kms:GenerateDataKey*'],
    ['r is not authorized to perform: kms:CreateGrant on k', 'key-not-usable', 'kms:CreateGrant'],
    ['Access denied to the KMS key k', 'key-not-usable', undefined],
    ['KMS key check failed.', 'key-not-usable', undefined],
    ["The S3 bucket b isn't valid.", 'bucket-invalid', undefined],
    ['bucket b isnt valid', 'bucket-invalid', undefined],
    ['The S3 bucket b isnt located in the current AWS Region.', 'bucket-invalid', undefined],
    ["The S3 bucket b doesn't exist.", 'bucket-invalid', undefined],
    ['The S3 bucket b does not exist.', 'bucket-invalid', undefined],
    ['S3 credential check failed.', 'bucket-denied', undefined],
    ['Check the permissions on your S3 bucket', 'bucket-denied', undefined],
  ])('is read from its words, and needs a person: %s', (said, code, action) => {
    const { cause, heals } = exportFailure(`  ${said}\n`, setup);
    expect({ code: cause.code, heals, facts: cause.facts }).toMatchObject({ code, heals: false, facts: { said } });
    expect((cause.facts as { action?: string }).action).toBe(action);
  });

  const named = {
    bucket: 'my-kms-archive',
    roleArn: 'arn:aws:iam::123456789012:role/AccessDenied-NoSuchBucket',
    keyArn: 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd',
    region: 'eu-west-1',
  };
  const metadata = (code: string, { bucket, roleArn, keyArn } = named) =>
    `The RDS export failed to write the export task's metadata to the S3 bucket ${bucket} using the IAM role ${roleArn} with the KMS key ${keyArn}. Error code: ${code}`;

  it.each([
    ['NoSuchBucket', 'bucket-missing', false],
    ['NoSuchBucket.', 'bucket-missing', false],
    ['PermanentRedirect', 'bucket-invalid', false],
    ['AuthorizationHeaderMalformed', 'bucket-invalid', false],
    ['AccessDenied', 'bucket-denied', false],
    ['AllAccessDisabled', 'bucket-denied', false],
    ['KMS.DisabledException', 'key-not-usable', false],
    ['KMS.NotFoundException', 'key-not-usable', false],
    ['KMS.KMSInvalidStateException', 'key-not-usable', false],
    ['KMSInvalidStateException', 'key-not-usable', false],
    ['InvalidRequest', 'bucket-refused', false],
    ['MissingSecurityHeader', 'bucket-refused', false],
    ['SlowDown', 'export-failed', true],
    ['KMS.ThrottlingException', 'export-failed', true],
    ['KMS.KMSInternalException', 'export-failed', true],
    ['InternalError', 'export-failed', true],
    ['ServiceUnavailable', 'export-failed', true],
    ['RequestTimeout', 'export-failed', true],
    ['SomethingOfNextYear', 'export-failed', true],
  ])('is decided by the error code at the end of the sentence: %s', (error, code, heals) => {
    const said = metadata(error);
    expect(exportFailure(said, named)).toMatchObject({ heals, cause: { code, facts: { said } } });
  });

  it.each([
    ['my-kms-archive', "The S3 bucket my-kms-archive isn't valid.", 'bucket-invalid'],
    ['my-kms-archive', 'An unknown internal error occurred writing to the S3 bucket my-kms-archive.', 'export-failed'],
    ['access-denied', 'An unknown internal error occurred writing to the S3 bucket access-denied', 'export-failed'],
    ['kms', "The IAM role R isn't authorized to call s3:PutObject on the S3 bucket kms. Review it.", 'bucket-denied'],
    ['nosuchbucket', metadata('SlowDown', { ...named, bucket: 'nosuchbucket' }), 'export-failed'],
    ['error-code', metadata('KMS.DisabledException', { ...named, bucket: 'error-code' }), 'key-not-usable'],
    ['a.b+c', "The S3 bucket a.b+c isn't located in the current AWS Region.", 'bucket-invalid'],
    ['', 'KMS key check failed.', 'key-not-usable'],
  ])('is not read from names: bucket %j', (bucket, said, code) => {
    expect(exportFailure(said, { ...named, bucket }).cause.code).toBe(code);
  });

  it('tells the snapshot’s key from the key of the copy', () => {
    const source = 'arn:aws:kms:eu-west-1:210987654321:key/of-the-snapshot';
    const said = `r is not authorized to perform: kms:Decrypt on resource: ${source}.`;
    expect(exportFailure(said, named).cause).toMatchObject({
      code: 'source-key-not-usable',
      facts: { key: source, role: named.roleArn, said },
    });
    const own = `r is not authorized to perform: kms:Decrypt on resource: ${named.keyArn}`;
    expect(exportFailure(own, named).cause).toMatchObject({ code: 'key-not-usable', facts: { key: named.keyArn } });
    const at = (message: string) =>
      startProblem(Object.assign(s3Error('KMSKeyNotAccessibleFault', 400), { message }), named);
    expect(
      at(`The source snapshot KMS key [${source}] does not exist, is not enabled or you do not have permissions`),
    ).toMatchObject({
      cause: { code: 'source-key-not-usable', facts: { key: source } },
    });
    expect(at(`The specified KMS key [${named.keyArn}] does not exist`)).toMatchObject({
      cause: { code: 'key-not-usable', facts: { key: named.keyArn } },
    });
  });

  it.each([
    ['An unknown internal error occurred.', { said: 'An unknown internal error occurred.' }],
    ['  ', {}],
    [undefined, {}],
  ])('may pass where nothing of that is said: %j', (said, facts) => {
    expect(exportFailure(said, setup)).toEqual({ cause: { code: 'export-failed', facts }, heals: true });
  });
});

describe('what a refusal of StartExportTask means', () => {
  it.each([
    ['ExportTaskLimitReachedFault', 'full'],
    ['Throttling', 'throttled'],
    ['ThrottlingException', 'throttled'],
    ['RequestLimitExceeded', 'throttled'],
    ['TooManyRequestsException', 'throttled'],
    ['ExportTaskAlreadyExistsFault', 'exists'],
    ['InvalidExportSourceStateFault', 'busy'],
    ['DBSnapshotNotFoundFault', 'gone'],
    ['DBClusterSnapshotNotFoundFault', 'gone'],
    ['IamRoleNotFoundFault', 'failed'],
  ])('is read from the name of the error: %s is %s', (name, is) => {
    expect(startProblem(s3Error(name, 400), setup)).toMatchObject({ is });
  });

  it.each([
    ['IamRoleNotFound', 'role r', { role: 'r' }],
    ['AccessDenied', 'account 123456789012', { role: 'r', key: 'k' }],
    ['UnauthorizedOperation', 'account 123456789012', { role: 'r', key: 'k' }],
    ['InvalidParameterValue', 'account 123456789012', { error: 'InvalidParameterValue' }],
    ['IamRoleMissingPermissions', 'bucket b', { bucket: 'b', role: 'r' }],
    ['InvalidS3Bucket', 'bucket b', { bucket: 'b', region: 'eu-west-1' }],
    ['KMSKeyNotAccessible', 'key k', { key: 'k', role: 'r' }],
  ])('%s is a fault of the %s', (name, scope, facts) => {
    const said = name;
    const problem = startProblem(s3Error(name, 400), setup);
    expect(problem).toMatchObject({ heals: false, cause: { facts: { ...facts, said } } });
    const found = problem && 'cause' in problem ? scopeOf(problem.cause, '123456789012') : undefined;
    expect(`${found?.kind} ${found?.name}`).toBe(scope);
  });

  it.each(['export-failed', 'task-unknown', 'objects-missing', 'of a later version'])(
    'is no fault of set-up where the copy alone has it: %s',
    (code) => {
      const cause = { code, facts: { task: 't', bucket: 'b', folder: 'f' } } as unknown as CopyCause;
      expect(scopeOf(cause, '123456789012')).toBeUndefined();
    },
  );

  it('of a kind that we do not know is one, for any answer of 4xx', () => {
    for (const status of [400, 499]) {
      const problem = startProblem(s3Error('FaultyParameterFault', status), setup);
      expect(problem).toEqual({
        is: 'failed',
        heals: false,
        cause: { code: 'start-refused', facts: { error: 'FaultyParameter', said: 'FaultyParameterFault' } },
      });
    }
  });

  it('is unknown where RDS had trouble, or did not answer: the task may have been started', () => {
    const unanswered = [s3Error('InternalFailure', 500), s3Error('Odd', 399), new Error('socket hang up'), undefined];
    expect(unanswered.map((error) => startProblem(error, setup))).toEqual(unanswered.map(() => undefined));
  });
});

it('the error of a run names the first copies that it left out, each by what went wrong', () => {
  const message = (...errors: unknown[]) => leftOutError(errors).message;
  expect(message(new Error('no answer'))).toBe('1 copy could not be followed or started: no answer');
  expect(message(new TypeError(), 'thrown as text')).toBe(
    '2 copies could not be followed or started: TypeError; thrown as text',
  );
  const seven = Array.from({ length: 7 }, (_, index) => new Error(`e${index}`));
  expect(message(...seven)).toBe('7 copies could not be followed or started: e0; e1; e2; e3; e4');
  expect(leftOutError(seven).errors).toEqual(seven);
});

it('a cause of failure of any length is kept within bounds, with its beginning and its end', () => {
  const text = `The export could not be written to bucket ${'bucket '.repeat(200_000)} Error code: AccessDenied`;
  const { cause } = exportFailure(text, setup);
  expect(isKnownIn(copyCauses, cause)).toBe(true);
  const { said } = cause.facts as { said: string };
  expect(cause.code).toBe('bucket-denied');
  expect(said.length).toBeLessThanOrEqual(1000);
  expect(said).toMatch(/^The export could not be written.*Error code: AccessDenied$/);
});

it('pauses after failures of set-up grow to half a day', () => {
  expect([1, 2, 3, 4, 5].map((failures) => pauseAfterSetupFailure(failures) / (60 * minuteMs))).toEqual([
    1, 4, 12, 12, 12,
  ]);
});

it('pauses between attempts grow to a day', () => {
  const minutes = [2, 3, 4, 5, 6, 7].map((attempt) => pauseBeforeAttempt(attempt) / minuteMs);
  expect(minutes).toEqual([15, 60, 240, 960, 1440, 1440]);
});

describe('work side by side', () => {
  it('is never more than asked for at once, and its results stand in order', async () => {
    let active = 0;
    let most = 0;
    const results = await sideBySide([3, 1, 2, 0, 1], 2, async (turns) => {
      active += 1;
      most = Math.max(most, active);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      active -= 1;
      return turns;
    });
    expect({ results, most }).toEqual({ results: [3, 1, 2, 0, 1], most: 2 });
  });

  it('begins nothing new after a failure, and throws it', async () => {
    const begun: number[] = [];
    const work = sideBySide([1, 2, 3, 4], 1, async (item) => {
      begun.push(item);
      if (item === 2) throw new Error('second');
    });
    await expect(work).rejects.toThrow('second');
    expect(begun).toEqual([1, 2]);
  });
});
