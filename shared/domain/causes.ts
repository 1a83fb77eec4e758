/**
 * Why something is as it is, as data: a code and its facts. Rows and answers store causes, prose is made when they are shown
 * (`shared/reasons`), so that no sentence with an age in it grows old. Codes are only ever added, never renamed; `docs/causes.md`
 * lists them from these tables.
 */
import { once } from 'es-toolkit/function';
import { pick } from 'es-toolkit/object';
import * as z from 'zod';
import { count, number, text, type Unrecognized } from './schema.ts';

/** A moment among a cause's facts: ISO 8601 in UTC, since facts are JSON as they stand. */
const moment = z.iso.datetime();

/** What a table says of one code. */
interface Entry {
  /** For the documentation: when the code is given. */
  readonly meaning: string;
  /** Its facts. */
  readonly facts: z.ZodObject;
  /** Those of them that everybody may read; the others are for operators. */
  readonly open: z.ZodObject;
}

type Fields<Shape extends z.ZodRawShape> = z.ZodObject<Shape, z.core.$strip>;

/**
 * The facts named in `open` reach the tenant's recipients as well: words and numbers about the tenant's own database. What
 * names another database, a tenant, an account, a role, a key or a place, and what people or AWS said, stays with operators.
 */
function entry<Shape extends z.ZodRawShape = Record<never, never>, const Open extends keyof Shape & string = never>(
  meaning: string,
  facts: Shape = {} as Shape,
  open: readonly Open[] = [],
) {
  // Made with the first cause of the code: there are a hundred, and most runs meet few. Loose: a later version may say more.
  const whole = once(() => z.looseObject(facts) as unknown as Fields<Shape>);
  const shown = once(() => z.object(pick(facts, [...open])) as unknown as Fields<Pick<Shape, Open>>);
  return {
    meaning,
    get facts() {
      return whole();
    },
    get open() {
      return shown();
    },
  };
}

const optional = {
  moment: moment.exactOptional(),
  text: text.exactOptional(),
  number: number.exactOptional(),
};

/** Why a verdict is what it is; each may also be a note, which says what else a person should know. */
export const causes = {
  'excluded-by-configuration': entry('The configuration excludes the database, for the reason given there.', {
    reason: text,
  }),
  'excluded-by-tag': entry("The database's tag excludes it, for the reason given there.", { reason: text }),
  'replica-without-backups': entry('A read replica without current backups of its own: its source is what counts.', {
    source: text,
  }),
  'replica-source-unwatched': entry(
    'A read replica without backups of its own, whose source is not watched: it is excluded, not configured, or elsewhere.',
    { source: text, why: text },
    ['why'],
  ),
  'rds-not-answering': entry('RDS did not respond, or refused.', { error: text, since: moment }, ['since']),
  'environment-unread': entry(
    'RDS did not respond, or refused, for any database of its account and Region, one of several.',
    { account: text, region: text, error: text, since: moment },
    ['since'],
  ),
  'not-in-rds': entry('RDS has no such database, and never had while it was watched.'),
  'deleted-or-renamed': entry('RDS no longer has the database.', { lastSeen: optional.moment }, ['lastSeen']),
  'first-backup-expected': entry(
    'No backup yet since the database was created; the first is, or was, expected by the deadline.',
    {
      createdAt: moment,
    },
    ['createdAt'],
  ),
  'backup-expected': entry(
    'The next backup is expected by the deadline: in its window, or within the grace after it.',
    {
      window: optional.text,
      graceHours: number,
    },
    ['window', 'graceHours'],
  ),
  'backup-in-progress': entry(
    'A backup is being created; it counts once it is available.',
    {
      snapshot: text,
      since: moment,
      usualMinutes: optional.number,
    },
    ['snapshot', 'since', 'usualMinutes'],
  ),
  stopped: entry(
    'The database is stopped: RDS takes no automated backups meanwhile.',
    {
      since: optional.moment,
      restartsAt: optional.moment,
    },
    ['since', 'restartsAt'],
  ),
  'window-while-stopped': entry(
    'The backup window lies in the hours in which the database is stopped, and it has run for too long without a backup.',
    { window: text },
    ['window'],
  ),
  'automation-paused': entry(
    "RDS Custom's automation of the database is paused, and it took no automated backup meanwhile.",
    { until: optional.moment },
    ['until'],
  ),
  'just-started': entry(
    'The database was stopped and runs again; the next backup is expected in the first window after the start.',
    { startedAt: moment, window: optional.text },
    ['startedAt', 'window'],
  ),
  'status-prevents-backups': entry(
    'RDS takes no automated backups in the status that the database is in.',
    {
      status: text,
    },
    ['status'],
  ),
  'encryption-key-inaccessible': entry(
    'RDS cannot use the KMS key of the database; whatever is encrypted with it cannot be restored either.',
    { status: text, key: optional.text, otherKeyBackup: optional.moment },
    ['status', 'otherKeyBackup'],
  ),
  'replication-failed': entry(
    'The replication of a read replica has failed: what its backups hold grows old.',
    { status: text, source: optional.text, said: optional.text },
    ['status'],
  ),
  'backups-about-to-be-disabled': entry(
    'A retention of 0 is pending: automated backups end with the next maintenance window, and those that exist are deleted.',
  ),
  'backups-about-to-be-enabled': entry(
    'Automated backups are off; a retention is pending, and applies from the next maintenance window.',
    { retentionDays: number },
    ['retentionDays'],
  ),
  'not-rds': entry('The name is that of a database of another service.', { engine: text }, ['engine']),
  'backups-disabled': entry('Automated backups are off (retention 0), and AWS Backup does not manage the database.'),
  'snapshot-skipped': entry(
    'RDS took no snapshot in its window and gives no reason; point-in-time restore works.',
    { restorableUntil: moment, window: optional.text },
    ['restorableUntil', 'window'],
  ),
  'window-moved': entry(
    'The backup window was moved since the newest backup, so the next one comes later than before.',
    { before: text, window: text },
    ['before', 'window'],
  ),
  'aws-backup-job-failed': entry(
    'The last job of AWS Backup ended without a backup; `state` is `FAILED`, `EXPIRED` or `ABORTED`.',
    { job: text, state: text, endedAt: moment, message: optional.text },
    ['state', 'endedAt'],
  ),
  'aws-backup-expected': entry(
    'The next backup can only come from AWS Backup, which has a job open; it may begin until `startBy`.',
    { createdAt: moment, startBy: optional.moment },
    ['createdAt', 'startBy'],
  ),
  'backup-outside-rds': entry(
    'The newest backup is a recovery point of AWS Backup that is no RDS snapshot, as in an air-gapped vault.',
    { recoveryPoint: text },
  ),
  'aws-backup-made-none': entry(
    'AWS Backup manages the database and made no backup in time.',
    {
      lastBackup: optional.moment,
    },
    ['lastBackup'],
  ),
  'backups-gone': entry(
    'It had backups, and none is left that could be restored.',
    { lastBackup: moment, gone: text },
    ['lastBackup', 'gone'],
  ),
  'last-backup-expired': entry(
    'RDS let the last backup expire; the next is expected in the window that is open, or is being created.',
    { lastBackup: moment },
    ['lastBackup'],
  ),
  'restore-point-stale': entry(
    'Neither a snapshot nor point-in-time restore is up to date.',
    {
      restorableUntil: moment,
    },
    ['restorableUntil'],
  ),
  'no-known-cause': entry('RDS shows no cause.'),
  'name-used-before': entry('Another database had this name before; its backups do not count for this one.', {
    resourceId: text,
    lastBackup: optional.moment,
  }),
  'renamed-to': entry('RDS shows the database under a new name; the configuration should follow.', {
    id: text,
    configured: text,
  }),
  'renamed-from': entry('The database had another name before.', { id: text }),
  'replica-of': entry('The database is a read replica.', { source: text }),
  'event-lost': entry('No event announced the newest backup.'),
  'tenant-after-backup': entry(
    "The newest backup of the shared database was made before the tenant's data came (`since`), and does not hold it; the next is, or was, expected by the deadline.",
    { since: moment, backup: moment },
    ['since', 'backup'],
  ),
  'tenant-not-in-snapshot': entry(
    "RDS shows that the newest snapshot of the shared database does not hold the tenant's.",
    { snapshot: text, name: text },
    ['snapshot'],
  ),
  'tenants-unprotected': entry(
    'Tenants of the shared database have no fresh backup, though the database has one: up to ten of them, and how many there are.',
    { tenants: z.array(text).readonly(), count },
  ),
  'holds-tenants': entry('The database is shared: up to ten of its tenants, and how many it holds.', {
    tenants: z.array(text).readonly(),
    count,
  }),
  'member-of-cluster': entry('The instance is a member of a cluster, which is evaluated in its place.', {
    cluster: text,
  }),
} as const satisfies Record<string, Entry>;

/** Why an alert ended where no verdict ended it. */
export const resolutions = {
  'left-configuration': entry('The database is no longer configured.'),
  'environment-left': entry('The account and Region of the database are no longer configured.', {
    account: text,
    region: text,
  }),
  'tag-removed': entry('The tag that enrolled the database was removed, so that it is no longer watched.'),
  'found-in-rds': entry('RDS has the database now.'),
  'name-taken-over': entry('Another database has its name now and is evaluated in its place.'),
  'moved-to-tenant': entry('The database belongs to another tenant now.', { tenant: text }),
} as const satisfies Record<string, Entry>;

/** Why a backup's row is closed. */
export const closings = {
  'deleted-by-user': entry('A user deleted the snapshot.'),
  'not-in-rds': entry('RDS no longer has the snapshot: it expired, or was deleted.'),
  'name-used-again': entry('The name of the snapshot was used again for a newer one.'),
} as const satisfies Record<string, Entry>;

/** What RDS or S3 said, word for word. */
const said = optional.text;

/** What is not in a finished export: the first ten skipped tables, how many there are, and RDS's other warnings. */
const shortcomings = {
  skippedTables: z.array(z.looseObject({ table: text, reason: text })),
  skipped: count,
  warnings: z.array(text),
};

const optionalShortcomings = {
  skippedTables: shortcomings.skippedTables.exactOptional(),
  skipped: shortcomings.skipped.exactOptional(),
  warnings: shortcomings.warnings.exactOptional(),
};

/** Why a copy is not made, waits, failed or is incomplete. */
export const copyCauses = {
  'not-configured': entry('The database is not configured.'),
  'owner-changed': entry('The database, or its name, belongs to another tenant than the backup.', {
    tenant: optional.text,
  }),
  'kind-not-copied': entry('Backups of this kind are not copied.', { kind: text, copied: z.array(text) }, [
    'kind',
    'copied',
  ]),
  'before-enrolment': entry('The backup is from before the database was enrolled.'),
  'snapshot-gone': entry('The snapshot was gone before it was recorded.'),
  'no-shared-bucket': entry('The configuration has no shared bucket for discovered databases.'),
  'engine-not-exportable': entry('RDS cannot export snapshots of this engine.', { engine: text }, ['engine']),
  'storage-not-exportable': entry('RDS cannot export snapshots from magnetic storage.'),
  'region-without-exports': entry(
    'RDS exports no snapshots in the Region, or none of this engine.',
    { region: text, engine: text },
    ['region', 'engine'],
  ),
  'period-served': entry('Another backup of the same period is copied.', { schedule: text }, ['schedule']),
  'snapshot-busy': entry('RDS says that the snapshot is busy.', { said }),
  'exported-elsewhere': entry('Somebody else is exporting the snapshot; RDS allows one export at a time.'),
  'snapshot-expired': entry('RDS no longer has the snapshot: it was gone before its copy could start.'),
  'snapshot-replaced': entry('The name of the snapshot was used again: RDS has another one under it.'),
  'environment-refused': entry('The copy function may do nothing in the account and Region.', {
    account: text,
    region: text,
    said: text,
  }),
  'role-not-found': entry('The export role does not exist.', { role: text, said }),
  'role-not-trusted': entry('RDS may not assume the export role.', { role: text, said }),
  'bucket-closed': entry('The bucket belongs to another account than expected, or is closed to the copy function.', {
    bucket: text,
    owner: text,
    said,
  }),
  'bucket-denied': entry('The export role may not use the bucket.', {
    bucket: text,
    owner: optional.text,
    role: text,
    action: optional.text,
    key: optional.text,
    said,
  }),
  'bucket-invalid': entry('The bucket does not exist, is in another Region, or is closed to the export role.', {
    bucket: text,
    region: text,
    said,
  }),
  'bucket-missing': entry('The bucket does not exist.', { bucket: text, region: text, said }),
  'bucket-refused': entry('S3 refuses what RDS writes to the bucket.', { bucket: text, error: text, said }),
  'source-key-not-usable': entry('The KMS key of the snapshot cannot be used.', { key: text, role: text, said }),
  'key-not-usable': entry('The KMS key cannot be used.', { key: text, role: text, action: optional.text, said }),
  'start-denied': entry('RDS denied the copy function to start an export.', { role: text, key: text, said }),
  'start-refused': entry('RDS refused to start the export.', { error: text, said }),
  'export-failed': entry('RDS gave the export up, for a cause that may pass.', { said }),
  'export-cancelled': entry('Somebody cancelled the export task.'),
  'export-incomplete': entry('RDS completed the export without some of the data.', shortcomings, ['skipped']),
  'tenant-folder-missing': entry(
    'The export of a shared database is complete, and holds nothing where the data of a tenant should be.',
    {
      folder: optional.text,
      tenants: z.array(text).exactOptional(),
      count: count.exactOptional(),
    },
    ['folder'],
  ),
  'objects-missing': entry('RDS says that the export is complete, but nothing lies in the bucket.', {
    bucket: text,
    folder: text,
  }),
  'bucket-gone': entry('The bucket is gone, and with it the copy.', { bucket: text }),
  'not-verifiable': entry(
    'RDS says that the export is complete, but S3 does not let this be verified.',
    {
      bucket: text,
      owner: optional.text,
      said,
      ...optionalShortcomings,
    },
    ['skipped'],
  ),
  'task-unknown': entry('RDS no longer knows the export task.', { task: text }),
  stuck: entry('The export has been running for too long.', { task: text, since: moment, percent: number }, [
    'since',
    'percent',
  ]),
  'staging-not-configured': entry('The database has no staging bucket in the configuration.'),
  'dump-awaited': entry('The native dump is not there yet.', { object: text }),
  'dump-missing': entry('The native dump did not come in time.', { object: text, waitHours: number }, ['waitHours']),
  'dump-stale': entry(
    'The native dump that is there is not of this backup: too old, too new, or used by another copy.',
    {
      object: text,
      modified: moment,
      backupTime: moment,
      maxDumpAgeHours: number,
      waitHours: number,
      usedBy: optional.text,
    },
    ['modified', 'backupTime', 'maxDumpAgeHours', 'waitHours'],
  ),
  'dump-shared': entry('The key of the native dump can be that of another database too: nobody knows whose it is.', {
    object: text,
    other: text,
    tenant: text,
  }),
  'dump-too-large': entry('The native dump is too large for one run.', { object: text, bytes: number, limit: number }, [
    'bytes',
    'limit',
  ]),
  'run-broke-off': entry('The run that copied the object broke off: time or memory ran out.'),
  'copy-different': entry(
    'What lies in the bucket is not what was copied: its size, or else its checksum, differs.',
    {
      object: text,
      originalBytes: count.exactOptional(),
      bytes: count.exactOptional(),
    },
    ['originalBytes', 'bytes'],
  ),
  'copy-out-of-time': entry('The run had no time left for the object.', { object: text }),
  's3-bucket-missing': entry('The source or the target bucket does not exist.', { from: text, to: text, said }),
  's3-key-not-usable': entry('The key of the source or of the target bucket cannot be used.', {
    from: text,
    to: text,
    key: text,
    said,
  }),
  's3-other-region': entry('The source or the target bucket is in another Region.', { from: text, to: text, said }),
  's3-archived': entry('The object is archived, and has to be restored first.', { object: text, said }),
  's3-customer-key': entry('The object is encrypted with a key that S3 does not keep (SSE-C).', { object: text, said }),
  's3-checksum-missing': entry('The target bucket demands a checksum with each object.', {
    from: text,
    to: text,
    said,
  }),
  's3-denied': entry('S3 denies the copy.', { from: text, fromOwner: text, to: text, toOwner: text, said }),
  's3-failed': entry('Copying the object failed, for a cause that may pass.', { from: text, to: text, said }),
  'cancelled-by-person': entry('A person cancelled the copy while it waited.', { by: text, note: optional.text }),
} as const satisfies Record<string, Entry>;

/** One of the tables above. */
export type CauseTable = Readonly<Record<string, Entry>>;

/** The facts of one code of a table. */
export type FactsIn<T extends CauseTable, Code extends keyof T> = Readonly<z.output<T[Code]['facts']>>;

/** The facts of a code as a reader gets them: those for operators alone are absent for others. */
export type VisibleIn<T extends CauseTable, Code extends keyof T> = Readonly<
  z.output<T[Code]['open']> & Partial<Omit<FactsIn<T, Code>, keyof z.output<T[Code]['open']>>>
>;

/** A code of a table with its facts. */
export type Known<T extends CauseTable> = {
  [Code in keyof T & string]: { readonly code: Code; readonly facts: FactsIn<T, Code> };
}[keyof T & string];

/** A code of a later version; its facts are kept and shown as they are. */
export interface LaterCause {
  readonly code: Unrecognized;
  readonly facts: Readonly<Record<string, unknown>>;
}

export type Cause = Known<typeof causes> | LaterCause;
export type CauseCode = keyof typeof causes;
export type Resolution = Known<typeof resolutions> | LaterCause;
export type Closing = Known<typeof closings> | LaterCause;
export type CopyCause = Known<typeof copyCauses> | LaterCause;
export type CopyCauseCode = keyof typeof copyCauses;

/** Whether a cause is one of a table, and not that of a later version (or with facts that this one cannot read). */
export function isKnownIn<T extends CauseTable>(
  table: T,
  cause: { readonly code: string; readonly facts: object },
): cause is Known<T> {
  const known = Object.hasOwn(table, cause.code) ? table[cause.code] : undefined;
  return known?.facts.safeParse(cause.facts).success === true;
}

/** The facts of a cause that everybody may read: none of a code, or of a fact, of a later version, which may name anything. */
export function openFacts(
  table: CauseTable,
  { code, facts }: { readonly code: string; readonly facts: object },
): Readonly<Record<string, unknown>> {
  const read = Object.hasOwn(table, code) ? table[code]?.open.safeParse(facts) : undefined;
  return read?.success ? read.data : {};
}

/** The codec of a cause of one of the tables: any code is read, so that a row of a later version is. */
export function causeSchema<C>(): z.ZodType<C, { code: string; facts: Record<string, unknown> }> {
  return z.looseObject({ code: text, facts: z.record(z.string(), z.unknown()) }) as unknown as z.ZodType<
    C,
    { code: string; facts: Record<string, unknown> }
  >;
}
