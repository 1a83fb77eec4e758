import { allMeaningsOf } from '../../shared/domain/index.ts';
import { unlessEmpty } from '../../shared/lib/iterables.ts';
import { readTenant, type TenantDatabaseFacts, tenantDatabaseSchema } from '../../shared/read-model/index.ts';
import { command, listing } from '../command.ts';
import { unknownTenant } from '../find.ts';
import type { Screen } from '../screen.ts';

export const tenant = command({
  arguments: [{ name: '<tenant>', description: 'its id in the configuration' }],
  examples: ['tenant acme', 'tenant acme --tz Europe/Berlin'],
  json: {
    is: 'list',
    fields: allMeaningsOf(tenantDatabaseSchema),
  },
  run: async (deps, args) => {
    const { ledger } = await deps.ledger();
    const id = args.text('tenant');
    const databases = await unlessEmpty(readTenant(ledger, id, deps.now()));
    if (databases === undefined) throw await unknownTenant(ledger, id, deps.now());
    return listing(databases, print);
  },
});

async function print(screen: Screen, rows: AsyncIterable<TenantDatabaseFacts>): Promise<void> {
  const reasons: TenantDatabaseFacts[] = [];
  const zone = screen.timeZone;
  await screen.tableOf(
    [
      { title: 'DATABASE' },
      { title: 'VERDICT' },
      { title: `NEWEST BACKUP (${zone})` },
      { title: `DEADLINE (${zone})` },
      { title: 'COPY' },
    ],
    rows,
    (row) => {
      if (row.severity !== 'info' || row.verdict !== 'protected') reasons.push(row);
      return [
        row.database,
        screen.verdict(row.verdict, row.severity),
        screen.timeAndAge(row.newestBackup?.time ?? null),
        screen.timeAndAge(row.deadline),
        row.copy ? screen.copyState(row.copy.state) : '–',
      ];
    },
    'No databases.',
  );
  for (const { database, reason, alert, severity } of reasons) {
    screen.line();
    screen.line(screen.bySeverity(database, severity));
    screen.line(reason ?? '', '  ');
    if (alert) screen.line(screen.colours.dim(`Alert open since ${screen.moment(alert.opened)}.`), '  ');
  }
}
