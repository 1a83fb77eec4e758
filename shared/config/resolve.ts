/** From the file as written to one entry a database with all that applies to it, and what only shows when all are seen together. */
import { groupBy, uniqBy } from 'es-toolkit/array';
import type { Recipient } from '../channels/index.ts';
import { type Environment, formatEnvironment, formatName, partitionOf, sharedOwner } from '../domain/index.ts';
import { exportsIn } from './export-regions.ts';
import {
  type BucketConfig,
  type DatabaseConfig,
  type EnvironmentConfig,
  type FileConfig,
  type TenantConfig,
  unreadableRecipient,
} from './file-schema.ts';
import type { ConfiguredDatabase, CopyPolicy, CopyTarget, Fleet, FleetEnvironment } from './fleet.ts';
import { bucketName, databasePrefix, stackBucketName, type Where } from './names.ts';
import { type Problem, pathText, quoted, repeats } from './problems.ts';
import { referencesOf, shareProblems, withTenants } from './shared-references.ts';
import { namesDatabase, sharedKeys } from './staging-keys.ts';

/** The fleet of a file, and its mistakes; with any mistake the fleet is not to be used. */
export function resolve(file: FileConfig, where: Where): { fleet: Fleet; problems: Problem[] } {
  const own = file.tenants.flatMap((tenant, t) =>
    tenant === null
      ? []
      : tenant.databases.flatMap((database, d) =>
          database === null ? [] : [entryOf(file, tenant, database, ['tenants', t, 'databases', d], where)],
        ),
  );
  const shared = file.sharedDatabases.flatMap((database, n) =>
    database === null ? [] : [entryOf(file, { id: sharedOwner(database.id) }, database, ['sharedDatabases', n], where)],
  );
  const references = referencesOf(file, shared);
  const entries = [...own, ...shared.map((entry) => withTenants(entry, references))];
  const problems = [
    ...recipientProblems(file),
    ...environmentProblems(file, where),
    ...duplicateTenants(file),
    ...shareProblems(file, shared, references),
    ...foreignBuckets(entries),
    ...placeProblems(file, entries, where),
    ...duplicateDatabases(entries),
    ...doubleTargets(entries),
    ...missingStaging(entries),
    ...sharedStagingKeys(file, entries),
  ];
  return { fleet: fleetOf(file, entries, where), problems };
}

interface Entry {
  readonly path: readonly PropertyKey[];
  readonly written: DatabaseConfig;
  readonly resolved: ConfiguredDatabase;
  readonly bucket: BucketConfig;
  /** Where its account, its Region and its bucket are stated. */
  readonly accountPath: readonly PropertyKey[];
  readonly regionPath: readonly PropertyKey[];
  readonly bucketPath: readonly PropertyKey[];
  /** Where its copy mode is stated. */
  readonly modePath: readonly PropertyKey[];
  /** Where the key of its native dumps is stated. */
  readonly keyPath: readonly PropertyKey[];
}

/** What applies to databases of a tenant; of a shared database its id alone. */
type Owner = Pick<TenantConfig, 'id'> & Partial<Omit<TenantConfig, 'id'>>;

function entryOf(
  file: FileConfig,
  tenant: Owner,
  database: DatabaseConfig,
  path: readonly PropertyKey[],
  where: Where,
): Entry {
  const { defaults } = file;
  const id = database.id.toLowerCase();
  const { kind } = database;
  const named = {
    account: database.account ?? tenant.account ?? defaults.account ?? where.account,
    region: database.region ?? tenant.region ?? defaults.region ?? where.region,
    tenant: tenant.id,
    id,
    kind,
  };
  const resolved: ConfiguredDatabase = {
    ...named,
    policy: {
      maxAgeHours: database.maxAgeHours ?? tenant.maxAgeHours ?? defaults.maxAgeHours,
      graceHours: database.graceHours ?? tenant.graceHours ?? defaults.graceHours,
      awsBackupGraceHours: database.awsBackupGraceHours ?? tenant.awsBackupGraceHours ?? defaults.awsBackupGraceHours,
      reminderHours: database.reminderHours ?? tenant.reminderHours ?? defaults.reminderHours,
      whileStopped: database.whileStopped ?? tenant.whileStopped ?? defaults.whileStopped,
    },
    copy: copyPolicy({
      mode: database.copy?.mode ?? tenant.copy?.mode ?? defaults.copy.mode,
      schedule: database.copy?.schedule ?? tenant.copy?.schedule ?? defaults.copy.schedule,
      kinds: database.copy?.kinds ?? tenant.copy?.kinds ?? defaults.copy.kinds,
      staging: database.copy?.staging ?? tenant.copy?.staging ?? defaults.copy.staging,
    }),
    target: database.bucket
      ? statedTarget(database.bucket, named)
      : inheritedTarget(tenant.bucket ?? defaults.bucket, named),
    ...exportsIn(named.region, file.copies),
    ...(database.excluded === undefined ? {} : { excluded: database.excluded }),
    enrolledBy: 'configuration',
  };
  const level = (isStated: (config: DatabaseConfig | Owner) => boolean) =>
    isStated(database) ? path : isStated(tenant) ? path.slice(0, 2) : ['defaults'];
  const statedAt = (field: 'mode' | 'staging') => level(({ copy }) => copy?.[field] !== undefined);
  return {
    path,
    written: database,
    resolved,
    bucket: database.bucket ?? tenant.bucket ?? defaults.bucket,
    accountPath: [...level(({ account }) => account !== undefined), 'account'],
    regionPath: [...level(({ region }) => region !== undefined), 'region'],
    bucketPath: [...level(({ bucket }) => bucket !== undefined), 'bucket'],
    modePath: [...statedAt('mode'), 'copy', 'mode'],
    keyPath: [...statedAt('staging'), 'copy', 'staging', 'key'],
  };
}

function copyPolicy(copy: FileConfig['defaults']['copy']): CopyPolicy {
  const { staging, ...rest } = copy;
  if (staging === undefined) return rest;
  const { keyArn, ...others } = staging;
  return { ...rest, staging: { ...others, ...(keyArn !== undefined && { keyArn }) } };
}

type Named = Pick<ConfiguredDatabase, 'account' | 'region' | 'tenant' | 'id' | 'kind'>;

/** The target of a bucket stated at the database itself: its prefix is taken as it stands. */
function statedTarget(bucket: BucketConfig, database: Named): CopyTarget {
  const prefix = bucket.type === 'shared' ? databasePrefix(undefined, database.tenant, database) : '';
  return targetIn(bucket, bucket.type === 'own' ? '' : (bucket.prefix ?? prefix), database);
}

/** The target of a bucket that many databases inherit: each has its own part behind the common prefix. */
function inheritedTarget(bucket: BucketConfig, database: Named): CopyTarget {
  const prefix = bucket.type === 'own' ? '' : databasePrefix(bucket.prefix, database.tenant, database);
  return targetIn(bucket, prefix, database);
}

/** What the stacks make lies where the database does. */
function targetIn(bucket: BucketConfig, prefix: string, database: Named): CopyTarget {
  switch (bucket.type) {
    case 'own':
      return { bucket: bucketName(database, database), prefix, owner: database.account };
    case 'shared':
      return { bucket: stackBucketName('shared', database), prefix, owner: database.account };
    case 'existing':
      return {
        bucket: bucket.name,
        prefix,
        owner: bucket.owner ?? database.account,
        ...(bucket.keyArn === undefined ? {} : { keyArn: bucket.keyArn }),
      };
  }
}

function fleetOf(file: FileConfig, entries: readonly Entry[], where: Where): Fleet {
  const { maxAgeHours, graceHours, awsBackupGraceHours, reminderHours, whileStopped, copy } = file.defaults;
  const byEnvironment = groupBy(entries, ({ resolved }) => formatEnvironment(resolved));
  const complete = (environment: Listed) =>
    withBuckets(environment, file, byEnvironment[formatEnvironment(environment)] ?? []);
  const [first, ...rest] = environmentsOf(file, where);
  const [hub, others] = [complete(first), rest.map(complete)];
  return {
    ...hub,
    environments: [hub, ...others],
    ...(file.organization === undefined ? {} : { organization: file.organization }),
    operators: file.operators,
    tenants: file.tenants.flatMap((tenant) =>
      tenant ? [{ id: tenant.id, maxAgeHours: tenant.maxAgeHours ?? maxAgeHours, recipients: tenant.recipients }] : [],
    ),
    databases: entries.map((entry) => entry.resolved),
    defaults: {
      policy: { maxAgeHours, graceHours, awsBackupGraceHours, reminderHours, whileStopped },
      copy: copyPolicy(copy),
    },
    ...(file.discovery ? { discovery: file.discovery } : {}),
    sweep: file.sweep,
    alerts: file.alerts,
    copies: file.copies,
    ledger: file.ledger,
    lifecycle: file.lifecycle,
    ...(file.adopt ? { adopt: file.adopt } : {}),
  };
}

/** An environment without what follows from its databases. */
type Listed = Omit<FleetEnvironment, 'stackBuckets' | 'sharedTarget'>;

/** The environments of a file, the hub first, each once. */
function environmentsOf({ environments }: FileConfig, { account, region }: Where): [Listed, ...Listed[]] {
  const nameOfAccount = (id: string) => environments.find((one) => one?.account === id && one.name !== undefined)?.name;
  const named = (environment: Environment & { readonly events: boolean }): Listed => {
    const accountName = nameOfAccount(environment.account);
    return { ...environment, ...(accountName !== undefined && { accountName }) };
  };
  const listed = environments.flatMap((one) =>
    one === null ? [] : one.regions.map((name) => ({ account: one.account, region: name, events: one.events })),
  );
  // Its own events need no forwarding.
  const hub = { account, region, events: true };
  const [, ...others] = uniqBy([hub, ...listed], formatEnvironment);
  return [named(hub), ...others.map(named)];
}

/** Adds the buckets that the stack of an environment makes. */
function withBuckets(
  { account, region, accountName, events }: Listed,
  { defaults: { bucket } }: FileConfig,
  there: readonly Entry[],
): FleetEnvironment {
  const environment = { account, region };
  const sharedName = stackBucketName('shared', environment);
  const shared = bucket.type === 'shared' || there.some((entry) => entry.bucket.type === 'shared');
  const base = bucket.type === 'shared' ? bucket.prefix : undefined;
  // Whether its backups are copied does not count: a bucket that left the stack is kept, and its name stays taken.
  const ownBuckets = there.filter((entry) => entry.bucket.type === 'own').map((entry) => entry.resolved.target.bucket);
  return {
    ...environment,
    ...(accountName !== undefined && { accountName }),
    events,
    ...(shared && {
      sharedTarget: { bucket: sharedName, owner: account, ...(base !== undefined && { prefix: base }) },
    }),
    stackBuckets: [...new Set([...ownBuckets, ...(shared ? [sharedName] : [])])],
  };
}

// What is only wrong when all is seen together ------------------------------------------------------------------------

const noOperators = 'add one to "operators" at the top of the file';

function recipientProblems(file: FileConfig): Problem[] {
  const lists = [
    { path: ['operators'], list: file.operators },
    ...file.tenants.flatMap((tenant, t) =>
      tenant ? [{ path: ['tenants', t, 'recipients'], list: tenant.recipients }] : [],
    ),
  ];
  const twice = lists.flatMap(({ path, list }) =>
    list.flatMap((recipient, at) => {
      const first = list.findIndex((other) => sameRecipient(other, recipient));
      const message = `is the same as ${pathText([...path, first])}; remove one of the two`;
      return first < at && recipient !== unreadableRecipient ? [{ path: [...path, at], message }] : [];
    }),
  );
  if (file.operators.length > 0) return twice;
  const silent = file.tenants.flatMap((tenant, t) =>
    tenant && tenant.recipients.length === 0
      ? [
          {
            path: ['tenants', t, 'recipients'],
            message: `nobody would be notified of tenant ${quoted(tenant.id)}: add a recipient here, or ${noOperators}`,
          },
        ]
      : [],
  );
  const discovery = file.discovery
    ? [{ path: ['discovery'], message: `nobody would be notified of discovered tenants: ${noOperators}` }]
    : [];
  return [...twice, ...silent, ...discovery];
}

function sameRecipient(a: Recipient, b: Recipient): boolean {
  return JSON.stringify(a).toLowerCase() === JSON.stringify(b).toLowerCase();
}

function duplicateTenants(file: FileConfig): Problem[] {
  const ids = file.tenants.flatMap((tenant, t) => (tenant ? [{ id: tenant.id, path: ['tenants', t, 'id'] }] : []));
  return repeats(ids, ({ id }) => id.toLowerCase()).map(({ item, first }) => ({
    path: item.path,
    message: `${quoted(item.id)} is already the id of ${pathText(first.path.slice(0, 2))}; put all its databases there, or choose another id`,
  }));
}

function duplicateDatabases(entries: readonly Entry[]): Problem[] {
  return repeats(entries, ({ resolved }) => formatName(resolved)).map(({ item, first }) => {
    const what = `${item.resolved.kind} ${quoted(item.written.id)} is already listed as ${pathText(first.path)}`;
    const isShared = item.resolved.tenants !== undefined;
    const of = first.resolved.tenants ? '' : ` of tenant ${quoted(first.resolved.tenant)}`;
    const cure =
      isShared && of !== '' ? `; where it holds several tenants, refer to it there by "sharedDatabases"` : '';
    return { path: [...item.path, 'id'], message: `${what}${of}; remove one of the two${cure}` };
  });
}

/** Each database once: one that is listed twice is reported as such, and by nothing else that follows from it. */
function eachOnce(entries: readonly Entry[]): Entry[] {
  return [...new Map(entries.map((entry) => [formatName(entry.resolved), entry])).values()];
}

function doubleTargets(entries: readonly Entry[]): Problem[] {
  return repeats(eachOnce(entries), ({ resolved }) =>
    JSON.stringify([resolved.target.bucket, resolved.target.prefix]),
  ).map(({ item, first }) => ({
    path: [...item.path, 'bucket'],
    message: `bucket ${quoted(item.resolved.target.bucket)} with prefix ${quoted(item.resolved.target.prefix)} is already that of ${pathText(first.path)} (${quoted(first.resolved.id)}); give one of the two another prefix`,
  }));
}

/** Each Region of an account once, each account under one name, and all in the partition of the hub. */
function environmentProblems({ environments }: FileConfig, where: Where): Problem[] {
  const listed = environments.flatMap((one, n) => (one === null ? [] : [{ ...one, path: ['environments', n] }]));
  const places = listed.flatMap(({ account, regions, path }) =>
    regions.map((region, r) => ({ account, region, path: [...path, 'regions', r] })),
  );
  const twice = repeats(places, formatEnvironment).map(({ item, first }) => ({
    path: item.path,
    message: `${quoted(item.region)} of account ${item.account} is already listed at ${pathText(first.path)}; remove one of the two`,
  }));
  const partition = partitionOf(where.region);
  const elsewhere = places.flatMap(({ region, path }) =>
    partitionOf(region) === partition
      ? []
      : [
          {
            path,
            message: `${quoted(region)} is of the partition ${partitionOf(region)}, and the stack's own Region ${where.region} of ${partition}: no role and no event crosses partitions; deploy another stack there`,
          },
        ],
  );
  return [...twice, ...elsewhere, ...nameProblems(listed)];
}

function nameProblems(listed: readonly (EnvironmentConfig & { readonly path: readonly PropertyKey[] })[]): Problem[] {
  const named = listed.flatMap(({ account, name, path }) =>
    name === undefined ? [] : [{ account, name, path: [...path, 'name'] }],
  );
  return named.flatMap(({ account, name, path }) => {
    const sameAccount = named.find((one) => one.account === account);
    if (sameAccount && sameAccount.name !== name) {
      const first = `${quoted(sameAccount.name)} at ${pathText(sameAccount.path)}`;
      return [{ path, message: `account ${account} is ${first} already; give it one name` }];
    }
    const sameText = named.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (!sameText || sameText.account === account) return [];
    return [
      { path, message: `${quoted(name)} is already the name of account ${sameText.account}; choose another one` },
    ];
  });
}

/** A database in an account or Region that is no environment is a mistake, reported once where that place is stated. */
function placeProblems(file: FileConfig, entries: readonly Entry[], where: Where): Problem[] {
  // One that cannot be read may be the one that is meant.
  if (file.environments.includes(null)) return [];
  const environments = environmentsOf(file, where);
  const known = new Set(environments.map(formatEnvironment));
  const problems = entries
    .filter(({ resolved }) => !known.has(formatEnvironment(resolved)))
    .map(({ resolved: { account, region }, accountPath, regionPath }): Problem => {
      const regions = environments.filter((one) => one.account === account).map((one) => one.region);
      const isListed = regions.length > 0;
      const what = isListed
        ? `Region ${region} of account ${account} is not listed (listed are ${regions.join(', ')})`
        : `account ${account} is not listed`;
      const add = `add { "account": ${quoted(account)}, "regions": [${quoted(region)}] } to "environments"`;
      const isStated = (path: readonly PropertyKey[]) => path[0] !== 'defaults' || file.defaults.region !== undefined;
      return {
        path: isListed && isStated(regionPath) ? regionPath : accountPath,
        message: `${what}: ${add}, so that a stack is deployed there, or correct it`,
      };
    });
  return uniqBy(problems, ({ path, message }) => `${pathText(path)} ${message}`);
}

/** A bucket of another Region than the database's; one that many inherit is reported once, where it is stated. */
function foreignBuckets(entries: readonly Entry[]): Problem[] {
  const rule = 'RDS exports only to a bucket in the Region of the snapshot';
  const regionOf = new Map<string, string>();
  const problems = entries.flatMap(({ bucket, bucketPath, resolved: { id, region } }): Problem[] => {
    if (bucket.type !== 'existing') return [];
    if (bucket.region !== undefined && bucket.region !== region) {
      const message = `must be ${region}, where ${quoted(id)} is, got ${quoted(bucket.region)}: ${rule}`;
      return [{ path: [...bucketPath, 'region'], message }];
    }
    const first = regionOf.get(pathText(bucketPath)) ?? region;
    regionOf.set(pathText(bucketPath), first);
    if (first === region) return [];
    const message = `is that of databases in ${first} and of ${quoted(id)} in ${region}: ${rule}; state one for each Region`;
    return [{ path: bucketPath, message }];
  });
  return uniqBy(problems, ({ path }) => pathText(path));
}

function missingStaging(entries: readonly Entry[]): Problem[] {
  const without = entries.filter(({ resolved: { copy } }) => copy.mode === 'object' && copy.staging === undefined);
  // A mode that many databases inherit is reported once, where it is stated.
  const places = new Map(without.map((entry) => [pathText(entry.modePath), entry]));
  return [...places.values()].map((entry) => ({
    path: entry.modePath,
    message: `"object" needs copy.staging with the bucket and owner of the native dumps, at the database, its tenant or the defaults (missing for ${quoted(entry.resolved.id)})`,
  }));
}

/** A dump that two databases would take is copied into another tenant's bucket. A pattern is reported once, where it is stated. */
function sharedStagingKeys({ defaults, discovery }: FileConfig, entries: readonly Entry[]): Problem[] {
  const byDatabase = new Map(
    eachOnce(entries)
      .filter(({ resolved }) => resolved.copy.mode === 'object')
      .map((entry) => [entry.resolved, entry]),
  );
  const databases = [...byDatabase.keys()];
  const order = new Map(databases.map((database, index) => [database, index]));
  const later = [...sharedKeys(databases)].flatMap(([database, other]) => {
    const [one, first] = [byDatabase.get(database), byDatabase.get(other)];
    const isLater = (order.get(database) ?? 0) > (order.get(other) ?? 0);
    return one && first && isLater ? [{ one, first }] : [];
  });
  const places = Object.values(groupBy(later, ({ one }) => pathText(one.keyPath)));
  const problems = places.flatMap((some): Problem[] => {
    const [found] = some;
    return found
      ? [{ path: found.one.keyPath, message: sharedKeyMessage(found.one, found.first, some.length - 1) }]
      : [];
  });
  const path = ['defaults', 'copy', 'staging', 'key'];
  const { staging } = defaults.copy;
  if (!discovery || !staging || namesDatabase(staging.key)) return problems;
  if (problems.some((problem) => pathText(problem.path) === pathText(path))) return problems;
  const message = `${quoted(staging.key)} does not tell apart the databases that enrol by tag: all of them would have this key, and the dump of one would be copied as another's too; ${nameIt}`;
  return [...problems, { path, message }];
}

const nameIt =
  'put {databaseId} into it, or {snapshotId}, and where ids repeat {kind}, {tenant}, {account} or {region}, each set off by "/"';

function sharedKeyMessage(one: Entry, first: Entry, more: number): string {
  const what = ({ resolved: { kind, id, tenant } }: Entry) => `${kind} ${quoted(id)} of tenant ${quoted(tenant)}`;
  const [staging, theirs] = [one, first].map(({ resolved }) => resolved.copy.staging);
  const elsewhere = pathText(one.keyPath) !== pathText(first.keyPath);
  const where = elsewhere ? ` (${quoted(theirs?.key ?? '')}, ${pathText(first.keyPath)})` : '';
  const others = more === 0 ? '' : ` (${more} more ${more === 1 ? 'database shares' : 'databases share'} a key)`;
  return `${quoted(staging?.key ?? '')} does not tell ${what(one)} from ${what(first)}${where}: both can have the same key in bucket ${quoted(staging?.bucket ?? '')}, and the dump of one would be copied as the other's too${others}; ${nameIt}`;
}
