/**
 * Databases that enrol themselves by tag. Tags come from whoever may tag: each value is checked here, what is wrong with
 * one, or not allowed, is a problem that operators are notified of, and none stops the sweep.
 */

import { groupBy, uniqBy } from 'es-toolkit/array';
import {
  arnsOf,
  type CopyMode,
  type DatabaseKey,
  type DatabaseName,
  type DatabaseRow,
  databaseOfShare,
  formatName,
  isShare,
  isSharedOwner,
  nameOf,
  type RdsDatabase,
  sharedOwner,
} from '../domain/index.ts';
import { exportsIn } from './export-regions.ts';
import { maxAgeHoursField, tenantIdField } from './fields.ts';
import {
  type ConfiguredDatabase,
  type Discovery,
  type Fleet,
  fleetEnvironment,
  type Policy,
  type SharedTenant,
  type Tenant,
  tenantsDatabases,
} from './fleet.ts';
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
export type KnownOwner = Pick<
  DatabaseRow,
  'key' | 'tenant' | 'enrolledBy' | 'formerOwners' | 'restoreTestingPlan' | 'share'
>;

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
  const held = groupBy(
    known.filter(({ key, share }) => isShare(key) && share?.until === undefined),
    ({ key }) => databaseOfShare(key),
  );
  const outcomes = found.map((database) => ({
    database,
    ...(discovery
      ? discover(fleet, discovery, database, {
          known: knownBy.get(database.key),
          held: held[database.key] ?? [],
          spelled,
          tests,
        })
      : { problems: [] }),
  }));
  const discovered = outcomes.flatMap((outcome) => outcome.configured ?? []);
  const listedTenants = new Set(fleet.tenants.map((tenant) => tenant.id));
  const byTagOnly = [...new Set(tenantsDatabases(discovered).map((database) => database.tenant))].filter(
    (id) => !listedTenants.has(id),
  );
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
    held,
    spelled,
    tests,
  }: {
    readonly known: KnownOwner | undefined;
    /** The shares of it that the ledger knows. */
    readonly held: readonly KnownOwner[];
    readonly spelled: (tenant: string) => string;
    readonly tests: RestoreTests | undefined;
  },
): Discovered {
  const { tags } = database;
  const owners = ownersOf(discovery, database, { known, held, spelled });
  const owner = owners.value;
  if (owner === undefined) return { problems: owners.problems };
  const restoreTest = restoreTestOf(discovery, database, known, tests);
  if (restoreTest.value) return { problems: [], restoreTestOf: owner.id };
  const { policy, copy } = fleet.defaults;
  const maxAge = maxAgeOf(discovery, tags, policy.maxAgeHours);
  const mode = copyModeOf(discovery, tags, copy.mode, copy.staging !== undefined);
  const exclusion = exclusionOf(discovery, tags);
  const applies = { ...policy, maxAgeHours: maxAge.value };
  return {
    configured: {
      ...enrolledWithoutTags(fleet, nameOf(database), owner.id),
      policy: applies,
      ...(owner.tenants && { tenants: owner.tenants.map((tenant) => taggedTenant(fleet, tenant, applies)) }),
      copy: { ...copy, mode: mode.value },
      ...(exclusion.value !== undefined && { excluded: exclusion.value }),
    },
    problems: [owners, restoreTest, maxAge, mode, exclusion].flatMap(({ problems }) => problems),
  };
}

/** A tenant that a tag names, with the strictest promise of its own and of the database. */
function taggedTenant(fleet: Fleet, tenant: string, policy: Policy): SharedTenant {
  const listed = fleet.tenants.find(({ id }) => id === tenant);
  // What a tenant does not state is the default, which is no promise of its own.
  const own = listed && listed.maxAgeHours !== fleet.defaults.policy.maxAgeHours ? listed.maxAgeHours : undefined;
  const maxAgeHours = Math.min(own ?? policy.maxAgeHours, policy.maxAgeHours);
  return { tenant, policy: { ...policy, maxAgeHours }, enrolledBy: 'tag' };
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

/** Whose a database is: one tenant's, or that of several (`tenants`), and then its own. */
interface Owner {
  readonly id: string;
  readonly tenants?: readonly string[];
}

interface KnownOwners {
  readonly known: KnownOwner | undefined;
  readonly held: readonly KnownOwner[];
  readonly spelled: (tenant: string) => string;
}

/**
 * Whose the database is; undefined where nobody watches it. Several tenants stand in the tag separated by spaces: the values of
 * tags in RDS have no commas, and 256 characters (API reference of RDS, "Tag").
 */
function ownersOf(discovery: Discovery, database: RdsDatabase, owners: KnownOwners): Reading<Owner | undefined> {
  const { known, held, spelled } = owners;
  const names = (database.tags[discovery.tenantTag] ?? '').split(/\s+/).filter((name) => name !== '');
  const wasShared = known?.enrolledBy === 'tag' && known.tenant !== undefined && isSharedOwner(known.tenant);
  const areReadable = names.every((name) => tenantIdField.safeParse(name).success);
  // What is no list of tenants is perhaps the name of one, with a space in it.
  if (!wasShared && (names.length < 2 || !areReadable)) {
    const { value, problems } = tenantOf(discovery, database.tags, known, spelled);
    return { value: value === undefined ? undefined : { id: value }, problems };
  }
  const { tenantTag, allowRemoval, allowTenantChange } = discovery;
  const readable = names.filter((name) => tenantIdField.safeParse(name).success).map(spelled);
  const problems = names
    .filter((name) => !tenantIdField.safeParse(name).success)
    .map(
      (name): TagProblem => ({
        claim: `tag ${tenantTag} names ${shown(name)}`,
        answer: `a tenant ${tenantIdField.safeParse(name).error?.issues[0]?.message}. That one is not watched`,
      }),
    );
  const tenants = uniqBy(readable, (name) => name.toLowerCase());
  const isNamed = (tenant: string) => tenants.some((name) => name.toLowerCase() === tenant.toLowerCase());
  const before = held.flatMap(({ tenant }) => tenant ?? []).filter((tenant) => !isNamed(tenant));
  // A name that nobody can read may be one of those: nobody leaves by mistake.
  const staying = allowRemoval && areReadable ? [] : before;
  if (!allowRemoval && staying.length > 0) {
    problems.push({
      claim: `tag ${tenantTag} no longer names ${staying.join(', ')}`,
      answer: 'discovery.allowRemoval is off. The database is watched on for them',
    });
  }
  const all = [...tenants, ...staying];
  if (all.length === 0) return { value: undefined, problems };
  const formerly = known && !wasShared ? (known.tenant ?? known.formerOwners?.at(-1)?.tenant) : undefined;
  if (!allowTenantChange && formerly !== undefined && !isSharedOwner(formerly) && !isNamed(formerly)) {
    const answer = `discovery.allowTenantChange is off. The database stays with tenant ${formerly}`;
    return refused({ id: spelled(formerly) }, claimOf(database.tags, tenantTag), answer);
  }
  const [only, ...others] = all;
  // One that is left may be the only one: its history is that of the share.
  if (only !== undefined && others.length === 0 && !wasShared) return { value: { id: only }, problems };
  return { value: { id: sharedOwner(database.id), tenants: all }, problems };
}

/** Whose a database of one tenant is. */
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
