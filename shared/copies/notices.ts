/**
 * Notifying people of copies that did not go well. Whom a message is owed to stands on the rows; one run at a time sends them, so
 * that exports which end together are one message, however many runs their ends trigger. A run that crashes between a message
 * and its rows sends it again: rather twice than never.
 */
import { groupBy, uniqBy } from 'es-toolkit/array';
import pMap from 'p-map';
import {
  type Backup,
  backupIdOf,
  type Copy,
  type CopyPause,
  copyOfShare,
  type DatabaseRow,
  databaseOfShare,
  type Environment,
  holdsShare,
  isShare,
  isSharedOwner,
} from '../domain/index.ts';
import { type Ledger, updateBackup } from '../ledger/index.ts';
import { collect, filter } from '../lib/iterables.ts';
import { dayMs, minuteMs } from '../lib/time.ts';
import { tenantOf } from './fair.ts';
import type { Pauses } from './pauses.ts';
import { keyOf } from './transitions.ts';

/**
 * Publishes the messages about an owner's copies that failed, are incomplete, expired or wait too long. The owner is a tenant; nobody;
 * a shared database (`sharedOwner`), about which operators alone are notified; or a tenant of one, whose backups then have the key of
 * its share and its own copy.
 */
export type NotifyOfCopies = (tenant: string | undefined, backups: readonly Backup[], now: Date) => Promise<void>;

/** What waits for a fault of set-up to be put right. */
export interface PausedCopies {
  readonly waiting: number;
  /** When RDS deletes the first of their snapshots; absent where none is deleted by age. */
  readonly firstExpiry?: Date;
}

/** Publishes one message to operators about a scope whose copies wait. */
export type NotifyOfPause = (pause: CopyPause, copies: PausedCopies, now: Date) => Promise<void>;

export interface NoticeDeps {
  readonly ledger: Ledger;
  readonly environment: Environment;
  readonly pauses: Pauses;
  readonly notify: NotifyOfCopies;
  readonly notifyOfPause: NotifyOfPause;
  readonly holder: string;
  readonly pause: (ms: number) => Promise<void>;
  readonly clock: () => Date;
}

/** Exports that end within this time of each other are one message. */
const gatherMs = 10_000;
/** Sending takes seconds; a run that crashed holds up the others for no longer than this. */
const leaseMs = 2 * minuteMs;
/** Messages to the tenants of a shared database that are sent side by side. */
const messagesAtOnce = 10;
/** One cause that needs a person is notified once in this time, however many copies it fails. */
const notifyAgainAfterMs = dayMs;
/** Copies of backups up to this old are searched for what people were notified of. */
const lookBackMs = 7 * dayMs;

/**
 * Sends what is owed. `met` are rows that this pass has read or written; those that ended in other runs are looked for where
 * this pass ended some itself (`gathers`), or is a periodic one. Returns what failed: its rows still say what is owed.
 */
export async function sendNotices(
  deps: NoticeDeps,
  met: readonly Backup[],
  { gathers, periodic }: { readonly gathers: boolean; readonly periodic: boolean },
  pausedCopies: (pause: CopyPause) => Promise<PausedCopies>,
): Promise<readonly unknown[]> {
  const { ledger, environment, pauses, holder } = deps;
  const pausesPending = pauses.paused.some(({ notifiedAt }) => notifiedAt === undefined);
  if (gathers) await deps.pause(gatherMs);
  const others = gathers || periodic ? await collect(ledger.copies(environment, 'pending')) : [];
  const owed = uniqBy([...met.filter(({ copy }) => copy.pendingSince !== undefined), ...others], keyOf);
  if (owed.length === 0 && !pausesPending) return [];
  const now = deps.clock();
  const until = new Date(now.getTime() + leaseMs);
  if ((await ledger.takeLease(environment, holder, now, until, 'NOTICE')) === 'held') return [];
  const errors: unknown[] = [];
  try {
    // Read anew: another run may have sent it since.
    const pausesNow = pausesPending ? await ledger.copyPauses(environment) : [];
    for (const pause of pausesNow.filter(({ pausedAt, notifiedAt }) => pausedAt && !notifiedAt)) {
      try {
        await deps.notifyOfPause(pause, await pausedCopies(pause), now);
        await pauses.notified(pause, now);
      } catch (error) {
        errors.push(error);
      }
    }
    const shares = sharesOnce(ledger);
    const fresh = (await ledger.backups(owed.map(backupIdOf))).filter(({ copy }) => copy.pendingSince !== undefined);
    for (const [tenant, ofTenant] of Object.entries(groupBy(fresh, tenantOf))) {
      await sendToOwner(deps, tenant, ofTenant, shares, now).catch((error: unknown) => errors.push(error));
    }
  } finally {
    await ledger.releaseLease(environment, holder, 'NOTICE');
  }
  return errors;
}

async function sendToOwner(
  { ledger, notify }: NoticeDeps,
  owner: string,
  rows: readonly Backup[],
  shares: () => Promise<readonly DatabaseRow[]>,
  now: Date,
): Promise<void> {
  const known = await notifiedBefore(ledger, owner, rows, now);
  const knownSince = ({ copy }: Backup) => (needsPerson(copy) && copy.cause ? known.get(copy.cause.code) : undefined);
  const news = rows.filter((row) => knownSince(row) === undefined);
  if (news.length > 0) {
    await notify(news[0]?.tenant, news, now);
    const ofTenants = isSharedOwner(owner) ? copiesOfTenants(news, await shares()) : [];
    // One that is not reached keeps the rows pending: all are notified again, rather twice than never.
    const send = ([tenant, its]: readonly [string, readonly Backup[]]) => notify(tenant, its, now);
    await pMap(ofTenants, send, { concurrency: messagesAtOnce, stopOnError: false });
  }
  for (const row of rows) {
    await updateBackup(ledger, backupIdOf(row), (current) => {
      const { pendingSince, ...copy } = current.copy;
      if (pendingSince?.getTime() !== row.copy.pendingSince?.getTime()) return undefined;
      return { ...current, copy: { ...copy, notifiedAt: knownSince(row) ?? now } };
    });
  }
}

/** The shares of all shared databases; read once, and only where there is something to say of one. */
function sharesOnce(ledger: Ledger): () => Promise<readonly DatabaseRow[]> {
  let rows: Promise<readonly DatabaseRow[]> | undefined;
  return () => {
    rows ??= collect(filter(ledger.leavingOut(() => {}).allDatabases(), ({ key }) => isShare(key)));
    return rows;
  };
}

/**
 * What each tenant of shared databases is to be notified of: the copies of backups that hold its data, as far as they do not hold
 * its part whole. Who has left has no part.
 */
function copiesOfTenants(
  copies: readonly Backup[],
  shares: readonly DatabaseRow[],
): (readonly [tenant: string, copies: readonly Backup[]])[] {
  const byDatabase = groupBy(copies, ({ database }) => database);
  const its = shares.flatMap((row) => {
    const { key, tenant, share } = row;
    if (tenant === undefined || share === undefined || share.until !== undefined) return [];
    return (byDatabase[databaseOfShare(key)] ?? [])
      .filter((backup) => holdsShare(backup, row))
      .map((backup) => ({ ...backup, tenant, database: key, copy: copyOfShare(backup.copy, tenant, share) }))
      .filter(({ copy }) => copy.state !== 'complete');
  });
  return Object.entries(groupBy(its, ({ tenant }) => tenant));
}

/** Causes that need a person, of which this owner was notified in the last day: code to time. */
async function notifiedBefore(
  ledger: Ledger,
  owner: string,
  rows: readonly Backup[],
  now: Date,
): Promise<Map<string, Date>> {
  const known = new Map<string, Date>();
  const codes = new Set<string>(rows.flatMap(({ copy }) => (needsPerson(copy) && copy.cause ? [copy.cause.code] : [])));
  if (codes.size === 0) return known;
  for await (const { copy } of ledger.backupsOfTenant(owner, { from: new Date(now.getTime() - lookBackMs) })) {
    if (!needsPerson(copy) || !copy.notifiedAt || !copy.cause || !codes.has(copy.cause.code)) continue;
    if (now.getTime() - copy.notifiedAt.getTime() < notifyAgainAfterMs) known.set(copy.cause.code, copy.notifiedAt);
  }
  return known;
}

/** Whether no number of tries heals what a copy failed by last. */
function needsPerson({ permanent, setupFailures = 0 }: Copy): boolean {
  return permanent === true || setupFailures > 0;
}
