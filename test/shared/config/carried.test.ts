import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { formatCarried, parseCarried } from '../../../shared/config/carried.ts';
import { parseConfig } from '../../../shared/config/load.ts';

const where = { account: '123456789012', region: 'eu-west-1' };
const example = readFileSync(new URL('../../../config/example.json', import.meta.url), 'utf8');
const pool = { id: 'pool-1', kind: 'instance' };
const orders = { id: 'orders', kind: 'cluster', region: 'eu-central-1', excluded: 'load tests only' };

describe('the configuration that functions carry', () => {
  it.each([
    ['of the example', example],
    [
      'of shared databases, other Regions, tags and an adopted table',
      JSON.stringify({
        operators: [{ email: 'oncall@example.com' }],
        environments: [{ account: where.account, name: 'prod', regions: ['eu-central-1'], events: false }],
        sharedDatabases: [pool],
        discovery: {},
        adopt: {
          tableName: 'kept',
          tableKeyArn: 'arn:aws:kms:eu-west-1:123456789012:key/1',
          notifyFrom: '2026-11-27T14:00:00Z',
        },
        tenants: [
          { id: 'acme', databases: [orders], sharedDatabases: [{ id: 'pool-1', since: '2026-11-24T10:00Z' }] },
          { id: 'globex', sharedDatabases: ['pool-1'] },
        ],
      }),
    ],
  ])('is what the stack was synthesized from: %s', (_, text) => {
    const config = { fleet: parseConfig(text, where), hash: 'its hash' };
    expect(parseCarried(formatCarried(config))).toStrictEqual(config);
  });
});
