import type { Alert } from '../../shared/model.ts';
import { readAlerts } from '../../shared/query/alerts.ts';
import { type AlertFacts, alertFacts } from '../../shared/query/facts.ts';
import { dayMs } from '../../shared/text.ts';
import { type Command, listing } from '../command.ts';
import { findDatabases, requireTenant } from '../find.ts';
import type { Screen } from '../screen.ts';
import { databaseOption, fromOption, tenantOption, toOption } from './options.ts';

export const alerts: Command = {
  details:
    'Open alerts are listed oldest first, whenever they opened; all of them by their opening, newest first. Recipients and operators are those that the configuration had when a message went out.',
  options: [
    { flags: '--open', description: 'only those that are open' },
    tenantOption,
    databaseOption,
    fromOption('30 days ago'),
    toOption,
  ],
  examples: ['alerts --open', 'alerts --tenant acme --from 2026-11-01'],
  json: {
    is: 'list',
    fields: {
      tenant: 'whose database it is',
      database: 'its identifier',
      databaseKind: '`instance` or `cluster`',
      opened: 'when it opened',
      verdict: 'the verdict it opened or rose with',
      severity: '`critical` or `warning`',
      reason: 'a sentence to act on',
      newestBackup: 'time of the newest backup then, or null',
      deadline: 'the deadline that was broken, or null',
      notified:
        'the messages about it that went out, oldest first (the last 50): `at`, `step` (`open`, `remind`, `rise`, `resolve`), `to` (`all`: the tenant’s recipients and the operators, `tenant`, `operators`)',
      untold: 'a step that is still to be told: `open`, `remind`, `rise`, `resolve`; or null',
      acknowledged: '`by`, `at` and `note` of who looks after it, or null',
      snoozedUntil: 'until when it is quiet, or null',
      snoozed: '`by`, `at` and `note` of who wanted it quiet, or null',
      resolved: 'when it was resolved, or null',
      resolution: 'why, as a sentence, or null',
    },
  },
  run: async (parts, args) => {
    const { ledger } = await parts.ledger();
    const now = parts.now();
    const tenant = args.optional('tenant');
    const database = args.optional('database');
    await requireTenant(ledger, tenant);
    const found = readAlerts(ledger, {
      open: args.flag('open'),
      span: args.span(new Date(now.getTime() - 30 * dayMs)),
      ...(tenant !== undefined && { tenant }),
      ...(database !== undefined && { databases: (await findDatabases(ledger, database)).map(({ key }) => key) }),
    });
    const none = args.flag('open') ? 'No alert is open.' : 'No alert opened in that time.';
    return listing(facts(found), (screen, rows) => print(screen, rows, none));
  },
};

async function* facts(alerts: AsyncIterable<Alert>): AsyncIterable<AlertFacts> {
  for await (const alert of alerts) yield alertFacts(alert);
}

async function print(screen: Screen, rows: AsyncIterable<AlertFacts>, none: string): Promise<void> {
  let count = 0;
  for await (const alert of rows) {
    if (count > 0) screen.line();
    count += 1;
    printAlert(screen, alert);
  }
  if (count === 0) screen.line(none);
}

function by(who: AlertFacts['snoozed']): string {
  return who === null ? '' : `, by ${who.by}${who.note ? `: ${who.note}` : ''}`;
}

/** Whom a message went to, in words. */
function recipientsOf(tenant: string, to: AlertFacts['notified'][number]['to']): string {
  if (to === 'operators') return 'the operators';
  return to === 'tenant' ? `${tenant}'s recipients` : `${tenant}'s recipients and the operators`;
}

export function printAlert(screen: Screen, alert: AlertFacts): void {
  const { bold, dim } = screen.colours;
  screen.line(
    `${screen.bySeverity(alert.verdict, alert.severity)}  ${alert.tenant} / ${bold(alert.database)}  ${alert.resolved ? dim('resolved') : 'open'}`,
  );
  screen.line(alert.reason, '  ');
  const last = alert.notified.at(-1);
  screen.pairs([
    ['opened', screen.moment(alert.opened)],
    [
      'told',
      last === undefined
        ? 'not yet'
        : `${alert.notified.length === 1 ? 'once' : `${alert.notified.length} times`}, last ${screen.moment(last.at)}, to ${recipientsOf(alert.tenant, last.to)}`,
    ],
    ...(alert.untold ? ([['to be told', `${alert.untold}: its message is not confirmed yet`]] as const) : []),
    ...(alert.acknowledged
      ? ([
          [
            'looked after',
            `by ${alert.acknowledged.by} since ${screen.moment(alert.acknowledged.at)}${alert.acknowledged.note ? `: ${alert.acknowledged.note}` : ''}`,
          ],
        ] as const)
      : []),
    ...(alert.snoozedUntil
      ? ([['quiet until', `${screen.moment(alert.snoozedUntil)}${by(alert.snoozed)}`]] as const)
      : []),
    ...(alert.resolved
      ? ([['resolved', `${screen.moment(alert.resolved)}${alert.resolution ? `: ${alert.resolution}` : ''}`]] as const)
      : []),
  ]);
}
