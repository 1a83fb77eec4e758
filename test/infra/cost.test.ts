/** What cost is computed from stands in the template. */
import { describe, expect, it } from 'vitest';
import { alarmedMetrics, memoryGb, watchesADay } from '../../shared/cost/usage.ts';
import { configured, list, type Resource, synthesize } from './synthesized.ts';

const ofOne = (mode: 'none' | 'export', more: object = {}) =>
  synthesize(configured([{ id: 'orders', kind: 'instance', copy: { mode }, bucket: { type: 'shared' } }], more));

/** The metrics that an alarm is billed for: its own, or those of its expression. */
function metricsWatched([, { Properties }]: [string, Resource]): number {
  const { Metrics } = Properties as { readonly Metrics?: readonly { readonly MetricStat?: object }[] };
  return Metrics === undefined ? 1 : list(Metrics).filter(({ MetricStat }) => MetricStat !== undefined).length;
}

function alarmed(stack: ReturnType<typeof synthesize>): number {
  return stack.all('AWS::CloudWatch::Alarm').reduce((sum, alarm) => sum + metricsWatched(alarm), 0);
}

describe('the metrics that alarms watch', () => {
  const withCopies = alarmedMetrics.always + alarmedMetrics.whereCopying;

  it('are as many as cost counts, with and without copies', () => {
    expect([alarmed(ofOne('none')), alarmed(ofOne('export'))]).toEqual([alarmedMetrics.always, withCopies]);
  });

  it('are those of copies where a tag may ask for them', () => {
    const discovery = { discovery: { tenantTag: 'tenant' }, defaults: { bucket: { type: 'shared' } } };
    expect(alarmed(ofOne('none', discovery))).toBe(withCopies);
  });
});

it('the functions have the memory that cost counts', () => {
  const memory = (id: string) => ofOne('none').one('AWS::Lambda::Function', id).Properties.MemorySize / 1024;
  expect({ sweep: memory('SweepDatabases'), record: memory('RecordEvents'), copy: memory('CopyBackups') }).toEqual(
    memoryGb,
  );
});

it('the schedules run as often as cost counts', () => {
  const schedules = ofOne('none').all('AWS::Scheduler::Schedule');
  expect(schedules.map(([, { Properties }]) => Properties.ScheduleExpression).sort()).toEqual([
    expect.stringMatching(/^cron\(/),
    `rate(${(24 * 60) / watchesADay} minutes)`,
  ]);
});

it('there is one customer key, which rotates yearly', () => {
  expect(ofOne('export').one('AWS::KMS::Key').Properties).toMatchObject({ EnableKeyRotation: true });
});
