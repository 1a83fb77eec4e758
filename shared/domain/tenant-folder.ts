/**
 * Where a tenant's part of a shared database lies within an export of it, and what the copy is to that tenant. RDS writes
 * `<prefix>/<task>/<database>/<schema>.<table>/…` (Amazon RDS User Guide, "File naming convention"). Names are compared exactly as
 * they are written. Pure.
 */
import type { Backup, Copy, TenantFolders } from './backup.ts';
import { type CopyCause, copyCauses, type FactsIn, isKnownIn } from './causes.ts';
import type { DatabaseRow, Share } from './database.ts';
import { isWithinStay } from './shared-database.ts';

/** What of a share says which part of the database is the tenant's. */
export type TenantPart = Pick<Share, 'database' | 'schema'>;

/** The part of a tenant within an export. */
export interface TenantFolder {
  readonly bucket: string;
  /**
   * What the keys of its objects begin with: `<prefix>/<task>/<database>/`, or `<prefix>/<task>/<database>/<schema>.` where it has a
   * schema. Where nobody stated the schema's database, `*` stands for that.
   */
  readonly prefix: string;
  /** Whether objects are there, as S3 showed once the export had ended; absent where nobody looked for this part. */
  readonly found?: boolean;
}

/**
 * The part of a tenant within a copy of the shared database's backup; undefined where the copy is no export that ended, or
 * nobody stated what the tenant's database or schema is called. Whether the backup holds the tenant is not asked here.
 */
export function tenantFolder(copy: Copy, tenant: string, share: Share): TenantFolder | undefined {
  const { mode, state, bucket, prefix, taskId } = copy;
  const path = pathInExport(share);
  if (mode !== 'export' || (state !== 'complete' && state !== 'incomplete')) return undefined;
  if (path === undefined || bucket === undefined || prefix === undefined || taskId === undefined) return undefined;
  const found = isFound(copy, tenant, share);
  return { bucket, prefix: `${prefix}/${taskId}/${path}`, ...(found !== undefined && { found }) };
}

/** A part as people and commands of S3 write it: `s3://<bucket>/<prefix>`. */
export function folderUrl({ bucket, prefix }: Pick<TenantFolder, 'bucket' | 'prefix'>): string {
  return `s3://${bucket}/${prefix}`;
}

/**
 * What the keys of a part begin with below the folder of an export: `acme/` of a database, `app/acme.` of a schema in one, with `*`
 * in place of a database that nobody stated. Undefined where nobody stated either.
 */
export function pathInExport({ database, schema }: TenantPart): string | undefined {
  if (schema !== undefined) return `${database ?? '*'}/${schema}.`;
  return database === undefined ? undefined : `${database}/`;
}

/** The folder of a part, or with `*` behind it the folders, below that of an export: `acme/`, `app/acme.*`. */
export function folderInExport(part: TenantPart): string | undefined {
  const path = pathInExport(part);
  return path?.endsWith('.') ? `${path}*` : path;
}

/** Whether a backup of a shared database holds the data of a tenant's share: the tenant was there at the moment that it is from. */
export function holdsShare(
  { backupTime, createdAt }: Pick<Backup, 'backupTime' | 'createdAt'>,
  { share }: Pick<DatabaseRow, 'share'>,
): boolean {
  if (share === undefined) return false;
  const time = backupTime ?? createdAt;
  return [...(share.earlier ?? []), share].some((stay) => isWithinStay(stay, time));
}

/** Whether the part was there when the export was verified; undefined where it was not looked for. */
function isFound({ folders }: Copy, tenant: string, { statedAt }: Share): boolean | undefined {
  if (folders === undefined || statedAt === undefined || folders.checkedAt < statedAt) return undefined;
  if (folders.found.includes(tenant)) return true;
  return folders.missing.includes(tenant) ? false : undefined;
}

/**
 * A copy of a shared database's backup as one of its tenants has it: about that tenant's part alone, without a word of the
 * others. It is `incomplete` where the part is missing, or RDS skipped tables of it; it is `complete` though RDS skipped tables of
 * others.
 */
export function copyOfShare(copy: Copy, tenant: string, share: Share): Copy {
  const { folders, cause, ...others } = copy;
  const rest: Copy = { ...others, ...(folders && { folders: foldersOf(folders, tenant) }) };
  const folder = tenantFolder(copy, tenant, share);
  if (folder?.found === false) {
    const facts = { folder: folderInExport(share) ?? '' };
    return { ...rest, state: 'incomplete', cause: { code: 'tenant-folder-missing', facts } };
  }
  switch (cause?.code) {
    case 'tenant-folder-missing':
      return rest;
    case 'export-incomplete':
    case 'not-verifiable': {
      const isWhole = folder?.found === true && !folders?.partial.includes(tenant) && !warnsBesides(cause);
      if (isWhole) return { ...rest, state: 'complete' };
      return { ...rest, cause: { code: cause.code, facts: { ...cause.facts, ...ofNobody } } as CopyCause };
    }
    default:
      return { ...rest, ...(cause && { cause }) };
  }
}

/** What was found of one tenant. */
function foldersOf({ checkedAt, found, partial, missing }: TenantFolders, tenant: string): TenantFolders {
  const its = (tenants: readonly string[]) => tenants.filter((one) => one === tenant);
  return { checkedAt, found: its(found), partial: its(partial), missing: its(missing) };
}

/** Tenants that a cause names, as those of verdicts do. */
const mostNamed = 10;

/** What operators are notified of; undefined where nobody's part is missing. */
export function missingParts({
  missing,
  more = 0,
}: TenantFolders):
  | { code: 'tenant-folder-missing'; facts: FactsIn<typeof copyCauses, 'tenant-folder-missing'> }
  | undefined {
  if (missing.length === 0) return undefined;
  const facts = { tenants: missing.slice(0, mostNamed), count: missing.length + more };
  return { code: 'tenant-folder-missing', facts };
}

/** Whether RDS warned of something else than skipped tables: nobody knows whom it concerns. */
function warnsBesides(cause: NonNullable<Copy['cause']>): boolean {
  return isKnownIn(copyCauses, cause) && cause.code === 'export-incomplete' && cause.facts.warnings.length > 0;
}

/** What a cause says of tables, which may be those of others. */
const ofNobody = { skippedTables: [], skipped: 0, warnings: [] };
