/** Text messages: one part in GSM-7. */
import { gsm7Length, gsm7Line } from '../lib/safe-text.ts';
import type { MessageFacts } from './message-facts.ts';

/** One part holds so many septets. */
const onePart = 160;

export function renderSms({ summary, brief }: MessageFacts): string {
  if ('names' in brief) return withNames(gsm7Line(summary, onePart), brief.names);
  return gsm7Line(brief.sentence === '' ? summary : `${summary}. ${brief.sentence}`, onePart);
}

/** As many names as fit, and how many more there are. */
function withNames(start: string, names: readonly string[]): string {
  let text = start;
  let named = 0;
  for (const name of names) {
    const next = `${text}${named === 0 ? '. ' : ', '}${gsm7Line(name, onePart)}`;
    const rest = names.length - named - 1;
    if (gsm7Length(next) + (rest > 0 ? gsm7Length(`, +${rest} more`) : 0) > onePart) break;
    text = next;
    named += 1;
  }
  return named > 0 && named < names.length ? `${text}, +${names.length - named} more` : text;
}
