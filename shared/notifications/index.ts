export type { AlertEntry } from './compose/alert-entry.ts';
export { messageContext } from './compose/context.ts';
export type { DailyFacts } from './compose/digest-facts.ts';
export { tagChangeList } from './compose/tag-facts.ts';
export { endpointName, type FilterPolicy, namedRecipients, type Subscriber, subscribersOf } from './endpoints.ts';
export { objectLink, runbookLink } from './links.ts';
export { type OutgoingMessage, operatorFilter, tenantFilter } from './message.ts';
export {
  composeAlerts,
  composeCopiesPaused,
  composeCopyFailed,
  composeCopyMessages,
  composeDailyDigest,
  composeEnvironments,
  composeLeftOut,
  composeManyTenants,
  composeTenants,
} from './messages.ts';
export {
  type AlertNotification,
  acknowledgeAlert,
  type NotifiedCounts,
  notify,
  type Publisher,
  type ReportStore,
  snoozeAlert,
} from './notify.ts';
export { notifyingFrom } from './notify-from.ts';
export { notifyOfTenants, type TenantsNotified } from './notify-tenants.ts';
export { publisherCalls, SnsPublisher } from './sns-publisher.ts';
