/** Evidence as files: what was asked, every day, and the sums; written as it is read. */
import { stringify } from 'csv-stringify/sync';
import { type EvidenceRow, type EvidenceTotals, Tally } from '../shared/query/evidence.ts';

export interface EvidenceHead {
  readonly ledger: string;
  readonly stack: string;
  readonly account: string;
  readonly region: string;
  readonly queriedAt: string;
  readonly from: string;
  readonly to: string;
  readonly tenant: string | null;
}

export interface EvidenceTail {
  readonly totals: EvidenceTotals;
  readonly tenants: readonly ({ readonly tenant: string | null } & EvidenceTotals)[];
}

/** Sums of the rows that pass through it. */
export class EvidenceSums {
  readonly #all = new Tally();
  readonly #tenants = new Map<string | null, Tally>();

  async *counting(rows: AsyncIterable<EvidenceRow>): AsyncIterable<EvidenceRow> {
    for await (const row of rows) {
      const tenant = this.#tenants.get(row.tenant) ?? new Tally();
      this.#tenants.set(row.tenant, tenant);
      tenant.add(row.state);
      this.#all.add(row.state);
      yield row;
    }
  }

  get tail(): EvidenceTail {
    const byName = [...this.#tenants].sort(([a], [b]) => ((a ?? '') < (b ?? '') ? -1 : 1));
    return { totals: this.#all.totals, tenants: byName.map(([tenant, sum]) => ({ tenant, ...sum.totals })) };
  }
}

/** One JSON object, one day a line. */
export async function* jsonOf(head: EvidenceHead, rows: AsyncIterable<EvidenceRow>): AsyncIterable<string> {
  const sums = new EvidenceSums();
  yield `${JSON.stringify(head).slice(0, -1)},\n"days":[`;
  let before = '\n';
  for await (const row of sums.counting(rows)) {
    yield `${before}${JSON.stringify(row)}`;
    before = ',\n';
  }
  yield `\n],\n${JSON.stringify(sums.tail).slice(1)}\n`;
}

const columns = [
  'record',
  'date',
  'tenant',
  'database',
  'databaseKind',
  'key',
  'state',
  'verdict',
  'newestBackup',
  'newestBackupTime',
  'deadline',
  'maxAgeHours',
  'graceHours',
  'judgedAt',
  'alertOpened',
  'alertResolved',
  'alertMessages',
  'reason',
  'value',
] as const;

type Cells = Partial<Record<(typeof columns)[number], string | number | null>>;

/**
 * One table: `record` is `day` for the days, `total` and `attainment` for the sums of a tenant (`*`: of all), and `query`
 * for what was asked of which ledger, with its value in `value`.
 */
export async function* csvOf(head: EvidenceHead, rows: AsyncIterable<EvidenceRow>): AsyncIterable<string> {
  const sums = new EvidenceSums();
  yield csv([Object.fromEntries(columns.map((name) => [name, name]))]);
  for (const [name, value] of Object.entries(head)) yield csv([{ record: 'query', state: name, value: value ?? '*' }]);
  for await (const row of sums.counting(rows)) {
    const { newestBackup, alert, ...plain } = row;
    yield csv([
      {
        record: 'day',
        ...plain,
        newestBackup: newestBackup?.id ?? null,
        newestBackupTime: newestBackup?.time ?? null,
        alertOpened: alert?.opened ?? null,
        alertResolved: alert?.resolved ?? null,
        alertMessages: alert?.notified ?? null,
      },
    ]);
  }
  const { totals, tenants } = sums.tail;
  for (const { tenant, attainment, ...days } of [...tenants, { tenant: '*', ...totals }]) {
    yield csv([
      ...Object.entries(days).map(([state, value]) => ({ record: 'total', tenant, state, value })),
      { record: 'attainment', tenant, state: 'percent', value: attainment },
    ]);
  }
}

/** Rows that spreadsheets take as they are: a text that they would take for a formula is quoted. */
function csv(rows: readonly Cells[]): string {
  return stringify([...rows], { columns: [...columns], escape_formulas: true, record_delimiter: 'windows' });
}
