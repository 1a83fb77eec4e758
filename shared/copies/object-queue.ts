/** The queue of `object` copies: native dumps that somebody puts into a staging bucket, copied beside the exports. */
import { type ConfiguredDatabase, type CopyPolicy, stagingKey } from '../config/index.ts';
import { type Backup, backupIdOf, type Copy, type CopyCause, type DatabaseRow } from '../domain/index.ts';
import { concernsEnvironment } from '../lib/environment-failures.ts';
import { hourMs, minuteMs } from '../lib/time.ts';
import { copiedBy } from '../ownership.ts';
import { applySteps, type CopyStep } from './apply-steps.ts';
import {
  addressOf,
  copyObject,
  MiB,
  type ObjectCopy,
  type ObjectPlace,
  objectFailure,
  type SourceObject,
  sourceObject,
} from './copy-object.ts';
import { supersededBy } from './copy-policy.ts';
import { databasesOf } from './database-rows.ts';
import { fairly, tenantOf } from './fair.ts';
import { type ChosenDump, chooseDump, dumpsAt } from './find-dump.ts';
import { afterFailure } from './follow-exports.ts';
import { copyFolder, dumpFolder, exportPrefix } from './naming.ts';
import { isDue, type Places } from './pauses.ts';
import { othersInPeriod } from './period.ts';
import type { CopyDeps } from './run-queue.ts';
import { begun, ended, queued } from './transitions.ts';

/** What S3 is counted on to copy in parts side by side, and for how long a run may do so: together the largest object. */
const assumedBytesPerSecond = 200 * MiB;
const copyingSeconds = 12 * 60;
/** Larger dumps are refused: one run cannot carry them. About 140 GiB. */
export const largestObject = assumedBytesPerSecond * copyingSeconds;

/** How often S3 is asked for a dump that is not there yet. */
const recheckMs = 15 * minuteMs;

type Staging = NonNullable<CopyPolicy['staging']>;
type StaleDump = Extract<ChosenDump, { readonly is: 'stale' }>;

/**
 * What a brief run takes on. The table's stream triggers copy, and while a run lasts, its shard hands out no other backup: it
 * carries about 12 GiB, and leaves what is larger to the next run of the watch.
 */
const briefMs = minuteMs;

/**
 * Copies what waits and is there, one after the other while the run's time lasts. `written` are the rows that moved; a copy
 * is left out as an error where its database's row cannot be read: nobody knows whose it is.
 */
export async function copyObjects(
  deps: CopyDeps,
  waiting: readonly Backup[],
  now: Date,
  { brief = false } = {},
): Promise<{ readonly written: readonly Backup[]; readonly errors: readonly unknown[] }> {
  const ready = waiting.filter(({ copy }) => (copy.notBefore ?? now) <= now);
  if (ready.length === 0) return { written: [], errors: [] };
  const { rows: databases, unreadable } = await databasesOf(
    deps.ledger,
    ready.map(({ database }) => database),
  );
  const written: Backup[] = [];
  const steps: CopyStep[] = [];
  const briefEnd = deps.clock().getTime() + briefMs;
  const remainingMs = () => Math.min(deps.remainingMs(), brief ? briefEnd - deps.clock().getTime() : Infinity);
  const errors: unknown[] = [...unreadable.values()];
  const apply = async (some: readonly CopyStep[]) => {
    const applied = await applySteps(deps, some, now);
    written.push(...applied.written);
    errors.push(...applied.errors);
  };
  for (const candidate of fairly(ready, await deps.ledger.tenantsServed(deps.environment))) {
    if (remainingMs() <= 0) break;
    if (unreadable.has(candidate.database)) continue;
    // The first of a run that is not brief has all the time there is.
    const room = brief || written.length > 0 ? (remainingMs() / 1000) * assumedBytesPerSecond : largestObject;
    try {
      const step = await copyOne(deps, databases.get(candidate.database), candidate, room, now);
      if (!step) continue;
      await deps.ledger.noteTenantServed(deps.environment, tenantOf(candidate), now);
      if (step.notify) steps.push(step);
      else await apply([step]);
    } catch (error) {
      errors.push(error);
      if (concernsEnvironment(error)) break;
    }
  }
  await apply(steps);
  return { written, errors };
}

/** The next step of one object copy; undefined where there is none now. `room`: bytes that this run may still take on. */
async function copyOne(
  deps: CopyDeps,
  row: DatabaseRow | undefined,
  candidate: Backup,
  room: number,
  now: Date,
): Promise<CopyStep | undefined> {
  const [backup] = await deps.ledger.backups([backupIdOf(candidate)]);
  if (backup?.copy.state !== 'queued' || backup.copy.mode !== 'object') return undefined;
  const skipped = (cause: CopyCause): CopyStep => {
    return { backup, to: ended(backup.copy, 'skipped', now, { cause }), notify: false };
  };
  const entry = copiedBy(deps.fleet, backup, row);
  if ('cause' in entry) return skipped(entry.cause);
  const { configured } = entry;
  const { staging, schedule } = configured.copy;
  if (configured.copySkipped) return skipped(configured.copySkipped);
  if (!staging) return skipped({ code: 'staging-not-configured', facts: {} });
  const superseded = supersededBy(schedule, backup, await othersInPeriod(deps.ledger, backup, schedule));
  if (superseded) return { backup, to: superseded, notify: false };
  const place = dumpOf(backup, configured, staging);
  const other = await deps.otherOf(configured, backup);
  if (other) return shared(backup, place, other, now);
  const names = {
    bucket: configured.target.bucket,
    prefix: exportPrefix(configured),
    taskId: dumpFolder(backup),
  };
  const places: Places = {
    buckets: [staging.bucket, names.bucket],
    keyArns: [configured.target.keyArn ?? deps.exportKeyArn],
  };
  const held = deps.pauses.over(places);
  if (held.some((pause) => !isDue(pause, now))) return undefined;
  for (const pause of held) await deps.pauses.probe(pause, backup.database, now);
  const planFrom = (from: ObjectPlace): ObjectCopy => {
    const name = from.key.slice(from.key.lastIndexOf('/') + 1);
    const to = { bucket: names.bucket, key: `${copyFolder(names)}${name}`, owner: configured.target.owner };
    return { from, to, keyArn: configured.target.keyArn ?? deps.exportKeyArn, remainingMs: deps.remainingMs };
  };
  const failed = (of: Backup, plan: ObjectCopy) => (error: unknown) => {
    if (concernsEnvironment(error)) throw error;
    return afterFailure(of, of.copy, objectFailure(error, plan), deps.fleet, deps.clock(), now);
  };
  const notFound = (error: unknown) => ({ failure: failed(backup, planFrom(place))(error) });
  const s3 = await deps.s3();
  const there = await dumpsAt(s3, place).then((dumps) => ({ dumps }), notFound);
  if ('failure' in there) return there.failure;
  const chosen = await chooseDump(deps.ledger, { backup, configured, staging, row }, there.dumps);
  if (chosen?.is !== 'dump') return waits(backup, place, staging, chosen, now);
  const { from } = chosen.dump;
  const head = async () => ({ object: chosen.dump.object ?? (await sourceObject(s3, from)) });
  const opened = await head().catch(notFound);
  if ('failure' in opened) return opened.failure;
  const { object } = opened;
  // It was deleted since it was listed.
  if (!object) return waits(backup, place, staging, undefined, now);
  if (object.bytes > largestObject) return refused(backup, from, object, now);
  // A later run, which has more time, takes it.
  if (object.bytes > room) return undefined;
  const source = { object: addressOf(from), modified: object.modified, etag: object.head.ETag ?? '' };
  const running: Copy = { ...begun(queued(backup.copy), deps.clock()), ...names, source };
  if ((await deps.ledger.updateBackup({ ...backup, copy: running })) === 'conflict') return undefined;
  const taken: Backup = { ...backup, copy: running };
  const copied = (): CopyStep => {
    const facts = { objects: 1, bytes: object.bytes, percent: 100 };
    return { backup: taken, to: ended(running, 'complete', deps.clock(), facts), notify: false, proves: places };
  };
  const plan = planFrom(from);
  const left = begunAs(backup.copy, source);
  return copyObject(s3, object, { ...plan, ...(left && { begun: left }) }).then(copied, failed(taken, plan));
}

/** What an earlier try began to copy, as against what is copied now. */
function begunAs({ source: before }: Copy, { object, etag }: NonNullable<Copy['source']>): ObjectCopy['begun'] {
  return before && (before.object === object && before.etag === etag ? 'this' : 'another');
}

/** Where the dump of a backup is looked for. A renamed database keeps the name that the configuration has for it. */
function dumpOf(backup: Backup, configured: ConfiguredDatabase, { bucket, owner, key }: Staging): ObjectPlace {
  const of = { snapshotId: backup.id, time: backup.backupTime ?? backup.createdAt };
  return { bucket, key: stagingKey(key, configured, of), owner };
}

/** A dump that is not there, or is not of this backup, is waited for; then people are notified of what is there. */
function waits(
  backup: Backup,
  place: ObjectPlace,
  staging: Staging,
  found: StaleDump | undefined,
  now: Date,
): CopyStep {
  const { copy } = backup;
  const queuedAt = copy.queuedAt ?? backup.recordedAt;
  if (now.getTime() - queuedAt.getTime() < staging.waitHours * hourMs) {
    const until = new Date(now.getTime() + recheckMs);
    const cause = { code: 'dump-awaited', facts: { object: addressOf(place) } } as const;
    return { backup, to: queued(copy, { until, cause }), notify: false };
  }
  const cause = found ? stale(backup, found, staging) : missing(place, staging);
  return { backup, to: ended(copy, 'failed', now, { cause }), notify: true };
}

function missing(place: ObjectPlace, { waitHours }: Staging): CopyCause {
  return { code: 'dump-missing', facts: { object: addressOf(place), waitHours } };
}

function stale(backup: Backup, { newest, usedBy }: StaleDump, { waitHours, maxDumpAgeHours }: Staging): CopyCause {
  const facts = {
    object: addressOf(newest.from),
    modified: newest.modified.toISOString(),
    backupTime: (backup.backupTime ?? backup.createdAt).toISOString(),
    maxDumpAgeHours,
    waitHours,
    ...(usedBy !== undefined && { usedBy }),
  };
  return { code: 'dump-stale', facts };
}

function shared(backup: Backup, from: ObjectPlace, { kind, id, tenant }: ConfiguredDatabase, now: Date): CopyStep {
  const facts = { object: addressOf(from), other: `${kind} ${id}`, tenant };
  const cause = { code: 'dump-shared', facts } as const;
  return { backup, to: ended(backup.copy, 'failed', now, { cause, permanent: true }), notify: true };
}

function refused(backup: Backup, from: ObjectPlace, { bytes }: SourceObject, now: Date): CopyStep {
  const facts = { object: addressOf(from), bytes, limit: largestObject };
  const cause = { code: 'dump-too-large', facts } as const;
  return { backup, to: ended(backup.copy, 'failed', now, { cause, permanent: true }), notify: true };
}
