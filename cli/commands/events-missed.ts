import { allMeaningsOf } from '../../shared/domain/index.ts';
import { dayMs } from '../../shared/lib/time.ts';
import { type MissedDay, missedDaySchema, readMissed } from '../../shared/read-model/index.ts';
import { command, listing } from '../command.ts';
import { plural } from '../screen.ts';
import { fromOption, toOption } from './options.ts';

export const eventsMissed = command({
  details: 'As sweeps found them: backups that RDS has, two hours after an event should have announced them.',
  options: [fromOption('30 days ago'), toOption],
  examples: ['events missed', 'events missed --from 90d --json'],
  json: {
    is: 'list',
    fields: allMeaningsOf(missedDaySchema),
  },
  run: async (deps, args) => {
    const { ledger } = await deps.ledger();
    const span = args.span(new Date(deps.now().getTime() - 30 * dayMs));
    return listing(readMissed(ledger, span), async (screen, days) => {
      let [missed, swept] = [0, 0];
      const rows: string[][] = [];
      for await (const day of days) {
        missed += day.missed;
        swept += 1;
        rows.push(...rowsOf(day, (time) => screen.time(time)));
      }
      if (rows.length > 0) {
        screen.table(
          [
            { title: 'FOUND (UTC)' },
            { title: 'MISSED', align: 'right' },
            { title: 'DATABASE' },
            { title: 'BACKUP', holds: 'names' },
            { title: `ITS TIME (${screen.timeZone})`, holds: 'words' },
          ],
          rows,
        );
        screen.line();
      }
      screen.line(
        missed === 0
          ? `No event was missed on ${plural(swept, 'swept day')}.`
          : `${plural(missed, 'event')} missed on ${plural(swept, 'swept day')}. Events are best effort; many of one day point to the record function and its dead letters ("doctor").`,
      );
    });
  },
});

function rowsOf({ date, missed, backups }: MissedDay, time: (time: string | null) => string): string[][] {
  if (missed === 0) return [];
  const rows = backups.map(({ id, database, time: backupTime }, index) => [
    index === 0 ? date : '',
    index === 0 ? String(missed) : '',
    database,
    id,
    time(backupTime),
  ]);
  if (missed > backups.length)
    rows.push([backups.length === 0 ? date : '', '', '', `and ${missed - backups.length} more`, '']);
  return rows;
}
