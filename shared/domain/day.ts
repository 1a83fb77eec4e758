/**
 * The evaluation of one database on one day (UTC): the auditor's evidence, written then and never changed by later
 * configuration.
 */
import type { Stored } from './backup.ts';
import { findingFields } from './database.ts';
import type { DatabaseKind } from './identity.ts';
import { fields, kindOf, number, type Of, text, time } from './schema.ts';

export const daySchema = fields({
  date: text.describe('`YYYY-MM-DD`, UTC'),
  tenant: text.describe('whose it was'),
  database: text.describe("the database's key"),
  databaseId: text.describe('the name of the database'),
  databaseKind: kindOf<DatabaseKind>().describe('`instance` or `cluster`'),
  ...findingFields,
  evaluatedAt: time.describe('when it was evaluated'),
  maxAgeHours: number.describe('the promise in force on that day, in hours'),
  graceHours: number.describe('its grace, in hours'),
  exclusion: text.describe('why it was excluded').exactOptional(),
  /** DynamoDB removes the row some time after this. */
  expiresAt: time.describe('when its row may go').exactOptional(),
});

export type Day = Of<typeof daySchema> & Pick<Stored, 'later'>;

/** Names that its JSON has for its fields. */
export const dayJsonNames = { database: 'key', databaseId: 'database' } as const;
