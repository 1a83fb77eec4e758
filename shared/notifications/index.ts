export { composeAlerts, type Entry } from './alert-messages.ts';
export { composeCopyFailed } from './copy-messages.ts';
export { composeDailyDigest, composeManyTenants, type DailyFacts } from './digests.ts';
export { endpointName, type FilterPolicy, type Subscriber, subscribersOf } from './endpoints.ts';
export { objectLink, runbookLink } from './links.ts';
export { type Message, operatorFilter, tenantFilter } from './message.ts';
export {
  type AlertNotification,
  acknowledgeAlert,
  type NotifiedCounts,
  notify,
  type Publisher,
  type ReportStore,
  snoozeAlert,
} from './notify.ts';
export { SnsPublisher } from './sns-publisher.ts';
