import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bootstrap } from '../../local/aws/deploy.ts';
import {
  childEnvironment,
  noOtherAccount,
  pipEnvironment,
  removeAwsSettings,
  shellSettings,
} from '../../local/aws/environment.ts';
import { clientConfig, localAccount, startLocalAws } from '../../local/aws/local-aws.ts';
import { ensureVenv, findPython } from '../../local/aws/python.ts';

const run = promisify(execFile);
const repository = join(import.meta.dirname, '../..');
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "an environment's "));
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** A shell that is set up for another AWS, behind a proxy; all of it leads to one address. */
const elsewhere = (address: string) => ({
  AWS_PROFILE: 'it\'s "nope" $(exit 1)',
  AWS_DEFAULT_PROFILE: 'nope',
  AWS_ACCESS_KEY_ID: 'AKIAREAL',
  AWS_SESSION_TOKEN: 'real',
  AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/real',
  AWS_WEB_IDENTITY_TOKEN_FILE: '/nowhere/token',
  AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://${address}/credentials`,
  AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://${address}`,
  AWS_ENDPOINT_URL: `http://${address}`,
  AWS_ENDPOINT_URL_DYNAMODB: `http://${address}`,
  AWS_ENDPOINT_URL_STS: `http://${address}`,
  AWS_ENDPOINT_URL_CLOUDFORMATION: `http://${address}`,
  AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true',
  AWS_USE_FIPS_ENDPOINT: 'true',
  AWS_USE_DUALSTACK_ENDPOINT: 'true',
  AWS_MAX_ATTEMPTS: 'many',
  AWS_RETRY_MODE: 'never',
  AWS_CA_BUNDLE: '/nowhere/ca.pem',
  NODE_EXTRA_CA_CERTS: '/nowhere/ca.pem',
  CDK_PROXY: `http://${address}`,
  CDK_PROFILE: 'nope',
  HTTP_PROXY: `http://${address}`,
  HTTPS_PROXY: `http://${address}`,
  ALL_PROXY: `http://${address}`,
  https_proxy: `http://${address}`,
  NODE_USE_ENV_PROXY: '1',
  npm_config_https_proxy: `http://${address}`,
  no_proxy: 'intranet.example',
});

describe('what the shell has set', () => {
  it('does not reach child processes, except for folders and language', () => {
    const shell = {
      ...elsewhere('198.51.100.1'),
      HOME: '/home/ann',
      PATH: '/bin',
      LANG: 'C.UTF-8',
      NODE_OPTIONS: '-x',
    };
    expect(childEnvironment({ AWS_REGION: 'eu-west-1' }, shell)).toEqual({
      ...noOtherAccount,
      HOME: '/home/ann',
      LANG: 'C.UTF-8',
      PATH: [dirname(process.execPath), '/bin'].join(delimiter),
      AWS_REGION: 'eu-west-1',
    });
  });

  it('about AWS is removed from this process, and nothing else', () => {
    const shell = { ...elsewhere('198.51.100.1'), HOME: '/home/ann' };
    const others = Object.fromEntries(Object.entries(shell).filter(([name]) => !name.startsWith('AWS_')));
    removeAwsSettings(shell);
    expect(shell).toEqual({ ...others, ...noOtherAccount });
  });

  it('reaches pip, except what changes where it installs and what it takes for installed', () => {
    const users = { ...elsewhere('198.51.100.1'), PIP_INDEX_URL: 'https://pip.example', PIP_CERT: '/etc/ca.pem' };
    const shell = { ...users, PIP_TARGET: '/usr/lib', PIP_USER: '1', PYTHONPATH: '/opt/ros' };
    expect(pipEnvironment(shell)).toEqual({ ...users, PIP_DISABLE_PIP_VERSION_CHECK: '1' });
  });
});

const printEnvironment = `'${process.execPath}' -p 'JSON.stringify(process.env)'`;

/** The exported variables of a shell that starts with some and runs a script. */
async function exportedBy(shell: string, script: string, variables: Record<string, string>) {
  const { stdout } = await run(shell, ['-c', `${script}\n${printEnvironment}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...variables },
  });
  return JSON.parse(stdout) as Record<string, string>;
}

const shells = ['sh', 'bash', 'zsh'].filter((shell) => spawnSync(shell, ['-c', 'exit']).status === 0);

describe.each(shells)('the settings for a terminal, in %s', (shell) => {
  const env = { AWS_ENDPOINT_URL: 'https://127.0.0.1:4566', AWS_CA_BUNDLE: `/tmp/o'brien "$HOME" \`x\`/ca.pem` };
  const settings = async (pid: number) => writeFile(join(folder, 'env'), shellSettings({ pid, env }));

  it('replace all other settings for AWS, and leave the rest as it is', async () => {
    await settings(process.pid);
    const rest = { HTTPS_PROXY: 'http://proxy.example', NOTE: 'two lines\nAWS_CA_BUNDLE=none' };
    const shown = await exportedBy(shell, 'set -eu; . ./env', { ...elsewhere('198.51.100.1'), ...rest });
    expect(Object.fromEntries(Object.entries(shown).filter(([name]) => /^(AWS|CDK)_/.test(name)))).toEqual(env);
    expect(shown).toMatchObject(rest);
  });

  it.each([
    ['nothing', {}, '127.0.0.1,localhost'],
    ['a host', { NO_PROXY: 'intranet.example' }, 'intranet.example,127.0.0.1,localhost'],
    ['everything', { no_proxy: '*' }, '*'],
  ])('except the local AWS from the proxy, where %s was excepted before', async (_, variables, expected) => {
    await settings(process.pid);
    const { NO_PROXY, no_proxy } = await exportedBy(shell, '. ./env; . ./env', variables);
    expect({ NO_PROXY, no_proxy }).toEqual({ NO_PROXY: expected, no_proxy: expected });
  });

  it('change nothing once the local AWS has ended, and say so', async () => {
    await settings(spawnSync('true').pid);
    const shown = await exportedBy(shell, '. ./env 2>message || true', { AWS_PROFILE: 'mine' });
    expect(shown).toMatchObject({ AWS_PROFILE: 'mine' });
    expect(shown).not.toHaveProperty('AWS_ENDPOINT_URL');
    expect(await readFile(join(folder, 'message'), 'utf8')).toContain('has ended. Start another with: npm start');
  });
});

it('in a shell set up for another AWS, all calls reach the local one, and the home folder stays as it was', async () => {
  await ensureVenv(join(repository, 'local/aws/requirements.txt'));
  let strayed = 0;
  const server = createServer((socket) => {
    strayed++;
    socket.destroy();
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  const home = join(folder, 'home');
  await mkdir(join(home, '.aws'), { recursive: true });
  await writeFile(join(home, '.aws/config'), `[default]\nendpoint_url = http://${address}\nuse_fips_endpoint = true\n`);
  await writeFile(join(home, '.cdk.json'), JSON.stringify({ profile: 'nope', proxy: `http://${address}` }));
  // A version manager finds its Pythons by the home folder.
  const PYTHON = (await findPython()).path;
  const shell = { ...elsewhere(address), HOME: home, TMPDIR: folder, PYTHON };
  for (const [name, value] of Object.entries(shell)) vi.stubEnv(name, value);

  const aws = await startLocalAws({ rdsSimulatorUrl: 'http://127.0.0.1:9' });
  onTestFinished(() => aws.stop());
  const { TableNames } = await new DynamoDBClient(clientConfig(aws)).send(new ListTablesCommand({}));
  expect(TableNames).toEqual([]);

  await bootstrap(aws);
  expect(existsSync(join(aws.env.CDK_HOME ?? '', 'cache/accounts_partitions.json'))).toBe(true);
  expect((await readdir(home, { recursive: true })).sort()).toEqual(['.aws', '.aws/config', '.cdk.json']);

  await writeFile(join(folder, 'env'), shellSettings(aws));
  const script = `. '${join(folder, 'env').replace("'", `'\\''`)}' && '${process.execPath}' --input-type=module -e "$PROGRAM"`;
  const { stdout } = await run('sh', ['-c', script], {
    cwd: repository,
    env: { ...shell, PATH: process.env.PATH, PROGRAM: program },
  });
  expect(JSON.parse(stdout)).toEqual({ account: localAccount, stacks: ['CDKToolkit'], tables: [] });
  expect(strayed).toBe(0);
});

/** Makes its clients as the command line of the product does. */
const program = `
  import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
  import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
  import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
  const { Account: account } = await new STSClient().send(new GetCallerIdentityCommand());
  const { Stacks } = await new CloudFormationClient().send(new DescribeStacksCommand());
  const { TableNames: tables } = await new DynamoDBClient().send(new ListTablesCommand());
  console.log(JSON.stringify({ account, stacks: Stacks.map(({ StackName }) => StackName), tables }));
`;
