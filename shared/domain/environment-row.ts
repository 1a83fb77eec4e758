/** What the ledger knows of an account and Region of several: one row each. */
import type { Stored } from './backup.ts';
import { count, fields, kindOf, type Of, text, time, word } from './schema.ts';
import type { Severity } from './verdicts.ts';

/**
 * What is wrong with an environment: RDS does not respond or refuses (`unread`), its events stopped arriving though there are new
 * backups (`events-missing`), its events could not be forwarded (`events-undelivered`), or events arrive from there and it is not
 * configured (`not-configured`).
 */
export type EnvironmentTroubleCode = 'unread' | 'events-missing' | 'events-undelivered' | 'not-configured';

const troubleSchema = fields({
  code: kindOf<EnvironmentTroubleCode>().describe(
    '`unread`, `events-missing`, `events-undelivered` or `not-configured`',
  ),
  since: time.describe('when it was first seen'),
  severity: word<Severity>().describe('`warning`, or `critical` once it cannot be read for a day'),
  error: text.describe('what AWS said').exactOptional(),
  events: count
    .describe('how many events: missed by the last sweep, not forwarded, or not recorded since it is not configured')
    .exactOptional(),
  /** Absent until a message is out: one that failed is sent again. */
  notified: word<Severity>().describe('the severity that operators were last notified of').exactOptional(),
  /** Until a message of it is out. */
  ended: kindOf<'over' | 'left'>()
    .describe('that it is over, or that the account and Region left the configuration')
    .exactOptional(),
});

export type EnvironmentTrouble = Of<typeof troubleSchema>;

export const environmentSchema = fields({
  account: text.describe('the account'),
  region: text.describe('the Region'),
  lastEventAt: time.describe('when the last event from there was recorded, to the hour').exactOptional(),
  sweptAt: time.describe('as of when a sweep last read all of it').exactOptional(),
  trouble: troubleSchema.describe('what is wrong with it').exactOptional(),
});

/** `version` changes with every write; absent on a row that was never written. */
export type EnvironmentRow = Of<typeof environmentSchema> & Stored;
