/** Runs the benchmarks, all or those named (`npm run bench copy`), and prints their tables. */
import { copyBenchmark } from './copy.ts';
import { ledgerBenchmark } from './ledger.ts';
import { reportBenchmark } from './report.ts';

const benchmarks: Record<string, () => Promise<readonly object[]>> = {
  copy: copyBenchmark,
  ledger: ledgerBenchmark,
  report: reportBenchmark,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => benchmarks[name] === undefined);
if (unknown.length > 0) {
  throw new Error(`no benchmark named ${unknown.join(', ')}; there are: ${Object.keys(benchmarks).join(', ')}`);
}
for (const [name, run] of Object.entries(benchmarks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}`);
  console.table(await run());
}
