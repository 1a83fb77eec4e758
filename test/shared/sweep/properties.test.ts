/**
 * Random fleets through random nights: what must hold whatever happens to databases, backups and events. The oracle is
 * the simulator's own state; only the deadline's arithmetic is shared with the code, and has tests of its own.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { flakyDelivery } from '../../../local/rds/events.ts';
import type { Database, Snapshot } from '../../../local/rds/model.ts';
import { backupIdOf, causes, formatBackupOfDatabase } from '../../../shared/domain/index.ts';
import { openAlert } from '../../../shared/evaluation/alert-lifecycle.ts';
import { backupWindow, deadlineOf, lastWindow } from '../../../shared/evaluation/deadline.ts';
import { deadlineAfterStops, type Stop } from '../../../shared/evaluation/stops.ts';
import { addHours } from '../../../shared/lib/time.ts';
import { collect, makeWorld, type World, where } from '../../support/world.ts';

const start = Date.parse('2026-11-02T12:00:00Z');
const hour = 3_600_000;
const days = 4;

interface Spec {
  readonly kind: 'instance' | 'cluster';
  readonly enrolled: 'listed' | 'excluded' | 'tagged' | 'stray';
  readonly windowStart: number;
  readonly windowMinutes: number;
  readonly retention: number;
  readonly maxAgeHours: number;
  readonly graceHours: number;
  readonly ageHours: number;
}

const actions = [
  'skip',
  'stop',
  'start',
  'no retention',
  'retention',
  'manual',
  'awsbackup',
  'copy',
  'expire',
  'delete snapshot',
  'delete',
] as const;

interface Happening {
  readonly afterMinutes: number;
  readonly database: number;
  readonly action: (typeof actions)[number];
}

const spec: fc.Arbitrary<Spec> = fc.record({
  kind: fc.constantFrom('instance', 'cluster'),
  enrolled: fc.constantFrom('listed', 'listed', 'listed', 'tagged', 'excluded', 'stray'),
  windowStart: fc.integer({ min: 0, max: 24 * 60 - 1 }),
  windowMinutes: fc.integer({ min: 30, max: 180 }),
  // Two days or more, so that RDS removes no backup by itself that is still young enough.
  retention: fc.constantFrom(0, 2, 3, 7),
  maxAgeHours: fc.constantFrom(24, 24, 24, 30),
  graceHours: fc.constantFrom(0, 1, 2, 2, 2),
  ageHours: fc.integer({ min: 0, max: 90 }),
});

const happening: fc.Arbitrary<Happening> = fc.record({
  afterMinutes: fc.integer({ min: 0, max: days * 24 * 60 }),
  database: fc.nat({ max: 3 }),
  action: fc.constantFrom(...actions),
});

const story = fc.record({
  seed: fc.integer({ min: 1, max: 1_000_000 }),
  specs: fc.array(spec, { minLength: 1, maxLength: 4 }),
  happenings: fc.array(happening, { maxLength: 20 }),
});

const time = (minute: number) =>
  `${String(Math.floor(minute / 60) % 24).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;

function configOf(specs: readonly Spec[]) {
  const databases = specs.flatMap(({ kind, enrolled, maxAgeHours, graceHours }, n) => {
    const excluded = enrolled === 'excluded' && { excluded: 'nobody needs it' };
    return enrolled === 'listed' || excluded ? [{ id: `db-${n}`, kind, maxAgeHours, graceHours, ...excluded }] : [];
  });
  return {
    operators: [{ email: 'operators@example.com' }],
    defaults: { bucket: { type: 'shared' } },
    discovery: {},
    tenants: [{ id: 'acme', databases }],
  };
}

class Life {
  readonly world: World;
  readonly #specs: readonly Spec[];
  readonly #databases: Database[];
  /** What changed behind the ledger's back, until the next sweep: only that finds what no event tells. */
  readonly #changed = new Set<number>();
  readonly #stops = new Map<number, readonly Stop[]>();
  readonly #open = new Map<string, boolean>();
  readonly problems: string[] = [];
  #seen = 0;

  constructor(seed: number, specs: readonly Spec[]) {
    this.#specs = specs;
    const delivery = flakyDelivery({ lost: 0.25, doubled: 0.25, late: 0.3, lateMinutes: 180, jitterSeconds: 120 });
    this.world = makeWorld({
      now: new Date(start).toISOString(),
      config: configOf(specs),
      simulator: { seed, delivery },
    });
    this.world.state.publish = async () => this.#hear();
    this.#databases = specs.map((one, n) => this.#create(one, n));
  }

  #create({ kind, enrolled, windowStart, windowMinutes, retention, ageHours }: Spec, n: number): Database {
    const { rds } = this.world;
    const database = {
      id: `db-${n}`,
      created: new Date(start - ageHours * hour),
      window: `${time(windowStart)}-${time(windowStart + windowMinutes)}`,
      retention: kind === 'cluster' ? Math.max(2, retention) : retention,
      tags: enrolled === 'tagged' ? { 'backup-tenant': 'globex' } : {},
    };
    const made = kind === 'cluster' ? rds.createCluster(database) : rds.createInstance(database);
    for (let age = 10; age < ageHours; age += 24) {
      if (made.retention > 0) rds.takeBackup(made, { kind: 'automated', at: new Date(start - age * hour) });
    }
    return made;
  }

  #policy(n: number) {
    const { enrolled, maxAgeHours, graceHours } = this.#specs[n] as Spec;
    return enrolled === 'tagged'
      ? { maxAgeHours: 24, graceHours: 2, awsBackupGraceHours: 8, reminderHours: 24, whileStopped: 'warn' as const }
      : { maxAgeHours, graceHours, awsBackupGraceHours: 8, reminderHours: 24, whileStopped: 'warn' as const };
  }

  #snapshots(database: Database): Snapshot[] {
    return this.world.rds
      .snapshots()
      .filter(({ source, status }) => source.resourceId === database.resourceId && status === 'available');
  }

  /** The moment after which the database is unprotected, by what RDS has now. */
  #deadline(n: number): Date {
    const database = this.#databases[n] as Database;
    const newest = Math.max(...this.#snapshots(database).map((one) => (one.originalTime ?? one.startedAt).getTime()));
    const policy = this.#policy(n);
    if (newest === Number.NEGATIVE_INFINITY) return addHours(database.created, policy.maxAgeHours + policy.graceHours);
    const shown = { window: database.window, retentionDays: database.retention };
    const { deadline } = deadlineOf(new Date(newest), shown, policy);
    const stops = (this.#stops.get(n) ?? []).filter(({ until }) => until === undefined || until.getTime() > newest);
    return deadlineAfterStops(deadline, new Date(newest), stops, shown, policy);
  }

  /** Its backup may come right now: nobody is told of its age meanwhile. */
  #isInWindow(n: number): boolean {
    const { window: text, retention, status } = this.#databases[n] as Database;
    const { now } = this.world.rds;
    const window = backupWindow(text);
    if (window === undefined || retention === 0 || status !== 'available') return false;
    return now <= addHours(lastWindow(window, now).end, this.#policy(n).graceHours);
  }

  act({ database: n, action }: Happening): void {
    const database = this.#databases[n];
    if (database === undefined || database.deleted) return;
    const { rds } = this.world;
    const silently = (act: () => void) => {
      this.#changed.add(n);
      act();
    };
    const newest = this.#snapshots(database).toSorted((a, b) => b.startedAt.getTime() - a.startedAt.getTime())[0];
    const isInstance = database.kind === 'instance';
    if (action === 'skip') rds.skipBackups(database, 1);
    const stops = this.#stops.get(n) ?? [];
    const open = stops.find(({ until }) => until === undefined);
    if (action === 'stop' && open === undefined) {
      rds.stop(database);
      this.#stops.set(n, [...stops, { from: rds.now }]);
    }
    if (action === 'start' && open) {
      rds.start(database);
      this.#stops.set(n, [...stops.filter((one) => one !== open), { ...open, until: rds.now }]);
    }
    if (action === 'no retention' && isInstance) silently(() => rds.setRetention(database, 0));
    if (action === 'retention') silently(() => rds.setRetention(database, 3));
    if (action === 'manual' || action === 'awsbackup') rds.takeBackup(database, { kind: action });
    if (action === 'delete') rds.delete(database);
    if (newest === undefined) return;
    // The age of a cluster's copy depends on what the ledger knows of its source.
    if (action === 'copy' && isInstance) rds.copySnapshot(newest, { id: `copy-${rds.now.getTime()}` });
    if (action === 'expire') silently(() => rds.expire(newest));
    if (action === 'delete snapshot' && newest.type !== 'automated') silently(() => rds.deleteSnapshot(newest));
  }

  /** What is notified, at the moment at which it is. */
  #hear(): void {
    for (const { alert, step } of this.world.notified.slice(this.#seen)) {
      const at = this.world.rds.now.toISOString();
      const said = `${at} ${step} ${alert.databaseId} ${alert.verdict} ${alert.severity}: ${alert.cause?.code}`;
      for (const { code } of [alert.cause ?? [], alert.notes].flat()) {
        if (!Object.hasOwn(causes, code)) this.problems.push(`no code of ours: ${said}`);
      }
      const isOpen = this.#open.get(alert.database) ?? false;
      if ((step === 'open') === isOpen) this.problems.push(`not in turn: ${said}`);
      this.#open.set(alert.database, step !== 'resolve' && alert.resolved === undefined);
      if (step !== 'resolve' && !this.#isToBeTold(alert.databaseId, alert.verdict, step)) {
        this.problems.push(`notified of nothing: ${said}`);
      }
    }
    this.#seen = this.world.notified.length;
  }

  #isToBeTold(id: string, verdict: string, step: string): boolean {
    const n = Number(id.slice('db-'.length));
    const database = this.#databases[n] as Database;
    const { enrolled } = this.#specs[n] as Spec;
    if (enrolled === 'excluded' || enrolled === 'stray') return false;
    if (database.deleted) return verdict === 'deleted';
    if (verdict === 'protected') return database.retention === 0;
    const isAgeAlone = verdict === 'overdue' && this.#snapshots(database).length > 0;
    if (step === 'open' && isAgeAlone && database.latestRestorable === 'fresh' && this.#isInWindow(n)) return false;
    return ['overdue', 'never', 'disabled'].includes(verdict) && this.world.rds.now > this.#deadline(n);
  }

  async sweep(): Promise<void> {
    const { report } = await this.world.sweep();
    if (!report.complete) this.problems.push(`not complete: ${report.errors.join()}`);
    this.#hear();
    this.#changed.clear();
    const { ledger, rds } = this.world;
    for (const database of this.#databases) {
      const key = `${where.account}/${where.region}/${database.resourceId}`;
      const [row] = await ledger.databases([key]);
      const has = this.#snapshots(database).map((one) => `${one.startedAt.toISOString()}#${one.id}`);
      const open = (await collect(ledger.backupsOfDatabase(key))).filter(({ closed }) => closed === undefined);
      const live = await ledger.liveBackups(key);
      const at = `${rds.now.toISOString()} ${database.id}`;
      // Who was deleted before anybody looked, and left nothing behind, was never met.
      if (row === undefined && database.deleted && has.length === 0) continue;
      expect(live.map(formatBackupOfDatabase).sort(), at).toEqual(has.sort());
      expect(open.map((one) => formatBackupOfDatabase(backupIdOf(one))).sort(), at).toEqual(has);
    }
  }

  async watch(): Promise<void> {
    await this.world.watch();
    this.#hear();
    const { ledger, rds } = this.world;
    for (const [n, database] of this.#databases.entries()) {
      const { enrolled } = this.#specs[n] as Spec;
      if (enrolled === 'excluded' || enrolled === 'stray' || database.deleted || this.#changed.has(n)) continue;
      // One that is being created may hold the deadline open.
      if (rds.snapshots(database).some(({ status }) => status === 'creating')) continue;
      if (rds.now <= this.#deadline(n) || this.#isInWindow(n)) continue;
      const [row] = await ledger.databases([`${where.account}/${where.region}/${database.resourceId}`]);
      const [alert] = row?.alert ? await ledger.alerts([{ database: row.key, ...row.alert }]) : [];
      if (openAlert(alert) === undefined) {
        const deadline = this.#deadline(n).toISOString();
        this.problems.push(`${rds.now.toISOString()} ${database.id} is past ${deadline}, and nobody was notified`);
      }
    }
  }
}

describe('whatever happens to databases, backups and events', () => {
  it('nobody is missed, nobody is woken for nothing, and after a sweep the ledger equals RDS', async () => {
    await fc.assert(
      fc.asyncProperty(story, async ({ seed, specs, happenings }) => {
        const life = new Life(seed, specs);
        const ahead = happenings.toSorted((a, b) => a.afterMinutes - b.afterMinutes);
        for (let quarter = 0; quarter <= days * 96; quarter += 1) {
          const until = start + (quarter * hour) / 4;
          for (let next = ahead[0]; next && start + next.afterMinutes * 60_000 <= until; next = ahead[0]) {
            ahead.shift();
            await life.world.rds.advanceTo(new Date(start + next.afterMinutes * 60_000));
            life.act(next);
          }
          await life.world.rds.advanceTo(new Date(until));
          if (quarter % 96 === 0) await life.sweep();
          await life.watch();
          expect(life.problems).toEqual([]);
        }
        expect(life.world.logged.filter(({ level }) => level === 'error')).toEqual([]);
      }),
      { numRuns: 40, seed: 20261123 },
    );
  }, 120_000);
});
