/** Each copy is made where its database lives: queue, slots, lease and pauses of its own, and what one environment refuses is its own. */
import { describe, expect, it } from 'vitest';
import { RdsFault } from '../../../local/rds/faults.ts';
import { inProcessClient } from '../../../local/rds/in-process.ts';
import { RdsSimulator } from '../../../local/rds/simulator.ts';
import { parseConfig } from '../../../shared/config/index.ts';
import { type CopyTrigger, workOnCopies } from '../../../shared/copies/index.ts';
import {
  type Backup,
  backupIdOf,
  type CopyPause,
  type Environment,
  formatEnvironment,
  formatName,
  isAvailable,
} from '../../../shared/domain/index.ts';
import { TableLedger, updateDatabase } from '../../../shared/ledger/index.ts';
import {
  concernsEnvironment,
  NoCredentialsError,
  refusesEnvironment,
} from '../../../shared/lib/environment-failures.ts';
import { minuteMs } from '../../../shared/lib/time.ts';
import { configuredByName } from '../../../shared/ownership.ts';
import { RdsReader } from '../../../shared/rds/index.ts';
import { backupFrom, firstRow, withBackup } from '../../../shared/recording/new-backup.ts';
import { MemoryTable } from '../../support/memory-ledger.ts';
import { MemoryS3, s3Error } from './memory-s3.ts';

const hub = { account: '123456789012', region: 'eu-west-1' };
const abroad = { account: '222222222222', region: 'us-east-1' };
const beside = { account: '222222222222', region: 'eu-west-1' };
const all = [hub, abroad, beside];
const environments = [{ account: '222222222222', name: 'Acme production', regions: ['us-east-1', 'eu-west-1'] }];
const defaults = { copy: { mode: 'export' }, bucket: { type: 'shared' } };
const operators = [{ email: 'operators@example.com' }];

const denied = () => new NoCredentialsError(named('AccessDenied', 'not authorized to perform: sts:AssumeRole'), true);
const regionOff = () => withStatus(named('InvalidClientTokenId', 'The security token is invalid.'), 403);
const throttled = () => withStatus(named('Throttling', 'Rate exceeded'), 400);
const stsBusy = () => new NoCredentialsError(withStatus(named('ThrottlingException', 'Rate exceeded'), 400), false);

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

function withStatus(error: Error, httpStatusCode: number): Error {
  return Object.assign(error, { $metadata: { httpStatusCode } });
}

/** The databases by environment; each has a fresh backup in the ledger, whose copy is queued. */
async function given(databases: readonly (Environment & { readonly id: string; readonly copy?: object })[]) {
  const configOf = (listed: readonly object[], some = databases) => ({
    environments: listed,
    defaults,
    operators,
    tenants: [{ id: 'acme', databases: some.map((database) => ({ kind: 'instance', ...database })) }],
  });
  const state = { fleet: parseConfig(JSON.stringify(configOf(environments)), hub) };
  const start = new Date('2026-11-20T00:00:00Z');
  const s3: MemoryS3 = new MemoryS3(() => now());
  const simulators = new Map(
    all.map((environment) => [
      formatEnvironment(environment),
      new RdsSimulator({
        now: start,
        ...environment,
        seed: 1,
        eventSink: async () => {},
        objectSink: { put: async (bucket, key, body) => s3.put(bucket, key, body) },
        exportMinutes: () => 12,
      }),
    ]),
  );
  const rdsIn = (environment: Environment) => {
    const rds = simulators.get(formatEnvironment(environment));
    if (rds === undefined) throw new Error(`no RDS in ${formatEnvironment(environment)}`);
    return rds;
  };
  const now = (): Date => rdsIn(hub).now;
  const ledger = new TableLedger(new MemoryTable(), now);
  for (const { target, copy } of state.fleet.databases) {
    for (const { bucket, owner } of [target, ...(copy.staging ? [copy.staging] : [])]) {
      if (!s3.has(bucket)) s3.createBucket(bucket, owner);
    }
  }
  /** What all calls of an environment fail with. */
  const failing = new Map<string, () => Error>();
  /** Environments whose clients were asked for, and the calls that were made there. */
  const asked: string[] = [];
  const calls: string[] = [];
  const notified: { readonly ids: readonly string[] }[] = [];
  const paused: CopyPause[] = [];
  let runs = 0;

  function clientIn<Client extends { send: (...args: never[]) => unknown }>(name: string, client: Client): Client {
    const send = client.send.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const called = async (...args: unknown[]) => {
      calls.push(name);
      const failure = failing.get(name);
      if (failure) throw failure();
      return send(...args);
    };
    return new Proxy(client, { get: (target, key) => (key === 'send' ? called : Reflect.get(target, key, target)) });
  }

  const work = (trigger: CopyTrigger = {}, more: { readonly remainingMs?: () => number } = {}) => {
    runs += 1;
    asked.length = 0;
    calls.length = 0;
    return workOnCopies(
      {
        ledger,
        fleet: state.fleet,
        partsIn: (environment) => {
          const name = formatEnvironment(environment);
          asked.push(name);
          return {
            rds: clientIn(name, inProcessClient(rdsIn(environment))),
            s3: async () => clientIn(name, s3.client),
            exportRoleArn: `arn:aws:iam::${environment.account}:role/export-${environment.region}`,
            exportKeyArn: `arn:aws:kms:${environment.region}:${environment.account}:alias/copies`,
          };
        },
        notify: async (_, rows) => {
          notified.push({ ids: rows.map(({ databaseId }) => databaseId) });
        },
        notifyOfPause: async (pause) => {
          paused.push(pause);
        },
        holder: `run ${runs}`,
        pause: async () => undefined,
        remainingMs: () => 600_000,
        clock: now,
        ...more,
      },
      now(),
      trigger,
    );
  };

  const record = async ({ account, region, id }: Environment & { readonly id: string }): Promise<Backup> => {
    const rds = rdsIn({ account, region });
    const database = rds.createInstance({ id, dataGb: 100 });
    const at = new Date(now().getTime() - 60 * minuteMs);
    const taken = rds.takeBackup(database, { kind: 'automated', at });
    const [snapshot] = await new RdsReader(inProcessClient(rds)).instanceSnapshotsNamed([taken.id]);
    if (!snapshot || !isAvailable(snapshot)) throw new Error(`no snapshot of ${id}`);
    const configured = configuredByName(state.fleet).get(formatName({ account, region, kind: 'instance', id }));
    if (configured === undefined) throw new Error(`${id} is not configured`);
    const owner = { configured, tenant: configured.tenant };
    const backup = await backupFrom(ledger, snapshot, owner, { from: 'event' }, now());
    await ledger.recordBackup(backup);
    await updateDatabase(ledger, snapshot.database, (known) =>
      withBackup(known ?? firstRow(snapshot, configured, now()), backup, configured, now()),
    );
    return backup;
  };
  const backups: Backup[] = [];
  for (const database of databases) backups.push(await record(database));

  return {
    work,
    ledger,
    s3,
    failing,
    asked,
    calls,
    notified,
    paused,
    backups,
    rdsIn,
    configure: (listed: readonly object[], some = databases) => {
      state.fleet = parseConfig(JSON.stringify(configOf(listed, some)), hub);
    },
    pass: async (hours: number) => {
      for (const rds of simulators.values()) await rds.advanceBy({ minutes: hours * 60 });
    },
    tasksIn: (environment: Environment) => rdsIn(environment).exportTasks(),
    /** The copies as the ledger has them, in the order of their databases. */
    copies: async () => {
      const rows = await ledger.backups(backups.map(backupIdOf));
      return backups.map(({ database }) => rows.find((row) => row.database === database)?.copy);
    },
    states: async () => {
      const rows = await ledger.backups(backups.map(backupIdOf));
      return backups.map(({ database }) => rows.find((row) => row.database === database)?.copy.state);
    },
  };
}

const one = (environment: Environment, id = 'orders') => ({ ...environment, id });
const ofEach = all.map((environment) => one(environment));
const many = (environment: Environment, count: number) =>
  Array.from({ length: count }, (_, n) => one(environment, `db-${n}`));
const trigger = (...backups: readonly Backup[]) => ({ backups: backups.map(backupIdOf) });

describe('a periodic pass', () => {
  it('starts the copies of each environment there, with its role, key and bucket', async () => {
    const world = await given(ofEach);
    const report = await world.work();
    expect(report.errors).toEqual([]);
    expect(report.environments.map(({ environment, run }) => [formatEnvironment(environment), run.started])).toEqual(
      all.map((environment) => [formatEnvironment(environment), 1]),
    );
    for (const { account, region } of all) {
      expect(world.tasksIn({ account, region })).toMatchObject([
        {
          SourceArn: expect.stringContaining(`:rds:${region}:${account}:snapshot:`),
          S3Bucket: `rds-backup-ledger--shared-${account}-${region}`,
          IamRoleArn: `arn:aws:iam::${account}:role/export-${region}`,
          KmsKeyId: `arn:aws:kms:${region}:${account}:alias/copies`,
        },
      ]);
    }
    await world.pass(1);
    expect((await world.work()).ended).toHaveLength(3);
    expect(await world.states()).toEqual(['complete', 'complete', 'complete']);
  });

  it('has five slots in each environment', async () => {
    const world = await given([...many(hub, 7), ...many(abroad, 6)]);
    const { environments } = await world.work();
    expect(environments.map(({ run }) => [run.started, run.waiting])).toEqual([
      [5, 2],
      [5, 1],
    ]);
  });

  it('works where anything is copied, and in the hub', async () => {
    const world = await given([one(hub), { ...one(abroad), copy: { mode: 'none' } }, one(beside)]);
    await world.work();
    expect(world.asked).toEqual([hub, beside].map(formatEnvironment));
  });

  it('is held up by a lease in its own environment alone', async () => {
    const world = await given(ofEach);
    const now = world.rdsIn(hub).now;
    await world.ledger.takeLease(abroad, 'another run', now, new Date(now.getTime() + 60_000));
    const { environments } = await world.work();
    expect(environments.map(({ run }) => run.lease)).toEqual(['taken', 'held', 'taken']);
  });

  it('says of which environments it had no time for', async () => {
    const world = await given(ofEach);
    const { errors } = await world.work({}, { remainingMs: () => 0 });
    expect(errors.map(String)).toEqual([
      'Error: Acme production (222222222222), us-east-1: this run had no time left for it',
      'Error: Acme production (222222222222), eu-west-1: this run had no time left for it',
    ]);
  });
});

describe('a trigger', () => {
  it('that names backups is followed in their environments alone', async () => {
    const world = await given(ofEach);
    const [, second, third] = world.backups;
    if (!second || !third) throw new Error('no backups');
    await world.work(trigger(second));
    expect([world.asked, await world.states()]).toEqual([['222222222222/us-east-1'], ['queued', 'running', 'queued']]);
    await world.work(trigger(second, third));
    expect(world.asked).toEqual(['222222222222/us-east-1', '222222222222/eu-west-1']);
  });

  it('that names the end of an export is followed in its environment alone', async () => {
    const world = await given(ofEach);
    await world.work();
    await world.pass(1);
    const { ended } = await world.work({ exportsEnded: [world.backups[1]?.arn ?? ''] });
    expect([world.asked, ended.map(({ database }) => database)]).toEqual([
      ['222222222222/us-east-1'],
      [world.backups[1]?.database],
    ]);
  });
});

describe('an environment that left the configuration', () => {
  it('leaves what waits there waiting, and goes on when it is back', async () => {
    const world = await given(ofEach);
    world.configure([], [one(hub)]);
    const { unlisted, environments: worked } = await world.work(trigger(...world.backups));
    expect([unlisted.map(formatEnvironment), worked.length]).toEqual([
      ['222222222222/us-east-1', '222222222222/eu-west-1'],
      1,
    ]);
    expect(await world.states()).toEqual(['running', 'queued', 'queued']);
    await world.work();
    expect(world.asked).toEqual([formatEnvironment(hub)]);
    world.configure(environments);
    await world.work();
    expect(await world.states()).toEqual(['running', 'running', 'running']);
  });
});

describe.each([
  ['whose role is refused', denied],
  ['whose Region is off', regionOff],
])('an environment %s', (_, failure) => {
  it('harms no other, burns no attempt, and is reported once until it is put right', async () => {
    const world = await given([...ofEach, one(abroad, 'shop')]);
    world.failing.set(formatEnvironment(abroad), failure);
    const first = await world.work();
    expect(first.errors).toEqual([]);
    expect(first.environments.map(({ refused }) => refused)).toEqual([false, true, false]);
    expect(await world.copies()).toMatchObject([
      { state: 'running' },
      { state: 'queued', attempt: 1 },
      { state: 'running' },
      { state: 'queued', attempt: 1 },
    ]);
    expect(world.paused).toMatchObject([
      { kind: 'environment', name: '222222222222/us-east-1', cause: { code: 'environment-refused', facts: abroad } },
    ]);

    // Its queue is counted on, and nothing is called there before an hour is over.
    await world.pass(0.5);
    const second = await world.work();
    expect(second.environments[1]).toMatchObject({ refused: true, run: { waiting: 2 } });
    expect(world.calls).not.toContain(formatEnvironment(abroad));
    const [, backup] = world.backups;
    await world.work(backup && trigger(backup));
    expect(world.calls).toEqual([]);

    // Once an hour it is tried.
    await world.pass(0.6);
    await world.work();
    expect(world.calls.filter((name) => name === formatEnvironment(abroad)).length).toBeLessThanOrEqual(3);
    expect(world.calls).toContain(formatEnvironment(abroad));

    world.failing.clear();
    await world.pass(1.1);
    const last = await world.work();
    expect(last.environments.map(({ refused, run }) => [refused, run.started])).toEqual([
      [false, 0],
      [false, 2],
      [false, 0],
    ]);
    expect([world.paused.length, world.notified]).toEqual([1, []]);
    expect(await world.copies()).toMatchObject(Array(4).fill({ attempt: 1 }));
  });

  it('takes no dump for missing, nor its bucket for closed', async () => {
    const key = 'nightly/{databaseId}.bak';
    const staging = { bucket: 'dumps-abroad', owner: abroad.account, key, waitHours: 1 };
    const world = await given([one(hub), { ...one(abroad, 'erp'), copy: { mode: 'object', staging } }]);
    world.s3.put('dumps-abroad', 'nightly/erp.bak', 'a dump');
    world.failing.set(formatEnvironment(abroad), failure);
    await world.work();
    await world.pass(0.9);
    await world.work();
    expect(await world.copies()).toMatchObject([{}, { state: 'queued', attempt: 1 }]);
    expect(world.notified).toEqual([]);
    world.failing.clear();
    await world.pass(0.2);
    await world.work();
    expect(await world.copies()).toMatchObject([{}, { state: 'complete', attempt: 1 }]);
  });
});

describe.each([
  ['that is throttled', throttled],
  ['whose role STS is too busy for', stsBusy],
])('an environment %s', (_, failure) => {
  it('harms no other, and is named with what it answered', async () => {
    const world = await given(ofEach);
    world.failing.set(formatEnvironment(abroad), failure);
    const { errors, environments: passes } = await world.work();
    expect(errors.map(String)).toEqual(['Error: Acme production (222222222222), us-east-1: Rate exceeded']);
    expect([await world.states(), world.paused]).toEqual([['running', 'queued', 'running'], []]);
    expect(passes.map(({ refused }) => refused)).toEqual([false, false, false]);
    world.failing.clear();
    await world.work();
    expect(await world.copies()).toMatchObject([{}, { state: 'running', attempt: 1 }, {}]);
  });
});

it('credentials that end between RDS and S3 fail no copy', async () => {
  const world = await given([one(abroad)]);
  world.s3.onCall = () => {
    throw denied();
  };
  await world.work();
  expect(await world.copies()).toMatchObject([{ state: 'queued', attempt: 1 }]);
  world.s3.onCall = undefined;
  await world.pass(1.1);
  await world.work();
  expect(await world.copies()).toMatchObject([{ state: 'running', attempt: 1 }]);

  world.s3.onCall = () => {
    throw denied();
  };
  // The export has ended; nobody can see what lies in the bucket, for however long.
  await world.pass(30);
  await world.work();
  expect(await world.copies()).toMatchObject([{ state: 'running', attempt: 1 }]);
  world.s3.onCall = undefined;
  await world.pass(1.1);
  await world.work();
  expect(await world.copies()).toMatchObject([{ state: 'complete', attempt: 1 }]);
});

it('a fault of set-up pauses the copies of its own environment', async () => {
  const world = await given([...many(abroad, 4), ...many(beside, 4)]);
  const fault = new RdsFault('AccessDenied', 403, 'not authorized to perform: iam:PassRole');
  for (let hours = 0; hours < 3; hours += 1) {
    world.rdsIn(abroad).failNext('StartExportTask', 5, fault);
    await world.work();
    await world.pass(1.1);
  }
  expect(world.paused).toMatchObject([
    { environment: '222222222222/us-east-1', kind: 'account', name: abroad.account },
  ]);
  expect((await world.ledger.copyPauses(beside)).filter(({ pausedAt }) => pausedAt)).toEqual([]);
  expect((await world.states()).slice(4)).toEqual(Array(4).fill('complete'));
});

describe('what an answer says of its environment', () => {
  it.each([
    ['a refused role', denied(), true, true],
    ['a throttled STS', stsBusy(), true, false],
    ['a Region that is off', regionOff(), true, true],
    ['credentials that S3 does not know there', s3Error('InvalidToken', 400), true, true],
    ['a throttled RDS', throttled(), false, false],
    ['a closed bucket', s3Error('AccessDenied', 403), false, false],
    ['a text', 'InvalidToken', false, false],
  ])('is read: %s', (_, error, concerns, refuses) => {
    expect([concernsEnvironment(error), refusesEnvironment(error)]).toEqual([concerns, refuses]);
  });
});
