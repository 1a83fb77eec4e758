/** Messages about alerts: opened, reminded of or worse (`backup-missing`), and resolved (`backup-restored`). */
import {
  type Alert,
  type AlertStep,
  type Audience,
  bySeverity,
  causes,
  environmentOf,
  type Finding,
  isOneOf,
  type NewestBackup,
  resolutions,
  type Severity,
  severities,
  type Unrecognized,
  verdictOf,
} from '../domain/index.ts';
import { asciiLine, columns, gsm7Length, gsm7Line, oneLine, wrap } from '../lib/safe-text.ts';
import { formatAge, formatUtc, hourMs } from '../lib/time.ts';
import { causeOf, type Reader, type ReasonSubject, reasonOf, resolutionOf } from '../reasons/index.ts';
import { chatNotification, link, linkOrPath, markdown } from './chat.ts';
import { jsonCause } from './json-causes.ts';
import { databaseLink, runbookLink } from './links.ts';
import { fitting, type Message, type MessageKind, manyTenants } from './message.ts';

/** One alert with the step that people are notified of. */
export interface Entry {
  readonly alert: Alert;
  readonly step: AlertStep | Unrecognized;
  readonly engine?: string;
}

export interface MessageContext {
  readonly account: string;
  readonly region: string;
  readonly runbookUrl: string;
  readonly now: Date;
  /** Where the full list lies, if the message cannot hold it. */
  readonly fullList?: string;
}

/** A context with its readers, for whom prose is made. */
export type Rendering = MessageContext & Reader;

/** What goes to a tenant's recipients is written for them, though operators may read it too. */
export function renderingFor(audience: Audience, context: MessageContext): Rendering {
  return { ...context, audience: audience === 'operators' ? 'operators' : 'tenant' };
}

/** A message lists so many databases at most; more make a message that nobody reads. */
export const mostListed = 25;

/** Longest texts from outside: names (RDS's own limit is 63), words of a later version, engines, reasons. */
const maxName = 63;
const maxWord = 40;
const maxReason = 700;
const mostNotes = 10;
const smsSeptets = 160;
const maxSubject = 99;

/**
 * One message about all databases of a tenant that people are notified of; `entries` must not be empty, and are all
 * resolutions or none. Of many tenants where `audience` is `operators`.
 */
export function composeAlerts(entries: readonly Entry[], audience: Audience, context: MessageContext): Message {
  const sorted = [...entries].sort(worstFirst);
  const rendering = renderingFor(audience, context);
  return fitting(mostListed, (limit) => compose(sorted, sorted.slice(0, limit), audience, rendering));
}

function compose(
  entries: readonly Entry[],
  listed: readonly Entry[],
  audience: Audience,
  rendering: Rendering,
): Message {
  const subject = asciiLine(subjectOf(entries), maxSubject);
  const tenants = tenantsOf(entries);
  return {
    subject,
    texts: {
      email: email(entries, listed, rendering),
      sms: sms(entries, rendering),
      chat: chat(entries, listed, rendering),
      body: body(entries, listed, rendering),
    },
    attributes: {
      tenant: audience !== 'operators' && tenants.length === 1 ? (tenants[0] as string) : manyTenants,
      severity: severityOf(entries),
      kind: kindOf(entries),
      audience,
    },
  };
}

/** Worst first: by severity, then the oldest backup (none at all is worst), then by name. */
export function worstFirst(a: Entry, b: Entry): number {
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
export function severityOf(entries: readonly Entry[]): Severity {
  const [worst = 'info'] = entries.map(({ alert }) => alert.severity).sort(bySeverity);
  return isOneOf(severities, worst) ? worst : 'critical';
}

function kindOf(entries: readonly Entry[]): MessageKind {
  return entries.every(resolves) ? 'backup-restored' : 'backup-missing';
}

function resolves({ step }: Entry): boolean {
  return step === 'resolve';
}

function tenantsOf(entries: readonly Entry[]): string[] {
  return [...new Set(entries.map(({ alert }) => alert.tenant))].sort();
}

function whose(entries: readonly Entry[]): string {
  const tenants = tenantsOf(entries);
  return tenants.length === 1 ? oneLine(tenants[0] as string, 40) : `${tenants.length} tenants`;
}

/** `CRITICAL acme: 2 databases overdue, 1 disabled`; one database is named: `CRITICAL acme: 1 database overdue (orders)`. */
export function subjectOf(entries: readonly Entry[]): string {
  return `${signOf(entries)} ${whose(entries)}: ${saying(entries)}`;
}

/** `2 databases overdue, 1 disabled`, the most frequent first. */
function saying(entries: readonly Entry[]): string {
  const [first, ...others] = wordCounts(entries.map(stateOf));
  if (!first) return 'no database';
  const [word, count] = first;
  const one = entries.length === 1 && entries[0] ? ` (${oneLine(entries[0].alert.databaseId, maxName)})` : '';
  const rest = others.map(([otherWord, otherCount]) => `, ${otherCount} ${otherWord}`).join('');
  return `${count} ${count === 1 ? 'database' : 'databases'} ${word}${one}${rest}`;
}

/** How often each word occurs, the most frequent first. */
export function wordCounts(words: readonly string[]): [word: string, count: number][] {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
}

function signOf(entries: readonly Entry[]): string {
  if (entries.every(resolves)) return entries.every(isProtectedAgain) ? 'RESOLVED' : 'CLOSED';
  const severity = severityOf(entries).toUpperCase();
  if (entries.every(({ step }) => step === 'remind')) return `REMINDER ${severity}`;
  return entries.every(({ step }) => step === 'rise') ? `NOW ${severity}` : severity;
}

/** Resolved by a backup, not because nobody promises one any more. */
function isProtectedAgain({ alert }: Entry): boolean {
  return alert.outcome?.verdict === 'protected';
}

/** What a message says of one database, as it follows "2 databases". */
export function stateOf(entry: Entry): string {
  const { alert } = entry;
  if (resolves(entry)) {
    if (alert.outcome?.verdict === 'deleted') return 'deleted';
    return isProtectedAgain(entry) ? 'protected again' : 'no longer alerted';
  }
  return oneLine(verdictOf(alert.verdict).phrase, maxWord);
}

/** The newest backup that is known: of a resolved alert that of its end. */
export function lastBackupOf(entry: Entry): NewestBackup | undefined {
  const { outcome, newestBackup } = entry.alert;
  return (resolves(entry) ? outcome?.newestBackup : undefined) ?? newestBackup;
}

function subjectOfAlert({ databaseId, databaseKind }: Alert): ReasonSubject {
  return { id: databaseId, kind: databaseKind };
}

/** Why the alert stands, or where this resolves it, why it ended. */
function explanationOf(entry: Entry, reader: Reader): string {
  const { alert } = entry;
  if (resolves(entry)) return resolutionOf(alert, reader) ?? '';
  return reasonOf(alert, subjectOfAlert(alert), reader);
}

/** The one sentence above everything else. */
function headline(entries: readonly Entry[]): string {
  const what = `${whose(entries)}: ${saying(entries)}.`;
  if (!entries.some(({ step }) => step === 'rise')) return what;
  const worse = entries.filter(({ step }) => step === 'rise').length;
  return `${what} ${worse === entries.length ? 'This got worse' : `${worse} of them got worse`} since the last message.`;
}

function email(entries: readonly Entry[], listed: readonly Entry[], rendering: Rendering): string {
  const many = tenantsOf(entries).length > 1;
  const resolved = entries.every(resolves);
  const lines = [
    headline(entries),
    '',
    ...listed.flatMap((entry) => [...block(entry, many, rendering), '']),
    ...leftOut(entries.length - listed.length, rendering),
    ...(resolved ? [] : quietLines(listed, rendering.now)),
    footer(rendering),
  ];
  return lines.join('\n');
}

/** The last line of an e-mail: who sent it, and when. */
export function footer({ now, account, region }: MessageContext): string {
  return `Times are UTC. Sent ${formatUtc(now)} by rds-backup-ledger, account ${account}, ${region}.`;
}

/** Says what is not listed, and where it is: in the stored list, else what command shows it. */
export function leftOut(
  count: number,
  { fullList }: MessageContext,
  command = 'npx rds-backup-ledger alerts --open',
): string[] {
  if (count > 0) return [`And ${count} more. Full list: ${fullList ?? command}`, ''];
  return fullList ? [`Full list: ${fullList}`, ''] : [];
}

function quietLines(listed: readonly Entry[], now: Date): string[] {
  const example = listed[0]?.alert.databaseId ?? '';
  return [
    `Snooze:       ${snoozeCommand(example, now)}`,
    `Acknowledge:  npx rds-backup-ledger alert ack ${oneLine(example, maxName)} --note "<what you do>"`,
    "Run in a clone of rds-backup-ledger, with the account's credentials; each takes one database.",
    '',
  ];
}

/** Until the next 08:00 UTC that is at least an hour away. */
function snoozeCommand(databaseId: string, now: Date): string {
  const morning = new Date(now.getTime() + hourMs);
  if (morning.getUTCHours() >= 8) morning.setUTCDate(morning.getUTCDate() + 1);
  const until = `${morning.toISOString().slice(0, 10)}T08:00Z`;
  return `npx rds-backup-ledger alert snooze ${oneLine(databaseId, maxName)} --until ${until}`;
}

/** One database, label by label. */
function block(entry: Entry, many: boolean, rendering: Rendering): string[] {
  const { alert } = entry;
  const title = [
    resolves(entry) ? 'RESOLVED' : oneLine(alert.severity, maxWord).toUpperCase(),
    oneLine(alert.databaseId, maxName),
    `(${describe(entry)})`,
    stateOf(entry),
    ...(many ? [`- tenant ${oneLine(alert.tenant, 64)}`] : []),
  ].join(' ');
  const facts = resolves(entry) ? resolvedFacts(entry, rendering) : missingFacts(entry, rendering);
  return [title, ...facts.flatMap(([label, text]) => labelled(label, text))];
}

const labelWidth = 15;

/** A label and its text, wrapped and indented under itself; links and commands stay on one line, to be copied. */
export function labelled(label: string, text: string): string[] {
  const lines = /^(https|aws|npx|s3):?/.test(text) ? [text] : wrap(text, 84);
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(labelWidth)}${line}`);
}

function missingFacts(entry: Entry, rendering: Rendering): [label: string, text: string][] {
  const { alert } = entry;
  const { now } = rendering;
  const command = commandFor(alert, now);
  return [
    ['Last backup', lastBackup(entry, now)],
    ...(alert.deadline ? ([[...deadlineOf(alert.deadline, now)]] as [string, string][]) : []),
    ...(entry.step === 'open' ? [] : ([['Alert since', since(alert.opened, now)]] as [string, string][])),
    ['Why', oneLine(explanationOf(entry, rendering), maxReason)],
    ['What to do', advice(alert)],
    ...(command ? ([['', command]] as [string, string][]) : []),
    ['RDS console', linkTo(alert)],
    ['Runbook', runbookOf(alert, rendering)],
  ];
}

function resolvedFacts(entry: Entry, rendering: Rendering): [label: string, text: string][] {
  const { alert } = entry;
  const lasted = (alert.resolved ?? rendering.now).getTime() - alert.opened.getTime();
  return [
    ['Resolved', oneLine(explanationOf(entry, rendering), maxReason)],
    ['Last backup', lastBackup(entry, rendering.now)],
    ['Alert was', `open since ${formatUtc(alert.opened)}, for ${formatAge(lasted)}`],
    ['RDS console', linkTo(alert)],
  ];
}

function runbookOf({ verdict }: Alert, { runbookUrl }: MessageContext): string {
  return runbookLink(runbookUrl, verdictOf(verdict).runbook);
}

function deadlineOf(deadline: Date, now: Date): [label: string, text: string] {
  return deadline <= now ? ['Overdue since', since(deadline, now)] : ['Deadline', formatUtc(deadline)];
}

function since(moment: Date, now: Date): string {
  return `${formatUtc(moment)} (${formatAge(now.getTime() - moment.getTime())})`;
}

/** `2026-11-22 03:12 UTC, 26 h 48 min ago (rds:orders-2026-11-22-03-12)`. */
function lastBackup(entry: Entry, now: Date): string {
  const last = lastBackupOf(entry);
  if (!last) return 'none known';
  return `${formatUtc(last.time)}, ${ageOf(last, now)} ago (${oneLine(last.id, 255)})`;
}

function ageOf({ time }: NewestBackup, now: Date): string {
  return formatAge(now.getTime() - time.getTime());
}

function describe({ engine, alert }: Entry): string {
  const kind = oneLine(alert.databaseKind, maxWord);
  return engine ? `${oneLine(engine, 40)}, ${kind}` : kind;
}

function linkTo(alert: Alert): string {
  return databaseLink({ key: alert.database, id: oneLine(alert.databaseId, maxName), kind: alert.databaseKind });
}

function isStopped({ status }: Alert): boolean {
  return status === 'stopped' || status === 'stopping';
}

/** The next step; the reason says more. A snapshot that RDS would refuse is not asked for. */
function advice(alert: Alert): string {
  const { verdict, status } = alert;
  if (status !== undefined && verdictOf(verdict).needsSnapshot) {
    return isStopped(alert)
      ? 'RDS takes no snapshot of a stopped database: start it and take one, or exclude it:'
      : `RDS takes no snapshot of it while its status is ${oneLine(status, 60)}. Make it available again, then take one.`;
  }
  switch (verdict) {
    case 'overdue':
    case 'never':
      return 'Take a snapshot now, then find out why RDS took none:';
    case 'disabled':
    case 'protected':
      return 'Take a snapshot now, then see that the next ones come by themselves:';
    case 'missing':
      return "Correct the database's name in the configuration, or take it out.";
    case 'deleted':
      return 'If this was intended, take it out of the configuration. If not, restore it from a backup that is left.';
    case 'unknown':
      return 'Check that RDS responds and that the functions may call it; until then nobody knows if backups are taken.';
    default:
      return 'Follow the runbook.';
  }
}

/** A command to copy; only for ids that can be nothing else than an id to a shell. */
function commandFor(alert: Alert, now: Date): string | undefined {
  const { databaseId, databaseKind, database, verdict, status } = alert;
  if (!verdictOf(verdict).needsSnapshot || !/^[a-z][a-z0-9-]{0,62}$/i.test(databaseId)) return undefined;
  const cluster = databaseKind === 'cluster';
  const { region } = environmentOf(database);
  if (isStopped(alert)) {
    const kind = cluster ? 'cluster' : 'instance';
    return `aws rds start-db-${kind} --region ${region} --db-${kind}-identifier ${databaseId}`;
  }
  if (status !== undefined) return undefined;
  return [
    `aws rds create-db-${cluster ? 'cluster-' : ''}snapshot --region ${region}`,
    `--db-${cluster ? 'cluster' : 'instance'}-identifier ${databaseId}`,
    `--db-${cluster ? 'cluster-' : ''}snapshot-identifier ${databaseId}-${now.toISOString().slice(0, 16).replace(/\D/g, '')}`,
  ].join(' ');
}

/** One part of an SMS: as many databases as fit, and how many more there are. */
function sms(entries: readonly Entry[], rendering: Rendering): string {
  const start = gsm7Line(subjectOf(entries), smsSeptets);
  const [only] = entries;
  if (entries.length === 1 && only) {
    return gsm7Line(`${start}. ${smsExplanation(only, rendering)}`.trimEnd(), smsSeptets);
  }
  let text = start;
  let named = 0;
  for (const entry of entries) {
    const next = `${text}${named === 0 ? '. ' : ', '}${gsm7Line(smsName(entry, rendering.now), smsSeptets)}`;
    const rest = entries.length - named - 1;
    if (gsm7Length(next) + (rest > 0 ? gsm7Length(`, +${rest} more`) : 0) > smsSeptets) break;
    text = next;
    named += 1;
  }
  return named > 0 && named < entries.length ? `${text}, +${entries.length - named} more` : text;
}

function smsName(entry: Entry, now: Date): string {
  const { databaseId } = entry.alert;
  if (resolves(entry)) return databaseId;
  const last = lastBackupOf(entry);
  return `${databaseId} ${last ? ageOf(last, now) : 'no backup'}`;
}

/** Of what is overdue the age, and then why. The moment of the backup is left to the other channels: the cause is to fit. */
function smsExplanation(entry: Entry, reader: Reader): string {
  const { alert } = entry;
  if (resolves(entry)) return explanationOf(entry, reader);
  const cause = causeOf(alert, subjectOfAlert(alert), reader);
  const last = alert.verdict === 'overdue' ? lastBackupOf(entry) : undefined;
  return last ? `Last backup ${ageOf(last, reader.now)} ago. ${cause}` : cause;
}

function chat(entries: readonly Entry[], listed: readonly Entry[], rendering: Rendering): Message['texts']['chat'] {
  const many = tenantsOf(entries).length > 1;
  const rest = entries.length - listed.length;
  return chatNotification({
    title: `${emojiOf(entries)} ${subjectOf(entries)}`,
    lines: [
      ...listed.map((entry) => chatLine(entry, many, rendering)),
      rest > 0 ? `...and ${rest} more` : `_${rendering.account}, ${rendering.region}_`,
    ],
    nextSteps: entries.every(resolves) ? [] : chatSteps(listed, rendering),
    threadId: threadOf(entries),
  });
}

function emojiOf(entries: readonly Entry[]): string {
  if (entries.every(resolves)) return ':white_check_mark:';
  return severityOf(entries) === 'critical' ? ':rotating_light:' : ':warning:';
}

function chatLine(entry: Entry, many: boolean, reader: Reader): string {
  const { alert } = entry;
  const name = link(linkTo(alert), markdown(alert.databaseId, maxName));
  const tenant = many ? `${markdown(alert.tenant, 64)}: ` : '';
  const state = markdown(stateOf(entry), maxWord);
  const why = markdown(explanationOf(entry, reader), 400);
  return `- ${tenant}*${name}* (${markdown(describe(entry), 100)}) *${state}*. ${why}`;
}

function chatSteps(listed: readonly Entry[], context: MessageContext): string[] {
  const [worst] = listed;
  if (!worst) return [];
  const command = commandFor(worst.alert, context.now);
  const what = isStopped(worst.alert) ? 'Start it' : 'Take a snapshot now';
  return [
    ...(command ? [`${what}: \`${command}\``] : [advice(worst.alert)]),
    linkOrPath(runbookOf(worst.alert, context), 'Runbook'),
    ...(context.fullList ? [link(context.fullList, 'Full list')] : []),
    `Snooze: \`${snoozeCommand(markdown(worst.alert.databaseId, maxName), context.now)}\``,
  ];
}

/**
 * A thread begins with the newest opening in the message: a new alert never hides as an answer in an old thread, and its
 * reminders and its resolution answer to it.
 */
function threadOf(entries: readonly Entry[]): string {
  const newest = Math.max(...entries.map(({ alert }) => alert.opened.getTime()));
  const tenants = tenantsOf(entries);
  const who = tenants.length === 1 ? asciiLine(tenants[0] as string, 64).replace(/[^\w-]/g, '-') : 'tenants';
  return `rds-backup-ledger-${who}-${new Date(newest).toISOString().slice(0, 16).replace(/\D/g, '')}`;
}

/** The same facts for programs: `docs/messages.md`. */
function body(entries: readonly Entry[], listed: readonly Entry[], rendering: Rendering): object {
  const tenants = tenantsOf(entries);
  return {
    version: 1,
    kind: kindOf(entries),
    severity: severityOf(entries),
    tenant: tenants.length === 1 ? tenants[0] : manyTenants,
    at: rendering.now.toISOString(),
    account: rendering.account,
    region: rendering.region,
    summary: asciiLine(subjectOf(entries), maxSubject),
    count: entries.length,
    databases: listed.map((entry) => bodyEntry(entry, rendering)),
    notListed: entries.length - listed.length,
    fullList: rendering.fullList ?? null,
  };
}

/** One alert in the JSON body; texts are on one line and bounded, or a fleet could not fit. */
export function bodyEntry(entry: Entry, rendering: Rendering): object {
  const { alert, step, engine } = entry;
  const { outcome, resolution } = alert;
  const { account, region } = environmentOf(alert.database);
  const last = lastBackupOf(entry);
  const age = last && (rendering.now.getTime() - last.time.getTime()) / hourMs;
  const ended = resolutionOf(alert, rendering);
  return {
    tenant: oneLine(alert.tenant, 128),
    database: oneLine(alert.databaseId, maxName),
    key: oneLine(alert.database, 256),
    account: oneLine(account, maxName),
    region: oneLine(region, maxName),
    kind: oneLine(alert.databaseKind, maxWord),
    engine: engine ? oneLine(engine, 40) : null,
    step: oneLine(step, maxWord),
    ...bodyFinding(alert, rendering),
    severity: oneLine(alert.severity, maxWord),
    status: alert.status === undefined ? null : oneLine(alert.status, 60),
    reason: oneLine(reasonOf(alert, subjectOfAlert(alert), rendering), maxReason),
    newestBackup: last ? { id: oneLine(last.id, 255), time: last.time.toISOString() } : null,
    ageHours: age === undefined ? null : Math.round(age * 100) / 100,
    deadline: alert.deadline?.toISOString() ?? null,
    opened: alert.opened.toISOString(),
    resolved: alert.resolved?.toISOString() ?? null,
    resolution: ended === undefined ? null : oneLine(ended, maxReason),
    resolutionCause: resolution ? jsonCause(resolutions, resolution, rendering) : null,
    outcome: outcome ? bodyFinding(outcome, rendering) : null,
    consoleUrl: linkTo(alert),
    runbookUrl: runbookOf(alert, rendering),
  };
}

function bodyFinding({ verdict, cause, notes }: Finding, reader: Reader): object {
  return {
    verdict: oneLine(verdict, maxWord),
    cause: cause && jsonCause(causes, cause, reader),
    notes: notes.slice(0, mostNotes).map((note) => jsonCause(causes, note, reader)),
  };
}

/** The full list as a text file: one aligned line a database, the worst first. */
export function fullListOf(entries: readonly Entry[], reader: Reader): string {
  const rows = [...entries].sort(worstFirst).map((entry) => {
    const { alert, engine, step } = entry;
    const last = lastBackupOf(entry);
    return [
      oneLine(alert.severity, maxWord),
      oneLine(step, maxWord),
      oneLine(alert.tenant, 64),
      oneLine(alert.databaseId, maxName),
      oneLine(alert.databaseKind, maxWord),
      oneLine(engine ?? '-', 40),
      oneLine(alert.verdict, maxWord),
      last ? formatUtc(last.time) : '-',
      last ? ageOf(last, reader.now) : '-',
      oneLine(explanationOf(entry, reader), maxReason),
    ];
  });
  const head = ['severity', 'step', 'tenant', 'database', 'kind', 'engine', 'verdict', 'last backup', 'age', 'reason'];
  return `${columns([head, ...rows]).join('\n')}\n`;
}
