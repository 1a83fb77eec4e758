/**
 * Why a copy failed, in words and with what to do, and whether trying again can heal it.
 * Sources: Amazon RDS User Guide, "Troubleshooting RDS snapshot export"; API reference of StartExportTask.
 */

export interface Cause {
  /** The cause and the next step; the same for every copy that fails so, so that it is told once. */
  readonly reason: string;
  /** Whether another try may succeed without anybody changing anything. */
  readonly heals: boolean;
  /** What a failure at the start says of other copies: none would start, or none into the same bucket. */
  readonly blocks?: 'account' | 'bucket';
}

/** Where an export reads and writes, as far as it is known. */
export interface ExportSetup {
  readonly bucket: string;
  readonly roleArn: string;
  readonly keyArn: string;
  readonly region: string;
}

/** What StartExportTask's refusal means for the copy. */
export type StartProblem =
  | { readonly is: 'full' | 'throttled' | 'busy' | 'exists' | 'gone' }
  | ({ readonly is: 'failed' } & Cause);

const roleRights = 's3:PutObject*, s3:GetObject*, s3:DeleteObject*, s3:ListBucket and s3:GetBucketLocation';

/**
 * Reads a refusal by the error's name, since the SDK does not model all of them (the limit's fault among them).
 * Undefined where only the network or RDS itself had trouble: then nobody knows whether the task was started.
 */
export function startProblem(error: unknown, setup: ExportSetup): StartProblem | undefined {
  const name = nameOf(error).replace(/(Fault|Exception)$/, '');
  switch (name) {
    case 'ExportTaskLimitReached':
      return { is: 'full' };
    case 'Throttling':
    case 'RequestLimitExceeded':
    case 'TooManyRequests':
      return { is: 'throttled' };
    case 'ExportTaskAlreadyExists':
      return { is: 'exists' };
    case 'InvalidExportSourceState':
      return { is: 'busy' };
    case 'DBSnapshotNotFound':
    case 'DBClusterSnapshotNotFound':
      return { is: 'gone' };
    case 'IamRoleNotFound':
      return failed(`the export role ${setup.roleArn} does not exist; deploy the stack again`, 'account');
    case 'IamRoleMissingPermissions':
      return failed(missingBucketRights(setup), 'bucket');
    case 'InvalidS3Bucket':
      return failed(invalidBucket(setup), 'bucket');
    case 'KMSKeyNotAccessible':
      return failed(keyTrouble(setup), 'bucket');
    case 'AccessDenied':
    case 'UnauthorizedOperation':
      return failed(`RDS denied rds:StartExportTask: ${messageOf(error)}; ${callerRights(setup)}`, 'account');
    default:
      return isRefusal(error) ? failed(`RDS refused to start the export: ${messageOf(error)} (${name})`) : undefined;
  }
}

/** Reads the `FailureCause` of an export task that RDS started and then gave up. */
export function exportFailure(failureCause: string | undefined, setup: ExportSetup): Cause {
  const text = failureCause?.trim() ?? '';
  const said = text === '' ? 'RDS gave no cause' : `RDS says: ${text}`;
  const permanent = (advice: string): Cause => ({ reason: `${advice} (${said})`, heals: false });
  if (/can.?t assume the IAM role|unable to assume/i.test(text)) {
    return permanent(`let the role ${setup.roleArn} trust export.rds.amazonaws.com (sts:AssumeRole)`);
  }
  const action = /(?:call|perform)[: ]+(s3:\w+\*?|kms:\w+\*?|[A-Z]\w+)/.exec(text)?.[1];
  if (/isn.?t authorized to|not authorized to|access denied|AccessDenied/i.test(text)) {
    if (/kms/i.test(action ?? text)) return permanent(keyTrouble(setup, action));
    return permanent(missingBucketRights(setup, action));
  }
  if (/KMS/i.test(text)) return permanent(keyTrouble(setup));
  if (/bucket.*(isn.?t valid|not valid|isn.?t located|not located|does ?n.?t exist|NoSuchBucket)/i.test(text)) {
    return permanent(invalidBucket(setup));
  }
  if (/S3 credential check|permissions on your S3 bucket|error code/i.test(text)) {
    return permanent(missingBucketRights(setup));
  }
  return { reason: `the export failed (${said})`, heals: true };
}

/** The pause before the next try: 15 min, 1 h, 4 h, 16 h, and a day from then on. */
export function pauseBeforeAttempt(attempt: number): number {
  const minutes = 15 * 4 ** Math.max(0, attempt - 2);
  return Math.min(minutes, 24 * 60) * 60_000;
}

export function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

export function messageOf(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : nameOf(error);
}

/** The answer's HTTP status; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const metadata = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata;
  return metadata?.httpStatusCode;
}

/** AWS understood the request and will not do it; anything else (no answer, 5xx) leaves open what happened. */
function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500;
}

function failed(reason: string, blocks?: Cause['blocks']): StartProblem {
  return { is: 'failed', reason, heals: false, ...(blocks && { blocks }) };
}

function missingBucketRights({ roleArn, bucket }: ExportSetup, action?: string): string {
  const needed = action === undefined ? roleRights : action.includes(':') ? action : `s3:${action}`;
  return `grant ${needed} on bucket ${bucket} to the role ${roleArn}, in its policy and in the bucket's own`;
}

function invalidBucket({ bucket, region }: ExportSetup): string {
  return `bucket ${bucket} does not exist, is not in ${region}, or is closed to the export role; exports need a bucket in the snapshot's Region`;
}

function keyTrouble({ keyArn, roleArn }: ExportSetup, action?: string): string {
  const needed =
    action === undefined
      ? 'kms:CreateGrant, kms:DescribeKey, kms:Encrypt, kms:Decrypt and kms:GenerateDataKey*'
      : action;
  return `the key ${keyArn} cannot be used: enable it, and grant ${needed} on it to the role ${roleArn} and to the copy function`;
}

function callerRights({ roleArn, keyArn }: ExportSetup): string {
  return `the copy function needs rds:StartExportTask, iam:PassRole on ${roleArn}, and kms:CreateGrant and kms:DescribeKey on ${keyArn}`;
}
