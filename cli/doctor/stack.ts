import {
  CloudFormationClient,
  paginateListStackResources,
  type StackResourceSummary,
} from '@aws-sdk/client-cloudformation';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import type { Deployment } from '../dependencies.ts';
import type { DoctorFinding } from './finding.ts';

export async function checkCredentials(): Promise<DoctorFinding[]> {
  const { Arn, Account } = await new STSClient().send(new GetCallerIdentityCommand());
  return [{ check: 'credentials', kind: 'ok', found: `${Arn} in account ${Account}`, cure: null }];
}

/** How the last deployment went, in CloudFormation's words. */
export function checkStack({ stack, status, region }: Deployment): DoctorFinding[] {
  const found = `${stack} in ${region} is ${status}`;
  if (/^(CREATE|UPDATE|IMPORT)_COMPLETE$/.test(status)) return [{ check: 'stack', kind: 'ok', found, cure: null }];
  if (/_IN_PROGRESS$/.test(status)) {
    return [{ check: 'stack', kind: 'warning', found, cure: 'Wait for the deployment to end, and check again.' }];
  }
  if (/^(UPDATE|IMPORT)_ROLLBACK_COMPLETE$/.test(status)) {
    const cure =
      'The last deployment failed and the one before it is in force: see "aws cloudformation describe-stack-events", and deploy again.';
    return [{ check: 'stack', kind: 'warning', found, cure }];
  }
  const cure = 'See "aws cloudformation describe-stack-events" for the first failure, fix it, and deploy again.';
  return [{ check: 'stack', kind: 'problem', found, cure }];
}

export async function stackResources(stack: string): Promise<StackResourceSummary[]> {
  const resources: StackResourceSummary[] = [];
  for await (const page of paginateListStackResources({ client: new CloudFormationClient() }, { StackName: stack })) {
    resources.push(...(page.StackResourceSummaries ?? []));
  }
  return resources;
}
