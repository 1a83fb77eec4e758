import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AlarmName, alarmNames, alarmPrefix, defaultStackName, deployedAlarmName } from '../../shared/contract.ts';
import { verdictNames, verdicts } from '../../shared/domain/index.ts';
import { runbookAnchors } from '../../shared/notifications/links.ts';
import { configured, exampleFleet, list, plain, type Statement, synthesize, withoutHashes } from './synthesized.ts';

const stack = synthesize();
const alarms = stack.all('AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties);
const alarm = (name: AlarmName) =>
  alarms.find(({ AlarmName }) => AlarmName === deployedAlarmName(defaultStackName, name));

/** The headings of the runbook's sections with those of their parts, by anchor. */
const sections = new Map(
  readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8')
    .split(/^## /m)
    .slice(1)
    .map((section) => {
      const heading = section.slice(0, section.indexOf('\n'));
      const parts = [...section.matchAll(/^### (.+)$/gm)].map(([, part]) => part);
      return [heading.toLowerCase().replaceAll(' ', '-'), parts];
    }),
);

describe('every alarm', () => {
  it('has its section in the runbook: description, investigation, resolution', () => {
    expect(alarms.length).toBeGreaterThan(0);
    for (const { AlarmDescription } of alarms) {
      const [, anchor = ''] = /docs\/runbook\.md#(\S+)$/.exec(AlarmDescription as string) ?? [];
      expect(sections.get(anchor), `the section ${anchor}`).toEqual(['Description', 'Investigation', 'Resolution']);
    }
  });

  it('says its impact, and tells the operators both that it rings and that it is over', () => {
    for (const { AlarmDescription, AlarmActions, OKActions } of alarms) {
      expect(AlarmDescription).toMatch(/^Impact: [A-Z].{20,}\. Runbook: /);
      for (const actions of [AlarmActions, OKActions]) {
        expect(list(actions).map((topic) => withoutHashes(plain(topic)))).toEqual(['AlertsAlarmTopic']);
      }
    }
  });

  it("is found by the stack's name", () => {
    const names = alarmNames.map((name) => deployedAlarmName(defaultStackName, name));
    expect(alarms.map(({ AlarmName }) => AlarmName as string).sort()).toEqual(names.sort());
    expect(names.filter((name) => !name.startsWith(alarmPrefix(defaultStackName)))).toEqual([]);
  });

  it('looks back no further than CloudWatch does: a day, or seven where periods are an hour or longer', () => {
    const longest = synthesize({ ...exampleFleet, copies: { ...exampleFleet.copies, stuckHours: 720 } });
    for (const [, { Properties }] of longest.all('AWS::CloudWatch::Alarm')) {
      const { Metrics, EvaluationPeriods, DatapointsToAlarm } = Properties;
      const Period = Properties.Period ?? periodOf(Metrics);
      expect(Period * EvaluationPeriods).toBeLessThanOrEqual((Period >= 3600 ? 7 : 1) * 86_400);
      expect(DatapointsToAlarm).toBeLessThanOrEqual(EvaluationPeriods);
    }
  });

  it('points into the runbook that the configuration names', () => {
    const runbookUrl = 'https://wiki.example.com/backups';
    const other = synthesize({ ...exampleFleet, alerts: { ...exampleFleet.alerts, runbookUrl } });
    for (const [, { Properties }] of other.all('AWS::CloudWatch::Alarm')) {
      expect(Properties.AlarmDescription).toContain(`Runbook: ${runbookUrl}#`);
    }
  });
});

type Hour = Readonly<Partial<Record<string, number>>>;

interface Query {
  readonly Id: string;
  readonly Expression?: string;
  readonly MetricStat?: { readonly Period: number; readonly Metric: { readonly MetricName: string } };
}

/** The one period of an expression's metrics. */
function periodOf(queries: readonly Query[]): number {
  const periods = new Set(queries.flatMap(({ MetricStat }) => MetricStat?.Period ?? []));
  const [period = Number.NaN] = periods;
  return periods.size === 1 ? period : Number.NaN;
}

/**
 * Whether an alarm on an expression rings, by what CloudWatch has of each hour, the one under way last. The functions are those of
 * metric math (Amazon CloudWatch User Guide, "Using metric math"); hours before the first that is given have no data.
 */
function rings(name: AlarmName, hours: readonly Hour[]): boolean {
  const { Metrics, EvaluationPeriods, DatapointsToAlarm, Threshold, ComparisonOperator } = alarm(name);
  expect(ComparisonOperator).toBe('LessThanThreshold');
  const queries = Metrics as readonly Query[];
  const expression = queries.find(({ Expression }) => Expression)?.Expression ?? '';
  const ids = queries.flatMap(({ Id, MetricStat }) => (MetricStat ? [[Id, MetricStat.Metric.MetricName]] : []));
  const evaluate = new Function('IF', 'FILL', ...ids.map(([id]) => String(id)), `return ${expression}`);
  const valueIn = (hour: Hour): unknown =>
    evaluate(
      (condition: boolean, yes: number, no: number) => (condition ? yes : no),
      (value: number | undefined, instead: number) => value ?? instead,
      ...ids.map(([, metric]) => hour[String(metric)]),
    );
  const before = Array.from({ length: EvaluationPeriods }, (): Hour => ({}));
  const looked = [...before, ...hours].slice(-EvaluationPeriods).map(valueIn);
  return looked.filter((value) => typeof value === 'number' && value < Threshold).length >= DatapointsToAlarm;
}

const polled = { NumberOfEmptyReceives: 180 };
const watched = { ...polled, Invocations: 4 };
const swept = { ...watched, Invocations: 5, SweepHeartbeat: 1 };
const hours = (count: number, hour: Hour) => Array.from({ length: count }, () => hour);

it('copies have no alarms where nothing is copied', () => {
  const none = configured([{ id: 'orders', kind: 'instance', copy: { mode: 'none' } }]);
  const names = synthesize(none).all('AWS::CloudWatch::Alarm');
  const found = names.map(([, { Properties }]) => Properties.AlarmName as string);
  const expected = alarmNames.filter((name) => !/^cop(y|ies) /.test(name));
  expect(found.sort()).toEqual(expected.map((name) => deployedAlarmName(defaultStackName, name)).sort());
});

describe('silence', () => {
  const names = ['sweep not running', 'watch not running'] as const;

  it.each(names)('%s: a first deployment does not ring, whatever has not run yet', (name) => {
    expect(rings(name, [])).toBe(false);
    expect(rings(name, [polled])).toBe(false);
    expect(rings(name, [watched, watched])).toBe(false);
  });

  it.each(names)('%s: the hour under way never decides alone', (name) => {
    const full = name === 'sweep not running' ? swept : watched;
    expect(rings(name, [...hours(40, full), polled])).toBe(false);
  });

  it('of sweeps rings after 26 hours, whether the watch runs or not', () => {
    for (const hour of [watched, polled]) {
      expect(rings('sweep not running', [...hours(3, swept), ...hours(25, hour)])).toBe(false);
      expect(rings('sweep not running', [...hours(3, swept), ...hours(26, hour)])).toBe(true);
    }
    expect(rings('sweep not running', [swept, ...hours(20, watched), {}, ...hours(5, watched)])).toBe(false);
  });

  it('of sweeps does not ring for a daily one', () => {
    const days = Array.from({ length: 5 }, () => [...hours(24, watched), swept]).flat();
    for (let end = 1; end <= days.length; end += 1) expect(rings('sweep not running', days.slice(0, end))).toBe(false);
  });

  it('of the watch rings after one whole hour, while the next is under way', () => {
    expect(rings('watch not running', [watched, polled])).toBe(false);
    expect(rings('watch not running', [watched, polled, polled])).toBe(true);
    expect(rings('watch not running', [watched, polled, polled, watched])).toBe(false);
  });

  it('is none where the expression itself has no data: CloudWatch then leaves the state as it is', () => {
    for (const name of names) expect(alarm(name).TreatMissingData).toBe('ignore');
  });
});

it('what SNS cannot deliver is kept, and rings for either topic', () => {
  const queue = stack.one('AWS::SQS::Queue', 'AlertsDeadLettersQueue');
  expect(queue.Properties.MessageRetentionPeriod).toBe(14 * 86_400);
  const [[id] = ['']] = stack.all('AWS::SQS::Queue').filter(([name]) => name.startsWith('AlertsDeadLettersQueue'));
  const subscriptions = stack.all('AWS::SNS::Subscription');
  expect(subscriptions.length).toBeGreaterThan(3);
  for (const [, { Properties }] of subscriptions) {
    expect(plain(Properties.RedrivePolicy.deadLetterTargetArn)).toBe(`${id}.Arn`);
  }
  for (const name of ['alerts not delivered', 'alarms not delivered'] as const) {
    expect(alarm(name)).toMatchObject({ MetricName: 'NumberOfNotificationsFailed', Threshold: 1 });
  }
  const policy = stack
    .all('AWS::SQS::QueuePolicy')
    .flatMap(([, { Properties }]) => Properties.PolicyDocument.Statement as Statement[])
    .find(({ Effect, Principal }) => Effect === 'Allow' && JSON.stringify(Principal).includes('sns.amazonaws.com'));
  const topics = stack.all('AWS::SNS::Topic').map(([topic]) => ({ Ref: topic }));
  expect(topics).toHaveLength(2);
  expect(policy?.Condition).toEqual({ ArnEquals: { 'aws:SourceArn': topics } });
});

it('a copy that waits for longer than configured rings', () => {
  const patient = synthesize({ ...exampleFleet, copies: { ...exampleFleet.copies, queuedHours: 60 } });
  const [, found] =
    patient
      .all('AWS::CloudWatch::Alarm')
      .find(([, { Properties }]) => Properties.MetricName === 'OldestQueuedCopyHours') ?? [];
  expect(found?.Properties).toMatchObject({ Threshold: 60, ComparisonOperator: 'GreaterThanThreshold' });
});

it('every message that points into the runbook finds its section', () => {
  const ofVerdicts = verdictNames.map((name) => verdicts[name].runbook);
  for (const anchor of [...Object.values(runbookAnchors), ...ofVerdicts]) {
    expect(sections.get(anchor), `the section ${anchor}`).toEqual(['Description', 'Investigation', 'Resolution']);
  }
});
