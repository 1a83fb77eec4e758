/**
 * RDS events as EventBridge delivers them.
 * Source: Amazon RDS User Guide, "Amazon RDS event categories and event messages".
 */
import { z } from 'zod';
import { parseRdsArn, type RdsArn } from './arn.ts';

/**
 * What each event id means to the ledger. Ids, never categories: RDS-EVENT-0086 has the category `backup` and is about
 * option groups. No event exists for a backup that failed, for an automated snapshot's expiry, or for the deletion of a
 * cluster's snapshot.
 */
export const eventMeanings = {
  // A snapshot became available.
  'RDS-EVENT-0091': 'backup',
  'RDS-EVENT-0042': 'backup',
  'RDS-EVENT-0060': 'backup',
  'RDS-EVENT-0197': 'backup',
  'RDS-EVENT-0169': 'backup',
  'RDS-EVENT-0075': 'backup',
  // A snapshot is being created.
  'RDS-EVENT-0090': 'creating',
  'RDS-EVENT-0040': 'creating',
  'RDS-EVENT-0168': 'creating',
  'RDS-EVENT-0074': 'creating',
  // A snapshot was deleted by a user.
  'RDS-EVENT-0041': 'deleted',
  // What a backup means has changed: backups disabled and enabled; stopped and started; renamed; deleted.
  'RDS-EVENT-0028': 'database',
  'RDS-EVENT-0032': 'database',
  'RDS-EVENT-0087': 'database',
  'RDS-EVENT-0088': 'database',
  'RDS-EVENT-0154': 'database',
  'RDS-EVENT-0150': 'database',
  'RDS-EVENT-0151': 'database',
  'RDS-EVENT-0153': 'database',
  'RDS-EVENT-0172': 'database',
  'RDS-EVENT-0003': 'database',
  'RDS-EVENT-0171': 'database',
} as const satisfies Record<string, EventMeaning>;

export type EventMeaning = 'backup' | 'creating' | 'deleted' | 'database';

/** One RDS event that concerns the ledger. */
export interface RdsEvent {
  readonly eventId: string;
  readonly meaning: EventMeaning;
  /** When RDS says it happened; for a backup that is neither its creation nor its completion. */
  readonly time: Date;
  readonly arn: string;
  readonly source: RdsArn;
  readonly message: string;
}

const envelope = z.object({
  source: z.literal('aws.rds'),
  time: z.iso.datetime({ offset: true }),
  detail: z.object({
    EventID: z.string(),
    SourceArn: z.string(),
    Date: z.iso.datetime({ offset: true }).optional(),
    Message: z.string().optional(),
  }),
});

/** Reads an event of the rule's pattern; throws an `Error` that says what is wrong where it is none. */
export function parseRdsEvent(body: string): RdsEvent {
  const parsed = envelope.safeParse(parseJson(body));
  if (!parsed.success) throw new Error(`not an RDS event: ${z.prettifyError(parsed.error).replaceAll('\n', ' ')}`);
  const { time, detail } = parsed.data;
  const meaning = (eventMeanings as Record<string, EventMeaning>)[detail.EventID];
  if (meaning === undefined) {
    throw new Error(`${detail.EventID} is not an event the ledger knows; the rule should not have matched it`);
  }
  return {
    eventId: detail.EventID,
    meaning,
    time: new Date(detail.Date ?? time),
    arn: detail.SourceArn,
    source: parseRdsArn(detail.SourceArn),
    message: detail.Message ?? '',
  };
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error(`not an RDS event: the message is not JSON (${body.length} characters)`);
  }
}
