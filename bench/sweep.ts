/**
 * The daily sweep of a fleet at rest, and beside it the usual tutorial's loop, against simulated RDS over HTTP that takes 100 ms
 * for each call, or 300 ms where there are many accounts, whose roles' credentials take as long. Each runs in a process of its own, which does nothing else: RDS and the ledger's table are in this one. The ledger
 * answers at once, and knows all backups, as on any day but the first.
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json, text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';
import { DescribeDBSnapshotsCommand, paginateDescribeDBInstances, RDSClient } from '@aws-sdk/client-rds';
import { sumBy } from 'es-toolkit/math';
import { answer } from '../local/rds/answer.ts';
import { RdsSimulator } from '../local/rds/simulator.ts';
import { AwsBackupReader } from '../shared/aws-backup/index.ts';
import { parseConfig } from '../shared/config/index.ts';
import { ByEnvironment, type Environment, formatEnvironment } from '../shared/domain/index.ts';
import { type Item, type Table, TableLedger } from '../shared/ledger/index.ts';
import { collect } from '../shared/lib/iterables.ts';
import { notifyOfTenants } from '../shared/notifications/index.ts';
import { RdsReader } from '../shared/rds/index.ts';
import { runRequest } from '../shared/sweep/index.ts';
import { MemoryTable } from '../test/support/memory-ledger.ts';
import { makeWorld, where } from '../test/support/world.ts';

/** RDS's largest page. */
const pageSize = 100;
const ways = ['sweep', 'a call a database'] as const;
type Way = (typeof ways)[number];

/** The loop waits 100 ms a database: at 10,000 that would be 17 minutes. */
const largestLoop = 1_000;

/** As in the sweep function, which has 1,024 MB. */
const lambdaHeapMB = 900;

const fleets = [
  { environments: 1, databases: 100, snapshots: 8, callMs: 100, heapMB: lambdaHeapMB },
  { environments: 1, databases: 1_000, snapshots: 8, callMs: 100, heapMB: lambdaHeapMB },
  { environments: 1, databases: 1_000, snapshots: 35, callMs: 100, heapMB: lambdaHeapMB },
  { environments: 1, databases: 10_000, snapshots: 8, callMs: 100, heapMB: lambdaHeapMB },
  { environments: 1, databases: 10_000, snapshots: 8, callMs: 100, heapMB: 160 },
  { environments: 300, databases: 9_000, snapshots: 8, callMs: 300, heapMB: lambdaHeapMB },
] as const;

export interface SweepResult {
  /** Accounts and Regions, each with its part of the databases. */
  readonly environments: number;
  readonly databases: number;
  /** Of each database. */
  readonly snapshots: number;
  readonly callMs: number;
  /** The largest heap that Node may take; it collects garbage later in a larger one. */
  readonly heapMB: number;
  readonly way: Way;
  readonly calls: number;
  /** The fewest calls that can list all of it, in pages of 100. */
  readonly fewestCalls: number;
  readonly seconds: number;
  /** Of the whole process at its peak, Node, SDK and the compiler of the benchmark included. */
  readonly peakMB: number;
}

interface Measured {
  readonly seconds: number;
  readonly peakMB: number;
  readonly protectedDatabases: number;
}

export async function sweepBenchmark(): Promise<SweepResult[]> {
  const results: SweepResult[] = [];
  for (const fleet of fleets) {
    await using aws = await startAws(fleet);
    for (const way of ways) {
      if (way !== 'sweep' && fleet.databases > largestLoop) continue;
      aws.resetCalls();
      const child = fork(import.meta.filename, [way, aws.url, JSON.stringify(fleet)], {
        execArgv: [...process.execArgv, `--max-old-space-size=${fleet.heapMB}`],
      });
      const failed = once(child, 'exit').then(() => Promise.reject(new Error(`${way} failed`)));
      const [measured] = (await Promise.race([once(child, 'message'), failed])) as [Measured];
      await once(child, 'exit');
      if (measured.protectedDatabases !== fleet.databases) {
        throw new Error(`${way} found ${measured.protectedDatabases} of ${fleet.databases} databases protected`);
      }
      const { seconds, peakMB } = measured;
      results.push({ ...fleet, way, calls: aws.calls(), fewestCalls: fewestCalls(fleet), seconds, peakMB });
    }
  }
  return results;
}

type Fleet = (typeof fleets)[number];

/**
 * Databases and their snapshots; the empty listings of clusters, their snapshots and AWS Backup's take a call each. In each
 * environment.
 */
function fewestCalls({ environments, databases, snapshots }: Fleet): number {
  const each = databases / environments;
  return environments * (Math.ceil(each / pageSize) + Math.ceil((each * snapshots) / pageSize) + 3);
}

// RDS and the ledger --------------------------------------------------------------------------------------------------

/** The environments of a fleet, the hub first. */
function environmentsOf({ environments }: Fleet): Environment[] {
  return Array.from({ length: environments }, (_, n) =>
    n === 0 ? where : { account: String(200_000_000_000 + n), region: where.region },
  );
}

function configurationOf(fleet: Fleet): string {
  const places = environmentsOf(fleet);
  const databases = Array.from({ length: fleet.databases }, (_, n) => ({
    id: `db-${n}`,
    kind: 'instance',
    ...places[n % places.length],
  }));
  return JSON.stringify({
    operators: [{ email: 'oncall@example.com' }],
    environments: places.map(({ account, region }) => ({ account, regions: [region] })),
    tenants: [{ id: 'acme', databases }],
  });
}

async function startAws(fleet: Fleet) {
  const { databases, snapshots, callMs } = fleet;
  const table: Table = new MemoryTable();
  const now = new Date();
  const world = makeWorld({
    now: now.toISOString(),
    config: JSON.parse(configurationOf(fleet)) as object,
    table,
    recording: false,
  });
  const simulators = environmentsOf(fleet).map((place, n) =>
    n === 0 ? world.rds : new RdsSimulator({ now, ...place, seed: n }),
  );
  for (const rds of simulators) world.state.spokes.set(formatEnvironment(rds), rds);
  for (let n = 0; n < databases; n += 1) {
    const rds = simulators[n % simulators.length] ?? world.rds;
    rds.createInstance({ id: `db-${n}`, created: new Date(now.getTime() - 100 * 86_400_000) });
    for (let day = 0; day < snapshots; day += 1) {
      const at = new Date(now.getTime() - 3_600_000 - day * 86_400_000);
      rds.takeBackup(`db-${n}`, { kind: 'automated', at });
    }
  }
  await world.sweep();
  const server = createServer(async (request, response) => {
    if (request.url === '/table') {
      const { call, argument } = (await json(request)) as { call: keyof Table; argument: never };
      const result = call === 'query' ? await collect(table.query(argument)) : await table[call](argument);
      response.end(JSON.stringify(result ?? null));
      return;
    }
    const body = await text(request);
    await pause(callMs);
    const rds = simulators[Number(request.url?.split('/')[1])] ?? world.rds;
    const { statusCode, headers, body: xml } = answer(rds, body);
    response.writeHead(statusCode, headers).end(xml);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: () => sumBy(simulators, (rds) => rds.calls()),
    resetCalls: () => {
      for (const rds of simulators) rds.resetCalls();
    },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}

// In a process of its own ---------------------------------------------------------------------------------------------

async function measured(way: Way, url: string, fleet: Fleet): Promise<Measured> {
  const names = environmentsOf(fleet).map(formatEnvironment);
  const clients = new Map<string, RDSClient>();
  /** As the functions have it: one for each environment, outside the hub with credentials that a call has to fetch. */
  const clientIn = (environment: Environment): RDSClient => {
    const name = formatEnvironment(environment);
    const index = names.indexOf(name);
    const client =
      clients.get(name) ??
      new RDSClient({
        endpoint: `${url}/${index}`,
        region: where.region,
        credentials: async () => {
          if (index > 0) await pause(fleet.callMs);
          return { accessKeyId: 'any', secretAccessKey: 'any' };
        },
        retryMode: 'adaptive',
        maxAttempts: 10,
      });
    clients.set(name, client);
    return client;
  };
  const started = performance.now();
  const protectedDatabases = await (way === 'sweep' ? sweep(clientIn, url, fleet) : loop(clientIn(where)));
  return {
    seconds: Math.round((performance.now() - started) / 100) / 10,
    peakMB: Math.round(process.resourceUsage().maxRSS / 1e3),
    protectedDatabases,
  };
}

async function sweep(clientIn: (environment: Environment) => RDSClient, url: string, given: Fleet): Promise<number> {
  const now = () => new Date();
  const quiet = () => {};
  const nothing = async (): Promise<never> => {
    throw new Error('nothing is to be sent of a fleet at rest');
  };
  const fleet = parseConfig(configurationOf(given), where);
  const publisher = { publish: nothing };
  const run = await runRequest(
    {
      ledger: new TableLedger(tableAt(`${url}/table`), now),
      rds: new ByEnvironment((environment) => new RdsReader(clientIn(environment))),
      awsBackup: new ByEnvironment(() => new AwsBackupReader(nothing)),
      fleet,
      configHash: '',
      log: { info: quiet, warn: quiet, error: quiet },
      now,
      remainingMs: () => 900_000,
      notify: async () => ({ errors: [] }),
      notifyOfLeftOut: nothing,
      notifyOfTenants: (notices, at) => notifyOfTenants({ publisher, fleet }, notices, at),
      notifyOfEnvironments: nothing,
      undelivered: async () => 0,
      triggerCopies: async () => {},
    },
    { mode: 'sweep', dryRun: false },
  );
  if (!run.report.complete) throw new Error(run.report.errors.join('\n'));
  return run.report.counts.protected ?? 0;
}

/** As in tutorials: the databases, and the snapshots of each. */
async function loop(client: RDSClient): Promise<number> {
  let fresh = 0;
  for await (const { DBInstances = [] } of paginateDescribeDBInstances({ client }, {})) {
    for (const { DBInstanceIdentifier } of DBInstances) {
      const { DBSnapshots = [] } = await client.send(new DescribeDBSnapshotsCommand({ DBInstanceIdentifier }));
      const newest = Math.max(...DBSnapshots.map((one) => one.SnapshotCreateTime?.getTime() ?? 0));
      if (Date.now() - newest < 86_400_000) fresh += 1;
    }
  }
  return fresh;
}

/** The table of the other process. */
function tableAt(url: string): Table {
  const ask = async <T>(call: keyof Table, argument: unknown): Promise<T> => {
    const response = await fetch(url, { method: 'POST', body: JSON.stringify({ call, argument }) });
    return (await response.json()) as T;
  };
  return {
    read: (keys) => ask('read', keys),
    async *query(range) {
      yield* await ask<Item[]>('query', range);
    },
    put: (write) => ask('put', write),
    putTogether: (writes) => ask('putTogether', writes),
    putAll: (items) => ask('putAll', items),
  };
}

if (process.argv[1] === import.meta.filename) {
  const [, , way, url = '', fleet = ''] = process.argv;
  process.send?.(await measured(ways.find((one) => one === way) ?? 'sweep', url, JSON.parse(fleet) as Fleet));
  process.disconnect?.();
}
