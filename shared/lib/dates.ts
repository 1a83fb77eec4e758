/** UTC dates as text: `YYYY-MM-DD`. */

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
