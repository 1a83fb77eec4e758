import { meaningsOf } from '../../shared/domain/index.ts';
import { command, listing } from '../command.ts';
import { type DoctorFinding, type FindingKind, findingSchema } from '../doctor/finding.ts';
import { readText } from '../files.ts';
import type { Screen } from '../screen.ts';

export const doctor = command({
  details:
    'Checks credentials, stack, configuration, sweeps, failed copies, subscriptions, text messages, functions, dead letters, key, roles and alarms. Exit code 0: nothing is wrong. 1: something is. 2: nothing that could be read is wrong, but something could not be read.',
  options: [
    {
      flags: '--config <file>',
      description: 'the configuration that should be deployed (default: it is compared with no file)',
    },
  ],
  examples: ['doctor', 'doctor --config config/production.json'],
  json: {
    is: 'list',
    fields: meaningsOf(findingSchema),
  },
  run: async (deps, args) => {
    const file = args.optional('config');
    const local = file === undefined ? undefined : { text: await readText(file), name: file };
    const kinds = new Set<FindingKind>();
    const findings = noted((await deps.cloud()).examine({ ...(local && { local }) }), kinds);
    return {
      ...listing(findings, print),
      exitCode: () => (kinds.has('problem') ? 1 : kinds.has('unread') ? 2 : 0),
    };
  },
});

async function* noted(findings: AsyncIterable<DoctorFinding>, kinds: Set<FindingKind>): AsyncIterable<DoctorFinding> {
  for await (const finding of findings) {
    kinds.add(finding.kind);
    yield finding;
  }
}

async function print(screen: Screen, findings: AsyncIterable<DoctorFinding>): Promise<void> {
  const { green, yellow, red, bold, dim } = screen.colours;
  const signs = { ok: green('ok'), warning: yellow('check'), problem: bold(red('WRONG')), unread: yellow('?') };
  let [wrong, unread] = [0, 0];
  for await (const { check, kind, found, cure } of findings) {
    screen.pairs([[check.padEnd(13), `${signs[kind]}  ${found}`]]);
    if (cure) screen.line(`${dim('→')} ${cure}`, ' '.repeat(17));
    if (kind === 'problem') wrong += 1;
    if (kind === 'unread') unread += 1;
  }
  screen.line();
  const open = unread > 0 ? ` ${unread} could not be read.` : '';
  const fine = unread > 0 ? 'Nothing that could be read is wrong.' : 'Nothing is wrong.';
  screen.line(wrong === 0 ? fine + open : bold(red(`${wrong} to fix.`)) + open);
}
