import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DatabaseRow, RdsDatabase, VerdictName } from '../../../shared/model.ts';
import { deadlineOf } from '../../../shared/rules/deadline.ts';
import { assess, type Found, type Situation } from '../../../shared/rules/verdict.ts';
import { addHours, hourMs } from '../../../shared/text.ts';
import { moments, policies, windows } from './arbitraries.ts';

const key = '123456789012/eu-west-1/db-ORDERS';

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });

const databases: fc.Arbitrary<RdsDatabase> = fc
  .record({
    status: fc.oneof(fc.constantFrom('available', 'stopped', 'storage-full', 'backing-up', 'creating'), fc.string()),
    retentionDays: fc.constantFrom(0, 1, 7),
    window: windows,
    createdAt: maybe(moments),
    latestRestorableTime: maybe(moments),
    automaticRestartTime: maybe(moments),
    replicaOf: maybe(fc.constant('primary')),
    awsBackupRecoveryPointArn: maybe(fc.constant('arn:aws:backup:eu-west-1:123456789012:recovery-point:1')),
  })
  .map((fields) => ({
    key,
    arn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
    id: 'orders',
    kind: 'instance',
    engine: 'mysql',
    tags: {},
    ...withoutUndefined(fields),
  }));

const newest = moments.map((time) => ({ arn: 'arn:newest', id: 'newest', time }));

const names: readonly VerdictName[] = [
  'protected',
  'due',
  'overdue',
  'never',
  'new',
  'disabled',
  'missing',
  'deleted',
  'unknown',
  'excluded',
];

const rows: fc.Arbitrary<DatabaseRow> = fc
  .record({
    id: fc.constantFrom('orders', 'orders-old'),
    engine: maybe(fc.constant('mysql')),
    enrolledAt: moments,
    judgedAt: maybe(moments),
    since: maybe(moments),
    deadline: maybe(moments),
    verdict: maybe(fc.constantFrom(...names)),
    newestBackup: maybe(newest),
  })
  .map((fields) => ({ key, kind: 'instance', liveBackups: [], ...withoutUndefined(fields) }));

const shown: fc.Arbitrary<Found> = databases.map((database) => ({ is: 'database', database }));

const otherwise: fc.Arbitrary<Found> = fc.oneof(
  fc.constant<Found>({ is: 'absent' }),
  fc.constant<Found>({ is: 'unknown', why: 'Rate exceeded' }),
  fc.constant<Found>({ is: 'member', of: 'cluster' }),
);

function situations(found: fc.Arbitrary<Found>, excluded: fc.Arbitrary<string | undefined>): fc.Arbitrary<Situation> {
  return fc
    .record({
      found,
      excluded,
      policy: policies,
      newest: maybe(newest),
      awsBackupSeen: maybe(moments),
      creating: maybe(moments.map((since) => ({ id: 'tonight', since }))),
      row: maybe(rows),
      earlier: maybe(rows),
      eventsLost: maybe(fc.boolean()),
    })
    .map(({ excluded: reason, policy, ...rest }) => ({
      configured: {
        tenant: 'acme',
        id: 'orders',
        kind: 'instance',
        policy,
        copy: { mode: 'none', schedule: 'every', kinds: ['automated'] },
        target: { bucket: 'copies', prefix: '', owner: '123456789012' },
        enrolledBy: 'configuration',
        ...(reason === undefined ? {} : { excluded: reason }),
      },
      ...withoutUndefined(rest),
    }));
}

const any = situations(
  fc.oneof({ weight: 4, arbitrary: shown }, { weight: 1, arbitrary: otherwise }),
  maybe(fc.string()),
);
const watched = situations(shown, fc.constant(undefined));

describe('a verdict, whatever RDS shows and whatever the clock says,', () => {
  it('is given, with a reason, and with a next look that is not in the past', () => {
    fc.assert(
      fc.property(any, moments, (situation, now) => {
        const verdict = assess(situation, now);
        expect(names).toContain(verdict.name);
        expect(verdict.reason).not.toBe('');
        expect(verdict.reason).not.toMatch(/undefined|NaN|Invalid|-\d+ (min|h|d)\b/);
        if (verdict.checkAt !== undefined) expect(verdict.checkAt.getTime()).toBeGreaterThanOrEqual(now.getTime());
      }),
      { numRuns: 1000 },
    );
  });

  it('has no negative age where the clock of RDS is ahead', () => {
    fc.assert(
      fc.property(watched, newest, fc.integer({ min: 1, max: 10 }), (situation, backup, minutes) => {
        const verdict = assess({ ...situation, newest: backup }, addHours(backup.time, -minutes / 60));
        expect(verdict).toMatchObject({ name: 'protected', reason: expect.stringContaining(', 0 min old.') });
      }),
    );
  });

  it('is not overdue while the newest backup is not older than the maximum age', () => {
    fc.assert(
      fc.property(watched, newest, fc.integer({ min: -10, max: 72 * 60 }), (situation, backup, ageMinutes) => {
        const { maxAgeHours } = situation.configured.policy;
        fc.pre(ageMinutes <= maxAgeHours * 60);
        const verdict = assess({ ...situation, newest: backup }, addHours(backup.time, ageMinutes / 60));
        expect(verdict.name).toBe('protected');
      }),
    );
  });

  it('is not protected, due or new past the deadline, held open for at most 6 hours by a backup in creation', () => {
    fc.assert(
      fc.property(watched, newest, fc.integer({ min: 1, max: 5 * 24 * 60 }), (situation, backup, minutes) => {
        if (situation.found.is !== 'database') throw new Error('a watched database is shown by RDS');
        const { deadline } = deadlineOf(backup.time, situation.found.database, situation.configured.policy);
        const held = situation.creating === undefined ? 0 : 6;
        const { name } = assess({ ...situation, newest: backup }, addHours(deadline, held + minutes / 60));
        expect(['overdue', 'disabled', 'excluded']).toContain(name);
      }),
    );
  });

  it('is not new past the grace of a database without any backup', () => {
    fc.assert(
      fc.property(watched, moments, fc.integer({ min: 1, max: 5 * 24 * 60 }), (situation, createdAt, minutes) => {
        if (situation.found.is !== 'database') throw new Error('a watched database is shown by RDS');
        const { newest: _, ...bare } = situation;
        const { maxAgeHours, graceHours } = situation.configured.policy;
        const held = situation.creating === undefined ? 0 : 6;
        const found: Found = { is: 'database', database: { ...situation.found.database, createdAt } };
        const now = addHours(createdAt, maxAgeHours + graceHours + held + minutes / 60);
        expect(['never', 'disabled', 'excluded']).toContain(assess({ ...bare, found }, now).name);
      }),
    );
  });

  it('lets the watch look no later than the moment at which it would change for the worse', () => {
    fc.assert(
      fc.property(watched, moments, (situation, now) => {
        const verdict = assess(situation, now);
        fc.pre(verdict.name === 'protected' || verdict.name === 'due' || verdict.name === 'new');
        expect(verdict.checkAt?.getTime()).toBeLessThanOrEqual(verdict.deadline?.getTime() ?? 0);
        expect(verdict.deadline?.getTime()).toBeGreaterThanOrEqual(now.getTime());
      }),
    );
  });

  it('lets the watch look at what is unprotected at least every 6 hours, unless it was deleted', () => {
    fc.assert(
      fc.property(any, moments, (situation, now) => {
        const { name, checkAt } = assess(situation, now);
        fc.pre(['overdue', 'never', 'disabled', 'missing', 'unknown'].includes(name));
        expect((checkAt?.getTime() ?? Number.POSITIVE_INFINITY) - now.getTime()).toBeLessThanOrEqual(6 * hourMs);
      }),
    );
  });

  it('is excluded, and information, for what the configuration excludes', () => {
    fc.assert(
      fc.property(situations(fc.oneof(shown, otherwise), fc.string()), moments, (situation, now) => {
        expect(assess(situation, now)).toMatchObject({ name: 'excluded', severity: 'info' });
      }),
    );
  });
});

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
