/** Digests for operators (`digest`): of many tenants alerted at once, and of the day. */
import { type Counts, type Severity, type Unrecognized, type VerdictName, verdictOf } from '../domain/index.ts';
import { asciiLine, columns, gsm7Line, oneLine } from '../lib/safe-text.ts';
import { formatAge, formatUtc } from '../lib/time.ts';
import {
  bodyEntry,
  type Entry,
  footer,
  lastBackupOf,
  leftOut,
  type MessageContext,
  type Rendering,
  renderingFor,
  severityOf,
  stateOf,
  subjectOf,
  worstFirst,
} from './alert-messages.ts';
import { chatNotification, link, linkOrPath, markdown } from './chat.ts';
import { runbookAnchors, runbookLink } from './links.ts';
import { fitting, type Message, manyTenants } from './message.ts';

/** Lines of a digest's tables; the rest is a count and a link. */
const mostLines = 100;

/** One message instead of one a tenant: every alert of this run, the worst first. `entries` must not be empty. */
export function composeManyTenants(entries: readonly Entry[], context: MessageContext): Message {
  const sorted = [...entries].sort(worstFirst);
  const rendering = renderingFor('operators', context);
  return fitting(mostLines, (limit) => manyTenantsMessage(sorted, sorted.slice(0, limit), rendering));
}

function manyTenantsMessage(entries: readonly Entry[], listed: readonly Entry[], context: Rendering): Message {
  const severity = severityOf(entries);
  const tenants = new Set(entries.map(({ alert }) => alert.tenant)).size;
  const said = subjectOf(entries);
  const resolved = entries.every(({ step }) => step === 'resolve');
  const runbook = runbookLink(context.runbookUrl, runbookAnchors.manyTenants);
  const notListed = entries.length - listed.length;
  const subject = asciiLine(said, 99);
  return {
    subject,
    texts: {
      email: [
        `${said}.`,
        ...(resolved
          ? []
          : ['That many at once often have one cause: RDS itself, a KMS key, a change of permissions.']),
        "You get this digest instead of a message a tenant; the tenants' own recipients were notified.",
        '',
        ...table(listed, context),
        '',
        ...leftOut(notListed, context),
        `Runbook: ${runbook}`,
        footer(context),
      ].join('\n'),
      sms: gsm7Line(`${said}. Worst: ${worstNames(entries)}`, 160),
      chat: chatNotification({
        title: `${resolved ? ':white_check_mark:' : ':rotating_light:'} ${said}`,
        lines: [
          ...chatLines(listed),
          entries.length > inChat
            ? `...and ${entries.length - inChat} more`
            : `_${context.account}, ${context.region}_`,
        ],
        nextSteps: [linkOrPath(runbook, 'Runbook'), ...(context.fullList ? [link(context.fullList, 'Full list')] : [])],
        threadId: `rds-backup-ledger-many-${context.now.toISOString().slice(0, 10)}`,
      }),
      body: {
        ...head('digest', severity, subject, context),
        digest: 'many-tenants',
        tenants,
        count: entries.length,
        databases: listed.map((entry) => bodyEntry(entry, context)),
        notListed,
      },
    },
    attributes: { tenant: manyTenants, severity, kind: 'digest', audience: 'operators' },
  };
}

/** Alerts that a chat message names. */
const inChat = 20;

function chatLines(entries: readonly Entry[]): string[] {
  return entries
    .slice(0, inChat)
    .map(
      (entry) =>
        `- ${markdown(entry.alert.tenant, 64)}: *${markdown(entry.alert.databaseId, 63)}* ${markdown(stateOf(entry), 40)}`,
    );
}

function worstNames(entries: readonly Entry[]): string {
  return entries
    .slice(0, 3)
    .map(({ alert }) => `${alert.tenant}/${alert.databaseId}`)
    .join(', ');
}

function table(listed: readonly Entry[], { now }: MessageContext): string[] {
  const rows = listed.map((entry) => {
    const { alert, engine } = entry;
    const last = lastBackupOf(entry);
    return [
      oneLine(alert.severity, 40),
      oneLine(alert.tenant, 40),
      oneLine(alert.databaseId, 63),
      oneLine(engine ?? '-', 24),
      oneLine(alert.verdict, 40),
      last ? formatUtc(last.time) : '-',
      last ? formatAge(now.getTime() - last.time.getTime()) : '-',
    ];
  });
  return columns([['severity', 'tenant', 'database', 'engine', 'verdict', 'last backup', 'age'], ...rows]);
}

/** What the digest of a day says. */
export interface DailyFacts {
  /** Databases by verdict. */
  readonly counts: Counts;
  /** Databases that are unprotected or have a warning. */
  readonly alerts: readonly Entry[];
  /** Names of databases that RDS has and nobody configured. */
  readonly unconfigured: readonly string[];
  /** How many those are, where there are more than are named. */
  readonly unconfiguredCount?: number;
  /** Databases that are excluded by a tag since the last digest, with the tag's reason. */
  readonly newExclusions: readonly { readonly tenant: string; readonly databaseId: string; readonly reason: string }[];
  /** Backups that no event announced; names of some of them. */
  readonly eventsMissed: number;
  readonly missed: readonly { readonly databaseId: string; readonly snapshotId: string }[];
  /** Ends of today and yesterday; what runs and waits now. */
  readonly copies: {
    readonly complete: number;
    readonly queued: number;
    readonly running: number;
    readonly failed: number;
    readonly oldestQueuedHours?: number;
  };
  /** What the sweep could not do. */
  readonly errors: readonly string[];
  /** Where the report of this sweep lies. */
  readonly reportUrl?: string;
}

/** "All 240 databases protected", or not; so that silence is never the only sign of health. */
export function composeDailyDigest(facts: DailyFacts, context: MessageContext): Message {
  const sorted = [...facts.alerts].sort(worstFirst);
  const rendering = renderingFor('operators', context);
  return fitting(mostLines, (limit) => dailyMessage(facts, sorted, limit, rendering));
}

function dailyMessage(facts: DailyFacts, alerts: readonly Entry[], limit: number, context: Rendering): Message {
  const listed = alerts.slice(0, limit);
  const named = Math.min(limit, mostNamed);
  const said = dailySubject(facts, alerts);
  const severity = dailySeverity(facts, alerts);
  const subject = asciiLine(said, 99);
  const notListed = alerts.length - listed.length;
  const also = alsoLines(facts);
  return {
    subject,
    texts: {
      email: [
        `${said}.`,
        '',
        ...columns(countLines(facts)),
        '',
        ...(listed.length > 0 ? [...table(listed, context), '', ...leftOut(notListed, context)] : leftOut(0, context)),
        ...also.flatMap(({ title, items, count }) => [title, ...listOf(items, named, count), '']),
        ...(facts.reportUrl ? [`Report: ${facts.reportUrl}`] : []),
        footer(context),
      ].join('\n'),
      sms: gsm7Line([said, ...also.map(({ title }) => title)].join('. '), 160),
      chat: chatNotification({
        title: `${dailyEmoji[severity]} ${said}`,
        lines: [
          ...chatLines(listed),
          ...also.map(({ title }) => `- ${markdown(title, 200)}`),
          `_${context.account}, ${context.region}_`,
        ],
        nextSteps: [
          ...(facts.reportUrl ? [link(facts.reportUrl, 'Report')] : []),
          ...(context.fullList ? [link(context.fullList, 'Full list')] : []),
        ],
        threadId: `rds-backup-ledger-daily-${context.now.toISOString().slice(0, 7)}`,
      }),
      body: {
        ...head('digest', severity, subject, context),
        digest: 'daily',
        counts: facts.counts,
        count: alerts.length,
        databases: listed.map((entry) => bodyEntry(entry, context)),
        notListed,
        unconfigured: { count: unconfiguredCount(facts), names: some(facts.unconfigured, named) },
        newExclusions: facts.newExclusions.slice(0, named).map(({ tenant, databaseId, reason }) => ({
          tenant: oneLine(tenant, 128),
          database: oneLine(databaseId, 63),
          reason: oneLine(reason, 256),
        })),
        eventsMissed: facts.eventsMissed,
        copies: facts.copies,
        reportUrl: facts.reportUrl ?? null,
        errors: some(facts.errors, named),
      },
    },
    attributes: { tenant: manyTenants, severity, kind: 'digest', audience: 'operators' },
  };
}

const dailyEmoji: Readonly<Record<Severity, string>> = {
  info: ':white_check_mark:',
  warning: ':warning:',
  critical: ':rotating_light:',
};

/** The counts by verdict that are not 0; verdicts of a later version as they are. */
function verdictCounts({ counts }: DailyFacts): (readonly [verdict: VerdictName | Unrecognized, count: number])[] {
  return (Object.entries(counts) as [VerdictName | Unrecognized, number][]).filter(([, count]) => count > 0);
}

/** Databases that a backup is promised for: all but new, excluded and deleted ones. */
function promisedCount(facts: DailyFacts): number {
  return sum(verdictCounts(facts).filter(([verdict]) => verdictOf(verdict).protection !== 'no promise'));
}

/** What is not known to be protected counts as not protected. `due` is protected still. */
function unprotectedCount(facts: DailyFacts): number {
  return sum(
    verdictCounts(facts).filter(([verdict]) => ['unprotected', 'unknown'].includes(verdictOf(verdict).protection)),
  );
}

function sum(counts: readonly (readonly [unknown, number])[]): number {
  return counts.reduce((total, [, count]) => total + count, 0);
}

function dailySubject(facts: DailyFacts, alerts: readonly Entry[]): string {
  const all = promisedCount(facts);
  const unprotected = unprotectedCount(facts);
  const fresh = facts.counts.new ?? 0;
  const warned = alerts.length - unprotected;
  if (all + fresh === 0) return 'WARNING no database is configured, so nothing is watched';
  if (unprotected > 0)
    return `${dailySeverity(facts, alerts).toUpperCase()} ${unprotected} of ${all} databases not protected`;
  const warnings = warned > 0 ? `, ${plural(warned, 'warning', 'warnings')}` : '';
  // A new one is not protected yet, and nothing is wrong with it.
  if (all === 0) return `${allOf(fresh)} new${warnings}`;
  return `${allOf(all)} protected${fresh > 0 ? `, ${fresh} new` : ''}${warnings}`;
}

/** `All 240 databases`, `The one database is`. */
function allOf(count: number): string {
  return count === 1 ? 'The one database is' : `All ${count} databases`;
}

function dailySeverity(facts: DailyFacts, alerts: readonly Entry[]): Severity {
  if (alerts.length > 0) return severityOf(alerts);
  if (unprotectedCount(facts) > 0) return 'warning';
  if (promisedCount(facts) + (facts.counts.new ?? 0) === 0) return 'warning';
  return facts.copies.failed > 0 || facts.errors.length > 0 ? 'warning' : 'info';
}

function countLines(facts: DailyFacts): string[][] {
  const { copies, eventsMissed } = facts;
  const oldest =
    copies.oldestQueuedHours === undefined ? '' : ` (oldest ${formatAge(copies.oldestQueuedHours * 3_600_000)})`;
  return [
    [
      'Databases',
      verdictCounts(facts)
        .map(([verdict, count]) => `${count} ${oneLine(verdict, 40)}`)
        .join(', ') || 'none',
    ],
    [
      'Copies',
      `since yesterday ${copies.complete} complete and ${copies.failed} failed; now ${copies.running} running, ${copies.queued} waiting${oldest}`,
    ],
    ['Events', eventsMissed === 0 ? 'none missed' : `${eventsMissed} missed; the sweep recorded their backups`],
  ];
}

/** Names listed in one paragraph. */
const mostNamed = 50;

function alsoLines(
  facts: DailyFacts,
): { readonly title: string; readonly count: number; readonly items: readonly string[] }[] {
  const { unconfigured, newExclusions, eventsMissed, missed, errors } = facts;
  return [
    {
      title: `${plural(unconfiguredCount(facts), 'database', 'databases')} in RDS and not configured`,
      count: unconfiguredCount(facts),
      items: unconfigured,
    },
    {
      title: `${plural(newExclusions.length, 'database', 'databases')} newly excluded by tag`,
      count: newExclusions.length,
      items: newExclusions.map(({ tenant, databaseId, reason }) => `${databaseId} (${tenant}): ${reason}`),
    },
    {
      title: `${plural(eventsMissed, 'backup', 'backups')} that no event announced`,
      count: eventsMissed,
      items: missed.map(({ databaseId, snapshotId }) => `${databaseId}: ${snapshotId}`),
    },
    { title: `${plural(errors.length, 'error', 'errors')} of the sweep`, count: errors.length, items: errors },
  ].filter(({ count }) => count > 0);
}

function unconfiguredCount({ unconfigured, unconfiguredCount: count = unconfigured.length }: DailyFacts): number {
  return count;
}

function listOf(items: readonly string[], limit: number, count: number): string[] {
  const rest = count - Math.min(items.length, limit);
  return [...some(items, limit).map((item) => `  ${item}`), ...(rest > 0 ? [`  and ${rest} more`] : [])];
}

function some(items: readonly string[], limit: number): string[] {
  return items.slice(0, limit).map((item) => oneLine(item, 300));
}

function head(kind: 'digest', severity: Severity, summary: string, context: MessageContext): object {
  return {
    version: 1,
    kind,
    severity,
    tenant: manyTenants,
    at: context.now.toISOString(),
    account: context.account,
    region: context.region,
    summary,
    fullList: context.fullList ?? null,
  };
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
