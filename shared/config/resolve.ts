/** From the file as written to one entry a database with all that applies to it, and what only shows when all are seen together. */
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
  const modeStatedAt = database.copy?.mode ? path : tenant.copy?.mode ? path.slice(0, 2) : ['defaults'];
  const bucket = database.bucket ?? tenant.bucket ?? defaults.bucket;
  return { path, written: database, resolved, bucket, modePath: [...modeStatedAt, 'copy', 'mode'] };
}

function copyPolicy(copy: FileConfig['defaults']['copy']): CopyPolicy {
  const { staging, ...rest } = copy;
  return staging === undefined ? rest : { ...rest, staging };
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

function doubleTargets(entries: readonly Entry[]): Problem[] {
  // A database that is listed twice is reported as such, not by its target as well.
  const once = [...new Map(entries.map((entry) => [formatName(entry.resolved), entry])).values()];
  return repeats(once, ({ resolved }) => JSON.stringify([resolved.target.bucket, resolved.target.prefix])).map(
    ({ item, first }) => ({
      path: [...item.path, 'bucket'],
      message: `bucket ${quoted(item.resolved.target.bucket)} with prefix ${quoted(item.resolved.target.prefix)} is already that of ${pathText(first.path)} (${quoted(first.resolved.id)}); give one of the two another prefix`,
    }),
  );
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
