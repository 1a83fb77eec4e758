/** One fault of set-up stops once: several databases meet it, the rest waits, one an hour is tried, and all go on by themselves. */
import { describe, expect, it } from 'vitest';
import { type ExportOutcome, exportFailure } from '../../../local/rds/exports.ts';
import { RdsFault } from '../../../local/rds/faults.ts';
import type { Backup } from '../../../shared/domain/index.ts';
import { UnreadableRow } from '../../../shared/ledger/ledger.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
import { where } from '../../support/world.ts';
import { copyWorld, exporting, exportRole, sharedBucket, stackKey } from './world.ts';

/** A world in which each database has one fresh backup, its copy queued; exports take 12 minutes. */
async function given(tenants: Record<string, readonly string[]>, more: object = {}) {
  /** How exports go. */
  const exports: { outcome: ExportOutcome } = { outcome: { kind: 'complete' } };
  const world = copyWorld({
    config: exporting(tenants, more),
    simulator: { exportMinutes: () => 12, exportOutcome: () => exports.outcome },
  });
  const backups: Backup[] = [];
  for (const id of Object.values(tenants).flat()) {
    world.rds.createInstance({ id, dataGb: 100 });
    const at = new Date(world.rds.now.getTime() + (backups.length - 600) * minuteMs);
    backups.push(await world.record(world.rds.takeBackup(id, { kind: 'automated', at }).id));
  }
  // What RDS says of each database: its retention.
  await world.sweep();
  /** The watch's passes, each quarter of an hour. */
  const passes = async (hours: number) => {
    for (let quarter = 0; quarter < hours * 4; quarter += 1) {
      await world.pass();
      await world.rds.advanceBy({ minutes: 15 });
    }
  };
  const states = async () => {
    const copies = await Promise.all(backups.map(world.copyOf));
    return Object.fromEntries(
      [...new Set(copies.map(({ state }) => state))].map((state) => [
        state,
        copies.filter((copy) => copy.state === state).length,
      ]),
    );
  };
  return { ...world, exports, backups, passes, states };
}

const many = (count: number, prefix = 'db') => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);
const fleet = { acme: many(20, 'a'), globex: many(20, 'g'), initech: many(20, 'i') };

/** Each way in which one fault fails every copy. */
const faults = [
  {
    name: "a bucket's policy, found out late",
    cause: exportFailure.bucket(sharedBucket, exportRole),
    scope: { kind: 'bucket', name: sharedBucket },
    code: 'bucket-denied',
  },
  {
    name: "the role's trust, found out late",
    cause: exportFailure.role(exportRole),
    scope: { kind: 'role', name: exportRole },
    code: 'role-not-trusted',
  },
  {
    name: 'the key, found out late',
    cause: exportFailure.key(sharedBucket, exportRole, stackKey).replace('AccessDenied', 'KMS.DisabledException'),
    scope: { kind: 'key', name: stackKey },
    code: 'key-not-usable',
  },
  {
    name: 'a refusal that nobody knows',
    refusal: new RdsFault('InvalidParameterValue', 400, 'The prefix must not end in a slash.'),
    scope: { kind: 'account', name: where.account },
    code: 'start-refused',
  },
  {
    name: 'a missing role',
    refusal: new RdsFault('IamRoleNotFound', 404, 'no such role'),
    scope: { kind: 'role', name: exportRole },
    code: 'role-not-found',
  },
  {
    name: 'a right of the copy function',
    refusal: new RdsFault('AccessDenied', 403, 'not authorized'),
    scope: { kind: 'account', name: where.account },
    code: 'start-denied',
  },
] as const;

describe.each(faults)('$name, wrong for six hours', ({ scope, code, ...fault }) => {
  it('pauses its scope, is one message, fails nothing for good, and goes on by itself', async () => {
    const world = await given(fleet);
    let attempts = 0;
    const heal = world.rds.onCall(({ action }) => {
      if (action !== 'StartExportTask') return undefined;
      attempts += 1;
      return 'refusal' in fault ? fault.refusal : undefined;
    });
    if ('cause' in fault) world.exports.outcome = { kind: 'fail', cause: fault.cause };
    await world.passes(6);
    expect(await world.states()).toEqual({ queued: 60 });
    expect(world.paused).toHaveLength(1);
    expect(world.paused[0]).toMatchObject({
      pause: { ...scope, cause: { code } },
      waiting: 60,
      // The snapshots are kept for 7 days, the oldest is from ten hours before.
      firstExpiry: new Date('2026-11-26T14:00:00Z'),
    });
    expect(world.notified).toEqual([]);
    // Five at first where the fault shows late, three where it shows at once; then one an hour.
    expect(attempts).toBeLessThanOrEqual(12);

    heal();
    world.exports.outcome = { kind: 'complete' };
    await world.passes(12);
    expect(await world.states()).toEqual({ complete: 60 });
    expect(world.paused).toHaveLength(1);
    expect((await world.ledger.copyPauses(where)).map(({ pausedAt, failures }) => [pausedAt, failures])).toEqual([
      [undefined, []],
    ]);
    // Each once: an export that succeeded is not made again.
    expect(world.completedTasks()).toHaveLength(60);
  });
});

describe('a scope is not paused', () => {
  it('by the odd snapshots of one database', async () => {
    const world = await given({ acme: ['odd'], globex: many(4) }, { copies: { maxAttempts: 3 } });
    world.rds.onCall(({ action, input }) =>
      action === 'StartExportTask' && String(input.SourceArn).includes(':rds:odd')
        ? new RdsFault('InvalidParameterValue', 400, 'odd')
        : undefined,
    );
    await world.passes(26);
    expect(await world.states()).toEqual({ queued: 1, complete: 4 });
    expect(world.paused).toEqual([]);
    expect(world.notified.map(({ tenant, copies }) => [tenant, copies.length])).toEqual([['acme', 1]]);
  });

  it('by those of several, while others succeed in between', async () => {
    const odd = many(3, 'odd');
    const world = await given({ acme: odd, globex: many(6) });
    world.rds.onCall(({ action, input }) =>
      action === 'StartExportTask' && String(input.SourceArn).includes(':rds:odd')
        ? new RdsFault('InvalidParameterValue', 400, 'odd')
        : undefined,
    );
    await world.passes(8);
    expect(await world.states()).toEqual({ queued: 3, complete: 6 });
  });

  it('where another bucket is at fault', async () => {
    const tenants = { acme: many(4, 'a'), globex: many(4, 'g') };
    const config = exporting(tenants) as { tenants: { id: string; bucket?: object }[] };
    const [acme] = config.tenants;
    if (acme) acme.bucket = { type: 'existing', name: 'acme-archive' };
    const world = await given(tenants, { tenants: config.tenants });
    world.rds.onCall(({ action, input }) =>
      action === 'StartExportTask' && input.S3BucketName === 'acme-archive'
        ? new RdsFault('InvalidS3BucketFault', 400, 'not here')
        : undefined,
    );
    await world.passes(4);
    expect(await world.states()).toEqual({ queued: 4, complete: 4 });
    expect(world.paused.map(({ pause, waiting }) => [pause.kind, pause.name, waiting])).toEqual([
      ['bucket', 'acme-archive', 4],
    ]);
  });
});

describe('a pause', () => {
  const refused = new RdsFault('IamRoleNotFound', 404, 'no such role');

  it('tries another database each hour, and begins again when all have had their try', async () => {
    const world = await given({ acme: many(3) });
    const tried: string[] = [];
    world.rds.onCall(({ action, input }) => {
      if (action !== 'StartExportTask') return undefined;
      tried.push(/rds:(db-\d)/.exec(String(input.SourceArn))?.[1] ?? '');
      return refused;
    });
    await world.passes(30);
    const [pause] = await world.ledger.copyPauses(where);
    expect(pause?.pausedAt).toBeDefined();
    const probes = tried.slice(3);
    expect(new Set(probes.slice(0, 3)).size).toBe(3);
    // What failed as a probe waits longer each time, half a day at most.
    expect(probes.length).toBeGreaterThanOrEqual(8);
    expect(probes.length).toBeLessThanOrEqual(29);
  });

  it('is told once, also where its message fails at first', async () => {
    const world = await given({ acme: many(4) });
    world.rds.onCall(({ action }) => (action === 'StartExportTask' ? refused : undefined));
    await world.passes(0.5);
    const told = world.paused.push.bind(world.paused);
    world.paused.push = () => {
      throw new Error('SNS is down');
    };
    await expect(world.pass()).rejects.toThrow('SNS is down');
    world.paused.push = told;
    await world.passes(5);
    expect(world.paused).toHaveLength(1);
  });

  it('is told once, also where many runs meet its fault at once', async () => {
    const world = await given({ acme: many(5) });
    world.exports.outcome = { kind: 'fail', cause: exportFailure.role(exportRole) };
    await world.pass();
    await world.rds.advanceBy({ minutes: 30 });
    const arns = world.rds.exportTasks().map(({ SourceArn = '' }) => SourceArn);
    // Each run has read the pauses before the first has sent its message, and gets the lease after it.
    const takeLease = world.ledger.takeLease.bind(world.ledger);
    world.ledger.takeLease = async (environment, holder, now, until, on) => {
      let answer = await takeLease(environment, holder, now, until, on);
      for (let turn = 0; turn < 1000 && on === 'NOTICE' && answer === 'held'; turn += 1) {
        await new Promise(setImmediate);
        answer = await takeLease(environment, holder, now, until, on);
      }
      return answer;
    };
    await Promise.all(arns.map((arn) => world.pass({ exportsEnded: [arn] }).catch(() => undefined)));
    await world.passes(1);
    expect(world.paused.map(({ pause }) => pause.kind)).toEqual(['role']);
    expect(world.notified).toEqual([]);
  });

  it('whose row was written by hand stops no copy', async () => {
    const world = await given({ acme: many(2) });
    const { leavingOut } = world.ledger;
    world.ledger.leavingOut = (take) => {
      const ledger = leavingOut.call(world.ledger, take);
      const read = ledger.copyPauses.bind(ledger);
      return new Proxy(ledger, {
        get: (target, name) =>
          name === 'copyPauses'
            ? async (environment: typeof where) => {
                take(new UnreadableRow('a row that was written by hand', undefined));
                return read(environment);
              }
            : Reflect.get(target, name),
      });
    };
    await expect(world.pass()).rejects.toThrow('a row that was written by hand');
    expect(await world.states()).toEqual({ running: 2 });
  });

  it('is told again where its scope fails anew after it had healed', async () => {
    const world = await given({ acme: many(8) });
    const heal = world.rds.onCall(({ action }) => (action === 'StartExportTask' ? refused : undefined));
    await world.passes(2);
    heal();
    await world.passes(6);
    expect(await world.states()).toEqual({ complete: 8 });
    for (const id of many(4)) {
      const at = new Date(world.rds.now.getTime() + 24 * 60 * minuteMs);
      await world.rds.advanceTo(at);
      await world.record(
        world.rds.takeBackup(id, { kind: 'automated', at: new Date(at.getTime() - 60 * minuteMs) }).id,
      );
    }
    world.rds.onCall(({ action }) => (action === 'StartExportTask' ? refused : undefined));
    await world.passes(2);
    expect(world.paused).toHaveLength(2);
  });

  it('does not end a copy whose snapshot is gone, or no longer wanted, any later', async () => {
    const world = await given({ acme: many(4) });
    world.rds.onCall(({ action }) => (action === 'StartExportTask' ? refused : undefined));
    await world.passes(2);
    for (const snapshot of world.rds.snapshots('db-3')) world.rds.expire(snapshot);
    await world.passes(30);
    expect(await world.states()).toMatchObject({ queued: 3, skipped: 1 });
  });
});

it('a copy that waits for something else than its turn is told by `queuedHours`, once, with RDS’s reason', async () => {
  const world = await given({ acme: ['busy', 'idle'] }, { copies: { queuedHours: 6 } });
  world.rds.onCall(({ action, input }) =>
    action === 'StartExportTask' && String(input.SourceArn).includes(':rds:busy')
      ? new RdsFault('InvalidExportSourceState', 400, 'The snapshot is being copied.')
      : undefined,
  );
  await world.passes(5.75);
  expect(world.notified).toEqual([]);
  await world.passes(20);
  expect(world.notified.map(({ copies }) => copies.map(({ copy }) => [copy.state, copy.cause]))).toEqual([
    [['queued', { code: 'snapshot-busy', facts: { said: 'The snapshot is being copied.' } }]],
  ]);
});
