/**
 * What an auditor wants: per database and day, was there a backup within the promised time. It comes from the evaluations
 * that sweeps wrote on each day, with the policy of that day, and from the alerts of the time: never from today's
 * configuration.
 */

import * as z from 'zod';
import {
  type Alert,
  type DatabaseKey,
  type Day,
  fields,
  isUnprotected,
  number,
  text,
  time,
  verdictOf,
} from '../domain/index.ts';
import type { Ledger } from '../ledger/index.ts';
import { dateAfter, dateOf, dates } from '../lib/dates.ts';
import { reasonOf } from '../reasons/index.ts';
import { dayFacts, dayFactsSchema, type FactsOf, iso, isoOrNull } from './row-facts.ts';

/**
 * `in time`: a backup was there by the day's deadline. `late`: the deadline was broken, and a backup came on the same day.
 * `missing`: the day ended without. `no promise`: new, excluded or deleted. `unknown`: RDS did not respond, or no sweep
 * evaluated it that day; it counts as a promise that is not proven.
 */
export type EvidenceState = 'in time' | 'late' | 'missing' | 'no promise' | 'unknown';

const { verdict, severity, evaluatedAt, maxAgeHours, graceHours } = dayFactsSchema.shape;

export const evidenceSchema = fields({
  ...dayFactsSchema.shape,
  // Null where no sweep evaluated it that day.
  verdict: verdict.nullable(),
  severity: severity.nullable(),
  evaluatedAt: evaluatedAt.nullable(),
  maxAgeHours: maxAgeHours.nullable(),
  graceHours: graceHours.nullable(),
  state: z.custom<EvidenceState>().describe('`in time`, `late`, `missing`, `no promise` or `unknown`'),
  reason: text.nullable().describe('why it is not in time, as a sentence as of that day; null where it is'),
  alert: fields({
    opened: time.describe('when it opened'),
    resolved: time.nullable().describe('when it ended'),
    notified: number.describe('messages about it that were handed to SNS'),
  })
    .nullable()
    .describe('the alert of the gap'),
});

export type EvidenceRow = FactsOf<typeof evidenceSchema>;

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
 * Evidence by date, then by database; days that no sweep evaluated stand before the database's next evaluation, or at the
 * end where there is none. Reads the days, the sweeps, and the alerts of each tenant that it meets, once.
 */
export async function* readEvidence(ledger: Ledger, span: EvidenceSpan, now: Date): AsyncIterable<EvidenceRow> {
  const today = dateOf(now);
  const to = earlier(span.to, today);
  const swept = await sweptDates(ledger, span.from, to);
  const alerts = alertsByTenant(ledger, to);
  // A database may pass from one tenant to another: each has days of its own.
  const last = new Map<string, Day>();
  for await (const day of daysOf(ledger, { ...span, to })) {
    const line = `${day.tenant}\n${day.database}`;
    const before = last.get(line);
    if (before !== undefined) yield* withoutSweep(before, datesAfter(before, dateAfter(day.date, -1)), swept);
    last.set(line, day);
    yield evidenceOf(day, (await alerts(day.tenant)).get(day.database) ?? []);
  }
  // Today's sweep may still be to come.
  const over = earlier(to, dateAfter(today, -1));
  for (const day of last.values()) {
    const after = datesAfter(day, over);
    const sweptWithout = after.findIndex((date) => swept.has(date));
    // A whole sweep that did not evaluate it says that it had left the configuration by then.
    yield* withoutSweep(day, sweptWithout < 0 ? after : after.slice(0, sweptWithout), swept);
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
function alertsByTenant(ledger: Ledger, to: string): (tenant: string) => Promise<AlertsByDatabase> {
  const known = new Map<string, Promise<AlertsByDatabase>>();
  const until = new Date(`${dateAfter(to, 1)}T00:00:00Z`);
  return (tenant) => {
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

/** Days after an evaluation on which no sweep came to its end; on one that did, the database was not configured. */
function* withoutSweep(day: Day, without: readonly string[], swept: ReadonlySet<string>): Iterable<EvidenceRow> {
  if (verdictOf(day.verdict).protection === 'no promise') return;
  for (const date of without) {
    if (swept.has(date)) continue;
    yield {
      ...dayFacts(day),
      date,
      verdict: null,
      severity: null,
      cause: null,
      notes: [],
      newestBackup: null,
      deadline: null,
      status: null,
      exclusion: null,
      evaluatedAt: null,
      maxAgeHours: null,
      graceHours: null,
      state: 'unknown',
      reason: 'No sweep came to its end on this day.',
      alert: null,
    };
  }
}

/** One day of one database; `alerts` are those of the database. */
export function evidenceOf(day: Day, alerts: readonly Alert[]): EvidenceRow {
  const { state, alert } = stateOf(day, alerts);
  const facts = dayFacts(day);
  const { cause, notes } = state === 'late' && alert ? alert : day;
  return {
    ...facts,
    cause,
    notes,
    state,
    reason: state === 'in time' ? null : state === 'late' && alert ? reasonOfGap(day, alert) : facts.reason,
    alert: alert
      ? { opened: iso(alert.opened), resolved: isoOrNull(alert.resolved), notified: alert.notified.length }
      : null,
  };
}

/** Why a day was late: as of its evaluation, or of the alert's end, which a backup brought. */
function reasonOfGap({ databaseId: id, databaseKind: kind, evaluatedAt }: Day, alert: Alert): string {
  const { resolved } = alert;
  const now = resolved && resolved < evaluatedAt ? resolved : evaluatedAt;
  return reasonOf(alert, { id, kind }, { now, audience: 'operators' });
}

/**
 * The day's last evaluation says how it ended; an alert that was open past the day's deadline says that it was broken
 * meanwhile, whatever a later backup made of it.
 */
function stateOf(day: Day, alerts: readonly Alert[]): { readonly state: EvidenceState; readonly alert?: Alert } {
  const { protection } = verdictOf(day.verdict);
  if (protection === 'no promise') return { state: 'no promise' };
  const alert = alerts.find((one) => isUnprotected(one.verdict) && wasBroken(one, day.date));
  if (protection === 'unknown') return { state: 'unknown', ...(alert && { alert }) };
  if (protection === 'protected') return alert ? { state: 'late', alert } : { state: 'in time' };
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
  if (resolved === undefined || outcome === undefined || dateOf(resolved) !== date) return false;
  return verdictOf(outcome.verdict).protection === 'protected';
}
