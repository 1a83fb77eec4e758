import { snoozeAlert } from '../../shared/notifications/index.ts';
import { command } from '../command.ts';
import { findDatabase } from '../find.ts';
import { fleetPlacesOf } from '../fleet-places.ts';
import { UserError } from '../user-error.ts';
import { alertAnswer } from './alerts.ts';
import { kindOption, placeOptions } from './options.ts';

export const alertSnooze = command({
  arguments: [{ name: '<database>', description: 'the database whose alert is open' }],
  options: [
    kindOption,
    ...placeOptions,
    {
      flags: '--until <time>',
      description: 'how long (8h, 2d), or a moment with its offset (2026-11-24T08:00Z) (default: 8h)',
    },
    { flags: '--by <name>', description: 'who snoozes it (default: the name you are signed in with)' },
    { flags: '--note <text>', description: 'why' },
  ],
  examples: ['alert snooze acme-orders --until 12h', 'alert snooze acme-orders --until 2026-11-24T08:00Z'],
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
    if (alert === 'no open alert') throw new UserError(`"${id}" has no open alert.`);
    return alertAnswer(deps, deployed.ledger, places, alert);
  },
});
