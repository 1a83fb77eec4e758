import { expect, it } from 'vitest';
import { live } from '../../sim/life.ts';
import { fixedBlock, onceFailed } from '../../sim/seeds.ts';
import { storyOf } from '../../sim/story.ts';

it.each([...onceFailed])('seed %i holds, which once failed', async (seed: number) => {
  expect((await live(storyOf(seed))).problem).toBeUndefined();
});

it('a fixed block of seeds holds over ten years of databases', async () => {
  let dueDays = 0;
  for (const seed of fixedBlock) {
    const { problem, totals } = await live(storyOf(seed));
    expect({ seed, problem }).toEqual({ seed, problem: undefined });
    dueDays += totals.dueDays;
  }
  expect(dueDays / 365).toBeGreaterThan(10);
}, 300_000);

it('a seed tells the same story twice', async () => {
  const [one, other] = [await live(storyOf(11)), await live(storyOf(11))];
  expect(one.digest).toBe(other.digest);
});
