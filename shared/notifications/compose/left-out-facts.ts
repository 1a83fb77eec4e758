/** The message about what a sweep or a watch left out after a failure (`run-incomplete`), for operators. */
import { type EntryFacts, type MessageFacts, manyTenants } from '../../channels/index.ts';
import { environmentOf, type LeftOut } from '../../domain/index.ts';
import { asciiLine, oneLine } from '../../lib/safe-text.ts';
import { runbookAnchors, runbookLink } from '../links.ts';
import { limits, listCommand, originOf, type Rendering, withPlace } from './context.ts';

/** `leftOut` must not be empty; the first `limit` are listed. */
export function leftOutMessage(leftOut: readonly LeftOut[], rendering: Rendering, limit: number): MessageFacts {
  const { now, runbookUrl } = rendering;
  const count = leftOut.length;
  const summary = `CRITICAL a check of the databases left out ${count} ${count === 1 ? 'item' : 'items'}`;
  const runbook = { label: 'Runbook', target: runbookLink(runbookUrl, runbookAnchors.runIncomplete) };
  return {
    kind: 'run-incomplete',
    audience: 'operators',
    severity: 'critical',
    tone: 'alarm',
    tenant: manyTenants,
    at: now,
    ...originOf([], rendering),
    summary,
    subject: asciiLine(summary, limits.subject),
    opening: [
      `${summary}.`,
      'Nobody else is notified of these; all others were checked. Each watch tries again, and you get a reminder once a day.',
    ],
    brief: { sentence: oneLine(leftOut[0]?.text ?? '', limits.reason) },
    overview: [],
    entries: leftOut.slice(0, limit).map((one) => entryFacts(one, rendering)),
    count,
    sections: [],
    nextSteps: [runbook],
    links: [runbook],
    ...listCommand('status', rendering),
    thread: `rds-backup-ledger-run-incomplete-${now.toISOString().slice(0, 10)}`,
    data: { entries: 'leftOut', more: {} },
  };
}

function entryFacts({ text: said, database }: LeftOut, rendering: Rendering): EntryFacts {
  const text = oneLine(said, limits.reason);
  const details = [{ label: 'Left out', text }];
  if (database === undefined) {
    return {
      line: [text],
      block: { title: 'OTHER', details },
      data: { text, database: null, account: null, region: null },
    };
  }
  const environment = environmentOf(database.key);
  const id = oneLine(database.id, limits.name);
  const title = `${oneLine(database.kind, limits.word).toUpperCase()} ${withPlace(id, environment, rendering)}`;
  return {
    line: [text, withPlace('', environment, rendering)],
    block: { title, details },
    data: { text, database: id, ...environment },
  };
}
