import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type BackupJob,
  causes,
  type DatabaseRow,
  isKnownIn,
  isUnprotected,
  type RdsDatabase,
  verdictNames,
} from '../../../shared/domain/index.ts';
import { deadlineOf } from '../../../shared/evaluation/deadline.ts';
import { evaluate, type LookupResult, type Situation } from '../../../shared/evaluation/evaluate.ts';
import { addHours, hourMs } from '../../../shared/lib/time.ts';
import { reasonOf } from '../../../shared/reasons/index.ts';
import { moments, policies, windows } from './arbitraries.ts';

const key = '123456789012/eu-west-1/db-ORDERS';

const subject = { id: 'orders', kind: 'instance' } as const;

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

const newest = moments.map((time) => ({ id: 'newest', createdAt: time, time }));

const backupJobs: fc.Arbitrary<BackupJob> = fc
  .record({
    state: fc.constantFrom('CREATED', 'RUNNING', 'COMPLETED', 'FAILED', 'EXPIRED', 'ABORTED', 'PARTIAL'),
    createdAt: moments,
    startBy: maybe(moments),
    endedAt: maybe(moments),
    message: maybe(fc.string()),
  })
  .map((fields) => ({
    id: 'job',
    resourceArn: 'arn:aws:rds:eu-west-1:123456789012:db:orders',
    ...withoutUndefined(fields),
  }));

const rows: fc.Arbitrary<DatabaseRow> = fc
  .record({
    id: fc.constantFrom('orders', 'orders-old'),
    engine: maybe(fc.constant('mysql')),
    enrolledAt: moments,
    evaluatedAt: maybe(moments),
    since: maybe(moments),
    deadline: maybe(moments),
    verdict: maybe(fc.constantFrom(...verdictNames)),
    newestBackup: maybe(newest),
  })
  .map((fields) => ({ key, kind: 'instance', ...withoutUndefined(fields) }));

const shown: fc.Arbitrary<LookupResult> = databases.map((database) => ({ is: 'database', database }));

const otherwise: fc.Arbitrary<LookupResult> = fc.oneof(
  fc.constant<LookupResult>({ is: 'absent' }),
  fc.constant<LookupResult>({ is: 'unknown', why: 'Rate exceeded' }),
  fc.constant<LookupResult>({ is: 'member', of: 'cluster' }),
);

/** Nobody wants to hear of it while it is stopped, so it stays protected past its deadline. */
function isQuiet({ found, configured }: Situation): boolean {
  return (
    configured.policy.whileStopped === 'quiet' &&
    found.is === 'database' &&
    ['stopped', 'stopping'].includes(found.database.status)
  );
}

function situations(
  found: fc.Arbitrary<LookupResult>,
  excluded: fc.Arbitrary<string | undefined>,
): fc.Arbitrary<Situation> {
  return fc
    .record({
      found,
      excluded,
      policy: policies,
      newest: maybe(newest),
      awsBackupSeen: maybe(moments),
      lastAwsBackup: maybe(moments),
      backupJobs: maybe(fc.array(backupJobs, { maxLength: 3 })),
      creating: maybe(moments.map((since) => ({ id: 'tonight', since }))),
      row: maybe(rows),
      earlier: maybe(rows),
      eventsLost: maybe(fc.boolean()),
    })
    .map(({ excluded: reason, policy, ...rest }) => ({
      configured: {
        account: '123456789012',
        region: 'eu-west-1',
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

describe('an evaluation, whatever RDS shows and whatever the clock says,', () => {
  it('is given, with causes that can be said, and with a next check that is not in the past', () => {
    fc.assert(
      fc.property(any, moments, (situation, now) => {
        const evaluation = evaluate(situation, now);
        const { verdict, severity, cause, notes, nextCheckAt } = evaluation;
        expect(verdictNames).toContain(verdict);
        if (severity !== 'info' || verdict !== 'protected') expect(cause).not.toBeNull();
        for (const one of cause ? [cause, ...notes] : notes) expect(isKnownIn(causes, one)).toBe(true);
        if (nextCheckAt !== undefined) expect(nextCheckAt.getTime()).toBeGreaterThanOrEqual(now.getTime());
        const reason = reasonOf(evaluation, { ...subject, evaluatedAt: now }, { now, audience: 'operators' });
        expect(reason).toMatch(/\.$/);
        expect(reason).not.toMatch(/undefined|NaN|Invalid|-\d+ (min|h|d)\b/);
        // The evaluation itself is never out of date.
        expect(reason).not.toMatch(/evaluates the database again/);
      }),
      { numRuns: 1000 },
    );
  });

  it('has no negative age where the clock of RDS is ahead', () => {
    fc.assert(
      fc.property(watched, newest, fc.integer({ min: 1, max: 10 }), (situation, backup, minutes) => {
        const now = addHours(backup.time, -minutes / 60);
        const evaluation = evaluate({ ...situation, newest: backup }, now);
        expect(evaluation.verdict).toBe('protected');
        expect(reasonOf(evaluation, subject, { now, audience: 'tenant' })).toContain(', 0 min old.');
      }),
    );
  });

  it('is not overdue while the newest backup is not older than the maximum age', () => {
    fc.assert(
      fc.property(watched, newest, fc.integer({ min: -10, max: 72 * 60 }), (situation, backup, ageMinutes) => {
        const { maxAgeHours } = situation.configured.policy;
        fc.pre(ageMinutes <= maxAgeHours * 60);
        const { verdict } = evaluate({ ...situation, newest: backup }, addHours(backup.time, ageMinutes / 60));
        expect(verdict).toBe('protected');
      }),
    );
  });

  it('is not protected, due or new past the deadline, held open for at most 6 hours by a backup in creation', () => {
    fc.assert(
      fc.property(watched, newest, fc.integer({ min: 1, max: 5 * 24 * 60 }), (situation, backup, minutes) => {
        if (situation.found.is !== 'database') throw new Error('a watched database is shown by RDS');
        const { deadline } = deadlineOf(backup.time, situation.found.database, situation.configured.policy);
        const held = situation.creating === undefined ? 0 : 6;
        const { verdict } = evaluate(
          { ...situation, newest: backup, backupJobs: [] },
          addHours(deadline, held + minutes / 60),
        );
        const others = isQuiet(situation) ? ['protected'] : [];
        expect(['overdue', 'disabled', 'excluded', ...others]).toContain(verdict);
      }),
    );
  });

  it('is late once it has run for its age and its grace, however often it was stopped, and not for being stopped', () => {
    const hours = fc.integer({ min: 1, max: 40 });
    const spans = fc.array(fc.tuple(hours, hours), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(watched, newest, spans, fc.integer({ min: 0, max: 100 }), (situation, backup, runs, more) => {
        if (situation.found.is !== 'database') throw new Error('a watched database is shown by RDS');
        const { creating: _, ...rest } = situation;
        const calm = { ...rest, backupJobs: [] };
        const { maxAgeHours, graceHours } = situation.configured.policy;
        const database = { ...situation.found.database, status: 'available' };
        let at = backup.time;
        const stops = runs.map(([ran, stood]) => {
          const from = addHours(at, ran);
          at = addHours(from, stood);
          return { from, until: at };
        });
        const ran = runs.reduce((sum, [one]) => sum + one, 0) + more;
        const now = addHours(at, more);
        const { deadline } = deadlineOf(backup.time, database, situation.configured.policy);
        const { verdict } = evaluate({ ...calm, found: { is: 'database', database }, newest: backup, stops }, now);
        if (ran > maxAgeHours + graceHours && now > deadline) {
          expect(['overdue', 'disabled', 'excluded']).toContain(verdict);
        } else if (now <= deadline) expect(['protected', 'due', 'excluded']).toContain(verdict);
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
        const found: LookupResult = { is: 'database', database: { ...situation.found.database, createdAt } };
        const now = addHours(createdAt, maxAgeHours + graceHours + held + minutes / 60);
        expect(['never', 'disabled', 'excluded']).toContain(evaluate({ ...bare, found, backupJobs: [] }, now).verdict);
      }),
    );
  });

  it('lets the watch check no later than the moment at which it would change for the worse', () => {
    fc.assert(
      fc.property(watched, moments, (situation, now) => {
        const { verdict, nextCheckAt, deadline } = evaluate(situation, now);
        fc.pre(!isQuiet(situation) && (verdict === 'protected' || verdict === 'due' || verdict === 'new'));
        expect(nextCheckAt?.getTime()).toBeLessThanOrEqual(deadline?.getTime() ?? 0);
        expect(deadline?.getTime()).toBeGreaterThanOrEqual(now.getTime());
      }),
    );
  });

  it('lets the watch check what is unprotected or unknown at least every 6 hours', () => {
    fc.assert(
      fc.property(any, moments, (situation, now) => {
        const { verdict, nextCheckAt } = evaluate(situation, now);
        fc.pre(isUnprotected(verdict) || verdict === 'unknown');
        expect((nextCheckAt?.getTime() ?? Number.POSITIVE_INFINITY) - now.getTime()).toBeLessThanOrEqual(6 * hourMs);
      }),
    );
  });

  it('is excluded, and information, for what the configuration excludes', () => {
    fc.assert(
      fc.property(situations(fc.oneof(shown, otherwise), fc.string()), moments, (situation, now) => {
        expect(evaluate(situation, now)).toMatchObject({ verdict: 'excluded', severity: 'info' });
      }),
    );
  });
});

function withoutUndefined<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]: Exclude<T[K], undefined> };
}
