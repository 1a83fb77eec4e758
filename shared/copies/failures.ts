/**
 * Why a copy failed, as a code with its facts, and whether another try can heal it.
 * Sources: Amazon RDS User Guide, "Troubleshooting RDS snapshot export"; API reference of StartExportTask.
 */
import type { CopyCause } from '../domain/index.ts';
import { concernsEnvironment } from '../lib/environment-failures.ts';
import { hourMs } from '../lib/time.ts';

export interface CopyFailure {
  readonly cause: CopyCause;
  /** Whether another try may succeed without anybody changing anything. */
  readonly heals: boolean;
}

/** Where an export reads and writes, as far as it is known. */
export interface ExportSetup {
  readonly bucket: string;
  /** The account that must own the bucket, where the configuration still names it. */
  readonly owner?: string | undefined;
  readonly roleArn: string;
  readonly keyArn: string;
  readonly region: string;
}

/** What StartExportTask's refusal means for the copy. */
export type StartProblem =
  | { readonly is: 'full' | 'throttled' | 'exists' | 'gone' }
  | { readonly is: 'busy'; readonly said: string }
  | ({ readonly is: 'failed' } & CopyFailure);

/** Texts of RDS and S3 are kept up to this length: a row has to stay small, and nobody reads more. */
const longestText = 1_000;

/** A text of RDS or S3 as a fact: its beginning, and its end, where RDS puts the error's code. */
export function bounded(text: string, max = longestText): string {
  if (text.length <= max) return text;
  const half = Math.floor((max - 3) / 2);
  return `${text.slice(0, half)}...${text.slice(-half)}`.toWellFormed();
}

/**
 * Reads a refusal by the error's name, since the SDK does not model all of them (the limit's fault among them).
 * Undefined where only the network or RDS itself had trouble: then nobody knows whether the task was started.
 */
export function startProblem(
  error: unknown,
  { bucket, owner, roleArn, keyArn, region }: ExportSetup,
): StartProblem | undefined {
  if (concernsEnvironment(error)) return undefined;
  const owned = owner === undefined ? {} : { owner };
  const name = errorName(error).replace(/(Fault|Exception)$/, '');
  const said = bounded(errorMessage(error));
  const failed = (cause: CopyCause): StartProblem => ({ is: 'failed', cause, heals: false });
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
      return { is: 'busy', said };
    case 'DBSnapshotNotFound':
    case 'DBClusterSnapshotNotFound':
      return { is: 'gone' };
    case 'IamRoleNotFound':
      return failed({ code: 'role-not-found', facts: { role: roleArn, said } });
    case 'IamRoleMissingPermissions':
      return failed({ code: 'bucket-denied', facts: { bucket, ...owned, role: roleArn, said } });
    case 'InvalidS3Bucket':
      return failed({ code: 'bucket-invalid', facts: { bucket, region, said } });
    case 'KMSKeyNotAccessible': {
      const source = otherKeyIn(errorMessage(error), keyArn);
      if (source !== undefined)
        return failed({ code: 'source-key-not-usable', facts: { key: source, role: roleArn, said } });
      return failed({ code: 'key-not-usable', facts: { key: keyArn, role: roleArn, said } });
    }
    case 'AccessDenied':
    case 'UnauthorizedOperation':
      return failed({ code: 'start-denied', facts: { role: roleArn, key: keyArn, said } });
    default:
      return isRefusal(error)
        ? failed({ code: 'start-refused', facts: { error: bounded(name, 100), said } })
        : undefined;
  }
}

/**
 * Reads the `FailureCause` of an export task that RDS started and then gave up. RDS names bucket, role and key in one sentence
 * whatever is wrong, so names are taken out before it is read, and the error code at its end decides where there is one.
 */
export function exportFailure(failureCause: string | undefined, setup: ExportSetup): CopyFailure {
  const { bucket, owner, roleArn: role, keyArn: key, region } = setup;
  const owned = owner === undefined ? {} : { owner };
  const whole = failureCause?.trim() ?? '';
  const said = whole === '' ? {} : { said: bounded(whole) };
  const text = withoutNames(whole, setup);
  const permanent = (cause: CopyCause): CopyFailure => ({ cause, heals: false });
  if (/can.?t assume the IAM role|unable to assume/i.test(text)) {
    return permanent({ code: 'role-not-trusted', facts: { role, ...said } });
  }
  const action = /(?:call|perform)[: ]+(s3:\w+\*?|kms:\w+\*?|[A-Z]\w+)/.exec(text)?.[1];
  const keyFailure = () => {
    const source = otherKeyIn(whole, key);
    return source === undefined
      ? permanent({ code: 'key-not-usable', facts: { key, role, ...(action && { action }), ...said } })
      : permanent({ code: 'source-key-not-usable', facts: { key: source, role, ...said } });
  };
  const denied = () => {
    const needed = action && { action: action.includes(':') ? action : `s3:${action}` };
    return /kms/i.test(action ?? text)
      ? keyFailure()
      : permanent({ code: 'bucket-denied', facts: { bucket, ...owned, role, ...needed, ...said } });
  };
  const invalid = () => permanent({ code: 'bucket-invalid', facts: { bucket, region, ...said } });
  const error = /error code:?\s*["'(]?([A-Za-z][\w.]*\w)/i.exec(text)?.[1];
  switch (error && meaningOf(error)) {
    case 'denied':
      // S3 says the same where the bucket and where the key denies.
      return action === undefined
        ? permanent({ code: 'bucket-denied', facts: { bucket, ...owned, role, key, ...said } })
        : denied();
    case 'key':
      return keyFailure();
    case 'missing':
      return permanent({ code: 'bucket-missing', facts: { bucket, region, ...said } });
    case 'elsewhere':
      return invalid();
    case 'refused':
      return permanent({ code: 'bucket-refused', facts: { bucket, error: error ?? '', ...said } });
    case 'other':
      return { cause: { code: 'export-failed', facts: said }, heals: true };
  }
  if (/isn.?t authorized to|not authorized to|access denied|AccessDenied/i.test(text)) return denied();
  if (/KMS/i.test(text)) return keyFailure();
  if (/bucket.*(isn.?t valid|not valid|isn.?t located|not located|does ?n.?t exist|NoSuchBucket)/i.test(text)) {
    return invalid();
  }
  if (/S3 credential check|permissions on your S3 bucket/i.test(text)) {
    return permanent({ code: 'bucket-denied', facts: { bucket, ...owned, role, ...said } });
  }
  return { cause: { code: 'export-failed', facts: said }, heals: true };
}

/** Codes of S3 and KMS that pass by themselves, though their status is 400 (Amazon S3 API Reference; AWS KMS, "Common errors"). */
export function passesByItself(code: string): boolean {
  return /^(KMS\.?)?(Throttling|KMSInternal|DependencyTimeout|KeyUnavailable|LimitExceeded)|^RequestTime/.test(code);
}

/** What an error code of S3 or KMS means for an export (Amazon S3 API Reference, "List of error codes"). */
function meaningOf(error: string): 'denied' | 'key' | 'missing' | 'elsewhere' | 'refused' | 'other' {
  const code = error.replace(/Exception$/, '');
  if (passesByItself(code)) return 'other';
  if (/^KMS|^(Disabled|NotFound|InvalidKeyUsage)$/.test(code)) return 'key';
  if (/^(AccessDenied|AllAccessDisabled|AccountProblem|InvalidAccessKeyId|Forbidden)$/.test(code)) return 'denied';
  if (code === 'NoSuchBucket') return 'missing';
  if (
    /^(PermanentRedirect|TemporaryRedirect|Redirect|AuthorizationHeaderMalformed|IllegalLocationConstraint|InvalidBucketName)$/.test(
      code,
    )
  ) {
    return 'elsewhere';
  }
  if (
    /^(Invalid(Request|Argument|Digest|BucketState|ObjectState|EncryptionAlgorithm.*)|Missing.*|MethodNotAllowed)$/.test(
      code,
    )
  ) {
    return 'refused';
  }
  return 'other';
}

/** A sentence of RDS without the names of bucket, role and key, which may sound like anything. */
function withoutNames(text: string, { bucket, roleArn, keyArn }: ExportSetup): string {
  const names = [roleArn, keyArn, bucket, ...[roleArn, keyArn].map((arn) => arn.replace(/^.*[/:]/, ''))];
  const known = names.filter((name) => name !== '').map((name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const withoutArns = text.replace(/\barn:[^\s,;"'()]+/g, '-');
  if (known.length === 0) return withoutArns;
  return withoutArns.replace(new RegExp(`(?<![\\w.:/-])(?:${known.join('|')})(?![\\w:/-]|\\.\\w)`, 'g'), '-');
}

/** The KMS key that a sentence of RDS names, where it is not the one that the export encrypts with: the source snapshot's. */
function otherKeyIn(text: string, keyArn: string): string | undefined {
  const named: readonly string[] = text.match(/\barn:[\w-]+:kms:[\w-]+:\d{12}:(?:key|alias)\/[\w/-]+/g) ?? [];
  return named.includes(keyArn) ? undefined : named[0];
}

/** The pause before the next try: 15 min, 1 h, 4 h, 16 h, and a day from then on. */
export function pauseBeforeAttempt(attempt: number): number {
  const minutes = 15 * 4 ** Math.max(0, attempt - 2);
  return Math.min(minutes, 24 * 60) * 60_000;
}

export function errorName(error: unknown): string {
  return error instanceof Error ? error.name : String(error);
}

export function errorMessage(error: unknown): string {
  return error instanceof Error && error.message !== '' ? error.message : errorName(error);
}

/** The error of a run that left some copies out: Lambda logs its message alone, so it names the first of them. */
export function leftOutError(errors: readonly unknown[]): AggregateError {
  const named = errors
    .slice(0, 5)
    .map((error) => bounded(errorMessage(error), 300))
    .join('; ');
  const count = `${errors.length} ${errors.length === 1 ? 'copy' : 'copies'}`;
  return new AggregateError(errors, `${count} could not be followed or started: ${named}`);
}

/** The answer's HTTP status; undefined where there was no answer. */
export function statusOf(error: unknown): number | undefined {
  const metadata = (error as { $metadata?: { httpStatusCode?: number } } | undefined)?.$metadata;
  return metadata?.httpStatusCode;
}

/** The same where somebody has to put the set-up right, who may do so at any time: 1 h, 4 h, and 12 h from then on. */
export function pauseAfterSetupFailure(failures: number): number {
  return Math.min(4 ** (failures - 1), 12) * hourMs;
}

/** AWS understood the request and will not do it; anything else (no answer, 5xx) leaves open what happened. */
export function isRefusal(error: unknown): boolean {
  const status = statusOf(error);
  return status !== undefined && status >= 400 && status < 500;
}
