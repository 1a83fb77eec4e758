import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  backupIdOf,
  databaseKey,
  environmentOf,
  formatBackupId,
  formatName,
  isPlaceholder,
  nameOf,
  parseBackupId,
  parseDatabaseKey,
  parseName,
  placeholderKey,
  sameBackup,
} from '../../../shared/domain/index.ts';

const where = { account: '123456789012', region: 'eu-west-1' };
const orders = { ...where, kind: 'instance', id: 'orders' } as const;

const name = fc.record({
  account: fc.stringMatching(/^\d{12}$/),
  region: fc.constantFrom('eu-west-1', 'us-gov-east-1', 'ap-southeast-3'),
  kind: fc.constantFrom('instance', 'cluster'),
  id: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
});

describe('the name of a database', () => {
  it('is read back as it was written', () => {
    fc.assert(
      fc.property(name, (one) => {
        expect(parseName(formatName(one))).toEqual(one);
      }),
    );
  });

  it('is another in another account or Region, and of another kind', () => {
    const others = [
      { ...orders, account: '999999999999' },
      { ...orders, region: 'eu-central-1' },
      { ...orders, kind: 'cluster' as const },
      { ...orders, id: 'orders-v2' },
    ];
    expect(others.map(formatName)).not.toContain(formatName(orders));
    expect(formatName({ ...orders, id: 'Orders' })).toBe(formatName(orders));
  });

  it.each([
    '',
    'orders',
    'instance/orders',
    '1/r/proxy/orders',
    '1/r/instance/a/b',
    '1/r/instance/',
    '/r/instance/orders',
    '1//instance/orders',
  ])('is not %j', (text) => expect(() => parseName(text)).toThrow(`not the name of a database`));
});

describe('the key of a database', () => {
  it('has its environment and its resource id', () => {
    const key = databaseKey(where, 'db-ABC');
    expect(parseDatabaseKey(key)).toEqual({ ...where, resourceId: 'db-ABC' });
    expect(environmentOf(key)).toEqual(where);
    expect(nameOf({ key, kind: 'instance', id: 'orders' })).toEqual(orders);
  });

  it('of one that RDS never had has no resource id', () => {
    const key = placeholderKey(orders);
    expect(key).toBe('123456789012/eu-west-1/instance:orders');
    expect(parseDatabaseKey(key)).toEqual(where);
    expect([isPlaceholder(key), isPlaceholder(databaseKey(where, 'db-ABC'))]).toEqual([true, false]);
  });

  it.each(['', 'db-ABC', '1/r', '1/r/db/', '1/r/db/tenant/more', '/r/db', '1//db'])('is not %j', (text) =>
    expect(() => parseDatabaseKey(text)).toThrow('not the key of a database'),
  );
});

describe('the id of a backup', () => {
  const id = { database: databaseKey(where, 'db-ABC'), createdAt: new Date('2026-11-23T04:08:53.047Z') };

  it.each(['rds:orders-2026-11-23-04-08', 'awsbackup:job-1', 'nightly'])(
    'is read back as it was written: %s',
    (one) => {
      const backup = { ...id, snapshotId: one };
      expect(parseBackupId(formatBackupId(backup))).toEqual(backup);
    },
  );

  it('is another once the name of the snapshot was used again', () => {
    const today = backupIdOf({ ...id, id: 'nightly' });
    expect(sameBackup(today, { ...today, createdAt: new Date('2026-11-24T04:08:53.047Z') })).toBe(false);
    expect(sameBackup(today, { ...today, database: databaseKey(where, 'db-DEF') })).toBe(false);
    expect(sameBackup(today, { ...today, createdAt: new Date(today.createdAt) })).toBe(true);
  });

  it.each(['', 'a#b', 'k#2026-11-23T04:08:53.047Z#', 'k#yesterday#nightly', 'k#2026-11-23T04:08:53.047Z#a#b'])(
    'is not %j',
    (text) => expect(() => parseBackupId(text)).toThrow('not the id of a backup'),
  );
});

it('a database is the same in whatever case its name is spelled, also where RDS never had it', () => {
  const spelled = { ...orders, id: 'Orders' };
  expect(formatName(spelled)).toBe(formatName(orders));
  expect(placeholderKey(spelled)).toBe(placeholderKey(orders));
});
