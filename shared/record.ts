/** Use case: what RDS's events say is written into the ledger, once, whatever is delivered twice, late or out of order. */
import { type AvailableSnapshot, backupFrom, firstRow, isAvailable, withBackup, withoutBackup } from './backup.ts';
import { enrol } from './config/enrol.ts';
import type { ConfiguredDatabase, Fleet } from './config/fleet.ts';
import { changeDatabase } from './ledger/change.ts';
import { closeBackup } from './ledger/close.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Log } from './log.ts';
import type { DatabaseKind, DatabaseRow, Snapshot } from './model.ts';
import { snapshotKindOf } from './rds/arn.ts';
import { parseRdsEvent, type RdsEvent } from './rds/events.ts';
import type { RdsReader } from './rds/reader.ts';

export interface RecordDeps {
  readonly ledger: Ledger;
  readonly rds: RdsReader;
  readonly fleet: Fleet;
  readonly log: Log;
  /** Looks at some databases at once: what their events say may mean that no backup will follow. */
  readonly check: (databases: readonly NamedDatabase[]) => Promise<void>;
  readonly now: () => Date;
}

export interface NamedDatabase {
  readonly kind: DatabaseKind;
  readonly id: string;
}

/** One message of the queue; its body is the event. */
export interface QueuedEvent {
  readonly messageId: string;
  readonly body: string;
}

/**
 * Records a batch of events and returns the ids of the messages that failed, each with its reason in the log: those come
 * again, and end in the dead-letter queue. A failure of RDS itself climbs, so that the whole batch comes again.
 */
export async function recordEvents(deps: RecordDeps, messages: readonly QueuedEvent[]): Promise<string[]> {
  const failed: string[] = [];
  const attempt = async (messageId: string, what: string, fields: object, act: () => Promise<void>) => {
    try {
      await act();
    } catch (error) {
      failed.push(messageId);
      deps.log.error(what, { messageId, ...fields, error });
    }
  };
  const events: { messageId: string; event: RdsEvent }[] = [];
  for (const { messageId, body } of messages) {
    await attempt(messageId, 'event cannot be read', {}, async () => {
      events.push({ messageId, event: parseRdsEvent(body) });
    });
  }
  const about = (...meanings: RdsEvent['meaning'][]) => events.filter(({ event }) => meanings.includes(event.meaning));

  const announced = about('backup', 'creating');
  const deleted = about('deleted');
  const snapshots = await describe(
    deps.rds,
    [...announced, ...deleted].map(({ event }) => event),
  );
  const configured = await configuredFor(deps, [...snapshots.values()]);
  for (const { messageId, event } of announced) {
    const snapshot = snapshots.get(event.arn);
    const fields = { eventId: event.eventId, snapshot: event.arn };
    await attempt(messageId, 'snapshot could not be recorded', fields, () =>
      recordSnapshot(deps, event, snapshot, snapshot && configured(snapshot)),
    );
  }
  for (const { messageId, event } of deleted) {
    await attempt(messageId, 'deletion could not be recorded', { snapshot: event.arn }, () =>
      recordDeletion(deps, event, snapshots.get(event.arn)),
    );
  }
  const changed = about('database');
  if (changed.length > 0) {
    await deps.check(databasesNamed(changed.map(({ event }) => event)));
  }
  return failed;
}

/** The databases that events are about, each once. */
function databasesNamed(events: readonly RdsEvent[]): NamedDatabase[] {
  const named = events.map(({ source }): NamedDatabase => {
    return { kind: source.type === 'cluster' ? 'cluster' : 'instance', id: source.id.toLowerCase() };
  });
  return [...new Map(named.map((database) => [`${database.kind}/${database.id}`, database])).values()];
}

/** All snapshots of a batch in one call a kind: events name the snapshot, not the database. */
async function describe(rds: RdsReader, events: readonly RdsEvent[]): Promise<Map<string, Snapshot>> {
  const idsOf = (kind: DatabaseKind) =>
    events.filter((event) => snapshotKindOf(event.arn) === kind).map((event) => event.source.id);
  const found = await Promise.all([
    rds.instanceSnapshotsNamed(idsOf('instance')),
    rds.clusterSnapshotsNamed(idsOf('cluster')),
  ]);
  return new Map(found.flat().map((snapshot) => [snapshot.arn, snapshot]));
}

/** Who is configured under a snapshot's database; tags are looked up once a batch, and only where they may enrol. */
async function configuredFor(
  { fleet, rds }: RecordDeps,
  snapshots: readonly Snapshot[],
): Promise<(snapshot: Snapshot) => ConfiguredDatabase | undefined> {
  const named = (databases: readonly ConfiguredDatabase[]) =>
    new Map(databases.map((database) => [`${database.kind}/${database.id}`, database]));
  const keyOf = (snapshot: Snapshot) => `${snapshot.databaseKind}/${snapshot.databaseId}`;
  const listed = named(fleet.databases);
  const others = snapshots.filter((snapshot) => !listed.has(keyOf(snapshot)));
  if (fleet.discovery === undefined || others.length === 0) return (snapshot) => listed.get(keyOf(snapshot));
  const idsOf = (kind: DatabaseKind) =>
    others.filter((snapshot) => snapshot.databaseKind === kind).map((snapshot) => snapshot.databaseId);
  const [instances, clusters] = await Promise.all([
    rds.instancesNamed({ ids: idsOf('instance') }),
    rds.clustersNamed({ ids: idsOf('cluster') }),
  ]);
  const enrolled = named(enrol(fleet, [...instances.databases, ...clusters]).databases);
  return (snapshot) => enrolled.get(keyOf(snapshot));
}

async function recordSnapshot(
  deps: RecordDeps,
  event: RdsEvent,
  snapshot: Snapshot | undefined,
  configured: ConfiguredDatabase | undefined,
): Promise<void> {
  const { ledger, log } = deps;
  const fields = { eventId: event.eventId, snapshot: event.arn };
  if (snapshot === undefined) {
    // Deleted or expired meanwhile, or Neptune's or DocumentDB's: nothing to restore from, nothing to record.
    log.info('snapshot is not there any more', fields);
    return;
  }
  if (isAvailable(snapshot)) {
    const outcome = await recordAvailable(deps, event, snapshot, configured);
    log.info(`backup ${outcome}`, { ...fields, database: snapshot.databaseId, tenant: configured?.tenant });
    return;
  }
  const now = deps.now();
  await changeDatabase(
    ledger,
    snapshot.database,
    () => firstRow(snapshot, configured, now),
    (row) => withInProgress(row, snapshot, event, now),
  );
  log.info('snapshot is not available yet', { ...fields, status: snapshot.status });
}

async function recordAvailable(
  { ledger, now: clock }: RecordDeps,
  event: RdsEvent,
  snapshot: AvailableSnapshot,
  configured: ConfiguredDatabase | undefined,
): Promise<'recorded' | 'duplicate'> {
  const now = clock();
  const [row] = await ledger.databases([snapshot.database]);
  const backup = await backupFrom(
    ledger,
    snapshot,
    { ...(configured && { configured }), ...(row && { row }) },
    { from: 'event', event: { id: event.eventId, time: event.time } },
    now,
  );
  const outcome = await ledger.recordBackup(backup);
  // Also after a duplicate: the run that recorded it may have died before this step.
  await changeDatabase(
    ledger,
    snapshot.database,
    () => firstRow(snapshot, configured, now),
    (known) => withBackup(known, backup, configured, now),
  );
  return outcome;
}

/** Notes the youngest backup in progress. Where its end was announced already, the watch is to look soon. */
function withInProgress(row: DatabaseRow, snapshot: Snapshot, event: RdsEvent, now: Date): DatabaseRow {
  const since = snapshot.createdAt ?? event.time;
  const isYoungest = row.inProgress === undefined || row.inProgress.since < since;
  const noted = snapshot.status === 'creating' && isYoungest ? { ...row, inProgress: { id: snapshot.id, since } } : row;
  return event.meaning === 'backup' ? { ...noted, checkAt: now } : noted;
}

/**
 * A user deleted a snapshot: its row is closed. One that was never recorded leaves nothing to do; nor does one that RDS
 * still has: its name was used again, or the event was ahead of RDS, and the next sweep closes the row.
 */
async function recordDeletion(
  { ledger, fleet, now: clock, log }: RecordDeps,
  event: RdsEvent,
  snapshot: Snapshot | undefined,
): Promise<void> {
  if (snapshot?.status === 'available') {
    log.info('deleted snapshot is there', { snapshot: event.arn });
    return;
  }
  const now = clock();
  const backup = await ledger.backupByArn(event.arn);
  if (backup === undefined) {
    log.info('deleted snapshot was never recorded', { snapshot: event.arn });
    return;
  }
  await closeBackup(ledger, backup, { reason: 'deleted by a user', retentionDays: fleet.ledger.retentionDays }, now);
  const [row] = await ledger.databases([backup.database]);
  if (row === undefined) return;
  const remaining = await ledger.backups(row.liveBackups.map((liveBackup) => ({ database: row.key, liveBackup })));
  await changeDatabase(
    ledger,
    row.key,
    () => row,
    (known) => withoutBackup(known, backup, remaining, now),
  );
  log.info('backup closed', { snapshot: event.arn });
}
