import { createHash } from 'node:crypto';

/**
 * Rows of one kind in the order in which RDS lists them: none that means anything, neither by time nor by name, but
 * the same from page to page. It comes from a hash, so adding or removing a row moves no other.
 */
export class Shelf<T extends object> {
  readonly #rows = new Map<T, string>();
  #sorted: { key: string; row: T }[] | undefined;

  add(row: T, identity: string): void {
    this.#rows.set(row, createHash('md5').update(identity).digest('hex'));
    this.#sorted = undefined;
  }

  remove(row: T): void {
    if (this.#rows.delete(row)) this.#sorted = undefined;
  }

  rows(): T[] {
    return [...this.#rows.keys()];
  }

  find(matches: (row: T) => boolean): T | undefined {
    for (const row of this.#rows.keys()) if (matches(row)) return row;
    return undefined;
  }

  /** Up to `size` matching rows after the row with key `after`, and the key of the last one if more follow. */
  page(matches: (row: T) => boolean, size: number, after: string): { rows: T[]; more: string | undefined } {
    this.#sorted ??= [...this.#rows]
      .map(([row, key]) => ({ key, row }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    const rows: T[] = [];
    let last = after;
    for (let index = firstAfter(this.#sorted, after); index < this.#sorted.length; index++) {
      const entry = this.#sorted[index];
      if (entry === undefined || !matches(entry.row)) continue;
      if (rows.length === size) return { rows, more: last };
      rows.push(entry.row);
      last = entry.key;
    }
    return { rows, more: undefined };
  }
}

function firstAfter(sorted: readonly { key: string }[], after: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle]?.key ?? '') <= after) low = middle + 1;
    else high = middle;
  }
  return low;
}
