import { Duration, Stack, TimeZone } from 'aws-cdk-lib';
import { Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Schedule, ScheduleExpression, ScheduleTargetInput, TimeWindow } from 'aws-cdk-lib/aws-scheduler';
import { LambdaInvoke } from 'aws-cdk-lib/aws-scheduler-targets';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { handlerCalls } from '../handlers/calls.ts';
import { constructIds, sweepInputs } from '../shared/contract.ts';
import { actionsOn } from '../shared/lib/aws-calls.ts';
import { type Alarms, Threshold } from './alarms.ts';
import type { CopyBackups } from './copy.ts';
import { LedgerFunction } from './functions.ts';
import { ledgerUses } from './ledger-uses.ts';
import { mustHappen, productMetric } from './metrics.ts';
import type { Parts } from './parts.ts';
import { DeadLetters } from './queues.ts';
import { rdsUses } from './rds-uses.ts';
import type { RecordEvents } from './record.ts';
import { allow, allowAssuming, allowAwsBackupReads, allowRdsReads } from './rights.ts';

/** The watch runs this often: an alert comes within that time of its deadline. */
const watchEvery = Duration.minutes(15);

/** The other functions of the stack: the sweep triggers copies, and its alarms count only while events are received. */
interface SweepsWith {
  readonly record: RecordEvents;
  readonly copy: CopyBackups;
}

/** The check of all databases once a day, and of those whose time has come every 15 minutes. */
export class SweepDatabases extends Construct {
  readonly function: LedgerFunction;

  constructor(scope: Construct, id: string, parts: Parts, { record, copy }: SweepsWith) {
    super(scope, id);
    const deadLetters = new DeadLetters(this, constructIds.deadLetters, {
      alarms: parts.alarms,
      alarm: {
        name: 'sweep dead letters',
        impact: 'A sweep or watch did not run, or failed three times: people are notified late of missing backups.',
      },
    }).queue;
    this.function = new LedgerFunction(this, 'Sweep', {
      handler: 'sweep',
      description:
        'Holds configuration, ledger and RDS against each other, and alerts for databases without a fresh backup',
      // A fleet of 10,000 with its backups passes through in pages; the report's page is built in memory.
      memoryMiB: 1024,
      // Lambda's longest: a sweep that nears it stores where it stopped, and the watch goes on from there.
      timeout: Duration.minutes(15),
      config: parts.config,
      environment: { ...parts.environment, COPY_FUNCTION_NAME: copy.function.function.functionName },
      asynchronousFailures: deadLetters,
    });
    this.#schedules(parts, deadLetters);
    this.#grant(parts, copy);
    this.#alarms(parts.alarms, record);
  }

  #schedules(parts: Parts, deadLetters: Queue): void {
    const role = new Role(this, 'SchedulerRole', {
      assumedBy: new ServicePrincipal('scheduler.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const { functionArn } = this.function.function;
    allow(role, { actions: ['lambda:InvokeFunction'], resources: [functionArn] });
    allow(role, { actions: ['sqs:SendMessage'], resources: [deadLetters.queueArn] });
    const target = (input: object, maxEventAge: Duration) =>
      new LambdaInvoke(this.function.function, {
        input: ScheduleTargetInput.fromObject(input),
        // CDK's own grants would also allow every version and alias.
        role: role.withoutPolicyUpdates(),
        deadLetterQueue: deadLetters,
        retryAttempts: 10,
        maxEventAge,
      });
    const { cron, timeZone } = parts.fleet.sweep;
    new Schedule(this, 'Daily', {
      description: 'The daily sweep',
      schedule: ScheduleExpression.expression(`cron(${cron})`, TimeZone.of(timeZone)),
      timeWindow: TimeWindow.off(),
      target: target(sweepInputs.daily, Duration.hours(2)),
    });
    new Schedule(this, 'Watch', {
      description: 'The watch between sweeps',
      schedule: ScheduleExpression.rate(watchEvery),
      timeWindow: TimeWindow.off(),
      // The next watch does the same work.
      target: target(sweepInputs.watch, watchEvery),
    });
  }

  #grant(parts: Parts, copy: CopyBackups): void {
    allowRdsReads(this.function.role, rdsUses.sweep);
    allowAwsBackupReads(this.function.role);
    parts.ledger.allow(this.function, ledgerUses.sweep);
    parts.allowAlerts(this.function);
    parts.allowReports(this.function);
    allow(this.function.role, {
      actions: actionsOn(handlerCalls.triggerCopies, 'function'),
      resources: [copy.function.function.functionArn],
    });
    allowAssuming(this.function.role, parts.fleet, 'reader');
  }

  #alarms(alarms: Alarms, record: RecordEvents): void {
    const { function: fn } = this.function;
    const period = Duration.hours(1);
    const watched = fn.metricInvocations({ period });
    // Lambda polls the queue from the deployment on, so it reports each minute.
    const received = record.events.metricNumberOfEmptyReceives({ period, statistic: Stats.SAMPLE_COUNT });
    alarms.add(
      this,
      { name: 'sweep failing', impact: 'Databases are not checked: nobody may be notified of a missing backup.' },
      {
        // An asynchronous call is tried three times within the hour; one failure among them heals itself.
        metric: fn.metricErrors({ period }),
        threshold: Threshold.atLeast(2),
      },
    );
    alarms.add(
      this,
      {
        name: 'sweep not running',
        impact: 'No sweep came to its end for 26 hours: nobody would be notified of a missing backup.',
      },
      {
        metric: mustHappen(productMetric('SweepHeartbeat', Stats.SUM, period), received, watched),
        threshold: Threshold.below(1),
        // A day and the length of a slow sweep.
        periods: 26,
        missing: TreatMissingData.IGNORE,
      },
    );
    alarms.add(
      this,
      {
        name: 'watch not running',
        impact: 'Between sweeps nobody is notified of a missing backup, and lost export events leave copies stuck.',
      },
      {
        metric: mustHappen(watched, received),
        threshold: Threshold.below(1),
        // The hour under way and one that is over: neither decides alone.
        periods: 2,
        missing: TreatMissingData.IGNORE,
      },
    );
  }
}
