/**
 * Databases that enrol themselves by tag. Tags come from whoever may tag: each value is checked here, what is wrong with
 * one, or not allowed, is a problem that operators are notified of, and none stops the sweep.
 */

import {
  arnsOf,
  type CopyMode,
  type DatabaseKey,
  type DatabaseName,
  type DatabaseRow,
  formatName,
  nameOf,
  type RdsDatabase,
} from '../domain/index.ts';
import { exportsIn } from './export-regions.ts';
import { maxAgeHoursField, tenantIdField } from './file-schema.ts';
import { type ConfiguredDatabase, type Discovery, type Fleet, fleetEnvironment, type Tenant } from './fleet.ts';
import { databasePrefix, stackBucketName } from './names.ts';
import { isAwsRestoreTest, isYoungAsRestoreTest, restoreTestTag } from './restore-tests.ts';
import { sharedKeys } from './staging-keys.ts';

export const maxAgeTag = 'backup-max-age-hours';
const copyTag = 'backup-copy';
export const excludeTag = 'backup-exclude';

export interface Enrolment {
  /** The listed databases, then the discovered ones. */
  readonly databases: readonly ConfiguredDatabase[];
  /** The listed tenants, then those that only tags name; operators are notified of the latter. */
  readonly tenants: readonly Tenant[];
  /** Ids of databases that RDS has and nobody configured, without restore tests. */
  readonly unconfigured: readonly string[];
  /** Ids of databases that would enrol and are passed over, since they are restore tests. */
  readonly restoreTests: readonly string[];
  /** What was read in the tags of databases that the configuration does not list; none where discovery is off. */
  readonly tags: ReadonlyMap<DatabaseKey, TagReading>;
  /** Tags that say something which is not followed, each with what is done instead; and dumps that are not copied. */
  readonly problems: readonly string[];
}

/** What was read in the tags of one database, beside what its entry says. */
export interface TagReading {
  /** What applies where they say nothing. */
  readonly defaults: { readonly maxAgeHours: number; readonly copyMode: CopyMode };
  /** What is not followed. */
  readonly problems: readonly TagProblem[];
  /** The tenant as whose it would enrol, where it is passed over as a restore test. */
  readonly restoreTestOf?: string;
}

export interface TagProblem {
  /** What the tag says: `tag backup-copy is "glacier"`. */
  readonly claim: string;
  /** Why that is not followed, and what applies. */
  readonly answer: string;
}

/** What the ledger knows of the owners of a database. */
export type KnownOwner = Pick<DatabaseRow, 'key' | 'tenant' | 'enrolledBy' | 'formerOwners' | 'restoreTestingPlan'>;

/** What tells restore tests from others. */
export interface RestoreTests {
  readonly now: Date;
  /** ARNs of what AWS Backup's restore testing plans have restored, in lower case. */
  readonly restored: ReadonlySet<string>;
}

/**
 * The databases to evaluate: those the configuration lists, and those that enrol by tag. A listed database wins over its
 * tags. `known` are rows of the ledger: where tags may not take a database from its tenant, it stays there. Restore tests are
 * passed over for their first 8 days; without `tests` nobody can say which ones those are.
 */
export function enrol(
  fleet: Fleet,
  databases: readonly RdsDatabase[],
  known: readonly KnownOwner[] = [],
  tests?: RestoreTests,
): Enrolment {
  const found = unlisted(fleet, databases);
  const { discovery } = fleet;
  // Tenant ids that differ only in case are one tenant, as in the file.
  const spelling = new Map(fleet.tenants.map(({ id }) => [id.toLowerCase(), id]));
  const spelled = (tenant: string) => spelling.get(tenant.toLowerCase()) ?? tenant;
  const knownBy = new Map(known.map((row) => [row.key, row]));
  const outcomes = found.map((database) => ({
    database,
    ...(discovery
      ? discover(fleet, discovery, database, { known: knownBy.get(database.key), spelled, tests })
      : { problems: [] }),
  }));
  const discovered = outcomes.flatMap((outcome) => outcome.configured ?? []);
  const listedTenants = new Set(fleet.tenants.map((tenant) => tenant.id));
  const byTagOnly = [...new Set(discovered.map((database) => database.tenant))].filter((id) => !listedTenants.has(id));
  const { policy, copy } = fleet.defaults;
  const defaults = { maxAgeHours: policy.maxAgeHours, copyMode: copy.mode };
  return {
    databases: [...fleet.databases, ...discovered],
    tenants: [
      ...fleet.tenants,
      ...byTagOnly.map((id) => ({ id, maxAgeHours: policy.maxAgeHours, recipients: fleet.operators })),
    ],
    unconfigured: outcomes.flatMap(({ database, configured, restoreTestOf }) =>
      configured || restoreTestOf !== undefined ? [] : [database.id],
    ),
    restoreTests: outcomes.flatMap(({ database, restoreTestOf }) => (restoreTestOf === undefined ? [] : [database.id])),
    tags: new Map(
      discovery
        ? outcomes.map(({ database: { key }, problems, restoreTestOf }) => [
            key,
            { defaults, problems, ...(restoreTestOf !== undefined && { restoreTestOf }) },
          ])
        : [],
    ),
    problems: [
      ...outcomes.flatMap(({ database: { kind, id }, problems }) =>
        problems.map((problem) => `${kind} ${id}: ${problemText(problem)}`),
      ),
      ...sharedDumps([...fleet.databases, ...discovered]),
    ],
  };
}

/** Whether some of these would enrol, and only AWS Backup's restore jobs can tell whether they are restore tests. */
export function mayBeRestoreTests(
  fleet: Fleet,
  databases: readonly RdsDatabase[],
  known: readonly KnownOwner[],
  now: Date,
): boolean {
  const { discovery } = fleet;
  if (discovery === undefined) return false;
  const proven = new Set(
    known.flatMap(({ key, restoreTestingPlan }) => (restoreTestingPlan === undefined ? [] : [key])),
  );
  return unlisted(fleet, databases).some(
    (database) =>
      database.tags[discovery.tenantTag] !== undefined &&
      isYoungAsRestoreTest(database, now) &&
      !isAwsRestoreTest(database) &&
      !proven.has(database.key),
  );
}

function unlisted(fleet: Fleet, databases: readonly RdsDatabase[]): RdsDatabase[] {
  const listed = new Set(fleet.databases.map(formatName));
  return databases.filter((database) => !listed.has(formatName(nameOf(database))));
}

/** Databases that enrolled themselves and whose dumps another database would take too: copies of neither are made. */
function sharedDumps(databases: readonly ConfiguredDatabase[]): string[] {
  const shared = sharedKeys(databases.filter(({ copy }) => copy.mode === 'object'));
  return [...shared].flatMap(([{ kind, id, copy, enrolledBy }, other]) =>
    enrolledBy === 'tag'
      ? [
          `${kind} ${id}: the key of its dumps, ${shown(copy.staging?.key ?? '')}, can be that of ${other.kind} ${other.id} (tenant ${other.tenant}) too; dumps of neither are copied until defaults.copy.staging.key tells them apart`,
        ]
      : [],
  );
}

/** A problem as one sentence, to follow the name of its database. */
export function problemText({ claim, answer }: TagProblem): string {
  return `${claim}; ${answer}`;
}

interface Discovered {
  readonly configured?: ConfiguredDatabase;
  readonly problems: readonly TagProblem[];
  readonly restoreTestOf?: string;
}

function discover(
  fleet: Fleet,
  discovery: Discovery,
  database: RdsDatabase,
  {
    known,
    spelled,
    tests,
  }: {
    readonly known: KnownOwner | undefined;
    readonly spelled: (tenant: string) => string;
    readonly tests: RestoreTests | undefined;
  },
): Discovered {
  const { tags } = database;
  const owner = tenantOf(discovery, tags, known, spelled);
  if (owner.value === undefined) return { problems: owner.problems };
  const restoreTest = restoreTestOf(discovery, database, known, tests);
  if (restoreTest.value) return { problems: [], restoreTestOf: owner.value };
  const { policy, copy } = fleet.defaults;
  const maxAge = maxAgeOf(discovery, tags, policy.maxAgeHours);
  const mode = copyModeOf(discovery, tags, copy.mode, copy.staging !== undefined);
  const exclusion = exclusionOf(discovery, tags);
  return {
    configured: {
      ...enrolledWithoutTags(fleet, nameOf(database), owner.value),
      policy: { ...policy, maxAgeHours: maxAge.value },
      copy: { ...copy, mode: mode.value },
      ...(exclusion.value !== undefined && { excluded: exclusion.value }),
    },
    problems: [owner, restoreTest, maxAge, mode, exclusion].flatMap(({ problems }) => problems),
  };
}

/** A database that enrolled itself, with the defaults where nothing is known of its other tags. */
export function enrolledWithoutTags(fleet: Fleet, name: DatabaseName, tenant: string): ConfiguredDatabase {
  const { defaults } = fleet;
  const sharedTarget = fleetEnvironment(fleet, name)?.sharedTarget;
  return {
    ...name,
    tenant,
    policy: defaults.policy,
    copy: defaults.copy,
    target: {
      bucket: sharedTarget?.bucket ?? stackBucketName('shared', name),
      prefix: databasePrefix(sharedTarget?.prefix, tenant, name),
      owner: sharedTarget?.owner ?? name.account,
    },
    ...exportsIn(name.region, fleet.copies),
    ...(sharedTarget ? {} : { copySkipped: { code: 'no-shared-bucket', facts: {} } }),
    enrolledBy: 'tag',
  };
}

// What each tag says --------------------------------------------------------------------------------------------------

type Tags = RdsDatabase['tags'];

/** What applies, and what of a tag is not followed. */
interface Reading<T> {
  readonly value: T;
  readonly problems: readonly TagProblem[];
}

function refused<T>(value: T, claim: string, answer: string): Reading<T> {
  return { value, problems: [{ claim, answer }] };
}

function follow<T>(value: T): Reading<T> {
  return { value, problems: [] };
}

/** `tag backup-copy is "glacier"` */
function claimOf(tags: Tags, tag: string): string {
  return `tag ${tag} is ${shown(tags[tag] ?? '')}`;
}

/** Whose the database is; undefined where nobody watches it. */
function tenantOf(
  { tenantTag, allowRemoval, allowTenantChange }: Discovery,
  tags: Tags,
  known: KnownOwner | undefined,
  spelled: (tenant: string) => string,
): Reading<string | undefined> {
  const tagged = tags[tenantTag]?.trim();
  const enrolled = known?.enrolledBy === 'tag' ? known.tenant : undefined;
  if (tagged === undefined) {
    if (enrolled === undefined || allowRemoval) return follow(undefined);
    const answer = `discovery.allowRemoval is off. The database is watched on for tenant ${enrolled}`;
    return refused(spelled(enrolled), `tag ${tenantTag} was removed`, answer);
  }
  const parsed = tenantIdField.safeParse(tagged);
  if (!parsed.success) {
    // Nobody leaves by mistake.
    const applies = enrolled === undefined ? 'The database is not watched' : `It is watched on for tenant ${enrolled}`;
    return refused(
      enrolled && spelled(enrolled),
      claimOf(tags, tenantTag),
      `a tenant ${parsed.error.issues[0]?.message}. ${applies} until that is put right`,
    );
  }
  const tenant = spelled(parsed.data);
  // Also one that it belonged to until its tag was removed: two steps are no way around.
  const before = known && (known.tenant ?? known.formerOwners?.at(-1)?.tenant);
  if (allowTenantChange || before === undefined || before.toLowerCase() === tenant.toLowerCase()) return follow(tenant);
  const answer = `discovery.allowTenantChange is off. The database stays with tenant ${before}`;
  return refused(spelled(before), claimOf(tags, tenantTag), answer);
}

function maxAgeOf(discovery: Discovery, tags: Tags, standard: number): Reading<number> {
  const tag = tags[maxAgeTag];
  if (tag === undefined) return follow(standard);
  const claim = claimOf(tags, maxAgeTag);
  const limit = Math.max(discovery.maxAgeHoursLimit, standard);
  const hours = /^\d+(\.\d+)?$/.test(tag.trim()) ? Number(tag) : undefined;
  if (hours !== undefined && hours > standard && !discovery.allowLongerAge) {
    return refused(standard, claim, `discovery.allowLongerAge is off. The default of ${standard} applies`);
  }
  if (hours !== undefined && hours > limit) {
    return refused(limit, claim, `the most that a tag may ask for is ${limit}, and that applies`);
  }
  const parsed = maxAgeHoursField.safeParse(hours);
  if (parsed.success) return follow(parsed.data);
  const answer = `it must be a number of hours from 1 to ${limit}. The default of ${standard} applies`;
  return refused(standard, claim, answer);
}

function copyModeOf(discovery: Discovery, tags: Tags, standard: CopyMode, staged: boolean): Reading<CopyMode> {
  const tag = tags[copyTag];
  if (tag === undefined) return follow(standard);
  const claim = claimOf(tags, copyTag);
  const mode = tag.trim().toLowerCase();
  if (mode === 'none' && standard !== 'none' && !discovery.allowNoCopies) {
    return refused(standard, claim, `discovery.allowNoCopies is off. The default of ${standard} applies`);
  }
  if (mode === 'export' || mode === 'none' || (mode === 'object' && staged)) return follow(mode);
  const answer = `it must be export or none, or object where defaults.copy.staging is configured. The default of ${standard} applies`;
  return refused(standard, claim, answer);
}

/** Whoever may tag could silence alerts by a tag of ours, as by an exclusion. */
function restoreTestOf(
  { allowExclusion }: Discovery,
  database: RdsDatabase,
  known: KnownOwner | undefined,
  tests: RestoreTests | undefined,
): Reading<boolean> {
  if (tests === undefined || !isYoungAsRestoreTest(database, tests.now)) return follow(false);
  const byPlan = known?.restoreTestingPlan !== undefined || arnsOf(database).some((arn) => tests.restored.has(arn));
  if (byPlan || isAwsRestoreTest(database)) return follow(true);
  if (database.tags[restoreTestTag] === undefined) return follow(false);
  if (allowExclusion) return follow(true);
  const answer = 'it is not honoured, since discovery.allowExclusion is not set. The database is watched';
  return refused(false, claimOf(database.tags, restoreTestTag), answer);
}

function exclusionOf({ allowExclusion }: Discovery, tags: Tags): Reading<string | undefined> {
  const reason = tags[excludeTag]?.trim();
  if (reason === undefined) return follow(undefined);
  const claim = claimOf(tags, excludeTag);
  if (!allowExclusion) {
    const answer = 'it is not honoured, since discovery.allowExclusion is not set. The database is watched';
    return refused(undefined, claim, answer);
  }
  if (reason === '') return refused(undefined, claim, 'it must say why. The database is watched');
  return follow(clean(reason));
}

/** Text from outside, on one line. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function shown(text: string): string {
  return JSON.stringify(clean(text.length > 80 ? `${text.slice(0, 80)}...` : text));
}
