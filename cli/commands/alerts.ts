import { type Alert, allMeaningsOf, isShare, isSharedOwner, ownerText } from '../../shared/domain/index.ts';
import type { Ledger } from '../../shared/ledger/index.ts';
import { filter } from '../../shared/lib/iterables.ts';
import { dayMs } from '../../shared/lib/time.ts';
import {
  type AlertFacts,
  type AlertSlice,
  alertFactsSchema,
  factsOfAlerts,
  readAlerts,
} from '../../shared/read-model/index.ts';
import { type Answer, answer, command, listing } from '../command.ts';
import type { Dependencies } from '../dependencies.ts';
import { findDatabases, requireTenant } from '../find.ts';
import { type FleetPlaces, fleetPlacesOf } from '../fleet-places.ts';
import type { Screen } from '../screen.ts';
import { UserError } from '../user-error.ts';
import { databaseOption, fromOption, placeOptions, tenantOption, toOption } from './options.ts';

export const alerts = command({
  details:
    'With --open, all open alerts, oldest first; otherwise by opening, newest first. An open alert shows its database as it is now, a resolved one as it was at the end. Recipients and operators are those that the configuration had when a message went out.',
  options: [
    { flags: '--open', description: 'only those that are open' },
    tenantOption,
    databaseOption,
    ...placeOptions,
    fromOption('30 days ago'),
    toOption,
  ],
  examples: ['alerts --open', 'alerts --tenant acme --from 2026-11-01'],
  json: {
    is: 'list',
    fields: allMeaningsOf(alertFactsSchema),
  },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const { ledger } = deployed;
    const now = deps.now();
    const tenant = args.optional('tenant');
    const database = args.optional('database');
    await requireTenant(ledger, tenant, now);
    const places = await fleetPlacesOf(deps, deployed, args);
    const slice: AlertSlice = {
      open: args.flag('open'),
      span: args.span(new Date(now.getTime() - 30 * dayMs)),
      ...(tenant !== undefined && { tenant }),
      ...(database !== undefined && {
        databases: (await findDatabases(deployed, places, database)).map(({ key }) => key),
      }),
    };
    const none = slice.open ? 'No alert is open.' : 'No alert opened in that time.';
    const rows = filter(readAlerts(ledger, slice, now), (alert) => places.includes(alert));
    return listing(rows, (screen, shown) => print(screen, shown, places, none));
  },
});

/** A database, or a tenant's share of it, has no open alert. */
export function noOpenAlert(database: string, tenant: string | undefined): UserError {
  return new UserError(`"${database}"${tenant === undefined ? '' : ` of ${tenant}`} has no open alert.`);
}

/** An alert after a change. */
export async function alertAnswer(
  deps: Dependencies,
  ledger: Ledger,
  places: FleetPlaces,
  alert: Alert,
): Promise<Answer> {
  const [facts] = await factsOfAlerts(ledger, [alert], deps.now());
  if (facts === undefined) throw new Error('an alert has no facts');
  return answer(facts, (screen) => printAlert(screen, places, facts));
}

async function print(
  screen: Screen,
  rows: AsyncIterable<AlertFacts>,
  places: FleetPlaces,
  none: string,
): Promise<void> {
  let count = 0;
  for await (const alert of rows) {
    if (count > 0) screen.line();
    count += 1;
    printAlert(screen, places, alert);
  }
  if (count === 0) screen.line(none);
}

function by(who: AlertFacts['snoozed']): string {
  return who === null ? '' : `, by ${who.by}${who.note ? `: ${who.note}` : ''}`;
}

/** The recipients of a message, in words. */
function recipientsOf({ tenant, key }: AlertFacts, to: AlertFacts['notified'][number]['to']): string {
  // Of a share operators are notified with its database.
  if (isShare(key)) return to === 'operators' ? 'the operators, with that of the database' : `${tenant}'s recipients`;
  if (to === 'operators' || isSharedOwner(tenant)) return 'the operators';
  return to === 'tenant' ? `${tenant}'s recipients` : `${tenant}'s recipients and the operators`;
}

function printAlert(screen: Screen, places: FleetPlaces, alert: AlertFacts): void {
  const { bold, dim } = screen.colours;
  screen.line(
    `${screen.bySeverity(alert.verdict, alert.severity)}  ${ownerText(alert.tenant, alert.notes)} / ${bold(alert.database)}${places.beside(alert)}  ${alert.resolved ? dim('resolved') : 'open'}`,
  );
  screen.line(alert.reason, '  ');
  const last = alert.notified.at(-1);
  screen.pairs([
    ['opened', screen.moment(alert.opened)],
    [
      'messages',
      last === undefined
        ? 'not yet'
        : `${alert.notified.length} handed to SNS, the last ${screen.moment(last.at)}, to ${recipientsOf(alert, last.to)}`,
    ],
    ...(alert.pending ? ([['pending', `${alert.pending.step}: its message is not confirmed yet`]] as const) : []),
    ...(alert.acknowledged
      ? ([
          [
            'acknowledged',
            `by ${alert.acknowledged.by} since ${screen.moment(alert.acknowledged.at)}${alert.acknowledged.note ? `: ${alert.acknowledged.note}` : ''}`,
          ],
        ] as const)
      : []),
    ...(alert.snoozedUntil
      ? ([['silent until', `${screen.moment(alert.snoozedUntil)}${by(alert.snoozed)}`]] as const)
      : []),
    ...(alert.resolved
      ? ([
          ['resolved', `${screen.moment(alert.resolved)}${alert.resolvedReason ? `: ${alert.resolvedReason}` : ''}`],
        ] as const)
      : []),
  ]);
}
