import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportPrefix, exportTaskId } from '../../../shared/copies/naming.ts';
import { backupIdOf, sameBackup } from '../../../shared/domain/index.ts';

const validTaskId = /^[A-Za-z](?:-?[A-Za-z0-9])*$/;
const anyName = fc.oneof(
  fc.string({ minLength: 1, maxLength: 255 }),
  fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/),
  fc.constantFrom('a--b', '-', 'x'.repeat(255), 'rds:db-', 'é'.repeat(63), `${'a'.repeat(40)}-${'b'.repeat(40)}`),
);
const time = fc.date({ min: new Date('2009-10-27'), max: new Date('2100-01-01'), noInvalidDate: true });
const backup = fc.record({ database: anyName, id: anyName, databaseId: anyName, createdAt: time });

describe('the id of an export task', () => {
  it('is valid and has at most 60 characters, whatever the names', () => {
    fc.assert(
      fc.property(backup, fc.integer({ min: 1, max: 9999 }), (of, attempt) => {
        const id = exportTaskId(of, attempt);
        expect(id.length).toBeLessThanOrEqual(60);
        expect(id).toMatch(validTaskId);
      }),
    );
  });

  it('is distinct for distinct databases, snapshots, creation times and attempts, and the same for the same', () => {
    const attempts = fc.integer({ min: 1, max: 99 });
    fc.assert(
      fc.property(backup, backup, attempts, attempts, (one, other, first, second) => {
        const same = sameBackup(backupIdOf(one), backupIdOf(other)) && first === second;
        expect(exportTaskId(one, first) === exportTaskId({ ...other, databaseId: one.databaseId }, second)).toBe(same);
      }),
    );
  });

  it('keeps two long names that differ only at their end apart, and the days of one database', () => {
    const long = (end: string) => ({ database: 'db', id: `${'x'.repeat(200)}${end}`, databaseId: 'x'.repeat(63) });
    const day = (date: string) => new Date(`2026-11-${date}T04:00:00Z`);
    const ids = [
      exportTaskId({ ...long('a'), createdAt: day('23') }, 1),
      exportTaskId({ ...long('b'), createdAt: day('23') }, 1),
      exportTaskId({ ...long('a'), createdAt: day('24') }, 1),
    ];
    expect(new Set(ids).size).toBe(3);
  });

  it('tells a person which database and day it is of', () => {
    const createdAt = new Date('2026-11-23T04:08:00Z');
    const id = exportTaskId({ database: 'db', id: 'nightly', databaseId: 'orders', createdAt }, 2);
    expect(id).toMatch(/^copy-2026-11-23-orders-[0-9a-f]{16}-2$/);
    const two = exportTaskId({ database: 'db', id: 'nightly', databaseId: 'web-shop', createdAt }, 1);
    expect(two).toMatch(/^copy-2026-11-23-web-shop-[0-9a-f]{16}-1$/);
  });
});

describe('the prefix of an export', () => {
  it('has fewer than 60 characters, no colon and no trailing slash, whatever the names', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant(''), anyName), anyName, (prefix, id) => {
        const folder = exportPrefix({ target: { prefix }, id });
        expect(folder.length).toBeLessThan(60);
        expect(folder.length).toBeGreaterThan(0);
        expect(folder).not.toMatch(/:|\/$/);
      }),
    );
  });

  it('is the configured one as it stands, or the database’s name in a bucket of its own', () => {
    expect(exportPrefix({ target: { prefix: 'acme/orders' }, id: 'orders' })).toBe('acme/orders');
    expect(exportPrefix({ target: { prefix: '' }, id: 'orders' })).toBe('orders');
    expect(exportPrefix({ target: { prefix: 'x'.repeat(59) }, id: 'orders' })).toBe('x'.repeat(59));
  });

  it.each([
    ['acme:orders', 'acme-orders'],
    ['acme/orders//', 'acme/orders'],
    [`acme/${'x'.repeat(60)}`, `acme/${'x'.repeat(43)}`],
    [`${'x'.repeat(46)}//${'y'.repeat(20)}`, 'x'.repeat(46)],
  ])('is the valid part of one that RDS would refuse, with a digest that keeps it distinct: %s', (prefix, start) => {
    const folder = exportPrefix({ target: { prefix }, id: 'orders' });
    expect(folder.slice(0, -10)).toBe(`${start}-`);
    expect(folder.slice(-10)).toMatch(/^[0-9a-f]{10}$/);
  });
});
