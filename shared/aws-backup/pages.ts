// Apart from what uses them, so that they can be loaded when they are first needed.
export { paginateListBackupJobs, paginateListRestoreJobs } from '@aws-sdk/client-backup';
