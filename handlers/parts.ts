/** The parts that more than one function is built of. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@aws-lambda-powertools/logger';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { RDSClient } from '@aws-sdk/client-rds';
import { once } from 'es-toolkit/function';
import { AwsBackupReader } from '../shared/aws-backup/index.ts';
import { type CarriedConfig, carriedFile, type Fleet, parseCarried } from '../shared/config/index.ts';
import type { Environment } from '../shared/domain/index.ts';
import { ByEnvironment } from '../shared/domain/index.ts';
import { dynamoLedger, type Ledger } from '../shared/ledger/index.ts';
import type { Log } from '../shared/lib/log.ts';
import type { Publisher } from '../shared/notifications/index.ts';
import { RdsReader, type RdsReaders } from '../shared/rds/index.ts';
import { clientsBy } from './environment-clients.ts';
import type { Settings } from './settings.ts';

export const now = () => new Date();

/** DynamoDB throttles each partition by itself, and a mass outage writes to few: the client waits and slows down, as with RDS. */
export const ledgerRetries = { retryMode: 'adaptive', maxAttempts: 10 } as const;

export function ledgerOf(settings: Settings): Ledger {
  return dynamoLedger(new DynamoDBClient(ledgerRetries), settings.ledgerTable, now);
}

/** What reads AWS in each environment: by clients that stay, and for each run by readers that count its calls. */
export interface Readers {
  readonly rds: () => RdsReaders;
  readonly awsBackup: () => ByEnvironment<AwsBackupReader>;
  /** How many events a spoke could not forward. */
  readonly undelivered: (environment: Environment) => Promise<number>;
}

/**
 * RDS throttles without a published figure, so its clients wait and try again, slower each time, for as long as a run may take. A run
 * goes on without AWS Backup's jobs, so it does not wait for them long.
 */
export function readersOf(hub: Settings): Readers {
  const rds = clientsBy(hub, 'reader', (place) => new RDSClient({ ...place, retryMode: 'adaptive', maxAttempts: 10 }));
  const awsBackup = clientsBy(hub, 'reader', async (place) => (await import('./aws-backup.ts')).awsBackupClient(place));
  const queues = clientsBy(hub, 'reader', async (place) => (await import('./spoke-queue.ts')).queueClient(place));
  return {
    rds: () => new ByEnvironment((environment) => new RdsReader(rds(environment))),
    awsBackup: () => new ByEnvironment((environment) => new AwsBackupReader(() => awsBackup(environment))),
    undelivered: async (environment) => (await import('./spoke-queue.ts')).messagesIn(await queues(environment)),
  };
}

/** The configuration that lies beside the code. */
export function readConfig({ taskRoot }: Settings): CarriedConfig {
  return parseCarried(readFileSync(join(taskRoot, carriedFile), 'utf8'));
}

/** The alert topic, as the configuration says. Most calls send nothing: what publishes is imported with the first message. */
export function publisherOf(settings: Settings, fleet: Fleet): Publisher {
  const topic = once(async () => {
    const { alertTopicOf } = await import('./alert-topic.ts');
    return alertTopicOf(settings, fleet);
  });
  return { publish: async (message) => (await topic()).publish(message) };
}

const logger = new Logger();

/** Logs as JSON with the ids of the call; Powertools reads level and service from the environment. */
export const log: Log = {
  info: (message, fields = {}) => logger.info(message, fields),
  warn: (message, fields = {}) => logger.warn(message, fields),
  error: (message, fields = {}) => logger.error(message, fields),
};
