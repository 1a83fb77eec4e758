import { resolve } from 'node:path';
import {
  configHash,
  parseConfig,
  regionsWithoutExports,
  sharedWithoutTenant,
  tenantsWithoutDatabase,
} from '../../shared/config/index.ts';
import { answer, command } from '../command.ts';
import { configWhere, defaultConfig, whereOptions } from '../config-file.ts';
import {
  databasesText,
  environmentCounts,
  environmentCountsMeaning,
  printEnvironments,
} from '../environment-counts.ts';
import { readText } from '../files.ts';
import { plural } from '../screen.ts';

export const configCheck = command({
  details: 'It needs no AWS. Exit code 1 where there is a mistake; warnings do not count.',
  arguments: [{ name: '[file]', description: `the configuration (default: ${defaultConfig})` }],
  options: whereOptions,
  examples: ['config check', 'config check config/production.json'],
  json: {
    is: 'object',
    fields: {
      file: 'the file',
      ok: 'whether it can be deployed',
      mistakes: 'each as `<path>: <what is wrong>`; or what of the quotas of AWS the stack would exceed, as sentences',
      warnings:
        'what is perhaps not meant, as sentences: a tenant of whose databases none is watched, a shared database that no tenant refers to, copies that would be skipped since their Region has no exports',
      environments: `${environmentCountsMeaning}; empty where there is a mistake`,
      sha256: 'SHA-256 of its bytes, as sweeps record it',
    },
  },
  run: async (deps, args) => {
    const file = args.optional('file') ?? defaultConfig;
    const text = await readText(file);
    const sha256 = configHash(text);
    const where = { ...configWhere(deps, args), name: file };
    try {
      const fleet = parseConfig(text, where);
      const { tenants, databases } = fleet;
      // Here, since the CDK takes a second to load.
      const { obstaclesTo } = await import('../../infra/dry-run.ts');
      const obstacles = obstaclesTo(fleet, resolve(file));
      if (obstacles.length > 0) return refusal(file, obstacles, sha256);
      const warnings = [
        ...tenantsWithoutDatabase(fleet),
        ...sharedWithoutTenant(fleet),
        ...regionsWithoutExports(fleet),
      ];
      const environments = environmentCounts(fleet);
      return answer({ file, ok: true, mistakes: [], warnings, environments, sha256 }, (screen) => {
        screen.line(
          `${screen.colours.green('OK')}  ${file}: ${plural(tenants.length, 'tenant')}, ${databasesText(databases)}.`,
        );
        printEnvironments(screen, environments);
        for (const warning of warnings) screen.line(`${screen.colours.yellow('WARNING')}  ${warning}.`);
      });
    } catch (error) {
      return refusal(file, mistakesOf(error), sha256);
    }
  },
});

function refusal(file: string, mistakes: readonly string[], sha256: string) {
  return answer(
    { file, ok: false, mistakes, warnings: [], environments: [], sha256 },
    (screen) => {
      screen.line(screen.colours.red(`${file} has ${plural(mistakes.length, 'mistake')}:`));
      for (const mistake of mistakes) screen.line(mistake, '  ');
    },
    1,
  );
}

function mistakesOf(error: unknown): readonly string[] {
  if (error instanceof Error && 'mistakes' in error && Array.isArray(error.mistakes)) return error.mistakes.map(String);
  throw error;
}
