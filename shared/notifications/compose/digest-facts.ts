/** Digests for operators (`digest`): of many tenants alerted at once, and of the day. */
import { sumBy } from 'es-toolkit/math';
import { type EntryFacts, type Link, type MessageFacts, manyTenants, type SectionFacts } from '../../channels/index.ts';
import {
  type Counts,
  environmentOf,
  isSharedOwner,
  type Severity,
  type Unrecognized,
  type UnwatchedTenant,
  type VerdictName,
  verdictOf,
} from '../../domain/index.ts';
import { asciiLine, oneLine } from '../../lib/safe-text.ts';
import { formatAge, formatUtc, hourMs } from '../../lib/time.ts';
import { whyUnwatched } from '../../reasons/index.ts';
import { runbookAnchors, runbookLink } from '../links.ts';
import {
  type AlertEntry,
  ageOf,
  alertData,
  beganBriefly,
  lastBackupOf,
  resolves,
  severityOf,
  stateOf,
} from './alert-entry.ts';
import { summaryOf, toneOfEnd } from './alert-facts.ts';
import { limits, listCommand, originOf, placeColumns, type Rendering, withPlace } from './context.ts';
import { hardestFirst, type TagChangeEntry, tagChangeCounts, tagChangeData, tagChangeLine } from './tag-facts.ts';

/** Lines of a digest's tables; the rest is a count and a link. */
export const mostLines = 100;

/** Names listed in one paragraph. */
const mostNamed = 50;

/** Names that a short text has room for. */
const mostInBrief = 3;

/** What the digest of a day says. */
export interface DailyFacts {
  /** Databases by verdict. */
  readonly counts: Counts;
  /** Databases that are unprotected or have a warning. */
  readonly alerts: readonly AlertEntry[];
  /** Names of databases that RDS has and nobody configured. */
  readonly unconfigured: readonly string[];
  /** How many those are, where there are more than are named. */
  readonly unconfiguredCount?: number;
  /** Tenants without a database that is watched. */
  readonly unwatchedTenants: readonly UnwatchedTenant[];
  /** What tags changed since the last digest towards less watching or another recipient, or wanted to. */
  readonly tagChanges: readonly TagChangeEntry[];
  /** Where all of them stand. */
  readonly tagChangesUrl?: string;
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

/** What both digests have in common: every alert of `entries` in a table, up to `limit`. */
function digestOf(
  entries: readonly AlertEntry[],
  rendering: Rendering,
  limit: number,
  facts: Pick<
    MessageFacts,
    'severity' | 'tone' | 'summary' | 'opening' | 'brief' | 'overview' | 'sections' | 'links' | 'thread'
  > & { readonly data: object },
): MessageFacts {
  const { now, fullList } = rendering;
  const listed = entries.slice(0, limit);
  const { data, ...others } = facts;
  return {
    ...others,
    kind: 'digest',
    audience: 'operators',
    tenant: manyTenants,
    at: now,
    ...originOf([], rendering),
    subject: asciiLine(facts.summary, limits.subject),
    entries: listed.map((entry) => entryFacts(entry, rendering)),
    count: entries.length,
    ...(listed.length > 0 && { table: table(listed, rendering) }),
    nextSteps: [...facts.links, ...(fullList === undefined ? [] : [{ label: 'Full list', target: fullList }])],
    ...(fullList !== undefined && { fullList }),
    ...listCommand('alerts --open', rendering),
    data: { entries: 'databases', more: data },
  };
}

function entryFacts(entry: AlertEntry, rendering: Rendering): EntryFacts {
  const { tenant, databaseId, database } = entry.alert;
  const was = resolves(entry) ? ` (was ${beganBriefly(entry.alert)})` : '';
  return {
    line: [
      `${oneLine(tenant, limits.tenant)}: `,
      { strong: oneLine(databaseId, limits.name) },
      `${withPlace('', environmentOf(database), rendering)} ${stateOf(entry)}${was}`,
    ],
    data: alertData(entry, rendering),
  };
}

function table(listed: readonly AlertEntry[], rendering: Rendering): string[][] {
  const { now } = rendering;
  const place = placeColumns(rendering);
  const rows = listed.map((entry) => {
    const { alert, engine } = entry;
    const last = lastBackupOf(entry);
    return [
      oneLine(alert.severity, limits.word),
      oneLine(alert.tenant, 40),
      oneLine(alert.databaseId, limits.name),
      ...place.cells(alert.database),
      oneLine(engine ?? '-', 24),
      oneLine(alert.verdict, limits.word),
      last ? formatUtc(last.time) : '-',
      last ? ageOf(last, now) : '-',
    ];
  });
  return [['severity', 'tenant', 'database', ...place.titles, 'engine', 'verdict', 'last backup', 'age'], ...rows];
}

/** One message instead of one a tenant: every alert of this run, the worst first. `entries` must not be empty. */
export function manyTenantsMessage(entries: readonly AlertEntry[], rendering: Rendering, limit: number): MessageFacts {
  const { runbookUrl, now } = rendering;
  const resolved = entries.every(resolves);
  const summary = summaryOf(entries, rendering);
  const worst = entries
    .slice(0, mostInBrief)
    .map(({ alert }) => withPlace(`${alert.tenant}/${alert.databaseId}`, environmentOf(alert.database), rendering));
  return digestOf(entries, rendering, limit, {
    severity: severityOf(entries),
    tone: resolved ? toneOfEnd(entries) : 'alarm',
    summary,
    opening: [
      `${summary}.`,
      ...(resolved ? [] : ['That many at once often have one cause: RDS itself, a KMS key, a change of permissions.']),
      "You get this digest instead of a message a tenant; the messages to the tenants' own recipients were handed to SNS.",
    ],
    brief: { sentence: `Worst: ${worst.join(', ')}` },
    overview: [],
    sections: [],
    links: [{ label: 'Runbook', target: runbookLink(runbookUrl, runbookAnchors.manyTenants) }],
    thread: `rds-backup-ledger-many-${now.toISOString().slice(0, 10)}`,
    data: {
      digest: 'many-tenants',
      tenants: new Set(entries.map(({ alert }) => alert.tenant).filter((owner) => !isSharedOwner(owner))).size,
    },
  });
}

/** "All 240 databases protected", or not; so that silence is never the only sign of health. `alerts`: the worst first. */
export function dailyMessage(
  facts: DailyFacts,
  alerts: readonly AlertEntry[],
  rendering: Rendering,
  limit: number,
): MessageFacts {
  const named = Math.min(limit, mostNamed);
  const severity = dailySeverity(facts, alerts);
  const summary = dailySummary(facts, alerts);
  const sections = sectionsOf(facts, named, rendering);
  return digestOf(alerts, rendering, limit, {
    severity,
    tone: severity === 'critical' ? 'alarm' : severity === 'info' ? 'good' : 'attention',
    summary,
    opening: [`${summary}.`],
    brief: { sentence: sections.map(({ title }) => title).join('. ') },
    overview: overviewOf(facts),
    sections,
    links: linksOf(facts, rendering),
    thread: `rds-backup-ledger-daily-${rendering.now.toISOString().slice(0, 7)}`,
    data: {
      digest: 'daily',
      counts: facts.counts,
      unconfigured: { count: unconfiguredCount(facts), names: some(facts.unconfigured, named) },
      unwatchedTenants: {
        count: facts.unwatchedTenants.length,
        names: some(
          facts.unwatchedTenants.map(({ tenant }) => tenant),
          named,
        ),
      },
      newExclusions: newExclusions(facts.tagChanges, named),
      tagChanges: {
        count: facts.tagChanges.length,
        changes: hardestFirst(facts.tagChanges).slice(0, named).map(tagChangeData),
        url: facts.tagChangesUrl ?? null,
      },
      eventsMissed: facts.eventsMissed,
      copies: facts.copies,
      reportUrl: facts.reportUrl ?? null,
      errors: some(facts.errors, named),
    },
  });
}

/** The exclusions among the changes by tag. */
function newExclusions(changes: readonly TagChangeEntry[], limit: number): object[] {
  const exclusions = changes.flatMap(({ tenant = '', database, databaseId, change }) =>
    change.code === 'excluded' ? [{ tenant, database, databaseId, reason: change.reason }] : [],
  );
  return exclusions.slice(0, limit).map(({ tenant, database, databaseId, reason }) => ({
    tenant: oneLine(tenant, 128),
    database: oneLine(databaseId, limits.name),
    ...environmentOf(database),
    reason: oneLine(reason, 256),
  }));
}

function linksOf({ reportUrl, tagChanges, tagChangesUrl }: DailyFacts, { runbookUrl }: Rendering): Link[] {
  return [
    ...(reportUrl === undefined ? [] : [{ label: 'Report', target: reportUrl }]),
    ...(tagChangesUrl === undefined ? [] : [{ label: 'All tag changes', target: tagChangesUrl }]),
    ...(tagChanges.length === 0
      ? []
      : [{ label: 'Runbook', target: runbookLink(runbookUrl, runbookAnchors.tagChanges) }]),
  ];
}

/** The counts by verdict that are not 0; verdicts of a later version as they are. */
function verdictCounts({ counts }: DailyFacts): (readonly [verdict: VerdictName | Unrecognized, count: number])[] {
  return (Object.entries(counts) as [VerdictName | Unrecognized, number][]).filter(([, count]) => count > 0);
}

/** Databases that a backup is promised for: all but new, excluded and deleted ones. */
function promisedCount(facts: DailyFacts): number {
  return sumBy(
    verdictCounts(facts).filter(([verdict]) => verdictOf(verdict).protection !== 'no promise'),
    ([, count]) => count,
  );
}

/** What is not known to be protected counts as not protected. `due` is protected still. */
function unprotectedCount(facts: DailyFacts): number {
  return sumBy(
    verdictCounts(facts).filter(([verdict]) => ['unprotected', 'unknown'].includes(verdictOf(verdict).protection)),
    ([, count]) => count,
  );
}

function dailySummary(facts: DailyFacts, alerts: readonly AlertEntry[]): string {
  const changes = facts.tagChanges.length;
  const unwatched = facts.unwatchedTenants.length;
  const without = unwatched > 0 ? `; ${plural(unwatched, 'tenant', 'tenants')} without a watched database` : '';
  const toReview = changes > 0 ? `; ${plural(changes, 'tag change', 'tag changes')} to review` : '';
  return `${protectionSummary(facts, alerts)}${without}${toReview}`;
}

function protectionSummary(facts: DailyFacts, alerts: readonly AlertEntry[]): string {
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

function dailySeverity(facts: DailyFacts, alerts: readonly AlertEntry[]): Severity {
  if (facts.unwatchedTenants.some(({ severity }) => severity === 'critical')) return 'critical';
  if (alerts.length > 0) return severityOf(alerts);
  if (unprotectedCount(facts) > 0) return 'warning';
  if (promisedCount(facts) + (facts.counts.new ?? 0) === 0) return 'warning';
  const toReview =
    facts.copies.failed > 0 ||
    [facts.errors, facts.tagChanges, facts.unwatchedTenants].some(({ length }) => length > 0);
  return toReview ? 'warning' : 'info';
}

function overviewOf(facts: DailyFacts): [label: string, text: string][] {
  const { copies, eventsMissed } = facts;
  const { oldestQueuedHours } = copies;
  const oldest = oldestQueuedHours === undefined ? '' : ` (oldest ${formatAge(oldestQueuedHours * hourMs)})`;
  const databases = verdictCounts(facts).map(([verdict, count]) => `${count} ${oneLine(verdict, limits.word)}`);
  return [
    ['Databases', databases.join(', ') || 'none'],
    [
      'Copies',
      `since yesterday ${copies.complete} complete and ${copies.failed} failed; now ${copies.running} running, ${copies.queued} waiting${oldest}`,
    ],
    ['Events', eventsMissed === 0 ? 'none missed' : `${eventsMissed} missed; the sweep recorded their backups`],
  ];
}

/** What a day has besides alerts, each list with at most `named` names. */
function sectionsOf(facts: DailyFacts, named: number, rendering: Rendering): SectionFacts[] {
  const { unconfigured, unwatchedTenants, tagChanges, eventsMissed, missed, errors } = facts;
  const lists: readonly { readonly title: string; readonly count: number; readonly items: readonly string[] }[] = [
    {
      title: `Changed by tag: ${tagChangeCounts(tagChanges)}`,
      count: tagChanges.length,
      items: hardestFirst(tagChanges)
        .slice(0, named)
        .map((change) => tagChangeLine(change, rendering)),
    },
    {
      title: `${plural(unwatchedTenants.length, 'tenant', 'tenants')} without a watched database`,
      count: unwatchedTenants.length,
      items: unwatchedTenants.map((one) => `${one.tenant} (${one.severity}): ${whyUnwatched(one)}`),
    },
    {
      title: `${plural(unconfiguredCount(facts), 'database', 'databases')} in RDS and not configured`,
      count: unconfiguredCount(facts),
      items: unconfigured,
    },
    {
      title: `${plural(eventsMissed, 'backup', 'backups')} that no event announced`,
      count: eventsMissed,
      items: missed.map(({ databaseId, snapshotId }) => `${databaseId}: ${snapshotId}`),
    },
    { title: `${plural(errors.length, 'error', 'errors')} of the sweep`, count: errors.length, items: errors },
  ];
  return lists
    .filter(({ count }) => count > 0)
    .map(({ title, count, items }) => {
      const shown = some(items, named);
      return { title, items: shown, more: count - shown.length };
    });
}

function unconfiguredCount({ unconfigured, unconfiguredCount: count = unconfigured.length }: DailyFacts): number {
  return count;
}

function some(items: readonly string[], limit: number): string[] {
  return items.slice(0, limit).map((item) => oneLine(item, 400));
}

function plural(count: number, one: string, many: string): string {
  return `${count} ${count === 1 ? one : many}`;
}
