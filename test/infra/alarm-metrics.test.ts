/** What an alarm watches is emitted: by the handler, run here in the environment that the stack gives it, or by AWS. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { RDSClient } from '@aws-sdk/client-rds';
import { S3Client } from '@aws-sdk/client-s3';
import { SNSClient } from '@aws-sdk/client-sns';
import { BatchGetCommand, DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { carriedFile, formatCarried } from '../../shared/config/index.ts';
import { type FunctionName, functionNames, metrics } from '../../shared/contract.ts';
import { itemOfSweep } from '../../shared/ledger/items.ts';
import { aSweep } from '../shared/ledger/rows.ts';
import { mockClient } from '../support/mock-client.ts';
import { fleetOf, plain, type Resource, synthesize } from './synthesized.ts';

const stack = synthesize();
const alarms = stack.all('AWS::CloudWatch::Alarm');

/** The construct that holds each function, its queues and its alarms: what their logical ids begin with. */
const constructs: Readonly<Record<FunctionName, string>> = {
  record: 'RecordEvents',
  sweep: 'SweepDatabases',
  copy: 'CopyBackups',
};
const functionOf = (logicalId: string) => functionNames.find((name) => logicalId.startsWith(constructs[name]));

const dynamo = mockClient(DynamoDBDocumentClient);
mockClient(S3Client).onAnyCommand().resolves({});
mockClient(RDSClient).onAnyCommand().resolves({});
mockClient(SNSClient).onAnyCommand().resolves({});
mockClient(LambdaClient).onAnyCommand().resolves({});

/** A metric as CloudWatch reads it from the log. */
interface Emitted {
  readonly namespace: string;
  readonly name: string;
  readonly unit: string;
  readonly dimensions: Readonly<Record<string, unknown>>;
}

/** The function's environment as the stack sets it, with something in place of what only a deployment knows. */
function environmentOf(fn: FunctionName): Record<string, string> {
  const { Properties } = stack.one('AWS::Lambda::Function', constructs[fn]);
  const variables = Object.entries<unknown>(Properties.Environment.Variables);
  return Object.fromEntries(
    variables.map(([name, value]) => [name, typeof value === 'string' ? value : `arn:aws:any:::${name}`]),
  );
}

/** Metrics in the log of one call of a function. */
async function emittedBy(fn: FunctionName, event: object): Promise<Emitted[]> {
  const lines: string[] = [];
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    const { handler } = (await import(`../../handlers/${fn}.ts`)) as {
      handler: (event: object, context: object) => Promise<unknown>;
    };
    await handler(event, { getRemainingTimeInMillis: () => 900_000 });
  } finally {
    write.mockRestore();
  }
  return lines.filter((line) => line.includes('CloudWatchMetrics')).flatMap((line) => metricsIn(JSON.parse(line)));
}

interface MetricLine extends Readonly<Record<string, unknown>> {
  readonly _aws: {
    readonly CloudWatchMetrics: readonly {
      readonly Namespace: string;
      readonly Dimensions: readonly (readonly string[])[];
      readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
    }[];
  };
}

function metricsIn(line: MetricLine): Emitted[] {
  return line._aws.CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Metrics.flatMap(({ Name, Unit }) =>
      Dimensions.map((names) => ({
        namespace: Namespace,
        name: Name,
        unit: Unit,
        dimensions: Object.fromEntries(names.map((name) => [name, line[name]])),
      })),
    ),
  );
}

/** Where nothing is copied, there are no metrics of copies. */
const copying = {
  operators: [{ email: 'oncall@example.com' }],
  tenants: [{ id: 'acme', databases: [{ id: 'orders', kind: 'instance' }] }],
};

/** The folder of the functions' code, with the configuration in it. */
const taskRoot = mkdtempSync(join(tmpdir(), 'task-root-'));
afterAll(() => rmSync(taskRoot, { recursive: true }));

function configure(configuration: object): void {
  writeFileSync(join(taskRoot, carriedFile), formatCarried({ fleet: fleetOf(configuration), hash: '' }));
}

const emitted = new Map<FunctionName, readonly Emitted[]>();

beforeAll(async () => {
  dynamo.onAnyCommand().resolves({});
  dynamo.on(QueryCommand).resolves({ Items: [] });
  dynamo.on(BatchGetCommand).resolves({ Responses: {} });
  configure(copying);
  for (const fn of functionNames) emitted.set(fn, await emittedIn(fn));
});

async function emittedIn(
  fn: FunctionName,
  event: object = fn === 'record' ? { Records: [] } : {},
): Promise<readonly Emitted[]> {
  // Powertools reads the environment when it is loaded.
  vi.resetModules();
  for (const [name, value] of Object.entries(environmentOf(fn))) vi.stubEnv(name, value);
  vi.stubEnv('AWS_REGION', 'eu-west-1');
  vi.stubEnv('LAMBDA_TASK_ROOT', taskRoot);
  const found = await emittedBy(fn, event);
  vi.unstubAllEnvs();
  return found;
}

/**
 * What AWS emits for a resource. Sources: AWS Lambda Developer Guide, "Types of metrics for Lambda functions"; Amazon SQS
 * Developer Guide, "Available CloudWatch metrics for Amazon SQS"; Amazon SNS Developer Guide, "Monitoring topics with CloudWatch".
 */
const ofAws: Readonly<Record<string, { dimension: string; type: string; metrics: readonly string[] }>> = {
  'AWS/Lambda': {
    dimension: 'FunctionName',
    type: 'AWS::Lambda::Function',
    metrics: ['Invocations', 'Errors', 'Throttles', 'Duration', 'ConcurrentExecutions'],
  },
  'AWS/SQS': {
    dimension: 'QueueName',
    type: 'AWS::SQS::Queue',
    metrics: ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible', 'NumberOfEmptyReceives'],
  },
  'AWS/SNS': { dimension: 'TopicName', type: 'AWS::SNS::Topic', metrics: ['NumberOfNotificationsFailed'] },
};

interface Watched {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

/** The metrics that an alarm watches: its own, or those of its expression. */
function watchedBy({ Properties }: Resource): readonly Watched[] {
  const { Metrics } = Properties as {
    readonly Metrics?: readonly { readonly MetricStat?: { readonly Metric: Watched } }[];
  };
  return Metrics === undefined ? [Properties] : Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []);
}

const watched = alarms.flatMap(([id, alarm]) => watchedBy(alarm).map((metric) => ({ id, alarm, metric })));
const isOfAws = ({ metric }: { metric: Watched }) => metric.Namespace.startsWith('AWS/');

it('every alarm watches something', () => {
  expect(alarms.filter(([, alarm]) => watchedBy(alarm).length === 0)).toEqual([]);
});

describe('an alarm on a metric of ours', () => {
  it.each(watched.filter((one) => !isOfAws(one)))('$id: its function emits that metric', ({ id, metric }) => {
    expect(emitted.get(functionOf(id) as FunctionName)).toContainEqual({
      namespace: metric.Namespace,
      name: metric.MetricName,
      unit: 'Count',
      dimensions: Object.fromEntries((metric.Dimensions ?? []).map(({ Name, Value }) => [Name, Value])),
    });
  });
});

describe('an alarm on a metric of AWS', () => {
  it.each(watched.filter(isOfAws))('$id: AWS emits it for that resource', ({ id, alarm, metric }) => {
    const service = ofAws[metric.Namespace];
    expect(service?.metrics).toContain(metric.MetricName);
    const [dimension, ...others] = metric.Dimensions ?? [];
    expect([dimension?.Name, others]).toEqual([service?.dimension, []]);
    const resource = plain(dimension?.Value).replace(/\.(QueueName|TopicName)$/, '');
    expect(stack.template.Resources[resource]?.Type).toBe(service?.type);
    // An expression counts only while another part of the stack reports.
    if (alarm.Properties.Metrics === undefined) expect(functionOf(resource)).toBe(functionOf(id));
  });
});

describe('the metrics of a function', () => {
  it.each(functionNames)('are those of the contract, with their units: %s', (fn) => {
    const found = emitted.get(fn)?.map(({ name, unit }) => [name, unit]);
    const agreed = Object.entries(metrics).filter(([, metric]) => metric.emittedBy === fn);
    expect(found?.sort()).toEqual(agreed.map(([name, { unit }]) => [name, unit]).sort());
  });

  it('are watched by an alarm, or are for people on purpose', () => {
    const ours = watched.filter((one) => !isOfAws(one)).map(({ metric }) => metric.MetricName);
    const agreed = Object.entries(metrics).filter(([, { readBy }]) => readBy === 'alarm');
    expect([...new Set(ours)].sort()).toEqual(agreed.map(([name]) => name).sort());
  });
});

it('the copy function emits none where nothing is copied: each costs money', async () => {
  configure({ operators: copying.operators, tenants: [] });
  expect(await emittedIn('copy')).toEqual([]);
});

it('a watch emits no heartbeat, which would hide that no sweep runs', async () => {
  const [at, started, finished] = [new Date(), new Date(), new Date()];
  // Where no sweep has run of late, the watch runs one, which has a heartbeat.
  const sweep = itemOfSweep(aSweep({ at, started, finished }));
  dynamo.on(QueryCommand).callsFake((query) => ({ Items: JSON.stringify(query).includes('"SWEEP"') ? [sweep] : [] }));
  configure(copying);
  expect(await emittedIn('sweep', { mode: 'watch' })).toEqual([]);
  dynamo.on(QueryCommand).resolves({ Items: [] });
  expect((await emittedIn('sweep', { mode: 'watch' })).map(({ name }) => name)).toContain('SweepHeartbeat');
});
