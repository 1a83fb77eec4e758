import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { DescribeDBInstancesCommand, DescribeDBSnapshotsCommand, RDSClient } from '@aws-sdk/client-rds';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  type ClientConfig,
  clientConfig,
  type LocalAws,
  localAccount,
  localRegion,
  startLocalAws,
} from '../../local/aws/local-aws.ts';
import { readTrail } from '../../local/aws/trail.ts';

vi.setConfig({ testTimeout: 60_000 });

const functionCode = `exports.handler = async () => {
  const health = await fetch(process.env.AWS_ENDPOINT_URL + '/_ministack/health');
  const { AWS_ACCESS_KEY_ID: key, AWS_PROFILE, HTTPS_PROXY, NODE_OPTIONS, HOME, LC_ALL } = process.env;
  const { locale, timeZone } = Intl.DateTimeFormat().resolvedOptions();
  const settings = { AWS_PROFILE, HTTPS_PROXY, NODE_OPTIONS, HOME, LC_ALL, locale, timeZone };
  return { node: process.version, pid: process.pid, health: health.status, key, ...settings };
};`;

/** Of the user's shell, which functions must not inherit. */
const shell = {
  AWS_PROFILE: 'nope',
  HTTPS_PROXY: 'http://127.0.0.1:9',
  NODE_OPTIONS: '--no-deprecation',
  LC_ALL: 'tr_TR.UTF-8',
  TZ: 'Pacific/Chatham',
};

const template = {
  Resources: {
    Reader: {
      Type: 'AWS::IAM::Role',
      Properties: {
        RoleName: 'reader',
        AssumeRolePolicyDocument: {
          Statement: [
            { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${localAccount}:root` } },
            { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } },
          ],
        },
        Policies: [
          {
            PolicyName: 'reads',
            PolicyDocument: {
              Statement: [
                {
                  Effect: 'Allow',
                  Action: 'rds:DescribeDBInstances',
                  Resource: `arn:aws:rds:${localRegion}:${localAccount}:db:*`,
                },
                {
                  Effect: 'Allow',
                  Action: 'cloudwatch:PutMetricData',
                  Resource: '*',
                  Condition: { StringEquals: { 'cloudwatch:namespace': 'Own' } },
                },
              ],
            },
          },
        ],
      },
    },
    Function: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        FunctionName: 'probe',
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Role: { 'Fn::GetAtt': ['Reader', 'Arn'] },
        Code: { ZipFile: functionCode },
      },
    },
  },
};

let aws: LocalAws;
let asReader: ClientConfig;

beforeAll(async () => {
  for (const [name, value] of Object.entries(shell)) vi.stubEnv(name, value);
  aws = await startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:9' });
  const cloudFormation = new CloudFormationClient(clientConfig(aws));
  const StackName = 'probe';
  await cloudFormation.send(
    new CreateStackCommand({
      StackName,
      TemplateBody: JSON.stringify(template),
      Capabilities: ['CAPABILITY_NAMED_IAM'],
    }),
  );
  await waitUntilStackCreateComplete({ client: cloudFormation, maxWaitTime: 60, minDelay: 1 }, { StackName });
  const assume = new AssumeRoleCommand({
    RoleArn: `arn:aws:iam::${localAccount}:role/reader`,
    RoleSessionName: 'test',
  });
  const { Credentials: made } = await new STSClient(clientConfig(aws)).send(assume);
  asReader = {
    ...clientConfig(aws),
    credentials: {
      accessKeyId: made?.AccessKeyId ?? '',
      secretAccessKey: made?.SecretAccessKey ?? '',
      sessionToken: made?.SessionToken ?? '',
    },
  };
}, 300_000);

afterAll(async () => {
  vi.unstubAllEnvs();
  await aws?.stop();
});

test('what a role may do goes through, the rest is refused, and the trail tells both', async () => {
  const rds = new RDSClient({ ...asReader, maxAttempts: 1 });
  // Past IAM, the call ends at the simulator, which is away.
  await expect(rds.send(new DescribeDBInstancesCommand({}))).rejects.toThrow('does not answer');
  await expect(rds.send(new DescribeDBSnapshotsCommand({}))).rejects.toThrow(
    /reader\/test is not authorized to perform: rds:DescribeDBSnapshots/,
  );
  const own = (await readTrail(aws)).filter(({ role }) => role === 'reader').map(({ time, ...decision }) => decision);
  const caller = { account: localAccount, role: 'reader', session: 'test' };
  const arn = (kind: string) => `arn:aws:rds:${localRegion}:${localAccount}:${kind}:*`;
  expect(own).toEqual([
    { ...caller, action: 'rds:DescribeDBInstances', resource: arn('db') },
    { ...caller, action: 'rds:DescribeDBSnapshots', resource: arn('snapshot'), refused: 'ImplicitDeny' },
  ]);
});

test('a grant on one metric namespace does not reach another', async () => {
  const cloudWatch = new CloudWatchClient(asReader);
  const put = (Namespace: string) =>
    cloudWatch.send(new PutMetricDataCommand({ Namespace, MetricData: [{ MetricName: 'sweeps', Value: 1 }] }));
  await put('Own');
  await expect(put('Other')).rejects.toThrow('not authorized to perform: cloudwatch:PutMetricData');
});

test('functions run on the Node of the suite, in a clean environment, and end with the local AWS', async () => {
  const lambda = new LambdaClient(clientConfig(aws));
  const answer = await lambda.send(new InvokeCommand({ FunctionName: 'probe' }));
  const { pid, key, ...rest } = JSON.parse(answer.Payload?.transformToString() ?? '');
  expect(rest).toEqual({
    node: process.version,
    health: 200,
    HOME: aws.ownFolders.HOME,
    locale: 'en-US',
    timeZone: 'UTC',
  });
  expect(key).toMatch(/^ASIA/);
  expect(isAlive(pid)).toBe(true);
  await aws.stop();
  await expect.poll(() => isAlive(pid), { timeout: 20_000 }).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
