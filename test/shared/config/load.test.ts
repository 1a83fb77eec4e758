import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError, configHash, parseConfig } from '../../../shared/config/load.ts';

const here = { account: '123456789012', region: 'eu-west-1', name: 'config/ours.json' };
const operators = [{ email: 'operators@example.com' }];

/** A file with one tenant and one database, changed as the case needs. */
function file(changes: { file?: object; tenant?: object; database?: object } = {}): object {
  const database = { id: 'orders', kind: 'instance', ...changes.database };
  return { operators, tenants: [{ id: 'acme', databases: [database], ...changes.tenant }], ...changes.file };
}

function mistakesOf(content: object | string): readonly string[] {
  try {
    parseConfig(typeof content === 'string' ? content : JSON.stringify(content), here);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

const parse = (content: object) => parseConfig(JSON.stringify(content), here);
const databaseOf = (content: object) => parse(content).databases[0];

describe('what a file leaves out has a default', () => {
  test('the smallest file is a whole fleet', () => {
    const hub = {
      account: '123456789012',
      region: 'eu-west-1',
      events: true,
      stackBuckets: ['rds-backup-ledger-orders-123456789012-eu-west-1'],
    };
    expect(parse(file())).toEqual({
      ...hub,
      environments: [hub],
      operators,
      tenants: [{ id: 'acme', maxAgeHours: 24, recipients: [] }],
      databases: [
        {
          account: '123456789012',
          region: 'eu-west-1',
          tenant: 'acme',
          id: 'orders',
          kind: 'instance',
          policy: {
            maxAgeHours: 24,
            graceHours: 2,
            awsBackupGraceHours: 8,
            reminderHours: 24,
            whileStopped: 'warn' as const,
          },
          copy: { mode: 'export', schedule: 'daily', kinds: ['automated', 'awsbackup'] },
          target: { bucket: 'rds-backup-ledger-orders-123456789012-eu-west-1', prefix: '', owner: '123456789012' },
          enrolledBy: 'configuration',
        },
      ],
      defaults: {
        policy: {
          maxAgeHours: 24,
          graceHours: 2,
          awsBackupGraceHours: 8,
          reminderHours: 24,
          whileStopped: 'warn' as const,
        },
        copy: { mode: 'export', schedule: 'daily', kinds: ['automated', 'awsbackup'] },
      },
      sweep: { cron: '0 12 * * ? *', timeZone: 'UTC' },
      alerts: { digestAbove: 100, dailyDigest: false, runbookUrl: 'docs/runbook.md' },
      copies: { maxAttempts: 3, stuckHours: 24, queuedHours: 24, assumedHours: 1, regionsWithExports: [] },
      ledger: { retentionDays: 400 },
      lifecycle: { copyDays: 90, oldVersionDays: 7, unfinishedUploadDays: 7 },
    });
  });

  test('what is wrong with discovery is reported at once', () => {
    const discovery = {
      allowRemoval: 'no',
      allowTenantChange: 0,
      allowLongerAge: null,
      maxAgeHoursLimit: 9000,
      allowCopies: true,
    };
    expect(() => parse(file({ file: { discovery } }))).toThrow(
      [
        '  discovery.allowRemoval: must be true or false, got "no"',
        '  discovery.allowTenantChange: must be true or false, got 0',
        '  discovery.allowLongerAge: must be true or false, got null',
        '  discovery.maxAgeHoursLimit: must be at most 8760, got 9000',
        '  discovery.allowCopies: unknown key; did you mean "allowNoCopies"?',
      ].join('\n'),
    );
  });

  test('discovery and adoption are off unless named, and have defaults of their own', () => {
    const adopt = { tableName: 'Ledger', tableKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/1-2' };
    const fleet = parse(file({ file: { discovery: {}, adopt } }));
    expect(fleet.discovery).toEqual({
      tenantTag: 'backup-tenant',
      allowExclusion: false,
      allowRemoval: true,
      allowTenantChange: true,
      allowLongerAge: true,
      maxAgeHoursLimit: 168,
      allowNoCopies: true,
    });
    expect(fleet.adopt).toEqual({ ...adopt, buckets: true });
  });

  test('a byte order mark is no mistake', () => {
    expect(parseConfig(`\uFEFF${JSON.stringify(file())}`, here).databases).toHaveLength(1);
  });
});

describe('what applies to a database', () => {
  test('is its own word, then that of its tenant, then the default, field by field', () => {
    const content = file({
      file: { defaults: { maxAgeHours: 30, graceHours: 3, reminderHours: 12, copy: { schedule: 'weekly' } } },
      tenant: {
        graceHours: 4,
        reminderHours: 6,
        copy: { mode: 'none', kinds: ['manual'] },
        databases: [{ id: 'orders', kind: 'instance', reminderHours: 1, copy: { mode: 'export' } }],
      },
    });
    expect(databaseOf(content)).toMatchObject({
      policy: { maxAgeHours: 30, graceHours: 4, reminderHours: 1 },
      copy: { mode: 'export', schedule: 'weekly', kinds: ['manual'] },
    });
  });

  test('a grace of 0 of the database wins over a larger one', () => {
    expect(databaseOf(file({ tenant: { graceHours: 5 } }))?.policy.graceHours).toBe(5);
    expect(databaseOf(file({ database: { graceHours: 0 } }))?.policy.graceHours).toBe(0);
  });

  test('its id is compared in lower case', () => {
    expect(databaseOf(file({ database: { id: 'Orders-EU' } }))?.id).toBe('orders-eu');
  });

  test('an exclusion carries its reason', () => {
    expect(databaseOf(file({ database: { excluded: ' rebuilt weekly ' } }))?.excluded).toBe('rebuilt weekly');
  });

  test('an instance and a cluster of the same id are two databases with two buckets', () => {
    const databases = [
      { id: 'orders', kind: 'instance' },
      { id: 'orders', kind: 'cluster' },
    ];
    expect(parse(file({ tenant: { databases } })).stackBuckets).toHaveLength(2);
  });

  test('object mode takes staging from wherever it is stated', () => {
    const staging = { bucket: 'dumps', owner: '210987654321' };
    const content = file({ file: { defaults: { copy: { staging } } }, database: { copy: { mode: 'object' } } });
    expect(databaseOf(content)?.copy.staging).toEqual({
      ...staging,
      key: '{snapshotId}',
      waitHours: 6,
      maxDumpAgeHours: 24,
    });
  });
});

describe('a key of native dumps that does not tell databases apart', () => {
  const staged = (key?: string) => ({ bucket: 'dumps', owner: '210987654321', ...(key && { key }) });
  const object = (key?: string) => ({ copy: { mode: 'object', staging: staged(key) } });
  const tenant = (id: string, ...databases: object[]) => ({ id, databases });
  const orders = { id: 'orders', kind: 'instance' };
  const billing = { id: 'billing', kind: 'instance' };
  const advice =
    'put {databaseId} into it, or {snapshotId}, and where ids repeat {kind}, {tenant}, {account} or {region}, each set off by "/"';
  const inDumps =
    'both can have the same key in bucket "dumps", and the dump of one would be copied as the other\'s too';

  test.each<[string, object, readonly string[]]>([
    [
      'in the defaults, once for all',
      {
        defaults: object('dumps/{date}.bak'),
        tenants: [tenant('a', orders), tenant('b', billing, { id: 'crm', kind: 'cluster' })],
      },
      [
        `defaults.copy.staging.key: "dumps/{date}.bak" does not tell instance "billing" of tenant "b" from instance "orders" of tenant "a": ${inDumps} (1 more database shares a key); ${advice}`,
      ],
    ],
    [
      'at the tenant',
      {
        tenants: [{ ...tenant('a', orders, billing), ...object('{tenant}.bak') }, tenant('b', { ...billing, id: 'x' })],
      },
      [
        `tenants[0].copy.staging.key: "{tenant}.bak" does not tell instance "billing" of tenant "a" from instance "orders" of tenant "a": ${inDumps}; ${advice}`,
      ],
    ],
    [
      'at databases, with where the other one is stated',
      {
        tenants: [
          tenant('a', { ...orders, ...object('latest.bak') }),
          tenant('b', { ...billing, ...object('latest.bak') }),
        ],
      },
      [
        `tenants[1].databases[0].copy.staging.key: "latest.bak" does not tell instance "billing" of tenant "b" from instance "orders" of tenant "a" ("latest.bak", tenants[0].databases[0].copy.staging.key): ${inDumps}; ${advice}`,
      ],
    ],
    [
      'of an instance and a cluster of one name',
      { defaults: object('{databaseId}/{date}.bak'), tenants: [tenant('a', orders, { ...orders, kind: 'cluster' })] },
      [
        `defaults.copy.staging.key: "{databaseId}/{date}.bak" does not tell cluster "orders" of tenant "a" from instance "orders" of tenant "a": ${inDumps}; ${advice}`,
      ],
    ],
    [
      'left out, where an instance and a cluster have one name',
      { defaults: object(), tenants: [tenant('a', orders), tenant('b', { ...orders, kind: 'cluster' })] },
      [
        `defaults.copy.staging.key: "{snapshotId}" does not tell cluster "orders" of tenant "b" from instance "orders" of tenant "a": ${inDumps}; ${advice}`,
      ],
    ],
    [
      'of databases that enrol by tag',
      { defaults: { copy: { staging: staged('{tenant}/{date}.bak') } }, discovery: {}, tenants: [] },
      [
        `defaults.copy.staging.key: "{tenant}/{date}.bak" does not tell apart the databases that enrol by tag: all of them would have this key, and the dump of one would be copied as another's too; ${advice}`,
      ],
    ],
    [
      'together with what else is wrong',
      {
        defaults: object('dumps/{date}.bak'),
        discovery: {},
        tenants: [
          tenant('a', { ...orders, maxAgeHours: 0 }),
          tenant('b', { ...billing, ...object('{date}x') }, orders),
        ],
      },
      [
        `tenants[0].databases[0].maxAgeHours: must be at least 1, got 0`,
        `tenants[1].databases[1].id: instance "orders" is already listed as tenants[0].databases[0] of tenant "a"; remove one of the two`,
        `defaults.copy.staging.key: "dumps/{date}.bak" does not tell apart the databases that enrol by tag: all of them would have this key, and the dump of one would be copied as another's too; ${advice}`,
      ],
    ],
  ])('%s', (_, content, mistakes) => {
    expect([...mistakesOf({ operators, ...content })].sort()).toEqual([...mistakes].sort());
  });

  test.each<[string, object]>([
    [
      'where only one database is copied by it',
      { defaults: object('dumps/{date}.bak'), tenants: [tenant('a', orders)] },
    ],
    [
      'where the others are exported',
      {
        defaults: { copy: { staging: staged('dumps/{date}.bak') } },
        tenants: [tenant('a', { ...orders, copy: { mode: 'object' } }, billing)],
      },
    ],
    [
      'where each says its own',
      {
        defaults: object('dumps/{date}.bak'),
        tenants: [tenant('a', { ...orders, ...object('a.bak') }, { ...billing, ...object('b.bak') })],
      },
    ],
    [
      'where it names the database',
      {
        defaults: object('dumps/{tenant}/{kind}/{databaseId}/{date}.bak'),
        discovery: {},
        tenants: [tenant('a', orders, { ...orders, kind: 'cluster' })],
      },
    ],
    [
      'where it is left out',
      { defaults: object(), discovery: {}, tenants: [tenant('a', orders), tenant('b', billing)] },
    ],
  ])('is none %s', (_, content) => {
    expect(mistakesOf({ operators, ...content })).toEqual([]);
  });
});

describe('where copies go', () => {
  const shared = 'rds-backup-ledger--shared-123456789012-eu-west-1';

  test.each([
    ['shared, stated at the database', { database: { bucket: { type: 'shared' } } }, shared, 'acme/orders'],
    ['shared with a prefix of its own', { database: { bucket: { type: 'shared', prefix: 'a/b' } } }, shared, 'a/b'],
    ['shared by all of a tenant', { tenant: { bucket: { type: 'shared', prefix: 'a' } } }, shared, 'a/acme/orders'],
    ['existing, stated at the database', { database: { bucket: { type: 'existing', name: 'ours' } } }, 'ours', ''],
    ['existing for a tenant', { tenant: { bucket: { type: 'existing', name: 'ours' } } }, 'ours', 'acme/orders'],
  ])('%s', (_, changes, bucket, prefix) => {
    expect(databaseOf(file(changes))?.target).toEqual({ bucket, prefix, owner: '123456789012' });
  });

  test("an existing bucket may be another account's, with its own key", () => {
    const keyArn = 'arn:aws:kms:eu-west-1:210987654321:key/1234-abcd';
    const bucket = { type: 'existing', name: 'theirs', owner: '210987654321', region: 'eu-west-1', keyArn };
    expect(databaseOf(file({ database: { bucket } }))?.target).toEqual({
      bucket: 'theirs',
      prefix: '',
      owner: '210987654321',
      keyArn,
    });
  });

  test('the stack makes the shared bucket where it is the default, also for discovered databases alone', () => {
    const fleet = parse({
      operators,
      tenants: [],
      discovery: {},
      defaults: { bucket: { type: 'shared', prefix: 'rds' } },
    });
    expect(fleet.sharedTarget).toEqual({ bucket: shared, owner: '123456789012', prefix: 'rds' });
    expect(fleet.stackBuckets).toEqual([shared]);
  });

  test('the stack makes no bucket that exists', () => {
    const databases = [{ id: 'a', kind: 'instance', bucket: { type: 'existing', name: 'ours' } }];
    expect(parse(file({ tenant: { databases } })).stackBuckets).toEqual([]);
  });

  test('a bucket of its own stays in the stack while nothing is copied, so that copies can come back to it', () => {
    const bucketsWith = (mode: string) => {
      const databases = [{ id: 'a', kind: 'instance', bucket: { type: 'own' }, copy: { mode } }];
      return parse(file({ tenant: { databases } })).stackBuckets;
    };
    expect(bucketsWith('none')).toEqual(['rds-backup-ledger-a-123456789012-eu-west-1']);
    expect(bucketsWith('export')).toEqual(bucketsWith('none'));
  });
});

const recipientForms =
  'must have exactly one of email, sms, https and queue, e.g. { "email": "oncall@example.com" } or { "sms": "+441632960000" }';
const idRule =
  'must be an RDS identifier: 1-63 letters, digits and hyphens, beginning with a letter, without a trailing or doubled hyphen';
const tenantRule = 'must be 1-63 letters, digits, dots, underscores and hyphens, and begin with a letter or digit';
const notJson = 'not JSON here (comments and a comma before a closing bracket are not allowed)';
const [d, t] = ['tenants[0].databases[0]', 'tenants[0]'];
const controlCharacter = 'a text in quotes holds a line break, a tab or another control character; write \\n, \\t, ...';
const sections =
  '$schema, defaults, operators, environments, organization, sharedDatabases, sweep, alerts, copies, ledger, lifecycle, discovery, adopt, tenants';
const tooDeep = 'line 3: more than 100 brackets deep; no setting nests that far';

describe('a mistake is reported with its path, the value, and what to do', () => {
  test.each<[string, object | string, string]>([
    ['a comma too many', '{\n  "tenants": [],\n}', `line 3, column 1: ${notJson}`],
    ['a comment', '// ours\n{}', `line 1, column 1: ${notJson}`],
    [
      'a line break in a text, after a mark that is none',
      '{"a":"\\"[",\n"tenants":[],"b":"x\ny"}',
      `line 2: ${controlCharacter}`,
    ],
    ['ten thousand lists', `{\n"tenants":\n${'['.repeat(10_000)}${']'.repeat(10_000)}}`, tooDeep],
    ['ten thousand lists without an end', `{\n"tenants":\n${'['.repeat(10_000)}`, tooDeep],
    ['ten thousand objects', `{\n"tenants": [],\n"defaults":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_001)}`, tooDeep],
    ['a file cut short', '{\n  "tenants": [', 'line 2: the file ends too early'],
    ['an empty file', '', 'line 1: the file ends too early'],
    ['a line break inside quotes', '{\n  "a": "b\nc" }', `line 2: ${controlCharacter}`],
    [
      'a key of a million letters',
      { operators, tenants: [], ['k'.repeat(1_000_000)]: 1 },
      `${'k'.repeat(77)}...: unknown key; known are ${sections}`,
    ],
    [
      'a number beyond all',
      '{"tenants":[],"alerts":{"digestAbove":1e999}}',
      'alerts.digestAbove: must be a whole number, got Infinity',
    ],
    ['a list', '[]', 'must be a JSON object, e.g. { "tenants": [] }'],
    ['no tenants', { operators }, 'tenants: is missing; must be a list [...]'],
    ['a misspelt section', file({ file: { tenats: [] } }), 'tenats: unknown key; did you mean "tenants"?'],
    [
      'a misspelt key',
      file({ database: { grace_hours: 1 } }),
      `${d}.grace_hours: unknown key; did you mean "graceHours"?`,
    ],
    [
      'a key like no other',
      file({ file: { sweep: { at: 'noon' } } }),
      'sweep.at: unknown key; known are cron, timeZone',
    ],
    [
      'a key of another kind of bucket',
      file({ database: { bucket: { type: 'own', prefix: 'a' } } }),
      `${d}.bucket.prefix: unknown key; known are type`,
    ],
    [
      'a misspelt key of a bucket',
      file({ tenant: { bucket: { type: 'existing', name: 'ours', regoin: 'eu-west-1' } } }),
      `${t}.bucket.regoin: unknown key; did you mean "region"?`,
    ],
    ['no time at all', file({ database: { maxAgeHours: 0 } }), `${d}.maxAgeHours: must be at least 1, got 0`],
    ['a negative grace', file({ tenant: { graceHours: -1 } }), `${t}.graceHours: must be at least 0, got -1`],
    [
      'a number in quotes',
      file({ file: { defaults: { maxAgeHours: '24' } } }),
      'defaults.maxAgeHours: must be a number, got "24"',
    ],
    [
      'half a day',
      file({ file: { ledger: { retentionDays: 40.5 } } }),
      'ledger.retentionDays: must be a whole number, got 40.5',
    ],
    ['a section of null', file({ file: { alerts: null } }), 'alerts: must be an object {...}, got null'],
    ['a tenant as text', { operators, tenants: ['acme'] }, 'tenants[0]: must be an object {...}, got "acme"'],
    ['a tenant id with spaces', file({ tenant: { id: 'a c' } }), `${t}.id: ${tenantRule}, got "a c"`],
    [
      'an account without quotes',
      file({ database: { account: 123456789012 } }),
      `${d}.account: must be a text in quotes, got 123456789012`,
    ],
    ['a database without id', file({ database: { id: undefined } }), `${d}.id: is missing; ${idRule}`],
    ['an id with an underscore', file({ database: { id: 'a_b' } }), `${d}.id: ${idRule}, got "a_b"`],
    ['an id that ends in a hyphen', file({ database: { id: 'ab-' } }), `${d}.id: ${idRule}, got "ab-"`],
    ['an id with two hyphens', file({ database: { id: 'a--b' } }), `${d}.id: ${idRule}, got "a--b"`],
    ['an id that begins with a digit', file({ database: { id: '1a' } }), `${d}.id: ${idRule}, got "1a"`],
    [
      'an id of 64 characters',
      file({ database: { id: 'a'.repeat(64) } }),
      `${d}.id: ${idRule}, got "${'a'.repeat(64)}"`,
    ],
    ['another kind', file({ database: { kind: 'aurora' } }), `${d}.kind: must be instance or cluster, got "aurora"`],
    [
      'an exclusion without reason',
      file({ database: { excluded: ' ' } }),
      `${d}.excluded: must say why, or be left out, got ""`,
    ],
    [
      'another copy mode',
      file({ database: { copy: { mode: 's3' } } }),
      `${d}.copy.mode: must be export, object or none, got "s3"`,
    ],
    [
      'no kind to copy',
      file({ tenant: { copy: { kinds: [] } } }),
      `${t}.copy.kinds: must name at least one kind (for no copies at all, set mode to "none"), got an empty list`,
    ],
    [
      'object mode without staging',
      file({ tenant: { copy: { mode: 'object' } } }),
      `${t}.copy.mode: "object" needs copy.staging with the bucket and owner of the native dumps, at the database, its tenant or the defaults (missing for "orders")`,
    ],
    [
      'a staging bucket that anybody could own',
      file({ database: { copy: { mode: 'object', staging: { bucket: 'dumps' } } } }),
      `${d}.copy.staging.owner: is missing; must be an account id of 12 digits`,
    ],
    ...[
      ['{date-2}', 'a date is {date}, {date-1} or {date+1}, each perhaps with its time zone: {date-1:Europe/London}'],
      ['{date:}', 'a date is {date}, {date-1} or {date+1}, each perhaps with its time zone: {date-1:Europe/London}'],
    ].map(([found, why]): [string, object, string] => [
      `a staging key with ${found}`,
      file({
        database: { copy: { mode: 'object', staging: { bucket: 'dumps', owner: '210987654321', key: `d/${found}` } } },
      }),
      `${d}.copy.staging.key: has ${found}; ${why}, got "d/${found}"`,
    ]),
    ...[
      ['Mars/Base', 'must be an IANA time zone, e.g. UTC or Europe/London'],
      ['+01:00', 'must be an IANA time zone, e.g. UTC or Europe/London'],
      ['europe/london', 'must be spelled Europe/London'],
    ].map(([zone, why]): [string, object, string] => [
      `a staging key with the time zone ${zone}`,
      file({ tenant: { copy: { staging: { bucket: 'dumps', owner: '210987654321', key: `{date-1:${zone}}` } } } }),
      `${t}.copy.staging.key: has {date-1:${zone}}, whose time zone ${why}, got "{date-1:${zone}}"`,
    ]),
    [
      'another type of bucket',
      file({ database: { bucket: { type: 'mine' } } }),
      `${d}.bucket.type: must be own, shared or existing, got "mine"`,
    ],
    [
      'a bucket without type',
      file({ database: { bucket: { name: 'ours' } } }),
      `${d}.bucket.type: is missing; must be own, shared or existing`,
    ],
    [
      'a bucket name in upper case',
      file({ database: { bucket: { type: 'existing', name: 'Ours' } } }),
      `${d}.bucket.name: must be the name of an S3 bucket: 3-63 lower-case letters, digits, dots and hyphens, got "Ours"`,
    ],
    [
      'a prefix with a colon',
      file({ database: { bucket: { type: 'shared', prefix: 'a:b' } } }),
      `${d}.bucket.prefix: must be path segments of letters, digits and !_.'()=+@- without a leading, doubled or trailing "/", and without ":", got "a:b"`,
    ],
    [
      'a prefix that ends in a slash',
      file({ database: { bucket: { type: 'shared', prefix: 'a/' } } }),
      `${d}.bucket.prefix: must be path segments of letters, digits and !_.'()=+@- without a leading, doubled or trailing "/", and without ":", got "a/"`,
    ],
    [
      'a prefix of 60 characters',
      file({ database: { bucket: { type: 'shared', prefix: 'a'.repeat(60) } } }),
      `${d}.bucket.prefix: must have at most 59 characters (RDS takes a prefix of under 60 in all), got "${'a'.repeat(60)}"`,
    ],
    [
      'a bucket elsewhere',
      file({ database: { bucket: { type: 'existing', name: 'ours', region: 'us-east-1' } } }),
      `${d}.bucket.region: must be eu-west-1, where "orders" is, got "us-east-1": RDS exports only to a bucket in the Region of the snapshot`,
    ],
    [
      'a key alias',
      file({
        database: {
          bucket: { type: 'existing', name: 'ours', keyArn: 'arn:aws:kms:eu-west-1:123456789012:alias/ours' },
        },
      }),
      `${d}.bucket.keyArn: must be the ARN of a KMS key (arn:aws:kms:<Region>:<account>:key/<id>; an alias is not enough), got "arn:aws:kms:eu-west-1:123456789012:alias/ours"`,
    ],
    [
      'a database of another account',
      file({ database: { account: '210987654321' } }),
      `${d}.account: account 210987654321 is not listed: add { "account": "210987654321", "regions": ["eu-west-1"] } to "environments", so that a stack is deployed there, or correct it`,
    ],
    [
      'a database of another Region',
      file({ database: { region: 'us-east-1' } }),
      `${d}.region: Region us-east-1 of account 123456789012 is not listed (listed are eu-west-1): add { "account": "123456789012", "regions": ["us-east-1"] } to "environments", so that a stack is deployed there, or correct it`,
    ],
    [
      'a crontab of five fields',
      file({ file: { sweep: { cron: '0 12 * * *' } } }),
      'sweep.cron: has 5 fields; Scheduler\'s cron has six fields: minutes, hours, day of month, month, day of week, year, e.g. 0 12 * * ? * for 12:00 every day, got "0 12 * * *"',
    ],
    [
      'an unknown time zone',
      file({ file: { sweep: { timeZone: 'Mars/Base' } } }),
      'sweep.timeZone: must be an IANA time zone, e.g. UTC or Europe/London, got "Mars/Base"',
    ],
    [
      'an offset as time zone',
      file({ file: { sweep: { timeZone: '+01:00' } } }),
      'sweep.timeZone: must be an IANA time zone, e.g. UTC or Europe/London, got "+01:00"',
    ],
    [
      'a time zone in lower case',
      file({ file: { sweep: { timeZone: 'europe/london' } } }),
      'sweep.timeZone: must be spelled Europe/London, got "europe/london"',
    ],
    [
      'no e-mail address',
      file({ file: { operators: [{ email: 'oncall' }] } }),
      'operators[0].email: must be an e-mail address, got "oncall"',
    ],
    [
      'a phone number without country',
      file({ tenant: { recipients: [{ sms: '01632 960000' }] } }),
      `${t}.recipients[0].sms: must be a phone number in E.164 form, e.g. +441632960000, got "01632 960000"`,
    ],
    [
      'a queue that SNS cannot deliver to',
      file({ tenant: { recipients: [{ queue: 'arn:aws:sqs:eu-west-1:123456789012:q.fifo' }] } }),
      `${t}.recipients[0].queue: must be the ARN of a standard SQS queue (arn:aws:sqs:<Region>:<account>:<name>; not a .fifo queue), got "arn:aws:sqs:eu-west-1:123456789012:q.fifo"`,
    ],
    [
      'two endpoints in one recipient',
      file({ file: { operators: [{ email: 'a@example.com', sms: '+441632960000' }] } }),
      `operators[0]: ${recipientForms}, got an object`,
    ],
    [
      'a misspelt endpoint',
      file({ file: { operators: [{ mail: 'a@example.com' }] } }),
      `operators[0]: ${recipientForms}, got an object`,
    ],
    [
      'a recipient listed twice',
      file({ file: { operators: [...operators, { email: 'Operators@example.com' }] } }),
      'operators[1]: is the same as operators[0]; remove one of the two',
    ],
    [
      'nobody to notify of a tenant',
      file({ file: { operators: [] } }),
      `${t}.recipients: nobody would be notified of tenant "acme": add a recipient here, or add one to "operators" at the top of the file`,
    ],
    [
      'nobody to notify of discovered tenants',
      { tenants: [], discovery: {} },
      'discovery: nobody would be notified of discovered tenants: add one to "operators" at the top of the file',
    ],
    [
      'the same tenant twice, but for case',
      file({
        file: {
          tenants: [
            { id: 'acme', databases: [] },
            { id: 'Acme', databases: [] },
          ],
        },
      }),
      'tenants[1].id: "Acme" is already the id of tenants[0]; put all its databases there, or choose another id',
    ],
    [
      "a tenant's database in another tenant too, but for case",
      file({
        file: {
          tenants: [
            { id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] },
            { id: 'globex', databases: [{ id: 'ORDERS', kind: 'instance' }] },
          ],
        },
      }),
      'tenants[1].databases[0].id: instance "ORDERS" is already listed as tenants[0].databases[0] of tenant "acme"; remove one of the two',
    ],
    [
      'two databases on one bucket and prefix',
      file({
        tenant: {
          databases: [
            { id: 'a', kind: 'instance', bucket: { type: 'existing', name: 'ours', prefix: 'x' } },
            { id: 'b', kind: 'instance', bucket: { type: 'existing', name: 'ours', prefix: 'x' } },
          ],
        },
      }),
      'tenants[0].databases[1].bucket: bucket "ours" with prefix "x" is already that of tenants[0].databases[0] ("a"); give one of the two another prefix',
    ],
    [
      'a tag that AWS keeps for itself',
      file({ file: { discovery: { tenantTag: 'aws:tenant' } } }),
      'discovery.tenantTag: must be a tag key: at most 128 letters, digits, spaces and _.:/=+@-, got "aws:tenant"',
    ],
    [
      'adopting a table without its key',
      file({ file: { adopt: { tableName: 'Ledger' } } }),
      'adopt.tableKeyArn: is missing; must be the ARN of a KMS key (arn:aws:kms:<Region>:<account>:key/<id>; an alias is not enough)',
    ],
    [
      'a time without its zone',
      file({
        file: {
          adopt: {
            tableName: 'Ledger',
            tableKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/1-2',
            notifyFrom: '2026-11-27T14:00',
          },
        },
      }),
      'adopt.notifyFrom: must be a time with its zone, such as 2026-11-27T14:00:00Z, got "2026-11-27T14:00"',
    ],
  ])('%s', (_, content, mistake) => {
    expect(mistakesOf(content)).toEqual([mistake]);
  });
});

describe('all mistakes come at once', () => {
  test('those of single fields and those between databases, in the order of the tenants, under the name of the file', () => {
    const content = {
      sweep: { cron: 'noon' },
      operators: [{ email: 'nobody' }],
      tenants: [
        {
          id: 'acme',
          graceHours: 'two',
          databases: [
            { id: 'orders', kind: 'instance' },
            { id: 'bad_id', kind: 'instance' },
            { id: 'Orders', kind: 'instance', maxAgeHours: -1 },
          ],
        },
        { id: 'ACME', databases: [{ id: 'crm', kind: 'instance', region: 'us-east-1', colour: 'red' }] },
      ],
    };
    expect(() => parseConfig(JSON.stringify(content), here)).toThrow(
      new ConfigError('config/ours.json', [
        'operators[0].email: must be an e-mail address, got "nobody"',
        'sweep.cron: has 1 field; Scheduler\'s cron has six fields: minutes, hours, day of month, month, day of week, year, e.g. 0 12 * * ? * for 12:00 every day, got "noon"',
        'tenants[0].graceHours: must be a number, got "two"',
        `tenants[0].databases[1].id: ${idRule}, got "bad_id"`,
        'tenants[0].databases[2].maxAgeHours: must be at least 1, got -1',
        'tenants[0].databases[2].id: instance "Orders" is already listed as tenants[0].databases[0] of tenant "acme"; remove one of the two',
        'tenants[1].id: "ACME" is already the id of tenants[0]; put all its databases there, or choose another id',
        'tenants[1].databases[0].colour: unknown key; known are id, kind, maxAgeHours, graceHours, awsBackupGraceHours, reminderHours, whileStopped, copy, bucket, excluded, account, region',
        'tenants[1].databases[0].region: Region us-east-1 of account 123456789012 is not listed (listed are eu-west-1): add { "account": "123456789012", "regions": ["us-east-1"] } to "environments", so that a stack is deployed there, or correct it',
      ]),
    );
  });

  test('the message begins with the file and the count', () => {
    const message = new ConfigError('config/ours.json', ['a: is wrong', 'b: is wrong']).message;
    expect(message).toBe('config/ours.json has 2 mistakes:\n  a: is wrong\n  b: is wrong');
  });

  test('an unreadable recipient is not also reported as nobody', () => {
    expect(mistakesOf(file({ file: { operators: [{ email: 'x' }, { email: 'y' }] } }))).toEqual([
      'operators[0].email: must be an e-mail address, got "x"',
      'operators[1].email: must be an e-mail address, got "y"',
    ]);
  });
});

describe('what a message shows of a value', () => {
  test('of a URL is its host alone, since tokens stand behind it', () => {
    const https = 'http://user:secret@hooks.example.com/services/secret?token=secret';
    const inOthers = { email: 'https://hooks.example.com/services/secret' };
    const mistakes = mistakesOf(file({ file: { operators: [{ https }, inOthers] } }));
    expect(mistakes).toEqual([
      'operators[0].https: must be an https:// URL without a user name or password in it, got "http://hooks.example.com/..."',
      'operators[1].email: must be an e-mail address, got "https://hooks.example.com/..."',
    ]);
  });

  test('is at most 80 characters, on one line', () => {
    expect(mistakesOf(file({ tenant: { id: `a\n${'b'.repeat(100)}` } }))).toEqual([
      `${t}.id: ${tenantRule}, got "a\\n${'b'.repeat(78)}..."`,
    ]);
  });
});

test('10,000 databases are read, and 10,000 mistakes reported', () => {
  const tenants = Array.from({ length: 2_500 }, (_, i) => ({
    id: `tenant-${i}`,
    databases: Array.from({ length: 4 }, (_, j) => ({ id: `database-${i}-${j}`, kind: 'instance' })),
  }));
  const content = { operators, defaults: { bucket: { type: 'shared' } }, tenants };
  expect(parse(content).databases).toHaveLength(10_000);
  expect(mistakesOf(JSON.parse(JSON.stringify(content).replaceAll('"instance"', '"server"')))).toHaveLength(10_000);
});

describe('the example', () => {
  const text = readFileSync(new URL('../../../config/example.json', import.meta.url), 'utf8');

  test('is a fleet of four tenants without endpoints that deploying would subscribe in vain', () => {
    const fleet = parseConfig(text, { account: '000000000000', region: 'eu-west-1' });
    expect(fleet.tenants.map((tenant) => tenant.id)).toEqual(['acme', 'globex', 'initech', 'umbrella']);
    const recipients = [...fleet.operators, ...fleet.tenants.flatMap((tenant) => tenant.recipients)];
    expect(recipients.filter((recipient) => 'queue' in recipient || 'https' in recipient)).toEqual([]);
  });
});

test("a configuration's hash is the SHA-256 of its bytes", () => {
  expect(configHash('{}')).toBe('44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a');
});
