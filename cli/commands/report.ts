import { resolve } from 'node:path';
import { allMeaningsOf } from '../../shared/domain/index.ts';
import { readReportFacts, renderReport, reportSchema } from '../../shared/report/index.ts';
import { reportKey } from '../../shared/sweep/index.ts';
import type { Args } from '../args.ts';
import { answer, type Command } from '../command.ts';
import { writeText } from '../files.ts';
import type { Parts } from '../parts.ts';
import { formatBytes, type Screen } from '../screen.ts';
import { UserError } from '../user-error.ts';

const defaultFile = 'rds-backup-ledger-report.html';

export const report: Command = {
  details:
    'One HTML file that needs no server and asks nobody for anything. It is made of what the ledger says now; with --last, it is the one that the last sweep put into the report bucket.',
  options: [
    { flags: '--out <file>', description: `where to (default: ${defaultFile})` },
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
  run: async (parts, args) => {
    if (args.flag('last')) return opened(parts, args, await lastPage(parts), {});
    const { ledger, table, account, region } = await parts.ledger();
    const days = args.whole('days', 35, [1, 90]);
    const facts = await readReportFacts(ledger, { ledger: table, account, region }, days, parts.now());
    // Whoever wants the facts alone is not given a file beside them.
    if (args.flag('json') && args.optional('out') === undefined) return answer(facts, () => {});
    return opened(parts, args, await renderReport(facts), facts);
  },
};

async function opened(parts: Parts, args: Args, page: string, facts: object) {
  const file = resolve(args.optional('out') ?? defaultFile);
  await writeText(file, page);
  if (args.flag('open')) await parts.open(file);
  return answer({ ...facts, file }, (screen: Screen) => {
    screen.line(`${file}  ${screen.colours.dim(formatBytes(Buffer.byteLength(page)))}`);
  });
}

async function lastPage(parts: Parts): Promise<string> {
  const page = await (await parts.cloud()).report(reportKey);
  if (page !== undefined) return page;
  throw new UserError('No sweep has written a report yet: leave --last out to make one now, or run "sweep" first.');
}
