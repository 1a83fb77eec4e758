/** Arguments and help: commander fed with the commands' own descriptions. */
import { Command as Commander } from 'commander';
import { Args } from './args.ts';
import type { Answer, Command } from './command.ts';
import type { Entry } from './commands/index.ts';
import type { Parts } from './parts.ts';
import { UserError } from './user-error.ts';

export const programName = 'rds-backup-ledger';

/** Options that every command has. */
export interface Common {
  readonly json: boolean;
  readonly timeZone: string;
  readonly stack: string;
}

export interface Wiring {
  readonly commands: readonly Entry[];
  /** Makes the parts that a command runs on. */
  readonly parts: (common: Common) => Parts;
  /** Gets the answer of the command that ran. */
  readonly deliver: (answer: Answer, common: Common, parts: Parts) => Promise<void>;
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly columns?: number;
}

const groups: Readonly<Record<string, string>> = {
  alert: 'look after an open alert, or keep it quiet',
  copy: 'try a copy again, or stop it',
  events: 'events that never came',
  config: 'check a configuration, plan with it, or make one',
};

/**
 * The program for one command line; `parseAsync` runs it. Commands that the line is not about are only named: each of them
 * has libraries of its own.
 */
export async function programFor(argv: readonly string[], wiring: Wiring): Promise<Commander> {
  const program = base(new Commander(programName), wiring)
    .description(
      'Does every tenant have a fresh backup, where is each backup, and who was notified when one was missing?',
    )
    .addHelpText(
      'after',
      `\nExample:\n  $ ${programName} status\n\nHelp on one of them: ${programName} <command> --help`,
    );
  const parents = new Map<string, Commander>();
  for (const entry of wiring.commands) {
    const [first = '', second] = entry.name.split(' ');
    const asked =
      argv[0] === first && (second === undefined || argv[1] === second || !wiring.commands.some(isAsked(argv)));
    const command = asked ? await entry.load() : undefined;
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

function isAsked(argv: readonly string[]): (entry: Entry) => boolean {
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
  return examples.map((line) => `  $ ${programName} ${line}`).join('\n');
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
  commander
    .option('--json', 'print the facts as JSON')
    .option('--tz <zone>', 'IANA name of the time zone that times are shown in (default: UTC)')
    .option('--stack <name>', 'name of the deployed stack (default: RdsBackupLedger)')
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
        stack: typeof stack === 'string' ? stack : 'RdsBackupLedger',
      };
      const parts = wiring.parts(common);
      await wiring.deliver(await command.run(parts, new Args(values, parts.now())), common, parts);
    });
}

/** A mistyped zone is reported before anything is done, not afterwards. */
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
