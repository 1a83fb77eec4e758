import { describe, expect, it } from 'vitest';
import { RdsFault } from '../../../local/rds/faults.ts';
import { retried } from '../../../shared/copies/transitions.ts';
import { workOnCopies } from '../../../shared/copies/work.ts';
import { type Backup, backupIdOf } from '../../../shared/domain/index.ts';
import { closeBackup } from '../../../shared/ledger/close.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
import { where } from '../../support/world.ts';
import { Mortal } from './crash.ts';
import { type MemoryS3, s3Error } from './memory-s3.ts';
import { type CopyWorldOptions, copyWorld, exporting, onlyPassOf, sharedBucket } from './world.ts';

const minutesLater = (date: Date, minutes: number) => new Date(date.getTime() + minutes * minuteMs);

/** A world in which each named database has one fresh backup in the ledger, its copy queued. */
async function given(databases: Record<string, readonly string[]>, options: Partial<CopyWorldOptions> = {}) {
  const world = copyWorld({ config: exporting(databases), ...options });
  const backups: Backup[] = [];
  for (const id of Object.values(databases).flat()) {
    const database = world.rds.createInstance({ id, dataGb: 100 });
    const at = minutesLater(world.rds.now, backups.length - 120);
    const snapshot = world.rds.takeBackup(database, { kind: 'automated', at });
    backups.push(await world.record(snapshot.id));
  }
  const [first] = backups;
  if (!first) throw new Error('a world without backups');
  return { ...world, backups, first };
}

describe('a copy that waits', () => {
  it('is started with a task named by snapshot and attempt, and its place stands beside the backup', async () => {
    const world = await given({ acme: ['orders'] });
    const report = await world.pass();
    const [task] = world.rds.exportTasks();
    const copy = await world.copyOf(world.first);
    expect(report.run).toMatchObject({ lease: 'taken', started: 1, waiting: 0 });
    expect(copy).toMatchObject({
      state: 'running',
      attempt: 1,
      taskId: task?.ExportTaskIdentifier,
      bucket: task?.S3Bucket,
      prefix: 'acme/orders',
      startedAt: world.rds.now,
    });
  });

  it('takes the five slots and no more, and goes on when one is free', async () => {
    const world = await given({ acme: ['a', 'b', 'c', 'd', 'e', 'f', 'g'] });
    expect((await world.pass()).run).toMatchObject({ started: 5, waiting: 2, oldestQueuedAt: world.rds.now });
    expect((await world.pass()).run).toMatchObject({ started: 0, waiting: 2 });
    await world.rds.advanceBy({ minutes: 30 });
    const { run, ended } = await world.pass();
    expect(run).toMatchObject({ started: 2, waiting: 0 });
    expect(ended.map(({ copy }) => copy.state)).toEqual(Array(5).fill('complete'));
  });

  it('is not started where another backup of its day has been, both queued in the same moment', async () => {
    const world = await given({ acme: ['orders'] });
    const second = world.rds.takeBackup('orders', { kind: 'awsbackup', at: minutesLater(world.rds.now, -30) });
    await world.changeCopy(world.first, (copy) => ({ ...copy, state: 'none' }));
    const twin = await world.record(second.id);
    await world.changeCopy(world.first, () => world.first.copy);
    expect(await world.copies('queued')).toHaveLength(2);

    expect((await world.pass()).run).toMatchObject({ started: 1, waiting: 0 });
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'running' });
    expect(await world.copyOf(twin)).toMatchObject({ state: 'none', cause: { code: 'period-served' } });
    expect(await world.reasonOf(twin)).toBe('another backup of the same day is copied');
    expect(world.rds.exportTasks()).toHaveLength(1);

    // What a person asks for is made besides.
    await world.rds.advanceBy({ hours: 1 });
    await world.changeCopy(twin, (copy) => retried(copy, 'export', world.rds.now) ?? copy);
    await world.pass();
    expect(await world.copyOf(twin)).toMatchObject({ state: 'running' });
  });

  it('counts slots that other people took, by tasks that start and tasks that run', async () => {
    const world = await given({ acme: ['a', 'b'] });
    for (const id of ['x1', 'x2', 'x3', 'x4']) {
      const other = world.rds.createInstance({ id, dataGb: 1000 });
      const snapshot = world.rds.takeBackup(other, { kind: 'manual', at: minutesLater(world.rds.now, -60) });
      await exportByHand(world, `theirs-${id}`, snapshot.arn);
      if (id === 'x2') await world.rds.advanceBy({ hours: 1 });
    }
    expect(world.rds.exportTasks().map(({ Status }) => Status)).toEqual([
      ...['IN_PROGRESS', 'IN_PROGRESS'],
      ...['STARTING', 'STARTING'],
    ]);
    world.rds.resetCalls();
    expect((await world.pass()).run).toMatchObject({ started: 1, waiting: 1 });
    expect(world.rds.calls('StartExportTask')).toBe(1);
  });

  it('stays queued when RDS says that the limit is reached, for as long as it takes', async () => {
    const world = await given({ acme: ['orders'] });
    const limit = new RdsFault('ExportTaskLimitReachedFault', 400, 'You have reached the maximum number (5).');
    for (let day = 0; day < 3; day += 1) {
      world.rds.failNext('StartExportTask', 1, limit);
      await world.pass();
      expect(await world.copyOf(world.first)).toMatchObject({ state: 'queued', attempt: 1 });
      await world.rds.advanceBy({ days: 1 });
    }
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'running', attempt: 1 });
  });

  it('stays queued when RDS throttles', async () => {
    const world = await given({ acme: ['orders'] });
    world.rds.failNext('StartExportTask', 3);
    await world.pass();
    expect((await world.copyOf(world.first)).state).toBe('queued');
    await world.pass();
    expect((await world.copyOf(world.first)).state).toBe('running');
  });

  it('does not trigger copy by its own step back to queued', async () => {
    const world = await given({ acme: ['orders'] });
    world.triggers.length = 0;
    world.rds.failNext('StartExportTask', 3);
    await world.pass();
    expect(world.triggers).toEqual([]);
  });

  it('waits while somebody else exports the same snapshot, and does not take their task for its own', async () => {
    const world = await given({ acme: ['orders'] });
    await exportByHand(world, 'by-hand', world.first.arn);
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({
      state: 'queued',
      notBefore: minutesLater(world.rds.now, 5),
      cause: { code: 'exported-elsewhere' },
    });
    await world.rds.advanceBy({ hours: 1 });
    await world.pass();
    expect((await world.copyOf(world.first)).state).toBe('running');
  });

  it('is started if RDS says "already exists" and shows its very task', async () => {
    const world = await given({ acme: ['orders'] });
    await world.pass();
    const running = await world.row(world.first);
    await world.changeCopy(world.first, () => world.first.copy);
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'running', taskId: running.copy.taskId });
    expect(world.rds.exportTasks()).toHaveLength(1);
  });

  it('waits while the snapshot is busy', async () => {
    const world = await given({ acme: ['orders'] });
    const busy = new RdsFault('InvalidExportSourceState', 400, 'The snapshot is being copied');
    world.rds.failNext('StartExportTask', 1, busy);
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({
      state: 'queued',
      notBefore: minutesLater(world.rds.now, 5),
    });
  });

  it('waits without a try while RDS shows the snapshot in another status', async () => {
    const world = await given({ acme: ['orders'] });
    const snapshot = world.rds.snapshot(world.first.id);
    snapshot.status = 'failed';
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({
      state: 'queued',
      attempt: 1,
      notBefore: minutesLater(world.rds.now, 5),
      cause: { code: 'snapshot-busy' },
    });
    expect(world.rds.calls('StartExportTask')).toBe(0);
    expect(world.notified).toEqual([]);
    snapshot.status = 'available';
    await world.rds.advanceBy({ minutes: 5 });
    await world.pass();
    expect((await world.copyOf(world.first)).state).toBe('running');
  });

  it('is started though RDS does not say what becomes of those that run', async () => {
    const world = await given({ acme: ['orders'] });
    await world.pass();
    const at = minutesLater(world.rds.now, -30);
    world.rds.createInstance({ id: 'billing' });
    world.configure(exporting({ acme: ['orders', 'billing'] }));
    const next = await world.record(world.rds.takeBackup('billing', { kind: 'automated', at }).id);
    world.rds.failNext('DescribeExportTasks', 1, new RdsFault('AccessDenied', 403, 'not now'));
    const { followed, run, errors } = onlyPassOf(await workOnCopies(world.deps(new Mortal()), world.rds.now));
    expect(followed).toMatchObject({ ended: [], retried: 0, running: 0, stuck: 0 });
    expect(errors).toMatchObject([{ message: 'not now' }]);
    expect(run.started).toBe(1);
    expect((await world.copyOf(next)).state).toBe('running');
  });

  it('is skipped as expired when its snapshot is gone, and people are notified', async () => {
    const world = await given({ acme: ['orders'] });
    // The automated backups of a deleted database go with it.
    world.rds.delete(world.rds.find('orders'));
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({
      state: 'skipped',
      cause: { code: 'snapshot-expired' },
      notifiedAt: world.rds.now,
    });
    expect(world.notified.map(({ tenant }) => tenant)).toEqual(['acme']);
    expect(world.rds.calls('StartExportTask')).toBe(0);
  });

  it('is skipped as expired when a sweep has closed its row', async () => {
    const world = await given({ acme: ['orders'] });
    const why = { cause: { code: 'not-in-rds', facts: {} }, retentionDays: 400 } as const;
    await closeBackup(world.ledger, world.first, why, world.rds.now);
    await world.pass();
    expect(await world.reasonOf(world.first)).toMatch(/^expired: /);
    expect(world.rds.exportTasks()).toEqual([]);
  });

  it('is skipped once its database has left the configuration', async () => {
    const world = await given({ acme: ['orders'] });
    world.state.fleet = { ...world.state.fleet, databases: [] };
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'skipped', cause: { code: 'not-configured' } });
    expect(world.notified).toEqual([]);
  });

  it('is skipped once nothing but its tags names its database, and those have no bucket', async () => {
    const world = await given({ acme: ['orders'] });
    world.configure(exporting({ acme: [] }, { discovery: {}, defaults: { copy: { mode: 'export' } } }));
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'skipped', cause: { code: 'no-shared-bucket' } });
    expect(world.rds.calls('StartExportTask')).toBe(0);
  });

  it('is found by the key that the stream names, before the index shows it', async () => {
    const world = await given({ acme: ['orders'] });
    world.ledger.copies = async function* () {};
    await world.pass({ backups: [backupIdOf(world.first)] });
    expect((await world.copyOf(world.first)).state).toBe('running');
  });

  it('is not started twice by a run that reads a stale index', async () => {
    const world = await given({ acme: ['orders'] });
    const stale = await world.copies('queued');
    await world.pass();
    world.ledger.copies = async function* (_, state) {
      if (state === 'queued') yield* stale;
    };
    await world.pass();
    expect(world.rds.exportTasks()).toHaveLength(1);
    expect((await world.copyOf(world.first)).state).toBe('running');
  });
});

describe('fairness', () => {
  it('serves the tenant longest not served first, and of its copies the oldest', async () => {
    const many = Array.from({ length: 20 }, (_, index) => `many${index}`);
    const world = await given({ big: many, small: ['one'] });
    await world.pass();
    expect((await world.copyOf(world.backups.at(-1) ?? world.first)).state).toBe('running');
    expect((await world.copyOf(world.first)).state).toBe('running');
    expect((await world.ledger.tenantsServed(where)).get('small')).toEqual(world.rds.now);
  });
});

describe('the lease', () => {
  it('keeps a second run from starting exports, until it runs out', async () => {
    const world = await given({ acme: ['orders'] });
    await world.ledger.takeLease(where, 'another', world.rds.now, minutesLater(world.rds.now, 2));
    expect((await world.pass()).run).toMatchObject({ lease: 'held', started: 0, waiting: 1 });
    await world.rds.advanceBy({ minutes: 3 });
    expect((await world.pass()).run).toMatchObject({ lease: 'taken', started: 1 });
  });

  it('does not let two runs at once export one snapshot twice, even without it', async () => {
    const world = await given({ acme: ['orders', 'billing', 'crm'] });
    world.ledger.takeLease = async () => 'taken';
    await Promise.all([world.pass(), world.pass(), world.pass()]);
    await world.pass();
    expect(world.rds.calls('StartExportTask')).toBe(3);
    expect(await world.copies('running')).toHaveLength(3);
  });
});

describe('before an export starts, its bucket is looked at', () => {
  const stranger = '999988887777';

  it.each([
    {
      what: 'a stranger took its name',
      given: (s3: MemoryS3, bucket: string) => s3.createBucket(bucket, stranger),
      code: 'bucket-closed',
      advice: 'If another account has it, grant nothing on it',
    },
    {
      what: 'it is gone',
      given: (s3: MemoryS3, bucket: string) => s3.deleteBucket(bucket),
      code: 'bucket-missing',
      advice: 'create it in eu-west-1',
    },
    {
      what: 'it denies the listing',
      given: (s3: MemoryS3) => answersLists(s3, s3Error('AccessDenied', 403)),
      code: 'bucket-closed',
      advice: '--expected-bucket-owner 123456789012',
    },
    {
      what: 'it lies in another Region',
      given: (s3: MemoryS3) => answersLists(s3, s3Error('PermanentRedirect', 301)),
      code: 'bucket-invalid',
      advice: "snapshot's Region",
    },
  ])('$what: nothing is exported, and the copy waits for a person', async ({ given: change, code, advice }) => {
    const world = await given({ acme: ['orders'] });
    change(world.s3, sharedBucket);
    await world.pass();
    expect(world.rds.calls('StartExportTask')).toBe(0);
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'queued', setupFailures: 1, cause: { code } });
    expect(await world.reasonOf(world.first)).toContain(advice);
  });

  it('one of another account may hold copies where that account is the one that should own it', async () => {
    const bucket = { type: 'existing', name: 'archive', owner: stranger };
    const database = { id: 'orders', kind: 'instance', bucket };
    const world = await given(
      { acme: ['orders'] },
      { config: { ...exporting({}), tenants: [{ id: 'acme', databases: [database] }] } },
    );
    await world.pass();
    expect(world.s3.called('ListObjectsV2').map(({ input }) => input)).toEqual([
      { Bucket: 'archive', ExpectedBucketOwner: stranger, MaxKeys: 1, Prefix: 'orders/' },
    ]);
    expect(await world.copies('running')).toHaveLength(1);
  });

  it('what S3 answers in passing leaves the copy as it is, for the next run', async () => {
    const world = await given({ acme: ['orders'] });
    answersLists(world.s3, s3Error('SlowDown', 503));
    await expect(world.pass()).rejects.toThrow('SlowDown');
    world.s3.onCall = undefined;
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'queued', attempt: 1 });
    expect((await world.pass()).run).toMatchObject({ started: 1 });
  });

  it('goes on by itself once the bucket is right', async () => {
    const world = await given({ acme: ['orders'] });
    world.s3.createBucket(sharedBucket, stranger);
    await world.pass();
    world.s3.createBucket(sharedBucket, where.account);
    await world.rds.advanceBy({ hours: 1 });
    await world.pass();
    expect(await world.copies('running')).toHaveLength(1);
    expect(world.notified).toEqual([]);
  });
});

function answersLists(s3: MemoryS3, error: Error): void {
  s3.onCall = ({ name }) => {
    if (name === 'ListObjectsV2') throw error;
  };
}

describe('a refusal that only a person can heal', () => {
  it.each([
    ['IamRoleNotFound', 'role-not-found', 'export role'],
    ['IamRoleMissingPermissions', 'bucket-denied', 's3:PutObject*'],
    ['InvalidS3BucketFault', 'bucket-invalid', "snapshot's Region"],
    ['KMSKeyNotAccessibleFault', 'key-not-usable', 'kms:CreateGrant'],
    ['AccessDenied', 'start-denied', 'iam:PassRole'],
  ])(
    '%s: leaves the copy waiting, is reported once it comes again, and fails no other',
    async (fault, code, advice) => {
      const world = await given({ acme: ['orders', 'billing'] });
      world.rds.failNext('StartExportTask', 100, new RdsFault(fault, 403, 'refused'));
      await world.pass();
      expect(world.rds.calls('StartExportTask')).toBe(1);
      expect(await world.copies('queued')).toHaveLength(2);
      expect(await world.copyOf(world.first)).toMatchObject({
        state: 'queued',
        attempt: 2,
        setupFailures: 1,
        notBefore: minutesLater(world.rds.now, 60),
        cause: { code, facts: { said: 'refused' } },
      });
      const reason = await world.reasonOf(world.first);
      expect(reason).toContain(advice);
      expect(reason).toContain('refused');
      expect(world.notified).toEqual([]);
      await world.rds.advanceBy({ hours: 1 });
      await world.pass();
      expect(await world.copyOf(world.first)).toMatchObject({ setupFailures: 2, notifiedAt: world.rds.now });
      expect(world.notified).toMatchObject([{ tenant: 'acme', copies: [{ id: world.first.id }] }]);
      await world.pass();
      expect(world.notified).toHaveLength(1);
    },
  );

  it('does not take the rest of the queue with it through the stream', async () => {
    const world = await given({ acme: ['a', 'b', 'c', 'd'], globex: ['e', 'f', 'g', 'h'] });
    world.rds.failNext('StartExportTask', 100, new RdsFault('IamRoleNotFound', 404, 'refused'));
    world.triggers.length = 0;
    await world.settled();
    expect(world.rds.calls('StartExportTask')).toBe(1);
    expect(await world.copies('queued')).toHaveLength(8);
  });

  it('is reported in words if it is none that we know', async () => {
    const world = await given({ acme: ['orders'] });
    world.rds.failNext('StartExportTask', 1, new RdsFault('InvalidParameterValue', 400, 'The prefix is odd'));
    await world.pass();
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'queued', setupFailures: 1 });
    expect(await world.reasonOf(world.first)).toContain('The prefix is odd');
  });

  it('ends the copy after a week, for good', async () => {
    const world = await given({ acme: ['orders'] });
    world.rds.find('orders').retention = 30;
    world.rds.failNext('StartExportTask', 1000, new RdsFault('IamRoleNotFound', 404, 'refused'));
    for (let hours = 0; hours <= 7 * 24 + 12; hours += 1) {
      await world.pass();
      await world.rds.advanceBy({ hours: 1 });
    }
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'failed', permanent: true, setupFailures: 16 });
    expect(world.notified.map(({ copies }) => copies.map(({ copy }) => copy.state))).toEqual([['queued'], ['failed']]);
  });
});

it('a start of which nobody knows how it went is looked up by its id, not done again', async () => {
  const world = await given({ acme: ['orders'] });
  const trouble = new RdsFault('InternalFailure', 500, 'try again');
  world.rds.failNext('StartExportTask', 3, trouble);
  await expect(world.pass()).rejects.toThrow('try again');
  expect((await world.copyOf(world.first)).state).toBe('starting');
  await world.pass();
  expect(await world.copyOf(world.first)).toMatchObject({ state: 'running', attempt: 1 });
  expect(world.rds.exportTasks()).toHaveLength(1);
});

it('a message that cannot be sent leaves the copy to be reported by the next run', async () => {
  const world = await given({ acme: ['orders'] });
  world.rds.failNext('StartExportTask', 1, new RdsFault('DBSnapshotNotFound', 404, 'gone'));
  const silent = { ...world.deps(new Mortal()), notify: () => Promise.reject(new Error('SNS is down')) };
  const { errors } = await workOnCopies(silent, world.rds.now);
  expect(errors).toMatchObject([{ message: 'SNS is down' }]);
  expect(await world.copyOf(world.first)).toMatchObject({ state: 'skipped', pendingSince: world.rds.now });
  await world.pass();
  const { pendingSince, notifiedAt } = await world.copyOf(world.first);
  expect([pendingSince, notifiedAt]).toEqual([undefined, world.rds.now]);
  expect(world.notified).toHaveLength(1);
});

async function exportByHand(world: ReturnType<typeof copyWorld>, id: string, arn: string): Promise<void> {
  world.rds.call('StartExportTask', {
    ExportTaskIdentifier: id,
    SourceArn: arn,
    S3BucketName: 'theirs',
    IamRoleArn: 'arn:aws:iam::123456789012:role/theirs',
    KmsKeyId: 'theirs',
  });
}

describe('a run', () => {
  const ownBuckets = { defaults: { copy: { mode: 'export', kinds: ['automated'] }, bucket: { type: 'own' } } };

  it('holds the lease while it starts exports', async () => {
    const world = await given({ acme: ['orders'] });
    const start = world.rds.call.bind(world.rds);
    const taken: Promise<string>[] = [];
    world.rds.call = (action, input) => {
      if (action === 'StartExportTask') {
        taken.push(world.ledger.takeLease(where, 'another', world.rds.now, minutesLater(world.rds.now, 2)));
      }
      return start(action, input);
    };
    await world.pass();
    expect(await Promise.all(taken)).toEqual(['held']);
  });

  it('that finds the lease held asks three times, with a pause between, and leaves it to its holder', async () => {
    const world = await given({ acme: ['orders'] });
    await world.ledger.takeLease(where, 'another', world.rds.now, minutesLater(world.rds.now, 2));
    const pauses: number[] = [];
    const pause = async (ms: number) => {
      pauses.push(ms);
    };
    await workOnCopies({ ...world.deps(new Mortal()), pause }, world.rds.now);
    expect(pauses).toEqual([2_000, 2_000]);
    expect(world.rds.calls('StartExportTask')).toBe(0);
  });

  it('that gets the lease while it asks starts the export', async () => {
    const world = await given({ acme: ['orders'] });
    await world.ledger.takeLease(where, 'another', world.rds.now, minutesLater(world.rds.now, 2));
    const pause = () => world.ledger.releaseLease(where, 'another');
    const { run } = onlyPassOf(await workOnCopies({ ...world.deps(new Mortal()), pause }, world.rds.now));
    expect(run).toMatchObject({ lease: 'taken', started: 1 });
  });

  it('without a copy that waits asks for no lease', async () => {
    const world = copyWorld({ config: exporting({ acme: ['orders'] }) });
    const leases: string[] = [];
    world.ledger.takeLease = async (_environment, _holder, _now, _until, on = 'COPY') => {
      leases.push(on);
      return 'held';
    };
    expect((await world.pass()).run).toEqual({
      lease: 'not asked',
      started: 0,
      errors: [],
      ended: [],
      waiting: 0,
      met: [],
    });
    expect(leases).toEqual([]);
  });

  it('that only meets busy snapshots tries 50 of them, and leaves the rest to the next run', async () => {
    const ids = Array.from({ length: 52 }, (_, index) => `db${index}`);
    const world = await given({ acme: ids });
    world.rds.failNext('StartExportTask', 100, new RdsFault('InvalidExportSourceState', 400, 'being copied'));
    expect((await world.pass()).run).toMatchObject({ started: 0, waiting: 52 });
    expect(world.rds.calls('StartExportTask')).toBe(50);
  });

  it('whose time is up starts nothing more', async () => {
    const world = await given({ acme: ['orders', 'billing'] });
    const start = world.rds.call.bind(world.rds);
    world.rds.call = (action, input) => {
      if (action === 'StartExportTask') world.run.remainingMs = 0;
      return start(action, input);
    };
    expect((await world.pass()).run).toMatchObject({ started: 1, waiting: 1 });
  });

  it('that is refused for the whole account tries no other bucket', async () => {
    const world = await given(
      { acme: ['orders', 'billing'], globex: ['shop'] },
      { config: exporting({ acme: ['orders', 'billing'], globex: ['shop'] }, ownBuckets) },
    );
    world.rds.failNext('StartExportTask', 100, new RdsFault('IamRoleNotFound', 404, 'refused'));
    await world.pass();
    expect(world.rds.calls('StartExportTask')).toBe(1);
    expect(await world.copies('queued')).toHaveLength(3);
  });

  it('that is refused for one bucket tries the others', async () => {
    const world = await given(
      { acme: ['orders', 'billing'] },
      { config: exporting({ acme: ['orders', 'billing'] }, ownBuckets) },
    );
    world.rds.failNext('StartExportTask', 1, new RdsFault('InvalidS3BucketFault', 400, 'refused'));
    const { run, ended } = await world.pass();
    expect(run).toMatchObject({ started: 1, waiting: 1 });
    expect(ended).toEqual([]);
  });

  it('names the copies that ended in it, and since when the oldest of the others waits', async () => {
    const world = await given({ acme: ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] });
    const queuedAt = minutesLater(world.rds.now, -10);
    await world.changeCopy(world.backups[6] ?? world.first, (copy) => ({ ...copy, queuedAt }));
    world.rds.delete(world.rds.find('a'));
    const { run, ended } = await world.pass();
    expect(run).toMatchObject({ started: 5, waiting: 2, oldestQueuedAt: queuedAt });
    expect(ended.map(({ id, copy }) => [id, copy.state])).toEqual([[world.first.id, 'skipped']]);
  });

  it('notifies of nothing that somebody took further before its message', async () => {
    const world = await given({ acme: ['orders'] });
    world.rds.failNext('StartExportTask', 1, new RdsFault('DBSnapshotNotFound', 404, 'gone'));
    const pause = async () => undefined;
    const takeLease = world.ledger.takeLease.bind(world.ledger);
    world.ledger.takeLease = async (environment, holder, now, until, on) => {
      if (on === 'NOTICE') await world.changeCopy(world.first, (copy) => retried(copy, 'export', now) ?? copy);
      return takeLease(environment, holder, now, until, on);
    };
    await workOnCopies({ ...world.deps(new Mortal()), pause }, world.rds.now);
    expect(await world.copyOf(world.first)).toMatchObject({ state: 'queued', attempt: 2 });
    expect(world.notified).toEqual([]);
  });

  it('notes no message on a copy that somebody took further while people were notified', async () => {
    const world = await given({ acme: ['orders'] });
    world.rds.failNext('StartExportTask', 1, new RdsFault('DBSnapshotNotFound', 404, 'gone'));
    const notify = async () => {
      await world.changeCopy(world.first, (copy) => retried(copy, 'export', world.rds.now) ?? copy);
    };
    await workOnCopies({ ...world.deps(new Mortal()), notify }, world.rds.now);
    expect(await world.copyOf(world.first)).toEqual({
      mode: 'export',
      state: 'queued',
      attempt: 2,
      queuedAt: world.rds.now,
    });
  });

  it('renews the lease while it works, and starts no more once another run has it', async () => {
    const world = await given({ acme: ['a', 'b', 'c', 'd', 'e'] });
    const leases: string[] = [];
    const takeLease = world.ledger.takeLease.bind(world.ledger);
    world.ledger.takeLease = async (environment, holder, now, until, on) => {
      leases.push(now.toISOString().slice(14, 19));
      return leases.length < 3 ? takeLease(environment, holder, now, until, on) : 'held';
    };
    let seconds = 0;
    const start = world.rds.call.bind(world.rds);
    world.rds.call = (action, input) => {
      if (action === 'StartExportTask') seconds += 40;
      return start(action, input);
    };
    const clock = () => new Date(world.rds.now.getTime() + seconds * 1000);
    const { run, errors } = onlyPassOf(await workOnCopies({ ...world.deps(new Mortal()), clock }, world.rds.now));
    expect(leases).toEqual(['00:00', '00:40', '01:20']);
    expect(errors).toMatchObject([{ message: expect.stringMatching(/lease on starting copies was lost/) }]);
    expect(world.rds.calls('StartExportTask')).toBe(2);
    expect(run.started).toBe(2);
    expect(await world.copies('running')).toHaveLength(2);
  });
});
