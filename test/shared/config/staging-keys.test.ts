import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { type DumpedDatabase, sharedKeys, sharesKeyWith, stagingKey } from '../../../shared/config/staging-keys.ts';
import type { BackupKind } from '../../../shared/domain/index.ts';

const here = { account: '123456789012', region: 'eu-west-1' };

interface Given extends Partial<DumpedDatabase> {
  readonly key?: string;
  readonly bucket?: string;
  readonly owner?: string;
  readonly kinds?: readonly BackupKind[];
}

function database(given: Given): DumpedDatabase {
  const { key = '{snapshotId}', bucket = 'dumps', owner = '222222222222', kinds = ['automated', 'awsbackup'] } = given;
  const staging = { bucket, owner, key, waitHours: 6, maxDumpAgeHours: 24 };
  return { ...here, kind: 'instance', id: 'orders', tenant: 'a', copy: { kinds, staging }, ...given };
}

/** Which of some databases share a key, by their places in the list. */
function meetings(...given: readonly Given[]): number[][] {
  const databases = given.map(database);
  return [...sharedKeys(databases)].map(([one, other]) => [databases.indexOf(one), databases.indexOf(other)]);
}

const manual = ['manual'] as const;
const orders = { id: 'orders' };
const billing = { id: 'billing', tenant: 'b' };

describe('keys that tell databases apart', () => {
  test.each<[string, readonly Given[]]>([
    ['by their id', [orders, billing].map((one) => ({ ...one, key: 'dumps/{databaseId}/{date}.bak' }))],
    ['by their id behind the date', [orders, billing].map((one) => ({ ...one, key: 'dumps/{date}/{databaseId}.bak' }))],
    ['by their snapshot', [orders, billing].map((one) => ({ ...one, key: '{date}/{snapshotId}.bak' }))],
    ['by their snapshot, as people name it', [orders, billing].map((one) => ({ ...one, kinds: manual }))],
    ['by their automated snapshots, over kinds', [orders, { ...billing, kind: 'cluster' }]],
    [
      'by their kind',
      [orders, { kind: 'cluster' } as const].map((one) => ({ ...one, key: '{kind}/{databaseId}.bak' })),
    ],
    ['by their tenant', [orders, billing].map((one) => ({ ...one, key: 'dumps/{tenant}.bak' }))],
    ['by account', [orders, { account: '210987654321' }].map((one) => ({ ...one, key: '{account}/{databaseId}' }))],
    ['by Region', [orders, { region: 'eu-west-2' }].map((one) => ({ ...one, key: '{region}/{databaseId}' }))],
    ['by their bucket', [orders, { ...billing, bucket: 'others' }].map((one) => ({ ...one, key: 'dumps/{date}.bak' }))],
    ['by what they say themselves', [{ key: 'a.bak' }, { ...billing, key: 'b.bak' }]],
    ['where one begins as the other', [orders, { id: 'orders-eu' }].map((one) => ({ ...one, key: 'd/{databaseId}' }))],
    ['by a literal that is no date', [{ key: '{date}' }, { ...billing, key: '2026-11-2x' }]],
    ['case by case', [{ key: 'A.bak' }, { ...billing, key: 'a.bak' }]],
    [
      'by snapshots behind their id',
      [orders, { id: 'orders-x' }].map((one) => ({ ...one, key: '{databaseId}-{snapshotId}' })),
    ],
    ['by prefixes', [orders, { id: 'orders-eu' }].map((one) => ({ ...one, key: 'dumps/{databaseId}/' }))],
    ['by prefixes of snapshots', [orders, billing].map((one) => ({ ...one, key: '{snapshotId}/', kinds: manual }))],
    ['where a prefix is no key’s', [{ key: 'dumps/orders/' }, { ...billing, key: 'dumps/orders' }]],
    ['where a snapshot cannot have the name', [{ key: '{snapshotId}' }, { ...billing, key: 'dumps/latest.bak' }]],
  ])('%s', (_, databases) => {
    expect(meetings(...databases)).toEqual([]);
  });
});

describe('keys that do not', () => {
  const both = [
    [0, 1],
    [1, 0],
  ];

  test.each<[string, readonly Given[]]>([
    ['have the date alone', [orders, billing].map((one) => ({ ...one, key: 'dumps/{date}.bak' }))],
    ['have nothing to replace', [orders, billing].map((one) => ({ ...one, key: 'dumps/latest.bak' }))],
    ['have a misspelt placeholder', [orders, billing].map((one) => ({ ...one, key: '{databaseID}.bak' }))],
    ['have a tenant of two databases', [orders, { id: 'billing' }].map((one) => ({ ...one, key: '{tenant}.bak' }))],
    [
      'differ in text and resolve alike',
      [
        { id: 'x', key: 'dumps/a-{databaseId}.bak' },
        { id: 'x', kind: 'cluster', key: 'dumps/{tenant}-{databaseId}.bak' },
      ],
    ],
    [
      'run tenant and id together',
      [
        { tenant: 'a', id: 'bc' },
        { tenant: 'ab', id: 'c' },
      ].map((one) => ({ ...one, key: '{tenant}{databaseId}' })),
    ],
    [
      'run them together around a hyphen',
      [
        { tenant: 'a', id: 'b-c' },
        { tenant: 'a-b', id: 'c' },
      ].map((one) => ({ ...one, key: '{tenant}-{databaseId}.bak' })),
    ],
    ['name another’s id', [{ key: 'billing.bak' }, { ...billing, key: '{databaseId}.bak' }]],
    [
      'have the id of two kinds',
      [orders, { kind: 'cluster' } as const].map((one) => ({ ...one, key: '{databaseId}' })),
    ],
    [
      'have the id of two accounts',
      [orders, { account: '210987654321' }].map((one) => ({ ...one, key: '{databaseId}' })),
    ],
    ['have the id of two Regions', [orders, { region: 'eu-west-2' }].map((one) => ({ ...one, key: '{databaseId}' }))],
    ['have automated snapshots of one id', [orders, { kind: 'cluster' }]],
    [
      'have snapshots that people name, over kinds',
      [{ kinds: manual }, { ...billing, kind: 'cluster', kinds: manual }],
    ],
    [
      'have such snapshots of two accounts',
      [{ kinds: manual }, { ...billing, account: '210987654321', kinds: ['copy', 'automated'] }],
    ],
    ['have one prefix', [orders, billing].map((one) => ({ ...one, key: 'dumps/' }))],
    ['have a prefix and one below it', [{ key: 'dumps/orders/' }, { ...billing, key: 'dumps/orders/eu/' }]],
    ['have a prefix and a key below it', [{ key: 'dumps/{date}/' }, { ...billing, key: 'dumps/2026-11-23/x/y.bak' }]],
    [
      'have a prefix that another’s id can be',
      [
        { tenant: 'billing', key: '{tenant}/' },
        { ...billing, key: '{databaseId}/{snapshotId}' },
      ],
    ],
    ['have neighbouring dates', [{ key: '{date}.bak' }, { ...billing, key: '{date-1}.bak' }]],
    ['have local dates', [{ key: '{date:Asia/Tokyo}.bak' }, { ...billing, key: '{date+1:Europe/London}.bak' }]],
    ['name a date', [{ key: '{date}.bak' }, { ...billing, key: '2026-11-23.bak' }]],
    ['name a part of a date', [{ key: '{date}{date}' }, { ...billing, key: '2026-11-23{date}' }]],
    ['name what a snapshot may be called', [{ kinds: manual }, { ...billing, key: '{databaseId}' }]],
    [
      'have an id behind a snapshot’s',
      [{ id: 'x-y' }, { id: 'y' }].map((one) => ({ ...one, key: '{snapshotId}-{databaseId}', kinds: manual })),
    ],
    [
      'have snapshots behind different texts',
      [
        { key: 'a-{snapshotId}', kinds: manual },
        { ...billing, key: '{snapshotId}', kinds: manual },
      ],
    ],
    ['lie in one bucket of two owners', [{ key: 'x' }, { ...billing, key: 'x', owner: '333333333333' }]],
  ])('%s', (_, databases) => {
    expect(meetings(...databases)).toEqual(both);
    const [one, other] = databases.map(database);
    expect(one && other && sharesKeyWith(one, [other])).toBe(other);
  });

  it('are found between all of many databases, each with the first that it meets', () => {
    const many = ['a', 'b', 'c', 'd'].map((id) => ({ id, tenant: id, key: id === 'c' ? '{databaseId}' : 'same' }));
    expect(meetings(...many)).toEqual([
      [0, 1],
      [1, 0],
      [3, 0],
    ]);
  });
});

it('two databases that have a key in common are found, whatever their patterns', () => {
  const part = fc.constantFrom(
    ...[
      '{databaseId}',
      '{tenant}',
      '{kind}',
      '{snapshotId}',
      '{date}',
      'a',
      'b',
      '-',
      '/',
      '2026-11-23',
      '{date-1}',
      '1',
    ],
  );
  const key = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  const id = fc.constantFrom('a', 'b', 'a-b', 'b-a');
  const given = fc.record({ key, id, tenant: id, kind: fc.constantFrom('instance', 'cluster') });
  const snapshots = fc.constantFrom('a', 'b', 'a-b', 'b-b', 'a-a-b');
  const times = fc.constantFrom(new Date('2026-11-23T04:00:00Z'), new Date('2026-11-24T04:00:00Z'));
  const backup = fc.record({ snapshotId: snapshots, time: times });
  let met = 0;
  fc.assert(
    fc.property(given, given, backup, backup, (one, other, of, ofOther) => {
      const isSame = one.kind === other.kind && one.id === other.id;
      // RDS has one snapshot of a name in a kind.
      fc.pre(!isSame && !(one.kind === other.kind && of.snapshotId === ofOther.snapshotId));
      const [a, b] = [one, other].map((some) => database({ ...(some as Given), kinds: manual }));
      if (!a || !b) return;
      const [key, otherKey] = [stagingKey(one.key, a, of), stagingKey(other.key, b, ofOther)];
      const isUnder = (some: string, prefix: string) => prefix.endsWith('/') && some.startsWith(prefix);
      if (key === otherKey || isUnder(key, otherKey) || isUnder(otherKey, key)) {
        met += 1;
        expect(sharesKeyWith(a, [b])).toBe(b);
        expect(sharedKeys([a, b]).size).toBe(2);
      }
    }),
    { numRuns: 20_000, seed: 7 },
  );
  expect(met).toBeGreaterThan(100);
});

test.each([
  ['{date}', '2026-06-30'],
  ['{date-1}', '2026-06-29'],
  ['{date+1}', '2026-07-01'],
  ['{date:Europe/London}', '2026-07-01'],
  ['{date-1:Europe/London}', '2026-06-30'],
  ['{date:America/New_York}', '2026-06-30'],
  ['{date+1:Pacific/Kiritimati}', '2026-07-02'],
  ['{date-1:Pacific/Kiritimati}/{date}', '2026-06-30/2026-06-30'],
])('%s at 23:30 UTC of 30 June is %s', (pattern, key) => {
  const backup = { snapshotId: 'x', time: new Date('2026-06-30T23:30:00Z') };
  expect(stagingKey(pattern, database({}), backup)).toBe(key);
});

it('the key of a dump is made of the snapshot, the database and the day of the data', () => {
  const backup = { snapshotId: 'rds:erp-2026-11-23-04-08', time: new Date('2026-11-23T04:08:00Z') };
  const erp = database({ id: 'erp', tenant: 'acme', kind: 'cluster' });
  expect(stagingKey('{databaseId}/{date}/{snapshotId}.{other}', erp, backup)).toBe(
    'erp/2026-11-23/rds:erp-2026-11-23-04-08.{other}',
  );
  expect(stagingKey('{account}/{region}/{tenant}/{kind}/{databaseId}', erp, backup)).toBe(
    '123456789012/eu-west-1/acme/cluster/erp',
  );
});
