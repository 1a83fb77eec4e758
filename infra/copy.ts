import { Duration, Stack, Validations } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction } from 'aws-cdk-lib/aws-events-targets';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping, StartingPosition } from 'aws-cdk-lib/aws-lambda';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { partition } from 'es-toolkit/array';
import { copiesAnything, type Fleet, regionsWithoutExports } from '../shared/config/index.ts';
import { constructIds, exportService } from '../shared/contract.ts';
import { capacityOf, capacityWarnings, copyCalls } from '../shared/copies/index.ts';
import { copyTriggers } from '../shared/ledger/index.ts';
import { actionsOn } from '../shared/lib/aws-calls.ts';
import { type Alarms, Threshold } from './alarms.ts';
import { foreignKeys, stagingBuckets, stagingKeys, type TargetBucket, targetBuckets } from './copy-targets.ts';
import { failuresTo, LedgerFunction } from './functions.ts';
import { allowForeignExportKeys, allowKeyUse, grantsToAws } from './key.ts';
import { ledgerUses } from './ledger-uses.ts';
import { productMetric } from './metrics.ts';
import type { Parts } from './parts.ts';
import { DeadLetters } from './queues.ts';
import { rdsUses } from './rds-uses.ts';
import { allow, allowOnBuckets, allowRdsReads, rdsArn } from './rights.ts';

/** Ends of export tasks: failed, cancelled, completed; of instances' snapshots, then of clusters'. */
const exportEnds = ['0159', '0160', '0161', '0162', '0163', '0164'].map((number) => `RDS-EVENT-${number}`);

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
    const exportRole = new Role(this, 'ExportRole', {
      description: 'What RDS writes exported snapshots with',
      // Who may pass the role is decided by iam:PassRole, which does not reach across accounts; RDS documents no
      // aws:SourceAccount for exports, and a condition that never holds would fail them all.
      assumedBy: new ServicePrincipal(exportService),
    });
    this.function = new LedgerFunction(this, 'Copy', {
      handler: 'copy',
      description: 'Starts and follows the copies of backups into their S3 buckets',
      // Parts of a large dump are copied by S3 itself, side by side; memory is for lists of objects.
      memoryMiB: 512,
      // A dump above 5 GB is copied in parts within one run.
      timeout: Duration.minutes(15),
      environment: {
        ...parts.environment,
        EXPORT_ROLE_ARN: exportRole.roleArn,
        EXPORT_KEY_ARN: parts.ledger.key.keyArn,
      },
      asynchronousFailures: deadLetters,
    });
    this.#trigger(parts, deadLetters);
    this.#grantExports(exportRole, parts);
    this.#grant(exportRole, parts);
    if (copiesAnything(parts.fleet)) this.#alarms(parts.alarms, parts.fleet);
    for (const warning of capacityWarnings(capacityOf(parts.fleet)))
      Validations.of(this).addWarning('capacity', warning);
    for (const warning of regionsWithoutExports(parts.fleet))
      Validations.of(this).addWarning('region-without-exports', warning);
  }

  #trigger(parts: Parts, deadLetters: IQueue): void {
    new Rule(this, 'ExportEnds', {
      description: 'Ends of exports of snapshots',
      eventPattern: {
        source: ['aws.rds'],
        account: [Stack.of(this).account],
        detail: { EventID: exportEnds },
      },
      targets: [new LambdaFunction(this.function.function, { deadLetterQueue: deadLetters })],
    });
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

  /** What RDS asks of an export's role, on the configured buckets. Source: Amazon RDS User Guide, "Exporting DB snapshot data". */
  #grantExports(role: Role, { fleet, ledger }: Parts): void {
    if (!copiesAnything(fleet)) return;
    const targets = targetBuckets(fleet);
    allowOnBuckets(role, targets, {
      actions: ['s3:PutObject*', 's3:GetObject*', 's3:DeleteObject*'],
      objects: ({ objects }) => objects,
      wildcard: 'The actions that RDS documents for an export, on what lies where copies go.',
    });
    allowOnBuckets(role, targets, {
      actions: ['s3:ListBucket', 's3:GetBucketLocation'],
      wildcard: ownBucketsReason,
    });
    allowKeyUse(role, [ledger.key.keyArn]);
    allowForeignExportKeys(role, foreignKeys(fleet));
  }

  #grant(exportRole: Role, parts: Parts): void {
    const { fleet, ledger } = parts;
    const { role } = this.function;
    allow(role, {
      actions: actionsOn(copyCalls, 'snapshot'),
      resources: [rdsArn(role, 'snapshot'), rdsArn(role, 'cluster-snapshot')],
      wildcard: 'The snapshots of tomorrow are not known today.',
    });
    allowRdsReads(role, rdsUses.copy);
    allow(role, {
      actions: actionsOn(copyCalls, 'account'),
      resources: ['*'],
      wildcard: "The account's slots are counted without naming a snapshot, and then RDS has no resource to judge by.",
    });
    allow(role, {
      actions: actionsOn(copyCalls, 'exportRole'),
      resources: [exportRole.roleArn],
      conditions: { StringEquals: { 'iam:PassedToService': exportService } },
    });
    allow(role, {
      actions: actionsOn(copyCalls, 'exportKey'),
      resources: [ledger.key.keyArn],
      conditions: grantsToAws,
    });
    allowForeignExportKeys(role, foreignKeys(fleet));
    this.#grantBuckets(role, fleet);

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
    parts.allowConfiguration(this.function);
    parts.allowAlerts(this.function);
  }

  /** Verifying what was copied, and for `object` mode the copying itself. */
  #grantBuckets(role: Role, fleet: Fleet): void {
    if (!copiesAnything(fleet)) return;
    const targets = targetBuckets(fleet);
    const staging = stagingBuckets(fleet);
    const [written, exported] = partition(targets, ({ writtenByFunction }) => writtenByFunction);
    const read = [...exported, ...staging.map((bucket) => ({ ...bucket, objects: '*' }))];
    allowOnBuckets(role, read, { actions: actionsOn(copyCalls, 'bucket'), wildcard: ownBucketsReason });
    allowOnBuckets(role, read, { ...objectsIn, actions: actionsOn(copyCalls, 'readObject') });
    const bucketActions = [...actionsOn(copyCalls, 'bucket'), ...actionsOn(copyCalls, 'writtenBucket')];
    allowOnBuckets(role, written, { actions: bucketActions, wildcard: ownBucketsReason });
    const objectActions = [...actionsOn(copyCalls, 'readObject'), ...actionsOn(copyCalls, 'writtenObject')];
    allowOnBuckets(role, written, { ...objectsIn, actions: objectActions });
    const keys = stagingKeys(fleet);
    if (keys.length > 0) allow(role, { actions: ['kms:Decrypt'], resources: keys });
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

const objectsIn = {
  objects: ({ objects }: Pick<TargetBucket, 'objects'>) => objects,
  wildcard: 'Copies are folders of objects that RDS names, and dumps are named by a pattern.',
};

const ownBucketsReason =
  'The buckets that the stack makes for single databases are one pattern: a policy has room for few names.';

/** Hours that CloudWatch looks back where periods are an hour or longer. Source: PutMetricAlarm, EvaluationPeriods. */
const longestLook = 168;
