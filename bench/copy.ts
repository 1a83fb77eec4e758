/**
 * How well a night of 500 snapshots uses the account's five export slots, in simulated time: our copies, and beside them
 * the pattern of the peers, which start an export when the backup's event comes and give up when the limit is reached.
 * Both meet the same trouble: events lost, doubled and late; ours also throttling and runs that die. On the bad day the bucket's
 * policy is wrong as well, for the first six hours.
 */

import { StartExportTaskCommand } from '@aws-sdk/client-rds';
import { flakyDelivery } from '../local/rds/events.ts';
import { exportFailure } from '../local/rds/exports.ts';
import { throttling } from '../local/rds/faults.ts';
import { inProcessClient } from '../local/rds/in-process.ts';
import { seededRandom } from '../local/rds/randomness.ts';
import { RdsSimulator, type SimulatorOptions } from '../local/rds/simulator.ts';
import { exportSlots } from '../shared/copies/index.ts';
import { hourMs, minuteMs } from '../shared/lib/time.ts';
import { Mortal } from '../test/shared/copies/crash.ts';
import { copyWorld, exporting } from '../test/shared/copies/world.ts';
import { collect, where } from '../test/support/world.ts';

const snapshots = 500;
const evening = '2026-11-20T12:00:00Z';
const delivery = flakyDelivery({ lost: 0.1, doubled: 0.1, late: 0.2, lateMinutes: 90, jitterSeconds: 60 });
/** What the five slots need at the least: 500 exports of half an hour on average. */
const idealMs = (snapshots * 30 * minuteMs) / exportSlots;

/** RDS finds out late: an export that began in this time fails at its end. */
const policyWrongMs = 6 * hourMs;
const nightBegins = new Date(new Date(evening).getTime() + 15 * hourMs);

type Day = 'usual' | 'bad';

export interface CopyResult {
  readonly day: Day;
  readonly who: string;
  readonly snapshotsCopied: number;
  readonly lost: number;
  readonly doubled: number;
  /** Copies that nobody tries again, or of which nobody knows. */
  readonly failed: number;
  /** To people, about copies. */
  readonly messages: number;
  readonly hours: number;
  /** Of the slots' time that all exports need, or took if that was longer, in percent. */
  readonly utilisation: number;
}

export async function copyBenchmark(): Promise<CopyResult[]> {
  const results: CopyResult[] = [];
  for (const day of ['usual', 'bad'] as const) results.push(await ours(day), await peers(day));
  return results;
}

async function ours(day: Day): Promise<CopyResult> {
  const random = seededRandom(3);
  const config = exporting(tenants(), {}, { kinds: ['manual'] });
  const world = copyWorld({ now: evening, automatic: true, config, simulator: simulated(random, day) });
  prepare(world.rds);
  await world.sweepAndCopy('sweep');
  plan(world.rds, random);
  world.run.life = () => {
    const call = 1 + Math.floor(random() * 12);
    return random() < 0.1 ? new Mortal(call, random() < 0.5 ? 'before' : 'after') : new Mortal();
  };
  world.rds.onCall(({ action }) => (action === 'StartExportTask' && random() < 0.05 ? throttling : undefined));
  const slots = await measured(world.rds, async (minute) => {
    if (minute % (24 * 60) === 0) await world.sweepAndCopy('sweep');
    else if (minute % 15 === 0) await world.settled();
  });
  const failed = await collect(world.ledger.copies(where, 'failed'));
  const messages = world.notified.length + world.paused.length;
  return { day, who: 'rds-backup-ledger', ...slots, failed: failed.length, messages };
}

/** Starts on the event, tries again twice within minutes as Lambda does, and gives up. Ids are new for each delivery. */
async function peers(day: Day): Promise<CopyResult> {
  const random = seededRandom(3);
  const again: { readonly at: Date; readonly arn: string; readonly tries: number }[] = [];
  let started = 0;
  const start = async (arn: string, tries: number): Promise<void> => {
    started += 1;
    const input = {
      ExportTaskIdentifier: `export-${started}`,
      SourceArn: arn,
      S3BucketName: 'copies',
      IamRoleArn: 'arn:aws:iam::123456789012:role/export',
      KmsKeyId: 'key',
    };
    try {
      await client.send(new StartExportTaskCommand(input));
    } catch {
      if (tries < 2) again.push({ at: new Date(rds.now.getTime() + (tries + 1) * minuteMs), arn, tries: tries + 1 });
    }
  };
  const rds: RdsSimulator = new RdsSimulator({
    now: new Date(evening),
    ...simulated(random, day),
    eventSink: async ({ detail }) => {
      if (detail.EventID === 'RDS-EVENT-0042') await start(detail.SourceArn, 0);
    },
  });
  const client = inProcessClient(rds);
  prepare(rds);
  plan(rds, random);
  const slots = await measured(rds, async () => {
    const due = again.filter(({ at }) => at <= rds.now);
    for (const retry of due) {
      again.splice(again.indexOf(retry), 1);
      await start(retry.arn, retry.tries);
    }
  });
  return { day, who: 'start on event, give up at the limit', ...slots, failed: slots.lost, messages: 0 };
}

function simulated(random: () => number, day: Day): Partial<SimulatorOptions> {
  const cured = nightBegins.getTime() + policyWrongMs;
  const cause = exportFailure.bucket('copies', 'arn:aws:iam::123456789012:role/export');
  return {
    seed: 3,
    delivery,
    exportMinutes: () => 20 + random() * 20,
    exportOutcome: (_snapshot, _random, startedAt) =>
      day === 'bad' && startedAt.getTime() < cured ? { kind: 'fail', cause } : { kind: 'complete' },
  };
}

/** One tenant has half of all databases; automated backups are off, so that there is this night's work and no other. */
function tenants(): Record<string, string[]> {
  const byTenant: Record<string, string[]> = {};
  for (let index = 0; index < snapshots; index += 1) {
    const tenant = `tenant${index < snapshots / 2 ? 0 : index % 20}`;
    byTenant[tenant] = [...(byTenant[tenant] ?? []), `database-${index}`];
  }
  return byTenant;
}

function prepare(rds: RdsSimulator): void {
  for (const id of Object.values(tenants()).flat()) {
    rds.createInstance({ id, retention: 0, tables: [{ name: 'public.orders', rows: 1 }] });
  }
}

/** The night's backups begin between 03:00 and 05:00. */
function plan(rds: RdsSimulator, random: () => number): void {
  for (const database of rds.databases()) {
    rds.takeBackup(database, {
      kind: 'manual',
      id: `${database.id}-nightly`,
      at: new Date(nightBegins.getTime() + random() * 2 * hourMs),
    });
  }
}

/** Lets time pass, minute by minute, until nothing has been exported for a day and a half. */
async function measured(
  rds: RdsSimulator,
  everyMinute: (minute: number) => Promise<void>,
): Promise<Omit<CopyResult, 'day' | 'who' | 'failed' | 'messages'>> {
  let busyMs = 0;
  let first: Date | undefined;
  let last = rds.now;
  for (let minute = 1; rds.now.getTime() - last.getTime() < 36 * hourMs; minute += 1) {
    await rds.advanceBy({ minutes: 1 });
    await everyMinute(minute);
    const active = rds.exportTasks().filter(({ Status }) => Status === 'STARTING' || Status === 'IN_PROGRESS').length;
    if (active === 0) continue;
    first ??= rds.now;
    last = rds.now;
    busyMs += active * minuteMs;
  }
  const completed = rds.exportTasks().filter(({ Status }) => Status === 'COMPLETE');
  const sources = new Set(completed.map(({ SourceArn }) => SourceArn));
  const spanMs = Math.max(idealMs, last.getTime() - (first ?? last).getTime());
  return {
    snapshotsCopied: sources.size,
    lost: snapshots - sources.size,
    doubled: completed.length - sources.size,
    hours: Math.round((spanMs / hourMs) * 10) / 10,
    utilisation: Math.round((1000 * busyMs) / (exportSlots * spanMs)) / 10,
  };
}
