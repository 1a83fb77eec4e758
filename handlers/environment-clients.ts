/** Clients that act in an environment: in the hub's with the function's own role, elsewhere with a role of the spoke. */
import { AssumeRoleCommand, STSClient, STSServiceException } from '@aws-sdk/client-sts';
import { memoize, once } from 'es-toolkit/function';
import { type SpokeRole, spokeRoleName } from '../shared/contract.ts';
import { type Environment, formatEnvironment, roleArn, sameEnvironment } from '../shared/domain/index.ts';
import { NoCredentialsError } from '../shared/lib/environment-failures.ts';

/** As long as a role that another role assumes may last. Source: IAM User Guide, "Role chaining". */
const sessionSeconds = 3600;

/** What a client of the AWS SDK is made with, beside what the SDK finds itself. */
export interface ClientPlace {
  readonly region?: string;
  readonly credentials?: () => Promise<RoleCredentials>;
}

interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  /** The SDK asks for new ones five minutes before. */
  readonly expiration: Date;
}

/**
 * Clients of one service by environment, made when they are first needed and kept for as long as the function lives: each keeps
 * the credentials of its role until shortly before their end.
 */
export function clientsBy<Client>(
  hub: Environment,
  role: SpokeRole,
  make: (place: ClientPlace) => Client,
): (environment: Environment) => Client {
  return memoize(
    (environment: Environment) => make(sameEnvironment(environment, hub) ? {} : placeOf(environment, role)),
    { getCacheKey: formatEnvironment },
  );
}

/** STS of the hub's own Region: its tokens are valid in all Regions, those of the global endpoint not in each. */
const sts = once(() => new STSClient({ maxAttempts: 4 }));

function placeOf(environment: Environment, role: SpokeRole): ClientPlace {
  const RoleArn = roleArn(environment, spokeRoleName(role, environment.region));
  return {
    region: environment.region,
    credentials: async () => {
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
    },
  };
}

/** Throws what STS answered as a failure of the whole environment: its 4xx is none of the service that was to be called. */
function noCredentials(error: unknown): never {
  const isRefused = error instanceof STSServiceException && /^(AccessDenied|RegionDisabled)/.test(error.name);
  throw new NoCredentialsError(error, isRefused);
}
