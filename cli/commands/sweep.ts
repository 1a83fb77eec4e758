import { sum } from 'es-toolkit/math';
import { bySeverity, byVerdict, ownerText } from '../../shared/domain/index.ts';
import type { SweepReport } from '../../shared/sweep/index.ts';
import { answer, command } from '../command.ts';
import type { Dependencies } from '../dependencies.ts';
import { type FleetPlaces, fleetPlacesOf } from '../fleet-places.ts';
import { plural, type Screen } from '../screen.ts';

export const sweep = command({
  details: 'It runs the deployed function, which notifies as usual. Exit code 2 if the sweep did not finish.',
  options: [
    { flags: '--dry-run', description: 'evaluate without writing or notifying anybody' },
    {
      flags: '--at <time>',
      description: 'evaluate as of a moment, without writing: younger backups do not exist for it',
    },
    { flags: '--watch', description: 'the small check between sweeps instead' },
  ],
  examples: ['sweep --dry-run', 'sweep --at 2026-11-22T12:00Z'],
  json: {
    is: 'object',
    fields: {
      mode: '`sweep` or `watch`',
      at: 'the moment that it evaluated as of',
      complete: 'whether it finished',
      databases:
        '`tenant`, `database`, `account`, `region`, `verdict`, `cause` and `notes` (`code`, `facts`), `severity`, `reason`, `newestBackup` (`id`, `time`), `ageHours`, `deadline`; above 2,000 only those that are not protected; a shared database has an entry of its own (its `tenant` is `shared:<id>`), and one for each of its tenants',
      environments:
        'accounts and Regions that it read: `account`, `region`, `complete`, `error` (null where all that was asked for was read)',
      unconfigured: 'names of databases that RDS has and nobody configured',
      restoreTests: 'names of databases that were passed over as restore tests',
      unwatchedTenants: 'ids of tenants without a database that is watched',
      counts: 'databases by verdict; a shared one counts once for each tenant that it holds',
      eventsMissed: 'backups that no event announced',
      alerts: '`opened`, `reminded`, `resolved`',
      apiCalls: 'calls to RDS by their name',
      errors: 'what went wrong, as sentences',
    },
  },
  run: async (deps, args) => {
    const at = args.time('at');
    const request = {
      ...(args.flag('watch') && { mode: 'watch' }),
      ...(args.flag('dryRun') && { dryRun: true }),
      ...(at && { at: at.toISOString(), dryRun: true }),
    };
    const cloud = await deps.cloud();
    await cloud.deployment();
    const report = await waiting(deps, 'The sweep runs', cloud.sweep(request));
    const dry = args.flag('dryRun') || at !== undefined;
    const places = await fleetPlacesOf(deps, await deps.ledger());
    return answer(report, (screen) => print(report, dry, places, screen), report.complete ? 0 : 2);
  },
});

/** Shows every second how long it has been waiting. */
async function waiting<T>(deps: Dependencies, what: string, result: Promise<T>): Promise<T> {
  const started = deps.now().getTime();
  const show = () => deps.progress(`${what} … ${Math.round((deps.now().getTime() - started) / 1000)} s`);
  show();
  const ticking = setInterval(show, 1000);
  try {
    return await result;
  } finally {
    clearInterval(ticking);
    deps.progress('');
  }
}

function print(report: SweepReport, dry: boolean, places: FleetPlaces, screen: Screen): void {
  const { bold, yellow, dim } = screen.colours;
  const what = report.mode === 'sweep' ? 'Sweep' : 'Watch';
  screen.line(
    `${bold(`${what} as of ${screen.moment(report.at)}`)}${dry ? ': nothing was written, nobody was notified' : ''}`,
  );
  if (!report.complete) screen.line(yellow('It did not finish.'));
  const counts = Object.entries(report.counts).map(([name, count]) => `${count} ${name}`);
  const calls = sum(Object.values(report.apiCalls));
  const { opened, reminded, resolved } = report.alerts;
  screen.pairs([
    ['evaluated', counts.join(', ') || 'nothing: no database was to be checked'],
    ['events missed', report.eventsMissed === 0 ? 'none' : yellow(String(report.eventsMissed))],
    ['alerts', `${opened} opened, ${reminded} reminded, ${resolved} resolved${dry ? ' (they would be)' : ''}`],
    ['calls to RDS', String(calls)],
    ...(report.unconfigured.length > 0
      ? ([
          ['unconfigured', `${plural(report.unconfigured.length, 'database')}: ${report.unconfigured.join(', ')}`],
        ] as const)
      : []),
    ...(report.restoreTests.length > 0
      ? ([
          ['restore tests', `${plural(report.restoreTests.length, 'database')}: ${report.restoreTests.join(', ')}`],
        ] as const)
      : []),
    ...(report.unwatchedTenants.length > 0
      ? ([
          [
            'not watched',
            yellow(`${plural(report.unwatchedTenants.length, 'tenant')}: ${report.unwatchedTenants.join(', ')}`),
          ],
        ] as const)
      : []),
    ...report.errors.map((error) => ['error', yellow(error)] as const),
  ]);
  const shown = report.databases
    .filter(({ verdict, severity }) => verdict !== 'protected' || severity !== 'info')
    .sort((a, b) => bySeverity(a.severity, b.severity) || byVerdict(a.verdict, b.verdict));
  if (shown.length === 0) return;
  screen.line();
  for (const { tenant, database, verdict, severity, reason, notes, ...environment } of shown) {
    const owner = ownerText(tenant, notes);
    screen.line(`${screen.verdict(verdict, severity)}  ${owner} / ${bold(database)}${places.beside(environment)}`);
    screen.line(dim(reason), '    ');
  }
}
