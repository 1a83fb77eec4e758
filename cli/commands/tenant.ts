import { allMeaningsOf } from '../../shared/domain/index.ts';
import { filter, unlessEmpty } from '../../shared/lib/iterables.ts';
import { readTenant, type TenantDatabaseFacts, tenantDatabaseSchema } from '../../shared/read-model/index.ts';
import { command, listing } from '../command.ts';
import { unknownTenant } from '../find.ts';
import { type FleetPlaces, fleetPlacesOf } from '../fleet-places.ts';
import type { Screen } from '../screen.ts';
import { placeOptions } from './options.ts';

export const tenant = command({
  arguments: [{ name: '<tenant>', description: 'its id in the configuration' }],
  options: placeOptions,
  examples: ['tenant acme', 'tenant acme --tz Europe/Berlin'],
  json: {
    is: 'list',
    fields: allMeaningsOf(tenantDatabaseSchema),
  },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const { ledger } = deployed;
    const id = args.text('tenant');
    const databases = await unlessEmpty(readTenant(ledger, id, deps.now()));
    if (databases === undefined) throw await unknownTenant(ledger, id, deps.now());
    const places = await fleetPlacesOf(deps, deployed, args);
    const chosen = filter(databases, (one) => places.includes(one));
    return listing(chosen, (screen, rows) => print(screen, rows, places));
  },
});

async function print(screen: Screen, rows: AsyncIterable<TenantDatabaseFacts>, places: FleetPlaces): Promise<void> {
  const reasons: TenantDatabaseFacts[] = [];
  const zone = screen.timeZone;
  await screen.tableOf(
    [
      { title: 'DATABASE' },
      ...(screen.narrow ? [] : places.columns),
      { title: 'VERDICT' },
      { title: `NEWEST BACKUP (${zone})` },
      { title: `DEADLINE (${zone})` },
      { title: 'COPY' },
    ],
    rows,
    (row) => {
      if (row.severity !== 'info' || row.verdict !== 'protected') reasons.push(row);
      return [
        ...(screen.narrow ? [places.stacked(screen, row.database, row)] : [row.database, ...places.cells(row)]),
        screen.verdict(row.verdict, row.severity),
        screen.timeAndAge(row.newestBackup?.time ?? null),
        screen.timeAndAge(row.deadline),
        row.copy ? screen.copyState(row.copy.state) : '–',
      ];
    },
    'No databases.',
  );
  for (const row of reasons) {
    const { database, reason, alert, severity } = row;
    screen.line();
    screen.line(`${screen.bySeverity(database, severity)}${places.beside(row)}`);
    screen.line(reason ?? '', '  ');
    if (alert) screen.line(screen.colours.dim(`Alert open since ${screen.moment(alert.opened)}.`), '  ');
  }
}
