/** An error that the user can fix: what is wrong and, if known, what to do. */
export class UserError extends Error {
  override readonly name = 'UserError';
  readonly found: string;
  readonly cure: string | undefined;

  /** `cure` completes `<found>: …`, e.g. `deploy it with "npx cdk deploy"`. */
  constructor(found: string, cure?: string) {
    super(cure === undefined ? found : `${found}: ${cure}`);
    this.found = found;
    this.cure = cure;
  }
}
