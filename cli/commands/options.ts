/** Options that several commands share. */
import type { Option } from '../command.ts';

const time = 'a date, a moment (2026-11-23T04:00Z), or how long ago (36h, 7d)';

export const tenantOption: Option = { flags: '--tenant <id>', description: 'only of this tenant' };
export const databaseOption: Option = { flags: '--database <id>', description: 'only of this database' };
export const kindOption: Option = {
  flags: '--kind <kind>',
  description: 'instance or cluster, where a name is both (default: either)',
};

export function fromOption(fallback: string): Option {
  return { flags: '--from <time>', description: `${time}; included (default: ${fallback})` };
}

export const toOption: Option = { flags: '--to <time>', description: `${time}; not included (default: now)` };
