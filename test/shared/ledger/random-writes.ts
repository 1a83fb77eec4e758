/**
 * Whatever is written in whatever order, each list is what a look at all rows would give, and every engine gives the same:
 * names used again, closed and opened, renamed, deleted and restored, over several environments and tenants.
 */
import fc from 'fast-check';
import {
  type Alert,
  activeCopyStates,
  type Backup,
  backupIdOf,
  type CopyState,
  copyStates,
  type DatabaseRow,
  type Day,
  environmentOf,
  formatBackupId,
  formatEnvironment,
  formatName,
  nameOf,
} from '../../../shared/domain/index.ts';
import { isPresent, parseAlert, parseBackup, parseDatabase, parseDay } from '../../../shared/ledger/items.ts';
import type { Ledger, ListedCopyState } from '../../../shared/ledger/ledger.ts';
import { collect } from '../../../shared/lib/iterables.ts';
import type { MemoryTable } from '../../support/memory-ledger.ts';
import { elsewhere, here, start } from './contract/given.ts';
import { aBackup, aDatabase, aDay, anAlert } from './rows.ts';

const hourMs = 3_600_000;
const environments = [here, elsewhere[0]];
// Two in one environment, of which one is restored under the other's name, and one elsewhere with the same names.
const databases = ['123456789012/eu-west-1/db-A', '123456789012/eu-west-1/db-B', '210987654321/eu-west-1/db-A'];
const names = ['orders', 'crm'];
const tenants = ['acme', 'globex'];
const snapshots = ['nightly', 'weekly'];
const dates = ['2026-11-22', '2026-11-23', '2026-11-24'];
const listedStates: readonly ListedCopyState[] = [...activeCopyStates, 'failed'];

const indexOf = (values: readonly unknown[]) => fc.nat(values.length - 1);
const database = fc.constantFrom(...databases);
const tenant = fc.option(fc.constantFrom(...tenants), { nil: undefined });
const hour = fc.integer({ min: -30, max: 30 }).map((hours) => new Date(start.getTime() + hours * hourMs));
const state = fc.constantFrom<CopyState>(...copyStates);

/** What happens to a ledger. A row that is changed is found by its place among those that are there. */
const happening = fc.oneof(
  fc.record({ is: fc.constant('record'), database, tenant, snapshot: fc.constantFrom(...snapshots), hour, state }),
  fc.record({ is: fc.constant('close'), nth: fc.nat(9), hours: fc.constantFrom(1, 20) }),
  fc.record({ is: fc.constant('open again'), nth: fc.nat(9) }),
  fc.record({ is: fc.constant('move copy'), nth: fc.nat(9), state, hour }),
  fc.record({ is: fc.constant('write late'), nth: fc.nat(9) }),
  fc.record({ is: fc.constant('put database'), database, tenant, name: indexOf(names), check: fc.option(hour) }),
  fc.record({ is: fc.constant('alert'), database, tenant: fc.constantFrom(...tenants), hour, resolved: fc.boolean() }),
  fc.record({
    is: fc.constant('evaluate'),
    database,
    tenant: fc.constantFrom(...tenants),
    date: fc.constantFrom(...dates),
    verdict: fc.constantFrom('protected', 'overdue'),
  }),
  fc.record({ is: fc.constant('lease'), environment: indexOf(environments), holder: fc.constantFrom('one', 'two') }),
  fc.record({ is: fc.constant('release'), environment: indexOf(environments), holder: fc.constantFrom('one', 'two') }),
  fc.record({
    is: fc.constant('serve'),
    environment: indexOf(environments),
    tenant: fc.constantFrom(...tenants),
    hour,
  }),
  fc.record({ is: fc.constant('wait'), hours: fc.constantFrom(1, 12) }),
);
type Happening = typeof happening extends fc.Arbitrary<infer T> ? T : never;

/** Does what happens; answers as the ledger does. */
export async function happen(ledger: Ledger, clock: { now: Date }, what: Happening): Promise<unknown> {
  const backups = async () =>
    (await Promise.all(databases.map((key) => collect(ledger.backupsOfDatabase(key))))).flat();
  const nthBackup = async (nth: number) => {
    const all = (await backups()).sort((a, b) => compare(formatBackupId(backupIdOf(a)), formatBackupId(backupIdOf(b))));
    return all[nth % Math.max(1, all.length)];
  };
  const rowOf = async (key: string): Promise<DatabaseRow> =>
    (await ledger.databases([key]))[0] ?? aDatabase({ key, id: 'orders' });
  switch (what.is) {
    case 'record': {
      const { tenant: _, ...backup } = aBackup({
        of: what.database,
        id: what.snapshot,
        createdAt: what.hour,
        recordedAt: clock.now,
        copy: { mode: 'export', state: what.state, attempt: 1, queuedAt: what.hour },
      });
      return ledger.recordBackup({ ...backup, ...(what.tenant && { tenant: what.tenant }) });
    }
    case 'close': {
      const backup = await nthBackup(what.nth);
      const expiresAt = new Date(clock.now.getTime() + what.hours * hourMs);
      const closed = { at: clock.now, cause: { code: 'not-in-rds', facts: {} }, expiresAt } as const;
      return backup && ledger.updateBackup({ ...backup, closed });
    }
    case 'open again': {
      const { closed: _, ...open } = (await nthBackup(what.nth)) ?? aBackup();
      return ledger.updateBackup(open);
    }
    case 'move copy': {
      const backup = await nthBackup(what.nth);
      const copy = { mode: 'export', state: what.state, attempt: 2, queuedAt: what.hour } as const;
      return backup && ledger.updateBackup({ ...backup, copy });
    }
    case 'write late': {
      const backup = await nthBackup(what.nth);
      return backup && ledger.updateBackup({ ...backup, version: (backup.version ?? 1) - 1 });
    }
    case 'put database': {
      const { tenant: _, nextCheckAt: __, ...row } = await rowOf(what.database);
      return ledger.putDatabase({
        ...row,
        id: names[what.name] as string,
        ...(what.tenant && { tenant: what.tenant }),
        ...(what.check && { nextCheckAt: what.check }),
      });
    }
    case 'alert': {
      const row = await rowOf(what.database);
      const opened = what.hour;
      const alert = anAlert({
        database: row.key,
        tenant: what.tenant,
        opened,
        ...(what.resolved && { resolved: clock.now, expiresAt: new Date(clock.now.getTime() + 20 * hourMs) }),
      });
      return ledger.putDatabaseWithAlert({ ...row, alert: { tenant: what.tenant, opened } }, alert);
    }
    case 'evaluate':
      return ledger.putDays([
        aDay({
          database: what.database,
          tenant: what.tenant,
          date: what.date,
          verdict: what.verdict,
          expiresAt: new Date(clock.now.getTime() + 30 * hourMs),
        }),
      ]);
    case 'lease': {
      const until = new Date(clock.now.getTime() + 2 * hourMs);
      return ledger.takeLease(environments[what.environment] ?? here, what.holder, clock.now, until);
    }
    case 'release':
      return ledger.releaseLease(environments[what.environment] ?? here, what.holder);
    case 'serve':
      return ledger.noteTenantServed(environments[what.environment] ?? here, what.tenant, what.hour);
    case 'wait':
      clock.now = new Date(clock.now.getTime() + what.hours * hourMs);
      return undefined;
  }
}

/** A list's rows as text in no order, and the order by what it is promised to be sorted by: rows may share that. */
interface Answer {
  readonly rows: readonly string[];
  readonly order: readonly string[];
}

function answer<Row>(rows: readonly Row[], sortedBy: (row: Row) => string): Answer {
  return { rows: rows.map((row) => JSON.stringify(row, byName)).sort(), order: rows.map(sortedBy) };
}

/** Fields in one order: rows are compared as text. */
function byName(_: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => compare(a, b)));
}

const iso = (moment: Date | undefined) => moment?.toISOString() ?? '';
const listedAt = (backup: Backup) => `${iso(backup.backupTime ?? backup.createdAt)} ${backup.id}`;
const createdAt = (backup: Backup) => `${iso(backup.createdAt)} ${backup.id}`;
const arns = [...new Set(snapshots.map((id) => aBackup({ id }).arn))];
const allNames = environments.flatMap((environment) =>
  names.map((id) => ({ ...environment, kind: 'instance' as const, id })),
);
const [firstDate, lastDate] = [dates[0] as string, dates.at(-1) as string];

/** Each list that the ledger gives, by what was asked. */
export async function answersOf(ledger: Ledger, now: Date): Promise<Record<string, Answer>> {
  const answers: Record<string, Answer> = {};
  const ask = async <Row>(
    what: string,
    rows: AsyncIterable<Row> | Promise<readonly Row[]>,
    by: (row: Row) => string,
  ) => {
    answers[what] = answer(Symbol.asyncIterator in rows ? await collect(rows) : await rows, by);
  };
  for (const arn of arns) await ask(`backups of ${arn}`, ledger.backupsByArn(arn), createdAt);
  for (const key of databases) {
    await ask(`live backups of ${key}`, ledger.liveBackups(key), ({ recordedAt }) => iso(recordedAt));
    await ask(`backups of ${key}`, ledger.backupsOfDatabase(key), createdAt);
    await ask(`alerts of ${key}`, ledger.alertsOfDatabase(key), ({ opened }) => iso(opened));
    await ask(`days of ${key}`, ledger.daysOfDatabase(key, firstDate, lastDate), (day) => `${day.date} ${day.tenant}`);
  }
  for (const id of tenants) {
    await ask(`backups of ${id}`, ledger.backupsOfTenant(id), listedAt);
    await ask(`databases of ${id}`, ledger.databasesOfTenant(id), (row) => row.id);
    await ask(`alerts of ${id}`, ledger.alertsOfTenant(id), ({ opened }) => iso(opened));
    await ask(`days of ${id}`, ledger.daysOfTenant(id, firstDate, lastDate), (day) => `${day.date} ${day.database}`);
  }
  for (const date of dates) {
    await ask(`backups of ${date}`, ledger.backupsOfDay(date), listedAt);
    await ask(`days of ${date}`, ledger.daysOfDate(date), (day) => day.database);
  }
  for (const environment of environments) {
    const where = formatEnvironment(environment);
    for (const state of listedStates) {
      const queuedAt = ({ copy }: Backup) => iso(copy.queuedAt);
      await ask(`${state} in ${where}`, ledger.copies(environment, state), queuedAt);
    }
    const served = [...(await ledger.tenantsServed(environment))];
    answers[`served in ${where}`] = answer(served, ([id]) => id);
  }
  for (const name of allNames) await ask(formatName(name), ledger.databasesByName(name), () => '');
  await ask('all databases', ledger.allDatabases(), () => '');
  await ask('rows by key', ledger.databases(databases), () => '');
  await ask('databases to check', ledger.databasesToCheck(now), () => '');
  await ask('open alerts', ledger.openAlerts(), ({ opened }) => iso(opened));
  return answers;
}

/** The same from a look at all rows of the table, without its keys and indexes. */
export function answersByHand(table: MemoryTable, now: Date): Record<string, Answer> {
  const items = (facts: string) => table.items.filter((item) => facts in item);
  const present = {
    backups: items('backupFacts')
      .map(parseBackup)
      .filter(({ closed }) => isPresent(closed ?? {}, now)),
  };
  const rows = items('databaseFacts').map(parseDatabase);
  const alerts = items('alertFacts')
    .map(parseAlert)
    .filter((alert) => isPresent(alert, now));
  const days = items('dayFacts')
    .map(parseDay)
    .filter((day) => isPresent(day, now));
  const answers: Record<string, Answer> = {};
  const give = <Row>(what: string, of: readonly Row[], by: (row: Row) => string, newestFirst = false) => {
    const sorted = of.toSorted((a, b) => (newestFirst ? compare(by(b), by(a)) : compare(by(a), by(b))));
    answers[what] = answer(sorted, by);
  };
  const opened = (alert: Alert) => iso(alert.opened);
  const { backups } = present;
  for (const arn of arns)
    give(
      `backups of ${arn}`,
      backups.filter((one) => one.arn === arn),
      createdAt,
      true,
    );
  for (const key of databases) {
    const live = items('backupFacts')
      .map(parseBackup)
      .filter((one) => one.database === key && one.closed === undefined);
    const ids = live.map((one) => ({ ...backupIdOf(one), recordedAt: one.recordedAt }));
    give(`live backups of ${key}`, ids, ({ recordedAt }) => iso(recordedAt));
    give(
      `backups of ${key}`,
      backups.filter((one) => one.database === key),
      createdAt,
      true,
    );
    give(
      `alerts of ${key}`,
      alerts.filter((one) => one.database === key),
      opened,
      true,
    );
    give(
      `days of ${key}`,
      days.filter((one) => one.database === key),
      (day) => `${day.date} ${day.tenant}`,
    );
  }
  for (const id of tenants) {
    give(
      `backups of ${id}`,
      backups.filter((one) => one.tenant === id),
      listedAt,
      true,
    );
    give(
      `databases of ${id}`,
      rows.filter((one) => one.tenant === id),
      (row) => row.id,
    );
    give(
      `alerts of ${id}`,
      alerts.filter((one) => one.tenant === id),
      opened,
      true,
    );
    give(
      `days of ${id}`,
      days.filter((one) => one.tenant === id),
      (day: Day) => `${day.date} ${day.database}`,
    );
  }
  for (const date of dates) {
    const ofDate = backups.filter((one) => iso(one.backupTime ?? one.createdAt).startsWith(date));
    give(`backups of ${date}`, ofDate, listedAt, true);
    give(
      `days of ${date}`,
      days.filter((one) => one.date === date),
      (day) => day.database,
    );
  }
  for (const environment of environments) {
    const where = formatEnvironment(environment);
    for (const state of listedStates) {
      const there = backups.filter(
        ({ database, copy, closed }) =>
          formatEnvironment(environmentOf(database)) === where &&
          copy.state === state &&
          (state !== 'failed' || closed === undefined),
      );
      give(`${state} in ${where}`, there, ({ copy }) => iso(copy.queuedAt));
    }
  }
  for (const name of allNames) {
    give(
      formatName(name),
      rows.filter((row) => formatName(nameOf(row)) === formatName(name)),
      () => '',
    );
  }
  give('all databases', rows, () => '');
  give('rows by key', rows, () => '');
  const due = rows.filter((row) => row.nextCheckAt !== undefined && row.nextCheckAt <= now);
  give(
    'databases to check',
    due.map(({ key }) => key),
    () => '',
  );
  give(
    'open alerts',
    alerts.filter((one) => one.resolved === undefined),
    opened,
  );
  return answers;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
export const happenings = fc.array(happening, { minLength: 5, maxLength: 40, size: 'max' });
