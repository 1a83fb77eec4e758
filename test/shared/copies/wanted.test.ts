import { describe, expect, it } from 'vitest';
import { exportsIn } from '../../../shared/config/export-regions.ts';
import type { ConfiguredDatabase, CopyPolicy } from '../../../shared/config/fleet.ts';
import { type CopyCandidate, initialCopy, notExportable, periodOf } from '../../../shared/copies/copy-policy.ts';
import type { Copy, CopyState } from '../../../shared/domain/index.ts';
import { copyReasonOf } from '../../../shared/reasons/copies.ts';
import { where } from '../../support/world.ts';

const now = new Date('2026-11-23T04:32:00Z');

const backup: CopyCandidate = {
  kind: 'automated',
  engine: 'postgres',
  storageType: 'gp3',
  createdAt: new Date('2026-11-23T04:08:00Z'),
  backupTime: new Date('2026-11-23T04:08:00Z'),
  learnedFrom: 'event',
};

function configured(copy: Partial<CopyPolicy> = {}): ConfiguredDatabase {
  return {
    ...where,
    tenant: 'acme',
    id: 'orders',
    kind: 'instance',
    policy: {
      maxAgeHours: 24,
      graceHours: 2,
      awsBackupGraceHours: 8,
      reminderHours: 24,
      whileStopped: 'warn' as const,
    },
    copy: { mode: 'export', schedule: 'daily', kinds: ['automated', 'awsbackup'], ...copy },
    target: { bucket: 'copies', prefix: '', owner: '123456789012' },
    enrolledBy: 'configuration',
  };
}

const fresh = { enrolledAt: new Date('2026-11-01T00:00:00Z'), earlier: [] };
const earlier = (createdAt: string, state: CopyState) => ({
  createdAt: new Date(createdAt),
  copy: { mode: 'export', state, attempt: 1 } satisfies Copy,
});

describe('the copy of a backup that is being recorded', () => {
  it('is queued where it is wanted', () => {
    expect(initialCopy(backup, configured(), fresh, now)).toEqual({
      mode: 'export',
      state: 'queued',
      attempt: 1,
      queuedAt: now,
    });
  });

  it.each<[string, ConfiguredDatabase | undefined, Partial<CopyCandidate>, string | undefined]>([
    ['of a database that nobody configured', undefined, {}, 'the database is not configured'],
    ['of a database without copies', configured({ mode: 'none' }), {}, undefined],
    [
      'of a kind that is not copied, such as another person’s manual snapshot',
      configured(),
      { kind: 'manual' },
      'manual backups are not copied (copied kinds: automated, awsbackup)',
    ],
    [
      'of a snapshot that is gone already',
      configured(),
      { closed: { at: now, cause: { code: 'not-in-rds', facts: {} }, expiresAt: now } },
      'the snapshot was gone before it was recorded',
    ],
    [
      'of a backup from before the database was enrolled',
      configured(),
      { learnedFrom: 'sweep', createdAt: new Date('2026-10-31T04:00:00Z') },
      'from before the database was enrolled',
    ],
  ])('is not wanted %s', (_, database, facts, reason) => {
    const copy = initialCopy({ ...backup, ...facts }, database, fresh, now);
    expect(copy.state).toBe('none');
    expect(copyReasonOf(copy, { now, audience: 'operators' })).toBe(reason);
  });

  it('is skipped at once, with the reason, where there is no bucket for it', () => {
    const cause = { code: 'no-shared-bucket', facts: {} } as const;
    const nowhere = { ...configured({ mode: 'object' }), copySkipped: cause };
    const skipped = { mode: 'object', state: 'skipped', attempt: 0, endedAt: now, cause };
    expect(initialCopy(backup, nowhere, fresh, now)).toEqual(skipped);
    expect(initialCopy({ ...backup, kind: 'manual' }, nowhere, fresh, now).state).toBe('none');
  });

  it('is wanted of a manual snapshot where the configuration says so', () => {
    const manual = { ...backup, kind: 'manual' } as const;
    expect(initialCopy(manual, configured({ kinds: ['manual'] }), fresh, now).state).toBe('queued');
  });

  it('is not wanted of what the first sweep of a new database finds', () => {
    expect(initialCopy({ ...backup, learnedFrom: 'sweep' }, configured(), { earlier: [] }, now).state).toBe('none');
  });

  it('is wanted of the backup by whose event a new database is met', () => {
    expect(initialCopy(backup, configured(), { earlier: [] }, now).state).toBe('queued');
  });

  it('is wanted of a backup that events missed', () => {
    expect(initialCopy({ ...backup, learnedFrom: 'sweep' }, configured(), fresh, now).state).toBe('queued');
  });
});

describe('what RDS cannot export', () => {
  it.each([
    ['sqlserver-se', 'gp3'],
    ['oracle-ee', 'gp3'],
    ['db2-se', 'gp3'],
    ['custom-oracle-ee', 'gp3'],
    ['custom-sqlserver-se', 'gp3'],
    ['postgres', 'standard'],
  ])('is skipped at once with the reason: %s on %s', (engine, storageType) => {
    const copy = initialCopy({ ...backup, engine, storageType }, configured(), fresh, now);
    expect(copy).toMatchObject({ state: 'skipped', endedAt: now });
    expect(copyReasonOf(copy, { now, audience: 'tenant' })).toMatch(/^RDS cannot export/);
  });

  it('can be copied as an object all the same', () => {
    const staging = { bucket: 'dumps', owner: '123456789012', key: '{snapshotId}', waitHours: 24, maxDumpAgeHours: 24 };
    const copy = initialCopy(
      { ...backup, engine: 'sqlserver-se' },
      configured({ mode: 'object', staging }),
      fresh,
      now,
    );
    expect(copy).toMatchObject({ mode: 'object', state: 'queued' });
  });

  it.each(['mysql', 'mariadb', 'postgres', 'aurora-mysql', 'aurora-postgresql'])('is not %s', (engine) => {
    expect(notExportable({ engine, storageType: 'gp3' }, configured())).toBeUndefined();
  });
});

describe('a Region without exports', () => {
  const inRegion = (region: string, regionsWithExports: readonly string[] = [], copy: Partial<CopyPolicy> = {}) => ({
    ...configured(copy),
    region,
    ...exportsIn(region, { regionsWithExports }),
  });
  const copyIn = (engine: string, database: ConfiguredDatabase) =>
    initialCopy({ ...backup, engine }, database, fresh, now);

  it.each([
    ['eu-south-2', 'postgres'],
    ['eu-central-2', 'mysql'],
    ['me-central-1', 'mariadb'],
    ['us-gov-west-1', 'postgres'],
    ['us-gov-east-1', 'aurora-mysql'],
    ['ap-southeast-7', 'aurora-postgresql'],
  ])('%s skips a snapshot of %s at once, with the reason', (region, engine) => {
    const cause = { code: 'region-without-exports', facts: { region, engine } };
    expect(copyIn(engine, inRegion(region))).toEqual({
      mode: 'export',
      state: 'skipped',
      attempt: 0,
      endedAt: now,
      cause,
    });
  });

  it.each([
    ['eu-south-2', 'aurora-mysql'],
    ['me-central-1', 'aurora'],
    ['eu-west-1', 'mysql'],
    ['il-central-1', 'postgres'],
  ])('is not %s for %s', (region, engine) => {
    expect(copyIn(engine, inRegion(region)).state).toBe('queued');
  });

  it('is one no longer where the configuration says so', () => {
    expect(copyIn('mysql', inRegion('eu-south-2', ['eu-central-2', 'eu-south-2'])).state).toBe('queued');
    expect(copyIn('mysql', inRegion('eu-south-2', ['eu-central-2'])).state).toBe('skipped');
  });

  it('copies dumps all the same, and names an engine that no Region exports', () => {
    const staging = { bucket: 'dumps', owner: '123456789012', key: '{snapshotId}', waitHours: 24, maxDumpAgeHours: 24 };
    expect(copyIn('mysql', inRegion('eu-south-2', [], { mode: 'object', staging })).state).toBe('queued');
    expect(copyIn('oracle-ee', inRegion('eu-south-2')).cause?.code).toBe('engine-not-exportable');
  });
});

describe('the schedule', () => {
  const state = (schedule: CopyPolicy['schedule'], ...others: ReturnType<typeof earlier>[]) =>
    initialCopy(backup, configured({ schedule }), { ...fresh, earlier: others }, now).state;

  it('copies the first backup of a UTC day', () => {
    expect(state('daily', earlier('2026-11-22T23:59:00Z', 'complete'))).toBe('queued');
    expect(state('daily', earlier('2026-11-23T00:00:00Z', 'complete'))).toBe('none');
    expect(state('every', earlier('2026-11-23T00:00:00Z', 'complete'))).toBe('queued');
  });

  it('leaves a backup that is recorded late to its own period, whatever was copied after it', () => {
    expect(state('daily', earlier('2026-11-23T23:59:00Z', 'complete'))).toBe('none');
    expect(state('daily', earlier('2026-11-24T00:00:00Z', 'complete'))).toBe('queued');
    expect(state('weekly', earlier('2026-11-30T00:00:00Z', 'complete'))).toBe('queued');
    expect(state('monthly', earlier('2026-12-01T00:00:00Z', 'complete'))).toBe('queued');
  });

  it('copies the first backup of an ISO week or a month', () => {
    expect(state('weekly', earlier('2026-11-22T23:00:00Z', 'complete'))).toBe('queued');
    expect(state('weekly', earlier('2026-11-23T01:00:00Z', 'running'))).toBe('none');
    expect(state('monthly', earlier('2026-11-01T00:00:00Z', 'queued'))).toBe('none');
    expect(state('monthly', earlier('2026-10-31T23:00:00Z', 'complete'))).toBe('queued');
  });

  it('gives the period to its next backup where the copy of the first failed, was not wanted, or is in a later version’s state', () => {
    expect(state('monthly', earlier('2026-11-01T00:00:00Z', 'failed'))).toBe('queued');
    expect(state('monthly', earlier('2026-11-01T00:00:00Z', 'skipped'))).toBe('queued');
    expect(state('monthly', earlier('2026-11-01T00:00:00Z', 'none'))).toBe('queued');
    expect(state('monthly', earlier('2026-11-01T00:00:00Z', 'cancelled'))).toBe('none');
    expect(state('monthly', earlier('2026-11-01T00:00:00Z', 'archived' as CopyState))).toBe('queued');
  });

  it.each([
    ['daily', '2026-12-31T23:59:59.999Z', '2026-12-31T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
    ['weekly', '2026-11-22T12:00:00Z', '2026-11-16T00:00:00.000Z', '2026-11-23T00:00:00.000Z'],
    ['weekly', '2027-01-01T12:00:00Z', '2026-12-28T00:00:00.000Z', '2027-01-04T00:00:00.000Z'],
    ['monthly', '2028-02-29T12:00:00Z', '2028-02-01T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
  ] as const)('%s: the period of %s', (schedule, time, from, to) => {
    expect(periodOf(schedule, new Date(time))).toEqual({ from: new Date(from), to: new Date(to) });
  });
});
