import type { RDSClient } from '@aws-sdk/client-rds';
import type { BackupStateEvent } from '../../local/rds/backup-jobs.ts';
import { inProcessBackupClient, inProcessClient } from '../../local/rds/in-process.ts';
import { RdsSimulator, type SimulatorOptions } from '../../local/rds/simulator.ts';
import { AwsBackupReader, jobEventPatterns } from '../../shared/aws-backup/index.ts';
import { parseConfig } from '../../shared/config/load.ts';
import {
  ByEnvironment,
  type Environment,
  formatBackupOfDatabase,
  formatEnvironment,
} from '../../shared/domain/index.ts';
import type { Ledger, OnUnreadable } from '../../shared/ledger/ledger.ts';
import type { Table } from '../../shared/ledger/table.ts';
import { TableLedger } from '../../shared/ledger/table-ledger.ts';
import type { Log } from '../../shared/lib/log.ts';
import { messageContext } from '../../shared/notifications/compose/context.ts';
import type { OutgoingMessage } from '../../shared/notifications/message.ts';
import { composeEnvironments, composeLeftOut } from '../../shared/notifications/messages.ts';
import { type AlertNotification, notify } from '../../shared/notifications/notify.ts';
import { notifyOfTenants } from '../../shared/notifications/notify-tenants.ts';
import { eventMeanings } from '../../shared/rds/events.ts';
import { RdsReader } from '../../shared/rds/rds-reader.ts';
import { type RecordDeps, recordEvents } from '../../shared/recording/record-events.ts';
import { type CloseDeps, runRequest } from '../../shared/sweep/close-run.ts';
import type { SweepDeps, SweepRequest } from '../../shared/sweep/run.ts';
import { recheck } from '../../shared/sweep/watch.ts';
import { MemoryTable } from './memory-ledger.ts';

export const where = { account: '123456789012', region: 'eu-west-1' };

interface WorldOptions {
  readonly now: string;
  /** The configuration, as its file would have it. */
  readonly config: object;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Milliseconds a run has left, each time it asks. */
  readonly remainingMs?: () => number;
  /** Whether events of RDS reach the recorder, as they do by default. */
  readonly recording?: boolean;
  /** Where the ledger is kept; by default in memory. */
  readonly table?: Table;
  /** What stands between the use cases and the ledger: counts calls, or lets them fail. */
  readonly between?: (ledger: Ledger) => Ledger;
}

/** Whether one of the rules hands on an event of AWS Backup. */
function isForwarded(event: BackupStateEvent): boolean {
  return Object.values(jobEventPatterns).some(
    ({ detailType, detail }) =>
      detailType.some((type) => type === event['detail-type']) &&
      Object.entries(detail).every(([name, values]) => values.includes(String(event.detail[name]))),
  );
}

/** RDS, ledger and use cases on one simulated clock: everything but AWS. */
export function makeWorld({
  now,
  config,
  simulator,
  remainingMs,
  recording = true,
  table = new MemoryTable(),
  between = (ledger) => ledger,
}: WorldOptions) {
  const logged: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const logAt =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      logged.push({ level, message, fields });
    };
  const log: Log = { info: logAt('info'), warn: logAt('warn'), error: logAt('error') };
  const rds = new RdsSimulator({
    now: new Date(now),
    ...where,
    seed: 1,
    eventSink: async (event) => {
      // The rule's part: it matches on exact ids.
      if (recording && event.detail.EventID in eventMeanings) await deliver(JSON.stringify(event));
    },
    backupEventSink: async (event) => {
      if (recording && isForwarded(event)) await deliver(JSON.stringify(event));
    },
    ...simulator,
  });
  const clock = () => new Date(rds.now.getTime() - state.clockBehindMs);
  const ledger = new TableLedger(table, clock);
  // What a test replaces on the ledger is replaced on all that leaves rows out, too.
  ledger.leavingOut = (take) =>
    new Proxy(new TableLedger(table, clock, take), {
      get: (target, name) => {
        const member: unknown = Object.hasOwn(ledger, name) ? Reflect.get(ledger, name) : Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  const used = between(ledger);
  /** Each message that was handed over to be sent, whether it got out or not. */
  const notified: AlertNotification[] = [];
  const published: OutgoingMessage[] = [];
  /** Full lists, by the links to them. */
  const stored = new Map<string, string>();
  /** Change these to change the world: another configuration, a topic that refuses messages. */
  const state = {
    fleet: parseConfig(JSON.stringify(config), where),
    configHash: 'hash of the configuration',
    /** How much our clock is behind that of RDS. */
    clockBehindMs: 0,
    remainingMs: remainingMs ?? (() => 900_000),
    publish: async (message: OutgoingMessage): Promise<void> => {
      published.push(message);
    },
    triggerCopies: async (): Promise<void> => {},
    /** RDS in other environments, or why nothing there can be read, or that it does not answer. */
    spokes: new Map<string, RdsSimulator | Error | 'silent'>(),
    /** How many events each spoke could not forward. */
    undelivered: new Map<string, number>(),
  };
  const heard = new Map<string, Date>();
  const simulatorIn = (environment: Environment): RdsSimulator => {
    const spoke = state.spokes.get(formatEnvironment(environment)) ?? rds;
    if (spoke instanceof Error) throw spoke;
    return spoke === 'silent' ? rds : spoke;
  };
  /** As clients whose role is refused: each call fails. */
  const rdsClientIn = (environment: Environment): RDSClient => {
    const spoke = state.spokes.get(formatEnvironment(environment));
    if (!(spoke instanceof Error) && spoke !== 'silent') return inProcessClient(simulatorIn(environment));
    const client = inProcessClient(rds);
    client.middlewareStack.add(
      () => async () => {
        if (spoke === 'silent') return new Promise<never>(() => {});
        throw spoke;
      },
      { step: 'initialize', priority: 'high' },
    );
    return client;
  };
  const readers = () => ({
    rds: new ByEnvironment((environment) => new RdsReader(rdsClientIn(environment))),
    awsBackup: new ByEnvironment(
      (environment) => new AwsBackupReader(async () => inProcessBackupClient(simulatorIn(environment))),
    ),
  });

  const deps = (): SweepDeps & CloseDeps => ({
    ledger: used,
    ...readers(),
    fleet: state.fleet,
    configHash: state.configHash,
    notify: async (some, at) => {
      notified.push(...some);
      const publisher = { publish: (message: OutgoingMessage) => state.publish(message) };
      const put = async (name: string, body: string) => {
        const link = `https://lists.example/${name}`;
        stored.set(link, body);
        return link;
      };
      return notify({ ledger: used, publisher, reports: { put }, fleet: state.fleet }, some, at);
    },
    notifyOfLeftOut: (leftOut, at) => state.publish(composeLeftOut(leftOut, messageContext(state.fleet, at))),
    notifyOfTenants: (notices, at) => {
      const publisher = { publish: (message: OutgoingMessage) => state.publish(message) };
      return notifyOfTenants({ publisher, fleet: state.fleet }, notices, at);
    },
    notifyOfEnvironments: (notices, at) => state.publish(composeEnvironments(notices, messageContext(state.fleet, at))),
    undelivered: async (environment) => state.undelivered.get(formatEnvironment(environment)) ?? 0,
    triggerCopies: () => state.triggerCopies(),
    log,
    now: clock,
    remainingMs: () => state.remainingMs(),
  });
  /** The recorder's recheck, as its handler makes it. */
  const recheckAndNotify = async (
    databases: Parameters<typeof recheck>[1],
    options?: Parameters<typeof recheck>[2],
  ) => {
    const run = await recheck(deps(), databases, options);
    await deps().notify(run.notifications, run.at);
    return run;
  };
  const recordDeps = (): RecordDeps => ({
    ledger: used,
    ...readers(),
    heard,
    remainingMs: () => state.remainingMs(),
    fleet: state.fleet,
    log,
    now: clock,
    check: async (databases, options) => {
      const { row } = await recheckAndNotify(databases, options);
      return (row.leftOut ?? []).flatMap(({ database }) => database ?? []);
    },
  });
  /** Hands message bodies to the recorder as one batch; returns the ids (`m0`, `m1`, ...) of those that failed. */
  const deliver = (...bodies: string[]) =>
    recordEvents(
      recordDeps(),
      bodies.map((body, index) => ({ messageId: `m${index}`, body })),
    );
  const request = (mode: 'sweep' | 'watch', options: Partial<SweepRequest>) => ({ mode, dryRun: false, ...options });
  return {
    rds,
    ledger,
    notified,
    published,
    stored,
    logged,
    state,
    deliver,
    configure: (changed: object) => {
      state.fleet = parseConfig(JSON.stringify(changed), where);
    },
    sweep: (options: Partial<SweepRequest> = {}) => runRequest(deps(), request('sweep', options)),
    watch: (options: Partial<SweepRequest> = {}) => runRequest(deps(), request('watch', options)),
    recheck: (...databases: Parameters<typeof recheck>[1]) => recheckAndNotify(databases),
    /** `step database verdict severity`, of what was notified since the last call. */
    news: () =>
      notified
        .splice(0)
        .map(({ step, alert }) => `${step} ${alert.databaseId} ${alert.verdict} ${alert.severity}`)
        .sort(),
  };
}

export type World = ReturnType<typeof makeWorld>;

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** The one row of a database by its name. */
export async function rowOf(world: Pick<World, 'ledger'>, id: string, kind: 'instance' | 'cluster' = 'instance') {
  const [row, another] = await world.ledger.databasesByName({ ...where, kind, id });
  if (row === undefined || another !== undefined) throw new Error(`not one row of ${kind} ${id}`);
  return row;
}

/** The alert that concerns a database now. */
export async function alertOf(world: Pick<World, 'ledger'>, id: string, kind: 'instance' | 'cluster' = 'instance') {
  const row = await rowOf(world, id, kind);
  const [alert] = row.alert ? await world.ledger.alerts([{ database: row.key, ...row.alert }]) : [];
  return alert;
}

/** The ids of a database's live backups, in the order of their creation: `<createdAt ISO>#<snapshot id>`. */
export async function liveOf(world: Pick<World, 'ledger'>, id: string, kind: 'instance' | 'cluster' = 'instance') {
  const live = await world.ledger.liveBackups((await rowOf(world, id, kind)).key);
  return live.map(formatBackupOfDatabase).sort();
}

/** A ledger that counts its calls by name; an iterated one counts once. */
export function counting(ledger: Ledger, calls: Record<string, number>): Ledger {
  return between(ledger, (name) => {
    calls[name] = (calls[name] ?? 0) + 1;
  });
}

/** Questions that are answered by a list, which is read as it is iterated. */
export const lists = new Set<keyof Ledger>([
  'backupsOfDatabase',
  'backupsOfTenant',
  'backupsOfDay',
  'copies',
  'databasesOfTenant',
  'allDatabases',
  'databasesToCheck',
  'openAlerts',
  'alertsOfDatabase',
  'alertsOfTenant',
  'daysOfDatabase',
  'daysOfTenant',
  'daysOfDate',
  'sweeps',
]);

/** A ledger before each of whose calls something happens; a list does not wait for what takes time. */
export function between(ledger: Ledger, before: (call: string) => void | Promise<void>): Ledger {
  return new Proxy(ledger, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      if (name === 'leavingOut') return (take: OnUnreadable) => between(target.leavingOut(take), before);
      return (...args: unknown[]) => {
        const waiting = before(String(name));
        const call = () => Reflect.apply(member, target, args);
        return waiting === undefined || lists.has(name as keyof Ledger) ? call() : waiting.then(call);
      };
    },
  });
}
