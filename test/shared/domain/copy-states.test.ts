import { describe, expect, it } from 'vitest';
import {
  activeCopyStates,
  type CopyState,
  copyPhrase,
  copyStates,
  endedCopyStates,
  isActive,
  isEnded,
  servesPeriod,
  type Unrecognized,
} from '../../../shared/domain/index.ts';

describe('the states of a copy', () => {
  it('are listed as those that still move, those that ended, and none', () => {
    expect(activeCopyStates).toEqual(copyStates.filter(isActive));
    expect(endedCopyStates).toEqual(copyStates.filter(isEnded));
    const listed: readonly CopyState[] = [...activeCopyStates, ...endedCopyStates];
    expect(copyStates.filter((state) => !listed.includes(state))).toEqual(['none']);
    expect(activeCopyStates.filter((state) => isEnded(state))).toEqual([]);
  });

  it('serve their period unless they leave it to its next backup', () => {
    expect(copyStates.filter((state) => !servesPeriod(state))).toEqual(['none', 'failed', 'skipped']);
  });

  // The second is a name that every object has.
  it.each(['paused', 'constructor'])('of a later version do nothing, and are shown as they are: %s', (name) => {
    const later = name as Unrecognized;
    expect([isActive(later), isEnded(later), servesPeriod(later)]).toEqual([false, false, false]);
    expect(copyPhrase(later)).toBe(name);
  });
});
