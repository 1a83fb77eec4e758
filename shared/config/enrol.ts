/**
 * Databases that enrol themselves by tag. Tags come from whoever may tag: each value is checked here, and what is wrong
 * with one is told and never stops the sweep.
 */
import { type CopyMode, type DatabaseName, formatName, nameOf, type RdsDatabase } from '../domain/index.ts';
import { maxAgeHoursField, tenantIdField } from './file-schema.ts';
import type { ConfiguredDatabase, Discovery, Fleet, Tenant } from './fleet.ts';
import { databasePrefix, stackBucketName } from './names.ts';

const maxAgeTag = 'backup-max-age-hours';
const copyTag = 'backup-copy';
export const excludeTag = 'backup-exclude';

export interface Enrolment {
  /** The listed databases, then the discovered ones. */
  readonly databases: readonly ConfiguredDatabase[];
  /** The listed tenants, then those that only tags name; operators are notified of the latter. */
  readonly tenants: readonly Tenant[];
  /** Ids of databases that RDS has and nobody configured. */
  readonly unconfigured: readonly string[];
  /** Tags that say something which cannot be followed, each with what is done instead. */
  readonly problems: readonly string[];
}

/** The databases to evaluate: those the configuration lists, and those that enrol by tag. A listed database wins over its tags. */
export function enrol(fleet: Fleet, databases: readonly RdsDatabase[]): Enrolment {
  const listed = new Set(fleet.databases.map(formatName));
  const found = databases.filter((database) => !listed.has(formatName(nameOf(database))));
  const { discovery } = fleet;
  // Tenant ids that differ only in case are one tenant, as in the file.
  const spelling = new Map(fleet.tenants.map(({ id }) => [id.toLowerCase(), id]));
  const outcomes = found.map((database) => ({
    database,
    ...(discovery ? discover(fleet, discovery, spelling, database) : { problems: [] }),
  }));
  const discovered = outcomes.flatMap((outcome) => outcome.configured ?? []);
  const known = new Set(fleet.tenants.map((tenant) => tenant.id));
  const byTagOnly = [...new Set(discovered.map((database) => database.tenant))].filter((id) => !known.has(id));
  return {
    databases: [...fleet.databases, ...discovered],
    tenants: [...fleet.tenants, ...byTagOnly.map((id) => ({ id, recipients: fleet.operators }))],
    unconfigured: outcomes.flatMap(({ database, configured }) => (configured ? [] : [database.id])),
    problems: outcomes.flatMap((outcome) => outcome.problems),
  };
}

interface Discovered {
  readonly configured?: ConfiguredDatabase;
  readonly problems: readonly string[];
}

function discover(
  fleet: Fleet,
  discovery: Discovery,
  spelling: ReadonlyMap<string, string>,
  database: RdsDatabase,
): Discovered {
  const tagged = database.tags[discovery.tenantTag]?.trim();
  if (tagged === undefined) return { problems: [] };
  const mistake = (tag: string, text: string): string =>
    `${database.kind} ${database.id}: tag ${tag} is ${shown(database.tags[tag] ?? '')}; ${text}`;
  const parsed = tenantIdField.safeParse(tagged);
  if (!parsed.success) {
    const rule = parsed.error.issues[0]?.message;
    return {
      problems: [mistake(discovery.tenantTag, `a tenant ${rule}. The database is not watched until that is put right`)],
    };
  }
  const tenant = spelling.get(parsed.data.toLowerCase()) ?? parsed.data;
  const { policy, copy } = fleet.defaults;
  const maxAge = maxAgeOf(database.tags[maxAgeTag]);
  const mode = copyModeOf(database.tags[copyTag], copy.staging !== undefined);
  const exclusion = database.tags[excludeTag]?.trim();
  const excluded = exclusion && discovery.allowExclusion ? clean(exclusion) : undefined;

  const plain = enrolledWithoutTags(fleet, nameOf(database), tenant);
  const configured: ConfiguredDatabase = {
    ...plain,
    policy: typeof maxAge === 'number' ? { ...policy, maxAgeHours: maxAge } : policy,
    copy: mode === undefined || mode === 'invalid' ? copy : { ...copy, mode },
    ...(excluded ? { excluded } : {}),
  };
  const problems = [
    maxAge === 'invalid'
      ? mistake(maxAgeTag, `it must be a number of hours from 1 to 8760. The default of ${policy.maxAgeHours} applies`)
      : [],
    mode === 'invalid'
      ? mistake(
          copyTag,
          `it must be export or none, or object where defaults.copy.staging is configured. The default of ${copy.mode} applies`,
        )
      : [],
    exclusion !== undefined && !discovery.allowExclusion
      ? mistake(excludeTag, 'it is not honoured, since discovery.allowExclusion is not set. The database is watched')
      : [],
    exclusion === '' && discovery.allowExclusion ? mistake(excludeTag, 'it must say why. The database is watched') : [],
  ].flat();
  return { configured, problems };
}

/** A database that enrolled itself, with the defaults where nothing is known of its other tags. */
export function enrolledWithoutTags(fleet: Fleet, name: DatabaseName, tenant: string): ConfiguredDatabase {
  const { sharedTarget, defaults } = fleet;
  return {
    ...name,
    tenant,
    policy: defaults.policy,
    copy: defaults.copy,
    target: {
      bucket: sharedTarget?.bucket ?? stackBucketName('shared', fleet),
      prefix: databasePrefix(sharedTarget?.prefix, tenant, name),
      owner: sharedTarget?.owner ?? fleet.account,
    },
    ...(sharedTarget ? {} : { copySkipped: { code: 'no-shared-bucket', facts: {} } }),
    enrolledBy: 'tag',
  };
}

function maxAgeOf(tag: string | undefined): number | 'invalid' | undefined {
  if (tag === undefined) return undefined;
  const text = tag.trim();
  const hours = maxAgeHoursField.safeParse(/^\d+(\.\d+)?$/.test(text) ? Number(text) : undefined);
  return hours.success ? hours.data : 'invalid';
}

function copyModeOf(tag: string | undefined, staged: boolean): CopyMode | 'invalid' | undefined {
  switch (tag?.trim().toLowerCase()) {
    case undefined:
      return undefined;
    case 'export':
      return 'export';
    case 'none':
      return 'none';
    case 'object':
      return staged ? 'object' : 'invalid';
    default:
      return 'invalid';
  }
}

/** Text from outside, on one line. */
function clean(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function shown(text: string): string {
  return JSON.stringify(clean(text.length > 80 ? `${text.slice(0, 80)}...` : text));
}
