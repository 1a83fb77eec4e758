/** What the documented policies let one tenant's auditor read, by the keys that exports have. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportPrefix, exportTaskId } from '../../shared/copies/naming.ts';
import { type Copy, type Share, tenantFolder } from '../../shared/domain/index.ts';
import { makeWorld } from '../support/world.ts';
import { auditorsKeyStatement, auditorsPolicy, auditorsPolicyForSchema } from './documented-policy.ts';

interface Statement {
  readonly Action: string;
  readonly Resource: string | readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A call of S3, as IAM judges it. */
interface Call {
  readonly action: string;
  readonly resource: string;
  readonly keys?: Readonly<Record<string, string>>;
}

const list = (value: string | readonly string[]) => (typeof value === 'string' ? [value] : value);

/** IAM User Guide, "IAM JSON policy elements: Resource": `*` is any characters, `?` one, slashes included. */
function isLike(text: string, pattern: string): boolean {
  const escaped = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${escaped}$`, 's').test(text);
}

function allows(policy: string, { action, resource, keys = {} }: Call): boolean {
  const { Statement } = JSON.parse(policy) as { Statement: readonly Statement[] };
  return Statement.some(
    (one) =>
      one.Action === action &&
      list(one.Resource).some((pattern) => isLike(resource, pattern)) &&
      Object.entries(one.Condition ?? {}).every(([operator, wanted]) =>
        Object.entries(wanted).every(([key, values]) => {
          const has = keys[key];
          const equals = operator === 'StringEquals' ? (value: string) => has === value : undefined;
          return has !== undefined && list(values).some(equals ?? ((value) => isLike(has, value)));
        }),
      ),
  );
}

const bucket = '<bucket>';
const arn = `arn:aws:s3:::${bucket}`;
const get = (key: string): Call => ({ action: 's3:GetObject', resource: `${arn}/${key}` });
const listing = (prefix: string, delimiter?: string): Call => ({
  action: 's3:ListBucket',
  resource: arn,
  keys: { 's3:prefix': prefix, ...(delimiter !== undefined && { 's3:delimiter': delimiter }) },
});

const { state } = makeWorld({
  now: '2026-11-23T12:00:00Z',
  config: {
    operators: [{ email: 'operators@example.com' }],
    defaults: { copy: { mode: 'export' }, bucket: { type: 'shared' } },
    sharedDatabases: [{ id: 'pool-1', kind: 'instance' }],
    tenants: ['acme', 'globex'].map((id) => ({ id, sharedDatabases: ['pool-1'] })),
  },
});
const [pool] = state.fleet.databases;

/** An export of pool-1, by the names that the copy function gives it. */
function copyOf(created: Date, attempt: number): Copy {
  const backup = { id: 'night', database: '123456789012/eu-west-1/db-POOL', databaseId: 'pool-1', createdAt: created };
  const taskId = exportTaskId(backup, attempt);
  if (pool === undefined) throw new Error('pool-1 is not configured');
  return { mode: 'export', state: 'complete', attempt, bucket, prefix: exportPrefix(pool), taskId };
}

/** Where the objects of a part lie. */
function keysIn(copy: Copy, share: Share, table = 'orders'): string[] {
  const prefix = tenantFolder(copy, 'acme', share)?.prefix ?? '';
  const below = share.schema === undefined ? `public.${table}/1` : `${table}/1`;
  return [`${prefix}${below}/part-00000-0.gz.parquet`, `${prefix}${below}/_SUCCESS`];
}

const copies = fc
  .tuple(
    fc.date({ min: new Date('2026-01-01'), max: new Date('2099-01-01'), noInvalidDate: true }),
    fc.integer({ min: 1, max: 99 }),
  )
  .map(([created, attempt]) => copyOf(created, attempt));
/** Names that begin, end or go on as the tenant's does. */
const otherName = fc
  .stringMatching(/^[a-zA-Z0-9_$. -]{1,12}$/)
  .map((name) => [name, `acme${name}`, `${name}acme`, 'Acme', 'app', 'acme-2'])
  .chain((names) => fc.constantFrom(...names));

describe.each([
  ['database', auditorsPolicy, { database: 'acme' }],
  ['schema', auditorsPolicyForSchema, { database: 'app', schema: 'acme' }],
] as const)("an auditor with the policy for a tenant's %s", (_, policy, share) => {
  it('lists and reads all of its part, of every export', () => {
    fc.assert(
      fc.property(copies, (copy) => {
        const folder = tenantFolder(copy, 'acme', share)?.prefix ?? '';
        for (const key of keysIn(copy, share)) expect(allows(policy, get(key)), key).toBe(true);
        expect(allows(policy, listing(folder)), folder).toBe(true);
        expect(allows(policy, listing(folder, '/')), folder).toBe(true);
      }),
    );
    expect(allows(policy, listing('_shared/pool-1/', '/'))).toBe(true);
  });

  it('reads and lists nothing else', () => {
    fc.assert(
      fc.property(copies, otherName, otherName, (copy, database, schema) => {
        const isOwn = share.database === 'app' && database === 'app' && schema.startsWith('acme.');
        if (database === 'acme' || (database === 'app' && schema === 'acme') || isOwn) return;
        const root = `${copy.prefix}/${copy.taskId}/`;
        for (const other of [{ database }, { database, schema }]) {
          const folder = tenantFolder(copy, 'globex', other)?.prefix ?? '';
          const its = share.database === 'app' && database === 'app' && other.schema === undefined;
          for (const key of keysIn(copy, other, 'acme')) expect(allows(policy, get(key)), key).toBe(false);
          if (!its) expect(allows(policy, listing(folder)), folder).toBe(false);
        }
        for (const prefix of ['', '_shared/', root, root.slice(0, -1), `${root}a`, `${root}app/`]) {
          for (const delimiter of [undefined, '/'])
            expect(allows(policy, listing(prefix, delimiter)), prefix).toBe(false);
        }
        expect(allows(policy, listing('_shared/pool-1/'))).toBe(false);
        expect(allows(policy, { action: 's3:ListBucket', resource: arn })).toBe(false);
        expect(allows(policy, get(`${root}export_info_${copy.taskId}.json`))).toBe(false);
        expect(allows(policy, get(`acme/orders/${copy.taskId}/acme/public.orders/1/part`))).toBe(false);
      }),
    );
  });
});

it('the key lets the auditor decrypt, through S3 alone', () => {
  expect(JSON.parse(auditorsKeyStatement)).toMatchObject({
    Action: 'kms:Decrypt',
    Condition: { StringEquals: { 'kms:ViaService': 's3.<Region>.amazonaws.com' } },
  });
});
