export { closeBackup, expiryOf, reopenBackup, withExpiry } from './close.ts';
export { DynamoTable, dynamoLedger, type LedgerCall, ledgerCalls } from './dynamo.ts';
export {
  backupOfKey,
  copyTriggers,
  itemOfAlert,
  itemOfBackup,
  itemOfDatabase,
  itemOfDay,
  itemOfSweep,
} from './items.ts';
export {
  type LeaseOn,
  type Ledger,
  type LedgerMethod,
  type ListedCopyState,
  type OnUnreadable,
  type Span,
  UnreadableRow,
} from './ledger.ts';
export {
  type IndexDefinition,
  type IndexName,
  type Item,
  indexes,
  type KeyNames,
  localIndexes,
  type PrimaryKey,
  sortKeyOf,
  type Table,
  tableKeys,
  timeToLiveAttribute,
} from './table.ts';
export { TableLedger } from './table-ledger.ts';
export {
  type RowWithAlert,
  update,
  updateAlert,
  updateBackup,
  updateCopyPause,
  updateDatabase,
  updateEnvironment,
} from './update.ts';
