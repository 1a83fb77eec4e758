/** What operators read of tags that watch less than before, or that lead alerts to others. */
import { type DatabaseKey, environmentOf } from '../../domain/index.ts';
import type { TagChange } from '../../evaluation/index.ts';
import { oneLine } from '../../lib/safe-text.ts';
import { limits, type MessageContext, placeOf } from './context.ts';

/** One change, and the database that it hits. */
export interface TagChangeEntry {
  readonly database: DatabaseKey;
  readonly databaseId: string;
  /** Whose the database is, or was last; absent where it never was anybody's. */
  readonly tenant?: string;
  readonly change: TagChange;
  /** Whether the configuration does not list the tenant that it moved to: that one has no recipients of its own. */
  readonly toOperatorsAlone: boolean;
}

/** Longest text of a change: a tag's value has 256 characters. */
const maxText = 400;

interface Description {
  readonly text: string;
  readonly before: string | null;
  readonly after: string | null;
}

type Describe<Code extends TagChange['code']> = (
  change: Extract<TagChange, { readonly code: Code }>,
  toOperatorsAlone: boolean,
) => Description;

/** What hits hardest first; `phrase` follows a number. */
const table: { readonly [Code in TagChange['code']]: { readonly phrase: string; readonly describe: Describe<Code> } } =
  {
    removed: {
      phrase: 'no longer watched',
      describe: ({ tenant }) => ({
        text: 'no longer watched, since its tag was removed: nobody is alerted of it any more',
        before: tenant,
        after: null,
      }),
    },
    'restore-test': {
      phrase: 'restored for a test',
      describe: ({ tenant }) => ({
        text: `a restore test with the tags of tenant ${tenant}: not watched for its first 8 days, unless the configuration lists it`,
        before: null,
        after: tenant,
      }),
    },
    excluded: {
      phrase: 'excluded',
      describe: ({ reason }) => ({
        text: `excluded, so nobody is alerted of it: ${reason}`,
        before: null,
        after: reason,
      }),
    },
    'tenant-changed': {
      phrase: 'moved to another tenant',
      describe: ({ before, after }, toOperatorsAlone) => ({
        text: `moved from tenant ${before} to tenant ${after}: ${
          toOperatorsAlone
            ? 'the configuration does not list that one, so operators alone get its alerts'
            : "that one's recipients get its alerts now"
        }`,
        before,
        after,
      }),
    },
    'longer-age': {
      phrase: 'overdue later',
      describe: ({ before, after }) => ({
        text: `overdue only after ${after} h, instead of ${before} h`,
        before: String(before),
        after: String(after),
      }),
    },
    'not-copied': {
      phrase: 'no longer copied',
      describe: ({ before }) => ({
        text: `not copied to S3 (copy mode none instead of ${before})`,
        before,
        after: 'none',
      }),
    },
    refused: {
      phrase: 'refused',
      describe: ({ claim, answer }) => ({ text: `${claim}; ${answer}`, before: null, after: null }),
    },
  };

const codes = Object.keys(table) as readonly TagChange['code'][];

export function hardestFirst(entries: readonly TagChangeEntry[]): TagChangeEntry[] {
  return entries.toSorted((a, b) => codes.indexOf(a.change.code) - codes.indexOf(b.change.code));
}

/** `1 excluded, 2 overdue later` */
export function tagChangeCounts(entries: readonly TagChangeEntry[]): string {
  return codes
    .map((code) => ({ count: entries.filter(({ change }) => change.code === code).length, ...table[code] }))
    .filter(({ count }) => count > 0)
    .map(({ count, phrase }) => `${count} ${phrase}`)
    .join(', ');
}

/** `crm (acme): overdue only after 48 h, instead of 24 h` */
export function tagChangeLine(entry: TagChangeEntry, { environments }: Pick<MessageContext, 'environments'>): string {
  const { database, databaseId, tenant } = entry;
  const place = placeOf(environmentOf(database), { environments, audience: 'operators' });
  const both = [
    ...(tenant === undefined ? [] : [oneLine(tenant, limits.tenant)]),
    ...(place === undefined ? [] : [place]),
  ];
  const whose = both.length === 0 ? '' : ` (${both.join(', ')})`;
  return `${oneLine(databaseId, limits.name)}${whose}: ${oneLine(described(entry).text, maxText)}`;
}

/** One change in the JSON body. */
export function tagChangeData(entry: TagChangeEntry): object {
  const { database, databaseId, tenant, change } = entry;
  const { text, before, after } = described(entry);
  return {
    tenant: tenant === undefined ? null : oneLine(tenant, 128),
    database: oneLine(databaseId, limits.name),
    key: oneLine(database, 256),
    ...environmentOf(database),
    change: change.code,
    before: before === null ? null : oneLine(before, 256),
    after: after === null ? null : oneLine(after, 256),
    text: oneLine(text, maxText),
  };
}

/** All changes as a text file, a line each. */
export function tagChangeList(
  entries: readonly TagChangeEntry[],
  context: Pick<MessageContext, 'environments'>,
): string {
  return hardestFirst(entries)
    .map((entry) => `${tagChangeLine(entry, context)}\n`)
    .join('');
}

function described<Code extends TagChange['code']>({
  change,
  toOperatorsAlone,
}: TagChangeEntry & { readonly change: { readonly code: Code } }): Description {
  const { describe } = table[change.code as Code];
  return describe(change as Extract<TagChange, { readonly code: Code }>, toOperatorsAlone);
}
