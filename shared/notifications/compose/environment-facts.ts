/** The message about accounts and Regions that cannot be read, or whose events do not arrive (`environment-trouble`), for operators. */
import { type EntryFacts, type MessageFacts, manyTenants } from '../../channels/index.ts';
import { environmentText, type NamedEnvironment } from '../../domain/index.ts';
import type { EnvironmentNotice } from '../../evaluation/index.ts';
import { asciiLine, oneLine } from '../../lib/safe-text.ts';
import { formatAge, formatUtc } from '../../lib/time.ts';
import { environmentCure, environmentState } from '../../reasons/index.ts';
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
  const states = [...new Set(notices.map((notice) => environmentState(notice.trouble)))];
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
        ? { sentence: resolved ? '' : environmentCure(first.environment, first.trouble) }
        : { names: notices.map(({ environment }) => nameOf(environment)) },
    overview: [],
    entries: notices.slice(0, limit).map((notice) => entryFacts(notice, now)),
    count: notices.length,
    sections: [],
    nextSteps: resolved
      ? []
      : [...(first && isOne ? [{ advice: environmentCure(first.environment, first.trouble) }] : []), runbook],
    links: resolved ? [] : [runbook],
    thread: `rds-backup-ledger-environment-${first && isOne ? `${first.environment.account}-${first.environment.region}-${day(first.trouble.since)}` : day(now)}`,
    data: { entries: 'environments', more: {} },
  };
}

function entryFacts(notice: EnvironmentNotice, now: Date): EntryFacts {
  const { step, environment, trouble } = notice;
  const { account, region, accountName } = environment;
  const { code, since, severity, error, events, ended } = trouble;
  const state = environmentState(notice.trouble);
  const said = error === undefined ? undefined : oneLine(error, limits.reason);
  const open = !isResolution(notice);
  return {
    line: [{ strong: nameOf(environment) }, ` ${state}${open && said !== undefined ? `: ${said}` : ''}`],
    block: {
      title: `${open ? signOf([notice], oneLine(severity, limits.word)) : 'RESOLVED'} ${nameOf(environment)}: ${state}`,
      details: [
        ...(open && said !== undefined ? [{ label: 'AWS said', text: said }] : []),
        { label: 'Since', text: `${formatUtc(since)} (${formatAge(now.getTime() - since.getTime())})` },
        ...(open ? [{ label: 'Next step', text: environmentCure(notice.environment, notice.trouble) }] : []),
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

function signOf(notices: readonly EnvironmentNotice[], severity: string): string {
  return `${notices.every(({ step }) => step === 'rise') ? 'NOW ' : ''}${severity.toUpperCase()}`;
}

function isResolution({ step }: EnvironmentNotice): boolean {
  return step === 'resolve';
}

function day(moment: Date): string {
  return moment.toISOString().slice(0, 10);
}
