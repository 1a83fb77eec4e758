interface Happening {
  readonly at: number;
  readonly run: () => void | Promise<void>;
}

/** What is going to happen, in order of time; at one moment, in the order in which it was planned. */
export class Timeline {
  readonly #happenings: Happening[] = [];

  plan(at: Date, run: () => void | Promise<void>): void {
    const time = at.getTime();
    let low = 0;
    let high = this.#happenings.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#happenings[middle]?.at ?? 0) > time) low = middle + 1;
      else high = middle;
    }
    // Kept latest first, so that taking the next one is a pop.
    this.#happenings.splice(low, 0, { at: time, run });
  }

  /** Takes the next happening that is due at `limit`, or undefined. */
  takeDue(limit: Date): { at: Date; run: () => void | Promise<void> } | undefined {
    const next = this.#happenings.at(-1);
    if (next === undefined || next.at > limit.getTime()) return undefined;
    this.#happenings.pop();
    return { at: new Date(next.at), run: next.run };
  }
}
