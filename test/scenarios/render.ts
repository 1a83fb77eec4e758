import { formatUtc } from '../../shared/lib/time.ts';
import { themes } from './index.ts';
import { type PlayedRun, playRun, type RunScenario } from './run-scenario.ts';
import { runThemes } from './runs.ts';
import { play, type Scenario, t } from './scenario.ts';

/** The scenario table as a page for people, `docs/verdicts.md`: every reason is what the product really says. */
export async function renderVerdicts(): Promise<string> {
  const count = [...themes, ...runThemes].reduce((sum, theme) => sum + theme.scenarios.length, 0);
  const runs: string[] = [];
  for (const { name, scenarios } of runThemes) {
    runs.push(...tableOf(name, await Promise.all(scenarios.map(rowOfRun))));
  }
  return [
    '# Verdicts: what is said of a database, when, and who is notified',
    '',
    '<!-- Made by `npm run generate` from test/scenarios: change the scenarios, not this page. -->',
    '',
    `These ${count} cases are tests (\`test/scenarios/\`), and their reasons are the product's own words. Unless the situation`,
    'says otherwise, the database is an available instance with a retention of 7 days, the backup window 04:00-04:30 UTC,',
    'and point-in-time restore up to five minutes ago; the policy is 24 hours, 2 hours of grace, a reminder every 24 hours.',
    'Times are UTC.',
    '',
    'The column *Cause* has the code that explains verdict and severity, and after each plus that of a note, which says what',
    'else a person should know. [Causes](causes.md) lists all codes with their facts. The reason is made from them whenever',
    'it is shown: here for operators, at the moment of the evaluation.',
    '',
    'The column *Alert* says what people are notified of at that moment: `open`, `remind`, `rise` and `resolve` with the',
    'severity of the alert, `silent` where an alert is open and nobody is notified, `none` where none is open. A database',
    "that RDS has and nobody configured has no verdict: the sweep's report and the daily digest name it as unconfigured.",
    '',
    `The cases from *${runThemes[0]?.name}* on are runs, or events, over several databases or none. Where nobody watches the`,
    'database, *Cause* has the code of what the daily digest says of it, or of the end of its alert; where a case is about a',
    'tenant, it has the kind of the [message](messages.md).',
    '',
    ...themes.flatMap(({ name, scenarios }) => tableOf(name, scenarios.map(rowOf))),
    ...runs,
  ]
    .join('\n')
    .trimEnd()
    .concat('\n');
}

function tableOf(name: string, rows: readonly string[]): string[] {
  return [
    `## ${name}`,
    '',
    '| Situation | Evaluated at | Newest backup | Verdict | Severity | Cause | Alert | Reason |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ];
}

function rowOf(scenario: Scenario): string {
  const { evaluation, ...played } = play(scenario);
  const { verdict, severity, cause, notes } = evaluation;
  const codes = { cause: cause?.code ?? null, notes: notes.map(({ code }) => code) };
  return line(scenario.title, { ...played, ...codes, at: t(scenario.at), verdict, severity });
}

async function rowOfRun(scenario: RunScenario): Promise<string> {
  return line(scenario.title, await playRun(scenario));
}

function line(title: string, { at, newest, verdict, severity, cause, notes, alert, reason }: PlayedRun): string {
  const cells = [
    title,
    short(at),
    newest === undefined ? '-' : short(newest),
    verdict === null ? '-' : `**${verdict}**`,
    severity,
    [cause ?? '-', ...notes.map((code) => `+ ${code}`)].join(' '),
    alert,
    reason,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** `11-23 04:10`: the year is the same everywhere. */
function short(date: Date): string {
  return formatUtc(date).slice(5, 16);
}
