/** Whether each backup whose copy was wanted was exported, once: RDS's tasks against its snapshots, after a quiet day. */
import { countBy } from 'es-toolkit/array';
import type { Database } from '../local/rds/model.ts';
import type { RdsSimulator } from '../local/rds/simulator.ts';
import type { Item } from '../shared/ledger/index.ts';
import type { Fleets } from './fleets.ts';
import { type Story, storyStart } from './story.ts';
import type { SimulatedTable } from './table.ts';

const hour = 3_600_000;
const day = 24 * hour;

/** Tries of a copy, by default of the configuration. */
const mostAttempts = 3;

/** What ended, or began, this long ago has had its time. */
const settledMs = 12 * hour;

interface Parts {
  readonly story: Story;
  readonly rds: RdsSimulator;
  readonly fleets: Fleets;
  readonly table: SimulatedTable;
  readonly now: () => number;
}

interface CopyProblem {
  readonly database: string;
  readonly expected: string;
  readonly seen: string;
}

interface StoredCopy {
  readonly state: string;
  readonly queuedAt?: string;
}

const copyIn = ({ backupFacts }: Item) => (backupFacts as { readonly copy: StoredCopy }).copy;
const createdIn = ({ sk }: Item) => sk.slice('BACKUP#'.length).split('#')[0] ?? '';

export function copyProblems({ story, rds, fleets, table, now }: Parts): CopyProblem[] {
  const problems: CopyProblem[] = [];
  const fail = (database: string, expected: string, seen: string) => problems.push({ database, expected, seen });
  const settled = now() - settledMs;
  const backups = table.items.filter(({ pk, sk }) => pk.startsWith('DB#') && sk.startsWith('BACKUP#'));
  const taskOf = new Map<string, string>();
  for (const { SourceArn, SnapshotTime, ExportTaskIdentifier = '', Status } of rds.exportTasks()) {
    if (Status !== 'COMPLETE') continue;
    const snapshot = `${SourceArn} ${SnapshotTime?.toISOString()}`;
    const other = taskOf.get(snapshot);
    if (other) fail('', 'each backup exported once', `${snapshot} by ${other} and ${ExportTaskIdentifier}`);
    taskOf.set(snapshot, ExportTaskIdentifier);
  }
  const tries = countBy(
    rds.exportTasks(),
    ({ SourceArn, SnapshotTime }) => `${SourceArn} ${SnapshotTime?.toISOString()}`,
  );
  for (const [snapshot, count] of Object.entries(tries)) {
    if (count > mostAttempts) fail('', `at most ${mostAttempts} tries of an export`, `${count} of ${snapshot}`);
  }
  const tasks = new Map(
    rds.exportTasks().map((task) => [`${task.SourceArn} ${task.SnapshotTime?.toISOString()}`, task]),
  );
  for (const item of backups) {
    const task = tasks.get(`${item.identityKey} ${createdIn(item)}`);
    const tenant = task?.S3Prefix?.split('/')[0];
    if (task && tenant !== item.tenantKey)
      fail('', `a copy in the place of ${item.tenantKey}`, `${item.sk} in that of ${tenant}`);
    const { state, queuedAt = '' } = copyIn(item);
    if (['queued', 'starting', 'running'].includes(state) && Date.parse(queuedAt) < settled) {
      fail(
        fleets.all.find((one) => item.pk.endsWith(one.resourceId))?.id ?? '',
        'no copy that is stuck',
        `${item.sk} is ${state} since ${queuedAt}`,
      );
    }
  }
  // Where RDS refused, copies may have failed for good.
  const refusals = story.faults.some(({ kind }) => kind === 'export role gone');
  // RDS fails whichever export comes next: as often as a copy is tried, it may be the same one.
  const mayFail = story.happenings.filter(({ what }) => what === 'let its next export fail').length >= mostAttempts;
  for (const database of fleets.all) {
    const mode = fleets.entryFor(database)?.copy ?? 'none';
    if (refusals || database.deleted || mode === 'none' || fleets.unsettled.has(database.resourceId)) continue;
    const own = backups.filter(({ pk }) => pk.endsWith(database.resourceId));
    const exported = own.filter((item) => taskOf.has(`${item.identityKey} ${createdIn(item)}`));
    const wanted = wantedOf(rds, database, settled);
    for (const { id, at } of wanted) {
      // One a day serves the day, though its snapshot may have expired.
      const part = at.slice(0, mode === 'daily' ? 10 : undefined);
      const rows = own.filter((item) => createdIn(item).startsWith(part));
      const serving = exported.filter((item) => createdIn(item).startsWith(part));
      const states = rows.map((item) => `${item.sk}: ${JSON.stringify(copyIn(item))}`).join('; ');
      const failed = rows.some((item) => copyIn(item).state === 'failed');
      if (serving.length === 0 && !(mayFail && failed)) fail(database.id, `an export for ${id} or its day`, states);
      if (serving.length > 1) fail(database.id, `one export for ${id} and its day`, states);
    }
  }
  return problems;
}

/** The backups that RDS took by itself, and has still: of those the copies are wanted. */
function wantedOf(
  rds: RdsSimulator,
  database: Database,
  settled: number,
): { readonly id: string; readonly at: string }[] {
  return rds
    .snapshots(database)
    .filter(({ type, status }) => status === 'available' && type !== 'manual')
    .filter(({ startedAt }) => startedAt.getTime() > storyStart + day && startedAt.getTime() < settled)
    .map(({ id, startedAt }) => ({ id, at: startedAt.toISOString() }));
}
