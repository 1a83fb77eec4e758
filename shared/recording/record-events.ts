/** Use case: what RDS's events say is written into the ledger, once, whatever is delivered twice, late or out of order. */

import { groupBy } from 'es-toolkit/array';
import { withTimeout } from 'es-toolkit/promise';
import pMap from 'p-map';
import * as z from 'zod';
import { type AwsBackupReader, type JobEvent, parseJobEvent, restoreTestsAmong } from '../aws-backup/index.ts';
import { type ConfiguredDatabase, enrol, enrolledWithoutTags, type Fleet, fleetEnvironment } from '../config/index.ts';
import {
  type AvailableSnapshot,
  type ByEnvironment,
  backupIdOf,
  type DatabaseKind,
  type DatabaseName,
  type DatabaseRow,
  type Environment,
  environmentOf,
  environmentsAtOnce,
  formatEnvironment,
  formatName,
  isAvailable,
  mayComeFromElsewhere,
  nameOf,
  type Snapshot,
  sameBackup,
} from '../domain/index.ts';
import { afterUnknownEvents } from '../evaluation/index.ts';
import { type Ledger, type UnreadableRow, updateDatabase, updateEnvironment } from '../ledger/index.ts';
import { errorText } from '../lib/errors.ts';
import type { Log } from '../lib/log.ts';
import { addHours } from '../lib/time.ts';
import { configuredByName, ownerAt, ownershipAfter } from '../ownership.ts';
import {
  concernsOne,
  isDatabaseArn,
  parseRdsArn,
  parseRdsEvent,
  type RdsArn,
  type RdsEvent,
  type RdsReader,
  type RdsReaders,
  snapshotKindOf,
} from '../rds/index.ts';
import { databaseAfterJob } from './job-ends.ts';
import { backupFrom, firstRow, forgetBackup, type SnapshotOwner, seenHere, withBackup } from './new-backup.ts';

export interface RecordDeps {
  readonly ledger: Ledger;
  readonly rds: RdsReaders;
  readonly awsBackup: ByEnvironment<AwsBackupReader>;
  readonly fleet: Fleet;
  readonly log: Log;
  /** When events of each environment were last noted, for as long as the function lives. */
  readonly heard: Map<string, Date>;
  /**
   * Checks some databases at once: what their events say may mean that no backup will follow. Returns those that could not
   * be checked. Where AWS Backup sent one of the events, its jobs are read (`readsJobs`).
   */
  readonly check: (
    databases: readonly DatabaseName[],
    options?: { readonly readsJobs?: boolean },
  ) => Promise<readonly Pick<DatabaseName, 'kind' | 'id'>[]>;
  readonly now: () => Date;
  /** Milliseconds until the run is ended from outside. */
  readonly remainingMs: () => number;
}

/** One message of the queue; its body is the event. */
export interface QueuedEvent {
  readonly messageId: string;
  readonly body: string;
}

/** An event that was read. */
type Read = { readonly messageId: string; readonly environment: Environment } & (
  | { readonly event: RdsEvent }
  | { readonly job: JobEvent }
);

/**
 * Records a batch of events and returns the ids of the messages that failed, each with its reason in the log: those come
 * again, and end in the dead-letter queue. A failure that is not an event's own (RDS throttles, DynamoDB does not respond)
 * is thrown, so that the whole batch comes again; where it is an environment's, the events of others are recorded all the same.
 */
export async function recordEvents(given: RecordDeps, messages: readonly QueuedEvent[]): Promise<string[]> {
  const { log, fleet, ledger } = given;
  const deps = { ...given, ledger: given.ledger.leavingOut((row) => log.error('row is left out', { error: row })) };
  const failed: string[] = [];
  const read = messages.flatMap(({ messageId, body }): Read[] => {
    try {
      return [{ messageId, ...readEvent(body, fleet) }];
    } catch (error) {
      failed.push(messageId);
      log.error('event cannot be read', { messageId, error });
      return [];
    }
  });
  const groups = Object.values(groupBy(read, ({ environment }) => formatEnvironment(environment)));
  const errors: unknown[] = [];
  const record = async (some: readonly Read[], environment: Environment): Promise<readonly string[]> => {
    if (fleetEnvironment(fleet, environment) === undefined) {
      log.warn('events are of an account and Region that are not configured', { ...environment, events: some.length });
      await updateEnvironment(ledger, environment, (row) =>
        afterUnknownEvents(row, environment, some.length, given.now()),
      );
      return [];
    }
    await noteEvents(given, environment);
    return recordThere({ ...deps, rds: deps.rds.in(environment) }, some);
  };
  const attempt = async (some: readonly Read[]) => {
    const environment = some[0]?.environment ?? fleet;
    try {
      const recording = () => record(some, environment);
      // One that keeps others waiting until the run is over would let all of them come again.
      failed.push(...(await (groups.length > 1 ? withTimeout(recording, given.remainingMs() / 2) : recording())));
    } catch (error) {
      errors.push(error);
      failed.push(...some.map(({ messageId }) => messageId));
      log.error('events of an account and Region could not be recorded', { ...environment, error });
    }
  };
  await pMap(groups, attempt, { concurrency: environmentsAtOnce });
  if (errors.length > 0 && errors.length === groups.length) throw errors[0];
  return failed;
}

/** How exactly the time of the last event of an environment is noted. */
const notedToHours = 1;

/** Notes that events come from an environment, where there are several: an hourly write of each says when they stopped. */
async function noteEvents(
  { ledger, fleet, heard, now: clock, log }: RecordDeps,
  environment: Environment,
): Promise<void> {
  const [now, name] = [clock(), formatEnvironment(environment)];
  const last = heard.get(name);
  if (fleet.environments.length === 1 || (last !== undefined && addHours(last, notedToHours) > now)) return;
  const { account, region } = environment;
  try {
    await updateEnvironment(ledger, environment, (row) => ({ ...(row ?? { account, region }), lastEventAt: now }));
    heard.set(name, now);
  } catch (error) {
    log.error('that events arrive could not be noted', { ...environment, error });
  }
}

/** Reads a message; throws an `Error` that says what is wrong. Who sent it is what EventBridge says, and must be where its ARN is. */
function readEvent(
  body: string,
  hub: Environment,
): { environment: Environment } & ({ event: RdsEvent } | { job: JobEvent }) {
  const job = parseJobEvent(body);
  if (job === undefined) {
    const event = parseRdsEvent(body);
    const { account, region } = event.source;
    return { environment: { account, region }, event };
  }
  const arn = job.job === 'backup' ? job.resourceArn : job.job === 'restore' ? job.createdArn : undefined;
  const its = arn !== undefined && isDatabaseArn(arn) ? parseRdsArn(arn) : undefined;
  const { account = its?.account ?? hub.account, region = its?.region ?? hub.region } = sender.parse(JSON.parse(body));
  if (its && (its.account !== account || its.region !== region)) {
    throw new Error(
      `an event of account ${account}, ${region}, about ${arn}: AWS Backup sends events about its own account and Region alone`,
    );
  }
  return { environment: { account, region }, job };
}

const sender = z.object({ account: z.string().optional(), region: z.string().optional() });

/** What records the events of one environment. */
type RecordingThere = Omit<RecordDeps, 'rds'> & { readonly rds: RdsReader };

/** Records the events of one environment, as `recordEvents` does. */
async function recordThere(deps: RecordingThere, messages: readonly Read[]): Promise<string[]> {
  const { log } = deps;
  const failed: string[] = [];
  const attempt = async (messageId: string, what: string, fields: object, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      failed.push(messageId);
      log.error(what, { messageId, ...fields, error });
    }
  };
  const events = messages.flatMap((read) => ('event' in read ? [read] : []));
  const changed: ChangedDatabases[] = [];
  for (const read of messages) {
    if (!('job' in read)) continue;
    const { messageId, job } = read;
    await attempt(messageId, "event of AWS Backup's job could not be recorded", { job: job.id }, async () => {
      const arn = await databaseAfterJob(deps, job);
      if (arn) changed.push({ messageId, arn, names: [databaseIn(parseRdsArn(arn))], isJob: true });
    });
  }
  const about = (...meanings: RdsEvent['meaning'][]) => events.filter(({ event }) => meanings.includes(event.meaning));

  const announced = about('backup', 'creating');
  const deleted = about('deleted');
  const snapshotOf = await describe(
    deps.rds,
    [...announced, ...deleted].map(({ event }) => event),
  );
  const shown = announced.flatMap(({ event }) => snapshotOf.found.get(event.arn) ?? []);
  const ownerOf = await ownersOf(deps, shown);
  for (const { messageId, event } of announced) {
    const fields = { eventId: event.eventId, snapshot: event.arn };
    await attempt(messageId, 'snapshot could not be recorded', fields, () =>
      recordSnapshot(deps, event, snapshotOf.of(event), ownerOf),
    );
  }
  for (const { messageId, event } of deleted) {
    await attempt(messageId, 'deletion could not be recorded', { snapshot: event.arn }, () =>
      recordDeletion(deps, event, snapshotOf.of(event)),
    );
  }
  const told = about('database', 'trouble', 'switchover');
  const meant = await databasesMeant(
    deps.rds,
    told.map(({ event }) => event),
  );
  for (const { messageId, event } of told) {
    changed.push({ messageId, arn: event.arn, names: meant.get(event) ?? [], isJob: false });
  }
  if (changed.length > 0) {
    const names = changed.flatMap((one) => (one.names instanceof Error ? [] : one.names));
    const checking = deps.check([...new Map(names.map((name) => [formatName(name), name])).values()], {
      readsJobs: changed.some(({ isJob }) => isJob),
    });
    for (const { messageId, arn, names: its } of changed) {
      await attempt(messageId, 'database could not be checked', { database: arn }, async () => {
        if (its instanceof Error) throw its;
        const left = await checking;
        if (left.some((one) => its.some(({ kind, id }) => one.kind === kind && one.id === id))) {
          throw new Error('its check failed');
        }
      });
    }
  }
  return failed;
}

/** Databases that are to be checked, and the message that says so. */
interface ChangedDatabases {
  readonly messageId: string;
  readonly arn: string;
  /** Or why nobody can say. */
  readonly names: readonly DatabaseName[] | Error;
  /** Whether AWS Backup says so. */
  readonly isJob: boolean;
}

/**
 * The databases that each event is about, or why nobody can say: RDS has those of a deployment, and the cluster of a member. Where it
 * does not answer, the other events are none the worse for it.
 */
async function databasesMeant(
  rds: RdsReader,
  events: readonly RdsEvent[],
): Promise<ReadonlyMap<RdsEvent, readonly DatabaseName[] | Error>> {
  if (events.length === 0) return new Map();
  const of = (meaning: RdsEvent['meaning']) => events.filter((event) => event.meaning === meaning);
  const unknown = (error: unknown) => new Error(`which databases it is about is not known: ${errorText(error)}`);
  const [deployments, clusters] = await Promise.all([
    rds.deploymentMembers(of('switchover').map(({ source }) => source.id)).catch(unknown),
    clustersOf(
      rds,
      of('trouble').map(({ source }) => databaseIn(source)),
    ).catch(unknown),
  ]);
  const meant = (event: RdsEvent): readonly DatabaseName[] | Error => {
    if (event.meaning === 'switchover') {
      return deployments instanceof Error ? deployments : (deployments.get(event.source.id) ?? []);
    }
    const name = databaseIn(event.source);
    if (event.meaning !== 'trouble') return [name];
    if (clusters instanceof Error) return clusters;
    const cluster = clusters.get(formatName(name));
    return cluster ? [name, cluster] : [name];
  };
  return new Map(events.map((event) => [event, meant(event)]));
}

/** The clusters of those of these instances that are members, by the instance's name. */
async function clustersOf(
  rds: RdsReader,
  instances: readonly DatabaseName[],
): Promise<ReadonlyMap<string, DatabaseName>> {
  const { members } = await rds.instancesNamed({ ids: instances.map(({ id }) => id) });
  // An odd row says of no cluster; the check of its database speaks of it.
  rds.takeOdd();
  return new Map(
    members.map(({ account, region, id, clusterId }) => [
      formatName({ account, region, kind: 'instance', id }),
      { account, region, kind: 'cluster', id: clusterId },
    ]),
  );
}

function databaseIn({ account, region, type, id }: RdsArn): DatabaseName {
  return { account, region, kind: type === 'cluster' ? 'cluster' : 'instance', id: id.toLowerCase() };
}

/**
 * All snapshots of a batch in one call a kind: events name the snapshot, not the database. Where RDS refuses that for one of
 * them, each is looked up alone; `of` then throws for that one.
 */
async function describe(rds: RdsReader, events: readonly RdsEvent[]) {
  const found = new Map<string, Snapshot>();
  const refused = new Map<string, unknown>();
  const lookUp = async (some: readonly RdsEvent[]) => {
    const idsOf = (kind: DatabaseKind) =>
      some.filter((event) => snapshotKindOf(event.arn) === kind).map((event) => event.source.id);
    const snapshots = await Promise.all([
      rds.instanceSnapshotsNamed(idsOf('instance')),
      rds.clusterSnapshotsNamed(idsOf('cluster')),
    ]);
    const [odd] = rds.takeOdd();
    if (odd) throw odd;
    for (const snapshot of snapshots.flat()) found.set(snapshot.arn, snapshot);
  };
  try {
    await lookUp(events);
  } catch (error) {
    if (!concernsOne(error)) throw error;
    for (const event of events) {
      await lookUp([event]).catch((why: unknown) => refused.set(event.arn, why));
    }
  }
  const of = ({ arn }: RdsEvent): Snapshot | undefined => {
    if (refused.has(arn)) throw refused.get(arn);
    return found.get(arn);
  };
  return { found, of };
}

/** What is known of the database of a snapshot, from what a batch has read; throws where a row of it cannot be read. */
type OwnerOf = (snapshot: Snapshot) => SnapshotOwner;

/**
 * Whose the snapshots of a batch are. A database with an owner is its owner's, whatever has its name now. One that has none
 * yet is looked up in RDS by its name, once a batch: only who bears a configured name now is meant by it. Where databases may
 * enrol themselves, their tags are looked up likewise.
 */
async function ownersOf(deps: RecordingThere, snapshots: readonly Snapshot[]): Promise<OwnerOf> {
  const { ledger, fleet, rds } = deps;
  const keys = new Set(snapshots.map(({ database }) => database));
  const unreadable = new Map<string | undefined, UnreadableRow>();
  const lists = ledger.leavingOut((row) => unreadable.set(row.database, row));
  const rows = new Map((await lists.databases([...keys])).map((row) => [row.key, row]));
  const listed = configuredByName(fleet);
  const entryOf = (snapshot: Snapshot) => {
    const row = rows.get(snapshot.database);
    const ids = [row?.configuredAs, snapshot.databaseId].filter((id) => id !== undefined);
    return ids.flatMap((id) => listed.get(formatName({ ...nameIn(snapshot), id })) ?? []);
  };
  const unowned = snapshots.filter((snapshot) =>
    entryOf(snapshot).length > 0 ? rows.get(snapshot.database)?.tenant === undefined : fleet.discovery !== undefined,
  );
  const found = await databasesOf(rds, unowned);
  const odd = rds.takeOdd();
  const [databases, known] = [[...found.values()], [...rows.values()]];
  const tests = await restoreTestsAmong(deps, databases, known, deps.now());
  const enrolled = enrol(fleet, databases, known, tests).databases;
  const holders = new Map([...found.values()].map((database) => [formatName(nameOf(database)), database.key]));
  const taken = await namesTaken(ledger, unowned, holders);
  return (snapshot) => {
    const { databaseKind: kind, databaseId: id } = snapshot;
    const why =
      unreadable.get(snapshot.database) ??
      taken.unreadable.get(formatName(nameIn(snapshot))) ??
      odd.find((row) => row.kind === kind && (row.id === undefined || row.id === id));
    if (why) throw why;
    const row = rows.get(snapshot.database);
    const entries = entryOf(snapshot);
    if (row?.tenant !== undefined) {
      const tenant = ownerAt(row, snapshot.createdAt ?? deps.now());
      const configured =
        entries.find((entry) => entry.tenant === tenant) ??
        entries[0] ??
        enrolledAs(enrolled, found, snapshot) ??
        enrolledBefore(fleet, row);
      const isOfReplica = row.replicaOf !== undefined;
      return { ...(tenant !== undefined && { tenant }), ...(configured && { configured }), isOfReplica };
    }
    const name = formatName(nameIn(snapshot));
    const holder = holders.get(name);
    // A copy from elsewhere bears the name of a database of elsewhere.
    const isNameless = mayComeFromElsewhere(snapshot) && (row === undefined || row.foreign === true);
    const isHolder = holder === undefined ? !isNameless && !taken.names.has(name) : holder === snapshot.database;
    const configured = isHolder ? (entries[0] ?? enrolledAs(enrolled, found, snapshot)) : undefined;
    // What a former owner's was stays theirs; the first owner has all that is older.
    const former = row && ownerAt(row, snapshot.createdAt ?? deps.now());
    const tenant = former ?? configured?.tenant;
    return { ...(tenant !== undefined && { tenant }), ...(configured && { configured }) };
  };
}

/** The name of a snapshot's database, as the snapshot has it. */
function nameIn({ database, databaseKind, databaseId }: Snapshot): DatabaseName {
  return { ...environmentOf(database), kind: databaseKind, id: databaseId };
}

/** The databases that bear the names of snapshots' databases now. */
async function databasesOf(rds: RdsReader, snapshots: readonly Snapshot[]) {
  const idsOf = (kind: DatabaseKind) =>
    snapshots.filter((snapshot) => snapshot.databaseKind === kind).map((snapshot) => snapshot.databaseId);
  const [instances, clusters] = await Promise.all([
    rds.instancesNamed({ ids: idsOf('instance') }),
    rds.clustersNamed({ ids: idsOf('cluster') }),
  ]);
  return new Map([...instances.databases, ...clusters].map((database) => [database.key, database]));
}

/** The entry of a database that enrolled itself, if it is the one that the snapshot is of. */
function enrolledAs(
  enrolled: readonly ConfiguredDatabase[],
  found: Awaited<ReturnType<typeof databasesOf>>,
  snapshot: Snapshot,
): ConfiguredDatabase | undefined {
  const database = found.get(snapshot.database);
  const name = database && formatName(nameOf(database));
  return enrolled.find((entry) => entry.enrolledBy === 'tag' && formatName(entry) === name);
}

/** The entry of a database that had enrolled itself, and whose tags are gone with it. */
function enrolledBefore(fleet: Fleet, row: DatabaseRow): ConfiguredDatabase | undefined {
  const { tenant, enrolledBy } = row;
  if (fleet.discovery === undefined || enrolledBy !== 'tag' || tenant === undefined) return undefined;
  return enrolledWithoutTags(fleet, nameOf(row), tenant);
}

/** Names of databases that RDS does not show, and that another database with an owner had; or whose rows cannot be read. */
async function namesTaken(ledger: Ledger, snapshots: readonly Snapshot[], holders: ReadonlyMap<string, string>) {
  const gone = snapshots.filter((snapshot) => !holders.has(formatName(nameIn(snapshot))));
  const names = new Set<string>();
  const unreadable = new Map<string, UnreadableRow>();
  for (const snapshot of gone) {
    const name = formatName(nameIn(snapshot));
    const lists = ledger.leavingOut((row) => unreadable.set(name, row));
    const namesakes = await lists.databasesByName(nameIn(snapshot));
    if (namesakes.some(({ tenant }) => tenant !== undefined)) names.add(name);
  }
  return { names, unreadable };
}

async function recordSnapshot(
  deps: RecordingThere,
  event: RdsEvent,
  snapshot: Snapshot | undefined,
  ownerOf: OwnerOf,
): Promise<void> {
  const { ledger, log } = deps;
  const fields = { eventId: event.eventId, snapshot: event.arn };
  if (snapshot === undefined) {
    // Deleted or expired meanwhile, or Neptune's or DocumentDB's: nothing to restore from, nothing to record.
    log.info('snapshot is not there any more', fields);
    return;
  }
  const owner = ownerOf(snapshot);
  if (isAvailable(snapshot)) {
    const outcome = await recordAvailable(deps, event, snapshot, owner);
    log.info(`backup ${outcome}`, { ...fields, database: snapshot.databaseId, tenant: owner.tenant });
    return;
  }
  const now = deps.now();
  await updateDatabase(ledger, snapshot.database, (known) =>
    withInProgress(known ? seenHere(known, snapshot) : firstRow(snapshot, owner.configured, now), snapshot, event, now),
  );
  log.info('snapshot is not available yet', { ...fields, status: snapshot.status });
}

async function recordAvailable(
  { ledger, fleet, now: clock }: RecordingThere,
  event: RdsEvent,
  snapshot: AvailableSnapshot,
  owner: SnapshotOwner,
): Promise<'recorded' | 'duplicate'> {
  const now = clock();
  const learned = { from: 'event', event: { id: event.eventId, time: event.time } } as const;
  const backup = await backupFrom(ledger, snapshot, owner, learned, now);
  const outcome = await ledger.recordBackup(backup);
  const own = owner.configured?.tenant === owner.tenant ? owner.configured : undefined;
  // Also after a duplicate: the run that recorded it may have died before this step.
  await updateDatabase(ledger, snapshot.database, (known) => {
    const row =
      known === undefined ? firstRow(snapshot, own, now) : withFirstOwner(seenHere(known, snapshot), own, now);
    return withBackup(row, backup, own, now);
  });
  await closeEarlier(ledger, snapshot, fleet.ledger.retentionDays, now);
  return outcome;
}

/** A row that had no owner yet belongs to whoever the configuration names. */
function withFirstOwner(row: DatabaseRow, configured: ConfiguredDatabase | undefined, now: Date): DatabaseRow {
  return row.tenant === undefined && configured ? { ...row, ...ownershipAfter(row, configured, now) } : row;
}

/**
 * The name of a snapshot names one at a time: what it named before is gone, though no event may have said so (RDS announces
 * no deletion of a cluster's snapshot).
 */
async function closeEarlier(
  ledger: Ledger,
  snapshot: AvailableSnapshot,
  retentionDays: number,
  now: Date,
): Promise<void> {
  const cause = { code: 'name-used-again', facts: {} } as const;
  for (const backup of await ledger.backupsByArn(snapshot.arn)) {
    if (backup.closed === undefined && backup.createdAt < snapshot.createdAt) {
      await forgetBackup(ledger, backup, { cause, retentionDays }, now);
    }
  }
}

/** Notes the youngest backup in progress. Where its end was announced already, the watch is to check soon. */
function withInProgress(row: DatabaseRow, snapshot: Snapshot, event: RdsEvent, now: Date): DatabaseRow {
  const since = snapshot.createdAt ?? event.time;
  const isYoungest = row.inProgress === undefined || row.inProgress.since < since;
  const noted = snapshot.status === 'creating' && isYoungest ? { ...row, inProgress: { id: snapshot.id, since } } : row;
  return event.meaning === 'backup' ? { ...noted, nextCheckAt: now } : noted;
}

/**
 * A user deleted a snapshot: its row is closed. `snapshot` is what RDS shows under its name now; what is available there
 * stays: the name was used again, or the event was ahead of RDS, and the next sweep closes the row. Rows of snapshots that
 * were created after the deletion are not meant.
 */
async function recordDeletion(
  { ledger, fleet, now: clock, log }: RecordingThere,
  event: RdsEvent,
  snapshot: Snapshot | undefined,
): Promise<void> {
  const isThere = (id: Parameters<typeof backupIdOf>[0]) =>
    snapshot !== undefined && isAvailable(snapshot) && sameBackup(backupIdOf(id), backupIdOf(snapshot));
  const deleted = (await ledger.backupsByArn(event.arn)).filter(
    (backup) => backup.closed === undefined && backup.createdAt <= event.time && !isThere(backup),
  );
  if (deleted.length === 0)
    log.info('deletion of a snapshot that is not recorded, or is there', { snapshot: event.arn });
  const why = { cause: { code: 'deleted-by-user', facts: {} }, retentionDays: fleet.ledger.retentionDays } as const;
  for (const backup of deleted) {
    await forgetBackup(ledger, backup, why, clock());
    log.info('backup closed', { snapshot: event.arn });
  }
}
