/** Runs the benchmarks, all or those named (`npm run bench copy`), and prints their tables with what they mean. */
import { coldStartBenchmark } from './cold-start.ts';
import { copyBenchmark } from './copy.ts';
import { ledgerBenchmark } from './ledger.ts';
import { outageBenchmark } from './outage.ts';
import { reportBenchmark } from './report.ts';
import { sweepBenchmark } from './sweep.ts';
import { textBenchmark } from './text.ts';
import { verifyBenchmark } from './verify.ts';

// The SDK's advice on Node versions is no result.
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';

interface Benchmark {
  readonly run: () => Promise<readonly object[]>;
  /** What is measured, and how to read the columns. */
  readonly about: string;
}

const benchmarks: Readonly<Record<string, Benchmark>> = {
  'cold-start': {
    run: coldStartBenchmark,
    about: `A function's cold start on Node 24: importing its bundle, and its first event (a backup to record, a watch with nothing due, no
copy that waits). Beside it \`import boto3\`, three clients and one call of each. Both on a stubbed transport; medians of 21 processes
each, in turn. "ofPython" is the whole beside that of Python; promised is at most 0.6.`,
  },
  copy: {
    run: copyBenchmark,
    about: `500 snapshots of one night through the account's five export slots, in simulated time, while events are lost, doubled
and late; on the bad day the bucket's policy is wrong for the first six hours. "lost" snapshots were never exported, "failed" copies
are tried no more; "utilisation" is the slots' busy time in percent of what all exports need.`,
  },
  ledger: {
    run: ledgerBenchmark,
    about: `What the commands "tenant" and "status" read, beside a Scan of the whole table. "readPerShown" is 2 where a row is found by its
key in an index and then read, and nothing is read that is not shown; "scanReadsTimes" and "scanTakesTimes" say how many times
as much a Scan reads, and how many times as long it takes. Full size counts items only; the smaller ledger is really written
on a local AWS and read there, median of five, in ms.`,
  },
  outage: {
    run: outageBenchmark,
    about: `A sweep that finds all databases overdue at once, on a DynamoDB with its documented limits (1,000 write units a second for each partition
key of the table and of each index, 4,000 for a new table), in simulated time: "waited" is what the sweep waits for DynamoDB, "computed"
what this machine computed for it, both in seconds and both counted against the 15 minutes; RDS and SNS answer at once. "as at first" is a ledger
whose lists are one partition each, whose throttled transactions are not repeated, and whose client has the SDK's default retries.
"notifiedTwice" and "neverNotified" are databases, by the sweep and the watch after it, which is to send nothing ("byNextWatch").`,
  },
  report: {
    run: reportBenchmark,
    about: `The report's page in Chromium: written, opened from a file until it is painted, and filtered; median of five, in ms.
Promised are less than 2,000 ms to open and 5,000 kB at 2,000 databases.`,
  },
  sweep: {
    run: sweepBenchmark,
    about: `The daily sweep of a fleet at rest beside the usual tutorial's loop, against simulated RDS over HTTP that takes 100 ms for each
call; and a fleet in 300 accounts, at 300 ms a call, where a role's credentials take as long and are not counted as calls of RDS. "fewestCalls" is what listing all of it takes in RDS's largest pages, of 100. "peakMB" is the memory of the whole process,
which has 1,024 in Lambda; at 100 databases it is mostly what Node, the SDK and the compiler of the benchmark take. It grows with the
snapshots, 0.7 kB each, since only a complete listing proves that one is gone, and with garbage, which Node collects the later the larger
the heap may be ("heapMB"): in 160 MB the same sweep takes less.`,
  },
  text: {
    run: textBenchmark,
    about: `Text from outside of 1 and 4 MB, of one hostile piece again and again, through what reads and renders it; the slowest piece of
each, the faster of two, in ms. "times" is how much longer four times as much takes: about 4 where the time is linear, and 16
where it is quadratic.`,
  },
  verify: {
    run: verifyBenchmark,
    about: `Verifying an export: its folder is listed, and its list of tables read. "peakMB" is the memory of the whole process, which
has 512 in Lambda; with no tables it is what Node, the SDK and the compiler of the benchmark take. "as one string" is the list alone.`,
  },
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => benchmarks[name] === undefined);
if (unknown.length > 0) {
  throw new Error(`no benchmark named ${unknown.join(', ')}; there are: ${Object.keys(benchmarks).join(', ')}`);
}
for (const [name, { run, about }] of Object.entries(benchmarks)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  console.log(`\n${name}\n${about}`);
  const started = performance.now();
  console.table(await run());
  console.log(`took ${Math.round((performance.now() - started) / 1000)} s`);
}
