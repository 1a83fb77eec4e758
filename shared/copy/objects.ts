/** The queue of `object` copies: native dumps that somebody puts into a staging bucket, copied beside the exports. */
import type { CopyPolicy, CopyTarget } from '../config/fleet.ts';
import type { Backup, Copy } from '../model.ts';
import { hourMs, minuteMs } from '../text.ts';
import { ended, queued, readBackup } from './change.ts';
import { fairly, tenantOf } from './fair.ts';
import { afterFailure } from './follow.ts';
import { copyObject, GiB, MiB, type ObjectPlace, objectFailure, type SourceObject, sourceObject } from './object.ts';
import { othersInPeriod } from './period.ts';
import type { CopyDeps } from './run.ts';
import { type Destination, destinationsOf } from './targets.ts';
import { copyFolder, exportPrefix, exportTaskId } from './task-id.ts';
import { type CopyStep, settle } from './tell.ts';
import { passedOver } from './wanted.ts';

/** What S3 is counted on to copy in parts side by side, and for how long a run may do so: together the largest object. */
const assumedBytesPerSecond = 200 * MiB;
const copyingSeconds = 12 * 60;
/** Larger dumps are refused: one run cannot carry them. About 140 GiB. */
export const largestObject = assumedBytesPerSecond * copyingSeconds;

/** How often a dump that is not there yet is looked for. */
const lookAgainMs = 15 * minuteMs;

type Staging = NonNullable<CopyPolicy['staging']>;

/**
 * What a brief run takes on. The table's stream wakes copy, and while a run lasts, its shard hands out no other backup: it
 * carries about 12 GiB, and leaves what is larger to the next run of the watch.
 */
const briefMs = minuteMs;

/** Copies what waits and is there, one after the other while the run's time lasts. Returns the rows that moved. */
export async function copyObjects(
  deps: CopyDeps,
  waiting: readonly Backup[],
  now: Date,
  { brief = false } = {},
): Promise<Backup[]> {
  const ready = waiting.filter(({ copy }) => (copy.notBefore ?? now) <= now);
  if (ready.length === 0) return [];
  const destinations = destinationsOf(deps.fleet);
  const written: Backup[] = [];
  const told: CopyStep[] = [];
  const briefEnd = deps.clock().getTime() + briefMs;
  const remainingMs = () => Math.min(deps.remainingMs(), brief ? briefEnd - deps.clock().getTime() : Infinity);
  for (const candidate of fairly(ready, await deps.ledger.tenantsServed())) {
    if (remainingMs() <= 0) break;
    // The first of a run that is not brief has all the time there is.
    const room = brief || written.length > 0 ? (remainingMs() / 1000) * assumedBytesPerSecond : largestObject;
    const step = await copyOne(deps, destinations(candidate), candidate, room, now);
    if (!step) continue;
    await deps.ledger.noteTenantServed(tenantOf(candidate), now);
    if (step.tell) told.push(step);
    else written.push(...(await settle(deps, [step], now)));
  }
  return [...written, ...(await settle(deps, told, now))];
}

/** The next step of one object copy; undefined where there is none now. `room`: bytes that this run may still take on. */
async function copyOne(
  deps: CopyDeps,
  destination: Destination,
  candidate: Backup,
  room: number,
  now: Date,
): Promise<CopyStep | undefined> {
  const backup = await readBackup(deps.ledger, candidate);
  if (backup?.copy.state !== 'queued') return undefined;
  const skipped = (reason: string): CopyStep => {
    return { backup, to: ended(backup.copy, 'skipped', now, { reason }), tell: false };
  };
  if ('nowhere' in destination) return skipped(destination.nowhere);
  const { target, staging, schedule } = destination;
  if (!staging) return skipped('its database no longer has a staging bucket in the configuration');
  const unwanted = passedOver(schedule, backup, await othersInPeriod(deps.ledger, backup, schedule));
  if (unwanted) return { backup, to: unwanted, tell: false };
  const place = placesOf(backup, target, staging);
  const plan = { ...place, keyArn: target.keyArn ?? deps.exportKeyArn, remainingMs: deps.remainingMs };
  const failed = (row: Backup) => (error: unknown) =>
    afterFailure(row, row.copy, objectFailure(error, plan), deps.fleet, deps.clock(), now);
  const source = await sourceObject(deps.s3, plan.from).then((found) => ({ found }), failed(backup));
  if (!('found' in source)) return source;
  const { found } = source;
  if (!found) return absent(backup, plan.from, staging, now);
  if (found.bytes > largestObject) return refused(backup, plan.from, found, now);
  // A later run, which has more time, takes it.
  if (found.bytes > room) return undefined;
  const running: Copy = { ...queued(backup.copy), ...place.names, state: 'running', startedAt: deps.clock() };
  if ((await deps.ledger.updateBackup({ ...backup, copy: running })) === 'conflict') return undefined;
  const taken: Backup = { ...backup, copy: running };
  const copied = (): CopyStep => {
    const facts = { objects: 1, bytes: found.bytes, percent: 100 };
    return { backup: taken, to: ended(running, 'complete', deps.clock(), facts), tell: false };
  };
  return copyObject(deps.s3, found, plan).then(copied, failed(taken));
}

function placesOf(backup: Backup, target: CopyTarget, staging: Staging) {
  const names = {
    bucket: target.bucket,
    prefix: exportPrefix(target, backup),
    taskId: exportTaskId(backup, backup.copy.attempt),
  };
  const key = stagingKey(staging.key, backup);
  const from: ObjectPlace = { bucket: staging.bucket, key, owner: staging.owner };
  const name = key.slice(key.lastIndexOf('/') + 1);
  const to: ObjectPlace = { bucket: target.bucket, key: `${copyFolder(names)}${name}`, owner: target.owner };
  return { names, from, to };
}

/** The key of a backup's dump: `{snapshotId}`, `{databaseId}` and `{date}` (of the backup's data, UTC) are replaced. */
export function stagingKey(
  pattern: string,
  backup: Pick<Backup, 'id' | 'databaseId' | 'createdAt' | 'backupTime'>,
): string {
  const values: Record<string, string> = {
    '{snapshotId}': backup.id,
    '{databaseId}': backup.databaseId,
    '{date}': (backup.backupTime ?? backup.createdAt).toISOString().slice(0, 10),
  };
  return pattern.replace(/\{(?:snapshotId|databaseId|date)\}/g, (name) => values[name] ?? name);
}

function absent(backup: Backup, from: ObjectPlace, staging: Staging, now: Date): CopyStep {
  const { copy } = backup;
  const where = `s3://${from.bucket}/${from.key}`;
  const queuedAt = copy.queuedAt ?? backup.recordedAt;
  if (now.getTime() - queuedAt.getTime() < staging.waitHours * hourMs) {
    const until = new Date(now.getTime() + lookAgainMs);
    return { backup, to: queued(copy, { until, reason: `waiting for ${where}` }), tell: false };
  }
  const reason = `${where} is not there ${staging.waitHours} h after the backup; find out why the dump was not made, or correct the key in the configuration`;
  return { backup, to: ended(copy, 'failed', now, { reason }), tell: true };
}

function refused(backup: Backup, from: ObjectPlace, { bytes }: SourceObject, now: Date): CopyStep {
  const size = `${(bytes / GiB).toFixed(1)} GiB`;
  const most = `${Math.floor(largestObject / GiB)} GiB`;
  const reason = `s3://${from.bucket}/${from.key} has ${size}, one run copies at most ${most}; split the dump, or replicate the staging bucket with S3`;
  return { backup, to: ended(backup.copy, 'failed', now, { reason, permanent: true }), tell: true };
}
