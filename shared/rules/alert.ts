/**
 * The life of an alert: it opens once, reminds, is told anew when it gets worse, resolves once, and is silent in between.
 *
 * Every step that is to be told leaves an `intent` on the alert, which is written before the message is published and
 * confirmed after. An intent that is still there was perhaps not told, so it is told again: rather twice than never, and
 * with growing pauses, so not every 15 minutes for ever.
 *
 * A resolved alert stays on its database's row until its resolution is confirmed; one of a deleted database stays for
 * good, since that is how it is told only once. `openAlert` tells the open from the past.
 */
import type { Policy } from '../config/fleet.ts';
import type { Alert, AlertStep, Audience, DatabaseKey, DatabaseKind, Severity, Verdict } from '../model.ts';
import { addHours, hourMs, minuteMs } from '../text.ts';

/** An unprotected database is looked at again after this long at the latest. */
const longestWaitMs = 6 * hourMs;

/**
 * Pauses before an unconfirmed intent is told again: about 15 and 30 minutes, 1, 2, 4 and then always 6 hours. Each is a
 * minute short, so that the watch, which comes every 15 minutes, does not miss the moment by a second.
 */
const retryPausesMs = [14, 29, 59, 119, 239, 359].map((minutes) => minutes * minuteMs);

/** How many messages' times an alert remembers. */
const notifiedKept = 50;

/** One database as a sweep or a watch judged it, with what an alert about it needs. */
export interface Judged {
  readonly database: DatabaseKey;
  readonly databaseId: string;
  readonly databaseKind: DatabaseKind;
  readonly tenant: string;
  readonly verdict: Verdict;
  readonly policy: Policy;
}

/** What becomes of a database's alert. */
export interface AlertOutcome {
  /** To be written to the database's row, and where there is a `step` as the alert's own row too. Absent: there is none. */
  readonly alert?: Alert;
  /** What is to be told now; the alert then carries the intent of it. */
  readonly step?: AlertStep;
  /** When the database is to be looked at again, the verdict's own moment included; absent: only by the next sweep. */
  readonly checkAt?: Date;
  /** What `checkAt` becomes once `step` was told; until then an early look makes sure that it is. */
  readonly checkAtOnceTold?: Date;
}

/** The alert of a row if it is open; a resolved one may stay there until that was told. */
export function openAlert(alert: Alert | undefined): Alert | undefined {
  return alert?.resolved ? undefined : alert;
}

/**
 * Whether an alert stays on its database's row: while it is open, while a step of it is still to be told, and for good
 * where the database was deleted, so that this is told once.
 */
export function staysOnRow(alert: Alert): boolean {
  return !alert.resolved || alert.intent !== undefined || alert.outcome === 'deleted';
}

/**
 * Alerts open once, remind once per `reminderHours`, resolve once, and stay silent in between; a rise in severity is told
 * at once.
 *
 * - Critical and warning open, whatever the verdict's name; information never does.
 * - The severity of an open alert only rises: somebody was told of it, and going back and forth is not news each time.
 * - `due` neither resolves nor reminds: today's backup is still to come.
 * - `unknown` leaves an open alert as it was; what turns out after `unknown` is told like a rise.
 * - A database that was `deleted` is told once, as a warning: by the resolution of its open alert, else by an alert that
 *   opens and is resolved at once.
 * - A database that moved to another tenant resolves for the tenant that got the opening; the next look opens it anew.
 */
export function nextAlert(current: Alert | undefined, judged: Judged, now: Date): AlertOutcome {
  const { verdict } = judged;
  if (!current) return open(judged, now);
  if (current.resolved) return afterResolution(current, judged, now);
  if (current.tenant !== judged.tenant) {
    const moved = resolveAlert(current, `The database now belongs to tenant ${judged.tenant}.`, now);
    return { ...moved, ...onceResolved(judged, now) };
  }
  if (verdict.name === 'deleted') return resolution(current, judged, now);
  if (verdict.name === 'due') return { alert: { ...current, ...subject(judged) }, ...ownCheck(verdict) };
  if (verdict.severity === 'info' || (verdict.name === 'protected' && current.verdict !== 'protected')) {
    return resolution(current, judged, now);
  }
  return carryOn(current, judged, now);
}

/** Resolves an open alert with a reason, e.g. that its database left the configuration; one that is resolved is told again. */
export function resolveAlert(current: Alert | undefined, reason: string, now: Date): AlertOutcome {
  if (!current) return {};
  if (current.resolved) return current.intent ? tellAgain(current, now) : { alert: current };
  const alert: Alert = { ...current, resolved: now, resolution: reason, intent: newIntent('resolve', now) };
  return { alert, step: 'resolve', checkAt: retryAt(alert) };
}

/** The intent was published: it is taken away, and who was told what, and when, is remembered. */
export function confirm(alert: Alert, to: Audience, now: Date): Alert {
  const { intent, ...rest } = alert;
  if (intent === undefined) return alert;
  return { ...rest, notified: [...alert.notified, { at: now, step: intent.step, to }].slice(-notifiedKept) };
}

/** The alert with its unconfirmed intent tried once more, if its pause is over; `undefined` while there is nothing to do. */
export function retryIntent(alert: Alert, now: Date): Alert | undefined {
  if (!alert.intent || now < retryAt(alert)) return undefined;
  return { ...alert, intent: { ...alert.intent, at: now, tries: alert.intent.tries + 1 } };
}

/** Somebody looks after it: no reminders any more. A rise in severity is told all the same and ends this; the resolution is told. */
export function acknowledge(alert: Alert, who: { readonly by: string; readonly note?: string }, now: Date): Alert {
  return { ...alert, acknowledged: { ...who, at: now } };
}

/**
 * Silence until a moment, at which it is reminded of if it is still open. What was snoozed is what was known then: a rise
 * in severity breaks the silence, and the resolution is told.
 */
export function snooze(
  alert: Alert,
  { until, ...who }: { readonly until: Date; readonly by: string; readonly note?: string },
  now: Date,
): Alert {
  return { ...alert, snoozedUntil: until, snoozed: { ...who, at: now } };
}

const rank: Readonly<Record<Severity, number>> = { info: 0, warning: 1, critical: 2 };

/** Orders severities, the worst first. */
export function bySeverity(a: Severity, b: Severity): number {
  return rank[b] - rank[a];
}

function worst(a: Severity, b: Severity): Severity {
  return bySeverity(a, b) <= 0 ? a : b;
}

/** Nothing was open: what is critical or a warning opens. A deletion is told and over. */
function open(judged: Judged, now: Date): AlertOutcome {
  const { verdict } = judged;
  if (verdict.severity === 'info') return ownCheck(verdict);
  const alert: Alert = {
    ...subject(judged),
    ...facts(verdict),
    tenant: judged.tenant,
    opened: now,
    severity: verdict.severity,
    notified: [],
    ...(verdict.name === 'deleted' && { resolved: now, resolution: verdict.reason, outcome: 'deleted' as const }),
  };
  return tell(alert, judged, 'open', now);
}

/** The row still has a resolved alert: its last step was perhaps not told, or its database was deleted. */
function afterResolution(current: Alert, judged: Judged, now: Date): AlertOutcome {
  const { verdict, tenant } = judged;
  const told = current.intent === undefined;
  if (told && current.outcome === 'deleted' && verdict.name === 'deleted')
    return { alert: current, ...ownCheck(verdict) };
  if (told) return open(judged, now);
  const brokenAgain =
    current.tenant === tenant &&
    verdict.severity !== 'info' &&
    !['protected', 'deleted', 'unknown'].includes(verdict.name);
  if (!brokenAgain) return { ...tellAgain(current, now), ...onceResolved(judged, now) };
  // A resolution that perhaps nobody was told of is taken back, so that none is left untold.
  const { resolved: _, resolution: __, outcome: ___, expiresAt: ____, ...reopened } = loud(withoutFacts(current));
  const severity = worst(current.severity, verdict.severity);
  return tell({ ...reopened, ...subject(judged), ...facts(verdict), severity }, judged, 'open', now);
}

/** Resolved by a verdict. It names the backup that ended it; verdict and reason stay those of the alert. */
function resolution(current: Alert, judged: Judged, now: Date): AlertOutcome {
  const { name, reason, newestBackup } = judged.verdict;
  const alert: Alert = { ...current, ...subject(judged), outcome: name, ...(newestBackup && { newestBackup }) };
  return { ...resolveAlert(alert, reason, now), ...onceResolved(judged, now) };
}

/** What is still to be warned of opens an alert of its own, at the next look once the resolution is out. */
function onceResolved({ verdict }: Judged, now: Date): { checkAtOnceTold?: Date } {
  const remains = verdict.severity !== 'info' && verdict.name !== 'deleted';
  const next = remains ? now : verdict.checkAt;
  return next ? { checkAtOnceTold: next } : {};
}

/** An alert that stays open: is there something to tell of it? */
function carryOn(current: Alert, judged: Judged, now: Date): AlertOutcome {
  const { verdict } = judged;
  const rises = bySeverity(verdict.severity, current.severity) < 0;
  const turnedOut = current.verdict === 'unknown' && verdict.name !== 'unknown';
  // What could not be looked at is as it was.
  const asItWas = verdict.name === 'unknown' && current.verdict !== 'unknown' && !rises;
  const alert: Alert = asItWas
    ? { ...current, ...subject(judged) }
    : {
        ...withoutFacts(current),
        ...subject(judged),
        ...facts(verdict),
        severity: worst(verdict.severity, current.severity),
      };
  // An opening that is not out yet stays the opening, now with what is known by now.
  if (rises || turnedOut) return tell(loud(alert), judged, current.intent?.step === 'open' ? 'open' : 'rise', now);
  if (alert.intent)
    return { ...tellAgain(alert, now), checkAt: nextLook(retryIntent(alert, now) ?? alert, judged, now) };
  const remindAt = reminderAt(alert, judged);
  if (remindAt && now >= remindAt) return tell(alert, judged, 'remind', now);
  return { alert, checkAt: nextLook(alert, judged, now) };
}

/**
 * When an alert is to be reminded of: `reminderHours` after it was last told, and at the end of a snooze. Never while it
 * is acknowledged, nor where the cause is told only once.
 */
function reminderAt(alert: Alert, { verdict, policy }: Judged): Date | undefined {
  if (alert.resolved || alert.acknowledged || verdict.once) return undefined;
  const last = alert.notified.at(-1)?.at ?? alert.opened;
  if (alert.snoozedUntil && alert.snoozedUntil > last) return alert.snoozedUntil;
  return addHours(last, policy.reminderHours);
}

function tell(alert: Alert, judged: Judged, step: AlertStep, now: Date): AlertOutcome {
  const told: Alert = { ...alert, intent: newIntent(step, now) };
  if (told.resolved) return { alert: told, step, checkAt: retryAt(told) };
  return { alert: told, step, ...looks(told, judged, now) };
}

function looks(alert: Alert, judged: Judged, now: Date): { checkAt: Date; checkAtOnceTold: Date } {
  return { checkAt: nextLook(alert, judged, now), checkAtOnceTold: nextLook(confirm(alert, 'all', now), judged, now) };
}

/** The unconfirmed intent once more if its pause is over; else only the moment to look again. */
function tellAgain(alert: Alert, now: Date): AlertOutcome {
  const again = retryIntent(alert, now);
  if (!again?.intent) return { alert, checkAt: retryAt(alert) };
  return { alert: again, step: again.intent.step, checkAt: retryAt(again) };
}

/** The earliest of: telling again, reminder or end of a snooze, the verdict's own moment, and six hours from now. */
function nextLook(alert: Alert, judged: Judged, now: Date): Date {
  const moments = [
    new Date(now.getTime() + longestWaitMs),
    alert.intent && retryAt(alert),
    reminderAt(alert, judged),
    judged.verdict.checkAt,
  ];
  const ahead = moments.filter((moment) => moment !== undefined && moment > now) as Date[];
  return new Date(Math.min(...ahead.map((moment) => moment.getTime())));
}

function retryAt({ intent, opened }: Alert): Date {
  if (!intent) return opened;
  return new Date(intent.at.getTime() + (retryPausesMs[intent.tries] ?? longestWaitMs));
}

function newIntent(step: AlertStep, at: Date): NonNullable<Alert['intent']> {
  return { step, at, tries: 0 };
}

/** Without the quiet that somebody asked for: it was asked for what was known then. */
function loud(alert: Alert): Alert {
  const { acknowledged: _, snoozedUntil: __, snoozed: ___, ...rest } = alert;
  return rest;
}

function subject({
  database,
  databaseId,
  databaseKind,
}: Judged): Pick<Alert, 'database' | 'databaseId' | 'databaseKind'> {
  return { database, databaseId, databaseKind };
}

function facts(verdict: Verdict): Pick<Alert, 'verdict' | 'reason' | 'newestBackup' | 'deadline' | 'status'> {
  return {
    verdict: verdict.name,
    reason: verdict.reason,
    ...(verdict.newestBackup && { newestBackup: verdict.newestBackup }),
    ...(verdict.deadline && { deadline: verdict.deadline }),
    ...(verdict.status !== undefined && { status: verdict.status }),
  };
}

function withoutFacts(alert: Alert): Alert {
  const { newestBackup: _, deadline: __, status: ___, ...rest } = alert;
  return rest;
}

function ownCheck({ checkAt }: Verdict): { checkAt?: Date } {
  return checkAt ? { checkAt } : {};
}
