/** The message about copies that wait for a fault of set-up to be put right (`copies-paused`), for operators. */
import { type Detail, type MessageFacts, manyTenants } from '../../channels/index.ts';
import {
  type CopyPause,
  copyCauses,
  environmentFrom,
  environmentText,
  formatEnvironment,
  namedEnvironment,
} from '../../domain/index.ts';
import { asciiLine, oneLine } from '../../lib/safe-text.ts';
import { formatUtc } from '../../lib/time.ts';
import { copySentenceOf } from '../../reasons/index.ts';
import { runbookAnchors, runbookLink } from '../links.ts';
import { limits, listCommand, placeOf, type Rendering } from './context.ts';
import { jsonCause } from './json-causes.ts';

/** What waits; `firstExpiry` is absent where RDS deletes none of the snapshots by age. */
export interface PauseFacts {
  readonly pause: CopyPause;
  readonly waiting: number;
  readonly firstExpiry?: Date;
}

export function pauseMessage({ pause, waiting, firstExpiry }: PauseFacts, rendering: Rendering): MessageFacts {
  const { now, account, region, runbookUrl } = rendering;
  const of = environmentFrom(pause.environment);
  const place = pause.kind === 'environment' ? undefined : placeOf(of, rendering);
  const scope = `${scopeText(pause)}${place === undefined ? '' : `, ${place}`}`;
  const summary = `WARNING copies are paused: ${scope}`;
  const reason = oneLine(copySentenceOf(pause.cause, rendering), limits.reason);
  const expiry =
    firstExpiry === undefined
      ? 'no snapshot expires by its age'
      : `the first snapshot expires at ${formatUtc(firstExpiry)}`;
  const runbook = { label: 'Runbook', target: runbookLink(runbookUrl, runbookAnchors.copyFailed) };
  const since = pause.pausedAt ?? now;
  const isElsewhere = pause.environment !== formatEnvironment(rendering) && pause.kind !== 'environment';
  const details: readonly Detail[] = [
    ...(isElsewhere
      ? [
          {
            label: 'Account and Region',
            text: oneLine(environmentText(namedEnvironment(of, rendering.environments)), limits.name),
          },
        ]
      : []),
    { label: 'Cause', text: reason },
    { label: 'Since', text: formatUtc(since) },
    { label: 'Waiting', text: `${waiting} ${waiting === 1 ? 'copy' : 'copies'}; ${expiry}` },
  ];
  return {
    kind: 'copies-paused',
    audience: 'operators',
    severity: 'warning',
    tone: 'attention',
    tenant: manyTenants,
    at: now,
    ...of,
    ledger: { account, region },
    summary: oneLine(summary, limits.reason),
    subject: asciiLine(summary, limits.subject),
    opening: [
      `${summary}.`,
      `${pause.kind === 'environment' ? environmentOpening : scopeOpening} The backups themselves are in RDS and count.`,
    ],
    brief: { sentence: reason },
    overview: [],
    entries: [
      {
        line: [{ strong: scope }, `: ${reason}`],
        block: { title: `PAUSED ${scope}`, details },
        data: {
          scope: pause.kind,
          name: pause.name,
          account: of.account,
          region: of.region,
          cause: jsonCause(copyCauses, pause.cause, rendering),
          reason,
          since: since.toISOString(),
          waiting,
          firstExpiry: firstExpiry?.toISOString() ?? null,
        },
      },
    ],
    count: 1,
    sections: [],
    remark: 'All go on by themselves when one succeeds.',
    nextSteps: [runbook],
    links: [runbook],
    ...listCommand('copies', rendering),
    thread: `rds-backup-ledger-copies-paused-${since.toISOString().slice(0, 10)}`,
    data: { entries: 'pauses', more: {} },
  };
}

const scopeOpening =
  'Copies of several databases failed for one cause. The others wait; one an hour is tried, and all go on by themselves when one succeeds.';
const environmentOpening =
  'Nothing can be copied in this account and Region. Its copies wait; it is tried once an hour, and all go on by themselves when that succeeds. Copies of other accounts and Regions are made as usual.';

function scopeText({ kind, name }: CopyPause): string {
  return `${oneLine(kind, limits.word)} ${oneLine(name, limits.name)}`;
}
