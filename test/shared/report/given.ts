/** Facts of an invented fleet, for the tests of the page and its benchmark: the same numbers make the same fleet. */
import { bySeverity } from '../../../shared/domain/verdicts.ts';
import { addHours, dayMs } from '../../../shared/lib/time.ts';
import type { RunFacts } from '../../../shared/read-model/row-facts.ts';
import type {
  ReportCopyDay,
  ReportDatabase,
  ReportFacts,
  ReportGap,
  ReportTenant,
} from '../../../shared/report/facts.ts';

export interface Given {
  readonly databases: number;
  /** Columns of the calendar; 35 unless given. */
  readonly days?: number;
  /** Every how many databases one is in trouble; 0: none. 40 unless given. */
  readonly troubleEvery?: number;
  readonly generated?: Date;
  /** Changes a database after it was invented. */
  readonly change?: (database: ReportDatabase, index: number) => ReportDatabase;
}

const names = ['orders', 'billing', 'catalog', 'ledger', 'sessions', 'reports', 'mail', 'search'];
const tenantNames = ['acme', 'birch', 'cobalt', 'delta', 'ember', 'fjord', 'gale', 'harbor', 'iris', 'juniper'];

export const reportedAt = new Date('2026-11-23T12:00:00Z');

export function givenFacts(given: Given): ReportFacts {
  const { databases: number, days = 35, troubleEvery = 40, generated = reportedAt } = given;
  const random = randomness(7);
  const dates = Array.from({ length: days }, (_, day) =>
    isoDate(new Date(generated.getTime() - (days - 1 - day) * dayMs)),
  );
  const invented = Array.from({ length: number }, (_, index) => {
    const troubled = troubleEvery > 0 && index % troubleEvery === troubleEvery - 1;
    const database = inventDatabase(index, number, troubled, dates, generated, random);
    return given.change ? given.change(database, index) : database;
  });
  const databases = invented.sort((a, b) => bySeverity(a.severity, b.severity));
  const counts: Record<string, number> = {};
  for (const { verdict } of databases) counts[verdict] = (counts[verdict] ?? 0) + 1;
  return {
    generated: generated.toISOString(),
    ledger: 'RdsBackupLedger-Ledger',
    account: '123456789012',
    region: 'eu-west-1',
    environments: [{ account: '123456789012', accountName: null, region: 'eu-west-1' }],
    dates,
    sweep: givenRun('sweep', addHours(generated, -0.75), number),
    watch: givenRun('watch', addHours(generated, -0.1), number),
    doubts: [],
    counts,
    unconfigured: number > 3 ? ['scratch', 'migration-test'] : [],
    unwatchedTenants: [],
    databases,
    sharedDatabases: [],
    tenants: tenantsOf(databases),
    copies: dates.map((date) => copyDay(date, number, random)),
    copiesNow: {
      queued: Math.floor(number / 40),
      running: Math.min(5, number),
      oldestQueuedAt: number >= 40 ? addHours(generated, -5.5).toISOString() : null,
    },
    gaps: databases.flatMap((database, index) => gapsOf(database, index, dates)),
    gapsLeftOut: 0,
  };
}

function givenRun(mode: 'sweep' | 'watch', started: Date, databases: number): RunFacts {
  return {
    mode,
    started: started.toISOString(),
    finished: addHours(started, 0.01).toISOString(),
    at: started.toISOString(),
    complete: true,
    databases,
    counts: {},
    eventsMissed: mode === 'sweep' ? 1 : 0,
    recorded: 0,
    closed: 0,
    missed: [],
    unconfigured: [],
    unconfiguredCount: null,
    alerts: { opened: 0, reminded: 0, resolved: 0 },
    apiCalls: {},
    errors: [],
    leftOut: null,
    jobsUnread: null,
    notifiedOf: null,
    unwatchedTenants: [],
    restoreTests: null,
    configHash: '0'.repeat(64),
    stoppedAfter: null,
    expiresAt: null,
  };
}

function inventDatabase(
  index: number,
  number: number,
  troubled: boolean,
  dates: readonly string[],
  generated: Date,
  random: () => number,
): ReportDatabase {
  const round = Math.floor(index / tenantNames.length);
  const tenant = `${tenantNames[index % tenantNames.length]}${number > 80 ? `-${Math.floor(round / 4)}` : ''}`;
  const id = `${tenant}-${names[round % names.length]}`;
  const letters = dates.map((_, day) =>
    index % 31 === 30 && day < 12
      ? '.'
      : day === dates.length - 1
        ? 't'
        : random() < 0.004
          ? 'l'
          : random() < 0.002
            ? 'm'
            : 't',
  );
  const common = {
    key: `123456789012/eu-west-1/db-${index}`,
    account: '123456789012',
    region: 'eu-west-1',
    id,
    kind: index % 5 === 4 ? ('cluster' as const) : ('instance' as const),
    tenant,
    engine: index % 3 ? 'postgres' : 'mysql',
    cause: null,
    notes: [],
    share: null,
    attainment: 100,
  };
  const newest = addHours(generated, -(6 + random() * 4));
  if (!troubled) {
    const verdict =
      index % 97 === 96 ? 'excluded' : index % 61 === 60 ? 'new' : index % 53 === 52 ? 'due' : 'protected';
    if (verdict === 'excluded')
      return {
        ...common,
        verdict,
        severity: 'info',
        reason: 'Excluded: a scratch copy that is rebuilt every night.',
        newestBackup: null,
        deadline: null,
        unprotectedSince: null,
        alert: null,
        days: letters.map(() => 'n').join(''),
        attainment: null,
      };
    if (verdict === 'new')
      return {
        ...common,
        verdict,
        severity: 'info',
        reason: 'Created 5 h ago; its first backup is due within 26 h of that.',
        newestBackup: null,
        deadline: addHours(generated, 21).toISOString(),
        unprotectedSince: null,
        alert: null,
        days: letters.map((_, day) => (day > letters.length - 2 ? 'n' : '.')).join(''),
        attainment: null,
      };
    const time = verdict === 'due' ? addHours(generated, -24.5) : newest;
    return {
      ...common,
      verdict,
      severity: 'info',
      reason: `The newest backup is from ${time.toISOString().slice(0, 16).replace('T', ' ')} UTC.`,
      newestBackup: time.toISOString(),
      deadline: addHours(time, 26).toISOString(),
      unprotectedSince: null,
      alert: null,
      days: letters.join(''),
    };
  }
  const turn = Math.floor(index / 5) % 5;
  const hours = [31.8, 103, 27.2, 55.8, 14][turn] ?? 30;
  const missed = Math.max(1, Math.floor(hours / 24));
  const days = letters.map((letter, day) => (day >= letters.length - missed ? 'm' : letter)).join('');
  const time = addHours(generated, -hours);
  const alert = {
    opened: addHours(time, 26.4).toISOString(),
    lastNotified: addHours(generated, -1.5).toISOString(),
    acknowledgedBy: turn === 1 ? 'maria' : null,
    snoozedUntil: null,
  };
  const since = addHours(time, 26).toISOString();
  if (turn === 4)
    return {
      ...common,
      verdict: 'unknown',
      severity: 'warning',
      reason:
        'RDS did not respond: Rate exceeded. Whether it is protected is not known: look at RDS and at the sweep’s permissions.',
      newestBackup: time.toISOString(),
      deadline: addHours(time, 26).toISOString(),
      unprotectedSince: null,
      alert: { ...alert, opened: addHours(generated, -1).toISOString() },
      days: `${letters.slice(0, -1).join('')}u`,
    };
  if (turn === 2)
    return {
      ...common,
      verdict: 'never',
      severity: 'critical',
      reason:
        'There is no backup at all, 3 d 4 h after its creation. RDS took no snapshot of it; take a manual snapshot now.',
      newestBackup: null,
      deadline: null,
      unprotectedSince: addHours(generated, -50).toISOString(),
      alert,
      days: letters.map((_, day) => (day >= letters.length - 3 ? 'm' : '.')).join(''),
    };
  return {
    ...common,
    verdict: turn === 3 ? 'disabled' : 'overdue',
    severity: turn === 0 ? 'warning' : 'critical',
    reason: `The newest backup is from ${time.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${Math.floor(hours)} h old; the deadline was ${since.slice(0, 16).replace('T', ' ')} UTC. RDS skipped its snapshot, as it does under heavy load; take a manual snapshot now and look at the database's events.`,
    newestBackup: time.toISOString(),
    deadline: since,
    unprotectedSince: since,
    alert,
    days,
  };
}

function tenantsOf(databases: readonly ReportDatabase[]): ReportTenant[] {
  const tenants = new Map<string, ReportDatabase[]>();
  for (const database of databases) tenants.set(database.tenant, [...(tenants.get(database.tenant) ?? []), database]);
  return [...tenants]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([tenant, own]) => {
      const of = (letter: string) => own.reduce((sum, { days }) => sum + days.split(letter).length - 1, 0);
      const [inTime, late, missing] = [of('t'), of('l'), of('m')];
      const promised = inTime + late + missing;
      return {
        tenant,
        databases: own.length,
        unprotected: own.filter(({ unprotectedSince }) => unprotectedSince !== null).length,
        inTime,
        late,
        missing,
        unknown: of('u'),
        noPromise: of('n'),
        attainment: promised === 0 ? null : Math.floor((inTime / promised) * 10_000) / 100,
      };
    });
}

function gapsOf(database: ReportDatabase, index: number, dates: readonly string[]): ReportGap[] {
  const states = { l: 'late', m: 'missing', u: 'unknown' } as const;
  return [...database.days].flatMap((letter, day) => {
    const state = states[letter as keyof typeof states];
    const date = dates[day];
    return state && date
      ? [
          {
            database: index,
            date,
            state,
            reason: 'RDS skipped its snapshot, as it does under heavy load.',
            alertOpened: null,
            alertResolved: null,
          },
        ]
      : [];
  });
}

function copyDay(date: string, databases: number, random: () => number): ReportCopyDay {
  const complete = Math.round(databases * (0.9 + random() * 0.1));
  const failed = random() < 0.2 ? Math.ceil(databases / 100) : 0;
  return {
    date,
    queued: complete + failed,
    started: complete + failed,
    complete,
    incomplete: 0,
    failed,
    skipped: 0,
    cancelled: 0,
    bytes: complete * 48e9,
    mostWaiting: Math.round(complete * (0.5 + random() * 0.4)),
    longestWaitHours: Math.round(random() * 90) / 10,
  };
}

function isoDate(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** Numbers in [0, 1) that look random and are the same in each run (a linear congruential generator). */
function randomness(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
