/**
 * `npm run sim` plays seeds and checks what must hold. It ends with 1 at the first seed that fails, with its story made small and
 * the command that plays it again. With `--minutes` it names each seed that fails, and goes on.
 */
import { Command, InvalidArgumentError } from 'commander';
import { playAccounts } from './accounts.ts';
import { live, type Outcome } from './life.ts';
import { fixedQuarters, quarterOf } from './quarter.ts';
import { fixedBlock, leastDueYears, onceFailed } from './seeds.ts';
import { shrink } from './shrink.ts';
import { type Story, storyOf, storyStart } from './story.ts';
import { playShared } from './tenancies.ts';
import { Sum } from './totals.ts';

// The SDK's advice on Node versions is no result.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

interface Options {
  readonly seed?: number;
  readonly seeds: number;
  readonly days?: number;
  readonly minutes?: number;
  readonly fixed?: boolean;
  readonly quarter?: boolean;
  readonly accounts?: boolean;
  readonly shared?: boolean;
  readonly databases: number;
  readonly shrink: boolean;
}

function whole(text: string): number {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

const program = new Command('npm run sim --')
  .description('Plays seeds of the simulation: fleets, faults and runs side by side, and what must hold.')
  .option('--seed <number>', 'the first seed; with it, and no other option, that seed alone is played twice', whole)
  .option('--seeds <number>', 'how many seeds', whole, 20)
  .option('--days <number>', 'days with faults in each seed; by default 3 to 6', whole)
  .option('--minutes <number>', 'go on with fresh seeds for this long', whole)
  .option('--fixed', 'the seeds that `npm test` plays: a block of ten years, and those that once failed')
  .option('--quarter', 'quarters of a mixed fleet instead; with --fixed those that `npm test` plays')
  .option('--accounts', 'months of a fleet in 20 accounts and Regions instead')
  .option('--shared', 'months of shared databases and their tenants instead')
  .option('--databases <number>', 'with --quarter: how many databases', whole, 30)
  .option('--no-shrink', 'print a failing story as it is')
  .action((options: Options) => simulate(options));

/** Plays months of many accounts and Regions, to the first that fails. */
async function simulateAccounts({ seed = 1, seeds, days = 30 }: Options): Promise<void> {
  const count = program.getOptionValueSource('seeds') === 'default' ? 1 : seeds;
  for (let n = 0; n < count; n += 1) {
    const { problem, ...outcome } = await playAccounts({ seed: seed + n, environments: 20, days });
    console.log(`seed ${seed + n} ${problem ? `fails in hour ${problem.hour}: ${problem.text}` : 'holds'}`, outcome);
    if (problem === undefined) continue;
    process.exitCode = 1;
    return;
  }
}

/** Plays months of shared databases, to the first that fails; three, without a number, have 10,000 messages to tenants. */
async function simulateShared({ seed = 1, seeds, days = 30 }: Options): Promise<void> {
  const count = program.getOptionValueSource('seeds') === 'default' ? 3 : seeds;
  let toTenants = 0;
  for (let n = 0; n < count && process.exitCode === undefined; n += 1) {
    const { problem, lines, ...outcome } = await playShared({ seed: seed + n, hosts: 16, days });
    console.log(`seed ${seed + n} ${problem ? `fails in hour ${problem.hour}: ${problem.text}` : 'holds'}`, outcome);
    toTenants += outcome.toTenants;
    if (problem === undefined) continue;
    console.log(lines.join('\n'));
    process.exitCode = 1;
  }
  console.log(`${count} seeds of ${days} days, ${toTenants} messages to tenants: none names another`);
}

async function simulate(options: Options): Promise<void> {
  if (options.accounts) return simulateAccounts(options);
  if (options.shared) return simulateShared(options);
  const { seed, minutes, days } = options;
  const alone =
    seed !== undefined &&
    !options.fixed &&
    minutes === undefined &&
    program.getOptionValueSource('seeds') === 'default';
  // Fresh seeds are those that nobody has played: from a number that the clock gives.
  const first = seed ?? (minutes === undefined ? 1 : Math.floor(Date.now() / 1_000) % 1_000_000_000);
  const until = minutes === undefined ? undefined : performance.now() + minutes * 60_000;
  const fixed = options.fixed ? (options.quarter ? fixedQuarters : [...onceFailed, ...fixedBlock]) : undefined;
  const count = alone ? 1 : (fixed?.length ?? options.seeds);
  const sum = new Sum();
  let stopped = false;
  process.once('SIGINT', () => {
    stopped = true;
  });
  for (let n = 0; !stopped && (until === undefined ? n < count : performance.now() < until); n += 1) {
    const played = fixed?.[n] ?? first + n;
    const story = options.quarter
      ? quarterOf(played, options.databases)
      : storyOf(played, days === undefined ? {} : { days });
    const outcome = await live(story);
    sum.add(outcome.totals);
    if (outcome.problem !== undefined) {
      process.exitCode = 1;
      if (until !== undefined) {
        const { database, expected, seen } = outcome.problem;
        console.log(`seed ${story.seed} fails: ${database}: expected ${expected}; seen: ${seen}`);
        continue;
      }
      console.log(await failureOf(story, outcome, options));
      break;
    }
    if (alone) {
      const again = await live(story);
      if (again.digest !== outcome.digest) {
        process.exitCode = 1;
        console.log(`seed ${story.seed} does not repeat itself: ${outcome.digest}, then ${again.digest}`);
        break;
      }
      console.log(`seed ${story.seed} holds, twice alike: ${outcome.digest}`);
    }
    if (until !== undefined && n % 100 === 99) console.log(`${sum.seeds} seeds, ${sum.dueYears.toFixed(0)} years`);
  }
  console.log(`seeds ${fixed ? fixed.slice(0, sum.seeds).join(', ') : `${first} to ${first + sum.seeds - 1}`}\n${sum}`);
  if (fixed && !options.quarter && process.exitCode === undefined && sum.dueYears < leastDueYears) {
    throw new Error(`the fixed block has ${sum.dueYears.toFixed(1)} years, and is to have ${leastDueYears}`);
  }
}

async function failureOf(
  story: Story,
  outcome: Outcome,
  { days, quarter, databases, shrink: isShrunk }: Options,
): Promise<string> {
  const more = quarter ? ` --quarter --databases ${databases}` : days === undefined ? '' : ` --days ${days}`;
  const command = `npm run sim -- --seed ${story.seed}${more}`;
  const small = isShrunk
    ? await shrink(story, outcome)
    : { story, outcome: await live(story, { trace: true }), tried: 0 };
  const { problem, lines } = small.outcome;
  if (problem === undefined) return `seed ${story.seed} failed, and did not when it was played again: ${command}`;
  const { happenings, faults } = small.story;
  return [
    `seed ${story.seed} fails; play it again by ${command}`,
    `(its story, made small in ${small.tried} tries: ${small.story.databases.length} databases, ${happenings.length} happenings, ${faults.length} faults)`,
    '',
    ...concerning(lines, problem.database),
    `${new Date(problem.at).toISOString()} ${problem.database}`,
    `  expected: ${problem.expected}`,
    `  seen:     ${problem.seen}`,
    '',
  ].join('\n');
}

/** Lines of a story that people read; the last of them, where there are many. */
const mostLines = 80;

function concerning(lines: readonly string[], database: string): readonly string[] {
  const shown =
    lines.length > mostLines
      ? lines.filter((line) => line.includes(database) || /: (killed|fail)|restored|begins/.test(line))
      : lines;
  const start = new Date(storyStart).toISOString();
  return [`${start} the story begins`, ...shown.slice(-mostLines)];
}

await program.parseAsync();
