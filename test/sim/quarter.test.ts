import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { live } from '../../sim/life.ts';
import { fixedQuarters, quarterOf } from '../../sim/quarter.ts';
import type { Story } from '../../sim/story.ts';

/** The beginning of a quarter; nothing goes wrong on its last day. */
function firstDays(days: number, story: Story): Story {
  const isIn = ({ at }: { readonly at: number }) => at < days * 1440;
  const isOver = ({ at }: { readonly at: number }) => at < (days - 1) * 1440;
  return { ...story, days, happenings: story.happenings.filter(isIn), faults: story.faults.filter(isOver) };
}

it('office hours and weekends cost one warning a stop that outlasts the age, and its end', async () => {
  const quarter = firstDays(14, quarterOf(1, 7));
  const happenings = quarter.happenings.filter(({ what }) => what === 'stop' || what === 'start');
  const { problem, lines } = await live({ ...quarter, happenings, faults: [] }, { trace: true });
  expect(problem).toBeUndefined();
  const steady = /\(db00[0-3]\)/;
  // The first day begins with backups of other hours.
  const told = lines.filter((line) => line.includes('publishes to tenant') && line > '2026-11-06');
  const weekend = told.filter((line) => line.includes('WARNING'));
  const ends = told.filter((line) => line.includes('RESOLVED'));
  expect(weekend.every((line) => /^2026-11-(07|08|14|15)T/.test(line))).toBe(true);
  expect(ends.every((line) => /^2026-11-(09|16)T/.test(line))).toBe(true);
  expect(weekend.filter((line) => line.startsWith('2026-11-07'))).toHaveLength(3);
  expect(told.filter((line) => steady.test(line) || line.includes('CRITICAL'))).toEqual([]);
}, 120_000);

it('what the fixed quarters are to play happens in each of them', () => {
  for (const seed of fixedQuarters) {
    const { happenings, faults } = quarterOf(seed);
    const kinds = new Set(happenings.map(({ what }) => what));
    const ends = new Set(happenings.flatMap(({ job }) => job?.ends ?? []));
    const isLate = happenings.some(({ job: { startsAfterMinutes = 0, startWindowMinutes = 0 } = {} }) =>
      startWindowMinutes > 0 ? startsAfterMinutes > startWindowMinutes : false,
    );
    expect([...ends].sort(), `seed ${seed}`).toEqual(['ABORTED', 'FAILED']);
    expect([...kinds], `seed ${seed}`).toEqual(
      expect.arrayContaining([
        ...['start a backup job', 'receive a copy from elsewhere', 'switch over to a green one'],
        ...['restore under the name', 'restore beside it', 'rename', 'lose a field of its row'],
        ...['plan to switch backups off', 'plan to switch backups on', 'lose the key', 'find the key'],
      ]),
    );
    expect(happenings.some(({ job }) => job?.vault === 'air-gapped')).toBe(true);
    expect(faults.map(({ kind }) => kind)).toContain('jobs unread');
    expect(isLate, `seed ${seed} has a job that expires`).toBe(true);
  }
});

/** Another one for each commit: what it finds comes with a change, and is there again when the commit is tested again. */
function seedOfCommit(): number {
  const git = join(import.meta.dirname, '../../.git');
  const textOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  const head = textOf(join(git, 'HEAD')).trim();
  const [, ref = ''] = /^ref: (.+)$/.exec(head) ?? [];
  const packed = textOf(join(git, 'packed-refs'))
    .split('\n')
    .find((line) => line.endsWith(` ${ref}`));
  const commit = ref === '' ? head : textOf(join(git, ref)) || (packed ?? '');
  return /^[0-9a-f]{7}/.test(commit) ? Number.parseInt(commit.slice(0, 7), 16) : Math.floor(Date.now() / 1000);
}

it('holds for a fleet that nobody has played', async () => {
  const seed = seedOfCommit();
  const { problem } = await live(firstDays(28, quarterOf(seed, 14)));
  expect(problem, `npm run sim -- --quarter --databases 14 --seed ${seed}`).toBeUndefined();
}, 180_000);
