/** Runs one command line: finds the facts, prints them, and turns errors into one sentence. */
import { CommanderError } from 'commander';
import type { Colors } from 'picocolors/types.js';
import type { Answer } from './command.ts';
import { commands } from './commands/index.ts';
import type { Parts } from './parts.ts';
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

/** The exit code of a command line that is wrong, or that could not be answered: `status` cannot tell, either. */
const failed = 2;

/** Lines are this long where nobody says how long they may be: in a file, a mail, a ticket. */
const usualColumns = 120;

/** Returns the exit code. */
export async function runCommandLine(
  argv: readonly string[],
  terminal: Terminal,
  parts: (common: Common) => Parts,
): Promise<number> {
  let exitCode = 0;
  const written: string[] = [];
  try {
    const program = await programFor(argv, {
      commands,
      parts,
      write: (text) => written.push(text),
      writeError: terminal.writeError,
      columns: terminal.columns ?? usualColumns,
      deliver: async (answer, common, its) => {
        await deliver(answer, common, its, terminal);
        exitCode = answer.exitCode?.() ?? 0;
      },
    });
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) {
      // Help was asked for, or commander has said what is wrong.
      await terminal.write(written.join(''));
      return error.exitCode === 0 ? 0 : failed;
    }
    terminal.writeError(`${await sentenceOf(error)}\n`);
    return failed;
  }
}

async function deliver(answer: Answer, { json, timeZone }: Common, parts: Parts, terminal: Terminal): Promise<void> {
  if (json) {
    for await (const text of answer.json()) await terminal.write(text);
    return;
  }
  const screen = new Screen({
    write: terminal.write,
    width: terminal.columns ?? usualColumns,
    colours: terminal.colours,
    timeZone,
    now: parts.now(),
  });
  await answer.print(screen);
}

/** What the user can put right in one sentence; anything else is ours, and needs its stack trace. */
async function sentenceOf(error: unknown): Promise<string> {
  if (error instanceof UserError) return error.message;
  if (error instanceof Error && ['ConfigError', 'UnreadableRow'].includes(error.name)) return error.message;
  const { explain, sentence } = await import('./aws/explain.ts');
  const known = explain(error);
  if (known !== undefined) return sentence(known);
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
