/** Messages about alerts: opened, reminded of or worse (`backup-missing`), and resolved (`backup-restored`). */
import type { Alert, AlertStep, Audience, Severity, VerdictName } from '../model.ts';
import { bySeverity } from '../rules/alert.ts';
import { formatAge, formatUtc, hourMs } from '../text.ts';
import { chatNotification, link, linkOrPath, markdown } from './chat.ts';
import { databaseLink, regionOf, runbookAnchor, runbookLink } from './links.ts';
import { fitting, type Message, type MessageKind, manyTenants } from './message.ts';
import { asciiLine, columns, gsm7Length, gsm7Line, oneLine, wrap } from './safe.ts';

/** One alert with the step that is to be told. */
export interface Entry {
  readonly alert: Alert;
  readonly step: AlertStep;
  readonly engine?: string;
}

export interface Context {
  readonly account: string;
  readonly region: string;
  readonly runbookUrl: string;
  readonly now: Date;
  /** Where the full list lies, if the message cannot hold it. */
  readonly fullList?: string;
}

/** A message lists so many databases at most; more make a message that nobody reads. */
export const mostListed = 25;

/** Longest texts from outside: names (RDS's own limit is 63), engines, reasons. */
const maxName = 63;
const maxReason = 700;
const smsSeptets = 160;
const maxSubject = 99;

/**
 * One message about all databases of a tenant that have something to tell; `entries` must not be empty, and are all
 * resolutions or none. Of many tenants where `audience` is `operators`.
 */
export function composeAlerts(entries: readonly Entry[], audience: Audience, context: Context): Message {
  const sorted = [...entries].sort(worstFirst);
  return fitting(mostListed, (limit) => compose(sorted, sorted.slice(0, limit), audience, context));
}

function compose(entries: readonly Entry[], listed: readonly Entry[], audience: Audience, context: Context): Message {
  const subject = asciiLine(subjectOf(entries), maxSubject);
  const tenants = tenantsOf(entries);
  return {
    subject,
    texts: {
      email: email(entries, listed, context),
      sms: sms(entries, context),
      chat: chat(entries, listed, context),
      body: body(entries, listed, context),
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
    (a.alert.newestBackup?.time.getTime() ?? 0) - (b.alert.newestBackup?.time.getTime() ?? 0) ||
    (a.alert.databaseId < b.alert.databaseId ? -1 : 1)
  );
}

/**
 * The worst inside. A resolution has that of its alert, so that whoever filters by severity gets it if they got the
 * opening.
 */
function severityOf(entries: readonly Entry[]): Severity {
  return entries.map(({ alert }) => alert.severity).sort(bySeverity)[0] ?? 'info';
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
  const [first, ...others] = countsOf(entries.map(stateOf));
  if (!first) return 'nothing to tell';
  const [word, count] = first;
  const one = entries.length === 1 && entries[0] ? ` (${oneLine(entries[0].alert.databaseId, maxName)})` : '';
  const rest = others.map(([otherWord, otherCount]) => `, ${otherCount} ${otherWord}`).join('');
  return `${count} ${count === 1 ? 'database' : 'databases'} ${word}${one}${rest}`;
}

/** How often each word occurs, the most frequent first. */
export function countsOf(words: readonly string[]): [word: string, count: number][] {
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
  return alert.outcome === 'protected';
}

/** What a message says of one database. */
export function stateOf(entry: Entry): string {
  const { alert } = entry;
  if (resolves(entry)) {
    if (alert.outcome === 'deleted') return 'deleted';
    return isProtectedAgain(entry) ? 'protected again' : 'no longer alerted';
  }
  return stateWords[alert.verdict];
}

/** What an alerting verdict says of a database, as it follows "2 databases". */
const stateWords: Readonly<Record<VerdictName, string>> = {
  overdue: 'overdue',
  never: 'never backed up',
  disabled: 'with backups disabled',
  missing: 'not found in RDS',
  deleted: 'deleted',
  unknown: 'of unknown state',
  protected: 'without a next backup',
  due: 'due',
  new: 'new',
  excluded: 'excluded',
};

/** The one sentence above everything else. */
function headline(entries: readonly Entry[]): string {
  const what = `${whose(entries)}: ${saying(entries)}.`;
  if (!entries.some(({ step }) => step === 'rise')) return what;
  const worse = entries.filter(({ step }) => step === 'rise').length;
  return `${what} ${worse === entries.length ? 'This got worse' : `${worse} of them got worse`} since it was last told.`;
}

function email(entries: readonly Entry[], listed: readonly Entry[], context: Context): string {
  const many = tenantsOf(entries).length > 1;
  const resolved = entries.every(resolves);
  const lines = [
    headline(entries),
    '',
    ...listed.flatMap((entry) => [...block(entry, many, context), '']),
    ...leftOut(entries.length - listed.length, context),
    ...(resolved ? [] : quietLines(listed, context.now)),
    `Times are UTC. Told ${formatUtc(context.now)} by rds-backup-ledger, account ${context.account}, ${context.region}.`,
  ];
  return lines.join('\n');
}

/** Says what is not listed, and where it is: in the stored list, else what command shows it. */
export function leftOut(
  count: number,
  { fullList }: Context,
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
function block(entry: Entry, many: boolean, context: Context): string[] {
  const { alert } = entry;
  const title = [
    resolves(entry) ? 'RESOLVED' : alert.severity.toUpperCase(),
    oneLine(alert.databaseId, maxName),
    `(${describe(entry)})`,
    stateOf(entry),
    ...(many ? [`- tenant ${oneLine(alert.tenant, 64)}`] : []),
  ].join(' ');
  const facts = resolves(entry) ? resolvedFacts(alert, context) : missingFacts(entry, context);
  return [title, ...facts.flatMap(([label, text]) => labelled(label, text))];
}

const labelWidth = 15;

/** A label and its text, wrapped and indented under itself; links and commands stay on one line, to be copied. */
export function labelled(label: string, text: string): string[] {
  const lines = /^(https|aws|npx|s3):?/.test(text) ? [text] : wrap(text, 84);
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(labelWidth)}${line}`);
}

function missingFacts(entry: Entry, context: Context): [label: string, text: string][] {
  const { alert } = entry;
  const command = commandFor(alert, context.now);
  return [
    ['Last backup', lastBackup(alert, context.now)],
    ...(alert.deadline ? ([[...deadlineOf(alert.deadline, context.now)]] as [string, string][]) : []),
    ...(entry.step === 'open' ? [] : ([['Alert since', since(alert.opened, context.now)]] as [string, string][])),
    ['Why', oneLine(alert.reason, maxReason)],
    ['What to do', advice(alert)],
    ...(command ? ([['', command]] as [string, string][]) : []),
    ['RDS console', linkTo(alert)],
    ['Runbook', runbookLink(context.runbookUrl, runbookAnchor(alert.verdict))],
  ];
}

function resolvedFacts(alert: Alert, context: Context): [label: string, text: string][] {
  const lasted = (alert.resolved ?? context.now).getTime() - alert.opened.getTime();
  return [
    ['Resolved', oneLine(alert.resolution ?? 'Nothing is missing any more.', maxReason)],
    ['Last backup', lastBackup(alert, context.now)],
    ['Alert was', `open since ${formatUtc(alert.opened)}, for ${formatAge(lasted)}`],
    ['RDS console', linkTo(alert)],
  ];
}

function deadlineOf(deadline: Date, now: Date): [label: string, text: string] {
  return deadline <= now ? ['Overdue since', since(deadline, now)] : ['Deadline', formatUtc(deadline)];
}

function since(moment: Date, now: Date): string {
  return `${formatUtc(moment)} (${formatAge(now.getTime() - moment.getTime())})`;
}

/** `2026-11-22 03:12 UTC, 26 h 48 min ago (rds:orders-2026-11-22-03-12)`. */
function lastBackup({ newestBackup }: Alert, now: Date): string {
  if (!newestBackup) return 'none known';
  const { time, id } = newestBackup;
  return `${formatUtc(time)}, ${formatAge(now.getTime() - time.getTime())} ago (${oneLine(id, 255)})`;
}

function describe({ engine, alert }: Entry): string {
  return engine ? `${oneLine(engine, 40)}, ${alert.databaseKind}` : alert.databaseKind;
}

function linkTo(alert: Alert): string {
  return databaseLink({ key: alert.database, id: oneLine(alert.databaseId, maxName), kind: alert.databaseKind });
}

/** Verdicts after which a snapshot is to be taken. */
const wantsSnapshot: readonly VerdictName[] = ['overdue', 'never', 'disabled', 'protected'];

function isStopped({ status }: Alert): boolean {
  return status === 'stopped' || status === 'stopping';
}

/** The next step; the reason says more. A snapshot that RDS would refuse is not asked for. */
function advice(alert: Alert): string {
  const { verdict, status } = alert;
  if (status !== undefined && wantsSnapshot.includes(verdict)) {
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
      return 'Look whether RDS answers and whether the functions may ask it; until then nobody knows if backups are taken.';
    default:
      return 'Look at the database in the ledger: npx rds-backup-ledger database <id>';
  }
}

/** A command to copy; only for ids that can be nothing else than an id to a shell. */
function commandFor(alert: Alert, now: Date): string | undefined {
  const { databaseId, databaseKind, database, verdict, status } = alert;
  if (!wantsSnapshot.includes(verdict) || !/^[a-z][a-z0-9-]{0,62}$/i.test(databaseId)) return undefined;
  const cluster = databaseKind === 'cluster';
  if (isStopped(alert)) {
    const kind = cluster ? 'cluster' : 'instance';
    return `aws rds start-db-${kind} --region ${regionOf(database)} --db-${kind}-identifier ${databaseId}`;
  }
  if (status !== undefined) return undefined;
  return [
    `aws rds create-db-${cluster ? 'cluster-' : ''}snapshot --region ${regionOf(database)}`,
    `--db-${cluster ? 'cluster' : 'instance'}-identifier ${databaseId}`,
    `--db-${cluster ? 'cluster-' : ''}snapshot-identifier ${databaseId}-${now.toISOString().slice(0, 16).replace(/\D/g, '')}`,
  ].join(' ');
}

/** One part of an SMS: as many databases as fit, and how many more there are. */
function sms(entries: readonly Entry[], { now }: Context): string {
  const start = gsm7Line(`${signOf(entries)} ${whose(entries)}: ${saying(entries)}`, smsSeptets);
  const [only] = entries;
  if (entries.length === 1 && only) return gsm7Line(`${start}. ${smsFacts(only, now)}`, smsSeptets);
  let text = start;
  let named = 0;
  for (const entry of entries) {
    const next = `${text}${named === 0 ? '. ' : ', '}${gsm7Line(smsName(entry, now), smsSeptets)}`;
    const rest = entries.length - named - 1;
    if (gsm7Length(next) + (rest > 0 ? gsm7Length(`, +${rest} more`) : 0) > smsSeptets) break;
    text = next;
    named += 1;
  }
  return named > 0 && named < entries.length ? `${text}, +${entries.length - named} more` : text;
}

function smsName({ alert, step }: Entry, now: Date): string {
  if (step === 'resolve') return alert.databaseId;
  const age = alert.newestBackup ? formatAge(now.getTime() - alert.newestBackup.time.getTime()) : 'no backup';
  return `${alert.databaseId} ${age}`;
}

/** Of what is overdue the age, and then why: its reason begins with the age, too. */
function smsFacts(entry: Entry, now: Date): string {
  const { alert } = entry;
  if (resolves(entry)) return alert.resolution ?? '';
  if (!alert.newestBackup || alert.verdict !== 'overdue') return alert.reason;
  const { time } = alert.newestBackup;
  const why = alert.reason.split('. ').slice(1).join('. ');
  return `Last backup ${formatUtc(time)}, ${formatAge(now.getTime() - time.getTime())} ago. ${why}`;
}

function chat(entries: readonly Entry[], listed: readonly Entry[], context: Context): Message['texts']['chat'] {
  const many = tenantsOf(entries).length > 1;
  const rest = entries.length - listed.length;
  return chatNotification({
    title: `${emojiOf(entries)} ${subjectOf(entries)}`,
    lines: [
      ...listed.map((entry) => chatLine(entry, many)),
      rest > 0 ? `...and ${rest} more` : `_${context.account}, ${context.region}_`,
    ],
    nextSteps: entries.every(resolves) ? [] : chatSteps(listed, context),
    threadId: threadOf(entries),
  });
}

function emojiOf(entries: readonly Entry[]): string {
  if (entries.every(resolves)) return ':white_check_mark:';
  return severityOf(entries) === 'critical' ? ':rotating_light:' : ':warning:';
}

function chatLine(entry: Entry, many: boolean): string {
  const { alert } = entry;
  const name = link(linkTo(alert), markdown(alert.databaseId, maxName));
  const tenant = many ? `${markdown(alert.tenant, 64)}: ` : '';
  const text = resolves(entry) ? (alert.resolution ?? '') : alert.reason;
  return `- ${tenant}*${name}* (${markdown(describe(entry), 80)}) *${stateOf(entry)}*. ${markdown(text, 400)}`;
}

function chatSteps(listed: readonly Entry[], context: Context): string[] {
  const [worst] = listed;
  if (!worst) return [];
  const command = commandFor(worst.alert, context.now);
  const what = isStopped(worst.alert) ? 'Start it' : 'Take a snapshot now';
  return [
    ...(command ? [`${what}: \`${command}\``] : [advice(worst.alert)]),
    linkOrPath(runbookLink(context.runbookUrl, runbookAnchor(worst.alert.verdict)), 'Runbook'),
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
function body(entries: readonly Entry[], listed: readonly Entry[], context: Context): object {
  const tenants = tenantsOf(entries);
  return {
    version: 1,
    kind: kindOf(entries),
    severity: severityOf(entries),
    tenant: tenants.length === 1 ? tenants[0] : manyTenants,
    at: context.now.toISOString(),
    account: context.account,
    region: context.region,
    summary: asciiLine(subjectOf(entries), maxSubject),
    count: entries.length,
    databases: listed.map((entry) => bodyEntry(entry, context)),
    notListed: entries.length - listed.length,
    fullList: context.fullList ?? null,
  };
}

/** One alert in the JSON body; texts are on one line and bounded, or a fleet could not fit. */
export function bodyEntry({ alert, step, engine }: Entry, { now, runbookUrl }: Context): object {
  const { newestBackup } = alert;
  const age = newestBackup && (now.getTime() - newestBackup.time.getTime()) / hourMs;
  return {
    tenant: oneLine(alert.tenant, 128),
    database: oneLine(alert.databaseId, maxName),
    key: oneLine(alert.database, 256),
    kind: alert.databaseKind,
    engine: engine ? oneLine(engine, 40) : null,
    step,
    verdict: alert.verdict,
    severity: alert.severity,
    status: alert.status === undefined ? null : oneLine(alert.status, 60),
    reason: oneLine(alert.reason, maxReason),
    newestBackup: newestBackup ? { id: oneLine(newestBackup.id, 255), time: newestBackup.time.toISOString() } : null,
    ageHours: age === undefined ? null : Math.round(age * 100) / 100,
    deadline: alert.deadline?.toISOString() ?? null,
    opened: alert.opened.toISOString(),
    resolved: alert.resolved?.toISOString() ?? null,
    resolution: alert.resolution ? oneLine(alert.resolution, maxReason) : null,
    consoleUrl: linkTo(alert),
    runbookUrl: runbookLink(runbookUrl, runbookAnchor(alert.verdict)),
  };
}

/** The full list as a text file: one aligned line a database, the worst first. */
export function fullListOf(entries: readonly Entry[], now: Date): string {
  const rows = [...entries]
    .sort(worstFirst)
    .map(({ alert, engine, step }) => [
      alert.severity,
      step,
      oneLine(alert.tenant, 64),
      oneLine(alert.databaseId, maxName),
      alert.databaseKind,
      oneLine(engine ?? '-', 40),
      alert.verdict,
      alert.newestBackup ? formatUtc(alert.newestBackup.time) : '-',
      alert.newestBackup ? formatAge(now.getTime() - alert.newestBackup.time.getTime()) : '-',
      oneLine(alert.reason, maxReason),
    ]);
  const head = ['severity', 'step', 'tenant', 'database', 'kind', 'engine', 'verdict', 'last backup', 'age', 'reason'];
  return `${columns([head, ...rows]).join('\n')}\n`;
}
