/**
 * The lifecycle of an alert: it opens once, reminds, notifies anew when it gets worse, resolves once, and is silent in between.
 *
 * Every step that people are to be notified of leaves a `pending` message on the alert, which is written before the message
 * is published and confirmed after. One that is still there was perhaps not sent, so it is sent again: rather twice than
 * never, and with growing pauses, so not every 15 minutes for ever.
 *
 * A resolved alert stays on its database's row until its resolution is confirmed; one of a deleted database stays for good,
 * so that people are notified of the deletion only once. `openAlert` separates the open from the past.
 *
 * An alert may carry fields and words of a later version: fields survive every step, an evaluation replaces words.
 */
import type { Policy } from '../config/index.ts';
import {
  type Alert,
  type AlertStep,
  type Audience,
  bySeverity,
  type DatabaseKey,
  type DatabaseKind,
  type Evaluation,
  findingWithin,
  isOneOf,
  isUnprotected,
  isVerdict,
  type Resolution,
  type Severity,
  severities,
} from '../domain/index.ts';
import { addHours, hourMs, minuteMs } from '../lib/time.ts';

/** An unprotected database is checked again after this long at the latest. */
const longestWaitMs = 6 * hourMs;

/**
 * Pauses before an unconfirmed message is sent again: about 15 and 30 minutes, 1, 2, 4 and then always 6 hours. Each is a
 * minute short, so that the watch, which comes every 15 minutes, does not miss the moment by a second.
 */
const retryPausesMs = [14, 29, 59, 119, 239, 359].map((minutes) => minutes * minuteMs);

/** How many messages' times an alert remembers. */
const notifiedKept = 50;

/** One database as a sweep or a watch evaluated it, with what an alert about it needs. */
export interface Evaluated {
  readonly database: DatabaseKey;
  readonly databaseId: string;
  readonly databaseKind: DatabaseKind;
  readonly tenant: string;
  readonly evaluation: Evaluation;
  readonly policy: Policy;
}

/** A step that people are to be notified of; one of a later version is sent again as what it is. */
export type PendingStep = NonNullable<Alert['pending']>['step'];

/** What becomes of a database's alert. */
export interface AlertOutcome {
  /** To be written as the alert's own row, and referred to by the database's row. Absent: there is none. */
  readonly alert?: Alert;
  /** What people are to be notified of now; it is then pending on the alert. */
  readonly step?: PendingStep;
  /** When the database is to be checked next, the evaluation's own moment included; absent: only by the next sweep. */
  readonly nextCheckAt?: Date;
  /** What `nextCheckAt` becomes once people were notified of `step`; until then an early check makes sure that they are. */
  readonly nextCheckOnceNotified?: Date;
}

/** The alert of a row if it is open; a resolved one may stay there until people were notified. */
export function openAlert(alert: Alert | undefined): Alert | undefined {
  return alert?.resolved ? undefined : alert;
}

/**
 * Whether an alert stays on its database's row once its message is confirmed: while it is open, and for good where the database
 * was deleted, so that people are notified of that once.
 */
export function staysOnRow({ resolved, outcome }: Alert): boolean {
  return !resolved || outcome?.verdict === 'deleted';
}

/**
 * Alerts open once, remind once per `reminderHours`, resolve once, and stay silent in between; people are notified of a
 * rise in severity at once.
 *
 * - Critical and warning open, whatever the verdict; information never does.
 * - The severity of an open alert only rises: people know of it, and going back and forth is not news each time.
 * - `due` neither resolves nor reminds: today's backup is still to come. While a backup may still come that ends it
 *   (`mayEndBy`), nothing opens or reminds.
 * - `unknown` leaves an open alert as it was; what turns out after `unknown` counts as a rise. While a whole environment cannot be
 *   read, nothing opens or reminds for a day (`quiet`): operators are notified of the environment.
 * - People are notified once of a database that was `deleted`, as a warning: by the resolution of its open alert, else by an
 *   alert that opens and is resolved at once.
 * - A database that moved to another tenant resolves for the tenant that got the opening; the next check opens it anew.
 */
export function nextAlert(current: Alert | undefined, evaluated: Evaluated, now: Date): AlertOutcome {
  const { evaluation, tenant } = evaluated;
  if (!current) return open(evaluated, now);
  if (current.resolved) return afterResolution(current, evaluated, now);
  if (current.tenant !== tenant) {
    const moved = resolveAlert(current, { code: 'moved-to-tenant', facts: { tenant } }, now);
    return whileResolving(moved, evaluated, now);
  }
  if (evaluation.verdict === 'deleted') return resolveByVerdict(current, evaluated, now);
  if (evaluation.verdict === 'due') return { alert: { ...current, ...subject(evaluated) }, ...ownCheck(evaluation) };
  if (evaluation.severity === 'info' || (evaluation.verdict === 'protected' && current.verdict !== 'protected')) {
    return resolveByVerdict(current, evaluated, now);
  }
  return carryOn(current, evaluated, now);
}

/**
 * Resolves an open alert without a verdict, e.g. since its database left the configuration; of one that is resolved already,
 * the pending message is sent again.
 */
export function resolveAlert(current: Alert | undefined, resolution: Resolution, now: Date): AlertOutcome {
  if (!current) return {};
  if (current.resolved) return current.pending ? sendAgain(current, now) : { alert: current };
  return end({ ...current, resolution }, now);
}

/** The pending message was published: it is taken away, and who was notified of what, and when, is remembered. */
export function confirm(alert: Alert, to: Audience, now: Date): Alert {
  const { pending, ...rest } = alert;
  if (pending === undefined) return alert;
  return { ...rest, notified: [...alert.notified, { at: now, step: pending.step, to }].slice(-notifiedKept) };
}

/** The alert with its pending message tried once more, if its pause is over; `undefined` while there is nothing to do. */
export function retryPending(alert: Alert, now: Date): Alert | undefined {
  if (!alert.pending || now < retryAt(alert)) return undefined;
  return { ...alert, pending: { ...alert.pending, at: now, tries: alert.pending.tries + 1 } };
}

/** What an alert has come to, to be sent once more: a run that did not know of it published something older after it. */
export function restate(alert: Alert, now: Date): Alert {
  return { ...alert, pending: newPending(alert.resolved ? 'resolve' : 'open', now) };
}

/** When its pending message is to be tried next. */
export function retryAt({ pending, opened }: Alert): Date {
  if (!pending) return opened;
  return new Date(pending.at.getTime() + (retryPausesMs[pending.tries] ?? longestWaitMs));
}

/** Somebody acknowledged it: no more reminders. People are still notified of a rise in severity, which ends this, and of the end. */
export function acknowledge(alert: Alert, who: { readonly by: string; readonly note?: string }, now: Date): Alert {
  return { ...alert, acknowledged: { ...who, at: now } };
}

/**
 * Silence until a moment, at which a reminder follows if it is still open. What was snoozed is what was known then: a rise
 * in severity breaks the silence, and people are notified of the end.
 */
export function snooze(
  alert: Alert,
  { until, ...who }: { readonly until: Date; readonly by: string; readonly note?: string },
  now: Date,
): Alert {
  return { ...alert, snoozedUntil: until, snoozed: { ...who, at: now } };
}

/** Nothing was open: what is critical or a warning opens. A deletion opens and is over at once. */
function open(evaluated: Evaluated, now: Date): AlertOutcome {
  const { evaluation, tenant } = evaluated;
  if (evaluation.severity === 'info' || evaluation.mayEndBy || evaluation.quiet) return ownCheck(evaluation);
  const finding = findingWithin(evaluation);
  const alert: Alert = {
    ...subject(evaluated),
    ...finding,
    tenant,
    opened: now,
    notified: [],
    ...(evaluation.verdict === 'deleted' && { resolved: now, outcome: finding }),
  };
  return notify(alert, evaluated, 'open', now);
}

/** The row still has a resolved alert: its last message is pending, or its database was deleted. */
function afterResolution(current: Alert, evaluated: Evaluated, now: Date): AlertOutcome {
  const { evaluation, tenant } = evaluated;
  if (current.pending === undefined) {
    const stillDeleted = current.outcome?.verdict === 'deleted' && evaluation.verdict === 'deleted';
    return stillDeleted ? { alert: current, ...ownCheck(evaluation) } : open(evaluated, now);
  }
  const brokenAgain = current.tenant === tenant && evaluation.severity !== 'info' && isUnprotected(evaluation.verdict);
  if (!brokenAgain) return whileResolving(sendAgain(current, now), evaluated, now);
  // Take back a resolution that perhaps nobody was notified of, so that none is left without a message.
  const { resolved: _, resolution: __, outcome: ___, expiresAt: ____, ...reopened } = clearSilence(current);
  return notify(updated(reopened, evaluated), evaluated, 'open', now);
}

/** Resolved by a verdict, which is kept as the outcome; the rest stays what the alert was about. */
function resolveByVerdict(current: Alert, evaluated: Evaluated, now: Date): AlertOutcome {
  const alert: Alert = { ...current, ...subject(evaluated), outcome: findingWithin(evaluated.evaluation) };
  return whileResolving(end(alert, now), evaluated, now);
}

function end(alert: Alert, now: Date): AlertOutcome {
  const ended: Alert = { ...alert, resolved: now, pending: newPending('resolve', now) };
  return { alert: ended, step: 'resolve', nextCheckAt: retryAt(ended) };
}

/**
 * The outcome of an alert whose resolution is to be sent. Sending it again hides no moment of the evaluation's own; what still
 * needs a warning opens an alert of its own, at the next check once the resolution is out.
 */
function whileResolving(outcome: AlertOutcome, { evaluation }: Evaluated, now: Date): AlertOutcome {
  const remains = evaluation.severity !== 'info' && evaluation.verdict !== 'deleted';
  const nextCheckOnceNotified = remains ? now : evaluation.nextCheckAt;
  const nextCheckAt = earliestCheck(evaluation, now, outcome.nextCheckAt) ?? outcome.nextCheckAt;
  return {
    ...outcome,
    ...(nextCheckAt && { nextCheckAt }),
    ...(nextCheckOnceNotified && { nextCheckOnceNotified }),
  };
}

/** An alert that stays open: does it need a message? */
function carryOn(current: Alert, evaluated: Evaluated, now: Date): AlertOutcome {
  const { evaluation } = evaluated;
  const readable = isVerdict(current.verdict) && isOneOf(severities, current.severity);
  const rises = readable && bySeverity(evaluation.severity, current.severity) < 0;
  const turnedOut = current.verdict === 'unknown' && evaluation.verdict !== 'unknown';
  // What RDS did not respond about is as it was.
  const asItWas = readable && evaluation.verdict === 'unknown' && current.verdict !== 'unknown' && !rises;
  const alert = asItWas ? { ...current, ...subject(evaluated) } : updated(current, evaluated);
  if (rises || turnedOut) {
    // If the opening notification has not been delivered, keep step `open` and update its contents.
    return notify(clearSilence(alert), evaluated, current.pending?.step === 'open' ? 'open' : 'rise', now);
  }
  if (alert.pending) {
    const tried = retryPending(alert, now) ?? alert;
    return {
      ...sendAgain(alert, now),
      nextCheckAt: nextCheck(tried, evaluated, now),
      nextCheckOnceNotified: nextCheck(confirm(tried, 'all', now), evaluated, now),
    };
  }
  const remindAt = reminderAt(alert, evaluated);
  if (remindAt && now >= remindAt && !evaluation.mayEndBy && !evaluation.quiet)
    return notify(alert, evaluated, 'remind', now);
  return { alert, nextCheckAt: nextCheck(alert, evaluated, now) };
}

/**
 * When a reminder of an alert is due: `reminderHours` after its last message, and at the end of a snooze. Never while it is
 * acknowledged, nor where one message about the cause is enough.
 */
function reminderAt(alert: Alert, { evaluation, policy }: Evaluated): Date | undefined {
  if (alert.resolved || alert.acknowledged || evaluation.once) return undefined;
  const last = alert.notified.at(-1)?.at ?? alert.opened;
  if (alert.snoozedUntil && alert.snoozedUntil > last) return alert.snoozedUntil;
  return addHours(last, policy.reminderHours);
}

function notify(alert: Alert, evaluated: Evaluated, step: AlertStep, now: Date): AlertOutcome {
  const pending: Alert = { ...alert, pending: newPending(step, now) };
  if (pending.resolved) {
    const nextCheckAt = earliestCheck(evaluated.evaluation, now, retryAt(pending));
    return { alert: pending, step, ...(nextCheckAt && { nextCheckAt }) };
  }
  return {
    alert: pending,
    step,
    nextCheckAt: nextCheck(pending, evaluated, now),
    nextCheckOnceNotified: nextCheck(confirm(pending, 'all', now), evaluated, now),
  };
}

/** The pending message once more if its pause is over; else only the moment to try. */
function sendAgain(alert: Alert, now: Date): AlertOutcome {
  const again = retryPending(alert, now);
  if (!again?.pending) return { alert, nextCheckAt: retryAt(alert) };
  return { alert: again, step: again.pending.step, nextCheckAt: retryAt(again) };
}

/** The earliest of: sending again, reminder or end of a snooze, the evaluation's own moment, and six hours from now. */
function nextCheck(alert: Alert, evaluated: Evaluated, now: Date): Date {
  const longest = new Date(now.getTime() + longestWaitMs);
  const moments = [alert.pending && retryAt(alert), reminderAt(alert, evaluated)];
  return earliestCheck(evaluated.evaluation, now, longest, ...moments) ?? longest;
}

/**
 * The earliest of the evaluation's own moment and those of the alert that are ahead. The evaluation's may be now, at its
 * deadline to the millisecond: what still holds then is checked again by the next watch.
 */
function earliestCheck(
  { nextCheckAt }: Evaluation,
  now: Date,
  ...moments: readonly (Date | undefined)[]
): Date | undefined {
  const ahead = moments.filter((moment) => moment !== undefined && moment > now);
  const times = [nextCheckAt, ...ahead].flatMap((moment) => (moment === undefined ? [] : [moment.getTime()]));
  return times.length === 0 ? undefined : new Date(Math.min(...times));
}

function newPending(step: AlertStep, at: Date): NonNullable<Alert['pending']> {
  return { step, at, tries: 0 };
}

/** Without the quiet that somebody asked for: it was asked for what was known then. */
function clearSilence(alert: Alert): Alert {
  const { acknowledged: _, snoozedUntil: __, snoozed: ___, ...rest } = alert;
  return rest;
}

/** The alert with what is so by now. Its severity only rises. */
function updated(current: Alert, evaluated: Evaluated): Alert {
  const { newestBackup: _, deadline: __, status: ___, ...rest } = current;
  const finding = findingWithin(evaluated.evaluation);
  return { ...rest, ...subject(evaluated), ...finding, severity: worst(current.severity, finding.severity) };
}

function worst(current: Alert['severity'], severity: Severity): Severity {
  return isOneOf(severities, current) && bySeverity(current, severity) < 0 ? current : severity;
}

function subject({
  database,
  databaseId,
  databaseKind,
}: Evaluated): Pick<Alert, 'database' | 'databaseId' | 'databaseKind'> {
  return { database, databaseId, databaseKind };
}

function ownCheck({ nextCheckAt }: Evaluation): { nextCheckAt?: Date } {
  return nextCheckAt ? { nextCheckAt } : {};
}
