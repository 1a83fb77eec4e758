/** What a message says of one alert. */
import type { Detail, SuggestedCommand } from '../../channels/index.ts';
import {
  type Alert,
  type AlertStep,
  bySeverity,
  causes,
  type DatabaseKey,
  environmentOf,
  environmentText,
  type Finding,
  isOneOf,
  isUnprotected,
  type MessageAudience,
  type NewestBackup,
  namedEnvironment,
  resolutions,
  type Severity,
  severities,
  type Unrecognized,
  verdictOf,
  wasNotified,
} from '../../domain/index.ts';
import { oneLine } from '../../lib/safe-text.ts';
import { formatAge, formatUtc, hourMs } from '../../lib/time.ts';
import { causeOf, type Reader, type ReasonSubject, reasonOf, resolutionOf } from '../../reasons/index.ts';
import { databaseLink, runbookLink } from '../links.ts';
import { ledgerCommand, limits, type MessageContext, placeOf, type Rendering } from './context.ts';
import { jsonCause } from './json-causes.ts';

/** One alert with the step that people are notified of. */
export interface AlertEntry {
  readonly alert: Alert;
  readonly step: AlertStep | Unrecognized;
  readonly engine?: string;
}

const mostNotes = 10;

/** An alert as these people hear of it: what they were not notified of before begins for them. */
export function entryFor(audience: MessageAudience, entry: AlertEntry): AlertEntry {
  const continues = entry.step === 'remind' || entry.step === 'rise';
  const { alert } = entry;
  return continues && alert.notified.length > 0 && !wasNotified(alert, audience) ? { ...entry, step: 'open' } : entry;
}

/** Worst first: by severity, then the oldest backup (none at all is worst), then by name. */
export function worstFirst(a: AlertEntry, b: AlertEntry): number {
  return (
    bySeverity(a.alert.severity, b.alert.severity) ||
    (lastBackupOf(a)?.time.getTime() ?? 0) - (lastBackupOf(b)?.time.getTime() ?? 0) ||
    (a.alert.databaseId < b.alert.databaseId ? -1 : 1)
  );
}

/**
 * The worst inside. A resolution has that of its alert, so that whoever filters by severity gets it if they got the
 * opening. No filter knows a severity of a later version, so it goes out as the worst that there is.
 */
export function severityOf(entries: readonly AlertEntry[]): Severity {
  const [worst = 'info'] = entries.map(({ alert }) => alert.severity).sort(bySeverity);
  return isOneOf(severities, worst) ? worst : severities[0];
}

export function resolves({ step }: AlertEntry): boolean {
  return step === 'resolve';
}

/** Resolved by a backup, not because nobody promises one any more. */
export function isProtectedAgain({ alert }: AlertEntry): boolean {
  return alert.outcome?.verdict === 'protected';
}

/** What a message says of one database, as it follows "2 databases". */
export function stateOf(entry: AlertEntry): string {
  const { alert } = entry;
  if (!resolves(entry)) return phraseOf(alert);
  if (alert.outcome?.verdict === 'deleted') return verdictOf(alert.outcome.verdict).phrase;
  return isProtectedAgain(entry) ? 'protected again' : 'no longer alerted';
}

/** The newest backup that is known: of a resolved alert that of its end. */
export function lastBackupOf(entry: AlertEntry): NewestBackup | undefined {
  const { outcome, newestBackup } = entry.alert;
  return (resolves(entry) ? outcome?.newestBackup : undefined) ?? newestBackup;
}

export function ageOf({ time }: NewestBackup, now: Date): string {
  return formatAge(now.getTime() - time.getTime());
}

/** Why the alert stands, or where this resolves it, why it ended and what began: some never got that message. */
export function explanationOf(entry: AlertEntry, reader: Reader): string {
  const { alert } = entry;
  if (resolves(entry)) return `${resolutionOf(alert, reader) ?? ''} The alert was ${began(entry, reader)}.`.trimStart();
  return reasonOf(alert, subjectOfAlert(alert), reader);
}

/** The alert that a resolution ends: `open since 2026-11-23 05:31 UTC, for 29 min, as overdue`. */
function began({ alert }: AlertEntry, { now }: Pick<Reader, 'now'>): string {
  const lastedMs = (alert.resolved ?? now).getTime() - alert.opened.getTime();
  return `open since ${formatUtc(alert.opened)}, for ${formatAge(lastedMs)}, as ${phraseOf(alert)}`;
}

function phraseOf(alert: Alert): string {
  const { verdict } = alert;
  if (warnsOfJob(alert)) return 'with a failed backup job';
  if (isOfTenants(alert)) return 'with tenants unprotected';
  if (alert.verdict === 'protected' && alert.cause?.code === 'tenant-not-in-snapshot')
    return 'missing in its newest snapshot';
  return oneLine(verdictOf(verdict).phrase, limits.word);
}

/** Whether all that is wrong so far is a job of AWS Backup: others may follow in time. */
function warnsOfJob({ verdict, cause }: Alert): boolean {
  return !isUnprotected(verdict) && cause?.code === 'aws-backup-job-failed';
}

/** Whether a shared database is better off than tenants of it. */
function isOfTenants({ cause }: Alert): boolean {
  return cause?.code === 'tenants-unprotected';
}

/** What began, in short: `overdue since 2026-11-23 05:31 UTC`. */
export function beganBriefly(alert: Alert): string {
  return `${phraseOf(alert)} since ${formatUtc(alert.opened)}`;
}

/** Of what is overdue the age, and then why. The moment of the backup is left out: the cause is to fit. */
export function briefExplanationOf(entry: AlertEntry, reader: Reader): string {
  const { alert } = entry;
  if (resolves(entry)) return `Was ${beganBriefly(alert)}. ${resolutionOf(alert, reader) ?? ''}`.trimEnd();
  const cause = causeOf(alert, subjectOfAlert(alert), reader);
  const last = alert.verdict === 'overdue' ? lastBackupOf(entry) : undefined;
  return last ? `Last backup ${ageOf(last, reader.now)} ago. ${cause}` : cause;
}

function subjectOfAlert({ databaseId, databaseKind }: Alert): ReasonSubject {
  return { id: databaseId, kind: databaseKind };
}

/** `postgres, instance`, or `postgres, instance, Acme production, us-east-1`. */
export function describe({ engine, alert }: AlertEntry, rendering: Rendering): string {
  const kind = oneLine(alert.databaseKind, limits.word);
  const place = placeOf(environmentOf(alert.database), rendering);
  return [...(engine ? [oneLine(engine, limits.engine)] : []), kind, ...(place === undefined ? [] : [place])].join(
    ', ',
  );
}

/** Beside a link into the console: which account it needs, where that is not the ledger's. For operators alone. */
export function signIn(database: DatabaseKey, { account, environments, audience }: Rendering): Detail[] {
  const environment = environmentOf(database);
  if (audience !== 'operators' || environments.length < 2 || environment.account === account) return [];
  const text = `Sign in to ${environmentText(namedEnvironment(environment, environments))} first.`;
  return [{ label: '', text: oneLine(text, limits.reason) }];
}

export function consoleLinkOf(alert: Alert): string {
  return databaseLink({ key: alert.database, id: oneLine(alert.databaseId, limits.name), kind: alert.databaseKind });
}

export function runbookOf({ verdict }: Alert, { runbookUrl }: MessageContext): string {
  return runbookLink(runbookUrl, verdictOf(verdict).runbook);
}

/** Everything of one alert, label by label. */
export function detailsOf(entry: AlertEntry, rendering: Rendering): Detail[] {
  return resolves(entry) ? resolvedDetails(entry, rendering) : missingDetails(entry, rendering);
}

function missingDetails(entry: AlertEntry, rendering: Rendering): Detail[] {
  const { alert } = entry;
  const { now } = rendering;
  const command = commandFor(alert, rendering);
  return [
    { label: 'Last backup', text: lastBackup(entry, now) },
    ...(alert.deadline ? [deadlineOf(alert.deadline, now)] : []),
    ...(entry.step === 'open' ? [] : [{ label: 'Alert since', text: since(alert.opened, now) }]),
    { label: 'Why', text: oneLine(explanationOf(entry, rendering), limits.reason) },
    { label: 'What to do', text: adviceOn(alert, rendering) },
    ...(command ? [{ label: '', text: command.command, verbatim: true }] : []),
    { label: 'RDS console', text: consoleLinkOf(alert), verbatim: true },
    ...signIn(alert.database, rendering),
    { label: 'Runbook', text: runbookOf(alert, rendering), verbatim: true },
  ];
}

function resolvedDetails(entry: AlertEntry, rendering: Rendering): Detail[] {
  const { alert } = entry;
  return [
    {
      label: isProtectedAgain(entry) ? 'Resolved' : 'Closed',
      text: oneLine(resolutionOf(alert, rendering) ?? '', limits.reason),
    },
    { label: 'Last backup', text: lastBackup(entry, rendering.now) },
    { label: 'Alert was', text: began(entry, rendering) },
    { label: 'RDS console', text: consoleLinkOf(alert), verbatim: true },
    ...signIn(alert.database, rendering),
  ];
}

function deadlineOf(deadline: Date, now: Date): Detail {
  return deadline <= now
    ? { label: 'Overdue since', text: since(deadline, now) }
    : { label: 'Deadline', text: formatUtc(deadline) };
}

function since(moment: Date, now: Date): string {
  return `${formatUtc(moment)} (${formatAge(now.getTime() - moment.getTime())})`;
}

/** `2026-11-22 03:12 UTC, 26 h 48 min ago (rds:orders-2026-11-22-03-12)`. */
function lastBackup(entry: AlertEntry, now: Date): string {
  const last = lastBackupOf(entry);
  if (!last) return 'none known';
  return `${formatUtc(last.time)}, ${ageOf(last, now)} ago (${oneLine(last.id, limits.id)})`;
}

function isStopped({ status }: Alert): boolean {
  return status === 'stopped' || status === 'stopping';
}

/**
 * The next step; the reason says more. A snapshot that RDS would refuse is not asked for. A tenant's recipients have no
 * access to the account.
 */
export function adviceOn(alert: Alert, rendering: Rendering): string {
  if (rendering.audience === 'tenant') return 'Ask the operators of your databases; they have the next steps.';
  const advice = operatorsAdvice(alert);
  return commandFor(alert, rendering) ? advice : advice.replace(/:$/, '.');
}

function operatorsAdvice(alert: Alert): string {
  const { verdict, status } = alert;
  const { needsSnapshot, advice } = verdictOf(verdict);
  if (warnsOfJob(alert)) return 'Correct what AWS Backup says, and start a backup job or take a snapshot:';
  if (status === undefined || !needsSnapshot) return advice;
  if (isStopped(alert)) return 'RDS takes no snapshot of a stopped database: start it and take one, or exclude it:';
  if (status === 'backing-up')
    return 'RDS is backing it up now. Wait for that backup; if none becomes available, take one.';
  return `RDS takes no snapshot of it while its status is ${oneLine(status, 60)}. Make it available again, then take one.`;
}

/** A command of AWS's own to copy; for operators alone. */
export function commandFor(alert: Alert, rendering: Rendering): SuggestedCommand | undefined {
  const { now, audience } = rendering;
  const { databaseId, databaseKind, database, verdict, status } = alert;
  if (audience !== 'operators') return undefined;
  if (!verdictOf(verdict).needsSnapshot || !isPlainId(databaseId)) return undefined;
  const where = `--region ${environmentOf(database).region}${profileHint(database, rendering)}`;
  if (isStopped(alert)) {
    const kind = databaseKind === 'cluster' ? 'cluster' : 'instance';
    const command = `aws rds start-db-${kind} ${where} --db-${kind}-identifier ${databaseId}`;
    return { label: 'Start it', command };
  }
  if (status !== undefined) return undefined;
  const cluster = databaseKind === 'cluster';
  const command = [
    `aws rds create-db-${cluster ? 'cluster-' : ''}snapshot ${where}`,
    `--db-${cluster ? 'cluster' : 'instance'}-identifier ${databaseId}`,
    `--db-${cluster ? 'cluster-' : ''}snapshot-identifier ${databaseId}-${now.toISOString().slice(0, 16).replace(/\D/g, '')}`,
  ].join(' ');
  return { label: 'Take a snapshot now', command };
}

/** Names the account whose credentials a command needs, where those of the ledger's account would not do. */
function profileHint(database: DatabaseKey, { account, environments }: MessageContext): string {
  const its = environmentOf(database).account;
  if (environments.length < 2 || its === account || !/^\d{12}$/.test(its)) return '';
  return ` --profile "<profile for account ${its}>"`;
}

/** An id that a shell takes for nothing else: RDS's own rule. */
export function isPlainId(databaseId: string): boolean {
  return /^[a-z][a-z0-9-]{0,62}$/i.test(databaseId);
}

/** Silences an alert, of a plain id, until the next 08:00 UTC that is at least an hour away. */
export function snoozeCommand(alert: Alert, { now, environments }: MessageContext): SuggestedCommand {
  const morning = new Date(now.getTime() + hourMs);
  if (morning.getUTCHours() >= 8) morning.setUTCDate(morning.getUTCDate() + 1);
  const until = `${morning.toISOString().slice(0, 10)}T08:00Z`;
  return {
    label: 'Snooze',
    command: ledgerCommand(`alert snooze ${named(alert, environments)} --until ${until}`),
  };
}

export function acknowledgeCommand(alert: Alert, { environments }: MessageContext): SuggestedCommand {
  return {
    label: 'Acknowledge',
    command: ledgerCommand(`alert ack ${named(alert, environments)} --note "<what you do>"`),
  };
}

/** A database as our commands take it: a short name may be that of several. */
function named({ databaseId, database }: Alert, environments: MessageContext['environments']): string {
  if (environments.length < 2) return databaseId;
  const { account, region } = environmentOf(database);
  return `${databaseId} --account ${account} --region ${region}`;
}

/** One alert in the JSON body; texts are on one line and bounded, or a fleet could not fit. */
export function alertData(entry: AlertEntry, rendering: Rendering): object {
  const { alert, step, engine } = entry;
  const { outcome, resolution } = alert;
  const { account, region } = environmentOf(alert.database);
  const last = lastBackupOf(entry);
  const age = last && (rendering.now.getTime() - last.time.getTime()) / hourMs;
  const ended = resolutionOf(alert, rendering);
  return {
    tenant: oneLine(alert.tenant, 128),
    database: oneLine(alert.databaseId, limits.name),
    key: oneLine(alert.database, 256),
    account: oneLine(account, limits.name),
    region: oneLine(region, limits.name),
    kind: oneLine(alert.databaseKind, limits.word),
    engine: engine ? oneLine(engine, limits.engine) : null,
    step: oneLine(step, limits.word),
    ...findingData(alert, rendering),
    severity: oneLine(alert.severity, limits.word),
    status: alert.status === undefined ? null : oneLine(alert.status, 60),
    reason: oneLine(reasonOf(alert, subjectOfAlert(alert), rendering), limits.reason),
    newestBackup: last ? { id: oneLine(last.id, limits.id), time: last.time.toISOString() } : null,
    ageHours: age === undefined ? null : Math.round(age * 100) / 100,
    deadline: alert.deadline?.toISOString() ?? null,
    opened: alert.opened.toISOString(),
    resolved: alert.resolved?.toISOString() ?? null,
    resolution: ended === undefined ? null : oneLine(ended, limits.reason),
    resolutionCause: resolution ? jsonCause(resolutions, resolution, rendering) : null,
    outcome: outcome ? findingData(outcome, rendering) : null,
    consoleUrl: consoleLinkOf(alert),
    runbookUrl: runbookOf(alert, rendering),
  };
}

function findingData({ verdict, cause, notes }: Finding, reader: Reader): object {
  return {
    verdict: oneLine(verdict, limits.word),
    cause: cause && jsonCause(causes, cause, reader),
    notes: notes.slice(0, mostNotes).map((note) => jsonCause(causes, note, reader)),
  };
}
