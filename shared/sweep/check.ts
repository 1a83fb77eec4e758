/** What a check of databases is asked, and what it came to. */
import type {
  BackupJobs,
  DatabaseKey,
  DatabaseKind,
  DatabaseRow,
  Environment,
  Evaluation,
  Snapshot,
} from '../domain/index.ts';
import type { EvaluationTarget, TagNotice } from '../evaluation/index.ts';
import { errorText } from '../lib/errors.ts';
import type { AlertNotification } from '../notifications/index.ts';
import type { RunChange, TenantDatabases } from '../rds/index.ts';

export interface CheckOptions {
  /** The moment of evaluation. */
  readonly at: Date;
  /** What was made after this moment does not exist. */
  readonly until: Date;
  /** Evaluate, and write nothing. */
  readonly dryRun: boolean;
  readonly retentionDays: number;
  /** When databases of an environment were stopped and started since a moment, by name; undefined where RDS does not answer. */
  readonly runChanges: (
    environment: Environment,
    kind: DatabaseKind,
    ids: readonly string[],
    since: Date,
  ) => Promise<RunChanges | undefined>;
  /** The tenant databases in snapshots of instances, by their resource ids; undefined where RDS does not answer. */
  readonly tenantDatabases: (
    environment: Environment,
    resourceIds: readonly string[],
  ) => Promise<TenantDatabases | undefined>;
  /** Whether an alert may open now; else its database is to be checked anew first, and is left as it was. */
  readonly mayOpen: boolean;
  /** AWS Backup's jobs in an environment; undefined where they cannot be read. They are read when this is first called. */
  readonly backupJobs: (environment: Environment) => Promise<BackupJobs | undefined>;
  /** Whether they are read whatever is known of a database. */
  readonly readsJobs: boolean;
  /** The keys of shares of a database that the ledger is known to have, besides those that the configuration has. */
  readonly knownShares: (database: DatabaseKey) => readonly DatabaseKey[];
  /** Whether the configuration still has a share that the ledger has. */
  readonly isHeld: (share: DatabaseRow) => boolean;
}

export type RunChanges = ReadonlyMap<string, readonly RunChange[]>;

/** One database as it was evaluated, and what is to be notified of it. */
export interface Checked {
  readonly subject: EvaluationTarget;
  readonly evaluation?: Evaluation;
  readonly notification?: AlertNotification;
  readonly recorded: number;
  readonly missed: readonly Snapshot[];
  readonly closed: number;
  /** Left as it was: an alert would open, and the database is to be checked anew before. */
  readonly postponed: boolean;
  readonly tagNotice?: TagNotice;
  /** What could not be done for it, as sentences about it; empty otherwise. */
  readonly failures: readonly string[];
}

/** A database about which nothing is known after this run. */
export function notEvaluated(subject: EvaluationTarget, error: unknown): Checked {
  return { ...nothing, subject, failures: [`was not evaluated: ${errorText(error)}`] };
}

/** Nothing was done. */
export const nothing = { recorded: 0, missed: [], closed: 0, postponed: false } as const;

/** Takes what could not be done, as a sentence about the database. */
export type OnFailure = (what: string, error: unknown) => void;
