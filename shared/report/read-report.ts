/** Reads everything that the report's page shows. */
import { minBy, partition } from 'es-toolkit/array';
import pMap from 'p-map';
import {
  type Alert,
  type Backup,
  backupIdOf,
  bySeverity,
  byVerdict,
  countedDatabases,
  type DatabaseKey,
  type DatabaseRow,
  databaseOfShare,
  type Environment,
  environmentsAtOnce,
  formatBackupId,
  isEnded,
  isShare,
  isSharedOwner,
  isUnprotected,
  type NamedEnvironment,
} from '../domain/index.ts';
import type { Ledger, ListedCopyState } from '../ledger/index.ts';
import { dateAfter, dateOf, dates } from '../lib/dates.ts';
import { collect } from '../lib/iterables.ts';
import { hourMs } from '../lib/time.ts';
import {
  alertsOfRows,
  attainment,
  databaseFacts,
  doubtsOf,
  type EvidenceRow,
  type EvidenceState,
  iso,
  isoOrNull,
  lastSweep,
  readEvidence,
  runFacts,
  Tally,
  unwatchedTenantFacts,
} from '../read-model/index.ts';
import {
  type DayLetter,
  type ReportCopyDay,
  type ReportDatabase,
  type ReportFacts,
  type ReportGap,
  type ReportSharedDatabase,
  type ReportTenant,
  withoutLeftOut,
} from './facts.ts';

/** Gaps that the page lists; what is older is only counted, and shown in the calendar. */
const mostGaps = 3000;

export interface ReportWhere extends Environment {
  /** The table's name. */
  readonly ledger: string;
  /** Those of the configuration; the stack's own by default. */
  readonly environments?: readonly NamedEnvironment[];
}

/** Reads everything the page shows, `days` days up to and with today, a day after the other. */
export async function readReportFacts(
  ledger: Ledger,
  where: ReportWhere,
  days: number,
  now: Date,
): Promise<ReportFacts> {
  const { environments = [{ account: where.account, region: where.region }] } = where;
  const list = async (state: ListedCopyState) => {
    const lists = await pMap(environments, (environment) => collect(ledger.copies(environment, state)), {
      concurrency: environmentsAtOnce,
    });
    return lists.flat();
  };
  const today = dateOf(now);
  const shown = dates(dateAfter(today, 1 - days), today);
  const [sweepRow, watchRow, rows, queued, starting, running] = await Promise.all([
    lastSweep(ledger, now),
    ledger.lastWatch(),
    collect(ledger.allDatabases()),
    list('queued'),
    list('starting'),
    list('running'),
  ]);
  const evaluated = rows.filter(isEvaluated).sort(worstFirst);
  const counted = countedDatabases(evaluated.map(({ key }) => key));
  // Shared ones that stand for themselves alone come last: gaps name the positions of all others.
  const [its, hosts] = partition(evaluated, ({ key }) => counted.has(key));
  const alerts = await alertsOfRows(ledger, evaluated);
  const calendar = await readCalendar(ledger, its, hosts, shown, now);
  const databaseOf = (row: Evaluated) => reportDatabase(row, alerts.get(row.key), calendar.lineOf(row.key), now);
  const databases = its.map(databaseOf);
  const sweep = sweepRow && runFacts(sweepRow);
  const watch = watchRow && runFacts(watchRow);
  const counts: Record<string, number> = {};
  for (const { verdict } of databases) counts[verdict] = (counts[verdict] ?? 0) + 1;
  const oldest = minBy(queued, ({ copy, recordedAt }) => (copy.queuedAt ?? recordedAt).getTime());
  return {
    generated: iso(now),
    ...where,
    environments: environments.map(({ account, accountName = null, region }) => ({ account, accountName, region })),
    dates: shown,
    sweep: sweep ?? null,
    watch: watch ?? null,
    doubts: doubtsOf({ sweep, watch, alerts: databases.filter(({ alert }) => alert !== null) }, now),
    counts,
    unconfigured: sweep?.unconfigured ?? [],
    unwatchedTenants: unwatchedTenantFacts(sweepRow, watchRow),
    databases,
    sharedDatabases: evaluated
      .filter(({ tenant }) => isSharedOwner(tenant))
      .map((row) => {
        const { share: _, ...facts } = databaseOf(row);
        return { ...facts, tenants: tenantsOf(row, its) };
      }),
    tenants: reportTenants(its, (row) => calendar.lineOf(row.key)),
    copies: await readCopyDays(ledger, shown, [...queued, ...starting, ...running]),
    copiesNow: {
      queued: queued.length,
      running: starting.length + running.length,
      oldestQueuedAt: isoOrNull(oldest && (oldest.copy.queuedAt ?? oldest.recordedAt)),
    },
    gaps: calendar.gaps,
    gapsLeftOut: calendar.gapsLeftOut,
  };
}

/** The tenants that a shared database holds. */
function tenantsOf({ key }: Evaluated, rows: readonly Evaluated[]): ReportSharedDatabase['tenants'] {
  return rows
    .filter((row) => isShare(row.key) && databaseOfShare(row.key) === key)
    .map(({ tenant, verdict, severity }) => ({ tenant, verdict, severity }))
    .sort((a, b) => compare(a.tenant, b.tenant));
}

type Evaluated = DatabaseRow & Required<Pick<DatabaseRow, 'tenant' | 'verdict' | 'severity'>>;

function isEvaluated(row: DatabaseRow): row is Evaluated {
  return row.tenant !== undefined && row.verdict !== undefined && row.severity !== undefined;
}

function worstFirst(a: Evaluated, b: Evaluated): number {
  return (
    bySeverity(a.severity, b.severity) ||
    byVerdict(a.verdict, b.verdict) ||
    compare(a.tenant, b.tenant) ||
    compare(a.id, b.id) ||
    compare(a.key, b.key)
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

// The calendar --------------------------------------------------------------------------------------------------------

const letters: Readonly<Record<EvidenceState, DayLetter>> = {
  'in time': 't',
  late: 'l',
  missing: 'm',
  'no promise': 'n',
  unknown: 'u',
};

interface Line {
  readonly letters: DayLetter[];
  readonly tally: Tally;
}

/** Of `hosts` it has the days, and no gaps: those are their tenants'. */
async function readCalendar(
  ledger: Ledger,
  its: readonly Evaluated[],
  hosts: readonly Evaluated[],
  shown: readonly string[],
  now: Date,
) {
  const evaluated = [...its, ...hosts];
  const lines = evaluated.map((): Line => ({ letters: shown.map(() => '.'), tally: new Tally() }));
  const lineOf = new Map<DatabaseKey, number>(evaluated.map(({ key }, index) => [key, index]));
  const columnOf = new Map(shown.map((date, index) => [date, index]));
  let gaps: ReportGap[] = [];
  let found = 0;
  const [from, to] = [shown[0] ?? '', shown.at(-1) ?? ''];
  for await (const row of readEvidence(ledger, { from, to }, now)) {
    const index = lineOf.get(row.key);
    const column = columnOf.get(row.date);
    const line = index === undefined ? undefined : lines[index];
    // What has left the configuration, or belonged to another tenant, is history: the evidence has it, the page does not.
    if (index === undefined || line === undefined || column === undefined) continue;
    if (row.tenant !== evaluated[index]?.tenant) continue;
    line.letters[column] = letters[row.state];
    line.tally.add(row.state);
    const gap = index < its.length ? gapOf(row, index) : undefined;
    if (gap === undefined) continue;
    found += 1;
    gaps.push(gap);
    if (gaps.length >= 2 * mostGaps) gaps = newestGaps(gaps);
  }
  gaps = newestGaps(gaps);
  return { lineOf: (key: DatabaseKey) => lines[lineOf.get(key) ?? -1], gaps, gapsLeftOut: found - gaps.length };
}

function newestGaps(gaps: readonly ReportGap[]): ReportGap[] {
  return gaps.toSorted((a, b) => compare(b.date, a.date) || a.database - b.database).slice(0, mostGaps);
}

function gapOf({ state, date, reason, alert }: EvidenceRow, database: number): ReportGap | undefined {
  if (state === 'in time' || state === 'no promise') return undefined;
  return {
    database,
    date,
    state,
    reason: reason ?? '',
    alertOpened: alert?.opened ?? null,
    alertResolved: alert?.resolved ?? null,
  };
}

function reportDatabase(row: Evaluated, known: Alert | undefined, line: Line | undefined, now: Date): ReportDatabase {
  const facts = databaseFacts(row, known, now);
  const { id, tenant, verdict, severity, newestBackup } = row;
  const alert = known?.resolved === undefined ? known : undefined;
  return {
    id,
    ...withoutLeftOut(facts),
    tenant,
    verdict,
    severity,
    reason: facts.reason ?? '',
    newestBackup: isoOrNull(newestBackup?.time),
    unprotectedSince: isUnprotected(verdict) ? isoOrNull(row.deadline ?? alert?.opened) : null,
    alert: alert
      ? {
          opened: iso(alert.opened),
          lastNotified: isoOrNull(alert.notified.at(-1)?.at),
          acknowledgedBy: alert.acknowledged?.by ?? null,
          snoozedUntil: isoOrNull(alert.snoozedUntil),
        }
      : null,
    days: line?.letters.join('') ?? '',
    attainment: line?.tally.totals.attainment ?? null,
  };
}

function reportTenants(evaluated: readonly Evaluated[], lineOf: (row: Evaluated) => Line | undefined): ReportTenant[] {
  const tenants = new Map<string, Omit<{ -readonly [K in keyof ReportTenant]: ReportTenant[K] }, 'attainment'>>();
  for (const row of evaluated) {
    const { tenant, verdict } = row;
    if (isSharedOwner(tenant)) continue;
    const counts = { databases: 0, unprotected: 0, inTime: 0, late: 0, missing: 0, unknown: 0, noPromise: 0 };
    const sum = tenants.get(tenant) ?? { tenant, ...counts };
    const days = lineOf(row)?.tally.totals;
    sum.databases += 1;
    if (isUnprotected(verdict)) sum.unprotected += 1;
    for (const state of ['inTime', 'late', 'missing', 'unknown', 'noPromise'] as const)
      sum[state] += days?.[state] ?? 0;
    tenants.set(tenant, sum);
  }
  return [...tenants.values()]
    .map((sum) => ({ ...sum, attainment: attainment(sum) }))
    .sort((a, b) => compare(a.tenant, b.tenant));
}

// Copies --------------------------------------------------------------------------------------------------------------

type Counts = { -readonly [K in keyof Omit<ReportCopyDay, 'date' | 'longestWaitHours'>]: number } & {
  longestWaitHours: number | null;
};

/** Copies of backups of the days shown, and those that still move whatever their day. */
async function readCopyDays(
  ledger: Ledger,
  shown: readonly string[],
  active: readonly Backup[],
): Promise<ReportCopyDay[]> {
  const days = new Map(shown.map((date): [string, Counts] => [date, { ...noCopies }]));
  const arrivals: number[] = [];
  const departures: number[] = [];
  const count = ({ copy }: Backup) => {
    const { queuedAt, startedAt, endedAt } = copy;
    const on = (time: Date | undefined) => time && days.get(dateOf(time));
    const [queuedDay, startDay, endDay] = [on(queuedAt), on(startedAt), on(endedAt)];
    if (queuedDay) queuedDay.queued += 1;
    if (startDay) startDay.started += 1;
    if (startDay && queuedAt && startedAt) {
      const waited = Math.round(((startedAt.getTime() - queuedAt.getTime()) / hourMs) * 100) / 100;
      startDay.longestWaitHours = Math.max(startDay.longestWaitHours ?? 0, waited);
    }
    const { state } = copy;
    if (endDay && isEnded(state)) {
      endDay[state] += 1;
      endDay.bytes += copy.bytes ?? 0;
    }
    if (queuedAt === undefined) return;
    arrivals.push(queuedAt.getTime());
    const left = startedAt ?? endedAt;
    if (left) departures.push(left.getTime());
  };
  const idOf = (backup: Backup) => formatBackupId(backupIdOf(backup));
  const counted = new Set(active.map(idOf));
  active.forEach(count);
  for (const date of shown) {
    for await (const backup of ledger.backupsOfDay(date)) if (!counted.has(idOf(backup))) count(backup);
  }
  const most = mostWaiting(arrivals, departures, shown);
  return [...days].map(([date, counts], index) => ({ date, ...counts, mostWaiting: most[index] ?? 0 }));
}

const noCopies: Counts = {
  queued: 0,
  started: 0,
  complete: 0,
  incomplete: 0,
  failed: 0,
  skipped: 0,
  cancelled: 0,
  bytes: 0,
  mostWaiting: 0,
  longestWaitHours: null,
};

/** The longest the queue was on each day, from the times at which copies came into it and left it. */
function mostWaiting(arrivals: number[], departures: number[], shown: readonly string[]): number[] {
  arrivals.sort((a, b) => a - b);
  departures.sort((a, b) => a - b);
  let [arrived, left] = [0, 0];
  return shown.map((date) => {
    const end = Date.parse(`${date}T00:00:00Z`) + 24 * hourMs;
    // What waits as the day begins counts too.
    let most = 0;
    const start = end - 24 * hourMs;
    const advanceTo = (time: number) => {
      while ((arrivals[arrived] ?? Number.POSITIVE_INFINITY) < time) {
        arrived += 1;
        while ((departures[left] ?? Number.POSITIVE_INFINITY) <= (arrivals[arrived - 1] ?? 0)) left += 1;
        if ((arrivals[arrived - 1] ?? 0) >= start) most = Math.max(most, arrived - left);
      }
      while ((departures[left] ?? Number.POSITIVE_INFINITY) < time) left += 1;
    };
    advanceTo(start);
    most = arrived - left;
    advanceTo(end);
    return most;
  });
}
