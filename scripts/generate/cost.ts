/** What a month costs for a few configurations, from the prices and quantities that `config plan` uses. */
import { parseConfig } from '../../shared/config/index.ts';
import { type FunctionName, metrics } from '../../shared/contract.ts';
import { capacityOf, daysAMonth, exportSlots, usdPerGiB } from '../../shared/copies/index.ts';
import {
  alarmedMetrics,
  assumed,
  eventsADay,
  formatUsd,
  liveBackups,
  type MonthlyCost,
  memoryGb,
  monthlyCost,
  prices,
  pricesAsOf,
  pricesRegion,
  readUnits,
  requestsAnEvent,
  rotationUsd,
  rowBytes,
  watchesADay,
  writeUnits,
} from '../../shared/cost/index.ts';
import type { Generator } from '../generate.ts';

export const costPage: Generator = { file: 'docs/cost.md', content: () => page() };

const counts = [1, 100, 1_000, 10_000];

interface Example extends MonthlyCost {
  readonly count: number;
  /** Whether RDS's slots carry the exports that it wants. */
  readonly carried: boolean;
}

const columns = {
  'without copies': { mode: 'none' },
  'with weekly exports': { mode: 'export', schedule: 'weekly' },
  'with daily exports': { mode: 'export', schedule: 'daily' },
} as const;

function exampleOf(count: number, copy: object): Example {
  const databases = Array.from({ length: count }, (_, n) => ({ id: `db-${n}`, kind: 'instance' }));
  const configuration = {
    operators: [{ email: 'operators@example.com' }],
    defaults: { copy, bucket: { type: 'shared' } },
    tenants: [{ id: 'acme', databases }],
  };
  const fleet = parseConfig(JSON.stringify(configuration), { account: '123456789012', region: pricesRegion });
  const capacity = capacityOf(fleet);
  return { count, carried: capacity.load <= 1, ...monthlyCost(fleet, capacity) };
}

function page(): string {
  const examples = counts.map((count) => Object.values(columns).map((copy) => exampleOf(count, copy)));
  const at = (column: number) => examples.flatMap((row) => row[column] ?? []);
  const slotsADay = exportSlots * 24;
  const waitingUsd =
    (1000 * slotsADay * 2 * readUnits.otherExport * daysAMonth * prices.ledgerReads.usd) / prices.ledgerReads.per;
  return `# What it costs

<!-- Written by \`npm run generate\` from shared/cost/. -->

US dollars a month, by AWS's list prices of ${pricesRegion} as of ${pricesAsOf}. Free tiers are not deducted. \`npm run ledger -- config plan\`
gives the same for your configuration, by item; with \`--observed\` it adds the price of exports, once the deployed ledger knows
the sizes of snapshots. Nothing here was read off a bill: [how each figure is made](#how-each-figure-is-made) says what was counted
and what is assumed.

| databases | ${Object.keys(columns).join(' | ')} |
|---|${'--:|'.repeat(Object.keys(columns).length)}
${examples.map((row) => `| ${grouped(row[0]?.count ?? 0)} | ${row.map((one) => `${formatUsd(one.monthlyUsd)}${one.carried ? '' : ' \\*'}`).join(' | ')} |`).join('\n')}

These are months of the **first year**, with the storage that the ledger has once \`ledger.retentionDays\` (400) have passed. The key
rotates each year, and each of its first two rotations adds $${rotationUsd} a month: **add $${rotationUsd} in the second year, and $${2 * rotationUsd} from the third on.**

**What RDS charges for the exports themselves is not in the table**: about $${usdPerGiB} a GB of snapshot, each time.

\\* RDS runs ${exportSlots} exports at a time in an account: ${slotsADay} a day at an hour each. The figure has those alone. \`config plan\` warns of the
others: their queue grows, and 1,000 copies that wait cost some $${formatUsd(waitingUsd)} a month, since each pass reads them.

## By item

Without copies, by number of databases:

${itemTable(at(0))}

With daily exports:

${itemTable(at(2))}

## How each figure is made

| item | US dollars | for | price page |
|---|--:|--:|---|
${Object.values(prices).map(priceRow).join('\n')}
| exports | about ${usdPerGiB} | a GB of snapshot | public reports; not promised by AWS |

The prices were compared in November 2026 with what guides of 2024 to 2026 quote from these pages; the pages themselves could not be reached.

**Counted by tests**, which fail when the product takes more:

- Ledger, write units: ${writeUnits.databaseDay} a database and day, ${writeUnits.copy} more with an export (or, at most, a native dump), ${writeUnits.watch} a watch, ${writeUnits.sweep} a sweep
  ([one ledger format](decisions/0006-one-ledger-format.md)). An alert that opens and ends takes 38 more.
  A tenant's share of a shared database takes ${writeUnits.shareDay} a day.
- Ledger, read units: ${readUnits.databaseDay} a database and day (most are the ${liveBackups} days on the report's page), ${readUnits.sweep} a sweep, ${readUnits.watch} a watch, ${readUnits.copyPass} a pass of the
  copy function, ${readUnits.shareDay} a share and day, ${readUnits.copy} an export, and ${readUnits.otherExport} more for each other one of that night.
- Ledger, bytes stored, with index entries and DynamoDB's own 100 bytes an item and entry: ${sizeOf('closedBackup')} a backup, ${sizeOf('day')} a day, both until
  they expire; ${sizeOf('database')} a database, ${sizeOf('share')} a share. ${liveBackups} snapshots of each are taken to be live. Point-in-time recovery counts the table without its global indexes.
- Metrics that alarms watch: ${alarmedMetrics.always}, and ${alarmedMetrics.whereCopying} more where anything is copied. An alarm on an expression is billed for each metric in it.
- Custom metrics are billed for the hours in which they are sent: ${metricsOf('sweep')} of the sweep in one hour a day; ${metricsOf('copy')} of copies always, and only where
  anything is copied.
- ${watchesADay} watches and one sweep a day; the functions' memory (${memoryGb.sweep} GB for the sweep, ${memoryGb.record} GB each for the others). Of one database: one
  backup a day, announced by ${eventsADay} events. One that is excluded counts like the others.

**From AWS's documentation**: Lambda polls the event queue five times side by side, 20 seconds each, message or not; an event takes ${requestsAnEvent}
requests more. DynamoDB asks for the key about once in five minutes for each of three functions. EventBridge's rules on
AWS's own events, and reading the stream, are free. Time of functions on x86_64 (\`-c architecture=x86_64\`) costs a quarter more.

**Assumed**, rather too high, since only AWS can measure it:

- Seconds of a call: watch ${assumed.seconds.watch}; sweep ${assumed.seconds.sweep}, and ${assumed.seconds.sweepOfDatabase} a database; record ${assumed.seconds.record}, with one event a call; copy ${assumed.seconds.copyPass}, and ${assumed.callsACopy} calls of ${assumed.seconds.copy} for each copy.
- ${grouped(assumed.logBytes)} bytes of logs a call. What CloudWatch stores of them for three months is not counted.

**Not included**: storage in S3 (copies, report, access logs); messages (SNS takes $2 for 100,000 e-mails, and SMS by
country); data transfer; AWS Backup; databases that enrol by tag, which no configuration foresees.
`;
}

function itemTable(examples: readonly Example[]): string {
  const rows = (examples[0]?.items ?? []).map(({ label, item }) => {
    const usd = examples.map(({ items }) => formatUsd(items.find((one) => one.item === item)?.usd ?? 0));
    return `| ${label} | ${usd.join(' | ')} |`;
  });
  const total = examples.map(({ monthlyUsd }) => `**${formatUsd(monthlyUsd)}**`);
  const head = examples.map(({ count, carried }) => `${grouped(count)}${carried ? '' : ' \\*'}`);
  return [
    `| item | ${head.join(' | ')} |`,
    `|---|${'--:|'.repeat(examples.length)}`,
    ...rows,
    `| **a month** | ${total.join(' | ')} |`,
  ].join('\n');
}

function priceRow({ label, usd, per, unit, page }: (typeof prices)[keyof typeof prices]): string {
  const price = usd.toLocaleString('en-US', { maximumSignificantDigits: 6 });
  return `| ${label} | ${price} | ${per === 1 ? unit : `${grouped(per)} ${unit}`} | [${page}](https://aws.amazon.com/${page}/) |`;
}

function metricsOf(fn: FunctionName): number {
  return Object.values(metrics).filter(({ emittedBy }) => emittedBy === fn).length;
}

function sizeOf(row: keyof typeof rowBytes): string {
  return grouped(rowBytes[row].table + rowBytes[row].globalIndexes);
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
