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
  details: "Of a shared database it shows the verdict of the part that is the tenant's, by its own clock.",
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

/** `orders`; of a shared database also what the tenant's part is called, and since when it was there. */
function withShare(screen: Screen, { database, share }: TenantDatabaseFacts): string {
  if (share === null) return database;
  const part = [share.database, share.schema].filter((name) => name !== null).join('.');
  const since = share.since === null ? '' : `since ${screen.time(share.since)}`;
  const until = share.until === null ? '' : `until ${screen.time(share.until)}`;
  return screen.stacked(
    database,
    screen.colours.dim(['shared', part, since, until].filter((text) => text !== '').join(' ')),
  );
}

async function print(screen: Screen, rows: AsyncIterable<TenantDatabaseFacts>, places: FleetPlaces): Promise<void> {
  const reasons: TenantDatabaseFacts[] = [];
  const folders: (TenantDatabaseFacts & { readonly folder: string })[] = [];
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
      const { folder } = row.copy ?? {};
      if (folder) folders.push({ ...row, folder });
      if (row.reason !== null && (row.severity !== 'info' || row.verdict !== 'protected')) reasons.push(row);
      const name = withShare(screen, row);
      return [
        ...(screen.narrow ? [places.stacked(screen, name, row)] : [name, ...places.cells(row)]),
        row.share?.until ? screen.colours.dim('left') : screen.verdict(row.verdict, row.severity),
        screen.timeAndAge(row.newestBackup?.time ?? null),
        screen.timeAndAge(row.deadline),
        row.copy ? screen.copyState(row.copy.state) : '–',
      ];
    },
    'No databases.',
  );
  for (const { database, folder } of folders) {
    screen.line();
    screen.line(`Its part of the copy of ${database}:`);
    screen.line(folder, '  ');
  }
  for (const row of reasons) {
    const { database, reason, alert, severity } = row;
    screen.line();
    screen.line(`${screen.bySeverity(database, severity)}${places.beside(row)}`);
    screen.line(reason ?? '', '  ');
    if (alert) screen.line(screen.colours.dim(`Alert open since ${screen.moment(alert.opened)}.`), '  ');
  }
}
