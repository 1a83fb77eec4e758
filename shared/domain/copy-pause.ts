/** A fault of set-up that copies meet, and the pause that it puts them into: one row a scope. */
import * as z from 'zod';
import type { Stored } from './backup.ts';
import { type CopyCause, causeSchema } from './causes.ts';
import { fields, kindOf, type Of, text, time } from './schema.ts';

/** What one fault of set-up stops copies of. */
export type CopyScopeKind = 'environment' | 'account' | 'role' | 'key' | 'bucket';

export const copyPauseSchema = fields({
  environment: text.describe('`<account>/<region>`'),
  kind: kindOf<CopyScopeKind>().describe('`environment`, `account`, `role`, `key` or `bucket`'),
  name: text.describe("the environment as `<account>/<region>`, the account, the role's or key's ARN, or the bucket"),
  cause: causeSchema<CopyCause>().describe('what its copies failed for last: `code` and `facts`'),
  failures: z
    .array(fields({ database: text.describe("the database's key"), at: time.describe('when its copy failed') }))
    .readonly()
    .describe('the last failures, at most 10, with no success in between'),
  pausedAt: time.describe('since when its copies wait').exactOptional(),
  notifiedAt: time.describe('when the message about it was handed to SNS').exactOptional(),
  probedAt: time.describe('when one was last tried all the same').exactOptional(),
  probed: z.array(text).readonly().describe('databases that had their try in this round').exactOptional(),
});

/** `version` changes with every write; absent on a row that was never written. */
export type CopyPause = Of<typeof copyPauseSchema> & Stored;

/** Names a scope within its environment. */
export type CopyScope = Pick<CopyPause, 'kind' | 'name'>;
