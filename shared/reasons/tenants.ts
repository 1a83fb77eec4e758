import type { UnwatchedTenant } from '../domain/index.ts';

/** Why no database of a tenant is watched, as a sentence that follows its name. */
export function whyUnwatched({ databases, databaseCount }: UnwatchedTenant): string {
  if (databaseCount === 0) return 'It has no database: none is configured, and none has enrolled itself by tag.';
  const named = databases.map(({ id, verdict }) => `${id} (${verdict})`).join(', ');
  const more = databaseCount > databases.length ? ` and ${databaseCount - databases.length} more` : '';
  return databaseCount === 1
    ? `Its one database does not count: ${named}.`
    : `None of its ${databaseCount} databases counts: ${named}${more}.`;
}
