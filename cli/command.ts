/** The shape of a command: what it takes, how it finds its facts, how it prints them. */
import type { Args } from './args.ts';
import type { Parts } from './parts.ts';
import type { Screen } from './screen.ts';

export interface Argument {
  /** As help shows it: `<tenant>` must be given, `[file]` may be. */
  readonly name: string;
  readonly description: string;
}

export interface Option {
  /** As help shows it: `--from <date>`. */
  readonly flags: string;
  /** With what stands for it where it is not given. */
  readonly description: string;
}

export interface Command {
  /** What help says beside the summary. */
  readonly details?: string;
  readonly arguments?: readonly Argument[];
  readonly options?: readonly Option[];
  /** Command lines, without the program's name. */
  readonly examples: readonly [string, ...string[]];
  /** Its JSON: one object, or a list of them, with the meaning of its fields. */
  readonly json: { readonly is: 'object' | 'list'; readonly fields: Readonly<Record<string, string>> };
  run(parts: Parts, args: Args): Promise<Answer>;
}

/** What a command found, as JSON and for people. One of the two is used, once. */
export interface Answer {
  json(): Iterable<string> | AsyncIterable<string>;
  print(screen: Screen): Promise<void> | void;
  /** Asked for when all was written. Default: 0. */
  readonly exitCode?: () => number;
}

/** One object of facts. */
export function answer(facts: object, print: (screen: Screen) => void, exitCode = 0): Answer {
  return { json: () => [`${JSON.stringify(facts, undefined, 2)}\n`], print, exitCode: () => exitCode };
}

/** A list of facts, which is read as it is written. */
export function listing<Row extends object>(
  rows: AsyncIterable<Row>,
  print: (screen: Screen, rows: AsyncIterable<Row>) => Promise<void>,
): Answer {
  return { json: () => jsonList(rows), print: (screen) => print(screen, rows) };
}

/** A JSON array with one element a line: a whole document, and readable line by line. */
export async function* jsonList(rows: AsyncIterable<object>): AsyncIterable<string> {
  let before = '[\n';
  for await (const row of rows) {
    yield `${before}${JSON.stringify(row)}`;
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}
