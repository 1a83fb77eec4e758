import { describe, expect, it } from 'vitest';
import { failsRun, parseTrigger } from '../../handlers/copy.ts';
import { exportSettingsIn, readExportSettings } from '../../handlers/export-settings.ts';
import { backupKey } from '../../shared/ledger/items.ts';

describe('what triggers copy', () => {
  it('is the rows that changed, by their keys; rows that are not backups are none of its business', () => {
    const keys = (pk: string, sk: string) => ({ dynamodb: { Keys: { pk: { S: pk }, sk: { S: sk } }, NewImage: {} } });
    const key = '123456789012/eu-west-1/db-A';
    const backup = {
      database: key,
      createdAt: new Date('2026-11-23T04:08:53Z'),
      snapshotId: 'rds:orders-2026-11-23-04-08',
    };
    const { pk, sk } = backupKey(backup);
    expect(parseTrigger({ Records: [keys(pk, sk), keys(pk, 'DATABASE')] })).toEqual({ backups: [backup] });
  });

  it('is the end of an export, which names the snapshot, colons and all', () => {
    const SourceArn = 'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-2026-11-23-04-08';
    const event = { source: 'aws.rds', 'detail-type': 'RDS DB Snapshot Event', detail: { SourceArn } };
    expect(parseTrigger(event)).toEqual({ exportsEnded: [SourceArn] });
  });

  it('is an event of the account and Region of its ARN, or none', () => {
    const SourceArn = 'arn:aws:rds:us-east-1:222222222222:snapshot:rds:orders-2026-11-23-04-08';
    const event = { source: 'aws.rds', account: '222222222222', region: 'us-east-1', detail: { SourceArn } };
    expect(parseTrigger(event)).toEqual({ exportsEnded: [SourceArn] });
    for (const other of [{ account: '333333333333' }, { region: 'eu-west-1' }]) {
      expect(() => parseTrigger({ ...event, ...other })).toThrow(
        /^an event of account .* about arn:aws:rds:us-east-1:2/,
      );
    }
    expect(() => parseTrigger({ ...event, detail: { SourceArn: 'orders' } })).toThrow('not the ARN');
  });

  it('is nothing in particular when the watch or a person calls', () => {
    expect(parseTrigger({})).toEqual({});
    expect(parseTrigger(null)).toEqual({});
  });

  it('is refused with a reason if it is something else', () => {
    expect(() => parseTrigger({ source: 'aws.s3', detail: {} })).toThrow('not a trigger of copies');
  });
});

it('the environment names what exports are made with, or what is missing', () => {
  const environment = { EXPORT_ROLE_ARN: 'arn:aws:iam::1:role/r', EXPORT_KEY_ARN: 'arn:aws:kms:r:1:key/k' };
  expect(readExportSettings(environment)).toEqual({
    exportRoleArn: environment.EXPORT_ROLE_ARN,
    exportKeyArn: environment.EXPORT_KEY_ARN,
  });
  expect(() => readExportSettings({ EXPORT_ROLE_ARN: environment.EXPORT_ROLE_ARN })).toThrow('EXPORT_KEY_ARN');
});

it.each([
  ['in one environment', 1, false, true],
  ['in one environment, periodically', 1, true, true],
  ['in one of several, which must not hold up triggers of others', 2, false, false],
  ['in one of several, periodically', 2, true, true],
])('a run fails by what it left out %s', (_, count, periodic, fails) => {
  const environments = Array.from({ length: count }, (_, n) => ({
    ...{ account: '111111111111', region: `eu-west-${n}`, events: true, stackBuckets: [] },
  }));
  const report = { environments: [], periodic, ended: [], unlisted: [] };
  expect(failsRun({ ...report, errors: [new Error('Rate exceeded')] }, { environments })).toBe(fails);
  expect(failsRun({ ...report, errors: [] }, { environments })).toBe(false);
});

it('exports of the hub use its own role and key, those of a spoke that one’s', () => {
  const hub = { account: '111111111111', region: 'eu-west-1' };
  const own = { exportRoleArn: 'arn:aws:iam::111111111111:role/own', exportKeyArn: 'arn:aws:kms:eu-west-1:1:key/own' };
  expect(exportSettingsIn({ ...hub }, hub, own)).toBe(own);
  expect(exportSettingsIn({ account: '222222222222', region: 'us-east-1' }, hub, own)).toEqual({
    exportRoleArn: 'arn:aws:iam::222222222222:role/RdsBackupLedger-export-us-east-1',
    exportKeyArn: 'arn:aws:kms:us-east-1:222222222222:alias/rds-backup-ledger',
  });
});
