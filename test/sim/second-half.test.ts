import { expect, it } from 'vitest';
import { fixedBlock, leastDueDays, onceFailed } from '../../sim/seeds.ts';
import { played } from './played.ts';

it('five more years of databases hold', async () => {
  expect(await played(fixedBlock[1])).toBeGreaterThan(leastDueDays);
}, 300_000);

it('seeds that once failed hold', async () => {
  expect(await played(onceFailed)).toBeGreaterThan(0);
}, 300_000);
