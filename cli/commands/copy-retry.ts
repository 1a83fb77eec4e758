import { retried } from '../../shared/copies/index.ts';
import { backupIdOf, copyStates, environmentOf, isOneOf } from '../../shared/domain/index.ts';
import { updateBackup } from '../../shared/ledger/index.ts';
import { type BackupFacts, backupFacts } from '../../shared/read-model/index.ts';
import { type Answer, answer, command } from '../command.ts';
import type { Dependencies } from '../dependencies.ts';
import {
  planRetry,
  queuePlanned,
  type RefusedRetry,
  type RetryPlan,
  retryRequest,
  type Selection,
} from '../failed-copies.ts';
import { findBackup, requireTenant } from '../find.ts';
import { FleetPlaces } from '../fleet-places.ts';
import { plural, type Screen } from '../screen.ts';
import { UserError } from '../user-error.ts';
import { notNow } from './copies.ts';

export const copyRetry = command({
  details:
    'The copy of one backup, or the copies that all given options select: those that failed, and those that wait for a fault of set-up to be put right. It shows the selected copies and asks before it queues them; a copy that cannot be made any more is named and stops no other. Exit code 2 if the ledger could not be written for one of them.',
  arguments: [{ name: '[backup]', description: "the snapshot's id or ARN" }],
  options: [
    { flags: '--all-failed', description: 'select all that failed or wait for a fault of set-up' },
    { flags: '--cause <code>', description: 'only those with this cause, as "copies --state failed" shows it' },
    {
      flags: '--tenant <id>',
      description: 'only of this tenant; of a shared database, the copies that hold its data',
    },
    { flags: '--bucket <name>', description: 'only those that failed with this bucket or go to it' },
    { flags: '--yes', description: 'queue the selected copies without asking' },
  ],
  examples: [
    'copy retry rds:acme-orders-2026-11-23-04-08',
    'copy retry --cause bucket-denied --bucket acme-exports',
    'copy retry --all-failed --yes --json',
  ],
  json: {
    is: 'object',
    fields: {
      '(those of `backups`)': 'for one backup: as it is now',
      selected: 'how many copies the options select',
      queued: 'the backups whose copies were queued, with the fields of `backups`',
      refused: 'the others, with the fields of `backups` and `why` as text',
    },
  },
  run: async (deps, args) => {
    const name = args.optional('backup');
    const selection = {
      ...optional('cause', args.optional('cause')),
      ...optional('tenant', args.optional('tenant')),
      ...optional('bucket', args.optional('bucket')),
    };
    const isSelection = args.flag('allFailed') || Object.keys(selection).length > 0;
    if (name !== undefined && isSelection) throw new UserError(`Give a backup or a selection, not both: "${name}".`);
    if (name !== undefined) return retryOne(deps, name);
    if (isSelection) return retrySelection(deps, selection, args.flag('yes'), args.flag('json'));
    throw new UserError("Give a snapshot's id or ARN, or --all-failed, --cause, --tenant or --bucket.");
  },
});

function optional<Name extends string>(name: Name, value: string | undefined): { readonly [key in Name]?: string } {
  return value === undefined ? {} : ({ [name]: value } as { [key in Name]: string });
}

async function retryOne(deps: Dependencies, name: string): Promise<Answer> {
  const deployed = await deps.ledger();
  const { ledger } = deployed;
  const backup = await findBackup(deps, deployed, name);
  const { fleet } = await (await deps.cloud()).configuration();
  const [database] = await ledger.databases([backup.database]);
  const now = deps.now();
  const request = retryRequest(fleet, backup, database, now);
  if ('reason' in request) throw new UserError(`"${backup.id}" cannot be copied: ${request.reason}.`);
  // Entering the queue is what triggers the function that copies, by the table's stream.
  const row = await updateBackup(ledger, backupIdOf(backup), (fresh) => {
    const copy = retried(fresh.copy, request.mode, now);
    return copy && { ...fresh, copy };
  });
  if (row === undefined) {
    const { state } = backup.copy;
    const isKnown = isOneOf(copyStates, state);
    throw notNow(
      backup.id,
      state,
      isKnown ? 'it is queued or under way already.' : 'only a later version knows what that is.',
    );
  }
  const facts = backupFacts(row, now);
  return answer(facts, (screen) => screen.line(confirmation(facts)));
}

function confirmation({ id, database, copy }: BackupFacts): string {
  return `Queued: the copy of ${id} (${database}), attempt ${copy.attempt}. "copies" shows when it may start.`;
}

async function retrySelection(deps: Dependencies, selection: Selection, yes: boolean, json: boolean): Promise<Answer> {
  // Nobody can agree to what JSON shows only afterwards.
  if (json && !yes) throw new UserError('With --json nothing is asked: add --yes to queue the selected copies.');
  const deployed = await deps.ledger();
  await requireTenant(deployed.ledger, selection.tenant, deps.now());
  const { fleet } = await (await deps.cloud()).configuration();
  const places = new FleetPlaces(fleet.environments, {});
  const plan = await planRetry(deployed.ledger, fleet, selection, deps.now());
  let errors = 0;
  const queue = async () => {
    const result = await queuePlanned(deployed.ledger, plan, deps.now());
    errors = result.errors;
    return result;
  };
  return {
    json: async function* () {
      const { queued, refused } = await queue();
      yield* answer(
        {
          selected: plan.possible.length + plan.refused.length,
          queued: queued.map((backup) => backupFacts(backup, deps.now())),
          refused: [...plan.refused, ...refused].map(({ backup, reason }) => ({
            ...backupFacts(backup, deps.now()),
            why: reason,
          })),
        },
        () => {},
      ).json();
    },
    print: async (screen) => {
      printPlan(screen, places, plan);
      if (plan.possible.length === 0) return;
      screen.line();
      if (!yes && !(await isAgreed(deps, plan))) return screen.line('Nothing was queued.');
      const { queued, refused } = await queue();
      screen.line(`Queued: ${plural(queued.length, 'copy', 'copies')}. "copies" shows when they may start.`);
      printRefused(screen, places, 'NOT QUEUED', refused);
    },
    exitCode: () => (errors === 0 ? 0 : 2),
  };
}

async function isAgreed({ confirm }: Dependencies, { possible }: RetryPlan): Promise<boolean> {
  if (confirm) return confirm(`Queue ${plural(possible.length, 'copy', 'copies')} again?`);
  throw new UserError('Nothing was queued: there is no terminal to ask on. Add --yes to queue them without asking.');
}

function printPlan(screen: Screen, places: FleetPlaces, { possible, refused }: RetryPlan): void {
  if (possible.length + refused.length === 0)
    screen.line('No copy is selected that failed, or waits for a fault of set-up to be put right.');
  if (possible.length > 0) {
    screen.table(
      [
        { title: 'DATABASE', holds: 'names' },
        ...places.columns,
        { title: 'TENANT' },
        { title: 'BACKUP', holds: 'names' },
        { title: 'CAUSE' },
      ],
      possible.map(({ backup }) => [
        backup.databaseId,
        ...places.cells(environmentOf(backup.database)),
        backup.tenant ?? '–',
        backup.id,
        backup.copy.cause?.code ?? 'unknown',
      ]),
    );
    screen.line();
    screen.line(`${plural(possible.length, 'copy', 'copies')} to queue again.`);
  }
  printRefused(screen, places, 'CANNOT BE COPIED', refused);
}

/** Each with why, since each is left to a person. */
function printRefused(screen: Screen, places: FleetPlaces, title: string, refused: readonly RefusedRetry[]): void {
  if (refused.length === 0) return;
  screen.line();
  screen.table(
    [{ title, holds: 'names' }, ...places.columns, { title: 'TENANT' }, { title: 'WHY', holds: 'words' }],
    refused.map(({ backup, reason }) => [
      backup.id,
      ...places.cells(environmentOf(backup.database)),
      backup.tenant ?? '–',
      reason,
    ]),
  );
}
