/** RDS events as EventBridge delivers them. */
import * as z from 'zod';
import { parseRdsArn, type RdsArn } from './arn.ts';

/**
 * What each event id means to the ledger. Ids, never categories: RDS-EVENT-0086 has the category `backup` and is about
 * option groups. No event exists for a backup that failed, for an automated snapshot's expiry, or for the deletion of a
 * cluster's snapshot.
 *
 * Beside each id stands the message that AWS lists for it. Read in "Amazon RDS event categories and event messages", the page of
 * that name in the Amazon RDS User Guide, or where it says Aurora in the Amazon Aurora User Guide; each block names the tables.
 */
export const eventMeanings = {
  // DB snapshot events: a snapshot became available.
  'RDS-EVENT-0091': 'backup', // Automated snapshot created.
  'RDS-EVENT-0042': 'backup', // Manual snapshot created.
  'RDS-EVENT-0060': 'backup', // Finished copy of snapshot `name` from region `name` in `number` minutes.
  'RDS-EVENT-0197': 'backup', // Finished copy of snapshot `name` in region `name`.
  // DB cluster snapshot events: likewise.
  'RDS-EVENT-0169': 'backup', // Automated cluster snapshot created.
  'RDS-EVENT-0075': 'backup', // Manual cluster snapshot created.

  // DB snapshot events, DB cluster snapshot events: a snapshot is being created.
  'RDS-EVENT-0090': 'creating', // Creating automated snapshot.
  'RDS-EVENT-0040': 'creating', // Creating manual snapshot.
  'RDS-EVENT-0168': 'creating', // Creating automated cluster snapshot.
  'RDS-EVENT-0074': 'creating', // Creating manual cluster snapshot.

  // DB snapshot events: a user deleted a snapshot.
  'RDS-EVENT-0041': 'deleted', // Deleted user snapshot.

  // DB instance events: what a backup means, or whether one follows, has changed.
  'RDS-EVENT-0028': 'database', // Disabled automated backups.
  'RDS-EVENT-0032': 'database', // Enabled automated backups.
  'RDS-EVENT-0087': 'database', // DB instance stopped.
  'RDS-EVENT-0088': 'database', // DB instance started.
  'RDS-EVENT-0154': 'database', // DB instance is being started due to it exceeding the maximum allowed time being stopped.
  'RDS-EVENT-0003': 'database', // DB instance deleted.
  'RDS-EVENT-0285': 'database', // RDS Custom couldn't create a final snapshot for the DB instance because `message`.
  // DB instance events: its status keeps backups from coming, or no longer. It may be a member of a cluster.
  'RDS-EVENT-0007': 'trouble', // Allocated storage has been exhausted.
  'RDS-EVENT-0221': 'trouble', // DB instance has reached the storage-full threshold, and the database has been shut down.
  'RDS-EVENT-0031': 'trouble', // DB instance put into `name` state. RDS recommends … a point-in-time-restore.
  'RDS-EVENT-0035': 'trouble', // Database instance put into `state` (invalid parameters).
  'RDS-EVENT-0036': 'trouble', // Database instance in `state` (an incompatible network).
  'RDS-EVENT-0418': 'trouble', // Amazon RDS is unable to access the KMS encryption key for database instance `name`.
  'RDS-EVENT-0419': 'trouble', // … has been unable to access the KMS encryption key … placed into an inaccessible state.
  'RDS-EVENT-0420': 'trouble', // Amazon RDS can now successfully access the KMS encryption key for database instance `name`.
  // DB cluster events; all but 0172 in the Aurora User Guide alone.
  'RDS-EVENT-0150': 'database', // DB cluster stopped.
  'RDS-EVENT-0151': 'database', // DB cluster started.
  'RDS-EVENT-0152': 'database', // DB cluster stop failed.
  'RDS-EVENT-0153': 'database', // DB cluster is being started due to it exceeding the maximum allowed time being stopped.
  'RDS-EVENT-0171': 'database', // DB cluster deleted.
  'RDS-EVENT-0172': 'database', // Renamed cluster from `name` to `name`.

  // Blue/green deployment events: names passed to other databases. They name the deployment, not its databases.
  'RDS-EVENT-0248': 'switchover', // Switchover completed on blue/green deployment.
  'RDS-EVENT-0251': 'switchover', // Switchover from primary/read replica `blue` to `green` completed. Renamed …
} as const satisfies Record<string, EventMeaning>;

export type EventMeaning = 'backup' | 'creating' | 'deleted' | 'database' | 'trouble' | 'switchover';

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
  account: z.string().optional(),
  region: z.string().optional(),
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
  const source = eventSource(detail.SourceArn, parsed.data);
  return {
    eventId: detail.EventID,
    meaning,
    time: new Date(detail.Date ?? time),
    arn: detail.SourceArn,
    source,
    message: detail.Message ?? '',
  };
}

/**
 * What an event is about. Throws an `Error` where EventBridge says that it is of another account or Region than its ARN: RDS sends
 * events about its own alone.
 */
export function eventSource(
  arn: string,
  from: { readonly account?: string | undefined; readonly region?: string | undefined },
): RdsArn {
  const source = parseRdsArn(arn);
  const { account = source.account, region = source.region } = from;
  if (source.account !== account || source.region !== region) {
    throw new Error(
      `an event of account ${account}, ${region}, about ${arn}: RDS sends events about its own account and Region alone`,
    );
  }
  return source;
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error(`not an RDS event: the message is not JSON (${body.length} characters)`);
  }
}
