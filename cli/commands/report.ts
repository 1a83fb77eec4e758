import { resolve } from 'node:path';
import { allMeaningsOf } from '../../shared/domain/index.ts';
import { readReportFacts, renderReport, reportSchema } from '../../shared/report/index.ts';
import { reportKey } from '../../shared/sweep/index.ts';
import type { Args } from '../args.ts';
import { answer, command } from '../command.ts';
import type { Dependencies } from '../dependencies.ts';
import { writeText } from '../files.ts';
import { fleetPlacesOf } from '../fleet-places.ts';
import { formatBytes, type Screen } from '../screen.ts';
import { UserError } from '../user-error.ts';

const defaultFile = 'rds-backup-ledger-report.html';

export const report = command({
  details:
    'One HTML file that needs no server and loads nothing. It shows the ledger as it is now; with --last, it is the page that the last sweep wrote to the report bucket.',
  options: [
    { flags: '--out <file>', description: `the file to write (default: ${defaultFile})` },
    { flags: '--days <number>', description: 'days in the calendar, 1 to 90 (default: 35)' },
    { flags: '--last', description: 'the page that the last sweep wrote' },
    { flags: '--open', description: 'open it in the browser' },
  ],
  examples: ['report --open', 'report --days 90 --out november.html'],
  json: {
    is: 'object',
    fields: {
      ...allMeaningsOf(reportSchema),
      '(with --out)': '`file` besides; with --last, it alone',
    },
  },
  run: async (deps, args) => {
    if (args.flag('last')) return opened(deps, args, await lastPage(deps), {});
    const deployed = await deps.ledger();
    const { ledger, table, account, region } = deployed;
    const { chosen: environments } = await fleetPlacesOf(deps, deployed);
    const days = args.whole('days', 35, [1, 90]);
    const facts = await readReportFacts(ledger, { ledger: table, account, region, environments }, days, deps.now());
    // With --json alone, print the facts and write no file.
    if (args.flag('json') && args.optional('out') === undefined) return answer(facts, () => {});
    return opened(deps, args, await renderReport(facts), facts);
  },
});

async function opened(deps: Dependencies, args: Args<'out', 'open'>, page: string, facts: object) {
  const file = resolve(args.optional('out') ?? defaultFile);
  await writeText(file, page);
  if (args.flag('open')) await deps.open(file);
  return answer({ ...facts, file }, (screen: Screen) => {
    screen.line(`${file}  ${screen.colours.dim(formatBytes(Buffer.byteLength(page)))}`);
  });
}

async function lastPage(deps: Dependencies): Promise<string> {
  const page = await (await deps.cloud()).report(reportKey);
  if (page !== undefined) return page;
  throw new UserError('No sweep has written a report yet: leave --last out to make one now, or run "sweep" first.');
}
