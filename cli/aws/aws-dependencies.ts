/** The dependencies on a real deployment. Region, credentials and endpoint come from the SDK's own environment. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoLedger } from '../../shared/ledger/index.ts';
import type { Cloud, DeployedLedger } from '../dependencies.ts';
import { output, readDeployment } from './deployment.ts';
import { requireOneAws } from './endpoints.ts';

export interface AwsOptions {
  /** Name of the stack. */
  readonly stack: string;
  readonly now: () => Date;
}

export interface AwsDependencies {
  ledger(): Promise<DeployedLedger>;
  readonly cloud: Cloud;
}

export function awsDependencies({ stack, now }: AwsOptions): AwsDependencies {
  requireOneAws(process.env);
  const deployment = once(() => readDeployment(stack));
  const ledger = once(async () => {
    const deployed = await deployment();
    const table = output(deployed, 'LedgerTableName');
    const { account, region } = deployed;
    return { ledger: dynamoLedger(new DynamoDBClient(), table, now), table, account, region };
  });
  const cloud: Cloud = {
    deployment,
    ringing: async () => (await import('./alarms.ts')).ringingAlarms(stack),
    sweep: async (request) => (await import('./functions.ts')).invokeSweep(await deployment(), request),
    cancelExport: async (taskId, region) => (await import('./exports.ts')).cancelExport(taskId, region),
    configuration: async () => (await import('./functions.ts')).deployedConfiguration(await deployment()),
    report: async (key) => (await import('./reports.ts')).fetchReport(await deployment(), key),
    examine: async function* (options) {
      const { examine } = await import('../doctor/examine.ts');
      yield* examine({ stack, deployment, ledger, now, ...options });
    },
  };
  return { ledger, cloud };
}

/** Reads once, for all callers. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}
