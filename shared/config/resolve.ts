/** From the file as written to one entry a database with all that applies to it, and what only shows when all are seen together. */
import { groupBy } from 'es-toolkit/array';
import type { Recipient } from '../channels/index.ts';
import { formatName } from '../domain/index.ts';
import { exportsIn } from './export-regions.ts';
import {
  type BucketConfig,
  type DatabaseConfig,
  type FileConfig,
  type TenantConfig,
  unreadableRecipient,
} from './file-schema.ts';
import type { ConfiguredDatabase, CopyPolicy, CopyTarget, Fleet } from './fleet.ts';
import { bucketName, databasePrefix, stackBucketName, type Where } from './names.ts';
import { namesDatabase, sharedKeys } from './staging-keys.ts';

/** One mistake: where in the file, and what is wrong with what to do. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The fleet of a file, and its mistakes; with any mistake the fleet is not to be used. */
export function resolve(file: FileConfig, where: Where): { fleet: Fleet; problems: Problem[] } {
  const entries = file.tenants.flatMap((tenant, t) =>
    tenant === null
      ? []
      : tenant.databases.flatMap((database, d) =>
          database === null ? [] : [entryOf(file, tenant, database, ['tenants', t, 'databases', d], where)],
        ),
  );
  const problems = [
    ...recipientProblems(file),
    ...duplicateTenants(file),
    ...foreignBuckets(file, where),
    ...entries.flatMap((entry) => placeProblems(entry, where)),
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
  /** Where its copy mode is stated. */
  readonly modePath: readonly PropertyKey[];
  /** Where the key of its native dumps is stated. */
  readonly keyPath: readonly PropertyKey[];
}

function entryOf(
  file: FileConfig,
  tenant: TenantConfig,
  database: DatabaseConfig,
  path: readonly PropertyKey[],
  where: Where,
): Entry {
  const { defaults } = file;
  const id = database.id.toLowerCase();
  const { kind } = database;
  const { account, region } = where;
  const named = { account, region, tenant: tenant.id, id, kind };
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
      ? statedTarget(database.bucket, named, where)
      : inheritedTarget(tenant.bucket ?? defaults.bucket, named, where),
    ...exportsIn(region, file.copies),
    ...(database.excluded === undefined ? {} : { excluded: database.excluded }),
    enrolledBy: 'configuration',
  };
  const statedAt = (field: 'mode' | 'staging') =>
    database.copy?.[field] ? path : tenant.copy?.[field] ? path.slice(0, 2) : ['defaults'];
  return {
    path,
    written: database,
    resolved,
    bucket: database.bucket ?? tenant.bucket ?? defaults.bucket,
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
function statedTarget(bucket: BucketConfig, database: Named, where: Where): CopyTarget {
  const prefix = bucket.type === 'shared' ? databasePrefix(undefined, database.tenant, database) : '';
  return targetIn(bucket, bucket.type === 'own' ? '' : (bucket.prefix ?? prefix), database, where);
}

/** The target of a bucket that many databases inherit: each has its own part behind the common prefix. */
function inheritedTarget(bucket: BucketConfig, database: Named, where: Where): CopyTarget {
  const prefix = bucket.type === 'own' ? '' : databasePrefix(bucket.prefix, database.tenant, database);
  return targetIn(bucket, prefix, database, where);
}

function targetIn(bucket: BucketConfig, prefix: string, database: Named, where: Where): CopyTarget {
  switch (bucket.type) {
    case 'own':
      return { bucket: bucketName(database, where), prefix, owner: where.account };
    case 'shared':
      return { bucket: stackBucketName('shared', where), prefix, owner: where.account };
    case 'existing':
      return {
        bucket: bucket.name,
        prefix,
        owner: bucket.owner ?? where.account,
        ...(bucket.keyArn === undefined ? {} : { keyArn: bucket.keyArn }),
      };
  }
}

function fleetOf(file: FileConfig, entries: readonly Entry[], where: Where): Fleet {
  const { maxAgeHours, graceHours, awsBackupGraceHours, reminderHours, whileStopped, copy, bucket } = file.defaults;
  const sharedName = stackBucketName('shared', where);
  const shared = bucket.type === 'shared' || entries.some((entry) => entry.bucket.type === 'shared');
  const base = bucket.type === 'shared' ? bucket.prefix : undefined;
  // Whether its backups are copied does not count: a bucket that left the stack is kept, and its name stays taken.
  const ownBuckets = entries
    .filter((entry) => entry.bucket.type === 'own')
    .map((entry) => entry.resolved.target.bucket);
  return {
    account: where.account,
    region: where.region,
    operators: file.operators,
    tenants: file.tenants.flatMap((tenant) =>
      tenant ? [{ id: tenant.id, maxAgeHours: tenant.maxAgeHours ?? maxAgeHours, recipients: tenant.recipients }] : [],
    ),
    databases: entries.map((entry) => entry.resolved),
    defaults: {
      policy: { maxAgeHours, graceHours, awsBackupGraceHours, reminderHours, whileStopped },
      copy: copyPolicy(copy),
    },
    ...(shared
      ? { sharedTarget: { bucket: sharedName, owner: where.account, ...(base === undefined ? {} : { prefix: base }) } }
      : {}),
    stackBuckets: [...new Set([...ownBuckets, ...(shared ? [sharedName] : [])])],
    ...(file.discovery ? { discovery: file.discovery } : {}),
    sweep: file.sweep,
    alerts: file.alerts,
    copies: file.copies,
    ledger: file.ledger,
    lifecycle: file.lifecycle,
    ...(file.adopt ? { adopt: file.adopt } : {}),
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
  return repeats(entries, ({ resolved }) => formatName(resolved)).map(({ item, first }) => ({
    path: [...item.path, 'id'],
    message: `${item.resolved.kind} ${quoted(item.written.id)} is already listed as ${pathText(first.path)} of tenant ${quoted(first.resolved.tenant)}; remove one of the two`,
  }));
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

/** A database of another account or Region is a mistake: one stack watches its own. */
function placeProblems(entry: Entry, where: Where): Problem[] {
  return (['account', 'region'] as const).flatMap((key) => {
    const written = entry.written[key];
    if (written === undefined || written === where[key]) return [];
    const place = key === 'account' ? 'account' : 'Region';
    return [
      {
        path: [...entry.path, key],
        message: `must be the stack's own ${place} ${where[key]}, got ${quoted(written)}: one stack watches the databases of its own account and Region; deploy another stack there`,
      },
    ];
  });
}

function foreignBuckets(file: FileConfig, where: Where): Problem[] {
  const stated = [
    { path: ['defaults', 'bucket'], bucket: file.defaults.bucket },
    ...file.tenants.flatMap((tenant, t) => [
      { path: ['tenants', t, 'bucket'], bucket: tenant?.bucket },
      ...(tenant?.databases ?? []).map((database, d) => ({
        path: ['tenants', t, 'databases', d, 'bucket'],
        bucket: database?.bucket,
      })),
    ]),
  ];
  return stated.flatMap(({ path, bucket }) =>
    bucket?.type === 'existing' && bucket.region !== undefined && bucket.region !== where.region
      ? [
          {
            path: [...path, 'region'],
            message: `must be the stack's own Region ${where.region}, got ${quoted(bucket.region)}: RDS exports only to a bucket in the snapshot's Region`,
          },
        ]
      : [],
  );
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

/** Every item whose key an earlier one has, with that earlier one. */
function repeats<T>(items: readonly T[], keyOf: (item: T) => string): { item: T; first: T }[] {
  const firsts = new Map<string, T>();
  return items.flatMap((item) => {
    const key = keyOf(item);
    const first = firsts.get(key);
    if (first !== undefined) return [{ item, first }];
    firsts.set(key, item);
    return [];
  });
}

/** A path as people write it: `tenants[2].databases[0].graceHours`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

function quoted(text: string): string {
  return JSON.stringify(text);
}
