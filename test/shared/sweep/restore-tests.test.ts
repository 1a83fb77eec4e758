/** What was restored for a test has the tags of its source, and is nobody's tenant. */
import { describe, expect, it } from 'vitest';
import { accessDenied } from '../../../local/rds/faults.ts';
import { publishDay } from '../../../shared/sweep/publish-day.ts';
import { makeWorld, rowOf } from '../../support/world.ts';

const tenant = { 'backup-tenant': 'acme' };
const aws = {
  ...tenant,
  'awsbackup-restore-test': 'arn:aws:backup:eu-west-1:123456789012:restore-testing-plan:weekly',
};
const awsId = 'awsbackup-restore-test-0fa1';

function given(discovery: object = {}, databases: object[] = []) {
  const world = makeWorld({
    now: '2026-11-20T12:00:00Z',
    config: {
      operators: [{ email: 'operators@example.com' }],
      discovery,
      tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance' }, ...databases] }],
    },
  });
  const orders = world.rds.createInstance({ id: 'orders', created: new Date('2026-10-01T00:00:00Z') });
  world.rds.takeBackup(orders, { kind: 'automated', at: new Date('2026-11-20T03:30:00Z') });
  /** A sweep as its handler runs it; answers with the lines of the digest about tags. */
  const sweep = async () => {
    const run = await world.sweep();
    const lines: string[] = [];
    const publisher = {
      publish: async ({ texts }: { texts: { email: unknown } }) => {
        const [, list = ''] = /^Changed by tag: .*\n((?: {2}.*\n)*)/m.exec(String(texts.email)) ?? [];
        lines.push(...list.split('\n').flatMap((line) => (line === '' ? [] : [line.trim()])));
      },
    };
    const reports = { put: async (name: string) => `https://reports.example/${name}` };
    const { ledger, state } = world;
    await publishDay({ ledger, ledgerName: 'the-ledger', fleet: state.fleet, publisher, reports }, run);
    return { ...run, lines };
  };
  return { ...world, sweep };
}

const proven: readonly (readonly [string, string, Record<string, string>, object])[] = [
  ["AWS Backup's name and tag", awsId, aws, {}],
  ["AWS Backup's name and tag, though exclusions are forbidden", awsId, aws, { allowExclusion: false }],
  [
    'our own tag, where exclusions are allowed',
    'drill',
    { ...tenant, 'backup-restore-test': 'quarterly drill' },
    { allowExclusion: true },
  ],
];

describe.each(proven)('a database proven by %s to be a restore test', (_, id, tags, discovery) => {
  it('is passed over for its first 8 days, told of once, and listed', async () => {
    const world = given(discovery);
    world.rds.createInstance({ id, tags, retention: 0 });
    const first = await world.sweep();
    expect(first.lines).toEqual([
      `${id}: a restore test with the tags of tenant acme: not watched for its first 8 days, unless the configuration lists it`,
    ]);
    expect(first.report).toMatchObject({ restoreTests: [id], unconfigured: [] });
    expect(first.report.databases.map(({ database }) => database)).toEqual(['orders']);
    expect((await rowOf(world, id)).tenant).toBeUndefined();
    await world.rds.advanceBy({ days: 7, hours: 23 });
    const later = await world.sweep();
    expect([later.lines, later.report.restoreTests]).toEqual([[], [id]]);
    expect(world.news().filter((one) => one.includes(id))).toEqual([]);
    await world.rds.advanceBy({ hours: 2 });
    const after = await world.sweep();
    expect(after.report.restoreTests).toEqual([]);
    expect(world.news()).toContain(`open ${id} disabled critical`);
  });

  it('ends without a word', async () => {
    const world = given(discovery);
    world.rds.createInstance({ id, tags, retention: 0 });
    await world.sweep();
    world.rds.delete(id);
    await world.rds.settle();
    await world.sweep();
    expect(world.news()).toEqual([]);
  });

  it('leaves nothing of its own to its source’s tenant', async () => {
    const world = given(discovery);
    const test = world.rds.createInstance({ id, tags });
    world.rds.takeBackup(test, { durationMinutes: 0 });
    await world.rds.settle();
    const [backup] = await world.ledger.backupsByArn(world.rds.snapshots(test)[0]?.arn ?? '');
    expect(backup).toMatchObject({ databaseId: id });
    expect(backup?.tenant).toBeUndefined();
  });
});

describe('a database that a restore testing plan restored', () => {
  const plan = 'arn:aws:backup:eu-west-1:123456789012:restore-testing-plan:weekly-1a2b';
  const refuseLists = (world: ReturnType<typeof given>) =>
    world.rds.onCall(({ action }) => (action === 'ListRestoreJobs' ? accessDenied(action) : undefined));
  const listed = async (world: ReturnType<typeof given>) => (await world.sweep()).report.restoreTests;

  it.each(['instance', 'cluster'] as const)(
    'is passed over for its first 8 days, whatever its name and tags: %s',
    async (kind) => {
      const world = given();
      const spec = { id: 'drill-7', tags: tenant, retention: kind === 'cluster' ? 1 : 0 };
      const test = kind === 'cluster' ? world.rds.createCluster(spec) : world.rds.createInstance(spec);
      world.rds.endRestoreJob(test, plan);
      expect(await listed(world)).toEqual(['drill-7']);
      expect((await rowOf(world, 'drill-7', kind)).tenant).toBeUndefined();
      await world.rds.advanceBy({ days: 7, hours: 23 });
      expect(await listed(world)).toEqual(['drill-7']);
      expect(world.news().filter((one) => one.includes('drill-7'))).toEqual([]);
      await world.rds.advanceBy({ hours: 2 });
      expect(await listed(world)).toEqual([]);
      expect((await rowOf(world, 'drill-7', kind)).tenant).toBe('acme');
    },
  );

  it('is told by the event alone, where the jobs may not be listed', async () => {
    const world = given();
    refuseLists(world);
    world.rds.endRestoreJob(world.rds.createInstance({ id: 'drill-7', tags: tenant, retention: 0 }), plan);
    await world.rds.advanceBy({ minutes: 6 });
    expect(await rowOf(world, 'drill-7')).toMatchObject({ restoreTestingPlan: plan });
    for (let n = 0; n < 2; n += 1) expect(await listed(world)).toEqual(['drill-7']);
    expect((await rowOf(world, 'drill-7')).tenant).toBeUndefined();
    expect(world.news()).toEqual([]);
  });

  it('is told by the event, though it had enrolled already', async () => {
    const world = given();
    const test = world.rds.createInstance({ id: 'drill-7', tags: tenant });
    expect(await listed(world)).toEqual([]);
    expect((await rowOf(world, 'drill-7')).tenant).toBe('acme');
    refuseLists(world);
    world.rds.endRestoreJob(test, plan);
    await world.rds.advanceBy({ minutes: 6 });
    expect((await rowOf(world, 'drill-7')).tenant).toBeUndefined();
    expect(await listed(world)).toEqual(['drill-7']);
  });

  it('leaves its backups to nobody, though its events come first', async () => {
    const world = given();
    const test = world.rds.createInstance({ id: 'drill-7', tags: tenant });
    world.rds.endRestoreJob(test, plan);
    world.rds.takeBackup(test, { durationMinutes: 0 });
    await world.rds.advanceBy({ minutes: 6 });
    const [backup] = await world.ledger.backupsByArn(world.rds.snapshots(test)[0]?.arn ?? '');
    expect(backup).toMatchObject({ databaseId: 'drill-7' });
    expect(backup?.tenant).toBeUndefined();
  });

  it('is told from what was restored to stay', async () => {
    const world = given();
    world.rds.endRestoreJob(world.rds.createInstance({ id: 'orders-2', tags: tenant }));
    await world.rds.advanceBy({ minutes: 6 });
    expect(await listed(world)).toEqual([]);
    expect((await rowOf(world, 'orders-2')).tenant).toBe('acme');
  });

  it('costs two calls, and none where no young database would enrol', async () => {
    const world = given();
    await world.sweep();
    expect(world.rds.calls('ListRestoreJobs')).toBe(0);
    world.rds.createInstance({ id: 'young', tags: tenant });
    expect((await world.sweep()).row.apiCalls).toMatchObject({ ListRestoreJobs: 2 });
  });
});

describe('a database is no restore test', () => {
  it.each([
    ["by AWS Backup's tag alone", aws, []],
    [
      'by our own tag, where exclusions are not allowed',
      { ...tenant, 'backup-restore-test': 'drill' },
      [
        expect.stringContaining(
          'tag backup-restore-test is "drill"; it is not honoured, since discovery.allowExclusion is not set',
        ),
      ],
    ],
  ] as const)('%s: it enrols', async (_, tags, says) => {
    const world = given();
    world.rds.createInstance({ id: 'crm', tags });
    const { report, lines } = await world.sweep();
    expect(report.restoreTests).toEqual([]);
    expect(report.databases.map(({ database }) => database)).toContain('crm');
    expect(lines).toEqual(says);
  });

  it('that is older than 8 days when it is first seen', async () => {
    const world = given();
    world.rds.createInstance({ id: awsId, tags: aws, created: new Date('2026-11-12T11:00:00Z') });
    const { report } = await world.sweep();
    expect(report.databases.map(({ database }) => database)).toContain(awsId);
  });

  it('that the configuration lists', async () => {
    const world = given({}, [{ id: awsId, kind: 'instance' }]);
    world.rds.createInstance({ id: awsId, tags: aws });
    const { report } = await world.sweep();
    expect(report).toMatchObject({ restoreTests: [], unconfigured: [] });
    expect(report.databases.map(({ database }) => database)).toContain(awsId);
  });

  it('that nobody tagged for a tenant: it is unconfigured', async () => {
    const world = given();
    world.rds.createInstance({ id: awsId, tags: { 'awsbackup-restore-test': 'weekly' } });
    const { report } = await world.sweep();
    expect(report).toMatchObject({ restoreTests: [], unconfigured: [awsId] });
  });
});

it('a database that had enrolled and is proven a restore test later is passed over, and said to be one', async () => {
  const world = given();
  world.rds.createInstance({ id: awsId, tags: tenant, retention: 0 });
  await world.sweep();
  world.rds.setTags(awsId, aws);
  const { lines } = await world.sweep();
  expect(lines).toEqual([
    `${awsId} (acme): a restore test with the tags of tenant acme: not watched for its first 8 days, unless the configuration lists it`,
  ]);
});
