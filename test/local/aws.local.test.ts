import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BackupClient, ListBackupJobsCommand, ListBackupVaultsCommand } from '@aws-sdk/client-backup';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DescribeDBInstancesCommand, RDSClient } from '@aws-sdk/client-rds';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { afterEach, beforeAll, expect, onTestFinished, test, vi } from 'vitest';
import { clientConfig, type LocalAws, localAccount, startLocalAws } from '../../local/aws/local-aws.ts';
import { ensureVenv, findPython } from '../../local/aws/python.ts';
import { startRdsServer } from '../../local/rds/server.ts';
import { RdsSimulator } from '../../local/rds/simulator.ts';

vi.setConfig({ testTimeout: 60_000 });
const requirements = fileURLToPath(new URL('../../local/aws/requirements.txt', import.meta.url));
beforeAll(() => ensureVenv(requirements), 300_000);

const noSimulator = 'http://127.0.0.1:9';
const running: LocalAws[] = [];

async function start(options: { rdsSimulatorUrl?: string; port?: number } = {}): Promise<LocalAws> {
  const aws = await startLocalAws({ rdsSimulatorUrl: noSimulator, ...options });
  running.push(aws);
  return aws;
}

afterEach(async () => {
  await Promise.all(running.splice(0).map((aws) => aws.stop()));
});

/** A folder with commands that print what a Python of that version would. */
async function fakePythons(pythons: Record<string, { version: string; hasVenv?: boolean }>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fake-python-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  for (const [name, { version, hasVenv = true }] of Object.entries(pythons)) {
    const path = join(folder, name);
    await writeFile(path, `#!/bin/sh\nprintf '%s\\n' ${version} ${path} ${hasVenv ? 'True' : 'False'}\n`);
    await chmod(path, 0o755);
  }
  return folder;
}

test('a Python that is too old is named, with what to install', async () => {
  const PATH = await fakePythons({ python3: { version: '3.9.18' } });
  await expect(findPython({ PATH })).rejects.toThrow(
    /needs Python 3\.10 or newer, but found only 3\.9\.18 \(.*python3\); install one.*apt install python3/,
  );
});

test('no Python at all is said with what to install', async () => {
  const PATH = await fakePythons({});
  await expect(findPython({ PATH })).rejects.toThrow('but found none; install one');
});

test('a Python without venv is said with what to install', async () => {
  const PATH = await fakePythons({ python3: { version: '3.11.2', hasVenv: false } });
  await expect(findPython({ PATH })).rejects.toThrow(/3\.11\.2 .*cannot make virtual environments.*python3-venv/);
});

test('a newer Python beside one that is too old is found, and two-digit minors are newer', async () => {
  const PATH = await fakePythons({ python3: { version: '3.9.1' }, 'python3.12': { version: '3.12.0' } });
  expect(await findPython({ PATH })).toEqual({ version: '3.12.0', path: join(PATH, 'python3.12') });
});

test('PYTHON chooses, and nothing else is tried then', async () => {
  const PATH = await fakePythons({ python3: { version: '3.12.0' }, mine: { version: '3.8.2' } });
  await expect(findPython({ PATH, PYTHON: join(PATH, 'mine') })).rejects.toThrow('found only 3.8.2');
});

test('a port that is taken is said before anything starts', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  await expect(start({ port })).rejects.toThrow(`Port ${port} is taken`);
});

test('two run side by side, and one that ended leaves neither process nor folder, and its port free', async () => {
  const [one, two] = await Promise.all([start(), start()]);
  const identity = await new STSClient(clientConfig(one)).send(new GetCallerIdentityCommand({}));
  expect(identity.Account).toBe(localAccount);
  await one.stop();
  expect(isAlive(one.pid)).toBe(false);
  expect(existsSync(one.folder)).toBe(false);
  const again = await start({ port: one.port });
  for (const aws of [two, again]) await new STSClient(clientConfig(aws)).send(new GetCallerIdentityCommand({}));
});

test('a kill of whoever started it ends it too, and it starts again on the same port', async () => {
  const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', parentScript], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = await once(createInterface({ input: parent.stdout }), 'line');
  const aws = JSON.parse(line) as { pid: number; port: number; folder: string };
  expect(isAlive(aws.pid)).toBe(true);
  parent.kill('SIGKILL');
  await expect.poll(() => isAlive(aws.pid), { timeout: 20_000 }).toBe(false);
  await start({ port: aws.port });
  expect(existsSync(aws.folder)).toBe(false);
});

const parentScript = `
  import { startLocalAws } from ${JSON.stringify(new URL('../../local/aws/local-aws.ts', import.meta.url).href)};
  const { pid, port, folder } = await startLocalAws({ rdsSimulatorUrl: '${noSimulator}' });
  console.log(JSON.stringify({ pid, port, folder }));
`;

test('RDS calls reach the simulator as they were sent, and its answer comes back', async () => {
  const seen: { body: string; type: string | undefined; authorization: string | undefined }[] = [];
  const url = await simulator((body, headers) => {
    seen.push({ body, type: headers['content-type'], authorization: headers.authorization });
    return { status: 400, body: errorXml('DBInstanceNotFound', 'no db-1 here') };
  });
  const rds = new RDSClient(clientConfig(await start({ rdsSimulatorUrl: url })));
  const call = rds.send(new DescribeDBInstancesCommand({ DBInstanceIdentifier: 'db-1', MaxRecords: 20 }));
  await expect(call).rejects.toMatchObject({ name: 'DBInstanceNotFoundFault', message: 'no db-1 here' });
  expect(Object.fromEntries(new URLSearchParams(seen[0]?.body))).toMatchObject({
    Action: 'DescribeDBInstances',
    DBInstanceIdentifier: 'db-1',
    MaxRecords: '20',
  });
  expect(seen[0]?.type).toBe('application/x-www-form-urlencoded');
  expect(seen[0]?.authorization).toContain('/eu-west-1/rds/aws4_request');
});

test('AWS Backup’s jobs are the simulator’s; the rest of AWS Backup is the local AWS’s own', async () => {
  const rds = new RdsSimulator({ now: new Date('2026-11-20T05:00:00Z') });
  rds.createInstance({ id: 'orders' });
  rds.startBackupJob('orders');
  const server = await startRdsServer(rds);
  onTestFinished(() => server.close());
  const backup = new BackupClient(clientConfig(await start({ rdsSimulatorUrl: server.url })));
  const { BackupJobs } = await backup.send(new ListBackupJobsCommand({ ByResourceType: 'RDS' }));
  expect(BackupJobs).toMatchObject([{ State: 'CREATED', StartBy: new Date('2026-11-20T13:00:00Z') }]);
  expect((await backup.send(new ListBackupJobsCommand({ ByResourceType: 'Aurora' }))).BackupJobs).toEqual([]);
  expect((await backup.send(new ListBackupVaultsCommand({}))).BackupVaultList).toEqual([]);
});

test('without a simulator RDS is unavailable, and the message says whose answer is missing', async () => {
  const rds = new RDSClient({ ...clientConfig(await start()), maxAttempts: 1 });
  await expect(rds.send(new DescribeDBInstancesCommand({}))).rejects.toMatchObject({
    message: `The RDS simulator at ${noSimulator} does not answer`,
    $metadata: { httpStatusCode: 503 },
  });
});

test('events of RDS and AWS Backup may be put on the bus; those of other services are refused as on AWS', async () => {
  const bus = new EventBridgeClient(clientConfig(await start()));
  const put = async (Source: string) => {
    const entry = { Source, DetailType: 'RDS DB Snapshot Event', Detail: '{}' };
    return (await bus.send(new PutEventsCommand({ Entries: [entry] }))).Entries?.[0]?.ErrorCode;
  };
  expect([await put('aws.rds'), await put('aws.backup'), await put('own'), await put('aws.ec2')]).toEqual([
    undefined,
    undefined,
    undefined,
    'NotAuthorizedForSourceException',
  ]);
});

type Answer = { status: number; body: string };

async function simulator(answer: (body: string, headers: IncomingHttpHeaders) => Answer): Promise<string> {
  const server = createServer(async (request, response) => {
    const body = (await request.toArray()).join('');
    const { status, body: xml } = answer(body, request.headers);
    response.writeHead(status, { 'content-type': 'text/xml' }).end(xml);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function errorXml(code: string, message: string): string {
  return `<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>1</RequestId></ErrorResponse>`;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
