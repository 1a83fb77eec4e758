/** moto: a stand-in for AWS that others wrote from the same API models. */
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll } from 'vitest';
import { childEnvironment, removeAwsSettings } from '../../local/aws/environment.ts';
import { ensureVenv } from '../../local/aws/python.ts';

const requirements = fileURLToPath(new URL('../../local/aws/requirements-test.txt', import.meta.url));

/** The Region that its clients ask for. */
const region = 'eu-west-1';

const servers: ChildProcess[] = [];

afterAll(() => {
  for (const server of servers) server.kill();
});

/** Starts an empty one that plays the given account and ends with the test file. Answers settings for clients of it. */
export async function startMoto(account: string) {
  const python = await ensureVenv(requirements);
  removeAwsSettings();
  const server = spawn(python, ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    env: childEnvironment({ MOTO_ACCOUNT_ID: account }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  servers.push(server);
  const endpoint = await listeningAt(server);
  return { region, endpoint, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
}

function listeningAt(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    server.stderr?.on('data', (chunk) => {
      // It goes on with a line for each request; nobody needs those.
      if (said.length < 100_000) said += chunk;
      const [url] = /http:\/\/127\.0\.0\.1:\d+/.exec(said) ?? [];
      if (url !== undefined) resolve(url);
    });
    server.once('error', reject);
    server.once('exit', (code) => reject(new Error(`moto ended with ${code}: ${said}`)));
  });
}
