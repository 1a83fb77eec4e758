/**
 * From the variables of the usual tutorial (`DB_INSTANCE_IDENTIFIER_1..n`, `S3_BUCKET_NAME_1..n`, `SNS_TOPIC_ARN`) to a
 * configuration. What cannot be carried over as it was is said in a note with what to do.
 */

import { recipientFields } from '../channels/index.ts';
import { bucketNameField, type ConfigInput, databaseIdField } from './file-schema.ts';
import { databasePrefix } from './names.ts';

type DatabaseInput = NonNullable<ConfigInput['tenants'][number]['databases']>[number];

interface Numbered {
  readonly number: number;
  readonly id: string;
  readonly bucket: string | undefined;
}

/**
 * A configuration with one tenant a database, since the variables name no tenants: merge those that belong together.
 * Variables that are empty count as not set; values that cannot be used are left out and noted.
 */
export function configFromEnv(env: Readonly<Record<string, string | undefined>>): {
  config: ConfigInput;
  notes: string[];
} {
  const ids = numbered(env, 'DB_INSTANCE_IDENTIFIER_');
  const buckets = numbered(env, 'S3_BUCKET_NAME_');
  const listed: readonly Numbered[] = [...ids].map(([number, id]) => ({ number, id, bucket: buckets.get(number) }));
  const valid = listed.filter(({ id }) => databaseIdField.safeParse(id).success);
  const seen = new Map<string, Numbered>();
  for (const database of valid) {
    const name = database.id.toLowerCase();
    if (!seen.has(name)) seen.set(name, database);
  }
  const databases = [...seen.values()];
  const uses = byBucket(databases);
  const tenants = databases.map((database) => ({
    id: database.id.toLowerCase(),
    recipients: [],
    databases: [
      databaseOf(database, (database.bucket === undefined ? 0 : (uses.get(database.bucket)?.length ?? 0)) > 1),
    ],
  }));
  const notes = [
    ...(listed.length === 0 ? ['No DB_INSTANCE_IDENTIFIER_1 is set: there is no database to carry over.'] : []),
    ...gapNotes(listed),
    ...listed.filter((database) => !valid.includes(database)).map(invalidNote),
    ...valid.filter((database) => !databases.includes(database)).map((database) => twiceNote(database, seen)),
    ...databases.flatMap(bucketNote),
    ...sharedNotes(uses),
    ...[...buckets].filter(([number]) => !ids.has(number)).map(([number, bucket]) => orphanNote(number, bucket)),
    ...(databases.length > 0 ? [tenantNote, kindNote] : []),
    topicNote(env.SNS_TOPIC_ARN?.trim()),
  ];
  return { config: { $schema: './schema.json', operators: [{ email: placeholder }], tenants }, notes };
}

/** Reserved for examples (RFC 2606), so that nobody is written to by mistake. */
const placeholder = 'operators@example.com';

/** The values of `<prefix><number>`, by number. */
function numbered(env: Readonly<Record<string, string | undefined>>, prefix: string): ReadonlyMap<number, string> {
  const found = Object.entries(env).flatMap(([name, value]) => {
    const number = name.startsWith(prefix) ? name.slice(prefix.length) : '';
    const text = value?.trim();
    return /^\d+$/.test(number) && text ? [[Number(number), text] as const] : [];
  });
  return new Map(found.sort(([a], [b]) => a - b));
}

/** Databases by the bucket that they name, where it can be used. */
function byBucket(databases: readonly Numbered[]): ReadonlyMap<string, readonly Numbered[]> {
  const uses = new Map<string, Numbered[]>();
  for (const database of databases) {
    const { bucket } = database;
    if (bucket !== undefined && usable(bucket)) uses.set(bucket, [...(uses.get(bucket) ?? []), database]);
  }
  return uses;
}

function databaseOf({ id, bucket }: Numbered, reused: boolean): DatabaseInput {
  const base = { id: id.toLowerCase(), kind: 'instance' as const };
  if (bucket === undefined || !usable(bucket)) return { ...base, bucket: { type: 'own' } };
  const prefix = databasePrefix(undefined, base.id, base);
  return { ...base, bucket: { type: 'existing', name: bucket, ...(reused ? { prefix } : {}) } };
}

function usable(bucket: string): boolean {
  return bucketNameField.safeParse(bucket).success;
}

function gapNotes(listed: readonly Numbered[]): string[] {
  return listed.flatMap(({ number }, at) => {
    const previous = listed[at - 1]?.number ?? 0;
    return number > previous + 1
      ? [
          `DB_INSTANCE_IDENTIFIER_${previous + 1} is not set, though DB_INSTANCE_IDENTIFIER_${number} is. What comes after the gap is carried over; check that no database was forgotten.`,
        ]
      : [];
  });
}

function invalidNote({ number, id }: Numbered): string {
  return `DB_INSTANCE_IDENTIFIER_${number} is ${JSON.stringify(id)}, which is no RDS identifier, and is left out: add the database by hand.`;
}

function twiceNote({ number, id }: Numbered, seen: ReadonlyMap<string, Numbered>): string {
  return `DB_INSTANCE_IDENTIFIER_${number} names ${JSON.stringify(id)} again, as DB_INSTANCE_IDENTIFIER_${seen.get(id.toLowerCase())?.number} does, and is left out with its bucket.`;
}

function bucketNote({ number, id, bucket }: Numbered): string[] {
  if (bucket === undefined) {
    return [`S3_BUCKET_NAME_${number} is not set: ${id} gets a bucket of its own, which the stack makes.`];
  }
  if (usable(bucket)) return [];
  return [
    `S3_BUCKET_NAME_${number} is ${JSON.stringify(bucket)}, which is no bucket's name: ${id} gets a bucket of its own, which the stack makes.`,
  ];
}

function sharedNotes(uses: ReadonlyMap<string, readonly Numbered[]>): string[] {
  return [...uses].flatMap(([bucket, databases]) =>
    databases.length > 1
      ? [
          `${bucket} is the bucket of ${databases.map(({ id }) => id).join(', ')}: each gets a prefix of its own in it, so that their copies stay apart.`,
        ]
      : [],
  );
}

function orphanNote(number: number, bucket: string): string {
  return `S3_BUCKET_NAME_${number} (${bucket}) has no DB_INSTANCE_IDENTIFIER_${number} and is left out.`;
}

const tenantNote =
  'Each database has become a tenant of its own, since the variables name no tenants: merge those of one customer, and give each tenant its recipients.';

const kindNote =
  'Every database is taken for an instance: change "kind" to "cluster" for Aurora and Multi-AZ clusters, and give the id of the cluster.';

function topicNote(topic: string | undefined): string {
  const placeholderText = `until then "operators" holds the placeholder ${placeholder}, which must be replaced`;
  if (!topic) return `SNS_TOPIC_ARN is not set: put those who are to be notified into "operators"; ${placeholderText}.`;
  return `SNS_TOPIC_ARN (${topic}) cannot be a recipient: the stack has a topic of its own, since messages are filtered by tenant, and a topic cannot subscribe to another. List the old topic's endpoints (aws sns list-subscriptions-by-topic --topic-arn ${topic}) and put each into "operators" as ${recipientFields('or')}; ${placeholderText}.`;
}
