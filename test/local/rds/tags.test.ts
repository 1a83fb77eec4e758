import { describe, expect, test } from 'vitest';
import { RdsFault } from '../../../local/rds/faults.ts';
import { simulated } from './support.ts';

type Tags = Readonly<Record<string, string>>;

const numbered = (count: number): Tags =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`tag-${n}`, 'yes']));

const refused: readonly [string, Tags][] = [
  ['a comma in a value', { tenants: 'acme,globex' }],
  ['a semicolon in a value', { tenants: 'acme;globex' }],
  ['brackets in a value', { tenants: '["acme"]' }],
  ['a line break in a value', { tenants: 'acme\nglobex' }],
  ['a tab in a value', { tenants: 'acme\tglobex' }],
  ['a symbol of no language in a value', { tenants: 'acme 🚀' }],
  ['a value of 257 characters', { tenants: 'a'.repeat(257) }],
  ['a value that begins with aws:', { tenants: 'aws:acme' }],
  ['a comma in a key', { 'tenants,': 'acme' }],
  ['a key of 129 characters', { ['k'.repeat(129)]: 'acme' }],
  ['an empty key', { '': 'acme' }],
  ['a key that begins with aws:', { 'aws:backup:source': 'acme' }],
  ['a key that begins with AWS:', { 'AWS:tenant': 'acme' }],
  ['a key that begins with rds:', { 'rds:tenant': 'acme' }],
  ['51 tags', numbered(51)],
];

const accepted: readonly [string, Tags][] = [
  ['several tenants, separated by spaces', { tenants: 'acme globex initech' }],
  ['letters and digits of any language', { tenants: 'Müller Søn 株式会社 ٣' }],
  ['the marks that it lists', { tenants: 'a_b.c:d/e=f+g-h@i' }],
  ['a value of 256 characters, each of two units of UTF-16', { tenants: '𝒜'.repeat(256) }],
  ['a key of 128 characters', { ['k'.repeat(128)]: 'acme' }],
  ['an empty value', { 'backup-exclude': '' }],
  ['aws: further on', { 'tenant.aws:': 'of aws:' }],
  ['50 tags', numbered(50)],
];

function refusal(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error instanceof RdsFault ? error.code : error;
  }
  return undefined;
}

describe('RDS', () => {
  test.each(refused)('refuses %s, however the tags are set, and keeps those that there were', (_, tags) => {
    const { rds } = simulated();
    const kept = { tenant: 'acme' };
    const database = rds.createInstance({ id: 'db1', tags: kept });
    const attempts = [
      () => rds.setTags('db1', tags),
      () => rds.createInstance({ id: 'db2', tags }),
      () => rds.createCluster({ id: 'db2', tags }),
      () => rds.takeBackup('db1', { tags }),
    ];
    expect(attempts.map(refusal)).toEqual(Array(4).fill('InvalidParameterValue'));
    expect(database.tags).toEqual(kept);
    expect(rds.databases()).toEqual([database]);
    expect(rds.snapshots()).toEqual([]);
  });

  test.each(accepted)('accepts %s', (_, tags) => {
    const { rds } = simulated();
    rds.createInstance({ id: 'db1' });
    rds.setTags('db1', tags);
    expect(rds.find('db1').tags).toEqual(tags);
    expect(rds.createCluster({ id: 'db2', tags }).tags).toEqual(tags);
    expect(rds.takeBackup('db1', { tags }).tags).toEqual(tags);
  });
});
