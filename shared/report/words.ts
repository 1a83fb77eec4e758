/** The report's words and signs for verdicts and days. */
import type { VerdictName } from '../model.ts';
import type { DayLetter } from '../query/report-facts.ts';

/** What a verdict means for the question "is it protected?". */
export type Standing = 'unprotected' | 'unknown' | 'protected' | 'no-promise';

const standings: Readonly<Record<VerdictName, Standing>> = {
  overdue: 'unprotected',
  never: 'unprotected',
  disabled: 'unprotected',
  missing: 'unprotected',
  unknown: 'unknown',
  due: 'protected',
  protected: 'protected',
  new: 'no-promise',
  deleted: 'no-promise',
  excluded: 'no-promise',
};

/** Worst first: the order in which verdicts are offered as filters. */
export const verdictNames = Object.keys(standings) as readonly VerdictName[];

export function standingOf(verdict: VerdictName): Standing {
  return standings[verdict];
}

export const verdictMeanings: Readonly<Record<VerdictName, string>> = {
  overdue: 'its newest backup is older than promised',
  never: 'it never had a backup',
  disabled: 'its backups are switched off',
  missing: 'configured, but RDS does not have it',
  unknown: 'RDS could not be asked',
  due: 'older than its maximum age, and today’s backup is still on time',
  protected: 'a fresh backup is there',
  new: 'younger than the time its first backup may take',
  deleted: 'RDS no longer has it',
  excluded: 'configured not to be watched',
};

export const dayWords: Readonly<Record<DayLetter, string>> = {
  t: 'in time',
  l: 'late',
  m: 'missing',
  n: 'no promise yet',
  u: 'not known',
  '.': 'not watched',
};

/** What stands in the calendar's legend beside the word. */
export const dayMeanings: Readonly<Record<DayLetter, string>> = {
  t: 'a backup within the promised time',
  l: 'a backup, but after the promised time',
  m: 'no backup',
  n: 'new, excluded or deleted',
  u: 'RDS could not be asked, or nobody judged the day',
  '.': 'not enrolled then, or today’s sweep is still to come',
};

/** Class names: a full stop cannot be one. */
export function dayClass(letter: DayLetter): string {
  return letter === '.' ? 'd-x' : `d-${letter}`;
}

/** `1 database`, `2,000 databases`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(number)} ${number === 1 ? noun : plural}`;
}

/** `2,000`: grouped the same everywhere, whatever the reader's locale. */
export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** A percentage as the facts have it, cut to two decimals, without trailing zeros; `–` where nothing was promised. */
export function percent(attainment: number | null): string {
  return attainment === null ? '–' : `${String(attainment)} %`;
}
