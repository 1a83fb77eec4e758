/** The command line: builds what commands run on, prints what they found, and turns errors into one sentence. */
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { CommanderError } from 'commander';
import pc from 'picocolors';
import type { Answer } from './command.ts';
import { commands } from './commands/index.ts';
import type { Parts } from './parts.ts';
import { type Common, programFor } from './program.ts';
import { Screen } from './screen.ts';
import { UserError } from './user-error.ts';

/** The exit code of a command line that is wrong, or that could not be answered: `status` cannot tell, either. */
const failed = 2;

/** Runs one command line; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const { stdout, stderr, env } = process;
  // Somebody who reads the first lines only (`| head`) is no error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  let exitCode = 0;
  const program = await programFor(argv, {
    commands,
    parts: realParts,
    write: (text) => stdout.write(text),
    writeError: (text) => stderr.write(text),
    ...(stdout.columns && { columns: stdout.columns }),
    deliver: async (answer, common, parts) => {
      await deliver(answer, common, parts);
      exitCode = answer.exitCode?.() ?? 0;
    },
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    // Help was asked for, or commander has said what is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : failed;
    stderr.write(`${await sentenceOf(error)}\n`);
    return failed;
  }

  function realParts({ stack }: Common): Parts {
    const now = () => new Date();
    const aws = async () => (await import('./aws/aws-parts.ts')).awsParts({ stack, environment: env, now });
    const parts = lazily(aws);
    return {
      now,
      environment: env,
      user: () => env.USER ?? userInfo().username,
      open: async (file) => {
        const { default: open } = await import('open');
        await open(file);
      },
      note: (text) => void stderr.write(text),
      progress: (text) => {
        if (stderr.isTTY) stderr.write(`\r\u001b[2K${text}`);
      },
      ledger: async () => (await parts()).ledger(),
      cloud: async () => (await parts()).cloud,
    };
  }

  async function deliver(answer: Answer, { json, timeZone }: Common, parts: Parts): Promise<void> {
    if (json) {
      for await (const text of answer.json()) if (!stdout.write(text)) await once(stdout, 'drain');
      return;
    }
    await answer.print(
      new Screen({
        write: (text) => stdout.write(text),
        width: stdout.columns ?? 120,
        colours: pc.createColors(coloured()),
        timeZone: knownZone(timeZone),
        now: parts.now(),
      }),
    );
  }

  function coloured(): boolean {
    return env.FORCE_COLOR ? pc.isColorSupported : stdout.isTTY === true && pc.isColorSupported;
  }
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

function knownZone(name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new UserError(`--tz must be an IANA time zone, e.g. Europe/Berlin, got "${name}".`);
  }
}

/** What the user can put right in one sentence; anything else is ours, and needs its stack trace. */
async function sentenceOf(error: unknown): Promise<string> {
  if (error instanceof UserError) return error.message;
  const { explain } = await import('./aws/explain.ts');
  const known = explain(error);
  if (known !== undefined) return known;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
