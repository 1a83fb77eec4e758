/** The sentences of copies and of closed backups. */
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
} from '../domain/index.ts';
import { formatAge, formatUtc } from '../lib/time.ts';
import type { Reader } from './reader.ts';

/** Why a copy waits, was not made, failed or is incomplete, and what to do; undefined where there is nothing to say. */
export function copyReasonOf(copy: Copy, reader: Reader): string | undefined {
  const { cause, state, attempt, permanent } = copy;
  if (cause === undefined) return undefined;
  const sentence = copySentenceOf(cause, reader, copy);
  if (!isOneOf(triedAgain, cause.code) || attempt < 2) return sentence;
  if (state === 'queued') return `attempt ${attempt - 1} failed: ${sentence}`;
  return state === 'failed' && !permanent ? `failed after ${attempt} attempts: ${sentence}` : sentence;
}

/** One cause of a copy as a sentence; one of a later version is shown as its code. `copy` is the one that has it. */
export function copySentenceOf(cause: CopyCause | NonNullable<Copy['cause']>, reader: Reader, copy?: Copy): string {
  return isKnownIn(copyCauses, cause) ? rendered(cause.code, cause.facts, { reader, copy }) : cause.code;
}

/** Why a backup's row is closed. */
export function closedReasonOf({ cause }: Closed): string {
  return isKnownIn(closings, cause) ? closedTexts[cause.code] : cause.code;
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
  'run-broke-off',
  'copy-different',
  'copy-out-of-time',
  's3-failed',
] as const satisfies readonly CopyCauseCode[];

interface Shown {
  readonly reader: Reader;
  readonly copy: Copy | undefined;
}

type Texts = {
  readonly [Code in CopyCauseCode]: (facts: FactsIn<typeof copyCauses, Code>, shown: Shown) => string;
};

function rendered<Code extends CopyCauseCode>(
  code: Code,
  facts: FactsIn<typeof copyCauses, Code>,
  shown: Shown,
): string {
  const text: Texts[Code] = texts[code];
  return text(facts, shown);
}

const texts: Texts = {
  'not-configured': (_, { copy }) =>
    copy?.state === 'none'
      ? 'the database is not configured'
      : 'its database is no longer configured; nothing says where to copy it',
  'owner-changed': ({ tenant }, { reader }) => {
    const owner = reader.audience === 'operators' && tenant !== undefined ? `tenant ${tenant}` : 'another tenant';
    return `the database, or its name, belongs to ${owner} now, whose place this backup is not copied to`;
  },
  'kind-not-copied': ({ kind, copied }) =>
    `${kind} backups are not copied (copied kinds: ${copied.join(', ') || 'none'})`,
  'before-enrolment': () => 'from before the database was enrolled',
  'snapshot-gone': () => 'the snapshot was gone before it was recorded',
  'no-shared-bucket': () =>
    'no shared bucket for discovered databases: set defaults.bucket to { "type": "shared" } in the configuration',
  'engine-not-exportable': ({ engine }) => {
    const what = engine.startsWith('custom-') ? `RDS Custom (${engine})` : `engine ${engine}`;
    return `RDS cannot export snapshots of ${what}; use mode "object" with native dumps, or "none"`;
  },
  'storage-not-exportable': () =>
    'RDS cannot export snapshots from magnetic storage ("standard"); move the database to gp3 storage',
  'period-served': ({ schedule }) => `another backup of the same ${periods[schedule] ?? schedule} is copied`,
  'snapshot-busy': () => 'RDS says that the snapshot is busy',
  'exported-elsewhere': () => 'somebody else is exporting this snapshot; RDS allows one export at a time',
  'snapshot-expired': () =>
    'expired: RDS no longer has the snapshot, it was gone before its copy could start; keep automated backups longer, or copy fewer of them',
  'snapshot-replaced': () =>
    'replaced: RDS has another snapshot of the same name, this one was gone before its copy could start; give each snapshot a name of its own, or copy fewer of them',
  'role-not-found': ({ role, said }) => `the export role ${role} does not exist; deploy the stack again${bySaid(said)}`,
  'role-not-trusted': ({ role, said }) =>
    `let the role ${role} trust export.rds.amazonaws.com (sts:AssumeRole)${bySaid(said)}`,
  'bucket-denied': ({ bucket, role, action, said }) =>
    `grant ${action ?? roleRights} on bucket ${bucket} to the role ${role}, in its policy and in the bucket's own${bySaid(said)}`,
  'bucket-invalid': ({ bucket, region, said }) =>
    `bucket ${bucket} does not exist, is not in ${region}, or is closed to the export role; exports need a bucket in the snapshot's Region${bySaid(said)}`,
  'key-not-usable': ({ key, role, action, said }) =>
    `the key ${key} cannot be used: enable it, and grant ${action ?? keyRights} on it to the role ${role} and to the copy function${bySaid(said)}`,
  'start-denied': ({ role, key, said }) =>
    `RDS denied rds:StartExportTask${said === undefined ? '' : `: ${said}`}; the copy function needs rds:StartExportTask, iam:PassRole on ${role}, and kms:CreateGrant and kms:DescribeKey on ${key}`,
  'start-refused': ({ error, said }) => `RDS refused to start the export: ${said ?? 'without a cause'} (${error})`,
  'export-failed': ({ said }) =>
    `the export failed (${said === undefined ? 'RDS gave no cause' : `RDS says: ${said}`})`,
  'export-cancelled': () => 'somebody cancelled the export task',
  'export-incomplete': (facts) => `the export is not whole: ${shortcomingsIn(facts)}`,
  'objects-missing': ({ bucket, folder }) =>
    `RDS says the export is complete, but nothing lies in s3://${bucket}/${folder}; find out who removes objects there`,
  'bucket-gone': ({ bucket }) => `bucket ${bucket} is gone, and with it the copy; create it again`,
  'not-verifiable': ({ bucket, said, ...facts }) => {
    const besides = shortcomingsIn(facts);
    return `RDS says the export is complete, but S3 does not let this be verified${said === undefined ? '' : ` (${said})`}: grant the copy function s3:ListBucket and s3:GetObject on bucket ${bucket}, and kms:Decrypt on its key${besides && `; besides, ${besides}`}`;
  },
  'task-unknown': ({ task }) => `RDS no longer knows the export task ${task}`,
  stuck: ({ task, since, percent }, { reader, copy }) => {
    const begun = new Date(since);
    return `stuck: running for ${formatAge(reader.now.getTime() - begun.getTime())} (since ${formatUtc(begun)}), at ${copy?.percent ?? percent} %; look at export task ${task} in RDS, and cancel it there if it hangs`;
  },
  'staging-not-configured': () => 'its database has no staging bucket in the configuration',
  'dump-awaited': ({ object }) => `waiting for ${object}`,
  'dump-missing': ({ object, waitHours }) =>
    `${object} is not there ${waitHours} h after the backup; find out why the dump was not made, or correct the key in the configuration`,
  'dump-too-large': ({ object, bytes, limit }) =>
    `${object} has ${(bytes / GiB).toFixed(1)} GiB, one run copies at most ${Math.floor(limit / GiB)} GiB; split the dump, or replicate the staging bucket with S3`,
  'run-broke-off': () => 'the run that copied the object broke off (time or memory ran out)',
  'copy-different': ({ object, originalBytes, bytes }) =>
    originalBytes === undefined
      ? `copying ${object} failed: the checksum of the copy is not that of the original`
      : `copying ${object} failed: the copy has ${bytes ?? 'no'} bytes, the original ${originalBytes}`,
  'copy-out-of-time': ({ object }) => `copying ${object} failed: the run had no time left`,
  's3-bucket-missing': ({ from, to, said }) => `bucket ${from} or ${to} does not exist${bySaid(said, 'S3')}`,
  's3-key-not-usable': ({ from, key, said }) =>
    `the key ${key}, or that of bucket ${from}, cannot be used${bySaid(said, 'S3')}`,
  's3-other-region': ({ from, to, said }) => `bucket ${from} or ${to} is in another Region${bySaid(said, 'S3')}`,
  's3-denied': ({ from, fromOwner, to, toOwner, said }) =>
    `S3 denies the copy from bucket ${from} (which must belong to account ${fromOwner}) to bucket ${to} (account ${toOwner}): grant the copy function s3:GetObject and s3:ListBucket on the first, s3:PutObject and s3:AbortMultipartUpload on the second, and its rights on their keys${bySaid(said, 'S3')}`,
  's3-failed': ({ from, to, said }) => `copying from bucket ${from} to bucket ${to} failed${bySaid(said, 'S3')}`,
  'cancelled-by-person': ({ by, note }, { reader }) =>
    reader.audience === 'tenant'
      ? 'cancelled by a person'
      : `cancelled by ${by}${note === undefined ? '' : `: ${note}`}`,
};

const periods: Readonly<Record<string, string>> = { daily: 'day', weekly: 'week', monthly: 'month' };

const roleRights = 's3:PutObject*, s3:GetObject*, s3:DeleteObject*, s3:ListBucket and s3:GetBucketLocation';
const keyRights = 'kms:CreateGrant, kms:DescribeKey, kms:Encrypt, kms:Decrypt and kms:GenerateDataKey*';

const GiB = 2 ** 30;

/** RDS's (or S3's) own sentence, behind ours. */
function bySaid(said: string | undefined, who = 'RDS'): string {
  return said === undefined ? '' : ` (${who} says: ${said})`;
}

type Shortcomings = Partial<FactsIn<typeof copyCauses, 'export-incomplete'>>;

/** What a finished export lacks; empty where nothing is known to be missing. */
function shortcomingsIn({ skippedTables = [], skipped = skippedTables.length, warnings = [] }: Shortcomings): string {
  const parts: string[] = [];
  if (skipped > 0) {
    const named = skippedTables.map(({ table, reason }) => `${table} (${reason})`).join(', ');
    const more = skipped > skippedTables.length ? ` and ${skipped - skippedTables.length} more` : '';
    parts.push(`${skipped} table${skipped === 1 ? '' : 's'} skipped: ${named}${more}`);
    const rights = skippedTables.some(({ reason }) => reason.includes('PERMISSION'));
    if (rights) parts.push('grant the master user of the database its rights on these tables');
  }
  if (warnings.length > 0) parts.push(`RDS warns: ${warnings.join('; ')}`);
  return parts.join('; ');
}
