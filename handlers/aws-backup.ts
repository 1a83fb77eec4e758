import { BackupClient } from '@aws-sdk/client-backup';

export function awsBackupClient(): BackupClient {
  return new BackupClient();
}
