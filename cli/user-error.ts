/** What the user can put right: told as one sentence, without a stack trace. */
export class UserError extends Error {
  override readonly name = 'UserError';
}
