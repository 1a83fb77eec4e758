/** What reads AWS, in each environment by a client of its own. */
import { type Environment, formatEnvironment } from './identity.ts';

/** Environments that are read side by side: each takes a few calls at once, and a function has 1,024 open files. */
export const environmentsAtOnce = 20;

/** A reader that counts its calls by action. */
export interface CountingReader {
  readonly calls: Readonly<Record<string, number>>;
}

/** A reader for each environment, made when it is first asked for. */
export class ByEnvironment<Reader extends CountingReader> {
  readonly #make: (environment: Environment) => Reader;
  readonly #made = new Map<string, Reader>();

  constructor(make: (environment: Environment) => Reader) {
    this.#make = make;
  }

  in(environment: Environment): Reader {
    const name = formatEnvironment(environment);
    const reader = this.#made.get(name) ?? this.#make(environment);
    this.#made.set(name, reader);
    return reader;
  }

  /** How many calls were made in all environments, by action. */
  get calls(): Readonly<Record<string, number>> {
    const sum: Record<string, number> = {};
    for (const { calls } of this.#made.values()) {
      for (const [action, count] of Object.entries(calls)) sum[action] = (sum[action] ?? 0) + count;
    }
    return sum;
  }
}
