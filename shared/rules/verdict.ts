import type { ConfiguredDatabase } from '../config/fleet.ts';
import type { DatabaseRow, NewestBackup, RdsDatabase, Verdict } from '../model.ts';

/** What a look into RDS showed under a configured database's name. */
export type Found =
  | { readonly is: 'database'; readonly database: RdsDatabase }
  /** An instance that belongs to the cluster `of`; `cluster` is that cluster's verdict, under the member's policy. */
  | { readonly is: 'member'; readonly of: string; readonly cluster?: Verdict }
  /** A listing of that kind was read to its end, and the name was not in it. */
  | { readonly is: 'absent' }
  /** RDS could not be asked, or its listing not be read to the end. */
  | { readonly is: 'unknown'; readonly why: string };

/** Everything a verdict depends on, besides the clock. */
export interface Situation {
  readonly configured: ConfiguredDatabase;
  readonly found: Found;
  /** The newest backup that counts, from RDS and the ledger together, as of the moment of judgement. */
  readonly newest?: NewestBackup;
  /** Creation time of its newest AWS Backup snapshot. */
  readonly awsBackupSeen?: Date;
  /** A snapshot of it in status `creating`; `since` is its creation time, or when it was first seen. */
  readonly creating?: { readonly id: string; readonly since: Date };
  /** What the ledger knew of it; of an absent database, the row that was last seen under its name. */
  readonly row?: DatabaseRow;
  /** Another database (another resource id) that the ledger knew under this name: it was replaced, restored or renamed. */
  readonly earlier?: DatabaseRow;
  /** Its newest backup was learned by looking, although an event should have announced it. */
  readonly eventsLost?: boolean;
}

export declare function assess(situation: Situation, now: Date): Verdict;
