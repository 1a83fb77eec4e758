import { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { Fleet } from '../../shared/config/index.ts';
import { type FoundSettings, functionOutputs } from '../../shared/contract.ts';
import type { SweepReport } from '../../shared/sweep/index.ts';
import type { Deployment } from '../dependencies.ts';
import { UserError } from '../user-error.ts';
import { output } from './deployment.ts';

/** Lambda's longest run, and a minute for the way there and back. */
const longestMs = 16 * 60_000;

/** Runs the sweep function and waits for its report. */
export async function invokeSweep(
  deployment: Deployment,
  request: Readonly<Record<string, unknown>>,
): Promise<SweepReport> {
  // One try: a second one would be a second sweep.
  const lambda = new LambdaClient({
    maxAttempts: 1,
    requestHandler: { requestTimeout: longestMs, socketTimeout: longestMs },
  });
  const answer = await lambda.send(
    new InvokeCommand({
      FunctionName: output(deployment, functionOutputs.sweep),
      Payload: JSON.stringify(request),
    }),
  );
  const text = answer.Payload?.transformToString() ?? '';
  if (answer.FunctionError !== undefined) throw new UserError(`The sweep function failed: ${failure(text)}`);
  const report: unknown = JSON.parse(text);
  if (!isReport(report)) throw new Error(`the sweep function answered with something else: ${text.slice(0, 200)}`);
  return report;
}

function isReport(value: unknown): value is SweepReport {
  return typeof value === 'object' && value !== null && 'counts' in value && 'databases' in value;
}

function failure(payload: string): string {
  try {
    const { errorType, errorMessage }: { errorType?: unknown; errorMessage?: unknown } = JSON.parse(payload);
    return [errorType, errorMessage].filter((part) => typeof part === 'string').join(': ');
  } catch {
    return payload.slice(0, 500);
  }
}

/** The configuration that the functions read, from where they read it. */
export async function deployedConfiguration(
  deployment: Deployment,
): Promise<{ readonly fleet: Fleet; readonly hash: string; readonly text: string }> {
  const { configHash, parseConfig } = await import('../../shared/config/index.ts');
  const { account, region } = deployment;
  const name = output(deployment, functionOutputs.sweep);
  const { Environment } = await new LambdaClient().send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  const { CONFIG_BUCKET: Bucket, CONFIG_KEY: Key }: FoundSettings = Environment?.Variables ?? {};
  if (Bucket === undefined || Key === undefined)
    throw new UserError(`The function ${name} has no CONFIG_BUCKET and CONFIG_KEY`, 'deploy the stack again.');
  const { Body } = await new S3Client().send(new GetObjectCommand({ Bucket, Key }));
  const text = (await Body?.transformToString()) ?? '';
  return { fleet: parseConfig(text, { account, region, name: `s3://${Bucket}/${Key}` }), hash: configHash(text), text };
}
