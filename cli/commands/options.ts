/** Options that several commands share. */
import type { Option } from '../command.ts';

const time = 'a date, a moment (2026-11-23T04:00Z), or how long ago (36h, 7d)';

export const tenantOption = { flags: '--tenant <id>', description: 'only of this tenant' } as const;
/** Whose part of a shared database is meant. */
export const shareOption = {
  flags: '--tenant <id>',
  description: "of a shared database, this tenant's part (default: the database itself)",
} as const;
export const databaseOption = { flags: '--database <id>', description: 'only of this database' } as const;
/** Where databases are. */
export const placeOptions = [
  {
    flags: '--account <account>',
    description: 'only in this AWS account: its id, or its name in the configuration',
  },
  { flags: '--region <name>', description: 'only in this AWS Region' },
] as const;
export const kindOption = {
  flags: '--kind <kind>',
  description: 'instance or cluster, where a name is both (default: either)',
} as const;

export function fromOption(fallback: string): Option<'--from <time>'> {
  return { flags: '--from <time>', description: `${time}; included (default: ${fallback})` };
}

export const toOption = { flags: '--to <time>', description: `${time}; not included (default: now)` } as const;
