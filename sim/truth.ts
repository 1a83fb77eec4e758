/**
 * What is so, by the promises of the design and the simulator's own state: nothing here asks the product. It says of a database
 * which verdicts an alert may state at a moment, and whether somebody has to be notified.
 */
import type { Database, Snapshot } from '../local/rds/model.ts';
import type { RdsSimulator } from '../local/rds/simulator.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;

/** An entry of the configuration. */
export interface Entry {
  readonly id: string;
  readonly kind: 'instance' | 'cluster';
  readonly tenant: string;
  readonly maxAgeHours: number;
  readonly graceHours: number;
  readonly excluded?: string;
  readonly copy: 'none' | 'daily' | 'every';
}

/** What an alert of a database may say at some moment. */
export interface Truth {
  /** Undefined: nobody's. */
  readonly tenant: string | undefined;
  readonly excluded: boolean;
  readonly exists: boolean;
  /** Verdicts that an alert may state. */
  readonly may: ReadonlySet<string>;
  /** Past its deadline, held open by nothing: people have to be notified. */
  readonly must: boolean;
  /** A backup is due on each day: it is watched, runs, and somebody takes backups of it. */
  readonly isDueDaily: boolean;
}

/** The tenant of a database, and its policy: what the configuration says of its name, else what its tag says. */
export interface Owned {
  readonly tenant: string;
  readonly maxAgeHours: number;
  readonly graceHours: number;
  readonly excluded: boolean;
}

export function truthOf(
  rds: RdsSimulator,
  database: Database,
  owned: Owned | undefined,
  moments: readonly number[],
): Truth {
  const base = { tenant: owned?.tenant, excluded: owned?.excluded ?? false, exists: !database.deleted };
  const silent = { ...base, may: new Set<string>(), must: false, isDueDaily: false };
  if (owned === undefined || owned.excluded) return silent;
  if (database.deleted) return { ...silent, may: new Set(['deleted']) };
  const said = moments.flatMap((at) => statesOf(rds, database, owned, at));
  const takesBackups = database.retention > 0 || isByAwsBackup(rds, database, moments[0] ?? 0);
  return {
    ...base,
    may: new Set(said.flatMap(({ verdicts }) => verdicts)),
    must: said.every(({ must }) => must),
    isDueDaily: takesBackups && !isStopped(database),
  };
}

interface State {
  readonly verdicts: readonly string[];
  readonly must: boolean;
}

/**
 * More than one where the age of a copied cluster snapshot may or may not be known: RDS does not say it, the ledger does if it
 * has the source.
 */
function statesOf(rds: RdsSimulator, database: Database, owned: Owned, at: number): State[] {
  const snapshots = rds.snapshots(database).filter(({ startedAt }) => startedAt.getTime() <= at + 10 * minute);
  const available = snapshots.filter(({ status }) => status === 'available');
  const sure = available.filter((one) => !isClusterCopy(one));
  const readings = sure.length === available.length ? [available] : [available, sure];
  return readings.map((counted) => stateOf(rds, database, owned, snapshots, counted, at));
}

function stateOf(
  rds: RdsSimulator,
  database: Database,
  { maxAgeHours, graceHours }: Owned,
  snapshots: readonly Snapshot[],
  counted: readonly Snapshot[],
  at: number,
): State {
  const newest = Math.max(...counted.map((one) => dataTime(rds, one)));
  const has = counted.length > 0;
  const takes = database.retention > 0 || isByAwsBackup(rds, database, at);
  const due = newest + maxAgeHours * hour;
  const bare = has
    ? deadlineAfter(due, database, graceHours)
    : database.created.getTime() + (maxAgeHours + graceHours) * hour;
  const isReplica = database.replicaOf !== undefined;
  if (has && at <= due) {
    const noneFollows = takes ? isStopped(database) : !isReplica;
    return { verdicts: noneFollows || isBad(database) ? ['protected'] : [], must: false };
  }
  if (isReplica && !takes) return { verdicts: [], must: false };
  const creating = snapshots.filter(({ status }) => status === 'creating');
  if (!has) {
    // Whether it never had one or has none left: the latter is told at once, but where the next may come now.
    const mayCome = takes && (deadlineAfter(at, database, graceHours) > at || creating.length > 0);
    return { verdicts: takes ? ['overdue', 'never'] : ['disabled'], must: at > bare && !mayCome };
  }
  if (at <= bare) return { verdicts: [], must: false };
  return { verdicts: [takes ? 'overdue' : 'disabled'], must: at > (creating.length > 0 ? bare + 6 * hour : bare) };
}

/** It does not leave this status by itself: told although its newest backup is fresh. */
const isBad = ({ status }: Database) =>
  ['failed', 'storage-full', 'restore-error', 'insufficient-capacity'].includes(status) ||
  status.startsWith('incompatible-');

/**
 * The deadline: where the end of the promise falls between the start of the backup window and the grace after its end, it moves
 * to that end plus grace; where there is no window, the grace is added.
 */
function deadlineAfter(due: number, { retention, window }: Database, graceHours: number): number {
  if (retention === 0) return due + graceHours * hour;
  const [from = 0, to = 0] = window.split('-').map((time) => {
    const [hours = 0, minutes = 0] = time.split(':').map(Number);
    return (hours * 60 + minutes) * minute;
  });
  const midnight = Math.floor(due / day) * day;
  const opens = midnight + from <= due ? midnight + from : midnight + from - day;
  const closes = opens + ((to - from + day) % day) + graceHours * hour;
  return Math.max(due, closes);
}

/** The moment that a snapshot's data is from: that of what it is a copy of. */
function dataTime(rds: RdsSimulator, snapshot: Snapshot): number {
  if (snapshot.originalTime) return snapshot.originalTime.getTime();
  const source = snapshot.copyOf === undefined ? undefined : rds.snapshotByArn(snapshot.copyOf);
  return source ? dataTime(rds, source) : snapshot.startedAt.getTime();
}

const isClusterCopy = ({ kind, copyOf }: Snapshot) => kind === 'cluster' && copyOf !== undefined;
const isStopped = ({ status }: Database) => status === 'stopped';

/** AWS Backup manages what has a backup of it that is at most eight days old. */
function isByAwsBackup(rds: RdsSimulator, database: Database, at: number): boolean {
  return rds
    .snapshots(database)
    .some(({ type, startedAt }) => type === 'awsbackup' && at - startedAt.getTime() <= 8 * day);
}
