/** Which databases are to be evaluated: the configured ones, against what RDS shows and what the ledger knew. Pure. */
import { groupBy } from 'es-toolkit/array';
import { type ConfiguredDatabase, enrol, excludeTag, type Fleet, maxAgeTag, type TagReading } from '../config/index.ts';
import {
  type DatabaseKey,
  type DatabaseRow,
  databaseOfShare,
  environmentOf,
  formatName,
  isAvailable,
  isPlaceholder,
  isShare,
  isSharedOwner,
  mayComeFromElsewhere,
  nameOf,
  placeholderKey,
  type Resolution,
  reliesOnSource,
} from '../domain/index.ts';
import type { RdsInventory } from '../rds/index.ts';
import { type EvaluationTarget, newestAmong } from './evaluate-database.ts';
import { renamingOf } from './explanation.ts';
import { type Sources, unwatchedSources } from './replica-source.ts';

/**
 * The databases to evaluateDatabase with those besides that had enrolled themselves by tag and that RDS does not show now: its
 * listing failed, or they were deleted, and their tags with them. Of what their tags said, the row knows
 * tenant, exclusion and age, and the shares of a shared one know its tenants. Its deletion is notified once; then it is nobody's: no
 * configuration names it that could be corrected. `known` are rows of databases and of shares.
 */
export function withEnrolledBefore(
  fleet: Fleet,
  configured: readonly ConfiguredDatabase[],
  inventory: RdsInventory,
  known: readonly DatabaseRow[],
): readonly ConfiguredDatabase[] {
  const { discovery } = fleet;
  if (discovery === undefined) return configured;
  const names = new Set(configured.map(formatName));
  const enrolledBefore = known.filter(
    (row) =>
      row.enrolledBy === 'tag' &&
      !isShare(row.key) &&
      inventory.isRead(environmentOf(row.key)) &&
      !names.has(formatName(nameOf(row))) &&
      inventory.database(row.key) === undefined &&
      inventory.databaseNamed(nameOf(row)) === undefined &&
      (row.verdict !== 'deleted' || row.nextCheckAt !== undefined),
  );
  const asTheyWere = enrolledBefore.map((row) => {
    const { key, id, kind, tenant = '', engine = '', retentionDays = 0, exclusion, knownTags } = row;
    const tags = {
      [discovery.tenantTag]: isSharedOwner(tenant) ? tenantsOf(key, known).join(' ') : tenant,
      ...(exclusion !== undefined && { [excludeTag]: exclusion }),
      ...(knownTags?.maxAgeHours !== undefined && { [maxAgeTag]: String(knownTags.maxAgeHours) }),
    };
    return { key, arn: key, id, kind, engine, status: 'unknown', retentionDays, tags };
  });
  const again = enrol(fleet, asTheyWere, known).databases.filter(({ enrolledBy }) => enrolledBy === 'tag');
  return [...configured, ...again];
}

/** The tenants of a shared database, by the rows of their shares. */
function tenantsOf(database: DatabaseKey, known: readonly DatabaseRow[]): string[] {
  return known.flatMap(({ key, tenant, share }) =>
    isShare(key) && databaseOfShare(key) === database && share?.until === undefined && tenant !== undefined
      ? [tenant]
      : [],
  );
}

/** A name as text, of what has a key. */
export function nameText(of: Parameters<typeof nameOf>[0]): string {
  return formatName(nameOf(of));
}

/**
 * Subjects in the order of their keys, so that a sweep that stops half-way can be carried on. `others` are the entries and rows
 * besides by which the sources of replicas are found, where only some databases are evaluated.
 */
export function targetsOf(
  configured: readonly ConfiguredDatabase[],
  inventory: RdsInventory,
  inLedger: readonly DatabaseRow[],
  tags: ReadonlyMap<DatabaseKey, TagReading>,
  others: Pick<Sources, 'entries' | 'rows'> = { entries: [], rows: [] },
): EvaluationTarget[] {
  const unwatchedSource = unwatchedSources({
    entries: [...others.entries, ...configured],
    rows: [...others.rows, ...inLedger],
    inventory,
  });
  const known = [...inLedger, ...onlyLeftBehind(inventory, inLedger)];
  // What came from elsewhere says nothing of a name here.
  const knownByName = groupBy(
    known.filter(({ foreign }) => foreign !== true),
    nameText,
  );
  const subjects = new Map<string, EvaluationTarget>();
  const configuredNames = new Set(configured.map(formatName));
  for (const entry of configured) {
    const namesakes = knownByName[formatName(entry)] ?? [];
    const subject = configuredSubject(entry, inventory, namesakes, configuredNames);
    subjects.set(subject.key, subject);
  }
  for (const database of inventory.databases) {
    if (subjects.has(database.key)) continue;
    const { key, kind, id } = database;
    subjects.set(key, { key, kind, id, found: { is: 'database', database } });
  }
  for (const row of known) {
    if (subjects.has(row.key)) continue;
    const { key, kind, id } = row;
    const environment = environmentOf(key);
    const unread = inventory.databasesUnread(nameOf(row));
    if (unread !== undefined) {
      // Of a kind whose listing was not read to its end, nobody can say that it left.
      if (inventory.isRead(environment)) continue;
      const gone = { code: 'environment-left', facts: { ...environment } } as const;
      subjects.set(key, { key, kind, id, found: { is: 'unknown', ...unread }, gone });
      continue;
    }
    subjects.set(key, { key, kind, id, found: { is: 'absent' }, gone: goneReason(row, configuredNames) });
  }
  return [...subjects.values()]
    .map((subject) => ({ ...subject, ...tagsOf(subject.key, tags), ...sourceOf(subject, unwatchedSource) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
}

/**
 * Databases that were deleted before the ledger met them, known by the snapshots that RDS still has: those can be restored,
 * so they are recorded. Only a whole listing shows that: what a recheck by name shows besides may be of one that was renamed.
 */
function onlyLeftBehind(inventory: RdsInventory, known: readonly DatabaseRow[]): DatabaseRow[] {
  const listing = [inventory, inventory.listed].find((one) => one?.whole);
  if (listing === undefined) return [];
  const keys = new Set(known.map(({ key }) => key));
  return listing.leftBehind.flatMap((snapshots) => {
    const [one] = snapshots;
    if (one === undefined || keys.has(one.database) || inventory.database(one.database) !== undefined) return [];
    const name = { ...environmentOf(one.database), kind: one.databaseKind, id: one.databaseId };
    if ([listing, inventory].some((shown) => shown.databasesUnread(name) !== undefined)) return [];
    const newestBackup = newestAmong(snapshots.filter(isAvailable), new Map());
    return {
      key: one.database,
      id: one.databaseId,
      kind: one.databaseKind,
      // Whatever the ledger met itself is nearer.
      enrolledAt: new Date(0),
      ...(snapshots.every(mayComeFromElsewhere) && { foreign: true }),
      ...(newestBackup && { newestBackup }),
    };
  });
}

function configuredSubject(
  configured: ConfiguredDatabase,
  inventory: RdsInventory,
  namesakes: readonly DatabaseRow[],
  configuredNames: ReadonlySet<string>,
): EvaluationTarget {
  const { kind, id } = configured;
  const base = { kind, id, configured };
  const database = inventory.databaseNamed(configured);
  if (database !== undefined) {
    const earlier = latest(namesakes.filter((row) => row.key !== database.key && row.newestBackup !== undefined));
    return { ...base, key: database.key, found: { is: 'database', database }, ...(earlier && { earlier }) };
  }
  const placeholder = placeholderKey(configured);
  const clusterName = kind === 'instance' ? inventory.clusterOf(configured) : undefined;
  if (clusterName !== undefined) {
    const cluster = inventory.databaseNamed(clusterName);
    return { ...base, key: placeholder, found: { is: 'member', of: clusterName.id }, ...(cluster && { cluster }) };
  }
  const last = latest(namesakes);
  const renamed = last && inventory.database(last.key);
  if (last !== undefined && renamed !== undefined) {
    // Names change, resource ids do not: it is watched on until the configuration follows. Where that has the new name
    // already, the old one is nobody's.
    return configuredNames.has(nameText(renamed))
      ? { ...base, key: placeholder, found: { is: 'absent' }, earlier: last }
      : { ...base, key: renamed.key, found: { is: 'database', database: renamed } };
  }
  // An odd row under the name that it was renamed to may be its own.
  const names = [id, ...(last ? newNamesOf(last) : [])];
  const unread = names
    .map((name) => inventory.databasesUnread({ ...configured, id: name }))
    .find((why) => why !== undefined);
  const foreignEngine = inventory.foreignEngine(configured);
  const found =
    unread === undefined
      ? ({ is: 'absent', ...(foreignEngine !== undefined && { foreignEngine }) } as const)
      : ({ is: 'unknown', ...unread } as const);
  return { ...base, key: last?.key ?? placeholder, found, ...(last && { earlier: last }) };
}

/** The name under which RDS showed a database last that was renamed, while the configuration has the former one. */
function newNamesOf(row: DatabaseRow): string[] {
  return renamingOf(row).map(({ facts }) => facts.id);
}

function tagsOf(key: DatabaseKey, tags: ReadonlyMap<DatabaseKey, TagReading>): Pick<EvaluationTarget, 'tags'> {
  const read = tags.get(key);
  return read ? { tags: read } : {};
}

function sourceOf(
  { configured, found }: EvaluationTarget,
  unwatchedSource: ReturnType<typeof unwatchedSources>,
): Pick<EvaluationTarget, 'unwatchedSource'> {
  if (configured === undefined || found.is !== 'database' || !reliesOnSource(found.database)) return {};
  const why = unwatchedSource(found.database);
  return why === undefined ? {} : { unwatchedSource: why };
}

/** Why the alert ends of a row that no configured database claims, and that RDS does not show. */
function goneReason(row: DatabaseRow, configuredNames: ReadonlySet<string>): Resolution {
  if (!configuredNames.has(nameText(row))) return { code: 'left-configuration', facts: {} };
  return { code: isPlaceholder(row.key) ? 'found-in-rds' : 'name-taken-over', facts: {} };
}

/** The one that was enrolled last, among databases that bore one name. */
function latest(rows: readonly DatabaseRow[]): DatabaseRow | undefined {
  return rows.reduce<DatabaseRow | undefined>(
    (last, row) => (last === undefined || row.enrolledAt > last.enrolledAt ? row : last),
    undefined,
  );
}
