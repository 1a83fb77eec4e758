import { columns, oneLine } from '../../lib/safe-text.ts';
import { formatUtc } from '../../lib/time.ts';
import type { Reader } from '../../reasons/index.ts';
import { type AlertEntry, ageOf, explanationOf, lastBackupOf, worstFirst } from './alert-entry.ts';
import { limits } from './context.ts';

/** The full list as a text file: one aligned line a database, the worst first. */
export function fullListOf(entries: readonly AlertEntry[], reader: Reader): string {
  const rows = [...entries].sort(worstFirst).map((entry) => {
    const { alert, engine, step } = entry;
    const last = lastBackupOf(entry);
    return [
      oneLine(alert.severity, limits.word),
      oneLine(step, limits.word),
      oneLine(alert.tenant, limits.tenant),
      oneLine(alert.databaseId, limits.name),
      oneLine(alert.databaseKind, limits.word),
      oneLine(engine ?? '-', limits.engine),
      oneLine(alert.verdict, limits.word),
      last ? formatUtc(last.time) : '-',
      last ? ageOf(last, reader.now) : '-',
      oneLine(explanationOf(entry, reader), limits.reason),
    ];
  });
  const head = ['severity', 'step', 'tenant', 'database', 'kind', 'engine', 'verdict', 'last backup', 'age', 'reason'];
  return `${columns([head, ...rows]).join('\n')}\n`;
}
