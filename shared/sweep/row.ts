/** The row of a run, as the ledger keeps it. */
import {
  type Counts,
  countedDatabases,
  type DatabaseKey,
  type SweepRow,
  type Unrecognized,
  type VerdictName,
} from '../domain/index.ts';

// What a sweep's row keeps, so that it stays far below DynamoDB's 400 KB whatever the fleet. The answer has it whole.
const missedKept = 100;
const unconfiguredKept = 2000;
const errorsKept = 100;
const errorLength = 500;
const leftOutKept = 200;
const unwatchedKept = 500;
const restoreTestsKept = 100;

/** A verdict for each database; of an earlier part of a sweep it may be one of a later version. */
export type Verdicts = ReadonlyMap<DatabaseKey, VerdictName | Unrecognized>;

/** One row of a sweep that took several runs, under the start of the first; it replaces the rows of the parts before. */
export function joined(stopped: SweepRow, part: SweepRow, verdicts: Verdicts): SweepRow {
  const actions = new Set([...Object.keys(stopped.apiCalls), ...Object.keys(part.apiCalls)]);
  return {
    ...part,
    started: stopped.started,
    ...countsOfRun(verdicts),
    eventsMissed: stopped.eventsMissed + part.eventsMissed,
    missed: [...stopped.missed, ...part.missed],
    ...((stopped.leftOut || part.leftOut) && { leftOut: [...(stopped.leftOut ?? []), ...(part.leftOut ?? [])] }),
    recorded: stopped.recorded + part.recorded,
    closed: stopped.closed + part.closed,
    alerts: {
      opened: stopped.alerts.opened + part.alerts.opened,
      reminded: stopped.alerts.reminded + part.alerts.reminded,
      resolved: stopped.alerts.resolved + part.alerts.resolved,
    },
    apiCalls: Object.fromEntries(
      [...actions].map((action) => [action, (stopped.apiCalls[action] ?? 0) + (part.apiCalls[action] ?? 0)]),
    ),
    errors: [...stopped.errors, ...part.errors],
  };
}

/** The row as it is kept. */
export function keptRow(row: SweepRow): SweepRow {
  const { missed, unconfigured, errors, leftOut, notifiedOf, unwatchedTenants, restoreTests, jobsUnread } = row;
  const more = errors.length - errorsKept;
  const lines = more > 0 ? [...errors.slice(0, errorsKept - 1), `and ${more + 1} more errors, in the log`] : errors;
  return {
    ...row,
    missed: missed.slice(0, missedKept),
    unconfigured: unconfigured.slice(0, unconfiguredKept),
    ...(unconfigured.length > unconfiguredKept && { unconfiguredCount: unconfigured.length }),
    errors: lines.map((line) => line.slice(0, errorLength)),
    ...(jobsUnread !== undefined && { jobsUnread: jobsUnread.slice(0, errorLength) }),
    ...(notifiedOf && { notifiedOf: notifiedOf.slice(-leftOutKept) }),
    ...(restoreTests && { restoreTests: restoreTests.slice(0, restoreTestsKept) }),
    ...(unwatchedTenants && { unwatchedTenants: unwatchedTenants.slice(0, unwatchedKept) }),
    ...(leftOut && {
      leftOut: leftOut.slice(0, leftOutKept).map((left) => ({ ...left, text: left.text.slice(0, errorLength) })),
    }),
  };
}

/** How many databases were evaluated, and their verdicts: of shared ones those of their tenants. */
export function countsOfRun(verdicts: Verdicts): Pick<SweepRow, 'databases' | 'counts'> {
  const counts: { -readonly [Name in keyof Counts]: Counts[Name] } = {};
  const counted = countedDatabases(verdicts.keys());
  for (const [key, name] of verdicts) if (counted.has(key)) counts[name] = (counts[name] ?? 0) + 1;
  return { databases: counted.size, counts };
}
