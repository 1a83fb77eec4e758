import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { defaultStackName } from '../../shared/contract.ts';
import type { Environment } from '../../shared/domain/index.ts';
import { childEnvironment } from './environment.ts';
import { credentialsOf, type LocalAws, localAccount, localEnvironment } from './local-aws.ts';
import type { Progress } from './python.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const cdk = createRequire(import.meta.url).resolve('aws-cdk/bin/cdk');

export type DeployOptions = {
  /** Passed on as `-c key=value`. */
  context?: Record<string, string>;
  /** The stack to deploy. Default: `RdsBackupLedger`. */
  stack?: string;
  /** Deploys, or destroys, all stacks of the app, in all its accounts and Regions; each must be bootstrapped. */
  all?: boolean;
  /** A command that synthesizes, or a folder that `synth` made. Default: what `cdk.json` says. */
  app?: string;
  /** Where the app is synthesized to. Default: inside the run's folder, so that two runs do not meet. */
  outdir?: string;
  /** Where the CDK runs, with the `cdk.json` it reads. Default: the repository. */
  cwd?: string;
  /** Called with each line that the CDK prints. */
  progress?: Progress;
  /** Ends the CDK before its time. */
  signal?: AbortSignal;
};

export type BootstrapOptions = Pick<DeployOptions, 'progress' | 'signal'> & {
  /** Default: the account and Region of the local AWS. */
  environments?: readonly Environment[];
};

/**
 * Runs the real `cdk bootstrap`, which needs no app: once for each account, side by side. Other accounts trust that of the local AWS,
 * so that it can deploy to them.
 */
export async function bootstrap(
  aws: LocalAws,
  { environments = [localEnvironment], progress, signal }: BootstrapOptions = {},
): Promise<void> {
  const accounts = [...new Set(environments.map(({ account }) => account))];
  const runs = accounts.map((account) => {
    const own = environments.filter((environment) => environment.account === account);
    const { accessKeyId } = credentialsOf(account);
    return runCdk(
      { ...aws, env: { ...aws.env, AWS_ACCESS_KEY_ID: accessKeyId, CDK_DEFAULT_ACCOUNT: account } },
      [
        'bootstrap',
        ...own.map(({ region }) => `aws://${account}/${region}`),
        ...(account === localAccount ? [] : trust),
      ],
      { cwd: aws.folder, ...(progress && { progress }), ...(signal && { signal }) },
    );
  });
  // All have ended before one's failure is thrown.
  for (const run of await Promise.allSettled(runs)) if (run.status === 'rejected') throw run.reason;
}

const trust = [
  ...['--trust', localAccount],
  ...['--cloudformation-execution-policies', 'arn:aws:iam::aws:policy/AdministratorAccess'],
];

/** Runs the real `cdk synth`; the folder it returns can be deployed several times (`app` of DeployOptions). */
export async function synth(aws: LocalAws, options: DeployOptions = {}): Promise<string> {
  const outdir = options.outdir ?? (await mkdtemp(join(aws.folder, 'cdk.out-')));
  await runCdk(aws, ['synth', '--quiet', ...appArguments({ ...options, outdir })], options);
  return outdir;
}

/** Runs the real `cdk deploy`. Returns the outputs of `stack`. */
export async function deploy(aws: LocalAws, options: DeployOptions = {}): Promise<Record<string, string>> {
  const stack = options.stack ?? defaultStackName;
  const scratch = await mkdtemp(join(aws.folder, 'deploy-'));
  const outputsFile = join(scratch, 'outputs.json');
  const app = appArguments({ ...options, outdir: options.outdir ?? join(scratch, 'cdk.out') });
  const wishes = ['--require-approval', 'never', '--progress', 'events', '--outputs-file', outputsFile];
  await runCdk(
    aws,
    ['deploy', ...(options.all ? ['--all', '--concurrency', '4'] : [stack]), ...wishes, ...app],
    options,
  );
  const outputs = JSON.parse(await readFile(outputsFile, 'utf8')) as Record<string, Record<string, string>>;
  await rm(scratch, { recursive: true });
  return outputs[stack] ?? {};
}

/** Runs the real `cdk destroy`. */
export async function destroy(aws: LocalAws, options: DeployOptions = {}): Promise<void> {
  const scratch = await mkdtemp(join(aws.folder, 'destroy-'));
  const app = appArguments({ ...options, outdir: options.outdir ?? scratch });
  const stacks = options.all ? ['--all'] : [options.stack ?? defaultStackName];
  await runCdk(aws, ['destroy', ...stacks, '--force', ...app], options);
  await rm(scratch, { recursive: true });
}

/** Runs the real `cdk diff`. Returns what it printed. */
export async function diff(aws: LocalAws, options: DeployOptions = {}): Promise<string> {
  const scratch = await mkdtemp(join(aws.folder, 'diff-'));
  // As deep as that of `deploy`: the bundles' source maps name the sources from there.
  const app = appArguments({ ...options, outdir: options.outdir ?? join(scratch, 'cdk.out') });
  const printed = await runCdk(aws, ['diff', options.stack ?? defaultStackName, ...app], options);
  await rm(scratch, { recursive: true });
  return printed;
}

function appArguments({ app, context = {}, outdir }: DeployOptions): string[] {
  return [
    ...(app ? ['--app', app] : []),
    ...(outdir ? ['--output', outdir] : []),
    ...Object.entries(context).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
  ];
}

async function runCdk(
  aws: LocalAws,
  args: string[],
  { cwd = repository, progress = () => {}, signal }: Pick<DeployOptions, 'cwd' | 'progress' | 'signal'>,
): Promise<string> {
  signal?.throwIfAborted();
  const child = spawn(process.execPath, [cdk, ...args, '--no-notices', '--no-version-reporting', '--no-color'], {
    cwd,
    env: childEnvironment({
      ...aws.env,
      // The CDK reads ~/.cdk.json, its library writes fingerprints below ~/.cdk whatever CDK_HOME says, and npx leaves logs.
      ...aws.ownFolders,
      // In a new home, each npx would ask the network for a newer npm.
      npm_config_update_notifier: 'false',
    }),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own: the app that it synthesizes ends with it.
    detached: true,
  });
  const end = () => endGroup(child);
  signal?.addEventListener('abort', end);
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      progress(line);
    });
  }
  const [code, killedBy] = await once(child, 'close');
  signal?.removeEventListener('abort', end);
  signal?.throwIfAborted();
  if (code !== 0) {
    throw new Error(`cdk ${args[0]} failed with ${killedBy ?? `code ${code}`}:\n${lines.slice(-25).join('\n')}`);
  }
  return lines.join('\n');
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
