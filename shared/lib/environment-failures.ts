/** What an answer says of the account and Region that was called, whatever it was called for. */

/**
 * The role that a function acts with in an environment gives no credentials: no call was made there, and what was to be called
 * says nothing. `name` and `message` are those of what STS answered.
 */
export class NoCredentialsError extends Error {
  /** Whether STS refuses them, until somebody changes something; else the next try may succeed. */
  readonly refused: boolean;

  constructor(cause: unknown, refused: boolean) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    if (cause instanceof Error) this.name = cause.name;
    this.refused = refused;
  }
}

/**
 * What services answer where valid credentials are unknown to them: the Region is not turned on in the account. RDS and others say
 * the first five, S3 the last two. Sources: Amazon EC2 API Reference, "Error codes"; Amazon S3 API Reference, "List of error codes".
 */
const unknownThere = [
  'InvalidClientTokenId',
  'UnrecognizedClient',
  'AuthFailure',
  'OptInRequired',
  'RegionDisabled',
  'InvalidToken',
  'InvalidAccessKeyId',
];

/** Whether a call failed for its whole environment, whatever it was about. */
export function concernsEnvironment(error: unknown): boolean {
  return error instanceof NoCredentialsError || refusesEnvironment(error);
}

/** Whether nothing can be done in an environment until somebody changes something: its role refuses, or its Region is off. */
export function refusesEnvironment(error: unknown): boolean {
  if (error instanceof NoCredentialsError) return error.refused;
  return error instanceof Error && unknownThere.includes(error.name.replace(/Exception$/, ''));
}
