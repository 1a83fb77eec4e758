import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { LeftOut } from '../shared/domain/index.ts';
import type { EnvironmentNotice, TenantNotice } from '../shared/evaluation/index.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import type {
  AlertNotification,
  NotifiedCounts,
  Publisher,
  ReportStore,
  TenantsNotified,
} from '../shared/notifications/index.ts';
import type { SweepDeps } from '../shared/sweep/index.ts';
import { type LoadedConfig, log, now, publisherOf, type Readers, s3Client } from './parts.ts';
import type { Settings } from './settings.ts';

/** How people are notified: messages by the alert topic, long lists and the page in the report bucket. */
export interface AlertChannel {
  readonly publisher: Publisher;
  readonly reports: ReportStore;
}

export function alertChannelOf(settings: Settings, config: () => Promise<LoadedConfig>): AlertChannel {
  return {
    publisher: publisherOf(settings, config),
    reports: s3Reports(s3Client(), settings),
  };
}

/** What composes messages. Most runs send none: it is imported with the first. */
const messages = () => import('../shared/notifications/index.ts');

/** Notifies people of alerts by a channel, as the configuration says. */
export function notifierOf({ fleet }: LoadedConfig, ledger: Ledger, channel: AlertChannel) {
  return async (notifications: readonly AlertNotification[], at: Date): Promise<Pick<NotifiedCounts, 'errors'>> => {
    if (notifications.length === 0) return { errors: [] };
    const { notify } = await messages();
    return notify({ ledger, ...channel, fleet }, notifications, at);
  };
}

/** Notifies operators of what a run left out. */
export function leftOutNotifierOf({ fleet }: LoadedConfig, { publisher }: AlertChannel) {
  return async (leftOut: readonly LeftOut[], at: Date) => {
    const { composeLeftOut, messageContext } = await messages();
    await publisher.publish(composeLeftOut(leftOut, messageContext(fleet, at)));
  };
}

/** Notifies operators of accounts and Regions in trouble. */
export function environmentsNotifierOf({ fleet }: LoadedConfig, { publisher }: AlertChannel) {
  return async (notices: readonly EnvironmentNotice[], at: Date) => {
    const { composeEnvironments, messageContext } = await messages();
    await publisher.publish(composeEnvironments(notices, messageContext(fleet, at)));
  };
}

/** Notifies operators of tenants without a watched database. */
export function tenantsNotifierOf({ fleet }: LoadedConfig, { publisher }: AlertChannel) {
  return async (notices: readonly TenantNotice[], at: Date): Promise<TenantsNotified> => {
    if (notices.length === 0) return { sent: [], errors: [] };
    const { notifyOfTenants } = await messages();
    return notifyOfTenants({ publisher, fleet }, notices, at);
  };
}

/** What a run needs, for each run anew: it counts its own calls, and has its own time left. */
export function sweepDepsOf(
  { fleet, hash }: LoadedConfig,
  ledger: Ledger,
  readers: Readers,
  remainingMs: () => number,
): SweepDeps {
  return {
    ledger,
    rds: readers.rds(),
    awsBackup: readers.awsBackup(),
    fleet,
    configHash: hash,
    log,
    now,
    remainingMs,
  };
}

/** People follow the links with their own rights. */
function s3Reports(s3: S3Client, { reportBucket, region }: Settings): ReportStore {
  return {
    put: async (name, body) => {
      const type = name.endsWith('.html') ? 'text/html' : 'text/plain';
      const put = { Bucket: reportBucket, Key: name, Body: body, ContentType: `${type}; charset=utf-8` };
      await s3.send(new PutObjectCommand(put));
      return (await messages()).objectLink(region, reportBucket, name);
    },
  };
}
