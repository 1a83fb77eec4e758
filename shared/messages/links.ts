/** Links into the AWS console and the runbook. */
import type { DatabaseKey, DatabaseKind, VerdictName } from '../model.ts';

/** Sections of the runbook that messages point to. */
export const runbookAnchors = {
  overdue: 'backup-overdue',
  never: 'backup-never',
  disabled: 'backups-disabled',
  missing: 'database-missing',
  deleted: 'database-deleted',
  unknown: 'rds-not-answering',
  noneToFollow: 'no-backup-to-follow',
  copyFailed: 'copy-failed',
  manyTenants: 'many-tenants-alerted',
} as const;

/** What a person is to read about a verdict that alerts. */
export function runbookAnchor(verdict: VerdictName): string {
  if (verdict === 'overdue' || verdict === 'never' || verdict === 'disabled') return runbookAnchors[verdict];
  if (verdict === 'missing' || verdict === 'deleted' || verdict === 'unknown') return runbookAnchors[verdict];
  return runbookAnchors.noneToFollow;
}

/** A section of the runbook; the configured address may already name one, which is replaced. */
export function runbookLink(runbookUrl: string, anchor: string): string {
  return `${runbookUrl.replace(/#.*$/, '')}#${anchor}`;
}

/** The database's page in the RDS console, in its own Region. */
export function databaseLink(database: {
  readonly key: DatabaseKey;
  readonly id: string;
  readonly kind: DatabaseKind;
}): string {
  const region = regionOf(database.key);
  const id = encodeURIComponent(database.id);
  return `${console(region)}/rds/home?region=${region}#database:id=${id};is-cluster=${database.kind === 'cluster'}`;
}

/** An object's page in the S3 console. */
export function objectLink(region: string, bucket: string, key: string): string {
  return `${console(region)}/s3/object/${bucket}?region=${region}&prefix=${encodeURIComponent(key)}`;
}

/** `<account>/<region>/<resource id>`. */
export function regionOf(key: DatabaseKey): string {
  return key.split('/')[1] ?? '';
}

/** Each AWS partition has a console of its own. */
function console(region: string): string {
  if (region.startsWith('cn-')) return `https://${region}.console.amazonaws.cn`;
  if (region.startsWith('us-gov-')) return `https://${region}.console.amazonaws-us-gov.com`;
  return `https://${region}.console.aws.amazon.com`;
}
