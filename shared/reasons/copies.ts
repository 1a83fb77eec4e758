/** The sentences of copies and of closed backups. */
import { spokeStackName } from '../contract.ts';
import {
  type Closed,
  type Copy,
  type CopyCause,
  type CopyCauseCode,
  closings,
  copyCauses,
  type FactsIn,
  isKnownIn,
  isOneOf,
  isSharedOwner,
  missingParts,
  type VisibleIn,
} from '../domain/index.ts';
import { formatAge, formatUtc } from '../lib/time.ts';
import { forOperators, onLine, visibleFacts } from './prose.ts';
import type { Reader } from './reader.ts';

/** Why a copy waits, was not made, failed or is incomplete, and what to do; undefined where there is nothing to say. */
export function copyReasonOf(copy: Copy, reader: Reader): string | undefined {
  const { cause, state, attempt, permanent } = copy;
  if (cause === undefined) return undefined;
  const sentence = `${copySentenceOf(cause, reader, copy)}${besides(copy, reader)}`;
  if (!isOneOf(triedAgain, cause.code) || attempt < 2) return sentence;
  if (state === 'queued') return `attempt ${attempt - 1} failed: ${sentence}`;
  return state === 'failed' && !permanent ? `failed after ${attempt} attempts: ${sentence}` : sentence;
}

/** Tenants whose parts are missing in an export of which there is something else to say. */
function besides({ cause, folders }: Copy, reader: Reader): string {
  const missing = folders && missingParts(folders);
  if (missing === undefined || missing.code === cause?.code || reader.audience !== 'operators') return '';
  return `; besides, ${copySentenceOf(missing, reader)}`;
}

/** One cause of a copy as a sentence; one of a later version is shown as its code. `copy` is the one that has it. */
export function copySentenceOf(cause: CopyCause | NonNullable<Copy['cause']>, reader: Reader, copy?: Copy): string {
  return isKnownIn(copyCauses, cause) ? rendered(cause, { reader, copy }) : onLine(cause.code);
}

/** Why a backup's row is closed. */
export function closedReasonOf({ cause }: Closed): string {
  return isKnownIn(closings, cause) ? closedTexts[cause.code] : onLine(cause.code);
}

const closedTexts: Readonly<Record<keyof typeof closings, string>> = {
  'deleted-by-user': 'deleted by a user',
  'not-in-rds': 'RDS does not have the snapshot any more',
  'name-used-again': 'the name of the snapshot was used again for a newer one',
};

/** Causes of failures that another try may heal. */
const triedAgain = [
  'export-failed',
  'objects-missing',
  'task-unknown',
  'copy-different',
  'copy-out-of-time',
  's3-failed',
] as const satisfies readonly CopyCauseCode[];

interface Shown {
  readonly reader: Reader;
  readonly copy: Copy | undefined;
}

type Texts = {
  readonly [Code in CopyCauseCode]: (facts: VisibleIn<typeof copyCauses, Code>, shown: Shown) => string;
};

function rendered<Code extends CopyCauseCode>(
  cause: { readonly code: Code; readonly facts: FactsIn<typeof copyCauses, Code> },
  shown: Shown,
): string {
  const text: Texts[Code] = texts[cause.code];
  return text(visibleFacts(copyCauses, cause, shown.reader), shown);
}

/** Tenants' recipients read what happened; what names places, rights and settings is the operators' to act on. */
const texts: Texts = {
  'not-configured': (_, { copy, reader }) =>
    copy?.state === 'none'
      ? 'the database is not configured'
      : `its database is no longer configured${forOperators(reader, '; nothing says where to copy it')}`,
  'owner-changed': ({ tenant }) =>
    tenant !== undefined && isSharedOwner(tenant)
      ? 'the database holds several tenants now, to whose place this backup of one tenant is not copied'
      : `the database, or its name, belongs to ${tenant === undefined ? 'another tenant' : `tenant ${onLine(tenant)}`} now, whose place this backup is not copied to`,
  'kind-not-copied': ({ kind, copied }) =>
    `${onLine(kind)} backups are not copied (copied kinds: ${copied.map(onLine).join(', ') || 'none'})`,
  'before-enrolment': () => 'from before the database was enrolled',
  'snapshot-gone': () => 'the snapshot was gone before it was recorded',
  'no-shared-bucket': (_, { reader }) =>
    `no shared bucket for discovered databases${forOperators(reader, ': set defaults.bucket to { "type": "shared" } in the configuration')}`,
  'engine-not-exportable': ({ engine }, { reader }) => {
    const what = engine.startsWith('custom-') ? `RDS Custom (${onLine(engine)})` : `engine ${onLine(engine)}`;
    return `RDS cannot export snapshots of ${what}${forOperators(reader, '; use mode "object" with native dumps, or "none"')}`;
  },
  'storage-not-exportable': (_, { reader }) =>
    `RDS cannot export snapshots from magnetic storage ("standard")${forOperators(reader, '; move the database to gp3 storage')}`,
  'region-without-exports': ({ region, engine }, { reader }) =>
    `RDS exports no snapshots of engine ${onLine(engine)} in ${onLine(region)}${forOperators(reader, ', as AWS documented it; use mode "object" with native dumps, or "none", or name the Region in copies.regionsWithExports if it has exports by now')}`,
  'period-served': ({ schedule }) => `another backup of the same ${periods[schedule] ?? onLine(schedule)} is copied`,
  'snapshot-busy': ({ said }) => `RDS says that the snapshot is busy${said === undefined ? '' : `: ${onLine(said)}`}`,
  'exported-elsewhere': () => 'somebody else is exporting this snapshot; RDS allows one export at a time',
  'snapshot-expired': (_, { reader }) =>
    `expired: RDS no longer has the snapshot, it was gone before its copy could start${forOperators(reader, '; keep automated backups longer, or copy fewer of them')}`,
  'snapshot-replaced': (_, { reader }) =>
    `replaced: RDS has another snapshot of the same name, this one was gone before its copy could start${forOperators(reader, '; give each snapshot a name of its own, or copy fewer of them')}`,
  'environment-refused': ({ account, region, said }) =>
    account === undefined || region === undefined
      ? 'nothing can be copied in the account and Region of the database'
      : `the copy function may do nothing in account ${onLine(account)}, ${onLine(region)}: deploy the stack ${spokeStackName({ account, region })} (again), see that no policy of the organization denies it, and that the Region is turned on in the account${bySaid(said, 'AWS')}`,
  'role-not-found': ({ role, said }) =>
    role === undefined
      ? 'RDS may not export: its export role is missing'
      : `the export role ${onLine(role)} does not exist; deploy the stack again${bySaid(said)}`,
  'role-not-trusted': ({ role, said }) =>
    role === undefined
      ? 'RDS may not export: it cannot assume its export role'
      : `let the role ${onLine(role)} trust export.rds.amazonaws.com (sts:AssumeRole)${bySaid(said)}`,
  'bucket-closed': ({ bucket, owner, said }) =>
    bucket === undefined || owner === undefined
      ? 'the bucket of the copy is closed'
      : `bucket ${onLine(bucket)} does not belong to account ${onLine(owner)}, or denies s3:ListBucket to the copy function. Find out with the rights of that account: aws s3api head-bucket --bucket ${onLine(bucket)} --expected-bucket-owner ${onLine(owner)}. If another account has it, grant nothing on it and name another bucket; else grant s3:ListBucket and s3:GetObject on it to the copy function${bySaid(said, 'S3')}`,
  'bucket-denied': ({ bucket, owner, role, action, key, said }) =>
    bucket === undefined || role === undefined
      ? 'RDS may not write to the bucket of the copy'
      : `grant ${action === undefined ? roleRights : onLine(action)} on bucket ${ownedBucket(bucket, owner)} to the role ${onLine(role)}, in its policy and in the bucket's own${key === undefined ? '' : `, and ${keyRights} on the key ${onLine(key)}`}${bySaid(said)}`,
  'bucket-invalid': ({ bucket, region, said }) =>
    bucket === undefined || region === undefined
      ? 'RDS cannot use the bucket of the copy'
      : `bucket ${onLine(bucket)} does not exist, is not in ${onLine(region)}, or is closed to the export role; exports need a bucket in the snapshot's Region${bySaid(said)}`,
  'bucket-missing': ({ bucket, region, said }) =>
    bucket === undefined || region === undefined
      ? 'the bucket of the copy does not exist'
      : `bucket ${onLine(bucket)} does not exist: create it in ${onLine(region)}, or name another one in the configuration${bySaid(said)}`,
  'bucket-refused': ({ bucket, error, said }) =>
    bucket === undefined || error === undefined
      ? 'the bucket of the copy refuses what RDS writes'
      : `S3 refuses what RDS writes to bucket ${onLine(bucket)} (${onLine(error)}): look for a default retention of Object Lock, and for a bucket policy or default encryption that exports do not meet${bySaid(said)}`,
  'source-key-not-usable': ({ key, role, said }) =>
    key === undefined || role === undefined
      ? 'the encryption key of the snapshot cannot be used'
      : `the snapshot's own key ${onLine(key)} cannot be used: enable it, and grant kms:Decrypt, kms:DescribeKey and kms:CreateGrant on it to the copy function and to the role ${onLine(role)}${bySaid(said)}`,
  'key-not-usable': ({ key, role, action, said }) =>
    key === undefined || role === undefined
      ? 'the encryption key of the copy cannot be used'
      : `the key ${onLine(key)} cannot be used: enable it, and grant ${action === undefined ? keyRights : onLine(action)} on it to the role ${onLine(role)} and to the copy function${bySaid(said)}`,
  'start-denied': ({ role, key, said }) =>
    role === undefined || key === undefined
      ? 'RDS denied the start of the export'
      : `RDS denied rds:StartExportTask${said === undefined ? '' : `: ${onLine(said)}`}; the copy function needs rds:StartExportTask, iam:PassRole on ${onLine(role)}, and kms:CreateGrant and kms:DescribeKey on ${onLine(key)}`,
  'start-refused': ({ error, said }) =>
    error === undefined
      ? 'RDS refused to start the export'
      : `RDS refused to start the export: ${said === undefined ? 'without a cause' : onLine(said)} (${onLine(error)})`,
  'export-failed': ({ said }, { reader }) => {
    const why = said === undefined ? 'RDS gave no cause' : `RDS says: ${onLine(said)}`;
    return `the export failed${forOperators(reader, ` (${why})`)}`;
  },
  'export-cancelled': () => 'somebody cancelled the export task',
  'tenant-folder-missing': ({ folder, tenants, count }, { reader }) => {
    if (tenants === undefined || count === undefined) {
      const where =
        folder === undefined ? 'where the data should be' : `in ${onLine(folder)}, where the data should be`;
      return `the export is complete, but holds nothing ${where}${forOperators(reader, folderAdvice)}`;
    }
    const more = count > tenants.length ? ` and ${count - tenants.length} more` : '';
    return `the export is complete, but holds nothing of ${count} ${count === 1 ? 'tenant' : 'tenants'} where their data should be: ${tenants.map(onLine).join(', ')}${more}${folderAdvice}`;
  },
  'export-incomplete': (facts) => `the export is not whole: ${shortcomingsIn(facts) || 'some of the data is missing'}`,
  'objects-missing': ({ bucket, folder }) =>
    bucket === undefined || folder === undefined
      ? 'RDS says the export is complete, but nothing lies in the bucket of the copy'
      : `RDS says the export is complete, but nothing lies in s3://${onLine(bucket)}/${onLine(folder)}; find out who removes objects there`,
  'bucket-gone': ({ bucket }) =>
    bucket === undefined
      ? 'the bucket of the copy is gone, and with it the copy'
      : `bucket ${onLine(bucket)} is gone, and with it the copy; create it again`,
  'not-verifiable': ({ bucket, owner, said, ...facts }) => {
    const besides = shortcomingsIn(facts);
    const why = said === undefined ? '' : ` (${onLine(said)})`;
    const grant =
      bucket === undefined
        ? ''
        : `: grant the copy function s3:ListBucket and s3:GetObject on bucket ${ownedBucket(bucket, owner)}, and kms:Decrypt on its key`;
    return `RDS says the export is complete, but S3 does not let this be verified${why}${grant}${besides && `; besides, ${besides}`}`;
  },
  'task-unknown': ({ task }) => `RDS no longer knows the export task${task === undefined ? '' : ` ${onLine(task)}`}`,
  stuck: ({ task, since, percent }, { reader, copy }) => {
    const begun = new Date(since);
    const where =
      task === undefined ? '' : `; look at export task ${onLine(task)} in RDS, and cancel it there if it hangs`;
    return `stuck: running for ${formatAge(reader.now.getTime() - begun.getTime())} (since ${formatUtc(begun)}), at ${copy?.percent ?? percent} %${where}`;
  },
  'staging-not-configured': (_, { reader }) =>
    `its database has no staging bucket${forOperators(reader, ' in the configuration')}`,
  'dump-awaited': ({ object }) => `waiting for ${dump(object)}`,
  'dump-missing': ({ object, waitHours }, { reader }) =>
    `${dump(object)} is not there ${waitHours} h after the backup${forOperators(reader, `; find out why the dump was not made, or correct the key in the configuration${isDated(object) ? ' ({date-1} for a dump from before midnight, {date:Europe/London} for a local date)' : ''}`)}`,
  'dump-stale': ({ object, modified, backupTime, maxDumpAgeHours, waitHours, usedBy }, { reader }) => {
    const made = new Date(modified);
    const age = new Date(backupTime).getTime() - made.getTime();
    const when = `from ${formatUtc(made)}, ${formatAge(Math.abs(age))} ${age < 0 ? 'after' : 'before'} the backup`;
    const used = usedBy === undefined ? '' : `, and the copy of ${onLine(usedBy)} has used it or a newer one`;
    const advice = forOperators(reader, '; find out why no new dump was made');
    return `${dump(object)} is not of this backup: it is ${when}${used}; no other came within ${maxDumpAgeHours} h of the backup in the ${waitHours} h of waiting${advice}`;
  },
  'dump-shared': ({ object, other, tenant }, { reader }) =>
    `${dump(object)} is not copied: its key can be that of another database too, so nobody knows whose dump it is${
      other === undefined || tenant === undefined
        ? ''
        : forOperators(
            reader,
            `; ${onLine(other)} of tenant ${onLine(tenant)} has it as well: tell them apart in copy.staging.key, with {databaseId}, {kind} or {tenant}`,
          )
    }`,
  'dump-too-large': ({ object, bytes, limit }, { reader }) =>
    `${dump(object)} has ${(bytes / GiB).toFixed(1)} GiB, one run copies at most ${Math.floor(limit / GiB)} GiB${forOperators(reader, '; split the dump, or replicate the staging bucket with S3')}`,
  'run-broke-off': () =>
    'the run that copied the object broke off (time or memory ran out); the next one goes on with it',
  'copy-different': ({ object, originalBytes, bytes }) =>
    originalBytes === undefined
      ? `copying ${dump(object)} failed: the checksum of the copy is not that of the original`
      : `copying ${dump(object)} failed: the copy has ${bytes ?? 'no'} bytes, the original ${originalBytes}`,
  'copy-out-of-time': ({ object }) => `copying ${dump(object)} failed: the run had no time left`,
  's3-bucket-missing': ({ from, to, said }) =>
    from === undefined || to === undefined
      ? 'a bucket of the copy does not exist'
      : `bucket ${onLine(from)} or ${onLine(to)} does not exist${bySaid(said, 'S3')}`,
  's3-key-not-usable': ({ from, key, said }) =>
    from === undefined || key === undefined
      ? 'an encryption key of the copy cannot be used'
      : `the key ${onLine(key)}, or that of bucket ${onLine(from)}, cannot be used${bySaid(said, 'S3')}`,
  's3-other-region': ({ from, to, said }) =>
    from === undefined || to === undefined
      ? 'a bucket of the copy is in another Region'
      : `bucket ${onLine(from)} or ${onLine(to)} is in another Region${bySaid(said, 'S3')}`,
  's3-archived': ({ object, said }, { reader }) =>
    `${dump(object)} is archived${forOperators(reader, ': restore it first, then "copy retry"; or copy dumps before a lifecycle rule archives them')}${bySaid(said, 'S3')}`,
  's3-customer-key': ({ object, said }, { reader }) =>
    `${dump(object)} is encrypted with a key that only its writer has (SSE-C)${forOperators(reader, ': write dumps with SSE-KMS or SSE-S3 instead')}${bySaid(said, 'S3')}`,
  's3-checksum-missing': ({ from, to, said }) =>
    from === undefined || to === undefined
      ? 'the bucket of the copy demands a checksum'
      : `bucket ${onLine(to)} demands a checksum with each object, as one with a default retention of Object Lock does: write the dumps in ${onLine(from)} with one (CRC64NVME, CRC32 or CRC32C), or take the default retention from ${onLine(to)}${bySaid(said, 'S3')}`,
  's3-denied': ({ from, fromOwner, to, toOwner, said }) =>
    from === undefined || fromOwner === undefined || to === undefined || toOwner === undefined
      ? 'S3 denies the copy'
      : `S3 denies the copy from bucket ${onLine(from)} (which must belong to account ${onLine(fromOwner)}) to bucket ${onLine(to)} (account ${onLine(toOwner)}): grant the copy function s3:GetObject and s3:ListBucket on the first, s3:PutObject and s3:AbortMultipartUpload on the second, and its rights on their keys${bySaid(said, 'S3')}`,
  's3-failed': ({ from, to, said }) =>
    from === undefined || to === undefined
      ? 'copying the dump failed'
      : `copying from bucket ${onLine(from)} to bucket ${onLine(to)} failed${bySaid(said, 'S3')}`,
  'cancelled-by-person': ({ by, note }) =>
    by === undefined
      ? 'cancelled by a person'
      : `cancelled by ${onLine(by)}${note === undefined ? '' : `: ${onLine(note)}`}`,
};

const periods: Readonly<Record<string, string>> = { daily: 'day', weekly: 'week', monthly: 'month' };

const roleRights = 's3:PutObject*, s3:GetObject*, s3:DeleteObject*, s3:ListBucket and s3:GetBucketLocation';
const keyRights = 'kms:CreateGrant, kms:DescribeKey, kms:Encrypt, kms:Decrypt and kms:GenerateDataKey*';

const folderAdvice =
  '; compare the names of "database" and "schema" in the configuration with those in the export, letter by letter (a part without tables may have no folder)';

/** A bucket that rights are to be granted on, if it is ours: nobody should open one of a stranger. */
function ownedBucket(bucket: string, owner: string | undefined): string {
  return `${onLine(bucket)}${owner === undefined ? '' : ` (which must belong to account ${onLine(owner)})`}`;
}

const GiB = 2 ** 30;

/** Whether the key of a dump has a date in it. */
function isDated(object: string | undefined): boolean {
  return /\d{4}-\d\d-\d\d/.test(object ?? '');
}

/** A native dump, by its place where the reader may see it. */
function dump(object: string | undefined): string {
  return object === undefined ? 'the native dump' : onLine(object);
}

/** RDS's (or S3's) own sentence, behind ours. */
function bySaid(said: string | undefined, who = 'RDS'): string {
  return said === undefined ? '' : ` (${who} says: ${onLine(said)})`;
}

type Shortcomings = Partial<FactsIn<typeof copyCauses, 'export-incomplete'>>;

/** What a finished export lacks; empty where nothing is known to be missing. */
function shortcomingsIn({ skippedTables = [], skipped = skippedTables.length, warnings = [] }: Shortcomings): string {
  const parts: string[] = [];
  if (skipped > 0) {
    const named = skippedTables.map(({ table, reason }) => `${onLine(table)} (${onLine(reason)})`).join(', ');
    const more = skipped > skippedTables.length ? ` and ${skipped - skippedTables.length} more` : '';
    parts.push(`${skipped} table${skipped === 1 ? '' : 's'} skipped${named === '' ? '' : `: ${named}${more}`}`);
    const rights = skippedTables.some(({ reason }) => reason.includes('PERMISSION'));
    if (rights) parts.push('grant the master user of the database its rights on these tables');
  }
  if (warnings.length > 0) parts.push(`RDS warns: ${warnings.map(onLine).join('; ')}`);
  return parts.join('; ');
}
