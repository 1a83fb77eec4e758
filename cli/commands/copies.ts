import type { Ledger } from '../../shared/ledger/ledger.ts';
import type { CopyState } from '../../shared/model.ts';
import { readBackups } from '../../shared/query/backups.ts';
import { type CopyQueueFacts, readCopies } from '../../shared/query/copies.ts';
import { backupFacts } from '../../shared/query/facts.ts';
import { dayMs } from '../../shared/text.ts';
import { type Command, listing } from '../command.ts';
import type { Parts } from '../parts.ts';
import { formatBytes, type Screen } from '../screen.ts';
import { UserError } from '../user-error.ts';
import { copyStates } from './backups.ts';
import { fromOption, toOption } from './options.ts';

/** States that the ledger lists by themselves; others are looked for among the backups of some days. */
const listed: readonly CopyState[] = ['queued', 'starting', 'running', 'failed'];

export const copies: Command = {
  details:
    'The account may have five exports under way at a time. Next is the tenant served longest ago, and of its copies the oldest; the expected start takes what past exports took.',
  options: [
    {
      flags: '--state <states>',
      description: `${copyStates.join(', ')}; several with commas (default: ${listed.join(',')})`,
    },
    fromOption('7 days ago; for states that are not among the default ones'),
    toOption,
  ],
  examples: ['copies', 'copies --state failed', 'copies --state complete,incomplete --from 30d'],
  json: {
    is: 'list',
    fields: {
      '(those of `backups`)': 'the backup with its `copy`',
      position: 'its place among the exports that wait, 1 is next; null for what does not wait for a slot',
      expectedStart: 'when a slot should be free for it, or null',
    },
  },
  run: async (parts, args) => {
    const { ledger } = await parts.ledger();
    const states = args.choices('state', copyStates) ?? listed;
    const now = parts.now();
    const to = new Date(now.getTime() + dayMs);
    return listing(find(parts, ledger, states, { to, ...args.span(new Date(now.getTime() - 7 * dayMs)) }), print);
  },
};

async function* find(
  parts: Parts,
  ledger: Ledger,
  states: readonly CopyState[],
  span: { readonly from: Date; readonly to: Date },
): AsyncIterable<CopyQueueFacts> {
  const now = parts.now();
  if (states.some((state) => listed.includes(state))) {
    const assumed = states.includes('queued') ? await assumedHours(parts) : 1;
    const { copies } = await readCopies(ledger, assumed, now);
    for (const copy of copies) if (states.includes(copy.copy.state)) yield copy;
  }
  const others = states.filter((state) => !listed.includes(state));
  if (others.length === 0) return;
  for await (const backup of readBackups(ledger, { ...span, copyStates: others })) {
    yield { ...backupFacts(backup, now), position: null, expectedStart: null };
  }
}

/** What the deployed configuration assumes of an export, until the ledger has seen some. */
async function assumedHours(parts: Parts): Promise<number> {
  const { fleet } = await (await parts.cloud()).configuration();
  return fleet.copies.assumedHours;
}

async function print(screen: Screen, rows: AsyncIterable<CopyQueueFacts>): Promise<void> {
  const reasons: CopyQueueFacts[] = [];
  await screen.tableOf(
    [
      { title: 'COPY' },
      { title: '#', align: 'right' },
      { title: `SINCE (${screen.timeZone})` },
      { title: screen.narrow ? 'BACKUP' : 'TENANT' },
      ...(screen.narrow ? [] : [{ title: 'BACKUP', holds: 'names' } as const]),
    ],
    rows,
    (row) => {
      const { copy } = row;
      if (copy.reason) reasons.push(row);
      const progress = copy.state === 'running' && copy.percent !== null ? ` ${copy.percent} %` : '';
      const size = copy.bytes === null ? '' : ` ${formatBytes(copy.bytes)}`;
      const start = row.expectedStart ? `\nstarts about ${screen.time(row.expectedStart)}` : '';
      const tenant = row.tenant ?? '–';
      return [
        `${screen.copyState(copy.state)}${progress}${size}`,
        row.position === null ? '' : String(row.position),
        `${screen.timeAndAge(sinceOf(row))}${start}`,
        ...(screen.narrow ? [`${row.id}\n${screen.colours.dim(tenant)}`] : [tenant, row.id]),
      ];
    },
    'No copies in these states.',
  );
  if (reasons.length > 0) screen.line();
  for (const { id, copy } of reasons) {
    screen.line(`${screen.copyState(copy.state)} ${id}`);
    screen.line(copy.reason ?? '', '  ');
  }
}

/** Since when it is in its state. */
function sinceOf({ copy, recordedAt }: CopyQueueFacts): string {
  return copy.endedAt ?? copy.startedAt ?? copy.queuedAt ?? recordedAt;
}

/** A backup's name as it was typed, for messages. */
export function notNow(id: string, state: CopyState, advice: string): UserError {
  return new UserError(
    state === 'none' ? `"${id}" is not copied: ${advice}` : `The copy of "${id}" is ${state}: ${advice}`,
  );
}
