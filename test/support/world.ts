import type { RDSClientConfig } from '@aws-sdk/client-rds';
import { inProcessClient } from '../../local/rds/in-process.ts';
import { RdsSimulator, type SimulatorOptions } from '../../local/rds/simulator.ts';
import type { Told } from '../../shared/alerting.ts';
import { parseConfig } from '../../shared/config/load.ts';
import { MemoryLedger } from '../../shared/ledger/memory.ts';
import type { Log } from '../../shared/log.ts';
import { RdsReader } from '../../shared/rds/reader.ts';
import { type RecordDeps, recordEvents } from '../../shared/record.ts';
import { lookAt, type SweepDeps, type SweepRequest, sweep, watch } from '../../shared/sweep.ts';

export const where = { account: '123456789012', region: 'eu-west-1' };

interface WorldOptions {
  readonly now: string;
  /** The configuration, as its file would have it. */
  readonly config: object;
  readonly simulator?: Partial<SimulatorOptions>;
  readonly client?: RDSClientConfig;
  /** Milliseconds a run has left, each time it asks. */
  readonly remainingMs?: () => number;
  /** Whether events of RDS reach the recorder, as they do by default. */
  readonly recording?: boolean;
}

/** RDS, ledger and use cases on one simulated clock: everything but AWS. */
export function makeWorld({ now, config, simulator, client, remainingMs, recording = true }: WorldOptions) {
  const logged: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const logAt =
    (level: string) =>
    (message: string, fields: Record<string, unknown> = {}) => {
      logged.push({ level, message, fields });
    };
  const log: Log = { info: logAt('info'), warn: logAt('warn'), error: logAt('error') };
  const rds = new RdsSimulator({
    now: new Date(now),
    ...where,
    seed: 1,
    eventSink: async (event) => {
      if (recording) await deliver(JSON.stringify(event));
    },
    ...simulator,
  });
  const clock = () => rds.now;
  const ledger = new MemoryLedger(clock);
  const told: Told[] = [];
  const state = { fleet: parseConfig(JSON.stringify(config), where), configHash: 'hash of the configuration' };

  const deps = (): SweepDeps => ({
    ledger,
    rds: new RdsReader(inProcessClient(rds, client)),
    ...state,
    tell: async (some) => {
      told.push(...some);
      return { errors: [] };
    },
    wakeCopies: async () => {},
    log,
    now: clock,
    remainingMs: remainingMs ?? (() => 900_000),
  });
  const recordDeps = (): RecordDeps => ({
    ledger,
    rds: new RdsReader(inProcessClient(rds, client)),
    fleet: state.fleet,
    log,
    now: clock,
    check: async (databases) => {
      await lookAt(deps(), databases);
    },
  });
  /** Hands message bodies to the recorder as one batch; returns the ids (`m0`, `m1`, ...) of those that failed. */
  const deliver = (...bodies: string[]) =>
    recordEvents(
      recordDeps(),
      bodies.map((body, index) => ({ messageId: `m${index}`, body })),
    );
  const request = (mode: 'sweep' | 'watch', options: Partial<SweepRequest>) => ({ mode, dryRun: false, ...options });
  return {
    rds,
    ledger,
    told,
    logged,
    state,
    deliver,
    sweep: (options: Partial<SweepRequest> = {}) => sweep(deps(), request('sweep', options)),
    watch: (options: Partial<SweepRequest> = {}) => watch(deps(), request('watch', options)),
  };
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}
