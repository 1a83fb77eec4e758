/**
 * Makes text from outside (names, tags, reasons, causes of failure) safe to stand in a message: no line breaks or other
 * control characters, nothing invisible that turns the reading direction, nothing too long.
 */
import { sumBy } from 'es-toolkit/math';

/** Control characters, line and paragraph separators, and formatting characters (bidi overrides, zero width, BOM). */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

/** Text on one line, with nothing in it that a terminal or an editor obeys instead of showing it. */
export function printable(text: string): string {
  return text.toWellFormed().replace(unsafe, ' ');
}

/** As `printable`, with its line breaks: for text of ours around text from outside. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/** JSON whose strings are escaped as far as a terminal needs it: `JSON.stringify` leaves DEL, C1 and formatting characters. */
export function printableJson(value: unknown, indent?: number): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(value, undefined, indent).replace(/[\x7f-\x9f\p{Cf}\p{Zl}\p{Zp}]/gu, (character) =>
    character.split('').map(escaped).join(''),
  );
}

/** One line of at most `max` characters (code points); what is cut ends in `...`. */
export function oneLine(text: string, max = Number.POSITIVE_INFINITY): string {
  const line = printable(text).replace(/\s+/gu, ' ').trim();
  return clip(line, max);
}

/** Text of which a mail program makes no link: `http[:]//evil[.]example`. */
export function unlinked(text: string): string {
  return text.replace(/\b(?:https?|ftp|file):\/\/\S+|\bwww\.\S+/gi, (address) =>
    address.replace('://', '[:]//').replaceAll('.', '[.]'),
  );
}

/** Printable ASCII only, one line: for subjects, where SNS refuses control characters and e-mail everything else. */
export function asciiLine(text: string, max: number): string {
  const plain = oneLine(spellOut(text)).replace(/[^\x20-\x7e]/gu, '?');
  return clip(plain, max);
}

/**
 * Text whose every character is in GSM-7, cut to `max` septets (160 are one SMS part). One other character would halve
 * what fits: accents that GSM-7 lacks are dropped, what cannot be spelled becomes `?`.
 */
export function gsm7Line(text: string, max: number): string {
  const line = oneLine(text);
  const encoded = [...line.normalize('NFC')]
    .flatMap((character) => (septets(character) > 0 ? [character] : [...spellOut(character)]))
    .map((character) => (septets(character) > 0 ? character : '?'));
  if (sumBy(encoded, septets) <= max) return encoded.join('');
  let kept = '';
  for (const character of encoded) {
    if (gsm7Length(kept) + septets(character) > max - 3) break;
    kept += character;
  }
  return `${kept.trimEnd()}...`;
}

/** Septets that a text takes in GSM-7; what is not in its alphabet counts as none. */
export function gsm7Length(text: string): number {
  return sumBy([...text], septets);
}

/** Whether every character is in GSM-7. */
export function isGsm7(text: string): boolean {
  return [...text].every((character) => septets(character) > 0);
}

// 3GPP TS 23.038: the default alphabet takes one septet a character, its extension two.
const gsm7 = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);
const gsm7Extension = new Set('^{}\\[~]|€');

function septets(character: string): 0 | 1 | 2 {
  if (gsm7.has(character)) return 1;
  return gsm7Extension.has(character) ? 2 : 0;
}

const spelled: Readonly<Record<string, string>> = {
  '‘': "'",
  '’': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '…': '...',
  '·': '-',
  '`': "'",
  ß: 'ss',
  Æ: 'AE',
  æ: 'ae',
  Ø: 'O',
  ø: 'o',
  Ł: 'L',
  ł: 'l',
};

/** Without accents and with plain punctuation. */
function spellOut(text: string): string {
  return [...text.normalize('NFKD').replace(/\p{M}/gu, '')]
    .map((character) => spelled[character] ?? character)
    .join('');
}

function clip(text: string, max: number): string {
  if (text.length <= max) return text;
  // A character is one or two units of UTF-16.
  const characters = [...text.slice(0, 2 * max + 2)];
  if (characters.length <= max) return text;
  return `${characters
    .slice(0, max - 3)
    .join('')
    .trimEnd()}...`;
}

/** Lines of at most `width` characters, broken between words; a longer word stays whole, so that links and commands can be copied. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Rows as columns padded to their widest cell, two spaces apart. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    rows.reduce((widest, row) => Math.max(widest, [...(row[column] ?? '')].length), 0),
  );
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length))
      .join('  ')
      .trimEnd(),
  );
}
