import * as z from 'zod';

/** A text of one form. Where it is missing, the rule says what to write. */
export function textLike(pattern: RegExp, rule: string) {
  return z.string({ error: (issue) => (issue.input === undefined ? rule : undefined) }).regex(pattern, { error: rule });
}
