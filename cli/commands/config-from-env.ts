import { access } from 'node:fs/promises';
import { parseEnv } from 'node:util';
import { configFromEnv } from '../../shared/config/index.ts';
import { printableJson } from '../../shared/lib/safe-text.ts';
import { answer, command } from '../command.ts';
import { readText, writeText } from '../files.ts';
import { UserError } from '../user-error.ts';

export const configFromEnvironment = command({
  details: 'It needs no AWS. Notes say what could not be carried over, and what to do.',
  arguments: [{ name: '[file]', description: 'a .env file (default: the environment itself)' }],
  options: [
    {
      flags: '--out <file>',
      description: 'write the configuration there, unless that file exists (default: print it)',
    },
  ],
  examples: ['config from-env .env --out config/production.json'],
  json: {
    is: 'object',
    fields: {
      config: 'the configuration',
      notes: 'what could not be carried over, as sentences with what to do',
      file: 'where it was written, or null',
    },
  },
  run: async (deps, args) => {
    const source = args.optional('file');
    const { config, notes } = configFromEnv(source === undefined ? deps.environment : parseEnv(await readText(source)));
    const file = args.optional('out') ?? null;
    const text = `${printableJson(config, 2)}\n`;
    if (file !== null) {
      if (await exists(file)) throw new UserError(`"${file}" exists already: choose another name, or remove it first.`);
      await writeText(file, text);
    }
    return answer({ config, notes, file }, (screen) => {
      if (file === null) void screen.raw(text);
      else screen.line(`Written: ${file}`);
      // On the standard error, so that the configuration can be put into a file.
      for (const note of notes) deps.note(`- ${note}\n`);
    });
  },
});

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
