import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { pipInstallEnvironment, pythonEnvironment } from './environment.ts';

const run = promisify(execFile);

/** Where virtual environments are kept. Not committed, safe to delete. */
const localFolder = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '.local');

const oldestPython = [3, 10] as const;

export type Python = { path: string; version: string };

export type Progress = (line: string) => void;

/**
 * The first Python of 3.10 or newer that can make virtual environments: the one that `PYTHON` names, or else one from PATH.
 * Throws one sentence that says what to install.
 */
export async function findPython(env: NodeJS.ProcessEnv = process.env): Promise<Python> {
  const candidates = env.PYTHON
    ? [env.PYTHON]
    : ['python3', 'python', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];
  const tooOld: string[] = [];
  const withoutVenv: string[] = [];
  for (const candidate of candidates) {
    const found = await inspect(candidate, env);
    if (!found) continue;
    if (!isNewEnough(found.version)) tooOld.push(`${found.version} (${found.path})`);
    else if (!found.hasVenv) withoutVenv.push(`${found.version} (${found.path})`);
    else return { path: found.path, version: found.version };
  }
  if (withoutVenv[0]) {
    throw new Error(
      `Python ${withoutVenv[0]} cannot make virtual environments; install that part of it, for example with: apt install python3-venv`,
    );
  }
  const found = tooOld.length > 0 ? `found only ${[...new Set(tooOld)].join(', ')}` : 'found none';
  const where = env.PYTHON ? `, looking at PYTHON=${env.PYTHON}` : '';
  throw new Error(
    `The local AWS needs Python ${oldestPython.join('.')} or newer, but ${found}${where}; install one, for example with: apt install python3 python3-venv`,
  );
}

async function inspect(command: string, env: NodeJS.ProcessEnv) {
  const question = [
    'import sys',
    'print("%d.%d.%d" % sys.version_info[:3])',
    'print(sys.executable)',
    'try:',
    '  import venv, ensurepip',
    '  print(True)',
    'except ImportError:',
    '  print(False)',
  ].join('\n');
  try {
    const { stdout } = await run(command, ['-c', question], { env: pythonEnvironment(env), timeout: 20_000 });
    const [version = '', path = '', hasVenv] = stdout.trim().split(/\r?\n/);
    return { version, path, hasVenv: hasVenv === 'True' };
  } catch {
    // Not installed, or a version manager's shim without a version behind it: the next candidate may do.
    return undefined;
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestPython[0] || (major === oldestPython[0] && minor >= oldestPython[1]);
}

/**
 * The Python of a virtual environment that holds exactly the packages of a requirements file with hashes, installing
 * them on first use. It is made beside its place and renamed when complete, so that one that was killed half-way, or two
 * at once, never leave a broken one.
 */
export async function ensureVenv(
  requirementsFile: string,
  progress: Progress = () => {},
  signal?: AbortSignal,
): Promise<string> {
  const python = await findPython();
  // Ctrl-C reaches the Pythons that were tried, too, and makes them seem broken.
  signal?.throwIfAborted();
  const requirements = await readFile(requirementsFile, 'utf8');
  const key = createHash('sha256').update([requirements, python.path, python.version].join('\0')).digest('hex');
  const folder = join(localFolder, `venv-${key.slice(0, 12)}`);
  const venvPython = join(folder, 'bin', 'python');
  if (existsSync(venvPython)) return venvPython;

  await mkdir(localFolder, { recursive: true });
  await removeAbandoned(folder);
  const unfinished = `${folder}.${process.pid}`;
  try {
    progress(`Installing the Python packages of ${requirementsFile} (once)`);
    const options = { maxBuffer: 64 * 1024 * 1024, ...(signal && { signal }) };
    const pip = (env: NodeJS.ProcessEnv, ...args: string[]) =>
      run(
        join(unfinished, 'bin', 'python'),
        ['-m', 'pip', ...args, '--quiet', '--no-input', '--no-deps', '--disable-pip-version-check'],
        { ...options, env },
      );
    await run(python.path, ['-m', 'venv', unfinished], { ...options, env: pythonEnvironment() });
    const wheels = join(unfinished, 'wheels');
    await pip(pythonEnvironment(), 'wheel', '--wheel-dir', wheels, '--require-hashes', '-r', requirementsFile);
    const fetched = (await readdir(wheels)).map((name) => join(wheels, name));
    await pip(pipInstallEnvironment(), 'install', '--no-index', ...fetched);
    await rm(wheels, { recursive: true });
    await rename(unfinished, folder).catch(async (error: NodeJS.ErrnoException) => {
      // A whole one means that another run was faster; a broken one stands in the way.
      if (existsSync(venvPython)) return;
      if (error.code !== 'ENOTEMPTY' && error.code !== 'EEXIST') throw error;
      await rm(folder, { recursive: true });
      await rename(unfinished, folder);
    });
    return venvPython;
  } catch (error) {
    throw new Error(
      `Could not install the packages of ${requirementsFile} with Python ${python.version}: ${lastLine(error)}`,
      { cause: error },
    );
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

/** Removes what runs that no longer live began: `<folder>.<process id>`. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(localFolder)) {
    const path = join(localFolder, name);
    if (!path.startsWith(`${folder}.`)) continue;
    if (!isAlive(Number(path.slice(folder.length + 1)))) await rm(path, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function lastLine(error: unknown): string {
  const { stderr, message } = error as { stderr?: string; message: string };
  const lines = (stderr?.trim() || message).split('\n');
  // A failure that pip did not foresee is "ERROR: Exception:" with a stack trace, whose last line says what happened.
  return lines.findLast((line) => /^ERROR(?!: Exception:$)/.test(line)) ?? lines.at(-1) ?? message;
}
