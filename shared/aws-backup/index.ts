export { AwsBackupReader, awsBackupCalls, isDenied } from './backup-jobs-reader.ts';
export { type BackupJobEvent, backupJobEventPattern, parseBackupJobEvent } from './job-events.ts';
