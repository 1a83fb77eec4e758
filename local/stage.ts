/** The whole product on one machine: simulated RDS, local AWS, the real stack deployed on it. */

import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { memoize } from 'es-toolkit/function';
import type { StackOutputs } from '../shared/contract.ts';
import type { Environment } from '../shared/domain/index.ts';
import { bootstrap, deploy } from './aws/deploy.ts';
import {
  type ClientConfig,
  clientConfig,
  type LocalAws,
  localEnvironment,
  type Organization,
  startLocalAws,
} from './aws/local-aws.ts';
import type { Progress } from './aws/python.ts';
import { type AnnouncedEvent, toPutEventsEntry } from './rds/events.ts';
import { startRdsServer } from './rds/server.ts';
import { RdsSimulator, type SimulatorOptions } from './rds/simulator.ts';

export interface StageOptions {
  /** Where simulated time starts. */
  readonly from: Date;
  /** Accounts and Regions beside the stack's own, each with an RDS. Default: none. */
  readonly spokes?: readonly Environment[];
  /** Default: none. */
  readonly organization?: Organization;
  readonly seed?: number;
  /** Of each simulated RDS. */
  readonly simulator?: Partial<SimulatorOptions>;
  /** Default: a free one. */
  readonly port?: number;
  /** Called with what is being done, a line at a time. */
  readonly progress?: Progress;
  /** Breaks off what is being done; the stage is still to be closed. */
  readonly signal?: AbortSignal;
}

/** An account and Region with its RDS. */
export interface StageEnvironment extends Environment {
  readonly rds: RdsSimulator;
  /** Settings for clients in this process, with all rights in that account. */
  readonly client: ClientConfig;
}

/** `rds` and `client` are those of the stack's own account and Region. */
export interface Stage extends StageEnvironment {
  readonly aws: LocalAws;
  /** In the order of the options. */
  readonly spokes: readonly StageEnvironment[];
  /** Whether the events of RDS and AWS Backup reach the default bus of their account and Region; off until switched on, as before a deployment. */
  announcing: boolean;
  /** Deploys the stack with the real CDK, and the spokes' stacks where there are spokes; returns the outputs of the stack. */
  deploy(context?: Record<string, string>): Promise<StackOutputs>;
  close(): Promise<void>;
}

/** Starts simulators and local AWS; nothing is deployed yet. Whatever was started is ended if a part of it fails. */
export async function openStage(options: StageOptions): Promise<Stage> {
  const { spokes = [], port, organization, progress, signal } = options;
  const state = { announcing: false };
  const hub = simulatedEnvironment(localEnvironment, 0, options, state);
  const others = spokes.map((spoke, index) => simulatedEnvironment(spoke, index + 1, options, state));
  const server = await startRdsServer([hub.rds, ...others.map(({ rds }) => rds)]);
  try {
    const aws = await startLocalAws({
      rdsSimulatorUrl: server.url,
      ...(organization && { organization }),
      ...(port !== undefined && { port }),
      ...(progress && { progress }),
      ...(signal && { signal }),
    });
    return {
      ...hub.connect(aws),
      aws,
      spokes: others.map(({ connect }) => connect(aws)),
      get announcing() {
        return state.announcing;
      },
      set announcing(on) {
        state.announcing = on;
      },
      deploy: async (context = {}) => {
        const run = { ...(progress && { progress }), ...(signal && { signal }) };
        await bootstrap(aws, { ...run, environments: [hub.environment, ...spokes] });
        return deploy(aws, { ...run, context, all: spokes.length > 0 });
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

/** The RDS of an account and Region, and how it is connected once there is an AWS to send events and exports to. */
function simulatedEnvironment(
  environment: Environment,
  index: number,
  { from, seed = 1, simulator }: StageOptions,
  state: { announcing: boolean },
) {
  const sinks: { events?: EventBridgeClient; objectsOf?: (roleArn: string) => S3Client } = {};
  const announce = async (event: AnnouncedEvent) => {
    if (!state.announcing) return;
    const sent = await sinks.events?.send(new PutEventsCommand({ Entries: [toPutEventsEntry(event)] }));
    if (sent?.FailedEntryCount) throw new Error(`the bus refused an event: ${sent.Entries?.[0]?.ErrorMessage}`);
  };
  const rds = new RdsSimulator({
    now: from,
    ...environment,
    seed: seed + index,
    eventSink: announce,
    backupEventSink: announce,
    objectSink: {
      put: async (Bucket, Key, Body, roleArn) => {
        await sinks.objectsOf?.(roleArn).send(new PutObjectCommand({ Bucket, Key, Body }));
      },
    },
    ...simulator,
  });
  const connect = (aws: LocalAws): StageEnvironment => {
    const client = clientConfig(aws, environment);
    sinks.events = new EventBridgeClient(client);
    sinks.objectsOf = memoize((roleArn: string) => clientOfRole(client, roleArn));
    return { ...environment, rds, client };
  };
  return { environment, rds, connect };
}

/** S3 as a role that RDS exports with sees it: the root user may assume roles that trust services of AWS, and so speak for RDS. */
function clientOfRole(client: ClientConfig, RoleArn: string): S3Client {
  const sts = new STSClient(client);
  const credentials = async () => {
    const assume = new AssumeRoleCommand({ RoleArn, RoleSessionName: 'export' });
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = (await sts.send(assume)).Credentials ?? {};
    return {
      accessKeyId: AccessKeyId ?? '',
      secretAccessKey: SecretAccessKey ?? '',
      ...(SessionToken !== undefined && { sessionToken: SessionToken }),
      ...(Expiration !== undefined && { expiration: Expiration }),
    };
  };
  return new S3Client({ ...client, credentials, forcePathStyle: true });
}
