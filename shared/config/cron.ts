/**
 * Validates the cron expressions of EventBridge Scheduler. `cron-validate` with its preset `aws-cloud-watch` does not replace
 * it: it accepts what Scheduler does not document (the last scenarios of the test), which could fail only when
 * it is deployed, and adds 63 kB to each function.
 * Source: "Schedule types in EventBridge Scheduler", cron-based schedules.
 */

interface Field {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names that stand for numbers, the first one for `min`. */
  readonly words?: readonly string[];
  /** Forms that only this field knows. */
  readonly special?: RegExp;
  readonly hint?: string;
}

const months = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];
const weekdays = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT'];

const fields: readonly Field[] = [
  { name: 'minutes', min: 0, max: 59 },
  { name: 'hours', min: 0, max: 23 },
  {
    name: 'day of month',
    min: 1,
    max: 31,
    special: /^(\?|L|LW|([1-9]|[12]\d|3[01])W)$/,
    hint: ', or ?, L (last day), 15W (weekday nearest the 15th)',
  },
  { name: 'month', min: 1, max: 12, words: months, hint: ' or JAN-DEC' },
  {
    name: 'day of week',
    min: 1,
    max: 7,
    words: weekdays,
    special: /^(\?|L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)(L|#[1-5]))$/i,
    hint: ' (1 is Sunday) or SUN-SAT, or ?, 6L (last Friday), 2#1 (first Monday)',
  },
  { name: 'year', min: 1970, max: 2199 },
];

const sixFields =
  "Scheduler's cron has six fields: minutes, hours, day of month, month, day of week, year, e.g. 0 12 * * ? * for 12:00 every day";

/** What is wrong with a cron expression of EventBridge Scheduler; undefined: nothing. */
export function cronMistake(expression: string): string | undefined {
  const parts = expression.trim().split(/\s+/);
  if (/^cron\(/i.test(expression)) return `leave out "cron(" and ")": ${sixFields}`;
  if (parts.length !== fields.length) return `has ${parts.length} field${parts.length === 1 ? '' : 's'}; ${sixFields}`;
  const mistakes = fields.flatMap((field, at) => fieldMistake(field, parts[at] ?? '') ?? []);
  if (mistakes.length > 0) return mistakes.join('; ');
  const unset = [parts[2], parts[4]].filter((part) => part === '?').length;
  if (unset !== 1) return 'exactly one of day of month and day of week must be ?, e.g. 0 12 * * ? *';
  return undefined;
}

function fieldMistake(field: Field, text: string): string | undefined {
  const mistake = (): string =>
    `${field.name} must be ${field.min}-${field.max}${field.hint ?? ''}, got ${JSON.stringify(text)}`;
  if (field.special?.test(text)) return undefined;
  return text.split(',').every((item) => validItem(field, item)) ? undefined : mistake();
}

/** `*`, `n`, `a-b`, each with an optional `/step`. */
function validItem(field: Field, item: string): boolean {
  const match = /^(?:\*|(\w+)(?:-(\w+))?)(?:\/(\d+))?$/.exec(item);
  if (!match) return false;
  const [, first, last, step] = match;
  const from = first === undefined ? field.min : numberIn(field, first);
  const to = last === undefined ? from : numberIn(field, last);
  if (from === undefined || to === undefined || to < from) return false;
  return step === undefined || (Number(step) >= 1 && Number(step) <= field.max);
}

function numberIn(field: Field, text: string): number | undefined {
  const word = field.words?.indexOf(text.toUpperCase()) ?? -1;
  const value = word >= 0 ? field.min + word : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  return value >= field.min && value <= field.max ? value : undefined;
}
