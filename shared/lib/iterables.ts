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

/** Pieces of up to `size` items; the first one may be smaller, so that whoever stops early has not read a whole piece. */
export async function* inChunks<T>(items: AsyncIterable<T>, size: number, firstSize = size): AsyncIterable<T[]> {
  let chunk: T[] = [];
  let wanted = firstSize;
  for await (const item of items) {
    chunk.push(item);
    if (chunk.length < wanted) continue;
    yield chunk;
    chunk = [];
    wanted = size;
  }
  if (chunk.length > 0) yield chunk;
}

/** One list of many that are sorted already, in the order of `compare`; reads each no further than it must. */
export async function* merged<T>(
  lists: readonly AsyncIterable<T>[],
  compare: (a: T, b: T) => number,
): AsyncIterable<T> {
  const [only, ...others] = lists;
  if (only !== undefined && others.length === 0) {
    yield* only;
    return;
  }
  const heads: { item: T; rest: AsyncIterator<T> }[] = [];
  const advance = async (rest: AsyncIterator<T>) => {
    const next = await rest.next();
    if (!next.done) heads.push({ item: next.value, rest });
  };
  await pMap(lists, (list) => advance(list[Symbol.asyncIterator]()), { concurrency: 10 });
  while (heads.length > 0) {
    let least = 0;
    for (let at = 1; at < heads.length; at += 1) {
      if (compare((heads[at] as { item: T }).item, (heads[least] as { item: T }).item) < 0) least = at;
    }
    const [head] = heads.splice(least, 1);
    if (head === undefined) return;
    yield head.item;
    await advance(head.rest);
  }
}
