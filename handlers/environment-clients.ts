/** Clients that act in an environment: in the hub's with the function's own role, elsewhere with a role of the spoke. */
import { memoize } from 'es-toolkit/function';
import { type SpokeRole, spokeRoleName } from '../shared/contract.ts';
import { type Environment, formatEnvironment, roleArn, sameEnvironment } from '../shared/domain/index.ts';

/** What a client of the AWS SDK is made with, beside what the SDK finds itself. */
export interface ClientPlace {
  readonly region?: string;
  readonly credentials?: () => Promise<RoleCredentials>;
}

export interface RoleCredentials {
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

function placeOf(environment: Environment, role: SpokeRole): ClientPlace {
  const arn = roleArn(environment, spokeRoleName(role, environment.region));
  return {
    region: environment.region,
    credentials: async () => (await import('./role-credentials.ts')).credentialsOf(arn),
  };
}
