import { formatUtc } from '../../shared/text.ts';
import { themes } from './index.ts';
import { play, type Scenario, t } from './scenario.ts';

/** The scenario table as a page for people, `docs/verdicts.md`: every reason is what the product really says. */
export function renderVerdicts(): string {
  const count = themes.reduce((sum, theme) => sum + theme.scenarios.length, 0);
  return [
    '# Verdicts: what is said of a database, when, and who is told',
    '',
    '<!-- Made by `npm run generate` from test/scenarios: change the scenarios, not this page. -->',
    '',
    `These ${count} cases are tests (\`test/scenarios/\`), and their reasons are the product's own words. Unless the situation`,
    'says otherwise, the database is an available instance with a retention of 7 days, the backup window 04:00-04:30 UTC,',
    'and point-in-time restore up to five minutes ago; the policy is 24 hours, 2 hours of grace, a reminder every 24 hours.',
    'Times are UTC.',
    '',
    'The column *Alert* says what a person hears at that moment: `open`, `remind`, `rise` and `resolve` with the severity',
    'of the alert, `silent` where an alert is open and nothing is told, `none` where none is open. A database that RDS has',
    "and nobody configured has no verdict: the sweep's report and the daily digest name it as unconfigured.",
    '',
    ...themes.flatMap(({ name, scenarios }) => [
      `## ${name}`,
      '',
      '| Situation | Judged at | Newest backup | Verdict | Severity | Alert | Reason |',
      '|---|---|---|---|---|---|---|',
      ...scenarios.map(rowOf),
      '',
    ]),
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function rowOf(scenario: Scenario): string {
  const { verdict, alert, newest } = play(scenario);
  const cells = [
    scenario.title,
    short(t(scenario.at)),
    newest === undefined ? '-' : short(newest),
    `**${verdict.name}**`,
    verdict.severity,
    alert,
    verdict.reason,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** `11-23 04:10`: the year is the same everywhere. */
function short(date: Date): string {
  return formatUtc(date).slice(5, 16);
}
