/** Arguments and help: commander, configured from the commands' own descriptions. */

import { Command as Commander } from 'commander';
import metadata from '../package.json' with { type: 'json' };
import { defaultStackName } from '../shared/contract.ts';
import { Args } from './args.ts';
import { type Answer, type Command, commonOptions } from './command.ts';
import type { Entry } from './commands/index.ts';
import type { Dependencies } from './dependencies.ts';
import { UserError } from './user-error.ts';

/**
 * What people type, in the clone. The package is not published: outside the clone, `npx rds-backup-ledger` would run whatever
 * somebody else publishes under that name, with the reader's credentials.
 */
export const programName = 'npm run ledger --';

/** Where another program reads the output: npm must not print a heading above it. */
const silentProgramName = 'npm run --silent ledger --';

/** Options that every command has. */
export interface Common {
  readonly json: boolean;
  readonly timeZone: string;
  readonly stack: string;
}

export interface Wiring {
  readonly commands: readonly Entry[];
  /** Makes the dependencies of a command. */
  readonly deps: (common: Common) => Dependencies;
  /** Receives the result of the command. */
  readonly deliver: (answer: Answer, common: Common, deps: Dependencies) => Promise<void>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly columns?: number;
}

const groups: Readonly<Record<string, string>> = {
  alert: 'acknowledge or snooze an open alert',
  copy: 'retry or cancel a copy',
  events: 'events that RDS did not send',
  config: 'check a configuration, plan with it, or generate one',
};

/**
 * The program for one command line; `parseAsync` runs it. Only the command that the line names is loaded: each has libraries
 * of its own.
 */
export async function programFor(argv: readonly string[], wiring: Wiring): Promise<Commander> {
  const program = base(new Commander(programName), wiring)
    .version(metadata.version, '--version', 'print the version')
    .description(
      'Does every tenant have a fresh backup, where is each backup, and who was notified when one was missing?',
    )
    .addHelpText(
      'after',
      `\nExample:\n  $ ${programName} status\n\nHelp on a command: ${programName} <command> --help`,
    );
  const parents = new Map<string, Commander>();
  for (const entry of wiring.commands) {
    const [first = '', second] = entry.name.split(' ');
    const isNamed =
      argv[0] === first && (second === undefined || argv[1] === second || !wiring.commands.some(namedBy(argv)));
    const command = isNamed ? await entry.load() : undefined;
    if (second === undefined) {
      addCommand(program, first, entry, command, wiring);
      continue;
    }
    const parent = parents.get(first) ?? base(program.command(first), wiring).description(groups[first] ?? '');
    if (!parents.has(first) && command) parent.addHelpText('after', `\nExample:\n${examplesOf(command)}`);
    parents.set(first, parent);
    addCommand(parent, second, entry, command, wiring);
  }
  return program;
}

function namedBy(argv: readonly string[]): (entry: Entry) => boolean {
  return ({ name }) => name === argv[0] || name === `${argv[0]} ${argv[1]}`;
}

function base(commander: Commander, { write, writeError, columns }: Wiring): Commander {
  return commander
    .exitOverride()
    .showSuggestionAfterError()
    .helpCommand(false)
    .configureOutput({
      writeOut: write,
      writeErr: writeError,
      ...(columns !== undefined && { getOutHelpWidth: () => columns, getErrHelpWidth: () => columns }),
    });
}

function examplesOf({ examples }: Command): string {
  return examples
    .map((line) => `  $ ${/ --(json|csv)\b/.test(line) ? silentProgramName : programName} ${line}`)
    .join('\n');
}

function addCommand(
  parent: Commander,
  word: string,
  { summary }: Entry,
  command: Command | undefined,
  wiring: Wiring,
): void {
  const commander = base(parent.command(word), wiring).summary(summary);
  if (command === undefined) return;
  commander.description(`${sentence(summary)}${command.details ? `\n\n${command.details}` : ''}`);
  for (const { name, description } of command.arguments ?? []) commander.argument(name, description);
  for (const { flags, description } of command.options ?? []) commander.option(flags, description);
  for (const { flags, description } of commonOptions) commander.option(flags, description);
  commander
    .addHelpText('after', `\n${command.examples.length === 1 ? 'Example' : 'Examples'}:\n${examplesOf(command)}`)
    .action(async () => {
      const values: Record<string, unknown> = { ...commander.opts() };
      for (const [index, argument] of commander.registeredArguments.entries()) {
        values[argument.name()] = commander.processedArgs[index];
      }
      const { json, tz, stack } = values;
      const common: Common = {
        json: json === true,
        timeZone: typeof tz === 'string' ? knownZone(tz) : 'UTC',
        stack: typeof stack === 'string' ? stack : defaultStackName,
      };
      const deps = wiring.deps(common);
      await wiring.deliver(await command.run(deps, new Args(values, deps.now())), common, deps);
    });
}

/** Rejects a mistyped zone before the command runs. */
function knownZone(name: string): string {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
  } catch {
    throw new UserError(`--tz must be an IANA time zone, e.g. Europe/Berlin, got "${name}".`);
  }
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
