import pMap from 'p-map';
import {
  type CopyState,
  copyStates,
  environmentsAtOnce,
  fields,
  isOneOf,
  meaningsOf,
  ownerText,
  type Unrecognized,
} from '../../shared/domain/index.ts';
import { dayMs } from '../../shared/lib/time.ts';
import {
  backupFacts,
  byCause,
  type CopyQueueFacts,
  listedStates,
  queueFields,
  readBackups,
  readCopies,
} from '../../shared/read-model/index.ts';
import { command, listing } from '../command.ts';
import type { Dependencies, DeployedLedger } from '../dependencies.ts';
import { type FleetPlaces, fleetPlacesOf } from '../fleet-places.ts';
import { formatBytes, plural, type Screen } from '../screen.ts';
import { UserError } from '../user-error.ts';
import { fromOption, placeOptions, toOption } from './options.ts';

export const copies = command({
  details:
    'An account may have five exports under way at a time in a Region. Next is the tenant served longest ago, and of its copies the oldest; the expected start takes what past exports took.',
  options: [
    {
      flags: '--state <states>',
      description: `${copyStates.join(', ')}; several with commas (default: ${listedStates.join(',')})`,
    },
    ...placeOptions,
    fromOption('7 days ago; for states that are not among the default ones'),
    toOption,
  ],
  examples: ['copies', 'copies --state failed', 'copies --state complete,incomplete --from 30d'],
  json: {
    is: 'list',
    fields: {
      '(those of `backups`)': 'the backup with its `copy`',
      ...meaningsOf(fields(queueFields)),
    },
  },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const states = args.choices('state', copyStates) ?? listedStates;
    const now = deps.now();
    const to = new Date(now.getTime() + dayMs);
    const places = await fleetPlacesOf(deps, deployed, args);
    const span = { to, ...args.span(new Date(now.getTime() - 7 * dayMs)) };
    return listing(find(deps, deployed, places, states, span), (screen, rows) => print(screen, rows, places));
  },
});

/** States that the ledger lists are read directly; others are filtered from the backups of some days. */
async function* find(
  deps: Dependencies,
  { ledger }: DeployedLedger,
  places: FleetPlaces,
  states: readonly CopyState[],
  span: { readonly from: Date; readonly to: Date },
): AsyncIterable<CopyQueueFacts> {
  const now = deps.now();
  if (states.some((state) => isOneOf(listedStates, state))) {
    const assumed = states.includes('queued') ? await assumedHours(deps) : 1;
    const queues = await pMap(places.chosen, (environment) => readCopies(ledger, environment, assumed, now), {
      concurrency: environmentsAtOnce,
    });
    for (const copy of queues.flatMap(({ copies }) => copies)) if (isOneOf(states, copy.copy.state)) yield copy;
  }
  const others = states.filter((state) => !isOneOf(listedStates, state));
  if (others.length === 0) return;
  for await (const backup of readBackups(ledger, { ...span, copyStates: others })) {
    if (!places.has(backup.database)) continue;
    yield { ...backupFacts(backup, now), position: null, expectedStart: null };
  }
}

/** The duration that the deployed configuration assumes, until exports can be measured. */
async function assumedHours(deps: Dependencies): Promise<number> {
  const { fleet } = await (await deps.cloud()).configuration();
  return fleet.copies.assumedHours;
}

async function print(screen: Screen, rows: AsyncIterable<CopyQueueFacts>, places: FleetPlaces): Promise<void> {
  const explained: CopyQueueFacts[] = [];
  await screen.tableOf(
    [
      { title: 'COPY' },
      { title: '#', align: 'right' },
      { title: `SINCE (${screen.timeZone})` },
      { title: screen.narrow ? 'BACKUP' : 'TENANT' },
      ...(screen.narrow ? [] : [...places.columns, { title: 'BACKUP', holds: 'names' } as const]),
    ],
    rows,
    (row) => {
      const { copy } = row;
      if (copy.reason) explained.push(row);
      const progress = copy.state === 'running' && copy.percent !== null ? ` ${copy.percent} %` : '';
      const size = copy.bytes === null ? '' : ` ${formatBytes(copy.bytes)}`;
      const since = screen.timeAndAge(sinceOf(row));
      const tenant = row.tenant === null ? '–' : ownerText(row.tenant);
      return [
        `${screen.copyState(copy.state)}${progress}${size}`,
        row.position === null ? '' : String(row.position),
        row.expectedStart ? screen.stacked(since, `starts about ${screen.time(row.expectedStart)}`) : since,
        ...(screen.narrow
          ? [places.stacked(screen, screen.stacked(row.id, screen.colours.dim(tenant)), row)]
          : [tenant, ...places.cells(row), row.id]),
      ];
    },
    'No copies in these states.',
  );
  printCauses(screen, explained);
}

/** The state of a copy, and below it where a tenant's part of it lies. */
export function copyCell(screen: Screen, { state, folder }: CopyQueueFacts['copy']): string {
  const text = screen.copyState(state);
  return folder === null ? text : screen.stacked(text, screen.colours.dim(folder));
}

type Explained = Pick<CopyQueueFacts, 'id' | 'copy'>;

/** Why copies wait, failed or were not made, each cause once. */
export function printCauses(screen: Screen, explained: readonly Explained[]): void {
  for (const state of new Set(explained.map(({ copy }) => copy.state))) {
    const rows = explained.filter(({ copy }) => copy.state === state);
    for (const { code, copies } of byCause(rows)) printCause(screen, state, code ?? '', copies);
  }
}

/** Backups that are named under their cause. */
const mostNamed = 5;

/** One cause with all that it stops; its sentence is that of the first. */
function printCause(screen: Screen, state: CopyState | Unrecognized, code: string, copies: readonly Explained[]): void {
  const named = copies.slice(0, mostNamed).map(({ id }) => id);
  const more = copies.length > named.length ? ` and ${copies.length - named.length} more` : '';
  screen.line();
  screen.line(
    `${screen.copyState(state)} ${screen.colours.dim(code)}  ${plural(copies.length, 'copy', 'copies')}: ${named.join(', ')}${more}`,
  );
  screen.line(copies[0]?.copy.reason ?? '', '  ');
}

/** Since when it is in its state. */
function sinceOf({ copy, recordedAt }: CopyQueueFacts): string {
  return copy.endedAt ?? copy.startedAt ?? copy.queuedAt ?? recordedAt;
}

export function notNow(id: string, state: CopyState | Unrecognized, advice: string): UserError {
  return new UserError(
    state === 'none' ? `"${id}" is not copied: ${advice}` : `The copy of "${id}" is ${state}: ${advice}`,
  );
}
