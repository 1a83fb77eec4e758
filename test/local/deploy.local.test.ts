/** The real CDK over several accounts and Regions, by the roles that its bootstrap makes. */
import { fileURLToPath } from 'node:url';
import { EventBridgeClient, PutEventsCommand, RemovePermissionCommand } from '@aws-sdk/client-eventbridge';
import { GetQueueUrlCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bootstrap, deploy } from '../../local/aws/deploy.ts';
import { clientConfig, type LocalAws, localEnvironment, startLocalAws } from '../../local/aws/local-aws.ts';
import { readTrail } from '../../local/aws/trail.ts';
import type { Environment } from '../../shared/domain/index.ts';

const hub = localEnvironment;
const spoke: Environment = { account: '111122223333', region: 'eu-central-1' };
const app = `node --import tsx ${fileURLToPath(new URL('two-accounts.ts', import.meta.url))}`;

let aws: LocalAws;
beforeAll(async () => {
  aws = await startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:9' });
});
afterAll(() => aws?.stop());

async function received(of: Environment, QueueName: string): Promise<object[]> {
  const sqs = new SQSClient(clientConfig(aws, of));
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  return Messages.map(({ Body = '' }) => JSON.parse(Body));
}

it('an event of a spoke reaches the hub while the hub’s bus admits it, and is a dead letter of the spoke afterwards', async () => {
  await bootstrap(aws, { environments: [hub, spoke] });
  await deploy(aws, { app, all: true });
  const deployed = (await readTrail(aws)).filter(({ action }) => action === 'cloudformation:CreateChangeSet');
  expect(deployed.map(({ role }) => role)).toEqual(
    [hub, spoke].map(({ account, region }) => `cdk-hnb659fds-deploy-role-${account}-${region}`),
  );

  const put = () => {
    const Entries = [{ Source: 'aws.rds', DetailType: 'RDS DB Snapshot Event', Detail: '{}' }];
    return new EventBridgeClient(clientConfig(aws, spoke)).send(new PutEventsCommand({ Entries }));
  };
  await put();
  expect(await received(hub, 'arrived')).toMatchObject([spoke]);
  expect(await received(spoke, 'dead-letters')).toEqual([]);

  const bus = new EventBridgeClient(clientConfig(aws, hub));
  await bus.send(new RemovePermissionCommand({ EventBusName: 'of-all', RemoveAllPermissions: true }));
  await put();
  expect(await received(hub, 'arrived')).toEqual([]);
  expect(await received(spoke, 'dead-letters')).toMatchObject([spoke]);
}, 120_000);
