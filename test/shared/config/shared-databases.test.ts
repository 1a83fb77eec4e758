import { describe, expect, it } from 'vitest';
import { tenantsWithoutDatabase } from '../../../shared/config/index.ts';
import { ConfigError, parseConfig } from '../../../shared/config/load.ts';

const where = { account: '123456789012', region: 'eu-west-1' };
const operators = [{ email: 'operators@example.com' }];
const pool = { id: 'pool-1', kind: 'instance' };
const tenant = (id: string, ...sharedDatabases: unknown[]) => ({ id, sharedDatabases });
const fileOf = (tenants: readonly object[], more: object = {}) => ({
  operators,
  sharedDatabases: [pool],
  tenants,
  ...more,
});
const fleetOf = (file: object) => parseConfig(JSON.stringify(file), where);
const mistakesOf = (file: object): readonly string[] => {
  try {
    fleetOf(file);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
};
/** The one shared database. */
const sharedIn = (file: object) => {
  const [only, ...others] = fleetOf(file).databases;
  if (only === undefined || others.length > 0) throw new Error('not one database');
  return only;
};

describe('a shared database', () => {
  it('is stated once, and has the tenants that refer to it', () => {
    const database = sharedIn(
      fileOf([
        tenant('acme', 'POOL-1'),
        tenant('globex', { id: 'pool-1', since: '2026-11-24T10:00Z', database: 'globex' }),
        tenant('initech', { id: 'pool-1', since: '2026-11-24T11:30:15+01:00', database: 'app', schema: 'initech' }),
      ]),
    );
    expect(database).toMatchObject({ tenant: 'shared:pool-1', id: 'pool-1', kind: 'instance', ...where });
    expect(database.target).toEqual({
      bucket: 'rds-backup-ledger-pool-1-123456789012-eu-west-1',
      prefix: '',
      owner: '123456789012',
    });
    expect(database.tenants).toMatchObject([
      { tenant: 'acme', enrolledBy: 'configuration' },
      { tenant: 'globex', since: new Date('2026-11-24T10:00:00Z'), database: 'globex' },
      { tenant: 'initech', since: new Date('2026-11-24T10:30:15Z'), database: 'app', schema: 'initech' },
    ]);
    expect(database.tenants?.[0]).not.toHaveProperty('since');
  });

  it('has a prefix of its own in a bucket of many, which is no tenant’s', () => {
    const file = fileOf([tenant('acme', 'pool-1')], { defaults: { bucket: { type: 'shared', prefix: 'copies' } } });
    expect(sharedIn(file).target.prefix).toBe('copies/_shared/pool-1');
  });

  it('takes the settings of a database, and no tenant’s', () => {
    const own = { ...pool, graceHours: 4, copy: { mode: 'none' }, bucket: { type: 'shared' }, excluded: 'moves' };
    const tenants = [{ ...tenant('acme', 'pool-1'), graceHours: 1, copy: { mode: 'export' } }];
    const database = sharedIn(fileOf(tenants, { sharedDatabases: [own] }));
    expect(database).toMatchObject({ policy: { graceHours: 4 }, copy: { mode: 'none' }, excluded: 'moves' });
  });

  it.each([
    { shared: {}, tenant: {}, hours: 24 },
    { shared: { maxAgeHours: 12 }, tenant: {}, hours: 12 },
    { shared: {}, tenant: { maxAgeHours: 6 }, hours: 6 },
    { shared: {}, tenant: { maxAgeHours: 48 }, hours: 24 },
    { shared: { maxAgeHours: 48 }, tenant: {}, hours: 48 },
    { shared: { maxAgeHours: 48 }, tenant: { maxAgeHours: 36 }, hours: 36 },
    { shared: { maxAgeHours: 36 }, tenant: { maxAgeHours: 48 }, hours: 36 },
  ])('promises the strictest of $shared and $tenant: $hours h', ({ shared, tenant: own, hours }) => {
    const tenants = [{ ...tenant('acme', 'pool-1'), ...own }];
    const database = sharedIn(fileOf(tenants, { sharedDatabases: [{ ...pool, ...shared }] }));
    expect(database.tenants?.[0]?.policy.maxAgeHours).toBe(hours);
  });

  it('reminds a tenant as often as the tenant says', () => {
    const tenants = [{ ...tenant('acme', 'pool-1'), reminderHours: 6 }, tenant('globex', 'pool-1')];
    expect(sharedIn(fileOf(tenants)).tenants?.map(({ policy }) => policy.reminderHours)).toEqual([6, 24]);
  });

  it('is found by kind, account or Region where several have its id', () => {
    const elsewhere = { ...pool, region: 'eu-central-1' };
    const file = {
      operators,
      environments: [{ account: where.account, regions: ['eu-central-1'] }],
      sharedDatabases: [pool, { ...pool, kind: 'cluster' }, elsewhere],
      tenants: [
        tenant('acme', { id: 'pool-1', kind: 'cluster' }),
        tenant('globex', { id: 'pool-1', region: 'eu-central-1' }),
        tenant('initech', 'pool-1'),
      ],
    };
    expect(mistakesOf(file)).toEqual([
      'tenants[2].sharedDatabases[0]: 3 shared databases are called "pool-1" (instance in 123456789012, eu-west-1; cluster in 123456789012, eu-west-1; instance in 123456789012, eu-central-1): state "kind", "account" or "region" as well',
    ]);
    const { databases } = fleetOf({ ...file, tenants: file.tenants.slice(0, 2) });
    expect(databases.map(({ kind, region, tenants }) => [kind, region, tenants?.map((one) => one.tenant)])).toEqual([
      ['instance', 'eu-west-1', []],
      ['cluster', 'eu-west-1', ['acme']],
      ['instance', 'eu-central-1', ['globex']],
    ]);
  });

  it('is a database of its tenants: none of them lists none', () => {
    expect(tenantsWithoutDatabase(fleetOf(fileOf([tenant('acme', 'pool-1')])))).toEqual([]);
    const excluded = fileOf([tenant('acme', 'pool-1')], { sharedDatabases: [{ ...pool, excluded: 'moves' }] });
    expect(tenantsWithoutDatabase(fleetOf(excluded))).toEqual([
      expect.stringContaining('tenant "acme" excludes its database'),
    ]);
  });
});

describe('all mistakes about shared databases are reported at once, with their places', () => {
  it('references, moments, names and places', () => {
    const file = {
      operators,
      sharedDatabases: [pool, { id: 'pool_2', kind: 'instance' }, { id: 'pool-3', kind: 'instnce' }],
      tenants: [
        tenant('acme', 'pool-1', { id: 'POOL-1', database: 'acme' }),
        tenant('globex', { id: 'pool-1', since: 'yesterday' }, { id: 'pool-1', databse: 'x' }),
        tenant('initech', { id: 'pool-1', database: 'a/b' }, 17),
      ],
    };
    expect(mistakesOf(file)).toEqual([
      'sharedDatabases[1].id: must be an RDS identifier: 1-63 letters, digits and hyphens, beginning with a letter, without a trailing or doubled hyphen, got "pool_2"',
      'sharedDatabases[2].kind: must be instance or cluster, got "instnce"',
      'tenants[0].sharedDatabases[1]: is the same shared database as tenants[0].sharedDatabases[0]; remove one of the two',
      'tenants[1].sharedDatabases[0].since: must be a time with its zone, such as 2026-11-24T10:00Z, got "yesterday"',
      'tenants[1].sharedDatabases[1].databse: unknown key; did you mean "database"?',
      'tenants[2].sharedDatabases[0].database: must be a name of at most 128 characters, without "/" and control characters, got "a/b"',
      'tenants[2].sharedDatabases[1]: must be the id of a shared database, or an object such as { "id": "pool-1", "database": "acme" }, got 17',
    ]);
  });

  it.each([
    [['pool-9'], 'no shared database "pool-9" is stated; did you mean "pool-1"?'],
    [['warehouse'], 'no shared database "warehouse" is stated; add it to "sharedDatabases" at the top of the file'],
    [
      [{ id: 'pool-1', kind: 'cluster' }],
      'no shared database "pool-1" of that kind, account and Region is stated; add it to "sharedDatabases" at the top of the file',
    ],
  ])('a reference to what is not stated: %j', (references, message) => {
    expect(mistakesOf(fileOf([tenant('acme', ...references)]))).toEqual([`tenants[0].sharedDatabases[0]: ${message}`]);
  });

  it('a database that is a tenant’s own and shared', () => {
    const file = fileOf([{ ...tenant('acme', 'pool-1'), databases: [pool] }]);
    expect(mistakesOf(file)).toEqual([
      'sharedDatabases[0].id: instance "pool-1" is already listed as tenants[0].databases[0] of tenant "acme"; remove one of the two; where it holds several tenants, refer to it there by "sharedDatabases"',
    ]);
  });

  it('a shared database that is stated twice', () => {
    expect(mistakesOf(fileOf([], { sharedDatabases: [pool, { ...pool, id: 'Pool-1' }] }))).toEqual([
      'sharedDatabases[1].id: instance "Pool-1" is already listed as sharedDatabases[0]; remove one of the two',
    ]);
  });

  it('a shared database in an account that is no environment, and a bucket of another Region', () => {
    const sharedDatabases = [
      { ...pool, account: '222222222222' },
      {
        id: 'pool-2',
        kind: 'instance',
        bucket: { type: 'existing', name: 'archive', region: 'eu-central-1' },
      },
    ];
    expect(mistakesOf(fileOf([], { sharedDatabases }))).toEqual([
      expect.stringMatching(/^sharedDatabases\[0\]\.account: account 222222222222 is not listed: add/),
      expect.stringMatching(/^sharedDatabases\[1\]\.bucket\.region: must be eu-west-1, where "pool-2" is/),
    ]);
  });

  it.each([
    [{ database: 'app' }, { database: 'app' }, 'database "app"'],
    [{ database: 'app' }, { database: 'app', schema: 'globex' }, 'schema "globex"'],
    [{ database: 'app', schema: 'a' }, { database: 'app' }, 'database "app"'],
    [{ schema: 'a' }, { schema: 'a' }, 'schema "a"'],
  ])('two tenants in one place: %j and %j', (acme, globex, place) => {
    const file = fileOf([tenant('acme', { id: 'pool-1', ...acme }), tenant('globex', { id: 'pool-1', ...globex })]);
    expect(mistakesOf(file)).toEqual([
      `tenants[1].sharedDatabases[0]: ${place} holds data of tenant "acme" too (tenants[0].sharedDatabases[0]); give each tenant a database or a schema of its own`,
    ]);
  });

  it.each([
    [
      { database: 'app', schema: 'a' },
      { database: 'app', schema: 'b' },
    ],
    [{ database: 'a' }, { database: 'b' }],
    [
      { database: 'a', schema: 'x' },
      { database: 'b', schema: 'x' },
    ],
    [{}, {}],
  ])('and no two places are one mistake: %j and %j', (acme, globex) => {
    const file = fileOf([tenant('acme', { id: 'pool-1', ...acme }), tenant('globex', { id: 'pool-1', ...globex })]);
    expect(mistakesOf(file)).toEqual([]);
  });
});
