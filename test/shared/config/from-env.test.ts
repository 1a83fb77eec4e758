import { expect, test } from 'vitest';
import { configFromEnv } from '../../../shared/config/from-env.ts';
import { parseConfig } from '../../../shared/config/load.ts';

const here = { account: '123456789012', region: 'eu-west-1' };
const topic = 'arn:aws:sns:eu-west-1:123456789012:backups';

/** The databases of the configuration, as it is read again, and the notes that are not those of every run. */
function carried(env: Record<string, string>) {
  const { config, notes } = configFromEnv({ SNS_TOPIC_ARN: topic, PATH: '/bin', ...env });
  const fleet = parseConfig(JSON.stringify(config), here);
  const always = configFromEnv({ SNS_TOPIC_ARN: topic, DB_INSTANCE_IDENTIFIER_1: 'a', S3_BUCKET_NAME_1: 'bbb' }).notes;
  return {
    databases: fleet.databases.map(({ tenant, id, target }) => [tenant, id, target.bucket, target.prefix]),
    notes: notes.filter((note) => !always.includes(note)),
  };
}

test("the tutorial's variables become a configuration with a tenant a database and its bucket", () => {
  const { config } = configFromEnv({
    DB_INSTANCE_IDENTIFIER_1: 'Orders',
    S3_BUCKET_NAME_1: 'orders-backups',
    DB_INSTANCE_IDENTIFIER_2: 'crm',
    S3_BUCKET_NAME_2: 'crm-backups',
    SNS_TOPIC_ARN: topic,
  });
  expect(config).toEqual({
    $schema: './schema.json',
    operators: [{ email: 'operators@example.com' }],
    tenants: [
      {
        id: 'orders',
        recipients: [],
        databases: [{ id: 'orders', kind: 'instance', bucket: { type: 'existing', name: 'orders-backups' } }],
      },
      {
        id: 'crm',
        recipients: [],
        databases: [{ id: 'crm', kind: 'instance', bucket: { type: 'existing', name: 'crm-backups' } }],
      },
    ],
  });
});

test('what always needs a person is said: tenants, clusters, and the endpoints of the topic', () => {
  const { notes } = configFromEnv({ DB_INSTANCE_IDENTIFIER_1: 'a', S3_BUCKET_NAME_1: 'bbb', SNS_TOPIC_ARN: topic });
  expect(notes).toEqual([
    'Each database has become a tenant of its own, since the variables name no tenants: merge those of one customer, and give each tenant its recipients.',
    'Every database is taken for an instance: change "kind" to "cluster" for Aurora and Multi-AZ clusters, and give the id of the cluster.',
    `SNS_TOPIC_ARN (${topic}) cannot be a recipient: the stack has a topic of its own, since messages are filtered by tenant, and a topic cannot subscribe to another. List the old topic's endpoints (aws sns list-subscriptions-by-topic --topic-arn ${topic}) and put each into "operators" as email, sms, https or queue; until then "operators" holds the placeholder operators@example.com, which must be replaced.`,
  ]);
});

test('without a topic the placeholder is said', () => {
  expect(configFromEnv({ DB_INSTANCE_IDENTIFIER_1: 'a', S3_BUCKET_NAME_1: 'bbb' }).notes.at(-1)).toBe(
    'SNS_TOPIC_ARN is not set: put those who are to be notified into "operators"; until then "operators" holds the placeholder operators@example.com, which must be replaced.',
  );
});

test('numbers count as numbers, and a gap is reported', () => {
  const env = {
    DB_INSTANCE_IDENTIFIER_10: 'ten',
    S3_BUCKET_NAME_10: 'ten-backups',
    DB_INSTANCE_IDENTIFIER_2: 'two',
    S3_BUCKET_NAME_2: 'two-backups',
    DB_INSTANCE_IDENTIFIER_3: ' ',
  };
  expect(carried(env)).toEqual({
    databases: [
      ['two', 'two', 'two-backups', ''],
      ['ten', 'ten', 'ten-backups', ''],
    ],
    notes: [
      'DB_INSTANCE_IDENTIFIER_1 is not set, though DB_INSTANCE_IDENTIFIER_2 is. What comes after the gap is carried over; check that no database was forgotten.',
      'DB_INSTANCE_IDENTIFIER_3 is not set, though DB_INSTANCE_IDENTIFIER_10 is. What comes after the gap is carried over; check that no database was forgotten.',
    ],
  });
});

test('a database without a bucket, or with an impossible one, gets its own', () => {
  const env = { DB_INSTANCE_IDENTIFIER_1: 'a', DB_INSTANCE_IDENTIFIER_2: 'b', S3_BUCKET_NAME_2: 's3://Backups' };
  expect(carried(env)).toEqual({
    databases: [
      ['a', 'a', 'rds-backup-ledger-a-123456789012-eu-west-1', ''],
      ['b', 'b', 'rds-backup-ledger-b-123456789012-eu-west-1', ''],
    ],
    notes: [
      'S3_BUCKET_NAME_1 is not set: a gets a bucket of its own, which the stack makes.',
      'S3_BUCKET_NAME_2 is "s3://Backups", which is no bucket\'s name: b gets a bucket of its own, which the stack makes.',
    ],
  });
});

test('databases on one bucket get a prefix each', () => {
  const env = {
    DB_INSTANCE_IDENTIFIER_1: 'a',
    DB_INSTANCE_IDENTIFIER_2: 'b',
    S3_BUCKET_NAME_1: 'backups',
    S3_BUCKET_NAME_2: 'backups',
  };
  expect(carried(env)).toEqual({
    databases: [
      ['a', 'a', 'backups', 'a/a'],
      ['b', 'b', 'backups', 'b/b'],
    ],
    notes: ['backups is the bucket of a, b: each gets a prefix of its own in it, so that their copies stay apart.'],
  });
});

test('a database named twice, an impossible id and a bucket without database are left out and reported', () => {
  const env = {
    DB_INSTANCE_IDENTIFIER_1: 'orders',
    S3_BUCKET_NAME_1: 'orders-backups',
    DB_INSTANCE_IDENTIFIER_2: 'ORDERS',
    S3_BUCKET_NAME_2: 'other-backups',
    DB_INSTANCE_IDENTIFIER_3: 'or_ders',
    S3_BUCKET_NAME_3: 'third-backups',
    S3_BUCKET_NAME_4: 'fourth-backups',
  };
  expect(carried(env)).toEqual({
    databases: [['orders', 'orders', 'orders-backups', '']],
    notes: [
      'DB_INSTANCE_IDENTIFIER_3 is "or_ders", which is no RDS identifier, and is left out: add the database by hand.',
      'DB_INSTANCE_IDENTIFIER_2 names "ORDERS" again, as DB_INSTANCE_IDENTIFIER_1 does, and is left out with its bucket.',
      'S3_BUCKET_NAME_4 (fourth-backups) has no DB_INSTANCE_IDENTIFIER_4 and is left out.',
    ],
  });
});

test('without any database that is said', () => {
  expect(configFromEnv({}).notes[0]).toBe('No DB_INSTANCE_IDENTIFIER_1 is set: there is no database to carry over.');
});
