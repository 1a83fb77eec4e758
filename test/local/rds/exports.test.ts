import { gunzipSync } from 'node:zlib';
import {
  CancelExportTaskCommand,
  DescribeExportTasksCommand,
  type DescribeExportTasksCommandInput,
  StartExportTaskCommand,
  type StartExportTaskCommandInput,
} from '@aws-sdk/client-rds';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { exportFailure } from '../../../local/rds/exports.ts';
import type { RdsFault } from '../../../local/rds/faults.ts';
import type { SimulatorOptions } from '../../../local/rds/simulator.ts';
import { errorName, simulated, utc } from './support.ts';

/** A simulator with one finished snapshot of a database of 100 GB, whose export takes 20 minutes. */
function withSnapshot(options: Partial<SimulatorOptions> = {}) {
  const objects = new Map<string, Uint8Array>();
  const objectSink = {
    put: async (bucket: string, key: string, body: Uint8Array) => {
      objects.set(`s3://${bucket}/${key}`, body);
    },
  };
  const world = simulated({ objectSink, ...options });
  const { rds, client } = world;
  rds.createInstance({ id: 'db1', retention: 0, dataGb: 100 });
  const snapshot = rds.takeBackup('db1', { id: 'night', at: utc('2026-10-31T03:00:00') });
  const start = (changes: Partial<StartExportTaskCommandInput> = {}) =>
    client.send(
      new StartExportTaskCommand({
        ExportTaskIdentifier: 'task-1',
        SourceArn: snapshot.arn,
        S3BucketName: 'archive',
        S3Prefix: 'db1',
        IamRoleArn: 'arn:aws:iam::000000000000:role/export',
        KmsKeyId: 'key-1',
        ...changes,
      }),
    );
  const tasks = async (input: DescribeExportTasksCommandInput = {}) =>
    (await client.send(new DescribeExportTasksCommand(input))).ExportTasks ?? [];
  return { ...world, snapshot, start, tasks, objects };
}

describe('what StartExportTask accepts', () => {
  test.each(['1task', '-task', 'task-', 'a--b', 'a_b', 'a.b', `a${'b'.repeat(60)}`])(
    'the identifier %s is refused',
    async (ExportTaskIdentifier) => {
      expect(await errorName(withSnapshot().start({ ExportTaskIdentifier }))).toBe('InvalidParameterValue');
    },
  );

  test.each(['a', 'Task-1-b', `a${'b'.repeat(59)}`])('the identifier %s is accepted', async (ExportTaskIdentifier) => {
    expect((await withSnapshot().start({ ExportTaskIdentifier })).Status).toBe('STARTING');
  });

  test.each(['a:b', 'a/', 'p'.repeat(60)])('the prefix %s is refused', async (S3Prefix) => {
    expect(await errorName(withSnapshot().start({ S3Prefix }))).toBe('InvalidParameterValue');
  });

  test.each(['a/b', 'p'.repeat(59)])('the prefix %s is accepted', async (S3Prefix) => {
    expect((await withSnapshot().start({ S3Prefix })).S3Prefix).toBe(S3Prefix);
  });

  test.each(['ExportTaskIdentifier', 'SourceArn', 'S3BucketName', 'IamRoleArn', 'KmsKeyId'] as const)(
    '%s is required',
    async (name) => {
      expect(await errorName(withSnapshot().start({ [name]: undefined }))).toBe('MissingParameter');
    },
  );

  test.each([
    '0a1b2c3d-4e5f-6789-abcd-ef0123456789',
    'alias/rds-backup-ledger',
    'arn:aws:kms:eu-west-1:111122223333:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789',
    'arn:aws:kms:eu-west-1:000000000000:alias/rds-backup-ledger',
  ])('the key %s is accepted', async (KmsKeyId) => {
    expect((await withSnapshot().start({ KmsKeyId })).KmsKeyId).toBe(KmsKeyId);
  });

  test.each([
    'arn:aws:kms:eu-central-1:000000000000:alias/rds-backup-ledger',
    'arn:aws:kms:us-east-1:000000000000:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789',
    'arn:aws:kms:eu-west-1:000000000000:alias/',
    'arn:aws:s3:::archive',
  ])('the key %s cannot be accessed', async (KmsKeyId) => {
    expect(await errorName(withSnapshot().start({ KmsKeyId }))).toBe('KMSKeyNotAccessibleFault');
  });

  test('a role of another account is refused', async () => {
    const start = withSnapshot().start({ IamRoleArn: 'arn:aws:iam::111122223333:role/export' });
    await expect(start).rejects.toThrow('Cross-account pass role is not allowed.');
  });

  test.each([
    ['arn:aws:rds:eu-west-1:000000000000:snapshot:gone', 'DBSnapshotNotFoundFault'],
    ['arn:aws:rds:eu-west-1:000000000000:cluster-snapshot:night', 'DBClusterSnapshotNotFoundFault'],
    ['arn:aws:rds:eu-west-1:000000000000:db:db1', 'InvalidParameterValue'],
  ])('the source %s ends in %s', async (SourceArn, expected) => {
    expect(await errorName(withSnapshot().start({ SourceArn }))).toBe(expected);
  });

  test('a cluster snapshot is named by its cluster-snapshot ARN alone', async () => {
    const { rds, start } = withSnapshot();
    rds.createCluster({ id: 'sea' });
    const { arn } = rds.takeBackup('sea', { id: 'tide', at: utc('2026-10-31T03:00:00') });
    const wrong = arn.replace('cluster-snapshot', 'snapshot');
    expect(await errorName(start({ SourceArn: wrong }))).toBe('DBSnapshotNotFoundFault');
    expect((await start({ SourceArn: arn })).SourceArn).toBe(arn);
  });

  test('automated snapshots and those of AWS Backup are exported as they are', async () => {
    const { rds, start } = withSnapshot();
    const at = utc('2026-10-31T05:00:00');
    const automated = rds.takeBackup('db1', { kind: 'automated', at });
    const byAwsBackup = rds.takeBackup('db1', { kind: 'awsbackup', at });
    expect((await start({ SourceArn: automated.arn, ExportTaskIdentifier: 'a' })).Status).toBe('STARTING');
    expect((await start({ SourceArn: byAwsBackup.arn, ExportTaskIdentifier: 'b' })).Status).toBe('STARTING');
  });

  test.each([
    ['Db2', { engine: 'db2-se' }],
    ['Oracle', { engine: 'oracle-se2' }],
    ['SQL Server', { engine: 'sqlserver-ex' }],
    ['RDS Custom', { engine: 'custom-sqlserver-se' }],
    ['magnetic storage', { engine: 'mysql', storageType: 'standard' }],
  ])('%s cannot be exported', async (_what, spec) => {
    const { rds, start } = withSnapshot();
    rds.createInstance({ id: 'other', ...spec });
    const { arn } = rds.takeBackup('other', { at: utc('2026-10-31T03:00:00') });
    expect(await errorName(start({ SourceArn: arn }))).toBe('InvalidParameterValue');
  });

  test('a snapshot that is not available yet is refused', async () => {
    const { rds, start } = withSnapshot();
    const { arn } = rds.takeBackup('db1', { id: 'now' });
    expect(await errorName(start({ SourceArn: arn }))).toBe('InvalidExportSourceStateFault');
  });

  test('tables are written below the database that they are in, as they were when the snapshot was taken', async () => {
    const { start, rds, objects } = withSnapshot();
    const tables = ['acme', 'globex'].map((database) => ({ database, name: 'public.orders', rows: 1 }));
    rds.createInstance({ id: 'pool', retention: 0, tables });
    const { arn } = rds.takeBackup('pool', { at: utc('2026-10-31T03:00:00') });
    rds.setTables('pool', []);
    rds.planExport('*', { kind: 'warn', skipTables: 1 });
    await start({ SourceArn: arn });
    await rds.advanceBy({ hours: 1 });
    const folders = [...objects.keys()].filter((key) => key.endsWith('.parquet'));
    expect(folders).toEqual([expect.stringContaining('s3://archive/db1/task-1/globex/public.orders/1/')]);
    expect(rds.exportTasks()[0]?.WarningMessage).toContain('"acme.public.orders"');
  });

  test('what ExportOnly names must exist', async () => {
    const { start, tasks, rds, objects } = withSnapshot();
    expect(await errorName(start({ ExportOnly: ['db1.public.ord'] }))).toBe('InvalidExportOnlyFault');
    await start({ ExportOnly: ['db1.public.orders'] });
    await rds.advanceBy({ hours: 1 });
    expect((await tasks())[0]?.ExportOnly).toEqual(['db1.public.orders']);
    expect([...objects.keys()].filter((key) => key.endsWith('.parquet'))).toHaveLength(1);
  });
});

describe('how many at a time', () => {
  test('an identifier serves once, even after its task has ended', async () => {
    const { rds, start } = withSnapshot();
    await start();
    await rds.advanceBy({ hours: 1 });
    expect(await errorName(start())).toBe('ExportTaskAlreadyExistsFault');
    expect((await start({ ExportTaskIdentifier: 'task-2' })).Status).toBe('STARTING');
  });

  test('one snapshot is never exported twice at a time', async () => {
    const { start } = withSnapshot();
    await start();
    expect(await errorName(start({ ExportTaskIdentifier: 'task-2' }))).toBe('ExportTaskAlreadyExistsFault');
  });

  test('the sixth task is refused by an error that the SDK has no class for, until a slot is free', async () => {
    const { rds, start } = withSnapshot();
    const at = utc('2026-10-31T05:00:00');
    const arns = [1, 2, 3, 4, 5, 6].map((number) => rds.takeBackup('db1', { id: `s${number}`, at }).arn);
    const startNumber = (number: number) =>
      start({ SourceArn: arns[number - 1], ExportTaskIdentifier: `task-${number}` });
    for (const number of [1, 2, 3]) await startNumber(number);
    await rds.advanceBy({ minutes: 10 });
    for (const number of [4, 5]) await startNumber(number);
    expect(await errorName(startNumber(6))).toBe('ExportTaskLimitReachedFault');
    await rds.advanceBy({ minutes: 11 });
    expect((await startNumber(6)).Status).toBe('STARTING');
  });
});

describe('the life of a task', () => {
  test('STARTING, IN_PROGRESS with a percentage, COMPLETE; its event names the snapshot', async () => {
    const { rds, start, tasks, snapshot, events } = withSnapshot();
    expect(await start()).toMatchObject({ Status: 'STARTING', S3Bucket: 'archive', PercentProgress: 0 });
    await rds.advanceBy({ minutes: 10 });
    expect(await tasks()).toMatchObject([
      { Status: 'IN_PROGRESS', PercentProgress: 50, TaskStartTime: utc('2026-11-01T00:02:00') },
    ]);
    await rds.advanceBy({ minutes: 10 });
    expect(await tasks()).toMatchObject([
      {
        Status: 'COMPLETE',
        PercentProgress: 100,
        TotalExtractedDataInGB: 100,
        TaskEndTime: utc('2026-11-01T00:20:00'),
        SnapshotTime: utc('2026-10-31T03:00:00'),
      },
    ]);
    expect(events).toMatchObject([{ detail: { EventID: 'RDS-EVENT-0161', SourceArn: snapshot.arn } }]);
    expect(JSON.stringify(events)).not.toContain('task-1');
  });

  test('it leaves a tree of real Parquet files with two lists beside it', async () => {
    const { rds, start, objects } = withSnapshot();
    await start();
    await rds.advanceBy({ hours: 1 });
    const keys = [...objects.keys()];
    const root = 's3://archive/db1/task-1';
    const part = String.raw`part-00000-[0-9a-f-]{36}-c000\.gz\.parquet$`;
    expect(keys).toEqual([
      expect.stringMatching(`^${root}/db1/public.customers/1/${part}`),
      expect.stringMatching(`^${root}/db1/public.orders/1/${part}`),
      `${root}/export_info_task-1.json`,
      `${root}/export_tables_info_task-1_from_1_to_2.json`,
    ]);
    const bytes = objects.get(keys[1] ?? '') ?? new Uint8Array();
    const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer;
    const compressors = { GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)) };
    const rows = await parquetReadObjects({ file, compressors });
    expect(rows).toHaveLength(50);
    expect(rows[0]).toEqual({ id: 1, name: 'public.orders 1', updated_at: utc('2026-11-01T00:20:00') });
    const text = (key: string | undefined) => new TextDecoder().decode(objects.get(key ?? ''));
    expect(JSON.parse(text(keys[2]))).toMatchObject({ exportTaskIdentifier: 'task-1', status: 'COMPLETE' });
    expect(JSON.parse(text(keys[3])).perTableStatus).toMatchObject([
      { target: 'db1.public.customers', status: 'COMPLETE' },
      { target: 'db1.public.orders', status: 'COMPLETE' },
    ]);
  });

  test('without a prefix the tree stands at the root of the bucket', async () => {
    const { rds, start, objects } = withSnapshot();
    await start({ S3Prefix: undefined });
    await rds.advanceBy({ hours: 1 });
    expect([...objects.keys()]).toContain('s3://archive/task-1/export_info_task-1.json');
  });

  test('COMPLETE can hide skipped tables: the warning is a JSON string, and each table has its event', async () => {
    const { rds, start, tasks, numbers, objects } = withSnapshot();
    rds.planExport('night', { kind: 'warn', skipTables: 1 });
    await start();
    await rds.advanceBy({ hours: 1 });
    const [task] = await tasks();
    expect(task?.Status).toBe('COMPLETE');
    expect(JSON.parse(task?.WarningMessage ?? '')).toMatchObject({
      skippedTables: [{ tableName: 'db1.public.customers' }],
    });
    expect(numbers()).toEqual(['0484', '0161']);
    expect([...objects.keys()].filter((key) => key.endsWith('.parquet'))).toHaveLength(1);
  });

  test('faults of the set-up come late, as FAILED with a cause in words', async () => {
    const { rds, start, tasks, numbers } = withSnapshot();
    const cause = exportFailure.role('arn:aws:iam::000000000000:role/export');
    rds.planExport('*', { kind: 'fail', cause });
    await start();
    await rds.advanceBy({ minutes: 9 });
    expect(await tasks()).toMatchObject([{ Status: 'IN_PROGRESS' }]);
    await rds.advanceBy({ minutes: 2 });
    expect(await tasks()).toMatchObject([{ Status: 'FAILED', FailureCause: cause, PercentProgress: 50 }]);
    expect(numbers()).toEqual(['0159']);
  });

  test('a bucket that refuses makes the task fail, not the call', async () => {
    const { rds, start, tasks } = withSnapshot({
      objectSink: { put: () => Promise.reject(new Error('NoSuchBucket')) },
    });
    await start();
    await rds.advanceBy({ hours: 1 });
    const [task] = await tasks();
    expect(task?.Status).toBe('FAILED');
    expect(task?.FailureCause).toContain("isn't authorized to call s3:PutObject on the S3 bucket archive");
  });

  test('one that hangs keeps its slot until it is cancelled', async () => {
    const { rds, client, start, tasks, numbers } = withSnapshot();
    rds.planExport('night', { kind: 'hang', atPercent: 40 });
    await start();
    await rds.advanceBy({ days: 3 });
    expect(await tasks()).toMatchObject([{ Status: 'IN_PROGRESS', PercentProgress: 40 }]);
    const cancelled = await client.send(new CancelExportTaskCommand({ ExportTaskIdentifier: 'task-1' }));
    expect(cancelled.Status).toBe('CANCELING');
    await rds.advanceBy({ minutes: 1 });
    expect(await tasks()).toMatchObject([{ Status: 'CANCELED' }]);
    expect(numbers()).toEqual(['0160']);
  });

  test('what has ended or never was cannot be cancelled', async () => {
    const { rds, client, start } = withSnapshot();
    const cancel = (ExportTaskIdentifier: string) => client.send(new CancelExportTaskCommand({ ExportTaskIdentifier }));
    expect(await errorName(cancel('task-1'))).toBe('ExportTaskNotFoundFault');
    await start();
    await rds.advanceBy({ hours: 1 });
    expect(await errorName(cancel('task-1'))).toBe('InvalidExportTaskStateFault');
  });

  test("a cluster snapshot's task ends with 0164, 0162 or 0163, and a table of it that fails with 0489", async () => {
    const { rds, client, start, numbers } = withSnapshot();
    rds.createCluster({ id: 'sea' });
    const { arn } = rds.takeBackup('sea', { id: 'tide', at: utc('2026-10-31T03:00:00') });
    rds.planExport('tide', { kind: 'warn', skipTables: 1 });
    rds.planExport('tide', { kind: 'fail', cause: exportFailure.internal() });
    for (const name of ['first', 'second', 'third']) {
      await start({ SourceArn: arn, ExportTaskIdentifier: name });
      if (name === 'third') await client.send(new CancelExportTaskCommand({ ExportTaskIdentifier: name }));
      await rds.advanceBy({ hours: 1 });
    }
    expect(numbers().filter((number) => /^0(16|48)/.test(number))).toEqual(['0489', '0164', '0162', '0163']);
  });

  test('the event of its end can get lost', async () => {
    const { rds, start, tasks, numbers } = withSnapshot();
    rds.planExport('night', { kind: 'complete', loseEvent: true });
    await start();
    await rds.advanceBy({ hours: 1 });
    expect(await tasks()).toMatchObject([{ Status: 'COMPLETE' }]);
    expect(numbers()).toEqual([]);
  });

  test('a plan counts down, and what nothing is planned for goes as the simulator was set', async () => {
    const { rds, start, tasks } = withSnapshot({ exportOutcome: () => ({ kind: 'fail', cause: 'set so' }) });
    rds.planExport('*', { kind: 'complete' }, 1);
    await start({ ExportTaskIdentifier: 'first' });
    await rds.advanceBy({ hours: 1 });
    await start({ ExportTaskIdentifier: 'second' });
    await rds.advanceBy({ hours: 1 });
    const status = async (ExportTaskIdentifier: string) => (await tasks({ ExportTaskIdentifier }))[0]?.Status;
    expect([await status('first'), await status('second')]).toEqual(['COMPLETE', 'FAILED']);
  });
});

describe('DescribeExportTasks', () => {
  test('finds tasks by snapshot, identifier, bucket and status', async () => {
    const { rds, start, tasks, snapshot } = withSnapshot();
    await start();
    const other = rds.takeBackup('db1', { id: 'other', at: utc('2026-10-30T03:00:00') });
    await start({ ExportTaskIdentifier: 'task-2', SourceArn: other.arn, S3BucketName: 'elsewhere' });
    const ids = async (input: DescribeExportTasksCommandInput) =>
      (await tasks(input)).map(({ ExportTaskIdentifier }) => ExportTaskIdentifier).sort();
    const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] });
    expect(await ids({ SourceArn: snapshot.arn })).toEqual(['task-1']);
    expect(await ids({ ExportTaskIdentifier: 'task-2' })).toEqual(['task-2']);
    expect(await ids(filter('source-arn', other.arn))).toEqual(['task-2']);
    expect(await ids(filter('s3-bucket', 'archive'))).toEqual(['task-1']);
    expect(await ids(filter('status', 'starting', 'in_progress'))).toEqual(['task-1', 'task-2']);
    expect(await ids(filter('status', 'complete'))).toEqual([]);
  });

  test('filters by status in lower case only', async () => {
    const { tasks } = withSnapshot();
    const call = tasks({ Filters: [{ Name: 'status', Values: ['IN_PROGRESS'] }] });
    expect(await errorName(call)).toBe('InvalidParameterValue');
  });

  test('a task that never was is an error by identifier', async () => {
    const { tasks } = withSnapshot();
    expect(await errorName(tasks({ ExportTaskIdentifier: 'nothing' }))).toBe('ExportTaskNotFoundFault');
  });
});

test('whatever is asked for, at most five tasks run, never two of one snapshot, and each ends once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ snapshot: fc.integer({ min: 1, max: 8 }), minutes: fc.integer({ min: 0, max: 15 }) }), {
        maxLength: 40,
      }),
      fc.integer(),
      async (requests, seed) => {
        const outcomes = [{ kind: 'complete' }, { kind: 'warn', skipTables: 1 }, { kind: 'fail', cause: 'x' }] as const;
        const { rds, numbers } = simulated({
          seed,
          exportOutcome: (_snapshot, random) => outcomes[Math.floor(random() * 3)] ?? outcomes[0],
        });
        rds.createInstance({ id: 'db1', retention: 0, dataGb: 50 });
        const at = utc('2026-10-31T05:00:00');
        for (let id = 1; id <= 8; id++) rds.takeBackup('db1', { id: `s${id}`, at });
        let started = 0;
        for (const [index, { snapshot, minutes }] of requests.entries()) {
          const { arn } = rds.snapshot(`s${snapshot}`);
          const input = { SourceArn: arn, S3BucketName: 'b', IamRoleArn: 'r', KmsKeyId: 'k' };
          try {
            rds.call('StartExportTask', { ...input, ExportTaskIdentifier: `t${index}` });
            started += 1;
          } catch (error) {
            expect((error as RdsFault).code).toMatch(/^(ExportTaskAlreadyExists|ExportTaskLimitReachedFault)$/);
          }
          const running = rds.exportTasks().filter(({ Status }) => Status === 'STARTING' || Status === 'IN_PROGRESS');
          expect(running.length).toBeLessThanOrEqual(5);
          expect(new Set(running.map(({ SourceArn }) => SourceArn)).size).toBe(running.length);
          await rds.advanceBy({ minutes });
        }
        await rds.advanceBy({ hours: 2 });
        expect(rds.exportTasks()).toHaveLength(started);
        expect(numbers().filter((number) => number === '0159' || number === '0161')).toHaveLength(started);
      },
    ),
    { numRuns: 50 },
  );
});
