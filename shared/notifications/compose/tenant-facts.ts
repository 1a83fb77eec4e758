/** The message about tenants without a database that is watched (`tenant-unwatched`), for operators. */
import { type EntryFacts, type MessageFacts, manyTenants } from '../../channels/index.ts';
import type { Severity } from '../../domain/index.ts';
import type { TenantNotice } from '../../evaluation/index.ts';
import { asciiLine, oneLine } from '../../lib/safe-text.ts';
import { formatAge, formatUtc } from '../../lib/time.ts';
import { whyUnwatched } from '../../reasons/index.ts';
import { runbookAnchors, runbookLink } from '../links.ts';
import { limits, listCommand, originOf, type Rendering } from './context.ts';

/** `notices` must not be empty, and are all resolutions or none; the first `limit` are listed. */
export function tenantMessage(notices: readonly TenantNotice[], rendering: Rendering, limit: number): MessageFacts {
  const { now, runbookUrl } = rendering;
  const resolved = notices.every(isResolution);
  const isCritical = notices.some(({ unwatched }) => unwatched.severity === 'critical');
  const severity = resolved ? 'info' : isCritical ? 'critical' : 'warning';
  const names = notices.map(({ unwatched }) => oneLine(unwatched.tenant, limits.tenant));
  const whose = names.length === 1 ? names[0] : `${names.length} tenants`;
  const summary = `${signOf(notices, severity)} ${whose}: ${resolved ? endOf(notices) : 'no database is watched'}`;
  const runbook = { label: 'Runbook', target: runbookLink(runbookUrl, runbookAnchors.tenantUnwatched) };
  return {
    kind: 'tenant-unwatched',
    audience: 'operators',
    severity,
    tone: resolved ? (isWatchedAgain(notices) ? 'good' : 'attention') : isCritical ? 'alarm' : 'attention',
    tenant: manyTenants,
    at: now,
    ...originOf([], rendering),
    summary,
    subject: asciiLine(summary, limits.subject),
    opening: [
      `${summary}.`,
      ...(resolved
        ? []
        : ['Without one nobody is alerted of missing backups; its own recipients are not notified of this.']),
    ],
    brief: names.length === 1 ? { sentence: resolved ? '' : reasonOf(notices[0]) } : { names },
    overview: [],
    entries: notices.slice(0, limit).map((notice) => entryFacts(notice, now)),
    count: notices.length,
    sections: [],
    nextSteps: resolved ? [] : [{ advice }, runbook],
    links: resolved ? [] : [runbook],
    ...listCommand('status', rendering),
    thread:
      names.length === 1
        ? `rds-backup-ledger-tenant-${notices[0]?.unwatched.tenant}-${day(notices[0]?.unwatched.since ?? now)}`
        : `rds-backup-ledger-tenants-${day(now)}`,
    data: { entries: 'tenants', more: {} },
  };
}

const advice = 'Configure a database of the tenant, or take the tenant out of the configuration.';

function entryFacts(notice: TenantNotice, now: Date): EntryFacts {
  const { step, unwatched } = notice;
  const { since, severity, ended, databases, databaseCount } = unwatched;
  const tenant = oneLine(unwatched.tenant, limits.tenant);
  const state = isResolution(notice) ? endOf([notice]) : 'no database is watched';
  const reason = isResolution(notice) ? undefined : reasonOf(notice);
  const lasts = `${formatUtc(since)} (${formatAge(now.getTime() - since.getTime())})`;
  return {
    line: [{ strong: tenant }, ` ${state}`, ...(reason === undefined ? [] : [`. ${reason}`])],
    block: {
      title: `${signOf([notice], oneLine(severity, limits.word))} ${tenant}: ${state}`,
      details: [
        ...(reason === undefined ? [] : [{ label: 'Why', text: reason }]),
        { label: 'Seen since', text: lasts },
        ...(reason === undefined ? [] : [{ label: 'Next step', text: advice }]),
      ],
    },
    data: {
      tenant: oneLine(unwatched.tenant, 128),
      step,
      severity,
      since: since.toISOString(),
      ended: ended ?? null,
      databases: databases.map(({ id, verdict }) => ({ database: oneLine(id, limits.name), verdict })),
      databaseCount,
    },
  };
}

function reasonOf(notice: TenantNotice | undefined): string {
  return notice === undefined ? '' : oneLine(whyUnwatched(notice.unwatched), limits.reason);
}

function signOf(notices: readonly TenantNotice[], severity: Severity | string): string {
  if (notices.every(isResolution)) return isWatchedAgain(notices) ? 'RESOLVED' : 'CLOSED';
  return `${notices.every(({ step }) => step === 'rise') ? 'NOW ' : ''}${severity.toUpperCase()}`;
}

function endOf(notices: readonly TenantNotice[]): string {
  if (isWatchedAgain(notices)) return 'a database is watched again';
  const left = notices.every(({ unwatched }) => unwatched.ended === 'left');
  return left ? 'no longer configured' : 'a database is watched again, or no longer configured';
}

function isResolution({ step }: TenantNotice): boolean {
  return step === 'resolve';
}

function isWatchedAgain(notices: readonly TenantNotice[]): boolean {
  return notices.every(({ unwatched }) => unwatched.ended === 'watched');
}

function day(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
