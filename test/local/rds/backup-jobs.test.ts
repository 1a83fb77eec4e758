import {
  ListBackupJobsCommand,
  ListRestoreJobsCommand,
  type ListRestoreJobsCommandInput,
  paginateListBackupJobs,
} from '@aws-sdk/client-backup';
import { DescribeDBSnapshotsCommand } from '@aws-sdk/client-rds';
import { afterEach, describe, expect, test } from 'vitest';
import type { BackupStateEvent } from '../../../local/rds/backup-jobs.ts';
import { accessDenied } from '../../../local/rds/faults.ts';
import { inProcessBackupClient } from '../../../local/rds/in-process.ts';
import { type RdsServer, startRdsServer } from '../../../local/rds/server.ts';
import { errorName, simulated, utc } from './support.ts';

function given() {
  const announced: BackupStateEvent[] = [];
  const { rds, client, numbers } = simulated({
    backupEventSink: (event) => {
      announced.push(event);
    },
  });
  rds.createInstance({ id: 'db1', retention: 0 });
  const backup = inProcessBackupClient(rds);
  const job = async () => (await backup.send(new ListBackupJobsCommand({}))).BackupJobs?.at(-1);
  const states = () => announced.map(({ detail }) => detail.state);
  return { rds, client, backup, job, announced, states, numbers };
}

let server: RdsServer | undefined;
afterEach(async () => {
  await server?.close();
  server = undefined;
});

describe('a job', () => {
  test('waits in its start window, runs, and leaves a snapshot of AWS Backup as its recovery point', async () => {
    const { rds, client, job, states } = given();
    rds.startBackupJob('db1', { startsAfterMinutes: 90, durationMinutes: 30 });
    expect(await job()).toMatchObject({
      State: 'CREATED',
      CreationDate: utc('2026-11-01T00:00:00'),
      StartBy: utc('2026-11-01T08:00:00'),
      ResourceArn: rds.find('db1').arn,
      ResourceType: 'RDS',
    });
    await rds.advanceTo(utc('2026-11-01T01:45:00'));
    expect(await job()).toMatchObject({ State: 'RUNNING' });
    await rds.advanceTo(utc('2026-11-01T02:10:00'));
    const { DBSnapshots } = await client.send(new DescribeDBSnapshotsCommand({ SnapshotType: 'awsbackup' }));
    expect(DBSnapshots).toMatchObject([{ Status: 'available', SnapshotCreateTime: utc('2026-11-01T01:30:00') }]);
    expect(await job()).toMatchObject({
      State: 'COMPLETED',
      CompletionDate: utc('2026-11-01T02:00:00'),
      RecoveryPointArn: DBSnapshots?.[0]?.DBSnapshotArn,
    });
    expect(states()).toEqual(['CREATED', 'RUNNING', 'COMPLETED']);
  });

  test('expires at the end of its window while another job of the database runs, and says so', async () => {
    const { rds, backup } = given();
    rds.startBackupJob('db1', { durationMinutes: 120 });
    rds.startBackupJob('db1', { startWindowMinutes: 60 });
    await rds.advanceTo(utc('2026-11-01T01:30:00'));
    const { BackupJobs } = await backup.send(new ListBackupJobsCommand({ ByState: 'EXPIRED' }));
    expect(BackupJobs).toMatchObject([
      {
        CompletionDate: utc('2026-11-01T01:00:00'),
        StatusMessage: 'Backup job failed because there was a running job for the same resource.',
      },
    ]);
  });

  test('is tried again every ten minutes until the database is available', async () => {
    const { rds, job } = given();
    rds.setStatus('db1', 'modifying');
    rds.startBackupJob('db1');
    await rds.advanceTo(utc('2026-11-01T00:55:00'));
    expect(await job()).toMatchObject({ State: 'CREATED' });
    rds.setStatus('db1', 'available');
    await rds.advanceTo(utc('2026-11-01T01:00:00'));
    expect(await job()).toMatchObject({ State: 'RUNNING' });
  });

  test.each(['FAILED', 'ABORTED'] as const)('that ends %s leaves no snapshot, and a message', async (ends) => {
    const { rds, job } = given();
    rds.startBackupJob('db1', { ends, message: 'what AWS Backup says', durationMinutes: 5 });
    await rds.advanceTo(utc('2026-11-01T01:00:00'));
    expect(await job()).toMatchObject({ State: ends, StatusMessage: 'what AWS Backup says' });
    expect(rds.snapshots('db1')).toEqual([]);
  });

  test('that somebody stops while it runs leaves nothing', async () => {
    const { rds, job } = given();
    const running = rds.startBackupJob('db1', { durationMinutes: 60 });
    await rds.advanceTo(utc('2026-11-01T00:30:00'));
    rds.stopBackupJob(running);
    await rds.advanceTo(utc('2026-11-01T02:00:00'));
    expect(await job()).toMatchObject({ State: 'ABORTED', CompletionDate: utc('2026-11-01T00:30:00') });
    expect(rds.snapshots('db1')).toEqual([]);
  });

  test('into an air-gapped vault keeps a recovery point that is no snapshot', async () => {
    const { rds, job } = given();
    rds.startBackupJob('db1', { vault: 'air-gapped' });
    await rds.advanceTo(utc('2026-11-01T01:00:00'));
    expect((await job())?.RecoveryPointArn).toMatch(/^arn:aws:backup:.*:recovery-point:/);
    expect(rds.snapshots('db1')).toEqual([]);
  });
});

describe('events', () => {
  test('come within five minutes; that of CREATED names no resource, and others carry the message', async () => {
    const { rds, announced } = given();
    rds.startBackupJob('db1', { ends: 'FAILED', durationMinutes: 10 });
    await rds.advanceTo(utc('2026-11-01T00:30:00'));
    expect(announced.map(({ detail }) => [detail.state, detail.resourceArn])).toEqual([
      ['CREATED', undefined],
      ['RUNNING', rds.find('db1').arn],
      ['FAILED', rds.find('db1').arn],
    ]);
    expect(announced.at(-1)?.detail.statusMessage).toMatch(/^The backup job failed/);
  });

  test('are lost where that is simulated', async () => {
    const heard: string[] = [];
    const { rds } = simulated({
      losesBackupEvent: ({ detail }) => detail.state === 'FAILED',
      backupEventSink: ({ detail }) => {
        heard.push(String(detail.state));
      },
    });
    rds.createInstance({ id: 'db1' });
    rds.startBackupJob('db1', { ends: 'FAILED' });
    await rds.advanceTo(utc('2026-11-01T02:00:00'));
    expect(heard).toEqual(['CREATED', 'RUNNING']);
  });
});

describe('ListBackupJobs', () => {
  test('answers in pages, by type, for 30 days', async () => {
    const { rds, backup } = given();
    rds.createCluster({ id: 'c1' });
    rds.createCluster({ id: 'm1', engine: 'mysql' });
    for (const id of ['db1', 'c1', 'm1']) rds.startBackupJob(id);
    for (let n = 0; n < 4; n += 1) rds.startBackupJob('db1');
    const sizes: number[] = [];
    for await (const page of paginateListBackupJobs({ client: backup, pageSize: 4 }, { ByResourceType: 'RDS' })) {
      sizes.push(page.BackupJobs?.length ?? 0);
    }
    expect(sizes).toEqual([4, 2]);
    const aurora = await backup.send(new ListBackupJobsCommand({ ByResourceType: 'Aurora' }));
    expect(aurora.BackupJobs?.map(({ ResourceArn }) => ResourceArn)).toEqual([rds.find('c1').arn]);
    await rds.advanceTo(utc('2026-12-01T01:00:00'));
    expect((await backup.send(new ListBackupJobsCommand({}))).BackupJobs).toEqual([]);
  });

  test('meets the trouble that is simulated', async () => {
    const { rds, backup } = given();
    rds.failNext('ListBackupJobs', 1, accessDenied('ListBackupJobs'));
    expect(await errorName(backup.send(new ListBackupJobsCommand({})))).toBe('AccessDenied');
  });

  test('is answered over HTTP, too', async () => {
    const { rds } = given();
    rds.startBackupJob('db1');
    server = await startRdsServer(rds);
    const answer = await fetch(`${server.url}/backup-jobs?maxResults=10`);
    expect(await answer.json()).toMatchObject({ BackupJobs: [{ State: 'CREATED' }] });
  });
});

describe('ListRestoreJobs', () => {
  const plan = 'arn:aws:backup:eu-west-1:123456789012:restore-testing-plan:weekly-1a2b';

  test('answers with what was restored since a moment, by type', async () => {
    const { rds, backup } = given();
    rds.endRestoreJob(rds.find('db1'));
    await rds.advanceBy({ hours: 1 });
    const since = rds.now;
    await rds.advanceBy({ hours: 1 });
    const cluster = rds.createCluster({ id: 'c1' });
    rds.endRestoreJob(cluster, plan);
    const list = async (input: ListRestoreJobsCommandInput) =>
      ((await backup.send(new ListRestoreJobsCommand(input))).RestoreJobs ?? []).map(
        ({ CreatedResourceArn, CreatedBy, Status }) => [CreatedResourceArn, CreatedBy?.RestoreTestingPlanArn, Status],
      );
    const db1 = [rds.find('db1').arn, undefined, 'COMPLETED'];
    const c1 = [cluster.arn, plan, 'COMPLETED'];
    expect(await list({})).toEqual([db1, c1]);
    expect(await list({ ByResourceType: 'Aurora' })).toEqual([c1]);
    expect(await list({ ByCreatedAfter: since })).toEqual([c1]);
  });

  test('is answered over HTTP, too', async () => {
    const { rds } = given();
    rds.endRestoreJob(rds.find('db1'), plan);
    server = await startRdsServer(rds);
    const answer = await fetch(`${server.url}/restore-jobs/?resourceType=RDS`);
    expect(await answer.json()).toMatchObject({ RestoreJobs: [{ CreatedBy: { RestoreTestingPlanArn: plan } }] });
  });
});
