/** Evidence as files: the query, every day, and the sums; streamed. */
import { stringify } from 'csv-stringify/sync';
import { partition } from 'es-toolkit/array';
import * as z from 'zod';
import { count, fields, isSharedOwner, number, text, time } from '../shared/domain/index.ts';
import { oneLine, printableJson } from '../shared/lib/safe-text.ts';
import { type EvidenceRow, evidenceSchema, type FactsOf, Tally } from '../shared/read-model/index.ts';

const headFields = {
  ledger: text.describe("the table's name"),
  stack: text.describe("the stack's name"),
  account: text.describe('the AWS account of the stack'),
  region: text.describe('its AWS Region'),
  queriedAt: time.describe('when it was read'),
  from: text.describe('first day'),
  to: text.describe('last day'),
  tenant: text.nullable().describe('whose, or null: everybody'),
  onlyAccount: text.nullable().describe('the account that --account left, or null: all'),
  onlyRegion: text.nullable().describe('the Region that --region left, or null: all'),
};

const totals = {
  inTime: count.describe('days in time'),
  late: count.describe('late days'),
  missing: count.describe('days without a backup'),
  unknown: count.describe('days that are not known'),
  noPromise: count.describe('days without a promise'),
  attainment: number
    .nullable()
    .describe('percent of promised days in time, cut to two decimals; null where nothing was promised'),
};

const tailFields = {
  totals: fields(totals).describe('sums of all days of tenants'),
  tenants: z
    .array(fields({ tenant: text.describe('whose'), ...totals }))
    .readonly()
    .describe('sums of each tenant'),
  sharedDatabases: z
    .array(fields({ tenant: text.describe('`shared:<id>`'), ...totals }))
    .readonly()
    .describe('sums of each shared database itself; `totals` has those of its tenants'),
};

export const evidenceFileSchema = fields({
  ...headFields,
  days: z.array(evidenceSchema).readonly().describe('by date, then by database'),
  ...tailFields,
});

const headSchema = fields(headFields);
const tailSchema = fields(tailFields);

export type EvidenceHead = FactsOf<typeof headSchema>;
export type EvidenceTail = FactsOf<typeof tailSchema>;

/** Sums of the rows that pass through it. */
export class EvidenceSums {
  readonly #all = new Tally();
  readonly #owners = new Map<string, Tally>();

  async *counting(rows: AsyncIterable<EvidenceRow>): AsyncIterable<EvidenceRow> {
    for await (const row of rows) {
      const tenant = this.#owners.get(row.tenant) ?? new Tally();
      this.#owners.set(row.tenant, tenant);
      tenant.add(row.state);
      // What a shared database promises, it promises to its tenants, whose days are counted.
      if (!isSharedOwner(row.tenant)) this.#all.add(row.state);
      yield row;
    }
  }

  get tail(): EvidenceTail {
    const byName = [...this.#owners].sort(([a], [b]) => (a < b ? -1 : 1));
    const sums = byName.map(([tenant, sum]) => ({ tenant, ...sum.totals }));
    const [sharedDatabases, tenants] = partition(sums, ({ tenant }) => isSharedOwner(tenant));
    return { totals: this.#all.totals, tenants, sharedDatabases };
  }
}

/** One JSON object, one day a line. */
export async function* jsonOf(head: EvidenceHead, rows: AsyncIterable<EvidenceRow>): AsyncIterable<string> {
  const sums = new EvidenceSums();
  yield `${printableJson(head).slice(0, -1)},\n"days":[`;
  let before = '\n';
  for await (const row of sums.counting(rows)) {
    yield `${before}${printableJson(row)}`;
    before = ',\n';
  }
  yield `\n],\n${printableJson(sums.tail).slice(1)}\n`;
}

const columns = [
  'record',
  'date',
  'tenant',
  'account',
  'region',
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
  'evaluatedAt',
  'alertOpened',
  'alertResolved',
  'alertMessages',
  'causeCode',
  'reason',
  'value',
] as const;

type Cells = Partial<Record<(typeof columns)[number], string | number | null>>;

/**
 * One table: `record` is `day` for the days, `total` and `attainment` for the sums of a tenant (`*`: of all) or of a shared database
 * itself (`shared:<id>`), and `query` for the query and its ledger, with its value in `value`.
 */
export async function* csvOf(head: EvidenceHead, rows: AsyncIterable<EvidenceRow>): AsyncIterable<string> {
  const sums = new EvidenceSums();
  yield csv([Object.fromEntries(columns.map((name) => [name, name]))]);
  const { onlyAccount, onlyRegion, ...always } = head;
  const query = { ...always, ...(onlyAccount !== null && { onlyAccount }), ...(onlyRegion !== null && { onlyRegion }) };
  for (const [name, value] of Object.entries(query)) yield csv([{ record: 'query', state: name, value: value ?? '*' }]);
  for await (const row of sums.counting(rows)) {
    const { newestBackup, alert, cause } = row;
    yield csv([
      {
        record: 'day',
        ...row,
        newestBackup: newestBackup?.id ?? null,
        newestBackupTime: newestBackup?.time ?? null,
        alertOpened: alert?.opened ?? null,
        alertResolved: alert?.resolved ?? null,
        alertMessages: alert?.notified ?? null,
        causeCode: cause?.code ?? null,
      },
    ]);
  }
  const { totals, tenants, sharedDatabases } = sums.tail;
  for (const { tenant, attainment, ...days } of [...tenants, ...sharedDatabases, { tenant: '*', ...totals }]) {
    yield csv([
      ...Object.entries(days).map(([state, value]) => ({ record: 'total', tenant, state, value })),
      { record: 'attainment', tenant, state: 'percent', value: attainment },
    ]);
  }
}

/** Rows that spreadsheets take as they are: a row is a line, and a text that they would take for a formula is quoted. */
function csv(rows: readonly Cells[]): string {
  const lines = rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, cell]) => [name, typeof cell === 'string' ? oneLine(cell) : cell]),
    ),
  );
  return stringify(lines, { columns: [...columns], escape_formulas: true, record_delimiter: 'windows' });
}
