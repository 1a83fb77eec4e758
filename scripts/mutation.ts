/**
 * `npm run mutate -- shared/evaluation` changes the code of that folder (or file) in one small place after the other, and
 * runs the tests that reach it: a change that none of them notices survives. The score is the share that was noticed. What
 * survived is printed; the report with its source is in `.local/mutation/`. A second run repeats only what has changed.
 */
import { Stryker } from '@stryker-mutator/core';

/** The folders that are held to a score, each with the tests that are to notice a change in it. */
const testsOf: Readonly<Record<string, readonly string[]>> = {
  'shared/domain': [
    'shared/{domain,evaluation,reasons,read-model}/*',
    'shared/ledger/{memory,update}',
    'shared/copies/{steps,wanted}',
    'shared/notifications/messages',
    'cli/{commands,later,reading}',
  ],
  'shared/evaluation': ['shared/evaluation/*', 'scenarios/*', 'shared/sweep/{sweep,tag-changes,watch}'],
  'shared/recording': ['shared/recording/*', 'shared/evaluation/*'],
  'shared/copies': ['shared/copies/*'],
};

/** In percent of the changes. */
const leastScore = 85;

const reports = '.local/mutation';

async function mutate(target: string): Promise<void> {
  // Not by Stryker's `testFiles`: it then never runs a test with a change of what a module makes as it loads.
  process.env.MUTATION_TESTS = testFilesFor(target).join(' ');
  const name = target.replaceAll(/[^\w]+/g, '-');
  const file = `${reports}/${name}`;
  await new Stryker({
    mutate: [target.endsWith('.ts') ? target : `${target}/**/*.ts`],
    testRunner: 'vitest',
    plugins: ['@stryker-mutator/vitest-runner'],
    vitest: { configFile: 'scripts/mutation-vitest.ts' },
    coverageAnalysis: 'perTest',
    // Tests do not hold every sentence word by word.
    mutator: { excludedMutations: ['StringLiteral'] },
    concurrency: 1,
    incremental: true,
    incrementalFile: `${file}.incremental.json`,
    tempDirName: '.local/stryker',
    ignorePatterns: ['.local', 'cdk.out', 'coverage'],
    // Stryker reads it by TypeScript's API, which TypeScript 7 does not have. It needs none of its settings.
    tsconfigFile: 'none.json',
    disableTypeChecks: false,
    reporters: ['clear-text', 'progress-append-only', 'html', 'json'],
    clearTextReporter: { reportTests: false, logTests: false, allowColor: false },
    htmlReporter: { fileName: `${file}.html` },
    jsonReporter: { fileName: `${file}.json` },
    thresholds: { high: 100, low: leastScore, break: leastScore },
  }).runMutationTest();
}

/** A folder without a list is tested by the folder of the same name in `test/`. */
function testFilesFor(target: string): string[] {
  const [, names] = Object.entries(testsOf).find(([folder]) => target.startsWith(folder)) ?? [];
  return (names ?? [`${target}/*`]).map((name) => `test/${name}.test.ts`);
}

const targets = process.argv.slice(2);
for (const target of targets.length > 0 ? targets : Object.keys(testsOf)) await mutate(target);
