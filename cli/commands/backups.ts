import { allMeaningsOf, backupKinds, copyStates, ownerText } from '../../shared/domain/index.ts';
import { filter } from '../../shared/lib/iterables.ts';
import { dayMs } from '../../shared/lib/time.ts';
import {
  type BackupFacts,
  backupFacts,
  backupFactsSchema,
  type ListedBackup,
  listedAt,
  readBackups,
  type Slice,
} from '../../shared/read-model/index.ts';
import { command, listing } from '../command.ts';
import { findDatabases, requireTenant } from '../find.ts';
import { fleetPlacesOf } from '../fleet-places.ts';
import { copyCell } from './copies.ts';
import { databaseOption, fromOption, placeOptions, tenantOption, toOption } from './options.ts';

export const backups = command({
  details:
    'Sorted by the time of their data. A full page ends with the option for the next one. A tenant has those of a shared database that were made while it was there.',
  options: [
    tenantOption,
    databaseOption,
    ...placeOptions,
    fromOption('7 days ago'),
    toOption,
    { flags: '--kind <kinds>', description: `${backupKinds.join(', ')}; several with commas` },
    { flags: '--copy-state <states>', description: `${copyStates.join(', ')}; several with commas` },
    { flags: '--limit <number>', description: 'backups on a page (default: 100)' },
    { flags: '--all', description: 'all backups, without a limit' },
  ],
  examples: [
    'backups --tenant acme --from 2026-11-01 --to 2026-12-01',
    'backups --copy-state failed,incomplete --from 30d --json',
  ],
  json: {
    is: 'list',
    fields: allMeaningsOf(backupFactsSchema),
  },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const { ledger } = deployed;
    const now = deps.now();
    const tenant = args.optional('tenant');
    const database = args.optional('database');
    await requireTenant(ledger, tenant, now);
    const places = await fleetPlacesOf(deps, deployed, args);
    const slice: Slice = {
      // A day ahead: a local clock that is behind must not hide the newest backups.
      to: new Date(now.getTime() + dayMs),
      ...args.span(new Date(now.getTime() - 7 * dayMs)),
      ...(tenant !== undefined && { tenant }),
      ...(database !== undefined && {
        databases: (await findDatabases(deployed, places, database)).map(({ key }) => key),
      }),
      ...optional('kinds', args.choices('kind', backupKinds)),
      ...optional('copyStates', args.choices('copyState', copyStates)),
    };
    const limit = args.flag('all') ? Number.POSITIVE_INFINITY : args.whole('limit', 100, [1, 100_000]);
    const page: { next?: Date } = {};
    const found = filter(readBackups(ledger, slice), (backup) => places.has(backup.database));
    return listing(facts(found, limit, now, page), async (screen, rows) => {
      const shown = await screen.tableOf(
        [
          { title: `TIME (${screen.timeZone})` },
          ...(screen.narrow ? [] : [{ title: 'TENANT' }, { title: 'DATABASE' }, ...places.columns]),
          { title: 'BACKUP', holds: 'names' },
          { title: 'KIND' },
          { title: 'COPY', holds: 'names' },
        ],
        rows,
        (row) => {
          const id = row.closed ? screen.colours.dim(`${row.id} (gone)`) : row.id;
          const tenantName = row.tenant === null ? '–' : ownerText(row.tenant);
          return [
            screen.timeAndAge(row.time),
            ...(screen.narrow
              ? [places.stacked(screen, screen.stacked(id, screen.colours.dim(`${tenantName} / ${row.database}`)), row)]
              : [tenantName, row.database, ...places.cells(row), id]),
            row.kind,
            copyCell(screen, row.copy),
          ];
        },
        'No backup in this slice.',
      );
      if (page.next) {
        screen.line();
        screen.line(screen.colours.dim(`${shown} shown; the next page: the same with --to ${page.next.toISOString()}`));
      }
    });
  },
});

function optional<Name extends string, Value>(name: Name, value: Value | undefined): { [key in Name]?: Value } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: Value });
}

/** One page. It ends only where the time changes, so that the next page starts exactly there. */
async function* facts(
  backups: AsyncIterable<ListedBackup>,
  limit: number,
  now: Date,
  page: { next?: Date },
): AsyncIterable<BackupFacts> {
  let count = 0;
  let last: Date | undefined;
  for await (const backup of backups) {
    const time = listedAt(backup);
    if (count >= limit && last && time.getTime() !== last.getTime()) {
      page.next = last;
      return;
    }
    yield backupFacts(backup, now);
    count += 1;
    last = time;
  }
}
