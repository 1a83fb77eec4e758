/** Messages about alerts: opened, reminded of or worse (`backup-missing`), and resolved (`backup-restored`). */
import {
  type EntryFacts,
  type MessageFacts,
  type MessageKind,
  manyTenants,
  type NextStep,
} from '../../channels/index.ts';
import { type Alert, alertStepOf, environmentOf, isSharedOwner } from '../../domain/index.ts';
import { asciiLine, oneLine } from '../../lib/safe-text.ts';
import {
  type AlertEntry,
  acknowledgeCommand,
  adviceOn,
  ageOf,
  alertData,
  beganBriefly,
  briefExplanationOf,
  commandFor,
  consoleLinkOf,
  describe,
  detailsOf,
  explanationOf,
  isPlainId,
  isProtectedAgain,
  lastBackupOf,
  resolves,
  runbookOf,
  severityOf,
  snoozeCommand,
  stateOf,
} from './alert-entry.ts';
import { limits, listCommand, originOf, placeOf, type Rendering, withPlace, wordCounts } from './context.ts';

/**
 * One message about all databases of a tenant that people are notified of, the worst first; `entries` must not be empty, and
 * are all resolutions or none. Those for operators may be of many tenants. It lists the first `limit`.
 */
export function alertMessage(entries: readonly AlertEntry[], rendering: Rendering, limit: number): MessageFacts {
  const { now, audience, fullList } = rendering;
  const listed = entries.slice(0, limit);
  const tenants = tenantsOf(entries);
  const resolved = entries.every(resolves);
  const severity = severityOf(entries);
  const [worst] = entries;
  const [first] = listed;
  const summary = summaryOf(entries, rendering);
  return {
    kind: kindOf(entries),
    audience,
    severity,
    tone: resolved ? toneOfEnd(entries) : severity === 'critical' ? 'alarm' : 'attention',
    tenant: tenants.length === 1 ? (tenants[0] as string) : manyTenants,
    at: now,
    ...originOf(
      entries.map(({ alert }) => alert.database),
      rendering,
    ),
    summary,
    subject: asciiLine(summary, limits.subject),
    opening: [headline(entries, rendering)],
    brief:
      entries.length === 1 && worst
        ? { sentence: briefExplanationOf(worst, rendering) }
        : { names: entries.map((entry) => nameAndAge(entry, rendering)) },
    overview: [],
    entries: listed.map((entry) => entryFacts(entry, tenants.length > 1, rendering)),
    count: entries.length,
    sections: [],
    nextSteps: resolved || !first ? [] : nextSteps(first, rendering),
    links: [],
    ...(fullList !== undefined && { fullList }),
    ...listCommand('alerts --open', rendering),
    ...(!resolved && first && commandsFor(first, rendering)),
    thread: threadOf(entries),
    data: { entries: 'databases', more: {} },
  };
}

function entryFacts(entry: AlertEntry, many: boolean, rendering: Rendering): EntryFacts {
  const { alert } = entry;
  const name = oneLine(alert.databaseId, limits.name);
  const tenant = oneLine(alert.tenant, limits.tenant);
  const state = stateOf(entry);
  const title = [
    resolves(entry) ? endOf([entry]) : oneLine(alert.severity, limits.word).toUpperCase(),
    name,
    `(${describe(entry, rendering)})`,
    state,
    ...(many ? [`- tenant ${tenant}`] : []),
  ].join(' ');
  return {
    line: [
      many ? `${tenant}: ` : '',
      { strong: name, url: consoleLinkOf(alert) },
      ` (${describe(entry, rendering)}) `,
      { strong: state },
      `. ${oneLine(explanationOf(entry, rendering), 400)}`,
    ],
    block: { title, details: detailsOf(entry, rendering) },
    data: alertData(entry, rendering),
  };
}

function kindOf(entries: readonly AlertEntry[]): MessageKind {
  return entries.every(resolves) ? 'backup-restored' : 'backup-missing';
}

function tenantsOf(entries: readonly AlertEntry[]): string[] {
  return [...new Set(entries.map(({ alert }) => alert.tenant))].sort();
}

/** `acme`, `12 tenants`, `12 tenants and 1 shared database`. */
function whose(entries: readonly AlertEntry[]): string {
  const owners = tenantsOf(entries);
  const [only, ...others] = owners;
  if (only !== undefined && others.length === 0) return oneLine(only, 40);
  const shared = owners.filter(isSharedOwner).length;
  const tenants = owners.length - shared;
  return [
    ...(tenants > 0 ? [`${tenants} ${tenants === 1 ? 'tenant' : 'tenants'}`] : []),
    ...(shared > 0 ? [`${shared} shared ${shared === 1 ? 'database' : 'databases'}`] : []),
  ].join(' and ');
}

/** `CRITICAL acme: 2 databases overdue, 1 disabled`; one database is named: `CRITICAL acme: 1 database overdue (orders)`. */
export function summaryOf(entries: readonly AlertEntry[], rendering: Rendering): string {
  return `${signOf(entries)} ${whose(entries)}: ${statesOf(entries, rendering)}`;
}

/** `2 databases overdue, 1 disabled`, the most frequent first. */
function statesOf(entries: readonly AlertEntry[], rendering: Rendering): string {
  const [first, ...others] = wordCounts(entries.map(stateOf));
  if (!first) return 'no database';
  const [word, count] = first;
  const one = entries.length === 1 && entries[0] ? ` (${nameInSummary(entries[0].alert, rendering)})` : '';
  const rest = others.map(([otherWord, otherCount]) => `, ${otherCount} ${otherWord}`).join('');
  return `${count} ${count === 1 ? 'database' : 'databases'} ${word}${one}${rest}`;
}

/** `orders`, or `orders, Acme production, us-east-1`. */
function nameInSummary({ databaseId, database }: Alert, rendering: Rendering): string {
  const place = placeOf(environmentOf(database), rendering);
  return [oneLine(databaseId, limits.name), ...(place === undefined ? [] : [place])].join(', ');
}

function signOf(entries: readonly AlertEntry[]): string {
  if (entries.every(resolves)) return endOf(entries);
  const [first, ...others] = new Set(entries.map(({ step }) => step));
  const sign = first !== undefined && others.length === 0 ? alertStepOf(first)?.sign : undefined;
  return `${sign ?? ''}${severityOf(entries).toUpperCase()}`;
}

function endOf(entries: readonly AlertEntry[]): 'RESOLVED' | 'CLOSED' {
  return entries.every(isProtectedAgain) ? 'RESOLVED' : 'CLOSED';
}

/** How the end of alerts reads: only a backup is good news. */
export function toneOfEnd(entries: readonly AlertEntry[]): MessageFacts['tone'] {
  return endOf(entries) === 'RESOLVED' ? 'good' : 'attention';
}

/** The one sentence above everything else. */
function headline(entries: readonly AlertEntry[], rendering: Rendering): string {
  const what = `${whose(entries)}: ${statesOf(entries, rendering)}.`;
  const worse = entries.filter(({ step }) => step === 'rise').length;
  if (worse === 0) return what;
  return `${what} ${worse === entries.length ? 'This got worse' : `${worse} of them got worse`} since the last message.`;
}

function nameAndAge(entry: AlertEntry, rendering: Rendering): string {
  const { databaseId, database } = entry.alert;
  const name = withPlace(databaseId, environmentOf(database), rendering);
  if (resolves(entry)) return `${name} (was ${beganBriefly(entry.alert)})`;
  const last = lastBackupOf(entry);
  return `${name} ${last ? ageOf(last, rendering.now) : 'no backup'}`;
}

function nextSteps({ alert }: AlertEntry, rendering: Rendering): NextStep[] {
  const { fullList, audience } = rendering;
  return [
    commandFor(alert, rendering) ?? { advice: adviceOn(alert, rendering) },
    { label: 'Runbook', target: runbookOf(alert, rendering) },
    ...(fullList === undefined ? [] : [{ label: 'Full list', target: fullList }]),
    ...(takesOurCommands(alert, audience) ? [snoozeCommand(alert, rendering)] : []),
  ];
}

/** A tenant's recipients have neither a clone nor credentials. Commands are for ids that can be nothing else to a shell. */
function takesOurCommands({ databaseId }: Alert, audience: Rendering['audience']): boolean {
  return audience === 'operators' && isPlainId(databaseId);
}

function commandsFor({ alert }: AlertEntry, rendering: Rendering): Pick<MessageFacts, 'commands'> {
  if (!takesOurCommands(alert, rendering.audience)) return {};
  return {
    commands: {
      list: [snoozeCommand(alert, rendering), acknowledgeCommand(alert, rendering)],
      where: `Run in a clone of rds-backup-ledger, with ${credentials(rendering)}; each takes one database.`,
    },
  };
}

/** Those of the ledger's account, wherever the database is. */
function credentials({ account, environments }: Rendering): string {
  return environments.length < 2 ? "the account's credentials" : `credentials of account ${account}`;
}

/**
 * A thread begins with the newest opening in the message: a new alert never hides as an answer in an old thread, and its
 * reminders and its resolution answer to it.
 */
function threadOf(entries: readonly AlertEntry[]): string {
  const newest = entries.reduce((latest, { alert }) => Math.max(latest, alert.opened.getTime()), 0);
  const tenants = tenantsOf(entries);
  const who = tenants.length === 1 ? asciiLine(tenants[0] as string, 64).replace(/[^\w-]/g, '-') : 'tenants';
  return `rds-backup-ledger-${who}-${new Date(newest).toISOString().slice(0, 16).replace(/\D/g, '')}`;
}
