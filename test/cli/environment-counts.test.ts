/** What `config check` and `config plan` say of each environment. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { account, config, given, region } from './support.ts';

const several = {
  ...config,
  environments: [
    { account: '222222222222', name: 'Acme production', regions: ['us-east-1', 'eu-central-1'] },
    { account: '333333333333', regions: ['us-east-1'], events: false },
  ],
  tenants: [
    { id: 'acme', copy: { mode: 'export' }, databases: [{ id: 'orders', kind: 'instance' }] },
    {
      id: 'globex',
      account: '222222222222',
      region: 'us-east-1',
      copy: { mode: 'none' },
      databases: [
        { id: 'orders', kind: 'instance' },
        { id: 'shop', kind: 'instance', copy: { mode: 'export' } },
      ],
    },
  ],
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'environments-'));
  await writeFile(join(folder, 'several.json'), JSON.stringify(several));
  await writeFile(join(folder, 'one.json'), JSON.stringify(config));
});
afterAll(() => rm(folder, { recursive: true }));

const command = (what: string, file: string) =>
  `config ${what} ${join(folder, file)} --account ${account} --region ${region}`;

it.each(['check', 'plan'])('config %s counts in each environment', async (what) => {
  const { run, facts } = given({ now: '2026-11-23T12:00:00.000Z' });
  const none = { tenants: 0, databases: 0, copied: 0, buckets: 0 };
  const production = { account: '222222222222', accountName: 'Acme production', events: true };
  const { environments } = await facts(command(what, 'several.json'));
  expect(environments).toMatchObject([
    { account, accountName: null, region, events: true, tenants: 1, databases: 1, copied: 1 },
    { ...production, region: 'us-east-1', tenants: 1, databases: 2, copied: 1 },
    { ...production, region: 'eu-central-1', ...none },
    { account: '333333333333', accountName: null, region: 'us-east-1', events: false, ...none },
  ]);
  const { text } = await run(command(what, 'several.json'), { columns: 180 });
  expect(text).toMatch(/ACCOUNT +REGION +TENANTS +DATABASES +COPIED +BUCKETS +EVENTS/);
  expect(text).toMatch(/Acme production +222222222222 +us-east-1 +1 +2 +1 +\d+ +forwarded/);
  expect(text).toMatch(/333333333333 +us-east-1 +0 +0 +0 +0 +none: swept alone/);
});

it.each(['check', 'plan'])('config %s shows no table of one environment', async (what) => {
  const { run, facts } = given({ now: '2026-11-23T12:00:00.000Z' });
  expect((await run(command(what, 'one.json'))).text).not.toContain('REGION');
  expect((await facts(command(what, 'one.json'))).environments).toHaveLength(1);
});
