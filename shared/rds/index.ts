export { snapshotKindOf } from './arn.ts';
export { eventMeanings, parseRdsEvent, type RdsEvent } from './events.ts';
export { databaseInventory, inventoryOf, RdsInventory, wholeInventory } from './inventory.ts';
export { RdsReader } from './rds-reader.ts';
