import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ensureVenv, findPython } from '../../local/aws/python.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
let temporary: string;
let home: string;
/** Named, since a version manager finds its Pythons by the home folder. */
let python: string;
let story: ChildProcess | undefined;

beforeEach(async () => {
  await ensureVenv(join(repository, 'local/aws/requirements.txt'));
  python = (await findPython()).path;
  temporary = mkdtempSync(join(tmpdir(), 'story-'));
  home = mkdtempSync(join(tmpdir(), 'home-'));
});

afterEach(() => {
  story?.kill('SIGKILL');
  for (const folder of [temporary, home]) rmSync(folder, { recursive: true });
});

function start(...options: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', 'local/start.ts', ...options], {
    cwd: repository,
    env: { ...process.env, HOME: home, TMPDIR: temporary, PYTHON: python },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  story = child;
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  }
  const printed = (text: string) => expect.poll(() => lines.join('\n'), { timeout: 60_000 }).toContain(text);
  const ended = once(child, 'close').then(([code]) => code as number);
  return { child, lines, printed, ended };
}

it.each([
  ['while the local AWS is there and the CDK runs', 'Deploying the stack'],
  ['while functions are bundled', 'Bundling the function Record'],
])('Ctrl-C %s ends the story at once, and leaves neither port nor file behind', async (_, moment) => {
  const { child, lines, printed, ended } = start();
  await printed(moment);
  child.kill('SIGINT');
  expect(await ended).toBe(130);
  expect(lines.at(-1)).toContain('Ending.');
  // tsx keeps what it has compiled.
  expect(readdirSync(temporary).filter((name) => !name.startsWith('tsx-'))).toEqual([]);
  expect(readdirSync(home)).toEqual([]);
  const port = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(lines.join('\n'))?.[1]);
  await listenOn(port);
});

it('a port that is taken, and one that is none, are said before anything is started', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const taken = start('--once', '--port', String(port));
  expect(await taken.ended).toBe(1);
  expect(taken.lines.at(-1)).toContain(`Port ${port} is taken`);
  server.close();

  const none = start('--port', '80');
  expect(await none.ended).toBe(1);
  expect(none.lines.join('\n')).toContain('--port must be a whole number from 1024 to 65535, got 80');
});

/** Fails where somebody listens on that port. */
async function listenOn(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.close();
}
