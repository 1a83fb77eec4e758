import { describe, expect, it } from 'vitest';
import { backupTimeOf } from '../../../shared/evaluation/backup-time.ts';
import { snapshot, t } from '../../scenarios/scenario.ts';

it('a snapshot is as old as its creation', () => {
  expect(backupTimeOf(snapshot('23 Nov 04:10'))).toEqual(t('23 Nov 04:10'));
});

it('a copied instance snapshot is as old as its original', () => {
  const copy = snapshot('23 Nov 10:00', {
    kind: 'copy',
    sourceArn: 'arn:source',
    originalCreatedAt: t('13 Nov 04:05'),
  });
  expect(backupTimeOf(copy)).toEqual(t('13 Nov 04:05'));
});

it.each([
  ['by its source', { kind: 'manual', sourceArn: 'arn:source' }],
  ['by its kind', { kind: 'copy' }],
] as const)('a copied cluster snapshot, known %s, is as old as its source', (_, fields) => {
  const copy = snapshot('23 Nov 10:00', { ...fields, databaseKind: 'cluster' });
  expect(backupTimeOf(copy, { sourceTime: t('13 Nov 04:05') })).toEqual(t('13 Nov 04:05'));
});

it('a copied cluster snapshot of an unknown source has no backup time', () => {
  const copy = snapshot('23 Nov 10:00', { kind: 'copy', databaseKind: 'cluster', sourceArn: 'arn:source' });
  expect(backupTimeOf(copy)).toBeUndefined();
});

it('a cluster snapshot that is no copy is as old as its creation', () => {
  expect(backupTimeOf(snapshot('23 Nov 04:10', { databaseKind: 'cluster' }))).toEqual(t('23 Nov 04:10'));
});

it('a snapshot without a creation time has no backup time', () => {
  expect(backupTimeOf(snapshot(undefined))).toBeUndefined();
});

describe('a snapshot of a replica is as old as the last transaction in it', () => {
  const lagging = { databaseTime: t('23 Nov 01:10') };

  it.each([
    ['taken here', snapshot('23 Nov 04:10', lagging), '23 Nov 01:10'],
    [
      'copied',
      snapshot('23 Nov 10:00', { ...lagging, kind: 'copy', originalCreatedAt: t('23 Nov 04:10') }),
      '23 Nov 01:10',
    ],
    ['whose clock is ahead', snapshot('23 Nov 04:10', { databaseTime: t('23 Nov 04:20') }), '23 Nov 04:10'],
    ['of which RDS does not say it', snapshot('23 Nov 04:10'), '23 Nov 04:10'],
  ])('%s', (_, one, time) => {
    expect(backupTimeOf(one, { isOfReplica: true })).toEqual(t(time));
  });

  it('and that of another database is not: it may be idle', () => {
    expect(backupTimeOf(snapshot('23 Nov 04:10', lagging))).toEqual(t('23 Nov 04:10'));
  });
});
