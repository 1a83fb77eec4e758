import { describe, expect, it } from 'vitest';
import { creatingAmong } from '../../../shared/evaluation/evaluate-database.ts';
import { snapshot, t } from '../../scenarios/scenario.ts';

const at = t('23 Nov 12:00');
const creating = (id: string, created?: string) =>
  snapshot(created, { id, status: 'creating', ...(created === undefined && { createdAt: undefined }) });

describe('the backup in progress', () => {
  const hanging = creating('hanging', '20 Nov 03:30');
  const tonight = creating('tonight', '23 Nov 03:30');

  it.each([[[hanging, tonight]], [[tonight, hanging]]])(
    'is the youngest, in whatever order RDS lists them',
    (listed) => {
      expect(creatingAmong(listed, undefined, at)).toEqual({ id: 'tonight', since: t('23 Nov 03:30') });
    },
  );

  it('began when it was first seen, while RDS shows no creation time', () => {
    const young = creating('young');
    expect(creatingAmong([young], undefined, at)).toEqual({ id: 'young', since: at });
    const known = { inProgress: { id: 'young', since: t('23 Nov 11:00') } };
    expect(creatingAmong([young], known, at)).toEqual({ id: 'young', since: t('23 Nov 11:00') });
    expect(creatingAmong([young, tonight], known, at)?.id).toBe('young');
  });

  it('is none of those that are available', () => {
    expect(creatingAmong([snapshot('23 Nov 03:30')], undefined, at)).toBeUndefined();
  });
});
