/**
 * The promise is to tenants. No alert of a database can tell of a tenant that has none, or whose databases are all excluded or
 * deleted: what is known of such tenants is carried on from the row of one run to that of the next. Pure.
 */
import { groupBy } from 'es-toolkit/array';
import type { Fleet, Tenant } from '../config/index.ts';
import type { SweepRow, Unrecognized, UnwatchedTenant, VerdictName } from '../domain/index.ts';
import { addHours } from '../lib/time.ts';

/** Databases that are named of one tenant. */
const databasesNamed = 10;

/** A database of a tenant; without a verdict where its evaluation failed. */
export interface DatabaseOfTenant {
  readonly tenant: string;
  readonly id: string;
  readonly verdict?: VerdictName | Unrecognized;
}

/** What a run knows of tenants. */
export interface TenantsSeen {
  /** Those with a database that is watched. */
  readonly watched: ReadonlySet<string>;
  /** Those of whose databases none is; empty where the run did not see all databases. */
  readonly unwatched: ReadonlyMap<string, Pick<UnwatchedTenant, 'databases' | 'databaseCount'>>;
  /** All that have a promise; absent where the run did not see all databases. */
  readonly all?: ReadonlySet<string>;
}

/** A change that operators are to be notified of. */
export interface TenantNotice {
  readonly step: 'open' | 'rise' | 'resolve';
  readonly unwatched: UnwatchedTenant;
}

const unwatchedVerdicts: ReadonlySet<string> = new Set(['excluded', 'deleted'] satisfies VerdictName[]);

/** One that is `missing` has a critical alert of its own, and one that is `unknown` may be anything. */
const unclearVerdicts: ReadonlySet<string> = new Set(['missing', 'unknown'] satisfies VerdictName[]);

/** What databases say of their tenants. `tenants` are all that have a promise; absent where these are not all databases. */
export function tenantsSeen(
  databases: readonly DatabaseOfTenant[],
  tenants?: readonly Pick<Tenant, 'id'>[],
): TenantsSeen {
  const watched = databases.filter(
    ({ verdict }) => verdict !== undefined && !unwatchedVerdicts.has(verdict) && !unclearVerdicts.has(verdict),
  );
  const byTenant = groupBy(databases, ({ tenant }) => tenant);
  const unwatched = (tenants ?? []).flatMap(({ id: tenant }) => {
    const its = (byTenant[tenant] ?? []).flatMap(({ id, verdict }) => (verdict === undefined ? [] : [{ id, verdict }]));
    const all = its.length === (byTenant[tenant]?.length ?? 0);
    if (!all || its.some(({ verdict }) => !unwatchedVerdicts.has(verdict))) return [];
    return [[tenant, { databases: its.slice(0, databasesNamed), databaseCount: its.length }] as const];
  });
  return {
    watched: new Set(watched.map(({ tenant }) => tenant)),
    unwatched: new Map(unwatched),
    ...(tenants && { all: new Set(tenants.map(({ id }) => id)) }),
  };
}

/** The unwatched tenants of the last run that knew of any, or of none. */
export function unwatchedBefore(...runs: readonly (SweepRow | undefined)[]): readonly UnwatchedTenant[] {
  const known = runs.flatMap((run) =>
    run?.unwatchedTenants ? [{ at: run.finished ?? run.started, tenants: run.unwatchedTenants }] : [],
  );
  return known.sort((a, b) => b.at.getTime() - a.at.getTime())[0]?.tenants ?? [];
}

/**
 * The unwatched tenants after a run, and what operators are to be notified of: that one is, that it has become critical, and that
 * it is over. The severity only rises.
 */
export function nextUnwatched(
  before: readonly UnwatchedTenant[],
  seen: TenantsSeen,
  fleet: Pick<Fleet, 'tenants' | 'defaults'>,
  at: Date,
): { readonly tenants: readonly UnwatchedTenant[]; readonly notices: readonly TenantNotice[] } {
  const maxAges = new Map(fleet.tenants.map(({ id, maxAgeHours }) => [id, maxAgeHours]));
  const known = new Map(before.map((one) => [one.tenant, one]));
  const names = [...new Set([...known.keys(), ...seen.unwatched.keys()])].sort();
  const tenants = names.flatMap((tenant): UnwatchedTenant[] => {
    const { ended: endedBefore, ...last } = known.get(tenant) ?? { since: at };
    const found = seen.unwatched.get(tenant);
    const ended = found ? undefined : (endOf(tenant, seen) ?? endedBefore);
    // Nobody was notified of it: it is over without a word.
    if (ended !== undefined && !('notified' in last)) return [];
    const risesAt = addHours(last.since, maxAges.get(tenant) ?? fleet.defaults.policy.maxAgeHours);
    const wasCritical = 'severity' in last && last.severity === 'critical';
    const severity = wasCritical || (ended === undefined && at >= risesAt) ? 'critical' : 'warning';
    return [{ databases: [], databaseCount: 0, ...last, ...found, tenant, severity, ...(ended && { ended }) }];
  });
  return { tenants, notices: tenants.flatMap(noticeOf) };
}

function endOf(tenant: string, { watched, all }: TenantsSeen): UnwatchedTenant['ended'] {
  if (watched.has(tenant)) return 'watched';
  return all === undefined || all.has(tenant) ? undefined : 'left';
}

function noticeOf(unwatched: UnwatchedTenant): TenantNotice[] {
  const { ended, severity, notified } = unwatched;
  if (ended !== undefined) return [{ step: 'resolve', unwatched }];
  if (notified === undefined) return [{ step: 'open', unwatched }];
  return notified === severity ? [] : [{ step: 'rise', unwatched }];
}

/** The unwatched tenants once operators were notified of some; what they were not is in the next run's notices again. */
export function afterNotified(
  tenants: readonly UnwatchedTenant[],
  notified: readonly TenantNotice[],
): readonly UnwatchedTenant[] {
  const names = new Set(notified.map(({ unwatched }) => unwatched.tenant));
  return tenants.flatMap((one) => {
    if (!names.has(one.tenant)) return [one];
    return one.ended === undefined ? [{ ...one, notified: one.severity }] : [];
  });
}
