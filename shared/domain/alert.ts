/** An open (or past) statement that a tenant's database is unprotected. */
import * as z from 'zod';
import { listed } from '../lib/listed.ts';
import type { Stored } from './backup.ts';
import { causeSchema, type Resolution } from './causes.ts';
import { findingFields } from './database.ts';
import type { DatabaseKey, DatabaseKind } from './identity.ts';
import { count, fields, kindOf, type Of, text, time, type Unrecognized, word } from './schema.ts';

export interface AlertStepEntry {
  /** What a run counts a message of it as. */
  readonly countedAs: 'opened' | 'reminded' | 'resolved';
  /** What a subject begins with where all alerts in it take this step; that of a resolution depends on how it ended. */
  readonly sign: string;
  /** For the documentation. */
  readonly meaning: string;
}

/** What a message says of an alert: one table says what each step means everywhere. */
export const alertStepTable = {
  open: { countedAs: 'opened', sign: '', meaning: 'it opened' },
  remind: { countedAs: 'reminded', sign: 'REMINDER ', meaning: 'it is still open' },
  rise: { countedAs: 'reminded', sign: 'NOW ', meaning: 'its severity rose' },
  resolve: { countedAs: 'resolved', sign: '', meaning: 'it ended' },
} as const satisfies Record<string, AlertStepEntry>;

export type AlertStep = keyof typeof alertStepTable;

export const alertSteps = Object.keys(alertStepTable) as readonly AlertStep[];

/** What the table says of a step; nothing of one of a later version. */
export function alertStepOf(step: AlertStep | Unrecognized): AlertStepEntry | undefined {
  return Object.hasOwn(alertStepTable, step) ? alertStepTable[step as AlertStep] : undefined;
}

/**
 * Who a message is for: the tenant's recipients and the operators, only the former (while operators get a digest instead),
 * or only the latter.
 */
export const audiences = ['all', 'tenant', 'operators'] as const;
export type Audience = (typeof audiences)[number];

/** Who one message is written for: what goes to both are two messages. */
export type MessageAudience = Exclude<Audience, 'all'>;

/** What identifies an alert. */
export interface AlertId {
  readonly database: DatabaseKey;
  readonly tenant: string;
  readonly opened: Date;
}

const stepNames = listed(
  alertSteps.map((step) => `\`${step}\``),
  'or',
);

const noticeSchema = fields({
  at: time.describe('when it went out'),
  step: word<AlertStep>().describe(stepNames),
  to: word<Audience>().describe('`all`, `tenant` or `operators`'),
});

/** A message about an alert that went out: when, what it said, and to whom. */
export type Notice = Of<typeof noticeSchema>;

const whoSchema = fields({
  by: text.describe('who'),
  at: time.describe('when'),
  note: text.describe('what they had to say').exactOptional(),
});

export const alertSchema = fields({
  tenant: text.describe('whose it is'),
  database: text.describe("the database's key"),
  databaseId: text.describe('the name of the database'),
  databaseKind: kindOf<DatabaseKind>().describe('`instance` or `cluster`'),
  opened: time.describe('when it opened'),
  ...findingFields,
  notified: z
    .array(noticeSchema)
    .readonly()
    .describe('the messages about it that went out, oldest first (the last 50)'),
  /** Written before a message is published, taken away once it was: what is left over is published again. */
  pending: fields({
    step: word<AlertStep>().describe(stepNames),
    at: time.describe('since when'),
    tries: count.describe('how often it was tried again'),
  })
    .describe('a message that is not known to have gone out')
    .exactOptional(),
  acknowledged: whoSchema.describe('who acknowledged it').exactOptional(),
  snoozedUntil: time.describe('until when it is silent').exactOptional(),
  snoozed: whoSchema.describe('who wanted it silent').exactOptional(),
  resolved: time.describe('when it ended').exactOptional(),
  /** Absent where no verdict ended it. */
  outcome: fields(findingFields).describe('the evaluation that ended it').exactOptional(),
  /** Absent where a verdict ended it. */
  resolution: causeSchema<Resolution>().describe('why it ended without one: `code` and `facts`').exactOptional(),
  /** Of a resolved one: DynamoDB removes its row some time after this. */
  expiresAt: time.describe('when its row may go').exactOptional(),
});

export type Alert = Of<typeof alertSchema> & Pick<Stored, 'later'>;

/** Whether a message about an alert is known to have gone out to these people. */
export function wasNotified({ notified }: Pick<Alert, 'notified'>, audience: MessageAudience): boolean {
  const others: MessageAudience = audience === 'tenant' ? 'operators' : 'tenant';
  return notified.some(({ to }) => to !== others);
}

/** Names that its JSON has for its fields. */
export const alertJsonNames = { database: 'key', databaseId: 'database' } as const;
