import { describe, expect, it } from 'vitest';
import { commonFolder, foreignKeys, stagingBuckets, stagingKeys, targetBuckets } from '../../infra/copy-targets.ts';
import { configured } from './synthesized.ts';

const account = '123456789012';

describe('commonFolder', () => {
  it.each([
    { prefixes: ['acme/orders'], folder: 'acme/orders', why: 'one prefix is its own folder' },
    { prefixes: ['acme/orders', 'acme/crm'], folder: 'acme', why: 'two in a folder share it' },
    { prefixes: ['acme/orders', 'acme'], folder: 'acme', why: 'one may hold the other' },
    { prefixes: ['acme/a', 'acme-2/a'], folder: '', why: 'names that only begin alike are not one folder' },
    { prefixes: ['a', ''], folder: '', why: 'without a prefix it is the bucket' },
    { prefixes: [], folder: '', why: 'nothing shares nothing' },
  ])('$why', ({ prefixes, folder }) => {
    expect(commonFolder(prefixes)).toBe(folder);
  });
});

describe('targetBuckets', () => {
  it('names each bucket once, down to the folder of all its copies', () => {
    const archive = (prefix: string) => ({ type: 'existing', name: 'archive', prefix });
    const fleet = configured([
      { id: 'a', kind: 'instance', bucket: archive('backups/a') },
      { id: 'b', kind: 'cluster', bucket: archive('backups/b') },
      { id: 'c', kind: 'instance', bucket: archive('elsewhere/c'), copy: { mode: 'none' } },
    ]);
    expect(targetBuckets(fleet)).toEqual([
      { bucket: 'archive', owner: account, objects: 'backups/*', writtenByFunction: false },
    ]);
  });

  it('names those of the stack by one pattern that each of their names fits', () => {
    const ids = ['a', 'orders', 'orders-eu', 'with-a-name-that-is-longer-than-what-a-bucket-has-room-for-it'];
    const fleet = configured(
      ids.flatMap((id) => [
        { id, kind: 'instance' },
        { id: `two-${id.slice(0, 50).replace(/-$/, '')}`, kind: 'cluster' },
      ]),
    );
    const [{ bucket: pattern = '' } = {}, ...others] = targetBuckets(fleet);
    expect(others).toEqual([]);
    const fits = new RegExp(`^${pattern.replace('*', '.*')}$`);
    expect(fleet.stackBuckets).toHaveLength(8);
    expect(fleet.stackBuckets.filter((name) => !fits.test(name))).toEqual([]);
  });

  it('takes buckets of one name for two where two accounts should own them', () => {
    const fleet = configured(
      ['210987654321', '310987654321'].map((owner, at) => ({
        id: `db-${at}`,
        kind: 'instance',
        bucket: { type: 'existing', name: 'archive', owner, prefix: `p${at}` },
      })),
    );
    expect(targetBuckets(fleet).map(({ bucket, owner, objects }) => [bucket, owner, objects])).toEqual([
      ['archive', '210987654321', 'p0/*'],
      ['archive', '310987654321', 'p1/*'],
    ]);
  });

  it('opens the whole shared bucket where databases may enrol themselves', () => {
    const fleet = configured([{ id: 'a', kind: 'instance' }], {
      defaults: { bucket: { type: 'shared' } },
      discovery: {},
    });
    expect(targetBuckets(fleet)).toEqual([
      {
        bucket: 'rds-backup-ledger--shared-123456789012-eu-west-1',
        owner: account,
        objects: '*',
        writtenByFunction: false,
      },
    ]);
  });

  it('lets dumps be copied where a tag may ask for them', () => {
    const tagged = (copy: object, bucket: object = { type: 'shared' }) => {
      const fleet = configured([], { defaults: { copy, bucket }, discovery: {} });
      return { written: targetBuckets(fleet).some((target) => target.writtenByFunction), from: stagingBuckets(fleet) };
    };
    const staging = { bucket: 'dumps', owner: '123456789012' };
    expect(tagged({ mode: 'export', staging })).toEqual({ written: true, from: [{ bucket: 'dumps', owner: account }] });
    expect(tagged({ mode: 'export' })).toEqual({ written: false, from: [] });
    expect(tagged({ mode: 'export', staging }, { type: 'own' })).toEqual({ written: false, from: [] });
  });

  it('lets the function itself write only where dumps go', () => {
    const staging = { bucket: 'dumps', owner: '123456789012' };
    const fleet = configured([{ id: 'a', kind: 'instance', copy: { mode: 'object', staging } }]);
    expect(targetBuckets(fleet).map(({ writtenByFunction }) => writtenByFunction)).toEqual([true]);
    expect(stagingBuckets(fleet)).toEqual([{ bucket: 'dumps', owner: account }]);
  });
});

it('keys of dumps count only where dumps are copied', () => {
  const keyArn = 'arn:aws:kms:eu-west-1:210987654321:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
  const staging = { bucket: 'dumps', owner: '210987654321', keyArn, key: '{tenant}/{kind}/{databaseId}/{snapshotId}' };
  const of = (mode: string) => configured(['a', 'b'].map((id) => ({ id, kind: 'instance', copy: { mode, staging } })));
  expect([stagingKeys(of('object')), stagingKeys(of('export'))]).toEqual([[keyArn], []]);
  const tagged = configured([], {
    defaults: { copy: { mode: 'export', staging }, bucket: { type: 'shared' } },
    discovery: {},
  });
  expect(stagingKeys(tagged)).toEqual([keyArn]);
});

it('foreign keys count only where something is copied', () => {
  const keyArn = 'arn:aws:kms:eu-west-1:210987654321:key/0a1b2c3d-4e5f-6789-abcd-ef0123456789';
  const theirs = (name: string) => ({ type: 'existing', name, keyArn });
  const used = configured([{ id: 'a', kind: 'instance', bucket: theirs('one') }]);
  const unused = configured([{ id: 'a', kind: 'instance', bucket: theirs('one'), copy: { mode: 'none' } }]);
  expect([foreignKeys(used), foreignKeys(unused)]).toEqual([[keyArn], []]);
});
