import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { generate } from 'selfsigned';
import type { Environment } from '../../shared/domain/index.ts';
import { childEnvironment, noOtherAccount, removeAwsSettings } from './environment.ts';
import { ensureVenv, type Progress } from './python.ts';

const here = dirname(fileURLToPath(import.meta.url));

/** The account and Region of the local AWS; calls with credentials of another account, or for another Region, find that one. */
export const localAccount = '123456789012';
export const localRegion = 'eu-west-1';
export const localEnvironment: Environment = { account: localAccount, region: localRegion };

/** An organization of AWS Organizations, as `aws:PrincipalOrgID` shows it to policies. */
export type Organization = { id: string; accounts: readonly string[] };

const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };

/** Starting takes 1 to 3 seconds; on a machine under full load some more. */
const startLimitMs = 90_000;

export type LocalAwsOptions = {
  /** Where RDS calls go: the simulator's address, plain http on loopback. */
  rdsSimulatorUrl: string;
  /** Default: none. */
  organization?: Organization;
  /** Default: a free one. */
  port?: number;
  /** The file that gets MiniStack's log. Default: inside the run's folder, which vanishes at the end. */
  log?: string;
  /** Called with what is being done. Default: silent. */
  progress?: Progress;
  /** Breaks off the start; whatever was started by then is ended. */
  signal?: AbortSignal;
};

export type LocalAws = {
  /** Such as `https://127.0.0.1:4566`. */
  endpoint: string;
  port: number;
  /** What a child process (see `childEnvironment`) or a terminal needs to reach it and to trust its certificate. */
  env: Record<string, string>;
  /** HOME and TMPDIR of children that would otherwise read or write the user's. */
  ownFolders: OwnFolders;
  /** Its certificate, for clients in this process. */
  certificate: string;
  /** Connections of this process's clients; see `clientConfig`. */
  agent: Agent;
  /** Holds all that this run writes; removed at the end. */
  folder: string;
  /** One JSON line for each decision about a role; see `trail.ts`. */
  trailFile: string;
  /** One JSON line for each e-mail and SMS that SNS would have sent; see `outbox.ts`. */
  outboxFile: string;
  /** The process id of the launcher. */
  pid: number;
  /** Ends it with all functions it runs. Ending twice does nothing. */
  stop(): Promise<void>;
};

type OwnFolders = { HOME: string; TMPDIR: string };

export type ClientConfig = {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
  requestHandler: { httpsAgent: Agent };
};

/**
 * Starts an empty AWS on this machine, with IAM enforced and TLS. Functions run on the Node that runs this, with sessions
 * of their own roles. It ends with this process, however that ends. It removes all other AWS settings from this process's
 * environment.
 */
export async function startLocalAws(options: LocalAwsOptions): Promise<LocalAws> {
  const python = await ensureVenv(join(here, 'requirements.txt'), options.progress, options.signal);
  // Not before pip has run: the user's package index may be one that asks for AWS credentials.
  removeAwsSettings();
  const port = await usablePort(options.port);
  // Outside the repository, or functions would find what they failed to bundle in its node_modules.
  const folder = await mkdtemp(join(resolve(tmpdir()), 'rds-backup-ledger-'));
  const ownFolders = { HOME: join(folder, 'home'), TMPDIR: join(folder, 'tmp') };
  for (const path of Object.values(ownFolders)) await mkdir(path);
  const tls = await writeCertificate(folder);
  const trailFile = join(folder, 'iam-trail.jsonl');
  await writeFile(trailFile, '');
  const outboxFile = join(folder, 'outbox.jsonl');
  await writeFile(outboxFile, '');
  const log = options.log ?? join(folder, 'ministack.log');
  const logFile = await open(log, 'w');
  const launcher = spawn(python, [join(here, 'launcher.py')], {
    cwd: folder,
    env: launcherEnvironment({
      port,
      folder,
      ownFolders,
      trailFile,
      outboxFile,
      rdsSimulatorUrl: options.rdsSimulatorUrl,
      organization: options.organization,
      ...tls,
    }),
    stdio: ['pipe', logFile.fd, logFile.fd],
    // A process group of its own: Ctrl-C is for whoever started this, and ending the group ends the functions as well.
    detached: true,
  });
  await logFile.close();

  const endpoint = `https://127.0.0.1:${port}`;
  const agent = new Agent({ ca: tls.certificate, keepAlive: true });
  let stopped: Promise<void> | undefined;
  const end = async () => {
    agent.destroy();
    await endLauncher(launcher);
    await rm(folder, { recursive: true, force: true });
  };
  const stop = () => {
    stopped ??= end();
    return stopped;
  };
  try {
    await untilHealthy(endpoint, agent, launcher, options.signal);
  } catch (error) {
    const tail = (await readFile(log, 'utf8')).trim().split('\n').slice(-15).join('\n');
    await stop();
    throw new Error(`The local AWS did not start: ${(error as Error).message}\n${tail}`, { cause: error });
  }
  return {
    endpoint,
    port,
    env: clientEnvironment(endpoint, ownFolders, tls.certificateFile),
    ownFolders,
    certificate: tls.certificate,
    agent,
    folder,
    trailFile,
    outboxFile,
    pid: launcher.pid ?? 0,
    stop,
  };
}

/**
 * Settings for AWS clients of this process, by default in the account and Region of the local AWS. They hold the certificate, since
 * Node reads NODE_EXTRA_CA_CERTS only when it starts. Children need `aws.env` alone.
 */
export function clientConfig(
  aws: Pick<LocalAws, 'endpoint' | 'agent'>,
  of: Environment = localEnvironment,
): ClientConfig {
  return {
    endpoint: aws.endpoint,
    region: of.region,
    credentials: credentialsOf(of.account),
    requestHandler: { httpsAgent: aws.agent },
  };
}

/** Keys of an account's root user: MiniStack takes an access key of 12 digits for that account's. */
export function credentialsOf(account: string): { accessKeyId: string; secretAccessKey: string } {
  return account === localAccount ? credentials : { ...credentials, accessKeyId: account };
}

/** The given port, or a free one of loopback. Throws where the given one is taken. */
async function usablePort(wanted = 0): Promise<number> {
  const server = createServer();
  server.listen(wanted, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new Error(`Port ${wanted} is taken; end what uses it, or choose another port`, { cause: error });
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : wanted;
}

async function writeCertificate(folder: string) {
  const made = await generate([{ name: 'commonName', value: 'local AWS of rds-backup-ledger' }], {
    algorithm: 'sha256',
    keySize: 2048,
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyEncipherment: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 7, ip: '127.0.0.1' },
          { type: 2, value: 'localhost' },
        ],
      },
    ],
  });
  const certificateFile = join(folder, 'certificate.pem');
  const keyFile = join(folder, 'key.pem');
  await writeFile(certificateFile, made.cert);
  await writeFile(keyFile, made.private, { mode: 0o600 });
  return { certificate: made.cert, certificateFile, keyFile };
}

function launcherEnvironment(run: {
  port: number;
  folder: string;
  ownFolders: OwnFolders;
  trailFile: string;
  outboxFile: string;
  rdsSimulatorUrl: string;
  organization: Organization | undefined;
  certificateFile: string;
  keyFile: string;
}): NodeJS.ProcessEnv {
  // Functions inherit all of this.
  return childEnvironment({
    ...run.ownFolders,
    PYTHONUNBUFFERED: '1',
    PYTHONUTF8: '1',
    // The launcher's modules lie in the repository.
    PYTHONDONTWRITEBYTECODE: '1',
    GATEWAY_PORT: String(run.port),
    BIND_HOST: '127.0.0.1',
    MINISTACK_HOST: '127.0.0.1',
    MINISTACK_ACCOUNT_ID: localAccount,
    MINISTACK_REGION: localRegion,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AUTH: 'true',
    USE_SSL: '1',
    MINISTACK_SSL_CERT: run.certificateFile,
    MINISTACK_SSL_KEY: run.keyFile,
    NODE_EXTRA_CA_CERTS: run.certificateFile,
    LAMBDA_EXECUTOR: 'local',
    // As on Lambda, a function of the CDK that requires the SDK finds one; ours are ES modules, which look nowhere but in themselves.
    NODE_PATH: fileURLToPath(new URL('../../node_modules', import.meta.url)),
    // Listeners on fixed ports that nothing here uses.
    IOT_MTLS_ENABLED: '0',
    SFTP_ENABLED: '0',
    RDS_SIMULATOR_URL: run.rdsSimulatorUrl,
    RUN_FOLDER: run.folder,
    IAM_TRAIL: run.trailFile,
    OUTBOX: run.outboxFile,
    ...(run.organization && { ORGANIZATION: JSON.stringify(run.organization) }),
  });
}

function clientEnvironment(endpoint: string, { HOME }: OwnFolders, certificateFile: string): Record<string, string> {
  return {
    ...noOtherAccount,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: localRegion,
    AWS_DEFAULT_REGION: localRegion,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    NODE_EXTRA_CA_CERTS: certificateFile,
    AWS_CA_BUNDLE: certificateFile,
    CDK_DEFAULT_ACCOUNT: localAccount,
    CDK_DEFAULT_REGION: localRegion,
    // In ~/.cdk the CDK remembers which account an access key is of; other emulators have the same key for another one.
    CDK_HOME: join(HOME, '.cdk'),
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    // Empty, they still outrank what ~/.cdk.json says.
    CDK_PROFILE: '',
    CDK_PROXY: '',
  };
}

async function untilHealthy(
  endpoint: string,
  agent: Agent,
  launcher: ChildProcess,
  signal?: AbortSignal,
): Promise<void> {
  const ended = new AbortController();
  launcher.once('exit', (code, signal) => ended.abort(new Error(`it ended with ${signal ?? `code ${code}`}`)));
  launcher.once('error', (error) => ended.abort(error));
  const limit = AbortSignal.any([ended.signal, AbortSignal.timeout(startLimitMs), ...(signal ? [signal] : [])]);
  while (!(await isHealthy(endpoint, agent, limit))) {
    limit.throwIfAborted();
    await sleep(50);
  }
}

function isHealthy(endpoint: string, agent: Agent, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const asked = request(`${endpoint}/_ministack/health`, { agent, signal }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    asked.on('error', () => resolve(false));
    asked.end();
  });
}

/** Closing its input is the sign to end. Whatever is left of its group then, functions included, is killed. */
async function endLauncher(launcher: ChildProcess): Promise<void> {
  if (launcher.pid === undefined) return;
  const exit = launcher.exitCode === null && launcher.signalCode === null ? once(launcher, 'exit') : undefined;
  launcher.stdin?.end();
  if (exit) await Promise.race([exit, sleep(5_000, undefined, { ref: false })]);
  try {
    process.kill(-launcher.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  await exit;
}
