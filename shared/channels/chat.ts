/** Chat: the custom notification of Amazon Q Developer in chat applications, its own JSON and nothing else. */
import { oneLine } from '../lib/safe-text.ts';
import type { MessageFacts, NextStep, TextSpan } from './message-facts.ts';

export interface ChatNotification {
  readonly version: '1.0';
  readonly source: 'custom';
  readonly content: {
    readonly textType: 'client-markdown';
    readonly title: string;
    readonly description: string;
    readonly nextSteps: readonly string[];
  };
  readonly metadata: {
    readonly threadId: string;
    readonly summary: string;
  };
}

/** Amazon Q Developer takes longer texts, but a chat message is read at a glance; well under its 250 and 8,000 characters. */
const maxTitle = 150;
/** As escaped, which lengthens it. */
const longestTitle = 220;
const maxDescription = 4_000;
const maxStep = 300;
const mostSteps = 5;

/** Entries that a digest names here. */
const mostOfDigest = 20;

const emojis: Readonly<Record<MessageFacts['tone'], string>> = {
  good: ':white_check_mark:',
  attention: ':warning:',
  alarm: ':rotating_light:',
};

export function renderChat(facts: MessageFacts): ChatNotification {
  const title = `${emojis[facts.tone]} ${oneLine(escaped(oneLine(facts.summary, maxTitle)), longestTitle)}`;
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title,
      description: description(facts),
      nextSteps: facts.nextSteps
        .map(step)
        .filter(({ length }) => length <= maxStep)
        .slice(0, mostSteps),
    },
    metadata: { threadId: facts.thread, summary: title },
  };
}

/** A line an entry and section; those that would make it too long are left out, the last one always stays. */
function description({ kind, entries, count, sections, remark, account, region }: MessageFacts): string {
  const shown = kind === 'digest' ? entries.slice(0, mostOfDigest) : entries;
  const rest = count - shown.length;
  const last = rest > 0 ? `...and ${rest} more` : `_${remark ?? `${account}, ${region}`}_`;
  const lines = [
    ...shown.map(({ line }) => `- ${line.map(span).join('')}`),
    ...sections.map(({ title }) => `- ${escaped(title)}`),
  ];
  const kept: string[] = [];
  let { length } = last;
  for (const line of lines) {
    length += line.length + 1;
    if (length > maxDescription) break;
    kept.push(line);
  }
  return [...kept, last].join('\n');
}

function span(one: TextSpan): string {
  if (typeof one === 'string') return escaped(one);
  return `*${one.url === undefined ? escaped(one.strong) : link(one.url, escaped(one.strong))}*`;
}

function step(one: NextStep): string {
  if ('command' in one) return `${one.label}: \`${entities(one.command.replaceAll('`', "'"))}\``;
  if ('advice' in one) return escaped(one.advice);
  // A runbook may be a path; chat makes no link of that.
  const { label, target } = one;
  return /^https?:/.test(target) ? link(target, label) : `${label}: ${entities(target)}`;
}

/**
 * Characters that Slack or Teams would take for markup, by ones that look like them: emphasis, code, links, mentions, channels,
 * emojis, and what they make links of by themselves (addresses and names of hosts).
 * Sources: "Formatting text for app surfaces" of Slack; "Custom notifications" of Amazon Q Developer in chat applications.
 */
const lookalikes: readonly (readonly [markup: RegExp, shown: string])[] = [
  [/\*/g, '\u2217'],
  [/~/g, '\u223c'],
  [/`/g, "'"],
  [/\[/g, '('],
  [/\]/g, ')'],
  [/@/g, '\uff20'],
  [/#(?=[\p{L}\p{N}])/gu, '\uff03'],
  // Within a word it is no markup.
  [/(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\uff3f'],
  [/:(?=\/\/)/g, '\ua789'],
  [/:(?=[\p{L}\p{N}_+'-]{1,100}:)/gu, '\ua789'],
  [/(?<=[\p{L}\p{N}_-])\.(?=\p{L})/gu, '\u2024'],
];

/** Text from outside in client markdown: it can neither link, nor mention anybody, nor change the look. */
function escaped(text: string): string {
  return entities(lookalikes.reduce((shown, [markup, lookalike]) => shown.replace(markup, lookalike), text));
}

/** What stands in code, or was configured: exact, but for the three characters that clients read everywhere. */
function entities(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

function link(url: string, text: string): string {
  return `<${url}|${text}>`;
}
