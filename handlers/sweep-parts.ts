import type { CarriedConfig, Fleet } from '../shared/config/index.ts';
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
import { log, now, publisherOf, type Readers } from './parts.ts';
import type { Settings } from './settings.ts';

/** How people are notified: messages by the alert topic, long lists and the page in the report bucket. */
export interface AlertChannel {
  readonly publisher: Publisher;
  readonly reports: ReportStore;
}

export function alertChannelOf(settings: Settings, fleet: Fleet): AlertChannel {
  return {
    publisher: publisherOf(settings, fleet),
    reports: { put: async (name, body) => (await import('./reports.ts')).putReport(settings, name, body) },
  };
}

/** What composes messages. Most runs send none: it is imported with the first. */
const messages = () => import('../shared/notifications/index.ts');

/** Notifies people of alerts by a channel, as the configuration says. */
export function notifierOf({ fleet }: CarriedConfig, ledger: Ledger, channel: AlertChannel) {
  return async (notifications: readonly AlertNotification[], at: Date): Promise<Pick<NotifiedCounts, 'errors'>> => {
    if (notifications.length === 0) return { errors: [] };
    const { notify } = await messages();
    return notify({ ledger, ...channel, fleet }, notifications, at);
  };
}

/** Notifies operators of what a run left out. */
export function leftOutNotifierOf({ fleet }: CarriedConfig, { publisher }: AlertChannel) {
  return async (leftOut: readonly LeftOut[], at: Date) => {
    const { composeLeftOut, messageContext } = await messages();
    await publisher.publish(composeLeftOut(leftOut, messageContext(fleet, at)));
  };
}

/** Notifies operators of accounts and Regions in trouble. */
export function environmentsNotifierOf({ fleet }: CarriedConfig, { publisher }: AlertChannel) {
  return async (notices: readonly EnvironmentNotice[], at: Date) => {
    const { composeEnvironments, messageContext } = await messages();
    await publisher.publish(composeEnvironments(notices, messageContext(fleet, at)));
  };
}

/** Notifies operators of tenants without a watched database. */
export function tenantsNotifierOf({ fleet }: CarriedConfig, { publisher }: AlertChannel) {
  return async (notices: readonly TenantNotice[], at: Date): Promise<TenantsNotified> => {
    if (notices.length === 0) return { sent: [], errors: [] };
    const { notifyOfTenants } = await messages();
    return notifyOfTenants({ publisher, fleet }, notices, at);
  };
}

/** What a run needs, for each run anew: it counts its own calls, and has its own time left. */
export function sweepDepsOf(
  { fleet, hash }: CarriedConfig,
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
