import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import type { OutputName } from '../../shared/contract.ts';
import type { Deployment } from '../dependencies.ts';
import { UserError } from '../user-error.ts';

/** The stack as CloudFormation knows it. */
export async function readDeployment(stack: string): Promise<Deployment> {
  const client = new CloudFormationClient();
  const region = await client.config.region();
  const found = await client.send(new DescribeStacksCommand({ StackName: stack })).then(
    ({ Stacks }) => Stacks?.[0],
    (error: unknown) => {
      // CloudFormation has no error of its own for a stack that is not there.
      if (error instanceof Error && error.name === 'ValidationError' && /does not exist/.test(error.message))
        return undefined;
      throw error;
    },
  );
  if (found?.StackId === undefined || found.StackStatus === 'DELETE_COMPLETE') {
    throw new UserError(
      `There is no stack "${stack}" in ${region} of this account`,
      'deploy it with "npx cdk deploy", or choose another Region (AWS_REGION), profile (AWS_PROFILE) or name (--stack).',
    );
  }
  const [, partition = 'aws', , stackRegion = region, account = ''] = found.StackId.split(':');
  const outputs = Object.fromEntries(
    (found.Outputs ?? []).map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]),
  );
  return { stack, status: found.StackStatus ?? 'unknown', account, region: stackRegion, partition, outputs };
}

/** An output of the stack; a stack without it is another one, or was not deployed to its end. */
export function output({ stack, outputs, status }: Deployment, name: OutputName): string {
  const value = outputs[name];
  if (value === undefined || value === '') {
    throw new UserError(
      `The stack "${stack}" (${status}) has no output ${name}`,
      'it is another stack, or its deployment did not get to its end; run "npx cdk deploy" again.',
    );
  }
  return value;
}
