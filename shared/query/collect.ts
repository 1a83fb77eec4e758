/** Lists as they are read: gathered, cut short, put together. */
import pMap from 'p-map';

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

export async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item;
  return undefined;
}

/** The same list, or undefined where it is empty; its beginning is read once. */
export async function unlessEmpty<T>(items: AsyncIterable<T>): Promise<AsyncIterable<T> | undefined> {
  const rest = items[Symbol.asyncIterator]();
  const head = await rest.next();
  if (head.done) return undefined;
  return (async function* () {
    yield head.value;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  })();
}

/** Stops reading once it has `count` of them. */
export async function* take<T>(items: AsyncIterable<T>, count: number): AsyncIterable<T> {
  if (count <= 0) return;
  let taken = 0;
  for await (const item of items) {
    yield item;
    taken += 1;
    if (taken === count) return;
  }
}

export async function* filter<T>(items: AsyncIterable<T>, wanted: (item: T) => boolean): AsyncIterable<T> {
  for await (const item of items) if (wanted(item)) yield item;
}

/** UTC dates (`YYYY-MM-DD`) from one to another, both included; none where they are the wrong way round. */
export function dates(from: string, to: string): string[] {
  const all: string[] = [];
  for (let date = from; date <= to; date = dateAfter(date, 1)) all.push(date);
  return all;
}

/** The date some days after (or, negative, before) another. */
export function dateAfter(date: string, days: number): string {
  return dateOf(new Date(Date.parse(`${date}T00:00:00Z`) + days * 86_400_000));
}

/** A moment's UTC date. */
export function dateOf(time: Date): string {
  return time.toISOString().slice(0, 10);
}

/** One list of many that are sorted already, the highest first; reads each no further than it must. */
export async function* merged<T>(lists: readonly AsyncIterable<T>[], by: (item: T) => number): AsyncIterable<T> {
  const heads: { item: T; rest: AsyncIterator<T> }[] = [];
  const advance = async (rest: AsyncIterator<T>) => {
    const next = await rest.next();
    if (!next.done) heads.push({ item: next.value, rest });
  };
  await pMap(lists, (list) => advance(list[Symbol.asyncIterator]()), { concurrency: 10 });
  while (heads.length > 0) {
    heads.sort((a, b) => by(b.item) - by(a.item));
    const head = heads.shift();
    if (head === undefined) return;
    yield head.item;
    await advance(head.rest);
  }
}
