/** Everything the report's page shows, as plain JSON: times are ISO 8601 UTC, dates `YYYY-MM-DD` UTC. */
import type { DatabaseSummary, Ledger } from '../ledger/ledger.ts';
import type { Backup, DatabaseKey, Severity, VerdictName } from '../model.ts';
import { bySeverity, openAlert } from '../rules/alert.ts';
import { hourMs } from '../text.ts';
import { collect, dateAfter, dateOf, dates, first } from './collect.ts';
import { attainment, type EvidenceRow, type EvidenceState, readEvidence, Tally } from './evidence.ts';
import { iso, isoOrNull, type RunFacts, runFacts } from './facts.ts';
import { doubtsOf } from './status.ts';

/**
 * How a day went for one database: a letter, since a page of 2,000 databases and 90 days has 180,000 of them.
 * `t` in time, `l` late, `m` missing, `n` no promise (new, excluded, deleted), `u` unknown (RDS could not be asked, or no
 * sweep judged it), `.` not watched on that day.
 */
export type DayLetter = 't' | 'l' | 'm' | 'n' | 'u' | '.';

export interface ReportFacts {
  /** When the facts were read. */
  readonly generated: string;
  /** The ledger's table. */
  readonly ledger: string;
  readonly account: string;
  readonly region: string;
  /** The days shown, oldest first; the last one is the day of `generated`. */
  readonly dates: readonly string[];
  readonly sweep: RunFacts | null;
  readonly watch: RunFacts | null;
  /** Why the verdicts cannot be believed, as sentences (no sweep, too old, not complete, RDS silent); empty: they can. */
  readonly doubts: readonly string[];
  /** Configured databases by verdict. */
  readonly counts: Readonly<Partial<Record<VerdictName, number>>>;
  /** Names of databases that RDS has and nobody configured. */
  readonly unconfigured: readonly string[];
  /** Worst first (severity, then verdict), then by tenant and name. */
  readonly databases: readonly ReportDatabase[];
  /** By name. */
  readonly tenants: readonly ReportTenant[];
  /** One entry a date of `dates`, in their order. */
  readonly copies: readonly ReportCopyDay[];
  /** Copies that wait, run or ended badly now. */
  readonly copiesNow: {
    readonly queued: number;
    readonly running: number;
    /** Since when the oldest of the queue waits. */
    readonly oldestQueuedAt: string | null;
  };
  /** Late, missing and unknown days, newest first, at most `mostGaps` of them. */
  readonly gaps: readonly ReportGap[];
  /** How many more there were. */
  readonly gapsLeftOut: number;
}

export interface ReportDatabase {
  readonly key: string;
  readonly id: string;
  readonly kind: 'instance' | 'cluster';
  readonly tenant: string;
  readonly engine: string | null;
  readonly verdict: VerdictName;
  readonly severity: Severity;
  /** A sentence a person can act on. */
  readonly reason: string;
  readonly newestBackup: string | null;
  readonly deadline: string | null;
  /** Since when it is unprotected: the broken deadline, else the opening of its alert; null while it is protected. */
  readonly unprotectedSince: string | null;
  readonly alert: {
    readonly opened: string;
    /** When the last message about it went out. */
    readonly lastTold: string | null;
    readonly acknowledgedBy: string | null;
    readonly snoozedUntil: string | null;
  } | null;
  /** One letter a date of `dates`, in their order. */
  readonly days: string;
  /** Percent of its promised days that were in time; null where nothing was promised. */
  readonly attainment: number | null;
}

export interface ReportTenant {
  readonly tenant: string;
  readonly databases: number;
  /** How many of them are critical or a warning now. */
  readonly unprotected: number;
  /** Database days by how they went. */
  readonly inTime: number;
  readonly late: number;
  readonly missing: number;
  readonly unknown: number;
  readonly noPromise: number;
  /** Percent of promised days that were in time, cut (not rounded) to two decimals; null where nothing was promised. */
  readonly attainment: number | null;
}

export interface ReportCopyDay {
  readonly date: string;
  readonly queued: number;
  readonly started: number;
  /** Ends of that day, by how they ended. */
  readonly complete: number;
  readonly incomplete: number;
  readonly failed: number;
  readonly skipped: number;
  readonly cancelled: number;
  readonly bytes: number;
  /** The most copies that waited at one moment of that day. */
  readonly mostWaiting: number;
  /** Of those that started on that day, the longest wait in the queue; null where none started. */
  readonly longestWaitHours: number | null;
}

export interface ReportGap {
  /** Position in `databases`. */
  readonly database: number;
  readonly date: string;
  readonly state: 'late' | 'missing' | 'unknown';
  readonly reason: string;
  readonly alertOpened: string | null;
  readonly alertResolved: string | null;
}

/** Gaps that the page lists; what is older is only counted, and shown in the calendar. */
const mostGaps = 3000;

export interface ReportWhere {
  /** The table's name. */
  readonly ledger: string;
  readonly account: string;
  readonly region: string;
}

/** Reads everything the page shows, `days` days up to and with today, a day after the other. */
export async function readReportFacts(
  ledger: Ledger,
  where: ReportWhere,
  days: number,
  now: Date,
): Promise<ReportFacts> {
  const today = dateOf(now);
  const shown = dates(dateAfter(today, 1 - days), today);
  const [sweepRow, watchRow, rows, queued, starting, running] = await Promise.all([
    first(ledger.sweeps()),
    ledger.lastWatch(),
    collect(ledger.allDatabases()),
    collect(ledger.copies('queued')),
    collect(ledger.copies('starting')),
    collect(ledger.copies('running')),
  ]);
  const judged = rows.filter(isJudged).sort(worstFirst);
  const calendar = await readCalendar(ledger, judged, shown, now);
  const sweep = sweepRow && runFacts(sweepRow);
  const watch = watchRow && runFacts(watchRow);
  const counts: Partial<Record<VerdictName, number>> = {};
  for (const { verdict } of judged) counts[verdict] = (counts[verdict] ?? 0) + 1;
  const oldest = queued[0];
  return {
    generated: iso(now),
    ...where,
    dates: shown,
    sweep: sweep ?? null,
    watch: watch ?? null,
    doubts: doubtsOf({ sweep, watch, alerts: judged.flatMap(({ alert }) => openAlert(alert) ?? []) }, now),
    counts,
    unconfigured: sweep?.unconfigured ?? [],
    databases: judged.map((row, index) => reportDatabase(row, calendar.databases[index])),
    tenants: reportTenants(judged, calendar.databases),
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

type Judged = DatabaseSummary & Required<Pick<DatabaseSummary, 'tenant' | 'verdict' | 'severity' | 'reason'>>;

function isJudged(row: DatabaseSummary): row is Judged {
  return (
    row.tenant !== undefined && row.verdict !== undefined && row.severity !== undefined && row.reason !== undefined
  );
}

const worst: readonly VerdictName[] = [
  'missing',
  'never',
  'overdue',
  'disabled',
  'unknown',
  'deleted',
  'due',
  'new',
  'protected',
  'excluded',
];

function worstFirst(a: Judged, b: Judged): number {
  return (
    bySeverity(a.severity, b.severity) ||
    worst.indexOf(a.verdict) - worst.indexOf(b.verdict) ||
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

async function readCalendar(ledger: Ledger, judged: readonly Judged[], shown: readonly string[], now: Date) {
  const lines = judged.map((): Line => ({ letters: shown.map(() => '.'), tally: new Tally() }));
  const lineOf = new Map<DatabaseKey, number>(judged.map(({ key }, index) => [key, index]));
  const columnOf = new Map(shown.map((date, index) => [date, index]));
  let gaps: ReportGap[] = [];
  let found = 0;
  const [from, to] = [shown[0] ?? '', shown.at(-1) ?? ''];
  for await (const row of readEvidence(ledger, { from, to }, now)) {
    const index = lineOf.get(row.key);
    const column = columnOf.get(row.date);
    const line = index === undefined ? undefined : lines[index];
    // What has left the configuration is history: the evidence has it, the page does not.
    if (index === undefined || line === undefined || column === undefined) continue;
    line.letters[column] = letters[row.state];
    line.tally.add(row.state);
    const gap = gapOf(row, index);
    if (gap === undefined) continue;
    found += 1;
    gaps.push(gap);
    if (gaps.length >= 2 * mostGaps) gaps = newestGaps(gaps);
  }
  gaps = newestGaps(gaps);
  return { databases: lines, gaps, gapsLeftOut: found - gaps.length };
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

function reportDatabase(row: Judged, line: Line | undefined): ReportDatabase {
  const alert = openAlert(row.alert);
  return {
    key: row.key,
    id: row.id,
    kind: row.kind,
    tenant: row.tenant,
    engine: row.engine ?? null,
    verdict: row.verdict,
    severity: row.severity,
    reason: row.reason,
    newestBackup: isoOrNull(row.newestBackup?.time),
    deadline: isoOrNull(row.deadline),
    unprotectedSince: isUnprotected(row) ? isoOrNull(row.deadline ?? alert?.opened) : null,
    alert: alert
      ? {
          opened: iso(alert.opened),
          lastTold: isoOrNull(alert.notified.at(-1)?.at),
          acknowledgedBy: alert.acknowledged?.by ?? null,
          snoozedUntil: isoOrNull(alert.snoozedUntil),
        }
      : null,
    days: line?.letters.join('') ?? '',
    attainment: line?.tally.totals.attainment ?? null,
  };
}

function isUnprotected({ verdict }: Judged): boolean {
  return verdict === 'overdue' || verdict === 'never' || verdict === 'disabled' || verdict === 'missing';
}

function reportTenants(judged: readonly Judged[], lines: readonly Line[]): ReportTenant[] {
  const tenants = new Map<string, Omit<{ -readonly [K in keyof ReportTenant]: ReportTenant[K] }, 'attainment'>>();
  for (const [index, row] of judged.entries()) {
    const { tenant } = row;
    const counts = { databases: 0, unprotected: 0, inTime: 0, late: 0, missing: 0, unknown: 0, noPromise: 0 };
    const sum = tenants.get(tenant) ?? { tenant, ...counts };
    const days = lines[index]?.tally.totals;
    sum.databases += 1;
    if (isUnprotected(row)) sum.unprotected += 1;
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
    if (endDay && isEnd(state)) {
      endDay[state] += 1;
      endDay.bytes += copy.bytes ?? 0;
    }
    if (queuedAt === undefined) return;
    arrivals.push(queuedAt.getTime());
    const left = startedAt ?? endedAt;
    if (left) departures.push(left.getTime());
  };
  const counted = new Set(active.map(({ arn }) => arn));
  active.forEach(count);
  for (const date of shown) {
    for await (const backup of ledger.backupsOfDay(date)) if (!counted.has(backup.arn)) count(backup);
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

const ends = ['complete', 'incomplete', 'failed', 'skipped', 'cancelled'] as const;

function isEnd(state: string): state is (typeof ends)[number] {
  return (ends as readonly string[]).includes(state);
}

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
