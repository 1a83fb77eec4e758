/** E-mail: plain text, everything that is known. */
import { columns, unlinked, wrap } from '../lib/safe-text.ts';
import { formatUtc } from '../lib/time.ts';
import type { Detail, EntryFacts, MessageFacts } from './message-facts.ts';

const labelWidth = 15;
const textWidth = 84;

export function renderEmail(facts: MessageFacts): string {
  const { opening, overview, entries, table = [], sections, links } = facts;
  const lines = [
    ...opening.map(unlinked),
    '',
    ...paragraph(columns(overview)).map(unlinked),
    ...entries.flatMap((entry) => paragraph(block(entry))),
    ...paragraph(columns(table.map((row) => row.map(unlinked)))),
    ...paragraph(leftOut(facts)),
    ...sections.flatMap(({ title, items, more }) => [
      title,
      ...items.map((item) => `  ${unlinked(item)}`),
      ...(more > 0 ? [`  and ${more} more`] : []),
      '',
    ]),
    ...paragraph(commands(facts)),
    ...links.map(({ label, target }) => `${label}: ${target}`),
    footer(facts),
  ];
  return lines.join('\n');
}

/** Lines with an empty one below; nothing where there are none. */
function paragraph(lines: readonly string[]): string[] {
  return lines.length > 0 ? [...lines, ''] : [];
}

function block({ block: shown }: EntryFacts): string[] {
  return shown ? [unlinked(shown.title), ...shown.details.flatMap(labelled)] : [];
}

/** A label and its text, wrapped and indented under itself. */
function labelled({ label, text, verbatim }: Detail): string[] {
  const lines = verbatim ? [text] : wrap(unlinked(text), textWidth);
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(labelWidth)}${line}`);
}

/** What is not listed, and where it is. */
function leftOut({ count, entries, fullList, listCommand }: MessageFacts): string[] {
  const rest = count - entries.length;
  const where = fullList ?? (rest > 0 ? listCommand : undefined);
  const line = [
    ...(rest > 0 ? [`And ${rest} more.`] : []),
    ...(where === undefined ? [] : [`Full list: ${where}`]),
  ].join(' ');
  return line === '' ? [] : [line];
}

function commands({ commands: { list, where } = { list: [], where: '' } }: MessageFacts): string[] {
  if (list.length === 0) return [];
  return [...list.map(({ label, command }) => `${`${label}:`.padEnd(13)} ${command}`), where];
}

/** Who sent it, and when. */
function footer({ at, ledger: { account, region } }: MessageFacts): string {
  return `Times are UTC. Sent ${formatUtc(at)} by rds-backup-ledger, account ${account}, ${region}.`;
}
