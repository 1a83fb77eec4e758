/** What many lives came to, as it is printed. */
import Table from 'cli-table3';
import type { Totals } from './life.ts';

const counted = ['runs', 'calls', 'faults', 'doubles', 'messages', 'deadLetters'] as const;

export class Sum {
  seeds = 0;
  readonly totals: Totals = {
    dueDays: 0,
    databaseDays: 0,
    runs: {},
    calls: {},
    faults: {},
    doubles: {},
    messages: {},
    deadLetters: {},
    exports: 0,
    toTenants: 0,
    tenantWeeks: 0,
    picked: 0,
  };
  readonly #startedAt = performance.now();

  add(totals: Totals): void {
    this.seeds += 1;
    this.totals.dueDays += totals.dueDays;
    this.totals.databaseDays += totals.databaseDays;
    this.totals.exports += totals.exports;
    this.totals.picked += totals.picked;
    this.totals.toTenants += totals.toTenants;
    this.totals.tenantWeeks += totals.tenantWeeks;
    for (const name of counted) {
      for (const [key, count] of Object.entries(totals[name]))
        this.totals[name][key] = (this.totals[name][key] ?? 0) + count;
    }
  }

  get dueYears(): number {
    return this.totals.dueDays / 365;
  }

  toString(): string {
    const { totals } = this;
    const seconds = (performance.now() - this.#startedAt) / 1_000;
    const table = new Table({ style: { head: [], border: [] }, colWidths: [16, 90], wordWrap: true });
    table.push(
      ['seeds', this.seeds],
      [
        'simulated',
        `${totals.dueDays} database-days on which a backup was due, ${this.dueYears.toFixed(1)} years; ${totals.databaseDays} with the others`,
      ],
      [
        'took',
        `${seconds.toFixed(0)} s, ${(totals.dueDays / seconds).toFixed(0)} of those days a second; at most ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`,
      ],
      ['runs', list(totals.runs)],
      [
        'calls',
        `${sumOf(totals.calls)}, of which the scheduler picked ${totals.picked} among several runs: ${list(totals.calls)}`,
      ],
      ['faults', `${sumOf(totals.faults)}: ${list(totals.faults)}`],
      ['messages', `${sumOf(totals.messages)}: ${list(totals.messages)}`],
      ['of them', `${(totals.toTenants / totals.tenantWeeks).toFixed(1)} to each tenant a week`],
      [
        'sent twice',
        totals.doubles && sumOf(totals.doubles) > 0 ? `${sumOf(totals.doubles)}: ${list(totals.doubles)}` : '0',
      ],
      ['exports', totals.exports],
      ['dead letters', list(totals.deadLetters) || '0'],
    );
    return table.toString();
  }
}

function list(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .sort(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
