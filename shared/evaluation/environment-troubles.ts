/** What is wrong with whole environments: carried on from run to run on their rows, and sent to operators. Pure. */
import { isDeepStrictEqual } from 'node:util';
import type { Fleet } from '../config/index.ts';
import {
  type Environment,
  type EnvironmentRow,
  type EnvironmentTrouble,
  type NamedEnvironment,
  sameEnvironment,
} from '../domain/index.ts';
import { addHours } from '../lib/time.ts';

/** What a run saw of one environment. */
export interface EnvironmentSeen {
  /** Why a listing was not read to its end; absent: all that was asked for was read. */
  readonly unread?: string;
  /** Whether a sweep read all of it. */
  readonly swept: boolean;
  /** New backups that a sweep found there and that no event announced. */
  readonly missed: number;
  /** Events that its spoke could not forward; absent where nobody looked. */
  readonly undelivered?: number;
}

/** A change that operators are to be notified of. */
export interface EnvironmentNotice {
  readonly step: 'open' | 'rise' | 'resolve';
  readonly environment: NamedEnvironment;
  readonly trouble: EnvironmentTrouble;
}

/** An environment that cannot be read for so long is critical, as its databases are. */
const risesAfterHours = 24;

/** RDS backs up daily, and events may be lost one by one. */
const silentHours = 26;
const longSilentHours = 50;

/**
 * The row of an environment after a run that saw `seen` of it, or undefined where that changes nothing. The severity only rises,
 * and what nobody was notified of is over without a word.
 */
export function nextEnvironment(
  row: EnvironmentRow | undefined,
  environment: Environment,
  seen: EnvironmentSeen | undefined,
  fleet: Pick<Fleet, 'environments'>,
  at: Date,
): EnvironmentRow | undefined {
  const { account, region } = environment;
  const configured = fleet.environments.find((one) => sameEnvironment(one, environment));
  const { trouble: before, ...rest } = row ?? { account, region };
  const swept = seen?.swept && seen.unread === undefined ? { sweptAt: at } : {};
  const found = configured && seen ? troubleIn(row, configured.events, seen, at) : undefined;
  const trouble = found ? carriedOn(before, found, at) : endedAs(before, configured !== undefined, row, seen, at);
  const next: EnvironmentRow = { ...rest, ...swept, ...(trouble && { trouble }) };
  return isDeepStrictEqual(next, row ?? { account, region }) ? undefined : next;
}

type Found = Pick<EnvironmentTrouble, 'code' | 'error' | 'events'>;

function troubleIn(
  row: EnvironmentRow | undefined,
  forwards: boolean,
  { unread, missed, undelivered = 0 }: EnvironmentSeen,
  at: Date,
): Found | undefined {
  if (unread !== undefined) return { code: 'unread', error: unread.slice(0, errorLength) };
  if (!forwards) return undefined;
  if (undelivered > 0) return { code: 'events-undelivered', events: undelivered };
  const silentSince = row?.lastEventAt ?? new Date(0);
  const isSilent = (hours: number) => addHours(silentSince, hours) < at;
  const areMissing = (missed > 1 && isSilent(silentHours)) || (missed > 0 && isSilent(longSilentHours));
  return areMissing ? { code: 'events-missing', events: missed } : undefined;
}

const errorLength = 300;

function carriedOn(before: EnvironmentTrouble | undefined, found: Found, at: Date): EnvironmentTrouble {
  const { ended: _, ...same } = before?.code === found.code ? before : { since: at, severity: 'warning' as const };
  const isLong = found.code === 'unread' && at >= addHours(same.since, risesAfterHours);
  const { notified } = 'notified' in same ? same : {};
  return {
    ...found,
    since: same.since,
    severity: isLong || same.severity === 'critical' ? 'critical' : 'warning',
    ...(notified !== undefined && { notified }),
  };
}

/** What becomes of a trouble that this run did not find. */
function endedAs(
  before: EnvironmentTrouble | undefined,
  isConfigured: boolean,
  row: EnvironmentRow | undefined,
  seen: EnvironmentSeen | undefined,
  at: Date,
): EnvironmentTrouble | undefined {
  if (before === undefined || before.ended !== undefined) return before;
  const hasLeft = !isConfigured && before.code !== 'not-configured';
  if (!hasLeft && !isOver(before, isConfigured, row, seen, at)) return before;
  return before.notified === undefined ? undefined : { ...before, ended: hasLeft ? 'left' : 'over' };
}

function isOver(
  { code, since }: EnvironmentTrouble,
  isConfigured: boolean,
  row: EnvironmentRow | undefined,
  seen: EnvironmentSeen | undefined,
  at: Date,
): boolean {
  switch (code) {
    case 'unread':
      return seen !== undefined && seen.unread === undefined;
    case 'events-missing':
      return row?.lastEventAt !== undefined && row.lastEventAt > since;
    case 'events-undelivered':
      return seen?.undelivered === 0;
    case 'not-configured':
      // Its spoke may be gone, too.
      return isConfigured || addHours(row?.lastEventAt ?? since, silentHours) < at;
  }
}

/** What operators are to be notified of an environment. */
export function environmentNotice(
  row: EnvironmentRow | undefined,
  environment: NamedEnvironment,
): EnvironmentNotice | undefined {
  const { trouble } = row ?? {};
  if (trouble === undefined) return undefined;
  const { ended, severity, notified } = trouble;
  if (ended !== undefined) return { step: 'resolve', environment, trouble };
  if (notified === undefined) return { step: 'open', environment, trouble };
  return notified === severity ? undefined : { step: 'rise', environment, trouble };
}

/** The row once operators were notified of `notice`; undefined where it has become something else since. */
export function afterEnvironmentNotice(
  row: EnvironmentRow | undefined,
  { step, trouble: sent }: EnvironmentNotice,
): EnvironmentRow | undefined {
  if (row?.trouble === undefined || row.trouble.code !== sent.code) return undefined;
  const { trouble, ...rest } = row;
  if (step !== 'resolve') return { ...rest, trouble: { ...trouble, notified: sent.severity } };
  return trouble.ended === undefined ? undefined : rest;
}

/** The row of an environment after `events` of it that were not recorded, since it is not configured. */
export function afterUnknownEvents(
  row: EnvironmentRow | undefined,
  environment: Environment,
  events: number,
  at: Date,
): EnvironmentRow {
  const { account, region } = environment;
  const before = row?.trouble?.code === 'not-configured' ? row.trouble : undefined;
  const { ended: _, ...same } = before ?? { since: at, severity: 'warning' as const, events: 0 };
  return {
    ...(row ?? { account, region }),
    lastEventAt: at,
    trouble: { ...same, code: 'not-configured', events: (same.events ?? 0) + events },
  };
}
