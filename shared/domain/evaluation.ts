import type { Finding } from './database.ts';
import type { Severity, VerdictName } from './verdicts.ts';

/** What a sweep or a watch says of one database, in words that this version knows. */
export interface Evaluation extends Omit<Finding, 'verdict' | 'severity'> {
  readonly verdict: VerdictName;
  readonly severity: Severity;
  /** When the database is to be checked next; absent: only by the next sweep. */
  readonly nextCheckAt?: Date;
  /** A backup that ends it may still come until then: no message tells of it, reminds of it, or says that it got worse by its age. */
  readonly mayEndBy?: Date;
  /** Nobody is notified of it by itself: operators are, of what it is a part of. An alert that is open stays as it is. */
  readonly quiet?: boolean;
  /** Notified once when it opens, without reminders, while the cause stays the same (stopped, deleted). */
  readonly once?: boolean;
  /** Since when the cause lasts (RDS not answering, database stopped); whoever writes the row keeps it there. */
  readonly since?: Date;
}
