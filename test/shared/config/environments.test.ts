import { describe, expect, it, test } from 'vitest';
import {
  ConfigError,
  copiesAnything,
  enrolledWithoutTags,
  fleetEnvironment,
  fleetIn,
  parseConfig,
} from '../../../shared/config/index.ts';

const hub = { account: '111111111111', region: 'eu-west-1' };
const other = { account: '222222222222', region: 'us-east-1' };

interface File {
  readonly environments?: unknown;
  readonly defaults?: object;
  readonly tenants?: readonly object[];
  readonly discovery?: object;
}

const environments = [{ account: other.account, name: 'Acme production', regions: ['eu-west-1', 'us-east-1'] }];
const operators = [{ email: 'operators@example.com' }];

function fleetOf(file: File) {
  return parseConfig(JSON.stringify({ operators, environments, tenants: [], ...file }), hub);
}

function mistakesOf(file: File): readonly string[] {
  try {
    fleetOf(file);
  } catch (error) {
    if (error instanceof ConfigError) return error.mistakes;
    throw error;
  }
  return [];
}

const orders = { id: 'orders', kind: 'instance' };

describe('the environments of a file', () => {
  it('are the hub, then a Region of an account each', () => {
    expect(fleetOf({}).environments).toEqual([
      { ...hub, events: true, stackBuckets: [] },
      { account: other.account, region: 'eu-west-1', accountName: 'Acme production', events: true, stackBuckets: [] },
      { ...other, accountName: 'Acme production', events: true, stackBuckets: [] },
    ]);
  });

  it('are the hub alone where a file lists none', () => {
    expect(fleetOf({ environments: undefined }).environments).toEqual([{ ...hub, events: true, stackBuckets: [] }]);
  });

  it('may list the hub, for its name', () => {
    const listed = [
      { account: hub.account, name: 'Operations', regions: ['eu-west-1', 'eu-central-1'], events: false },
    ];
    expect(fleetOf({ environments: listed })).toMatchObject({
      ...hub,
      accountName: 'Operations',
      environments: [
        { ...hub, accountName: 'Operations', events: true },
        { account: hub.account, region: 'eu-central-1', accountName: 'Operations', events: false },
      ],
    });
  });

  it('may list an account twice, where its Regions differ in what they forward', () => {
    const listed = [
      { account: other.account, regions: ['us-east-1'] },
      { account: other.account, regions: ['ap-east-2'], events: false },
    ];
    expect(fleetOf({ environments: listed }).environments.map(({ region, events }) => [region, events])).toEqual([
      ['eu-west-1', true],
      ['us-east-1', true],
      ['ap-east-2', false],
    ]);
  });
});

describe('a database is where its own entry, its tenant or the defaults say', () => {
  const cases = [
    ['nothing: where the stack is', {}, {}, {}, hub],
    ['the defaults', other, {}, {}, other],
    ['its tenant before the defaults', hub, other, {}, other],
    ['its own entry before its tenant', {}, other, hub, hub],
    ['each its part', { region: 'us-east-1' }, { account: other.account }, {}, other],
  ] as const;

  test.each(cases)('%s', (_, defaults, tenant, database, where) => {
    const { databases } = fleetOf({
      defaults,
      tenants: [{ id: 'acme', ...tenant, databases: [{ ...orders, ...database }] }],
    });
    expect(databases).toMatchObject([{ id: 'orders', ...where }]);
  });

  it('so that one name may be that of two databases', () => {
    const databases = [orders, { ...orders, ...other }, { ...orders, account: other.account }];
    const fleet = fleetOf({ tenants: [{ id: 'acme', databases }] });
    expect(fleet.databases.map(({ account, region, target }) => [account, region, target])).toEqual([
      [
        hub.account,
        hub.region,
        { bucket: 'rds-backup-ledger-orders-111111111111-eu-west-1', prefix: '', owner: hub.account },
      ],
      [
        other.account,
        other.region,
        { bucket: 'rds-backup-ledger-orders-222222222222-us-east-1', prefix: '', owner: other.account },
      ],
      [
        other.account,
        hub.region,
        { bucket: 'rds-backup-ledger-orders-222222222222-eu-west-1', prefix: '', owner: other.account },
      ],
    ]);
  });

  it('and RDS has exports there or not', () => {
    const listed = [{ account: other.account, regions: ['ap-east-2'] }];
    const { databases } = fleetOf({
      environments: listed,
      tenants: [{ id: 'acme', databases: [orders, { ...orders, account: other.account, region: 'ap-east-2' }] }],
    });
    expect(databases.map(({ notExported }) => notExported)).toEqual([undefined, 'every engine']);
  });
});

describe('buckets', () => {
  const tenants = [
    {
      id: 'acme',
      databases: [orders, { ...orders, ...other }, { ...orders, id: 'crm', ...other, bucket: { type: 'shared' } }],
    },
  ];

  it('are made where the databases are', () => {
    const fleet = fleetOf({ tenants });
    expect(fleet.environments.map(({ stackBuckets }) => stackBuckets)).toEqual([
      ['rds-backup-ledger-orders-111111111111-eu-west-1'],
      [],
      ['rds-backup-ledger-orders-222222222222-us-east-1', 'rds-backup-ledger--shared-222222222222-us-east-1'],
    ]);
    expect(fleet.environments.map(({ sharedTarget }) => sharedTarget?.bucket)).toEqual([
      undefined,
      undefined,
      'rds-backup-ledger--shared-222222222222-us-east-1',
    ]);
  });

  it('take what enrols itself in an environment', () => {
    const fleet = fleetOf({ defaults: { bucket: { type: 'shared', prefix: 'copies' } }, discovery: {} });
    expect(enrolledWithoutTags(fleet, { ...other, kind: 'instance', id: 'crm' }, 'acme').target).toEqual({
      bucket: 'rds-backup-ledger--shared-222222222222-us-east-1',
      prefix: 'copies/acme/crm',
      owner: other.account,
    });
  });

  it('that exist already belong to the account of the database', () => {
    const databases = [{ ...orders, ...other, bucket: { type: 'existing', name: 'ours', region: other.region } }];
    expect(fleetOf({ tenants: [{ id: 'acme', databases }] }).databases[0]?.target).toEqual({
      bucket: 'ours',
      prefix: '',
      owner: other.account,
    });
  });
});

describe('one environment of the fleet', () => {
  const tenants = [{ id: 'acme', databases: [orders, { ...orders, ...other, copy: { mode: 'none' } }] }];

  it('has its own databases, buckets and name', () => {
    const fleet = fleetOf({ tenants });
    const spoke = fleetEnvironment(fleet, other);
    const there = spoke && fleetIn(fleet, spoke);
    expect(there).toMatchObject({ ...other, accountName: 'Acme production', environments: [spoke] });
    expect(there?.databases.map(({ region }) => region)).toEqual(['us-east-1']);
    expect(there && copiesAnything(there)).toBe(false);
    expect(copiesAnything(fleet)).toBe(true);
  });

  it('has no shared bucket of another one', () => {
    const fleet = fleetOf({ tenants: [{ id: 'acme', databases: [{ ...orders, bucket: { type: 'shared' } }] }] });
    const spoke = fleetEnvironment(fleet, other);
    expect(fleet.sharedTarget).toBeDefined();
    expect(spoke && fleetIn(fleet, spoke)).not.toHaveProperty('sharedTarget');
  });
});

describe('mistakes', () => {
  const d = 'tenants[0].databases[0]';
  const cases: readonly (readonly [string, File, readonly string[]])[] = [
    [
      'a Region that is listed twice',
      { environments: [...environments, { account: other.account, regions: ['us-east-1'] }] },
      [
        'environments[1].regions[0]: "us-east-1" of account 222222222222 is already listed at environments[0].regions[1]; remove one of the two',
      ],
    ],
    [
      'a Region of another partition',
      { environments: [{ account: other.account, regions: ['cn-north-1'] }] },
      [
        'environments[0].regions[0]: "cn-north-1" is of the partition aws-cn, and the stack\'s own Region eu-west-1 of aws: no role and no event crosses partitions; deploy another stack there',
      ],
    ],
    [
      'two names of one account',
      { environments: [...environments, { account: other.account, name: 'Acme', regions: ['eu-north-1'] }] },
      [
        'environments[1].name: account 222222222222 is "Acme production" at environments[0].name already; give it one name',
      ],
    ],
    [
      'one name of two accounts',
      {
        environments: [...environments, { account: '333333333333', name: 'acme Production', regions: ['eu-north-1'] }],
      },
      ['environments[1].name: "acme Production" is already the name of account 222222222222; choose another one'],
    ],
    [
      'no Region',
      { environments: [{ account: other.account, regions: [] }] },
      ['environments[0].regions: must name at least one Region, got an empty list'],
    ],
    [
      'a Region of a listed account that is not listed',
      { tenants: [{ id: 'acme', databases: [{ ...orders, account: other.account, region: 'eu-north-1' }] }] },
      [
        `${d}.region: Region eu-north-1 of account 222222222222 is not listed (listed are eu-west-1, us-east-1): add { "account": "222222222222", "regions": ["eu-north-1"] } to "environments", so that a stack is deployed there, or correct it`,
      ],
    ],
    [
      'an account of many databases that is not listed, once',
      { tenants: [{ id: 'acme', account: '333333333333', databases: [orders, { ...orders, id: 'crm' }] }] },
      [
        'tenants[0].account: account 333333333333 is not listed: add { "account": "333333333333", "regions": ["eu-west-1"] } to "environments", so that a stack is deployed there, or correct it',
      ],
    ],
    [
      'an environment that cannot be read, and nothing that follows from it',
      {
        environments: [{ account: '33', regions: ['eu-west-1'] }],
        tenants: [{ id: 'acme', databases: [{ ...orders, account: '333333333333' }] }],
      },
      ['environments[0].account: must be an account id of 12 digits, got "33"'],
    ],
    [
      'a name that reads as an account',
      { environments: [{ account: other.account, name: '333333333333', regions: ['eu-west-1'] }] },
      [
        'environments[0].name: must be 1-50 letters, digits, spaces and ._()-, begin with a letter or digit, and not be an account id, got "333333333333"',
      ],
    ],
    [
      'one bucket for databases of two Regions',
      {
        defaults: { bucket: { type: 'existing', name: 'ours' } },
        tenants: [{ id: 'acme', databases: [orders, { ...orders, id: 'crm', ...other }] }],
      },
      [
        'defaults.bucket: is that of databases in eu-west-1 and of "crm" in us-east-1: RDS exports only to a bucket in the Region of the snapshot; state one for each Region',
      ],
    ],
    [
      'a database that is listed twice in one environment',
      {
        tenants: [
          {
            id: 'acme',
            databases: [
              { ...orders, ...other },
              { ...orders, id: 'ORDERS', ...other },
            ],
          },
        ],
      },
      [
        'tenants[0].databases[1].id: instance "ORDERS" is already listed as tenants[0].databases[0] of tenant "acme"; remove one of the two',
      ],
    ],
  ];

  test.each(cases)('%s', (_, file, mistakes) => {
    expect(mistakesOf(file)).toEqual(mistakes);
  });
});
