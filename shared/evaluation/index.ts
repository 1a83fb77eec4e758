export { acknowledge, confirm, openAlert, restate, retryAt, snooze, staysOnRow } from './alert-lifecycle.ts';
export { dependsOnAwsBackup, isOpenJob, jobsOf } from './aws-backup.ts';
export { backupTimeOf } from './backup-time.ts';
export { backupWindow, deadlineOf, lastWindow } from './deadline.ts';
export {
  afterEnvironmentNotice,
  afterUnknownEvents,
  type EnvironmentNotice,
  type EnvironmentSeen,
  environmentNotice,
  nextEnvironment,
} from './environment-troubles.ts';
export {
  clockSkewMs,
  type DatabaseEvaluation,
  type EvaluationTarget,
  evaluateDatabase,
  type HeldTenants,
  type KnownDatabase,
  newestAmong,
  type ObservedSnapshots,
} from './evaluate-database.ts';
export { isNewest, newer, newestOf } from './newest-backup.ts';
export {
  evaluateShare,
  heldTenants,
  type SharedDatabase,
  type ShareTarget,
  sharesOf,
  targetOfShare,
} from './shares.ts';
export { needsRunChanges } from './stops.ts';
export { type TagChange, type TagNotice, tagStateOf } from './tag-changes.ts';
export { nameText, targetsOf, withEnrolledBefore } from './targets.ts';
export {
  afterNotified,
  nextUnwatched,
  type TenantNotice,
  type TenantsSeen,
  tenantsSeen,
  unwatchedBefore,
} from './unwatched-tenants.ts';
