import { columns, oneLine } from '../../lib/safe-text.ts';
import { formatUtc } from '../../lib/time.ts';
import { type AlertEntry, ageOf, explanationOf, lastBackupOf, worstFirst } from './alert-entry.ts';
import { limits, placeColumns, type Rendering } from './context.ts';

/** The full list as a text file: one aligned line a database, the worst first. */
export function fullListOf(entries: readonly AlertEntry[], rendering: Rendering): string {
  const place = placeColumns(rendering);
  const rows = [...entries].sort(worstFirst).map((entry) => {
    const { alert, engine, step } = entry;
    const last = lastBackupOf(entry);
    return [
      oneLine(alert.severity, limits.word),
      oneLine(step, limits.word),
      oneLine(alert.tenant, limits.tenant),
      oneLine(alert.databaseId, limits.name),
      ...place.cells(alert.database),
      oneLine(alert.databaseKind, limits.word),
      oneLine(engine ?? '-', limits.engine),
      oneLine(alert.verdict, limits.word),
      last ? formatUtc(last.time) : '-',
      last ? ageOf(last, rendering.now) : '-',
      oneLine(explanationOf(entry, rendering), limits.reason),
    ];
  });
  const first = ['severity', 'step', 'tenant', 'database', ...place.titles];
  const head = [...first, 'kind', 'engine', 'verdict', 'last backup', 'age', 'reason'];
  return `${columns([head, ...rows]).join('\n')}\n`;
}
