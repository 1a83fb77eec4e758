/** Checks the shares of a shared database: what RDS shows of it was read once, for all of them. */
import pMap from 'p-map';
import {
  type DatabaseKey,
  type DatabaseRow,
  databaseOfShare,
  isShare,
  isWithinStay,
  type NewestBackup,
} from '../domain/index.ts';
import {
  type DatabaseEvaluation,
  type EvaluationTarget,
  evaluateShare,
  type HeldTenants,
  heldTenants,
  newer,
  newestOf,
  type ShareTarget,
  targetOfShare,
} from '../evaluation/index.ts';
import type { Ledger, UnreadableRow } from '../ledger/index.ts';
import { collect } from '../lib/iterables.ts';
import { type Checked, type CheckOptions, notEvaluated, nothing } from './check.ts';
import type { ObservedDatabase } from './observe.ts';
import { type RowAndAlert, settle } from './settle.ts';

/** Rows of shares that are written side by side. */
const sharesAtOnce = 10;

/**
 * Checks a shared database and the shares of it: RDS and the ledger's rows of it are read once. The shares come first, since what is
 * known of all of them decides what operators are notified of, in one message.
 */
export async function checkShares(
  ledger: Ledger,
  subject: EvaluationTarget,
  shares: readonly ShareTarget[],
  { observed, placed, cluster }: ObservedDatabase,
  { row }: { readonly row: DatabaseRow | undefined },
  options: CheckOptions,
): Promise<{ readonly checked: readonly Checked[]; readonly held?: HeldTenants }> {
  const unreadable = new Map<DatabaseKey | undefined, UnreadableRow>();
  const lists = ledger.leavingOut((odd) => unreadable.set(odd.database, odd));
  const live = row ? await lists.liveBackups(subject.key) : [];
  const shared = {
    target: placed,
    seen: observed,
    ...(cluster && { cluster }),
    known: { ...(row && { row }), live },
  };
  const rows = new Map((await lists.databases(shares.map(({ key }) => key))).map((one) => [one.key, one]));
  const ids = [...rows.values()].flatMap((one) => (one.alert ? [{ database: one.key, ...one.alert }] : []));
  const alerts = new Map((await lists.alerts(ids)).map((one) => [one.database, one]));
  const check = async (share: ShareTarget): Promise<Checked> => {
    const target = targetOfShare(subject, share);
    const odd = unreadable.get(share.key);
    if (odd) return { ...nothing, subject: target, failures: [`is not followed: ${odd.message}`] };
    const its = rows.get(share.key);
    const itsAlert = alerts.get(share.key);
    const first = { ...(its && { row: its }), ...(itsAlert && { alert: itsAlert }) };
    const evaluated = (fresh: RowAndAlert, carried?: NewestBackup) =>
      evaluateShare(share, shared, fresh, carried, options.at, options.until);
    const { newestBackup, share: stay } = evaluated(first).row;
    const carried = newestBackup ? undefined : await carriedTo(lists, share, stay?.since, options);
    return checkShare(ledger, target, first, (fresh) => evaluated(fresh, carried), options);
  };
  const checked = await pMap(
    shares,
    (share) => check(share).catch((error: unknown) => notEvaluated(targetOfShare(subject, share), error)),
    { concurrency: sharesAtOnce },
  );
  return { checked, ...(subject.configured?.tenants && { held: heldTenants(checked) }) };
}

/** Brings the row and the alert of a tenant's share up to date. */
async function checkShare(
  ledger: Ledger,
  subject: EvaluationTarget,
  known: RowAndAlert,
  evaluate: (known: RowAndAlert) => DatabaseEvaluation,
  options: CheckOptions,
): Promise<Checked> {
  return settle(ledger, subject, {
    known,
    read: async () => {
      const [row] = await ledger.databases([subject.key]);
      const [alert] = row?.alert ? await ledger.alerts([{ database: subject.key, ...row.alert }]) : [];
      return { ...(row && { row }), ...(alert && { alert }) };
    },
    evaluate,
    options,
    failures: new Set(),
  });
}

/**
 * The newest backup of a tenant that has none here, in the shared databases that it left: a move is no gap, and ends none. Undefined
 * for a tenant that has left none.
 */
async function carriedTo(
  ledger: Ledger,
  { key, tenant, held }: ShareTarget,
  since: Date | undefined,
  { isHeld }: CheckOptions,
): Promise<NewestBackup | undefined> {
  if (held === undefined || since === undefined) return undefined;
  const all = await collect(ledger.databasesOfTenant(tenant));
  const left = all.filter((one) => one.key !== key && isShare(one.key) && !isHeld(one));
  const newest = await pMap(left, (one) => newestWithin(ledger, one, since), { concurrency: sharesAtOnce });
  return newest.reduce(newer, undefined);
}

/** The newest live backup that holds a tenant of a shared database that it left, of before a moment. */
async function newestWithin(
  ledger: Ledger,
  { key, share }: DatabaseRow,
  before: Date,
): Promise<NewestBackup | undefined> {
  const { since, until = before, earlier = [] } = share ?? {};
  const stays = [...earlier, { ...(since && { since }), until }];
  for await (const backup of ledger.backupsOfDatabase(databaseOfShare(key), { to: new Date(before.getTime() + 1) })) {
    const its = backup.closed === undefined ? newestOf(backup) : undefined;
    if (its === undefined || its.time > before) continue;
    // One that was made after the tenant had left may hold what was there, or may not.
    if (stays.some((stay) => isWithinStay(stay, its.time))) return its;
  }
  return undefined;
}
