/** What a function's bundle is made of, and what its cold start loads of it. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../infra/bundle.ts';
import { type FunctionName, functionNames } from '../../shared/contract.ts';

let folder = '';
const bundles = new Map<FunctionName, Metafile>();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bundle-'));
  for (const name of functionNames) bundles.set(name, bundle(name, join(folder, name)));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** The packages of the files that importing `index.mjs` loads. */
function loadedAtOnce(name: FunctionName): { readonly packages: ReadonlySet<string>; readonly bytes: number } {
  const outputs = bundles.get(name)?.outputs ?? {};
  const files = new Set(Object.keys(outputs).filter((file) => file.endsWith('/index.mjs')));
  for (const file of files) {
    for (const { path, kind } of outputs[file]?.imports ?? []) {
      if (kind === 'import-statement' && outputs[path]) files.add(path);
    }
  }
  expect(files.size).toBeGreaterThan(1);
  const inputs = [...files].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
  return {
    packages: new Set(
      inputs.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(path)?.[1] ?? []),
    ),
    bytes: [...files].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0),
  };
}

describe.each(functionNames)('a cold start of %s', (name) => {
  it('loads nothing that only some of its calls need', () => {
    const { packages } = loadedAtOnce(name);
    expect(packages).toContain('@aws-sdk/client-dynamodb');
    const forSomeCalls = [
      'echarts',
      'zrender',
      '@humanwhocodes/momoa',
      '@streamparser/json',
      '@aws-sdk/client-backup',
      '@aws-sdk/client-lambda',
      '@aws-sdk/client-s3',
      '@aws-sdk/client-sns',
      '@aws-sdk/client-sts',
      '@aws-sdk/nested-clients',
    ];
    expect(forSomeCalls.filter((one) => packages.has(one))).toEqual([]);
  });

  it('compiles less than 700 kB', () => {
    expect(loadedAtOnce(name).bytes).toBeLessThan(700_000);
  });
});

it("an error's stack names the sources, and so do those of its causes", async () => {
  const script = join(folder, 'failing.mjs');
  await writeFile(
    script,
    `import { handler } from './copy/index.mjs';
handler(undefined, {}).catch(({ stack }) => console.log(stack));`,
  );
  // Without its environment, the function throws where it reads it.
  const { stdout } = await promisify(execFile)(process.execPath, [script], { env: { PATH: process.env.PATH } });
  expect(stdout).toContain("the function's environment is incomplete");
  expect(stdout).toMatch(/handlers\/settings\.ts:\d+:\d+/);
  expect(stdout).not.toMatch(/index\.mjs:1:/);
});
