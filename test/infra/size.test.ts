import { describe, expect, it } from 'vitest';
import { obstaclesTo } from '../../infra/dry-run.ts';
import { exceededLimits } from '../../infra/limits.ts';
import type { Fleet } from '../../shared/config/index.ts';
import { configured, fleetOf, synthesize } from './synthesized.ts';

const databases = (count: number) =>
  Array.from({ length: count }, (_, number) => ({ id: `db-${number}`, kind: 'instance' }));
const shared = { defaults: { bucket: { type: 'shared' } } };

describe('the size of the stack', () => {
  it('is the same for 3 and for 10,000 databases that share a bucket', () => {
    expect(synthesize(configured(databases(10_000), shared)).count).toBe(
      synthesize(configured(databases(3), shared)).count,
    );
  });

  it('takes 200 recipients', () => {
    const tenants = Array.from({ length: 199 }, (_, number) => ({
      id: `tenant-${number}`,
      recipients: [{ email: `person-${number}@example.com` }],
      databases: [{ id: `db-${number}`, kind: 'instance' }],
    }));
    expect(exceeded(fleetOf({ ...shared, operators: [{ email: 'oncall@example.com' }], tenants }))).toEqual([]);
  });

  it('grows by a bucket and its policy with each database that has one of its own', () => {
    const [few, more] = [synthesize(configured(databases(3))), synthesize(configured(databases(5)))];
    expect(more.count - few.count).toBe(4);
  });

  it('fits 200 buckets of their own, in rights that do not grow with them', () => {
    const [few, more] = [synthesize(configured(databases(3))), synthesize(configured(databases(200)))];
    expect(exceeded(configured(databases(200)))).toEqual([]);
    for (const role of ['CopyBackupsExportRole', 'CopyBackupsCopyRole']) {
      expect(more.rights(role)).toEqual(few.rights(role));
    }
  });

  it('refuses more buckets than fit, and says how many do and what to do', () => {
    expect(exceeded(configured(databases(300)))).toEqual([
      expect.stringMatching(
        /^The stack: \d+ resources, AWS takes at most 500\. Let databases share one bucket.*"type": "shared".*; of 303 buckets 2[12]\d have room\.$/,
      ),
    ]);
  });

  it.each([
    { count: 200, what: 'of one account', owners: 1, keys: false },
    { count: 200, what: 'of as many accounts', owners: 200, keys: false },
    { count: 150, what: 'of one account, each with a key', owners: 1, keys: true },
    { count: 150, what: 'of a hundred accounts, each with a key', owners: 100, keys: true },
  ])('fits $count existing buckets $what, with names as long as S3 takes', ({ count, owners, keys }) => {
    const fleet = existing(count, owners, keys);
    expect(exceeded(fleet)).toEqual([]);
    const stack = synthesize(fleet);
    const written = stack.rights('CopyBackupsExportRole').filter((right) => right.startsWith('s3:PutObject*'));
    expect(written).toHaveLength(count);
  });

  it('fits 200 existing buckets that dumps are copied to', () => {
    const staging = { bucket: 'dumps', owner: '210987654321', key: '{kind}/{databaseId}/{snapshotId}.bak' };
    expect(exceeded(existing(200, 1, false, { copy: { mode: 'object', staging } }))).toEqual([]);
  });

  it.each([
    { accounts: 300, regions: ['ap-southeast-1'] },
    { accounts: 100, regions: ['ap-southeast-1', 'ap-southeast-2', 'ap-southeast-3'] },
  ])('fits $accounts accounts with $regions.length Regions each, all with copies', ({ accounts, regions }) => {
    expect(hubExceeds(spread(accounts, regions))).toEqual([]);
  });

  it('refuses more environments than the policies of a role hold, and more accounts than the policy of the bus does', () => {
    expect(hubExceeds(spread(850, ['ap-southeast-1']))).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^SweepDatabasesSweepRole\w+: \d\d managed policies, AWS takes at most 10\. Watch some of the "environments" from another hub/,
        ),
        expect.stringMatching(
          /^Bus\w+: its statement: \d+ bytes, AWS takes at most 10240\. Let it admit.*"organization"/,
        ),
      ]),
    );
  });

  it('holds a spoke to the same', () => {
    const us = { account: '222222222222', region: 'us-east-1' };
    const fleet = configured(
      databases(300).map((database) => ({ ...database, ...us })),
      { environments: [{ account: us.account, regions: [us.region] }] },
    );
    expect(exceeded(fleet)).toEqual([
      expect.stringMatching(
        /^RdsBackupLedgerSpoke-222222222222-us-east-1: The stack: \d+ resources, AWS takes at most 500/,
      ),
    ]);
  });

  it('has room for 500 tenants on one shared database, with one mailbox for all of them', () => {
    const tenants = Array.from({ length: 500 }, (_, number) => ({
      id: `tenant-${number}`,
      recipients: [{ email: 'everybody@example.com' }],
      sharedDatabases: [{ id: 'pool-1', database: `tenant_${number}` }],
    }));
    const sharedDatabases = [{ id: 'pool-1', kind: 'instance' }];
    const fleet = fleetOf({ ...shared, sharedDatabases, tenants });
    expect(fleet.databases.map(({ id, tenants }) => [id, tenants?.length])).toEqual([['pool-1', 500]]);
    expect(exceeded(fleet)).toEqual([]);
  });

  it('refuses more buckets of others than the policies of a role hold', () => {
    expect(exceeded(existing(400, 200, true))).toContainEqual(
      expect.stringMatching(
        /^CopyBackupsExportRole\w+: \d\d managed policies, AWS takes at most 10\. Let databases share/,
      ),
    );
  });
});

function exceeded(fleet: Fleet): string[] {
  return obstaclesTo(fleet, 'config/example.json');
}

/** What of the hub alone is more than AWS takes: hundreds of spokes take seconds. */
function hubExceeds(fleet: Fleet): string[] {
  return exceededLimits(synthesize(fleet).template);
}

/** Accounts with these Regions and a database in each. */
function spread(count: number, regions: readonly string[]): Fleet {
  const accounts = Array.from({ length: count }, (_, number) => String(200_000_000_000 + number));
  return fleetOf({
    ...shared,
    operators: [{ email: 'oncall@example.com' }],
    environments: accounts.map((account) => ({ account, regions })),
    tenants: accounts.map((account) => ({
      id: `tenant-${account}`,
      account,
      databases: regions.map((region) => ({ id: 'orders', kind: 'instance', region })),
    })),
  });
}

/** Databases with buckets that exist already, of so many accounts. */
function existing(count: number, owners: number, keys: boolean, more: object = {}): Fleet {
  return configured(
    databases(count).map((database, number) => {
      const owner = String(210_987_600_000 + (number % owners));
      const keyArn = `arn:aws:kms:eu-west-1:${owner}:key/0a1b2c3d-4e5f-6789-abcd-${String(number).padStart(12, '0')}`;
      const name = `archive-${number}-`.padEnd(63, 'x');
      return { ...database, ...more, bucket: { type: 'existing', name, owner, ...(keys && { keyArn }) } };
    }),
  );
}
