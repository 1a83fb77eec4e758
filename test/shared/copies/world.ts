import type { RdsEvent } from '../../../local/rds/events.ts';
import { inProcessClient } from '../../../local/rds/in-process.ts';
import type { SimulatorOptions } from '../../../local/rds/simulator.ts';
import type { Fleet } from '../../../shared/config/fleet.ts';
import { leftOutError } from '../../../shared/copies/failures.ts';
import type { PausedCopies } from '../../../shared/copies/notices.ts';
import { type CopyTrigger, type WorkDeps, type WorkReport, workOnCopies } from '../../../shared/copies/work.ts';
import {
  type ActiveCopyState,
  type Backup,
  type BackupId,
  backupIdOf,
  type Copy,
  type CopyPause,
  formatName,
  isActive,
  isAvailable,
} from '../../../shared/domain/index.ts';
import type { Table } from '../../../shared/ledger/table.ts';
import { updateBackup, updateDatabase } from '../../../shared/ledger/update.ts';
import { configuredByName } from '../../../shared/ownership.ts';
import { eventMeanings } from '../../../shared/rds/events.ts';
import { RdsReader } from '../../../shared/rds/rds-reader.ts';
import { copyReasonOf } from '../../../shared/reasons/copies.ts';
import { backupFrom, firstRow, withBackup } from '../../../shared/recording/new-backup.ts';
import { collect, makeWorld, where } from '../../support/world.ts';
import { Mortal } from './crash.ts';
import { MemoryS3 } from './memory-s3.ts';

export const stackKey = `arn:aws:kms:${where.region}:${where.account}:key/stack`;
export const exportRole = `arn:aws:iam::${where.account}:role/export`;
export const sharedBucket = `rds-backup-ledger--shared-${where.account}-${where.region}`;

const exportEnds = ['0159', '0160', '0161', '0162', '0163', '0164'].map((number) => `RDS-EVENT-${number}`);

export interface CopyWorldOptions {
  readonly now?: string;
  readonly config: object;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Whether events trigger record and copy by themselves, as they do on AWS. By default a test makes each pass. */
  readonly automatic?: boolean;
  /** Where the ledger is kept; by default in memory. */
  readonly table?: Table;
}

/** A message about copies, with each copy as it was to be written. */
export interface Notified {
  readonly tenant: string | undefined;
  readonly copies: readonly Pick<Backup, 'id' | 'copy'>[];
}

/** RDS, S3, ledger, its stream and copies on one simulated clock. */
export function copyWorld({
  now = '2026-11-20T00:00:00Z',
  config,
  simulator,
  automatic = false,
  table,
}: CopyWorldOptions) {
  const s3: MemoryS3 = new MemoryS3(() => world.rds.now);
  const notified: Notified[] = [];
  const paused: (PausedCopies & { readonly pause: CopyPause })[] = [];
  const triggers: BackupId[] = [];
  const lives: Mortal[] = [];
  const run: { remainingMs: number; life: () => Mortal } = { remainingMs: 600_000, life: () => new Mortal() };
  const world = makeWorld({
    now,
    config,
    ...(table && { table }),
    simulator: {
      objectSink: {
        put: async (bucket, key, body) => s3.put(bucket, key, body),
      },
      eventSink: (event) => (automatic ? react(event) : undefined),
      ...simulator,
    },
  });
  const { rds, ledger } = world;
  const fleet = (): Fleet => world.state.fleet;
  const createBuckets = () => {
    for (const { target, copy } of fleet().databases) {
      if (!s3.has(target.bucket)) s3.createBucket(target.bucket, target.owner);
      if (copy.staging && !s3.has(copy.staging.bucket)) s3.createBucket(copy.staging.bucket, copy.staging.owner);
    }
  };
  createBuckets();
  watchStream();

  /** The stream's records that trigger copy: a first entry into the queue, and a copy's end. */
  function watchStream(): void {
    const record = ledger.recordBackup.bind(ledger);
    ledger.recordBackup = async (backup) => {
      const answer = await record(backup);
      if (answer === 'recorded' && backup.copy.state === 'queued') triggers.push(backupIdOf(backup));
      return answer;
    };
    const update = ledger.updateBackup.bind(ledger);
    ledger.updateBackup = async (backup) => {
      const [before] = await ledger.backups([backupIdOf(backup)]);
      const answer = await update(backup);
      const ended = before !== undefined && isActive(before.copy.state) && !isActive(backup.copy.state);
      if (answer === 'written' && ended) triggers.push(backupIdOf(backup));
      return answer;
    };
  }

  function deps(life: Mortal): WorkDeps {
    return {
      ledger: life.part(ledger),
      partsIn: () => ({
        rds: life.client(inProcessClient(rds)),
        s3: async () => life.client(s3.client),
        exportRoleArn: exportRole,
        exportKeyArn: stackKey,
      }),
      fleet: fleet(),
      notify: (tenant, rows) =>
        life.call(async () => {
          notified.push({ tenant, copies: rows.map(({ id, copy }) => ({ id, copy })) });
        }),
      notifyOfPause: (pause, copies) =>
        life.call(async () => {
          paused.push({ pause, ...copies });
        }),
      holder: `run ${lives.push(life)}`,
      pause: async () => undefined,
      remainingMs: () => run.remainingMs,
      clock: () => rds.now,
    };
  }

  /** A run of the copy function, which fails in the end where it left something out. */
  const pass = async (trigger: CopyTrigger = {}, life = run.life()) => {
    const report = await workOnCopies(deps(life), rds.now, trigger);
    if (report.errors.length > 0) throw leftOutError(report.errors);
    return onlyPassOf(report);
  };

  /** A pass, and those that the stream triggers in its wake. A run that dies is repeated, as Lambda does it. */
  async function settled(trigger: CopyTrigger = {}): Promise<void> {
    await repeated(trigger);
    while (triggers.length > 0) await repeated({ backups: triggers.splice(0, 100) });
  }

  async function repeated(trigger: CopyTrigger, tries = 3): Promise<void> {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      try {
        await pass(trigger);
        return;
      } catch (error) {
        if (!lives.at(-1)?.died && attempt === tries) throw error;
      }
    }
  }

  /** What record and copy do about an event. */
  async function react(event: RdsEvent): Promise<void> {
    const { EventID, SourceArn } = event.detail;
    if (exportEnds.includes(EventID)) return settled({ exportsEnded: [SourceArn] });
    // The rule's part: it matches on exact ids.
    if (!(EventID in eventMeanings)) return;
    await world.deliver(JSON.stringify(event));
    if (triggers.length > 0) await settled({ backups: triggers.splice(0, 100) });
  }

  /** Puts a snapshot of the simulator into the ledger, as its event would. */
  async function record(id: string): Promise<Backup> {
    const reader = new RdsReader(inProcessClient(rds));
    const [instance] = await reader.instanceSnapshotsNamed([id]);
    const [cluster] = instance ? [] : await reader.clusterSnapshotsNamed([id]);
    const snapshot = instance ?? cluster;
    if (!snapshot || !isAvailable(snapshot)) throw new Error(`there is no available snapshot ${id}`);
    const { database, databaseKind: kind, databaseId } = snapshot;
    const [row] = await ledger.databases([database]);
    const ids = [row?.configuredAs, databaseId].filter((name) => name !== undefined);
    const entries = ids.flatMap(
      (name) => configuredByName(fleet()).get(formatName({ ...where, kind, id: name })) ?? [],
    );
    const [configured] = entries;
    const tenant = row?.tenant ?? configured?.tenant;
    const owner = { ...(configured && { configured }), ...(tenant !== undefined && { tenant }), ...(row && { row }) };
    const backup = await backupFrom(ledger, snapshot, owner, { from: 'event' }, rds.now);
    await ledger.recordBackup(backup);
    await updateDatabase(ledger, database, (known) =>
      withBackup(known ?? firstRow(snapshot, configured, rds.now), backup, configured, rds.now),
    );
    return backup;
  }

  const row = async (backup: Backup): Promise<Backup> => {
    const [found] = await ledger.backups([backupIdOf(backup)]);
    if (!found) throw new Error(`the ledger has no row of ${backup.id}`);
    return found;
  };

  return {
    ...world,
    s3,
    notified,
    /** Messages about copies that wait for a fault of set-up. */
    paused,
    triggers,
    /** How runs go: the time they have, and when they die. */
    run,
    record,
    pass,
    settled,
    deps,
    row,
    copyOf: async (backup: Backup) => (await row(backup)).copy,
    /** Why a copy is as it is, as operators read it now. */
    reasonOf: async (backup: Backup) =>
      copyReasonOf((await row(backup)).copy, { now: rds.now, audience: 'operators' }) ?? '',
    /** Writes a copy as if somebody else had. */
    changeCopy: (backup: Backup, change: (copy: Copy) => Copy) =>
      updateBackup(ledger, backupIdOf(backup), (current) => ({ ...current, copy: change(current.copy) })),
    copies: (state: ActiveCopyState) => collect(ledger.copies(fleet(), state)),
    backupsOf: (database: string) => collect(ledger.backupsOfDatabase(database)),
    configure: (changed: object) => {
      world.configure(changed);
      createBuckets();
    },
    sweepAndCopy: async (mode: 'sweep' | 'watch') => {
      await world[mode]();
      await settled();
    },
    completedTasks: () => rds.exportTasks().filter(({ Status }) => Status === 'COMPLETE'),
  };
}

/** What became of the copies of the only environment. */
export function onlyPassOf({ environments, errors }: WorkReport) {
  const [pass, another] = environments;
  if (pass === undefined || another !== undefined) throw new Error('not one environment');
  return { ...pass, errors };
}

/** A configuration of databases that are exported, by tenant; a cluster is named `cluster:<id>`. */
export function exporting(tenants: Record<string, readonly string[]>, more: object = {}, copy: object = {}): object {
  return {
    defaults: { copy: { mode: 'export', ...copy }, bucket: { type: 'shared' } },
    operators: [{ email: 'operators@example.com' }],
    tenants: Object.entries(tenants).map(([id, databases]) => ({
      id,
      databases: databases.map((database) => {
        const [, cluster] = /^cluster:(.+)$/.exec(database) ?? [];
        return cluster === undefined ? { id: database, kind: 'instance' } : { id: cluster, kind: 'cluster' };
      }),
    })),
    ...more,
  };
}
