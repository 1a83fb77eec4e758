import { lists } from '../../support/world.ts';

/** A process that dies at its n-th call to the outside, before or after the call has had its effect; from then on nothing works. */
export class Crash extends Error {
  override name = 'Crash';
}

export class Mortal {
  calls = 0;
  readonly #at: number;
  readonly #when: 'before' | 'after';
  #dead = false;

  constructor(at = Number.POSITIVE_INFINITY, when: 'before' | 'after' = 'before') {
    this.#at = at;
    this.#when = when;
  }

  get died(): boolean {
    return this.#dead;
  }

  async call<T>(work: () => Promise<T>): Promise<T> {
    if (this.#dead) throw new Crash('dead already');
    this.calls += 1;
    const last = this.calls === this.#at;
    if (last && this.#when === 'before') this.#die();
    try {
      return await work();
    } finally {
      // Also where the answer was an error.
      if (last) this.#die();
    }
  }

  /** A client of the SDK whose calls count. */
  client<Client extends { send: (...args: never[]) => unknown }>(client: Client): Client {
    const send = client.send.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const counted = (...args: unknown[]) => this.call(() => send(...args));
    return new Proxy(client, {
      get: (target, name) => (name === 'send' ? counted : Reflect.get(target, name, target)),
    });
  }

  /** A part whose methods are calls: those that answer with a promise, and the ledger's lists when they begin. */
  part<Part extends object>(part: Part): Part {
    return new Proxy(part, {
      get: (target, name) => {
        const member = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        const invoke = (...args: unknown[]) => member.apply(target, args);
        if (name === 'leavingOut') return (...args: unknown[]) => this.part(invoke(...args));
        if (!(lists as ReadonlySet<unknown>).has(name)) return (...args: unknown[]) => this.call(() => invoke(...args));
        return (...args: unknown[]) => this.#listed(() => invoke(...args));
      },
    });
  }

  async *#listed(list: () => AsyncIterable<unknown>): AsyncIterable<unknown> {
    await this.call(async () => undefined);
    yield* list();
  }

  #die(): never {
    this.#dead = true;
    throw new Crash(`died ${this.#when} call ${this.calls}`);
  }
}
