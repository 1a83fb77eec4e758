import { configHash, parseConfig } from '../../shared/config/index.ts';
import { answer, command } from '../command.ts';
import { configWhere, defaultConfig, whereOptions } from '../config-file.ts';
import { readText } from '../files.ts';
import { plural } from '../screen.ts';

export const configCheck = command({
  details: 'It needs no AWS. Exit code 1 where there is a mistake.',
  arguments: [{ name: '[file]', description: `the configuration (default: ${defaultConfig})` }],
  options: whereOptions,
  examples: ['config check', 'config check config/production.json'],
  json: {
    is: 'object',
    fields: {
      file: 'the file',
      ok: 'whether it can be deployed',
      mistakes: 'each as `<path>: <what is wrong>`',
      sha256: 'SHA-256 of its bytes, as sweeps record it',
    },
  },
  run: async (deps, args) => {
    const file = args.optional('file') ?? defaultConfig;
    const text = await readText(file);
    const sha256 = configHash(text);
    const where = { ...configWhere(deps, args), name: file };
    try {
      const { tenants, databases } = parseConfig(text, where);
      return answer({ file, ok: true, mistakes: [], sha256 }, (screen) => {
        screen.line(
          `${screen.colours.green('OK')}  ${file}: ${plural(tenants.length, 'tenant')}, ${plural(databases.length, 'database')}.`,
        );
      });
    } catch (error) {
      const mistakes = mistakesOf(error);
      return answer(
        { file, ok: false, mistakes, sha256 },
        (screen) => {
          screen.line(screen.colours.red(`${file} has ${plural(mistakes.length, 'mistake')}:`));
          for (const mistake of mistakes) screen.line(mistake, '  ');
        },
        1,
      );
    }
  },
});

function mistakesOf(error: unknown): readonly string[] {
  if (error instanceof Error && 'mistakes' in error && Array.isArray(error.mistakes)) return error.mistakes.map(String);
  throw error;
}
