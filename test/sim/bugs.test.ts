/** The bugs that `npm run sim:bugs` plants fit the code as it is. Whether the simulation finds them takes longer than a test may. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bugs } from '../../sim/bugs/bugs.ts';

const root = join(import.meta.dirname, '../..');

it('are 25 or more, each with a name of its own', () => {
  expect(new Set(bugs.map(({ name }) => name)).size).toBe(bugs.length);
  expect(bugs.length).toBeGreaterThanOrEqual(25);
});

it.each(bugs.map((bug) => [bug.name, bug] as const))(
  '%s: its text is in its file once',
  async (_, { file, from, to }) => {
    expect((await readFile(join(root, file), 'utf8')).split(from)).toHaveLength(2);
    expect(to).not.toBe(from);
  },
);
