/**
 * What the tags of a database changed towards less watching or another recipient, as against what operators know: each
 * change is notified once. Changes towards more watching need no message. Pure.
 */
import type { ConfiguredDatabase, TagReading } from '../config/index.ts';
import {
  type CopyMode,
  type DatabaseKey,
  type DatabaseKind,
  type DatabaseRow,
  type KnownTags,
  knownTagsSchema,
  laterFields,
} from '../domain/index.ts';

export type TagChange =
  /** Nobody watches it any more: the tag that enrolled it was removed. */
  | { readonly code: 'removed'; readonly tenant: string }
  /** It would enrol as this tenant's, and is passed over for its first 8 days. */
  | { readonly code: 'restore-test'; readonly tenant: string }
  | { readonly code: 'excluded'; readonly reason: string }
  | { readonly code: 'tenant-changed'; readonly before: string; readonly after: string }
  | { readonly code: 'longer-age'; readonly before: number; readonly after: number }
  | { readonly code: 'not-copied'; readonly before: CopyMode }
  /** A tag asks for something that it does not get: it is wrong, or the configuration does not allow it. */
  | { readonly code: 'refused'; readonly claim: string; readonly answer: string };

/** What a database's row says of its tags. */
type OnRow = Pick<DatabaseRow, 'exclusion' | 'knownTags'>;

/** The changes of one database that operators are to be notified of. */
export interface TagNotice {
  readonly key: DatabaseKey;
  readonly id: string;
  readonly kind: DatabaseKind;
  /** Whose it is now, or was last; absent where it never was anybody's. */
  readonly tenant?: string;
  /** At least one. */
  readonly changes: readonly TagChange[];
  /** What the row says until they were notified, and from then on. */
  readonly pending: ReturnType<typeof tagStateOf>;
  readonly notified: OnRow;
}

export interface TagComparison {
  readonly changes: readonly TagChange[];
  /** Written now: what operators know, or need not be notified of. */
  readonly pending: OnRow;
  /** Written once operators were notified, or a message that does not get out would never be made up for. */
  readonly notified: OnRow;
}

/**
 * Compares what the tags of a database say with its row. `tags` is absent where they are not known: RDS does not show the
 * database, or the configuration lists it, or takes no notice of tags.
 */
export function compareTags(
  row: DatabaseRow | undefined,
  configured: ConfiguredDatabase | undefined,
  tags: TagReading | undefined,
): TagComparison {
  const later = laterFields(knownTagsSchema, row?.knownTags);
  if (configured?.enrolledBy === 'configuration') return unchanged(onRow(configured.excluded, later));
  if (tags === undefined) return unchanged(onRow(configured && row?.exclusion, row?.knownTags ?? {}));
  const known = row?.knownTags ?? {};
  const claims = tags.problems.map(({ claim }) => claim);
  const isKnown = (claim: string) => known.refused?.includes(claim) === true;
  const refused = tags.problems.filter(({ claim }) => !isKnown(claim));
  const pendingRefused = { refused: claims.filter(isKnown) };
  if (tags.restoreTestOf !== undefined) {
    const isNew = known.restoreTest !== true;
    return {
      changes: isNew ? [{ code: 'restore-test', tenant: tags.restoreTestOf }] : [],
      pending: onRow(undefined, { ...later, ...(!isNew && { restoreTest: true }) }),
      notified: onRow(undefined, { ...later, restoreTest: true }),
    };
  }
  if (configured === undefined) {
    const tenant = known.tenant ?? (row?.enrolledBy === 'tag' ? row.tenant : undefined);
    return {
      changes: [...(tenant === undefined ? [] : [{ code: 'removed', tenant } as const]), ...refusals(refused)],
      pending: onRow(undefined, { ...later, ...(tenant !== undefined && { tenant }), ...pendingRefused }),
      notified: onRow(undefined, { ...later, refused: claims }),
    };
  }

  const { maxAgeHours: standardAge, copyMode: standardMode } = tags.defaults;
  const { tenant, excluded, policy, copy } = configured;
  const owner = known.tenant ?? row?.tenant ?? row?.formerOwners?.at(-1)?.tenant;
  const moved = owner !== undefined && owner.toLowerCase() !== tenant.toLowerCase();
  const age = policy.maxAgeHours === standardAge ? undefined : policy.maxAgeHours;
  const ageBefore = known.maxAgeHours ?? standardAge;
  const longer = policy.maxAgeHours > ageBefore;
  const mode = copy.mode === standardMode ? undefined : copy.mode;
  const modeBefore = known.copyMode ?? standardMode;
  const notCopied = copy.mode === 'none' && modeBefore !== 'none';
  const newlyExcluded = excluded !== undefined && excluded !== row?.exclusion;
  return {
    changes: [
      ...(newlyExcluded ? [{ code: 'excluded', reason: excluded } as const] : []),
      ...(moved ? [{ code: 'tenant-changed', before: owner, after: tenant } as const] : []),
      ...(longer ? [{ code: 'longer-age', before: ageBefore, after: policy.maxAgeHours } as const] : []),
      ...(notCopied ? [{ code: 'not-copied', before: modeBefore } as const] : []),
      ...refusals(refused),
    ],
    pending: onRow(newlyExcluded ? row?.exclusion : excluded, {
      ...later,
      ...(moved && { tenant: owner }),
      ...defined('maxAgeHours', longer ? known.maxAgeHours : age),
      ...defined('copyMode', notCopied ? known.copyMode : mode),
      ...pendingRefused,
    }),
    notified: onRow(excluded, {
      ...later,
      ...defined('maxAgeHours', age),
      ...defined('copyMode', mode),
      refused: claims,
    }),
  };
}

/** What the notice of a row depends on: once that has changed, it is another notice. */
export function tagStateOf({ tenant, exclusion, knownTags }: DatabaseRow): OnRow & Pick<DatabaseRow, 'tenant'> {
  return {
    ...(tenant !== undefined && { tenant }),
    ...(exclusion !== undefined && { exclusion }),
    ...(knownTags && { knownTags }),
  };
}

function unchanged(state: OnRow): TagComparison {
  return { changes: [], pending: state, notified: state };
}

function refusals(problems: TagReading['problems']): TagChange[] {
  return problems.map(({ claim, answer }) => ({ code: 'refused', claim, answer }));
}

/** What is as the configuration has it takes no room on the row. */
function onRow(exclusion: string | undefined, { refused = [], ...others }: KnownTags): OnRow {
  const knownTags = { ...others, ...(refused.length > 0 && { refused }) };
  return {
    ...(exclusion !== undefined && { exclusion }),
    ...(Object.keys(knownTags).length > 0 && { knownTags }),
  };
}

function defined<Name extends keyof KnownTags>(name: Name, value: KnownTags[Name] | undefined): Pick<KnownTags, Name> {
  return (value === undefined ? {} : { [name]: value }) as Pick<KnownTags, Name>;
}
