import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { bootstrap } from '../../local/aws/deploy.ts';
import {
  childEnvironment,
  noOtherAccount,
  pipInstallEnvironment,
  pythonEnvironment,
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
  it('does not reach child processes, except for folders; language and time zone are those of Lambda', () => {
    const language = { LANG: 'tr_TR', LC_ALL: 'tr_TR.ISO-8859-9', TZ: 'Pacific/Chatham', FORCE_COLOR: '1', CI: 'true' };
    const shell = { ...elsewhere('198.51.100.1'), ...language, HOME: '/home/ann', PATH: '/bin', NODE_OPTIONS: '-x' };
    expect(childEnvironment({ AWS_REGION: 'eu-west-1' }, shell)).toEqual({
      ...noOtherAccount,
      HOME: '/home/ann',
      LANG: 'en_US.UTF-8',
      TZ: ':UTC',
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

  it('reaches pip where it fetches packages, except what leads it to other ones or to no certificates', () => {
    const users = {
      ...elsewhere('198.51.100.1'),
      PIP_INDEX_URL: 'https://pip.example',
      PIP_CERT: import.meta.filename,
      REQUESTS_CA_BUNDLE: import.meta.filename,
      PYTHON: 'python3.12',
    };
    const misleading = { PYTHONPATH: '/opt/ros', PYTHONHOME: '/opt/python2', PIP_CONSTRAINT: '/etc/constraints.txt' };
    const none = join(import.meta.dirname, 'none');
    const missing = { CURL_CA_BUNDLE: none, SSL_CERT_FILE: none, SSL_CERT_DIR: none };
    expect(pythonEnvironment({ ...users, ...misleading, ...missing })).toEqual(users);
  });

  it('about pip and Python does not reach pip where it installs', () => {
    const pip = { PIP_TARGET: '/usr/lib', PIP_USER: '1', PIP_PREFIX: '/opt', PIP_CONFIG_FILE: '/etc/pip.conf' };
    const shell = { HOME: '/home/ann', PATH: '/bin', PYTHON: 'python3.12', PYTHONPATH: '/opt/ros', ...pip };
    expect(pipInstallEnvironment(shell)).toEqual({
      HOME: '/home/ann',
      PATH: '/bin',
      PYTHON: 'python3.12',
      PIP_CONFIG_FILE: '/dev/null',
    });
  });
});

const loopback = '127.0.0.1,localhost';

const printEnvironment = `'${process.execPath}' -p 'JSON.stringify(process.env)'`;

/** The exported variables of a shell that starts with some and runs a script. */
async function exportedBy(shell: string, script: string, variables: Record<string, string>) {
  const { stdout } = await run(shell, ['-c', `${script}\n${printEnvironment}`], {
    cwd: folder,
    env: { PATH: process.env.PATH, ...variables },
  });
  return JSON.parse(stdout) as Record<string, string>;
}

const shells = ['sh', 'bash', 'zsh', 'mksh'].filter((shell) => spawnSync(shell, ['-c', 'exit']).status === 0);

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
    ['nothing', {}, [loopback, loopback]],
    ['a host', { NO_PROXY: 'a.example' }, [`a.example,${loopback}`, `a.example,${loopback}`]],
    [
      'a host for some tools',
      { NO_PROXY: 'a', no_proxy: 'b, 127.0.0.1' },
      [`a,${loopback}`, `b, 127.0.0.1,${loopback}`],
    ],
    ['the local AWS', { no_proxy: '127.0.0.1,a' }, ['127.0.0.1,a', '127.0.0.1,a']],
    ['everything', { no_proxy: '*' }, ['*', '*']],
  ])('except the local AWS from the proxy, where %s was excepted before', async (_, variables, expected) => {
    await settings(process.pid);
    const { NO_PROXY, no_proxy } = await exportedBy(shell, 'set -eu; . ./env; . ./env', variables);
    expect([NO_PROXY, no_proxy]).toEqual(expected);
  });

  it('take effect whatever the shell has made of the commands they use', async () => {
    await settings(process.pid);
    const others = 'env() { :; }; sed() { :; }; kill() { false; }; alias env=: sed=: kill=false';
    const shown = await exportedBy(shell, `${others}\n. ./env`, { AWS_PROFILE: 'mine' });
    expect(Object.fromEntries(Object.entries(shown).filter(([name]) => name.startsWith('AWS_')))).toEqual(env);
  });

  it('still lead away from the user’s account once the local AWS has ended, and say so', async () => {
    await settings(spawnSync('true').pid);
    const shown = await exportedBy(shell, '. ./env 2>message && exit 3', {
      AWS_PROFILE: 'mine',
      AWS_SESSION_TOKEN: 'x',
    });
    expect(Object.fromEntries(Object.entries(shown).filter(([name]) => name.startsWith('AWS_')))).toEqual(env);
    expect(await readFile(join(folder, 'message'), 'utf8')).toContain('has ended');
  });
});

it('pip fetches from the user’s index, and installs into the virtual environment whatever the user has set', async () => {
  const elsewhere = join(folder, 'elsewhere');
  const index = join(folder, 'index');
  await mkdir(index);
  const wheel = join(index, 'probe-1.0-py3-none-any.whl');
  await run((await findPython()).path, ['-c', writeWheel, wheel]);
  const hash = createHash('sha256')
    .update(await readFile(wheel))
    .digest('hex');
  const requirementsFile = join(folder, 'requirements.txt');
  await writeFile(requirementsFile, `probe==1.0 --hash=sha256:${hash}\n`);
  const settings = [
    ['no-index', 'true'],
    ['require-virtualenv', 'true'],
    ['user', 'true'],
    ['target', elsewhere],
    ['prefix', elsewhere],
    ['root', elsewhere],
  ];
  const file = join(folder, 'pip.conf');
  await writeFile(file, `[global]\n${settings.map(([name, value]) => `${name} = ${value}\n`).join('')}`);
  vi.stubEnv('PIP_CONFIG_FILE', file);
  vi.stubEnv('PIP_FIND_LINKS', pathToFileURL(index).href);
  vi.stubEnv('PIP_TARGET', elsewhere);
  vi.stubEnv('PIP_CONSTRAINT', '/nowhere/constraints.txt');
  vi.stubEnv('PYTHONHOME', '/nowhere');
  vi.stubEnv('PYTHONINSPECT', '1');
  vi.stubEnv('REQUESTS_CA_BUNDLE', '/nowhere/ca.pem');

  const python = await ensureVenv(requirementsFile);
  onTestFinished(() => rm(join(dirname(python), '..'), { recursive: true }));
  const { stdout } = await run(python, ['-c', 'import probe; print(probe.answer)'], { env: {} });
  expect(stdout).toBe('42\n');
  expect(existsSync(elsewhere)).toBe(false);
});

/** Writes a package whose only module is `probe`. */
const writeWheel = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w") as wheel:
    wheel.writestr("probe.py", "answer = 42")
    wheel.writestr("probe-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: probe\\nVersion: 1.0\\n")
    wheel.writestr("probe-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
    wheel.writestr("probe-1.0.dist-info/RECORD", "")
`;

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
