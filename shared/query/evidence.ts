/**
 * What an auditor wants: per database and day, was there a backup within the promised time. It comes from the judgements
 * that sweeps wrote on each day, with the policy of that day, and from the alerts of the time: never from today's
 * configuration.
 */
import type { Ledger } from '../ledger/ledger.ts';
import type { Alert, DatabaseKey, Day, VerdictName } from '../model.ts';
import { dateAfter, dateOf, dates } from './collect.ts';
import { iso, isoOrNull } from './facts.ts';

/**
 * `in time`: a backup was there by the day's deadline. `late`: the deadline was broken, and a backup came on the same day.
 * `missing`: the day ended without. `no promise`: new, excluded or deleted. `unknown`: RDS could not be asked, or no sweep
 * judged that day; it counts as a promise that is not proven.
 */
export type EvidenceState = 'in time' | 'late' | 'missing' | 'no promise' | 'unknown';

export interface EvidenceRow {
  readonly date: string;
  readonly tenant: string | null;
  readonly database: string;
  readonly databaseKind: 'instance' | 'cluster';
  readonly key: string;
  readonly state: EvidenceState;
  /** The day's verdict; null where no sweep judged that day. */
  readonly verdict: VerdictName | null;
  readonly newestBackup: { readonly id: string; readonly time: string } | null;
  readonly deadline: string | null;
  /** The promise in force on that day. */
  readonly maxAgeHours: number | null;
  readonly graceHours: number | null;
  readonly judgedAt: string | null;
  /** The reason of what is not in time. */
  readonly reason: string | null;
  readonly alert: { readonly opened: string; readonly resolved: string | null; readonly notified: number } | null;
}

export interface EvidenceTotals {
  readonly inTime: number;
  readonly late: number;
  readonly missing: number;
  readonly unknown: number;
  readonly noPromise: number;
  /** Percent of promised days (all but `no promise`) in time, cut to two decimals; null where nothing was promised. */
  readonly attainment: number | null;
}

/** Days by state, of a tenant or of all. */
export class Tally {
  readonly #days: Record<EvidenceState, number> = { 'in time': 0, late: 0, missing: 0, 'no promise': 0, unknown: 0 };

  add(state: EvidenceState): void {
    this.#days[state] += 1;
  }

  get totals(): EvidenceTotals {
    const days = this.#days;
    const counts = { inTime: days['in time'], late: days.late, missing: days.missing, unknown: days.unknown };
    return { ...counts, noPromise: days['no promise'], attainment: attainment(counts) };
  }
}

/** Cut, not rounded: 99.999 % is not everything. */
export function attainment(days: Omit<EvidenceTotals, 'attainment' | 'noPromise'>): number | null {
  const promised = days.inTime + days.late + days.missing + days.unknown;
  return promised === 0 ? null : Math.floor((days.inTime / promised) * 10_000) / 100;
}

export interface EvidenceSpan {
  /** UTC dates, both included. */
  readonly from: string;
  readonly to: string;
  readonly tenant?: string;
}

/**
 * Evidence by date, then by database; days that no sweep judged stand before the database's next judgement, or at the end
 * where there is none. Reads the days, the sweeps, and the alerts of each tenant that it meets, once.
 */
export async function* readEvidence(ledger: Ledger, span: EvidenceSpan, now: Date): AsyncIterable<EvidenceRow> {
  const today = dateOf(now);
  const to = earlier(span.to, today);
  const swept = await sweptDates(ledger, span.from, to);
  const alerts = alertsByTenant(ledger, to);
  const last = new Map<DatabaseKey, Day>();
  for await (const day of daysOf(ledger, { ...span, to })) {
    const before = last.get(day.database);
    if (before !== undefined) yield* unjudged(before, datesAfter(before, dateAfter(day.date, -1)), swept);
    last.set(day.database, day);
    yield evidenceOf(day, (await alerts(day.tenant)).get(day.database) ?? []);
  }
  // Today's sweep may still be to come.
  const over = earlier(to, dateAfter(today, -1));
  for (const day of last.values()) {
    const after = datesAfter(day, over);
    const sweptWithout = after.findIndex((date) => swept.has(date));
    // A whole sweep that did not judge it says that it had left the configuration by then.
    yield* unjudged(day, sweptWithout < 0 ? after : after.slice(0, sweptWithout), swept);
  }
}

function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

function datesAfter(day: Day, to: string): string[] {
  return dates(dateAfter(day.date, 1), to);
}

/** Dates on which a sweep came to its end. */
async function sweptDates(ledger: Ledger, from: string, to: string): Promise<Set<string>> {
  const span = { from: new Date(`${from}T00:00:00Z`), to: new Date(`${dateAfter(to, 1)}T00:00:00Z`) };
  const swept = new Set<string>();
  for await (const { at, complete } of ledger.sweeps(span)) if (complete) swept.add(dateOf(at));
  return swept;
}

async function* daysOf(ledger: Ledger, { from, to, tenant }: EvidenceSpan): AsyncIterable<Day> {
  if (tenant !== undefined) yield* ledger.daysOfTenant(tenant, from, to);
  else for (const date of dates(from, to)) yield* ledger.daysOfDate(date);
}

type AlertsByDatabase = ReadonlyMap<DatabaseKey, readonly Alert[]>;

/** Each tenant's alerts, read when the tenant is first met. */
function alertsByTenant(ledger: Ledger, to: string): (tenant: string | undefined) => Promise<AlertsByDatabase> {
  const known = new Map<string, Promise<AlertsByDatabase>>();
  const until = new Date(`${dateAfter(to, 1)}T00:00:00Z`);
  return (tenant) => {
    if (tenant === undefined) return Promise.resolve(new Map());
    const read = known.get(tenant) ?? byDatabase(ledger.alertsOfTenant(tenant, { to: until }));
    known.set(tenant, read);
    return read;
  };
}

async function byDatabase(alerts: AsyncIterable<Alert>): Promise<AlertsByDatabase> {
  const all = new Map<DatabaseKey, Alert[]>();
  for await (const alert of alerts) {
    const known = all.get(alert.database);
    if (known) known.push(alert);
    else all.set(alert.database, [alert]);
  }
  return all;
}

/** Days after a judgement on which no sweep came to its end; on one that did, the database was not configured. */
function* unjudged(day: Day, without: readonly string[], swept: ReadonlySet<string>): Iterable<EvidenceRow> {
  if (noPromise.has(day.verdict)) return;
  for (const date of without) {
    if (swept.has(date)) continue;
    yield {
      date,
      tenant: day.tenant ?? null,
      database: day.databaseId,
      databaseKind: day.databaseKind,
      key: day.database,
      state: 'unknown',
      verdict: null,
      newestBackup: null,
      deadline: null,
      maxAgeHours: null,
      graceHours: null,
      judgedAt: null,
      reason: 'No sweep came to its end on this day.',
      alert: null,
    };
  }
}

/** One day of one database; `alerts` are those of the database. */
export function evidenceOf(day: Day, alerts: readonly Alert[]): EvidenceRow {
  const { state, alert } = stateOf(day, alerts);
  return {
    date: day.date,
    tenant: day.tenant ?? null,
    database: day.databaseId,
    databaseKind: day.databaseKind,
    key: day.database,
    state,
    verdict: day.verdict,
    newestBackup: day.newestBackup ? { id: day.newestBackup.id, time: iso(day.newestBackup.time) } : null,
    deadline: isoOrNull(day.deadline),
    maxAgeHours: day.maxAgeHours,
    graceHours: day.graceHours,
    judgedAt: iso(day.judgedAt),
    reason: state === 'in time' ? null : state === 'late' && alert ? alert.reason : day.reason,
    alert: alert
      ? { opened: iso(alert.opened), resolved: isoOrNull(alert.resolved), notified: alert.notified.length }
      : null,
  };
}

const noPromise: ReadonlySet<VerdictName> = new Set(['new', 'excluded', 'deleted']);
const kept: ReadonlySet<VerdictName> = new Set(['protected', 'due']);
const broken: ReadonlySet<VerdictName> = new Set(['overdue', 'never', 'disabled', 'missing']);

/**
 * The day's last judgement says how it ended; an alert that was open past the day's deadline says that it was broken
 * meanwhile, whatever a later backup made of it.
 */
function stateOf(day: Day, alerts: readonly Alert[]): { readonly state: EvidenceState; readonly alert?: Alert } {
  if (noPromise.has(day.verdict)) return { state: 'no promise' };
  const alert = alerts.find((one) => broken.has(one.verdict) && wasBroken(one, day.date));
  if (day.verdict === 'unknown') return { state: 'unknown', ...(alert && { alert }) };
  if (kept.has(day.verdict)) return alert ? { state: 'late', alert } : { state: 'in time' };
  if (alert && wasHealedOn(alert, day.date)) return { state: 'late', alert };
  return { state: 'missing', ...(alert && { alert }) };
}

/**
 * Whether an alert was open past the day's deadline, which is at the same time of each day. One of the day before that a
 * backup resolved by then leaves the new day's promise whole.
 */
function wasBroken({ opened, deadline, resolved }: Alert, date: string): boolean {
  const due = new Date(`${date}T${iso(deadline ?? opened).slice(11)}`);
  const since = opened > due ? opened : due;
  return dateOf(since) === date && dateOf(opened) <= date && (resolved === undefined || resolved > since);
}

function wasHealedOn({ resolved, outcome }: Alert, date: string): boolean {
  return resolved !== undefined && dateOf(resolved) === date && outcome !== undefined && kept.has(outcome);
}
