/** The message about accounts and Regions that cannot be read, or whose events do not arrive (`environment-trouble`), for operators. */
import { type EntryFacts, type MessageFacts, manyTenants } from '../../channels/index.ts';
import { environmentText, type NamedEnvironment } from '../../domain/index.ts';
import type { EnvironmentNotice } from '../../evaluation/index.ts';
import { asciiLine, oneLine } from '../../lib/safe-text.ts';
import { formatAge, formatUtc } from '../../lib/time.ts';
import { runbookAnchors, runbookLink } from '../links.ts';
import { limits, originOf, type Rendering } from './context.ts';

/** `notices` must not be empty, and are all resolutions or none; the first `limit` are listed. */
export function environmentMessage(
  notices: readonly EnvironmentNotice[],
  rendering: Rendering,
  limit: number,
): MessageFacts {
  const { now, runbookUrl } = rendering;
  const resolved = notices.every(isResolution);
  const isCritical = notices.some(({ trouble }) => trouble.severity === 'critical');
  const severity = resolved ? 'info' : isCritical ? 'critical' : 'warning';
  const [first] = notices;
  const isOne = notices.length === 1;
  const where = first && isOne ? nameOf(first.environment) : `${notices.length} accounts and Regions`;
  const states = [...new Set(notices.map((notice) => stateOf(notice)))];
  const sign = resolved ? 'RESOLVED' : signOf(notices, severity);
  const summary = `${sign} ${where}: ${states.length === 1 ? states[0] : 'several troubles'}`;
  const runbook = { label: 'Runbook', target: runbookLink(runbookUrl, runbookAnchors.environment) };
  return {
    kind: 'environment-trouble',
    audience: 'operators',
    severity,
    tone: resolved ? 'good' : isCritical ? 'alarm' : 'attention',
    tenant: manyTenants,
    at: now,
    ...originOf([], rendering),
    summary,
    subject: asciiLine(summary, limits.subject),
    opening: [
      `${summary}.`,
      ...(notices.some(({ trouble }) => trouble.code === 'unread' && trouble.ended === undefined)
        ? ['The databases there are unknown; all others were checked. Tenants are notified only if it lasts for a day.']
        : []),
    ],
    brief:
      first && isOne
        ? { sentence: resolved ? '' : cureOf(first) }
        : { names: notices.map(({ environment }) => nameOf(environment)) },
    overview: [],
    entries: notices.slice(0, limit).map((notice) => entryFacts(notice, now)),
    count: notices.length,
    sections: [],
    nextSteps: resolved ? [] : [...(first && isOne ? [{ advice: cureOf(first) }] : []), runbook],
    links: resolved ? [] : [runbook],
    thread: `rds-backup-ledger-environment-${first && isOne ? `${first.environment.account}-${first.environment.region}-${day(first.trouble.since)}` : day(now)}`,
    data: { entries: 'environments', more: {} },
  };
}

function entryFacts(notice: EnvironmentNotice, now: Date): EntryFacts {
  const { step, environment, trouble } = notice;
  const { account, region, accountName } = environment;
  const { code, since, severity, error, events, ended } = trouble;
  const state = stateOf(notice);
  const said = error === undefined ? undefined : oneLine(error, limits.reason);
  const open = !isResolution(notice);
  return {
    line: [{ strong: nameOf(environment) }, ` ${state}${open && said !== undefined ? `: ${said}` : ''}`],
    block: {
      title: `${open ? signOf([notice], oneLine(severity, limits.word)) : 'RESOLVED'} ${nameOf(environment)}: ${state}`,
      details: [
        ...(open && said !== undefined ? [{ label: 'AWS said', text: said }] : []),
        { label: 'Since', text: `${formatUtc(since)} (${formatAge(now.getTime() - since.getTime())})` },
        ...(open ? [{ label: 'Next step', text: cureOf(notice) }] : []),
      ],
    },
    data: {
      account,
      accountName: accountName ?? null,
      region,
      step,
      trouble: code,
      severity,
      since: since.toISOString(),
      error: said ?? null,
      events: events ?? null,
      ended: ended ?? null,
    },
  };
}

function nameOf(environment: NamedEnvironment): string {
  return oneLine(environmentText(environment), limits.id);
}

/** What is so, to follow the name of the account and Region. */
function stateOf({ trouble: { code, events = 0, ended } }: EnvironmentNotice): string {
  if (ended === 'left') return 'no longer configured';
  if (ended === 'over') return over[code] ?? 'it is over';
  const count = `${events} ${events === 1 ? 'event' : 'events'}`;
  const open: Record<string, string> = {
    unread: 'cannot be read',
    'events-missing': `no events arrive, and the sweep found ${events === 1 ? 'a new backup' : `${events} new backups`}`,
    'events-undelivered': `${count} could not be forwarded`,
    'not-configured': `${count} arrived from there, and it is not configured`,
  };
  return open[code] ?? code;
}

const over: Readonly<Record<string, string>> = {
  unread: 'can be read again',
  'events-missing': 'events arrive again',
  'events-undelivered': 'no event is left that could not be forwarded',
  'not-configured': 'no more events arrive from there, or it is configured now',
};

/** What to do about it. */
function cureOf({ environment, trouble }: EnvironmentNotice): string {
  const { account, region } = environment;
  switch (trouble.code) {
    case 'unread':
      return cureOfUnread(trouble.error ?? '', environment);
    case 'events-missing':
      return `In account ${account}, ${region}, see that the rules RdsBackupLedger-forward-* are there and enabled. Where the Region forwards no events, set "events": false for it.`;
    case 'events-undelivered':
      return `In account ${account}, ${region}, see why events could not be forwarded (each message of the queue RdsBackupLedger-forward-dead-letters says it), then delete them: the sweep has found their backups.`;
    case 'not-configured':
      return `Add account ${account}, ${region}, to "environments" and deploy, or delete the spoke there.`;
    default:
      return 'Follow the runbook.';
  }
}

/** Codes of AWS as they stand in its messages. Source: AWS STS API Reference, "Common Errors"; IAM User Guide, "Troubleshoot". */
function cureOfUnread(error: string, { account, region }: NamedEnvironment): string {
  if (/not authorized|AccessDenied/i.test(error)) {
    return `Deploy the spoke in account ${account}, ${region}, and see that no policy denies its role RdsBackupLedger-reader-${region}.`;
  }
  if (/RegionDisabled|InvalidClientTokenId|OptInRequired|AuthFailure|UnrecognizedClient/i.test(error)) {
    return `Enable the Region ${region} in account ${account}, or take it out of "environments".`;
  }
  if (/throttl|rate exceeded|too many requests/i.test(error)) {
    return 'If it passes, nothing: each watch tries again. If it lasts, see what else calls RDS there.';
  }
  return 'If it passes, nothing: each watch tries again. If it lasts, follow the runbook.';
}

function signOf(notices: readonly EnvironmentNotice[], severity: string): string {
  return `${notices.every(({ step }) => step === 'rise') ? 'NOW ' : ''}${severity.toUpperCase()}`;
}

function isResolution({ step }: EnvironmentNotice): boolean {
  return step === 'resolve';
}

function day(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
