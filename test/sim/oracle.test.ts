import { expect, it } from 'vitest';
import { live } from '../../sim/life.ts';
import { type DatabaseStory, type Story, tenants } from '../../sim/story.ts';

const hour = 60;
const day = 24 * hour;

/** A database that RDS backs up in this window and somebody stops once; nobody starts it again. */
function databaseOf(window: string, n: number): DatabaseStory {
  return {
    name: `db${n}`,
    kind: n % 2 === 0 ? 'instance' : 'cluster',
    enrolled: 'listed',
    tenant: tenants[n % tenants.length] as string,
    window,
    retention: 7,
    awsBackup: false,
    replica: false,
    maxAgeHours: 24,
    graceHours: 2,
    copy: 'none',
    ageHours: 80,
  };
}

/** Each database with its window, and the hour of the third day at which it is stopped. RDS starts it a week later, at that hour. */
function storyOfStops(stopped: readonly { readonly window: string; readonly stops: number }[]): Story {
  return {
    seed: 1,
    days: 12,
    digestAbove: 100,
    dailyDigest: false,
    report: false,
    reminderHours: 24,
    batchSize: 25,
    databases: stopped.map(({ window }, n) => databaseOf(window, n)),
    happenings: stopped.map(({ stops }, database) => ({
      at: Math.round(2 * day + stops * hour),
      database,
      what: 'stop' as const,
    })),
    faults: [],
  };
}

it('knows that RDS starts a stopped database after a week: its first window after that is waited for', async () => {
  const { problem, lines } = await live(
    storyOfStops([
      // It is started hours before its window, shortly before it, within it, and soon after it.
      { window: '13:00-13:30', stops: 20 },
      { window: '13:00-13:30', stops: 12.75 },
      { window: '13:00-13:30', stops: 13.4 },
      { window: '13:00-13:30', stops: 14 },
      // Over midnight: before, within, and after it.
      { window: '23:45-00:15', stops: 23.5 },
      { window: '23:45-00:15', stops: 24 },
      { window: '23:45-00:15', stops: 1 },
      // Nearly a day after its backup.
      { window: '13:00-13:30', stops: 12.9 },
    ]),
    { trace: true },
  );
  expect(problem).toBeUndefined();
  const stops = lines.filter((line) => / stop: db\d$/.test(line));
  expect(stops).toHaveLength(8);
  // One warning a stop, and its end with the first backup after it.
  const published = lines.filter((line) => line.includes('publishes to tenant') && line > '2026-11-04');
  const about = (database: number) => published.filter((line) => line.endsWith(`(db${database})`));
  for (const [n] of stops.entries()) {
    expect(about(n).map((line) => / (WARNING|CRITICAL|RESOLVED) /.exec(line)?.[1])).toEqual(['WARNING', 'RESOLVED']);
  }
}, 60_000);
