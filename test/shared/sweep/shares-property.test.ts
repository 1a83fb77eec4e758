/** Shares of a shared database, whatever its snapshots, its tenants' times and their promises. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { shareKey } from '../../../shared/domain/index.ts';
import { hourMs } from '../../../shared/lib/time.ts';
import { makeWorld, rowOf } from '../../support/world.ts';

const now = Date.parse('2026-11-23T12:00:00Z');
const graceHours = 2;
const before = (hours: number) => new Date(now - hours * hourMs);

/** A snapshot of so many hours ago; of a copy that is when it was copied, and its data is older. */
interface SnapshotSpec {
  readonly hours: number;
  readonly kind: 'automated' | 'manual' | 'awsbackup';
  readonly status: 'available' | 'creating' | 'failed';
}

interface TenantSpec {
  readonly id: string;
  /** Hours ago; absent: it was there before. */
  readonly since?: number;
  readonly maxAgeHours?: number;
}

// Halves, so that nothing happens at the very moment of a limit.
const hoursAgo = fc.integer({ min: 0, max: 90 }).map((hours) => hours + 0.5);

const snapshots = fc.uniqueArray(
  fc.record({
    hours: hoursAgo,
    kind: fc.constantFrom('automated', 'automated', 'manual', 'awsbackup'),
    status: fc.constantFrom('available', 'available', 'available', 'creating', 'failed'),
  } satisfies { [Name in keyof SnapshotSpec]: fc.Arbitrary<SnapshotSpec[Name]> }),
  { maxLength: 6, selector: ({ hours }) => hours },
);

/** Promises other than the default of 24 hours, which is none of a tenant's own. */
const tenantsOf = (prefix: string, most: number) =>
  fc
    .array(
      fc.record(
        { since: hoursAgo.map((hours) => hours + 0.25), maxAgeHours: fc.constantFrom(6, 12, 20, 30, 72) },
        { requiredKeys: [] },
      ),
      { minLength: 1, maxLength: most },
    )
    .map((specs) => specs.map((spec, n): TenantSpec => ({ id: `${prefix}-${n}`, ...spec })));

const hostAge = fc.constantFrom(12, 24, 48);

async function sweepOf(
  snapshotSpecs: readonly SnapshotSpec[],
  tenants: readonly TenantSpec[],
  maxAgeHours: number,
): Promise<(tenant: string) => Promise<Awaited<ReturnType<typeof rowOf>> | undefined>> {
  const config = {
    operators: [{ email: 'operators@example.com' }],
    defaults: { copy: { mode: 'none' } },
    sharedDatabases: [{ id: 'pool-1', kind: 'instance', maxAgeHours, graceHours }],
    tenants: tenants.map(({ id, since, maxAgeHours: own }) => ({
      id,
      ...(own !== undefined && { maxAgeHours: own }),
      sharedDatabases: [since === undefined ? 'pool-1' : { id: 'pool-1', since: before(since).toISOString() }],
    })),
  };
  const world = makeWorld({ now: new Date(now).toISOString(), config, recording: false });
  world.rds.createInstance({ id: 'pool-1', created: before(1000), window: '03:00-03:30' });
  for (const { hours, kind, status } of snapshotSpecs) {
    world.rds.takeBackup('pool-1', { kind, at: before(hours), durationMinutes: 10 }).status = status;
  }
  await world.sweep();
  const { key } = await rowOf(world, 'pool-1');
  return async (tenant) => (await world.ledger.databases([shareKey(key, tenant)]))[0];
}

/** Whether a deadline falls into the window of a night or the grace after it, to whose end it is moved. */
function isMoved(deadline: number): boolean {
  const hour = (deadline / hourMs) % 24;
  return hour >= 3 && hour <= 3.5 + graceHours;
}

it(
  'has the newest available snapshot of since its tenant came, and is unprotected once that is older than the strictest promise',
  () =>
    fc.assert(
      fc.asyncProperty(snapshots, tenantsOf('tenant', 3), hostAge, async (some, tenants, hostHours) => {
        const rowOfShare = await sweepOf(some, tenants, hostHours);
        for (const { id, since = Number.POSITIVE_INFINITY, maxAgeHours = hostHours } of tenants) {
          const holding = some.filter(({ hours, status }) => status === 'available' && hours <= since);
          const newest = holding.length === 0 ? undefined : Math.min(...holding.map(({ hours }) => hours));
          const row = await rowOfShare(id);
          expect(row?.newestBackup?.time).toEqual(newest === undefined ? undefined : before(newest));
          const promise = Math.min(maxAgeHours, hostHours);
          const isInTime = newest !== undefined && newest <= promise;
          expect(row?.verdict === 'protected').toBe(isInTime);
          if (isInTime) continue;
          // Nothing is late before the promise has passed; a night's window and what is being created may move the deadline.
          const start = newest ?? Math.min(since, 1000);
          const due = now - (start - promise) * hourMs;
          const waits = isMoved(due) || some.some(({ status }) => status === 'creating');
          if (newest === undefined && start <= promise + graceHours)
            expect(['new', 'never', 'overdue']).toContain(row?.verdict);
          else if (waits) expect(['due', 'overdue', 'never', 'new']).toContain(row?.verdict);
          else expect(['overdue', 'never']).toContain(row?.verdict);
        }
      }),
      { numRuns: 60 },
    ),
  120_000,
);

it(
  'is the same whoever else is in the database',
  () =>
    fc.assert(
      fc.asyncProperty(
        snapshots,
        tenantsOf('tenant', 3),
        tenantsOf('other', 5),
        hostAge,
        async (some, own, others, hours) => {
          const alone = await sweepOf(some, own, hours);
          const together = await sweepOf(some, [...own, ...others], hours);
          for (const { id } of own) {
            const row = await together(id);
            expect(row).toEqual(await alone(id));
            expect(JSON.stringify(row)).not.toContain('other-');
          }
        },
      ),
      { numRuns: 40 },
    ),
  120_000,
);
