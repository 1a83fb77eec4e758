/**
 * The configuration file's shape. `config/schema.json` (for editors) and the table in `docs/configuration.md` are
 * generated from here, so each field's description carries its unit and default.
 */
import { once } from 'es-toolkit/function';
import * as z from 'zod';
import { type Recipient, recipientField } from '../channels/index.ts';
import { textLike } from '../lib/text-field.ts';
import { cronMistake } from './cron.ts';
import { hours, maxAgeHoursField, tenantIdField } from './fields.ts';
import { maxPrefix } from './names.ts';
import { stagingKeyMistake } from './staging-keys.ts';
import { timeZoneMistake } from './time-zones.ts';

/** A prefix that several databases begin with leaves room for their own part. */
const maxPrefixBase = 40;

const account = textLike(/^\d{12}$/, 'must be an account id of 12 digits');
const region = textLike(/^[a-z]{2,}(-[a-z]+)+-\d$/, 'must be a Region such as eu-west-1');

export const bucketNameField = textLike(
  /^(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]$/,
  'must be the name of an S3 bucket: 3-63 lower-case letters, digits, dots and hyphens',
);

const prefixField = (max: number) =>
  z
    .string()
    .max(max, { error: `must have at most ${max} characters (RDS takes a prefix of under 60 in all)` })
    .regex(/^(?!.*(^|\/)\.{1,2}(\/|$))[A-Za-z0-9!_.'()=+@-]+(\/[A-Za-z0-9!_.'()=+@-]+)*$/, {
      error:
        'must be path segments of letters, digits and !_.\'()=+@- without a leading, doubled or trailing "/", and without ":"',
    });

const keyArn = textLike(
  /^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+$/,
  'must be the ARN of a KMS key (arn:aws:kms:<Region>:<account>:key/<id>; an alias is not enough)',
);

const wholeNumber = (min: number, max: number) =>
  z
    .int({ error: 'must be a whole number' })
    .min(min, { error: `must be at least ${min}` })
    .max(max, { error: `must be at most ${max}` });

/** RDS's rule for identifiers of instances and clusters. */
export const databaseIdField = textLike(
  /^(?=.{1,63}$)[A-Za-z][A-Za-z0-9]*(-[A-Za-z0-9]+)*$/,
  'must be an RDS identifier: 1-63 letters, digits and hyphens, beginning with a letter, without a trailing or doubled hyphen',
);

const recipients = z.array(recipientField.describe('A recipient of alerts'));

const copyKind = z.enum(['automated', 'awsbackup', 'manual', 'copy'], {
  error: 'must be automated, awsbackup, manual or copy',
});

const staging = z
  .strictObject({
    bucket: bucketNameField.describe('Bucket that the native dumps are put into'),
    owner: account.describe('Account that must own the bucket, 12 digits'),
    keyArn: keyArn
      .optional()
      .describe('ARN of the KMS key that the dumps are encrypted with: the copy function may then decrypt with it'),
    key: z
      .string()
      .min(1, { error: 'must not be empty' })
      .max(1024, { error: 'must have at most 1024 characters' })
      .superRefine((value, context) => {
        const mistake = stagingKeyMistake(value);
        if (mistake) context.addIssue({ code: 'custom', message: mistake });
      })
      .default('{snapshotId}')
      .describe(
        'Key of the dump, which no other database may share, or what keys of dumps begin with, up to a "/": the newest is taken; {snapshotId}, {databaseId}, {kind}, {tenant}, {account}, {region}, {date} (YYYY-MM-DD, UTC), {date-1}, {date+1} and {date:Europe/London} are replaced. Default: {snapshotId}',
      ),
    waitHours: hours(0, 168).default(6).describe('Hours that a dump which is not there yet is waited for. Default: 6'),
    maxDumpAgeHours: hours(1, 168)
      .default(24)
      .describe('Hours that may lie between a backup and its dump, either way; another dump is not of it. Default: 24'),
  })
  .describe('Where native dumps lie; needed for mode "object"');

const copyMode = z.enum(['export', 'object', 'none'], { error: 'must be export, object or none' });
const copySchedule = z.enum(['every', 'daily', 'weekly', 'monthly'], {
  error: 'must be every, daily, weekly or monthly',
});
const copyKinds = z
  .array(copyKind)
  .min(1, { error: 'must name at least one kind (for no copies at all, set mode to "none")' });

const modeText =
  '"export": Parquet by RDS, for analytics and archive (RDS cannot restore it); "object": a native dump copied from a staging bucket; "none"';
const scheduleText = 'Copy every backup, or only the first of each UTC day, ISO week or month';
const kindsText = 'Kinds of backups that are copied: automated, awsbackup, manual, copy';

const copyOverride = z
  .strictObject({
    mode: copyMode.optional().describe(`${modeText}. Default: inherited`),
    schedule: copySchedule.optional().describe(`${scheduleText}. Default: inherited`),
    kinds: copyKinds.optional().describe(`${kindsText}. Default: inherited`),
    staging: staging.optional(),
  })
  .describe('Copies to S3; fields that are left out are inherited');

/** The three kinds of bucket; what a prefix means depends on whether the bucket is stated for one database or for many. */
function bucketField(statedFor: 'one' | 'many') {
  const prefix =
    statedFor === 'one'
      ? prefixField(maxPrefix).describe(
          'Key prefix of this database. Default: <tenant>/<database> if shared, else none',
        )
      : prefixField(maxPrefixBase).describe(
          'What the key prefixes of all databases here begin with; <tenant>/<database> follows. Default: none',
        );
  return z
    .discriminatedUnion(
      'type',
      [
        z
          .strictObject({ type: z.literal('own') })
          .describe('A bucket for this database alone, made by the stack and kept when the stack goes'),
        z
          .strictObject({ type: z.literal('shared'), prefix: prefix.optional() })
          .describe("The stack's one shared bucket, with a prefix for each database"),
        z
          .strictObject({
            type: z.literal('existing'),
            name: bucketNameField.describe('Name of the bucket'),
            owner: account.optional().describe("Account that owns the bucket, 12 digits. Default: the database's"),
            region: region
              .optional()
              .describe("Region of the bucket; must be the database's (RDS exports to no other)"),
            prefix: prefix.optional(),
            keyArn: keyArn
              .optional()
              .describe("ARN of the KMS key that exports are encrypted with. Default: the stack's own key"),
          })
          .describe('A bucket that is there already'),
      ],
      { error: 'must be own, shared or existing' },
    )
    .describe('Where copies go');
}

const maxAgeText = 'Hours after which a database without a newer backup is overdue';
const graceText = 'Hours that a backup may still take after the backup window has closed; 0 is allowed';
const awsBackupGraceText =
  'Hours that a backup may still take after maxAgeHours where only AWS Backup makes one and its jobs cannot be read; no less than graceHours counts';
const reminderText = 'Hours between reminders of an open alert';

const whileStoppedText =
  '"warn" notifies once of each stop in which the promised age passes; "quiet" does not, since the data of a stopped database does not change';
const whileStopped = z.enum(['warn', 'quiet'], { error: 'must be warn or quiet' });

const placeShape = {
  account: account
    .optional()
    .describe("Account of the databases, 12 digits: the stack's, or one of environments. Default: inherited"),
  region: region
    .optional()
    .describe(
      "Region of the databases: the stack's, or one that environments lists for the account. Default: inherited",
    ),
};

const overrideShape = {
  maxAgeHours: maxAgeHoursField.optional().describe(`${maxAgeText}. Default: inherited`),
  graceHours: hours(0, 168).optional().describe(`${graceText}. Default: inherited`),
  awsBackupGraceHours: hours(0, 168).optional().describe(`${awsBackupGraceText}. Default: inherited`),
  reminderHours: hours(1, 720).optional().describe(`${reminderText}. Default: inherited`),
  whileStopped: whileStopped.optional().describe(`${whileStoppedText}. Default: inherited`),
  copy: copyOverride.optional(),
};

const databaseShape = {
  id: databaseIdField.describe('Identifier of the instance or cluster, as RDS shows it; case does not matter'),
  kind: z
    .enum(['instance', 'cluster'], { error: 'must be instance or cluster' })
    .describe('"instance", or "cluster" for Aurora and Multi-AZ clusters (not their members)'),
  ...overrideShape,
  bucket: bucketField('one').optional(),
  excluded: z
    .string()
    .trim()
    .min(1, { error: 'must say why, or be left out' })
    .max(200, { error: 'must have at most 200 characters' })
    .optional()
    .describe('Not watched, for this reason, which every report shows. Default: watched'),
  ...placeShape,
};

const databaseField = z.strictObject(databaseShape).describe('A database to watch');

const sharedDatabaseField = z.strictObject(databaseShape).describe('A database that holds several tenants');

/** What a tenant's part of a database is called in it: the engines' own names are shorter. */
const nameInDatabase = textLike(
  /^[^\p{Cc}/]{1,128}$/u,
  'must be a name of at most 128 characters, without "/" and control characters',
);

const shareShape = {
  id: databaseIdField.describe('Id of the shared database'),
  kind: databaseShape.kind.optional().describe('Its kind, where two have that id. Default: the only one'),
  account: account.optional().describe('Its account, 12 digits, where two have that id. Default: the only one'),
  region: region.optional().describe('Its Region, where two have that id. Default: the only one'),
  since: z
    .union([z.iso.datetime({ offset: true }), z.iso.datetime({ offset: true, precision: -1 })], {
      error: 'must be a time with its zone, such as 2026-11-24T10:00Z',
    })
    .optional()
    .describe(
      "Since when the tenant's data is there, e.g. 2026-11-24T10:00Z: an older backup does not hold it. Default: as long as the ledger has watched the database for several tenants, else when it first saw the tenant there",
    ),
  database: nameInDatabase
    .optional()
    .describe("Name of the tenant's database in it: its folder in each export. Default: not known"),
  schema: nameInDatabase
    .optional()
    .describe("Name of the tenant's schema: its folders in each export. Default: a database of its own, or not known"),
};

const shareField = z
  .union([databaseIdField, z.strictObject(shareShape)], {
    error: 'must be the id of a shared database, or an object such as { "id": "pool-1", "database": "acme" }',
  })
  .transform((written) => (typeof written === 'string' ? { id: written } : written))
  .describe('A shared database that holds the tenant: its id, or an object');

const tenantShape = {
  id: tenantIdField.describe('Name of the tenant: 1-63 letters, digits, dots, underscores and hyphens'),
  recipients: recipients.default([]).describe('Who is notified of this tenant. Default: nobody but the operators'),
  ...overrideShape,
  bucket: bucketField('many').optional(),
  ...placeShape,
};

const tenantField = z
  .strictObject({
    ...tenantShape,
    databases: z.array(databaseField).default([]).describe("Databases that are the tenant's alone. Default: none"),
    sharedDatabases: z.array(shareField).default([]).describe('Shared databases that hold the tenant. Default: none'),
  })
  .describe('A customer with its databases');

const environmentField = z
  .strictObject({
    account: account.describe('The account, 12 digits'),
    name: textLike(
      /^(?!\d{12}$)[\p{L}\p{N}](?:[\p{L}\p{N} ._()-]{0,48}[\p{L}\p{N}.)])?$/u,
      'must be 1-50 letters, digits, spaces and ._()-, begin with a letter or digit, and not be an account id',
    )
      .optional()
      .describe('What people call the account; it stands beside its databases. Default: its 12 digits'),
    regions: z
      .array(region)
      .min(1, { error: 'must name at least one Region' })
      .describe('Regions of the account that have databases'),
    events: z
      .boolean({ error: 'must be true or false' })
      .default(true)
      .describe(
        'Whether events are forwarded from there; where not, as in Regions that forward none, sweeps alone find new backups. Default: true',
      ),
  })
  .describe('An account with its Regions');

/** A section that may be left out: its fields' own defaults then apply. */
function section<S extends z.ZodRawShape>(shape: S, description: string) {
  const schema = z.strictObject(shape);
  return schema.prefault({} as z.input<typeof schema>).describe(description);
}

/** Something that the tags of discovered databases may do, or not. */
function allowed(byDefault: boolean, what: string) {
  return z
    .boolean({ error: 'must be true or false' })
    .default(byDefault)
    .describe(`Whether ${what}. Default: ${byDefault}`);
}

/** Everything but the tenants. */
const sectionShapes = {
  $schema: z.string().optional().describe('Path of the JSON Schema, for editors: ./schema.json'),
  defaults: section(
    {
      maxAgeHours: maxAgeHoursField.default(24).describe(`${maxAgeText}. Default: 24`),
      graceHours: hours(0, 168).default(2).describe(`${graceText}. Default: 2`),
      awsBackupGraceHours: hours(0, 168)
        .default(8)
        .describe(`${awsBackupGraceText}. Default: 8, AWS Backup's default start window`),
      reminderHours: hours(1, 720).default(24).describe(`${reminderText}. Default: 24`),
      whileStopped: whileStopped.default('warn').describe(`${whileStoppedText}. Default: warn`),
      copy: section(
        {
          mode: copyMode.default('export').describe(`${modeText}. Default: export`),
          schedule: copySchedule.default('daily').describe(`${scheduleText}. Default: daily`),
          kinds: copyKinds.default(['automated', 'awsbackup']).describe(`${kindsText}. Default: automated, awsbackup`),
          staging: staging.optional(),
        },
        'Copies to S3',
      ),
      bucket: bucketField('many').default({ type: 'own' }).describe('Where copies go. Default: { "type": "own" }'),
      account: account
        .optional()
        .describe("Account of the databases, 12 digits: the stack's, or one of environments. Default: the stack's"),
      region: region
        .optional()
        .describe(
          "Region of the databases: the stack's, or one that environments lists for the account. Default: the stack's",
        ),
    },
    'What applies where a tenant or database says nothing else',
  ),
  operators: recipients
    .default([])
    .describe('Who is notified of every tenant, of digests and of the alarms. Default: nobody'),
  environments: z
    .array(environmentField)
    .default([])
    .describe("Other accounts and Regions with databases; each gets a small stack. Default: the stack's own alone"),
  organization: textLike(/^o-[a-z0-9]{10,32}$/, 'must be the id of an organization, such as o-a1b2c3d4e5')
    .optional()
    .describe(
      "Organization in AWS Organizations whose accounts may send events: a new environment then changes no policy of the stack's. Default: the accounts of environments alone",
    ),
  sharedDatabases: z
    .array(sharedDatabaseField)
    .default([])
    .describe('Databases that hold several tenants, each stated once; tenants refer to them. Default: none'),
  sweep: section(
    {
      cron: z
        .string()
        .superRefine((value, context) => {
          const mistake = cronMistake(value);
          if (mistake) context.addIssue({ code: 'custom', message: mistake });
        })
        .default('0 12 * * ? *')
        .describe(
          "When the daily sweep runs: EventBridge Scheduler's six fields, minutes hours day-of-month month day-of-week year. Default: 0 12 * * ? *",
        ),
      timeZone: z
        .string()
        .superRefine((value, context) => {
          const mistake = timeZoneMistake(value);
          if (mistake) context.addIssue({ code: 'custom', message: mistake });
        })
        .default('UTC')
        .describe('IANA time zone of the cron expression, e.g. Europe/London. Default: UTC'),
    },
    'The daily check of all databases',
  ),
  alerts: section(
    {
      digestAbove: wholeNumber(1, 100_000)
        .default(100)
        .describe(
          'Tenants alerted within six hours above which operators get one digest instead of a message each. Default: 100',
        ),
      dailyDigest: z
        .boolean({ error: 'must be true or false' })
        .default(false)
        .describe('Notify operators once a day of how all databases are, also when all is well. Default: false'),
      runbookUrl: textLike(/^\S{1,300}$/, 'must be a URL or path of at most 300 characters without spaces')
        .default('docs/runbook.md')
        .describe('Where messages send people: a URL, or a path that they know. Default: docs/runbook.md'),
    },
    'Messages',
  ),
  copies: section(
    {
      maxAttempts: wholeNumber(1, 20).default(3).describe('Tries of a copy whose failure may heal. Default: 3'),
      stuckHours: hours(1, 720)
        .default(24)
        .describe('Hours after which a running copy is reported as stuck. Default: 24'),
      queuedHours: hours(1, 720)
        .default(24)
        .describe('Hours after which a copy that still waits rings an alarm. Default: 24'),
      assumedHours: z
        .number()
        .positive({ error: 'must be above 0' })
        .max(168, { error: 'must be at most 168' })
        .default(1)
        .describe('Hours of an export that capacity is planned with until some were seen. Default: 1'),
      regionsWithExports: z
        .array(region)
        .default([])
        .describe(
          'Regions in which RDS exports snapshots by now, though AWS documented otherwise when this version was made; elsewhere their copies would be skipped. Default: none',
        ),
    },
    'How copies are made',
  ),
  ledger: section(
    {
      retentionDays: wholeNumber(7, 3660)
        .default(400)
        .describe(
          'Days that the ledger keeps what is over, from its creation: a backup whose snapshot is gone, a day, a sweep, a resolved alert. Default: 400',
        ),
    },
    'The ledger',
  ),
  lifecycle: section(
    {
      copyDays: wholeNumber(1, 36_500)
        .default(90)
        .describe("Days that copies stay in the stack's buckets. Default: 90"),
      oldVersionDays: wholeNumber(1, 36_500)
        .default(7)
        .describe('Days that overwritten or deleted versions of objects stay. Default: 7'),
      unfinishedUploadDays: wholeNumber(1, 36_500).default(7).describe('Days that unfinished uploads stay. Default: 7'),
    },
    "The stack's own and shared buckets",
  ),
  discovery: z
    .strictObject({
      tenantTag: textLike(
        /^(?!aws:)[A-Za-z0-9 _.:/=+@-]{1,128}$/,
        'must be a tag key: at most 128 letters, digits, spaces and _.:/=+@-',
      )
        .default('backup-tenant')
        .describe('Tag whose value names the tenant of a database. Default: backup-tenant'),
      allowExclusion: allowed(false, 'the tag backup-exclude is honoured; whoever may tag can then silence alerts'),
      allowRemoval: allowed(
        true,
        'a database whose tenant tag is removed is watched no longer; else it is watched on for its tenant',
      ),
      allowTenantChange: allowed(
        true,
        'a tag may move a database to another tenant, whose recipients then get its alerts; else it stays where it was',
      ),
      allowLongerAge: allowed(true, 'the tag backup-max-age-hours may ask for more than defaults.maxAgeHours'),
      maxAgeHoursLimit: maxAgeHoursField
        .default(168)
        .describe(
          'Hours that the tag backup-max-age-hours may ask for at most; defaults.maxAgeHours is allowed in any case. Default: 168',
        ),
      allowNoCopies: allowed(true, 'the tag backup-copy may ask for none where defaults.copy.mode is another'),
    })
    .optional()
    .describe('Databases enrol themselves by tag; {} switches it on. Default: off, only listed ones are watched'),
  adopt: z
    .strictObject({
      tableName: textLike(/^[A-Za-z0-9_.-]{3,255}$/, 'must be the name of a DynamoDB table').describe(
        'Name of the kept ledger table',
      ),
      tableKeyArn: keyArn.describe('ARN of the KMS key that the kept table is encrypted with'),
      buckets: z
        .boolean({ error: 'must be true or false' })
        .default(true)
        .describe('Whether the own and shared buckets were kept as well and are used again. Default: true'),
      notifyFrom: z.iso
        .datetime({ offset: true, error: 'must be a time with its zone, such as 2026-11-27T14:00:00Z' })
        .exactOptional()
        .describe(
          'Nobody is notified before this moment, at most a day ahead, e.g. 2026-11-27T14:00:00Z: a table that was restored from a point in time does not know of what people were notified since. Default: people are notified as always',
        ),
    })
    .optional()
    .describe('Use the table (and buckets) kept from a stack that was destroyed, or restored. Default: make new ones'),
};

/** The file as people write it; strict, so that a misspelt key is a mistake. */
export const fileSchema = z
  .strictObject({ ...sectionShapes, tenants: z.array(tenantField).describe('The tenants with their databases') })
  .meta({ title: 'Configuration of rds-backup-ledger' });

export type EnvironmentConfig = z.output<typeof environmentField>;
export type DatabaseConfig = z.output<typeof databaseField>;
export type BucketConfig = z.output<ReturnType<typeof bucketField>>;
export type ShareConfig = Partial<z.output<z.ZodObject<typeof shareShape>>> & { readonly id: string };
export type TenantConfig = Omit<z.output<typeof tenantField>, 'databases' | 'sharedDatabases'> & {
  readonly databases: readonly (DatabaseConfig | null)[];
  readonly sharedDatabases: readonly (ShareConfig | null)[];
};

/** The file as read, defaults of its sections applied. In a file with mistakes, null stands for what cannot be read. */
export type FileConfig = Omit<z.output<typeof fileSchema>, 'tenants' | 'environments' | 'sharedDatabases'> & {
  readonly environments: readonly (EnvironmentConfig | null)[];
  readonly sharedDatabases: readonly (DatabaseConfig | null)[];
  readonly tenants: readonly (TenantConfig | null)[];
};

/** Stands for a recipient that cannot be read: there is one, so that its absence is not reported as well. */
export const unreadableRecipient: Recipient = { email: '' };

/**
 * Reads what can be read of a file with mistakes, so that duplicates and conflicts are reported together with them:
 * a field that is wrong counts as left out, a list entry without a readable id as null.
 */
export function readLeniently(raw: unknown): FileConfig {
  return lenientFile().parse(raw);
}

/** Made with the first file that has mistakes: the functions read none. */
const lenientFile = once((): z.ZodType<FileConfig> => {
  const recipients = z.array(recipientField.catch(unreadableRecipient)).catch([]);
  const database = z.object({ ...lenient(databaseShape), id: databaseIdField, kind: databaseShape.kind });
  const databases = z.array(database.nullable().catch(null)).catch([]);
  const tenant = z.object({
    ...lenient(tenantShape),
    id: tenantIdField,
    recipients,
    databases,
    sharedDatabases: z.array(shareField.nullable().catch(null)).catch([]),
  });
  return z.object({
    ...lenient(sectionShapes),
    environments: z.array(environmentField.nullable().catch(null)).catch([]),
    operators: recipients,
    sharedDatabases: databases,
    tenants: z.array(tenant.nullable().catch(null)).catch([]),
  });
});

/** The same fields, each as if it were left out where it is wrong. */
function lenient<S extends z.ZodRawShape>(shape: S): S {
  const fields = Object.entries(shape).map(([key, field]) => {
    const leftOut = z.safeParse(field, undefined);
    return [key, z.catch(field, leftOut.data)] as const;
  });
  return Object.fromEntries(fields) as unknown as S;
}

/** The file as written: what `configFromEnv` makes. */
export type ConfigInput = z.input<typeof fileSchema>;
