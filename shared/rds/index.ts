export { isDatabaseArn, parseRdsArn, type RdsArn, snapshotKindOf } from './arn.ts';
export { eventMeanings, eventSource, parseRdsEvent, type RdsEvent } from './events.ts';
export {
  databaseInventory,
  inventoryOf,
  RdsInventory,
  type RdsReaders,
  type Unread,
  wholeInventory,
} from './inventory.ts';
export {
  concernsOne,
  type RdsRead,
  type RdsReadAction,
  RdsReader,
  type RunChange,
  rdsReads,
  type TenantDatabases,
} from './rds-reader.ts';
