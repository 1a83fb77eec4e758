/** The answer of a run, as JSON. */

import type { ConfiguredDatabase } from '../config/index.ts';
import {
  type Cause,
  type Counts,
  type DatabaseKey,
  type Environment,
  type Evaluation,
  environmentOf,
  type Severity,
  type SweepRow,
  type VerdictName,
} from '../domain/index.ts';
import type { EvaluationTarget } from '../evaluation/index.ts';
import { hourMs } from '../lib/time.ts';
import { reasonOf } from '../reasons/index.ts';

/** What a run found, as JSON; times are ISO 8601. */
export interface SweepReport {
  readonly mode: 'sweep' | 'watch';
  readonly at: string;
  readonly complete: boolean;
  readonly databases: readonly {
    readonly tenant: string;
    readonly database: string;
    readonly account: string;
    readonly region: string;
    readonly verdict: VerdictName;
    readonly cause: Cause | null;
    readonly notes: readonly Cause[];
    readonly severity: Severity;
    /** As of `at`, for operators. */
    readonly reason: string;
    readonly newestBackup: { readonly id: string; readonly time: string } | null;
    readonly ageHours: number | null;
    readonly deadline: string | null;
  }[];
  /** The environments that it read; `error` is null where it read all that it asked for. */
  readonly environments: readonly ReadEnvironment[];
  readonly unconfigured: readonly string[];
  /** Names of databases that were passed over as restore tests. */
  readonly restoreTests: readonly string[];
  /** Ids of tenants without a database that is watched; a watch does not see them. */
  readonly unwatchedTenants: readonly string[];
  readonly counts: Counts;
  readonly eventsMissed: number;
  readonly alerts: { readonly opened: number; readonly reminded: number; readonly resolved: number };
  readonly apiCalls: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

/** What a run could read in one environment. */
export interface ReadEnvironment extends Environment {
  readonly complete: boolean;
  readonly error: string | null;
}

/** A configured database with what a run made of it. */
export interface EvaluatedDatabase {
  readonly subject: EvaluationTarget & { readonly key: DatabaseKey; readonly configured: ConfiguredDatabase };
  readonly evaluation: Evaluation;
}

/** Above this many databases the answer holds only those that are not protected: Lambda answers at most 6 MB. */
const fullAnswer = 2000;

export function reportOf(
  row: SweepRow,
  evaluated: readonly EvaluatedDatabase[],
  unwatchedTenants: readonly string[],
  environments: readonly ReadEnvironment[],
): SweepReport {
  const shown =
    evaluated.length > fullAnswer
      ? evaluated.filter(({ evaluation }) => evaluation.verdict !== 'protected')
      : evaluated;
  return {
    mode: row.mode,
    at: row.at.toISOString(),
    complete: row.complete,
    databases: shown.map((one) => databaseIn(one, row.at)),
    environments,
    unconfigured: row.unconfigured,
    restoreTests: row.restoreTests ?? [],
    unwatchedTenants,
    counts: row.counts,
    eventsMissed: row.eventsMissed,
    alerts: row.alerts,
    apiCalls: row.apiCalls,
    errors: row.errors,
  };
}

function databaseIn({ subject, evaluation }: EvaluatedDatabase, at: Date): SweepReport['databases'][number] {
  const { verdict, severity, cause, notes, newestBackup, deadline } = evaluation;
  const age = newestBackup && (at.getTime() - newestBackup.time.getTime()) / hourMs;
  return {
    tenant: subject.configured.tenant,
    database: subject.id,
    ...environmentOf(subject.key),
    verdict,
    cause,
    notes,
    severity,
    reason: reasonOf(evaluation, { id: subject.id, kind: subject.kind }, { now: at, audience: 'operators' }),
    newestBackup: newestBackup ? { id: newestBackup.id, time: newestBackup.time.toISOString() } : null,
    ageHours: age === undefined ? null : Math.round(age * 100) / 100,
    deadline: deadline?.toISOString() ?? null,
  };
}
