/** The command line on this machine: its terminal, its environment, its AWS. */
import { once } from 'node:events';
import { userInfo } from 'node:os';
import { createInterface } from 'node:readline';
import pc from 'picocolors';
import { printable, printableLines } from '../shared/lib/safe-text.ts';
import type { Dependencies } from './dependencies.ts';
import type { Common } from './program.ts';
import { runCommandLine } from './run.ts';

/** Runs one command line; returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const { stdout, stderr, env } = process;
  // A reader that closes early (`| head`) is not an error.
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  // Colours only on a terminal, or with FORCE_COLOR, for a pipe that ends in one.
  const coloured = pc.isColorSupported && (stdout.isTTY === true || env.FORCE_COLOR !== undefined);
  const terminal = {
    write: async (text: string) => {
      if (!stdout.write(text)) await once(stdout, 'drain');
    },
    writeError: (text: string) => void stderr.write(text),
    ...(stdout.columns && { columns: stdout.columns }),
    colours: pc.createColors(coloured),
  };
  return runCommandLine(argv, terminal, dependenciesOf);
}

function dependenciesOf({ stack }: Common): Dependencies {
  const { stdin, stdout, stderr, env } = process;
  const now = () => new Date();
  const aws = lazily(async () => (await import('./aws/aws-dependencies.ts')).awsDependencies({ stack, now }));
  return {
    now,
    environment: env,
    user: () => env.USER ?? userInfo().username,
    open: async (file) => {
      const { default: open } = await import('open');
      await open(file);
    },
    note: (text) => void stderr.write(printableLines(text)),
    progress: (text) => {
      if (stderr.isTTY) stderr.write(`\r\u001b[2K${printable(text)}`);
    },
    ...(stdin.isTTY && stdout.isTTY && { confirm: askOnTerminal }),
    ledger: async () => (await aws()).ledger(),
    cloud: async () => (await aws()).cloud,
  };
}

/** No unless the answer is yes; the end of the input and Ctrl-C are no, too. */
async function askOnTerminal(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await new Promise<string>((resolve) => {
    terminal.once('close', () => resolve(''));
    terminal.question(`${printable(question)} [y/N] `, resolve);
  });
  terminal.close();
  return /^y(es)?$/i.test(answer.trim());
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
