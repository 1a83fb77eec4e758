/** AWS Backup's jobs in sweep, watch and recheck: read once where a database depends on them, and failing alone. */
import { describe, expect, it } from 'vitest';
import { accessDenied, internalFailure } from '../../../local/rds/faults.ts';
import { makeWorld, rowOf, where } from '../../support/world.ts';

const config = {
  operators: [{ email: 'operators@example.com' }],
  tenants: [
    { id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] },
    { id: 'globex', databases: [{ id: 'shop', kind: 'instance' }] },
  ],
};
const created = new Date('2026-10-01T00:00:00Z');

/** `orders` is backed up by AWS Backup alone, at 05:00 each day so far; `shop` by RDS. */
async function given(options: { readonly recording?: boolean } = {}) {
  const world = makeWorld({ now: '2026-11-20T04:50:00Z', config, ...options });
  const { rds } = world;
  rds.createInstance({ id: 'orders', retention: 0, created });
  rds.createInstance({ id: 'shop', window: '03:00-04:00', created });
  rds.takeBackup('orders', { kind: 'awsbackup', at: new Date('2026-11-19T05:00:00Z') });
  rds.takeBackup('shop', { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
  await world.sweep();
  await rds.advanceTo(new Date('2026-11-20T05:00:00Z'));
  world.published.splice(0);
  return world;
}

const utc = (time: string) => new Date(`2026-11-${time.replace(' ', 'T')}:00Z`);

describe('AWS Backup’s jobs', () => {
  it('are read once a sweep, by pages, and not at all where nothing depends on them', async () => {
    const { rds, sweep } = await given();
    rds.resetCalls();
    expect((await sweep()).row.apiCalls).toMatchObject({ ListBackupJobs: 2 });
    expect(rds.calls('ListBackupJobs')).toBe(2);
    const other = makeWorld({ now: '2026-11-20T04:50:00Z', config });
    for (const id of ['orders', 'shop']) other.rds.createInstance({ id, created });
    expect((await other.sweep()).row.apiCalls).not.toHaveProperty('ListBackupJobs');
  });

  it('are not read by a watch that has nothing of theirs to check', async () => {
    const { rds, watch } = await given();
    rds.resetCalls();
    await watch();
    expect(rds.calls('ListBackupJobs')).toBe(0);
  });

  it('are remembered on the row: the snapshot that they left may be gone', async () => {
    const world = await given();
    expect(await rowOf(world, 'orders')).toMatchObject({ lastAwsBackup: utc('19 05:00') });
    expect(await rowOf(world, 'shop')).not.toHaveProperty('lastAwsBackup');
    for (const snapshot of world.rds.snapshots('orders')) world.rds.expire(snapshot);
    world.rds.resetCalls();
    await world.sweep();
    expect(await rowOf(world, 'orders')).toMatchObject({ lastAwsBackup: utc('19 05:00') });
    expect(world.rds.calls('ListBackupJobs')).toBeGreaterThan(0);
  });
});

it('a job that is open is waited for as long as its backups usually take, as the ledger knows it', async () => {
  const world = await given();
  const { rds, watch, sweep } = world;
  const night = async (day: number, durationMinutes: number) => {
    await rds.advanceTo(utc(`${day} 05:00`));
    rds.startBackupJob('orders', { startWindowMinutes: 60, durationMinutes });
    await rds.advanceBy({ hours: 6 });
    await sweep();
  };
  await night(20, 240);
  await night(21, 240);
  await night(22, 240);
  await night(23, 1_000);
  // Its start window closes at 06:00; half as long again as four hours follow.
  expect(await rowOf(world, 'orders')).toMatchObject({ verdict: 'due', deadline: utc('23 12:00') });
  // Its snapshot is being created: six hours more, as for each.
  await rds.advanceTo(utc('23 12:15'));
  await watch();
  expect(await rowOf(world, 'orders')).toMatchObject({ verdict: 'due', deadline: utc('23 18:00') });
  await rds.advanceTo(utc('23 18:15'));
  await watch();
  expect(await rowOf(world, 'orders')).toMatchObject({ verdict: 'overdue' });
});

describe('a job that fails', () => {
  it('is told within minutes by its event, once, and is over when the next one completes', async () => {
    const world = await given();
    const { rds, news, watch } = world;
    rds.startBackupJob('orders', { ends: 'FAILED', durationMinutes: 10, message: 'Insufficient privileges' });
    await rds.advanceTo(utc('20 05:16'));
    expect(news()).toEqual(['open orders due warning']);
    const facts = { state: 'FAILED', message: 'Insufficient privileges', endedAt: '2026-11-20T05:10:00.000Z' };
    expect((await rowOf(world, 'orders')).cause).toMatchObject({ code: 'aws-backup-job-failed', facts });
    rds.startBackupJob('orders', { durationMinutes: 20 });
    await rds.advanceTo(utc('20 05:45'));
    await watch();
    expect(news()).toEqual(['resolve orders due warning']);
    expect((await rowOf(world, 'orders')).cause).toBeNull();
  });

  it('is told of a database that was renamed, while the configuration has its former name', async () => {
    const { rds, news, sweep } = await given();
    rds.rename('orders', 'orders-new');
    await sweep();
    rds.startBackupJob('orders-new', { ends: 'FAILED', durationMinutes: 10 });
    await rds.advanceTo(utc('20 05:16'));
    expect(news()).toEqual(['open orders due warning']);
  });

  it('is told as a rise once the deadline is past', async () => {
    const { rds, news, watch } = await given();
    rds.startBackupJob('orders', { ends: 'ABORTED', durationMinutes: 10 });
    await rds.advanceTo(utc('20 05:16'));
    expect(news()).toEqual(['open orders due warning']);
    await rds.advanceTo(utc('20 07:05'));
    await watch();
    expect(news()).toEqual(['rise orders overdue critical']);
  });

  it('is told by the watch where its event is lost: what waits is looked at when its start window closes', async () => {
    const { rds, news, watch, sweep } = await given({ recording: false });
    rds.startBackupJob('orders', { startWindowMinutes: 90, startsAfterMinutes: 600 });
    await sweep();
    expect(news()).toEqual([]);
    await rds.advanceTo(utc('20 06:15'));
    await watch();
    expect(news()).toEqual([]);
    await rds.advanceTo(utc('20 06:31'));
    await watch();
    expect(news()).toEqual(['open orders due warning']);
  });

  it('is told of a database of which nobody knew that AWS Backup was to back it up', async () => {
    const world = await given();
    const { rds, news } = world;
    rds.resetCalls();
    rds.startBackupJob('shop', { ends: 'FAILED', durationMinutes: 5 });
    await rds.advanceTo(utc('20 05:20'));
    expect(news()).toEqual(['open shop protected warning']);
    expect(rds.calls('ListBackupJobs')).toBe(2);
  });

  it.each(['sweep', 'watch'] as const)(
    'is not over for the next %s, though AWS Backup has made no backup of its database yet',
    async (mode) => {
      const world = await given();
      const { rds, news } = world;
      rds.startBackupJob('shop', { ends: 'FAILED', durationMinutes: 5 });
      await rds.advanceTo(utc('20 05:20'));
      expect(news()).toEqual(['open shop protected warning']);
      await rds.advanceTo(utc('21 04:30'));
      await world[mode]();
      expect(news().filter((one) => one.includes('shop'))).toEqual([]);
      rds.startBackupJob('shop', { durationMinutes: 5 });
      await rds.advanceBy({ hours: 1 });
      await world[mode]();
      expect(news()).toContain('resolve shop protected warning');
    },
  );

  it('while another job of the database runs is not told, whichever event comes first', async () => {
    const { rds, news, watch } = await given();
    rds.startBackupJob('orders', { durationMinutes: 90 });
    rds.startBackupJob('orders', { startWindowMinutes: 60 });
    await rds.advanceTo(utc('20 06:10'));
    await watch();
    expect(news()).toEqual([]);
    await rds.advanceTo(utc('20 06:45'));
    await watch();
    expect(news()).toEqual([]);
  });

  it('of a cluster, Aurora or Multi-AZ, is told, too', async () => {
    const databases = ['aurora', 'multi'].map((id) => ({ id, kind: 'cluster' }));
    const world = makeWorld({
      now: '2026-11-20T04:50:00Z',
      config: { ...config, tenants: [{ id: 'acme', databases }] },
    });
    const { rds, news, sweep } = world;
    rds.createCluster({ id: 'aurora', created });
    rds.createCluster({ id: 'multi', engine: 'postgres', created });
    for (const { id } of databases) rds.takeBackup(id, { kind: 'automated', at: utc('20 03:30') });
    await sweep();
    news();
    for (const { id } of databases) rds.startBackupJob(id, { ends: 'FAILED', durationMinutes: 5 });
    await rds.advanceTo(utc('20 05:10'));
    expect(news()).toEqual(['open aurora protected warning', 'open multi protected warning']);
  });
});

describe('a job with a start window', () => {
  it('that begins late is no reason for an alert', async () => {
    const { rds, news, watch } = await given();
    rds.startBackupJob('orders', { startsAfterMinutes: 440 });
    for (const time of ['20 06:45', '20 07:10', '20 09:00', '20 12:00', '20 12:50', '20 13:05']) {
      await rds.advanceTo(utc(time));
      await watch();
    }
    expect(news()).toEqual([]);
  });

  it('that never comes is told after the grace', async () => {
    const { rds, news, watch } = await given();
    await rds.advanceTo(utc('20 07:05'));
    await watch();
    expect(news()).toEqual(['open orders overdue critical']);
  });
});

describe('a job into an air-gapped vault', () => {
  it('leaves no snapshot, and protects; its row keeps it while jobs cannot be read', async () => {
    const world = await given();
    const { rds, news, watch, sweep } = world;
    rds.startBackupJob('orders', { vault: 'air-gapped' });
    for (const time of ['20 05:30', '20 07:05', '20 12:00']) {
      await rds.advanceTo(utc(time));
      await watch();
    }
    expect(news()).toEqual([]);
    const { row } = await sweep();
    expect(row.counts).toEqual({ protected: 2 });
    const id = expect.stringMatching(/^arn:aws:backup:.*:recovery-point:/);
    expect(await rowOf(world, 'orders')).toMatchObject({
      newestBackup: { id, time: utc('20 05:00') },
      notes: [{ code: 'backup-outside-rds' }],
    });
    rds.onCall(({ action }) => (action === 'ListBackupJobs' ? accessDenied(action) : undefined));
    expect((await sweep()).row.counts).toEqual({ protected: 2 });
  });
});

describe('where the jobs cannot be read', () => {
  it('for want of the right, the run is complete, and only the row says why', async () => {
    const { rds, sweep, watch, news } = await given();
    const heal = rds.onCall(({ action }) => (action === 'ListBackupJobs' ? accessDenied(action) : undefined));
    const { row } = await sweep();
    expect(row).toMatchObject({ complete: true, errors: [] });
    expect(row.jobsUnread).toMatch(/^AWS Backup's jobs could not be read: AccessDenied/);
    // awsBackupGraceHours instead of the open job's start window.
    await rds.advanceTo(utc('20 12:55'));
    await watch();
    expect(news()).toEqual([]);
    await rds.advanceTo(utc('20 13:05'));
    await watch();
    expect(news()).toEqual(['open orders overdue critical']);
    heal();
    expect((await sweep()).row).not.toHaveProperty('jobsUnread');
  });

  it('a failed one is not over, until AWS Backup has made a backup', async () => {
    const { rds, sweep, news } = await given();
    rds.takeBackup('orders', { id: 'by-hand', durationMinutes: 0 });
    rds.startBackupJob('orders', { ends: 'FAILED', durationMinutes: 10 });
    await rds.advanceTo(utc('20 05:30'));
    expect(news()).toEqual(['open orders protected warning']);
    rds.onCall(({ action }) => (action === 'ListBackupJobs' ? internalFailure : undefined));
    await sweep();
    expect(news()).toEqual([]);
    rds.takeBackup('orders', { kind: 'awsbackup', durationMinutes: 0 });
    await rds.settle();
    await sweep();
    expect(news()).toEqual(['resolve orders protected warning']);
  });

  it('for another cause, that is one problem of the run, and every database is checked', async () => {
    const { rds, sweep } = await given();
    rds.onCall(({ action }) => (action === 'ListBackupJobs' ? internalFailure : undefined));
    const { row, report } = await sweep();
    expect(row.errors).toEqual([expect.stringMatching(/^AWS Backup's jobs could not be read: /)]);
    expect(row.leftOut).toBeUndefined();
    expect(report.databases?.map(({ database, verdict }) => `${database} ${verdict}`).sort()).toEqual([
      'orders protected',
      'shop protected',
    ]);
  });
});

describe('an event of AWS Backup', () => {
  const body = (detail: object) =>
    JSON.stringify({ source: 'aws.backup', 'detail-type': 'Backup Job State Change', detail });

  it('of another service, or of no resource, checks nothing and fails nothing', async () => {
    const { rds, deliver } = await given();
    rds.resetCalls();
    const failed = await deliver(
      body({ backupJobId: '1', state: 'FAILED' }),
      body({ backupJobId: '2', state: 'FAILED', resourceArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/x' }),
      body({ backupJobId: '3', state: 'FAILED', resourceArn: 'nonsense' }),
    );
    expect(failed).toEqual([]);
    expect(rds.calls()).toBe(0);
  });

  it('that cannot be read fails alone', async () => {
    const { deliver } = await given();
    const arn = `arn:aws:rds:${where.region}:${where.account}:db:orders`;
    expect(
      await deliver(body({ state: 'FAILED' }), body({ backupJobId: '1', state: 'COMPLETED', resourceArn: arn })),
    ).toEqual(['m0']);
  });

  it('that comes twice is told once', async () => {
    const { rds, deliver, news } = await given({ recording: false });
    rds.startBackupJob('orders', { ends: 'FAILED', durationMinutes: 5 });
    await rds.advanceTo(utc('20 05:10'));
    const event = body({ backupJobId: '1', state: 'FAILED', resourceArn: rds.find('orders').arn });
    await deliver(event, event);
    await deliver(event);
    expect(news()).toEqual(['open orders due warning']);
  });
});

describe('a copy job of AWS Backup', () => {
  const vault = 'arn:aws:backup:eu-central-1:123456789012:backup-vault:far';

  it('is recorded on the backup that it copied, once, and changes nothing else', async () => {
    const world = await given();
    const { rds, ledger, news, deliver } = world;
    const [snapshot] = rds.snapshots('orders');
    if (!snapshot) throw new Error('no snapshot');
    rds.resetCalls();
    const backup = async () => (await ledger.backupsByArn(snapshot.arn))[0];
    const before = await backup();
    rds.endCopyJob(snapshot, { vault, state: 'FAILED', message: 'Access denied exception while trying to list tags' });
    await rds.advanceBy({ minutes: 6 });
    rds.endCopyJob(snapshot, { vault });
    await rds.advanceBy({ minutes: 6 });
    expect((await backup())?.copyJobs).toEqual([
      {
        id: expect.any(String),
        state: 'COMPLETED',
        to: expect.stringMatching(/:snapshot:awsbackup:copyjob-/),
        endedAt: utc('20 05:06'),
      },
      {
        id: expect.any(String),
        state: 'FAILED',
        to: vault,
        endedAt: utc('20 05:00'),
        message: 'Access denied exception while trying to list tags',
      },
    ]);
    const { copyJobs: _, version: __, ...rest } = (await backup()) ?? {};
    const { version: ___, ...asBefore } = before ?? {};
    expect(rest).toEqual(asBefore);
    expect([news(), rds.calls()]).toEqual([[], 0]);
    const event = {
      source: 'aws.backup',
      'detail-type': 'Copy Job State Change',
      time: '2026-11-20T05:20:00Z',
      resources: [snapshot.arn],
      detail: { copyJobId: 'c', state: 'COMPLETED', destinationBackupVaultArn: vault },
    };
    for (let n = 0; n < 2; n += 1) expect(await deliver(JSON.stringify(event))).toEqual([]);
    expect((await backup())?.copyJobs?.map(({ id }) => id === 'c')).toEqual([true, false, false]);
    for (let n = 0; n < 12; n += 1) {
      await deliver(JSON.stringify({ ...event, detail: { ...event.detail, copyJobId: `c${n}` } }));
    }
    expect((await backup())?.copyJobs?.map(({ id }) => id)).toEqual(Array.from({ length: 10 }, (_, n) => `c${11 - n}`));
  });

  it('of what nobody recorded, or of another service, is passed over', async () => {
    const { deliver, news } = await given();
    const of = (resources: readonly string[]) =>
      JSON.stringify({
        source: 'aws.backup',
        'detail-type': 'Copy Job State Change',
        time: '2026-11-20T05:20:00Z',
        resources,
        detail: { copyJobId: 'c', state: 'COMPLETED', destinationBackupVaultArn: vault },
      });
    const none = of([]);
    const unknown = of(['arn:aws:rds:eu-west-1:123456789012:snapshot:awsbackup:job-unknown']);
    const other = of(['arn:aws:ec2:eu-west-1::snapshot/snap-1']);
    expect(await deliver(none, unknown, other)).toEqual([]);
    expect(news()).toEqual([]);
  });
});
