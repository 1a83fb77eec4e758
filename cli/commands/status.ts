import type { VerdictName } from '../../shared/model.ts';
import { exitCodes, readStatus, type StatusFacts } from '../../shared/query/status.ts';
import { answer, type Command } from '../command.ts';
import { plural, type Screen } from '../screen.ts';

export const status: Command = {
  details:
    'Exit code 0: everybody is protected. 1: somebody is not. 2: nobody can tell (no sweep, too old a sweep, RDS not answering), or the command failed.',
  examples: ['status', 'status --json | jq .standing'],
  json: {
    is: 'object',
    fields: {
      now: 'when this was read',
      ledger: "the table's name",
      standing: '`ok`, `unprotected` or `unknown`: what the exit code says',
      doubts: 'why nobody can tell, as sentences; empty otherwise',
      counts: 'databases by verdict, as of the last sweep',
      sweep:
        'the last sweep: `started`, `finished`, `complete`, `counts`, `eventsMissed`, `errors`, `configHash`, ...; or null',
      watch: 'the last watch, with the same fields; or null',
      openAlerts: 'open alerts as `alerts --json` shows them, worst first',
      copies: '`queued` with `oldestQueuedAt`, `starting`, `running`, and `failed` ones that can be tried again',
      alarms: 'alarms of the stack that ring: `name`, `description`, `since`; null if CloudWatch could not be asked',
      alarmsUnread: 'why CloudWatch could not be asked; or null',
    },
  },
  run: async (parts) => {
    const { ledger, table } = await parts.ledger();
    const facts = await readStatus(
      ledger,
      { table, alarms: () => parts.cloud().then((cloud) => cloud.ringing()) },
      parts.now(),
    );
    return answer(facts, (screen) => print(facts, screen), exitCodes[facts.standing]);
  },
};

/** Worst first, as the screen lists them. */
const order: readonly VerdictName[] = [
  'overdue',
  'never',
  'disabled',
  'missing',
  'unknown',
  'deleted',
  'due',
  'new',
  'protected',
  'excluded',
];

function print(facts: StatusFacts, screen: Screen): void {
  headline(facts, screen);
  fleet(facts, screen);
  openAlerts(facts, screen);
  watcher(facts, screen);
}

function headline({ standing, doubts, openAlerts }: StatusFacts, screen: Screen): void {
  const { green, red, yellow, bold } = screen.colours;
  if (standing === 'ok') screen.line(bold(green('OK  Every database that is watched has a fresh backup.')));
  else if (standing === 'unprotected') {
    const count = new Set(openAlerts.map(({ database, databaseKind }) => `${databaseKind}/${database}`)).size;
    screen.line(bold(red(`UNPROTECTED  ${plural(count, 'database')} with an open alert.`)));
  } else screen.line(bold(yellow('CANNOT TELL whether everybody is protected.')));
  for (const doubt of doubts) screen.line(yellow(doubt), '  ');
}

function fleet({ counts, sweep }: StatusFacts, screen: Screen): void {
  if (sweep === null) return;
  screen.heading(`Fleet at the last sweep: ${plural(sweep.databases, 'database')}`);
  const severityOf = (name: VerdictName) => {
    if (['overdue', 'never', 'disabled', 'missing'].includes(name)) return 'critical';
    return name === 'unknown' || name === 'deleted' ? 'warning' : 'info';
  };
  const known = order.flatMap((name) =>
    counts[name] ? [`${counts[name]} ${screen.verdict(name, severityOf(name))}`] : [],
  );
  screen.line(known.join('   '), '  ');
  if (sweep.unconfigured.length > 0) {
    screen.line(
      `${plural(sweep.unconfigured.length, 'database')} in RDS that nobody configured: ${some(sweep.unconfigured)}`,
      '  ',
    );
  }
}

/** As many as fit on a screen; `alerts --open` has them all. */
const alertsShown = 10;

function openAlerts({ openAlerts }: StatusFacts, screen: Screen): void {
  if (openAlerts.length === 0) return;
  screen.heading(`Open alerts: ${openAlerts.length}`);
  for (const alert of openAlerts.slice(0, alertsShown)) {
    const quiet = alert.acknowledged
      ? `, ${alert.acknowledged.by} looks after it`
      : alert.snoozedUntil
        ? `, quiet until ${screen.time(alert.snoozedUntil)}`
        : '';
    screen.line(
      `${screen.bySeverity(alert.verdict, alert.severity)}  ${alert.tenant} / ${screen.colours.bold(alert.database)}  since ${screen.moment(alert.opened)}${quiet}`,
      '  ',
    );
    screen.line(screen.colours.dim(alert.reason), '    ');
  }
  if (openAlerts.length > alertsShown) {
    screen.line(`and ${openAlerts.length - alertsShown} more: rds-backup-ledger alerts --open`, '  ');
  }
}

function watcher({ sweep, watch, copies, alarms, alarmsUnread }: StatusFacts, screen: Screen): void {
  const { red, yellow, green, dim } = screen.colours;
  screen.heading('The watcher itself');
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
  const failed = copies.failed > 0 ? red(`${copies.failed} failed`) : '0 failed';
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
function some(names: readonly string[]): string {
  const few = names.slice(0, 5);
  return few.join(', ') + (names.length > few.length ? ` and ${names.length - few.length} more` : '');
}
