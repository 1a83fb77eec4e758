/** The words of copies: one table says what each state means everywhere. */
import type { Unrecognized } from './schema.ts';

export const copyModes = ['export', 'object', 'none'] as const;
export type CopyMode = (typeof copyModes)[number];

export interface CopyStateEntry {
  /** `active`: it still moves; `ended`: it came to an end; `none`: there is nothing to do. */
  readonly stage: 'none' | 'active' | 'ended';
  /** Whether it serves its schedule's period; a failed or skipped one leaves it to the period's next backup. */
  readonly servesPeriod: boolean;
  /** What a message says of a copy in it that people are notified of. */
  readonly phrase: string;
}

export const copyStateTable = {
  none: { stage: 'none', servesPeriod: false, phrase: 'not wanted' },
  queued: { stage: 'active', servesPeriod: true, phrase: 'waiting too long' },
  starting: { stage: 'active', servesPeriod: true, phrase: 'stuck' },
  running: { stage: 'active', servesPeriod: true, phrase: 'stuck' },
  complete: { stage: 'ended', servesPeriod: true, phrase: 'complete' },
  incomplete: { stage: 'ended', servesPeriod: true, phrase: 'incomplete' },
  failed: { stage: 'ended', servesPeriod: false, phrase: 'failed' },
  skipped: { stage: 'ended', servesPeriod: false, phrase: 'skipped' },
  cancelled: { stage: 'ended', servesPeriod: true, phrase: 'cancelled' },
} as const satisfies Record<string, CopyStateEntry>;

export type CopyState = keyof typeof copyStateTable;

export const copyStates = Object.keys(copyStateTable) as readonly CopyState[];

type In<Stage extends CopyStateEntry['stage']> = {
  [State in CopyState]: (typeof copyStateTable)[State]['stage'] extends Stage ? State : never;
}[CopyState];

export type ActiveCopyState = In<'active'>;
export type EndedCopyState = In<'ended'>;

/** States in which a copy still moves: the copy function follows these. */
export const activeCopyStates = copyStates.filter((state): state is ActiveCopyState => isActive(state));
export const endedCopyStates = copyStates.filter((state): state is EndedCopyState => isEnded(state));

/** One of a later version is neither active nor ended: the version that knows it follows it. */
export function isActive(state: CopyState | Unrecognized): state is ActiveCopyState {
  return Object.hasOwn(copyStateTable, state) && copyStateTable[state as CopyState].stage === 'active';
}

export function isEnded(state: CopyState | Unrecognized): state is EndedCopyState {
  return Object.hasOwn(copyStateTable, state) && copyStateTable[state as CopyState].stage === 'ended';
}

/** Whether a copy in a state serves its period; of a later version's state nobody knows, so the next backup is copied too. */
export function servesPeriod(state: CopyState | Unrecognized): boolean {
  return Object.hasOwn(copyStateTable, state) && copyStateTable[state as CopyState].servesPeriod;
}

/** What a message says of a state; one of a later version as it is. */
export function copyPhrase(state: CopyState | Unrecognized): string {
  return Object.hasOwn(copyStateTable, state) ? copyStateTable[state as CopyState].phrase : state;
}
