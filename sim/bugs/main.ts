/**
 * `npm run sim:bugs` plants each bug into a copy of the sources, one at a time, and plays seeds on it: the simulation's own test. It
 * ends with 1 where a bug is not found within its seeds. Names, or parts of them, as arguments pick bugs.
 */
import { spawnSync } from 'node:child_process';
import { cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Table from 'cli-table3';
import { type Bug, bugs } from './bugs.ts';

const root = join(import.meta.dirname, '../..');
const scratch = join(root, '.local/sim-bugs');

/** What the simulation is made of. */
const sources = ['shared', 'local', 'sim', 'test/support', 'test/shared', 'package.json', 'tsconfig.json'];

interface Found {
  readonly bug: Bug;
  /** Seeds that were played; the last one failed. Absent: none failed. */
  readonly seeds?: number;
  readonly expected: string;
  readonly seconds: number;
}

/** Puts the bug into the scratch folder's file, and answers with the file as it was; an error where its text is not there once. */
async function plant({ name, file, from, to }: Bug): Promise<string> {
  const whole = await readFile(join(root, file), 'utf8');
  const times = whole.split(from).length - 1;
  if (times !== 1) throw new Error(`the bug "${name}" no longer fits: its text is in ${file} ${times} times`);
  await writeFile(
    join(scratch, file),
    whole.replace(from, () => to),
  );
  return whole;
}

function play(bug: Bug): Found {
  const started = performance.now();
  const kind = bug.quarter ? ['--quarter'] : bug.shared ? ['--shared', '--days', '8'] : [];
  const seeds = ['--seed', '1', '--seeds', String(bug.within), '--no-shrink'];
  const args = ['--import', 'tsx', 'sim/main.ts', ...kind, ...seeds];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, {
    cwd: scratch,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const seconds = (performance.now() - started) / 1_000;
  const failed = /^seed (\d+) fails/m.exec(stdout);
  const expected = /^ {2}expected: (.*)$/m.exec(stdout)?.[1] ?? /fails in hour \d+: (.*)/.exec(stdout)?.[1] ?? '';
  if (failed?.[1]) return { bug, seeds: Number(failed[1]), expected, seconds };
  if (status !== 0) throw new Error(`the simulation of "${bug.name}" broke off: ${stderr.slice(-2_000)}`);
  return { bug, expected, seconds };
}

const wanted = process.argv.slice(2);
await rm(scratch, { recursive: true, force: true });
await mkdir(join(scratch, 'test'), { recursive: true });
for (const source of sources) await cp(join(root, source), join(scratch, source), { recursive: true });
await symlink(join(root, 'node_modules'), join(scratch, 'node_modules'));

const table = new Table({
  head: ['bug', 'found with seed', 'of at most', 'expected was', 's'],
  style: { head: [], border: [] },
  colWidths: [34, 10, 9, 58, 6],
  wordWrap: true,
});
let missed = 0;
for (const bug of bugs.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))) {
  const whole = await plant(bug);
  const { seeds, expected, seconds } = play(bug);
  await writeFile(join(scratch, bug.file), whole);
  if (seeds === undefined) missed += 1;
  console.log(`${bug.name}: ${seeds === undefined ? `not found in ${bug.within} seeds` : `found with seed ${seeds}`}`);
  table.push([bug.name, seeds ?? 'not found', bug.within, expected.slice(0, 110), Math.round(seconds)]);
}
console.log(String(table));
await rm(scratch, { recursive: true, force: true });
if (missed > 0) process.exitCode = 1;
