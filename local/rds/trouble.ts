import { sum } from 'es-toolkit/math';
import { type RdsFault, throttling } from './faults.ts';
import { pageNumber } from './listing.ts';

export interface Call {
  readonly action: string;
  readonly input: Readonly<Record<string, unknown>>;
  /** 1 for the first call of this action. */
  readonly number: number;
}

/** How rows name themselves. */
const arnFields = ['DBInstanceArn', 'DBClusterArn', 'DBSnapshotArn', 'DBClusterSnapshotArn'];

/** What a call meets before it is answered: returns or throws a fault, or lets it pass. */
export type CallHook = (call: Call) => RdsFault | undefined;

/** Counts the calls, and makes them fail as a test wishes. */
export class Trouble {
  readonly #counts = new Map<string, number>();
  readonly #hooks = new Set<CallHook>();
  /** Fields that are missing from the row of an ARN. */
  readonly #missing = new Map<string, string>();
  readonly #now: () => Date;

  constructor(now: () => Date) {
    this.#now = now;
  }

  calls(action?: string): number {
    if (action !== undefined) return this.#counts.get(action) ?? 0;
    return sum([...this.#counts.values()]);
  }

  resetCalls(): void {
    this.#counts.clear();
  }

  onCall(hook: CallHook): () => void {
    this.#hooks.add(hook);
    return () => {
      this.#hooks.delete(hook);
    };
  }

  failNext(action: string, times: number, fault: RdsFault = throttling): void {
    let left = times;
    const heal = this.onCall((call) => {
      if (call.action !== action) return undefined;
      left -= 1;
      if (left <= 0) heal();
      return fault;
    });
  }

  /** Page `page` of a listing fails, the first being 1, until the answer is called. */
  failPage(action: string, page: number, fault: RdsFault = throttling): () => void {
    return this.onCall((call) => (call.action === action && pageNumber(call.input) === page ? fault : undefined));
  }

  /** At most `capacity` calls at once, and `perSecond` more with each second of simulated time. */
  throttle(bucket: { capacity: number; perSecond: number }): () => void {
    let tokens = bucket.capacity;
    let filledAt = this.#now().getTime();
    return this.onCall(() => {
      const now = this.#now().getTime();
      tokens = Math.min(bucket.capacity, tokens + ((now - filledAt) / 1000) * bucket.perSecond);
      filledAt = now;
      if (tokens < 1) return throttling;
      tokens -= 1;
      return undefined;
    });
  }

  /** The row of a database or snapshot lacks a field, until the answer is called. */
  leaveOut(arn: string, field: string): () => void {
    this.#missing.set(arn, field);
    return () => {
      this.#missing.delete(arn);
    };
  }

  /** An answer as its caller gets it: without the fields that are missing. */
  answered(answer: unknown): unknown {
    if (this.#missing.size === 0 || typeof answer !== 'object' || answer === null) return answer;
    const members = Object.entries(answer).map(([name, rows]): [string, unknown] => [
      name,
      Array.isArray(rows) ? rows.map((row) => this.#odd(row)) : rows,
    ]);
    return Object.fromEntries(members);
  }

  #odd(row: Readonly<Record<string, unknown>>): object {
    const arn = arnFields.map((name) => row[name]).find((value) => value !== undefined);
    const field = this.#missing.get(String(arn));
    return field === undefined ? row : { ...row, [field]: undefined };
  }

  /** Throws the fault that this call meets. */
  meet(action: string, input: Readonly<Record<string, unknown>>): void {
    const number = this.calls(action) + 1;
    this.#counts.set(action, number);
    for (const hook of [...this.#hooks]) {
      const fault = hook({ action, input, number });
      if (fault !== undefined) throw fault;
    }
  }
}
