/**
 * The one place that prints for people: colours, times, ages, tables, text that fits. Whatever it is given is text from
 * outside: a terminal shows it and obeys nothing in it. Colours and line breaks come from the screen alone.
 */
import { randomUUID } from 'node:crypto';
import type { Colors } from 'picocolors/types.js';
import wrapAnsi from 'wrap-ansi';
import {
  type CopyState,
  copyStates,
  isOneOf,
  type Severity,
  type Unrecognized,
  type VerdictName,
} from '../shared/domain/index.ts';
import { printable } from '../shared/lib/safe-text.ts';
import { formatAge, minuteMs } from '../shared/lib/time.ts';
import { type Column, columnWidths, renderTable } from './table.ts';

export interface ScreenOptions {
  /** May be slow; lists wait for it (backpressure). */
  readonly write: (text: string) => void | Promise<void>;
  /** In characters. */
  readonly width: number;
  readonly colours: Colors;
  /** IANA name of the zone that times are shown in. */
  readonly timeZone: string;
  readonly now: Date;
}

/** From this width on, cells hold two values side by side. */
const wide = 110;

/** Stands behind each colour and line break of the screen's own: no text from outside can hold it. */
const mark = randomUUID();
const code = '\\u001b\\[\\d+m|\\n';
const anyCode = new RegExp(code, 'g');
const ownCode = new RegExp(`(${code})${mark}`);

/** A text without what a terminal would obey, but for the screen's own colours and line breaks. */
function obeyed(text: string): string {
  return text
    .split(ownCode)
    .map((part, index) => (index % 2 === 1 ? part : printable(part)))
    .join('');
}

/** Colours that mark their codes as the screen's own. */
function marked(colours: Colors): Colors {
  const own = (colour: (text: string) => string) => (text: string | number | null | undefined) =>
    colour(obeyed(String(text))).replace(anyCode, `$&${mark}`);
  const entries = Object.entries(colours).map(([name, one]) => [name, typeof one === 'function' ? own(one) : one]);
  return Object.fromEntries(entries) as Colors;
}

/** The first rows of a long list set the widths of its columns; later rows follow them. */
const rowsMeasured = 200;

export class Screen {
  readonly now: Date;
  readonly timeZone: string;
  readonly colours: Colors;
  /** Whether cells stack their values to save width. */
  readonly narrow: boolean;
  readonly #write: (text: string) => void | Promise<void>;
  readonly #width: number;
  readonly #clock: Intl.DateTimeFormat;

  constructor({ write, width, colours, timeZone, now }: ScreenOptions) {
    this.now = now;
    this.timeZone = timeZone;
    this.colours = marked(colours);
    this.#write = write;
    this.#width = width;
    this.narrow = width < wide;
    // Swedish writes dates as ISO 8601 does.
    this.#clock = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short', timeStyle: 'short' });
  }

  /** Text that wraps at the terminal's edge, each line behind `indent`. */
  line(text = '', indent = ''): void {
    const lines = wrapAnsi(obeyed(text), Math.max(20, this.#width - indent.length)).split('\n');
    this.#write(`${lines.map((line) => (line === '' ? '' : `${indent}${line}`)).join('\n')}\n`);
  }

  /** Text as it is, for programs: no wrapping, no added line break, and nothing taken out. */
  async raw(text: string): Promise<void> {
    await this.#write(text);
  }

  /** The titles of a table. */
  readonly #title = (title: string) => obeyed(this.colours.dim(title));

  /** The heading of a section. */
  heading(text: string): void {
    this.line();
    this.line(this.colours.bold(text));
  }

  /** Names with their texts; an empty name continues the one above. */
  pairs(rows: readonly (readonly [name: string, text: string])[]): void {
    const widest = Math.max(0, ...rows.map(([name]) => name.length));
    for (const [name, text] of rows) {
      const lines = wrapAnsi(obeyed(text), Math.max(20, this.#width - widest - 4)).split('\n');
      for (const [index, line] of lines.entries()) {
        const label = (index === 0 ? name : '').padEnd(widest);
        this.#write(`${`  ${obeyed(this.colours.dim(label))}  ${line}`.trimEnd()}\n`);
      }
    }
  }

  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    const cells = rows.map((row) => row.map(obeyed));
    const widths = columnWidths(columns, cells, this.#width);
    this.#write(`${renderTable(columns, cells, widths, this.#title)}\n`);
  }

  /** A list of any length; prints `none` if it is empty, and returns the number of rows. */
  async tableOf<Row>(
    columns: readonly Column[],
    rows: AsyncIterable<Row>,
    cells: (row: Row) => readonly string[],
    none: string,
  ): Promise<number> {
    let widths: number[] | undefined;
    let some: (readonly string[])[] = [];
    let count = 0;
    const flush = async () => {
      if (some.length === 0) return;
      const header = widths === undefined ? this.#title : false;
      widths ??= columnWidths(columns, some, this.#width);
      await this.#write(`${renderTable(columns, some, widths, header)}\n`);
      some = [];
    };
    for await (const row of rows) {
      some.push(cells(row).map(obeyed));
      count += 1;
      if (some.length >= rowsMeasured) await flush();
    }
    await flush();
    if (count === 0) this.line(none);
    return count;
  }

  /** `2026-11-23 04:08`, in the screen's zone, which a title or the sentence around it names. */
  time(time: string | Date | null): string {
    return time === null ? '–' : this.#clock.format(new Date(time));
  }

  /** `2026-11-23 04:08 UTC (8 h ago)`, for sentences. */
  moment(time: string | Date | null): string {
    return time === null ? 'never' : `${this.time(time)} ${this.timeZone} (${this.ago(time)})`;
  }

  /** Two values in one cell, stacked where the terminal is narrow. */
  both(one: string, other: string): string {
    return this.narrow ? this.stacked(one, other) : `${one}  ${other}`;
  }

  /** Values on lines of their own in one cell. */
  stacked(...values: readonly string[]): string {
    return values.join(`\n${mark}`);
  }

  /** `2026-11-23 04:08  8 h ago`, for a table's cell. */
  timeAndAge(time: string | Date | null): string {
    return time === null ? '–' : this.both(this.time(time), this.colours.dim(this.ago(time)));
  }

  age(time: string | Date | null): string {
    return time === null ? '–' : formatAge(this.now.getTime() - new Date(time).getTime());
  }

  /** `8 h ago`, `in 2 h` for what is ahead, `just now` within a minute. */
  ago(time: string | Date): string {
    const ms = this.now.getTime() - new Date(time).getTime();
    if (Math.abs(ms) < minuteMs) return 'just now';
    return ms > 0 ? `${formatAge(ms)} ago` : `in ${formatAge(-ms)}`;
  }

  verdict(name: VerdictName | Unrecognized | null, severity: Severity | Unrecognized | null): string {
    if (name === null) return this.colours.dim('not configured');
    return this.bySeverity(name, severity);
  }

  /** A severity of a later version counts as the worst. */
  bySeverity(text: string, severity: Severity | Unrecognized | null): string {
    const { red, yellow, green, dim, bold } = this.colours;
    if (severity === 'warning') return yellow(text);
    if (severity === 'info' || severity === null) return text === 'protected' ? green(text) : dim(text);
    return bold(red(text));
  }

  copyState(state: CopyState | Unrecognized): string {
    if (!isOneOf(copyStates, state)) return this.colours.yellow(state);
    const colour = copyColours[state];
    const text = state === 'none' ? '–' : state;
    return colour === undefined ? text : this.colours[colour](text);
  }
}

const copyColours: Readonly<Record<CopyState, 'red' | 'yellow' | 'green' | 'cyan' | 'dim' | undefined>> = {
  none: 'dim',
  queued: undefined,
  starting: 'cyan',
  running: 'cyan',
  complete: 'green',
  incomplete: 'yellow',
  failed: 'red',
  skipped: 'yellow',
  cancelled: undefined,
};

/** `1.4 GB`, in powers of 1,000 as S3 bills. */
export function formatBytes(bytes: number | null): string {
  if (bytes === null) return '–';
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes === 0 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${value >= 100 || power === 0 ? Math.round(value) : Math.round(value * 10) / 10} ${units[power]}`;
}

/** `1 database`, `2 databases`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en-US')} ${count === 1 ? one : many}`;
}
