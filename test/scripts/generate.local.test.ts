import { expect, test } from 'vitest';
import { generators, outOfDate } from '../../scripts/generate.ts';

test('every generated file is what its code makes now', async () => {
  expect(await outOfDate(generators, false)).toEqual([]);
});

test('a file that is out of date is named, and left alone by a check', async () => {
  const stale = { file: 'tsconfig.json', content: (current: string) => `${current} ` };
  expect(await outOfDate([stale], false)).toEqual(['tsconfig.json']);
  expect(await outOfDate([stale], false)).toEqual(['tsconfig.json']);
});
