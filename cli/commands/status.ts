import { partition } from 'es-toolkit/array';
import { sum } from 'es-toolkit/math';
import {
  allMeaningsOf,
  byVerdict,
  databaseOfShare,
  type Environment,
  isShare,
  ownerText,
  type Severity,
  type Unrecognized,
  type VerdictName,
  verdictOf,
} from '../../shared/domain/index.ts';
import { exitCodes, readStatus, type StatusFacts, statusSchema } from '../../shared/read-model/index.ts';
import { answer, command } from '../command.ts';
import { type FleetPlaces, fleetPlacesOf } from '../fleet-places.ts';
import { programName } from '../program.ts';
import { plural, type Screen } from '../screen.ts';
import { placeOptions } from './options.ts';

export const status = command({
  details:
    'Exit code 0: everybody is protected. 1: somebody is not. 2: it is not known (no sweep, too old a sweep, RDS not responding), or the command failed.',
  options: placeOptions,
  examples: ['status', 'status --json | jq .standing'],
  json: {
    is: 'object',
    fields: allMeaningsOf(statusSchema),
  },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const places = await fleetPlacesOf(deps, deployed, args);
    const { ledger, ...where } = deployed;
    const alarms = () => deps.cloud().then((cloud) => cloud.ringing());
    const only = places.isFiltering && { only: (environment: Environment) => places.includes(environment) };
    const facts = await readStatus(ledger, { ...where, alarms, environments: places.chosen, ...only }, deps.now());
    return answer(facts, (screen) => print(facts, places, screen), exitCodes[facts.standing]);
  },
});

function print(facts: StatusFacts, places: FleetPlaces, screen: Screen): void {
  headline(facts, screen);
  if (places.isFiltering) fleetIn(places, facts, screen);
  else fleet(facts, screen);
  openAlerts(facts, places, screen);
  unwatchedTenants(facts, screen);
  watcher(facts, screen);
}

function headline({ standing, doubts, openAlerts, unwatchedTenants }: StatusFacts, screen: Screen): void {
  const { green, red, yellow, bold } = screen.colours;
  if (standing === 'ok') screen.line(bold(green('OK  Every database that is watched has a fresh backup.')));
  else if (standing === 'unprotected') {
    const count = new Set(openAlerts.map(({ key }) => databaseOfShare(key))).size;
    const tenants = unwatchedTenants.filter(({ severity }) => severity === 'critical').length;
    const who = [
      ...(count > 0 ? [`${plural(count, 'database')} with an open alert`] : []),
      ...(tenants > 0 ? [`${plural(tenants, 'tenant')} without a watched database`] : []),
    ];
    screen.line(bold(red(`UNPROTECTED  ${who.join(', ')}.`)));
  } else screen.line(bold(yellow('UNKNOWN  It is not known whether everybody is protected.')));
  for (const doubt of doubts) screen.line(yellow(doubt), '  ');
}

function verdictCounts(counts: StatusFacts['counts'], screen: Screen): void {
  const names = (Object.keys(counts) as Verdict[]).sort((a, b) => byVerdict(a, b) || (a < b ? -1 : 1));
  screen.line(names.map((name) => `${counts[name]} ${screen.verdict(name, severityOf(name))}`).join('   '), '  ');
}

/** The part of the fleet that --account and --region leave. */
function fleetIn(places: FleetPlaces, { counts }: StatusFacts, screen: Screen): void {
  const { account, region } = places.filter;
  const where = [...(account === undefined ? [] : [`account ${account}`]), ...(region === undefined ? [] : [region])];
  screen.heading(`In ${where.join(', ')}: ${plural(sum(Object.values(counts)), 'database')}`);
  verdictCounts(counts, screen);
}

function fleet({ counts, sweep }: StatusFacts, screen: Screen): void {
  if (sweep === null) return;
  screen.heading(`Fleet at the last sweep: ${plural(sweep.databases, 'database')}`);
  verdictCounts(counts, screen);
  const unconfigured = sweep.unconfiguredCount ?? sweep.unconfigured.length;
  if (unconfigured > 0) {
    screen.line(
      `${plural(unconfigured, 'database')} in RDS that nobody configured: ${some(sweep.unconfigured, unconfigured)}`,
      '  ',
    );
  }
  const tests = sweep.restoreTests ?? [];
  if (tests.length > 0) {
    screen.line(`${plural(tests.length, 'restore test')}, not watched for 8 days: ${some(tests, tests.length)}`, '  ');
  }
}

type Verdict = VerdictName | Unrecognized;

/** How a number of databases of one verdict is coloured. */
function severityOf(name: Verdict): Severity {
  const { protection } = verdictOf(name);
  return protection === 'unprotected' ? 'critical' : protection === 'unknown' ? 'warning' : 'info';
}

/** As many as fit on a screen; `alerts --open` has them all. */
const alertsShown = 10;

function openAlerts({ openAlerts }: StatusFacts, places: FleetPlaces, screen: Screen): void {
  if (openAlerts.length === 0) return;
  screen.heading(`Open alerts: ${openAlerts.length}`);
  const open = new Set(openAlerts.map(({ key }) => key));
  // Those of a shared database's tenants stand with its own, as they do in the operators' message.
  const [first, tenants] = partition(openAlerts, ({ key }) => !isShare(key) || !open.has(databaseOfShare(key)));
  for (const alert of first.slice(0, alertsShown)) {
    const its = tenants.filter(({ key }) => databaseOfShare(key) === alert.key).length;
    const silence = alert.acknowledged
      ? `, acknowledged by ${alert.acknowledged.by}`
      : alert.snoozedUntil
        ? `, silent until ${screen.time(alert.snoozedUntil)}`
        : '';
    screen.line(
      `${screen.bySeverity(alert.verdict, alert.severity)}  ${ownerText(alert.tenant, alert.notes)} / ${screen.colours.bold(alert.database)}${places.beside(alert)}  since ${screen.moment(alert.opened)}${silence}`,
      '  ',
    );
    screen.line(screen.colours.dim(alert.reason), '    ');
    if (its > 0) screen.line(screen.colours.dim(`With the alerts of ${plural(its, 'tenant')} of it.`), '    ');
  }
  if (first.length > alertsShown) {
    screen.line(`and ${first.length - alertsShown} more: ${programName} alerts --open`, '  ');
  }
}

function unwatchedTenants({ unwatchedTenants: tenants }: StatusFacts, screen: Screen): void {
  if (tenants.length === 0) return;
  screen.heading(`Tenants without a watched database: ${tenants.length}`);
  for (const { tenant, severity, since, reason } of tenants.slice(0, alertsShown)) {
    screen.line(`${screen.bySeverity(tenant, severity)}  since ${screen.moment(since)}`, '  ');
    screen.line(screen.colours.dim(reason), '    ');
  }
  if (tenants.length > alertsShown) {
    screen.line(`and ${tenants.length - alertsShown} more: ${programName} status --json`, '  ');
  }
}

function watcher({ sweep, watch, copies, alarms, alarmsUnread }: StatusFacts, screen: Screen): void {
  const { red, yellow, green, dim } = screen.colours;
  screen.heading('Sweep and watch');
  const rows: string[][] = [];
  if (sweep) {
    const missed =
      sweep.eventsMissed > 0 ? yellow(`${plural(sweep.eventsMissed, 'event')} missed`) : 'no events missed';
    rows.push([
      'last sweep',
      `${screen.moment(sweep.finished ?? sweep.started)}${sweep.complete ? '' : red(', not complete')}, ${missed}`,
    ]);
    for (const error of sweep.errors.slice(0, 3)) rows.push(['', yellow(error)]);
  } else rows.push(['last sweep', yellow('none yet')]);
  rows.push(['last watch', watch ? screen.moment(watch.finished ?? watch.started) : dim('none yet')]);
  const waiting = copies.oldestQueuedAt ? `, the oldest for ${screen.age(copies.oldestQueuedAt)}` : '';
  const causes = Object.entries(copies.failedByCause).map(([code, count]) => `${count} ${code}`);
  const failed = copies.failed > 0 ? red(`${copies.failed} failed (${causes.join(', ')})`) : '0 failed';
  rows.push(['copies', `${copies.queued} waiting${waiting}; ${copies.running + copies.starting} running; ${failed}`]);
  if (alarms === null) rows.push(['alarms', yellow(`not known: ${alarmsUnread}`)]);
  else if (alarms.length === 0) rows.push(['alarms', green('none rings')]);
  for (const [index, alarm] of (alarms ?? []).entries()) {
    rows.push([
      index === 0 ? 'alarms' : '',
      `${red(alarm.name)}${alarm.since ? ` since ${screen.moment(alarm.since)}` : ''}`,
    ]);
    if (alarm.description) rows.push(['', dim(alarm.description)]);
  }
  screen.pairs(rows.map(([name = '', text = '']) => [name, text]));
}

/** The first few of many names. */
function some(names: readonly string[], total: number): string {
  const few = names.slice(0, 5);
  return few.join(', ') + (total > few.length ? ` and ${total - few.length} more` : '');
}
