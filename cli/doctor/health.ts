import type { StackResourceSummary } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, GetMetricStatisticsCommand } from '@aws-sdk/client-cloudwatch';
import { GetRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { sumBy } from 'es-toolkit/math';
import type { Fleet } from '../../shared/config/index.ts';
import {
  constructIds,
  exportService,
  type FoundSettings,
  functionNames,
  functionOutputs,
  type OutputName,
  type SettingName,
} from '../../shared/contract.ts';
import { dayMs } from '../../shared/lib/time.ts';
import { ringingAlarms } from '../aws/alarms.ts';
import { output } from '../aws/deployment.ts';
import type { Deployment } from '../dependencies.ts';
import type { DoctorFinding } from './finding.ts';

/** Variables that every function has, with the output of the stack that holds the same. */
const sharedSettings: Readonly<Partial<Record<SettingName<'shared'>, OutputName>>> = {
  LEDGER_TABLE: 'LedgerTableName',
  ALERT_TOPIC_ARN: 'AlertTopicArn',
};

/** Whether the functions can run, use the stack's own resources, and ran without errors for a day. */
export async function checkFunctions(deployment: Deployment, now: Date): Promise<DoctorFinding[]> {
  const [lambda, cloudWatch] = [new LambdaClient(), new CloudWatchClient()];
  const findings: DoctorFinding[] = [];
  for (const name of functionNames.map((one) => output(deployment, functionOutputs[one]))) {
    const state = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
    if (state.State === 'Failed' || state.LastUpdateStatus === 'Failed') {
      const found = `${name} cannot run: ${state.StateReason ?? state.LastUpdateStatusReason ?? state.State}`;
      findings.push({ check: 'functions', kind: 'problem', found, cure: 'Deploy the stack again.' });
      continue;
    }
    for (const [variable, output] of Object.entries(sharedSettings)) {
      const [has, should] = [state.Environment?.Variables?.[variable], deployment.outputs[output]];
      if (has === should) continue;
      findings.push({
        check: 'functions',
        kind: 'problem',
        found: `${name} works with ${variable}=${has ?? ''}, and the stack has ${should ?? 'none'}`,
        cure: 'Somebody changed it by hand: deploy the stack again with --revert-drift.',
      });
    }
    const errors = await errorsOfDay(cloudWatch, name, now);
    if (errors === 0) continue;
    findings.push({
      check: 'functions',
      kind: 'problem',
      found: `${name} failed ${errors === 1 ? 'once' : `${errors} times`} in 24 hours`,
      cure: `Read why: aws logs tail ${state.LoggingConfig?.LogGroup ?? `/aws/lambda/${name}`} --since 24h --filter-pattern ERROR`,
    });
  }
  if (findings.length > 0) return findings;
  return [{ check: 'functions', kind: 'ok', found: 'all three can run, no error in 24 hours', cure: null }];
}

async function errorsOfDay(cloudWatch: CloudWatchClient, name: string, now: Date): Promise<number> {
  const { Datapoints } = await cloudWatch.send(
    new GetMetricStatisticsCommand({
      Namespace: 'AWS/Lambda',
      MetricName: 'Errors',
      Dimensions: [{ Name: 'FunctionName', Value: name }],
      StartTime: new Date(now.getTime() - dayMs),
      EndTime: now,
      Period: 3600,
      Statistics: ['Sum'],
    }),
  );
  return sumBy(Datapoints ?? [], ({ Sum }) => Sum ?? 0);
}

/** Messages that could not be processed. */
export async function checkDeadLetters(resources: readonly StackResourceSummary[]): Promise<DoctorFinding[]> {
  const sqs = new SQSClient();
  const queues = resources.filter(
    ({ ResourceType, LogicalResourceId }) =>
      ResourceType === 'AWS::SQS::Queue' && LogicalResourceId?.includes(constructIds.deadLetters),
  );
  const findings: DoctorFinding[] = [];
  for (const { PhysicalResourceId: QueueUrl, LogicalResourceId } of queues) {
    const request = new GetQueueAttributesCommand({
      QueueUrl,
      AttributeNames: ['ApproximateNumberOfMessages', 'QueueArn'],
    });
    const { Attributes } = await sqs.send(request);
    const waiting = Number(Attributes?.ApproximateNumberOfMessages ?? 0);
    if (waiting === 0) continue;
    const name = QueueUrl?.split('/').at(-1) ?? LogicalResourceId;
    findings.push({
      check: 'dead letters',
      kind: 'problem',
      found: `${waiting} in ${name}`,
      cure: LogicalResourceId?.startsWith(constructIds.alerts)
        ? 'SNS could not deliver these messages: each names its recipient\'s error. Correct what "subscriptions" above shows, notify those people ("alerts"), then empty the queue.'
        : `The runbook's section on dead letters says what to check. Once the cause is gone, those of "record" go back with: aws sqs start-message-move-task --source-arn ${Attributes?.QueueArn}; of the others, "sweep" does the work again.`,
    });
  }
  if (findings.length > 0) return findings;
  return [{ check: 'dead letters', kind: 'ok', found: `none in ${queues.length} queues`, cure: null }];
}

/** Without its key nothing of the ledger can be read. */
export async function checkKeys(
  resources: readonly StackResourceSummary[],
  { adopt }: Pick<Fleet, 'adopt'>,
): Promise<DoctorFinding[]> {
  const kms = new KMSClient();
  const own = resources.filter(({ ResourceType }) => ResourceType === 'AWS::KMS::Key');
  const keys = [...own.map(({ PhysicalResourceId }) => PhysicalResourceId), ...(adopt ? [adopt.tableKeyArn] : [])];
  const findings: DoctorFinding[] = [];
  for (const KeyId of keys) {
    const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId }));
    if (KeyMetadata?.KeyState === 'Enabled') continue;
    const when = KeyMetadata?.DeletionDate ? ` on ${KeyMetadata.DeletionDate.toISOString()}` : '';
    findings.push({
      check: 'key',
      kind: 'problem',
      found: `the key ${KeyId} is ${KeyMetadata?.KeyState}${when}: ledger, topic and copies cannot be read without it`,
      cure:
        KeyMetadata?.KeyState === 'PendingDeletion'
          ? `At once: aws kms cancel-key-deletion --key-id ${KeyId}, then aws kms enable-key --key-id ${KeyId}`
          : `aws kms enable-key --key-id ${KeyId}`,
    });
  }
  if (findings.length > 0 || keys.length === 0) return findings;
  return [{ check: 'key', kind: 'ok', found: 'enabled', cure: null }];
}

/** RDS does not use the export role before the first export: without this check its absence would show only then. */
export async function checkRoles(deployment: Deployment): Promise<DoctorFinding[]> {
  const lambda = new LambdaClient();
  const name = output(deployment, functionOutputs.copy);
  const { Environment, Role } = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: name }));
  const settings: FoundSettings = Environment?.Variables ?? {};
  const iam = new IAMClient();
  const findings: DoctorFinding[] = [];
  for (const [arn, service] of [
    [settings.EXPORT_ROLE_ARN, exportService],
    [Role, 'lambda.amazonaws.com'],
  ] as const) {
    const problem = arn === undefined ? `${name} names no role for ${service}` : await roleProblem(iam, arn, service);
    if (problem)
      findings.push({
        check: 'roles',
        kind: 'problem',
        found: problem,
        cure: 'Deploy the stack again with --revert-drift.',
      });
  }
  if (findings.length > 0) return findings;
  return [{ check: 'roles', kind: 'ok', found: 'those of exports and of their function are there', cure: null }];
}

async function roleProblem(iam: IAMClient, arn: string, service: string): Promise<string | undefined> {
  const RoleName = arn.split('/').at(-1);
  try {
    const { Role } = await iam.send(new GetRoleCommand({ RoleName }));
    const trusts = decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '').includes(service);
    return trusts ? undefined : `the role ${RoleName} does not trust ${service}`;
  } catch (error) {
    if (error instanceof Error && /^NoSuchEntity/.test(error.name)) return `the role ${RoleName} is gone`;
    throw error;
  }
}

export async function checkAlarms(stack: string): Promise<DoctorFinding[]> {
  const ringing = await ringingAlarms(stack);
  if (ringing.length === 0) return [{ check: 'alarms', kind: 'ok', found: 'none rings', cure: null }];
  return ringing.map(({ name, description, since }) => ({
    check: 'alarms',
    kind: 'problem',
    found: `${name} rings${since === null ? '' : ` since ${since}`}`,
    cure: description || 'See its section in the runbook.',
  }));
}
