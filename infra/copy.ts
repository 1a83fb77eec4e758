import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { copiesAnything, type Fleet } from '../shared/config/index.ts';
import { constructIds } from '../shared/contract.ts';
import { copyTriggers } from '../shared/ledger/index.ts';
import { type Alarms, Threshold } from './alarms.ts';
import { allowCopies, newExportRole, warnOfCopies } from './copy-rights.ts';
import { forwardedEventsRule, ownEventsRule } from './event-rules.ts';
import { failuresTo, LedgerFunction } from './functions.ts';
import { ledgerUses } from './ledger-uses.ts';
import { productMetric } from './metrics.ts';
import type { Parts } from './parts.ts';
import { DeadLetters } from './queues.ts';
import { allow, allowAssuming } from './rights.ts';

/** Copies of backups: the ledger's stream and the ends of exports trigger the function that starts and follows them. */
export class CopyBackups extends Construct {
  readonly function: LedgerFunction;

  constructor(scope: Construct, id: string, parts: Parts) {
    super(scope, id);
    const deadLetters = new DeadLetters(this, constructIds.deadLetters, {
      alarms: parts.alarms,
      ...(copiesAnything(parts.fleet) && {
        alarm: {
          name: 'copy dead letters',
          impact: 'A trigger of the copy function was lost: copies start or end late, with the next watch.',
        },
      }),
    }).queue;
    const keyArn = parts.ledger.key.keyArn;
    const exportRole = newExportRole(this, 'ExportRole', parts.own, { keyArn });
    this.function = new LedgerFunction(this, 'Copy', {
      handler: 'copy',
      description: 'Starts and follows the copies of backups into their S3 buckets',
      // Parts of a large dump are copied by S3 itself, side by side; memory is for lists of objects.
      memoryMiB: 512,
      // A dump above 5 GB is copied in parts within one run.
      timeout: Duration.minutes(15),
      config: parts.config,
      environment: {
        ...parts.environment,
        EXPORT_ROLE_ARN: exportRole.roleArn,
        EXPORT_KEY_ARN: keyArn,
      },
      asynchronousFailures: deadLetters,
    });
    this.#trigger(parts, deadLetters);
    this.#grant(exportRole.roleArn, parts);
    if (copiesAnything(parts.fleet)) this.#alarms(parts.alarms, parts.fleet);
    warnOfCopies(this, parts.own);
  }

  #trigger(parts: Parts, deadLetters: IQueue): void {
    const target = new LambdaFunction(this.function.function, { deadLetterQueue: deadLetters });
    ownEventsRule(this, 'ExportEnds', 'export-ends', { target });
    if (parts.bus) forwardedEventsRule(this, 'ForwardedExportEnds', 'export-ends', { target, bus: parts.bus });
    new EventSourceMapping(this, 'Stream', {
      target: this.function.function,
      eventSourceArn: parts.ledger.streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      // Not every step: Lambda's recursion detection does not know DynamoDB, and copy would trigger itself for ever.
      filters: copyTriggers.map((pattern) => ({ pattern: JSON.stringify(pattern) })),
      batchSize: 100,
      // A night's backups come in bursts, and one run starts as many copies as there are slots.
      maxBatchingWindow: Duration.seconds(5),
      // One run a shard at a time (the default): starts are serialized by a lease anyway, and a triggered run ends within a
      // minute or two, since long object copies are left to the watch.
      parallelizationFactor: 1,
      retryAttempts: 5,
      bisectBatchOnError: true,
      // What is older has been seen by a watch.
      maxRecordAge: Duration.hours(1),
      onFailure: failuresTo(deadLetters),
    });
  }

  #grant(exportRoleArn: string, parts: Parts): void {
    const { fleet, own, ledger } = parts;
    const { role } = this.function;
    allowCopies(role, own, { exportRoleArn, keyArn: ledger.key.keyArn });
    allow(role, {
      actions: ['dynamodb:DescribeStream', 'dynamodb:GetRecords', 'dynamodb:GetShardIterator'],
      resources: [ledger.streamArn],
    });
    allow(role, {
      actions: ['dynamodb:ListStreams'],
      resources: ['*'],
      wildcard: 'DynamoDB judges the listing of streams, which Lambda asks for, by no resource.',
    });
    ledger.allow(this.function, ledgerUses.copy);
    parts.allowAlerts(this.function);
    allowAssuming(role, fleet, 'copier');
  }

  #alarms(alarms: Alarms, { copies }: Fleet): void {
    const period = Duration.hours(1);
    alarms.add(
      this,
      { name: 'copy failing', impact: 'Backups are not copied to S3: copies are neither started nor followed.' },
      {
        // Invocations by events are tried three times, those by the stream six; one failure among them heals itself.
        metric: this.function.function.metricErrors({ period }),
        threshold: Threshold.atLeast(2),
      },
    );
    alarms.add(
      this,
      { name: 'copies failed', impact: 'The data of these backups is not in its bucket, and is not tried again.' },
      {
        metric: productMetric('CopiesFailed', Stats.SUM, Duration.minutes(15)),
        threshold: Threshold.atLeast(1),
      },
    );
    alarms.add(
      this,
      {
        name: 'copies waiting',
        impact: `A backup has waited for its copy for more than ${copies.queuedHours} hours; it may be gone before its turn.`,
      },
      {
        metric: productMetric('OldestQueuedCopyHours', Stats.MAXIMUM, period),
        threshold: Threshold.above(copies.queuedHours),
      },
    );
    alarms.add(
      this,
      { name: 'copies stalled', impact: 'Copies are queued and none ends: the queue grows until somebody looks.' },
      {
        metric: productMetric('CopiesStalled', Stats.MINIMUM, period),
        threshold: Threshold.atLeast(1),
        periods: Math.min(Math.ceil(copies.stuckHours), longestLook),
      },
    );
  }
}

/** Hours that CloudWatch looks back where periods are an hour or longer. Source: PutMetricAlarm, EvaluationPeriods. */
const longestLook = 168;
