import { expect, it } from 'vitest';
import { isSameProblem } from '../../sim/shrink.ts';

it('takes a failure for another one where another database fails, and for the same whatever run it is', () => {
  const problem = {
    at: 1,
    database: 'db001',
    expected: 'operators notified by the clean watch 17',
    seen: 'nobody was',
  };
  expect(isSameProblem({ ...problem, at: 2, expected: 'operators notified by the clean watch 4' }, problem)).toBe(true);
  expect(isSameProblem({ ...problem, database: 'db002' }, problem)).toBe(false);
  expect(isSameProblem({ ...problem, expected: 'no message that waits' }, problem)).toBe(false);
  expect(isSameProblem(undefined, problem)).toBe(false);
});
