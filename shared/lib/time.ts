/** Ages and times as people read them; the same words in reasons, messages and at the command line. */

export const minuteMs = 60_000;
export const hourMs = 60 * minuteMs;
export const dayMs = 24 * hourMs;

/**
 * An age or duration to the minute, rounded down: `45 min`, `26 h 10 min`, `24 h`; from four days on `5 d 2 h 10 min`.
 * What is negative (clocks a few minutes apart) reads as `0 min`.
 */
export function formatAge(ms: number): string {
  const minutes = Math.max(0, Math.floor(ms / minuteMs));
  const days = minutes >= 4 * 24 * 60 ? Math.floor(minutes / (24 * 60)) : 0;
  const hours = Math.floor((minutes - days * 24 * 60) / 60);
  const parts = [
    days > 0 ? `${days} d` : '',
    hours > 0 ? `${hours} h` : '',
    minutes % 60 > 0 || minutes === 0 ? `${minutes % 60} min` : '',
  ];
  return parts.filter((part) => part !== '').join(' ');
}

/** A moment to the minute: `2026-11-23 04:08 UTC`. */
export function formatUtc(date: Date): string {
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A moment some hours later (fractions allowed). */
export function addHours(date: Date, hours: number): Date {
  return new Date(date.getTime() + hours * hourMs);
}
