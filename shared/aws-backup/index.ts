export { AwsBackupReader, awsBackupCalls, isDenied } from './backup-jobs-reader.ts';
export { type JobEvent, jobEventPatterns, parseJobEvent } from './job-events.ts';
export { restoreTestsAmong } from './restored-for-tests.ts';
