/**
 * The one gate that every call to the outside passes. While several runs are under way, fast-check's scheduler picks whose
 * call is next; each call takes its time, may fail or be refused, before or after its effect, and may be the last of its run.
 */
import { createHash, type Hash } from 'node:crypto';
import { setImmediate as drained } from 'node:timers/promises';
import fc, { type Scheduler } from 'fast-check';
import type { Random } from '../local/rds/randomness.ts';
import type { FunctionName, Service } from './story.ts';

/** What a call met. */
export interface Hit {
  readonly at: number;
  readonly call: number;
  readonly fault: string;
}

export type RunState = 'running' | 'ended' | 'failed' | 'killed';

/** One invocation of a function. */
export class Run {
  readonly id: number;
  readonly fn: FunctionName;
  readonly started: number;
  /** Milliseconds that Lambda gives it. */
  readonly budgetMs: number;
  /** Milliseconds by which its clock is wrong. */
  clockOffset = 0;
  readonly hits: Hit[] = [];
  /** Faults that it is to meet, by the number of the call. */
  readonly armed: { readonly call: number; readonly kind: 'kill' | 'fail'; readonly when: 'before' | 'after' }[] = [];
  calls = 0;
  /** Calls that wait for their turn. */
  waiting = 0;
  state: RunState = 'running';
  ended: number | undefined;
  error: unknown;

  constructor(id: number, fn: FunctionName, started: number, budgetMs: number) {
    this.id = id;
    this.fn = fn;
    this.started = started;
    this.budgetMs = budgetMs;
  }

  get name(): string {
    return `${this.fn} ${this.id}`;
  }

  /** Whether it went as on a good day: to its end, and meeting nothing. */
  get clean(): boolean {
    return this.state === 'ended' && this.hits.length === 0;
  }

  /** What it met from a call on. */
  hitsSince(call: number): readonly Hit[] {
    return this.hits.filter((hit) => hit.call >= call);
  }
}

/** What stands behind the gate: time, and the faults of the moment. */
export interface Outside {
  readonly now: () => number;
  /** Lets milliseconds pass; what is due in them happens. */
  readonly pass: (ms: number) => Promise<void>;
  /** Milliseconds that a call takes. */
  readonly latency: (service: Service) => number;
  /** The fault that a call meets now, other than those that its run is armed with. */
  readonly meet: (
    service: Service,
    action: string,
  ) => { readonly fault: string; readonly when: 'before' | 'after' } | undefined;
  /** A call met a fault: `<service> <action>`. */
  readonly met: (call: string) => void;
  readonly trace: (line: string) => void;
}

/** How a service words that it failed: `before` it did anything, or without an answer. */
const refusals: Readonly<Record<Service, { readonly name: string; readonly status: number }>> = {
  dynamo: { name: 'ProvisionedThroughputExceededException', status: 400 },
  rds: { name: 'ThrottlingException', status: 400 },
  sns: { name: 'InternalErrorException', status: 500 },
  s3: { name: 'SlowDown', status: 503 },
  lambda: { name: 'TooManyRequestsException', status: 429 },
};

function failure(service: Service, when: 'before' | 'after'): Error {
  const { name, status } = refusals[service];
  if (when === 'after') return Object.assign(new Error(`${service} did not answer`), { name: 'TimeoutError' });
  return Object.assign(new Error(`${service} refused`), { name, $metadata: { httpStatusCode: status } });
}

/** What becomes of the calls of a run that is no more: its process has stopped. */
const never = () => new Promise<never>(() => {});

export class Gate {
  readonly #outside: Outside;
  readonly #random: Random;
  readonly #scheduler: Scheduler;
  readonly #digest: Hash = createHash('sha256');
  readonly active = new Set<Run>();
  readonly callsBy: Record<string, number> = {};
  readonly faultsBy: Record<string, number> = {};
  /** Calls whose turn the scheduler picked among several. */
  picked = 0;
  #started = 0;

  constructor(seed: number, random: Random, outside: Outside) {
    this.#outside = outside;
    this.#random = random;
    const [scheduler] = fc.sample(fc.scheduler(), { seed, numRuns: 1 });
    this.#scheduler = scheduler as Scheduler;
  }

  /** Adds to the digest of all that was done. */
  note(text: string): void {
    this.#digest.update(text);
  }

  digest(): string {
    return this.#digest.copy().digest('hex');
  }

  /** Begins a run; `onEnd` learns how it ended. */
  start(
    fn: FunctionName,
    budgetMs: number,
    prepare: (run: Run) => void,
    body: (run: Run) => Promise<unknown>,
    onEnd: (run: Run) => void,
  ): Run {
    this.#started += 1;
    const run = new Run(this.#started, fn, this.#outside.now(), budgetMs);
    prepare(run);
    this.active.add(run);
    this.#onEnd.set(run, onEnd);
    body(run).then(
      () => this.#end(run, 'ended'),
      (error: unknown) => {
        run.error = error;
        this.#end(run, 'failed');
      },
    );
    return run;
  }

  readonly #onEnd = new Map<Run, (run: Run) => void>();

  #end(run: Run, state: RunState): void {
    if (run.state !== 'running') return;
    run.state = state;
    run.ended = this.#outside.now();
    this.active.delete(run);
    this.note(`${run.name} ${state}\n`);
    if (state !== 'ended' || run.hits.length > 0) {
      this.#outside.trace(`${run.name} ${state}${state === 'failed' ? `: ${String(run.error).slice(0, 300)}` : ''}`);
    }
    const onEnd = this.#onEnd.get(run);
    this.#onEnd.delete(run);
    onEnd?.(run);
  }

  /** A call of a run. */
  async call<T>(run: Run, service: Service, action: string, effect: () => T | Promise<T>): Promise<T> {
    if (run.state !== 'running') return never();
    run.calls += 1;
    const call = run.calls;
    const issued = this.#outside.now();
    // Where one run is alone there is nothing to pick.
    if (this.active.size > 1) {
      run.waiting += 1;
      await this.#scheduler.schedule(Promise.resolve(), run.name);
      run.waiting -= 1;
    }
    if (run.state !== 'running') return this.#inFlight(effect);
    // Calls that a run makes side by side take their time together.
    const left = issued + this.#outside.latency(service) - this.#outside.now();
    if (left > 0) await this.#outside.pass(left);
    if (run.state !== 'running') return this.#inFlight(effect);
    if (this.#outside.now() - run.started > run.budgetMs) return this.#die(run, call, 'timed out');
    const name = `${service} ${action}`;
    this.callsBy[name] = (this.callsBy[name] ?? 0) + 1;
    const armed = run.armed.find((one) => one.call === call);
    const met = armed ?? this.#outside.meet(service, action);
    this.note(`${run.id} ${name} ${this.#outside.now()} ${met?.when ?? ''}\n`);
    if (met === undefined) return effect();
    const fault = armed ? `${armed.kind} ${armed.when}` : 'fault' in met ? met.fault : '';
    if (met.when === 'before') {
      if (armed?.kind === 'kill') return this.#die(run, call, 'killed before', name);
      this.#hit(run, call, fault, name);
      throw failure(service, 'before');
    }
    const result = await effect();
    if (armed?.kind === 'kill') return this.#die(run, call, 'killed after', name);
    this.#hit(run, call, fault, name);
    // A client that gets no answer to a conditional write tries again, and its own write is in the way.
    if (result === 'written' && this.#random() < 0.5) return 'conflict' as T;
    throw failure(service, 'after');
  }

  /** Notes that a run met something. */
  hit(run: Run, fault: string, where = ''): void {
    this.#hit(run, run.calls, fault, where);
  }

  #hit(run: Run, call: number, fault: string, where: string): void {
    run.hits.push({ at: this.#outside.now(), call, fault });
    this.faultsBy[fault] = (this.faultsBy[fault] ?? 0) + 1;
    this.#outside.met(where);
    this.#outside.trace(`${run.name}: ${fault} at call ${call}, ${where}`);
  }

  #die(run: Run, call: number, how: string, where = ''): Promise<never> {
    this.#hit(run, call, how, where);
    this.#end(run, 'killed');
    return never();
  }

  /** What a run had sent when it died may still have its effect. */
  async #inFlight(effect: () => unknown): Promise<never> {
    if (this.#random() < 0.5) await effect();
    return never();
  }

  /** Lets the runs that are under way come to their end. */
  async settle(isOver: () => boolean): Promise<void> {
    while (this.active.size > 0 && !isOver()) {
      // Whatever goes on by itself goes on until each run waits for its turn.
      await drained();
      if (this.#scheduler.count() === 0 || ![...this.active].every((run) => run.waiting > 0)) continue;
      this.picked += 1;
      await this.#scheduler.waitNext(1);
    }
  }
}
