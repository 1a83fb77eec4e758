import { BackupClient, type BackupJob as BackupJobRow, ListBackupJobsCommand } from '@aws-sdk/client-backup';
import { describe, expect, it, onTestFinished } from 'vitest';
import { accessDenied, throttling } from '../../../local/rds/faults.ts';
import { inProcessBackupClient } from '../../../local/rds/in-process.ts';
import { RdsSimulator } from '../../../local/rds/simulator.ts';
import { AwsBackupReader, isDenied } from '../../../shared/aws-backup/backup-jobs-reader.ts';
import { mockClient } from '../../support/mock-client.ts';
import { where } from '../../support/world.ts';

const inTime = () => false;

function given() {
  const rds = new RdsSimulator({ now: new Date('2026-11-20T12:00:00Z'), ...where });
  rds.createInstance({ id: 'Orders' });
  rds.createCluster({ id: 'ledger' });
  rds.createCluster({ id: 'multi', engine: 'postgres' });
  return { rds, reader: new AwsBackupReader(async () => inProcessBackupClient(rds)) };
}

const row: BackupJobRow = {
  BackupJobId: 'job-1',
  ResourceArn: 'arn:aws:rds:eu-west-1:123456789012:db:Orders',
  State: 'CREATED',
  CreationDate: new Date('2026-11-20T05:00:00Z'),
};

/** A reader whose jobs are exactly these rows, for what the simulator never answers. */
function answering(rows: BackupJobRow[]): AwsBackupReader {
  const client = mockClient(BackupClient);
  onTestFinished(() => client.restore());
  client.on(ListBackupJobsCommand, { ByResourceType: 'RDS' }).resolves({ BackupJobs: rows });
  client.on(ListBackupJobsCommand, { ByResourceType: 'Aurora' }).resolves({});
  return new AwsBackupReader(async () => new BackupClient({ region: 'eu-west-1' }));
}

describe('jobs', () => {
  it('are those of instances, Aurora and Multi-AZ clusters, by what they back up', async () => {
    const { rds, reader } = given();
    for (const id of ['orders', 'ledger', 'multi']) rds.startBackupJob(id, { startsAfterMinutes: 10 });
    rds.startBackupJob('orders', { startWindowMinutes: 60, startsAfterMinutes: 90 });
    await rds.advanceTo(new Date('2026-11-20T13:00:00Z'));
    const jobs = await reader.jobs(inTime);
    expect([...jobs.keys()].sort()).toEqual(
      [
        'arn:aws:rds:eu-west-1:123456789012:cluster:ledger',
        'arn:aws:rds:eu-west-1:123456789012:cluster:multi',
        'arn:aws:rds:eu-west-1:123456789012:db:orders',
      ].sort(),
    );
    expect(jobs.get(rds.find('orders').arn)).toEqual([
      {
        id: expect.any(String),
        resourceArn: rds.find('orders').arn,
        state: 'COMPLETED',
        createdAt: new Date('2026-11-20T12:00:00Z'),
        startBy: new Date('2026-11-20T20:00:00Z'),
        endedAt: new Date('2026-11-20T12:30:00Z'),
        recoveryPointArn: rds.snapshots('orders')[0]?.arn,
      },
      {
        id: expect.any(String),
        resourceArn: rds.find('orders').arn,
        state: 'EXPIRED',
        message: 'Backup job failed because there was a running job for the same resource.',
        createdAt: new Date('2026-11-20T12:00:00Z'),
        startBy: new Date('2026-11-20T13:00:00Z'),
        endedAt: new Date('2026-11-20T13:00:00Z'),
      },
    ]);
    expect(reader.calls).toEqual({ ListBackupJobs: 2 });
  });

  it('are read page by page, whatever the number of databases', async () => {
    const { rds, reader } = given();
    for (let n = 0; n < 2100; n += 1) rds.startBackupJob('orders', { startsAfterMinutes: 600 });
    const jobs = await reader.jobs(inTime);
    expect(jobs.get(rds.find('orders').arn)?.length).toBe(2100);
    expect(reader.calls).toEqual({ ListBackupJobs: 4 });
  });

  it('that name no resource, no state or no time say nothing, and stop no other', async () => {
    const { ResourceArn: _, ...nameless } = row;
    const { State: __, ...stateless } = row;
    const { CreationDate: ___, ...timeless } = row;
    const jobs = await answering([nameless, stateless, timeless, { ...row, StatusMessage: '' }]).jobs(inTime);
    expect([...jobs]).toEqual([
      [
        'arn:aws:rds:eu-west-1:123456789012:db:orders',
        [{ id: 'job-1', resourceArn: row.ResourceArn, state: 'CREATED', createdAt: row.CreationDate }],
      ],
    ]);
  });

  it('that are not read in time are not half read', async () => {
    const { rds, reader } = given();
    rds.startBackupJob('orders');
    await expect(reader.jobs(() => true)).rejects.toThrow('it took too long');
  });
});

it('what restore testing plans have restored is told from other restores, by type and since a moment', async () => {
  const { rds, reader } = given();
  const plan = 'arn:aws:backup:eu-west-1:123456789012:restore-testing-plan:weekly-1a2b';
  const early = rds.createInstance({ id: 'Early' });
  rds.endRestoreJob(early, plan);
  await rds.advanceBy({ hours: 1 });
  const since = rds.now;
  await rds.advanceBy({ hours: 1 });
  rds.endRestoreJob(rds.createInstance({ id: 'moved' }));
  const [test, cluster] = [rds.createInstance({ id: 'Test' }), rds.createCluster({ id: 'pool' })];
  for (const one of [test, cluster]) rds.endRestoreJob(one, plan);
  const arns = (...of: (typeof test)[]) => new Set(of.map(({ arn }) => arn.toLowerCase()));
  for (let chunk = 0; chunk < 3; chunk += 1) expect(await reader.restoredForTests(since)).toEqual(arns(test, cluster));
  expect(reader.calls).toEqual({ ListRestoreJobs: 2 });
  const another = new AwsBackupReader(async () => inProcessBackupClient(rds));
  expect(await another.restoredForTests(new Date(0))).toEqual(arns(early, test, cluster));
});

it('a refusal is told from other failures', async () => {
  const { rds, reader } = given();
  const failing = async () => reader.jobs(inTime).catch((error: unknown) => error);
  rds.failNext('ListBackupJobs', 1, accessDenied('ListBackupJobs'));
  expect(isDenied(await failing())).toBe(true);
  rds.failNext('ListBackupJobs', 3, throttling);
  expect(isDenied(await failing())).toBe(false);
  expect(isDenied(new Error('AccessDenied'))).toBe(false);
});
