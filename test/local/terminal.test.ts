import { expect, it } from 'vitest';
import { progressIn } from '../../local/terminal.ts';

it.each([
  ['Bundling asset RdsBackupLedger/RecordEvents/Record/Function/Code/Stage...', 'Bundling the function Record'],
  ['✨  Synthesis time: 15.08s', 'Synthesized in 15 s'],
  ['RdsBackupLedger |  20/69 | 8:02 | CREATE_COMPLETE | AWS::S3::Bucket | Reports', '20 of 69 resources'],
  ['RdsBackupLedger |  69/69 | 8:02 | CREATE_COMPLETE | AWS::CloudFormation::Stack | R', '69 of 69 resources'],
  [' ✅  RdsBackupLedger', '✅  RdsBackupLedger'],
  [
    '[Warning at /RdsBackupLedger/CopyBackups] too many copies',
    '[Warning at /RdsBackupLedger/CopyBackups] too many copies',
  ],
])('of what tools print, %j shows how far it is', (line, progress) => {
  expect(progressIn(line)).toBe(progress);
});

it.each([
  'RdsBackupLedger |  21/69 | 8:02 | CREATE_COMPLETE | AWS::S3::Bucket | Reports',
  'npm warn Unknown user config "nodedir".',
  '...3be053cb94cace8a76cb9a76f793a0231c4d3e352-building/index.mjs.map  1.7mb',
  'RdsBackupLedger: success: Built Configuration',
  'RdsBackupLedger.LedgerTableName = RdsBackupLedger-LedgerTable9343E4AA',
  '',
])('of what tools print, %j is left out', (line) => {
  expect(progressIn(line)).toBeUndefined();
});
