/** What the stack uses, measured where it can be (tests count it again), and assumed where only AWS could tell. */

/**
 * Write units of the ledger, for names as long as `acme-production-orders` of `acme-industries`:
 * docs/decisions/0006-one-ledger-format.md, counted by test/shared/ledger/write-units.test.ts and test/shared/cost/.
 */
export const writeUnits = {
  watch: 1,
  sweep: 1,
  /** One database and day, on which a backup is made and one expires. */
  databaseDay: 15,
  /** One tenant's share of a shared database, and day. */
  shareDay: 8,
  /** Further, for an export; a native dump takes no more. */
  copy: 23,
} as const;

/** Read units of the ledger, counted by test/shared/cost/. */
export const readUnits = {
  /** A watch that finds nothing due. */
  watch: 9,
  /** A pass of the copy function that finds nothing to do. */
  copyPass: 17,
  /** A sweep and its page, whatever the number of databases. */
  sweep: 330,
  /** One database and day, with 35 live snapshots: its events, the sweep, and 35 days on the page. */
  databaseDay: 48,
  /** One tenant's share of a shared database, and day. */
  shareDay: 5,
  /** One export from its queue to its end; a native dump takes no more. */
  copy: 71,
  /** Further, for each other export of the same night: passes read all that waits for a slot. */
  otherExport: 3,
} as const;

/** Bytes that the ledger stores of a row, index entries and DynamoDB's own 100 bytes each included; counted by test/shared/cost/. */
export const rowBytes = {
  database: { table: 913, globalIndexes: 747 },
  liveBackup: { table: 1100, globalIndexes: 1038 },
  closedBackup: { table: 920, globalIndexes: 1038 },
  /** A backup that is copied is larger by. */
  copied: { table: 305, globalIndexes: 0 },
  share: { table: 930, globalIndexes: 580 },
  day: { table: 702, globalIndexes: 1332 },
} as const;

/** Snapshots of a database that are there: the most that RDS keeps of automated ones, in days. */
export const liveBackups = 35;

/** Metrics that the stack's alarms watch; an alarm on an expression is billed for each of its metrics. */
export const alarmedMetrics = { always: 13, whereCopying: 5 } as const;

export const watchesADay = 96;

/** RDS announces that a backup is being created, and that it is there. */
export const eventsADay = 2;

/** SQS requests an event: sent, received, deleted. */
export const requestsAnEvent = 3;

/**
 * Long polls of 20 seconds, of which Lambda makes five side by side, message or not. Source: AWS Lambda Developer Guide,
 * "Understanding polling and batching behavior for Amazon SQS event source mappings".
 */
export const pollsADay = 5 * 3 * 60 * 24;

/**
 * About: DynamoDB keeps the table's key in memory for five minutes for each caller, which are three functions. Source:
 * Amazon DynamoDB Developer Guide, "DynamoDB encryption at rest: How it works".
 */
export const keyRequestsADay = 3 * 12 * 24;

/** Assumed: only AWS measures seconds and logs. Each is meant to be rather too high. */
export const assumed = {
  /** Seconds of a call. */
  seconds: {
    watch: 1,
    /** Without databases; each adds `sweepOfDatabase`. */
    sweep: 5,
    sweepOfDatabase: 0.01,
    /** One event a call; in fact a night's events come in batches. */
    record: 1,
    copyPass: 1,
    /** Of one call for a copy, of which there are `callsACopy`. */
    copy: 3,
  },
  callsACopy: 5,
  /** Bytes that a call logs. */
  logBytes: 2_000,
} as const;

/** Memory of the functions in GB, as `infra/` sets it. */
export const memoryGb = { sweep: 1, record: 0.5, copy: 0.5 } as const;
