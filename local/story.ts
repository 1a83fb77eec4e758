/** The story that `npm start` plays: a fleet, a night of backups, what the ledger knows of it, and who is notified. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import Table from 'cli-table3';
import wrapAnsi from 'wrap-ansi';
import {
  type Backup,
  backupIdOf,
  type Environment,
  environmentOf,
  formatBackupId,
  isActive,
  ownerText,
  sameEnvironment,
} from '../shared/domain/index.ts';
import { dynamoLedger, type Ledger } from '../shared/ledger/index.ts';
import { formatAge, formatUtc, hourMs } from '../shared/lib/time.ts';
import { copyReasonOf } from '../shared/reasons/index.ts';
import type { SweepReport } from '../shared/sweep/index.ts';
import { shellSettings } from './aws/environment.ts';
import { localEnvironment } from './aws/local-aws.ts';
import { readOutbox, type Sent } from './aws/outbox.ts';
import {
  exampleConfiguration,
  exampleSpokes,
  growExampleFleet,
  liveThroughTheNight,
  type Moments,
  momentsBefore,
  sharedExample,
} from './example-fleet.ts';
import { followClock } from './rds/server.ts';
import { refuseReader } from './refusal.ts';
import { openStage, type Stage } from './stage.ts';
import { say } from './terminal.ts';

/** How long the story waits for something to happen before it says that it did not. */
const patienceMs = 60_000;

export interface PlayOptions {
  /** Ends with the story, instead of staying up. */
  readonly once: boolean;
  /** Of the local AWS. Default: a free one. */
  readonly port?: number;
  /** Breaks the story off; whatever it started is ended before this throws. */
  readonly signal: AbortSignal;
}

/** Plays the story. Returns the exit code: 0 only if everything happened as expected. */
export async function play({ once, port, signal }: PlayOptions): Promise<number> {
  say.title(
    'rds-backup-ledger',
    'Does every tenant have a fresh backup, where is each backup, and who was notified when one was missing?\n' +
      'Everything below happens on this machine: the real stack on a local AWS, with a simulated RDS.',
  );
  const moments = momentsBefore(new Date());
  say.step('Starting a local AWS (no account, no Docker)');
  const stage = await openStage({
    from: moments.start,
    spokes: exampleSpokes,
    // A few seconds an export, so that the story does not last the night.
    simulator: { exportMinutes: () => 0.15 },
    progress: say.progress,
    signal,
    ...(port !== undefined && { port }),
  });
  try {
    const met = await Promise.race([tellStory(stage, moments), aborted(signal)]);
    if (!once) await stay(stage, signal);
    return met ? 0 : 1;
  } finally {
    if (signal.aborted) say.line('Ending.');
    await stage.close();
  }
}

/** The story itself; whether everything happened as expected. */
async function tellStory(stage: Stage, moments: Moments): Promise<boolean> {
  let stopClock = () => {};
  try {
    say.line(`It answers at ${stage.aws.endpoint}, with TLS and with IAM enforced.`);
    say.step('Deploying the stack, and spokes in two other accounts, with the real cdk bootstrap and cdk deploy');
    const config = join(stage.aws.folder, 'config.json');
    await writeFile(config, JSON.stringify(await exampleConfiguration(moments)));
    const outputs = await stage.deploy({ config });
    say.block(
      Object.entries(outputs)
        .map(([name, value]) => `${name.padEnd(26)} ${value}`)
        .join('\n'),
    );
    const ledger = dynamoLedger(new DynamoDBClient(stage.client), outputs.LedgerTableName ?? '', () => new Date());
    const sweep = sweeper(stage, outputs.SweepFunctionName ?? '');

    say.step(
      'Meeting the fleet: 8 databases of config/example.json, one that three tenants share, one that nobody configured, and two in other accounts',
    );
    const elsewhere = stage.spokes.map(({ rds }) => rds);
    await growExampleFleet(stage.rds, elsewhere, moments);
    say.block(fleetTable(stage));

    say.step(`The first sweep, as of ${formatUtc(moments.firstSweep)}: what was there before is recorded, not copied`);
    const baseline = await sweep({ at: moments.firstSweep.toISOString(), dryRun: false });
    say.line(
      `${sum(baseline.counts)} databases evaluated; ${baseline.eventsMissed} events missed; ${baseline.alerts.opened} alerts opened.`,
    );

    say.step(`A night of backups: windows open at ${formatUtc(moments.night)}`);
    stage.announcing = true;
    await liveThroughTheNight(stage.rds, elsewhere, moments);
    stopClock = followClocks(stage);
    say.line('Each event on the bus becomes a row of the ledger; spokes forward theirs to the bus of the ledger:');
    const recorded = await watchBackupsArrive(ledger, moments.firstSweep);

    say.step('The daily sweep: configuration, ledger and RDS held against each other');
    const sentBefore = (await readOutbox(stage.aws)).length;
    const report = await sweep({});
    say.block(verdictTable(report));
    say.line(
      `${report.eventsMissed} backup was made whose event never came; the sweep has recorded it. ` +
        `Alerts: ${report.alerts.opened} opened, ${report.alerts.reminded} reminded, ${report.alerts.resolved} resolved.`,
    );
    say.line(
      `RDS calls: ${Object.entries(report.apiCalls)
        .map(([call, times]) => `${times} ${call}`)
        .join(', ')}.`,
    );
    say.line(`In RDS, but in no tenant's configuration: ${report.unconfigured.join(', ')}.`);

    say.step('What people get');
    const sent = (await readOutbox(stage.aws)).slice(sentBefore);
    showMessages(sent);

    say.step('Copies of the backups to the databases’ buckets (Parquet, by RDS export tasks)');
    const copies = await watchCopiesEnd(ledger, moments.firstSweep);

    const refusal = await refuseOneSpoke(stage, outputs.SweepFunctionName ?? '', sweep);

    return checkExpectations({ recorded, report, sent, copies, baseline, refusal });
  } finally {
    stopClock();
  }
}

/** Invokes the sweep function as the schedule does, and gives its report. */
function sweeper(stage: Stage, name: string): (request: object) => Promise<SweepReport> {
  const lambda = new LambdaClient(stage.client);
  return async (request) => {
    const answer = await lambda.send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(request) }));
    const payload = answer.Payload?.transformToString() ?? '';
    if (answer.FunctionError) throw new Error(`the sweep function failed: ${payload}`);
    return JSON.parse(payload) as SweepReport;
  };
}

/** What the sweep makes of a spoke whose role is refused, and once it is not any more. */
interface Refusal {
  readonly refused: SweepReport;
  readonly restored: SweepReport;
  readonly sent: readonly Sent[];
}

async function refuseOneSpoke(
  stage: Stage,
  sweepFunction: string,
  sweep: (request: object) => Promise<SweepReport>,
): Promise<Refusal> {
  const [spoke] = stage.spokes;
  if (spoke === undefined) throw new Error('the stage has no spoke');
  say.step(`Account ${spoke.account} refuses the ledger its role; all others are checked as ever`);
  const sentBefore = (await readOutbox(stage.aws)).length;
  const trustAgain = await refuseReader(stage, spoke, sweepFunction);
  const refused = await sweep({});
  say.block(environmentTable(refused));
  const open = (await readOutbox(stage.aws)).slice(sentBefore);
  showMessages(open);
  await trustAgain();
  const restored = await sweep({});
  const sent = (await readOutbox(stage.aws)).slice(sentBefore);
  say.line();
  say.line('Once the role trusts the ledger again, the next sweep says so:');
  for (const { to, subject } of sent.slice(open.length)) say.line(`E-mail to ${to}: ${subject}`);
  return { refused, restored, sent };
}

function environmentTable({ environments, databases }: SweepReport): string {
  const rows = environments.map((environment) => {
    const verdicts = databases.filter((row) => sameEnvironment(row, environment)).map(({ verdict }) => verdict);
    const counts = [...new Set(verdicts)].map((one) => `${verdicts.filter((other) => other === one).length} ${one}`);
    return [`${environment.account}, ${environment.region}`, environment.complete ? 'yes' : 'no', counts.join(', ')];
  });
  return table(['account, Region', 'read', 'databases'], rows, [26, 6, 56]);
}

function showMessages(sent: readonly Sent[]): void {
  for (const message of byText(sent)) {
    say.line();
    say.line(`${message.protocol === 'sms' ? 'SMS' : 'E-mail'} to ${message.to.join(', ')}`);
    say.quote(message.protocol === 'sms' ? message.text : `Subject: ${message.subject}\n\n${message.text}`);
  }
}

function fleetTable(stage: Stage): string {
  const rows = [stage, ...stage.spokes].map(({ account, region, rds }) =>
    rds
      .databases()
      .filter((database) => database.memberOf === undefined)
      .map((database) => [
        `${database.id}${placeBelow({ account, region })}`,
        database.kind,
        database.engine,
        database.status,
        database.retention === 0 ? 'disabled' : `${database.retention} days`,
        String(rds.snapshots(database).length),
      ])
      .sort(),
  );
  return table(['database', 'kind', 'engine', 'status', 'retention', 'snapshots'], rows.flat());
}

/** As wide as a terminal of 100 columns: what belongs together stands one above the other. */
function verdictTable(report: SweepReport): string {
  const rank = { critical: 0, warning: 1, info: 2 };
  const rows = report.databases
    .toSorted((a, b) => rank[a.severity] - rank[b.severity] || a.tenant.localeCompare(b.tenant))
    .map((row) => [
      `${ownerText(row.tenant)}\n  ${row.database}${placeBelow(row)}`,
      `${row.verdict}\n  ${row.severity}`,
      row.newestBackup ? formatAge(Date.parse(report.at) - Date.parse(row.newestBackup.time)) : 'none',
      row.reason,
    ]);
  return table(['tenant, database', 'verdict', 'backup’s age', 'reason'], rows, [20, 13, 14, 41]);
}

function table(head: string[], rows: string[][], colWidths?: number[]): string {
  const made = new Table({
    head,
    ...(colWidths && { colWidths, wordWrap: true }),
    style: { head: [], border: [], compact: true },
  });
  made.push(...rows);
  return made.toString();
}

/** Prints the night's rows as they appear in the ledger, until no more come. */
async function watchBackupsArrive(ledger: Ledger, since: Date): Promise<Backup[]> {
  const seen = new Map<string, Backup>();
  await until(async () => {
    for (const backup of await backupsSince(ledger, since)) {
      if (seen.has(idText(backup))) continue;
      seen.set(idText(backup), backup);
      const tenant = backup.tenant === undefined ? '(nobody’s)' : ownerText(backup.tenant);
      say.line(
        `  ${tenant.padEnd(10)} ${backup.databaseId.padEnd(17)} ${backup.id.padEnd(42)} copy: ${backup.copy.state}`,
      );
      const environment = environmentOf(backup.database);
      if (isElsewhere(environment)) say.line(`${' '.repeat(31)}from ${environment.account}, ${environment.region}`);
    }
    return seen.size >= expectedEvents.length;
  });
  return [...seen.values()];
}

/** Prints each copy's way through its states, until all have ended. */
async function watchCopiesEnd(ledger: Ledger, since: Date): Promise<Backup[]> {
  const states = new Map<string, string>();
  let backups: Backup[] = [];
  await until(async () => {
    backups = (await backupsSince(ledger, since)).filter(({ copy }) => copy.state !== 'none');
    for (const backup of backups) {
      const { databaseId, copy } = backup;
      if (states.get(idText(backup)) === copy.state) continue;
      states.set(idText(backup), copy.state);
      const where =
        copy.state === 'complete' ? `${copy.objects} objects in s3://${copy.bucket}/${copy.prefix ?? ''}` : '';
      say.line(`  ${databaseId.padEnd(17)} ${copy.state}`);
      const reason = copyReasonOf(copy, { now: new Date(), audience: 'operators' }) ?? '';
      for (const more of [where, reason]) if (more) say.block(wrapAnsi(more, 72).replace(/^/gm, ' '.repeat(20)));
    }
    return backups.every(({ copy }) => !isActive(copy.state));
  });
  return backups;
}

function idText(backup: Backup): string {
  return formatBackupId(backupIdOf(backup));
}

async function backupsSince(ledger: Ledger, since: Date): Promise<Backup[]> {
  const backups: Backup[] = [];
  for (let day = since.getTime(); day <= Date.now() + 24 * hourMs; day += 24 * hourMs) {
    for await (const backup of ledger.backupsOfDay(new Date(day).toISOString().slice(0, 10))) backups.push(backup);
  }
  return backups.filter(({ createdAt }) => createdAt > since);
}

/** Databases whose nightly backup an event announces. */
const expectedEvents = [
  'acme-billing',
  'acme-orders',
  'hooli-trial',
  'initech-reports',
  'initech-sandbox',
  sharedExample,
  'stark-orders',
  'wayne-orders',
];

/** What the daily sweep must find. */
const expectedVerdicts: Readonly<Record<string, string>> = {
  'acme: acme-billing': 'protected info',
  'acme: acme-orders': 'protected info',
  'cyberdyne: pool-1': 'protected info',
  'globex: globex-archive': 'overdue warning',
  'globex: globex-shop': 'protected info',
  'initech: initech-crm': 'overdue critical',
  'initech: initech-reports': 'protected info',
  'initech: initech-sandbox': 'excluded info',
  'shared:pool-1: pool-1': 'protected info',
  'soylent: pool-1': 'protected info',
  'stark: stark-orders': 'protected info',
  'tyrell: pool-1': 'new info',
  'umbrella: umbrella-lab': 'disabled critical',
  'wayne: wayne-orders': 'protected info',
};

/** What a row of the sweep's answer is about. */
function rowName({ tenant, database }: SweepReport['databases'][number]): string {
  return `${tenant}: ${database}`;
}

/** Databases whose backup of the night must be complete in S3. */
const expectedCopies = ['acme-billing', 'acme-orders', 'globex-shop', sharedExample, 'wayne-orders'];

interface Happened {
  readonly recorded: readonly Backup[];
  readonly report: SweepReport;
  readonly baseline: SweepReport;
  readonly sent: readonly Sent[];
  readonly copies: readonly Backup[];
  readonly refusal: Refusal;
}

function checkExpectations({ recorded, report, baseline, sent, copies, refusal }: Happened): boolean {
  say.step('Was that what had to happen?');
  const complete = copies.filter(({ copy }) => copy.state === 'complete').map(({ databaseId }) => databaseId);
  const wrong = report.databases.filter((row) => expectedVerdicts[rowName(row)] !== `${row.verdict} ${row.severity}`);
  const [, wayne] = exampleSpokes;
  const fromWayne = copies.find(({ databaseId }) => databaseId === 'wayne-orders');
  const changed = refusal.refused.databases.filter(
    (row) => !expectedVerdicts[rowName(row)]?.startsWith(`${row.verdict} `),
  );
  const checks: [string, boolean][] = [
    [
      'each announced backup is in the ledger, once',
      same(
        recorded.map(({ databaseId }) => databaseId),
        expectedEvents,
      ),
    ],
    [
      'the backup whose event was lost was found by the sweep',
      report.eventsMissed === 1 && baseline.eventsMissed === 0,
    ],
    [
      `each database has its verdict${wrong.map((row) => `; ${rowName(row)} is ${row.verdict} ${row.severity}`).join('')}`,
      wrong.length === 0 && report.databases.length === Object.keys(expectedVerdicts).length,
    ],
    ['initech was notified of the silently skipped backup', sent.some(({ to }) => to === 'it@initech.example.com')],
    [
      'each tenant of the shared database has its own verdict; that of this morning waits for its first backup',
      report.databases.filter(({ database }) => database === sharedExample).length === 4,
    ],
    ['nobody at acme was notified', !sent.some(({ to }) => to.includes('acme') || to.startsWith('+'))],
    ['the copies wanted are complete, and nothing else was copied', same(complete, expectedCopies)],
    [
      'that of the other Region lies in a bucket there',
      fromWayne?.copy.bucket === `rds-backup-ledger-wayne-orders-${wayne.account}-${wayne.region}`,
    ],
    ['the sweep came to its end without errors', report.complete && report.errors.length === 0],
    [
      'what one account refused made its own database unknown, and no other',
      !refusal.refused.complete &&
        same(
          changed.map(({ database, verdict }) => `${database} ${verdict}`),
          ['stark-orders unknown'],
        ),
    ],
    [
      'operators alone were notified of it, once, and once when it was over',
      refusal.restored.complete &&
        same(
          refusal.sent.map(({ to }) => to),
          Array(2).fill('operators@example.com'),
        ),
    ],
  ];
  for (const [what, met] of checks) say.expected(what, met);
  return checks.every(([, met]) => met);
}

/** Stays up for trying things, until Ctrl-C. */
async function stay(stage: Stage, signal: AbortSignal): Promise<void> {
  // It stays when the local AWS ends: a terminal that gets its settings then must not keep those of the user's account.
  await writeFile(settingsPath, shellSettings(stage.aws));
  say.step('Try it: the local AWS stays up until Ctrl-C. In another terminal (sh, bash, zsh):');
  say.block(
    [
      `source ${settingsPath}`,
      'npm run ledger -- status',
      'npm run ledger -- database initech-crm',
      'npm run ledger -- alerts --open',
    ].join('\n'),
  );
  const stopClock = followClocks(stage);
  await aborted(signal).catch(() => undefined);
  stopClock();
}

const settingsPath = '.local/env';

function followClocks(stage: Stage): () => void {
  const stops = [stage, ...stage.spokes].map(({ rds }) => followClock(rds, { everyMs: 500 }));
  return () => {
    for (const stop of stops) stop();
  };
}

/** Account and Region on lines below a name, where they are not those of the stack. */
function placeBelow(environment: Environment): string {
  return isElsewhere(environment) ? `\n  ${environment.account}\n  ${environment.region}` : '';
}

function isElsewhere(environment: Environment): boolean {
  return !sameEnvironment(environment, localEnvironment);
}

/** Rejects once the story is broken off. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const end = () => reject(signal.reason);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}

function byText(sent: readonly Sent[]): (Omit<Sent, 'to'> & { to: string[] })[] {
  const messages = new Map<string, Omit<Sent, 'to'> & { to: string[] }>();
  for (const { to, ...message } of sent) {
    const known = messages.get(message.text);
    if (known) known.to.push(to);
    else messages.set(message.text, { ...message, to: [to] });
  }
  return [...messages.values()];
}

async function until(done: () => Promise<boolean>): Promise<void> {
  const patience = AbortSignal.timeout(patienceMs);
  while (!(await done()) && !patience.aborted) await sleep(250);
}

function same(found: readonly string[], expected: readonly string[]): boolean {
  return found.toSorted().join() === expected.toSorted().join();
}

function sum(counts: SweepReport['counts']): number {
  return Object.values(counts).reduce<number>((total, count = 0) => total + count, 0);
}
