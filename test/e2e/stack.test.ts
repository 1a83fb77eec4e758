/** The whole path, through the deployed stack with IAM enforced: RDS's event, queue, function, ledger, S3, alert. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTrail } from '../../local/aws/trail.ts';
import { exportFailure } from '../../local/rds/exports.ts';
import { hubRoleName } from '../../shared/contract.ts';
import type { Backup } from '../../shared/domain/index.ts';
import { hourMs } from '../../shared/lib/time.ts';
import { reportKey } from '../../shared/sweep/publish-day.ts';
import { collect } from '../support/world.ts';
import { commandLine } from './command-line.ts';
import { type Deployed, deployStack, eventually, type Received } from './deployed.ts';
import { actionsOf, documentedPolicies, personWith } from './people.ts';
import { allowedActions, partOf, unseenReason } from './roles.ts';

const now = new Date();
const ago = (hours: number) => new Date(now.getTime() - hours * hourMs);
/** Windows opened nine hours ago, and on each day before. */
const night = ago(9);
const windowOf = (start: Date) => {
  const clock = (time: Date) => time.toISOString().slice(11, 16);
  return `${clock(start)}-${clock(new Date(start.getTime() + hourMs))}`;
};

let stack: Deployed;

beforeAll(async () => {
  stack = await deployStack({ from: ago(72) }, ({ acme, globex, operators }) => ({
    operators: [{ queue: operators }],
    alerts: { digestAbove: 1 },
    discovery: {},
    defaults: { copy: { mode: 'export', schedule: 'daily' }, bucket: { type: 'shared' } },
    tenants: [
      {
        id: 'acme',
        recipients: [{ queue: acme }],
        databases: [
          { id: 'acme-orders', kind: 'instance', bucket: { type: 'own' } },
          { id: 'acme-ledger', kind: 'cluster' },
        ],
      },
      {
        id: 'globex',
        recipients: [{ queue: globex }],
        reminderHours: 6,
        databases: [
          { id: 'globex-shop', kind: 'instance' },
          {
            id: 'globex-crm',
            kind: 'instance',
            copy: {
              mode: 'object',
              kinds: ['manual'],
              staging: { bucket: 'staging-of-globex', owner: '123456789012', key: 'dumps/{snapshotId}.bak' },
            },
          },
        ],
      },
    ],
  }));
  const { rds } = stack.stage;
  const created = ago(1000);
  rds.createInstance({ id: 'acme-orders', engine: 'postgres', window: windowOf(night), created });
  rds.createCluster({ id: 'acme-ledger', window: windowOf(night), created });
  rds.createInstance({ id: 'globex-shop', engine: 'mysql', window: windowOf(night), created });
  rds.createInstance({ id: 'globex-crm', engine: 'sqlserver-se', window: windowOf(night), created });
  await rds.advanceTo(ago(26));
});

afterAll(() => stack?.close());

const rowsOf = async (database: string) => {
  const { rds } = stack.stage;
  const { resourceId } = rds.find(database);
  return collect(stack.ledger.backupsOfDatabase(`123456789012/eu-west-1/${resourceId}`));
};

describe('the first sweep', () => {
  it('takes what was there as the baseline: recorded, not copied, not missed', async () => {
    const report = await stack.sweep({ at: ago(26).toISOString(), dryRun: false });
    expect(report).toMatchObject({ complete: true, eventsMissed: 0, errors: [], counts: { protected: 4 } });
    const rows = await rowsOf('acme-orders');
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(({ learnedFrom, copy }) => [learnedFrom, copy.state])).toEqual(rows.map(() => ['sweep', 'none']));
  });
});

describe('an event on the bus', () => {
  it('becomes a row of the ledger, with its tenant and the event that announced it', async () => {
    const { rds } = stack.stage;
    stack.stage.announcing = true;
    const heal = rds.loseEvents(({ detail }) => detail.SourceArn.includes('globex-shop-'));
    rds.skipBackups('globex-crm', 1);
    rds.setLatestRestorable('globex-crm', ago(20));
    await rds.advanceTo(now);
    heal();
    const [row] = await eventually('the row of acme-orders', async () => {
      const rows = (await rowsOf('acme-orders')).filter(({ learnedFrom }) => learnedFrom === 'event');
      return rows.length > 0 && rows;
    });
    expect(row).toMatchObject({ tenant: 'acme', kind: 'automated', event: { id: expect.any(String) } });
    await eventually('the row of the cluster', async () =>
      (await rowsOf('acme-ledger')).find(({ learnedFrom }) => learnedFrom === 'event'),
    );
  });

  it('that comes twice leaves one row', async () => {
    const before = await rowsOf('acme-orders');
    const [newest] = before;
    const event = {
      detailType: 'RDS DB Snapshot Event',
      detail: { EventID: 'RDS-EVENT-0091', SourceArn: newest?.arn, Date: now.toISOString() },
    };
    // The marker behind it shows that the pair was worked on.
    const marker = stack.stage.rds.takeBackup('globex-crm', { id: 'marker', at: ago(30), announce: false });
    await stack.putEvents([
      event,
      event,
      { ...event, detail: { ...event.detail, EventID: 'RDS-EVENT-0042', SourceArn: marker.arn } },
    ]);
    await eventually('the marker', async () => (await stack.ledger.backupsByArn(marker.arn))[0]);
    const facts = ({ arn, recordedAt, event }: Backup) => ({ arn, recordedAt, event });
    expect((await rowsOf('acme-orders')).map(facts)).toEqual(before.map(facts));
  });

  it('that nobody can read ends in the dead-letter queue', async () => {
    await stack.putEvents([{ detailType: 'RDS DB Snapshot Event', detail: { EventID: 'RDS-EVENT-0091' } }]);
    await eventually(
      'a dead letter',
      async () => (await stack.depth(stack.outputs.RecordDeadLetterQueueUrl ?? '')) === 1,
    );
  });
});

describe('the daily sweep', () => {
  it('back-fills the backup whose event was lost, and finds the one that never happened', async () => {
    const report = await stack.sweep();
    expect(report).toMatchObject({ complete: true, eventsMissed: 1, errors: [], alerts: { opened: 1 } });
    const verdicts = Object.fromEntries(
      report.databases.map((row) => [row.database, `${row.verdict} ${row.severity}`]),
    );
    expect(verdicts).toEqual({
      'acme-ledger': 'protected info',
      'acme-orders': 'protected info',
      'globex-crm': 'overdue critical',
      'globex-shop': 'protected info',
    });
    expect((await rowsOf('globex-shop'))[0]).toMatchObject({ learnedFrom: 'sweep', eventMissed: true });
  });

  it('tells the tenant and the operators, and nobody else', async () => {
    const { acme, globex, operators } = stack.inboxes;
    await eventually('the message to globex', async () => (await globex.read()).length > 0);
    expect(globex.received).toMatchObject([
      {
        subject: 'CRITICAL globex: 1 database overdue (globex-crm)',
        attributes: { tenant: 'globex', severity: 'critical', kind: 'backup-missing' },
      },
    ]);
    await eventually('the message to the operators', async () => (await operators.read()).length > 0);
    expect(operators.received).toMatchObject([
      {
        subject: 'CRITICAL globex: 1 database overdue (globex-crm)',
        attributes: { tenant: '*', severity: 'critical', kind: 'backup-missing', audience: 'operators' },
      },
    ]);
    await acme.read();
    expect(acme.received).toEqual([]);
  });

  it('evaluates without a trace when it is run dry', async () => {
    const before = await collect(stack.ledger.sweeps());
    const report = await stack.sweep({ dryRun: true });
    expect(report.counts).toEqual({ protected: 3, overdue: 1 });
    expect(await collect(stack.ledger.sweeps())).toEqual(before);
  });

  it('leaves the report’s page in its bucket', async () => {
    const s3 = new S3Client({ ...stack.stage.client, forcePathStyle: true });
    const page = await s3.send(new GetObjectCommand({ Bucket: stack.outputs.ReportBucketName, Key: reportKey }));
    expect(page.ContentType).toBe('text/html; charset=utf-8');
    expect(await page.Body?.transformToString()).toContain('globex-crm');
  });

  it('refuses a request that it does not understand', async () => {
    const { error, payload } = await stack.invoke(stack.outputs.SweepFunctionName ?? '', { mode: 'brush' });
    expect(error).toBe('Unhandled');
    expect(payload).toContain('not a request for a sweep');
  });
});

describe('copies', () => {
  it('of what is wanted reach their buckets, and say so', async () => {
    const wanted = ['acme-orders', 'acme-ledger', 'globex-shop'];
    const copies = await eventually('all copies complete', async () => {
      await stack.stage.rds.advanceTo(new Date());
      const newest = await Promise.all(wanted.map(async (database) => (await rowsOf(database))[0]));
      return newest.every((row) => row?.copy.state === 'complete') && newest;
    });
    const s3 = new S3Client({ ...stack.stage.client, forcePathStyle: true });
    for (const row of copies) {
      const { bucket, prefix, taskId, objects, bytes } = row?.copy ?? {};
      const listed = await s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${prefix}/${taskId}/` }));
      expect({ objects, bytes }).toEqual({
        objects: listed.KeyCount,
        bytes: listed.Contents?.reduce((sum, { Size = 0 }) => sum + Size, 0),
      });
    }
  });
});

describe('a copy that does not go well', () => {
  const state = (wanted: string) =>
    eventually(`the copy as ${wanted}`, async () => {
      await stack.stage.rds.advanceTo(new Date());
      return (await rowsOf('acme-ledger')).find(({ id, copy }) => id === 'awsbackup:job-1' && copy.state === wanted);
    });

  it('waits where a right is missing, and goes on once a person says so', async () => {
    const { rds } = stack.stage;
    rds.planExport('*', { kind: 'fail', cause: exportFailure.role('arn:aws:iam::123456789012:role/export') });
    // Of another day than the night's, so that it is the first of its day.
    rds.takeBackup('acme-ledger', { id: 'awsbackup:job-1', kind: 'awsbackup', at: ago(60), announce: true });
    await rds.settle();
    await eventually('the failure', async () => {
      await rds.advanceTo(new Date());
      return (await rowsOf('acme-ledger')).find(({ copy }) => copy.setupFailures === 1);
    });
    expect((await state('queued')).copy).toMatchObject({ attempt: 2, cause: { code: 'role-not-trusted' } });
    rds.planExport('*', { kind: 'warn', skipTables: 1 });
    const { out } = await commandLine(stack.stage, 'copy', 'retry', '--cause', 'role-not-trusted', '--yes');
    expect(out).toContain('Queued: 1 copy.');
    await stack.invoke(stack.outputs.CopyFunctionName ?? '', {});
  });

  it('is notified to its tenant, once, with what it lacks', async () => {
    const { acme } = stack.inboxes;
    await acme.read();
    expect((await state('incomplete')).copy.cause).toMatchObject({ code: 'export-incomplete', facts: { skipped: 1 } });
    await eventually('the message', async () => {
      await acme.read();
      return acme.received.length > 0;
    });
    expect(acme.received).toMatchObject([{ attributes: { tenant: 'acme', kind: 'copy-failed' } }]);
    acme.received.length = 0;
  });
});

describe('an alert', () => {
  const later = (hours: number) => new Date(now.getTime() + hours * hourMs).toISOString();

  it('is silent, then reminds', async () => {
    const { globex } = stack.inboxes;
    await stack.sweep({ mode: 'watch', at: later(3), dryRun: false });
    expect(await globex.read()).toEqual([]);
    await stack.sweep({ mode: 'watch', at: later(7), dryRun: false });
    await eventually('the reminder', async () => {
      await globex.read();
      return globex.received.find(({ subject }) => subject.startsWith('REMINDER CRITICAL globex'));
    });
  });

  it('resolves once a backup is there, for those who got the opening', async () => {
    const { rds } = stack.stage;
    const { globex } = stack.inboxes;
    rds.takeBackup('globex-crm', { id: 'by-hand', durationMinutes: 0 });
    await rds.settle();
    await eventually('the manual backup', async () => (await rowsOf('globex-crm')).find(({ id }) => id === 'by-hand'));
    await stack.sweep({ mode: 'watch' });
    const resolved = await eventually('the resolution', async () => {
      await globex.read();
      return globex.received.find(({ attributes }) => attributes.kind === 'backup-restored');
    });
    expect(resolved.attributes.tenant).toBe('globex');
    expect(await collect(stack.ledger.openAlerts())).toEqual([]);
  });

  it('of a database with native dumps ends with its dump copied, once it lies in the staging bucket', async () => {
    const s3 = new S3Client({ ...stack.stage.client, forcePathStyle: true });
    const waiting = await eventually('the waiting copy', async () =>
      (await rowsOf('globex-crm')).find(({ id, copy }) => id === 'by-hand' && copy.notBefore),
    );
    expect(waiting.copy).toMatchObject({ mode: 'object', state: 'queued' });
    const Body = 'a native dump';
    await s3.send(new PutObjectCommand({ Bucket: 'staging-of-globex', Key: 'dumps/by-hand.bak', Body }));
    // Its next try would come by the watch, some minutes later.
    await stack.ledger.updateBackup({ ...waiting, copy: { ...waiting.copy, notBefore: now } });
    await stack.invoke(stack.outputs.CopyFunctionName ?? '', {});
    const { copy } = await eventually('the copied dump', async () =>
      (await rowsOf('globex-crm')).find(({ id, copy }) => id === 'by-hand' && copy.state === 'complete'),
    );
    expect(copy).toMatchObject({ objects: 1, bytes: Body.length });
    const { Contents = [] } = await s3.send(
      new ListObjectsV2Command({ Bucket: copy.bucket, Prefix: `${copy.prefix}/` }),
    );
    const { Body: copied } = await s3.send(new GetObjectCommand({ Bucket: copy.bucket, Key: Contents[0]?.Key }));
    expect(await copied?.transformToString()).toBe(Body);
  });

  it('opens at once when a job of AWS Backup fails: its event leads to the job, and that to the tenant', async () => {
    const { rds } = stack.stage;
    const { acme } = stack.inboxes;
    rds.startBackupJob('acme-ledger', { ends: 'FAILED', durationMinutes: 0, message: 'Access denied to the vault' });
    await rds.settle();
    await eventually('acme notified', async () => (await acme.read()).length > 0);
    expect(acme.received).toMatchObject([
      {
        subject: 'WARNING acme: 1 database with a failed backup job (acme-ledger)',
        attributes: { tenant: 'acme', severity: 'warning', kind: 'backup-missing', audience: 'tenant' },
        body: { databases: [{ cause: { code: 'aws-backup-job-failed', facts: { state: 'FAILED' } } }] },
      },
    ]);
    const [alert] = await collect(stack.ledger.openAlerts());
    expect(alert?.cause).toMatchObject({ facts: { message: 'Access denied to the vault' } });
    acme.received.length = 0;
  });

  it('opens at once when automated backups are switched off', async () => {
    const { rds } = stack.stage;
    const { acme } = stack.inboxes;
    // RDS deletes the automated backups there are, so nothing is left to restore from.
    rds.setRetention('acme-orders', 0);
    await rds.settle();
    await eventually('acme notified', async () => (await acme.read()).length > 0);
    expect(acme.received).toMatchObject([
      {
        subject: 'CRITICAL acme: 1 database with backups disabled (acme-orders)',
        attributes: { tenant: 'acme', severity: 'critical', kind: 'backup-missing', audience: 'tenant' },
      },
    ]);
  });

  it('of a second tenant within six hours is a digest for operators', async () => {
    const { globex, operators } = stack.inboxes;
    await operators.read();
    await eventually('the confirmation of the first', async () => {
      const [first] = await collect(stack.ledger.openAlerts());
      return first !== undefined && first.pending === undefined;
    });
    stack.stage.rds.setRetention('globex-shop', 0);
    await stack.stage.rds.settle();
    const isDigest = ({ attributes }: Received) => attributes.kind === 'digest';
    await eventually('the digest', async () => (await operators.read()).some(isDigest));
    expect((await globex.read()).map(({ attributes }) => attributes.audience)).toEqual(['tenant']);
  });

  it('of many tenants is one digest for operators with the list in S3, and each tenant’s own message', async () => {
    const { acme, globex, operators } = stack.inboxes;
    await operators.read();
    const before = [acme.received.length, globex.received.length] as const;
    await stack.sweep({ mode: 'watch', at: later(20), dryRun: false });
    await eventually('both tenants notified', async () => {
      await Promise.all([acme.read(), globex.read()]);
      return acme.received.length > before[0] && globex.received.length > before[1];
    });
    expect(JSON.stringify(acme.received)).not.toContain('globex');
    const news = await operators.read();
    expect(news.map(({ attributes }) => attributes.kind)).toEqual(['digest']);
    const s3 = new S3Client({ ...stack.stage.client, forcePathStyle: true });
    const lists = await s3.send(
      new ListObjectsV2Command({ Bucket: stack.outputs.ReportBucketName, Prefix: 'alerts/' }),
    );
    expect(lists.KeyCount).toBe(2);
  });
});

describe('the command line', () => {
  const cli = (...args: string[]) => commandLine(stack.stage, ...args);

  it.each([
    ['status', 1, 'UNPROTECTED'],
    ['tenant acme', 0, 'acme-orders'],
    ['database globex-crm', 0, 'by-hand'],
    ['backups --tenant acme --kind automated', 0, 'rds:acme-orders-'],
    ['alerts --open', 0, 'acme-orders'],
    ['copies --state complete', 0, 'by-hand'],
    ['sweep --dry-run', 0, 'nothing was written'],
    ['events missed', 0, 'rds:globex-shop-'],
    ['evidence --from 2020-01-01 --to 2099-12-31 --tenant globex', 0, 'globex'],
    ['tenant acmee', 2, 'Did you mean "acme"?'],
    ['database acme-order', 2, 'Did you mean "acme-orders"?'],
  ])('%s', async (line, code, said) => {
    const answer = await cli(...line.split(' '));
    expect({ ...answer, said: (answer.out + answer.err).includes(said) }).toMatchObject({ code, said: true });
  });

  it('acknowledges an alert, so that everybody sees who looks after it', async () => {
    const { code } = await cli('alert', 'ack', 'acme-orders', '--note', 'on it');
    expect(code).toBe(0);
    const { out } = await cli('alerts', '--open', '--json');
    const alerts = JSON.parse(out) as { database: string; acknowledged: { note: string } | null }[];
    expect(alerts.find(({ database }) => database === 'acme-orders')?.acknowledged?.note).toBe('on it');
  });

  it('finds the deployment whole, and the dead letter in it', async () => {
    const { out } = await cli('doctor', '--json');
    const findings = JSON.parse(out) as { check: string; kind: string }[];
    const of = (kind: string) => findings.filter((finding) => finding.kind === kind).map(({ check }) => check);
    expect(of('unread')).toEqual([]);
    expect(of('problem')).toContain('dead letters');
    expect(of('ok')).toEqual(expect.arrayContaining(['credentials', 'stack', 'configuration', 'key', 'roles']));
  });
});

describe('IAM', () => {
  beforeAll(async () => {
    // What no test above makes `record` do: look at a cluster that was stopped, ask when it was started, and who switched over.
    const { rds, aws } = stack.stage;
    const looked = (wanted: string) =>
      eventually(`record's ${wanted}`, async () =>
        (await readTrail(aws)).some(
          ({ role, action }) => role === hubRoleName('record', stack.stage.region) && action === `rds:${wanted}`,
        ),
      );
    rds.stop('acme-ledger');
    await rds.settle();
    await looked('DescribeDBClusters');
    await eventually('the stop in the ledger', async () => {
      const { out } = await commandLine(stack.stage, 'database', 'acme-ledger', '--json');
      return /"stops":\s*\[/.test(out);
    });
    rds.start('acme-ledger');
    const [blue, green] = ['blue', 'green'].map((id) => rds.createInstance({ id, created: ago(1000) }));
    if (blue && green) rds.switchOver(blue, green);
    await rds.settle();
    await looked('DescribeEvents');
    await looked('DescribeBlueGreenDeployments');
    // Of a multi-tenant instance whose tag names its tenants: what its snapshots hold.
    const tags = { 'backup-tenant': 'acme globex', 'backup-copy': 'none' };
    rds.createInstance({ id: 'pool', engine: 'oracle-ee-cdb', created: ago(1000), tenantDatabases: ['ACME'], tags });
    rds.takeBackup('pool', { durationMinutes: 0 });
    await rds.settle();
    await eventually('the row of the pool', async () => (await rowsOf('pool'))[0]);
    rds.stop('pool');
    await rds.settle();
    await looked('DescribeDBSnapshotTenantDatabases');
    // Young databases that would enrol, unless they are restore tests: of one AWS Backup's event says so, of the other nobody.
    const drill = rds.createInstance({ id: 'drill', tags: { 'backup-tenant': 'globex' } });
    rds.endRestoreJob(drill, 'arn:aws:backup:eu-west-1:123456789012:restore-testing-plan:weekly');
    await rds.settle();
    rds.createInstance({ id: 'newcomer', tags: { 'backup-tenant': 'globex', 'backup-copy': 'none' } });
    for (const id of ['drill', 'newcomer']) rds.takeBackup(id, { durationMinutes: 0 });
    await rds.settle();
    await eventually('the restore test in the ledger', async () => {
      const { out } = await commandLine(stack.stage, 'backups', '--database', 'drill', '--json');
      return /"drill"/.test(out);
    });
  });

  it('a database that a restore testing plan restored is nobody’s, with its backups', async () => {
    const swept = await commandLine(stack.stage, 'sweep', '--json');
    expect(JSON.parse(swept.out)).toMatchObject({ restoreTests: ['drill'], complete: true });
    const { out } = await commandLine(stack.stage, 'backups', '--database', 'drill', '--json');
    expect(JSON.parse(out)).toMatchObject([{ database: 'drill', tenant: null }]);
    const newcomer = await commandLine(stack.stage, 'backups', '--database', 'newcomer', '--json');
    expect(JSON.parse(newcomer.out)).toMatchObject([{ database: 'newcomer', tenant: 'globex' }]);
  });

  it('has refused nothing that the functions did', async () => {
    const refused = (await readTrail(stack.stage.aws)).filter((decision) => decision.refused);
    expect(refused).toEqual([]);
  });

  it('allows no role an action that was not seen to be used, but for those that cannot be seen here', async () => {
    const allowed = await allowedActions(stack.stage);
    const used = new Set((await readTrail(stack.stage.aws)).map(({ role, action }) => `${role} ${action}`));
    const unused = allowed.filter(({ role, action }) => !used.has(`${role} ${action}`) && !unseenReason(role, action));
    expect(unused.map(({ role, action }) => `${partOf(role)} ${action}`)).toEqual([]);
  });

  it('fails clearly where one grant is taken away', async () => {
    const iam = new IAMClient(stack.stage.client);
    const lambda = new LambdaClient(stack.stage.client);
    const { Role = '' } = await lambda.send(
      new GetFunctionConfigurationCommand({ FunctionName: stack.outputs.SweepFunctionName ?? '' }),
    );
    const RoleName = Role.split('/').at(-1) ?? '';
    const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
    const PolicyName = PolicyNames[0] ?? '';
    const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
    const whole = decodeURIComponent(PolicyDocument);
    const without = whole.replaceAll('rds:DescribeDBClusters', 'rds:DescribeNothing');
    expect(without).not.toBe(whole);
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: without }));
    try {
      const report = await stack.sweep({ dryRun: true });
      expect(report.complete).toBe(false);
      expect(report.errors.join()).toMatch(
        /clusters could not be listed to the end: .*not authorized.*DescribeDBClusters/,
      );
      const cluster = report.databases.find(({ database }) => database === 'acme-ledger');
      expect(cluster?.verdict).toBe('unknown');
    } finally {
      await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument: whole }));
    }
  });
});

describe('people with the rights that docs/operating.md lists', () => {
  const [toRead = '', toAct = '', toExamine = ''] = documentedPolicies;
  const folder = mkdtemp(join(tmpdir(), 'rds-backup-ledger-people-'));
  afterAll(async () => rm(await folder, { recursive: true }));

  it('can read everything with the first part, and see which right is missing for more', async () => {
    const auditor = await personWith(stack.stage, 'auditor', [toRead]);
    const out = join(await folder, 'report.html');
    const lines = [
      'status',
      'tenant acme',
      'database globex-crm',
      'backups --tenant globex',
      'alerts',
      'copies',
      'events missed',
      'evidence --from 7d',
      `report --out ${out}`,
      `report --last --out ${out}`,
      'config plan --observed',
      'tenant acmee',
    ];
    for (const line of lines) {
      const { code, out, err } = await auditor(line);
      expect({ line, refused: (out + err).match(/.*right.*missing.*/)?.[0], failed: code === 2 }).toEqual({
        line,
        refused: undefined,
        failed: line === 'tenant acmee',
      });
    }
    expect((await auditor('alert ack acme-orders')).err).toMatch(
      /^The right dynamodb:PutItem .*is missing for arn:aws:sts::\d+:assumed-role\/auditor\/ann: ask for it/,
    );
  });

  it('can do everything with all parts, each action of which is used', async () => {
    const operator = await personWith(stack.stage, 'operator', [toRead, toAct, toExamine]);
    // Its automated backups are still there: a cluster's cannot be switched off.
    const [{ id } = { id: '' }] = await rowsOf('acme-ledger');
    for (const line of ['alert ack acme-orders', 'alert snooze acme-orders', 'sweep --dry-run', `copy retry ${id}`]) {
      expect({ line, ...(await operator(line)) }).toMatchObject({ line, code: 0, err: '' });
    }
    const stateOf = async () => (await rowsOf('acme-ledger')).find((row) => row.id === id)?.copy.state;
    await eventually('the export', async () => (await stateOf()) === 'running');
    expect(await operator(`copy cancel ${id}`)).toMatchObject({ code: 0, err: '' });
    await stack.stage.rds.advanceBy({ minutes: 2 });
    await eventually('its end', async () => (await stateOf()) === 'cancelled');
    // Two things that it asks the auditor's rights for, too.
    await Promise.all([operator('status'), operator(`report --last --out ${join(await folder, 'last.html')}`)]);
    expect((await operator('doctor')).out).not.toContain('could not be read');

    const own = (await readTrail(stack.stage.aws)).filter(({ role }) => role === 'operator');
    expect(own.filter(({ refused }) => refused)).toEqual([]);
    const used = new Set(own.map(({ action }) => action));
    // The local AWS does not ask for rights on the key of a table or a bucket, and has no message sandbox to ask about.
    const unseen = ['kms:Decrypt', 'kms:GenerateDataKey*', 'sns:GetSMSAttributes', 'sns:GetSMSSandboxAccountStatus'];
    const allowed = documentedPolicies.flatMap(actionsOf);
    expect(allowed.filter((action) => !used.has(action) && !unseen.includes(action))).toEqual([]);
  });
});
