/** A spoke that refuses the ledger: somebody took its reader role's trust away. */
import { GetRoleCommand, IAMClient, UpdateAssumeRolePolicyCommand } from '@aws-sdk/client-iam';
import { LambdaClient, UpdateFunctionConfigurationCommand, waitUntilFunctionUpdatedV2 } from '@aws-sdk/client-lambda';
import { spokeRoleName } from '../shared/contract.ts';
import type { Stage, StageEnvironment } from './stage.ts';

/**
 * Lets the reader role of a spoke trust nobody. A session of it lasts up to an hour, so the function of this name starts anew, and has
 * none. Returns what gives the role its trust back.
 */
export async function refuseReader(
  stage: Stage,
  { region, client }: StageEnvironment,
  functionName: string,
): Promise<() => Promise<void>> {
  const iam = new IAMClient(client);
  const RoleName = spokeRoleName('reader', region);
  const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
  const trust = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '');
  const setTrust = async (PolicyDocument: string) => {
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument }));
  };
  await setTrust(trust.replaceAll('"Allow"', '"Deny"'));
  await startAnew(new LambdaClient(stage.client), functionName);
  return () => setTrust(trust);
}

/** What it is given may be anything that Lambda starts a function anew for. */
async function startAnew(client: LambdaClient, FunctionName: string): Promise<void> {
  const Timeout = 600;
  await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout }));
  await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 30, minDelay: 1, maxDelay: 1 }, { FunctionName });
}
