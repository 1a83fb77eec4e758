import { Duration } from 'aws-cdk-lib';
import { SqsQueue } from 'aws-cdk-lib/aws-events-targets';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { constructIds } from '../shared/contract.ts';
import { type Alarms, Threshold } from './alarms.ts';
import { forwardedEventsRule, ownEventsRule } from './event-rules.ts';
import { LedgerFunction } from './functions.ts';
import { ledgerUses } from './ledger-uses.ts';
import type { Parts } from './parts.ts';
import { DeadLetters, privateQueue } from './queues.ts';
import { rdsUses } from './rds-uses.ts';
import { allow, allowAssuming, allowAwsBackupReads, allowRdsReads } from './rights.ts';

/** A batch is described in two calls and written in a few seconds; a minute leaves room for RDS's throttling. */
const timeout = Duration.minutes(1);

/** Tries of an event before it is a dead letter. */
const maxReceives = 5;

/** The rules whose events are recorded, by their construct ids. */
const ruleIds = {
  backups: 'Rule',
  'backup-jobs': 'BackupJobsRule',
  'restore-jobs': 'RestoreJobsRule',
} as const;

/** What RDS announces goes into the ledger: rule, queue, function, dead letters. */
export class RecordEvents extends Construct {
  readonly function: LedgerFunction;
  readonly events: Queue;
  readonly deadLetters: Queue;

  constructor(scope: Construct, id: string, parts: Parts) {
    super(scope, id);
    // Events that the rule could not deliver and those that the function could not handle have the same body, so one
    // queue holds both, and one redrive to the queue below brings both back.
    this.deadLetters = new DeadLetters(this, constructIds.deadLetters, {
      alarms: parts.alarms,
      alarm: {
        name: 'record dead letters',
        impact: 'RDS events were not recorded; the next sweep finds new backups, but not what else they said.',
      },
    }).queue;
    this.events = privateQueue(this, 'Events', {
      // AWS asks for six times the function's time-out, so that a batch is not handed out twice while it is worked on.
      visibilityTimeout: Duration.seconds(6 * timeout.toSeconds()),
      deadLetterQueue: { queue: this.deadLetters, maxReceiveCount: maxReceives },
    });
    const target = new SqsQueue(this.events, { deadLetterQueue: this.deadLetters });
    for (const [event, id] of Object.entries(ruleIds) as [keyof typeof ruleIds, string][]) {
      ownEventsRule(this, id, event, { target });
      if (parts.bus) forwardedEventsRule(this, `Forwarded${id}`, event, { target, bus: parts.bus });
    }

    this.function = new LedgerFunction(this, 'Record', {
      handler: 'record',
      description: 'Writes the backups that RDS announces into the ledger',
      // JSON of one batch; more memory buys the processor time that a cold start needs.
      memoryMiB: 512,
      timeout,
      config: parts.config,
      environment: parts.environment,
    });
    new EventSourceMapping(this, 'Mapping', {
      target: this.function.function,
      eventSourceArn: this.events.queueArn,
      batchSize: 25,
      // A night's backups come in bursts: a moment's wait makes one describe call out of many.
      maxBatchingWindow: Duration.seconds(5),
      reportBatchItemFailures: true,
      // Each batch asks RDS, which throttles: the queue waits instead.
      maxConcurrency: 5,
    });

    this.#grant(parts, this.events);
    this.#alarms(parts.alarms, this.events);
  }

  #grant(parts: Parts, queue: Queue): void {
    allow(this.function.role, {
      actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
      resources: [queue.queueArn],
    });
    allowRdsReads(this.function.role, rdsUses.record);
    allowAwsBackupReads(this.function.role);
    parts.ledger.allow(this.function, ledgerUses.record);
    parts.allowAlerts(this.function);
    parts.allowReports(this.function);
    allowAssuming(this.function.role, parts.fleet, 'reader');
  }

  #alarms(alarms: Alarms, queue: Queue): void {
    alarms.add(
      this,
      { name: 'record failing', impact: 'New backups do not enter the ledger within seconds, and are not copied.' },
      {
        metric: this.function.function.metricErrors({ period: Duration.minutes(5) }),
        threshold: Threshold.atLeast(1),
        // A failed batch comes again after six minutes: what lasts fails in two of six periods, a hiccup in one.
        periods: 6,
        breaching: 2,
      },
    );
    alarms.add(
      this,
      { name: 'record behind', impact: 'New backups enter the ledger late: events wait in the queue.' },
      {
        metric: queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(5), statistic: 'Maximum' }),
        threshold: Threshold.above(Duration.minutes(15).toSeconds()),
        periods: 3,
      },
    );
  }
}
