import { expect, it } from 'vitest';
import { live } from '../../sim/life.ts';
import { storyOf } from '../../sim/story.ts';

it('a seed does the same twice, and another seed something else', async () => {
  const [one, again, other] = [await live(storyOf(41)), await live(storyOf(41)), await live(storyOf(59))];
  expect(one.problem).toBeUndefined();
  expect(again.digest).toBe(one.digest);
  expect(other.digest).not.toBe(one.digest);
});
