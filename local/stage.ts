/** The whole product on one machine: simulated RDS, local AWS, the real stack deployed on it. */

import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import type { StackOutputs } from '../shared/contract.ts';
import { bootstrap, deploy } from './aws/deploy.ts';
import {
  type ClientConfig,
  clientConfig,
  type LocalAws,
  localAccount,
  localRegion,
  startLocalAws,
} from './aws/local-aws.ts';
import type { Progress } from './aws/python.ts';
import { type AnnouncedEvent, toPutEventsEntry } from './rds/events.ts';
import { startRdsServer } from './rds/server.ts';
import { RdsSimulator, type SimulatorOptions } from './rds/simulator.ts';

export interface StageOptions {
  /** Where simulated time starts. */
  readonly from: Date;
  readonly seed?: number;
  readonly simulator?: Partial<SimulatorOptions>;
  /** Default: a free one. */
  readonly port?: number;
  /** Called with what is being done, a line at a time. */
  readonly progress?: Progress;
  /** Breaks off what is being done; the stage is still to be closed. */
  readonly signal?: AbortSignal;
}

export interface Stage {
  readonly rds: RdsSimulator;
  readonly aws: LocalAws;
  /** Settings for clients in this process. */
  readonly client: ClientConfig;
  /** Whether the events of RDS and AWS Backup reach the bus; off until switched on, as before a deployment. */
  announcing: boolean;
  /** Deploys the stack with the real CDK; returns its outputs. */
  deploy(context?: Record<string, string>): Promise<StackOutputs>;
  close(): Promise<void>;
}

/** Starts simulator and local AWS; nothing is deployed yet. Whatever was started is ended if a part of it fails. */
export async function openStage({ from, seed = 1, simulator, port, progress, signal }: StageOptions): Promise<Stage> {
  // Its sinks are made once there is an AWS to send to.
  const sinks: { events?: EventBridgeClient; objects?: S3Client } = {};
  const state = { announcing: false };
  const announce = async (event: AnnouncedEvent) => {
    if (!state.announcing) return;
    const sent = await sinks.events?.send(new PutEventsCommand({ Entries: [toPutEventsEntry(event)] }));
    if (sent?.FailedEntryCount) throw new Error(`the bus refused an event: ${sent.Entries?.[0]?.ErrorMessage}`);
  };
  const rds = new RdsSimulator({
    now: from,
    account: localAccount,
    region: localRegion,
    seed,
    eventSink: announce,
    backupEventSink: announce,
    objectSink: {
      put: async (Bucket, Key, Body) => {
        await sinks.objects?.send(new PutObjectCommand({ Bucket, Key, Body }));
      },
    },
    ...simulator,
  });
  const server = await startRdsServer(rds);
  try {
    const aws = await startLocalAws({
      rdsSimulatorUrl: server.url,
      ...(port !== undefined && { port }),
      ...(progress && { progress }),
      ...(signal && { signal }),
    });
    const client = clientConfig(aws);
    sinks.events = new EventBridgeClient(client);
    sinks.objects = new S3Client({ ...client, forcePathStyle: true });
    return {
      rds,
      aws,
      client,
      get announcing() {
        return state.announcing;
      },
      set announcing(on) {
        state.announcing = on;
      },
      deploy: async (context = {}) => {
        const run = { ...(progress && { progress }), ...(signal && { signal }) };
        await bootstrap(aws, run);
        return deploy(aws, { ...run, context });
      },
      close: async () => {
        await aws.stop();
        await server.close();
      },
    };
  } catch (error) {
    await server.close();
    throw error;
  }
}
