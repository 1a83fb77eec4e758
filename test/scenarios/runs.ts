/** What several databases, or none, make of a name or a tenant: each row is a run, or an event. */
import type { World } from '../support/world.ts';
import type { RunScenario } from './run-scenario.ts';
import { t } from './scenario.ts';

const operators = [{ email: 'operators@example.com' }];
const orders = { id: 'orders', kind: 'instance' };
const configOf = (databases: object[], more: object = {}) => ({
  operators,
  tenants: [{ id: 'acme', databases }],
  ...more,
});
const listed = configOf([orders]);

const longAgo = t('10 Jan 09:00');

/** A healthy instance. */
function healthy(world: World, id = 'orders', spec: object = {}) {
  const database = world.rds.createInstance({ id, created: longAgo, window: '04:00-04:30', ...spec });
  world.rds.takeBackup(database, { kind: 'automated', at: t('23 Nov 04:10'), durationMinutes: 5 });
  return database;
}

const missing = {
  verdict: 'missing',
  severity: 'critical',
  cause: 'not-in-rds',
  reason: 'had while it was watched: correct its name or kind in the configuration',
  alert: 'open critical',
} as const;

/** A copy that was made elsewhere of a database that had the name there. */
const receives =
  (copy: Partial<Parameters<World['rds']['receiveCopy']>[0]>) =>
  async ({ rds }: World) => {
    rds.receiveCopy({ id: 'from-elsewhere', of: { name: 'orders' }, taken: t('23 Nov 03:30'), ...copy });
    await rds.settle();
  };

const foreignCopies: readonly RunScenario[] = [
  {
    title: 'A copy from another Region bears the name of a database that was never here: missing, not deleted',
    config: listed,
    given: receives({ fromRegion: 'us-east-1' }),
    expect: missing,
  },
  {
    title: 'A copy from another account bears the name of a cluster that was never here',
    config: configOf([{ id: 'ledger', kind: 'cluster' }]),
    given: receives({ fromAccount: '210987654321', of: { name: 'ledger', kind: 'cluster' } }),
    about: { database: 'ledger', kind: 'cluster' },
    expect: { ...missing, reason: 'RDS has no cluster ledger' },
  },
  {
    title: 'A copy job of AWS Backup brought the copy, of which RDS names no source',
    config: listed,
    given: receives({ id: 'awsbackup:copyjob-1a2b3c4d' }),
    expect: missing,
  },
  {
    title: 'Somebody creates a database under the name that such a copy bears: nothing had it before',
    config: listed,
    given: async (world) => {
      await receives({ fromRegion: 'us-east-1' })(world);
      await world.sweep();
      world.rds.createInstance({ id: 'orders', created: t('23 Nov 11:00') });
    },
    expect: {
      verdict: 'new',
      severity: 'info',
      cause: 'first-backup-expected',
      notes: [],
      reason: 'Created 1 h ago',
      alert: 'resolve critical',
    },
  },
  {
    title: 'A copy of this morning from another Region makes no backup of the database that has the name here',
    config: listed,
    given: async (world) => {
      world.rds.createInstance({ id: 'orders', created: longAgo, retention: 0 });
      await receives({ fromRegion: 'us-east-1' })(world);
    },
    expect: {
      verdict: 'disabled',
      severity: 'critical',
      cause: 'backups-disabled',
      reason: 'There is no backup at all',
      alert: 'open critical',
    },
  },
  {
    title: 'A copy of its own backup came back from another Region, and the database was deleted: it was here',
    config: listed,
    given: async (world) => {
      const { resourceId } = healthy(world);
      await world.sweep();
      await receives({ fromRegion: 'us-east-1', resourceId })(world);
      await world.rds.advanceBy({ hours: 1 });
      world.rds.delete('orders');
    },
    run: ({ rds }) => rds.settle(),
    expect: {
      verdict: 'deleted',
      severity: 'warning',
      cause: 'deleted-or-renamed',
      reason: 'RDS no longer has it',
      alert: 'open warning',
    },
  },
  {
    title: 'A copy that was made here shows that the database was here, though the ledger never met it',
    config: listed,
    given: receives({ id: 'kept' }),
    expect: {
      verdict: 'deleted',
      severity: 'warning',
      cause: 'deleted-or-renamed',
      reason: 'RDS no longer has it',
      alert: 'open warning',
    },
  },
];

const tags = { 'backup-tenant': 'acme' };
const plan = 'arn:aws:backup:eu-west-1:123456789012:restore-testing-plan:weekly-1a2b';
const ofAwsBackup = { 'awsbackup-restore-test': plan };
const drill = { database: 'drill' };
const discovery = (more: object = {}) => configOf([orders], { discovery: more });

const restores = (spec: object, testingPlan?: string) => async (world: World) => {
  healthy(world);
  const database = world.rds.createInstance({ id: 'drill', tags, retention: 0, ...spec });
  if (testingPlan !== undefined) world.rds.endRestoreJob(database, testingPlan);
  await world.rds.advanceBy({ minutes: 6 });
};

const passedOver = {
  verdict: null,
  severity: 'info',
  cause: 'restore-test',
  reason: 'not watched for its first 8 days, unless the configuration lists it',
  alert: 'none',
} as const;
const enrolled = {
  verdict: 'new',
  severity: 'info',
  cause: 'first-backup-expected',
  reason: 'Automated backups are off',
  alert: 'none',
} as const;

const restoreTests: readonly RunScenario[] = [
  {
    title:
      "A restore testing plan restored it, and it has its source's tags: nobody's, and operators are notified once",
    config: discovery(),
    given: restores({}, plan),
    about: drill,
    expect: passedOver,
  },
  {
    title: "It has the name and the tag that AWS Backup gives restore tests, besides its source's",
    config: discovery(),
    given: restores({ id: 'awsbackup-restore-test-0fa1', tags: { ...tags, ...ofAwsBackup } }),
    about: { database: 'awsbackup-restore-test-0fa1' },
    expect: passedOver,
  },
  {
    title: 'Its tag calls it a restore test, and the configuration allows exclusions by tag',
    config: discovery({ allowExclusion: true }),
    given: restores({ tags: { ...tags, 'backup-restore-test': 'quarterly drill' } }),
    about: drill,
    expect: passedOver,
  },
  {
    title: 'Its tag calls it a restore test, and the configuration allows no exclusions by tag: watched',
    config: discovery(),
    given: restores({ tags: { ...tags, 'backup-restore-test': 'quarterly drill' } }),
    about: drill,
    expect: enrolled,
  },
  {
    title: 'It has the name that AWS Backup gives restore tests, and not their tag: watched',
    config: discovery(),
    given: restores({ id: 'awsbackup-restore-test-0fa1' }),
    about: { database: 'awsbackup-restore-test-0fa1' },
    expect: enrolled,
  },
  {
    title: 'A restore testing plan restored it, and the configuration lists it: watched',
    config: configOf([orders, { id: 'drill', kind: 'instance' }], { discovery: {} }),
    given: restores({}, plan),
    about: drill,
    expect: enrolled,
  },
  {
    title: 'A restore test that is still there after 8 days: watched as any other',
    config: discovery(),
    given: async (world) => {
      await restores({}, plan)(world);
      await world.sweep();
      await world.rds.advanceBy({ days: 8 });
    },
    about: drill,
    expect: {
      verdict: 'disabled',
      severity: 'critical',
      cause: 'backups-disabled',
      reason: 'Automated backups are off',
      alert: 'open critical',
    },
  },
];

const green = 'orders-green-1a2b3c';

/** A green database beside the blue one, which takes its name in a moment. */
const withGreen =
  (spec: object = {}, backedUp = false) =>
  async (world: World) => {
    healthy(world);
    const database = world.rds.createInstance({ id: green, created: t('22 Nov 08:00'), ...spec });
    if (backedUp) world.rds.takeBackup(database, { kind: 'automated', at: t('23 Nov 05:00'), durationMinutes: 5 });
    await world.sweep();
    await world.rds.advanceBy({ minutes: 10 });
  };
const switches = async ({ rds }: World) => {
  rds.switchOver('orders', green);
  await rds.settle();
};
const announces = (status: string) => async (world: World) => {
  world.rds.setStatus('orders', status);
  await world.rds.settle();
};

const events: readonly RunScenario[] = [
  {
    title: 'A blue/green switchover: the green database has the name now, and no backup yet',
    config: listed,
    given: withGreen({ created: t('23 Nov 11:00') }),
    run: switches,
    expect: {
      verdict: 'new',
      severity: 'info',
      cause: 'first-backup-expected',
      reason: 'Created 1 h 10 min ago, not backed up yet',
      alert: 'none',
    },
  },
  {
    title: 'A blue/green switchover to a green database that was backed up before: protected',
    config: listed,
    given: withGreen({}, true),
    run: switches,
    expect: {
      verdict: 'protected',
      severity: 'info',
      cause: null,
      reason: '7 h 10 min old',
      alert: 'none',
    },
  },
  {
    title: 'A blue/green switchover to a green database without automated backups: notified when it happens',
    config: listed,
    given: withGreen({ retention: 0 }),
    run: switches,
    expect: {
      verdict: 'disabled',
      severity: 'critical',
      cause: 'backups-disabled',
      reason: 'set a retention of 1 day or more',
      alert: 'open critical',
    },
  },
  {
    title: 'The blue database of a switchover that was overdue: its alert ends, since another one has its name',
    config: listed,
    given: async (world) => {
      world.rds.createInstance({ id: 'orders', created: longAgo, retention: 0 });
      world.rds.createInstance({ id: green, created: t('23 Nov 11:00') });
      await world.sweep();
      await world.rds.advanceBy({ minutes: 10 });
    },
    run: switches,
    about: { database: 'orders-old1' },
    expect: {
      verdict: null,
      severity: 'info',
      cause: 'left-configuration',
      reason: 'no longer configured',
      alert: 'resolve critical',
    },
  },
  {
    title: 'RDS announces that it cannot use the key: notified at once',
    config: listed,
    given: (world) => {
      healthy(world);
      return world.sweep();
    },
    run: announces('inaccessible-encryption-credentials-recoverable'),
    expect: {
      verdict: 'inaccessible',
      severity: 'critical',
      cause: 'encryption-key-inaccessible',
      reason: 'Enable the key',
      alert: 'open critical',
    },
  },
  {
    title: 'RDS announced that the storage is full, and a quarter of an hour later it still is',
    config: listed,
    given: async (world) => {
      healthy(world);
      await world.sweep();
      await announces('storage-full')(world);
      await world.rds.advanceBy({ minutes: 15 });
    },
    run: (world) => world.watch(),
    expect: {
      verdict: 'protected',
      severity: 'warning',
      cause: 'status-prevents-backups',
      reason: 'storage-full',
      alert: 'open warning',
    },
  },
];

const acme = { tenant: 'acme' };
const unwatched = { verdict: null, severity: 'warning', cause: 'tenant-unwatched', alert: 'open warning' } as const;
const excluded = { ...orders, excluded: 'nobody needs it' };

const tenants: readonly RunScenario[] = [
  {
    title: 'A tenant that lists no database',
    config: configOf([]),
    about: acme,
    expect: { ...unwatched, reason: 'none has enrolled itself by tag. Configure a database of the tenant' },
  },
  {
    title: 'A tenant whose databases are all excluded',
    config: configOf([excluded]),
    given: (world) => healthy(world),
    about: acme,
    expect: { ...unwatched, reason: 'Its one database does not count: orders (excluded). Configure' },
  },
  {
    title: 'A tenant that has one database, which its tag excludes',
    config: configOf([], { discovery: { allowExclusion: true } }),
    given: (world) => healthy(world, 'lab', { tags: { ...tags, 'backup-exclude': 'a lab' } }),
    about: acme,
    expect: { ...unwatched, reason: 'lab (excluded)' },
  },
  {
    title: 'A tenant whose only database was deleted',
    config: listed,
    given: async (world) => {
      healthy(world);
      await world.sweep();
      world.rds.delete('orders');
    },
    about: acme,
    expect: { ...unwatched, reason: 'orders (deleted)' },
  },
  {
    title: 'A tenant without a database for longer than its maximum age',
    config: configOf([]),
    given: async (world) => {
      await world.sweep();
      await world.rds.advanceBy({ hours: 24, minutes: 1 });
    },
    run: (world) => world.watch(),
    about: acme,
    expect: { ...unwatched, severity: 'critical', alert: 'rise critical', reason: 'take the tenant out' },
  },
  {
    title: 'The exclusion of its database ends',
    config: configOf([excluded]),
    given: async (world) => {
      healthy(world);
      await world.sweep();
      world.configure(listed);
    },
    about: acme,
    expect: { ...unwatched, severity: 'info', alert: 'resolve warning', reason: 'a database is watched again' },
  },
];

export const runThemes: readonly { readonly name: string; readonly scenarios: readonly RunScenario[] }[] = [
  { name: 'Copies from another account or Region', scenarios: foreignCopies },
  { name: 'Restored for a test', scenarios: restoreTests },
  { name: 'When events announce it', scenarios: events },
  { name: 'Tenants without a database that is watched', scenarios: tenants },
];
