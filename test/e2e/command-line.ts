import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { childEnvironment } from '../../local/aws/environment.ts';
import type { LocalAws } from '../../local/aws/local-aws.ts';

const bin = join(import.meta.dirname, '../../cli/bin.js');

/** Runs the command line as a user would, against the local AWS; credentials are those of `env`. */
export async function commandLine({ aws }: { readonly aws: Pick<LocalAws, 'env'> }, ...args: string[]) {
  const child = spawn(process.execPath, [bin, ...args], {
    env: childEnvironment({ ...aws.env, NO_COLOR: '1', COLUMNS: '100' }),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { out, err, code: code as number };
}
