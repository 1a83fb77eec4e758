/** The functions as `handlers/` composes them, on clients whose every call passes the gate. */

import { BackupClient, ListRestoreJobsCommand } from '@aws-sdk/client-backup';
import { RDSClient } from '@aws-sdk/client-rds';
import type { S3Client } from '@aws-sdk/client-s3';
import { RdsFault } from '../local/rds/faults.ts';
import type { RdsSimulator } from '../local/rds/simulator.ts';
import { AwsBackupReader } from '../shared/aws-backup/index.ts';
import type { Fleet } from '../shared/config/index.ts';
import { type CopyTrigger, leftOutError, workOnCopies } from '../shared/copies/index.ts';
import { ByEnvironment } from '../shared/domain/index.ts';
import { type Ledger, TableLedger } from '../shared/ledger/index.ts';
import type { Log } from '../shared/lib/log.ts';
import {
  type AlertNotification,
  acknowledgeAlert,
  composeCopiesPaused,
  composeCopyMessages,
  composeEnvironments,
  composeLeftOut,
  messageContext,
  notify,
  notifyOfTenants,
  type OutgoingMessage,
  snoozeAlert,
} from '../shared/notifications/index.ts';
import { RdsReader } from '../shared/rds/index.ts';
import { recordEvents } from '../shared/recording/index.ts';
import {
  publishDay,
  recheck,
  runRequest,
  type SweepDeps,
  type SweepReport,
  type SweepRequest,
} from '../shared/sweep/index.ts';
import type { MemoryS3 } from '../test/shared/copies/memory-s3.ts';
import type { Gate, Run } from './gate.ts';
import type { SimulatedTable } from './table.ts';

/** What the functions are built on. */
export interface Cloud {
  readonly gate: Gate;
  readonly rds: RdsSimulator;
  readonly table: SimulatedTable;
  readonly s3: MemoryS3;
  readonly now: () => number;
  /** The configuration that is deployed now. */
  readonly fleet: () => Fleet;
  readonly publish: (run: Run, message: OutgoingMessage) => void;
  readonly invokeCopy: () => void;
  /** Why RDS refuses to start an export now. */
  readonly refusedExport: (run: Run) => RdsFault | undefined;
  /** Why AWS Backup does not list its jobs now. */
  readonly refusedJobs: () => Error | undefined;
  /** Whether report and digest follow this sweep. */
  readonly report: () => boolean;
}

const account = {
  exportRoleArn: 'arn:aws:iam::123456789012:role/export',
  exportKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/stack',
};

/** Time kept back at a copy run's end, as its handler does. */
const copyReserveMs = 30_000;

/** The parts of one run. */
function partsOf(cloud: Cloud, run: Run) {
  const { gate } = cloud;
  const now = () => new Date(cloud.now() + run.clockOffset);
  const ledger = new TableLedger(cloud.table.asSeenBy(run, gate), now);
  const fleet = cloud.fleet();
  const log: Log = { info: () => {}, warn: () => {}, error: () => {} };
  const publisher = {
    publish: (message: OutgoingMessage) => gate.call(run, 'sns', 'publish', async () => cloud.publish(run, message)),
  };
  const reports = {
    put: (name: string) => gate.call(run, 's3', 'put', async () => `https://reports.example/${name}`),
  };
  return {
    ledger,
    fleet,
    log,
    now,
    publisher,
    reports,
    rds: () => new ByEnvironment(() => new RdsReader(rdsClient(cloud, run))),
    awsBackup: () => new ByEnvironment(() => new AwsBackupReader(async () => backupClient(cloud))),
    ...alerting(),
  };

  function alerting() {
    return {
      notifying: (notifications: readonly AlertNotification[], at: Date) =>
        notify({ ledger, publisher, reports, fleet }, notifications, at),
      notifyingOfTenants: (notices: Parameters<typeof notifyOfTenants>[1], at: Date) =>
        notifyOfTenants({ publisher, fleet }, notices, at),
      notifyingOfEnvironments: (notices: Parameters<typeof composeEnvironments>[0], at: Date) =>
        publisher.publish(composeEnvironments(notices, messageContext(fleet, at))),
      notifyingOfLeftOut: (leftOut: Parameters<typeof composeLeftOut>[0], at: Date) =>
        publisher.publish(composeLeftOut(leftOut, messageContext(fleet, at))),
      remainingMs: () => run.budgetMs - (cloud.now() - run.started),
    };
  }
}

type RunParts = ReturnType<typeof partsOf>;

function sweepDepsOf({ ledger, fleet, log, now, rds, awsBackup, remainingMs }: RunParts): SweepDeps {
  return { ledger, fleet, log, now, rds: rds(), awsBackup: awsBackup(), remainingMs, configHash: 'hash' };
}

/** `handlers/sweep.ts` */
export async function sweepFunction(cloud: Cloud, run: Run, request: SweepRequest): Promise<SweepReport> {
  const parts = partsOf(cloud, run);
  const { ledger, fleet, publisher, reports } = parts;
  const result = await runRequest(
    {
      ...sweepDepsOf(parts),
      notify: parts.notifying,
      notifyOfLeftOut: parts.notifyingOfLeftOut,
      notifyOfTenants: parts.notifyingOfTenants,
      notifyOfEnvironments: parts.notifyingOfEnvironments,
      undelivered: async () => 0,
      triggerCopies: () => cloud.gate.call(run, 'lambda', 'invoke', async () => cloud.invokeCopy()),
    },
    request,
  );
  if (!request.dryRun && cloud.report())
    await publishDay({ ledger, ledgerName: 'ledger', fleet, publisher, reports }, result);
  return result.report;
}

/** `handlers/record.ts`; answers with the messages that failed. */
export function recordFunction(
  cloud: Cloud,
  run: Run,
  messages: Parameters<typeof recordEvents>[1],
): Promise<string[]> {
  const parts = partsOf(cloud, run);
  const { ledger, fleet, log, now } = parts;
  return recordEvents(
    {
      ledger,
      rds: parts.rds(),
      awsBackup: parts.awsBackup(),
      fleet,
      heard: new Map(),
      remainingMs: parts.remainingMs,
      log,
      now,
      check: async (databases, options) => {
        const checked = await recheck(sweepDepsOf(parts), databases, options);
        await parts.notifying(checked.notifications, checked.at);
        return (checked.row.leftOut ?? []).flatMap(({ database }) => database ?? []);
      },
    },
    messages,
  );
}

/** `handlers/copy.ts` */
export async function copyFunction(cloud: Cloud, run: Run, trigger: CopyTrigger): Promise<void> {
  const { ledger, fleet, now, publisher, remainingMs } = partsOf(cloud, run);
  const { errors } = await workOnCopies(
    {
      ledger,
      partsIn: () => ({ rds: rdsClient(cloud, run), s3: async () => s3Client(cloud, run), ...account }),
      fleet,
      notify: async (tenant, backups, at) => {
        for (const message of composeCopyMessages(tenant, backups, messageContext(fleet, at))) {
          await publisher.publish(message);
        }
      },
      notifyOfPause: (paused, copies, at) =>
        publisher.publish(composeCopiesPaused({ pause: paused, ...copies }, messageContext(fleet, at))),
      holder: run.name,
      pause: (ms) => cloud.gate.call(run, 'lambda', `pause ${ms}`, async () => {}),
      remainingMs: () => remainingMs() - copyReserveMs,
      clock: now,
    },
    now(),
    trigger,
  );
  if (errors.length > 0) throw leftOutError(errors);
}

/** What somebody does with the command line: to the alert of the database of this key. */
export async function personFunction(
  cloud: Cloud,
  run: Run,
  what: 'acknowledge' | 'snooze',
  key: string,
): Promise<void> {
  const { ledger, now }: { ledger: Ledger; now: () => Date } = partsOf(cloud, run);
  if (what === 'acknowledge') await acknowledgeAlert(ledger, key, { by: 'somebody' }, now());
  else {
    const until = new Date(now().getTime() + 3 * 3_600_000);
    await snoozeAlert(ledger, key, { until, by: 'somebody' }, now());
  }
}

/** A client of RDS that answers straight from the simulator: the SDK's XML would take most of the time. */
function rdsClient({ gate, rds, refusedExport }: Cloud, run: Run): RDSClient {
  const send = (command: { readonly input: Record<string, unknown> }) => {
    const action = command.constructor.name.replace(/Command$/, '');
    return gate.call(run, 'rds', action, async () => {
      try {
        const refused = action === 'StartExportTask' ? refusedExport(run) : undefined;
        if (refused) throw refused;
        return rds.call(action, command.input);
      } catch (error) {
        if (!(error instanceof RdsFault)) throw error;
        const { code, status, message } = error;
        throw Object.assign(new Error(message), { name: code, $metadata: { httpStatusCode: status } });
      }
    });
  };
  return Object.assign(Object.create(RDSClient.prototype), { send });
}

/** A client of AWS Backup that answers straight from the simulator. */
function backupClient({ rds, refusedJobs }: Cloud): BackupClient {
  const send = async (command: { readonly input: object }) => {
    if (command instanceof ListRestoreJobsCommand) return rds.listRestoreJobs(command.input);
    const refused = refusedJobs();
    if (refused) throw refused;
    return rds.listBackupJobs(command.input);
  };
  return Object.assign(Object.create(BackupClient.prototype), { send });
}

function s3Client({ gate, s3 }: Cloud, run: Run): S3Client {
  const send = (command: object) =>
    gate.call(run, 's3', command.constructor.name.replace(/Command$/, ''), async () =>
      s3.client.send(command as never),
    );
  return new Proxy(s3.client, { get: (target, name) => (name === 'send' ? send : Reflect.get(target, name, target)) });
}
