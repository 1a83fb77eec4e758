/** Our templates before cfn-lint, in all Regions that it knows. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pythonEnvironment } from '../../local/aws/environment.ts';
import { ensureVenv } from '../../local/aws/python.ts';
import type { TemplateJson } from '../infra/synthesized.ts';
import { templates } from './templates.ts';

/** cfn-lint is among what moto needs. */
const requirements = fileURLToPath(new URL('../../local/aws/requirements-test.txt', import.meta.url));

interface Finding {
  readonly Level: string;
  readonly Filename: string;
  readonly Rule: { readonly Id: string };
  readonly Message: string;
  readonly Location: { readonly Path: readonly (string | number)[] };
}

/** The errors of each file; warnings and advice are others' taste. */
let errors: ReadonlyMap<string, readonly string[]>;
let folder = '';

beforeAll(async () => {
  const python = await ensureVenv(requirements);
  folder = await mkdtemp(join(tmpdir(), 'cfn-lint-'));
  const files: string[] = [];
  const write = async (name: string, template: TemplateJson) => {
    const file = join(folder, `${name.replaceAll(/\W+/g, '-')}.json`);
    await writeFile(file, JSON.stringify(template));
    files.push(file);
  };
  for (const [name, template] of Object.entries(templates)) await write(name, template());
  await write('wrong', broken(templates['no copies']?.() ?? { Resources: {}, Outputs: {} }));
  // One run for all: most of its time goes into its own start.
  const args = ['--regions', 'ALL_REGIONS', '--format', 'json', '--non-zero-exit-code', 'none', ...files];
  const { stdout } = await promisify(execFile)(python, ['-c', 'from cfnlint.runner import main; main()', ...args], {
    env: pythonEnvironment(),
    maxBuffer: 64 * 1024 * 1024,
  });
  const found = (JSON.parse(stdout) as Finding[]).filter(({ Level }) => Level === 'Error');
  errors = new Map(
    files.map((file) => [
      basename(file, '.json'),
      found
        .filter(({ Filename }) => Filename === file)
        .map(({ Rule, Message, Location }) => `${Rule.Id} ${Location.Path.join('.')}: ${Message}`),
    ]),
  );
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Each function on a runtime that there is not. */
function broken({ Resources, ...rest }: TemplateJson): TemplateJson {
  const changed = Object.entries(Resources).map(([id, resource]) => {
    const { Type, Properties } = resource;
    return [
      id,
      Type === 'AWS::Lambda::Function'
        ? { ...resource, Properties: { ...Properties, Runtime: 'nodejs1.x' } }
        : resource,
    ];
  });
  return { ...rest, Resources: Object.fromEntries(changed) as TemplateJson['Resources'] };
}

it.each(Object.keys(templates))('cfn-lint finds no error in the template of %s', (name) => {
  expect(errors.get(name.replaceAll(/\W+/g, '-'))).toEqual([]);
});

it('cfn-lint would find one', () => {
  expect(errors.get('wrong')?.join('\n')).toContain('nodejs1.x');
});
