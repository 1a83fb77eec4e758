import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Snapshot } from '../../../shared/model.ts';
import { type Seeing, type Seen, see } from '../../../shared/rules/seen.ts';
import { snapshot, t } from '../../scenarios/scenario.ts';

const now = t('23 Nov 12:00');

function seenIn(snapshots: readonly Snapshot[], seeing: Partial<Seeing> = {}): Seen {
  return snapshots.reduce<Seen>((seen, next) => see(seen, next, { firstSeen: now, ...seeing }), {});
}

it('the same is seen in whatever order RDS lists the snapshots', () => {
  const snapshots = [
    snapshot('20 Nov 04:10'),
    snapshot('22 Nov 04:10'),
    snapshot('21 Nov 05:00', { kind: 'awsbackup', id: 'awsbackup:job-1' }),
    snapshot('23 Nov 04:10', { status: 'creating', id: 'rds:tonight' }),
    snapshot('23 Nov 09:00', { kind: 'copy', id: 'kept', originalCreatedAt: t('13 Nov 04:05') }),
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(snapshots, { minLength: snapshots.length }), (shuffled) => {
      expect(seenIn(shuffled)).toEqual({
        newest: {
          arn: 'arn:aws:rds:eu-west-1:123456789012:snapshot:rds:orders-22-Nov-04-10',
          id: 'rds:orders-22-Nov-04-10',
          time: t('22 Nov 04:10'),
        },
        awsBackupSeen: t('21 Nov 05:00'),
        creating: { id: 'rds:tonight', since: t('23 Nov 04:10') },
      });
    }),
  );
});

it('judged as of a moment, a younger backup does not exist, nor one in creation', () => {
  const snapshots = [
    snapshot('22 Nov 04:10', { id: 'then' }),
    snapshot('23 Nov 04:10', { kind: 'awsbackup' }),
    snapshot('23 Nov 05:00', { status: 'creating' }),
  ];
  const seen = seenIn(snapshots, { asOf: t('22 Nov 12:00') });
  expect(seen).toEqual({ newest: expect.objectContaining({ id: 'then' }) });
});

it('judged as of a moment, a copy that was made later does not exist, though its data did', () => {
  const copy = snapshot('23 Nov 09:00', { kind: 'copy', originalCreatedAt: t('13 Nov 04:05') });
  expect(seenIn([copy], { asOf: t('22 Nov 12:00') })).toEqual({});
});

it('a backup that is ahead of our clock counts', () => {
  expect(seenIn([snapshot('23 Nov 12:04')]).newest?.time).toEqual(t('23 Nov 12:04'));
});

it('one in creation without a creation time began when it was first seen', () => {
  const hidden = snapshot(undefined, { status: 'creating', id: 'rds:tonight' });
  expect(seenIn([hidden], { firstSeen: t('23 Nov 11:45') })).toEqual({
    creating: { id: 'rds:tonight', since: t('23 Nov 11:45') },
  });
});

it("a copied cluster snapshot takes its source's time from the ledger", () => {
  const copy = snapshot('23 Nov 09:00', { kind: 'copy', databaseKind: 'cluster', sourceArn: 'arn:source' });
  const timeOf = (arn: string) => (arn === 'arn:source' ? t('13 Nov 04:05') : undefined);
  expect(seenIn([copy], { timeOf }).newest?.time).toEqual(t('13 Nov 04:05'));
  expect(seenIn([copy])).toEqual({});
});
