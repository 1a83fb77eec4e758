/** The report's words for days and numbers. */
import { listVerdicts } from '../domain/verdicts.ts';
import type { DayLetter } from './facts.ts';

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
  n: listVerdicts('no promise'),
  u: 'RDS did not respond, or no sweep evaluated the day',
  '.': 'not enrolled then, or today’s sweep is still to come',
};

/** Class names: a full stop cannot be one. */
export function dayClass(letter: DayLetter): string {
  return letter === '.' ? 'd-x' : `d-${letter}`;
}

/** `1 database`, `2,000 databases`. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
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
