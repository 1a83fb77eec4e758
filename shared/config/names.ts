/** Names that follow from the configuration alone: buckets, and each database's prefix in the shared one. */
import { createHash } from 'node:crypto';
import { type DatabaseKind, type Environment, isSharedOwner } from '../domain/index.ts';

/** S3 prefixes of an export stay under 60 characters, without colon and trailing slash. Source: RDS refuses others. */
export const maxPrefix = 59;

export type Where = Environment;

const maxBucketName = 63;
const bucketPrefix = 'rds-backup-ledger-';

/**
 * Name of a database's own bucket: `rds-backup-ledger-<database>-<account>-<region>`, cut with a hash where that is longer
 * than S3's 63 characters. Database ids have no doubled hyphen, so `--` sets a cluster apart from an instance of that name.
 */
export function bucketName(database: { readonly id: string; readonly kind: DatabaseKind }, where: Where): string {
  const id = database.id.toLowerCase();
  const tail = `-${where.account}-${where.region}`;
  const room = maxBucketName - bucketPrefix.length - tail.length;
  const whole = database.kind === 'cluster' ? `${id}--cluster` : id;
  if (whole.length <= room) return `${bucketPrefix}${whole}${tail}`;
  const mark = `--${hash(`${database.kind}/${id}`)}`;
  return `${bucketPrefix}${id.slice(0, room - mark.length).replace(/-+$/, '')}${mark}${tail}`;
}

/** Pattern of a policy that the name of every database's own bucket fits. */
export function ownBucketNames(where: Where): string {
  return `${bucketPrefix}*-${where.account}-${where.region}`;
}

/**
 * Name of a bucket of the stack itself, e.g. `shared` or `reports`: `rds-backup-ledger--<purpose>-<account>-<region>`.
 * No database's bucket has that name, since its id begins with a letter.
 */
export function stackBucketName(purpose: string, where: Where): string {
  return `${bucketPrefix}-${purpose}-${where.account}-${where.region}`;
}

/**
 * Prefix of a database in a bucket of many: `<base>/<tenant>/<database>`, a cluster's with `.cluster` behind it, cut with a
 * hash where that has 60 characters or more. Ids have no dots, so whole, marked and cut ones never meet. That of a shared database
 * has `_shared` in place of the tenant, and no tenant is called that.
 */
export function databasePrefix(
  base: string | undefined,
  owner: string,
  database: { readonly id: string; readonly kind: DatabaseKind },
): string {
  const tenant = isSharedOwner(owner) ? '_shared' : owner;
  const start = base === undefined ? '' : `${base}/`;
  const id = database.id.toLowerCase();
  const whole = `${start}${tenant}/${id}${database.kind === 'cluster' ? '.cluster' : ''}`;
  if (whole.length <= maxPrefix) return whole;
  const mark = `.${hash(`${tenant}/${database.kind}/${id}`)}`;
  return `${start}${`${tenant}-${id}`.slice(0, maxPrefix - start.length - mark.length)}${mark}`;
}

/** Eight letters and digits, 41 bits of SHA-256. */
function hash(text: string): string {
  const digest = createHash('sha256').update(text).digest('hex');
  return (BigInt(`0x${digest}`) % 36n ** 8n).toString(36).padStart(8, '0');
}
