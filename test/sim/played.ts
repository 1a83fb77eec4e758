import { expect } from 'vitest';
import { live } from '../../sim/life.ts';
import { storyOf } from '../../sim/story.ts';

/** Plays seeds, each of which has to hold; returns the days on which a backup was due, of all databases. */
export async function played(seeds: readonly number[]): Promise<number> {
  let dueDays = 0;
  for (const seed of seeds) {
    const { problem, totals } = await live(storyOf(seed));
    expect({ seed, problem }).toEqual({ seed, problem: undefined });
    dueDays += totals.dueDays;
  }
  return dueDays;
}
