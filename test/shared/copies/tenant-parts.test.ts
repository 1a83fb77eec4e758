/** Whose tables an export holds, and whose RDS skipped. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TenantParts } from '../../../shared/copies/tenant-parts.ts';
import { pathInExport, type Share } from '../../../shared/domain/index.ts';

const at = new Date('2026-11-23T06:00:00Z');

function partsOf(shares: Readonly<Record<string, Share>>): TenantParts {
  return new TenantParts(Object.entries(shares).map(([tenant, share]) => ({ tenant, share })));
}

describe('parts of tenants', () => {
  it('are found by any object below a table, and by nothing else', () => {
    const parts = partsOf({ acme: { database: 'acme' }, globex: { database: 'globex' }, initech: { database: 'a' } });
    const paths = [
      'export_info_t.json',
      'globex',
      'globex/',
      'globex/readme',
      'acme/public.orders/1/_SUCCESS',
      'aa/b.c/1/x',
    ];
    for (const path of paths) parts.add(path);
    expect(parts.folders(at)).toEqual({
      checkedAt: at,
      found: ['acme'],
      partial: [],
      missing: ['globex', 'initech'],
    });
  });

  it.each([
    ['acme.public.orders', ['acme']],
    ['acme.orders', ['acme']],
    ['app.globex.orders', ['globex']],
    ['app.public.orders', []],
    ['other.initech.orders', ['initech']],
    ['initech.orders', ['initech']],
    ['acme', []],
    ['', []],
  ])('skipped table %s is of %j', (table, owners) => {
    const parts = partsOf({
      acme: { database: 'acme' },
      globex: { database: 'app', schema: 'globex' },
      initech: { schema: 'initech' },
    });
    for (const path of ['acme/public.a/1/x', 'app/globex.a/1/x', 'app/initech.a/1/x']) parts.add(path);
    parts.addSkipped(table);
    expect(parts.folders(at)?.partial).toEqual(owners);
  });

  it('names 1,000 tenants, and counts the others', () => {
    const names = Array.from({ length: 1_003 }, (_, n) => `t${n}`);
    const folders = partsOf(Object.fromEntries(names.map((name) => [name, { database: name }]))).folders(at);
    expect([folders?.missing.length, folders?.more]).toEqual([1_000, 3]);
  });

  it('are found exactly where the keys of objects begin with their paths', () => {
    const name = fc.constantFrom('a', 'b', 'a.b', 'B', 'a b');
    const share: fc.Arbitrary<Share> = fc.oneof(
      fc.record({ database: name }),
      fc.record({ database: name, schema: name }),
      fc.record({ schema: name }),
    );
    fc.assert(
      fc.property(share, fc.array(fc.record({ database: name, schema: name })), (its, tables) => {
        const parts = partsOf({ acme: its });
        for (const table of tables) parts.add(`${table.database}/${table.schema}.t/1/part-0.gz.parquet`);
        const [database, rest = ''] = (pathInExport(its) ?? '').split('/');
        const isIts = (table: { database: string; schema: string }) =>
          (database === '*' || table.database === database) && `${table.schema}.t`.startsWith(rest);
        expect(parts.folders(at)?.missing).toEqual(tables.some(isIts) ? [] : ['acme']);
      }),
    );
  });
});
