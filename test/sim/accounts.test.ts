import { expect, it } from 'vitest';
import { playAccounts } from '../../sim/accounts.ts';

/** Twenty environments for a month take a minute: `npm run sim -- --accounts`. */
it.each([1, 2])(
  'what happens in one account and Region concerns nobody else: seed %d',
  async (seed) => {
    const outcome = await playAccounts({ seed, environments: 6, days: 6 });
    expect(outcome.problem).toBeUndefined();
    expect(outcome.messages['environment-trouble']).toBeGreaterThan(0);
  },
  120_000,
);
