import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { childEnvironment } from '../../local/aws/environment.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'app-'));
});
afterAll(() => rm(folder, { recursive: true }));

const place = { CDK_DEFAULT_ACCOUNT: '123456789012', CDK_DEFAULT_REGION: 'eu-west-1' };

/** Runs the app as the CDK does, with a configuration, and answers with what a user sees. */
function run(config: string, env: Readonly<Record<string, string>> = place): Promise<{ code: number; stderr: string }> {
  const own = { HOME: folder };
  const context = JSON.stringify({ config, 'aws:cdk:bundling-stacks': [] });
  return new Promise((done) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', 'infra/app.ts'],
      { env: childEnvironment({ ...env, ...own, CDK_CONTEXT_JSON: context, CDK_OUTDIR: join(folder, 'cdk.out') }) },
      (error, _stdout, stderr) => done({ code: error ? Number(error.code) : 0, stderr }),
    );
  });
}

describe('what the user can put right is said in one message, without a stack trace', () => {
  it('all mistakes of the configuration', async () => {
    const path = join(folder, 'mistaken.json');
    await writeFile(
      path,
      JSON.stringify({ tenants: [{ id: 'acme', recipients: [], databases: [{ id: '1', kind: 'x' }] }] }),
    );
    const { code, stderr } = await run(path);
    expect(code).toBe(1);
    expect(stderr.split('\n')[0]).toBe(`${path} has 3 mistakes:`);
    expect(stderr).not.toMatch(/\n\s+at /);
  }, 60_000);

  it('a configuration that is not there', async () => {
    const { code, stderr } = await run(join(folder, 'nowhere.json'));
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The configuration \S+nowhere\.json cannot be read \(ENOENT.*\)\. Name it with -c config=<path>\.\n$/,
    );
  }, 60_000);

  it('a Region that is not supported', async () => {
    const { code, stderr } = await run('config/example.json', { ...place, CDK_DEFAULT_REGION: 'us-isob-east-1' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^Region us-isob-east-1 is of the partition aws-iso-b, which is not supported/);
  }, 60_000);

  it('an account that is not known', async () => {
    const { code, stderr } = await run('config/example.json', {});
    expect(code).toBe(1);
    expect(stderr).toMatch(/^No AWS account is known\. Sign in/);
    expect(stderr).not.toMatch(/\n\s+at /);
  }, 60_000);
});
