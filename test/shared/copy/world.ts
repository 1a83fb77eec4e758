import type { RdsEvent } from '../../../local/rds/events.ts';
import { inProcessClient } from '../../../local/rds/in-process.ts';
import type { SimulatorOptions } from '../../../local/rds/simulator.ts';
import { backupFrom, firstRow, isAvailable, withBackup } from '../../../shared/backup.ts';
import type { Fleet } from '../../../shared/config/fleet.ts';
import type { BackupId, CopyDeps } from '../../../shared/copy/run.ts';
import { type WakeUp, workOnCopies } from '../../../shared/copy/work.ts';
import { liveBackupId } from '../../../shared/ledger/ledger.ts';
import { activeCopyStates, type Backup, type Copy } from '../../../shared/model.ts';
import { RdsReader } from '../../../shared/rds/reader.ts';
import { collect, makeWorld, where } from '../../support/world.ts';
import { Mortal } from './crash.ts';
import { MemoryS3 } from './memory-s3.ts';

export const stackKey = `arn:aws:kms:${where.region}:${where.account}:key/stack`;
export const exportRole = `arn:aws:iam::${where.account}:role/export`;

const exportEnds = ['0159', '0160', '0161', '0162', '0163', '0164'].map((number) => `RDS-EVENT-${number}`);
const backups = ['0091', '0042', '0060', '0197', '0169', '0075'].map((number) => `RDS-EVENT-${number}`);

export interface CopyWorldOptions {
  readonly now?: string;
  readonly config: object;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Whether events wake record and copy by themselves, as they do on AWS. By default a test makes each pass. */
  readonly automatic?: boolean;
}

export interface Told {
  readonly tenant: string | undefined;
  readonly copies: readonly {
    readonly id: string;
    readonly state: Copy['state'];
    readonly reason: string | undefined;
  }[];
}

/** RDS, S3, ledger, its stream and copies on one simulated clock. */
export function copyWorld({ now = '2026-11-20T00:00:00Z', config, simulator, automatic = false }: CopyWorldOptions) {
  const s3 = new MemoryS3();
  const told: Told[] = [];
  const woken: BackupId[] = [];
  const lives: Mortal[] = [];
  const run: { remainingMs: number; life: () => Mortal } = { remainingMs: 600_000, life: () => new Mortal() };
  const world = makeWorld({
    now,
    config,
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
  for (const { target, copy } of fleet().databases) {
    s3.createBucket(target.bucket, target.owner);
    if (copy.staging) s3.createBucket(copy.staging.bucket, copy.staging.owner);
  }
  watchStream();

  /** The stream's records that wake copy: a first entry into the queue, and a copy's end. */
  function watchStream(): void {
    const active = (copy: Copy | undefined) => (activeCopyStates as readonly string[]).includes(copy?.state ?? '');
    const record = ledger.recordBackup.bind(ledger);
    ledger.recordBackup = async (backup) => {
      const answer = await record(backup);
      if (answer === 'recorded' && backup.copy.state === 'queued') woken.push(idOf(backup));
      return answer;
    };
    const update = ledger.updateBackup.bind(ledger);
    ledger.updateBackup = async (backup) => {
      const [before] = await ledger.backups([idOf(backup)]);
      const answer = await update(backup);
      if (answer === 'written' && active(before?.copy) && !active(backup.copy)) woken.push(idOf(backup));
      return answer;
    };
  }

  function deps(life: Mortal): CopyDeps {
    return {
      ledger: life.part(ledger),
      rds: life.client(inProcessClient(rds)),
      s3: life.client(s3.client),
      fleet: fleet(),
      tell: (tenant, rows) =>
        life.call(async () => {
          told.push({ tenant, copies: rows.map(({ id, copy }) => ({ id, state: copy.state, reason: copy.reason })) });
        }),
      exportRoleArn: exportRole,
      exportKeyArn: stackKey,
      holder: `run ${lives.push(life)}`,
      pause: async () => undefined,
      remainingMs: () => run.remainingMs,
      clock: () => rds.now,
    };
  }

  const pass = (wake: WakeUp = {}, life = run.life()) => workOnCopies(deps(life), rds.now, wake);

  /** A pass, and those that the stream asks for in its wake. A run that dies is repeated, as Lambda does it. */
  async function settled(wake: WakeUp = {}): Promise<void> {
    await repeated(wake);
    while (woken.length > 0) await repeated({ rows: woken.splice(0, 100) });
  }

  async function repeated(wake: WakeUp, tries = 3): Promise<void> {
    for (let attempt = 1; attempt <= tries; attempt += 1) {
      try {
        await pass(wake);
        return;
      } catch (error) {
        if (!lives.at(-1)?.died && attempt === tries) throw error;
      }
    }
  }

  async function react(event: RdsEvent): Promise<void> {
    const { EventID, SourceArn } = event.detail;
    if (exportEnds.includes(EventID)) return settled({ snapshots: [SourceArn] });
    if (!backups.includes(EventID)) return;
    await world.deliver(JSON.stringify(event));
    if (woken.length > 0) await settled({ rows: woken.splice(0, 100) });
  }

  /** Puts a snapshot of the simulator into the ledger, as its event would. */
  async function record(id: string): Promise<Backup> {
    const reader = new RdsReader(inProcessClient(rds));
    const [instance] = await reader.instanceSnapshotsNamed([id]);
    const [cluster] = instance ? [] : await reader.clusterSnapshotsNamed([id]);
    const snapshot = instance ?? cluster;
    if (!snapshot || !isAvailable(snapshot)) throw new Error(`there is no available snapshot ${id}`);
    const configured = fleet().databases.find(({ id: name }) => name === snapshot.databaseId);
    const backup = await backupFrom(ledger, snapshot, configured ? { configured } : {}, { from: 'event' }, rds.now);
    await ledger.recordBackup(backup);
    const [row] = await ledger.databases([backup.database]);
    const first = row ?? firstRow(snapshot, configured, rds.now);
    await ledger.putDatabase(withBackup(first, backup, configured, rds.now));
    return backup;
  }

  const row = async (backup: Backup): Promise<Backup> => {
    const [found] = await ledger.backups([idOf(backup)]);
    if (!found) throw new Error(`the ledger has no row of ${backup.id}`);
    return found;
  };

  return {
    ...world,
    s3,
    told,
    woken,
    /** How runs go: the time they have, and when they die. */
    run,
    record,
    pass,
    settled,
    deps,
    row,
    copyOf: async (backup: Backup) => (await row(backup)).copy,
    copies: async (name: 'queued' | 'starting' | 'running') => collect(ledger.copies(name)),
    sweepAndCopy: async (mode: 'sweep' | 'watch') => {
      await world[mode]();
      await settled();
    },
    completedTasks: () => rds.exportTasks().filter(({ Status }) => Status === 'COMPLETE'),
  };
}

export function idOf(backup: Backup): BackupId {
  return { database: backup.database, liveBackup: liveBackupId(backup) };
}

/** A configuration of databases that are exported, by tenant. */
export function exporting(tenants: Record<string, readonly string[]>, more: object = {}, copy: object = {}): object {
  return {
    defaults: { copy: { mode: 'export', ...copy }, bucket: { type: 'shared' } },
    operators: [{ email: 'operators@example.com' }],
    tenants: Object.entries(tenants).map(([id, databases]) => ({
      id,
      databases: databases.map((database) => ({ id: database, kind: 'instance' })),
    })),
    ...more,
  };
}
