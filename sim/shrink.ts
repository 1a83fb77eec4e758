/** Makes a failing story smaller while it still fails: fewer days, databases, happenings and faults. */
import { live, type Outcome } from './life.ts';
import { type Story, storyStart } from './story.ts';

export interface Shrunk {
  readonly story: Story;
  readonly outcome: Outcome;
  /** Lives that were tried. */
  readonly tried: number;
}

/** Lives that shrinking may cost at most. */
const mostTries = 150;

/** Another failure, or that of another database, is another story; the numbers of runs differ. */
export function isSameProblem(one: Outcome['problem'], other: Outcome['problem']): boolean {
  const expectationOf = (problem: Outcome['problem']) => problem?.expected.replace(/\d+/g, '');
  return one?.database === other?.database && expectationOf(one) === expectationOf(other);
}

/** Greedy: the largest pieces first, each left out where the story fails without it. */
export async function shrink(failing: Story, found: Outcome): Promise<Shrunk> {
  let best = failing;
  let tried = 0;
  const attempt = async (story: Story): Promise<boolean> => {
    if (tried >= mostTries) return false;
    tried += 1;
    const result = await live(story);
    if (!isSameProblem(result.problem, found.problem)) return false;
    best = story;
    return true;
  };
  const at = found.problem?.at ?? 0;
  const days = Math.ceil((at - storyStart) / 86_400_000);
  if (days < best.days) await attempt({ ...best, days });
  let shrinks = true;
  while (shrinks && tried < mostTries) {
    shrinks = false;
    for (const part of ['faults', 'happenings'] as const) {
      for (let size = best[part].length; size >= 1; size = Math.floor(size / 2)) {
        for (let from = 0; from < best[part].length; from += size) {
          const left = best[part].toSpliced(from, size);
          if (await attempt({ ...best, [part]: left })) {
            shrinks = true;
            from -= size;
          }
        }
      }
    }
    const concerned = new Set([...best.happenings.map(({ database }) => database)]);
    const named = found.problem?.database ?? '';
    const keep = best.databases.filter(({ name }, n) => named.startsWith(name) || concerned.has(n));
    if (keep.length < best.databases.length && keep.length > 0) {
      const places = new Map(keep.map((database, place) => [database.name, place]));
      const happenings = best.happenings.flatMap((one) => {
        const place = places.get(best.databases[one.database]?.name ?? '');
        return place === undefined ? [] : [{ ...one, database: place }];
      });
      if (await attempt({ ...best, databases: keep, happenings })) shrinks = true;
    }
  }
  return { story: best, outcome: await live(best, { trace: true }), tried };
}
