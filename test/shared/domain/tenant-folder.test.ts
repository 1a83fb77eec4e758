/** The part of a tenant within an export of a shared database, and the copy as that tenant has it. */
import { describe, expect, it } from 'vitest';
import {
  type Copy,
  copyOfShare,
  copyStates,
  folderInExport,
  folderUrl,
  holdsShare,
  pathInExport,
  type Share,
  tenantFolder,
} from '../../../shared/domain/index.ts';

const at = (time: string) => new Date(`2026-11-23T${time}:00Z`);
const checked = { checkedAt: at('06:00'), found: ['acme', 'globex'], partial: [], missing: [] };

function copied(more: Partial<Copy> = {}): Copy {
  return {
    mode: 'export',
    state: 'complete',
    attempt: 1,
    bucket: 'copies',
    prefix: '_shared/pool-1',
    taskId: 'copy-1',
    folders: checked,
    ...more,
  };
}

const stated: Share = { database: 'acme', statedAt: at('05:00') };

describe('the part of a tenant', () => {
  it.each<[Share, string, string]>([
    [{ database: 'acme' }, 'acme/', 'acme/'],
    [{ database: 'app', schema: 'acme' }, 'app/acme.', 'app/acme.*'],
    [{ schema: 'acme' }, '*/acme.', '*/acme.*'],
    [{ database: 'Acme GmbH.' }, 'Acme GmbH./', 'Acme GmbH./'],
  ])('%o lies under %s', (share, path, folder) => {
    expect(pathInExport(share)).toBe(path);
    expect(folderInExport(share)).toBe(folder);
    const its = tenantFolder(copied(), 'acme', share);
    expect(its).toEqual({ bucket: 'copies', prefix: `_shared/pool-1/copy-1/${path}` });
    expect(its && folderUrl(its)).toBe(`s3://copies/_shared/pool-1/copy-1/${path}`);
  });

  it('is not known where nobody stated a name, or where no export has ended', () => {
    expect(tenantFolder(copied(), 'acme', {})).toBeUndefined();
    expect(tenantFolder(copied({ mode: 'object' }), 'acme', stated)).toBeUndefined();
    const ended = copyStates.filter((state) => tenantFolder(copied({ state }), 'acme', stated) !== undefined);
    expect(ended).toEqual(['complete', 'incomplete']);
    const { taskId: _, ...without } = copied();
    expect(tenantFolder(without, 'acme', stated)).toBeUndefined();
  });

  it('was found, or is missing, as far as it was looked for under its names of today', () => {
    const found = (folders: Copy['folders'], share = stated) =>
      tenantFolder({ ...copied(), ...(folders && { folders }) }, 'acme', share)?.found;
    expect(found(checked)).toBe(true);
    expect(found({ ...checked, partial: ['acme'] })).toBe(true);
    expect(found({ ...checked, found: [], missing: ['acme'] })).toBe(false);
    expect(found({ ...checked, found: ['globex'], missing: ['initech'], more: 3 })).toBeUndefined();
    expect(found(checked, { database: 'acme', statedAt: at('06:01') })).toBeUndefined();
    expect(found(checked, { database: 'acme' })).toBeUndefined();
    const { folders: _, ...unchecked } = copied();
    expect(tenantFolder(unchecked, 'acme', stated)?.found).toBeUndefined();
  });
});

describe('a backup of a shared database', () => {
  const came = at('04:00');
  const backup = (backupTime: Date) => ({ backupTime, createdAt: at('12:00') });
  const holds = (time: string, share: Share) => holdsShare(backup(at(time)), { share });

  it('holds a tenant from when its data came until it left, and for each time that it was there', () => {
    expect(holds('03:59', {})).toBe(true);
    expect([holds('03:59', { since: came }), holds('04:00', { since: came })]).toEqual([false, true]);
    expect([holds('03:59', { until: came }), holds('04:00', { until: came })]).toEqual([true, false]);
    const back: Share = { since: at('08:00'), earlier: [{ since: came, until: at('06:00') }] };
    expect(['03:59', '04:00', '06:00', '07:59', '08:00'].map((time) => holds(time, back))).toEqual([
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(holdsShare({ createdAt: at('03:59') }, { share: { since: came } })).toBe(false);
    expect(holdsShare({ createdAt: came }, {})).toBe(false);
  });
});

describe('a copy as a tenant has it', () => {
  const missing = copied({
    folders: { ...checked, found: ['acme'], missing: ['globex', 'initech'] },
    cause: { code: 'tenant-folder-missing', facts: { tenants: ['globex (globex/)', 'initech (initech/)'], count: 2 } },
  });
  const skipped = copied({
    state: 'incomplete',
    folders: { ...checked, partial: ['globex'] },
    cause: {
      code: 'export-incomplete',
      facts: { skippedTables: [{ table: 'globex.public.orders', reason: 'R' }], skipped: 1, warnings: [] },
    },
  });

  it('is complete where its part is there, whoever else is missing', () => {
    const whole = copied({ folders: { ...checked, found: ['acme'] } });
    expect(copyOfShare(missing, 'acme', stated)).toEqual(whole);
    expect(copyOfShare(copied(), 'acme', stated)).toEqual(whole);
    expect(tenantFolder(whole, 'acme', stated)?.found).toBe(true);
  });

  it('is incomplete where its part is missing, and names that alone', () => {
    const its = copyOfShare(missing, 'globex', { ...stated, database: 'globex' });
    expect(its).toMatchObject({
      state: 'incomplete',
      cause: { code: 'tenant-folder-missing', facts: { folder: 'globex/' } },
    });
    expect(JSON.stringify(its)).not.toContain('initech');
    expect(copyOfShare(its, 'globex', { ...stated, database: 'globex' })).toEqual(its);
  });

  it('is incomplete where RDS skipped tables of its part, or nobody knows whose they are', () => {
    expect(copyOfShare(skipped, 'acme', stated).state).toBe('complete');
    for (const [tenant, share] of [
      ['globex', { ...stated, database: 'globex' }],
      ['initech', {}],
    ] as const) {
      const its = copyOfShare(skipped, tenant, share);
      expect(its).toMatchObject({
        state: 'incomplete',
        cause: { code: 'export-incomplete', facts: { skippedTables: [], skipped: 0, warnings: [] } },
      });
    }
    expect(JSON.stringify(copyOfShare(skipped, 'initech', {}))).not.toContain('globex');
  });

  it('is incomplete where RDS warned of what nobody can tell whom it concerns', () => {
    const cause = { code: 'export-incomplete', facts: { skippedTables: [], skipped: 0, warnings: ['globex is odd'] } };
    const its = copyOfShare({ ...skipped, cause } as Copy, 'acme', stated);
    expect(its.state).toBe('incomplete');
    expect(JSON.stringify(its)).not.toContain('globex');
  });

  it('is otherwise what it is', () => {
    const { folders: _, ...failed } = copied({
      state: 'failed',
      cause: { code: 'bucket-gone', facts: { bucket: 'b' } },
    });
    expect(copyOfShare(failed, 'acme', stated)).toEqual(failed);
  });
});
