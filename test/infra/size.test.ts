import { describe, expect, it } from 'vitest';
import { configured, fleetOf, synthesize } from './synthesized.ts';

const databases = (count: number) =>
  Array.from({ length: count }, (_, number) => ({ id: `db-${number}`, kind: 'instance' }));
const shared = { defaults: { bucket: { type: 'shared' } } };

describe('the size of the stack', () => {
  it('is the same for 3 and for 10,000 databases that share a bucket', () => {
    expect(synthesize(configured(databases(10_000), shared)).count).toBe(
      synthesize(configured(databases(3), shared)).count,
    );
  });

  it('stays under 500 resources with 200 recipients', () => {
    const tenants = Array.from({ length: 199 }, (_, number) => ({
      id: `tenant-${number}`,
      recipients: [{ email: `person-${number}@example.com` }],
      databases: [{ id: `db-${number}`, kind: 'instance' }],
    }));
    const fleet = fleetOf({ ...shared, operators: [{ email: 'oncall@example.com' }], tenants });
    expect(synthesize(fleet).count).toBeLessThanOrEqual(500);
  });

  it('grows by a bucket and its policy with each database that has one of its own', () => {
    const [few, more] = [synthesize(configured(databases(3))), synthesize(configured(databases(5)))];
    expect(more.count - few.count).toBe(4);
  });

  it('fits 150 buckets of their own, with policies that name each of them', () => {
    const stack = synthesize(configured(databases(150)));
    expect(stack.count).toBeLessThanOrEqual(500);
    const written = stack.rights('CopyBackupsExportRole').filter((right) => right.startsWith('s3:PutObject*'));
    expect(written).toHaveLength(150);
  });

  it('refuses more buckets than fit, and says how many do and what to do', () => {
    expect(() => synthesize(configured(databases(300)))).toThrow(
      /^The configuration asks for 300 buckets; beside everything else, this stack has room for 2\d\d \(CloudFormation takes 500 resources a stack\)\. Let databases share one bucket.*"type": "shared"/,
    );
  });
});
