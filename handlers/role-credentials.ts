/** Credentials of a role in another account or Region. Imported when one is first assumed. */
import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { once } from 'es-toolkit/function';
import { NoCredentialsError } from '../shared/lib/environment-failures.ts';
import type { RoleCredentials } from './environment-clients.ts';

/** As long as a role that another role assumes may last. Source: IAM User Guide, "Role chaining". */
const sessionSeconds = 3600;

/** STS of the hub's own Region: its tokens are valid in all Regions, those of the global endpoint not in each. */
const sts = once(() => new STSClient({ maxAttempts: 4 }));

export async function credentialsOf(RoleArn: string): Promise<RoleCredentials> {
  const request = { RoleArn, RoleSessionName: 'rds-backup-ledger', DurationSeconds: sessionSeconds };
  const { Credentials } = await sts().send(new AssumeRoleCommand(request)).catch(noCredentials);
  const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials ?? {};
  if (!AccessKeyId || !SecretAccessKey || !SessionToken || !Expiration) {
    throw new NoCredentialsError(new Error(`STS answered without credentials of ${RoleArn}`), false);
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: Expiration,
  };
}

/** Throws what STS answered as a failure of the whole environment: its 4xx is none of the service that was to be called. */
function noCredentials(error: unknown): never {
  const isRefused = error instanceof STSServiceException && /^(AccessDenied|RegionDisabled)/.test(error.name);
  throw new NoCredentialsError(error, isRefused);
}
