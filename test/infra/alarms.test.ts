import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type AlarmName, alarmNames, alarmPrefix, defaultStackName, deployedAlarmName } from '../../shared/contract.ts';
import { verdictNames, verdicts } from '../../shared/domain/index.ts';
import { runbookAnchors } from '../../shared/notifications/links.ts';
import { exampleFleet, list, plain, synthesize, withoutHashes } from './synthesized.ts';

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
      const { Period, EvaluationPeriods, DatapointsToAlarm } = Properties;
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

it('a sweep that never reaches its end rings after 26 hours of silence', () => {
  expect(alarm('sweep not running')).toMatchObject({
    Namespace: 'RdsBackupLedger',
    MetricName: 'SweepHeartbeat',
    Dimensions: [{ Name: 'service', Value: 'rds-backup-ledger' }],
    Statistic: 'Sum',
    Period: 3600,
    EvaluationPeriods: 26,
    DatapointsToAlarm: 26,
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    TreatMissingData: 'breaching',
  });
});

it('a watch that is not even called rings after two hours of silence', () => {
  expect(alarm('watch not running')).toMatchObject({
    Namespace: 'AWS/Lambda',
    MetricName: 'Invocations',
    Period: 3600,
    EvaluationPeriods: 2,
    Threshold: 1,
    ComparisonOperator: 'LessThanThreshold',
    TreatMissingData: 'breaching',
  });
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
