const day = 24 * 60 * 60 * 1000;

/** Start of the first backup window that begins after `moment`, and its length in milliseconds. */
export function nextWindow(window: string, moment: Date): { start: Date; length: number } {
  const { from, length } = parseWindow(window);
  const midnight = Math.floor(moment.getTime() / day) * day;
  const today = midnight + from;
  return { start: new Date(today > moment.getTime() ? today : today + day), length };
}

/** RDS takes `hh:mm-hh:mm` in UTC, at least 30 minutes long; a window may cross midnight. */
export function parseWindow(window: string): { from: number; length: number } {
  const match = /^([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)$/.exec(window);
  if (match === null) throw new Error(`a backup window reads hh:mm-hh:mm in UTC, got ${window}`);
  const [, fromHour, fromMinute, toHour, toMinute] = match;
  const from = (Number(fromHour) * 60 + Number(fromMinute)) * 60_000;
  const to = (Number(toHour) * 60 + Number(toMinute)) * 60_000;
  const length = (to - from + day) % day;
  if (length < 30 * 60_000) throw new Error(`a backup window lasts at least 30 minutes, got ${window}`);
  return { from, length };
}

/** The next moment after `moment` at which it is `hh:mm` in UTC. */
export function nextTimeOfDay(timeOfDay: string, moment: Date): Date {
  const [hours = 0, minutes = 0] = timeOfDay.split(':').map(Number);
  const midnight = Math.floor(moment.getTime() / day) * day;
  const today = midnight + (hours * 60 + minutes) * 60_000;
  return new Date(today > moment.getTime() ? today : today + day);
}
