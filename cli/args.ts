/** Parses the arguments and options of a command line, once. Each error says what was expected. */
import { dayMs, hourMs, minuteMs } from '../shared/lib/time.ts';
import { UserError } from './user-error.ts';

const units: Readonly<Record<string, number>> = { m: minuteMs, h: hourMs, d: dayMs, w: 7 * dayMs };

/**
 * The arguments and options of one command. `Value` and `Flag` are the names it declares (`command` infers them): reading
 * another name does not compile.
 */
export class Args<in Value extends string = string, in Flag extends string = string> {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #now: Date;

  /** Arguments and options by their names, in camel case as commander gives them. */
  constructor(values: Readonly<Record<string, unknown>>, now: Date) {
    this.#values = values;
    this.#now = now;
  }

  /** A required argument. */
  text(name: Value): string {
    const text = this.optional(name);
    if (text === undefined) throw new UserError(`${name} is missing.`);
    return text;
  }

  optional(name: Value): string | undefined {
    const value = this.#values[name];
    if (typeof value !== 'string') return undefined;
    // An empty value is usually an unset shell variable; reject it rather than ignore the filter.
    if (value.trim() === '') throw new UserError(`${kebab(name)} must not be empty.`);
    return value;
  }

  flag(name: Flag): boolean {
    return this.#values[name] === true;
  }

  /** A whole number within bounds. */
  whole(name: Value, fallback: number, [min, max]: readonly [number, number]): number {
    const text = this.optional(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (!Number.isInteger(value) || value < min || value > max) {
      throw new UserError(`--${kebab(name)} must be a whole number from ${min} to ${max}, got "${text}".`);
    }
    return value;
  }

  /** One or more of the allowed words, separated by commas. */
  choices<Word extends string>(name: Value, allowed: readonly Word[]): readonly Word[] | undefined {
    const text = this.optional(name);
    if (text === undefined) return undefined;
    return text.split(',').map((part) => {
      const word = allowed.find((one) => one === part.trim());
      if (word === undefined) {
        throw new UserError(`--${kebab(name)} must be of ${allowed.join(', ')}, got "${part.trim()}".`);
      }
      return word;
    });
  }

  /** A moment: `2026-11-23`, `2026-11-23T04:00Z`, or an age such as `36h` or `7d`. */
  time(name: Value): Date | undefined {
    const text = this.optional(name);
    if (text === undefined) return undefined;
    const ago = durationOf(text);
    if (ago !== undefined) return new Date(this.#now.getTime() - ago);
    return this.#moment(name, text);
  }

  /** A future moment: as `time`, with a duration counted from now. */
  timeAhead(name: Value): Date | undefined {
    const text = this.optional(name);
    if (text === undefined) return undefined;
    const ahead = durationOf(text);
    return ahead === undefined ? this.#moment(name, text) : new Date(this.#now.getTime() + ahead);
  }

  /** The options `from` and `to`; `fallback` is the default of `from`. */
  span(this: Args<'from' | 'to', never>, fallback: Date): { readonly from: Date; readonly to?: Date } {
    const from = this.time('from') ?? fallback;
    const to = this.time('to');
    if (to !== undefined && from >= to) {
      throw new UserError(`--from must be before --to, got ${from.toISOString()} and ${to.toISOString()}.`);
    }
    return { from, ...(to && { to }) };
  }

  /** A UTC date: `2026-11-23`, or an age such as `30d`. */
  date(name: Value): string | undefined {
    return this.time(name)?.toISOString().slice(0, 10);
  }

  #moment(name: string, text: string): Date {
    // A time of day needs an offset; a date means its start in UTC.
    const isMoment = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text);
    const time = new Date(text);
    if (!isMoment || Number.isNaN(time.getTime()) || (text.length === 10 && !time.toISOString().startsWith(text))) {
      throw new UserError(
        `--${kebab(name)} must be a date (2026-11-23), a moment with its offset (2026-11-23T04:00Z) or a duration (36h, 7d), got "${text}".`,
      );
    }
    return time;
  }
}

/** A century; what is much longer ends where dates do. */
const longestMs = 36_525 * dayMs;

function durationOf(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([mhdw])$/.exec(text);
  const ms = match ? Number(match[1]) * (units[match[2] ?? ''] ?? 0) : Number.POSITIVE_INFINITY;
  return ms <= longestMs ? ms : undefined;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
