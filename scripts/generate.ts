/**
 * `npm run generate` writes the files that are made from code; with `--check` it writes nothing and fails with the names of
 * those that are out of date, as CI and the tests do.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { causesPage } from './generate/causes.ts';
import { cliPage } from './generate/cli.ts';
import { configurationSchema, configurationTable } from './generate/configuration.ts';
import { costPage } from './generate/cost.ts';
import { messagesPage } from './generate/messages.ts';
import { reportScript } from './generate/report.ts';
import { verdictsPage } from './generate/verdicts.ts';

/** A file that is made from code. */
export interface Generator {
  /** Path from the repository's root. */
  readonly file: string;
  /** What the file is to hold; `current` is what it holds now, for files that are generated in part. */
  readonly content: (current: string) => string | Promise<string>;
}

export const generators: readonly Generator[] = [
  configurationSchema,
  configurationTable,
  cliPage,
  messagesPage,
  verdictsPage,
  causesPage,
  costPage,
  reportScript,
];

const root = join(import.meta.dirname, '..');

/** The files whose content is not what their generator makes; `write` puts that right. */
export async function outOfDate(list: readonly Generator[], write: boolean): Promise<string[]> {
  const stale: string[] = [];
  for (const { file, content } of list) {
    const path = join(root, file);
    const current = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    const wanted = await content(current);
    if (wanted === current) continue;
    stale.push(file);
    if (write) await writeFile(path, wanted);
  }
  return stale;
}

if (process.argv[1] === import.meta.filename) {
  const check = process.argv.includes('--check');
  const stale = await outOfDate(generators, !check);
  for (const file of stale) console.log(check ? `out of date: ${file}` : `written: ${file}`);
  if (check && stale.length > 0) {
    console.error('Run "npm run generate" and commit what it writes.');
    process.exitCode = 1;
  }
}
