import * as z from 'zod';

/** `ok`: checked, and fine. `problem`: wrong. `warning`: may be meant so. `unread`: could not be read. */
export type FindingKind = 'ok' | 'warning' | 'problem' | 'unread';

export const findingSchema = z.object({
  check: z.string().describe('what was checked'),
  kind: z.custom<FindingKind>().describe('`ok`, `warning`, `problem`, or `unread` (could not be read)'),
  found: z.string().describe('what was found'),
  cure: z.string().nullable().describe('what to do about it'),
});

/** One thing that was checked. */
export type DoctorFinding = Readonly<z.output<typeof findingSchema>>;
