import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bucketName, databasePrefix, stackBucketName } from '../../../shared/config/names.ts';

const here = { account: '123456789012', region: 'eu-west-1' };
const letter = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyz');
const lettersAndDigits = fc.string({ unit: fc.constantFrom(...'abcxyz0129'), minLength: 1, maxLength: 20 });
/** Identifiers as RDS allows them, many of them beginning alike so that cutting them could make them meet. */
const databaseId = fc
  .tuple(fc.constantFrom('', 'production-customer-database-'), letter, fc.array(lettersAndDigits, { maxLength: 4 }))
  .map(([start, first, parts]) => `${start}${[first, ...parts].join('-')}`.slice(0, 63).replace(/-$/, ''));
const database = fc.record({ id: databaseId, kind: fc.constantFrom('instance' as const, 'cluster' as const) });
const tenantId = fc.oneof(
  fc.constantFrom('acme', 'a-tenant-with-a-rather-long-name', 'a-tenant-with-a-rather-long-name.eu'),
  fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/),
);
const where = fc.record({
  account: fc.stringMatching(/^\d{12}$/),
  region: fc.constantFrom('eu-west-1', 'ap-southeast-1', 'us-gov-west-1'),
});

describe("a database's own bucket", () => {
  test('is named for the database, account and Region', () => {
    expect(bucketName({ id: 'Acme-Orders', kind: 'instance' }, here)).toBe(
      'rds-backup-ledger-acme-orders-123456789012-eu-west-1',
    );
  });

  test('of a cluster differs from that of an instance of the same id', () => {
    expect(bucketName({ id: 'orders', kind: 'cluster' }, here)).toBe(
      'rds-backup-ledger-orders--cluster-123456789012-eu-west-1',
    );
  });

  test('has a name cut to 63 characters with a hash, where the id is long', () => {
    const name = bucketName({ id: 'customer-database-production', kind: 'instance' }, here);
    expect(name).toMatch(/^rds-backup-ledger-customer-dat--[a-z0-9]{8}-123456789012-eu-west-1$/);
    expect(name.length).toBeLessThanOrEqual(63);
  });

  test('has a name that S3 accepts, whatever the id', () => {
    fc.assert(
      fc.property(database, where, (one, place) => {
        expect(bucketName(one, place)).toMatch(/^rds-backup-ledger-[a-z](-{0,2}[a-z0-9])*$/);
        expect(bucketName(one, place).length).toBeLessThanOrEqual(63);
      }),
    );
  });

  test('is that of no other database, nor one of the stack', () => {
    fc.assert(
      fc.property(fc.uniqueArray(database, { selector: (one) => `${one.kind} ${one.id}`, minLength: 2 }), (all) => {
        const names = all.map((one) => bucketName(one, here));
        expect(new Set([...names, stackBucketName('shared', here)]).size).toBe(all.length + 1);
      }),
    );
  });

  test('called "shared" is not the shared bucket', () => {
    expect(bucketName({ id: 'shared', kind: 'instance' }, here)).not.toBe(stackBucketName('shared', here));
  });
});

describe('the prefix of a database', () => {
  test('is its tenant and id, below what the bucket says', () => {
    expect(databasePrefix(undefined, 'acme', { id: 'Orders', kind: 'instance' })).toBe('acme/orders');
    expect(databasePrefix('copies/rds', 'acme', { id: 'orders', kind: 'cluster' })).toBe(
      'copies/rds/acme/orders.cluster',
    );
  });

  test('is one that an export accepts: under 60 characters, no colon, no slash at its ends', () => {
    fc.assert(
      fc.property(
        fc.option(fc.stringMatching(/^[a-z]{1,40}$/), { nil: undefined }),
        tenantId,
        database,
        (base, tenant, one) => {
          const prefix = databasePrefix(base, tenant, one);
          expect(prefix).toMatch(/^[A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*$/);
          expect(prefix.length).toBeLessThan(60);
          expect(prefix.startsWith(base === undefined ? '' : `${base}/`)).toBe(true);
        },
      ),
    );
  });

  test('is that of no other database', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.record({ tenant: tenantId, one: database }), {
          selector: ({ tenant, one }) => `${tenant} ${one.kind} ${one.id}`,
          minLength: 2,
        }),
        (all) => {
          const prefixes = all.map(({ tenant, one }) => databasePrefix(undefined, tenant, one));
          expect(new Set(prefixes).size).toBe(all.length);
        },
      ),
    );
  });
});
