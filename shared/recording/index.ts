export { backupFrom, sourceTimeOf } from './new-backup.ts';
export { recordEvents } from './record-events.ts';
