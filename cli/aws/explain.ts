/** AWS's errors in words that a person can act on. */

export interface Explanation {
  readonly found: string;
  /** Completes `<found>: …`. */
  readonly cure: string;
}

export function sentence({ found, cure }: Explanation): string {
  return `${found}: ${cure}`;
}

interface AwsError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly status?: number;
  readonly endpoint?: string;
}

/** What is wrong and what to do; undefined for an unexpected error. */
export function explain(error: unknown): Explanation | undefined {
  const details = readError(error);
  if (details === undefined) return undefined;
  const { name, message, code } = details;
  if (name === 'CredentialsProviderError' || /could not load credentials/i.test(message)) {
    return {
      found: 'No AWS credentials were found',
      cure: 'choose a profile (AWS_PROFILE=<profile>), or sign in, e.g. with "aws sso login".',
    };
  }
  if (/region is missing/i.test(message)) {
    return { found: 'No AWS Region is set', cure: 'choose one with AWS_REGION=<Region>, or a profile that has one.' };
  }
  if (/expired/i.test(name) || name === 'RequestExpired') {
    return { found: 'The AWS credentials have expired', cure: 'sign in again, e.g. with "aws sso login".' };
  }
  if (
    /^(InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|InvalidAccessKeyId|AuthFailure)$/.test(
      name,
    )
  ) {
    return {
      found: `AWS does not accept the credentials (${name})`,
      cure: 'choose another profile, or sign in again.',
    };
  }
  if (isRefusal(details)) return refusal(message);
  if (
    code === 'DEPTH_ZERO_SELF_SIGNED_CERT' ||
    code === 'SELF_SIGNED_CERT_IN_CHAIN' ||
    code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'
  ) {
    return {
      found: 'The endpoint shows a certificate that Node does not trust',
      cure: 'name its certificate with NODE_EXTRA_CA_CERTS=<file>, as the local AWS prints it.',
    };
  }
  if (
    code === 'ECONNREFUSED' ||
    code === 'ENOTFOUND' ||
    code === 'ECONNRESET' ||
    code === 'ETIMEDOUT' ||
    name === 'TimeoutError'
  ) {
    return {
      found: `AWS does not respond (${message})`,
      cure: 'check the network, the Region, and AWS_ENDPOINT_URL if it is set.',
    };
  }
  if (name === 'ResourceNotFoundException') {
    return { found: `A resource of the stack no longer exists (${message})`, cure: 'deploy the stack again.' };
  }
  if (/^(Throttling|ThrottlingException|TooManyRequestsException|ProvisionedThroughputExceededException)$/.test(name)) {
    return { found: `AWS asks to slow down (${message})`, cure: 'try again in a moment.' };
  }
  return undefined;
}

function readError(error: unknown): AwsError | undefined {
  if (!(error instanceof Error)) return undefined;
  // A connection that could be tried by IPv4 and IPv6 fails with both errors inside.
  const inner = error instanceof AggregateError ? error.errors[0] : (error.cause ?? error);
  const message = error.message || (inner instanceof Error ? inner.message : '');
  const code = codeOf(error) ?? codeOf(inner);
  return { name: error.name, message, ...(code !== undefined && { code }) };
}

function codeOf(error: unknown): string | undefined {
  return typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

function isRefusal({ name, message }: AwsError): boolean {
  return (
    /^(AccessDenied|AccessDeniedException|AccessDeniedFault|UnauthorizedOperation|AuthorizationError|AuthorizationErrorException|KMSAccessDeniedException|NotAuthorized)$/.test(
      name,
    ) || /is not authorized to perform/.test(message)
  );
}

/** AWS names the right, and mostly who lacks it and on what. */
function refusal(message: string): Explanation {
  const right = /perform:?\s+([\w-]+:\w+)/.exec(message)?.[1];
  const who = /(?:User|Principal):?\s+(arn:\S+)/.exec(message)?.[1];
  const on = /on resource:?\s+(?:")?([^\s"]+)/.exec(message)?.[1];
  const cure = 'ask for it, or choose another profile.';
  if (right === undefined) return { found: `AWS refuses access (${message.trim()})`, cure };
  return { found: `The right ${right}${on ? ` on ${on}` : ''} is missing${who ? ` for ${who}` : ''}`, cure };
}
