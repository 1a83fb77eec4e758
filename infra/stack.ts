import { CfnOutput, CfnResource, Stack, type StackProps } from 'aws-cdk-lib';
import { CfnEventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { CfnSchedule } from 'aws-cdk-lib/aws-scheduler';
import type { Construct } from 'constructs';
import { partition } from 'es-toolkit/array';
import { type Fleet, fleetIn } from '../shared/config/index.ts';
import { constructIds, type OutputName } from '../shared/contract.ts';
import { Alerts } from './alerts.ts';
import { Buckets, type KeptBuckets } from './buckets.ts';
import { hubBus } from './bus.ts';
import { DeployedConfiguration } from './configuration.ts';
import { CopyBackups } from './copy.ts';
import { stackKey } from './key.ts';
import { type KeptTable, LedgerTable } from './ledger-table.ts';
import { Parts } from './parts.ts';
import { RecordEvents } from './record.ts';
import { SweepDatabases } from './sweep.ts';

export interface LedgerStackProps extends StackProps {
  readonly fleet: Fleet;
  /** The file that the fleet was read from; the functions get it as it is. */
  readonly configurationPath: string;
  /** The table that `adopt` names. Default: a new one is made. */
  readonly keptTable?: KeptTable;
  /** Buckets that are there already. Default: none. */
  readonly keptBuckets?: KeptBuckets;
}

/** The whole product in one account and Region, and the hub of what is in others. */
export class LedgerStack extends Stack {
  constructor(
    scope: Construct,
    id: string,
    { fleet, configurationPath, keptTable, keptBuckets = { names: [] }, ...props }: LedgerStackProps,
  ) {
    super(scope, id, { description: 'Knows that every tenant has a fresh RDS backup', ...props });
    const [hub = fleet] = fleet.environments;
    const own = fleetIn(fleet, hub);
    const key = stackKey(this, fleet);
    const ledger = new LedgerTable(this, 'Ledger', { key, ...(keptTable && { kept: keptTable }) });
    const alerts = new Alerts(this, constructIds.alerts, { fleet, key });
    const buckets = new Buckets(this, 'Buckets', { fleet: own, key, kept: keptBuckets });
    const configuration = new DeployedConfiguration(this, 'Configuration', {
      path: configurationPath,
      bucket: buckets.configurations,
      key,
    });
    const bus = hubBus(this, fleet);
    const parts = new Parts({ fleet, own, ...(bus && { bus }), ledger, alerts, buckets, configuration });
    const record = new RecordEvents(this, 'RecordEvents', parts);
    const copy = new CopyBackups(this, 'CopyBackups', parts);
    const sweep = new SweepDatabases(this, 'SweepDatabases', parts, { record, copy });

    const outputs: Record<OutputName, string> = {
      LedgerTableName: ledger.tableName,
      AlertTopicArn: alerts.topic.topicArn,
      RecordFunctionName: record.function.function.functionName,
      CopyFunctionName: copy.function.function.functionName,
      SweepFunctionName: sweep.function.function.functionName,
      RecordDeadLetterQueueUrl: record.deadLetters.queueUrl,
      ReportBucketName: buckets.reports.bucketName,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
    this.#startLast();
  }

  /**
   * What makes the functions run by itself is created last. Until then nobody writes into a bucket, and CloudFormation can delete
   * those of a creation that it rolls back: it deletes none that has objects.
   */
  #startLast(): void {
    const resources = this.node.findAll().filter((construct) => CfnResource.isCfnResource(construct));
    const [others, [first, ...later]] = partition(resources, (resource) => !startsFunctions(resource));
    for (const other of others) first?.addResourceDependency(other);
    // One list of everything in the template is enough.
    for (const one of later) if (first) one.addResourceDependency(first);
  }
}

function startsFunctions(resource: CfnResource): boolean {
  return resource instanceof CfnSchedule || resource instanceof CfnEventSourceMapping;
}
