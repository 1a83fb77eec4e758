/** A database that 152 tenants share, as it is deployed, with IAM enforced. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { shareKey } from '../../shared/domain/index.ts';
import { hourMs } from '../../shared/lib/time.ts';
import type { SweepReport } from '../../shared/sweep/report.ts';
import { collect } from '../support/world.ts';
import { commandLine } from './command-line.ts';
import { type Deployed, deployStack, eventually } from './deployed.ts';

const now = new Date();
const ago = (hours: number) => new Date(now.getTime() - hours * hourMs);
const clockTime = (time: Date) => time.toISOString().slice(11, 16);

/** More than a filter policy can name. */
const crowd = Array.from({ length: 151 }, (_, number) => `tenant-${number}`);

let stack: Deployed;
let report: SweepReport;
/** The configuration, with the shared database that one of the crowd is in. */
let configOf: (home: string) => object;

/** Backed up nine hours ago; globex came after that, and is promised a backup within four hours. */
beforeAll(async () => {
  stack = await deployStack({ from: ago(50) }, ({ acme, globex, operators }) => {
    configOf = (home) => ({
      operators: [{ queue: operators }],
      sharedDatabases: [
        { id: 'pool-1', kind: 'instance' },
        { id: 'pool-2', kind: 'instance', copy: { mode: 'none' } },
      ],
      defaults: { bucket: { type: 'shared' } },
      tenants: [
        {
          id: 'globex',
          recipients: [{ queue: globex }],
          maxAgeHours: 4,
          sharedDatabases: [{ id: 'pool-1', database: 'globex', since: ago(8).toISOString() }],
        },
        ...crowd.map((id) => ({
          id,
          recipients: [{ queue: acme }],
          ...(id === 'tenant-7' && { maxAgeHours: 6 }),
          sharedDatabases: [{ id: id === 'tenant-9' ? home : 'pool-1', database: id }],
        })),
      ],
    });
    return configOf('pool-1');
  });
  const { rds } = stack.stage;
  const window = `${clockTime(ago(9))}-${clockTime(ago(8.5))}`;
  // A table in the database of each tenant but one.
  const tables = crowd.slice(1).map((database) => ({ database, name: 'public.orders', rows: 1 }));
  rds.createInstance({ id: 'pool-1', engine: 'postgres', window, created: ago(1000), tables });
  rds.createInstance({ id: 'pool-2', engine: 'postgres', window, created: ago(1000) });
  await rds.advanceTo(ago(26));
  await stack.sweep({ at: ago(26).toISOString(), dryRun: false });
  stack.stage.announcing = true;
  await rds.advanceTo(now);
  for (const id of ['pool-1', 'pool-2']) {
    await eventually(`the night's backup of ${id}`, async () =>
      (await backups(id)).find(({ learnedFrom }) => learnedFrom === 'event'),
    );
  }
  report = await stack.sweep();
});

afterAll(() => stack?.close());

const keyOf = (id = 'pool-1') => `123456789012/eu-west-1/${stack.stage.rds.find(id).resourceId}`;
const backups = (id?: string) => collect(stack.ledger.backupsOfDatabase(keyOf(id)));
const verdictOf = (tenant: string) => report.databases.find((one) => one.tenant === tenant)?.verdict;

describe('the sweep', () => {
  it('gives each tenant its own verdict, with the RDS calls of one database', () => {
    expect(report).toMatchObject({ complete: true, errors: [], eventsMissed: 0 });
    expect([verdictOf('shared:pool-1'), verdictOf('globex'), verdictOf('tenant-0'), verdictOf('tenant-7')]).toEqual([
      'protected',
      'overdue',
      'protected',
      'overdue',
    ]);
    expect(report.counts).toEqual({ protected: 151, overdue: 2 });
    const { DescribeDBInstances = 0, DescribeDBSnapshots = 0 } = report.apiCalls;
    // A page of each, and a look at pool-1 anew before alerts open: by its name and by its resource id.
    expect(DescribeDBInstances + DescribeDBSnapshots).toBeLessThanOrEqual(8);
  });

  it('keeps a row and an alert of each tenant', async () => {
    const [row] = await stack.ledger.databases([shareKey(keyOf(), 'globex')]);
    expect(row).toMatchObject({ tenant: 'globex', verdict: 'overdue', share: { since: ago(8), database: 'globex' } });
    const alerts = await collect(stack.ledger.openAlerts());
    expect(alerts.map(({ tenant }) => tenant).sort()).toEqual(['globex', 'shared:pool-1', 'tenant-7']);
  });
});

describe('messages', () => {
  it('reach each tenant about itself, and operators once', async () => {
    const { globex, operators } = stack.inboxes;
    await eventually('the message to globex', async () => (await globex.read()).length > 0);
    expect(globex.received).toMatchObject([
      { subject: 'CRITICAL globex: 1 database overdue (pool-1)', attributes: { tenant: 'globex', audience: 'tenant' } },
    ]);
    expect(JSON.stringify(globex.received)).not.toMatch(/tenant-\d|shared:|\b15[12]\b/);
    await eventually('the message to operators', async () => (await operators.read()).length > 0);
    expect(operators.received.map(({ subject }) => subject)).toEqual([
      // As of yesterday, before globex came.
      'WARNING shared:pool-1: 1 database with tenants unprotected (pool-1)',
      'NOW CRITICAL shared:pool-1: 1 database with tenants unprotected (pool-1)',
    ]);
    expect(JSON.stringify(operators.received[1]?.body)).toContain('"tenants":["globex"');
  });

  it('reach a recipient of more tenants than a filter policy can name, of each of them', async () => {
    const { acme } = stack.inboxes;
    await eventually('the message about tenant-7', async () => (await acme.read()).length > 0);
    expect(acme.received.map(({ subject, attributes: { tenant } }) => [subject, tenant])).toEqual([
      // The first sweep, as of yesterday, was no different.
      ['WARNING tenant-7: 1 database overdue (pool-1)', 'tenant-7'],
      ['REMINDER WARNING tenant-7: 1 database overdue (pool-1)', 'tenant-7'],
    ]);
  });

  it('are silenced for one tenant alone', async () => {
    const line = ['alert', 'ack', 'pool-1', '--tenant', 'globex', '--note', 'taking one'];
    expect((await commandLine(stack.stage, ...line)).out).toContain('globex');
    const { out } = await commandLine(stack.stage, 'database', 'pool-1', '--json');
    const { tenants, alert } = JSON.parse(out);
    expect(tenants).toHaveLength(152);
    expect(tenants[0]).toMatchObject({
      tenant: 'globex',
      verdict: 'overdue',
      alert: { acknowledged: { note: 'taking one' } },
    });
    expect(alert).toMatchObject({ acknowledged: null });
    const own = await commandLine(stack.stage, 'tenant', 'globex', '--json');
    expect(JSON.parse(own.out)).toMatchObject([
      { database: 'pool-1', verdict: 'overdue', share: { database: 'globex' } },
    ]);
    expect(own.out).not.toMatch(/tenant-\d/);
  });

  it('say that it is over once a backup holds the tenant', async () => {
    const { rds } = stack.stage;
    const { globex, operators } = stack.inboxes;
    rds.takeBackup('pool-1', { id: 'by-hand', durationMinutes: 0 });
    await rds.settle();
    await eventually('the manual backup', async () => (await backups()).find(({ id }) => id === 'by-hand'));
    await stack.sweep({ mode: 'watch' });
    await eventually('the resolution', async () =>
      (await globex.read()).find(({ subject }) => subject === 'RESOLVED globex: 1 database protected again (pool-1)'),
    );
    await eventually('that of operators', async () =>
      (await operators.read()).find(({ subject }) => subject.startsWith('RESOLVED shared:pool-1')),
    );
    expect(await collect(stack.ledger.openAlerts())).toEqual([]);
  });
});

describe('copies', () => {
  it('are one export a snapshot, whatever the number of tenants', async () => {
    const { rds } = stack.stage;
    await eventually('the copy of the night', async () => {
      await rds.advanceTo(new Date());
      return (await backups()).find(({ copy }) => copy.state === 'complete');
    });
    const tasks = rds.exportTasks();
    expect(tasks).toHaveLength(1);
    expect(tasks[0]?.ExportOnly ?? []).toEqual([]);
    expect(tasks[0]?.S3Prefix).toBe('_shared/pool-1');
  });

  it('hold a folder of each tenant, which was looked for; of a missing one operators and that tenant are notified', async () => {
    const { acme, operators } = stack.inboxes;
    const newest = (await backups()).find(({ copy }) => copy.state === 'complete');
    expect(newest?.copy.folders).toMatchObject({
      found: crowd.slice(1).toSorted(),
      missing: ['tenant-0'],
      partial: [],
    });
    const ofCopies = async (inbox: typeof acme) => {
      await inbox.read();
      return inbox.received.find(({ attributes: { kind } }) => kind === 'copy-failed');
    };
    const toTenant = await eventually('the message to tenant-0', () => ofCopies(acme));
    expect(toTenant.attributes.tenant).toBe('tenant-0');
    expect(JSON.stringify(toTenant)).not.toMatch(/tenant-[1-9]|globex|shared:/);
    expect(JSON.stringify(await eventually('that to operators', () => ofCopies(operators)))).toContain('tenant-0');
  });
});

describe('a tenant that moves to another shared database', () => {
  it('is protected there by its newest backup in the one that it left, until one holds it there', async () => {
    const config = join(stack.stage.aws.folder, 'moved.json');
    await writeFile(config, JSON.stringify(configOf('pool-2')));
    await stack.stage.deploy({ config });
    const { databases, errors } = await stack.sweep();
    expect(errors).toEqual([]);
    const [newest] = await backups();
    expect(databases.filter(({ tenant }) => tenant === 'tenant-9')).toMatchObject([
      { database: 'pool-2', verdict: 'protected', newestBackup: { id: newest?.id } },
    ]);
    const { out } = await commandLine(stack.stage, 'tenant', 'tenant-9', '--json');
    expect(JSON.parse(out)).toMatchObject([
      { database: 'pool-1', verdict: null, share: { until: expect.any(String) } },
      { database: 'pool-2', verdict: 'protected', share: { carried: { id: newest?.id } } },
    ]);
  });
});
