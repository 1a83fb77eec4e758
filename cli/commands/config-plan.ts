import { type Fleet, parseConfig, regionsWithoutExports, sharedWithoutTenant } from '../../shared/config/index.ts';
import { type Capacity, capacityOf, capacityWarnings, observe, usdPerGiB } from '../../shared/copies/index.ts';
import { formatUsd, type MonthlyCost, monthlyCost, pricesAsOf, pricesRegion } from '../../shared/cost/index.ts';
import { environmentText, ownerText } from '../../shared/domain/index.ts';
import { dateAfter, dateOf } from '../../shared/lib/dates.ts';
import { collect } from '../../shared/lib/iterables.ts';
import { copySentenceOf, type Reader } from '../../shared/reasons/index.ts';
import { answer, command } from '../command.ts';
import { configWhere, defaultConfig, whereOptions } from '../config-file.ts';
import type { Dependencies } from '../dependencies.ts';
import { environmentCounts, environmentCountsMeaning, printEnvironments } from '../environment-counts.ts';
import { readText } from '../files.ts';
import { plural, type Screen } from '../screen.ts';

/** Days of ended exports that durations and sizes are taken from. */
const observedDays = 7;

export const configPlan = command({
  details:
    'It needs no AWS. It ends with what a month costs, by item (docs/cost.md). With --observed, durations, attempts and sizes of exports are those of the last week in the deployed ledger, failed ones included, and the price of copies can be estimated, except for Aurora: RDS does not state the size of its snapshots.',
  arguments: [{ name: '[file]', description: `the configuration (default: ${defaultConfig})` }],
  options: [...whereOptions, { flags: '--observed', description: 'measure past exports in the deployed ledger' }],
  examples: ['config plan', 'config plan config/production.json --observed'],
  json: {
    is: 'object',
    fields: {
      file: 'the file',
      tenants: 'number of tenants',
      databases:
        'number of databases, with those that are `excluded`; a shared one is one, whatever the number of its tenants',
      sharedDatabases: 'those that hold several tenants: `database`, `account`, `region`, `tenants` (how many)',
      environments: environmentCountsMeaning,
      excluded: 'databases that are not watched: `database`, `tenant`, `account`, `region`, `reason`',
      recipients: 'addresses that are notified, each counted once: `operators`, `tenants`',
      buckets: 'names of buckets: those that the stacks create (`made`), and those that must exist (`existing`)',
      copies:
        '`exportsADay`, `exportsAMonth`, `hoursEach` (of an attempt), `attemptsEach`, `measured`, `slotsCarryADay`, `load` (of the fullest environment; above 1 its queue grows for ever), `environments` (`account`, `region`, `accountName` where it has one, and its own `exportsADay`, `slotsCarryADay` and `load`); with --observed `monthlyUsd` (about, without the following) and `unpricedAMonth`, exports whose price is not known, since RDS does not state the size of their snapshots',
      copiesByMode: 'databases by copy mode',
      cost: `what a month costs by list prices of ${pricesRegion}, free tiers not deducted: \`pricesAsOf\`, \`items\` (\`item\`, \`label\`, \`quantity\` a month, \`unit\`, \`usd\`), \`monthlyUsd\` in the first year, \`secondYearMonthlyUsd\`, \`laterMonthlyUsd\`, and \`notIncluded\`, as phrases`,
      notCopied:
        'databases whose copies cannot be made: `database`, `tenant`, `account`, `region`, `reason`, `cause` (`code`, `facts`)',
      warnings: 'decisions to make, as sentences',
    },
  },
  run: async (deps, args) => {
    const file = args.optional('file') ?? defaultConfig;
    const fleet = parseConfig(await readText(file), { ...configWhere(deps, args), name: file });
    const observed = args.flag('observed') ? await observedIn(deps) : undefined;
    const facts = planOf(file, fleet, capacityOf(fleet, observed), { now: deps.now(), audience: 'operators' });
    return answer(facts, (screen) => print(facts, screen));
  },
});

async function observedIn(deps: Dependencies) {
  const { ledger } = await deps.ledger();
  const today = dateOf(deps.now());
  const days = Array.from({ length: observedDays }, (_, back) => dateAfter(today, -back));
  const backups = await Promise.all(days.map((day) => collect(ledger.backupsOfDay(day))));
  return observe(backups.flat());
}

function planOf(file: string, fleet: Fleet, capacity: Capacity, reader: Reader) {
  const { databases } = fleet;
  const made = fleet.environments.flatMap(({ stackBuckets }) => stackBuckets);
  const addresses = (recipients: readonly object[]) => new Set(recipients.map((one) => JSON.stringify(one))).size;
  const targets = new Set(databases.filter(({ copy }) => copy.mode !== 'none').map(({ target }) => target.bucket));
  const modes = { export: 0, object: 0, none: 0 };
  for (const { copy } of databases) modes[copy.mode] += 1;
  const named = ({ id, tenant, account, region }: Fleet['databases'][number], reason: string) => ({
    database: id,
    tenant,
    account,
    region,
    reason,
  });
  return {
    file,
    tenants: fleet.tenants.length,
    databases: databases.length,
    sharedDatabases: databases.flatMap(({ id, account, region, tenants }) =>
      tenants ? [{ database: id, account, region, tenants: tenants.length }] : [],
    ),
    environments: environmentCounts(fleet),
    excluded: databases.flatMap((one) => (one.excluded === undefined ? [] : [named(one, one.excluded)])),
    recipients: {
      operators: addresses(fleet.operators),
      tenants: addresses(fleet.tenants.flatMap(({ recipients }) => recipients)),
    },
    buckets: { made, existing: [...targets].filter((bucket) => !made.includes(bucket)).sort() },
    copies: capacity,
    copiesByMode: modes,
    cost: { pricesAsOf, ...monthlyCost(fleet, capacity) },
    notCopied: databases.flatMap((one) => {
      const { copySkipped: cause } = one;
      return cause === undefined ? [] : [{ ...named(one, copySentenceOf(cause, reader)), cause }];
    }),
    warnings: [...capacityWarnings(capacity), ...sharedWithoutTenant(fleet), ...regionsWithoutExports(fleet)],
  };
}

/** Shared databases that are shown; JSON has them all. */
const sharedShown = 10;

/** The price of exports, as far as sizes are known. */
function priceOf({ monthlyUsd, unpricedAMonth }: Capacity): string {
  if (unpricedAMonth === undefined) {
    return `about ${usdPerGiB} US dollars a GB of snapshot; --observed estimates it from past exports`;
  }
  const unpriced = Math.round(unpricedAMonth);
  const unknown = `${plural(unpriced, 'export')} a month of unknown size (RDS states none for Aurora's snapshots)`;
  if (monthlyUsd === undefined) return `unknown: ${unknown}, at about ${usdPerGiB} US dollars a GB of snapshot`;
  const known = `about ${Math.round(monthlyUsd)} US dollars a month (${usdPerGiB} a GB of snapshot)`;
  return unpriced === 0 ? known : `${known}, without ${unknown}`;
}

/** Environments whose slots are shown; the fullest are. */
const mostShown = 10;

/** How full the slots are: of each environment that exports, where there are several. */
function slotsOf({ environments, slotsCarryADay, load }: Capacity): readonly string[] {
  const taken = (share: number) => `taken for ${Math.round(share * 100)} % of the time`;
  if (environments.length === 1) return [`carry ${rounded(slotsCarryADay)} a day: ${taken(load)}`];
  const exporting = environments.filter(({ exportsADay }) => exportsADay > 0).sort((a, b) => b.load - a.load);
  const shown = exporting
    .slice(0, mostShown)
    .map(
      (one) =>
        `${environmentText(one)}: ${rounded(one.exportsADay)} of ${rounded(one.slotsCarryADay)} a day, ${taken(one.load)}`,
    );
  const more = exporting.length - shown.length;
  if (exporting.length === 0) return ['none taken'];
  return more > 0 ? [...shown, `${more} more, less full`] : shown;
}

function rounded(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function print(plan: ReturnType<typeof planOf>, screen: Screen): void {
  const { bold, yellow, dim } = screen.colours;
  const { copies, copiesByMode, buckets, recipients } = plan;
  screen.line(bold(`What ${plan.file} asks for`));
  const duration = copies.hoursEach < 1 ? `${Math.ceil(copies.hoursEach * 60)} min` : `${rounded(copies.hoursEach)} h`;
  const attempts = copies.attemptsEach > 1 ? ` and ${rounded(copies.attemptsEach)} attempts` : '';
  const each = `${duration}${attempts} each (${copies.measured ? 'as measured in the last week, failed ones included' : 'assumed: copies.assumedHours'})`;
  screen.pairs([
    ['watched', `${plural(plan.databases - plan.excluded.length, 'database')} of ${plural(plan.tenants, 'tenant')}`],
    ...plan.sharedDatabases
      .slice(0, sharedShown)
      .map(({ database, tenants }, index): [string, string] => [
        index === 0 ? 'shared' : '',
        `${database} by ${plural(tenants, 'tenant')}`,
      ]),
    ...(plan.sharedDatabases.length > sharedShown
      ? ([['', `and ${plan.sharedDatabases.length - sharedShown} more`]] as const)
      : []),
    ['notified', `${plural(recipients.operators, 'operator')}, ${plural(recipients.tenants, 'recipient')} of tenants`],
    ['buckets made', buckets.made.length === 0 ? 'none' : screen.stacked(...buckets.made)],
    ...(buckets.existing.length > 0 ? ([['buckets needed', screen.stacked(...buckets.existing)]] as const) : []),
    [
      'copies',
      `${copiesByMode.export} by export, ${copiesByMode.object} of native dumps, ${copiesByMode.none} not copied`,
    ],
    ['exports', `${rounded(copies.exportsADay)} a day, ${rounded(copies.exportsAMonth)} a month, ${each}`],
    ['slots', screen.stacked(...slotsOf(copies))],
    ['price of exports', priceOf(copies)],
  ]);
  printEnvironments(screen, plan.environments);
  for (const { database, tenant, reason } of plan.excluded) {
    screen.line(dim(`not watched: ${ownerText(tenant)} / ${database}: ${reason}`), '  ');
  }
  for (const { database, tenant, reason } of plan.notCopied) {
    screen.line(yellow(`not copied: ${ownerText(tenant)} / ${database}: ${reason}`), '  ');
  }
  for (const warning of plan.warnings) screen.line(yellow(warning), '  ');
  printCost(plan.cost, screen);
}

function printCost(cost: MonthlyCost, screen: Screen): void {
  const { bold, dim } = screen.colours;
  const { monthlyUsd, secondYearMonthlyUsd, laterMonthlyUsd } = cost;
  screen.heading(`About ${formatUsd(monthlyUsd)} US dollars a month`);
  screen.table(
    [
      { title: 'item', holds: 'words' },
      { title: 'quantity', align: 'right' },
      { title: 'unit', holds: 'words' },
      { title: 'US dollars', align: 'right' },
    ],
    [
      ...cost.items.map(({ label, quantity, unit, usd }) => [label, formatQuantity(quantity), unit, formatUsd(usd)]),
      [bold('a month, in the first year'), '', '', bold(formatUsd(monthlyUsd))],
      ['in the second year', '', '', formatUsd(secondYearMonthlyUsd)],
      ['later', '', '', formatUsd(laterMonthlyUsd)],
    ],
  );
  screen.line(
    dim(
      `List prices of ${pricesRegion}, ${pricesAsOf}, free tiers not deducted; docs/cost.md says how each figure is made. Not included: ${cost.notIncluded.join('; ')}.`,
    ),
  );
}

/** Three significant digits at least: a few megabytes are not 0 GB. */
function formatQuantity(quantity: number): string {
  const digits = quantity >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 };
  return quantity.toLocaleString('en-US', digits);
}
