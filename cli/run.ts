/** Runs one command line: reads the facts, prints them, and turns errors into one sentence. */
import { CommanderError } from 'commander';
import type { Colors } from 'picocolors/types.js';
import { printable, printableLines } from '../shared/lib/safe-text.ts';
import type { Answer } from './command.ts';
import { commands } from './commands/index.ts';
import type { Dependencies } from './dependencies.ts';
import { type Common, programFor } from './program.ts';
import { Screen } from './screen.ts';
import { UserError } from './user-error.ts';

export interface Terminal {
  /** Resolves once more may be written. */
  readonly write: (text: string) => Promise<void>;
  readonly writeError: (text: string) => void;
  /** Characters on a line; absent where it is no terminal. */
  readonly columns?: number;
  readonly colours: Colors;
}

/** The exit code of an invalid or failed command line; `status` also uses it for an unknown standing. */
const failed = 2;

/** The width where there is no terminal: in a file, a mail, a ticket. */
const usualColumns = 120;

/** Returns the exit code. */
export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
  deps: (common: Common) => Dependencies,
): Promise<number> {
  let exitCode = 0;
  const written: string[] = [];
  const unreadable = new Set<string>();
  // Errors quote arguments, files, rows and AWS.
  const writeError = (text: string) => terminal.writeError(printableLines(text));
  try {
    const program = await programFor(argv, {
      commands,
      deps: (common) => leavingOut(deps(common), unreadable),
      write: (text) => written.push(text),
      writeError,
      columns: terminal.columns ?? usualColumns,
      deliver: async (answer, common, its) => {
        await deliver(answer, common, its, terminal);
        exitCode = answer.exitCode?.() ?? 0;
      },
    });
    await program.parseAsync(argv, { from: 'user' });
    if (unreadable.size === 0) return exitCode;
    writeError(leftOut([...unreadable]));
    return failed;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Commander has printed help, the version or an error.
      await terminal.write(written.join(''));
      return error.exitCode === 0 ? 0 : failed;
    }
    writeError(`${await sentenceOf(error)}\n`);
    return failed;
  }
}

/** The same, with a ledger that shows what it can read. */
function leavingOut(deps: Dependencies, unreadable: Set<string>): Dependencies {
  const ledger = async () => {
    const deployed = await deps.ledger();
    return { ...deployed, ledger: deployed.ledger.leavingOut(({ message }) => unreadable.add(message)) };
  };
  return { ...deps, ledger };
}

/** Rows that cannot be read are named up to this many. */
const mostNamed = 10;

function leftOut(messages: readonly string[]): string {
  const count = messages.length;
  const named = messages.slice(0, mostNamed).map((message) => `- ${message.replaceAll('\n', '\n  ')}`);
  const rest = count > mostNamed ? [`and ${count - mostNamed} more`] : [];
  return [`This is incomplete: ${count} ${count === 1 ? 'row' : 'rows'} left out.`, ...named, ...rest, ''].join('\n');
}

async function deliver(
  answer: Answer,
  { json, timeZone }: Common,
  deps: Dependencies,
  terminal: Terminal,
): Promise<void> {
  if (json) {
    for await (const text of answer.json()) await terminal.write(text);
    return;
  }
  const screen = new Screen({
    write: terminal.write,
    width: terminal.columns ?? usualColumns,
    colours: terminal.colours,
    timeZone,
    now: deps.now(),
  });
  await answer.print(screen);
}

/** One sentence for what the user can fix; anything else is a defect of ours and keeps its stack trace. */
async function sentenceOf(error: unknown): Promise<string> {
  if (error instanceof UserError) return printable(error.message);
  if (error instanceof Error && ['ConfigError', 'UnreadableRow'].includes(error.name)) return error.message;
  const { explain, sentence } = await import('./aws/explain.ts');
  const known = explain(error);
  if (known !== undefined) return printable(sentence(known));
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
