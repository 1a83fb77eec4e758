/** Mistakes in the file, and how messages name places in it. */

/** One mistake: where in the file, and what is wrong with what to do. */
export interface Problem {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** Every item whose key an earlier one has, with that earlier one. */
export function repeats<T>(items: readonly T[], keyOf: (item: T) => string): { item: T; first: T }[] {
  const firsts = new Map<string, T>();
  return items.flatMap((item) => {
    const key = keyOf(item);
    const first = firsts.get(key);
    if (first !== undefined) return [{ item, first }];
    firsts.set(key, item);
    return [];
  });
}

/** A path as people write it: `tenants[2].databases[0].graceHours`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.reduce<string>(
    (text, part) =>
      typeof part === 'number' ? `${text}[${part}]` : text === '' ? String(part) : `${text}.${String(part)}`,
    '',
  );
}

/** A text as a message shows it. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}
