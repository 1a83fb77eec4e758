import type { MessageAudience } from '../domain/index.ts';

/** Who reads a text, and when. */
export interface Reader {
  /** Ages are as of this moment. */
  readonly now: Date;
  /** A tenant's recipients know neither the account's other databases, nor other tenants, nor the operators' commands. */
  readonly audience: MessageAudience;
}
