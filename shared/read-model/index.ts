export { type AlertSlice, factsOfAlerts, readAlerts } from './alert-list.ts';
export { readBackups, type Slice } from './backup-list.ts';
export { byCause, type CopyQueueFacts, listedStates, queueFields, readCopies } from './copy-queue.ts';
export {
  type DatabaseHistory,
  databasesNamed,
  historyFields,
  readDatabase,
  type TenantOfDatabase,
} from './database-history.ts';
export { attainment, type EvidenceRow, type EvidenceState, evidenceSchema, readEvidence, Tally } from './evidence.ts';
export { lastSweep } from './last-sweep.ts';
export { type MissedDay, missedDaySchema, readMissed } from './missed-events.ts';
export {
  type AlertFacts,
  alertFactsSchema,
  type BackupFacts,
  backupFacts,
  backupFactsSchema,
  countsSchema,
  databaseFacts,
  databaseFactsSchema,
  type FactsOf,
  iso,
  isoOrNull,
  type RunFacts,
  runFacts,
  unwatchedTenantFacts,
  unwatchedTenantFactsSchema,
} from './row-facts.ts';
export { doubtsOf, exitCodes, type RingingAlarm, readStatus, type StatusFacts, statusSchema } from './status.ts';
export {
  alertsOfRows,
  databaseNames,
  readTenant,
  type TenantDatabaseFacts,
  tenantDatabaseSchema,
  tenantNames,
} from './tenant.ts';
export {
  isOfShare,
  isShareRow,
  type ListedBackup,
  listedAt,
  type ShareRow,
  sharesIn,
  sharesOfDatabases,
} from './whose-backups.ts';
