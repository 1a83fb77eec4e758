import { snoozeAlert } from '../../shared/notifications/index.ts';
import { command } from '../command.ts';
import { findDatabase } from '../find.ts';
import { fleetPlacesOf } from '../fleet-places.ts';
import { UserError } from '../user-error.ts';
import { alertAnswer, noOpenAlert } from './alerts.ts';
import { kindOption, placeOptions, shareOption } from './options.ts';

export const alertSnooze = command({
  details:
    'Of a shared database it is the alert of its operators; with --tenant that of one tenant. Either leaves all others as they are.',
  arguments: [{ name: '<database>', description: 'the database whose alert is open' }],
  options: [
    shareOption,
    kindOption,
    ...placeOptions,
    {
      flags: '--until <time>',
      description: 'how long (8h, 2d), or a moment with its offset (2026-11-24T08:00Z) (default: 8h)',
    },
    { flags: '--by <name>', description: 'who snoozes it (default: the name you are signed in with)' },
    { flags: '--note <text>', description: 'why' },
  ],
  examples: ['alert snooze acme-orders --until 12h', 'alert snooze pool-1 --tenant acme --until 2026-11-24T08:00Z'],
  json: { is: 'object', fields: { '(those of `alerts`)': 'the alert as it is now' } },
  run: async (deps, args) => {
    const deployed = await deps.ledger();
    const now = deps.now();
    const until = args.timeAhead('until') ?? new Date(now.getTime() + 8 * 3_600_000);
    if (until <= now) throw new UserError(`--until must be ahead, got "${args.optional('until')}".`);
    const places = await fleetPlacesOf(deps, deployed, args);
    const { key, id } = await findDatabase(deployed, places, args);
    const note = args.optional('note');
    const snooze = { until, by: args.optional('by') ?? deps.user(), ...(note !== undefined && { note }) };
    const alert = await snoozeAlert(deployed.ledger, key, snooze, now);
    if (alert === 'no open alert') throw noOpenAlert(id, args.optional('tenant'));
    return alertAnswer(deps, deployed.ledger, places, alert);
  },
});
