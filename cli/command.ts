/** The shape of a command: what it takes, how it gets its facts, how it prints them. */
import { defaultStackName } from '../shared/contract.ts';
import { printableJson } from '../shared/lib/safe-text.ts';
import type { Args } from './args.ts';
import type { Dependencies } from './dependencies.ts';
import type { Screen } from './screen.ts';

export interface Argument<Name extends string = string> {
  /** As help shows it: `<tenant>` is required, `[file]` is optional. */
  readonly name: Name;
  readonly description: string;
}

export interface Option<Flags extends string = string> {
  /** As help shows it: `--from <date>` takes a value, `--open` is a flag. */
  readonly flags: Flags;
  /** Ends with the default, if there is one. */
  readonly description: string;
}

/** Options of every command. */
export const commonOptions = [
  { flags: '--json', description: 'print the facts as JSON' },
  { flags: '--tz <zone>', description: 'IANA name of the time zone that times are shown in (default: UTC)' },
  { flags: '--stack <name>', description: `name of the deployed stack (default: ${defaultStackName})` },
] as const satisfies readonly Option[];

/** `copyState` of `copy-state`, as commander names it. */
type Camel<Name extends string> = Name extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Name;

/** `from` of `--from <date>`. */
type ValueOption<Flags extends string> = Flags extends `--${infer Name} <${string}>` ? Camel<Name> : never;

/** `dryRun` of `--dry-run`. */
type FlagOption<Flags extends string> = Flags extends `--${string} ${string}`
  ? never
  : Flags extends `--${infer Name}`
    ? Camel<Name>
    : never;

/** `tenant` of `<tenant>`, `file` of `[file]`. */
type ArgumentName<Name extends string> = Name extends `<${infer Word}>` | `[${infer Word}]` ? Word : never;

type CommonFlags = (typeof commonOptions)[number]['flags'];

/** What a command with these arguments and options may read. */
export type ArgsOf<Names extends string, Flags extends string> = Args<
  ArgumentName<Names> | ValueOption<Flags | CommonFlags>,
  FlagOption<Flags | CommonFlags>
>;

/** A command as it is declared; the names that `run` may read from `args` follow from its arguments and options. */
export interface CommandSpec<Names extends string, Flags extends string> {
  /** What help says after the summary. */
  readonly details?: string;
  readonly arguments?: readonly Argument<Names>[];
  readonly options?: readonly Option<Flags>[];
  /** Command lines without the program's name. */
  readonly examples: readonly [string, ...string[]];
  /** Its JSON: one object, or a list of them, with the meaning of its fields. */
  readonly json: { readonly is: 'object' | 'list'; readonly fields: Readonly<Record<string, string>> };
  readonly run: (deps: Dependencies, args: ArgsOf<Names, Flags>) => Promise<Answer>;
}

/** A command as the program runs it, whatever its names are. */
export interface Command extends Omit<CommandSpec<string, string>, 'run'> {
  readonly run: (deps: Dependencies, args: Args) => Promise<Answer>;
}

export function command<const Names extends string = never, const Flags extends string = never>(
  spec: CommandSpec<Names, Flags>,
): Command {
  return spec;
}

/** The result of a command, as JSON and for people. One of the two is used, once. */
export interface Answer {
  json(): Iterable<string> | AsyncIterable<string>;
  print(screen: Screen): Promise<void> | void;
  /** Read after everything is written. Default: 0. */
  readonly exitCode?: () => number;
}

/** One object of facts. */
export function answer(facts: object, print: (screen: Screen) => void, exitCode = 0): Answer {
  return { json: () => [`${printableJson(facts, 2)}\n`], print, exitCode: () => exitCode };
}

/** A list of facts, streamed: rows are read as they are written. */
export function listing<Row extends object>(
  rows: AsyncIterable<Row>,
  print: (screen: Screen, rows: AsyncIterable<Row>) => Promise<void>,
): Answer {
  return { json: () => jsonList(rows), print: (screen) => print(screen, rows) };
}

/** A JSON array with one element per line: valid as a document, and readable line by line. */
export async function* jsonList(rows: AsyncIterable<object>): AsyncIterable<string> {
  let before = '[\n';
  for await (const row of rows) {
    yield `${before}${printableJson(row)}`;
    before = ',\n';
  }
  yield before === '[\n' ? '[]\n' : '\n]\n';
}
