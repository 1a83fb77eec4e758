import { expect, it } from 'vitest';
import { live } from '../../sim/life.ts';
import { fixedBlock, leastDueDays } from '../../sim/seeds.ts';
import { storyOf } from '../../sim/story.ts';
import { played } from './played.ts';

it('five years of databases hold', async () => {
  expect(await played(fixedBlock[0])).toBeGreaterThan(leastDueDays);
}, 300_000);

it('a seed does the same twice, and another seed something else', async () => {
  const [one, again, other] = [await live(storyOf(21)), await live(storyOf(21)), await live(storyOf(59))];
  expect(again.digest).toBe(one.digest);
  expect(other.digest).not.toBe(one.digest);
});
