import { Metrics } from '@aws-lambda-powertools/metrics';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { publishCopyMetrics } from '../../handlers/metrics.ts';
import { parseConfig } from '../../shared/config/index.ts';
import type { EnvironmentPass } from '../../shared/copies/index.ts';
import type { Copy } from '../../shared/domain/index.ts';
import { aBackup } from '../shared/ledger/rows.ts';

const now = new Date('2026-11-23T12:00:00Z');
const hoursAgo = (hours: number) => new Date(now.getTime() - hours * 3_600_000);
const hub = { account: '111111111111', region: 'eu-west-1' };
const spokes = ['us-east-1', 'eu-west-1'].map((region) => ({ account: '222222222222', region }));

function fleetOf(environments: readonly object[], mode = 'export') {
  const databases = [{ id: 'orders', kind: 'instance' }];
  const operators = [{ email: 'operators@example.com' }];
  const defaults = { copy: { mode }, bucket: { type: 'shared' } };
  return parseConfig(JSON.stringify({ environments, defaults, operators, tenants: [{ id: 'acme', databases }] }), hub);
}

const alone = fleetOf([]);
const several = fleetOf([{ account: '222222222222', regions: ['us-east-1', 'eu-west-1'] }]);

interface Facts {
  readonly waiting?: number;
  readonly oldest?: Date;
  readonly started?: number;
  readonly ended?: readonly Partial<Copy>[];
  readonly runningSince?: Date;
}

function passOf(environment: EnvironmentPass['environment'], facts: Facts): EnvironmentPass {
  const { waiting, oldest, started = 0, ended = [], runningSince } = facts;
  const copyOf = (copy: Partial<Copy>) => aBackup({ copy: { mode: 'export', state: 'complete', attempt: 1, ...copy } });
  return {
    environment,
    followed: {
      ...{ ended: [], retried: 0, running: 0, stuck: 0, errors: [] },
      met: runningSince ? [copyOf({ state: 'running', startedAt: runningSince })] : [],
    },
    run: {
      ...{ lease: 'taken', started, ended: [], errors: [], met: [] },
      ...(waiting !== undefined && { waiting }),
      ...(oldest && { oldestQueuedAt: oldest }),
    },
    ended: ended.map(copyOf),
    errors: [],
    refused: false,
  };
}

const published = new Map<string, number>();
vi.spyOn(Metrics.prototype, 'addMetric').mockImplementation((name, _, value) => {
  published.set(name, value);
  return new Metrics();
});
vi.spyOn(Metrics.prototype, 'publishStoredMetrics').mockReturnThis();
beforeEach(() => published.clear());

function measured(fleet: typeof alone, facts: readonly Facts[], periodic = true) {
  const environments = facts.map((one, index) => passOf([hub, ...spokes][index] ?? hub, one));
  const report = {
    environments,
    periodic,
    ended: environments.flatMap(({ ended }) => ended),
    errors: [],
    unlisted: [],
  };
  publishCopyMetrics(report, fleet, now);
  return Object.fromEntries(published);
}

describe('the metrics of copies', () => {
  it('are the sums of all environments, and the oldest of all', () => {
    const facts = [
      { waiting: 2, oldest: hoursAgo(1), ended: [{}, { pendingSince: now }] },
      { waiting: 3, oldest: hoursAgo(5), started: 5 },
      { waiting: 0, ended: [{}] },
    ];
    expect(measured(several, facts)).toEqual({
      CopiesEnded: 3,
      CopiesFailed: 1,
      CopiesQueued: 5,
      CopiesStalled: 0,
      OldestQueuedCopyHours: 5,
    });
  });

  it('leave out a queue that could not be read', () => {
    expect(measured(several, [{}, { waiting: 1, oldest: hoursAgo(2), started: 1 }])).toMatchObject({ CopiesQueued: 1 });
    published.clear();
    expect(measured(alone, [{}])).toEqual({ CopiesEnded: 0, CopiesFailed: 0 });
  });

  it('say nothing of all queues where only some were worked on', () => {
    expect(measured(several, [{ waiting: 1, oldest: hoursAgo(2) }], false)).toEqual({
      CopiesEnded: 0,
      CopiesFailed: 0,
    });
    published.clear();
    expect(measured(alone, [{ waiting: 1, oldest: hoursAgo(2) }], false)).toMatchObject({ CopiesQueued: 1 });
  });

  it('are not sent where nothing is copied', () => {
    expect(measured(fleetOf([], 'none'), [{ waiting: 0 }])).toEqual({});
  });
});

describe('copies are stalled', () => {
  const moving: Facts = { waiting: 9, oldest: hoursAgo(1), runningSince: hoursAgo(1) };

  it.each<[string, Facts]>([
    ['copies wait, and nothing moves', { waiting: 1, oldest: hoursAgo(1) }],
    ['what runs is stuck', { waiting: 1, oldest: hoursAgo(1), runningSince: hoursAgo(25) }],
  ])('where in any environment %s', (_, facts) => {
    expect(measured(several, [moving, facts, { ...moving, ended: [{}] }])).toMatchObject({ CopiesStalled: 1 });
    published.clear();
    expect(measured(alone, [facts])).toMatchObject({ CopiesStalled: 1 });
  });

  it.each<[string, Facts]>([
    ['nothing waits', { waiting: 0 }],
    ['one ended', { waiting: 1, oldest: hoursAgo(1), ended: [{}] }],
    ['one was started', { waiting: 1, oldest: hoursAgo(1), started: 1 }],
    ['one runs', { waiting: 1, oldest: hoursAgo(1), runningSince: hoursAgo(23) }],
  ])('not where %s', (_, facts) => {
    expect(measured(several, [moving, facts])).toMatchObject({ CopiesStalled: 0 });
  });
});
