import { describe, expect, test } from 'vitest';
import { enrol } from '../../../shared/config/enrol.ts';
import { parseConfig } from '../../../shared/config/load.ts';
import type { RdsDatabase } from '../../../shared/domain/index.ts';

const operators = [{ email: 'operators@example.com' }];
const here = { account: '123456789012', region: 'eu-west-1' };

const crmKey = '123456789012/eu-west-1/db-crm';

/** A fleet that lists acme's instance `orders`, with discovery on unless the case says otherwise. */
function fleet(changes: object = {}, where = here) {
  const content = {
    operators,
    defaults: { bucket: { type: 'shared' } },
    discovery: {},
    tenants: [
      {
        id: 'acme',
        recipients: [{ email: 'oncall@acme.example.com' }],
        databases: [{ id: 'orders', kind: 'instance', maxAgeHours: 12 }],
      },
    ],
    ...changes,
  };
  return parseConfig(JSON.stringify(content), where);
}

function database(
  id: string,
  tags: Record<string, string> = {},
  kind: 'instance' | 'cluster' = 'instance',
): RdsDatabase {
  return {
    key: `123456789012/eu-west-1/db-${id}`,
    arn: `arn:aws:rds:eu-west-1:123456789012:db:${id}`,
    id,
    kind,
    engine: 'postgres',
    status: 'available',
    retentionDays: 7,
    tags,
  };
}

describe('enrolment by tag', () => {
  test('a tagged database is watched under its tenant with the defaults, and copied to the shared bucket', () => {
    expect(enrol(fleet(), [database('crm', { 'backup-tenant': 'acme' })])).toEqual({
      databases: [
        ...fleet().databases,
        {
          account: '123456789012',
          region: 'eu-west-1',
          tenant: 'acme',
          id: 'crm',
          kind: 'instance',
          policy: {
            maxAgeHours: 24,
            graceHours: 2,
            awsBackupGraceHours: 8,
            reminderHours: 24,
            whileStopped: 'warn' as const,
          },
          copy: { mode: 'export', schedule: 'daily', kinds: ['automated', 'awsbackup'] },
          target: {
            bucket: 'rds-backup-ledger--shared-123456789012-eu-west-1',
            prefix: 'acme/crm',
            owner: '123456789012',
          },
          enrolledBy: 'tag',
        },
      ],
      tenants: fleet().tenants,
      restoreTests: [],
      unconfigured: [],
      tags: new Map([[crmKey, { defaults: { maxAgeHours: 24, copyMode: 'export' }, problems: [] }]]),
      problems: [],
    });
  });

  test('a tag may spell its tenant in another case than the file', () => {
    const acme = fleet({ tenants: [{ id: 'Acme', databases: [] }] });
    const { databases, tenants } = enrol(acme, [database('crm', { 'backup-tenant': 'ACME' })]);
    expect(databases.map(({ tenant }) => tenant)).toEqual(['Acme']);
    expect(tenants.map(({ id }) => id)).toEqual(['Acme']);
  });

  test('a listed database wins over its tags', () => {
    const tags = { 'backup-tenant': 'globex', 'backup-max-age-hours': '48', 'backup-exclude': 'mine' };
    const all = fleet({ discovery: { allowExclusion: true } });
    expect(enrol(all, [database('orders', tags)])).toEqual({
      databases: all.databases,
      tenants: all.tenants,
      restoreTests: [],
      unconfigured: [],
      tags: new Map(),
      problems: [],
    });
  });

  test('a cluster of the same id as a listed instance is another database', () => {
    const enrolment = enrol(fleet(), [database('orders', { 'backup-tenant': 'acme' }, 'cluster')]);
    expect(enrolment.databases.map(({ id, kind, enrolledBy }) => [id, kind, enrolledBy])).toEqual([
      ['orders', 'instance', 'configuration'],
      ['orders', 'cluster', 'tag'],
    ]);
  });

  test('an unlisted tenant is watched all the same, and the operators are notified', () => {
    const found = [database('a', { 'backup-tenant': 'hooli' }), database('b', { 'backup-tenant': 'hooli' })];
    const { databases, tenants } = enrol(fleet(), found);
    expect(databases.map(({ tenant }) => tenant)).toEqual(['acme', 'hooli', 'hooli']);
    expect(tenants).toEqual([...fleet().tenants, { id: 'hooli', maxAgeHours: 24, recipients: operators }]);
  });

  test('a tenant in another case is the listed one', () => {
    expect(enrol(fleet(), [database('crm', { 'backup-tenant': 'ACME' })]).databases[1]?.tenant).toBe('acme');
  });

  test('the tag is the configured one', () => {
    const found = [database('a', { customer: 'acme' }), database('b', { 'backup-tenant': 'acme' })];
    const enrolment = enrol(fleet({ discovery: { tenantTag: 'customer' } }), found);
    expect(enrolment.databases.map(({ id }) => id)).toEqual(['orders', 'a']);
    expect(enrolment.unconfigured).toEqual(['b']);
  });

  test('without discovery tags enrol nobody, and what is not listed is named', () => {
    const enrolment = enrol(fleet({ discovery: undefined }), [
      database('crm', { 'backup-tenant': 'acme' }),
      database('orders'),
    ]);
    expect(enrolment.databases.map(({ id }) => id)).toEqual(['orders']);
    expect(enrolment.unconfigured).toEqual(['crm']);
  });

  test('without a shared bucket copies are skipped with that reason', () => {
    const enrolment = enrol(fleet({ defaults: {} }), [database('crm', { 'backup-tenant': 'acme' })]);
    expect(enrolment.databases[1]).toMatchObject({
      id: 'crm',
      copy: { mode: 'export' },
      copySkipped: { code: 'no-shared-bucket', facts: {} },
    });
  });
});

describe('a Region without exports', () => {
  const inSpain = (changes: object) => {
    const spain = fleet(changes, { ...here, region: 'eu-south-2' });
    const crm = database('crm', { 'backup-tenant': 'acme' });
    const { databases } = enrol(spain, [{ ...crm, key: '123456789012/eu-south-2/db-crm' }]);
    return databases.map(({ id, notExported }) => `${id}: ${notExported}`);
  };

  test('is known of listed databases and of those that enrol by tag', () => {
    expect(inSpain({})).toEqual(['orders: all but Aurora', 'crm: all but Aurora']);
    const copies = { regionsWithExports: ['eu-south-2'] };
    expect(inSpain({ copies })).toEqual(['orders: undefined', 'crm: undefined']);
  });
});

describe('overrides by tag', () => {
  const tagged = (tags: Record<string, string>, changes: object = {}) => {
    const { databases, problems } = enrol(fleet(changes), [database('crm', { 'backup-tenant': 'acme', ...tags })]);
    return { found: databases[1], problems };
  };

  test('the maximum age and the copy mode are taken', () => {
    const { found, problems } = tagged({ 'backup-max-age-hours': ' 36 ', 'backup-copy': 'None' });
    expect(found).toMatchObject({
      policy: { maxAgeHours: 36, graceHours: 2 },
      copy: { mode: 'none', schedule: 'daily' },
    });
    expect(problems).toEqual([]);
  });

  test.each(['', 'a day', '0', '-5', '1e3', '24h'])(
    'a maximum age of %j is reported, and the default applies',
    (value) => {
      const { found, problems } = tagged({ 'backup-max-age-hours': value });
      expect(found?.policy.maxAgeHours).toBe(24);
      expect(problems).toEqual([
        `instance crm: tag backup-max-age-hours is ${JSON.stringify(value)}; it must be a number of hours from 1 to 168. The default of 24 applies`,
      ]);
    },
  );

  test.each(['169', '500', '9000', '9'.repeat(40)])('a maximum age of %s is cut to the limit', (value) => {
    const { found, problems } = tagged({ 'backup-max-age-hours': value });
    expect(found?.policy.maxAgeHours).toBe(168);
    expect(problems).toEqual([
      `instance crm: tag backup-max-age-hours is "${value}"; the most that a tag may ask for is 168, and that applies`,
    ]);
  });

  test.each([
    ['the limit of the configuration', { discovery: { maxAgeHoursLimit: 500 } }, '500', 500],
    ['a default above the limit', { defaults: { maxAgeHours: 200 } }, '200', 200],
    ['the default, where no tag may ask for more', { discovery: { allowLongerAge: false } }, '24', 24],
    ['less than the default, where no tag may ask for more', { discovery: { allowLongerAge: false } }, '12', 12],
  ])('a maximum age of %s is taken', (_, changes, value, hours) => {
    const { found, problems } = tagged({ 'backup-max-age-hours': value }, changes);
    expect(found?.policy.maxAgeHours).toBe(hours);
    expect(problems).toEqual([]);
  });

  test('what the configuration does not allow is reported, and the default applies', () => {
    const discovery = { allowLongerAge: false, allowNoCopies: false };
    const { found, problems } = tagged({ 'backup-max-age-hours': '25', 'backup-copy': 'none' }, { discovery });
    expect([found?.policy.maxAgeHours, found?.copy.mode]).toEqual([24, 'export']);
    expect(problems).toEqual([
      'instance crm: tag backup-max-age-hours is "25"; discovery.allowLongerAge is off. The default of 24 applies',
      'instance crm: tag backup-copy is "none"; discovery.allowNoCopies is off. The default of export applies',
    ]);
  });

  test('no copies are no less where that is the default', () => {
    const changes = { defaults: { copy: { mode: 'none' } }, discovery: { allowNoCopies: false } };
    expect(tagged({ 'backup-copy': 'none' }, changes).problems).toEqual([]);
  });

  test('a copy mode that does not exist is reported, and the default applies', () => {
    const { found, problems } = tagged({ 'backup-copy': 'glacier' });
    expect(found?.copy.mode).toBe('export');
    expect(problems).toEqual([
      'instance crm: tag backup-copy is "glacier"; it must be export or none, or object where defaults.copy.staging is configured. The default of export applies',
    ]);
  });

  test('object mode needs staging in the defaults', () => {
    const staging = { bucket: 'dumps', owner: '123456789012' };
    const staged = { defaults: { bucket: { type: 'shared' }, copy: { staging } } };
    expect(tagged({ 'backup-copy': 'object' }, staged).found?.copy.mode).toBe('object');
    expect(tagged({ 'backup-copy': 'object' }).problems).toHaveLength(1);
  });

  test('an exclusion is honoured only where the configuration allows it', () => {
    const tags = { 'backup-exclude': 'scratch\ndata' };
    const allowed = tagged(tags, { discovery: { allowExclusion: true } });
    expect([allowed.found?.excluded, allowed.problems]).toEqual(['scratch data', []]);
    const refused = tagged(tags);
    expect(refused.found).not.toHaveProperty('excluded');
    expect(refused.problems).toEqual([
      'instance crm: tag backup-exclude is "scratch data"; it is not honoured, since discovery.allowExclusion is not set. The database is watched',
    ]);
  });

  test('an exclusion without a reason is none', () => {
    const { found, problems } = tagged({ 'backup-exclude': ' ' }, { discovery: { allowExclusion: true } });
    expect(found).not.toHaveProperty('excluded');
    expect(problems).toEqual(['instance crm: tag backup-exclude is " "; it must say why. The database is watched']);
  });

  test('a tenant that cannot be one is reported on one line, and the database counts as not configured', () => {
    const enrolment = enrol(fleet(), [database('crm', { 'backup-tenant': `Acme\r\nInc. ${'x'.repeat(300)}` })]);
    expect(enrolment.databases).toHaveLength(1);
    expect(enrolment.unconfigured).toEqual(['crm']);
    expect(enrolment.problems).toHaveLength(1);
    expect(enrolment.problems[0]).toMatch(
      /^instance crm: tag backup-tenant is "Acme Inc\. x+\.\.\."; a tenant must be 1-63 /,
    );
    expect(enrolment.problems[0]).not.toMatch(/[\r\n]/);
  });
});

describe('a database that belongs to a tenant already', () => {
  const acmes = { key: crmKey, tenant: 'acme', enrolledBy: 'tag' } as const;
  const enrolled = (tags: Record<string, string>, discovery: object, known: Parameters<typeof enrol>[2] = [acmes]) => {
    const { databases, problems, unconfigured } = enrol(fleet({ discovery }), [database('crm', tags)], known);
    return { tenant: databases[1]?.tenant, problems, unconfigured };
  };

  test('leaves with its tag, and moves with it, unless that is not allowed', () => {
    expect(enrolled({}, {})).toEqual({ tenant: undefined, problems: [], unconfigured: ['crm'] });
    expect(enrolled({ 'backup-tenant': 'globex' }, {})).toEqual({ tenant: 'globex', problems: [], unconfigured: [] });
  });

  test('is watched on for its tenant where no tag may be removed', () => {
    expect(enrolled({}, { allowRemoval: false })).toEqual({
      tenant: 'acme',
      problems: [
        'instance crm: tag backup-tenant was removed; discovery.allowRemoval is off. The database is watched on for tenant acme',
      ],
      unconfigured: [],
    });
  });

  test.each([true, false])('never leaves by a tag that is wrong (allowRemoval %s)', (allowRemoval) => {
    expect(enrolled({ 'backup-tenant': 'Acme, Inc.' }, { allowRemoval })).toMatchObject({
      tenant: 'acme',
      problems: [expect.stringContaining('It is watched on for tenant acme until that is put right')],
      unconfigured: [],
    });
  });

  test.each([
    ['enrolled by its tag', acmes],
    ['listed before', { key: crmKey, tenant: 'acme' }],
    ['left before', { key: crmKey, formerOwners: [{ tenant: 'acme', since: new Date(0), until: new Date(1) }] }],
  ])('stays with it where no tag may change the tenant: one that was %s', (_, row) => {
    expect(enrolled({ 'backup-tenant': 'globex' }, { allowTenantChange: false }, [row])).toEqual({
      tenant: 'acme',
      problems: [
        'instance crm: tag backup-tenant is "globex"; discovery.allowTenantChange is off. The database stays with tenant acme',
      ],
      unconfigured: [],
    });
    expect(enrolled({ 'backup-tenant': 'ACME' }, { allowTenantChange: false }, [row]).problems).toEqual([]);
  });

  test('which nobody was yet: the tag decides', () => {
    expect(enrolled({ 'backup-tenant': 'globex' }, { allowTenantChange: false }, []).tenant).toBe('globex');
  });

  test('stays unconfigured without a tag where none had enrolled it', () => {
    const listedBefore = { key: crmKey, tenant: 'acme' };
    expect(enrolled({}, { allowRemoval: false }, [listedBefore]).unconfigured).toEqual(['crm']);
  });
});

describe('native dumps of databases that enrol by tag', () => {
  const staged = (key: string) => ({
    defaults: {
      bucket: { type: 'shared' },
      copy: { mode: 'object', staging: { bucket: 'dumps', owner: '222222222222', key } },
    },
  });
  const tag = (tenant: string) => ({ 'backup-tenant': tenant });
  const isShared = (what: string, key: string, other: string) =>
    `${what}: the key of its dumps, "${key}", can be that of ${other} too; dumps of neither are copied until defaults.copy.staging.key tells them apart`;

  test.each<[string, string, RdsDatabase[], string[]]>([
    [
      'a listed database of another kind',
      '{databaseId}.bak',
      [database('orders', tag('globex'), 'cluster')],
      [isShared('cluster orders', '{databaseId}.bak', 'instance orders (tenant acme)')],
    ],
    [
      'each other',
      '{tenant}-{databaseId}.bak',
      [database('b-c', tag('a')), database('c', tag('a-b')), database('crm', tag('a'))],
      [
        isShared('instance b-c', '{tenant}-{databaseId}.bak', 'instance c (tenant a-b)'),
        isShared('instance c', '{tenant}-{databaseId}.bak', 'instance b-c (tenant a)'),
      ],
    ],
    ['nobody', '{kind}/{databaseId}.bak', [database('orders', tag('globex'), 'cluster')], []],
    [
      'nobody, since they are exported',
      '{databaseId}.bak',
      [database('orders', { ...tag('globex'), 'backup-copy': 'export' }, 'cluster')],
      [],
    ],
  ])('whose key can be that of %s are reported', (_, key, databases, problems) => {
    expect(enrol(fleet(staged(key)), databases).problems).toEqual(problems);
  });
});
