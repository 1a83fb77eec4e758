import { oneLine } from '../lib/safe-text.ts';
import type { ChatNotification } from './message.ts';

/** Amazon Q Developer takes longer texts, but a chat message is read at a glance; well under its 250 and 8,000 characters. */
const maxTitle = 150;
const maxDescription = 4_000;
const maxStep = 300;

export interface ChatText {
  readonly title: string;
  /** Lines; those that would make it too long are left out, the last one always stays. */
  readonly lines: readonly string[];
  readonly nextSteps: readonly string[];
  readonly threadId: string;
}

/** Texts are to be escaped already (`markdown`), so that links and emphasis of our own survive. */
export function chatNotification({ title, lines, nextSteps, threadId }: ChatText): ChatNotification {
  return {
    version: '1.0',
    source: 'custom',
    content: {
      textType: 'client-markdown',
      title: markdown(title, maxTitle),
      description: shortened(lines),
      nextSteps: nextSteps.filter((step) => step.length <= maxStep).slice(0, 5),
    },
    metadata: { threadId, summary: markdown(title, maxTitle) },
  };
}

/** Text from outside in client markdown: it can neither link, nor mention anybody, nor change the look. */
export function markdown(text: string, max: number): string {
  return oneLine(text, max)
    .replace(/\*/g, '\u2217')
    .replace(/~/g, '\u223c')
    .replace(/`/g, "'")
    .replace(/\[/g, '(')
    .replace(/\]/g, ')')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;');
}

/** A link in client markdown. */
export function link(url: string, text: string): string {
  return `<${url}|${text}>`;
}

/** The runbook may be a path that people know; chat makes no link of that. */
export function linkOrPath(target: string, text: string): string {
  return /^https?:/.test(target) ? link(target, text) : `${text}: ${markdown(target, 340)}`;
}

function shortened(lines: readonly string[]): string {
  const last = lines.at(-1) ?? '';
  const kept: string[] = [];
  let length = last.length;
  for (const line of lines.slice(0, -1)) {
    length += line.length + 1;
    if (length > maxDescription) break;
    kept.push(line);
  }
  return [...kept, last].join('\n');
}
