import { allMeaningsOf, bySeverity, byVerdict, fields, ownerText } from '../../shared/domain/index.ts';
import { type DatabaseHistory, historyFields, readDatabase } from '../../shared/read-model/index.ts';
import { answer, command } from '../command.ts';
import { findNamesakes, withTenant } from '../find.ts';
import { type FleetPlaces, fleetPlacesOf } from '../fleet-places.ts';
import type { Screen } from '../screen.ts';
import { formatBytes, plural } from '../screen.ts';
import { copyCell, printCauses } from './copies.ts';
import { kindOption, placeOptions, shareOption } from './options.ts';

export const database = command({
  arguments: [{ name: '<database>', description: 'its identifier in RDS' }],
  options: [
    shareOption,
    kindOption,
    ...placeOptions,
    { flags: '--limit <number>', description: 'backups and alerts shown, the newest ones (default: 15)' },
    { flags: '--days <number>', description: 'days of evaluations shown (default: 14)' },
  ],
  examples: [
    'database acme-orders',
    'database acme-billing --kind cluster --limit 100 --days 60',
    'database pool-1 --tenant acme',
  ],
  json: {
    is: 'object',
    fields: {
      '(those of `tenant`)': 'all but `copy`',
      ...allMeaningsOf(fields(historyFields)),
    },
  },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const places = await fleetPlacesOf(deps, deployed, args);
    const named = await withTenant(deployed, await findNamesakes(deployed, places, args), args);
    const options = { limit: args.whole('limit', 15, [1, 1000]), days: args.whole('days', 14, [1, 400]) };
    const history = await readDatabase(deployed.ledger, named, options, deps.now());
    if (history === undefined) throw new Error(`${named.length} databases were found, and none could be read`);
    return answer(history, (screen) => print(history, places, screen));
  },
});

function print(facts: DatabaseHistory, places: FleetPlaces, screen: Screen): void {
  about(facts, places, screen);
  tenants(facts, screen);
  backups(facts, screen);
  alerts(facts, screen);
  days(facts, screen);
}

function about(facts: DatabaseHistory, places: FleetPlaces, screen: Screen): void {
  const { bold, dim } = screen.colours;
  screen.line(`${bold(facts.database)}  ${screen.verdict(facts.verdict, facts.severity)}`);
  if (facts.reason) screen.line(facts.reason, '  ');
  screen.line();
  const newest = facts.newestBackup;
  screen.pairs([
    ['tenant', facts.tenant === null ? 'none: nobody configured it' : ownerText(facts.tenant, facts.notes)],
    ...shareOf(facts, screen),
    ...(places.several ? ([['account', places.text(facts)]] as const) : []),
    ['what', [facts.kind, facts.engine].filter((part) => part !== null).join(', ')],
    ['newest backup', newest ? `${screen.moment(newest.time)}  ${dim(newest.id)}` : 'none'],
    ['deadline', facts.deadline ? screen.moment(facts.deadline) : '–'],
    ['window', `${facts.window ?? '–'} UTC, kept ${facts.retentionDays ?? '–'} days by RDS`],
    ...(facts.inProgress
      ? ([['being created', `${facts.inProgress.id} since ${screen.moment(facts.inProgress.since)}`]] as const)
      : []),
    ['evaluated', screen.moment(facts.evaluatedAt)],
    ['key', facts.key],
    ...facts.others.map((key) => ['same name', key] as const),
  ]);
}

/** What is said of a tenant's share of a shared database. */
function shareOf({ share }: DatabaseHistory, screen: Screen): (readonly [name: string, text: string])[] {
  if (share === null) return [];
  const part = [share.database, share.schema].filter((name) => name !== null).join('.');
  return [
    ['shared', part === '' ? 'with other tenants' : `with other tenants; its part is ${part}`],
    ['there since', share.since === null ? 'before the ledger looked' : screen.moment(share.since)],
    ...(share.until === null ? [] : ([['left', screen.moment(share.until)]] as const)),
  ];
}

/** Tenants of a shared database that are shown; JSON has them all. */
const tenantsShown = 25;

/** The tenants of a shared database, the worst first. */
function tenants({ tenants }: DatabaseHistory, screen: Screen): void {
  if (tenants === null) return;
  const held = tenants.filter(({ until }) => until === null);
  const left = tenants.length - held.length;
  screen.heading(`Tenants: ${held.length}${left > 0 ? `, and ${left} that left` : ''}`);
  if (tenants.length === 0) {
    screen.line('None.', '  ');
    return;
  }
  const worst = tenants.toSorted(
    (a, b) =>
      Number(a.until !== null) - Number(b.until !== null) ||
      bySeverity(a.severity ?? 'info', b.severity ?? 'info') ||
      byVerdict(a.verdict ?? 'protected', b.verdict ?? 'protected'),
  );
  screen.table(
    [
      { title: 'TENANT', holds: 'names' },
      { title: 'VERDICT' },
      { title: `SINCE (${screen.timeZone})` },
      { title: `NEWEST BACKUP (${screen.timeZone})` },
      { title: 'ALERT' },
    ],
    worst
      .slice(0, tenantsShown)
      .map(({ tenant, verdict, severity, since, until, newestBackup, alert }) => [
        tenant,
        until === null ? screen.verdict(verdict, severity) : screen.colours.dim(`left ${screen.time(until)}`),
        screen.time(since),
        screen.timeAndAge(newestBackup?.time ?? null),
        alert === null ? '–' : `open since ${screen.time(alert.opened)}`,
      ]),
  );
  const more = worst.length - tenantsShown;
  if (more > 0) screen.line(`and ${more} more: the same with --json`, '  ');
}

function backups({ backups }: DatabaseHistory, screen: Screen): void {
  screen.heading('Backups, newest first');
  if (backups.length === 0) {
    screen.line('None.', '  ');
    return;
  }
  screen.table(
    [
      { title: `TIME (${screen.timeZone})` },
      { title: 'BACKUP', holds: 'names' },
      { title: 'KIND' },
      { title: 'COPY', holds: 'words' },
    ],
    backups.map((backup) => [
      screen.timeAndAge(backup.time),
      backup.closed
        ? screen.both(screen.colours.dim(backup.id), `gone since ${screen.time(backup.closed.at)}`)
        : backup.id,
      screen.both(backup.kind, learned(backup, screen)),
      copyText(backup.copy, screen),
    ]),
  );
  printCauses(
    screen,
    backups.filter(({ copy }) => copy.reason !== null && copy.state !== 'none'),
  );
}

function learned({ eventMissed, learnedFrom }: DatabaseHistory['backups'][number], screen: Screen): string {
  const { yellow, dim } = screen.colours;
  return eventMissed ? yellow('event missed') : dim(`by ${learnedFrom}`);
}

function copyText(copy: DatabaseHistory['backups'][number]['copy'], screen: Screen): string {
  if (copy.folder !== null) return copyCell(screen, copy);
  if (copy.state === 'running' && copy.percent !== null) return `${screen.copyState(copy.state)} ${copy.percent} %`;
  if (copy.bytes !== null) return `${screen.copyState(copy.state)} ${formatBytes(copy.bytes)}`;
  return screen.copyState(copy.state);
}

function alerts({ alerts }: DatabaseHistory, screen: Screen): void {
  screen.heading('Alerts, newest first');
  if (alerts.length === 0) {
    screen.line('None.', '  ');
    return;
  }
  for (const alert of alerts) {
    const until = alert.resolved ? `resolved ${screen.moment(alert.resolved)}` : screen.colours.bold('open');
    screen.line(
      `${screen.bySeverity(alert.verdict, alert.severity)}  opened ${screen.moment(alert.opened)}, ${until}, ${plural(alert.notified.length, 'message')} handed to SNS`,
      '  ',
    );
    screen.line(screen.colours.dim(alert.resolvedReason ?? alert.reason), '    ');
  }
}

function days({ days }: DatabaseHistory, screen: Screen): void {
  screen.heading('Verdicts by day, newest first');
  if (days.length === 0) {
    screen.line('No sweep has evaluated it in these days.', '  ');
    return;
  }
  for (const { date, verdict, severity, newestBackup, reason } of days) {
    const newest =
      newestBackup === null ? 'no backup' : `newest backup ${screen.time(newestBackup.time)} ${screen.timeZone}`;
    screen.line(`${date}  ${screen.verdict(verdict, severity)}  ${screen.colours.dim(newest)}`, '  ');
    if (severity !== 'info') screen.line(screen.colours.dim(reason), '    ');
  }
}
