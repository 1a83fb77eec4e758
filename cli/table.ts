/** Tables that fit the terminal: words wrap, nothing is cut off. */

import Table from 'cli-table3';
import { sum } from 'es-toolkit/math';
import stringWidth from 'string-width';
import wrapAnsi from 'wrap-ansi';

export interface Column {
  readonly title: string;
  readonly align?: 'left' | 'right';
  /** On a narrow terminal, columns of words shrink first, then names, then the others. */
  readonly holds?: 'words' | 'names';
}

const gap = 2;
/** Columns do not shrink below this. */
const narrowest = 9;

/** No borders, so that cells can be copied. */
const chars = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: ' '.repeat(gap),
};

/** The width of each column, so that the rows fit into `width` if possible. */
export function columnWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const widest = columns.map(({ title }, index) =>
    Math.max(stringWidth(title), ...rows.map((row) => longestLine(row[index] ?? ''))),
  );
  let excess = sum(widest) + gap * (columns.length - 1) - width;
  for (const holds of ['words', 'names', undefined] as const) {
    // Shrink the widest of them first, a character at a time.
    while (excess > 0) {
      const shrinkable = widest
        .map((one, index) => ({ one, index }))
        .filter(({ one, index }) => columns[index]?.holds === holds && one > narrowest);
      const most = shrinkable.reduce((max, { one }) => Math.max(max, one), 0);
      const target = shrinkable.find(({ one }) => one === most);
      if (target === undefined) break;
      widest[target.index] = most - 1;
      excess -= 1;
    }
  }
  return widest;
}

function longestLine(text: string): number {
  return Math.max(...text.split('\n').map((line) => stringWidth(line)));
}

/** The rows as text, without a final line break; `header` styles the titles, and false omits them. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  widths: readonly number[],
  header: ((title: string) => string) | false = (title) => title,
): string {
  const table = new Table({
    chars,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colWidths: [...widths],
    colAligns: columns.map(({ align }) => align ?? 'left'),
  });
  const fitted = (cells: readonly string[]) =>
    cells.map((cell, index) => wrapAnsi(cell, widths[index] ?? narrowest, { hard: true }));
  if (header)
    table.push(fitted(columns.map(({ title }) => title)).map((cell) => cell.split('\n').map(header).join('\n')));
  table.push(...rows.map(fitted));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
