import { BackupClient } from '@aws-sdk/client-backup';
import type { ClientPlace } from './environment-clients.ts';

export function awsBackupClient(place: ClientPlace): BackupClient {
  return new BackupClient({ ...place });
}
