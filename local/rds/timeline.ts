interface Happening {
  readonly at: number;
  readonly order: number;
  readonly run: () => void | Promise<void>;
}

const isBefore = (a: Happening, b: Happening) => a.at < b.at || (a.at === b.at && a.order < b.order);

/** What is going to happen, in order of time; at one moment, in the order in which it was planned. A binary heap. */
export class Timeline {
  readonly #heap: Happening[] = [];
  #planned = 0;

  plan(at: Date, run: () => void | Promise<void>): void {
    const happening = { at: at.getTime(), order: this.#planned++, run };
    let index = this.#heap.length;
    while (index > 0) {
      const parentIndex = (index - 1) >>> 1;
      const parent = this.#heap[parentIndex];
      if (parent === undefined || isBefore(parent, happening)) break;
      this.#heap[index] = parent;
      index = parentIndex;
    }
    this.#heap[index] = happening;
  }

  /** When the next happening is due. */
  get nextAt(): Date | undefined {
    const next = this.#heap[0];
    return next && new Date(next.at);
  }

  /** Takes the next happening that is due at `limit`, or undefined. */
  takeDue(limit: Date): { at: Date; run: () => void | Promise<void> } | undefined {
    const next = this.#heap[0];
    if (next === undefined || next.at > limit.getTime()) return undefined;
    const last = this.#heap.pop();
    if (last !== undefined && this.#heap.length > 0) this.#sinkFromTop(last);
    return { at: new Date(next.at), run: next.run };
  }

  #sinkFromTop(happening: Happening): void {
    let index = 0;
    for (;;) {
      const left = this.#heap[2 * index + 1];
      const right = this.#heap[2 * index + 2];
      if (left === undefined) break;
      const [child, childIndex] =
        right !== undefined && isBefore(right, left) ? [right, 2 * index + 2] : [left, 2 * index + 1];
      if (isBefore(happening, child)) break;
      this.#heap[index] = child;
      index = childIndex;
    }
    this.#heap[index] = happening;
  }
}
