/** Templates of configurations that differ in what they make, as judges from outside get them. */
import {
  configured,
  exampleFleet,
  synthesize,
  synthesizeSpoke,
  synthesizeSpokeTemplate,
  type TemplateJson,
} from '../infra/synthesized.ts';

const keyArn = 'arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555';
const databases = (count: number) =>
  Array.from({ length: count }, (_, number) => ({ id: `db-${number}`, kind: 'instance' }));

const account = '210987654321';
const spread = (more: object = {}) =>
  configured(
    [
      { id: 'orders', kind: 'instance' },
      { id: 'shop', kind: 'instance', account, region: 'us-east-1' },
      { id: 'crm', kind: 'instance', account, copy: { mode: 'none' } },
    ],
    { environments: [{ account, regions: ['us-east-1', 'eu-west-1'] }], ...more },
  );

export const templates: Readonly<Record<string, () => TemplateJson>> = {
  'the example': () => synthesize().template,
  'many buckets and recipients': () =>
    synthesize(
      configured(databases(200), {
        operators: [{ email: 'oncall@example.com' }, { sms: '+441632960000' }, { https: 'https://example.com/hook' }],
      }),
    ).template,
  'one bucket for all': () =>
    synthesize(configured(databases(3), { defaults: { bucket: { type: 'shared' } } })).template,
  'no copies': () =>
    synthesize(configured([{ id: 'orders', kind: 'instance' }], { defaults: { copy: { mode: 'none' } } })).template,
  "dumps of another account's bucket into existing buckets": () =>
    synthesize(
      configured([
        {
          id: 'crm',
          kind: 'instance',
          copy: {
            mode: 'object',
            staging: {
              bucket: 'dumps',
              owner: '210987654321',
              key: 'sql/{snapshotId}.bak',
              keyArn: 'arn:aws:kms:eu-west-1:210987654321:key/11111111-2222-3333-4444-555555555555',
            },
          },
          bucket: { type: 'existing', name: 'archive', prefix: 'crm', keyArn },
        },
      ]),
    ).template,
  'a hub': () => synthesize(spread()).template,
  'a hub of an organization': () => synthesize(spread({ organization: 'o-abcdefghij' })).template,
  'a spoke with copies': () => synthesizeSpoke(spread(), { account, region: 'us-east-1' }).template,
  'a spoke without copies': () => synthesizeSpoke(spread(), { account, region: 'eu-west-1' }).template,
  'a spoke without events': () =>
    synthesizeSpoke(spread({ environments: [{ account, regions: ['us-east-1', 'eu-west-1'], events: false }] }), {
      account,
      region: 'eu-west-1',
    }).template,
  'a spoke by StackSets': () => synthesizeSpokeTemplate().template,
  'an adopted table and its buckets': () =>
    synthesize(
      { ...exampleFleet, adopt: { tableName: 'kept', tableKeyArn: keyArn, buckets: true } },
      {
        keptTable: {
          tableName: 'kept',
          tableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/kept',
          streamArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/kept/stream/2026-01-01T00:00:00.000',
        },
        keptBuckets: { names: exampleFleet.stackBuckets },
      },
    ).template,
};
